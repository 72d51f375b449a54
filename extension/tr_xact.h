/*
 * tr_xact.h
 *		The bracket around a transaction in a background worker.
 *
 *		tr_xact_begin("claiming a transform job");
 *		... tr_queue_*, SPI ...
 *		tr_xact_commit();
 *
 * On an error the caller's PG_CATCH calls tr_xact_abort().  tr_queue's
 * functions connect to SPI themselves.
 */
#ifndef TR_XACT_H
#define TR_XACT_H

#include "postgres.h"

/* Start a transaction with an active snapshot; `activity` shows in
 * pg_stat_activity. */
extern void tr_xact_begin(const char *activity);

/* The same for our own bookkeeping, whatever the role's defaults for
 * isolation and read only are. */
extern void tr_xact_begin_own(const char *activity);
extern void tr_xact_commit(void);
extern void tr_xact_abort(void);

/*
 * Until the release, nothing that runs can change who the session is: SET and
 * RESET of role and session_authorization fail with 42501, as they do within
 * a SECURITY DEFINER function.  Around all that calls functions of users: what
 * a view, trigger or policy does must not decide as whom the rest is done.
 * The end of a transaction that fails releases, a commit does not.
 */
extern int	tr_xact_hold_user(void);
extern void tr_xact_release_user(int before);

#endif							/* TR_XACT_H */
