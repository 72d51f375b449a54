"""A stand-in for _transform_wire: frames are Python lists, buffers are real.

Loaded under the name _transform_wire before the driver is imported."""
import sys
import types


import numpy as np

NULLABLE = 1


class Broken(OSError):
    pass


class Wire(types.ModuleType):
    Broken = Broken

    def __init__(self):
        super().__init__("_transform_wire")
        self.reset()

    def reset(self, frames=()):
        self.inbox = list(frames)
        self.schema = None
        self.chunks = []
        self.logs = []
        self.findings = []
        self.error = None
        self.done = False

    def recv(self):
        if not self.inbox:
            raise Broken("end of file")
        return self.inbox.pop(0)

    def _open(self):
        assert self.error is None and not self.done, "a frame after the last"

    def send_log(self, stream, text):
        self._open()
        assert type(text) is bytes and len(text) <= 65536
        text.decode("utf-8")
        self.logs.append((stream, text))

    def send_finding(self, line, column, severity, what, why, instead):
        self._open()
        self.findings.append((line, column, severity, what, why, instead))

    def send_schema(self, columns):
        self._open()
        assert self.schema is None
        self.schema = list(columns)

    def send_chunk(self, rows, flags, columns):
        self._open()
        assert len(columns) == len(self.schema), "not three buffers for each field"
        copied = [tuple(None if b is None else bytes(memoryview(b).cast("B")) if not isinstance(b, np.ndarray)
                        else b.tobytes() for b in c) for c in columns]
        size = 16 + sum(24 + sum(-(-len(b or b"") // 8) * 8 for b in c) for c in copied)
        assert size <= 64 * 1024 * 1024, "a frame too large"
        self.chunks.append((rows, flags, copied))

    def send_error(self, kind, call, first, last, message, detail, hint, traceback):
        self._open()
        for text in (message, detail, hint, traceback):
            assert type(text) is bytes and len(text) <= 65536 and b"\0" not in text
            text.decode("utf-8")
        assert b"\n" not in message
        self.error = (kind, call, first, last, message.decode(), detail.decode(),
                      hint.decode(), traceback.decode())

    def send_done(self):
        self._open()
        self.done = True


def install():
    wire = Wire()
    sys.modules["_transform_wire"] = wire
    # What the real one does is tested where there is C (test/host/080_arrays.py).
    arrays = types.ModuleType("_transform_arrays")
    arrays.hide_objects = lambda cls, is_record: True
    sys.modules["_transform_arrays"] = arrays
    return wire


def chunk_of(arrays, flags):
    """A received CHUNK: one writable block of bytes and where the buffers of
    each column lie in it."""
    block = bytearray()
    places = []

    def put(data):
        while len(block) % 8:
            block.append(0)
        at = len(block)
        block.extend(data)
        return (at, len(data)) if len(data) else None

    import slices
    rows = len(arrays[0]) if arrays else 0

    def place(array):
        s = slices.Slicer("x", array)
        places.append(tuple(None if b is None else put(
            b.tobytes() if isinstance(b, np.ndarray) else bytes(b))
            for b in s.buffers(0, len(array))) + (array.null_count, len(array)))
        if s.item is not None:
            first, size = s._range(0, len(array))
            place(array.values.slice(first, size))

    for array in arrays:
        place(array)
    frame = np.frombuffer(bytes(block) or bytes(8), np.uint8).copy()
    return rows, flags, frame, places


def input_frames(task, frame, nullable, per_call=None):
    """TASK, SCHEMA, CHUNKs, END for a pandas frame; per_call rows a call."""
    import json
    import pyarrow as pa
    import convert
    arrays, columns = [], []
    for name in frame.columns:
        a = convert.to_arrow(name, frame[name])
        if pa.types.is_null(a.type):
            a = a.cast(pa.large_string())
        arrays.append(a)
        first, *items = convert.fields(name, a.type)
        columns += [(*first[:2], NULLABLE if name in nullable else 0), *items]
    frames = [(32, json.dumps(task).encode()), (33, columns)]
    rows = len(frame)
    step = per_call or max(rows, 1)
    for at in range(0, max(rows, 1), step):
        part = [a.slice(at, step) for a in arrays]
        # two frames for each call, so that calls of several chunks are tested
        half = len(part[0]) // 2 if part else 0
        if half:
            frames.append((34, chunk_of([p.slice(0, half) for p in part], 0)))
        frames.append((34, chunk_of([p.slice(half) for p in part], 1)))
    frames.append((35, None))
    return frames


def result_frame(wire):
    """What the extension would read, as pandas."""
    import pandas as pd
    import convert
    columns = convert.columns(wire.schema)
    calls = []
    for rows, flags, buffers in wire.chunks:
        block = bytearray(8)
        places = []
        count = rows
        for (_, format, _), cols in zip(wire.schema, buffers):
            place = []
            for b in cols:
                if not b:
                    place.append(None)
                    continue
                while len(block) % 8:
                    block.append(0)
                place.append((len(block), len(b)))
                block.extend(b)
            places.append((*place, -1, count))
            count = rows if format != "+L" else int(np.frombuffer(cols[1], np.int64)[-1]) if count else 0
        calls.append(convert.wrap_chunk(columns, np.frombuffer(bytes(block), np.uint8), places))
    for column in columns:
        column.nullable = any(c[columns.index(column)].null_count for c in calls)
    return pd.DataFrame(convert.to_frame(columns, calls))
