"""convert.py - rows between the wire and pandas, both ways, through pyarrow.

Runs in workers.  Towards the script, the type of a column follows from its
declaration (format and WIRE_NULLABLE) and never from its values.  Back from
the script, every value arrives unchanged or the column is refused by name:
lossless or an error, never a silent change.

Nothing here compares, prints or hashes an object of the script's: object
columns are told apart by the exact types of their values before anything
else looks at them.
"""
import datetime
import decimal
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa

NULLABLE = 1                    # WIRE_NULLABLE
LAST_OF_CALL = 1                # WIRE_LAST_OF_CALL
MAX_COLUMNS = 1600              # WIRE_MAX_COLUMNS
MAX_NAME = 63                   # NAMEDATALEN - 1
MAX_PAYLOAD = 64 * 1024 * 1024  # WIRE_MAX_PAYLOAD
TARGET_PAYLOAD = 8 * 1024 * 1024    # WIRE_TARGET_PAYLOAD
MAX_ROWS = 65536                # of one frame

# WireErrorKind
SYNTAX, POLICY, NO_TRANSFORM, SCRIPT, GUARD, MEMORY, RESULT, OUTPUT_ROWS, \
    OUTPUT_BYTES, INPUT, INTERNAL = range(1, 12)


class JobError(Exception):
    """The job ends here; kind is a WireErrorKind."""

    def __init__(self, kind, message, detail="", hint=""):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.detail = detail
        self.hint = hint


# ---- to pandas --------------------------------------------------------------

_FIXED = {"s": pa.int16(), "i": pa.int32(), "l": pa.int64(), "f": pa.float32(),
          "g": pa.float64(), "b": pa.bool_(), "tdD": pa.date32(),
          "ttu": pa.time64("us"), "U": pa.large_utf8(), "Z": pa.large_binary(),
          "u": pa.utf8(), "z": pa.binary(), "n": pa.null()}
_NULLABLE_DTYPES = {"s": pd.Int16Dtype(), "i": pd.Int32Dtype(), "l": pd.Int64Dtype(),
                    "b": pd.BooleanDtype()}
_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)


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
    """One input column, as declared."""

    __slots__ = ("name", "format", "nullable", "type")

    def __init__(self, name, format, flags):
        self.name = name
        self.format = format
        self.nullable = bool(flags & NULLABLE)
        self.type = arrow_type(format)
        if self.type is None:
            raise JobError(INPUT, f'column "{name}" has the unknown format "{format}"')


def wrap_chunk(columns, rows, frame, places):
    """Arrow arrays over the bytes of a received frame, without copying.
    places: per column ((offset, length) or None) x validity, offsets, values,
    and the number of NULLs."""
    whole = pa.py_buffer(frame)
    empty = pa.py_buffer(bytes(8))
    arrays = []
    for column, (validity, offsets, values, nulls) in zip(columns, places):
        parts = [whole.slice(*validity) if validity else None]
        if pa.types.is_null(column.type):
            arrays.append(pa.nulls(rows))
            continue
        if offsets is not None or column.format in "uUzZ":
            parts.append(whole.slice(*offsets) if offsets else empty)
        parts.append(whole.slice(*values) if values else empty)
        arrays.append(pa.Array.from_buffers(column.type, rows, parts, nulls if validity else 0))
    return arrays


def _to_series(column, chunks):
    array = pa.chunked_array(chunks, type=column.type)
    if column.format in "uU":
        return array.to_pandas(types_mapper=lambda t: _TEXT)
    if column.nullable and column.format in _NULLABLE_DTYPES:
        dtype = _NULLABLE_DTYPES[column.format]
        return array.to_pandas(types_mapper=lambda t: dtype)
    if column.format == "tdD":
        array = array.cast(pa.timestamp("s"))
    series = array.to_pandas()
    if column.format in ("d", "Z", "z") or column.format.startswith("d:"):
        return series.astype(object) if series.dtype != object else series
    return series


def to_frame(columns, chunks):
    """A data frame of the chunks (lists of arrays) of one call."""
    data = {}
    for i, column in enumerate(columns):
        data[column.name] = _to_series(column, [c[i] for c in chunks])
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

_S = pa.timestamp("s")
_US = pa.timestamp("us")
_US_UTC = pa.timestamp("us", tz="UTC")
_DURATION = pa.duration("us")
_TIME = pa.time64("us")
_NULL_TYPES = frozenset((type(None), type(pd.NA), type(pd.NaT)))
_INTS = frozenset((int, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16,
                   np.uint32, np.uint64))
_FLOATS = frozenset((float, np.float16, np.float32, np.float64))
_BOOLS = frozenset((bool, np.bool_))
_STRS = frozenset((str, np.str_))
_BYTES = frozenset((bytes, np.bytes_, bytearray))
_TIMES = frozenset((datetime.datetime, pd.Timestamp, np.datetime64))
_DELTAS = frozenset((datetime.timedelta, pd.Timedelta, np.timedelta64))


def _bad(name, why, hint="", detail=""):
    return JobError(RESULT, f'column "{name}" of the result cannot be stored: {why}',
                    detail, hint)


def _find(values, wanted):
    for i, v in enumerate(values):
        if type(v) in wanted:
            return i
    return 0


def _type_name(kind):
    return type.__dict__["__name__"].__get__(kind)[:60]


def _objects(name, values, like):
    """An Arrow array of a column of Python objects."""
    kinds = set(map(type, values))
    kinds -= _NULL_TYPES
    nan_as_null = False
    if kinds & _FLOATS and not kinds <= (_INTS | _FLOATS):
        # Floats among texts: NaN stands for NULL, anything else is a mixture.
        if all(v != v for v in values if type(v) in _FLOATS):
            kinds -= _FLOATS
            nan_as_null = True
    if not kinds:
        if nan_as_null or like is None or any(type(v) in _FLOATS for v in values[:1]):
            pass
        return pa.nulls(len(values), pa.null())

    def clean(convert=None):
        if nan_as_null:
            out = [None if type(v) in _NULL_TYPES or type(v) in _FLOATS else v for v in values]
        else:
            out = [None if type(v) in _NULL_TYPES else v for v in values]
        return out if convert is None else [None if v is None else convert(v) for v in out]

    if kinds <= _STRS:
        try:
            return pa.array(clean(), pa.large_string())
        except UnicodeEncodeError:
            row = next(i for i, v in enumerate(values)
                       if type(v) in _STRS and not _encodes(v))
            raise _bad(name, f"row {row + 1} is not Unicode text (it has a lone surrogate)") from None
    if kinds <= _BOOLS:
        return pa.array(clean(bool), pa.bool_())
    if kinds <= _INTS:
        try:
            return pa.array(clean(int), pa.int64())
        except (OverflowError, pa.ArrowInvalid):
            row = next(i for i, v in enumerate(values)
                       if type(v) in _INTS and not -2**63 <= int(v) < 2**63)
            raise _bad(name, f"the integer in row {row + 1} does not fit 64 bits",
                       "turn the column into text, or divide it") from None
    if kinds <= _INTS | _FLOATS:
        for i, v in enumerate(values):
            if type(v) in _INTS and abs(int(v)) > 2**53:
                raise _bad(name, f"it mixes fractions with the integer in row {i + 1}, which "
                           "a floating point number cannot hold exactly")
        return pa.array(np.array([np.nan if type(v) in _NULL_TYPES else float(v)
                                  for v in values]), from_pandas=True)
    if kinds <= _BYTES:
        return pa.array(clean(bytes), pa.large_binary())
    if kinds <= _INTS | {decimal.Decimal}:
        return _decimals(name, clean(lambda v: v if type(v) is decimal.Decimal
                                     else decimal.Decimal(int(v))), like)
    if kinds == {datetime.date}:
        return pa.array(clean(), pa.date32())
    if kinds == {datetime.time}:
        row = next((i for i, v in enumerate(values)
                    if type(v) is datetime.time and v.tzinfo is not None), None)
        if row is not None:
            raise _bad(name, f"row {row + 1} is a time of day with a time zone",
                       "use .replace(tzinfo=None), or turn the values into text with str")
        return pa.array(clean(), _TIME)
    if kinds <= _TIMES:
        return _times(name, clean(), values)
    if kinds <= _DELTAS:
        return _cast(name, pa.array(pd.Series(clean(), dtype=pd.Series(
            pd.to_timedelta(clean())).dtype)), _DURATION)
    if kinds == {uuid.UUID}:
        return pa.array(clean(str), pa.large_string())
    known = (_STRS, _BOOLS, _INTS, _FLOATS, _BYTES, _TIMES, _DELTAS,
             {datetime.date}, {datetime.time}, {decimal.Decimal}, {uuid.UUID})
    strange = [k for k in kinds if not any(k in group for group in known)]
    if strange:
        row = _find(values, frozenset(strange))
        kind = type(values[row])
        hint = {"list": "use df.explode(), or turn the values into text with str",
                "dict": "use pd.json_normalize(), or turn the values into text with str",
                "Period": "use .dt.to_timestamp() or .astype(str)",
                "Interval": "use .astype(str)"}.get(_type_name(kind),
                                                     "turn the values into numbers, texts or dates")
        raise _bad(name, f"row {row + 1} is of type {_type_name(kind)}", hint)
    first = next(v for v in values if type(v) in kinds)
    group = next(g for g in known if type(first) in g)
    row = next(i for i, v in enumerate(values) if type(v) in kinds and type(v) not in group)
    raise _bad(name, f"it mixes values of type {_type_name(type(first))} and "
               f"{_type_name(type(values[row]))} (first in row {row + 1})",
               "make them alike, for example with .astype(str) or pd.to_numeric()")


def _encodes(text):
    try:
        text.encode("utf-8")
        return True
    except UnicodeEncodeError:
        return False


def _times(name, cleaned, values):
    aware = {getattr(v, "tzinfo", None) is not None for v in cleaned if v is not None}
    if len(aware) > 1:
        raise _bad(name, "it mixes times with and without a time zone",
                   "use .dt.tz_localize() on one part")
    try:
        series = pd.to_datetime(pd.Series(cleaned, dtype=object), utc=aware == {True})
    except (ValueError, OverflowError, pd.errors.OutOfBoundsDatetime) as e:
        raise _bad(name, f"a time is out of range: {str(e)[:200]}") from None
    return _cast(name, pa.array(series), _US_UTC if aware == {True} else _US)


def _decimals(name, values, like):
    scale = whole = 0
    out = []
    for i, v in enumerate(values):
        if v is None or v.is_nan():
            out.append(None)
            continue
        if v.is_infinite():
            raise _bad(name, f"row {i + 1} is an infinite decimal")
        out.append(v)
        digits = v.as_tuple()
        scale = max(scale, -digits.exponent)
        whole = max(whole, len(digits.digits) + digits.exponent)
    if like is not None and pa.types.is_decimal(like):
        scale = max(scale, like.scale)
        whole = max(whole, like.precision - like.scale)
    if whole + scale > 76:
        raise _bad(name, f"its decimals need {whole + scale} digits, at most 76 are possible",
                   "round them first")
    wanted = pa.decimal128(38, scale) if whole + scale <= 38 else pa.decimal256(76, scale)
    return pa.array(out, wanted)


def _cast(name, array, wanted):
    if array.type == wanted:
        return array
    try:
        return array.cast(wanted, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as e:
        text = str(e).split("\n")[0][:200]
        if "lose data" in text or "would lose" in text:
            raise _bad(name, "it has fractions of a microsecond",
                       'use .dt.floor("us") or .dt.round("us")', text) from None
        raise _bad(name, text) from None


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
        if values.dtype.itemsize == 8:
            if len(values) and values.max() > 2**63 - 1:
                row = int((values > 2**63 - 1).argmax())
                raise _bad(name, f"the integer in row {row + 1} does not fit 64 bits with a sign",
                           "turn the column into text, or divide it")
            return pa.array(values.astype(np.int64))
        return pa.array(values.astype({1: np.int16, 2: np.int32, 4: np.int64}[values.dtype.itemsize]))
    if kind == "f" and values.dtype.itemsize <= 8:
        return _floats(values)
    raise _bad(name, f"values of type {values.dtype} have no counterpart in the database",
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
        if t == pa.uint64():
            return _cast_range(name, array, pa.int64())
        return array.cast({pa.int8(): pa.int16(), pa.uint8(): pa.int16(),
                           pa.uint16(): pa.int32(), pa.uint32(): pa.int64()}.get(t, t))
    if is_.is_floating(t):
        return _floats(array.to_numpy(zero_copy_only=False))
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
        if t == _S and like is not None and (is_.is_date(like) or like == _S):
            return array
        return _cast(name, array, _US_UTC if t.tz else _US)
    if is_.is_duration(t):
        return _cast(name, array, _DURATION)
    if is_.is_time(t):
        return _cast(name, array, _TIME)
    if is_.is_date64(t):
        return array.cast(pa.date32())
    raise _bad(name, f"values of type {t} have no counterpart in the database",
               "use .astype(str), or explode lists and structures")


def _cast_range(name, array, wanted):
    try:
        return array.cast(wanted, safe=True)
    except pa.ArrowInvalid:
        raise _bad(name, "an integer does not fit 64 bits with a sign",
                   "turn the column into text, or divide it") from None


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
        raise _bad(name, f"values of type {dtype} have no counterpart in the database",
                   "use .astype(str)" + (" or .dt.to_timestamp()"
                                         if isinstance(dtype, pd.PeriodDtype) else ""))
    if isinstance(dtype, pd.SparseDtype):
        series = series.sparse.to_dense()
        dtype = series.dtype
    if dtype == object:
        return _objects(name, series.to_numpy(), like)
    if isinstance(dtype, np.dtype):
        if dtype.kind == "M":
            return _arrow(name, pa.array(series.to_numpy(), from_pandas=True), like)
        if dtype.kind == "m":
            return _cast(name, pa.array(series.to_numpy(), from_pandas=True), _DURATION)
        return _numpy(name, series.to_numpy())
    if isinstance(dtype, (pd.Float32Dtype, pd.Float64Dtype)):
        return _floats(series.to_numpy(dtype=dtype.numpy_dtype, na_value=np.nan))
    try:
        array = pa.array(series.array)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeEncodeError) as e:
        raise _bad(name, str(e).split("\n")[0][:200]) from None
    return _arrow(name, array, like)


def agree(name, array, wanted):
    """An array in the type that the first call of a job settled."""
    if array.type == wanted:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), wanted)
    is_ = pa.types
    if is_.is_integer(array.type) and is_.is_floating(wanted) or \
            is_.is_integer(array.type) and is_.is_integer(wanted) or \
            is_.is_floating(array.type) and is_.is_integer(wanted) or \
            is_.is_timestamp(array.type) and is_.is_timestamp(wanted) and \
            array.type.tz == wanted.tz or \
            is_.is_decimal(wanted) or is_.is_floating(wanted) and is_.is_floating(array.type):
        try:
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


_FORMATS = {_S: "tss:", pa.int16(): "s", pa.int32(): "i", pa.int64(): "l", pa.float32(): "f",
            pa.float64(): "g", pa.bool_(): "b", pa.date32(): "tdD",
            pa.large_string(): "U", pa.large_binary(): "Z", pa.null(): "n",
            _US: "tsu:", _US_UTC: "tsu:UTC", _DURATION: "tDu", _TIME: "ttu"}


def wire_format(t):
    if t in _FORMATS:
        return _FORMATS[t]
    if pa.types.is_decimal128(t):
        return f"d:{t.precision},{t.scale}"
    if pa.types.is_decimal256(t):
        return f"d:{t.precision},{t.scale},256"
    raise JobError(INTERNAL, f"no format for {t}")


# ---- slices of arrays as buffers -----------------------------------------------

def _bits(buffer, start, n):
    """n bits from bit `start`, beginning at a byte of their own."""
    if start % 8 == 0:
        return buffer.slice(start // 8, (n + 7) // 8)
    first, last = start // 8, (start + n + 7) // 8
    bits = np.unpackbits(np.frombuffer(buffer.slice(first, last - first), np.uint8),
                         bitorder="little")
    return np.packbits(bits[start % 8:start % 8 + n], bitorder="little")


class Slicer:
    """One array, cut into the three buffers of each frame."""

    def __init__(self, name, array):
        self.name = name
        self.array = array
        buffers = array.buffers()
        t = array.type
        self.start = array.offset
        self.validity = buffers[0] if array.null_count else None
        self.offsets = self.values = None
        self.width = 0
        self.bool = pa.types.is_boolean(t)
        if pa.types.is_null(t):
            self.validity = None
        elif t in (pa.large_string(), pa.large_binary()):
            self.values = buffers[2]
            raw = buffers[1]
            self.offsets = np.frombuffer(raw, np.int64) if raw is not None and raw.size else \
                np.zeros(1, np.int64)
        elif self.bool:
            self.values = buffers[1]
        else:
            self.values = buffers[1]
            self.width = t.bit_width // 8

    def size(self, at, n):
        total = (n + 7) // 8 if self.validity is not None else 0
        if self.offsets is not None and n:
            s = self.start + at
            total += 8 * (n + 1) + int(self.offsets[s + n] - self.offsets[s])
        elif self.bool:
            total += (n + 7) // 8
        else:
            total += n * self.width
        return total + 24

    def buffers(self, at, n):
        s = self.start + at
        if n == 0:
            return (None, None, None)
        validity = None if self.validity is None else _bits(self.validity, s, n)
        if self.offsets is not None:
            offsets = self.offsets[s:s + n + 1]
            base = int(offsets[0])
            size = int(offsets[-1]) - base
            if base:
                offsets = offsets - base
            values = self.values.slice(base, size) if self.values is not None and size else None
            return (validity, np.ascontiguousarray(offsets), values)
        if self.bool:
            return (validity, None, _bits(self.values, s, n))
        if self.width:
            return (validity, None, self.values.slice(s * self.width, n * self.width))
        return (None, None, None)


def cut(slicers, rows):
    """(first row, number of rows) of each frame: at most MAX_ROWS rows and
    about TARGET_PAYLOAD bytes."""
    at = 0
    if rows == 0:
        yield 0, 0
    while at < rows:
        n = min(MAX_ROWS, rows - at)
        while n > 1 and sum(s.size(at, n) for s in slicers) > TARGET_PAYLOAD:
            n = max(1, n // 2)
        if n > 8:
            n -= n % 8 if at + n < rows else 0
        if n == 1:
            size = 16 + sum(s.size(at, 1) + 24 for s in slicers)
            if size > MAX_PAYLOAD:
                worst = max(slicers, key=lambda s: s.size(at, 1))
                raise JobError(
                    OUTPUT_BYTES, f"row {at + 1} of the result has {size:,} bytes, at most "
                    f"{MAX_PAYLOAD:,} are possible",
                    f'the largest value is in column "{worst.name}" with '
                    f"{worst.size(at, 1):,} bytes")
        yield at, n
        at += n
