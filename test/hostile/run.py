#!/usr/bin/env python3
"""A taken-over worker against the server: a fake sandbox_host plays it, case by
case (cases.py, stuck.py), then at random (mutate.py).

    make hostile [ROUNDS=2000] [SEED=n] [ONLY=part of a name]
"""
import argparse
import contextlib
import os
import pwd
import re
import socket
import sys
import time

import cases
import cluster
import fake_host
import mutate
import pq
import stuck
import wire

SETTINGS = {"transform.max_concurrent_jobs": 4, "shared_buffers": "16MB", "log_min_messages": "warning",
            "autovacuum": "off", "restart_after_crash": "on"}
CRASH = re.compile(r"terminated by signal|PANIC:|TRAP:|AddressSanitizer|terminated by exception|was terminated")
OBJECTS = """
CREATE EXTENSION transform;
CREATE TABLE source AS SELECT g AS id FROM generate_series(1, 3) g;
CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 10) AS word FROM generate_series(1, 60000) g;
CREATE TABLE documents (j jsonb); INSERT INTO documents VALUES ('1');
CREATE TABLE keys (k int PRIMARY KEY);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN small_text AS text CHECK (VALUE = lower(VALUE));
CREATE DOMAIN never_null AS text NOT NULL;
CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;
"""
SCRIPT = "SELECT transform_script_create('s', 'def transform(df):\n    return df\n')"
MORE = {"append: a trigger that raises": "CREATE TRIGGER t BEFORE INSERT ON out FOR EACH ROW EXECUTE FUNCTION no()",
        "append: a policy": "ALTER TABLE out ENABLE ROW LEVEL SECURITY; ALTER TABLE out FORCE ROW LEVEL SECURITY; "
        "ALTER TABLE out OWNER TO mortal; GRANT SELECT ON source TO mortal; "
        "CREATE POLICY p ON out FOR INSERT WITH CHECK (a > 1)"}
AS = {"append: a policy": "mortal"}


class Hostile:
    """The server, its fake host and what both have come to."""

    def __init__(self, server, host):
        self.cluster, self.host = server, host
        self.tests = self.failed = 0
        self.log_at = 0
        self.connections = {}
        self.slow = []
        self.worst = 0                                  # the most memory of any
        self.sanitized = bool(os.environ.get("SAN"))    # whose memory is not that of the server

    def connection(self, database="postgres"):
        if database not in self.connections:
            self.connections[database] = self.cluster.connect(dbname=database)
        return self.connections[database]

    def report(self, what, faults):
        self.tests += 1
        self.failed += bool(faults)
        print("%s %d - %s" % ("not ok" if faults else "ok", self.tests, what), flush=True)
        for fault in faults:
            print("#   %s" % fault, flush=True)

    def prepare(self):
        with self.cluster.connect() as c:
            c.script("CREATE ROLE mortal")
            c.script("CREATE DATABASE latin1 ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        self.host.play = wire.DONE_FRAME
        for database in ("postgres", "latin1"):
            c = self.connection(database)
            c.script(OBJECTS)
            c.script(SCRIPT)
            c.script("GRANT CREATE ON SCHEMA public TO mortal; GRANT transform_user TO mortal")
            c.script("SET ROLE mortal")
            c.script(SCRIPT.replace("'s'", "'mine'"))
            c.script("RESET ROLE")
        self.host.play = wire.HONEST

    # ---- one job

    def submit(self, c, play, source="source", mode="create", script="s", destination="out"):
        """The job's id; its worker plays `play`."""
        c.script("BEGIN")
        job = c.value("SELECT transform_submit($1, $2::text::regclass, $3, mode => $4)", script, source,
                      destination, mode)
        self.host.plays[job] = play
        c.script("COMMIT")
        return job

    def outcome(self, c, job):
        state = c.value("SELECT transform_wait($1, '30 s')", job)
        row = c.query("SELECT state, sqlstate, error, error_detail FROM transform.jobs WHERE id = $1", job)[0]
        return state, row

    def honest_job(self, c):
        """Faults of a job that does nothing wrong."""
        job = self.submit(c, wire.HONEST)
        state, row = self.outcome(c, job)
        if state != "succeeded" or c.value("SELECT sum(a) FROM out") != 6:
            return ["the next honest job: %s" % (row,)]
        c.script("DROP TABLE out")
        return []

    def unharmed(self):
        """Faults that the server's log and the host show."""
        with open(self.cluster.log, "rb") as f:
            f.seek(self.log_at)
            new = f.read()
        self.log_at += len(new)
        faults = [line.decode(errors="replace")[:300] for line in new.split(b"\n")
                  if CRASH.search(line.decode(errors="replace"))]
        if len(new) > 4 * cases.MB:
            faults.append("the server's log has grown by %d MB" % (len(new) >> 20))
        faults += self.host.faults
        self.host.faults = []
        return faults

    def memory(self, most=512 * cases.MB):
        """Faults of the processes that talked to the host since the last call."""
        with self.host.lock:
            peaks, self.host.peaks = self.host.peaks, {}
        worst = max(peaks.values(), default=0)
        self.worst = max(self.worst, worst)
        if worst > most and not self.sanitized:
            return ["the server's process has used %d MB" % (worst >> 20)]
        return []

    # ---- the table

    def play_job(self, case):
        c = self.connection(case.database)
        mode = "append" if case.ddl else "create"
        c.script("DROP TABLE IF EXISTS out; RESET ALL; " + case.settings)
        if case.ddl:
            c.script("CREATE TABLE out (%s); %s" % (case.ddl, MORE.get(case.name, "")))
        c.script("SET ROLE %s" % AS.get(case.name, "postgres"))
        job = self.submit(c, case.play, case.source, mode,
                          "mine" if case.name in AS else "s")
        c.script("RESET ROLE")
        state, row = self.outcome(c, job)
        faults = self.judge(case, state, row.sqlstate, "%s %s" % (row.error, row.error_detail))
        broken = c.query("SELECT id FROM transform.jobs WHERE id = $1 AND length(convert_to(concat_ws('', error, "
                         "error_detail, error_hint, traceback, error_context), 'UTF8')) > 1000000", job)
        if broken:
            faults.append("more than 1 MB of error text is kept")
        if state != "succeeded" and mode == "create" and c.value("SELECT to_regclass('out')") is not None:
            faults.append("the failed job has left its table")
        if state != "succeeded" and mode == "append" and c.value("SELECT count(*) FROM out") != 0:
            faults.append("the failed job has left rows")
        if case.check and (state == "succeeded" or "out" not in case.check.split()) and not c.value(case.check):
            faults.append("false: " + case.check)
        c.script("DROP TABLE IF EXISTS out")
        return faults

    def judge(self, case, state, sqlstate, said):
        wanted = case.sqlstate if isinstance(case.sqlstate, tuple) else (case.sqlstate,)
        if sqlstate not in wanted or (state == "succeeded") != (sqlstate is None):
            return ["%s with %s, not %s: %s" % (state, sqlstate, wanted, said[:500])]
        if case.says and case.says not in said:
            return ["%r is not in %r" % (case.says, said[:500])]
        return []

    def play_preview(self, case):
        """In a backend of its own, so that its memory is the case's."""
        self.host.play = case.play
        faults = []
        with self.cluster.connect(dbname=case.database) as c:
            c.script("SET statement_timeout = '30 s'; SET client_min_messages = error; " + case.settings)
            try:
                c.query("SELECT count(data) FROM transform_preview('s', $1::text::regclass)", case.source)
                faults = self.judge(case, "succeeded", None, "")
            except pq.Error as e:
                faults = self.judge(case, "failed", e.sqlstate, "%s %s" % (e.message, e.detail))
        self.host.play = wire.HONEST
        return ["preview: " + f for f in faults]

    def guarded(self, play, case):
        try:
            return play(case)
        except (pq.Error, UnicodeDecodeError) as e:
            self.connections.clear()
            return ["%s" % e]

    def table(self, only):
        for case in cases.data_cases():
            if only and only not in case.name:
                continue
            began = time.monotonic()
            faults = self.guarded(self.play_job, case)
            if case.preview and not case.ddl:
                faults += self.guarded(self.play_preview, case)
            faults += self.memory(case.memory) + self.unharmed()
            faults += self.guarded(lambda _: self.honest_job(self.connection(case.database)), case)
            self.slow.append((time.monotonic() - began, case.name))
            self.report(case.name, faults)
        if not only:
            self.whole_texts()

    def settle(self, c, **settings):
        for name, value in settings.items():
            c.script("ALTER SYSTEM SET transform.%s = '%s'" % (name, value))
        c.value("SELECT pg_reload_conf()")
        for name, value in settings.items():
            cluster.wait_for(lambda: c.value("SELECT current_setting($1)", "transform." + name) == value)

    def other_account(self):
        """A host of another account is refused, unless transform.sandbox_account names that."""
        what = "a host of another account is refused"
        if os.geteuid() != 0:
            print("ok - %s # SKIP it takes root to have another account" % what)
            return
        path = self.cluster.folder + "/other"
        with self.cluster.connect() as c, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            os.chmod(path, 0o777)
            # whose a listener is, is settled here
            os.seteuid(pwd.getpwnam("nobody").pw_uid)
            listener.listen()
            os.seteuid(0)
            c.script("SET statement_timeout = '1 s'")
            for account, sqlstate in (("", "55000"), ("mail", "55000"), ("nobody", "57014")):
                self.settle(c, sandbox_address=path, sandbox_account=account)
                try:
                    c.query("SELECT * FROM transform_validate('x = 1')")
                    error = None
                except pq.Error as e:
                    error = e
                good = error and error.sqlstate == sqlstate and ("another account" in error.message) == (sqlstate == "55000")
                self.report("%s; sandbox_account '%s'" % (what, account), [] if good else [str(error)])
            self.settle(c, sandbox_address=self.host.path, sandbox_account="")

    def whole_texts(self):
        """Everything that was kept is valid in the server's encoding."""
        for database in ("postgres", "latin1"):
            faults = []
            for table in ("transform.job", "transform.job_log"):
                try:
                    self.connection(database).query(
                        "SELECT sum(length(convert_to(t::text, 'UTF8'))) FROM %s t" % table)
                except pq.Error as e:
                    faults.append("%s: %s" % (table, e))
            self.report("%s: what is kept is valid text" % database, faults)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    parser.add_argument("--only", default="", help="cases whose name holds this; \"mutate\": only the rounds")
    options = parser.parse_args()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        server = cluster.Cluster("hostile", SETTINGS)
        path = server.folder + "/host"
        server.settings["transform.sandbox_address"] = path
        stack.enter_context(server)
        hostile = Hostile(server, fake_host.FakeHost(path))
        hostile.prepare()
        hostile.table(options.only)
        print("# the table: %.1f s; slowest: %s" % (time.monotonic() - began, ", ".join(
            "%s %.1f s" % (name, seconds) for seconds, name in sorted(hostile.slow)[:-8:-1])))
        if not options.only:
            hostile.other_account()
        stuck.run(hostile, options.only)
        print("# with what is stuck: %.1f s" % (time.monotonic() - began))
        if options.only in ("", "mutate") and options.rounds:
            mutate.run(hostile, options.rounds, options.seed)
        print("# the most memory of a server's process: %d MB" % (hostile.worst >> 20))
        print("1..%d" % hostile.tests)
        return 1 if hostile.failed else 0


if __name__ == "__main__":
    sys.exit(main())
