#!/usr/bin/env python3
"""The language policy and the driver, without the C host.

    python test/policy/run.py            everything
    python test/policy/run.py -v         with every name
    python test/policy/run.py word ...   only tests whose name has a word
    python test/policy/run.py --decisions=FILE   also writes what became of each
                                         file of escapes/, to compare systems

Needs pandas, numpy, pyarrow and RestrictedPython, nothing else.  Ends with the
line "N passed, N failed".
"""
import contextlib
import inspect
import io
import json
import os
import re
import sys
import traceback
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
for path in (HERE, os.path.join(ROOT, "test", "corpus", "tools"),
             os.path.join(ROOT, "sandbox_host", "python")):
    sys.path.insert(0, path)

import numpy as np
import pandas as pd

import fakewire

wire = fakewire.install()
import corpus
import driver
import guards
import outcome
import policy
import warmup
import backends
import idioms
import refused
import results
import shapes

warnings.simplefilter("ignore")
ORDER = {"refused at validate": 0, "refused at run": 1, "killed by limit": 1,
         "refused at output": 2, "harmless": 3, "accepted": 3}
VERBOSE = "-v" in sys.argv
WORDS = [a for a in sys.argv[1:] if not a.startswith("-")]
DECISIONS = next((a[12:] for a in sys.argv if a.startswith("--decisions=")), None)
WINDOWS = os.name == "nt"
LIMITS = {"log_bytes": 65536, "output_rows": 1_000_000, "output_bytes": 1 << 28}
passed = failed = 0
outcomes = {}
decisions = []


def verdict(name, problem):
    global passed, failed
    if problem:
        failed += 1
        print(f"FAIL {name}: {problem}")
    else:
        passed += 1
        if VERBOSE:
            print(f"ok   {name}")


def wanted(name):
    return not WORDS or any(w in name for w in WORDS)


def serve(code, frame, nullable=(), shape="table", per_call=None, params=None, frames=None, **limits):
    """One task through driver.serve(), on a pandas frame or on these frames
    of the wire; true when it ended in rows and DONE."""
    task = {"action": "run", "name": "t", "code": code, "shape": shape, "params": params,
            "numeric": "decimal", **LIMITS, **limits}
    wire.reset(fakewire.input_frames(task, frame, nullable, per_call) if frames is None
               else [(32, json.dumps(task).encode()), *frames])
    out, err = sys.stdout, sys.stderr
    global watching
    watching = True
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    try:
        with warnings.catch_warnings():
            status = driver.serve()
    finally:
        watching = False
        sys.stdout, sys.stderr = out, err
        sys.setrecursionlimit(1000)
        guards.disarm()
    assert status == 0, "the wire broke"
    assert wire.done or wire.error, "neither DONE nor ERROR"
    return wire.done


def stage():
    """Where a job that has just been served was stopped."""
    if wire.done:
        return "harmless"
    kind = wire.error[0]
    if kind in (outcome.SYNTAX, outcome.POLICY, outcome.NO_TRANSFORM):
        return "refused at validate"
    if kind in (outcome.RESULT, outcome.OUTPUT_ROWS, outcome.OUTPUT_BYTES):
        return "refused at output"
    if kind == outcome.INTERNAL:
        return "internal error"
    return "refused at run"


def nullable_columns(spec):
    return [n for n, _, has in corpus.columns(spec) if has]


def declared(frame, spec):
    """The frame as the driver hands it out: types by declaration."""
    frame = frame.copy()
    for name, kind, has_nulls in corpus.columns(spec):
        if kind == "int" and has_nulls:
            frame[name] = frame[name].astype("Int64")
        elif kind == "bool" and has_nulls:
            frame[name] = frame[name].astype("boolean")
        elif kind in ("text", "date"):
            frame[name] = frame[name].astype("str")
        elif kind == "ts":
            frame[name] = frame[name].astype("datetime64[us]")
    return frame


def same(expected, got):
    """None when the frame that came over the wire equals plain pandas."""
    expected = expected.reset_index(drop=True).copy()
    expected.columns = [str(c) for c in expected.columns]
    expected.attrs = {}
    for name in expected.columns:
        a, b = expected[name], got[name]
        if len(a) and str(a.dtype) == "object" and type(a.iloc[0]).__name__ == "date":
            a = pd.to_datetime(a).astype(b.dtype)
        if str(a.dtype) in ("category", "object", "string", "str"):
            a = a.astype(object).where(a.notna(), None)
            b = b.astype(object).where(b.notna(), None)
        elif a.dtype != b.dtype:
            # int8 travels as int16, times as microseconds, Int64 without
            # NULLs as int64: values must agree.
            if a.dtype.kind == "M" or a.dtype.kind == "m":
                a = a.astype(b.dtype)
            else:
                a = pd.Series([None if pd.isna(v) else v for v in a], dtype=object)
                b = pd.Series([None if pd.isna(v) else v for v in b], dtype=object)
        try:
            pd.testing.assert_series_equal(a, b, check_dtype=False, check_freq=False,
                                           check_exact=True, check_index_type=False)
        except AssertionError as e:
            return f"{name}: {str(e)[:300]}"
    if list(expected.columns) != list(got.columns):
        return f"columns {list(got.columns)}"
    return None


# ---- the corpus ----------------------------------------------------------------

def test_legit():
    for path in corpus.files("legit"):
        name = "legit/" + os.path.basename(path)
        if not wanted(name):
            continue
        source = corpus.read(path).decode()
        spec = corpus.headers(source)["columns"]
        for rows in (40, 0, 1):
            frame = declared(corpus.sample_frame(spec, rows=rows), spec)
            scope = {"__name__": "script"}
            try:
                exec(compile(source, path, "exec"), scope)
                expected = scope["transform"](frame.copy())
            except Exception as e:
                if VERBOSE:
                    print("note", name, type(e).__name__, str(e)[:200])
                expected = None     # a small input that plain pandas refuses, too
            done = serve(source, frame, nullable_columns(spec))
            if expected is None:
                verdict(f"{name} {rows} rows", "plain pandas fails, this not"
                        if done and rows == 40 else None)
            elif not done:
                if rows == 0 and len(expected.columns) == 0:
                    verdict(f"{name} {rows} rows", None)    # no columns: refused
                else:
                    verdict(f"{name} {rows} rows", str(wire.error[:1] + wire.error[4:]))
            else:
                verdict(f"{name} {rows} rows", same(expected, fakewire.result_frame(wire)))


def has_leak():
    if not wire.done or wire.schema is None:
        return False
    out = fakewire.result_frame(wire)
    return "leak" in out.columns and len(out) > 0 and out["leak"].notna().any()


def decide(name, at, findings):
    """One line on what the walls language and imports made of a file."""
    lines = " ".join(f"{f.line}:{f.severity}" for f in findings)
    error = "" if wire.done else f"{wire.error[0]} {wire.error[4]}"
    decisions.append("\t".join((name, at, lines, " ".join(error.split()))))


def test_escapes():
    for path in corpus.files("escapes"):
        name = "escapes/" + os.path.basename(path)
        if not wanted(name):
            continue
        source = corpus.read(path).decode()
        head = corpus.headers(source)
        latest = max(ORDER[m] for m in re.split(r"\s+or\s+", head["must"]))
        findings = policy.check(source)
        serve(source, corpus.sample_frame(head.get("columns")))
        at = stage()
        decide(name, at, findings)
        if at == "refused at validate" and not any(f.severity == 1 for f in findings):
            verdict(name, "refused when run, accepted by check()")
            continue
        outcomes[at] = outcomes.get(at, 0) + 1
        if has_leak():
            verdict(name, f"ESCAPED, must be {head['must']}")
        elif ORDER.get(at, 9) > latest:
            verdict(name, f"{at}, must be {head['must']}")
        else:
            verdict(name, None)


# Routes of resource/ that the driver itself answers for.
RESOURCE = re.compile(r"(shape_|out_|src_|cpu_recursion|cpu_serialise|cpu_pow|cpu_near|mem_bytes|mem_big_int|os_)")
NEEDS_MEMORY_LIMIT = re.compile(r"(out_cell_200mb|out_print_one_huge|out_rows|out_sparse)")


def test_resource():
    if WINDOWS:
        print("# resource/: no limit on a process's own memory to set there")
        return
    import resource
    old = resource.getrlimit(resource.RLIMIT_AS)
    vm = int(open("/proc/self/statm").read().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (vm + (3 << 30), old[1]))
    try:
        for path in corpus.files("resource"):
            name = "resource/" + os.path.basename(path)
            if not wanted(name) or not RESOURCE.match(os.path.basename(path)):
                continue
            source = corpus.read(path).decode()
            head = corpus.headers(source)
            latest = max(ORDER[m] for m in re.split(r"\s+or\s+", head["must"]))
            must_work = re.split(r"\s+or\s+", head["must"]) in (["accepted"], ["harmless"])
            serve(source, corpus.sample_frame(head.get("columns")))
            at = stage()
            problem = None
            if ORDER.get(at, 9) > latest:
                problem = f"{at}, must be {head['must']}"
            elif must_work and not wire.done:
                problem = f"{at} ({wire.error[4]}), must be {head['must']}"
            verdict(name, problem)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)


# ---- own tests ------------------------------------------------------------------

def sample(rows=30):
    spec = "a:int, b:text, c:float, t:ts, g:text, n:int?, u:text?, k:bool"
    return declared(corpus.sample_frame(spec, rows=rows), spec), ["n", "u"]


def test_refused():
    """Routes of our own: each must end in a finding or a refusal by a guard,
    never in rows and never in an accident."""
    frame, nullable = sample()
    for name, body in refused.routes():
        if not wanted("refused " + name):
            continue
        serve(refused.script(body), frame, nullable)
        if wire.done:
            out = fakewire.result_frame(wire)
            verdict("refused " + name, f"ran: {out.iloc[0].to_dict()!s:.200}"
                    if "leak" in out.columns else "ran")
        elif wire.error[0] not in (outcome.SYNTAX, outcome.POLICY, outcome.GUARD, outcome.NO_TRANSFORM):
            verdict("refused " + name, f"ended otherwise: {wire.error[4]}")
        else:
            verdict("refused " + name, None)
    for name, body in refused.harmless():
        if not wanted("harmless " + name):
            continue
        serve(refused.script(body), frame, nullable)
        verdict("harmless " + name, "leaks" if has_leak() else None)


def test_idioms():
    frame, nullable = sample()
    for name, source in idioms.scripts():
        if not wanted("idiom " + name):
            continue
        scope = {"__name__": "script"}
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(source, name, "exec"), scope)
                expected = scope["transform"](frame.copy())
        except Exception as e:
            verdict("idiom " + name, f"wrong test, plain pandas says {type(e).__name__}: {e}")
            continue
        if serve(source, frame, nullable):
            verdict("idiom " + name, same(expected, fakewire.result_frame(wire)))
        else:
            verdict("idiom " + name, f"{wire.error[4]} | {wire.error[5]} | {wire.error[7]}")


def test_results():
    for name, problem in results.tests(serve, wire, sample):
        if wanted("result " + name):
            verdict("result " + name, problem)


def test_shapes():
    for name, problem in shapes.tests(serve, wire, sample):
        if wanted("shape " + name):
            verdict("shape " + name, problem)


def test_backends():
    for name, problem in backends.tests():
        if wanted("backend " + name):
            verdict("backend " + name, problem)
    # What is refused with numpy's columns is refused with the others.
    frame, nullable = sample()
    for backend in ("numpy_nullable", "pyarrow"):
        for name, body in refused.routes():
            if not wanted(f"refused {backend} {name}"):
                continue
            serve(refused.script(body), frame, nullable, backend=backend)
            ended = wire.done or wire.error[0] not in (
                outcome.SYNTAX, outcome.POLICY, outcome.GUARD, outcome.NO_TRANSFORM, outcome.SCRIPT)
            verdict(f"refused {backend} {name}", f"ended otherwise: {wire.error and wire.error[4]}" if ended else None)


def test_checked_words():
    """No function is taken for one without a checked parameter that has one."""
    callables = {}
    for owner in (pd, np, np.linalg, np.random, *guards._registry):
        for name in dir(owner):
            try:
                function = getattr(owner, name)
                callables[id(function)] = (function, inspect.signature(function).parameters)
            except (AttributeError, TypeError, ValueError):
                pass
    taken = [f for f, _ in callables.values() if guards._has_no_checked_word(f)]
    wrong = [str(f) for f, parameters in callables.values()
             if guards._has_no_checked_word(f) and not guards._CHECKED_WORDS.isdisjoint(parameters)]
    verdict("checked words", "; ".join(wrong[:5]) or (len(taken) < 500 and f"only {len(taken)} looked at") or None)


def test_warm():
    """After warm-up nothing above opened a file."""
    verdict("warm-up operations", "; ".join(warmup.failures[:5]) if len(warmup.failures) > 2 else None)
    verdict("nothing opened after warm-up", "; ".join(sorted(set(opened))[:10]) or None)


opened = []


def watch(event, args):
    if event == "open" and watching and args[0] != guards.SCRIPT_FILE and \
            "/proc/self" not in str(args[0]):
        opened.append(f"open {args[0]}")


watching = False


def main():
    driver.configure(0, "")
    warmup.warm_up()
    guards.harden()
    sys.addaudithook(watch)
    # Modules of the tests themselves, before the ways to files are closed.
    for name in ("pprint", "unittest", "numpy.testing") + (() if WINDOWS else ("resource",)):
        __import__(name)
    pd.testing.assert_frame_equal(pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}))
    warmup.seal()
    for test in (test_legit, test_escapes, test_resource, test_refused, test_idioms, test_results, test_backends,
                 test_shapes, test_checked_words):
        try:
            test()
        except Exception:
            verdict(test.__name__, traceback.format_exc())
    if not WORDS and not WINDOWS:   # there the interpreter's files stay readable
        test_warm()
    if DECISIONS:
        with open(DECISIONS, "w", encoding="utf-8", newline="\n") as f:
            f.writelines(line + "\n" for line in decisions)
    if outcomes:
        print("escapes by outcome:", ", ".join(f"{k} {v}" for k, v in sorted(outcomes.items())))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
