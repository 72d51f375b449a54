/*
 * tr_api_script.c
 *		transform_script_create, transform_validate.
 *
 * Process: any backend.  The code is checked by a worker (tr_session), since
 * only Python can tell what Python is.
 */
#include "postgres.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_errors.h"
#include "tr_session.h"

#define MAX_CODE_BYTES	(1024 * 1024)

PG_FUNCTION_INFO_V1(transform_validate);

static void
check_code_size(const char *code)
{
	if (strlen(code) > MAX_CODE_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the script has %zu bytes, more than the %d a script may have",
						strlen(code), MAX_CODE_BYTES),
				 errhint("Put data into a table or into params, not into the code.")));
}

static void
append_finding(StringInfo buf, const TrFinding *f)
{
	if (f->line > 0)
		appendStringInfo(buf, "%d:%d: ", f->line, f->column);
	appendStringInfoString(buf, f->what);
}

/* All findings, one per line. */
static char *
describe_findings(List *findings)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, findings)
	{
		const TrFinding *f = lfirst(cell);

		if (buf.len > 0)
			appendStringInfoChar(&buf, '\n');
		append_finding(&buf, f);
		if (f->why != NULL && f->why[0] != '\0')
			appendStringInfo(&buf, " (%s)", f->why);
		if (strcmp(f->severity, "error") != 0)
			appendStringInfo(&buf, " [%s]", f->severity);
	}
	return buf.data;
}

/* Refuse the code when there is a finding of severity error. */
static void
refuse_findings(const char *name, List *findings)
{
	ListCell   *cell;

	foreach(cell, findings)
	{
		const TrFinding *f = lfirst(cell);
		StringInfoData first;
		bool		syntax;

		if (strcmp(f->severity, "error") != 0)
			continue;
		initStringInfo(&first);
		append_finding(&first, f);
		syntax = pg_strncasecmp(f->what, "syntax", 6) == 0;
		ereport(ERROR,
				(errcode(syntax ? TR_ERR_SYNTAX : TR_ERR_REFUSED),
				 errmsg("script \"%s\" is refused: %s", name, first.data),
				 errdetail("%s", describe_findings(findings)),
				 f->instead != NULL && f->instead[0] != '\0' ?
				 errhint("%s", f->instead) :
				 errhint("transform_validate(code) explains each finding.")));
	}
}

/* Lock it, or make it the user's. */
static void
lock_for_edit(TrScript *script)
{
	tr_script_lock(script->name, GetUserId(), script);
	if (script->access < TR_ACCESS_EDIT)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("script \"%s\" belongs to another role", script->name),
				 script->access == TR_ACCESS_NONE ?
				 errhint("Choose another name.") :
				 errhint("You may use it; its owner lets you add versions with transform_script_grant(script, role, 'edit').")));
	if (script->archived)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("script \"%s\" is archived", script->name),
				 errhint("transform_script_unarchive() brings it back; or choose another name.")));
}

static Datum
script_create(PG_FUNCTION_ARGS)
{
	TrScript	script = {0};
	char	   *shape = tr_api_optional_text(fcinfo, 2);
	char	   *numeric = tr_api_optional_text(fcinfo, 3);
	char	   *description = tr_api_optional_text(fcinfo, 4);
	char	   *backend = tr_api_optional_text(fcinfo, 5);
	char	   *versions;
	int			version;

	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_script_create()");
	script.name = tr_api_text_arg(fcinfo, 0, "name");
	script.code = tr_api_text_arg(fcinfo, 1, "code");
	tr_api_check_script_name(script.name);
	check_code_size(script.code);
	script.shape = shape == NULL ? TR_SHAPE_TABLE : tr_shape_parse(shape);
	script.numeric = numeric == NULL ? TR_NUMERIC_FLOAT64 :
		tr_numeric_parse(numeric);
	script.backend = backend == NULL ? TR_BACKEND_NUMPY :
		tr_backend_parse(backend);
	tr_api_wait_for_host();
	refuse_findings(script.name, tr_session_validate(script.code, &versions));
	lock_for_edit(&script);
	version = tr_script_add(&script, description, versions, GetUserId());
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_SCRIPT,
		.outcome = "created",
		.script = script.name,
		.version = version
	});
	PG_RETURN_INT32(version);
}

TR_AUDITED(transform_script_create, script_create, TR_AUDIT_SCRIPT, TR_ABOUT_SCRIPT)

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL || text[0] == '\0';
	return *isnull ? (Datum) 0 : CStringGetTextDatum(text);
}

Datum
transform_validate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *code;
	List	   *findings;
	ListCell   *cell;

	tr_api_require_preload();
	code = tr_api_text_arg(fcinfo, 0, "code");
	check_code_size(code);
	InitMaterializedSRF(fcinfo, 0);
	tr_api_wait_for_host();
	findings = tr_session_validate(code, NULL);
	foreach(cell, findings)
	{
		const TrFinding *f = lfirst(cell);
		Datum		values[6];
		bool		nulls[6] = {false};

		nulls[0] = f->line <= 0;
		values[0] = Int32GetDatum(f->line);
		nulls[1] = f->column <= 0;
		values[1] = Int32GetDatum(f->column);
		values[2] = CStringGetTextDatum(f->severity);
		values[3] = text_or_null(f->what, &nulls[3]);
		values[4] = text_or_null(f->why, &nulls[4]);
		values[5] = text_or_null(f->instead, &nulls[5]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
