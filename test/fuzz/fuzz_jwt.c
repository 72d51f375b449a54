/*
 * fuzz_jwt.c
 *		libFuzzer target: tokens, and claims to be signed.
 *
 * The input's first byte chooses what the rest is: a token as it comes; a
 * header, or a payload, below a signature that is right, so that what lies
 * behind the signature is reached; claims to be signed; a payload signed with
 * Ed25519.  What is accepted must be what a token is written as again, and
 * must not be accepted with another bit.
 */
/* link: extension/jwt/claims.c extension/jwt/json.c extension/jwt/key.c extension/jwt/result.c extension/jwt/sodium.c extension/jwt/token.c -lsodium */
#include "../unit/jwt_maker.h"

#define ANY_KID		"{\"alg\":\"EdDSA\",\"kid\":\"e1\"}"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static TrJwtKey keys[2];		/* HS256 k1, EdDSA e1 */
static TrJwtVerified verified;
static TrJwtClaims claims;
static char token[TR_JWT_MAX * 2];
static char again[TR_JWT_MAX * 2];

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_be_text(const char *text)
{
	must(text == NULL || strlen(text) <= verified.len);
}

/* Each part, decoded, is written as it stands in the token, and not else. */
static void
must_be_written_again(const char *text, size_t len)
{
	uint8_t		bytes[TR_JWT_MAX];
	const char *part = text;
	const char *end = text + len;
	size_t		used = 0;
	size_t		n;

	while (part <= end)
	{
		const char *dot = memchr(part, '.', end - part);
		size_t		part_len = (dot ? dot : end) - part;

		must(tr_jwt_base64_decode(part, part_len, bytes, sizeof(bytes), &n));
		must(tr_jwt_base64_encode(bytes, n, again + used, sizeof(again) - used));
		used += strlen(again + used);
		if (dot)
			again[used++] = '.';
		part += part_len + 1;
	}
	must(used == len && memcmp(again, text, len) == 0);
}

static void
must_be_claims(void)
{
	must(claims.key == verified.key && claims.json == verified.payload);
	must(claims.len == verified.len && strlen(claims.json) == claims.len);
	must(claims.expires > NOW && claims.expires < INT64_MAX / 2);
	must(claims.not_before == TR_JWT_NO_TIME || claims.not_before <= NOW);
	must(claims.issued == TR_JWT_NO_TIME || claims.issued <= NOW);
	must(claims.issuer == NULL && !claims.has_audience);
	must_be_text(claims.subject);
	must_be_text(claims.id);
	for (size_t i = 0; i < claims.len; i++)
	{
		unsigned char c = (unsigned char) claims.json[i];

		must(c != 0xC0 && c != 0xC1 && c < 0xF5);
		if (c == '\\')
		{
			must(strncmp(claims.json + i, "\\u0000", 6) != 0);
			i++;				/* what is escaped begins no escape */
		}
	}
}

/* Both steps, on memory of the exact size; true when it verified. */
static bool
read_all_of(const char *text, size_t len)
{
	char	   *copy = malloc(len ? len : 1);
	bool		good;

	memcpy(copy, text, len);
	good = tr_jwt_verify(copy, len, keys, 2, &verified) == TR_JWT_OK;
	must(good == (verified.key != NULL));
	if (good)
	{
		must_be_written_again(copy, len);
		must(len <= TR_JWT_MAX);
	}
	if (tr_jwt_claims(&verified, NOW, 0, &claims) == TR_JWT_OK)
	{
		must(good);
		must_be_claims();
	}
	else
		must(claims.key == NULL);
	free(copy);
	return good;
}

/* One bit of it, or its last character gone: refused. */
static void
must_not_change(size_t len, size_t bit)
{
	bit %= len * 8;
	token[bit / 8] ^= (char) (1 << bit % 8);
	must(!read_all_of(token, len));
	token[bit / 8] ^= (char) (1 << bit % 8);
	must(!read_all_of(token, len - 1));
}

static void
sign(const uint8_t *data, size_t size, size_t bit)
{
	TrJwtClaims read;
	size_t		len;
	TrJwtResult result = tr_jwt_sign(&keys[0], (const char *) data, size,
									 token, &len);

	if (result != TR_JWT_OK)
	{
		must(len == 0 && token[0] == '\0');
		return;
	}
	must(strlen(token) == len && read_all_of(token, len));
	must(verified.len == size && memcmp(verified.payload, data, size) == 0);
	result = tr_jwt_claims(&verified, NOW, 0, &read);
	must(result == TR_JWT_OK || result == TR_JWT_EXPIRED ||
		 result == TR_JWT_NOT_YET || result == TR_JWT_FROM_FUTURE);
	must_not_change(len, bit);
}

static void
choose(int what, const uint8_t *data, size_t size, size_t bit)
{
	size_t		len;

	if (what == 0)
	{
		if (read_all_of((const char *) data, size))
		{
			memcpy(token, data, size);
			must_not_change(size, bit);
		}
	}
	else if (what == 15)
	{
		len = make_token_of(&keys[1], ANY_KID, strlen(ANY_KID), data, size,
							token, sizeof(token));
		must(read_all_of(token, len) == (len <= TR_JWT_MAX));
		if (len <= TR_JWT_MAX)
			must_not_change(len, bit);
	}
	else if (what % 3 == 0)
	{
		len = make_token_of(&keys[0], data, size, GOOD_CLAIMS,
							strlen(GOOD_CLAIMS), token, sizeof(token));
		if (read_all_of(token, len))
			must(claims.key == &keys[0]);
	}
	else if (what % 3 == 1)
	{
		len = make_token_of(&keys[0], GOOD_HEADER, strlen(GOOD_HEADER), data,
							size, token, sizeof(token));
		must(read_all_of(token, len) == (len <= TR_JWT_MAX));
	}
	else
		sign(data, size, bit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (keys[0].len == 0)
	{
		keys[0] = make_key(TR_JWT_HS256, "k1", RFC_SECRET, NULL, NULL);
		keys[1] = make_key(TR_JWT_EDDSA, "e1", RFC_POINT, NULL, NULL);
	}
	if (size < 3 || size > TR_JWT_MAX + 128)
		return 0;
	choose(data[0] % 16, data + 3, size - 3, data[1] | data[2] << 8);
	return 0;
}
