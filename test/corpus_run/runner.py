"""Runs one corpus file through SQL, end to end, and says what was seen."""
import glob
import hashlib
import os
import socket
import threading
import time

import judge
import pq

CANARIES = ("/tmp/sbx_canary*", "/dev/shm/sbx_canary*", "/var/tmp/sbx_canary*", "sbx_canary*")
PORTS = (9, 80, 443, 5432, 8000, 8080)
PG_TYPES = {"int": "bigint", "float": "double precision", "text": "text", "ts": "timestamp",
            "date": "text", "bool": "boolean"}
JOB = """SELECT state, error_stage, sqlstate, error, error_detail, error_hint, traceback, rows_written,
	extract(epoch FROM finished_at - started_at)::float8 AS seconds, walls_off, to_jsonb(j)::text AS whole
	FROM transform.jobs j WHERE id = $1"""

FORCE_SCRIPT = """INSERT INTO transform.script (name, owner, version) VALUES ($1, 'analyst'::regrole, 1)
	ON CONFLICT (name) DO UPDATE SET version = transform.script.version + 1"""
FORCE_VERSION = """INSERT INTO transform.script_version (script, version, code, shape, numeric_as, dtype_backend, hash,
	policy, packages, version_hash, created_by)
	SELECT id, version, $2, 'table', 'float64', 'numpy', '', '', '{}', '', owner FROM transform.script WHERE name = $1"""


class Listener:
    """Accepts on loopback addresses; a connection is an escape."""

    def __init__(self):
        self.hits, self.bound = [], []
        for address in ("127.0.0.1", "::1"):
            for port in PORTS:
                s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind((address, port))
                    s.listen(8)
                except OSError:
                    s.close()
                    continue
                self.bound.append(port)
                threading.Thread(target=self._accept, args=(s, port), daemon=True).start()

    def _accept(self, s, port):
        while True:
            connection, _ = s.accept()
            connection.close()
            self.hits.append(port)

    def take(self):
        found, self.hits = self.hits, []
        return ["connection to port %d" % p for p in found]


def canaries(cluster):
    """Canary files that exist now; they are removed, so each is seen once."""
    found = []
    folders = [cluster.folder, cluster.folder + "/data", cluster.folder + "/data/*", *cluster.canary_folders]
    for pattern in (*CANARIES, *[f + "/sbx_canary*" for f in folders]):
        for path in glob.glob(pattern):
            found.append("canary file %s" % path)
            os.unlink(path)
    return found


class Runner:
    """One connection, as an ordinary role that may register and run scripts."""

    def __init__(self, cluster, corpus, secret, timeout, force=False):
        self.connection = cluster.connect(user="analyst", dbname="corpus")
        self.connection.script("SET client_min_messages = notice; SET extra_float_digits = 1; SET TimeZone = 'UTC'")
        self.force = force and cluster.connect(dbname="corpus")
        self.corpus, self.secret, self.timeout = corpus, secret, timeout

    def source(self, spec):
        """The table with the sample frame of a `columns` header."""
        spec = spec or "a:int, b:text, c:float"
        table = "in_" + hashlib.sha1(spec.encode()).hexdigest()[:12]
        if self.connection.value("SELECT to_regclass($1) IS NOT NULL", table):
            return table
        columns = ", ".join('"%s" %s%s' % (name, PG_TYPES[kind], "" if nullable else " NOT NULL")
                            for name, kind, nullable in self.corpus.columns(spec))
        frame = self.corpus.sample_frame(spec)
        kinds = [kind for _, kind, _ in self.corpus.columns(spec)]
        lines = ["\t".join(_copy(judge.plain(v), kind) for v, kind in zip(row, kinds))
                 for row in frame.itertuples(index=False)]
        try:
            self.connection.script("BEGIN; CREATE TABLE %s (%s)" % (table, columns))
            self.connection.copy_in("COPY %s FROM STDIN" % table, ("\n".join(lines) + "\n").encode())
            self.connection.script("COMMIT")
        except pq.Error as e:
            self.connection.script("ROLLBACK")
            if e.sqlstate not in ("42P07", "23505"):    # another runner made it meanwhile
                raise
        return table

    def run(self, name, code, spec, settings=None, keep=False):
        """An Outcome; the result table is dropped again."""
        outcome = judge.Outcome()
        self.connection.notices.clear()
        texts = []
        try:
            self._run(outcome, name, code, spec, settings or {}, texts)
        except pq.Error as e:
            texts += [e.message, e.detail or "", e.hint or ""]
            outcome.fault = "%s: %s" % (e.sqlstate, e.message)
            outcome.sqlstate, outcome.message = e.sqlstate, e.message
        texts += [str(n) for n in self.connection.notices] + [repr(r) for r in outcome.rows]
        if any(self.secret in t for t in texts):
            outcome.side_effects.append("the planted secret was in a result, log or error")
        return outcome

    def _run(self, outcome, name, code, spec, settings, texts):
        c = self.connection
        try:
            text = code.decode("utf-8")
            self._register(name, text)
        except (pq.Error, UnicodeDecodeError) as e:
            outcome.sqlstate = getattr(e, "sqlstate", "22021")
            outcome.message = getattr(e, "message", None) or str(e)
            texts += [outcome.message, str(getattr(e, "detail", "")), str(getattr(e, "hint", ""))]
            if outcome.sqlstate[:2] in ("08", "55", "57", "58", "XX"):
                outcome.fault = "%s: %s" % (outcome.sqlstate, outcome.message)
            else:
                outcome.point = "refused at validate"
            return
        source, destination = self.source(spec), "out_" + hashlib.sha1(name.encode()).hexdigest()[:16]
        for setting, value in settings.items():
            c.query("SELECT set_config($1, $2, false)", setting, value)
        try:
            job = c.value("SELECT transform_submit($1, $2::regclass, $3)", name, source, destination)
        finally:
            for setting in settings:
                c.script("RESET " + setting)
        state = c.value("SELECT transform_wait($1, $2)", job, "%d s" % self.timeout)
        row = c.query(JOB, job)[0]
        texts += [row.whole] + [r.message for r in c.query("SELECT message FROM transform_logs($1)", job)]
        outcome.sqlstate, outcome.message = row.sqlstate, row.error or ""
        outcome.rows_written, outcome.seconds = row.rows_written, row.seconds
        outcome.point = judge.point_of(state, row.error_stage)
        if outcome.point is None:
            outcome.fault = "job is %s at stage %s: %s %s" % (state, row.error_stage, row.sqlstate, row.error)
        if state == "succeeded":
            self._fetch(outcome, destination)

    def _register(self, name, text):
        """Register the script.  With the language wall off the question is what
        the other walls do: what is refused for its words alone is put into the
        tables by the superuser."""
        try:
            self.connection.value("SELECT transform_script_create($1, $2)", name, text)
        except pq.Error as e:
            if not self.force or e.sqlstate != "42P13":
                raise
            self.force.query(FORCE_SCRIPT, name)
            self.force.query(FORCE_VERSION, name, text)

    def _fetch(self, outcome, destination):
        c = self.connection
        outcome.columns = [r.attname for r in c.query(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum", destination)]
        outcome.rows = [tuple(r) for r in c.query("SELECT * FROM " + destination)]
        c.script("DROP TABLE " + destination)

    def next_job(self):
        """Seconds from submit to the end of a job of one row, or None.  Runners
        work side by side: each has a script and a destination of its own."""
        began = time.monotonic()
        outcome = self.run("next_job_%d" % self.connection.pid, b"def transform(df):\n    return df\n", "a:int")
        return time.monotonic() - began if outcome.point == "accepted" else None


def _copy(value, kind):
    """One value in COPY's text format."""
    if value is None:
        return "\\N"
    if kind == "int":
        return str(int(value))
    if kind == "bool":
        return "t" if value else "f"
    if kind == "float":
        return repr(value)
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
