/*
 * tr_reject.c
 *		Rows that a constraint refuses, put aside with the reason.
 *
 * Process: the runner, connected to SPI, as the job's role, which needs
 * INSERT on the table, or CREATE on its schema.
 *
 * One table takes the rows of any number of jobs and of results: what is the
 * result's stands in one jsonb, as the script returned it, not as the
 * destination would have had it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "tr_errors.h"
#include "tr_inout.h"
#include "tr_reject.h"
#include "tr_sink_private.h"

/* The table's columns; it may have more. */
static const struct
{
	const char *name;
	Oid			type;
	const char *declared;
}			columns[] = {
	{"job", INT8OID, "bigint NOT NULL"},
	{"row_number", INT8OID, "bigint NOT NULL"},
	{"sqlstate", TEXTOID, "pg_catalog.text NOT NULL"},
	{"message", TEXTOID, "pg_catalog.text NOT NULL"},
	{"detail", TEXTOID, "pg_catalog.text"},
	{"constraint_name", TEXTOID, "pg_catalog.text"},
	{"data", JSONBOID, "pg_catalog.jsonb NOT NULL"},
};

#define NCOLUMNS	((int) lengthof(columns))

struct TrReject
{
	int64		job;
	TrResult   *result;
	SPIPlanPtr	insert;
	uint64		count;

	/* the row as it came: the natural types of its columns */
	TrDecoder  *decoders;
	TupleDesc	desc;
	FmgrInfo	to_json;
	MemoryContext context;		/* decoders' values of the chunk at hand */
	uint64		chunk_end;		/* its last row; tells chunks apart */
};

void
tr_reject_check_constraints(void)
{
	if (SPI_execute("SET CONSTRAINTS ALL IMMEDIATE", false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not have constraints checked at once");
}

/* ---- the table ---- */

static void
create_table(const char *name)
{
	RangeVar   *rv = tr_sink_name(name);
	Oid			namespace = RangeVarGetCreationNamespace(rv);
	char	   *qualified = quote_qualified_identifier(get_namespace_name(namespace),
													   rv->relname);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s (", qualified);
	for (int i = 0; i < NCOLUMNS; i++)
		appendStringInfo(&sql, "%s%s %s", i > 0 ? ", " : "", columns[i].name,
						 columns[i].declared);
	appendStringInfoChar(&sql, ')');
	if (!tr_sink_execute_create(sql.data, qualified))
		ereport(ERROR,			/* tried again, it finds the table */
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the reject table %s was created by another job at the same moment",
						qualified)));
}

static void
check_columns(Oid relid)
{
	for (int i = 0; i < NCOLUMNS; i++)
	{
		AttrNumber	attnum = get_attnum(relid, columns[i].name);

		if (attnum <= 0 || get_atttype(relid, attnum) != columns[i].type)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("table \"%s\" cannot take rejected rows",
							get_rel_name(relid)),
					 errdetail("It has no column \"%s\" of type %s.",
							   columns[i].name, format_type_be(columns[i].type)),
					 errhint("Name a table that does not exist: it is created with the columns that are needed.")));
	}
}

static char *
insert_statement(Oid relid)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												get_rel_name(relid)));
	for (int i = 0; i < NCOLUMNS; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "", columns[i].name);
	appendStringInfoString(&sql, ") VALUES (");
	for (int i = 0; i < NCOLUMNS; i++)
		appendStringInfo(&sql, "%s$%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

static void
prepare_insert(TrReject *reject, const char *name)
{
	RangeVar   *rv = tr_sink_name(name);
	Oid			relid = RangeVarGetRelid(rv, NoLock, true);
	Oid			types[NCOLUMNS];

	if (!OidIsValid(relid))
	{
		create_table(name);
		relid = RangeVarGetRelid(rv, NoLock, false);
	}
	check_columns(relid);
	for (int i = 0; i < NCOLUMNS; i++)
		types[i] = columns[i].type;
	reject->insert = SPI_prepare(insert_statement(relid), NCOLUMNS, types);
	if (reject->insert == NULL)
		elog(ERROR, "could not prepare the reject table: %s",
			 SPI_result_code_string(SPI_result));
	SPI_keepplan(reject->insert);
}

/* ---- rows ---- */

static void
init_decoders(TrReject *reject)
{
	TrResult   *result = reject->result;
	TupleDesc	desc = CreateTemplateTupleDesc(result->ncols);

	reject->decoders = palloc0(sizeof(TrDecoder) * result->ncols);
	for (int i = 0; i < result->ncols; i++)
	{
		TrDecoder  *col = &reject->decoders[i];
		int32		typmod;
		Oid			type = tr_type_for_format(&result->formats[i], &typmod);

		col->name = result->columns[i].name;
		if (!OidIsValid(type) ||
			!tr_decoder_init(col, &result->formats[i], type, typmod))
			elog(ERROR, "no way to keep column \"%s\"", col->name);
		TupleDescInitEntry(desc, i + 1, col->name, col->type, col->typmod, 0);
	}
	reject->desc = BlessTupleDesc(desc);
}

TrReject *
tr_reject_open(const TrTask *task, TrResult *result)
{
	MemoryContext old = MemoryContextSwitchTo(result->context);
	TrReject   *reject = palloc0(sizeof(TrReject));

	reject->job = task->job_id;
	reject->result = result;
	reject->context = AllocSetContextCreate(result->context,
											"transform rejected rows",
											ALLOCSET_DEFAULT_SIZES);
	fmgr_info(F_ROW_TO_JSON_RECORD, &reject->to_json);
	init_decoders(reject);
	prepare_insert(reject, task->options->reject_table);
	MemoryContextSwitchTo(old);
	return reject;
}

bool
tr_reject_takes(const ErrorData *error)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_DATA_EXCEPTION ||
		category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		category == ERRCODE_WITH_CHECK_OPTION_VIOLATION;
}

/* The first rejected row of a chunk: point our own decoders at it. */
static void
meet_chunk(TrReject *reject)
{
	TrResult   *result = reject->result;

	if (reject->chunk_end != result->rows)
	{
		MemoryContextReset(reject->context);
		for (int i = 0; i < result->ncols; i++)
			tr_decoder_begin(&reject->decoders[i], &result->chunk,
							 result->fields[i],
							 result->rows - result->chunk.rows + 1);
		reject->chunk_end = result->rows;
	}
}

/* As the script returned it; the text is that of row_to_json(). */
static Datum
row_as_json(TrReject *reject, uint32 row)
{
	TrResult   *result = reject->result;
	HeapTuple	tuple;
	text	   *json;

	for (int i = 0; i < result->ncols; i++)
		result->values[i] = tr_decoder_value(&reject->decoders[i], row,
											 &result->nulls[i]);
	tuple = heap_form_tuple(reject->desc, result->values, result->nulls);

	/* under the settings of an output function, which this is not quite */
	json = (text *) tr_output(&reject->to_json, HeapTupleGetDatum(tuple));
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text_to_cstring(json)));
}

static Datum
optional_text(const char *value, char *null)
{
	*null = value == NULL ? 'n' : ' ';
	return value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
}

void
tr_reject_row(TrReject *reject, uint32 row, const ErrorData *error)
{
	TrResult   *result = reject->result;
	MemoryContext old = MemoryContextSwitchTo(reject->context);
	Datum		values[NCOLUMNS];
	char		nulls[NCOLUMNS];

	meet_chunk(reject);
	MemoryContextReset(result->row_context);
	MemoryContextSwitchTo(result->row_context);
	memset(nulls, ' ', sizeof(nulls));
	values[0] = Int64GetDatum(reject->job);
	values[1] = Int64GetDatum((int64) (result->rows - result->chunk.rows + 1 + row));
	values[2] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	values[3] = CStringGetTextDatum(error->message);
	values[4] = optional_text(error->detail, &nulls[4]);
	values[5] = optional_text(error->constraint_name, &nulls[5]);
	values[6] = row_as_json(reject, row);
	if (SPI_execute_plan(reject->insert, values, nulls, false, 0) < 0)
		elog(ERROR, "could not put a rejected row aside");
	reject->count++;
	MemoryContextSwitchTo(old);
}

uint64
tr_reject_count(const TrReject *reject)
{
	return reject->count;
}
