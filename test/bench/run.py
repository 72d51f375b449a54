#!/usr/bin/env python3
"""Speed and memory of jobs, and of what people use instead, on a throw-away
cluster on tmpfs; README.md says what is measured and how.

    make bench [PARTS="small sales ..."] [ROWS=2000000 ROWS_BIG=20000000 BENCH_ROUNDS=5]

On a Windows server under Wine (TARGET, see test/lib/cluster.py) it runs the
parts `small` and `sales`, the latter without the peers; the figures say how the
build does there, not how Windows is: each worker loads Python anew.
"""
import argparse
import os
import sys
import sysconfig
import time

import budget
import cluster
import figures
import parts
import record
import rounds
import tables
from rounds import Method

SETTINGS = {"transform.max_job_output_rows": 1000000000, "transform.max_job_output_bytes": "1000GB",
            "transform.max_job_wall_time": "30min", "transform.max_job_cpu_time": "30min",
            "autovacuum": "off", "transform.warm_workers": 4}
ADBC = ("adbc", "adbc_arrow_dtypes", "adbc_stream")
PLPYTHON = ("plpython_unnest", "plpython_unnest_text", "plpython_setof", "plpython_row_by_row")
SQL_AND_JOBS = [Method("create_table_as"), Method("job"), Method("insert_select"),
                Method("job_append", reference="insert_select")]
FAST_PEERS = [Method(name, rounds=3) for name in (*ADBC, "connectorx_adbc")] + [Method("copy_csv_pyarrow", rounds=2)]
SLOW_PEERS = [Method("copy_csv_pandas", rounds=2, of=4), *[Method(name, rounds=2, of=4) for name in PLPYTHON],
              Method("read_sql_to_sql", rounds=2, of=20), Method("read_sql_to_sql_multi", rounds=1, of=100)]


class Bench:
    def __init__(self, options, cluster, connection):
        self.options, self.c, self.windows = options, connection, cluster.windows
        self.jobs = parts.Jobs(connection)
        self.figure = figures.Figures('%smake bench PARTS="%s" ROWS=%d ROWS_BIG=%d BENCH_ROUNDS=%d' % (
            "TARGET=%s " % os.environ["TARGET"] if self.windows else "", " ".join(options.parts), options.rows,
            options.rows_big, options.rounds))
        peers = os.path.join(os.path.dirname(sys.prefix), "bench-venv/bin/python3")
        self.peers = peers if os.path.exists(peers) and not self.windows else None
        self.rounds = rounds.Rounds(
            connection, connection.parameters, self.peers, sysconfig.get_path("purelib"),
            None if self.windows else rounds.Server(cluster.postmaster()))
        self.measured, self.budget = {}, None

    def prepare(self):
        self.c.script("CREATE EXTENSION transform")
        for table in (tables.SALES, tables.LINEITEM, tables.FLIGHTS):
            self.c.query("SELECT transform_script_create($1, $2, shape => 'chunk')", table["name"], table["script"])

    def table(self, table, rows=None):
        """Make one of the tables unless it is there; its number of rows."""
        name = table["name"]
        if not self.c.value("SELECT count(*) FROM pg_class WHERE oid = to_regclass($1)", name):
            if table["rows_sql"]:
                tables.fill(self.c, table, name, rows or self.options.rows)
            else:
                self.c.script(tables.create(table, name, table["columns"], unlogged=True))
                with open(self.options.flights, "rb") as f:
                    self.c.copy_in("COPY %s FROM STDIN (FORMAT csv, HEADER, NULL 'NA')" % name, f.read())
                self.c.script("VACUUM (ANALYZE) %s" % name)
        return self.c.value("SELECT count(*) FROM %s" % name)

    def compare(self, table, methods, rows=None):
        """Median ratios of a method to another, or None: f(name, to)."""
        rows = self.table(table, rows)
        self.jobs.run(table["name"], table["name"], "destination")      # warm
        results = self.rounds.run(table, rows, methods, self.options.rounds)
        rounds.report(table, rows, methods, results)
        self.measured[table["name"]] = {"rows": rows, "methods": results}
        return results


def sales(bench):
    """All methods on 7 columns."""
    if bench.windows:
        results = bench.compare(tables.SALES, SQL_AND_JOBS[:2])
        bench.figure.at_most("job_to_create_table_as", rounds.median(results, "job", "ratio"), "x", 3.0)
        bench.figure.note("remark", "under Wine, which is not Windows")
        return
    results = bench.compare(tables.SALES, SQL_AND_JOBS + FAST_PEERS + SLOW_PEERS)
    seconds = rounds.median(results, "job", "wall")
    bench.figure.note("create_table_as", rounds.median(results, "create_table_as", "wall"), "s (median)")
    bench.figure.note("job", seconds, "s (median), %d rows/s" % (bench.options.rows / seconds))
    bench.figure.at_most("job_to_create_table_as", rounds.median(results, "job", "ratio"), "x", 1.0)
    bench.figure.at_most("append_to_insert_select", rounds.median(results, "job_append", "ratio"), "x", 1.4)
    bench.figure.at_least("adbc_to_job", fastest_to_job(results, ADBC), "x", 3)
    # "the same pandas code" needs the same data frame: on `_text` df.sold_at.dt is an error
    bench.figure.at_least("plpython_to_job", fastest_to_job(
        results, [m for m in PLPYTHON if m != "plpython_unnest_text"]), "x", 15)
    bench.figure.note("plpython_timestamps_as_text_to_job", fastest_to_job(results, ["plpython_unnest_text"]), "x")


def fastest_to_job(results, methods):
    """How many times a job's time the fastest of these takes, or None."""
    job = rounds.median(results, "job", "ratio")
    found = [f for f in (rounds.median(results, m, "ratio") for m in methods) if f]
    return min(found) / job if found and job else None


def lineitem(bench):
    """16 columns, and one computed."""
    results = bench.compare(tables.LINEITEM, SQL_AND_JOBS + FAST_PEERS, bench.options.rows // 2)
    bench.figure.at_most("lineitem_job_to_create_table_as", rounds.median(results, "job", "ratio"), "x", 1.3)
    bench.figure.note("lineitem_append_to_insert_select", rounds.median(results, "job_append", "ratio"), "x")


def flights(bench):
    """19 columns of real data."""
    if not os.path.exists(bench.options.flights):
        bench.figure.note("flights", "not measured: no %s" % bench.options.flights)
        return
    results = bench.compare(tables.FLIGHTS, SQL_AND_JOBS + FAST_PEERS)
    bench.figure.note("flights_job_to_create_table_as", rounds.median(results, "job", "ratio"), "x")


PARTS = {"small": parts.small, "sales": sales, "lineitem": lineitem, "flights": flights, "linear": parts.linear,
         "group": parts.group, "incremental": parts.incremental, "memory": parts.memory}
ON_REQUEST = {"budget": budget.budget}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2000000)
    parser.add_argument("--rows-big", type=int, default=20000000, help="0: leave the memory part out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", type=str.split, help="some of: %s" % " ".join((*PARTS, *ON_REQUEST)))
    parser.add_argument("--flights", default=os.path.join(os.environ.get("BUILD", "build"), "flights/flights.csv"))
    options = parser.parse_args()
    unknown = set(options.parts or ()) - {*PARTS, *ON_REQUEST}
    if unknown:
        parser.error("no such part: %s" % " ".join(sorted(unknown)))
    load = os.getloadavg()
    with cluster.make("bench", SETTINGS) as c, c.connect() as connection:
        if not options.parts:
            options.parts = ["small", "sales"] if c.windows else list(PARTS)
        bench = Bench(options, c, connection)
        bench.prepare()
        began = time.time()
        for name in options.parts:
            {**PARTS, **ON_REQUEST}[name](bench)
        if not bench.windows:
            path = record.write(bench, load, time.time() - began)
            print("record: %s" % path)
    return bench.figure.finish()


if __name__ == "__main__":
    sys.exit(main())
