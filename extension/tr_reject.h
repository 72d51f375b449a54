/*
 * tr_reject.h
 *		Rows that a constraint refuses, put aside with the reason.
 *
 * Process: the runner, connected to SPI, as the job's role.
 */
#ifndef TR_REJECT_H
#define TR_REJECT_H

#include "postgres.h"

#include "tr_result.h"
#include "tr_session.h"

typedef struct TrReject TrReject;

/*
 * Before anything is written: from now on deferrable constraints are checked
 * row by row, since at the commit no row could be put aside any more.
 */
extern void tr_reject_check_constraints(void);

/* Find the table or make it. */
extern TrReject *tr_reject_open(const TrTask *task, TrResult *result);

/* Is this the fault of a row: data (class 22), a constraint (class 23), a
 * view's check option (class 44)? */
extern bool tr_reject_takes(const ErrorData *error);

/* Put row `row` of the chunk at hand aside; not in a subtransaction. */
extern void tr_reject_row(TrReject *reject, uint32 row,
						  const ErrorData *error);
extern uint64 tr_reject_count(const TrReject *reject);

#endif							/* TR_REJECT_H */
