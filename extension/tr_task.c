/*
 * tr_task.c
 *		The first frame to a worker: what it is to do, as JSON.
 *
 * Process: the backend that holds a job, or that validates.
 */
#include "postgres.h"

#include "utils/json.h"

#include "tr_errors.h"
#include "tr_task.h"
#include "tr_types.h"

static char *
utf8_string(const char *text)
{
	int			len;
	char	   *utf8 = tr_text_to_utf8(text, strlen(text), &len);

	return pnstrdup(utf8, len);
}

/* "key": "value" with a comma before it. */
static void
add_text(StringInfo json, const char *key, const char *value)
{
	appendStringInfo(json, ", \"%s\": ", key);
	escape_json(json, utf8_string(value));
}

/* Which columns make a group, and how several inputs are called. */
static void
add_input(StringInfo json, const TrOptions *options)
{
	const char *separator = "";
	ListCell   *cell;

	appendStringInfoString(json, ", \"group_by\": [");
	foreach(cell, options->group_by)
	{
		appendStringInfoString(json, separator);
		escape_json(json, utf8_string(lfirst(cell)));
		separator = ", ";
	}
	appendStringInfoChar(json, ']');
	if (options->sources != NULL)
		appendStringInfo(json, ", \"sources\": %s",
						 utf8_string(options->sources));
}

void
tr_task_queue(const TrTask *task, TrLink *link, const char *action)
{
	StringInfoData json;
	uint8		header[WIRE_HEADER_SIZE];

	initStringInfo(&json);
	appendStringInfo(&json, "{\"action\": \"%s\"", action);
	add_text(&json, "name", task->script);
	add_text(&json, "code", task->code);
	add_text(&json, "shape", tr_shape_name(task->shape));
	add_text(&json, "numeric", tr_numeric_name(task->numeric));
	if (task->options != NULL)
		add_text(&json, "backend", tr_backend_name(task->options->backend));
	if (task->options != NULL)
		add_input(&json, task->options);
	if (task->params != NULL)
		appendStringInfo(&json, ", \"params\": %s", utf8_string(task->params));
	appendStringInfo(&json, ", \"log_bytes\": " INT64_FORMAT
					 ", \"output_rows\": " INT64_FORMAT
					 ", \"output_bytes\": " INT64_FORMAT "}",
					 task->limits.log_bytes, task->limits.output_rows,
					 task->limits.output_bytes);
	if (json.len > WIRE_MAX_PAYLOAD)
		ereport(ERROR,
				(errcode(TR_ERR_LIMIT),
				 errmsg("script and params together are larger than %u MB",
						WIRE_MAX_PAYLOAD / 1024 / 1024)));
	tr_link_queue(link, header,
				  wire_header_encode(header, WIRE_TASK, json.len));
	tr_link_queue(link, json.data, json.len);
	pfree(json.data);
}
