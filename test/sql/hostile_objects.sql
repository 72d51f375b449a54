-- A database full of traps: functions, operators, aggregates, casts, types and
-- relations of a user in front of PostgreSQL's own ones, found before and after
-- the extension was created.  None is ever called, and nothing means another thing.
SET client_min_messages = warning;
DROP DATABASE IF EXISTS regress_traps_before;
DROP DATABASE IF EXISTS regress_traps_after;
DROP ROLE IF EXISTS regress_trapped, regress_other;
CREATE DATABASE regress_traps_before;
CREATE DATABASE regress_traps_after;
CREATE ROLE regress_trapped LOGIN;
CREATE ROLE regress_other;


\getenv inputs PG_ABS_SRCDIR
\set traps :inputs '/traps/traps.sql'
\set extension :inputs '/traps/extension.sql'
\set meanings :inputs '/traps/meanings.sql'
\set everything :inputs '/traps/everything.sql'
\pset format unaligned
\pset tuples_only on
\echo -- traps, then the extension
\c regress_traps_before
\i :traps
ALTER DATABASE regress_traps_before SET search_path = public, pg_catalog;
SET search_path = public, pg_catalog;
\i :extension
\i :meanings
\i :everything
\echo -- the extension, then traps
\c regress_traps_after
\i :extension
\i :traps
ALTER DATABASE regress_traps_after SET search_path = public, pg_catalog;
\i :meanings
\i :everything
\c postgres
DROP DATABASE regress_traps_before;
DROP DATABASE regress_traps_after;
DROP ROLE regress_trapped, regress_other;
