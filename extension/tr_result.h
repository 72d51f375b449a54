/*
 * tr_result.h
 *		The columns of a script's result, checked and ready to decode.
 */
#ifndef TR_RESULT_H
#define TR_RESULT_H

#include "postgres.h"

#include "tr_digest.h"
#include "tr_types.h"

typedef struct TrResult
{
	MemoryContext context;		/* this struct and the columns */
	MemoryContext chunk_context;	/* buffers of the chunk at hand */
	MemoryContext row_context;	/* values of a few rows: whoever stores them
								 * resets it, since a byte on the wire can
								 * cost a thousand here */
	int			ncols;
	WireFormat *formats;
	uint32	   *fields;			/* where each column stands in a chunk */
	uint32		nfields;
	TrDecoder  *columns;		/* name set; the type by whoever stores them */
	Datum	   *values;			/* one row */
	bool	   *nulls;
	WireChunk	chunk;			/* the chunk at hand */
	uint64		rows;			/* so far, with the chunk at hand */
	TrDigest	digest;			/* of the rows decoded so far */
} TrResult;

/*
 * From the payload of WIRE_SCHEMA.  Raises one error that names every bad
 * column: empty, over 63 bytes, duplicate, of a type that cannot be stored.
 */
extern TrResult *tr_result_open(const uint8 *payload, uint32 len);

/* The column of this name, from 0; -1 when there is none. */
extern int	tr_result_column(const TrResult *result, const char *name);

/* Begin a chunk: its table only, so that limits are checked before the rest. */
extern void tr_result_begin(TrResult *result, const uint8 *payload,
							uint32 len);

/* Decode the columns of the chunk that was begun. */
extern void tr_result_decode(TrResult *result);

/* Row `row` of the chunk into result->values and ->nulls. */
static inline void
tr_result_row(TrResult *result, uint32 row)
{
	for (int i = 0; i < result->ncols; i++)
		result->values[i] = tr_decoder_value(&result->columns[i], row,
											 &result->nulls[i]);
}

#endif							/* TR_RESULT_H */
