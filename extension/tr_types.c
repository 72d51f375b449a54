/*
 * tr_types.c
 *		What a column of a created table becomes: the type of its Arrow
 *		format, or that of the source column of the same name.
 *
 * Process: the backend that holds a job.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "tr_decode.h"

Oid
tr_type_for_format(const WireFormat *format, int32 *typmod)
{
	Oid			item;

	*typmod = -1;
	switch (format->code)
	{
		case '+':
			item = format->item->code == '+' ? InvalidOid :
				tr_type_for_format(format->item, typmod);
			return OidIsValid(item) ? get_array_type(item) : InvalidOid;
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
		case 'h':
			return TIMEOID;
		default:
			return InvalidOid;
	}
}

static bool
is_one_of(const WireFormat *a, const WireFormat *b, const char *codes)
{
	return strchr(codes, a->code) != NULL && strchr(codes, b->code) != NULL;
}

/*
 * Items of a Python list have no width: integers are kept as the integers
 * that were declared, floats as floats, and what does not fit is refused.
 */
static bool
items_are_kept(const WireFormat *format, const TrEncoder *sent)
{
	return is_one_of(format, &sent->layout, INTS) ||
		is_one_of(format, &sent->layout, "fg");
}

static bool
is_kept(const WireFormat *format, const TrEncoder *sent)
{
	const WireFormat *source = &sent->layout;

	if (format->code == 'n')
		return true;			/* nothing but NULLs contradicts nothing */
	if (format->code == '+' && source->code == '+')
		return items_are_kept(format->item, sent->item) ||
			is_kept(format->item, sent->item);
	if (sent->type == DATEOID)
		return format->code == 'D' || format->code == 'M' ||
			(format->code == 't' && format->unit == 's' && !format->utc);
	if (is_one_of(format, source, INTS))
		return format->width < source->width ||
			(format->width == source->width &&
			 (format->code >= 'a') == (source->code >= 'a'));
	if (source->text && format->text)
		return true;
	if (source->code == 'Z' && format->code == 'z')
		return true;
	if (source->code == 't' && format->code == 't')
		return source->utc == format->utc;

	/*
	 * float64 back into numeric: as numeric, but without the declared scale,
	 * which the result need not respect (see tr_sink.c).
	 */
	return source->code == format->code;
}

bool
tr_type_is_kept(const WireFormat *format, Oid type, int32 typmod,
				TrNumeric numeric)
{
	TrEncoder	sent;

	return tr_encoder_init(&sent, type, typmod, numeric) &&
		is_kept(format, &sent);
}
