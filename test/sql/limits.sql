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
SET client_min_messages = error;
DROP SCHEMA limits CASCADE;
ALTER ROLE regress_limited RESET ALL;
