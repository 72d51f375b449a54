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

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "tr_decode.h"
#include "tr_errors.h"
#include "tr_inout.h"

void
tr_refuse(const TrDecoder *col, uint32 row, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(TR_ERR_INPUT),
			 errmsg("result column \"%s\", row " UINT64_FORMAT ": %s",
					tr_decoder_name(col), tr_decoder_row(col, row), what),
			 errhint("%s", hint)));
}

/* A longer value is not quoted in an error: it would be in every log. */
#define MAX_QUOTED		1024

void
tr_rethrow(const TrDecoder *col, uint32 row, int len, MemoryContext caller)
{
	ErrorData  *e;
	char	   *where;

	MemoryContextSwitchTo(caller);
	if (geterrcode() == ERRCODE_QUERY_CANCELED)
		PG_RE_THROW();
	e = CopyErrorData();
	FlushErrorState();
	where = psprintf("Result column \"%s\" of type %s, row " UINT64_FORMAT ".",
					 tr_decoder_name(col), format_type_be(col->declared),
					 tr_decoder_row(col, row));
	if (len > MAX_QUOTED)
	{
		e->message = psprintf("a text of %d bytes is not a value of type %s",
							  len, format_type_be(col->type));
		e->detail = where;
	}
	else
		e->detail = e->detail == NULL ? where :
			psprintf("%s\n%s", where, e->detail);
	ReThrowError(e);
}

/* ---- booleans, bytes, text ---- */

static Datum
bits_to_bool(TrDecoder *col, uint32 row)
{
	return BoolGetDatum((col->array.values[row / 8] >> (row % 8)) & 1);
}

/* What a value in the arena takes beside its bytes: a header, and padding. */
#define ARENA_ROW	(VARHDRSZ + sizeof(int32))

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

/*
 * A varlena in the chunk's arena, which tr_decoder_begin has made.  Its place
 * follows from the row, so that a row may be decoded again.
 */
static inline Datum
arena_varlena(TrDecoder *col, uint32 row, const char *bytes, int len)
{
	size_t		from = bytes - (const char *) col->array.values;
	char	   *at = col->arena + INTALIGN(from) + (size_t) row * ARENA_ROW;

	SET_VARSIZE(at, len + VARHDRSZ);
	if (len > 0)
		memcpy(VARDATA(at), bytes, len);
	return PointerGetDatum(at);
}

static Datum
bytes_to_bytea(TrDecoder *col, uint32 row)
{
	int			len;
	const char *bytes = read_bytes(col, row, &len);

	return arena_varlena(col, row, bytes, len);
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
		return arena_varlena(col, row, text, len);
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
						tr_decoder_name(col), tr_decoder_row(col, row),
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
		return arena_varlena(col, row, text, len);
	return PointerGetDatum(cstring_to_text_with_len(text, len));
}

/* Characters of what has been checked to be UTF-8; of ASCII, eight at a time. */
static inline int
utf8_length(const char *text, int len)
{
	int			at = 0;
	int			continued = 0;
	uint64		word;

	for (; at + (int) sizeof(word) <= len; at += sizeof(word))
	{
		memcpy(&word, text + at, sizeof(word));
		if (word & UINT64CONST(0x8080808080808080))
			break;
	}
	for (; at < len; at++)
		continued += (text[at] & 0xC0) == 0x80;
	return len - continued;
}

/* With the blanks that char(n) has; of the usual text, which has them, none. */
static Datum
blank_padded(TrDecoder *col, uint32 row, const char *text, int len, int blanks)
{
	struct varlena *value;

	if (blanks <= 0)
		return arena_varlena(col, row, text, len);
	value = palloc(len + blanks + VARHDRSZ);
	SET_VARSIZE(value, len + blanks + VARHDRSZ);
	memcpy(VARDATA(value), text, len);
	memset(VARDATA(value) + len, ' ', blanks);
	return PointerGetDatum(value);
}

static Datum
utf8_to_bpchar(TrDecoder *col, uint32 row)
{
	int			len;
	const char *text = server_text(col, row, &len);

	check_length(col, row, text, len);
	if (GetDatabaseEncoding() == PG_UTF8)
		return blank_padded(col, row, text, len, col->typmod < (int32) VARHDRSZ ? 0 :
							col->typmod - (int32) VARHDRSZ - utf8_length(text, len));
	return DirectFunctionCall3(bpcharin,
							   CStringGetDatum(pnstrdup(text, len)),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(col->typmod));
}

/* Names are cut: longer is an error. */
static void
check_input_length(TrDecoder *col, uint32 row, int len)
{
	if (col->type == NAMEOID && len >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("result column \"%s\", row " UINT64_FORMAT ": a text of %d bytes is too long for type %s",
						tr_decoder_name(col), tr_decoder_row(col, row), len,
						format_type_be(col->type)),
				 errhint("Cut it in the script, for example df[\"x\"].str[:%d].", NAMEDATALEN - 1)));
}

/* Types that travel as text: their input function decides. */
static Datum
utf8_to_input(TrDecoder *col, uint32 row)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile Datum value = (Datum) 0;
	int			len;
	const char *text = server_text(col, row, &len);

	check_input_length(col, row, len);
	PG_TRY();
	{
		value = tr_input(&col->input, pnstrdup(text, len), col->input_param,
						 col->typmod);
	}
	PG_CATCH();
	{
		tr_rethrow(col, row, len, caller);
	}
	PG_END_TRY();
	return value;
}

static Datum
never(TrDecoder *col, uint32 row)
{
	elog(ERROR, "a column of NULLs has a value");
	return (Datum) 0;
}

/* ---- the table ---- */

#define TEXTS	"uU"

typedef struct DecodeRow
{
	const char *codes;			/* Arrow, as WireFormat.code */
	Oid			type;
	TrDecode	decode;
} DecodeRow;

static const DecodeRow decoders[] = {
	{"b", BOOLOID, bits_to_bool},
	{INTS, INT2OID, tr_int_to_int2},
	{INTS, INT4OID, tr_int_to_int4},
	{INTS, INT8OID, tr_int_to_int8},
	{INTS, FLOAT4OID, tr_int_to_float4},
	{INTS, FLOAT8OID, tr_int_to_float8},
	{INTS, NUMERICOID, tr_int_to_numeric},
	{"fg", INT2OID, tr_float_to_int2},
	{"fg", INT4OID, tr_float_to_int4},
	{"fg", INT8OID, tr_float_to_int8},
	{"fg", FLOAT4OID, tr_float_to_float4},
	{"fg", FLOAT8OID, tr_float_to_float8},
	{"fg", NUMERICOID, tr_float_to_numeric},
	{"d", NUMERICOID, tr_decimal_to_numeric},
	{TEXTS, TEXTOID, utf8_to_text},
	{TEXTS, VARCHAROID, utf8_to_varchar},
	{TEXTS, BPCHAROID, utf8_to_bpchar},
	{"zZ", BYTEAOID, bytes_to_bytea},
	{"DM", DATEOID, tr_time_to_date},
	{"t", DATEOID, tr_time_to_date},
	{"DM", TIMESTAMPOID, tr_time_to_timestamp},
	{"t", TIMESTAMPOID, tr_time_to_timestamp},
	{"t", TIMESTAMPTZOID, tr_time_to_timestamp},
	{"h", TIMEOID, tr_time_to_time},
	{"T", INTERVALOID, tr_duration_to_interval},
};

/* A time with a zone is an instant, one without is not: never mixed. */
static bool
zone_matches(const WireFormat *format, Oid type)
{
	return format->code != 't' || format->utc == (type == TIMESTAMPTZOID);
}

/*
 * Does a type travel as the text of its own output function?  Arrays may, too:
 * those that are no lists.
 */
static bool
travels_as_text(Oid type, int32 typmod)
{
	TrEncoder	sent;

	if (OidIsValid(tr_list_item_type(type)))
		return true;
	return tr_encoder_init(&sent, type, typmod, TR_NUMERIC_FLOAT64) &&
		sent.layout.text;
}

static void
init_input(TrDecoder *col)
{
	Oid			input;

	getTypeInputInfo(col->type, &input, &col->input_param);
	fmgr_info(input, &col->input);
	col->decode = utf8_to_input;
}

bool
tr_decoder_init(TrDecoder *col, const WireFormat *format, Oid declared,
				int32 typmod)
{
	col->format = *format;
	col->declared = declared;
	col->typmod = typmod;
	col->type = getBaseTypeAndTypmod(declared, &col->typmod);
	col->decode = NULL;

	col->item = NULL;
	if (format->layout == WIRE_LAYOUT_NULL)
		col->decode = never;
	else if (format->layout == WIRE_LAYOUT_LIST)
	{
		col->decode = tr_list_to_array;
		return tr_list_decoder_init(col);
	}
	for (int i = 0; i < (int) lengthof(decoders) && col->decode == NULL; i++)
	{
		if (decoders[i].type == col->type &&
			strchr(decoders[i].codes, format->code) != NULL &&
			zone_matches(format, col->type))
			col->decode = decoders[i].decode;
	}
	if (col->decode == NULL && format->text &&
		travels_as_text(col->type, col->typmod))
		init_input(col);
	return col->decode != NULL;
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
			tr_refuse(col, row, memchr(text, 0, len) != NULL ?
				   "text contains a NUL character, which PostgreSQL cannot store" :
				   "text is not valid UTF-8",
				   "Remove it in the script, for example df[\"x\"].str.replace(\"\\x00\", \"\").");
	}
}

/* A field of `rows` values; of an array, then its items. */
static void
begin_field(TrDecoder *col, const WireChunk *chunk, uint32 field, uint32 rows)
{
	const char *why;

	if (!wire_array_decode(chunk, field, rows, &col->format, &col->array,
						   &why))
		ereport(ERROR,
				(errcode(TR_ERR_PROTOCOL),
				 errmsg("the worker broke the protocol: %s", why),
				 errdetail("Result column: \"%s\".", tr_decoder_name(col))));
	col->rows = rows;
	col->arena = NULL;
	if (col->item != NULL)
		begin_field(col->item, chunk, field + 1, col->array.items);
	else if (col->array.offsets != NULL)
	{
		if (col->format.text && GetDatabaseEncoding() == PG_UTF8)
			check_utf8(col);
		col->arena = MemoryContextAllocHuge(CurrentMemoryContext,
											INTALIGN(col->array.values_len) +
											(size_t) rows * ARENA_ROW);
	}
}

void
tr_decoder_begin(TrDecoder *col, const WireChunk *chunk, uint32 field,
				 uint64 first_row)
{
	col->first_row = first_row;
	begin_field(col, chunk, field, chunk->rows);
}
