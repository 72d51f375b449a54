/*
 * tr_store_identity.h
 *		Statements on the tables of users (tr_store_user.c), and of keys and
 *		revoked tokens (tr_store_token.c).
 *
 * Process: any backend, inside a transaction.  What is read is the latest,
 * whatever the isolation level.  Results are palloc'd in the caller's memory.
 */
#ifndef TR_STORE_IDENTITY_H
#define TR_STORE_IDENTITY_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* ---- users ---- */

typedef struct TrUser
{
	char	   *id;				/* uuid */
	char	   *email;
	char	   *hash;
	Oid			role;
	bool		disabled;
} TrUser;

/* The number of the new user; NULL when the e-mail is taken. */
extern char *tr_store_user_add(const char *email, const char *hash, Oid role,
							   Oid creator);
extern bool tr_store_user_by_email(const char *email, TrUser *user);
extern bool tr_store_user_by_id(const char *id, TrUser *user);

/* Also ends all tokens of the user. */
extern void tr_store_user_password(const char *id, const char *hash);

/* hash: a new one, or NULL. */
extern void tr_store_user_logged_in(const char *id, const char *hash);

/* True when that was a change. */
extern bool tr_store_user_disable(const char *id, bool disable);

/* Tokens issued before are refused; never moves back.  0: now. */
extern void tr_store_user_tokens_after(const char *id, TimestampTz before);

/* ---- tokens ---- */

/* What is known of a token, or of its user. */
typedef struct TrTokenStatus
{
	bool		revoked;
	bool		user_known;		/* and not disabled; only of our own tokens */
	Oid			role;
	TimestampTz tokens_after;	/* 0: none */
} TrTokenStatus;

/* subject: NULL for tokens of others. */
extern void tr_store_token_status(const char *issuer, const char *token_id,
								  const char *subject, TrTokenStatus *status);
extern void tr_store_token_revoke(const char *issuer, const char *token_id,
								  TimestampTz expires);

/* ---- public keys ---- */

typedef struct TrPublicKey
{
	char	   *kid;
	char	   *key;			/* base64url */
	char	   *issuer;
	char	   *audience;
	char	   *claim;
	char	   *roles;			/* JSON: value to role name */
	TimestampTz created;
	bool		disabled;
} TrPublicKey;

/* False: the kid is taken. */
extern bool tr_store_key_add(const TrPublicKey *key, Oid creator);
extern void tr_store_key_add_role(const char *kid, const char *value, Oid role);
extern bool tr_store_key_disable(const char *kid);

/* A List of TrPublicKey, by kid. */
extern List *tr_store_keys(void);

/* The role that a value of the key's claim means, or InvalidOid. */
extern Oid	tr_store_key_role(const char *kid, const char *value);

#endif							/* TR_STORE_IDENTITY_H */
