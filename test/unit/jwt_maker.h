/*
 * jwt_maker.h
 *		What the JWT tests share: TAP, keys, and tokens of any header and
 *		payload whose signature is right.
 */
#ifndef JWT_MAKER_H
#define JWT_MAKER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "jwt/jwt_private.h"

#define NOW			(INT64_C(1700000000) * 1000000)
#define GOOD_HEADER	"{\"alg\":\"HS256\",\"kid\":\"k1\"}"
#define GOOD_CLAIMS	"{\"exp\":1700000100}"

static int	count;
static int	failed;

static inline void
ok(bool good, const char *what)
{
	count++;
	if (!good)
		failed++;
	printf("%sok %d - ", good ? "" : "not ", count);
	/* what may be any bytes, and "#" begins a directive of TAP */
	for (; *what; what++)
		putchar(*what < ' ' || *what > '~' || *what == '#' ? '?' : *what);
	putchar('\n');
}

static inline void
ok_result(TrJwtResult got, TrJwtResult expected, const char *what)
{
	ok(got == expected, what);
	if (got != expected)
		printf("# \"%s\" instead of \"%s\"\n",
			   tr_jwt_result_name(got), tr_jwt_result_name(expected));
}

static inline int
done(void)
{
	printf("1..%d\n", count);
	return failed ? 1 : 0;
}

/* RFC 7515, appendix A.1.1 */
#define RFC_SECRET \
	"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i" \
	"PS4hcgUuTwjAzZr1Z9CAow"

/* RFC 8037, appendix A.1 */
#define RFC_SEED	"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define RFC_POINT	"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

/* A key of base64url; ends the program when it is none. */
static inline TrJwtKey
make_key(TrJwtAlgorithm algorithm, const char *kid, const char *text,
		 const char *issuer, const char *audience)
{
	TrJwtKey	key;
	uint8_t		bytes[TR_JWT_SECRET_MAX];
	size_t		len;

	if (!tr_jwt_base64_decode(text, strlen(text), bytes, sizeof(bytes), &len) ||
		tr_jwt_key_init(&key, algorithm, kid, bytes, len,
						issuer, audience) != TR_JWT_OK)
	{
		printf("Bail out! no key\n");
		exit(1);
	}
	return key;
}

/* The token's signature is made with key, whatever the header says. */
static inline size_t
make_token_of(const TrJwtKey *key, const void *header, size_t header_len,
			  const void *payload, size_t payload_len, char *token, size_t size)
{
	uint8_t		signature[JWT_SIGNATURE];
	size_t		signature_len = JWT_MAC;
	size_t		used;

	if (!tr_jwt_base64_encode(header, header_len, token, size))
		abort();
	used = strlen(token);
	token[used++] = '.';
	if (!tr_jwt_base64_encode(payload, payload_len, token + used, size - used))
		abort();
	used += strlen(token + used);
	if (key->algorithm == TR_JWT_HS256)
		tr_jwt_mac(key, token, used, signature);
	else
	{
		uint8_t		seed[32];
		uint8_t		point[32];
		uint8_t		secret[64];

		if (!tr_jwt_base64_decode(RFC_SEED, strlen(RFC_SEED), seed,
								  sizeof(seed), &signature_len))
			abort();
		crypto_sign_seed_keypair(point, secret, seed);
		crypto_sign_detached(signature, NULL, (const uint8_t *) token, used,
							 secret);
		signature_len = JWT_SIGNATURE;
	}
	token[used++] = '.';
	if (!tr_jwt_base64_encode(signature, signature_len, token + used,
							  size - used))
		abort();
	return used + strlen(token + used);
}

static inline size_t
make_token(const TrJwtKey *key, const char *header, const char *payload,
		   char *token, size_t size)
{
	return make_token_of(key, header, strlen(header), payload,
						 strlen(payload), token, size);
}

/* Both steps, with no clock skew. */
static inline TrJwtResult
read_token(const TrJwtKey *keys, int nkeys, const char *token, size_t len)
{
	static TrJwtVerified verified;
	static TrJwtClaims claims;
	TrJwtResult result = tr_jwt_verify(token, len, keys, nkeys, &verified);

	if (result != TR_JWT_OK)
		return result;
	return tr_jwt_claims(&verified, NOW, 0, &claims);
}

#endif							/* JWT_MAKER_H */
