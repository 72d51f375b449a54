/*
 * tr_link.h
 *		Two connections to sandbox_host and the frames on them.
 *
 * Process: the backend that holds a job.  Nothing here blocks but
 * tr_link_wait(), which waits for the latch, postmaster death and both
 * connections in both directions at once.  A link lives in its own memory
 * context below CurTransactionContext and closes its connections when that
 * goes, so that an error anywhere kills the worker.
 */
#ifndef TR_LINK_H
#define TR_LINK_H

#include "postgres.h"

#include "wire.h"

typedef struct TrLink TrLink;

/* A complete frame from the worker; its payload lives until released. */
typedef struct TrFrame
{
	uint8		type;
	uint32		len;
	uint8	   *payload;
} TrFrame;

/* What the control connection has told so far. */
typedef struct TrLinkState
{
	bool		started;
	WireStarted start;
	char	   *versions;		/* its text, a copy */
	bool		refused;
	uint32		refusal;		/* WireRefusal */
	char	   *refusal_text;
	WireUsage	usage;
	uint32		usages;			/* how many have come */
	bool		exited;
	WireExit	exit;
	bool		control_closed; /* the broker is gone */
	bool		data_closed;	/* the worker is gone */
} TrLinkState;

/* Connect and queue hello and job.  Raises when no broker answers. */
extern TrLink *tr_link_open(const char *address, const WireJob *job);

/* Connect for status only; rows arrive by tr_link_status_next(). */
extern TrLink *tr_link_open_status(const char *address);
extern bool tr_link_status_next(TrLink *link, WireStatusRow *row);

extern void tr_link_close(TrLink *link);
extern const TrLinkState *tr_link_state(TrLink *link);

/* Queue one encoded frame for the worker (copied). */
extern void tr_link_queue(TrLink *link, const void *frame, size_t len);

/*
 * Queue a chunk.  The buffers are not copied: they must stay until
 * tr_link_sent() says true.  Only when everything before has been sent.
 */
extern void tr_link_queue_chunk(TrLink *link, uint32 rows, uint32 flags,
								const WireBuffer *buffers, uint32 nfields);
extern bool tr_link_sent(TrLink *link);

/* Tell the broker to end the worker. */
extern void tr_link_kill(TrLink *link);

/* Move bytes without waiting. */
extern void tr_link_pump(TrLink *link);

/* Wait until bytes can move, or the latch is set; then pump. */
extern void tr_link_wait(TrLink *link);

/* The next complete frame from the worker, if there is one. */
extern bool tr_link_next(TrLink *link, TrFrame *frame);
extern void tr_link_release(TrLink *link, TrFrame *frame);

#endif							/* TR_LINK_H */
