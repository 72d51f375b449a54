-- Scripts that people share: versions, names, archive, privileges, diff.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS scripts CASCADE;
DROP ROLE IF EXISTS regress_ann, regress_bob, regress_cy, regress_eve, regress_team, regress_chief;
CREATE ROLE regress_ann;
CREATE ROLE regress_bob;
CREATE ROLE regress_cy;
CREATE ROLE regress_eve;
CREATE ROLE regress_team;
CREATE ROLE regress_chief;
GRANT transform_user TO regress_ann, regress_bob, regress_cy, regress_eve;
GRANT transform_admin TO regress_chief;
GRANT regress_team TO regress_cy;
CREATE SCHEMA scripts;
GRANT USAGE, CREATE ON SCHEMA scripts TO PUBLIC;
SET search_path = scripts, public;
CREATE TABLE data AS SELECT g AS n FROM generate_series(1, 3) g;
GRANT SELECT ON data TO PUBLIC;
-- what a statement says, without what is different each time
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
\pset format unaligned
\pset tuples_only on

\echo -- versions, and their hashes
SET ROLE regress_ann;
SELECT transform_script_create('sum', E'def transform(df):\n    df["a"] = 1\n    return df\n', description => 'first');
SELECT transform_script_create('sum', E'def transform(df):\n    df["a"] = 1\n    df["b"] = 2\n    return df\n', dtype_backend => 'pyarrow');
SELECT transform_script_create('sum', E'def transform(df):\n    df["a"] = 1\n    return df\n', shape => 'chunk');
SELECT name, version, current, access, hash = encode(sha256(convert_to(code, 'UTF8')), 'hex') AS text_hash,
	policy ~ '^[0-9a-f]{64}$' AS policy, packages ?& ARRAY['Python', 'pandas', 'numpy', 'pyarrow', 'RestrictedPython', 'sandbox_host'] AS packages,
	version_hash = (SELECT encode(sha256(convert_to(string_agg(line, E'\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
		FROM (SELECT unnest(ARRAY['code ' || hash, 'policy ' || policy, 'shape ' || shape, 'numeric_as ' || numeric_as, 'dtype_backend ' || dtype_backend])
			UNION ALL SELECT key || ' ' || value FROM jsonb_each_text(packages)) AS l(line)) AS version_hash
FROM transform.scripts WHERE name = 'sum' ORDER BY version;
SELECT count(DISTINCT hash), count(DISTINCT version_hash) FROM transform.scripts WHERE name = 'sum';
SELECT version, current, created_by, description, shape, dtype_backend FROM transform_script_history('sum');

\echo -- a version never changes, whoever asks
RESET ROLE;
SELECT try('UPDATE transform.script_version SET code = code');
SELECT try('DELETE FROM transform.script_version');
SELECT try('TRUNCATE transform.script_version CASCADE');
SET session_replication_role = replica;
SELECT left(try('DELETE FROM transform.script_version'), 5);
RESET session_replication_role;

\echo -- nobody else sees it
SET ROLE regress_bob;
SELECT count(*) FROM transform.scripts WHERE name = 'sum';
SELECT try($$SELECT transform_script_history('sum')$$);
SELECT try($$SELECT transform_submit('sum', 'data', 'out')$$);
SELECT try($$SELECT transform_script_create('sum', E'def transform(df):\n    return df\n')$$);
SELECT try($$SELECT transform_script_rename('sum', 'mine')$$);
SELECT try($$SELECT transform_script_grant('sum', 'regress_bob', 'edit')$$);

\echo -- use: to a role, and to a group
SET ROLE regress_ann;
SELECT transform_script_grant('sum', 'regress_bob', 'use'), transform_script_grant('sum', 'regress_bob', 'use');
SELECT transform_script_grant('sum', 'regress_team', 'use');
SELECT try($$SELECT transform_script_grant('sum', 'public', 'use')$$);
SELECT try($$SELECT transform_script_grant('sum', 'regress_nobody_there', 'use')$$);
SELECT try($$SELECT transform_script_grant('sum', 'regress_bob', 'own')$$);
SELECT try($$SELECT transform_script_grant('sum', 'regress_bob', NULL)$$);
SELECT script, role, privilege, granted_by FROM transform.script_grants ORDER BY 1, 2, 3;
SET ROLE regress_bob;
SELECT name, version, access FROM transform.scripts ORDER BY 1, 2;
SELECT script, role, privilege, granted_by FROM transform.script_grants ORDER BY 1, 2, 3;
SELECT try($$SELECT transform_script_create('sum', E'def transform(df):\n    return df\n')$$);
SELECT try($$SELECT transform_script_rename('sum', 'mine')$$);
SELECT try($$SELECT transform_script_grant('sum', 'regress_eve', 'use')$$);
SELECT try($$SELECT transform_script_archive('sum')$$);
SELECT data FROM transform_preview('sum', 'data', 1);
SELECT data FROM transform_preview('sum', 'data', 1, version => 2);
SELECT try($$SELECT transform_preview('sum', 'data', 1, version => 4)$$);
SELECT try($$SELECT transform_submit('sum', 'data', 'out', version => 0)$$);
SELECT transform_submit('sum', 'data', 'bob_out', version => 2) AS job \gset
SELECT transform_wait(:job, '1 min');
SELECT j.script, j.version, j.role, j.script_hash = s.hash AND j.version_hash = s.version_hash FROM transform.jobs j
	JOIN transform.scripts s ON s.name = j.script AND s.version = j.version WHERE id = :job;
SELECT * FROM bob_out ORDER BY n;
SET ROLE regress_cy;
SELECT name, version, access FROM transform.scripts WHERE current;
SET ROLE regress_eve;
SELECT count(*) FROM transform.scripts;
SELECT count(*) FROM transform.script_grants;

\echo -- edit
SET ROLE regress_ann;
SELECT transform_script_grant('sum', 'regress_team', 'edit');
SET ROLE regress_cy;
SELECT name, version, access FROM transform.scripts WHERE current;
SELECT transform_script_create('sum', E'def transform(df):\n    return df\n');
SELECT version, current, created_by FROM transform_script_history('sum');
SELECT try($$SELECT transform_script_revoke('sum', 'regress_bob')$$);

\echo -- renamed: jobs, watermarks and privileges follow; names are unique
SELECT transform_submit('sum', 'data', 'cy_out', since => 'n') AS cy_job \gset
SELECT transform_wait(:cy_job, '1 min');
SET ROLE regress_ann;
SELECT transform_script_create('other', E'def transform(df):\n    return df\n');
SELECT try($$SELECT transform_script_rename('sum', 'other')$$);
SELECT try($$SELECT transform_script_rename('sum', '')$$);
SELECT try($$SELECT transform_script_rename('sum', repeat('x', 64))$$);
SELECT transform_script_rename('sum', 'total');
SELECT name, version, owner FROM transform.scripts WHERE current ORDER BY 1;
SET ROLE regress_bob;
SELECT script, version FROM transform.jobs WHERE id = :job;
SELECT same FROM transform_verify(:job);
SET ROLE regress_cy;
SELECT script, source, value FROM transform.watermarks;
SELECT transform_watermark_reset('total');
SELECT name, access FROM transform.scripts WHERE current;

\echo -- archived: not listed, not run; back again
SET ROLE regress_ann;
SELECT transform_script_archive('total');
SELECT name FROM transform.scripts;
SELECT name, owner, version, archived_by FROM transform.archived_scripts;
SELECT try($$SELECT transform_script_archive('total')$$);
SELECT try($$SELECT transform_submit('total', 'data', 'out')$$);
SELECT try($$SELECT transform_preview('total', 'data')$$);
SELECT try($$SELECT transform_script_create('total', E'def transform(df):\n    return df\n')$$);
SELECT count(*) FROM transform_script_history('total');
SET ROLE regress_bob;
SELECT script, version FROM transform.jobs WHERE id = :job;
SELECT name FROM transform.archived_scripts;
SELECT try(format('SELECT transform_verify(%s)', :job));
SET ROLE regress_ann;
SELECT transform_script_unarchive('total');
SELECT try($$SELECT transform_script_unarchive('total')$$);
SELECT name, version FROM transform.scripts WHERE current ORDER BY 1;

\echo -- taken away between submit and run
SET ROLE regress_bob;
BEGIN;
SELECT transform_submit('total', 'data', 'bob_out2') AS job2 \gset
RESET ROLE;
SELECT transform_script_revoke('total', 'regress_bob', 'edit'), transform_script_revoke('total', 'regress_bob');
COMMIT;
SET ROLE regress_bob;
SELECT transform_wait(:job2, '1 min');
SELECT sqlstate, error, error_detail, error_hint FROM transform.jobs WHERE id = :job2;
SELECT count(*) FROM transform.scripts;
SELECT try(format('SELECT transform_verify(%s)', :job));
SET ROLE regress_cy;
BEGIN;
SELECT transform_submit('total', 'data', 'cy_out2') AS job2 \gset
RESET ROLE;
SELECT transform_script_archive('total');
COMMIT;
SET ROLE regress_cy;
SELECT transform_wait(:job2, '1 min');
SELECT sqlstate, error, error_hint FROM transform.jobs WHERE id = :job2;

\echo -- members of transform_admin manage all; a script can be given away
SET ROLE regress_chief;
SELECT transform_script_unarchive('total');
SELECT name, access FROM transform.scripts WHERE current AND name IN ('total', 'other') ORDER BY 1;
SELECT transform_script_owner('other', 'regress_bob');
SET ROLE regress_bob;
SELECT name, access FROM transform.scripts;
SELECT try($$SELECT transform_script_owner('other', 'regress_eve')$$);
SELECT try($$SELECT transform_script_owner('other', 'public')$$);

\echo -- roles that were dropped: nobody has their rights
RESET ROLE;
CREATE ROLE regress_gone;
SELECT transform_script_owner('other', 'regress_gone');
SELECT transform_script_grant('total', 'regress_gone', 'edit');
DROP ROLE regress_gone;
SET ROLE regress_bob;
SELECT count(*) FROM transform.scripts;
SET ROLE regress_cy;
SELECT name, access FROM transform.scripts WHERE current;
SET ROLE regress_chief;
SELECT transform_script_owner('other', 'regress_eve');
SELECT script, role ~ '^\d+$' AS dropped, privilege, transform_script_revoke(script, role) FROM (SELECT script, role::text, privilege FROM transform.script_grants) g WHERE role ~ '^\d+$';
SET ROLE regress_eve;
SELECT name, access FROM transform.scripts;

\echo -- diff
SET ROLE regress_ann;
SELECT transform_script_diff('total', 1, 2);
SELECT transform_script_diff('total', 2, 1);
SELECT transform_script_diff('total', 1, 3) = '' AS equal;
SELECT transform_script_diff('total', 1);
SELECT transform_script_create(E'odd\nname', E'# 1\n# 2\n# 3\n# 4\n# 5\n# 6\n# 7\n# 8\n# 9\n# 10\n# 11\ndef transform(df):\n    return df');
SELECT transform_script_create(E'odd\nname', E'# 1\n# two\n# 3\n# 4\n# 5\n# 6\n# 7\n# 8\n# 9\n# 10\ndef transform(df):\n    return df\n');
SELECT transform_script_diff(E'odd\nname', 1, 2);
SELECT try($$SELECT transform_script_diff('total', 1, 99)$$);
SELECT try($$SELECT transform_script_diff('total', NULL)$$);
SET ROLE regress_bob;
SELECT try($$SELECT transform_script_diff('total', 1, 2)$$);

\echo -- every change of it is in the audit
RESET ROLE;
SELECT event, outcome, role, script, version, regexp_replace(detail, '\d+$', 'OID') FROM transform.audit_event
WHERE script IN ('sum', 'total', 'other') AND event IN ('script', 'grant') AND outcome <> 'refused' ORDER BY id;

DROP SCHEMA scripts CASCADE;
DROP OWNED BY regress_bob, regress_cy;
DROP ROLE regress_ann, regress_bob, regress_cy, regress_eve, regress_team, regress_chief;
