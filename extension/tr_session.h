/*
 * tr_session.h
 *		One conversation with a worker, from connecting to its exit.
 *
 * Process: a runner (tr_session_run), or any backend (the others).  Runs inside the caller's transaction and as the caller's current
 * user: everything that touches the source or the destination does so as
 * whoever the caller has become.  Errors are raised; what the error row needs
 * beyond an ErrorData is in TrOutcome, which the caller owns and which stays
 * valid after the error.
 */
#ifndef TR_SESSION_H
#define TR_SESSION_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "port/atomics.h"

#include "tr_job.h"

/* Live counters: in shared memory for a job, local for a preview. */
typedef struct TrProgress
{
	pg_atomic_uint64 rows_read;
	pg_atomic_uint64 rows_returned;
	pg_atomic_uint64 rows_written;
	pg_atomic_uint64 chunks;
	pg_atomic_uint64 bytes_in;
	pg_atomic_uint64 bytes_out;
	pg_atomic_uint64 memory_bytes;
	pg_atomic_uint64 cpu_us;
} TrProgress;

/* Called for each piece of output of the script; text is valid UTF-8 made
 * valid in the server encoding, not terminated by a newline of its own. */
typedef void (*TrLogCallback) (void *arg, int stream, const char *text,
							   int len);

typedef struct TrTask
{
	int64		job_id;			/* 0: not a job */
	const char *script;			/* for messages */
	const char *code;
	TrShape		shape;
	TrMode		mode;
	TrNumeric	numeric;
	const char *params;			/* JSON text or NULL */
	int			chunk_rows;
	const TrOptions *options;	/* NULL for a validation */
	TrLimits	limits;
	uint32		required_walls; /* mask of WireWall */
	Oid			source;			/* InvalidOid: options say what is read */
	const char *since_from;		/* read rows after this; NULL: from the start */
	const char *since_to;		/* and up to this; NULL: to the end */
	const char *destination;	/* as the user wrote it: [schema.]name */
	TrProgress *progress;
	TrLogCallback log;
	void	   *log_arg;
} TrTask;

typedef struct TrOutcome
{
	TrStage		stage;			/* where it is, or failed */
	bool		infrastructure; /* worth another attempt */
	MemoryContext context;		/* where traceback lives; set by the caller */
	char	   *traceback;		/* script errors only, else NULL */
	uint32		walls_enforced;
	bool		started;		/* a worker had the job: walls are known */
	uint64		peak_memory_bytes;
	uint64		cpu_us;
	uint64		wall_us;		/* of the worker */
	TrClock		clock;			/* runs from the beginning of the session */
	char	   *definition;		/* of the source */
	char	   *snapshot;		/* that the source was read with, as text */
	char	   *versions;		/* of what the worker ran, a line each */
	char	   *digest;			/* of the result */
	Oid			destination;	/* relation written to */
	uint64		rows_rejected;	/* put into the reject table */
	char	   *watermark;		/* the highest value of since that was read,
								 * in context; NULL: no row was */
} TrOutcome;

/* Run a job's script: read, transform, write.  Does not touch our tables. */
extern void tr_session_run(const TrTask *task, TrOutcome *outcome);

/* Run on the first `rows` rows; nothing is written.  Returns a List of text
 * (JSON objects), one per result row; *columns is a JSON array of
 * {"name", "type"}. */
extern List *tr_session_preview(const TrTask *task, int rows,
								TrOutcome *outcome, char **columns);

/* Run on the whole source and write nothing: outcome->digest and the rows
 * returned. */
extern uint64 tr_session_verify(const TrTask *task, TrOutcome *outcome);

typedef struct TrFinding
{
	int			line;
	int			column;
	const char *severity;		/* "error" or "warning" */
	char	   *what;
	char	   *why;
	char	   *instead;
} TrFinding;

/* List of TrFinding, palloc'd; raises only when the sandbox is not there.
 * versions (or NULL): of what looked at it, a line "name version" each. */
extern List *tr_session_validate(const char *code, char **versions);

#endif							/* TR_SESSION_H */
