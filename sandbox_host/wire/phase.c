/*
 * phase.c
 *		Which frame may come now: one row per peer, state and type.
 *
 * A frame that is not in the table ends the connection.  What may come once
 * only moves the state, so that it cannot come twice.
 */
#include "wire.h"

#include "wire_bytes.h"

/* States; each peer begins in START. */
enum
{
	START,
	GREETED,					/* after HELLO */
	WORKING,
	SCHEMA_SEEN,
	ENDED						/* nothing may come any more */
};

typedef struct PhaseRow
{
	uint8_t		peer;
	uint8_t		state;
	uint8_t		type;
	uint8_t		next;
} PhaseRow;

static const PhaseRow phases[] = {
	/* what the broker accepts on a new connection and on control */
	{WIRE_FROM_CLIENT_CONTROL, START, WIRE_HELLO, GREETED},
	{WIRE_FROM_CLIENT_CONTROL, GREETED, WIRE_JOB, WORKING},
	{WIRE_FROM_CLIENT_CONTROL, GREETED, WIRE_STATUS, ENDED},
	{WIRE_FROM_CLIENT_CONTROL, WORKING, WIRE_KILL, ENDED},

	/* what a client accepts on control */
	{WIRE_FROM_BROKER, START, WIRE_STARTED, WORKING},
	{WIRE_FROM_BROKER, START, WIRE_REFUSED, ENDED},
	{WIRE_FROM_BROKER, START, WIRE_STATUS_ROW, START},
	{WIRE_FROM_BROKER, START, WIRE_STATUS_END, ENDED},
	{WIRE_FROM_BROKER, START, WIRE_EXIT, ENDED},
	{WIRE_FROM_BROKER, WORKING, WIRE_USAGE, WORKING},
	{WIRE_FROM_BROKER, WORKING, WIRE_EXIT, ENDED},

	/* what a worker accepts */
	{WIRE_FROM_CLIENT_DATA, START, WIRE_TASK, WORKING},
	{WIRE_FROM_CLIENT_DATA, WORKING, WIRE_SCHEMA, SCHEMA_SEEN},
	{WIRE_FROM_CLIENT_DATA, SCHEMA_SEEN, WIRE_CHUNK, SCHEMA_SEEN},
	{WIRE_FROM_CLIENT_DATA, SCHEMA_SEEN, WIRE_SCHEMA, SCHEMA_SEEN},
	{WIRE_FROM_CLIENT_DATA, SCHEMA_SEEN, WIRE_END, ENDED},

	/* what a client accepts from a worker */
	{WIRE_FROM_WORKER, START, WIRE_LOG, START},
	{WIRE_FROM_WORKER, START, WIRE_FINDING, START},
	{WIRE_FROM_WORKER, START, WIRE_SCHEMA, SCHEMA_SEEN},
	{WIRE_FROM_WORKER, START, WIRE_ERROR, ENDED},
	{WIRE_FROM_WORKER, START, WIRE_DONE, ENDED},
	{WIRE_FROM_WORKER, SCHEMA_SEEN, WIRE_LOG, SCHEMA_SEEN},
	{WIRE_FROM_WORKER, SCHEMA_SEEN, WIRE_CHUNK, SCHEMA_SEEN},
	{WIRE_FROM_WORKER, SCHEMA_SEEN, WIRE_ERROR, ENDED},
	{WIRE_FROM_WORKER, SCHEMA_SEEN, WIRE_DONE, ENDED},
};

static const char *const names[WIRE_TYPE_LIMIT] = {
	[WIRE_HELLO] = "hello",
	[WIRE_JOB] = "job",
	[WIRE_STARTED] = "started",
	[WIRE_REFUSED] = "refused",
	[WIRE_USAGE] = "usage",
	[WIRE_EXIT] = "exit",
	[WIRE_KILL] = "kill",
	[WIRE_STATUS] = "status",
	[WIRE_STATUS_ROW] = "status row",
	[WIRE_STATUS_END] = "status end",
	[WIRE_TASK] = "task",
	[WIRE_SCHEMA] = "schema",
	[WIRE_CHUNK] = "chunk",
	[WIRE_END] = "end",
	[WIRE_LOG] = "log",
	[WIRE_FINDING] = "finding",
	[WIRE_ERROR] = "error",
	[WIRE_DONE] = "done",
};

const char *
wire_type_name(uint8_t type)
{
	if (type < WIRE_TYPE_LIMIT && names[type] != NULL)
		return names[type];
	return "unknown";
}

void
wire_phase_init(WirePhase *phase, WirePeer peer)
{
	phase->peer = peer;
	phase->state = START;
}

bool
wire_phase_accept(WirePhase *phase, uint8_t type, const char **why)
{
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
	{
		const PhaseRow *row = &phases[i];

		if (row->peer == (uint8_t) phase->peer &&
			row->state == phase->state && row->type == type)
		{
			phase->state = row->next;
			return true;
		}
	}
	return wire_fail(why, "a frame that may not come now");
}
