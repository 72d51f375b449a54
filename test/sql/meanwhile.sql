-- What changes between submit and run: rights are asked for again, and names
-- must mean what they meant.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS meanwhile, meanwhile_a, meanwhile_b, meanwhile_c, meanwhile_d CASCADE;
DROP ROLE IF EXISTS regress_meanwhile, regress_meanwhile_group, regress_meanwhile_left;
CREATE ROLE regress_meanwhile LOGIN;
CREATE ROLE regress_meanwhile_left LOGIN;
CREATE ROLE regress_meanwhile_group NOLOGIN;
GRANT transform_user TO regress_meanwhile, regress_meanwhile_left;
GRANT regress_meanwhile_group TO regress_meanwhile;
CREATE SCHEMA meanwhile;
CREATE SCHEMA meanwhile_a;
CREATE SCHEMA meanwhile_b;
CREATE SCHEMA meanwhile_c;
CREATE SCHEMA meanwhile_d;
GRANT ALL ON SCHEMA meanwhile, meanwhile_a, meanwhile_b, meanwhile_c, meanwhile_d TO regress_meanwhile, regress_meanwhile_left;
SET search_path = meanwhile, public;
CREATE TABLE cases (name text, job bigint);
GRANT INSERT ON cases TO PUBLIC;
DO $$
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('CREATE TABLE meanwhile.s%s (id integer, n integer)', i);
		EXECUTE format('INSERT INTO meanwhile.s%s VALUES (1, 1)', i);
		EXECUTE format('GRANT SELECT ON meanwhile.s%s TO regress_meanwhile, regress_meanwhile_left', i);
		EXECUTE format('CREATE TABLE meanwhile.d%s (id integer PRIMARY KEY, n integer)', i);
		EXECUTE format('GRANT ALL ON meanwhile.d%s TO regress_meanwhile', i);
	END LOOP;
END
$$;
CREATE TABLE meanwhile_a.t AS SELECT 1 AS id;
CREATE TABLE meanwhile_b.t (id integer);
CREATE TABLE rejects (job bigint NOT NULL, row_number bigint NOT NULL, sqlstate text NOT NULL, message text NOT NULL,
	detail text, constraint_name text, data jsonb NOT NULL);
CREATE TABLE rejects2 (LIKE rejects);
REVOKE SELECT ON s3 FROM regress_meanwhile;
GRANT SELECT ON s3 TO regress_meanwhile_group;
GRANT SELECT ON meanwhile_a.t TO regress_meanwhile;
GRANT INSERT ON meanwhile_b.t, rejects, rejects2 TO regress_meanwhile;
CREATE VIEW changed AS SELECT 1 AS id, 1 AS n;
GRANT SELECT ON changed TO regress_meanwhile;

SET ROLE regress_meanwhile_left;
SELECT transform_script_create('meanwhile_left', E'def transform(df):\n    return df\n') AS version;
SELECT transform_script_create('meanwhile_lent', E'def transform(df):\n    return df\n') AS version;
SELECT transform_script_grant('meanwhile_lent', 'regress_meanwhile', 'use');
SET ROLE regress_meanwhile;
SELECT transform_script_create('meanwhile', E'def transform(df):\n    return df\n') AS version;
SELECT transform_script_create('meanwhile_two', E'def transform(a, b):\n    return a\n') AS version;

-- ---- rights
BEGIN;
INSERT INTO cases VALUES
	('01 SELECT', transform_submit('meanwhile', 's1', 'o1')),
	('02 SELECT on a column', transform_submit('meanwhile', 's2', 'o2', columns => '{id,n}')),
	('03 SELECT by a membership', transform_submit('meanwhile', 's3', 'o3')),
	('04 SELECT, in a query', transform_submit('meanwhile', source_query => 'SELECT * FROM s4', destination => 'o4')),
	('05 INSERT', transform_submit('meanwhile', 's20', 'd5', mode => 'append')),
	('06 DELETE', transform_submit('meanwhile', 's20', 'd6', mode => 'replace')),
	('07 UPDATE', transform_submit('meanwhile', 's20', 'd7', mode => 'upsert', key => '{id}')),
	('08 CREATE on the schema', transform_submit('meanwhile', 's20', 'meanwhile_c.o8')),
	('09 USAGE of the source''s schema', transform_submit('meanwhile', 'meanwhile_a.t', 'o9')),
	('10 USAGE of the destination''s schema', transform_submit('meanwhile', 's20', 'meanwhile_b.t', mode => 'append', columns => '{id}')),
	('11 INSERT, reject table', transform_submit('meanwhile', 's20', 'd11', mode => 'append', reject_table => 'rejects')),
	('13 use of the script', transform_submit('meanwhile_lent', 's20', 'o13'));
SET ROLE regress_meanwhile_left;
INSERT INTO cases VALUES ('12 transform_user', transform_submit('meanwhile_left', 's20', 'o12'));
SELECT transform_script_revoke('meanwhile_lent', 'regress_meanwhile');
RESET ROLE;
REVOKE SELECT ON s1, s4 FROM regress_meanwhile;
REVOKE SELECT ON s2 FROM regress_meanwhile;
GRANT SELECT (id) ON s2 TO regress_meanwhile;
REVOKE regress_meanwhile_group FROM regress_meanwhile;
REVOKE INSERT ON d5, rejects FROM regress_meanwhile;
REVOKE DELETE ON d6 FROM regress_meanwhile;
REVOKE UPDATE ON d7 FROM regress_meanwhile;
REVOKE CREATE ON SCHEMA meanwhile_c FROM regress_meanwhile;
REVOKE USAGE ON SCHEMA meanwhile_a, meanwhile_b FROM regress_meanwhile;
REVOKE transform_user FROM regress_meanwhile_left;
COMMIT;
SELECT transform_wait(job, '1 min'), count(*) FROM cases GROUP BY 1;
\pset format unaligned
\pset tuples_only on
SELECT c.name, j.sqlstate, j.error_stage, j.error, j.error_hint FROM cases c JOIN transform.jobs j ON j.id = c.job ORDER BY c.name;
\pset format aligned
\pset tuples_only off
TRUNCATE cases;

-- ---- names: renamed, or gone, and something else has the name
GRANT USAGE ON SCHEMA meanwhile_a, meanwhile_b TO regress_meanwhile;
GRANT CREATE ON SCHEMA meanwhile_c TO regress_meanwhile;
SET ROLE regress_meanwhile;
BEGIN;
INSERT INTO cases VALUES
	('01 source, renamed', transform_submit('meanwhile', 's5', 'o1')),
	('02 source, another has its name', transform_submit('meanwhile', 's6', 'o2')),
	('03 one of several sources', transform_submit('meanwhile_two', sources => '{"a": "s6", "b": "s20"}', destination => 'o3')),
	('04 in a query', transform_submit('meanwhile', source_query => 'SELECT * FROM s20 WHERE id IN (SELECT id FROM s6)', destination => 'o4')),
	('05 in a condition', transform_submit('meanwhile', 's20', 'o5', filter => 'id IN (SELECT id FROM s6)')),
	('06 source, its schema renamed', transform_submit('meanwhile', 'meanwhile_a.t', 'o6')),
	('07 source, dropped with CASCADE and made again', transform_submit('meanwhile', 's7', 'o7')),
	('08 source, a column dropped with CASCADE', transform_submit('meanwhile', 's8', 'o8')),
	('09 source, a column renamed', transform_submit('meanwhile', 's9', 'o9', columns => '{id,n}')),
	('10 destination of append, renamed', transform_submit('meanwhile', 's20', 'd12', mode => 'append')),
	('11 destination of append, another', transform_submit('meanwhile', 's20', 'd13', mode => 'append')),
	('12 destination of replace, another', transform_submit('meanwhile', 's20', 'd13', mode => 'replace')),
	('13 destination of upsert, another', transform_submit('meanwhile', 's20', 'd13', mode => 'upsert', key => '{id}')),
	('14 destination of replace, renamed', transform_submit('meanwhile', 's20', 'd12', mode => 'replace')),
	('15 destination, its schema another', transform_submit('meanwhile', 's20', 'meanwhile_c.o15')),
	('16 destination, its schema renamed', transform_submit('meanwhile', 's20', 'meanwhile_b.t', mode => 'append', columns => '{id}')),
	('17 reject table, another', transform_submit('meanwhile', 's20', 'd17', mode => 'append', reject_table => 'rejects2')),
	('18 destination, a column dropped', transform_submit('meanwhile', 's20', 'd18', mode => 'append')),
	('19 destination, another type', transform_submit('meanwhile', 's20', 'd19', mode => 'append')),
	('20 destination of create, made by somebody else', transform_submit('meanwhile', 's20', 'o20')),
	('21 destination of replace, made by somebody else', transform_submit('meanwhile', 's20', 'o21', mode => 'replace')),
	('22 a view, replaced', transform_submit('meanwhile', 'changed', 'o22')),
	('23 a system view', transform_submit('meanwhile', 'pg_settings', 'o23', columns => '{name}', filter => 'name = ''port''')),
	('24 a system table', transform_submit('meanwhile', 'pg_class', 'o24', columns => '{relname}', filter => 'oid = 1259'));
RESET ROLE;
\set VERBOSITY sqlstate
SAVEPOINT s;
ALTER TABLE s20 ALTER n TYPE bigint;
ROLLBACK TO s;
\set VERBOSITY default
ALTER TABLE s5 RENAME TO s5_old;
ALTER TABLE s6 RENAME TO s6_old;
ALTER TABLE s10 RENAME TO s6;
ALTER SCHEMA meanwhile_a RENAME TO meanwhile_a2;
DROP TABLE s7 CASCADE;
CREATE TABLE s7 (LIKE s8);
GRANT SELECT ON s7 TO regress_meanwhile;
ALTER TABLE s8 DROP COLUMN n CASCADE;
ALTER TABLE s9 RENAME n TO m;
ALTER TABLE d12 RENAME TO d12_old;
ALTER TABLE d13 RENAME TO d13_old;
ALTER TABLE d14 RENAME TO d13;
ALTER SCHEMA meanwhile_c RENAME TO meanwhile_c2;
ALTER SCHEMA meanwhile_d RENAME TO meanwhile_c;
ALTER SCHEMA meanwhile_b RENAME TO meanwhile_b2;
ALTER TABLE rejects2 RENAME TO rejects3;
ALTER TABLE rejects RENAME TO rejects2;
GRANT INSERT ON rejects2 TO regress_meanwhile;
ALTER TABLE d18 DROP n;
ALTER TABLE d19 ALTER n TYPE date USING NULL;
CREATE TABLE o20 (id integer, n integer);
CREATE TABLE o21 (id integer, n integer);
GRANT ALL ON o20, o21 TO regress_meanwhile;
CREATE OR REPLACE VIEW changed AS SELECT 2 AS id, 2 AS n;
COMMIT;
SELECT transform_wait(job, '1 min'), count(*) FROM cases GROUP BY 1 ORDER BY 1;
\pset format unaligned
\pset tuples_only on
SELECT c.name, j.state, j.sqlstate, j.error_stage, j.error, j.error_hint FROM cases c JOIN transform.jobs j ON j.id = c.job ORDER BY c.name;
\pset format aligned
\pset tuples_only off
SELECT (SELECT count(*) FROM o21) AS replaced, (SELECT id FROM o22) AS view;
-- nothing that had got a name was written
SELECT count(*) FROM d13;
SET client_min_messages = error;
DROP SCHEMA meanwhile, meanwhile_a2, meanwhile_b2, meanwhile_c, meanwhile_c2 CASCADE;
