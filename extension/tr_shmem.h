/*
 * tr_shmem.h
 *		What the processes of transform know of each other: one struct in
 *		shared memory under one lock.  Plain data, no pointers.
 *
 * Process: all.  A process that dies by a signal makes the postmaster reset
 * all shared memory, so what stands here is never the word of the dead.
 *
 * Locks: `lock` (tranche transform, number 0) guards everything but the log
 * rings; slot i's ring has lock i + 1 and may be taken while holding none
 * or while nothing else is taken afterwards.  Latches are set under `lock`.
 */
#ifndef TR_SHMEM_H
#define TR_SHMEM_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/condition_variable.h"

#include "tr_session.h"

#define TR_MAX_DATABASES	256
#define TR_LOG_RING_SIZE	(64 * 1024)
#define TR_REASON_SIZE		512

/* ---- the broker ---- */

typedef enum TrHostState
{
	TR_HOST_NONE,				/* the launcher has not come to it yet */
	TR_HOST_STARTING,
	TR_HOST_READY,
	TR_HOST_DRAINING,			/* settings changed: restarts when no job runs */
	TR_HOST_FAILED,				/* see reason; tried again from time to time */
	TR_HOST_EXTERNAL			/* transform.sandbox_address is set */
} TrHostState;

typedef struct TrHostInfo
{
	TrHostState state;
	int			pid;			/* 0: not running */
	int			launcher_pid;	/* 0: not running; filled by tr_shmem_host */
	char		path[MAXPGPATH];
	char		reason[TR_REASON_SIZE]; /* plain words; "" when all is well */
} TrHostInfo;

/* ---- databases ---- */

typedef enum TrSchedulerState
{
	TR_SCHEDULER_NONE,
	TR_SCHEDULER_STARTING,		/* asked for by the launcher */
	TR_SCHEDULER_RUNNING
} TrSchedulerState;

/* ---- runners ---- */

typedef enum TrSlotState
{
	TR_SLOT_FREE,
	TR_SLOT_CLAIMED,			/* by a scheduler; its runner is not there yet */
	TR_SLOT_RUNNING,
	TR_SLOT_EXITED				/* the runner is gone; its scheduler looks
								 * after the rest */
} TrSlotState;

typedef enum TrPhase
{
	TR_PHASE_CONNECTING,		/* the session is not there yet */
	TR_PHASE_STARTING,
	TR_PHASE_WORKING,
	TR_PHASE_COMMITTING,
	TR_PHASE_RECORDING			/* the failure of the job */
} TrPhase;

/* What a runner is given. */
typedef struct TrAssignment
{
	Oid			database;
	int64		job;
	int			attempt;
	Oid			role;
	bool		switch_role;	/* cannot log in: become the role instead */
} TrAssignment;

/* A copy of a slot. */
typedef struct TrSlotView
{
	uint64		generation;
	TrSlotState state;
	TrAssignment a;
	TrPhase		phase;
	int			pid;			/* 0 unless running */
	bool		cancel;
	bool		recorded;		/* how the job ended stands in its row */
	int			sqlstate;		/* of the message, 0: none */
	char		message[TR_REASON_SIZE];	/* last words of the runner */
} TrSlotView;

/* Handed to a runner in bgw_extra. */
typedef struct TrRunnerArg
{
	int			slot;
	uint64		generation;
} TrRunnerArg;

/* ---- set-up ---- */

extern void tr_shmem_init(void);	/* postmaster, while preloading */
extern bool tr_shmem_ready(void);	/* false: not preloaded */

/* ---- launcher ---- */

extern void tr_launcher_attach(void);
extern void tr_launcher_detach(void);

/* Publish what is known of the broker; wakes the schedulers. */
extern void tr_shmem_set_host(const TrHostInfo *info);
extern void tr_shmem_host(TrHostInfo *info);

/* A database that wants a scheduler and has none, marked as starting;
 * InvalidOid when there is none (now: *wait_ms says when to ask again). */
extern Oid	tr_database_next(long *wait_ms);

/* The scheduler did not come: try again in a second. */
extern void tr_database_not_started(Oid database, bool no_worker_slot);
extern void tr_database_forget(Oid database);

/* True once when a mark was lost because the array was full. */
extern bool tr_database_sweep_wanted(void);
extern int	tr_slots_busy(void);

/* ---- any backend ---- */

/* There is work in this database: wake its scheduler, or the launcher. */
extern void tr_database_mark(Oid database);

/* Ask an idle scheduler to leave the database (it is about to be dropped,
 * renamed or copied). */
extern void tr_database_ask_leave(Oid database);
extern bool tr_database_no_worker_slot(Oid database);

/* A job became final: wake whoever waits for one. */
extern void tr_jobs_broadcast(void);
extern ConditionVariable *tr_jobs_finished(void);
extern ConditionVariable *tr_host_changed(void);

/* Set the cancel flag of a running job and interrupt its runner. */
extern bool tr_slot_cancel(Oid database, int64 job);

extern int	tr_slot_count(void);
extern void tr_slot_view(int slot, TrSlotView *view);
extern TrProgress *tr_slot_progress(int slot);

/* Slot of a job that is being run, or -1. */
extern int	tr_slot_of(Oid database, int64 job, int attempt);

/* ---- scheduler ---- */

/* False when the database already has one. */
extern bool tr_scheduler_attach(Oid database);

/* `failed`: start another one for the same work after a second. */
extern void tr_scheduler_detach(Oid database, bool failed);

/* Leave if nothing was marked since; then the entry is given back. */
extern bool tr_scheduler_leave(Oid database);

/* Take note of the marks: true when there was one. */
extern bool tr_scheduler_take_mark(Oid database, bool *asked_to_leave);

/* A free slot, now claimed, or -1 (the scheduler is woken when one is
 * free). */
extern int	tr_slot_reserve(Oid database);
extern uint64 tr_slot_assign(int slot, const TrAssignment *a);
extern void tr_slot_free(int slot);

/* Void claims of a former scheduler of this database. */
extern void tr_slot_void_claims(Oid database);

/* ---- runner ---- */

/* Take over the slot; false when it belongs to somebody else by now. */
extern bool tr_slot_enter(const TrRunnerArg *arg, TrAssignment *a);
extern void tr_slot_exit(const TrRunnerArg *arg);
extern void tr_slot_set_phase(int slot, TrPhase phase);
extern bool tr_slot_cancelled(int slot);
extern void tr_slot_recorded(int slot); /* nothing is left to settle */
extern void tr_slot_last_words(int slot, int sqlstate, const char *message);
extern void tr_slot_wake_scheduler(int slot);

/* ---- log rings (tr_log.c) ---- */

typedef struct TrLogRing
{
	uint64		read;			/* persisted up to here */
	uint64		write;			/* both only grow */
	int			next_seq;
	char		bytes[TR_LOG_RING_SIZE];
} TrLogRing;

/* The ring of a slot, locked until tr_slot_ring_unlock. */
extern TrLogRing *tr_slot_ring_lock(int slot);
extern void tr_slot_ring_unlock(int slot);

#endif							/* TR_SHMEM_H */
