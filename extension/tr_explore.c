/*
 * tr_explore.c
 *		The table explorer: transform_table_preview, and the private functions
 *		of transform_tables and transform_columns (sql/20_explorer.sql).
 *
 * Process: any backend, as the user who calls, with the user's search_path:
 * what a view or a condition calls is found as in a query of the user's own.
 * Rights on tables and columns and row-level security are the server's to
 * check; every name and operator of ours is qualified.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_explore.h"
#include "tr_pandas.h"
#include "tr_relation.h"
#include "tr_source.h"
#include "tr_source_text.h"
#include "tr_xact.h"

#define MAX_PREVIEW_ROWS		1000
#define DEFAULT_PREVIEW_ROWS	20

PG_FUNCTION_INFO_V1(transform_estimated_rows);

/* ---- what there is to read ---- */

static void
read_columns(Relation rel, TrExplored *table)
{
	TupleDesc	desc = RelationGetDescr(rel);
	bool		all = pg_class_aclcheck(table->relation, GetUserId(),
										ACL_SELECT) == ACLCHECK_OK;

	table->ncols = 0;
	table->columns = palloc0(sizeof(TrExploreColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped ||
			(!all && pg_attribute_aclcheck(table->relation, att->attnum,
										   GetUserId(), ACL_SELECT) != ACLCHECK_OK))
			continue;
		table->columns[table->ncols++] = (TrExploreColumn) {
			.attnum = att->attnum,
			.name = pstrdup(NameStr(att->attname)),
			.type = att->atttypid,
			.typmod = att->atttypmod,
			.nullable = !TR_NEVER_NULL(desc, i)
		};
	}
}

void
tr_explore_open(Oid relation, TrExplored *table)
{
	Relation	rel = try_relation_open(relation, AccessShareLock);
	List	   *names = NIL;

	table->relation = relation;
	if (rel != NULL)
	{
		table->kind = rel->rd_rel->relkind;
		read_columns(rel, table);
		relation_close(rel, NoLock);
		for (int i = 0; i < table->ncols; i++)
			names = lappend(names, table->columns[i].name);
	}
	/* without a readable column this asks for the right on all of them */
	tr_relation_check_source(relation, names);
	table->name = tr_relation_name(relation);
}

/*
 * Of a table that was never analysed the planner takes it that it will grow:
 * its estimate is of more pages than there are.
 */
static double
estimated_tuples(Relation rel, BlockNumber *blocks)
{
	double		tuples;
	double		all_visible;
	BlockNumber assumed;

	*blocks = RelationGetNumberOfBlocks(rel);
	if (*blocks == 0)
		return 0;
	estimate_rel_size(rel, NULL, &assumed, &tuples, &all_visible);
	return assumed > *blocks ? tuples * *blocks / assumed : tuples;
}

bool
tr_explore_estimate(Oid relation, double *rows, double *pages)
{
	List	   *relations = find_all_inheritors(relation, AccessShareLock, NULL);
	ListCell   *cell;
	bool		known = false;

	*rows = *pages = 0;
	foreach(cell, relations)
	{
		Relation	rel = try_relation_open(lfirst_oid(cell), AccessShareLock);
		BlockNumber blocks = 0;
		double		tuples = -1;

		if (rel == NULL)
			continue;
		if (RELKIND_HAS_TABLE_AM(rel->rd_rel->relkind))
			tuples = estimated_tuples(rel, &blocks);
		else if (rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
			tuples = rel->rd_rel->reltuples;	/* of ANALYZE, or -1 */
		if (tuples >= 0)
		{
			known = true;
			*rows += tuples;
			*pages += blocks;
		}
		relation_close(rel, AccessShareLock);
	}
	return known;
}

/* NULL where there is no estimate, and where it would count rows that row-level
 * security hides from the caller. */
Datum
transform_estimated_rows(PG_FUNCTION_ARGS)
{
	Oid			relation = PG_GETARG_OID(0);
	char		kind = get_rel_relkind(relation);
	double		rows;
	double		pages;

	if (kind == '\0' || strchr("rpmf", kind) == NULL ||
		check_enable_rls(relation, InvalidOid, true) == RLS_ENABLED ||
		!tr_explore_estimate(relation, &rows, &pages))
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) rows);
}

static Datum
readable_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *numeric = tr_api_optional_text(fcinfo, 1);
	char	   *backend = tr_api_optional_text(fcinfo, 2);
	TrExplored	table;

	tr_explore_open(tr_api_oid_arg(fcinfo, 0, "source"), &table);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < table.ncols; i++)
	{
		const TrExploreColumn *col = &table.columns[i];
		char	   *dtype;
		Datum		values[5];
		bool		nulls[5] = {false};

		dtype = tr_pandas_dtype(col->type, col->typmod, col->nullable,
								numeric == NULL ? TR_NUMERIC_FLOAT64 :
								tr_numeric_parse(numeric),
								backend == NULL ? TR_BACKEND_NUMPY :
								tr_backend_parse(backend));
		values[0] = Int32GetDatum(col->attnum);
		values[1] = CStringGetTextDatum(col->name);
		values[2] = CStringGetTextDatum(format_type_with_typemod(col->type,
																 col->typmod));
		nulls[3] = dtype == NULL;
		values[3] = nulls[3] ? (Datum) 0 : CStringGetTextDatum(dtype);
		values[4] = BoolGetDatum(col->nullable);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

TR_AUDITED(transform_readable_columns, readable_columns, TR_AUDIT_READ, TR_ABOUT_NOTHING)

/* ---- reading ---- */

void
tr_explore_select(const char *sql)
{
	int			user = tr_xact_hold_user();
	TrReading	before;
	SPIPlanPtr	plan;
	int			rc;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	plan = tr_source_text_prepare(sql, 0, NULL);
	tr_source_begin_reading(&before);
	rc = SPI_execute_plan(plan, NULL, NULL, true, 0);
	tr_source_end_reading(&before);
	tr_xact_release_user(user);
	if (rc != SPI_OK_SELECT)
		elog(ERROR, "could not read the table: %s", SPI_result_code_string(rc));
}

static char *
compose_preview(const TrExplored *table, int rows, const char *order_by,
				const char *filter)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.to_jsonb(preview.*) FROM (SELECT");
	for (int i = 0; i < table->ncols; i++)
		appendStringInfo(&sql, "%s %s", i > 0 ? "," : "",
						 quote_identifier(table->columns[i].name));
	appendStringInfo(&sql, " FROM %s", table->name);
	if (filter != NULL)
		appendStringInfo(&sql, " WHERE (\n%s\n)", filter);
	if (order_by != NULL)
		appendStringInfo(&sql, " ORDER BY\n%s\n", order_by);
	appendStringInfo(&sql, " LIMIT %d) AS preview", rows);
	return sql.data;
}

static Datum
table_preview(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			rows = tr_api_ranged_arg(fcinfo, 1, "rows", DEFAULT_PREVIEW_ROWS,
										 1, MAX_PREVIEW_ROWS);
	char	   *order_by = tr_api_optional_text(fcinfo, 2);
	char	   *filter = tr_api_optional_text(fcinfo, 3);
	TrExplored	table;

	tr_explore_open(tr_api_oid_arg(fcinfo, 0, "source"), &table);
	if (order_by != NULL)
		tr_source_text_order(order_by);
	if (filter != NULL)
		tr_source_text_condition(filter);
	InitMaterializedSRF(fcinfo, 0);
	tr_explore_select(compose_preview(&table, rows, order_by, filter));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false};

		values[0] = Int32GetDatum((int32) i + 1);
		values[1] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
								  1, &nulls[1]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}

TR_AUDITED(transform_table_preview, table_preview, TR_AUDIT_READ, TR_ABOUT_NOTHING)
