"""The parts of the benchmark that measure our own jobs against each other:
small jobs, memory, cost by rows, groups, new rows only.  Runs in the driver.
"""
import statistics
import time

import pq
import tables

NOT_YET = "0A000"


class Jobs:
    """Submits jobs over one connection and waits for them."""

    def __init__(self, connection):
        self.c = connection

    def run(self, script, source, destination, keep=False, **options):
        """The row of the job, and the seconds from submit to the end."""
        if not keep:
            self.c.script("SET client_min_messages = warning; DROP TABLE IF EXISTS %s" % destination)
        names = list(options)
        given = "".join(", %s => $%d" % (name, n + 4) for n, name in enumerate(names))
        began = time.perf_counter()
        job = self.c.value("SELECT transform_submit($1, $2::regclass, $3%s)" % given, script, source, destination,
                           *options.values())
        state = self.c.value("SELECT transform_wait($1)", job)
        seconds = time.perf_counter() - began
        row = self.c.query("SELECT * FROM transform.jobs WHERE id = $1", job)[0]
        if state != "succeeded":
            raise SystemExit("job %s is %s: %s %s" % (job, state, row.sqlstate, row.error))
        return row, seconds


def small(bench):
    """Jobs of one row: from submit to succeeded."""
    run, figure = bench.jobs.run, bench.figure
    bench.c.script("CREATE TABLE one (id int, qty int, price float8); INSERT INTO one VALUES (1, 2, 3.5)")
    for n in range(5):
        run("sales", "one", "one_warm")
    times = sorted(run("sales", "one", "one_%d" % n)[1] for n in range(10 if bench.windows else 100))
    if bench.windows:
        figure.note("small_job_median", times[len(times) // 2] * 1000, "ms of %d" % len(times))
        return
    figure.at_most("small_job_p50", times[50] * 1000, "ms", 30)
    figure.note("small_job_p95", times[95] * 1000, "ms")
    began = time.perf_counter()
    for n in range(40):
        run("sales", "one", "row_%d" % n)
    figure.at_most("forty_small_jobs", time.perf_counter() - began, "s", 2.0)


def memory(bench):
    """The worker's peak at ROWS and at ROWS_BIG rows."""
    rows, rows_big, figure = bench.options.rows, bench.options.rows_big, bench.figure
    if not rows_big:
        return
    bench.table(tables.SALES)
    small_peak = bench.jobs.run("sales", "sales", "destination")[0].peak_memory
    bench.c.script("DROP TABLE destination; CHECKPOINT")
    tables.fill(bench.c, tables.SALES, "sales_big", rows_big)
    row, seconds = bench.jobs.run("sales", "sales_big", "destination")
    written = bench.c.value("SELECT count(*) FROM destination")
    if written != rows_big:
        raise SystemExit("%d rows of %d" % (written, rows_big))
    figure.note("peak_memory_at_%d_rows" % rows, small_peak / 1e6, "MB")
    figure.note("peak_memory_at_%d_rows" % rows_big, row.peak_memory / 1e6, "MB, %.1f s" % seconds)
    figure.at_most("peak_memory_growth", row.peak_memory / small_peak, "x", 1.1)
    bench.c.script("DROP TABLE sales_big; DROP TABLE destination; CHECKPOINT")


def linear(bench):
    """The cost of a row, at half of ROWS, ROWS, twice and four times as many."""
    sizes = [bench.options.rows * n // 2 for n in (1, 2, 4, 8)]
    tables.fill(bench.c, tables.SALES, "sales_linear", sizes[-1])
    for size in sizes:
        bench.c.script("CREATE UNLOGGED TABLE sales_%d AS SELECT * FROM sales_linear WHERE id <= %d" % (size, size))
        bench.c.script("VACUUM (ANALYZE) sales_%d" % size)
    bench.c.script("DROP TABLE sales_linear")
    costs = {size: [] for size in sizes}
    for n in range(bench.options.rounds):
        for size in sizes[::-1 if n % 2 else 1]:
            bench.c.script("DROP TABLE IF EXISTS destination; CHECKPOINT")
            costs[size].append(bench.jobs.run("sales", "sales_%d" % size, "destination")[1] / size * 1e9)
    medians = [statistics.median(costs[size]) for size in sizes]
    for size, cost in zip(sizes, medians):
        bench.figure.note("cost_of_a_row_at_%d_rows" % size, cost, "ns")
        bench.c.script("DROP TABLE sales_%d" % size)
    bench.figure.at_most("linear_most_to_least", max(medians) / min(medians), "x", 1.1)


def group(bench):
    """One call per key against one call per chunk, on rows in key order with an
    index: keys of 10,000 and of 1,000 rows; of 20, for what a call costs."""
    rows, figure = bench.options.rows, bench.figure
    bench.table(tables.SALES)
    try:
        found = {size: group_to_chunk(bench, rows, size, bench.options.rounds) for size in (10000, 1000)}
        chunk, grouped, _ = group_to_chunk(bench, rows // 10, 20, 1)
    except pq.Error as e:
        if e.sqlstate != NOT_YET:
            raise
        figure.note("group_remark", "not there yet: %s" % e.message)
        figure.at_most("group_to_chunk", None, "x", 1.3)
        return
    for size, (_, seconds, ratio) in found.items():
        figure.note("group_of_%d_rows" % size, seconds, "s, %d groups" % -(-rows // size))
        figure.at_most("group_of_%d_rows_to_chunk" % size, ratio, "x", 1.3)
    figure.note("group_call", (grouped - chunk) / (rows // 10 / 20) * 1e6, "us more a call, groups of 20 rows")


def group_to_chunk(bench, rows, size, count):
    """Median seconds of either shape, and the median ratio."""
    bench.c.script("""DROP TABLE IF EXISTS sales_ordered; CREATE UNLOGGED TABLE sales_ordered AS
		SELECT id, ((id - 1) / %d)::int AS customer, product, qty, price, sold_at, region FROM sales
		WHERE id <= %d ORDER BY id""" % (size, rows))
    bench.c.script("CREATE INDEX ON sales_ordered (customer)")
    bench.c.script("VACUUM (ANALYZE) sales_ordered")
    times, digests = {"chunk": [], "group": []}, set()
    for n in range(count):
        for shape in ("chunk", "group")[::-1 if n % 2 else 1]:
            bench.c.script("DROP TABLE IF EXISTS destination; CHECKPOINT")
            options = {"group_by": "{customer}"} if shape == "group" else {}
            times[shape].append(bench.jobs.run("sales", "sales_ordered", "destination", shape=shape, **options)[1])
            digests.add(tuple(bench.c.query(tables.digest("destination"))[0]))
    if len(digests) != 1:
        raise SystemExit("shapes chunk and group gave different rows: %s" % digests)
    bench.c.script("DROP TABLE sales_ordered; DROP TABLE destination")
    ratios = [g / c for g, c in zip(times["group"], times["chunk"])]
    return (*[statistics.median(times[shape]) for shape in ("chunk", "group")], statistics.median(ratios))


def incremental(bench):
    """A thousand new rows in a table with an index, by `since`: only they are read."""
    rows, new = bench.options.rows, 1000
    tables.fill(bench.c, tables.SALES, "sales_growing", rows)
    bench.c.script("CREATE UNIQUE INDEX ON sales_growing (id); DROP TABLE IF EXISTS increments; " +
                   tables.create(tables.SALES, "increments"))
    seconds, read = [], []
    for n in range(bench.options.rounds + 1):
        try:
            row, took = bench.jobs.run("sales", "sales_growing", "increments", keep=True, mode="append", since="id")
        except pq.Error as e:
            if e.sqlstate != NOT_YET:
                raise
            bench.figure.note("incremental_remark", "not there yet: %s" % e.message)
            bench.figure.exactly("incremental_rows_read", None, "", new)
            bench.figure.at_most("incremental", None, "ms", 100)
            return
        if n:
            seconds.append(took)
            read.append(row.rows_read)
        bench.c.script("INSERT INTO sales_growing " + tables.SALES["rows_sql"] % {
            "first": rows + n * new + 1, "last": rows + (n + 1) * new})
    missing = bench.c.value("""SELECT count(*) FROM (SELECT id FROM sales_growing WHERE id <= %d
		EXCEPT SELECT id FROM increments) m""" % (rows + bench.options.rounds * new))
    written = bench.c.value("SELECT count(*) FROM increments")
    if missing or written != rows + bench.options.rounds * new:
        raise SystemExit("increments: %d rows missing, %d there" % (missing, written))
    bench.figure.exactly("incremental_rows_read", max(read, key=lambda r: abs(r - new)), "", new)
    bench.figure.at_most("incremental", statistics.median(seconds) * 1000, "ms", 100)
    bench.c.script("DROP TABLE sales_growing; DROP TABLE increments")
