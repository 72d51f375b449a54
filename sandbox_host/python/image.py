"""image.py - the code of every module that a worker starts with, in one piece
of memory.

Where workers are not copies, each starts Python anew, and finding and reading
500 files is most of what that costs.  So the template that proves the walls
records what it loads (record, collect), and the pool hands the bytes to every
worker, to be read and not written (install).  What is not in the image is
found as without one.
"""
import marshal
import sys

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external

# Loaded on first use by ordinary scripts: in the image, so that it is cheap.
OFTEN_USED = """
    _strptime calendar encodings.ascii encodings.cp1252 encodings.latin_1
    pandas.core.arrays.arrow._arrow_utils pandas.core.methods.describe
    pandas.core.methods.to_dict pandas.core.reshape.reshape
    pandas.core.window.online pandas.io.formats.string pyarrow.pandas_compat
    pyarrow.vendored.version folders later zoneinfo._zoneinfo
""".split()

_recorded = {}      # name: (path, is a package or None for a library, code)


def record():
    """In the prover, before anything of weight is imported."""
    get_code = external.SourceFileLoader.get_code
    create_module = external.ExtensionFileLoader.create_module

    def recording_get_code(loader, name):
        code = get_code(loader, name)
        _recorded[name] = (loader.path, loader.is_package(name), code)
        return code

    def recording_create_module(loader, spec):
        _recorded[spec.name] = (loader.path, None, None)
        return create_module(loader, spec)

    external.SourceFileLoader.get_code = recording_get_code
    external.ExtensionFileLoader.create_module = recording_create_module


def collect():
    """In the prover, before the finders are closed: the image."""
    import importlib
    for name in OFTEN_USED:
        try:
            importlib.import_module(name)
        except ImportError:
            pass                # of another release
    entries, pieces, at = {}, [], 0
    for name, (path, is_package, code) in _recorded.items():
        piece = marshal.dumps(code) if code is not None else b""
        entries[name] = (path, is_package, at, len(piece))
        pieces.append(piece)
        at += len(piece)
    head = marshal.dumps(entries)
    return b"".join((len(head).to_bytes(8, "little"), head, *pieces))


class _Finder:
    """Finder and loader of the modules of an image."""

    def __init__(self, view):
        size = int.from_bytes(view[:8], "little")
        self.entries = marshal.loads(view[8:8 + size])
        self.body = view[8 + size:]

    def find_spec(self, name, path=None, target=None):
        entry = self.entries.get(name)
        if entry is None:
            return None
        file, is_package = entry[:2]
        if is_package is None:
            loader = external.ExtensionFileLoader(name, file)
            return external.spec_from_file_location(name, file, loader=loader)
        spec = bootstrap.ModuleSpec(name, self, origin=file)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [external._path_split(file)[0]]
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(self.get_code(module.__spec__.name), module.__dict__)

    def get_code(self, name):
        at, size = self.entries[name][2:]
        return marshal.loads(self.body[at:at + size])

    def is_package(self, name):
        return bool(self.entries[name][1])


def install(view):
    """In a worker: find modules there first."""
    sys.meta_path.insert(0, _Finder(view))
