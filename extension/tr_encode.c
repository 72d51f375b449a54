/*
 * tr_encode.c
 *		Datums into Arrow buffers, one row of the table per type.
 *
 * Process: the backend that holds a job.  Lossless or an error that names the
 * column, the row and what to do: no value is rounded, clipped or guessed.
 * The format depends on the column's declaration alone.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "tr_encode.h"

/* Digits on either side for a numeric declared without precision. */
#define WIDE_PRECISION	76
#define WIDE_SCALE		38

/*
 * ---- the table ----
 *
 * Arrays are lists.  What else is not in it travels as the text its output function gives, and comes
 * back through its input function: whatever has no exact counterpart in
 * pandas, and every type that an extension may bring.
 */

typedef struct EncodeRow
{
	Oid			type;
	const char *format;
	TrAppend	append;
} EncodeRow;

static const EncodeRow encoders[] = {
	{BOOLOID, "b", tr_append_bool},
	{INT2OID, "s", tr_append_int2},
	{INT4OID, "i", tr_append_int4},
	{INT8OID, "l", tr_append_int8},
	{FLOAT4OID, "f", tr_append_float4},
	{FLOAT8OID, "g", tr_append_float8},
	{TEXTOID, "U", tr_append_varlena},
	{VARCHAROID, "U", tr_append_varlena},
	{BPCHAROID, "U", tr_append_varlena},
	{JSONOID, "U", tr_append_varlena},
	{UUIDOID, "U", tr_append_uuid},
	{BYTEAOID, "Z", tr_append_varlena},
	{DATEOID, "tdD", tr_append_date},
	{TIMEOID, "ttu", tr_append_time},
	{TIMESTAMPOID, "tsu:", tr_append_timestamp},
	{TIMESTAMPTZOID, "tsu:UTC", tr_append_timestamp},
};

static void
init_numeric(TrEncoder *col, int32 typmod, TrNumeric numeric)
{
	int			precision = WIDE_PRECISION;
	int			scale = WIDE_SCALE;

	if (numeric == TR_NUMERIC_FLOAT64)
	{
		strlcpy(col->format, "g", sizeof(col->format));
		col->append = tr_append_numeric_as_float;
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
	col->append = tr_append_numeric_as_decimal;
}

/* Set up a column that travels as text. */
static void
init_output(TrEncoder *col)
{
	Oid			output;
	bool		is_varlena;

	strlcpy(col->format, "U", sizeof(col->format));
	col->append = tr_append_output;
	getTypeOutputInfo(col->type, &output, &is_varlena);
	fmgr_info(output, &col->output);
}

bool
tr_encoder_init(TrEncoder *col, Oid type, int32 typmod, TrNumeric numeric)
{
	col->typmod = typmod;
	col->type = getBaseTypeAndTypmod(type, &col->typmod);
	col->append = NULL;
	col->keeps_nan = false;
	col->item = col->list = NULL;
	if (col->type == NUMERICOID)
		init_numeric(col, col->typmod, numeric);
	for (int i = 0; i < (int) lengthof(encoders) && col->append == NULL; i++)
	{
		if (encoders[i].type != col->type)
			continue;
		strlcpy(col->format, encoders[i].format, sizeof(col->format));
		col->append = encoders[i].append;
	}
	if (col->append == NULL)
	{
		Oid			item = tr_list_item_type(col->type);

		if (get_typtype(col->type) == TYPTYPE_PSEUDO)
			return false;
		if (!OidIsValid(item))
			init_output(col);
		else if (!tr_list_init(col, item, numeric))
			return false;
	}
	return wire_format_parse(col->format, &col->layout);
}

/* ---- a chunk ---- */

static bool
has_offsets(const TrEncoder *col)
{
	return col->layout.layout == WIRE_LAYOUT_VAR64 ||
		col->layout.layout == WIRE_LAYOUT_LIST;
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
		col->offsets = has_offsets(col) ?
			palloc(sizeof(int64) * (col->rows_size + 1)) : NULL;
	}
	col->values_used = 0;
	col->rows = 0;
	col->nulls = 0;
	col->first_row = first_row;
	if (col->item != NULL)
	{
		col->item->total = col->total;
		tr_encoder_reset(col->item, 1);
	}
}

static void
grow_rows(TrEncoder *col)
{
	col->rows_size *= 2;
	col->validity = repalloc_huge(col->validity, col->rows_size / 8);
	if (has_offsets(col))
		col->offsets = repalloc_huge(col->offsets,
									 sizeof(int64) * ((size_t) col->rows_size + 1));
}

/* A NULL takes the room of a value: zeros. */
static void
append_null(TrEncoder *col)
{
	static const uint8 zeros[32];

	col->nulls++;
	if (col->layout.layout == WIRE_LAYOUT_FIXED)
		tr_encoder_put(col, zeros, col->layout.width);
	else if (col->layout.layout == WIRE_LAYOUT_BITS && col->rows % 8 == 0)
		tr_encoder_put(col, zeros, 1);
}

/* Where the values of the row at hand end. */
static int64
end_of_row(const TrEncoder *col)
{
	return col->item != NULL ? (int64) col->item->rows :
		(int64) col->values_used;
}

void
tr_encoder_append(TrEncoder *col, Datum value, bool isnull)
{
	uint32		row = col->rows;

	if (row == col->rows_size)
		grow_rows(col);
	if (row % 8 == 0)
	{
		col->validity[row / 8] = 0;
		*col->total += col->list != NULL;	/* of columns: see the feed */
	}
	if (row == 0 && col->offsets != NULL)
		col->offsets[0] = 0;
	if (isnull)
		append_null(col);
	else
	{
		col->append(col, value);
		col->validity[row / 8] |= 1 << (row % 8);
	}
	col->rows++;
	if (col->offsets != NULL)
	{
		col->offsets[col->rows] = end_of_row(col);
		*col->total += sizeof(int64);
	}
}

uint32
tr_encoder_fields(const TrEncoder *col)
{
	return col->item == NULL ? 1 : 1 + tr_encoder_fields(col->item);
}

void
tr_encoder_describe(const TrEncoder *col, WireColumn *fields)
{
	int			name_len;

	fields->name.data = tr_text_to_utf8(col->name, strlen(col->name),
										&name_len);
	fields->name.len = name_len;
	strlcpy(fields->format, col->format, sizeof(fields->format));
	fields->flags = col->nullable ? WIRE_NULLABLE : 0;
	if (col->item != NULL)
		tr_encoder_describe(col->item, fields + 1);
}

void
tr_encoder_buffers(const TrEncoder *col, WireBuffer *buffers)
{
	memset(buffers, 0, 3 * sizeof(WireBuffer));
	if (col->nulls > 0)
		buffers[0] = (WireBuffer) {col->validity, (col->rows + 7) / 8};
	if (col->offsets != NULL && col->rows > 0)
		buffers[1] = (WireBuffer) {col->offsets,
		(uint32_t) (sizeof(int64) * (col->rows + 1))};
	buffers[2] = (WireBuffer) {col->values, (uint32_t) col->values_used};
	if (col->item != NULL)
		tr_encoder_buffers(col->item, buffers + 3);
}
