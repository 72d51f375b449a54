/*
 * tr_sink.h
 *		The destination of a job: a table created or found, and rows into it.
 *
 * Process: the runner, connected to SPI, as the job's role.
 */
#ifndef TR_SINK_H
#define TR_SINK_H

#include "postgres.h"

#include "tr_feed.h"
#include "tr_job.h"
#include "tr_result.h"
#include "tr_session.h"

typedef struct TrSink TrSink;

/* Called now and then while rows are stored, so that bytes keep moving. */
typedef void (*TrSinkPump) (void *arg);

/*
 * What can be known before the script has run: the name is free (create) or
 * is there.  Raises otherwise.  Mode replace locks the table against writers
 * here: call it before the snapshot is taken that the source is read with, so
 * that no row is deleted that was not there to be read.
 */
extern void tr_sink_check(const TrTask *task);

/* The type a created column gets: the source's where it is kept. */
extern Oid	tr_sink_column_type(const WireFormat *format, const char *name,
								TrNumeric numeric,
								const TrSourceColumn *source, int nsource,
								int32 *typmod);

/* Create or find the destination for these columns; matched by name. */
extern TrSink *tr_sink_open(const TrTask *task, TrResult *result,
							const TrSourceColumn *source, int nsource);

/* Store `rows` rows of the chunk that tr_result_begin() decoded; returns how
 * many were written. */
extern uint32 tr_sink_store(TrSink *sink, uint32 rows, TrSinkPump pump,
							void *arg);
extern void tr_sink_close(TrSink *sink);
extern Oid	tr_sink_relation(TrSink *sink);

/* Rows put aside so far. */
extern uint64 tr_sink_rejected(TrSink *sink);

#endif							/* TR_SINK_H */
