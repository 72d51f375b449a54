"""Where user namespaces are not to be had: what is missing is named, jobs
that require it are refused, the others run."""
from host import *

if WINDOWS:
    print("1..0 # SKIP no namespaces there")
    sys.exit(0)

# In a user namespace whose limit of further ones is 0, without capabilities.
PREFIX = ("unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c",
          "echo 0 > /proc/sys/user/max_user_namespaces && "
          "exec setpriv --ambient-caps=-all --inh-caps=-all \"$@\"", "sh")
SAME = "def transform(df):\n    return df\n"

tap = Tap()
if subprocess.run([*PREFIX, "true"], capture_output=True).returncode != 0:
    if os.environ.get("TESTS_MUST_WORK"):
        tap.ok(False, "this system cannot show it")
        tap.done()
    print("1..0 # SKIP no user namespaces at all")
    sys.exit(0)

with Host(prefix=PREFIX) as h:
    tap.equal(h.said, "ready", "the broker is ready without them")
    rows = h.status()
    tap.equal(rows["network"][0], 0, "the network wall is not enforced")
    tap.ok("remedy" in rows["network"][1], "and a remedy is named", rows)
    tap.equal(rows["user namespaces"][0], 0, "the fact is named too")
    for wall in ("process", "resources", "files", "kernel"):
        tap.equal(rows[wall][0], 1, "%s is enforced" % wall)
    j = h.job(SAME).row().wait()
    tap.ok(j.refused and "network" in j.refused[1],
           "a job that requires all is refused", j.refused)
    j = h.job(SAME, required=ALL & ~WALLS["network"]).row().wait()
    tap.ok(j.exit and j.exit.reason == "normal", "one that does not runs")
    below = descendants(h.process.pid)
    j = h.job("def transform(df):\n    while True:\n        pass  # SPIN\n",
              required=0).row().wait_started()
    below += descendants(h.process.pid)
    os.kill(h.process.pid, 9)
    h.process.wait(PATIENCE)
    tap.ok(wait_until(lambda: not any(map(alive, below)), "the end of all"),
           "the broker's death takes all with it here too")
    shutil.rmtree(h.dir)
tap.done()
