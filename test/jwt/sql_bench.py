#!/usr/bin/env python3
"""Tokens that transform_validate_jwt checks in a second of a core, through SQL.

    make jwt-bench

Processor time of the backend, as the kernel counts it: other programs may run.
"""
import os
import statistics
import sys

import cluster
import figures

CALLS = 100000
ROUNDS = 5
BAR = 50000
LOGINS = 5


def processor_seconds(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(c, sql, *values):
    rates = []
    for _ in range(ROUNDS):
        start = processor_seconds(c.pid)
        c.query(sql, *values)
        rates.append(CALLS / (processor_seconds(c.pid) - start))
    return statistics.median(rates)


def main():
    out = figures.Figures("make jwt-bench")
    with cluster.make("jwt", {"transform.warm_workers": 0}) as server, server.connect() as c:
        c.script("CREATE EXTENSION transform; CREATE ROLE analyst;"
                 "SELECT transform_user_create('ann@example.com', 'analyst', 'correct horse')")
        token = c.value("SELECT transform_login('ann@example.com', 'correct horse')")
        start = processor_seconds(c.pid)
        for _ in range(LOGINS):
            c.query("SELECT transform_login('ann@example.com', 'correct horse')")
        login = (processor_seconds(c.pid) - start) / LOGINS
        out.note("token", len(token), "bytes")
        out.at_least("transform_validate_jwt, HS256, a second and core", rate(
            c, "SELECT count(transform_validate_jwt($1)) FROM generate_series(1, %d)" % CALLS, token), "tokens", BAR)
        out.note("transform_login", 1000 * login, "ms of a core, with the default password settings")
    return out.finish()


sys.exit(main())
