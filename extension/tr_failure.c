/*
 * tr_failure.c
 *		How a conversation with a worker can end badly, each as one error.
 *
 * Process: the backend that holds a job.  A limit's message names the limit,
 * its value and what was used; a script's error carries the user's own
 * traceback and rows.  Text from a worker is data, never a format.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "tr_errors.h"
#include "tr_failure.h"
#include "tr_types.h"

typedef enum LimitUnit
{
	UNIT_MS,
	UNIT_BYTES,
	UNIT_ROWS
} LimitUnit;

static const struct
{
	const char *what;
	const char *setting;
	LimitUnit	unit;
}			limits[] = {
	[TR_LIMIT_WALL_TIME] = {"wall time", "job_wall_time", UNIT_MS},
	[TR_LIMIT_CPU_TIME] = {"CPU time", "job_cpu_time", UNIT_MS},
	[TR_LIMIT_MEMORY] = {"memory", "job_memory", UNIT_BYTES},
	[TR_LIMIT_OUTPUT_ROWS] = {"output rows", "job_output_rows", UNIT_ROWS},
	[TR_LIMIT_OUTPUT_BYTES] = {"output bytes", "job_output_bytes", UNIT_BYTES},
};

static char *
amount(LimitUnit unit, uint64 v)
{
	switch (unit)
	{
		case UNIT_MS:
			return psprintf("%.3f s", v / 1000.0);
		case UNIT_BYTES:
			return psprintf("%.1f MB", v / 1024.0 / 1024.0);
		default:
			return psprintf(UINT64_FORMAT, v);
	}
}

/* Which ceiling it is, and how it is raised. */
static char *
limit_hint(TrLimitName limit)
{
	return psprintf("It can be set up to the ceiling transform.max_%s, which an administrator raises: ALTER ROLE %s SET transform.max_%s = ... Shape 'chunk' keeps memory and results small.",
					limits[limit].setting,
					quote_identifier(GetUserNameFromId(GetUserId(), false)),
					limits[limit].setting);
}

void
tr_fail_limit(TrLimitName limit, uint64 value, uint64 used)
{
	LimitUnit	unit = limits[limit].unit;

	ereport(ERROR,
			(errcode(TR_ERR_LIMIT),
			 errmsg("the script reached the limit transform.%s = %s (%s): used %s",
					limits[limit].setting, amount(unit, value),
					limits[limit].what, amount(unit, used)),
			 errhint("%s", limit_hint(limit))));
}

void
tr_fail_too_large(uint64 limit, uint64 bytes, bool estimate)
{
	ereport(ERROR,
			(errcode(TR_ERR_LIMIT),
			 errmsg("the source is too large for shape \"table\": %s %s, the limit transform.%s is %s",
					estimate ? "estimated" : "at least",
					amount(UNIT_BYTES, bytes), limits[TR_LIMIT_MEMORY].setting,
					amount(UNIT_BYTES, limit)),
			 errdetail("A script of this shape holds all rows at once, as they were sent and as pandas has them."),
			 errhint("Use shape => 'chunk' or 'group', or read less with columns and filter.")));
}

void
tr_fail_protocol(const char *why)
{
	ereport(ERROR,
			(errcode(TR_ERR_PROTOCOL),
			 errmsg("the worker broke the protocol: %s", why),
			 errhint("Nothing of its result was kept. A script cannot do this by ordinary means: report it.")));
}

void
tr_fail_refused(uint32 refusal, const char *text, TrOutcome *outcome)
{
	outcome->infrastructure = refusal != WIRE_REFUSED_WALLS;
	ereport(ERROR,
			(errcode(TR_ERR_SANDBOX),
			 errmsg("the sandbox refused the job: %s", text),
			 errhint(refusal == WIRE_REFUSED_WALLS ?
					 "transform_sandbox_status() shows each wall and what it needs; an administrator may lower transform.sandbox_require." :
					 "transform_sandbox_status() shows what the sandbox host is waiting for.")));
}

/* ---- errors that the worker reports ---- */

typedef struct ErrorRow
{
	int			sqlstate;
	TrStage		stage;
	const char *prefix;
} ErrorRow;

static const ErrorRow errors[WIRE_ERROR_LIMIT] = {
	[WIRE_ERROR_SYNTAX] = {TR_ERR_SYNTAX, TR_STAGE_VALIDATE, ""},
	[WIRE_ERROR_POLICY] = {TR_ERR_REFUSED, TR_STAGE_VALIDATE, ""},
	[WIRE_ERROR_NO_TRANSFORM] = {TR_ERR_REFUSED, TR_STAGE_VALIDATE, ""},
	[WIRE_ERROR_SCRIPT] = {TR_ERR_SCRIPT, TR_STAGE_RUN, ""},
	[WIRE_ERROR_GUARD] = {TR_ERR_GUARD, TR_STAGE_RUN, ""},
	[WIRE_ERROR_MEMORY] = {TR_ERR_LIMIT, TR_STAGE_LIMIT, ""},
	[WIRE_ERROR_RESULT] = {TR_ERR_RESULT, TR_STAGE_OUTPUT, ""},
	[WIRE_ERROR_OUTPUT_ROWS] = {TR_ERR_LIMIT, TR_STAGE_OUTPUT, ""},
	[WIRE_ERROR_OUTPUT_BYTES] = {TR_ERR_LIMIT, TR_STAGE_OUTPUT, ""},
	[WIRE_ERROR_INPUT] = {TR_ERR_INPUT, TR_STAGE_INPUT, ""},
	[WIRE_ERROR_INTERNAL] = {TR_ERR_INFRASTRUCTURE, TR_STAGE_RUN,
	"fault in the sandbox driver: "},
};

/* "call 3 of transform(), input rows 100001 to 150000" */
static char *
where(const WireError *error)
{
	if (error->call == 0)
		return NULL;
	if (error->first_row == 0)
		return psprintf("In call %u of transform().", error->call);
	return psprintf("In call %u of transform(), input rows " UINT64_FORMAT
					" to " UINT64_FORMAT ".", error->call, error->first_row,
					error->last_row);
}

void
tr_fail_worker_error(const WireError *error, const TrTask *task,
					 TrOutcome *outcome)
{
	const ErrorRow *row = &errors[error->kind];
	char	   *message = tr_text_from_worker(error->message, false);
	char	   *detail = tr_text_from_worker(error->detail, true);
	char	   *hint = tr_text_from_worker(error->hint, true);
	char	   *place = where(error);

	outcome->stage = row->stage;
	if (error->traceback.len > 0)
	{
		MemoryContext old = MemoryContextSwitchTo(outcome->context);

		outcome->traceback = tr_text_from_worker(error->traceback, true);
		MemoryContextSwitchTo(old);
	}
	if (error->kind == WIRE_ERROR_MEMORY)
		tr_fail_limit(TR_LIMIT_MEMORY, task->limits.memory_bytes,
					  outcome->peak_memory_bytes);
	if (error->kind == WIRE_ERROR_OUTPUT_ROWS)
		hint = limit_hint(TR_LIMIT_OUTPUT_ROWS);
	if (error->kind == WIRE_ERROR_OUTPUT_BYTES)
		hint = limit_hint(TR_LIMIT_OUTPUT_BYTES);
	if (place != NULL)
		detail = detail[0] != '\0' ? psprintf("%s\n%s", place, detail) : place;
	ereport(ERROR,
			(errcode(row->sqlstate),
			 errmsg("%s%s", row->prefix, message),
			 detail[0] != '\0' ? errdetail("%s", detail) : 0,
			 hint[0] != '\0' ? errhint("%s", hint) : 0));
}

/* ---- a worker that went without a word ---- */

static void
fail_infrastructure(TrOutcome *outcome, const char *what)
{
	outcome->stage = TR_STAGE_INFRASTRUCTURE;
	outcome->infrastructure = true;
	ereport(ERROR,
			(errcode(TR_ERR_INFRASTRUCTURE),
			 errmsg("%s", what),
			 errhint("The job is tried again while transform.max_attempts allows.")));
}

void
tr_fail_exit(const TrLinkState *state, const TrTask *task, TrOutcome *outcome)
{
	const WireExit *e = &state->exit;

	if (!state->exited)
		fail_infrastructure(outcome, "the sandbox host went away");
	outcome->stage = TR_STAGE_LIMIT;
	switch ((WireExitReason) e->reason)
	{
		case WIRE_EXIT_WALL_TIME:
			tr_fail_limit(TR_LIMIT_WALL_TIME, e->limit, e->used);
			break;
		case WIRE_EXIT_CPU_TIME:
			tr_fail_limit(TR_LIMIT_CPU_TIME, e->limit, e->used);
			break;
		case WIRE_EXIT_MEMORY:
			tr_fail_limit(TR_LIMIT_MEMORY, e->limit, e->used);
			break;
		case WIRE_EXIT_FORBIDDEN:
			outcome->stage = TR_STAGE_RUN;
			ereport(ERROR,
					(errcode(TR_ERR_GUARD),
					 errmsg("the worker was killed by the kernel wall: the script made a system call that is not allowed"),
					 errhint("A script may compute and print; files, processes, sockets and clocks are out of its reach.")));
			break;
		case WIRE_EXIT_SIGNAL:
			outcome->stage = TR_STAGE_RUN;
			ereport(ERROR,
					(errcode(TR_ERR_SCRIPT),
					 errmsg("the worker crashed with signal %d while it ran the script",
							e->detail),
					 errhint("Deep recursion in library code and damaged data crash an interpreter; nothing of the result was kept.")));
			break;
		case WIRE_EXIT_KILLED:
		case WIRE_EXIT_CANCELLED:
			fail_infrastructure(outcome, "the worker was killed from outside");
			break;
		case WIRE_EXIT_NORMAL:
			break;
	}
	outcome->stage = TR_STAGE_RUN;
	ereport(ERROR,
			(errcode(TR_ERR_PROTOCOL),
			 errmsg("the worker ended with exit status %d before its result was complete",
					e->detail),
			 errhint("Nothing of the result was kept.")));
}
