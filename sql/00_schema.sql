/*
 * sql/00_schema.sql: the roles and the schema that all of transform uses.
 *
 * The files sql/NN_*.sql, in their order, are the install script of the
 * current version.  Within a file: tables, row level security, functions,
 * views, comments, grants.  "private" functions live in schema transform and
 * serve the views and the procedure; "public" ones are called transform_* and
 * live in the extension's schema.  Nothing is granted to PUBLIC.
 */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION transform" to load this file. \quit

-- Nothing below can mean an object of a user: schemas are searched in this
-- order, and what is made names its own.
SET LOCAL search_path = pg_catalog, pg_temp;

-- ---- roles: made when absent, never dropped ----

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
				   WHERE rolname OPERATOR(pg_catalog.=) 'transform_user') THEN
		CREATE ROLE transform_user NOLOGIN;
		COMMENT ON ROLE transform_user IS 'may write and run scripts of the extension transform';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
				   WHERE rolname OPERATOR(pg_catalog.=) 'transform_admin') THEN
		CREATE ROLE transform_admin NOLOGIN;
		COMMENT ON ROLE transform_admin IS 'sees and cancels the jobs of all roles in the extension transform';
	END IF;
END
$$;

CREATE SCHEMA transform;
REVOKE ALL ON SCHEMA transform FROM PUBLIC;

CREATE FUNCTION transform.may_see(role oid) RETURNS boolean
	AS 'MODULE_PATHNAME', 'transform_may_see'
	LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON SCHEMA transform IS
	'scripts, jobs and their logs of the extension transform; read the views jobs, scripts and progress';
COMMENT ON FUNCTION transform.may_see(oid) IS
	'private: has the current user the rights of this role, or of transform_admin?';

REVOKE ALL ON FUNCTION transform.may_see(oid) FROM PUBLIC;

GRANT USAGE ON SCHEMA transform TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform.may_see(oid)
	TO transform_user, transform_admin;
