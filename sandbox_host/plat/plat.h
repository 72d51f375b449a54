/*
 * plat.h
 *		The one seam to the operating system.  Everything outside plat/ is
 *		written against this page and includes no operating system header.
 *
 * The functions are stated as effects ("no more than these bytes", "nothing
 * but this connection"), not as mechanisms: Linux applies most of them from
 * inside the worker (namespaces, Landlock, rlimits, seccomp), Windows applies
 * most of them from the broker when the process is made (token, AppContainer,
 * Job Object).
 *
 * Processes, as the callers see them:
 *
 *	broker		starts a pool, asks it for workers ahead of need, gives each
 *				worker one connection, watches it, kills it.
 *	template	the process that loads Python before it is needed.  Where
 *				processes can be copied (Linux: the zygote) one template makes
 *				all workers; where they cannot (Windows), each worker is its
 *				own template: plat_template_serve then runs its function once
 *				in the same process.  No caller can tell the difference.
 *	worker		runs one job behind the walls.
 *
 * A handle is a small number that stands for a connection, a channel or
 * something that can be waited for.
 */
#ifndef PLAT_H
#define PLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../err.h"

typedef int PlatHandle;

#define PLAT_NONE	(-1)

/* ---- bytes, waiting, time ---- */

#define PLAT_AGAIN	(-2)		/* a handle that must not block would have */

/*
 * Bytes moved, 0 at end of file (read), -1 on error, PLAT_AGAIN.  Interrupted
 * calls are repeated.  A worker's data connection blocks; every handle of the
 * broker does not.  In a locked-down worker these two are all there is.
 */
extern long plat_read(int handle, void *buf, size_t len);
extern long plat_write(int handle, const void *buf, size_t len);

/* Does nothing for PLAT_NONE. */
extern void plat_close(PlatHandle handle);

#define PLAT_READ	1
#define PLAT_WRITE	2
#define PLAT_GONE	4			/* in `got`, whether wanted or not: the other
								 * end is gone and nothing is left to read */

typedef struct PlatWait
{
	PlatHandle	handle;			/* PLAT_NONE: skipped */
	unsigned	want;
	unsigned	got;
} PlatWait;

#define PLAT_WAIT_MAX	1024	/* items of one call */

/*
 * Wait until one of the items is ready or timeout_us has passed; -1 waits for
 * ever.  Fills `got` of each.  False only when waiting itself is broken.
 */
extern bool plat_wait(PlatWait *items, int n, int64_t timeout_us, ShErr *err);

/* Microseconds on a clock that nobody sets. */
extern int64_t plat_now_us(void);

/* The system's words for an error number, into buf. */
extern void plat_error_text(int os_error, char *buf, size_t size);

/* A connected pair of connections; neither blocks. */
extern bool plat_pair(PlatHandle ends[2], ShErr *err);

/* ---- the broker's own process ---- */

/*
 * First call of every process of this program.  Keeps none of what was
 * inherited but the standard streams and, in a template, its channel.
 * Refuses an account under which the walls would not hold (root, SYSTEM).
 */
extern bool plat_init(bool is_template, ShErr *err);

/* Readable when the system asks the broker to stop (SIGTERM, service stop). */
extern PlatHandle plat_stop_handle(ShErr *err);

/* The connection to whoever started this program: its standard input. */
extern PlatHandle plat_lifeline(void);

/* One text for status: the kernel or system this runs on. */
extern const char *plat_system(void);

/* Is there a file at this path (UTF-8) that this process may read? */
extern bool plat_can_read(const char *path);

/*
 * The path as workers have to be told it, who may live in another directory;
 * kept for the life of the process.
 */
extern const char *plat_path_for_workers(const char *path);

/* ---- listening ---- */

typedef struct PlatListener PlatListener;

/*
 * Listen at a local address that only this account (and allow_account, when
 * not empty) may use.  Takes over what a dead broker left; refuses when a
 * living one is there.
 */
extern PlatListener *plat_listen(const char *address,
								 const char *allow_account, ShErr *err);
extern PlatHandle plat_listener_handle(const PlatListener *listener);

/*
 * The next connection whose peer runs under an allowed account, PLAT_AGAIN
 * when there is none now, PLAT_NONE with err for one that was refused (it is
 * closed already).
 */
extern PlatHandle plat_accept(PlatListener *listener, ShErr *err);

/* Stop listening and leave nothing behind. */
extern void plat_unlisten(PlatListener *listener);

/* ---- the pool: workers as the broker sees them ---- */

typedef struct PlatPool PlatPool;
typedef struct PlatWorker PlatWorker;

typedef enum PlatEventKind
{
	PLAT_EVENT_NONE,			/* nothing more now */
	PLAT_EVENT_READY,			/* workers can be had; blob: template's report */
	PLAT_EVENT_FAILED,			/* this pool will never be ready; text says why */
	PLAT_EVENT_STARTED,			/* worker `id` exists; `worker` is the caller's */
	PLAT_EVENT_NOT_STARTED,		/* worker `id` will never exist; text */
	PLAT_EVENT_ENDED,			/* worker `id` is gone; `end` says how */
	PLAT_EVENT_GONE				/* the pool is broken and its workers with it */
} PlatEventKind;

typedef enum PlatEndKind
{
	PLAT_END_EXITED,			/* detail: exit status */
	PLAT_END_CRASHED,			/* detail: signal or exception */
	PLAT_END_KILLED,			/* from outside, by us or by the system */
	PLAT_END_FORBIDDEN,			/* the kernel wall ended it */
	PLAT_END_CPU				/* the system's own limit on CPU time */
} PlatEndKind;

typedef struct PlatEnd
{
	PlatEndKind kind;
	int			detail;
	uint64_t	cpu_us;
	uint64_t	peak_bytes;		/* resident, whole process; 0 unknown */
} PlatEnd;

#define PLAT_BLOB_MAX	16384

typedef struct PlatEvent
{
	PlatEventKind kind;
	uint32_t	id;
	PlatWorker *worker;
	PlatEnd		end;
	size_t		len;			/* of blob or text */
	char		blob[PLAT_BLOB_MAX];	/* always terminated */
} PlatEvent;

/*
 * Start what is needed to have workers.  template_args is this program's own
 * argument list (NULL-terminated, program name first) that makes a process a
 * template; `walls` are those it will build.  Returns at once; READY or FAILED
 * comes as an event.
 */
extern PlatPool *plat_pool_start(char *const template_args[], uint32_t walls,
								 ShErr *err);

/* Readable when plat_pool_event has something. */
extern PlatHandle plat_pool_handle(const PlatPool *pool);
extern void plat_pool_event(PlatPool *pool, PlatEvent *event);

/* Ask for a worker; STARTED or NOT_STARTED follows with this id. */
extern bool plat_pool_spawn(PlatPool *pool, uint32_t id, ShErr *err);

/*
 * Kill the pool and every worker of it; returns when they are gone or going.
 * PlatWorkers that STARTED gave out are still to be released.
 */
extern void plat_pool_stop(PlatPool *pool);

/* Readable when the worker says something. */
extern PlatHandle plat_worker_handle(const PlatWorker *worker);
extern uint32_t plat_worker_pid(const PlatWorker *worker);

/* What the worker said: bytes of one message, 0 gone, -1 error, PLAT_AGAIN. */
extern long plat_worker_hear(PlatWorker *worker, void *buf, size_t size);

typedef struct PlatLimits
{
	uint64_t	cpu_ms;			/* from now on */
	uint64_t	memory_bytes;	/* above address_space */
	uint64_t	address_space;	/* of the idle worker, seen by the broker */
} PlatLimits;

/*
 * Give the worker its job: one message and the one connection, under these
 * limits where they are set from outside.  The caller's copy of the
 * connection is closed in any case.
 */
extern bool plat_worker_give(PlatWorker *worker, const void *msg, size_t len,
							 PlatHandle connection, const PlatLimits *limits,
							 ShErr *err);

typedef struct PlatUsage
{
	uint64_t	resident;		/* memory only this process can have caused */
	uint64_t	resident_all;	/* with what it shares with files and others */
	uint64_t	address_space;
	uint64_t	cpu_us;
} PlatUsage;

extern bool plat_worker_usage(PlatWorker *worker, PlatUsage *usage);

/* At once, and never anything but this worker, even when it is long gone. */
extern void plat_worker_kill(PlatWorker *worker);

/* Forget it (does not kill). */
extern void plat_worker_release(PlatWorker *worker);

/* ---- the template and the worker, from inside ---- */

typedef struct PlatTemplate PlatTemplate;

/*
 * First thing in a template: dies with the broker from here on.  `walls` are
 * those that the settings leave on; the others are not built.
 */
extern PlatTemplate *plat_template_begin(uint32_t walls, ShErr *err);

/*
 * Whether this template proves the walls and reports READY.  Where each worker
 * is its own template, the pool has one started first that does so, and the
 * others rely on what it proved.
 */
extern bool plat_template_proves(const PlatTemplate *template);

/*
 * Whether its workers can still read the interpreter's own files: what a
 * script may need must otherwise be loaded before.
 */
extern bool plat_template_can_read_later(const PlatTemplate *template);

/*
 * Bytes that every worker of the pool is to find, and cannot change: what the
 * template that proves has prepared for those that are their own.  NULL when
 * there are none.  Workers that are copies have no need of it.
 */
extern bool plat_template_share(PlatTemplate *template, const void *bytes,
								size_t len, ShErr *err);
extern const void *plat_template_shared(const PlatTemplate *template,
										size_t *len);

/*
 * After Python is loaded and warmed up: everything that can be taken away
 * from all workers at once (files, network) is.  Refuses more than one thread.
 */
extern bool plat_template_seal(PlatTemplate *template, ShErr *err);

/* One "name\tgood or bad\ttext\n" line per fact an administrator asks for. */
extern void plat_template_facts(const PlatTemplate *template, char *buf,
								size_t size);

/* Tell the broker: READY with this blob, or FAILED with this text. */
extern void plat_template_ready(PlatTemplate *template, const void *blob,
								size_t len);
extern void plat_template_failed(PlatTemplate *template, const char *text);

/*
 * Make workers until the broker is gone.  In each, main(template, channel,
 * arg) runs in a process that holds the channel and nothing else; what it
 * returns is the worker's exit status.
 */
typedef int (*PlatWorkerMain) (PlatTemplate *template, PlatHandle channel,
							   void *arg);
extern int	plat_template_serve(PlatTemplate *template, PlatWorkerMain main,
								void *arg);

/* In the worker: say something; wait for the job (-1: the broker is gone). */
extern bool plat_channel_say(PlatHandle channel, const void *msg, size_t len);
extern long plat_channel_take(PlatHandle channel, void *msg, size_t size,
							  PlatHandle *connection);

/*
 * Build the walls round the calling process, all but the last step.  After
 * it the process holds `channel` and *data (which may be renumbered).
 * Returns the walls that stand in the same way as when the self-test proved
 * them, counting the one that plat_lockdown_finish will add.
 */
extern uint32_t plat_lockdown(PlatTemplate *template, const PlatLimits *limits,
							  PlatHandle *channel, PlatHandle *data);

/*
 * The last step: from here on only plat_read and plat_write on the data
 * connection, memory and exit work.  Closes the channel.  False: not done,
 * and the caller must exit at once.
 */
extern bool plat_lockdown_finish(PlatTemplate *template, PlatHandle channel);

/* ---- forbidden acts, for the self-test ---- */

typedef struct PlatAct
{
	const char *name;			/* "open a file" */
	uint32_t	refused_by;		/* walls each of which alone must refuse it */
	uint32_t	helped_by;		/* walls that refuse it where they can */
} PlatAct;

typedef enum PlatActResult
{
	PLAT_ACT_NOT_TRIED,
	PLAT_ACT_WORKED,
	PLAT_ACT_REFUSED,			/* detail: error number */
	PLAT_ACT_KILLED,			/* detail: signal; the kernel did it */
	PLAT_ACT_CRASHED			/* cannot be tried here */
} PlatActResult;

typedef struct PlatOutcome
{
	PlatActResult result;
	int			detail;
} PlatOutcome;

#define PLAT_MAX_ACTS	64

extern const PlatAct *plat_acts(int *count);

/*
 * Set up and clear away what the acts aim at.  Begin before plat_template_seal
 * takes the outside away; end leaves nothing behind.
 */
extern bool plat_probe_begin(PlatTemplate *template, ShErr *err);
extern void plat_probe_end(PlatTemplate *template);

/*
 * Try the acts that are wanted, in child processes with these walls and no
 * others, and without harm to anybody.  Afterwards *harmed is true when a
 * bystander or the caller was affected.  In a template only.
 */
extern bool plat_probe(PlatTemplate *template, uint32_t walls,
					   const bool wanted[PLAT_MAX_ACTS],
					   PlatOutcome outcome[PLAT_MAX_ACTS], bool *harmed,
					   ShErr *err);

/*
 * The wall was proven just now: workers must find the same mechanisms in
 * force before they may claim it.
 */
extern void plat_wall_proven(PlatTemplate *template, uint32_t wall);

/* What an administrator can do when the wall is not enforced. */
extern const char *plat_wall_remedy(uint32_t wall);

/* What is in force for a wall, read back, for a reader ("Landlock ABI 7"). */
extern const char *plat_wall_means(const PlatTemplate *template,
								   uint32_t wall, char *buf, size_t size);

#endif							/* PLAT_H */
