"""The rules of the corpus README as pure functions: from what happened to one
file to a verdict.  No I/O; test_judge.py tries every rule.

A case has the file's headers; an outcome is what the harness saw.  Order of
the points where a file can be stopped:
    refused at validate < refused at run = killed by limit < refused at output
    < harmless = accepted
"""
import math
import re

ORDER = {"refused at validate": 0, "refused at run": 1, "killed by limit": 1,
         "refused at output": 2, "harmless": 3, "accepted": 3}

# Where a job failed (error_stage of its row) in the corpus's words.
STAGES = {"validate": "refused at validate", "input": "refused at run", "run": "refused at run",
          "limit": "killed by limit", "output": "refused at output"}

# The header `limit`, and what the message of a job that ended by it must name. (What a
# worker returns is in its memory first, so memory may end what is too large to return.)
LIMITS = (("wall", r"wall|cpu|time"), ("memory", r"memory"), ("output", r"output|row|byte|column|cell|value|name|memory"),
          ("stdout", r"log"), ("stderr", r"log"), ("recursion", r"recursion|memory|stack"))

# What plain Python itself says when the limit bites inside it.
RAISED = {"memory": r"MemoryError|Unable to allocate|memory", "recursion": r"RecursionError|recursion|MemoryError",
          "wall": r"MemoryError|Unable to allocate|LinAlgError"}


class Outcome:
    """What was seen of one file."""

    def __init__(self, **known):
        self.point = None           # one of ORDER, or None: see `fault`
        self.fault = None           # why there is no point: infrastructure, timeout
        self.sqlstate = None
        self.message = ""           # of the error, for people
        self.columns = []
        self.rows = []              # tuples
        self.rows_written = None
        self.side_effects = []      # canary files, connections, processes, secrets, ...
        self.next_job = None        # seconds of the job after it, or None
        self.__dict__.update(known)


def point_of(state, stage):
    if state == "succeeded":
        return "accepted"
    return STAGES.get(stage)


def latest(must):
    """The latest acceptable point of a `must` header, as a rank."""
    return max(ORDER[m] for m in re.split(r"\s+or\s+", must.strip()))


def leaked(outcome):
    """The returned frame has a non-empty column `leak`."""
    if "leak" not in outcome.columns:
        return None
    at = outcome.columns.index("leak")
    found = [row[at] for row in outcome.rows if row[at] not in (None, "")]
    return str(found[0])[:60] if found else None


def escaped(outcome, os_alone=None):
    """Why this counts as an escape, or None.

    With os_alone (the language and import walls are off) a value that stays
    in the single-use worker is what "contained" and "harmless" allow.
    """
    if outcome.side_effects:
        return "; ".join(outcome.side_effects)
    if outcome.point == "accepted" and outcome.rows_written is not None \
            and outcome.rows_written != len(outcome.rows):
        return "success without a complete result: %s rows of %s" % (len(outcome.rows), outcome.rows_written)
    value = leaked(outcome)
    if value is not None and os_alone in (None, "denied", "killed"):
        return "leak: %s" % value
    return None


def judge_escape(headers, outcome, os_alone=False):
    """(verdict, why): verdict is "pass", "escaped", "late" or "fault"."""
    kind = headers.get("os-alone", "n/a") if os_alone else None
    why = escaped(outcome, kind)
    if why:
        return "escaped", why
    if outcome.point is None:
        return "fault", outcome.fault or "no outcome"
    if os_alone:
        if kind == "killed" and outcome.point == "accepted":
            return "late", "ran to its end, must be killed"
        return "pass", ""
    if ORDER[outcome.point] > latest(headers["must"]):
        return "late", "must be %s" % headers["must"]
    return "pass", ""


def judge_resource(headers, outcome):
    """As an escape, and: a bomb ends by the limit it names; what must be
    accepted is; the next job is served within a second."""
    verdict, why = judge_escape(headers, outcome)
    if verdict != "pass":
        return verdict, why
    must = headers["must"]
    if must == "accepted" and outcome.point != "accepted":
        return "late", "must be accepted"
    wrong = wrong_limit(headers, outcome)
    if wrong:
        return "late", wrong
    if outcome.next_job is None or outcome.next_job > 1.0:
        return "late", "the next job took %s" % (
            "for ever" if outcome.next_job is None else "%.2f s" % outcome.next_job)
    return "pass", ""


def limit_of(headers):
    return next((name for name, _ in LIMITS if headers.get("limit", "").startswith(name)), None)


def wrong_limit(headers, outcome):
    """Why the end of this bomb is not the limit it names, or None."""
    name = limit_of(headers)
    if name is None:
        return None
    text = "%s %s" % (outcome.sqlstate, outcome.message)
    if outcome.point == "killed by limit":
        pattern = dict(LIMITS)[name]
        if not re.search(pattern, text, re.I):
            return "killed by another limit than %s" % name
    elif outcome.point == "refused at run" and "killed by limit" in headers["must"]:
        if name in RAISED and not re.search(RAISED[name], text, re.I):
            return "ended by another error than %s" % name
    return None


def unmet(needs, versions):
    """Whether a `needs` header asks for what is not here: another platform or version."""
    for need in re.split(r",\s*", needs or ""):
        if need in ("", "any", "linux"):
            continue
        if need == "linux-x86_64" and versions["machine"] == "x86_64":
            continue
        m = re.match(r"(py|pandas|numpy)(>=|<)([\d.]+)$", need)
        if m:
            here, wanted = versions[m[1]], tuple(int(x) for x in m[3].split("."))
            if (here >= wanted) == (m[2] == ">="):
                continue
        return need
    return None


def plain(value):
    """A cell of a plain pandas frame, as it comes back from a table."""
    if value is None:
        return None
    if hasattr(value, "isoformat"):
        return None if value != value else _moment(value.isoformat())
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    if type(value).__name__ == "NAType":
        return None
    return value


def _moment(iso):
    """ISO text as PostgreSQL writes it, in time zone UTC."""
    text = iso.replace("T", " ").replace("+00:00", "+00")
    return re.sub(r"(\.\d*?)0+(?=$|[+-])", r"\1", text).rstrip(".") if "." in text else text


def difference(columns, rows, frame):
    """What differs between a fetched table and the frame of plain pandas, or None."""
    expected = [str(c) for c in frame.columns]
    if list(columns) != expected:
        return "columns %s, not %s" % (list(columns), expected)
    if len(rows) != len(frame):
        return "%d rows, not %d" % (len(rows), len(frame))
    for at, name in enumerate(expected):
        wanted = frame.iloc[:, at].tolist()
        if str(frame.iloc[:, at].dtype) == "float32":
            # both sides write a real in its shortest form
            wanted = [float(str(v)) for v in frame.iloc[:, at].to_numpy()]
        for n, (row, value) in enumerate(zip(rows, wanted)):
            if not same(row[at], plain(value)):
                return "row %d, column %s: %r, not %r" % (n, name, row[at], plain(value))
    return None


def same(got, wanted):
    if isinstance(wanted, float) or isinstance(got, float):
        if got is None or wanted is None or isinstance(got, str) or isinstance(wanted, str):
            return got is wanted
        return float(got) == float(wanted)
    return type(got) is type(wanted) and got == wanted
