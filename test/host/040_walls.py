"""The table of walls: each one alone, each one off, and jobs that need them."""
from host import *

tap = Tap()
SAME = "def transform(df):\n    return df\n"


def selftest(*args, prefix=()):
    r = subprocess.run([*prefix, BINARY, "--selftest", "--venv", VENV,
                        "--driver", DRIVER, *args], capture_output=True,
                       text=True, stdin=subprocess.DEVNULL)
    state = {}
    for line in r.stdout.splitlines():
        words = line.split()
        if len(words) > 2 and words[0] in WALLS:
            state[words[0]] = words[2]
    return r, state


r, state = selftest()
if WINDOWS:     # what this system cannot have is unverified, and said
    tap.equal({n: state.get(n) for n in WALLS if WALLS[n] & ALWAYS},
              {n: "yes" for n in WALLS if WALLS[n] & ALWAYS},
              "walls that need no system are proven")
    for wall in [n for n in WALLS if state.get(n) != "yes"]:
        tap.skip("%s is proven" % wall, "unverified on this system")
else:
    tap.equal(state, dict.fromkeys(WALLS, "yes"), "every wall is proven")
tap.equal(r.returncode == 0, all(v == "yes" for v in state.values()),
          "and the self-test says so")
proven = state

# a self-test takes long where every worker loads Python
for wall in ("imports", "resources") if WINDOWS else WALLS:
    if wall == "database":
        continue
    want = dict(proven)
    want[wall] = "off"
    r, state = selftest("--walls-off", wall)
    tap.equal(state, want, "without %s the others hold" % wall)

only_off = [w for w in WALLS if w != "database"]
for wall in ("language",) if WINDOWS else only_off:
    off = ",".join(w for w in only_off if w != wall)
    r, state = selftest("--walls-off", off)
    tap.equal(state.get(wall), "yes", "%s holds alone" % wall)

r, state = selftest("--walls-off", "moat")
tap.ok(r.returncode == 2 and "moat" in r.stderr, "unknown walls are refused")

with Host("--walls-off", "files,network") as h:
    j = h.job(SAME, required=h.enforced() | WALLS["files"]).row().wait()
    tap.ok(j.refused and j.refused[0] == 1 and "files" in j.refused[1],
           "a job that requires a wall that is off is refused", j.refused)
    tap.ok(not j.exit, "and there is nothing else to say")
    rest = h.enforced() & ~WALLS["files"] & ~WALLS["network"]
    j = h.job(SAME, required=rest).row()
    j.wait()
    tap.equal(j.walls, rest, "one that does not require it runs, and is told")
    if not WINDOWS:
        tap.equal(rest, ALL & ~WALLS["files"] & ~WALLS["network"],
                  "these are all the others")
    rows = h.status()
    tap.equal(rows["files"][:2], (2, "off by setting"),
              "status says that it is off")

if WINDOWS:
    tap.done()

# What a running worker holds, seen from outside.
SPIN = "def transform(df):\n    while True:\n        pass  # SPIN\n"
with Host() as h:
    j = h.job(SPIN).row().wait_started()

    def proc(name):
        with open("/proc/%d/%s" % (j.pid, name)) as f:
            return f.read()

    st = dict(l.split(":\t", 1) for l in proc("status").splitlines()
              if ":\t" in l)
    wait_until(lambda: "Seccomp:\t2" in proc("status"), "the filter")
    tap.equal(st["CapEff"].strip("0") + st["CapPrm"].strip("0") +
              st["CapBnd"].strip("0"), "", "no capability")
    tap.equal(st["NoNewPrivs"], "1", "no new privileges")
    tap.equal(st["Threads"], "1", "one thread")
    tap.equal(len(st["NSpid"].split()), 3, "a pid namespace of its own")
    limits = {l[:26].strip(): l[26:].split()[:2]
              for l in proc("limits").splitlines()[1:]}
    for name in ("Max open files", "Max processes", "Max core file size",
                 "Max file size", "Max locked memory"):
        tap.equal(limits[name], ["0", "0"], "%s is 0" % name.lower())
    tap.ok(limits["Max address space"][1] != "unlimited",
           "address space is limited", limits)
    tap.ok(limits["Max cpu time"][1] != "unlimited", "CPU time is limited")
    j.close()

# The last descriptors and the environment need a dumpable process: process
# wall off shows the act works, the proof is the self-test's (6 acts).
tap.done()
