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

#include "access/relation.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "tr_errors.h"
#include "tr_feed.h"

#define FETCH_ROWS		1000	/* rows of one portal run */
#define FRAME_ROWS		65536	/* rows of one frame at most */

struct TrFeed
{
	DestReceiver dest;			/* must be first */
	MemoryContext context;
	MemoryContext row_context;	/* detoasted values of one row */
	Portal		portal;
	int			ncols;
	TrEncoder  *encoders;
	TrSourceColumn *columns;
	WireBuffer *buffers;

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
	return WIRE_CHUNK_PREFIX(feed->ncols) + feed->bytes +
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

static void
append_row(TrFeed *feed, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(feed->row_context);

	for (int i = 0; i < feed->ncols; i++)
		tr_encoder_append(&feed->encoders[i], slot->tts_values[i],
						  slot->tts_isnull[i]);
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
				 errhint("Read a view that leaves the large column out.")));
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

/* SELECT of the columns, by name, quoted; the table's own order. */
static char *
source_query(Relation rel, int *ncols)
{
	TupleDesc	desc = RelationGetDescr(rel);
	StringInfoData sql;

	*ncols = 0;
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		appendStringInfo(&sql, "%s%s", (*ncols)++ > 0 ? ", " : "",
						 quote_identifier(NameStr(att->attname)));
	}
	appendStringInfo(&sql, " FROM %s",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												RelationGetRelationName(rel)));
	return sql.data;
}

static void
init_columns(TrFeed *feed, Relation rel, TrNumeric numeric)
{
	TupleDesc	desc = RelationGetDescr(rel);
	int			n = 0;

	feed->encoders = palloc0(sizeof(TrEncoder) * feed->ncols);
	feed->columns = palloc0(sizeof(TrSourceColumn) * feed->ncols);
	feed->buffers = palloc0(sizeof(WireBuffer) * 3 * feed->ncols);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		TrEncoder  *col = &feed->encoders[n];

		if (att->attisdropped)
			continue;
		col->name = pstrdup(NameStr(att->attname));
		col->nullable = !att->attnotnull;
		col->total = &feed->bytes;
		if (!tr_encoder_init(col, att->atttypid, att->atttypmod, numeric))
			elog(ERROR, "column \"%s\" has an unsupported type", col->name);
		feed->columns[n].name = col->name;
		feed->columns[n].type = att->atttypid;
		feed->columns[n].typmod = att->atttypmod;
		feed->columns[n].collation = att->attcollation;
		n++;
	}
}

static void
open_portal(TrFeed *feed, const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(sql, 0, NULL,
										  CURSOR_OPT_NO_SCROLL);

	if (plan == NULL)
		elog(ERROR, "could not prepare the source query: %s",
			 SPI_result_code_string(SPI_result));
	feed->portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	feed->waiting_slot = MakeSingleTupleTableSlot(feed->portal->tupDesc,
												  &TTSOpsMinimalTuple);
}

TrFeed *
tr_feed_open(Oid source, TrNumeric numeric, int chunk_rows, uint64 row_limit)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext,
												  "transform feed",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	TrFeed	   *feed;
	Relation	rel;
	char	   *sql;

	tr_types_check_source(source, numeric);
	rel = relation_open(source, AccessShareLock);
	old = MemoryContextSwitchTo(context);
	feed = palloc0(sizeof(TrFeed));
	feed->context = context;
	feed->row_context = AllocSetContextCreate(context, "transform feed row",
											  ALLOCSET_DEFAULT_SIZES);
	feed->dest.receiveSlot = feed_receive;
	feed->dest.rStartup = feed_startup;
	feed->dest.rShutdown = feed_nothing;
	feed->dest.rDestroy = feed_nothing;
	feed->dest.mydest = DestNone;
	feed->chunk_rows = chunk_rows;
	feed->row_limit = row_limit;
	sql = source_query(rel, &feed->ncols);
	if (feed->ncols == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("source \"%s\" has no columns",
						RelationGetRelationName(rel)),
				 errhint("A script needs at least one column to read.")));
	init_columns(feed, rel, numeric);
	for (int i = 0; i < feed->ncols; i++)
		tr_encoder_reset(&feed->encoders[i], 1);
	open_portal(feed, sql);
	feed->waiting = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(old);
	relation_close(rel, NoLock);
	return feed;
}

int
tr_feed_columns(TrFeed *feed, const TrSourceColumn **columns)
{
	*columns = feed->columns;
	return feed->ncols;
}

uint8 *
tr_feed_schema(TrFeed *feed, size_t *len)
{
	size_t		size = WIRE_HEADER_SIZE + 4 +
		(size_t) feed->ncols * (12 + WIRE_MAX_NAME + WIRE_MAX_FORMAT);
	uint8	   *frame = palloc(size);
	WireColumn *cols = palloc0(sizeof(WireColumn) * feed->ncols);

	for (int i = 0; i < feed->ncols; i++)
	{
		TrEncoder  *col = &feed->encoders[i];
		int			name_len;

		cols[i].name.data = tr_text_to_utf8(col->name, strlen(col->name),
											&name_len);
		cols[i].name.len = name_len;
		strlcpy(cols[i].format, col->format, sizeof(cols[i].format));
		cols[i].flags = col->nullable ? WIRE_NULLABLE : 0;
	}
	*len = wire_schema_encode(frame, size, cols, feed->ncols);
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
	uint64		got;

	if (feed->row_limit > 0)
		want = Min(want, feed->row_limit - feed->rows_fetched);
	want = Min(want, call_room(feed));
	got = want == 0 ? 0 : PortalRunFetch(feed->portal, FETCH_FORWARD,
										 (long) want, &feed->dest);
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
			 uint32 *ncols)
{
	bool		call_ends;

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
		tr_encoder_buffers(&feed->encoders[i], &feed->buffers[3 * i]);
	*rows = feed->frame_rows;
	*flags = call_ends ? WIRE_LAST_OF_CALL : 0;
	*buffers = feed->buffers;
	*ncols = feed->ncols;
	feed->rows_sent += feed->frame_rows;
	feed->call_rows = call_ends ? 0 : feed->call_rows + feed->frame_rows;
	return true;
}

uint64
tr_feed_rows(TrFeed *feed)
{
	return feed->rows_sent;
}

void
tr_feed_close(TrFeed *feed)
{
	ExecDropSingleTupleTableSlot(feed->waiting_slot);
	tuplestore_end(feed->waiting);
	SPI_cursor_close(feed->portal);
	MemoryContextDelete(feed->context);
}
