"""start.py - what py_main.c calls: loads everything, in the right order.

start() and warm_up() run in the template, touch() and serve() in a worker.
Nothing of weight is imported at the top: the environment comes first.
"""
import gc
import os
import sys

import image as images

# Threads that libraries start on their own would not survive the fork, and
# the size of a terminal would be asked for with a system call.
os.environ.update(
    JE_ARROW_MALLOC_CONF="background_thread:false", OPENBLAS_NUM_THREADS="1",
    OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", NUMEXPR_NUM_THREADS="1",
    COLUMNS="120", LINES="40")

# With the walls of language or imports off, tests ask whether the kernel says
# no: what a script could import is loaded beforehand, so that it is not a
# missing module that stops it.
PRELOAD = """
    os posix sys io _io subprocess socket ssl select selectors signal resource
    time tempfile shutil pathlib glob pickle marshal copyreg sqlite3
    multiprocessing multiprocessing.pool multiprocessing.shared_memory
    multiprocessing.connection threading _thread asyncio concurrent.futures
    concurrent.futures.thread concurrent.futures.process ctypes ctypes.util
    mmap fcntl pty tty termios array struct inspect gc linecache traceback
    types builtins importlib importlib.util importlib.machinery pkgutil runpy
    zipimport site sysconfig platform pdb code codeop dis ast tokenize
    urllib.request urllib.parse http.client http.server ftplib smtplib
    socketserver xmlrpc.client webbrowser email logging logging.handlers
    csv json configparser zipfile tarfile gzip bz2 lzma hashlib secrets random
    string re functools itertools operator collections contextlib weakref
    atexit faulthandler tracemalloc errno stat pwd grp getpass uuid decimal
    fractions statistics math datetime copy dataclasses enum typing queue
    sched curses ipaddress ensurepip
    numpy.ctypeslib numpy.f2py numpy.testing numpy.lib.recfunctions
    pandas.io.common pandas.io.clipboard pandas.io.pickle pandas.io.sql
    pandas.compat pandas.core.computation.scope pandas.util
    pyarrow.fs pyarrow.csv pyarrow.parquet pyarrow.feather pyarrow.dataset
""".split()

# The language policy: what decides whether a script is taken, and what it may
# do.  Their hash is the policy's version.
POLICY = ("names.py", "guards.py", "policy.py")

WALL_LANGUAGE = 1 << 0
WALL_IMPORTS = 1 << 2


def start(walls_off, allowed_modules, image, recording):
    """image: the code that another template has collected, or None; recording:
    this one is to collect it."""
    if image is not None:
        gc.disable()            # nothing is garbage yet
        images.install(image)
        import folders
        folders.install()
    else:
        if recording:
            images.record()
            import folders
            folders.install()
        note_policy()
    import driver
    driver.configure(walls_off, allowed_modules)
    if walls_off & (WALL_LANGUAGE | WALL_IMPORTS):
        import importlib
        for name in PRELOAD:
            try:
                importlib.import_module(name)
            except Exception:
                pass


def warm_up(can_read_later, recording):
    """Once, before the first script: with everything loaded and used, or with
    only what is listed left to be found.  Returns the image, if recording."""
    image = images.collect() if recording else None
    import driver
    import guards
    if can_read_later:
        import later as way
    else:
        import warmup as way
        versions()
        way.warm_up()
    guards.harden()
    driver.quiet()
    way.seal()
    gc.enable()
    return image


def touch():
    """In an idle worker: the memory that every job touches."""
    warmup = sys.modules.get("warmup")
    if warmup is not None:
        warmup.touch()


def serve():
    import driver
    return driver.serve()


def _release(package):
    """What the folder of an installed package's facts is called."""
    for folder in filter(os.path.isdir, sys.path):
        for entry in os.listdir(folder):
            name, _, rest = entry.partition("-")
            if name.lower() == package and rest.endswith(".dist-info"):
                return rest.removesuffix(".dist-info")
    return "?"


def note_policy():
    """Where modules can still be found, in the template that is asked for
    versions()."""
    import hashlib
    global _policy
    digest = hashlib.sha256()
    for name in POLICY:
        with open(os.path.join(os.path.dirname(__file__), name), "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    _policy = digest.hexdigest()


def versions():
    import numpy
    import pandas
    import pyarrow
    global _versions
    if _versions is None:
        _versions = "\n".join((
            "Python " + sys.version.split()[0], "pandas " + pandas.__version__,
            "numpy " + numpy.__version__, "pyarrow " + pyarrow.__version__,
            "RestrictedPython " + _release("restrictedpython"),
            "policy " + _policy))
    return _versions


_policy = None
_versions = None
