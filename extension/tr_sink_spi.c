/*
 * tr_sink_spi.c
 *		Rows into any table, through SPI.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * They are put into a tuplestore that is registered as an ephemeral named
 * relation, and one prepared INSERT ... SELECT from it runs per chunk; so
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

void
tr_spi_begin(TrSink *sink, Relation rel)
{
	StringInfoData sql;
	StringInfoData list;

	sink->desc = result_descriptor(sink->result);
	sink->enr = palloc0(sizeof(EphemeralNamedRelationData));
	sink->enr->md.name = pstrdup(RESULT_NAME);
	sink->enr->md.tupdesc = sink->desc;
	sink->enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	sink->enr->md.enrtuples = 1000;
	if (SPI_register_relation(sink->enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the result");

	initStringInfo(&list);
	for (int i = 0; i < sink->result->ncols; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(sink->result->columns[i].name));
	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s) SELECT %s FROM " RESULT_NAME,
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												RelationGetRelationName(rel)),
					 list.data, list.data);
	sink->insert = SPI_prepare(sql.data, 0, NULL);
	if (sink->insert == NULL)
		elog(ERROR, "could not prepare the insertion: %s",
			 SPI_result_code_string(SPI_result));
}

void
tr_spi_store(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
{
	TrResult   *result = sink->result;
	Tuplestorestate *store = tuplestore_begin_heap(false, false, STORE_KB);
	MemoryContext caller = MemoryContextSwitchTo(result->row_context);
	int			rc;

	for (uint32 row = 0; row < rows; row++)
	{
		MemoryContextReset(result->row_context);
		tr_result_row(result, row);
		tuplestore_putvalues(store, sink->desc, result->values,
							 result->nulls);
		if (row % TR_SINK_ROWS == 0)
		{
			CHECK_FOR_INTERRUPTS();
			pump(arg);
		}
	}
	MemoryContextSwitchTo(caller);
	sink->enr->reldata = store;
	rc = SPI_execute_plan(sink->insert, NULL, NULL, false, 0);
	if (rc != SPI_OK_INSERT)
		elog(ERROR, "could not insert the result: %s",
			 SPI_result_code_string(rc));
	sink->enr->reldata = NULL;
	tuplestore_end(store);
	pump(arg);
}
