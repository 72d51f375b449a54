/*
 * key.c
 *		Keys: what may be one, and which one a token means.
 *
 * Runs in a backend.  RFC 8725, section 3.1: each key has exactly one
 * algorithm, given when it is made, and no token can choose another.  A public
 * key can therefore never serve as the secret of an HMAC (section 2.1).
 */
#include <string.h>

#include "jwt_private.h"

/* A kid goes into a header as it is: nothing that JSON would escape. */
static bool
good_kid(const char *kid)
{
	size_t		len = kid ? strlen(kid) : 0;

	if (len == 0 || len > TR_JWT_KID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (kid[i] < ' ' || kid[i] > '~' || kid[i] == '"' || kid[i] == '\\')
			return false;
	}
	return true;
}

/* NULL is none; an empty text would look like none, and is refused. */
static bool
good_name(const char *name)
{
	return name == NULL ||
		(name[0] != '\0' && strlen(name) <= TR_JWT_NAME_MAX);
}

static TrJwtResult
check_bytes(TrJwtAlgorithm algorithm, const uint8_t *bytes, size_t len)
{
	switch (algorithm)
	{
		case TR_JWT_HS256:
			/* RFC 7518, section 3.2, and RFC 8725, section 3.5: 256 bits */
			if (len < TR_JWT_SECRET_MIN || len > TR_JWT_SECRET_MAX)
				return TR_JWT_KEY_LENGTH;
			return TR_JWT_OK;
		case TR_JWT_EDDSA:
			if (len != TR_JWT_PUBLIC_KEY)
				return TR_JWT_KEY_LENGTH;
			if (!tr_jwt_ed25519_key_ok(bytes))
				return TR_JWT_KEY_POINT;
			return TR_JWT_OK;
	}
	return TR_JWT_ALGORITHM;
}

TrJwtResult
tr_jwt_key_init(TrJwtKey *key, TrJwtAlgorithm algorithm, const char *kid,
				const uint8_t *bytes, size_t len,
				const char *issuer, const char *audience)
{
	TrJwtResult result;

	memset(key, 0, sizeof(*key));
	if (!tr_jwt_crypto_init())
		return TR_JWT_NO_CRYPTO;
	if (!good_kid(kid) || !good_name(issuer) || !good_name(audience))
		return TR_JWT_KEY_NAME;
	result = check_bytes(algorithm, bytes, len);
	if (result != TR_JWT_OK)
		return result;

	key->algorithm = algorithm;
	memcpy(key->kid, kid, strlen(kid));
	if (issuer)
		memcpy(key->issuer, issuer, strlen(issuer));
	if (audience)
		memcpy(key->audience, audience, strlen(audience));
	memcpy(key->bytes, bytes, len);
	key->len = len;
	return TR_JWT_OK;
}

void
tr_jwt_key_wipe(TrJwtKey *key)
{
	tr_jwt_wipe(key, sizeof(*key));
}

/*
 * RFC 8725, section 3.10: the kid comes from someone not yet known; it is
 * compared, byte by byte, and used for nothing else.
 */
TrJwtResult
tr_jwt_key_find(const TrJwtKey *keys, int nkeys, const char *kid,
				const TrJwtKey **found)
{
	*found = NULL;
	for (int i = 0; i < nkeys; i++)
	{
		if (kid != NULL && strcmp(keys[i].kid, kid) != 0)
			continue;
		if (*found != NULL)
		{
			*found = NULL;
			return TR_JWT_KEY_UNCLEAR;
		}
		*found = &keys[i];
	}
	return *found ? TR_JWT_OK : TR_JWT_NO_KEY;
}
