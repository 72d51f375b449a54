/*
 * tr_link_private.h
 *		Inside a link; private to tr_link*.c.
 */
#ifndef TR_LINK_PRIVATE_H
#define TR_LINK_PRIVATE_H

#include "tr_host.h"
#include "tr_link.h"

#define MAX_QUEUED		2
#define CONTROL_BUFFER	(WIRE_HEADER_SIZE + 4 * WIRE_MAX_TEXT)
#define MAX_SEGMENTS	(2 + 3 * WIRE_MAX_FIELDS)

/* Bytes on their way out; not owned. */
typedef struct Segment
{
	const uint8 *data;
	size_t		len;
	size_t		pad;			/* zeros after it */
} Segment;

/* Bytes on their way in. */
typedef struct Incoming
{
	uint8		header[WIRE_HEADER_SIZE];
	size_t		header_used;
	TrFrame		frame;			/* payload allocated when header complete */
	size_t		payload_used;
} Incoming;

/* A growing buffer of small frames waiting to be sent. */
typedef struct Outgoing
{
	uint8	   *data;
	size_t		size;
	size_t		used;
	size_t		sent;
} Outgoing;

struct TrLink
{
	MemoryContext context;
	MemoryContextCallback on_reset;
	TrConn	   *control;		/* NULL: closed */
	TrConn	   *data;
	TrWaitSet  *waitset;		/* of those that are open */

	WirePhase	control_phase;
	WirePhase	data_phase;
	TrLinkState state;

	Outgoing	control_out;
	Outgoing	data_out;
	uint8	   *prefix;			/* header and table of the chunk being sent */
	size_t		prefix_size;
	Segment    *segments;		/* the chunk being sent */
	int			nsegments;
	int			segment;
	size_t		segment_sent;

	uint8	   *control_in;
	size_t		control_used;
	Incoming	incoming;
	TrFrame		queue[MAX_QUEUED];
	int			nqueued;
	uint8	   *spare;			/* a released payload, to be used again */
	size_t		spare_size;

	WireStatusRow status_row;
	bool		has_status_row;
	bool		status_ended;
};

/* tr_link_send.c: what can be sent without waiting. */
extern void tr_link_append(TrLink *link, Outgoing *out, const void *bytes,
						   size_t len);
extern void tr_link_send_control(TrLink *link);
extern void tr_link_send_data(TrLink *link);

/* tr_link_recv.c: what has arrived; sets control_closed and data_closed. */
extern void tr_link_recv_control(TrLink *link);
extern void tr_link_recv_data(TrLink *link);

#endif							/* TR_LINK_PRIVATE_H */
