/*
 * tr_queue_job.c
 *		Functions on jobs and their logs; their SQL stands in tr_queue.c.
 *
 * Process: any, inside a transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tr_audit.h"
#include "tr_authenticate.h"
#include "tr_depend.h"
#include "tr_log.h"
#include "tr_queue.h"
#include "tr_statement.h"
#include "tr_wake.h"
#include "tr_walls.h"

/* ---- jobs: submitting, claiming ---- */

int64
tr_queue_queued(Oid role, int64 most)
{
	Datum		values[2] = {ObjectIdGetDatum(role), Int64GetDatum(most)};
	TrScope		scope;
	int64		result;

	tr_scope_enter(&scope);
	tr_statement(Q_QUEUED, values, NULL, InvalidSnapshot);
	result = DatumGetInt64(tr_value(0, 1));
	tr_scope_leave(&scope);
	return result;
}

int64
tr_queue_submit(const TrNewJob *job)
{
	Datum		values[23 + TR_OPTIONS];
	char		nulls[23 + TR_OPTIONS];
	TrScope		scope;
	int64		id;

	memset(nulls, ' ', sizeof(nulls));
	tr_scope_enter(&scope);
	values[0] = Int64GetDatum(job->script);
	values[1] = Int32GetDatum(job->version);
	values[2] = ObjectIdGetDatum(job->role);
	values[3] = ObjectIdGetDatum(job->source);
	nulls[3] = OidIsValid(job->source) ? ' ' : 'n';
	tr_set_text(values, nulls, 4, job->source_name);
	tr_set_text(values, nulls, 5, job->destination);
	tr_set_text(values, nulls, 6, tr_shape_name(job->shape));
	tr_set_text(values, nulls, 7, tr_mode_name(job->mode));
	tr_set_text(values, nulls, 8, tr_numeric_name(job->numeric));
	nulls[9] = job->params == NULL ? 'n' : ' ';
	values[9] = PointerGetDatum(job->params);
	values[10] = Int32GetDatum(job->priority);
	values[11] = Int32GetDatum(job->chunk_rows);
	values[12] = Int64GetDatum(job->limits.wall_ms);
	values[13] = Int64GetDatum(job->limits.cpu_ms);
	values[14] = Int64GetDatum(job->limits.memory_bytes);
	values[15] = Int64GetDatum(job->limits.output_rows);
	values[16] = Int64GetDatum(job->limits.output_bytes);
	values[17] = Int64GetDatum(job->limits.log_bytes);
	tr_set_text(values, nulls, 18, tr_backend_name(job->backend));
	for (int i = 0; i < TR_OPTIONS; i++)
	{
		values[19 + i] = job->options[i];
		nulls[19 + i] = job->no_option[i] ? 'n' : ' ';
	}
	tr_set_text(values, nulls, 19 + TR_OPTIONS, job->search_path);
	values[20 + TR_OPTIONS] = Int64GetDatum(job->limits.concurrent_jobs);
	tr_set_text(values, nulls, 21 + TR_OPTIONS, tr_auth_subject());
	tr_set_text(values, nulls, 22 + TR_OPTIONS, tr_auth_token_id());
	tr_statement(Q_SUBMIT, values, nulls, InvalidSnapshot);
	id = DatumGetInt64(tr_value(0, 1));
	tr_scope_leave(&scope);
	tr_wake_scheduler_at_commit();
	return id;
}

static void
read_claim(int row, TrClaim *claim)
{
	claim->job = DatumGetInt64(tr_value(row, 1));
	claim->attempt = DatumGetInt32(tr_value(row, 2));
	claim->role = DatumGetObjectId(tr_value(row, 3));
}

bool
tr_queue_next(TrClaim *claim)
{
	TrScope		scope;
	bool		found;

	tr_scope_enter(&scope);
	tr_statement(Q_NEXT, NULL, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
		read_claim(0, claim);
	tr_scope_leave(&scope);
	return found;
}

/* id, state and attempt that the row must have, and the state it gets. */
static void
set_move(Datum *values, int64 job, TrState from, int attempt, TrEvent event)
{
	values[0] = Int64GetDatum(job);
	values[1] = CStringGetTextDatum(tr_state_name(from));
	values[2] = Int32GetDatum(attempt);
	values[3] = CStringGetTextDatum(tr_state_name(tr_job_transition(from, event)));
}

void
tr_queue_claim(const TrClaim *claim)
{
	Datum		values[5];
	TrScope		scope;

	tr_scope_enter(&scope);
	set_move(values, claim->job, TR_PENDING, claim->attempt, TR_EVENT_CLAIM);
	values[4] = Int32GetDatum(claim->attempt + 1);
	tr_statement(Q_CLAIM, values, NULL, InvalidSnapshot);
	if (SPI_processed != 1)
		elog(ERROR, "job " INT64_FORMAT " changed while it was locked",
			 claim->job);
	tr_scope_leave(&scope);
}

/* The columns of a row from the n-th on that hold the options. */
static void
load_options(const TrScope *scope, int n, TrOptions *o)
{
	o->backend = tr_backend_parse(tr_text_value(scope, 0, n));
	o->source_query = tr_text_value(scope, 0, n + 1);
	o->sources = tr_text_value(scope, 0, n + 2);
	o->columns = tr_texts_value(scope, 0, n + 3);
	o->filter = tr_text_value(scope, 0, n + 4);
	o->group_by = tr_texts_value(scope, 0, n + 5);
	o->key = tr_texts_value(scope, 0, n + 6);
	o->reject_table = tr_text_value(scope, 0, n + 7);
	o->expect = tr_text_value(scope, 0, n + 8);
	o->since = tr_text_value(scope, 0, n + 9);
	o->search_path = tr_text_value(scope, 0, n + 10);
}

bool
tr_queue_load(int64 job, TrState state, int attempt, Oid role, TrJobRow *row)
{
	Datum		values[4] = {Int64GetDatum(job), 0, Int32GetDatum(attempt),
	ObjectIdGetDatum(role)};
	TrScope		scope;
	bool		found;

	tr_scope_enter(&scope);
	values[1] = CStringGetTextDatum(tr_state_name(state));
	tr_statement(Q_LOAD, values, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
	{
		row->script = tr_text_value(&scope, 0, 1);
		row->version = DatumGetInt32(tr_value(0, 2));
		row->code = tr_text_value(&scope, 0, 3);
		row->source = tr_oid_or_invalid(0, 4);
		row->source_name = tr_text_value(&scope, 0, 5);
		row->destination = tr_text_value(&scope, 0, 6);
		row->shape = tr_shape_parse(tr_text_value(&scope, 0, 7));
		row->mode = tr_mode_parse(tr_text_value(&scope, 0, 8));
		row->numeric = tr_numeric_parse(tr_text_value(&scope, 0, 9));
		row->params = tr_text_value(&scope, 0, 10);
		row->chunk_rows = DatumGetInt32(tr_value(0, 11));
		row->limits.wall_ms = DatumGetInt64(tr_value(0, 12));
		row->limits.cpu_ms = DatumGetInt64(tr_value(0, 13));
		row->limits.memory_bytes = DatumGetInt64(tr_value(0, 14));
		row->limits.output_rows = DatumGetInt64(tr_value(0, 15));
		row->limits.output_bytes = DatumGetInt64(tr_value(0, 16));
		row->limits.log_bytes = DatumGetInt64(tr_value(0, 17));
		row->unstarted = DatumGetInt32(tr_value(0, 18));
		load_options(&scope, 19, &row->options);
		row->digest = tr_text_value(&scope, 0, 30);
		row->rows_returned = tr_int8_or_zero(0, 31);
		row->since_from = tr_text_value(&scope, 0, 32);
		row->since_to = tr_text_value(&scope, 0, 33);
		row->script_id = DatumGetInt64(tr_value(0, 34));
		row->access = tr_script_access(role, DatumGetObjectId(tr_value(0, 35)),
									   tr_text_value(&scope, 0, 37));
		row->archived = DatumGetBool(tr_value(0, 36));
		row->script_hash = tr_text_value(&scope, 0, 38);
		row->subject = tr_text_value(&scope, 0, 39);
		row->token_id = tr_text_value(&scope, 0, 40);
	}
	tr_scope_leave(&scope);
	return found;
}

/* ---- jobs: ending ---- */

bool
tr_queue_requeue(int64 job, int attempt, const TrRequeue *requeue)
{
	Datum		values[8];
	char		nulls[8];
	TrScope		scope;
	bool		hit;

	memset(nulls, ' ', sizeof(nulls));
	tr_scope_enter(&scope);
	set_move(values, job, TR_RUNNING, attempt, TR_EVENT_REQUEUE);
	values[4] = Int32GetDatum(requeue->attempt);
	values[5] = Int32GetDatum(requeue->unstarted);
	values[6] = Int32GetDatum(requeue->delay_ms);
	tr_set_text(values, nulls, 7, requeue->reason);
	tr_statement(Q_REQUEUE, values, nulls, InvalidSnapshot);
	hit = SPI_processed == 1;
	tr_scope_leave(&scope);
	return hit;
}

static void
set_work(Datum *values, char *nulls, const TrEnd *end)
{
	if (!end->worked)
	{
		memset(nulls + 4, 'n', 10);
		nulls[28] = 'n';
		return;
	}
	values[4] = Int64GetDatum(end->rows_read);
	values[5] = Int64GetDatum(end->rows_returned);
	values[6] = Int64GetDatum(end->rows_written);
	values[7] = Int64GetDatum(end->bytes_in);
	values[8] = Int64GetDatum(end->bytes_out);
	values[9] = tr_walls_array(end->walls_enforced);
	values[10] = tr_walls_array(WALL_ALL & ~end->walls_enforced);
	values[11] = Int64GetDatum(end->peak_memory);
	values[12] = Float8GetDatum(end->cpu_us / 1e6);
	values[13] = Float8GetDatum(end->worker_us / 1e6);
	values[28] = Int64GetDatum(end->rows_rejected);
}

static void
set_error(Datum *values, char *nulls, const TrEnd *end)
{
	if (end->sqlstate == 0)
	{
		memset(nulls + 14, 'n', 7);
		return;
	}
	tr_set_text(values, nulls, 14, unpack_sql_state(end->sqlstate));
	tr_set_text(values, nulls, 15, end->error);
	tr_set_text(values, nulls, 16, end->detail);
	tr_set_text(values, nulls, 17, end->hint);
	tr_set_text(values, nulls, 18, end->context);
	tr_set_text(values, nulls, 19, tr_stage_name(end->stage));
	tr_set_text(values, nulls, 20, end->traceback);
}

/* Where the time went, and what it takes to repeat the job. */
static void
set_lineage(Datum *values, char *nulls, const TrEnd *end)
{
	for (int part = TR_PART_START; part < TR_PART_COMMIT; part++)
	{
		values[21 + part] = Float8GetDatum(end->part_ns[part] / 1e9);
		nulls[21 + part] = end->worked ? ' ' : 'n';
	}
	tr_set_text(values, nulls, 25, end->snapshot);
	tr_set_text(values, nulls, 26, end->digest);
	tr_set_text(values, nulls, 27, end->versions);
	tr_set_text(values, nulls, 29, end->definition);
}

static void
audit_end(int64 job, TrEvent event, const TrEnd *end)
{
	TrAuditEvent audit = {
		.kind = TR_AUDIT_RUN,
		.outcome = event == TR_EVENT_SUCCEED ? "succeeded" :
			event == TR_EVENT_CANCEL ? "cancelled" :
			tr_audit_failure(end->sqlstate, end->stage == TR_STAGE_RUN),
		.job = job,
		.sqlstate = end->sqlstate,
		.detail = end->error
	};

	if (end->row != NULL)
	{
		audit.role = GetUserId();	/* the runner, which has loaded it */
		audit.script = end->row->script;
		audit.version = end->row->version;
		audit.script_hash = end->row->script_hash;
		audit.source = tr_options_source(&end->row->options,
										 end->row->source_name);
		audit.destination = end->row->destination;
		audit.subject = end->row->subject;
		audit.token_id = end->row->token_id;
	}
	tr_audit(&audit);
}

bool
tr_queue_finish(int64 job, TrState from, int attempt, TrEvent event,
				const TrEnd *end)
{
	Datum		values[30];
	char		nulls[30];
	TrScope		scope;
	bool		hit;

	memset(nulls, ' ', sizeof(nulls));
	memset(values, 0, sizeof(values));
	tr_scope_enter(&scope);
	set_move(values, job, from, attempt, event);
	set_work(values, nulls, end);
	set_error(values, nulls, end);
	set_lineage(values, nulls, end);
	tr_statement(Q_FINISH, values, nulls, InvalidSnapshot);
	hit = SPI_processed == 1;
	tr_scope_leave(&scope);
	if (hit)
	{
		tr_depend_release(job);
		audit_end(job, event, end);
	}
	tr_wake_waiters_at_commit();
	return hit;
}

void
tr_queue_commit_time(int64 job, int attempt, int64 ns)
{
	Datum		values[3] = {Int64GetDatum(job), Int32GetDatum(attempt),
	Float8GetDatum(ns / 1e9)};
	TrScope		scope;

	tr_scope_enter(&scope);
	tr_statement(Q_COMMIT_TIME, values, NULL, InvalidSnapshot);
	tr_scope_leave(&scope);
}

/* ---- jobs: looking ---- */

List *
tr_queue_running(void)
{
	List	   *result = NIL;
	TrScope		scope;
	MemoryContext old;

	tr_scope_enter(&scope);
	tr_statement(Q_RUNNING, NULL, NULL, InvalidSnapshot);
	old = MemoryContextSwitchTo(scope.caller);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		TrClaim    *claim = palloc(sizeof(TrClaim));

		read_claim(i, claim);
		result = lappend(result, claim);
	}
	MemoryContextSwitchTo(old);
	tr_scope_leave(&scope);
	return result;
}

bool
tr_queue_pending(long *wait_ms)
{
	TrScope		scope;
	bool		found;

	tr_scope_enter(&scope);
	tr_statement(Q_PENDING, NULL, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
		*wait_ms = (long) DatumGetFloat8(tr_value(0, 1));
	tr_scope_leave(&scope);
	return found;
}

static int
parse_sqlstate(const char *s)
{
	if (s == NULL || strlen(s) != 5)
		return 0;
	return MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4]);
}

static void
read_status(const TrScope *scope, TrJobStatus *status)
{
	bool		isnull;
	Datum		seconds;

	status->state = tr_state_parse(tr_text_value(scope, 0, 1));
	status->attempt = DatumGetInt32(tr_value(0, 2));
	status->role = DatumGetObjectId(tr_value(0, 3));
	status->writer = DatumGetTransactionId(tr_value(0, 4));
	status->own_write = TransactionIdIsCurrentTransactionId(status->writer);
	status->sqlstate = parse_sqlstate(tr_text_value(scope, 0, 5));
	status->error = tr_text_value(scope, 0, 6);
	status->detail = tr_text_value(scope, 0, 7);
	status->hint = tr_text_value(scope, 0, 8);
	status->traceback = tr_text_value(scope, 0, 9);
	status->rows_read = tr_int8_or_zero(0, 10);
	status->rows_written = tr_int8_or_zero(0, 11);
	status->destination = tr_text_value(scope, 0, 12);
	status->waiting_reason = tr_text_value(scope, 0, 13);
	seconds = tr_column(0, 14, &isnull);
	status->seconds = isnull ? 0 : DatumGetFloat8(seconds);
}

bool
tr_queue_status(int64 job, TrJobStatus *status)
{
	Datum		values[1] = {Int64GetDatum(job)};
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TrScope		scope;
	bool		found;

	tr_scope_enter(&scope);
	tr_statement(Q_STATUS, values, NULL, snapshot);
	found = SPI_processed == 1;
	if (found)
		read_status(&scope, status);
	tr_scope_leave(&scope);
	UnregisterSnapshot(snapshot);
	return found;
}

/* ---- logs ---- */

void
tr_queue_add_log(int64 job, int attempt, List *lines)
{
	int			n = list_length(lines);
	Datum	   *columns[4];
	Datum		values[6];
	ListCell   *cell;
	TrScope		scope;
	int			i = 0;

	tr_scope_enter(&scope);
	for (int c = 0; c < 4; c++)
		columns[c] = palloc(n * sizeof(Datum));
	foreach(cell, lines)
	{
		const TrLogLine *line = lfirst(cell);

		columns[0][i] = Int32GetDatum(line->seq);
		columns[1][i] = TimestampTzGetDatum(line->at);
		columns[2][i] = CStringGetTextDatum(tr_stream_name(line->stream));
		columns[3][i++] = CStringGetTextDatum(line->text);
	}
	values[0] = Int64GetDatum(job);
	values[1] = Int32GetDatum(attempt);
	values[2] = PointerGetDatum(construct_array(columns[0], n, INT4OID, 4,
												true, TYPALIGN_INT));
	values[3] = PointerGetDatum(construct_array(columns[1], n, TIMESTAMPTZOID,
												8, FLOAT8PASSBYVAL,
												TYPALIGN_DOUBLE));
	values[4] = PointerGetDatum(construct_array(columns[2], n, TEXTOID, -1,
												false, TYPALIGN_INT));
	values[5] = PointerGetDatum(construct_array(columns[3], n, TEXTOID, -1,
												false, TYPALIGN_INT));
	tr_statement(Q_LOG_ADD, values, NULL, InvalidSnapshot);
	tr_scope_leave(&scope);
}

void
tr_queue_read_log(int64 job, TrLogRowCallback callback, void *arg)
{
	Datum		values[1] = {Int64GetDatum(job)};
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TrScope		scope;

	tr_scope_enter(&scope);
	tr_statement(Q_LOG_READ, values, NULL, snapshot);
	for (uint64 i = 0; i < SPI_processed; i++)
		callback(arg, DatumGetInt32(tr_value(i, 1)), DatumGetInt32(tr_value(i, 2)),
				 DatumGetTimestampTz(tr_value(i, 3)),
				 TextDatumGetCString(tr_value(i, 4)),
				 TextDatumGetCString(tr_value(i, 5)));
	tr_scope_leave(&scope);
	UnregisterSnapshot(snapshot);
}
