/*
 * job.c
 *		The life of a job in the broker, and of the workers it needs.
 *
 * job_move is the only place that changes a job's state.  A job that has a
 * worker ends when the pool reports that the worker is gone, never earlier:
 * the client learns of the end of a process that has ended.
 */
#include "broker.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "selftest.h"
#include "worker.h"

#define SPAWN_PAUSE_US		100000
#define MAX_SPAWN_FAILURES	5

/* ---- states ---- */

static const uint8_t may_follow[] = {
	[JOB_FREE] = 1 << JOB_WAITING,
	[JOB_WAITING] = 1 << JOB_QUEUED | 1 << JOB_FREE,
	[JOB_QUEUED] = 1 << JOB_STARTING | 1 << JOB_FREE,
	[JOB_STARTING] = 1 << JOB_RUNNING | 1 << JOB_FREE,
	[JOB_RUNNING] = 1 << JOB_FREE,
};

static void
job_move(Job *job, JobState next)
{
	if ((may_follow[job->state] & (1 << next)) == 0)
		log_line(LOG_FAIL, "job %llu: impossible step from state %d to %d",
				 (unsigned long long) job->order.job_id, job->state, next);
	job->state = next;
}

/* Forget everything about it; its worker, if any, is gone already. */
static void
job_free(Job *job)
{
	if (job->control != NULL)
		job->control->job = NULL;
	plat_close(job->data);
	job_move(job, JOB_FREE);
	memset(job, 0, sizeof(*job));
	job->data = PLAT_NONE;
}

Job *
job_new(Broker *b, Conn *control, const WireJob *order)
{
	for (int i = 0; i < MAX_JOBS; i++)
	{
		Job		   *job = &b->jobs[i];

		if (job->state != JOB_FREE)
			continue;
		memset(job, 0, sizeof(*job));
		job->data = PLAT_NONE;
		job->order = *order;
		job->turn = b->next_turn++;
		job->control = control;
		if (control != NULL)
			control->job = job;
		job_move(job, JOB_WAITING);
		return job;
	}
	return NULL;
}

void
job_has_data(Broker *b, Job *job, PlatHandle data)
{
	(void) b;
	job->data = data;
	/* From here on only the client's own patience counts. */
	if (job->control != NULL)
		job->control->deadline_us = 0;
	job_move(job, JOB_QUEUED);
}

/* ---- ends ---- */

/* Why it ended, from what we did and what the system saw. */
static WireExit
job_verdict(const Job *job, const PlatEnd *end, const PlatUsage *idle)
{
	WireExit	x = {.reason = WIRE_EXIT_NORMAL,.detail = end->detail};

	x.cpu_us = end->cpu_us > idle->cpu_us ? end->cpu_us - idle->cpu_us : 0;
	x.wall_us = (uint64_t) (plat_now_us() - job->started_us);
	x.peak_memory_bytes = job->peak_bytes;
	if (end->peak_bytes > idle->resident_all &&
		end->peak_bytes - idle->resident_all > x.peak_memory_bytes)
		x.peak_memory_bytes = end->peak_bytes - idle->resident_all;
	if (job->killed_for != 0)
	{
		x.reason = job->killed_for;
		x.limit = job->limit;
		x.used = job->used;
		return x;
	}
	if (end->kind == PLAT_END_CRASHED)
		x.reason = WIRE_EXIT_SIGNAL;
	else if (end->kind == PLAT_END_FORBIDDEN)
		x.reason = WIRE_EXIT_FORBIDDEN;
	else if (end->kind == PLAT_END_CPU ||
			 (end->kind == PLAT_END_KILLED &&
			  x.cpu_us >= job->order.cpu_ms * 1000))
	{
		x.reason = WIRE_EXIT_CPU_TIME;
		x.limit = job->order.cpu_ms;
		x.used = x.cpu_us / 1000;
	}
	else if (end->kind == PLAT_END_KILLED)
		x.reason = WIRE_EXIT_KILLED;
	return x;
}

static void
job_send_exit(Broker *b, Job *job, const WireExit *x)
{
	Conn	   *control = job->control;
	uint8_t		frame[128];

	if (job->ended != NULL)
		job->ended(b, job->which, x);
	job_free(job);
	if (control == NULL)
		return;
	conn_send(b, control, frame, wire_exit_encode(frame, sizeof(frame), x));
	conn_finish(b, control);
}

void
job_refuse(Broker *b, Job *job, uint32_t refusal, const char *text)
{
	Conn	   *control = job->control;
	WireExit	x = {.reason = WIRE_EXIT_KILLED};
	uint8_t		frame[1024];

	if (job->worker != NULL)
	{
		/* The worker is still to be buried: the job stays until then. */
		job->refused = true;
		plat_worker_kill(job->worker->os);
	}
	if (job->ended != NULL)
		job->ended(b, job->which, &x);
	job->ended = NULL;
	job->control = NULL;
	if (control != NULL)
	{
		control->job = NULL;
		conn_send(b, control, frame,
				  wire_refused_encode(frame, sizeof(frame), refusal, text));
		conn_finish(b, control);
	}
	if (job->worker == NULL)
		job_free(job);
}

void
job_refuse_waiting(Broker *b, uint32_t refusal, const char *text)
{
	for (int i = 0; i < MAX_JOBS; i++)
		if (b->jobs[i].state == JOB_WAITING || b->jobs[i].state == JOB_QUEUED)
			job_refuse(b, &b->jobs[i], refusal, text);
}

void
job_kill(Broker *b, Job *job, uint32_t reason, uint64_t limit, uint64_t used)
{
	(void) b;
	if (job->killed_for != 0)
		return;					/* the first reason counts */
	job->killed_for = reason;
	job->limit = limit;
	job->used = used;
	plat_worker_kill(job->worker->os);
}

void
job_cancel(Broker *b, Job *job)
{
	WireExit	x = {.reason = WIRE_EXIT_CANCELLED};

	if (job->worker != NULL)
		job_kill(b, job, WIRE_EXIT_CANCELLED, 0, 0);
	else
		job_send_exit(b, job, &x);
}

/* ---- workers ---- */

int
workers_in(const Broker *b, WorkerState state)
{
	int			n = 0;

	for (int i = 0; i < MAX_WORKERS; i++)
		n += b->workers[i].state == state;
	return n;
}

static Worker *
find_worker(Broker *b, uint32_t id)
{
	for (int i = 0; i < MAX_WORKERS; i++)
		if (b->workers[i].state != WORKER_FREE && b->workers[i].id == id)
			return &b->workers[i];
	return NULL;
}

static Worker *
worker_in(Broker *b, WorkerState state)
{
	for (int i = 0; i < MAX_WORKERS; i++)
		if (b->workers[i].state == state)
			return &b->workers[i];
	return NULL;
}

static void
worker_free(Worker *w)
{
	plat_worker_release(w->os);
	memset(w, 0, sizeof(*w));
}

static void
spawn_failed(Broker *b, const char *why)
{
	b->spawn_failures++;
	b->spawn_after_us = plat_now_us() + SPAWN_PAUSE_US;
	log_line(LOG_WARN, "a worker could not be started: %s", why);
	if (b->spawn_failures >= MAX_SPAWN_FAILURES)
		job_refuse_waiting(b, WIRE_REFUSED_FAILED, why);
}

static void
ask_for_worker(Broker *b)
{
	Worker	   *w = worker_in(b, WORKER_FREE);
	ShErr		err;

	if (w == NULL)
		return;
	if (!plat_pool_spawn(b->pool, b->next_id, &err))
	{
		spawn_failed(b, err.text);
		return;
	}
	w->state = WORKER_ASKED;
	w->id = b->next_id++;
}

void
worker_started(Broker *b, uint32_t id, PlatWorker *os)
{
	Worker	   *w = find_worker(b, id);

	if (w == NULL)
	{
		plat_worker_kill(os);
		plat_worker_release(os);
		return;
	}
	w->os = os;
	w->state = WORKER_BORN;
}

void
worker_not_started(Broker *b, uint32_t id, const char *why)
{
	Worker	   *w = find_worker(b, id);

	if (w != NULL)
		worker_free(w);
	spawn_failed(b, why);
}

/* ---- giving work ---- */

static Job *
next_queued(Broker *b)
{
	Job		   *first = NULL;

	for (int i = 0; i < MAX_JOBS; i++)
	{
		Job		   *job = &b->jobs[i];

		/* While the walls are being proven, only the proof may run. */
		if (job->state != JOB_QUEUED ||
			(job->ended == NULL && b->pool_state != POOL_UP))
			continue;
		if (first == NULL || job->turn < first->turn)
			first = job;
	}
	return first;
}

static int
count_queued(const Broker *b)
{
	int			n = 0;

	for (int i = 0; i < MAX_JOBS; i++)
		n += b->jobs[i].state == JOB_QUEUED;
	return n;
}

static void
give_job(Broker *b, Worker *w, Job *job)
{
	WorkerMessage m = {.kind = WORKER_JOB};
	PlatHandle	data = job->data;
	ShErr		err;

	/* Jobs that came while the walls were unknown are judged now. */
	uint32_t	missing = job->ended != NULL ? 0 :
		job->order.required_walls & ~walls_enforced(&b->report.walls);

	if (missing != 0)
	{
		char		names[120];
		char		text[200];

		snprintf(text, sizeof(text), "not enforced: %s",
				 walls_list(missing, names, sizeof(names)));
		job_refuse(b, job, WIRE_REFUSED_WALLS, text);
		return;
	}
	m.walls = walls_enforced(&b->report.walls) & WALLS_OF_WORKER;
	m.limits.cpu_ms = job->order.cpu_ms;
	m.limits.memory_bytes = job->order.memory_bytes;
	m.limits.address_space = w->idle.address_space;
	job->data = PLAT_NONE;
	job->worker = w;
	job->started_us = plat_now_us();
	job_move(job, JOB_STARTING);
	w->job = job;
	w->state = WORKER_BUSY;
	/* If it cannot be given, the worker is dead and its end will follow. */
	if (!plat_worker_give(w->os, &m, sizeof(m), data, &m.limits, &err))
	{
		log_line(LOG_WARN, "%s", err.text);
		plat_worker_kill(w->os);
	}
	if (b->next_watch_us < job->started_us)
		b->next_watch_us = job->started_us;
}

void
job_pump(Broker *b)
{
	int			coming;
	int			wanted;
	int			room;
	Job		   *job;
	Worker	   *w;

	if (b->pool_state != POOL_CHECKING && b->pool_state != POOL_UP)
		return;
	while (workers_in(b, WORKER_BUSY) < b->config->max_workers &&
		   (job = next_queued(b)) != NULL &&
		   (w = worker_in(b, WORKER_WARM)) != NULL)
		give_job(b, w, job);

	room = (int) b->config->max_workers - workers_in(b, WORKER_BUSY);
	wanted = count_queued(b) < room ? count_queued(b) : room;
	if (wanted < b->config->workers)
		wanted = (int) b->config->workers;
	coming = workers_in(b, WORKER_ASKED) + workers_in(b, WORKER_BORN) +
		workers_in(b, WORKER_WARM);
	while (coming++ < wanted && plat_now_us() >= b->spawn_after_us)
		ask_for_worker(b);
}

/* ---- what workers say, and how they end ---- */

static void
worker_locked(Broker *b, Worker *w, uint32_t standing)
{
	Job		   *job = w->job;
	uint32_t	enforced = walls_enforced(&b->report.walls);
	uint32_t	proven = enforced & WALLS_OF_WORKER;
	WireStarted started = {.enforced_walls = enforced,
		.worker_pid = plat_worker_pid(w->os),
		.versions = {b->report.versions, (uint32_t) strlen(b->report.versions)}};
	uint8_t		frame[64 + sizeof(b->report.versions)];
	char		names[120];
	char		text[200];

	if (job == NULL || job->state != JOB_STARTING || job->refused)
		return;
	if ((standing & proven) != proven)
	{
		snprintf(text, sizeof(text), "a worker could not rebuild the walls "
				 "that the self-test proved: %s",
				 walls_list(proven & ~standing, names, sizeof(names)));
		log_line(LOG_FAIL, "%s", text);
		job_refuse(b, job, WIRE_REFUSED_WALLS, text);
		return;
	}
	job_move(job, JOB_RUNNING);
	conn_send(b, job->control, frame,
			  wire_started_encode(frame, sizeof(frame), &started));
}

void
worker_speaks(Broker *b, Worker *w)
{
	WorkerMessage m;
	long		n = plat_worker_hear(w->os, &m, sizeof(m));

	if (n == PLAT_AGAIN)
		return;
	if (n != (long) sizeof(m))
	{
		/* It has closed the channel; its end is reported by the pool. */
		w->silent = true;
		return;
	}
	if (m.kind == WORKER_IDLE && w->state == WORKER_BORN)
	{
		if (plat_worker_usage(w->os, &w->idle))
		{
			w->state = WORKER_WARM;
			b->spawn_failures = 0;
			return;
		}
		/* Limits could not be watched: it may not have a job. */
		log_line(LOG_FAIL, "a worker cannot be measured");
		plat_worker_kill(w->os);
	}
	else if (m.kind == WORKER_LOCKED)
		worker_locked(b, w, m.walls);
}

void
worker_ended(Broker *b, uint32_t id, const PlatEnd *end)
{
	Worker	   *w = find_worker(b, id);
	Job		   *job;
	PlatUsage	idle;

	if (w == NULL)
		return;
	job = w->job;
	idle = w->idle;
	if (job == NULL)
	{
		bool		early = w->state != WORKER_WARM;

		worker_free(w);
		if (early)
			spawn_failed(b, "it ended before it was ready");
		return;
	}
	/* A last word may still be on its channel. */
	if (job->state == JOB_STARTING && !w->silent)
		worker_speaks(b, w);
	worker_free(w);
	job->worker = NULL;
	if (job->refused)
		job_free(job);
	else if (job->state == JOB_STARTING && job->killed_for == 0)
		job_refuse(b, job, WIRE_REFUSED_FAILED,
				   "the worker ended before it had locked itself down");
	else
	{
		WireExit	x = job_verdict(job, end, &idle);

		job_send_exit(b, job, &x);
	}
}

void
workers_lost(Broker *b)
{
	PlatEnd		end = {.kind = PLAT_END_KILLED};

	for (int i = 0; i < MAX_WORKERS; i++)
	{
		Worker	   *w = &b->workers[i];

		if (w->state == WORKER_FREE)
			continue;
		if (w->os != NULL)
			plat_worker_kill(w->os);
		if (w->job != NULL)
			worker_ended(b, w->id, &end);
		else
			worker_free(w);
	}
}
