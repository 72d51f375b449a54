/*
 * tr_decode.h
 *		One function per pair of Arrow format and type; private to
 *		tr_decode*.c.  Each reads row `row` of a checked array and returns a
 *		Datum of col->type, or raises with the row's number.
 */
#ifndef TR_DECODE_H
#define TR_DECODE_H

#include "tr_compat.h"
#include "tr_types.h"

/* Integers, as WireFormat.code. */
#define INTS	"cCsSiIlL"

/* The row of a value, from 1, and its column; also of items of an array. */
extern uint64 tr_decoder_row(const TrDecoder *col, uint32 row);
extern const char *tr_decoder_name(const TrDecoder *col);

/* "result column x, row n: what", with a hint. */
pg_noreturn extern void tr_refuse(const TrDecoder *col, uint32 row, const char *what,
					  const char *hint);

/*
 * In PG_CATCH: the error of a type's own function again, with the column and
 * the row; without the value, of `len` bytes, where that is long.
 */
pg_noreturn extern void tr_rethrow(const TrDecoder *col, uint32 row, int len,
								   MemoryContext caller);

/* An integer of any width; uint64 beyond bigint reads as negative. */
extern int64 tr_read_int(const TrDecoder *col, uint32 row);

/* tr_decode_list.c */
extern Oid	tr_list_item_type(Oid type);	/* tr_encode_list.c */
extern bool tr_list_decoder_init(TrDecoder *col);
extern Datum tr_list_to_array(TrDecoder *col, uint32 row);

/* tr_decode_number.c */
extern Datum tr_int_to_int2(TrDecoder *col, uint32 row);
extern Datum tr_int_to_int4(TrDecoder *col, uint32 row);
extern Datum tr_int_to_int8(TrDecoder *col, uint32 row);
extern Datum tr_int_to_float8(TrDecoder *col, uint32 row);
extern Datum tr_int_to_float4(TrDecoder *col, uint32 row);
extern Datum tr_int_to_numeric(TrDecoder *col, uint32 row);
extern Datum tr_decimal_to_numeric(TrDecoder *col, uint32 row);
extern Datum tr_float_to_float8(TrDecoder *col, uint32 row);
extern Datum tr_float_to_float4(TrDecoder *col, uint32 row);
extern Datum tr_float_to_int2(TrDecoder *col, uint32 row);
extern Datum tr_float_to_int4(TrDecoder *col, uint32 row);
extern Datum tr_float_to_int8(TrDecoder *col, uint32 row);
extern Datum tr_float_to_numeric(TrDecoder *col, uint32 row);

/* tr_decode_time.c */
extern Datum tr_time_to_timestamp(TrDecoder *col, uint32 row);
extern Datum tr_time_to_date(TrDecoder *col, uint32 row);
extern Datum tr_time_to_time(TrDecoder *col, uint32 row);
extern Datum tr_duration_to_interval(TrDecoder *col, uint32 row);

#endif							/* TR_DECODE_H */
