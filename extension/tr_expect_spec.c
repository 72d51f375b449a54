/*
 * tr_expect_spec.c
 *		The argument expect => '{...}', read and checked.
 *
 * Process: the backend that submits, for the checks; the runner.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "tr_expect.h"

static void
refuse(const char *check, const char *must)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("expect: \"%s\" must be %s", check, must),
			 errhint("For example expect => '{\"unique\": [\"id\"], \"not_null\": [\"total\"], \"in_range\": {\"total\": [0, null]}, \"min_rows\": 1}'.")));
}

static char *
string_value(const JsonbValue *v)
{
	return pnstrdup(v->val.string.val, v->val.string.len);
}

/* ---- readers, one for each kind of value ---- */

#define A_COUNT		"a whole number, 0 or more"
#define A_LIST		"a list of column names"
#define A_KEY		"a list of column names, or a list of such lists"
#define A_RANGE		"an object of columns, each with [lowest, highest], null for no bound"

static int64
read_count(const char *check, const JsonbValue *v)
{
	Datum		text;
	int64		n;

	if (v->type != jbvNumeric)
		refuse(check, A_COUNT);
	text = DirectFunctionCall1(numeric_out, NumericGetDatum(v->val.numeric));
	if (strspn(DatumGetCString(text), "0123456789") !=
		strlen(DatumGetCString(text)) || strlen(DatumGetCString(text)) > 18)
		refuse(check, A_COUNT);
	n = DatumGetInt64(DirectFunctionCall1(int8in, text));
	return n;
}

static JsonbIterator *
enter(const char *check, const JsonbValue *v, JsonbIteratorToken kind,
	  const char *must)
{
	JsonbIterator *it;
	JsonbValue	ignored;

	if (v->type != jbvBinary)
		refuse(check, must);
	it = JsonbIteratorInit(v->val.binary.data);
	if (JsonbIteratorNext(&it, &ignored, false) != kind)
		refuse(check, must);
	return it;
}

static List *
read_names(const char *check, const JsonbValue *v, const char *must)
{
	JsonbIterator *it = enter(check, v, WJB_BEGIN_ARRAY, must);
	List	   *names = NIL;
	JsonbValue	item;

	while (JsonbIteratorNext(&it, &item, true) == WJB_ELEM)
	{
		if (item.type != jbvString)
			refuse(check, must);
		names = lappend(names, string_value(&item));
	}
	if (names == NIL)
		refuse(check, must);
	return names;
}

/* ["a", "b"] is one key, [["a"], ["b", "c"]] are two. */
static List *
read_keys(const char *check, const JsonbValue *v)
{
	JsonbIterator *it = enter(check, v, WJB_BEGIN_ARRAY, A_KEY);
	List	   *keys = NIL;
	JsonbValue	item;

	while (JsonbIteratorNext(&it, &item, true) == WJB_ELEM)
	{
		if (item.type == jbvString && keys == NIL)
			return list_make1(read_names(check, v, A_KEY));
		keys = lappend(keys, read_names(check, &item, A_KEY));
	}
	if (keys == NIL)
		refuse(check, A_KEY);
	return keys;
}

static char *
read_bound(const char *check, const JsonbValue *v)
{
	switch (v->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			return string_value(v);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(v->val.numeric)));
		default:
			refuse(check, A_RANGE);
			return NULL;
	}
}

static List *
read_ranges(const char *check, const JsonbValue *v)
{
	JsonbIterator *it = enter(check, v, WJB_BEGIN_OBJECT, A_RANGE);
	List	   *ranges = NIL;
	JsonbValue	item;

	while (JsonbIteratorNext(&it, &item, true) == WJB_KEY)
	{
		TrRange    *range = palloc0(sizeof(TrRange));
		JsonbIterator *bounds;
		JsonbValue	bound;

		range->column = string_value(&item);
		(void) JsonbIteratorNext(&it, &item, true);
		bounds = enter(check, &item, WJB_BEGIN_ARRAY, A_RANGE);
		if (JsonbIteratorNext(&bounds, &bound, true) != WJB_ELEM)
			refuse(check, A_RANGE);
		range->low = read_bound(check, &bound);
		if (JsonbIteratorNext(&bounds, &bound, true) != WJB_ELEM)
			refuse(check, A_RANGE);
		range->high = read_bound(check, &bound);
		if (JsonbIteratorNext(&bounds, &bound, true) != WJB_END_ARRAY)
			refuse(check, A_RANGE);
		ranges = lappend(ranges, range);
	}
	return ranges;
}

/* ---- the object ---- */

static void
read_check(const char *name, const JsonbValue *v, TrExpectSpec *spec)
{
	if (strcmp(name, "unique") == 0)
		spec->unique = read_keys(name, v);
	else if (strcmp(name, "not_null") == 0)
		spec->not_null = read_names(name, v, A_LIST);
	else if (strcmp(name, "in_range") == 0)
		spec->in_range = read_ranges(name, v);
	else if (strcmp(name, "min_rows") == 0)
		spec->min_rows = read_count(name, v);
	else if (strcmp(name, "max_rows") == 0)
		spec->max_rows = read_count(name, v);
	else if (strcmp(name, "max_rejected") == 0)
		spec->max_rejected = read_count(name, v);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("expect: there is no check \"%s\"", name),
				 errhint("Checks are unique, not_null, in_range, min_rows, max_rows and max_rejected.")));
}

void
tr_expect_parse(const char *json, TrExpectSpec *spec)
{
	Jsonb	   *jb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
														CStringGetDatum(json)));
	JsonbIterator *it = JsonbIteratorInit(&jb->root);
	JsonbValue	v;

	memset(spec, 0, sizeof(*spec));
	spec->min_rows = spec->max_rows = spec->max_rejected = -1;
	if (JsonbIteratorNext(&it, &v, false) != WJB_BEGIN_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("expect must be a JSON object")));
	while (JsonbIteratorNext(&it, &v, true) == WJB_KEY)
	{
		char	   *name = string_value(&v);

		(void) JsonbIteratorNext(&it, &v, true);
		read_check(name, &v, spec);
	}
}
