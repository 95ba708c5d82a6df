#!/usr/bin/env python3
"""What glibc's loader refuses only once everything is loaded, by its own words and tenon's.

Relative relocations in DT_RELR without the version that stands for them, as lld and mold leave
them; and a processor below the level that a file asks for. Of the program itself, of a library, of
a preload and of an auxiliary object, whose absence alone would be no fault.

rule: glibc elf/dl-version.c, _dl_check_map_versions(); sysdeps/x86/dl-prop.h, dl_isa_level_check()
"""

import os
import platform
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import Cases, Workshop  # noqa: E402
from report import skip_all  # noqa: E402

PROGRAM = """
#include <stdio.h>
int main(int c, char **v) { static const char *t[] = {"a", "b"}; return puts(t[c % 2]) < 0; }
"""
LIBRARY = """
#include <string.h>
const char *t[] = {"a", "b"};
int f(void) { return strlen(t[0]) - 1; }
"""
BARE = """
const char *t[] = {"a", "b"};
int f(void) { return t[0][0] - 'a'; }
"""
USER = "int f(void); int main(void) { return f(); }"
WORDS = ("DT_RELR without GLIBC_ABI_DT_RELR dependency", "CPU ISA level is lower than required")

# A libc with versions, but of a glibc that does not know that one.
OLD_LIBC = "int puts(const char *s) { return !s; } int __libc_start_main(void) { return 0; }"


def said(text):
    return [words for words in WORDS if words in text]


def compare(cases, shop, name, argv, before=(), options=()):
    """Both say the same words of it, or none of them, and it starts."""
    env = dict(os.environ, LC_ALL="C")
    real = subprocess.run([*before, *argv], cwd=shop.dir, env=env, capture_output=True, text=True)
    told = shop.tenon("why", *options, argv[-1], good=False)
    cases.expect(name, said(real.stderr) == said(told.stdout) and
                 (real.returncode == 0) == (told.returncode == 0),
                 "loader: %d %s\ntenon: %d %s" % (real.returncode, real.stderr, told.returncode,
                                                  told.stdout))


def packed(cases, shop, linker):
    relr = ["-fuse-ld=" + linker, "-Wl,--pack-dyn-relocs=relr", "-L.", "-Wl,-rpath,$ORIGIN"]
    shop.run("gcc", "program.c", "-o", "program", *relr)
    shop.run("gcc", "-shared", "-fPIC", "library.c", "-o", "libpacked.so", *relr)
    shop.run("gcc", "-shared", "-fPIC", "-nostdlib", "bare.c", "-o", "libbare.so", *relr)
    shop.run("gcc", "-shared", "-fPIC", "-nostdlib", "bare.c", "-o", "libaux.so",
             "-Wl,-f,libpacked.so", "-Wl,-rpath,$ORIGIN")
    for library in "packed", "bare", "aux":
        shop.run("gcc", "user.c", "-o", library, "-L.", "-l" + library, "-Wl,-rpath,$ORIGIN")
    for name in "program", "packed", "bare", "aux":
        compare(cases, shop, "%s: %s" % (linker, name), ["./" + name])
    preload = "LD_PRELOAD=./libpacked.so"
    compare(cases, shop, linker + ": preload", ["./bare"], ["env", preload], ["--env", preload])


def marked(cases, shop):
    shop.run("gcc", "program.c", "-o", "program", "-Wl,-z,pack-relative-relocs")
    compare(cases, shop, "with its version", ["./program"])
    shop.write("old.map", "GLIBC_2.2.5 { global: puts; }; GLIBC_2.34 { global: __libc_start_main; };")
    shop.write("old.c", OLD_LIBC)
    os.makedirs(shop.path("old"), exist_ok=True)
    shop.run("gcc", "-shared", "-fPIC", "-nostdlib", "old.c", "-Wl,--version-script=old.map",
             "-Wl,-soname,libc.so.6", "-o", "old/libc.so.6")
    told = shop.tenon("why", "--env", "LD_LIBRARY_PATH=old", "program", good=False)
    cases.expect("an older libc", told.returncode == 1 and
                 "which glibc has since 2.36" in told.stdout, told.stdout)


def levels(cases, shop, emulator):
    """Under an emulator, as this machine may have all levels."""
    mark = "-Wl,-z,x86-64-v4"
    shop.run("gcc", "program.c", "-o", "program", mark)
    shop.run("gcc", "-shared", "-fPIC", "library.c", "-o", "liblevel.so", mark)
    shop.run("gcc", "user.c", "-o", "level", "-L.", "-llevel", "-Wl,-rpath,$ORIGIN")
    shop.run("gcc", "user.c", "library.c", "-o", "plain")
    run, cpu = [emulator, "-cpu", "Nehalem"], ["--cpu", "x86-64-v2"]
    for name in "program", "level", "plain":
        compare(cases, shop, "level of " + name, ["./" + name], run, cpu)
    preload = "LD_PRELOAD=./liblevel.so"
    compare(cases, shop, "level of a preload", ["./plain"], [*run, "-E", preload],
            [*cpu, "--env", preload])
    told = shop.tenon("why", *cpu, "program", "plain", "program", good=False)
    cases.expect("beside one like it", told.stdout.count(WORDS[1]) == 2, told.stdout)


def main():
    if platform.machine() != "x86_64" or not shutil.which("gcc"):
        skip_all("needs gcc on x86-64")
    cases = Cases()
    with Workshop() as shop:
        for name, text in (("program", PROGRAM), ("library", LIBRARY), ("bare", BARE),
                           ("user", USER)):
            shop.write(name + ".c", text)
        for linker in "lld", "mold":
            if shutil.which("ld." + linker):
                packed(cases, shop, linker)
        marked(cases, shop)
        if shutil.which("qemu-x86_64"):
            levels(cases, shop, "qemu-x86_64")
    cases.finish()


if __name__ == "__main__":
    main()
