/*
 * tr_limits.h
 *		What a job may use: the lower of what is asked for and what the role
 *		that it runs as is given.
 *
 * Process: backends, runner; inside a transaction.
 */
#ifndef TR_LIMITS_H
#define TR_LIMITS_H

#include "tr_job.h"

/* Of a job that the current user submits now in this session. */
extern void tr_limits_now(TrLimits *limits);

/* Lower `limits` to the current user's ceilings (again, when the job runs). */
extern void tr_limits_lower(TrLimits *limits);

/* Has the current user as many jobs in the queue as it may have?  Then 53400,
 * with the setting that says so. */
extern void tr_limits_check_queued(const TrLimits *limits, int64 queued);

#endif							/* TR_LIMITS_H */
