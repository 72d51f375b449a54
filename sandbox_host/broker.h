/*
 * broker.h
 *		The broker's state, and what its files call in each other.
 *
 * One thread, nothing blocks, nothing but control frames is parsed.
 *
 *	broker.c	the loop, the pool, the launcher
 *	conn.c		connections: bytes in and out, pairing
 *	dispatch.c	frames of clients
 *	job.c		the life of a job and of the workers
 *	watch.c		limits
 *	selftest.c	the scripts that prove the language and the chain as a whole
 */
#ifndef BROKER_H
#define BROKER_H

#include "config.h"
#include "plat/plat.h"
#include "walls.h"
#include "wire/wire.h"
#include "zygote.h"

#define MAX_CONNS			256
#define MAX_UNPAIRED		64	/* connections without a job */
#define MAX_JOBS			256
#define MAX_WORKERS			256
#define CONTROL_MAX			256 /* largest payload a client may send here */
#define CONN_OUT_SIZE		32768
/* Walls that each worker reports for itself; the others are the pool's. */
#define WALLS_OF_WORKER		(WALL_PROCESS | WALL_RESOURCES | WALL_FILES | \
							 WALL_KERNEL | WALL_NETWORK)
#define PAIR_TIMEOUT_US		(10 * INT64_C(1000000))

typedef struct Broker Broker;
typedef struct Conn Conn;
typedef struct Job Job;
typedef struct Worker Worker;

/* A client's connection; handle PLAT_NONE: a free slot. */
struct Conn
{
	PlatHandle	handle;
	uint32_t	role;			/* WireRole, 0 before the hello */
	uint8_t		token[WIRE_TOKEN_SIZE];
	WirePhase	phase;
	bool		finishing;		/* close once everything is sent */
	int64_t		deadline_us;	/* 0: none */
	PlatHandle	data;			/* control: the paired data connection */
	Job		   *job;			/* control: its job */
	uint8_t		in[WIRE_HEADER_SIZE + CONTROL_MAX];
	uint32_t	in_len;
	uint8_t    *out;			/* CONN_OUT_SIZE bytes */
	uint32_t	out_len;
};

/*
 * A job's life.  job_move is the only place that changes it:
 *	FREE -> WAITING (for the data connection) -> QUEUED (for a worker)
 *	-> STARTING (worker locks itself down) -> RUNNING -> FREE
 * From every state to FREE when it ends early.
 */
typedef enum JobState
{
	JOB_FREE,
	JOB_WAITING,
	JOB_QUEUED,
	JOB_STARTING,
	JOB_RUNNING
} JobState;

/* Called once when a job of the self-test is over. */
typedef void (*JobEnded) (Broker *b, int which, const WireExit *how);

struct Job
{
	JobState	state;
	WireJob		order;			/* what the client asked for */
	uint64_t	turn;			/* older jobs have smaller numbers */
	Conn	   *control;		/* NULL: gone, or the self-test's */
	PlatHandle	data;			/* until a worker has it */
	Worker	   *worker;
	int64_t		started_us;		/* when the worker got it */
	int64_t		next_usage_us;
	WireUsage	usage;			/* as last measured */
	uint64_t	peak_bytes;
	uint32_t	killed_for;		/* WireExitReason, 0: we did not kill it */
	uint64_t	limit;			/* of that reason */
	uint64_t	used;
	bool		refused;		/* REFUSED was sent: no EXIT follows */
	JobEnded	ended;			/* the self-test's; NULL for a client's */
	int			which;
};

typedef enum WorkerState
{
	WORKER_FREE,				/* slot not used */
	WORKER_ASKED,				/* the pool was asked for it */
	WORKER_BORN,				/* exists, not ready yet */
	WORKER_WARM,				/* ready for a job */
	WORKER_BUSY
} WorkerState;

struct Worker
{
	WorkerState state;
	uint32_t	id;
	PlatWorker *os;				/* from BORN on */
	PlatUsage	idle;			/* measured when it became warm */
	bool		silent;			/* its channel is closed */
	Job		   *job;
};

typedef enum PoolState
{
	POOL_DOWN,					/* try again at retry_us */
	POOL_COMING,				/* started, not ready */
	POOL_CHECKING,				/* ready, the scripts of the self-test run */
	POOL_UP
} PoolState;

typedef struct SelfTestScripts SelfTestScripts;

struct Broker
{
	const Config *config;
	PlatListener *listener;
	PlatHandle	lifeline;		/* PLAT_NONE: none */
	PlatHandle	stop;
	bool		stopping;
	int			exit_status;

	PlatPool   *pool;
	PoolState	pool_state;
	bool		was_up;			/* "ready" has been said */
	int			failures;		/* of the pool, in a row ... */
	int			patience;		/* ... and how many of them jobs wait through */
	int64_t		retry_us;
	char		why_down[400];
	ZygoteReport report;
	SelfTestScripts *scripts;
	int64_t		started_us;		/* for the log: time to ready */

	uint32_t	next_id;
	uint64_t	next_turn;
	int			spawn_failures;
	int64_t		spawn_after_us;
	int64_t		next_watch_us;

	Conn		conns[MAX_CONNS];
	Job			jobs[MAX_JOBS];
	Worker		workers[MAX_WORKERS];
	PlatEvent	event;			/* large, so here */
};

/* ---- broker.c ---- */

extern int	broker_main(const Config *config);

/*
 * The pool cannot be used: tell why, kill it, try again later.  Jobs wait
 * through the first `patience` failures in a row.
 */
extern void broker_pool_failed(Broker *b, const char *why, int patience);

/* All scripts of the self-test have ended. */
extern void broker_checked(Broker *b, bool usable, const char *why);

/* ---- conn.c ---- */

extern void conn_accept_all(Broker *b);
extern void conn_readable(Broker *b, Conn *c);
extern void conn_flush(Broker *b, Conn *c);
extern void conn_close(Broker *b, Conn *c);
extern void conn_finish(Broker *b, Conn *c);	/* close when all is sent */
extern void conn_send(Broker *b, Conn *c, const uint8_t *frame, size_t len);

/* The hello is in c: find its other half.  c may be freed. */
extern void conn_pair(Broker *b, Conn *c);
extern void conn_deadlines(Broker *b, int64_t now);

/* ---- job.c ---- */

/* A new job; NULL when there are too many. */
extern Job *job_new(Broker *b, Conn *control, const WireJob *order);

/* Its data connection is here; belongs to the job from now on. */
extern void job_has_data(Broker *b, Job *job, PlatHandle data);
extern void job_kill(Broker *b, Job *job, uint32_t reason, uint64_t limit,
					 uint64_t used);

/* The client is gone or wants no more. */
extern void job_cancel(Broker *b, Job *job);

/* Answer a job that will not run. */
extern void job_refuse(Broker *b, Job *job, uint32_t refusal,
					   const char *text);
extern void job_refuse_waiting(Broker *b, uint32_t refusal, const char *text);

/* Ask for workers and give them work, as far as possible. */
extern void job_pump(Broker *b);
extern void worker_started(Broker *b, uint32_t id, PlatWorker *os);
extern void worker_not_started(Broker *b, uint32_t id, const char *why);
extern void worker_speaks(Broker *b, Worker *w);
extern void worker_ended(Broker *b, uint32_t id, const PlatEnd *end);

/* The pool is gone and every worker with it. */
extern void workers_lost(Broker *b);
extern int	workers_in(const Broker *b, WorkerState state);

#endif							/* BROKER_H */
