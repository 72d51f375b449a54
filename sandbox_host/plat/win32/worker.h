/*
 * worker.h
 *		A worker as the broker holds it: what pool.c asks of worker.c.
 */
#ifndef WIN32_WORKER_H
#define WIN32_WORKER_H

#include "win32.h"

#define MAX_WORKERS		512

typedef enum PoolPhase
{
	POOL_PROVING,				/* the prover is at work */
	POOL_TRYING,				/* the first worker starts Python */
	POOL_READY,
	POOL_BROKEN
} PoolPhase;

/* Started with this role; `event` is set when it speaks or ends. */
extern PlatWorker *worker_start(const Role *role, const wchar_t *command,
								HANDLE event, ShErr *err);
extern void worker_set_id(PlatWorker *w, uint32_t id);
extern uint32_t worker_id(const PlatWorker *w);

/* Where the pool keeps it: emptied when the worker is released. */
extern void worker_set_place(PlatWorker *w, PlatWorker **place);
extern void worker_forget_pool(PlatWorker *w);

/* True once: the broker is to be told of it. */
extern bool worker_announce(PlatWorker *w);

/* A whole message waits to be heard. */
extern bool worker_has_spoken(PlatWorker *w);

/*
 * Its process has ended: how, and in `why` the words of one that did not get
 * as far as being idle (empty when it did).
 */
extern bool worker_is_over(PlatWorker *w, PlatEnd *end, char *why,
						   size_t size);

#endif							/* WIN32_WORKER_H */
