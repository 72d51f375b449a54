#!/usr/bin/env python3
"""Guessing passwords: what an attacker gets, and what others feel of it.

    make login-force [TRIES=10000]

Four sessions try wrong passwords against one account from one address, as fast
as they can.  Meanwhile its owner logs in from elsewhere, and somebody else from
the attacker's own address.  None of the tries may succeed, few may be looked
at, and nobody else may be refused.  Then: does the time tell whether there is
such a user?
"""
import argparse
import re
import statistics
import sys
import threading
import time

import cluster
import figures
import pq

SESSIONS = 4
LOGIN = "SELECT transform_login($1, $2, $3::inet)"
PAIRS = 40
SETTINGS = {"transform.warm_workers": 0, "log_min_messages": "fatal"}


class Attacker(threading.Thread):
    def __init__(self, server, tries):
        super().__init__()
        self.server, self.tries = server, tries
        self.succeeded, self.looked_at, self.refused, self.wait, self.other = 0, 0, 0, 0, []

    def run(self):
        with self.server.connect(user="pool") as c:
            for i in range(self.tries):
                try:
                    c.query(LOGIN, "ann@example.com", "guess %d" % i, "203.0.113.7")
                    self.succeeded += 1
                except pq.Error as e:
                    self.judge(e)

    def judge(self, error):
        if error.sqlstate == "28P01":
            self.looked_at += 1
        elif error.sqlstate == "53400":
            self.refused += 1
            self.wait = max(self.wait, int(re.search(r"(\d+) s", error.hint).group(1)))
        else:
            self.other.append(str(error))


class Person(threading.Thread):
    """Logs in with the right password until told to stop."""

    def __init__(self, server, email, password, address):
        super().__init__()
        self.server, self.arguments = server, (email, password, address)
        self.done, self.errors, self.times, self.stop = 0, [], [], threading.Event()

    def run(self):
        with self.server.connect(user="pool") as c:
            while not self.stop.wait(0.1) or self.done < 3:
                start = time.monotonic()
                try:
                    c.query(LOGIN, *self.arguments)
                except pq.Error as e:
                    self.errors.append(str(e))
                self.done += 1
                self.times.append(time.monotonic() - start)


def prepare(c):
    c.script("""CREATE EXTENSION transform;
        CREATE ROLE analyst; CREATE ROLE pool LOGIN;
        GRANT transform_authenticator, analyst TO pool;
        SELECT transform_user_create('ann@example.com', 'analyst', 'correct horse'),
               transform_user_create('bob@example.com', 'analyst', 'battery staple')""")


def attack(server, tries, out):
    attackers = [Attacker(server, tries // SESSIONS) for _ in range(SESSIONS)]
    owner = Person(server, "ann@example.com", "correct horse", "198.51.100.1")
    neighbour = Person(server, "bob@example.com", "battery staple", "203.0.113.7")
    start = time.monotonic()
    for thread in (*attackers, owner, neighbour):
        thread.start()
    for thread in attackers:
        thread.join()
    seconds = time.monotonic() - start
    for person in (owner, neighbour):
        person.stop.set()
        person.join()
    total = lambda name: sum(getattr(a, name) for a in attackers)
    out.note("wrong tries", tries, "in %.1f s, by %d sessions" % (seconds, SESSIONS))
    out.exactly("succeeded", total("succeeded"), "", 0)
    out.at_most("looked at", total("looked_at"), "passwords", 20)
    out.exactly("looked at or refused with a wait", total("looked_at") + total("refused"), "", tries)
    out.at_least("longest wait for the next guess", max(a.wait for a in attackers), "s", 2)
    for name, person in (("owner from elsewhere", owner), ("somebody else from the same address", neighbour)):
        out.note("logins, %s" % name, person.done, "median %.0f ms" % (1000 * statistics.median(person.times)))
        out.exactly("refused, %s" % name, len(person.errors), person.errors[:1] or "", 0)


def too_early(server, out):
    with server.connect(user="pool") as c:
        try:
            c.query(LOGIN, "ann@example.com", "correct horse", "203.0.113.7")
            state = "accepted"
        except pq.Error as e:
            state = e.sqlstate
    out.exactly("the right password from the attacker's address, while it waits", state, "", "53400")


def failing_login(c, email, address):
    start = time.monotonic()
    try:
        c.query(LOGIN, email, "wrong password", address)
    except pq.Error as e:
        assert e.sqlstate == "28P01", e
    return time.monotonic() - start


def timing(server, out):
    """Each try from an address of its own; known and unknown in turn."""
    times = {"bob@example.com": [], "nobody@example.com": []}
    with server.connect(user="pool") as c:
        for i in range(PAIRS):
            for j, email in enumerate(times):
                times[email].append(failing_login(c, email, "192.0.2.%d" % (2 * i + j)))
    known, unknown = (statistics.median(t) * 1000 for t in times.values())
    out.note("time of a wrong password, known and unknown e-mail", "%.1f and %.1f" % (known, unknown), "ms")
    out.at_most("difference", abs(known - unknown) / known * 100, "%", 10)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, default=10000)
    tries = parser.parse_args().tries // SESSIONS * SESSIONS
    out = figures.Figures("make login-force TRIES=%d" % tries)
    with cluster.make("force", SETTINGS) as server:
        with server.connect() as c:
            prepare(c)
        attack(server, tries, out)
        too_early(server, out)
        timing(server, out)
    return out.finish()


sys.exit(main())
