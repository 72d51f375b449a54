/*
 * tr_users.c
 *		transform_user_create and its like.
 *
 * Process: any backend.
 *
 * Whoever gives a user a password can log in as him: so that takes the
 * right to take on the user's role, as making him does.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_authenticate.h"
#include "tr_login.h"
#include "tr_password.h"
#include "tr_redact.h"

#define EMAIL_MAX	254			/* RFC 5321, section 4.5.3.1.3 */


/* A look at the form alone: one @ with something on both sides, no blanks. */
static void
check_email(const char *email)
{
	const char *at = strchr(email, '@');
	bool		good = at != NULL && at > email && at[1] != '\0' &&
		strchr(at + 1, '@') == NULL && strlen(email) <= EMAIL_MAX;

	for (const char *p = email; *p; p++)
		if ((unsigned char) *p <= ' ' || *p == 0x7f)
			good = false;
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not an e-mail"),
				 errhint("For example ann@example.com; at most %d bytes.",
						 EMAIL_MAX)));
}

static void
audit_user(const char *outcome, const char *id, const char *email)
{
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_USER, .outcome = outcome,
		.detail = psprintf("user %s, %s", id, email)
	});
}

static void
find_user(FunctionCallInfo fcinfo, TrUser *user)
{
	char	   *email = tr_api_text_arg(fcinfo, 0, "email");

	if (!tr_store_user_by_email(email, user))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("user \"%s\" does not exist", email),
				 errhint("SELECT email FROM transform.users lists the users.")));
}

static Datum
user_create(PG_FUNCTION_ARGS)
{
	char	   *email;
	Oid			role;
	char	   *password;
	char	   *id;

	tr_redact_statement();
	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_user_create()");
	email = tr_api_text_arg(fcinfo, 0, "email");
	role = tr_api_oid_arg(fcinfo, 1, "role");
	password = tr_api_text_arg(fcinfo, 2, "password");
	check_email(email);
	tr_auth_check_grant(role);
	tr_password_check(password);
	id = tr_store_user_add(email, tr_password_hash(password), role, GetUserId());
	tr_password_wipe(password);
	if (id == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("user \"%s\" exists already", email),
				 errhint("Upper and lower case make no difference; transform_user_set_password() gives a user a new password.")));
	audit_user("created", id, email);
	PG_RETURN_DATUM(DirectFunctionCall1(uuid_in, CStringGetDatum(id)));
}

/*
 * By himself, with his current password; or by an administrator.  Anybody else
 * is told the same whether there is such a user or not.
 */
static void
check_may_set(bool found, const TrUser *user, const char *current_password)
{
	Oid			admin = get_role_oid("transform_admin", true);

	if (found && current_password != NULL && tr_auth_is_user(user->id))
		tr_login_check(user, user->email, current_password, NULL);
	else if (!OidIsValid(admin) || !has_privs_of_role(GetUserId(), admin))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("you may not set this user's password"),
				 errhint("After transform_authenticate() you can set your own: give current_password, too. Members of transform_admin set those of others.")));
	else if (found)
		tr_auth_check_grant(user->role);
}

static Datum
user_set_password(PG_FUNCTION_ARGS)
{
	TrUser		user = {0};
	char	   *email;
	char	   *password;
	char	   *current = tr_api_optional_text(fcinfo, 2);

	tr_redact_statement();
	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_user_set_password()");
	email = tr_api_text_arg(fcinfo, 0, "email");
	password = tr_api_text_arg(fcinfo, 1, "password");
	tr_password_check(password);
	check_may_set(tr_store_user_by_email(email, &user), &user, current);
	if (user.id == NULL)
		find_user(fcinfo, &user);
	tr_store_user_password(user.id, tr_password_hash(password));
	tr_password_wipe(password);
	if (current != NULL)
		tr_password_wipe(current);
	audit_user("password set", user.id, user.email);
	PG_RETURN_VOID();
}

static Datum
user_disable(PG_FUNCTION_ARGS)
{
	TrUser		user = {0};

	PreventCommandIfReadOnly("transform_user_disable()");
	find_user(fcinfo, &user);
	audit_user("disabled", user.id, user.email);
	PG_RETURN_BOOL(tr_store_user_disable(user.id, true));
}

static Datum
user_enable(PG_FUNCTION_ARGS)
{
	TrUser		user = {0};

	PreventCommandIfReadOnly("transform_user_enable()");
	find_user(fcinfo, &user);
	audit_user("enabled", user.id, user.email);
	PG_RETURN_BOOL(tr_store_user_disable(user.id, false));
}

static Datum
user_revoke(PG_FUNCTION_ARGS)
{
	TrUser		user = {0};

	PreventCommandIfReadOnly("transform_user_revoke()");
	find_user(fcinfo, &user);
	audit_user("revoked", user.id, user.email);
	tr_store_user_tokens_after(user.id, PG_ARGISNULL(1) ? 0 : PG_GETARG_TIMESTAMPTZ(1));
	PG_RETURN_VOID();
}

/* ---- called from SQL: refusals are recorded ---- */

TR_AUDITED(transform_user_create, user_create, TR_AUDIT_USER, TR_ABOUT_NOTHING)
TR_AUDITED(transform_user_set_password, user_set_password, TR_AUDIT_USER, TR_ABOUT_NOTHING)
TR_AUDITED(transform_user_disable, user_disable, TR_AUDIT_USER, TR_ABOUT_NOTHING)
TR_AUDITED(transform_user_enable, user_enable, TR_AUDIT_USER, TR_ABOUT_NOTHING)
TR_AUDITED(transform_user_revoke, user_revoke, TR_AUDIT_USER, TR_ABOUT_NOTHING)
