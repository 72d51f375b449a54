/*
 * tr_queue.c
 *		The statements on the tables of jobs (plans saved per process, values
 *		through $n only), and the bracket around every statement on our tables.
 *		tr_queue_job.c has the functions on jobs and logs.
 *
 * Process: any, inside a transaction.
 *
 * tr_scope_enter makes the current user the owner of the tables, and sets
 * search_path so that no operator or function of a user can be meant;
 * tr_scope_leave undoes both.  An error in between needs no clean-up: aborting
 * the (sub)transaction restores user and settings.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "tr_api.h"
#include "tr_compat.h"
#include "tr_log.h"
#include "tr_queue.h"
#include "tr_statement.h"
#include "tr_wake.h"
#include "tr_walls.h"

static TrSql statements[Q_COUNT] = {
	[Q_SUBMIT] = {
		"INSERT INTO transform.job (script, version, role, source,"
		" source_name, destination, shape, mode, numeric_as, params,"
		" priority, chunk_rows, limit_wall_ms, limit_cpu_ms, limit_memory,"
		" limit_output_rows, limit_output_bytes, limit_log_bytes,"
		" dtype_backend, source_query, sources, columns, filter, group_by,"
		" key, reject_table, expect, since, search_path,"
		" limit_concurrent_jobs, subject, token_id)"
		" VALUES ($1, $2, $3::regrole, $4::regclass, $5, $6, $7, $8, $9, $10,"
		" $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,"
		" $24, $25, $26, $27, $28, $29, $30, $31, $32) RETURNING id",
		32, {INT8OID, INT4OID, OIDOID, OIDOID, TEXTOID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, JSONBOID, INT4OID, INT4OID, INT8OID, INT8OID,
			INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, JSONBOID,
			TEXTARRAYOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTOID,
		JSONBOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID}
	},
	[Q_QUEUED] = {
		"SELECT count(*) FROM (SELECT FROM transform.job"
		" WHERE role = $1::regrole AND state = 'pending' LIMIT $2) j",
		2, {OIDOID, INT8OID}
	},
	/* priority, then fair between roles, then age */
	[Q_NEXT] = {
		"SELECT j.id, j.attempt, j.role::oid FROM transform.job j"
		" LEFT JOIN (SELECT role::oid, count(*) AS n FROM transform.job"
		"  WHERE state = 'running' GROUP BY role) r ON r.role = j.role::oid"
		" WHERE j.state = 'pending'"
		" AND coalesce(r.n, 0) < j.limit_concurrent_jobs"
		" AND (j.not_before IS NULL OR j.not_before <= clock_timestamp())"
		" ORDER BY j.priority DESC, coalesce(r.n, 0), j.submitted_at, j.id"
		" LIMIT 1 FOR UPDATE OF j SKIP LOCKED",
		0, {0}
	},
	[Q_CLAIM] = {
		"UPDATE transform.job SET state = $4, attempt = $5,"
		" started_at = clock_timestamp(), finished_at = NULL,"
		" not_before = NULL, waiting_reason = NULL"
		" WHERE id = $1 AND state = $2 AND attempt = $3",
		5, {INT8OID, TEXTOID, INT4OID, TEXTOID, INT4OID}
	},
	[Q_LOAD] = {
		"SELECT s.name, j.version, v.code, j.source::oid, j.source_name,"
		" j.destination, j.shape, j.mode, j.numeric_as, j.params::text,"
		" j.chunk_rows, j.limit_wall_ms, j.limit_cpu_ms, j.limit_memory,"
		" j.limit_output_rows, j.limit_output_bytes, j.limit_log_bytes,"
		" j.unstarted, j.dtype_backend, j.source_query, j.sources::text,"
		" j.columns, j.filter, j.group_by, j.key, j.reject_table,"
		" j.expect::text, j.since, j.search_path, j.output_digest,"
		" j.rows_returned, j.since_from, j.since_to, s.id, s.owner::oid,"
		" s.archived_at IS NOT NULL,"
		" (SELECT min(g.privilege) FROM transform.script_grant g"
		"  WHERE g.script = s.id AND pg_has_role($4, g.role::oid, 'USAGE')),"
		" v.hash, j.subject, j.token_id"
		" FROM transform.job j JOIN transform.script s ON s.id = j.script"
		" JOIN transform.script_version v"
		" ON v.script = j.script AND v.version = j.version"
		" WHERE j.id = $1 AND j.state = $2 AND j.attempt = $3",
		4, {INT8OID, TEXTOID, INT4OID, OIDOID}
	},
	[Q_REQUEUE] = {
		"UPDATE transform.job SET state = $4, attempt = $5, unstarted = $6,"
		" not_before = CASE WHEN $7 > 0 THEN clock_timestamp()"
		"  + make_interval(secs => $7::float8 / 1000::float8) END,"
		" waiting_reason = $8, started_at = NULL"
		" WHERE id = $1 AND state = $2 AND attempt = $3",
		8, {INT8OID, TEXTOID, INT4OID, TEXTOID, INT4OID, INT4OID, INT4OID,
		TEXTOID}
	},
	[Q_FINISH] = {
		"UPDATE transform.job SET state = $4, finished_at = clock_timestamp(),"
		" waiting_reason = NULL, not_before = NULL,"
		" rows_read = $5, rows_returned = $6, rows_written = $7,"
		" bytes_in = $8, bytes_out = $9,"
		" walls_enforced = $10, walls_off = $11, peak_memory = $12,"
		" cpu_time = make_interval(secs => $13),"
		" worker_time = make_interval(secs => $14),"
		" sqlstate = $15, error = $16, error_detail = $17, error_hint = $18,"
		" error_context = $19, error_stage = $20, traceback = $21,"
		" start_time = make_interval(secs => $22),"
		" read_time = make_interval(secs => $23),"
		" script_time = make_interval(secs => $24),"
		" write_time = make_interval(secs => $25),"
		" snapshot = $26::pg_snapshot, output_digest = $27,"
		" packages = (SELECT jsonb_object_agg(split_part(line, ' ', 1),"
		"  split_part(line, ' ', 2))"
		"  FROM unnest(string_to_array($28, chr(10))) line),"
		" rows_rejected = $29, source_definition = $30"
		" WHERE id = $1 AND state = $2 AND attempt = $3",
		30, {INT8OID, TEXTOID, INT4OID, TEXTOID, INT8OID, INT8OID, INT8OID,
			INT8OID, INT8OID, TEXTARRAYOID, TEXTARRAYOID, INT8OID, FLOAT8OID,
			FLOAT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
			TEXTOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID,
		TEXTOID, TEXTOID, INT8OID, TEXTOID}
	},
	[Q_COMMIT_TIME] = {
		"UPDATE transform.job SET commit_time = make_interval(secs => $3)"
		" WHERE id = $1 AND attempt = $2 AND state = 'succeeded'",
		3, {INT8OID, INT4OID, FLOAT8OID}
	},
	[Q_RUNNING] = {
		"SELECT id, attempt, role::oid FROM transform.job"
		" WHERE state = 'running' ORDER BY id",
		0, {0}
	},
	[Q_PENDING] = {
		"SELECT greatest(0::float8, least(60000::float8, min("
		" CASE WHEN not_before IS NULL THEN 0::float8"
		" ELSE extract(epoch FROM not_before - clock_timestamp())::float8"
		"  * 1000::float8 END)))"
		" FROM transform.job WHERE state = 'pending' HAVING count(*) > 0",
		0, {0}
	},
	[Q_STATUS] = {
		"SELECT state, attempt, role::oid, xmin, sqlstate, error,"
		" error_detail, error_hint, traceback, rows_read, rows_written,"
		" destination, waiting_reason,"
		" extract(epoch FROM coalesce(finished_at, clock_timestamp())"
		"  - started_at)::float8"
		" FROM transform.job WHERE id = $1",
		1, {INT8OID}
	},
	[Q_WATERMARK_ENSURE] = {
		"INSERT INTO transform.watermark"
		" (role, script, source, destination, since)"
		" VALUES ($1::regrole, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		5, {OIDOID, INT8OID, TEXTOID, TEXTOID, TEXTOID}
	},
	[Q_WATERMARK_LOCK] = {
		"SELECT since, type, value FROM transform.watermark"
		" WHERE role = $1::regrole AND script = $2 AND source = $3"
		" AND destination = $4 FOR UPDATE",
		4, {OIDOID, INT8OID, TEXTOID, TEXTOID}
	},
	[Q_WATERMARK_MOVE] = {
		"UPDATE transform.watermark SET job = $5, value = $6, type = $7,"
		" moved_at = clock_timestamp()"
		" WHERE role = $1::regrole AND script = $2 AND source = $3"
		" AND destination = $4",
		7, {OIDOID, INT8OID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID}
	},
	[Q_WATERMARK_RESET] = {
		"DELETE FROM transform.watermark WHERE script ="
		"  (SELECT id FROM transform.script WHERE name = $1)"
		" AND ($2 IS NULL OR source = $2)"
		" AND ($3 IS NULL OR destination = $3)"
		" AND ($5 OR pg_has_role($4, role::oid, 'USAGE'))",
		5, {TEXTOID, TEXTOID, TEXTOID, OIDOID, BOOLOID}
	},
	[Q_JOB_SINCE] = {
		"UPDATE transform.job SET since_from = $2, since_to = $3"
		" WHERE id = $1",
		3, {INT8OID, TEXTOID, TEXTOID}
	},
	[Q_LOG_ADD] = {
		"INSERT INTO transform.job_log (job, attempt, seq, at, stream, message)"
		" SELECT $1, $2, l.seq, l.at, l.stream, l.message"
		" FROM unnest($3, $4, $5, $6) AS l(seq, at, stream, message)"
		" ON CONFLICT (job, attempt, seq) DO NOTHING",
		6, {INT8OID, INT4OID, INT4ARRAYOID, TIMESTAMPTZARRAYOID,
		TEXTARRAYOID, TEXTARRAYOID}
	},
	[Q_LOG_READ] = {
		"SELECT attempt, seq, at, stream, message FROM transform.job_log"
		" WHERE job = $1 ORDER BY attempt, seq",
		1, {INT8OID}
	},
};

/* ---- the bracket ---- */

static Oid
tables_owner(void)
{
	Oid			nsp = get_namespace_oid("transform", true);
	Oid			rel = OidIsValid(nsp) ? get_relname_relid("job", nsp) : InvalidOid;
	HeapTuple	tuple = NULL;
	Oid			owner;

	if (OidIsValid(rel))
		tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(rel));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"transform\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION transform.")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

void
tr_scope_enter(TrScope *scope)
{
	Oid			owner = tables_owner();

	scope->caller = CurrentMemoryContext;
	GetUserIdAndSecContext(&scope->user, &scope->security);
	scope->nestlevel = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SetUserIdAndSecContext(owner, scope->security |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

void
tr_scope_leave(TrScope *scope)
{
	SPI_finish();
	SetUserIdAndSecContext(scope->user, scope->security);
	AtEOXact_GUC(true, scope->nestlevel);
	MemoryContextSwitchTo(scope->caller);
}

SPIPlanPtr
tr_sql_plan(TrSql *s)
{
	if (s->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(s->sql, s->nargs, s->types);

		if (plan == NULL)
			elog(ERROR, "could not prepare a statement on the job tables: %s",
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		s->plan = plan;
	}
	return s->plan;
}

void
tr_sql(TrSql *s, Datum *values, const char *nulls, Snapshot snapshot)
{
	int			rc;

	rc = SPI_execute_snapshot(tr_sql_plan(s), values, nulls, snapshot,
							  InvalidSnapshot, snapshot != InvalidSnapshot,
							  true, 0);
	if (rc < 0)
		elog(ERROR, "could not run a statement on the job tables: %s",
			 SPI_result_code_string(rc));
}

void
tr_statement(TrStatementId q, Datum *values, const char *nulls, Snapshot snapshot)
{
	tr_sql(&statements[q], values, nulls, snapshot);
}

/* ---- results, by column from 1 ---- */

Datum
tr_column(int row, int col, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col,
						 isnull);
}

Datum
tr_value(int row, int col)
{
	bool		isnull;
	Datum		d = tr_column(row, col, &isnull);

	if (isnull)
		elog(ERROR, "unexpected NULL in column %d of the job tables", col);
	return d;
}

/* As a C string in the caller's memory, or NULL. */
char *
tr_text_value(const TrScope *scope, int row, int col)
{
	bool		isnull;
	Datum		d = tr_column(row, col, &isnull);
	MemoryContext old;
	char	   *result;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(scope->caller);
	result = TextDatumGetCString(d);
	MemoryContextSwitchTo(old);
	return result;
}

/* A text[] as a List of C strings in the caller's memory. */
List *
tr_texts_value(const TrScope *scope, int row, int col)
{
	bool		isnull;
	Datum		d = tr_column(row, col, &isnull);
	MemoryContext old;
	List	   *result;

	if (isnull)
		return NIL;
	old = MemoryContextSwitchTo(scope->caller);
	result = tr_text_list(DatumGetArrayTypeP(d));
	MemoryContextSwitchTo(old);
	return result;
}

Oid
tr_oid_or_invalid(int row, int col)
{
	bool		isnull;
	Datum		d = tr_column(row, col, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(d);
}

int64
tr_int8_or_zero(int row, int col)
{
	bool		isnull;
	Datum		d = tr_column(row, col, &isnull);

	return isnull ? 0 : DatumGetInt64(d);
}

/* ---- arguments ---- */

void
tr_set_text(Datum *values, char *nulls, int i, const char *text)
{
	nulls[i] = text == NULL ? 'n' : ' ';
	values[i] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

bool
tr_queue_installed(void)
{
	return OidIsValid(get_extension_oid("transform", true)) &&
		OidIsValid(get_namespace_oid("transform", true));
}
