/*
 * tr_log.h
 *		Output of scripts: from the runner through a ring in shared memory
 *		into transform.job_log, readable all the while.
 */
#ifndef TR_LOG_H
#define TR_LOG_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef struct TrLogLine
{
	int			seq;			/* from 1, per attempt */
	TimestampTz at;
	int			stream;			/* WireStream */
	char	   *text;
} TrLogLine;

/* What the runner's callback needs. */
typedef struct TrLogWriter
{
	int			slot;
	int64		limit;			/* bytes */
	int64		used;
	bool		full;			/* the marker has been written */
} TrLogWriter;

extern const char *tr_stream_name(int stream);

/* A TrLogCallback with a TrLogWriter as arg; in the runner only.  Waits for
 * the scheduler when the ring is full. */
extern void tr_log_write(void *arg, int stream, const char *text, int len);

/* List of TrLogLine not yet persisted, palloc'd; *end is for
 * tr_log_forget. */
extern List *tr_log_read(int slot, uint64 *end);

extern bool tr_log_waiting(int slot);	/* is there anything to persist? */

/* What tr_log_read returned up to `end` has been committed. */
extern void tr_log_forget(int slot, uint64 end);

/* Insert what is in the ring into the table; runner or scheduler, inside a
 * transaction.  Returns `end` for tr_log_forget after the commit. */
extern uint64 tr_log_persist(int slot, int64 job, int attempt);

#endif							/* TR_LOG_H */
