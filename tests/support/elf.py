"""A small ELF reader and patcher of its own, independent of the one under test.

rule: System V gABI, chapters 4 and 5; LSB for GNU versions.
"""

import os
import struct

ET_EXEC, ET_DYN = 2, 3
EM_386, EM_X86_64 = 3, 62
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
SHT_DYNSYM = 11
SHT_GNU_VERNEED, SHT_GNU_VERSYM = 0x6FFFFFFE, 0x6FFFFFFF
DT_NULL, DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH = 0, 1, 5, 14, 15
DT_RUNPATH, DT_FLAGS_1 = 29, 0x6FFFFFFB
DT_AUDIT, DT_AUXILIARY, DT_FILTER = 0x6FFFFEFC, 0x7FFFFFFD, 0x7FFFFFFF
DF_1_NODEFLIB, DF_1_PIE = 0x800, 0x08000000


class Elf:
    """Header, program headers, dynamic section and section headers of one file."""

    def __init__(self, data):
        if data[:4] != b"\x7fELF" or len(data) < 52:
            raise ValueError("not ELF")
        self.data = data
        self.elf_class = {1: 32, 2: 64}[data[4]]
        self.order = {1: "<", 2: ">"}[data[5]]
        self.e_type, self.e_machine = self.unpack("HH", 16)
        wide = self.elf_class == 64
        self.e_phoff, self.e_shoff = self.unpack("QQ", 32) if wide else self.unpack("II", 28)
        self.e_phentsize, self.e_phnum, self.e_shentsize, self.e_shnum, self.e_shstrndx = \
            self.unpack("HHHHH", 54 if wide else 42)
        self.segments = [self._segment(i) for i in range(self.e_phnum)]

    def unpack(self, layout, at):
        return struct.unpack_from(self.order + layout, self.data, at)

    def _segment(self, i):
        """p_type, p_offset, p_vaddr, p_filesz"""
        at = self.e_phoff + i * self.e_phentsize
        if self.elf_class == 64:
            p_type, _, offset, vaddr, _, filesz = self.unpack("IIQQQQ", at)
        else:
            p_type, offset, vaddr, _, filesz = self.unpack("IIIII", at)
        return p_type, offset, vaddr, filesz

    def segment(self, p_type):
        for row in self.segments:
            if row[0] == p_type:
                return row
        return None

    def offset_of(self, address):
        for p_type, offset, vaddr, filesz in self.segments:
            if p_type == PT_LOAD and vaddr <= address < vaddr + filesz:
                return address - vaddr + offset
        raise ValueError("address 0x%x is in no segment" % address)

    @property
    def interp(self):
        """PT_INTERP; None also where only its place is recorded, as in files of debug data"""
        row = self.segment(PT_INTERP)
        text = bytes(self.data[row[1]:row[1] + row[3]]) if row else b""
        return os.fsdecode(text.split(b"\0")[0]) or None

    @property
    def has_dynamic(self):
        return self.segment(PT_DYNAMIC) is not None

    def dynamic(self):
        """(offset of the entry, tag, value) of each entry up to and with DT_NULL"""
        _, offset, _, filesz = self.segment(PT_DYNAMIC)
        size = 16 if self.elf_class == 64 else 8
        for at in range(offset, offset + filesz - size + 1, size):
            tag, value = self.unpack("QQ" if size == 16 else "II", at)
            yield at, tag, value
            if tag == DT_NULL:
                break

    def string(self, at):
        return os.fsdecode(bytes(self.data[at:self.data.index(b"\0", at)]))

    def dynamic_strings(self, wanted):
        table = next(v for _, tag, v in self.dynamic() if tag == DT_STRTAB)
        base = self.offset_of(table)
        return [self.string(base + value) for _, tag, value in self.dynamic() if tag == wanted]

    def sections(self):
        """sh_type, sh_offset, sh_size, sh_link, sh_entsize of each section"""
        for i in range(self.e_shnum):
            at = self.e_shoff + i * self.e_shentsize
            if self.elf_class == 64:
                _, kind, _, _, offset, size, link, _, _, entsize = self.unpack("IIQQQQIIQQ", at)
            else:
                _, kind, _, _, offset, size, link, _, _, entsize = self.unpack("IIIIIIIIII", at)
            yield kind, offset, size, link, entsize

    def undefined_symbols(self):
        """(name, version or None) of each undefined dynamic symbol that is not local"""
        rows = list(self.sections())
        versions = self._version_names(rows)
        indices = next((row[1] for row in rows if row[0] == SHT_GNU_VERSYM), None)
        found = set()
        for kind, offset, size, link, entsize in rows:
            if kind != SHT_DYNSYM:
                continue
            strings = rows[link][1]
            for i in range(1, size // entsize):
                at = offset + i * entsize
                if self.elf_class == 64:
                    name, info, _, section = self.unpack("IBBH", at)
                else:
                    name, _, _, info, _, section = self.unpack("IIIBBH", at)
                if section != 0 or info >> 4 == 0:
                    continue
                index = self.unpack("H", indices + 2 * i)[0] & 0x7FFF if indices else 0
                found.add((self.string(strings + name), versions.get(index)))
        return found

    def _version_names(self, rows):
        """The required versions by their index"""
        names = {}
        for kind, need, _, link, _ in rows:
            while kind == SHT_GNU_VERNEED:
                _, _, _, aux, next_need = self.unpack("HHIII", need)
                aux += need
                while True:
                    _, _, index, name, next_aux = self.unpack("IHHII", aux)
                    names[index & 0x7FFF] = self.string(rows[link][1] + name)
                    if next_aux == 0:
                        break
                    aux += next_aux
                if next_need == 0:
                    break
                need += next_need
        return names


def read(path):
    """The file as Elf; None when it is not an ELF file that can be walked."""
    try:
        with open(path, "rb") as file:
            if file.read(4) != b"\x7fELF":
                return None
            file.seek(0)
            return Elf(file.read())
    except (OSError, ValueError, KeyError, struct.error):
        return None


def read_head(path, size=4096):
    """As read(), of the first bytes only where these hold the headers and the interpreter."""
    try:
        with open(path, "rb") as file:
            data = file.read(size)
        if data[:4] != b"\x7fELF":
            return None
        head = Elf(data)
        interp = head.segment(PT_INTERP)
        return head if interp is None or interp[1] + interp[3] <= size else read(path)
    except (OSError, ValueError, KeyError, struct.error):
        return read(path)


class Patch:
    """Changes bytes of an ELF file in place; use as a context, the file is written at its end."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        with open(self.path, "rb") as file:
            self.data = bytearray(file.read())
        self.elf = Elf(self.data)
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            with open(self.path, "r+b") as file:
                file.write(self.data)
                file.truncate()

    def put(self, layout, at, *values):
        struct.pack_into(self.elf.order + layout, self.data, at, *values)

    def word(self, at, value):
        self.put("Q" if self.elf.elf_class == 64 else "I", at, value)

    def _entries(self, tag):
        return [row for row in self.elf.dynamic() if row[1] == tag]

    def retag(self, old, new, which=0):
        self.word(self._entries(old)[which][0], new)

    def set_value(self, tag, value, which=0):
        at = self._entries(tag)[which][0]
        self.word(at + self.elf.elf_class // 8, value)

    def empty_string(self, tag, text):
        """Makes the entry of `tag` that names `text` name "" instead."""
        texts = self.elf.dynamic_strings(tag)
        self.set_value(tag, 0, texts.index(text))

    def append(self, tag, value):
        """Adds an entry in the place of the first DT_NULL; the linker leaves spare ones."""
        at = self._entries(DT_NULL)[0][0]
        size = self.elf.elf_class // 8
        nothing = b"\0" * (4 * size)
        if bytes(self.data[at:at + 4 * size]) != nothing:
            raise ValueError("no spare dynamic entry")
        self.word(at, tag)
        self.word(at + size, value)

    def set_flags_1(self, bits):
        rows = self._entries(DT_FLAGS_1)
        if rows:
            at, _, value = rows[0]
            self.word(at + self.elf.elf_class // 8, value | bits)
        else:
            self.append(DT_FLAGS_1, bits)

    def retype_segment(self, old, new):
        """Changes p_type of every segment of type `old`."""
        for i, row in enumerate(self.elf.segments):
            if row[0] == old:
                self.put("I", self.elf.e_phoff + i * self.elf.e_phentsize, new)
