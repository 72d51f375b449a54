/*
 * tr_api_script_manage.c
 *		transform_script_rename, _archive, _unarchive, _owner, _grant, _revoke:
 *		what the owner of a script and members of transform_admin may do.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_store_script.h"


/* The script that the first argument names, which the caller may manage. */
static void
managed_script(FunctionCallInfo fcinfo, const char *command, TrScript *script)
{
	PreventCommandIfReadOnly(command);
	tr_api_script(tr_api_text_arg(fcinfo, 0, "script"), script);
	if (script->access < TR_ACCESS_MANAGE)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of script \"%s\"", script->name),
				 errhint("Its owner and members of transform_admin may do that.")));
}

/* A role by its name, as it is written in pg_roles. */
static Oid
role_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *name = tr_api_text_arg(fcinfo, n, "role");
	Oid			role;

	if (pg_strcasecmp(name, "public") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_GRANT_OPERATION),
				 errmsg("a script cannot belong to or be shared with PUBLIC"),
				 errhint("Name a role; a group role reaches all its members.")));
	role = get_role_oid(name, true);
	if (!OidIsValid(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", name),
				 errhint("Give its name as SELECT rolname FROM pg_roles shows it.")));
	return role;
}

/* As role_arg, or the number that stands for a role that was dropped. */
static Oid
role_or_number_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *name = tr_api_text_arg(fcinfo, n, "role");
	Oid			role = get_role_oid(name, true);

	if (OidIsValid(role) || name[0] == '\0' ||
		strspn(name, "0123456789") != strlen(name))
		return role_arg(fcinfo, n);
	return DatumGetObjectId(DirectFunctionCall1(oidin, CStringGetDatum(name)));
}

static const char *
privilege_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *privilege = tr_api_text_arg(fcinfo, n, "privilege");

	if (strcmp(privilege, "use") != 0 && strcmp(privilege, "edit") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no privilege on a script", privilege),
				 errhint("Give 'use' (see and run it) or 'edit' (add versions as well).")));
	return privilege;
}

static void
audit(TrAuditKind kind, const char *outcome, const TrScript *script,
	  const char *detail)
{
	tr_audit(&(TrAuditEvent) {
		.kind = kind,
		.outcome = outcome,
		.script = script->name,
		.detail = detail
	});
}

static Datum
script_rename(PG_FUNCTION_ARGS)
{
	TrScript	script;
	char	   *new_name;

	managed_script(fcinfo, "transform_script_rename()", &script);
	new_name = tr_api_text_arg(fcinfo, 1, "new_name");
	tr_api_check_script_name(new_name);
	tr_script_rename(&script, new_name);
	audit(TR_AUDIT_SCRIPT, "renamed", &script, psprintf("to %s", new_name));
	PG_RETURN_VOID();
}

static void
set_archived(const TrScript *script, bool archived)
{
	if (script->archived == archived)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 archived ? errmsg("script \"%s\" is archived", script->name) :
				 errmsg("script \"%s\" is not archived", script->name),
				 errhint("transform.scripts lists the scripts in use, transform.archived_scripts the others.")));
	tr_script_set_archived(script, archived, GetUserId());
	audit(TR_AUDIT_SCRIPT, archived ? "archived" : "unarchived", script, NULL);
}

static Datum
script_archive(PG_FUNCTION_ARGS)
{
	TrScript	script;

	managed_script(fcinfo, "transform_script_archive()", &script);
	set_archived(&script, true);
	PG_RETURN_VOID();
}

static Datum
script_unarchive(PG_FUNCTION_ARGS)
{
	TrScript	script;

	managed_script(fcinfo, "transform_script_unarchive()", &script);
	set_archived(&script, false);
	PG_RETURN_VOID();
}

static Datum
script_owner(PG_FUNCTION_ARGS)
{
	TrScript	script;
	Oid			owner;
	char	   *name;

	managed_script(fcinfo, "transform_script_owner()", &script);
	owner = role_arg(fcinfo, 1);
	name = GetUserNameFromId(owner, false);
	if (!tr_api_may_see(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be member of role \"%s\"", name),
				 errhint("Members of transform_admin may give a script to any role.")));
	tr_script_set_owner(&script, owner);
	audit(TR_AUDIT_GRANT, "given away", &script, psprintf("to %s", name));
	PG_RETURN_VOID();
}

static Datum
script_grant(PG_FUNCTION_ARGS)
{
	TrScript	script;
	Oid			role;
	const char *privilege;
	bool		changed;

	managed_script(fcinfo, "transform_script_grant()", &script);
	role = role_arg(fcinfo, 1);
	privilege = privilege_arg(fcinfo, 2);
	changed = tr_script_grant(&script, role, privilege, GetUserId());
	if (changed)
		audit(TR_AUDIT_GRANT, "granted", &script,
			  psprintf("%s to %s", privilege, GetUserNameFromId(role, false)));
	PG_RETURN_BOOL(changed);
}

static Datum
script_revoke(PG_FUNCTION_ARGS)
{
	TrScript	script;
	Oid			role;
	const char *privilege;
	bool		changed;

	managed_script(fcinfo, "transform_script_revoke()", &script);
	role = role_or_number_arg(fcinfo, 1);
	privilege = PG_ARGISNULL(2) ? NULL : privilege_arg(fcinfo, 2);
	changed = tr_script_revoke(&script, role, privilege);
	if (changed)
		audit(TR_AUDIT_GRANT, "revoked", &script,
			  psprintf("%s from %s", privilege != NULL ? privilege : "all",
					   tr_api_text_arg(fcinfo, 1, "role")));
	PG_RETURN_BOOL(changed);
}

/* ---- as SQL calls them: what is refused stands in the audit, too ---- */

TR_AUDITED(transform_script_rename, script_rename, TR_AUDIT_SCRIPT, TR_ABOUT_SCRIPT)
TR_AUDITED(transform_script_archive, script_archive, TR_AUDIT_SCRIPT, TR_ABOUT_SCRIPT)
TR_AUDITED(transform_script_unarchive, script_unarchive, TR_AUDIT_SCRIPT, TR_ABOUT_SCRIPT)
TR_AUDITED(transform_script_owner, script_owner, TR_AUDIT_GRANT, TR_ABOUT_SCRIPT)
TR_AUDITED(transform_script_grant, script_grant, TR_AUDIT_GRANT, TR_ABOUT_SCRIPT)
TR_AUDITED(transform_script_revoke, script_revoke, TR_AUDIT_GRANT, TR_ABOUT_SCRIPT)
