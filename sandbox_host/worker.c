/*
 * worker.c
 *		The worker: waits for its one job, locks itself down, serves, ends.
 *
 * The order is the point of this file.  The broker hears which walls stand
 * before the last step, because that step takes away the means to say so; if
 * it fails, or if a wall is missing, the process ends without a byte of the
 * script having been read.
 */
#include "worker.h"

#include <string.h>

#include "python/py.h"

int
worker_main(PlatTemplate *template, PlatHandle channel, void *arg)
{
	WorkerMessage m = {.kind = WORKER_IDLE};
	PlatHandle	data = PLAT_NONE;
	uint32_t	needed;

	(void) arg;
	py_touch();
	if (!plat_channel_say(channel, &m, sizeof(m)))
		return WORKER_EXIT_NO_JOB;
	if (plat_channel_take(channel, &m, sizeof(m), &data) !=
		(long) sizeof(m) || m.kind != WORKER_JOB || data == PLAT_NONE)
		return WORKER_EXIT_NO_JOB;

	needed = m.walls;
	m.kind = WORKER_LOCKED;
	m.walls = plat_lockdown(template, &m.limits, &channel, &data);
	if (!plat_channel_say(channel, &m, sizeof(m)))
		return WORKER_EXIT_NO_JOB;
	/* The broker kills a worker with fewer walls; do not race with it. */
	if ((m.walls & needed) != needed ||
		!plat_lockdown_finish(template, channel))
		return WORKER_EXIT_NOT_LOCKED;
	return py_serve(data);
}
