/*
 * tr_queue.c
 *		Every statement on the extension's own tables: one function per
 *		statement, plans saved per process, values through $n only.
 *
 * Process: any, inside a transaction.
 *
 * scope_enter makes the current user the owner of the tables, and sets
 * search_path so that no operator or function of a user can be meant;
 * scope_leave undoes both.  An error in between needs no clean-up: aborting
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

#include "tr_compat.h"
#include "tr_log.h"
#include "tr_queue.h"
#include "tr_wake.h"
#include "tr_walls.h"

#define MAX_ARGS	24

typedef enum Query
{
	Q_SCRIPT,
	Q_SCRIPT_ENSURE,
	Q_SCRIPT_LOCK,
	Q_SCRIPT_BUMP,
	Q_SCRIPT_ADD,
	Q_SUBMIT,
	Q_NEXT,
	Q_CLAIM,
	Q_LOAD,
	Q_REQUEUE,
	Q_FINISH,
	Q_RUNNING,
	Q_PENDING,
	Q_STATUS,
	Q_LOG_ADD,
	Q_LOG_READ,
	Q_COUNT
} Query;

typedef struct Statement
{
	const char *sql;
	int			nargs;
	Oid			types[MAX_ARGS];
} Statement;

static const Statement statements[Q_COUNT] = {
	[Q_SCRIPT] = {
		"SELECT s.owner::oid, v.version, v.shape, v.numeric_as, v.code"
		" FROM transform.script s JOIN transform.script_version v"
		" ON v.script = s.name AND v.version = s.version"
		" WHERE s.name = $1",
		1, {TEXTOID}
	},
	[Q_SCRIPT_ENSURE] = {
		"INSERT INTO transform.script (name, owner, version)"
		" VALUES ($1, $2::regrole, 0) ON CONFLICT (name) DO NOTHING",
		2, {TEXTOID, OIDOID}
	},
	[Q_SCRIPT_LOCK] = {
		"SELECT owner::oid FROM transform.script WHERE name = $1 FOR UPDATE",
		1, {TEXTOID}
	},
	[Q_SCRIPT_BUMP] = {
		"UPDATE transform.script SET version = version + 1 WHERE name = $1"
		" RETURNING version",
		1, {TEXTOID}
	},
	[Q_SCRIPT_ADD] = {
		"INSERT INTO transform.script_version"
		" (script, version, code, shape, numeric_as, description, created_by)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7::regrole)",
		7, {TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, OIDOID}
	},
	[Q_SUBMIT] = {
		"INSERT INTO transform.job (script, version, role, source,"
		" source_name, destination, shape, mode, numeric_as, params,"
		" priority, chunk_rows, limit_wall_ms, limit_cpu_ms, limit_memory,"
		" limit_output_rows, limit_output_bytes, limit_log_bytes)"
		" VALUES ($1, $2, $3::regrole, $4::regclass, $5, $6, $7, $8, $9, $10,"
		" $11, $12, $13, $14, $15, $16, $17, $18) RETURNING id",
		18, {TEXTOID, INT4OID, OIDOID, OIDOID, TEXTOID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, JSONBOID, INT4OID, INT4OID, INT8OID, INT8OID,
		INT8OID, INT8OID, INT8OID, INT8OID}
	},
	/* priority, then fair between roles, then age */
	[Q_NEXT] = {
		"SELECT j.id, j.attempt, j.role::oid FROM transform.job j"
		" LEFT JOIN (SELECT role::oid, count(*) AS n FROM transform.job"
		"  WHERE state = 'running' GROUP BY role) r ON r.role = j.role::oid"
		" WHERE j.state = 'pending'"
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
		"SELECT j.script, j.version, v.code, j.source::oid, j.source_name,"
		" j.destination, j.shape, j.mode, j.numeric_as, j.params::text,"
		" j.chunk_rows, j.limit_wall_ms, j.limit_cpu_ms, j.limit_memory,"
		" j.limit_output_rows, j.limit_output_bytes, j.limit_log_bytes,"
		" j.unstarted"
		" FROM transform.job j JOIN transform.script_version v"
		" ON v.script = j.script AND v.version = j.version"
		" WHERE j.id = $1 AND j.state = 'running' AND j.attempt = $2",
		2, {INT8OID, INT4OID}
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
		" error_context = $19, error_stage = $20, traceback = $21"
		" WHERE id = $1 AND state = $2 AND attempt = $3",
		21, {INT8OID, TEXTOID, INT4OID, TEXTOID, INT8OID, INT8OID, INT8OID,
			INT8OID, INT8OID, TEXTARRAYOID, TEXTARRAYOID, INT8OID, FLOAT8OID,
			FLOAT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
		TEXTOID}
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

static SPIPlanPtr plans[Q_COUNT];

/* ---- the bracket ---- */

typedef struct Scope
{
	Oid			user;
	int			security;
	int			nestlevel;
	MemoryContext caller;
} Scope;

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

static void
scope_enter(Scope *scope)
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

static void
scope_leave(Scope *scope)
{
	SPI_finish();
	SetUserIdAndSecContext(scope->user, scope->security);
	AtEOXact_GUC(false, scope->nestlevel);
	MemoryContextSwitchTo(scope->caller);
}

/*
 * Run a statement; SPI_processed and SPI_tuptable hold what it gave.  With a
 * snapshot it is read-only and sees exactly that.
 */
static void
run(Query q, Datum *values, const char *nulls, Snapshot snapshot)
{
	const Statement *s = &statements[q];
	int			rc;

	if (plans[q] == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(s->sql, s->nargs, (Oid *) s->types);

		if (plan == NULL)
			elog(ERROR, "could not prepare a statement on the job tables: %s",
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		plans[q] = plan;
	}
	rc = SPI_execute_snapshot(plans[q], values, nulls, snapshot,
							  InvalidSnapshot, snapshot != InvalidSnapshot,
							  true, 0);
	if (rc < 0)
		elog(ERROR, "could not run a statement on the job tables: %s",
			 SPI_result_code_string(rc));
}

/* ---- results, by column from 1 ---- */

static Datum
column(int row, int col, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col,
						 isnull);
}

static Datum
value(int row, int col)
{
	bool		isnull;
	Datum		d = column(row, col, &isnull);

	if (isnull)
		elog(ERROR, "unexpected NULL in column %d of the job tables", col);
	return d;
}

/* As a C string in the caller's memory, or NULL. */
static char *
text_value(const Scope *scope, int row, int col)
{
	bool		isnull;
	Datum		d = column(row, col, &isnull);
	MemoryContext old;
	char	   *result;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(scope->caller);
	result = TextDatumGetCString(d);
	MemoryContextSwitchTo(old);
	return result;
}

static int64
int8_or_zero(int row, int col)
{
	bool		isnull;
	Datum		d = column(row, col, &isnull);

	return isnull ? 0 : DatumGetInt64(d);
}

/* ---- arguments ---- */

static void
set_text(Datum *values, char *nulls, int i, const char *text)
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

/* ---- scripts ---- */

bool
tr_queue_script(const char *name, TrScript *script)
{
	Datum		values[1] = {CStringGetTextDatum(name)};
	Scope		scope;
	bool		found;

	script->name = pstrdup(name);
	scope_enter(&scope);
	run(Q_SCRIPT, values, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
	{
		script->owner = DatumGetObjectId(value(0, 1));
		script->version = DatumGetInt32(value(0, 2));
		script->shape = tr_shape_parse(text_value(&scope, 0, 3));
		script->numeric = tr_numeric_parse(text_value(&scope, 0, 4));
		script->code = text_value(&scope, 0, 5);
	}
	scope_leave(&scope);
	return found;
}

Oid
tr_queue_script_lock(const char *name, Oid role)
{
	Datum		values[2] = {CStringGetTextDatum(name), ObjectIdGetDatum(role)};
	Scope		scope;
	Oid			owner;

	scope_enter(&scope);
	run(Q_SCRIPT_ENSURE, values, NULL, InvalidSnapshot);
	run(Q_SCRIPT_LOCK, values, NULL, InvalidSnapshot);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("script \"%s\" was created by a concurrent transaction",
						name),
				 errhint("Try again.")));
	owner = DatumGetObjectId(value(0, 1));
	scope_leave(&scope);
	return owner;
}

int
tr_queue_script_add(const TrScript *script, const char *description, Oid role)
{
	Datum		values[7];
	char		nulls[7] = {' ', ' ', ' ', ' ', ' ', ' ', ' '};
	Scope		scope;
	int			version;

	scope_enter(&scope);
	set_text(values, nulls, 0, script->name);
	run(Q_SCRIPT_BUMP, values, nulls, InvalidSnapshot);
	version = DatumGetInt32(value(0, 1));
	values[1] = Int32GetDatum(version);
	set_text(values, nulls, 2, script->code);
	set_text(values, nulls, 3, tr_shape_name(script->shape));
	set_text(values, nulls, 4, tr_numeric_name(script->numeric));
	set_text(values, nulls, 5, description);
	values[6] = ObjectIdGetDatum(role);
	run(Q_SCRIPT_ADD, values, nulls, InvalidSnapshot);
	scope_leave(&scope);
	return version;
}

/* ---- jobs: submitting, claiming ---- */

int64
tr_queue_submit(const TrNewJob *job)
{
	Datum		values[18];
	char		nulls[18];
	Scope		scope;
	int64		id;

	memset(nulls, ' ', sizeof(nulls));
	scope_enter(&scope);
	set_text(values, nulls, 0, job->script);
	values[1] = Int32GetDatum(job->version);
	values[2] = ObjectIdGetDatum(job->role);
	values[3] = ObjectIdGetDatum(job->source);
	set_text(values, nulls, 4, job->source_name);
	set_text(values, nulls, 5, job->destination);
	set_text(values, nulls, 6, tr_shape_name(job->shape));
	set_text(values, nulls, 7, tr_mode_name(job->mode));
	set_text(values, nulls, 8, tr_numeric_name(job->numeric));
	nulls[9] = job->params == NULL ? 'n' : ' ';
	values[9] = PointerGetDatum(job->params);
	values[10] = Int32GetDatum(job->priority);
	values[11] = Int32GetDatum(job->chunk_rows);
	values[12] = Int64GetDatum(job->limits.wall_ms);
	values[13] = Int64GetDatum(job->limits.cpu_ms);
	values[14] = Int64GetDatum(job->limits.memory_bytes);
	values[15] = Int64GetDatum(job->limits.output_rows);
	values[16] = Int64GetDatum(job->limits.output_bytes);
	values[17] = Int64GetDatum(job->limits.log_bytes);
	run(Q_SUBMIT, values, nulls, InvalidSnapshot);
	id = DatumGetInt64(value(0, 1));
	scope_leave(&scope);
	tr_wake_scheduler_at_commit();
	return id;
}

static void
read_claim(int row, TrClaim *claim)
{
	claim->job = DatumGetInt64(value(row, 1));
	claim->attempt = DatumGetInt32(value(row, 2));
	claim->role = DatumGetObjectId(value(row, 3));
}

bool
tr_queue_next(TrClaim *claim)
{
	Scope		scope;
	bool		found;

	scope_enter(&scope);
	run(Q_NEXT, NULL, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
		read_claim(0, claim);
	scope_leave(&scope);
	return found;
}

/* id, state and attempt that the row must have, and the state it gets. */
static void
set_move(Datum *values, int64 job, TrState from, int attempt, TrEvent event)
{
	values[0] = Int64GetDatum(job);
	values[1] = CStringGetTextDatum(tr_state_name(from));
	values[2] = Int32GetDatum(attempt);
	values[3] = CStringGetTextDatum(tr_state_name(tr_job_transition(from, event)));
}

void
tr_queue_claim(const TrClaim *claim)
{
	Datum		values[5];
	Scope		scope;

	scope_enter(&scope);
	set_move(values, claim->job, TR_PENDING, claim->attempt, TR_EVENT_CLAIM);
	values[4] = Int32GetDatum(claim->attempt + 1);
	run(Q_CLAIM, values, NULL, InvalidSnapshot);
	if (SPI_processed != 1)
		elog(ERROR, "job " INT64_FORMAT " changed while it was locked",
			 claim->job);
	scope_leave(&scope);
}

bool
tr_queue_load(int64 job, int attempt, TrJobRow *row)
{
	Datum		values[2] = {Int64GetDatum(job), Int32GetDatum(attempt)};
	Scope		scope;
	bool		found;

	scope_enter(&scope);
	run(Q_LOAD, values, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
	{
		row->script = text_value(&scope, 0, 1);
		row->version = DatumGetInt32(value(0, 2));
		row->code = text_value(&scope, 0, 3);
		row->source = DatumGetObjectId(value(0, 4));
		row->source_name = text_value(&scope, 0, 5);
		row->destination = text_value(&scope, 0, 6);
		row->shape = tr_shape_parse(text_value(&scope, 0, 7));
		row->mode = tr_mode_parse(text_value(&scope, 0, 8));
		row->numeric = tr_numeric_parse(text_value(&scope, 0, 9));
		row->params = text_value(&scope, 0, 10);
		row->chunk_rows = DatumGetInt32(value(0, 11));
		row->limits.wall_ms = DatumGetInt64(value(0, 12));
		row->limits.cpu_ms = DatumGetInt64(value(0, 13));
		row->limits.memory_bytes = DatumGetInt64(value(0, 14));
		row->limits.output_rows = DatumGetInt64(value(0, 15));
		row->limits.output_bytes = DatumGetInt64(value(0, 16));
		row->limits.log_bytes = DatumGetInt64(value(0, 17));
		row->unstarted = DatumGetInt32(value(0, 18));
	}
	scope_leave(&scope);
	return found;
}

/* ---- jobs: ending ---- */

bool
tr_queue_requeue(int64 job, int attempt, const TrRequeue *requeue)
{
	Datum		values[8];
	char		nulls[8];
	Scope		scope;
	bool		hit;

	memset(nulls, ' ', sizeof(nulls));
	scope_enter(&scope);
	set_move(values, job, TR_RUNNING, attempt, TR_EVENT_REQUEUE);
	values[4] = Int32GetDatum(requeue->attempt);
	values[5] = Int32GetDatum(requeue->unstarted);
	values[6] = Int32GetDatum(requeue->delay_ms);
	set_text(values, nulls, 7, requeue->reason);
	run(Q_REQUEUE, values, nulls, InvalidSnapshot);
	hit = SPI_processed == 1;
	scope_leave(&scope);
	tr_wake_scheduler_at_commit();
	return hit;
}

static void
set_work(Datum *values, char *nulls, const TrEnd *end)
{
	if (!end->worked)
	{
		memset(nulls + 4, 'n', 10);
		return;
	}
	values[4] = Int64GetDatum(end->rows_read);
	values[5] = Int64GetDatum(end->rows_returned);
	values[6] = Int64GetDatum(end->rows_written);
	values[7] = Int64GetDatum(end->bytes_in);
	values[8] = Int64GetDatum(end->bytes_out);
	values[9] = tr_walls_array(end->walls_enforced);
	values[10] = tr_walls_array(WALL_ALL & ~end->walls_enforced);
	values[11] = Int64GetDatum(end->peak_memory);
	values[12] = Float8GetDatum(end->cpu_us / 1e6);
	values[13] = Float8GetDatum(end->worker_us / 1e6);
}

static void
set_error(Datum *values, char *nulls, const TrEnd *end)
{
	if (end->sqlstate == 0)
	{
		memset(nulls + 14, 'n', 7);
		return;
	}
	set_text(values, nulls, 14, unpack_sql_state(end->sqlstate));
	set_text(values, nulls, 15, end->error);
	set_text(values, nulls, 16, end->detail);
	set_text(values, nulls, 17, end->hint);
	set_text(values, nulls, 18, end->context);
	set_text(values, nulls, 19, tr_stage_name(end->stage));
	set_text(values, nulls, 20, end->traceback);
}

bool
tr_queue_finish(int64 job, TrState from, int attempt, TrEvent event,
				const TrEnd *end)
{
	Datum		values[21];
	char		nulls[21];
	Scope		scope;
	bool		hit;

	memset(nulls, ' ', sizeof(nulls));
	memset(values, 0, sizeof(values));
	scope_enter(&scope);
	set_move(values, job, from, attempt, event);
	set_work(values, nulls, end);
	set_error(values, nulls, end);
	run(Q_FINISH, values, nulls, InvalidSnapshot);
	hit = SPI_processed == 1;
	scope_leave(&scope);
	tr_wake_waiters_at_commit();
	return hit;
}

/* ---- jobs: looking ---- */

List *
tr_queue_running(void)
{
	List	   *result = NIL;
	Scope		scope;
	MemoryContext old;

	scope_enter(&scope);
	run(Q_RUNNING, NULL, NULL, InvalidSnapshot);
	old = MemoryContextSwitchTo(scope.caller);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		TrClaim    *claim = palloc(sizeof(TrClaim));

		read_claim(i, claim);
		result = lappend(result, claim);
	}
	MemoryContextSwitchTo(old);
	scope_leave(&scope);
	return result;
}

bool
tr_queue_pending(long *wait_ms)
{
	Scope		scope;
	bool		found;

	scope_enter(&scope);
	run(Q_PENDING, NULL, NULL, InvalidSnapshot);
	found = SPI_processed == 1;
	if (found)
		*wait_ms = (long) DatumGetFloat8(value(0, 1));
	scope_leave(&scope);
	return found;
}

static int
parse_sqlstate(const char *s)
{
	if (s == NULL || strlen(s) != 5)
		return 0;
	return MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4]);
}

static void
read_status(const Scope *scope, TrJobStatus *status)
{
	bool		isnull;
	Datum		seconds;

	status->state = tr_state_parse(text_value(scope, 0, 1));
	status->attempt = DatumGetInt32(value(0, 2));
	status->role = DatumGetObjectId(value(0, 3));
	status->own_write =
		TransactionIdIsCurrentTransactionId(DatumGetTransactionId(value(0, 4)));
	status->sqlstate = parse_sqlstate(text_value(scope, 0, 5));
	status->error = text_value(scope, 0, 6);
	status->detail = text_value(scope, 0, 7);
	status->hint = text_value(scope, 0, 8);
	status->traceback = text_value(scope, 0, 9);
	status->rows_read = int8_or_zero(0, 10);
	status->rows_written = int8_or_zero(0, 11);
	status->destination = text_value(scope, 0, 12);
	status->waiting_reason = text_value(scope, 0, 13);
	seconds = column(0, 14, &isnull);
	status->seconds = isnull ? 0 : DatumGetFloat8(seconds);
}

bool
tr_queue_status(int64 job, TrJobStatus *status)
{
	Datum		values[1] = {Int64GetDatum(job)};
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Scope		scope;
	bool		found;

	scope_enter(&scope);
	run(Q_STATUS, values, NULL, snapshot);
	found = SPI_processed == 1;
	if (found)
		read_status(&scope, status);
	scope_leave(&scope);
	UnregisterSnapshot(snapshot);
	return found;
}

/* ---- logs ---- */

void
tr_queue_add_log(int64 job, int attempt, List *lines)
{
	int			n = list_length(lines);
	Datum	   *columns[4];
	Datum		values[6];
	ListCell   *cell;
	Scope		scope;
	int			i = 0;

	scope_enter(&scope);
	for (int c = 0; c < 4; c++)
		columns[c] = palloc(n * sizeof(Datum));
	foreach(cell, lines)
	{
		const TrLogLine *line = lfirst(cell);

		columns[0][i] = Int32GetDatum(line->seq);
		columns[1][i] = TimestampTzGetDatum(line->at);
		columns[2][i] = CStringGetTextDatum(tr_stream_name(line->stream));
		columns[3][i++] = CStringGetTextDatum(line->text);
	}
	values[0] = Int64GetDatum(job);
	values[1] = Int32GetDatum(attempt);
	values[2] = PointerGetDatum(construct_array(columns[0], n, INT4OID, 4,
												true, TYPALIGN_INT));
	values[3] = PointerGetDatum(construct_array(columns[1], n, TIMESTAMPTZOID,
												8, FLOAT8PASSBYVAL,
												TYPALIGN_DOUBLE));
	values[4] = PointerGetDatum(construct_array(columns[2], n, TEXTOID, -1,
												false, TYPALIGN_INT));
	values[5] = PointerGetDatum(construct_array(columns[3], n, TEXTOID, -1,
												false, TYPALIGN_INT));
	run(Q_LOG_ADD, values, NULL, InvalidSnapshot);
	scope_leave(&scope);
}

void
tr_queue_read_log(int64 job, TrLogRowCallback callback, void *arg)
{
	Datum		values[1] = {Int64GetDatum(job)};
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Scope		scope;

	scope_enter(&scope);
	run(Q_LOG_READ, values, NULL, snapshot);
	for (uint64 i = 0; i < SPI_processed; i++)
		callback(arg, DatumGetInt32(value(i, 1)), DatumGetInt32(value(i, 2)),
				 DatumGetTimestampTz(value(i, 3)),
				 TextDatumGetCString(value(i, 4)),
				 TextDatumGetCString(value(i, 5)));
	scope_leave(&scope);
	UnregisterSnapshot(snapshot);
}
