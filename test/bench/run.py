#!/usr/bin/env python3
"""Speed and memory of jobs, on a throw-away cluster on tmpfs.

    make bench [ROWS=2000000 ROWS_BIG=20000000]

1. `df["total"] = df["price"] * df["qty"]` over ROWS rows of sales, shape chunk,
   into a new table, against CREATE TABLE AS SELECT *, price*qty: the same
   cluster, interleaved rounds, the median of the rounds' ratios.
2. The worker's peak memory at ROWS and at ROWS_BIG rows.
3. Jobs of one row: from submit to succeeded.

On a Windows server under Wine (TARGET, see test/lib/cluster.py) the figures
say how the build does there, not how Windows is: each worker loads Python anew.
"""
import argparse
import os
import statistics
import sys
import time

import cluster
import figures

SALES = """
CREATE UNLOGGED TABLE %(name)s (id bigint, customer int, product text, qty int, price double precision,
	sold_at timestamptz, region text);
SELECT setseed(0.42);
INSERT INTO %(name)s SELECT g, (random()*100000)::int, 'prod-'||lpad(((random()*9999)::int)::text,7,'0'),
	CASE WHEN random()<0.05 THEN NULL ELSE (random()*20)::int END,
	round((random()*500)::numeric,2)::float8,
	timestamptz '2020-01-01'+random()*interval '1500 days',
	(array['north','south','east','west','centre','overseas','islands','export'])[1+floor(random()*8)::int]
	FROM generate_series(1,%(rows)d) g;
"""
SCRIPT = 'def transform(df):\n    df["total"] = df["price"] * df["qty"]\n    return df\n'
CTAS = "CREATE TABLE sales_sql AS SELECT *, price*qty AS total FROM sales"
SAME = """SELECT count(*), count(total), sum(id), sum(qty), round(sum(total)::numeric, 2),
	sum(hashtext(product)::bigint), max(sold_at)::text, sum(hashtext(region)::bigint) FROM %s"""
SETTINGS = {"transform.max_job_output_rows": 1000000000, "transform.max_job_output_bytes": "1000GB",
            "transform.max_job_wall_time": "30min", "transform.max_job_cpu_time": "30min",
            "autovacuum": "off", "transform.warm_workers": 4}


class Bench:
    def __init__(self, options, connection, windows):
        self.options, self.c = options, connection
        self.windows = windows
        self.figure = figures.Figures("%smake bench ROWS=%d ROWS_BIG=%d" % (
            "TARGET=%s " % os.environ["TARGET"] if windows else "", options.rows, options.rows_big))

    def prepare(self):
        self.c.script("CREATE EXTENSION transform")
        self.c.script(SALES % {"name": "sales", "rows": self.options.rows})
        self.c.script("VACUUM (ANALYZE) sales")
        self.c.query("SELECT transform_script_create('total', $1, shape => 'chunk')", SCRIPT)
        self.job("sales", "warm")

    def job(self, source, destination):
        """Run the job; its row and the seconds from submit to the end."""
        self.c.script("SET client_min_messages = warning; DROP TABLE IF EXISTS %s" % destination)
        began = time.perf_counter()
        job = self.c.value("SELECT transform_submit('total', $1::regclass, $2)", source, destination)
        state = self.c.value("SELECT transform_wait($1)", job)
        seconds = time.perf_counter() - began
        row = self.c.query("SELECT * FROM transform.jobs WHERE id = $1", job)[0]
        if state != "succeeded":
            raise SystemExit("job %s is %s: %s %s" % (job, state, row.sqlstate, row.error))
        return row, seconds

    def timed(self, sql):
        began = time.perf_counter()
        self.c.script(sql)
        return time.perf_counter() - began

    def throughput(self):
        jobs, statements, ratios = [], [], []
        for n in range(self.options.rounds):
            self.c.script("DROP TABLE IF EXISTS sales_sql; DROP TABLE IF EXISTS sales_job; CHECKPOINT")
            first, second = (self.sql_round, self.job_round)[::1 if n % 2 else -1]
            seconds = dict([first(), second()])
            jobs.append(seconds["job"])
            statements.append(seconds["sql"])
            ratios.append(jobs[-1] / statements[-1])
            print("# round %d: CREATE TABLE AS %.2f s, job %.2f s, ratio %.2f" % (
                n + 1, statements[-1], jobs[-1], ratios[-1]), flush=True)
        if self.c.query(SAME % "sales_sql") != self.c.query(SAME % "sales_job"):
            raise SystemExit("the job's table differs from the statement's")
        median = statistics.median(jobs)
        self.figure.note("create_table_as", statistics.median(statements), "s (median)")
        self.figure.note("job", median, "s (median), %d rows/s" % (self.options.rows / median))
        self.figure.at_most("job_to_create_table_as", statistics.median(ratios), "x", 3.0 if self.windows else 1.6)
        if self.windows:
            self.figure.note("remark", "under Wine, which is not Windows")

    def sql_round(self):
        return "sql", self.timed(CTAS)

    def job_round(self):
        self.c.script("CHECKPOINT")
        return "job", self.job("sales", "sales_job")[1]

    def memory(self):
        small = self.job("sales", "sales_job")[0].peak_memory
        self.c.script("DROP TABLE sales_job; DROP TABLE IF EXISTS sales_sql; CHECKPOINT")
        self.c.script(SALES % {"name": "sales_big", "rows": self.options.rows_big})
        row, seconds = self.job("sales_big", "big_job")
        written = self.c.value("SELECT count(*) FROM big_job")
        if written != self.options.rows_big:
            raise SystemExit("%d rows of %d" % (written, self.options.rows_big))
        self.figure.note("peak_memory_at_%d_rows" % self.options.rows, small / 1e6, "MB")
        self.figure.note("peak_memory_at_%d_rows" % self.options.rows_big, row.peak_memory / 1e6, "MB, %.1f s" % seconds)
        self.figure.at_most("peak_memory_growth", row.peak_memory / small, "x", 1.1)
        self.c.script("DROP TABLE sales_big; DROP TABLE big_job")

    def small_jobs(self):
        self.c.script("CREATE TABLE one (id int, qty int, price float8); INSERT INTO one VALUES (1, 2, 3.5)")
        for n in range(5):
            self.job("one", "one_warm")
        times = [self.job("one", "one_%d" % n)[1] for n in range(10 if self.windows else 100)]
        ordered = sorted(times)
        if self.windows:
            self.figure.note("small_job_median", ordered[len(ordered) // 2] * 1000, "ms of %d" % len(ordered))
            return
        self.figure.at_most("small_job_p50", ordered[50] * 1000, "ms", 30)
        self.figure.note("small_job_p95", ordered[95] * 1000, "ms")
        began = time.perf_counter()
        for n in range(40):
            self.job("one", "row_%d" % n)
        self.figure.at_most("forty_small_jobs", time.perf_counter() - began, "s", 2.0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2000000)
    parser.add_argument("--rows-big", type=int, default=20000000, help="0: leave the memory part out")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with cluster.make("bench", SETTINGS) as c, c.connect() as connection:
        bench = Bench(options, connection, c.windows)
        bench.prepare()
        bench.small_jobs()
        bench.throughput()
        if options.rows_big:
            bench.memory()
    return bench.figure.finish()


if __name__ == "__main__":
    sys.exit(main())
