/*
 * jwt_claims_test.c
 *		Unit tests of a token's claims: the strict JSON, types, times, issuer,
 *		audience, and of signing.  Prints TAP.
 */
/* link: extension/jwt/claims.c extension/jwt/json.c extension/jwt/key.c extension/jwt/result.c extension/jwt/sodium.c extension/jwt/token.c -lsodium */
#include "jwt_maker.h"

static TrJwtVerified verified;
static TrJwtClaims claims;
static char token[16384];
static TrJwtKey plain;			/* no issuer, no audience */
static TrJwtKey ours;			/* both */

static TrJwtResult
read_with(const TrJwtKey *key, const void *payload, size_t len, int64_t now,
		  int skew)
{
	size_t		n = make_token_of(key, GOOD_HEADER, strlen(GOOD_HEADER),
								  payload, len, token, sizeof(token));
	TrJwtResult result = tr_jwt_verify(token, n, key, 1, &verified);

	return result == TR_JWT_OK ?
		tr_jwt_claims(&verified, now, skew, &claims) : result;
}

/* ---- JSON */

#define E	"\"exp\":1700000100"
#define X(value)	"{" E ",\"x\":" value "}"

static const struct
{
	const char *json;
	TrJwtResult expected;
}			json_cases[] = {
	{"", TR_JWT_JSON_SYNTAX},
	{" \t\r\n{" E " , \"x\" : [ 1 , 2 ] } ", TR_JWT_OK},
	{"{" E "}x", TR_JWT_JSON_SYNTAX},
	{"{" E "}{}", TR_JWT_JSON_SYNTAX},
	{"{" E, TR_JWT_JSON_SYNTAX},
	{"{" E ",}", TR_JWT_JSON_SYNTAX},
	{"{," E "}", TR_JWT_JSON_SYNTAX},
	{"{" E " \"x\":1}", TR_JWT_JSON_SYNTAX},
	{"{" E ",\"x\"}", TR_JWT_JSON_SYNTAX},
	{"{" E ",\"x\":}", TR_JWT_JSON_SYNTAX},
	{"{" E ",x:1}", TR_JWT_JSON_SYNTAX},
	{"{" E ",'x':1}", TR_JWT_JSON_SYNTAX},
	{"{" E ",1:1}", TR_JWT_JSON_SYNTAX},
	{"{" E ",\"x\" 1}", TR_JWT_JSON_SYNTAX},
	{"{" E "]", TR_JWT_JSON_SYNTAX},
	{"/**/{" E "}", TR_JWT_JSON_SYNTAX},
	{"\xef\xbb\xbf{" E "}", TR_JWT_JSON_SYNTAX},
	{"\f{" E "}", TR_JWT_JSON_SYNTAX},
	{"[{" E "}]", TR_JWT_JSON_SYNTAX},
	{"[" E "}", TR_JWT_JSON_SYNTAX},
	{"1", TR_JWT_JSON_SYNTAX},
	{"null", TR_JWT_JSON_SYNTAX},
	{X("[]"), TR_JWT_OK},
	{X("{}"), TR_JWT_OK},
	{X("[1,]"), TR_JWT_JSON_SYNTAX},
	{X("[,1]"), TR_JWT_JSON_SYNTAX},
	{X("[1 2]"), TR_JWT_JSON_SYNTAX},
	{X("[1}"), TR_JWT_JSON_SYNTAX},
	{X("[1"), TR_JWT_JSON_SYNTAX},
	{X("[true,false,null]"), TR_JWT_OK},
	{X("True"), TR_JWT_JSON_SYNTAX},
	{X("nul"), TR_JWT_JSON_SYNTAX},
	{X("nulll"), TR_JWT_JSON_SYNTAX},
	{X("NaN"), TR_JWT_JSON_SYNTAX},
	{X("-Infinity"), TR_JWT_JSON_SYNTAX},
	/* numbers */
	{X("[0,-0,0.5,10,-1.25e+10,1E-3,1e308]"), TR_JWT_OK},
	{X("01"), TR_JWT_JSON_SYNTAX},
	{X("-01"), TR_JWT_JSON_SYNTAX},
	{X("-"), TR_JWT_JSON_SYNTAX},
	{X("+1"), TR_JWT_JSON_SYNTAX},
	{X(".5"), TR_JWT_JSON_SYNTAX},
	{X("1."), TR_JWT_JSON_SYNTAX},
	{X("1.e1"), TR_JWT_JSON_SYNTAX},
	{X("1e"), TR_JWT_JSON_SYNTAX},
	{X("1e+"), TR_JWT_JSON_SYNTAX},
	{X("0x10"), TR_JWT_JSON_SYNTAX},
	{X("1_0"), TR_JWT_JSON_SYNTAX},
	{X("1e309"), TR_JWT_JSON_SIZE},
	{X("1e-309"), TR_JWT_JSON_SIZE},
	{X("1e99999999999999999999"), TR_JWT_JSON_SIZE},
	{X("1234567890123456789012345678901234567890123456789012345678901234"), TR_JWT_OK},
	{X("12345678901234567890123456789012345678901234567890123456789012345"), TR_JWT_JSON_SIZE},
	/* strings */
	{X("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""), TR_JWT_OK},
	{X("\"\\x41\""), TR_JWT_JSON_SYNTAX},
	{X("\"\\"), TR_JWT_JSON_SYNTAX},
	{X("\"\\u12\""), TR_JWT_JSON_SYNTAX},
	{X("\"\\u12g4\""), TR_JWT_JSON_SYNTAX},
	{X("\"\\U0041\""), TR_JWT_JSON_SYNTAX},
	{X("\"open"), TR_JWT_JSON_SYNTAX},
	{X("\"a\nb\""), TR_JWT_JSON_SYNTAX},
	{X("\"a\x01\""), TR_JWT_JSON_SYNTAX},
	{X("\"a\x1f\""), TR_JWT_JSON_SYNTAX},
	{X("\"a\x7f\""), TR_JWT_OK},
	{X("\"\\u0000\""), TR_JWT_JSON_ESCAPE},
	{"{" E ",\"\\u0000\":1}", TR_JWT_JSON_ESCAPE},
	{X("\"\\uD83D\\uDE00\""), TR_JWT_OK},
	{X("\"\\uD83D\""), TR_JWT_JSON_ESCAPE},
	{X("\"\\uD83Dxx\""), TR_JWT_JSON_ESCAPE},
	{X("\"\\uD83D\\n\""), TR_JWT_JSON_ESCAPE},
	{X("\"\\uD83D\\uD83D\""), TR_JWT_JSON_ESCAPE},
	{X("\"\\uD83D\\u0041\""), TR_JWT_JSON_ESCAPE},
	{X("\"\\uD83D\\uE000\""), TR_JWT_JSON_ESCAPE},
	{X("\"\\uD83D\\xDE00\""), TR_JWT_JSON_ESCAPE},
	{X("\"\\uDE00\""), TR_JWT_JSON_ESCAPE},
	{X("\"\\uDE00\\uD83D\""), TR_JWT_JSON_ESCAPE},
	/* UTF-8 */
	{X("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""), TR_JWT_OK},
	{X("\"\x80\""), TR_JWT_JSON_UTF8},
	{X("\"\xbf\""), TR_JWT_JSON_UTF8},
	{X("\"\xc0\x80\""), TR_JWT_JSON_UTF8},
	{X("\"\xc1\xbf\""), TR_JWT_JSON_UTF8},
	{X("\"\xc3\""), TR_JWT_JSON_UTF8},
	{X("\"\xc3\xc3\""), TR_JWT_JSON_UTF8},
	{X("\"\xe0\x9f\xbf\""), TR_JWT_JSON_UTF8},
	{X("\"\xed\xa0\x80\""), TR_JWT_JSON_UTF8},
	{X("\"\xed\xa0\xbd\xed\xb8\x80\""), TR_JWT_JSON_UTF8},
	{X("\"\xe2\x82\""), TR_JWT_JSON_UTF8},
	{X("\"\xe2\x82\x28\""), TR_JWT_JSON_UTF8},
	{X("\"\xf0\x8f\xbf\xbf\""), TR_JWT_JSON_UTF8},
	{X("\"\xf4\x90\x80\x80\""), TR_JWT_JSON_UTF8},
	{X("\"\xf0\x9f\x98\""), TR_JWT_JSON_UTF8},
	{X("\"\xf5\x80\x80\x80\""), TR_JWT_JSON_UTF8},
	{X("\"\xfe\""), TR_JWT_JSON_UTF8},
	{X("\"\xff\""), TR_JWT_JSON_UTF8},
	{"{" E ",\"\xff\":1}", TR_JWT_JSON_UTF8},
	{"{" E "}\xff", TR_JWT_JSON_SYNTAX},
	/* keys that stand twice */
	{"{" E "," E "}", TR_JWT_JSON_DUPLICATE},
	{"{" E ",\"a\":1,\"\\u0061\":2}", TR_JWT_JSON_DUPLICATE},
	{"{" E ",\"\":1,\"\":2}", TR_JWT_JSON_DUPLICATE},
	{"{" E ",\"\xc3\xa9\":1,\"\\u00E9\":2}", TR_JWT_JSON_DUPLICATE},
	{X("{\"a\":1,\"b\":{},\"a\":2}"), TR_JWT_JSON_DUPLICATE},
	{X("[[{\"a\":1,\"a\":2}]]"), TR_JWT_JSON_DUPLICATE},
	{"{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}," E ",\"b\":{\"a\":1}}", TR_JWT_OK},
	{"{\"a\":{\"b\":1,\"c\":1}," E ",\"b\":{\"a\":1},\"c\":2}", TR_JWT_OK},
	{"{\"a\":1,\"b\":{\"c\":1}," E ",\"a\":2}", TR_JWT_JSON_DUPLICATE},
	{"{" E ",\"a\":1,\"A\":2,\"ab\":3}", TR_JWT_OK},
	/* depth: the object, and seven more */
	{X("[[[[[[[]]]]]]]"), TR_JWT_OK},
	{X("[[[[[[[[]]]]]]]]"), TR_JWT_JSON_DEPTH},
	{X("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}"), TR_JWT_OK},
	{X("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}"), TR_JWT_JSON_DEPTH},
	{X("[[[],[]],[[[[[[]]]]]]]"), TR_JWT_OK},
};

static void
test_json(void)
{
	for (size_t i = 0; i < sizeof(json_cases) / sizeof(json_cases[0]); i++)
		ok_result(read_with(&plain, json_cases[i].json, strlen(json_cases[i].json),
							NOW, 0), json_cases[i].expected,
				  json_cases[i].json[0] == '{' ? json_cases[i].json : "other than an object");
	ok_result(read_with(&plain, "{" E "}\0", strlen("{" E "}") + 1, NOW, 0),
			  TR_JWT_JSON_SYNTAX, "a NUL after the object");
	ok_result(read_with(&plain, "{" E ",\"x\":\"\0\"}",
						strlen("{" E "}") + 8, NOW, 0),
			  TR_JWT_JSON_SYNTAX, "a NUL within a string");
}

/* Notes what it is given: "key=text ", with [] for an element, ? for others. */
static TrJwtResult
note(void *state, const JwtItem *item)
{
	char	   *text = state;
	size_t		used = strlen(text);

	snprintf(text + used, 256 - used, "%s%s%s%.*s ", item->key,
			 item->element ? "[]" : "", item->list ? "=list" : "=",
			 item->kind == JWT_OTHER ? 0 : (int) item->len,
			 item->kind == JWT_OTHER ? "" : item->text);
	return TR_JWT_OK;
}

/* What stands at the top, and in lists there, is given; what is deeper, not. */
static void
test_items(void)
{
	static const char json[] =
		"{\"a\":1,\"b\":[{\"aud\":2,\"c\":[3]},\"x\",[4,[5]],-6],"
		"\"d\":{\"exp\":7},\"e\":[],\"f\":null,\"g\":\"\\u00e9\"}";
	char		arena[sizeof(json)];
	char		text[256] = "";

	ok_result(tr_jwt_json_scan(json, strlen(json), arena, note, text),
			  TR_JWT_OK, "an object is scanned");
	ok(strcmp(text, "a=1 b=list b[]= b[]=x b[]=list b[]=-6 d= e=list f= "
			  "g=\xc3\xa9 ") == 0, text);
}

/* No part of an object is one, nor is read beyond its end. */
static void
test_ends(void)
{
	static const char json[] =
		"{\"a\":[true,-1.5e+10,{\"\xe2\x82\xac\":null}],"
		"\"\xf0\x9f\x98\x80\":\"\\ud83d\\ude00\\n\xc3\xa9\"}";
	int			accepted = 0;

	for (size_t len = 0; len < sizeof(json) - 1; len++)
	{
		/* of the exact size: the sanitizer sees a byte too much */
		char	   *copy = malloc(len + 1);
		char	   *arena = malloc(len + 1);
		char		text[256] = "";

		memcpy(copy, json, len);
		copy = realloc(copy, len ? len : 1);
		arena = realloc(arena, len ? len : 1);
		if (tr_jwt_json_scan(copy, len, arena, note, text) == TR_JWT_OK)
			accepted++;
		free(copy);
		free(arena);
	}
	ok(accepted == 0, "no part of an object is one");
}

/* So many keys are read, and no more. */
static void
test_many_keys(void)
{
	static char json[TR_JWT_MAX];

	for (int keys = 256; keys <= 257; keys++)
	{
		int			used = snprintf(json, sizeof(json), "{" E);

		for (int i = 1; i < keys; i++)
			used += snprintf(json + used, sizeof(json) - used, ",\"%d\":0", i);
		used += snprintf(json + used, sizeof(json) - used, "}");
		ok_result(read_with(&plain, json, used, NOW, 0),
				  keys == 256 ? TR_JWT_OK : TR_JWT_JSON_SIZE,
				  keys == 256 ? "256 keys" : "257 keys");
	}
}

static void
test_strings(void)
{
	const char *exact = "{\"exp\":1700000100.12345678901234567890}";
	const char *json = "{" E ",\"sub\":\"a\\u00e9\\uD83D\\uDE00\\/\\n\xc3\xa9\","
		"\"\\u006ati\":\"7\",\"x\":{\"sub\":5},\"iat\":1700000000.5,\"nbf\":1}";

	ok_result(read_with(&plain, json, strlen(json), NOW, 1), TR_JWT_OK,
			  "claims with escapes");
	ok(strcmp(claims.subject, "a\xc3\xa9\xf0\x9f\x98\x80/\n\xc3\xa9") == 0,
	   "the subject is unescaped");
	ok(strcmp(claims.id, "7") == 0, "so is the name of a claim");
	ok(claims.issuer == NULL && !claims.has_audience,
	   "what is not there is NULL");
	ok(claims.expires == NOW + 100000000 && claims.issued == NOW + 500000 &&
	   claims.not_before == 1000000, "the times, with their fraction");
	ok(claims.len == strlen(json) && strcmp(claims.json, json) == 0,
	   "the text as it came, with a NUL after it");
	ok_result(read_with(&plain, exact, strlen(exact), NOW, 0), TR_JWT_OK,
			  "a time with twenty digits after the point");
	ok(claims.expires == NOW + 100123456, "is cut off after microseconds");
}

/* ---- types and times */

static void
test_types(void)
{
	static const struct
	{
		const char *json;
		TrJwtResult expected;
	}			cases[] = {
		{"{}", TR_JWT_NO_EXPIRY},
		{"{\"x\":{" E "}}", TR_JWT_NO_EXPIRY},
		{"{\"Exp\":1700000100}", TR_JWT_NO_EXPIRY},
		{"{\"exp\":\"1700000100\"}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":null}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":true}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":[1700000100]}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":{\"exp\":1700000100}}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":-1}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":-0}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":1.7e9}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":2E9}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":253402300799}", TR_JWT_OK},
		{"{\"exp\":253402300800}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":9223372036854775808}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":18446744073709551617}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":18446744075409551716}", TR_JWT_CLAIM_TYPE},
		{"{\"exp\":1700000100.123456789}", TR_JWT_OK},
		{"{\"exp\":0}", TR_JWT_EXPIRED},
		{"{" E ",\"nbf\":\"0\"}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"iat\":null}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"iss\":1}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"iss\":null}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"sub\":[\"a\"]}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"sub\":{}}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"jti\":7}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"aud\":1}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"aud\":{\"a\":1}}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"aud\":[\"a\",1]}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"aud\":[[\"a\"]]}", TR_JWT_CLAIM_TYPE},
		{"{" E ",\"aud\":null}", TR_JWT_CLAIM_TYPE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok_result(read_with(&plain, cases[i].json, strlen(cases[i].json),
							NOW, 0), cases[i].expected, cases[i].json);
}

static void
test_times(void)
{
	static const struct
	{
		const char *what;
		const char *json;
		int64_t		now;		/* after NOW */
		int			skew;
		TrJwtResult expected;
	}			cases[] = {
		{"a microsecond before exp", "{\"exp\":1700000000}", -1, 0, TR_JWT_OK},
		{"at exp", "{\"exp\":1700000000}", 0, 0, TR_JWT_EXPIRED},
		{"before a fraction", "{\"exp\":1700000000.000001}", 0, 0, TR_JWT_OK},
		{"at exp, with skew", "{\"exp\":1700000000}", 59999999, 60, TR_JWT_OK},
		{"beyond the skew", "{\"exp\":1700000000}", 60000000, 60, TR_JWT_EXPIRED},
		{"at nbf", "{" E ",\"nbf\":1700000000}", 0, 0, TR_JWT_OK},
		{"before nbf", "{" E ",\"nbf\":1700000000}", -1, 0, TR_JWT_NOT_YET},
		{"before nbf, with skew", "{" E ",\"nbf\":1700000060}", 0, 60, TR_JWT_OK},
		{"nbf beyond the skew", "{" E ",\"nbf\":1700000061}", 0, 60, TR_JWT_NOT_YET},
		{"at iat", "{" E ",\"iat\":1700000000}", 0, 0, TR_JWT_OK},
		{"before iat", "{" E ",\"iat\":1700000000}", -1, 0, TR_JWT_FROM_FUTURE},
		{"before iat, with skew", "{" E ",\"iat\":1700000060}", 0, 60, TR_JWT_OK},
		{"iat beyond the skew", "{" E ",\"iat\":1700000061}", 0, 60, TR_JWT_FROM_FUTURE},
		{"a skew of 61 s", "{" E "}", 0, 61, TR_JWT_SKEW},
		{"a negative skew", "{" E "}", 0, -1, TR_JWT_SKEW},
		{"a clock at its end", "{\"exp\":253402300799}", INT64_MAX - NOW, 60, TR_JWT_EXPIRED},
		{"a clock before its begin", "{" E ",\"nbf\":0}", INT64_MIN, 60, TR_JWT_NOT_YET},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok_result(read_with(&plain, cases[i].json, strlen(cases[i].json),
							NOW + cases[i].now, cases[i].skew),
				  cases[i].expected, cases[i].what);
}

/* ---- whose it is */

#define OURS	E ",\"iss\":\"us\",\"aud\":"

static void
test_issuer(void)
{
	static const struct
	{
		const char *json;
		bool		plain;
		TrJwtResult expected;
	}			cases[] = {
		{"{" OURS "\"db\"}", false, TR_JWT_OK},
		{"{" OURS "[\"db\"]}", false, TR_JWT_OK},
		{"{" OURS "[\"web\",\"\",\"db\"]}", false, TR_JWT_OK},
		{"{" OURS "[\"\\u0064b\"]}", false, TR_JWT_OK},
		{"{" OURS "[\"web\",\"db2\"]}", false, TR_JWT_AUDIENCE},
		{"{" OURS "[]}", false, TR_JWT_AUDIENCE},
		{"{" OURS "\"DB\"}", false, TR_JWT_AUDIENCE},
		{"{" OURS "\"\"}", false, TR_JWT_AUDIENCE},
		{"{" E ",\"iss\":\"us\"}", false, TR_JWT_AUDIENCE},
		{"{" E ",\"aud\":\"db\"}", false, TR_JWT_ISSUER},
		{"{" E ",\"aud\":\"db\",\"iss\":\"\"}", false, TR_JWT_ISSUER},
		{"{" E ",\"aud\":\"db\",\"iss\":\"us2\"}", false, TR_JWT_ISSUER},
		{"{" E ",\"aud\":\"db\",\"iss\":\"u\"}", false, TR_JWT_ISSUER},
		{"{" E "}", true, TR_JWT_OK},
		{"{" E ",\"iss\":\"us\"}", true, TR_JWT_ISSUER},
		{"{" E ",\"iss\":\"\"}", true, TR_JWT_ISSUER},
		{"{" E ",\"aud\":\"db\"}", true, TR_JWT_AUDIENCE},
		{"{" E ",\"aud\":\"\"}", true, TR_JWT_AUDIENCE},
		{"{" E ",\"aud\":[]}", true, TR_JWT_AUDIENCE},
	};
	static char json[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok_result(read_with(cases[i].plain ? &plain : &ours, cases[i].json,
							strlen(cases[i].json), NOW, 0),
				  cases[i].expected, cases[i].json);

	for (int n = 32; n <= 33; n++)
	{
		int			used = snprintf(json, sizeof(json), "{" OURS "[\"db\"");

		for (int i = 1; i < n; i++)
			used += snprintf(json + used, sizeof(json) - used, ",\"%d\"", i);
		used += snprintf(json + used, sizeof(json) - used, "]}");
		ok_result(read_with(&ours, json, used, NOW, 0),
				  n == 32 ? TR_JWT_OK : TR_JWT_CLAIM_TYPE,
				  n == 32 ? "32 audiences" : "33 audiences");
		if (n == 32)
			ok(claims.naudience == 32 && strcmp(claims.audience[31], "31") == 0,
			   "all are given");
	}
}

/* ---- signing */

static void
test_sign(void)
{
	TrJwtKey	ed = make_key(TR_JWT_EDDSA, "e1", RFC_POINT, NULL, NULL);
	const char *json = "{" OURS "\"db\",\"sub\":\"ann\"}";
	static char large[TR_JWT_MAX];
	static char signed_token[TR_JWT_MAX + 1];
	int			longest = 0;
	size_t		len;
	size_t		other;

	ok_result(tr_jwt_sign(&ours, json, strlen(json), signed_token, &len),
			  TR_JWT_OK, "claims are signed");
	ok(strlen(signed_token) == len, "the token ends with NUL");
	ok_result(read_token(&ours, 1, signed_token, len), TR_JWT_OK,
			  "what was signed is accepted");
	other = make_token(&ours,
					   "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}",
					   json, token, sizeof(token));
	ok(other == len && memcmp(token, signed_token, len) == 0,
	   "its header has alg, kid and typ");

	ok_result(tr_jwt_sign(&ed, json, strlen(json), signed_token, &len),
			  TR_JWT_KEY_CANNOT_SIGN, "a public key signs nothing");
	ok(len == 0 && signed_token[0] == '\0', "and leaves nothing");
	ok_result(tr_jwt_sign(&ours, "{" E "}", strlen("{" E "}"), signed_token, &len),
			  TR_JWT_ISSUER, "claims without the key's issuer");
	ok_result(tr_jwt_sign(&plain, "{}", 2, signed_token, &len),
			  TR_JWT_NO_EXPIRY, "claims without an end");
	ok_result(tr_jwt_sign(&plain, "{" E "," E "}", strlen("{" E "," E "}"),
						  signed_token, &len),
			  TR_JWT_JSON_DUPLICATE, "claims that are not strict JSON");

	for (int n = 6000; n < 6200; n++)
	{
		int			used = snprintf(large, sizeof(large),
									"{" E ",\"x\":\"%0*d\"}", n, 0);

		if (tr_jwt_sign(&plain, large, used, signed_token, &len) == TR_JWT_OK)
		{
			if (read_token(&plain, 1, signed_token, len) == TR_JWT_OK)
				longest = (int) len;
		}
		else if (len != 0 || signed_token[0] != '\0')
			longest = -1;
	}
	ok(longest == TR_JWT_MAX, "tokens up to the limit are signed, none beyond");
}

static void
test_results(void)
{
	bool		all = true;

	for (int i = 0; i < TR_JWT_RESULTS; i++)
		all = all && tr_jwt_result_name(i) && tr_jwt_result_text(i);
	ok(all, "every result has a name");
}

int
main(void)
{
	plain = make_key(TR_JWT_HS256, "k1", RFC_SECRET, NULL, NULL);
	ours = make_key(TR_JWT_HS256, "k1", RFC_SECRET, "us", "db");

	test_json();
	test_items();
	test_ends();
	test_many_keys();
	test_strings();
	test_types();
	test_times();
	test_issuer();
	test_sign();
	test_results();
	return done();
}
