/*
 * tr_xact.c
 *		Transactions in background workers; the user held to what it is.
 *
 * Process: scheduler, runner; tr_xact_hold_user any.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/snapmgr.h"

#include "tr_compat.h"
#include "tr_xact.h"

void
tr_xact_begin(const char *activity)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, activity);
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
tr_xact_begin_own(const char *activity)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	XactIsoLevel = XACT_READ_COMMITTED;
	XactReadOnly = false;
	pgstat_report_activity(STATE_RUNNING, activity);
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
tr_xact_commit(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
}

void
tr_xact_abort(void)
{
	HOLD_INTERRUPTS();
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
	pgstat_report_activity(STATE_IDLE, NULL);
}

int
tr_xact_hold_user(void)
{
	Oid			user;
	int			before;

	GetUserIdAndSecContext(&user, &before);
	SetUserIdAndSecContext(user, before | SECURITY_LOCAL_USERID_CHANGE);
	return before;
}

void
tr_xact_release_user(int before)
{
	SetUserIdAndSecContext(GetUserId(), before);
}
