/*
 * tr_progress.c
 *		Live counters of running jobs, and why pending ones wait.
 *
 * Process: any backend; serves the views transform.progress and
 * transform.jobs.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "tr_api.h"
#include "tr_compat.h"
#include "tr_guc.h"
#include "tr_host.h"
#include "tr_shmem.h"

PG_FUNCTION_INFO_V1(transform_live);
PG_FUNCTION_INFO_V1(transform_waiting_reason);

static const char *const phase_names[] = {
	[TR_PHASE_CONNECTING] = "connecting",
	[TR_PHASE_STARTING] = "starting",
	[TR_PHASE_WORKING] = "working",
	[TR_PHASE_COMMITTING] = "committing",
	[TR_PHASE_RECORDING] = "recording",
};

static Datum
counter(pg_atomic_uint64 *value)
{
	return Int64GetDatum((int64) pg_atomic_read_u64(value));
}

static Datum
interval_of_us(int64 us)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = us;
	return IntervalPGetDatum(interval);
}

static void
put_live(ReturnSetInfo *rsinfo, int slot, const TrSlotView *view)
{
	TrProgress *p = tr_slot_progress(slot);
	Datum		values[11];
	bool		nulls[11] = {false};

	values[0] = Int64GetDatum(view->a.job);
	values[1] = Int32GetDatum(view->a.attempt);
	values[2] = CStringGetTextDatum(phase_names[view->phase]);
	values[3] = counter(&p->rows_read);
	values[4] = counter(&p->rows_returned);
	values[5] = counter(&p->rows_written);
	values[6] = counter(&p->chunks);
	values[7] = counter(&p->bytes_in);
	values[8] = counter(&p->bytes_out);
	values[9] = counter(&p->memory_bytes);
	values[10] = interval_of_us((int64) pg_atomic_read_u64(&p->cpu_us));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

Datum
transform_live(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (!tr_shmem_ready())
		return (Datum) 0;
	for (int i = 0; i < tr_slot_count(); i++)
	{
		TrSlotView	view;

		tr_slot_view(i, &view);
		if ((view.state == TR_SLOT_CLAIMED || view.state == TR_SLOT_RUNNING) &&
			view.a.database == MyDatabaseId && view.a.job != 0 &&
			tr_api_may_see(view.a.role))
			put_live((ReturnSetInfo *) fcinfo->resultinfo, i, &view);
	}
	return (Datum) 0;
}

static const char *
waiting_reason(void)
{
	TrHostInfo	host;

	if (!tr_shmem_ready())
		return "transform is not preloaded: set shared_preload_libraries = 'transform' and restart the server";
	tr_shmem_host(&host);
	if (host.launcher_pid == 0)
		return "the transform launcher is not running";
	if (tr_database_no_worker_slot(MyDatabaseId))
		return psprintf("no background worker slot for this database's scheduler; raise max_worker_processes (now %d)",
						max_worker_processes);
	if (host.state == TR_HOST_NONE)
		return "sandbox_host has not been started yet";
	if (host.state == TR_HOST_STARTING || host.state == TR_HOST_DRAINING ||
		host.state == TR_HOST_FAILED)
		return tr_host_to_text(host.reason);
	if (tr_slots_busy() >= tr_slot_count())
		return psprintf("as many jobs are running as may at a time (transform.max_concurrent_jobs is %d)",
						tr_slot_count());
	return NULL;
}

Datum
transform_waiting_reason(PG_FUNCTION_ARGS)
{
	const char *reason = waiting_reason();

	if (reason == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(reason));
}
