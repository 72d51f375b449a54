/*
 * tr_session.c
 *		One conversation with a worker, from connecting to its exit.
 *
 * Process: the runner of a job, or a backend that validates, previews or
 * verifies.  See tr_session.h for whose rights apply.
 *
 * The loop of a run feeds first, so that the worker always has rows to work
 * on, then stores what came back, then waits; while rows are stored bytes
 * keep moving in both directions, so neither side can block the other.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "tr_errors.h"
#include "tr_failure.h"
#include "tr_guc.h"
#include "tr_input.h"
#include "tr_link.h"
#include "tr_result.h"
#include "tr_session.h"
#include "tr_sink.h"
#include "tr_task.h"

/* Limits of a validation: nothing of the script runs. */
#define VALIDATE_WALL_MS	20000
#define VALIDATE_CPU_MS		10000
#define VALIDATE_MEMORY		(INT64CONST(256) * 1024 * 1024)

/* What a log frame counts beside its text: it becomes a row, or a notice. */
#define LOG_FRAME_COST		64

/* Findings of a validation, as they come. */
#define MAX_FINDINGS		1000
#define FINDINGS_BYTES		(1024 * 1024)

/* A preview is held in memory, as JSON: most bytes of it, and of its wire. */
#define PREVIEW_BYTES		(32 * 1024 * 1024)

typedef struct Session
{
	const TrTask *task;
	TrOutcome  *outcome;
	TrProgress *progress;
	TrLink	   *link;
	TrInput    *input;
	TrResult   *result;
	TrSink	   *sink;
	bool		fed;			/* END has been queued */
	bool		done;			/* DONE has come */
	uint64		log_bytes;
	bool		log_cut;		/* said so */
	uint64		output_bytes;

	/* preview */
	bool		preview;
	bool		verify;			/* a preview that keeps no row */
	List	   *rows;			/* of char *, JSON */
	uint64		json_bytes;
	TupleDesc	desc;

	/* validation */
	List	   *findings;
	uint64		findings_bytes;
} Session;

/* ---- opening ---- */

static void
open_link(Session *s)
{
	WireJob		job = {
		.job_id = s->task->job_id,
		.wall_ms = s->task->limits.wall_ms,
		.cpu_ms = s->task->limits.cpu_ms,
		.memory_bytes = s->task->limits.memory_bytes,
		.required_walls = s->task->required_walls
	};

	/* an error in here means that there is no broker at the moment */
	s->outcome->infrastructure = true;
	s->link = tr_link_open(tr_guc_address(), &job);
	s->outcome->infrastructure = false;
}

/* Its first frame goes behind the task. */
static void
open_input(Session *s, uint64 row_limit)
{
	s->input = tr_input_open(s->task, row_limit, s->outcome);
	(void) tr_input_send(s->input, s->link, s->progress);
}

/* ---- what comes back ---- */

static void
write_log(Session *s, uint32 stream, const char *text)
{
	if (s->task->log != NULL)
		s->task->log(s->task->log_arg, (int) stream, text, strlen(text));
}

/*
 * The driver cuts its own output; a worker that does not is cut here, and one
 * that sends its output in crumbs.
 */
static bool
fits_log(Session *s, uint32 len)
{
	s->log_bytes += len + LOG_FRAME_COST;
	if (s->log_bytes <= s->task->limits.log_bytes + 2 * WIRE_MAX_TEXT)
		return true;
	if (!s->log_cut)
		write_log(s, WIRE_WARNING, "[output cut: too much, or in too many pieces]");
	s->log_cut = true;
	return false;
}

static void
handle_log(Session *s, const TrFrame *frame)
{
	const char *why;
	uint32		stream;
	WireText	text;
	char	   *copy;

	if (!wire_log_decode(frame->payload, frame->len, &stream, &text, &why))
		tr_fail_protocol(why);

	if (!fits_log(s, text.len))
		return;
	copy = tr_text_from_worker(text, true);
	write_log(s, stream, copy);
	pfree(copy);
}

static void
handle_finding(Session *s, const TrFrame *frame)
{
	const char *why;
	WireFinding wire;
	TrFinding  *finding;

	if (!wire_finding_decode(frame->payload, frame->len, &wire, &why))
		tr_fail_protocol(why);
	if (s->input != NULL)
		tr_fail_protocol("a finding where none was asked for");
	s->findings_bytes += frame->len;
	if (list_length(s->findings) >= MAX_FINDINGS ||
		s->findings_bytes > FINDINGS_BYTES)
		return;
	finding = palloc0(sizeof(TrFinding));
	finding->line = wire.line;
	finding->column = wire.column;
	finding->severity = wire.severity == 1 ? "error" : "warning";
	finding->what = tr_text_from_worker(wire.what, false);
	finding->why = tr_text_from_worker(wire.why, false);
	finding->instead = tr_text_from_worker(wire.instead, false);
	s->findings = lappend(s->findings, finding);
}

/* Columns of a preview: their natural types. */
static void
open_preview(Session *s)
{
	TrResult   *result = s->result;
	const TrSourceColumn *source;
	int			nsource = tr_input_columns(s->input, &source);
	TupleDesc	desc = CreateTemplateTupleDesc(result->ncols);

	for (int i = 0; i < result->ncols; i++)
	{
		TrDecoder  *col = &result->columns[i];
		WireFormat	format = result->formats[i];
		int32		typmod;
		Oid			type = tr_sink_column_type(&format, col->name,
											   s->task->numeric, source,
											   nsource, &typmod);

		if (!tr_decoder_init(col, &format, type, typmod))
			elog(ERROR, "no way to show column \"%s\"", col->name);
		TupleDescInitEntry(desc, i + 1, col->name, col->type, col->typmod, 0);
	}
	s->desc = BlessTupleDesc(desc);
}

static void
handle_schema(Session *s, const TrFrame *frame)
{
	const TrSourceColumn *source;
	int			nsource;

	if (s->input == NULL)
		tr_fail_protocol("a schema where none was asked for");
	s->outcome->stage = TR_STAGE_OUTPUT;
	s->result = tr_result_open(frame->payload, frame->len);
	if (s->preview)
		open_preview(s);
	else
	{
		nsource = tr_input_columns(s->input, &source);
		s->sink = tr_sink_open(s->task, s->result, source, nsource);
		s->outcome->destination = tr_sink_relation(s->sink);
	}
	s->outcome->stage = TR_STAGE_RUN;
}

static void
check_preview_bytes(uint64 bytes)
{
	if (bytes > PREVIEW_BYTES)
		ereport(ERROR,
				(errcode(TR_ERR_LIMIT),
				 errmsg("the result is larger than the %d MB a preview may have",
						PREVIEW_BYTES / 1024 / 1024),
				 errhint("Preview fewer rows, or submit a job and look at its destination.")));
}

static void
store_preview(Session *s, uint32 rows)
{
	MemoryContext caller = CurrentMemoryContext;

	/* NULLs cost nothing on the wire and text grows as JSON: count both */
	check_preview_bytes(s->output_bytes);
	for (uint32 row = 0; row < rows; row++)
	{
		HeapTuple	tuple;
		Datum		json;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(s->result->row_context);
		MemoryContextSwitchTo(s->result->row_context);
		tr_result_row(s->result, row);
		tuple = heap_form_tuple(s->desc, s->result->values, s->result->nulls);
		json = DirectFunctionCall1(row_to_json,
								   HeapTupleGetDatum(tuple));
		s->json_bytes += VARSIZE_ANY_EXHDR(DatumGetPointer(json));
		check_preview_bytes(s->json_bytes);
		MemoryContextSwitchTo(caller);
		s->rows = lappend(s->rows, TextDatumGetCString(json));
	}
}

/* The driver checks these limits early; a worker that does not is cut here. */
static void
check_output_limits(Session *s, uint32 bytes)
{
	const TrLimits *limits = &s->task->limits;

	s->output_bytes += bytes;
	if (s->result->rows > (uint64) limits->output_rows)
		tr_fail_limit(TR_LIMIT_OUTPUT_ROWS, limits->output_rows,
					  s->result->rows);
	if (s->output_bytes > (uint64) limits->output_bytes)
		tr_fail_limit(TR_LIMIT_OUTPUT_BYTES, limits->output_bytes,
					  s->output_bytes);
}

static void
pump(void *arg)
{
	tr_link_pump((TrLink *) arg);
}

static void
handle_chunk(Session *s, const TrFrame *frame)
{
	uint32		rows;

	if (s->result == NULL)
		tr_fail_protocol("rows before their schema");
	s->outcome->stage = TR_STAGE_OUTPUT;
	tr_result_begin(s->result, frame->payload, frame->len);
	check_output_limits(s, frame->len);
	rows = s->result->chunk.rows;
	tr_result_decode(s->result);
	pg_atomic_write_u64(&s->progress->rows_returned, s->result->rows);
	pg_atomic_write_u64(&s->progress->bytes_out, s->output_bytes);
	if (s->verify)
		return;
	if (s->preview)
		store_preview(s, rows);
	else
	{
		rows = tr_sink_store(s->sink, rows, pump, s->link);
		s->outcome->rows_rejected = tr_sink_rejected(s->sink);
	}
	pg_atomic_fetch_add_u64(&s->progress->rows_written, rows);
	s->outcome->stage = TR_STAGE_RUN;
}

/* Usage, walls and the like from the broker into outcome and progress. */
static void
note_state(Session *s)
{
	const TrLinkState *state = tr_link_state(s->link);
	TrOutcome  *outcome = s->outcome;

	if (state->started && !outcome->started)
	{
		outcome->started = true;
		outcome->walls_enforced = state->start.enforced_walls;
		outcome->versions = MemoryContextStrdup(outcome->context,
												state->versions);
		(void) tr_clock_switch(&outcome->clock, TR_PART_SCRIPT);
		if (outcome->stage == TR_STAGE_START)
			outcome->stage = TR_STAGE_RUN;
	}
	if (state->exited)
	{
		outcome->cpu_us = state->exit.cpu_us;
		outcome->wall_us = state->exit.wall_us;
		outcome->peak_memory_bytes = state->exit.peak_memory_bytes;
	}
	else
	{
		outcome->cpu_us = state->usage.cpu_us;
		outcome->wall_us = state->usage.wall_us;
		outcome->peak_memory_bytes = Max(outcome->peak_memory_bytes,
										 state->usage.memory_bytes);
	}
	pg_atomic_write_u64(&s->progress->memory_bytes,
						outcome->peak_memory_bytes);
	pg_atomic_write_u64(&s->progress->cpu_us, outcome->cpu_us);
}

/* Learn from the broker how the worker ended; end it if it lingers. */
static void
await_exit(Session *s)
{
	const TrLinkState *state = tr_link_state(s->link);

	if (!state->data_closed)
		tr_link_kill(s->link);
	while (!state->exited && !state->control_closed)
		tr_link_wait(s->link);
	note_state(s);
}

/*
 * The result is complete: have the worker ended, and learn what it used, but
 * do not wait for it to be gone, which takes milliseconds; closing the link
 * ends it in any case.
 */
static void
await_usage(Session *s)
{
	const TrLinkState *state = tr_link_state(s->link);
	uint32		before = state->usages;

	tr_link_kill(s->link);
	while (state->usages == before && !state->exited &&
		   !state->control_closed)
		tr_link_wait(s->link);
	note_state(s);
}

static void
handle_error(Session *s, const TrFrame *frame)
{
	const char *why;
	WireError	error;

	if (!wire_error_decode(frame->payload, frame->len, &error, &why))
		tr_fail_protocol(why);
	await_exit(s);
	if (error.kind == WIRE_ERROR_MEMORY && error.call == 0 &&
		s->input != NULL)
		tr_input_no_memory(s->input);
	tr_fail_worker_error(&error, s->task, s->outcome);
}

static void
handle_frame(Session *s, const TrFrame *frame)
{
	TrPart		part = tr_clock_switch(&s->outcome->clock, TR_PART_WRITE);

	switch (frame->type)
	{
		case WIRE_LOG:
			handle_log(s, frame);
			break;
		case WIRE_FINDING:
			handle_finding(s, frame);
			break;
		case WIRE_SCHEMA:
			handle_schema(s, frame);
			break;
		case WIRE_CHUNK:
			handle_chunk(s, frame);
			break;
		case WIRE_ERROR:
			handle_error(s, frame);
			break;
		case WIRE_DONE:
			if (frame->len != 0)
				tr_fail_protocol("bytes left over at the end of a payload");
			s->done = true;
			break;
	}
	(void) tr_clock_switch(&s->outcome->clock, part);
}

/* ---- the loop ---- */

static void
feed_some(Session *s)
{
	TrStage		before = s->outcome->stage;
	TrPart		part = tr_clock_switch(&s->outcome->clock, TR_PART_READ);

	s->outcome->stage = TR_STAGE_INPUT;
	s->fed = !tr_input_send(s->input, s->link, s->progress);
	s->outcome->stage = before;
	tr_link_pump(s->link);
	(void) tr_clock_switch(&s->outcome->clock, part);
}

/* Until DONE; raises on every other end. */
static void
converse(Session *s)
{
	const TrLinkState *state = tr_link_state(s->link);
	TrFrame		frame;

	while (!s->done)
	{
		CHECK_FOR_INTERRUPTS();
		note_state(s);
		if (state->refused)
			tr_fail_refused(state->refusal, state->refusal_text,
							s->outcome);
		if (state->started && !s->fed && s->input != NULL &&
			!state->data_closed && tr_link_sent(s->link))
			feed_some(s);
		if (tr_link_next(s->link, &frame))
		{
			handle_frame(s, &frame);
			tr_link_release(s->link, &frame);
			continue;
		}
		if (state->data_closed)
			break;
		if (!s->fed && s->input != NULL && state->started &&
			tr_link_sent(s->link))
			continue;
		tr_link_wait(s->link);
	}
	if (!s->done)
	{
		await_exit(s);
		if (state->exited && state->exit.reason == WIRE_EXIT_MEMORY &&
			s->input != NULL && !s->fed)
			tr_input_no_memory(s->input);
		tr_fail_exit(state, s->task, s->outcome);
	}
	await_usage(s);
	if (s->input != NULL && !s->fed)
		tr_fail_protocol("done before the end of its input");
}

/* ---- entry points ---- */

static void
begin(Session *s, const TrTask *task, TrOutcome *outcome)
{
	static TrProgress ignored;

	memset(s, 0, sizeof(*s));
	s->task = task;
	s->outcome = outcome;
	s->progress = task->progress != NULL ? task->progress : &ignored;
	outcome->stage = TR_STAGE_START;
	tr_clock_begin(&outcome->clock);
}

/* What pg_current_snapshot() says: the rows that the job could see. */
static void
note_snapshot(TrOutcome *outcome)
{
	Datum		snapshot = OidFunctionCall0(F_PG_CURRENT_SNAPSHOT);

	outcome->snapshot = MemoryContextStrdup(outcome->context,
											DatumGetCString(DirectFunctionCall1(pg_snapshot_out, snapshot)));
}

static void
note_digest(Session *s)
{
	s->outcome->digest = MemoryContextStrdup(s->outcome->context,
											 tr_digest_text(&s->result->digest));
}

/* For the runner, which outlives our memory. */
static void
keep_watermark(Session *s)
{
	MemoryContext old;

	if (s->task->options->since == NULL)
		return;
	old = MemoryContextSwitchTo(s->outcome->context);
	s->outcome->watermark = tr_input_watermark(s->input);
	MemoryContextSwitchTo(old);
}

void
tr_session_run(const TrTask *task, TrOutcome *outcome)
{
	Session		s;

	begin(&s, task, outcome);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	tr_sink_check(task);		/* before the snapshot */
	PushActiveSnapshot(GetTransactionSnapshot());
	note_snapshot(outcome);
	open_link(&s);
	tr_task_queue(task, s.link, "run");
	open_input(&s, 0);
	converse(&s);
	outcome->stage = TR_STAGE_OUTPUT;
	if (s.sink == NULL)
		tr_fail_protocol("done without a result");
	note_digest(&s);
	(void) tr_clock_switch(&outcome->clock, TR_PART_WRITE);
	tr_sink_close(s.sink);
	keep_watermark(&s);
	tr_input_close(s.input);
	tr_link_close(s.link);
	PopActiveSnapshot();
	SPI_finish();
}

/* The columns of a preview as a JSON array of {"name", "type"}. */
static char *
describe_columns(Session *s)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < s->result->ncols; i++)
	{
		TrDecoder  *col = &s->result->columns[i];

		appendStringInfoString(&json, i > 0 ? ", {\"name\": " : "{\"name\": ");
		escape_json(&json, col->name);
		appendStringInfoString(&json, ", \"type\": ");
		escape_json(&json, format_type_with_typemod(col->declared,
													col->typmod));
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

List *
tr_session_preview(const TrTask *task, int rows, TrOutcome *outcome,
				   char **columns)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;
	Session		s;

	begin(&s, task, outcome);
	s.preview = true;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	spi = CurrentMemoryContext;
	PushActiveSnapshot(GetTransactionSnapshot());
	open_link(&s);
	tr_task_queue(task, s.link, "run");
	open_input(&s, rows);
	MemoryContextSwitchTo(caller);	/* the rows are the caller's */
	converse(&s);
	if (s.result == NULL)
		tr_fail_protocol("done without a result");
	*columns = describe_columns(&s);
	MemoryContextSwitchTo(spi);
	tr_input_close(s.input);
	tr_link_close(s.link);
	PopActiveSnapshot();
	SPI_finish();
	MemoryContextSwitchTo(caller);
	return s.rows;
}

uint64
tr_session_verify(const TrTask *task, TrOutcome *outcome)
{
	Session		s;
	uint64		rows;

	begin(&s, task, outcome);
	s.preview = s.verify = true;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	PushActiveSnapshot(GetTransactionSnapshot());
	open_link(&s);
	tr_task_queue(task, s.link, "run");
	open_input(&s, 0);
	converse(&s);
	if (s.result == NULL)
		tr_fail_protocol("done without a result");
	note_digest(&s);
	rows = s.result->rows;
	tr_input_close(s.input);
	tr_link_close(s.link);
	PopActiveSnapshot();
	SPI_finish();
	return rows;
}

List *
tr_session_validate(const char *code, char **versions)
{
	TrTask		task = {
		.script = "script",
		.code = code,
		.limits = {
			.wall_ms = VALIDATE_WALL_MS,
			.cpu_ms = VALIDATE_CPU_MS,
			.memory_bytes = VALIDATE_MEMORY
		},
		.required_walls = tr_guc_required_walls()
	};
	TrOutcome	outcome = {.context = CurrentMemoryContext};
	Session		s;

	begin(&s, &task, &outcome);
	open_link(&s);
	tr_task_queue(&task, s.link, "validate");
	converse(&s);
	tr_link_close(s.link);
	if (versions != NULL)
		*versions = outcome.versions;
	return s.findings;
}
