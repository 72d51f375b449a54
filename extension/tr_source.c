/*
 * tr_source.c
 *		What a job reads: a relation or a query, with its columns, condition
 *		and order, as one prepared SELECT.
 *
 * Process: the backend that submits or previews, the runner; as the job's
 * role, whose rights the server checks when the cursor opens.
 *
 * The result has the columns for the script, then the one with the watermark
 * if it is not among them.  Whether a column may be NULL is known for columns
 * of a table; for those of a query, as of a view, it is not.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "tr_compat.h"
#include "tr_inout.h"
#include "tr_relation.h"
#include "tr_source.h"
#include "tr_source_text.h"
#include "tr_types.h"
#include "tr_xact.h"

/* ---- what there is ---- */

/* All columns that could be read, in order. */
typedef struct Available
{
	int			count;
	TrSourceColumn *columns;
} Available;

static void
add_available(Available *all, Form_pg_attribute att, bool nullable)
{
	all->columns[all->count++] = (TrSourceColumn) {
		.name = pstrdup(NameStr(att->attname)),
		.type = att->atttypid,
		.typmod = att->atttypmod,
		.collation = att->attcollation,
		.nullable = nullable
	};
}

static int
find_available(const Available *all, const char *name)
{
	for (int i = 0; i < all->count; i++)
		if (strcmp(all->columns[i].name, name) == 0)
			return i;
	return -1;
}

/* A script tells columns by their names. */
static void
check_distinct(const Available *all)
{
	for (int i = 1; i < all->count; i++)
		if (find_available(all, all->columns[i].name) != i)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("the query gives two columns named \"%s\"",
							all->columns[i].name),
					 errhint("Name one of them with AS.")));
}

static void
available_columns(TrSource *source, Available *all)
{
	Relation	rel = NULL;
	TupleDesc	desc;

	if (OidIsValid(source->relation))
	{
		rel = relation_open(source->relation, AccessShareLock);
		desc = RelationGetDescr(rel);
	}
	else
	{
		source->query = tr_source_text_query(source->query);
		desc = tr_source_text_result(tr_source_text_prepare(source->query,
															0, NULL));
	}
	all->count = 0;
	all->columns = palloc0(sizeof(TrSourceColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped)
			add_available(all, att, rel == NULL || !TR_NEVER_NULL(desc, i));
	}
	if (rel == NULL)
		check_distinct(all);
	else
		relation_close(rel, NoLock);
	if (all->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("the source has no columns"),
				 errhint("A script needs at least one column to read.")));
}

/* ---- what is chosen of it ---- */

static int
require_available(const Available *all, const char *name, const char *argument)
{
	int			at = find_available(all, name);
	StringInfoData names;

	if (at >= 0)
		return at;
	initStringInfo(&names);
	for (int i = 0; i < all->count; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(all->columns[i].name));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("%s: the source has no column \"%s\"", argument, name),
			 errhint("It has: %s.", names.data)));
}

static int
find_chosen(const TrSource *source, const char *name)
{
	for (int i = 0; i < source->ncols; i++)
		if (strcmp(source->columns[i].name, name) == 0)
			return i;
	return -1;
}

static void
choose_columns(TrSource *source, const Available *all)
{
	ListCell   *cell;

	if (source->only == NIL)
	{
		source->columns = all->columns;
		source->ncols = all->count;
		return;
	}
	source->columns = palloc0(sizeof(TrSourceColumn) * list_length(source->only));
	foreach(cell, source->only)
	{
		const char *name = lfirst(cell);
		int			at = require_available(all, name, "columns");

		if (find_chosen(source, name) >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("columns has \"%s\" twice", name),
					 errhint("Name each column once.")));
		source->columns[source->ncols++] = all->columns[at];
	}
}

static void
choose_keys(TrSource *source, const Available *all)
{
	ListCell   *cell;

	source->keys = palloc0(sizeof(int) * Max(list_length(source->group_by), 1));
	foreach(cell, source->group_by)
	{
		const char *name = lfirst(cell);
		int			at;

		(void) require_available(all, name, "group_by");
		at = find_chosen(source, name);
		if (at < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("group_by column \"%s\" is not among columns", name),
					 errhint("The script gets the key with each group: add it to columns.")));
		source->keys[source->nkeys++] = at;
	}
}

static void
choose_since(TrSource *source, const Available *all)
{
	int			at;

	if (source->since == NULL)
		return;
	source->since_column = all->columns[require_available(all, source->since,
														  "since")];
	if (!OidIsValid(lookup_type_cache(source->since_column.type,
									  TYPECACHE_GT_OPR)->gt_opr))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("since: values of column \"%s\", of type %s, have no order",
						source->since,
						format_type_be(source->since_column.type)),
				 errhint("Use a number or a time that rises with every row.")));
	at = find_chosen(source, source->since);
	source->since_attnum = at >= 0 ? at + 1 : source->ncols + 1;
}

/* Name each column whose type cannot travel. */
static void
check_types(const TrSource *source, TrNumeric numeric)
{
	StringInfoData bad;
	int			n = 0;

	initStringInfo(&bad);
	for (int i = 0; i < source->ncols; i++)
	{
		const TrSourceColumn *column = &source->columns[i];
		TrEncoder	encoder = {0};

		if (!tr_encoder_init(&encoder, column->type, column->typmod, numeric))
			appendStringInfo(&bad, "%s\"%s\" (%s)", n++ > 0 ? ", " : "",
							 column->name, format_type_be(column->type));
	}
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg_plural("column %s has a type that cannot be given to a script",
							   "columns %s have types that cannot be given to a script",
							   n, bad.data),
				 errhint("Leave them out with columns, or cast them to text in a view or a source_query.")));
}

/* ---- the SELECT ---- */

static void
append_from(StringInfo sql, const TrSource *source)
{
	if (OidIsValid(source->relation))
		appendStringInfo(sql, " FROM %s", tr_relation_name(source->relation));
	else
		/* parsed above as one SELECT; a comment at its end ends with the line */
		appendStringInfo(sql, " FROM (\n%s\n) AS source", source->query);
}

/* OPERATOR(schema.name): the one of the order by which the highest is found. */
static void
append_operator(StringInfo sql, Oid oid)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(oid));
	Form_pg_operator operator;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", oid);
	operator = (Form_pg_operator) GETSTRUCT(tuple);
	appendStringInfo(sql, " OPERATOR(%s.%s) ",
					 quote_identifier(get_namespace_name(operator->oprnamespace)),
					 NameStr(operator->oprname));
	ReleaseSysCache(tuple);
}

/*
 * NULL is no value that rises: such rows are not read, neither first nor
 * later.  $1 and $2 have the type of the column.
 */
static void
append_since(StringInfo sql, const TrSource *source)
{
	const char *column = quote_identifier(source->since);
	Oid			greater = lookup_type_cache(source->since_column.type,
											TYPECACHE_GT_OPR)->gt_opr;

	if (source->after == NULL)
		appendStringInfo(sql, "%s IS NOT NULL", column);
	else
	{
		appendStringInfoString(sql, column);
		append_operator(sql, greater);
		appendStringInfoString(sql, "$1");
	}
	if (source->until != NULL)
	{
		appendStringInfo(sql, " AND NOT %s", column);
		append_operator(sql, greater);
		appendStringInfoString(sql, "$2");
	}
}

static char *
compose(const TrSource *source)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < source->ncols; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "SELECT ",
						 quote_identifier(source->columns[i].name));
	if (source->since_attnum > source->ncols)
		appendStringInfo(&sql, ", %s", quote_identifier(source->since));
	append_from(&sql, source);
	if (source->filter != NULL)
		appendStringInfo(&sql, " WHERE (\n%s\n)", source->filter);
	if (source->since != NULL)
	{
		appendStringInfoString(&sql, source->filter != NULL ? " AND " : " WHERE ");
		append_since(&sql, source);
	}
	for (int i = 0; i < source->nkeys; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : " ORDER BY ",
						 quote_identifier(source->columns[source->keys[i]].name));
	return sql.data;
}

void
tr_source_prepare(TrSource *source, TrNumeric numeric)
{
	Available	all;
	Oid			types[2];

	available_columns(source, &all);
	choose_columns(source, &all);
	choose_keys(source, &all);
	choose_since(source, &all);
	check_types(source, numeric);
	if (source->filter != NULL)
		tr_source_text_condition(source->filter);
	types[0] = types[1] = source->since_column.type;
	source->select = compose(source);
	source->plan = tr_source_text_prepare(source->select,
										  source->since != NULL ? 2 : 0, types);
}

/* ---- reading ---- */

/*
 * No error needs to undo it: what raises in a transaction ends it, or a
 * subtransaction that has kept the values.
 */
void
tr_source_begin_reading(TrReading *before)
{
	Oid			user;

	GetUserIdAndSecContext(&user, &before->security);
	SetUserIdAndSecContext(user, before->security |
						   SECURITY_RESTRICTED_OPERATION);
	before->read_only = XactReadOnly;
	XactReadOnly = true;
}

void
tr_source_end_reading(const TrReading *before)
{
	SetUserIdAndSecContext(GetUserId(), before->security);
	XactReadOnly = before->read_only;
}

static Datum
since_value(const TrSource *source, const char *text)
{
	FmgrInfo	input;
	Oid			function;
	Oid			param;

	if (text == NULL)
		return (Datum) 0;
	getTypeInputInfo(source->since_column.type, &function, &param);
	fmgr_info(function, &input);
	return tr_input(&input, unconstify(char *, text), param, -1);
}

/*
 * What gives the rows is what was prepared?  The plan is made anew where a
 * function that the planner called has set another search_path, and a name may
 * be another table's then.
 */
static void
check_opened(const TrSource *source, TupleDesc desc)
{
	bool		same = desc->natts >= source->ncols &&
		desc->natts >= source->since_attnum;

	for (int i = 0; same && i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const TrSourceColumn *column = i < source->ncols ?
			&source->columns[i] : &source->since_column;

		same = att->atttypid == column->type && att->atttypmod == column->typmod;
	}
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the columns of the source are not those that were prepared"),
				 errdetail("A function that the query calls has changed what its names mean."),
				 errhint("Write names with their schema in the query.")));
}

Portal
tr_source_open(TrSource *source)
{
	Datum		values[2] = {0};
	char		nulls[2];
	Portal		portal;
	TrReading	before;

	tr_source_begin_reading(&before);
	if (source->since != NULL)
	{
		values[0] = since_value(source, source->after);
		values[1] = since_value(source, source->until);
	}
	nulls[0] = source->after == NULL ? 'n' : ' ';
	nulls[1] = source->until == NULL ? 'n' : ' ';
	portal = SPI_cursor_open(NULL, source->plan, values, nulls, true);
	tr_source_end_reading(&before);
	check_opened(source, portal->tupDesc);
	return portal;
}

int
tr_source_search_path(const char *path)
{
	int			nestlevel = NewGUCNestLevel();

	if (path != NULL)
		(void) set_config_option("search_path", path, PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
								 false);
	return nestlevel;
}

void
tr_source_restore(int nestlevel)
{
	AtEOXact_GUC(true, nestlevel);
}

/* ---- how much it is ---- */

static double
row_bytes(const TrSource *source)
{
	double		bytes = 0;

	for (int i = 0; i < source->ncols; i++)
	{
		const TrSourceColumn *column = &source->columns[i];
		TrEncoder	encoder = {0};

		(void) tr_encoder_init(&encoder, column->type, column->typmod,
							   TR_NUMERIC_FLOAT64);
		if (encoder.layout.layout == WIRE_LAYOUT_FIXED)
			bytes += encoder.layout.width;
		else if (encoder.layout.layout == WIRE_LAYOUT_VAR64 ||
				 encoder.layout.layout == WIRE_LAYOUT_LIST)
			bytes += sizeof(int64) +
				get_attavgwidth(source->relation,
								get_attnum(source->relation, column->name));
	}
	return bytes;
}

/*
 * The planner's number of rows goes by the table's size, and so is too high
 * after a large DELETE; the statistics of what was written know better, or
 * know nothing.  The smaller of both counts.
 */
uint64
tr_source_least_bytes(const TrSource *source)
{
	Relation	rel;
	BlockNumber pages;
	double		rows = 0;
	double		all_visible;
	int64		live;

	if (!OidIsValid(source->relation) || source->filter != NULL ||
		source->since != NULL)
		return 0;
	rel = relation_open(source->relation, AccessShareLock);
	if (rel->rd_rel->relkind == RELKIND_RELATION && !rel->rd_rel->relrowsecurity)
		estimate_rel_size(rel, NULL, &pages, &rows, &all_visible);
	relation_close(rel, NoLock);
	live = DatumGetInt64(DirectFunctionCall1(pg_stat_get_live_tuples,
											 ObjectIdGetDatum(source->relation)));
	return (uint64) (Min(rows, (double) live) * row_bytes(source));
}

/* ---- the options ---- */

static char *
json_text(const JsonbValue *v)
{
	return pnstrdup(v->val.string.val, v->val.string.len);
}

static void
bad_input(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("sources: \"%s\" is neither a relation nor a query", name),
			 errhint("For example sources => '{\"orders\": \"public.orders\", \"customers\": {\"query\": \"SELECT ...\"}}'.")));
}

/* {"query": "SELECT ..."} */
static char *
json_query(const char *name, JsonbContainer *object)
{
	JsonbValue	value;
	char	   *result = NULL;

	if (JsonContainerIsObject(object) && JsonContainerSize(object) == 1 &&
		getKeyJsonValueFromContainer(object, "query", 5, &value) != NULL &&
		value.type == jbvString)
		result = json_text(&value);
	if (result == NULL)
		bad_input(name);
	return result;
}

static TrSource *
named_source(const char *name, const JsonbValue *value)
{
	TrSource   *source = palloc0(sizeof(TrSource));

	source->input = name;
	if (value->type == jbvString)
		source->relation = tr_relation_resolve(json_text(value));
	else if (value->type == jbvBinary)
		source->query = json_query(name, value->val.binary.data);
	else
		bad_input(name);
	return source;
}

static List *
named_sources(const char *text)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
														  CStringGetDatum(text)));
	JsonbIterator *it = JsonbIteratorInit(&json->root);
	JsonbValue	v;
	JsonbIteratorToken token = JsonbIteratorNext(&it, &v, true);
	List	   *result = NIL;

	while ((token = JsonbIteratorNext(&it, &v, true)) == WJB_KEY)
	{
		char	   *name = json_text(&v);

		(void) JsonbIteratorNext(&it, &v, true);
		result = lappend(result, named_source(name, &v));
	}
	if (result == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sources is empty"),
				 errhint("Name each input as the script's parameter is named.")));
	return result;
}

List *
tr_source_list(Oid relation, const TrOptions *options)
{
	TrSource   *source;

	if (options->sources != NULL)
		return named_sources(options->sources);
	source = palloc0(sizeof(TrSource));
	source->relation = relation;
	source->query = options->source_query;
	source->only = options->columns;
	source->filter = options->filter;
	source->group_by = options->group_by;
	source->since = options->since;
	return list_make1(source);
}

/* ---- early checks ---- */

/* The names that a role must be able to read; NIL: all columns. */
static List *
needed_columns(const TrSource *source)
{
	if (source->only == NIL || source->since == NULL)
		return source->only;
	return lappend(list_copy(source->only), unconstify(char *, source->since));
}

Query *
tr_source_analyze(const TrSource *source)
{
	Oid			types[2] = {source->since_column.type, source->since_column.type};

	return tr_source_text_analyze(source->select,
								  source->since != NULL ? 2 : 0, types);
}

void
tr_source_check_rights(const TrSource *source)
{
	if (OidIsValid(source->relation))
		tr_relation_check_source(source->relation, needed_columns(source));
}

void
tr_source_check(Oid relation, const TrOptions *options, TrNumeric numeric,
				List **queries)
{
	MemoryContext caller = CurrentMemoryContext;
	int			user = tr_xact_hold_user();
	int			nestlevel = tr_source_search_path(options->search_path);
	List	   *sources = tr_source_list(relation, options);
	ListCell   *cell;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	PushActiveSnapshot(GetTransactionSnapshot());
	foreach(cell, sources)
	{
		TrSource   *source = lfirst(cell);

		tr_source_check_rights(source);
		tr_source_prepare(source, numeric);
		/* the server knows which rights a text of the user's needs */
		if (source->query != NULL || source->filter != NULL)
			SPI_cursor_close(tr_source_open(source));
		if (queries != NULL)
		{
			MemoryContext spi = MemoryContextSwitchTo(caller);

			*queries = lappend(*queries, tr_source_analyze(source));
			MemoryContextSwitchTo(spi);
		}
	}
	PopActiveSnapshot();
	SPI_finish();
	tr_source_restore(nestlevel);
	tr_xact_release_user(user);
}
