-- The extension, not in public, and what the user works on.
SET client_min_messages = warning;
CREATE SCHEMA api;
GRANT ALL ON SCHEMA api TO regress_trapped;
CREATE TABLE api.data AS SELECT 1 AS n, pg_catalog.text 'a' AS t;
CREATE TABLE api.keyed (n integer PRIMARY KEY, t pg_catalog.text, f double precision);
GRANT ALL ON api.data, api.keyed TO regress_trapped;
CREATE EXTENSION transform SCHEMA api;
GRANT transform_user TO regress_trapped;
