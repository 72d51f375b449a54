/*
 * tr_api_script_versions.c
 *		transform_script_diff, transform_script_history, and the trigger that
 *		keeps versions as they are.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_diff.h"
#include "tr_store_script.h"

PG_FUNCTION_INFO_V1(transform_refuse_version_change);

/* "top version 2", on one line. */
static char *
label(const TrScript *script)
{
	char	   *text = psprintf("%s version %d", script->name, script->version);

	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char) *p < ' ')
			*p = '?';
	return text;
}

static Datum
script_diff(PG_FUNCTION_ARGS)
{
	char	   *name = tr_api_text_arg(fcinfo, 0, "script");
	TrScript	a;
	TrScript	b;

	tr_api_script_version(name, tr_api_int4_arg(fcinfo, 1, "a"), &a);
	if (PG_ARGISNULL(2))
		tr_api_script(name, &b);
	else
		tr_api_script_version(name, PG_GETARG_INT32(2), &b);
	PG_RETURN_TEXT_P(cstring_to_text(tr_diff_unified(a.code, b.code, label(&a),
													 label(&b))));
}

TR_AUDITED(transform_script_diff, script_diff, TR_AUDIT_READ, TR_ABOUT_SCRIPT)

static Datum
script_history(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TrScript	script;

	tr_api_script(tr_api_text_arg(fcinfo, 0, "script"), &script);
	InitMaterializedSRF(fcinfo, 0);
	tr_script_history(&script, rsinfo->setResult, rsinfo->setDesc);
	return (Datum) 0;
}

TR_AUDITED(transform_script_history, script_history, TR_AUDIT_READ, TR_ABOUT_SCRIPT)

Datum
transform_refuse_version_change(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("refuse_version_change() is a trigger")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a version of a script never changes"),
			 errdetail("Jobs of the past name the version they ran."),
			 errhint("transform_script_create() adds a version, transform_script_archive() takes a script out of use.")));
	PG_RETURN_NULL();
}
