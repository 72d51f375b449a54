"""calls.py - from frames on the wire to the data frames that a script is
called with, by shape; and small results back into few frames.

Runs in workers.  `next()` hands a data frame out and keeps no other view of
its rows that the script could reach: slices of one conversion are
copy-on-write.
"""
import numpy as np
import pandas as pd

import _transform_wire as wire
import convert
import outcome
from outcome import JobError

SCHEMA, END = 33, 35

WHOLE = 4096                    # rows of a result that is sent by itself
GATHERED_ROWS = 65536           # rows, and values, of results sent together
GATHERED_VALUES = 1 << 20


def receive_columns():
    kind, payload = wire.recv()
    if kind != SCHEMA:
        raise JobError(outcome.INTERNAL, f"expected columns, got frame {kind}")
    return convert.columns(payload)


def _frame(columns, chunks, backend):
    try:
        return convert.to_frame(columns, chunks, backend)
    except (convert.pa.ArrowInvalid, ValueError, OverflowError) as e:
        raise JobError(outcome.INPUT, f"the input cannot be given to pandas: {e}") from None


class Calls:
    """Shapes table and chunk: the rows up to each LAST_OF_CALL."""

    def __init__(self, columns, backend):
        self.columns = columns
        self.backend = backend
        self.ended = False
        self.mark = None

    def next(self):
        """The data frame of the next call, or None at the end."""
        chunks = []
        while not self.ended:
            kind, payload = wire.recv()
            if kind == END:
                self.ended = True
                return None
            _, flags, frame, places = payload
            chunks.append(convert.wrap_chunk(self.columns, frame, places))
            if flags & outcome.LAST_OF_CALL:
                return _frame(self.columns, chunks, self.backend)
        return None

    def place(self, mark):
        """What tells a call from others, beside its rows."""
        return ""

    def drain(self):
        """Past what a script did not want."""
        while not self.ended:
            self.ended = wire.recv()[0] == END


class Groups(Calls):
    """Shape group: the rows of each key.  The last column of the wire says
    where a group begins.  All groups that end in one frame are converted
    together, and cut; a group of many frames is gathered first."""

    def __init__(self, columns, keys, backend):
        super().__init__(columns[:-1], backend)
        self.wired = columns
        self.keys = keys
        self.pieces = []        # arrays of the group that may go on
        self.frame = None       # whole groups, one after the other ...
        self.bounds = [0]       # ... and where each begins, and the last ends
        self.at = 0
        self.mark = None        # what tells the group at hand: see place()

    def next(self):
        while self.at + 1 >= len(self.bounds):
            self.frame = None
            if not self._fill():
                return None
        begin, end = self.bounds[self.at:self.at + 2]
        self.at += 1
        self.mark = (self.frame, begin)
        if end - begin == len(self.frame):
            self.mark = self.place(self.mark)
            frame, self.frame = self.frame, None
            return frame
        frame = self.frame.iloc[begin:end]
        frame.index = pd.RangeIndex(end - begin)
        return frame

    def _fill(self):
        """Whole groups into self.frame; false when there are none left."""
        while not self.ended:
            kind, payload = wire.recv()
            if kind == END:
                self.ended = True
                break
            _, _, frame, places = payload
            arrays = convert.wrap_chunk(self.wired, frame, places)
            del payload, frame
            begins = np.flatnonzero(arrays.pop().to_numpy(zero_copy_only=False))
            if self._take(arrays, begins):
                return True
        if not self.pieces:
            return False
        self._convert(self.pieces, [0, sum(len(p[0]) for p in self.pieces)])
        self.pieces = []
        return True

    def _take(self, arrays, begins):
        waiting = sum(len(p[0]) for p in self.pieces)
        bounds = (begins + waiting).tolist()
        if waiting:
            bounds.insert(0, 0)
        if len(bounds) < 2:
            self.pieces.append(arrays)
            return False
        last = int(begins[-1])
        whole = [*self.pieces, [a.slice(0, last) for a in arrays]]
        self.pieces = [[a.slice(last) for a in arrays]]
        self._convert(whole, bounds)
        return True

    def _convert(self, pieces, bounds):
        self.frame = _frame(self.columns, pieces, self.backend)
        self.bounds = bounds
        self.at = 0

    def place(self, mark):
        """"group day = 2026-01-01, region = NULL", of a mark."""
        if mark is None or type(mark) is str:
            return mark or ""
        frame, row = mark
        return "group " + ", ".join(f"{key} = {_shown(frame[key].iat[row])}" for key in self.keys) \
            if len(frame) else ""


def _shown(value):
    missing = value is None or value is pd.NA or value is pd.NaT or \
        isinstance(value, float) and value != value
    text = "NULL" if missing else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


# Dtypes that say all about the values: objects are inferred from what is there.
_PLAIN = (np.dtype, pd.StringDtype, pd.DatetimeTZDtype, pd.ArrowDtype,
          pd.core.dtypes.dtypes.BaseMaskedDtype)


class Gathered:
    """Results of small groups that look alike, to be sent together: each in a
    frame of its own would cost more than its rows."""

    def __init__(self):
        self.frames = []
        self.marks = []         # whatever the caller wants back with each
        self.rows = 0
        self.dtypes = None

    @staticmethod
    def is_plain(frame):
        """May it be put together with others without a look at an object of
        the script's, and without a change of a value?"""
        return type(frame) is pd.DataFrame and len(frame) < WHOLE and \
            type(frame.columns) is pd.Index and \
            all(type(name) is str for name in frame.columns.tolist()) and \
            all(isinstance(t, _PLAIN) and t != object for t in frame._mgr.get_dtypes())

    def add(self, frame, mark):
        """False when it does not fit those that are here."""
        dtypes = [*frame.columns.tolist(), *frame._mgr.get_dtypes()]
        if self.frames and (dtypes != self.dtypes or self.is_full()):
            return False
        self.dtypes = dtypes
        # what the script does to it later does not change this one, and its
        # attributes, which would be compared, stay behind
        self.frames.append(pd.DataFrame(frame))
        self.marks.append(mark)
        self.rows += len(frame)
        return True

    def is_full(self):
        return self.rows >= GATHERED_ROWS or self.rows * len(self.dtypes) >= GATHERED_VALUES \
            or len(self.frames) >= GATHERED_ROWS

    def take(self):
        """[(frame, mark)], and the frames as one."""
        pairs = list(zip(self.frames, self.marks))
        whole = self.frames[0] if len(pairs) == 1 else \
            pd.concat(self.frames, ignore_index=True) if pairs else None
        self.__init__()
        return pairs, whole
