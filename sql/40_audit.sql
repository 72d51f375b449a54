/*
 * sql/40_audit.sql: the audit: who did what, in rows that nobody can change
 * unseen.  extension/tr_audit.c says how they get here.
 *
 * Not dumped: the rows are sealed with a key of this server, and what they
 * tell happened here.  Physical backups have both.
 */

-- ---- tables ----

-- All columns up to seal are under the seal (tr_audit_seal.c), in this order.
CREATE TABLE transform.audit_event (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at			timestamptz NOT NULL,
	event		text NOT NULL,
	outcome		text NOT NULL,
	role		text NOT NULL,
	role_oid	oid NOT NULL,
	session_role	text,
	client		text,
	application	text,
	subject		text,
	token_id	text,
	script		text,
	version		integer,
	script_hash	text,
	source		text,
	destination	text,
	job			bigint,
	sqlstate	text,
	detail		text,
	seal		bytea NOT NULL,
	seq			bigint UNIQUE,
	link		bytea,
	CHECK ((seq IS NULL) = (link IS NULL))
);

CREATE TABLE transform.audit_end (
	which		text PRIMARY KEY CHECK (which IN ('anchor', 'head')),
	seq			bigint NOT NULL,
	link		bytea NOT NULL,
	proof		bytea NOT NULL
);

-- ---- private functions ----

CREATE FUNCTION transform.audit_guard() RETURNS trigger
	AS 'MODULE_PATHNAME', 'transform_audit_guard'
	LANGUAGE C;

CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON transform.audit_event
	FOR EACH ROW EXECUTE FUNCTION transform.audit_guard();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON transform.audit_event
	FOR EACH STATEMENT EXECUTE FUNCTION transform.audit_guard();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON transform.audit_end
	FOR EACH ROW EXECUTE FUNCTION transform.audit_guard();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON transform.audit_end
	FOR EACH STATEMENT EXECUTE FUNCTION transform.audit_guard();

-- also for who has session_replication_role = replica
ALTER TABLE transform.audit_event ENABLE ALWAYS TRIGGER guard, ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE transform.audit_end ENABLE ALWAYS TRIGGER guard, ENABLE ALWAYS TRIGGER guard_all;

-- ---- row level security: see 10_jobs.sql ----

ALTER TABLE transform.audit_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.audit_end ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON transform.audit_event FOR SELECT
	TO transform_user, transform_admin
	USING (transform.may_see(role_oid));
CREATE POLICY admin ON transform.audit_end FOR SELECT
	TO transform_admin USING (true);

-- ---- public functions ----

CREATE FUNCTION @extschema@.transform_audit_verify(head text DEFAULT NULL,
	OUT ok boolean, OUT rows bigint, OUT unchained bigint,
	OUT broken_id bigint, OUT broken_seq bigint, OUT what text,
	OUT new_head text)
	AS 'MODULE_PATHNAME', 'transform_audit_verify'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- ---- views ----

CREATE VIEW transform.audit WITH (security_barrier) AS
	SELECT e.id, e.at, e.event, e.outcome, e.role, e.session_role, e.client,
		e.application, e.subject, e.token_id, e.script, e.version,
		e.script_hash, e.source, e.destination, e.job, e.sqlstate, e.detail,
		e.seq
	FROM transform.audit_event e
	WHERE transform.may_see(e.role_oid);

-- ---- comments ----

COMMENT ON TABLE transform.audit_event IS
	'the audit: rows are added by transform alone, and removed by transform.audit_retention alone';
COMMENT ON COLUMN transform.audit_event.role_oid IS
	'OID of the role; who has its rights sees the row';
COMMENT ON COLUMN transform.audit_event.seal IS
	'BLAKE2b, under the server''s key, of the columns before it';
COMMENT ON COLUMN transform.audit_event.link IS
	'BLAKE2b, under the server''s key, of the link before, seq and seal';
COMMENT ON TABLE transform.audit_end IS
	'the two ends of the audit''s chain: the last row that was removed (anchor), the last row (head)';
COMMENT ON COLUMN transform.audit_end.which IS
	'anchor or head';
COMMENT ON COLUMN transform.audit_end.seq IS
	'place of that row';
COMMENT ON COLUMN transform.audit_end.link IS
	'link of that row';
COMMENT ON COLUMN transform.audit_end.proof IS
	'BLAKE2b, under the server''s key, of which, seq and link';
COMMENT ON VIEW transform.audit IS
	'what roles whose rights you have (all, for members of transform_admin) did and tried to do';
COMMENT ON COLUMN transform.audit_event.id IS
	'number of the row; numbers are given before the commit, and some are never used';
COMMENT ON COLUMN transform.audit_event.at IS
	'when it happened';
COMMENT ON COLUMN transform.audit_event.event IS
	'login, token, user, key, script, grant, submit, preview, run, cancel, read or audit';
COMMENT ON COLUMN transform.audit_event.outcome IS
	'how it went: started, succeeded, failed, cancelled, refused, limit (a limit stopped the run), wall (a wall did), denied (a right was missing), created, ...';
COMMENT ON COLUMN transform.audit_event.role IS
	'role that did it; of a run, that of the job';
COMMENT ON COLUMN transform.audit_event.session_role IS
	'role that the session belongs to; NULL for a run';
COMMENT ON COLUMN transform.audit_event.client IS
	'address of the client; NULL for a socket of the machine, and for a run';
COMMENT ON COLUMN transform.audit_event.application IS
	'application_name of the session';
COMMENT ON COLUMN transform.audit_event.subject IS
	'subject of the token that the role was taken on with';
COMMENT ON COLUMN transform.audit_event.token_id IS
	'number (jti) of that token';
COMMENT ON COLUMN transform.audit_event.script IS
	'name of the script, as it was then';
COMMENT ON COLUMN transform.audit_event.version IS
	'its version';
COMMENT ON COLUMN transform.audit_event.script_hash IS
	'hash of that version';
COMMENT ON COLUMN transform.audit_event.source IS
	'what was read, or was to be';
COMMENT ON COLUMN transform.audit_event.destination IS
	'where results went, or were to go';
COMMENT ON COLUMN transform.audit_event.job IS
	'number of the job';
COMMENT ON COLUMN transform.audit_event.sqlstate IS
	'SQLSTATE of the error or refusal';
COMMENT ON COLUMN transform.audit_event.detail IS
	'its message, or what else there is to say';
COMMENT ON COLUMN transform.audit_event.seq IS
	'place in the chain; NULL for about a second after the commit';
COMMENT ON COLUMN transform.audit.id IS
	'number of the row; numbers are given before the commit, and some are never used';
COMMENT ON COLUMN transform.audit.at IS
	'when it happened';
COMMENT ON COLUMN transform.audit.event IS
	'login, token, user, key, script, grant, submit, preview, run, cancel, read or audit';
COMMENT ON COLUMN transform.audit.outcome IS
	'how it went: started, succeeded, failed, cancelled, refused, limit (a limit stopped the run), wall (a wall did), denied (a right was missing), created, ...';
COMMENT ON COLUMN transform.audit.role IS
	'role that did it; of a run, that of the job';
COMMENT ON COLUMN transform.audit.session_role IS
	'role that the session belongs to; NULL for a run';
COMMENT ON COLUMN transform.audit.client IS
	'address of the client; NULL for a socket of the machine, and for a run';
COMMENT ON COLUMN transform.audit.application IS
	'application_name of the session';
COMMENT ON COLUMN transform.audit.subject IS
	'subject of the token that the role was taken on with';
COMMENT ON COLUMN transform.audit.token_id IS
	'number (jti) of that token';
COMMENT ON COLUMN transform.audit.script IS
	'name of the script, as it was then';
COMMENT ON COLUMN transform.audit.version IS
	'its version';
COMMENT ON COLUMN transform.audit.script_hash IS
	'hash of that version';
COMMENT ON COLUMN transform.audit.source IS
	'what was read, or was to be';
COMMENT ON COLUMN transform.audit.destination IS
	'where results went, or were to go';
COMMENT ON COLUMN transform.audit.job IS
	'number of the job';
COMMENT ON COLUMN transform.audit.sqlstate IS
	'SQLSTATE of the error or refusal';
COMMENT ON COLUMN transform.audit.detail IS
	'its message, or what else there is to say';
COMMENT ON COLUMN transform.audit.seq IS
	'place in the chain; NULL for about a second after the commit';
COMMENT ON TRIGGER guard ON transform.audit_event IS
	'rows come and go by transform alone';
COMMENT ON TRIGGER guard_all ON transform.audit_event IS
	'nobody truncates it';
COMMENT ON TRIGGER guard ON transform.audit_end IS
	'rows come and go by transform alone';
COMMENT ON TRIGGER guard_all ON transform.audit_end IS
	'nobody truncates it';
COMMENT ON FUNCTION transform.audit_guard() IS
	'private: refuses changes of the audit, whoever makes them, and seals its rows';
COMMENT ON FUNCTION @extschema@.transform_audit_verify(text) IS
	'Is every row of the audit what was written, and none missing? Without ok: broken_id names the first bad row (NULL: it is gone), broken_seq its place, what says what is wrong: changed, removed, inserted, reordered. rows: how many are good; unchained: written, not yet in the chain (for about a second). new_head stands for all of them: kept elsewhere and given as head later, it shows also what somebody did who can read the server''s key. For members of transform_admin.';

-- ---- grants: none to PUBLIC, by name to the two roles ----

REVOKE ALL ON FUNCTION transform.audit_guard() FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_audit_verify(text) FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA transform FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA transform FROM PUBLIC;

GRANT SELECT ON transform.audit TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_audit_verify(text) TO transform_admin;
