"""guards.py - walls 1 (language) and 3 (imports), the half that stands while a
script runs.

Runs in the zygote (tables are built once, at import) and in workers, where the
script that policy.py has rewritten calls it.

The idea that everything rests on: *every object a script can hold is safe for
any use the language allows on it*.  So nobody has to look at calls, and it
does not matter whether the script, pandas or C code makes the call (map,
sorted(key=), Series.map, agg).  From it follow the rules:

 1. A module is never handed out, only a Proxy with a list of names.
 2. Attributes are read through guard_getattr.  What may be read depends on
    the type of the object: a list of names per type (names.py), nothing on a
    type that is in no list.  Never a dunder, never internals of frames, code,
    generators, classes.
 3. A method that is safe only for some arguments is handed out as a function
    that checks them first (engine=, paths and buffers, function names in
    strings, expressions, locale=, views on memory).
 4. A class whose constructor is not safe is handed out as a Facade: good for
    isinstance and its class methods, its calls are checked.
 5. Methods of classes are bound to their class: pd.Series.sum(x) needs a
    Series, or a script's object could stand in for the library's own.
 6. A script's classes derive from object, from each other and from exceptions,
    and define only the dunder methods that names.py lists.
 7. Assignment to attributes and items goes through guards as well; library
    classes, functions and modules are read-only.
 8. Nothing that a library resolves by name gets through unchecked: function
    names in strings are on a list, query/eval expressions are parsed here and
    written anew from the tree that was checked.
 9. A refusal is a BaseException that is also written down, so that a script
    that swallows it still fails.
10. Python's own audit events for files, sockets, processes and the like are
    refused while a script runs, in case a library does on its own what no
    rule foresaw.
 11. What a library has checked must not change before it is used: indexes and
    codes are copied on the way in, objects of the script are read once into
    plain lists before C code that reads them twice, and the library's own
    tables are handed out as copies.
 12. The contents of arrays of objects are pointers: no function makes them of
    bytes, those that read bytes refuse them, and where no function is called
    (b"%b" % a) the array itself does (py_arrays.c).
"""
import builtins as _builtins
import ast
import datetime
import decimal
import functools
import inspect
import math
import re
import string
import sys
import time
import types
import unicodedata
import uuid
import warnings
import zoneinfo

import numpy as np
import pandas as pd
from RestrictedPython.transformer import INSPECT_ATTRIBUTES

import names

SCRIPT_FILE = "<script>"


# ---------------------------------------------------------------------------
# Refusals
# ---------------------------------------------------------------------------

class PolicyError(BaseException):
    """A guard refused an act.  Not an Exception: `except Exception` in a
    script is no answer to it."""

    def __init__(self, what, why="", instead=""):
        super().__init__(what)
        self.what = what
        self.why = why
        self.instead = instead


# Every refusal of this process, in order.  Rule 9: a job with an entry here
# has failed, whatever the script did with the exception.
refusals = []


def refuse(what, why="", instead=""):
    error = PolicyError(what, why, instead)
    if len(refusals) < 100:
        refusals.append(error)
    raise error


# Why a name is not available, by what its name says.  First match wins.
REASONS = (
    (r"^__", "names with two leading underscores reach the interpreter's internals", ""),
    (r"^_", "names with a leading underscore are private to their library", ""),
    (r"^read_|^(load|loads|loadtxt|genfromtxt|fromfile|fromregex|memmap|open_memmap|DataSource|ExcelFile|HDFStore)$",
     "it reads files or the network",
     "the script's input is the data frame that transform() gets"),
    (r"^(to_csv|to_excel|to_feather|to_hdf|to_html|to_iceberg|to_latex|to_markdown|to_orc|to_parquet|to_pickle|to_records|to_sql|to_stata|to_xarray|to_xml|to_clipboard|tofile|dump|dumps|save|savez|savez_compressed|savetxt|ExcelWriter|style)$",
     "it writes files or needs a package that does",
     "return the data frame: its rows are written to the destination table"),
    (r"^(plot|hist|boxplot|plotting)$", "there is nothing to draw on", ""),
    (r"^(ctypes|ctypeslib|data|setflags|resize|as_strided|byteswap|getfield|setfield|strides|base|flags|view|from_dlpack|ndarray|nditer|interchange)$",
     "it reaches raw memory", "copies and slices do the same safely"),
    (r"^(set_printoptions|seterrcall|set_bit_generator|get_bit_generator|setbufsize|register_.*|options|set_eng_float_format|printoptions)$",
     "it changes the state of the whole process", ""),
    (r"^(io|core|compat|util|testing|test|f2py|lib|ma|rec|typing|api|internals)$",
     "this part of the library is not open to scripts", ""),
    (r"^col$", "it delays what it does past every check",
     'write lambda d: d["name"] instead'),
    (r"^(mro|gi_.*|cr_.*|ag_.*|co_.*|tb_.*|f_.*|func_.*)$",
     "it reaches the interpreter's internals", ""),
)


def reason(name):
    for pattern, why, instead in REASONS:
        if re.match(pattern, name):
            return why, instead
    return "it is not on the list of what scripts may use", ""


# ---------------------------------------------------------------------------
# Names
# ---------------------------------------------------------------------------

# Attributes of frames, code objects, tracebacks, generators and classes,
# taken from the types themselves so that a new Python adds its own.
INTERNALS = (frozenset(
    n for t in (types.FrameType, types.CodeType, types.TracebackType,
                types.GeneratorType, types.CoroutineType,
                types.AsyncGeneratorType, type)
    for n in dir(t) if not n.startswith("_"))
    | INSPECT_ATTRIBUTES
    | names.words("func_code func_globals func_closure func_defaults "
                  "func_dict im_func im_self im_class cr_suspended "
                  "ag_suspended with_traceback")
) - names.words("close send throw replace clear aclose asend athrow")

# A plain name in a script: anything but dunders and the guards' own names
# (one underscore at both ends).
def bad_name(name):
    return name.startswith("__") or (
        len(name) > 1 and name.startswith("_") and name.endswith("_"))


NAMED_TUPLE_EXTRAS = frozenset(("_asdict",))
_POSITIONAL_FIELD = re.compile(r"_[0-9]+\Z")


# ---------------------------------------------------------------------------
# Rule 2: which attributes of which type
# ---------------------------------------------------------------------------

PLAIN = object()                # the attribute as it is


class Reader:
    """A rule for an attribute that is read, not called: its value comes from
    the function."""

    __slots__ = ("read",)

    def __init__(self, read):
        self.read = read


# type -> names; filled by register(), searched along the method resolution
# order, so a subclass has what its base has.
_registry = {}
_tables = {}                    # type -> {name: PLAIN or checked function}
_hidden = {}                    # (class, name) -> (self, args, kwargs) checker


def register(cls, allowed):
    _registry[cls] = frozenset(allowed)


def _register_all():
    from pandas.core.arrays.arrow import accessors as arrow_accessors
    from pandas.core.arrays.base import ExtensionArray
    from pandas.core.arrays.categorical import CategoricalAccessor
    from pandas.core.groupby import groupby as groupby_module
    from pandas.core.indexes import accessors
    from pandas.core.indexing import _iLocIndexer, _LocIndexer
    from pandas.core.resample import Resampler
    from pandas.core.strings.accessor import StringMethods
    from pandas.core.window.rolling import BaseWindow

    global _LABELLED
    _LABELLED = (pd.DataFrame, pd.Series, groupby_module.BaseGroupBy, BaseWindow, Resampler)
    register(pd.DataFrame, names.FRAME)
    register(pd.Series, names.SERIES)
    register(pd.Index, names.INDEX)
    register(ExtensionArray, names.EXTENSION_ARRAY)
    register(groupby_module.BaseGroupBy, names.GROUPBY)
    register(BaseWindow, names.WINDOW)
    register(Resampler, names.RESAMPLE)
    register(StringMethods, names.STR)
    register(accessors.Properties, names.DT)
    for cls in vars(accessors).values():
        if isinstance(cls, type) and cls.__module__ == accessors.__name__:
            register(cls, names.DT)
    register(CategoricalAccessor, names.CAT)
    register(arrow_accessors.ListAccessor, names.LIST)
    register(arrow_accessors.StructAccessor, names.STRUCT)
    from pandas.core.arrays.sparse.accessor import SparseAccessor, SparseFrameAccessor
    register(SparseAccessor, names.SPARSE)
    register(SparseFrameAccessor, ("density", "to_dense"))
    register(_LocIndexer, ())
    register(_iLocIndexer, ())
    register(pd.Timestamp, names.TIMESTAMP)
    register(pd.Timedelta, names.TIMEDELTA)
    register(pd.Period, names.PERIOD)
    register(pd.Interval, names.INTERVAL)
    register(type(pd.NaT), names.TIMESTAMP | names.TIMEDELTA)
    register(type(pd.NA), ())
    register(pd.offsets.BaseOffset, names.OFFSET)
    register(pd.api.extensions.ExtensionDtype, names.PANDAS_DTYPE)
    register(pd.Grouper, names.GROUPER)
    register(pd.NamedAgg, names.NAMED_AGG)

    register(np.ndarray, names.NDARRAY)
    register(np.generic, names.NUMPY_SCALAR)
    register(np.dtype, names.NUMPY_DTYPE)
    register(np.ufunc, names.UFUNC)
    register(np.flatiter, ("copy",))
    register(np.random.Generator, names.GENERATOR)
    register(np.random.RandomState, names.RANDOM_STATE)
    register(np.random.SeedSequence, names.SEED_SEQUENCE)
    register(np.finfo, names.NUMPY_INFO)
    register(np.iinfo, names.NUMPY_INFO)
    register(np.busdaycalendar, names.BUSDAY)
    register(np.poly1d, names.POLYNOMIAL)
    from numpy.polynomial._polybase import ABCPolyBase
    register(ABCPolyBase, names.POLYNOMIAL)

    for name, allowed in names.BUILTIN_TYPES.items():
        register(getattr(_builtins, name), allowed)
    for view in ({}.keys(), {}.values(), {}.items()):
        register(type(view), names.DICT_VIEW)
    register(types.GeneratorType, names.GENERATOR_OBJECT)
    register(re.Match, names.RE_MATCH)
    register(BaseException, names.EXCEPTION)
    register(StopIteration, names.STOP_ITERATION)
    register(datetime.date, names.DATE)
    register(datetime.datetime, names.DATETIME)
    register(datetime.time, names.TIME)
    register(datetime.timedelta, names.PY_TIMEDELTA)
    register(datetime.tzinfo, names.TIMEZONE)
    register(decimal.Decimal, names.DECIMAL)
    register(uuid.UUID, names.UUID)
    register(type(datetime.date.today().isocalendar()), names.ISO_CALENDAR)
    register(time.struct_time, [n for n in dir(time.struct_time) if n.startswith("tm_")])


# Types whose attributes are also the labels of their data.
_LABELLED = ()


def _own_names(cls):
    """Names for a type: the lists of every registered base, but a name that
    a subclass defines anew counts only if the nearest list has it."""
    allowed = frozenset()
    known = False
    for base in reversed(cls.__mro__):
        if base in _registry:
            known = True
            # The nearest family replaces the farther one (a Timestamp is a
            # datetime, an IsoCalendarDate a tuple, an IntEnum an int, ...).
            allowed = allowed | _registry[base]
    return allowed if known else None


def table_of(cls):
    """What may be read on instances of cls: {name: PLAIN or checker}, or
    None when nothing is known of the type."""
    try:
        return _tables[cls]
    except KeyError:
        pass
    allowed = _own_names(cls)
    table = None
    if allowed is not None:
        table = {}
        for name in allowed:
            checker = find_checker(cls, name)
            table[name] = PLAIN if checker is None else checker
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
            for name in (*cls._fields, "_asdict"):
                table[name] = PLAIN
    if len(_tables) < 5000:
        _tables[cls] = table
    return table


def describe(obj):
    """A type's name for a message, without running code of the object."""
    kind = type(obj)
    if kind is Proxy:
        return object.__repr__(obj) if obj is None else proxy_name(obj)
    if isinstance(obj, type):
        return "class " + type.__dict__["__name__"].__get__(obj)
    return type.__dict__["__name__"].__get__(kind)


def guard_getattr(obj, name):
    """obj.name, for the script."""
    table = _tables.get(type(obj))
    if table is not None:
        rule = table.get(name)
        if rule is PLAIN:
            return getattr(obj, name)
    return _getattr_slow(obj, name)


def _in_class(cls, name):
    return any(name in base.__dict__ for base in cls.__mro__)


def _getattr_slow(obj, name):
    if type(name) is not str:
        if isinstance(name, str):
            name = str.__str__(name)
        else:
            raise TypeError("attribute name must be string")
    kind = type(obj)
    if name.startswith("__") or name in INTERNALS:
        why, instead = reason(name)
        refuse(f'attribute "{name}" of {describe(obj)} is not available', why, instead)
    if kind is Proxy:
        return _proxy_getattr(obj, name)
    if kind is ScriptMeta or type(kind) is ScriptMeta:
        return _script_getattr(obj, name)
    if isinstance(obj, type):
        return _class_getattr(obj, name)
    if kind is _SUPER:
        return _super_getattr(obj, name)
    if name.startswith("_") and not (
            issubclass(kind, tuple) and hasattr(kind, "_fields")
            and (name in NAMED_TUPLE_EXTRAS or _POSITIONAL_FIELD.match(name))):
        why, instead = reason(name)
        refuse(f'attribute "{name}" of {describe(obj)} is not available', why, instead)
    table = table_of(kind)
    if table is None:
        if kind is not Options and not _in_class(kind, name) and not _has_own(obj, name):
            raise AttributeError(f"'{describe(obj)}' object has no attribute '{name}'")
        if kind is Options:
            return obj.read(name)
        refuse(f'attribute "{name}" of {describe(obj)} is not available',
               "objects of this type have no attributes that scripts may use")
    rule = table.get(name)
    if rule is PLAIN:
        return getattr(obj, name)
    if type(rule) is Reader:
        return rule.read(obj)
    if rule is not None:
        if isinstance(inspect.getattr_static(kind, name), _UNBOUND_KINDS):
            return rule
        return _bind(rule, obj, name)
    if not _in_class(kind, name):
        if isinstance(obj, _LABELLED):
            # Columns of a frame or of its groups, labels of a series, or
            # absent; but not what the object keeps for itself.
            if name not in object.__getattribute__(obj, "__dict__"):
                return getattr(obj, name)
        elif not _has_own(obj, name):
            raise AttributeError(f"'{describe(obj)}' object has no attribute '{name}'")
    why, instead = reason(name)
    if not instead and isinstance(obj, (pd.DataFrame, pd.Series)):
        instead = f'if "{name}" is a column, write df["{name}"]'
    refuse(f'attribute "{name}" of {describe(obj)} is not available', why, instead)


def _has_own(obj, name):
    try:
        return name in object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return False


def _bind(checker, obj, name):
    def method(*args, **kwargs):
        return checker(obj, *args, **kwargs)
    method.__name__ = method.__qualname__ = name
    return method


# Methods that do not take the object.
_UNBOUND_KINDS = (staticmethod, classmethod, types.ClassMethodDescriptorType,
                  types.BuiltinMethodType)


def _class_getattr(cls, name):
    """An attribute of a class that a script holds: str.join, pd.Series.sum,
    pd.DataFrame.from_dict, pd.Timestamp.now."""
    shown = cls
    cls = _FACADES.get(cls, cls)
    table = table_of(cls)
    if table is None or name not in table:
        if not _in_class(cls, name):
            raise AttributeError(f"type object '{describe(shown)[6:]}' has no attribute '{name}'")
        why, instead = reason(name)
        refuse(f'attribute "{name}" of {describe(shown)} is not available', why, instead)
    checker = table[name]
    raw = inspect.getattr_static(cls, name)
    if isinstance(raw, _UNBOUND_KINDS):
        value = getattr(cls, name)
        return value if checker is PLAIN else checker
    if cls in _BUILTIN_CLASSES:
        if checker is not PLAIN:
            return _unbound(cls, name, checker)
        return getattr(cls, name)
    if isinstance(raw, (types.FunctionType, types.MethodDescriptorType,
                        types.WrapperDescriptorType)) or (
            callable(raw) and not isinstance(raw, type)):
        # Rule 5.
        return _unbound(cls, name, getattr(cls, name) if checker is PLAIN else checker)
    value = getattr(cls, name)
    if isinstance(value, cls) or type(value) in (int, str, float, bool, tuple):
        return value            # Timestamp.max, timezone.utc
    refuse(f'attribute "{name}" of {describe(shown)} is not available',
           "it belongs to instances, not to the class")


def _unbound(cls, name, function):
    def method(self, *args, **kwargs):
        if not isinstance(self, cls):
            raise TypeError(f"{cls.__name__}.{name}() needs a {cls.__name__}")
        return function(self, *args, **kwargs)
    method.__name__ = method.__qualname__ = name
    return method


_SUPER = super


def _super_getattr(obj, name):
    """super().name: only what the script's own classes define."""
    if name.startswith("__"):
        refuse(f'"super().{name}" is not available', reason(name)[0])
    owner = obj.__self_class__
    mro = owner.__mro__
    for cls in mro[mro.index(obj.__thisclass__) + 1:]:
        if type(cls) is ScriptMeta and name in cls.__dict__:
            return getattr(obj, name)
    raise AttributeError(f"'super' object has no attribute '{name}'")


# ---------------------------------------------------------------------------
# Rule 1: modules as proxies
# ---------------------------------------------------------------------------

_proxy_tables = {}              # id(proxy) -> (name, {name: value}, real module)


class Proxy:
    """What a script has instead of a module.  Python's own attribute access
    (a dotted name in a match pattern) sees the same list as the guard."""

    __slots__ = ("__weakref__",)

    def __getattr__(self, name):
        try:
            return _proxy_tables[id(self)][1][name]
        except KeyError:
            raise AttributeError(f"no attribute '{name}'") from None

    def __setattr__(self, name, value):
        refuse(f"{proxy_name(self)} cannot be changed", "modules are read-only")

    def __delattr__(self, name):
        refuse(f"{proxy_name(self)} cannot be changed", "modules are read-only")

    def __repr__(self):
        return f"<module '{proxy_name(self)}'>"


def proxy_name(proxy):
    return _proxy_tables[id(proxy)][0]


def make_proxy(name, values, real=None):
    proxy = object.__new__(Proxy)
    _proxy_tables[id(proxy)] = (name, dict(values), real)
    _keep.append(proxy)
    return proxy


_keep = []                      # proxies live for ever: their ids are keys


def _proxy_getattr(proxy, name):
    path, table, real = _proxy_tables[id(proxy)]
    if name in table:
        return table[name]
    if real is not None and not name.startswith("_") and not hasattr(real, name):
        raise AttributeError(f"module '{path}' has no attribute '{name}'")
    why, instead = reason(name)
    refuse(f"{path}.{name} is not available", why, instead)


# ---------------------------------------------------------------------------
# Rule 4: classes whose constructor is checked
# ---------------------------------------------------------------------------

_FACADES = {}                   # facade -> real class
_FACADE_OF = {}                 # real class -> facade


class FacadeMeta(type):
    def __call__(cls, *args, **kwargs):
        return _facade_calls[cls](*args, **kwargs)

    def __instancecheck__(cls, obj):
        return isinstance(obj, _FACADES[cls])

    def __subclasscheck__(cls, other):
        return issubclass(_FACADES.get(other, other), _FACADES[cls])

    def __setattr__(cls, name, value):
        refuse("library classes cannot be changed")

    def __repr__(cls):
        return repr(_FACADES[cls])


_facade_calls = {}


def facade(real, call, **attributes):
    if not callable(call):
        raise TypeError(f"{real.__name__}: no constructor")
    cls = FacadeMeta(real.__name__, (), {
        "__slots__": (), "__module__": real.__module__, **attributes})
    _FACADES[cls] = real
    _FACADE_OF[real] = cls
    _facade_calls[cls] = call
    return cls


class _TypeMeta(type):
    """`type` for scripts: one argument, and isinstance(x, type)."""

    def __call__(cls, *args, **kwargs):
        if len(args) != 1 or kwargs:
            refuse("type() takes one argument",
                   "a class made at run time would pass by the rules for classes",
                   "write a class statement")
        return safe_type(args[0])

    def __instancecheck__(cls, obj):
        return isinstance(obj, _builtins.type)

    def __setattr__(cls, name, value):
        refuse("builtin classes cannot be changed")

    def __repr__(cls):
        return "<class 'type'>"


SafeType = _TypeMeta("type", (), {"__slots__": ()})
_opaque = {}


class OpaqueType:
    """Stands for a class that scripts may compare but not call."""

    __slots__ = ("_name",)

    def __init__(self, name):
        object.__setattr__(self, "_name", name)

    def __setattr__(self, name, value):
        refuse("classes cannot be changed")

    def __call__(self, *args, **kwargs):
        refuse(f"class {self._name} cannot be called", "it is not on the list of what "
               "scripts may use")

    def __repr__(self):
        return f"<class '{self._name}'>"


def safe_type(obj):
    cls = _builtins.type(obj)
    if _builtins.type(cls) is ScriptMeta or cls in _PUBLIC_CLASSES:
        return cls
    if cls in _FACADE_OF:
        return _FACADE_OF[cls]
    if isinstance(obj, _builtins.type):
        return SafeType
    if issubclass(cls, BaseException):
        return cls
    if cls not in _opaque:
        _opaque[cls] = OpaqueType(cls.__name__)
    return _opaque[cls]


def type_name(obj):
    """type(obj).__name__, the one dunder with a rule of its own: it is a
    text, and error messages want it."""
    return str(_builtins.type.__dict__["__name__"].__get__(_builtins.type(obj)))


def name_of(obj):
    """f.__name__ of a function or a class: a text and nothing else."""
    kind = _builtins.type(obj)
    if kind is types.FunctionType or kind is types.BuiltinFunctionType:
        name = obj.__name__
    elif kind is types.MethodType:
        name = obj.__func__.__name__ if _builtins.type(obj.__func__) is types.FunctionType else ""
    elif kind is FacadeMeta or isinstance(obj, _builtins.type):
        name = _builtins.type.__dict__["__name__"].__get__(obj)
    else:
        refuse(f'attribute "__name__" of {describe(obj)} is not available',
               "only functions and classes have a name", "type(x).__name__ names the type")
    return str(name)


# ---------------------------------------------------------------------------
# Rule 3: methods whose arguments are checked
# ---------------------------------------------------------------------------

def _must_be_none(what, why, instead=""):
    def check(value):
        if value is not None and value is not pd.api.extensions.no_default:
            refuse(what, why, instead)
        return value
    return check


def _check_engine(value):
    if value is None or value is pd.api.extensions.no_default:
        return value
    if type(value) is str and value in ("python", "cython"):
        return value
    refuse("engine= is not available", "engines compile or load other code",
           "leave engine out")


def _plain_string(value):
    return value if type(value) is str else str.__str__(value)


def check_function(spec, depth=0):
    """A function given to agg/apply/transform/aggfunc.  Callables are safe by
    the first rule of this file; names must be on the list.  The result is a
    fresh plain structure, so nothing changes between check and use."""
    if spec is None:
        return None
    if isinstance(spec, str):
        spec = _plain_string(spec)
        if spec not in names.FUNCTION_NAMES:
            if not re.match(r"[A-Za-z]", spec) or "_" == spec[:1]:
                why, instead = reason(spec)
            else:
                why = "function names in strings must be on the list of reductions and transforms"
                instead = "pass a function, for example lambda s: ..."
            refuse(f'function name "{spec[:60]}" is not available', why, instead)
        return spec
    if depth > 3:
        refuse("functions are nested too deeply")
    kind = type(spec)
    if kind is pd.NamedAgg:
        for value in spec.kwargs:
            _check_word(value)
        return pd.NamedAgg(spec.column, check_function(spec.aggfunc, depth + 1),
                           *spec.args, **spec.kwargs)
    if isinstance(spec, dict):
        return {k: check_function(v, depth + 1) for k, v in dict.items(spec)}
    if kind in (list, set, frozenset) or isinstance(spec, (pd.Index, np.ndarray)):
        return [check_function(v, depth + 1) for v in list(spec)]
    if isinstance(spec, tuple):
        return tuple(check_function(v, depth + 1) for v in tuple(spec))
    if isinstance(spec, pd.Series):
        return {k: check_function(v, depth + 1) for k, v in spec.items()}
    if kind in _CALLABLE_TYPES or type(kind) is ScriptMeta or isinstance(spec, (type, np.ufunc)):
        if callable(spec) and not _iterates(spec):
            return spec
    elif callable(spec) and table_of(kind) is None:
        return spec
    refuse("this is not a function, a function name, a list or a dict of them",
           "", "pass a function, a name, a list or a dict")


def _iterates(obj):
    """A script's object that is called *and* iterated could be read as a list
    of names by the library."""
    return type(type(obj)) is ScriptMeta and any(
        "__iter__" in c.__dict__ or "__getitem__" in c.__dict__ for c in type(obj).__mro__)


_CALLABLE_TYPES = {types.FunctionType, types.BuiltinFunctionType, types.MethodType,
                   types.MethodDescriptorType, types.WrapperDescriptorType,
                   types.MethodWrapperType, types.ClassMethodDescriptorType,
                   functools.partial, type(np.sum), type(np.vectorize)}

# Parameters that are refused by name wherever a library function passes its
# keyword arguments on to another.
_WORDS = {
    "engine": _check_engine,
    "engine_kwargs": _must_be_none("engine_kwargs= is not available",
                                   "engines compile or load other code"),
}


def _check_word(name, value=True):
    if name in _WORDS:
        _WORDS[name](value)


def _named_aggregation(value):
    if isinstance(value, (tuple, list)) and len(value) == 2:
        # ("column", "sum"): the first is a column, the second a function.
        return (value[0], check_function(value[1]))
    return check_function(value)


_NO_PATH = _must_be_none(
    "writing to a file or a buffer is not available", "scripts have no files",
    "leave the path out: the text is returned")

# Parameter name -> check, applied to every method that has the parameter:
# this is how a new method of the library that takes an engine or a path is
# caught without anybody naming it.
PARAMETERS = {
    "engine": _check_engine,
    "engine_kwargs": _WORDS["engine_kwargs"],
    "buf": _NO_PATH,
    "path": _NO_PATH,
    "path_or_buf": _NO_PATH,
    "path_or_buffer": _NO_PATH,
    "storage_options": _must_be_none("storage_options= is not available", "scripts have no files"),
    "compression": lambda v: v if v in (None, "infer") else refuse(
        "compression= is not available", "scripts have no files"),
    "locale": _must_be_none("locale= is not available",
                            "it changes the state of the whole process"),
    "win_type": _must_be_none("win_type= is not available", "it needs the package scipy"),
    "backend": _must_be_none("backend= is not available", "it imports a module by name"),
    "filesystem": _NO_PATH,
}
_FUNCTION_METHODS = frozenset(("agg", "aggregate", "apply", "transform"))
_FUNCTION_PARAMETERS = ("func", "arg", "aggfunc")


_CHECKED_WORDS = frozenset((*PARAMETERS, *_FUNCTION_PARAMETERS))
_CHECKED_WORD = re.compile(rf"\b({'|'.join(sorted(_CHECKED_WORDS))})\b")


def _has_no_checked_word(function):
    """What most functions say faster than a signature would; False: ask that."""
    function = getattr(function, "__func__", function)
    while type(function) is types.FunctionType and function.__dict__.keys() == {"__wrapped__"}:
        function = function.__wrapped__
    if type(function) is types.FunctionType:
        return not function.__dict__ and _CHECKED_WORDS.isdisjoint(function.__code__.co_varnames)
    text = getattr(function, "__text_signature__", None)
    return type(text) is str and _CHECKED_WORD.search(text) is None


def checked_call(function, label, function_names=False):
    """A stand-in for `function` that checks its arguments, or None when the
    signature has nothing to check."""
    if _has_no_checked_word(function):
        return None
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    checks = {p: PARAMETERS[p] for p in signature.parameters if p in PARAMETERS}
    function_parameter = next((p for p in _FUNCTION_PARAMETERS if p in signature.parameters), None)
    if not function_names:
        function_parameter = None
    if not checks and function_parameter is None:
        return None
    rest = next((p.name for p in signature.parameters.values()
                 if p.kind is p.VAR_KEYWORD), None)

    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        values = bound.arguments
        for name, check in checks.items():
            if name in values:
                values[name] = check(values[name])
        if rest in values:
            passed = values[rest]
            for name, value in passed.items():
                _check_word(name, value)
        if function_parameter is not None:
            given = values.get(function_parameter)
            if function_parameter in values:
                values[function_parameter] = check_function(given)
            if given is None and rest in values:
                values[rest] = {k: _named_aggregation(v) for k, v in values[rest].items()}
        return function(*bound.args, **bound.kwargs)

    call.__name__ = call.__qualname__ = label
    return call


def always_checked(function, label):
    call = checked_call(function, label, True)
    if call is None:
        raise TypeError(f"{label}: nothing to check")
    return call


def find_checker(cls, name):
    """The checked stand-in for cls.name, called with self first; or None."""
    for base in cls.__mro__:
        if (base, name) in _hidden:
            return _hidden[base, name]
    function = inspect.getattr_static(cls, name, None)
    module = getattr(cls, "__module__", "") or ""
    if not module.startswith(("pandas", "numpy")) or function is None:
        return None
    if isinstance(function, classmethod):
        return checked_call(getattr(cls, name), name)
    if isinstance(function, type) or not callable(function):
        return None
    if name in ("day_name", "month_name"):
        return _no_locale(getattr(cls, name), name)
    return checked_call(getattr(cls, name), name, function_names=name in _FUNCTION_METHODS)


def _no_locale(function, name):
    def call(self):
        return function(self)
    call.__name__ = name
    return call


# ---- text formatting -------------------------------------------------------

class _Formatter(string.Formatter):
    """str.format with plain fields only: "{0:.2f}" and "{name}", never
    "{0.attribute}" or "{0[key]}"."""

    def get_field(self, field_name, args, kwargs):
        if not re.fullmatch(r"\w*", field_name):
            refuse(f'format field "{{{field_name[:60]}}}" is not available',
                   "attributes and items in a format text pass by every check",
                   "pass the value itself, or use an f-string")
        if field_name.isdigit():
            return args[int(field_name)], field_name
        return kwargs[field_name], field_name

    def check_unused_args(self, used_args, args, kwargs):
        pass


_formatter = _Formatter()


def _str_format(self, /, *args, **kwargs):
    return _formatter.vformat(_plain_string(self), args, kwargs)


def _str_format_map(self, mapping, /):
    if not isinstance(mapping, dict):
        raise TypeError("format_map() needs a dict")
    return _formatter.vformat(_plain_string(self), (), mapping)


_hidden[str, "format"] = _str_format
_hidden[str, "format_map"] = _str_format_map


# ---- arrays ----------------------------------------------------------------

def detached(value, depth=0):
    """Rule 11: a copy of indexes or codes that no callback of the script can
    change: arrays, and lists and tuples of them."""
    if isinstance(value, np.ndarray):
        return np.array(value)
    if isinstance(value, (pd.Index, pd.Series, pd.api.extensions.ExtensionArray)):
        return value.copy()
    if depth < 4:
        kind = type(value)
        if kind is tuple:
            return tuple([detached(v, depth + 1) for v in value])
        if isinstance(value, list):
            return [detached(v, depth + 1) for v in list(value)]
        if type(kind) is ScriptMeta and _in_class(kind, "__iter__"):
            return [detached(v, depth + 1) for v in value]
    return value


def no_objects(value, what):
    """Rule 12: refuses what holds objects, of which the bytes are pointers."""
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.hasobject:
            refuse(f"{what} of an array of objects is not available",
                   "its bytes are memory addresses",
                   "convert it to numbers or text first, for example with astype")
    elif isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, (np.ndarray, np.generic)):
                no_objects(item, what)
    return value


def _no_objects_call(function, label):
    def call(*args, **kwargs):
        return function(*[_bytes_argument(a, label) for a in args],
                        **{k: _bytes_argument(v, label) for k, v in kwargs.items()})
    call.__name__ = call.__qualname__ = label
    return call


def _bytes_argument(value, label):
    """An argument of a function that takes any buffer, or things to iterate:
    iterators are read here, once."""
    kind = type(value)
    if kind in (bytes, bytearray, str, int, bool, type(None)):
        return value
    if not isinstance(value, (np.ndarray, np.generic, tuple)) and \
            _in_class(kind, "__iter__") and not _in_class(kind, "__index__"):
        value = list(value)
    return no_objects(value, label)


def _frombuffer(buffer, dtype=float, count=-1, offset=0, *, like=None):
    if not isinstance(buffer, (bytes, bytearray, np.ndarray)):
        refuse("np.frombuffer takes bytes, a bytearray or an array", "", "use np.array")
    no_objects(buffer, "np.frombuffer")
    dtype = np.dtype(dtype)
    if dtype.hasobject:
        refuse("np.frombuffer makes no objects", "its bytes would be memory addresses")
    return np.frombuffer(buffer, dtype, count, offset).copy()


def _tobytes(function):
    def tobytes(self, order="C"):
        no_objects(self, "tobytes()")
        return function(self, order)
    return tobytes


_hidden[np.ndarray, "tobytes"] = _tobytes(np.ndarray.tobytes)
_hidden[np.generic, "tobytes"] = _tobytes(np.generic.tobytes)
_hidden[int, "from_bytes"] = _no_objects_call(int.from_bytes, "int.from_bytes")
for _kind in (bytes, bytearray):
    for _name in names.BUILTIN_TYPES[_kind.__name__]:
        # Every method that takes a buffer, and so every one.
        if _name not in ("clear", "copy", "reverse", "hex", "decode"):
            _hidden[_kind, _name] = _no_objects_call(getattr(_kind, _name), _name)


def _at(self, a, indices, *b):
    # numpy does not look at the flag here; codes and indexes rely on it.
    if isinstance(a, np.ndarray) and not a.flags.writeable:
        raise ValueError("assignment destination is read-only")
    return np.ufunc.at(self, a, detached(indices), *b)


def _reduceat(self, array, indices, *args, **kwargs):
    return np.ufunc.reduceat(self, array, detached(indices), *args, **kwargs)


_hidden[np.ufunc, "at"] = _at
_hidden[np.ufunc, "reduceat"] = _reduceat


def _put_along_axis(arr, indices, values, axis=-1):
    return np.put_along_axis(arr, detached(indices), values, axis)


def _sort_in_place(name):
    function = getattr(np.ndarray, name)

    def sort(self, *args, **kwargs):
        if not self.dtype.hasobject:
            return function(self, *args, **kwargs)
        # A comparison must not reach the array while it is sorted.
        copy = self.copy()
        function(copy, *args, **kwargs)
        self[...] = copy
    return sort


_hidden[np.ndarray, "sort"] = _sort_in_place("sort")
_hidden[np.ndarray, "partition"] = _sort_in_place("partition")


def _group_table(cls, name):
    """gb.groups and gb.indices: the library keeps its own."""
    read = getattr(cls, name)
    read = getattr(read, "fget", None) or read.func

    def table(self):
        return {k: v.copy() if hasattr(v, "copy") else v for k, v in read(self).items()}
    return Reader(table)


def _from_codes(codes, categories=None, ordered=None, dtype=None, validate=True):
    # always validated
    return pd.Categorical.from_codes(detached(codes), categories, ordered, dtype)


def _multi_index(levels=None, codes=None, sortorder=None, names=None, copy=False,
                 name=None, verify_integrity=True):
    return pd.MultiIndex(detached(levels), detached(codes), sortorder, names, copy=True,
                         name=name, verify_integrity=True)


def _set_codes(self, codes, *, level=None, verify_integrity=True):
    # Unchecked codes index past the levels: memory is read.
    return pd.MultiIndex.set_codes(self, detached(codes), level=level, verify_integrity=True)


def _set_levels(self, levels, *, level=None, verify_integrity=True):
    return pd.MultiIndex.set_levels(self, detached(levels), level=level, verify_integrity=True)


_hidden[pd.MultiIndex, "set_codes"] = _set_codes
_hidden[pd.MultiIndex, "set_levels"] = _set_levels


_hidden[pd.Categorical, "from_codes"] = _from_codes


def _rolling(function):
    signature = inspect.signature(function)

    def rolling(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        values = bound.arguments
        if values.get("win_type") is not None:
            PARAMETERS["win_type"](values["win_type"])
        window = values.get("window")
        if isinstance(window, pd.api.indexers.BaseIndexer):
            values["window"] = _clean_indexer(window)
        for name, value in values.get("kwargs", {}).items():
            _check_word(name, value)
        return function(*bound.args, **bound.kwargs)
    rolling.__name__ = "rolling"
    return rolling


def _clean_indexer(indexer):
    if type(indexer) is not pd.api.indexers.FixedForwardWindowIndexer:
        refuse("this window is not available", "its bounds are not checked by the library")
    return pd.api.indexers.FixedForwardWindowIndexer(window_size=indexer.window_size)


def _forward_window(window_size=0):
    """pd.api.indexers.FixedForwardWindowIndexer: its keyword arguments become
    attributes and could replace the method that computes the bounds."""
    if not isinstance(window_size, (int, np.integer)) or window_size < 0:
        raise ValueError("window_size must be an integer of at least 0")
    return pd.api.indexers.FixedForwardWindowIndexer(window_size=int(window_size))


def _no_constructor(name, instead):
    def call(*args, **kwargs):
        refuse(f"{name}() is not available", "its arguments reach raw memory", instead)
    return call


def _errstate(**kwargs):
    return np.errstate(**_error_modes(kwargs))


def _seterr(all=None, divide=None, over=None, under=None, invalid=None):
    given = {"all": all, "divide": divide, "over": over, "under": under, "invalid": invalid}
    return np.seterr(**_error_modes({k: v for k, v in given.items() if v is not None}))


def _error_modes(kwargs):
    for name, value in kwargs.items():
        if name not in ("all", "divide", "over", "under", "invalid") or \
                value not in ("ignore", "warn", "raise", None):
            refuse(f"errstate({name}=...) is not available",
                   'only "ignore", "warn" and "raise" are')
    return kwargs


def _of_timestamp(name):
    def call(self, ts):
        # The library's C code lets None through and reads its memory as a time's.
        if not isinstance(ts, pd.Timestamp):
            raise TypeError(f"{name}() needs a Timestamp, not {describe(ts)}")
        return getattr(self, name)(ts)
    call.__name__ = call.__qualname__ = name
    return call


for _name in names.words("is_month_end is_month_start is_quarter_end is_quarter_start "
                         "is_year_end is_year_start"):
    _hidden[pd.offsets.BaseOffset, _name] = _of_timestamp(_name)


def _empty(shape, dtype=float, order="C"):
    """np.empty hands out memory as it was left; scripts get zeros."""
    return np.zeros(shape, dtype, order)


def _empty_like(prototype, dtype=None, order="K", subok=True, shape=None):
    return np.zeros_like(prototype, dtype, order, subok, shape)


def _vectorized(function):
    return function


# ---------------------------------------------------------------------------
# Rule 8: query and eval
# ---------------------------------------------------------------------------

_EXPRESSION_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not,
    ast.Invert, ast.UAdd, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr, ast.BitXor,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In,
    ast.NotIn, ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple)


class _Expression:
    """A pandas expression, read with our own eyes and written anew."""

    def __init__(self, text):
        if not isinstance(text, str):
            raise ValueError("expr must be a string")
        self.text = _plain_string(text)
        if len(self.text) > 10_000:
            refuse("the expression is too long")
        self.mark = "zq"
        while self.mark in self.text:
            self.mark += "q"
        self.quoted = []                # backtick names
        self.locals = set()             # @names
        self.names = set()

    def _tokens(self):
        """Replace `quoted names` and @names, outside of string literals, by
        identifiers of our own."""
        out, i, text = [], 0, self.text
        while i < len(text):
            c = text[i]
            if c in "'\"":
                if text[i:i + 3] in ("'''", '"""'):
                    refuse("this expression is not available", "triple quotes in an expression")
                j = i + 1
                while j < len(text) and text[j] != c:
                    j += 2 if text[j] == "\\" else 1
                out.append(text[i:j + 1])
                i = j + 1
            elif c == "`":
                j = text.find("`", i + 1)
                if j < 0:
                    raise SyntaxError("a backtick is not closed")
                out.append(f" {self.mark}b{len(self.quoted)} ")
                self.quoted.append(text[i + 1:j])
                i = j + 1
            elif c == "@":
                m = re.compile(r"[^\W\d]\w*").match(text, i + 1)
                if m is None or bad_name(m.group()):
                    refuse("this expression is not available", "@ needs the name of a variable")
                name = unicodedata.normalize("NFKC", m.group())
                self.locals.add(name)
                out.append(f" {self.mark}a_{name} ")
                i = m.end()
            elif c == "#" or c == ";":
                refuse("this expression is not available", f'"{c}" in an expression')
            else:
                out.append(c)
                i += 1
        return "".join(out)

    def _check(self, tree):
        for node in ast.walk(tree):
            if not isinstance(node, _EXPRESSION_NODES):
                what = {"Call": "a call", "Attribute": "an attribute",
                        "Subscript": "a subscript"}.get(type(node).__name__,
                                                        type(node).__name__)
                refuse(f"{what} in a query or eval expression is not available",
                       "expressions may compare and compute, nothing else",
                       'use df[...] with ordinary Python, for example df[df["a"].notna()]')
            if isinstance(node, ast.Name):
                if bad_name(node.id) and not node.id.startswith(self.mark):
                    refuse(f'name "{node.id[:60]}" in an expression is not available')
                self.names.add(node.id)
            if isinstance(node, ast.Constant) and not isinstance(
                    node.value, (str, int, float, bool, type(None))):
                refuse("this constant in an expression is not available")

    def _write(self, tree):
        text = ast.unparse(tree)

        def restore(m):
            if m.group(1) == "b":
                return "`" + self.quoted[int(m.group(2))] + "`"
            return "@" + m.group(2)[1:]
        return re.sub(self.mark + r"(?:(?=b)(b)(\d+)|(?=a_)(a)(_\w+))",
                      lambda m: ("`" + self.quoted[int(m.group(2))] + "`")
                      if m.group(1) else "@" + m.group(4)[1:], text)

    def rewrite(self, assignments):
        """The expression as pandas may see it.  With assignments, lines of
        "name = expression"."""
        source = self._tokens()
        out = []
        lines = [s for s in source.split("\n") if s.strip()] if assignments else [
            " ".join(source.split("\n"))]
        for line in lines:
            target = ""
            m = re.match(r"\s*([^\W\d]\w*)\s*=(?!=)", line)
            if m and assignments:
                target = m.group(1)
                if bad_name(target) and not target.startswith(self.mark):
                    refuse(f'name "{target[:60]}" in an expression is not available')
                line = line[m.end():]
            try:
                tree = ast.parse(line.strip(), mode="eval")
            except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
                raise SyntaxError(f"the expression cannot be read: {e}") from None
            self._check(tree)
            text = self._write(tree)
            if target:
                text = self._write(ast.parse(target, mode="eval")) + " = " + text
            out.append(text)
        return "\n".join(out)


_VALUE_TYPES = (int, float, complex, str, bytes, bool, type(None), datetime.date,
                datetime.time, datetime.timedelta, decimal.Decimal, np.generic,
                pd.Series, pd.Index, np.ndarray, pd.api.extensions.ExtensionArray,
                pd.Period, pd.Interval, type(pd.NaT), type(pd.NA), range)


def _expression_value(name, value, frames=False):
    if isinstance(value, _VALUE_TYPES) and type(type(value)) is not ScriptMeta:
        return value
    if frames and isinstance(value, pd.DataFrame):
        return value
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        items = list(value)
        if all(type(v) in (int, float, str, bool, type(None)) or isinstance(v, _VALUE_TYPES)
               for v in items):
            return kind(items)
    if kind is type({}.keys()):
        return [_expression_value(name, v) for v in list(value)]
    refuse(f'variable "{name}" in an expression is a {describe(value)}',
           "only numbers, texts, dates, lists of them and columns can be used there",
           "compute the value first and use that")


def _script_frame():
    """The frame of the script that called a guard: its variables are what
    @name means."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != SCRIPT_FILE:
        frame = frame.f_back
    return frame


def _variables(wanted, frames=False, required=True):
    frame = _script_frame()
    found = {}
    for name in wanted:
        if frame is not None and name in frame.f_locals:
            value = frame.f_locals[name]
        elif frame is not None and name in frame.f_globals:
            value = frame.f_globals[name]
        else:
            if required:
                raise pd.errors.UndefinedVariableError(name, is_local=True)
            continue
        found[name] = _expression_value(name, value, frames)
    return found


def _no_eval_options(kwargs):
    for name in kwargs:
        refuse(f"{name}= is not available in query and eval",
               "it would change how the expression is read or where names come from",
               "leave it out")


def _query(self, expr, **kwargs):
    inplace = _inplace(kwargs)
    e = _Expression(expr)
    text = e.rewrite(assignments=False)
    return pd.DataFrame.query(self, text, engine="python", parser="pandas",
                              local_dict=_variables(e.locals), global_dict={}, **inplace)


def _frame_eval(self, expr, **kwargs):
    inplace = _inplace(kwargs)
    e = _Expression(expr)
    text = e.rewrite(assignments=True)
    return pd.DataFrame.eval(self, text, engine="python", parser="pandas",
                             local_dict=_variables(e.locals), global_dict={}, **inplace)


def _inplace(kwargs):
    """The one option of query and eval that is open, if it was given."""
    given = {"inplace": bool(kwargs.pop("inplace"))} if "inplace" in kwargs else {}
    _no_eval_options({k: v for k, v in kwargs.items() if v is not None})
    return given


def _pd_eval(expr, **kwargs):
    _no_eval_options({k: v for k, v in kwargs.items() if v is not None})
    e = _Expression(expr)
    text = e.rewrite(assignments=False)
    if e.locals or e.quoted:
        refuse("this expression is not available", "pd.eval has no columns: write names plainly")
    return pd.eval(text, engine="python", parser="pandas",
                   local_dict=_variables(e.names, frames=True, required=False), global_dict={})


_hidden[pd.DataFrame, "query"] = _query
_hidden[pd.DataFrame, "eval"] = _frame_eval


# ---------------------------------------------------------------------------
# Options of pandas
# ---------------------------------------------------------------------------

def _check_option(name, value):
    if not isinstance(name, str) or _plain_string(name) not in names.PANDAS_OPTIONS:
        refuse(f"pandas option {str(name)[:60]!r} is not available",
               "only options for how things are shown are open to scripts")
    if type(value) not in (int, float, str, bool, type(None)):
        refuse("an option takes a number, a text or None")


def _set_option(*args):
    if len(args) % 2:
        raise ValueError("set_option() takes pairs of name and value")
    for name, value in zip(args[::2], args[1::2]):
        _check_option(name, value)
        _apply_option(name, value)


def _apply_option(name, value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pd.set_option(name, value)
        except (KeyError, pd.errors.OptionError):
            pass                # an option of an older pandas


def _option_context(*args):
    for name, value in zip(args[::2], args[1::2]):
        _check_option(name, value)
    return pd.option_context(*args)


class Options:
    """pd.options, read and written through the same list."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix):
        object.__setattr__(self, "_prefix", prefix)

    def read(self, name):
        path = self._prefix + name
        if path in names.PANDAS_OPTIONS:
            return pd.get_option(path)
        if any(o.startswith(path + ".") for o in names.PANDAS_OPTIONS):
            return Options(path + ".")
        refuse(f"pandas option {path[:60]!r} is not available",
               "only options for how things are shown are open to scripts")

    def write(self, name, value):
        _set_option(self._prefix + name, value)

    def __getattribute__(self, name):
        if name in ("read", "write", "_prefix", "__class__"):
            return object.__getattribute__(self, name)
        raise AttributeError(name)

    def __setattr__(self, name, value):
        refuse("options are set by name")


# ---------------------------------------------------------------------------
# Rule 6: classes of the script
# ---------------------------------------------------------------------------

class ScriptMeta(type):
    """The metaclass of every class a script defines."""

    def __new__(mcs, name, bases, namespace):
        for base in bases:
            _check_base(base)
        for key, value in namespace.items():
            if key.startswith("__") and key not in names.CLASS_DUNDERS \
                    and key not in _COMPILER_DUNDERS:
                refuse(f'a class may not define "{key}"', reason(key)[0])
            if key in RESERVED_PRIVATE:
                refuse(f'a class may not define "{key}"', "pandas would take its objects for its own")
            if key in _METHOD_DUNDERS and value is not None and \
                    type(value) is not types.FunctionType:
                refuse(f'"{key}" must be a function', "C code looks for it past every check",
                       f"write def {key}(self, ...)")
        cls = super().__new__(mcs, name, bases, namespace)
        _check_match_args(cls)
        return cls

    def __setattr__(cls, name, value):
        if name.startswith("__") or name in RESERVED_PRIVATE:
            refuse(f'a class may not define "{name}"', reason(name)[0])
        super().__setattr__(name, value)


# pandas takes an object for one of its own by what these attributes say.
RESERVED_PRIVATE = names.words("_typ _subtyp _mgr _constructor _pa_array _ndarray _dtype")

# Those that are methods.
_METHOD_DUNDERS = names.CLASS_DUNDERS - names.words("__match_args__ __doc__")


def _check_match_args(cls):
    """Class patterns read these attributes natively: what _script_getattr
    would refuse must not be among them."""
    fields = getattr(cls, "__match_args__", ())
    if type(fields) is not tuple or any(type(f) is not str for f in fields):
        refuse("__match_args__ must be a tuple of texts")
    for field in fields:
        inherited = any(field in base.__dict__ for base in cls.__mro__
                        if type(base) is not ScriptMeta)
        if bad_name(field) or field in INTERNALS or field in RESERVED_PRIVATE or (
                inherited and field not in names.EXCEPTION):
            refuse(f'"{field[:60]}" in __match_args__ is not available', reason(field)[0])


_COMPILER_DUNDERS = names.words(
    "__module__ __qualname__ __doc__ __annotations__ __classcell__ "
    "__firstlineno__ __static_attributes__ __annotate__ __annotate_func__ "
    "__conditional_annotations__ __classdict__ __classdictcell__")


def _check_base(base):
    if type(base) is ScriptMeta or base is object:
        return
    if isinstance(base, type) and issubclass(base, Exception) and (
            base.__module__ == "builtins" or base.__module__.startswith("pandas.errors")):
        return
    refuse(f"a class may not derive from {describe(base)}",
           "only object, exceptions and the script's own classes can be bases",
           "keep the data frame in an attribute of the class instead")


def _script_getattr(obj, name):
    """An attribute of an instance or class of the script's own."""
    is_class = type(obj) is ScriptMeta
    cls = obj if is_class else type(obj)
    if not is_class and name in (getattr(obj, "__dict__", None) or ()):
        return getattr(obj, name)
    for base in cls.__mro__:
        if name in base.__dict__:
            if type(base) is ScriptMeta:
                return getattr(obj, name)
            break
    if not is_class and isinstance(obj, BaseException):
        if name in names.EXCEPTION:
            return getattr(obj, name)
        if _in_class(cls, name):
            refuse(f'attribute "{name}" of an exception is not available', reason(name)[0])
    raise AttributeError(f"'{cls.__name__}' object has no attribute '{name}'")


# ---------------------------------------------------------------------------
# Rule 7: assignment
# ---------------------------------------------------------------------------

_ITEM_TYPES = {dict, list, pd.DataFrame, pd.Series, np.flatiter}
_SETTABLE = {
    pd.DataFrame: frozenset(("columns", "index")),
    pd.Series: frozenset(("name", "index")),
    pd.Index: frozenset(("name", "names")),
    np.ndarray: frozenset(("shape",)),
    np.poly1d: frozenset(("coeffs",)),
}


def guard_item(obj):
    """The object whose item is assigned or deleted."""
    cls = type(obj)
    if isinstance(obj, np.ndarray):
        return ArrayTarget(obj)
    if cls is bytearray:
        return ByteTarget(obj)
    if cls in _ITEM_TYPES:
        return obj
    if type(cls) is ScriptMeta:
        return obj
    from pandas.core.indexing import _AtIndexer, _iAtIndexer, _iLocIndexer, _LocIndexer
    if issubclass(cls, (_LocIndexer, _iLocIndexer, _AtIndexer, _iAtIndexer, dict, list,
                        pd.DataFrame, pd.Series, pd.api.extensions.ExtensionArray,
                        np.void)) or (cls.__module__ == "collections"):
        _ITEM_TYPES.add(cls)
        return obj
    if issubclass(cls, (str, bytes, tuple, range, set, frozenset, int, float, pd.Index, np.generic)):
        raise TypeError(f"'{cls.__name__}' object does not support item assignment")
    refuse(f"items of {describe(obj)} cannot be changed")


class ArrayTarget:
    """Stands where items of an array are assigned: objects are turned into
    numbers while the indexes are in use (rule 11)."""

    __slots__ = ("_target",)

    def __init__(self, target):
        object.__setattr__(self, "_target", target)

    def __getitem__(self, key):
        return self._target[key]

    def __setitem__(self, key, value):
        if type(value) not in _HARMLESS_VALUES and not (
                isinstance(value, (np.ndarray, np.generic)) and not value.dtype.hasobject):
            key = detached(key)
        self._target[key] = value

    def __delitem__(self, key):
        del self._target[key]


_HARMLESS_VALUES = frozenset((int, float, complex, bool, str, bytes, type(None)))


class ByteTarget(ArrayTarget):
    """The same for a bytearray, which takes any buffer."""

    __slots__ = ()

    def __setitem__(self, key, value):
        self._target[key] = no_objects(value, "the content")

    def __delitem__(self, key):
        del self._target[key]


def guard_setattr(obj, name, value):
    if type(name) is not str:
        raise TypeError("attribute name must be string")
    cls = type(obj)
    if name.startswith("__") or name in INTERNALS or name in RESERVED_PRIVATE:
        refuse(f'attribute "{name}" cannot be assigned', reason(name)[0])
    if cls is ScriptMeta or type(cls) is ScriptMeta:
        return setattr(obj, name, value)
    if cls is Options:
        return object.__getattribute__(obj, "write")(name, value)
    if cls is Proxy:
        refuse(f"{proxy_name(obj)}.{name} cannot be assigned", "modules are read-only")
    for base, settable in _SETTABLE.items():
        if isinstance(obj, base):
            if name in settable:
                return setattr(obj, name, value)
            if isinstance(obj, (pd.DataFrame, pd.Series)) and not name.startswith("_") \
                    and not _in_class(cls, name):
                labels = obj.columns if isinstance(obj, pd.DataFrame) else obj.index
                if name in labels:
                    obj[name] = value
                    return None
                refuse(f'attribute "{name}" of {describe(obj)} cannot be assigned',
                       "it would not become a column", f'write df["{name}"] = ... instead')
            break
    refuse(f'attribute "{name}" of {describe(obj)} cannot be assigned',
           "only objects of the script's own classes and a few names of data frames "
           "(columns, index, name) can be assigned")


def guard_delattr(obj, name):
    if type(name) is not str:
        raise TypeError("attribute name must be string")
    if name.startswith("__") or not (type(obj) is ScriptMeta or type(type(obj)) is ScriptMeta):
        refuse(f'attribute "{name}" of {describe(obj)} cannot be deleted')
    delattr(obj, name)


class AttributeTarget:
    """Stands where an attribute is the target of an assignment; += reads
    through it as well."""

    __slots__ = ("_target",)

    def __init__(self, target):
        object.__setattr__(self, "_target", target)

    def __getattribute__(self, name):
        return guard_getattr(object.__getattribute__(self, "_target"), name)

    def __setattr__(self, name, value):
        guard_setattr(object.__getattribute__(self, "_target"), name, value)

    def __delattr__(self, name):
        guard_delattr(object.__getattribute__(self, "_target"), name)


# ---------------------------------------------------------------------------
# Builtins of a script
# ---------------------------------------------------------------------------

_MISSING = object()


def safe_getattr(obj, name, default=_MISSING, /):
    if default is _MISSING:
        return guard_getattr(obj, name)
    try:
        return guard_getattr(obj, name)
    except AttributeError:
        return default


def safe_hasattr(obj, name, /):
    try:
        guard_getattr(obj, name)
    except AttributeError:
        return False
    return True


def safe_setattr(obj, name, value, /):
    guard_setattr(obj, name, value)


def safe_delattr(obj, name, /):
    guard_delattr(obj, name)


def safe_print(*args, sep=" ", end="\n", file=None, flush=False):
    if file is not None and type(type(file)) is not ScriptMeta:
        refuse("print(file=...) needs an object of the script's own",
               "", "leave file out: the text goes to the job's log")
    print(*args, sep=sep, end=end, file=file)


# The wall of imports is off: any loaded module may be imported, and it is
# the attribute guard that refuses to open it.
imports_open = False


def guard_import(module, name=None):
    """What an import statement becomes: a proxy, or one of its names."""
    proxy = IMPORTS.get(module)
    if proxy is None and imports_open:
        if module not in sys.modules:
            raise ModuleNotFoundError(f"No module named {module!r}")
        return sys.modules[module] if name is None else guard_getattr(sys.modules[module], name)
    if proxy is None:
        refuse(f'module "{module}" is not available')
    return proxy if name is None else _proxy_getattr(proxy, name)


def c_import(name, globals=None, locals=None, fromlist=(), level=0):
    """C code calls the builtins' __import__ of whatever frame is running,
    which is the script's.  It gets what is loaded and nothing else; the
    script cannot reach this (the name is refused in the tree)."""
    if level == 0 and type(name) is str and name in sys.modules:
        return _builtins.__import__(name, globals, locals, fromlist, level)
    raise ModuleNotFoundError(f"No module named {name!r}")


def plain_import(name, globals=None, locals=None, fromlist=(), level=0):
    """__import__ where the language wall is off and this one stands: the
    allowed modules as they are, and what C code needs."""
    frame = sys._getframe(1)
    if frame.f_code.co_filename == SCRIPT_FILE:
        if level or name not in IMPORTS:
            refuse(f'module "{name}" is not available')
    return c_import(name, globals, locals, fromlist, level)


def make_builtins():
    table = {n: getattr(_builtins, n) for n in names.BUILTINS if hasattr(_builtins, n)}
    table.update(_byte_classes)
    table.update(
        getattr=safe_getattr, hasattr=safe_hasattr, setattr=safe_setattr,
        delattr=safe_delattr, print=safe_print, type=SafeType,
        super=super, __build_class__=_builtins.__build_class__,
        __import__=c_import, __name__="builtins")
    return table


# Names of the guards in a script's globals.  No script can say them: one
# underscore at both ends.
def make_globals():
    return {
        "__builtins__": make_builtins(),
        "__name__": "script",
        "_getattr_": guard_getattr,
        "_item_": guard_item,
        "_attr_": AttributeTarget,
        "_import_": guard_import,
        "_meta_": ScriptMeta,
        "_type_name_": type_name,
        "_name_of_": name_of,
    }


# ---------------------------------------------------------------------------
# The proxies
# ---------------------------------------------------------------------------

IMPORTS = {}                    # module name -> proxy
_byte_classes = {}              # bytes and bytearray as scripts have them
_PUBLIC_CLASSES = set()         # classes that scripts hold as they are
_BUILTIN_CLASSES = set()


def _values(module, allowed, replaced=None):
    """name -> value for a proxy, each function checked by its signature."""
    out = {}
    for name in allowed:
        value = getattr(module, name, _MISSING)
        if value is _MISSING or isinstance(value, types.ModuleType):
            continue
        if isinstance(value, types.FunctionType):
            value = checked_call(value, name) or value
        out[name] = value
    out.update(replaced or {})
    for value in out.values():
        if isinstance(value, type) and type(value) is not FacadeMeta:
            _PUBLIC_CLASSES.add(value)
    return out


def _build_proxies():
    ndarray = facade(np.ndarray, _no_constructor("np.ndarray", "use np.array or np.zeros"))
    multi_index = facade(pd.MultiIndex, _multi_index)
    for kind in (bytes, bytearray):
        # Rule 12; astype(bytes) reads the attribute dtype.
        _byte_classes[kind.__name__] = facade(
            kind, _no_objects_call(kind, kind.__name__), dtype=np.dtype("S"))
    forward = facade(pd.api.indexers.FixedForwardWindowIndexer, _forward_window)
    sparse = facade(pd.arrays.SparseArray, lambda data, fill_value=None, dtype=None, copy=False:
                    pd.arrays.SparseArray(data, fill_value=fill_value, dtype=dtype, copy=copy))

    def sub(path, module, allowed, replaced=None):
        proxy = make_proxy(path, _values(module, allowed, replaced), module)
        IMPORTS[path] = proxy
        return proxy

    stride_tricks = sub("numpy.lib.stride_tricks", np.lib.stride_tricks,
                        ("sliding_window_view",))
    polynomial_functions = sub("numpy.polynomial.polynomial", np.polynomial.polynomial,
                               names.NUMPY_POLYNOMIAL | {"Polynomial"})
    numpy_subs = {
        "linalg": sub("numpy.linalg", np.linalg, names.NUMPY_LINALG),
        "random": sub("numpy.random", np.random, names.NUMPY_RANDOM),
        "fft": sub("numpy.fft", np.fft, names.NUMPY_FFT),
        "strings": sub("numpy.strings", np.strings, names.NUMPY_STRINGS),
        "char": sub("numpy.char", np.char, names.NUMPY_CHAR),
        "emath": sub("numpy.emath", np.emath, names.NUMPY_EMATH),
        "lib": sub("numpy.lib", np.lib, (), {"stride_tricks": stride_tricks}),
        "polynomial": sub("numpy.polynomial", np.polynomial, (
            "Polynomial", "Chebyshev", "Legendre", "Hermite", "HermiteE", "Laguerre"),
            {"polynomial": polynomial_functions}),
        "exceptions": sub("numpy.exceptions", np.exceptions, [
            n for n in dir(np.exceptions)
            if isinstance(getattr(np.exceptions, n), type)
            and issubclass(getattr(np.exceptions, n), Exception)]),
    }
    sub("numpy", np, names.NUMPY, {
        **numpy_subs, "ndarray": ndarray, "frombuffer": _frombuffer,
        "put_along_axis": _put_along_axis, "empty": _empty, "empty_like": _empty_like,
        "errstate": _errstate, "seterr": _seterr, "inf": math.inf, "nan": math.nan,
        "bool": np.bool_})

    types_proxy = sub("pandas.api.types", pd.api.types, names.PANDAS_TYPES)
    indexers = sub("pandas.api.indexers", pd.api.indexers, (),
                   {"FixedForwardWindowIndexer": forward})
    offsets = sub("pandas.offsets", pd.offsets, names.PANDAS_OFFSETS)
    IMPORTS["pandas.tseries.offsets"] = offsets
    tseries = make_proxy("pandas.tseries", {"offsets": offsets}, None)
    errors = sub("pandas.errors", pd.errors, [
        n for n in dir(pd.errors) if isinstance(getattr(pd.errors, n), type)
        and issubclass(getattr(pd.errors, n), Exception)
        and getattr(pd.errors, n).__module__.startswith("pandas")
        or n in ("OutOfBoundsDatetime", "OutOfBoundsTimedelta", "DataError")])
    arrays = sub("pandas.arrays", pd.arrays, names.PANDAS_ARRAYS, {"SparseArray": sparse})
    api = make_proxy("pandas.api", {"types": types_proxy, "indexers": indexers}, pd.api)
    sub("pandas", pd, names.PANDAS, {
        "MultiIndex": multi_index, "api": api, "offsets": offsets, "errors": errors,
        "arrays": arrays, "tseries": tseries, "options": Options(""),
        "eval": _pd_eval, "set_option": _set_option, "option_context": _option_context,
        "pivot_table": always_checked(pd.pivot_table, "pivot_table"),
        "crosstab": always_checked(pd.crosstab, "crosstab")})
    IMPORTS["pandas.api"] = api

    sub("math", math, [n for n in dir(math) if not n.startswith("_")])
    sub("datetime", datetime, names.DATETIME_MODULE)

    for cls in vars(_builtins).values():
        if isinstance(cls, type):
            _BUILTIN_CLASSES.add(cls)
    _BUILTIN_CLASSES.update((datetime.date, datetime.datetime, datetime.time,
                             datetime.timedelta, datetime.timezone, datetime.tzinfo,
                             decimal.Decimal))
    _PUBLIC_CLASSES.update(getattr(_builtins, n) for n in names.BUILTINS
                           if isinstance(getattr(_builtins, n, None), type))
    _PUBLIC_CLASSES.update((decimal.Decimal, type(pd.NA), type(pd.NaT)))
    _PUBLIC_CLASSES.difference_update((type, bytes, bytearray))


def _register_special_methods():
    """Checks that no signature shows."""
    for cls in (pd.DataFrame, pd.Series):
        _hidden[cls, "rolling"] = _rolling(cls.rolling)
    from pandas.core.groupby import groupby as groupby_module
    _hidden[groupby_module.GroupBy, "rolling"] = _rolling(groupby_module.GroupBy.rolling)
    _hidden[pd.DataFrame, "pivot_table"] = always_checked(
        pd.DataFrame.pivot_table, "pivot_table")
    from pandas.core.resample import Resampler
    for cls in (groupby_module.BaseGroupBy, Resampler):
        for name in ("groups", "indices"):
            _hidden[cls, name] = _group_table(cls, name)
    for cls in (pd.Timestamp, pd.Period):
        for name in ("day_name", "month_name"):
            if hasattr(cls, name):
                _hidden[cls, name] = _no_locale(getattr(cls, name), name)


def allow_modules(text):
    """The administrator's modules, a comma list, on top of the built-in four.
    Called once, before warm-up; imports them for real."""
    import importlib
    for name in filter(None, (part.strip() for part in (text or "").split(","))):
        if name in IMPORTS:
            continue
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*", name) or \
                name.split(".")[0] in names.NEVER_MODULES:
            raise ValueError(f'module "{name}" cannot be allowed: it reaches files, '
                             "processes, memory or the interpreter")
        module = importlib.import_module(name)
        listed = names.EXTRA_MODULES.get(name, "")
        wanted = listed.split() if listed else [
            n for n in (getattr(module, "__all__", None) or dir(module))
            if not n.startswith("_")]
        values = _values(module, wanted)
        values = {n: v for n, v in values.items() if not isinstance(v, types.ModuleType)}
        for value in values.values():
            if isinstance(value, type) and table_of(value) is None \
                    and not issubclass(value, BaseException):
                register(value, [n for n in dir(value) if not n.startswith("_")
                                 and n not in INTERNALS])
            elif isinstance(value, type) and value.__module__.split(".")[0] == name.split(".")[0]:
                own = [n for n in vars(value) if not n.startswith("_") and n not in INTERNALS]
                register(value, own)
        IMPORTS[name] = make_proxy(name, values, module)
        if name == "re":
            register(re.Pattern, names.words(
                "findall finditer flags fullmatch groupindex groups match pattern search "
                "split sub subn"))
    _tables.clear()


# ---------------------------------------------------------------------------
# Rule 10: audit events
# ---------------------------------------------------------------------------

_AUDIT = re.compile(
    r"(open|os\.|socket\.|subprocess\.|shutil\.|tempfile\.|glob\.|ctypes\.|mmap\.|"
    r"marshal\.|pickle\.|sqlite3\.|urllib\.|ftplib\.|http\.|smtplib\.|fcntl\.|"
    r"signal\.|resource\.|syslog\.|pty\.|winreg\.|msvcrt\.|_winapi\.|gc\.|"
    r"builtins\.|code\.|function\.|cpython\.|sys\.set|sys\._current|webbrowser\.|"
    r"import$|exec$|compile$|object\.__(?:set|del)attr__|sys\.unraisable)")
_AUDIT_HARMLESS = frozenset((
    "import", "exec", "compile", "sys._getframe", "object.__getattr__",
    "object.__setattr__", "object.__delattr__", "sys.unraisablehook",
    "builtins.id", "code.__new__", "function.__new__", "marshal.loads",
    "os.putenv", "os.unsetenv", "sys.setswitchinterval", "sys.set_asyncgen_hooks_firstiter"))
_audit_seen = {}
_armed = False


def _audit(event, args):
    if event == "open" and args[0] == SCRIPT_FILE:
        # Python looks for the text of a line with a syntax error in a file of
        # that name; failing here spares the system call.
        raise FileNotFoundError
    if not _armed:
        return
    known = _audit_seen.get(event)
    if known is None:
        known = _audit_seen[event] = (
            event not in _AUDIT_HARMLESS and _AUDIT.match(event) is not None)
    if known:
        refuse(f'"{event}" is not available', "a library tried to reach a file, the "
               "network, a process or memory on behalf of the script")


def arm():
    """Refuse audit events from here on: call right before the script runs."""
    global _armed
    _armed = True


def disarm():
    global _armed
    _armed = False


def arm_if(wanted):
    if wanted:
        arm()


def _plain_row(row):
    """A row as a list that nobody else holds; a missing one as it is."""
    if isinstance(row, np.ndarray):
        return list(row) if row.ndim else row
    if row is None or type(row) in (str, bytes, float, int):
        return row
    return list(row) if _in_class(type(row), "__iter__") else row


def _read_rows_once():
    """Rule 11, where pandas' C code asks a row for its length and then reads
    it: it gets plain lists."""
    from pandas._libs import lib, reshape
    to_array, to_array_tuples, tuples_to_array, explode = (
        lib.to_object_array, lib.to_object_array_tuples, lib.tuples_to_object_array,
        reshape.explode)

    def to_object_array(rows, min_width=0):
        return to_array([_plain_row(r) for r in list(rows)], min_width)

    def to_object_array_tuples(rows):
        rows = [_plain_row(r) for r in list(rows)]
        return to_array_tuples([tuple(r) if type(r) is list else r for r in rows])

    def tuples_to_object_array(tuples):
        rows = [tuple(r) if isinstance(r, tuple) else r for r in list(tuples)]
        if rows and isinstance(rows[0], tuple) and any(
                isinstance(r, tuple) and len(r) < len(rows[0]) for r in rows):
            raise ValueError("all tuples must have the same length")
        copy = np.empty(len(rows), dtype=object)
        for i, row in enumerate(rows):
            copy[i] = row
        return tuples_to_array(copy)

    def explode_rows(values):
        if values.dtype != object:
            return explode(values)
        copy = np.empty(len(values), dtype=object)
        for i, value in enumerate(list(values)):
            copy[i] = value if isinstance(value, dict) else _plain_row(value)
        return explode(copy)

    replaced = {id(to_array): to_object_array, id(to_array_tuples): to_object_array_tuples,
                id(tuples_to_array): tuples_to_object_array, id(explode): explode_rows}
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "pandas":
            for key, value in list(vars(module).items()):
                if id(value) in replaced and callable(value):
                    setattr(module, key, replaced[id(value)])

    # A join of sorted indexes counts with one comparison and writes with the
    # next.
    real = inspect.getattr_static(pd.Index, "_can_use_libjoin")
    pd.Index._can_use_libjoin = property(
        lambda self: self.dtype != object and bool(real.__get__(self, type(self))))


def _hide_objects():
    """Rule 12 where no function is called: operators, codecs, conversions."""
    from _transform_arrays import hide_objects
    for base in (np.ndarray, np.void):
        classes = [base]
        while classes:
            cls = classes.pop()
            if not hide_objects(cls, base is np.void):
                raise RuntimeError(f"{cls} reads its buffer in a way of its own")
            classes += type.__subclasses__(cls)


def harden():
    """Once, after warm-up: the audit hook (which refuses nothing until arm()),
    and the places where a time zone's name chooses a file."""
    sys.addaudithook(_audit)
    _hide_objects()

    def gettz(name=None):
        raise ValueError("dateutil time zones are not available")

    def load_tzdata(key):
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")

    _read_rows_once()

    # What is not in the caches of warm-up does not exist: looking for it
    # would ask the file system.
    zoneinfo.reset_tzpath(to=())
    zoneinfo._common.load_tzdata = load_tzdata
    try:
        import dateutil.tz
        from pandas._libs.tslibs import timezones
        dateutil.tz.gettz = gettz
        timezones.dateutil_gettz = gettz
    except (ImportError, AttributeError):
        pass


# Attribute names that no type and no module offers: refused where they are
# written, before anything runs.  Filled by _build_never().
NEVER = set()
# Words that data uses as column names: left to the guard at run time.
_COMMON_WORDS = names.words("""
    data base test style plot flags hist size type char fields num kind descr
    metadata byteorder device strides sparse alignment state obj signature
    cast pool coords maxpower millisecond exclusions view""")


def _build_never():
    universe = set()
    for cls in _registry:
        module = getattr(cls, "__module__", "")
        if module.startswith(("pandas", "numpy")):
            universe.update(n for n in dir(cls) if not n.startswith("_"))
    universe.update(n for n in dir(pd) if n.startswith("read_"))
    allowed = set()
    for listed in _registry.values():
        allowed |= listed
    for _, table, _ in _proxy_tables.values():
        allowed |= set(table)
    NEVER.update(universe - allowed - _COMMON_WORDS)


def _risky_names():
    """Names that some type hands out only checked, or not at all: they may
    not be read by the interpreter itself (match patterns)."""
    risky = set(NEVER) | set(_COMMON_WORDS)
    for cls in list(_registry):
        for name, rule in (table_of(cls) or {}).items():
            if rule is not PLAIN:
                risky.add(name)
        if getattr(cls, "__module__", "").startswith(("pandas", "numpy")):
            risky.update(n for n in dir(cls) if n not in _registry[cls])
    return frozenset(risky) - names.words("name index columns values size shape")


_register_all()
_register_special_methods()
_build_proxies()
_build_never()
RISKY = _risky_names()
