"""The test vectors of glibc's search: built for real, then asked of the real loader and of tenon.

Each case is checked three ways: the real loader against the written expectation, tenon against it,
and tenon against the real loader. Vector numbers are those of the reference on loaders, section
1.12; vector 32 (dlopen) is covered by tests/unit/test_resolve.c.

rule: glibc elf/dl-load.c, elf/dl-deps.c, elf/dl-cache.c, elf/dl-version.c, elf/rtld.c; ld.so(8)
"""

import os
import re
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build
import elf
import elfmake
import loaders
import tenon
from answer import Answer
from build import Tree
from cases import Cases
from report import Report, skip_all

ABSENT = "cannot open shared object file: No such file or directory"
NO_REASON = "cannot open shared object file"  # nothing was tried, so there is no errno
NOBODY = 65534
case = Cases()

# Ways to ask the real loader: as ldd does through the kernel, as ldd does through ld.so, and as
# ld.so --list does, which alone stops at a miss.
START = {"kernel": loaders.glibc_start, "ld.so": loaders.glibc_trace, "list": loaders.glibc_list}


LISTS_ITSELF = loaders.glibc_version() >= (2, 41)
PASSES_OVER_FILES = loaders.glibc_version() >= (2, 39)


class Expect:
    """The checks of one case."""

    def __init__(self, report, name):
        self.report = report
        self.name = name
        self.runs = 0

    def __call__(self, program, *objects, stop=None, versions=(), env=None, cwd=None, root=None,
                 start="kernel", fails=ABSENT, cpu=None, only_real=False):
        """
        objects   (name, path) in load order; path None: not found
        stop      the loader gives up with this message
        root      the program runs with this directory as "/"; tenon gets it as --sysroot
        start     a key of START
        cpu       the processor's level; a sysroot's is the baseline
        fails     the message of a real start when something was not found
        """
        self.runs += 1
        name = "%s (%d)" % (self.name, self.runs)
        expected = Answer(objects, stop, versions)
        lone = LISTS_ITSELF and all(path != loaders.GLIBC for _, path in expected.objects)
        shown = loaders.without_itself if lone else lambda answer: answer
        real = self._real(name, expected, program, env, cwd, root, start, shown)
        missing = [row[0] for row in objects if row[1] is None]
        if missing and start == "kernel" and real is not None:
            self._real_failure(name, program, env, cwd, root, "%s: %s" % (missing[0], fails))
        if only_real:
            return
        rows = tenon.why([program], env=env, cwd=cwd, sysroot=root, cpu=cpu)
        ours = shown(tenon.answer(rows[program], expected))
        self.report.check(name, expected, ours, ("expected", "tenon"))
        if real is not None:
            self.report.check(name, real, ours, ("ld.so", "tenon"))
        if missing and fails not in (ABSENT, NO_REASON):
            said = tenon.failures(rows[program], [(missing[0], fails, None)])
            self.report.check(name + " reason", fails, said[0][1] if said else None)

    def _real(self, name, expected, program, env, cwd, root, start, shown):
        if root is not None and os.geteuid() != 0:
            self.report.skip(name, "the real loader needs chroot, hence root")
            return None
        real = shown(START[start](program, env, cwd, root=root))
        self.report.check(name, expected, real, ("expected", "ld.so"))
        return real

    def _real_failure(self, name, program, env, cwd, root, message):
        status, _, err = loaders.run_program(program, env, cwd, root)
        said = loaders.spell_error(err.split("error while loading shared libraries: ", 1)[-1].strip())
        self.report.check(name + " message", (127, message), (status, said), ("expected", "ld.so"))

    def warns(self, program, *failures, env=None):
        """Preloads that the loader leaves out with a warning: (name, reason)."""
        self.runs += 1
        name = "%s (%d) warnings" % (self.name, self.runs)
        real = loaders.glibc_start(program, env).preload_failures
        self.report.check(name, list(failures), real, ("expected", "ld.so"))
        row = tenon.why([program], env=env)[program]
        ours = [(text, reason) for (text, reason), (_, words)
                in zip(tenon.answer(row).preload_failures, failures) if words in (reason or "")]
        self.report.check(name, [row[0] for row in failures], [row[0] for row in ours])


def standard(t):
    """a/libx.so.1 and b/libx.so.1, both good"""
    t.lib("a/libx.so.1", "libx.so.1")
    t.lib("b/libx.so.1", "libx.so.1")


def first(t, directory):
    """LD_LIBRARY_PATH: `directory`, then a/"""
    return {"LD_LIBRARY_PATH": "%s:%s" % (t.path(directory), t.path("a"))}


def llp(*paths):
    return {"LD_LIBRARY_PATH": ":".join(paths)}


# The search itself: vectors 1 to 20.


@case("1 environment beats RUNPATH")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    expect(e, ("libx.so.1", t.path("b/libx.so.1")), env=llp(t.path("b")))
    expect(e, ("libx.so.1", t.path("a/libx.so.1")))


@case("2 RPATH beats environment")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"], rpath=t.path("a"))
    expect(e, ("libx.so.1", t.path("a/libx.so.1")), env=llp(t.path("b")))


@case("3 RPATH ignored when RUNPATH present")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"], rpath=t.path("a"), runpath=t.path("empty"))
    expect(e, ("libx.so.1", None))
    expect(e, ("libx.so.1", t.path("b/libx.so.1")), env=llp(t.path("b")))


def through_liby(t, **tag):
    standard(t)
    t.lib("a/liby.so", "liby.so", needed=["libx.so.1"])
    return t.program("E", needed=["liby.so"], **tag)


@case("4 RUNPATH not inherited")
def _(t, expect):
    e = through_liby(t, runpath=t.path("a"))
    expect(e, ("liby.so", t.path("a/liby.so")), ("libx.so.1", None))


@case("5 RPATH inherited")
def _(t, expect):
    e = through_liby(t, rpath=t.path("a"))
    expect(e, ("liby.so", t.path("a/liby.so")), ("libx.so.1", t.path("a/libx.so.1")))


@case("6 requester's RUNPATH disables chain")
def _(t, expect):
    standard(t)
    t.lib("c/liby.so", "liby.so", needed=["libx.so.1"], runpath=t.path("none"))
    e = t.program("E", needed=["liby.so"], rpath=t.path("c") + ":" + t.path("a"))
    expect(e, ("liby.so", t.path("c/liby.so")), ("libx.so.1", None))


@case("7 empty RUNPATH disables chain too")
def _(t, expect):
    standard(t)
    t.lib("c/liby.so", "liby.so", needed=["libx.so.1"], runpath="")
    e = t.program("E", needed=["liby.so"], rpath=t.path("c") + ":" + t.path("a"))
    expect(e, ("liby.so", t.path("c/liby.so")), ("libx.so.1", None))


@case("8 intermediate RUNPATH does not cut the chain")
def _(t, expect):
    standard(t)
    t.lib("d/liby.so", "liby.so", needed=["libz.so"], runpath=t.path("d"))
    t.lib("d/libz.so", "libz.so", needed=["libx.so.1"])
    e = t.program("E", needed=["liby.so"], rpath=t.path("d") + ":" + t.path("a"))
    expect(e, ("liby.so", t.path("d/liby.so")), ("libz.so", t.path("d/libz.so")),
           ("libx.so.1", t.path("a/libx.so.1")))


@case("9 SONAME of a loaded object")
def _(t, expect):
    standard(t)
    weird = t.lib("p/weird.so", "libx.so.1")
    t.lib("b/liby.so", "liby.so", needed=["libx.so.1"], runpath=t.path("b"))
    e = t.program("E", needed=[weird, "liby.so"], runpath=t.path("b"))
    expect(e, (weird, weird), ("liby.so", t.path("b/liby.so")))


@case("10 SONAME without any such file")
def _(t, expect):
    t.lib("m/libx.so.1", "libq.so.9")
    t.lib("m/liby.so", "liby.so", needed=["libq.so.9"])
    e = t.program("E", needed=["libx.so.1", "liby.so"], runpath=t.path("m"))
    expect(e, ("libx.so.1", t.path("m/libx.so.1")), ("liby.so", t.path("m/liby.so")))


@case("11 the order decides")
def _(t, expect):
    t.lib("m/libx.so.1", "libq.so.9")
    e = t.program("E", needed=["libq.so.9", "libx.so.1"], runpath=t.path("m"))
    expect(e, ("libq.so.9", None), ("libx.so.1", t.path("m/libx.so.1")))


@case("12 device and inode")
def _(t, expect):
    t.lib("m/libn1.so")
    t.link("m/libn2.so", "libn1.so")
    e = t.program("E", needed=["libn2.so", "libn1.so"], runpath=t.path("m"))
    expect(e, ("libn2.so", t.path("m/libn2.so")))


@case("13 wrong class skipped")
def _(t, expect):
    standard(t)
    t.lib("c32/libx.so.1", "libx.so.1", bits=32)
    e = t.program("E", needed=["libx.so.1"])
    expect(e, ("libx.so.1", t.path("a/libx.so.1")), env=first(t, "c32"))
    expect(e, ("libx.so.1", None), env=llp(t.path("c32")), fails="wrong ELF class: ELFCLASS32")


@case("14 wrong machine skipped silently")
def _(t, expect):
    standard(t)
    with elf.Patch(t.copy("a/libx.so.1", "mach/libx.so.1")) as file:
        file.put("H", 18, 183)
    e = t.program("E", needed=["libx.so.1"])
    expect(e, ("libx.so.1", t.path("a/libx.so.1")), env=first(t, "mach"))
    expect(e, ("libx.so.1", None), env=llp(t.path("mach")))


@case("15 corrupt is fatal")
def _(t, expect):
    standard(t)
    text = t.write("txt/libx.so.1", "no library, but long enough to be read as an ELF header\n" * 9)
    e = t.program("E", needed=["libx.so.1"])
    expect(e, stop=text + ": invalid ELF header", env=first(t, "txt"))


@case("16 a directory is fatal")
def _(t, expect):
    standard(t)
    directory = t.mkdir("dir/libx.so.1")
    e = t.program("E", needed=["libx.so.1"])
    expect(e, stop=directory + ": cannot read file data: Is a directory", env=first(t, "dir"))


@case("17 a symlink loop ends the stage")
def _(t, expect):
    standard(t)
    t.link("loop/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("b"))
    expect(e, ("libx.so.1", t.path("b/libx.so.1")), env=first(t, "loop"))


@case("18 an empty element is the current directory")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"])
    for value in (":/nope", "/nope:", "/nope::/nope"):
        expect(e, ("libx.so.1", "libx.so.1"), env=llp(value), cwd=t.path("a"))
    run = t.program("R", needed=["libx.so.1"], runpath="/nope::/nope2")
    expect(run, ("libx.so.1", "libx.so.1"), cwd=t.path("a"))


@case("19 an empty variable is ignored")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"])
    expect(e, ("libx.so.1", None), env=llp(""), cwd=t.path("a"))


@case("20 a semicolon separates only in the environment")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"])
    expect(e, ("libx.so.1", t.path("a/libx.so.1")), env=llp("/nope;" + t.path("a")))
    e = t.program("E", needed=["libx.so.1"], runpath="/nope;" + t.path("a"))
    expect(e, ("libx.so.1", None))


@case("an error below a relative element ends the list, unless nothing is there")
def _(t, expect):
    standard(t)
    t.write("text", "text")
    t.link("loop", "loop")
    t.link("dangling", "nothing")
    t.mkdir("empty")
    a = t.path("a")
    x, none = ("libx.so.1", t.path("a/libx.so.1")), ("libx.so.1", None)
    below = x if PASSES_OVER_FILES else none
    e = t.program("E", needed=["libx.so.1"])
    for element, found in (("text", below), ("text/sub", below), ("loop", none), ("loop/sub", none),
                           ("n" * 300, none), ("none", x), ("dangling", x), ("empty", x),
                           (t.path("text"), x), (t.path("loop"), x), (t.path("n" * 300), x)):
        expect(e, found, env=llp(element, a), cwd=t.dir)
        expect(t.program("E2", needed=["libx.so.1"], runpath=element + ":" + a), found, cwd=t.dir)
        expect(t.program("E3", needed=["libx.so.1"], rpath=element + ":" + a), found, cwd=t.dir)
    both = t.program("E4", needed=["libx.so.1"], runpath=t.path("b"))
    expect(both, x if PASSES_OVER_FILES else ("libx.so.1", t.path("b/libx.so.1")),
           env=llp("text", a), cwd=t.dir)


# $ORIGIN and the other tokens: vectors 21 to 23, section 1.5.


@case("21 $ORIGIN of a program started through a symlink")
def _(t, expect):
    standard(t)
    t.program("E", needed=["libx.so.1"], runpath="$ORIGIN/a")
    typed = t.link("bin/E", "../E")
    expect(typed, ("libx.so.1", t.path("a/libx.so.1")))


@case("22 $ORIGIN of a file given to ld.so is the path as typed")
def _(t, expect):
    standard(t)
    t.program("E", needed=["libx.so.1"], runpath="$ORIGIN/a")
    typed = t.link("bin/E", "../E")
    expect(typed, ("libx.so.1", None), start="ld.so", only_real=True)
    t.lib("libe.so", "libe.so", needed=["libx.so.1"], runpath="$ORIGIN/a")
    typed = t.link("bin/libe.so", "../libe.so")
    expect(typed, ("libx.so.1", None), start="ld.so")
    inner = t.lib("bin/a/libx.so.1", "libx.so.1")
    expect(typed, ("libx.so.1", inner), start="ld.so")


@case("23 $ORIGIN of a library is the symlink's directory")
def _(t, expect):
    t.lib("d2/liby.so", "liby.so", needed=["libx.so.1"], runpath="$ORIGIN")
    t.lib("d2/libx.so.1", "libx.so.1")
    t.link("d1/liby.so", "../d2/liby.so")
    e = t.program("E", needed=["liby.so"], runpath=t.path("d1"))
    expect(e, ("liby.so", t.path("d1/liby.so")), ("libx.so.1", None))
    t.copy("d2/libx.so.1", "d1/libx.so.1")
    expect(e, ("liby.so", t.path("d1/liby.so")), ("libx.so.1", t.path("d1/libx.so.1")))


@case("the file given to ld.so is no loaded object by its path or inode, only by its SONAME")
def _(t, expect):
    for soname, again in ((None, True), ("libother.so", True), ("libe.so", False)):
        e = t.lib("libe.so", soname, needed=["libz.so"], runpath="$ORIGIN")
        z = ("libz.so", t.lib("libz.so", "libz.so", needed=["libe.so"], runpath="$ORIGIN"))
        expect(e, z, *[("libe.so", e)] * again, start="ld.so")
        expect(e, z, *[("libe.so", e)] * again, start="list")
    e = t.lib("libe.so", "libe.so", needed=[t.path("libe.so")])
    expect(e, (None, e), start="ld.so")


@case("tokens in run paths")
def _(t, expect):
    standard(t)
    x = ("libx.so.1", t.path("a/libx.so.1"))
    for runpath in ("${ORIGIN}/a", "$ORIGIN/a/", "$ORIGIN/a//", "/nope:$ORIGIN/a"):
        expect(t.program("E", needed=["libx.so.1"], runpath=runpath), x)
    t.lib("lib/x86_64-linux-gnu/libl.so", "libl.so")
    t.lib("p/%s/libp.so" % platform(), "libp.so")
    e = t.program("E", needed=["libl.so", "libp.so"],
                  runpath="%s/$LIB:%s/${PLATFORM}" % (t.dir, t.path("p")))
    expect(e, ("libl.so", t.path("lib/x86_64-linux-gnu/libl.so")),
           ("libp.so", t.path("p/%s/libp.so" % platform())))


@case("what looks like a token stays literal")
def _(t, expect):
    t.lib("$ORIGINX/libx.so.1", "libx.so.1")
    t.lib("$FOO/libz.so", "libz.so")
    e = t.program("E", needed=["libx.so.1", "libz.so"], runpath="$ORIGINX:$FOO")
    expect(e, ("libx.so.1", "$ORIGINX/libx.so.1"), ("libz.so", "$FOO/libz.so"), cwd=t.dir)


@case("tokens in LD_LIBRARY_PATH mean the program")
def _(t, expect):
    t.lib("sub/liby.so", "liby.so", needed=["libx.so.1"])
    t.lib("a/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["liby.so"])
    expect(e, ("liby.so", t.path("sub/liby.so")), ("libx.so.1", t.path("a/libx.so.1")),
           env={"LD_LIBRARY_PATH": "$ORIGIN/sub:${ORIGIN}/a"})


@case("tokens in DT_NEEDED")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["$ORIGIN/a/libx.so.1"])
    expect(e, (None, t.path("a/libx.so.1")))


@case("repeated and relative elements, trailing slashes")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["libx.so.1"], runpath="nope:nope/:a///:b")
    expect(e, ("libx.so.1", "a/libx.so.1"), cwd=t.dir)


# Names with a slash, hwcaps, the cache: vectors 24 to 30.


@case("24 a slash disables the search")
def _(t, expect):
    standard(t)
    t.lib("sub/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["sub/libx.so.1"], runpath=t.path("a"))
    expect(e, ("sub/libx.so.1", "sub/libx.so.1"), cwd=t.dir)
    expect(e, ("sub/libx.so.1", None), cwd=t.path("a"))


@case("the reason of a miss is the last error")
def _(t, expect):
    standard(t)
    t.link("loop.so", "loop.so")
    t.write("text", "text")
    closed = t.write("closed.so", "text", mode=0)
    words = "cannot open shared object file: "
    for name, error in ((t.path("loop.so"), "Too many levels of symbolic links"),
                        (t.path("text/libx.so"), "Not a directory"),
                        ("x" * 256, "File name too long"),
                        (t.path("none/libx.so"), "No such file or directory")):
        expect(t.program("E", needed=[name]), (name, None), fails=words + error)
    e = t.program("E", needed=["loop.so"])
    expect(e, ("loop.so", None), env=llp(t.dir))  # after the loop other lists were tried
    if os.geteuid() == 0:
        e = t.program("E", needed=[closed])
        status, _, err = loaders.run_program(e, user=NOBODY)
        said = "%s: %sPermission denied" % (closed, words)
        expect.report.check(expect.name, (127, True), (status, said in err), ("expected", "ld.so"))
        try:
            row = tenon.why([e], user=NOBODY)[e]
        except PermissionError:
            return expect.report.skip(expect.name, "another user may not run the command under test")
        return expect.report.check(expect.name, words + "Permission denied",
                                   row["libraries"][0]["reason"])


def hwcaps_levels():
    """glibc-hwcaps names that this processor supports, best first, as the loader prints them."""
    out = subprocess.run([loaders.GLIBC, "--help"], capture_output=True, text=True).stdout
    return re.findall(r"^  (x86-64-v\d) \(supported, searched\)", out, re.M)


def diagnostics():
    """What the loader found out about this machine, by its own names."""
    out = subprocess.run([loaders.GLIBC, "--list-diagnostics"], capture_output=True, text=True)
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', out.stdout, re.M))


def platform():
    """$PLATFORM: the kernel's word, or a loader's own ("haswell" on Intel's)."""
    return diagnostics().get("dl_platform", "x86_64")


def legacy_subdirs():
    """The power set of tls, platform and capabilities, in the order in which 2.36 tries them."""
    said = diagnostics()  # what the processor has, of what the loader has directories for
    bits = int(said.get("dl_hwcap", "0x2"), 16) & int(said.get("dl_hwcap_important", "0x2"), 16)
    names = ["tls", platform()]
    names += [name for bit, name in ((2, "avx512_1"), (1, "x86_64")) if bits >> bit & 1]
    paths = []
    for chosen in range((1 << len(names)) - 1, 0, -1):
        taken = [name for i, name in enumerate(names) if chosen >> len(names) - 1 - i & 1]
        paths.append("/".join(taken))
    return paths


def is_old_glibc():
    """True for a loader that still knows the legacy hwcaps directories (2.36 and earlier)."""
    return loaders.glibc_version() <= (2, 36)


@case("25 directory order before hwcaps")
def _(t, expect):
    levels = hwcaps_levels()
    if not levels:
        return expect.report.skip("25", "no glibc-hwcaps level on this processor")
    t.lib("h1/libx.so.1", "libx.so.1")
    best = t.lib("h2/glibc-hwcaps/%s/libx.so.1" % levels[0], "libx.so.1")
    e = t.program("E", needed=["libx.so.1"])
    expect(e, ("libx.so.1", t.path("h1/libx.so.1")), env=llp(t.path("h1"), t.path("h2")))
    return expect(e, ("libx.so.1", best), env=llp(t.path("h2"), t.path("h1")))


@case("an error in a hwcaps subdirectory")
def _(t, expect):
    levels = hwcaps_levels()
    if not levels:
        return expect.report.skip("error in hwcaps", "no glibc-hwcaps level on this processor")
    standard(t)
    t.link("h/glibc-hwcaps/%s/libx.so.1" % levels[0], "libx.so.1")
    e = t.program("E", needed=["libx.so.1"])
    expect(e, ("libx.so.1", t.path("a/libx.so.1")), env=first(t, "h"))
    good = t.lib("h/libx.so.1", "libx.so.1")
    expect(e, ("libx.so.1", good), env=first(t, "h"))
    t.link("l/libx.so.1", "libx.so.1")
    expect(e, ("libx.so.1", None), env=first(t, "l"))


@case("hwcaps subdirectories in order")
def _(t, expect):
    order = ["glibc-hwcaps/" + level for level in hwcaps_levels()]
    if is_old_glibc():
        order += list(dict.fromkeys(legacy_subdirs()))
    order.append("")
    paths = [t.lib(os.path.join("h", sub, "libx.so.1"), "libx.so.1") for sub in order]
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("h"))
    r = t.program("R", needed=["libx.so.1"])
    for path in paths:
        expect(e, ("libx.so.1", path))
        expect(r, ("libx.so.1", path), env=llp(t.path("h")))
        os.unlink(path)
    expect(e, ("libx.so.1", None))


def system_tree(t):
    """The least root in which the real loader runs."""
    t.copy(os.path.realpath(loaders.GLIBC), loaders.GLIBC.lstrip("/"))
    t.mkdir("etc")
    return t.dir


def outside(t, path):
    """The path of a file of the tree as seen by who is inside it."""
    return path[len(t.dir):]


@case("26 the cache prefers hwcaps of any directory")
def _(t, expect):
    levels = hwcaps_levels()
    if not levels:
        return expect.report.skip("26", "no glibc-hwcaps level on this processor")
    root = system_tree(t)
    t.lib("t/h1/libx.so.1", "libx.so.1")
    t.lib("t/h2/glibc-hwcaps/%s/libx.so.1" % levels[0], "libx.so.1")
    e = outside(t, t.program("t/E", needed=["libx.so.1"]))
    build.reseal_cache(root, "/t/h1", "/t/h2")
    return expect(e, ("libx.so.1", "/t/h2/glibc-hwcaps/%s/libx.so.1" % levels[0]), root=root,
                  cpu=levels[0])


@case("27 a stale entry is no second chance")
def _(t, expect):
    root = system_tree(t)
    standard_in(t, "t/")
    e = outside(t, t.program("t/E", needed=["libx.so.1"]))
    build.reseal_cache(root, "/t/b", "/t/a")
    expect(e, ("libx.so.1", "/t/b/libx.so.1"), root=root)
    os.unlink(t.path("t/b/libx.so.1"))
    expect(e, ("libx.so.1", None), root=root)


def standard_in(t, prefix):
    t.lib(prefix + "a/libx.so.1", "libx.so.1")
    t.lib(prefix + "b/libx.so.1", "libx.so.1")


@case("a corrupt file named by the cache is fatal")
def _(t, expect):
    root = system_tree(t)
    standard_in(t, "t/")
    t.lib("usr/lib/libx.so.1", "libx.so.1")
    e = outside(t, t.program("t/E", needed=["libx.so.1"]))
    build.reseal_cache(root, "/t/b")
    t.write("t/b/libx.so.1", "text" * 100)
    expect(e, stop="/t/b/libx.so.1: invalid ELF header", root=root)


@case("28 numbers in cache keys")
def _(t, expect):
    root = system_tree(t)
    standard_in(t, "t/")
    e = outside(t, t.program("t/E", needed=["libx.so.01"]))
    build.reseal_cache(root, "/t/a")
    expect(e, ("libx.so.01", "/t/a/libx.so.1"), root=root)


@case("29 DF_1_NODEFLIB hides the system directories")
def _(t, expect):
    root = system_tree(t)
    t.lib("usr/lib/libc.so.6", "libc.so.6")
    standard_in(t, "t/")
    e = outside(t, t.program("t/E", needed=["libc.so.6"], runpath="/t/a",
                             flags=["-Xlinker", "-z", "-Xlinker", "nodefaultlib"]))
    build.reseal_cache(root)
    expect(e, ("libc.so.6", None), root=root)


@case("30 DF_1_NODEFLIB keeps other directories of the cache")
def _(t, expect):
    root = system_tree(t)
    standard_in(t, "t/")
    e = outside(t, t.program("t/E", needed=["libx.so.1"], runpath="/t/none",
                             flags=["-Xlinker", "-z", "-Xlinker", "nodefaultlib"]))
    build.reseal_cache(root, "/t/a")
    expect(e, ("libx.so.1", "/t/a/libx.so.1"), root=root)


@case("default directories in order")
def _(t, expect):
    root = system_tree(t)
    e = outside(t, t.program("t/E", needed=["libx.so.1"]))
    build.reseal_cache(root)
    paths = [t.lib(directory + "/libx.so.1", "libx.so.1") for directory in
             ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib", "usr/lib")]
    for path in paths:
        expect(e, ("libx.so.1", outside(t, path)), root=root)
        os.unlink(path)
    expect(e, ("libx.so.1", None), root=root)


@case("an invalid cache is no cache")
def _(t, expect):
    root = system_tree(t)
    standard_in(t, "t/")
    e = outside(t, t.program("t/E", needed=["libx.so.1"]))
    build.reseal_cache(root, "/t/a")
    with open(t.path("etc/ld.so.cache"), "r+b") as file:
        file.truncate(60)
    expect(e, ("libx.so.1", None), root=root)


@case("a cache in both formats")
def _(t, expect):
    root = system_tree(t)
    standard_in(t, "t/")
    e = outside(t, t.program("t/E", needed=["libx.so.1"]))
    build.reseal_cache(root, "/t/b")
    done = subprocess.run(["ldconfig", "-c", "compat", "-r", root], capture_output=True)
    if done.returncode != 0:
        return expect.report.skip("both formats", "ldconfig has no -c compat")
    return expect(e, ("libx.so.1", "/t/b/libx.so.1"), root=root)


# Already loaded, odd names.


@case("DT_NEEDED that is empty")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["", "libx.so.1"], runpath=t.path("a"))
    expect(e, ("libx.so.1", t.path("a/libx.so.1")))


@case("the loader itself is needed")
def _(t, expect):
    standard(t)
    e = t.program("E", needed=["ld-linux-x86-64.so.2", "libx.so.1"], runpath=t.path("a"))
    expect(e, (None, loaders.GLIBC), ("libx.so.1", t.path("a/libx.so.1")))


@case("the loader is known by its path and SONAME alone")
def _(t, expect):
    own = t.copy(loaders.GLIBC, "ld-linux-mine.so.2")
    itself = [(None, own)] if LISTS_ITSELF else []
    e = t.program("E", needed=["ld-linux-mine.so.2"], interp=own)
    expect(e, *itself, ("ld-linux-mine.so.2", None))
    # a search finds the same file: from 2.41 on it shows that it is mapped once more, and only there
    expect(e, ("ld-linux-mine.so.2", own), *itself, env=llp(t.dir), only_real=LISTS_ITSELF)
    expect(t.program("E", needed=[own], interp=own), (None, own))
    expect(t.program("E", needed=["ld-linux-x86-64.so.2"], interp=own), ("ld-linux-x86-64.so.2", own))


@case("preloading the loader adds nothing")
def _(t, expect):
    t.lib("a/libx.so.1", "libx.so.1", needed=["ld-linux-x86-64.so.2"])
    t.lib("b/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["libx.so.1"])
    for name in (loaders.GLIBC, "ld-linux-x86-64.so.2"):
        expect(e, ("libx.so.1", t.path("a/libx.so.1")), (None, loaders.GLIBC),
               env=dict(llp(t.path("a")), LD_PRELOAD=name))
        expect(e, ("libx.so.1", t.path("b/libx.so.1")),
               env=dict(llp(t.path("b")), LD_PRELOAD=name))


@case("a file that is cut in its last row")
def _(t, expect):
    image = elfmake.image(soname="libx.so.1")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("cut"))
    for cut in (1, 8, 16):
        path = t.write("cut/libx.so.1", image[:-cut])
        expect(e, ("libx.so.1", path))


@case("breadth first, cycles, each once")
def _(t, expect):
    t.lib("a/lib1.so", "lib1.so", needed=["lib3.so", "lib2.so"], runpath="$ORIGIN")
    t.lib("a/lib2.so", "lib2.so", needed=["lib1.so", "lib4.so"], runpath="$ORIGIN")
    t.lib("a/lib3.so", "lib3.so", needed=["lib3.so", "lib1.so"], runpath="$ORIGIN")
    t.lib("a/lib4.so", "lib4.so")
    e = t.program("E", needed=["lib1.so", "lib2.so"], runpath=t.path("a"))
    expect(e, *[("lib%d.so" % i, t.path("a/lib%d.so" % i)) for i in (1, 2, 3, 4)])


@case("the loader that came first makes the chain")
def _(t, expect):
    t.lib("a/liba.so", "liba.so", needed=["libz.so"], rpath=t.path("one"))
    t.lib("a/libb.so", "libb.so", needed=["libz.so"], rpath=t.path("two"))
    for directory in ("one", "two"):
        t.lib(directory + "/libz.so", "libz.so", needed=["libx.so.1"])
        t.lib(directory + "/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["liba.so", "libb.so"], runpath=t.path("a"))
    expect(e, ("liba.so", t.path("a/liba.so")), ("libb.so", t.path("a/libb.so")),
           ("libz.so", t.path("one/libz.so")), ("libx.so.1", t.path("one/libx.so.1")))


@case("names with spaces and colons")
def _(t, expect):
    t.lib("with space/lib x.so", "lib x.so")
    e = t.program("my program", needed=["lib x.so", "lib:y.so"], runpath=t.path("with space"))
    expect(e, ("lib x.so", t.path("with space/lib x.so")), ("lib:y.so", None))


# Auxiliary and filter objects: section 1.1, step 4.


@case("auxiliary and filter objects come before theirs")
def _(t, expect):
    t.lib("a/libf.so", "libf.so")
    for option, name in (("-f", "aux"), ("-F", "filter")):
        t.lib("a/lib%s.so" % name, "lib%s.so" % name, runpath=t.path("a"),
              flags=["-Xlinker", option, "-Xlinker", "libf.so"])
        t.lib("a/libmiss%s.so" % name, "libmiss%s.so" % name, runpath=t.path("a"),
              flags=["-Xlinker", option, "-Xlinker", "libgone.so"])
        e = t.program("E", needed=["lib%s.so" % name], runpath=t.path("a"))
        expect(e, ("libf.so", t.path("a/libf.so")),
               ("lib%s.so" % name, t.path("a/lib%s.so" % name)))
    e = t.program("E", needed=["libmissaux.so"], runpath=t.path("a"))
    expect(e, ("libmissaux.so", t.path("a/libmissaux.so")), start="list")
    e = t.program("E", needed=["libmissfilter.so"], runpath=t.path("a"))
    expect(e, ("libgone.so", None), ("libmissfilter.so", t.path("a/libmissfilter.so")))


@case("DF_1_NODEFLIB of a library, not of its program")
def _(t, expect):
    root = system_tree(t)
    t.lib("usr/lib/libx.so.1", "libx.so.1")
    t.lib("t/liby.so", "liby.so", needed=["libx.so.1"],
          flags=["-Xlinker", "-z", "-Xlinker", "nodefaultlib"])
    build.reseal_cache(root)
    e = outside(t, t.program("t/E", needed=["liby.so"], runpath="/t"))
    expect(e, ("liby.so", "/t/liby.so"), ("libx.so.1", None), root=root, fails=NO_REASON)


# Refusals: the table of section 1.3. Each candidate comes first, a good one second.


def refusals(t):
    """
    (what, how to make the bad file, what the loader says; None: it is skipped)

    Tests of the file's header name its path; those of its segments name it as it was asked for.
    """
    good = t.lib("a/libx.so.1", "libx.so.1")

    def patched(layout, at, value):
        def make(path):
            t.copy(good, path)
            with elf.Patch(path) as file:
                file.put(layout, at, value)
        return make

    def content(data):
        return lambda path: t.write(path, data)

    def no_segment(kind):
        def make(path):
            t.copy(good, path)
            with elf.Patch(path) as file:
                file.retype_segment(kind, 0)
        return make

    def fixed_program(path):
        t.real_program(path, "int main(void) { return 0; }", "-no-pie")

    head = open(good, "rb").read(64)
    return (
        ("a directory", t.mkdir, "cannot read file data: Is a directory"),
        ("an empty file", content(b""), "file too short"),
        ("63 bytes", content(head[:63]), "file too short"),
        ("only a header", content(head), "cannot read file data"),
        ("bad magic", patched("B", 3, 0x47), "invalid ELF header"),
        ("32-bit class byte", patched("B", 4, 1), None),
        ("impossible class byte", patched("B", 4, 7), None),
        ("big endian", patched("B", 5, 2), "ELF file data encoding not little-endian"),
        ("EI_VERSION 2", patched("B", 6, 2), "ELF file version ident does not match current one"),
        ("OS ABI 9", patched("B", 7, 9), "ELF file OS ABI invalid"),
        ("ABI version 9", patched("B", 8, 9), "ELF file ABI version invalid"),
        ("padding", patched("B", 12, 1), "nonzero padding in e_ident"),
        ("e_version 2", patched("I", 20, 2), "ELF file version does not match current one"),
        ("another machine", patched("H", 18, 183), None),
        ("ET_REL", patched("H", 16, 1), "only ET_DYN and ET_EXEC can be loaded"),
        ("ET_CORE", patched("H", 16, 4), "only ET_DYN and ET_EXEC can be loaded"),
        ("e_phentsize", patched("H", 54, 32), "ELF file's phentsize not the expected size"),
        ("e_phoff past the end", patched("Q", 32, 1 << 20), "cannot read file data"),
        ("no PT_LOAD", no_segment(elf.PT_LOAD), "libx.so.1: object file has no loadable segments"),
        ("no PT_DYNAMIC", no_segment(elf.PT_DYNAMIC),
         "libx.so.1: object file has no dynamic section"),
        ("no program headers", patched("H", 56, 0),
         "libx.so.1: object file has no loadable segments"),
        ("ET_EXEC", fixed_program, "libx.so.1: cannot dynamically load executable"),
        ("a PIE", t.program,
         "libx.so.1: cannot dynamically load position-independent executable"),
    )


@case("refusal")
def _(t, expect):
    report, name = expect.report, expect.name
    rows = refusals(t)
    e = t.program("E", needed=["libx.so.1"])
    for i, (what, make, message) in enumerate(rows):
        bad = t.path("bad%d/libx.so.1" % i)
        t.mkdir("bad%d" % i)
        make(bad)
        check = Expect(report, "%s: %s" % (name, what))
        if message is None:
            check(e, ("libx.so.1", t.path("a/libx.so.1")), env=first(t, "bad%d" % i))
        else:
            said = message if message.startswith("libx.so.1: ") else "%s: %s" % (bad, message)
            check(e, stop=said, env=first(t, "bad%d" % i))


@case("refusal: ISA above the processor")
def _(t, expect):
    """Found and listed; the check comes at the end of a real start, and nothing else is tried."""
    bad = t.lib("bad/libx.so.1", "libx.so.1", flags=["-Xlinker", "-z", "-Xlinker", "x86-64-v4"])
    with open(bad, "r+b") as file:
        file.seek(file.read().index(struct.pack("<II", 0xC0008002, 4)) + 8)
        file.write(struct.pack("<I", 0x80000000))
    t.lib("a/libx.so.1", "libx.so.1")
    e = t.program("E", needed=["libx.so.1"])
    message = "%s: CPU ISA level is lower than required" % bad
    status, _, err = loaders.run_program(e, first(t, "bad"))
    expect.report.check(expect.name, (127, message), (status, err.strip()), ("expected", "ld.so"))
    row = tenon.why([e], env=first(t, "bad"))[e]
    outcomes = [(tenon.text(attempt["path"]), attempt["outcome"])
                for library in row["libraries"] for attempt in library["tried"]]
    expect.report.check(expect.name, ("refused", True),
                        (row["status"], (bad, "wrong-cpu") in outcomes))


@case("accepted: OS ABI 3")
def _(t, expect):
    t.lib("a/libx.so.1", "libx.so.1")
    with elf.Patch(t.path("a/libx.so.1")) as file:
        file.put("B", 7, 3)
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    expect(e, ("libx.so.1", t.path("a/libx.so.1")))


@case("skipped: dangling link, file as directory")
def _(t, expect):
    standard(t)
    t.link("dangling/libx.so.1", "nowhere")
    t.write("file", "")
    e = t.program("E", needed=["libx.so.1"])
    for directory in ("dangling", "file", "absent"):
        expect(e, ("libx.so.1", t.path("a/libx.so.1")), env=first(t, directory))


# Preloads: section 1.8.


@case("LD_PRELOAD")
def _(t, expect):
    standard(t)
    one, two = t.lib("p/lib1.so", "lib1.so"), t.lib("p/lib2.so", "lib2.so")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a") + ":" + t.path("p"))
    x = ("libx.so.1", t.path("a/libx.so.1"))
    for value in ("%s %s" % (one, two), "%s:%s" % (one, two), " %s  :%s:" % (one, two)):
        expect(e, (None, one), (None, two), x, env={"LD_PRELOAD": value})
    expect(e, ("lib2.so", two), x, env={"LD_PRELOAD": "lib2.so"})
    expect(e, (None, "p/lib1.so"), x, env={"LD_PRELOAD": "p/lib1.so"}, cwd=t.dir)
    expect(e, ("libx.so.1", t.path("a/libx.so.1")), env={"LD_PRELOAD": "libx.so.1"})


@case("a preload satisfies a need by its SONAME")
def _(t, expect):
    standard(t)
    other = t.lib("p/other.so", "libx.so.1")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    expect(e, (None, other), env={"LD_PRELOAD": other})


@case("a preload is the program's child")
def _(t, expect):
    standard(t)
    one = t.lib("p/lib1.so", "lib1.so", needed=["libx.so.1"])
    two = t.lib("p/lib2.so", "lib2.so")
    e = t.program("E", needed=["lib2.so"], rpath=t.path("a") + ":" + t.path("p"))
    expect(e, (None, one), ("lib2.so", two), ("libx.so.1", t.path("a/libx.so.1")),
           env={"LD_PRELOAD": one})
    e = t.program("E", needed=["lib2.so"], runpath=t.path("a") + ":" + t.path("p"))
    expect(e, (None, one), ("lib2.so", two), ("libx.so.1", None), env={"LD_PRELOAD": one})


@case("preloads that cannot be loaded are left out")
def _(t, expect):
    standard(t)
    text = t.write("p/text.so", "text" * 100)
    small = t.lib("p/lib32.so", "lib32.so", bits=32)
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    x = ("libx.so.1", t.path("a/libx.so.1"))
    for name, reason in (("libgone.so", "cannot open shared object file"),
                         (t.path("p/gone.so"), "cannot open shared object file"),
                         (text, "invalid ELF header"),
                         (small, "wrong ELF class: ELFCLASS32")):
        expect(e, x, env={"LD_PRELOAD": name})
        expect.warns(e, (name, reason), env={"LD_PRELOAD": name})


@case("a preload keeps the name that it was asked for by")
def _(t, expect):
    standard(t)
    one = t.lib("p/lib1.so", "lib1.so")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    expect(e, ("$ORIGIN/p/lib1.so", one), ("libx.so.1", t.path("a/libx.so.1")),
           env={"LD_PRELOAD": "$ORIGIN/p/lib1.so"})


@case("nothing is expanded in a preload without a slash")
def _(t, expect):
    standard(t)
    one = t.lib("p/$PLATFORM", "lib1.so")
    two = t.lib("p/lib2.so", "lib2.so")
    e = t.program("E", needed=["libx.so.1"], runpath=t.path("a"))
    x = ("libx.so.1", t.path("a/libx.so.1"))
    expect(e, ("$PLATFORM", one), ("$ORIGIN/p/lib2.so", two), x,
           env=dict(llp(t.path("p")), LD_PRELOAD="$PLATFORM $ORIGIN/p/lib2.so"))


@case("a preload that failed is asked for anew")
def _(t, expect):
    bad = t.write("p/libx.so.1", "text" * 100)
    worse = t.write("p/liby.so", "text" * 100)
    e = t.program("E", needed=["liby.so", "libx.so.1"])
    expect(e, stop=worse + ": invalid ELF header",
           env=dict(llp(t.path("p")), LD_PRELOAD="libx.so.1"))
    t.lib("p/liby.so", "liby.so")
    expect(e, stop=bad + ": invalid ELF header",
           env=dict(llp(t.path("p")), LD_PRELOAD="libx.so.1"))


@case("/etc/ld.so.preload")
def _(t, expect):
    root = system_tree(t)
    standard_in(t, "t/")
    for i in (1, 2, 3):
        t.lib("t/p/lib%d.so" % i, "lib%d.so" % i)
    e = outside(t, t.program("t/E", needed=["libx.so.1"], runpath="/t/a"))
    t.write("etc/ld.so.preload", "# a comment: /t/p/lib9.so\n/t/p/lib2.so:/t/p/lib1.so # more\n")
    expect(e, (None, "/t/p/lib2.so"), (None, "/t/p/lib1.so"), ("libx.so.1", "/t/a/libx.so.1"),
           root=root)
    expect(e, (None, "/t/p/lib3.so"), (None, "/t/p/lib2.so"), (None, "/t/p/lib1.so"),
           ("libx.so.1", "/t/a/libx.so.1"), root=root, env={"LD_PRELOAD": "/t/p/lib3.so"})


@case("/etc/ld.so.preload of odd content")
def _(t, expect):
    """Later comments are seen in part, or reach too far; a NUL ends all but the last name."""
    root = system_tree(t)
    standard_in(t, "t/")
    for i in (1, 2, 3):
        t.lib("p/%d" % i, "lib%d.so" % i)
    e = outside(t, t.program("t/E", needed=["libx.so.1"], runpath="/t/a"))
    first = "#" + " " * 30 + "\n"
    for text, names in (
            (first + "/p/1\n# /p/2\n", (1, 2)), (first + "/p/1\n# /p/2", (1, 2)),
            ("# /p/2\n# /p/3\n/p/1\n" + "\n" * 40, (1,)), ("/p/1\n# /p/2 #\n/p/3#/p/2\n", (1,)),
            (first + first + "/p/1#/p/2\n", ()),
            ("/p/1\0/p/2\n/p/3\n", (1,)), ("/p/1\0/p/2\n/p/3", (1, 3)), ("/p/1\0/p/2", (1,)),
            ("\0/p/1 /p/2", (2,)), ("/p/1\n\0# /p/2 \n/p/3", (1, 3)), ("#", ()), ("# ", ()),
            ("/p/1\r\n/p/2 \n", (2,)), (":/p/1:\t/p/2 /p/1", (1, 2))):
        t.write("etc/ld.so.preload", text)
        expect(e, *[(None, "/p/%d" % i) for i in names], ("libx.so.1", "/t/a/libx.so.1"),
               root=root)


# Versions: vector 33, section 1.9.

F = "int f(void) { return 1; }"
USES_F = "int f(void); void _start(void) { f(); }"


def versioned(t):
    """libv.so.1 with V1 in v1/, with V1 and V2 in v2/, without versions in v0/; the users of V2"""
    one = t.write("one.map", "V1 { };")
    two = t.write("two.map", "V1 { }; V2 { f; } V1;")
    t.lib("v1/libv.so.1", "libv.so.1", code=F, flags=["-Xlinker", "--version-script=" + one])
    t.lib("v2/libv.so.1", "libv.so.1", code=F, flags=["-Xlinker", "--version-script=" + two])
    t.lib("v0/libv.so.1", "libv.so.1", code=F)
    return t.program("E", code=USES_F, link=["v2/libv.so.1"])


@case("33 a library without the version is not replaced")
def _(t, expect):
    e = versioned(t)
    v1, v2 = t.path("v1"), t.path("v2")
    expect(e, ("libv.so.1", v1 + "/libv.so.1"), versions=[(v1 + "/libv.so.1", "V2", e)],
           env=llp(v1, v2))
    expect(e, ("libv.so.1", v2 + "/libv.so.1"), env=llp(v2, v1))
    status, _, err = loaders.run_program(e, llp(v1, v2))
    said = "%s: %s/libv.so.1: version `V2' not found (required by %s)" % (e, v1, e)
    expect.report.check("33 status", (1, said), (status, err.strip()), ("expected", "ld.so"))


@case("a library without versions is only warned about")
def _(t, expect):
    e = versioned(t)
    expect(e, ("libv.so.1", t.path("v0/libv.so.1")), env=llp(t.path("v0")))


@case("a weak version may be missing")
def _(t, expect):
    e = versioned(t)
    with elf.Patch(e) as file:
        for kind, offset, _, _, _ in file.elf.sections():
            if kind == elf.SHT_GNU_VERNEED:
                file.put("H", offset + 16 + 4, 2)  # vna_flags of the only vernaux: VER_FLG_WEAK
    expect(e, ("libv.so.1", t.path("v1/libv.so.1")), env=llp(t.path("v1")))


@case("a version is looked for by the names that a library was asked for by")
def _(t, expect):
    """Its SONAME is one of them only once somebody has asked for that."""
    words = "Assertion `needed != NULL' failed"
    v = t.write("libv.so.1", elfmake.image(soname="libv.so.1", defines=["libv.so.1", "V1"]))
    t.link("libother.so", "libv.so.1")
    asks = t.lib("libasks.so", "libasks.so", needed=["libv.so.1"], runpath=t.dir)
    e = t.path("E")
    for needed, env, found in (([v], None, False), (["libother.so"], None, False),
                               ([asks], {"LD_PRELOAD": v}, True), ([v, asks], None, True),
                               ([asks, v], None, True), (["libv.so.1"], None, True),
                               (["libother.so", "libv.so.1"], None, True),
                               ([v], {"LD_PRELOAD": v + " libv.so.1"}, True),
                               (["$ORIGIN/libv.so.1"], None, False)):
        t.write("E", elfmake.image(interp=loaders.GLIBC, needed=needed, runpath=t.dir,
                                   needs=[("libv.so.1", [("V1", 2)])]), 0o755)
        expect.runs += 1
        name = "by its names (%d)" % expect.runs
        status, _, err = loaders.run_program(e, dict(env or {}, LD_TRACE_LOADED_OBJECTS="1"))
        expect.report.check(name, found, not (status == 127 and words in err),
                            ("expected", "ld.so"))
        row = tenon.why([e], env=env)[e]
        expect.report.check(name, "ok" if found else "missing", row["status"],
                            ("expected", "tenon"))


@case("a version of what may be missing, or of the loader alone")
def _(t, expect):
    """The loader stops at an assertion where it cannot list what it would load."""
    asserts = (127, "Assertion `needed != NULL' failed")
    # where the loader is in the list it is asked for the version
    asks = (1, "version `V1' not found") if LISTS_ITSELF else asserts
    for file, extra, env, says in (("libx.so.1", {}, {"LD_PRELOAD": "libx.so.1"}, asserts),
                                   ("libx.so.1", {"auxiliary": ["libx.so.1"]}, None, asserts),
                                   ("ld-linux-x86-64.so.2", {}, None, asks)):
        needs = [(file, [("V1", 2)])]
        e = t.write("E", elfmake.image(interp=loaders.GLIBC, needs=needs, **extra), mode=0o755)
        status, _, err = loaders.run_program(e, env)
        expect.report.check(expect.name, (says[0], True), (status, says[1] in err),
                            ("expected", "ld.so"))
        row = tenon.why([e], env=env)[e]
        expect.report.check(expect.name, ("missing", ["V1"]),
                            (row["status"], [missing["version"] for missing
                                             in row["missing_versions"]]))


# Secure mode: vector 31. The real program belongs to another user and has the set-uid bit.

REPORTER = r"""
#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
#include <sys/auxv.h>
static int show(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size; (void)data;
    return puts(info->dlpi_name) < 0;
}
int main(void)
{
    printf("%lu\n", getauxval(AT_SECURE));
    return dl_iterate_phdr(show, NULL);
}
"""


class Secure:
    """Real set-uid programs and tenon's --setuid, on this system or in a tree of its own."""

    def __init__(self, t, expect, root=None):
        self.t, self.expect, self.root = t, expect, root
        t.lib("libstub.so.1", "libx.so.1")

    def program(self, *flags, path="E"):
        path = self.t.real_program(path, REPORTER, "-Wl,--no-as-needed",
                                   self.t.path("libstub.so.1"), *flags)
        if os.geteuid() == 0:
            os.chown(path, 1, 1)
        os.chmod(path, 0o4755)
        return outside(self.t, path) if self.root else path

    def __call__(self, what, program, path, env=None, cwd="/", extra=(), spelt=str):
        """
        path    what libx.so.1 becomes; None: not found
        extra   paths of the preloads that are taken
        spelt   how paths of the real process are compared
        """
        name = "%s: %s" % (self.expect.name, what)
        row = tenon.why([program], env=env, cwd=cwd, sysroot=self.root, secure=True)[program]
        ours = dict(tenon.answer(row).objects)
        self.expect.report.check(name, path, ours.get("libx.so.1"))
        preloads = [tenon.text(library["path"]) for library in row["libraries"]
                    if library["flavour"] == "preload" and library["status"] == "found"]
        self.expect.report.check(name + ", preloads", list(extra), preloads)
        real = self._real(name, program, env, cwd)
        if real is not None:
            expected = [path or ABSENT, *extra]
            self.expect.report.check(name, [*map(spelt, expected)], [*map(spelt, real)],
                                     ("expected", "ld.so"))

    def _real(self, name, program, env, cwd):
        """The paths in the real process, or [ABSENT]; None: it cannot be run here."""
        if os.geteuid() != 0:
            self.expect.report.skip(name, "the real program needs root to be made set-uid")
            return None
        status, out, err = loaders.run_program(program, env, cwd, self.root, NOBODY)
        if status == 127:
            return [ABSENT] if ABSENT in err else [err]
        secure, *paths = out.split("\n")
        if secure != "1":
            self.expect.report.skip(name, "set-uid programs do not work here")
            return None
        return self._wanted(paths)

    @staticmethod
    def _wanted(paths):
        """What of the real process the cases speak about: libx.so.1, then preloads."""
        known = ("", "libc.so.6", "ld-linux-x86-64.so.2", "linux-vdso.so.1")
        told = [path for path in paths if os.path.basename(path) not in known]
        return sorted(told, key=lambda path: not path.endswith("libx.so.1"))


@case("31 secure mode")
def _(t, expect):
    secure = Secure(t, expect)
    library = t.lib("a/libx.so.1", "libx.so.1")
    secure("$ORIGIN outside", secure.program("-Wl,-rpath,$ORIGIN/a"), None)
    secure("absolute", secure.program("-Wl,-rpath," + t.path("a")), library)
    secure("relative", secure.program("-Wl,-rpath,a"), "a/libx.so.1", cwd=t.dir)
    secure("LD_LIBRARY_PATH", secure.program(), None, env=llp(t.path("a")))
    other = t.lib("p/lib1.so", "lib1.so")
    absolute = secure.program("-Wl,-rpath," + t.path("a"))
    secure("LD_PRELOAD with a slash", absolute, library, env={"LD_PRELOAD": other})
    secure("LD_PRELOAD without set-uid bit", absolute, library, env={"LD_PRELOAD": "libm.so.6"})
    both = secure.program("-Wl,-rpath," + t.path("a") + ":" + t.path("p"))
    os.chmod(other, 0o4755)
    preload = {"LD_PRELOAD": "lib1.so"}
    secure("a preload with it", both, library, env=preload, extra=[other])
    t.copy("a/libx.so.1", "a/lib1.so")
    secure("one without it is passed over", both, library, env=preload, extra=[other])
    t.write("a/lib1.so", "text" * 100)
    secure("what is no library is not", both, library, env=preload)


@case("secure mode below system directories")
def _(t, expect):
    """In a tree of its own, where system directories can be written."""
    libc = os.path.realpath("/lib/x86_64-linux-gnu/libc.so.6")
    if not os.path.exists(libc):
        return expect.report.skip(expect.name, "no libc.so.6 where Debian has it")
    root = system_tree(t)
    t.copy(libc, "lib/x86_64-linux-gnu/libc.so.6")
    t.link("proc/self/exe", "/usr/lib/app/E")  # all that $ORIGIN needs of /proc
    secure = Secure(t, expect, root)
    t.lib("usr/lib/app/a/libx.so.1", "libx.so.1")
    t.lib("t/a/libx.so.1", "libx.so.1")
    trusted = "/usr/lib/app/a/libx.so.1"

    def program(runpath):
        return secure.program("-Wl,-rpath," + runpath, path="usr/lib/app/E")

    secure("$ORIGIN inside", program("$ORIGIN/a"), "/usr/lib/app/a/libx.so.1")
    secure("${ORIGIN} alone", program("${ORIGIN}:$ORIGIN/a"), trusted)
    secure("$ORIGIN not at the start", program("/usr/lib/../$ORIGIN/a"), None)
    secure("$ORIGIN followed by text", program("$ORIGIN.d:$ORIGINX"), None)
    secure("$ORIGIN leads out", program("$ORIGIN/../../../t/a"), None)
    secure("$ORIGIN leads out and back", program("$ORIGIN/../../../usr/lib/app/a"),
           "/usr/lib/app/../../../usr/lib/app/a/libx.so.1",
           spelt=os.path.normpath)  # the mend of CVE-2026-86805 uses the path that was checked
    absolute = program("/t/a")
    plain = t.lib("usr/lib/libp.so.1", "libp.so.1")
    preload = {"LD_PRELOAD": "libp.so.1"}
    secure("a preload without the set-uid bit", absolute, "/t/a/libx.so.1", env=preload)
    os.chmod(plain, 0o4755)
    secure("a preload with it", absolute, "/t/a/libx.so.1", env=preload,
           extra=["/usr/lib/libp.so.1"])
    os.makedirs(t.path("cached"))
    os.rename(plain, t.path("cached/libp.so.1"))
    build.reseal_cache(root, "/cached")
    return secure("a preload that only the cache knows", absolute, "/t/a/libx.so.1", env=preload)


@case("secure mode refuses tokens in DT_NEEDED")
def _(t, expect):
    t.lib("a/libx.so.1", "libx.so.1")
    refused(expect, t.program("E", needed=["$ORIGIN/a/libx.so.1"]))
    t.lib("a/liby.so.1", "liby.so.1", flags=["-Xlinker", "-f", "-Xlinker", "$ORIGIN/libopt.so"])
    refused(expect, t.program("F", needed=["liby.so.1"], runpath=t.path("a")))


def refused(expect, e):
    row = tenon.why([e], secure=True)[e]
    message = "DST not allowed in SUID/SGID programs"
    expect.report.check(expect.name, "refused", row["status"])
    expect.report.check(expect.name + ", reason", True, any(
        message in (library.get("reason") or "") for library in row.get("libraries", ())))
    if os.geteuid() != 0:
        return expect.report.skip(expect.name, "the real program needs root to be made set-uid")
    os.chown(e, 1, 1)
    os.chmod(e, 0o4755)
    status, _, err = loaders.run_program(e, user=NOBODY)
    return expect.report.check(expect.name, (127, True), (status, message in err),
                               ("expected", "ld.so"))


@case("permission")
def _(t, expect):
    """A candidate that may not be read is skipped; asked as another user, for root reads all."""
    standard(t)
    os.chmod(t.lib("n/libx.so.1", "libx.so.1"), 0)
    e = t.program("E", needed=["libx.so.1"])
    env = first(t, "n")
    if os.geteuid() != 0:
        return expect(e, ("libx.so.1", t.path("a/libx.so.1")), env=env)
    expected = Answer([("libx.so.1", t.path("a/libx.so.1"))])
    shown = loaders.without_itself if LISTS_ITSELF else lambda answer: answer
    real = shown(loaders.glibc_start(e, env, user=NOBODY))
    expect.report.check(expect.name, expected, real, ("expected", "ld.so"))
    try:
        row = tenon.why([e], env=env, user=NOBODY)[e]
    except PermissionError:
        return expect.report.skip(expect.name, "another user may not run the command under test")
    expect.report.check(expect.name, expected, shown(tenon.answer(row)))
    outcomes = [attempt["outcome"] for attempt in row["libraries"][0]["tried"]]
    return expect.report.check(expect.name + ", outcome", ["permission", "found"],
                               [word for word in outcomes if word in ("permission", "found")])


def main():
    build.needs("gcc", "ld", "ldconfig")
    if not loaders.usable(loaders.GLIBC):
        skip_all("no glibc for x86-64 here")
    tenon.command()
    report = Report()
    for name, function in case:
        with Tree(interp=loaders.GLIBC) as tree:
            function(tree, Expect(report, name))
    report.finish()


if __name__ == "__main__":
    main()
