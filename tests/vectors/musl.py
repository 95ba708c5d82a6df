"""The test vectors of musl's search: built for real, then asked of the real loader and of tenon.

Vector numbers are those of the reference on loaders, section 2.8; vector 17 (dlopen) is covered by
tests/unit/test_resolve.c.

rule: musl ldso/dynlink.c
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build
import elf
import loaders
import tenon
from build import Tree
from cases import Cases
from musl_case import MuslExpect, NOTHING_TRIED
from report import Report, skip_all

ABSENT = "No such file or directory"
case = Cases()


def standard(t, prefix=""):
    """a/libx.so.1 and b/libx.so.1, both good"""
    t.lib(prefix + "a/libx.so.1", "libx.so.1")
    t.lib(prefix + "b/libx.so.1", "libx.so.1")


def x(t, directory):
    return "libx.so.1", t.path(directory, "libx.so.1")


def llp(*paths):
    return {"LD_LIBRARY_PATH": ":".join(paths)}


@case("1 environment first, even over RPATH")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"], rpath=t.path("a"))
    expect(e, x(t, "b"), env=llp(t.path("b")))
    expect(e, x(t, "a"))


@case("2 RUNPATH inherited")
def _(t, expect):
    standard(t)
    t.lib("a/liby.so", "liby.so", needed=["libx.so.1"])
    e = t.program("E", needed=["liby.so"], runpath=t.path("a"))
    expect(e, ("liby.so", t.path("a/liby.so")), x(t, "a"))


def own_list_first(t, runpath):
    standard(t)
    t.lib("c/liby.so", "liby.so", needed=["libx.so.1"], runpath=runpath)
    return t.program("E", needed=["liby.so"], runpath=t.path("c") + ":" + t.path("a"))


@case("3 own list first, then ancestors")
def _(t, expect):
    e = own_list_first(t, "/none")
    expect(e, ("liby.so", t.path("c/liby.so")), x(t, "a"))


@case("4 nearest first")
def _(t, expect):
    e = own_list_first(t, t.path("b"))
    expect(e, ("liby.so", t.path("c/liby.so")), x(t, "b"))


@case("5 RUNPATH replaces RPATH")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"], rpath=t.path("a"), runpath=t.path("empty"))
    expect(e, failures=[("libx.so.1", ABSENT, e)])


@case("6 SONAME not used")
def _(t, expect):
    standard(t)
    weird = t.lib("p/libweird.so", "libx.so.1")
    t.lib("b/liby.so", "liby.so", needed=["libx.so.1"], runpath=t.path("b"))
    e = t.program("E", needed=[weird, "liby.so"], runpath=t.path("b"))
    expect(e, (weird, weird), ("liby.so", t.path("b/liby.so")), x(t, "b"))


@case("7 SONAME of a loaded library is not found")
def _(t, expect):
    t.lib("m/libx.so.1", "libq.so.9")
    e = t.program("E", needed=["libx.so.1", "libq.so.9"], runpath=t.path("m"))
    expect(e, x(t, "m"), failures=[("libq.so.9", ABSENT, e)])


@case("8 device and inode after search")
def _(t, expect):
    standard(t)
    by_path = t.path("b/libx.so.1")
    t.lib("b/liby.so", "liby.so", needed=["libx.so.1"], runpath=t.path("b"))
    e = t.program("E", needed=[by_path, "liby.so"], runpath=t.path("b"))
    expect(e, (by_path, by_path), ("liby.so", t.path("b/liby.so")))


@case("9 first openable decides: text")
def _(t, expect):
    standard(t)
    t.write("txt/libx.so.1", "text " * 100)
    e = t.program("E", needed=["libx.so.1"])
    expect(e, failures=[("libx.so.1", "Exec format error", e)],
           env=llp(t.path("txt"), t.path("a")))


@case("10 first openable decides: directory")
def _(t, expect):
    standard(t)
    t.mkdir("dir/libx.so.1")
    e = t.program("E", needed=["libx.so.1"])
    expect(e, failures=[("libx.so.1", "Is a directory", e)], env=llp(t.path("dir"), t.path("a")))


@case("11 another errno aborts everything")
def _(t, expect):
    standard(t)
    t.link("loop/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("b"))
    expect(e, failures=[("libx.so.1", "Symbolic link loop", e)],
           env=llp(t.path("loop"), t.path("a")))


@case("12 header bytes are not checked")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"])
    for layout, at, value in (("H", 18, 183), ("B", 4, 1), ("B", 3, 0x47), ("B", 7, 9)):
        with elf.Patch(t.copy("a/libx.so.1", "odd%d/libx.so.1" % at)) as file:
            file.put(layout, at, value)
        expect(e, x(t, "odd%d" % at), env=llp(t.path("odd%d" % at)))


@case("13 an unknown token voids the whole list")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"], runpath="%s:%s/$LIB" % (t.path("a"), t.dir))
    expect(e, failures=[("libx.so.1", ABSENT, e)])


@case("14 an empty element is skipped")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"])
    for value in (":", "", "::/nope:"):
        expect(e, failures=[("libx.so.1", ABSENT, e)], env=llp(value), cwd=t.path("a"))


@case("15 newline separates")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"])
    expect(e, x(t, "a"), env={"LD_LIBRARY_PATH": "/nope\n" + t.path("a")})
    expect(e, failures=[("libx.so.1", ABSENT, e)], env={"LD_LIBRARY_PATH": "/nope;" + t.path("a")})


@case("16 reserved names are the loader")
def _(t, expect):
    names = ["libpthread.so.0", "libm.so.6", "libc.so.6"]
    e = t.program("E", needed=names)
    expect(e, ("libpthread.so.0", loaders.MUSL))


def prefixed(t, content):
    """A loader of its own below p/, with this path file."""
    loader = t.copy(os.path.realpath(loaders.MUSL), "p/lib/ld-musl-x86_64.so.1")
    t.write("p/etc/ld-musl-x86_64.path", content)
    return loader


@case("18 the path file belongs to the loader's prefix")
def _(t, expect):
    loader = prefixed(t, "/nope\n%s\n" % t.path("z"))
    found = t.lib("z/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["libx.so.1"], interp=loader)
    expect(e, ("libx.so.1", found), loader=loader)


@case("the last part of the loader's path is no name of it")
def _(t, expect):
    loader = prefixed(t, t.path("z"))
    name = os.path.basename(loader)
    e = t.program("E", needed=[name], interp=loader)
    expect(e, failures=[(name, ABSENT, e)], loader=loader)


@case("19 no defaults when the file exists")
def _(t, expect):
    t.copy(os.path.realpath(loaders.MUSL), loaders.MUSL.lstrip("/"))
    t.lib("usr/local/lib/libx.so.1", "libx.so.1")
    t.program("E", needed=["libx.so.1"])
    expect("/E", ("libx.so.1", "/usr/local/lib/libx.so.1"), root=t.dir)
    path = t.write("etc/ld-musl-x86_64.path", "")
    expect("/E", failures=[("libx.so.1", NOTHING_TRIED, "/E")], root=t.dir)
    os.unlink(path)
    for directory in ("usr/lib", "usr/local/lib", "lib"):
        t.lib(directory + "/libd.so", "libd.so")
        t.program("D", needed=["libd.so"])
        expect("/D", ("libd.so", "/%s/libd.so" % directory), root=t.dir)


@case("20 version requirements are ignored")
def _(t, expect):
    code = "int f(void) { return 1; }"
    one, two = t.write("one.map", "V1 { };"), t.write("two.map", "V1 { }; V2 { f; } V1;")
    t.lib("v1/libv.so", "libv.so", code=code, flags=["-Xlinker", "--version-script=" + one])
    t.lib("v2/libv.so", "libv.so", code=code, flags=["-Xlinker", "--version-script=" + two])
    e = t.program("E", code="int f(void); void _start(void) { f(); }", link=["v2/libv.so"])
    expect(e, ("libv.so", t.path("v1/libv.so")), env=llp(t.path("v1")))


def main():
    build.needs("musl-gcc")
    if not loaders.usable(loaders.MUSL):
        skip_all("no musl for x86-64 here")
    tenon.command()
    report = Report()
    for name, function in case:
        with Tree(compiler="musl-gcc", interp=loaders.MUSL) as tree:
            function(tree, MuslExpect(report, name))
    report.finish()


if __name__ == "__main__":
    main()
