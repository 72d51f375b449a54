/*
 * tr_log.c
 *		The log ring of a running job.
 *
 * Process: tr_log_write: the runner.  Reading: the scheduler (persists live),
 * the runner (persists the rest), any backend (transform_logs).
 *
 * An entry is an EntryHeader and its text, wrapped around the end of the
 * ring.  Only a persisted entry is overwritten, so nothing is lost: when the
 * ring is full the runner waits until the scheduler has emptied it.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

#include "tr_compat.h"
#include "tr_log.h"
#include "tr_queue.h"
#include "tr_shmem.h"
#include "wire.h"

/* A longer text is stored as several entries. */
#define ENTRY_MAX_TEXT	8192

/* The script's side cuts at the limit itself and says so in a line of its
 * own; we cut what goes beyond that. */
#define MARKER_SLACK	512

typedef struct EntryHeader
{
	int32		len;
	int32		seq;
	int32		stream;
	TimestampTz at;
} EntryHeader;

const char *
tr_stream_name(int stream)
{
	switch (stream)
	{
		case WIRE_STDOUT:
			return "stdout";
		case WIRE_STDERR:
			return "stderr";
		case WIRE_WARNING:
			return "warning";
		default:
			return "other";
	}
}

/* ---- copying around the end of the ring; its lock is held ---- */

static void
ring_put(TrLogRing *ring, uint64 at, const void *data, size_t len)
{
	size_t		offset = at % TR_LOG_RING_SIZE;
	size_t		first = Min(len, TR_LOG_RING_SIZE - offset);

	memcpy(ring->bytes + offset, data, first);
	memcpy(ring->bytes, (const char *) data + first, len - first);
}

static void
ring_get(const TrLogRing *ring, uint64 at, void *data, size_t len)
{
	size_t		offset = at % TR_LOG_RING_SIZE;
	size_t		first = Min(len, TR_LOG_RING_SIZE - offset);

	memcpy(data, ring->bytes + offset, first);
	memcpy((char *) data + first, ring->bytes, len - first);
}

/* ---- writing ---- */

/* Append one entry; false when there is no room now. */
static bool
put_entry(int slot, EntryHeader *header, const char *text, bool *half_full)
{
	TrLogRing  *ring = tr_slot_ring_lock(slot);
	size_t		need = sizeof(*header) + header->len;
	uint64		used = ring->write - ring->read;
	bool		fits = TR_LOG_RING_SIZE - used >= need;

	if (fits)
	{
		header->seq = ring->next_seq++;
		ring_put(ring, ring->write, header, sizeof(*header));
		ring_put(ring, ring->write + sizeof(*header), text, header->len);
		ring->write += need;
		used += need;
	}
	*half_full = used > TR_LOG_RING_SIZE / 2;
	tr_slot_ring_unlock(slot);
	return fits;
}

static void
write_entry(int slot, int stream, const char *text, int len)
{
	static uint32 event = 0;
	EntryHeader header = {.len = len, .stream = stream};
	bool		half_full;

	header.at = GetCurrentTimestamp();
	while (!put_entry(slot, &header, text, &half_full))
	{
		tr_slot_wake_scheduler(slot);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 10L, tr_wait_event(&event, "TransformLogRing"));
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	if (half_full)
		tr_slot_wake_scheduler(slot);
}

/* Write text in pieces of whole characters. */
static void
write_pieces(int slot, int stream, const char *text, int len)
{
	do
	{
		int			piece = len;

		if (piece > ENTRY_MAX_TEXT)
			piece = pg_mbcliplen(text, len, ENTRY_MAX_TEXT);
		if (piece <= 0)
			piece = Min(len, ENTRY_MAX_TEXT);
		write_entry(slot, stream, text, piece);
		text += piece;
		len -= piece;
	} while (len > 0);
}

void
tr_log_write(void *arg, int stream, const char *text, int len)
{
	TrLogWriter *writer = (TrLogWriter *) arg;
	char	   *marker;

	if (writer->full)
		return;
	writer->used += len;
	if (len > 0 && text[len - 1] == '\n')
		len--;					/* a row is a line, or several */
	if (writer->used <= writer->limit + MARKER_SLACK)
	{
		write_pieces(writer->slot, stream, text, len);
		return;
	}
	writer->full = true;
	marker = psprintf("[output truncated: the limit transform.max_job_log_bytes is %lld bytes]",
					  (long long) writer->limit);
	write_pieces(writer->slot, WIRE_STDERR, marker, strlen(marker));
	pfree(marker);
}

/* ---- reading ---- */

List *
tr_log_read(int slot, uint64 *end)
{
	char	   *copy = palloc(TR_LOG_RING_SIZE);
	List	   *lines = NIL;
	TrLogRing  *ring;
	size_t		len;
	size_t		at = 0;

	ring = tr_slot_ring_lock(slot);
	len = ring->write - ring->read;
	ring_get(ring, ring->read, copy, len);
	*end = ring->write;
	tr_slot_ring_unlock(slot);

	while (at < len)
	{
		TrLogLine  *line = palloc(sizeof(TrLogLine));
		EntryHeader header;

		memcpy(&header, copy + at, sizeof(header));
		line->seq = header.seq;
		line->at = header.at;
		line->stream = header.stream;
		line->text = pnstrdup(copy + at + sizeof(header), header.len);
		lines = lappend(lines, line);
		at += sizeof(header) + header.len;
	}
	pfree(copy);
	return lines;
}

bool
tr_log_waiting(int slot)
{
	TrLogRing  *ring = tr_slot_ring_lock(slot);
	bool		result = ring->write > ring->read;

	tr_slot_ring_unlock(slot);
	return result;
}

void
tr_log_forget(int slot, uint64 end)
{
	TrLogRing  *ring = tr_slot_ring_lock(slot);

	/* the runner and the scheduler may both have persisted something */
	if (end > ring->read && end <= ring->write)
		ring->read = end;
	tr_slot_ring_unlock(slot);
}

uint64
tr_log_persist(int slot, int64 job, int attempt)
{
	uint64		end;
	List	   *lines = tr_log_read(slot, &end);

	if (lines != NIL)
		tr_queue_add_log(job, attempt, lines);
	return end;
}
