/*
 * tr_feed.c
 *		The source of a job: an SPI cursor, drained into Arrow chunks.
 *
 * Process: the backend that holds a job, as the job's role.
 *
 * The cursor's rows go straight into column builders: PortalRunFetch() with
 * a DestReceiver of our own measured twice as fast as SPI_cursor_fetch(),
 * which materialises a tuple table first.  A frame ends when a call's rows
 * are complete or when it has reached its target size; rows that arrive
 * after that within one fetch wait in a tuplestore, because a portal that is
 * stopped early believes itself at its end.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "tr_errors.h"
#include "tr_feed.h"
#include "tr_track.h"

#define FETCH_ROWS		1000	/* rows of one portal run */
#define FRAME_ROWS		65536	/* rows of one frame at most */

struct TrFeed
{
	DestReceiver dest;			/* must be first */
	MemoryContext context;
	MemoryContext row_context;	/* detoasted values of one row */
	TrSource   *source;
	Portal		portal;
	int			ncols;			/* on the wire */
	uint32		nfields;		/* of theirs */
	TrEncoder  *encoders;
	WireBuffer *buffers;
	TrTrack    *keys;			/* the row before, by key of the group */
	uint64		groups;
	TrTrack		since;			/* the highest value so far */

	uint64		chunk_rows;		/* 0: one call */
	uint64		row_limit;		/* 0: all */
	uint64		rows_fetched;	/* out of the portal */
	uint64		rows_sent;
	uint64		call_rows;		/* sent of the call at hand */
	uint32		frame_rows;		/* in the builders */
	size_t		bytes;			/* in the builders */
	bool		frame_full;
	bool		at_end;
	bool		finished;

	Tuplestorestate *waiting;	/* rows after a full frame */
	uint64		nwaiting;
	TupleTableSlot *waiting_slot;
};

/* ---- rows into builders ---- */

/* Bytes of the frame: values and offsets counted, the rest bounded. */
static size_t
frame_bytes(TrFeed *feed)
{
	return WIRE_CHUNK_PREFIX(feed->nfields) + feed->bytes +
		(size_t) feed->ncols * (feed->frame_rows / 8 + 32);
}

/* The rows that this call still takes. */
static uint64
call_room(TrFeed *feed)
{
	if (feed->chunk_rows == 0)
		return UINT64_MAX;
	return feed->chunk_rows - feed->call_rows - feed->frame_rows;
}

/* Does a group begin with this row? */
static void
append_mark(TrFeed *feed, TupleTableSlot *slot)
{
	const TrSource *source = feed->source;
	bool		begins = feed->groups == 0;

	for (int i = 0; i < source->nkeys; i++)
	{
		int			at = source->keys[i];

		if (tr_track_changed(&feed->keys[i], slot->tts_values[at],
							 slot->tts_isnull[at]))
			begins = true;
	}
	feed->groups += begins;
	tr_encoder_append(&feed->encoders[source->ncols], BoolGetDatum(begins),
					  false);
}

static void
append_row(TrFeed *feed, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(feed->row_context);
	const TrSource *source = feed->source;

	for (int i = 0; i < source->ncols; i++)
		tr_encoder_append(&feed->encoders[i], slot->tts_values[i],
						  slot->tts_isnull[i]);
	if (source->nkeys > 0)
		append_mark(feed, slot);
	if (source->since_attnum > 0)
		tr_track_highest(&feed->since,
						 slot->tts_values[source->since_attnum - 1],
						 slot->tts_isnull[source->since_attnum - 1]);
	MemoryContextSwitchTo(old);
	MemoryContextReset(feed->row_context);
	feed->frame_rows++;
	feed->frame_full = feed->frame_rows == FRAME_ROWS ||
		call_room(feed) == 0 || frame_bytes(feed) >= WIRE_TARGET_PAYLOAD;
}

/* One row must fit into a frame by itself. */
static void
check_frame(TrFeed *feed)
{
	if (frame_bytes(feed) > WIRE_MAX_PAYLOAD)
		ereport(ERROR,
				(errcode(TR_ERR_INPUT),
				 errmsg("row " UINT64_FORMAT " of the source is larger than %u MB",
						feed->rows_sent + feed->frame_rows,
						WIRE_MAX_PAYLOAD / 1024 / 1024),
				 errhint("Leave the large column out with columns, or shorten it in a source_query.")));
}

static bool
feed_receive(TupleTableSlot *slot, DestReceiver *self)
{
	TrFeed	   *feed = (TrFeed *) self;

	slot_getallattrs(slot);
	if (feed->frame_full)
	{
		tuplestore_puttupleslot(feed->waiting, slot);
		feed->nwaiting++;
	}
	else
		append_row(feed, slot);
	return true;
}

static void
feed_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static void
feed_nothing(DestReceiver *self)
{
}

/* ---- opening ---- */

static void
init_column(TrFeed *feed, TrEncoder *encoder, const TrSourceColumn *column,
			TrNumeric numeric)
{
	encoder->name = pstrdup(column->name);
	encoder->nullable = column->nullable;
	encoder->total = &feed->bytes;
	if (!tr_encoder_init(encoder, column->type, column->typmod, numeric))
		elog(ERROR, "column \"%s\" has an unsupported type", column->name);
	tr_encoder_reset(encoder, 1);
}

static void
init_columns(TrFeed *feed, TrNumeric numeric)
{
	static const TrSourceColumn mark = {.name = "", .type = BOOLOID, .typmod = -1};
	const TrSource *source = feed->source;

	feed->ncols = source->ncols + (source->nkeys > 0 ? 1 : 0);
	feed->encoders = palloc0(sizeof(TrEncoder) * feed->ncols);
	feed->keys = palloc0(sizeof(TrTrack) * Max(source->nkeys, 1));
	for (int i = 0; i < source->ncols; i++)
		init_column(feed, &feed->encoders[i], &source->columns[i], numeric);
	if (source->nkeys > 0)
		init_column(feed, &feed->encoders[source->ncols], &mark, numeric);
	for (int i = 0; i < feed->ncols; i++)
		feed->nfields += tr_encoder_fields(&feed->encoders[i]);
	feed->buffers = palloc0(sizeof(WireBuffer) * 3 * feed->nfields);
	for (int i = 0; i < source->nkeys; i++)
		tr_track_init(&feed->keys[i], &source->columns[source->keys[i]]);
	if (source->since_attnum > 0)
		tr_track_init(&feed->since, &source->since_column);
}

TrFeed *
tr_feed_open(TrSource *source, TrNumeric numeric, int chunk_rows,
			 uint64 row_limit)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext,
												  "transform feed",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	TrFeed	   *feed = palloc0(sizeof(TrFeed));

	feed->context = context;
	feed->row_context = AllocSetContextCreate(context, "transform feed row",
											  ALLOCSET_DEFAULT_SIZES);
	feed->dest.receiveSlot = feed_receive;
	feed->dest.rStartup = feed_startup;
	feed->dest.rShutdown = feed_nothing;
	feed->dest.rDestroy = feed_nothing;
	feed->dest.mydest = DestNone;
	feed->source = source;
	feed->chunk_rows = chunk_rows;
	feed->row_limit = row_limit;
	init_columns(feed, numeric);
	feed->portal = tr_source_open(source);
	PinPortal(feed->portal);	/* CLOSE ALL in a trigger must not drop it */
	feed->waiting_slot = MakeSingleTupleTableSlot(feed->portal->tupDesc,
												  &TTSOpsMinimalTuple);
	feed->waiting = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(old);
	return feed;
}

void
tr_feed_keep_nan(TrFeed *feed)
{
	for (int i = 0; i < feed->ncols; i++)
		feed->encoders[i].keeps_nan = true;
}

uint8 *
tr_feed_schema(TrFeed *feed, size_t *len)
{
	size_t		size = WIRE_HEADER_SIZE + 4 +
		(size_t) feed->nfields * (12 + WIRE_MAX_NAME + WIRE_MAX_FORMAT);
	uint8	   *frame = palloc(size);
	WireColumn *fields = palloc0(sizeof(WireColumn) * feed->nfields);
	uint32		n = 0;

	for (int i = 0; i < feed->ncols; i++)
	{
		tr_encoder_describe(&feed->encoders[i], &fields[n]);
		n += tr_encoder_fields(&feed->encoders[i]);
	}
	*len = wire_schema_encode(frame, size, fields, n);
	if (*len == 0)
		elog(ERROR, "the source has too many columns for one frame");
	return frame;
}

/* ---- reading ---- */

static void
drain_waiting(TrFeed *feed)
{
	while (feed->nwaiting > 0 && !feed->frame_full &&
		   tuplestore_gettupleslot(feed->waiting, true, false,
								   feed->waiting_slot))
	{
		slot_getallattrs(feed->waiting_slot);
		append_row(feed, feed->waiting_slot);
		feed->nwaiting--;
	}
	if (feed->nwaiting == 0)
		tuplestore_clear(feed->waiting);
}

static void
fetch_some(TrFeed *feed)
{
	uint64		want = FETCH_ROWS;
	uint64		got = 0;

	if (feed->row_limit > 0)
		want = Min(want, feed->row_limit - feed->rows_fetched);
	want = Min(want, call_room(feed));
	if (want > 0)
	{
		TrReading	before;

		tr_source_begin_reading(&before);
		got = PortalRunFetch(feed->portal, FETCH_FORWARD, (long) want,
							 &feed->dest);
		tr_source_end_reading(&before);
	}
	feed->rows_fetched += got;
	if (got < want ||
		(feed->row_limit > 0 && feed->rows_fetched == feed->row_limit))
		feed->at_end = true;
}

static void
begin_frame(TrFeed *feed)
{
	feed->frame_rows = 0;
	feed->bytes = 0;
	feed->frame_full = false;
	for (int i = 0; i < feed->ncols; i++)
		tr_encoder_reset(&feed->encoders[i], feed->rows_sent + 1);
}

bool
tr_feed_next(TrFeed *feed, uint32 *rows, uint32 *flags, WireBuffer **buffers,
			 uint32 *nfields)
{
	bool		call_ends;
	uint32		n = 0;

	if (feed->finished)
		return false;
	begin_frame(feed);
	drain_waiting(feed);
	while (!feed->frame_full && !feed->at_end)
	{
		CHECK_FOR_INTERRUPTS();
		fetch_some(feed);
	}
	check_frame(feed);

	feed->finished = feed->at_end && feed->nwaiting == 0;

	/*
	 * In shape chunk the source may end exactly where a chunk did: then there
	 * is nothing more to call with, unless nothing was sent at all.
	 */
	if (feed->finished && feed->frame_rows == 0 && feed->call_rows == 0 &&
		feed->rows_sent > 0)
		return false;
	call_ends = feed->finished || call_room(feed) == 0;
	for (int i = 0; i < feed->ncols; i++)
	{
		tr_encoder_buffers(&feed->encoders[i], &feed->buffers[3 * n]);
		n += tr_encoder_fields(&feed->encoders[i]);
	}
	*rows = feed->frame_rows;
	*flags = call_ends ? WIRE_LAST_OF_CALL : 0;
	*buffers = feed->buffers;
	*nfields = n;
	feed->rows_sent += feed->frame_rows;
	feed->call_rows = call_ends ? 0 : feed->call_rows + feed->frame_rows;
	return true;
}

uint64
tr_feed_rows(TrFeed *feed)
{
	return feed->rows_sent;
}

uint64
tr_feed_groups(TrFeed *feed)
{
	return feed->groups;
}

char *
tr_feed_watermark(TrFeed *feed)
{
	return tr_track_text(&feed->since);
}

void
tr_feed_close(TrFeed *feed)
{
	ExecDropSingleTupleTableSlot(feed->waiting_slot);
	tuplestore_end(feed->waiting);
	UnpinPortal(feed->portal);
	SPI_cursor_close(feed->portal);
	MemoryContextDelete(feed->context);
}
