/*
 * tr_wake.c
 *		The commit callback that wakes schedulers and waiters.
 *
 * Process: any backend with a database.  The callback is registered once per
 * process, and does nothing in a transaction that has asked for nothing.  A
 * subtransaction that rolls back leaves its wish standing: a wake-up too
 * many is harmless.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"

#include "tr_shmem.h"
#include "tr_wake.h"

static bool registered = false;
static bool wake_scheduler = false;
static bool wake_waiters = false;
static bool wake_audit = false;

static void
at_commit(XactEvent event, void *arg)
{
	(void) arg;
	if (!wake_scheduler && !wake_waiters && !wake_audit)
		return;

	switch (event)
	{
		case XACT_EVENT_PRE_PREPARE:
			/* nothing would wake anybody at COMMIT PREPARED */
			if (wake_scheduler || wake_waiters)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot PREPARE a transaction that has submitted or cancelled a transform job"),
						 errhint("Submit the job in a transaction of its own.")));
			break;
		case XACT_EVENT_COMMIT:
			if (wake_scheduler || wake_audit)
				tr_database_mark(MyDatabaseId);
			if (wake_waiters)
				tr_jobs_broadcast();
			/* FALLTHROUGH */
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			wake_scheduler = wake_waiters = wake_audit = false;
			break;
		default:
			break;
	}
}

static void
register_once(void)
{
	if (!registered)
		RegisterXactCallback(at_commit, NULL);
	registered = true;
}

void
tr_wake_scheduler_at_commit(void)
{
	register_once();
	wake_scheduler = true;
}

void
tr_wake_waiters_at_commit(void)
{
	register_once();
	wake_waiters = true;
}

void
tr_wake_audit_at_commit(void)
{
	register_once();
	wake_audit = MyBgworkerEntry == NULL;
}
