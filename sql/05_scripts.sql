/*
 * sql/05_scripts.sql: scripts, their versions, and whom they are shared with.
 */

-- ---- tables ----

CREATE TABLE transform.script (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name		text NOT NULL UNIQUE,
	owner		regrole NOT NULL,
	version		integer NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	archived_at timestamptz,
	archived_by regrole
);

CREATE TABLE transform.script_version (
	script		bigint NOT NULL REFERENCES transform.script (id),
	version		integer NOT NULL,
	code		text NOT NULL,
	hash		text NOT NULL,
	shape		text NOT NULL CHECK (shape IN ('table', 'chunk', 'group')),
	numeric_as	text NOT NULL CHECK (numeric_as IN ('float64', 'decimal')),
	dtype_backend	text NOT NULL CHECK (dtype_backend IN ('numpy', 'numpy_nullable', 'pyarrow')),
	policy		text NOT NULL,
	packages	jsonb NOT NULL,
	version_hash	text NOT NULL,
	description text,
	created_by	regrole NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (script, version)
);

CREATE TABLE transform.script_grant (
	script		bigint NOT NULL REFERENCES transform.script (id),
	role		regrole NOT NULL,
	privilege	text NOT NULL CHECK (privilege IN ('use', 'edit')),
	granted_by	regrole NOT NULL,
	granted_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (script, role, privilege)
);

SELECT pg_catalog.pg_extension_config_dump('transform.script', '');
SELECT pg_catalog.pg_extension_config_dump('transform.script_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('transform.script_version', '');
-- a role that was dropped is a number, which may be another role where it is
-- restored
SELECT pg_catalog.pg_extension_config_dump('transform.script_grant',
	$$WHERE role::oid IN (SELECT oid FROM pg_catalog.pg_roles)$$);

-- ---- private functions ----

CREATE FUNCTION transform.refuse_version_change() RETURNS trigger
	AS 'MODULE_PATHNAME', 'transform_refuse_version_change'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- A version is what jobs of the past name: it never changes, whoever asks.
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON transform.script_version
	FOR EACH ROW EXECUTE FUNCTION transform.refuse_version_change();
CREATE TRIGGER immutable_whole BEFORE TRUNCATE ON transform.script_version
	FOR EACH STATEMENT EXECUTE FUNCTION transform.refuse_version_change();
ALTER TABLE transform.script_version ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE transform.script_version ENABLE ALWAYS TRIGGER immutable_whole;

-- ---- row level security: a second line, since nobody but the owner has any
-- right on the tables ----

ALTER TABLE transform.script ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.script_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.script_grant ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON transform.script_grant FOR SELECT
	TO transform_user, transform_admin
	USING (transform.may_see(role) OR transform.may_see(granted_by));
CREATE POLICY own ON transform.script FOR SELECT
	TO transform_user, transform_admin
	USING (transform.may_see(owner)
		   OR EXISTS (SELECT FROM transform.script_grant g
					  WHERE g.script = id AND pg_catalog.pg_has_role(g.role::oid, 'USAGE')));
CREATE POLICY own ON transform.script_version FOR SELECT
	TO transform_user, transform_admin
	USING (EXISTS (SELECT FROM transform.script s WHERE s.id = script));

-- ---- public functions ----

CREATE FUNCTION @extschema@.transform_script_create(
	name text, code text, shape text DEFAULT NULL,
	numeric_as text DEFAULT NULL, description text DEFAULT NULL,
	dtype_backend text DEFAULT NULL)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'transform_script_create'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_validate(code text)
	RETURNS TABLE (line integer, col integer, severity text,
				   what text, why text, instead text)
	AS 'MODULE_PATHNAME', 'transform_validate'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_script_rename(script text, new_name text)
	RETURNS void
	AS 'MODULE_PATHNAME', 'transform_script_rename'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_script_archive(script text) RETURNS void
	AS 'MODULE_PATHNAME', 'transform_script_archive'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_script_unarchive(script text) RETURNS void
	AS 'MODULE_PATHNAME', 'transform_script_unarchive'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_script_owner(script text, role text) RETURNS void
	AS 'MODULE_PATHNAME', 'transform_script_owner'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_script_grant(script text, role text, privilege text)
	RETURNS boolean
	AS 'MODULE_PATHNAME', 'transform_script_grant'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_script_revoke(
	script text, role text, privilege text DEFAULT NULL)
	RETURNS boolean
	AS 'MODULE_PATHNAME', 'transform_script_revoke'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_script_diff(
	script text, a integer, b integer DEFAULT NULL)
	RETURNS text
	AS 'MODULE_PATHNAME', 'transform_script_diff'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_script_history(script text)
	RETURNS TABLE (version integer, current boolean, created_by regrole,
				   created_at timestamptz, description text, shape text,
				   numeric_as text, dtype_backend text, hash text,
				   policy text, packages jsonb, version_hash text)
	AS 'MODULE_PATHNAME', 'transform_script_history'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- ---- views: operands are cast to the exact types of built-in operators, so
-- that no operator of a user can be taken for them at creation ----

CREATE VIEW transform.scripts WITH (security_barrier) AS
	SELECT s.name, v.version, s.owner, v.shape, v.numeric_as, v.dtype_backend, v.description,
		v.code, v.hash, v.created_by, v.created_at, v.version = s.version AS current,
		v.policy, v.packages, v.version_hash,
		CASE WHEN pg_catalog.pg_has_role(s.owner::oid, 'USAGE') THEN 'owner'
			WHEN transform.may_see(s.owner) THEN 'admin'
			WHEN g.edit THEN 'edit' ELSE 'use' END AS access
	FROM transform.script s
	JOIN transform.script_version v ON v.script = s.id
	CROSS JOIN LATERAL (
		SELECT pg_catalog.bool_or(g.privilege = 'edit'::text) AS edit
		FROM transform.script_grant g
		WHERE g.script = s.id AND pg_catalog.pg_has_role(g.role::oid, 'USAGE')) g
	WHERE s.archived_at IS NULL
		AND (transform.may_see(s.owner) OR g.edit IS NOT NULL);

CREATE VIEW transform.archived_scripts WITH (security_barrier) AS
	SELECT s.name, s.owner, s.version, s.archived_at, s.archived_by
	FROM transform.script s
	WHERE s.archived_at IS NOT NULL
		AND (transform.may_see(s.owner)
			 OR EXISTS (SELECT FROM transform.script_grant g
						WHERE g.script = s.id AND pg_catalog.pg_has_role(g.role::oid, 'USAGE')));

CREATE VIEW transform.script_grants WITH (security_barrier) AS
	SELECT s.name AS script, g.role, g.privilege, g.granted_by, g.granted_at
	FROM transform.script_grant g
	JOIN transform.script s ON s.id = g.script
	WHERE transform.may_see(s.owner) OR pg_catalog.pg_has_role(g.role::oid, 'USAGE');

-- ---- comments ----

COMMENT ON TABLE transform.script IS
	'a script: its name, owner and current version; read the views scripts and archived_scripts';
COMMENT ON COLUMN transform.script.id IS
	'number of the script, which stays when it is renamed';
COMMENT ON COLUMN transform.script.name IS
	'name of the script, unique in the database';
COMMENT ON COLUMN transform.script.owner IS
	'role that may rename, archive and share it';
COMMENT ON COLUMN transform.script.version IS
	'number of the current version';
COMMENT ON COLUMN transform.script.created_at IS
	'when the first version was created';
COMMENT ON COLUMN transform.script.archived_at IS
	'when it was archived: not listed, not run; NULL: it is not';
COMMENT ON COLUMN transform.script.archived_by IS
	'role that archived it';
COMMENT ON TABLE transform.script_version IS
	'one immutable version of a script';
COMMENT ON COLUMN transform.script_version.script IS
	'number of the script';
COMMENT ON COLUMN transform.script_version.version IS
	'number, from 1';
COMMENT ON COLUMN transform.script_version.code IS
	'Python text with def transform(df) or def transform(df, params)';
COMMENT ON COLUMN transform.script_version.hash IS
	'SHA-256 of the text, in hexadecimal';
COMMENT ON COLUMN transform.script_version.shape IS
	'how it is called: table (once, with all rows), chunk (per chunk of rows) or group (per key)';
COMMENT ON COLUMN transform.script_version.numeric_as IS
	'how numeric columns arrive: float64 or decimal';
COMMENT ON COLUMN transform.script_version.dtype_backend IS
	'kind of dtypes it sees: numpy, numpy_nullable or pyarrow';
COMMENT ON COLUMN transform.script_version.policy IS
	'version of the language policy that accepted it: a SHA-256 of its rules';
COMMENT ON COLUMN transform.script_version.packages IS
	'versions of Python, of its packages and of sandbox_host when it was accepted';
COMMENT ON COLUMN transform.script_version.version_hash IS
	'SHA-256 of the lines "code HASH", "policy POLICY", "shape SHAPE", "numeric_as ...", "dtype_backend ..." and "NAME VERSION" of each package, in the order of their bytes, with a newline between';
COMMENT ON COLUMN transform.script_version.description IS
	'the author''s words';
COMMENT ON COLUMN transform.script_version.created_by IS
	'role that created this version';
COMMENT ON COLUMN transform.script_version.created_at IS
	'when it was created';
COMMENT ON TABLE transform.script_grant IS
	'whom a script is shared with; read the view script_grants';
COMMENT ON COLUMN transform.script_grant.script IS
	'number of the script';
COMMENT ON COLUMN transform.script_grant.role IS
	'role that may use or edit it, and with it every member';
COMMENT ON COLUMN transform.script_grant.privilege IS
	'use (see and run it) or edit (add versions as well)';
COMMENT ON COLUMN transform.script_grant.granted_by IS
	'role that granted it';
COMMENT ON COLUMN transform.script_grant.granted_at IS
	'when it was granted';
COMMENT ON TRIGGER immutable ON transform.script_version IS
	'a version never changes';
COMMENT ON TRIGGER immutable_whole ON transform.script_version IS
	'a version never changes';
COMMENT ON VIEW transform.scripts IS
	'all versions of the scripts that you own, that are shared with you (all, for members of transform_admin), without those that are archived';
COMMENT ON COLUMN transform.scripts.name IS
	'name of the script';
COMMENT ON COLUMN transform.scripts.version IS
	'number of the version';
COMMENT ON COLUMN transform.scripts.owner IS
	'role that may rename, archive and share the script';
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
COMMENT ON COLUMN transform.scripts.policy IS
	'version of the language policy that accepted it: a SHA-256 of its rules';
COMMENT ON COLUMN transform.scripts.packages IS
	'versions of Python, of its packages and of sandbox_host when it was accepted';
COMMENT ON COLUMN transform.scripts.version_hash IS
	'SHA-256 over the text, the policy, the packages and the options of this version';
COMMENT ON COLUMN transform.scripts.access IS
	'what you may do with it: owner or admin (everything), edit (run it and add versions) or use (run it)';
COMMENT ON VIEW transform.archived_scripts IS
	'the scripts that you own or that are shared with you (all, for members of transform_admin) and that are archived';
COMMENT ON COLUMN transform.archived_scripts.name IS
	'name of the script';
COMMENT ON COLUMN transform.archived_scripts.owner IS
	'role that may bring it back';
COMMENT ON COLUMN transform.archived_scripts.version IS
	'its newest version';
COMMENT ON COLUMN transform.archived_scripts.archived_at IS
	'when it was archived';
COMMENT ON COLUMN transform.archived_scripts.archived_by IS
	'role that archived it';
COMMENT ON VIEW transform.script_grants IS
	'whom scripts are shared with: of those you own (all, for members of transform_admin), and what is shared with you';
COMMENT ON COLUMN transform.script_grants.script IS
	'name of the script';
COMMENT ON COLUMN transform.script_grants.role IS
	'role that may use or edit it, and with it every member';
COMMENT ON COLUMN transform.script_grants.privilege IS
	'use (see and run it) or edit (add versions as well)';
COMMENT ON COLUMN transform.script_grants.granted_by IS
	'role that granted it';
COMMENT ON COLUMN transform.script_grants.granted_at IS
	'when it was granted';
COMMENT ON FUNCTION transform.refuse_version_change() IS
	'private: trigger of script_version, raises 55000';
COMMENT ON FUNCTION @extschema@.transform_script_create(text, text, text, text, text, text) IS
	'Stores a script, or a new version of one you own or may edit; returns its version. name: up to 63 bytes. code: Python with def transform(df) or def transform(df, params). shape: table (default; called once with all rows), chunk (called per chunk) or group (called per key). A transform that yields is called once and pulls its data frames itself. numeric_as: float64 (default) or decimal. Errors: 42601 and 42P13 when the code is refused (all findings in the detail), 42501 when the name belongs to another role, 55000 when the script is archived.';
COMMENT ON FUNCTION @extschema@.transform_validate(text) IS
	'Checks a script without storing it: a row per finding with line and column (from 1), severity (error or warning), what is wrong, why, and what to do instead. No row: nothing to object to.';
COMMENT ON FUNCTION @extschema@.transform_script_rename(text, text) IS
	'Renames a script; its versions, jobs, watermarks and grants stay with it. For its owner and members of transform_admin. Errors: 42704 no such script, 42501 not yours, 42710 the name is taken.';
COMMENT ON FUNCTION @extschema@.transform_script_archive(text) IS
	'Takes a script out of transform.scripts and out of use; versions, jobs and the name stay, pending jobs fail. For its owner and members of transform_admin. Errors: 42704 no such script, 42501 not yours, 55000 it is archived.';
COMMENT ON FUNCTION @extschema@.transform_script_unarchive(text) IS
	'Brings an archived script back as it was. For its owner and members of transform_admin. Errors: 42704 no such script, 42501 not yours, 55000 it is not archived.';
COMMENT ON FUNCTION @extschema@.transform_script_owner(text, text) IS
	'Makes a script the property of a role whose rights you have (any role, for members of transform_admin). Errors: 42704 no such script or role, 42501 not yours.';
COMMENT ON FUNCTION @extschema@.transform_script_grant(text, text, text) IS
	'Lets a role, and with it every member, use (see, run, preview, verify) or edit (add versions as well) a script. For its owner and members of transform_admin. True when that is new. Errors: 42704 no such script or role, 42501 not yours, 0LP01 to PUBLIC, 22023 another privilege.';
COMMENT ON FUNCTION @extschema@.transform_script_revoke(text, text, text) IS
	'Takes a privilege on a script, or all (privilege NULL), from a role; jobs that wait fail. True when there was one. Errors as transform_script_grant.';
COMMENT ON FUNCTION @extschema@.transform_script_diff(text, integer, integer) IS
	'What changed from version a to version b (NULL: the current one), as a unified diff that patch accepts; empty when the texts are equal. Error 42704: no such script or version.';
COMMENT ON FUNCTION @extschema@.transform_script_history(text) IS
	'All versions of a script, the newest first, also of one that is archived. Error 42704: no such script.';

-- ---- grants ----

REVOKE ALL ON FUNCTION transform.refuse_version_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_create(text, text, text, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_validate(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_rename(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_archive(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_unarchive(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_owner(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_grant(text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_revoke(text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_diff(text, integer, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_script_history(text) FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA transform FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA transform FROM PUBLIC;

GRANT SELECT ON transform.scripts, transform.archived_scripts, transform.script_grants
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_create(text, text, text, text, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_validate(text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_rename(text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_archive(text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_unarchive(text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_owner(text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_grant(text, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_revoke(text, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_diff(text, integer, integer)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_script_history(text)
	TO transform_user, transform_admin;
