/*
 * tr_sink_upsert.c
 *		Mode upsert: no key of the result is NULL, or stands in it twice.
 *
 * Process: the runner, connected to SPI, as the job's role.
 *
 * ON CONFLICT itself refuses a key that a statement has already written, but
 * without saying which, and a job has a statement per chunk: so keys are kept
 * to the end where there was more than one.
 */
#include "postgres.h"

#include "tr_destination.h"
#include "tr_sink_private.h"

/* Before anything is stored; the columns have been matched. */
void
tr_upsert_begin(TrSink *sink)
{
	List	   *key = sink->task->options->key;
	ListCell   *cell;

	tr_destination_check_key(sink->relid, key);
	sink->written_keys = tr_unique_open(sink->result, key);
	sink->keys = palloc(sizeof(int) * list_length(key));
	foreach(cell, key)
		sink->keys[sink->nkeys++] = tr_result_column(sink->result,
													   lfirst(cell));
}

/* The row at hand, decoded. */
void
tr_upsert_check_key(TrSink *sink, uint32 row)
{
	TrResult   *result = sink->result;

	for (int i = 0; i < sink->nkeys; i++)
	{
		TrDecoder  *col = &result->columns[sink->keys[i]];

		if (result->nulls[sink->keys[i]])
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("result column \"%s\", row " UINT64_FORMAT ": the key is NULL",
							col->name, col->first_row + row),
					 errhint("mode => 'upsert' needs a value in every column of the key.")));
	}
}

void
tr_upsert_added(TrSink *sink, uint32 from, uint32 to)
{
	tr_unique_add(sink->written_keys, from, to);
}

static void
refuse_repeated(TrSink *sink)
{
	int64		count;
	char	   *found = tr_unique_find(sink->written_keys, &count);

	if (found != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg_plural("the result repeats " INT64_FORMAT " key",
							   "the result repeats " INT64_FORMAT " keys",
							   (unsigned long) count, count),
				 errdetail("%s", found),
				 errhint("Leave one row for each key, for example with df.drop_duplicates([...], keep=\"last\").")));
}

/*
 * A statement that would have written these rows met a key twice; raises with
 * the key, if it was the result's.
 */
void
tr_upsert_explain(TrSink *sink, uint32 from, uint32 to)
{
	tr_unique_add(sink->written_keys, from, to);
	refuse_repeated(sink);
}

void
tr_upsert_end(TrSink *sink)
{
	if (sink->pieces > 1)
		refuse_repeated(sink);
	tr_unique_close(sink->written_keys);
}
