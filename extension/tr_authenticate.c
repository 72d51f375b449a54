/*
 * tr_authenticate.c
 *		transform_validate_jwt, transform_authenticate, and who the current
 *		transaction works for.
 *
 * Process: any backend.
 *
 * transform_authenticate does what SET LOCAL ROLE does, under the same rule:
 * the session user must be a member of the role.  So a token can never give
 * more than whoever made the pool's account allowed, and the end of the
 * transaction takes it back, as a pool in transaction mode needs.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_authenticate.h"
#include "tr_redact.h"
#include "tr_tokens.h"

PG_FUNCTION_INFO_V1(transform_validate_jwt);
PG_FUNCTION_INFO_V1(transform_authenticate);

/* In the memory of the transaction; the latest first. */
typedef struct Identity
{
	struct Identity *previous;
	SubTransactionId subxact;	/* that took it on */
	bool		own;			/* subject is the number of a user of ours */
	Oid			role;
	char	   *subject;
	char	   *token_id;
} Identity;

static Identity *current = NULL;
static bool registered = false;

/* ---- the end of transactions ---- */

static void
at_end(XactEvent event, void *arg)
{
	(void) arg;
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			current = NULL;
			break;
		default:
			break;
	}
}

/* ROLLBACK TO SAVEPOINT takes back the role, and this with it. */
static void
at_subxact_end(SubXactEvent event, SubTransactionId mine,
			   SubTransactionId parent, void *arg)
{
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (current != NULL && current->subxact == mine)
			current = current->previous;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		for (Identity *i = current; i != NULL && i->subxact == mine; i = i->previous)
			i->subxact = parent;
}

static void
remember(const TrToken *token, Oid role)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	Identity   *identity = palloc0(sizeof(Identity));

	identity->previous = current;
	identity->subxact = GetCurrentSubTransactionId();
	identity->own = token->own;
	identity->role = role;
	identity->subject = token->subject ? pstrdup(token->subject) : NULL;
	identity->token_id = token->id ? pstrdup(token->id) : NULL;
	MemoryContextSwitchTo(old);
	if (!registered)
	{
		RegisterXactCallback(at_end, NULL);
		RegisterSubXactCallback(at_subxact_end, NULL);
		registered = true;
	}
	current = identity;
}

/* ---- what others ask ---- */

/* Not after RESET ROLE, or another SET ROLE. */
static const Identity *
in_effect(void)
{
	return current != NULL && GetCurrentRoleId() == current->role ? current : NULL;
}

const char *
tr_auth_subject(void)
{
	const Identity *i = in_effect();

	return i == NULL ? NULL : i->subject;
}

const char *
tr_auth_token_id(void)
{
	const Identity *i = in_effect();

	return i == NULL ? NULL : i->token_id;
}

bool
tr_auth_is_user(const char *id)
{
	const Identity *i = in_effect();

	return i != NULL && i->own && strcmp(i->subject, id) == 0;
}

static bool
role_exists(Oid role)
{
	return SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role));
}

void
tr_auth_check_grant(Oid role)
{
	if (!role_exists(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role with OID %u does not exist", role),
				 errhint("\\du lists the roles in psql.")));
	if (superuser_arg(role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" is a superuser, whom no token may stand for",
						GetUserNameFromId(role, false)),
				 errhint("Choose a role with the rights that are needed, and no more.")));
	if (!member_can_set_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("you cannot take on role \"%s\" yourself",
						GetUserNameFromId(role, false)),
				 errhint("Be a member of the role, or ask somebody who is.")));
}

/* ---- taking on a role ---- */

static void
check_place(void)
{
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	if (security != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("transform_authenticate() cannot be called within a security-definer function or a security-restricted operation"),
				 errhint("Call it by itself, first in the transaction.")));
	if (!IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
				 errmsg("transform_authenticate() can only be used in transaction blocks"),
				 errhint("The role lasts to the end of the transaction: BEGIN one first.")));
}

/* A text, for a key of others: the value of its claim. */
static Oid
mapped_role(const TrToken *token)
{
	char	   *value;
	Oid			role;

	if (token->own)
		return token->role;
	value = tr_token_text_claim(token, token->claim);
	if (value == NULL)
		tr_token_refuse("the claim that its key takes the role from is not there, or no string");
	role = tr_store_key_role(token->kid, value);
	if (!OidIsValid(role))
		tr_token_refuse("the value of the claim is mapped to no role");
	return role;
}

static void
check_role(Oid role, const TrToken *token)
{
	char	   *name;
	char	   *session;

	if (!role_exists(role))
		tr_token_refuse("the role of its user does not exist any more");
	if (superuser_arg(role))
		tr_token_refuse("the role of its user has become a superuser");
	if (member_can_set_role(GetSessionUserId(), role))
		return;
	name = GetUserNameFromId(role, false);
	session = GetUserNameFromId(GetSessionUserId(), false);
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_TOKEN,
		.outcome = "denied",
		.lasting = true,
		.subject = token->subject,
		.token_id = token->id,
		.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
		.detail = psprintf("role \"%s\" may not be taken on", name)
	});
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("role \"%s\", which this session belongs to, may not take on role \"%s\"",
					session, name),
			 errhint("GRANT %s TO %s; for every role that tokens may stand for.",
					 quote_identifier(name), quote_identifier(session))));
}

static void
set_local(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
}

Datum
transform_authenticate(PG_FUNCTION_ARGS)
{
	TrToken		token = {0};
	Oid			role;
	char	   *name;

	tr_redact_statement();
	tr_api_require_preload();
	check_place();
	(void) tr_api_text_arg(fcinfo, 0, "token");
	tr_token_check(PG_GETARG_TEXT_PP(0), &token);
	role = mapped_role(&token);
	check_role(role, &token);
	name = GetUserNameFromId(role, false);
	set_local("role", name);
	set_local("request.jwt.claims",
			  JsonbToCString(NULL, &token.claims->root, VARSIZE(token.claims)));
	remember(&token, role);
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

Datum
transform_validate_jwt(PG_FUNCTION_ARGS)
{
	TrToken		token = {0};

	tr_redact_statement();
	tr_api_require_preload();
	if (PG_ARGISNULL(0))
		tr_token_refuse("it is NULL");
	tr_token_check(PG_GETARG_TEXT_PP(0), &token);
	PG_RETURN_JSONB_P(token.claims);
}
