/*
 * claims.c
 *		The claims of a verified token: the second step.
 *
 * Runs in a backend.  RFC 7519, section 4.1, has the registered claims; what
 * else the payload holds is left to whoever reads its text.
 */
#include <string.h>

#include "jwt_private.h"

#define SECOND			INT64_C(1000000)
#define MAX_SECONDS		INT64_C(253402300799)	/* the end of year 9999 */
#define FRACTION		6

typedef enum ClaimType
{
	CLAIM_TEXT,
	CLAIM_TIME,
	CLAIM_TEXTS
} ClaimType;

static const struct
{
	const char *name;
	ClaimType	type;
	size_t		place;
}			registered[] = {
	{"iss", CLAIM_TEXT, offsetof(TrJwtClaims, issuer)},
	{"sub", CLAIM_TEXT, offsetof(TrJwtClaims, subject)},
	{"jti", CLAIM_TEXT, offsetof(TrJwtClaims, id)},
	{"exp", CLAIM_TIME, offsetof(TrJwtClaims, expires)},
	{"nbf", CLAIM_TIME, offsetof(TrJwtClaims, not_before)},
	{"iat", CLAIM_TIME, offsetof(TrJwtClaims, issued)},
	{"aud", CLAIM_TEXTS, 0},
};

/*
 * RFC 7519, section 2, NumericDate: seconds since 1970, with or without a
 * fraction.  From 1970 to the year 9999, and without an exponent, which no
 * issuer writes; digits after the microseconds are dropped.
 */
static bool
read_time(const char *text, size_t len, int64_t *time)
{
	int64_t		seconds = 0;
	int64_t		fraction = 0;
	size_t		at = 0;
	int			places = 0;

	for (; at < len && text[at] >= '0' && text[at] <= '9'; at++)
	{
		seconds = seconds * 10 + (text[at] - '0');
		if (seconds > MAX_SECONDS)
			return false;
	}
	if (at < len && text[at] == '.')
	{
		for (at++; at < len && text[at] >= '0' && text[at] <= '9'; at++)
		{
			if (places == FRACTION)
				continue;
			fraction = fraction * 10 + (text[at] - '0');
			places++;
		}
	}
	if (at != len)
		return false;
	for (; places < FRACTION; places++)
		fraction *= 10;
	*time = seconds * SECOND + fraction;
	return true;
}

/*
 * RFC 7519, section 4.1.3: one string, or a list of strings.  The list comes
 * first, its elements after it.
 */
static TrJwtResult
take_audience(TrJwtClaims *claims, const JwtItem *item)
{
	claims->has_audience = true;
	if (item->list && !item->element)
		return TR_JWT_OK;
	if (item->kind != JWT_STRING || claims->naudience == TR_JWT_AUDIENCES)
		return TR_JWT_CLAIM_TYPE;
	claims->audience[claims->naudience++] = item->text;
	return TR_JWT_OK;
}

static TrJwtResult
take_claim(void *state, const JwtItem *item)
{
	TrJwtClaims *claims = state;

	for (size_t i = 0; i < sizeof(registered) / sizeof(registered[0]); i++)
	{
		void	   *place = (char *) claims + registered[i].place;

		if (strcmp(item->key, registered[i].name) != 0)
			continue;
		if (registered[i].type == CLAIM_TEXTS)
			return take_audience(claims, item);
		if (registered[i].type == CLAIM_TEXT)
		{
			if (item->kind != JWT_STRING)
				return TR_JWT_CLAIM_TYPE;
			*(const char **) place = item->text;
		}
		else if (item->kind != JWT_NUMBER ||
				 !read_time(item->text, item->len, place))
			return TR_JWT_CLAIM_TYPE;
	}
	return TR_JWT_OK;
}

/*
 * RFC 8725, section 3.8: the key that signed must be one of the issuer that
 * the token names.
 */
static bool
issuer_matches(const TrJwtKey *key, const TrJwtClaims *claims)
{
	if (claims->issuer == NULL)
		return key->issuer[0] == '\0';
	return key->issuer[0] != '\0' && strcmp(claims->issuer, key->issuer) == 0;
}

/*
 * RFC 7519, section 4.1.3, and RFC 8725, section 3.9: a token that names
 * audiences must name ours; where we have a name, it must name some.
 */
static bool
audience_matches(const TrJwtKey *key, const TrJwtClaims *claims)
{
	if (key->audience[0] == '\0')
		return !claims->has_audience;
	for (int i = 0; i < claims->naudience; i++)
	{
		if (strcmp(claims->audience[i], key->audience) == 0)
			return true;
	}
	return false;
}

TrJwtResult
tr_jwt_claims_read(const TrJwtKey *key, const char *json, size_t len,
				   TrJwtClaims *claims)
{
	TrJwtResult result;

	memset(claims, 0, offsetof(TrJwtClaims, strings));
	claims->expires = TR_JWT_NO_TIME;
	claims->not_before = TR_JWT_NO_TIME;
	claims->issued = TR_JWT_NO_TIME;

	result = tr_jwt_json_scan(json, len, claims->strings, take_claim, claims);
	if (result != TR_JWT_OK)
		return result;
	if (claims->expires == TR_JWT_NO_TIME)
		return TR_JWT_NO_EXPIRY;
	if (!issuer_matches(key, claims))
		return TR_JWT_ISSUER;
	if (!audience_matches(key, claims))
		return TR_JWT_AUDIENCE;
	claims->key = key;
	claims->json = json;
	claims->len = len;
	return TR_JWT_OK;
}

/*
 * RFC 7519, sections 4.1.4 to 4.1.6.  A token that was issued in the future
 * is refused as well: "all tokens before" could not revoke it.
 */
static TrJwtResult
check_times(const TrJwtClaims *claims, int64_t now, int64_t skew)
{
	if (now >= claims->expires + skew)
		return TR_JWT_EXPIRED;
	if (claims->not_before != TR_JWT_NO_TIME &&
		now < claims->not_before - skew)
		return TR_JWT_NOT_YET;
	if (claims->issued != TR_JWT_NO_TIME && now < claims->issued - skew)
		return TR_JWT_FROM_FUTURE;
	return TR_JWT_OK;
}

TrJwtResult
tr_jwt_claims(const TrJwtVerified *verified, int64_t now, int skew,
			  TrJwtClaims *claims)
{
	TrJwtResult result;

	claims->key = NULL;
	if (verified->key == NULL)
		return TR_JWT_NOT_VERIFIED;
	if (skew < 0 || skew > TR_JWT_SKEW_MAX)
		return TR_JWT_SKEW;
	result = tr_jwt_claims_read(verified->key, verified->payload,
								verified->len, claims);
	if (result == TR_JWT_OK)
		result = check_times(claims, now, skew * SECOND);
	if (result != TR_JWT_OK)
		claims->key = NULL;
	return result;
}
