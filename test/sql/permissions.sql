-- Who may see, run and cancel what; as whom jobs run.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS permissions CASCADE;
DROP ROLE IF EXISTS regress_anna, regress_ben, regress_boss, regress_group, regress_nobody;
CREATE ROLE regress_anna LOGIN;
CREATE ROLE regress_ben LOGIN;
CREATE ROLE regress_boss LOGIN;
CREATE ROLE regress_nobody LOGIN;
CREATE ROLE regress_group NOLOGIN;
GRANT transform_user TO regress_anna, regress_ben, regress_group;
GRANT transform_admin TO regress_boss;
CREATE SCHEMA permissions;
GRANT USAGE, CREATE ON SCHEMA permissions TO regress_anna, regress_ben, regress_group;
GRANT USAGE ON SCHEMA permissions TO regress_nobody;
SET search_path = permissions, public;
CREATE TABLE open_data AS SELECT g AS n FROM generate_series(1, 10) g;
CREATE TABLE closed_data AS SELECT 1 AS secret;
GRANT SELECT ON open_data TO regress_anna, regress_ben, regress_group;

-- nothing without the role
SET ROLE regress_nobody;
SELECT transform_submit('x', 'open_data', 'd');
SELECT * FROM transform_validate('x');
SELECT * FROM transform.jobs;
SELECT * FROM transform_sandbox_status();

-- base tables are nobody's
SET ROLE regress_anna;
SELECT * FROM transform.job;
DELETE FROM transform.jobs;
INSERT INTO transform.script (name, owner, version) VALUES ('x', 'regress_anna', 1);
SELECT nextval('transform.job_id_seq');

SELECT transform_script_create('perm_anna', E'def transform(df):\n    print(len(df))\n    return df\n') > 0 AS created;
SELECT transform_submit('perm_anna', 'closed_data', 'd');
SELECT transform_submit('perm_anna', 'open_data', 'public.d');
SELECT transform_submit('perm_anna', 'open_data', 'anna_out') AS anna_job \gset
SELECT transform_wait(:anna_job, '1 min');
SELECT role, state FROM transform.jobs;
SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = 'anna_out'::regclass;

-- another user sees none of it
SET ROLE regress_ben;
SELECT count(*) FROM transform.jobs;
SELECT count(*) FROM transform.scripts WHERE name = 'perm_anna';
SELECT transform_submit('perm_anna', 'open_data', 'd');
SELECT transform_script_create('perm_anna', E'def transform(df):\n    return df\n');
\set VERBOSITY sqlstate
SELECT transform_wait(:anna_job);
SELECT transform_cancel(:anna_job);
SELECT * FROM transform_logs(:anna_job);
SELECT transform.raise_failure(:anna_job);
\set VERBOSITY default

-- a member of transform_admin sees all
SET ROLE regress_boss;
SELECT role, state FROM transform.jobs WHERE id = :anna_job;
SELECT message FROM transform_logs(:anna_job);
SELECT count(*) FROM transform.scripts WHERE name = 'perm_anna';
SELECT transform_cancel(:anna_job);

-- a job of a role that somebody has the rights of is theirs to see
SET ROLE regress_group;
SELECT transform_script_create('perm_group', $$
def transform(df):
    return df
$$) > 0 AS created;
RESET ROLE;
GRANT regress_group TO regress_ben;
SET ROLE regress_ben;
SELECT count(*) FROM transform.scripts WHERE name = 'perm_group';

-- a role that cannot log in runs its jobs all the same, as itself
CREATE TABLE who (n integer, me text DEFAULT current_user);
GRANT INSERT ON who TO regress_group;
CREATE FUNCTION escalate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		SET LOCAL SESSION AUTHORIZATION postgres;
		NEW.me := 'escalated';
	EXCEPTION WHEN OTHERS THEN
		NEW.me := NEW.me || ' ' || SQLSTATE;
	END;
	BEGIN
		SET LOCAL ROLE postgres;
		NEW.me := 'escalated';
	EXCEPTION WHEN OTHERS THEN
		NEW.me := NEW.me || ' ' || SQLSTATE;
	END;
	RETURN NEW;
END
$$;
CREATE TRIGGER escalate BEFORE INSERT ON who FOR EACH ROW WHEN (NEW.n = 1) EXECUTE FUNCTION escalate();
SET ROLE regress_group;
SELECT transform_submit('perm_group', 'open_data', 'who', mode => 'append') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT error FROM transform.jobs WHERE id = :job AND error IS NOT NULL;
SET ROLE regress_ben;
SELECT me, count(*) FROM who GROUP BY 1 ORDER BY 1;

-- the same for one that can
SET ROLE regress_ben;
SELECT transform_script_create('perm_ben', E'def transform(df):\n    return df\n') > 0 AS created;
TRUNCATE who;
SELECT transform_submit('perm_ben', 'open_data', 'who', mode => 'append') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT me, count(*) FROM who GROUP BY 1 ORDER BY 1;

-- views, policies and defaults are the submitting role's
RESET ROLE;
CREATE TABLE mine (owner text, n integer);
INSERT INTO mine VALUES ('regress_anna', 1), ('regress_ben', 2), ('regress_ben', 3);
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON mine USING (owner = current_user);
GRANT SELECT ON mine TO regress_ben;
SET ROLE regress_ben;
SELECT transform_submit('perm_ben', 'mine', 'my_rows') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT * FROM my_rows ORDER BY n;

-- rights that are taken away before the job runs
BEGIN;
SELECT transform_submit('perm_ben', 'mine', 'my_rows2') AS job \gset
RESET ROLE;
REVOKE SELECT ON mine FROM regress_ben;
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error FROM transform.jobs WHERE id = :job;

-- a role that is dropped before its job runs
CREATE ROLE regress_gone LOGIN;
GRANT transform_user TO regress_gone;
GRANT SELECT ON open_data TO regress_gone;
GRANT CREATE, USAGE ON SCHEMA permissions TO regress_gone;
SET ROLE regress_gone;
SELECT transform_script_create('perm_gone', E'def transform(df):\n    return df\n') > 0 AS created;
BEGIN;
SELECT transform_submit('perm_gone', 'open_data', 'gone_out') AS job \gset
RESET ROLE;
DROP OWNED BY regress_gone;
DROP ROLE regress_gone;
COMMIT;
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate, error_stage, error FROM transform.jobs WHERE id = :job;

-- a read-only role's failure can still be recorded
ALTER ROLE regress_anna SET default_transaction_read_only = on;
SET ROLE regress_anna;
SET default_transaction_read_only = off;
SELECT transform_submit('perm_anna', 'open_data', 'read_only') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT state, sqlstate FROM transform.jobs WHERE id = :job;

-- operators in a role's search path do not reach the extension's statements
RESET ROLE;
ALTER ROLE regress_ben SET search_path = evil, pg_catalog;
CREATE SCHEMA evil AUTHORIZATION regress_ben;
SET ROLE regress_ben;
CREATE FUNCTION evil.eq(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'evil operator ran as %', current_user;
END
$$;
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.eq);
SET search_path = evil, pg_catalog;
SELECT public.transform_submit('perm_ben', 'permissions.open_data', 'permissions.not_evil') AS job \gset
SELECT public.transform_wait(:job, '1 min');
RESET ROLE;
SET search_path = permissions, public;
SELECT state, error FROM transform.jobs WHERE id = :job;
SET client_min_messages = error;
DROP SCHEMA permissions, evil CASCADE;
ALTER ROLE regress_anna RESET ALL;
ALTER ROLE regress_ben RESET ALL;
