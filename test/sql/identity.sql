-- Users, logins and tokens: what they may, and what they may not.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET transform.password_memlimit = '19MB';
SET transform.password_opslimit = 2;
SET TimeZone = 'UTC';

CREATE ROLE regress_id_analyst;
CREATE ROLE regress_id_other;
CREATE ROLE regress_id_super SUPERUSER;
CREATE ROLE regress_id_pool;
CREATE ROLE regress_id_manager;
CREATE ROLE regress_id_nobody;
GRANT transform_user TO regress_id_analyst, regress_id_other;
GRANT transform_authenticator TO regress_id_pool;
GRANT regress_id_analyst TO regress_id_pool, regress_id_manager;
GRANT transform_admin TO regress_id_manager;

-- ---- making users ----

SET SESSION AUTHORIZATION regress_id_manager;
SELECT transform_user_create('Ann@Example.com', 'regress_id_analyst', 'correct horse') IS NOT NULL AS made;
-- refused: taken, whatever the case; no e-mail; too short; too long
SELECT transform_user_create('ann@example.COM', 'regress_id_analyst', 'correct horse');
SELECT transform_user_create('ann', 'regress_id_analyst', 'correct horse');
SELECT transform_user_create('a nn@example.com', 'regress_id_analyst', 'correct horse');
SELECT transform_user_create('bob@example.com', 'regress_id_analyst', 'short');
SELECT transform_user_create('bob@example.com', 'regress_id_analyst', repeat('long', 300));
SELECT transform_user_create('bob@example.com', 'regress_id_analyst', NULL);
-- refused: a superuser; a role that the manager cannot take on
SELECT transform_user_create('bob@example.com', 'regress_id_super', 'correct horse');
SELECT transform_user_create('bob@example.com', 'regress_id_other', 'correct horse');
SELECT email, role, created_by, disabled_at, last_login FROM transform_user_list();
RESET SESSION AUTHORIZATION;
SELECT transform_user_create('oscar@example.com', 'regress_id_other', 'battery staple') IS NOT NULL AS made;
SELECT transform_user_create('sue@example.com', 'regress_id_super', 'correct horse');
-- a manager gives no password to somebody who is more than he
SET SESSION AUTHORIZATION regress_id_manager;
SELECT transform_user_set_password('oscar@example.com', 'a new password');
SELECT transform_user_set_password('nobody@example.com', 'a new password');
RESET SESSION AUTHORIZATION;
SELECT password_hash ~ '^\$argon2id\$v=19\$m=19456,t=2,p=1\$' AS argon2id FROM transform.app_user ORDER BY email;

-- ---- who may what: nothing without a role of ours ----

SET SESSION AUTHORIZATION regress_id_nobody;
SELECT transform_login('ann@example.com', 'correct horse');
SELECT transform_validate_jwt('x');
SELECT transform_authenticate('x');
SELECT transform_user_list();
SELECT email FROM transform.users;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_id_analyst;
SELECT transform_login('ann@example.com', 'correct horse');
SELECT transform_user_create('eve@example.com', 'regress_id_analyst', 'correct horse');
SELECT transform_key_list();
SELECT email FROM transform.users;
SELECT email FROM transform.app_user;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_id_pool;
SELECT transform_user_list();
SELECT transform_key_rotate();

-- ---- logging in: wrong password, no such user: the same ----

SELECT transform_login('ann@example.com', 'wrong horse');
SELECT transform_login('nobody@example.com', 'correct horse');
SELECT transform_login('ann@example.com', NULL);
SELECT transform_login('ANN@example.com', 'correct horse') AS token \gset
SELECT c->>'iss' AS iss, c->>'aud' AS aud, c->>'role' AS role, c->>'email' AS email,
	length(c->>'jti') AS jti, (c->>'exp')::float8 - floor((c->>'iat')::float8) AS lifetime
FROM transform_validate_jwt(:'token') c;

-- one error, whatever is wrong
SELECT transform_validate_jwt(NULL);
SELECT transform_validate_jwt('');
SELECT transform_validate_jwt(:'token' || 'x');
SELECT transform_validate_jwt('eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.');
SELECT transform_validate_jwt(overlay(:'token' placing 'A' from length(:'token') - 20 for 1)
	|| CASE WHEN substr(:'token', length(:'token') - 20, 1) = 'A' THEN 'x' ELSE '' END);

-- ---- taking on the role ----

SELECT transform_authenticate(:'token');
BEGIN;
SELECT transform_authenticate(:'token');
SELECT current_user, session_user, current_setting('request.jwt.claims')::jsonb->>'email' AS email;
SELECT transform_user_list();
COMMIT;
SELECT current_user, current_setting('request.jwt.claims') AS claims;
BEGIN;
SELECT transform_authenticate(:'token');
ROLLBACK;
SELECT current_user;
BEGIN;
SELECT transform_authenticate('x');
ROLLBACK;
RESET SESSION AUTHORIZATION;

-- not within a security-definer function, whoever owns it; nor where a
-- security-restricted operation runs a user's code
CREATE FUNCTION public.regress_take_on(token text) RETURNS text LANGUAGE sql SECURITY DEFINER
	AS 'SELECT transform_authenticate(token)';
CREATE TABLE public.regress_indexed (n integer);
INSERT INTO public.regress_indexed VALUES (1);
CREATE FUNCTION public.regress_restricted(n integer, token text) RETURNS integer LANGUAGE plpgsql IMMUTABLE
	AS 'BEGIN PERFORM public.transform_authenticate(token); RETURN n; END';
BEGIN;
SELECT public.regress_take_on(:'token');
ROLLBACK;
BEGIN;
CREATE INDEX ON public.regress_indexed (public.regress_restricted(n, 'x'));
ROLLBACK;
DROP TABLE public.regress_indexed;
DROP FUNCTION public.regress_take_on, public.regress_restricted;

-- not a role that the session user is no member of
SELECT transform_login('oscar@example.com', 'battery staple') AS oscar \gset
SET SESSION AUTHORIZATION regress_id_pool;
BEGIN;
SELECT transform_authenticate(:'oscar');
ROLLBACK;
RESET SESSION AUTHORIZATION;

-- ---- whom a job is for ----

SET ROLE regress_id_analyst;
SELECT transform_script_create('regress_identity', 'def transform(df): return df');
RESET ROLE;
CREATE SCHEMA regress_identity AUTHORIZATION regress_id_analyst;
SET ROLE regress_id_analyst;
CREATE TABLE regress_identity.source AS SELECT 1 AS n;
RESET ROLE;
SELECT transform_validate_jwt(:'token')->>'sub' AS sub, transform_validate_jwt(:'token')->>'jti' AS jti \gset
SET SESSION AUTHORIZATION regress_id_pool;
BEGIN;
SELECT transform_authenticate(:'token');
-- what a user sets counts for nothing
SELECT set_config('request.jwt.claims', '{"sub": "somebody else"}', true);
SELECT transform_submit('regress_identity', 'regress_identity.source', 'regress_identity.out') AS job \gset
SELECT role, subject = :'sub' AS subject, token_id = :'jti' AS token_id FROM transform.jobs WHERE id = :job;
ROLLBACK;
-- another role by now, or a savepoint that is gone: no subject
BEGIN;
SELECT transform_authenticate(:'token');
SET LOCAL ROLE NONE;
SET LOCAL ROLE regress_id_analyst;
SELECT transform_submit('regress_identity', 'regress_identity.source', 'regress_identity.out') AS job \gset
SELECT subject = :'sub' AS same_role_again FROM transform.jobs WHERE id = :job;
ROLLBACK;
BEGIN;
SAVEPOINT before;
SELECT transform_authenticate(:'token');
ROLLBACK TO before;
SELECT current_user;
SET LOCAL ROLE regress_id_analyst;
SELECT transform_submit('regress_identity', 'regress_identity.source', 'regress_identity.out') AS job \gset
SELECT subject, token_id FROM transform.jobs WHERE id = :job;
ROLLBACK;
BEGIN;
SAVEPOINT before;
SELECT transform_authenticate(:'token');
RELEASE before;
SELECT transform_submit('regress_identity', 'regress_identity.source', 'regress_identity.out') AS job \gset
SELECT subject = :'sub' AS subject FROM transform.jobs WHERE id = :job;
ROLLBACK;
RESET SESSION AUTHORIZATION;

-- ---- refresh, logout, disabling ----

SET SESSION AUTHORIZATION regress_id_pool;
SELECT transform_refresh(:'token') AS second \gset
SELECT a->>'jti' <> b->>'jti' AS another, a->>'auth_time' = b->>'auth_time' AS same_login
FROM transform_validate_jwt(:'token') a, transform_validate_jwt(:'second') b;
SELECT transform_logout(:'token');
SELECT transform_validate_jwt(:'token');
SELECT transform_refresh(:'token');
SELECT transform_logout(:'token');
SELECT transform_validate_jwt(:'second')->>'email' AS email;
SELECT transform_logout(:'second', true);
SELECT transform_validate_jwt(:'second');
SELECT transform_login('ann@example.com', 'correct horse') AS token \gset
SELECT transform_validate_jwt(:'token')->>'email' AS email;
RESET SESSION AUTHORIZATION;
-- what is not committed counts for this transaction only
BEGIN;
SELECT transform_user_disable('ann@example.com'), transform_user_disable('ann@example.com') AS again;
SELECT transform_validate_jwt(:'token');
ROLLBACK;
SELECT transform_validate_jwt(:'token')->>'email' AS email;
SELECT transform_user_disable('ann@example.com');
SELECT transform_validate_jwt(:'token');
SELECT transform_login('ann@example.com', 'correct horse');
SELECT transform_user_enable('ann@example.com'), transform_user_enable('ann@example.com') AS again;
SELECT transform_validate_jwt(:'token');
SELECT transform_login('ann@example.com', 'correct horse') AS token \gset
SELECT transform_token_revoke(transform_validate_jwt(:'token')->>'jti');
SELECT transform_validate_jwt(:'token');
SELECT transform_login('ann@example.com', 'correct horse') AS token \gset
SELECT transform_user_revoke('ann@example.com');
SELECT transform_validate_jwt(:'token');
SELECT transform_user_disable('nobody@example.com');

-- a role that has become a superuser, or is gone, is nobody's
SELECT transform_login('ann@example.com', 'correct horse') AS token \gset
ALTER ROLE regress_id_analyst SUPERUSER;
BEGIN;
SELECT transform_authenticate(:'token');
ROLLBACK;
SELECT transform_login('ann@example.com', 'correct horse');
SELECT transform_refresh(:'token');
ALTER ROLE regress_id_analyst NOSUPERUSER;

-- ---- one's own password ----

SET SESSION AUTHORIZATION regress_id_pool;
BEGIN;
SELECT transform_authenticate(:'token');
SAVEPOINT s;
SELECT transform_user_set_password('ann@example.com', 'another horse');
ROLLBACK TO s;
SELECT transform_user_set_password('ann@example.com', 'another horse', 'wrong horse');
ROLLBACK TO s;
SELECT transform_user_set_password('oscar@example.com', 'another horse', 'battery staple');
ROLLBACK TO s;
SELECT transform_user_set_password('ann@example.com', 'another horse', 'correct horse');
COMMIT;
SELECT transform_validate_jwt(:'token');
SELECT transform_login('ann@example.com', 'correct horse');
SELECT transform_login('ann@example.com', 'another horse') IS NOT NULL AS logged_in;
RESET SESSION AUTHORIZATION;
-- the parameters of a hash follow the settings at the next login
SET transform.password_opslimit = 3;
SELECT transform_login('ann@example.com', 'another horse') IS NOT NULL AS logged_in;
SELECT password_hash ~ 'm=19456,t=3,p=1' AS rehashed FROM transform.app_user WHERE email = 'Ann@Example.com';
SET transform.password_opslimit = 2;

-- ---- failed logins are slowed: this account from this address alone ----

CREATE FUNCTION public.regress_tries(email text, password text, address inet, times integer)
	RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := '';
BEGIN
	FOR i IN 1 .. times LOOP
		BEGIN
			PERFORM transform_login(email, password, address);
			result := result || ' ok';
		EXCEPTION WHEN OTHERS THEN
			result := result || ' ' || SQLSTATE;
		END;
	END LOOP;
	RETURN result;
END $$;
SELECT public.regress_tries('oscar@example.com', 'wrong', '192.0.2.1', 8) AS wrong;
SELECT public.regress_tries('oscar@example.com', 'battery staple', '192.0.2.1', 1) AS too_early;
SELECT public.regress_tries('oscar@example.com', 'battery staple', '192.0.2.2', 3) AS from_elsewhere;
SELECT public.regress_tries('ann@example.com', 'another horse', '192.0.2.1', 3) AS another_account;
SELECT public.regress_tries('unknown@example.com', 'wrong', '192.0.2.1', 8) AS unknown_account;
-- an IPv6 network of 64 bits is one address
SELECT public.regress_tries('oscar@example.com', 'wrong', '2001:db8::1', 3) || ','
	|| public.regress_tries('oscar@example.com', 'wrong', '2001:db8::2', 5) AS one_network;
DROP FUNCTION public.regress_tries;
RESET transform.password_opslimit;

DROP SCHEMA regress_identity CASCADE;
DELETE FROM transform.app_user;
DELETE FROM transform.revoked_token;
DROP ROLE regress_id_analyst, regress_id_other, regress_id_super, regress_id_pool, regress_id_manager, regress_id_nobody;
