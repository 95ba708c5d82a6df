"""Small Mach-O files made to order. They cannot run: they hold what a loader reads."""

import struct

LOAD, WEAK, REEXPORT, UPWARD, LAZY = 0xC, 0x80000018, 0x8000001F, 0x80000023, 0x20
ID, RPATH, DYLINKER, ENVIRONMENT = 0xD, 0x8000001C, 0xE, 0x27
EXECUTE, DYLIB, BUNDLE, OBJECT = 2, 6, 8, 1
CPUS = {"x86_64": (0x1000007, 3), "arm64": (0x100000C, 0), "arm64e": (0x100000C, 2),
        "i386": (7, 3), "ppc": (18, 0), "armv7": (12, 9)}


def version(text):
    """"10.15.7" in 16.8.8 bits."""
    parts = [int(part) for part in text.split(".")] + [0, 0]
    return parts[0] << 16 | parts[1] << 8 | parts[2]


def command(order, cmd, body):
    body += b"\0" * (-len(body) % 8)
    return struct.pack(order + "II", cmd, 8 + len(body)) + body


def dylib(order, cmd, name, current="1.0", compat="1.0"):
    return command(order, cmd, struct.pack(order + "IIII", 24, 2, version(current),
                                           version(compat)) + name.encode() + b"\0")


def string(order, cmd, text):
    return command(order, cmd, struct.pack(order + "I", 12) + text.encode() + b"\0")


def thin(arch="x86_64", filetype=DYLIB, flags=0x85, commands=(), tail=b"", patch=None):
    """`commands` are functions of the byte order; `patch(bytes, offset of tail)` finishes them."""
    cputype, subtype = CPUS[arch]
    order = ">" if arch == "ppc" else "<"
    wide = cputype & 0x1000000
    made = [each(order) for each in commands]
    body = b"".join(made)
    head = struct.pack(order + "IIIIIII", 0xFEEDFACF if wide else 0xFEEDFACE, cputype, subtype,
                       filetype, len(made), len(body), flags) + (b"\0" * 4 if wide else b"")
    start = len(head) + len(body)
    whole = bytearray(head + body + tail)
    if patch:
        patch(whole, start)
    return bytes(whole)


def fat(slices, wide=False):
    """A universal file of (arch, bytes)."""
    table, body = b"", b""
    start = 4096
    for arch, data in slices:
        cputype, subtype = CPUS[arch]
        if wide:
            table += struct.pack(">IIQQII", cputype, subtype, start, len(data), 12, 0)
        else:
            table += struct.pack(">IIIII", cputype, subtype, start, len(data), 12)
        padded = data + b"\0" * (-len(data) % 4096)
        body += padded
        start += len(padded)
    head = struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, len(slices)) + table
    return head + b"\0" * (4096 - len(head)) + body


def linkedit(order, cmd, size):
    """A command that points to bytes of the tail: thin()'s patch puts in where."""
    return command(order, cmd, struct.pack(order + "II", 0, size))
