/*
 * broker.c
 *		The broker's loop: it waits for its launcher, its listener, its pool,
 *		its clients and its workers, and does what each of them asks for.
 *
 * The trusted parent of everything that runs scripts.  One thread; no Python;
 * nothing blocks; nothing wakes it while nothing happens.  When the lifeline
 * to the launcher ends, it kills all workers and exits at once: a broker
 * without a server has no reason to be.
 */
#include "broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "selftest.h"
#include "watch.h"

#define RETRY_FIRST_US	100000
#define RETRY_MAX_US	30000000

/*
 * Failures of the pool in a row that jobs wait through: one that says why it
 * cannot work will hardly change its mind; one that is just gone, or whose
 * worker did not answer in the self-test, may have been killed.
 */
#define PATIENCE_SAID	1
#define PATIENCE_GONE	3

#define MAX_ITEMS		(4 + MAX_CONNS + MAX_WORKERS)

/* ---- the launcher ---- */

/* A status line; the launcher reads them, a terminal ignores them. */
static void
say(Broker *b, const char *line)
{
	if (b->lifeline != PLAT_NONE)
		(void) plat_write(b->lifeline, line, strlen(line));
}

static void
stop(Broker *b, int status)
{
	b->stopping = true;
	b->exit_status = status;
}

static void
lifeline_readable(Broker *b)
{
	char		buf[64];
	long		n = plat_read(b->lifeline, buf, sizeof(buf));

	if (n == 0 || n == -1)
		stop(b, 0);
}

/* ---- the pool ---- */

static void
start_pool(Broker *b)
{
	char	   *args[CONFIG_TEMPLATE_ARGS];
	ShErr		err;

	config_template_args(b->config, args);
	b->pool = plat_pool_start(args, WALL_ALL & ~b->config->walls_off, &err);
	if (b->pool == NULL)
		broker_pool_failed(b, err.text, PATIENCE_SAID);
	else
		b->pool_state = POOL_COMING;
}

void
broker_pool_failed(Broker *b, const char *why, int patience)
{
	int64_t		pause = RETRY_FIRST_US;
	char		line[500];

	snprintf(b->why_down, sizeof(b->why_down), "%s", why);
	log_line(LOG_FAIL, "no worker can be started: %s", why);
	b->pool_state = POOL_DOWN;
	plat_pool_stop(b->pool);
	b->pool = NULL;
	selftest_scripts_stop(b);
	workers_lost(b);
	walls_report_init(&b->report.walls, b->config->walls_off);
	b->report.facts[0] = '\0';
	b->patience = patience;
	/* Whoever starts for the first time and says that it cannot, never can. */
	if (!b->was_up && (patience < PATIENCE_GONE || b->failures >= patience))
	{
		snprintf(line, sizeof(line), "failed: %s\n", why);
		say(b, line);
		stop(b, 1);
		return;
	}
	for (int i = 0; i < b->failures && pause < RETRY_MAX_US; i++)
		pause *= 2;
	b->failures++;
	b->retry_us = plat_now_us() + pause;
	if (b->failures > b->patience)
		job_refuse_waiting(b, WIRE_REFUSED_NOT_READY, why);
}

static void
pool_ready(Broker *b, const PlatEvent *event)
{
	if (event->len != sizeof(b->report))
	{
		broker_pool_failed(b, "the zygote's report cannot be read",
						   PATIENCE_SAID);
		return;
	}
	memcpy(&b->report, event->blob, sizeof(b->report));
	b->pool_state = POOL_CHECKING;
	selftest_scripts_start(b);
}

void
broker_checked(Broker *b, bool usable, const char *why)
{
	char		names[120];
	uint32_t	missing;

	if (!usable)
	{
		broker_pool_failed(b, why, PATIENCE_GONE);
		return;
	}
	b->pool_state = POOL_UP;
	b->failures = 0;
	b->why_down[0] = '\0';
	missing = WALL_ALL & ~walls_enforced(&b->report.walls);
	if (missing != 0)
		log_line(LOG_WARN, "walls that are not enforced: %s",
				 walls_list(missing, names, sizeof(names)));
	if (b->config->selftest)
		stop(b, selftest_print(&b->report.walls, b->report.facts,
							   WALL_ALL & ~b->config->walls_off));
	if (!b->was_up)
		say(b, "ready\n");
	b->was_up = true;
	log_line(LOG_NOTE, "ready after %d ms",
			 (int) ((plat_now_us() - b->started_us) / 1000));
}

static void
pool_readable(Broker *b)
{
	PlatEvent  *event = &b->event;

	while (b->pool != NULL)
	{
		plat_pool_event(b->pool, event);
		switch (event->kind)
		{
			case PLAT_EVENT_NONE:
				return;
			case PLAT_EVENT_READY:
				pool_ready(b, event);
				break;
			case PLAT_EVENT_FAILED:
				broker_pool_failed(b, event->blob, PATIENCE_SAID);
				break;
			case PLAT_EVENT_STARTED:
				worker_started(b, event->id, event->worker);
				break;
			case PLAT_EVENT_NOT_STARTED:
				worker_not_started(b, event->id, event->blob);
				break;
			case PLAT_EVENT_ENDED:
				worker_ended(b, event->id, &event->end);
				break;
			case PLAT_EVENT_GONE:
				broker_pool_failed(b, "the zygote ended unexpectedly",
								   PATIENCE_GONE);
				break;
		}
	}
}

/* ---- waiting ---- */

/* What an item of the wait list belongs to. */
typedef struct Source
{
	Conn	   *conn;
	Worker	   *worker;
} Source;

typedef struct WaitList
{
	PlatWait	items[MAX_ITEMS];
	Source		sources[MAX_ITEMS];
	int			n;
} WaitList;

static void
add(WaitList *list, PlatHandle handle, unsigned want, Conn *conn,
	Worker *worker)
{
	list->items[list->n] = (PlatWait) {
		.handle = handle,.want = want
	};
	list->sources[list->n] = (Source) {
		.conn = conn,.worker = worker
	};
	list->n++;
}

/* The first four are fixed; see handle_events. */
static void
fill(Broker *b, WaitList *list)
{
	list->n = 0;
	add(list, b->lifeline, PLAT_READ, NULL, NULL);
	add(list, b->stop, PLAT_READ, NULL, NULL);
	add(list, b->listener != NULL ? plat_listener_handle(b->listener) :
		PLAT_NONE, PLAT_READ, NULL, NULL);
	add(list, b->pool != NULL ? plat_pool_handle(b->pool) : PLAT_NONE,
		PLAT_READ, NULL, NULL);
	for (int i = 0; i < MAX_CONNS; i++)
	{
		Conn	   *c = &b->conns[i];
		unsigned	want = c->role == WIRE_ROLE_DATA ? 0 : PLAT_READ;

		if (c->out_len > 0)
			want |= PLAT_WRITE;
		if (c->handle != PLAT_NONE)
			add(list, c->handle, want, c, NULL);
	}
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		Worker	   *w = &b->workers[i];

		if (w->os != NULL && !w->silent)
			add(list, plat_worker_handle(w->os), PLAT_READ, NULL, w);
	}
}

static void
earlier(int64_t *next, int64_t due)
{
	if (due != 0 && (*next == 0 || due < *next))
		*next = due;
}

/* Microseconds until something is due; -1: nothing ever. */
static int64_t
patience(const Broker *b)
{
	int64_t		next = watch_due(b);
	int64_t		now = plat_now_us();

	for (int i = 0; i < MAX_CONNS; i++)
		if (b->conns[i].handle != PLAT_NONE)
			earlier(&next, b->conns[i].deadline_us);
	if (b->pool_state == POOL_DOWN)
		earlier(&next, b->retry_us);
	if (b->spawn_after_us > now)
		earlier(&next, b->spawn_after_us);
	if (next == 0)
		return -1;
	return next > now ? next - now : 0;
}

static void
handle_conn(Broker *b, Conn *c, unsigned got)
{
	if (got & PLAT_WRITE)
		conn_flush(b, c);
	if ((got & PLAT_READ) && c->handle != PLAT_NONE)
		conn_readable(b, c);
	/* A peer that is gone: of a data connection nothing is ever read. */
	if ((got & PLAT_GONE) && c->handle != PLAT_NONE &&
		(c->role == WIRE_ROLE_DATA || (got & PLAT_READ) == 0))
		conn_close(b, c);
}

static void
handle_events(Broker *b, const WaitList *list)
{
	if (list->items[0].got)
		lifeline_readable(b);
	if (list->items[1].got)
		stop(b, 0);
	/* Workers first: what they said came before their end. */
	for (int i = 4; i < list->n; i++)
		if (list->items[i].got && list->sources[i].worker != NULL &&
			list->sources[i].worker->os != NULL)
			worker_speaks(b, list->sources[i].worker);
	if (list->items[3].got)
		pool_readable(b);
	for (int i = 4; i < list->n; i++)
		if (list->items[i].got && list->sources[i].conn != NULL &&
			list->sources[i].conn->handle == list->items[i].handle)
			handle_conn(b, list->sources[i].conn, list->items[i].got);
	if (list->items[2].got)
		conn_accept_all(b);
}

static void
loop(Broker *b, WaitList *list)
{
	ShErr		err;

	while (!b->stopping)
	{
		int64_t		now;

		fill(b, list);
		if (!plat_wait(list->items, list->n, patience(b), &err))
		{
			log_line(LOG_FAIL, "%s", err.text);
			stop(b, 1);
			return;
		}
		handle_events(b, list);
		now = plat_now_us();
		conn_deadlines(b, now);
		if (watch_due(b) != 0 && watch_due(b) <= now)
			watch_jobs(b, now);
		if (b->pool_state == POOL_DOWN && !b->stopping && b->retry_us <= now)
			start_pool(b);
		job_pump(b);
	}
}

/* ---- start and end ---- */

static bool
begin(Broker *b, ShErr *err)
{
	b->lifeline = PLAT_NONE;
	b->started_us = plat_now_us();
	for (int i = 0; i < MAX_CONNS; i++)
		b->conns[i].handle = b->conns[i].data = PLAT_NONE;
	for (int i = 0; i < MAX_JOBS; i++)
		b->jobs[i].data = PLAT_NONE;
	if (!b->config->service && !b->config->selftest)
		b->lifeline = plat_lifeline();
	b->stop = plat_stop_handle(err);
	if (b->stop == PLAT_NONE)
		return false;
	if (!b->config->selftest)
	{
		b->listener = plat_listen(b->config->listen, b->config->allow_account,
								  err);
		if (b->listener == NULL)
			return false;
	}
	walls_report_init(&b->report.walls, b->config->walls_off);
	return true;
}

int
broker_main(const Config *config)
{
	Broker	   *b = calloc(1, sizeof(*b));
	WaitList   *list = calloc(1, sizeof(*list));
	ShErr		err;
	char		line[500];
	int			status;

	if (b == NULL || list == NULL)
		return 1;
	b->config = config;
	if (!begin(b, &err))
	{
		log_line(LOG_FAIL, "%s", err.text);
		snprintf(line, sizeof(line), "failed: %s\n", err.text);
		say(b, line);
		return 1;
	}
	start_pool(b);
	loop(b, list);
	plat_unlisten(b->listener);
	selftest_scripts_stop(b);
	for (int i = 0; i < MAX_CONNS; i++)
		conn_close(b, &b->conns[i]);
	plat_pool_stop(b->pool);
	workers_lost(b);
	plat_close(b->stop);
	status = b->exit_status;
	free(list);
	free(b);
	return status;
}
