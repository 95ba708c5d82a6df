"""`tenon show` of small files that would ask for much: of their bytes, many times over.

A record may point to a text that others point to as well, and a list may come back to where it
began. What reading such a file takes must be in proportion to the file, or end at a limit that is
told.
"""

import os
import resource
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from plugins import SANITIZED
from report import Report

MEMORY = 400 << 20  # bytes: far above the files, and below what each took
SECONDS = 20
NEEDS = "names of needed libraries: more than 16777216 bytes"
SYMBOLS = "symbol names: more than 268435456 bytes"
PROVIDERS = "names of libraries of symbols: more than 268435456 bytes"


# ---- ELF

def elf_versions(count, name):
    """Symbols of one short name, all of them of one version with a long name."""
    strings = b"\0f\0libx.so\0" + b"v" * name + b"\0"
    dynamic = 64 + 2 * 56
    symbols = dynamic + 10 * 16
    versions = symbols + 24 * (count + 1)
    needs = (versions + 2 * (count + 1) + 7) & ~7
    table = needs + 32
    text = table + 16
    rows = [(5, text), (10, len(strings)), (6, symbols), (11, 24), (4, table),
            (0x6ffffff0, versions), (0x6ffffffe, needs), (0x6fffffff, 1), (0, 0), (0, 0)]
    head = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    size = text + len(strings)
    head += struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, size, size, 4096)
    head += struct.pack("<IIQQQQQQ", 2, 6, dynamic, dynamic, dynamic, 160, 160, 8)
    head += b"".join(struct.pack("<QQ", *row) for row in rows)
    head += bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 0, 0, 0) * count
    head += struct.pack("<H", 0) + struct.pack("<H", 2) * count
    return head.ljust(needs, b"\0") + struct.pack("<HHIII", 1, 1, 3, 16, 0) + struct.pack(
        "<IHHII", 0, 0, 2, 11, 0) + struct.pack("<4I", 0, count + 1, 0, 0) + strings


# ---- Mach-O

def macho(commands, count, rest=b""):
    return struct.pack("<8I", 0xfeedfacf, 0x01000007, 3, 1, count, len(commands), 0, 0) + \
        commands + rest


def linker_option(words):
    body = b"a\0" * words
    size = (12 + len(body) + 7) & ~7
    return macho((struct.pack("<3I", 0x2d, size, words) + body).ljust(size, b"\0"), 1)


def environment(count):
    return macho((struct.pack("<3I", 0x27, 24, 12) + b"A=bcdefghij\0") * count, count)


def macho_symbols(count, name):
    command = struct.pack("<6I", 2, 24, 56, count, 56 + count * 16, name + 1)
    return macho(command, 1, struct.pack("<IBBHQ", 0, 0xf, 1, 0, 0x1000) * count +
                 b"a" * name + b"\0")


def macho_providers(count, name):
    """All imports are bound to the one library, which has a long name."""
    library = (struct.pack("<6I", 0xc, 0, 24, 0, 0, 0) + b"a" * name + b"\0")
    library = library.ljust((len(library) + 7) & ~7, b"\0")
    library = library[:4] + struct.pack("<I", len(library)) + library[8:]
    size = len(library) + 24
    table = struct.pack("<6I", 2, 24, 32 + size, count, 32 + size + 16 * count, 2)
    head = struct.pack("<8I", 0xfeedfacf, 0x01000007, 3, 6, 2, size, 0x80, 0)
    return head + library + table + struct.pack("<IBBHQ", 0, 1, 0, 0x100, 0) * count + b"x\0"


# ---- a.out

def aout_circle(size):
    """The one needed library is followed by itself, and its name fills the text."""
    page = 4096
    text, data = bytearray(b"a" * size), bytearray(page)
    text[:64] = struct.pack("<8I", 0x20 << 26 | 134 << 16 | 0o314, size, page, 0, 0, page, 0,
                            0).ljust(64, b"\0")
    text[-1] = 0
    start = page + size
    struct.pack_into("<4I", data, 0, 8, 0, start + 16, 0)
    struct.pack_into("<I", data, 20, start + 200)
    struct.pack_into("<IIHHI", data, 200, page + 64, 1, 1, 0, start + 200)
    return bytes(text + data)


# ---- AIX

def aix_archive(members, ids):
    """Members that all reach to the end of the archive, where there is one loader section."""
    def field(number, width=20):
        return str(number).encode().ljust(width)

    step, first = 176, 128
    offsets = [first + i * step for i in range(members)]
    loader = struct.pack(">8I", 1, 0, 0, ids * 3, ids, 32, 0, 0) + bytes(ids * 3)
    shared = first + members * step
    out = b"<bigaf>\n" + b"".join(field(n) for n in (0, 0, 0, first, offsets[-1], 0))
    for offset, after in zip(offsets, offsets[1:] + [0]):
        data = offset + 116
        out += field(shared + len(loader) - data) + field(after) + field(0)
        out += field(0, 12) * 4 + field(2, 4) + b"ab`\n"
        out += struct.pack(">HHIIIHH", 0x1df, 1, 0, 0, 0, 0, 0x2002)
        out += b".loader\0" + struct.pack(">IIIIIIHHI", 0, 0, len(loader), shared - data, 0, 0, 0,
                                          0, 0x1000)
    return out + loader


def xcoff_providers(count, name):
    """All imports are bound to the one import id, which has a long name."""
    ids = b"\0\0\0" + b"\0" + b"a" * name + b"\0\0"
    loader = struct.pack(">8I", 1, count, 0, len(ids), 2, 32 + 24 * count, 0, 0) + \
        struct.pack(">8sIHBBII", b"x", 0, 0, 0x40, 0, 1, 0) * count + ids
    return struct.pack(">HHIIIHH", 0x1df, 1, 0, 0, 0, 0, 0x2002) + b".loader\0" + \
        struct.pack(">IIIIIIHHI", 0, 0, len(loader), 60, 0, 0, 0, 0, 0x1000) + loader


# ---- PE and COFF

def bound_imports(count, name):
    head = bytearray(0x400)
    head[:2], head[0x3c:0x44] = b"MZ", struct.pack("<I", 0x40) + b"PE\0\0"
    struct.pack_into("<HHIIIHHH", head, 0x44, 0x14c, 1, 0, 0, 0, 224, 0x2102, 0x10b)
    struct.pack_into("<III", head, 0x58 + 28, 0x400000, 0x200, 0x200)
    struct.pack_into("<II", head, 0x58 + 56, 0x100000, 0x400)
    struct.pack_into("<H", head, 0x58 + 68, 3)
    struct.pack_into("<I", head, 0x58 + 92, 16)
    struct.pack_into("<II", head, 0x58 + 96 + 88, 0x400, 8 * count)
    row = struct.pack("<IHH", 1, 8 * (count + 1), 0)
    return bytes(head) + row * count + bytes(8) + b"a" * name + b"\0"


def pe_providers(count, name):
    """Imports by number, all of one library that has a long name."""
    size, text = 4 * (count + 1), 0x400 + 40
    head = bytearray(0x400)
    head[:2], head[0x3c:0x44] = b"MZ", struct.pack("<I", 0x40) + b"PE\0\0"
    struct.pack_into("<HHIIIHHH", head, 0x44, 0x14c, 1, 0, 0, 0, 224, 0x2102, 0x10b)
    struct.pack_into("<III", head, 0x58 + 28, 0x400000, 0x200, 0x200)
    total = text + size + name + 1
    struct.pack_into("<II", head, 0x58 + 56, 0x1000000, total)
    struct.pack_into("<H", head, 0x58 + 68, 3)
    struct.pack_into("<I", head, 0x58 + 92, 16)
    struct.pack_into("<II", head, 0x58 + 96 + 8, 0x400, 40)
    row = struct.pack("<5I", text, 0, 0, text + size, text)
    return bytes(head) + row + bytes(20) + struct.pack("<I", 0x80000001) * count + bytes(4) + \
        b"a" * name + b"\0"


def coff_symbols(count, name):
    return struct.pack("<HHIIIHH", 0x8664, 0, 0, 20, count, 0, 0) + \
        struct.pack("<IIIhHBB", 0, 4, 0, 1, 0x20, 2, 0) * count + \
        struct.pack("<I", name + 5) + b"a" * name + b"\0"


# ---- SOM

def som_needs(count, name):
    head = bytearray(256)
    struct.pack_into(">HHI", head, 0, 0x20b, 0x10e, 85082112)
    struct.pack_into(">II", head, 28, 128, 48)
    struct.pack_into(">12I", head, 128, 4, 40, 0, 0, 256, 0, 0, 0, 0, 0, 0, 0)
    loader = bytearray(112)
    struct.pack_into(">I", loader, 0, 93092112)
    struct.pack_into(">II", loader, 8, 112, count)
    struct.pack_into(">II", loader, 40, 112 + 8 * count, name + 1)
    return bytes(head + loader) + struct.pack(">IBBH", 0, 0x80, 0, 0) * count + b"a" * name + b"\0"


FILES = {
    "versions.so": (elf_versions(40000, 1000000), 0, "versions of symbols: more than"),
    "linker_option.o": (linker_option(128000), 0, "linker_option   a a a"),
    "environment": (environment(16000), 0, "dyld_environment A=bcdefghij A=bcdefghij"),
    "symbols.o": (macho_symbols(131072, 2 << 20), 0, SYMBOLS),
    "providers.dylib": (macho_providers(40000, 1000000), 0, PROVIDERS),
    "providers.o": (xcoff_providers(40000, 1000000), 0, PROVIDERS),
    "circle": (aout_circle(1 << 18), 3, NEEDS),
    "members.a": (aix_archive(100, 65000), 0, "archive: its members lie one in another"),
    "bound.dll": (bound_imports(1000, 60000), 3, "names of bound libraries: more than"),
    "providers.dll": (pe_providers(40000, 1000000), 0, PROVIDERS),
    "symbols.obj": (coff_symbols(110000, 2 << 20), 0, SYMBOLS),
    "needs.sl": (som_needs(60000, 1000000), 3, NEEDS),
    "script.so": (b"OUTPUT_FORMAT(" + b"a " * 40000 + b")\n", 0, "output_format   a a a"),
}


def limit():
    if not SANITIZED:  # which needs room of its own
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main():
    tenon.command()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tenon-small-") as work:
        for name, (data, status, words) in FILES.items():
            path = os.path.join(work, name)
            with open(path, "wb") as file:
                file.write(data)
            done = subprocess.run([tenon.command(), "show", "-v", "--exports", "--imports", path],
                                  capture_output=True, check=False, timeout=SECONDS,
                                  preexec_fn=limit)
            said = (done.stdout + done.stderr).decode(errors="replace")
            report.check(name + ": status", status, done.returncode)
            report.check(name + " says", True, words in said,
                         ("expected: " + words, "said: " + said[:300]))
            report.check(name + ": says no more than is in it", True, len(said) < 4 << 20)
    report.finish()


if __name__ == "__main__":
    main()
