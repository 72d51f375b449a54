/*
 * tr_scheduler.c
 *		The scheduler of one database: claims jobs, starts their runners,
 *		looks after what runners leave behind.
 *
 * Process: `transform scheduler`, connected to its database as the bootstrap
 * superuser; it touches no object of a user.  Started by the launcher when
 * the database is marked, it stays while there is work and for IDLE_MS after.
 *
 * An error ends the process; the launcher starts another one, which finds
 * everything it needs in the job rows and in the slots in shared memory.
 * None of its transactions waits for the disk: losing one in a crash only
 * means that it is done again (extension/README.md).
 */
#include "postgres.h"

#include <signal.h>

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "tr_audit.h"
#include "tr_audit_work.h"
#include "tr_compat.h"
#include "tr_errors.h"
#include "tr_guc.h"
#include "tr_host.h"
#include "tr_launcher.h"
#include "tr_log.h"
#include "tr_queue.h"
#include "tr_shmem.h"
#include "tr_xact.h"

#define IDLE_MS			60000
#define RESCUE_MS		30000	/* looks for orphans that often */
#define POLL_MS			1000	/* while jobs run or wait: logs, locked rows,
								 * worker slots */
#define CONNECT_MS		1000	/* delay when a session could not start */

static BackgroundWorkerHandle **handles;	/* of the runners, by slot */
static bool attached = false;

/* ---- slots whose runner is gone ---- */

static void
finish_interrupted(const TrSlotView *view)
{
	TrEnd		end = {.stage = TR_STAGE_INFRASTRUCTURE};

	end.sqlstate = view->sqlstate != 0 ? view->sqlstate : TR_ERR_INFRASTRUCTURE;
	end.error = view->message[0] != '\0' ? view->message :
		"the server process that ran the job ended";
	if (view->cancel)
	{
		end.stage = TR_STAGE_CANCEL;
		end.sqlstate = ERRCODE_QUERY_CANCELED;
		end.error = "the job was cancelled";
	}
	else if (view->phase == TR_PHASE_CONNECTING)
	{
		end.stage = TR_STAGE_START;
		end.detail = "A session of the job's role could not be started.";
	}
	else
	{
		end.detail = psprintf("It was attempt %d of %d.", view->a.attempt,
							  tr_max_attempts);
		end.hint = "Submit the job again; transform.max_attempts allows more attempts.";
	}
	(void) tr_queue_finish(view->a.job, TR_RUNNING, view->a.attempt,
						   view->cancel ? TR_EVENT_CANCEL : TR_EVENT_FAIL, &end);
}

/* Did the session fail to start for want of something that may come? */
static bool
may_connect_later(const TrSlotView *view)
{
	int			category = ERRCODE_TO_CATEGORY(view->sqlstate);

	return view->phase == TR_PHASE_CONNECTING &&
		(category == ERRCODE_INSUFFICIENT_RESOURCES ||
		 category == ERRCODE_OPERATOR_INTERVENTION || view->sqlstate == 0);
}

/* The runner did not record how its job ended: requeue or fail it. */
static void
settle(const TrSlotView *view)
{
	TrRequeue	requeue = {.attempt = view->a.attempt};
	bool		connecting = view->phase == TR_PHASE_CONNECTING;
	bool		again;

	again = connecting ? may_connect_later(view) :
		view->a.attempt < tr_max_attempts;
	if (view->cancel || !again)
	{
		finish_interrupted(view);
		return;
	}
	if (connecting)
	{
		requeue.attempt--;
		requeue.delay_ms = CONNECT_MS;
	}
	requeue.reason = view->message[0] == '\0' ? NULL :
		psprintf("attempt %d ended: %s", view->a.attempt, view->message);
	(void) tr_queue_requeue(view->a.job, view->a.attempt, &requeue);
}

static void
free_slot(int slot)
{
	if (handles[slot] != NULL)
		pfree(handles[slot]);
	handles[slot] = NULL;
	tr_slot_free(slot);
}

static void
reap(int slot, const TrSlotView *view)
{
	if (view->recorded)
	{
		free_slot(slot);
		return;
	}
	tr_xact_begin_own("settling a transform job");
	(void) tr_log_persist(slot, view->a.job, view->a.attempt);
	settle(view);
	tr_xact_commit();
	free_slot(slot);
}

/* Has the runner of this claimed slot ended before it came to us? */
static bool
runner_never_came(int slot)
{
	pid_t		pid;

	return handles[slot] != NULL &&
		GetBackgroundWorkerPid(handles[slot], &pid) == BGWH_STOPPED;
}

/* Returns the number of slots still in use by this database. */
static int
reap_slots(void)
{
	int			busy = 0;

	for (int i = 0; i < tr_slot_count(); i++)
	{
		TrSlotView	view;
		bool		gone;

		tr_slot_view(i, &view);
		if (view.state == TR_SLOT_FREE || view.a.database != MyDatabaseId)
			continue;
		gone = view.state == TR_SLOT_EXITED;
		if (view.state == TR_SLOT_CLAIMED && runner_never_came(i))
		{
			/* it may have come and gone since we looked */
			tr_slot_view(i, &view);
			gone = true;
		}
		if (gone)
			reap(i, &view);
		else
			busy++;
	}
	return busy;
}

static void
persist_logs(void)
{
	for (int i = 0; i < tr_slot_count(); i++)
	{
		TrSlotView	view;
		uint64		end;

		tr_slot_view(i, &view);
		if (view.state != TR_SLOT_RUNNING || view.a.database != MyDatabaseId ||
			!tr_log_waiting(i))
			continue;
		tr_xact_begin_own("storing output of transform jobs");
		end = tr_log_persist(i, view.a.job, view.a.attempt);
		tr_xact_commit();
		tr_log_forget(i, end);
	}
}

/* Jobs that are running by their row but in no slot: their server is gone. */
static void
rescue_orphans(void)
{
	List	   *jobs;
	ListCell   *cell;

	tr_xact_begin_own("looking for interrupted transform jobs");
	jobs = tr_queue_running();
	foreach(cell, jobs)
	{
		const TrClaim *claim = lfirst(cell);
		TrSlotView	view = {.phase = TR_PHASE_STARTING};

		if (tr_slot_of(MyDatabaseId, claim->job, claim->attempt) >= 0)
			continue;
		view.a.job = claim->job;
		view.a.attempt = claim->attempt;
		strlcpy(view.message, "the server restarted while the job was running",
				sizeof(view.message));
		settle(&view);
	}
	tr_xact_commit();
}

/* ---- claiming ---- */

/* Can the role log in?  False with *there = false: it is dropped. */
static bool
role_can_login(Oid role, bool *there)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool		result = false;

	*there = HeapTupleIsValid(tuple);
	if (*there)
	{
		result = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
		ReleaseSysCache(tuple);
	}
	return result;
}

static void
fail_claim(const TrClaim *claim, TrStage stage, int sqlstate,
		   const char *error, const char *hint)
{
	TrEnd		end = {.stage = stage, .sqlstate = sqlstate};

	end.error = error;
	end.hint = hint;
	(void) tr_queue_finish(claim->job, TR_PENDING, claim->attempt,
						   TR_EVENT_FAIL, &end);
}

/*
 * Claim the next job: true with *a filled.  *more says whether to ask again
 * at once (a job was failed instead of claimed).
 */
static bool
claim_next(TrAssignment *a, bool *more)
{
	TrClaim		claim;
	TrHostInfo	host;
	bool		there;
	bool		claimed = false;

	tr_shmem_host(&host);
	tr_xact_begin_own("claiming a transform job");
	*more = tr_queue_next(&claim);
	if (*more)
	{
		a->database = MyDatabaseId;
		a->job = claim.job;
		a->attempt = claim.attempt + 1;
		a->role = claim.role;
		a->switch_role = !role_can_login(claim.role, &there) &&
			!TR_CAN_BYPASS_LOGIN;
		if (!there)
			fail_claim(&claim, TR_STAGE_START, ERRCODE_UNDEFINED_OBJECT,
					   "the role that submitted the job does not exist any more",
					   NULL);
		else if (host.state == TR_HOST_FAILED)
			fail_claim(&claim, TR_STAGE_START, TR_ERR_SANDBOX,
					   psprintf("the sandbox is not available: %s",
							tr_host_to_text(host.reason)),
					   "SELECT * FROM transform_sandbox_status() shows what is in place.");
		else
		{
			tr_queue_claim(&claim);
			tr_audit(&(TrAuditEvent) {
				.kind = TR_AUDIT_RUN,
				.outcome = "started",
				.job = claim.job
			});
			claimed = true;
		}
	}
	tr_xact_commit();
	return claimed;
}

/* No background worker: put the job back, saying so in its row. */
static void
unclaim(const TrAssignment *a)
{
	TrRequeue	requeue = {.attempt = a->attempt - 1};

	tr_xact_begin_own("putting a transform job back");
	requeue.reason = psprintf("waiting for a background worker slot; raise max_worker_processes (now %d)",
							  max_worker_processes);
	(void) tr_queue_requeue(a->job, a->attempt, &requeue);
	tr_xact_commit();
}

/*
 * Start a runner for an assigned slot.  The runner looks for itself in the
 * slot, so the assignment is complete before it is registered.
 */
static bool
start_runner(int slot, const TrAssignment *a)
{
	TrRunnerArg arg = {.slot = slot};

	arg.generation = tr_slot_assign(slot, a);
	handles[slot] = tr_runner_start(&arg, a->job);
	if (handles[slot] != NULL)
		return true;
	unclaim(a);
	free_slot(slot);
	return false;
}

/*
 * Claim and start as much as there is room for; returns how many.  Without a
 * worker slot it gives up until a process ends (its end sets our latch) or a
 * poll.
 */
static int
start_jobs(void)
{
	bool		more = true;
	int			started = 0;

	while (more)
	{
		TrAssignment a;
		int			slot = tr_slot_reserve(MyDatabaseId);

		if (slot < 0)
			break;
		if (!claim_next(&a, &more))
		{
			tr_slot_free(slot);
			continue;
		}
		if (!start_runner(slot, &a))
			break;
		started++;
	}
	return started;
}

/* ---- the loop ---- */

static bool
host_takes_jobs(void)
{
	TrHostInfo	host;

	tr_shmem_host(&host);
	/* when it has failed, the jobs are failed with its reason */
	return host.state == TR_HOST_READY || host.state == TR_HOST_EXTERNAL ||
		host.state == TR_HOST_FAILED;
}

static bool
installed(void)
{
	bool		result;

	tr_xact_begin_own("looking for transform");
	result = tr_queue_installed();
	tr_xact_commit();
	return result;
}

/* Is a job pending, and in how many ms may it start? */
static bool
jobs_pending(long *wait_ms)
{
	bool		result;

	tr_xact_begin_own("looking for transform jobs");
	result = tr_queue_pending(wait_ms);
	tr_xact_commit();
	return result;
}

static void
scheduler_exit(int code, Datum arg)
{
	(void) arg;
	if (attached)
		tr_scheduler_detach(MyDatabaseId, code != 0);
	attached = false;
}

/* Leave unless somebody has marked the database just now. */
static bool
leave(void)
{
	if (!tr_scheduler_leave(MyDatabaseId))
		return false;
	attached = false;
	return true;
}

static void
connect_scheduler(Oid database)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(scheduler_exit, (Datum) 0);
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION);
	if (!tr_scheduler_attach(database))
		proc_exit(0);			/* there is one already */
	attached = true;
	handles = MemoryContextAllocZero(TopMemoryContext,
									 tr_slot_count() * sizeof(*handles));
	tr_slot_void_claims(database);
}

static void
wait_for_work(long timeout)
{
	static uint32 event = 0;
	int			flags = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | WL_TIMEOUT;

	(void) WaitLatch(MyLatch, flags, timeout,
					 tr_wait_event(&event, "TransformSchedulerMain"));
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* One round; returns ms until the next one, or -1 to leave. */
static long
look(TimestampTz *busy_until, TimestampTz *next_rescue)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		asked_to_leave;
	bool		marked = tr_scheduler_take_mark(MyDatabaseId, &asked_to_leave);
	bool		pending;
	long		wait_ms = 0;
	long		audit_ms;
	long		timeout;
	bool		leaving;
	int			busy;

	if (!installed())
	{
		tr_audit_forget_database(MyDatabaseId);
		return -1;
	}
	busy = reap_slots();
	if (now >= *next_rescue)
	{
		rescue_orphans();
		*next_rescue = TimestampTzPlusMilliseconds(now, RESCUE_MS);
	}
	if (host_takes_jobs())
		busy += start_jobs();
	if (busy > 0)
		persist_logs();
	pending = jobs_pending(&wait_ms);

	if (pending || busy > 0 || marked)
		*busy_until = TimestampTzPlusMilliseconds(now, IDLE_MS);
	leaving = !pending && busy == 0 && (asked_to_leave || now >= *busy_until);
	audit_ms = tr_audit_work(leaving);
	if (leaving)
		return -1;
	timeout = pending || busy > 0 ? POLL_MS : RESCUE_MS;
	if (pending && wait_ms > 0)
		timeout = Min(wait_ms, timeout);
	return audit_ms >= 0 ? Min(audit_ms, timeout) : timeout;
}

void
tr_scheduler_main(Datum arg)
{
	TimestampTz busy_until = 0;
	TimestampTz next_rescue = 0;
	MemoryContext context;

	connect_scheduler(DatumGetObjectId(arg));
	context = AllocSetContextCreate(TopMemoryContext, "transform scheduler",
									ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		long		timeout;

		MemoryContextSwitchTo(context);
		MemoryContextReset(context);
		timeout = look(&busy_until, &next_rescue);
		if (timeout >= 0)
			wait_for_work(timeout);
		else if (leave())
			proc_exit(0);
	}
}
