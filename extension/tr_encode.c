/*
 * tr_encode.c
 *		Datums into Arrow buffers, one row of the table per type.
 *
 * Process: the backend that holds a job.  Lossless or an error that names the
 * column, the row and what to do: no value is rounded, clipped or guessed.
 * The format depends on the column's declaration alone.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "tr_compat.h"
#include "tr_decimal.h"
#include "tr_errors.h"
#include "tr_types.h"

/* Days and microseconds from 1970-01-01 to 2000-01-01. */
#define EPOCH_DAYS		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)
#define EPOCH_USECS		((int64) EPOCH_DAYS * USECS_PER_DAY)

/* Digits on either side for a numeric declared without precision. */
#define WIDE_PRECISION	76
#define WIDE_SCALE		38

static uint64
current_row(const TrEncoder *col)
{
	return col->first_row + col->rows;
}

pg_noreturn static void
refuse_value(const TrEncoder *col, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(TR_ERR_INPUT),
			 errmsg("column \"%s\", row " UINT64_FORMAT ": %s", col->name,
					current_row(col), what),
			 errhint("%s", hint)));
}

/* ---- raw appends ---- */

static void
put(TrEncoder *col, const void *bytes, size_t len)
{
	if (col->values_used + len > col->values_size)
	{
		size_t		size = Max(2 * col->values_size,
							   col->values_used + len + 1024);

		if (size > (size_t) 4 * WIRE_MAX_PAYLOAD)
			refuse_value(col, "the value is too large to travel",
						 "A value may have 64 MB at most.");
		col->values = repalloc(col->values, size);
		col->values_size = size;
	}
	memcpy(col->values + col->values_used, bytes, len);
	col->values_used += len;
	*col->total += len;
}

static void
put_fixed(TrEncoder *col, const void *bytes)
{
	put(col, bytes, col->layout.width);
}

/* ---- one function per kind of value ---- */

static void
append_bool(TrEncoder *col, Datum value)
{
	uint8		zero = 0;

	if (col->rows % 8 == 0)
		put(col, &zero, 1);
	if (DatumGetBool(value))
		col->values[col->rows / 8] |= 1 << (col->rows % 8);
}

static void
append_int2(TrEncoder *col, Datum value)
{
	int16		v = DatumGetInt16(value);

	put_fixed(col, &v);
}

static void
append_int4(TrEncoder *col, Datum value)
{
	int32		v = DatumGetInt32(value);

	put_fixed(col, &v);
}

static void
append_int8(TrEncoder *col, Datum value)
{
	int64		v = DatumGetInt64(value);

	put_fixed(col, &v);
}

#define NAN_TEXT "NaN cannot be told from NULL in a pandas float column"
#define NAN_HINT "Read a view that has NULLIF(column, 'NaN') instead of the column."

static void
append_float4(TrEncoder *col, Datum value)
{
	float4		v = DatumGetFloat4(value);

	if (isnan(v))
		refuse_value(col, NAN_TEXT, NAN_HINT);
	put_fixed(col, &v);
}

static void
append_float8(TrEncoder *col, Datum value)
{
	float8		v = DatumGetFloat8(value);

	if (isnan(v))
		refuse_value(col, NAN_TEXT, NAN_HINT);
	put_fixed(col, &v);
}

/*
 * numeric as float64: only a value that comes back the same.  "The same" is
 * decided by the shortest text of the float, which is also what turns a
 * float into numeric on the way back.
 */
static void
append_numeric_as_float(TrEncoder *col, Datum value)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out,
														   value));
	char	   *end;
	float8		v = strtod(text, &end);

	if (isnan(v))
		refuse_value(col, NAN_TEXT, NAN_HINT);
	if (!isinf(v) && !tr_decimal_text_equals_float(text, v))
		ereport(ERROR,
				(errcode(TR_ERR_INPUT),
				 errmsg("column \"%s\", row " UINT64_FORMAT ": the numeric value %.60s has no equal in float64",
						col->name, current_row(col), text),
				 errhint("Submit with numeric_as => 'decimal' to get exact decimal.Decimal values.")));
	put_fixed(col, &v);
	pfree(text);
}

static void
append_numeric_as_decimal(TrEncoder *col, Datum value)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out,
														   value));
	uint8		bytes[32];

	if (!tr_decimal_from_text(text, col->layout.precision, col->layout.scale,
							  bytes, col->layout.width))
		ereport(ERROR,
				(errcode(TR_ERR_INPUT),
				 errmsg("column \"%s\", row " UINT64_FORMAT ": the numeric value %.60s does not fit decimal(%d,%d)",
						col->name, current_row(col), text,
						col->layout.precision, col->layout.scale),
				 errhint("Read a view that casts the column to numeric with a precision of at most 76 digits; NaN and infinities have no decimal.")));
	put_fixed(col, bytes);
	pfree(text);
}

static void
append_date(TrEncoder *col, Datum value)
{
	DateADT		date = DatumGetDateADT(value);
	int32		v = date + EPOCH_DAYS;

	if (DATE_NOT_FINITE(date))
		refuse_value(col, "pandas has no infinite date",
					 "Read a view that has NULLIF(column, 'infinity') or a far date instead.");
	put_fixed(col, &v);
}

static void
append_timestamp(TrEncoder *col, Datum value)
{
	Timestamp	ts = DatumGetTimestamp(value);
	int64		v;

	if (TIMESTAMP_NOT_FINITE(ts))
		refuse_value(col, "pandas has no infinite timestamp",
					 "Read a view that has NULLIF(column, 'infinity') or a far timestamp instead.");
	if (ts > PG_INT64_MAX - EPOCH_USECS)
		refuse_value(col, "the timestamp is beyond the range of datetime64[us]",
					 "Read a view that leaves such rows out.");
	v = ts + EPOCH_USECS;
	put_fixed(col, &v);
}

static void
put_text(TrEncoder *col, const char *text, int len)
{
	int			utf8_len;
	char	   *utf8 = tr_text_to_utf8(text, len, &utf8_len);

	put(col, utf8, utf8_len);
	if (utf8 != text)
		pfree(utf8);
}

static void
append_varlena(TrEncoder *col, Datum value)
{
	struct varlena *v = PG_DETOAST_DATUM_PACKED(value);

	if (col->layout.text)
		put_text(col, VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v));
	else
		put(col, VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v));
	if ((Pointer) v != DatumGetPointer(value))
		pfree(v);
}

static void
append_uuid(TrEncoder *col, Datum value)
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
	put(col, text, sizeof(text));
}

/* Types that travel as the text their output function gives. */
static void
append_output(TrEncoder *col, Datum value)
{
	char	   *text = OutputFunctionCall(&col->output, value);

	put_text(col, text, strlen(text));
	pfree(text);
}

/* ---- the table ---- */

typedef struct EncodeRow
{
	Oid			type;
	const char *format;
	TrAppend	append;
} EncodeRow;

static const EncodeRow encoders[] = {
	{BOOLOID, "b", append_bool},
	{INT2OID, "s", append_int2},
	{INT4OID, "i", append_int4},
	{INT8OID, "l", append_int8},
	{FLOAT4OID, "f", append_float4},
	{FLOAT8OID, "g", append_float8},
	{TEXTOID, "U", append_varlena},
	{VARCHAROID, "U", append_varlena},
	{BPCHAROID, "U", append_varlena},
	{JSONOID, "U", append_varlena},
	{JSONBOID, "U", append_output},
	{NAMEOID, "U", append_output},
	{UUIDOID, "U", append_uuid},
	{BYTEAOID, "Z", append_varlena},
	{DATEOID, "tdD", append_date},
	{TIMESTAMPOID, "tsu:", append_timestamp},
	{TIMESTAMPTZOID, "tsu:UTC", append_timestamp},
};

static void
init_numeric(TrEncoder *col, int32 typmod, TrNumeric numeric)
{
	int			precision = WIDE_PRECISION;
	int			scale = WIDE_SCALE;

	if (numeric == TR_NUMERIC_FLOAT64)
	{
		strlcpy(col->format, "g", sizeof(col->format));
		col->append = append_numeric_as_float;
		return;
	}
	if (typmod >= (int32) VARHDRSZ)
	{
		int			p = ((typmod - VARHDRSZ) >> 16) & 0xffff;
		int			s = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;

		if (p <= WIDE_PRECISION && s >= 0 && s <= p)
		{
			precision = p;
			scale = s;
		}
	}
	snprintf(col->format, sizeof(col->format),
			 precision <= 38 ? "d:%d,%d" : "d:%d,%d,256", precision, scale);
	col->append = append_numeric_as_decimal;
}

bool
tr_encoder_init(TrEncoder *col, Oid type, int32 typmod, TrNumeric numeric)
{
	Oid			output;
	bool		is_varlena;

	col->typmod = typmod;
	col->type = getBaseTypeAndTypmod(type, &col->typmod);
	col->append = NULL;
	if (col->type == NUMERICOID)
		init_numeric(col, col->typmod, numeric);
	else if (get_typtype(col->type) == TYPTYPE_ENUM)
	{
		strlcpy(col->format, "U", sizeof(col->format));
		col->append = append_output;
	}
	for (int i = 0; i < (int) lengthof(encoders) && col->append == NULL; i++)
	{
		if (encoders[i].type != col->type)
			continue;
		strlcpy(col->format, encoders[i].format, sizeof(col->format));
		col->append = encoders[i].append;
	}
	if (col->append == NULL)
		return false;
	if (col->append == append_output)
	{
		getTypeOutputInfo(col->type, &output, &is_varlena);
		fmgr_info(output, &col->output);
	}
	return wire_format_parse(col->format, &col->layout);
}

void
tr_types_check_source(Oid relid, TrNumeric numeric)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	StringInfoData bad;
	int			n = 0;

	initStringInfo(&bad);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		TrEncoder	col;

		if (att->attisdropped)
			continue;
		if (!tr_encoder_init(&col, att->atttypid, att->atttypmod, numeric))
			appendStringInfo(&bad, "%s\"%s\" (%s)", n++ > 0 ? ", " : "",
							 NameStr(att->attname),
							 format_type_be(att->atttypid));
	}
	relation_close(rel, AccessShareLock);
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg_plural("column %s has a type that cannot be given to a script yet",
							   "columns %s have types that cannot be given to a script yet",
							   n, bad.data),
				 errhint("Use a view that leaves them out or casts them to text.")));
}

/* ---- a chunk ---- */

static bool
is_variable(const TrEncoder *col)
{
	return col->layout.layout == WIRE_LAYOUT_VAR64;
}

/*
 * Begin a chunk.  The first call allocates in the current context, where the
 * buffers then stay.
 */
void
tr_encoder_reset(TrEncoder *col, uint64 first_row)
{
	if (col->values == NULL)
	{
		col->rows_size = 1024;
		col->values_size = 1024;
		col->values = palloc(col->values_size);
		col->validity = palloc(col->rows_size / 8);
		col->offsets = is_variable(col) ?
			palloc(sizeof(int64) * (col->rows_size + 1)) : NULL;
	}
	col->values_used = 0;
	col->rows = 0;
	col->nulls = 0;
	col->first_row = first_row;
}

static void
grow_rows(TrEncoder *col)
{
	col->rows_size *= 2;
	col->validity = repalloc(col->validity, col->rows_size / 8);
	if (is_variable(col))
		col->offsets = repalloc_huge(col->offsets,
									 sizeof(int64) * (col->rows_size + 1));
}

/* A NULL takes the room of a value: zeros. */
static void
append_null(TrEncoder *col)
{
	static const uint8 zeros[32];

	col->nulls++;
	if (col->layout.layout == WIRE_LAYOUT_FIXED)
		put_fixed(col, zeros);
	else if (col->layout.layout == WIRE_LAYOUT_BITS && col->rows % 8 == 0)
		put(col, zeros, 1);
}

void
tr_encoder_append(TrEncoder *col, Datum value, bool isnull)
{
	uint32		row = col->rows;

	if (row == col->rows_size)
		grow_rows(col);
	if (row % 8 == 0)
		col->validity[row / 8] = 0;
	if (row == 0 && is_variable(col))
		col->offsets[0] = 0;
	if (isnull)
		append_null(col);
	else
	{
		col->append(col, value);
		col->validity[row / 8] |= 1 << (row % 8);
	}
	col->rows++;
	if (is_variable(col))
	{
		col->offsets[col->rows] = col->values_used;
		*col->total += sizeof(int64);
	}
}

void
tr_encoder_buffers(const TrEncoder *col, WireBuffer *buffers)
{
	memset(buffers, 0, 3 * sizeof(WireBuffer));
	if (col->nulls > 0)
		buffers[0] = (WireBuffer) {col->validity, (col->rows + 7) / 8};
	if (is_variable(col) && col->rows > 0)
		buffers[1] = (WireBuffer) {col->offsets,
		(uint32_t) (sizeof(int64) * (col->rows + 1))};
	buffers[2] = (WireBuffer) {col->values, (uint32_t) col->values_used};
}
