#!/usr/bin/env python3
"""Runs every file of a corpus folder (laid out like test/corpus) through SQL on
a throw-away cluster and judges it by the rules of the corpus README.

    make corpus CORPUS=FOLDER [WALLS_OFF=language,imports]

A line per file ("ok - escapes/x.py: refused at validate"), then totals against
their bars.  With the language or imports wall off, the header `os-alone`
counts instead of `must`.

On a Windows server under Wine (TARGET, see test/lib/cluster.py) only the walls
language, imports and database can be proven; --kinds and --decisions choose
what is worth the time there.
"""
import argparse
import concurrent.futures
import contextlib
import importlib.util
import io
import os
import pickle
import platform
import secrets
import sys
import threading
import warnings

import cluster
import figures
import judge
import runner

WALLS = ("language", "process", "imports", "resources", "files", "kernel", "network", "database")
PROBES = ("math_functions.py", "np_random_seeded.py", "try_else_finally.py", "groupby_named_agg.py")
ORDER_NAMES = {"accepted": "harmless"}     # words of the driver's own test for the same end
LOW = {"transform.job_wall_time": "8s", "transform.job_cpu_time": "8s"}
HERE = os.path.dirname(os.path.abspath(__file__))


def load_corpus(folder):
    """The corpus's own helpers: headers, columns, sample frames."""
    path = os.path.join(folder, "tools", "corpus.py")
    if not os.path.exists(path):
        path = os.path.join(HERE, "../corpus/tools/corpus.py")
    spec = importlib.util.spec_from_file_location("corpus", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def versions():
    import numpy
    import pandas
    number = lambda v: tuple(int(x) for x in v.split(".")[:2])
    return {"machine": platform.machine(), "py": sys.version_info[:2],
            "pandas": number(pandas.__version__), "numpy": number(numpy.__version__)}


class Case:
    def __init__(self, folder, kind, file, corpus, live):
        self.kind, self.file, self.name = kind, file, kind + "/" + file
        with open(os.path.join(folder, kind, file), "rb") as f:
            self.code = f.read()
        self.headers = corpus.headers(self.code.decode("utf-8", "replace"))
        control = self.headers.get("control", "")
        self.live = live[file] == "leak" if live else control == "leak"
        self.verdict = self.why = self.outcome = None


def past_static(path):
    """The files of escapes/ that the static check lets pass, of a file that
    test/policy/run.py --decisions wrote: {name: where they are stopped}."""
    with open(path, encoding="utf-8") as f:
        rows = [line.split("\t") for line in f]
    return {row[0]: row[1] for row in rows if row[1] != "refused at validate"}


def load_cases(folder, corpus, options):
    live, only = {}, options.only
    passed = past_static(options.decisions) if options.decisions else None    # else: all
    with contextlib.suppress(OSError), open(os.path.join(folder, "tools/control_status.tsv")) as f:
        live = dict(line.split("\t")[:2] for line in f.read().splitlines() if line[:1] not in ("", "#"))
    cases = []
    for kind in options.kinds.split(","):
        with contextlib.suppress(FileNotFoundError):
            for file in sorted(os.listdir(os.path.join(folder, kind))):
                if passed is not None and kind == "escapes" and kind + "/" + file not in passed:
                    continue
                if file.endswith(".py") and (not only or only in kind + "/" + file):
                    cases.append(Case(folder, kind, file, corpus, _Default(live) if live else None))
    return cases


class _Default(dict):
    def __missing__(self, _):
        return "unknown"


class Run:
    def __init__(self, options):
        self.options = options
        self.off = [w for w in options.walls_off.replace(" ", "").split(",") if w]
        self.os_alone = bool({"language", "imports"} & set(self.off))
        self.corpus = load_corpus(options.folder)
        self.cases = load_cases(options.folder, self.corpus, options)
        self.secret = "planted-" + secrets.token_hex(12)
        self.versions = versions()
        self.lock = threading.Lock()
        self.local = threading.local()
        self.clean = {}
        self.decided = past_static(options.decisions) if options.decisions else {}
        if options.plain:
            with open(options.plain, "rb") as f:
                self.clean = pickle.load(f)

    # ---- the cluster

    def settings(self):
        return {"transform.max_concurrent_jobs": self.options.jobs + 2, "transform.warm_workers": 4,
                "transform.sandbox_walls_off": ",".join(self.off),
                "transform.sandbox_require": ", ".join(w for w in WALLS if w not in self.off)}

    def prepare(self, c):
        with c.connect() as admin:
            admin.script("CREATE DATABASE corpus")
        with c.connect(dbname="corpus") as admin:
            admin.script("CREATE EXTENSION transform")
            admin.script("CREATE ROLE analyst LOGIN IN ROLE transform_user; GRANT CREATE ON SCHEMA public TO analyst")
            admin.query("SELECT 1 FROM transform_script_create('warm', 'def transform(df): return df')")
            for row in admin.query("SELECT name, state, required, detail FROM transform_sandbox_status() ORDER BY wall"):
                print("# wall %s: %s%s" % (row.name, row.state, "" if row.state == "enforced" else " (%s)" % row.detail))

    def runner(self):
        if not hasattr(self.local, "runner"):
            self.local.runner = runner.Runner(self.cluster, self.corpus, self.secret, self.options.timeout,
                                               force="language" in self.off)
        return self.local.runner

    # ---- one case

    def execute(self, case):
        settings = LOW if self.options.limits == "low" and judge.limit_of(case.headers) == "wall" else {}
        case.outcome = self.runner().run(case.name, case.code, case.headers.get("columns"), settings)
        self.look_around(case)
        if case.kind == "resource":
            case.outcome.next_job = self.runner().next_job()
        self.judge(case)

    def look_around(self, case):
        """Traces outside; with jobs in parallel a trace names the file it was first seen after."""
        case.outcome.side_effects += self.listener.take() + runner.canaries(self.cluster)

    def judge(self, case):
        if case.kind == "legit":
            case.verdict, case.why = self.judge_legit(case)
        elif case.kind == "resource" and not self.os_alone:
            case.verdict, case.why = judge.judge_resource(case.headers, case.outcome)
        else:
            case.verdict, case.why = judge.judge_escape(case.headers, case.outcome, self.os_alone)
        wanted = self.decided.get(case.name)
        if wanted and case.verdict == "pass" and ORDER_NAMES.get(case.outcome.point, case.outcome.point) != wanted:
            case.verdict, case.why = "differs", "Linux's walls of language and imports: %s" % wanted
        missing = judge.unmet(case.headers.get("needs"), self.versions)
        if missing and case.verdict in ("late", "fault"):
            case.verdict, case.why = "skip", "needs %s" % missing
        self.report(case)

    def judge_legit(self, case):
        outcome = case.outcome
        if outcome.side_effects:
            return "escaped", "; ".join(outcome.side_effects)
        if outcome.point != "accepted":
            return "refused", "%s %s" % (outcome.sqlstate, outcome.message or outcome.fault)
        what = judge.difference(outcome.columns, outcome.rows, self.plain_result(case))
        return ("differs", what) if what else ("pass", "")

    def plain_result(self, case):
        if case.file not in self.clean:
            scope = {"__name__": "user"}
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                exec(compile(case.code, case.file, "exec"), scope)
                self.clean[case.file] = scope["transform"](self.corpus.sample_frame(case.headers["columns"]))
        return self.clean[case.file]

    def report(self, case):
        o = case.outcome
        ended = o.point or o.fault
        if (case.kind == "resource" or self.os_alone) and o.point not in (None, "accepted"):
            ended += " [%s %s]" % (o.sqlstate, o.message.splitlines()[0][:90] if o.message else "")
        proof = "" if case.kind != "escapes" or case.live else ", not proven: the route is dead here"
        good = "ok" if case.verdict in ("pass", "skip") else "not ok"
        tail = " # SKIP %s" % case.why if case.verdict == "skip" else (
            "" if case.verdict == "pass" else ": %s: %s" % (case.verdict.upper(), case.why))
        with self.lock:
            print("%s - %s: %s%s%s" % (good, case.name, ended, proof, tail.replace("\n", " ")), flush=True)
            if good == "not ok" and o.message:
                print("#   %s %s" % (o.sqlstate, o.message[:300].replace("\n", " | ")), flush=True)

    # ---- after a file

    def poisoned(self, case):
        """The poison, then honest scripts: each must give what plain pandas gives."""
        self.execute_quietly(case)
        by_name = {c.file: c for c in self.cases if c.kind == "legit"}
        probes = [by_name[p] for p in PROBES if p in by_name] or list(by_name.values())[:3]
        for probe in probes:
            again = Case.__new__(Case)
            again.__dict__.update(probe.__dict__)
            again.outcome = self.runner().run(probe.name, probe.code, probe.headers.get("columns"))
            verdict, why = self.judge_legit(again)
            if verdict != "pass":
                case.outcome.side_effects.append("a later job, %s, %s: %s" % (probe.file, verdict, why))
        self.judge(case)

    def execute_quietly(self, case):
        for _ in range(2):      # twice: the second must see nothing of the first
            case.outcome = self.runner().run(case.name, case.code, case.headers.get("columns"))
            self.look_around(case)

    def leftover_workers(self):
        """Workers beyond the idle ones, once no job runs any more."""
        def idle():
            self.seen = [p for p in self.cluster.processes().values() if os.path.basename(p.program) == "sandbox_host"
                         or "sandbox_host" in p.title]
            return len(self.seen) <= self.most_idle
        try:
            cluster.wait_for(idle, 15 if self.cluster.windows else 5, "workers to end")
            return []
        except TimeoutError:
            return ["%d processes of sandbox_host, %d when idle: %s" % (
                len(self.seen), self.most_idle, "; ".join(p.title for p in self.seen))]

    # ---- all

    def run(self):
        environment = {"SBX_HOST_SECRET": self.secret}
        with cluster.make("corpus", self.settings(), environment) as self.cluster:
            runner.canaries(self.cluster)
            self.listener = runner.Listener()
            self.prepare(self.cluster)
            first = self.runner()
            if first.next_job() is None:
                print("not ok - no job succeeds at all: %s" % first.run(
                    "next_job", b"def transform(df):\n    return df\n", "a:int").__dict__)
                return 1
            self.most_idle = max(self.settings()["transform.warm_workers"] + 3, 4)
            self.run_groups()
            with open(self.cluster.log, errors="replace") as f:
                self.secret_in_log = self.secret in f.read()
        return self.totals()

    def run_groups(self):
        for case in self.cases:
            if case.kind == "legit":
                self.plain_result(case)     # before there are threads: it takes stdout away
        alone = [c for c in self.cases if "persists" in c.headers or c.file.startswith("poison_")]
        bombs = [c for c in self.cases if c.kind == "resource" and c not in alone]
        rest = [c for c in self.cases if c not in alone and c not in bombs]
        self.leftovers = []
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            list(pool.map(self.guarded(self.execute), rest))
        self.leftovers += self.leftover_workers()
        for case in alone:
            self.guarded(self.poisoned)(case)
        self.leftovers += self.leftover_workers()
        # Those that only wait for their time to be up wait together.
        slow = [c for c in bombs if judge.limit_of(c.headers) == "wall"]
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            list(pool.map(self.guarded(self.execute), slow))
        for case in (c for c in bombs if c not in slow):
            self.guarded(self.execute)(case)
            left = self.leftover_workers()
            if left:
                self.leftovers.append("after %s: %s" % (case.name, left[0]))

    def guarded(self, function):
        def call(case):
            try:
                function(case)
            except Exception as e:      # a fault of the harness or the server: count it, go on
                case.outcome = case.outcome or judge.Outcome()
                case.outcome.fault = "%s: %s" % (type(e).__name__, e)
                case.verdict, case.why = "fault", case.outcome.fault
                self.report(case)
                self.local.__dict__.pop("runner", None)
        return call

    def totals(self):
        figure = figures.Figures("make corpus CORPUS=%s%s" % (
            self.options.folder, " WALLS_OFF=%s" % ",".join(self.off) if self.off else ""))
        of = lambda kind: [c for c in self.cases if c.kind == kind]
        bad = lambda cases, *verdicts: sum(c.verdict in verdicts for c in cases)
        legit, escapes, bombs = of("legit"), of("escapes"), of("resource")
        if legit:
            figure.exactly("legit_equal_to_pandas", bad(legit, "pass"), "of %d files" % len(legit), len(legit))
        if escapes:
            figure.note("escapes_tried", len(escapes), "files, %d proven to work unconfined, %d not applicable here" % (
                sum(c.live for c in escapes), bad(escapes, "skip")))
            figure.exactly("escaped", bad(escapes + bombs, "escaped"), "files", 0)
            figure.exactly("stopped_too_late", bad(escapes, "late"), "files", 0)
            figure.exactly("escapes_without_outcome", bad(escapes, "fault"), "files", 0)
            if self.decided:
                figure.exactly("decided_otherwise_than_on_linux", bad(escapes, "differs"), "files", 0)
        if bombs:
            figure.exactly("resource_as_it_must", bad(bombs, "pass", "skip"), "of %d files" % len(bombs), len(bombs))
            slowest = [c.outcome.next_job for c in bombs if c.outcome.next_job is not None]
            figure.at_most("slowest_job_after_a_bomb", max(slowest, default=None), "s", 1.0)
        figure.exactly("workers_that_outlived_their_job", len(self.leftovers), "times", 0)
        for line in self.leftovers:
            print("#   " + line)
        figure.exactly("secret_in_the_server_log", int(self.secret_in_log), "times", 0)
        print("# loopback ports listened on: %s" % sorted(set(self.listener.bound)))
        return figure.finish()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--walls-off", default="")
    parser.add_argument("--limits", choices=("full", "low"), default="full", help="low: 8 s instead of 60 s for CPU bombs")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--timeout", type=int, default=150)
    parser.add_argument("--only", help="part of a file's name")
    parser.add_argument("--kinds", default="legit,escapes,resource")
    parser.add_argument("--plain", help="what plain pandas makes of legit/ there, of test/windows/plain.py")
    parser.add_argument("--decisions", help="of test/policy/run.py: leave out what its static check refuses")
    options = parser.parse_args()
    options.folder = os.path.abspath(options.folder)
    return Run(options).run()


if __name__ == "__main__":
    sys.exit(main())
