"""Writes small ELF files that a loader maps: a header, one segment, a dynamic section.

No compiler is started, so that thousands can be made; there is no code in them.

rule: System V gABI, chapters 4 and 5; DF_1_* as in Solaris' Linker and Libraries Guide
"""

import os
import struct

import elf

PT_PHDR = 6
DT_HASH, DT_SYMTAB, DT_STRSZ, DT_SYMENT = 4, 6, 10, 11


class _Strings:
    def __init__(self):
        self.data = b"\0"

    def add(self, text):
        at = len(self.data)
        self.data += os.fsencode(text) + b"\0"
        return at


def image(needed=(), soname=None, rpath=None, runpath=None, flags_1=0, interp=None, bits=64,
          machine=None, e_type=elf.ET_DYN, base=0, auxiliary=(), filters=()):
    """The bytes of a shared library, or with `interp` of a program."""
    wide = bits == 64
    machine = machine or (elf.EM_X86_64 if wide else elf.EM_386)
    word, size, head, phent = ("Q", 16, 64, 56) if wide else ("I", 8, 52, 32)
    strings = _Strings()
    rows = [(elf.DT_NEEDED, strings.add(name)) for name in needed]
    for tag, text in ((elf.DT_SONAME, soname), (elf.DT_RPATH, rpath), (elf.DT_RUNPATH, runpath)):
        if text is not None:
            rows.append((tag, strings.add(text)))
    rows += [(elf.DT_AUXILIARY, strings.add(name)) for name in auxiliary]
    rows += [(elf.DT_FILTER, strings.add(name)) for name in filters]
    interp_bytes = os.fsencode(interp) + b"\0" if interp else b""

    phnum = 5 if interp else 3
    at = head + phnum * phent
    interp_at, at = at, at + len(interp_bytes)
    at = (at + 7) & ~7
    symbols_at, at = at, at + (24 if wide else 16)
    hash_at, at = at, at + 5 * 4
    strings_at, at = at, at + len(strings.data)
    dynamic_at = (at + 15) & ~15
    rows += [(DT_HASH, base + hash_at), (elf.DT_STRTAB, base + strings_at),
             (DT_SYMTAB, base + symbols_at), (DT_STRSZ, len(strings.data)),
             (DT_SYMENT, 24 if wide else 16)]
    if flags_1:
        rows.append((elf.DT_FLAGS_1, flags_1))
    rows.append((elf.DT_NULL, 0))
    end = dynamic_at + size * len(rows)

    def header(kind, flags, offset, length, align):
        if wide:
            return struct.pack("<IIQQQQQQ", kind, flags, offset, base + offset, base + offset,
                               length, length, align)
        return struct.pack("<IIIIIIII", kind, offset, base + offset, base + offset, length, length,
                           flags, align)

    data = bytearray(end)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    layout = "<16sHHIQQQIHHHHHH" if wide else "<16sHHIIIIIHHHHHH"
    data[:head] = struct.pack(layout, ident, e_type, machine, 1, base if interp else 0, head, 0, 0,
                              head, phent, phnum, 0, 0, 0)
    headers = b""
    if interp:
        headers += header(PT_PHDR, 4, head, phnum * phent, 8)
        headers += header(elf.PT_INTERP, 4, interp_at, len(interp_bytes), 1)
    headers += header(elf.PT_LOAD, 6, 0, end, 0x1000)
    headers += header(elf.PT_DYNAMIC, 6, dynamic_at, size * len(rows), 8)
    headers += header(0x6474E551, 6, 0, 0, 16)  # PT_GNU_STACK: none is to be executable
    data[head:head + len(headers)] = headers
    data[interp_at:interp_at + len(interp_bytes)] = interp_bytes
    data[hash_at:hash_at + 20] = struct.pack("<5I", 1, 1, 0, 0, 0)
    data[strings_at:strings_at + len(strings.data)] = strings.data
    data[dynamic_at:end] = b"".join(struct.pack("<2" + word, *row) for row in rows)
    return bytes(data)
