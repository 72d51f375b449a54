/*
 * tr_roles.h
 *		Numbers of dropped roles are not given to new ones; tr_roles.c.
 */
#ifndef TR_ROLES_H
#define TR_ROLES_H

extern void tr_roles_init(void);	/* while preloading */

#endif							/* TR_ROLES_H */
