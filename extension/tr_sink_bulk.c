/*
 * tr_sink_bulk.c
 *		Rows into a table that this job has just created.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * Such a table, if it is still plain (an event trigger may have changed it),
 * has no default, constraint, index, trigger, rule or policy: nothing but the
 * bytes themselves is to be done for a row, and the table access method's bulk
 * path does it.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "tr_sink_private.h"

#define BULK_VALUES		20000	/* of one multi-insert: they are in memory together */

void
tr_bulk_begin(TrSink *sink)
{
	sink->bulk = table_open(sink->relid, RowExclusiveLock);
	sink->bulk_state = GetBulkInsertState();
	sink->nslots = Max(1, Min(TR_SINK_ROWS, BULK_VALUES / sink->result->ncols));
	sink->slots = palloc(sizeof(TupleTableSlot *) * sink->nslots);
	for (int i = 0; i < sink->nslots; i++)
		sink->slots[i] = table_slot_create(sink->bulk, NULL);
}

void
tr_bulk_store(TrSink *sink, uint32 rows, TrSinkPump pump, void *arg)
{
	TrResult   *result = sink->result;
	CommandId	cid = GetCurrentCommandId(true);

	for (uint32 row = 0; row < rows;)
	{
		int			n = Min((uint32) sink->nslots, rows - row);

		MemoryContextReset(result->row_context);
		for (int i = 0; i < n; i++, row++)
		{
			TupleTableSlot *slot = sink->slots[i];

			ExecClearTuple(slot);
			for (int c = 0; c < result->ncols; c++)
				slot->tts_values[c] = tr_decoder_value(&result->columns[c],
													   row,
													   &slot->tts_isnull[c]);
			ExecStoreVirtualTuple(slot);
		}
		table_multi_insert(sink->bulk, sink->slots, n, cid,
						   TABLE_INSERT_SKIP_FSM, sink->bulk_state);
		CHECK_FOR_INTERRUPTS();
		pump(arg);
	}
}

void
tr_bulk_end(TrSink *sink)
{
	for (int i = 0; i < sink->nslots; i++)
		ExecDropSingleTupleTableSlot(sink->slots[i]);
	FreeBulkInsertState(sink->bulk_state);
	table_finish_bulk_insert(sink->bulk, TABLE_INSERT_SKIP_FSM);
	table_close(sink->bulk, NoLock);
}
