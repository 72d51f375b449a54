-- What the extension consists of means nothing of a user's: no rows, and its
-- functions are where they belong.
SET search_path = pg_catalog;
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS ours, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS theirs
FROM pg_depend d
JOIN pg_depend e ON e.deptype = 'e' AND e.refclassid = 'pg_extension'::regclass
	AND e.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'transform') AND e.classid = d.classid AND e.objid = d.objid
WHERE d.deptype <> 'e' AND (d.refclassid, d.refobjid) IN (
	SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace
	UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = 'public'::regnamespace
	UNION ALL SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
	UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace = 'public'::regnamespace);
SELECT n.nspname, count(*) > 0 AS functions FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.proname LIKE 'transform%' GROUP BY 1 ORDER BY 1;
