-- load.sql: the table of the demo, filled from flights.csv in the current folder.
CREATE TABLE flights (
	year int NOT NULL, month int NOT NULL, day int NOT NULL,
	dep_time int, sched_dep_time int NOT NULL, dep_delay int,
	arr_time int, sched_arr_time int NOT NULL, arr_delay int,
	carrier text NOT NULL, flight int NOT NULL, tailnum text,
	origin text NOT NULL, dest text NOT NULL,
	air_time int, distance int NOT NULL, hour int NOT NULL, minute int NOT NULL,
	time_hour timestamptz NOT NULL
);
\copy flights FROM 'flights.csv' (FORMAT csv, HEADER, NULL 'NA')
