/*
 * tr_authenticate.h
 *		Who the current transaction works for, when that is more than a
 *		role: the user of a token (tr_authenticate.c).
 *
 * Process: any backend.  What stands here comes from a verified token, and
 * SQL cannot change it; request.jwt.claims, which it can, is for the user's
 * own code.
 */
#ifndef TR_AUTHENTICATE_H
#define TR_AUTHENTICATE_H

#include "postgres.h"

/* Claims sub and jti of the token that the current role was taken on with,
 * or NULL: no token, another role by now, or no such claim. */
extern const char *tr_auth_subject(void);
extern const char *tr_auth_token_id(void);

/* Is that the user of transform_login() with this number? */
extern bool tr_auth_is_user(const char *id);

/* May a user be given this role by the current user?  Error 42501. */
extern void tr_auth_check_grant(Oid role);

#endif							/* TR_AUTHENTICATE_H */
