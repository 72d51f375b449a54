/*
 * fuzz_frame.c
 *		libFuzzer target: everything a decoder of wire/ may be given.
 *
 * The input's first byte chooses the peer; the rest is a stream of frames,
 * as it would come from a connection.  Frames pass the header check and the
 * phase table, then their decoder; a schema is kept for the chunks after it.
 * Whatever a decoder accepts is then read to its last byte, so that a bound
 * it has let through shows as an out-of-bounds read.
 */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sum;

static void
read_all(const void *p, uint64_t len)
{
	const uint8_t *bytes = p;

	for (uint64_t i = 0; i < len; i++)
		sum += bytes[i];
}

static void
read_text(WireText t)
{
	read_all(t.data, t.len);
}

static int64_t
offset_of(const WireFormat *f, const WireArray *a, uint32_t row)
{
	int64_t		wide;
	int32_t		narrow;

	if (f->layout == WIRE_LAYOUT_VAR64)
	{
		memcpy(&wide, a->offsets + 8 * (size_t) row, 8);
		return wide;
	}
	memcpy(&narrow, a->offsets + 4 * (size_t) row, 4);
	return narrow;
}

static uint64_t
list_offset(const WireArray *a, uint32_t row)
{
	uint64_t	v;

	memcpy(&v, a->offsets + 8 * (size_t) row, 8);
	return v;
}

static void
read_array(const WireFormat *f, const WireArray *a, uint32_t rows)
{
	uint64_t	nulls = 0;

	for (uint32_t row = 0; row < rows; row++)
	{
		if (f->layout == WIRE_LAYOUT_NULL || wire_is_null(a, row))
		{
			nulls++;
			continue;
		}
		if (f->layout == WIRE_LAYOUT_BITS)
			sum += a->values[row / 8];
		else if (f->layout == WIRE_LAYOUT_FIXED)
			read_all(a->values + (size_t) row * f->width, f->width);
		else if (f->layout == WIRE_LAYOUT_LIST)
		{
			/* the items are the next field, of so many values */
			if (list_offset(a, row) > list_offset(a, row + 1) ||
				list_offset(a, row + 1) > a->items)
				abort();
		}
		else
		{
			int64_t		from = offset_of(f, a, row);

			read_all(a->values + from, offset_of(f, a, row + 1) - from);
		}
	}
	if (nulls != a->nulls)
		abort();
}

/* Every field under the format of the schema, up to the first that fails. */
static void
decode_chunk(const uint8_t *p, uint32_t len, const WireColumn *cols, int ncols)
{
	WireChunk	chunk;
	WireArray	array;
	WireFormat	format;
	uint32_t	rows;
	const char *why;

	if (!wire_chunk_decode(p, len, &chunk, &why))
		return;
	rows = chunk.rows;
	for (uint32_t i = 0; i < chunk.fields && (int) i < ncols; i++)
	{
		if (!wire_format_parse(cols[i].format, &format) ||
			!wire_array_decode(&chunk, i, rows, &format, &array, &why))
			return;
		/* NULLs cost no bytes: bound the walk, not the claim */
		if (rows <= 1u << 20)
			read_array(&format, &array, rows);
		rows = format.layout == WIRE_LAYOUT_LIST ? array.items : chunk.rows;
	}
}

static void
decode(uint8_t type, const uint8_t *p, uint32_t len, WireColumn *cols,
	   int *ncols)
{
	const char *why;
	uint32_t	n;
	WireText	text;
	WireHello	hello;
	WireJob		job;
	WireStarted started;
	WireUsage	usage;
	WireExit	leave;
	WireStatusRow row;
	WireFinding finding;
	WireError	error;

	switch (type)
	{
		case WIRE_HELLO:
			wire_hello_decode(p, len, &hello, &why);
			break;
		case WIRE_JOB:
			wire_job_decode(p, len, &job, &why);
			break;
		case WIRE_STARTED:
			wire_started_decode(p, len, &started, &why);
			break;
		case WIRE_REFUSED:
			if (wire_refused_decode(p, len, &n, &text, &why))
				read_text(text);
			break;
		case WIRE_USAGE:
			wire_usage_decode(p, len, &usage, &why);
			break;
		case WIRE_EXIT:
			wire_exit_decode(p, len, &leave, &why);
			break;
		case WIRE_STATUS_ROW:
			if (wire_status_row_decode(p, len, &row, &why))
				read_text(row.detail);
			break;
		case WIRE_LOG:
			if (wire_log_decode(p, len, &n, &text, &why))
				read_text(text);
			break;
		case WIRE_FINDING:
			if (wire_finding_decode(p, len, &finding, &why))
				read_text(finding.instead);
			break;
		case WIRE_ERROR:
			if (wire_error_decode(p, len, &error, &why))
				read_text(error.traceback);
			break;
		case WIRE_SCHEMA:
			*ncols = wire_schema_decode(p, len, cols, &why);
			for (int i = 0; i < *ncols; i++)
				read_text(cols[i].name);
			break;
		case WIRE_CHUNK:
			decode_chunk(p, len, cols, *ncols);
			break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static WireColumn cols[WIRE_MAX_FIELDS];
	int			ncols = 0;
	WirePhase	phase;
	WireHeader	h;
	const char *why;

	if (size == 0)
		return 0;
	wire_phase_init(&phase, (WirePeer) (data[0] % 4));
	data++;
	size--;
	while (size >= WIRE_HEADER_SIZE && wire_header_decode(data, &h, &why) &&
		   h.length <= size - WIRE_HEADER_SIZE &&
		   wire_phase_accept(&phase, h.type, &why))
	{
		/* a copy of the exact size, so that one byte over is seen */
		uint8_t    *payload = malloc(h.length + 1);

		memcpy(payload, data + WIRE_HEADER_SIZE, h.length);
		payload = realloc(payload, h.length > 0 ? h.length : 1);
		decode(h.type, payload, h.length, cols, &ncols);
		if (h.type == WIRE_SCHEMA)
		{
			/* names point into the payload: forget them */
			for (int i = 0; i < ncols; i++)
				cols[i].name.data = NULL;
		}
		free(payload);
		data += WIRE_HEADER_SIZE + h.length;
		size -= WIRE_HEADER_SIZE + h.length;
	}
	return 0;
}
