"""What host.py needs of the system, here: Unix sockets and /proc."""
import os
import signal
import socket
import subprocess

NAME = "posix"
ENVIRONMENT = {}
KNOWS_CPU_TIME = True


def address(folder):
    return os.path.join(folder, "s")


def connect(path, patience):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(patience)
    s.connect(path)
    return s


def lifeline(patience):
    """Two ends: ours, with recv and close, and one for the broker's standard input."""
    ours, theirs = socket.socketpair()
    ours.settimeout(patience)
    return ours, theirs


def listening(path):
    """Something is at that address, alive or not."""
    return os.path.exists(path)


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def ask_to_end(process):
    """What a service manager does."""
    process.terminate()


def stat_field(pid, field):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[field]
    except OSError:
        return None


def alive(pid):
    return stat_field(pid, 0) not in (None, "Z", "X")


def children(pid):
    out = []
    for p in os.listdir("/proc"):
        if p.isdigit() and stat_field(int(p), 1) == str(pid) and \
                alive(int(p)):
            out.append(int(p))
    return sorted(out)


def cpu_time(pid):
    """In some unit that grows with every bit of work."""
    return sum(int(stat_field(pid, f) or 0) for f in (11, 12))


def zygote(broker):
    """Its process number: the broker's only child."""
    return (children(broker) or [0])[0]


def workers(broker):
    return children(zygote(broker))
