"""What a Windows program file says of itself: machine, and the DLLs it imports.

Used by the installer on Windows and by the packaging on Linux.
"""
import struct

MACHINES = {0x8664: "x64", 0xAA64: "ARM64", 0x14C: "x86"}
IMPORTS, DELAYED = 1, 13		# rows of the data directory


class Image:
    """A program or DLL on disk, read whole."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:2] != b"MZ":
            raise ValueError("%s is no Windows program" % path)
        pe = self._u32(0x3C)
        if self.data[pe:pe + 4] != b"PE\0\0":
            raise ValueError("%s is no Windows program" % path)
        machine, sections = struct.unpack_from("<HH", self.data, pe + 4)
        optional = pe + 24
        self.machine = MACHINES.get(machine, "machine 0x%x" % machine)
        self._directory = optional + (112 if self._u16(optional) == 0x20B else 96)
        table = optional + self._u16(pe + 20)
        self._sections = [struct.unpack_from("<IIII", self.data, table + 40 * n + 8)
                          for n in range(sections)]

    def _u16(self, at):
        return struct.unpack_from("<H", self.data, at)[0]

    def _u32(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def _offset(self, address):
        for size, start, raw_size, raw in self._sections:
            if start <= address < start + max(size, raw_size):
                return raw + address - start
        raise ValueError("address 0x%x lies in no section" % address)

    def _names(self, directory, row, name_at):
        address = self._u32(self._directory + 8 * directory)
        if address == 0:
            return
        at = self._offset(address)
        while self._u32(at + name_at):
            start = self._offset(self._u32(at + name_at))
            yield self.data[start:self.data.index(b"\0", start)].decode("ascii").lower()
            at += row

    def imports(self):
        """The names of the DLLs it is loaded with, or loads when first used; lower case."""
        return set(self._names(IMPORTS, 20, 12)) | set(self._names(DELAYED, 32, 4))
