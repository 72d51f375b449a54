/*
 * tr_types.h
 *		Types of PostgreSQL and of Arrow: what each column becomes on its way
 *		out (Datum to Arrow buffers) and on its way back.
 *
 * Process: the backend that holds a job, and the one that submits (checks).
 * tr_encode.c and tr_decode.c each hold one table, a row per type.  A value
 * passes unchanged or an error names its column and row.
 */
#ifndef TR_TYPES_H
#define TR_TYPES_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "fmgr.h"
#include "lib/stringinfo.h"

#include "tr_job.h"
#include "wire.h"

/* ---- out: a column under construction ---- */

typedef struct TrEncoder TrEncoder;
typedef void (*TrAppend) (TrEncoder *col, Datum value);

struct TrEncoder
{
	char	   *name;			/* as the source calls it */
	char		format[WIRE_MAX_FORMAT + 1];
	WireFormat	layout;
	bool		nullable;
	AttrNumber	attnum;			/* in the source's tuple, from 1 */
	Oid			type;			/* base type */
	int32		typmod;
	FmgrInfo	output;			/* for types that travel as text */
	TrAppend	append;
	bool		keeps_nan;		/* NaN is not taken for NULL */

	/* of an array: its items; of items: their array */
	TrEncoder  *item;
	TrEncoder  *list;
	int16		item_len;
	bool		item_byval;
	char		item_align;

	/* the chunk so far; *total counts the bytes of all its columns */
	size_t	   *total;
	uint8	   *validity;
	uint8	   *values;
	size_t		values_used;
	size_t		values_size;
	int64	   *offsets;
	uint32		rows;
	uint32		rows_size;
	uint32		nulls;
	uint64		first_row;		/* number of the chunk's first row, from 1 */
};

/* Set up a column for a type; false when the type cannot travel.  Its items
 * come from the current context. */
extern bool tr_encoder_init(TrEncoder *col, Oid type, int32 typmod,
							TrNumeric numeric);
extern void tr_encoder_append(TrEncoder *col, Datum value, bool isnull);
extern void tr_encoder_reset(TrEncoder *col, uint64 first_row);

/*
 * A column's fields on the wire: itself and, of an array, its items.  Their
 * number; their names and formats; three buffers each.
 */
extern uint32 tr_encoder_fields(const TrEncoder *col);
extern void tr_encoder_describe(const TrEncoder *col, WireColumn *fields);
extern void tr_encoder_buffers(const TrEncoder *col, WireBuffer *buffers);

/* ---- back: a column of the result into Datums of one type ---- */

typedef struct TrDecoder TrDecoder;
typedef Datum (*TrDecode) (TrDecoder *col, uint32 row);

struct TrDecoder
{
	char	   *name;			/* in the server's encoding */
	WireFormat	format;
	Oid			declared;		/* what the column is declared as */
	Oid			type;			/* base type of that; what decode returns */
	int32		typmod;
	FmgrInfo	input;			/* for types that travel as text */
	Oid			input_param;
	TrDecode	decode;

	/* of an array: its items; of items: their array */
	TrDecoder  *item;
	TrDecoder  *list;
	int16		item_len;
	bool		item_byval;
	char		item_align;
	void	   *domain_cache;	/* of items that are of a domain */
	MemoryContext context;		/* of that */

	/* the chunk at hand */
	WireArray	array;
	uint32		rows;
	uint64		first_row;		/* number of its first row, from 1 */
	char	   *arena;			/* varlenas of this chunk */
};

/* The type a new column gets for an Arrow format; InvalidOid for none. */
extern Oid	tr_type_for_format(const WireFormat *format, int32 *typmod);

/*
 * Does an output column of this format keep the declaration of the source
 * column of the same name in a table that is created?
 */
extern bool tr_type_is_kept(const WireFormat *format, Oid type, int32 typmod,
							TrNumeric numeric);

/* Can this format be stored in that type?  Sets up col->decode if so; items
 * come from the current context, in which format->item must live as long. */
extern bool tr_decoder_init(TrDecoder *col, const WireFormat *format,
							Oid declared, int32 typmod);

/*
 * Point the decoder at its field of a chunk: checks the array and its
 * encoding as a whole, and that of its items.  Memory for values comes from
 * the current context and must live until the rows are stored.
 */
extern void tr_decoder_begin(TrDecoder *col, const WireChunk *chunk,
							 uint32 field, uint64 first_row);

/* One value; a row may be read again. */
static inline Datum
tr_decoder_value(TrDecoder *col, uint32 row, bool *isnull)
{
	*isnull = col->array.values == NULL && col->format.layout == WIRE_LAYOUT_NULL;
	if (*isnull || wire_is_null(&col->array, row))
	{
		*isnull = true;
		return (Datum) 0;
	}
	return col->decode(col, row);
}

/* Text of a worker as a C string: valid in the server's encoding, no
 * control characters but newline and tab when `lines`. */
extern char *tr_text_from_worker(WireText text, bool lines);

/* C string of the server as UTF-8 (palloc'd or the same pointer). */
extern char *tr_text_to_utf8(const char *text, int len, int *utf8_len);

#endif							/* TR_TYPES_H */
