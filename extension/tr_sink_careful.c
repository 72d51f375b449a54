/*
 * tr_sink_careful.c
 *		Rows through SPI, in pieces that can be undone.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * Each piece is stored in a subtransaction.  Where bad rows are put aside, a
 * piece that an error has undone is divided until the row that caused it
 * stands alone.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "tr_sink_private.h"

#define REJECT_PARTS	16		/* that a piece is divided into */

void
tr_careful_begin(TrSink *sink)
{
	sink->careful = true;
	sink->try_context = AllocSetContextCreate(sink->result->context,
											  "transform piece",
											  ALLOCSET_DEFAULT_SIZES);
}

/* NULL, or the error that has undone it. */
static ErrorData *
try_piece(TrSink *sink, uint32 from, uint32 to)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(sink->try_context);
	PG_TRY();
	{
		tr_spi_store(sink, from, to, NULL, NULL);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		sink->enr->reldata = NULL;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	MemoryContextReset(sink->try_context);
	return error;
}

static void
store_piece(TrSink *sink, uint32 from, uint32 to)
{
	ErrorData  *error = try_piece(sink, from, to);
	uint32		step = (to - from + REJECT_PARTS - 1) / REJECT_PARTS;

	if (error == NULL)
	{
		tr_sink_stored(sink, from, to);
		return;
	}
	if (error->sqlerrcode == ERRCODE_CARDINALITY_VIOLATION &&
		sink->written_keys != NULL)
		tr_upsert_explain(sink, from, to);
	if (sink->reject == NULL || !tr_reject_takes(error))
		ReThrowError(error);
	if (to - from == 1)
		tr_reject_row(sink->reject, from, error);
	else
		for (uint32 at = from; at < to; at += step)
			store_piece(sink, at, Min(to, at + step));
	FreeErrorData(error);
}

void
tr_careful_store(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
{
	uint32		step = sink->reject != NULL ? TR_SINK_PIECE : rows;

	for (uint32 from = 0; from < rows; from += step)
	{
		store_piece(sink, from, Min(rows, from + step));
		CHECK_FOR_INTERRUPTS();
		pump(arg);
	}
}
