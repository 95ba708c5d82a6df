"""`tenon show` of a large PE image or XCOFF file reads what it reads of a small one.

Counted are the bytes that the command asks the system for, so that a busy machine does not matter.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from report import Report, skip_all

SMALL, LARGE = 1 << 20, 100 << 20


def pe(path, size):
    """A program whose import table stands behind a section of that many bytes."""
    place = 0x1000 + size
    imports = struct.pack("<IIIII", place + 0x50, 0, 0, place + 0x40, place + 0x50) + bytes(20)
    imports = imports.ljust(0x40, b"\0") + b"foo.dll\0".ljust(16, b"\0")
    imports += struct.pack("<QQ", place + 0x60, 0) + b"\0\0f\0"
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 14, 0, 0, 0, 0, 0, 0,
                           0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, size + 0x3000, 0x400,
                           0, 3, 0, 0, 0, 0, 0, 0, 16)
    optional += bytes(8) + struct.pack("<II", place, 40) + bytes(8 * 14)
    header = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    header += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 2, 0, 0, 0, len(optional), 0x22)
    header += optional
    for name, start, length, raw in ((b".text", 0x1000, size, 0x400),
                                     (b".idata", place, 0x200, 0x400 + size)):
        header += name.ljust(8, b"\0") + struct.pack("<IIIIIIHHI", length, start, length, raw, 0,
                                                     0, 0, 0, 0x60000020)
    write(path, header, 0x400 + size, imports.ljust(0x200, b"\0"))


def xcoff(path, size):
    """A program whose .loader section stands behind as many bytes."""
    ids = b"/usr/lib:/lib\0\0\0" + b"\0libc.a\0shr.o\0"
    loader = struct.pack(">IIIIIIII", 1, 0, 0, len(ids), 2, 32, 0, 0) + ids
    start = 20 + 72 + 40 + size
    header = struct.pack(">HHiIiHH", 0x1DF, 1, 0, 0, 0, 72, 0x1002)
    header += bytes(40) + struct.pack(">H", 1) + bytes(30)
    header += b".loader\0" + struct.pack(">IIIIIIHHI", 0, 0, len(loader), start, 0, 0, 0, 0, 0x1000)
    write(path, header, start, loader)


def write(path, head, offset, tail):
    """What lies between takes no room on the disk."""
    with open(path, "wb") as file:
        file.write(head)
        file.seek(offset)
        file.write(tail)


# a leak check cannot run under strace
TRACED = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


def bytes_read(path):
    done = subprocess.run(["strace", "-f", "-e", "trace=read,pread64", "-o", path + ".trace",
                           tenon.command(), "show", path], capture_output=True, check=False,
                          env=TRACED)
    with open(path + ".trace", encoding="utf-8") as file:
        text = file.read()
    sizes = [int(size) for size in re.findall(r"pread64\(.* = (\d+)$", text, re.M)]
    return done.returncode, done.stdout.replace(path.encode(), b""), sum(sizes), len(sizes)


def main():
    if shutil.which("strace") is None:
        skip_all("no strace")
    tenon.command()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tenon-large-") as work:
        for name, make in (("pe", pe), ("xcoff", xcoff)):
            answers = []
            for size in (SMALL, LARGE):
                path = os.path.join(work, "%s%d" % (name, size))
                make(path, size)
                answers.append(bytes_read(path))
            report.check(name + " is read", 0, answers[0][0])
            report.check(name + " names its library", True,
                         b"foo.dll" in answers[0][1] or b"libc.a(shr.o)" in answers[0][1])
            report.check(name + ": the same answer", answers[0][1], answers[1][1],
                         ("1 MB", "100 MB"))
            report.check(name + ": the same reads", answers[0][2:], answers[1][2:],
                         ("1 MB", "100 MB"))
            report.note("%s: %d bytes in %d reads" % (name, *answers[1][2:]))
    report.finish()


if __name__ == "__main__":
    main()
