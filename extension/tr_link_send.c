/*
 * tr_link_send.c
 *		Frames on their way out: small ones copied, chunks by reference.
 *
 * Process: the backend that holds a job.  Nothing here waits.
 */
#include "postgres.h"

#include <errno.h>

#include "utils/memutils.h"

#include "tr_link_private.h"

static const uint8 zeros[8];

void
tr_link_append(TrLink *link, Outgoing *out, const void *bytes, size_t len)
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

void
tr_link_queue(TrLink *link, const void *frame, size_t len)
{
	Assert(link->nsegments == 0);
	tr_link_append(link, &link->data_out, frame, len);
}

void
tr_link_queue_chunk(TrLink *link, uint32 rows, uint32 flags,
					const WireBuffer *buffers, uint32 nfields)
{
	size_t		need = WIRE_HEADER_SIZE + WIRE_CHUNK_PREFIX(nfields);
	size_t		n;

	Assert(tr_link_sent(link));
	if (need > link->prefix_size)
	{
		link->prefix = MemoryContextAlloc(link->context, need);
		link->prefix_size = need;
		link->segments = MemoryContextAlloc(link->context,
											sizeof(Segment) * (1 + 3 * nfields));
	}
	n = wire_chunk_prefix_encode(link->prefix, link->prefix_size, rows, flags,
								 buffers, nfields);
	if (n == 0)
		elog(ERROR, "a chunk of %u rows does not fit into a frame", rows);

	link->segments[0] = (Segment) {link->prefix, n, 0};
	link->nsegments = 1;
	for (uint32 i = 0; i < 3 * nfields; i++)
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
	tr_link_append(link, &link->control_out, buf,
					wire_header_encode(buf, WIRE_KILL, 0));
}

/* Send what can be sent; false when the connection has broken or is full. */
static bool
send_some(TrConn *conn, const uint8 *data, size_t len, size_t *sent,
		  bool *closed)
{
	ssize_t		n = tr_conn_send(conn, data, len);

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
send_outgoing(TrConn *conn, Outgoing *out, bool *closed)
{
	while (out->sent < out->used && !*closed)
	{
		if (!send_some(conn, out->data + out->sent, out->used - out->sent,
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

void
tr_link_send_control(TrLink *link)
{
	bool		closed = false;

	send_outgoing(link->control, &link->control_out, &closed);
}

/* What a worker that is gone will not read is dropped. */
void
tr_link_send_data(TrLink *link)
{
	bool		closed = false;

	send_outgoing(link->data, &link->data_out, &closed);
	if (link->data_out.sent == link->data_out.used)
		send_segments(link, &closed);
	if (closed)
	{
		link->data_out.sent = link->data_out.used;
		link->segment = link->nsegments = 0;
	}
}
