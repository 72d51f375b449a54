"""
host.py
    A client of sandbox_host for the black-box tests, standard library only,
    and a small TAP writer.  It speaks the wire by itself, from the contract in
    sandbox_host/wire/wire.h, so that a mistake in the encoders shows.  What
    differs between systems stands in on_posix.py and on_windows.py.
"""
import json
import os
import secrets
import shutil
import struct
import subprocess
import sys
import tempfile
import time

if os.name == "nt":
    import on_windows as system
else:
    import on_posix as system
alive, children, cpu_time, kill = (system.alive, system.children,
                                   system.cpu_time, system.kill)
WINDOWS = system.NAME == "windows"

MAGIC, VERSION = 0x31575254, 1
CONTROL, DATA = 1, 2
HELLO, JOB, STARTED, REFUSED, USAGE, EXIT, KILL = 1, 16, 17, 18, 19, 20, 21
STATUS, STATUS_ROW, STATUS_END = 22, 23, 24
TASK, SCHEMA, CHUNK, END = 32, 33, 34, 35
LOG, FINDING, ERROR, DONE = 48, 49, 50, 51
REASON = {1: "normal", 2: "signal", 3: "killed", 4: "forbidden",
          5: "wall_time", 6: "cpu_time", 7: "memory", 8: "cancelled"}
WALLS = {"language": 1, "process": 2, "imports": 4, "resources": 8,
         "files": 16, "kernel": 32, "network": 64, "database": 128}
ALL = 0xff
ALWAYS = WALLS["language"] | WALLS["imports"] | WALLS["database"]
MB = 1024 * 1024
PATIENCE = 60           # seconds until a fact that never comes is a failure


def find(name, default):
    return os.environ.get(name) or default


HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.join(HERE, "..", "..", "sandbox_host")
BINARY = os.path.abspath(find("SANDBOX_HOST",
                              os.path.join(SRC, "build", "sandbox_host")))
VENV = find("SANDBOX_VENV", "")
DRIVER = os.path.abspath(find("SANDBOX_DRIVER", os.path.join(SRC, "python")))


# ---- TAP ----

class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def ok(self, good, what, *more):
        self.n += 1
        self.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", self.n, what),
              flush=True)
        if not good:
            for m in more:
                print("#   " + str(m), flush=True)
        return good

    def equal(self, got, want, what):
        return self.ok(got == want, what, "got  %r" % (got,),
                       "want %r" % (want,))

    def skip(self, what, why):
        self.n += 1
        print("ok %d - %s # SKIP %s" % (self.n, what, why), flush=True)

    def walls(self, got, what):
        """All of them; one that is not is unverified where the system cannot
        have it, which nobody expects of Linux."""
        if not WINDOWS:
            return self.equal(got, ALL, what)
        self.ok(got & ALWAYS == ALWAYS, "%s: those that need no system" % what,
                got)
        for wall, bit in WALLS.items():
            if not got & bit:
                self.skip("%s: %s" % (what, wall),
                          "unverified on this system")

    def done(self):
        print("1..%d" % self.n)
        sys.exit(1 if self.failed else 0)


def wait_until(fact, what):
    """Wait for a fact; give up loudly."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = fact()
        if value:
            return value
        time.sleep(0.005)
    raise TimeoutError("never: " + what)


# ---- frames ----

def frame(kind, payload=b""):
    return struct.pack("<IB3x", len(payload), kind) + payload


def hello(role, token):
    return frame(HELLO, struct.pack("<III", MAGIC, VERSION, role) + token)


enforced = ALL          # on Windows, what the latest host has proven


def job(wall_ms=60000, cpu_ms=60000, memory=512 * MB, required=None, job_id=1):
    if required is None:
        required = enforced
    return frame(JOB, struct.pack("<QQQQI", job_id, wall_ms, cpu_ms, memory,
                                  required))


def task(code, action="run", **more):
    t = {"action": action, "name": "test", "code": code, "shape": "table",
         "params": None, "numeric": "float64", "log_bytes": 100000,
         "output_rows": 1000000, "output_bytes": 1 << 30}
    t.update(more)
    return frame(TASK, json.dumps(t).encode())


class Link:
    """One connection, frame by frame."""

    def __init__(self, path):
        self.sock = system.connect(path, PATIENCE)
        self.buf = b""

    def send(self, data):
        """The other end may have refused and gone; what it said counts."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _fill(self, n):
        while len(self.buf) < n:
            try:
                more = self.sock.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                return False
            self.buf += more
        return True

    def frame(self):
        """(type, payload), or None at end of file."""
        if not self._fill(8):
            return None
        length, kind = struct.unpack("<IB3x", self.buf[:8])
        if not self._fill(8 + length):
            return None
        payload, self.buf = self.buf[8:8 + length], self.buf[8 + length:]
        return kind, payload

    def frames(self):
        out = []
        while True:
            f = self.frame()
            if f is None:
                return out
            out.append(f)

    def closed(self):
        """Nothing comes any more but the end."""
        return self.frames() == []

    def close(self):
        self.sock.close()


class Exit:
    def __init__(self, payload):
        (r, self.detail, self.limit, self.used, self.cpu_us, self.peak,
         self.wall_us) = struct.unpack("<IiQQQQQ", payload)
        self.reason = REASON.get(r, r)


class Job:
    """Both connections of one job."""

    def __init__(self, path, code=None, order=("control", "data"),
                 action="run", **limits):
        token = secrets.token_bytes(16)
        for which in order:
            link = Link(path)
            setattr(self, which, link)
            link.send(hello(CONTROL if which == "control" else DATA, token))
        self.control.send(job(**limits))
        self.started = self.walls = self.pid = self.refused = None
        self.usage = []
        self.exit = None
        if code is not None:
            self.data.send(task(code, action))

    def step(self):
        f = self.control.frame()
        if f is None:
            return False
        kind, p = f
        if kind == STARTED:
            self.walls, self.pid = struct.unpack("<II", p[:8])
            self.started = True
        elif kind == REFUSED:
            self.refused = (struct.unpack("<I", p[:4])[0],
                            p[8:].decode(errors="replace"))
        elif kind == USAGE:
            self.usage.append(struct.unpack("<QQQ", p))
        elif kind == EXIT:
            self.exit = Exit(p)
        return True

    def wait_started(self):
        while not self.started and self.step():
            pass
        return self

    def wait(self):
        while self.step():
            pass
        return self

    def end_input(self):
        self.data.send(frame(END))

    def row(self, value=7):
        """A schema and one row of one bigint column."""
        self.data.send(schema_of([("a", "l")]))
        self.data.send(chunk_of(1, [(b"", b"", struct.pack("<q", value))]))
        self.end_input()
        return self

    def answer(self):
        return self.data.frames()

    def close(self):
        self.control.close()
        self.data.close()


def text(t):
    return struct.pack("<I", len(t)) + t.encode()


def schema_of(columns):
    return frame(SCHEMA, struct.pack("<I", len(columns)) + b"".join(
        struct.pack("<I", 1) + text(name) + text(fmt)
        for name, fmt in columns))


def chunk_of(rows, columns):
    n = len(columns)
    offset = 16 + 24 * n
    table, body = b"", b""
    for buffers in columns:
        for b in buffers:
            if not b:
                table += struct.pack("<II", 0, 0)
                continue
            table += struct.pack("<II", offset + len(body), len(b))
            body += b + bytes(-len(b) % 8)
    return frame(CHUNK, struct.pack("<IIII", rows, 1, n, 3 * n) + table + body)


# ---- the host ----

class Host:
    """A running sandbox_host with the test as its launcher."""

    def __init__(self, *args, wait=True, prefix=()):
        self.dir = tempfile.mkdtemp(prefix="sandbox_host_test_")
        self.path = system.address(self.dir)
        self.log = open(os.path.join(self.dir, "log"), "w+b")
        self.lifeline, theirs = system.lifeline(PATIENCE)
        self.process = subprocess.Popen(
            [*prefix, BINARY, "--listen", self.path, "--venv", VENV,
             "--driver", DRIVER, *args],
            stdin=theirs, stdout=subprocess.DEVNULL, stderr=self.log,
            env={"SECRET_OF_THE_SERVER": "hunter2", **system.ENVIRONMENT},
            close_fds=True)
        theirs.close()
        self.said = ""
        if wait:
            self.said = self.hear()
        if WINDOWS and self.said == "ready":
            global enforced
            enforced = self.enforced()

    def hear(self):
        """The next status line."""
        line = b""
        while not line.endswith(b"\n"):
            c = self.lifeline.recv(1)
            if not c:
                break
            line += c
        return line.decode().strip()

    def job(self, code=None, **kw):
        return Job(self.path, code, **kw)

    def status(self):
        link = Link(self.path)
        link.send(hello(CONTROL, secrets.token_bytes(16)) + frame(STATUS))
        rows = {}
        for kind, p in link.frames():
            if kind == STATUS_ROW:
                wall, state, n = struct.unpack("<III", p[:12])
                name = p[12:12 + n].decode()
                m, = struct.unpack("<I", p[12 + n:16 + n])
                rows[name] = (state, p[16 + n:16 + n + m].decode(), wall)
        return rows

    def enforced(self):
        """The walls that status calls enforced, as a mask."""
        return sum(WALLS[name] for name, row in self.status().items()
                   if row[2] and row[0] == 1)

    def zygote(self):
        return system.zygote(self.process.pid)

    def workers(self):
        return system.workers(self.process.pid)

    def log_text(self):
        self.log.flush()
        with open(self.log.name, "rb") as f:
            return f.read().decode(errors="replace")

    def stop(self):
        """Close the lifeline; the broker and all below it must end."""
        below = descendants(self.process.pid)
        self.lifeline.close()
        status = self.process.wait(PATIENCE)
        wait_until(lambda: not any(map(alive, below)),
                   "the end of %r" % below)
        left = system.listening(self.path)
        self.log.close()
        shutil.rmtree(self.dir)
        return status, left

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if exc[0] is not None:
            sys.stdout.write("".join("# " + l + "\n" for l in
                                     self.log_text().splitlines()[-20:]))
        if self.process.poll() is None:
            self.stop()


def descendants(pid):
    out = []
    for c in children(pid):
        out += [c] + descendants(c)
    return out
