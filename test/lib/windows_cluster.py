"""A throw-away cluster of a Windows server under Wine, with the interface of
cluster.Cluster: TARGET=windows:17m says which one.  Its processes are Windows
processes, seen through test/windows/proctool.c.
"""
import os
import subprocess

import cluster
import pq
import proctool

WINDOWS = os.path.join(os.environ.get("BUILD") or cluster.TOP + "/build", "windows")
ROOM = os.path.join(WINDOWS, "room")
RUN = os.path.join(cluster.TOP, "scripts/windows/wine.sh")
ROLES = "SELECT pid, substr(backend_type, 11) AS role FROM pg_stat_activity WHERE backend_type LIKE 'transform %'"

# What Wine can have proven: it accepts most of what makes the other walls and
# does not enforce it, and jobs that require them are refused.
SETTINGS = {"transform.sandbox_require": "language, imports, database"}


class WindowsCluster(cluster.Cluster):
    windows = True
    script = "scripts/windows/cluster.sh"
    bases = ("/dev/shm", ROOM)
    canary_folders = (ROOM, ROOM + "/check", WINDOWS + "/chroot/tmp", WINDOWS + "/chroot/var/tmp",
                      ROOM + "/prefix/drive_c", ROOM + "/prefix/drive_c/tmp", ROOM + "/prefix/drive_c/users/*/AppData/Local/Temp")

    def __init__(self, name, settings=None, environment=None):
        settings = {n: v for n, v in (settings or {}).items() if n != "dynamic_shared_memory_type"}
        super().__init__(name, {**settings, **SETTINGS}, environment)
        self.server = os.environ["TARGET"].split(":", 1)[1]
        self.tool = proctool.ProcTool([RUN, os.path.join(ROOM, "proctool.exe")])
        self.monitor, self.roles = None, {}

    def _script(self, command, *arguments):
        os.environ["SERVER"] = self.server
        super()._script(command, *arguments)

    def connect(self, user="postgres", dbname="postgres", **more):
        with open(self.folder + "/port") as f:
            port = int(f.read())
        return pq.connect(host="127.0.0.1", port=port, user=user, dbname=dbname, **more)

    # ---- processes

    def process_table(self):
        return self.tool.table()

    def kill(self, pid):
        is_postmaster = pid == self.postmaster()
        self.tool.kill(pid)
        if is_postmaster:
            self._end_unborn(pid)

    def _end_unborn(self, postmaster):
        """A process of PostgreSQL is made suspended, and resumed when it has its parameters.  One whose
        postmaster has died in between does neither run nor end, and the listening socket in its
        hands keeps clients waiting."""
        cluster.wait_for(lambda: postmaster not in self.process_table(), 30, "the postmaster to be gone")
        for process in self.process_table().values():
            try:
                if process.parent == postmaster and self.tool.facts(process.pid)["suspended"]:
                    self.tool.kill(process.pid)
            except ProcessLookupError:
                pass

    def postmaster_is_gone(self):
        return self.postmaster() not in self.process_table()

    def processes(self):
        self._ask_roles()
        return super().processes()

    def _ask_roles(self):
        """The server alone knows what a postgres.exe is; while it is down, what it said last counts."""
        try:
            if self.monitor is None:
                self.monitor = self.connect()
            self.roles = {r.pid: r.role for r in self.monitor.query(ROLES)}
        except (pq.Error, OSError):
            if self.monitor is not None:
                self.monitor.close()
                self.monitor = None

    def role_of(self, process, every):
        if process.program.lower() != "sandbox_host.exe":
            return self.roles.get(process.pid)
        up = every.get(process.parent)
        return "worker" if up and up.program == process.program else "broker"

    def scratch_folders(self):
        """The temporary folder of the account that runs the server."""
        users = os.path.join(ROOM, "prefix/drive_c/users")
        found = {}
        for user in os.listdir(users):
            folder = os.path.join(users, user, "AppData/Local/Temp")
            if os.path.isdir(folder):
                found[user + "/Temp/"] = folder
        return found


def wine(*command, **options):
    """Run a program of the room; its result, as subprocess.run gives it."""
    return subprocess.run([RUN, *command], capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, **options)
