-- Every file of examples/, in order, on the seed database: they cannot rot.
\getenv inputs PG_ABS_SRCDIR
\set seed :inputs '/../scripts/seed.sql'
\i :seed
SET search_path = shop, public;
SET client_min_messages = warning;
\set file :inputs '/../examples/01_first_job.sql'
\i :file
\set file :inputs '/../examples/02_clean_text.sql'
\i :file
\set file :inputs '/../examples/03_group_and_sum.sql'
\i :file
\set file :inputs '/../examples/04_parameters.sql'
\i :file
\set file :inputs '/../examples/05_append_in_chunks.sql'
\i :file
\set file :inputs '/../examples/06_dates_and_zones.sql'
\i :file
\set file :inputs '/../examples/07_outliers_and_gaps.sql'
\i :file
\set file :inputs '/../examples/08_exact_money.sql'
\i :file
\set file :inputs '/../examples/09_reshape.sql'
\i :file
\set file :inputs '/../examples/10_rfm_segments.sql'
\i :file
\set file :inputs '/../examples/11_look_before_you_run.sql'
\i :file
\set file :inputs '/../examples/12_logs_and_errors.sql'
\i :file
\set file :inputs '/../examples/13_replace_upsert_reject.sql'
\i :file
