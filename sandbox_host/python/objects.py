"""objects.py - columns of Python objects into Arrow arrays.

Runs in workers.  Nothing here compares, prints or hashes an object of the
script's: values are told apart by their exact types before anything else looks
at them.  A value arrives unchanged or is refused by its column and row.
"""
import datetime
import decimal
import itertools
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa

from outcome import bad

# ---- types that travel ----

S = pa.timestamp("s")
US = pa.timestamp("us")
US_UTC = pa.timestamp("us", tz="UTC")
DURATION = pa.duration("us")
TIME = pa.time64("us")
MAX_DEPTH = 6                   # WIRE_MAX_DEPTH

_NULL_TYPES = frozenset((type(None), type(pd.NA), type(pd.NaT)))
_INTS = frozenset((int, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16,
                   np.uint32, np.uint64))
_FLOATS = frozenset((float, np.float16, np.float32, np.float64))
_BOOLS = frozenset((bool, np.bool_))
_STRS = frozenset((str, np.str_))
_BYTES = frozenset((bytes, np.bytes_, bytearray))
_TIMES = frozenset((datetime.datetime, pd.Timestamp, np.datetime64))
_DELTAS = frozenset((datetime.timedelta, pd.Timedelta, np.timedelta64))
_DATES = frozenset((datetime.date,))
_CLOCK = frozenset((datetime.time,))
_DECIMALS = frozenset((decimal.Decimal,))
_UUIDS = frozenset((uuid.UUID,))
_LISTS = frozenset((list, np.ndarray))
_GROUPS = (_STRS, _BOOLS, _INTS, _FLOATS, _BYTES, _TIMES, _DELTAS, _DATES, _CLOCK, _DECIMALS,
           _UUIDS, _LISTS)
_HINTS = {"dict": "use pd.json_normalize(), or turn the values into text with str",
          "tuple": "use lists, or turn the values into text with str",
          "Period": "use .dt.to_timestamp() or .astype(str)",
          "Interval": "use .astype(str)"}


def _type_name(kind):
    return type.__dict__["__name__"].__get__(kind)[:60]


class Values:
    """The values of a column, or the items of its lists: of which row each is,
    and in lists NaN is not taken for NULL."""

    def __init__(self, name, values, like, rows=None, depth=0):
        self.name = name
        self.values = values
        self.like = like
        self.rows = rows
        self.depth = depth
        self.kinds = set(map(type, values)) - _NULL_TYPES
        self.nan_is_null = False

    def row(self, i):
        return f"row {i + 1}" if self.rows is None else f"an item of row {self.rows[i] + 1}"

    def first(self, wanted):
        """The index of the first value of these types."""
        return next(i for i, v in enumerate(self.values) if type(v) in wanted)

    def clean(self, change=None):
        """The values with None for all that stands for NULL."""
        nulls = _NULL_TYPES | _FLOATS if self.nan_is_null else _NULL_TYPES
        if change is None:
            return [None if type(v) in nulls else v for v in self.values]
        return [None if type(v) in nulls else change(v) for v in self.values]

    def bad(self, why, hint="", detail=""):
        return bad(self.name, why, hint, detail)


def objects(name, values, like):
    """An Arrow array of a column of Python objects; like: its type on the way
    in, or in an earlier call."""
    return _convert(Values(name, values, like))


def _convert(column):
    kinds = column.kinds
    if kinds & _FLOATS and not kinds <= (_INTS | _FLOATS):
        # Floats among texts: NaN stands for NULL, anything else is a mixture.
        if all(v != v for v in column.values if type(v) in _FLOATS):
            column.kinds = kinds = kinds - _FLOATS
            column.nan_is_null = True
    if not kinds:
        return pa.nulls(len(column.values), pa.null())
    for accepted, convert in _CONVERTERS:
        if kinds <= accepted:
            return convert(column)
    raise _refusal(column)


def _refusal(column):
    """Why no converter takes this column."""
    strange = frozenset(k for k in column.kinds if not any(k in group for group in _GROUPS))
    if strange:
        i = column.first(strange)
        kind = _type_name(type(column.values[i]))
        return column.bad(f"{column.row(i)} is of type {kind}",
                          _HINTS.get(kind, "turn the values into numbers, texts or dates"))
    first = column.values[column.first(column.kinds)]
    group = next(g for g in _GROUPS if type(first) in g)
    i = column.first(column.kinds - group)
    return column.bad(f"it mixes values of type {_type_name(type(first))} and "
                      f"{_type_name(type(column.values[i]))} (first in {column.row(i)})",
                      "make them alike, for example with .astype(str) or pd.to_numeric()")


def _texts(column):
    try:
        return pa.array(column.clean(), pa.large_string())
    except UnicodeEncodeError:
        i = next(i for i, v in enumerate(column.values) if type(v) in _STRS and not _encodes(v))
        raise column.bad(f"{column.row(i)} is not Unicode text (it has a lone surrogate)") from None


def _encodes(text):
    try:
        text.encode("utf-8")
        return True
    except UnicodeEncodeError:
        return False


def _integers(column):
    try:
        return pa.array(column.clean(int), pa.int64())
    except (OverflowError, pa.ArrowInvalid):
        i = next(i for i, v in enumerate(column.values)
                 if type(v) in _INTS and not -2**63 <= int(v) < 2**63)
        raise column.bad(f"the integer in {column.row(i)} does not fit 64 bits",
                         "turn the column into text, or divide it") from None


def _numbers(column):
    for i, v in enumerate(column.values):
        if type(v) in _INTS and abs(int(v)) > 2**53:
            raise column.bad(f"it mixes fractions with the integer in {column.row(i)}, which "
                             "a floating point number cannot hold exactly")
    return pa.array(column.clean(float), pa.float64(), from_pandas=column.depth == 0)


def _clock_times(column):
    i = next((i for i, v in enumerate(column.values)
              if type(v) is datetime.time and v.tzinfo is not None), None)
    if i is not None:
        raise column.bad(f"{column.row(i)} is a time of day with a time zone",
                         "use .replace(tzinfo=None), or turn the values into text with str")
    return pa.array(column.clean(), TIME)


def _times(column):
    cleaned = column.clean()
    aware = {getattr(v, "tzinfo", None) is not None for v in cleaned if v is not None}
    if len(aware) > 1:
        raise column.bad("it mixes times with and without a time zone",
                         "use .dt.tz_localize() on one part")
    try:
        series = pd.to_datetime(pd.Series(cleaned, dtype=object), utc=aware == {True})
    except (ValueError, OverflowError, pd.errors.OutOfBoundsDatetime) as e:
        raise column.bad(f"a time is out of range: {str(e)[:200]}") from None
    return cast(column.name, pa.array(series), US_UTC if aware == {True} else US)


def _durations(column):
    cleaned = column.clean()
    return cast(column.name, pa.array(pd.Series(cleaned, dtype=pd.Series(
        pd.to_timedelta(cleaned)).dtype)), DURATION)


def _decimals(column):
    scale = whole = 0
    out = []
    for i, v in enumerate(column.clean(lambda v: v if type(v) is decimal.Decimal
                                       else decimal.Decimal(int(v)))):
        if v is None or v.is_nan():
            out.append(None)
            continue
        if v.is_infinite():
            raise column.bad(f"{column.row(i)} is an infinite decimal")
        out.append(v)
        digits = v.as_tuple()
        scale = max(scale, -digits.exponent)
        whole = max(whole, len(digits.digits) + digits.exponent)
    like = column.like
    if like is not None and pa.types.is_decimal(like):
        scale = max(scale, like.scale)
        whole = max(whole, like.precision - like.scale)
    if whole + scale > 76:
        raise column.bad(f"its decimals need {whole + scale} digits, at most 76 are possible",
                         "round them first")
    wanted = pa.decimal128(38, scale) if whole + scale <= 38 else pa.decimal256(76, scale)
    return pa.array(out, wanted)


# ---- lists ----

def _rows_of(column):
    """Each list as a list, None for NULL: arrays of numpy only of plain values."""
    out = []
    for i, v in enumerate(column.clean()):
        if type(v) is np.ndarray:
            if v.ndim != 1 or v.dtype.kind not in "biufUO":
                raise column.bad(f"{column.row(i)} is an array of {v.ndim} dimensions of {v.dtype}",
                                 "use .tolist()")
            v = v.tolist()
        out.append(v)
    return out


def _lists(column):
    """The items of all lists as one column, and where each list ends."""
    rows = _rows_of(column)
    like = column.like
    nested = like is not None and pa.types.is_large_list(like)
    if column.depth and (column.depth > MAX_DEPTH or not nested):
        raise column.bad(f"{column.row(column.first(_LISTS))} is a list of lists",
                         "use one list for each row, or turn the values into text with str")
    sizes = np.array([0 if v is None else len(v) for v in rows], np.int64)
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    items = list(itertools.chain.from_iterable(v for v in rows if v is not None))
    parents = column.rows if column.rows is not None else range(len(rows))
    of = np.repeat(np.asarray(parents, np.int64), sizes)
    array = _convert(Values(column.name, items, like.value_type if nested else None, of,
                            column.depth + 1))
    if pa.types.is_null(array.type) and nested:
        array = pa.nulls(len(array), like.value_type)
    return pa.LargeListArray.from_arrays(pa.array(offsets), array,
                                         mask=pa.array([v is None for v in rows]))


_CONVERTERS = (
    (_STRS, _texts),
    (_BOOLS, lambda c: pa.array(c.clean(bool), pa.bool_())),
    (_INTS, _integers),
    (_INTS | _FLOATS, _numbers),
    (_BYTES, lambda c: pa.array(c.clean(bytes), pa.large_binary())),
    (_INTS | _DECIMALS, _decimals),
    (_DATES, lambda c: pa.array(c.clean(), pa.date32())),
    (_CLOCK, _clock_times),
    (_TIMES, _times),
    (_DELTAS, _durations),
    (_UUIDS, lambda c: pa.array(c.clean(str), pa.large_string())),
    (_LISTS, _lists))


def cast(name, array, wanted):
    if array.type == wanted:
        return array
    try:
        return array.cast(wanted, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as e:
        text = str(e).split("\n")[0][:200]
        if "lose data" in text or "would lose" in text:
            raise bad(name, "it has fractions of a microsecond",
                       'use .dt.floor("us") or .dt.round("us")', text) from None
        raise bad(name, text) from None
