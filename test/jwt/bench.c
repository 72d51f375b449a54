/*
 * bench.c
 *		How many tokens a core verifies in a second.
 *
 * Both steps on a typical token, and, to see what that cannot go below, the
 * one call of libsodium within.  Processor time, not time: other programs may
 * run.
 */
/* link: extension/jwt/claims.c extension/jwt/json.c extension/jwt/key.c extension/jwt/result.c extension/jwt/sodium.c extension/jwt/token.c -lsodium */
#include <time.h>

#include "../unit/jwt_maker.h"

#define ROUNDS		5
#define BAR			50000		/* what transform_validate_jwt is to reach */
#define CLAIMS \
	"{\"iss\":\"https://login.example.com\",\"aud\":[\"transform\",\"web\"]," \
	"\"sub\":\"3f2c7a52-9a0e-4c55-8d1e-0f6d1f1c2b7a\",\"exp\":1700003600," \
	"\"nbf\":1700000000,\"iat\":1700000000," \
	"\"jti\":\"8e2d4f61-5b7c-4a39-9c7d-2f1e0a9b8c7d\",\"role\":\"analyst\"," \
	"\"email\":\"ann@example.com\"}"

typedef struct Work
{
	TrJwtKey	key;
	char		token[2048];
	size_t		len;
	size_t		signed_len;
	uint8_t		signature[JWT_SIGNATURE];
} Work;

static TrJwtVerified verified;
static TrJwtClaims claims;

static bool
both_steps(const Work *w)
{
	return tr_jwt_verify(w->token, w->len, &w->key, 1, &verified) == TR_JWT_OK &&
		tr_jwt_claims(&verified, NOW, 0, &claims) == TR_JWT_OK;
}

static bool
signature_alone(const Work *w)
{
	if (w->key.algorithm == TR_JWT_HS256)
		return tr_jwt_mac_verify(&w->key, w->token, w->signed_len, w->signature);
	return tr_jwt_ed25519_verify(&w->key, w->token, w->signed_len, w->signature);
}

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* The median of some rounds of a second each. */
static double
measure(const Work *w, bool (*work) (const Work *))
{
	double		rates[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
	{
		clock_t		start = clock();
		clock_t		used;
		long		n = 0;

		do
		{
			for (int k = 0; k < 100; k++, n++)
			{
				if (!work(w))
					abort();
			}
			used = clock() - start;
		} while (used < CLOCKS_PER_SEC);
		rates[i] = (double) n * CLOCKS_PER_SEC / (double) used;
	}
	qsort(rates, ROUNDS, sizeof(double), compare);
	return rates[ROUNDS / 2];
}

static void
make_work(Work *w, TrJwtAlgorithm algorithm, const char *text,
		  const char *header)
{
	size_t		n;
	const char *last;

	w->key = make_key(algorithm, "k1", text, "https://login.example.com",
					  "transform");
	w->len = make_token(&w->key, header, CLAIMS, w->token, sizeof(w->token));
	last = strrchr(w->token, '.');
	w->signed_len = last - w->token;
	if (!tr_jwt_base64_decode(last + 1, w->len - w->signed_len - 1,
							  w->signature, sizeof(w->signature), &n))
		abort();
}

int
main(void)
{
	static Work hs;
	static Work ed;
	double		rate;

	make_work(&hs, TR_JWT_HS256, RFC_SECRET, "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}");
	make_work(&ed, TR_JWT_EDDSA, RFC_POINT, "{\"alg\":\"EdDSA\",\"kid\":\"k1\",\"typ\":\"JWT\"}");
	printf("# libsodium %s, tokens of %zu and %zu bytes, median of %d rounds of 1 s\n",
		   sodium_version_string(), hs.len, ed.len, ROUNDS);
	rate = measure(&hs, both_steps);
	printf("HS256: %.0f tokens a second and core (bar %d) %s\n", rate, BAR,
		   rate >= BAR ? "ok" : "short");
	printf("# HMAC alone: %.0f\n", measure(&hs, signature_alone));
	printf("# EdDSA: %.0f tokens a second and core\n", measure(&ed, both_steps));
	printf("# Ed25519 alone: %.0f\n", measure(&ed, signature_alone));
	return rate >= BAR ? 0 : 1;
}
