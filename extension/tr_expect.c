/*
 * tr_expect.c
 *		What a result must be before it is published: its rows looked at.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * Looked at are the rows as the script returned them, without those that were
 * rejected; what is not met ends the transaction, so nothing is published.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "tr_errors.h"
#include "tr_expect.h"
#include "tr_inout.h"
#include "tr_unique.h"

/* A column whose values are looked at one by one. */
typedef struct Watch
{
	TrDecoder  *col;
	const TrRange *range;		/* NULL: for NULLs */
	Datum		low;
	Datum		high;
	FmgrInfo   *compare;
	Oid			collation;
	uint64		count;			/* of bad rows */
	uint64		first;			/* the first one's number */
	char	   *example;		/* its value */
} Watch;

struct TrExpect
{
	TrResult   *result;
	TrExpectSpec spec;
	List	   *watches;		/* of Watch * */
	List	   *keys;			/* of TrUnique * */
};

/* ---- opening ---- */

static TrDecoder *
find_column(TrResult *result, const char *check, const char *name)
{
	int			i = tr_result_column(result, name);

	if (i < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("expect: the result has no column \"%s\"", name),
				 errdetail("The check \"%s\" names it.", check),
				 errhint("Names are those of the result, as the script writes them.")));
	return &result->columns[i];
}

static void
refuse_type(const char *check, const TrDecoder *col)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("expect: column \"%s\" is of type %s, which \"%s\" cannot compare",
					col->name, format_type_be(col->type), check),
			 errhint("Leave the column out, or have the script return a type that can be compared.")));
}

static Watch *
watch(TrExpect *expect, TrDecoder *col)
{
	Watch	   *w = palloc0(sizeof(Watch));

	w->col = col;
	expect->watches = lappend(expect->watches, w);
	return w;
}

static void
say_bound(void *arg)
{
	errcontext("a bound of in_range for column \"%s\"", ((TrDecoder *) arg)->name);
}

static Datum
read_bound(TrDecoder *col, char *text)
{
	ErrorContextCallback callback = {.callback = say_bound, .arg = col};
	FmgrInfo	input;
	Oid			function;
	Oid			param;
	Datum		value;

	if (text == NULL)
		return (Datum) 0;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	getTypeInputInfo(col->type, &function, &param);
	fmgr_info(function, &input);
	value = tr_input(&input, text, param, -1);
	error_context_stack = callback.previous;
	return value;
}

static void
open_range(TrExpect *expect, TrRange *range)
{
	TrDecoder  *col = find_column(expect->result, "in_range", range->column);
	TypeCacheEntry *type = lookup_type_cache(col->type,
											 TYPECACHE_CMP_PROC_FINFO);
	Watch	   *w = watch(expect, col);

	if (!OidIsValid(type->cmp_proc_finfo.fn_oid))
		refuse_type("in_range", col);
	w->range = range;
	w->compare = &type->cmp_proc_finfo;
	w->collation = get_typcollation(col->type);
	w->low = read_bound(col, range->low);
	w->high = read_bound(col, range->high);
}

static void
open_unique(TrExpect *expect, List *names)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		TrDecoder  *col = find_column(expect->result, "unique", lfirst(cell));

		if (!OidIsValid(lookup_type_cache(col->type, TYPECACHE_EQ_OPR)->eq_opr))
			refuse_type("unique", col);
	}
	expect->keys = lappend(expect->keys,
						   tr_unique_open(expect->result, names));
}

TrExpect *
tr_expect_open(const char *json, TrResult *result)
{
	MemoryContext old = MemoryContextSwitchTo(result->context);
	TrExpect   *expect = palloc0(sizeof(TrExpect));
	ListCell   *cell;

	expect->result = result;
	tr_expect_parse(json, &expect->spec);
	foreach(cell, expect->spec.not_null)
		(void) watch(expect, find_column(result, "not_null", lfirst(cell)));
	foreach(cell, expect->spec.in_range)
		open_range(expect, lfirst(cell));
	foreach(cell, expect->spec.unique)
		open_unique(expect, lfirst(cell));
	MemoryContextSwitchTo(old);
	return expect;
}

/* ---- looking ---- */

/* NULL is in every range, NaN above every number. */
static bool
is_bad(Watch *w, Datum value, bool isnull)
{
	if (w->range == NULL)
		return isnull;
	if (isnull)
		return false;
	return (w->range->low != NULL &&
			DatumGetInt32(FunctionCall2Coll(w->compare, w->collation, value,
											w->low)) < 0) ||
		(w->range->high != NULL &&
		 DatumGetInt32(FunctionCall2Coll(w->compare, w->collation, value,
										 w->high)) > 0);
}

static void
note_bad(TrExpect *expect, Watch *w, uint32 row, Datum value)
{
	if (w->count++ > 0)
		return;
	w->first = w->col->first_row + row;
	if (w->range != NULL)
	{
		Oid			function;
		bool		varlena;
		FmgrInfo	output;
		MemoryContext old = MemoryContextSwitchTo(expect->result->context);

		getTypeOutputInfo(w->col->type, &function, &varlena);
		fmgr_info(function, &output);
		w->example = tr_output(&output, value);
		MemoryContextSwitchTo(old);
	}
}

static void
look(TrExpect *expect, Watch *w, uint32 from, uint32 to)
{
	MemoryContext context = expect->result->row_context;
	MemoryContext old = MemoryContextSwitchTo(context);

	for (uint32 row = from; row < to; row++)
	{
		bool		isnull;
		Datum		value = tr_decoder_value(w->col, row, &isnull);

		if (is_bad(w, value, isnull))
			note_bad(expect, w, row, value);
		if (row % 1000 == 0)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(context);
		}
	}
	MemoryContextSwitchTo(old);
}

void
tr_expect_add(TrExpect *expect, uint32 from, uint32 to)
{
	ListCell   *cell;

	foreach(cell, expect->watches)
		look(expect, lfirst(cell), from, to);
	foreach(cell, expect->keys)
		tr_unique_add(lfirst(cell), from, to);
}

/* ---- judging ---- */

static void
judge_watch(const Watch *w, StringInfo problems)
{
	if (w->count == 0)
		return;
	if (w->range == NULL)
		appendStringInfo(problems, "\nnot_null: column \"%s\" is NULL in " UINT64_FORMAT " of the rows, first in row " UINT64_FORMAT ".",
						 w->col->name, w->count, w->first);
	else
		appendStringInfo(problems, "\nin_range: column \"%s\" is outside [%s, %s] in " UINT64_FORMAT " of the rows, first in row " UINT64_FORMAT ": %s.",
						 w->col->name,
						 w->range->low == NULL ? "null" : w->range->low,
						 w->range->high == NULL ? "null" : w->range->high,
						 w->count, w->first, w->example);
}

static void
judge_key(TrUnique *key, StringInfo problems)
{
	int64		count;
	char	   *found = tr_unique_find(key, &count);

	if (found != NULL)
		appendStringInfo(problems, "\nunique: " INT64_FORMAT " repeated values, for example: %s",
						 count, found);
	tr_unique_close(key);
}

static void
judge_count(const char *check, int64 wanted, bool met, const char *what,
			uint64 count, StringInfo problems)
{
	if (wanted >= 0 && !met)
		appendStringInfo(problems, "\n%s: " UINT64_FORMAT " rows %s, %s " INT64_FORMAT " expected.",
						 check, count, what,
						 strncmp(check, "min", 3) == 0 ? "at least" : "at most",
						 wanted);
}

void
tr_expect_finish(TrExpect *expect, uint64 written, uint64 rejected)
{
	const TrExpectSpec *spec = &expect->spec;
	StringInfoData problems;
	ListCell   *cell;

	initStringInfo(&problems);
	judge_count("min_rows", spec->min_rows, (int64) written >= spec->min_rows,
				"written", written, &problems);
	judge_count("max_rows", spec->max_rows, (int64) written <= spec->max_rows,
				"written", written, &problems);
	judge_count("max_rejected", spec->max_rejected,
				(int64) rejected <= spec->max_rejected, "rejected", rejected,
				&problems);
	foreach(cell, expect->watches)
		judge_watch(lfirst(cell), &problems);
	foreach(cell, expect->keys)
		judge_key(lfirst(cell), &problems);
	if (problems.len > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("the result is not what was expected"),
				 errdetail("%s", problems.data + 1),
				 errhint("Nothing was published. Correct the script or its source, or submit the job with another expect.")));
}
