/*
 * jwt_private.h
 *		What the files of this folder share: the strict JSON scanner, and the
 *		seam to libsodium.
 */
#ifndef JWT_PRIVATE_H
#define JWT_PRIVATE_H

#include "tr_jwt.h"

/* ---- json.c */

typedef enum JwtKind
{
	JWT_STRING,
	JWT_NUMBER,
	JWT_OTHER					/* object, list, true, false or null */
} JwtKind;

/*
 * A member of the outermost object, or (element) of the list that is the
 * value of such a member.  A string is unescaped and ends with NUL; a number
 * is the text as written, which does not.
 */
typedef struct JwtItem
{
	const char *key;
	bool		element;
	bool		list;			/* the value is a list: its elements follow */
	JwtKind		kind;
	const char *text;
	size_t		len;
} JwtItem;

typedef TrJwtResult (*JwtTake) (void *state, const JwtItem *item);

/*
 * Reads one JSON object, strictly, and gives each item to take, whose result
 * other than TR_JWT_OK ends it.  arena holds at least len bytes: the strings.
 */
extern TrJwtResult tr_jwt_json_scan(const char *text, size_t len, char *arena,
									JwtTake take, void *state);

/* ---- claims.c */

/* The claims of a payload, and whether issuer and audience are the key's. */
extern TrJwtResult tr_jwt_claims_read(const TrJwtKey *key, const char *json,
									  size_t len, TrJwtClaims *claims);

/* ---- sodium.c */

#define JWT_MAC			32
#define JWT_SIGNATURE	64

extern bool tr_jwt_crypto_init(void);
extern bool tr_jwt_base64_decode(const char *text, size_t len,
								 void *bytes, size_t size, size_t *out_len);

/* size counts the closing NUL; false when it is too small. */
extern bool tr_jwt_base64_encode(const void *bytes, size_t len,
								 char *text, size_t size);
extern void tr_jwt_mac(const TrJwtKey *key, const char *text, size_t len,
					   uint8_t mac[JWT_MAC]);
extern bool tr_jwt_mac_verify(const TrJwtKey *key, const char *text,
							  size_t len, const uint8_t mac[JWT_MAC]);
extern bool tr_jwt_ed25519_key_ok(const uint8_t *bytes);
extern bool tr_jwt_ed25519_verify(const TrJwtKey *key, const char *text,
								  size_t len,
								  const uint8_t signature[JWT_SIGNATURE]);
extern void tr_jwt_wipe(void *p, size_t len);

#endif							/* JWT_PRIVATE_H */
