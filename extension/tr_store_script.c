/*
 * tr_store_script.c
 *		The statements on the tables of scripts, and the functions on them.
 *
 * Process: any, inside a transaction.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "tr_api.h"
#include "tr_statement.h"
#include "tr_store_script.h"

/* The best privilege that is granted: 'edit' sorts before 'use'. */
#define GRANTED \
	"(SELECT min(g.privilege) FROM transform.script_grant g" \
	" WHERE g.script = s.id AND pg_has_role($2, g.role::oid, 'USAGE'))"

static TrSql script_find = {
	"SELECT s.id, s.owner::oid, s.archived_at IS NOT NULL, " GRANTED ","
	" v.version, v.shape, v.numeric_as, v.dtype_backend, v.code,"
	" v.hash"
	" FROM transform.script s LEFT JOIN transform.script_version v"
	" ON v.script = s.id"
	" AND v.version = CASE WHEN $3 = 0 THEN s.version ELSE $3 END"
	" WHERE s.name = $1",
	3, {TEXTOID, OIDOID, INT4OID}
};

static TrSql script_ensure = {
	"INSERT INTO transform.script (name, owner, version)"
	" VALUES ($1, $2::regrole, 0) ON CONFLICT (name) DO NOTHING",
	2, {TEXTOID, OIDOID}
};

static TrSql script_lock = {
	"SELECT s.id, s.owner::oid, s.archived_at IS NOT NULL, " GRANTED
	" FROM transform.script s WHERE s.name = $1 FOR UPDATE OF s",
	2, {TEXTOID, OIDOID}
};

static TrSql script_bump = {
	"UPDATE transform.script SET version = version + 1 WHERE id = $1"
	" RETURNING version",
	1, {INT8OID}
};

static TrSql script_add = {
	"WITH given AS ("
	"  SELECT split_part(line, ' ', 1) AS name, split_part(line, ' ', 2) AS version"
	"  FROM unnest(string_to_array($9, chr(10))) AS line),"
	" part(name, version) AS ("
	"  SELECT 'code', encode(sha256(convert_to($3, 'UTF8')), 'hex')"
	"  UNION ALL SELECT 'shape', $4 UNION ALL SELECT 'numeric_as', $5"
	"  UNION ALL SELECT 'dtype_backend', $8"
	"  UNION ALL SELECT name, version FROM given)"
	" INSERT INTO transform.script_version"
	" (script, version, code, shape, numeric_as, description, created_by,"
	" dtype_backend, hash, policy, packages, version_hash)"
	" SELECT $1, $2, $3, $4, $5, $6, $7::regrole, $8,"
	"  (SELECT version FROM part WHERE name = 'code'),"
	"  coalesce((SELECT version FROM part WHERE name = 'policy'), 'unknown'),"
	"  coalesce((SELECT jsonb_object_agg(name, version) FROM given"
	"   WHERE name <> 'policy'), '{}'),"
	"  encode(sha256(convert_to((SELECT string_agg(name || ' ' || version,"
	"   chr(10) ORDER BY (name || ' ' || version) COLLATE \"C\") FROM part),"
	"   'UTF8')), 'hex')",
	9, {INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, OIDOID, TEXTOID,
	TEXTOID}
};

static TrSql script_rename = {
	"UPDATE transform.script s SET name = $2 WHERE id = $1"
	" AND NOT EXISTS (SELECT FROM transform.script o WHERE o.name = $2)",
	2, {INT8OID, TEXTOID}
};

static TrSql script_set_archived = {
	"UPDATE transform.script SET"
	" archived_at = CASE WHEN $2 THEN clock_timestamp() END,"
	" archived_by = CASE WHEN $2 THEN $3::regrole END WHERE id = $1",
	3, {INT8OID, BOOLOID, OIDOID}
};

static TrSql script_set_owner = {
	"UPDATE transform.script SET owner = $2::regrole WHERE id = $1",
	2, {INT8OID, OIDOID}
};

static TrSql script_grant = {
	"INSERT INTO transform.script_grant (script, role, privilege, granted_by)"
	" VALUES ($1, $2::regrole, $3, $4::regrole) ON CONFLICT DO NOTHING",
	4, {INT8OID, OIDOID, TEXTOID, OIDOID}
};

static TrSql script_revoke = {
	"DELETE FROM transform.script_grant"
	" WHERE script = $1 AND role = $2::regrole"
	" AND ($3 IS NULL OR privilege = $3)",
	3, {INT8OID, OIDOID, TEXTOID}
};

static TrSql script_history = {
	"SELECT v.version, v.version = s.version, v.created_by, v.created_at,"
	" v.description, v.shape, v.numeric_as, v.dtype_backend, v.hash,"
	" v.policy, v.packages, v.version_hash"
	" FROM transform.script s JOIN transform.script_version v"
	" ON v.script = s.id WHERE s.id = $1 ORDER BY v.version DESC",
	1, {INT8OID}
};

/* ---- looking ---- */

TrAccess
tr_script_access(Oid role, Oid owner, const char *granted)
{
	if (tr_api_role_may_see(role, owner))
		return TR_ACCESS_MANAGE;
	if (granted == NULL)
		return TR_ACCESS_NONE;
	return strcmp(granted, "edit") == 0 ? TR_ACCESS_EDIT : TR_ACCESS_USE;
}

/* The first columns of script_find and script_lock. */
static void
read_script(const TrScope *scope, Oid role, TrScript *script)
{
	script->id = DatumGetInt64(tr_value(0, 1));
	script->owner = DatumGetObjectId(tr_value(0, 2));
	script->archived = DatumGetBool(tr_value(0, 3));
	script->access = tr_script_access(role, script->owner,
									  tr_text_value(scope, 0, 4));
}

bool
tr_script_find(const char *name, int version, Oid role, TrScript *script)
{
	Datum		values[3] = {CStringGetTextDatum(name), ObjectIdGetDatum(role),
	Int32GetDatum(version)};
	TrScope		scope;
	bool		found;
	bool		no_version;

	memset(script, 0, sizeof(*script));
	script->name = pstrdup(name);
	tr_scope_enter(&scope);
	tr_sql(&script_find, values, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
	{
		read_script(&scope, role, script);
		script->version = DatumGetInt32(tr_column(0, 5, &no_version));
		if (!no_version)
		{
			script->shape = tr_shape_parse(tr_text_value(&scope, 0, 6));
			script->numeric = tr_numeric_parse(tr_text_value(&scope, 0, 7));
			script->backend = tr_backend_parse(tr_text_value(&scope, 0, 8));
			script->code = tr_text_value(&scope, 0, 9);
			script->hash = tr_text_value(&scope, 0, 10);
		}
	}
	tr_scope_leave(&scope);
	return found;
}

void
tr_script_history(const TrScript *script, Tuplestorestate *rows,
				  TupleDesc desc)
{
	Datum		values[1] = {Int64GetDatum(script->id)};
	TrScope		scope;

	tr_scope_enter(&scope);
	tr_sql(&script_history, values, NULL, InvalidSnapshot);
	Assert(SPI_tuptable->tupdesc->natts == desc->natts);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(rows, SPI_tuptable->vals[i]);
	tr_scope_leave(&scope);
}

/* ---- changes ---- */

void
tr_script_lock(const char *name, Oid role, TrScript *script)
{
	Datum		values[2] = {CStringGetTextDatum(name), ObjectIdGetDatum(role)};
	TrScope		scope;

	tr_scope_enter(&scope);
	tr_sql(&script_ensure, values, NULL, InvalidSnapshot);
	tr_sql(&script_lock, values, NULL, InvalidSnapshot);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("script \"%s\" was created or renamed by a concurrent transaction",
						name),
				 errhint("Try again.")));
	read_script(&scope, role, script);
	tr_scope_leave(&scope);
}

int
tr_script_add(const TrScript *script, const char *description,
			  const char *versions, Oid role)
{
	Datum		values[9] = {Int64GetDatum(script->id)};
	char		nulls[9] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
	TrScope		scope;
	int			version;

	tr_scope_enter(&scope);
	tr_sql(&script_bump, values, NULL, InvalidSnapshot);
	version = DatumGetInt32(tr_value(0, 1));
	values[1] = Int32GetDatum(version);
	tr_set_text(values, nulls, 2, script->code);
	tr_set_text(values, nulls, 3, tr_shape_name(script->shape));
	tr_set_text(values, nulls, 4, tr_numeric_name(script->numeric));
	tr_set_text(values, nulls, 5, description);
	values[6] = ObjectIdGetDatum(role);
	tr_set_text(values, nulls, 7, tr_backend_name(script->backend));
	tr_set_text(values, nulls, 8, versions);
	tr_sql(&script_add, values, nulls, InvalidSnapshot);
	tr_scope_leave(&scope);
	return version;
}

/* One statement; has it changed a row? */
static bool
change(TrSql *statement, Datum *values, const char *nulls)
{
	TrScope		scope;
	bool		hit;

	tr_scope_enter(&scope);
	tr_sql(statement, values, nulls, InvalidSnapshot);
	hit = SPI_processed > 0;
	tr_scope_leave(&scope);
	return hit;
}

void
tr_script_rename(const TrScript *script, const char *new_name)
{
	Datum		values[2] = {Int64GetDatum(script->id),
	CStringGetTextDatum(new_name)};

	if (!change(&script_rename, values, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("script \"%s\" already exists", new_name),
				 errhint("Choose another name; it may be that of a script you cannot see, or of one that is archived.")));
}

void
tr_script_set_archived(const TrScript *script, bool archived, Oid role)
{
	Datum		values[3] = {Int64GetDatum(script->id), BoolGetDatum(archived),
	ObjectIdGetDatum(role)};

	(void) change(&script_set_archived, values, NULL);
}

void
tr_script_set_owner(const TrScript *script, Oid owner)
{
	Datum		values[2] = {Int64GetDatum(script->id), ObjectIdGetDatum(owner)};

	(void) change(&script_set_owner, values, NULL);
}

bool
tr_script_grant(const TrScript *script, Oid role, const char *privilege,
				Oid granted_by)
{
	Datum		values[4] = {Int64GetDatum(script->id), ObjectIdGetDatum(role),
	CStringGetTextDatum(privilege), ObjectIdGetDatum(granted_by)};

	return change(&script_grant, values, NULL);
}

bool
tr_script_revoke(const TrScript *script, Oid role, const char *privilege)
{
	Datum		values[3] = {Int64GetDatum(script->id), ObjectIdGetDatum(role)};
	char		nulls[3] = {' ', ' ', ' '};

	tr_set_text(values, nulls, 2, privilege);
	return change(&script_revoke, values, nulls);
}
