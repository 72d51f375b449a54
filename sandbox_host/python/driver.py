"""driver.py - serves the one task of a worker: reads it from the wire, checks
or runs the script, sends back findings, log lines, rows, and how it ended.

Runs in workers, after lock-down: it opens no file and imports no module.
_transform_wire is the C side (py_wire.c); tests put a stand-in in its place.
"""
import itertools
import json
import random
import sys
import warnings

import numpy as np

import _transform_wire as wire
import calls
import convert
import guards
import outcome
import policy
import slices
from outcome import JobError

WALL_LANGUAGE = 1 << 0
WALL_IMPORTS = 1 << 2

TASK, END = 32, 35
STDOUT, STDERR, WARNING = 1, 2, 3

MAX_MESSAGE = 2000              # characters of each part of an error
MAX_TRACEBACK = 16000
MAX_DEPTH = 1500                # of Python calls in a script
CO_GENERATOR = 0x20             # a code object's flag: it yields


class Settings:
    """What py_start was told; set once, in the zygote."""
    walls_off = 0


def configure(walls_off, allowed_modules):
    """Called by py_start: which walls are off, and the administrator's extra
    modules."""
    Settings.walls_off = walls_off
    guards.imports_open = bool(walls_off & WALL_IMPORTS)
    guards.allow_modules(allowed_modules)


def quiet():
    """Called before lock-down: a faulty write to the real streams would be
    killed, so there are none until a job brings its own."""
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
    sys.unraisablehook = lambda unraisable: None


# ---- text that leaves the worker ---------------------------------------------

_CONTROL = {i: f"\\x{i:02x}" for i in (*range(32), *range(127, 160))}
_CONTROL.update({9: "\\t", 10: "\\n", 13: "\\r", 0x2028: "\\u2028", 0x2029: "\\u2029"})
_CONTROL.update({i: f"\\u{i:04x}" for i in (*range(0x202a, 0x202f), *range(0x2066, 0x206a))})
_LINES = {k: v for k, v in _CONTROL.items() if k != 10 and k != 9}


def one_line(text, limit=MAX_MESSAGE):
    text = str.__str__(text)
    cut = text[:limit]
    cut = cut.translate(_CONTROL)
    if len(text) > limit:
        cut = cut + f"... ({len(text):,} characters)"
    return _encode(cut)


def many_lines(text, limit):
    return _encode(str.__str__(text)[:limit].translate(_LINES))


def _encode(text):
    return text.encode("utf-8", "backslashreplace")[:60000].decode("utf-8", "ignore").encode()


# ---- log -----------------------------------------------------------------------

class Log:
    """What the script prints and what libraries warn of, as WIRE_LOG frames:
    each of the first lines at once, then in pieces of 4 kB; cut at the limit."""

    PIECE = 4096
    EAGER_LINES = 200

    def __init__(self, limit):
        self.limit = limit
        self.left = limit
        self.parts = []
        self.size = 0
        self.lines = 0
        self.stream = STDOUT

    def write(self, stream, text):
        if self.left <= 0:
            return
        if stream != self.stream:
            self.flush()
            self.stream = stream
        if len(text) > self.left:
            text = text[:self.left]
            closing = True
        else:
            closing = False
        self.parts.append(text)
        self.size += len(text)
        self.left -= len(text)
        if closing or self.left <= 0:
            self.left = 0
            self.flush()
            wire.send_log(WARNING, (
                f"[output cut: log limit transform.job_log_bytes = {self.limit} bytes]\n").encode())
            return
        if "\n" in text:
            self.lines += 1
            if self.lines <= self.EAGER_LINES:
                self.flush()
        if self.size >= self.PIECE:
            self.flush()

    def flush(self):
        if not self.parts:
            return
        text = "".join(self.parts)
        self.parts = []
        self.size = 0
        data = text.replace("\0", "\\x00").encode("utf-8", "backslashreplace")
        for i in range(0, len(data), 60000):
            wire.send_log(self.stream, _whole(data, i, 60000))


def _whole(data, start, size):
    """A piece of UTF-8 that neither begins nor ends inside a character."""
    end = min(len(data), start + size)
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    while start < end and data[start] & 0xC0 == 0x80 and start:
        start += 1
    return data[start:end]


class LogStream:
    """sys.stdout and sys.stderr of a worker."""

    encoding = "utf-8"
    errors = "backslashreplace"
    closed = False

    def __init__(self, log, stream):
        self._log = log
        self._stream = stream

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str")
        self._log.write(self._stream, str.__str__(text))
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False

    def writable(self):
        return True


class Warnings:
    """warnings.showwarning of a worker: each text once per line of the
    script."""

    def __init__(self, log):
        self.log = log
        self.seen = set()

    def show(self, message, category, filename, lineno, file=None, line=None):
        try:
            text = str(message)[:500]
        except Exception:
            text = "?"
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != guards.SCRIPT_FILE:
            frame = frame.f_back
        at = frame.f_lineno if frame is not None else 0
        key = (at, category, text)
        if key in self.seen or len(self.seen) > 1000:
            return
        self.seen.add(key)
        where = f"line {at}: " if at else ""
        self.log.write(WARNING, f"{where}{category.__name__}: {text}\n")

    def install(self):
        warnings.resetwarnings()
        for category in (PendingDeprecationWarning, ImportWarning, ResourceWarning,
                         BytesWarning):
            warnings.simplefilter("ignore", category)
        warnings.showwarning = self.show


# ---- errors ----------------------------------------------------------------------

def _text_of(error):
    """str(error), whatever its class does."""
    try:
        text = str(error)
        return text if isinstance(text, str) else ""
    except BaseException:
        return "(the exception's text cannot be read)"


def exception_line(error):
    """"ValueError: text", whatever the exception's class does."""
    if isinstance(error, guards.PolicyError):
        return f"refused: {error.what}"
    kind = type.__dict__["__name__"].__get__(type(error))
    text = _text_of(error)[:100000]
    return f"{kind}: {text}" if text else kind


def script_traceback(error, source):
    """The frames of the script, innermost last, with their lines, as Python
    shows them, and the exception."""
    lines = source.split("\n")
    out = []
    tb = error.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        if code.co_filename == guards.SCRIPT_FILE:
            n = tb.tb_lineno
            text = lines[n - 1].strip() if n and 0 < n <= len(lines) else ""
            out.append(f'  File "script", line {n}, in {code.co_name}\n    {text[:300]}')
        tb = tb.tb_next
    if len(out) > 20:
        out = out[:10] + [f"  ... {len(out) - 20} more calls ..."] + out[-10:]
    last = exception_line(error)[:MAX_MESSAGE]
    return "\n".join(["Traceback (most recent call last):", *out, last])


def script_line(error):
    """The innermost line of the script that an exception passed."""
    line = 0
    tb = error.__traceback__
    while tb is not None:
        if tb.tb_frame.f_code.co_filename == guards.SCRIPT_FILE:
            line = tb.tb_lineno
        tb = tb.tb_next
    return line


class Job:
    """One run of one script."""

    def __init__(self, task):
        self.source = task["code"].replace("\r\n", "\n")
        self.shape = task.get("shape") or "table"
        self.backend = task.get("backend") or "numpy"
        self.params = task.get("params")
        self.log = Log(int(task.get("log_bytes") or 1 << 20))
        self.limits = convert.Limits(int(task.get("output_rows") or 0),
                                     int(task.get("output_bytes") or 0))
        self.keys = task.get("group_by") or []
        self.sources = list(task.get("sources") or ())
        self.calls = None
        self.call = 0
        self.first_row = 0
        self.last_row = 0
        self.gathered = calls.Gathered()
        self.lost = None            # an error of ours that the script may have caught
        self.schema = None          # [(name, type)] that the first result settled
        self.function = None

    # -- the script

    def compile(self):
        if Settings.walls_off & WALL_LANGUAGE:
            return self._plain()
        code = policy.compile_script(self.source)
        return code, guards.make_globals()

    def _plain(self):
        """The language wall is off: ordinary Python.  Imports are open, too,
        when their wall is off, for what is loaded."""
        code = compile(self.source, guards.SCRIPT_FILE, "exec", dont_inherit=True)
        scope = {"__name__": "script"}
        if not Settings.walls_off & WALL_IMPORTS:
            import builtins
            table = dict(vars(builtins))
            table["__import__"] = guards.plain_import
            scope["__builtins__"] = table
        return code, scope

    def load(self):
        """Run the script's top level and find transform."""
        code, scope = self.compile()
        guards.arm_if(not Settings.walls_off & WALL_LANGUAGE)
        exec(code, scope)
        self._check_refusals()
        function = scope.get("transform")
        if type(function) is not type(Job.load):
            raise JobError(outcome.NO_TRANSFORM, "transform is not a function", "",
                           "write def transform(df): ... return df")
        self._check_parameters(function)
        self.yields = bool(function.__code__.co_flags & CO_GENERATOR)
        if self.yields and self.sources:
            raise JobError(outcome.NO_TRANSFORM, "a transform() that yields has one source", "",
                           "return one data frame, or submit it with source or source_query")
        self.function = function

    def _check_parameters(self, function):
        code = function.__code__
        names = code.co_varnames[:code.co_argcount]
        if self.sources:
            self.inputs = [n for n in names if n != "params"]
            self.wants_params = "params" in names
            if sorted(self.inputs) != sorted(self.sources):
                raise JobError(
                    outcome.NO_TRANSFORM, f"transform() takes {', '.join(names) or 'nothing'}; "
                    f"the sources are {', '.join(sorted(self.sources))}", "",
                    "name the parameters as the sources are named, and params, if you want it")
            return
        self.wants_params = len(names) > 1 and names[1] == "params"
        required = len(names) - len(function.__defaults__ or ())
        if required > 1 + self.wants_params:
            raise JobError(
                outcome.NO_TRANSFORM, f"transform() takes {', '.join(names)}; the job has one source",
                "", "submit it with sources => '{\"" + names[0] + "\": ...}', or write "
                "def transform(df) or def transform(df, params)")

    def _check_refusals(self):
        """A refusal that the script swallowed still ends the job."""
        if guards.refusals:
            raise guards.refusals[0]

    def begin_call(self, rows):
        self.call += 1
        self.first_row = self.last_row + 1 if rows else 0
        self.last_row += rows

    def _arguments(self):
        if not self.wants_params:
            return ()
        return (json.loads(json.dumps(self.params)) if self.params is not None else {},)

    def transform(self, *frames):
        arguments = self._arguments()
        guards.arm_if(not Settings.walls_off & WALL_LANGUAGE)
        try:
            result = self.function(*frames, *arguments)
        finally:
            self.log.flush()
        self._check_refusals()
        return result

    # -- results

    def deliver(self, result, inputs):
        """Send a result, or gather it with others."""
        guards.disarm()
        if self.shape != "group" or not self.gathered.is_plain(result):
            self.send_gathered(inputs)
            self.send(result, inputs)
            return
        mark = (self.call, self.first_row, self.last_row, self.calls.mark)
        if not self.gathered.add(result, mark):
            self.send_gathered(inputs)
            self.gathered.add(result, mark)

    def send_gathered(self, inputs):
        """All at once; if that is refused, one by one, to name the group."""
        pairs, whole = self.gathered.take()
        if not pairs:
            return
        sent = (self.limits.rows, self.limits.bytes)
        try:
            self.send(whole, inputs)
            return
        except JobError as e:
            if e.kind != outcome.RESULT or len(pairs) == 1:
                self._recall(pairs[-1][1])
                raise
        now = (self.call, self.first_row, self.last_row, self.calls.mark)
        self.limits.rows, self.limits.bytes = sent
        for frame, mark in pairs:
            self._recall(mark)
            self.send(frame, inputs)
        self._recall(now)

    def _recall(self, mark):
        self.call, self.first_row, self.last_row, self.calls.mark = mark

    def send(self, result, inputs):
        """Whatever goes wrong here is about the result, not about a line of
        the script."""
        try:
            self._send(result, inputs)
        except (JobError, MemoryError, guards.PolicyError, wire.Broken):
            raise
        except Exception as e:
            raise JobError(outcome.RESULT, "the result cannot be written",
                           exception_line(e)[:MAX_MESSAGE],
                           "return columns of numbers, texts, dates and times") from None

    def _send(self, result, inputs):
        guards.disarm()
        frame = convert.check_frame(result)
        self.limits.add_rows(0)
        if len(frame.columns) <= outcome.MAX_COLUMNS:
            # Rows first: a frame may have a billion of them and no column.
            self._check_rows(frame)
        labels = convert.column_names(frame)
        convert.check_size(frame, labels, self.limits)
        likes = dict(self.schema) if self.schema else {c.name: c.type for c in inputs}
        arrays = []
        for i, name in enumerate(labels):
            array = convert.to_arrow(name, frame.iloc[:, i], likes.get(name))
            if self.schema is None and len(array) == array.null_count and \
                    name in likes and (len(array) == 0 or str(array.type) == "null"):
                array = convert.pa.nulls(len(array), self._like(likes[name]))
            arrays.append(array)
        rows = len(frame)
        del frame, result
        self._settle(labels, arrays)
        order = {name: i for i, name in enumerate(labels)}
        slicers = [slices.Slicer(name, convert.agree(name, arrays[order[name]], t))
                   for name, t in self.schema]
        for at, n in slices.cut(slicers, rows):
            self.limits.add_bytes(sum(s.size(at, n) for s in slicers))
            last = at + n >= rows
            wire.send_chunk(n, outcome.LAST_OF_CALL if last else 0,
                            [f for s in slicers for f in s.fields(at, n)])

    def _check_rows(self, frame):
        n = len(frame)
        if self.limits.max_rows and self.limits.rows + n > self.limits.max_rows:
            self.limits.add_rows(n)

    @staticmethod
    def _like(t):
        """The output type of an input column that came back empty."""
        if convert.pa.types.is_date(t):
            return convert.pa.timestamp("s")
        return convert._arrow("", convert.pa.nulls(0, t), None).type

    def _settle(self, labels, arrays):
        if self.schema is None:
            self.schema = [(name, convert.settled(a.type)) for name, a in zip(labels, arrays)]
            wire.send_schema([f for name, t in self.schema for f in convert.fields(name, t)])
            return
        expected = [name for name, _ in self.schema]
        if set(labels) != set(expected):
            missing = [n for n in expected if n not in labels]
            extra = [n for n in labels if n not in expected]
            parts = []
            if missing:
                parts.append("missing: " + ", ".join(f'"{n}"' for n in missing[:20]))
            if extra:
                parts.append("new: " + ", ".join(f'"{n}"' for n in extra[:20]))
            raise JobError(outcome.RESULT, "the columns of the result differ from those of "
                           "the first call of transform()", "; ".join(parts),
                           "return the same columns from every call")

    # -- the run

    def run(self):
        self.load()
        if self.sources:
            self._run_named()
            return
        inputs = calls.receive_columns()
        self.calls = calls.Groups(inputs, self.keys, self.backend) if self.shape == "group" else \
            calls.Calls(inputs, self.backend)
        if self.yields:
            self._run_generator(self.calls.columns)
        else:
            self._run_calls(self.calls.columns)
        self.send_gathered(self.calls.columns)
        self.log.flush()

    def _run_calls(self, inputs):
        """transform(df), once per data frame."""
        while True:
            guards.disarm()
            frame = self.calls.next()
            if frame is None:
                break
            self.begin_call(len(frame))
            result = self.transform(frame)
            del frame
            self.deliver(result, inputs)
            del result

    def _run_named(self):
        """transform(orders, customers): each source whole, by its name."""
        frames, inputs = {}, {}
        for name in self.sources:
            columns = calls.receive_columns()
            frames[name] = calls.Calls(columns, self.backend).next()
            for column in columns:
                inputs.setdefault(column.name, column)
        if wire.recv()[0] != END:
            raise JobError(outcome.INTERNAL, "more sources than the task names")
        self.call = 1
        result = self.transform(*[frames.pop(name) for name in self.inputs])
        self.send(result, inputs.values())
        self.log.flush()

    def _run_generator(self, inputs):
        """transform(frames) with yield: called once; pulls the data frames itself."""
        # a map object: it can be iterated, and has nothing else to offer
        frames = map(self._pull, itertools.repeat(None))
        results = self.transform(frames)
        while True:
            guards.arm_if(not Settings.walls_off & WALL_LANGUAGE)
            try:
                result = next(results)
            except StopIteration:
                break
            finally:
                self.log.flush()
                self._check_refusals()
                if self.lost is not None:
                    raise self.lost
            self.deliver(result, inputs)
            del result
        guards.disarm()
        self.send_gathered(inputs)
        if self.schema is None:
            raise JobError(outcome.RESULT, "transform() yielded no data frame", "",
                           "yield at least one; an empty one names the columns")
        self.calls.drain()

    def _pull(self, _):
        """The next data frame, for the script's generator."""
        guards.disarm()
        try:
            frame = self.calls.next()
            if frame is not None:
                self.begin_call(len(frame))
        except BaseException as e:
            self.lost = e
            raise
        finally:
            guards.arm_if(not Settings.walls_off & WALL_LANGUAGE)
        if frame is None:
            raise StopIteration
        return frame

    def place(self):
        """Which group it was, to end a message with."""
        try:
            group = self.calls.place(self.calls.mark) if self.calls and self.call else ""
        except Exception:
            group = ""
        return f" ({group})" if group else ""

    # -- how it ended

    def report(self, kind, message, detail="", hint="", traceback=""):
        try:
            self.log.flush()
        except Exception:
            pass
        wire.send_error(kind, self.call, self.first_row if self.call else 0,
                        self.last_row if self.call and self.first_row else 0,
                        one_line(message) + one_line(self.place()), many_lines(detail, MAX_MESSAGE),
                        many_lines(hint, MAX_MESSAGE), many_lines(traceback, MAX_TRACEBACK))


def _report_script_error(job, error):
    message = exception_line(error)
    line = script_line(error)
    if line:
        message = f"line {line}: {message}"
    job.report(outcome.SCRIPT, message, traceback=script_traceback(error, job.source))


def _report_refusal(job, error):
    line = script_line(error)
    job.report(outcome.GUARD, (f"line {line}: " if line else "") + error.what, error.why,
               error.instead, script_traceback(error, job.source))


def _report_findings(job, findings):
    first = findings[0]
    kind = {"syntax": outcome.SYNTAX, "transform": outcome.NO_TRANSFORM}.get(
        first.kind, outcome.POLICY)
    more = [f"line {f.line}: {f.what}" for f in findings[1:20]]
    where = f"line {first.line}: " if first.line else ""
    job.report(kind, where + first.what, "\n".join(filter(None, [first.why, *more])),
               first.instead)


OUT_OF_MEMORY = "the script ran out of memory"
LESS_MEMORY = "work on fewer columns or rows at a time, or use the shape chunk"


def run(task):
    """Run one job; true when it ended in rows and DONE."""
    job = Job(task)
    sys.stdout = LogStream(job.log, STDOUT)
    sys.stderr = LogStream(job.log, STDERR)
    Warnings(job.log).install()
    guards.refusals.clear()
    sys.setrecursionlimit(MAX_DEPTH)
    try:
        job.run()
        return True
    except wire.Broken:
        raise
    except guards.PolicyError as e:
        error = e
    except BaseException as e:
        error = e
    guards.disarm()
    # The script's objects may be alive in the traceback; reporting runs none
    # of their code but str() of the exception.
    if guards.refusals:
        _report_refusal(job, guards.refusals[0])
    elif isinstance(error, policy.ScriptRefused):
        _report_findings(job, error.findings)
    elif isinstance(error, JobError):
        job.report(error.kind, error.message, error.detail, error.hint)
    elif isinstance(error, MemoryError):
        try:
            trace = script_traceback(error, job.source)
        except MemoryError:
            trace = ""
        # Its frames hold what filled the memory.
        error.__traceback__ = None
        job.report(outcome.MEMORY, OUT_OF_MEMORY, hint=LESS_MEMORY, traceback=trace)
    elif isinstance(error, SyntaxError) and not script_line(error):
        job.report(outcome.SYNTAX, f"line {error.lineno}: syntax error: {error.msg}")
    else:
        _report_script_error(job, error)
    return False


def validate(task):
    """All findings of a script, without running it."""
    for f in policy.check(task["code"]):
        wire.send_finding(max(0, f.line), max(0, f.column), f.severity, one_line(f.what),
                          one_line(f.why), one_line(f.instead))
    return True


def serve():
    """The one task of this worker.  0 when it ended in DONE or ERROR, 1 when
    the connection broke."""
    try:
        kind, payload = wire.recv()
        if kind != TASK:
            return 1
        task = json.loads(payload)
        if task["action"] == "run":
            # a worker is a copy: without this all had the same random numbers
            random.seed()
            np.random.seed()
            done = run(task)
        else:
            done = validate(task)
        if done:
            wire.send_done()
        return 0
    except wire.Broken:
        return 1
    except MemoryError as e:
        e.__traceback__ = None
        try:
            wire.send_error(outcome.MEMORY, 0, 0, 0, one_line(OUT_OF_MEMORY), b"",
                            one_line(LESS_MEMORY), b"")
            return 0
        except BaseException:
            return 1
    except BaseException as e:
        kind = type.__dict__["__name__"].__get__(type(e))
        try:
            wire.send_error(outcome.INTERNAL, 0, 0, 0, one_line(f"{kind}: {_text_of(e)}"),
                            b"", b"", b"")
            return 0
        except BaseException:
            return 1
