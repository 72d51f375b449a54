/*
 * tr_jwt.h
 *		JSON Web Tokens: verify HS256 and EdDSA, sign HS256.
 *
 * Runs in the backend that calls a token function, and alone in tests and
 * under the fuzzer: includes neither PostgreSQL nor an operating system
 * header, allocates nothing, keeps no state and has no clock.
 *
 * A token is read in two steps, and the second cannot be had without the
 * first: tr_jwt_verify finds the key and checks the signature; what it leaves
 * in a TrJwtVerified is all that tr_jwt_claims takes.
 *
 * What is refused, and why, stands beside the code, by section: RFC 7515
 * (JWS), 7518 (algorithms), 7519 (JWT), 7797 (b64), 8037 (EdDSA) and 8725
 * (best current practices).  A result other than TR_JWT_OK is for the
 * server's log; who presented the token is told no more than that it is
 * refused.
 */
#ifndef TR_JWT_H
#define TR_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TR_JWT_MAX				8192	/* bytes of a token */
#define TR_JWT_HEADER_MAX		1024	/* of its header, not decoded */
#define TR_JWT_PAYLOAD_MAX		(TR_JWT_MAX / 4 * 3)
#define TR_JWT_SKEW_MAX			60	/* seconds */
#define TR_JWT_AUDIENCES		32	/* in one token */

#define TR_JWT_KID_MAX			128
#define TR_JWT_NAME_MAX			255 /* an issuer, an audience */
#define TR_JWT_SECRET_MIN		32
#define TR_JWT_SECRET_MAX		256
#define TR_JWT_PUBLIC_KEY		32

typedef enum TrJwtResult
{
	TR_JWT_OK,

	/* the token's form */
	TR_JWT_TOO_LONG,
	TR_JWT_NOT_COMPACT,
	TR_JWT_BASE64,

	/* the JSON of header or claims */
	TR_JWT_JSON_SYNTAX,
	TR_JWT_JSON_UTF8,
	TR_JWT_JSON_ESCAPE,
	TR_JWT_JSON_DUPLICATE,
	TR_JWT_JSON_DEPTH,
	TR_JWT_JSON_SIZE,

	/* the header */
	TR_JWT_HEADER_REFUSED,
	TR_JWT_HEADER_TYPE,
	TR_JWT_TYP,
	TR_JWT_NO_KEY,
	TR_JWT_KEY_UNCLEAR,
	TR_JWT_ALGORITHM,

	TR_JWT_SIGNATURE,

	/* the claims */
	TR_JWT_NOT_VERIFIED,
	TR_JWT_CLAIM_TYPE,
	TR_JWT_NO_EXPIRY,
	TR_JWT_EXPIRED,
	TR_JWT_NOT_YET,
	TR_JWT_FROM_FUTURE,
	TR_JWT_ISSUER,
	TR_JWT_AUDIENCE,

	/* the caller's own: keys, signing */
	TR_JWT_KEY_NAME,
	TR_JWT_KEY_LENGTH,
	TR_JWT_KEY_POINT,
	TR_JWT_KEY_CANNOT_SIGN,
	TR_JWT_SKEW,
	TR_JWT_NO_CRYPTO,

	TR_JWT_RESULTS				/* how many there are */
} TrJwtResult;

/* A name for the log and the tests, and what it means; static text. */
extern const char *tr_jwt_result_name(TrJwtResult result);
extern const char *tr_jwt_result_text(TrJwtResult result);

typedef enum TrJwtAlgorithm
{
	TR_JWT_HS256 = 1,
	TR_JWT_EDDSA,				/* Ed25519 public keys: verifies only */
} TrJwtAlgorithm;

/*
 * A key, its one algorithm, and whose tokens it signs.  Made by
 * tr_jwt_key_init alone; holds no pointer, so it may be copied.
 */
typedef struct TrJwtKey
{
	TrJwtAlgorithm algorithm;
	char		kid[TR_JWT_KID_MAX + 1];
	char		issuer[TR_JWT_NAME_MAX + 1];	/* "" for none */
	char		audience[TR_JWT_NAME_MAX + 1];	/* "" for none */
	size_t		len;
	uint8_t		bytes[TR_JWT_SECRET_MAX];
} TrJwtKey;

/*
 * HS256: bytes is a secret of 32 to 256 bytes.  EdDSA: a public key of 32.
 * kid: printable ASCII without '"' and '\'.  issuer and audience may be NULL;
 * what that means stands at tr_jwt_claims.
 */
extern TrJwtResult tr_jwt_key_init(TrJwtKey *key, TrJwtAlgorithm algorithm,
								   const char *kid,
								   const uint8_t *bytes, size_t len,
								   const char *issuer, const char *audience);

/* Overwrites it, so that no secret stays in memory. */
extern void tr_jwt_key_wipe(TrJwtKey *key);

/*
 * The key that a header's kid names; kid is NULL when it names none.  Then,
 * and only when the set holds a single key, that one is taken.  A kid that
 * two keys bear chooses none.
 */
extern TrJwtResult tr_jwt_key_find(const TrJwtKey *keys, int nkeys,
								   const char *kid, const TrJwtKey **found);

/*
 * A token whose signature is right.  Only tr_jwt_verify writes it; key is
 * NULL while nothing is verified.  The key is the caller's, and must live as
 * long.
 */
typedef struct TrJwtVerified
{
	const TrJwtKey *key;
	size_t		len;
	char		payload[TR_JWT_PAYLOAD_MAX + 1];
} TrJwtVerified;

/* First step: form, header, key, signature. */
extern TrJwtResult tr_jwt_verify(const char *token, size_t len,
								 const TrJwtKey *keys, int nkeys,
								 TrJwtVerified *verified);

#define TR_JWT_NO_TIME			INT64_MIN

/*
 * The claims.  Times are microseconds since 1970 or TR_JWT_NO_TIME, texts are
 * UTF-8 or NULL.  json is the payload as it came, one object that every JSON
 * parser reads the same way; jsonb takes it.  Everything points into this
 * struct or into the TrJwtVerified.
 */
typedef struct TrJwtClaims
{
	const TrJwtKey *key;
	const char *json;
	size_t		len;
	int64_t		expires;
	int64_t		not_before;
	int64_t		issued;
	const char *issuer;
	const char *subject;
	const char *id;
	bool		has_audience;
	int			naudience;
	const char *audience[TR_JWT_AUDIENCES];
	char		strings[TR_JWT_PAYLOAD_MAX + 1];
} TrJwtClaims;

/*
 * Second step.  now is in microseconds since 1970, skew (0 to 60 s) is what
 * the clocks of issuer and server may differ.
 *
 * exp is required.  iss must be the key's issuer, and aud hold the key's
 * audience; a key without an issuer or audience takes only tokens without
 * that claim.
 */
extern TrJwtResult tr_jwt_claims(const TrJwtVerified *verified,
								 int64_t now, int skew, TrJwtClaims *claims);

/*
 * A token of these claims (the text of one JSON object), signed with an HS256
 * key.  Claims that would not be accepted under the key are not signed,
 * whatever the time.  token holds TR_JWT_MAX + 1 bytes, and ends with NUL.
 */
extern TrJwtResult tr_jwt_sign(const TrJwtKey *key,
							   const char *json, size_t len,
							   char *token, size_t *token_len);

#endif							/* TR_JWT_H */
