/*
 * tr_api_status.c
 *		transform_sandbox_status: what is in place and what is missing.
 *
 * Process: any backend.  Answers in every broken state, also when the library
 * is not preloaded: nothing here may raise for want of something.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "tr_api.h"
#include "tr_compat.h"
#include "tr_guc.h"
#include "tr_host.h"
#include "tr_link.h"
#include "tr_shmem.h"
#include "tr_types.h"
#include "tr_walls.h"

PG_FUNCTION_INFO_V1(transform_sandbox_status);

/* launcher, one scheduler, and the logical replication launcher of the
 * server, beside the runners */
#define OTHER_WORKERS	3

#define GOOD	"ok"
#define BAD		"missing"

typedef struct StatusRow
{
	uint32		wall;			/* WireWall or 0 */
	int			state;			/* as WireStatusRow.state */
	char	   *name;
	char	   *detail;
} StatusRow;

/* A row per wall, then facts; raises when no broker answers, with the reason. */
static List *
read_status(void)
{
	TrLink	   *link = tr_link_open_status(tr_guc_address());
	WireStatusRow wire;
	List	   *rows = NIL;

	while (tr_link_status_next(link, &wire))
	{
		StatusRow *row = palloc0(sizeof(StatusRow));

		row->wall = wire.wall;
		row->state = wire.state;
		row->name = tr_text_from_worker(wire.name, false);
		row->detail = tr_text_from_worker(wire.detail, false);
		rows = lappend(rows, row);
	}
	tr_link_close(link);
	return rows;
}

/* ---- one row ---- */

static void
put_wall(ReturnSetInfo *rsinfo, int number, const char *state,
		 const char *detail)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = Int32GetDatum(number);
	values[1] = CStringGetTextDatum(tr_wall_name(number));
	values[2] = CStringGetTextDatum(state);
	values[3] = BoolGetDatum((tr_guc_required_walls() & (1u << (number - 1))) != 0);
	values[4] = CStringGetTextDatum(detail);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
put_fact(ReturnSetInfo *rsinfo, const char *name, const char *state,
		 const char *detail)
{
	Datum		values[5] = {0};
	bool		nulls[5] = {true, false, false, true, false};

	values[1] = CStringGetTextDatum(name);
	values[2] = CStringGetTextDatum(state);
	values[4] = CStringGetTextDatum(detail);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* ---- walls ---- */

static const char *
wall_state_name(int state)
{
	switch (state)
	{
		case 1:
			return "enforced";
		case 2:
			return "off by setting";
		default:
			return "not enforced";
	}
}

static void
put_walls(ReturnSetInfo *rsinfo, List *rows, const char *why_unknown)
{
	for (int number = 1; number <= WALL_COUNT; number++)
	{
		const StatusRow *found = NULL;
		ListCell   *cell;

		foreach(cell, rows)
		{
			const StatusRow *row = lfirst(cell);

			if (row->wall == (1u << (number - 1)))
				found = row;
		}
		if (found != NULL)
			put_wall(rsinfo, number, wall_state_name(found->state), found->detail);
		else
			put_wall(rsinfo, number, "unknown", why_unknown);
	}
}

/*
 * Ask the broker, in a subtransaction so that its error is only a reason:
 * NIL with *why set then.
 */
static List *
ask_broker(char **why)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	List	   *volatile rows = NIL;

	*why = "the sandbox did not report it";
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		rows = read_status();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		*why = edata->message;
		/* not ours to swallow */
		if (edata->sqlerrcode == ERRCODE_QUERY_CANCELED)
			ReThrowError(edata);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return rows;
}

/* ---- facts ---- */

static void
put_host_fact(ReturnSetInfo *rsinfo, const TrHostInfo *host)
{
	static const char *const names[] = {
		[TR_HOST_NONE] = "not started",
		[TR_HOST_STARTING] = "starting",
		[TR_HOST_READY] = GOOD,
		[TR_HOST_DRAINING] = "restarting",
		[TR_HOST_FAILED] = "failed",
		[TR_HOST_EXTERNAL] = "external",
	};
	char	   *detail;

	if (host->state == TR_HOST_EXTERNAL)
		detail = psprintf("run as its own service at \"%s\" (transform.sandbox_address)",
						  tr_guc_address());
	else if (host->reason[0] != '\0')
		detail = psprintf("%s: %s", tr_host_to_text(host->path),
						  tr_host_to_text(host->reason));
	else if (host->state == TR_HOST_NONE)
		detail = pstrdup("the launcher has not started it");
	else
		detail = psprintf("%s, process %d", tr_host_to_text(host->path),
						  host->pid);
	put_fact(rsinfo, "sandbox_host", names[host->state], detail);
}

static void
put_worker_fact(ReturnSetInfo *rsinfo)
{
	int			needed = tr_max_concurrent_jobs + OTHER_WORKERS;

	if (max_worker_processes >= needed)
		put_fact(rsinfo, "worker slots", GOOD,
				 psprintf("max_worker_processes is %d; %d jobs at a time need %d",
						  max_worker_processes, tr_max_concurrent_jobs, needed));
	else
		put_fact(rsinfo, "worker slots", BAD,
				 psprintf("max_worker_processes is %d, but %d jobs at a time need %d: raise it and restart the server",
						  max_worker_processes, tr_max_concurrent_jobs, needed));
}

static void
put_facts(ReturnSetInfo *rsinfo, const TrHostInfo *host)
{
	if (!tr_shmem_ready())
	{
		put_fact(rsinfo, "preload", BAD,
				 "set shared_preload_libraries = 'transform' in postgresql.conf and restart the server");
		return;
	}
	put_fact(rsinfo, "preload", GOOD, "the library is preloaded");
	if (host->launcher_pid != 0)
		put_fact(rsinfo, "launcher", GOOD,
				 psprintf("process %d", host->launcher_pid));
	else
		put_fact(rsinfo, "launcher", BAD,
				 RecoveryInProgress() ? "it starts when the standby is promoted" :
				 "it is not running; the server log says why (max_worker_processes too low, or still starting)");
	put_host_fact(rsinfo, host);
	put_worker_fact(rsinfo);
}

Datum
transform_sandbox_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TrHostInfo	host = {0};
	List	   *rows = NIL;
	ListCell   *cell;
	char	   *why = "transform is not preloaded";

	InitMaterializedSRF(fcinfo, 0);
	if (tr_shmem_ready())
	{
		tr_shmem_host(&host);
		rows = ask_broker(&why);
		if (rows == NIL && host.reason[0] != '\0')
			why = tr_host_to_text(host.reason);
	}
	put_walls(rsinfo, rows, why);
	put_facts(rsinfo, &host);
	foreach(cell, rows)
	{
		const StatusRow *row = lfirst(cell);

		if (row->wall == 0)
			put_fact(rsinfo, row->name, row->state == 1 ? GOOD : BAD, row->detail);
	}
	return (Datum) 0;
}
