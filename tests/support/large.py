"""PE images, Mach-O files and XCOFF files of any size, whose tables stand behind all the rest.

What lies between takes no room on the disk. They cannot run: they hold what a reader looks for.
"""

import struct

import macho


def write(path, head, offset, tail):
    with open(path, "wb") as file:
        file.write(head)
        file.seek(offset)
        file.write(tail)


def pe(path, size):
    """A library whose imports and exports stand behind a section of that many bytes."""
    place = 0x1000 + size
    imports = struct.pack("<IIIII", place + 0x50, 0, 0, place + 0x40, place + 0x50) + bytes(20)
    imports = imports.ljust(0x40, b"\0") + b"foo.dll\0".ljust(16, b"\0")
    imports += struct.pack("<QQ", place + 0x60, 0) + b"\0\0f\0"
    exports = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, place + 0x140, 1, 1, 1, place + 0x130,
                          place + 0x134, place + 0x138)
    exports = exports.ljust(0x30, b"\0") + struct.pack("<IIH", 0x1000, place + 0x14A, 0)
    exports = exports.ljust(0x40, b"\0") + b"large.dll\0given\0"
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 14, 0, 0, 0, 0, 0, 0,
                           0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, size + 0x3000, 0x400,
                           0, 3, 0, 0, 0, 0, 0, 0, 16)
    optional += struct.pack("<IIII", place + 0x100, len(exports), place, 40) + bytes(8 * 14)
    header = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    header += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 2, 0, 0, 0, len(optional), 0x2022)
    header += optional
    for name, start, length, raw in ((b".text", 0x1000, size, 0x400),
                                     (b".idata", place, 0x200, 0x400 + size)):
        header += name.ljust(8, b"\0") + struct.pack("<IIIIIIHHI", length, start, length, raw, 0,
                                                     0, 0, 0, 0x60000020)
    write(path, header, 0x400 + size, imports.ljust(0x100, b"\0") + exports.ljust(0x100, b"\0"))


def mach(path, size):
    """A library whose symbols and exports stand behind a segment of that many bytes."""
    trie = b"\0\1_given\0\x0a" + b"\2\0\x20\0"
    symbols = struct.pack("<IBBHQ", 1, 0xF, 1, 0, 0x20) + struct.pack("<IBBHQ", 8, 1, 0, 0x100, 0)
    strings = b"\0_given\0_asked\0\0"
    start = 0x4000 + size

    def segment(name, address, offset, length, protection):
        def make(order):
            return macho.command(order, 0x19, struct.pack(
                order + "16sQQQQIIII", name, address, length, offset, length, protection,
                protection, 0, 0))
        return make

    tail = trie.ljust(16, b"\0") + symbols + strings
    commands = [
        segment(b"__TEXT", 0, 0, start, 5),
        segment(b"__LINKEDIT", start, start, len(tail), 1),
        lambda order: macho.dylib(order, macho.ID, "@rpath/large.dylib"),
        lambda order: macho.dylib(order, macho.LOAD, "/usr/lib/libfoo.dylib"),
        lambda order: macho.command(order, 0x2, struct.pack(
            order + "IIII", start + 16, 2, start + 16 + len(symbols), len(strings))),
        lambda order: macho.command(order, 0x80000033, struct.pack(order + "II", start,
                                                                   len(trie))),
        lambda order: macho.string(order, macho.RPATH, "@loader_path"),
    ]
    write(path, macho.thin("arm64", commands=commands), start, tail)


def xcoff(path, size):
    """A library whose .loader section stands behind as many bytes."""
    ids = b"/usr/lib:/lib\0\0\0" + b"\0libfoo.a\0shr.o\0"
    symbols = b"given\0\0\0" + struct.pack(">IHBBII", 0x20, 1, 0x10, 0, 0, 0)
    symbols += b"asked\0\0\0" + struct.pack(">IHBBII", 0, 0, 0x40, 0, 1, 0)
    loader = struct.pack(">IIIIIIII", 1, 2, 0, len(ids), 2, 32 + len(symbols), 0, 0)
    loader += symbols + ids
    start = 20 + 72 + 40 + size
    header = struct.pack(">HHiIiHH", 0x1DF, 1, 0, 0, 0, 72, 0x3002)
    header += bytes(40) + struct.pack(">H", 1) + bytes(30)
    header += b".loader\0" + struct.pack(">IIIIIIHHI", 0, 0, len(loader), start, 0, 0, 0, 0, 0x1000)
    write(path, header, start, loader)


MAKERS = {"PE": pe, "Mach-O": mach, "XCOFF": xcoff}
SMALL, LARGE = 1 << 20, 100 << 20
