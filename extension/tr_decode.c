/*
 * tr_decode.c
 *		Arrow buffers of a worker into Datums, one row of the table per
 *		pair of Arrow format and type.
 *
 * Process: the backend that holds a job.  The bytes are hostile: the wire
 * has checked lengths and offsets; here text is checked against the encoding
 * and every value against the range of its type.  No value is rounded or
 * clipped: what does not fit exactly is an error with its row.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "common/shortest_dec.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "tr_decimal.h"
#include "tr_errors.h"
#include "tr_types.h"

#define EPOCH_DAYS		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)
#define EPOCH_USECS		((int64) EPOCH_DAYS * USECS_PER_DAY)

/* Integers that float8 holds exactly. */
#define EXACT_FLOAT8	(INT64CONST(1) << 53)
#define EXACT_FLOAT4	(INT64CONST(1) << 24)

static void pg_attribute_noreturn()
refuse(const TrDecoder *col, uint32 row, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(TR_ERR_INPUT),
			 errmsg("result column \"%s\", row " UINT64_FORMAT ": %s",
					col->name, col->first_row + row, what),
			 errhint("%s", hint)));
}

/* A conversion that raises its own error: say where it happened. */
static void
say_where(void *arg)
{
	TrDecoder  *col = arg;

	errcontext("result column \"%s\" of type %s", col->name,
			   format_type_be(col->declared));
}

/* ---- integers ---- */

static inline int64
read_int(const TrDecoder *col, uint32 row)
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
			memcpy(&i4, at, 4);
			return i4;
		case 'I':
			memcpy(&i4, at, 4);
			return (uint32) i4;
		default:
			memcpy(&i8, at, 8);
			return i8;
	}
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
	int64		v = read_int(col, row);
	char		what[96];

	if (!is_too_large(col, v) && v >= low && v <= high)
		return v;
	if (is_too_large(col, v))
		snprintf(what, sizeof(what), UINT64_FORMAT " is out of range for type %s",
				 (uint64) v, format_type_be(col->type));
	else
		snprintf(what, sizeof(what), INT64_FORMAT " is out of range for type %s",
				 v, format_type_be(col->type));
	refuse(col, row, what, "Use a wider column, or another name for the result column.");
}

static Datum
int_to_int2(TrDecoder *col, uint32 row)
{
	return Int16GetDatum(int_in_range(col, row, PG_INT16_MIN, PG_INT16_MAX));
}

static Datum
int_to_int4(TrDecoder *col, uint32 row)
{
	return Int32GetDatum(int_in_range(col, row, PG_INT32_MIN, PG_INT32_MAX));
}

static Datum
int_to_int8(TrDecoder *col, uint32 row)
{
	return Int64GetDatum(int_in_range(col, row, PG_INT64_MIN, PG_INT64_MAX));
}

static Datum
int_to_float8(TrDecoder *col, uint32 row)
{
	return Float8GetDatum((float8) int_in_range(col, row, -EXACT_FLOAT8,
												EXACT_FLOAT8));
}

static Datum
int_to_float4(TrDecoder *col, uint32 row)
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

		refuse(col, row, what,
			   "Round it in the script, for example df[\"x\"].round(2), or store it in a wider column.");
	}
	return fitted;
}

static Datum
int_to_numeric(TrDecoder *col, uint32 row)
{
	char		text[32];
	int64		v = read_int(col, row);

	if (is_too_large(col, v))
		snprintf(text, sizeof(text), UINT64_FORMAT, (uint64) v);
	else
		snprintf(text, sizeof(text), INT64_FORMAT, v);
	return numeric_from_text(col, row, text);
}

static Datum
decimal_to_numeric(TrDecoder *col, uint32 row)
{
	char		text[TR_DECIMAL_TEXT];
	Datum		n;

	if (!tr_decimal_to_text(col->array.values +
							(size_t) row * col->format.width,
							col->format.width, col->format.precision,
							col->format.scale, text))
		refuse(col, row, "a decimal has more digits than its type says",
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

static Datum
float_to_float8(TrDecoder *col, uint32 row)
{
	return Float8GetDatum(read_float(col, row));
}

static Datum
float_to_float4(TrDecoder *col, uint32 row)
{
	float8		v = read_float(col, row);

	if (!isnan(v) && (float8) (float4) v != v)
		refuse(col, row, "the float64 value has no equal in type real",
			   "Store it in double precision, or use astype(\"float32\") in the script to round on purpose.");
	return Float4GetDatum((float4) v);
}

/* 1.0 fits an integer column (NaN made the column float); 1.5 does not. */
static int64
float_as_int(TrDecoder *col, uint32 row, float8 low, float8 high)
{
	float8		v = read_float(col, row);

	if (isnan(v) || isinf(v) || v != rint(v))
		refuse(col, row, psprintf("%g is not a whole number", v),
			   "Round it in the script, or give the result column another name or type.");
	if (v < low || v >= high)
		refuse(col, row, psprintf("%g is out of range for type %s", v,
								  format_type_be(col->type)),
			   "Use a wider column.");
	return (int64) v;
}

static Datum
float_to_int2(TrDecoder *col, uint32 row)
{
	return Int16GetDatum(float_as_int(col, row, PG_INT16_MIN,
									  PG_INT16_MAX + 1.0));
}

static Datum
float_to_int4(TrDecoder *col, uint32 row)
{
	return Int32GetDatum(float_as_int(col, row, PG_INT32_MIN,
									  PG_INT32_MAX + 1.0));
}

static Datum
float_to_int8(TrDecoder *col, uint32 row)
{
	/* beyond 2^53 a float has already lost the integer it stood for */
	return Int64GetDatum(float_as_int(col, row, -(float8) EXACT_FLOAT8,
									  (float8) EXACT_FLOAT8 + 1.0));
}

static Datum
float_to_numeric(TrDecoder *col, uint32 row)
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

/* ---- booleans, bytes, text ---- */

static Datum
bits_to_bool(TrDecoder *col, uint32 row)
{
	return BoolGetDatum((col->array.values[row / 8] >> (row % 8)) & 1);
}

static inline const char *
read_bytes(const TrDecoder *col, uint32 row, int *len)
{
	int64		from,
				to;
	int32		from4,
				to4;

	if (col->format.layout == WIRE_LAYOUT_VAR64)
	{
		memcpy(&from, col->array.offsets + (size_t) row * 8, 8);
		memcpy(&to, col->array.offsets + (size_t) row * 8 + 8, 8);
	}
	else
	{
		memcpy(&from4, col->array.offsets + (size_t) row * 4, 4);
		memcpy(&to4, col->array.offsets + (size_t) row * 4 + 4, 4);
		from = from4;
		to = to4;
	}
	*len = (int) (to - from);
	return (const char *) col->array.values + from;
}

/* A varlena in the chunk's arena, which tr_decoder_begin has made. */
static inline Datum
arena_varlena(TrDecoder *col, const char *bytes, int len)
{
	char	   *at = col->arena + col->arena_used;

	SET_VARSIZE(at, len + VARHDRSZ);
	if (len > 0)
		memcpy(VARDATA(at), bytes, len);
	col->arena_used += INTALIGN(len + VARHDRSZ);
	return PointerGetDatum(at);
}

static Datum
bytes_to_bytea(TrDecoder *col, uint32 row)
{
	int			len;
	const char *bytes = read_bytes(col, row, &len);

	return arena_varlena(col, bytes, len);
}

/*
 * Text in the server's encoding.  Under UTF8 the whole column has been
 * checked already, so this is the bytes themselves.
 */
static const char *
server_text(TrDecoder *col, uint32 row, int *len)
{
	const char *bytes = read_bytes(col, row, len);
	char	   *converted;

	if (GetDatabaseEncoding() == PG_UTF8)
		return bytes;
	converted = pg_any_to_server(bytes, *len, PG_UTF8);
	if (converted != bytes)
		*len = strlen(converted);
	return converted;
}

static Datum
utf8_to_text(TrDecoder *col, uint32 row)
{
	int			len;
	const char *text = server_text(col, row, &len);

	if (GetDatabaseEncoding() == PG_UTF8)
		return arena_varlena(col, text, len);
	return PointerGetDatum(cstring_to_text_with_len(text, len));
}

/* varchar(n) and char(n): longer is an error, also by spaces alone. */
static void
check_length(TrDecoder *col, uint32 row, const char *text, int len)
{
	int			most = col->typmod - VARHDRSZ;

	if (col->typmod >= (int32) VARHDRSZ && len > most &&
		pg_mbstrlen_with_len(text, len) > most)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("result column \"%s\", row " UINT64_FORMAT ": the value is longer than %s",
						col->name, col->first_row + row,
						format_type_with_typemod(col->type, col->typmod)),
				 errhint("Cut it in the script, for example df[\"x\"].str[:%d].", most)));
}

static Datum
utf8_to_varchar(TrDecoder *col, uint32 row)
{
	int			len;
	const char *text = server_text(col, row, &len);

	check_length(col, row, text, len);
	if (GetDatabaseEncoding() == PG_UTF8)
		return arena_varlena(col, text, len);
	return PointerGetDatum(cstring_to_text_with_len(text, len));
}

static Datum
utf8_to_bpchar(TrDecoder *col, uint32 row)
{
	int			len;
	const char *text = server_text(col, row, &len);

	check_length(col, row, text, len);
	return DirectFunctionCall3(bpcharin,
							   CStringGetDatum(pnstrdup(text, len)),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(col->typmod));
}

/* Types that travel as text: their input function decides. */
static Datum
utf8_to_input(TrDecoder *col, uint32 row)
{
	ErrorContextCallback callback = {error_context_stack, say_where, col};
	Datum		value;
	int			len;
	const char *text = server_text(col, row, &len);

	error_context_stack = &callback;
	value = InputFunctionCall(&col->input, pnstrdup(text, len),
							  col->input_param, col->typmod);
	error_context_stack = callback.previous;
	return value;
}

/* ---- dates and times ---- */

static inline int64
read_int64(const TrDecoder *col, uint32 row)
{
	int64		v;

	memcpy(&v, col->array.values + (size_t) row * 8, 8);
	return v;
}

/* Days since 1970, of date32 or date64. */
static int64
read_days(TrDecoder *col, uint32 row)
{
	int64		ms;

	if (col->format.code == 'D')
		return read_int(col, row);
	ms = read_int64(col, row);
	if (ms % (SECS_PER_DAY * 1000) != 0)
		refuse(col, row, "a date has a time of day",
			   "Use dt.normalize() in the script.");
	return ms / (SECS_PER_DAY * 1000);
}

/* Microseconds of a time or duration in its own unit. */
static int64
read_usecs(TrDecoder *col, uint32 row)
{
	int64		v = read_int64(col, row);
	int64		usecs;

	switch (col->format.unit)
	{
		case 'n':
			if (v % 1000 != 0)
				refuse(col, row, "the value has nanoseconds, PostgreSQL keeps microseconds",
					   "Use dt.floor(\"us\") in the script to cut them on purpose.");
			return v / 1000;
		case 'u':
			return v;
		default:
			if (pg_mul_s64_overflow(v, col->format.unit == 's' ? 1000000 : 1000,
									&usecs))
				refuse(col, row, "the value is out of range",
					   "Keep timestamps within the years 4713 BC to 294276 AD.");
			return usecs;
	}
}

static int32 code_of(const TrDecoder *col);

/* Microseconds since 2000 of a timestamp, or of a date at midnight. */
static Timestamp
read_timestamp(TrDecoder *col, uint32 row)
{
	int64		usecs;
	bool		bad = false;

	if (code_of(col) == 'D')
		bad = pg_mul_s64_overflow(read_days(col, row), USECS_PER_DAY, &usecs);
	else
		usecs = read_usecs(col, row);
	bad = bad || pg_sub_s64_overflow(usecs, EPOCH_USECS, &usecs);
	if (bad || !IS_VALID_TIMESTAMP(usecs))
		refuse(col, row, "the timestamp is out of range",
			   "Keep timestamps within the years 4713 BC to 294276 AD.");
	return usecs;
}

/* Dates of either width count as one kind. */
static int32
code_of(const TrDecoder *col)
{
	return col->format.code == 'M' ? 'D' : col->format.code;
}

static Datum
time_to_timestamp(TrDecoder *col, uint32 row)
{
	Timestamp	ts = read_timestamp(col, row);

	if (col->typmod >= 0 && col->typmod < MAX_TIMESTAMP_PRECISION)
	{
		int64		step = 1;

		for (int i = col->typmod; i < MAX_TIMESTAMP_PRECISION; i++)
			step *= 10;
		if (ts % step != 0)
			refuse(col, row, psprintf("the timestamp has more fraction digits than %s keeps",
									  format_type_with_typemod(col->type,
															   col->typmod)),
				   "Use dt.floor() in the script to cut them on purpose.");
	}
	return TimestampGetDatum(ts);
}

static Datum
time_to_date(TrDecoder *col, uint32 row)
{
	int64		days;

	if (code_of(col) == 'D')
		days = read_days(col, row) - EPOCH_DAYS;
	else
	{
		Timestamp	ts = read_timestamp(col, row);

		if (ts % USECS_PER_DAY != 0)
			refuse(col, row, "a date has a time of day",
				   "Use dt.normalize() in the script, or store it in a timestamp column.");
		days = ts / USECS_PER_DAY;
	}
	if (days < PG_INT32_MIN || days > PG_INT32_MAX ||
		!IS_VALID_DATE((DateADT) days))
		refuse(col, row, "the date is out of range",
			   "Keep dates within the years 4713 BC to 5874897 AD.");
	return DateADTGetDatum((DateADT) days);
}

static Datum
duration_to_interval(TrDecoder *col, uint32 row)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = read_usecs(col, row);
	return IntervalPGetDatum(interval);
}

static Datum
never(TrDecoder *col, uint32 row)
{
	elog(ERROR, "a column of NULLs has a value");
	return (Datum) 0;
}

/* ---- the table ---- */

#define INTS	"cCsSiIlL"
#define TEXTS	"uU"

typedef struct DecodeRow
{
	const char *codes;			/* Arrow, as WireFormat.code */
	Oid			type;
	TrDecode	decode;
} DecodeRow;

static const DecodeRow decoders[] = {
	{"b", BOOLOID, bits_to_bool},
	{INTS, INT2OID, int_to_int2},
	{INTS, INT4OID, int_to_int4},
	{INTS, INT8OID, int_to_int8},
	{INTS, FLOAT4OID, int_to_float4},
	{INTS, FLOAT8OID, int_to_float8},
	{INTS, NUMERICOID, int_to_numeric},
	{"fg", INT2OID, float_to_int2},
	{"fg", INT4OID, float_to_int4},
	{"fg", INT8OID, float_to_int8},
	{"fg", FLOAT4OID, float_to_float4},
	{"fg", FLOAT8OID, float_to_float8},
	{"fg", NUMERICOID, float_to_numeric},
	{"d", NUMERICOID, decimal_to_numeric},
	{TEXTS, TEXTOID, utf8_to_text},
	{TEXTS, VARCHAROID, utf8_to_varchar},
	{TEXTS, BPCHAROID, utf8_to_bpchar},
	{TEXTS, NAMEOID, utf8_to_input},
	{TEXTS, UUIDOID, utf8_to_input},
	{TEXTS, JSONOID, utf8_to_input},
	{TEXTS, JSONBOID, utf8_to_input},
	{"zZ", BYTEAOID, bytes_to_bytea},
	{"DM", DATEOID, time_to_date},
	{"t", DATEOID, time_to_date},
	{"DM", TIMESTAMPOID, time_to_timestamp},
	{"t", TIMESTAMPOID, time_to_timestamp},
	{"t", TIMESTAMPTZOID, time_to_timestamp},
	{"T", INTERVALOID, duration_to_interval},
};

/* A time with a zone is an instant, one without is not: never mixed. */
static bool
zone_matches(const WireFormat *format, Oid type)
{
	return format->code != 't' || format->utc == (type == TIMESTAMPTZOID);
}

bool
tr_decoder_init(TrDecoder *col, const WireFormat *format, Oid declared,
				int32 typmod)
{
	bool		is_enum;

	col->format = *format;
	col->declared = declared;
	col->typmod = typmod;
	col->type = getBaseTypeAndTypmod(declared, &col->typmod);
	col->decode = NULL;
	is_enum = get_typtype(col->type) == TYPTYPE_ENUM;

	if (format->layout == WIRE_LAYOUT_NULL)
		col->decode = never;
	else if (is_enum && format->text)
		col->decode = utf8_to_input;
	for (int i = 0; i < (int) lengthof(decoders) && col->decode == NULL; i++)
	{
		if (decoders[i].type == col->type &&
			strchr(decoders[i].codes, format->code) != NULL &&
			zone_matches(format, col->type))
			col->decode = decoders[i].decode;
	}
	if (col->decode == utf8_to_input)
	{
		Oid			input;

		getTypeInputInfo(col->type, &input, &col->input_param);
		fmgr_info(input, &col->input);
	}
	return col->decode != NULL;
}

Oid
tr_type_for_format(const WireFormat *format, int32 *typmod)
{
	*typmod = -1;
	switch (format->code)
	{
		case 'n':
		case 'u':
		case 'U':
			return TEXTOID;
		case 'b':
			return BOOLOID;
		case 'c':
		case 'C':
		case 's':
			return INT2OID;
		case 'S':
		case 'i':
			return INT4OID;
		case 'I':
		case 'l':
			return INT8OID;
		case 'L':
		case 'd':
			return NUMERICOID;
		case 'f':
			return FLOAT4OID;
		case 'g':
			return FLOAT8OID;
		case 'z':
		case 'Z':
			return BYTEAOID;
		case 'D':
		case 'M':
			return DATEOID;
		case 't':
			return format->utc ? TIMESTAMPTZOID : TIMESTAMPOID;
		case 'T':
			return INTERVALOID;
		default:
			return InvalidOid;
	}
}

bool
tr_type_is_kept(const WireFormat *format, Oid type, int32 typmod,
				TrNumeric numeric)
{
	TrEncoder	sent;
	WireFormat	source;

	if (!tr_encoder_init(&sent, type, typmod, numeric))
		return false;
	source = sent.layout;
	if (format->code == 'n')
		return true;			/* nothing but NULLs contradicts nothing */
	if (sent.type == DATEOID)
		return format->code == 'D' || format->code == 'M' ||
			(format->code == 't' && format->unit == 's' && !format->utc);
	if (strchr(INTS, format->code) != NULL &&
		strchr(INTS, source.code) != NULL)
		return format->width < source.width ||
			(format->width == source.width &&
			 (format->code >= 'a') == (source.code >= 'a'));
	if (source.text && format->text)
		return true;
	if (source.code == 'Z' && format->code == 'z')
		return true;
	if (source.code == 't' && format->code == 't')
		return source.utc == format->utc;

	/*
	 * float64 back into numeric: as numeric, but without the declared scale,
	 * which the result need not respect (see tr_sink.c).
	 */
	return source.code == format->code;
}

/* ---- a chunk ---- */

/*
 * Under UTF8 a column of text is checked as one string; that no value then
 * begins within a character makes each value valid by itself.
 */
static void
check_utf8(TrDecoder *col)
{
	const char *all = (const char *) col->array.values;
	bool		ok = pg_verify_mbstr(PG_UTF8, all, col->array.values_len,
									 true);

	for (uint32 row = 0; row < col->rows; row++)
	{
		int			len;
		const char *text = read_bytes(col, row, &len);

		if (ok && (len == 0 || ((unsigned char) text[0] & 0xC0) != 0x80))
			continue;
		if (ok || !pg_verify_mbstr(PG_UTF8, text, len, true))
			refuse(col, row, memchr(text, 0, len) != NULL ?
				   "text contains a NUL character, which PostgreSQL cannot store" :
				   "text is not valid UTF-8",
				   "Remove it in the script, for example df[\"x\"].str.replace(\"\\x00\", \"\").");
	}
}

void
tr_decoder_begin(TrDecoder *col, const WireChunk *chunk, uint32 column,
				 uint64 first_row)
{
	const char *why;

	if (!wire_array_decode(chunk, column, &col->format, &col->array, &why))
		ereport(ERROR,
				(errcode(TR_ERR_PROTOCOL),
				 errmsg("the worker broke the protocol: %s", why),
				 errdetail("Result column: \"%s\".", col->name)));
	col->rows = chunk->rows;
	col->first_row = first_row;
	col->arena = NULL;
	col->arena_used = 0;
	if (col->array.offsets == NULL)
		return;
	if (col->format.text && GetDatabaseEncoding() == PG_UTF8)
		check_utf8(col);
	col->arena = palloc(col->array.values_len +
						(size_t) col->rows * (VARHDRSZ + sizeof(int32)));
}
