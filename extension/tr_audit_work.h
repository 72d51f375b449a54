/*
 * tr_audit_work.h
 *		What the scheduler and the launcher do for the audit; tr_audit.c.
 */
#ifndef TR_AUDIT_WORK_H
#define TR_AUDIT_WORK_H

#include "postgres.h"

/*
 * Scheduler, outside a transaction, in each round: write what waits in shared
 * memory; a second after a wake-up, so that jobs come first and rows come
 * together, or at once when `leaving`, chain what has been committed and remove
 * what is old, each for a moment only.  Returns in how many ms to call it again, -1: at the next wake-up.
 */
extern long tr_audit_work(bool leaving);

/* The database, or the extension in it, is gone: nobody will write its events. */
extern void tr_audit_forget_database(Oid database);

#endif							/* TR_AUDIT_WORK_H */
