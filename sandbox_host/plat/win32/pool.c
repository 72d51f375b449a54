/*
 * pool.c
 *		The broker's half of provers and workers: starting, holding, measuring
 *		and killing them.
 *
 * A pool begins with a prover.  When that has told which walls stand, the
 * first worker is started, and only when it is idle the pool is ready: that a
 * confined process can start Python at all is part of what has to be shown.
 * If it cannot, the next variant of confinement is proven and tried.
 *
 * A worker is held by its process handle and by its own Job Object, which
 * kills it when the broker is gone, however that ended.
 */
#include "win32.h"
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct PlatPool
{
	PoolPhase	phase;
	HANDLE		event;			/* something is to be looked at */
	PlatHandle	handle;
	wchar_t    *command;
	uint32_t	walls;
	int			variant;		/* of `variants` */
	Child		prover;
	PlatHandle	prover_channel;
	uint8_t		in[sizeof(RecordHead) + PLAT_BLOB_MAX];
	size_t		in_len;
	uint32_t	proven[WALL_COUNT];
	HANDLE		shared;			/* what the prover prepared for workers */
	char		why[400];		/* the last variant did not do */
	PlatWorker *first;			/* idle before anybody asked for it */
	PlatWorker *workers[MAX_WORKERS];
};

static const uint32_t variants[] = {
	VARIANT_LPAC | VARIANT_DESKTOP,
	VARIANT_LPAC,
	VARIANT_DESKTOP,
	0,
};

#define VARIANTS	((int) (sizeof(variants) / sizeof(variants[0])))

/* ---- the prover ---- */

static bool
start_prover(PlatPool *pool, ShErr *err)
{
	HANDLE		ends[2];
	Launch		launch = {
		.role = {.role = ROLE_PROVER,.variant = variants[pool->variant]},
		.log = GetStdHandle(STD_ERROR_HANDLE),
		.command = pool->command,
	};
	bool		ok;

	if (!pipe_pair(ends, err))
		return false;
	if (launch.log == INVALID_HANDLE_VALUE)
		launch.log = NULL;
	/* Its own walls: none.  Those it is to prove come with the arguments. */
	launch.role.channel = ends[1];
	ok = launch_start(&launch, &pool->prover, err);
	CloseHandle(ends[1]);
	pool->prover_channel = port_new(ends[0], false);
	pool->in_len = 0;
	pool->phase = POOL_PROVING;
	if (!ok || pool->prover_channel == PLAT_NONE)
		return ok ? sh_error(err, "out of memory") : false;
	port_notify(pool->prover_channel, pool->event);
	(void) SetEvent(pool->event);	/* the first look starts the first read */
	return true;
}

PlatPool *
plat_pool_start(char *const template_args[], uint32_t walls, ShErr *err)
{
	PlatPool   *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
	{
		sh_error(err, "out of memory");
		return NULL;
	}
	pool->prover_channel = pool->handle = PLAT_NONE;
	pool->walls = walls;
	pool->command = text_command_line(template_args);
	pool->event = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (pool->event != NULL)
		pool->handle = port_event(pool->event);
	if (pool->command == NULL || pool->handle == PLAT_NONE)
		sh_error(err, "out of memory");
	else if (start_prover(pool, err))
		return pool;
	plat_pool_stop(pool);
	return NULL;
}

PlatHandle
plat_pool_handle(const PlatPool *pool)
{
	return pool->handle;
}

/* Read only: no handle in a worker can write to it. */
static void
take_shared(PlatPool *pool, const RecordHead *head)
{
	if (pool->shared != NULL)
		CloseHandle(pool->shared);
	pool->shared = NULL;
	if (head->number != 0)
		(void) DuplicateHandle(pool->prover.process,
							   (HANDLE) (uintptr_t) head->number,
							   GetCurrentProcess(), &pool->shared,
							   SECTION_MAP_READ, FALSE, 0);
}

static void
end_prover(PlatPool *pool)
{
	launch_kill(&pool->prover);
	plat_close(pool->prover_channel);
	pool->prover_channel = PLAT_NONE;
}

void
plat_pool_stop(PlatPool *pool)
{
	if (pool == NULL)
		return;
	end_prover(pool);
	if (pool->first != NULL)
	{
		plat_worker_kill(pool->first);
		plat_worker_release(pool->first);
	}
	for (int i = 0; i < MAX_WORKERS; i++)
		if (pool->workers[i] != NULL)
		{
			plat_worker_kill(pool->workers[i]);
			worker_forget_pool(pool->workers[i]);
		}
	(void) port_release(pool->handle);
	if (pool->shared != NULL)
		CloseHandle(pool->shared);
	if (pool->event != NULL)
		CloseHandle(pool->event);
	free(pool->command);
	free(pool);
}

/* ---- workers ---- */

static PlatWorker *
start_worker(PlatPool *pool, ShErr *err)
{
	Role		role = {
		.role = ROLE_WORKER,.walls = pool->walls,
		.variant = variants[pool->variant],.shared = pool->shared,
	};

	memcpy(role.proven, pool->proven, sizeof(role.proven));
	return worker_start(&role, pool->command, pool->event, err);
}

static bool
adopt(PlatPool *pool, PlatWorker *w)
{
	for (int i = 0; i < MAX_WORKERS; i++)
		if (pool->workers[i] == NULL)
		{
			pool->workers[i] = w;
			worker_set_place(w, &pool->workers[i]);
			return true;
		}
	return false;
}

bool
plat_pool_spawn(PlatPool *pool, uint32_t id, ShErr *err)
{
	PlatWorker *w = pool->first;

	pool->first = NULL;
	if (w == NULL)
		w = start_worker(pool, err);
	if (w == NULL)
		return false;
	worker_set_id(w, id);
	if (!adopt(pool, w))
	{
		plat_worker_kill(w);
		plat_worker_release(w);
		return sh_error(err, "too many workers are being started");
	}
	(void) SetEvent(pool->event);
	return true;
}

/* ---- events ---- */

static void
say(PlatEvent *event, PlatEventKind kind, const char *text)
{
	event->kind = kind;
	snprintf(event->blob, sizeof(event->blob), "%s", text);
	event->len = strlen(event->blob);
}

/* The prover's one record, as far as it has come; false: not yet whole. */
static bool
hear_prover(PlatPool *pool, RecordHead *head, bool *gone)
{
	*gone = false;
	for (;;)
	{
		long		n;

		if (pool->in_len >= sizeof(*head))
		{
			memcpy(head, pool->in, sizeof(*head));
			if (head->len > PLAT_BLOB_MAX)
				return !(*gone = true);
			if (pool->in_len >= sizeof(*head) + head->len)
				return true;
		}
		n = plat_read(pool->prover_channel, pool->in + pool->in_len,
					  sizeof(pool->in) - pool->in_len);
		if (n == PLAT_AGAIN)
			return false;
		if (n <= 0)
			return !(*gone = true);
		pool->in_len += (size_t) n;
	}
}

/* Confined like this no worker starts: prove and try the next variant. */
static bool
next_variant(PlatPool *pool, const char *why, PlatEvent *event)
{
	ShErr		err;

	snprintf(pool->why, sizeof(pool->why), "%s", why);
	while (++pool->variant < VARIANTS)
	{
		end_prover(pool);
		if (start_prover(pool, &err))
			return false;
		snprintf(pool->why, sizeof(pool->why), "%s", err.text);
	}
	pool->phase = POOL_BROKEN;
	say(event, PLAT_EVENT_FAILED, pool->why);
	return true;
}

static bool
look_at_prover(PlatPool *pool, PlatEvent *event)
{
	RecordHead	head;
	bool		gone;
	ShErr		err;
	const uint8_t *body = pool->in + sizeof(head);

	if (!hear_prover(pool, &head, &gone))
	{
		if (!gone)
			return false;
		pool->phase = POOL_BROKEN;
		say(event, PLAT_EVENT_FAILED, "the process that proves the walls "
			"ended before it had done so");
		return true;
	}
	if (head.kind != RECORD_READY || head.len < sizeof(pool->proven))
	{
		pool->phase = POOL_BROKEN;
		pool->in[sizeof(head) + (head.len < PLAT_BLOB_MAX ? head.len :
								 PLAT_BLOB_MAX - 1)] = '\0';
		say(event, PLAT_EVENT_FAILED, (const char *) body);
		return true;
	}
	memcpy(pool->proven, body, sizeof(pool->proven));
	take_shared(pool, &head);
	pool->phase = POOL_TRYING;
	pool->first = start_worker(pool, &err);
	return pool->first == NULL ? next_variant(pool, err.text, event) : false;
}

static bool
look_at_first(PlatPool *pool, PlatEvent *event)
{
	RecordHead	head;
	char		why[400];

	if (worker_has_spoken(pool->first))
	{
		memcpy(&head, pool->in, sizeof(head));
		event->kind = PLAT_EVENT_READY;
		event->len = head.len - sizeof(pool->proven);
		memcpy(event->blob, pool->in + sizeof(head) + sizeof(pool->proven),
			   event->len);
		pool->phase = POOL_READY;
		end_prover(pool);
		return true;
	}
	if (!worker_is_over(pool->first, NULL, why, sizeof(why)))
		return false;
	plat_worker_release(pool->first);
	pool->first = NULL;
	return next_variant(pool, why, event);
}

/* One event about a worker that the broker knows or is to know. */
static bool
look_at_workers(PlatPool *pool, PlatEvent *event)
{
	char		why[400];

	for (int i = 0; i < MAX_WORKERS; i++)
	{
		PlatWorker *w = pool->workers[i];

		if (w == NULL)
			continue;
		event->id = worker_id(w);
		if (worker_announce(w))
		{
			event->kind = PLAT_EVENT_STARTED;
			event->worker = w;
			return true;
		}
		if (worker_is_over(w, &event->end, why, sizeof(why)))
		{
			pool->workers[i] = NULL;
			worker_set_place(w, NULL);
			if (why[0] != '\0')
				say(event, PLAT_EVENT_NOT_STARTED, why);
			else
				event->kind = PLAT_EVENT_ENDED;
			return true;
		}
	}
	return false;
}

void
plat_pool_event(PlatPool *pool, PlatEvent *event)
{
	event->kind = PLAT_EVENT_NONE;
	event->worker = NULL;
	event->len = 0;
	event->blob[0] = '\0';
	/* First reset, then look: nothing that comes in between is lost. */
	(void) ResetEvent(pool->event);
	if (pool->phase == POOL_PROVING && look_at_prover(pool, event))
		return;
	if (pool->phase == POOL_TRYING && look_at_first(pool, event))
		return;
	(void) look_at_workers(pool, event);
}
