/*
 * tr_feed.h
 *		The source of a job: an SPI cursor, drained into Arrow chunks.
 *
 * Process: the backend that holds a job, connected to SPI, as the job's role.
 */
#ifndef TR_FEED_H
#define TR_FEED_H

#include "postgres.h"

#include "tr_job.h"
#include "tr_source.h"
#include "tr_types.h"

typedef struct TrFeed TrFeed;

/*
 * Open a prepared source.  chunk_rows: rows of one call in shape chunk, 0 for
 * one call with everything; row_limit: rows to read at most, 0 for all.
 *
 * A source with group_by has one more column on the wire, the last: without a
 * name, boolean, true where a group begins.
 */
extern TrFeed *tr_feed_open(TrSource *source, TrNumeric numeric,
							int chunk_rows, uint64 row_limit);

/* NaN in a float column is not taken for NULL there: send it. */
extern void tr_feed_keep_nan(TrFeed *feed);

/* Encode the schema; returns a palloc'd frame. */
extern uint8 *tr_feed_schema(TrFeed *feed, size_t *len);

/*
 * Read the next chunk frame's rows.  False when there is none left.  The
 * buffers stay until the next call.
 */
extern bool tr_feed_next(TrFeed *feed, uint32 *rows, uint32 *flags,
						 WireBuffer **buffers, uint32 *nfields);
extern uint64 tr_feed_rows(TrFeed *feed);

/* Groups begun so far. */
extern uint64 tr_feed_groups(TrFeed *feed);

/* The highest value read of the column of the watermark, as text, palloc'd;
 * NULL when no row was read. */
extern char *tr_feed_watermark(TrFeed *feed);
extern void tr_feed_close(TrFeed *feed);

#endif							/* TR_FEED_H */
