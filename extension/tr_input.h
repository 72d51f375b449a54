/*
 * tr_input.h
 *		What goes to the worker: the sources of a task, one after the other,
 *		a frame at a time.
 *
 * Process: the backend that holds a job, connected to SPI, as the job's role.
 */
#ifndef TR_INPUT_H
#define TR_INPUT_H

#include "postgres.h"

#include "tr_link.h"
#include "tr_session.h"
#include "tr_source.h"

typedef struct TrInput TrInput;

/* Opens all sources on the active snapshot.  row_limit: of each, 0 for all. */
extern TrInput *tr_input_open(const TrTask *task, uint64 row_limit,
							  TrOutcome *outcome);

/*
 * The columns that a table to be created can take a declaration from: those
 * of all sources, without the names that they declare differently.
 */
extern int	tr_input_columns(TrInput *input, const TrSourceColumn **columns);

/* Queue the next frame; false when that was the last. */
extern bool tr_input_send(TrInput *input, TrLink *link, TrProgress *progress);

/* The worker had no memory before it could call the script: raises when the
 * shape, which wants all rows at once, is why. */
extern void tr_input_no_memory(TrInput *input);

/* As tr_feed_watermark, of the only source. */
extern char *tr_input_watermark(TrInput *input);
extern void tr_input_close(TrInput *input);

#endif							/* TR_INPUT_H */
