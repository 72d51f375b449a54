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
#include "tr_types.h"

typedef struct TrFeed TrFeed;

/* A source column, as far as the sink needs it to create a table. */
typedef struct TrSourceColumn
{
	const char *name;
	Oid			type;			/* as declared */
	int32		typmod;
	Oid			collation;
} TrSourceColumn;

/*
 * Open the source.  chunk_rows: rows of one call in shape chunk, 0 for one
 * call with everything; row_limit: rows to read at most, 0 for all.
 */
extern TrFeed *tr_feed_open(Oid source, TrNumeric numeric, int chunk_rows,
							uint64 row_limit);
extern int	tr_feed_columns(TrFeed *feed, const TrSourceColumn **columns);

/* Encode the schema; returns a palloc'd frame. */
extern uint8 *tr_feed_schema(TrFeed *feed, size_t *len);

/*
 * Read the next chunk frame's rows.  False when there is none left.  The
 * buffers stay until the next call.
 */
extern bool tr_feed_next(TrFeed *feed, uint32 *rows, uint32 *flags,
						 WireBuffer **buffers, uint32 *ncols);
extern uint64 tr_feed_rows(TrFeed *feed);
extern void tr_feed_close(TrFeed *feed);

#endif							/* TR_FEED_H */
