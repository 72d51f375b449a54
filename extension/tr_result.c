/*
 * tr_result.c
 *		The columns of a script's result, checked and ready to decode.
 *
 * Process: the backend that holds a job.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "tr_errors.h"
#include "tr_failure.h"
#include "tr_result.h"

#define MAX_COMPLAINTS	8192	/* bytes after which no more are added */

/*
 * Add a complaint about one column to the list for one error.  It is never
 * cut in its middle, which could be the middle of a character.
 */
static void
complain(StringInfo problems, const char *line)
{
	if (problems->len < MAX_COMPLAINTS)
		appendStringInfo(problems, "%s%s", problems->len > 0 ? "\n" : "",
						 line);
}

/* Is the name in the server's encoding all that the worker sent? */
static bool
is_whole_name(const char *name, WireText sent)
{
	int			len;
	char	   *utf8 = tr_text_to_utf8(name, strlen(name), &len);

	return (uint32) len == sent.len && memcmp(utf8, sent.data, len) == 0;
}

static bool
is_duplicate(TrResult *result, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(result->columns[i].name, result->columns[n].name) == 0)
			return true;
	return false;
}

/* The format of a column, and of the items behind it. */
static bool
parse_format(const WireColumn *field, WireFormat *format)
{
	WireFormat *item;

	if (!wire_format_parse(field->format, format))
		return false;
	if (format->layout != WIRE_LAYOUT_LIST)
		return true;
	item = palloc0(sizeof(WireFormat));
	format->item = item;
	return parse_format(field + 1, item);
}

/* Lists of lists have no type of their own, but may fit an existing one. */
static bool
can_be_stored(const WireFormat *format)
{
	int32		typmod;

	while (format->item != NULL)
		format = format->item;
	return OidIsValid(tr_type_for_format(format, &typmod));
}

static void
check_column(TrResult *result, int i, const WireColumn *col,
			 StringInfo problems)
{
	const char *name = result->columns[i].name;

	if (name[0] == '\0')
		complain(problems, psprintf("Column %d has an empty name.", i + 1));
	else if (strlen(name) >= NAMEDATALEN)
		complain(problems, psprintf("Column %d: the name \"%.*s...\" has %d bytes, %d are allowed.",
									i + 1, pg_mbcliplen(name, strlen(name), 40),
									name, (int) strlen(name), NAMEDATALEN - 1));
	else if (memchr(col->name.data, 0, col->name.len) != NULL)
		complain(problems, psprintf("Column %d: the name contains a NUL character.",
									i + 1));
	else if (!is_whole_name(name, col->name))
		complain(problems, psprintf("Column %d: the name \"%s\" contains characters that cannot be stored.",
									i + 1, name));
	else if (is_duplicate(result, i))
		complain(problems, psprintf("Column \"%s\" stands there more than once.",
									name));
	if (!parse_format(col, &result->formats[i]) ||
		!can_be_stored(&result->formats[i]))
		complain(problems, psprintf("Column \"%s\" has a type that cannot be stored (Arrow \"%s\").",
									name, tr_text_from_worker((WireText) {col->format,
															  strlen(col->format)}, false)));
}

int
tr_result_column(const TrResult *result, const char *name)
{
	for (int i = 0; i < result->ncols; i++)
		if (strcmp(result->columns[i].name, name) == 0)
			return i;
	return -1;
}

TrResult *
tr_result_open(const uint8 *payload, uint32 len)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext,
												  "transform result",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	WireColumn *cols = palloc(sizeof(WireColumn) * WIRE_MAX_FIELDS);
	TrResult   *result = palloc0(sizeof(TrResult));
	StringInfoData problems;
	const char *why;
	int			n = wire_schema_decode(payload, len, cols, &why);

	if (n < 0)
		tr_fail_protocol(why);
	if (n == 0)
		ereport(ERROR,
				(errcode(TR_ERR_RESULT),
				 errmsg("the result has no columns"),
				 errhint("Return a DataFrame with at least one column.")));
	result->context = context;
	result->chunk_context = AllocSetContextCreate(context,
												  "transform result chunk",
												  ALLOCSET_DEFAULT_SIZES);
	result->row_context = AllocSetContextCreate(context,
												"transform result rows",
												ALLOCSET_DEFAULT_SIZES);
	result->nfields = n;
	result->fields = palloc0(sizeof(uint32) * n);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || !wire_format_is_list(cols[i - 1].format))
			result->fields[result->ncols++] = i;
	}
	n = result->ncols;
	result->formats = palloc0(sizeof(WireFormat) * n);
	result->columns = palloc0(sizeof(TrDecoder) * n);
	result->values = palloc0(sizeof(Datum) * n);
	result->nulls = palloc0(sizeof(bool) * n);
	initStringInfo(&problems);
	for (int i = 0; i < n; i++)
	{
		const WireColumn *field = &cols[result->fields[i]];

		result->columns[i].name = tr_text_from_worker(field->name, false);
		check_column(result, i, field, &problems);
	}
	if (problems.len > 0)
		ereport(ERROR,
				(errcode(TR_ERR_RESULT),
				 errmsg("the result has columns that cannot be stored"),
				 errdetail("%s", problems.data),
				 errhint("Rename or convert them in the script.")));
	pfree(cols);
	tr_digest_begin(&result->digest, result);
	MemoryContextSwitchTo(old);
	return result;
}

void
tr_result_begin(TrResult *result, const uint8 *payload, uint32 len)
{
	const char *why;

	if (!wire_chunk_decode(payload, len, &result->chunk, &why))
		tr_fail_protocol(why);
	if (result->chunk.fields != result->nfields)
		tr_fail_protocol(psprintf("a chunk of %u fields after a schema of %u",
								  result->chunk.fields, result->nfields));
	result->rows += result->chunk.rows;
}

void
tr_result_decode(TrResult *result)
{
	uint64		first_row = result->rows - result->chunk.rows + 1;
	MemoryContext old;

	MemoryContextReset(result->row_context);
	MemoryContextReset(result->chunk_context);
	old = MemoryContextSwitchTo(result->chunk_context);
	for (int i = 0; i < result->ncols; i++)
	{
		CHECK_FOR_INTERRUPTS();
		tr_decoder_begin(&result->columns[i], &result->chunk,
						 result->fields[i], first_row);
	}
	tr_digest_chunk(&result->digest, result);
	MemoryContextSwitchTo(old);
}
