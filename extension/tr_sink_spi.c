/*
 * tr_sink_spi.c
 *		Rows into any table, through SPI.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * They are put into a tuplestore that is registered as an ephemeral named
 * relation, and one prepared INSERT ... SELECT from it runs per piece; so
 * defaults, identity, triggers, rules, constraints, row-level security and
 * partitioning are PostgreSQL's own business.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "tr_sink_private.h"

#define RESULT_NAME		"transform_result"
#define STORE_KB		(2 * 64 * 1024) /* a frame's rows stay in memory */

/* The tuple descriptor of the rows, in the types they are decoded to. */
static TupleDesc
result_descriptor(TrResult *result)
{
	TupleDesc	desc = CreateTemplateTupleDesc(result->ncols);

	for (int i = 0; i < result->ncols; i++)
		TupleDescInitEntry(desc, i + 1, result->columns[i].name,
						   result->columns[i].type,
						   result->columns[i].typmod, 0);
	return desc;
}

/* The columns of the result, quoted, each behind a prefix. */
static char *
column_list(TrResult *result, const char *prefix)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < result->ncols; i++)
		appendStringInfo(&list, "%s%s%s", i > 0 ? ", " : "", prefix,
						 quote_identifier(result->columns[i].name));
	return list.data;
}

/*
 * What becomes of a row whose key is there.  A result of nothing but the key
 * sets that, to the same: so that a repeated key is an error in any case.
 */
static void
append_conflict(StringInfo sql, const TrSink *sink)
{
	TrResult   *result = sink->result;
	List	   *key = sink->task->options->key;
	bool		only_key = list_length(key) == result->ncols;
	ListCell   *cell;
	int			n = 0;

	appendStringInfoString(sql, " ON CONFLICT (");
	foreach(cell, key)
		appendStringInfo(sql, "%s%s", n++ > 0 ? ", " : "",
						 quote_identifier(lfirst(cell)));
	appendStringInfoString(sql, ") DO UPDATE SET ");
	n = 0;
	for (int i = 0; i < result->ncols; i++)
	{
		const char *name = quote_identifier(result->columns[i].name);

		if (only_key || !tr_sink_is_listed(key, result->columns[i].name))
			appendStringInfo(sql, "%s%s = EXCLUDED.%s", n++ > 0 ? ", " : "",
							 name, name);
	}
}

static char *
insert_statement(const TrSink *sink, Relation rel)
{
	char	   *list = column_list(sink->result, "");
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s) SELECT %s FROM " RESULT_NAME,
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												RelationGetRelationName(rel)),
					 list, list);
	if (sink->task->mode == TR_MODE_UPSERT)
		append_conflict(&sql, sink);
	return sql.data;
}

void
tr_spi_begin(TrSink *sink, Relation rel)
{
	sink->desc = result_descriptor(sink->result);
	sink->enr = palloc0(sizeof(EphemeralNamedRelationData));
	sink->enr->md.name = pstrdup(RESULT_NAME);
	sink->enr->md.tupdesc = sink->desc;
	sink->enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	sink->enr->md.enrtuples = 1000;
	if (SPI_register_relation(sink->enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the result");
	sink->insert = SPI_prepare(insert_statement(sink, rel), 0, NULL);
	if (sink->insert == NULL)
		elog(ERROR, "could not prepare the insertion: %s",
			 SPI_result_code_string(SPI_result));
	SPI_keepplan(sink->insert);
}

/* Rows into the tuplestore. */
static void
fill_store(TrSink *sink, Tuplestorestate *store, uint32 from, uint32 to,
		   TrSinkPump pump, void *arg)
{
	TrResult   *result = sink->result;
	MemoryContext caller = MemoryContextSwitchTo(result->row_context);

	for (uint32 row = from; row < to; row++)
	{
		MemoryContextReset(result->row_context);
		tr_result_row(result, row);
		if (sink->nkeys > 0)
			tr_upsert_check_key(sink, row);
		tuplestore_putvalues(store, sink->desc, result->values,
							 result->nulls);
		if (row % TR_SINK_ROWS == 0)
		{
			CHECK_FOR_INTERRUPTS();
			if (pump != NULL)
				pump(arg);
		}
	}
	MemoryContextSwitchTo(caller);
}

void
tr_spi_store(TrSink *sink, uint32 from, uint32 to, TrSinkPump pump, void *arg)
{
	Tuplestorestate *store = tuplestore_begin_heap(false, false, STORE_KB);
	int			rc;

	fill_store(sink, store, from, to, pump, arg);
	sink->enr->reldata = store;
	rc = SPI_execute_plan(sink->insert, NULL, NULL, false, 0);
	if (rc != SPI_OK_INSERT)
		elog(ERROR, "could not insert the result: %s",
			 SPI_result_code_string(rc));
	sink->enr->reldata = NULL;
	tuplestore_end(store);
	if (pump != NULL)
		pump(arg);
}
