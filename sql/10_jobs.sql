/*
 * sql/10_jobs.sql: jobs, their logs, and how far incremental jobs have read.
 */

-- ---- tables ----

CREATE TABLE transform.job (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	script		bigint NOT NULL,
	version		integer NOT NULL,
	role		regrole NOT NULL,
	source		regclass,
	source_name text,
	destination text NOT NULL,
	shape		text NOT NULL CHECK (shape IN ('table', 'chunk', 'group')),
	mode		text NOT NULL CHECK (mode IN ('create', 'append', 'replace', 'upsert')),
	numeric_as	text NOT NULL CHECK (numeric_as IN ('float64', 'decimal')),
	dtype_backend	text NOT NULL CHECK (dtype_backend IN ('numpy', 'numpy_nullable', 'pyarrow')),
	params		jsonb,
	priority	integer NOT NULL,
	chunk_rows	integer NOT NULL,
	source_query	text,
	sources		jsonb,
	columns		text[],
	filter		text,
	group_by	text[],
	key			text[],
	reject_table	text,
	expect		jsonb,
	since		text,
	search_path text NOT NULL,
	subject		text,
	token_id	text,
	since_from	text,
	since_to	text,
	limit_wall_ms		bigint NOT NULL,
	limit_cpu_ms		bigint NOT NULL,
	limit_memory		bigint NOT NULL,
	limit_output_rows	bigint NOT NULL,
	limit_output_bytes	bigint NOT NULL,
	limit_log_bytes		bigint NOT NULL,
	limit_concurrent_jobs	bigint NOT NULL,

	state		text NOT NULL DEFAULT 'pending'
		CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
	attempt		integer NOT NULL DEFAULT 0,
	unstarted	integer NOT NULL DEFAULT 0,		-- starts that found no sandbox
	not_before	timestamptz,
	waiting_reason	text,
	submitted_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	started_at	timestamptz,
	finished_at timestamptz,

	rows_read	bigint,
	rows_returned	bigint,
	rows_written	bigint,
	rows_rejected	bigint,
	bytes_in	bigint,
	bytes_out	bigint,
	sqlstate	text,
	error		text,
	error_detail	text,
	error_hint	text,
	error_context	text,
	error_stage text,
	traceback	text,
	walls_enforced	text[],
	walls_off	text[],
	peak_memory bigint,
	cpu_time	interval,
	worker_time interval,
	start_time	interval,
	read_time	interval,
	script_time interval,
	write_time	interval,
	commit_time interval,
	source_definition	text,
	snapshot	pg_snapshot,
	packages	jsonb,
	output_digest	text,
	FOREIGN KEY (script, version) REFERENCES transform.script_version (script, version)
);

-- How far each incremental job has read (transform_submit, since): one row per
-- role, script, source and destination.
CREATE TABLE transform.watermark (
	role		regrole NOT NULL,
	script		bigint NOT NULL REFERENCES transform.script (id),
	source		text NOT NULL,
	destination text NOT NULL,
	since		text NOT NULL,
	type		text,
	value		text,
	job			bigint,
	moved_at	timestamptz,
	PRIMARY KEY (role, script, source, destination)
);

CREATE INDEX job_pending ON transform.job (priority DESC, submitted_at, id)
	WHERE state = 'pending';
CREATE INDEX job_of_role ON transform.job (role, state)
	WHERE state IN ('pending', 'running');

CREATE TABLE transform.job_log (
	job			bigint NOT NULL REFERENCES transform.job (id) ON DELETE CASCADE,
	attempt		integer NOT NULL,
	seq			integer NOT NULL,
	at			timestamptz NOT NULL,
	stream		text NOT NULL,
	message		text NOT NULL,
	PRIMARY KEY (job, attempt, seq)
);

-- A dump keeps scripts, and jobs that are over: a restored copy must not run
-- what the original still had to do.
SELECT pg_catalog.pg_extension_config_dump('transform.job',
	$$WHERE state IN ('succeeded', 'failed', 'cancelled')$$);
SELECT pg_catalog.pg_extension_config_dump('transform.job_id_seq', '');
-- not of roles that were dropped: 05_scripts.sql
SELECT pg_catalog.pg_extension_config_dump('transform.watermark',
	$$WHERE role::oid IN (SELECT oid FROM pg_catalog.pg_roles)$$);
SELECT pg_catalog.pg_extension_config_dump('transform.job_log',
	$$WHERE job IN (SELECT id FROM transform.job WHERE state IN ('succeeded', 'failed', 'cancelled'))$$);

-- ---- private functions ----

CREATE FUNCTION transform.waiting_reason() RETURNS text
	AS 'MODULE_PATHNAME', 'transform_waiting_reason'
	LANGUAGE C VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION transform.live(
	OUT job bigint, OUT attempt integer, OUT phase text,
	OUT rows_read bigint, OUT rows_returned bigint, OUT rows_written bigint,
	OUT chunk bigint, OUT bytes_in bigint, OUT bytes_out bigint,
	OUT memory_bytes bigint, OUT cpu interval) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'transform_live'
	LANGUAGE C VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION transform.assert_no_transaction_block() RETURNS void
	AS 'MODULE_PATHNAME', 'transform_assert_no_transaction_block'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION transform.progress_line(job bigint) RETURNS text
	AS 'MODULE_PATHNAME', 'transform_progress_line'
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE FUNCTION transform.raise_failure(job bigint) RETURNS void
	AS 'MODULE_PATHNAME', 'transform_raise_failure'
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- ---- row level security: a second line, since nobody but the owner has any
-- right on the tables ----

ALTER TABLE transform.job ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.job_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.watermark ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON transform.job FOR SELECT
	TO transform_user, transform_admin
	USING (transform.may_see(role));
CREATE POLICY own ON transform.watermark FOR SELECT
	TO transform_user, transform_admin
	USING (transform.may_see(role));
CREATE POLICY own ON transform.job_log FOR SELECT
	TO transform_user, transform_admin
	USING (EXISTS (SELECT FROM transform.job j
				   WHERE j.id = job AND transform.may_see(j.role)));

-- ---- public functions ----

CREATE FUNCTION @extschema@.transform_submit(
	script text, source regclass DEFAULT NULL,
	destination text DEFAULT NULL,
	shape text DEFAULT NULL, mode text DEFAULT NULL,
	params jsonb DEFAULT NULL, numeric_as text DEFAULT NULL,
	priority integer DEFAULT NULL, chunk_rows integer DEFAULT NULL,
	dtype_backend text DEFAULT NULL, source_query text DEFAULT NULL,
	sources jsonb DEFAULT NULL, columns text[] DEFAULT NULL,
	filter text DEFAULT NULL, group_by text[] DEFAULT NULL,
	key text[] DEFAULT NULL, reject_table text DEFAULT NULL,
	expect jsonb DEFAULT NULL, since text DEFAULT NULL,
	version integer DEFAULT NULL)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'transform_submit'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_wait(job bigint, timeout interval DEFAULT NULL)
	RETURNS text
	AS 'MODULE_PATHNAME', 'transform_wait'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_cancel(job bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'transform_cancel'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_preview(
	script text, source regclass DEFAULT NULL, rows integer DEFAULT 10,
	shape text DEFAULT NULL, params jsonb DEFAULT NULL,
	numeric_as text DEFAULT NULL, dtype_backend text DEFAULT NULL,
	source_query text DEFAULT NULL, sources jsonb DEFAULT NULL,
	columns text[] DEFAULT NULL, filter text DEFAULT NULL,
	group_by text[] DEFAULT NULL, version integer DEFAULT NULL)
	RETURNS TABLE (row_number integer, data jsonb, columns jsonb)
	AS 'MODULE_PATHNAME', 'transform_preview'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_watermark_reset(script text,
	source text DEFAULT NULL, destination text DEFAULT NULL)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'transform_watermark_reset'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_logs(job bigint)
	RETURNS TABLE (attempt integer, seq integer, at timestamptz,
				   stream text, message text)
	AS 'MODULE_PATHNAME', 'transform_logs'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_verify(
	job bigint, OUT same boolean,
	OUT digest_then text, OUT digest_now text,
	OUT rows_then bigint, OUT rows_now bigint)
	AS 'MODULE_PATHNAME', 'transform_verify'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_sandbox_status()
	RETURNS TABLE (wall integer, name text, state text,
				   required boolean, detail text)
	AS 'MODULE_PATHNAME', 'transform_sandbox_status'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_version() RETURNS text
	AS $$SELECT '@VERSION@'::text$$
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp;

-- No SET clause: a procedure with one cannot commit.  Hence the qualified
-- names throughout, of types, too.
CREATE PROCEDURE @extschema@.transform_run(
	script text, source regclass DEFAULT NULL,
	destination text DEFAULT NULL,
	shape text DEFAULT NULL, mode text DEFAULT NULL,
	params jsonb DEFAULT NULL, numeric_as text DEFAULT NULL,
	priority integer DEFAULT NULL, chunk_rows integer DEFAULT NULL,
	dtype_backend text DEFAULT NULL, source_query text DEFAULT NULL,
	sources jsonb DEFAULT NULL, columns text[] DEFAULT NULL,
	filter text DEFAULT NULL, group_by text[] DEFAULT NULL,
	key text[] DEFAULT NULL, reject_table text DEFAULT NULL,
	expect jsonb DEFAULT NULL, since text DEFAULT NULL,
	version integer DEFAULT NULL, INOUT job bigint DEFAULT NULL)
	LANGUAGE plpgsql
AS $$
DECLARE
	state pg_catalog.text;
	cancelled pg_catalog.text;
BEGIN
	PERFORM transform.assert_no_transaction_block();
	job := @extschema@.transform_submit(script, source, destination, shape,
		mode, params, numeric_as, priority, chunk_rows, dtype_backend,
		source_query, sources, columns, filter, group_by, key, reject_table,
		expect, since, version);
	COMMIT;
	LOOP
		BEGIN
			state := @extschema@.transform_wait(job, pg_catalog.make_interval(secs => 1));
		EXCEPTION WHEN query_canceled THEN
			cancelled := SQLERRM;
			PERFORM @extschema@.transform_cancel(job);
		END;
		COMMIT;
		IF cancelled IS NOT NULL THEN
			RAISE query_canceled USING MESSAGE = cancelled,
				DETAIL = pg_catalog.format('Job %s has been asked to stop.', job);
		END IF;
		RAISE NOTICE '%', transform.progress_line(job);
		EXIT WHEN state OPERATOR(pg_catalog.<>) 'pending'
			AND state OPERATOR(pg_catalog.<>) 'running';
	END LOOP;
	IF state OPERATOR(pg_catalog.<>) 'succeeded' THEN
		PERFORM transform.raise_failure(job);
	END IF;
END
$$;

-- ---- views: operands are cast to the exact types of built-in operators, so
-- that no operator of a user can be taken for them at creation ----

CREATE VIEW transform.jobs WITH (security_barrier) AS
	SELECT j.id, s.name AS script, j.version, j.role, j.subject, j.token_id,
		j.source_name AS source,
		j.destination, j.shape, j.mode, j.numeric_as, j.dtype_backend,
		j.params, j.priority, j.chunk_rows, j.source_query, j.sources,
		j.columns, j.filter, j.group_by, j.key, j.reject_table, j.expect,
		j.since, j.since_from, j.since_to, j.state, j.attempt, j.submitted_at, j.started_at,
		j.finished_at, j.rows_read, j.rows_returned, j.rows_written,
		j.rows_rejected,
		j.bytes_in, j.bytes_out, j.sqlstate, j.error, j.error_detail,
		j.error_hint, j.error_context, j.error_stage, j.traceback,
		j.walls_enforced, j.walls_off, j.peak_memory, j.cpu_time,
		j.worker_time, j.started_at - j.submitted_at AS wait_time,
		j.start_time, j.read_time, j.script_time, j.write_time,
		j.commit_time,
		v.hash AS script_hash, v.version_hash,
		j.source_definition, j.snapshot, j.packages,
		j.output_digest,
		CASE WHEN j.state = 'pending'
			THEN coalesce(j.waiting_reason,
				CASE WHEN (SELECT count(*) FROM transform.job r
						   WHERE r.role::oid = j.role::oid AND r.state = 'running')
						>= j.limit_concurrent_jobs
					THEN pg_catalog.format('as many jobs of role %s are running as may at a time (transform.max_role_concurrent_jobs, or the session''s transform.role_concurrent_jobs, was %s)',
						j.role, j.limit_concurrent_jobs) END,
				transform.waiting_reason())
			END AS waiting_reason,
		pg_catalog.make_interval(secs => j.limit_wall_ms::float8 / 1000::float8)
			AS limit_wall_time,
		pg_catalog.make_interval(secs => j.limit_cpu_ms::float8 / 1000::float8)
			AS limit_cpu_time,
		j.limit_memory, j.limit_output_rows, j.limit_output_bytes,
		j.limit_log_bytes, j.limit_concurrent_jobs
	FROM transform.job j
	JOIN transform.script s ON s.id = j.script
	JOIN transform.script_version v ON v.script = j.script AND v.version = j.version
	WHERE transform.may_see(j.role);

CREATE VIEW transform.watermarks WITH (security_barrier) AS
	SELECT w.role, s.name AS script, w.source, w.destination, w.since, w.type,
		w.value, w.job, w.moved_at
	FROM transform.watermark w
	JOIN transform.script s ON s.id = w.script
	WHERE transform.may_see(w.role);

CREATE VIEW transform.progress WITH (security_barrier) AS
	SELECT l.job, l.phase, l.attempt, l.rows_read, l.rows_returned,
		l.rows_written, l.chunk,
		CASE WHEN c.reltuples > 0::float4
			THEN least(100::numeric, pg_catalog.round(
				(100::float8 * l.rows_read::float8 / c.reltuples::float8)::numeric, 1))
			END AS percent,
		l.memory_bytes, l.cpu,
		pg_catalog.clock_timestamp() - j.started_at AS elapsed
	FROM transform.live() l
	JOIN transform.job j ON j.id = l.job
	LEFT JOIN pg_catalog.pg_class c ON c.oid = j.source::oid
	WHERE transform.may_see(j.role);

-- ---- comments ----

COMMENT ON TABLE transform.job IS
	'one request to run a script version on a source into a destination';
COMMENT ON TABLE transform.job_log IS
	'output of scripts, one row per piece; read it with transform_logs()';
COMMENT ON COLUMN transform.job_log.job IS
	'job the line belongs to';
COMMENT ON COLUMN transform.job_log.attempt IS
	'attempt of the job, from 1';
COMMENT ON COLUMN transform.job_log.seq IS
	'number of the line within the attempt, from 1';
COMMENT ON COLUMN transform.job_log.at IS
	'when it was written';
COMMENT ON COLUMN transform.job_log.stream IS
	'stdout, stderr or warning';
COMMENT ON COLUMN transform.job_log.message IS
	'the text';
COMMENT ON COLUMN transform.job.id IS
	'number of the job';
COMMENT ON COLUMN transform.job.script IS
	'number of the script';
COMMENT ON COLUMN transform.job.version IS
	'version of the script the job was submitted with';
COMMENT ON COLUMN transform.job.role IS
	'role that submitted the job and that it runs as';
COMMENT ON COLUMN transform.job.source IS
	'the source relation; NULL for a query or several inputs';
COMMENT ON COLUMN transform.job.destination IS
	'table the result is written to';
COMMENT ON COLUMN transform.job.shape IS
	'how the script is called: table, chunk or group';
COMMENT ON COLUMN transform.job.mode IS
	'create (a new table), append, replace (its rows) or upsert (by key)';
COMMENT ON COLUMN transform.job.numeric_as IS
	'how numeric columns arrive: float64 or decimal';
COMMENT ON COLUMN transform.job.dtype_backend IS
	'kind of dtypes the script sees: numpy, numpy_nullable or pyarrow';
COMMENT ON COLUMN transform.job.source_query IS
	'the SELECT that is read, where no relation is';
COMMENT ON COLUMN transform.job.sources IS
	'the named inputs, where there are several';
COMMENT ON COLUMN transform.job.columns IS
	'columns of the source that are read, in this order; NULL for all';
COMMENT ON COLUMN transform.job.filter IS
	'condition on the rows that are read, as after WHERE';
COMMENT ON COLUMN transform.job.group_by IS
	'columns that make a group, in shape group';
COMMENT ON COLUMN transform.job.key IS
	'columns that tell which row is meant, in mode upsert';
COMMENT ON COLUMN transform.job.reject_table IS
	'table for the rows that a constraint refused';
COMMENT ON COLUMN transform.job.expect IS
	'checks on the result before it is published';
COMMENT ON COLUMN transform.job.since IS
	'column whose highest value read so far is remembered';
COMMENT ON COLUMN transform.job.params IS
	'second argument of transform(df, params), a JSON object';
COMMENT ON COLUMN transform.job.priority IS
	'higher runs first';
COMMENT ON COLUMN transform.job.chunk_rows IS
	'source rows sent at a time';
COMMENT ON COLUMN transform.job.state IS
	'pending, running, succeeded, failed or cancelled';
COMMENT ON COLUMN transform.job.attempt IS
	'which try this is, from 1; 0 before the first';
COMMENT ON COLUMN transform.job.submitted_at IS
	'when it was submitted';
COMMENT ON COLUMN transform.job.started_at IS
	'when the last attempt started';
COMMENT ON COLUMN transform.job.finished_at IS
	'when it became succeeded, failed or cancelled';
COMMENT ON COLUMN transform.job.rows_read IS
	'rows read from the source';
COMMENT ON COLUMN transform.job.rows_returned IS
	'rows the script returned';
COMMENT ON COLUMN transform.job.rows_rejected IS
	'rows put into the reject table';
COMMENT ON COLUMN transform.job.rows_written IS
	'rows inserted into the destination';
COMMENT ON COLUMN transform.job.bytes_in IS
	'bytes sent to the script';
COMMENT ON COLUMN transform.job.bytes_out IS
	'bytes received from it';
COMMENT ON COLUMN transform.job.sqlstate IS
	'SQLSTATE of the error';
COMMENT ON COLUMN transform.job.error IS
	'message of the error';
COMMENT ON COLUMN transform.job.error_detail IS
	'detail of the error';
COMMENT ON COLUMN transform.job.error_hint IS
	'what to do about it';
COMMENT ON COLUMN transform.job.error_context IS
	'where in the server it happened';
COMMENT ON COLUMN transform.job.error_stage IS
	'where it failed: validate, start, input, run, limit, output, infrastructure or cancel';
COMMENT ON COLUMN transform.job.traceback IS
	'Python traceback with the script''s own line numbers';
COMMENT ON COLUMN transform.job.walls_enforced IS
	'walls that were proven to hold while it ran';
COMMENT ON COLUMN transform.job.walls_off IS
	'walls that did not hold, by setting or by the system';
COMMENT ON COLUMN transform.job.peak_memory IS
	'most memory of the worker, in bytes, above that of an idle one';
COMMENT ON COLUMN transform.job.cpu_time IS
	'processor time of the worker';
COMMENT ON COLUMN transform.job.worker_time IS
	'time from start to end of the worker';
COMMENT ON COLUMN transform.job.start_time IS
	'time until a worker had the job: connecting, checks, opening the source';
COMMENT ON COLUMN transform.job.read_time IS
	'time spent reading the source and sending it';
COMMENT ON COLUMN transform.job.script_time IS
	'time with nothing to do but wait for the script';
COMMENT ON COLUMN transform.job.write_time IS
	'time spent checking the result and writing it';
COMMENT ON COLUMN transform.job.commit_time IS
	'time of the commit: deferred triggers, and to disk';
COMMENT ON COLUMN transform.job.source_definition IS
	'the SELECT that was read, and what a view in it was defined as then';
COMMENT ON COLUMN transform.job.snapshot IS
	'the snapshot the source was read with, as pg_current_snapshot() gives it';
COMMENT ON COLUMN transform.job.packages IS
	'versions of Python, of its packages, of sandbox_host and of its language policy that the script ran with';
COMMENT ON COLUMN transform.job.output_digest IS
	'digest of the rows the script returned, whatever their order; transform_verify() compares it';
COMMENT ON COLUMN transform.job.waiting_reason IS
	'why a pending job does not run yet; NULL when nothing holds it up';
COMMENT ON COLUMN transform.job.source_name IS
	'schema-qualified name of the source when the job was submitted; NULL where queries or several sources are read';
COMMENT ON TABLE transform.watermark IS
	'how far incremental jobs have read; read the view watermarks';
COMMENT ON COLUMN transform.watermark.role IS
	'role of the jobs';
COMMENT ON COLUMN transform.watermark.script IS
	'number of the script';
COMMENT ON COLUMN transform.watermark.source IS
	'schema-qualified name of the source';
COMMENT ON COLUMN transform.watermark.destination IS
	'schema-qualified name of the destination';
COMMENT ON COLUMN transform.watermark.since IS
	'column of the source';
COMMENT ON COLUMN transform.watermark.type IS
	'its type';
COMMENT ON COLUMN transform.watermark.value IS
	'its highest value that has been read, as text';
COMMENT ON COLUMN transform.watermark.job IS
	'job that read it';
COMMENT ON COLUMN transform.watermark.moved_at IS
	'when that job read it';
COMMENT ON COLUMN transform.job.since_from IS
	'the watermark before the job: it read the rows after that; NULL for all';
COMMENT ON COLUMN transform.job.since_to IS
	'the watermark after the job';
COMMENT ON COLUMN transform.job.subject IS
	'whom it was submitted for: sub of the token that the role was taken on with; NULL without one';
COMMENT ON COLUMN transform.job.token_id IS
	'jti of that token';
COMMENT ON COLUMN transform.job.search_path IS
	'search_path of the submit: where names in queries and conditions are looked up';
COMMENT ON COLUMN transform.job.limit_wall_ms IS
	'longest run time of the script, in milliseconds';
COMMENT ON COLUMN transform.job.limit_cpu_ms IS
	'most processor time, in milliseconds';
COMMENT ON COLUMN transform.job.limit_memory IS
	'most memory, in bytes';
COMMENT ON COLUMN transform.job.limit_output_rows IS
	'most rows it may return';
COMMENT ON COLUMN transform.job.limit_output_bytes IS
	'most bytes it may return';
COMMENT ON COLUMN transform.job.limit_concurrent_jobs IS
	'most jobs of its role that run with it at a time, itself included';
COMMENT ON COLUMN transform.job.limit_log_bytes IS
	'most bytes of output kept';
COMMENT ON COLUMN transform.job.unstarted IS
	'starts that found no sandbox ready, in a row; not counted as attempts';
COMMENT ON COLUMN transform.job.not_before IS
	'earliest time of the next attempt';
COMMENT ON VIEW transform.jobs IS
	'the jobs of roles whose rights you have (all, for members of transform_admin)';
COMMENT ON COLUMN transform.jobs.id IS
	'number of the job';
COMMENT ON COLUMN transform.jobs.script IS
	'name of the script';
COMMENT ON COLUMN transform.jobs.version IS
	'version of the script the job was submitted with';
COMMENT ON COLUMN transform.jobs.role IS
	'role that submitted the job and that it runs as';
COMMENT ON COLUMN transform.jobs.subject IS
	'whom it was submitted for: sub of the token that the role was taken on with; NULL without one';
COMMENT ON COLUMN transform.jobs.token_id IS
	'jti of that token';
COMMENT ON COLUMN transform.jobs.source IS
	'name of the source when the job was submitted';
COMMENT ON COLUMN transform.jobs.destination IS
	'table the result is written to';
COMMENT ON COLUMN transform.jobs.shape IS
	'how the script is called: table, chunk or group';
COMMENT ON COLUMN transform.jobs.mode IS
	'create (a new table), append, replace (its rows) or upsert (by key)';
COMMENT ON COLUMN transform.jobs.numeric_as IS
	'how numeric columns arrive: float64 or decimal';
COMMENT ON COLUMN transform.jobs.dtype_backend IS
	'kind of dtypes the script sees: numpy, numpy_nullable or pyarrow';
COMMENT ON COLUMN transform.jobs.source_query IS
	'the SELECT that is read, where no relation is';
COMMENT ON COLUMN transform.jobs.sources IS
	'the named inputs, where there are several';
COMMENT ON COLUMN transform.jobs.columns IS
	'columns of the source that are read, in this order; NULL for all';
COMMENT ON COLUMN transform.jobs.filter IS
	'condition on the rows that are read, as after WHERE';
COMMENT ON COLUMN transform.jobs.group_by IS
	'columns that make a group, in shape group';
COMMENT ON COLUMN transform.jobs.key IS
	'columns that tell which row is meant, in mode upsert';
COMMENT ON COLUMN transform.jobs.reject_table IS
	'table for the rows that a constraint refused';
COMMENT ON COLUMN transform.jobs.expect IS
	'checks on the result before it is published';
COMMENT ON COLUMN transform.jobs.since IS
	'column whose highest value read so far is remembered';
COMMENT ON COLUMN transform.jobs.since_from IS
	'the watermark before the job: it read the rows after that; NULL for all';
COMMENT ON COLUMN transform.jobs.since_to IS
	'the watermark after the job';
COMMENT ON COLUMN transform.jobs.params IS
	'second argument of transform(df, params), a JSON object';
COMMENT ON COLUMN transform.jobs.priority IS
	'higher runs first';
COMMENT ON COLUMN transform.jobs.chunk_rows IS
	'source rows sent at a time';
COMMENT ON COLUMN transform.jobs.state IS
	'pending, running, succeeded, failed or cancelled';
COMMENT ON COLUMN transform.jobs.attempt IS
	'which try this is, from 1; 0 before the first';
COMMENT ON COLUMN transform.jobs.submitted_at IS
	'when it was submitted';
COMMENT ON COLUMN transform.jobs.started_at IS
	'when the last attempt started';
COMMENT ON COLUMN transform.jobs.finished_at IS
	'when it became succeeded, failed or cancelled';
COMMENT ON COLUMN transform.jobs.rows_read IS
	'rows read from the source';
COMMENT ON COLUMN transform.jobs.rows_returned IS
	'rows the script returned';
COMMENT ON COLUMN transform.jobs.rows_rejected IS
	'rows put into the reject table';
COMMENT ON COLUMN transform.jobs.rows_written IS
	'rows inserted into the destination';
COMMENT ON COLUMN transform.jobs.bytes_in IS
	'bytes sent to the script';
COMMENT ON COLUMN transform.jobs.bytes_out IS
	'bytes received from it';
COMMENT ON COLUMN transform.jobs.sqlstate IS
	'SQLSTATE of the error';
COMMENT ON COLUMN transform.jobs.error IS
	'message of the error';
COMMENT ON COLUMN transform.jobs.error_detail IS
	'detail of the error';
COMMENT ON COLUMN transform.jobs.error_hint IS
	'what to do about it';
COMMENT ON COLUMN transform.jobs.error_context IS
	'where in the server it happened';
COMMENT ON COLUMN transform.jobs.error_stage IS
	'where it failed: validate, start, input, run, limit, output, infrastructure or cancel';
COMMENT ON COLUMN transform.jobs.traceback IS
	'Python traceback with the script''s own line numbers';
COMMENT ON COLUMN transform.jobs.walls_enforced IS
	'walls that were proven to hold while it ran';
COMMENT ON COLUMN transform.jobs.walls_off IS
	'walls that did not hold, by setting or by the system';
COMMENT ON COLUMN transform.jobs.peak_memory IS
	'most memory of the worker, in bytes, above that of an idle one';
COMMENT ON COLUMN transform.jobs.cpu_time IS
	'processor time of the worker';
COMMENT ON COLUMN transform.jobs.worker_time IS
	'time from start to end of the worker';
COMMENT ON COLUMN transform.jobs.wait_time IS
	'time from submit to the start of the last attempt';
COMMENT ON COLUMN transform.jobs.script_hash IS
	'SHA-256 of the script''s text';
COMMENT ON COLUMN transform.jobs.version_hash IS
	'SHA-256 over text, options, policy and packages of the script version, as transform.scripts shows it';
COMMENT ON COLUMN transform.jobs.start_time IS
	'time until a worker had the job: connecting, checks, opening the source';
COMMENT ON COLUMN transform.jobs.read_time IS
	'time spent reading the source and sending it';
COMMENT ON COLUMN transform.jobs.script_time IS
	'time with nothing to do but wait for the script';
COMMENT ON COLUMN transform.jobs.write_time IS
	'time spent checking the result and writing it';
COMMENT ON COLUMN transform.jobs.commit_time IS
	'time of the commit: deferred triggers, and to disk';
COMMENT ON COLUMN transform.jobs.source_definition IS
	'the SELECT that was read, and what a view in it was defined as then';
COMMENT ON COLUMN transform.jobs.snapshot IS
	'the snapshot the source was read with, as pg_current_snapshot() gives it';
COMMENT ON COLUMN transform.jobs.packages IS
	'versions of Python, of its packages, of sandbox_host and of its language policy that the script ran with';
COMMENT ON COLUMN transform.jobs.output_digest IS
	'digest of the rows the script returned, whatever their order; transform_verify() compares it';
COMMENT ON COLUMN transform.jobs.waiting_reason IS
	'why a pending job does not run yet; NULL when nothing holds it up';
COMMENT ON COLUMN transform.jobs.limit_wall_time IS
	'longest run time of the script';
COMMENT ON COLUMN transform.jobs.limit_cpu_time IS
	'most processor time';
COMMENT ON COLUMN transform.jobs.limit_memory IS
	'most memory, in bytes';
COMMENT ON COLUMN transform.jobs.limit_output_rows IS
	'most rows it may return';
COMMENT ON COLUMN transform.jobs.limit_output_bytes IS
	'most bytes it may return';
COMMENT ON COLUMN transform.jobs.limit_concurrent_jobs IS
	'most jobs of its role that run with it at a time, itself included';
COMMENT ON COLUMN transform.jobs.limit_log_bytes IS
	'most bytes of output kept';
COMMENT ON VIEW transform.watermarks IS
	'how far the incremental jobs of roles whose rights you have (all, for members of transform_admin) have read';
COMMENT ON COLUMN transform.watermarks.role IS
	'role of the jobs; each role has watermarks of its own';
COMMENT ON COLUMN transform.watermarks.script IS
	'name of the script';
COMMENT ON COLUMN transform.watermarks.source IS
	'schema-qualified name of the source';
COMMENT ON COLUMN transform.watermarks.destination IS
	'schema-qualified name of the destination';
COMMENT ON COLUMN transform.watermarks.since IS
	'column of the source';
COMMENT ON COLUMN transform.watermarks.type IS
	'its type';
COMMENT ON COLUMN transform.watermarks.value IS
	'its highest value that has been read, as text; the next job reads the rows after it';
COMMENT ON COLUMN transform.watermarks.job IS
	'job that read it';
COMMENT ON COLUMN transform.watermarks.moved_at IS
	'when that job read it';
COMMENT ON VIEW transform.progress IS
	'jobs that are running now, with live counters';
COMMENT ON COLUMN transform.progress.job IS
	'number of the job';
COMMENT ON COLUMN transform.progress.phase IS
	'connecting, starting, working, committing or recording';
COMMENT ON COLUMN transform.progress.attempt IS
	'which try this is';
COMMENT ON COLUMN transform.progress.rows_read IS
	'rows read from the source so far';
COMMENT ON COLUMN transform.progress.rows_returned IS
	'rows the script has returned so far';
COMMENT ON COLUMN transform.progress.rows_written IS
	'rows inserted so far, not yet committed';
COMMENT ON COLUMN transform.progress.chunk IS
	'chunks sent so far';
COMMENT ON COLUMN transform.progress.percent IS
	'rows read as part of the planner''s estimate (reltuples) of the source; NULL when there is none';
COMMENT ON COLUMN transform.progress.memory_bytes IS
	'memory of the worker now, in bytes';
COMMENT ON COLUMN transform.progress.cpu IS
	'processor time of the worker so far';
COMMENT ON COLUMN transform.progress.elapsed IS
	'time since the attempt started';
COMMENT ON FUNCTION transform.waiting_reason() IS
	'private: why pending jobs of this database do not run now; NULL when nothing holds them up';
COMMENT ON FUNCTION transform.live() IS
	'private: counters of the running jobs of this database; read transform.progress';
COMMENT ON FUNCTION transform.assert_no_transaction_block() IS
	'private: error 25001 inside a transaction block';
COMMENT ON FUNCTION transform.progress_line(bigint) IS
	'private: one line on how far a job is';
COMMENT ON FUNCTION transform.raise_failure(bigint) IS
	'private: raises the error of a job that failed or was cancelled';
COMMENT ON FUNCTION @extschema@.transform_submit(text, regclass, text, text, text, jsonb, text, integer, integer, text, text, jsonb, text[], text, text[], text[], text, jsonb, text, integer) IS
	'Queues a job that runs a script on a relation into a table; it starts when the transaction commits, and runs as the current user. Returns the job''s number. destination: [schema.]name. What is read: source, or source_query (one SELECT that only reads), or sources (a JSON object: parameter of the script to relation, or to {"query": SELECT}); columns and filter (a condition) of it; group_by with shape group; since: a column, only rows after the highest value read before. shape, numeric_as: NULL for the script''s own. mode: create (default), append, replace (the result instead of the rows that are there; the table stays what it is) or upsert (key: columns with a unique index; rows whose key is there are updated). reject_table: table for the rows that a constraint refuses, made when absent. expect: a JSON object of checks on the result before it is published: unique, not_null, in_range, min_rows, max_rows, max_rejected. params: a JSON object. priority: higher first (default 0). chunk_rows: 1 to 10000000 (default transform.chunk_rows). version: of the script (default: the current one). Errors: 42704 no such script, 42501 no privilege, 42P07 destination exists, 42P01 it does not (append, upsert), 42P10 no unique index on the key (upsert), 42602 and 42622 bad name, 0A000 unsupported column type, 22023 bad argument, 55000 not preloaded.';
COMMENT ON FUNCTION @extschema@.transform_wait(bigint, interval) IS
	'Waits until a job is over and returns its state: succeeded, failed or cancelled; with a timeout, the state it has by then. Sees the latest state at any isolation level. Errors: 42704 no such job, 55000 when the job was submitted by this very transaction.';
COMMENT ON PROCEDURE @extschema@.transform_run(text, regclass, text, text, text, jsonb, text, integer, integer, text, text, jsonb, text[], text, text[], text[], text, jsonb, text, integer, bigint) IS
	'Submits a job, commits, waits for it with progress as notices, and raises the job''s error if it fails; cancelling the call cancels the job. Arguments as transform_submit; job returns the number. Error 25001 inside a transaction block.';
COMMENT ON FUNCTION @extschema@.transform_cancel(bigint) IS
	'Cancels a pending job (when the transaction commits) or interrupts a running one (at once). True when there was something to cancel. For the job''s own role and members of transform_admin. Error 42704: no such job.';
COMMENT ON FUNCTION @extschema@.transform_preview(text, regclass, integer, text, jsonb, text, text, text, jsonb, text[], text, text[], integer) IS
	'Runs a script on the first rows of a relation (1 to 1000, default 10) and returns what it gives, as JSON, with the inferred columns in the first row; writes nothing. Output of the script comes as notices.';
COMMENT ON FUNCTION @extschema@.transform_watermark_reset(text, text, text) IS
	'Forgets how far the incremental jobs of a script have read, so that the next one reads everything; source and destination as transform.watermarks shows them, NULL for all. Returns how many watermarks that were; only those of roles whose rights you have.';
COMMENT ON FUNCTION @extschema@.transform_logs(bigint) IS
	'Output (print, warnings) of a job''s script, also while it runs. Error 42704: no such job.';
COMMENT ON FUNCTION @extschema@.transform_verify(bigint) IS
	'Runs the script version of a job that succeeded again, with the same arguments, on what its source holds now, as the current user, and compares the digest of what comes back; writes nothing. Not the same: the source has changed since, or the script does not give the same result twice (random numbers, the clock). Errors: 42704 no such job, 55000 it has not succeeded, and those of the job itself.';
COMMENT ON FUNCTION @extschema@.transform_sandbox_status() IS
	'What is in place and what is missing: a row per wall (1 to 8) with its state (enforced, not enforced, off by setting or unknown), whether it is required, and how it was proven; then rows of facts (wall NULL).';
COMMENT ON FUNCTION @extschema@.transform_version() IS
	'Version of the installed extension.';

-- ---- grants: none to PUBLIC, by name to the two roles ----

REVOKE ALL ON FUNCTION transform.waiting_reason() FROM PUBLIC;
REVOKE ALL ON FUNCTION transform.live() FROM PUBLIC;
REVOKE ALL ON FUNCTION transform.assert_no_transaction_block() FROM PUBLIC;
REVOKE ALL ON FUNCTION transform.progress_line(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION transform.raise_failure(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_submit(text, regclass, text, text, text, jsonb, text, integer, integer, text, text, jsonb, text[], text, text[], text[], text, jsonb, text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_wait(bigint, interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_cancel(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_preview(text, regclass, integer, text, jsonb, text, text, text, jsonb, text[], text, text[], integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_watermark_reset(text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_logs(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_verify(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_sandbox_status() FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_version() FROM PUBLIC;
REVOKE ALL ON PROCEDURE @extschema@.transform_run(text, regclass, text, text, text, jsonb, text, integer, integer, text, text, jsonb, text[], text, text[], text[], text, jsonb, text, integer, bigint) FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA transform FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA transform FROM PUBLIC;

-- ceilings: for a role's, ALTER ROLE asks for rights on that role, too
GRANT SET ON PARAMETER transform.max_job_cpu_time, transform.max_job_log_bytes,
	transform.max_job_memory, transform.max_job_output_bytes,
	transform.max_job_output_rows, transform.max_job_wall_time,
	transform.max_role_concurrent_jobs, transform.max_role_queued_jobs
	TO transform_admin;
GRANT SELECT ON transform.jobs, transform.progress, transform.watermarks
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform.waiting_reason()
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform.live()
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform.assert_no_transaction_block()
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform.progress_line(bigint)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform.raise_failure(bigint)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_submit(text, regclass, text, text, text, jsonb, text, integer, integer, text, text, jsonb, text[], text, text[], text[], text, jsonb, text, integer)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_wait(bigint, interval)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_cancel(bigint)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_preview(text, regclass, integer, text, jsonb, text, text, text, jsonb, text[], text, text[], integer)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_watermark_reset(text, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_logs(bigint)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_verify(bigint)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_sandbox_status()
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_version()
	TO transform_user, transform_admin;
GRANT EXECUTE ON PROCEDURE @extschema@.transform_run(text, regclass, text, text, text, jsonb, text, integer, integer, text, text, jsonb, text[], text, text[], text[], text, jsonb, text, integer, bigint)
	TO transform_user, transform_admin;
