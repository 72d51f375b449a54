/*
 * tr_sink.c
 *		The destination of a job: a table created or found, and rows into it.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * Two ways in: tr_sink_bulk.c for a table that this job has just created,
 * tr_sink_spi.c for every other; and by the latter, where an error of a row is
 * more than the end of the job, tr_sink_careful.c.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "tr_destination.h"
#include "tr_identity.h"
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

/* The tables that were meant, and still may be written? */
static void
check_tables(const TrTask *task)
{
	const char *reject = task->options->reject_table;

	tr_identity_check_table(task->job_id, task->destination, "destination");
	if (task->mode == TR_MODE_CREATE)
		tr_sink_check_free(task->destination);
	(void) tr_destination_check(task->destination, task->mode,
								task->options->key);
	if (reject == NULL)
		return;
	tr_identity_check_table(task->job_id, reject, "reject table");
	(void) tr_destination_check_reject(reject, task->destination);
}

void
tr_sink_check(const TrTask *task)
{
	check_tables(task);
	if (task->options->reject_table != NULL)
		tr_reject_check_constraints();
	if (task->mode == TR_MODE_REPLACE)
	{
		Oid			relid = find_table(task, ShareRowExclusiveLock);

		if (OidIsValid(relid))
			tr_replace_prepare(relid);
	}
}

/* Create the table or find it; true when it is new. */
static bool
open_table(TrSink *sink, const TrSourceColumn *source, int nsource)
{
	sink->relid = find_table(sink->task, RowExclusiveLock);
	tr_identity_check_table(sink->task->job_id, sink->task->destination,
							"destination");
	if (OidIsValid(sink->relid))
		return false;
	tr_sink_check_free(sink->task->destination);
	sink->relid = tr_sink_create(sink->task, sink->result, source, nsource);
	return true;
}

/* Choose the way in. */
static void
begin_store(TrSink *sink, Relation rel, bool is_new)
{
	TrMode		mode = sink->task->mode;

	if (sink->reject == NULL && is_new && tr_sink_is_plain(rel, sink->result))
	{
		tr_bulk_begin(sink);
		return;
	}
	if (mode == TR_MODE_UPSERT)
		tr_upsert_begin(sink);
	tr_spi_begin(sink, rel);
	if (mode == TR_MODE_UPSERT || sink->reject != NULL)
		tr_careful_begin(sink);
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
	tr_sink_match(rel, result, task->options->key);
	if (!is_new && task->mode == TR_MODE_REPLACE)
	{
		tr_replace_prepare(sink->relid);	/* it may have come since */
		tr_replace_delete(rel);
	}
	if (task->options->reject_table != NULL)
		sink->reject = tr_reject_open(task, result);
	if (task->options->expect != NULL)
		sink->expect = tr_expect_open(task->options->expect, result);
	begin_store(sink, rel, is_new);
	relation_close(rel, NoLock);
	MemoryContextSwitchTo(old);
	return sink;
}

void
tr_sink_stored(TrSink *sink, uint32 from, uint32 to)
{
	sink->pieces++;
	sink->written += to - from;
	if (sink->written_keys != NULL)
		tr_upsert_added(sink, from, to);
	if (sink->expect != NULL)
		tr_expect_add(sink->expect, from, to);
}

/*
 * Through SPI, where no byte moves while a statement runs: in pieces, so that
 * the script never waits long for its next rows.
 */
static void
store_spi(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
{
	for (uint32 from = 0; from < rows; from += TR_SINK_PIECE)
	{
		uint32		to = Min(rows, from + TR_SINK_PIECE);

		tr_spi_store(sink, from, to, pump, arg);
		tr_sink_stored(sink, from, to);
	}
}

uint32
tr_sink_store(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
{
	MemoryContext old;
	uint64		before = sink->written;

	if (rows == 0)
		return 0;
	old = MemoryContextSwitchTo(sink->result->chunk_context);
	if (sink->careful)
		tr_careful_store(sink, rows, pump, arg);
	else if (sink->bulk != NULL)
	{
		MemoryContextSwitchTo(sink->result->row_context);
		tr_bulk_store(sink, rows, pump, arg);
		tr_sink_stored(sink, 0, rows);
	}
	else
		store_spi(sink, rows, pump, arg);
	MemoryContextSwitchTo(old);
	return (uint32) (sink->written - before);
}

void
tr_sink_close(TrSink *sink)
{
	if (sink->bulk != NULL)
		tr_bulk_end(sink);
	if (sink->written_keys != NULL)
		tr_upsert_end(sink);
	if (sink->expect != NULL)
		tr_expect_finish(sink->expect, sink->written, tr_sink_rejected(sink));
}

Oid
tr_sink_relation(TrSink *sink)
{
	return sink->relid;
}

uint64
tr_sink_rejected(TrSink *sink)
{
	return sink->reject == NULL ? 0 : tr_reject_count(sink->reject);
}
