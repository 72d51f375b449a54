"""Frames as bytes, well-formed and not, from the contract in sandbox_host/wire/wire.h:
by itself, so that a mistake in the encoders shows."""
import struct

HELLO, JOB, STARTED, REFUSED, USAGE = 1, 16, 17, 18, 19
EXIT, KILL, STATUS, STATUS_ROW, STATUS_END = 20, 21, 22, 23, 24
TASK, SCHEMA, CHUNK, END, LOG, FINDING, ERROR, DONE = 32, 33, 34, 35, 48, 49, 50, 51
CONTROL, DATA = 1, 2
MOST_PAYLOAD = 64 * 1024 * 1024
MOST_TEXT = 65536


def u32(*values):
    return struct.pack("<%dI" % len(values), *values)


def frame(kind, payload=b"", length=None, tail=b"\0\0\0"):
    return struct.pack("<IB", len(payload) if length is None else length, kind) + tail + payload


def text(value, length=None):
    value = value.encode() if isinstance(value, str) else value
    return u32(len(value) if length is None else length) + value


def log(value, stream=1, length=None):
    return frame(LOG, u32(stream) + text(value, length))


def finding(what="x", why="y", instead="z", line=1, column=1, severity=1):
    return frame(FINDING, u32(line, column, severity) + text(what) + text(why) + text(instead))


def error(message="boom", detail="", hint="", traceback="", kind=4, call=1, first=1, last=3):
    return frame(ERROR, struct.pack("<IIQQ", kind, call, first, last) + text(message) + text(detail) + text(hint)
                 + text(traceback))


def schema(*columns, count=None):
    """Of (name, format)."""
    return frame(SCHEMA, u32(len(columns) if count is None else count)
                 + b"".join(u32(1) + text(name) + text(form) for name, form in columns))


def padded(data):
    return data + bytes(-len(data) % 8)


def chunk(rows, *columns, flags=0, count=None, buffers=None, table=None, tail=b""):
    """Columns are (validity, offsets, values); `table` replaces the (offset, length) pairs."""
    at = 16 + 24 * len(columns)
    entries, body = [], b""
    for data in (b for column in columns for b in column):
        entries.append((at + len(body) if data else 0, len(data)))
        body += padded(data)
    table = entries if table is None else table(list(entries))
    return frame(CHUNK, u32(rows, flags, len(columns) if count is None else count,
                            3 * len(columns) if buffers is None else buffers)
                 + b"".join(u32(*e) for e in table) + body + tail)


NULLS = (b"", b"", b"")     # of format "n"


def fixed(form, *values, validity=b""):
    """A column of struct format `form`."""
    return validity, b"", struct.pack("<%d%s" % (len(values), form), *values)


def raw(values, validity=b""):
    return validity, b"", values


def strings(*values, wide=False, offsets=None, validity=b""):
    """A column of format u or z (U or Z when wide)."""
    values = [v.encode() if isinstance(v, str) else v for v in values]
    if offsets is None:
        offsets = [0]
        for value in values:
            offsets.append(offsets[-1] + len(value))
    return validity, struct.pack("<%d%s" % (len(offsets), "q" if wide else "i"), *offsets), b"".join(values)


def lists(*offsets, validity=b"", values=b""):
    """A field of format +L; its items are the next one."""
    return validity, struct.pack("<%dq" % len(offsets), *offsets), values


def decimal(*values, width=16):
    return b"", b"", b"".join(v.to_bytes(width, "little", signed=True) for v in values)


DONE_FRAME = frame(DONE)
HONEST = schema(("a", "i")) + chunk(3, fixed("i", 1, 2, 3)) + DONE_FRAME


def answer(form, column, rows=1, name="a"):
    """A whole result of one column."""
    return schema((name, form)) + chunk(rows, column) + DONE_FRAME
