/*
 * tr_store_script.h
 *		Scripts, their versions, and whom they are shared with.
 *
 * Process: any, inside a transaction.  Each function becomes the owner of the
 * tables for exactly its statements and the caller again afterwards.  Results
 * are palloc'd in the caller's memory context.
 *
 * Whoever calls a function that changes something has asked for the access it
 * takes; each change is made in one function.
 */
#ifndef TR_STORE_SCRIPT_H
#define TR_STORE_SCRIPT_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

#include "tr_job.h"

/* What a role may do with a script; each includes those before it. */
typedef enum TrAccess
{
	TR_ACCESS_NONE,
	TR_ACCESS_USE,				/* see, run */
	TR_ACCESS_EDIT,				/* add versions */
	TR_ACCESS_MANAGE			/* the owner's, and transform_admin's */
} TrAccess;

typedef struct TrScript
{
	int64		id;
	char	   *name;
	Oid			owner;
	bool		archived;
	TrAccess	access;			/* of the role that was asked for */

	/* one version of it; without code: there is no such version */
	int			version;
	TrShape		shape;
	TrNumeric	numeric;
	TrBackend	backend;
	char	   *code;
	char	   *hash;			/* of the code */
} TrScript;

/* From the script's owner and the best privilege ("use", "edit" or NULL) that
 * has been granted to roles whose rights `role` has. */
extern TrAccess tr_script_access(Oid role, Oid owner, const char *granted);

/* A version (0: the current one); false when there is no such script. */
extern bool tr_script_find(const char *name, int version, Oid role,
						   TrScript *script);

/*
 * Lock the script, making it with this owner when there is none.  Fills in
 * all but the version.
 */
extern void tr_script_lock(const char *name, Oid role, TrScript *script);

/* Add a version to a locked script; returns its number.  versions: what
 * accepted it, a line "name version" each. */
extern int	tr_script_add(const TrScript *script, const char *description,
						  const char *versions, Oid role);

extern void tr_script_rename(const TrScript *script, const char *new_name);
extern void tr_script_set_archived(const TrScript *script, bool archived,
								   Oid role);
extern void tr_script_set_owner(const TrScript *script, Oid owner);

/* False: nothing has changed.  revoke: NULL for every privilege. */
extern bool tr_script_grant(const TrScript *script, Oid role,
							const char *privilege, Oid granted_by);
extern bool tr_script_revoke(const TrScript *script, Oid role,
							 const char *privilege);

/* Rows as transform_script_history returns them. */
extern void tr_script_history(const TrScript *script, Tuplestorestate *rows,
							  TupleDesc desc);

#endif							/* TR_STORE_SCRIPT_H */
