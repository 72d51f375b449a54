"""dtype_backend: no object of pyarrow reaches a script, whatever a script may
call; the routes out of the language wall stay closed.

tests() yields (name, problem or None)."""
import contextlib
import datetime
import decimal
import io
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa

import convert
import guards

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2024, 1, 2, 3, 4, 5, 6)
# Every format that arrives, with values of it.
COLUMNS = {
    "i2": (pa.int16(), [1, None]), "i8": (pa.int64(), [2**53 + 1, None]), "f4": (pa.float32(), [1.5, None]),
    "f8": (pa.float64(), [1.5, None]), "b": (pa.bool_(), [True, None]), "t": (pa.large_string(), ["a b", None]),
    "z": (pa.large_binary(), [b"x", None]), "d": (pa.date32(), [MOMENT.date(), None]), "ti": (pa.time64("us"), [MOMENT.time(), None]),
    "ts": (pa.timestamp("us"), [MOMENT, None]), "tz": (pa.timestamp("us", tz="UTC"), [MOMENT.replace(tzinfo=UTC), None]),
    "n": (pa.decimal128(10, 2), [decimal.Decimal("1.50"), None]), "w": (pa.decimal256(76, 38), [decimal.Decimal("1.5"), None]),
    "li": (pa.large_list(pa.int32()), [[1, None], None]), "lt": (pa.large_list(pa.large_string()), [["a", None], None]),
    "lz": (pa.large_list(pa.timestamp("us", tz="UTC")), [[MOMENT.replace(tzinfo=UTC)], None]),
    "ll": (pa.large_list(pa.large_list(pa.int16())), [[[1]], None])}


def frame(backend, rows=2):
    arrays = {name: pa.array(values[:rows], t) for name, (t, values) in COLUMNS.items()}
    columns = convert.columns([f for name, a in arrays.items() for f in convert.fields(name, a.type)])
    return convert.to_frame(columns, [list(arrays.values())], backend)


def _foreign(value, depth=0):
    """The name of a class of pyarrow's among what a value holds, or None."""
    for kind in (type(value), value if isinstance(value, type) else None):
        if kind is not None and (kind.__module__ or "").split(".")[0] == "pyarrow":
            return f"{kind.__module__}.{kind.__qualname__}"
    if depth > 3 or isinstance(value, (str, bytes)):
        return None
    try:
        if isinstance(value, pd.DataFrame):
            parts = [value[c] for c in value.columns]
        elif isinstance(value, dict):
            parts = [*value, *value.values()]
        elif isinstance(value, (list, tuple, set, pd.Series, pd.Index, np.ndarray, pd.api.extensions.ExtensionArray)) or \
                hasattr(value, "__next__"):
            parts = [v for v, _ in zip(value, range(4))]
        else:
            return None
    except Exception:
        return None
    return next(filter(None, (_foreign(v, depth + 1) for v in parts)), None)


def _uses(owner, name):
    """What a script gets from owner.name, and from calling it."""
    try:
        got = guards.guard_getattr(owner, name)
    except (Exception, guards.PolicyError):
        return
    yield got
    if not callable(got) or isinstance(got, type):
        return
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield got()
    except (Exception, guards.PolicyError):
        pass


SLOW_OR_LOUD = frozenset(("to_clipboard", "plot", "hist", "info", "repeat"))


def _reached(backend):
    """(route, class of pyarrow) for every allowed name of every column."""
    for name in COLUMNS:
        series = frame(backend)[name]
        owners = {"s": series, "s.array": series.array, "s.dtype": series.dtype, "s.index": pd.Index(series), "s[0]": series.iloc[0],
                  "s.list[0]": series.list[0] if "list" in str(series.dtype) else None}
        for accessor in ("str", "dt", "list", "struct", "cat"):
            try:
                owners["s." + accessor] = getattr(series, accessor)
            except AttributeError:
                pass
        for route, owner in owners.items():
            for allowed in sorted(_allowed(type(owner)) - SLOW_OR_LOUD):
                for value in _uses(owner, allowed):
                    found = _foreign(value)
                    if found:
                        yield f"{name}: {route}.{allowed}", found


def _allowed(cls):
    for base in cls.__mro__:
        if base in guards._registry:
            return guards._registry[base]
    return frozenset()


def tests():
    for backend in convert.BACKENDS:
        found = [] if backend == "numpy" else sorted(set(_reached(backend)))
        guards.refusals.clear()
        yield f"{backend}: no object of pyarrow", "; ".join(f"{r} is {c}" for r, c in found[:20]) or None
        full, empty = frame(backend), frame(backend, 0)
        yield f"{backend}: dtypes do not depend on rows", None if (full.dtypes == empty.dtypes).all() else str(full.dtypes)
