-- As whom everything runs that a job meets: each probe says who it is, and
-- tries to become somebody else.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS rights CASCADE;
DROP ROLE IF EXISTS regress_rights_job, regress_rights_team, regress_rights_owner, regress_rights_other;
CREATE ROLE regress_rights_job LOGIN;
CREATE ROLE regress_rights_team NOLOGIN;
CREATE ROLE regress_rights_owner NOLOGIN;
CREATE ROLE regress_rights_other NOLOGIN;
GRANT transform_user TO regress_rights_job, regress_rights_team;
GRANT regress_rights_other TO regress_rights_job, regress_rights_team, regress_rights_owner;
-- settings that a session of theirs would begin with
ALTER ROLE regress_rights_job SET role = 'regress_rights_other';
ALTER ROLE regress_rights_team SET role = 'regress_rights_other';
ALTER ROLE regress_rights_team SET session_authorization = 'postgres';
CREATE SCHEMA rights;
GRANT USAGE, CREATE ON SCHEMA rights TO regress_rights_job, regress_rights_team, regress_rights_owner;
SET search_path = rights, public;

-- ---- the probe: current_user, session_user, is_superuser, and what it could do
CREATE FUNCTION look() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	deed text;
	done text := '';
BEGIN
	FOREACH deed IN ARRAY ARRAY[
		'RESET ROLE', 'SET ROLE NONE', 'SET ROLE postgres', 'SET LOCAL ROLE postgres',
		'SET ROLE regress_rights_other', 'SET LOCAL ROLE regress_rights_other',
		'SET SESSION AUTHORIZATION postgres', 'SET LOCAL SESSION AUTHORIZATION postgres',
		'SET SESSION AUTHORIZATION DEFAULT', 'RESET SESSION AUTHORIZATION',
		$q$SELECT set_config('role', 'postgres', false)$q$,
		$q$SELECT set_config('role', 'none', true)$q$,
		$q$SELECT set_config('session_authorization', 'postgres', false)$q$,
		'SET session_replication_role = replica',
		$q$SET transform.sandbox_require = 'language'$q$,
		$q$SET transform.max_job_memory = '8GB'$q$,
		'ALTER ROLE CURRENT_USER SUPERUSER', 'ALTER ROLE SESSION_USER SUPERUSER',
		$q$LOAD 'transform'$q$, 'ALTER SYSTEM SET work_mem = 64',
		$q$COPY (SELECT 1) TO PROGRAM 'true'$q$, $q$SELECT pg_read_file('PG_VERSION')$q$,
		'TABLE transform.job', 'TABLE pg_authid']
	LOOP
		EXIT WHEN current_setting('is_superuser') = 'on';	-- the test itself; bad enough otherwise
		BEGIN
			EXECUTE deed;
			done := done || ' DONE: ' || deed;
		EXCEPTION WHEN insufficient_privilege OR active_sql_transaction OR read_only_sql_transaction THEN
			NULL;
		END;
	END LOOP;
	RETURN format('%s %s %s%s', current_user, session_user, current_setting('is_superuser'), done);
END
$$;
CREATE TABLE found (kind text COLLATE "C", seen text);
GRANT INSERT ON found TO PUBLIC;
CREATE FUNCTION note(kind text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO rights.found VALUES (kind, rights.look());
	RETURN true;
END
$$;
-- an immutable function may not write, but call one that does
CREATE FUNCTION note(kind text, value integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM rights.note(kind);
	RETURN value;
END
$$;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM rights.note(coalesce(TG_ARGV[0], lower(TG_WHEN || ' ' || TG_OP || ' ' || TG_LEVEL)));
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
-- who reads cannot write: policies answer yes where all is as it should be
CREATE FUNCTION well() RETURNS boolean LANGUAGE sql AS
$$ SELECT rights.look() ~ '^(regress_rights_job|regress_rights_team) \w+ off$' $$;
CREATE FUNCTION look_definer() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT rights.look() $$;
ALTER FUNCTION look_definer() OWNER TO regress_rights_owner;
CREATE FUNCTION say(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RAISE EXCEPTION '% %', $1, rights.look();
END
$$;
CREATE TYPE mark AS (seen text);
CREATE FUNCTION to_mark(integer) RETURNS mark LANGUAGE sql AS $$ SELECT ROW(rights.look())::rights.mark $$;
CREATE CAST (integer AS mark) WITH FUNCTION to_mark(integer);
CREATE TYPE flag AS ENUM ('true');
CREATE FUNCTION to_flag(integer) RETURNS flag LANGUAGE sql AS $$ SELECT rights.note('cast')::text::rights.flag $$;
CREATE CAST (integer AS flag) WITH FUNCTION to_flag(integer) AS ASSIGNMENT;

-- ================ reading: every kind of source at once

CREATE TABLE base (n integer);
INSERT INTO base VALUES (1);
CREATE TABLE plain_table AS SELECT 'table' AS kind, 'rows' AS seen;
CREATE TABLE guarded_table AS SELECT 'policy' AS kind, 'rows' AS seen;
ALTER TABLE guarded_table ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON guarded_table USING (rights.well());
CREATE VIEW by_view AS SELECT 'view' AS kind, look() AS seen FROM base;
CREATE VIEW by_definer AS SELECT 'view, security definer function' AS kind, look_definer() AS seen FROM base;
CREATE VIEW after_definer AS SELECT 'view, afterwards' AS kind, look() AS seen FROM base;
CREATE VIEW by_invoker WITH (security_invoker) AS SELECT 'security_invoker view' AS kind, look() AS seen FROM guarded_table;
CREATE MATERIALIZED VIEW stored_view AS SELECT 'materialized view' AS kind, 'rows' AS seen;
CREATE TABLE parts (kind text, seen text) PARTITION BY LIST (kind);
CREATE TABLE one_part PARTITION OF parts FOR VALUES IN ('partition');
INSERT INTO parts VALUES ('partition', 'rows');
ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON parts USING (rights.well());
CREATE TABLE parent (kind text, seen text);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child VALUES ('inherited', 'rows');
CREATE TABLE partly (kind text, seen text, secret text);
INSERT INTO partly VALUES ('column privileges', 'rows', 'secret');
DO $$
DECLARE
	file text := current_setting('data_directory') || '/rights.csv';
BEGIN
	CREATE EXTENSION IF NOT EXISTS file_fdw;
	EXECUTE format('COPY (SELECT %L, %L) TO %L', 'foreign table', 'rows', file);
	CREATE SERVER rights_files FOREIGN DATA WRAPPER file_fdw;
	EXECUTE format('CREATE FOREIGN TABLE rights.foreign_table (kind text, seen text) SERVER rights_files OPTIONS (filename %L)', file);
EXCEPTION WHEN OTHERS THEN	-- a server without contrib
	CREATE TABLE rights.foreign_table AS SELECT 'foreign table' AS kind, 'rows' AS seen;
END
$$;
GRANT SELECT ON plain_table, guarded_table, by_view, by_definer, after_definer, by_invoker, stored_view, parts, one_part, parent,
	foreign_table, base TO regress_rights_job, regress_rights_team;
GRANT SELECT (kind, seen) ON partly TO regress_rights_job, regress_rights_team;

\set read '{"a": "plain_table", "b": "guarded_table", "c": "by_view", "d": "by_definer", "e": "after_definer", "f": "by_invoker", "g": "stored_view", "h": "parts", "i": "parent", "j": "foreign_table", "k": {"query": "SELECT kind, seen FROM partly"}, "l": {"query": "SELECT ''cast'' AS kind, (n::mark).seen FROM base"}, "m": {"query": "SELECT ''query'' AS kind, look() AS seen FROM base WHERE well() ORDER BY look()"}, "n": "one_part"}'
\set code 'import pandas as pd\ndef transform(a, b, c, d, e, f, g, h, i, j, k, l, m, n):\n    return pd.concat([a, b, c, d, e, f, g, h, i, j, k, l, m, n])\n'

SET ROLE regress_rights_job;
SELECT transform_script_create('rights_read_job', :'code') AS version;
SELECT transform_script_create('rights_write_regress_rights_job', E'def transform(df):\n    return df\n') AS version;
SELECT transform_submit('rights_read_job', sources => :'read', destination => 'read_job') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error FROM transform.jobs WHERE id = :job AND state <> 'succeeded';
SELECT * FROM read_job ORDER BY kind COLLATE "C";
-- in the caller's session, which somebody else has begun
SELECT data->>'kind' AS kind, data->>'seen' AS seen FROM transform_preview('rights_read_job', sources => :'read')
WHERE data->>'seen' <> 'rows' ORDER BY 1;
SELECT data->>'seen' AS seen FROM transform_table_preview('by_view', order_by => 'look()', filter => 'well()');
SELECT name, min, most_common FROM transform_table_profile('by_view') ORDER BY 1;
SELECT current_user, session_user;
SELECT transform_submit('rights_read_job', sources => '{"a": "partly"}', destination => 'nothing');
SELECT transform_preview('rights_read_job', sources => '{"a": {"query": "SELECT secret FROM partly"}}');

-- what the planner evaluates already at the submit
SELECT transform_submit('rights_write_regress_rights_job', source_query => 'SELECT * FROM base WHERE ''said'' = say(''said'')', destination => 'nothing');
SELECT current_user, session_user;

-- a role without LOGIN sees the same, but for its name
SET ROLE regress_rights_team;
SELECT transform_script_create('rights_read_team', :'code') AS version;
SELECT transform_submit('rights_read_team', sources => :'read', destination => 'read_team') AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT sqlstate, error FROM transform.jobs WHERE id = :job AND state <> 'succeeded';
RESET ROLE;
SELECT kind, replace(seen, '_job', '_team') FROM read_job EXCEPT SELECT * FROM read_team;
-- a session that was somebody else's before
SET SESSION AUTHORIZATION regress_rights_team;
SELECT same, rows_now FROM transform_verify(:job);
SELECT current_user, session_user;
RESET SESSION AUTHORIZATION;

-- ================ writing: every kind of code that a destination can have

CREATE DOMAIN checked AS integer CHECK (note('domain check'));
CREATE FUNCTION loud_compare(integer, integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM rights.note('type input');
	RETURN btint4cmp($1, $2);
END
$$;
CREATE OPERATOR CLASS loud_ops FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=,
	OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 loud_compare(integer, integer);
CREATE TYPE loud_range AS RANGE (subtype = integer, subtype_opclass = loud_ops);
CREATE TABLE input (id integer, n checked, r loud_range, code integer);
INSERT INTO input VALUES (1, 1, '[1,5)', 2);
GRANT SELECT ON input TO regress_rights_job, regress_rights_team;

-- two tables with everything: a policy on one, the other is for replace
CREATE TABLE other (id integer PRIMARY KEY);
INSERT INTO other VALUES (1);
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['guarded', 'replaced'] LOOP
		EXECUTE format('CREATE TABLE rights.%I (
			id integer PRIMARY KEY, n rights.checked, r rights.loud_range, code integer UNIQUE,
			d boolean DEFAULT rights.note(''default''),
			g integer GENERATED ALWAYS AS (rights.note(''generated column'', id)) STORED,
			i integer GENERATED ALWAYS AS IDENTITY,
			f rights.flag DEFAULT 1,
			o integer DEFAULT 1 REFERENCES rights.other,
			CHECK (rights.note(''check constraint'')))', name);
		EXECUTE format('CREATE INDEX ON rights.%I (rights.note(''index expression'', id))', name);
		EXECUTE format('CREATE INDEX ON rights.%I (id) WHERE rights.note(''index predicate'', id) > 0', name);
		EXECUTE format('CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON rights.%I FOR EACH ROW EXECUTE FUNCTION rights.note()', name);
		EXECUTE format('CREATE TRIGGER b AFTER INSERT OR UPDATE OR DELETE ON rights.%I FOR EACH ROW EXECUTE FUNCTION rights.note()', name);
		EXECUTE format('CREATE TRIGGER c BEFORE INSERT OR UPDATE OR DELETE ON rights.%I EXECUTE FUNCTION rights.note()', name);
		EXECUTE format('CREATE TRIGGER d AFTER INSERT OR UPDATE OR DELETE ON rights.%I EXECUTE FUNCTION rights.note()', name);
		EXECUTE format('CREATE TRIGGER e AFTER INSERT ON rights.%I FOR EACH ROW WHEN (rights.note(''trigger condition'')) EXECUTE FUNCTION rights.note()', name);
		EXECUTE format('CREATE CONSTRAINT TRIGGER f AFTER INSERT OR UPDATE OR DELETE ON rights.%I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rights.note(''at the commit'')', name);
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON rights.%I TO regress_rights_job, regress_rights_team', name);
	END LOOP;
END
$$;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON guarded USING (note('policy, using')) WITH CHECK (note('policy, with check'));
-- an update of a key that is carried on runs as the owner of the other table
CREATE TABLE carried (code integer REFERENCES guarded (code) ON UPDATE CASCADE);
ALTER TABLE carried OWNER TO regress_rights_owner;
CREATE TRIGGER a BEFORE UPDATE ON carried FOR EACH ROW EXECUTE FUNCTION note('carried on by a foreign key');
-- a view, and a table with a rule behind it
CREATE TABLE ruled (id integer);
CREATE RULE r AS ON INSERT TO ruled DO ALSO INSERT INTO found VALUES ('rule', look());
CREATE VIEW front AS SELECT id, n, r, code FROM guarded;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM rights.note('instead of');
	INSERT INTO rights.ruled VALUES (NEW.id);
	RETURN NEW;
END
$$;
CREATE TRIGGER a INSTEAD OF INSERT ON front FOR EACH ROW EXECUTE FUNCTION instead();
GRANT INSERT, SELECT ON front, ruled TO regress_rights_job, regress_rights_team;
-- a row that is refused undoes a subtransaction
CREATE TABLE strict (LIKE input);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$;
CREATE TRIGGER a BEFORE INSERT ON strict FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TABLE refused (job bigint, row_number bigint, sqlstate text, message text, detail text, constraint_name text, data jsonb);
CREATE TRIGGER a BEFORE INSERT ON refused FOR EACH ROW EXECUTE FUNCTION note('reject table');
GRANT INSERT ON strict, refused TO regress_rights_job, regress_rights_team;
-- a created table is filled by the bulk path, or not, if it gets a trigger
CREATE FUNCTION on_create() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM rights.note('event trigger, ' || tg_event);
	IF tg_event = 'ddl_command_end' AND
		EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity ~ 'created_spi') THEN
		EXECUTE format('CREATE TRIGGER a BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION rights.note()',
			(SELECT object_identity FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table'));
	END IF;
END
$$;

CREATE TABLE summary (role text, what text, seen text, kinds text);
CREATE PROCEDURE run(runner text, what text, destination text, mode text, key text[] DEFAULT NULL, reject text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
	job bigint;
BEGIN
	TRUNCATE found;
	EXECUTE format('SET ROLE %I', runner);
	job := transform_submit('rights_write_' || runner, 'input', destination, mode => mode, key => key, reject_table => reject);
	COMMIT;
	PERFORM transform_wait(job, '1 min');
	RESET ROLE;
	INSERT INTO summary SELECT runner, what, state, error FROM transform.jobs WHERE id = job AND state <> 'succeeded';
	INSERT INTO summary
	SELECT runner, what, seen, string_agg(DISTINCT kind, '; ' ORDER BY kind) FROM found GROUP BY seen;
END
$$;
SET ROLE regress_rights_team;
SELECT transform_script_create('rights_write_regress_rights_team', E'def transform(df):\n    return df\n') AS version;
RESET ROLE;
CREATE EVENT TRIGGER rights_start ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION on_create();
CREATE EVENT TRIGGER rights_end ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION on_create();

CALL run('regress_rights_job', 'create', 'created_job', 'create');
CALL run('regress_rights_job', 'create, then not plain', 'created_spi_job', 'create');
CALL run('regress_rights_job', 'append to a view', 'front', 'append');
CALL run('regress_rights_job', 'append', 'guarded', 'append');
UPDATE guarded SET code = 1;
INSERT INTO carried VALUES (1);
CALL run('regress_rights_job', 'upsert', 'guarded', 'upsert', '{id}');
CALL run('regress_rights_job', 'append', 'replaced', 'append');
CALL run('regress_rights_job', 'append, a row refused', 'strict', 'append', reject => 'refused');
CALL run('regress_rights_job', 'replace', 'replaced', 'replace');
SELECT what, seen, kinds FROM summary ORDER BY what COLLATE "C", seen COLLATE "C";
SELECT count(*), min(code) FROM guarded;

-- a role without LOGIN: no row that is not the same, but for its name
CALL run('regress_rights_team', 'create', 'created_team', 'create');
CALL run('regress_rights_team', 'create, then not plain', 'created_spi_team', 'create');
TRUNCATE guarded CASCADE;
CALL run('regress_rights_team', 'append to a view', 'front', 'append');
CALL run('regress_rights_team', 'append', 'guarded', 'append');
UPDATE guarded SET code = 1;
INSERT INTO carried VALUES (1);
CALL run('regress_rights_team', 'upsert', 'guarded', 'upsert', '{id}');
CALL run('regress_rights_team', 'append, a row refused', 'strict', 'append', reject => 'refused');
CALL run('regress_rights_team', 'replace', 'replaced', 'replace');
SELECT what, replace(seen, '_team', '_job'), kinds FROM summary WHERE role = 'regress_rights_team'
EXCEPT SELECT what, seen, kinds FROM summary WHERE role = 'regress_rights_job';
SELECT count(DISTINCT what) FROM summary WHERE role = 'regress_rights_team';

-- nobody has become a superuser, and no bookkeeping is missing
SELECT count(*) FROM pg_roles WHERE rolname LIKE 'regress_rights%' AND rolsuper;
SELECT state, count(*) FROM transform.jobs WHERE script LIKE 'rights_%' GROUP BY state;

DROP EVENT TRIGGER rights_start;
DROP EVENT TRIGGER rights_end;
SET client_min_messages = error;
DROP SCHEMA rights CASCADE;
DROP EXTENSION IF EXISTS file_fdw CASCADE;
