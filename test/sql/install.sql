-- What CREATE EXTENSION makes: objects, comments, grants.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
RESET client_min_messages;

-- public functions, with their arguments
SELECT p.proname, p.prokind, pg_get_function_identity_arguments(p.oid) AS arguments
FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'transform'
WHERE p.proname LIKE 'transform%'
ORDER BY 1;

-- tables and views
SELECT c.relkind, c.relname, c.relrowsecurity, c.reloptions
FROM pg_class c WHERE c.relnamespace = 'transform'::regnamespace AND c.relkind IN ('r', 'v', 'S')
ORDER BY 1, 2;

-- columns of the views
\pset format unaligned
\pset tuples_only on
SELECT attrelid::regclass, attname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'transform'::regnamespace AND c.relkind = 'v' AND attnum > 0
ORDER BY attrelid::regclass::text COLLATE "C", attnum;
\pset tuples_only off
\pset format aligned

-- everything has a comment: no rows
SELECT pg_describe_object(d.classid, d.objid, 0) AS without_comment
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'transform'
	AND (d.classid <> 'pg_class'::regclass OR (SELECT relkind FROM pg_class WHERE oid = d.objid) NOT IN ('S', 'i', 't'))
	AND d.classid <> 'pg_type'::regclass
	AND obj_description(d.objid, d.classid::regclass::name) IS NULL;
SELECT a.attrelid::regclass, a.attname AS column_without_comment
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'transform'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0
	AND NOT a.attisdropped AND col_description(a.attrelid, a.attnum) IS NULL;

-- nothing is granted to PUBLIC: no rows
SELECT pg_describe_object(d.classid, d.objid, 0) AS granted_to_public
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_namespace n ON d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, c.relacl, n.nspacl,
	acldefault(CASE WHEN p.oid IS NOT NULL THEN 'f'::"char" WHEN n.oid IS NOT NULL THEN 'n' ELSE 'r' END, 10))) a
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'transform'
	AND d.classid IN ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass)
	AND a.grantee = 0;

-- who may call, read or use what, name by name
SELECT (CASE d.classid WHEN 'pg_proc'::regclass THEN d.objid::regproc::text WHEN 'pg_class'::regclass THEN d.objid::regclass::text
	ELSE d.objid::regnamespace::text END) COLLATE "C" AS object, a.privilege_type, string_agg(a.grantee::regrole::text, ' ' ORDER BY a.grantee::regrole::text COLLATE "C") AS roles
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_namespace n ON d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, c.relacl, n.nspacl)) a
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'transform'
	AND a.grantee <> coalesce(p.proowner, c.relowner, n.nspowner)
GROUP BY 1, 2 ORDER BY 1, 2;

-- nor on a column: no rows
SELECT attrelid::regclass, attname, attacl FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'transform'::regnamespace AND a.attacl IS NOT NULL;

-- no grant on a base table to anybody but the owner: no rows
SELECT c.relname, a.grantee::regrole, a.privilege_type
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace = 'transform'::regnamespace AND c.relkind IN ('r', 'S') AND a.grantee <> c.relowner;

-- security-relevant attributes: no SECURITY DEFINER, C functions not for PUBLIC
SELECT count(*) FILTER (WHERE prosecdef) AS security_definer
FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'transform';

-- the roles
SELECT rolname, rolcanlogin, rolsuper FROM pg_roles WHERE rolname IN ('transform_user', 'transform_admin', 'transform_authenticator') ORDER BY 1;

-- settings
\pset format unaligned
SELECT name, boot_val, unit, context FROM pg_settings
WHERE name LIKE 'transform.%' AND name NOT IN ('transform.warm_workers') ORDER BY name COLLATE "C";
\pset format aligned

-- bad values of settings
SET transform.sandbox_require = 'language, moat';
SET transform.chunk_rows = 0;
SET transform.no_such_setting = 1;

-- a session's own limit cannot pass the ceiling, and a user cannot move that
CREATE ROLE regress_user1;
SET ROLE regress_user1;
SET transform.max_job_memory = '8GB';
SET transform.job_memory = '8GB';
SHOW transform.job_memory;
RESET transform.job_memory;
RESET ROLE;
DROP ROLE regress_user1;

SELECT transform_version() ~ '^\d+\.\d+\.\d+$' AS version;
SELECT name, state FROM transform_sandbox_status()
WHERE name IN ('preload', 'launcher', 'worker slots') ORDER BY name;
