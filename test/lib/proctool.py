"""Windows processes, for the test programs: the client of
test/windows/proctool.c.  Works inside Windows and, with a prefix that runs
Windows programs, from outside.
"""
import subprocess
import threading


class Process:
    """A live process; `start` tells it from a later one with its number."""
    __slots__ = ("pid", "parent", "start", "program", "title", "state")

    def __init__(self, line):
        pid, parent, start, self.program, self.title = line.split("\t")
        self.pid, self.parent, self.start, self.state = int(pid), int(parent), int(start), "R"

    def __repr__(self):
        return "%d<%d %s" % (self.pid, self.parent, self.title or self.program)


class ProcTool:
    def __init__(self, command):
        self.lock = threading.Lock()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, encoding="utf-8", errors="replace")

    def ask(self, command):
        """The answer's lines; raises OSError when the tool reports an error."""
        with self.lock:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            lines = []
            while True:
                line = self.process.stdout.readline()
                if not line:
                    raise RuntimeError("proctool has gone; status %s" % self.process.poll())
                line = line.rstrip("\r\n")
                if line == ".":
                    break
                lines.append(line)
        for line in lines:
            if line.startswith("error "):
                raise ProcessLookupError("%s: %s" % (command, line))
        return lines

    def table(self):
        """{pid: Process} of every live process."""
        return {p.pid: p for p in map(Process, self.ask("list"))}

    def kill(self, pid):
        """TerminateProcess; ProcessLookupError when there is none."""
        self.ask("kill %d" % pid)

    def handles(self, pid):
        """[(type, access, name)] of what a process holds."""
        return [tuple(line.split("\t")[:3]) for line in self.ask("handles %d" % pid)]

    def facts(self, pid):
        return {name: int(value) for name, value in (line.split("\t") for line in self.ask("facts %d" % pid))}

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
