"""What a run of the benchmark measured, on what: a JSON file."""
import datetime
import importlib.metadata
import json
import os
import subprocess

import cluster

PACKAGES = ("pandas", "numpy", "pyarrow", "psycopg", "SQLAlchemy", "adbc-driver-postgresql", "connectorx")


def write(bench, load, seconds):
    """Write build/bench/DATE.json, and latest.json beside it; its path."""
    folder = os.path.join(os.environ["BUILD"], "bench")
    os.makedirs(folder, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    text = json.dumps({
        "date": now.isoformat(timespec="seconds"), "repeat": bench.figure.repeat, "seconds": round(seconds),
        "machine": machine(load), "versions": versions(bench),
        "figures": [dict(zip(("name", "value", "unit", "bar", "ok"), f)) for f in bench.figure.all],
        "tables": bench.measured, "budget_ns_a_row": bench.budget}, indent=1)
    path = os.path.join(folder, now.strftime("%Y%m%d-%H%M%S.json"))
    for name in (path, os.path.join(folder, "latest.json")):
        with open(name, "w") as f:
            f.write(text + "\n")
    return path


def machine(load):
    return {"processor": _first("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
            "memory_kb": int(_first("/proc/meminfo", "MemTotal").split()[0]), "kernel": os.uname().release,
            "load_before": load[0], "load_after": os.getloadavg()[0]}


def _first(path, key):
    with open(path) as f:
        return next((line.split(":", 1)[1].strip() for line in f if line.startswith(key)), "0")


def versions(bench):
    """Of the server, the module, the checkout, and the packages of the peers."""
    found = {"postgresql": bench.c.value("SHOW server_version"), "transform": bench.c.value("SELECT transform_version()"),
             "commit": _git("rev-parse", "HEAD"), "changed_files": len(_git("status", "--porcelain").splitlines())}
    code = ("import importlib.metadata as m, json, sys\ndef v(n):\n try: return m.version(n)\n"
            " except m.PackageNotFoundError: return None\nprint(json.dumps({n: v(n) for n in sys.argv[1:]}))")
    if bench.peers:
        done = subprocess.run([bench.peers, "-c", code, *PACKAGES], capture_output=True, text=True, check=True)
        found.update(json.loads(done.stdout))
    else:
        found.update({n: importlib.metadata.version(n) for n in PACKAGES[:3]})
    return found


def _git(*arguments):
    done = subprocess.run(["git", "-C", cluster.TOP, *arguments], capture_output=True, text=True)
    return done.stdout.strip()
