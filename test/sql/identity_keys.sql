-- Keys: rotation, and public keys of others.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET transform.password_memlimit = '19MB';
SET transform.password_opslimit = 2;

CREATE ROLE regress_id_analyst;
CREATE ROLE regress_id_other;
CREATE ROLE regress_id_super SUPERUSER;
CREATE ROLE regress_id_pool;
CREATE ROLE regress_id_manager;
GRANT transform_authenticator TO regress_id_pool;
GRANT regress_id_analyst TO regress_id_pool, regress_id_manager;
GRANT transform_admin TO regress_id_manager;

-- ---- our own ----

SET SESSION AUTHORIZATION regress_id_manager;
SELECT transform_user_create('ann@example.com', 'regress_id_analyst', 'correct horse') IS NOT NULL AS made;
SELECT transform_key_rotate() AS first \gset
RESET SESSION AUTHORIZATION;
SELECT transform_login('ann@example.com', 'correct horse') AS token \gset
SELECT kid = :'first' AS first, algorithm, state, issuer, audience, claim, roles, valid_until FROM transform_key_list()
WHERE state = 'signs';
SELECT transform_key_rotate() AS second \gset
SELECT algorithm, state, valid_until > now() + '24 hours' AS long_enough FROM transform_key_list()
WHERE kid IN (:'first', :'second') ORDER BY state;
-- tokens of the old key stay good, new ones have the new key
SELECT transform_validate_jwt(:'token')->>'email' AS email;
SELECT transform_login('ann@example.com', 'correct horse') AS newer \gset
SELECT convert_from(decode(rpad(translate(split_part(:'newer', '.', 1), '-_', '+/'),
	(length(split_part(:'newer', '.', 1)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb->>'kid' = :'second' AS new_key;
SELECT transform_key_disable(:'first'), transform_key_disable(:'first') AS again, transform_key_disable('none') AS no_key;
SELECT transform_validate_jwt(:'token');
SELECT transform_validate_jwt(:'newer')->>'email' AS email;
-- the key that signs goes, too: the next login makes another
SELECT transform_key_disable(:'second');
SELECT transform_validate_jwt(:'newer');
SELECT transform_login('ann@example.com', 'correct horse') AS token \gset
SELECT transform_validate_jwt(:'token')->>'email' AS email;
-- the secrets are in no table, and the file is nobody else's
SELECT count(*) AS signing FROM transform_key_list() WHERE state = 'signs';

-- ---- keys of others ----

-- signed by the private key of RFC 8037, appendix A
\set good eyJhbGciOiJFZERTQSIsImtpZCI6ImV4YW1wbGUtMSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoidHJhbnNmb3JtIiwic3ViIjoiYW5uIiwianRpIjoidC0xIiwiZXhwIjozMjUwMzY4MDAwMCwiZ3JvdXAiOiJhbmFseXN0cyJ9.82A5hb1rCH22Xpp3hgh-IQ3PEZy_irMHk9rbc7gEj4p6Ar86BkCqPpT3E0hC7oJKKdfAKE8Oc-wg-lQCC_3MAQ
\set second_token eyJhbGciOiJFZERTQSIsImtpZCI6ImV4YW1wbGUtMSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoidHJhbnNmb3JtIiwic3ViIjoiYW5uIiwianRpIjoidC0yIiwiZXhwIjozMjUwMzY4MDAwMCwiZ3JvdXAiOiJhbmFseXN0cyJ9.2UnwrEMMcehsKIHUUxZcPU3T6JQCe2cHfekN1kfbz0_ceCfnC8fyyobeWOHqGHefKIZiZHUKocbU92mugn31BQ
\set unmapped eyJhbGciOiJFZERTQSIsImtpZCI6ImV4YW1wbGUtMSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoidHJhbnNmb3JtIiwic3ViIjoiYW5uIiwianRpIjoidC0zIiwiZXhwIjozMjUwMzY4MDAwMCwiZ3JvdXAiOiJtYW5hZ2VycyJ9.rtOLSettdmtTx00EbaYlwuYnV9MM6G5zy--kqFtJLawo_o-fz27bJN3DkAeEAAVZhVmK7QpwRbiHRDUdkqoeDQ
\set unnamed eyJhbGciOiJFZERTQSIsImtpZCI6ImV4YW1wbGUtMSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoidHJhbnNmb3JtIiwic3ViIjoiYW5uIiwianRpIjoidC0xIiwiZXhwIjozMjUwMzY4MDAwMH0.rEh2vwJEWToG6pKHT8EfEtJBYxF27X_MyOkoYlAyEK1cdQwxJxU9bqVohtc-_E57e_pHI7L7ovgOtsGjkNDfBQ
\set elsewhere eyJhbGciOiJFZERTQSIsImtpZCI6ImV4YW1wbGUtMSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoiYmlsbGluZyIsInN1YiI6ImFubiIsImp0aSI6InQtMSIsImV4cCI6MzI1MDM2ODAwMDAsImdyb3VwIjoiYW5hbHlzdHMifQ.1vLw1Ae9SK1B463QcyGAFSyzzGvwG5KquBkxGLXxutSPJRlu5Q13OKwTwkBY_9KLRfDdkNqRhhNvr5Bw0yBgBA
\set claims_ours eyJhbGciOiJFZERTQSIsImtpZCI6ImV4YW1wbGUtMSJ9.eyJpc3MiOiJ0cmFuc2Zvcm0iLCJhdWQiOiJ0cmFuc2Zvcm0iLCJzdWIiOiJhbm4iLCJqdGkiOiJ0LTEiLCJleHAiOjMyNTAzNjgwMDAwLCJncm91cCI6ImFuYWx5c3RzIn0.VuTNq7mhYDuQqJkTwbB5YLbplsS7YkWVzQN0kGb9V71-BzNkS0OU8aU2v5PqzuGdEngn9vskdYAWJNDnV9LNBg
\set expired eyJhbGciOiJFZERTQSIsImtpZCI6ImV4YW1wbGUtMSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoidHJhbnNmb3JtIiwic3ViIjoiYW5uIiwianRpIjoidC0xIiwiZXhwIjoxNzAwMDAwMDAwLCJncm91cCI6ImFuYWx5c3RzIn0.VyY9QhrZc3egcrr4QozbtbP1-Y2F7g9jHk7LY_kGyZiKtPq_ELjNuVQ28roBVU0zKfWDYS0pzPbf8_4Kt58TCA
\set jwk '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
SET SESSION AUTHORIZATION regress_id_manager;
SELECT transform_key_add('example-1', :'jwk', 'https://login.example.com', 'transform', 'group',
	'{"analysts": "regress_id_analyst"}');
-- refused: taken; a private key; another kind; a point that is none; our issuer, our kids; no such role, no role
-- that the manager can take on, a superuser; no mapping
SELECT transform_key_add('example-1', :'jwk', 'https://b.example.com', 'transform', 'group', '{"a": "regress_id_analyst"}');
SELECT transform_key_add('example-2', '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
	'https://b.example.com', 'transform', 'group', '{"a": "regress_id_analyst"}');
SELECT transform_key_add('example-2', '{"kty":"oct","k":"AAAA"}', 'https://b.example.com', 'transform', 'group', '{"a": "regress_id_analyst"}');
SELECT transform_key_add('example-2', '{"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
	'https://b.example.com', 'transform', 'group', '{"a": "regress_id_analyst"}');
SELECT transform_key_add('example-2', 'no json', 'https://b.example.com', 'transform', 'group', '{"a": "regress_id_analyst"}');
SELECT transform_key_add('example-2', :'jwk', 'transform', 'transform', 'group', '{"a": "regress_id_analyst"}');
SELECT transform_key_add('0123456789abcdef', :'jwk', 'https://b.example.com', 'transform', 'group', '{"a": "regress_id_analyst"}');
SELECT transform_key_add('example-2', :'jwk', 'https://b.example.com', 'transform', 'group', '{"a": "regress_id_none"}');
SELECT transform_key_add('example-2', :'jwk', 'https://b.example.com', 'transform', 'group', '{"a": "regress_id_other"}');
SELECT transform_key_add('example-2', :'jwk', 'https://b.example.com', 'transform', 'group', '{"a": "regress_id_super"}');
SELECT transform_key_add('example-2', :'jwk', 'https://b.example.com', 'transform', 'group', '{"a": 1}');
SELECT transform_key_add('example-2', :'jwk', 'https://b.example.com', 'transform', 'group', '{}');
SELECT transform_key_add('example-2', :'jwk', NULL, 'transform', 'group', '{"a": "regress_id_analyst"}');
SELECT kid, algorithm, state, issuer, audience, claim, roles, valid_until FROM transform_key_list() WHERE algorithm = 'EdDSA';
RESET SESSION AUTHORIZATION;

SET SESSION AUTHORIZATION regress_id_pool;
SELECT transform_validate_jwt(:'good');
BEGIN;
SELECT transform_authenticate(:'good');
SELECT current_user, current_setting('request.jwt.claims')::jsonb->>'sub' AS sub;
COMMIT;
-- good, but mapped to no role
SELECT transform_validate_jwt(:'unmapped')->>'group' AS "group";
BEGIN;
SELECT transform_authenticate(:'unmapped');
ROLLBACK;
BEGIN;
SELECT transform_authenticate(:'unnamed');
ROLLBACK;
-- another audience, our own issuer's name, expired; refresh and logout are for our own
SELECT transform_validate_jwt(:'elsewhere');
SELECT transform_validate_jwt(:'claims_ours');
SELECT transform_validate_jwt(:'expired');
SELECT transform_refresh(:'good');
SELECT transform_logout(:'good');
RESET SESSION AUTHORIZATION;
SELECT transform_token_revoke('t-2', 'https://login.example.com', '3000-01-02');
SELECT transform_validate_jwt(:'second_token');
SELECT transform_validate_jwt(:'good')->>'sub' AS sub;
SELECT transform_key_disable('example-1');
SELECT transform_validate_jwt(:'good');
SELECT state FROM transform_key_list() WHERE kid = 'example-1';

DELETE FROM transform.app_user;
DELETE FROM transform.revoked_token;
DELETE FROM transform.token_key;
DROP ROLE regress_id_analyst, regress_id_other, regress_id_super, regress_id_pool, regress_id_manager;
