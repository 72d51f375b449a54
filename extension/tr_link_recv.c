/*
 * tr_link_recv.c
 *		Bytes on their way in, into frames; what the broker says is handled
 *		here, what the worker says is queued.
 *
 * Process: the backend that holds a job.  Nothing here waits, but for
 * tr_link_status_next().
 */
#include "postgres.h"

#include <errno.h>

#include "utils/memutils.h"

#include "tr_errors.h"
#include "tr_link_private.h"

/* Text of the broker: trusted, but kept printable. */
static char *
copy_text(TrLink *link, WireText text)
{
	char	   *copy = MemoryContextAlloc(link->context, text.len + 1);

	for (uint32 i = 0; i < text.len; i++)
		copy[i] = (unsigned char) text.data[i] < 128 ? text.data[i] : '?';
	copy[text.len] = '\0';
	return copy;
}

static void
handle_control(TrLink *link, const WireHeader *h, const uint8 *p)
{
	TrLinkState *s = &link->state;
	const char *why = NULL;
	WireText	text;
	bool		ok = wire_phase_accept(&link->control_phase, h->type, &why);

	if (ok)
	{
		switch (h->type)
		{
			case WIRE_STARTED:
				ok = wire_started_decode(p, h->length, &s->start, &why);
				s->started = ok;
				s->versions = ok ? copy_text(link, s->start.versions) : NULL;
				break;
			case WIRE_REFUSED:
				ok = wire_refused_decode(p, h->length, &s->refusal, &text,
										 &why);
				s->refused = ok;
				s->refusal_text = ok ? copy_text(link, text) : NULL;
				break;
			case WIRE_USAGE:
				ok = wire_usage_decode(p, h->length, &s->usage, &why);
				s->usages++;
				break;
			case WIRE_EXIT:
				ok = wire_exit_decode(p, h->length, &s->exit, &why);
				s->exited = ok;
				break;
			case WIRE_STATUS_ROW:
				ok = wire_status_row_decode(p, h->length, &link->status_row,
											&why);
				link->has_status_row = ok;
				break;
			case WIRE_STATUS_END:
				link->status_ended = true;
				break;
		}
	}
	if (!ok)
		ereport(ERROR,
				(errcode(TR_ERR_PROTOCOL),
				 errmsg("the sandbox host broke the protocol: %s (frame \"%s\")",
						why, wire_type_name(h->type)),
				 errhint("The extension and sandbox_host must be of the same version; install both anew and restart the server.")));
}

/* Take one complete frame out of the control buffer, if there is one. */
static bool
take_control(TrLink *link)
{
	WireHeader	h;
	const char *why;
	size_t		total;

	if (link->control_used < WIRE_HEADER_SIZE)
		return false;
	if (!wire_header_decode(link->control_in, &h, &why) ||
		h.length > CONTROL_BUFFER - WIRE_HEADER_SIZE)
		ereport(ERROR,
				(errcode(TR_ERR_PROTOCOL),
				 errmsg("the sandbox host sent a malformed frame")));
	total = WIRE_HEADER_SIZE + h.length;
	if (link->control_used < total)
		return false;
	handle_control(link, &h, link->control_in + WIRE_HEADER_SIZE);

	/* A status row points into the buffer: its reader moves it on. */
	if (link->has_status_row)
		return false;
	link->control_used -= total;
	memmove(link->control_in, link->control_in + total, link->control_used);
	return true;
}

void
tr_link_recv_control(TrLink *link)
{
	while (!link->state.control_closed && !link->has_status_row &&
		   link->control_used < CONTROL_BUFFER)
	{
		ssize_t		n = tr_conn_recv(link->control,
									 link->control_in + link->control_used,
									 CONTROL_BUFFER - link->control_used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0)
		{
			link->state.control_closed = true;
			break;
		}
		link->control_used += n;
		while (take_control(link))
			;
	}
}

static void
protocol_error(const char *why, uint8 type)
{
	ereport(ERROR,
			(errcode(TR_ERR_PROTOCOL),
			 errmsg("the worker broke the protocol: %s", why),
			 errdetail("Frame type: %s.", wire_type_name(type)),
			 errhint("Nothing of its result was kept. A script cannot do this by ordinary means: report it.")));
}

/* The header is complete: check it and make room for the payload. */
static void
begin_payload(TrLink *link)
{
	Incoming   *in = &link->incoming;
	WireHeader	h;
	const char *why;

	if (!wire_header_decode(in->header, &h, &why) ||
		!wire_phase_accept(&link->data_phase, h.type, &why))
		protocol_error(why, in->header[4]);
	in->frame.type = h.type;
	in->frame.len = h.length;
	in->payload_used = 0;
	if (link->spare != NULL && link->spare_size >= h.length)
	{
		in->frame.payload = link->spare;
		link->spare = NULL;
		return;
	}
	in->frame.payload = MemoryContextAlloc(link->context, Max(h.length, 8));
}

/* Read as much as there is; false when there is no more, or no room. */
static bool
recv_data_once(TrLink *link)
{
	Incoming   *in = &link->incoming;
	bool		in_header = in->header_used < WIRE_HEADER_SIZE;
	void	   *at;
	size_t		want;
	ssize_t		n;

	if (link->nqueued == MAX_QUEUED || link->state.data_closed)
		return false;
	if (in_header)
	{
		at = in->header + in->header_used;
		want = WIRE_HEADER_SIZE - in->header_used;
	}
	else
	{
		at = in->frame.payload + in->payload_used;
		want = in->frame.len - in->payload_used;
	}
	n = tr_conn_recv(link->data, at, want);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n <= 0)
	{
		link->state.data_closed = true;
		return false;
	}
	if (in_header)
	{
		in->header_used += n;
		if (in->header_used == WIRE_HEADER_SIZE)
			begin_payload(link);
	}
	else
		in->payload_used += n;
	return true;
}

void
tr_link_recv_data(TrLink *link)
{
	Incoming   *in = &link->incoming;

	while (recv_data_once(link))
	{
		if (in->header_used == WIRE_HEADER_SIZE &&
			in->payload_used == in->frame.len)
		{
			link->queue[link->nqueued++] = in->frame;
			memset(in, 0, sizeof(*in));
		}
	}
}

bool
tr_link_next(TrLink *link, TrFrame *frame)
{
	if (link->nqueued == 0)
		return false;
	*frame = link->queue[0];
	link->nqueued--;
	memmove(link->queue, link->queue + 1, link->nqueued * sizeof(TrFrame));
	return true;
}

void
tr_link_release(TrLink *link, TrFrame *frame)
{
	uint8	   *drop = frame->payload;

	if (link->spare == NULL || link->spare_size < frame->len)
	{
		drop = link->spare;
		link->spare = frame->payload;
		link->spare_size = Max(frame->len, 8);
	}
	if (drop != NULL)
		pfree(drop);
	frame->payload = NULL;
}

bool
tr_link_status_next(TrLink *link, WireStatusRow *row)
{
	if (link->has_status_row)
	{
		/* the row handed out last has been used: move past its bytes */
		WireHeader	h;
		const char *why;
		size_t		total;

		(void) wire_header_decode(link->control_in, &h, &why);
		total = WIRE_HEADER_SIZE + h.length;
		link->control_used -= total;
		memmove(link->control_in, link->control_in + total,
				link->control_used);
		link->has_status_row = false;
		while (take_control(link))
			;
	}
	while (!link->has_status_row && !link->status_ended &&
		   !link->state.control_closed)
		tr_link_wait(link);
	if (!link->has_status_row && !link->status_ended)
		ereport(ERROR,
				(errcode(TR_ERR_SANDBOX),
				 errmsg("the sandbox host closed the connection"),
				 errhint("Look at the server log for what it said last.")));
	*row = link->status_row;
	return link->has_status_row;
}
