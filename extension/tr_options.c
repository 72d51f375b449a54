/*
 * tr_options.c
 *		The optional arguments of a submit and a preview.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "tr_api.h"
#include "tr_expect.h"
#include "tr_options.h"

/* ---- reading ---- */

static char *
json_option(FunctionCallInfo fcinfo, int n, const char *name,
			const char *example)
{
	Jsonb	   *json = tr_api_object_arg(fcinfo, n, name, example);

	return json == NULL ? NULL :
		JsonbToCString(NULL, &json->root, VARSIZE(json));
}

static List *
list_option(FunctionCallInfo fcinfo, int n, const char *name)
{
	ArrayType  *array;

	if (PG_ARGISNULL(n))
		return NIL;
	array = PG_GETARG_ARRAYTYPE_P(n);
	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a list of column names", name),
				 errhint("For example %s => ARRAY['id', 'day'].", name)));
	return tr_text_list(array);
}

void
tr_options_read(FunctionCallInfo fcinfo, int n, int count, TrOptions *o)
{
	if (count > 0)
		o->source_query = tr_api_optional_text(fcinfo, n);
	if (count > 1)
		o->sources = json_option(fcinfo, n + 1, "sources",
								 "'{\"orders\": \"public.orders\", \"customers\": {\"query\": \"SELECT ...\"}}'");
	if (count > 2)
		o->columns = list_option(fcinfo, n + 2, "columns");
	if (count > 3)
		o->filter = tr_api_optional_text(fcinfo, n + 3);
	if (count > 4)
		o->group_by = list_option(fcinfo, n + 4, "group_by");
	if (count > 5)
		o->key = list_option(fcinfo, n + 5, "key");
	if (count > 6)
		o->reject_table = tr_api_optional_text(fcinfo, n + 6);
	if (count > 7)
		o->expect = json_option(fcinfo, n + 7, "expect",
								"'{\"unique\": [\"id\"], \"not_null\": [\"total\"]}'");
	if (count > 8)
		o->since = tr_api_optional_text(fcinfo, n + 8);
}

/* ---- checking ---- */

static void
refuse(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errhint("%s", hint)));
}

void
tr_options_check(const TrOptions *o, Oid source, TrShape shape, TrMode mode)
{
	int			inputs = OidIsValid(source) + (o->source_query != NULL) +
		(o->sources != NULL);

	if (inputs != 1)
		refuse(inputs == 0 ? "there is no source" : "there is more than one source",
			   "Give exactly one of source, source_query and sources.");
	if ((shape == TR_SHAPE_GROUP) != (o->group_by != NIL))
		refuse("shape \"group\" and group_by belong together",
			   "Give shape => 'group' and group_by => ARRAY[...], the columns that make a group.");
	if ((mode == TR_MODE_UPSERT) != (o->key != NIL))
		refuse("mode \"upsert\" and key belong together",
			   "Give mode => 'upsert' and key => ARRAY[...], columns with a unique index on them.");
	if (o->sources != NULL &&
		(o->columns != NIL || o->filter != NULL || o->since != NULL))
		refuse("columns, filter and since go with one source",
			   "Write what you want of each source as a query: sources => '{\"orders\": {\"query\": \"SELECT ...\"}}'.");
	if (o->sources != NULL && shape != TR_SHAPE_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("several sources do not go with shape \"%s\"",
						tr_shape_name(shape)),
				 errhint("Use shape => 'table', which reads each as a whole, or join them in one source_query.")));
	if (o->since != NULL && !OidIsValid(source))
		refuse("since goes with source",
			   "Read a view of the query: its name is what the watermark is kept for.");
	if (o->since != NULL && mode == TR_MODE_REPLACE)
		refuse("since does not go with mode \"replace\"",
			   "Only the new rows would be left; use mode => 'append' or 'upsert'.");
	if (o->expect != NULL)
		tr_expect_parse(o->expect, &(TrExpectSpec) {0});
}

const char *
tr_options_source(const TrOptions *options, const char *relation)
{
	if (relation != NULL)
		return relation;
	return options->source_query != NULL ? options->source_query :
		options->sources;
}
