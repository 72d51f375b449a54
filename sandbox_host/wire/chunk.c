/*
 * chunk.c
 *		Rows in Arrow columnar layout: the table of buffers, and one field
 *		(a column, or the items of its lists) against its format.
 *
 * The decoder is the wall between a taken-over worker and the server's
 * memory: after it has said true, every offset and length in a WireArray
 * lies inside the payload.
 */
#include "wire.h"

#include "wire_bytes.h"

static uint64_t
padded(uint64_t n)
{
	return WIRE_ALIGN(n);
}

size_t
wire_chunk_prefix_encode(uint8_t *buf, size_t size, uint32_t rows,
						 uint32_t flags, const WireBuffer *buffers,
						 uint32_t nfields)
{
	uint64_t	at = WIRE_CHUNK_PREFIX(nfields);
	uint8_t    *p = buf + WIRE_HEADER_SIZE;

	if (size < WIRE_HEADER_SIZE + at || nfields > WIRE_MAX_FIELDS)
		return 0;
	wire_put32(p, rows);
	wire_put32(p + 4, flags);
	wire_put32(p + 8, nfields);
	wire_put32(p + 12, 3 * nfields);
	for (uint32_t i = 0; i < 3 * nfields; i++)
	{
		uint8_t    *entry = p + 16 + 8 * i;

		wire_put32(entry, buffers[i].len == 0 ? 0 : (uint32_t) at);
		wire_put32(entry + 4, buffers[i].len);
		at += padded(buffers[i].len);
		if (at > WIRE_MAX_PAYLOAD)
			return 0;
	}
	wire_header_encode(buf, WIRE_CHUNK, (uint32_t) at);
	return WIRE_HEADER_SIZE + WIRE_CHUNK_PREFIX(nfields);
}

bool
wire_chunk_decode(const uint8_t *p, uint32_t len, WireChunk *out,
				  const char **why)
{
	uint64_t	at;

	if (len < 16)
		return wire_fail(why, "a chunk without a table");
	out->rows = wire_get32(p);
	out->flags = wire_get32(p + 4);
	out->fields = wire_get32(p + 8);
	out->payload = p;
	out->payload_len = len;
	if (out->rows > INT32_MAX)
		return wire_fail(why, "a chunk with too many rows");
	if ((out->flags & ~(uint32_t) WIRE_LAST_OF_CALL) != 0)
		return wire_fail(why, "a chunk with unknown flags");
	if (out->fields > WIRE_MAX_FIELDS ||
		wire_get32(p + 12) != 3 * out->fields ||
		len < WIRE_CHUNK_PREFIX(out->fields))
		return wire_fail(why, "a chunk whose table has the wrong size");

	/* Buffers stand in order, without gaps other than padding. */
	at = WIRE_CHUNK_PREFIX(out->fields);
	for (uint32_t i = 0; i < 3 * out->fields; i++)
	{
		uint32_t	offset = wire_get32(p + 16 + 8 * i);
		uint32_t	size = wire_get32(p + 16 + 8 * i + 4);

		if (size == 0)
		{
			if (offset != 0)
				return wire_fail(why, "an empty buffer with an offset");
			continue;
		}
		if (offset != at || size > len - at)
			return wire_fail(why, "a buffer outside its chunk");
		at += padded(size);
		if (at > len)
			return wire_fail(why, "a buffer outside its chunk");
	}
	if (at != len)
		return wire_fail(why, "bytes left over at the end of a chunk");
	return true;
}

/* Buffer `which` (0 validity, 1 offsets, 2 values) of a field. */
static const uint8_t *
buffer_at(const WireChunk *chunk, uint32_t field, uint32_t which,
		  uint32_t *size)
{
	const uint8_t *entry = chunk->payload + 16 + 8 * (3 * field + which);

	*size = wire_get32(entry + 4);
	return *size == 0 ? NULL : chunk->payload + wire_get32(entry);
}

static uint64_t
count_nulls(const uint8_t *validity, uint32_t rows)
{
	uint64_t	set = 0;
	uint32_t	whole = rows / 8;

	for (uint32_t i = 0; i < whole; i++)
		set += (uint64_t) __builtin_popcount(validity[i]);
	if (rows % 8 != 0)
		set += (uint64_t) __builtin_popcount(validity[whole] &
											 ((1u << (rows % 8)) - 1));
	return rows - set;
}

static int64_t
offset_at(const uint8_t *offsets, bool wide, uint32_t row)
{
	if (wide)
		return (int64_t) wire_get64(offsets + 8 * (size_t) row);
	return (int32_t) wire_get32(offsets + 4 * (size_t) row);
}

/* Offsets start at 0, never fall, and end at the last byte. */
static bool
check_offsets(const uint8_t *offsets, bool wide, uint32_t rows,
			  uint32_t bytes)
{
	int64_t		previous = offset_at(offsets, wide, 0);

	if (previous != 0)
		return false;
	for (uint32_t i = 1; i <= rows; i++)
	{
		int64_t		next = offset_at(offsets, wide, i);

		if (next < previous || next > (int64_t) bytes)
			return false;
		previous = next;
	}
	return previous == (int64_t) bytes;
}

static bool
check_variable(uint32_t rows, bool wide, const uint8_t *offsets,
			   uint32_t offsets_size, uint32_t values_size, const char **why)
{
	uint64_t	want = ((uint64_t) rows + 1) * (wide ? 8 : 4);

	/* A column of no rows may leave out its offsets altogether. */
	if (rows == 0 && offsets_size == 0 && values_size == 0)
		return true;
	if (offsets_size != want)
		return wire_fail(why, "offsets of the wrong size");
	if (!check_offsets(offsets, wide, rows, values_size))
		return wire_fail(why, "offsets that do not rise or leave their bytes");
	return true;
}

/* Lists: offsets count items, whose own field is checked by their number. */
static bool
check_list(uint32_t rows, WireArray *a, uint32_t offsets_size,
		   uint32_t values_size, const char **why)
{
	int64_t		items = 0;

	if (values_size != 0)
		return wire_fail(why, "a list with values of its own");
	if (offsets_size != 0)
	{
		if (offsets_size != ((uint64_t) rows + 1) * 8)
			return wire_fail(why, "offsets of the wrong size");
		items = offset_at(a->offsets, true, rows);
	}
	else if (rows != 0)
		return wire_fail(why, "offsets of the wrong size");
	if (items < 0 || items > INT32_MAX)
		return wire_fail(why, "lists with too many items");
	if (offsets_size != 0 &&
		!check_offsets(a->offsets, true, rows, (uint32_t) items))
		return wire_fail(why, "offsets that do not rise or leave their items");
	a->items = (uint32_t) items;
	return true;
}

bool
wire_array_decode(const WireChunk *chunk, uint32_t field, uint32_t rows,
				  const WireFormat *format, WireArray *out,
				  const char **why)
{
	uint32_t	validity_size,
				offsets_size,
				values_size;
	uint64_t	want = 0;

	if (field >= chunk->fields)
		return wire_fail(why, "a column that is not there");
	out->validity = buffer_at(chunk, field, 0, &validity_size);
	out->offsets = buffer_at(chunk, field, 1, &offsets_size);
	out->values = buffer_at(chunk, field, 2, &values_size);
	out->values_len = values_size;
	out->nulls = 0;
	out->items = 0;

	if (format->layout == WIRE_LAYOUT_NULL)
	{
		out->nulls = rows;
		return validity_size + offsets_size + values_size == 0 ||
			wire_fail(why, "a column of NULLs with buffers");
	}
	if (out->validity != NULL)
	{
		if (validity_size != ((uint64_t) rows + 7) / 8)
			return wire_fail(why, "a validity bitmap of the wrong size");
		out->nulls = count_nulls(out->validity, rows);
	}
	if (format->layout == WIRE_LAYOUT_VAR32 ||
		format->layout == WIRE_LAYOUT_VAR64)
		return check_variable(rows, format->layout == WIRE_LAYOUT_VAR64,
							  out->offsets, offsets_size, values_size, why);
	if (format->layout == WIRE_LAYOUT_LIST)
		return check_list(rows, out, offsets_size, values_size, why);

	if (format->layout == WIRE_LAYOUT_BITS)
		want = ((uint64_t) rows + 7) / 8;
	else
		want = (uint64_t) rows * format->width;
	if (offsets_size != 0 || values_size != want)
		return wire_fail(why, "values of the wrong size");
	return true;
}
