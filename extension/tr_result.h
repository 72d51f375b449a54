/*
 * tr_result.h
 *		The columns of a script's result, checked and ready to decode.
 */
#ifndef TR_RESULT_H
#define TR_RESULT_H

#include "postgres.h"

#include "tr_types.h"

typedef struct TrResult
{
	MemoryContext context;		/* this struct and the columns */
	MemoryContext chunk_context;	/* values of the chunk at hand */
	int			ncols;
	WireFormat *formats;
	TrDecoder  *columns;		/* name set; the type by whoever stores them */
	Datum	   *values;			/* one row */
	bool	   *nulls;
	uint64		rows;			/* decoded so far */
} TrResult;

/*
 * From the payload of WIRE_SCHEMA.  Raises one error that names every bad
 * column: empty, over 63 bytes, duplicate, of a type that cannot be stored.
 */
extern TrResult *tr_result_open(const uint8 *payload, uint32 len);

/* Decode a chunk's columns; *rows of them.  Values live until the next call. */
extern void tr_result_begin(TrResult *result, const uint8 *payload,
							uint32 len, uint32 *rows, uint32 *flags);

/* Row `row` of the chunk into result->values and ->nulls. */
static inline void
tr_result_row(TrResult *result, uint32 row)
{
	for (int i = 0; i < result->ncols; i++)
		result->values[i] = tr_decoder_value(&result->columns[i], row,
											 &result->nulls[i]);
}

#endif							/* TR_RESULT_H */
