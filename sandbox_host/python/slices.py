"""slices.py - Arrow arrays of a result, cut into the buffers of frames.

Runs in workers.
"""
import numpy as np
import pyarrow as pa

from outcome import MAX_PAYLOAD, MAX_ROWS, OUTPUT_BYTES, TARGET_PAYLOAD, JobError


def _bits(buffer, start, n):
    """n bits from bit `start`, beginning at a byte of their own."""
    if start % 8 == 0:
        return buffer.slice(start // 8, (n + 7) // 8)
    first, last = start // 8, (start + n + 7) // 8
    bits = np.unpackbits(np.frombuffer(buffer.slice(first, last - first), np.uint8),
                         bitorder="little")
    return np.packbits(bits[start % 8:start % 8 + n], bitorder="little")


class Slicer:
    """One array, cut into the three buffers of each frame; a list has one more
    for its items."""

    def __init__(self, name, array):
        self.name = name
        self.array = array
        buffers = array.buffers()
        t = array.type
        self.start = array.offset
        self.validity = buffers[0] if array.null_count else None
        self.offsets = self.values = None
        self.width = 0
        self.item = None
        self.bool = pa.types.is_boolean(t)
        if pa.types.is_null(t):
            self.validity = None
        elif t in (pa.large_string(), pa.large_binary()):
            self.values = buffers[2]
            self.offsets = self._read_offsets(buffers[1])
        elif pa.types.is_large_list(t):
            self.offsets = self._read_offsets(buffers[1])
            self.item = Slicer(name, array.values)
        elif self.bool:
            self.values = buffers[1]
        else:
            self.values = buffers[1]
            self.width = t.bit_width // 8

    @staticmethod
    def _read_offsets(raw):
        return np.frombuffer(raw, np.int64) if raw is not None and raw.size else \
            np.zeros(1, np.int64)

    def _range(self, at, n):
        """Where the bytes or items of n rows begin, and how many there are."""
        first, last = self.offsets[self.start + at], self.offsets[self.start + at + n]
        return int(first), int(last - first)

    def size(self, at, n):
        total = (n + 7) // 8 if self.validity is not None else 0
        if self.offsets is not None and n:
            first, size = self._range(at, n)
            total += 8 * (n + 1) + (size if self.item is None else self.item.size(first, size))
        elif self.bool:
            total += (n + 7) // 8
        else:
            total += n * self.width
        return total + 24

    def fields(self, at, n):
        """The buffers of n rows: three for each field."""
        own = [self.buffers(at, n)]
        return own if self.item is None else own + self.item.fields(*(
            self._range(at, n) if n else (0, 0)))

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
