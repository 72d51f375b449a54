/*
 * tr_sink.c
 *		The destination of a job: a table created or found, and rows into it.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * Rows are inserted through SPI: they are put into a tuplestore that is
 * registered as an ephemeral named relation, and one prepared INSERT ...
 * SELECT from it runs per chunk; so defaults, identity, triggers, rules,
 * constraints, row-level security and partitioning are PostgreSQL's own
 * business.  A table that this job has just created and that is still plain
 * (an event trigger may have changed it) has none of these, and takes the
 * table access method's bulk path.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/tuplestore.h"
#include "utils/varlena.h"

#include "tr_errors.h"
#include "tr_sink.h"

#define BULK_ROWS		1000	/* rows of one multi-insert, at most */
#define BULK_VALUES		20000	/* and values: they are in memory together */
#define RESULT_NAME		"transform_result"
#define STORE_KB		(2 * 64 * 1024) /* a frame's rows stay in memory */

struct TrSink
{
	TrResult   *result;
	Oid			relid;
	Relation	bulk;			/* open when the bulk path is taken */
	BulkInsertState bulk_state;
	TupleTableSlot **slots;
	int			nslots;

	TupleDesc	desc;			/* of the ephemeral relation */
	EphemeralNamedRelation enr;
	SPIPlanPtr	insert;
};

/* ---- names ---- */

/* The namespace a destination is created in, by the role's search path. */
static RangeVar *
parse_destination(const char *destination)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(destination));
	RangeVar   *rv = makeRangeVarFromNameList(names);

	if (rv->catalogname != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("destination \"%s\" has too many parts", destination),
				 errhint("Write it as \"name\" or \"schema.name\".")));
	return rv;
}

static Oid
creation_namespace(RangeVar *rv)
{
	Oid			namespace = RangeVarGetCreationNamespace(rv);

	if (isAnyTempNamespace(namespace))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("destination \"%s\" is temporary", rv->relname),
				 errhint("A job runs in a session of its own: choose a table that others see.")));
	return namespace;
}

static void
refuse_existing(const char *destination)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("the destination %s already exists", destination),
			 errhint("Choose another name, drop it first, or add rows to it with mode => 'append'.")));
}

void
tr_sink_check(const char *destination, TrMode mode)
{
	RangeVar   *rv = parse_destination(destination);

	if (mode == TR_MODE_APPEND)
	{
		(void) RangeVarGetRelid(rv, NoLock, false);
		return;
	}
	if (OidIsValid(get_relname_relid(rv->relname, creation_namespace(rv))))
		refuse_existing(destination);
}

/* ---- a new table ---- */

static const TrSourceColumn *
find_source(const TrSourceColumn *source, int nsource, const char *name)
{
	for (int i = 0; i < nsource; i++)
		if (strcmp(source[i].name, name) == 0)
			return &source[i];
	return NULL;
}

/* Type of a created column: the source's where it is kept. */
Oid
tr_sink_column_type(const WireFormat *format, const char *name,
					TrNumeric numeric, const TrSourceColumn *source,
					int nsource, int32 *typmod)
{
	const TrSourceColumn *from = find_source(source, nsource, name);

	if (from == NULL ||
		!tr_type_is_kept(format, from->type, from->typmod, numeric))
		return tr_type_for_format(format, typmod);

	/* a computed value need not respect the declared scale */
	*typmod = from->type == NUMERICOID && format->code != 'd' ? -1 :
		from->typmod;
	return from->type;
}

static void
append_column(StringInfo sql, TrDecoder *col, const WireFormat *format,
			  TrNumeric numeric, const TrSourceColumn *source, int nsource)
{
	const TrSourceColumn *from = find_source(source, nsource, col->name);
	int32		typmod;
	Oid			type = tr_sink_column_type(format, col->name, numeric, source,
										   nsource, &typmod);

	appendStringInfo(sql, "%s %s", quote_identifier(col->name),
					 format_type_extended(type, typmod,
										  FORMAT_TYPE_TYPEMOD_GIVEN |
										  FORMAT_TYPE_FORCE_QUALIFY));
	if (from != NULL && from->type == type && OidIsValid(from->collation) &&
		from->collation != get_typcollation(type))
		appendStringInfo(sql, " COLLATE %s",
						 generate_collation_name(from->collation));
}

/*
 * Two jobs that create one name at the same time: whichever comes second
 * finds the table, its row type, or the unique index of that; all mean the
 * same.
 */
static void
execute_create(const char *sql, const char *destination)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "could not create table \"%s\"", destination);
	}
	PG_CATCH();
	{
		int			code = geterrcode();

		MemoryContextSwitchTo(caller);
		if (code != ERRCODE_UNIQUE_VIOLATION &&
			code != ERRCODE_DUPLICATE_TABLE && code != ERRCODE_DUPLICATE_OBJECT)
			PG_RE_THROW();
		FlushErrorState();
		refuse_existing(destination);
	}
	PG_END_TRY();
}

static Oid
create_table(const char *destination, TrNumeric numeric, TrResult *result,
			 const TrSourceColumn *source, int nsource)
{
	RangeVar   *rv = parse_destination(destination);
	Oid			namespace = creation_namespace(rv);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s (",
					 quote_qualified_identifier(get_namespace_name(namespace),
												rv->relname));
	for (int i = 0; i < result->ncols; i++)
	{
		TrDecoder  *col = &result->columns[i];

		if (i > 0)
			appendStringInfoString(&sql, ", ");
		append_column(&sql, col, &result->formats[i], numeric, source,
					  nsource);
	}
	appendStringInfoChar(&sql, ')');
	execute_create(sql.data, destination);
	return get_relname_relid(rv->relname, namespace);
}

/*
 * Is this exactly the table we asked for?  Then nothing but the bytes
 * themselves is to be done for a row.
 */
static bool
is_plain(Relation rel, TrResult *result)
{
	TupleDesc	desc = RelationGetDescr(rel);
	Form_pg_class class = rel->rd_rel;

	if (class->relkind != RELKIND_RELATION || class->relispartition ||
		class->relhasrules || class->relhastriggers || class->relhasindex ||
		class->relrowsecurity || class->relhassubclass ||
		class->relowner != GetUserId() || desc->constr != NULL ||
		rel->rd_createSubid == InvalidSubTransactionId ||
		desc->natts != result->ncols)
		return false;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		TrDecoder  *col = &result->columns[i];

		if (att->attisdropped || strcmp(NameStr(att->attname), col->name) != 0 ||
			att->atttypid != col->type)
			return false;
	}
	return true;
}

/* ---- columns of an existing table ---- */

static Form_pg_attribute
find_attribute(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return att;
	}
	return NULL;
}

static void
check_extra(TupleDesc desc, TrResult *result, StringInfo problems)
{
	for (int i = 0; i < result->ncols; i++)
	{
		TrDecoder  *col = &result->columns[i];
		Form_pg_attribute att = find_attribute(desc, col->name);
		WireFormat	format = result->formats[i];

		if (att == NULL)
			appendStringInfo(problems, "\nColumn \"%s\" of the result is not in the destination.",
							 col->name);
		else if (att->attgenerated != '\0')
			appendStringInfo(problems, "\nColumn \"%s\" is generated by the destination and cannot be written.",
							 col->name);
		else if (att->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
			appendStringInfo(problems, "\nColumn \"%s\" is an identity the destination always generates.",
							 col->name);
		else if (!tr_decoder_init(col, &format, att->atttypid,
								  att->atttypmod))
			appendStringInfo(problems, "\nColumn \"%s\" is %s in the destination; the result has %s%s.",
							 col->name,
							 format_type_with_typemod(att->atttypid,
													  att->atttypmod),
							 format_type_be(tr_type_for_format(&format,
															   &(int32) {0})),
							 format.code == 't' ? (format.utc ? " (aware: use dt.tz_localize(None) for a plain timestamp)" :
												   " (naive: use dt.tz_localize(\"UTC\") for an instant)") : "");
	}
}

static void
check_missing(TupleDesc desc, TrResult *result, StringInfo problems)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool		found = false;

		if (att->attisdropped || att->atthasdef || att->attidentity != '\0' ||
			att->attgenerated != '\0')
			continue;
		for (int k = 0; k < result->ncols && !found; k++)
			found = strcmp(result->columns[k].name,
						   NameStr(att->attname)) == 0;
		if (!found)
			appendStringInfo(problems, "\nColumn \"%s\" of the destination is missing from the result and has no default.",
							 NameStr(att->attname));
	}
}

static void
match_columns(Relation rel, TrResult *result)
{
	StringInfoData problems;

	initStringInfo(&problems);
	check_extra(RelationGetDescr(rel), result, &problems);
	check_missing(RelationGetDescr(rel), result, &problems);
	if (problems.len > 0)
		ereport(ERROR,
				(errcode(TR_ERR_RESULT),
				 errmsg("the result does not fit destination \"%s\"",
						RelationGetRelationName(rel)),
				 errdetail("%s", problems.data + 1),
				 errhint("Columns are matched by name; rename, convert or drop them in the script.")));
}

/* ---- the two ways in ---- */

static void
begin_bulk(TrSink *sink)
{
	sink->bulk = table_open(sink->relid, RowExclusiveLock);
	sink->bulk_state = GetBulkInsertState();
	sink->nslots = Max(1, Min(BULK_ROWS, BULK_VALUES / sink->result->ncols));
	sink->slots = palloc(sizeof(TupleTableSlot *) * sink->nslots);
	for (int i = 0; i < sink->nslots; i++)
		sink->slots[i] = table_slot_create(sink->bulk, NULL);
}

static void
store_bulk(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
{
	TrResult   *result = sink->result;
	CommandId	cid = GetCurrentCommandId(true);

	for (uint32 row = 0; row < rows;)
	{
		int			n = Min((uint32) sink->nslots, rows - row);

		MemoryContextReset(result->row_context);
		for (int i = 0; i < n; i++, row++)
		{
			TupleTableSlot *slot = sink->slots[i];

			ExecClearTuple(slot);
			for (int c = 0; c < result->ncols; c++)
				slot->tts_values[c] = tr_decoder_value(&result->columns[c],
													   row,
													   &slot->tts_isnull[c]);
			ExecStoreVirtualTuple(slot);
		}
		table_multi_insert(sink->bulk, sink->slots, n, cid,
						   TABLE_INSERT_SKIP_FSM, sink->bulk_state);
		CHECK_FOR_INTERRUPTS();
		pump(arg);
	}
}

static void
end_bulk(TrSink *sink)
{
	for (int i = 0; i < sink->nslots; i++)
		ExecDropSingleTupleTableSlot(sink->slots[i]);
	FreeBulkInsertState(sink->bulk_state);
	table_finish_bulk_insert(sink->bulk, TABLE_INSERT_SKIP_FSM);
	table_close(sink->bulk, NoLock);
}

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

static void
begin_spi(TrSink *sink, Relation rel)
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

static void
store_spi(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
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
		if (row % BULK_ROWS == 0)
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

/* ---- life ---- */

TrSink *
tr_sink_open(const char *destination, TrMode mode, TrNumeric numeric,
			 TrResult *result, const TrSourceColumn *source, int nsource)
{
	MemoryContext old = MemoryContextSwitchTo(result->context);
	TrSink	   *sink = palloc0(sizeof(TrSink));
	Relation	rel;

	sink->result = result;
	tr_sink_check(destination, mode);
	if (mode == TR_MODE_CREATE)
		sink->relid = create_table(destination, numeric, result, source,
								   nsource);
	else
		sink->relid = RangeVarGetRelid(parse_destination(destination),
									   RowExclusiveLock, false);
	rel = relation_open(sink->relid, RowExclusiveLock);
	match_columns(rel, result);
	if (mode == TR_MODE_CREATE && is_plain(rel, result))
		begin_bulk(sink);
	else
		begin_spi(sink, rel);
	relation_close(rel, NoLock);
	MemoryContextSwitchTo(old);
	return sink;
}

void
tr_sink_store(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
{
	MemoryContext old;

	if (rows == 0)
		return;
	old = MemoryContextSwitchTo(sink->result->chunk_context);
	if (sink->bulk != NULL)
	{
		MemoryContextSwitchTo(sink->result->row_context);
		store_bulk(sink, rows, pump, arg);
	}
	else
		store_spi(sink, rows, pump, arg);
	MemoryContextSwitchTo(old);
}

void
tr_sink_close(TrSink *sink)
{
	if (sink->bulk != NULL)
		end_bulk(sink);
}

Oid
tr_sink_relation(TrSink *sink)
{
	return sink->relid;
}
