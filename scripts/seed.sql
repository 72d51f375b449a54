-- seed.sql: a small database for the examples and for playing: customers, sales,
-- products, events and sensor readings, with NULLs and every common type.  The
-- same rows on every run.
--
--	psql -f scripts/seed.sql
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS transform;
DROP SCHEMA IF EXISTS shop CASCADE;
CREATE SCHEMA shop;
SET search_path = shop, public;

CREATE TABLE customers (
	id int PRIMARY KEY,
	name text NOT NULL,
	email varchar(80),
	city text,
	born date,
	member boolean,
	reference uuid NOT NULL,
	preferences jsonb
);
INSERT INTO customers
SELECT g,
	(ARRAY['Ada','Björn','Chen','Dina','Emre','Fatou','Giulia','Hugo'])[1 + g % 8] || ' ' ||
		(ARRAY['Okafor','Müller','Li','Haddad','Yılmaz','Diop','Rossi'])[1 + g % 7],
	CASE WHEN g % 9 <> 0 THEN 'customer' || g || '@example.org' END,
	CASE WHEN g % 11 <> 0 THEN (ARRAY['  Berlin','berlin ','PARIS','Lagos','Istanbul','Roma'])[1 + g % 6] END,
	CASE WHEN g % 7 <> 0 THEN date '1950-01-01' + g * 211 % 20000 END,
	CASE g % 5 WHEN 0 THEN NULL ELSE g % 5 > 2 END,
	md5('customer' || g)::uuid,
	CASE WHEN g % 4 = 0 THEN jsonb_build_object('newsletter', g % 8 = 0, 'sizes', jsonb_build_array(g % 3, g % 5)) END
FROM generate_series(1, 60) g;

CREATE TABLE sales (
	id bigint PRIMARY KEY,
	customer int NOT NULL REFERENCES customers,
	product text NOT NULL,
	region text,
	qty int,
	price numeric(10,2) NOT NULL,
	discount double precision,
	sold_on date NOT NULL,
	sold_at timestamptz NOT NULL
);
INSERT INTO sales
SELECT g, 1 + g * 37 % 60,
	(ARRAY['lamp','chair','table','shelf','rug'])[1 + g * 7 % 5],
	CASE WHEN g % 13 <> 0 THEN (ARRAY['north','south','east','west'])[1 + g * 3 % 4] END,
	CASE WHEN g % 11 <> 0 THEN 1 + g * 11 % 9 END,
	(500 + g * 7919 % 45000) / 100.0,
	CASE WHEN g % 3 = 0 THEN (g % 4) * 0.05 END,
	date '2024-01-01' + g % 180,
	timestamptz '2024-01-01 08:00:00+00' + g % 180 * interval '1 day' + g * 17 % 600 * interval '1 minute'
FROM generate_series(1, 400) g;

CREATE TABLE events (
	id bigint PRIMARY KEY,
	customer int,
	kind text NOT NULL,
	happened timestamp NOT NULL,
	duration real,
	payload jsonb,
	raw bytea
);
INSERT INTO events
SELECT g, CASE WHEN g % 17 <> 0 THEN 1 + g * 13 % 60 END,
	(ARRAY['view','view','view','cart','buy'])[1 + g * 3 % 5],
	timestamp '2024-03-01' + g * 41 % 4000 * interval '1 minute',
	CASE WHEN g % 6 <> 0 THEN g % 90 + 0.5 END,
	CASE WHEN g % 2 = 0 THEN jsonb_build_object('page', '/p/' || g % 12, 'ms', g * 31 % 900) END,
	CASE WHEN g % 5 = 0 THEN decode(lpad(to_hex(g), 8, '0'), 'hex') END
FROM generate_series(1, 300) g;

CREATE TABLE readings (
	sensor smallint NOT NULL,
	at timestamptz NOT NULL,
	celsius double precision
);
INSERT INTO readings
SELECT s, timestamptz '2024-06-01 00:00:00+00' + h * interval '1 hour',
	CASE WHEN (h + s) % 19 <> 0 THEN
		round((18 + 4 * sin(h / 24.0 * 6.2832) + s * 0.3 + CASE WHEN h = 50 THEN 40 ELSE 0 END)::numeric, 2)::float8 END
FROM generate_series(1, 3) s, generate_series(0, 95) h;

ANALYZE customers, sales, events, readings;
