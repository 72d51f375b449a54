/*
 * sql/30_identity.sql: users of applications, their tokens, and the keys of
 * those.  The secrets of keys stand in a file of the data directory, not here.
 */

-- ---- role: made when absent, never dropped ----

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
				   WHERE rolname OPERATOR(pg_catalog.=) 'transform_authenticator') THEN
		CREATE ROLE transform_authenticator NOLOGIN;
		COMMENT ON ROLE transform_authenticator IS 'may check passwords and tokens in the extension transform, for an application''s pool of connections';
	END IF;
END
$$;

-- ---- tables ----

CREATE TABLE transform.app_user (
	id			uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	email		text NOT NULL,
	password_hash	text NOT NULL,
	role		regrole NOT NULL,
	created_by	regrole NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	disabled_at timestamptz,
	tokens_after	timestamptz,
	last_login	timestamptz
);
CREATE UNIQUE INDEX app_user_email ON transform.app_user (pg_catalog.lower(email));

CREATE TABLE transform.token_key (
	kid			text PRIMARY KEY,
	public_key	text NOT NULL,
	issuer		text NOT NULL,
	audience	text NOT NULL,
	claim		text NOT NULL,
	created_by	regrole NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	disabled_at timestamptz
);

CREATE TABLE transform.token_role (
	kid			text NOT NULL REFERENCES transform.token_key (kid) ON DELETE CASCADE,
	value		text NOT NULL,
	role		regrole NOT NULL,
	PRIMARY KEY (kid, value)
);

CREATE TABLE transform.revoked_token (
	issuer		text NOT NULL,
	token_id	text NOT NULL,
	expires_at	timestamptz NOT NULL,
	PRIMARY KEY (issuer, token_id)
);
CREATE INDEX revoked_token_expiry ON transform.revoked_token (expires_at);

-- not of roles that were dropped: 05_scripts.sql
SELECT pg_catalog.pg_extension_config_dump('transform.app_user',
	$$WHERE role::oid IN (SELECT oid FROM pg_catalog.pg_roles)$$);
SELECT pg_catalog.pg_extension_config_dump('transform.token_key', '');
SELECT pg_catalog.pg_extension_config_dump('transform.token_role',
	$$WHERE role::oid IN (SELECT oid FROM pg_catalog.pg_roles)$$);
SELECT pg_catalog.pg_extension_config_dump('transform.revoked_token', '');

-- ---- what sessions have cached of these tables is forgotten when they
-- change, whoever changes them ----

CREATE FUNCTION transform.identity_changed() RETURNS trigger
	AS 'MODULE_PATHNAME', 'transform_identity_changed'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE TRIGGER changed AFTER UPDATE OF id, role, disabled_at, tokens_after OR DELETE OR TRUNCATE
	ON transform.app_user FOR EACH STATEMENT EXECUTE FUNCTION transform.identity_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
	ON transform.token_key FOR EACH STATEMENT EXECUTE FUNCTION transform.identity_changed();
-- not DELETE: rows of tokens that have expired are purged
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR TRUNCATE
	ON transform.revoked_token FOR EACH STATEMENT EXECUTE FUNCTION transform.identity_changed();

-- ---- row level security: a second line, since nobody but the owner has any
-- right on the tables ----

ALTER TABLE transform.app_user ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.token_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.token_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE transform.revoked_token ENABLE ROW LEVEL SECURITY;

CREATE POLICY admin ON transform.app_user FOR SELECT
	TO transform_admin USING (true);
CREATE POLICY admin ON transform.token_key FOR SELECT
	TO transform_admin USING (true);
CREATE POLICY admin ON transform.token_role FOR SELECT
	TO transform_admin USING (true);
CREATE POLICY admin ON transform.revoked_token FOR SELECT
	TO transform_admin USING (true);

-- ---- public functions ----

CREATE FUNCTION @extschema@.transform_user_create(email text, role regrole, password text)
	RETURNS uuid
	AS 'MODULE_PATHNAME', 'transform_user_create'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_user_set_password(email text, password text, current_password text DEFAULT NULL)
	RETURNS void
	AS 'MODULE_PATHNAME', 'transform_user_set_password'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_user_disable(email text)
	RETURNS boolean
	AS 'MODULE_PATHNAME', 'transform_user_disable'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_user_enable(email text)
	RETURNS boolean
	AS 'MODULE_PATHNAME', 'transform_user_enable'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_user_revoke(email text, before timestamptz DEFAULT NULL)
	RETURNS void
	AS 'MODULE_PATHNAME', 'transform_user_revoke'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_login(email text, password text, client_address inet DEFAULT NULL)
	RETURNS text
	AS 'MODULE_PATHNAME', 'transform_login'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_refresh(token text)
	RETURNS text
	AS 'MODULE_PATHNAME', 'transform_refresh'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_logout(token text, everywhere boolean DEFAULT false)
	RETURNS void
	AS 'MODULE_PATHNAME', 'transform_logout'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_validate_jwt(token text)
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'transform_validate_jwt'
	LANGUAGE C STABLE PARALLEL RESTRICTED;

CREATE FUNCTION @extschema@.transform_authenticate(token text)
	RETURNS text
	AS 'MODULE_PATHNAME', 'transform_authenticate'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_token_revoke(token_id text, issuer text DEFAULT 'transform', expires_at timestamptz DEFAULT NULL)
	RETURNS void
	AS 'MODULE_PATHNAME', 'transform_token_revoke'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_key_rotate()
	RETURNS text
	AS 'MODULE_PATHNAME', 'transform_key_rotate'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_key_add(kid text, jwk text, issuer text, audience text, claim text, roles jsonb)
	RETURNS void
	AS 'MODULE_PATHNAME', 'transform_key_add'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_key_disable(kid text)
	RETURNS boolean
	AS 'MODULE_PATHNAME', 'transform_key_disable'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION @extschema@.transform_key_list()
	RETURNS TABLE (kid text, algorithm text, state text, issuer text, audience text, claim text, roles jsonb, created_at timestamptz, valid_until timestamptz)
	AS 'MODULE_PATHNAME', 'transform_key_list'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- ---- views ----

CREATE VIEW transform.users WITH (security_barrier) AS
	SELECT u.id, u.email, u.role, u.created_by, u.created_at, u.disabled_at,
		u.tokens_after, u.last_login
	FROM transform.app_user u;

CREATE FUNCTION @extschema@.transform_user_list() RETURNS SETOF transform.users
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
	SELECT u.id, u.email, u.role, u.created_by, u.created_at, u.disabled_at,
		u.tokens_after, u.last_login
	FROM transform.users u ORDER BY u.email
$$;

-- ---- comments ----

COMMENT ON TABLE transform.app_user IS
	'a user of an application: an e-mail, a password, and the database role he works as; read the view users';
COMMENT ON COLUMN transform.app_user.id IS
	'his number, the subject of his tokens';
COMMENT ON COLUMN transform.app_user.email IS
	'his e-mail, unique whatever the case';
COMMENT ON COLUMN transform.app_user.password_hash IS
	'Argon2id hash of his password, with salt and parameters';
COMMENT ON COLUMN transform.app_user.role IS
	'database role he works as';
COMMENT ON COLUMN transform.app_user.created_by IS
	'role that made him';
COMMENT ON COLUMN transform.app_user.created_at IS
	'when he was made';
COMMENT ON COLUMN transform.app_user.disabled_at IS
	'when he was disabled; NULL when he is not';
COMMENT ON COLUMN transform.app_user.tokens_after IS
	'tokens issued before are refused';
COMMENT ON COLUMN transform.app_user.last_login IS
	'when he last logged in';
COMMENT ON TABLE transform.token_key IS
	'a public key of an issuer of tokens elsewhere';
COMMENT ON COLUMN transform.token_key.kid IS
	'its name in the header of tokens';
COMMENT ON COLUMN transform.token_key.public_key IS
	'Ed25519 public key, 32 bytes in base64url';
COMMENT ON COLUMN transform.token_key.issuer IS
	'iss that its tokens must have';
COMMENT ON COLUMN transform.token_key.audience IS
	'aud that its tokens must have';
COMMENT ON COLUMN transform.token_key.claim IS
	'claim whose value decides on the role';
COMMENT ON COLUMN transform.token_key.created_by IS
	'role that added it';
COMMENT ON COLUMN transform.token_key.created_at IS
	'when it was added';
COMMENT ON COLUMN transform.token_key.disabled_at IS
	'when it was disabled; NULL when it is not';
COMMENT ON TABLE transform.token_role IS
	'which role a value of the claim of a key means';
COMMENT ON COLUMN transform.token_role.kid IS
	'the key';
COMMENT ON COLUMN transform.token_role.value IS
	'value of its claim';
COMMENT ON COLUMN transform.token_role.role IS
	'database role';
COMMENT ON TABLE transform.revoked_token IS
	'a token that is refused before it expires';
COMMENT ON COLUMN transform.revoked_token.issuer IS
	'who issued it';
COMMENT ON COLUMN transform.revoked_token.token_id IS
	'its jti';
COMMENT ON COLUMN transform.revoked_token.expires_at IS
	'when it ends by itself, and this row with it';
COMMENT ON VIEW transform.users IS
	'users of applications, without their passwords; for members of transform_admin';
COMMENT ON COLUMN transform.users.id IS
	'his number, the subject of his tokens';
COMMENT ON COLUMN transform.users.email IS
	'his e-mail, unique whatever the case';
COMMENT ON COLUMN transform.users.role IS
	'database role he works as';
COMMENT ON COLUMN transform.users.created_by IS
	'role that made him';
COMMENT ON COLUMN transform.users.created_at IS
	'when he was made';
COMMENT ON COLUMN transform.users.disabled_at IS
	'when he was disabled; NULL when he is not';
COMMENT ON COLUMN transform.users.tokens_after IS
	'tokens issued before are refused';
COMMENT ON COLUMN transform.users.last_login IS
	'when he last logged in';
COMMENT ON FUNCTION transform.identity_changed() IS
	'private: trigger that makes sessions forget what they have cached of users, keys and revoked tokens';
COMMENT ON FUNCTION @extschema@.transform_user_list() IS
	'The users, by e-mail; the same as the view transform.users.';
COMMENT ON FUNCTION @extschema@.transform_user_create(text, regrole, text) IS
	'Makes a user: an e-mail (unique, whatever the case), the database role he works as, and a password of 8 characters to 1024 bytes, of which an Argon2id hash is kept. Returns his number, the subject of his tokens. The role must be one that the caller can take on, and no superuser. Errors: 42501 not such a role, 23505 the e-mail is taken, 22023 bad e-mail or password.';
COMMENT ON FUNCTION @extschema@.transform_user_set_password(text, text, text) IS
	'Gives a user a new password; all his tokens end. By a member of transform_admin who can take on the user''s role, or by the user himself, authenticated, with his current password. Errors: 42501, 42704 no such user, 28P01 wrong current password, 53400 too many wrong ones.';
COMMENT ON FUNCTION @extschema@.transform_user_disable(text) IS
	'Shuts a user out: no login, and no token of his is accepted any more. False when he was disabled already. Error: 42704 no such user.';
COMMENT ON FUNCTION @extschema@.transform_user_enable(text) IS
	'Lets a disabled user in again; tokens from before stay refused. False when he was not disabled. Error: 42704 no such user.';
COMMENT ON FUNCTION @extschema@.transform_user_revoke(text, timestamptz) IS
	'Refuses all tokens of a user that were issued before a time (NULL: now). Error: 42704 no such user.';
COMMENT ON FUNCTION @extschema@.transform_login(text, text, inet) IS
	'Checks an e-mail and a password and returns a token, good for transform.token_lifetime. client_address: where the person is, when the session''s client is an application; failed logins are slowed per e-mail and address. Errors: 28P01 login failed (the same whether there is such a user or not), 53400 too many failed logins, with the seconds to wait.';
COMMENT ON FUNCTION @extschema@.transform_refresh(text) IS
	'Returns a new token for the user of a token of transform_login() that is still good, up to transform.session_lifetime after the login. Error: 28000 invalid token.';
COMMENT ON FUNCTION @extschema@.transform_logout(text, boolean) IS
	'Ends a token of transform_login(); everywhere: all tokens of its user. Error: 28000 invalid token.';
COMMENT ON FUNCTION @extschema@.transform_validate_jwt(text) IS
	'Returns the claims of a good token. Error: 28000 invalid token, whatever is wrong; the server log has the reason.';
COMMENT ON FUNCTION @extschema@.transform_authenticate(text) IS
	'Takes on the role of a token''s user for the current transaction, as SET LOCAL ROLE does, sets request.jwt.claims for it, and returns the role''s name. The session user must be a member of the role. Errors: 28000 invalid token, 25P01 no transaction block, 42501 in a SECURITY DEFINER function, or the session user is no member of the role.';
COMMENT ON FUNCTION @extschema@.transform_token_revoke(text, text, timestamptz) IS
	'Refuses the token with this jti of this issuer. Remembered until expires_at, when the token ends by itself (NULL: for 24 hours, longer than tokens of transform_login() live).';
COMMENT ON FUNCTION @extschema@.transform_key_rotate() IS
	'Makes a new key for the tokens of transform_login() and returns its kid; tokens that the old one signed stay good until they expire. Takes effect at once, whether the transaction commits or not.';
COMMENT ON FUNCTION @extschema@.transform_key_add(text, text, text, text, text, jsonb) IS
	'Accepts tokens signed elsewhere with EdDSA: jwk is the public key, {"kty": "OKP", "crv": "Ed25519", "x": ...}; tokens must name this issuer and this audience. roles is a JSON object: value of the claim to database role, each a role that the caller can take on. Errors: 22023 bad key or mapping, 42501 not such a role, 42710 the kid is taken.';
COMMENT ON FUNCTION @extschema@.transform_key_disable(text) IS
	'Refuses all tokens of a key, at once. A key of transform_login() is replaced by a new one at the next login, and its end does not wait for the commit. False when there is no such key, or it is disabled already.';
COMMENT ON FUNCTION @extschema@.transform_key_list() IS
	'The keys of this database, without anything secret. state: signs, verifies (replaced; its tokens are still good) or disabled.';

-- ---- grants ----

REVOKE ALL ON FUNCTION transform.identity_changed() FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_user_list() FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_user_create(text, regrole, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_user_set_password(text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_user_disable(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_user_enable(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_user_revoke(text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_login(text, text, inet) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_refresh(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_logout(text, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_validate_jwt(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_authenticate(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_token_revoke(text, text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_key_rotate() FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_key_add(text, text, text, text, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_key_disable(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.transform_key_list() FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA transform FROM PUBLIC;

GRANT SELECT ON transform.users TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_user_list()
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_user_create(text, regrole, text)
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_user_set_password(text, text, text)
	TO transform_user, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_user_disable(text)
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_user_enable(text)
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_user_revoke(text, timestamptz)
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_login(text, text, inet)
	TO transform_authenticator;
GRANT EXECUTE ON FUNCTION @extschema@.transform_refresh(text)
	TO transform_authenticator;
GRANT EXECUTE ON FUNCTION @extschema@.transform_logout(text, boolean)
	TO transform_authenticator;
GRANT EXECUTE ON FUNCTION @extschema@.transform_validate_jwt(text)
	TO transform_authenticator, transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_authenticate(text)
	TO transform_authenticator;
GRANT EXECUTE ON FUNCTION @extschema@.transform_token_revoke(text, text, timestamptz)
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_key_rotate()
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_key_add(text, text, text, text, text, jsonb)
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_key_disable(text)
	TO transform_admin;
GRANT EXECUTE ON FUNCTION @extschema@.transform_key_list()
	TO transform_admin;
