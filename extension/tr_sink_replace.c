/*
 * tr_sink_replace.c
 *		Mode replace: the old rows of a table make way for the result.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * DELETE, then INSERT, in the job's transaction.  The table stays the table it
 * is: its owner, grants, indexes, constraints, triggers, comments, views and
 * settings are not touched, and the role needs no more than DELETE and INSERT.
 * Readers are never blocked and see the old rows, all of them, until the
 * commit, and the new ones, all of them, in every snapshot taken after it;
 * also those who took their snapshot before and look later.  A new file for
 * the table (TRUNCATE, or the exchange that REFRESH MATERIALIZED VIEW makes)
 * is faster and leaves no dead rows, but needs the owner and a lock that stops
 * readers, shows an older snapshot no rows or rows of its future, and cannot
 * be had while the job reads the same table.
 *
 * Writers wait, from before the source is read until the commit.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "tr_compat.h"
#include "tr_sink_private.h"

pg_noreturn static void
refuse(Oid relid, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("the rows of \"%s\" cannot be replaced", get_rel_name(relid)),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

/* ---- foreign keys of other tables ---- */

/* SET CONSTRAINTS takes every constraint of a schema that has the name. */
static void
explain_namesake(void *arg)
{
	(void) arg;
	if (geterrcode() == ERRCODE_WRONG_OBJECT_TYPE)
		errhint("A foreign key to this table has to be deferred, and a constraint of another table has the same name: rename one of them (ALTER TABLE ... RENAME CONSTRAINT).");
}

/*
 * One that would carry the deletion on is refused.  One that only checks, and
 * may wait, waits for the commit, when the new rows are there.
 */
static void
meet_foreign_key(Oid relid, Form_pg_constraint key)
{
	ErrorContextCallback callback = {.callback = explain_namesake};
	char	   *name = quote_qualified_identifier(get_namespace_name(key->connamespace),
												  NameStr(key->conname));
	int			rc;

	if (key->confdeltype != FKCONSTR_ACTION_NOACTION &&
		key->confdeltype != FKCONSTR_ACTION_RESTRICT)
		refuse(relid,
			   psprintf("Deleting its rows would delete or change rows of \"%s\", by the foreign key \"%s\".",
						get_rel_name(key->conrelid), NameStr(key->conname)),
			   "Use mode => 'upsert', or a foreign key that is DEFERRABLE with ON DELETE NO ACTION.");
	if (!key->condeferrable || OidIsValid(key->conparentid))
		return;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	rc = SPI_execute(psprintf("SET CONSTRAINTS %s DEFERRED", name), false, 0);
	error_context_stack = callback.previous;
	if (rc != SPI_OK_UTILITY)
		elog(ERROR, "could not defer constraint %s", name);
}

static void
meet_foreign_keys(Oid relid)
{
	List	   *family = find_all_inheritors(relid, NoLock, NULL);
	Relation	rel = table_open(ConstraintRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0,
										  NULL);
	List	   *keys = NIL;
	ListCell   *cell;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (form->contype == CONSTRAINT_FOREIGN &&
			list_member_oid(family, form->confrelid) &&
			!list_member_oid(family, form->conrelid))
		{
			Form_pg_constraint copy = palloc(sizeof(FormData_pg_constraint));

			memcpy(copy, form, sizeof(FormData_pg_constraint));
			keys = lappend(keys, copy);
		}
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	foreach(cell, keys)
		meet_foreign_key(relid, lfirst(cell));
}

/* ---- the deletion ---- */

/* Of a table whose triggers can keep a row. */
static bool
has_rows(Oid relid, Snapshot snapshot)
{
	Relation	rel = table_open(relid, NoLock);
	bool		found = false;

	if (rel->rd_rel->relkind == RELKIND_RELATION && rel->trigdesc != NULL &&
		rel->trigdesc->trig_delete_before_row)
	{
		TupleTableSlot *slot = table_slot_create(rel, NULL);
		TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);

		found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
	}
	table_close(rel, NoLock);
	return found;
}

/* A BEFORE DELETE trigger may have kept some. */
static void
check_empty(Oid relid)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relid, NoLock, NULL))
	{
		if (has_rows(lfirst_oid(cell), snapshot))
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
					 errmsg("the rows of \"%s\" cannot be replaced",
							get_rel_name(relid)),
					 errdetail("A trigger keeps rows from being deleted."),
					 errhint("Use mode => 'upsert' or 'append'.")));
	}
	UnregisterSnapshot(snapshot);
}

/* A foreign key that cannot wait: what would help. */
static void
explain_violation(void *arg)
{
	(void) arg;
	if (geterrcode() == ERRCODE_FOREIGN_KEY_VIOLATION)
		errhint("Mode replace deletes the old rows first; make the foreign key DEFERRABLE, which is then checked at the end, or use mode => 'upsert'.");
}

/*
 * All rows that are there now: the table is locked, so the latest snapshot
 * has them, at any isolation level.
 */
static void
execute_delete(Relation rel)
{
	ErrorContextCallback callback = {.callback = explain_violation};
	char	   *sql = psprintf("DELETE FROM %s",
							   quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
														  RelationGetRelationName(rel)));
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	int			rc;

	if (plan == NULL)
		elog(ERROR, "could not prepare the deletion: %s",
			 SPI_result_code_string(SPI_result));
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	rc = SPI_execute_snapshot(plan, NULL, NULL, GetLatestSnapshot(),
							  InvalidSnapshot, false, true, 0);
	error_context_stack = callback.previous;
	if (rc != SPI_OK_DELETE)
		elog(ERROR, "could not delete the old rows: %s",
			 SPI_result_code_string(rc));
	SPI_freeplan(plan);
}

/* ---- what the rest calls ---- */

/* Against writers, partitions included. */
static void
lock_family(Oid relid)
{
	char		kind = get_rel_relkind(relid);
	List	   *all;

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the rows of \"%s\" cannot be replaced",
						get_rel_name(relid)),
				 errdetail("It is neither a table nor a partitioned table.")));
	all = find_all_inheritors(relid, ShareRowExclusiveLock, NULL);
	if (kind == RELKIND_RELATION && list_length(all) > 1)
		refuse(relid, "Other tables inherit from it.",
			   "Replace the rows of a table without children, or of a partitioned table.");
}

void
tr_replace_prepare(Oid relid)
{
	Relation	rel;

	if (IsolationUsesXactSnapshot())
		refuse(relid, "The role's transactions are REPEATABLE READ or SERIALIZABLE: rows that were committed meanwhile would be deleted without having been read.",
			   "ALTER ROLE ... SET default_transaction_isolation = 'read committed'.");
	lock_family(relid);
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		refuse(relid, "Row-level security may hide rows of it from the role.",
			   "Use mode => 'upsert' or 'append', or submit the job as a role that row-level security does not apply to.");
	rel = table_open(relid, NoLock);
	if (rel->rd_rel->relhasrules)
		refuse(relid, "It has rules.", "Use triggers instead, or mode => 'append'.");
	table_close(rel, NoLock);
	meet_foreign_keys(relid);
}

void
tr_replace_delete(Relation rel)
{
	execute_delete(rel);
	check_empty(RelationGetRelid(rel));
}
