"""Which library provides each symbol: the real loader's bindings against `tenon why --symbols`.

Real programs of harmless packages are started with --version and every binding that the loader
makes before their own code runs is compared; with TENON_CHECK=all all of them, else a sample. The
cases built here add what such programs do not have, and unresolved symbols as `ldd -r` tells them.

rule: glibc elf/dl-lookup.c, elf/dl-reloc.c
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import bindings
import build
import loaders
import system
import tenon
from cases import Cases
from report import Report, skip_all, wants_all

SAMPLE = 40      # of programs that are started
LIBRARIES = 100  # of libraries whose unresolved symbols are compared

# Packages whose programs do nothing but print when asked for --version.
HARMLESS = """
    coreutils findutils diffutils grep sed tar gzip bzip2 xz-utils zstd binutils
    binutils-x86-64-linux-gnu util-linux bsdextrautils bsdutils git curl wget file gcc-12 g++-12
    cpp-12 gfortran-12 clang-14 llvm-14 lld-14 clang-format-14 clang-tidy-14 python3.11-minimal
    perl-base openssl libc-bin gawk mawk make cmake ninja-build gdb less procps psmisc patch sqlite3
    jq m4 bison flex gettext gettext-base ffmpeg bc dc rsync libxml2-utils xsltproc strace ltrace
    patchelf elfutils gpg gpgv hostname debianutils dpkg bash dash time tree unzip zip pkgconf-bin
""".split()


def harmless_programs(images):
    """The programs among `images` that belong to a harmless package."""
    done = subprocess.run(["dpkg-query", "-L", *HARMLESS], capture_output=True, text=True)
    owned = {os.path.realpath(path) for path in done.stdout.split("\n")
             if os.path.dirname(path) in ("/bin", "/usr/bin")}
    return [image.path for image in images
            if image.path in owned and image.interp == loaders.GLIBC and not image.privileged]


def provided(row):
    """tenon's bindings: {(requester, symbol, version): provider path, None for nobody}"""
    return {(tenon.requester(row, each["needed_by"]), tenon.text(each["symbol"]),
             tenon.text(each["version"])):
            None if each["provider"] is None else tenon.requester(row, each["provider"])
            for each in row["bindings"]}


def missing(row):
    """tenon's unresolved symbols, as bindings.unresolved()"""
    return {(tenon.requester(row, each["needed_by"]), tenon.text(each["symbol"]),
             tenon.text(each["version"])) for each in row["missing_symbols"]}


class Comparison:
    """Compares the bindings of whole processes."""

    def __init__(self, report):
        self.report = report
        self.undefined = bindings.Undefined()
        self.processes = 0
        self.compared = 0
        self.silent = []

    def run(self, program, real, row):
        if real is None:
            self.silent.append(program)
            return
        if row["status"] == "error":
            self.report.check(program, "bindings", tenon.answer(row), ("ld.so", "tenon"))
            return
        ours = provided(row)
        known = {program} | {tenon.text(library["path"]) for library in row["libraries"]}
        differences, compared = [], 0
        for key, providers in sorted(real.items(), key=str):
            requester, symbol, version = key
            if requester not in known or not self.undefined.has(*key):
                continue
            compared += 1
            # One symbol may bind twice: to the program for its address, elsewhere for a call.
            if ours.get(key, "not listed") not in providers:
                differences.append("%s@%s of %s: ld.so %s, tenon %s" % (
                    symbol, version, requester, " or ".join(sorted(providers)),
                    ours.get(key, "not listed")))
        self.processes += 1
        self.compared += compared
        self.report.tally(program, differences, compared)


def real_programs(report, comparison):
    """Programs of this system"""
    if shutil.which("dpkg-query") is None:
        report.skip("programs of this system", "no dpkg to tell which are harmless")
        return
    images = system.dynamic_images("/usr/bin")
    programs = harmless_programs(images)
    chosen = programs if wants_all() else system.sample(programs, SAMPLE)
    report.note("%s: %d of %d programs" % (
        "all" if wants_all() else "a sample (TENON_CHECK=all for all)", len(chosen), len(programs)))
    rows = tenon.why(chosen, ("--symbols",))
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C"}
    with tempfile.TemporaryDirectory(prefix="tenon-symbols-") as work:
        for i, program in enumerate(chosen):
            real = bindings.debugged([program, "--version"], os.path.join(work, str(i)), env, work)
            comparison.run(program, real, rows[program])
    report.note("%d bindings of %d programs compared" % (comparison.compared, comparison.processes))
    if comparison.silent:
        report.note("no debug output from: " + " ".join(comparison.silent))


def real_libraries(report):
    """What libraries of this system leave undefined, as when ld.so is given the file alone"""
    paths = [image.path for image in system.dynamic_images("/usr/lib")
             if image.loader == loaders.GLIBC and not image.is_program]
    chosen = paths if wants_all() else system.sample(paths, LIBRARIES)
    rows = tenon.why(chosen, ("--symbols",))
    before, silent = report.compared, 0
    for path in chosen:
        complaints = bindings.unresolved([loaders.GLIBC, path])
        if complaints is None or rows[path]["status"] == "error":
            silent += 1
            continue
        ours = missing(rows[path])
        if any(library["status"] == "missing" for library in rows[path]["libraries"]):
            # While tracing, ld.so makes no room for the versions of a library that is not there:
            # where those have the highest numbers it tells the symbols without them.
            complaints, ours = _without_versions(complaints), _without_versions(ours)
        differences = ["%s@%s of %s: %s" % (symbol, version, requester, who)
                       for rows_of_one, who in ((complaints - ours, "only ldd -r"),
                                                (ours - complaints, "only tenon"))
                       for requester, symbol, version in sorted(rows_of_one, key=str)]
        report.tally(path, differences, max(1, len(complaints | ours)))
    report.note("unresolved symbols of %d of %d libraries: %d compared" % (
        len(chosen) - silent, len(paths), report.compared - before))


def _without_versions(rows):
    return {(requester, symbol, None) for requester, symbol, _ in rows}


case = Cases()  # functions that build a case and give (program, environment)


class Builder:
    """Libraries and programs with real code, below one tree."""

    def __init__(self, tree):
        self.tree = tree

    def lib(self, name, code, *flags, link=()):
        soname = os.path.basename(name)
        return self.tree.real_program(name, code, "-shared", "-fPIC", "-Wl,-soname," + soname,
                                      "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined",
                                      *map(self.tree.path, link), *flags)

    def program(self, code, *flags, link=()):
        return self.tree.real_program("E", code, "-Wl,--no-as-needed",
                                      "-Wl,-rpath," + self.tree.dir,
                                      "-Wl,--allow-shlib-undefined", *map(self.tree.path, link),
                                      *flags)

    def versions(self, name, script):
        return "-Wl,--version-script=" + self.tree.write(name, script)


CALLS = "int f(void); int main(void) { return f() - f(); }"
ONE = "int f(void) { return 1; }"


@case()
def plain(b):
    b.lib("libf.so", ONE)
    return b.program(CALLS, link=["libf.so"]), {}


@case()
def first_in_scope_wins(b):
    b.lib("libf1.so", ONE)
    b.lib("libf2.so", ONE)
    return b.program(CALLS, link=["libf2.so", "libf1.so"]), {}


@case()
def missing_symbol(b):
    b.lib("libf.so", "int gone(void); extern int gone_too; int f(void) { return gone_too; }"
                     " int (*p)(void) = gone;")
    return b.program(CALLS, link=["libf.so"]), {}


@case()
def missing_call(b):
    b.lib("libf.so", "int gone(void); int f(void) { return 1; } int g(void) { return gone(); }")
    return b.program(CALLS, "-Wl,-z,lazy", link=["libf.so"]), {}


@case()
def missing_version_of_a_symbol(b):
    two = b.versions("two.map", "V1 { }; V2 { f; } V1;")
    b.lib("libf.so", ONE, two)
    program = b.program(CALLS, link=["libf.so"])
    b.lib("new/libf.so", "int f(void) { return 1; } int g(void) { return 1; }",
          b.versions("three.map", "V1 { f; }; V2 { g; } V1;"))
    return program, {"LD_LIBRARY_PATH": b.tree.path("new")}


@case()
def weak_undefined(b):
    b.lib("libf.so", "__attribute__((weak)) int gone(void); "
                     "int f(void) { return gone ? gone() : 1; }")
    return b.program(CALLS, link=["libf.so"]), {}


@case()
def weak_definition_first(b):
    b.lib("libw.so", "__attribute__((weak)) int f(void) { return 2; }")
    b.lib("libf.so", ONE)
    return b.program(CALLS, link=["libw.so", "libf.so"]), {}


@case()
def interposed_by_preload(b):
    b.lib("libf.so", ONE)
    preload = b.lib("libp.so", ONE)
    return b.program(CALLS, link=["libf.so"]), {"LD_PRELOAD": preload}


@case()
def interposed_by_program(b):
    b.lib("libf.so", "int g(void); int f(void) { return g(); }")
    b.lib("libg.so", "int g(void) { return 3; }")
    return b.program("int f(void); int g(void) { return 4; } int main(void) { return f() - g(); }",
                     "-rdynamic", link=["libf.so", "libg.so"]), {}


@case()
def copy_relocation(b):
    b.lib("libd.so", "int data = 5; int own(void) { return data; }")
    b.lib("libu.so", "extern int data; int f(void) { return data; }")
    return b.program("extern int data; int f(void); int main(void) { return data - f(); }",
                     "-no-pie", "-fno-pie", link=["libd.so", "libu.so"]), {}


@case()
def copy_of_what_is_gone(b):
    b.lib("libd.so", "int data = 5; int f(void) { return 1; }")
    program = b.program("extern int data; int f(void); int main(void) { return data - f(); }",
                        "-no-pie", "-fno-pie", link=["libd.so"])
    b.lib("new/libd.so", ONE)
    return program, {"LD_LIBRARY_PATH": b.tree.path("new")}


@case()
def canonical_plt_address(b):
    b.lib("libf.so", ONE)
    b.lib("libu.so", "int f(void); void *where(void) { return (void *)f; }")
    return b.program("int f(void); void *where(void);"
                     "int main(void) { return where() != (void *)f || f() != 1; }",
                     "-no-pie", "-fno-pie", link=["libf.so", "libu.so"]), {}


@case()
def protected(b):
    b.lib("libf.so", "__attribute__((visibility(\"protected\"))) int f(void) { return 1; }"
                     " int (*p)(void) = f;")
    b.lib("libu.so", "int f(void); int g(void) { return f(); }")
    return b.program(CALLS, link=["libf.so", "libu.so"]), {}


@case()
def hidden_is_passed_over(b):
    b.lib("libh.so", "__attribute__((visibility(\"hidden\"))) int f(void) { return 1; }"
                     " int h(void) { return f(); }")
    b.lib("libf.so", ONE)
    return b.program(CALLS, link=["libh.so", "libf.so"]), {}


@case()
def symbolic(b):
    b.lib("libs.so", "int f(void) { return 1; } int g(void); int h(void) { return g(); }"
                     " int (*p)(void) = g;", "-Wl,-Bsymbolic")
    b.lib("libg.so", "int g(void) { return 2; }")
    return b.program("int f(void); int h(void); int g(void) { return 7; }"
                     "int main(void) { return f() + h() - 8; }", "-rdynamic",
                     link=["libs.so", "libg.so"]), {}


@case()
def unique_of_several_versions(b):
    code = ("__asm__(\".globl u; .data; u: .long %d; .type u, @gnu_unique_object; "
            ".size u, 4\");")
    b.lib("libu1.so", code % 1, b.versions("1.map", "V1 { u; };"))
    b.lib("libu2.so", code % 2, b.versions("2.map", "V2 { u; };"))
    b.lib("liba.so", "extern int u; int a(void) { return u; }", link=["libu1.so"])
    b.lib("libb.so", "extern int u; int f(void) { return u; }", link=["libu2.so"])
    return b.program("int a(void); int f(void); int main(void) { return a() - f(); }",
                     link=["liba.so", "libb.so", "libu1.so", "libu2.so"]), {}


@case()
def unique_by_the_order_of_relocation(b):
    code = ("__asm__(\".globl u; .data; u: .long %d; .type u, @gnu_unique_object; "
            ".size u, 4\");")
    rpath = "-Wl,-rpath," + b.tree.dir
    b.lib("libx.so", code % 1, b.versions("1.map", "V1 { u; };"))
    b.lib("liby.so", code % 2, b.versions("2.map", "V2 { u; };"))
    b.lib("libb.so", "extern int u; int f(void) { return u; }", rpath, link=["liby.so"])
    b.lib("liba.so", "extern int u; int a(void) { return u; }", rpath, link=["libx.so", "libb.so"])
    return b.program("int a(void); int f(void); int main(void) { return a() - f(); }",
                     link=["libb.so", "liba.so", "libx.so", "liby.so"]), {}


@case()
def unique(b):
    code = "__asm__(\".globl u; .data; u: .long %d; .type u, @gnu_unique_object; .size u, 4\");"
    b.lib("libu1.so", code % 1)
    b.lib("libu2.so", code % 2)
    b.lib("libf.so", "extern int u; int f(void) { return u; }")
    return b.program(CALLS, link=["libu2.so", "libf.so", "libu1.so"]), {}


@case()
def ifunc(b):
    b.lib("libf.so", "static int one(void) { return 1; } static void *pick(void) "
                     "{ return (void *)one; } int f(void) __attribute__((ifunc(\"pick\")));")
    b.lib("libu.so", "int f(void); int (*p)(void) = f;")
    return b.program(CALLS, link=["libf.so", "libu.so"]), {}


@case()
def thread_local(b):
    b.lib("libt.so", "__thread int t = 3;")
    b.lib("libf.so", "extern __thread int t; int f(void) { return t; }",
          "-Wl,-rpath," + b.tree.dir, link=["libt.so"])
    return b.program(CALLS, link=["libf.so"]), {}


SYMVER = ("__asm__(\".symver f_1, f@V1\"); __asm__(\".symver f_2, f@@V2\");"
          "int f_1(void) { return 1; } int f_2(void) { return 2; }")


@case()
def old_and_default_version(b):
    script = b.versions("v.map", "V1 { }; V2 { } V1;")
    b.lib("libf.so", SYMVER, script)
    b.lib("libo.so", "__asm__(\".symver f, f@V1\"); int f(void); int g(void) { return f(); }",
          link=["libf.so"])
    return b.program(CALLS, link=["libf.so", "libo.so"]), {}


@case()
def reference_without_version(b):
    b.lib("libf.so", ONE)
    program = b.program(CALLS, link=["libf.so"])
    b.lib("new/libf.so", SYMVER, b.versions("v.map", "V1 { }; V2 { } V1;"))
    return program, {"LD_LIBRARY_PATH": b.tree.path("new")}


@case()
def reference_with_version_to_a_library_without(b):
    b.lib("libother.so", ONE)
    b.lib("libf.so", ONE, b.versions("v.map", "V1 { f; };"))
    return b.program(CALLS, link=["libf.so", "libother.so"]), {
        "LD_PRELOAD": b.tree.path("libother.so")}


@case()
def needs_of_needs(b):
    b.lib("libg.so", "int g(void) { return 1; }")
    b.lib("libf.so", "int g(void); int f(void) { return g(); }", "-Wl,-rpath," + b.tree.dir,
          link=["libg.so"])
    return b.program(CALLS, link=["libf.so"]), {}


@case()
def sysv_hash_only(b):
    b.lib("libf.so", "int g(void); int f(void) { return g(); }", "-Wl,--hash-style=sysv")
    b.lib("libg.so", "int g(void) { return 1; }", "-Wl,--hash-style=sysv")
    return b.program(CALLS, "-Wl,--hash-style=sysv", link=["libf.so", "libg.so"]), {}


def built_cases(report, comparison):
    """What real programs seldom have"""
    for (function,) in case:
        name = function.__name__.replace("_", " ")
        with build.Tree() as tree:
            program, env = function(Builder(tree))
            row = tenon.why([program], ("--symbols",), env=env)[program]
            complaints = bindings.unresolved([program], env)
            report.check(name + ", unresolved", complaints, missing(row), ("ldd -r", "tenon"))
            if not complaints:
                real = bindings.debugged([program], tree.path("debug"), env)
                comparison.run(program, real, row)
    report.note("%d cases built" % len(case))


def main():
    if not loaders.usable(loaders.GLIBC):
        skip_all("no glibc for x86-64 here")
    tenon.command()
    report = Report()
    real_programs(report, Comparison(report))
    real_libraries(report)
    if shutil.which("gcc"):
        built_cases(report, Comparison(report))
    else:
        report.skip("built cases", "no gcc")
    report.finish()


if __name__ == "__main__":
    main()
