"""A worker that cannot rebuild what the self-test proved gets no job."""
from host import *

if WINDOWS:
    print("1..0 # SKIP no namespaces there")
    sys.exit(0)

# The broker in a user namespace of ours, and beside it a process that can
# forbid further pid namespaces when it is told to.
FIFO = tempfile.mktemp(prefix="sandbox_host_test_")
PREFIX = ("unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c",
          "f=$1; shift; (read x < $f || exit; "
          "echo 0 > /proc/sys/user/max_pid_namespaces; echo done > $f) & "
          "exec setpriv --ambient-caps=-all --inh-caps=-all \"$@\"", "sh",
          FIFO)
SAME = "def transform(df):\n    return df\n"

tap = Tap()
os.mkfifo(FIFO)
try:
    if subprocess.run(PREFIX[:4] + ("true",),
                      capture_output=True).returncode != 0:
        if os.environ.get("TESTS_MUST_WORK"):
            tap.ok(False, "this system cannot show it")
            tap.done()
        print("1..0 # SKIP no user namespaces at all")
        sys.exit(0)
    with Host("--workers", "1", prefix=PREFIX) as h:
        tap.equal(h.said, "ready", "ready in a nested namespace")
        tap.equal(h.status()["process"][0], 1, "with the process wall proven")
        j = h.job(SAME).row().wait()
        tap.ok(j.exit and j.exit.reason == "normal", "jobs run", j.refused)
        with open(FIFO, "w") as f:
            f.write("now\n")
        with open(FIFO) as f:
            f.read()
        # Workers that are there already have their namespace: use them up.
        answers = []

        def refused():
            answers.append(h.job(SAME).row().wait())
            return answers[-1].refused
        tap.ok(wait_until(refused, "a refusal"), "then a job is refused")
        j = answers[-1]
        tap.ok(j.refused[0] == 1 and "process" in j.refused[1],
               "for the wall that could not be rebuilt", j.refused)
        tap.equal((j.started, j.exit), (None, None), "before it started")
        tap.equal(j.answer(), [], "and without a byte from the worker")
finally:
    # Whoever still waits at the fifo is let go by an opened and closed end.
    os.close(os.open(FIFO, os.O_RDWR | os.O_NONBLOCK))
    os.unlink(FIFO)
tap.done()
