/*
 * tr_api_submit.c
 *		transform_submit, transform_preview, transform_verify.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_depend.h"
#include "tr_destination.h"
#include "tr_errors.h"
#include "tr_guc.h"
#include "tr_identity.h"
#include "tr_limits.h"
#include "tr_log.h"
#include "tr_options.h"
#include "tr_queue.h"
#include "tr_relation.h"
#include "tr_session.h"
#include "tr_source.h"
#include "tr_xact.h"

#define MAX_CHUNK_ROWS		10000000
#define MAX_PREVIEW_ROWS	1000
#define DEFAULT_PREVIEW_ROWS	10
#define PREVIEW_OPTIONS	5		/* those that say what is read */

/* The script, in the version of the n-th argument or its current one. */
static void
script_arg(FunctionCallInfo fcinfo, int n, const char *name, TrScript *script)
{
	if (PG_ARGISNULL(n))
		tr_api_script(name, script);
	else
		tr_api_script_version(name, PG_GETARG_INT32(n), script);
	tr_api_check_may_run(name, script->access, script->archived);
}

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

static Jsonb *
params_arg(FunctionCallInfo fcinfo, int n)
{
	return tr_api_object_arg(fcinfo, n, "params",
							 "'{\"rate\": 0.19}'; the script gets it as a dict, the second argument of transform(df, params)");
}

static TrBackend
backend_arg(FunctionCallInfo fcinfo, int n, const TrScript *script)
{
	char	   *text = tr_api_optional_text(fcinfo, n);

	return text == NULL ? script->backend : tr_backend_parse(text);
}

/* Destination and reject table. */
static List *
written_objects(const TrNewJob *job)
{
	List	   *objects = list_make1(tr_identity_of_table(job->destination));

	if (!job->no_option[TR_OPTION_REJECT_TABLE])
		objects = lappend(objects,
						  tr_identity_of_table(TextDatumGetCString(job->options[TR_OPTION_REJECT_TABLE])));
	return objects;
}

static Datum
submit(PG_FUNCTION_ARGS)
{
	TrNewJob	job = {0};
	TrOptions	options = {0};
	TrScript	script;
	List	   *queries = NIL;
	int64		id;
	char	   *name;
	char	   *destination;
	char	   *mode = tr_api_optional_text(fcinfo, 4);

	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_submit()");
	tr_api_require_user();
	name = tr_api_text_arg(fcinfo, 0, "script");
	job.source = PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1);
	destination = tr_api_text_arg(fcinfo, 2, "destination");
	script_arg(fcinfo, 10 + TR_OPTIONS, name, &script);

	job.script = script.id;
	job.version = script.version;
	job.role = GetUserId();
	job.shape = shape_arg(fcinfo, 3, &script);
	job.mode = mode == NULL ? TR_MODE_CREATE : tr_mode_parse(mode);
	job.params = params_arg(fcinfo, 5);
	job.numeric = numeric_arg(fcinfo, 6, &script);
	job.priority = tr_api_ranged_arg(fcinfo, 7, "priority", 0, -1000, 1000);
	job.chunk_rows = tr_api_ranged_arg(fcinfo, 8, "chunk_rows", tr_chunk_rows,
									   1, MAX_CHUNK_ROWS);
	job.backend = options.backend = backend_arg(fcinfo, 9, &script);
	tr_options_read(fcinfo, 10, TR_OPTIONS, &options);
	tr_options_check(&options, job.source, job.shape, job.mode);
	for (int i = 0; i < TR_OPTIONS; i++)
	{
		job.options[i] = PG_GETARG_DATUM(10 + i);
		job.no_option[i] = PG_ARGISNULL(10 + i);
	}
	tr_limits_now(&job.limits);
	tr_limits_check_queued(&job.limits,
						   tr_queue_queued(job.role, job.limits.queued_jobs));
	tr_source_check(job.source, &options, job.numeric, &queries);
	job.search_path = namespace_search_path;
	if (OidIsValid(job.source))
		job.source_name = tr_relation_name(job.source);
	job.destination = tr_destination_check(destination, job.mode,
										   options.key);
	if (options.reject_table != NULL)
		job.options[TR_OPTION_REJECT_TABLE] =
			CStringGetTextDatum(tr_destination_check_reject(options.reject_table,
															job.destination));
	id = tr_queue_submit(&job);
	tr_depend_hold(id, queries, written_objects(&job));
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_SUBMIT,
		.outcome = "submitted",
		.job = id,
		.script = script.name,
		.version = script.version,
		.script_hash = script.hash,
		.source = tr_options_source(&options, job.source_name),
		.destination = job.destination
	});
	PG_RETURN_INT64(id);
}

TR_AUDITED(transform_submit, submit, TR_AUDIT_SUBMIT, TR_ABOUT_SCRIPT)

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

/* A run that writes nothing: on the first rows, or (rows 0) on all. */
typedef struct Trial
{
	TrTask		task;
	int			rows;
	TrOutcome	outcome;
	List	   *result;			/* of char *, JSON; for all rows NIL */
	char	   *columns;
	uint64		returned;		/* rows; for all rows only */
	int			version;		/* of the script */
	char	   *source_name;	/* of a relation, else NULL */
	int64		job;			/* that is repeated, or 0 */
} Trial;

/* Nothing of it stays in the database: it stands whatever the caller does. */
static void
audit_trial(const Trial *trial, const ErrorData *error)
{
	TrAuditEvent event = {
		.kind = TR_AUDIT_PREVIEW,
		.outcome = error == NULL ? "succeeded" :
			tr_audit_failure(error->sqlerrcode,
							 trial->outcome.stage == TR_STAGE_RUN),
		.lasting = true,
		.job = trial->job,
		.script = trial->task.script,
		.version = trial->version,
		.source = trial->source_name,
		.sqlstate = error == NULL ? 0 : error->sqlerrcode,
		.detail = error == NULL ? NULL : error->message
	};

	tr_audit(&event);
}

/* In the caller's session, as the caller and nobody else.  An error gets the
 * Python traceback as its context. */
static void
run_trial(Trial *trial)
{
	MemoryContext context = CurrentMemoryContext;
	int			user = tr_xact_hold_user();

	trial->outcome.context = context;
	PG_TRY();
	{
		if (trial->rows > 0)
			trial->result = tr_session_preview(&trial->task, trial->rows,
											   &trial->outcome,
											   &trial->columns);
		else
			trial->returned = tr_session_verify(&trial->task,
												&trial->outcome);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		FlushErrorState();
		if (trial->outcome.traceback != NULL)
			edata->context = trial->outcome.traceback;
		audit_trial(trial, edata);
		ReThrowError(edata);
	}
	PG_END_TRY();
	audit_trial(trial, NULL);
	tr_xact_release_user(user);
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

/* All that may be refused before the script starts: a Trial. */
static Datum
prepare_preview(PG_FUNCTION_ARGS)
{
	Trial	   *trial = palloc0(sizeof(Trial));
	TrTask	   *task = &trial->task;
	TrOptions  *options = palloc0(sizeof(TrOptions));
	TrScript	script;
	char	   *name;
	Jsonb	   *params;

	tr_api_require_preload();
	tr_api_require_user();
	name = tr_api_text_arg(fcinfo, 0, "script");
	task->source = PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1);
	script_arg(fcinfo, 7 + PREVIEW_OPTIONS, name, &script);
	trial->rows = tr_api_ranged_arg(fcinfo, 2, "rows", DEFAULT_PREVIEW_ROWS,
										1, MAX_PREVIEW_ROWS);
	task->shape = shape_arg(fcinfo, 3, &script);
	params = params_arg(fcinfo, 4);
	task->numeric = numeric_arg(fcinfo, 5, &script);
	task->options = options;
	options->backend = backend_arg(fcinfo, 6, &script);
	tr_options_read(fcinfo, 7, PREVIEW_OPTIONS, options);
	tr_options_check(options, task->source, task->shape, TR_MODE_CREATE);
	tr_source_check(task->source, options, task->numeric, NULL);

	trial->version = script.version;
	if (OidIsValid(task->source))
		trial->source_name = tr_relation_name(task->source);
	task->script = script.name;
	task->code = script.code;
	task->mode = TR_MODE_CREATE;
	if (params != NULL)
		task->params = JsonbToCString(NULL, &params->root, VARSIZE(params));
	task->chunk_rows = tr_chunk_rows;
	tr_limits_now(&task->limits);
	task->required_walls = tr_guc_required_walls();
	task->progress = local_progress();
	task->log = notice_log;
	tr_api_wait_for_host();
	return PointerGetDatum(trial);
}

PG_FUNCTION_INFO_V1(transform_preview);

Datum
transform_preview(PG_FUNCTION_ARGS)
{
	Datum		prepared = tr_audit_refusals(prepare_preview, fcinfo,
											 TR_AUDIT_PREVIEW, TR_ABOUT_SCRIPT);
	Trial	   *trial = (Trial *) DatumGetPointer(prepared);

	InitMaterializedSRF(fcinfo, 0);
	run_trial(trial);
	return_preview((ReturnSetInfo *) fcinfo->resultinfo, trial->result,
				   trial->columns);
	return (Datum) 0;
}

/* ---- verify ---- */

static void
fill_task(TrTask *task, const TrJobRow *row)
{
	task->script = row->script;
	task->code = row->code;
	task->shape = row->shape;
	task->mode = TR_MODE_CREATE;
	task->numeric = row->numeric;
	task->params = row->params;
	task->chunk_rows = row->chunk_rows;
	task->options = &row->options;
	task->limits = row->limits;
	task->required_walls = tr_guc_required_walls();
	task->source = row->source;
	task->progress = local_progress();
	task->log = notice_log;
}

typedef struct Verification
{
	Trial		trial;
	TrJobRow	row;
} Verification;

/* All that may be refused before the script starts: a Verification. */
static Datum
prepare_verify(PG_FUNCTION_ARGS)
{
	int64		job = tr_api_int8_arg(fcinfo, 0, "job");
	Verification *v = palloc0(sizeof(Verification));
	TrTask	   *task = &v->trial.task;
	TrJobRow   *row = &v->row;
	TrJobStatus status;

	tr_api_require_preload();
	tr_api_require_user();
	tr_api_job(job, &status);
	if (status.state != TR_SUCCEEDED ||
		!tr_queue_load(job, TR_SUCCEEDED, status.attempt, GetUserId(), row))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("job " INT64_FORMAT " has no result to compare with",
						job),
				 errhint("Only a job that has succeeded can be verified; this one is %s.",
						 tr_state_name(status.state))));
	tr_api_check_may_run(row->script, row->access, row->archived);
	v->trial.version = row->version;
	v->trial.job = job;
	fill_task(task, row);
	tr_limits_lower(&task->limits);
	task->since_from = row->since_from;
	task->since_to = row->since_to;
	tr_source_check(task->source, task->options, task->numeric, NULL);
	tr_api_wait_for_host();
	return PointerGetDatum(v);
}

PG_FUNCTION_INFO_V1(transform_verify);

Datum
transform_verify(PG_FUNCTION_ARGS)
{
	Datum		prepared = tr_audit_refusals(prepare_verify, fcinfo,
											 TR_AUDIT_PREVIEW, TR_ABOUT_JOB);
	Verification *v = (Verification *) DatumGetPointer(prepared);
	const char *digest;
	TupleDesc	desc;
	Datum		values[5];
	bool		nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	run_trial(&v->trial);
	digest = v->trial.outcome.digest;
	values[0] = BoolGetDatum(strcmp(v->row.digest, digest) == 0);
	values[1] = CStringGetTextDatum(v->row.digest);
	values[2] = CStringGetTextDatum(digest);
	values[3] = Int64GetDatum(v->row.rows_returned);
	values[4] = Int64GetDatum(v->trial.returned);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
