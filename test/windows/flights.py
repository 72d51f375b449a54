"""The demo's job on the demo's data, 336,776 flights, on a Linux server and on
a Windows one (TARGET): the same rows come out, compared by a digest over every
value of every row.  Prints TAP.

    flights.py FLIGHTS.CSV
"""
import os
import sys

import cluster

DIGEST = """SELECT md5(string_agg(h, '' ORDER BY h)) AS digest, count(*) AS n
	FROM (SELECT md5(t::text) AS h FROM flights_outcome t) AS rows"""
SETTINGS = {"transform.warm_workers": 1, "timezone": "UTC", "extra_float_digits": 1, "datestyle": "ISO"}


def result_of(target, flights, table, script):
    """(digest, rows, columns) of the job's result on a server of that target."""
    os.environ["TARGET"] = target
    with cluster.make("flights", SETTINGS) as server, server.connect() as c:
        c.script("CREATE EXTENSION transform")
        c.script(table)
        c.copy_in("COPY flights FROM STDIN (FORMAT csv, HEADER, NULL 'NA')", flights)
        c.query("SELECT transform_script_create('flight_outcome', $1, shape => 'chunk')", script)
        job = c.value("SELECT transform_submit('flight_outcome', 'flights', 'flights_outcome')")
        state = c.value("SELECT transform_wait($1)", job)
        row = c.query("SELECT * FROM transform.jobs WHERE id = $1", job)[0]
        if state != "succeeded":
            raise SystemExit("not ok - the job on %s: %s %s %s" % (target or "Linux", state, row.sqlstate, row.error))
        seconds = c.value("SELECT extract(epoch FROM finished_at - started_at)::float8 FROM transform.jobs WHERE id = $1", job)
        print("# %s: %d rows in %.2f s" % (target or "Linux", row.rows_written, seconds))
        columns = c.value("""SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = 'flights_outcome'::regclass AND attnum > 0""")
        found = c.query(DIGEST)[0]
        return found.digest, found.n, columns


def table_of_demo():
    """The CREATE TABLE of the demo."""
    with open(os.path.join(cluster.TOP, "scripts/demo/load.sql")) as f:
        text = f.read()
    at = text.index("CREATE TABLE flights (")
    return text[at:text.index(");", at) + 1]


def main():
    windows = os.environ["TARGET"]
    with open(sys.argv[1], "rb") as f:
        flights = f.read()
    with open(os.path.join(cluster.TOP, "examples/demo_flights.py")) as f:
        script = f.read()
    here = result_of("", flights, table_of_demo(), script)
    there = result_of(windows, flights, table_of_demo(), script)
    print("# Linux:   %s, %d rows" % here[:2])
    print("# Windows: %s, %d rows" % there[:2])
    print("%s - all flights came back: %d rows" % ("ok" if there[1] == 336776 else "not ok", there[1]))
    print("%s - the columns are the same" % ("ok" if here[2] == there[2] else "not ok"))
    same = here[:2] == there[:2]
    print("%s - the demo's result has the digest of Linux's, %s" % ("ok" if same else "not ok", here[0]))
    return 0 if same and here[2] == there[2] and there[1] == 336776 else 1


if __name__ == "__main__":
    sys.exit(main())
