-- A role with neither group role can do nothing and see nothing; row security
-- is on every table, whoever is given a right on it; a view shows nobody what
-- is not theirs.  No list here has a row that is not named with its reason.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS plain_role CASCADE;
DROP ROLE IF EXISTS regress_plain, regress_newcomer, regress_busy, regress_colleague, regress_overseer;
CREATE ROLE regress_plain LOGIN;
CREATE ROLE regress_newcomer LOGIN;
CREATE ROLE regress_busy LOGIN;
CREATE ROLE regress_colleague LOGIN;
CREATE ROLE regress_overseer LOGIN;
GRANT transform_user TO regress_newcomer, regress_busy, regress_colleague;
GRANT regress_busy TO regress_colleague;
GRANT transform_admin TO regress_overseer;
CREATE SCHEMA plain_role;
GRANT ALL ON SCHEMA plain_role TO regress_busy;
SET search_path = plain_role, public;
CREATE TABLE source AS SELECT 1 AS id;
GRANT SELECT ON source TO regress_busy;
CREATE VIEW objects AS
	SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'transform'
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';

-- something to see: a script, a job with a log and a watermark
SET ROLE regress_busy;
SELECT transform_script_create('plain_busy', E'def transform(df):\n    print(1)\n    return df\n') AS version;
SELECT transform_submit('plain_busy', 'source', 'out', since => 'id') AS job \gset
SELECT transform_wait(:job, '1 min');
RESET ROLE;

-- what a plain role may call or read
SELECT p.oid::regprocedure AS may_call FROM objects o JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid
WHERE has_function_privilege('regress_plain', p.oid, 'EXECUTE') ORDER BY 1;
SELECT c.oid::regclass AS may_touch FROM objects o JOIN pg_class c ON o.classid = 'pg_class'::regclass AND c.oid = o.objid
WHERE CASE c.relkind WHEN 'S' THEN has_sequence_privilege('regress_plain', c.oid, 'USAGE, SELECT, UPDATE')
	ELSE has_table_privilege('regress_plain', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
		OR has_any_column_privilege('regress_plain', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') END ORDER BY 1;
SELECT has_schema_privilege('regress_plain', 'transform', 'USAGE, CREATE') AS may_look_up;

-- it tries all of them
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
CREATE VIEW calls AS
	SELECT p.oid::regprocedure::text AS what,
		format(CASE p.prokind WHEN 'p' THEN 'CALL %I.%I(%s)' ELSE 'SELECT %I.%I(%s)' END, p.pronamespace::regnamespace::text, p.proname,
			(SELECT string_agg(format('NULL::%s', format_type(t, NULL)), ', ' ORDER BY n)
			 FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes) WITH ORDINALITY a(t, mode, n)
			 WHERE mode IS NULL OR mode IN ('i', 'b'))) AS statement
	FROM objects o JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid
	UNION ALL
	SELECT c.oid::regclass::text, format('SELECT * FROM transform.%I', c.relname)
	FROM pg_class c WHERE relnamespace = 'transform'::regnamespace AND relkind IN ('r', 'v', 'S', 'm', 'p', 'f');
GRANT USAGE ON SCHEMA plain_role TO regress_plain;
GRANT SELECT ON calls, objects TO regress_plain;
SET ROLE regress_plain;
SELECT what, try(statement) FROM calls WHERE try(statement) <> '42501' ORDER BY 1;
SELECT count(*) > 20 AS tried FROM calls;
-- the right to call a function is not enough to run scripts
RESET ROLE;
BEGIN;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO regress_plain;
GRANT regress_busy TO regress_plain WITH ADMIN OPTION;
REVOKE transform_user FROM regress_busy;
SET LOCAL ROLE regress_plain;
SELECT try('SELECT transform_submit(''plain_busy'', ''plain_role.source'', ''plain_role.o'')') AS submit,
	try('SELECT transform_preview(''plain_busy'', ''plain_role.source'')') AS preview,
	try(format('SELECT transform_verify(%s)', :job)) AS verify;
ROLLBACK;
-- who may call them reaches their own checks: the calls are as they should be
GRANT USAGE ON SCHEMA plain_role TO regress_newcomer;
GRANT SELECT ON calls, objects TO regress_newcomer;
SET ROLE regress_newcomer;
SELECT count(*) > 10 AS reached FROM calls WHERE what ~ '^transform_' AND try(statement) <> '42501';
RESET ROLE;

-- row security on every table, with a policy
SELECT c.oid::regclass AS without_row_security FROM pg_class c
WHERE c.relnamespace = 'transform'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity ORDER BY 1;
SELECT c.relname AS without_policy FROM pg_class c
WHERE c.relnamespace = 'transform'::regnamespace AND c.relkind IN ('r', 'p')
	AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) ORDER BY c.relname COLLATE "C";

-- and it holds where somebody is given the right to read them
CREATE FUNCTION visible(kinds text) RETURNS TABLE (relation text, rows bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR relation IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'transform'::regnamespace
		AND strpos(kinds, c.relkind::text) > 0 ORDER BY c.relname COLLATE "C" LOOP
		EXECUTE format('SELECT count(*) FROM transform.%I', relation) INTO rows;
		RETURN NEXT;
	END LOOP;
END
$$;
GRANT USAGE ON SCHEMA plain_role TO regress_colleague, regress_overseer;
BEGIN ISOLATION LEVEL REPEATABLE READ;	-- rows of the audit come at any time
GRANT USAGE ON SCHEMA transform TO regress_plain;
GRANT SELECT ON ALL TABLES IN SCHEMA transform TO regress_plain, regress_newcomer, regress_busy, regress_colleague, regress_overseer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA transform TO regress_plain;
-- (what was refused to it above stands in the audit)
SET LOCAL ROLE regress_plain;
SELECT * FROM visible('rpv') WHERE rows > 0 AND relation NOT IN ('audit', 'audit_event');
SELECT DISTINCT role FROM transform.audit WHERE role <> 'regress_plain';
SET LOCAL ROLE regress_newcomer;
SELECT * FROM visible('rpv') WHERE rows > 0 AND relation NOT IN ('audit', 'audit_event');
SELECT DISTINCT role FROM transform.audit WHERE role <> 'regress_newcomer';
SET LOCAL ROLE regress_busy;
SELECT * FROM visible('rp') WHERE relation IN ('job', 'job_log', 'script', 'script_version', 'watermark');
SELECT * FROM visible('v') WHERE relation IN ('jobs', 'scripts', 'watermarks');
-- who has the rights of a role sees what is its
SET LOCAL ROLE regress_colleague;
SELECT * FROM visible('rp') WHERE relation IN ('job', 'job_log', 'script', 'script_version', 'watermark');
-- members of transform_admin see all
SET LOCAL ROLE regress_overseer;
CREATE TEMP TABLE overseen AS SELECT * FROM visible('rp');
RESET ROLE;
SELECT * FROM visible('rp')
WHERE relation IN (SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid)
EXCEPT SELECT * FROM overseen;
ROLLBACK;
SET client_min_messages = error;
DROP SCHEMA plain_role CASCADE;
