-- job.sql: register the script (variable code) and run it, with progress.
SET client_min_messages = warning;
DROP TABLE IF EXISTS flights_outcome;
SELECT transform_script_create('flight_outcome', :'code', shape => 'chunk',
	description => 'What a delay did to each flight') AS version \gset
RESET client_min_messages;
\echo Script flight_outcome, version :version
CALL transform_run('flight_outcome', 'flights', 'flights_outcome');
