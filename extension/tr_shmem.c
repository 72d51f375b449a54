/*
 * tr_shmem.c
 *		The shared struct: the broker's state, the databases that have work,
 *		the slots of the runners.
 *
 * Process: all.  Every function takes the lock for a few instructions and
 * raises nothing while it holds it.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "tr_compat.h"
#include "tr_guc.h"
#include "tr_shmem.h"

#define RETRY_MS	1000

typedef struct Database
{
	Oid			oid;			/* InvalidOid: entry is free */
	TrSchedulerState state;
	int			procno;			/* of the scheduler when running */
	bool		work;			/* marked since the scheduler last looked */
	bool		leave;			/* asked to leave when idle */
	bool		wants_slot;		/* found no free slot */
	bool		no_worker_slot; /* could not be started */
	TimestampTz not_before;		/* earliest start after a failure */
} Database;

typedef struct Slot
{
	uint64		generation;		/* counts assignments */
	TrSlotState state;
	TrAssignment a;
	TrPhase		phase;
	int			pid;
	bool		cancel;
	int			sqlstate;
	char		message[TR_REASON_SIZE];
	TrProgress	progress;
	TrLogRing	log;
} Slot;

typedef struct Shared
{
	int			launcher_pid;	/* 0: none */
	int			launcher_procno;
	bool		sweep;
	TrHostInfo	host;
	ConditionVariable finished;
	Database	databases[TR_MAX_DATABASES];
	int			nslots;
	Slot		slots[FLEXIBLE_ARRAY_MEMBER];
} Shared;

static Shared *shared = NULL;
static LWLockPadded *locks = NULL;

static shmem_startup_hook_type prev_startup_hook = NULL;
#if TR_HAVE_SHMEM_REQUEST_HOOK
static shmem_request_hook_type prev_request_hook = NULL;
#endif

#define TR_TRANCHE	"transform"

/* ---- set-up ---- */

static Size
shared_size(void)
{
	return add_size(offsetof(Shared, slots),
					mul_size(tr_max_concurrent_jobs, sizeof(Slot)));
}

static void
shmem_request(void)
{
#if TR_HAVE_SHMEM_REQUEST_HOOK
	if (prev_request_hook)
		prev_request_hook();
#endif
	RequestAddinShmemSpace(shared_size());
	RequestNamedLWLockTranche(TR_TRANCHE, 1 + tr_max_concurrent_jobs);
}

static void
init_progress(TrProgress *p)
{
	pg_atomic_init_u64(&p->rows_read, 0);
	pg_atomic_init_u64(&p->rows_returned, 0);
	pg_atomic_init_u64(&p->rows_written, 0);
	pg_atomic_init_u64(&p->chunks, 0);
	pg_atomic_init_u64(&p->bytes_in, 0);
	pg_atomic_init_u64(&p->bytes_out, 0);
	pg_atomic_init_u64(&p->memory_bytes, 0);
	pg_atomic_init_u64(&p->cpu_us, 0);
}

static void
shmem_startup(void)
{
	bool		found;

	if (prev_startup_hook)
		prev_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(TR_TRANCHE, shared_size(), &found);
	locks = GetNamedLWLockTranche(TR_TRANCHE);
	if (!found)
	{
		memset(shared, 0, shared_size());
		ConditionVariableInit(&shared->finished);
		shared->nslots = tr_max_concurrent_jobs;
		for (int i = 0; i < shared->nslots; i++)
			init_progress(&shared->slots[i].progress);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
tr_shmem_init(void)
{
#if TR_HAVE_SHMEM_REQUEST_HOOK
	prev_request_hook = shmem_request_hook;
	shmem_request_hook = shmem_request;
#else
	shmem_request();
#endif
	prev_startup_hook = shmem_startup_hook;
	shmem_startup_hook = shmem_startup;
}

bool
tr_shmem_ready(void)
{
	return shared != NULL;
}

static void
lock(void)
{
	LWLockAcquire(&locks[0].lock, LW_EXCLUSIVE);
}

static void
unlock(void)
{
	LWLockRelease(&locks[0].lock);
}

/* ---- waking; the lock is held ---- */

static void
wake_process(int procno)
{
	SetLatch(&GetPGProcByNumber(procno)->procLatch);
}

static void
wake_launcher(void)
{
	if (shared->launcher_pid != 0)
		wake_process(shared->launcher_procno);
}

static void
wake_scheduler(Database *db)
{
	if (db->state == TR_SCHEDULER_RUNNING)
		wake_process(db->procno);
	else
		wake_launcher();
}

static Database *
find_database(Oid oid)
{
	for (int i = 0; i < TR_MAX_DATABASES; i++)
		if (shared->databases[i].oid == oid)
			return &shared->databases[i];
	return NULL;
}

static Database *
find_or_add_database(Oid oid)
{
	Database   *db = find_database(oid);

	if (db == NULL && (db = find_database(InvalidOid)) != NULL)
	{
		memset(db, 0, sizeof(*db));
		db->oid = oid;
	}
	return db;
}

/* ---- launcher ---- */

void
tr_launcher_attach(void)
{
	lock();
	shared->launcher_pid = MyProcPid;
	shared->launcher_procno = TR_MY_PROC_NUMBER;
	/* those a former launcher asked for: the first one to come attaches */
	for (int i = 0; i < TR_MAX_DATABASES; i++)
		if (shared->databases[i].state == TR_SCHEDULER_STARTING)
			shared->databases[i].state = TR_SCHEDULER_NONE;
	unlock();
}

void
tr_launcher_detach(void)
{
	lock();
	if (shared->launcher_pid == MyProcPid)
	{
		shared->launcher_pid = 0;
		shared->host.state = TR_HOST_NONE;
		shared->host.pid = 0;
		shared->host.reason[0] = '\0';
	}
	unlock();
}

void
tr_shmem_set_host(const TrHostInfo *info)
{
	lock();
	shared->host = *info;
	for (int i = 0; i < TR_MAX_DATABASES; i++)
		if (shared->databases[i].state == TR_SCHEDULER_RUNNING)
			wake_scheduler(&shared->databases[i]);
	unlock();
}

void
tr_shmem_host(TrHostInfo *info)
{
	lock();
	*info = shared->host;
	info->launcher_pid = shared->launcher_pid;
	unlock();
}

Oid
tr_database_next(long *wait_ms)
{
	TimestampTz now = GetCurrentTimestamp();
	Oid			result = InvalidOid;

	*wait_ms = -1;
	lock();
	for (int i = 0; i < TR_MAX_DATABASES && !OidIsValid(result); i++)
	{
		Database   *db = &shared->databases[i];
		long		wait;

		if (!OidIsValid(db->oid) || db->state != TR_SCHEDULER_NONE ||
			!db->work)
			continue;
		wait = TimestampDifferenceMilliseconds(now, db->not_before);
		if (wait <= 0)
		{
			db->state = TR_SCHEDULER_STARTING;
			result = db->oid;
		}
		else if (*wait_ms < 0 || wait < *wait_ms)
			*wait_ms = wait;
	}
	unlock();
	return result;
}

void
tr_database_not_started(Oid database, bool no_worker_slot)
{
	TimestampTz later = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													RETRY_MS);
	Database   *db;

	lock();
	db = find_database(database);
	if (db != NULL && db->state == TR_SCHEDULER_STARTING)
	{
		db->state = TR_SCHEDULER_NONE;
		db->no_worker_slot = no_worker_slot;
		db->not_before = later;
	}
	unlock();
}

void
tr_database_forget(Oid database)
{
	Database   *db;

	lock();
	db = find_database(database);
	if (db != NULL && db->state != TR_SCHEDULER_RUNNING)
		memset(db, 0, sizeof(*db));
	unlock();
}

bool
tr_database_sweep_wanted(void)
{
	bool		result;

	lock();
	result = shared->sweep && find_database(InvalidOid) != NULL;
	if (result)
		shared->sweep = false;
	unlock();
	return result;
}

int
tr_slots_busy(void)
{
	int			busy = 0;

	lock();
	for (int i = 0; i < shared->nslots; i++)
		if (shared->slots[i].state == TR_SLOT_CLAIMED ||
			shared->slots[i].state == TR_SLOT_RUNNING)
			busy++;
	unlock();
	return busy;
}

/* ---- any backend ---- */

void
tr_database_mark(Oid database)
{
	Database   *db;

	lock();
	db = find_or_add_database(database);
	if (db != NULL)
	{
		db->work = true;
		wake_scheduler(db);
	}
	else
	{
		shared->sweep = true;
		wake_launcher();
	}
	unlock();
}

void
tr_database_ask_leave(Oid database)
{
	Database   *db;

	lock();
	db = find_database(database);
	if (db != NULL && db->state == TR_SCHEDULER_RUNNING)
	{
		db->leave = true;
		wake_scheduler(db);
	}
	unlock();
}

bool
tr_database_no_worker_slot(Oid database)
{
	Database   *db;
	bool		result;

	lock();
	db = find_database(database);
	result = db != NULL && db->no_worker_slot;
	unlock();
	return result;
}

void
tr_jobs_broadcast(void)
{
	ConditionVariableBroadcast(&shared->finished);
}

ConditionVariable *
tr_jobs_finished(void)
{
	return &shared->finished;
}

static bool
slot_has_job(const Slot *s, Oid database, int64 job)
{
	return s->state != TR_SLOT_FREE && s->a.database == database &&
		s->a.job == job;
}

bool
tr_slot_cancel(Oid database, int64 job)
{
	bool		found = false;

	lock();
	for (int i = 0; i < shared->nslots && !found; i++)
	{
		Slot	   *s = &shared->slots[i];

		if (!slot_has_job(s, database, job) || s->state == TR_SLOT_EXITED)
			continue;
		found = true;
		s->cancel = true;
		/* the runner takes its pid out under this lock before it goes */
		if (s->pid != 0 && kill(s->pid, SIGINT) != 0)
			found = false;
	}
	unlock();
	return found;
}

int
tr_slot_count(void)
{
	return shared->nslots;
}

void
tr_slot_view(int slot, TrSlotView *view)
{
	Slot	   *s = &shared->slots[slot];

	lock();
	view->generation = s->generation;
	view->state = s->state;
	view->a = s->a;
	view->phase = s->phase;
	view->pid = s->pid;
	view->cancel = s->cancel;
	view->sqlstate = s->sqlstate;
	memcpy(view->message, s->message, sizeof(view->message));
	unlock();
}

TrProgress *
tr_slot_progress(int slot)
{
	return &shared->slots[slot].progress;
}

int
tr_slot_of(Oid database, int64 job, int attempt)
{
	int			result = -1;

	lock();
	for (int i = 0; i < shared->nslots && result < 0; i++)
		if (slot_has_job(&shared->slots[i], database, job) &&
			shared->slots[i].a.attempt == attempt)
			result = i;
	unlock();
	return result;
}

/* ---- scheduler ---- */

bool
tr_scheduler_attach(Oid database)
{
	Database   *db;
	bool		result = false;

	lock();
	db = find_or_add_database(database);
	if (db != NULL && db->state != TR_SCHEDULER_RUNNING)
	{
		db->state = TR_SCHEDULER_RUNNING;
		db->procno = TR_MY_PROC_NUMBER;
		db->work = true;
		db->leave = false;
		db->wants_slot = false;
		db->no_worker_slot = false;
		result = true;
	}
	unlock();
	return result;
}

void
tr_scheduler_detach(Oid database, bool failed)
{
	TimestampTz later = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													RETRY_MS);
	Database   *db;

	lock();
	db = find_database(database);
	if (db != NULL)
	{
		db->state = TR_SCHEDULER_NONE;
		if (failed)
		{
			db->work = true;
			db->not_before = later;
		}
		if (db->work)
			wake_launcher();
		else
			memset(db, 0, sizeof(*db));
	}
	unlock();
}

bool
tr_scheduler_leave(Oid database)
{
	Database   *db;
	bool		result;

	lock();
	db = find_database(database);
	result = db == NULL || !db->work;
	if (result && db != NULL)
		memset(db, 0, sizeof(*db));
	unlock();
	return result;
}

bool
tr_scheduler_take_mark(Oid database, bool *asked_to_leave)
{
	Database   *db;
	bool		result = false;

	*asked_to_leave = false;
	lock();
	db = find_database(database);
	if (db != NULL)
	{
		result = db->work;
		*asked_to_leave = db->leave;
		db->work = false;
		db->leave = false;
	}
	unlock();
	return result;
}

int
tr_slot_reserve(Oid database)
{
	Database   *db;
	int			result = -1;

	lock();
	for (int i = 0; i < shared->nslots && result < 0; i++)
		if (shared->slots[i].state == TR_SLOT_FREE)
			result = i;
	if (result >= 0)
	{
		Slot	   *s = &shared->slots[result];

		s->state = TR_SLOT_CLAIMED;
		s->generation++;
		memset(&s->a, 0, sizeof(s->a));
		s->a.database = database;
		s->pid = 0;
		s->cancel = false;
		s->sqlstate = 0;
		s->message[0] = '\0';
		s->phase = TR_PHASE_CONNECTING;
	}
	else if ((db = find_database(database)) != NULL)
		db->wants_slot = true;
	unlock();
	return result;
}

static void
clear_progress(TrProgress *p)
{
	pg_atomic_write_u64(&p->rows_read, 0);
	pg_atomic_write_u64(&p->rows_returned, 0);
	pg_atomic_write_u64(&p->rows_written, 0);
	pg_atomic_write_u64(&p->chunks, 0);
	pg_atomic_write_u64(&p->bytes_in, 0);
	pg_atomic_write_u64(&p->bytes_out, 0);
	pg_atomic_write_u64(&p->memory_bytes, 0);
	pg_atomic_write_u64(&p->cpu_us, 0);
}

uint64
tr_slot_assign(int slot, const TrAssignment *a)
{
	Slot	   *s = &shared->slots[slot];
	TrLogRing  *ring = tr_slot_ring_lock(slot);

	ring->read = ring->write = 0;
	ring->next_seq = 1;
	tr_slot_ring_unlock(slot);

	lock();
	s->a = *a;
	clear_progress(&s->progress);
	unlock();
	return s->generation;
}

void
tr_slot_free(int slot)
{
	Slot	   *s = &shared->slots[slot];

	lock();
	s->state = TR_SLOT_FREE;
	s->pid = 0;
	for (int i = 0; i < TR_MAX_DATABASES; i++)
	{
		Database   *db = &shared->databases[i];

		if (OidIsValid(db->oid) && db->wants_slot)
		{
			db->wants_slot = false;
			wake_scheduler(db);
		}
	}
	if (shared->host.state == TR_HOST_DRAINING)
		wake_launcher();
	unlock();
}

void
tr_slot_void_claims(Oid database)
{
	lock();
	for (int i = 0; i < shared->nslots; i++)
	{
		Slot	   *s = &shared->slots[i];

		if (s->state == TR_SLOT_CLAIMED && s->a.database == database)
		{
			s->generation++;
			s->state = TR_SLOT_FREE;
		}
	}
	unlock();
}

/* ---- runner ---- */

bool
tr_slot_enter(const TrRunnerArg *arg, TrAssignment *a)
{
	Slot	   *s = &shared->slots[arg->slot];
	bool		mine;

	lock();
	mine = s->state == TR_SLOT_CLAIMED && s->generation == arg->generation;
	if (mine)
	{
		s->state = TR_SLOT_RUNNING;
		s->pid = MyProcPid;
		*a = s->a;
	}
	unlock();
	return mine;
}

void
tr_slot_exit(const TrRunnerArg *arg)
{
	Slot	   *s = &shared->slots[arg->slot];
	Database   *db;

	lock();
	if (s->state == TR_SLOT_RUNNING && s->generation == arg->generation)
	{
		s->state = TR_SLOT_EXITED;
		s->pid = 0;
		db = find_or_add_database(s->a.database);
		if (db != NULL)
		{
			db->work = true;
			wake_scheduler(db);
		}
	}
	unlock();
}

void
tr_slot_set_phase(int slot, TrPhase phase)
{
	lock();
	shared->slots[slot].phase = phase;
	unlock();
}

bool
tr_slot_cancelled(int slot)
{
	bool		result;

	lock();
	result = shared->slots[slot].cancel;
	unlock();
	return result;
}

void
tr_slot_last_words(int slot, int sqlstate, const char *message)
{
	Slot	   *s = &shared->slots[slot];

	lock();
	s->sqlstate = sqlstate;
	strlcpy(s->message, message, sizeof(s->message));
	unlock();
}

void
tr_slot_wake_scheduler(int slot)
{
	Database   *db;

	lock();
	db = find_database(shared->slots[slot].a.database);
	if (db != NULL)
		wake_scheduler(db);
	unlock();
}

/* ---- log rings ---- */

TrLogRing *
tr_slot_ring_lock(int slot)
{
	LWLockAcquire(&locks[slot + 1].lock, LW_EXCLUSIVE);
	return &shared->slots[slot].log;
}

void
tr_slot_ring_unlock(int slot)
{
	LWLockRelease(&locks[slot + 1].lock);
}
