/*
 * tr_shared.h
 *		Layout of the shared struct; private to tr_shmem.c, tr_slots.c,
 *		tr_audit*.c, tr_delay.c, tr_keyfile.c and tr_roles.c.  tr_shmem.h has the interface.
 */
#ifndef TR_SHARED_H
#define TR_SHARED_H

#include "postgres.h"

#include "storage/lwlock.h"

#include "port/atomics.h"

#include "tr_audit_private.h"
#include "tr_delay.h"
#include "tr_shmem.h"

typedef struct TrDatabase
{
	Oid			oid;			/* InvalidOid: entry is free */
	TrSchedulerState state;
	int			procno;			/* of the scheduler when running */
	bool		work;			/* marked since the scheduler last looked */
	bool		leave;			/* asked to leave when idle */
	bool		wants_slot;		/* found no free slot */
	bool		no_worker_slot; /* could not be started */
	TimestampTz not_before;		/* earliest start after a failure */
} TrDatabase;

typedef struct TrSlot
{
	LWLock		ring_lock;		/* of log, alone; the rest is the shared lock's */
	uint64		generation;		/* counts assignments */
	TrSlotState state;
	TrAssignment a;
	TrPhase		phase;
	int			pid;
	bool		cancel;
	bool		recorded;
	int			sqlstate;
	char		message[TR_REASON_SIZE];
	TrProgress	progress;
	TrLogRing	log;
} TrSlot;

typedef struct TrShared
{
	int			tranche;		/* of all our locks */
	LWLock		lock;
	int			launcher_pid;	/* 0: none */
	int			launcher_procno;
	bool		sweep;
	TrHostInfo	host;
	ConditionVariable finished; /* a job became final */
	ConditionVariable host_changed;
	TrDatabase	databases[TR_MAX_DATABASES];
	TrAuditQueue audit;
	TrDelays	delays;			/* of logins */
	LWLock		keys_lock;		/* held to change the file of keys, or that of
								 * dropped roles */
	pg_atomic_uint64 keys_changed;	/* counts its changes */
	int			nslots;
	TrSlot		slots[FLEXIBLE_ARRAY_MEMBER];
} TrShared;

extern TrShared *tr_shared;		/* NULL: not preloaded */

extern void tr_shmem_lock(void);
extern void tr_shmem_unlock(void);

/* With the lock held: */
extern void tr_wake_launcher_locked(void);
extern void tr_wake_scheduler_locked(TrDatabase *db);
extern TrDatabase *tr_database_find(Oid oid);
extern TrDatabase *tr_database_find_or_add(Oid oid);

#endif							/* TR_SHARED_H */
