/*
 * tr_queue.h
 *		Every statement on the extension's own tables.
 *
 * Process: any, inside a transaction.  Each function becomes the owner of
 * the tables for exactly its statement and the caller again afterwards.
 * Results are palloc'd in the caller's memory context.
 */
#ifndef TR_QUEUE_H
#define TR_QUEUE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "tr_job.h"
#include "tr_options.h"
#include "tr_store_script.h"

/* Is the extension installed in this database? */
extern bool tr_queue_installed(void);

/* ---- jobs ---- */

typedef struct TrNewJob
{
	int64		script;
	int			version;
	Oid			role;
	Oid			source;			/* InvalidOid: options say what is read */
	const char *source_name;	/* NULL without source */
	const char *destination;
	TrShape		shape;
	TrMode		mode;
	TrNumeric	numeric;
	Jsonb	   *params;			/* or NULL */
	int			priority;
	int			chunk_rows;
	TrLimits	limits;
	TrBackend	backend;
	/* the rest of TrOptions, in its order, as the columns of the row */
	Datum		options[TR_OPTIONS];
	bool		no_option[TR_OPTIONS];	/* NULL */
	const char *search_path;
} TrNewJob;

/* How many jobs of a role wait, counted up to `most`; not those that other
 * open transactions have submitted. */
extern int64 tr_queue_queued(Oid role, int64 most);

/* Also wakes the scheduler at commit. */
extern int64 tr_queue_submit(const TrNewJob *job);

typedef struct TrClaim
{
	int64		job;
	int			attempt;		/* before the claim */
	Oid			role;
} TrClaim;

/* Lock the pending job whose turn it is; false when there is none. */
extern bool tr_queue_next(TrClaim *claim);

/* pending -> running, as attempt claim->attempt + 1. */
extern void tr_queue_claim(const TrClaim *claim);

/* What it takes to run a job. */
typedef struct TrJobRow
{
	int64		script_id;
	char	   *script;			/* its name now */
	bool		archived;
	TrAccess	access;			/* to the script, of the role asked for */
	int			version;
	char	   *code;
	Oid			source;
	char	   *source_name;
	char	   *destination;
	TrShape		shape;
	TrMode		mode;
	TrNumeric	numeric;
	char	   *params;			/* JSON or NULL */
	int			chunk_rows;
	TrLimits	limits;
	int			unstarted;
	TrOptions	options;
	char	   *since_from;		/* of a job that is over: what it read */
	char	   *since_to;
	char	   *digest;			/* of a result it once had, or NULL */
	int64		rows_returned;
	char	   *script_hash;	/* these for the audit */
	char	   *subject;
	char	   *token_id;
} TrJobRow;

/* False when the job is not in this state as this attempt.  role: who wants to
 * run it. */
extern bool tr_queue_load(int64 job, TrState state, int attempt, Oid role,
						  TrJobRow *row);

/* running -> pending. */
typedef struct TrRequeue
{
	int			attempt;		/* the new value of the row */
	int			unstarted;
	int			delay_ms;
	const char *reason;			/* plain words */
} TrRequeue;

extern bool tr_queue_requeue(int64 job, int attempt,
							 const TrRequeue *requeue);

/* How a job ended. */
typedef struct TrEnd
{
	const TrJobRow *row;		/* or NULL */
	bool		worked;			/* counters, walls and usage are known */
	int64		rows_read;
	int64		rows_returned;
	int64		rows_written;
	int64		rows_rejected;
	int64		bytes_in;
	int64		bytes_out;
	uint32		walls_enforced;
	int64		peak_memory;
	int64		cpu_us;
	int64		worker_us;
	int64		part_ns[TR_PARTS];
	const char *definition;
	const char *snapshot;
	const char *versions;
	const char *digest;			/* NULL: there is no complete result */
	int			sqlstate;		/* 0: no error */
	const char *error;
	const char *detail;
	const char *hint;
	const char *context;
	TrStage		stage;
	const char *traceback;
} TrEnd;

/* `from` -> the final state of `event`; false when the job is not in state
 * `from` as this attempt any more. */
extern bool tr_queue_finish(int64 job, TrState from, int attempt,
							TrEvent event, const TrEnd *end);

/* After the commit of a job that succeeded. */
extern void tr_queue_commit_time(int64 job, int attempt, int64 ns);

/* List of TrClaim: jobs that are running according to their rows. */
extern List *tr_queue_running(void);

/* Is a job pending, and in how many ms may the next one start (0: now)? */
extern bool tr_queue_pending(long *wait_ms);

typedef struct TrJobStatus
{
	TrState		state;
	int			attempt;
	Oid			role;
	TransactionId writer;		/* wrote the row as it is */
	bool		own_write;		/* that is the current transaction */
	int			sqlstate;		/* of the error, 0: none */
	char	   *error;
	char	   *detail;
	char	   *hint;
	char	   *traceback;
	int64		rows_read;
	int64		rows_written;
	char	   *destination;
	char	   *waiting_reason;
	double		seconds;		/* of the last attempt, so far */
} TrJobStatus;

/* The latest state, whatever the isolation level; false: no such job. */
extern bool tr_queue_status(int64 job, TrJobStatus *status);

/* ---- watermarks: how far incremental jobs have read ---- */

typedef struct TrWatermark
{
	Oid			role;
	int64		script;
	const char *source;
	const char *destination;

	/* what is known of it */
	char	   *since;			/* column */
	char	   *type;			/* its type, NULL before the first job */
	char	   *value;			/* as text, NULL before the first job */
} TrWatermark;

/*
 * Lock it to the end of the transaction, making it when there is none, and
 * fill in what is known.  Waits for another job that has it.
 */
extern void tr_queue_watermark_take(TrWatermark *watermark, const char *since);

/* Set it (NULL: leave it), and note in the job's row what was read. */
extern void tr_queue_watermark_move(const TrWatermark *watermark, int64 job,
									const char *value, const char *type);

/* Forget those that the current user may see; NULL: of all.  How many. */
extern int64 tr_queue_watermark_reset(const char *script, const char *source,
									  const char *destination);

/* ---- logs: lists of TrLogLine ---- */

extern void tr_queue_add_log(int64 job, int attempt, List *lines);

typedef void (*TrLogRowCallback) (void *arg, int attempt, int seq,
								  TimestampTz at, const char *stream,
								  const char *text);

/* Calls back for every row, in order of attempt and seq. */
extern void tr_queue_read_log(int64 job, TrLogRowCallback callback, void *arg);

#endif							/* TR_QUEUE_H */
