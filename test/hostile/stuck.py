"""A worker that keeps the server busy, or waiting, for ever: whoever waits must
get away at once."""
import statistics
import threading
import time

import cluster
import pq
import wire

BAR_SECONDS = 0.1       # the median; one alone may meet a busy machine
WORST_SECONDS = 5.0


def never_reads(worker):
    worker.until_killed()


def never_answers(worker):
    worker.read_input()
    worker.until_gone()


def stops_within(data):
    def play(worker):
        worker.read_input()
        worker.send(data)
        worker.until_gone()
    return play


def slowly(worker):
    """A byte at a time, of a conversation that is honest but has no end."""
    worker.read_input()
    worker.reached.set()
    while True:
        for byte in wire.log("a line"):
            worker.send(bytes([byte]))
            worker.ended.wait(0.001)


def floods(begin, data):
    def play(worker):
        worker.read_input()
        worker.send(begin)
        worker.reached.set()
        while True:
            worker.send(data)
    return play


ROWS = wire.schema(("a", "i"))
STUCK = (
    ("never reads its input", never_reads),
    ("never answers", never_answers),
    ("stops in a header", stops_within(b"\1\0\0")),
    ("stops in a payload", stops_within(wire.log("x" * 1000)[:500])),
    ("stops in a chunk of 64 MB", stops_within(ROWS + wire.frame(wire.CHUNK, b"x" * 100000, wire.MOST_PAYLOAD))),
    ("stops after its rows", stops_within(ROWS + wire.chunk(1, wire.fixed("i", 1)))),
    ("speaks a byte at a time", slowly),
    ("floods the log", floods(b"", wire.log("x" * 100) * 100)),
    ("floods the log with nothing", floods(b"", wire.log("") * 1000)),
    ("floods with chunks of no rows", floods(ROWS, wire.chunk(0, wire.NULLS) * 1000)),
    ("sends rows for ever", floods(wire.schema(("a", "z")), wire.chunk(1, wire.strings(b"x")))))
VALIDATING = (
    ("never answers", never_answers),
    ("floods with findings", floods(b"", wire.finding("x" * 60000, "y" * 60000, "z" * 60000))),
    ("floods the log", floods(b"", wire.log("x" * 60000))),
    ("stops in a finding", stops_within(wire.finding("x" * 1000)[:500])))


class Client(threading.Thread):
    """Runs one statement; .error is the SQLSTATE it ended with."""

    def __init__(self, hostile, *sql, before=""):
        super().__init__(daemon=True)
        self.sql, self.error = sql, None
        self.connection = hostile.cluster.connect()
        self.connection.script("SET client_min_messages = error; " + before)
        self.start()

    def run(self):
        try:
            self.connection.query(*self.sql)
        except pq.Error as e:
            self.error = e.sqlstate

    def finish(self):
        self.join(30)
        alive = self.is_alive()
        if not alive:
            self.connection.close()
        return "it never returned" if alive else self.error


def until_reached(hostile):
    return cluster.wait_for(lambda: hostile.host.worker is not None and hostile.host.worker.reached.is_set()
                            and hostile.host.worker, what="the play to begin")


def let_go(worker, began, delays):
    """The connection is closed; how long after `began`."""
    if not worker.ended.wait(30):
        return ["the server has not let go of the worker"]
    delays.append(worker.ended_at - began)
    return ["let go after %.1f s" % delays[-1]] if delays[-1] > WORST_SECONDS else []


def cancel_job(hostile, play, how, delays):
    c = hostile.connection()
    hostile.host.worker = None
    job = hostile.submit(c, play, "big")
    worker = until_reached(hostile)
    began = time.monotonic()
    if how == "transform_cancel":
        c.query("SELECT transform_cancel($1)", job)
    else:
        c.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'transform runner%'")
    faults = let_go(worker, began, delays)
    state, row = hostile.outcome(c, job)
    if (state, row.sqlstate) != ("cancelled", "57014"):
        faults.append("%s with %s" % (state, row.sqlstate))
    if c.value("SELECT to_regclass('out')") is not None:
        faults.append("a table is left")
    return faults


def cancel_client(hostile, play, how, delays, sql):
    """A client's own statement: by the stop button, and by statement_timeout."""
    hostile.host.worker, hostile.host.play = None, play
    timed = how == "statement_timeout"
    client = Client(hostile, *sql, before="SET statement_timeout = '300ms'" if timed else "")
    if timed:
        error = client.finish()
        faults = [] if hostile.host.worker is None or hostile.host.worker.ended.wait(30) else ["not let go"]
    else:
        worker = until_reached(hostile)
        began = time.monotonic()
        hostile.connection().query("SELECT pg_cancel_backend($1)", client.connection.pid)
        faults = let_go(worker, began, delays)
        error = client.finish()
    hostile.host.play = wire.HONEST
    return faults + ([] if error == "57014" else ["ended with %s" % error])


def status(hostile):
    """The same for the control connection, of a broker that fails."""
    rows = "SELECT count(*) FROM transform_sandbox_status()"
    for name, play in (("garbage", b"\xff" * 100), ("nothing", b""), ("a frame of another kind", wire.frame(wire.DONE)),
                       ("half a row", wire.frame(wire.STATUS_ROW, b"x" * 50)[:30]),
                       ("a row of the wrong shape", wire.frame(wire.STATUS_ROW, b"x" * 50)),
                       ("a row beyond the buffer", wire.frame(wire.STATUS_ROW, length=1 << 20))):
        hostile.host.status = play
        with hostile.cluster.connect() as c:
            count = c.value(rows)
        hostile.report("status: %s" % name, hostile.unharmed() + ([] if count >= 8 else ["%d rows" % count]))
    held = []
    hostile.host.status = lambda sock: held.append(sock.recv(1))
    client = Client(hostile, rows, before="SET statement_timeout = '100ms'")
    error = client.finish()
    hostile.report("status: no answer", hostile.unharmed() + ([] if error == "57014" else ["ended with %s" % error]))
    hostile.host.status = None


def run(hostile, only):
    delays = []
    preview = ("SELECT count(*) FROM transform_preview('s', 'big', 1000)",)
    validate = ("SELECT count(*) FROM transform_validate('def transform(df): return df')",)
    trials = [("job, %s: %s" % (how, name), cancel_job, (play, how, delays))
              for name, play in STUCK for how in ("transform_cancel", "pg_cancel_backend")]
    trials += [("%s, %s: %s" % (what, how, name), cancel_client, (play, how, delays, sql))
               for what, sql, plays in (("preview", preview, STUCK), ("validate", validate, VALIDATING))
               for name, play in plays for how in ("cancel", "statement_timeout")
               if play != never_reads or what != "preview"]
    print("# %d ways to be stuck" % len(trials))
    for name, trial, arguments in trials:
        if only and only not in name:
            continue
        try:
            faults = trial(hostile, *arguments)
            faults += hostile.honest_job(hostile.connection())
        except (pq.Error, TimeoutError) as e:
            hostile.connections.clear()
            faults = [str(e)]
        hostile.report(name, faults + hostile.memory() + hostile.unharmed())
    if not only:
        status(hostile)
    if delays:
        middle, worst = statistics.median(delays), max(delays)
        print("# a cancel gets through after %.0f ms (median), %.0f ms (worst of %d)"
              % (1000 * middle, 1000 * worst, len(delays)))
        hostile.report("a cancel gets through within %d ms" % (1000 * BAR_SECONDS),
                       [] if middle <= BAR_SECONDS else ["median %.0f ms" % (1000 * middle)])
