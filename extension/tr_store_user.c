/*
 * tr_store_user.c
 *		The statements on the table of users.
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

static TrSql user_add = {
	"INSERT INTO transform.app_user (email, password_hash, role, created_by)"
	" VALUES ($1, $2, $3::regrole, $4::regrole)"
	" ON CONFLICT (lower(email)) DO NOTHING RETURNING id::text",
	4, {TEXTOID, TEXTOID, OIDOID, OIDOID}
};

#define USER_COLUMNS \
	"SELECT id::text, email, password_hash, role::oid, disabled_at IS NOT NULL" \
	" FROM transform.app_user"

static TrSql user_by_email = {
	USER_COLUMNS " WHERE lower(email) = lower($1)",
	1, {TEXTOID}
};

static TrSql user_by_id = {
	USER_COLUMNS " WHERE id = $1::uuid",
	1, {TEXTOID}
};

static TrSql user_password = {
	"UPDATE transform.app_user SET password_hash = $2,"
	" tokens_after = clock_timestamp() WHERE id = $1::uuid",
	2, {TEXTOID, TEXTOID}
};

static TrSql user_logged_in = {
	"UPDATE transform.app_user SET last_login = clock_timestamp(),"
	" password_hash = coalesce($2, password_hash) WHERE id = $1::uuid",
	2, {TEXTOID, TEXTOID}
};

static TrSql user_disable = {
	"UPDATE transform.app_user SET disabled_at = clock_timestamp(),"
	" tokens_after = clock_timestamp()"
	" WHERE id = $1::uuid AND disabled_at IS NULL",
	1, {TEXTOID}
};

static TrSql user_enable = {
	"UPDATE transform.app_user SET disabled_at = NULL"
	" WHERE id = $1::uuid AND disabled_at IS NOT NULL",
	1, {TEXTOID}
};

static TrSql user_tokens_after = {
	"UPDATE transform.app_user SET tokens_after ="
	" greatest(tokens_after, coalesce($2, clock_timestamp()))"
	" WHERE id = $1::uuid",
	2, {TEXTOID, TIMESTAMPTZOID}
};

/* Returns how many rows it hit; an argument that is NULL is NULL. */
static uint64
change(TrSql *statement, const char *first, const char *second)
{
	Datum		values[2];
	char		nulls[2];
	TrScope		scope;
	uint64		rows;

	tr_scope_enter(&scope);
	tr_set_text(values, nulls, 0, first);
	tr_set_text(values, nulls, 1, second);
	tr_sql(statement, values, nulls, InvalidSnapshot);
	rows = SPI_processed;
	tr_scope_leave(&scope);
	return rows;
}

char *
tr_store_user_add(const char *email, const char *hash, Oid role, Oid creator)
{
	Datum		values[4];
	TrScope		scope;
	char	   *id;

	tr_scope_enter(&scope);
	values[0] = CStringGetTextDatum(email);
	values[1] = CStringGetTextDatum(hash);
	values[2] = ObjectIdGetDatum(role);
	values[3] = ObjectIdGetDatum(creator);
	tr_sql(&user_add, values, NULL, InvalidSnapshot);
	id = SPI_processed == 1 ? tr_text_value(&scope, 0, 1) : NULL;
	tr_scope_leave(&scope);
	return id;
}

static bool
find(TrSql *statement, const char *by, TrUser *user)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Datum		values[1];
	TrScope		scope;
	bool		found;

	tr_scope_enter(&scope);
	values[0] = CStringGetTextDatum(by);
	tr_sql(statement, values, NULL, snapshot);
	found = SPI_processed == 1;
	if (found)
	{
		user->id = tr_text_value(&scope, 0, 1);
		user->email = tr_text_value(&scope, 0, 2);
		user->hash = tr_text_value(&scope, 0, 3);
		user->role = DatumGetObjectId(tr_value(0, 4));
		user->disabled = DatumGetBool(tr_value(0, 5));
	}
	tr_scope_leave(&scope);
	UnregisterSnapshot(snapshot);
	return found;
}

bool
tr_store_user_by_email(const char *email, TrUser *user)
{
	return find(&user_by_email, email, user);
}

bool
tr_store_user_by_id(const char *id, TrUser *user)
{
	return find(&user_by_id, id, user);
}

void
tr_store_user_password(const char *id, const char *hash)
{
	(void) change(&user_password, id, hash);
}

void
tr_store_user_logged_in(const char *id, const char *hash)
{
	(void) change(&user_logged_in, id, hash);
}

bool
tr_store_user_disable(const char *id, bool disable)
{
	return change(disable ? &user_disable : &user_enable, id, NULL) > 0;
}

void
tr_store_user_tokens_after(const char *id, TimestampTz before)
{
	Datum		values[2];
	char		nulls[2] = {' ', before == 0 ? 'n' : ' '};
	TrScope		scope;

	tr_scope_enter(&scope);
	values[0] = CStringGetTextDatum(id);
	values[1] = TimestampTzGetDatum(before);
	tr_sql(&user_tokens_after, values, nulls, InvalidSnapshot);
	tr_scope_leave(&scope);
}
