"""What an ELF file of 32 bits says: sections, symbols, and the frames that `-Zemit-stack-sizes` leaves in it."""

import re
import struct
from collections import namedtuple

Section = namedtuple("Section", "name kind flags address offset size link")
Symbol = namedtuple("Symbol", "name address size kind section")

ALLOCATED, NOBITS, SYMBOLS = 2, 8, 2
FUNCTION = 2
ALLOCATOR = re.compile(r"__rust_(re|de)?alloc|__rg_|__rdl_|5alloc|malloc|^free$|^_?sbrk$")
PANIC = re.compile(r"panic|rust_begin_unwind|unwrap_failed|expect_failed|assert_failed|index_fail")


class Elf:
    """An image as it was linked."""

    def __init__(self, path):
        self.data = path.read_bytes()
        if self.data[:6] != b"\x7fELF\x01\x01":
            raise ValueError(f"{path} is not an ELF file of 32 bits, little-endian")
        (table,) = struct.unpack_from("<I", self.data, 32)
        width, count, names = struct.unpack_from("<HHH", self.data, 46)
        raw = [struct.unpack_from("<IIIIIII", self.data, table + i * width) for i in range(count)]
        strings = raw[names][4]
        self.sections = [Section(self._string(strings + name), *rest) for name, *rest in raw]
        tables = (section for section in self.sections if section.kind == SYMBOLS)
        self.symbols = [symbol for table in tables for symbol in self._symbols(table)]

    def _string(self, at):
        return self.data[at : self.data.index(b"\0", at)].decode()

    def _symbols(self, section):
        strings = self.sections[section.link].offset
        for at in range(section.offset, section.offset + section.size, 16):
            name, address, size, info, _, index = struct.unpack_from("<IIIBBH", self.data, at)
            yield Symbol(self._string(strings + name), address, size, info & 15, index)

    def flash(self):
        """Bytes that are written to flash: code, constants, and the first values of what is in RAM."""
        return sum(s.size for s in self.sections if s.flags & ALLOCATED and s.kind != NOBITS)

    def ram(self):
        """Bytes of variables: those with a first value, and those that begin as zeros."""
        return sum(s.size for s in self.sections if s.name in (".data", ".bss", ".uninit"))

    def size_of(self, *words):
        """Bytes of the variables whose names end with one of `words`."""
        return sum(symbol.size for symbol in self._variables(words))

    def flash_of(self, *words):
        """Bytes of flash that these variables take: of those that begin as zeros, none."""
        return sum(s.size for s in self._variables(words) if self.sections[s.section].kind != NOBITS)

    def _variables(self, words):
        end = re.compile(r"\d(%s)(17h[0-9a-f]{16}E)?$" % "|".join(words))
        return [symbol for symbol in self.symbols if end.search(symbol.name)]

    def named(self, pattern):
        """The symbols that look like `pattern`."""
        return sorted(symbol.name for symbol in self.symbols if pattern.search(symbol.name))

    def frames(self):
        """Bytes of stack by the address of each function that has them: an address and a LEB128 number each."""
        frames, data = {}, self.data
        for section in self.sections:
            if section.name != ".stack_sizes":
                continue
            at, end = section.offset, section.offset + section.size
            while at < end:
                (address,) = struct.unpack_from("<I", data, at)
                at, size, shift = at + 4, 0, 0
                while True:
                    size |= (data[at] & 127) << shift
                    at, shift = at + 1, shift + 7
                    if data[at - 1] < 128:
                        break
                # The lowest bit says that it is Thumb code.
                frames[address & ~1] = max(size, frames.get(address & ~1, 0))
        return frames
