"""Where the time of a job goes, in nanoseconds per row: `make bench PARTS=budget`.

Samples the runner and its worker with perf (which takes rights that an ordinary
account may lack) and sorts the samples by what is on the stack; and reads the
split of its time from the job's row.  Runs in the driver.
"""
import collections
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading

import pq
import rounds
import tables

# The first row with a function on the stack of a runner's sample has the sample.
RUNNER = (
    ("send", "tr_link_send_"),
    ("receive", "tr_link_recv_"),
    ("wait", "tr_link_wait|WaitEventSetWait"),
    ("digest", "tr_digest_"),
    ("commit and catalogs", "CommitTransactionCommand|tr_queue_|tr_sink_create|execute_create|tr_xact_"),
    ("read: into columns", "feed_receive|tr_encoder_|tr_encode_"),
    ("read: scan", "tr_feed_|tr_input_|heap_getnext"),
    ("write: heap, WAL", "heap_multi_insert|heap_insert|table_multi_insert|heap_finish_bulk|heap_bulk"),
    ("executor (INSERT through SPI)", "SPI_execute_plan|_SPI_execute|standard_ExecutorRun"),
    ("write: values, tuples", "tr_sink_|tr_bulk_store|tr_spi_store"),
    ("check what came", "tr_result_|tr_decoder_|wire_"),
    ("other", ""),
)
# The first row with the library of a worker's innermost frame outside the kernel.
WORKER = (
    ("receive, send", r"sandbox_host"),
    ("Arrow to and from pandas", r"libarrow|pyarrow"),
    ("pandas, numpy", r"pandas|numpy|umath|_libs"),
    ("Python", r"libpython"),
    ("other", ""),
)


def budget(bench):
    """One job into a new and one into an existing table; a table of it."""
    why = unable()
    if why:
        bench.figure.note("budget", "not measured: %s" % why)
        return
    bench.table(tables.SALES)
    job(bench, "create")
    found = {"CREATE TABLE AS": profile(bench, "CREATE TABLE AS", lambda: create_table_as(bench))}
    for mode, name in (("create", "job, new table"), ("append", "job, existing table")):
        found[name] = dict(time_columns(bench, mode), **profile(bench, name, lambda: job(bench, mode)[0].id))
    print("\n| nanoseconds a row | %s |\n|---|---|---|---|" % " | ".join(found))
    for line in found["job, new table"]:
        print("| %s | %s |" % (line, " | ".join("%.0f" % f[line] if line in f else "" for f in found.values())))
    print(flush=True)
    bench.budget = found


def unable():
    if not shutil.which("perf"):
        return "perf is not installed (Debian's package linux-perf)"
    done = subprocess.run(["perf", "stat", "-a", "true"], capture_output=True, text=True)
    return None if done.returncode == 0 else "perf may not look at other processes"


def create_table_as(bench):
    """In a session of its own, whose process is measured as a runner's is."""
    bench.c.script("DROP TABLE IF EXISTS destination; CHECKPOINT")
    with pq.connect(**bench.c.parameters) as c:
        c.script("CREATE TABLE destination AS " + tables.select(tables.SALES, "sales"))


def job(bench, mode):
    bench.c.script("DROP TABLE IF EXISTS destination; CHECKPOINT")
    if mode == "append":
        bench.c.script(tables.create(tables.SALES, "destination"))
    return bench.jobs.run("sales", "sales", "destination", keep=True, mode=mode)


def time_columns(bench, mode):
    """As the client and the job's row have them."""
    names = ("start_time", "read_time", "script_time", "write_time", "commit_time")
    found = collections.defaultdict(list)
    for n in range(bench.options.rounds):
        row, seconds = job(bench, mode)
        found["submit to succeeded"].append(seconds)
        for name in names:
            found["`%s`" % name].append(bench.c.value(
                "SELECT coalesce(extract(epoch FROM %s), 0)::float8 FROM transform.jobs WHERE id = $1" % name, row.id))
    return {name: statistics.median(values) / bench.options.rows * 1e9 for name, values in found.items()}


def profile(bench, what, action):
    """`action` returns the job's number, or None."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as data:
        # The stack of heap_multi_insert alone has more than a page.
        perf = subprocess.Popen(["perf", "record", "-q", "-a", "-F", "499", "-e", "cpu-clock", "-m", "64M",
                                 "--call-graph", "dwarf,16384", "-o", data.name], stderr=subprocess.DEVNULL)
        with Family(bench.rounds.server) as family:
            job_id = action()
        perf.send_signal(signal.SIGINT)
        perf.wait()
        script = subprocess.Popen(["perf", "script", "--no-inline", "-i", data.name, "-F", "pid,ip,sym,dso"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace")
        counts = count(script.stdout, family)
        script.wait()
    # Samples get lost; what the system counted does not.
    seconds = {"runner": sum(family.cpu.values())}
    if job_id:
        seconds["worker"] = bench.c.value(
            "SELECT extract(epoch FROM cpu_time)::float8 FROM transform.jobs WHERE id = $1", job_id)
    found = {}
    for name, table in [("runner", RUNNER), ("worker", WORKER)][:len(seconds)]:
        samples = max(sum(counts[name].values()), 1)
        found["**%s, processor time**" % name] = seconds[name] / bench.options.rows * 1e9
        for phase, _ in table:
            found["%s: %s" % (name, phase)] = counts[name][phase] / samples * seconds[name] / bench.options.rows * 1e9
        print("# %s, %s: %d samples" % (what, name, samples), flush=True)
    return found


class Family(threading.Thread):
    """Within `with`: which processes are backends' kin, and which workers."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.done = server, threading.Event()
        self.before, self.seen = set(server.processes()), set()
        self.direct, self.cpu = set(), {}

    def __enter__(self):
        self.start()
        return self

    def run(self):
        while not self.done.wait(0.02):
            self.seen.update(self.server.processes())
            self.direct.update(rounds.children(self.server.postmaster))
            for pid in self.direct - self.before:
                self.cpu[pid] = max(self.cpu.get(pid, 0), rounds.cpu(pid))

    def __exit__(self, *_):
        self.done.set()
        self.join()

    def role(self, pid):
        if pid in self.direct:
            return None if pid in self.before else "runner"
        return "worker" if pid in self.seen else None


def count(lines, family):
    """{role: {phase: samples}} of what perf script prints: a line with the
    process, the frames from the innermost, an empty line."""
    counts = {"runner": collections.Counter(), "worker": collections.Counter()}
    role, frames = None, []
    for line in lines:
        frame = re.match(r"\s+[0-9a-f]+ (.*) \((.*)\)$", line)
        if frame:
            frames.append(frame.groups())
        elif line.strip():
            role, frames = family.role(int(line.split()[0])), []
        elif role:
            counts[role][runner_phase(frames) if role == "runner" else worker_phase(frames)] += 1
            role = None
    return counts


def runner_phase(frames):
    names = " ".join(name for name, _ in frames)
    return next(phase for phase, pattern in RUNNER if re.search(r"(?:^| )(?:%s)" % pattern if pattern else "", names))


def worker_phase(frames):
    library = next((dso for _, dso in frames if "kernel" not in dso and "libc.so" not in dso and "[" not in dso), "")
    return next(phase for phase, pattern in WORKER if re.search(pattern, library))
