/*
 * tr_sink_create.c
 *		Names of destinations, and a destination that is created.
 *
 * Process: the runner, connected to SPI, as the job's role.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/varlena.h"

#include "tr_errors.h"
#include "tr_sink_private.h"

/* ---- names ---- */

RangeVar *
tr_sink_name(const char *destination)
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

/* The namespace a destination is created in, by the role's search path. */
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
tr_sink_check_free(const char *destination)
{
	RangeVar   *rv = tr_sink_name(destination);

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
	Oid			type;

	if (from == NULL ||
		!tr_type_is_kept(format, from->type, from->typmod, numeric))
	{
		type = tr_type_for_format(format, typmod);
		if (!OidIsValid(type))
			ereport(ERROR,
					(errcode(TR_ERR_RESULT),
					 errmsg("column \"%s\" of the result has lists of lists, for which there is no type",
							name),
					 errhint("Return one list for each row, or text.")));
		return type;
	}

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

bool
tr_sink_execute_create(const char *sql, const char *name)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool created = true;

	PG_TRY();
	{
		if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "could not create table \"%s\"", name);
	}
	PG_CATCH();
	{
		int			code = geterrcode();

		MemoryContextSwitchTo(caller);
		if (code != ERRCODE_UNIQUE_VIOLATION &&
			code != ERRCODE_DUPLICATE_TABLE && code != ERRCODE_DUPLICATE_OBJECT)
			PG_RE_THROW();
		FlushErrorState();
		created = false;
	}
	PG_END_TRY();
	return created;
}

Oid
tr_sink_create(const TrTask *task, TrResult *result,
			   const TrSourceColumn *source, int nsource)
{
	RangeVar   *rv = tr_sink_name(task->destination);
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
		append_column(&sql, col, &result->formats[i], task->numeric,
					  source, nsource);
	}
	appendStringInfoChar(&sql, ')');
	if (!tr_sink_execute_create(sql.data, task->destination))
		refuse_existing(task->destination);
	return get_relname_relid(rv->relname, namespace);
}

/*
 * Is this exactly the table we asked for?  Then nothing but the bytes
 * themselves is to be done for a row.
 */
bool
tr_sink_is_plain(Relation rel, TrResult *result)
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
