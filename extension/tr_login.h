/*
 * tr_login.h
 *		Is this the user's password?
 */
#ifndef TR_LOGIN_H
#define TR_LOGIN_H

#include "postgres.h"

#include "utils/inet.h"

#include "tr_store_identity.h"

/*
 * Error 53400 while earlier failures slow this e-mail and address, 28P01 when
 * it is not the password, or the user (NULL: none) may not log in.
 */
extern void tr_login_check(const TrUser *user, const char *email,
						   const char *password, inet *address);

#endif							/* TR_LOGIN_H */
