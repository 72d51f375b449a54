/*
 * tr_launcher.c
 *		The launcher: the one static background worker.
 *
 * Process: `transform launcher`, connected to no database.  It keeps the
 * broker alive (tr_broker.c) and starts a scheduler for each database that
 * has been marked in shared memory; at its start, once for every database,
 * since jobs may be left from before.
 *
 * It never ends by itself: the postmaster restarts it a second after an
 * error, and at once after a crash.
 */
#include "postgres.h"

#include <signal.h>

#include "access/genam.h"
#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "tr_broker.h"
#include "tr_compat.h"
#include "tr_launcher.h"
#include "tr_shmem.h"

/* Schedulers that have been asked for and are not known to run or to have
 * ended.  Few at a time, so that a server with many databases does not lose
 * all its worker slots to us when it starts. */
#define MAX_STARTING	3

typedef struct Starting
{
	Oid			database;
	BackgroundWorkerHandle *handle; /* NULL: entry is free */
} Starting;

static Starting starting[MAX_STARTING];

/* ---- registration ---- */

static void
fill_worker(BackgroundWorker *worker, const char *type, const char *function)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	strlcpy(worker->bgw_library_name, "transform",
			sizeof(worker->bgw_library_name));
	strlcpy(worker->bgw_function_name, function,
			sizeof(worker->bgw_function_name));
	strlcpy(worker->bgw_type, type, sizeof(worker->bgw_type));
	strlcpy(worker->bgw_name, type, sizeof(worker->bgw_name));
}

void
tr_launcher_register(void)
{
	BackgroundWorker worker;

	fill_worker(&worker, "transform launcher", "tr_launcher_main");
	worker.bgw_restart_time = 1;
	RegisterBackgroundWorker(&worker);
}

/* The handle is the caller's to pfree. */
static BackgroundWorkerHandle *
start_dynamic(BackgroundWorker *worker)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	BackgroundWorkerHandle *handle;

	worker->bgw_restart_time = BGW_NEVER_RESTART;
	worker->bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(worker, &handle))
		handle = NULL;
	MemoryContextSwitchTo(old);
	return handle;
}

BackgroundWorkerHandle *
tr_scheduler_start(Oid database)
{
	BackgroundWorker worker;

	fill_worker(&worker, "transform scheduler", "tr_scheduler_main");
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	snprintf(worker.bgw_name, sizeof(worker.bgw_name),
			 "transform scheduler of database %u", database);
	return start_dynamic(&worker);
}

BackgroundWorkerHandle *
tr_runner_start(const TrRunnerArg *arg, int64 job)
{
	BackgroundWorker worker;

	StaticAssertStmt(sizeof(TrRunnerArg) <= BGW_EXTRALEN,
					 "a runner's arguments must fit in bgw_extra");
	fill_worker(&worker, "transform runner", "tr_runner_main");
	memcpy(worker.bgw_extra, arg, sizeof(*arg));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name),
			 "transform runner of job " INT64_FORMAT, job);
	return start_dynamic(&worker);
}

/* ---- databases ---- */

typedef void (*DatabaseCallback) (Oid database, bool is_template, void *arg);

/* Call back for every database that accepts connections; one that a DROP has
 * left half done accepts none. */
static void
for_each_database(DatabaseCallback callback, void *arg)
{
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database db = (Form_pg_database) GETSTRUCT(tuple);

		if (db->datallowconn && db->datconnlimit != DATCONNLIMIT_INVALID_DB)
			callback(db->oid, db->datistemplate, arg);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
}

static void
mark_database(Oid database, bool is_template, void *arg)
{
	(void) arg;
	if (!is_template)
		tr_database_mark(database);
}

typedef struct Wanted
{
	Oid			database;
	bool		found;
} Wanted;

static void
look_for_database(Oid database, bool is_template, void *arg)
{
	Wanted	   *wanted = (Wanted *) arg;

	(void) is_template;
	if (database == wanted->database)
		wanted->found = true;
}

static bool
database_is_there(Oid database)
{
	Wanted		wanted = {database, false};

	for_each_database(look_for_database, &wanted);
	return wanted.found;
}

/* ---- schedulers ---- */

static Starting *
free_entry(void)
{
	for (int i = 0; i < MAX_STARTING; i++)
		if (starting[i].handle == NULL)
			return &starting[i];
	return NULL;
}

/* Forget those that have come up or gone. */
static void
check_starting(void)
{
	for (int i = 0; i < MAX_STARTING; i++)
	{
		pid_t		pid;
		BgwHandleStatus status;

		if (starting[i].handle == NULL)
			continue;
		status = GetBackgroundWorkerPid(starting[i].handle, &pid);
		if (status == BGWH_NOT_YET_STARTED)
			continue;
		/* no effect when it attached, or ran and left */
		if (status == BGWH_STOPPED)
			tr_database_not_started(starting[i].database, false);
		pfree(starting[i].handle);
		starting[i].handle = NULL;
	}
}

/* Returns ms until a failed one may be tried again, -1: none. */
static long
start_schedulers(void)
{
	Starting   *entry;
	long		wait_ms = -1;

	check_starting();
	if (tr_database_sweep_wanted())
		for_each_database(mark_database, NULL);
	while ((entry = free_entry()) != NULL)
	{
		Oid			database = tr_database_next(&wait_ms);

		if (!OidIsValid(database))
			break;
		if (!database_is_there(database))
		{
			tr_database_forget(database);
			continue;
		}
		entry->database = database;
		entry->handle = tr_scheduler_start(database);
		if (entry->handle == NULL)
			tr_database_not_started(database, true);
	}
	return wait_ms;
}

/* ---- the loop ---- */

static long
sooner(long a, long b)
{
	if (a < 0)
		return b;
	if (b < 0)
		return a;
	return Min(a, b);
}

static void
wait_for_something(long timeout)
{
	static uint32 event = 0;

	tr_broker_wait(timeout, tr_wait_event(&event, "TransformLauncherMain"));
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static void
launcher_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	tr_broker_stop();
	tr_launcher_detach();
}

void
tr_launcher_main(Datum arg)
{
	MemoryContext context;

	(void) arg;
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(launcher_exit, (Datum) 0);
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	context = AllocSetContextCreate(TopMemoryContext, "transform launcher",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	tr_launcher_attach();
	for_each_database(mark_database, NULL);
	for (;;)
	{
		long		timeout;

		/* the transactions above leave another context behind */
		MemoryContextSwitchTo(context);
		MemoryContextReset(context);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			tr_broker_reload();
		}
		timeout = tr_broker_tick();
		timeout = sooner(timeout, start_schedulers());
		wait_for_something(timeout);
	}
}
