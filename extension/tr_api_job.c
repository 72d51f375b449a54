/*
 * tr_api_job.c
 *		transform_wait, transform_cancel, transform_logs, and the private
 *		functions of transform_run.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/condition_variable.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_errors.h"
#include "tr_log.h"
#include "tr_queue.h"
#include "tr_shmem.h"

/* Looks again at least this often, should a wake-up get lost. */
#define WAIT_POLL_MS	5000

#define CANCEL_TRIES	5

PG_FUNCTION_INFO_V1(transform_assert_no_transaction_block);
PG_FUNCTION_INFO_V1(transform_progress_line);
PG_FUNCTION_INFO_V1(transform_raise_failure);

/* ---- waiting ---- */

/* When the n-th argument, an interval, is over; NULL: never. */
static TimestampTz
deadline_arg(FunctionCallInfo fcinfo, int n)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz result;

	if (PG_ARGISNULL(n))
		return DT_NOEND;
	result = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
													 TimestampTzGetDatum(now),
													 PG_GETARG_DATUM(n)));
	if (result < now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("timeout must not be negative"),
				 errhint("Leave it out to wait until the job is over.")));
	return result;
}

static void
refuse_own_job(int64 job, const TrJobStatus *status)
{
	if (status->own_write && !tr_job_is_final(status->state))
		ereport(ERROR,
				(errcode(TR_ERR_SANDBOX),
				 errmsg("job " INT64_FORMAT " was submitted by this transaction, which has not been committed",
						job),
				 errhint("The job starts at COMMIT: commit first and wait then, or use CALL transform_run(...).")));
}

/* Sleep until some job is over, or the deadline, or a while. */
static void
sleep_until(TimestampTz deadline)
{
	static uint32 event = 0;
	long		ms = WAIT_POLL_MS;

	if (deadline != DT_NOEND)
	{
		long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   deadline);

		ms = Max(1, Min(ms, left));
	}
	(void) ConditionVariableTimedSleep(tr_jobs_finished(), ms,
									   tr_wait_event(&event, "TransformJobEnd"));
}

/* What is read of the job each time goes into memory that is used again. */
static void
look_at(int64 job, TrJobStatus *status, MemoryContext context)
{
	MemoryContext old;

	MemoryContextReset(context);
	old = MemoryContextSwitchTo(context);
	tr_api_job(job, status);
	MemoryContextSwitchTo(old);
}

/*
 * A commit is visible a moment before other sessions are told to forget what
 * they have cached: who has just learnt that the job succeeded might still
 * remember that its table does not exist.  The transaction's own lock goes
 * after that, so wait for it.
 */
static Datum
wait(PG_FUNCTION_ARGS)
{
	int64		job;
	TimestampTz deadline;
	TrJobStatus status;
	MemoryContext looks = AllocSetContextCreate(CurrentMemoryContext,
												"transform wait",
												ALLOCSET_SMALL_SIZES);

	tr_api_require_preload();
	job = tr_api_int8_arg(fcinfo, 0, "job");
	deadline = deadline_arg(fcinfo, 1);

	/* from here on no end of a job is missed */
	ConditionVariablePrepareToSleep(tr_jobs_finished());
	for (;;)
	{
		look_at(job, &status, looks);
		refuse_own_job(job, &status);
		if (tr_job_is_final(status.state) ||
			GetCurrentTimestamp() >= deadline)
			break;
		sleep_until(deadline);
		CHECK_FOR_INTERRUPTS();
	}
	ConditionVariableCancelSleep();
	if (tr_job_is_final(status.state) && !status.own_write)
		XactLockTableWait(status.writer, NULL, NULL, XLTW_None);
	PG_RETURN_TEXT_P(cstring_to_text(tr_state_name(status.state)));
}

TR_AUDITED(transform_wait, wait, TR_AUDIT_READ, TR_ABOUT_JOB)

/* ---- cancelling ---- */

/* In its row: pending, or running with nobody there to run it. */
static bool
cancel_row(int64 job, const TrJobStatus *status)
{
	TrEnd		end = {.stage = TR_STAGE_CANCEL};

	end.sqlstate = ERRCODE_QUERY_CANCELED;
	end.error = psprintf("the job was cancelled by %s",
						 quote_identifier(GetUserNameFromId(GetUserId(), false)));
	return tr_queue_finish(job, status->state, status->attempt,
						   TR_EVENT_CANCEL, &end);
}

/* A running job is interrupted at once, whatever this transaction comes to. */
static void
audit_cancel(int64 job, bool at_once)
{
	TrAuditEvent event = {
		.kind = TR_AUDIT_CANCEL,
		.outcome = at_once ? "interrupted" : "cancelled",
		.lasting = at_once,
		.job = job
	};

	tr_audit(&event);
}

static Datum
cancel(PG_FUNCTION_ARGS)
{
	int64		job;

	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_cancel()");
	job = tr_api_int8_arg(fcinfo, 0, "job");

	/* the job may move on between looking and acting */
	for (int i = 0; i < CANCEL_TRIES; i++)
	{
		TrJobStatus status;

		tr_api_job(job, &status);
		if (tr_job_is_final(status.state))
			PG_RETURN_BOOL(false);
		if (status.state == TR_RUNNING && tr_slot_cancel(MyDatabaseId, job))
		{
			audit_cancel(job, true);
			PG_RETURN_BOOL(true);
		}
		if (cancel_row(job, &status))
		{
			audit_cancel(job, false);
			PG_RETURN_BOOL(true);
		}
	}
	PG_RETURN_BOOL(false);
}

TR_AUDITED(transform_cancel, cancel, TR_AUDIT_CANCEL, TR_ABOUT_JOB)

/* ---- logs ---- */

typedef struct LogRows
{
	ReturnSetInfo *rsinfo;
	int			last_attempt;	/* of the rows from the table */
	int			last_seq;
} LogRows;

static void
put_log_row(void *arg, int attempt, int seq, TimestampTz at,
			const char *stream, const char *text)
{
	LogRows    *rows = (LogRows *) arg;
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = Int32GetDatum(attempt);
	values[1] = Int32GetDatum(seq);
	values[2] = TimestampTzGetDatum(at);
	values[3] = CStringGetTextDatum(stream);
	values[4] = CStringGetTextDatum(text);
	tuplestore_putvalues(rows->rsinfo->setResult, rows->rsinfo->setDesc,
						 values, nulls);
	rows->last_attempt = attempt;
	rows->last_seq = seq;
}

/*
 * The ring is read before the table: what moves from one to the other in
 * between is seen twice, not missed, and left out by its number.
 */
static Datum
logs(PG_FUNCTION_ARGS)
{
	LogRows		rows = {.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo};
	TrJobStatus status;
	List	   *live = NIL;
	ListCell   *cell;
	int64		job;
	int			slot;
	uint64		end;

	tr_api_require_preload();
	job = tr_api_int8_arg(fcinfo, 0, "job");
	tr_api_job(job, &status);
	InitMaterializedSRF(fcinfo, 0);

	slot = tr_slot_of(MyDatabaseId, job, status.attempt);
	if (slot >= 0)
		live = tr_log_read(slot, &end);
	/* the slot may have been given to another job while we read */
	if (slot >= 0 && tr_slot_of(MyDatabaseId, job, status.attempt) != slot)
		live = NIL;
	tr_queue_read_log(job, put_log_row, &rows);
	foreach(cell, live)
	{
		const TrLogLine *line = lfirst(cell);

		if (rows.last_attempt < status.attempt || line->seq > rows.last_seq)
			put_log_row(&rows, status.attempt, line->seq, line->at,
						tr_stream_name(line->stream), line->text);
	}
	return (Datum) 0;
}

TR_AUDITED(transform_logs, logs, TR_AUDIT_READ, TR_ABOUT_JOB)

/* ---- for transform_run ---- */

Datum
transform_assert_no_transaction_block(PG_FUNCTION_ARGS)
{
	tr_api_require_preload();
	if (IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("transform_run cannot run inside a transaction block"),
				 errdetail("It commits the submitted job, so that the job can start, and then waits for it."),
				 errhint("Switch the client's autocommit on and send the CALL alone, outside BEGIN ... COMMIT and EXCEPTION; or use transform_submit(), COMMIT and transform_wait().")));
	if (!SPI_inside_nonatomic_context())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("transform_run cannot run where its caller may not commit"),
				 errdetail("A function may not, nor a procedure with SET or SECURITY DEFINER, nor what these call."),
				 errhint("Call it from elsewhere, or use transform_submit(), COMMIT and transform_wait().")));
	PG_RETURN_VOID();
}

static char *
running_line(int64 job, const TrJobStatus *status)
{
	int			slot = tr_slot_of(MyDatabaseId, job, status->attempt);
	TrProgress *p;

	if (slot < 0)
		return psprintf("job " INT64_FORMAT ": running", job);
	p = tr_slot_progress(slot);
	return psprintf("job " INT64_FORMAT ": running for %.1f s, %llu rows read, %llu returned, %llu written, worker has %llu MB",
					job, status->seconds,
					(unsigned long long) pg_atomic_read_u64(&p->rows_read),
					(unsigned long long) pg_atomic_read_u64(&p->rows_returned),
					(unsigned long long) pg_atomic_read_u64(&p->rows_written),
					(unsigned long long) pg_atomic_read_u64(&p->memory_bytes) / (1024 * 1024));
}

Datum
transform_progress_line(PG_FUNCTION_ARGS)
{
	int64		job = PG_GETARG_INT64(0);
	TrJobStatus status;
	char	   *line;

	tr_api_require_preload();
	tr_api_job(job, &status);
	if (status.state == TR_RUNNING)
		line = running_line(job, &status);
	else if (status.state == TR_SUCCEEDED)
		line = psprintf("job " INT64_FORMAT ": succeeded in %.3f s, " INT64_FORMAT " rows read, " INT64_FORMAT " rows written to %s",
						job, status.seconds, status.rows_read,
						status.rows_written, status.destination);
	else if (status.waiting_reason != NULL)
		line = psprintf("job " INT64_FORMAT ": %s, %s", job,
						tr_state_name(status.state), status.waiting_reason);
	else
		line = psprintf("job " INT64_FORMAT ": %s", job,
						tr_state_name(status.state));
	PG_RETURN_TEXT_P(cstring_to_text(line));
}

Datum
transform_raise_failure(PG_FUNCTION_ARGS)
{
	int64		job = PG_GETARG_INT64(0);
	TrJobStatus status;

	tr_api_require_preload();
	tr_api_job(job, &status);
	if (status.sqlstate == 0)
		PG_RETURN_VOID();
	ereport(ERROR,
			(errcode(status.sqlstate),
			 errmsg("%s", status.error == NULL ? "the job failed" : status.error),
			 status.detail != NULL ? errdetail("%s", status.detail) : 0,
			 status.hint != NULL ? errhint("%s", status.hint) : 0,
			 errcontext("transform job " INT64_FORMAT "%s%s", job,
						status.traceback == NULL ? "" : "\n",
						status.traceback == NULL ? "" : status.traceback)));
	PG_RETURN_VOID();
}
