/*
 * tr_api_watermark.c
 *		transform_watermark_reset.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "tr_api.h"
#include "tr_queue.h"

PG_FUNCTION_INFO_V1(transform_watermark_reset);

Datum
transform_watermark_reset(PG_FUNCTION_ARGS)
{
	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_watermark_reset()");
	PG_RETURN_INT64(tr_queue_watermark_reset(tr_api_text_arg(fcinfo, 0, "script"),
											 tr_api_optional_text(fcinfo, 1),
											 tr_api_optional_text(fcinfo, 2)));
}
