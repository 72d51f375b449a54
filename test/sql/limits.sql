-- Limits: the message names the limit, its value and what was used.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS limits CASCADE;
CREATE SCHEMA limits;
SET search_path = limits, public;
CREATE TABLE source AS SELECT g AS n FROM generate_series(1, 100) g;
SELECT transform_script_create('limit_loop', $$
def transform(df):
    while True:
        pass
$$) > 0 AS created;
SELECT transform_script_create('limit_grow', $$
def transform(df):
    parts = []
    while True:
        parts.append("x" * 10000000)
$$) > 0 AS created;
SELECT transform_script_create('limit_rows', $$
import pandas as pd
def transform(df):
    return pd.concat([df] * 20)
$$) > 0 AS created;

-- the lower of the session's value and the ceiling is in the job row
SET transform.job_wall_time = '700ms';
SET transform.job_memory = '8GB';
SELECT transform_submit('limit_loop', 'source', 'loop') AS job \gset
SELECT limit_wall_time, limit_cpu_time, limit_memory, limit_output_rows, limit_output_bytes, limit_log_bytes
FROM transform.jobs WHERE id = :job;
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error ~ 'wall' AS names_it, error ~ '700|0\.7' AS value FROM transform.jobs WHERE id = :job;
RESET transform.job_wall_time;

SET transform.job_cpu_time = '500ms';
SELECT transform_submit('limit_loop', 'source', 'loop') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error ~* 'cpu|processor' AS names_it, error ~ '500|0\.5' AS value FROM transform.jobs WHERE id = :job;
RESET transform.job_cpu_time;

SET transform.job_memory = '100MB';
SELECT transform_submit('limit_grow', 'source', 'grow') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error ~ 'memory' AS names_it, error ~ '100' AS value FROM transform.jobs WHERE id = :job;
RESET transform.job_memory;

SET transform.job_output_rows = 1000;
SELECT transform_submit('limit_rows', 'source', 'rows') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error ~ 'rows' AS names_it, error ~ '1,?000' AS value FROM transform.jobs WHERE id = :job;
RESET transform.job_output_rows;

SET transform.job_output_bytes = '1kB';
SELECT transform_submit('limit_rows', 'source', 'bytes') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error ~ 'bytes' AS names_it, error ~ '1,?024|1 kB' AS value FROM transform.jobs WHERE id = :job;
RESET transform.job_output_bytes;

-- a ceiling that is lowered after the submit still applies
DROP ROLE IF EXISTS regress_limited;
CREATE ROLE regress_limited LOGIN;
GRANT transform_user TO regress_limited;
GRANT ALL ON SCHEMA limits TO regress_limited;
GRANT SELECT ON source TO regress_limited;
SET ROLE regress_limited;
SELECT transform_script_create('limit_theirs', $$
import pandas as pd
def transform(df):
    return pd.concat([df] * 20)
$$) > 0 AS created;
BEGIN;
SELECT transform_submit('limit_theirs', 'source', 'theirs') AS job \gset
RESET ROLE;
ALTER ROLE regress_limited SET transform.max_job_output_rows = 500;
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error ~ '500' AS value, limit_output_rows FROM transform.jobs WHERE id = :job;
-- and a job right after all that succeeds
SELECT transform_submit('limit_rows', 'source', 'fine') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT count(*) FROM fine;

-- each message says which ceiling it is, and how it is raised
SELECT substring(error_hint FROM 'ALTER ROLE \w+ SET (transform\.\w+)') AS ceiling FROM transform.jobs
WHERE script LIKE 'limit\_%' AND sqlstate = '53400' GROUP BY 1 ORDER BY 1;

-- ---- ceilings of a role: those of the role that the job runs as, also after SET ROLE
RESET ROLE;
ALTER ROLE regress_limited SET transform.max_job_memory = '1GB';
ALTER ROLE regress_limited SET transform.max_job_wall_time = '5min';
ALTER ROLE regress_limited SET transform.max_job_cpu_time = '4min';
ALTER ROLE regress_limited SET transform.max_job_output_rows = 5;
ALTER ROLE regress_limited SET transform.max_job_output_bytes = '2MB';
ALTER ROLE regress_limited SET transform.max_job_log_bytes = '2kB';
ALTER ROLE regress_limited SET transform.max_role_concurrent_jobs = 2;
ALTER ROLE regress_limited SET transform.max_role_queued_jobs = 3;
DO $$ BEGIN EXECUTE format('ALTER ROLE regress_limited IN DATABASE %I SET transform.max_job_output_rows = 6', current_database()); END $$;
CREATE VIEW given AS SELECT limit_memory / 1024 / 1024 AS mb, limit_wall_time AS wall, limit_cpu_time AS cpu, limit_output_rows AS rows,
	limit_output_bytes / 1024 / 1024 AS out_mb, limit_log_bytes AS log, limit_concurrent_jobs AS jobs
FROM transform.jobs ORDER BY id DESC LIMIT 1;
GRANT SELECT ON given TO regress_limited;
SET ROLE regress_limited;
BEGIN;
SELECT transform_submit('limit_theirs', 'source', 'o') > 0 AS submitted;
SELECT * FROM given;
-- a user may lower them ...
SET LOCAL transform.job_memory = '100MB';
SET LOCAL transform.job_wall_time = '1min';
SET LOCAL transform.job_output_rows = 3;
SET LOCAL transform.role_concurrent_jobs = 1;
SELECT transform_submit('limit_theirs', 'source', 'o2') > 0 AS submitted;
SELECT * FROM given;
-- ... and not raise them
SET LOCAL transform.job_memory = '100GB';
SET LOCAL transform.job_wall_time = '1h';
SET LOCAL transform.job_output_rows = 1000000;
SET LOCAL transform.role_concurrent_jobs = 100;
SET LOCAL transform.role_queued_jobs = 100;
SELECT transform_submit('limit_theirs', 'source', 'o3') > 0 AS submitted;
SELECT * FROM given;
-- three wait: that is all it may have
SELECT transform_submit('limit_theirs', 'source', 'o4');
ROLLBACK;
BEGIN;
SET LOCAL transform.role_queued_jobs = 0;
SELECT transform_submit('limit_theirs', 'source', 'o4');
ROLLBACK;
SET transform.max_job_memory = '8GB';
SELECT set_config('transform.max_job_memory', '8GB', true);
CREATE FUNCTION limits.raised() RETURNS bigint LANGUAGE sql SET transform.max_job_memory = '8GB' AS 'SELECT 1::bigint';
ALTER ROLE regress_limited SET transform.max_job_memory = '8GB';
ALTER ROLE regress_limited RESET transform.max_job_memory;
\set VERBOSITY sqlstate
DO $$ BEGIN EXECUTE format('ALTER ROLE regress_limited IN DATABASE %I SET transform.max_job_output_rows = 600', current_database()); END $$;
\set VERBOSITY default
ALTER SYSTEM SET transform.max_job_memory = '8GB';
SET SESSION AUTHORIZATION regress_limited;
RESET ALL;
SHOW transform.max_job_memory;
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
SET search_path = limits, public;
SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 'regress_limited'::regrole AND setdatabase = 0;

-- members of transform_admin may set them, for roles that are theirs to alter
DROP ROLE IF EXISTS regress_limiter;
CREATE ROLE regress_limiter CREATEROLE;
GRANT transform_admin TO regress_limiter;
GRANT regress_limited TO regress_limiter WITH ADMIN OPTION;
SET ROLE regress_limiter;
ALTER ROLE regress_limited SET transform.max_job_memory = '2GB';
ALTER ROLE regress_limited SET transform.sandbox_require = 'language';
SET ROLE regress_limited;
BEGIN;
SELECT transform_submit('limit_theirs', 'source', 'o') > 0 AS submitted;
SELECT mb FROM given;
ROLLBACK;
RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA limits CASCADE;
ALTER ROLE regress_limited RESET ALL;
DO $$ BEGIN EXECUTE format('ALTER ROLE regress_limited IN DATABASE %I RESET ALL', current_database()); END $$;
