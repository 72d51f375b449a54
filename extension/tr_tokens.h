/*
 * tr_tokens.h
 *		Tokens of this database: issued, checked; tr_tokens.c.
 *
 * Process: any backend, inside a transaction.
 */
#ifndef TR_TOKENS_H
#define TR_TOKENS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "tr_compat.h"
#include "tr_jwt.h"
#include "tr_store_identity.h"

/* issuer and audience of the tokens that transform_login() gives */
#define TR_TOKEN_ISSUER		"transform"
#define TR_LIFETIME_MAX		(24 * 60 * 60)	/* seconds, of such a token */

/* A good token.  Strings are palloc'd, in the database's encoding. */
typedef struct TrToken
{
	bool		own;			/* from transform_login() */
	char	   *kid;
	char	   *claim;			/* that decides on the role; NULL for our own */
	char	   *issuer;
	char	   *subject;		/* or NULL */
	char	   *id;				/* jti, or NULL */
	Oid			role;			/* of our own */
	TimestampTz expires;
	Jsonb	   *claims;
} TrToken;

/*
 * Error 28000 when it is not good; nothing but the server log says why.
 */
extern void tr_token_check(text *token, TrToken *result);
pg_noreturn extern void tr_token_refuse(const char *why);

/* A claim that is text, or a number without a fraction; NULL, false: it is
 * not. */
extern char *tr_token_text_claim(const TrToken *token, const char *name);
extern bool tr_token_number_claim(const TrToken *token, const char *name,
								  int64 *value);

/* A token for a user who logged in at that time (seconds since 1970), and its
 * jti. */
extern char *tr_token_issue(const TrUser *user, int64 login_time, char **id);

/* Now, in seconds since 1970. */
extern int64 tr_token_now(void);

#endif							/* TR_TOKENS_H */
