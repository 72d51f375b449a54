/*
 * tr_explore_profile.c
 *		transform_table_profile: what the columns of a table hold, from a sample.
 *
 * Process: any backend, as the user who calls (see tr_explore.c).
 *
 * One SELECT: the sample, materialised once, then a row per column.  Of a table
 * it is the blocks that hold about as many rows (TABLESAMPLE SYSTEM, the same
 * ones each time), of anything else the first rows.  Values of more than
 * MAX_WIDTH bytes are counted and not looked at, as ANALYZE does; so the cost
 * is that of `sample` rows of that width.
 *
 * Equality and order are those of a type's default operator class (GROUP BY,
 * ORDER BY); no operator is looked up by its name.  A type without them gets
 * the counts alone.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_explore.h"
#include "tr_guc.h"

#define MAX_WIDTH		1024	/* bytes of a value that is looked at */
#define MIN_BLOCKS		20		/* fewer would be no sample */
#define MOST_COMMON		10
#define QUANTILES		"{0.05,0.25,0.5,0.75,0.95}"


/* Columns of the SELECT's result, from 1. */
enum
{
	R_NUMBER = 1,
	R_ROWS,
	R_NULLS,
	R_PRESENT,
	R_MIN,
	R_MAX,
	R_QUANTILES,
	R_DISTINCT,
	R_MOST_COMMON
};

/* What may be asked of a type's values. */
typedef struct Abilities
{
	bool		equality;
	bool		order;
	bool		quantiles;		/* numbers and times */
	bool		wide;			/* a value may pass MAX_WIDTH */
} Abilities;

static Abilities
abilities_of(Oid type)
{
	Oid			base = getBaseType(type);
	TypeCacheEntry *entry = lookup_type_cache(base, TYPECACHE_EQ_OPR |
											  TYPECACHE_LT_OPR);
	Abilities	result = {0};
	char		category;
	bool		preferred;

	result.wide = entry->typlen < 0;
	if (entry->typtype == TYPTYPE_PSEUDO)
		return result;
	get_type_category_preferred(base, &category, &preferred);
	result.equality = OidIsValid(entry->eq_opr);
	result.order = result.equality && OidIsValid(entry->lt_opr);
	result.quantiles = result.order && OidIsValid(get_array_type(type)) &&
		strchr("NDT", category) != NULL;	/* numeric, date/time, timespan */
	return result;
}

/* ---- the SELECT ---- */

/* The part of the table to read, in percent; 100: all of it. */
static double
percentage(const TrExplored *table, int sample)
{
	double		rows;
	double		pages;

	if (strchr("rmp", table->kind) == NULL ||
		!tr_explore_estimate(table->relation, &rows, &pages) ||
		rows <= sample || pages <= MIN_BLOCKS)
		return 100;
	return Max(100.0 * sample / rows, 100.0 * MIN_BLOCKS / pages);
}

static void
append_sample(StringInfo sql, const TrExplored *table, int sample,
			  double percent)
{
	appendStringInfoString(sql, "WITH sample AS MATERIALIZED (SELECT");
	for (int i = 0; i < table->ncols; i++)
		appendStringInfo(sql, "%s source.%s AS c%d", i > 0 ? "," : "",
						 quote_identifier(table->columns[i].name), i);
	appendStringInfo(sql, " FROM %s AS source", table->name);
	if (percent < 100)
		appendStringInfo(sql, " TABLESAMPLE pg_catalog.system (%.9g) REPEATABLE (0)",
						 percent);
	appendStringInfo(sql, " LIMIT %d)", sample);
}

/* v: a value, NULL when it is not looked at; n: 1 for a NULL, else 0. */
static char *
values_of(int column, const Abilities *can)
{
	if (!can->wide)
		return psprintf("SELECT c%d AS v, pg_catalog.num_nulls(c%d) AS n FROM sample",
						column, column);
	return psprintf("SELECT CASE WHEN pg_catalog.pg_column_size(c%d)"
					" OPERATOR(pg_catalog.<=) %d THEN c%d END AS v,"
					" pg_catalog.num_nulls(c%d) AS n FROM sample",
					column, MAX_WIDTH, column, column);
}

static void
append_order(StringInfo sql, const Abilities *can)
{
	if (can->order)
		appendStringInfoString(sql,
							   ", pg_catalog.to_jsonb(pg_catalog.percentile_disc(0) WITHIN GROUP (ORDER BY v))"
							   ", pg_catalog.to_jsonb(pg_catalog.percentile_disc(1) WITHIN GROUP (ORDER BY v))");
	else
		appendStringInfoString(sql, ", NULL::pg_catalog.jsonb, NULL::pg_catalog.jsonb");
	if (can->quantiles)
		appendStringInfoString(sql,
							   ", pg_catalog.to_jsonb(pg_catalog.percentile_disc('" QUANTILES "'::pg_catalog.float8[])"
							   " WITHIN GROUP (ORDER BY v))");
	else
		appendStringInfoString(sql, ", NULL::pg_catalog.jsonb");
}

static void
append_groups(StringInfo sql, const char *values, bool order)
{
	appendStringInfo(sql, ", (WITH g AS (SELECT v, pg_catalog.count(*) AS n"
					 " FROM (%s) x WHERE pg_catalog.num_nulls(v) OPERATOR(pg_catalog.=) 0"
					 " GROUP BY v)"
					 " SELECT (SELECT pg_catalog.count(*) FROM g), (SELECT"
					 " pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('value', v, 'count', n))"
					 " FROM (SELECT v, n FROM g ORDER BY n DESC%s LIMIT %d) m)) g",
					 values, order ? ", v" : "", MOST_COMMON);
}

static void
append_column(StringInfo sql, int column, const Abilities *can)
{
	char	   *values = values_of(column, can);

	appendStringInfo(sql, "%s SELECT %d, a.*, %s FROM (SELECT pg_catalog.count(*),"
					 " pg_catalog.sum(n), pg_catalog.count(v)",
					 column > 0 ? " UNION ALL" : "", column,
					 can->equality ? "g.*" :
					 "NULL::pg_catalog.int8, NULL::pg_catalog.jsonb");
	append_order(sql, can);
	appendStringInfo(sql, " FROM (%s) x) a", values);
	if (can->equality)
		append_groups(sql, values, can->order);
}

static char *
compose(const TrExplored *table, int sample, double percent)
{
	StringInfoData sql;

	initStringInfo(&sql);
	append_sample(&sql, table, sample, percent);
	for (int i = 0; i < table->ncols; i++)
	{
		Abilities	can = abilities_of(table->columns[i].type);

		append_column(&sql, i, &can);
	}
	appendStringInfoString(&sql, " ORDER BY 1");
	return sql.data;
}

/* ---- the result ---- */

static Datum
result(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column,
						 isnull);
}

static int64
count_of(uint64 row, int column)
{
	bool		isnull;
	Datum		d = result(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(d);
}

/* One column's row; `whole`: nothing was left out but by the limit. */
static void
put_row(ReturnSetInfo *rsinfo, const TrExplored *table, uint64 row, int sample,
		bool whole)
{
	bool		isnull;
	int			number = DatumGetInt32(result(row, R_NUMBER, &isnull));
	const TrExploreColumn *col = &table->columns[number];
	int64		rows = count_of(row, R_ROWS);
	int64		nulls = count_of(row, R_NULLS);
	Datum		values[11];
	bool		isnulls[11] = {false};

	values[0] = CStringGetTextDatum(col->name);
	values[1] = CStringGetTextDatum(format_type_with_typemod(col->type,
															 col->typmod));
	values[2] = Int64GetDatum(rows);
	values[3] = Int64GetDatum(nulls);
	values[4] = result(row, R_DISTINCT, &isnulls[4]);
	values[5] = result(row, R_MIN, &isnulls[5]);
	values[6] = result(row, R_MAX, &isnulls[6]);
	values[7] = result(row, R_QUANTILES, &isnulls[7]);
	values[8] = result(row, R_MOST_COMMON, &isnulls[8]);
	values[9] = Int64GetDatum(rows - nulls - count_of(row, R_PRESENT));
	values[10] = BoolGetDatum(whole && rows < sample);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnulls);
}

static Datum
table_profile(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			sample = tr_api_ranged_arg(fcinfo, 1, "sample",
										   tr_max_profile_rows, 1,
										   tr_max_profile_rows);
	TrExplored	table;
	double		percent;

	tr_explore_open(tr_api_oid_arg(fcinfo, 0, "source"), &table);
	InitMaterializedSRF(fcinfo, 0);
	if (table.ncols == 0)
		return (Datum) 0;
	percent = percentage(&table, sample);
	tr_explore_select(compose(&table, sample, percent));
	for (uint64 i = 0; i < SPI_processed; i++)
		put_row(rsinfo, &table, i, sample, percent >= 100);
	SPI_finish();
	return (Datum) 0;
}

TR_AUDITED(transform_table_profile, table_profile, TR_AUDIT_READ, TR_ABOUT_NOTHING)
