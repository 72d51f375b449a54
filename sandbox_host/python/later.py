"""later.py - for workers that can read the interpreter's own files while they
run a script, because they are not copies of a process that has loaded
everything: what warmup.py loads ahead of time is loaded here on first use.

The same names exist as there, and no others: a module or time zone that a
script's act leads to is either among them or does not exist.  The audit hook
pauses while a library module is found and run, since reading its file is what
it would refuse; no line of the script runs meanwhile.
"""
import linecache
import os
import sys
import zoneinfo

import guards

# What the walk over the packages leaves out, and what it does not meet.
PACKAGES = ("pandas", "numpy", "encodings")
SKIPPED = (".tests", ".conftest", "__main__", ".distutils", ".f2py", ".testing",
           "numpy._pyinstaller", "numpy._configtool", "numpy.typing.mypy_plugin",
           "encodings.mbcs", "encodings.oem", "pandas._testing", "pandas.testing",
           "numpy.ctypeslib", "pandas.io.clipboard")
LISTED = ("_strptime", "unicodedata", "stringprep", "decimal", "fractions", "uuid",
          "string", "textwrap", "difflib", "calendar", "locale", "numbers",
          "concurrent.futures", "secrets", "ast", "tokenize", "traceback",
          "zoneinfo._zoneinfo", "tzdata", "tzdata.zoneinfo", "dateutil.tz",
          "dateutil.parser", "dateutil.easter", "dateutil.relativedelta",
          "pyarrow.compute", "pyarrow.pandas_compat", "pyarrow.vendored.docscrape",
          "pyarrow.vendored.version",
          "_pydatetime", "pickle", "copy", "json", "statistics", "bisect", "heapq")


def is_listed(name):
    return name in LISTED or (name.split(".")[0] in PACKAGES
                              and not any(part in name for part in SKIPPED))


class _Paused:
    """The audit hook looks away; may be nested."""

    def __enter__(self):
        self.armed = guards._armed
        guards.disarm()

    def __exit__(self, *error):
        guards.arm_if(self.armed)


class _Loader:
    """Runs a library module, and whatever it imports, unwatched."""

    def __init__(self, real, finder):
        self.real = real
        self.finder = finder

    def create_module(self, spec):
        with _Paused():
            return self.real.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.real
        self.finder.depth += 1
        try:
            with _Paused():
                self.real.exec_module(module)
        finally:
            self.finder.depth -= 1


class _Finder:
    """The only finder there is once scripts may run."""

    def __init__(self, finders):
        self.finders = finders
        self.depth = 0              # library modules being run

    def find_spec(self, name, path=None, target=None):
        if self.depth or is_listed(name):
            with _Paused():
                for finder in self.finders:
                    spec = finder.find_spec(name, path, target)
                    if spec is not None:
                        if spec.loader is not None:
                            spec.loader = _Loader(spec.loader, self)
                        return spec
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


class _Zones:
    """zoneinfo's way to the files of the package tzdata: its names alone."""

    def __init__(self):
        self.folder = next((folder for folder in (os.path.join(p, "tzdata") for p in sys.path)
                            if os.path.isfile(os.path.join(folder, "zones"))), None)
        self.names = None

    def load(self, key):
        with _Paused():
            if self.names is None:
                self.names = self._read_names()
            if key not in self.names:
                raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")
            return open(os.path.join(self.folder, "zoneinfo", *key.split("/")), "rb")

    def _read_names(self):
        if self.folder is None:
            return frozenset()
        with open(os.path.join(self.folder, "zones"), encoding="ascii") as f:
            return frozenset(f.read().split())


def seal():
    """After guards.harden(): from here on only what is listed is found."""
    import gc
    sys.meta_path[:] = [_Finder(sys.meta_path[:])]
    zoneinfo._common.load_tzdata = _Zones().load
    linecache.getline = lambda *args, **kwargs: ""
    linecache.getlines = lambda *args, **kwargs: []
    linecache.checkcache = lambda *args, **kwargs: None
    linecache.updatecache = lambda *args, **kwargs: []
    linecache.lazycache = lambda *args, **kwargs: False
    gc.freeze()
