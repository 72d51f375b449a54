/*
 * tr_decode_list.c
 *		Arrow lists into arrays: the items are decoded like a column.
 *
 * Process: the backend that holds a job.  The wire has checked that offsets
 * rise and end at the last item, so the items of a row are those between two.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "tr_decode.h"

/* Items are counted for the server's memory, where each takes 9 bytes more. */
#define MAX_ITEMS	(WIRE_MAX_PAYLOAD / 4)

static int64
offset_at(const TrDecoder *col, uint32 row)
{
	int64		v;

	memcpy(&v, col->array.offsets + (size_t) row * 8, 8);
	return v;
}

/* The number of an item's row, by bisection. */
uint64
tr_decoder_row(const TrDecoder *col, uint32 row)
{
	uint32		low = 0;
	uint32		high;

	if (col->list == NULL)
		return col->first_row + row;
	high = col->list->rows - 1;
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (offset_at(col->list, middle + 1) <= (int64) row)
			low = middle + 1;
		else
			high = middle;
	}
	return tr_decoder_row(col->list, low);
}

const char *
tr_decoder_name(const TrDecoder *col)
{
	return col->list == NULL ? col->name : tr_decoder_name(col->list);
}

/* The checks of a domain that items may have, for NULLs, too. */
static void
check_domain(TrDecoder *item, uint32 at, Datum value, bool isnull)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		domain_check(value, isnull, item->declared, &item->domain_cache,
					 item->context);
	}
	PG_CATCH();
	{
		tr_rethrow(item, at, 0, caller);
	}
	PG_END_TRY();
}

Datum
tr_list_to_array(TrDecoder *col, uint32 row)
{
	uint32		from = (uint32) offset_at(col, row);
	int			n = (int) (offset_at(col, row + 1) - from);
	int			lower = 1;
	Datum	   *values;
	bool	   *nulls;
	ArrayType  *array;

	if (n == 0)
		return PointerGetDatum(construct_empty_array(col->item->declared));
	if (n > (int) MAX_ITEMS)
		tr_refuse(col, row, psprintf("a list of %d items, at most %u are possible",
									 n, MAX_ITEMS),
				  "Return fewer, for example with df.explode().");
	values = palloc(sizeof(Datum) * n);
	nulls = palloc(sizeof(bool) * n);
	for (int i = 0; i < n; i++)
	{
		values[i] = tr_decoder_value(col->item, from + i, &nulls[i]);
		if (col->item->declared != col->item->type)
			check_domain(col->item, from + i, values[i], nulls[i]);
	}
	array = construct_md_array(values, nulls, 1, &n, &lower,
							   col->item->declared, col->item_len,
							   col->item_byval, col->item_align);
	pfree(values);
	pfree(nulls);
	return PointerGetDatum(array);
}

bool
tr_list_decoder_init(TrDecoder *col)
{
	Oid			item = tr_list_item_type(col->type);

	if (!OidIsValid(item))
		return false;
	col->item = palloc0(sizeof(TrDecoder));
	col->item->name = "item";
	col->item->list = col;
	col->item->context = CurrentMemoryContext;
	get_typlenbyvalalign(item, &col->item_len, &col->item_byval,
						 &col->item_align);
	return tr_decoder_init(col->item, col->format.item, item, col->typmod);
}
