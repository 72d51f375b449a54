/*
 * tr_slots.c
 *		The slots of the runners in shared memory.
 *
 * Process: all.  A slot goes FREE -> CLAIMED (scheduler) -> RUNNING (runner)
 * -> EXITED (runner, at its end) -> FREE (scheduler).
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/lwlock.h"

#include "tr_shared.h"
#include "tr_shmem.h"

int
tr_slots_busy(void)
{
	int			busy = 0;

	tr_shmem_lock();
	for (int i = 0; i < tr_shared->nslots; i++)
		if (tr_shared->slots[i].state == TR_SLOT_CLAIMED ||
			tr_shared->slots[i].state == TR_SLOT_RUNNING)
			busy++;
	tr_shmem_unlock();
	return busy;
}

static bool
slot_has_job(const TrSlot *s, Oid database, int64 job)
{
	return s->state != TR_SLOT_FREE && s->a.database == database &&
		s->a.job == job;
}

bool
tr_slot_cancel(Oid database, int64 job)
{
	bool		found = false;

	tr_shmem_lock();
	for (int i = 0; i < tr_shared->nslots && !found; i++)
	{
		TrSlot	   *s = &tr_shared->slots[i];

		if (!slot_has_job(s, database, job) || s->state == TR_SLOT_EXITED)
			continue;
		found = true;
		s->cancel = true;
		/* the runner takes its pid out under this lock before it goes */
		if (s->pid != 0 && kill(s->pid, SIGINT) != 0)
			found = false;
	}
	tr_shmem_unlock();
	return found;
}

int
tr_slot_count(void)
{
	return tr_shared->nslots;
}

void
tr_slot_view(int slot, TrSlotView *view)
{
	TrSlot	   *s = &tr_shared->slots[slot];

	tr_shmem_lock();
	view->generation = s->generation;
	view->state = s->state;
	view->a = s->a;
	view->phase = s->phase;
	view->pid = s->pid;
	view->cancel = s->cancel;
	view->recorded = s->recorded;
	view->sqlstate = s->sqlstate;
	memcpy(view->message, s->message, sizeof(view->message));
	tr_shmem_unlock();
}

TrProgress *
tr_slot_progress(int slot)
{
	return &tr_shared->slots[slot].progress;
}

int
tr_slot_of(Oid database, int64 job, int attempt)
{
	int			result = -1;

	tr_shmem_lock();
	for (int i = 0; i < tr_shared->nslots && result < 0; i++)
		if (slot_has_job(&tr_shared->slots[i], database, job) &&
			tr_shared->slots[i].a.attempt == attempt)
			result = i;
	tr_shmem_unlock();
	return result;
}

/* ---- scheduler ---- */

int
tr_slot_reserve(Oid database)
{
	TrDatabase *db;
	int			result = -1;

	tr_shmem_lock();
	for (int i = 0; i < tr_shared->nslots && result < 0; i++)
		if (tr_shared->slots[i].state == TR_SLOT_FREE)
			result = i;
	if (result >= 0)
	{
		TrSlot	   *s = &tr_shared->slots[result];

		s->state = TR_SLOT_CLAIMED;
		s->generation++;
		memset(&s->a, 0, sizeof(s->a));
		s->a.database = database;
		s->pid = 0;
		s->cancel = false;
		s->recorded = false;
		s->sqlstate = 0;
		s->message[0] = '\0';
		s->phase = TR_PHASE_CONNECTING;
	}
	else if ((db = tr_database_find(database)) != NULL)
		db->wants_slot = true;
	tr_shmem_unlock();
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
	TrSlot	   *s = &tr_shared->slots[slot];
	TrLogRing  *ring = tr_slot_ring_lock(slot);

	ring->read = ring->write = 0;
	ring->next_seq = 1;
	tr_slot_ring_unlock(slot);

	tr_shmem_lock();
	s->a = *a;
	clear_progress(&s->progress);
	tr_shmem_unlock();
	return s->generation;
}

void
tr_slot_free(int slot)
{
	TrSlot	   *s = &tr_shared->slots[slot];

	tr_shmem_lock();
	s->state = TR_SLOT_FREE;
	s->pid = 0;
	for (int i = 0; i < TR_MAX_DATABASES; i++)
	{
		TrDatabase *db = &tr_shared->databases[i];

		if (OidIsValid(db->oid) && db->wants_slot)
		{
			db->wants_slot = false;
			tr_wake_scheduler_locked(db);
		}
	}
	if (tr_shared->host.state == TR_HOST_DRAINING)
		tr_wake_launcher_locked();
	tr_shmem_unlock();
}

void
tr_slot_void_claims(Oid database)
{
	tr_shmem_lock();
	for (int i = 0; i < tr_shared->nslots; i++)
	{
		TrSlot	   *s = &tr_shared->slots[i];

		if (s->state == TR_SLOT_CLAIMED && s->a.database == database)
		{
			s->generation++;
			s->state = TR_SLOT_FREE;
		}
	}
	tr_shmem_unlock();
}

/* ---- runner ---- */

bool
tr_slot_enter(const TrRunnerArg *arg, TrAssignment *a)
{
	TrSlot	   *s = &tr_shared->slots[arg->slot];
	bool		mine;

	tr_shmem_lock();
	mine = s->state == TR_SLOT_CLAIMED && s->generation == arg->generation;
	if (mine)
	{
		s->state = TR_SLOT_RUNNING;
		s->pid = MyProcPid;
		*a = s->a;
	}
	tr_shmem_unlock();
	return mine;
}

void
tr_slot_exit(const TrRunnerArg *arg)
{
	TrSlot	   *s = &tr_shared->slots[arg->slot];
	TrDatabase *db;

	tr_shmem_lock();
	if (s->state == TR_SLOT_RUNNING && s->generation == arg->generation)
	{
		s->state = TR_SLOT_EXITED;
		s->pid = 0;
		db = tr_database_find_or_add(s->a.database);
		if (db != NULL)
		{
			db->work = true;
			tr_wake_scheduler_locked(db);
		}
	}
	tr_shmem_unlock();
}

void
tr_slot_set_phase(int slot, TrPhase phase)
{
	tr_shmem_lock();
	tr_shared->slots[slot].phase = phase;
	tr_shmem_unlock();
}

bool
tr_slot_cancelled(int slot)
{
	bool		result;

	tr_shmem_lock();
	result = tr_shared->slots[slot].cancel;
	tr_shmem_unlock();
	return result;
}

void
tr_slot_recorded(int slot)
{
	tr_shmem_lock();
	tr_shared->slots[slot].recorded = true;
	tr_shmem_unlock();
}

void
tr_slot_last_words(int slot, int sqlstate, const char *message)
{
	TrSlot	   *s = &tr_shared->slots[slot];

	tr_shmem_lock();
	s->sqlstate = sqlstate;
	strlcpy(s->message, message, sizeof(s->message));
	tr_shmem_unlock();
}

void
tr_slot_wake_scheduler(int slot)
{
	TrDatabase *db;

	tr_shmem_lock();
	db = tr_database_find(tr_shared->slots[slot].a.database);
	if (db != NULL)
		tr_wake_scheduler_locked(db);
	tr_shmem_unlock();
}

/* ---- log rings ---- */

TrLogRing *
tr_slot_ring_lock(int slot)
{
	LWLockAcquire(&tr_shared->slots[slot].ring_lock, LW_EXCLUSIVE);
	return &tr_shared->slots[slot].log;
}

void
tr_slot_ring_unlock(int slot)
{
	LWLockRelease(&tr_shared->slots[slot].ring_lock);
}
