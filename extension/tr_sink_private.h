/*
 * tr_sink_private.h
 *		Shared by tr_sink*.c: the sink itself, and what each file does for it.
 *
 * Process: the runner, connected to SPI, as the job's role.
 */
#ifndef TR_SINK_PRIVATE_H
#define TR_SINK_PRIVATE_H

#include "postgres.h"

#include "access/heapam.h"
#include "executor/spi.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"

#include "tr_expect.h"
#include "tr_reject.h"
#include "tr_sink.h"
#include "tr_unique.h"

#define TR_SINK_ROWS	1000	/* rows between two looks at the world */
#define TR_SINK_PIECE	4096	/* rows of one statement */

struct TrSink
{
	const TrTask *task;
	TrResult   *result;
	Oid			relid;

	/* the bulk path */
	Relation	bulk;			/* open when it is taken */
	BulkInsertState bulk_state;
	TupleTableSlot **slots;
	int			nslots;

	/* through SPI */
	TupleDesc	desc;			/* of the ephemeral relation */
	EphemeralNamedRelation enr;
	SPIPlanPtr	insert;

	/* where an error is looked at: in subtransactions */
	bool		careful;
	MemoryContext try_context;
	uint64		pieces;			/* stored so far, each by one statement */
	uint64		written;

	/* mode upsert */
	int			nkeys;			/* 0 in other modes */
	int		   *keys;			/* positions in the result */
	TrUnique   *written_keys;

	TrReject   *reject;			/* NULL: a bad row fails the job */
	TrExpect   *expect;			/* NULL: nothing is expected */
};

/* tr_sink.c: these rows of the chunk at hand are stored */
extern void tr_sink_stored(TrSink *sink, uint32 from, uint32 to);

/* tr_sink_create.c: names, and a table that is new */
extern RangeVar *tr_sink_name(const char *destination);
extern void tr_sink_check_free(const char *destination);

/*
 * CREATE TABLE; false when another job creates the name at this moment.  That
 * one may show by its table, its row type or the unique index of that; all mean
 * the same, and after any of them the caller can only raise.
 */
extern bool tr_sink_execute_create(const char *sql, const char *name);
extern Oid	tr_sink_create(const TrTask *task, TrResult *result,
						   const TrSourceColumn *source, int nsource);
extern bool tr_sink_is_plain(Relation rel, TrResult *result);

/* tr_sink_columns.c: the result's columns are the table's; sets up decoders */
extern bool tr_sink_is_listed(List *names, const char *name);
extern void tr_sink_match(Relation rel, TrResult *result, List *key);

/* tr_sink_bulk.c: into a table that nobody else has seen */
extern void tr_bulk_begin(TrSink *sink);
extern void tr_bulk_store(TrSink *sink, uint32 rows, TrSinkPump pump,
						  void *arg);
extern void tr_bulk_end(TrSink *sink);

/* tr_sink_spi.c: into any table, by one statement; pump may be NULL */
extern void tr_spi_begin(TrSink *sink, Relation rel);
extern void tr_spi_store(TrSink *sink, uint32 from, uint32 to,
						 TrSinkPump pump, void *arg);

/* tr_sink_careful.c: the same in pieces that can be undone */
extern void tr_careful_begin(TrSink *sink);
extern void tr_careful_store(TrSink *sink, uint32 rows, TrSinkPump pump,
							 void *arg);

/* tr_sink_upsert.c: no key is NULL or stands in the result twice */
extern void tr_upsert_begin(TrSink *sink);
extern void tr_upsert_check_key(TrSink *sink, uint32 row);
extern void tr_upsert_added(TrSink *sink, uint32 from, uint32 to);
extern void tr_upsert_explain(TrSink *sink, uint32 from, uint32 to);
extern void tr_upsert_end(TrSink *sink);

/* tr_sink_replace.c: the old rows.  First lock and check, as early as can be;
 * then, before the first new row, delete. */
extern void tr_replace_prepare(Oid relid);
extern void tr_replace_delete(Relation rel);

#endif							/* TR_SINK_PRIVATE_H */
