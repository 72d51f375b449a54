"""Methods of peers.py in turn, each in a fresh process, against one reference of
the same round; what each took of time, processor and memory.
"""
import json
import os
import statistics
import subprocess
import sys
import threading

import tables

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
SECONDS = 900           # the most one process may take


class Method:
    """`of`: on this part of the rows only, its times scaled; `rounds`: at most so many."""

    def __init__(self, name, rounds=99, of=1, reference="create_table_as"):
        self.name, self.rounds, self.of, self.reference = name, rounds, of, reference


class Server:
    """Processor time and memory of every process below a postmaster."""

    def __init__(self, postmaster):
        self.postmaster = postmaster

    def processes(self):
        """Numbers of the postmaster and all below it, sandbox_host's too."""
        found, look = [], [self.postmaster]
        while look:
            pid = look.pop()
            found.append(pid)
            look += children(pid)
        return found

    def cpu(self):
        """Seconds so far, of those that have ended and were waited for as well."""
        return sum(cpu(pid) for pid in self.processes())

    def memory(self):
        """Bytes of the postmaster's own children that are theirs alone: of
        backends and runners.  Workers are below sandbox_host, which counts them itself."""
        pages = 0
        for pid in children(self.postmaster):
            try:
                with open("/proc/%d/statm" % pid) as f:
                    resident, shared = map(int, f.read().split()[1:3])
                pages += resident - shared
            except OSError:
                pass
        return pages * PAGE


def cpu(pid):
    """Seconds of a process and of those below it that it has waited for."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:15])) / TICK
    except OSError:
        return 0


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(child) for child in f.read().split()]
    except OSError:
        return []


class Watch(threading.Thread):
    """Within `with`: what the server took, in `taken`; nothing where it is None."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.done = server, threading.Event()

    def __enter__(self):
        self.taken = {}
        if self.server:
            self.cpu, self.idle = self.server.cpu(), self.server.memory()
            self.peak = self.idle
            self.start()
        return self

    def run(self):
        while not self.done.wait(0.05):
            self.peak = max(self.peak, self.server.memory())

    def __exit__(self, *_):
        if self.server:
            self.done.set()
            self.join()
            self.taken = {"server_cpu": self.server.cpu() - self.cpu, "server_memory": self.peak - self.idle}


class Rounds:
    def __init__(self, connection, parameters, python, packages, server):
        """`parameters`: how to connect; `python`: the interpreter that has the
        peers' packages, or None; `packages`: where pandas is; `server`: may be None."""
        self.c, self.parameters, self.python, self.packages, self.server = (
            connection, parameters, python, packages, server)

    def run(self, table, rows, methods, rounds):
        """{name: [{wall, ratio, ...} per round]}, or {name: "why it was not measured"}."""
        results = {}
        sources = self.sources(table, rows, methods)
        for n in range(rounds):
            due = [m for m in methods if n < m.rounds and not isinstance(results.get(m.name), str)]
            for m in due[::-1 if n % 2 else 1]:
                got = self.one(table, m, *sources[m.of])
                if isinstance(got, str) and (m.name == m.reference or m.name.startswith("job")):
                    raise SystemExit("%s: %s" % (m.name, got))
                results[m.name] = got if isinstance(got, str) else results.get(m.name, []) + [got]
            for m in due:
                if isinstance(results[m.name], list):
                    self.add_ratios(results, m, n)
                self.tell(n, m, results[m.name])
        return results

    def sources(self, table, rows, methods):
        """{part: (relation, digest of what must come out)}"""
        found = {}
        for of in {m.of for m in methods}:
            name = table["name"]
            if of != 1:
                name = "%s_part_%d" % (table["name"], of)
                self.c.script("DROP TABLE IF EXISTS %s; CREATE UNLOGGED TABLE %s AS SELECT * FROM %s LIMIT %d" % (
                    name, name, table["name"], rows // of))
                self.c.script("VACUUM (ANALYZE) %s" % name)
            found[of] = name, self.c.query(tables.digest("(%s)" % tables.select(table, name)))[0]
        return found

    def one(self, table, m, source, expected):
        self.c.script("SET client_min_messages = warning; DROP TABLE IF EXISTS destination; CHECKPOINT")
        order = {"method": m.name, "connection": self.parameters, "table": table, "source": source,
                 "packages": self.packages}
        got = self.process(order)
        if isinstance(got, str):
            return got
        if "job" in got:
            self.add_job(got)
        written = self.c.query(tables.digest("destination"))[0]
        if written != expected or self.types() != [t for _, t in tables.columns(table)]:
            raise SystemExit("%s of %s: other rows than SQL's: %s of type %s, not %s" % (
                m.name, table["name"], tuple(written), self.types(), tuple(expected)))
        for name in ("wall", "client_cpu", "server_cpu"):
            if name in got:
                got[name] *= m.of
        got["of"] = m.of
        return got

    def add_ratios(self, results, m, n):
        """To what the method is held against, and to CREATE TABLE AS, in the same round."""
        wall = results[m.name][n]["wall"]
        results[m.name][n]["ratio"] = wall / results[m.reference][n]["wall"]
        results[m.name][n]["ratio_to_sql"] = wall / results["create_table_as"][n]["wall"]

    def process(self, order):
        """What the process measured, or why there is nothing."""
        child = subprocess.Popen([self.python or sys.executable, os.path.join(HERE, "peers.py")], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        alarm = threading.Timer(SECONDS, child.kill)
        alarm.start()
        try:
            child.stdin.write(json.dumps(order) + "\n")
            child.stdin.flush()
            if child.stdout.readline() == "ready\n":
                with Watch(self.server) as watch:
                    out, errors = child.communicate("go\n")
            else:
                out, errors = child.communicate()
        finally:
            alarm.cancel()
            child.kill()
        if child.returncode:
            return (errors.strip().splitlines() or ["ended by signal %d" % -child.returncode])[-1]
        return dict(json.loads(out), **watch.taken)

    def add_job(self, got):
        row = self.c.query("""SELECT peak_memory, bytes_in, bytes_out, extract(epoch FROM cpu_time)::float8 AS script_cpu,
			extract(epoch FROM start_time)::float8 AS start, extract(epoch FROM read_time)::float8 AS read,
			extract(epoch FROM script_time)::float8 AS script, extract(epoch FROM write_time)::float8 AS write,
			extract(epoch FROM commit_time)::float8 AS commit FROM transform.jobs WHERE id = $1""", got["job"])[0]
        got.update(worker_memory=row.peak_memory, times=row._asdict())

    def types(self):
        return [r.type for r in self.c.query("""SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute
			WHERE attrelid = 'destination'::regclass AND attnum > 0 ORDER BY attnum""")]

    def tell(self, n, m, results):
        if isinstance(results, str):
            print("# %s: not measured: %s" % (m.name, results), flush=True)
        else:
            print("# round %d: %s %.2f s, ratio %.2f" % (
                n + 1, m.name, results[n]["wall"], results[n]["ratio_to_sql"]), flush=True)


def median(results, name, field="wall"):
    """Of a method's rounds; None where it was not measured."""
    values = results.get(name)
    if not isinstance(values, list) or any(field not in v for v in values):
        return None
    return statistics.median(v[field] for v in values)


def report(table, rows, methods, results):
    """The medians as a table."""
    print("\n%s, %d rows, medians; `N/part`: on a part of the rows, times scaled" % (table["name"], rows))
    print("| method | rounds | seconds | ratio | client CPU s | server CPU s | client MB | server MB | worker MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for m in methods:
        values = results.get(m.name)
        if not isinstance(values, list):
            print("| %s | not measured: %s |||||||" % (m.name, values))
            continue
        cells = [m.name, "%d%s" % (len(values), "" if m.of == 1 else "/%d" % m.of),
                 *["%.2f" % median(results, m.name, f) for f in ("wall", "ratio_to_sql")]]
        for field, unit in (("client_cpu", 1), ("server_cpu", 1), ("client_memory", 1e6), ("server_memory", 1e6),
                            ("worker_memory", 1e6)):
            value = median(results, m.name, field)
            cells.append("" if value is None else ("%.2f" if unit == 1 else "%.0f") % (value / unit))
        print("| %s |" % " | ".join(cells))
    print(flush=True)
