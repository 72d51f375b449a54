"""Hello, pairing, frames out of turn, and one job from end to end."""
from host import *

tap = Tap()
SAME = "def transform(df):\n    return df\n"

with Host() as h:
    tap.equal(h.said, "ready", "the broker says ready to its launcher")

    j = h.job(SAME).row()
    answer = j.answer()
    j.wait()
    tap.ok(j.started, "a job starts", j.refused)
    tap.walls(j.walls, "all walls are enforced for it")
    tap.equal(answer[-1][0] if answer else None, DONE, "it ends in done")
    tap.ok(any(k == CHUNK and p[:4] == b"\x01\0\0\0" for k, p in answer),
           "its row comes back", answer)
    tap.ok(j.exit and j.exit.reason == "normal" and j.exit.detail == 0,
           "its worker exits with 0", j.exit and vars(j.exit))
    tap.ok(not alive(j.pid), "which is said when the worker is gone")

    j = h.job(SAME, order=("data", "control")).row()
    tap.equal(j.answer()[-1][0], DONE, "the data connection may come first")
    j.wait()

    token = secrets.token_bytes(16)
    c, d = Link(h.path), Link(h.path)
    c.send(hello(CONTROL, token) + job())
    d.send(hello(DATA, secrets.token_bytes(16)))
    token_pair = Link(h.path)
    token_pair.send(hello(DATA, token) + task(SAME) +
                    schema_of([("a", "l")]) + frame(END))
    tap.equal(token_pair.frames()[-1][0], DONE,
              "the token decides which connections belong together")
    tap.ok(c.frames()[-1][0] == EXIT, "and the other connection got nothing")
    d.close()

    twin = [Link(h.path) for _ in range(2)]
    t2 = secrets.token_bytes(16)
    twin[0].send(hello(CONTROL, t2))
    h.status()
    twin[1].send(hello(CONTROL, t2))
    tap.ok(twin[1].closed(), "a second hello with the same token is dropped")

    good = hello(CONTROL, secrets.token_bytes(16))
    for what, data in [
            ("garbage", b"GET / HTTP/1.1\r\n\r\n"),
            ("a job before hello", job()),
            ("another protocol", frame(HELLO, struct.pack(
                "<III", MAGIC, 99, CONTROL) + bytes(16))),
            ("an unknown role", frame(HELLO, struct.pack(
                "<III", MAGIC, VERSION, 9) + bytes(16))),
            ("a short hello", frame(HELLO, b"xx")),
            ("a long control frame", good + struct.pack("<IB3x", 60000, JOB)),
            ("a header over the limit", struct.pack("<IB3x", 2**32 - 1, 1)),
            ("a job without limits", good + job(wall_ms=0)),
            ("a task on control", good + task(SAME)),
            ("two jobs", good + job() + job()),
            ("broker's own frames", good + frame(EXIT, bytes(48))),
            ("kill without a job", good + frame(KILL))]:
        link = Link(h.path)
        link.send(data)
        tap.ok(link.closed(), "%s ends the connection" % what)

    rows = h.status()
    tap.equal(sorted(n for n, r in rows.items() if r[2]), sorted(WALLS),
              "status names every wall")
    tap.walls(h.enforced(), "and all is well")
    tap.ok((WINDOWS or "Landlock" in rows) and "system" in rows and
           "host" in rows, "status has facts about this system", rows.keys())

    idle = [Link(h.path) for _ in range(100)]
    tap.ok(wait_until(lambda: "too many connections" in h.log_text(),
                      "the cap"), "connections without a job are capped")
    for link in idle:
        link.close()
    j = None

    def again():
        try:
            return h.job(SAME).row().wait().exit
        except (BrokenPipeError, ConnectionResetError):
            return None
    tap.ok(wait_until(again, "a job after the flood"),
           "and jobs run when they are gone")
    status, left = h.stop()
    tap.equal((status, left), (0, False), "end of the lifeline ends it, and "
              "no socket is left")

# Two at one address; a stale socket; something else in the way.
with Host() as h:
    other = subprocess.run([BINARY, "--listen", h.path, "--venv", VENV,
                            "--driver", DRIVER], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True)
    tap.ok(other.returncode != 0 and "another program" in other.stderr,
           "a second broker at the same address refuses", other.stderr)
    with open(h.dir + "/file", "w"):
        pass
    other = subprocess.run([BINARY, "--listen", h.dir + "/file", "--venv",
                            VENV, "--driver", DRIVER],
                           stdin=subprocess.DEVNULL, capture_output=True,
                           text=True)
    tap.ok(other.returncode != 0 and os.path.exists(h.dir + "/file") and
           ("pipe" if WINDOWS else "not a socket") in other.stderr,
           "a file in its place is left alone", other.stderr)

with Host("--venv", "/nonexistent", wait=False) as h:
    tap.ok(h.hear().startswith("failed: "), "a broker that cannot load "
           "Python says so")
    tap.ok(h.process.wait(PATIENCE) != 0, "and exits")
tap.done()
