/*
 * tr_wake.h
 *		Waking others when the current transaction commits.
 *
 * Process: any backend with a database.
 */
#ifndef TR_WAKE_H
#define TR_WAKE_H

#include "postgres.h"

/* At commit: wake the scheduler of this database (there is work). */
extern void tr_wake_scheduler_at_commit(void);

/* At commit: wake whoever waits for a job (one became final). */
extern void tr_wake_waiters_at_commit(void);

/* At commit: the scheduler has rows to chain; a runner's end wakes it anyway. */
extern void tr_wake_audit_at_commit(void);

#endif							/* TR_WAKE_H */
