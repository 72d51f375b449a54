/*
 * sql/20_explorer.sql: the table explorer: what the caller may read, what the
 * columns of it are, some rows of it, what its columns hold.
 *
 * All functions run as the caller, so the rights on tables and columns and
 * row-level security are the server's to check.
 */

-- ---- private functions ----

CREATE FUNCTION transform.estimated_rows(relation oid) RETURNS bigint
	AS 'MODULE_PATHNAME', 'transform_estimated_rows'
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE FUNCTION transform.readable_columns(source regclass,
	numeric_as text, dtype_backend text)
	RETURNS TABLE (column_number integer, name text, type text, pandas text,
				   nullable boolean)
	AS 'MODULE_PATHNAME', 'transform_readable_columns'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- ---- public functions ----

CREATE FUNCTION @extschema@.transform_tables(pattern text DEFAULT NULL)
	RETURNS TABLE (schema text, name text, kind text, estimated_rows bigint,
				   size_bytes bigint, comment text, row_security boolean)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
	SELECT n.nspname, c.relname,
		CASE WHEN c.relispartition THEN 'partition'
			ELSE CASE c.relkind WHEN 'r' THEN 'table'
				WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
				WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END
			END,
		transform.estimated_rows(c.oid),
		CASE WHEN NOT rls.active THEN
			CASE c.relkind WHEN 'p' THEN (
					SELECT sum(pg_table_size(p.relid))::bigint
					FROM pg_partition_tree(c.oid) p)
				WHEN 'r' THEN pg_table_size(c.oid)
				WHEN 'm' THEN pg_table_size(c.oid) END
			END,
		obj_description(c.oid, 'pg_class'),
		CASE WHEN c.relkind NOT IN ('v', 'm') THEN rls.active END
	FROM pg_class c
	JOIN pg_namespace n ON n.oid = c.relnamespace,
	LATERAL (SELECT row_security_active(c.oid) AS active) rls
	WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
		AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'transform')
		AND n.nspname !~ '^pg_(toast|temp)'
		AND has_schema_privilege(n.oid, 'USAGE')
		AND has_any_column_privilege(c.oid, 'SELECT')
		AND (pattern IS NULL OR c.relname LIKE pattern
			OR n.nspname || '.' || c.relname LIKE pattern)
	ORDER BY n.nspname, c.relname
$$;

CREATE FUNCTION @extschema@.transform_columns(source regclass,
	numeric_as text DEFAULT NULL, dtype_backend text DEFAULT NULL)
	RETURNS TABLE (column_number integer, name text, type text, pandas text,
				   nullable boolean, key text, comment text)
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.column_number, r.name, r.type, r.pandas, r.nullable,
		(SELECT string_agg(k.key, ', ' ORDER BY k.key)
		 FROM (SELECT CASE WHEN i.indisprimary THEN 'primary key' ELSE 'unique' END
				|| CASE WHEN i.indnkeyatts > 1 THEN ' (' ||
					(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.n)
					 FROM unnest(i.indkey::smallint[]) WITH ORDINALITY u(attnum, n)
					 JOIN pg_attribute a ON a.attrelid = i.indrelid
						AND a.attnum = u.attnum
					 WHERE u.n <= i.indnkeyatts) || ')' ELSE '' END AS key
			FROM pg_index i
			WHERE i.indrelid = source AND i.indisunique AND i.indisvalid
				AND i.indpred IS NULL AND i.indexprs IS NULL
				AND EXISTS (SELECT FROM unnest(i.indkey::smallint[])
								WITH ORDINALITY u(attnum, n)
							WHERE u.attnum = r.column_number
								AND u.n <= i.indnkeyatts)) k),
		col_description(source, r.column_number)
	FROM transform.readable_columns(source, numeric_as, dtype_backend) r
	ORDER BY r.column_number
$$;

CREATE FUNCTION @extschema@.transform_table_preview(source regclass,
	rows integer DEFAULT NULL, order_by text DEFAULT NULL,
	filter text DEFAULT NULL)
	RETURNS TABLE (row_number integer, data jsonb)
	AS 'MODULE_PATHNAME', 'transform_table_preview'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_table_profile(source regclass,
	sample integer DEFAULT NULL)
	RETURNS TABLE (name text, type text, rows bigint, nulls bigint,
				   distinct_values bigint, min jsonb, max jsonb,
				   quantiles jsonb, most_common jsonb, wide bigint,
				   exact boolean)
	AS 'MODULE_PATHNAME', 'transform_table_profile'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- ---- comments ----

COMMENT ON FUNCTION transform.estimated_rows(oid) IS
	'private: the planner''s estimate of the rows of a table; NULL for views, and where row-level security applies to the caller';
COMMENT ON FUNCTION transform.readable_columns(regclass, text, text) IS
	'private: the columns of a table or view that the caller may read, and how each arrives in pandas; read transform_columns()';
COMMENT ON FUNCTION @extschema@.transform_tables(text) IS
	'Tables and views that the caller may read, whole or some columns of. pattern: as for LIKE, of the name or of schema.name. kind: table, partitioned table, partition, view, materialized view or foreign table. estimated_rows (the planner''s) and size_bytes are NULL where row-level security applies to the caller. row_security: does it? NULL for views: what they read decides.';
COMMENT ON FUNCTION @extschema@.transform_columns(regclass, text, text) IS
	'Columns of a table or view that the caller may read: type, dtype in a script''s data frame (pandas; what the objects are in parentheses; NULL: cannot be given to a script), keys. numeric_as, dtype_backend: as in transform_submit. Errors: 42501 no column may be read, 42809 not a table or view.';
COMMENT ON FUNCTION @extschema@.transform_table_preview(regclass, integer, text, text) IS
	'Some rows of a table or view, as JSON, read as the caller in a read-only transaction. rows: 1 to 1000 (default 20). order_by: what may stand after ORDER BY. filter: a condition, as in transform_submit. Only columns that the caller may read. Errors: 42501, 42809 as transform_columns, 22023 bad argument, 25006 something it calls would write.';
COMMENT ON FUNCTION @extschema@.transform_table_profile(regclass, integer) IS
	'A row per column that the caller may read: NULLs, distinct values, least, greatest, the quantiles 0.05, 0.25, 0.5, 0.75, 0.95 (numbers and times), the ten most common values with their counts, of a sample. sample: rows to read at most (default and ceiling transform.max_profile_rows); of a table they come from the blocks that hold about as many (TABLESAMPLE SYSTEM), of anything else they are the first. exact: the whole was read. wide: values of over 1 kB as they are stored, which are only counted. Errors as transform_table_preview.';

-- ---- grants: none to PUBLIC, by name to the two roles ----

REVOKE ALL ON FUNCTION transform.estimated_rows(oid) FROM PUBLIC;
REVOKE ALL ON FUNCTION transform.readable_columns(regclass, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_tables(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_columns(regclass, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_table_preview(regclass, integer, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_table_profile(regclass, integer) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION transform.estimated_rows(oid)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform.readable_columns(regclass, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_tables(text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_columns(regclass, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_table_preview(regclass, integer, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_table_profile(regclass, integer)
	TO transform_user, transform_admin;
