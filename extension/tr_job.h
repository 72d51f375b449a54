/*
 * tr_job.h
 *		What a job is: states and their transitions, shapes, modes, limits.
 *
 * Pure data and functions without I/O, usable in every process.
 */
#ifndef TR_JOB_H
#define TR_JOB_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef enum TrState
{
	TR_PENDING,
	TR_RUNNING,
	TR_SUCCEEDED,
	TR_FAILED,
	TR_CANCELLED
} TrState;

typedef enum TrEvent
{
	TR_EVENT_CLAIM,				/* pending -> running */
	TR_EVENT_SUCCEED,			/* running -> succeeded */
	TR_EVENT_FAIL,				/* pending, running -> failed */
	TR_EVENT_CANCEL,			/* pending, running -> cancelled */
	TR_EVENT_REQUEUE			/* running -> pending */
} TrEvent;

/* How the script is called (DESIGN.md section 5). */
typedef enum TrShape
{
	TR_SHAPE_TABLE,
	TR_SHAPE_CHUNK,
	TR_SHAPE_GROUP
} TrShape;

typedef enum TrMode
{
	TR_MODE_CREATE,
	TR_MODE_APPEND,
	TR_MODE_REPLACE,
	TR_MODE_UPSERT
} TrMode;

/* How numeric arrives in pandas. */
typedef enum TrNumeric
{
	TR_NUMERIC_FLOAT64,
	TR_NUMERIC_DECIMAL
} TrNumeric;

/* The kind of dtypes a script sees, named as pandas names it. */
typedef enum TrBackend
{
	TR_BACKEND_NUMPY,
	TR_BACKEND_NUMPY_NULLABLE,
	TR_BACKEND_PYARROW
} TrBackend;

/*
 * Where a job failed; stands in the job row (error_stage) beside the
 * SQLSTATE.  The names are those of tr_stage_name().
 */
typedef enum TrStage
{
	TR_STAGE_NONE,
	TR_STAGE_VALIDATE,			/* the script was refused before it ran */
	TR_STAGE_START,				/* sandbox, walls, source, destination, rights */
	TR_STAGE_INPUT,				/* a source value cannot be given exactly */
	TR_STAGE_RUN,				/* the script raised or a guard refused */
	TR_STAGE_LIMIT,				/* a limit ended it */
	TR_STAGE_OUTPUT,			/* the result was refused */
	TR_STAGE_INFRASTRUCTURE,	/* a process died that should not have */
	TR_STAGE_CANCEL
} TrStage;

/*
 * What an attempt spends its time on; in the job row as columns of these
 * names with _time behind.
 */
typedef enum TrPart
{
	TR_PART_START,				/* until a worker has the job */
	TR_PART_READ,				/* the source, on its way to the worker */
	TR_PART_SCRIPT,				/* with nothing to do but wait for the script */
	TR_PART_WRITE,				/* the result, into the destination */
	TR_PART_COMMIT,				/* deferred triggers, and to disk */
	TR_PARTS
} TrPart;

typedef struct TrClock
{
	TrPart		part;			/* running now */
	int64		since;			/* on the monotonic clock, in ns */
	int64		ns[TR_PARTS];
} TrClock;

extern void tr_clock_begin(TrClock *clock);
/* From here on time counts as this; returns what it counted as. */
extern TrPart tr_clock_switch(TrClock *clock, TrPart part);

typedef struct TrLimits
{
	int64		wall_ms;
	int64		cpu_ms;
	int64		memory_bytes;
	int64		output_rows;
	int64		output_bytes;
	int64		log_bytes;
	int64		concurrent_jobs;	/* of the job's role */
	int64		queued_jobs;
} TrLimits;

/*
 * The optional arguments of a submit; NULL or NIL where not given.  Lists are
 * of char *, JSON is text.
 */
typedef struct TrOptions
{
	TrBackend	backend;
	char	   *source_query;	/* instead of one source */
	char	   *sources;		/* JSON object: several named inputs */
	List	   *columns;		/* of the source, in this order */
	char	   *filter;			/* a condition, as after WHERE */
	List	   *group_by;		/* key columns of shape group */
	List	   *key;			/* key columns of mode upsert */
	char	   *reject_table;
	char	   *expect;			/* JSON object: checks before publishing */
	char	   *since;			/* column with the watermark */

	/* no argument: where the names in the texts above are looked up; NULL:
	 * the session's own */
	char	   *search_path;
} TrOptions;

/* The new state, or elog(ERROR) when the event is not legal in this state. */
extern TrState tr_job_transition(TrState state, TrEvent event);
extern bool tr_job_is_final(TrState state);

/* Names as they stand in tables and arguments; parsers raise 22023 with the
 * list of what is accepted. */
extern const char *tr_state_name(TrState state);
extern const char *tr_stage_name(TrStage stage);
extern const char *tr_shape_name(TrShape shape);
extern const char *tr_mode_name(TrMode mode);
extern const char *tr_numeric_name(TrNumeric numeric);
extern const char *tr_backend_name(TrBackend backend);
extern TrState tr_state_parse(const char *name);
extern TrShape tr_shape_parse(const char *name);
extern TrMode tr_mode_parse(const char *name);
extern TrNumeric tr_numeric_parse(const char *name);
extern TrBackend tr_backend_parse(const char *name);

#endif							/* TR_JOB_H */
