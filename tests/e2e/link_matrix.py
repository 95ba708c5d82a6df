#!/usr/bin/env python3
"""
Programs are built by every linker, compiler and kind of link, with a record made in each of three
ways; it must name the objects and archive members that the program was made to take, and no other.

Runs a sample, chosen by SEED (printed; set TENON_SEED to choose another); TENON_CHECK=all runs all.
"""

import itertools
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import launch  # noqa: E402
from build import needs  # noqa: E402
from report import Report  # noqa: E402

PREFIX = "p"
SAMPLE = 15
SEED = os.environ.get("TENON_SEED", "tenon")

# name: text. main and extra are objects of the command; the others are archive members.
C = {
    "main": "int counter(void); int help(int); extern int extra;\n"
            "int main(void) { return counter() + help(1) + extra == 0; }\n",
    "extra": "int extra = 1;\n",
    "counter": "static int n; int counter(void) { return ++n; }\n",
    "unused": "int unused_state; int unused(void) { return ++unused_state; }\n",
    "help": "int deep(int); int help(int x) { return deep(x) + 1; }\n",
    "deep": "int deep(int x) { static int calls; return x + ++calls; }\n",
    "idle": "int idle; int idle_get(void) { return idle; }\n",
}
CXX = {
    "main": "#include <string>\n#include \"shape.h\"\nint counter(); int help(int);\n"
            "extern int extra;\n"
            "int main() { Shape<int> s; std::string t(\"x\");\n"
            "  return s.next() + counter() + help(1) + extra + (int)t.size() == 0; }\n",
    "extra": "#include \"shape.h\"\nint extra = Shape<int>().next();\n",
    "counter": "static int n; int counter() { return ++n; }\n",
    "unused": "int unused_state; int unused() { return ++unused_state; }\n",
    "help": "int deep(int); int help(int x) { return deep(x) + 1; }\n",
    "deep": "#include \"shape.h\"\nint deep(int x) { Shape<long> s; return x + (int)s.next(); }\n",
    "idle": "int idle; int idle_get() { return idle; }\n",
}
SHAPE = "template <class T> struct Shape { T next() { static T n; return ++n; } };\n"
ARCHIVES = {"counter": ["counter", "unused"], "help": ["help", "deep", "idle"]}
TAKEN = ["main", "extra", "counter", "help", "deep"]
ALL = sorted(C)


class Kind:
    """One kind of link: options of the compile and of the link, and what it takes."""

    def __init__(self, compile=(), link=(), thin=False, cxx=False, taken=TAKEN, whole=False,
                 lto=False, only=None):
        self.compile, self.link, self.thin, self.cxx = list(compile), list(link), thin, cxx
        self.taken, self.whole, self.lto, self.only = taken, whole, lto, only


KINDS = {
    "plain": Kind(),
    "optimised": Kind(["-O2", "-g"], ["-O2", "-g"]),
    "gc-sections": Kind(["-ffunction-sections", "-fdata-sections"], ["-Wl,--gc-sections"]),
    "pie": Kind(["-fPIE"], ["-pie"]),
    "no-pie": Kind(["-fno-pie"], ["-no-pie"]),
    "static": Kind([], ["-static"]),
    "shared": Kind(["-fPIC"], ["-shared"]),
    "thin": Kind(thin=True),
    "whole": Kind(whole=True, taken=ALL),
    "rdynamic": Kind([], ["-rdynamic"]),
    "c++": Kind(cxx=True),
    "c++ gc": Kind(["-ffunction-sections"], ["-Wl,--gc-sections"], cxx=True),
    "c++ static": Kind([], ["-static"], cxx=True),
    "lto": Kind(["-flto", "-O2"], ["-flto", "-O2"], lto=True),
    "fat lto": Kind(["-flto", "-ffat-lto-objects"], ["-flto"], lto=True, only="gcc"),
    "thin lto": Kind(["-flto=thin", "-O2"], ["-flto=thin"], lto=True, only="clang"),
    "c++ lto": Kind(["-flto"], ["-flto"], cxx=True, lto=True),
}
LINKERS = ["bfd", "gold", "lld", "mold"]
COMPILERS = ["gcc", "clang"]
WAYS = ["cc", "wrap", "link"]


def exists(linker, compiler, kind):
    """lld does not take GCC's intermediate code."""
    if kind.only not in (None, compiler):
        return False
    return not (kind.lto and compiler == "gcc" and linker == "lld")


class Build:
    """One cell of the matrix, in a directory of its own."""

    def __init__(self, directory, linker, compiler, kind, way):
        self.dir, self.linker, self.kind, self.way = directory, linker, kind, way
        self.family = compiler
        self.compiler = {"gcc": "g++", "clang": "clang++"}[compiler] if kind.cxx else compiler
        self.sources = CXX if kind.cxx else C

    def run(self, *words, check=True):
        return launch.run(list(words), self.dir, check=check)

    def write_sources(self):
        for name, text in self.sources.items():
            with open(os.path.join(self.dir, self.source(name)), "w") as file:
                file.write(text)
        with open(os.path.join(self.dir, "shape.h"), "w") as file:
            file.write(SHAPE)

    def source(self, name):
        return name + (".cc" if self.kind.cxx else ".c")

    def compile(self):
        for name in self.sources:
            words = [self.compiler, *self.kind.compile, "-c", self.source(name), "-o", name + ".o"]
            if self.way == "cc":
                words = launch.behind("cc", words, PREFIX)
            self.run(*words)

    def archive(self):
        program = "llvm-ar" if self.family == "clang" else "gcc-ar"
        for name, members in ARCHIVES.items():
            self.run(program, "rcT" if self.kind.thin else "rc", "lib%s.a" % name,
                     *[member + ".o" for member in members])

    def wrap(self):
        files = ["main.o", "extra.o"]
        if self.kind.thin:
            files += [member + ".o" for rows in ARCHIVES.values() for member in rows]
        else:
            files += ["lib%s.a" % name for name in ARCHIVES]
        return self.run(*launch.behind("wrap", files, PREFIX), check=False)

    def link_words(self):
        libraries = ["-L.", "-lcounter", "-lhelp"]
        if self.kind.whole:
            libraries = ["-L.", "-Wl,--whole-archive", "-lcounter", "-lhelp",
                         "-Wl,--no-whole-archive"]
        return [self.compiler, "-fuse-ld=" + self.linker, *self.kind.link, "main.o", "extra.o",
                *libraries, "-o", "prog"]

    def link(self, launched):
        words = self.link_words()
        self.run(*(launch.behind("link", words, PREFIX) if launched else words))

    def record(self):
        """(names, state) of the program, which must be the same after strip."""
        row = launch.units(os.path.join(self.dir, "prog"))
        self.run("strip", "-o", "stripped", "prog")
        again = launch.units(os.path.join(self.dir, "stripped"))
        if (row["record"], launch.names(row)) != (again["record"], launch.names(again)):
            raise launch.Failed("strip changes the record")
        return launch.names(row), row["record"]


def is_untold(build):
    """mold does not say which members of intermediate code it took."""
    return build.kind.lto and build.linker == "mold" and (build.family == "clang" or
                                                          not launch.mold_starts_anew())


def expected_link(build):
    """What tenon link alone can say: of intermediate code the names, but no more than that."""
    taken = build.kind.taken
    if is_untold(build):
        taken = ["main", "extra"]
    return names_of(taken), "partial" if build.kind.lto else "complete"


def expected_completed(build):
    """A record that the objects assembled, with the launcher's summary."""
    return names_of(build.kind.taken), "partial" if is_untold(build) else "complete"


def names_of(taken):
    return sorted("%s/%s" % (PREFIX, name) for name in taken)


def check_cell(report, what, build):
    build.write_sources()
    build.compile()
    build.archive()
    if build.way == "wrap":
        done = build.wrap()
        if build.kind.lto:
            report.check(what + ": refused", (3, True),
                         (done.returncode, "tenon cc" in done.stderr))
            return
        report.check(what + ": wrap", (0, ""), (done.returncode, done.stderr))
    if build.way == "link":
        build.link(True)
        report.check(what, expected_link(build), build.record())
        return
    build.link(False)
    report.check(what + ", linked plainly", (names_of(build.kind.taken), "assembled"),
                 build.record())
    build.link(True)
    report.check(what + ", and launched", expected_completed(build), build.record())


def main():
    needs("gcc", "clang", "ld.bfd", "ld.gold", "ld.lld", "mold", "llvm-ar", "strip")
    report = Report()
    cells = [cell for cell in itertools.product(LINKERS, COMPILERS, sorted(KINDS), WAYS)
             if exists(cell[0], cell[1], KINDS[cell[2]])]
    if os.environ.get("TENON_CHECK") != "all":
        report.note("%d of %d cells, seed %r" % (SAMPLE, len(cells), SEED))
        cells = sorted(random.Random(SEED).sample(cells, SAMPLE))
    for linker, compiler, kind, way in cells:
        what = "%s, %s, %s, tenon %s" % (compiler, linker, kind, way)
        directory = tempfile.mkdtemp(prefix="tenon-link-")
        try:
            check_cell(report, what, Build(directory, linker, compiler, KINDS[kind], way))
        except launch.Failed as error:
            report.check(what, "built", str(error))
        finally:
            shutil.rmtree(directory)
    report.finish()


if __name__ == "__main__":
    main()
