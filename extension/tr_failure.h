/*
 * tr_failure.h
 *		How a conversation with a worker can end badly, each as one error.
 */
#ifndef TR_FAILURE_H
#define TR_FAILURE_H

#include "postgres.h"

#include "tr_compat.h"
#include "tr_link.h"
#include "tr_session.h"

/* The limits, in the order of the settings' names in tr_failure.c. */
typedef enum TrLimitName
{
	TR_LIMIT_WALL_TIME,
	TR_LIMIT_CPU_TIME,
	TR_LIMIT_MEMORY,
	TR_LIMIT_OUTPUT_ROWS,
	TR_LIMIT_OUTPUT_BYTES
} TrLimitName;

/* Milliseconds, bytes or rows, as the limit goes. */
pg_noreturn extern void tr_fail_limit(TrLimitName limit, uint64 value,
						  uint64 used);
/*
 * What shape table is to read needs more bytes than the limit: an estimate
 * beforehand, or what has been read.
 */
pg_noreturn extern void tr_fail_too_large(uint64 limit, uint64 bytes,
										  bool estimate);
pg_noreturn extern void tr_fail_protocol(const char *why);

/* The broker refused: all but a missing wall is worth another try. */
pg_noreturn extern void tr_fail_refused(uint32 refusal, const char *text,
							TrOutcome *outcome);

/* WIRE_ERROR of a worker: sets stage and traceback in the outcome. */
pg_noreturn extern void tr_fail_worker_error(const WireError *error, const TrTask *task,
								 TrOutcome *outcome);

/* The worker went without DONE or ERROR. */
pg_noreturn extern void tr_fail_exit(const TrLinkState *state, const TrTask *task,
						 TrOutcome *outcome);

#endif							/* TR_FAILURE_H */
