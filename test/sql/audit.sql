-- The audit: what is in it, who sees it, that nobody changes it unseen.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS audit CASCADE;
DROP ROLE IF EXISTS regress_audit, regress_audit_other, regress_audit_boss;
CREATE ROLE regress_audit;
CREATE ROLE regress_audit_other;
CREATE ROLE regress_audit_boss;
GRANT transform_user TO regress_audit, regress_audit_other;
GRANT transform_admin TO regress_audit_boss;
CREATE SCHEMA audit;
GRANT USAGE, CREATE ON SCHEMA audit TO regress_audit;
SET search_path = audit, public;
CREATE TABLE numbers AS SELECT g AS n FROM generate_series(1, 10) g;
CREATE TABLE closed AS SELECT 1 AS n;
GRANT SELECT ON numbers TO regress_audit;
CREATE PROCEDURE wait_for(fact text) LANGUAGE plpgsql AS $$
DECLARE
	met boolean;
	until timestamptz := clock_timestamp() + interval '1 min';
BEGIN
	LOOP
		EXECUTE 'SELECT ' || fact INTO met;
		COMMIT;
		EXIT WHEN met OR clock_timestamp() > until;
		PERFORM pg_sleep(0.02);	-- allow-sleep: polls for a fact
	END LOOP;
	IF NOT met THEN RAISE 'not within a minute: %', fact; END IF;
END $$;

-- ---- what is recorded ----
SELECT coalesce(max(id), 0) AS before FROM transform.audit_event \gset
SET ROLE regress_audit;
SET application_name = 'the audit''s test';
SELECT transform_script_create('audited', E'def transform(df):\n    return df\n') AS version;
SELECT transform_script_create('audited', E'def transform(df, params):\n    return df[df["nowhere"] > 0]\n') AS version;
SELECT transform_script_create('audited', 'import os');
SELECT transform_submit('audited', 'closed', 'out');
SELECT transform_submit('no such script', 'numbers', 'out');
SELECT transform_submit('audited', 'numbers', 'out') AS job \gset
SELECT transform_wait(:job);
BEGIN;
SELECT transform_submit('audited', 'numbers', 'rolled_back') > 0 AS job;
ROLLBACK;
SET transform.job_output_rows = 3;
SELECT transform_script_create('audited_large', E'def transform(df):\n    return df\n') AS version;
SELECT transform_submit('audited_large', 'numbers', 'out') AS limited \gset
SELECT transform_wait(:limited);
RESET transform.job_output_rows;
SELECT transform_script_create('audited_wall', E'def transform(df):\n    return df.agg("to_" + "csv")\n') AS version;
SELECT data FROM transform_preview('audited_wall', 'numbers');
BEGIN TRANSACTION READ ONLY;
SELECT count(*) FROM transform_preview('audited_large', 'numbers', 2);
ROLLBACK;
BEGIN;
SELECT transform_submit('audited_large', 'numbers', 'out') AS cancelled \gset
SELECT transform_cancel(:cancelled);
COMMIT;
RESET ROLE;
-- the refusals and the preview come through the scheduler
CALL wait_for(format('count(*) = 5 FROM transform.audit_event WHERE id > %s AND (outcome = ''refused'' OR event = ''preview'')', :before));
SET ROLE regress_audit;
SELECT event, outcome, script, version, script_hash IS NOT NULL AS hash, source, destination, sqlstate, detail
FROM transform.audit ORDER BY at, id;
SELECT DISTINCT role, session_role = session_user AS session_user, application FROM transform.audit ORDER BY 2;
SELECT count(DISTINCT job) FROM transform.audit WHERE job IN (:job, :limited, :cancelled);
SELECT bool_and(a.script_hash = s.hash) AS same_hash FROM transform.audit a JOIN transform.scripts s USING (version)
WHERE s.name = a.script AND a.script_hash IS NOT NULL;

-- logins and tokens: those that work, those that do not; what is done in the name of a token
RESET ROLE;
SET transform.password_memlimit = '19MB';
SET transform.password_opslimit = 2;
SELECT max(id) AS logins FROM transform.audit_event \gset
SELECT transform_user_create('audited@example.com', 'regress_audit', 'correct horse') AS subject \gset
SELECT transform_login('audited@example.com', 'correct horse') AS token \gset
SELECT transform_login('audited@example.com', 'wrong horse');
SELECT transform_login('unknown@example.com', 'correct horse');
SELECT transform_validate_jwt(:'token' || 'x');
BEGIN;
SELECT transform_authenticate(:'token');
SELECT transform_submit('audited', 'numbers', 'of_the_token') AS of_token \gset
SELECT transform_cancel(:of_token);
COMMIT;
SELECT transform_logout(:'token');
SELECT transform_validate_jwt(:'token');
CALL wait_for(format('count(*) = 6 FROM transform.audit_event WHERE id > %s AND (event = ''login'' OR (event, outcome) = (''token'', ''refused''))', :logins));
SELECT event, outcome, CASE WHEN role <> current_user THEN role END AS role, subject = :'subject' AS subject, token_id IS NOT NULL AS token, sqlstate, replace(detail, :'subject', '...') AS detail
FROM transform.audit WHERE id > :logins ORDER BY at, id;
SELECT count(DISTINCT token_id) FROM transform.audit WHERE id > :logins;
SELECT count(*) AS secrets FROM transform.audit_event e WHERE id > :logins AND (e::text ~ 'correct horse|wrong horse' OR strpos(e::text, :'token') > 0);
DELETE FROM transform.app_user WHERE id = :'subject'::uuid;
RESET transform.password_memlimit;
RESET transform.password_opslimit;

-- ---- every function that refuses for want of a right; the event tells the caller no more than the error did ----
SELECT max(id) AS refusals FROM transform.audit_event \gset
SELECT set_config('audit.job', :'job', false) = :'job' AS kept;
CREATE FUNCTION refused(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(what, 'THE_JOB', current_setting('audit.job'));
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
GRANT USAGE ON SCHEMA audit TO regress_audit_other;
CREATE TABLE attempts (n int, role text, what text);
INSERT INTO attempts VALUES
	(1, 'regress_audit', $$SELECT transform_preview('audited', 'closed')$$),
	(2, 'regress_audit', $$SELECT transform_table_preview('closed')$$),
	(3, 'regress_audit', $$SELECT transform_table_profile('closed')$$),
	(4, 'regress_audit', $$SELECT transform_columns('closed')$$),
	(5, 'regress_audit', $$SELECT transform_script_owner('audited', 'regress_audit_boss')$$),
	(6, 'regress_audit_other', $$SELECT transform_preview('audited', 'numbers')$$),
	(7, 'regress_audit_other', $$SELECT transform_submit('audited', 'numbers', 'out')$$),
	(8, 'regress_audit_other', $$SELECT transform_verify(THE_JOB)$$),
	(9, 'regress_audit_other', $$SELECT transform_cancel(THE_JOB)$$),
	(10, 'regress_audit_other', $$SELECT transform_wait(THE_JOB)$$),
	(11, 'regress_audit_other', $$SELECT transform_logs(THE_JOB)$$),
	(12, 'regress_audit_other', $$SELECT transform_script_diff('audited', 1)$$),
	(13, 'regress_audit_other', $$SELECT transform_script_history('audited')$$),
	(14, 'regress_audit_other', $$SELECT transform_script_archive('audited')$$);
GRANT SELECT ON attempts TO regress_audit, regress_audit_other;
SET ROLE regress_audit;
SELECT n, what, refused(what) FROM attempts WHERE role = current_user ORDER BY n;
-- ... what was allowed once
SELECT transform_submit('audited_large', 'numbers', 'to_verify') AS job \gset verified_
SELECT transform_wait(:verified_job);
SELECT set_config('audit.job', :'verified_job', false) = :'verified_job' AS kept;
SELECT transform_script_archive('audited_large');
SELECT transform_preview('audited_large', 'numbers');
SELECT refused('SELECT transform_verify(THE_JOB)');
SELECT transform_script_unarchive('audited_large');
RESET ROLE;
REVOKE SELECT ON numbers FROM regress_audit;
SET ROLE regress_audit;
SELECT refused('SELECT transform_verify(THE_JOB)');
SET ROLE regress_audit_other;
SELECT n, what, refused(what) FROM attempts WHERE role = current_user ORDER BY n;
RESET ROLE;
GRANT SELECT ON numbers TO regress_audit;
CALL wait_for(format('count(*) = 17 FROM transform.audit_event WHERE id > %s AND outcome = ''refused''', :refusals));
SELECT role, event, script, job = :verified_job AS job, version, script_hash, source, destination, sqlstate, replace(detail, :'verified_job', '...') AS detail
FROM transform.audit WHERE id > :refusals AND outcome = 'refused' ORDER BY at, id;

-- ---- who sees it ----
SET ROLE regress_audit_other;
SELECT count(*) FROM transform.audit;
SELECT * FROM transform.audit_event;
SELECT * FROM transform_audit_verify();
SET ROLE regress_audit_boss;
SELECT count(*) > 10 AS all_of_it FROM transform.audit WHERE role = 'regress_audit';
SELECT count(*) FROM transform.audit_event;
RESET ROLE;

-- ---- nobody writes it ----
CALL wait_for('unchained = 0 FROM transform_audit_verify()');
INSERT INTO transform.audit_event (at, event, outcome, role, role_oid, seal) VALUES (now(), 'login', 'succeeded', 'me', 10, '');
UPDATE transform.audit_event SET outcome = 'succeeded' WHERE id > :before;
DELETE FROM transform.audit_event WHERE id > :before;
TRUNCATE transform.audit_event;
DELETE FROM transform.audit_end;
UPDATE transform.audit_end SET seq = seq - 1;
TRUNCATE transform.audit_end;
MERGE INTO transform.audit_event e USING (SELECT 1) s ON e.id > :before WHEN MATCHED THEN DELETE;
SET session_replication_role = replica;
DELETE FROM transform.audit_event WHERE id > :before;
RESET session_replication_role;
SELECT count(*) FROM transform.audit_event e WHERE event = 'login' AND role = 'me';

-- ---- whoever does all the same is found ----
SELECT ok, unchained, broken_id, broken_seq, what FROM transform_audit_verify();
SELECT new_head AS head FROM transform_audit_verify() \gset
-- three rows in the middle, and the last one
SELECT min(seq) AS seq_1, min(seq) + 1 AS seq_2, min(seq) + 2 AS seq_3 FROM transform.audit_event WHERE id > :before \gset
SELECT (SELECT id FROM transform.audit_event WHERE seq = :seq_1) AS id_1,
	(SELECT id FROM transform.audit_event WHERE seq = :seq_2) AS id_2,
	(SELECT id FROM transform.audit_event WHERE seq = :seq_3) AS id_3,
	max(seq) AS seq_last FROM transform.audit_event \gset
PREPARE verify AS
	SELECT ok, CASE broken_id WHEN $1 THEN 'first' WHEN $2 THEN 'second' ELSE broken_id::text END AS row,
		CASE broken_seq WHEN $3 THEN 'first' WHEN $3 + 1 THEN 'second' WHEN $4 THEN 'last' WHEN $4 + 1 THEN 'behind the last' END AS place, what
	FROM transform_audit_verify();

BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
UPDATE transform.audit_event SET outcome = 'succeeded' WHERE seq = :seq_2;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
UPDATE transform.audit_event SET at = at - interval '1 microsecond' WHERE seq = :seq_1;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
UPDATE transform.audit_event SET client = '' WHERE seq = :seq_1;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
DELETE FROM transform.audit_event WHERE seq = :seq_2;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
DELETE FROM transform.audit_event WHERE seq <= :seq_2;
EXECUTE verify(:id_1, :id_2, 1, :seq_last);
ROLLBACK;
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
DELETE FROM transform.audit_event WHERE seq = :seq_last;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
-- a row that gives up its place for another one
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
UPDATE transform.audit_event SET seq = NULL, link = NULL WHERE seq = :seq_2;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
-- two rows change places
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
UPDATE transform.audit_event SET seq = -1 WHERE seq = :seq_1;
UPDATE transform.audit_event SET seq = :seq_1 WHERE seq = :seq_2;
UPDATE transform.audit_event SET seq = :seq_2 WHERE seq = -1;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
-- ... with their links
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
CREATE TEMPORARY TABLE links ON COMMIT DROP AS SELECT seq, link FROM transform.audit_event WHERE seq IN (:seq_1, :seq_2);
UPDATE transform.audit_event SET seq = -1 WHERE seq = :seq_1;
UPDATE transform.audit_event SET seq = :seq_1, link = (SELECT link FROM links WHERE seq = :seq_1) WHERE seq = :seq_2;
UPDATE transform.audit_event SET seq = :seq_2, link = (SELECT link FROM links WHERE seq = :seq_2) WHERE seq = -1;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
-- a copy of a row with another outcome, in its place
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
CREATE TEMPORARY TABLE forged ON COMMIT DROP AS SELECT * FROM transform.audit_event WHERE seq = :seq_2;
UPDATE forged SET outcome = 'succeeded', seal = sha256('x');
DELETE FROM transform.audit_event WHERE seq = :seq_2;
INSERT INTO transform.audit_event OVERRIDING SYSTEM VALUE SELECT * FROM forged;
EXECUTE verify(:id_1, :id_2, :seq_1, :seq_last);
ROLLBACK;
-- a copy of a row, as it is, under a number of its own
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
CREATE TEMPORARY TABLE forged ON COMMIT DROP AS SELECT * FROM transform.audit_event WHERE seq = :seq_2;
UPDATE forged SET id = 1000000000, seq = NULL, link = NULL;
INSERT INTO transform.audit_event OVERRIDING SYSTEM VALUE SELECT * FROM forged;
SELECT ok, broken_id, broken_seq, what FROM transform_audit_verify();
UPDATE transform.audit_event SET seq = :seq_last + 1, link = sha256('x') WHERE id = 1000000000;
SELECT ok, broken_id, what FROM transform_audit_verify();
ROLLBACK;
-- the ends of the chain
BEGIN;
ALTER TABLE transform.audit_end DISABLE TRIGGER ALL;
UPDATE transform.audit_end SET seq = seq - 1 WHERE which = 'head';
SELECT ok, broken_id, what FROM transform_audit_verify();
ROLLBACK;
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
ALTER TABLE transform.audit_end DISABLE TRIGGER ALL;
DELETE FROM transform.audit_end;
DELETE FROM transform.audit_event WHERE seq = :seq_last;
SELECT ok, broken_id, what FROM transform_audit_verify();
ROLLBACK;
-- all gone, as if nothing had ever been: a head that was kept elsewhere knows
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
ALTER TABLE transform.audit_end DISABLE TRIGGER ALL;
DELETE FROM transform.audit_end;
DELETE FROM transform.audit_event;
SELECT ok, what FROM transform_audit_verify();
SELECT ok, what FROM transform_audit_verify(:'head');
ROLLBACK;
-- a head that was kept elsewhere: it fits, it does not, it is none
SELECT ok, what FROM transform_audit_verify(:'head');
SELECT ok, broken_seq = :seq_last AS last, what FROM transform_audit_verify(regexp_replace(:'head', ':.*', ':') || repeat('0', 64));
SELECT transform_audit_verify('7:12');
SELECT transform_audit_verify('x');

-- a forged row is not chained, and the chain goes on without it
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
INSERT INTO transform.audit_event (at, event, outcome, role, role_oid, seal) VALUES (now(), 'login', 'succeeded', 'me', 10, sha256('x'));
ALTER TABLE transform.audit_event ENABLE ALWAYS TRIGGER guard, ENABLE ALWAYS TRIGGER guard_all;
COMMIT;
SET ROLE regress_audit;
SELECT transform_script_create('audited', E'def transform(df):\n    return df\n') AS version;
RESET ROLE;
CALL wait_for(format('max(seq) > %s FROM transform.audit_event', :seq_last));
SELECT ok, unchained, broken_id = (SELECT id FROM transform.audit_event WHERE role = 'me') AS forged, what FROM transform_audit_verify();
BEGIN;
ALTER TABLE transform.audit_event DISABLE TRIGGER ALL;
DELETE FROM transform.audit_event WHERE role = 'me';
ALTER TABLE transform.audit_event ENABLE ALWAYS TRIGGER guard, ENABLE ALWAYS TRIGGER guard_all;
COMMIT;
SELECT ok, unchained FROM transform_audit_verify(:'head');
DROP SCHEMA audit CASCADE;
