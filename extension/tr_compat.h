/*
 * tr_compat.h
 *		The only place that asks which PostgreSQL this is (14 to 18).
 *
 * Process: any.  Everything else is written for the newest spelling, which
 * this header provides on older servers.
 */
#ifndef TR_COMPAT_H
#define TR_COMPAT_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* In front of a declaration, as from 18 on. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn	pg_attribute_noreturn()
#endif

/* Shared memory is asked for in a hook of its own from 15. */
#if PG_VERSION_NUM >= 150000
#define TR_HAVE_SHMEM_REQUEST_HOOK 1
#else
#define TR_HAVE_SHMEM_REQUEST_HOOK 0
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#define parse_analyze_fixedparams	parse_analyze
#endif

/* Is a column of a table known to have no NULL?  From 18 on a constraint may be
 * declared and not valid. */
#if PG_VERSION_NUM >= 180000
#define TR_NEVER_NULL(desc, i) \
	(TupleDescCompactAttr(desc, i)->attnullability == ATTNULLABLE_VALID)
#else
#define TR_NEVER_NULL(desc, i)	(TupleDescAttr(desc, i)->attnotnull)
#endif

/* A database whose DROP was interrupted: servers know it, headers of early
 * minor versions do not. */
#ifndef DATCONNLIMIT_INVALID_DB
#define DATCONNLIMIT_INVALID_DB	(-2)
#endif

/* From 18 on a function's dependencies on transforms are handed over. */
#if PG_VERSION_NUM >= 180000
#define TR_NO_TRFOIDS	NIL,
#else
#define TR_NO_TRFOIDS
#endif

/* A process's number in the array of PGPROCs. */
#if PG_VERSION_NUM >= 170000
#define TR_MY_PROC_NUMBER	MyProcNumber
#else
#define TR_MY_PROC_NUMBER	(MyProc->pgprocno)
#endif

/* May a background worker connect as a role without LOGIN? */
#if PG_VERSION_NUM >= 170000
#define TR_CAN_BYPASS_LOGIN	true
#define TR_BYPASS_LOGIN		BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define TR_CAN_BYPASS_LOGIN	false
#define TR_BYPASS_LOGIN		0
#endif

/* May it SET ROLE?  From 16 on a membership can be without that. */
#if PG_VERSION_NUM < 160000
#define member_can_set_role(member, role)	is_member_of_role(member, role)
#endif

#if PG_VERSION_NUM < 160000
static inline AclResult
object_aclcheck(Oid classid, Oid objectid, Oid roleid, AclMode mode)
{
	if (classid == NamespaceRelationId)
		return pg_namespace_aclcheck(objectid, roleid, mode);
	Assert(classid == DatabaseRelationId);
	return pg_database_aclcheck(objectid, roleid, mode);
}
#endif

/*
 * A wait event of our own in pg_stat_activity.  `cache` is a static uint32
 * of the caller, 0 at first.
 */
static inline uint32
tr_wait_event(uint32 *cache, const char *name)
{
#if PG_VERSION_NUM >= 170000
	if (*cache == 0)
		*cache = WaitEventExtensionNew(name);
	return *cache;
#else
	(void) cache;
	(void) name;
	return PG_WAIT_EXTENSION;
#endif
}

/* A wait event set that its user frees. */
static inline WaitEventSet *
tr_create_wait_event_set(int nevents)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, nevents);
#else
	return CreateWaitEventSet(TopMemoryContext, nevents);
#endif
}

#if PG_VERSION_NUM < 150000
static inline void
InitMaterializedSRF(FunctionCallInfo fcinfo, bits32 flags)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old;
	TupleDesc	desc;

	(void) flags;
	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		(rsinfo->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setResult = tuplestore_begin_heap(true, false, work_mem);
	rsinfo->setDesc = desc;
	MemoryContextSwitchTo(old);
}
#endif

#endif							/* TR_COMPAT_H */
