/*
 * tr_shmem.c
 *		The shared struct: set-up, the broker's state, the databases that have
 *		work.  tr_slots.c has the slots of the runners.
 *
 * Process: all.  Every function takes the lock for a few instructions and
 * raises nothing while it holds it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "tr_audit_work.h"
#include "tr_compat.h"
#include "tr_guc.h"
#include "tr_shared.h"
#include "tr_shmem.h"

#define RETRY_MS	1000

TrShared   *tr_shared = NULL;

static shmem_startup_hook_type prev_startup_hook = NULL;
#if TR_HAVE_SHMEM_REQUEST_HOOK
static shmem_request_hook_type prev_request_hook = NULL;
#endif

/* of the struct, and of the tranche of its locks */
#define TR_NAME		"transform"

/* ---- set-up ---- */

static Size
shared_size(void)
{
	return add_size(offsetof(TrShared, slots),
					mul_size(tr_max_concurrent_jobs, sizeof(TrSlot)));
}

static void
shmem_request(void)
{
#if TR_HAVE_SHMEM_REQUEST_HOOK
	if (prev_request_hook)
		prev_request_hook();
#endif
	RequestAddinShmemSpace(shared_size());
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
init_shared(void)
{
	memset(tr_shared, 0, shared_size());
	tr_shared->tranche = LWLockNewTrancheId();
	LWLockInitialize(&tr_shared->lock, tr_shared->tranche);
	ConditionVariableInit(&tr_shared->finished);
	ConditionVariableInit(&tr_shared->host_changed);
	tr_audit_key_load(tr_shared->audit.key);
	tr_audit_queue_load();
	tr_delay_init(&tr_shared->delays, tr_shared->tranche);
	LWLockInitialize(&tr_shared->keys_lock, tr_shared->tranche);
	pg_atomic_init_u64(&tr_shared->keys_changed, 0);
	tr_shared->nslots = tr_max_concurrent_jobs;
	for (int i = 0; i < tr_shared->nslots; i++)
	{
		LWLockInitialize(&tr_shared->slots[i].ring_lock, tr_shared->tranche);
		init_progress(&tr_shared->slots[i].progress);
	}
}

/*
 * In the postmaster; where processes are not forked (Windows), in each of
 * them again.  So the locks lie in the struct: what a named tranche was given
 * is known to the postmaster alone.
 */
static void
shmem_startup(void)
{
	bool		found;

	if (prev_startup_hook)
		prev_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	tr_shared = ShmemInitStruct(TR_NAME, shared_size(), &found);
	if (!found)
		init_shared();
	LWLockRelease(AddinShmemInitLock);
	LWLockRegisterTranche(tr_shared->tranche, TR_NAME);
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
	return tr_shared != NULL;
}

void
tr_shmem_lock(void)
{
	LWLockAcquire(&tr_shared->lock, LW_EXCLUSIVE);
}

void
tr_shmem_unlock(void)
{
	LWLockRelease(&tr_shared->lock);
}

/* ---- waking; the lock is held ---- */

static void
wake_process(int procno)
{
	SetLatch(&GetPGProcByNumber(procno)->procLatch);
}

void
tr_wake_launcher_locked(void)
{
	if (tr_shared->launcher_pid != 0)
		wake_process(tr_shared->launcher_procno);
}

void
tr_wake_scheduler_locked(TrDatabase *db)
{
	if (db->state == TR_SCHEDULER_RUNNING)
		wake_process(db->procno);
	else
		tr_wake_launcher_locked();
}

TrDatabase *
tr_database_find(Oid oid)
{
	for (int i = 0; i < TR_MAX_DATABASES; i++)
		if (tr_shared->databases[i].oid == oid)
			return &tr_shared->databases[i];
	return NULL;
}

TrDatabase *
tr_database_find_or_add(Oid oid)
{
	TrDatabase *db = tr_database_find(oid);

	if (db == NULL && (db = tr_database_find(InvalidOid)) != NULL)
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
	tr_shmem_lock();
	tr_shared->launcher_pid = MyProcPid;
	tr_shared->launcher_procno = TR_MY_PROC_NUMBER;
	/* those a former launcher asked for: the first one to come attaches */
	for (int i = 0; i < TR_MAX_DATABASES; i++)
		if (tr_shared->databases[i].state == TR_SCHEDULER_STARTING)
			tr_shared->databases[i].state = TR_SCHEDULER_NONE;
	tr_shmem_unlock();
}

void
tr_launcher_detach(void)
{
	tr_shmem_lock();
	if (tr_shared->launcher_pid == MyProcPid)
	{
		tr_shared->launcher_pid = 0;
		tr_shared->host.state = TR_HOST_NONE;
		tr_shared->host.pid = 0;
		tr_shared->host.reason[0] = '\0';
	}
	tr_shmem_unlock();
}

void
tr_shmem_set_host(const TrHostInfo *info)
{
	tr_shmem_lock();
	tr_shared->host = *info;
	for (int i = 0; i < TR_MAX_DATABASES; i++)
		if (tr_shared->databases[i].state == TR_SCHEDULER_RUNNING)
			tr_wake_scheduler_locked(&tr_shared->databases[i]);
	tr_shmem_unlock();
	ConditionVariableBroadcast(&tr_shared->host_changed);
}

void
tr_shmem_host(TrHostInfo *info)
{
	tr_shmem_lock();
	*info = tr_shared->host;
	info->launcher_pid = tr_shared->launcher_pid;
	tr_shmem_unlock();
}

Oid
tr_database_next(long *wait_ms)
{
	TimestampTz now = GetCurrentTimestamp();
	Oid			result = InvalidOid;

	*wait_ms = -1;
	tr_shmem_lock();
	for (int i = 0; i < TR_MAX_DATABASES && !OidIsValid(result); i++)
	{
		TrDatabase *db = &tr_shared->databases[i];
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
	tr_shmem_unlock();
	return result;
}

void
tr_database_not_started(Oid database, bool no_worker_slot)
{
	TimestampTz later = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													RETRY_MS);
	TrDatabase *db;

	tr_shmem_lock();
	db = tr_database_find(database);
	if (db != NULL && db->state == TR_SCHEDULER_STARTING)
	{
		db->state = TR_SCHEDULER_NONE;
		db->no_worker_slot = no_worker_slot;
		db->not_before = later;
	}
	tr_shmem_unlock();
}

void
tr_database_forget(Oid database)
{
	TrDatabase *db;

	tr_shmem_lock();
	db = tr_database_find(database);
	if (db != NULL && db->state != TR_SCHEDULER_RUNNING)
		memset(db, 0, sizeof(*db));
	tr_shmem_unlock();
	tr_audit_forget_database(database);
}

bool
tr_database_sweep_wanted(void)
{
	bool		result;

	tr_shmem_lock();
	result = tr_shared->sweep && tr_database_find(InvalidOid) != NULL;
	if (result)
		tr_shared->sweep = false;
	tr_shmem_unlock();
	return result;
}

/* ---- any backend ---- */

void
tr_database_mark(Oid database)
{
	TrDatabase *db;

	tr_shmem_lock();
	db = tr_database_find_or_add(database);
	if (db != NULL)
	{
		db->work = true;
		tr_wake_scheduler_locked(db);
	}
	else
	{
		tr_shared->sweep = true;
		tr_wake_launcher_locked();
	}
	tr_shmem_unlock();
}

void
tr_database_ask_leave(Oid database)
{
	TrDatabase *db;

	tr_shmem_lock();
	db = tr_database_find(database);
	if (db != NULL && db->state != TR_SCHEDULER_NONE)
	{
		/* one that is still starting finds the wish when it attaches */
		db->leave = true;
		tr_wake_scheduler_locked(db);
	}
	tr_shmem_unlock();
}

bool
tr_database_no_worker_slot(Oid database)
{
	TrDatabase *db;
	bool		result;

	tr_shmem_lock();
	db = tr_database_find(database);
	result = db != NULL && db->no_worker_slot;
	tr_shmem_unlock();
	return result;
}

void
tr_jobs_broadcast(void)
{
	ConditionVariableBroadcast(&tr_shared->finished);
}

ConditionVariable *
tr_host_changed(void)
{
	return &tr_shared->host_changed;
}

ConditionVariable *
tr_jobs_finished(void)
{
	return &tr_shared->finished;
}

/* ---- scheduler ---- */

bool
tr_scheduler_attach(Oid database)
{
	TrDatabase *db;
	bool		result = false;

	tr_shmem_lock();
	db = tr_database_find_or_add(database);
	if (db != NULL && db->state != TR_SCHEDULER_RUNNING)
	{
		db->state = TR_SCHEDULER_RUNNING;
		db->procno = TR_MY_PROC_NUMBER;
		db->work = true;
		db->wants_slot = false;
		db->no_worker_slot = false;
		result = true;
	}
	tr_shmem_unlock();
	return result;
}

void
tr_scheduler_detach(Oid database, bool failed)
{
	TimestampTz later = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													RETRY_MS);
	TrDatabase *db;

	tr_shmem_lock();
	db = tr_database_find(database);
	if (db != NULL)
	{
		db->state = TR_SCHEDULER_NONE;
		if (failed)
		{
			db->work = true;
			db->not_before = later;
		}
		if (db->work)
			tr_wake_launcher_locked();
		else
			memset(db, 0, sizeof(*db));
	}
	tr_shmem_unlock();
}

bool
tr_scheduler_leave(Oid database)
{
	TrDatabase *db;
	bool		result;

	tr_shmem_lock();
	db = tr_database_find(database);
	result = db == NULL || !db->work;
	if (result && db != NULL)
		memset(db, 0, sizeof(*db));
	tr_shmem_unlock();
	return result;
}

bool
tr_scheduler_take_mark(Oid database, bool *asked_to_leave)
{
	TrDatabase *db;
	bool		result = false;

	*asked_to_leave = false;
	tr_shmem_lock();
	db = tr_database_find(database);
	if (db != NULL)
	{
		result = db->work;
		*asked_to_leave = db->leave;
		db->work = false;
		db->leave = false;
	}
	tr_shmem_unlock();
	return result;
}
