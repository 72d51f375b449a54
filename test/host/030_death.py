"""kill -9 of any process leaves no orphan, no socket, no shared memory."""
import glob
from host import *

tap = Tap()
SAME = "def transform(df):\n    return df\n"
SPIN = "def transform(df):\n    while True:\n        pass  # SPIN\n"


def segments():
    """But those of servers that run beside us, which come and go."""
    with open("/proc/sysvipc/shm") as f:
        return len([line for line in f if line.split()[3] != "56"])


def shared_memory():
    return sorted(n for n in os.listdir("/dev/shm")
                  if not n.startswith(("PostgreSQL.", "transform-")))


def litter():
    if WINDOWS:     # a worker's directory has its broker's number; others' live
        folder, here = tempfile.gettempdir(), system.tool().table()
        return [n for n in os.listdir(folder) if n.startswith("transform-worker-")
                and int(n.split("-")[2], 16) not in here]
    return (segments(), sorted(glob.glob("/tmp/sandbox_probe_*")),
            shared_memory())


if WINDOWS:     # the same for what was killed before this test
    with Host():
        pass
before = litter()
with Host() as h:
    def again():
        return h.job(SAME).row().wait().exit

    if WINDOWS:
        tap.skip("the zygote's death", "no zygote there")
    else:
        j = h.job(SPIN).row().wait_started()
        below = descendants(h.process.pid)
        kill(h.zygote())
        j.wait()
        tap.equal(j.exit.reason, "killed", "the zygote's death ends its jobs "
                  "as infrastructure faults")
        tap.ok(wait_until(lambda: not any(map(alive, below)),
                          "the end of all"), "and all its workers")
        tap.equal(wait_until(again, "a new zygote").reason, "normal",
                  "a job that comes meanwhile runs in a new zygote")

    waiting = wait_until(h.workers, "warm workers")
    kill(waiting[0])
    # a job that is given to it before the broker knows is refused, and its
    # runner comes again
    tap.equal(wait_until(again, "another worker").reason, "normal",
              "the death of an idle worker harms nobody")
    tap.equal(h.stop(), (0, False), "and the broker ends in order")

if WINDOWS:
    tap.skip("the death of a zygote that is not ready yet", "no zygote there")
else:
    h = Host(wait=False)
    kill(wait_until(h.zygote, "a zygote"))
    tap.equal(h.hear(), "ready", "the death of a zygote that is not ready yet"
              " is no failure of the host")
    h.stop()

h = Host()
j = h.job(SPIN).row().wait_started()
below = descendants(h.process.pid)
tap.ok(len(below) >= 2, "processes are below it", below)
kill(h.process.pid)
h.process.wait(PATIENCE)
tap.ok(wait_until(lambda: not any(map(alive, below)), "the end of all"),
       "the broker's death takes all with it")
# frames() returns at the end of the connection and raises without one; a
# broker that was killed cannot have said how the worker ended
tap.ok(all(kind != EXIT for kind, _ in j.control.frames()),
       "its clients see the end, and no word of how it came")
h.lifeline.close()
stale = h.path
again = subprocess.Popen([BINARY, "--listen", stale, "--venv", VENV,
                          "--driver", DRIVER, "--service"],
                         stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def connects():
    try:
        return Job(stale, SAME).row().wait().exit
    except (ConnectionRefusedError, FileNotFoundError):
        return None


tap.ok(wait_until(connects, "a new broker"),
       "the next one takes over the socket that was left")
below = descendants(again.pid)
system.ask_to_end(again)
status = again.wait(PATIENCE)
if WINDOWS:
    tap.skip("a service ends when it is told to",
             "no signal there; test/windows has the service")
else:
    tap.equal(status, 0, "a service ends when it is told to")
tap.ok(wait_until(lambda: not any(map(alive, below)), "the end of all"),
       "with all that is below it")
tap.ok(not system.listening(stale), "and removes its socket")
h.log.close()
shutil.rmtree(h.dir)
if WINDOWS:
    # it was killed: what its workers worked in is cleared by the next
    with Host("--workers", "1"):
        pass
tap.equal(litter(), before, "no segment, no file, no shared memory is left")
tap.done()
