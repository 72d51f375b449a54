/*
 * decide.c
 *		Says of each token whether its signature is right under given keys:
 *		what vectors.py asks.
 *
 * A line in: the token, then algorithm, kid and bytes of each key; all but
 * the algorithms in base64url, "-" for nothing, with a space between.  A line
 * out: the result, and after "ok" a tab and the payload in base64url.
 */
/* link: extension/jwt/claims.c extension/jwt/json.c extension/jwt/key.c extension/jwt/result.c extension/jwt/sodium.c extension/jwt/token.c -lsodium */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwt/jwt_private.h"

#define MAX_KEYS	8
#define MAX_LINE	(1 << 20)

static void
die(const char *why)
{
	fprintf(stderr, "decide: %s\n", why);
	exit(2);
}

/* The next field of the line, decoded, with a NUL after it; NULL at its end. */
static char *
field(char **line, size_t *len)
{
	char	   *text = strtok(*line, " \n");
	char	   *bytes;

	*line = NULL;
	if (text == NULL)
		return NULL;
	if (strcmp(text, "-") == 0)
		text = "";
	bytes = calloc(1, strlen(text) + 1);
	if (bytes == NULL ||
		!tr_jwt_base64_decode(text, strlen(text), bytes, strlen(text), len))
		die("a field is not base64url");
	return bytes;
}

static void
decide(const char *token, size_t len, const TrJwtKey *keys, int nkeys)
{
	static TrJwtVerified verified;
	static char text[TR_JWT_MAX * 2];
	TrJwtResult result = tr_jwt_verify(token, len, keys, nkeys, &verified);

	printf("%s", tr_jwt_result_name(result));
	if (result == TR_JWT_OK)
	{
		if (!tr_jwt_base64_encode(verified.payload, verified.len, text,
								  sizeof(text)))
			die("a payload is too long");
		printf("\t%s", text);
	}
	printf("\n");
}

int
main(void)
{
	static char line[MAX_LINE];

	if (!tr_jwt_crypto_init())
		die("no libsodium");
	while (fgets(line, sizeof(line), stdin))
	{
		TrJwtKey	keys[MAX_KEYS];
		int			nkeys = 0;
		char	   *rest = line;
		size_t		len;
		size_t		key_len;
		char	   *token = field(&rest, &len);
		char	   *algorithm;

		if (token == NULL)
			die("an empty line");
		while ((algorithm = strtok(NULL, " \n")) != NULL)
		{
			char	   *kid = field(&rest, &key_len);
			char	   *bytes = field(&rest, &key_len);
			TrJwtAlgorithm known = strcmp(algorithm, "HS256") == 0 ?
				TR_JWT_HS256 : TR_JWT_EDDSA;

			if (kid == NULL || bytes == NULL || nkeys == MAX_KEYS ||
				tr_jwt_key_init(&keys[nkeys++], known, kid,
								(const uint8_t *) bytes, key_len,
								NULL, NULL) != TR_JWT_OK)
				die("not a key");
			free(kid);
			free(bytes);
		}
		decide(token, len, keys, nkeys);
		free(token);
	}
	return 0;
}
