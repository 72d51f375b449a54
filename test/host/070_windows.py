"""Windows: what a worker holds, and refusing where a wall is missing."""
from host import *

if not WINDOWS:
    print("1..0 # SKIP not here")
    sys.exit(0)

tap = Tap()
SAME = "def transform(df):\n    return df\n"
SPIN = "def transform(df):\n    while True:\n        pass  # SPIN\n"
tool = system.tool()

# What every Windows process has of the system: none of it is a way to another
# process, a file of a user or a socket.
OF_THE_SYSTEM = ("Directory", "Event", "KeyedEvent", "Key", "Semaphore",
                 "Mutant", "WindowStation", "Desktop", "IoCompletion",
                 "TpWorkerFactory", "IRTimer", "WaitCompletionPacket",
                 "Timer", "Section", "Thread", "EtwRegistration", "ALPC Port")


def outside(pid, before=()):
    """Handles that are more than the system's own furniture."""
    return [h for h in tool.handles(pid)
            if h[0] not in OF_THE_SYSTEM and h not in before]


with Host() as h:
    # ---- strict mode
    missing = [n for n, bit in WALLS.items() if not h.enforced() & bit]
    j = h.job(SAME, required=ALL).row().wait()
    if missing:
        tap.ok(j.refused and j.refused[0] == 1 and not j.started and
               any(n in j.refused[1] for n in missing),
               "a job that requires all walls is refused, and one that is "
               "missing is named", j.refused, missing)
        rows = h.status()
        for n in missing:
            tap.ok("remedy" in rows[n][1], "%s: not enforced, with a remedy" % n,
                   rows[n])
            tap.skip("%s is enforced" % n, "unverified on this system")
        tap.equal(j.answer(), [], "no worker has seen it")
    else:
        tap.ok(j.started, "all walls hold here, and the job runs", j.refused)

    # ---- handles
    j = h.job(SPIN).row().wait_started()
    idle = wait_until(lambda: [w for w in h.workers() if w != j.pid],
                      "an idle worker")
    found = outside(j.pid)
    processes = [f for f in found if f[0] in ("Process", "Token", "Job")]
    tap.equal(processes, [], "a worker holds no process, token or job")
    files = [f for f in found if f[0] == "File"]
    pipes = [f for f in files if "pipe" in f[2].lower()]
    tap.ok(1 <= len(pipes) <= 2, "its pipes are the channel and its data "
           "connection at most", pipes)
    secret = h.log.name.replace("/", "\\").split("\\")[-1]
    tap.ok(not any(secret == f[2].split("\\")[-1] and f[1] != "120196"
                   and int(f[1], 16) & 1 for f in files),
           "it cannot read what its broker logs", files)
    tap.ok(all("sandbox_host_test" not in f[2] or f[2].endswith("log")
               for f in files), "no file of its broker but the log", files)
    for f in found:
        print("# worker: %s %s %s" % f)
    in_job = tool.facts(j.pid)["in_job"]
    tap.equal(in_job, 1, "it is in a job object")

    # ---- whatever happens to the broker, nothing is left
    below = descendants(h.process.pid)
    tap.ok(len(below) >= 2, "workers live", below)
    kill(h.process.pid)
    h.process.wait(PATIENCE)
    begin = time.monotonic()
    tap.ok(wait_until(lambda: not any(map(alive, below)), "the end of all"),
           "TerminateProcess of the broker takes every worker with it")
    print("# after %.0f ms" % ((time.monotonic() - begin) * 1000))
h.log.close()
shutil.rmtree(h.dir)

# ---- a client that comes while the pipe is being made
h = Host(wait=False)
link = None
while link is None:
    try:
        link = Link(h.path)
    except FileNotFoundError:
        pass
link.send(hello(CONTROL, secrets.token_bytes(16)) + frame(STATUS))
tap.equal(h.hear(), "ready", "the host starts")
tap.ok(any(kind == STATUS_END for kind, _ in link.frames()),
       "its first client is answered though no other one comes")
link.close()
h.stop()
tap.done()
