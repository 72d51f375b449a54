/*
 * tr_keys.c
 *		transform_key_rotate and its like, transform_token_revoke.
 *
 * Process: any backend.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "jwt_private.h"
#include "tr_api.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_authenticate.h"
#include "tr_keyfile.h"
#include "tr_tokens.h"

#define OWN_KID_LEN		16		/* hexadecimal digits, as tr_keyfile.c makes */

PG_FUNCTION_INFO_V1(transform_key_rotate);
PG_FUNCTION_INFO_V1(transform_key_disable);
PG_FUNCTION_INFO_V1(transform_key_list);
PG_FUNCTION_INFO_V1(transform_token_revoke);

/* What is done to the file does not roll back, nor does its record. */
static void
audit_key(const char *outcome, bool lasting, const char *detail)
{
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_KEY, .outcome = outcome, .lasting = lasting,
		.detail = detail
	});
}

/* The old key stays until the last token it signed has expired. */
Datum
transform_key_rotate(PG_FUNCTION_ARGS)
{
	char	   *kid;

	(void) fcinfo;
	tr_api_require_preload();
	PreventCommandDuringRecovery("transform_key_rotate()");
	kid = tr_keyfile_rotate((TR_LIFETIME_MAX + TR_JWT_SKEW_MAX) * INT64CONST(1000));
	audit_key("rotated", true, kid);
	PG_RETURN_TEXT_P(cstring_to_text(kid));
}

/* ---- a public key ---- */

pg_noreturn static void
bad_key(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("this is not a key that can be added: %s", why),
			 errhint("jwk is a public key as RFC 8037 writes it: {\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"...\"}.")));
}

static char *
member(Jsonb *object, const char *name)
{
	JsonbValue	v;

	if (getKeyJsonValueFromContainer(&object->root, name, strlen(name), &v) == NULL ||
		v.type != jbvString)
		return NULL;
	return pnstrdup(v.val.string.val, v.val.string.len);
}

/* Its 32 bytes in base64url. */
static char *
parse_jwk(const char *text)
{
	Jsonb	   *jwk = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	JsonbValue	v;
	char	   *type;
	char	   *curve;
	char	   *x;

	if (!JB_ROOT_IS_OBJECT(jwk))
		bad_key("it is no JSON object");
	if (getKeyJsonValueFromContainer(&jwk->root, "d", 1, &v) != NULL)
		bad_key("it holds the private key, which its owner must not give away");
	type = member(jwk, "kty");
	curve = member(jwk, "crv");
	x = member(jwk, "x");
	if (type == NULL || strcmp(type, "OKP") != 0 ||
		curve == NULL || strcmp(curve, "Ed25519") != 0 || x == NULL)
		bad_key("only public keys of Ed25519 are accepted");
	return x;
}

/* As the token library will judge it, each time it is read. */
static void
check_key(const TrPublicKey *key)
{
	TrJwtKey	checked;
	uint8		bytes[TR_JWT_PUBLIC_KEY];
	size_t		len = 0;
	TrJwtResult result;

	if (!tr_jwt_base64_decode(key->key, strlen(key->key), bytes, sizeof(bytes),
							  &len))
		bad_key("x is not 32 bytes in base64url");
	result = tr_jwt_key_init(&checked, TR_JWT_EDDSA, key->kid, bytes, len,
							 key->issuer, key->audience);
	if (result != TR_JWT_OK)
		bad_key(tr_jwt_result_text(result));
	if (strlen(key->kid) == OWN_KID_LEN &&
		strspn(key->kid, "0123456789abcdef") == OWN_KID_LEN)
		bad_key("kids of 16 hexadecimal digits are those of our own keys");
	if (strcmp(key->issuer, TR_TOKEN_ISSUER) == 0)
		bad_key("issuer \"" TR_TOKEN_ISSUER "\" is this server");
}

static void
add_role(const char *kid, const JsonbValue *value, const JsonbValue *role)
{
	Oid			oid;

	if (role->type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a role in roles is no string"),
				 errhint("For example roles => '{\"analysts\": \"analyst\"}'.")));
	oid = get_role_oid(pnstrdup(role->val.string.val, role->val.string.len), false);
	tr_auth_check_grant(oid);
	tr_store_key_add_role(kid, pnstrdup(value->val.string.val, value->val.string.len), oid);
}

static void
add_roles(const char *kid, Jsonb *roles)
{
	JsonbIterator *it = JsonbIteratorInit(&roles->root);
	JsonbIteratorToken token;
	JsonbValue	v;
	JsonbValue	key = {0};

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = v;
		else if (token == WJB_VALUE)
			add_role(kid, &key, &v);
	}
}

static Datum
key_add(PG_FUNCTION_ARGS)
{
	TrPublicKey key = {0};
	Jsonb	   *roles;

	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_key_add()");
	key.kid = tr_api_text_arg(fcinfo, 0, "kid");
	key.key = parse_jwk(tr_api_text_arg(fcinfo, 1, "jwk"));
	key.issuer = tr_api_text_arg(fcinfo, 2, "issuer");
	key.audience = tr_api_text_arg(fcinfo, 3, "audience");
	key.claim = tr_api_text_arg(fcinfo, 4, "claim");
	roles = tr_api_object_arg(fcinfo, 5, "roles", "'{\"analysts\": \"analyst\"}'");
	check_key(&key);
	if (roles == NULL || JB_ROOT_COUNT(roles) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("roles maps no value of the claim to a role"),
				 errhint("For example roles => '{\"analysts\": \"analyst\"}'.")));
	if (!tr_store_key_add(&key, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("key \"%s\" exists already", key.kid),
				 errhint("transform_key_list() shows the keys; add a new one under a new kid.")));
	add_roles(key.kid, roles);
	audit_key("added", false, key.kid);
	PG_RETURN_VOID();
}

TR_AUDITED(transform_key_add, key_add, TR_AUDIT_KEY, TR_ABOUT_NOTHING)

Datum
transform_key_disable(PG_FUNCTION_ARGS)
{
	char	   *kid = tr_api_text_arg(fcinfo, 0, "kid");

	tr_api_require_preload();
	PreventCommandIfReadOnly("transform_key_disable()");
	if (tr_store_key_disable(kid))
		audit_key("disabled", false, kid);
	else if (tr_keyfile_remove(kid))
		audit_key("disabled", true, kid);
	else
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}

/* ---- the list ---- */

#define COLUMNS		9

static void
put_own(ReturnSetInfo *rsinfo, const TrFileKey *key)
{
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {false};

	values[0] = CStringGetTextDatum(key->kid);
	values[1] = CStringGetTextDatum("HS256");
	values[2] = CStringGetTextDatum(key->until == 0 ? "signs" : "verifies");
	values[3] = CStringGetTextDatum(TR_TOKEN_ISSUER);
	values[4] = CStringGetTextDatum(TR_TOKEN_ISSUER);
	nulls[5] = nulls[6] = true;
	values[7] = TimestampTzGetDatum(key->created);
	values[8] = TimestampTzGetDatum(key->until);
	nulls[8] = key->until == 0;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
put_public(ReturnSetInfo *rsinfo, const TrPublicKey *key)
{
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {false};

	values[0] = CStringGetTextDatum(key->kid);
	values[1] = CStringGetTextDatum("EdDSA");
	values[2] = CStringGetTextDatum(key->disabled ? "disabled" : "verifies");
	values[3] = CStringGetTextDatum(key->issuer);
	values[4] = CStringGetTextDatum(key->audience);
	values[5] = CStringGetTextDatum(key->claim);
	nulls[6] = key->roles == NULL;
	if (key->roles != NULL)
		values[6] = DirectFunctionCall1(jsonb_in, CStringGetDatum(key->roles));
	values[7] = TimestampTzGetDatum(key->created);
	nulls[8] = true;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

Datum
transform_key_list(PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTimestamp();
	ListCell   *cell;

	tr_api_require_preload();
	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, tr_keyfile_read())
	{
		TrFileKey  *key = lfirst(cell);

		if (key->until == 0 || key->until > now)
			put_own((ReturnSetInfo *) fcinfo->resultinfo, key);
		tr_jwt_wipe(key, sizeof(*key));
	}
	foreach(cell, tr_store_keys())
		put_public((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	return (Datum) 0;
}

Datum
transform_token_revoke(PG_FUNCTION_ARGS)
{
	char	   *id = tr_api_text_arg(fcinfo, 0, "token_id");
	char	   *issuer = tr_api_text_arg(fcinfo, 1, "issuer");
	TimestampTz expires = PG_ARGISNULL(2) ?
	TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
								(TR_LIFETIME_MAX + TR_JWT_SKEW_MAX) * INT64CONST(1000)) :
	PG_GETARG_TIMESTAMPTZ(2);

	PreventCommandIfReadOnly("transform_token_revoke()");
	tr_store_token_revoke(issuer, id, expires);
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_TOKEN, .outcome = "revoked", .token_id = id,
		.detail = issuer
	});
	PG_RETURN_VOID();
}
