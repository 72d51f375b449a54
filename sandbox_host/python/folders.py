"""folders.py - finds modules with one look at each folder, where a worker loads
everything anew (Windows): Python's own way asks the system several times for
each module, and again in every folder for one that is not there, and every
question costs a trip.

The facts that tell whether compiled code is current come with the names in a
folder.  What is in the folders does not change while a single-use process
lives.  There are no archives and no packages without __init__.py.
"""
import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location

_listings = {}


def _listing(folder):
    """{name: os.DirEntry}; empty when it cannot be read."""
    found = _listings.get(folder)
    if found is None:
        found = {}
        try:
            with os.scandir(folder) as entries:
                found = {entry.name: entry for entry in entries}
        except OSError:
            pass
        _listings[folder] = found
    return found


def _facts(path):
    folder, _, name = path.rpartition(os.sep)
    entry = _listing(folder).get(name)
    if entry is None:
        raise FileNotFoundError(path)
    return entry.stat()


class _Source(SourceFileLoader):
    def path_stats(self, path):
        facts = _facts(path)
        return {"mtime": facts.st_mtime, "size": facts.st_size}

    def get_data(self, path):
        size = _facts(path).st_size
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            return os.read(file, size)
        finally:
            os.close(file)

    def set_data(self, path, data, **more):
        """Compiled code is not written from here."""


class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        tail = name.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            found = _in_folder(name, tail, folder) if isinstance(folder, str) else None
            if found is not None:
                return found
        return None


def _in_folder(name, tail, folder):
    listing = _listing(folder)
    below = os.path.join(folder, tail)
    if tail in listing and "__init__.py" in _listing(below):
        file = os.path.join(below, "__init__.py")
        return spec_from_file_location(name, file, loader=_Source(name, file),
                                       submodule_search_locations=[below])
    for suffix, loader in _SUFFIXES:
        if tail + suffix in listing:
            file = os.path.join(folder, tail + suffix)
            return spec_from_file_location(name, file, loader=loader(name, file))
    return None


_SUFFIXES = [*((s, ExtensionFileLoader) for s in EXTENSION_SUFFIXES), (".py", _Source)]


def install():
    """Instead of Python's own finder of files, after builtin and frozen modules."""
    sys.path[:] = [os.path.normpath(folder) for folder in sys.path]
    sys.meta_path[sys.meta_path.index(PathFinder)] = _Finder
