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

#endif							/* TR_XACT_H */
