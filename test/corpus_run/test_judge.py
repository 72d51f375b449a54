"""The judgement rules tried one by one, so that a harness which calls
everything a pass would be noticed.  Prints TAP."""
import math
import sys

import judge
from judge import Outcome

ESCAPE = {"must": "refused at validate", "os-alone": "denied"}
BOMB = {"must": "killed by limit or refused at run", "limit": "memory 512 MB"}
failed = []


def check(name, got, wanted):
    print("%s - judge: %s" % ("ok" if got == wanted else "not ok", name))
    if got != wanted:
        print("# got %r, wanted %r" % (got, wanted))
        failed.append(name)


def verdict(headers, os_alone=False, **known):
    return judge.judge_escape(headers, Outcome(**known), os_alone)[0]


def leak(value, **more):
    return dict(point="accepted", columns=["a", "leak"], rows=[(1, value)], rows_written=1, **more)


check("stopped at its must passes", verdict(ESCAPE, point="refused at validate"), "pass")
check("stopped later than its must fails", verdict(ESCAPE, point="refused at run"), "late")
check("the latest alternative counts", verdict({"must": "refused at run or harmless"}, point="accepted", rows_written=0), "pass")
check("killed ranks with refused at run", verdict({"must": "refused at run"}, point="killed by limit"), "pass")
check("a leak is an escape", verdict({"must": "harmless"}, **leak("secret")), "escaped")
check("an empty leak is none", verdict({"must": "harmless"}, **leak(None)), "pass")
check("a canary is an escape, whatever was said",
      verdict(ESCAPE, point="refused at validate", side_effects=["canary"]), "escaped")
check("success with rows missing is an escape",
      verdict({"must": "harmless"}, point="accepted", columns=["a"], rows=[], rows_written=1), "escaped")
check("no outcome is a fault", verdict(ESCAPE, fault="timeout"), "fault")
check("walls off: denied must not leak", verdict(ESCAPE, True, **leak("x")), "escaped")
check("walls off: contained may", verdict(dict(ESCAPE, **{"os-alone": "contained"}), True, **leak("x")), "pass")
check("walls off: contained may leave no canary",
      verdict(dict(ESCAPE, **{"os-alone": "contained"}), True, side_effects=["canary"], **leak("x")), "escaped")
check("walls off: killed must not end well",
      verdict(dict(ESCAPE, **{"os-alone": "killed"}), True, point="accepted", rows_written=0), "late")


def bomb(headers=BOMB, next_job=0.1, **known):
    return judge.judge_resource(headers, Outcome(next_job=next_job, **known))[0]


check("a bomb that ends by its limit passes",
      bomb(point="killed by limit", message="memory limit of 512 MB exceeded"), "pass")
check("by another limit, fails", bomb(point="killed by limit", message="wall time limit of 60 s"), "late")
check("a MemoryError passes", bomb(point="refused at run", message="MemoryError"), "pass")
check("another error does not", bomb(point="refused at run", message="NameError: x"), "late")
check("a slow next job fails", bomb(next_job=1.5, point="killed by limit", message="memory"), "late")
check("no next job fails", bomb(next_job=None, point="killed by limit", message="memory"), "late")
check("what must be accepted is", bomb({"must": "accepted"}, point="refused at output"), "late")

HERE = {"machine": "x86_64", "py": (3, 11), "pandas": (3, 1), "numpy": (2, 4)}
check("needs: linux", judge.unmet("linux", HERE), None)
check("needs: windows", judge.unmet("windows", HERE), "windows")
check("needs: py>=3.14", judge.unmet("py>=3.14", HERE), "py>=3.14")
check("needs: pandas>=3", judge.unmet("pandas>=3", HERE), None)
check("plain NaN is NULL", judge.plain(math.nan), None)
check("1 is not 1.0 as text", judge.same("1.0", 1.0), False)
check("a bool is no integer", judge.same(1, True), False)
check("floats exactly", judge.same(0.1 + 0.2, 0.3), False)
sys.exit(1 if failed else 0)
