"""Limits, cancelling, queueing: how jobs are made to end."""
from host import *

tap = Tap()
SAME = "def transform(df):\n    return df\n"
SPIN = "def transform(df):\n    while True:\n        pass  # SPIN\n"
EAT = ("def transform(df):\n    held = []\n    while True:\n"
       "        held.append('x' * 1000000 + str(len(held)))  # EAT\n")

with Host("--workers", "2", "--max-workers", "2") as h:
    j = h.job(SPIN, wall_ms=400).row().wait()
    tap.equal(j.exit.reason, "wall_time", "wall time ends a job")
    tap.ok(j.exit.limit == 400 and 400 <= j.exit.used < 5000,
           "with limit and use", vars(j.exit))
    tap.ok(len(j.usage) >= 2, "usage was reported meanwhile", j.usage)

    j = h.job(SPIN, cpu_ms=300).row().wait()
    tap.equal(j.exit.reason, "cpu_time", "CPU time ends a job")
    tap.ok(j.exit.limit == 300 and j.exit.used >= 300, "with limit and use",
           vars(j.exit))

    j = h.job(EAT, memory=64 * MB).row()
    answer = j.answer()
    j.wait()
    tap.ok((j.exit.reason == "normal" and answer and
            answer[-1][0] in (ERROR, DONE)) or j.exit.reason == "memory",
           "memory over the limit is refused or ends the job",
           vars(j.exit), [(k, p[:200]) for k, p in answer])
    tap.ok(30 * MB < j.exit.peak < 200 * MB, "and its peak is known",
           j.exit.peak)

    j = h.job(SPIN).row().wait_started()
    begin = time.monotonic()
    j.control.send(frame(KILL))
    j.wait()
    took = time.monotonic() - begin
    tap.equal(j.exit.reason, "cancelled", "a kill ends a job")
    tap.ok(took < 2, "at once", took)
    tap.ok(not alive(j.pid), "and its worker")

    j = h.job(SPIN).row().wait_started()
    j.control.close()
    tap.ok(wait_until(lambda: not alive(j.pid), "death of the worker"),
           "a closed control connection ends the worker")

    j = h.job(SPIN).row().wait_started()
    kill(j.pid)
    j.wait()
    tap.equal(j.exit.reason, "killed",
              "a kill from outside is an infrastructure fault")

    running = [h.job(SPIN).row().wait_started() for _ in range(2)]
    queued = [h.job(SAME).row() for _ in range(3)]
    gone = h.job(SAME).row()
    h.status()
    tap.equal(len([w for w in h.workers() if w in
                   [r.pid for r in running]]), 2, "two jobs run")
    gone.close()
    running[0].control.send(frame(KILL))
    running[0].wait()
    for q in queued:
        q.wait()
    tap.ok(all(q.exit and q.exit.reason == "normal" for q in queued),
           "jobs over the limit wait for their turn")
    running[1].control.send(frame(KILL))
    running[1].wait()

    cancel = [h.job(SPIN).row().wait_started() for _ in range(2)]
    q = h.job(SAME).row()
    q.control.send(frame(KILL))
    q.wait()
    tap.ok(q.exit and q.exit.reason == "cancelled" and not q.started,
           "a waiting job can be cancelled")
    for c in cancel:
        c.close()

    j = h.job(None)
    j.data.close()
    j.wait()
    tap.ok(j.exit and j.exit.reason == "normal" and j.exit.detail != 0,
           "a data connection that breaks ends the worker with a failure",
           j.exit and vars(j.exit))

    def ticks():
        return cpu_time(h.process.pid), [cpu_time(p) for p in
                                          descendants(h.process.pid)]

    def rests():
        begin = ticks()
        time.sleep(1)   # the absence of work cannot be waited for
        return ticks() == begin
    # the worker that replaces the last one may still be warming up
    if system.KNOWS_CPU_TIME:
        tap.ok(any(rests() for _ in range(5)), "an idle host uses no CPU")
    else:
        tap.skip("an idle host uses no CPU", "unverified on this system")
tap.done()
