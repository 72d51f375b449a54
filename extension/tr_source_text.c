/*
 * tr_source_text.c
 *		SQL that users write as an argument: a query, a condition, an order.
 *
 * Process: the backend that submits or previews, the runner; as the job's
 * role.
 *
 * Such a text becomes part of a larger SELECT.  That it is what it should be,
 * and only that, is decided by PostgreSQL's own parser on the text alone, by
 * the shape of what it gives.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/plancache.h"

#include "tr_compat.h"
#include "tr_source_text.h"

/* In front of a clause, to parse it; nothing may stand between. */
#define BEFORE_CONDITION	"SELECT WHERE\n"
#define BEFORE_ORDER		"SELECT ORDER BY\n"

typedef struct Argument
{
	const char *name;
	const char *text;
	int			prefix;			/* characters of ours before the text */
} Argument;

/* A position in the text is none in the statement that calls us. */
static void
argument_context(void *arg)
{
	const Argument *a = (const Argument *) arg;
	int			at = geterrposition();

	if (at > a->prefix)
	{
		errposition(0);
		internalerrposition(at - a->prefix);
		internalerrquery(a->text);
	}
	errcontext("argument %s", a->name);
}

/* List of RawStmt. */
static List *
parse(const Argument *a, const char *sql)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = argument_context,
		.arg = (void *) a
	};
	List	   *statements;

	error_context_stack = &callback;
	statements = raw_parser(sql, RAW_PARSE_DEFAULT);
	error_context_stack = callback.previous;
	return statements;
}

static void
not_a_select(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a source's query must be one SELECT that only reads"),
			 errdetail("%s", detail),
			 errhint("Write a plain SELECT; a job writes through its destination alone.")));
}

char *
tr_source_text_query(const char *query)
{
	Argument	a = {"source_query", query, 0};
	List	   *statements = parse(&a, query);
	RawStmt    *raw;
	SelectStmt *first;

	if (list_length(statements) != 1)
		not_a_select(statements == NIL ? "It is empty." :
					 "It is more than one statement.");
	raw = linitial_node(RawStmt, statements);
	if (!IsA(raw->stmt, SelectStmt))
		not_a_select("It is another statement.");
	first = (SelectStmt *) raw->stmt;
	if (first->lockingClause != NIL)
		not_a_select("It locks rows (FOR UPDATE, FOR SHARE).");
	while (first->op != SETOP_NONE)
		first = first->larg;
	if (first->intoClause != NULL)
		not_a_select("It has INTO, which makes a table.");
	if (raw->stmt_len == 0)
		return pstrdup(query + raw->stmt_location);
	return pnstrdup(query + raw->stmt_location, raw->stmt_len);
}

/*
 * The SELECT that `before` and the text make together; NULL when they are
 * something else.
 */
static SelectStmt *
parse_clause(const char *name, const char *before, const char *text)
{
	Argument	a = {name, text, strlen(before)};
	List	   *statements = parse(&a, psprintf("%s%s\n", before, text));
	Node	   *found = NULL;

	if (list_length(statements) == 1)
		found = linitial_node(RawStmt, statements)->stmt;
	return found != NULL && IsA(found, SelectStmt) ? (SelectStmt *) found : NULL;
}

void
tr_source_text_condition(const char *filter)
{
	SelectStmt *found = parse_clause("filter", BEFORE_CONDITION, filter);
	SelectStmt *only = makeNode(SelectStmt);

	if (found != NULL)
		only->whereClause = found->whereClause;
	if (only->whereClause == NULL || !equal(only, found))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("filter must be one condition"),
				 errdetail("It is more than what may stand after WHERE."),
				 errhint("For example filter => 'price > 10 AND day >= ''2026-01-01'''; use source_query for anything else.")));
}

void
tr_source_text_order(const char *order_by)
{
	SelectStmt *found = parse_clause("order_by", BEFORE_ORDER, order_by);
	SelectStmt *only = makeNode(SelectStmt);

	if (found != NULL)
		only->sortClause = found->sortClause;
	if (only->sortClause == NIL || !equal(only, found))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order_by must be a list of what to sort by"),
				 errdetail("It is more than what may stand after ORDER BY."),
				 errhint("For example order_by => 'price DESC, id'.")));
}

/* ---- preparing ---- */

static bool
writes_or_locks(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		return query->commandType != CMD_SELECT || query->rowMarks != NIL ||
			query_tree_walker(query, writes_or_locks, context, 0);
	}
	return expression_tree_walker(node, writes_or_locks, context);
}

static CachedPlanSource *
plan_source(SPIPlanPtr plan)
{
	return (CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan));
}

SPIPlanPtr
tr_source_text_prepare(const char *sql, int nargs, Oid *types)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(sql, nargs, types,
										  CURSOR_OPT_NO_SCROLL);
	List	   *queries;

	if (plan == NULL)
		elog(ERROR, "could not prepare the source: %s",
			 SPI_result_code_string(SPI_result));
	queries = plan_source(plan)->query_list;
	if (list_length(queries) != 1)
		not_a_select("A rule makes several statements of it.");
	if (writes_or_locks((Node *) linitial(queries), NULL))
		not_a_select("A part of it writes or locks rows.");
	return plan;
}

Query *
tr_source_text_analyze(const char *sql, int nargs, const Oid *types)
{
	List	   *statements = raw_parser(sql, RAW_PARSE_DEFAULT);

	return parse_analyze_fixedparams(linitial_node(RawStmt, statements), sql,
									 types, nargs, NULL);
}

TupleDesc
tr_source_text_result(SPIPlanPtr plan)
{
	return plan_source(plan)->resultDesc;
}
