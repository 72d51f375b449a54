-- A clone in public of everything in pg_catalog that can be cloned, each of which
-- raises; relations named as ours and as the catalogs; casts; types.
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE FUNCTION public.spring(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'trapped: %', what; END $$;
DO $$
DECLARE
	f record;
	arguments text;
	body text;
BEGIN
	FOR f IN SELECT p.oid, p.proname, p.prorettype, p.proretset, p.proargtypes,
			pg_get_function_identity_arguments(p.oid) AS arguments
		FROM pg_proc p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0
			AND p.oid < 16384 AND p.proargmodes IS NULL
			AND NOT EXISTS (SELECT FROM pg_type t WHERE t.typtype = 'p' AND t.typname <> 'void'
				AND t.oid = ANY (p.prorettype || p.proargtypes::oid[]))
			AND 'void'::regtype <> ALL (p.proargtypes)
	LOOP
		EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s%s LANGUAGE plpgsql IMMUTABLE AS %L', f.proname,
			(SELECT string_agg(format_type(t, NULL), ', ' ORDER BY n) FROM unnest(f.proargtypes::oid[]) WITH ORDINALITY AS a(t, n)),
			CASE WHEN f.proretset THEN 'SETOF ' ELSE '' END, format_type(f.prorettype, NULL),
			format('BEGIN PERFORM public.spring(%L); END', 'function ' || f.proname));
	END LOOP;
	FOR f IN SELECT o.oprname, o.oprleft, o.oprright, o.oprresult
		FROM pg_operator o
		WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oid < 16384 AND o.oprright <> 0 AND o.oprcode <> 0
			AND NOT EXISTS (SELECT FROM pg_type t WHERE t.typtype = 'p' AND t.oid IN (o.oprleft, o.oprright, o.oprresult))
	LOOP
		arguments := concat_ws(', ', CASE WHEN f.oprleft <> 0 THEN format_type(f.oprleft, NULL) END, format_type(f.oprright, NULL));
		EXECUTE format('CREATE OR REPLACE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql IMMUTABLE AS %L', 'trap ' || f.oprname, arguments,
			format_type(f.oprresult, NULL), format('BEGIN PERFORM public.spring(%L); END', 'operator ' || f.oprname));
		EXECUTE format('CREATE OPERATOR public.%s (%s RIGHTARG = %s, FUNCTION = public.%I)', f.oprname,
			CASE WHEN f.oprleft <> 0 THEN 'LEFTARG = ' || format_type(f.oprleft, NULL) || ',' ELSE '' END, format_type(f.oprright, NULL), 'trap ' || f.oprname);
	END LOOP;
END
$$;
CREATE AGGREGATE public.count(*) (SFUNC = public.int8inc, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE public.min(text) (SFUNC = public.text_smaller, STYPE = text, INITCOND = '');
CREATE AGGREGATE public.max(bigint) (SFUNC = public.int8larger, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE public.bool_or(boolean) (SFUNC = public.boolor_statefunc, STYPE = boolean, INITCOND = 'f');
CREATE AGGREGATE public.string_agg(text, text) (SFUNC = public.replace, STYPE = text, INITCOND = '');
-- casts that PostgreSQL does not have, and that need no asking
CREATE FUNCTION public.cast_trap(text) RETURNS oid LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM public.spring('cast to oid'); END$$;
CREATE FUNCTION public.cast_trap_regrole(text) RETURNS regrole LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM public.spring('cast to regrole'); END$$;
CREATE FUNCTION public.cast_trap_jsonb(text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM public.spring('cast to jsonb'); END$$;
CREATE FUNCTION public.cast_trap_bigint(text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM public.spring('cast to bigint'); END$$;
CREATE FUNCTION public.cast_trap_text(bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM public.spring('cast to text'); END$$;
CREATE CAST (text AS oid) WITH FUNCTION public.cast_trap AS ASSIGNMENT;
CREATE CAST (text AS regrole) WITH FUNCTION public.cast_trap_regrole AS ASSIGNMENT;
CREATE CAST (text AS jsonb) WITH FUNCTION public.cast_trap_jsonb AS ASSIGNMENT;
CREATE CAST (text AS bigint) WITH FUNCTION public.cast_trap_bigint AS ASSIGNMENT;
CREATE CAST (bigint AS text) WITH FUNCTION public.cast_trap_text AS ASSIGNMENT;
-- relations, named as ours and as the catalogs
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['script', 'scripts', 'script_version', 'script_grant', 'job', 'jobs', 'job_log', 'watermark', 'watermarks',
		'progress', 'audit', 'audit_event', 'users', 'app_user', 'token_key', 'pg_roles', 'pg_class', 'pg_proc', 'pg_type', 'pg_namespace',
		'pg_attribute', 'pg_extension', 'pg_settings', 'pg_authid', 'pg_index', 'pg_stats', 'pg_depend'] LOOP
		EXECUTE format('CREATE VIEW public.%I AS SELECT public.spring(%L) AS id', name, 'relation ' || name);
	END LOOP;
END
$$;
-- and types, last: what follows writes none
CREATE DOMAIN public.text AS pg_catalog.text CHECK (public.spring('type text') IS NULL);
CREATE DOMAIN public.jsonb AS pg_catalog.jsonb CHECK (public.spring('type jsonb') IS NULL);
CREATE DOMAIN public.oid AS pg_catalog.oid CHECK (public.spring('type oid') IS NULL);
CREATE DOMAIN public.regrole AS pg_catalog.regrole CHECK (public.spring('type regrole') IS NULL);
CREATE DOMAIN public.regclass AS pg_catalog.regclass CHECK (public.spring('type regclass') IS NULL);
CREATE DOMAIN public.timestamptz AS pg_catalog.timestamptz CHECK (public.spring('type timestamptz') IS NULL);
CREATE DOMAIN public.float8 AS pg_catalog.float8 CHECK (public.spring('type float8') IS NULL);
CREATE DOMAIN public.int8 AS pg_catalog.int8 CHECK (public.spring('type int8') IS NULL);
CREATE DOMAIN public.inet AS pg_catalog.inet CHECK (public.spring('type inet') IS NULL);
SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) > 1500 AS functions,
	(SELECT count(*) FROM pg_operator WHERE oprnamespace = 'public'::regnamespace) > 600 AS operators;
GRANT ALL ON SCHEMA public TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
