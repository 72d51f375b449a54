/*
 * tr_launcher.h
 *		The background workers' entry points and their registration.
 */
#ifndef TR_LAUNCHER_H
#define TR_LAUNCHER_H

#include "postgres.h"

#include "postmaster/bgworker.h"

#include "tr_shmem.h"

extern void tr_launcher_register(void); /* postmaster, while preloading */

/* Register the scheduler of a database; NULL when no worker slot is free. */
extern BackgroundWorkerHandle *tr_scheduler_start(Oid database);

/* Register the runner of an assigned slot; NULL likewise. */
extern BackgroundWorkerHandle *tr_runner_start(const TrRunnerArg *arg,
											   int64 job);

extern PGDLLEXPORT void tr_launcher_main(Datum arg);
extern PGDLLEXPORT void tr_scheduler_main(Datum arg);
extern PGDLLEXPORT void tr_runner_main(Datum arg);

#endif							/* TR_LAUNCHER_H */
