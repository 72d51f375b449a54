"""The demo's job on the demo's data, 336,776 flights, on a Windows server
(TARGET): its result has the digest that `make demo` demands on Linux, over
every value of every row.  Prints TAP.

    flights.py FLIGHTS.CSV
"""
import os
import re
import sys

import cluster

SETTINGS = {"transform.warm_workers": 1, "timezone": "UTC", "extra_float_digits": 1, "datestyle": "ISO"}


def demo(name):
    with open(os.path.join(cluster.TOP, "scripts/demo", name)) as f:
        return f.read()


def result(flights, script):
    """(rows written, digest) of the job's result."""
    statement = re.search(r"^SELECT md5\(.*?(?= \\gset)", demo("show.sql"), re.M).group()
    with cluster.make("flights", SETTINGS) as server, server.connect() as c:
        c.script("CREATE EXTENSION transform")
        c.script(table_of_demo())
        c.copy_in("COPY flights FROM STDIN (FORMAT csv, HEADER, NULL 'NA')", flights)
        c.query("SELECT transform_script_create('flight_outcome', $1, shape => 'chunk')", script)
        job = c.value("SELECT transform_submit('flight_outcome', 'flights', 'flights_outcome')")
        state = c.value("SELECT transform_wait($1)", job)
        row = c.query("SELECT *, finished_at - started_at AS took FROM transform.jobs WHERE id = $1", job)[0]
        if state != "succeeded":
            raise SystemExit("not ok - the job: %s %s %s" % (state, row.sqlstate, row.error))
        print("# %d rows in %s" % (row.rows_written, row.took))
        return row.rows_written, c.value(statement)


def table_of_demo():
    """The CREATE TABLE of the demo."""
    text = demo("load.sql")
    at = text.index("CREATE TABLE flights (")
    return text[at:text.index(");", at) + 1]


def main():
    with open(sys.argv[1], "rb") as f:
        flights = f.read()
    with open(os.path.join(cluster.TOP, "examples/demo_flights.py")) as f:
        script = f.read()
    wanted = re.search(r":'digest' = '([0-9a-f]{32})'", demo("show.sql")).group(1)
    rows, digest = result(flights, script)
    print("%s - all flights came back: %d rows" % ("ok" if rows == 336776 else "not ok", rows))
    print("%s - the digest is that of Linux, %s: %s" % ("ok" if digest == wanted else "not ok", wanted, digest))
    return 0 if digest == wanted and rows == 336776 else 1


if __name__ == "__main__":
    sys.exit(main())
