/*
 * worker.h
 *		The worker, and the three messages between it and the broker.
 */
#ifndef WORKER_H
#define WORKER_H

#include "plat/plat.h"

typedef enum WorkerMessageKind
{
	WORKER_IDLE = 1,			/* worker: ready for a job */
	WORKER_JOB,					/* broker: limits; the connection comes along */
	WORKER_LOCKED				/* worker: these walls stand */
} WorkerMessageKind;

typedef struct WorkerMessage
{
	uint32_t	kind;
	uint32_t	walls;			/* JOB: must stand; LOCKED: do stand */
	PlatLimits	limits;
} WorkerMessage;

/* Exit statuses beyond what py_serve returns. */
#define WORKER_EXIT_NO_JOB		20	/* the broker is gone */
#define WORKER_EXIT_NOT_LOCKED	21	/* a wall is missing */

/* A PlatWorkerMain; arg is not used. */
extern int	worker_main(PlatTemplate *template, PlatHandle channel, void *arg);

#endif							/* WORKER_H */
