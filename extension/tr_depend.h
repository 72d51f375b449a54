/*
 * tr_depend.h
 *		What a job that waits or runs depends on, for pg_depend.
 *
 * Process: the backend that submits (hold), whoever ends a job (release).
 */
#ifndef TR_DEPEND_H
#define TR_DEPEND_H

#include "postgres.h"

#include "nodes/pg_list.h"

/*
 * From the commit on, what the job reads (queries, a List of Query) and the
 * tables it writes to, or their schemas (a List of ObjectAddress *) cannot be
 * dropped without CASCADE.
 */
extern void tr_depend_hold(int64 job, List *queries, List *objects);

/* Is this object, or a part of it, one that the job depends on? */
extern bool tr_depend_on(int64 job, Oid class, Oid object);

/* The job is over. */
extern void tr_depend_release(int64 job);

/* False: something that the job depends on was dropped with CASCADE. */
extern bool tr_depend_holds(int64 job);

#endif							/* TR_DEPEND_H */
