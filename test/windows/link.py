"""What link_win32.c must do beside the SQL that every system runs.

Whoever waits for a worker gets away at once, with the pipes full: by
transform_cancel, statement_timeout, the end of its session, the end of the
server.  A pipe that somebody else has made is refused.  Text of a WIN1252
database goes there and back.  No handle is kept.  Prints TAP, and figures
against their bars.

    TARGET=windows:17m link.py
"""
import datetime
import os
import re
import statistics
import subprocess
import sys
import threading
import time

import cluster
import figures
import pq

ROUNDS = 3
BAR_MS = 100            # the median; one alone may meet a busy machine
TIMEOUT = 3.0           # statement_timeout of the statements that are to meet it
SETTINGS = {"transform.warm_workers": 2, "max_worker_processes": 16}
SPIN = "def transform(df):\n    n = 0\n    while True:\n        n += 1\n    return df\n"
SAME = "def transform(df):\n    return df\n"
TABLES = """
CREATE TABLE wide AS SELECT g AS id, repeat(md5(g::text), 400) AS t FROM generate_series(1, 1000) g;
CREATE TABLE slow (id integer, t text);
CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN new; END $$;
CREATE TRIGGER hang BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION hang();
SELECT pg_advisory_lock(1);
"""
# Makes a pipe as another account would, and lets a client in.
SQUATTER = r'''
import ctypes
from ctypes import wintypes
k, a = ctypes.WinDLL("kernel32", use_last_error=True), ctypes.WinDLL("advapi32", use_last_error=True)
class Attributes(ctypes.Structure):
    _fields_ = [("size", wintypes.DWORD), ("descriptor", ctypes.c_void_p), ("inherit", wintypes.BOOL)]
k.CreateNamedPipeW.restype = wintypes.HANDLE
s = Attributes(ctypes.sizeof(Attributes), None, 0)
assert a.ConvertStringSecurityDescriptorToSecurityDescriptorW(
    "O:S-1-5-21-1-2-3-1001D:(A;;GA;;;WD)", 1, ctypes.byref(s, Attributes.descriptor.offset), None)
pipe = k.CreateNamedPipeW(r"\\.\pipe\transform-test-squatter", 3, 0, 1, 4096, 4096, 0, ctypes.byref(s))
print("there" if pipe != wintypes.HANDLE(-1).value else "no pipe", flush=True)
k.ConnectNamedPipe(wintypes.HANDLE(pipe), None)
k.ReadFile(wintypes.HANDLE(pipe), ctypes.create_string_buffer(64), 64, ctypes.byref(wintypes.DWORD()), None)
'''
failed = []


def check(good, what):
    print("%s - %s" % ("ok" if good else "not ok", what), flush=True)
    if not good:
        failed.append(what)


def error_of(call, *arguments):
    """The error that a call ends with, and when."""
    try:
        call(*arguments)
    except pq.Error as e:
        return e, time.perf_counter()
    return None, time.perf_counter()


class Link:
    def __init__(self, server):
        self.server = server
        self.c = server.connect()
        self.figure = figures.Figures("TARGET=%s test/windows/link.py" % os.environ["TARGET"])

    def prepare(self):
        self.c.script("CREATE EXTENSION transform")
        self.c.script(TABLES)
        self.c.query("SELECT transform_script_create('spin', $1, shape => 'chunk')", SPIN)
        self.c.query("SELECT transform_script_create('same', $1, shape => 'chunk')", SAME)
        self.c.script("SET transform.chunk_rows = 20")

    def warm(self):
        """Wait for a worker that is ready, so that none is started meanwhile."""
        cluster.wait_for(lambda: self.c.value(
            "SELECT detail !~ '^0 ready' FROM transform_sandbox_status() WHERE name = 'workers'"), 120, "a warm worker")

    def stuck(self):
        """Wait until the job that runs reads no more: its pipe is full."""
        last = [0, 0]           # rows read, and since when

        def stands_still():
            now = self.c.value("SELECT max(rows_read) FROM transform.progress") or 0
            if now != last[0]:
                last[:] = now, time.monotonic()
            return now > 0 and time.monotonic() - last[1] > 0.3
        cluster.wait_for(stands_still, 60, "a full pipe")

    def submit(self, script, destination, mode):
        self.warm()
        job = self.c.value("SELECT transform_submit($1, 'wide', $2, mode => $3)", script, destination, mode)
        self.stuck()
        return job

    def cancel(self, what, script, destination, mode):
        times = []
        for _ in range(ROUNDS):
            job = self.submit(script, destination, mode)
            began = time.perf_counter()
            self.c.value("SELECT transform_cancel($1)", job)
            state = self.c.value("SELECT transform_wait($1, '1 min')", job)
            times.append(1000 * (time.perf_counter() - began))
            check(state == "cancelled", "%s is cancelled: %s" % (what, state))
        self.figure.at_most("transform_cancel, " + what, statistics.median(times), "ms", BAR_MS)

    def preview(self, connection):
        connection.query("SELECT * FROM transform_preview('spin', 'wide', 1000)")

    def statement_timeout(self):
        times = []
        for _ in range(ROUNDS):
            self.warm()
            self.c.script("SET statement_timeout = '%d ms'" % (1000 * TIMEOUT))
            began = time.perf_counter()
            error, ended = error_of(self.preview, self.c)
            self.c.script("RESET statement_timeout")
            times.append(1000 * (ended - began - TIMEOUT))
            check(error is not None and error.sqlstate == "57014", "statement_timeout: %s" % error)
        self.figure.at_most("statement_timeout, beyond its value", statistics.median(times), "ms", BAR_MS)

    def end_of_session(self):
        times = []
        for _ in range(ROUNDS):
            self.warm()
            with self.server.connect() as other:
                pid = other.value("SELECT pg_backend_pid()")
                ended = []
                thread = threading.Thread(target=lambda: ended.extend(error_of(self.preview, other)))
                thread.start()
                cluster.wait_for(lambda: self.c.value(
                    "SELECT wait_event IN ('TransformSandbox', 'Extension') FROM pg_stat_activity WHERE pid = $1", pid),
                    60, "a preview that waits for its worker")
                time.sleep(1)   # allow-sleep: nothing shows how full the pipe of a preview is
                began = time.perf_counter()
                self.c.value("SELECT pg_terminate_backend($1)", pid)
                thread.join()
                times.append(1000 * (ended[1] - began))
                check(ended[0] is not None, "pg_terminate_backend ends the preview")
        self.figure.at_most("pg_terminate_backend", statistics.median(times), "ms", BAR_MS)

    def squatter(self):
        program = subprocess.Popen(os.environ.get("WINDOWS_RUN", cluster.TOP + "/scripts/windows/wine.sh").split() + ["py/python.exe", "-"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        program.stdin.write(SQUATTER)
        program.stdin.close()
        check(program.stdout.readline().strip() == "there", "somebody else's pipe is there")
        for address, sqlstate, pattern in (
                (r"\\.\pipe\transform-test-squatter", "55000", "runs under another account"),
                (r"\\.\pipe\transform-test-nobody", "55000", "could not connect .* No such file"),
                (r"\\elsewhere\pipe\transform", "55000", "could not connect .* Invalid argument")):
            self.c.script("ALTER SYSTEM SET transform.sandbox_address = '%s'" % address)
            self.c.value("SELECT pg_reload_conf()")
            cluster.wait_for(lambda: self.c.value("SELECT current_setting('transform.sandbox_address')") == address)
            error, _ = error_of(self.c.query, "SELECT * FROM transform_validate('x = 1')")
            check(error is not None and error.sqlstate == sqlstate and re.search(pattern, error.message),
                  "%s is refused: %s" % (address, error))
        self.c.script("ALTER SYSTEM RESET transform.sandbox_address")
        self.c.value("SELECT pg_reload_conf()")
        program.kill()
        program.wait()

    def held(self, pid):
        return len(self.server.tool.handles(pid))

    def backend_handles(self):
        pid = self.c.value("SELECT pg_backend_pid()")
        status = "SELECT count(*) FROM transform_sandbox_status() WHERE wall = 1 AND state = 'enforced'"
        self.c.value(status)
        before = self.held(pid)
        good = sum(self.c.value(status) for _ in range(50))
        check(good == 50, "50 times the host's status: %d good" % good)
        # a thread of the system's can hold one for a moment
        after = min(self.held(pid) for _ in range(10))
        check(after <= before, "... after which the session holds what it held, %d handles: %d" % (before, after))

    def host(self):
        """The host's pid, when it is ready."""
        return self.c.value("""SELECT substring(detail FROM 'process (\\d+)')::int FROM transform_sandbox_status()
            WHERE name = 'sandbox_host' AND state = 'ok'""")

    def launcher_handles(self):
        pid = self.c.value("SELECT pid FROM pg_stat_activity WHERE backend_type = 'transform launcher'")
        counts = []
        for _ in range(3):
            old = cluster.wait_for(self.host, 120, "a host that is ready")
            counts.append(self.held(pid))
            self.server.kill(old)
            cluster.wait_for(lambda: self.host() not in (None, old), 120, "another host")
        check(counts[1] == counts[2], "the launcher holds as many handles after each host: %s" % counts)

    def win1252(self):
        self.c.script("CREATE DATABASE west ENCODING 'WIN1252' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        with self.server.connect(dbname="west") as c:
            c.script("CREATE EXTENSION transform; CREATE TABLE s AS SELECT 'Gr\u00fc\u00dfe \u20ac'::text AS \u00e4")
            c.query("SELECT transform_script_create('longer', $1)",
                    "def transform(df):\n    print('f\u00fcr', df['\u00e4'][0])\n    df['\u00f6'] = df['\u00e4'] + '\u00f6'\n    return df\n")
            c.query("SELECT transform_script_create('bad', $1)", "def transform(df):\n    raise ValueError('Stra\u00dfe \\u0436')\n")
            self.warm()
            job = c.value("SELECT transform_submit('longer', 's', 'd')")
            check(c.value("SELECT transform_wait($1, '1 min')", job) == "succeeded", "a job in a WIN1252 database")
            row = c.query("SELECT \u00e4 AS a, \u00f6 AS o FROM d")[0]
            check(tuple(row) == ("Gr\u00fc\u00dfe \u20ac", "Gr\u00fc\u00dfe \u20ac\u00f6"), "... its values: %s" % ascii(tuple(row)))
            said = c.value("SELECT string_agg(message, '') FROM transform_logs($1)", job)
            check("f\u00fcr Gr\u00fc\u00dfe \u20ac" in said, "... its log: %s" % ascii(said))
            self.warm()
            job = c.value("SELECT transform_submit('bad', 's', 'e')")
            c.value("SELECT transform_wait($1, '1 min')", job)
            said = c.value("SELECT error FROM transform.jobs WHERE id = $1", job)
            check("Stra\u00dfe ?" in (said or ""), "... an error with a letter that WIN1252 lacks: %s" % ascii(said))

    def shutdown(self):
        """From the request to the runner's last words, by the server's clock."""
        self.submit("spin", "never", "create")
        self.c.close()
        self.server.stop()
        with open(self.server.log, errors="replace") as f:
            lines = f.read().splitlines()
        asked = [stamp(line) for line in lines if "received fast shutdown request" in line]
        left = [stamp(line) for line in lines if re.search(r"transform runner FATAL:  terminating background worker", line)]
        check(len(asked) == 1 and len(left) == 1, "the runner was told to end")
        if asked and left:
            self.figure.at_most("fast shutdown, until the runner ends", 1000 * (left[-1] - asked[-1]).total_seconds(), "ms", BAR_MS)
        check(any("database system is shut down" in line for line in lines), "the server stopped")


def stamp(line):
    """The time that log_line_prefix '%m' begins a line with."""
    return datetime.datetime.fromisoformat(" ".join(line.split(" ")[:2]))


def main():
    with cluster.make("link", SETTINGS) as server:
        link = Link(server)
        link.prepare()
        link.cancel("a worker that does not read", "spin", "never", "create")
        link.cancel("a trigger that hangs, both directions full", "same", "slow", "append")
        link.statement_timeout()
        link.end_of_session()
        link.backend_handles()
        link.launcher_handles()
        link.win1252()
        link.squatter()
        link.shutdown()
        status = link.figure.finish()
    return 1 if failed or status else 0


if __name__ == "__main__":
    sys.exit(main())
