/*
 * tr_link.c
 *		Two connections to sandbox_host and the frames on them.
 *
 * The control connection speaks for the broker and is believed; the data
 * connection speaks for a worker that may be hostile: its frames pass the
 * header check and the phase table here, and their payloads are checked by
 * whoever decodes them.
 *
 * Received frames wait in a queue of at most two; then the worker's
 * connection is not read until one is released, so memory is bounded by the
 * size of two frames.
 */
#include "postgres.h"

#include <errno.h>

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "tr_compat.h"
#include "tr_errors.h"
#include "tr_host.h"
#include "tr_link.h"

#define MAX_QUEUED		2
#define CONTROL_BUFFER	(WIRE_HEADER_SIZE + 4 * WIRE_MAX_TEXT)
#define MAX_SEGMENTS	(2 + 3 * WIRE_MAX_COLUMNS)

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
	pgsocket	control;
	pgsocket	data;
	WaitEventSet *events;
	int			control_event;
	int			data_event;
	uint32		control_interest;
	uint32		data_interest;

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

static const uint8 zeros[8];

/* ---- life ---- */

static void
link_reset(void *arg)
{
	TrLink	   *link = arg;

	if (link->events != NULL)
		FreeWaitEventSet(link->events);
	tr_host_close(link->control);
	tr_host_close(link->data);
	link->events = NULL;
	link->control = link->data = PGINVALID_SOCKET;
}

/* Wait for the latch, postmaster death and the connections still open. */
static void
build_events(TrLink *link)
{
	if (link->events != NULL)
		FreeWaitEventSet(link->events);
	link->events = tr_create_wait_event_set(4);
	AddWaitEventToSet(link->events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch,
					  NULL);
	AddWaitEventToSet(link->events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET,
					  NULL, NULL);
	link->control_interest = link->data_interest = WL_SOCKET_READABLE;
	if (link->control != PGINVALID_SOCKET)
		link->control_event = AddWaitEventToSet(link->events,
												WL_SOCKET_READABLE,
												link->control, NULL, NULL);
	if (link->data != PGINVALID_SOCKET)
		link->data_event = AddWaitEventToSet(link->events,
											 WL_SOCKET_READABLE,
											 link->data, NULL, NULL);
}

/*
 * A connection whose other end is gone would be reported readable for ever:
 * close it, and wait for what is left.
 */
static void
drop_closed(TrLink *link)
{
	bool		dropped = false;

	if (link->state.data_closed && link->data != PGINVALID_SOCKET)
	{
		tr_host_close(link->data);
		link->data = PGINVALID_SOCKET;
		link->data_out.sent = link->data_out.used;
		link->segment = link->nsegments = 0;
		dropped = true;
	}
	if (link->state.control_closed && link->control != PGINVALID_SOCKET)
	{
		tr_host_close(link->control);
		link->control = PGINVALID_SOCKET;
		link->control_out.sent = link->control_out.used;
		dropped = true;
	}
	if (dropped)
		build_events(link);
}

static pgsocket
connect_or_fail(const char *address)
{
	pgsocket	sock = tr_host_connect(address);

	if (sock == PGINVALID_SOCKET)
		ereport(ERROR,
				(errcode(TR_ERR_SANDBOX),
				 errmsg("could not connect to the sandbox host at \"%s\": %m",
						address),
				 errhint("Look at transform_sandbox_status() and the server log: the launcher starts the host and says there why it cannot.")));
	return sock;
}

static TrLink *
link_create(const char *address, bool with_data)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext,
												  "transform link",
												  ALLOCSET_DEFAULT_SIZES);
	TrLink	   *link = MemoryContextAllocZero(context, sizeof(TrLink));

	link->context = context;
	link->control = link->data = PGINVALID_SOCKET;
	link->on_reset.func = link_reset;
	link->on_reset.arg = link;
	MemoryContextRegisterResetCallback(context, &link->on_reset);

	link->control_in = MemoryContextAlloc(context, CONTROL_BUFFER);
	wire_phase_init(&link->control_phase, WIRE_FROM_BROKER);
	wire_phase_init(&link->data_phase, WIRE_FROM_WORKER);
	link->control = connect_or_fail(address);
	if (with_data)
		link->data = connect_or_fail(address);

	build_events(link);
	return link;
}

void
tr_link_close(TrLink *link)
{
	MemoryContextDelete(link->context);
}

const TrLinkState *
tr_link_state(TrLink *link)
{
	return &link->state;
}

static void
outgoing_append(TrLink *link, Outgoing *out, const void *bytes, size_t len)
{
	if (out->sent == out->used)
		out->sent = out->used = 0;
	if (out->used + len > out->size)
	{
		size_t		size = Max(out->used + len, 2 * out->size);

		if (out->data == NULL)
			out->data = MemoryContextAlloc(link->context, size);
		else
			out->data = repalloc(out->data, size);
		out->size = size;
	}
	memcpy(out->data + out->used, bytes, len);
	out->used += len;
}

static void
queue_hello(TrLink *link, Outgoing *out, WireRole role, const uint8 *token)
{
	uint8		buf[64];
	WireHello	hello = {WIRE_MAGIC, WIRE_VERSION, role, {0}};
	size_t		n;

	memcpy(hello.token, token, WIRE_TOKEN_SIZE);
	n = wire_hello_encode(buf, sizeof(buf), &hello);
	Assert(n > 0);
	outgoing_append(link, out, buf, n);
}

static void
make_token(uint8 *token)
{
	if (!pg_strong_random(token, WIRE_TOKEN_SIZE))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random token")));
}

TrLink *
tr_link_open(const char *address, const WireJob *job)
{
	TrLink	   *link = link_create(address, true);
	uint8		token[WIRE_TOKEN_SIZE];
	uint8		buf[64];
	size_t		n;

	make_token(token);
	queue_hello(link, &link->control_out, WIRE_ROLE_CONTROL, token);
	queue_hello(link, &link->data_out, WIRE_ROLE_DATA, token);
	n = wire_job_encode(buf, sizeof(buf), job);
	Assert(n > 0);
	outgoing_append(link, &link->control_out, buf, n);
	tr_link_pump(link);
	return link;
}

TrLink *
tr_link_open_status(const char *address)
{
	TrLink	   *link = link_create(address, false);
	uint8		token[WIRE_TOKEN_SIZE];
	uint8		buf[WIRE_HEADER_SIZE];

	make_token(token);
	link->state.data_closed = true;
	queue_hello(link, &link->control_out, WIRE_ROLE_CONTROL, token);
	outgoing_append(link, &link->control_out, buf,
					wire_header_encode(buf, WIRE_STATUS, 0));
	return link;
}

/* ---- sending ---- */

void
tr_link_queue(TrLink *link, const void *frame, size_t len)
{
	Assert(link->nsegments == 0);
	outgoing_append(link, &link->data_out, frame, len);
}

void
tr_link_queue_chunk(TrLink *link, uint32 rows, uint32 flags,
					const WireBuffer *buffers, uint32 ncols)
{
	size_t		need = WIRE_HEADER_SIZE + WIRE_CHUNK_PREFIX(ncols);
	size_t		n;

	Assert(tr_link_sent(link));
	if (need > link->prefix_size)
	{
		link->prefix = MemoryContextAlloc(link->context, need);
		link->prefix_size = need;
		link->segments = MemoryContextAlloc(link->context,
											sizeof(Segment) * (1 + 3 * ncols));
	}
	n = wire_chunk_prefix_encode(link->prefix, link->prefix_size, rows, flags,
								 buffers, ncols);
	if (n == 0)
		elog(ERROR, "a chunk of %u rows does not fit into a frame", rows);

	link->segments[0] = (Segment) {link->prefix, n, 0};
	link->nsegments = 1;
	for (uint32 i = 0; i < 3 * ncols; i++)
	{
		size_t		len = buffers[i].len;

		if (len > 0)
			link->segments[link->nsegments++] =
				(Segment) {buffers[i].data, len, WIRE_ALIGN(len) - len};
	}
	link->segment = 0;
	link->segment_sent = 0;
}

bool
tr_link_sent(TrLink *link)
{
	return link->data_out.sent == link->data_out.used &&
		link->segment == link->nsegments;
}

void
tr_link_kill(TrLink *link)
{
	uint8		buf[WIRE_HEADER_SIZE];

	if (link->state.exited || link->state.control_closed)
		return;
	outgoing_append(link, &link->control_out, buf,
					wire_header_encode(buf, WIRE_KILL, 0));
}

/* Send what can be sent; false when the connection has broken or is full. */
static bool
send_some(pgsocket sock, const uint8 *data, size_t len, size_t *sent,
		  bool *closed)
{
	ssize_t		n = tr_host_send(sock, data, len);

	if (n > 0)
	{
		*sent += n;
		return true;
	}
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	*closed = true;
	return false;
}

static void
send_outgoing(pgsocket sock, Outgoing *out, bool *closed)
{
	while (out->sent < out->used && !*closed)
	{
		if (!send_some(sock, out->data + out->sent, out->used - out->sent,
					   &out->sent, closed))
			break;
	}
}

static void
send_segments(TrLink *link, bool *closed)
{
	while (link->segment < link->nsegments && !*closed)
	{
		Segment    *s = &link->segments[link->segment];
		const uint8 *at = s->data + link->segment_sent;
		size_t		left = s->len - link->segment_sent;

		if (link->segment_sent >= s->len)
		{
			at = zeros;
			left = s->len + s->pad - link->segment_sent;
		}
		if (left > 0 && !send_some(link->data, at, left, &link->segment_sent,
								   closed))
			break;
		if (link->segment_sent == s->len + s->pad)
		{
			link->segment++;
			link->segment_sent = 0;
		}
	}
	if (link->segment == link->nsegments)
		link->segment = link->nsegments = 0;
}

/* ---- receiving ---- */

/* Text of the broker for a message: trusted, but kept printable. */
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
				break;
			case WIRE_REFUSED:
				ok = wire_refused_decode(p, h->length, &s->refusal, &text,
										 &why);
				s->refused = ok;
				s->refusal_text = ok ? copy_text(link, text) : NULL;
				break;
			case WIRE_USAGE:
				ok = wire_usage_decode(p, h->length, &s->usage, &why);
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
				 errhint("The extension and sandbox_host must be of the same version; run \"make install\" and restart the server.")));
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

static void
recv_control(TrLink *link)
{
	while (!link->state.control_closed && !link->has_status_row &&
		   link->control_used < CONTROL_BUFFER)
	{
		ssize_t		n = tr_host_recv(link->control,
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
	n = tr_host_recv(link->data, at, want);
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

static void
recv_data(TrLink *link)
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

/* ---- waiting ---- */

void
tr_link_pump(TrLink *link)
{
	bool		broken = false;

	if (link->control != PGINVALID_SOCKET)
	{
		send_outgoing(link->control, &link->control_out, &broken);
		recv_control(link);
	}
	if (link->data != PGINVALID_SOCKET)
	{
		/*
		 * A send that fails says only that the worker reads no more; what it
		 * said before is still to be read, up to its end of file.
		 */
		broken = false;
		send_outgoing(link->data, &link->data_out, &broken);
		if (link->data_out.sent == link->data_out.used)
			send_segments(link, &broken);
		if (broken)
		{
			link->data_out.sent = link->data_out.used;
			link->segment = link->nsegments = 0;
		}
		recv_data(link);
	}
	drop_closed(link);
}

static void
set_interest(TrLink *link, int event, uint32 *now, uint32 want)
{
	if (want != *now)
		ModifyWaitEvent(link->events, event, want, NULL);
	*now = want;
}

void
tr_link_wait(TrLink *link)
{
	uint32		control = WL_SOCKET_READABLE;
	uint32		data = WL_SOCKET_READABLE;
	WaitEvent	event;
	static uint32 wait_event;

	if (link->control_out.sent < link->control_out.used)
		control |= WL_SOCKET_WRITEABLE;
	if (!tr_link_sent(link))
		data |= WL_SOCKET_WRITEABLE;
	if (link->control != PGINVALID_SOCKET)
		set_interest(link, link->control_event, &link->control_interest,
					 control);
	if (link->data != PGINVALID_SOCKET)
		set_interest(link, link->data_event, &link->data_interest, data);

	(void) WaitEventSetWait(link->events, -1, &event, 1,
							tr_wait_event(&wait_event, "TransformSandbox"));
	if (event.events & WL_LATCH_SET)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	tr_link_pump(link);
}
