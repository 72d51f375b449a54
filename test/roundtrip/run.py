#!/usr/bin/env python3
"""Random values of every type, there and back: not one may differ.

    make roundtrip ROWS=1000000 [SEED=n] [ONLY=times] [EACH=yes]

For each family of types (values.py) ROWS rows, edge values over-represented,
go through scripts that change nothing: in equal parts, every one of new random
rows, in every shape, dtype_backend and numeric_as (EACH: ROWS rows in each of
these).  What comes back is compared with IS DISTINCT FROM row by row in both
directions, and where equality is loose (-0, the scale
of numeric, the case of citext) by text or bytes, too.  The types of the
created table must be those of the source.  Prints a line for each combination
with its figures, the SEED to repeat it, and "N passed, N failed".
"""
import argparse
import itertools
import random
import sys
import time

import cluster
import pq
import values

SETTINGS = {"transform.max_job_output_rows": 1000000000, "transform.max_job_output_bytes": "1000GB",
            "transform.max_job_wall_time": "60min", "transform.max_job_cpu_time": "60min",
            "transform.max_job_memory": "12GB", "autovacuum": "off", "transform.warm_workers": 2,
            "max_wal_size": "4GB", "work_mem": "256MB", "max_parallel_workers_per_gather": 0}
BACKENDS = ("numpy", "numpy_nullable", "pyarrow")
# In pieces: arrays that begin within others, and several for one column.
SCRIPTS = {"same": "def transform(df):\n    return df\n",
           "pieces": "import pandas as pd\ndef transform(df):\n    n = len(df) // 3\n"
                     "    return pd.concat([df.iloc[:n], df.iloc[n:n + 7], df.iloc[n + 7:]])\n"}
# A new table, an existing one (through SPI), and a call for each of forty groups.
SHAPES = {"table": ("same", "shape => 'table'"),
          "chunk": ("pieces", "shape => 'chunk', mode => 'append'"),
          "group": ("same", "shape => 'group', group_by => ARRAY['grp']")}
TIMEZONE = "Europe/Berlin"      # hours that exist twice


class RoundTrip:
    def __init__(self, options, connection):
        self.options, self.c = options, connection
        self.rows = 0               # of one combination
        self.passed = self.failed = 0

    def prepare(self):
        self.c.script("CREATE EXTENSION transform; SET timezone = '%s'; SET extra_float_digits = 1; "
                      "SET client_min_messages = warning" % TIMEZONE)
        self.c.script(values.TYPES)
        self.lacks = set()
        try:
            self.c.query("SELECT xml '<a/>'")
        except pq.Error as e:
            print("# xml: %s" % e.message, flush=True)
            self.lacks.add("xml")
        for name, code in SCRIPTS.items():
            self.c.query("SELECT transform_script_create($1, $2)", name, code)

    def fill(self, what, columns):
        seed = random.Random("%d %s" % (self.options.seed, what)).random()
        self.c.script("SELECT setseed(%.15f); DROP TABLE IF EXISTS source; CREATE UNLOGGED TABLE source (id integer NOT NULL, "
                      "grp integer NOT NULL, %s)" % (seed, ", ".join("%s %s%s" % (
                          c.name, c.type, " NOT NULL" if c.not_null else "") for c in columns)))
        self.c.script("INSERT INTO source SELECT g, g %% 40, %s FROM generate_series(1, %d) g; ANALYZE source" % (
            ", ".join(c.expression() for c in columns), self.rows))

    def job(self, shape, backend, numeric):
        """Its seconds, or what went wrong."""
        script, arguments = SHAPES[shape]
        self.c.script("DROP TABLE IF EXISTS result")
        if "append" in arguments:
            self.c.script("CREATE TABLE result (LIKE source)")
        began = time.perf_counter()
        try:
            job = self.c.value("SELECT transform_submit($1, 'source', 'result', dtype_backend => $2, numeric_as => $3, %s)"
                               % arguments, script, backend, numeric)
            state = self.c.value("SELECT transform_wait($1)", job)
        except pq.Error as e:
            return None, "%s %s" % (e.sqlstate, e.message)
        if state != "succeeded":
            row = self.c.query("SELECT sqlstate, error, error_detail FROM transform.jobs WHERE id = $1", job)[0]
            return None, "%s %s %s" % tuple(row)
        return time.perf_counter() - began, None

    def differences(self, columns, new_from_floats):
        """Rows that differ, are missing or too many; with the first of them."""
        scale = not new_from_floats
        count = self.c.value("SELECT count(*) FROM result")
        differ = "s.id IS NULL OR d.id IS NULL OR s.grp <> d.grp OR " + " OR ".join(c.differs(scale) for c in columns)
        rows = self.c.value("SELECT count(*) FROM source s FULL JOIN result d USING (id) WHERE " + differ)
        types = self.c.query(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(b.atttypid, b.atttypmod) FROM pg_attribute a "
            "LEFT JOIN pg_attribute b ON b.attrelid = 'result'::regclass AND b.attname = a.attname WHERE a.attrelid = 'source'::regclass "
            "AND a.attnum > 0 AND (a.atttypid, a.atttypmod) IS DISTINCT FROM (b.atttypid, b.atttypmod) AND "
            "(a.atttypid IS DISTINCT FROM b.atttypid OR NOT a.attname = ANY ($1))",
            "{%s}" % ",".join(c.name for c in columns if c.scaled and not scale))
        first = ["type of %s: %s became %s" % tuple(t) for t in types]
        if count != self.rows:
            first.append("%d rows of %d" % (count, self.rows))
        if rows:
            for c in columns:
                first += ["%s, row %s: %s became %s" % (c.name, *row) for row in self.c.query(
                    "SELECT id, left(s.{0}::text, 200), left(d.{0}::text, 200) FROM source s FULL JOIN result d USING (id) "
                    "WHERE {1} LIMIT 2".format(c.name, c.differs(scale)))]
        return rows + len(types) + abs(count - self.rows), first

    def combination(self, family, columns, shape, backend, numeric):
        what = "%s, %s, %s, %s" % (family, shape, backend, numeric)
        if backend == "pyarrow":
            columns = [c.with_nan() for c in columns]
        self.fill(what, columns)
        seconds, problem = self.job(shape, backend, numeric)
        if problem is None:
            count, first = self.differences(columns, shape != "chunk" and numeric == "float64")
            print("%s: %d differences in %d rows x %d columns, %.2f s" % (
                what, count, self.rows, len(columns) + 2, seconds), flush=True)
        else:
            count, first = 1, [problem]
            print("%s: no result" % what, flush=True)
        for line in first[:20]:
            print("    " + line, flush=True)
        if count:
            self.failed += 1
        else:
            self.passed += 1

    def run(self):
        for family, columns in values.FAMILIES.items():
            if self.options.only not in family:
                continue
            columns = tuple(c for c in columns if c.type not in self.lacks)
            every = list(itertools.product(SHAPES, BACKENDS, values.NUMERIC.get(family, ("float64",))))
            self.rows = self.options.rows if self.options.each else -(-self.options.rows // len(every))
            for shape, backend, numeric in every:
                self.combination(family, columns, shape, backend, numeric)
        print("SEED=%d" % self.options.seed)
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed or not self.passed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--only", default="", help="part of a family's name")
    parser.add_argument("--each", action="store_true", help="all rows in each combination")
    options = parser.parse_args()
    with cluster.make("roundtrip", SETTINGS) as c, c.connect() as connection:
        trip = RoundTrip(options, connection)
        trip.prepare()
        return trip.run()


if __name__ == "__main__":
    sys.exit(main())
