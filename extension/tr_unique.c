/*
 * tr_unique.c
 *		Does a result repeat a value of some of its columns?
 *
 * Process: the runner, connected to SPI.
 *
 * The values are kept in a tuplestore, on disk where work_mem is not enough,
 * and the executor groups them in the end.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"

#include "tr_unique.h"

#define KEYS_NAME		"transform_keys"

struct TrUnique
{
	TrResult   *result;
	TupleDesc	desc;
	TrDecoder **columns;
	Datum	   *values;
	bool	   *nulls;
	Tuplestorestate *store;
	uint64		rows;
};

TrUnique *
tr_unique_open(TrResult *result, List *columns)
{
	MemoryContext old = MemoryContextSwitchTo(result->context);
	TrUnique   *u = palloc0(sizeof(TrUnique));
	int			n = list_length(columns);
	ListCell   *cell;

	u->result = result;
	u->desc = CreateTemplateTupleDesc(n);
	u->columns = palloc(sizeof(TrDecoder *) * n);
	u->values = palloc(sizeof(Datum) * n);
	u->nulls = palloc(sizeof(bool) * n);
	foreach(cell, columns)
	{
		int			i = foreach_current_index(cell);
		int			at = tr_result_column(result, lfirst(cell));
		TrDecoder  *col;

		if (at < 0)
			elog(ERROR, "the result has no column \"%s\"",
				 (char *) lfirst(cell));
		col = u->columns[i] = &result->columns[at];
		TupleDescInitEntry(u->desc, i + 1, col->name, col->type, col->typmod,
						   0);
	}
	u->store = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(old);
	return u;
}

void
tr_unique_add(TrUnique *u, uint32 from, uint32 to)
{
	MemoryContext context = u->result->row_context;
	MemoryContext old = MemoryContextSwitchTo(context);

	for (uint32 row = from; row < to; row++)
	{
		MemoryContextReset(context);
		for (int i = 0; i < u->desc->natts; i++)
			u->values[i] = tr_decoder_value(u->columns[i], row, &u->nulls[i]);
		tuplestore_putvalues(u->store, u->desc, u->values, u->nulls);
		if (row % 1000 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	u->rows += to - from;
	MemoryContextSwitchTo(old);
}

/* ---- the question ---- */

/* Groups of more than one row: their size, their number, their values. */
static char *
duplicates_query(TrUnique *u)
{
	StringInfoData list;
	StringInfoData known;

	initStringInfo(&list);
	initStringInfo(&known);
	for (int i = 0; i < u->desc->natts; i++)
	{
		const char *name = quote_identifier(u->columns[i]->name);

		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", name);
		appendStringInfo(&known, "%s%s IS NOT NULL", i > 0 ? " AND " : "",
						 name);
	}
	return psprintf("SELECT pg_catalog.count(*), pg_catalog.count(*) OVER (), %s"
					" FROM " KEYS_NAME " WHERE %s GROUP BY %s"
					" HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1",
					list.data, known.data, list.data);
}

static void
run_query(TrUnique *u)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	int			rc;

	enr->md.name = pstrdup(KEYS_NAME);
	enr->md.tupdesc = u->desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = u->rows;
	enr->reldata = u->store;
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the keys");
	rc = SPI_execute(duplicates_query(u), true, 1);
	(void) SPI_unregister_relation(KEYS_NAME);
	if (rc != SPI_OK_SELECT)
		elog(ERROR, "could not look for repeated keys: %s",
			 SPI_result_code_string(rc));
}

/* The row that was found, in the words of a unique index. */
static char *
describe(TrUnique *u)
{
	StringInfoData names;
	StringInfoData values;
	char	   *count = SPI_getvalue(SPI_tuptable->vals[0],
									 SPI_tuptable->tupdesc, 1);

	initStringInfo(&names);
	initStringInfo(&values);
	for (int i = 0; i < u->desc->natts; i++)
	{
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(u->columns[i]->name));
		appendStringInfo(&values, "%s%s", i > 0 ? ", " : "",
						 SPI_getvalue(SPI_tuptable->vals[0],
									  SPI_tuptable->tupdesc, i + 3));
	}
	return psprintf("Key (%s)=(%s) stands in %s rows of the result.",
					names.data, values.data, count);
}

char *
tr_unique_find(TrUnique *u, int64 *values)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *found = NULL;
	bool		isnull;

	*values = 0;
	run_query(u);
	if (SPI_processed > 0)
	{
		*values = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
											  SPI_tuptable->tupdesc, 2,
											  &isnull));
		found = MemoryContextStrdup(caller, describe(u));
	}
	SPI_freetuptable(SPI_tuptable);
	return found;
}

void
tr_unique_close(TrUnique *u)
{
	tuplestore_end(u->store);
}
