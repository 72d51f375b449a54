/*
 * tr_encode.h
 *		One function per kind of value; private to tr_encode*.c.  Each appends
 *		a Datum of col->type to the column's buffers, or raises with the row's
 *		number.
 */
#ifndef TR_ENCODE_H
#define TR_ENCODE_H

#include "tr_compat.h"
#include "tr_types.h"

/* "column x, row n: what", with a hint. */
pg_noreturn extern void tr_refuse_value(const TrEncoder *col, const char *what,
										const char *hint);

/* Make room for len more bytes of values. */
extern void tr_encoder_grow(TrEncoder *col, size_t len);

static inline void
tr_encoder_put(TrEncoder *col, const void *bytes, size_t len)
{
	if (col->values_used + len > col->values_size)
		tr_encoder_grow(col, len);
	memcpy(col->values + col->values_used, bytes, len);
	col->values_used += len;
	*col->total += len;
}

/* The item type of an array type proper, or InvalidOid. */
extern Oid	tr_list_item_type(Oid type);
extern bool tr_list_init(TrEncoder *col, Oid item, TrNumeric numeric);

extern void tr_append_list(TrEncoder *col, Datum value);

/* tr_encode_value.c */
extern void tr_append_bool(TrEncoder *col, Datum value);
extern void tr_append_int2(TrEncoder *col, Datum value);
extern void tr_append_int4(TrEncoder *col, Datum value);
extern void tr_append_int8(TrEncoder *col, Datum value);
extern void tr_append_float4(TrEncoder *col, Datum value);
extern void tr_append_float8(TrEncoder *col, Datum value);
extern void tr_append_numeric_as_float(TrEncoder *col, Datum value);
extern void tr_append_numeric_as_decimal(TrEncoder *col, Datum value);
extern void tr_append_date(TrEncoder *col, Datum value);
extern void tr_append_timestamp(TrEncoder *col, Datum value);
extern void tr_append_time(TrEncoder *col, Datum value);
extern void tr_append_varlena(TrEncoder *col, Datum value);
extern void tr_append_uuid(TrEncoder *col, Datum value);
extern void tr_append_output(TrEncoder *col, Datum value);

#endif							/* TR_ENCODE_H */
