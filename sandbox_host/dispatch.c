/*
 * dispatch.c
 *		What the broker does with a frame of a client: a table of types and
 *		handlers.  Whether a type may come now is decided before, by the phase
 *		table of wire/phase.c.
 */
#include "dispatch.h"

#include <stdio.h>
#include <string.h>

#include "watch.h"

/* False, with a reason, ends the connection. */
typedef bool (*Handler) (Broker *b, Conn *c, const uint8_t *payload,
						 uint32_t len, const char **why);

/* ---- hello ---- */

static bool
on_hello(Broker *b, Conn *c, const uint8_t *payload, uint32_t len,
		 const char **why)
{
	WireHello	hello;

	if (!wire_hello_decode(payload, len, &hello, why))
		return false;
	c->role = hello.role;
	memcpy(c->token, hello.token, WIRE_TOKEN_SIZE);
	conn_pair(b, c);
	return true;
}

/* ---- a job ---- */

/* Say which required wall is missing, and what to do about it. */
static void
name_missing(const Broker *b, uint32_t missing, char *text, size_t size)
{
	for (int i = 0; i < WALL_COUNT; i++)
	{
		if ((missing & walls[i].bit) == 0)
			continue;
		snprintf(text, size, "the %s wall is not enforced: %s (remedy: %s)",
				 walls[i].name, b->report.walls.wall[i].detail,
				 b->report.walls.wall[i].state == WALL_OFF ?
				 "do not switch it off" : plat_wall_remedy(walls[i].bit));
		return;
	}
}

static bool
limits_are_given(const WireJob *order)
{
	/* An address space or a time that overflows is no limit either. */
	return order->wall_ms > 0 && order->wall_ms < UINT64_C(1) << 40 &&
		order->cpu_ms > 0 && order->cpu_ms < UINT64_C(1) << 40 &&
		order->memory_bytes > 0 &&
		order->memory_bytes < UINT64_C(1) << 48;
}

static bool
on_job(Broker *b, Conn *c, const uint8_t *payload, uint32_t len,
	   const char **why)
{
	WireJob		order;
	Job		   *job;
	uint32_t	missing;
	char		text[700];

	if (!wire_job_decode(payload, len, &order, why))
		return false;
	if (c->role != WIRE_ROLE_CONTROL || !limits_are_given(&order))
	{
		*why = "a job without limits";
		return false;
	}
	job = job_new(b, c, &order);
	if (job == NULL)
	{
		uint8_t		frame[128];

		conn_send(b, c, frame,
				  wire_refused_encode(frame, sizeof(frame), WIRE_REFUSED_BUSY,
									  "too many jobs are waiting"));
		conn_finish(b, c);
		return true;
	}
	missing = order.required_walls & ~walls_enforced(&b->report.walls);
	if (b->pool_state == POOL_DOWN && b->failures > b->patience)
		job_refuse(b, job, WIRE_REFUSED_NOT_READY, b->why_down);
	else if (b->pool_state == POOL_UP && missing != 0)
	{
		name_missing(b, missing, text, sizeof(text));
		job_refuse(b, job, WIRE_REFUSED_WALLS, text);
	}
	else if (c->data != PLAT_NONE)
	{
		PlatHandle	data = c->data;

		c->data = PLAT_NONE;
		job_has_data(b, job, data);
	}
	return true;
}

static bool
on_kill(Broker *b, Conn *c, const uint8_t *payload, uint32_t len,
		const char **why)
{
	(void) payload;
	(void) len;
	(void) why;
	if (c->job != NULL)
	{
		/* a client that has what it wants need not wait for the end */
		watch_last(b, c->job);
		job_cancel(b, c->job);
	}
	return true;
}

/* ---- status ---- */

static void
status_row(Broker *b, Conn *c, uint32_t wall, uint32_t state,
		   const char *name, int name_len, const char *detail, int detail_len)
{
	WireStatusRow row = {
		.wall = wall,.state = state,
		.name = {name, (uint32_t) name_len},
		.detail = {detail, (uint32_t) detail_len},
	};
	uint8_t		frame[1024];

	conn_send(b, c, frame, wire_status_row_encode(frame, sizeof(frame), &row));
}

static void
status_fact(Broker *b, Conn *c, const char *name, bool good,
			const char *text)
{
	status_row(b, c, 0, good, name, (int) strlen(name), text,
			   (int) strlen(text));
}

/* "name\tgood or bad\ttext" lines of the zygote. */
static void
status_facts(Broker *b, Conn *c)
{
	const char *line = b->report.facts;

	while (*line != '\0')
	{
		int			len = (int) strcspn(line, "\n");
		int			name = (int) strcspn(line, "\t");
		int			state = (int) strcspn(line + name + 1, "\t");

		if (name + 1 + state < len)
			status_row(b, c, 0, line[name + 1] == 'g', line, name,
					   line + name + state + 2, len - name - state - 2);
		line += len + (line[len] == '\n');
	}
}

static void
status_walls(Broker *b, Conn *c)
{
	for (int i = 0; i < WALL_COUNT; i++)
	{
		char		text[700];
		WallState	state = b->report.walls.wall[i].state;

		snprintf(text, sizeof(text), "%s%s%s", b->report.walls.wall[i].detail,
				 state == WALL_NOT_ENFORCED ? "; remedy: " : "",
				 state == WALL_NOT_ENFORCED ?
				 plat_wall_remedy(walls[i].bit) : "");
		status_row(b, c, walls[i].bit, state, walls[i].name,
				   (int) strlen(walls[i].name), text, (int) strlen(text));
	}
}

static bool
on_status(Broker *b, Conn *c, const uint8_t *payload, uint32_t len,
		  const char **why)
{
	uint8_t		frame[WIRE_HEADER_SIZE];
	char		text[64];

	(void) payload;
	(void) len;
	(void) why;
	status_walls(b, c);
	status_fact(b, c, "host", b->pool_state == POOL_UP,
				b->pool_state == POOL_UP ? SANDBOX_HOST_VERSION :
				b->why_down[0] != '\0' ? b->why_down : "starting");
	status_fact(b, c, "system", true, plat_system());
	snprintf(text, sizeof(text), "%d ready, %d busy",
			 workers_in(b, WORKER_WARM), workers_in(b, WORKER_BUSY));
	status_fact(b, c, "workers", true, text);
	status_facts(b, c);
	conn_send(b, c, frame, wire_header_encode(frame, WIRE_STATUS_END, 0));
	conn_finish(b, c);
	return true;
}

/* ---- the table ---- */

static const struct
{
	WireType	type;
	Handler		handler;
}			handlers[] = {
	{WIRE_HELLO, on_hello},
	{WIRE_JOB, on_job},
	{WIRE_KILL, on_kill},
	{WIRE_STATUS, on_status},
};

bool
dispatch_frame(Broker *b, Conn *c, const WireHeader *h,
			   const uint8_t *payload, const char **why)
{
	if (!wire_phase_accept(&c->phase, h->type, why))
		return false;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].type == h->type)
			return handlers[i].handler(b, c, payload, h->length, why);
	*why = "a frame nobody handles";
	return false;
}
