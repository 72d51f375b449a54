/*
 * watch.c
 *		Memory, CPU time and wall time of running jobs against their limits.
 *
 * The broker's half of the resources wall.  The wall clock lives here and
 * nowhere else: C code in a worker may never return to anything that could
 * look at a clock.  The other two are also limited by the kernel, inside the
 * worker; here they get a reason and a finer measure.
 */
#include "watch.h"

#define WATCH_EVERY_US	25000
#define USAGE_EVERY_US	100000

static bool
is_running(const Job *job)
{
	return job->state == JOB_STARTING || job->state == JOB_RUNNING;
}

static uint64_t
above(uint64_t now, uint64_t idle)
{
	return now > idle ? now - idle : 0;
}

static void
measure(Job *job, int64_t now)
{
	PlatUsage	u;

	job->usage.wall_us = (uint64_t) (now - job->started_us);
	if (!plat_worker_usage(job->worker->os, &u))
		return;					/* ended; the pool will say so */
	job->usage.memory_bytes = above(u.resident, job->worker->idle.resident);
	job->usage.cpu_us = above(u.cpu_us, job->worker->idle.cpu_us);
	if (job->usage.memory_bytes > job->peak_bytes)
		job->peak_bytes = job->usage.memory_bytes;
}

static void
judge(Broker *b, Job *job)
{
	const WireUsage *u = &job->usage;
	const WireJob *limit = &job->order;

	if (u->wall_us >= limit->wall_ms * 1000)
		job_kill(b, job, WIRE_EXIT_WALL_TIME, limit->wall_ms,
				 u->wall_us / 1000);
	else if (u->cpu_us >= limit->cpu_ms * 1000)
		job_kill(b, job, WIRE_EXIT_CPU_TIME, limit->cpu_ms, u->cpu_us / 1000);
	else if (u->memory_bytes > limit->memory_bytes)
		job_kill(b, job, WIRE_EXIT_MEMORY, limit->memory_bytes,
				 u->memory_bytes);
}

static void
tell(Broker *b, Job *job, int64_t now)
{
	uint8_t		frame[64];

	if (job->control == NULL || job->state != JOB_RUNNING ||
		now < job->next_usage_us)
		return;
	job->next_usage_us = now + USAGE_EVERY_US;
	/* Only the newest figure is of interest to somebody who is behind. */
	if (job->control->out_len == 0)
		conn_send(b, job->control, frame,
				  wire_usage_encode(frame, sizeof(frame), &job->usage));
}

void
watch_last(Broker *b, Job *job)
{
	int64_t		now = plat_now_us();

	if (!is_running(job) || job->killed_for != 0)
		return;
	measure(job, now);
	job->next_usage_us = now;
	tell(b, job, now);
}

void
watch_jobs(Broker *b, int64_t now)
{
	for (int i = 0; i < MAX_JOBS; i++)
	{
		Job		   *job = &b->jobs[i];

		if (!is_running(job) || job->killed_for != 0)
			continue;
		measure(job, now);
		judge(b, job);
		tell(b, job, now);
	}
	b->next_watch_us = now + WATCH_EVERY_US;
}

int64_t
watch_due(const Broker *b)
{
	int64_t		due = 0;

	for (int i = 0; i < MAX_JOBS; i++)
	{
		const Job  *job = &b->jobs[i];
		int64_t		end;

		if (!is_running(job) || job->killed_for != 0)
			continue;
		end = job->started_us + (int64_t) job->order.wall_ms * 1000;
		if (due == 0 || end < due)
			due = end;
		if (b->next_watch_us < due)
			due = b->next_watch_us;
	}
	return due;
}
