"""A sandbox_host that speaks the control connection as it must and plays a
taken-over worker on the data connection.

A play is bytes, sent once the input has been read, or a function of the Worker.
"""
import contextlib
import os
import socket
import struct
import threading
import time

import wire

ALL_WALLS = 0xff


class Gone(Exception):
    """The server has closed the connection."""


class Worker:
    """The hostile end of a data connection."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""
        self.reached = threading.Event()    # a play says that it is where it wants to be
        self.ended = threading.Event()
        self.ended_at = None

    def send(self, *frames):
        try:
            for data in frames:
                self.sock.sendall(data)
        except OSError:
            raise Gone from None

    def _take(self, size):
        while len(self.buffer) < size:
            try:
                more = self.sock.recv(1 << 20)
            except OSError:
                more = b""
            if not more:
                raise Gone
            self.buffer += more
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def frame(self):
        length, kind = struct.unpack("<IB3x", self._take(8))
        return kind, self._take(length)

    def read_task(self):
        return self.frame()

    def read_input(self):
        """Up to its END; a validation has none."""
        kind, task = self.read_task()
        while kind != wire.END and b'"action": "validate"' not in task:
            kind, _ = self.frame()

    def until_gone(self):
        """Say nothing more; return when the server has closed the connection."""
        self.reached.set()
        with contextlib.suppress(Gone):
            while True:
                self._take(len(self.buffer) + 1)

    def until_killed(self):
        """The same without reading a byte that was sent."""
        self.reached.set()
        self.ended.wait()


class FakeHost:
    def __init__(self, path):
        self.path = path
        self.plays = {}             # job id -> play; 0: validation and preview
        self.play = wire.HONEST
        self.status = None          # bytes on control instead of the usual answer to STATUS
        self.exit = (1, 0)          # reason and detail
        self.waiting = {}           # token -> the half that came first
        self.lock = threading.Lock()
        self.worker = None          # of the last job
        self.peaks = {}             # pid -> the most memory seen, in bytes
        self.faults = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen(200)
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        """The most resident memory of each process that has ever connected."""
        alive = set()
        while self.listener.fileno() >= 0:
            with self.lock:
                alive |= {pid for pid, peak in self.peaks.items() if peak == 0}
            for pid in list(alive):
                peak = memory_of(pid, "VmHWM")
                if peak is None:
                    alive.discard(pid)
                    continue
                with self.lock:
                    if pid in self.peaks:
                        self.peaks[pid] = max(self.peaks[pid], peak)
            time.sleep(0.01)        # allow-sleep: a sampler

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._greet, args=(sock,), daemon=True).start()

    def close(self):
        self.listener.close()

    def _greet(self, sock):
        pid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        with self.lock:
            self.peaks.setdefault(pid, 0)
        half = Worker(sock)
        try:
            _, hello = half.frame()
            role, token = struct.unpack("<I", hello[8:12])[0], hello[12:]
            if role == wire.CONTROL:
                kind, payload = half.frame()
                if kind == wire.STATUS:
                    return self._answer_status(sock)
                half.job = struct.unpack("<Q", payload[:8])[0]
            half.role = role
            with self.lock:
                other = self.waiting.pop(token, None)
                if other is None:
                    self.waiting[token] = half
                    return
        except Gone:
            return
        control, data = (half, other) if role == wire.CONTROL else (other, half)
        self._converse(control, data)

    def _answer_status(self, sock):
        with contextlib.suppress(OSError):
            if self.status is None:
                sock.sendall(b"".join(
                    wire.frame(wire.STATUS_ROW, wire.u32(1 << n, 1) + wire.text("wall") + wire.text("fake"))
                    for n in range(8)) + wire.frame(wire.STATUS_END))
            elif callable(self.status):
                self.status(sock)
            else:
                sock.sendall(self.status)
            sock.close()

    def _converse(self, control, data):
        threading.Thread(target=self._control, args=(control, data), daemon=True).start()
        with contextlib.suppress(OSError):
            control.sock.sendall(wire.frame(wire.STARTED, wire.u32(ALL_WALLS, os.getpid()) +
                                            wire.text("fake 1")))
        play = self.plays.pop(control.job, self.play)
        self.worker = data
        try:
            if callable(play):
                play(data)
            else:
                data.read_input()
                data.send(play)
                data.sock.shutdown(socket.SHUT_WR)
        except (Gone, OSError):
            pass
        except Exception as e:                                      # a fault of the test itself
            self.faults.append(repr(e))
            raise
        data.ended_at = time.monotonic()
        data.ended.set()
        with contextlib.suppress(OSError):
            data.sock.close()
        self._send_exit(control)

    def _send_exit(self, control):
        with self.lock, contextlib.suppress(OSError):
            if not getattr(control, "said", False):
                control.said = True
                control.sock.sendall(wire.frame(wire.USAGE, bytes(24)) + wire.frame(
                    wire.EXIT, struct.pack("<IiQQQQQ", *self.exit, 0, 0, 0, 0, 0)))

    def _control(self, control, data):
        """KILL or its end: the worker is gone."""
        with contextlib.suppress(Gone):
            while control.frame()[0] != wire.KILL:
                pass
        data.ended_at = data.ended_at or time.monotonic()
        with contextlib.suppress(OSError):
            data.sock.shutdown(socket.SHUT_RDWR)
        data.ended.set()
        self._send_exit(control)
        data.ended.wait()
        with contextlib.suppress(Gone):
            while True:
                control.frame()
        control.sock.close()


def memory_of(pid, what="VmRSS"):
    try:
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith(what + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None
