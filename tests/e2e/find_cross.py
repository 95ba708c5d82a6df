#!/usr/bin/env python3
"""
tenon find with a compiler for another machine or system: started by qemu, and without it answered by the rules
of the loader; both must say the same, and the consumer's program must run.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build  # noqa: E402
import tenon  # noqa: E402

CC = "aarch64-linux-gnu-gcc"
ROOT = "/usr/aarch64-linux-gnu"
QEMU = ["qemu-aarch64", "-L", ROOT]

MINGW = "x86_64-w64-mingw32-gcc"
CLANG = ["clang", "--target=x86_64-apple-macos11", "-fuse-ld=lld",
         "-Wl,-platform_version,macos,11,11"]

if shutil.which(MINGW) is None and shutil.which("clang") is None:
    build.needs(CC, QEMU[0])


@unittest.skipIf(shutil.which(CC) is None or shutil.which(QEMU[0]) is None, "no " + CC)
class Cross(unittest.TestCase):
    def setUp(self):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="tenon-find-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        for name in ("include", "lib"):
            os.makedirs(self.path("opt", name))
        self.write("opt/include/foo.h", "const char *foo_id(void);\n")
        self.write("foo.c", 'const char *foo_id(void) { return "cross"; }\n')

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, path, text):
        with open(self.path(path), "w", encoding="utf-8") as file:
            file.write(text)

    def cc(self, *words, compiler=CC):
        subprocess.run([compiler, *words], cwd=self.dir, check=True)

    def library(self, compiler=CC):
        self.cc("-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", "opt/lib/libfoo.so.1",
                "foo.c", compiler=compiler)
        os.symlink("libfoo.so.1", self.path("opt/lib/libfoo.so"))

    def find(self, *words, name="foo"):
        done = subprocess.run([tenon.command(), "find", "--json", "--no-cache", "--cc=" + CC, *words,
                               name], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return json.loads(done.stdout)["results"][0]

    def both(self, *words, **how):
        """With the wrapper and without it: verdicts, and steps, must be equal."""
        rows = [self.find("--exe-wrapper=" + " ".join(QEMU), *words, **how),
                self.find(*words, **how)]
        self.assertEqual(rows[0]["verdict"], rows[1]["verdict"], json.dumps(rows, indent=1))
        self.assertEqual(rows[0]["result"], rows[1]["result"])
        return rows[0]

    def test_system_library(self):
        row = self.both(name="m")
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertIn("aarch64", row["result"]["file"])

    def test_run_path(self):
        self.library()
        row = self.both("--dir=" + self.path("opt"))
        self.assertEqual(row["result"]["CONF_foo_NEED_RPATH"], "yes")
        self.write("prog.c", "#include <foo.h>\n#include <stdio.h>\n"
                   "int main(void) { puts(foo_id()); return 0; }\n")
        self.cc("-Iopt/include", "prog.c", "-o", "prog", "-Lopt/lib",
                "-Wl,-rpath," + self.path("opt/lib"), "-lfoo")
        out = subprocess.run([*QEMU, self.path("prog")], capture_output=True, text=True, check=True)
        self.assertEqual(out.stdout, "cross\n")

    def test_without_run_path(self):
        self.library()
        row = self.both("--set=ELF_RPATH=no", "--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-found")

    def test_library_of_this_machine(self):
        self.library("gcc")
        row = self.both("--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-found")
        self.assertIn("is for", row["reason"])


@unittest.skipIf(shutil.which(MINGW) is None, "no " + MINGW)
class Windows(Cross):
    """A DLL: only the import library matters to the build, and the user's PATH to the start."""

    def library(self, compiler=MINGW):
        os.makedirs(self.path("opt/bin"), exist_ok=True)
        self.cc("-shared", "-o", "opt/bin/libfoo-1.dll", "foo.c",
                "-Wl,--out-implib,opt/lib/libfoo.dll.a", compiler=compiler)

    def find(self, *words, name="foo"):
        return super().find("--cc=" + MINGW, *words, name=name)

    def both(self, *words, **how):
        return self.find(*words, **how)

    def test_system_library(self):
        row = self.find("-H", "windows.h", "-f", "GetTickCount", name="kernel32")
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertIn("import library", "\n".join(row["remarks"]))

    def test_run_path(self):
        """There is none; the directory that PATH lacks is said."""
        self.library()
        row = self.find("-f", "foo_id", "--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-startable", json.dumps(row, indent=1))
        self.assertEqual(row["status"], "ok")
        self.assertEqual(row["result"]["CONF_foo_NEED_RPATH"], "no")
        self.assertEqual(row["result"]["linkage"], "shared")
        self.assertIn("libfoo-1.dll is in no directory of PATH: add " + self.path("opt/bin"),
                      "\n".join(row["remarks"]))

    def test_without_run_path(self):
        self.library()
        done = subprocess.run([tenon.command(), "find", "--cc=" + MINGW, "--set=ELF_RPATH=yes",
                               "foo"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("SHLIB_TYPE is PE", done.stderr)

    def test_library_of_this_machine(self):
        """An ELF library is none to this linker."""
        super().library("gcc")
        row = self.find("--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-found")

    def test_static(self):
        self.cc("-c", "foo.c", "-o", "foo.o", compiler=MINGW)
        subprocess.run(["ar", "rcs", self.path("opt/lib/libfoo.a"), self.path("foo.o")], check=True)
        row = self.find("-f", "foo_id", "--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertEqual(row["result"]["linkage"], "static")

TBD = """--- !tapi-tbd
tbd-version:     4
targets:         [ x86_64-macos ]
install-name:    '/usr/lib/libSystem.B.dylib'
exports:
  - targets:         [ x86_64-macos ]
    symbols:         [ _printf, _puts, dyld_stub_binder ]
...
"""


@unittest.skipIf(shutil.which("clang") is None or shutil.which("ld.lld") is None, "no clang, lld")
class Mac(unittest.TestCase):
    """Mach-O made with ld64.lld against a small SDK; the rules of dyld answer."""

    write = Cross.write
    path = Cross.path

    def setUp(self):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="tenon-find-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        for name in ("opt/include", "opt/lib", "sdk/usr/include", "sdk/usr/lib"):
            os.makedirs(self.path(name))
        self.write("sdk/usr/lib/libSystem.tbd", TBD)
        self.write("sdk/usr/include/stdio.h", "int printf(const char *, ...);\n")
        self.write("opt/include/foo.h", "const char *foo_id(void);\n")
        self.write("foo.c", 'const char *foo_id(void) { return "mac"; }\n')
        self.cc = [*CLANG, "-isysroot", self.path("sdk")]

    def library(self, install_name, *words):
        done = subprocess.run([*self.cc, *(words or ["-dynamiclib"]), "-o", "opt/lib/libfoo.dylib",
                               "foo.c", *(["-install_name", install_name] if install_name else [])],
                              cwd=self.dir, capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("this lld makes no Mach-O: " + done.stderr[:200])

    def find(self):
        done = subprocess.run([tenon.command(), "find", "--json", "--no-cache",
                               "--cc=" + " ".join(self.cc), "--dir=" + self.path("opt"),
                               "-f", "foo_id", "foo"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        return json.loads(done.stdout)["results"][0]

    def test_install_name_where_it_is(self):
        self.library(self.path("opt/lib/libfoo.dylib"))
        row = self.find()
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertEqual(row["result"]["CONF_foo_NEED_RPATH"], "no")
        self.assertNotIn("CONF_foo_LIBS", row["result"])

    def test_install_name_in_rpath(self):
        """The library asks for a run path: the switch is part of LIBS, NEED_RPATH is no."""
        self.library("@rpath/libfoo.dylib")
        row = self.find()
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertEqual(row["result"]["CONF_foo_NEED_RPATH"], "no")
        self.assertIn("-Wl,-rpath," + self.path("opt/lib"), row["result"]["CONF_foo_LIBS"])

    def test_install_name_elsewhere(self):
        """A run path does not help: the program would look where the install name says."""
        self.library("/not/there/libfoo.dylib")
        row = self.find()
        self.assertEqual(row["verdict"], "not-found", json.dumps(row, indent=1))
        self.assertIn("/not/there/libfoo.dylib", row["reason"])

    def test_run_time_module(self):
        self.library(None, "-bundle")
        row = self.find()
        self.assertEqual(row["verdict"], "not-found", json.dumps(row, indent=1))
        self.assertIn("run-time module", row["reason"])


if __name__ == "__main__":
    tenon.command()
    unittest.main()
