/*
 * tr_api_submit.c
 *		transform_submit, transform_preview.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "access/xact.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "tr_api.h"
#include "tr_compat.h"
#include "tr_errors.h"
#include "tr_guc.h"
#include "tr_log.h"
#include "tr_options.h"
#include "tr_queue.h"
#include "tr_relation.h"
#include "tr_session.h"

#define MAX_CHUNK_ROWS		10000000
#define MAX_PREVIEW_ROWS	1000
#define DEFAULT_PREVIEW_ROWS	10
#define PREVIEW_OPTIONS	5		/* those that say what is read */

PG_FUNCTION_INFO_V1(transform_submit);
PG_FUNCTION_INFO_V1(transform_preview);

/* The n-th argument as a shape, or the script's own. */
static TrShape
shape_arg(FunctionCallInfo fcinfo, int n, const TrScript *script)
{
	char	   *text = tr_api_optional_text(fcinfo, n);

	return text == NULL ? script->shape : tr_shape_parse(text);
}

static TrNumeric
numeric_arg(FunctionCallInfo fcinfo, int n, const TrScript *script)
{
	char	   *text = tr_api_optional_text(fcinfo, n);

	return text == NULL ? script->numeric : tr_numeric_parse(text);
}

static TrBackend
backend_arg(FunctionCallInfo fcinfo, int n, const TrScript *script)
{
	char	   *text = tr_api_optional_text(fcinfo, n);

	return text == NULL ? script->backend : tr_backend_parse(text);
}

static int
ranged_arg(FunctionCallInfo fcinfo, int n, const char *name, int fallback,
		   int min, int max)
{
	int			value = PG_ARGISNULL(n) ? fallback : PG_GETARG_INT32(n);

	if (value < min || value > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %d, outside the valid range", name, value),
				 errhint("Give a number from %d to %d.", min, max)));
	return value;
}

Datum
transform_submit(PG_FUNCTION_ARGS)
{
	TrNewJob	job = {0};
	TrOptions	options = {0};
	TrScript	script;
	char	   *name;
	char	   *destination;
	char	   *mode = tr_api_optional_text(fcinfo, 4);

	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_submit()");
	name = tr_api_text_arg(fcinfo, 0, "script");
	job.source = PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1);
	destination = tr_api_text_arg(fcinfo, 2, "destination");
	tr_api_script(name, &script);

	job.script = script.name;
	job.version = script.version;
	job.role = GetUserId();
	job.shape = shape_arg(fcinfo, 3, &script);
	job.mode = mode == NULL ? TR_MODE_CREATE : tr_mode_parse(mode);
	job.params = tr_api_params_arg(fcinfo, 5);
	job.numeric = numeric_arg(fcinfo, 6, &script);
	job.priority = ranged_arg(fcinfo, 7, "priority", 0, -1000, 1000);
	job.chunk_rows = ranged_arg(fcinfo, 8, "chunk_rows", tr_chunk_rows, 1,
								MAX_CHUNK_ROWS);
	job.backend = options.backend = backend_arg(fcinfo, 9, &script);
	tr_options_read(fcinfo, 10, TR_OPTIONS, &options);
	tr_options_check(&options, job.source, job.shape, job.mode);
	for (int i = 0; i < TR_OPTIONS; i++)
	{
		job.options[i] = PG_GETARG_DATUM(10 + i);
		job.no_option[i] = PG_ARGISNULL(10 + i);
	}
	tr_guc_limits(&job.limits);
	tr_relation_check_source(job.source, job.numeric);
	job.source_name = tr_relation_name(job.source);
	job.destination = tr_relation_check_destination(destination, job.mode);
	PG_RETURN_INT64(tr_queue_submit(&job));
}

/* ---- preview ---- */

static void
notice_log(void *arg, int stream, const char *text, int len)
{
	(void) arg;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	ereport(NOTICE,
			(errmsg("%s: %.*s", tr_stream_name(stream), len, text)));
}

/* Run it; an error gets the Python traceback as its context. */
static List *
run_preview(TrTask *task, int rows, char **columns)
{
	MemoryContext context = CurrentMemoryContext;
	TrOutcome  *outcome = palloc0(sizeof(TrOutcome));
	List	   *volatile result = NIL;

	outcome->context = context;
	PG_TRY();
	{
		result = tr_session_preview(task, rows, outcome, columns);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		FlushErrorState();
		if (outcome->traceback != NULL)
			edata->context = outcome->traceback;
		ReThrowError(edata);
	}
	PG_END_TRY();
	return result;
}

static void
return_preview(ReturnSetInfo *rsinfo, List *rows, const char *columns)
{
	ListCell   *cell;
	int			n = 0;
	Datum		values[3];
	bool		nulls[3] = {false};

	values[2] = DirectFunctionCall1(jsonb_in, CStringGetDatum(columns));
	if (rows == NIL)
	{
		values[0] = Int32GetDatum(0);
		nulls[1] = true;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	foreach(cell, rows)
	{
		values[0] = Int32GetDatum(++n);
		values[1] = DirectFunctionCall1(jsonb_in, CStringGetDatum(lfirst(cell)));
		nulls[2] = n > 1;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

static TrProgress *
local_progress(void)
{
	TrProgress *p = palloc0(sizeof(TrProgress));

	pg_atomic_init_u64(&p->rows_read, 0);
	pg_atomic_init_u64(&p->rows_returned, 0);
	pg_atomic_init_u64(&p->rows_written, 0);
	pg_atomic_init_u64(&p->chunks, 0);
	pg_atomic_init_u64(&p->bytes_in, 0);
	pg_atomic_init_u64(&p->bytes_out, 0);
	pg_atomic_init_u64(&p->memory_bytes, 0);
	pg_atomic_init_u64(&p->cpu_us, 0);
	return p;
}

Datum
transform_preview(PG_FUNCTION_ARGS)
{
	TrTask		task = {0};
	TrOptions	options = {0};
	TrScript	script;
	char	   *name;
	Jsonb	   *params;
	int			rows;
	char	   *columns = NULL;
	List	   *result;

	tr_api_require_preload();
	name = tr_api_text_arg(fcinfo, 0, "script");
	task.source = PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1);
	tr_api_script(name, &script);
	rows = ranged_arg(fcinfo, 2, "rows", DEFAULT_PREVIEW_ROWS, 1,
					  MAX_PREVIEW_ROWS);
	task.shape = shape_arg(fcinfo, 3, &script);
	params = tr_api_params_arg(fcinfo, 4);
	task.numeric = numeric_arg(fcinfo, 5, &script);
	task.options = &options;
	options.backend = backend_arg(fcinfo, 6, &script);
	tr_options_read(fcinfo, 7, PREVIEW_OPTIONS, &options);
	tr_options_check(&options, task.source, task.shape, TR_MODE_CREATE);
	tr_relation_check_source(task.source, task.numeric);

	task.script = script.name;
	task.code = script.code;
	task.mode = TR_MODE_CREATE;
	if (params != NULL)
		task.params = JsonbToCString(NULL, &params->root, VARSIZE(params));
	task.chunk_rows = tr_chunk_rows;
	tr_guc_limits(&task.limits);
	task.required_walls = tr_guc_required_walls();
	task.progress = local_progress();
	task.log = notice_log;

	InitMaterializedSRF(fcinfo, 0);
	tr_api_wait_for_host();
	result = run_preview(&task, rows, &columns);
	return_preview((ReturnSetInfo *) fcinfo->resultinfo, result, columns);
	return (Datum) 0;
}
