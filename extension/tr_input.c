/*
 * tr_input.c
 *		What goes to the worker: the sources of a task, one after the other,
 *		a frame at a time.
 *
 * Process: the backend that holds a job, as the job's role.
 *
 * All cursors are opened before the first row goes out, on one snapshot.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "tr_failure.h"
#include "tr_feed.h"
#include "tr_identity.h"
#include "tr_input.h"
#include "tr_relation.h"
#include "tr_source.h"

struct TrInput
{
	const TrTask *task;
	TrOutcome  *outcome;
	List	   *sources;		/* of TrSource */
	List	   *feeds;			/* of TrFeed, in the same order */
	int			at;				/* the feed at hand */
	bool		described;		/* its schema has been queued */
	uint64		bytes;
	TrSourceColumn *columns;
	int			ncolumns;
};

/* Everything at once must find room in the worker. */
static bool
is_whole(const TrTask *task)
{
	return task->shape == TR_SHAPE_TABLE;
}

static void
check_size(const TrInput *input, uint64 bytes, bool estimate)
{
	if (!is_whole(input->task) ||
		bytes <= (uint64) input->task->limits.memory_bytes)
		return;
	input->outcome->stage = TR_STAGE_LIMIT;
	tr_fail_too_large(input->task->limits.memory_bytes, bytes, estimate);
}

void
tr_input_no_memory(TrInput *input)
{
	if (!is_whole(input->task))
		return;
	input->outcome->stage = TR_STAGE_LIMIT;
	tr_fail_too_large(input->task->limits.memory_bytes, input->bytes, false);
}

/* ---- opening ---- */

static bool
same_declaration(const TrSourceColumn *a, const TrSourceColumn *b)
{
	return a->type == b->type && a->typmod == b->typmod &&
		a->collation == b->collation;
}

static TrSourceColumn *
find_column(TrInput *input, const char *name)
{
	for (int i = 0; i < input->ncolumns; i++)
		if (strcmp(input->columns[i].name, name) == 0)
			return &input->columns[i];
	return NULL;
}

/* A name that is declared differently gets no type. */
static void
merge_columns(TrInput *input, const TrSource *source)
{
	int			room = input->ncolumns + source->ncols;

	if (input->columns == NULL)
		input->columns = palloc(sizeof(TrSourceColumn) * room);
	else
		input->columns = repalloc(input->columns, sizeof(TrSourceColumn) * room);
	for (int i = 0; i < source->ncols; i++)
	{
		TrSourceColumn *known = find_column(input, source->columns[i].name);

		if (known == NULL)
			input->columns[input->ncolumns++] = source->columns[i];
		else if (!same_declaration(known, &source->columns[i]))
			known->type = InvalidOid;
	}
}

static void
drop_ambiguous(TrInput *input)
{
	int			n = 0;

	for (int i = 0; i < input->ncolumns; i++)
		if (OidIsValid(input->columns[i].type))
			input->columns[n++] = input->columns[i];
	input->ncolumns = n;
}

/*
 * What is read, for people: each SELECT, and what a view was defined as then.
 */
static void
note_definition(TrInput *input)
{
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&sql);
	foreach(cell, input->sources)
	{
		const TrSource *source = lfirst(cell);
		char		kind = OidIsValid(source->relation) ?
			get_rel_relkind(source->relation) : '\0';

		if (sql.len > 0)
			appendStringInfoChar(&sql, '\n');
		if (source->input != NULL)
			appendStringInfo(&sql, "-- %s\n", source->input);
		appendStringInfoString(&sql, source->select);
		if (kind == RELKIND_VIEW || kind == RELKIND_MATVIEW)
			appendStringInfo(&sql, "\n-- %s:\n%s",
							 tr_relation_name(source->relation),
							 TextDatumGetCString(OidFunctionCall1(F_PG_GET_VIEWDEF_OID,
																  ObjectIdGetDatum(source->relation))));
	}
	input->outcome->definition = MemoryContextStrdup(input->outcome->context,
													 sql.data);
	pfree(sql.data);
}

TrInput *
tr_input_open(const TrTask *task, uint64 row_limit, TrOutcome *outcome)
{
	TrInput    *input = palloc0(sizeof(TrInput));
	int			nestlevel = tr_source_search_path(task->options->search_path);
	int			chunk_rows = task->shape == TR_SHAPE_CHUNK ? task->chunk_rows : 0;
	uint64		least = 0;
	ListCell   *cell;

	input->task = task;
	input->outcome = outcome;
	input->sources = tr_source_list(task->source, task->options);
	foreach(cell, input->sources)
	{
		TrSource   *source = lfirst(cell);

		source->after = task->since_from;
		source->until = task->since_to;
		tr_source_check_rights(source);
		tr_source_prepare(source, task->numeric);
		if (row_limit == 0)
			least += tr_source_least_bytes(source);
		merge_columns(input, source);
	}
	drop_ambiguous(input);
	if (task->job_id != 0)
		tr_identity_check_sources(task->job_id, input->sources);
	note_definition(input);
	check_size(input, least, true);
	foreach(cell, input->sources)
	{
		TrFeed	   *feed = tr_feed_open(lfirst(cell), task->numeric, chunk_rows,
										row_limit);

		if (task->options->backend == TR_BACKEND_PYARROW)
			tr_feed_keep_nan(feed);
		input->feeds = lappend(input->feeds, feed);
	}
	tr_source_restore(nestlevel);
	return input;
}

int
tr_input_columns(TrInput *input, const TrSourceColumn **columns)
{
	*columns = input->columns;
	return input->ncolumns;
}

/* ---- sending ---- */

static void
send_schema(TrInput *input, TrLink *link)
{
	size_t		len;
	uint8	   *frame = tr_feed_schema(list_nth(input->feeds, input->at), &len);

	tr_link_queue(link, frame, len);
	pfree(frame);
	input->described = true;
}

static void
count_rows(TrInput *input, TrProgress *progress, uint32 flags)
{
	uint64		rows = 0;
	ListCell   *cell;

	foreach(cell, input->feeds)
		rows += tr_feed_rows(lfirst(cell));
	pg_atomic_write_u64(&progress->rows_read, rows);
	pg_atomic_write_u64(&progress->bytes_in, input->bytes);
	if (input->task->shape == TR_SHAPE_GROUP)
		pg_atomic_write_u64(&progress->chunks,
							tr_feed_groups(linitial(input->feeds)));
	else if (flags & WIRE_LAST_OF_CALL)
		pg_atomic_fetch_add_u64(&progress->chunks, 1);
}

bool
tr_input_send(TrInput *input, TrLink *link, TrProgress *progress)
{
	uint8		end[WIRE_HEADER_SIZE];
	uint32		rows;
	uint32		flags;
	uint32		nfields;
	WireBuffer *buffers;

	if (!input->described)
	{
		send_schema(input, link);
		return true;
	}
	if (tr_feed_next(list_nth(input->feeds, input->at), &rows, &flags,
					 &buffers, &nfields))
	{
		for (uint32 i = 0; i < 3 * nfields; i++)
			input->bytes += buffers[i].len;
		check_size(input, input->bytes, false);
		tr_link_queue_chunk(link, rows, flags, buffers, nfields);
		count_rows(input, progress, flags);
		return true;
	}
	if (input->at + 1 < list_length(input->feeds))
	{
		input->at++;
		send_schema(input, link);
		return true;
	}
	tr_link_queue(link, end, wire_header_encode(end, WIRE_END, 0));
	return false;
}

char *
tr_input_watermark(TrInput *input)
{
	return tr_feed_watermark(linitial(input->feeds));
}

void
tr_input_close(TrInput *input)
{
	ListCell   *cell;

	foreach(cell, input->feeds)
		tr_feed_close(lfirst(cell));
}
