/*
 * sql/05_scripts.sql: scripts and their versions.
 */

-- ---- tables ----

CREATE TABLE transform.script (
	name		text PRIMARY KEY,
	owner		regrole NOT NULL,
	version		integer NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

CREATE TABLE transform.script_version (
	script		text NOT NULL REFERENCES transform.script (name),
	version		integer NOT NULL,
	code		text NOT NULL,
	hash		text NOT NULL,
	shape		text NOT NULL CHECK (shape IN ('table', 'chunk', 'group')),
	numeric_as	text NOT NULL CHECK (numeric_as IN ('float64', 'decimal')),
	dtype_backend	text NOT NULL CHECK (dtype_backend IN ('numpy', 'numpy_nullable', 'pyarrow')),
	description text,
	created_by	regrole NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (script, version)
);

SELECT pg_catalog.pg_extension_config_dump('transform.script', '');
SELECT pg_catalog.pg_extension_config_dump('transform.script_version', '');

-- ---- row level security: see 10_jobs.sql ----

ALTER TABLE transform.script ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.script_version ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON transform.script FOR SELECT
	TO transform_user, transform_admin
	USING (transform.may_see(owner));
CREATE POLICY own ON transform.script_version FOR SELECT
	TO transform_user, transform_admin
	USING (EXISTS (SELECT FROM transform.script s
				   WHERE s.name = script AND transform.may_see(s.owner)));

-- ---- public functions ----

CREATE FUNCTION transform_script_create(
	name text, code text, shape text DEFAULT NULL,
	numeric_as text DEFAULT NULL, description text DEFAULT NULL,
	dtype_backend text DEFAULT NULL)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'transform_script_create'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION transform_validate(code text)
	RETURNS TABLE (line integer, col integer, severity text,
				   what text, why text, instead text)
	AS 'MODULE_PATHNAME', 'transform_validate'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- ---- views ----

CREATE VIEW transform.scripts WITH (security_barrier) AS
	SELECT s.name, v.version, s.owner, v.shape, v.numeric_as, v.dtype_backend, v.description,
		v.code, v.hash, v.created_by, v.created_at, v.version = s.version AS current
	FROM transform.script s
	JOIN transform.script_version v ON v.script = s.name
	WHERE transform.may_see(s.owner);

-- ---- comments ----

COMMENT ON TABLE transform.script IS
	'a script: its name, owner and current version';
COMMENT ON TABLE transform.script_version IS
	'one immutable version of a script';
COMMENT ON COLUMN transform.script.name IS
	'name of the script, unique in the database';
COMMENT ON COLUMN transform.script.owner IS
	'role that created it and may add versions';
COMMENT ON COLUMN transform.script.version IS
	'number of the current version';
COMMENT ON COLUMN transform.script.created_at IS
	'when the first version was created';
COMMENT ON COLUMN transform.script_version.script IS
	'name of the script';
COMMENT ON COLUMN transform.script_version.version IS
	'number, from 1';
COMMENT ON COLUMN transform.script_version.code IS
	'Python text with def transform(df) or def transform(df, params)';
COMMENT ON COLUMN transform.script_version.shape IS
	'how it is called: table (once, with all rows), chunk (per chunk of rows) or group (per key)';
COMMENT ON COLUMN transform.script_version.numeric_as IS
	'how numeric columns arrive: float64 or decimal';
COMMENT ON COLUMN transform.script_version.dtype_backend IS
	'kind of dtypes it sees: numpy, numpy_nullable or pyarrow';
COMMENT ON COLUMN transform.script_version.description IS
	'the author''s words';
COMMENT ON COLUMN transform.script_version.hash IS
	'SHA-256 of the text, in hexadecimal';
COMMENT ON COLUMN transform.script_version.created_by IS
	'role that created this version';
COMMENT ON COLUMN transform.script_version.created_at IS
	'when it was created';
COMMENT ON VIEW transform.scripts IS
	'all versions of the scripts of roles whose rights you have (all, for members of transform_admin)';
COMMENT ON COLUMN transform.scripts.name IS
	'name of the script';
COMMENT ON COLUMN transform.scripts.version IS
	'number of the version';
COMMENT ON COLUMN transform.scripts.owner IS
	'role that created the script';
COMMENT ON COLUMN transform.scripts.shape IS
	'how it is called: table, chunk or group';
COMMENT ON COLUMN transform.scripts.numeric_as IS
	'how numeric columns arrive: float64 or decimal';
COMMENT ON COLUMN transform.scripts.dtype_backend IS
	'kind of dtypes it sees: numpy, numpy_nullable or pyarrow';
COMMENT ON COLUMN transform.scripts.description IS
	'the author''s words';
COMMENT ON COLUMN transform.scripts.code IS
	'the Python text';
COMMENT ON COLUMN transform.scripts.hash IS
	'SHA-256 of the text, in hexadecimal';
COMMENT ON COLUMN transform.scripts.created_by IS
	'role that created this version';
COMMENT ON COLUMN transform.scripts.created_at IS
	'when this version was created';
COMMENT ON COLUMN transform.scripts.current IS
	'is this the version that new jobs get?';
COMMENT ON FUNCTION transform_script_create(text, text, text, text, text, text) IS
	'Stores a script, or a new version of one you own; returns its version. name: up to 63 bytes. code: Python with def transform(df) or def transform(df, params). shape: table (default; called once with all rows), chunk (called per chunk) or group (called per key). A transform that yields is called once and pulls its data frames itself. numeric_as: float64 (default) or decimal. Errors: 42601 and 42P13 when the code is refused (all findings in the detail), 42501 when the name belongs to another role.';
COMMENT ON FUNCTION transform_validate(text) IS
	'Checks a script without storing it: a row per finding with line and column (from 1), severity (error or warning), what is wrong, why, and what to do instead. No row: nothing to object to.';

-- ---- grants ----

REVOKE ALL ON FUNCTION transform_script_create(text, text, text, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION transform_validate(text) FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA transform FROM PUBLIC;

GRANT SELECT ON transform.scripts
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform_script_create(text, text, text, text, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION transform_validate(text)
	TO transform_user, transform_admin;
