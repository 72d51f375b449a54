#!/usr/bin/env python3
"""kill -9 at random moments while jobs run.

    make crash ROUNDS=200 [SEED=n]
    make crash-windows ROUNDS=50 [SEED=n]	TerminateProcess, of a server under Wine

Each round submits four jobs at a time, from four sessions, into new tables and
into shared ones (append, replace, upsert); every row carries the job's tag and
its own id, so a lost or doubled row shows.  Two more are incremental, with one
watermark, on a table that grows each round: one more such job at the end of the
round, and every row must have come exactly once.  At a random moment one
process is killed: a runner, worker, broker, zygote, scheduler, launcher, client
backend or the postmaster (which is then started again).  When all jobs are in a
final state: every succeeded job's rows are there exactly once, every other
job's not at all; a table that is replaced or upserted has the digest of its old
state, or of one succeeded job's; no process is left that is not the server's,
no file that was not there.  Meanwhile a reader looks at these tables again and
again, and must see the rows of one job, all of them.  After each round the audit's
chain holds from the round before, and has each job's submit and end once.
"""
import argparse
import collections
import os
import random
import signal
import sys
import threading
import time

import cluster
import figures
import pq

ROWS = 40000
GROWTH = 1000                   # rows of a round's increment
SCRIPT = """def transform(df, params):
    df["tag"] = params["tag"]
    df["double"] = df["id"] * 2
    return df
"""
MODES = {"create": "made_%d", "append": "shared_%d", "replace": "swapped_%d", "upsert": "merged_%d"}
WHOLE = ("replace", "upsert")       # modes after which a table holds the rows of one job
STATE = "SELECT count(*) AS n, count(DISTINCT tag) AS tags, min(tag) AS tag, sum(hashtext(t::text)) AS digest FROM %s t"
VICTIMS = ("runner", "worker", "broker", "zygote", "scheduler", "launcher", "backend", "postmaster")
SETTINGS = {"transform.max_concurrent_jobs": 4, "transform.warm_workers": 2, "transform.chunk_rows": 4000,
            "dynamic_shared_memory_type": "mmap", "restart_after_crash": "on", "autovacuum": "off",
            "log_min_messages": "warning"}


class Session(threading.Thread):
    """A client: submits its jobs, and forgets about them."""

    def __init__(self, crash, jobs):
        super().__init__()
        self.crash, self.jobs, self.pid = crash, jobs, None

    def run(self):
        for tag, destination, mode in self.jobs:
            try:
                with self.crash.cluster.connect() as c:
                    self.pid = c.pid
                    self.crash.note(tag, destination, mode)
                    if mode == "since":
                        self.crash.submit_increment(c, tag)
                    else:
                        c.query("SELECT transform_submit('tagged', 'numbers', $1, mode => $2, params => $3::jsonb, key => $4)",
                                destination, mode, {"tag": tag}, "{id}" if mode == "upsert" else None)
                    c.query("SELECT transform_wait(max(id), '60 s') FROM transform.jobs")
            except pq.Error:
                pass        # killed, or the server is restarting: the check tells what became of it


class Reader(threading.Thread):
    """Looks at tables until it is told to stop; .torn is what nobody should have seen."""

    def __init__(self, crash, tables):
        super().__init__()
        self.crash, self.tables, self.torn, self.looks = crash, tables, None, 0
        self.stop = threading.Event()

    def run(self):
        while not self.stop.is_set():
            try:
                with self.crash.cluster.connect() as c:
                    while not self.stop.wait(0.02):
                        for table in self.tables:
                            self.look(c, table)
            except pq.Error:
                self.stop.wait(0.1)     # the server is restarting

    def look(self, c, table):
        state = c.query(STATE % table)[0]
        self.looks += 1
        if state.tags != 1 or state.n not in (ROWS, self.crash.before[table].n):
            self.torn = "%s: %s" % (table, state)


class Crash:
    def __init__(self, options, c):
        self.options, self.cluster = options, c
        self.random = random.Random(options.seed)
        self.victims = [v for v in VICTIMS if not (c.windows and v == "zygote")]
        self.wanted = {}            # tag -> (destination, mode)
        self.whole = [MODES[mode] % n for mode in WHOLE for n in range(2)]
        self.before = {}            # of these tables: their state before the round
        self.looks = 0
        self.audit_head = None
        self.faults = collections.Counter()
        self.killed = collections.Counter()
        self.requeued = []

    def note(self, tag, destination, mode):
        self.wanted[tag] = (destination, mode)

    def prepare(self):
        with self.cluster.connect() as c:
            c.script("CREATE EXTENSION transform")
            c.script("CREATE TABLE numbers AS SELECT g AS id, md5(g::text) AS word FROM generate_series(1, %d) g" % ROWS)
            for n in range(2):
                c.script("CREATE TABLE shared_%d (id int, word text, tag bigint, double bigint)" % n)
            for table in self.whole:
                c.script("CREATE TABLE %s (id int PRIMARY KEY, word text, tag bigint, double bigint)" % table)
                c.script("INSERT INTO %s SELECT id, word, 0, id * 2 FROM numbers" % table)
            c.script("CREATE TABLE growing AS SELECT * FROM numbers; CREATE UNIQUE INDEX ON growing (id)")
            c.script("CREATE TABLE increments (id int, word text, tag bigint, double bigint)")
            c.query("SELECT transform_script_create('tagged', $1, shape => 'chunk')", SCRIPT)
            self.session_jobs(c)
        self.settle()
        self.files = self.file_names()

    def session_jobs(self, c):
        """Two jobs: one to warm up, one that says how long a job takes undisturbed."""
        for _ in range(2):
            began = time.monotonic()
            job = c.value("SELECT transform_submit('tagged', 'numbers', 'first', params => '{\"tag\": 0}')")
            state = c.value("SELECT transform_wait($1)", job)
            if state != "succeeded":
                raise SystemExit("no job succeeds undisturbed: %s" % (c.query("SELECT * FROM transform.jobs"),))
            self.usual = time.monotonic() - began
            c.script("DROP TABLE first")

    # ---- one round

    def round(self, number):
        victim = self.victims[number % len(self.victims)] if not self.options.victim else self.options.victim
        jobs = []
        for n in range(self.options.jobs):
            tag = number * 100 + n + 1
            mode = self.random.choice(list(MODES))
            jobs.append((tag, MODES[mode] % (tag if mode == "create" else n % 2), mode))
        jobs = [(number * 100 + 90 + n, "increments", "since") for n in range(2)] + jobs    # early: others may not get in
        with self.connect() as c:
            c.query("INSERT INTO growing SELECT g, md5(g::text) FROM generate_series($1::int, $2::int) g",
                    ROWS + number * GROWTH + 1, ROWS + (number + 1) * GROWTH)
        self.note_before()
        reader = Reader(self, self.whole)
        reader.start()
        sessions = [Session(self, jobs[n::4]) for n in range(4)]
        for session in sessions:
            session.start()
        time.sleep(self.random.random() * self.usual * 3)  # allow-sleep: the random moment is what is tested
        what = self.kill(victim, sessions)
        for session in sessions:
            session.join()
        if what == "postmaster":
            cluster.wait_for(self.cluster.postmaster_is_gone, 30, "the postmaster to be gone")
            self.restart()
        found = self.check(jobs, reader)
        print("%s - round %d: killed %s; %s" % ("not ok" if found else "ok", number, what, found or "all accounted for"), flush=True)

    def kill(self, victim, sessions):
        """Kill one process of the kind, as soon as there is one."""
        pids = self.candidates(victim, sessions)
        while not pids and any(s.is_alive() for s in sessions):
            pids = self.candidates(victim, sessions)
        if not pids:
            self.killed["none"] += 1
            return "nothing (no %s at this moment)" % victim
        pid = self.random.choice(pids)
        watch = self.running_jobs() if victim in ("worker", "broker") else {}
        try:
            self.cluster.kill(pid)
        except ProcessLookupError:
            return "nothing (the %s had just ended)" % victim
        died = time.monotonic()
        self.killed[victim] += 1
        return "%s%s" % (victim, self.time_requeue(watch, died) if watch else "")

    def candidates(self, victim, sessions):
        every = self.cluster.processes()        # also so that orphans are known as ours
        if victim == "postmaster":
            return [self.cluster.postmaster()]
        if victim == "backend":
            return [s.pid for s in sessions if s.pid in every]
        return [p.pid for p in every.values() if self.cluster.role_of(p, every) == victim and p.state != "Z"]

    # ---- requeue

    def running_jobs(self):
        try:
            self.watcher = self.cluster.connect()
            rows = self.watcher.query("SELECT id, attempt FROM transform.jobs WHERE state = 'running'")
            return {row.id: row.attempt for row in rows}
        except pq.Error:
            return {}

    def time_requeue(self, watch, died):
        """Milliseconds until the first of the running jobs was given back or tried again."""
        try:
            while time.monotonic() < died + 2:
                rows = self.watcher.query("SELECT id, attempt, state FROM transform.jobs WHERE id = ANY ($1::bigint[])",
                                          "{%s}" % ",".join(map(str, watch)))
                now = time.monotonic()
                if any(r.state == "pending" or r.attempt > watch[r.id] for r in rows):
                    self.requeued.append((now - died) * 1000)
                    return ", a job requeued after %.0f ms" % self.requeued[-1]
                if all(r.state in ("succeeded", "failed", "cancelled") for r in rows):
                    break
        except pq.Error:
            pass
        finally:
            self.watcher.close()
        return ", an idle one"

    # ---- afterwards

    def restart(self):
        cluster.wait_for(lambda: not self.orphans(), 30, lambda: "the old server's processes to end: %s" % self.orphans())
        self.cluster.start()

    def orphans(self):
        """Live processes that were this cluster's and are below no postmaster now."""
        self.cluster.processes()
        return self.cluster.outside()

    def note_before(self):
        """Leave something to insert to an upsert; then remember what is there."""
        with self.connect() as c:
            for table in self.whole:
                if table.startswith("merged"):
                    c.script("DELETE FROM %s WHERE id %% 2 = 0" % table)
                c.script("VACUUM %s" % table)
                self.before[table] = c.query(STATE % table)[0]

    def check_whole(self, c, table, jobs):
        """A table that is replaced or upserted: the state it had, or all rows of one job that succeeded, and only these."""
        done = [tag for tag, destination, _ in jobs if destination == table and c.value(
            "SELECT count(*) FROM transform.jobs WHERE (params->>'tag')::bigint = $1 AND state = 'succeeded'", tag)]
        state = c.query(STATE % table)[0]
        wanted = {tag: c.value("SELECT sum(hashtext(ROW(id, word, %d::bigint, id * 2)::text)) FROM numbers" % tag) for tag in done}
        if not done and state == self.before[table] or state.tag in done and (
                state.n, state.tags, state.digest) == (ROWS, 1, wanted[state.tag]):
            return ""
        return "neither old nor new: %s is %s, was %s, succeeded %s" % (table, state, self.before[table], done)

    def check_tables(self, c, jobs, reader):
        reader.stop.set()
        reader.join()
        self.looks += reader.looks
        found = [self.check_whole(c, table, jobs) for table in self.whole]
        if reader.torn:
            found.append("seen half-way: %s" % reader.torn)
        return [wrong for wrong in found if wrong]

    def check(self, jobs, reader):
        """What is wrong after a round, as text; empty when nothing is."""
        found = []
        try:
            self.settle()
        except TimeoutError as e:
            self.faults["stuck"] += 1
            found.append(str(e))
        with self.connect() as c:
            for tag, destination, mode in jobs:
                wrong = self.check_job(c, tag, destination, mode)
                if wrong:
                    self.faults[wrong.split(":")[0]] += 1
                    found.append("job %d, %s" % (tag, wrong))
            for wrong in filter(None, (*self.check_tables(c, jobs, reader), self.check_increments(c, jobs[0][0] + 9),
                                       self.check_audit(c))):
                self.faults[wrong.split(":")[0]] += 1
                found.append(wrong)
        try:
            cluster.wait_for(lambda: not self.orphans(), 10, lambda: "orphans to end: %s" % self.orphans())
        except TimeoutError as e:
            self.faults["orphan"] += 1
            found.append(str(e))
        extra = self.file_names() - self.files
        if extra:
            self.faults["leftover"] += 1
            found.append("leftover files: %s" % sorted(extra))
            self.files |= extra
        return "; ".join(found)

    def submit_increment(self, c, tag):
        return c.value("SELECT transform_submit('tagged', 'growing', 'increments', mode => 'append', since => 'id',"
                       " params => $1::jsonb)", {"tag": tag})

    def check_increments(self, c, tag):
        """What is wrong with the increments after an undisturbed job; empty when nothing is."""
        state = c.value("SELECT transform_wait($1)", self.submit_increment(c, tag))
        seen = c.query("""SELECT count(*) - count(DISTINCT id) AS doubled,
            (SELECT count(*) FROM growing) - count(DISTINCT id) AS lost,
            (SELECT max(id) FROM growing) - (SELECT max(value::int) FROM transform.watermarks) AS behind
            FROM increments""")[0]
        if state == "succeeded" and (seen.doubled, seen.lost, seen.behind) == (0, 0, 0):
            return ""
        return ("doubled" if seen.doubled else "lost") + ": increments after a job that %s: %s" % (state, seen)

    def check_audit(self, c):
        """The chain holds, with what was known of it a round ago; of each job it has the submit and the end, once."""
        v = c.query("SELECT ok, what, new_head FROM transform_audit_verify($1)", self.audit_head)[0]
        self.audit_head = v.new_head
        if not v.ok:
            return "audit: " + v.what
        odd = c.value("""SELECT min(id) FROM (SELECT j.id FROM transform.jobs j LEFT JOIN transform.audit a
                ON a.job = j.id AND (a.event = 'submit' OR a.event = 'run' AND a.outcome <> 'started')
            GROUP BY j.id, j.state HAVING count(*) <> 2 OR count(DISTINCT a.event) <> 2
                OR (j.state = 'succeeded') <> bool_or(a.outcome = 'succeeded')) odd""")
        return "audit: of job %s it tells something else" % odd if odd is not None else ""

    def connect(self):
        def attempt():
            try:
                return self.cluster.connect()
            except pq.Error:
                return None
        return cluster.wait_for(attempt, 60, "the server to accept connections")

    def settle(self):
        """Wait until every job is in a final state."""
        def done():
            try:
                with self.cluster.connect() as c:
                    self.open = c.query("SELECT id, state, attempt, error FROM transform.jobs WHERE state IN ('pending', 'running')")
                    return not self.open
            except pq.Error as e:
                self.open = e
                return False
        cluster.wait_for(done, self.options.timeout, lambda: "all jobs to end: %s" % (self.open,))

    def check_job(self, c, tag, destination, mode):
        rows = c.query("SELECT id, state, attempt, sqlstate, error, rows_written FROM transform.jobs WHERE (params->>'tag')::bigint = $1", tag)
        if len(rows) > 1:
            return "doubled: %d job rows" % len(rows)
        if mode in WHOLE:
            unexplained = rows and rows[0].state != "succeeded" and self.explain(rows[0])
            return "failed: %s" % (rows[0],) if unexplained else ""
        exists = c.value("SELECT to_regclass($1) IS NOT NULL", destination)
        seen = c.query("SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(double) AS total FROM %s WHERE tag = $1"
                       % destination, tag)[0] if exists else None
        here = seen.n if seen else 0
        wrong = ""
        if mode == "since":
            if here != (rows[0].rows_written if rows and rows[0].state == "succeeded" else 0):
                return "rows of a job that did not succeed: %d rows, %s" % (here, rows)
            unexplained = rows and rows[0].state != "succeeded" and self.explain(rows[0])
            return "failed: %s" % (rows[0],) if unexplained else ""
        if not rows or rows[0].state != "succeeded":
            if here or (exists and mode == "create"):
                wrong = "rows of a job that did not succeed: %d rows, %s" % (here, rows)
            elif rows and self.explain(rows[0]):
                wrong = "failed: %s" % (rows[0],)
        elif here != ROWS:
            wrong = ("lost" if here < ROWS else "doubled") + ": %d rows of %d" % (here, ROWS)
        elif (seen.ids, int(seen.total)) != (ROWS, ROWS * (ROWS + 1)):
            wrong = "wrong rows: %s" % (seen,)
        if exists:
            c.script("DROP TABLE " + destination if mode == "create" else "DELETE FROM %s WHERE tag = %d" % (destination, tag))
        return wrong

    def explain(self, row):
        """A job may fail only when its attempts were used up."""
        return row.state != "failed" or row.attempt < 3

    def file_names(self):
        """Names that must not grow: of the data folder's top, its sockets, shared memory and temporary files."""
        names = set()
        for folder in ("data", "data/pg_dynshmem", "data/base/pgsql_tmp", "data/pg_replslot"):
            path = os.path.join(self.cluster.folder, folder)
            if os.path.isdir(path):
                names |= {folder + "/" + n for n in os.listdir(path) if folder != "data/pg_dynshmem"}
        for what, path in self.cluster.scratch_folders().items():
            names |= {what + n for n in os.listdir(path) if what == "sock/"
                      or n.startswith(("sandbox_host", "transform_")) and not n.startswith("sandbox_host_test")}    # test/host, beside us
        return names - {"data/postmaster.pid", "data/current_logfiles"}

    def totals(self):
        figure = figures.Figures("make crash%s ROUNDS=%d SEED=%d" % (
            "-windows" if self.cluster.windows else "", self.options.rounds, self.options.seed))
        figure.note("rounds", self.options.rounds, "(%s)" % ", ".join("%s %d" % kv for kv in sorted(self.killed.items())))
        figure.note("jobs", len(self.wanted), "(%s)" % ", ".join(
            "%s %d" % kv for kv in sorted(collections.Counter(mode for _, mode in self.wanted.values()).items())))
        figure.note("looks_of_readers", self.looks)
        for name in ("neither old nor new", "seen half-way", "lost", "doubled", "wrong rows", "rows of a job that did not succeed", "failed", "stuck", "orphan", "leftover", "audit"):
            figure.exactly("crash_" + name.replace(" ", "_"), self.faults[name], "times", 0)
        if self.requeued:
            ordered = sorted(self.requeued)
            figure.note("requeue_median", ordered[len(ordered) // 2], "ms")
            if self.options.untimed or self.cluster.windows:    # Wine is not Windows
                figure.note("requeue_slowest", ordered[-1], "ms of %d" % len(ordered))
            else:
                figure.at_most("requeue_slowest", ordered[-1], "ms of %d" % len(ordered), 100)
        return figure.finish()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or random.randrange(1000000)))
    parser.add_argument("--victim", choices=VICTIMS)
    parser.add_argument("--timeout", type=int, default=90)
    parser.add_argument("--untimed", action="store_true", help="no bar on times: the machine may be busy")
    parser.add_argument("--jobs", type=int, default=8, help="in a round")
    options = parser.parse_args()
    with cluster.make("crash", SETTINGS) as c:
        crash = Crash(options, c)
        crash.prepare()
        for number in range(options.rounds):
            crash.round(number)
        status = crash.totals()
    left = c.outside()
    if left:
        print("processes left after the server was stopped: %s" % left)
    return status or (1 if left else 0)


if __name__ == "__main__":
    sys.exit(main())
