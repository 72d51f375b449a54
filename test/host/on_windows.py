"""What host.py needs of the system, here: named pipes, and test/windows/
proctool.c for what is known of processes.  Runs in Windows' own Python."""
import atexit
import ctypes
import functools
import msvcrt
import os
import secrets
import time
import _winapi

import proctool

NAME = "windows"
# without these no program starts, ours is not an exception
ENVIRONMENT = {n: os.environ[n] for n in ("SystemRoot", "SystemDrive", "WINEPREFIX",
                                          "WINEDLLOVERRIDES", "WINEDEBUG")
               if n in os.environ}

# it tells the asking process's own CPU time for any other
KNOWS_CPU_TIME = not hasattr(ctypes.windll.ntdll, "wine_get_version")

OVERLAPPED, IDENTIFICATION = 0x40000000, 0x00110000     # SECURITY_SQOS_PRESENT too
DUPLEX, FIRST, NO_REMOTE = 3, 0x00080000, 8
FILE_NOT_FOUND, BROKEN, BUSY, NO_DATA, NOT_CONNECTED = 2, 109, 231, 232, 233
GONE = (BROKEN, NO_DATA, NOT_CONNECTED)


class Pipe:
    """An end of a named pipe with what host.py uses of a socket."""

    def __init__(self, handle, patience):
        self.handle, self.patience = handle, patience

    def _finish(self, start):
        """Bytes moved and the buffer; None when the other end has gone."""
        try:
            overlapped, status = start()
            if status == _winapi.ERROR_IO_PENDING and _winapi.WaitForMultipleObjects(
                    [overlapped.event], False, int(self.patience * 1000)) == _winapi.WAIT_TIMEOUT:
                overlapped.cancel()
                raise TimeoutError("nothing for %d s" % self.patience)
            count, status = overlapped.GetOverlappedResult(True)
            return count, overlapped
        except OSError as e:
            if getattr(e, "winerror", None) in GONE:
                return None
            raise

    def recv(self, size):
        done = self._finish(lambda: _winapi.ReadFile(self.handle, size, overlapped=True))
        return bytes(done[1].getbuffer()[:done[0]]) if done else b""

    def sendall(self, data):
        while data:
            done = self._finish(lambda: _winapi.WriteFile(self.handle, data, overlapped=True))
            if done is None:
                raise BrokenPipeError("the other end of the pipe has gone")
            data = data[done[0]:]

    def close(self):
        if self.handle is not None:
            _winapi.CloseHandle(self.handle)
            self.handle = None

    def fileno(self):
        """For subprocess, which duplicates it; the handle is then this descriptor's."""
        descriptor = msvcrt.open_osfhandle(self.handle, 0)
        self.close = functools.partial(os.close, descriptor)
        self.fileno = lambda: descriptor
        return descriptor


def address(_):
    return r"\\.\pipe\transform-test-" + secrets.token_hex(8)


def connect(path, patience):
    end = time.monotonic() + patience
    while True:
        try:
            return Pipe(_winapi.CreateFile(path, _winapi.GENERIC_READ | _winapi.GENERIC_WRITE, 0, 0,
                                           _winapi.OPEN_EXISTING, OVERLAPPED | IDENTIFICATION, 0), patience)
        except OSError as e:
            if e.winerror != BUSY or time.monotonic() > end:
                raise
        try:
            _winapi.WaitNamedPipe(path, 100)
        except OSError:
            pass


def lifeline(patience):
    name = address(None)
    ours = _winapi.CreateNamedPipe(name, DUPLEX | OVERLAPPED | FIRST, NO_REMOTE, 1, 4096, 4096, 0, 0)
    theirs = _winapi.CreateFile(name, _winapi.GENERIC_READ | _winapi.GENERIC_WRITE, 0, 0,
                                _winapi.OPEN_EXISTING, OVERLAPPED, 0)
    return Pipe(ours, patience), Pipe(theirs, patience)


def listening(path):
    try:
        connect(path, 1).close()
        return True
    except FileNotFoundError:
        return False


@functools.lru_cache(maxsize=None)
def tool():
    t = proctool.ProcTool([os.environ["PROCTOOL"]])
    atexit.register(t.close)
    return t


def kill(pid):
    tool().kill(pid)


def ask_to_end(process):
    """There is no signal that asks; a service's stop is test/windows/'s."""
    process.kill()


def alive(pid):
    return pid in tool().table()


def children(pid):
    return sorted(p.pid for p in tool().table().values()
                  if p.parent == pid and "sandbox_host" in p.program)


def cpu_time(pid):
    try:
        return tool().facts(pid)["cpu_us"]
    except ProcessLookupError:
        return 0


def zygote(_):
    return 0


def workers(broker):
    return children(broker)
