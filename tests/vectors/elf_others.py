"""The test vectors of the ELF loaders of other systems: FreeBSD, NetBSD, OpenBSD, Solaris, HP-UX,
Android. Numbers are those of the reference on loaders, sections 3.9, 4.5, 5.5, 6.7, 7.4 and 8.

The real loaders are not there to be asked: this holds tenon to what their sources and manuals say.
"""

import os
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build
import tenon
from cases import Cases
from foreign import ANDROID, FREEBSD, HPUX, NETBSD, OPENBSD, SOLARIS, Expect, Tree, World
from report import Report

X, Y = "libx.so.1", "liby.so"
case = Cases()


def llp(value, name="LD_LIBRARY_PATH"):
    return {name: value}


def x(directory, name=X):
    return name, directory + "/" + name


def through_liby(w, program, **liby):
    """E needs liby.so, which needs libx.so.1"""
    w.lib("/t/l/liby.so", Y, needed=[X], **liby)
    w.program(needed=[Y], **program)
    return Y, "/t/l/liby.so"


# FreeBSD, section 3.9


def freebsd_hints(*directories):
    text = ":".join(directories).encode()
    return struct.pack("<6I", 0x746E6845, 1, 128, len(text) + 1, 0, len(text)) \
        + bytes(104) + text + b"\0"


@case(FREEBSD, "1 RPATH beats environment")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], rpath="/t/a")
    expect(x("/t/a"), env=llp("/t/b"))


@case(FREEBSD, "2 environment beats RUNPATH")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], runpath="/t/a")
    expect(x("/t/b"), env=llp("/t/b"))


@case(FREEBSD, "3 program's RPATH counts for a library")
def _(w, expect):
    w.x("/t/a")
    y = through_liby(w, {"rpath": "/t/l:/t/a"})
    expect(y, x("/t/a"))


@case(FREEBSD, "4 RPATH between is not inherited")
def _(w, expect):
    w.x("/t/a")
    w.lib("/t/a/libz.so", "libz.so", needed=[X])
    w.lib("/usr/lib/liby.so", Y, needed=["libz.so"], rpath="/t/a")
    w.program(needed=[Y])
    expect((Y, "/usr/lib/liby.so"), ("libz.so", "/t/a/libz.so"), (X, None),
           reason='Shared object "libx.so.1" not found')


@case(FREEBSD, "5 RUNPATH of the requester cuts the program's RPATH")
def _(w, expect):
    w.x("/t/a")
    y = through_liby(w, {"rpath": "/t/l:/t/a"}, runpath="/none")
    expect(y, (X, None))


@case(FREEBSD, "6 wrong class is fatal")
def _(w, expect):
    w.x("/t/a")
    w.lib("/t/c32/libx.so.1", X, bits=32)
    w.program(needed=[X])
    expect((X, None), env=llp("/t/c32:/t/a"), reason="unsupported file layout", status="refused")


@case(FREEBSD, "7 $ORIGIN of a library is resolved")
def _(w, expect):
    w.x("/t/d2")
    w.lib("/t/d2/liby.so", Y, needed=[X], runpath="$ORIGIN")
    w.mkdir("/t/d1")
    w.link("/t/d1/liby.so", "../d2/liby.so")
    w.program(needed=[Y], runpath="/t/d1")
    expect((Y, "/t/d1/liby.so"), x("/t/d2"))


@case(FREEBSD, "8 libmap for one program, then for all")
def _(w, expect):
    w.x("/t/a")
    w.lib("/t/z/other.so", "other.so")
    w.lib("/t/a/liby.so", Y, needed=[X])
    w.write("/etc/libmap.conf", "# maps\n[E]\nlibx.so.1 /t/z/other.so\n")
    w.program(needed=[X, Y], runpath="/t/a")
    expect((X, "/t/z/other.so"), (Y, "/t/a/liby.so"))
    w.program("/t/F", needed=[X], runpath="/t/a")
    expect(x("/t/a"), program="/t/F")


@case(FREEBSD, "8 LD_LIBMAP, includes and directories")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], runpath="/t/a")
    expect(x("/t/b"), env=llp("/t/a=/t/b", "LD_LIBMAP"))
    w.write("/etc/libmap.conf", "includedir /etc/libmap.d\n")
    w.write("/etc/libmap.d/x.conf", "libx.so.1 /t/b/libx.so.1\n")
    w.write("/etc/libmap.d/not", "libx.so.1 /none\n")
    expect(x("/t/b"))
    expect(x("/t/a"), env=llp("1", "LD_LIBMAP_DISABLE"))


@case(FREEBSD, "8 a directory for one program, then for all")
def _(w, expect):
    w.x("/t/b")
    w.lib("/t/a/liby.so", Y, needed=[X])
    w.write("/etc/libmap.conf", "[E]\n/t/c /t/b\n")
    w.program(needed=[Y])
    y = (Y, "/t/a/liby.so")
    expect(y, x("/t/b"), env=llp("/t/c:/t/a"))
    expect(y, (X, None), env=llp("/t/a:/t/c"))  # the program's search does not come to it
    w.program("/t/F", needed=[Y])
    expect(y, (X, None), program="/t/F", env=llp("/t/c:/t/a"))
    w.program("/t/e/E", needed=[Y])
    programs = ["/t/E", "/t/F", "/t/e/E"]
    rows = tenon.why(programs, sysroot=w.root, env=llp("/t/c:/t/a"))
    expect.report.check("freebsd 8 each process for itself", ["ok", "missing", "ok"],
                        [rows[program]["status"] for program in programs])


@case(FREEBSD, "8 directories for a preload")
def _(w, expect):
    w.x("/t/b")
    w.program()
    w.write("/etc/libmap.conf", "libx.so.1 none.so\n/t/c /t/b\n")
    expect(x("/t/b"), env={**llp("/t/c"), **llp(X, "LD_PRELOAD")})


@case(FREEBSD, "9 loaded by name before libmap")
def _(w, expect):
    w.x("/t/a")
    w.lib("/t/a/liby.so", Y, needed=[X])
    w.write("/etc/libmap.conf", "[liby.so]\nlibx.so.1 /t/z/other.so\n")
    w.program(needed=[X, Y], runpath="/t/a")
    expect(x("/t/a"), (Y, "/t/a/liby.so"))


@case(FREEBSD, "10 NODEFLIB and hints")
def _(w, expect):
    w.x("/lib", "/usr/local/lib")
    w.write("/var/run/ld-elf.so.hints", freebsd_hints("/lib", "/usr/lib", "/usr/local/lib"))
    w.program(needed=[X], flags=["-Wl,-z,nodefaultlib"])
    expect(x("/usr/local/lib"))
    w.program("/t/F", needed=[X])
    expect(x("/lib"), program="/t/F")
    w.write("/var/run/ld-elf.so.hints", freebsd_hints("/usr/local/lib")[:-3])
    expect((X, None))


@case(FREEBSD, "11 LD_32_ is not for 64-bit programs")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X])
    expect((X, None), env=llp("/t/a", "LD_32_LIBRARY_PATH"))
    w.lib("/t/c32/libx.so.1", X, bits=32)
    w.program("/t/F", needed=[X], bits=32)
    w.write("/libexec/ld-elf32.so.1", "")
    expect(x("/t/c32"), program="/t/F", env=llp("/t/c32", "LD_32_LIBRARY_PATH"))
    expect((X, None), program="/t/F", env=llp("/t/c32"))


@case(FREEBSD, "12 LD_LIBRARY_PATH_RPATH")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], rpath="/t/a")
    expect(x("/t/b"), env={**llp("/t/b"), **llp("1", "LD_LIBRARY_PATH_RPATH")})


@case(FREEBSD, "13 empty elements are ignored")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X])
    expect((X, None), env=llp(":/nope"), cwd="/t/a")


@case(FREEBSD, "14 a missing preload is fatal")
def _(w, expect):
    w.x("/usr/lib")
    w.program(needed=[X])
    expect(("missing.so", None), x("/usr/lib"), env=llp("missing.so", "LD_PRELOAD"))


@case(FREEBSD, "15 dlopen searches for the program")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.lib("/t/l/liby.so", Y, runpath="/t/b", code='const char *f(void) { return "libx.so.1"; }')
    w.program(needed=[Y], runpath="/t/l:/t/a")
    expect.dlopen(X, "/t/a/libx.so.1")


@case(FREEBSD, "secure mode")
def _(w, expect):
    w.x("/t/a", "/t/b", "/t/o/a")
    w.program(needed=[X], runpath="$ORIGIN/a:/t/b")
    expect(x("/t/b"), env=llp("/t/o"), extra=["--setuid"])


@case(FREEBSD, "LD_LIBMAP is read as libmap.conf is")
def _(w, expect):
    w.x("/usr/lib")
    other = (X, w.lib("/t/z/other.so", "other.so"))
    w.program(needed=[X])
    w.write("/etc/m.conf", "libx.so.1 /t/z/other.so\n")
    for value in ("[E],libx.so.1=/t/z/other.so", "libx.so.1 /t/z/other.so", "include=/etc/m.conf",
                  "# [nope],libx.so.1=/t/z/other.so # all", "libx.so.1=/t/z/other.so="):
        expect(other, env=llp(value, "LD_LIBMAP"))
    for value in ("[nope],libx.so.1=/t/z/other.so", "libx.so.1=/t/z/other.so=more",
                  "[E],[nope],[E] x,libx.so.1=/t/z/other.so"):
        expect(x("/usr/lib"), env=llp(value, "LD_LIBMAP"))


@case(FREEBSD, "what libmap.conf includes is read once, and no links in a directory")
def _(w, expect):
    w.x("/usr/lib")
    for name in "one.so", "two.so":
        w.lib("/t/z/" + name, name)
    w.program(needed=[X])
    w.write("/etc/a.conf", "libx.so.1 /t/z/one.so\n")
    w.link("/etc/b.conf", "a.conf")
    for again in "include /etc/a.conf", "include /etc/b.conf":
        w.write("/etc/libmap.conf",
                "include /etc/a.conf\nlibx.so.1 /t/z/two.so\n%s\n" % again)
        expect((X, "/t/z/two.so"))
    w.mkdir("/etc/d")
    w.link("/etc/d/x.conf", "../a.conf")
    w.write("/etc/libmap.conf", "includedir /etc/d\n")
    expect(x("/usr/lib"))
    w.write("/etc/d/y.conf", "libx.so.1 /t/z/two.so\n")
    expect((X, "/t/z/two.so"))


@case(FREEBSD, "no tokens in a preload, for which nobody asks")
def _(w, expect):
    w.lib("/t/z/other.so", "other.so")
    w.program()
    expect(("$ORIGIN/z/other.so", None), env=llp("$ORIGIN/z/other.so", "LD_PRELOAD"))


# NetBSD, section 4.5


@case(NETBSD, "1 environment beats RPATH")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], rpath="/t/a")
    expect(x("/t/b"), env=llp("/t/b"))


@case(NETBSD, "2 ld.so.conf beats RPATH")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.write("/etc/ld.so.conf", "# directories\n  /t/b  # here\n")
    w.program(needed=[X], rpath="/t/a")
    expect(x("/t/b"))


@case(NETBSD, "3 RPATH is not inherited")
def _(w, expect):
    w.x("/t/a")
    y = through_liby(w, {"rpath": "/t/l:/t/a"})
    expect(y, (X, None))


@case(NETBSD, "4 RUNPATH is as RPATH")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X], runpath="/t/a")
    expect(x("/t/a"))


@case(NETBSD, "5 wrong class is passed over")
def _(w, expect):
    w.x("/t/a")
    w.lib("/t/c32/libx.so.1", X, bits=32)
    w.program(needed=[X])
    expect(x("/t/a"), env=llp("/t/c32:/t/a"))


@case(NETBSD, "6 text is passed over")
def _(w, expect):
    w.x("/t/a")
    w.write("/t/txt/libx.so.1", "this is no library, but it is as long as a header would be....\n")
    w.program(needed=[X])
    expect(x("/t/a"), env=llp("/t/txt:/t/a"))


@case(NETBSD, "7 empty elements vanish")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X])
    expect((X, None), env=llp(":"), cwd="/t/a")


@case(NETBSD, "8 libraries by a variable of the system")
def _(w, expect):
    for name in ("libm.so.0", "libm387.so.0"):
        w.lib("/usr/lib/" + name, name)
    w.write("/etc/ld.so.conf", "libm.so.0 machdep.fpu_present 1:libm387.so.0,libm.so.0\n")
    w.program(needed=["libm.so.0"])
    expect(("libm.so.0", "/usr/lib/libm387.so.0"), ("libm.so.0", "/usr/lib/libm.so.0"),
           extra=["--setting", "machdep.fpu_present=1"])
    expect(("libm.so.0", "/usr/lib/libm.so.0"), extra=["--setting", "machdep.fpu_present=0"])
    expect(("libm.so.0", "/usr/lib/libm.so.0"))


def netbsd_conf(w, *lines):
    w.write("/etc/ld.so.conf", "".join("%s machdep.x 1:%s\n" % line for line in lines))
    return {"extra": ["--setting", "machdep.x=1"]}


@case(NETBSD, "8 a library of the row that is not there")
def _(w, expect):
    for name in ("libm.so.0", "lib1.so", "lib2.so"):
        w.lib("/usr/lib/" + name, name)
    w.program(needed=["libm.so.0"])
    itself, first, second = [("libm.so.0", "/usr/lib/" + name)
                             for name in ("libm.so.0", "lib1.so", "lib2.so")]
    set_ = netbsd_conf(w, ("libm.so.0", "none.so,lib2.so"))
    expect(second, **set_)
    netbsd_conf(w, ("libm.so.0", "lib1.so,none.so,lib2.so"))
    expect(first, ("none.so", None), ("lib2.so", "/usr/lib/lib2.so"), status="ok",
           reason='Shared object "none.so" not found', **set_)
    netbsd_conf(w, ("libm.so.0", "none.so,none2.so"))
    expect(itself, **set_)
    netbsd_conf(w, ("libm.so.0", "/none/lib1.so,/usr/lib/lib2.so"))
    expect(second, **set_)


@case(NETBSD, "8 what a row adds, and several lines")
def _(w, expect):
    for name in ("libm.so.0", "lib1.so", "lib2.so", "lib3.so"):
        w.lib("/usr/lib/" + name, name)
    w.x("/usr/lib")
    w.program(needed=["libm.so.0", X])
    set_ = netbsd_conf(w, ("libm.so.0", "lib1.so,lib2.so"), ("lib2.so", "lib2.so,lib3.so"))
    expect(("libm.so.0", "/usr/lib/lib1.so"), ("lib2.so", "/usr/lib/lib2.so"), x("/usr/lib"),
           **set_)
    netbsd_conf(w, ("libm.so.0", "lib1.so"), ("libm.so.0", "lib2.so"))
    expect(("libm.so.0", "/usr/lib/lib2.so"), ("lib1.so", "/usr/lib/lib1.so"), x("/usr/lib"),
           **set_)


@case(NETBSD, "8 a library that was loaded before is asked for no row")
def _(w, expect):
    w.lib("/t/a/libm.so.0", "libm.so.0")
    for name in ("lib1.so", "libm.so.0"):
        w.lib("/usr/lib/" + name, name)
    w.program(needed=["libm.so.0"])
    set_ = netbsd_conf(w, ("libm.so.0", "lib1.so,libm.so.0"))
    expect(("/t/a/libm.so.0", "/t/a/libm.so.0"), env=llp("/t/a/libm.so.0", "LD_PRELOAD"), **set_)


@case(NETBSD, "names that begin with =")
def _(w, expect):
    for name in ("=libx.so", "=slibx.so", "=nlibx.so", "libx.so", "lib1.so"):
        w.lib("/usr/lib/" + name, name)
    names = ["=libx.so", "=nlibx.so", "=slibx.so"]
    found = [x("/usr/lib", name) for name in names]
    w.program(needed=names)
    expect(*found)
    w.program("/t/F", needed=names + ["liby.so"])
    expect(*found, ("liby.so", "/usr/lib/lib1.so"), x("/usr/lib", "libx.so"), program="/t/F",
           **netbsd_conf(w, ("liby.so", "lib1.so,libx.so")))
    w.program("/t/G", needed=["=snone.so"])
    expect(("=snone.so", None), program="/t/G", reason='Shared object "=snone.so" not found')


@case(NETBSD, "9 a preload is a path")
def _(w, expect):
    w.x("/t/a")
    w.program()
    expect((X, None), env={**llp("/t/a"), **llp(X, "LD_PRELOAD")}, cwd="/")
    expect((X, X), env=llp(X, "LD_PRELOAD"), cwd="/t/a")


@case(NETBSD, "$ORIGIN of a set-id program")
def _(w, expect):
    def ends(*objects, **world):
        row = expect(*objects, extra=["--setuid"], status="refused", **world)
        expect.report.check("netbsd $ORIGIN of a set-id program", True,
                            "execname not specified in AUX vector" in (row.get("reason") or ""))

    w.x("/t/a")
    w.program(needed=[X], rpath="$ORIGIN/a")
    expect(x("/t/a"))
    ends((X, None))
    w.program("/t/F", needed=[X], rpath="$ORIGINAL:/t/a")
    expect(x("/t/a"), program="/t/F", extra=["--setuid"])
    w.write("/etc/ld.so.conf", "/none/$ORIGIN\n")
    expect(x("/t/a"), program="/t/F")
    ends(x("/t/a"), program="/t/F")


@case(NETBSD, "$ORIGIN of a library of a set-id program")
def _(w, expect):
    w.x("/t/l")
    y = through_liby(w, {"rpath": "/t/l"}, rpath="$ORIGIN")
    expect(y, x("/t/l"), extra=["--setuid"])


@case(NETBSD, "10 dlopen searches for the program")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.lib("/t/a/liby.so", Y, rpath="/t/b", code='const char *f(void) { return "libx.so.1"; }')
    w.program(needed=[Y], rpath="/t/a")
    expect.dlopen(X, "/t/a/libx.so.1")


@case(NETBSD, "nothing between the separators of LD_PRELOAD")
def _(w, expect):
    name = w.lib("/t/a/" + X, X)
    w.program()
    for value in name + ":", name + " ":
        expect((name, name), ("", None), env=llp(value, "LD_PRELOAD"), status="refused")
    expect(env=llp("", "LD_PRELOAD"))


@case(NETBSD, "$PLATFORM is hw.machine_arch")
def _(w, expect):
    w.x("/t/x86_64", "/t/amd64")
    w.program(needed=[X], runpath="/t/$PLATFORM")
    expect(x("/t/x86_64"))
    w.lib("/t/i386/libx.so.1", X, bits=32)
    w.program("/t/F", needed=[X], runpath="/t/$PLATFORM", bits=32)
    expect(x("/t/i386"), program="/t/F", extra=["--loader", "netbsd"])


# OpenBSD, section 5.5


def sohints(entries, directories):
    """ld.so.hints of 64 bits, version 2: (stem, major, minor, path) of each library"""
    def k(stem, major):
        value = 0
        for c in [*stem.encode(), major * 257]:
            value = (((value << 1) + (value >> 14)) ^ c) & 0x3FFF
        return value

    strings, buckets = b"\0", [None] * (len(entries) or 1)

    def add(text):
        nonlocal strings
        strings += text.encode() + b"\0"
        return len(strings) - len(text) - 1

    for stem, major, minor, path in entries:
        at = k(stem, major) % len(buckets)
        row = [add(stem), add(path), major, minor, *[0] * 6, 2, -1]
        while buckets[at] is not None and buckets[at][11] != -1:
            at = buckets[at][11]
        if buckets[at] is not None:
            last, at = at, buckets.index(None)
            buckets[last][11] = at
        buckets[at] = row
    dirlist = add(":".join(directories))
    table = b"".join(struct.pack("<12i", *(row or [0] * 11 + [-1])) for row in buckets)
    end = 64 + len(table)
    return struct.pack("<8q", 0o11421044151, 2, 64, len(buckets), end, len(strings),
                       end + len(strings), dirlist) + table + strings


@case(OPENBSD, "1 the highest minor")
def _(w, expect):
    for minor in (2, 10):
        w.lib("/usr/lib/libx.so.3.%d" % minor, "libx.so.3.%d" % minor)
    w.program(needed=["libx.so.3.0"])
    expect(("libx.so.3.0", "/usr/lib/libx.so.3.10"))


@case(OPENBSD, "2 a lower minor as the last resort")
def _(w, expect):
    w.lib("/usr/lib/libx.so.3.2", "libx.so.3.2")
    w.program(needed=["libx.so.3.5"])
    row = expect(("libx.so.3.5", "/usr/lib/libx.so.3.2"))
    last = row["libraries"][0]["tried"][-1]
    expect.report.check("openbsd 2 warning", "minor version >= 5 expected, using it anyway",
                        last.get("detail"))


@case(OPENBSD, "3 another major is none")
def _(w, expect):
    w.lib("/usr/lib/libx.so.4.0", "libx.so.4.0")
    w.program(needed=["libx.so.3.0"])
    expect(("libx.so.3.0", None), reason="can't load library 'libx.so.3.0'")


@case(OPENBSD, "4 environment beats RPATH")
def _(w, expect):
    for directory in ("/t/a", "/t/b"):
        w.lib(directory + "/libx.so.3.0", "libx.so.3.0")
    w.program(needed=["libx.so.3.0"], rpath="/t/a")
    expect(x("/t/b", "libx.so.3.0"), env=llp("/t/b"))


def openbsd_liby(w, program, **liby):
    w.lib("/t/a/libx.so.3.0", "libx.so.3.0")
    w.lib("/t/l/liby.so.1.0", "liby.so.1.0", needed=["libx.so.3.0"], **liby)
    w.program(needed=["liby.so.1.0"], **program)
    return x("/t/l", "liby.so.1.0")


@case(OPENBSD, "5 program's RPATH counts for a library")
def _(w, expect):
    y = openbsd_liby(w, {"rpath": "/t/l:/t/a"})
    expect(y, x("/t/a", "libx.so.3.0"))


@case(OPENBSD, "6 RUNPATH of the requester cuts it")
def _(w, expect):
    y = openbsd_liby(w, {"rpath": "/t/l:/t/a"}, runpath="/none")
    expect(y, ("libx.so.3.0", None))


@case(OPENBSD, "7 the program's RPATH serves libraries even beside its RUNPATH")
def _(w, expect):
    w.lib("/t/a/libx.so.3.0", "libx.so.3.0")
    w.program(needed=["libx.so.3.0"], rpath="/t/a", runpath="/none")
    expect(("libx.so.3.0", None))
    w.lib("/t/l/liby.so.1.0", "liby.so.1.0", needed=["libx.so.3.0"])
    w.program("/t/F", needed=["liby.so.1.0"], rpath="/t/a", runpath="/t/l")
    expect(x("/t/l", "liby.so.1.0"), x("/t/a", "libx.so.3.0"), program="/t/F")


@case(OPENBSD, "8 order of lists before minor")
def _(w, expect):
    w.lib("/t/a/libx.so.3.1", "libx.so.3.1")
    w.lib("/t/b/libx.so.3.9", "libx.so.3.9")
    w.program(needed=["libx.so.3.0"], runpath="/t/b")
    expect(("libx.so.3.0", "/t/a/libx.so.3.1"), env=llp("/t/a"))


@case(OPENBSD, "9 first pass everywhere before the second")
def _(w, expect):
    w.lib("/t/a/libx.so.3.1", "libx.so.3.1")
    w.lib("/usr/lib/libx.so.3.6", "libx.so.3.6")
    w.program(needed=["libx.so.3.5"])
    expect(("libx.so.3.5", "/usr/lib/libx.so.3.6"), env=llp("/t/a"))


@case(OPENBSD, "10 an empty element is the current directory")
def _(w, expect):
    w.lib("/t/a/libx.so.3.0", "libx.so.3.0")
    w.program(needed=["libx.so.3.0"])
    expect(("libx.so.3.0", "libx.so.3.0"), env=llp(":"), cwd="/t/a")


@case(OPENBSD, "11 $ORIGIN needs -z origin")
def _(w, expect):
    w.lib("/t/a/libx.so.3.0", "libx.so.3.0")
    w.program(needed=["libx.so.3.0"], runpath="$ORIGIN/a")
    expect(("libx.so.3.0", None))
    w.program("/t/F", needed=["libx.so.3.0"], runpath="$ORIGIN/a", flags=["-Wl,-z,origin"])
    expect(x("/t/a", "libx.so.3.0"), program="/t/F")


@case(OPENBSD, "$ORIGIN is the directory of the name it was loaded by, resolved")
def _(w, expect):
    w.lib("/t/real/libx.so.3.0", "libx.so.3.0")
    w.lib("/t/other/liby.so.1.0", "liby.so.1.0", needed=["libx.so.3.0"], runpath="$ORIGIN",
          flags=["-Wl,-z,origin"])
    w.link("/t/l", "real")
    w.link("/t/real/liby.so.1.0", "../other/liby.so.1.0")
    w.program(needed=["liby.so.1.0"], runpath="/t/l")
    expect(("liby.so.1.0", "/t/l/liby.so.1.0"), ("libx.so.3.0", "/t/real/libx.so.3.0"))


@case(OPENBSD, "hints: many for one name, and many directories")
def _(w, expect):
    w.lib("/usr/lib/libx.so.3.0", "libx.so.3.0")
    entries = [("x", 3, 0, "/n%d/libx.so.3.0" % i) for i in range(200)]
    table = bytearray(sohints(entries + [("x", 3, 0, "/usr/lib/libx.so.3.0")], ["/usr/lib"]))
    w.write("/var/run/ld.so.hints", bytes(table))
    w.program(needed=["libx.so.3.0"])
    row = expect(("libx.so.3.0", "/usr/lib/libx.so.3.0"), env=llp("/d:" * 100))
    expect.report.check("openbsd hints rule", "ld.so.hints", row["libraries"][0]["rule"])
    count = 200000  # in one chain, which a search that goes along it for each directory never ends
    rows = struct.pack("<12i", 1, 3, 3, 0, *[0] * 6, 2, 1) * count
    rows = bytearray(rows)
    for i in range(count):
        struct.pack_into("<i", rows, 48 * i + 44, i + 1 if i + 1 < count else 0)
    strings = b"\0x\0/none/libx.so.3.0\0/usr/lib\0"
    header = struct.pack("<8q", 0o11421044151, 2, 64, count, 64 + len(rows), len(strings),
                         64 + len(rows) + len(strings), strings.index(b"/usr/lib"))
    w.write("/var/run/ld.so.hints", header + bytes(rows) + strings)
    expect(("libx.so.3.0", None), env=llp("/d:" * 20000))


@case(OPENBSD, "hints: entries, then their directories")
def _(w, expect):
    w.lib("/usr/local/lib/libx.so.3.1", "libx.so.3.1")
    w.lib("/usr/lib/libx.so.3.4", "libx.so.3.4")
    w.write("/var/run/ld.so.hints",
            sohints([("y", 1, 0, "/none/liby.so.1.0"), ("x", 3, 1, "/usr/local/lib/libx.so.3.1")],
                    ["/usr/lib", "/usr/local/lib"]))
    w.program(needed=["libx.so.3.0"])
    row = expect(("libx.so.3.0", "/usr/local/lib/libx.so.3.1"))
    expect.report.check("openbsd hints rule", "ld.so.hints", row["libraries"][0]["rule"])
    w.program("/t/F", needed=["libx.so.3.2"])
    expect(("libx.so.3.2", "/usr/lib/libx.so.3.4"), program="/t/F")


@case(OPENBSD, "a chosen file that is none is fatal")
def _(w, expect):
    w.lib("/usr/lib/libx.so.3.0", "libx.so.3.0")
    w.write("/t/a/libx.so.3.0", "text\n")
    w.program(needed=["libx.so.3.0"])
    expect(("libx.so.3.0", None), env=llp("/t/a"), status="refused")


@case(OPENBSD, "a list that is set and empty is the current directory")
def _(w, expect):
    w.lib("/t/a/libx.so.3.0", "libx.so.3.0")
    w.program(needed=["libx.so.3.0"])
    expect(("libx.so.3.0", "libx.so.3.0"), env=llp(""), cwd="/t/a")
    expect(("libx.so.3.0", None), env=llp(""), cwd="/t/a", extra=["--setuid"])


@case(OPENBSD, "a name without numbers")
def _(w, expect):
    for name in ("libx.so", "libx.so.3.0"):
        w.lib("/usr/lib/" + name, name)
    w.lib("/usr/lib/liby.so.1.0", "liby.so.1.0")
    w.program(needed=["libx.so", "liby.so"])
    expect(("libx.so", "/usr/lib/libx.so"), ("liby.so", "/usr/lib/liby.so.1.0"))


@case(OPENBSD, "a loaded file of another name answers to that")
def _(w, expect):
    for directory in "/t/p", "/t/b":
        w.lib(directory + "/plug.so", None)
    w.lib("/t/b/liby.so.1.0", "liby.so.1.0", needed=["plug.so"], runpath="/t/b")
    w.program(needed=["/t/p/plug.so", "liby.so.1.0"], runpath="/t/b")
    expect(("/t/p/plug.so", "/t/p/plug.so"), ("liby.so.1.0", "/t/b/liby.so.1.0"))


@case(OPENBSD, "the first .so of a name counts")
def _(w, expect):
    w.lib("/usr/lib/libx.solver.so.1.7", "libx.solver.so.1.7")
    w.program(needed=["libx.solver.so.1.0"])
    expect(("libx.solver.so.1.0", None))
    w.program("/t/F", needed=["libx.solver.so.1.7"])
    expect(("libx.solver.so.1.7", "/usr/lib/libx.solver.so.1.7"), program="/t/F")


@case(OPENBSD, "nothing between the colons of LD_PRELOAD")
def _(w, expect):
    name = w.lib("/t/a/libx.so.3.0", "libx.so.3.0")
    w.program()
    expect((name, name), env=llp(name, "LD_PRELOAD"))
    expect((name, name), ("", None), env=llp(name + ":", "LD_PRELOAD"), status="refused")
    expect(("", None), env=llp("", "LD_PRELOAD"), status="refused")


# Solaris and illumos, section 6.7


def crle(default, flags=4 | 8, env=()):
    """A configuration file of 64 bits with a default path and (variable, flags)."""
    strings = b""
    base = 84

    def add(text):
        nonlocal strings
        strings += text.encode() + b"\0"
        return base + len(strings) - len(text) - 1

    dirs = add(default) if default else 0
    rows = b"".join(struct.pack("<2I", add(text), kind) for text, kind in env) + bytes(8)
    words = [4, flags, 0, 0, 0, 0, 0, 0, 0, dirs, 0, 0, 0]
    return struct.pack("<13I4x2Q3I", *words, 0, 0, base + len(strings) if env else 0, 0, 0) \
        + strings + rows


@case(SOLARIS, "1 RPATH never beats the environment")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], rpath="/t/a")
    expect(x("/t/b"), env=llp("/t/b"))


@case(SOLARIS, "2 RUNPATH is not inherited")
def _(w, expect):
    w.x("/t/a")
    y = through_liby(w, {"runpath": "/t/l:/t/a"})
    expect(y, (X, None), reason="libx.so.1: open failed: No such file or directory")


@case(SOLARIS, "3 no SONAME before the search")
def _(w, expect):
    w.x("/t/a")
    w.lib("/t/b/libx.so.1", X, code="int other;")
    w.lib("/t/a/liby.so", Y, needed=[X], runpath="/t/b")
    w.program(needed=[X, Y], runpath="/t/a")
    expect(x("/t/a"), (Y, "/t/a/liby.so"), x("/t/b"))


@case(SOLARIS, "4 the last part of a loaded path when all failed")
def _(w, expect):
    w.x("/t/p")
    w.lib("/t/a/liby.so", Y, needed=[X])
    w.program(needed=["/t/p/libx.so.1", Y], runpath="/t/a")
    expect(("/t/p/libx.so.1", "/t/p/libx.so.1"), (Y, "/t/a/liby.so"))


@case(SOLARIS, "5 wrong class is passed over")
def _(w, expect):
    w.x("/t/a")
    w.lib("/t/c32/libx.so.1", X, bits=32)
    w.program(needed=[X])
    expect(x("/t/a"), env=llp("/t/c32:/t/a"))


@case(SOLARIS, "6 ... and named when nothing else is found")
def _(w, expect):
    w.lib("/t/c32/libx.so.1", X, bits=32)
    w.program(needed=[X])
    expect((X, None), env=llp("/t/c32"), reason="/t/c32/libx.so.1: wrong ELF class: ELFCLASS32")


@case(SOLARIS, "7 text is passed over")
def _(w, expect):
    w.x("/t/a")
    w.write("/t/txt/libx.so.1", "this is no library, but it is as long as a header would be....\n")
    w.program(needed=[X])
    expect(x("/t/a"), env=llp("/t/txt:/t/a"))


@case(SOLARIS, "8 LD_LIBRARY_PATH_64")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X])
    expect(x("/t/b"), env={**llp("/t/a"), **llp("/t/b", "LD_LIBRARY_PATH_64")})
    expect(x("/t/a"), env={**llp("/t/a"), **llp("/t/b", "LD_LIBRARY_PATH_32")})


@case(SOLARIS, "9 an empty element is the current directory")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X])
    expect((X, X), env=llp(":"), cwd="/t/a")


@case(SOLARIS, "10 crle -l replaces the default directories")
def _(w, expect):
    w.x("/t/a")
    w.lib("/lib/64/libc.so.1", "libc.so.1")
    w.program(needed=[X, "libc.so.1"])
    w.write("/var/ld/64/ld.config", crle("/t/a"))
    expect(x("/t/a"), ("libc.so.1", None))
    w.write("/var/ld/64/ld.config", crle("/t/a:/usr/lib/64", flags=4))
    expect(x("/t/a"), ("libc.so.1", "/lib/64/libc.so.1"))
    expect((X, None), ("libc.so.1", "/lib/64/libc.so.1"), env=llp("1", "LD_NOCONFIG"))


@case(SOLARIS, "10 crle -e and -E")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], runpath="/t/b")
    w.write("/var/ld/64/ld.config", crle(None, env=[("LD_LIBRARY_PATH=/t/a", 1)]))
    expect(x("/t/a"))
    expect(x("/t/b"), env=llp("/none"))
    w.write("/var/ld/64/ld.config", crle(None, env=[("LD_LIBRARY_PATH=/t/a", 2)]))
    expect(x("/t/a"), env=llp("/none"))


@case(SOLARIS, "11 $ORIGIN of a library is resolved")
def _(w, expect):
    w.x("/t/d2")
    w.lib("/t/d2/liby.so", Y, needed=[X], runpath="$ORIGIN")
    w.mkdir("/t/d1")
    w.link("/t/d1/liby.so", "../d2/liby.so")
    w.program(needed=[Y], runpath="/t/d1")
    expect((Y, "/t/d1/liby.so"), x("/t/d2"))


@case(SOLARIS, "12 secure directories")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X])
    expect((X, None), env=llp("/usr/lib/secure/64:/t/a"), extra=["--setuid"])
    w.x("/usr/lib/secure/64")
    expect(x("/usr/lib/secure/64"), env=llp("/t/a:/usr/lib/secure/64"), extra=["--setuid"])


@case(SOLARIS, "$ISALIST is several directories")
def _(w, expect):
    w.x("/t/amd64", "/t/i386")
    w.program(needed=[X], runpath="/t/$ISALIST")
    expect(x("/t/amd64"))
    expect(x("/t/i386"), extra=["--setting", "ISALIST=none i386"])


@case(SOLARIS, "12 $ORIGIN of a library, in a secure process")
def _(w, expect):
    w.x("/t/a", "/t")
    y = ("liby.so", w.lib("/t/a/liby.so", Y, needed=[X], runpath="$ORIGIN"))
    w.program(needed=[Y], runpath="/t/a")
    expect(y, x("/t/a"), extra=["--setuid"])
    w.program("/t/F", needed=[X], runpath="$ORIGIN")
    expect((X, None), program="/t/F", extra=["--setuid"])
    w.lib("/t/a/liby.so", Y, needed=[X], runpath="$ORIGIN/..")
    expect(y, (X, None), extra=["--setuid"])


@case(SOLARIS, "12 $ORIGIN comes to where another library was found, in a secure process")
def _(w, expect):
    w.x("/t/sub")
    y = ("liby.so", w.lib("/t/liby.so", Y, needed=[X], runpath="$ORIGIN/sub"))
    z = w.lib("/t/sub/libz.so", "libz.so")
    for asked in "libz.so", z:
        w.program(needed=[asked, Y], runpath="/t:/t/sub")
        expect((asked, z), y, x("/t/sub"), extra=["--setuid"])
    w.program(needed=[Y, "libz.so"], runpath="/t:/t/sub")  # before what liby.so needs
    expect(y, ("libz.so", z), x("/t/sub"), extra=["--setuid"])
    w.program(needed=[Y], runpath="/t:/t/sub")
    expect(y, (X, None), extra=["--setuid"])
    expect(y, x("/t/sub"))


@case(SOLARIS, "12 $ORIGIN in a name, in a secure process")
def _(w, expect):
    w.x("/t/a", "/t", "/usr/lib/secure/64")
    here, above = "$ORIGIN/libx.so.1", "$ORIGIN/../libx.so.1"
    y = ("liby.so", w.lib("/t/a/liby.so", Y, needed=[here]))
    w.program(needed=[Y], runpath="/t/a")
    expect(y, ("/t/a/libx.so.1", "/t/a/libx.so.1"), extra=["--setuid"])
    w.lib("/t/a/liby.so", Y, needed=[above])
    expect(y, ("/t/a/../libx.so.1", "/t/a/../libx.so.1"))
    expect(y, (above, None), extra=["--setuid"], reason="not trusted in secure mode")
    w.program("/t/F", needed=[here])
    expect((here, None), program="/t/F", extra=["--setuid"], reason="not trusted in secure mode")
    w.program("/usr/lib/secure/64/G", needed=[here])
    found = "/usr/lib/secure/64/libx.so.1"
    expect((found, found), program="/usr/lib/secure/64/G", extra=["--setuid"])


@case(SOLARIS, "what is preloaded has to be there, but not in a secure process")
def _(w, expect):
    w.program()
    missing = ("libmissing.so", None)
    expect(missing, env=llp("libmissing.so", "LD_PRELOAD"))
    expect(missing, env=llp("libmissing.so", "LD_PRELOAD"), extra=["--setuid"], status="ok")


@case(SOLARIS, "tokens in LD_LIBRARY_PATH")
def _(w, expect):
    w.x("/t/a", "/t/lib/amd64")
    w.program(needed=[X])
    expect(x("/t/a"), env=llp("$ORIGIN/a"))
    expect(x("/t/lib/amd64"), env=llp("/t/lib/$ISALIST"))
    expect((X, None), env=llp("/t/$CAPABILITY"))
    w.write("/var/ld/64/ld.config", crle(None, env=[("LD_LIBRARY_PATH=$ORIGIN/a", 2)]))
    for extra in [], ["--setuid"]:  # a secure process trusts its configuration
        expect(x("/t/a"), extra=extra)


@case(SOLARIS, "nothing before a semicolon is no directory")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X])
    for value in "/nope;", ";/nope", "/nope;;/nope2", "/nope:;/nope2", ";":
        expect((X, None), env=llp(value), cwd="/t/a")
        w.program("/t/F", needed=[X], runpath=value)
        expect((X, None), cwd="/t/a", program="/t/F")
    for value in "/nope;:/nope2", "/nope;/nope2:", "::/nope":
        expect((X, X), env=llp(value), cwd="/t/a")


# HP-UX, section 7.4


@case(HPUX, "1 environment beats the embedded path")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], rpath="/t/a")
    expect(x("/t/b"), env=llp("/t/b"))


@case(HPUX, "2 +noenvvar")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], rpath="/t/a", flags=["-Wl,-z,nodlopen"])
    with open(w.host("/t/E"), "r+b") as file:  # DT_FLAGS_1 NOOPEN becomes DT_HP_DLD_FLAGS
        data = file.read()
        at = data.index(struct.pack("<Q", 0x6FFFFFFB))
        file.seek(at)
        file.write(struct.pack("<2Q", 0x60000001, 8))
    expect(x("/t/a"), env=llp("/t/b"))


@case(HPUX, "3 LD_LIBRARY_PATH before SHLIB_PATH")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X])
    expect(x("/t/a"), env={**llp("/t/a"), **llp("/t/b", "SHLIB_PATH")})
    expect(x("/t/b"), env=llp("/t/b", "SHLIB_PATH"))


@case(HPUX, "4 the embedded path is not inherited")
def _(w, expect):
    w.x("/t/a")
    y = through_liby(w, {"rpath": "/t/l:/t/a"})
    expect(y, (X, None), reason="Unable to find library 'libx.so.1'.")


@case(HPUX, "5 -L directories are the embedded path, as ld recorded them")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X], rpath="/t/a:/usr/lib/hpux64")
    expect(x("/t/a"))


@case(HPUX, "6 the wrong kind is passed over")
def _(w, expect):
    w.x("/t/64")
    w.lib("/t/32/libx.so.1", X, bits=32)
    w.program(needed=[X])
    expect(x("/t/64"), env=llp("/t/32:/t/64", "SHLIB_PATH"))


@case(HPUX, "7 set-id programs and dld.sl.conf")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], rpath="/t/a")
    w.write("/etc/dld.sl.conf", "/t/b # trusted\n")
    expect((X, None), env=llp("/t/a", "SHLIB_PATH"), extra=["--setuid"])
    expect(x("/t/b"), env=llp("/t/a:/t/b", "SHLIB_PATH"), extra=["--setuid"])
    for name in "LD_LIBRARY_PATH", "SHLIB_PATH":
        expect(x("/t/b"), env=llp("/t/a:$ORIGIN/a:/t/b", name), extra=["--setuid"])
        expect((X, None), env=llp("/t/a:$ORIGIN/a", name), extra=["--setuid"])


@case(HPUX, "7 the embedded path of set-id programs, too")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.write("/etc/dld.sl.conf", "/t/b\n")
    w.program(needed=[X], rpath="/t/a:/t/b")
    expect(x("/t/b"), extra=["--setuid"])
    expect(x("/t/a"))
    for path in "/t/a", "$ORIGIN/b":
        w.program("/t/F", needed=[X], rpath=path)
        expect((X, None), program="/t/F", extra=["--setuid"])
    y = through_liby(w, {"rpath": "/t/l"}, rpath="/t/a:/t/b")
    w.write("/etc/dld.sl.conf", "/t/l:/t/b\n")
    expect(y, x("/t/b"), extra=["--setuid"])


@case(HPUX, "8 the current directory, for dlopen alone")
def _(w, expect):
    w.x("/t/c")
    w.program(code='const char *f(void) { return "libx.so.1"; } void _start(void) { f(); }')
    expect.dlopen(X, X, cwd="/t/c")
    w.program("/t/F", needed=[X])
    expect((X, None), program="/t/F", cwd="/t/c")


@case(HPUX, "9 an entry with $ORIGIN that is not there")
def _(w, expect):
    w.lib("/usr/lib/hpux64/libc.so", "libc.so")
    w.program(needed=["$ORIGIN/libc.so"])
    expect(("$ORIGIN/libc.so", "/usr/lib/hpux64/libc.so"))
    w.lib("/t/libc.so", "libc.so")
    expect(("$ORIGIN/libc.so", "/t/libc.so"))


# Android, section 8


@case(ANDROID, "1 RPATH is ignored")
def _(w, expect):
    w.x("/t/a")
    w.program(needed=[X], rpath="/t/a")
    expect((X, None), reason='library "libx.so.1" not found')


@case(ANDROID, "2 environment beats RUNPATH")
def _(w, expect):
    w.x("/t/a", "/t/b")
    w.program(needed=[X], runpath="/t/a")
    expect(x("/t/b"), env=llp("/t/b"))


@case(ANDROID, "3 RUNPATH is not inherited")
def _(w, expect):
    w.x("/t/a")
    y = through_liby(w, {"runpath": "/t/l:/t/a"})
    expect(y, (X, None))


@case(ANDROID, "4 SONAME of a loaded library")
def _(w, expect):
    w.lib("/t/a/weird.so", X)
    w.lib("/t/a/liby.so", Y, needed=[X])
    w.program(needed=["/t/a/weird.so", Y], runpath="/t/a:/system/lib64")
    expect(("/t/a/weird.so", "/t/a/weird.so"), (Y, "/t/a/liby.so"))


@case(ANDROID, "default directories; wrong class is fatal")
def _(w, expect):
    w.x("/vendor/lib64")
    w.program(needed=[X])
    expect(x("/vendor/lib64"))
    w.lib("/system/lib64/libx.so.1", X, bits=32)
    expect((X, None), status="refused", reason="is 32-bit instead of 64-bit")


def main():
    tenon.command()
    build.needs("gcc")
    report = Report()
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    with Tree() as tree, tempfile.TemporaryDirectory(prefix="tenon-foreign-") as work:
        for number, (system, label, function) in enumerate(case):
            name = "%s %s" % (system.loader, label)
            if wanted in name:
                world = World(tree, system, work, number)
                function(world, Expect(report, name, world))
    report.finish()


if __name__ == "__main__":
    main()
