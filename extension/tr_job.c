/*
 * tr_job.c
 *		What a job is: its states, the one transition function, and the names
 *		that stand in tables and arguments.
 *
 * Process: any.  No I/O.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "portability/instr_time.h"

#include "tr_job.h"

static const char *const state_names[] = {
	[TR_PENDING] = "pending",
	[TR_RUNNING] = "running",
	[TR_SUCCEEDED] = "succeeded",
	[TR_FAILED] = "failed",
	[TR_CANCELLED] = "cancelled",
};

static const char *const event_names[] = {
	[TR_EVENT_CLAIM] = "claim",
	[TR_EVENT_SUCCEED] = "succeed",
	[TR_EVENT_FAIL] = "fail",
	[TR_EVENT_CANCEL] = "cancel",
	[TR_EVENT_REQUEUE] = "requeue",
};

static const char *const stage_names[] = {
	[TR_STAGE_NONE] = "none",
	[TR_STAGE_VALIDATE] = "validate",
	[TR_STAGE_START] = "start",
	[TR_STAGE_INPUT] = "input",
	[TR_STAGE_RUN] = "run",
	[TR_STAGE_LIMIT] = "limit",
	[TR_STAGE_OUTPUT] = "output",
	[TR_STAGE_INFRASTRUCTURE] = "infrastructure",
	[TR_STAGE_CANCEL] = "cancel",
};

static const char *const shape_names[] = {
	[TR_SHAPE_TABLE] = "table",
	[TR_SHAPE_CHUNK] = "chunk",
	[TR_SHAPE_GROUP] = "group",
};

static const char *const mode_names[] = {
	[TR_MODE_CREATE] = "create",
	[TR_MODE_APPEND] = "append",
	[TR_MODE_REPLACE] = "replace",
	[TR_MODE_UPSERT] = "upsert",
};

static const char *const numeric_names[] = {
	[TR_NUMERIC_FLOAT64] = "float64",
	[TR_NUMERIC_DECIMAL] = "decimal",
};

static const char *const backend_names[] = {
	[TR_BACKEND_NUMPY] = "numpy",
	[TR_BACKEND_NUMPY_NULLABLE] = "numpy_nullable",
	[TR_BACKEND_PYARROW] = "pyarrow",
};

/* Legal moves: row = state, column = event; -1 = not legal. */
static const signed char moves[][5] = {
	/* CLAIM, SUCCEED, FAIL, CANCEL, REQUEUE */
	[TR_PENDING] = {TR_RUNNING, -1, TR_FAILED, TR_CANCELLED, -1},
	[TR_RUNNING] = {-1, TR_SUCCEEDED, TR_FAILED, TR_CANCELLED, TR_PENDING},
	[TR_SUCCEEDED] = {-1, -1, -1, -1, -1},
	[TR_FAILED] = {-1, -1, -1, -1, -1},
	[TR_CANCELLED] = {-1, -1, -1, -1, -1},
};

TrState
tr_job_transition(TrState state, TrEvent event)
{
	int			next = moves[state][event];

	if (next < 0)
		elog(ERROR, "job event \"%s\" is not legal in state \"%s\"",
			 event_names[event], state_names[state]);
	return (TrState) next;
}

bool
tr_job_is_final(TrState state)
{
	return state == TR_SUCCEEDED || state == TR_FAILED ||
		state == TR_CANCELLED;
}

/* ---- where the time went ---- */

static int64
now_ns(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) (INSTR_TIME_GET_DOUBLE(now) * 1e9);
}

void
tr_clock_begin(TrClock *clock)
{
	memset(clock, 0, sizeof(*clock));
	clock->part = TR_PART_START;
	clock->since = now_ns();
}

TrPart
tr_clock_switch(TrClock *clock, TrPart part)
{
	TrPart		before = clock->part;
	int64		now = now_ns();

	clock->ns[before] += now - clock->since;
	clock->since = now;
	clock->part = part;
	return before;
}

/* ---- names ---- */

/* Index of name in names, or 22023 with the list of what is accepted. */
static int
parse_name(const char *what, const char *name,
		   const char *const *names, int count)
{
	StringInfoData list;

	for (int i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return i;

	initStringInfo(&list);
	for (int i = 0; i < count; i++)
		appendStringInfo(&list, "%s\"%s\"", i == 0 ? "" : ", ", names[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s \"%s\" is not known", what, name),
			 errhint("Use one of %s.", list.data)));
	return -1;					/* not reached */
}

const char *
tr_state_name(TrState state)
{
	return state_names[state];
}

const char *
tr_stage_name(TrStage stage)
{
	return stage_names[stage];
}

const char *
tr_shape_name(TrShape shape)
{
	return shape_names[shape];
}

const char *
tr_mode_name(TrMode mode)
{
	return mode_names[mode];
}

const char *
tr_numeric_name(TrNumeric numeric)
{
	return numeric_names[numeric];
}

const char *
tr_backend_name(TrBackend backend)
{
	return backend_names[backend];
}

TrState
tr_state_parse(const char *name)
{
	return (TrState) parse_name("state", name, state_names,
								lengthof(state_names));
}

TrShape
tr_shape_parse(const char *name)
{
	return (TrShape) parse_name("shape", name, shape_names,
								lengthof(shape_names));
}

TrMode
tr_mode_parse(const char *name)
{
	return (TrMode) parse_name("mode", name, mode_names,
							   lengthof(mode_names));
}

TrNumeric
tr_numeric_parse(const char *name)
{
	return (TrNumeric) parse_name("numeric_as", name, numeric_names,
								  lengthof(numeric_names));
}

TrBackend
tr_backend_parse(const char *name)
{
	return (TrBackend) parse_name("dtype_backend", name, backend_names,
								  lengthof(backend_names));
}
