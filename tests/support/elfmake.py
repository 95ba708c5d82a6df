"""Writes small ELF files that a loader maps and binds: one segment, a dynamic section, symbols.

No compiler is started, so that thousands can be made; there is no code in them, and relocations
go to a place for data.

rule: System V gABI, chapters 4 and 5; LSB for GNU versions; x86-64 and i386 psABI for relocations
"""

import collections
import os
import struct

import elf

PT_PHDR, PT_GNU_STACK = 6, 0x6474E551
DT_PLTRELSZ, DT_HASH, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT, DT_STRSZ, DT_SYMENT = \
    2, 4, 6, 7, 8, 9, 10, 11
DT_SYMBOLIC, DT_PLTREL, DT_JMPREL = 16, 20, 23
DT_VERSYM, DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM = \
    0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
R_64, R_COPY, R_GLOB_DAT, R_JUMP_SLOT = 1, 5, 6, 7  # of x86-64
STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE = 1, 2, 10
STT_NOTYPE, STT_OBJECT, STT_FUNC = 0, 1, 2
STV_DEFAULT, STV_HIDDEN, STV_PROTECTED = 0, 2, 3
HIDDEN_VERSION = 0x8000
DATA = 64  # bytes of data that symbols and relocations point to

# One dynamic symbol. `version` is a number of the file's version tables, 1 is none; `value`
# counts for undefined ones too, as the address of a function in a program; `reloc`: None or R_*.
Symbol = collections.namedtuple("Symbol", "name defined bind type visibility version value reloc",
                                defaults=(STB_GLOBAL, STT_OBJECT, STV_DEFAULT, 1, 0, None))


class _Strings:
    def __init__(self):
        self.data = b"\0"
        self.known = {}

    def add(self, text):
        if text not in self.known:
            self.known[text] = len(self.data)
            self.data += os.fsencode(text) + b"\0"
        return self.known[text]


def _hash(name):
    """rule: gABI, "Hash Table Section" """
    value = 0
    for byte in os.fsencode(name):
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ high >> 24) & ~high & 0xFFFFFFFF
    return value


def _verdef(strings, names):
    """The versions that a file defines, numbered from 1: the first is that of the file itself."""
    data = b""
    for number, name in enumerate(names, 1):
        following = 28 if number < len(names) else 0
        data += struct.pack("<HHHHIII", 1, 1 if number == 1 else 0, number, 1, _hash(name), 20,
                            following)
        data += struct.pack("<II", strings.add(name), 0)
    return data


def _verneed(strings, needs):
    """The versions that a file needs: [(file, [(version, number)])]"""
    data = b""
    for i, (file, versions) in enumerate(needs):
        size = 16 + 16 * len(versions)
        data += struct.pack("<HHIII", 1, len(versions), strings.add(file), 16,
                            size if i + 1 < len(needs) else 0)
        for k, (name, number) in enumerate(versions):
            data += struct.pack("<IHHII", _hash(name), 0, number, strings.add(name),
                                16 if k + 1 < len(versions) else 0)
    return data


class _Image:
    """The parts of a file, each with its address as soon as it is put."""

    def __init__(self, wide, base, size):
        self.wide, self.base, self.data = wide, base, bytearray(size)

    def put(self, part, align=8):
        self.data += bytes(-len(self.data) % align)
        at = len(self.data)
        self.data += part
        return self.base + at

    def symbol(self, strings, symbol, data):
        name = strings.add(symbol.name) if symbol else 0
        if not symbol:
            return bytes(24 if self.wide else 16)
        info, value = symbol.bind << 4 | symbol.type, symbol.value
        if symbol.defined:
            value += data
        index, size = 1 if symbol.defined else 0, 8 if symbol.defined else 0
        if self.wide:
            return struct.pack("<IBBHQQ", name, info, symbol.visibility, index, value, size)
        return struct.pack("<IIIBBH", name, value, size, info, symbol.visibility, index)

    def header(self, kind, flags, offset, length, align):
        address = self.base + offset
        if self.wide:
            return struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, length, length,
                               align)
        return struct.pack("<IIIIIIII", kind, offset, address, address, length, length, flags,
                           align)


def _relocations(symbols, data, plt):
    """Elf64_Rela of all symbols that have one: those of the PLT, or the others."""
    return b"".join(
        struct.pack("<QQq", data + 8 * (i % (DATA // 8)), i << 32 | symbol.reloc, 0)
        for i, symbol in enumerate(symbols, 1)
        if symbol.reloc is not None and (symbol.reloc == R_JUMP_SLOT) == plt)


def image(needed=(), soname=None, rpath=None, runpath=None, flags_1=0, interp=None, bits=64,
          machine=None, e_type=elf.ET_DYN, base=0, auxiliary=(), filters=(), symbols=(),
          symbolic=False, defines=(), needs=()):
    """
    The bytes of a shared library, or with `interp` of a program.

    symbols           Symbol rows, relocations of x86-64 only
    defines, needs    versions, as _verdef and _verneed have them
    """
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
    if symbolic:
        rows.append((DT_SYMBOLIC, 0))

    phnum = 5 if interp else 3
    out = _Image(wide, base, head + phnum * phent)
    interp_bytes = os.fsencode(interp) + b"\0" if interp else b""
    interp_at = out.put(interp_bytes, 1) - base
    data = out.put(bytes(DATA))
    table = [None, *symbols]
    chain = list(range(2, len(table))) + [0] if symbols else []
    rows.append((DT_SYMTAB, out.put(b"".join(out.symbol(strings, s, data) for s in table))))
    rows.append((DT_SYMENT, 24 if wide else 16))
    rows.append((DT_HASH, out.put(struct.pack("<%dI" % (3 + len(table)), 1, len(table),
                                              1 if symbols else 0, 0, *chain))))
    if defines:
        rows += [(DT_VERDEF, out.put(_verdef(strings, defines))), (DT_VERDEFNUM, len(defines))]
    if needs:
        rows += [(DT_VERNEED, out.put(_verneed(strings, needs))), (DT_VERNEEDNUM, len(needs))]
    if defines or needs:
        versions = [0, *(symbol.version for symbol in symbols)]
        rows.append((DT_VERSYM, out.put(struct.pack("<%dH" % len(versions), *versions))))
    plain, plt = _relocations(symbols, data, False), _relocations(symbols, data, True)
    if plain:
        rows += [(DT_RELA, out.put(plain)), (DT_RELASZ, len(plain)), (DT_RELAENT, 24)]
    if plt:
        rows += [(DT_JMPREL, out.put(plt)), (DT_PLTRELSZ, len(plt)), (DT_PLTREL, DT_RELA)]
    rows += [(elf.DT_STRTAB, out.put(strings.data)), (DT_STRSZ, len(strings.data))]
    if flags_1:
        rows.append((elf.DT_FLAGS_1, flags_1))
    rows.append((elf.DT_NULL, 0))
    dynamic = b"".join(struct.pack("<2" + word, *row) for row in rows)
    dynamic_at = out.put(dynamic, 16) - base
    end = len(out.data)

    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    layout = "<16sHHIQQQIHHHHHH" if wide else "<16sHHIIIIIHHHHHH"
    out.data[:head] = struct.pack(layout, ident, e_type, machine, 1, data if interp else 0, head,
                                  0, 0, head, phent, phnum, 0, 0, 0)
    headers = b""
    if interp:
        headers += out.header(PT_PHDR, 4, head, phnum * phent, 8)
        headers += out.header(elf.PT_INTERP, 4, interp_at, len(interp_bytes), 1)
    headers += out.header(elf.PT_LOAD, 6, 0, end, 0x1000)
    headers += out.header(elf.PT_DYNAMIC, 6, dynamic_at, len(dynamic), 8)
    headers += out.header(PT_GNU_STACK, 6, 0, 0, 16)
    out.data[head:head + len(headers)] = headers
    return bytes(out.data)
