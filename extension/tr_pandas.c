/*
 * tr_pandas.c
 *		How a column arrives in pandas: the dtype that goes with the Arrow
 *		format which the encoder (tr_encode.c) chooses for its declaration.
 *
 * Process: any backend.  The conversion is the driver's
 * (sandbox_host/python/convert.py); the regression test `explorer` compares
 * this table with what a script sees.
 */
#include "postgres.h"

#include "tr_pandas.h"
#include "tr_types.h"

typedef struct DtypeRow
{
	const char *format;
	const char *plain;			/* dtype_backend numpy, column without NULL */
	const char *with_null;		/* numpy, column that may be NULL */
	const char *masked;			/* numpy_nullable */
	const char *arrow;			/* pyarrow, without its suffix */
} DtypeRow;

#define SAME(dtype)	dtype, dtype, dtype

static const DtypeRow dtypes[] = {
	{"b", "bool", "boolean", "boolean", "bool"},
	{"s", "int16", "Int16", "Int16", "int16"},
	{"i", "int32", "Int32", "Int32", "int32"},
	{"l", "int64", "Int64", "Int64", "int64"},
	{"f", "float32", "float32", "Float32", "float"},
	{"g", "float64", "float64", "Float64", "double"},
	{"U", "str", "str", "string", "large_string"},
	{"Z", SAME("object (bytes)"), "large_binary"},
	{"tdD", SAME("datetime64[s]"), "date32[day]"},
	{"ttu", SAME("object (datetime.time)"), "time64[us]"},
	{"tsu:", SAME("datetime64[us]"), "timestamp[us]"},
	{"tsu:UTC", SAME("datetime64[us, UTC]"), "timestamp[us, tz=UTC]"},
};

static const DtypeRow *
find_row(const char *format)
{
	for (int i = 0; i < (int) lengthof(dtypes); i++)
		if (strcmp(dtypes[i].format, format) == 0)
			return &dtypes[i];
	elog(ERROR, "no dtype is known for the Arrow format \"%s\"", format);
}

/* As pyarrow names it. */
static const char *
arrow_name(const TrEncoder *col)
{
	if (col->item != NULL)
		return psprintf("large_list<item: %s>", arrow_name(col->item));
	if (col->layout.code == 'd')
		return psprintf("decimal%d(%d, %d)", col->layout.width * 8,
						col->layout.precision, col->layout.scale);
	return find_row(col->format)->arrow;
}

char *
tr_pandas_dtype(Oid type, int32 typmod, bool nullable, TrNumeric numeric,
				TrBackend backend)
{
	TrEncoder	col = {0};
	const DtypeRow *row;

	if (!tr_encoder_init(&col, type, typmod, numeric))
		return NULL;
	if (backend == TR_BACKEND_PYARROW)
		return psprintf("%s[pyarrow]", arrow_name(&col));
	if (col.item != NULL)
		return pstrdup("object (list)");
	if (col.layout.code == 'd')
		return pstrdup("object (decimal.Decimal)");
	row = find_row(col.format);
	if (backend == TR_BACKEND_NUMPY_NULLABLE)
		return pstrdup(row->masked);
	return pstrdup(nullable ? row->with_null : row->plain);
}
