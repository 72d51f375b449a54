/*
 * tr_runner.c
 *		The runner of one job.
 *
 * Process: `transform runner`, connected as the role that submitted the job,
 * so that whatever the user's views, defaults, triggers and policies do is
 * done by that role and nobody behind it.  A role without LOGIN cannot connect
 * before PostgreSQL 17: then the bootstrap superuser does, and gives the
 * session to the role (SET SESSION AUTHORIZATION) before anything else.  In
 * either case nothing that the job calls can change who the session is.
 *
 * The attempt is one transaction: rows and state `succeeded` commit together.
 * After an error a second one records how the job ended.  What this process
 * leaves unrecorded, its scheduler settles.
 */
#include "postgres.h"

#include <signal.h>

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_db_role_setting.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "tr_api.h"
#include "tr_compat.h"
#include "tr_depend.h"
#include "tr_errors.h"
#include "tr_guc.h"
#include "tr_launcher.h"
#include "tr_limits.h"
#include "tr_log.h"
#include "tr_queue.h"
#include "tr_relation.h"
#include "tr_session.h"
#include "tr_shmem.h"
#include "tr_wake.h"
#include "tr_xact.h"

/* Starts that found no sandbox do not count as attempts, up to this many in
 * a row (about half a minute). */
#define MAX_UNSTARTED	20
#define UNSTARTED_MIN_MS	50
#define UNSTARTED_MAX_MS	2000

typedef struct Runner
{
	TrRunnerArg arg;
	TrAssignment a;
	MemoryContext context;		/* lives as long as the process */
	TrJobRow	row;
	bool		loaded;			/* row is filled */
	TrOutcome	outcome;
	TrWatermark watermark;
	TrLogWriter log;
	ErrorData  *error;
} Runner;

static Runner runner;
static emit_log_hook_type prev_emit_log = NULL;

/* ---- coming and going ---- */

static void
runner_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	LWLockReleaseAll();
	tr_slot_exit(&runner.arg);
}

/* Keep the last words of a process that dies of an error, for its scheduler. */
static void
emit_log(ErrorData *edata)
{
	if (edata->elevel >= FATAL && edata->message != NULL)
		tr_slot_last_words(runner.arg.slot, edata->sqlerrcode, edata->message);
	if (prev_emit_log)
		prev_emit_log(edata);
}

/*
 * What a session of the role would have had from ALTER ROLE ... SET.
 */
static void
apply_role_settings(Oid role)
{
	Relation	rel = table_open(DbRoleSettingRelationId, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetCatalogSnapshot(DbRoleSettingRelationId));

	ApplySetting(snapshot, MyDatabaseId, role, rel, PGC_S_DATABASE_USER);
	ApplySetting(snapshot, InvalidOid, role, rel, PGC_S_USER);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
}

/* The way to a session of a role that cannot connect. */
static void
give_session(Oid role)
{
	tr_xact_begin_own("becoming the role of a transform job");
	apply_role_settings(role);
	SetConfigOption("session_authorization", GetUserNameFromId(role, false),
					PGC_SUSET, PGC_S_SESSION);
	tr_xact_commit();
}

/* A session of the role, whatever its settings say (ALTER ROLE ... SET role). */
static void
connect_runner(void)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	prev_emit_log = emit_log_hook;
	emit_log_hook = emit_log;
	before_shmem_exit(runner_exit, (Datum) 0);
	BackgroundWorkerUnblockSignals();

	BackgroundWorkerInitializeConnectionByOid(runner.a.database,
											  runner.a.switch_role ? InvalidOid :
											  runner.a.role,
											  TR_BYPASS_LOGIN);
	if (runner.a.switch_role)
		give_session(runner.a.role);
	SetConfigOption("role", "none", PGC_USERSET, PGC_S_SESSION);
}

/* What a role that connects is asked for. */
static void
check_connect(void)
{
	if (object_aclcheck(DatabaseRelationId, MyDatabaseId, runner.a.role,
						ACL_CONNECT) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for database \"%s\"",
						get_database_name(MyDatabaseId)),
				 errdetail("User does not have CONNECT privilege.")));
}

/* ---- the attempt ---- */

static void
check_source(void)
{
	char	   *name;

	if (!OidIsValid(runner.row.source))
		return;					/* by name, as the session looks it up */
	name = tr_relation_name(runner.row.source);
	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the source \"%s\" does not exist any more",
						runner.row.source_name),
				 errhint("It was dropped after the job was submitted; submit the job again.")));
	if (strcmp(name, runner.row.source_name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the source \"%s\" is now called \"%s\"",
						runner.row.source_name, name),
				 errhint("It was renamed after the job was submitted; submit the job again.")));
}

/* DROP refuses what a job depends on, unless it was told to CASCADE. */
static void
check_dependencies(void)
{
	if (!tr_depend_holds(runner.a.job))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("something that the job depends on was dropped with CASCADE"),
				 errhint("It was there when the job was submitted; submit the job again.")));
}

static void
load_job(void)
{
	MemoryContext old = MemoryContextSwitchTo(runner.context);

	if (!tr_queue_load(runner.a.job, TR_RUNNING, runner.a.attempt,
					   runner.a.role, &runner.row))
		elog(ERROR, "job " INT64_FORMAT " is not running as attempt %d any more",
			 runner.a.job, runner.a.attempt);
	tr_limits_lower(&runner.row.limits);
	runner.loaded = true;
	MemoryContextSwitchTo(old);
}

static char *
since_type(void)
{
	Oid			source = runner.row.source;

	return format_type_be(get_atttype(source,
									  get_attnum(source,
												 runner.row.options.since)));
}

/*
 * Before the snapshot that the source is read on: a job with the same
 * watermark is over then, and its rows are not read again.
 */
static void
take_watermark(void)
{
	TrWatermark *w = &runner.watermark;
	const char *since = runner.row.options.since;

	if (since == NULL || get_attnum(runner.row.source, since) <= 0)
		return;					/* a column that is gone is named later */
	*w = (TrWatermark) {
		.role = runner.a.role,
		.script = runner.row.script_id,
		.source = runner.row.source_name,
		.destination = runner.row.destination
	};
	tr_queue_watermark_take(w, since);
	if (strcmp(w->since, since) != 0 ||
		(w->type != NULL && strcmp(w->type, since_type()) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the watermark of this job is of column \"%s\" (%s), not \"%s\" (%s)",
						w->since, w->type, since, since_type()),
				 errhint("transform_watermark_reset() makes the next job read everything.")));
}

static void
move_watermark(void)
{
	if (runner.row.options.since != NULL)
		tr_queue_watermark_move(&runner.watermark, runner.a.job,
								runner.outcome.watermark, since_type());
}

static void
run_session(void)
{
	TrTask		task = {
		.job_id = runner.a.job,
		.script = runner.row.script,
		.code = runner.row.code,
		.shape = runner.row.shape,
		.mode = runner.row.mode,
		.numeric = runner.row.numeric,
		.params = runner.row.params,
		.chunk_rows = runner.row.chunk_rows,
		.options = &runner.row.options,
		.limits = runner.row.limits,
		.required_walls = tr_guc_required_walls(),
		.source = runner.row.source,
		.since_from = runner.watermark.value,
		.destination = runner.row.destination,
		.progress = tr_slot_progress(runner.arg.slot),
		.log = tr_log_write,
		.log_arg = &runner.log
	};

	runner.log.slot = runner.arg.slot;
	runner.log.limit = runner.row.limits.log_bytes;
	tr_session_run(&task, &runner.outcome);
}

/* Counters, walls and usage. */
static void
fill_end(TrEnd *end)
{
	TrProgress *p = tr_slot_progress(runner.arg.slot);

	end->row = runner.loaded ? &runner.row : NULL;
	end->worked = runner.outcome.started;
	end->rows_read = pg_atomic_read_u64(&p->rows_read);
	end->rows_returned = pg_atomic_read_u64(&p->rows_returned);
	end->rows_written = pg_atomic_read_u64(&p->rows_written);
	end->rows_rejected = runner.outcome.rows_rejected;
	end->bytes_in = pg_atomic_read_u64(&p->bytes_in);
	end->bytes_out = pg_atomic_read_u64(&p->bytes_out);
	end->walls_enforced = runner.outcome.walls_enforced;
	end->peak_memory = runner.outcome.peak_memory_bytes;
	end->cpu_us = runner.outcome.cpu_us;
	end->worker_us = runner.outcome.wall_us;
	memcpy(end->part_ns, runner.outcome.clock.ns, sizeof(end->part_ns));
	end->definition = runner.outcome.definition;
	end->snapshot = runner.outcome.snapshot;
	end->versions = runner.outcome.versions;
	end->digest = runner.outcome.digest;
}

static void
attempt(void)
{
	TrEnd		end = {0};
	uint64		logged;
	int			before;

	tr_xact_begin("running a transform job");
	if (GetUserId() != runner.a.role)
		elog(ERROR, "the session is not one of the job's role");
	before = tr_xact_hold_user();
	check_connect();
	tr_api_require_user();
	load_job();
	if (tr_slot_cancelled(runner.arg.slot))
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("the job was cancelled before it started")));
	tr_api_check_may_run(runner.row.script, runner.row.access,
						 runner.row.archived);
	check_source();
	check_dependencies();
	take_watermark();
	tr_slot_set_phase(runner.arg.slot, TR_PHASE_WORKING);
	run_session();
	move_watermark();

	tr_slot_set_phase(runner.arg.slot, TR_PHASE_COMMITTING);
	(void) tr_clock_switch(&runner.outcome.clock, TR_PART_COMMIT);
	fill_end(&end);
	if (!tr_queue_finish(runner.a.job, TR_RUNNING, runner.a.attempt,
						 TR_EVENT_SUCCEED, &end))
		elog(ERROR, "job " INT64_FORMAT " is not running as attempt %d any more",
			 runner.a.job, runner.a.attempt);
	logged = tr_log_persist(runner.arg.slot, runner.a.job, runner.a.attempt);
	tr_xact_commit();			/* deferred triggers are held, too */
	tr_xact_release_user(before);
	(void) tr_clock_switch(&runner.outcome.clock, TR_PART_COMMIT);
	tr_log_forget(runner.arg.slot, logged);
}

/*
 * How long the commit took is only known after it.  Lost with a process that
 * dies in between: a fact for people, nothing hangs on it.
 */
static void
record_commit(void)
{
	HOLD_CANCEL_INTERRUPTS();
	SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION);
	tr_xact_begin_own("recording how long a transform job's commit took");
	tr_queue_commit_time(runner.a.job, runner.a.attempt,
						 runner.outcome.clock.ns[TR_PART_COMMIT]);
	tr_xact_commit();
	RESUME_CANCEL_INTERRUPTS();
}

/* ---- recording a failure ---- */

/* Worth another attempt?  Not an error of the script or of the data. */
static bool
is_infrastructure(void)
{
	if (runner.error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		return false;
	return runner.outcome.infrastructure ||
		ERRCODE_TO_CATEGORY(runner.error->sqlerrcode) ==
		ERRCODE_TRANSACTION_ROLLBACK;	/* deadlock, serialization */
}

/* Is the job put back?  Then how. */
static bool
wants_requeue(TrRequeue *requeue)
{
	int			unstarted = runner.row.unstarted;

	if (!is_infrastructure() || !runner.loaded ||
		tr_slot_cancelled(runner.arg.slot))
		return false;
	requeue->attempt = runner.a.attempt;
	requeue->unstarted = 0;
	requeue->delay_ms = 0;
	if (runner.outcome.infrastructure && !runner.outcome.started)
	{
		/* no worker has had it: the broker is starting, or busy */
		if (unstarted >= MAX_UNSTARTED)
			return false;
		requeue->attempt--;
		requeue->unstarted = unstarted + 1;
		requeue->delay_ms = Min(UNSTARTED_MIN_MS << Min(unstarted, 10),
								UNSTARTED_MAX_MS);
	}
	else if (runner.a.attempt >= tr_max_attempts)
		return false;
	requeue->reason = psprintf("attempt %d ended: %s", runner.a.attempt,
							   runner.error->message);
	return true;
}

/* For an error of the server's that has none. */
static const char *
hint(const ErrorData *e, TrStage stage)
{
	const char *role = GetUserNameFromId(runner.a.role, true);

	if (e->hint != NULL || e->sqlerrcode != ERRCODE_INSUFFICIENT_PRIVILEGE ||
		stage == TR_STAGE_RUN || stage == TR_STAGE_VALIDATE || role == NULL)
		return e->hint;
	return psprintf("The job runs as role %s, which needs the right, or a policy, for this by then.",
					role);
}

static void
record_end(void)
{
	ErrorData  *e = runner.error;
	bool		cancelled = e->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		tr_slot_cancelled(runner.arg.slot);
	TrEnd		end = {0};

	fill_end(&end);
	end.rows_written = 0;
	end.rows_rejected = 0;
	end.sqlstate = e->sqlerrcode;
	end.error = e->message;
	end.detail = e->detail;
	end.context = e->context;
	end.stage = cancelled ? TR_STAGE_CANCEL : runner.outcome.stage;
	if (end.stage == TR_STAGE_NONE)
		end.stage = TR_STAGE_START;
	end.hint = hint(e, end.stage);
	end.traceback = runner.outcome.traceback;
	(void) tr_queue_finish(runner.a.job, TR_RUNNING, runner.a.attempt,
						   cancelled ? TR_EVENT_CANCEL : TR_EVENT_FAIL, &end);
}

static void
record(void)
{
	TrRequeue	requeue;
	uint64		logged;

	/* a cancel that comes now is too late: the job is over */
	HOLD_CANCEL_INTERRUPTS();
	tr_xact_begin_own("recording how a transform job ended");
	if (wants_requeue(&requeue))
	{
		(void) tr_queue_requeue(runner.a.job, runner.a.attempt, &requeue);
		tr_wake_scheduler_at_commit();
	}
	else
		record_end();
	logged = tr_log_persist(runner.arg.slot, runner.a.job, runner.a.attempt);
	tr_xact_commit();
	tr_log_forget(runner.arg.slot, logged);
	RESUME_CANCEL_INTERRUPTS();
}

/* Run `step`; false with runner.error filled when it raised. */
static bool
guarded(void (*step) (void), ErrorData **error)
{
	volatile bool ok = true;

	PG_TRY();
	{
		step();
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(runner.context);
		*error = CopyErrorData();
		EmitErrorReport();
		FlushErrorState();
		tr_xact_abort();
		RESUME_INTERRUPTS();
		ok = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(runner.context);
	return ok;
}

static void
add_context(void *arg)
{
	(void) arg;
	errcontext("transform job " INT64_FORMAT ", attempt %d", runner.a.job,
			   runner.a.attempt);
}

static void
record_failure(void)
{
	ErrorData  *again;

	tr_slot_set_phase(runner.arg.slot, TR_PHASE_RECORDING);
	QueryCancelPending = false;
	if (!guarded(record, &again) && !guarded(record, &again))
		proc_exit(1);			/* the scheduler settles it */
}

void
tr_runner_main(Datum arg)
{
	ErrorContextCallback callback = {.callback = add_context};

	(void) arg;
	memcpy(&runner.arg, MyBgworkerEntry->bgw_extra, sizeof(runner.arg));
	if (!tr_slot_enter(&runner.arg, &runner.a))
		proc_exit(0);			/* the claim was voided meanwhile */
	connect_runner();
	tr_slot_set_phase(runner.arg.slot, TR_PHASE_STARTING);

	runner.context = AllocSetContextCreate(TopMemoryContext, "transform runner",
										   ALLOCSET_DEFAULT_SIZES);
	runner.outcome.context = runner.context;
	MemoryContextSwitchTo(runner.context);
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	if (!guarded(attempt, &runner.error))
		record_failure();
	else
		(void) guarded(record_commit, &runner.error);
	error_context_stack = callback.previous;
	tr_slot_recorded(runner.arg.slot);
	proc_exit(0);
}
