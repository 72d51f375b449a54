/*
 * tr_encode_list.c
 *		Arrays into Arrow lists: the items are a column of their own.
 *
 * Process: the backend that holds a job.  An array type says nothing about
 * dimensions and bounds, a list has one dimension that starts at 1: any other
 * array is refused by its row.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/lsyscache.h"

#include "tr_encode.h"

/* An array type proper: int2vector and oidvector have other bounds. */
Oid
tr_list_item_type(Oid type)
{
	Oid			item = get_element_type(type);

	return OidIsValid(item) && get_array_type(item) == type ? item : InvalidOid;
}

static void
check_shape(const TrEncoder *col, const ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		tr_refuse_value(col, psprintf("the array has %d dimensions, a list has one",
									  ARR_NDIM(array)),
						"Read a view that casts the column to text; text goes back into an array column.");
	if (ARR_NDIM(array) == 1 && ARR_LBOUND(array)[0] != 1)
		tr_refuse_value(col, psprintf("the array begins at index %d, a list has no such bound",
									  ARR_LBOUND(array)[0]),
						"Read a view that casts the column to text; text goes back into an array column.");
}

void
tr_append_list(TrEncoder *col, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	Datum	   *items;
	bool	   *nulls;
	int			n;

	check_shape(col, array);
	deconstruct_array(array, ARR_ELEMTYPE(array), col->item_len,
					  col->item_byval, col->item_align, &items, &nulls, &n);
	for (int i = 0; i < n; i++)
		tr_encoder_append(col->item, items[i], nulls[i]);
	pfree(items);
	pfree(nulls);
	if ((Pointer) array != DatumGetPointer(value))
		pfree(array);
}

/* NaN and NULL are two things in a list, unlike in a float column. */
bool
tr_list_init(TrEncoder *col, Oid item, TrNumeric numeric)
{
	strlcpy(col->format, "+L", sizeof(col->format));
	col->append = tr_append_list;
	col->item = palloc0(sizeof(TrEncoder));
	get_typlenbyvalalign(item, &col->item_len, &col->item_byval,
						 &col->item_align);
	if (!tr_encoder_init(col->item, item, col->typmod, numeric))
		return false;
	col->item->name = "item";
	col->item->nullable = true;
	col->item->list = col;
	col->item->keeps_nan = true;
	return true;
}
