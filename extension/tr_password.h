/*
 * tr_password.h
 *		Hashes of passwords; tr_password.c.
 */
#ifndef TR_PASSWORD_H
#define TR_PASSWORD_H

/* Error 22023 when it cannot be a password. */
extern void tr_password_check(const char *password);

/* Its hash, with salt and parameters, in the caller's memory. */
extern char *tr_password_hash(const char *password);

/* Is it the password of this hash?  NULL (no such user) takes as long, and is
 * never. */
extern bool tr_password_matches(const char *hash, const char *password);

/* Was it hashed with other parameters than the settings say now? */
extern bool tr_password_outdated(const char *hash);

/* Overwrites it. */
extern void tr_password_wipe(char *password);

#endif							/* TR_PASSWORD_H */
