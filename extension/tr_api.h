/*
 * tr_api.h
 *		What the SQL-callable functions (tr_api_*.c) share.
 */
#ifndef TR_API_H
#define TR_API_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/inet.h"

#include "tr_queue.h"

/* Error 55000 with the line for postgresql.conf when not preloaded. */
extern void tr_api_require_preload(void);

/* While the broker is starting, wait for it (up to half a minute). */
extern void tr_api_wait_for_host(void);

/* The argument, or 22004 when it is NULL. */
extern char *tr_api_text_arg(FunctionCallInfo fcinfo, int n, const char *name);
extern int32 tr_api_int4_arg(FunctionCallInfo fcinfo, int n, const char *name);
extern int64 tr_api_int8_arg(FunctionCallInfo fcinfo, int n, const char *name);
extern Oid	tr_api_oid_arg(FunctionCallInfo fcinfo, int n, const char *name);

/* The n-th argument, `fallback` for NULL; raises when it is out of range. */
extern int	tr_api_ranged_arg(FunctionCallInfo fcinfo, int n, const char *name,
							  int fallback, int min, int max);

/* The argument, or NULL. */
extern char *tr_api_optional_text(FunctionCallInfo fcinfo, int n);

/* The elements of a text[] without NULLs, as C strings. */
extern List *tr_text_list(ArrayType *array);

/* A JSON object or NULL; 22023 when it is anything else, with an example. */
extern Jsonb *tr_api_object_arg(FunctionCallInfo fcinfo, int n,
								const char *name, const char *example);

/* Is the current user one who may run scripts?  Else 42501. */
extern void tr_api_require_user(void);

/* Has the current user the rights of this role, or of transform_admin? */
extern bool tr_api_may_see(Oid role);
extern bool tr_api_role_may_see(Oid user, Oid role);

/* 42602 or 42622 unless a script may have this name. */
extern void tr_api_check_script_name(const char *name);

/*
 * A script that the user may at least use, with its current version, or with
 * the one that is named; else 42704.
 */
extern void tr_api_script(const char *name, TrScript *script);
extern void tr_api_script_version(const char *name, int version,
								  TrScript *script);

/* 42501 or 55000 when this access, or an archived script, runs no job. */
extern void tr_api_check_may_run(const char *script, TrAccess access,
								 bool archived);

/* The job's latest status if the user may see it, else 42704. */
extern void tr_api_job(int64 job, TrJobStatus *status);

/* NULL: the client is on this machine's own socket, or there is none. */
extern inet *tr_api_client_address(void);

#endif							/* TR_API_H */
