"""convert.py - rows between the wire and pandas, both ways, through pyarrow.
objects.py does columns of Python objects, slices.py the way onto the wire.

Runs in workers.  Towards the script, the type of a column follows from its
declaration (format and WIRE_NULLABLE) and never from its values.  Back from
the script, every value arrives unchanged or the column is refused by name:
lossless or an error, never a silent change.

Nothing here compares, prints or hashes an object of the script's: object
columns are told apart by the exact types of their values before anything
else looks at them.
"""
import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from objects import DURATION, S, TIME, US, US_UTC, cast, objects
from outcome import (INPUT, INTERNAL, LAST_OF_CALL, MAX_COLUMNS, MAX_NAME, MAX_PAYLOAD,  # noqa: F401
                     NULLABLE, OUTPUT_BYTES, OUTPUT_ROWS, RESULT, JobError, bad)


# ---- to pandas --------------------------------------------------------------

_FIXED = {"s": pa.int16(), "i": pa.int32(), "l": pa.int64(), "f": pa.float32(),
          "g": pa.float64(), "b": pa.bool_(), "tdD": pa.date32(),
          "ttu": pa.time64("us"), "U": pa.large_utf8(), "Z": pa.large_binary(),
          "u": pa.utf8(), "z": pa.binary(), "n": pa.null(), "L": pa.uint64()}
_MASKED = {"s": pd.Int16Dtype(), "i": pd.Int32Dtype(), "l": pd.Int64Dtype(),
           "b": pd.BooleanDtype()}
_FLOAT_MASKED = {"f": pd.Float32Dtype(), "g": pd.Float64Dtype()}
_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
_TEXT_NULLABLE = pd.StringDtype("pyarrow")
BACKENDS = ("numpy", "numpy_nullable", "pyarrow")


def arrow_type(format):
    """The Arrow type of a format string, or None."""
    if format in _FIXED:
        return _FIXED[format]
    if format.startswith("ts"):
        units = {"s": "s", "m": "ms", "u": "us", "n": "ns"}
        unit, _, zone = format[2:].partition(":")
        return pa.timestamp(units[unit], tz=zone or None)
    if format.startswith("tD"):
        return pa.duration({"s": "s", "m": "ms", "u": "us", "n": "ns"}[format[2:]])
    if format.startswith("d:"):
        parts = [int(p) for p in format[2:].split(",")]
        wide = len(parts) > 2 and parts[2] == 256
        return (pa.decimal256 if wide else pa.decimal128)(parts[0], parts[1])
    return None


class Column:
    """One input column, as declared; a list has an item, a column of its own."""

    __slots__ = ("name", "format", "nullable", "type", "item")

    def __init__(self, name, format, flags, item=None):
        self.name = name
        self.format = format
        self.nullable = bool(flags & NULLABLE)
        self.item = item
        self.type = pa.large_list(item.type) if item is not None else arrow_type(format)
        if self.type is None:
            raise JobError(INPUT, f'column "{name}" has the unknown format "{format}"')


def columns(fields):
    """The columns of a schema: a list is followed by what its items are."""
    out = []
    for field in reversed(fields):
        item = out.pop() if field[1] == "+L" else None
        out.append(Column(*field, item))
    return out[::-1]


def wrap_chunk(columns, frame, places):
    """Arrow arrays over the bytes of a received frame, without copying.
    places: per field ((offset, length) or None) x validity, offsets, values,
    the number of NULLs and of values."""
    whole = pa.py_buffer(frame)
    places = iter(places)
    return [_wrap(column, whole, places) for column in columns]


_EMPTY = pa.py_buffer(bytes(8))


def _wrap(column, whole, places):
    validity, offsets, values, nulls, rows = next(places)
    if pa.types.is_null(column.type):
        return pa.nulls(rows)
    parts = [whole.slice(*validity) if validity else None]
    if offsets is not None or column.format in ("u", "U", "z", "Z", "+L"):
        parts.append(whole.slice(*offsets) if offsets else _EMPTY)
    if column.item is None:
        parts.append(whole.slice(*values) if values else _EMPTY)
    children = None if column.item is None else [_wrap(column.item, whole, places)]
    return pa.Array.from_buffers(column.type, rows, parts, nulls if validity else 0,
                                 children=children)


def _masked(column, backend):
    """The dtype with a mask that a column gets, or None."""
    if column.format in ("u", "U"):
        return _TEXT if backend == "numpy" else _TEXT_NULLABLE
    if column.nullable or backend == "numpy_nullable":
        dtype = _MASKED.get(column.format)
        if dtype is None and backend == "numpy_nullable":
            dtype = _FLOAT_MASKED.get(column.format)
        return dtype
    return None


def _to_series(column, chunks, backend):
    array = pa.chunked_array(chunks, type=column.type)
    if backend == "pyarrow":
        return array.to_pandas(types_mapper=pd.ArrowDtype)
    dtype = _masked(column, backend)
    if dtype is not None:
        return array.to_pandas(types_mapper=lambda t: dtype)
    if column.item is not None:
        return _lists_to_series(column, array)
    if column.format == "tdD":
        array = array.cast(pa.timestamp("s"))
    series = array.to_pandas()
    if column.format in ("Z", "z") or column.format.startswith("d:"):
        return series.astype(object) if series.dtype != object else series
    return series


def _lists_to_series(column, array):
    """Python lists: integers with NULLs stay integers there."""
    try:
        values = array.to_pylist()
    except (OverflowError, ValueError):
        for row, value in enumerate(array):
            try:
                value.as_py()
            except (OverflowError, ValueError) as e:
                raise JobError(INPUT, f'column "{column.name}", row {row + 1} of the call: {e}', "",
                               "datetime ends at the year 9999: leave such rows out, or cast the "
                               "column to text") from None
        raise
    out = np.empty(len(values), object)
    out[:] = values
    return pd.Series(out, dtype=object)


def to_frame(columns, chunks, backend="numpy"):
    """A data frame of the chunks (lists of arrays) of one call."""
    data = {}
    for i, column in enumerate(columns):
        data[column.name] = _to_series(column, [c[i] for c in chunks], backend)
    if not data:
        return pd.DataFrame(index=range(sum(len(c[0]) for c in chunks if c)))
    return pd.DataFrame(data)


# ---- checks of a result before anything is converted -------------------------

def check_frame(frame):
    """The data frame that transform returned, plainly: its row index is
    dropped, its type is exactly a DataFrame."""
    if type(frame) is not pd.DataFrame:
        kind = type.__dict__["__name__"].__get__(type(frame))
        hints = {"NoneType": 'end the function with "return df"',
                 "Series": "use .to_frame() or .reset_index()",
                 "generator": "use return, not yield",
                 "ndarray": "use pd.DataFrame(...)",
                 "list": "use pd.DataFrame(...)", "dict": "use pd.DataFrame(...)",
                 "tuple": "return the data frame alone"}
        raise JobError(RESULT, f"transform() returned {_a(kind)}, not a data frame", "",
                       hints.get(kind, "return a pandas DataFrame"))
    return frame


def _a(kind):
    return "nothing" if kind == "NoneType" else f"a value of type {kind[:60]}"


def column_names(frame):
    """The column labels as text; every problem with them in one error."""
    labels = frame.columns
    if isinstance(labels, pd.MultiIndex):
        raise JobError(RESULT, "the result has column names of several levels", "",
                       'join them, for example df.columns = ["_".join(map(str, c)) '
                       "for c in df.columns]")
    if len(labels) > MAX_COLUMNS:
        raise JobError(RESULT, f"the result has {len(labels):,} columns, "
                       f"at most {MAX_COLUMNS:,} are possible")
    if len(labels) == 0:
        raise JobError(RESULT, "the result has no columns")
    out, problems, seen = [], [], set()
    for i, label in enumerate(labels.tolist()):
        if type(label) is str or type(label) is np.str_:
            name = str(label)
        elif type(label) in (int, bool, float) or isinstance(label, (np.integer, datetime.date)):
            name = str(label)
        else:
            kind = type.__dict__["__name__"].__get__(type(label))
            problems.append(f"column {i + 1} has a name of type {kind[:60]}")
            continue
        try:
            size = len(name.encode("utf-8"))
        except UnicodeEncodeError:
            problems.append(f"the name of column {i + 1} is not Unicode text")
            continue
        shown = name if size <= 80 else name[:30] + "..."
        if not name:
            problems.append(f"the name of column {i + 1} is empty")
        elif "\0" in name:
            problems.append(f"the name of column {i + 1} contains a NUL character")
        elif size > MAX_NAME:
            problems.append(f'the name "{shown}" has {size:,} bytes, at most {MAX_NAME} are possible')
        elif name in seen:
            problems.append(f'the name "{shown}" is there twice')
        seen.add(name)
        out.append(name)
    if problems:
        more = len(problems) - 20
        if more > 0:
            problems = problems[:20] + [f"and {more:,} more"]
        raise JobError(RESULT, "the result has unusable column names: " + problems[0],
                       "; ".join(problems) if len(problems) > 1 else "",
                       "rename the columns with df.columns = [...] or df.rename(columns=...)")
    return out


def _least_bytes(series):
    """A lower bound of the bytes that a column will have on the wire, from
    what is cheap to see, and the length of its longest value."""
    dtype = series.dtype
    rows = len(series)
    if isinstance(dtype, pd.SparseDtype):
        return rows * dtype.subtype.itemsize, 0
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        if categories.dtype == object or isinstance(categories.dtype, pd.StringDtype):
            lengths = np.array([len(c) if type(c) is str or type(c) is bytes else 0
                                for c in categories] or [0])
            codes = series.cat.codes.to_numpy()
            used = np.bincount(codes[codes >= 0], minlength=len(lengths))[:len(lengths)]
            return int((used * lengths).sum()), int(lengths.max(initial=0))
        return rows * 4, 0
    if dtype == object:
        total = longest = 0
        values = series.to_numpy()
        for kind in (str, bytes):
            lengths = [len(v) for v in values if type(v) is kind]
            if lengths:
                total += sum(lengths)
                longest = max(longest, max(lengths))
        return total, longest
    if isinstance(dtype, np.dtype):
        return rows * dtype.itemsize, 0
    return getattr(series.array, "nbytes", 0), 0


class Limits:
    """What a job may put out, and what it has put out so far."""

    def __init__(self, rows=0, size=0):
        self.max_rows = rows or 0
        self.max_bytes = size or 0
        self.rows = 0
        self.bytes = 0

    def add_rows(self, n):
        if self.max_rows and self.rows + n > self.max_rows:
            raise JobError(
                OUTPUT_ROWS,
                f"the result has {self.rows + n:,} rows, the limit "
                f"transform.job_output_rows is {self.max_rows:,}")
        self.rows += n

    def check_bytes(self, n):
        if self.max_bytes and self.bytes + n > self.max_bytes:
            raise JobError(
                OUTPUT_BYTES,
                f"the result has at least {self.bytes + n:,} bytes, the limit "
                f"transform.job_output_bytes is {self.max_bytes:,}")

    def add_bytes(self, n):
        self.check_bytes(n)
        self.bytes += n


def check_size(frame, labels, limits):
    """Refuse what is too large before any of it is converted."""
    limits.add_rows(len(frame))
    total = 0
    for i, name in enumerate(labels):
        least, longest = _least_bytes(frame.iloc[:, i])
        if longest > MAX_PAYLOAD - 65536:
            raise JobError(
                OUTPUT_BYTES, f'column "{name}" has a value of {longest:,} bytes, '
                f"at most {MAX_PAYLOAD - 65536:,} are possible")
        total += least
        limits.check_bytes(total)


# ---- from pandas -------------------------------------------------------------

def _floats(values):
    if values.dtype == np.float16:
        values = values.astype(np.float32)
    return pa.array(values, from_pandas=True)


def _numpy(name, values):
    kind = values.dtype.kind
    if kind == "b":
        return pa.array(values)
    if kind == "i":
        return pa.array(values.astype(np.int16) if values.dtype.itemsize == 1 else values)
    if kind == "u":
        return pa.array(values.astype({1: np.int16, 2: np.int32, 4: np.int64,
                                       8: np.uint64}[values.dtype.itemsize]))
    if kind == "f" and values.dtype.itemsize <= 8:
        return _floats(values)
    raise bad(name, f"values of type {values.dtype} have no counterpart in the database",
              "convert them with .astype(...)")


def _arrow(name, array, like):
    """An Arrow array of any type, as one of the types that travel."""
    t = array.type
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.nulls(0, t)
    is_ = pa.types
    if is_.is_dictionary(t):
        return _arrow(name, array.dictionary_decode(), like)
    if is_.is_null(t) or is_.is_boolean(t) or is_.is_date32(t) or t == pa.large_string() \
            or t == pa.large_binary():
        return array
    if is_.is_integer(t):
        return array.cast({pa.int8(): pa.int16(), pa.uint8(): pa.int16(),
                           pa.uint16(): pa.int32(), pa.uint32(): pa.int64()}.get(t, t))
    if is_.is_floating(t):
        return array.cast(pa.float32()) if t == pa.float16() else array
    if is_.is_string(t) or is_.is_string_view(t):
        return array.cast(pa.large_string())
    if is_.is_binary(t) or is_.is_binary_view(t) or is_.is_fixed_size_binary(t):
        return array.cast(pa.large_binary())
    if is_.is_decimal(t):
        if t.bit_width < 128:
            return array.cast(pa.decimal128(t.precision, t.scale))
        return array
    if is_.is_timestamp(t):
        # whole seconds are what a date column arrived as: the extension
        # stores them as a date again
        if t == S and like is not None and (is_.is_date(like) or like == S):
            return array
        return cast(name, array, US_UTC if t.tz else US)
    if is_.is_duration(t):
        return cast(name, array, DURATION)
    if is_.is_time(t):
        return cast(name, array, TIME)
    if is_.is_date64(t):
        return array.cast(pa.date32())
    if is_.is_list(t) or is_.is_large_list(t) or is_.is_fixed_size_list(t):
        return _arrow_list(name, array, like)
    raise bad(name, f"values of type {t} have no counterpart in the database",
              "use .astype(str), or explode structures")


def _arrow_list(name, array, like):
    """Lists of any kind as large lists; their validity and offsets stay."""
    if not pa.types.is_large_list(array.type):
        array = array.cast(pa.large_list(array.type.value_type))
    items = _arrow(name, array.values, like.value_type
                   if like is not None and pa.types.is_large_list(like) else None)
    return pa.Array.from_buffers(pa.large_list(items.type), len(array), array.buffers()[:2],
                                 array.null_count, array.offset, children=[items])


def to_arrow(name, series, like=None):
    """One column of a result as an Arrow array; like: the type of the input
    column of the same name, or the type that earlier calls gave it."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories = to_arrow(name, dtype.categories.to_series(), like)
        codes = series.cat.codes.to_numpy()
        return _arrow(name, pa.DictionaryArray.from_arrays(
            pa.array(codes, mask=codes < 0), categories), like)
    if isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype)):
        raise bad(name, f"values of type {dtype} have no counterpart in the database",
                  "use .astype(str)" + (" or .dt.to_timestamp()"
                                        if isinstance(dtype, pd.PeriodDtype) else ""))
    if isinstance(dtype, pd.SparseDtype):
        series = series.sparse.to_dense()
        dtype = series.dtype
    if dtype == object:
        return objects(name, series.to_numpy(), like)
    if isinstance(dtype, np.dtype):
        if dtype.kind == "M":
            return _arrow(name, pa.array(series.to_numpy(), from_pandas=True), like)
        if dtype.kind == "m":
            return cast(name, pa.array(series.to_numpy(), from_pandas=True), DURATION)
        return _numpy(name, series.to_numpy())
    if isinstance(dtype, (pd.Float32Dtype, pd.Float64Dtype)):
        return _floats(series.to_numpy(dtype=dtype.numpy_dtype, na_value=np.nan))
    try:
        array = pa.array(series.array)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeEncodeError) as e:
        raise bad(name, str(e).split("\n")[0][:200]) from None
    return _arrow(name, array, like)


def settled(t):
    """The type that a column keeps from its first call on: lists without any
    item are taken for lists of text."""
    if pa.types.is_large_list(t):
        return pa.large_list(pa.large_string() if pa.types.is_null(t.value_type)
                             else settled(t.value_type))
    return t


def _is_alike(t, wanted):
    """May every value of type t that fits be of the other type?"""
    is_ = pa.types
    if is_.is_large_list(t) and is_.is_large_list(wanted):
        return _is_alike(t.value_type, wanted.value_type)
    return t == wanted or is_.is_null(t) or is_.is_decimal(wanted) and not is_.is_string(t) \
        or (is_.is_integer(t) or is_.is_floating(t)) and (is_.is_integer(wanted) or is_.is_floating(wanted)) \
        or is_.is_timestamp(t) and is_.is_timestamp(wanted) and t.tz == wanted.tz


def _narrowed(array, wanted):
    """Floats in fewer bits, if they are the same then; Arrow's own cast rounds."""
    before = array.to_numpy(zero_copy_only=False)
    after = before.astype(wanted.to_pandas_dtype())
    if not ((after == before) | (before != before)).all():
        raise pa.ArrowInvalid("a value needs more digits")
    return array.cast(wanted)


def agree(name, array, wanted):
    """An array in the type that the first call of a job settled."""
    if array.type == wanted:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), wanted)
    if _is_alike(array.type, wanted):
        try:
            if pa.types.is_floating(array.type) and pa.types.is_floating(wanted):
                return _narrowed(array, wanted)
            return array.cast(wanted, safe=True)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    raise JobError(
        RESULT, f'column "{name}" was {_shown(wanted)} in the first call of transform() '
        f"and is {_shown(array.type)} now",
        "every call must return the same columns with the same types",
        "fix the type with .astype(...) before returning")


def _shown(t):
    return "always NULL" if pa.types.is_null(t) else f"of type {t}"


_FORMATS = {S: "tss:", pa.int16(): "s", pa.int32(): "i", pa.int64(): "l", pa.uint64(): "L",
            pa.float32(): "f", pa.float64(): "g", pa.bool_(): "b", pa.date32(): "tdD",
            pa.large_string(): "U", pa.large_binary(): "Z", pa.null(): "n",
            US: "tsu:", US_UTC: "tsu:UTC", DURATION: "tDu", TIME: "ttu"}


def wire_format(t):
    if t in _FORMATS:
        return _FORMATS[t]
    if pa.types.is_decimal128(t):
        return f"d:{t.precision},{t.scale}"
    if pa.types.is_decimal256(t):
        return f"d:{t.precision},{t.scale},256"
    if pa.types.is_large_list(t):
        return "+L"
    raise JobError(INTERNAL, f"no format for {t}")


def fields(name, t):
    """The fields of a column on the wire: itself and, of a list, its items."""
    out = [(name, wire_format(t), NULLABLE)]
    return out + fields("item", t.value_type) if pa.types.is_large_list(t) else out
