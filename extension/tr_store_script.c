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

#include "tr_queue.h"
#include "tr_statement.h"

static TrSql script_current = {
	"SELECT s.owner::oid, v.version, v.shape, v.numeric_as, v.code,"
	" v.dtype_backend"
	" FROM transform.script s JOIN transform.script_version v"
	" ON v.script = s.name AND v.version = s.version"
	" WHERE s.name = $1",
	1, {TEXTOID}
};

static TrSql script_ensure = {
	"INSERT INTO transform.script (name, owner, version)"
	" VALUES ($1, $2::regrole, 0) ON CONFLICT (name) DO NOTHING",
	2, {TEXTOID, OIDOID}
};

static TrSql script_lock = {
	"SELECT owner::oid FROM transform.script WHERE name = $1 FOR UPDATE",
	1, {TEXTOID}
};

static TrSql script_bump = {
	"UPDATE transform.script SET version = version + 1 WHERE name = $1"
	" RETURNING version",
	1, {TEXTOID}
};

static TrSql script_add = {
	"INSERT INTO transform.script_version"
	" (script, version, code, shape, numeric_as, description, created_by,"
	" dtype_backend, hash)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7::regrole, $8,"
	" encode(sha256(convert_to($3, 'UTF8')), 'hex'))",
	8, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, OIDOID,
	TEXTOID}
};

bool
tr_queue_script(const char *name, TrScript *script)
{
	Datum		values[1] = {CStringGetTextDatum(name)};
	TrScope		scope;
	bool		found;

	script->name = pstrdup(name);
	tr_scope_enter(&scope);
	tr_sql(&script_current, values, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
	{
		script->owner = DatumGetObjectId(tr_value(0, 1));
		script->version = DatumGetInt32(tr_value(0, 2));
		script->shape = tr_shape_parse(tr_text_value(&scope, 0, 3));
		script->numeric = tr_numeric_parse(tr_text_value(&scope, 0, 4));
		script->code = tr_text_value(&scope, 0, 5);
		script->backend = tr_backend_parse(tr_text_value(&scope, 0, 6));
	}
	tr_scope_leave(&scope);
	return found;
}

Oid
tr_queue_script_lock(const char *name, Oid role)
{
	Datum		values[2] = {CStringGetTextDatum(name), ObjectIdGetDatum(role)};
	TrScope		scope;
	Oid			owner;

	tr_scope_enter(&scope);
	tr_sql(&script_ensure, values, NULL, InvalidSnapshot);
	tr_sql(&script_lock, values, NULL, InvalidSnapshot);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("script \"%s\" was created by a concurrent transaction",
						name),
				 errhint("Try again.")));
	owner = DatumGetObjectId(tr_value(0, 1));
	tr_scope_leave(&scope);
	return owner;
}

int
tr_queue_script_add(const TrScript *script, const char *description, Oid role)
{
	Datum		values[8];
	char		nulls[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
	TrScope		scope;
	int			version;

	tr_scope_enter(&scope);
	tr_set_text(values, nulls, 0, script->name);
	tr_sql(&script_bump, values, nulls, InvalidSnapshot);
	version = DatumGetInt32(tr_value(0, 1));
	values[1] = Int32GetDatum(version);
	tr_set_text(values, nulls, 2, script->code);
	tr_set_text(values, nulls, 3, tr_shape_name(script->shape));
	tr_set_text(values, nulls, 4, tr_numeric_name(script->numeric));
	tr_set_text(values, nulls, 5, description);
	values[6] = ObjectIdGetDatum(role);
	tr_set_text(values, nulls, 7, tr_backend_name(script->backend));
	tr_sql(&script_add, values, nulls, InvalidSnapshot);
	tr_scope_leave(&scope);
	return version;
}
