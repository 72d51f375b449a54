"""A throw-away PostgreSQL cluster for a test program, through scripts/cluster.sh,
and a look at the processes below it.

TARGET=windows:17m in the environment means a server under Wine instead, see
windows_cluster.py; make() gives the one that is meant.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pq

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def make(name, settings=None, environment=None):
    """with make("corpus", {"transform.warm_workers": 4}) as cluster: ..."""
    if os.environ.get("TARGET", "").startswith("windows:"):
        import windows_cluster
        return windows_cluster.WindowsCluster(name, settings, environment)
    return Cluster(name, settings, environment)


class Cluster:
    windows = False
    script = "scripts/cluster.sh"
    bases = ("/dev/shm",)
    canary_folders = ()         # where else a script might leave a file

    def __init__(self, name, settings=None, environment=None, configuration="test/transform.conf"):
        base = next((b for b in self.bases if os.access(b, os.W_OK)), None)
        self.folder = tempfile.mkdtemp(prefix="transform-%s-" % name, dir=base)
        os.chmod(self.folder, 0o755)
        self.settings = settings or {}
        self.environment = environment or {}
        self.seen = {}
        self.configuration = os.path.join(TOP, configuration)

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))   # so that __exit__ runs
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind and os.environ.get("KEEP"):
            print("kept for inspection: %s" % self.folder)
            self._script("stop")
        else:
            self.remove()

    def _script(self, command, *arguments):
        # beside what `make asan` has put there
        variables = [os.environ.get("SERVER_ENVIRONMENT", ""), *["%s=%s" % kv for kv in self.environment.items()]]
        environment = dict(os.environ, SERVER_ENVIRONMENT=" ".join(variables))
        subprocess.run([os.path.join(TOP, self.script), command, self.folder, *arguments],
                       check=True, env=environment, stdin=subprocess.DEVNULL)

    def start(self):
        self._script("start", self.configuration, *["%s=%s" % kv for kv in self.settings.items()])

    def stop(self):
        self._script("stop")

    def remove(self):
        self._script("remove")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def socket_folder(self):
        return os.path.realpath(self.folder + "/sock")

    @property
    def log(self):
        return self.folder + "/log"

    def connect(self, user="postgres", dbname="postgres", **more):
        return pq.connect(host=self.socket_folder, port=5432, user=user, dbname=dbname, **more)

    def postmaster(self):
        """The postmaster's process id, or None."""
        try:
            with open(self.folder + "/data/postmaster.pid") as f:
                return int(f.readline())
        except (OSError, ValueError):
            return None

    def processes(self):
        """Every process of this cluster, sandbox_host's included: {pid: Process}.

        The descendants of the postmaster, and whatever was one in an earlier
        call and is still alive: an orphan has another parent, or none.
        """
        every = self.process_table()
        root = self.postmaster()
        mine = {}
        for pid, process in every.items():
            if self.seen.get(pid) == process.start or root in _ancestors(every, pid):
                mine[pid] = process
        self.seen = {pid: process.start for pid, process in mine.items()}
        return mine

    def outside(self):
        """Of what processes() has ever seen, what lives and is below no postmaster."""
        every = self.process_table()
        root = self.postmaster()
        alive = root in every and every[root].state not in "ZX"
        return [p for pid, p in every.items() if self.seen.get(pid) == p.start
                and p.state not in "ZX" and not (alive and root in _ancestors(every, pid))]

    def postmaster_is_gone(self):
        """Gone and reaped: while a zombie has its number, no other can start."""
        root = self.postmaster()
        return root is None or not os.path.exists("/proc/%d" % root)

    def process_table(self):
        """{pid: Process} of the whole system."""
        table = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    table[int(name)] = Process(int(name))
                except (OSError, ValueError, IndexError):
                    pass
        return table

    def kill(self, pid):
        """Without a warning; ProcessLookupError when there is none."""
        os.kill(pid, signal.SIGKILL)

    def role_of(self, process, every):
        """launcher, scheduler, runner, broker, zygote, worker or None; by title
        and by place in the tree."""
        for role in ("launcher", "scheduler", "runner"):
            if "transform " + role in process.title:
                return role
        if os.path.basename(process.program or process.title.split(" ")[0].rstrip(":")) != "sandbox_host":
            return None
        depth, up = 0, process.parent
        while up in every and "sandbox_host" in (every[up].program or every[up].title):
            depth, up = depth + 1, every[up].parent
        return ("broker", "zygote")[depth] if depth < 2 else "worker"

    def scratch_folders(self):
        """Where files of ours may not stay behind: {what it is called: path}."""
        return {"sock/": self.socket_folder, "/tmp/": "/tmp"}


def _ancestors(every, pid):
    """The process itself and those above it.  Windows keeps the number of a
    parent that is gone, and gives it away again: to a younger process."""
    chain = []
    while pid in every and pid not in chain:
        if chain and every[pid].start > every[chain[-1]].start:
            break
        chain.append(pid)
        pid = every[pid].parent
    return chain


class Process:
    __slots__ = ("pid", "parent", "state", "title", "program", "start")

    def __init__(self, pid):
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            self.title = f.read().replace(b"\0", b" ").decode(errors="replace").strip()
        self.pid, self.parent, self.state, self.start = pid, int(fields[1]), fields[0], int(fields[19])
        try:
            self.program = os.readlink("/proc/%d/exe" % pid)
        except OSError:
            self.program = ""

    def __repr__(self):
        return "%d<%d %s %s" % (self.pid, self.parent, self.state, self.title)


def wait_for(fact, seconds=30.0, what="a fact"):
    """Poll until fact() is true; returns its value.  Never waits for time alone."""
    end = time.monotonic() + seconds
    pause = 0.002
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError("waited %.0f s for %s" % (seconds, what() if callable(what) else what))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
