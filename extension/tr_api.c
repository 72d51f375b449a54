/*
 * tr_api.c
 *		Arguments and permissions of the SQL-callable functions.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/condition_variable.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/inet.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "tr_api.h"
#include "tr_compat.h"
#include "tr_errors.h"
#include "tr_shmem.h"

#define HOST_WAIT_MS	30000

PG_FUNCTION_INFO_V1(transform_may_see);

void
tr_api_require_preload(void)
{
	if (!tr_shmem_ready())
		ereport(ERROR,
				(errcode(TR_ERR_SANDBOX),
				 errmsg("transform is not preloaded"),
				 errhint("Set shared_preload_libraries = 'transform' in postgresql.conf (after a comma if there are others) and restart the server.")));
}

/* A state that passes by itself within moments? */
static bool
host_is_coming(void)
{
	TrHostInfo	host;

	tr_shmem_host(&host);
	return host.launcher_pid != 0 &&
		(host.state == TR_HOST_NONE || host.state == TR_HOST_STARTING);
}

void
tr_api_wait_for_host(void)
{
	static uint32 event = 0;
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													   HOST_WAIT_MS);

	if (!host_is_coming())
		return;
	ConditionVariablePrepareToSleep(tr_host_changed());
	while (host_is_coming() && GetCurrentTimestamp() < deadline)
		(void) ConditionVariableTimedSleep(tr_host_changed(), 1000,
										   tr_wait_event(&event, "TransformHostStart"));
	ConditionVariableCancelSleep();
}

static void
require_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be NULL", name),
				 errhint("\\df+ shows the arguments of a function in psql.")));
}

char *
tr_api_text_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	require_argument(fcinfo, n, name);
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

int32
tr_api_int4_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	require_argument(fcinfo, n, name);
	return PG_GETARG_INT32(n);
}

int64
tr_api_int8_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	require_argument(fcinfo, n, name);
	return PG_GETARG_INT64(n);
}

Oid
tr_api_oid_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	require_argument(fcinfo, n, name);
	return PG_GETARG_OID(n);
}

int
tr_api_ranged_arg(FunctionCallInfo fcinfo, int n, const char *name,
				  int fallback, int min, int max)
{
	int			value = PG_ARGISNULL(n) ? fallback : PG_GETARG_INT32(n);

	if (value < min || value > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %d, outside the valid range", name, value),
				 errhint("Give a number from %d to %d.", min, max)));
	return value;
}

char *
tr_api_optional_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

List *
tr_text_list(ArrayType *array)
{
	List	   *result = NIL;
	Datum	   *values;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL,
					  &n);
	for (int i = 0; i < n; i++)
		result = lappend(result, TextDatumGetCString(values[i]));
	return result;
}

Jsonb *
tr_api_object_arg(FunctionCallInfo fcinfo, int n, const char *name,
				  const char *example)
{
	Jsonb	   *object;

	if (PG_ARGISNULL(n))
		return NULL;
	object = PG_GETARG_JSONB_P(n);
	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a JSON object", name),
				 errhint("For example %s => %s.", name, example)));
	return object;
}

static bool
has_privs_of(Oid user, const char *name)
{
	Oid			role = get_role_oid(name, true);

	return OidIsValid(role) && has_privs_of_role(user, role);
}

bool
tr_api_role_may_see(Oid user, Oid role)
{
	return has_privs_of_role(user, role) ||
		has_privs_of(user, "transform_admin");
}

bool
tr_api_may_see(Oid role)
{
	return tr_api_role_may_see(GetUserId(), role);
}

void
tr_api_require_user(void)
{
	Oid			user = GetUserId();
	char	   *role;

	if (has_privs_of(user, "transform_user") ||
		has_privs_of(user, "transform_admin"))
		return;
	role = GetUserNameFromId(user, false);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("role \"%s\" may not run scripts", role),
			 errhint("GRANT transform_user TO %s", quote_identifier(role))));
}

Datum
transform_may_see(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(tr_api_may_see(PG_GETARG_OID(0)));
}

void
tr_api_check_script_name(const char *name)
{
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("a script needs a name"),
				 errhint("Give one of 1 to %d bytes.", NAMEDATALEN - 1)));
	if (strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("script name \"%s\" is too long", name),
				 errdetail("It has %d bytes; a name has at most %d.",
						   (int) strlen(name), NAMEDATALEN - 1),
				 errhint("Choose a shorter name.")));
}

static void
find_script(const char *name, int version, TrScript *script)
{
	if (!tr_script_find(name, version, GetUserId(), script) ||
		script->access == TR_ACCESS_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("script \"%s\" does not exist", name),
				 errhint("SELECT name FROM transform.scripts lists your scripts; transform_script_create() makes one.")));
}

void
tr_api_script(const char *name, TrScript *script)
{
	find_script(name, 0, script);
}

void
tr_api_script_version(const char *name, int version, TrScript *script)
{
	/* 0 would be the current one */
	find_script(name, version == 0 ? -1 : version, script);
	if (script->code == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("script \"%s\" has no version %d", name, version),
				 errhint("transform_script_history() lists its versions.")));
}

void
tr_api_check_may_run(const char *script, TrAccess access, bool archived)
{
	if (access < TR_ACCESS_USE)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for script \"%s\"", script),
				 errdetail("The privilege has been revoked since the job was submitted."),
				 errhint("Its owner shares it with transform_script_grant(script, role, 'use').")));
	if (archived)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("script \"%s\" is archived", script),
				 errhint("Its owner brings it back with transform_script_unarchive(script).")));
}

void
tr_api_job(int64 job, TrJobStatus *status)
{
	if (!tr_queue_status(job, status) || !tr_api_may_see(status->role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("job " INT64_FORMAT " does not exist", job),
				 errhint("SELECT id FROM transform.jobs lists your jobs.")));
}

inet *
tr_api_client_address(void)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		address;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	return fcinfo->isnull ? NULL : DatumGetInetPP(address);
}
