/*
 * tr_store_token.c
 *		The statements on the tables of public keys and revoked tokens.
 *
 * Process: any backend, inside a transaction.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tr_statement.h"
#include "tr_store_identity.h"

/* one row, with or without a user */
static TrSql token_status = {
	"SELECT EXISTS (SELECT FROM transform.revoked_token r"
	"  WHERE r.issuer = $1 AND r.token_id = $2),"
	" u.role::oid, u.tokens_after"
	" FROM (SELECT 1) one LEFT JOIN transform.app_user u"
	" ON u.id = $3::uuid AND u.disabled_at IS NULL",
	3, {TEXTOID, TEXTOID, TEXTOID}
};

static TrSql token_revoke = {
	"INSERT INTO transform.revoked_token (issuer, token_id, expires_at)"
	" VALUES ($1, $2, $3) ON CONFLICT (issuer, token_id)"
	" DO UPDATE SET expires_at = greatest(revoked_token.expires_at, $3)",
	3, {TEXTOID, TEXTOID, TIMESTAMPTZOID}
};

/* clocks may differ by a minute */
static TrSql token_purge = {
	"DELETE FROM transform.revoked_token"
	" WHERE expires_at < clock_timestamp() - interval '2 minutes'",
	0, {0}
};

static TrSql key_add = {
	"INSERT INTO transform.token_key"
	" (kid, public_key, issuer, audience, claim, created_by)"
	" VALUES ($1, $2, $3, $4, $5, $6::regrole) ON CONFLICT (kid) DO NOTHING",
	6, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, OIDOID}
};

static TrSql key_add_role = {
	"INSERT INTO transform.token_role (kid, value, role)"
	" VALUES ($1, $2, $3::regrole)",
	3, {TEXTOID, TEXTOID, OIDOID}
};

static TrSql key_disable = {
	"UPDATE transform.token_key SET disabled_at = clock_timestamp()"
	" WHERE kid = $1 AND disabled_at IS NULL",
	1, {TEXTOID}
};

static TrSql key_all = {
	"SELECT kid, public_key, issuer, audience, claim,"
	" (SELECT jsonb_object_agg(r.value, r.role)::text"
	"  FROM transform.token_role r WHERE r.kid = k.kid),"
	" created_at, disabled_at IS NOT NULL"
	" FROM transform.token_key k ORDER BY kid",
	0, {0}
};

static TrSql key_role = {
	"SELECT role::oid FROM transform.token_role WHERE kid = $1 AND value = $2",
	2, {TEXTOID, TEXTOID}
};

void
tr_store_token_status(const char *issuer, const char *token_id,
					  const char *subject, TrTokenStatus *status)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Datum		values[3];
	char		nulls[3];
	TrScope		scope;
	bool		isnull;

	tr_scope_enter(&scope);
	tr_set_text(values, nulls, 0, issuer);
	tr_set_text(values, nulls, 1, token_id);
	tr_set_text(values, nulls, 2, subject);
	tr_sql(&token_status, values, nulls, snapshot);
	status->revoked = DatumGetBool(tr_value(0, 1));
	status->role = tr_oid_or_invalid(0, 2);
	status->user_known = OidIsValid(status->role);
	status->tokens_after = DatumGetTimestampTz(tr_column(0, 3, &isnull));
	if (isnull)
		status->tokens_after = 0;
	tr_scope_leave(&scope);
	UnregisterSnapshot(snapshot);
}

void
tr_store_token_revoke(const char *issuer, const char *token_id,
					  TimestampTz expires)
{
	Datum		values[3];
	TrScope		scope;

	tr_scope_enter(&scope);
	values[0] = CStringGetTextDatum(issuer);
	values[1] = CStringGetTextDatum(token_id);
	values[2] = TimestampTzGetDatum(expires);
	tr_sql(&token_purge, NULL, NULL, InvalidSnapshot);
	tr_sql(&token_revoke, values, NULL, InvalidSnapshot);
	tr_scope_leave(&scope);
}

bool
tr_store_key_add(const TrPublicKey *key, Oid creator)
{
	Datum		values[6];
	TrScope		scope;
	bool		added;

	tr_scope_enter(&scope);
	values[0] = CStringGetTextDatum(key->kid);
	values[1] = CStringGetTextDatum(key->key);
	values[2] = CStringGetTextDatum(key->issuer);
	values[3] = CStringGetTextDatum(key->audience);
	values[4] = CStringGetTextDatum(key->claim);
	values[5] = ObjectIdGetDatum(creator);
	tr_sql(&key_add, values, NULL, InvalidSnapshot);
	added = SPI_processed == 1;
	tr_scope_leave(&scope);
	return added;
}

void
tr_store_key_add_role(const char *kid, const char *value, Oid role)
{
	Datum		values[3];
	TrScope		scope;

	tr_scope_enter(&scope);
	values[0] = CStringGetTextDatum(kid);
	values[1] = CStringGetTextDatum(value);
	values[2] = ObjectIdGetDatum(role);
	tr_sql(&key_add_role, values, NULL, InvalidSnapshot);
	tr_scope_leave(&scope);
}

bool
tr_store_key_disable(const char *kid)
{
	Datum		values[1];
	TrScope		scope;
	bool		hit;

	tr_scope_enter(&scope);
	values[0] = CStringGetTextDatum(kid);
	tr_sql(&key_disable, values, NULL, InvalidSnapshot);
	hit = SPI_processed == 1;
	tr_scope_leave(&scope);
	return hit;
}

List *
tr_store_keys(void)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	List	   *keys = NIL;
	TrScope		scope;

	tr_scope_enter(&scope);
	tr_sql(&key_all, NULL, NULL, snapshot);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scope.caller);
		TrPublicKey *key = palloc(sizeof(TrPublicKey));

		keys = lappend(keys, key);
		MemoryContextSwitchTo(old);
		key->kid = tr_text_value(&scope, i, 1);
		key->key = tr_text_value(&scope, i, 2);
		key->issuer = tr_text_value(&scope, i, 3);
		key->audience = tr_text_value(&scope, i, 4);
		key->claim = tr_text_value(&scope, i, 5);
		key->roles = tr_text_value(&scope, i, 6);
		key->created = DatumGetTimestampTz(tr_value(i, 7));
		key->disabled = DatumGetBool(tr_value(i, 8));
	}
	tr_scope_leave(&scope);
	UnregisterSnapshot(snapshot);
	return keys;
}

Oid
tr_store_key_role(const char *kid, const char *value)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Datum		values[2];
	TrScope		scope;
	Oid			role;

	tr_scope_enter(&scope);
	values[0] = CStringGetTextDatum(kid);
	values[1] = CStringGetTextDatum(value);
	tr_sql(&key_role, values, NULL, snapshot);
	role = SPI_processed == 1 ? tr_oid_or_invalid(0, 1) : InvalidOid;
	tr_scope_leave(&scope);
	UnregisterSnapshot(snapshot);
	return role;
}
