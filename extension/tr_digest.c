/*
 * tr_digest.c
 *		A digest of the rows of a result, whatever their order.
 *
 * Process: the backend that holds a job.
 *
 * Works by column over blocks of rows, so that a row of seven short values
 * costs some 10 ns.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "tr_digest.h"
#include "tr_result.h"

#define BLOCK_ROWS		4096	/* hashes of one block stay in the cache */
#define NULL_VALUE		UINT64CONST(0x9e3779b97f4a7c15)

/* One multiplication a value is enough: rows are finished by finish(). */
static inline uint64
mix(uint64 h)
{
	h *= UINT64CONST(0xbf58476d1ce4e5b9);
	return h ^ (h >> 32);
}

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64
finish(uint64 h)
{
	h ^= h >> 30;
	h *= UINT64CONST(0xbf58476d1ce4e5b9);
	h ^= h >> 27;
	h *= UINT64CONST(0x94d049bb133111eb);
	return h ^ (h >> 31);
}

static inline uint64
mix_bytes(uint64 h, const uint8 *p, size_t len)
{
	uint64		word = 0;
	uint32		first;
	uint32		last;

	h ^= len;
	for (; len > sizeof(word); p += sizeof(word), len -= sizeof(word))
	{
		memcpy(&word, p, sizeof(word));
		h = mix(h ^ word);
	}
	/* up to 8 bytes are left: the ends overlap where there are fewer */
	if (len >= sizeof(first))
	{
		memcpy(&first, p, sizeof(first));
		memcpy(&last, p + len - sizeof(last), sizeof(last));
		word = (uint64) first << 32 | last;
	}
	else if (len > 0)
		word = (uint64) p[0] << 16 | (uint64) p[len / 2] << 8 | p[len - 1];
	else
		word = 0;
	return mix(h ^ word);
}

void
tr_digest_begin(TrDigest *digest, const TrResult *result)
{
	digest->seeds = palloc(sizeof(uint64) * result->ncols);
	for (int i = 0; i < result->ncols; i++)
	{
		const char *name = result->columns[i].name;

		digest->seeds[i] = hash_bytes_extended((const unsigned char *) name,
											   strlen(name), 0);
		for (const WireFormat *format = &result->formats[i]; format != NULL;
			 format = format->item)
		{
			uint64		kind[] = {format->code, format->unit, format->utc,
			format->precision, format->scale};

			digest->seeds[i] = mix_bytes(digest->seeds[i],
										 (const uint8 *) kind, sizeof(kind));
		}
	}
}

/* ---- the values of one column, by layout ---- */

static inline uint64
offset_at(const TrDecoder *col, uint64 n)
{
	int32		narrow;
	int64		wide;

	if (col->format.layout == WIRE_LAYOUT_VAR32)
	{
		memcpy(&narrow, col->array.offsets + 4 * n, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, col->array.offsets + 8 * n, sizeof(wide));
	return wide;
}

static uint64 add_items(const TrDecoder *col, uint64 h, uint32 row);

static inline uint64
add_value(const TrDecoder *col, uint64 h, uint32 row)
{
	const WireArray *a = &col->array;
	size_t		width = col->format.width;
	const uint8 *at;
	uint32		narrow;
	uint64		word;

	switch (col->format.layout)
	{
		case WIRE_LAYOUT_BITS:
			return mix(h ^ ((a->values[row >> 3] >> (row & 7)) & 1));
		case WIRE_LAYOUT_FIXED:
			at = a->values + width * row;
			if (width == sizeof(word))
			{
				memcpy(&word, at, sizeof(word));
				return mix(h ^ word);
			}
			if (width != sizeof(narrow))
				return mix_bytes(h, at, width);
			memcpy(&narrow, at, sizeof(narrow));
			return mix(h ^ narrow);
		case WIRE_LAYOUT_VAR32:
		case WIRE_LAYOUT_VAR64:
			return mix_bytes(h, a->values + offset_at(col, row),
							 offset_at(col, row + 1) - offset_at(col, row));
		case WIRE_LAYOUT_LIST:
			return add_items(col, h, row);
		case WIRE_LAYOUT_NULL:
			break;
	}
	return mix(h ^ NULL_VALUE);
}

/* A list: how many items, then each. */
static uint64
add_items(const TrDecoder *col, uint64 h, uint32 row)
{
	uint32		from = (uint32) offset_at(col, row);
	uint32		to = (uint32) offset_at(col, row + 1);

	h = mix(h ^ (to - from));
	for (uint32 i = from; i < to; i++)
		h = wire_is_null(&col->item->array, i) ? mix(h ^ NULL_VALUE) :
			add_value(col->item, h, i);
	return h;
}

static void
add_column(const TrDecoder *col, uint64 seed, uint32 first, uint32 rows,
		   uint64 *hashes)
{
	uint64		word;

	/* most columns: a loop without a question */
	if (col->format.layout == WIRE_LAYOUT_FIXED &&
		col->format.width == sizeof(word) && col->array.validity == NULL)
	{
		const uint8 *at = col->array.values + sizeof(word) * (size_t) first;

		for (uint32 i = 0; i < rows; i++)
		{
			memcpy(&word, at + sizeof(word) * (size_t) i, sizeof(word));
			hashes[i] = mix(hashes[i] ^ seed ^ word);
		}
		return;
	}
	for (uint32 i = 0; i < rows; i++)
		hashes[i] = wire_is_null(&col->array, first + i) ?
			mix(hashes[i] ^ seed ^ NULL_VALUE) :
			add_value(col, hashes[i] ^ seed, first + i);
}

void
tr_digest_chunk(TrDigest *digest, TrResult *result)
{
	uint32		rows = result->chunk.rows;
	uint64	   *hashes = palloc(sizeof(uint64) * BLOCK_ROWS);

	for (uint32 first = 0; first < rows; first += BLOCK_ROWS)
	{
		uint32		n = Min(BLOCK_ROWS, rows - first);

		CHECK_FOR_INTERRUPTS();
		memset(hashes, 0, sizeof(uint64) * n);
		for (int c = 0; c < result->ncols; c++)
			add_column(&result->columns[c], digest->seeds[c], first, n, hashes);
		for (uint32 i = 0; i < n; i++)
		{
			digest->sums[0] += finish(hashes[i]);
			digest->sums[1] += finish(hashes[i] ^ NULL_VALUE);
		}
	}
	pfree(hashes);
}

char *
tr_digest_text(const TrDigest *digest)
{
	return psprintf("%016llx%016llx", (unsigned long long) digest->sums[0],
					(unsigned long long) digest->sums[1]);
}
