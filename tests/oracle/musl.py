"""musl's own loader against tenon: cases built with musl-gcc, answers compared as they come.

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
from musl_case import MuslExpect
from report import Report, skip_all

CASES = []


def case(function):
    """Registers a case; its words are its name."""
    CASES.append(function)
    return function


def pair(t):
    """a/ and b/ hold libx.so.1 and liby.so, which needs libx.so.1"""
    for directory in ("a", "b"):
        t.lib(directory + "/libx.so.1", "libx.so.1")
        t.lib(directory + "/liby.so", "liby.so", needed=["libx.so.1"])


def llp(*paths):
    return {"LD_LIBRARY_PATH": ":".join(paths)}


@case
def a_real_program(t, same):
    same(t.real_program("E", "int main(void) { return 0; }"))


@case
def rpath(t, same):
    pair(t)
    same(t.program("E", needed=["libx.so.1"], rpath=t.path("a")))


@case
def runpath(t, same):
    pair(t)
    same(t.program("E", needed=["libx.so.1"], runpath=t.path("a")))


@case
def both_run_paths(t, same):
    pair(t)
    same(t.program("E", needed=["libx.so.1"], rpath=t.path("a"), runpath=t.path("b")))


@case
def empty_runpath_hides_rpath(t, same):
    pair(t)
    same(t.program("E", needed=["libx.so.1"], rpath=t.path("a"), runpath=""))


@case
def library_path_before_run_paths(t, same):
    pair(t)
    for tag in ("rpath", "runpath"):
        same(t.program("E" + tag, needed=["liby.so"], **{tag: t.path("a")}), env=llp(t.path("b")))


@case
def chain_of_four(t, same):
    for i in range(4):
        t.lib("d%d/lib%d.so" % (i, i), "lib%d.so" % i, needed=["lib%d.so" % (i + 1)],
              runpath=t.path("d%d" % (i + 1)))
    t.lib("d4/lib4.so", "lib4.so", needed=["lib0.so", "libgone.so"])
    same(t.program("E", needed=["lib0.so"], runpath=t.path("d0")))


@case
def chain_without_own_paths(t, same):
    t.lib("a/lib1.so", "lib1.so", needed=["lib2.so"])
    t.lib("a/lib2.so", "lib2.so", needed=["lib3.so"], rpath="/none")
    t.lib("a/lib3.so", "lib3.so")
    same(t.program("E", needed=["lib1.so"], runpath=t.path("a")))


@case
def first_requester_makes_the_chain(t, same):
    for name, directory in (("liba.so", "one"), ("libb.so", "two")):
        t.lib("a/" + name, name, needed=["libz.so"], runpath=t.path(directory))
        t.lib(directory + "/libz.so", "libz.so", needed=["libx.so.1"])
        t.lib(directory + "/libx.so.1", "libx.so.1")
    same(t.program("E", needed=["liba.so", "libb.so"], runpath=t.path("a")))


@case
def name_with_slash(t, same):
    pair(t)
    same(t.program("E", needed=[t.path("a/libx.so.1")]))


@case
def relative_name_with_slash(t, same):
    pair(t)
    e = t.program("E", needed=["a/libx.so.1"], runpath=t.path("b"))
    same(e, cwd=t.dir)
    same(e, cwd=t.path("a"))


@case
def token_in_a_name(t, same):
    pair(t)
    same(t.program("E", needed=["$ORIGIN/a/libx.so.1"]))


@case
def reserved_names(t, same):
    names = ["libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libutil.so.1",
             "libpthread.so.0", "libxnet.so", "libcrypt.so.1"]
    same(t.program("E", needed=names))


@case
def reserved_name_with_a_file(t, same):
    t.lib("a/libm.so.6", "libm.so.6")
    same(t.program("E", needed=["libm.so.6", "libmy.so"], runpath=t.path("a")))


@case
def the_loader_by_its_path(t, same):
    pair(t)
    same(t.program("E", needed=[loaders.MUSL, "libx.so.1"], runpath=t.path("a")))


@case
def library_path_with_newline(t, same):
    pair(t)
    e = t.program("E", needed=["libx.so.1"])
    same(e, env={"LD_LIBRARY_PATH": "/none\n\n" + t.path("a") + "\n"})


@case
def library_path_with_semicolon(t, same):
    pair(t)
    same(t.program("E", needed=["libx.so.1"]), env=llp("/none;" + t.path("a")))


@case
def library_path_with_token(t, same):
    pair(t)
    same(t.program("E", needed=["libx.so.1"]), env=llp("$ORIGIN/a"))


@case
def empty_elements(t, same):
    pair(t)
    e = t.program("E", needed=["libx.so.1"])
    for value in ("", ":", "::", ":/none:", "/none::" + t.path("b")):
        same(e, env=llp(value), cwd=t.path("a"))


@case
def relative_elements(t, same):
    pair(t)
    same(t.program("E", needed=["libx.so.1"]), env=llp("none:a"), cwd=t.dir)
    same(t.program("R", needed=["libx.so.1"], runpath="none:./b/"), cwd=t.dir)


@case
def preload(t, same):
    pair(t)
    one, two = t.lib("p/lib1.so", "lib1.so"), t.lib("p/lib2.so", "lib2.so")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    for value in ("%s %s" % (one, two), "%s:%s" % (two, one), "\t%s\n%s" % (one, two)):
        same(e, env={"LD_PRELOAD": value})


@case
def preload_by_name(t, same):
    pair(t)
    t.lib("p/lib1.so", "lib1.so")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a") + ":" + t.path("p"))
    same(e, env={"LD_PRELOAD": "lib1.so"})
    same(e, env=dict(llp(t.path("p")), LD_PRELOAD="lib1.so"))


@case
def preload_that_is_missing(t, same):
    pair(t)
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    same(e, env={"LD_PRELOAD": "libgone.so:" + t.path("gone.so")})


@case
def preload_with_needs(t, same):
    pair(t)
    one = t.lib("p/lib1.so", "lib1.so", needed=["lib2.so"], runpath=t.path("p"))
    t.lib("p/lib2.so", "lib2.so")
    same(t.program("E", needed=["libx.so.1"], runpath=t.path("a")), env={"LD_PRELOAD": one})


@case
def preload_is_nobodys_child(t, same):
    """The program's run path is not searched for what a preload needs."""
    pair(t)
    one = t.lib("p/lib1.so", "lib1.so", needed=["liby.so"])
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    same(e, env={"LD_PRELOAD": one})
    same(e, env=dict(llp(t.path("b")), LD_PRELOAD=one))


@case
def preload_satisfies_a_need_by_its_file_name(t, same):
    pair(t)
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    same(e, env=dict(llp(t.path("b")), LD_PRELOAD="libx.so.1"))
    same(e, env={"LD_PRELOAD": t.path("b/libx.so.1")})


@case
def same_file_under_two_names(t, same):
    t.lib("a/libn1.so", "libn1.so")
    t.link("a/libn2.so", "libn1.so")
    os.link(t.path("a/libn1.so"), t.path("a/libn3.so"))
    same(t.program("E", needed=["libn2.so", "libn1.so", "libn3.so"], runpath=t.path("a")))


@case
def short_name_after_a_path(t, same):
    pair(t)
    t.lib("c/libz.so", "libz.so", needed=["libx.so.1"], runpath=t.path("b"))
    e = t.program("E", needed=[t.path("b/libx.so.1"), t.path("c/libz.so"), "libx.so.1"],
                  runpath=t.path("a"))
    same(e)


@case
def soname_is_never_read(t, same):
    t.lib("m/libx.so.1", "libq.so.9")
    same(t.program("E", needed=["libx.so.1", "libq.so.9"], runpath=t.path("m")))


@case
def several_missing(t, same):
    t.lib("a/liby.so", "liby.so", needed=["libgone2.so", "libgone1.so"])
    same(t.program("E", needed=["libgone1.so", "liby.so"], runpath=t.path("a")))


@case
def corrupt_first(t, same):
    pair(t)
    t.write("bad1/libx.so.1", "text\n" * 100)
    t.write("bad2/libx.so.1", "")
    t.write("bad3/libx.so.1", open(t.path("a/libx.so.1"), "rb").read(70))
    e = t.program("E", needed=["libx.so.1"])
    for directory in ("bad1", "bad2", "bad3"):
        same(e, env=llp(t.path(directory), t.path("a")))


@case
def wrong_type(t, same):
    pair(t)
    for i, value in enumerate((1, 4, 2)):
        with elf.Patch(t.copy("a/libx.so.1", "type%d/libx.so.1" % i)) as file:
            file.put("H", 16, value)
        same(t.program("E", needed=["libx.so.1"]), env=llp(t.path("type%d" % i), t.path("a")))


@case
def no_dynamic_section(t, same):
    pair(t)
    with elf.Patch(t.copy("a/libx.so.1", "bad/libx.so.1")) as file:
        file.retype_segment(elf.PT_DYNAMIC, 0)
    same(t.program("E", needed=["libx.so.1"]), env=llp(t.path("bad"), t.path("a")))


@case
def odd_header_bytes(t, same):
    pair(t)
    e = t.program("E", needed=["libx.so.1"])
    for layout, at, value in (("B", 0, 0), ("B", 4, 9), ("B", 6, 3), ("H", 18, 40), ("I", 20, 7)):
        with elf.Patch(t.copy("a/libx.so.1", "odd%d/libx.so.1" % at)) as file:
            file.put(layout, at, value)
        same(e, env=llp(t.path("odd%d" % at)))


@case
def a_real_32_bit_library(t, same):
    pair(t)
    t.lib("c32/libx.so.1", "libx.so.1", bits=32)
    same(t.program("E", needed=["libx.so.1"]), env=llp(t.path("c32"), t.path("a")))


@case
def directory_first(t, same):
    pair(t)
    t.mkdir("dir/libx.so.1")
    same(t.program("E", needed=["libx.so.1"]), env=llp(t.path("dir"), t.path("a")))


@case
def link_loop_first(t, same):
    pair(t)
    t.link("loop/libx.so.1", "libx.so.1")
    same(t.program("E", needed=["libx.so.1"], runpath=t.path("b")),
         env=llp(t.path("loop"), t.path("a")))


@case
def dangling_link_and_file_as_directory(t, same):
    pair(t)
    t.link("dangling/libx.so.1", "nowhere")
    t.write("file", "")
    same(t.program("E", needed=["libx.so.1"]),
         env=llp(t.path("dangling"), t.path("file"), t.path("a")))


@case
def origin_forms(t, same):
    pair(t)
    for i, runpath in enumerate(("$ORIGIN/a", "${ORIGIN}/a", "$ORIGIN/../%s/a" %
                                 os.path.basename(t.dir), "/none:$ORIGIN/b:$ORIGIN/a")):
        same(t.program("E%d" % i, needed=["libx.so.1"], runpath=runpath))


@case
def origin_is_a_prefix(t, same):
    t.lib("Ea/libx.so.1", "libx.so.1")
    t.lib("binX/libx.so.1", "libx.so.1")
    same(t.program("bin/E", needed=["libx.so.1"], runpath="$ORIGINX"))


@case
def origin_of_a_library(t, same):
    t.lib("d2/liby.so", "liby.so", needed=["libx.so.1"], runpath="$ORIGIN")
    t.link("d1/liby.so", "../d2/liby.so")
    t.lib("d2/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["liby.so"], runpath=t.path("d1"))
    same(e)
    t.copy("d2/libx.so.1", "d1/libx.so.1")
    same(e)


@case
def unknown_tokens(t, same):
    pair(t)
    for i, runpath in enumerate(("%s:$LIB", "%s:$PLATFORM/x", "%s:$", "%s:${ORIGIN", "%s:$FOO")):
        same(t.program("E%d" % i, needed=["libx.so.1"], runpath=runpath % t.path("a")))


@case
def long_names(t, same):
    t.lib("a/" + "l" * 255, "short.so")
    e = t.program("E", needed=["l" * 255, "m" * 256], runpath=t.path("a"))
    same(e)


@case
def long_directories(t, same):
    pair(t)
    deep = "a" + "/." * 300
    same(t.program("E", needed=["libx.so.1"], runpath=t.path(deep) + ":" + t.path("b")))


@case
def cyclic_needs(t, same):
    t.lib("a/lib1.so", "lib1.so", needed=["lib3.so", "lib2.so"])
    t.lib("a/lib2.so", "lib2.so", needed=["lib1.so", "lib4.so"])
    t.lib("a/lib3.so", "lib3.so", needed=["lib3.so", "lib1.so"])
    t.lib("a/lib4.so", "lib4.so")
    same(t.program("E", needed=["lib1.so", "lib2.so"], runpath=t.path("a")))


@case
def a_library_as_the_program(t, same):
    pair(t)
    library = t.lib("l.so", "l.so", needed=["libx.so.1", "libgone.so"], runpath=t.path("a"))
    same(library, extra=("--loader", "musl"))  # nothing in it tells whose it is


@case
def flags_without_meaning_here(t, same):
    pair(t)
    t.lib("a/libaux.so", "libaux.so", flags=["-Xlinker", "-f", "-Xlinker", "libgone.so"])
    same(t.program("E", needed=["libaux.so", "libx.so.1"], runpath=t.path("a"),
                   flags=["-Xlinker", "-z", "-Xlinker", "nodefaultlib"]))


@case
def default_directories(t, same):
    t.copy(os.path.realpath(loaders.MUSL), loaders.MUSL.lstrip("/"))
    t.program("E", needed=["libx.so.1"])
    for directory in ("usr/lib", "usr/local/lib", "lib"):
        t.lib(directory + "/libx.so.1", "libx.so.1")
        same("/E", root=t.dir)


@case
def path_file(t, same):
    t.copy(os.path.realpath(loaders.MUSL), loaders.MUSL.lstrip("/"))
    t.program("E", needed=["libx.so.1"])
    t.lib("usr/lib/libx.so.1", "libx.so.1")
    t.lib("opt/libx.so.1", "libx.so.1")
    for content in ("/opt", "/opt\n", "/none:/opt\n/usr/lib\n", "\n", "/none", "opt"):
        t.write("etc/ld-musl-x86_64.path", content)
        same("/E", root=t.dir)
    os.unlink(t.path("etc/ld-musl-x86_64.path"))
    t.mkdir("etc/ld-musl-x86_64.path")
    same("/E", root=t.dir)


def main():
    build.needs("musl-gcc")
    if not loaders.usable(loaders.MUSL):
        skip_all("no musl for x86-64 here")
    tenon.command()
    report = Report()
    for function in CASES:
        with Tree(compiler="musl-gcc", interp=loaders.MUSL) as tree:
            expect = MuslExpect(report, function.__name__.replace("_", " "))
            try:
                function(tree, expect.same)
            except loaders.LoaderFailed as failure:
                report.skip(expect.name, "the loader gives no answer: %s" % failure)
    report.note("%d cases built" % len(CASES))
    report.finish()


if __name__ == "__main__":
    main()
