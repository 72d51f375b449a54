/*
 * tr_encode_value.c
 *		One value into its column's buffers: a function per kind of value.
 *
 * Process: the backend that holds a job.  Lossless or an error that names the
 * column, the row and what to do: no value is rounded, clipped or guessed.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "tr_decimal.h"
#include "tr_encode.h"
#include "tr_errors.h"
#include "tr_inout.h"

/* Days and microseconds from 1970-01-01 to 2000-01-01. */
#define EPOCH_DAYS		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)
#define EPOCH_USECS		((int64) EPOCH_DAYS * USECS_PER_DAY)

static uint64
current_row(const TrEncoder *col)
{
	while (col->list != NULL)
		col = col->list;
	return col->first_row + col->rows;
}

static const char *
column_name(const TrEncoder *col)
{
	return col->list == NULL ? col->name : column_name(col->list);
}

void
tr_refuse_value(const TrEncoder *col, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(TR_ERR_INPUT),
			 errmsg("column \"%s\", row " UINT64_FORMAT ": %s", column_name(col),
					current_row(col), what),
			 errhint("%s", hint)));
}

/* ---- raw appends ---- */

void
tr_encoder_grow(TrEncoder *col, size_t len)
{
	size_t		size = Max(2 * col->values_size,
						   col->values_used + len + 1024);

	if (size > (size_t) 4 * WIRE_MAX_PAYLOAD)
		tr_refuse_value(col, "the value is too large to travel",
						"A value may have 64 MB at most.");
	col->values = repalloc(col->values, size);
	col->values_size = size;
}

static void
put_fixed(TrEncoder *col, const void *bytes)
{
	tr_encoder_put(col, bytes, col->layout.width);
}

/* ---- one function per kind of value ---- */

void
tr_append_bool(TrEncoder *col, Datum value)
{
	uint8		zero = 0;

	if (col->rows % 8 == 0)
		tr_encoder_put(col, &zero, 1);
	if (DatumGetBool(value))
		col->values[col->rows / 8] |= 1 << (col->rows % 8);
}

void
tr_append_int2(TrEncoder *col, Datum value)
{
	int16		v = DatumGetInt16(value);

	put_fixed(col, &v);
}

void
tr_append_int4(TrEncoder *col, Datum value)
{
	int32		v = DatumGetInt32(value);

	put_fixed(col, &v);
}

void
tr_append_int8(TrEncoder *col, Datum value)
{
	int64		v = DatumGetInt64(value);

	put_fixed(col, &v);
}

#define NAN_TEXT "NaN cannot be told from NULL in a pandas float column"
#define NAN_HINT "Submit with dtype_backend => 'pyarrow', which tells them apart, or read a view that has NULLIF(column, 'NaN') instead of the column."

void
tr_append_float4(TrEncoder *col, Datum value)
{
	float4		v = DatumGetFloat4(value);

	if (isnan(v) && !col->keeps_nan)
		tr_refuse_value(col, NAN_TEXT, NAN_HINT);
	put_fixed(col, &v);
}

void
tr_append_float8(TrEncoder *col, Datum value)
{
	float8		v = DatumGetFloat8(value);

	if (isnan(v) && !col->keeps_nan)
		tr_refuse_value(col, NAN_TEXT, NAN_HINT);
	put_fixed(col, &v);
}

/*
 * numeric as float64: only a value that comes back the same.  "The same" is
 * decided by the shortest text of the float, which is also what turns a
 * float into numeric on the way back.
 */
void
tr_append_numeric_as_float(TrEncoder *col, Datum value)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out,
														   value));
	char	   *end;
	float8		v = strtod(text, &end);

	if (isnan(v) && !col->keeps_nan)
		tr_refuse_value(col, NAN_TEXT, NAN_HINT);
	if (!isnan(v) && !isinf(v) && !tr_decimal_text_equals_float(text, v))
		ereport(ERROR,
				(errcode(TR_ERR_INPUT),
				 errmsg("column \"%s\", row " UINT64_FORMAT ": the numeric value %.60s has no equal in float64",
						column_name(col), current_row(col), text),
				 errhint("Submit with numeric_as => 'decimal' to get exact decimal.Decimal values.")));
	put_fixed(col, &v);
	pfree(text);
}

void
tr_append_numeric_as_decimal(TrEncoder *col, Datum value)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out,
														   value));
	uint8		bytes[32];

	if (!tr_decimal_from_text(text, col->layout.precision, col->layout.scale,
							  bytes, col->layout.width))
		ereport(ERROR,
				(errcode(TR_ERR_INPUT),
				 errmsg("column \"%s\", row " UINT64_FORMAT ": the numeric value %.60s does not fit decimal(%d,%d)",
						column_name(col), current_row(col), text,
						col->layout.precision, col->layout.scale),
				 errhint("Read a view that casts the column to numeric with a precision of at most 76 digits; NaN and infinities have no decimal.")));
	put_fixed(col, bytes);
	pfree(text);
}

void
tr_append_date(TrEncoder *col, Datum value)
{
	DateADT		date = DatumGetDateADT(value);
	int32		v = date + EPOCH_DAYS;

	if (DATE_NOT_FINITE(date))
		tr_refuse_value(col, "pandas has no infinite date",
					 "Read a view that has NULLIF(column, 'infinity') or a far date instead.");
	put_fixed(col, &v);
}

void
tr_append_timestamp(TrEncoder *col, Datum value)
{
	Timestamp	ts = DatumGetTimestamp(value);
	int64		v;

	if (TIMESTAMP_NOT_FINITE(ts))
		tr_refuse_value(col, "pandas has no infinite timestamp",
					 "Read a view that has NULLIF(column, 'infinity') or a far timestamp instead.");
	if (ts > PG_INT64_MAX - EPOCH_USECS)
		tr_refuse_value(col, "the timestamp is beyond the range of datetime64[us]",
					 "Read a view that leaves such rows out.");
	v = ts + EPOCH_USECS;
	put_fixed(col, &v);
}

/* time without a zone: microseconds of the day; pandas has no 24:00:00. */
void
tr_append_time(TrEncoder *col, Datum value)
{
	TimeADT		v = DatumGetTimeADT(value);

	if (v == USECS_PER_DAY)
		tr_refuse_value(col, "datetime.time has no 24:00:00",
						"Read a view that casts the column to text or to interval.");
	put_fixed(col, &v);
}

static void
put_text(TrEncoder *col, const char *text, int len)
{
	int			utf8_len;
	char	   *utf8 = tr_text_to_utf8(text, len, &utf8_len);

	tr_encoder_put(col, utf8, utf8_len);
	if (utf8 != text)
		pfree(utf8);
}

void
tr_append_varlena(TrEncoder *col, Datum value)
{
	struct varlena *v = PG_DETOAST_DATUM_PACKED(value);

	if (col->layout.text)
		put_text(col, VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v));
	else
		tr_encoder_put(col, VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v));
	if ((Pointer) v != DatumGetPointer(value))
		pfree(v);
}

void
tr_append_uuid(TrEncoder *col, Datum value)
{
	static const char digits[] = "0123456789abcdef";
	pg_uuid_t  *uuid = DatumGetUUIDP(value);
	char		text[36];
	char	   *p = text;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digits[uuid->data[i] >> 4];
		*p++ = digits[uuid->data[i] & 15];
	}
	tr_encoder_put(col, text, sizeof(text));
}

/* Types that travel as the text their output function gives. */
void
tr_append_output(TrEncoder *col, Datum value)
{
	char	   *text = tr_output(&col->output, value);

	put_text(col, text, strlen(text));
	pfree(text);
}
