"""The demo on Windows: a real job on real data in a private cluster.

The same SQL as on other systems (demo\\*.sql): 336,776 flights, one job, its
row, the result and its digest.
"""
import os
import socket
import subprocess
import zipfile

from installer import PACKAGE, Record, say
from server import Refusal


def folder(server):
    base = os.environ.get("TRANSFORM_DEMO") or os.path.join(
        os.environ.get("LOCALAPPDATA") or os.environ["TEMP"], "transform-demo")
    return os.path.join(base, "%s-%s" % (server.major, server.build))


def call(log, *command, **options):
    """Run a server program, its words in a file: what it starts keeps its output open."""
    with open(log, "ab") as out:
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options).returncode == 0:
            return
    with open(log, encoding="utf-8", errors="replace") as lines:
        said = lines.read().splitlines()[-20:]
    raise Refusal("%s failed:\n%s" % (os.path.basename(command[0]), "\n".join(said)))


def program(server, name):
    path = os.path.join(server.root, "bin", name)
    if name == "psql.exe":
        path = os.environ.get("PSQL", path)
    if not os.path.isfile(path):
        raise Refusal("%s has no bin\\%s, which the demo needs%s." % (
            server.root, name, "; PSQL= may name another" if name == "psql.exe" else ""))
    return path


def start(server, place, settings):
    data, log = os.path.join(place, "data"), os.path.join(place, "log.txt")
    os.makedirs(place, exist_ok=True)
    if not os.path.isfile(os.path.join(data, "PG_VERSION")):
        say("Making a private cluster in %s" % place)
        call(os.path.join(place, "initdb.txt"), program(server, "initdb.exe"), "-D", data, "-U", "postgres",
             "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C")
    stop(server, quiet=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(os.path.join(data, "postgresql.auto.conf"), "w", encoding="utf-8") as conf:
        conf.write("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nport = %d\n"
                   "shared_preload_libraries = 'transform'\nmin_dynamic_shared_memory = 64MB\n" % port)
        for one in settings:
            name, value = one.split("=", 1)
            conf.write("%s = '%s'\n" % (name, value.replace("'", "''")))
    call(os.path.join(place, "pg_ctl.txt"), program(server, "pg_ctl.exe"), "-D", data, "-w", "-t", "120", "-l", log, "start")
    return port


def stop(server, quiet=False):
    place = folder(server)
    data = os.path.join(place, "data")
    if os.path.isfile(os.path.join(data, "postmaster.pid")):
        subprocess.run([program(server, "pg_ctl.exe"), "-D", data, "-w", "-m", "fast", "stop"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not quiet:
        say("The demo is stopped; its folder is %s" % place)


def run(server, settings):
    if Record(server).version is None:
        raise Refusal("transform is not installed in %s: scripts\\install.cmd first." % server.root)
    place = folder(server)
    psql = [program(server, "psql.exe"), "-X", "-q", "-h", "127.0.0.1", "-U", "postgres", "-d", "postgres",
            "-v", "ON_ERROR_STOP=1", "-p", str(start(server, place, settings))]
    sql = os.path.join(PACKAGE, "demo")

    def step(*arguments):
        done = subprocess.run(psql + list(arguments), cwd=place, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, PGCLIENTENCODING="UTF8"))
        if done.returncode:
            raise Refusal("The demo stopped here; the server's log: %s" % os.path.join(place, "log.txt"))

    step("-c", "SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS transform")
    known = subprocess.run(psql + ["-At", "-c", "SELECT to_regclass('public.flights') IS NOT NULL"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.strip()
    if known != b"t":
        say("Loading the flights")
        with zipfile.ZipFile(os.path.join(sql, "flights.csv.zip")) as packed:
            packed.extract("flights.csv", place)
        step("--single-transaction", "-f", os.path.join(sql, "load.sql"))
        step("-c", "VACUUM ANALYZE flights")
        os.unlink(os.path.join(place, "flights.csv"))
    with open(os.path.join(PACKAGE, "examples", "demo_flights.py"), encoding="utf-8") as code:
        say("", "The job: SELECT transform_submit, seen through CALL transform_run")
        step("-v", "code=" + code.read(), "-f", os.path.join(sql, "job.sql"))
    step("-f", os.path.join(sql, "show.sql"))
    say("", "The server keeps running: demo.cmd stop ends it.")
