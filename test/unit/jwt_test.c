/*
 * jwt_test.c
 *		Unit tests of tokens: the examples of the RFCs, form, header, keys,
 *		signature, signing.  Prints TAP.
 */
/* link: extension/jwt/claims.c extension/jwt/json.c extension/jwt/key.c extension/jwt/result.c extension/jwt/sodium.c extension/jwt/token.c -lsodium */
#include "jwt_maker.h"

#define A1_HEADER	"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
#define A1_PAYLOAD \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt" \
	"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A1_MAC		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define A1_EXP		(INT64_C(1300819380) * 1000000)

static TrJwtVerified verified;
static TrJwtClaims claims;
static char token[16384];

static TrJwtKey hs;				/* kid k1 */
static TrJwtKey ed;				/* kid e1 */

/* ---- examples */

static void
test_rfc7515_a1(void)
{
	TrJwtKey	joe = make_key(TR_JWT_HS256, "a1", RFC_SECRET, "joe", NULL);
	const char *text = A1_HEADER "." A1_PAYLOAD "." A1_MAC;

	ok_result(tr_jwt_verify(text, strlen(text), &joe, 1, &verified),
			  TR_JWT_OK, "RFC 7515 A.1 verifies");
	ok(verified.key == &joe, "and says under which key");
	ok_result(tr_jwt_claims(&verified, A1_EXP - 1, 0, &claims), TR_JWT_OK,
			  "its claims are read");
	ok(strcmp(claims.issuer, "joe") == 0 && claims.expires == A1_EXP,
	   "its issuer and its time");
	ok(claims.len == 70 && memcmp(claims.json, "{\"iss\":\"joe\",\r\n", 15) == 0,
	   "the text of the claims is as it came");
	ok_result(tr_jwt_claims(&verified, A1_EXP, 0, &claims), TR_JWT_EXPIRED,
			  "at the second of its end it has ended");
	ok(claims.key == NULL, "and then there are no claims");
}

static void
test_rfc8037_a4(void)
{
	const char *text = "eyJhbGciOiJFZERTQSJ9"
		".RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
		".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
		"hVsPt9g7sVvpAr_MuM0KAg";

	ok_result(tr_jwt_verify(text, strlen(text), &ed, 1, &verified),
			  TR_JWT_OK, "RFC 8037 A.4 verifies");
	ok(verified.len == 26 &&
	   strcmp(verified.payload, "Example of Ed25519 signing") == 0,
	   "and has its payload");
	ok_result(tr_jwt_claims(&verified, NOW, 0, &claims), TR_JWT_JSON_SYNTAX,
			  "which is no claims");
	ok_result(tr_jwt_verify(text, strlen(text), &hs, 1, &verified),
			  TR_JWT_ALGORITHM, "under an HS256 key it is refused");
}

/* ---- form */

static void
test_form(void)
{
	static const struct
	{
		const char *what;
		const char *text;
		TrJwtResult expected;
	}			cases[] = {
		{"nothing", "", TR_JWT_NOT_COMPACT},
		{"one part", A1_HEADER, TR_JWT_NOT_COMPACT},
		{"two parts", A1_HEADER "." A1_PAYLOAD, TR_JWT_NOT_COMPACT},
		{"four parts", A1_HEADER "." A1_PAYLOAD "." A1_MAC ".", TR_JWT_NOT_COMPACT},
		{"five parts, as JWE has", A1_HEADER "....", TR_JWT_NOT_COMPACT},
		{"no header", "." A1_PAYLOAD "." A1_MAC, TR_JWT_JSON_SYNTAX},
		{"no payload", A1_HEADER ".." A1_MAC, TR_JWT_SIGNATURE},
		{"no signature", A1_HEADER "." A1_PAYLOAD ".", TR_JWT_SIGNATURE},
		{"a shorter MAC", A1_HEADER "." A1_PAYLOAD ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjQ", TR_JWT_SIGNATURE},
		{"a longer MAC", A1_HEADER "." A1_PAYLOAD "." A1_MAC "AA", TR_JWT_BASE64},
		{"another MAC", A1_HEADER "." A1_PAYLOAD ".eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", TR_JWT_SIGNATURE},
		{"padding", A1_HEADER "." A1_PAYLOAD "." A1_MAC "=", TR_JWT_BASE64},
		{"white space before", " " A1_HEADER "." A1_PAYLOAD "." A1_MAC, TR_JWT_BASE64},
		{"white space after", A1_HEADER "." A1_PAYLOAD "." A1_MAC "\n", TR_JWT_BASE64},
		{"the alphabet of plain base64", A1_HEADER "." A1_PAYLOAD ".dBjftJeZ4CVP+mB92K27uhbUJU1p1r/wW1gFWFOEjXk", TR_JWT_BASE64},
		{"a bit that no byte has", A1_HEADER "." A1_PAYLOAD ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", TR_JWT_BASE64},
		{"the byte that libsodium 1.0.18 takes for _", A1_HEADER "." A1_PAYLOAD ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r\xdfwW1gFWFOEjXk", TR_JWT_BASE64},
		{"a single left-over character", A1_HEADER "A." A1_PAYLOAD "." A1_MAC, TR_JWT_BASE64},
		{"JSON serialization", "{\"payload\":\"" A1_PAYLOAD "\",\"protected\":\"" A1_HEADER "\",\"signature\":\"" A1_MAC "\"}", TR_JWT_NOT_COMPACT},
	};
	TrJwtKey	joe = make_key(TR_JWT_HS256, "a1", RFC_SECRET, "joe", NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok_result(tr_jwt_verify(cases[i].text, strlen(cases[i].text),
								&joe, 1, &verified),
				  cases[i].expected, cases[i].what);
	ok_result(tr_jwt_verify(A1_HEADER "\0." A1_PAYLOAD "." A1_MAC,
							strlen(A1_HEADER A1_PAYLOAD A1_MAC) + 3,
							&joe, 1, &verified), TR_JWT_BASE64, "a NUL byte");
}

/* Payload and header as large as they may be, and by a character larger. */
static void
test_size(void)
{
	static char json[TR_JWT_MAX];
	int			tried = 0;
	size_t		len;

	/* with this header payloads give every length near the limit */
	for (int n = 6040; n < 6100; n++)
	{
		snprintf(json, sizeof(json), "{\"exp\":1700000100,\"x\":\"%0*d\"}", n, 0);
		len = make_token(&hs, "{\"alg\":\"HS256\",\"kid\":\"k1\" }", json, token,
						 sizeof(token));
		if (len < TR_JWT_MAX - 1 || len > TR_JWT_MAX + 1)
			continue;
		tried++;
		ok_result(read_token(&hs, 1, token, len),
				  len <= TR_JWT_MAX ? TR_JWT_OK : TR_JWT_TOO_LONG,
				  "a token near the limit");
	}
	ok(tried == 3, "a token at the limit, one below, one above");
	for (int n = 767; n <= 769; n++)
	{
		snprintf(json, sizeof(json), "{\"alg\":\"HS256\",\"x\":\"%0*d\"}", n - 22, 0);
		len = make_token(&hs, json, GOOD_CLAIMS, token, sizeof(token));
		ok_result(read_token(&hs, 1, token, len),
				  n <= 768 ? TR_JWT_OK : TR_JWT_TOO_LONG,
				  "a header near its limit");
	}
}

/* ---- the header */

#define HEADER(more)	"{\"alg\":\"HS256\",\"kid\":\"k1\"," more "}"

static void
test_header(void)
{
	static const struct
	{
		const char *header;
		TrJwtResult expected;
	}			cases[] = {
		{GOOD_HEADER, TR_JWT_OK},
		{"{ \"kid\" : \"k1\",\n\t\"alg\" : \"HS256\" }", TR_JWT_OK},
		{"{\"alg\":\"HS\\u003256\",\"k\\u0069d\":\"k1\"}", TR_JWT_OK},
		{HEADER("\"typ\":\"JWT\""), TR_JWT_OK},
		{HEADER("\"typ\":\"jwt\""), TR_JWT_OK},
		{HEADER("\"typ\":\"at+JWT\""), TR_JWT_OK},
		{HEADER("\"typ\":\"JWTs\""), TR_JWT_TYP},
		{HEADER("\"typ\":\"JW\""), TR_JWT_TYP},
		{HEADER("\"typ\":\"\""), TR_JWT_TYP},
		{HEADER("\"typ\":\"secevent+jwt\""), TR_JWT_TYP},
		{HEADER("\"typ\":\"J\xc4\xb0WT\""), TR_JWT_TYP},
		{HEADER("\"typ\":1"), TR_JWT_HEADER_TYPE},
		{HEADER("\"typ\":null"), TR_JWT_HEADER_TYPE},
		{HEADER("\"unknown\":{\"crit\":1}"), TR_JWT_OK},
		{HEADER("\"crit\":[\"exp\"]"), TR_JWT_HEADER_REFUSED},
		{HEADER("\"crit\":[]"), TR_JWT_HEADER_REFUSED},
		{HEADER("\"cr\\u0069t\":[\"x\"]"), TR_JWT_HEADER_REFUSED},
		{HEADER("\"b64\":true"), TR_JWT_HEADER_REFUSED},
		{HEADER("\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}"), TR_JWT_HEADER_REFUSED},
		{HEADER("\"jku\":\"https://example.com\""), TR_JWT_HEADER_REFUSED},
		{HEADER("\"x5u\":\"https://example.com\""), TR_JWT_HEADER_REFUSED},
		{HEADER("\"x5c\":[\"AA\"]"), TR_JWT_HEADER_REFUSED},
		{HEADER("\"x5t\":\"AA\""), TR_JWT_HEADER_REFUSED},
		{HEADER("\"x5t#S256\":\"AA\""), TR_JWT_HEADER_REFUSED},
		{HEADER("\"zip\":\"DEF\""), TR_JWT_HEADER_REFUSED},
		{HEADER("\"enc\":\"A128GCM\""), TR_JWT_HEADER_REFUSED},
		{HEADER("\"cty\":\"JWT\""), TR_JWT_HEADER_REFUSED},
		{"{\"alg\":\"none\",\"kid\":\"k1\"}", TR_JWT_ALGORITHM},
		{"{\"alg\":\"None\",\"kid\":\"k1\"}", TR_JWT_ALGORITHM},
		{"{\"alg\":\"\",\"kid\":\"k1\"}", TR_JWT_ALGORITHM},
		{"{\"alg\":\"hs256\",\"kid\":\"k1\"}", TR_JWT_ALGORITHM},
		{"{\"alg\":\"HS512\",\"kid\":\"k1\"}", TR_JWT_ALGORITHM},
		{"{\"alg\":\"RS256\",\"kid\":\"k1\"}", TR_JWT_ALGORITHM},
		{"{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", TR_JWT_ALGORITHM},
		{"{\"kid\":\"k1\"}", TR_JWT_HEADER_TYPE},
		{"{}", TR_JWT_HEADER_TYPE},
		{"{\"alg\":[\"HS256\"],\"kid\":\"k1\"}", TR_JWT_HEADER_TYPE},
		{"{\"alg\":null,\"kid\":\"k1\"}", TR_JWT_HEADER_TYPE},
		{"{\"alg\":\"HS256\",\"kid\":1}", TR_JWT_HEADER_TYPE},
		{"{\"alg\":\"HS256\",\"kid\":null}", TR_JWT_HEADER_TYPE},
		{"{\"alg\":\"HS256\",\"kid\":\"\"}", TR_JWT_NO_KEY},
		{"{\"alg\":\"HS256\",\"kid\":\"K1\"}", TR_JWT_NO_KEY},
		{"{\"alg\":\"HS256\",\"kid\":\"k11\"}", TR_JWT_NO_KEY},
		{"{\"alg\":\"none\",\"kid\":\"k1\",\"alg\":\"HS256\"}", TR_JWT_JSON_DUPLICATE},
		{"{\"alg\":\"HS256\",\"kid\":\"k1\",\"\\u0061lg\":\"none\"}", TR_JWT_JSON_DUPLICATE},
		{"{\"alg\":\"HS256\",\"kid\":\"k1\\u0000\"}", TR_JWT_JSON_ESCAPE},
		{"\"HS256\"", TR_JWT_JSON_SYNTAX},
		{"[\"alg\",\"HS256\"]", TR_JWT_JSON_SYNTAX},
	};
	TrJwtKey	keys[2] = {hs, ed};
	size_t		len;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		len = make_token(&hs, cases[i].header, GOOD_CLAIMS, token,
						 sizeof(token));
		ok_result(read_token(keys, 2, token, len), cases[i].expected,
				  cases[i].header);
	}
}

/* ---- keys */

/*
 * The confusion of RFC 8725, section 2.1: a token whose MAC was made with the
 * bytes of a public key, which everyone has.
 */
static void
test_confusion(void)
{
	TrJwtKey	forger = make_key(TR_JWT_HS256, "e1", RFC_POINT, NULL, NULL);
	size_t		len;

	len = make_token(&forger, "{\"alg\":\"HS256\",\"kid\":\"e1\"}", GOOD_CLAIMS,
					 token, sizeof(token));
	ok_result(read_token(&forger, 1, token, len), TR_JWT_OK,
			  "a MAC with the bytes of a public key is right in itself");
	ok_result(read_token(&ed, 1, token, len), TR_JWT_ALGORITHM,
			  "but not under the public key");
	len = make_token(&forger, "{\"alg\":\"EdDSA\",\"kid\":\"e1\"}", GOOD_CLAIMS,
					 token, sizeof(token));
	ok_result(read_token(&ed, 1, token, len), TR_JWT_SIGNATURE,
			  "nor when it says the other algorithm");
}

static void
test_find(void)
{
	TrJwtKey	keys[3] = {hs, ed, hs};
	size_t		len;

	len = make_token(&hs, "{\"alg\":\"HS256\"}", GOOD_CLAIMS, token,
					 sizeof(token));
	ok_result(read_token(keys, 1, token, len), TR_JWT_OK,
			  "no kid and a single key");
	ok_result(read_token(keys, 2, token, len), TR_JWT_KEY_UNCLEAR,
			  "no kid and two keys, though one has the algorithm");
	ok_result(read_token(keys, 0, token, len), TR_JWT_NO_KEY,
			  "no kid and no key");
	len = make_token(&ed, "{\"alg\":\"EdDSA\",\"kid\":\"e1\"}", GOOD_CLAIMS,
					 token, sizeof(token));
	ok_result(read_token(keys, 3, token, len), TR_JWT_OK,
			  "EdDSA, by its kid among others");
	len = make_token(&hs, GOOD_HEADER, GOOD_CLAIMS, token, sizeof(token));
	ok_result(read_token(keys, 2, token, len), TR_JWT_OK,
			  "HS256, by its kid among others");
	ok_result(read_token(keys, 3, token, len), TR_JWT_KEY_UNCLEAR,
			  "a kid that two keys have");
	memcpy(keys[1].kid, "k2", 3);
	keys[2].bytes[0] ^= 1;
	memcpy(keys[2].kid, "k3", 3);
	len = make_token(&keys[2], GOOD_HEADER, GOOD_CLAIMS, token, sizeof(token));
	ok_result(read_token(keys, 3, token, len), TR_JWT_SIGNATURE,
			  "signed with another key of the set than it says");
}

static TrJwtResult
try_key(TrJwtAlgorithm algorithm, const char *kid, size_t len,
		const char *issuer)
{
	static const uint8_t bytes[TR_JWT_SECRET_MAX + 1] = {1};
	TrJwtKey	key;

	return tr_jwt_key_init(&key, algorithm, kid, bytes, len, issuer, issuer);
}

static void
test_keys(void)
{
	static char long_name[TR_JWT_NAME_MAX + 2];
	TrJwtKey	key;

	memset(long_name, 'x', sizeof(long_name) - 1);
	ok_result(try_key(TR_JWT_HS256, "k", 31, NULL), TR_JWT_KEY_LENGTH, "a secret of 31 bytes");
	ok_result(try_key(TR_JWT_HS256, "k", 32, NULL), TR_JWT_OK, "of 32");
	ok_result(try_key(TR_JWT_HS256, "k", 256, NULL), TR_JWT_OK, "of 256");
	ok_result(try_key(TR_JWT_HS256, "k", 257, NULL), TR_JWT_KEY_LENGTH, "of 257");
	ok_result(try_key(TR_JWT_EDDSA, "k", 31, NULL), TR_JWT_KEY_LENGTH, "a public key of 31 bytes");
	ok_result(try_key(TR_JWT_EDDSA, "k", 33, NULL), TR_JWT_KEY_LENGTH, "of 33");
	ok_result(try_key((TrJwtAlgorithm) 0, "k", 32, NULL), TR_JWT_ALGORITHM, "no algorithm");
	ok_result(try_key((TrJwtAlgorithm) 3, "k", 32, NULL), TR_JWT_ALGORITHM, "another one");
	ok_result(try_key(TR_JWT_HS256, NULL, 32, NULL), TR_JWT_KEY_NAME, "no kid");
	ok_result(try_key(TR_JWT_HS256, "", 32, NULL), TR_JWT_KEY_NAME, "an empty kid");
	ok_result(try_key(TR_JWT_HS256, "a\"b", 32, NULL), TR_JWT_KEY_NAME, "a quote in a kid");
	ok_result(try_key(TR_JWT_HS256, "a\\b", 32, NULL), TR_JWT_KEY_NAME, "a backslash");
	ok_result(try_key(TR_JWT_HS256, "a\nb", 32, NULL), TR_JWT_KEY_NAME, "a line break");
	ok_result(try_key(TR_JWT_HS256, "a\x7f", 32, NULL), TR_JWT_KEY_NAME, "a DEL");
	ok_result(try_key(TR_JWT_HS256, "\xc3\xa9", 32, NULL), TR_JWT_KEY_NAME, "more than ASCII");
	ok_result(try_key(TR_JWT_HS256, long_name + 255 - 127, 32, NULL), TR_JWT_OK, "a kid of 128 bytes");
	ok_result(try_key(TR_JWT_HS256, long_name + 255 - 128, 32, NULL), TR_JWT_KEY_NAME, "of 129");
	ok_result(try_key(TR_JWT_HS256, "k", 32, ""), TR_JWT_KEY_NAME, "an empty issuer");
	ok_result(try_key(TR_JWT_HS256, "k", 32, long_name + 1), TR_JWT_OK, "an issuer of 255 bytes");
	ok_result(try_key(TR_JWT_HS256, "k", 32, long_name), TR_JWT_KEY_NAME, "of 256");

	key = hs;
	tr_jwt_key_wipe(&key);
	ok(sodium_is_zero((uint8_t *) &key, sizeof(key)), "a key is wiped");
}

/* Encodings of points that must not be keys; little-endian, 32 bytes. */
static void
test_points(void)
{
	static const struct
	{
		const char *what;
		const char *hex;
	}			points[] = {
		{"small order: the neutral element", "0100000000000000000000000000000000000000000000000000000000000000"},
		{"small order: 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		{"small order: 4", "0000000000000000000000000000000000000000000000000000000000000000"},
		{"small order: 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
		{"small order: 8, the other", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
		{"not canonical: p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		{"not canonical: p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		{"not canonical: p + 3, on the curve", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
		{"not on the curve", "0200000000000000000000000000000000000000000000000000000000000000"},
	};
	TrJwtKey	key;
	uint8_t		bytes[32];
	size_t		len;

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
	{
		if (sodium_hex2bin(bytes, sizeof(bytes), points[i].hex, 64, NULL,
						   &len, NULL) != 0 || len != 32)
			abort();
		ok_result(tr_jwt_key_init(&key, TR_JWT_EDDSA, "k", bytes, len, NULL,
								  NULL), TR_JWT_KEY_POINT, points[i].what);
	}
}

/* ---- the signature */

/* No bit of a token can be another one. */
static void
test_flips(const TrJwtKey *key, const char *header, const char *what)
{
	size_t		len = make_token(key, header, GOOD_CLAIMS, token, sizeof(token));
	int			accepted = 0;

	ok_result(read_token(key, 1, token, len), TR_JWT_OK, what);
	for (size_t bit = 0; bit < len * 8; bit++)
	{
		token[bit / 8] ^= (char) (1 << bit % 8);
		if (tr_jwt_verify(token, len, key, 1, &verified) == TR_JWT_OK ||
			verified.key != NULL)
			accepted++;
		token[bit / 8] ^= (char) (1 << bit % 8);
	}
	ok(accepted == 0, "no bit of it can be turned");
	accepted = 0;
	for (size_t part = 0; part < len; part++)
	{
		if (tr_jwt_verify(token, part, key, 1, &verified) == TR_JWT_OK)
			accepted++;
	}
	ok(accepted == 0, "nor its end be cut off");
}

/*
 * A signature with a byte more, or one less, though the rest is right: one
 * that ends with 0, so that what is missing could be taken for it.
 */
static void
test_length(const TrJwtKey *key, const char *algorithm, size_t right)
{
	uint8_t		bytes[JWT_SIGNATURE + 1] = {0};
	char		header[64];
	char	   *signature;
	size_t		n;

	for (int i = 0; i == 0 || bytes[right - 1] != 0; i++)
	{
		snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"x\":%d}", algorithm, i);
		make_token(key, header, GOOD_CLAIMS, token, sizeof(token));
		signature = strrchr(token, '.') + 1;
		if (!tr_jwt_base64_decode(signature, strlen(signature), bytes,
								  sizeof(bytes), &n) || n != right)
			abort();
	}
	ok_result(tr_jwt_verify(token, strlen(token), key, 1, &verified), TR_JWT_OK,
			  "a signature of the right length");
	for (n = right - 1; n <= right + 1; n += 2)
	{
		if (!tr_jwt_base64_encode(bytes, n, signature, 128))
			abort();
		ok(tr_jwt_verify(token, strlen(token), key, 1, &verified) != TR_JWT_OK,
		   n < right ? "a byte less" : "a byte more");
	}
}

/* S and S + L are the same to who computes carelessly: RFC 8032, 5.1.7. */
static void
test_malleable(void)
{
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
		0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10
	};
	size_t		len = make_token(&ed, "{\"alg\":\"EdDSA\"}", GOOD_CLAIMS, token,
								 sizeof(token));
	char	   *signature = strrchr(token, '.') + 1;
	uint8_t		bytes[64];
	size_t		n;

	if (!tr_jwt_base64_decode(signature, strlen(signature), bytes, 64, &n))
		abort();
	sodium_add(bytes + 32, order, 32);
	if (!tr_jwt_base64_encode(bytes, 64, signature, 128))
		abort();
	ok_result(read_token(&ed, 1, token, len), TR_JWT_SIGNATURE,
			  "a signature with S + L");
}

/* Claims are looked at after the signature: a bad one hides worse claims. */
static void
test_order(void)
{
	TrJwtKey	other = hs;
	size_t		len;

	other.bytes[0] ^= 1;
	len = make_token(&other, GOOD_HEADER, "\xff no JSON", token, sizeof(token));
	ok_result(read_token(&hs, 1, token, len), TR_JWT_SIGNATURE,
			  "signature before claims");
	len = make_token(&other, GOOD_HEADER, GOOD_CLAIMS, token, sizeof(token));
	memset(strchr(token, '.') + 1, '!', 3);
	ok_result(read_token(&hs, 1, token, len), TR_JWT_SIGNATURE,
			  "signature before the payload is decoded");
	memset(&verified, 0, sizeof(verified));
	strcpy(verified.payload, GOOD_CLAIMS);
	verified.len = strlen(GOOD_CLAIMS);
	ok_result(tr_jwt_claims(&verified, NOW, 0, &claims), TR_JWT_NOT_VERIFIED,
			  "no claims of what is not verified");
}

int
main(void)
{
	hs = make_key(TR_JWT_HS256, "k1", RFC_SECRET, NULL, NULL);
	ed = make_key(TR_JWT_EDDSA, "e1", RFC_POINT, NULL, NULL);

	test_rfc7515_a1();
	test_rfc8037_a4();
	test_form();
	test_size();
	test_header();
	test_confusion();
	test_find();
	test_keys();
	test_points();
	test_flips(&hs, GOOD_HEADER, "HS256");
	test_flips(&ed, "{\"alg\":\"EdDSA\"}", "EdDSA");
	test_length(&hs, "HS256", JWT_MAC);
	test_length(&ed, "EdDSA", JWT_SIGNATURE);
	test_malleable();
	test_order();
	return done();
}
