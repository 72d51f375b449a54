-- Everything public, once, as a plain user for whom the traps come first; and
-- what is for administrators as one.
SET ROLE regress_trapped;
SET search_path = public, pg_catalog;
CREATE TEMPORARY VIEW pg_class AS SELECT public.spring('temporary relation');
CREATE TEMPORARY VIEW job AS SELECT public.spring('temporary relation');
CREATE TEMPORARY VIEW script AS SELECT public.spring('temporary relation');
CREATE DOMAIN pg_temp.name AS pg_catalog.name CHECK (public.spring('temporary type') IS NULL);
SELECT api.transform_script_create('one', E'def transform(df):\n    print("said")\n    df["t"] = "x"\n    df["f"] = 0.5\n    return df\n');
SELECT api.transform_script_create('one', E'def transform(df):\n    print("said")\n    df["t"] = "y"\n    df["f"] = 0.5\n    return df\n', description => 'two');
SELECT what FROM api.transform_validate('import os');
SELECT * FROM api.transform_preview('one', 'api.data', 1);
SELECT api.transform_submit('one', 'api.data', 'api.out', since => 'n') AS job \gset
SELECT api.transform_wait(:job, '1 min');
TABLE api.out;
SELECT state, error FROM transform.jobs;
SELECT stream, message FROM api.transform_logs(:job);
SELECT same FROM api.transform_verify(:job);
SELECT script, source, value FROM transform.watermarks;
CALL api.transform_run('one', 'api.data', 'api.keyed', mode => 'upsert', key => '{n}', reject_table => 'api.rejected', expect => '{"min_rows": 1, "unique": ["n"]}', version => 1, job => 0);
TABLE api.keyed;
BEGIN;
SELECT api.transform_submit('one', 'api.data', 'api.never') AS job \gset
SELECT api.transform_cancel(:job);
COMMIT;
SELECT api.transform_watermark_reset('one');
SELECT api.transform_script_grant('one', 'regress_other', 'use');
SELECT script, role, privilege FROM transform.script_grants;
SELECT api.transform_script_revoke('one', 'regress_other');
SELECT api.transform_script_rename('one', 'first');
SELECT api.transform_script_archive('first');
SELECT name FROM transform.archived_scripts;
SELECT api.transform_script_unarchive('first');
SELECT version, current, description FROM api.transform_script_history('first');
SELECT api.transform_script_diff('first', 1, 2);
SELECT api.transform_script_owner('first', 'regress_trapped');
SELECT name, version, owner, access FROM transform.scripts;
SELECT job FROM transform.progress;
SELECT name FROM api.transform_tables('data');
SELECT name, type FROM api.transform_columns('api.data');
SELECT api.transform_table_preview('api.data', 1);
SELECT name, nulls FROM api.transform_table_profile('api.data');
SELECT name FROM api.transform_sandbox_status() LIMIT 1;
SELECT api.transform_version() IS NULL;
SELECT event, outcome, script, version FROM transform.audit ORDER BY id LIMIT 1;
RESET ROLE;
SELECT ok, what FROM api.transform_audit_verify();
SELECT api.transform_user_create('ann@example.com', 'regress_other', 'correct horse') IS NOT NULL;
SELECT api.transform_user_set_password('ann@example.com', 'battery staple');
SELECT email, role FROM api.transform_user_list();
SELECT api.transform_login('ann@example.com', 'battery staple') AS token \gset
SELECT api.transform_validate_jwt(:'token') IS NOT NULL;
BEGIN;
SELECT api.transform_authenticate(:'token') IS NOT NULL;
SELECT current_user;
COMMIT;
SELECT api.transform_refresh(:'token') AS token \gset
SELECT api.transform_logout(:'token');
SELECT api.transform_token_revoke('a token');
SELECT api.transform_key_rotate() IS NOT NULL;
SELECT algorithm FROM api.transform_key_list() LIMIT 1;
SELECT api.transform_user_revoke('ann@example.com');
SELECT api.transform_user_disable('ann@example.com');
SELECT api.transform_user_enable('ann@example.com');
