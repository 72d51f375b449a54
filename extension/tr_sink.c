/*
 * tr_sink.c
 *		The destination of a job: a table created or found, and rows into it.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * Two ways in: tr_sink_bulk.c for a table that this job has just created,
 * tr_sink_spi.c for every other.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "tr_sink_private.h"

/* Nobody waits for a lock, or holds one, on a table that is not his to
 * write. */
static void
check_before_lock(const RangeVar *rv, Oid relid, Oid old, void *arg)
{
	TrMode		mode = *(TrMode *) arg;
	AclMode		need = mode == TR_MODE_REPLACE ? ACL_DELETE : ACL_INSERT;

	(void) old;
	if (!OidIsValid(relid) ||
		pg_class_aclcheck(relid, GetUserId(), need) == ACLCHECK_OK)
		return;
	if (need == ACL_INSERT &&
		pg_attribute_aclcheck_all(relid, GetUserId(), need,
								  ACLMASK_ANY) == ACLCHECK_OK)
		return;
	aclcheck_error(ACLCHECK_NO_PRIV,
				   get_relkind_objtype(get_rel_relkind(relid)), rv->relname);
}

/* The table that is to be written; InvalidOid when it is to be created. */
static Oid
find_table(const TrTask *task, LOCKMODE lock)
{
	TrMode		mode = task->mode;

	if (mode == TR_MODE_CREATE)
		return InvalidOid;
	return RangeVarGetRelidExtended(tr_sink_name(task->destination), lock,
									mode == TR_MODE_REPLACE ? RVR_MISSING_OK : 0,
									check_before_lock, &mode);
}

void
tr_sink_check(const TrTask *task)
{
	Oid			relid = find_table(task, NoLock);

	if (!OidIsValid(relid))
		tr_sink_check_free(task->destination);
	else if (task->mode == TR_MODE_REPLACE)
		tr_replace_prepare(find_table(task, ShareRowExclusiveLock));
}

/* Create the table or find it; true when it is new. */
static bool
open_table(TrSink *sink, const TrSourceColumn *source, int nsource)
{
	sink->relid = find_table(sink->task, RowExclusiveLock);
	if (OidIsValid(sink->relid))
		return false;
	tr_sink_check_free(sink->task->destination);
	sink->relid = tr_sink_create(sink->task, sink->result, source, nsource);
	return true;
}

TrSink *
tr_sink_open(const TrTask *task, TrResult *result,
			 const TrSourceColumn *source, int nsource)
{
	MemoryContext old = MemoryContextSwitchTo(result->context);
	TrSink	   *sink = palloc0(sizeof(TrSink));
	Relation	rel;
	bool		is_new;

	sink->task = task;
	sink->result = result;
	is_new = open_table(sink, source, nsource);
	rel = relation_open(sink->relid, RowExclusiveLock);
	tr_sink_match(rel, result);
	if (!is_new && task->mode == TR_MODE_REPLACE)
	{
		tr_replace_prepare(sink->relid);	/* it may have come since */
		tr_replace_delete(rel);
	}
	if (is_new && tr_sink_is_plain(rel, result))
		tr_bulk_begin(sink);
	else
		tr_spi_begin(sink, rel);
	relation_close(rel, NoLock);
	MemoryContextSwitchTo(old);
	return sink;
}

uint32
tr_sink_store(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
{
	MemoryContext old;

	if (rows == 0)
		return 0;
	old = MemoryContextSwitchTo(sink->result->chunk_context);
	if (sink->bulk != NULL)
	{
		MemoryContextSwitchTo(sink->result->row_context);
		tr_bulk_store(sink, rows, pump, arg);
	}
	else
		tr_spi_store(sink, rows, pump, arg);
	MemoryContextSwitchTo(old);
	return rows;
}

void
tr_sink_close(TrSink *sink)
{
	if (sink->bulk != NULL)
		tr_bulk_end(sink);
}

Oid
tr_sink_relation(TrSink *sink)
{
	return sink->relid;
}
