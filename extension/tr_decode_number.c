/*
 * tr_decode_number.c
 *		Arrow integers, floats and decimals into PostgreSQL's numbers.
 *
 * Process: the backend that holds a job.  A number is stored as it is or
 * refused: out of range, not whole, or with more digits than the type keeps.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "tr_decimal.h"
#include "tr_decode.h"

/* Integers that float8 and float4 hold exactly. */
#define EXACT_FLOAT8	(INT64CONST(1) << 53)
#define EXACT_FLOAT4	(INT64CONST(1) << 24)

/* ---- integers ---- */

int64
tr_read_int(const TrDecoder *col, uint32 row)
{
	const uint8 *at = col->array.values + (size_t) row * col->format.width;
	int16		i2;
	int32		i4;
	int64		i8;

	switch (col->format.code)
	{
		case 'c':
			return (int8) *at;
		case 'C':
			return *at;
		case 's':
			memcpy(&i2, at, 2);
			return i2;
		case 'S':
			memcpy(&i2, at, 2);
			return (uint16) i2;
		case 'i':
		case 'D':				/* days */
			memcpy(&i4, at, 4);
			return i4;
		case 'I':
			memcpy(&i4, at, 4);
			return (uint32) i4;
		case 'l':
		case 'L':
			memcpy(&i8, at, 8);
			return i8;
	}
	elog(ERROR, "column \"%s\" holds no integers", col->name);
}

/* uint64 above the range of bigint reads as negative */
static inline bool
is_too_large(const TrDecoder *col, int64 v)
{
	return col->format.code == 'L' && v < 0;
}

static int64
int_in_range(TrDecoder *col, uint32 row, int64 low, int64 high)
{
	int64		v = tr_read_int(col, row);
	char		what[96];

	if (!is_too_large(col, v) && v >= low && v <= high)
		return v;
	if (is_too_large(col, v))
		snprintf(what, sizeof(what), UINT64_FORMAT " is out of range for type %s",
				 (uint64) v, format_type_be(col->type));
	else
		snprintf(what, sizeof(what), INT64_FORMAT " is out of range for type %s",
				 v, format_type_be(col->type));
	tr_refuse(col, row, what, "Use a wider column, or another name for the result column.");
}

Datum
tr_int_to_int2(TrDecoder *col, uint32 row)
{
	return Int16GetDatum(int_in_range(col, row, PG_INT16_MIN, PG_INT16_MAX));
}

Datum
tr_int_to_int4(TrDecoder *col, uint32 row)
{
	return Int32GetDatum(int_in_range(col, row, PG_INT32_MIN, PG_INT32_MAX));
}

Datum
tr_int_to_int8(TrDecoder *col, uint32 row)
{
	return Int64GetDatum(int_in_range(col, row, PG_INT64_MIN, PG_INT64_MAX));
}

Datum
tr_int_to_float8(TrDecoder *col, uint32 row)
{
	return Float8GetDatum((float8) int_in_range(col, row, -EXACT_FLOAT8,
												EXACT_FLOAT8));
}

Datum
tr_int_to_float4(TrDecoder *col, uint32 row)
{
	return Float4GetDatum((float4) int_in_range(col, row, -EXACT_FLOAT4,
												EXACT_FLOAT4));
}

/* ---- numeric ---- */

/* Text to numeric with the column's typmod, refusing to lose digits. */
static Datum
numeric_from_text(TrDecoder *col, uint32 row, const char *text)
{
	Datum		n = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
										ObjectIdGetDatum(InvalidOid),
										Int32GetDatum(-1));
	Datum		fitted;

	if (col->typmod < (int32) VARHDRSZ)
		return n;
	fitted = DirectFunctionCall2(numeric, n, Int32GetDatum(col->typmod));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, n, fitted)))
	{
		char	   *what = psprintf("%.60s has more digits than %s keeps", text,
									format_type_with_typemod(col->type,
															 col->typmod));

		tr_refuse(col, row, what,
			   "Round it in the script, for example df[\"x\"].round(2), or store it in a wider column.");
	}
	return fitted;
}

Datum
tr_int_to_numeric(TrDecoder *col, uint32 row)
{
	char		text[32];
	int64		v = tr_read_int(col, row);

	if (is_too_large(col, v))
		snprintf(text, sizeof(text), UINT64_FORMAT, (uint64) v);
	else
		snprintf(text, sizeof(text), INT64_FORMAT, v);
	return numeric_from_text(col, row, text);
}

Datum
tr_decimal_to_numeric(TrDecoder *col, uint32 row)
{
	char		text[TR_DECIMAL_TEXT];
	Datum		n;

	if (!tr_decimal_to_text(col->array.values +
							(size_t) row * col->format.width,
							col->format.width, col->format.precision,
							col->format.scale, text))
		tr_refuse(col, row, "a decimal has more digits than its type says",
			   "The result is malformed; nothing of it was kept.");
	n = numeric_from_text(col, row, text);

	/* the scale is the whole column's, not this value's own */
	if (col->typmod < (int32) VARHDRSZ)
		n = DirectFunctionCall1(numeric_trim_scale, n);
	return n;
}

/* ---- floats ---- */

static inline float8
read_float(const TrDecoder *col, uint32 row)
{
	float4		f4;
	float8		f8;

	if (col->format.code == 'f')
	{
		memcpy(&f4, col->array.values + (size_t) row * 4, 4);
		return f4;
	}
	memcpy(&f8, col->array.values + (size_t) row * 8, 8);
	return f8;
}

Datum
tr_float_to_float8(TrDecoder *col, uint32 row)
{
	return Float8GetDatum(read_float(col, row));
}

Datum
tr_float_to_float4(TrDecoder *col, uint32 row)
{
	float8		v = read_float(col, row);

	if (!isnan(v) && (float8) (float4) v != v)
		tr_refuse(col, row, "the float64 value has no equal in type real",
			   "Store it in double precision, or use astype(\"float32\") in the script to round on purpose.");
	return Float4GetDatum((float4) v);
}

/* 1.0 fits an integer column (NaN made the column float); 1.5 does not. */
static int64
float_as_int(TrDecoder *col, uint32 row, float8 low, float8 high)
{
	float8		v = read_float(col, row);

	if (isnan(v) || isinf(v) || v != rint(v))
		tr_refuse(col, row, psprintf("%g is not a whole number", v),
			   "Round it in the script, or give the result column another name or type.");
	if (v < low || v >= high)
		tr_refuse(col, row, psprintf("%g is out of range for type %s", v,
								  format_type_be(col->type)),
			   "Use a wider column.");
	return (int64) v;
}

Datum
tr_float_to_int2(TrDecoder *col, uint32 row)
{
	return Int16GetDatum(float_as_int(col, row, PG_INT16_MIN,
									  PG_INT16_MAX + 1.0));
}

Datum
tr_float_to_int4(TrDecoder *col, uint32 row)
{
	return Int32GetDatum(float_as_int(col, row, PG_INT32_MIN,
									  PG_INT32_MAX + 1.0));
}

Datum
tr_float_to_int8(TrDecoder *col, uint32 row)
{
	/* beyond 2^53 a float has already lost the integer it stood for */
	return Int64GetDatum(float_as_int(col, row, -(float8) EXACT_FLOAT8,
									  (float8) EXACT_FLOAT8 + 1.0));
}

Datum
tr_float_to_numeric(TrDecoder *col, uint32 row)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];
	float8		v = read_float(col, row);

	if (isnan(v) || isinf(v))
		return numeric_from_text(col, row, isnan(v) ? "NaN" :
								 v > 0 ? "Infinity" : "-Infinity");
	if (col->format.code == 'f')
		float_to_shortest_decimal_buf((float4) v, text);
	else
		double_to_shortest_decimal_buf(v, text);
	return numeric_from_text(col, row, text);
}
