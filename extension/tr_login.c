/*
 * tr_login.c
 *		transform_login, transform_refresh, transform_logout.
 *
 * Process: any backend.
 *
 * Whoever fails learns nothing: not whether there is such a user, whether he
 * is disabled, or what is wrong with him.  The same message, and the same time,
 * since a password is hashed in every case.  The server log has the reason.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/inet.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_delay.h"
#include "tr_guc.h"
#include "tr_authenticate.h"
#include "tr_login.h"
#include "tr_password.h"
#include "tr_redact.h"
#include "tr_tokens.h"

PG_FUNCTION_INFO_V1(transform_login);
PG_FUNCTION_INFO_V1(transform_refresh);
PG_FUNCTION_INFO_V1(transform_logout);

/* Stands even if the transaction rolls back: its token does, too. */
static void
audit_login(const char *outcome, const TrUser *user, const char *token_id,
			const char *detail, int sqlstate)
{
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_LOGIN, .outcome = outcome, .lasting = true,
		.role = user != NULL ? user->role : InvalidOid,
		.subject = user != NULL ? user->id : NULL, .token_id = token_id,
		.sqlstate = sqlstate, .detail = detail
	});
}

pg_noreturn static void
fail(const TrUser *user, const char *why)
{
	audit_login("refused", user, NULL, why, ERRCODE_INVALID_PASSWORD);
	ereport(LOG_SERVER_ONLY,
			(errcode(ERRCODE_INVALID_PASSWORD),
			 errmsg("transform: login of %s failed: %s",
					user != NULL ? user->id : "nobody", why),
			 errhidestmt(true), errhidecontext(true)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PASSWORD),
			 errmsg("login failed"),
			 errhint("Check the e-mail and the password.")));
}

/* What is wrong with the user, or NULL. */
static const char *
obstacle(const TrUser *user)
{
	if (user->disabled)
		return "the user is disabled";
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(user->role)))
		return "the user's role does not exist any more";
	if (superuser_arg(user->role))
		return "the user's role has become a superuser";
	return NULL;
}

void
tr_login_check(const TrUser *user, const char *email, const char *password,
			   inet *address)
{
	TrTry		attempt;

	tr_delay_begin(&attempt,
				   str_tolower(email, strlen(email), DEFAULT_COLLATION_OID),
				   address);
	if (!tr_password_matches(user != NULL ? user->hash : NULL, password))
		fail(user, user != NULL ? "wrong password" : "no user has this e-mail");
	if (obstacle(user) != NULL)
		fail(user, obstacle(user));
	tr_delay_succeeded(&attempt);
}

/* Where the application says that the person is. */
static char *
address_detail(inet *address)
{
	return address == NULL ? NULL :
		psprintf("from %s", TextDatumGetCString(DirectFunctionCall1(network_host,
																	 InetPGetDatum(address))));
}

Datum
transform_login(PG_FUNCTION_ARGS)
{
	TrUser		user = {0};
	char	   *email;
	char	   *password;
	inet	   *address = PG_ARGISNULL(2) ? NULL : PG_GETARG_INET_PP(2);
	bool		found;
	char	   *token;
	char	   *id;
	char	   *hash = NULL;

	tr_redact_statement();
	tr_api_require_preload();
	email = tr_api_text_arg(fcinfo, 0, "email");
	password = tr_api_text_arg(fcinfo, 1, "password");
	PreventCommandIfReadOnly("transform_login()");
	found = tr_store_user_by_email(email, &user);
	tr_login_check(found ? &user : NULL, email, password, address);
	if (tr_password_outdated(user.hash))
		hash = tr_password_hash(password);
	tr_password_wipe(password);
	tr_store_user_logged_in(user.id, hash);
	token = tr_token_issue(&user, tr_token_now(), &id);
	audit_login("succeeded", &user, id, address_detail(address), 0);
	PG_RETURN_TEXT_P(cstring_to_text(token));
}

/* The argument, a good token of ours. */
static void
own_token(FunctionCallInfo fcinfo, TrToken *token)
{
	tr_redact_statement();
	tr_api_require_preload();
	if (PG_ARGISNULL(0))
		tr_token_refuse("it is NULL");
	tr_token_check(PG_GETARG_TEXT_PP(0), token);
	if (!token->own)
		tr_token_refuse("it is of another issuer");
}

Datum
transform_refresh(PG_FUNCTION_ARGS)
{
	TrToken		token = {0};
	TrUser		user = {0};
	int64		login_time;
	char	   *issued;
	char	   *id;

	own_token(fcinfo, &token);
	if (!tr_token_number_claim(&token, "auth_time", &login_time) ||
		tr_token_now() - login_time >= tr_session_lifetime)
		tr_token_refuse("the login is longer ago than transform.session_lifetime");
	if (!tr_store_user_by_id(token.subject, &user))
		tr_token_refuse("its user does not exist");
	if (obstacle(&user) != NULL)
		tr_token_refuse(obstacle(&user));
	issued = tr_token_issue(&user, login_time, &id);
	audit_login("refreshed", &user, id, NULL, 0);
	PG_RETURN_TEXT_P(cstring_to_text(issued));
}

Datum
transform_logout(PG_FUNCTION_ARGS)
{
	TrToken		token = {0};

	PreventCommandIfReadOnly("transform_logout()");
	own_token(fcinfo, &token);
	tr_store_token_revoke(token.issuer, token.id, token.expires);
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_LOGIN, .outcome = "ended", .subject = token.subject,
		.token_id = token.id
	});
	if (!PG_ARGISNULL(1) && PG_GETARG_BOOL(1))
		tr_store_user_tokens_after(token.subject, 0);
	PG_RETURN_VOID();
}
