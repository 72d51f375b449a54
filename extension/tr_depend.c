/*
 * tr_depend.c
 *		What a job that waits or runs depends on, for pg_depend.
 *
 * Process: the backend that submits, whoever ends a job; inside the
 * transaction that writes the job's row.
 *
 * pg_depend is about objects of the catalogs, and a row of ours is none.  So
 * each job that is not over has one: a function that nobody can call (its
 * argument is of type internal, and there is no code), named as a person
 * should read it where DROP refuses:
 *
 *		DETAIL:  function "job 12 of transform"(internal) depends on table sales
 *
 * It lives and dies in the transactions that submit and end the job.  It lies
 * in pg_catalog and has no access list, so that pg_dump leaves it out: a
 * restored copy has no pending jobs either.  (A cluster that pg_upgrade made
 * has the rows of pending jobs without it, and these fail.)
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "tr_compat.h"
#include "tr_depend.h"

static const char *
function_name(int64 job)
{
	return psprintf("job " INT64_FORMAT " of transform", job);
}

static oidvector *
one_internal(void)
{
	Oid			types[1] = {INTERNALOID};

	return buildoidvector(types, 1);
}

/* Privileges by default (ALTER DEFAULT PRIVILEGES) are not for this one. */
static void
forget_privileges(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	HeapTuple	without;

	if (!heap_attisnull(tuple, Anum_pg_proc_proacl, NULL))
	{
		Relation	rel = table_open(ProcedureRelationId, RowExclusiveLock);
		Datum		values[Natts_pg_proc] = {0};
		bool		nulls[Natts_pg_proc] = {false};
		bool		replace[Natts_pg_proc] = {false};

		nulls[Anum_pg_proc_proacl - 1] = true;
		replace[Anum_pg_proc_proacl - 1] = true;
		without = heap_modify_tuple(tuple, RelationGetDescr(rel), values,
									nulls, replace);
		CatalogTupleUpdate(rel, &without->t_self, without);
		table_close(rel, RowExclusiveLock);
	}
	ReleaseSysCache(tuple);
}

static ObjectAddress
create_function(int64 job)
{
	return ProcedureCreate(function_name(job), PG_CATALOG_NAMESPACE,
						   false, false, VOIDOID, BOOTSTRAP_SUPERUSERID,
						   INTERNALlanguageId, InvalidOid,
						   "a job of transform", NULL, NULL, PROKIND_FUNCTION,
						   false, false, true, PROVOLATILE_VOLATILE,
						   PROPARALLEL_UNSAFE, one_internal(),
						   PointerGetDatum(NULL), PointerGetDatum(NULL),
						   PointerGetDatum(NULL), NIL, PointerGetDatum(NULL),
						   TR_NO_TRFOIDS
						   PointerGetDatum(NULL), InvalidOid, 1, 0);
}

void
tr_depend_hold(int64 job, List *queries, List *objects)
{
	ObjectAddress function = create_function(job);
	ObjectAddress extension;
	ListCell   *cell;

	CommandCounterIncrement();
	forget_privileges(function.objectId);
	foreach(cell, queries)
		recordDependencyOnExpr(&function, (Node *) lfirst(cell), NIL,
							   DEPENDENCY_NORMAL);
	foreach(cell, objects)
		recordDependencyOn(&function, lfirst(cell), DEPENDENCY_NORMAL);
	/* goes with the extension, silently */
	ObjectAddressSet(extension, ExtensionRelationId,
					 get_extension_oid("transform", false));
	recordDependencyOn(&function, &extension, DEPENDENCY_AUTO);
}

static Oid
find_function(int64 job)
{
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum(function_name(job)),
						   PointerGetDatum(one_internal()),
						   ObjectIdGetDatum(PG_CATALOG_NAMESPACE));
}

bool
tr_depend_holds(int64 job)
{
	return OidIsValid(find_function(job));
}

bool
tr_depend_on(int64 job, Oid class, Oid object)
{
	Relation	rel = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = IsPinnedObject(class, object);	/* never recorded */

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(ProcedureRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(find_function(job)));
	scan = systable_beginscan(rel, DependDependerIndexId, true, NULL, 2, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		found = form->refclassid == class && form->refobjid == object;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

void
tr_depend_release(int64 job)
{
	ObjectAddress function;

	ObjectAddressSet(function, ProcedureRelationId, find_function(job));
	if (OidIsValid(function.objectId))
		performDeletion(&function, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
}
