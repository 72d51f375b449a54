-- Every wall is proven on this system, and the row of a job says so.  A system that
-- cannot have them all leaves this file out.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS walls CASCADE;
CREATE SCHEMA walls;
SET search_path = walls, public;

SELECT wall, name, state, required FROM transform_sandbox_status() WHERE wall IS NOT NULL;

CREATE TABLE numbers AS SELECT 1 AS n;
SELECT transform_script_create('walls_same', $$
def transform(df):
    return df
$$) AS version \gset
SELECT transform_submit('walls_same', 'numbers', 'out') AS job \gset
SELECT transform_wait(:job);
SELECT walls_enforced, walls_off FROM transform.jobs WHERE id = :job;
