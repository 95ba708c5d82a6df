#!/usr/bin/env python3
"""
tenon find with a compiler for another machine or system: started by qemu or Wine, and without them
answered by the rules of the loader; both must say the same, and the consumer's program must run.
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
from sample import unittest_main  # noqa: E402

CC = "aarch64-linux-gnu-gcc"
ROOT = "/usr/aarch64-linux-gnu"
QEMU = ["qemu-aarch64", "-L", ROOT]

MINGW = "x86_64-w64-mingw32-gcc"
CLANG = ["clang", "--target=x86_64-apple-macos11", "-fuse-ld=lld",
         "-Wl,-platform_version,macos,11,11"]

if shutil.which(MINGW) is None and shutil.which("clang") is None:
    build.needs(CC, QEMU[0])


class Foreign(unittest.TestCase):
    """A header and the source of a library in a directory of their own."""

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

    def cc(self, *words, compiler):
        subprocess.run([compiler, *words], cwd=self.dir, check=True)

    def elf_library(self, compiler):
        self.cc("-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", "opt/lib/libfoo.so.1",
                "foo.c", compiler=compiler)
        os.symlink("libfoo.so.1", self.path("opt/lib/libfoo.so"))

    def dll(self, compiler):
        os.makedirs(self.path("opt/bin"), exist_ok=True)
        self.cc("-shared", "-o", "opt/bin/libfoo-1.dll", "foo.c",
                "-Wl,--out-implib,opt/lib/libfoo.dll.a", compiler=compiler)

    def find_with(self, compiler, *words, name="foo", env=None):
        done = subprocess.run([tenon.command(), "find", "--json", "--no-cache", "--cc=" + compiler,
                               *words, name], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        return json.loads(done.stdout)["results"][0]


def links(compiler):
    """Is the compiler there, with a C library?"""
    return shutil.which(compiler) is not None and subprocess.run(
        [compiler, "-x", "c", "-", "-o", os.devnull], input=b"int main(void) { return 0; }",
        stderr=subprocess.DEVNULL).returncode == 0


@unittest.skipUnless(links(CC) and shutil.which(QEMU[0]), "no %s, or no C library for it" % CC)
class Arm(Foreign):
    def find(self, *words, **how):
        return self.find_with(CC, *words, **how)

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
        self.elf_library(CC)
        row = self.both("--dir=" + self.path("opt"))
        self.assertEqual(row["result"]["CONF_foo_NEED_RPATH"], "yes")
        self.write("prog.c", "#include <foo.h>\n#include <stdio.h>\n"
                   "int main(void) { puts(foo_id()); return 0; }\n")
        self.cc("-Iopt/include", "prog.c", "-o", "prog", "-Lopt/lib",
                "-Wl,-rpath," + self.path("opt/lib"), "-lfoo", compiler=CC)
        out = subprocess.run([*QEMU, self.path("prog")], capture_output=True, text=True, check=True)
        self.assertEqual(out.stdout, "cross\n")

    def test_a_version_is_not_asked_without_a_wrapper(self):
        self.elf_library(CC)
        words = ["--dir=" + self.path("opt"), "-H", "foo.h", "--version-macro=\"2.1\""]
        self.assertEqual(self.find("--exe-wrapper=" + " ".join(QEMU), *words)["verdict"], "found")
        row = self.find(*words)
        self.assertIn("the test program was not run", "\n".join(row["remarks"]))
        row = self.find("--min-version=1", *words)
        self.assertEqual(row["verdict"], "not-found")
        self.assertIn("give --exe-wrapper or --version-cmd", row["reason"])

    def test_without_run_path(self):
        self.elf_library(CC)
        row = self.both("--set=ELF_RPATH=no", "--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-found")

    def test_library_of_this_machine(self):
        self.elf_library("gcc")
        row = self.both("--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-found")
        self.assertIn("is for", row["reason"])


@unittest.skipIf(shutil.which(MINGW) is None, "no " + MINGW)
class PackingLists(Foreign):
    """The DLL beside an import library, which says what its DLL is called."""

    def both(self, import_library, dll):
        self.cc("-shared", "-o", dll, "foo.c", "-Wl,--out-implib," + import_library, compiler=MINGW)

    def plist(self, text, *words):
        done = subprocess.run([tenon.command(), "plist", *words], input=text, cwd=self.dir,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines(), done.stderr

    def test_a_dll_of_another_name(self):
        self.both("opt/lib/libz.dll.a", "opt/lib/zlib1.dll")
        self.both("opt/lib/libgcc_s.a", "opt/lib/libgcc_s_seh-1.dll")
        self.both("opt/lib/libother.dll.a", "opt/lib/other.dll")
        lines, remarks = self.plist("@library opt/lib z\n@library opt/lib gcc_s\n", "-")
        self.assertEqual(lines, ["opt/lib/libz.dll.a", "opt/lib/zlib1.dll", "opt/lib/libgcc_s.a",
                                 "opt/lib/libgcc_s_seh-1.dll"])
        self.assertEqual(remarks, "")
        lines, _ = self.plist(None, "--scan", "opt")
        self.assertEqual(lines, ["@library lib gcc_s", "@library lib other", "@library lib z",
                                 "include/foo.h"])

    def test_whatever_the_case(self):
        self.both("opt/lib/libfoo.dll.a", "opt/lib/BAR.DLL")
        os.rename(self.path("opt/lib/BAR.DLL"), self.path("opt/lib/bar.dll"))
        lines, _ = self.plist("@library opt/lib foo\n", "-")
        self.assertEqual(lines, ["opt/lib/bar.dll", "opt/lib/libfoo.dll.a"])

    def test_a_dll_elsewhere_is_not_its_directorys(self):
        self.dll(MINGW)
        lines, remarks = self.plist("@library opt/lib foo\n", "-")
        self.assertEqual((lines, remarks), (["opt/lib/libfoo.dll.a"], ""))

    def test_what_is_no_dll(self):
        self.both("opt/lib/libfoo.dll.a", "opt/lib/bar.dll")
        self.write("opt/lib/bar.dll", "a text\n")
        lines, remarks = self.plist("@library opt/lib foo\n", "-")
        self.assertEqual(lines, ["opt/lib/libfoo.dll.a"])
        self.assertIn("bar.dll' is left out: it is a text file", remarks)


@unittest.skipIf(shutil.which(MINGW) is None, "no " + MINGW)
class Windows(Foreign):
    """A DLL: only the import library matters to the build, and the user's PATH to the start."""

    def find(self, *words, **how):
        return self.find_with(MINGW, *words, **how)

    def test_system_library(self):
        row = self.find("-H", "windows.h", "-f", "GetTickCount", name="kernel32")
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertIn("import library", "\n".join(row["remarks"]))

    def test_not_startable(self):
        """There is no run path; the directory that PATH lacks is said."""
        self.dll(MINGW)
        row = self.find("-f", "foo_id", "--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-startable", json.dumps(row, indent=1))
        self.assertEqual(row["status"], "ok")
        self.assertEqual(row["result"]["CONF_foo_NEED_RPATH"], "no")
        self.assertEqual(row["result"]["linkage"], "shared")
        self.assertIn("libfoo-1.dll is in no directory of PATH: add " + self.path("opt/bin"),
                      "\n".join(row["remarks"]))

    def test_not_startable_without_a_function(self):
        """A test that uses nothing of the library would start without its DLL: it imports."""
        self.write("foo.c", 'const char *foo_id(void) { return "cross"; }\nint foo_number = 1;\n')
        for compiler in (MINGW, "i686-w64-mingw32-gcc"):
            if shutil.which(compiler) is None:
                continue
            self.dll(compiler)
            asked = [compiler, "--dir=" + self.path("opt")]
            row = self.find_with(*asked)
            self.assertEqual(row["verdict"], "not-startable", json.dumps(row, indent=1))
            self.assertIn("add " + self.path("opt/bin"), "\n".join(row["remarks"]))
            self.assertNotIn("-u,", json.dumps(row["result"]))
            path = os.environ["PATH"] + ":" + self.path("opt/bin")
            row = self.find_with(*asked, env={"PATH": path})
            self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))

    def test_a_dll_is_linked_with(self):
        """GNU ld takes the DLL itself where there is no import library."""
        self.dll(MINGW)
        os.unlink(self.path("opt/lib/libfoo.dll.a"))
        shutil.copy(self.path("opt/bin/libfoo-1.dll"), self.path("opt/lib/libfoo.dll"))
        row = self.find("--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-startable", json.dumps(row, indent=1))

    def test_run_path_is_refused(self):
        done = subprocess.run([tenon.command(), "find", "--cc=" + MINGW, "--set=ELF_RPATH=yes",
                               "foo"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("SHLIB_TYPE is PE", done.stderr)

    def test_library_of_this_machine(self):
        """An ELF library is none to this linker."""
        self.elf_library("gcc")
        row = self.find("--dir=" + self.path("opt"))
        self.assertEqual(row["verdict"], "not-found")

    def test_static(self):
        self.cc("-c", "foo.c", "-o", "foo.o", compiler=MINGW)
        subprocess.run(["ar", "rcs", self.path("opt/lib/libfoo.a"), self.path("foo.o")], check=True)
        for more in (["-f", "foo_id"], []):
            row = self.find(*more, "--dir=" + self.path("opt"))
            self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
            self.assertEqual(row["result"]["linkage"], "static")
            self.assertEqual(row["remarks"], [])

    @unittest.skipIf(shutil.which("i686-w64-mingw32-gcc") is None, "no i686-w64-mingw32-gcc")
    def test_library_of_the_other_width(self):
        """GNU ld says nothing of an archive of which it takes nothing: the next one is the right."""
        right, other = "i686-w64-mingw32-gcc", "--dir=" + self.path("opt")
        self.cc("-c", "foo.c", "-o", "foo.o", compiler=MINGW)
        subprocess.run(["ar", "rcs", self.path("opt/lib/libfoo.a"), self.path("foo.o")], check=True)
        row = self.find_with(right, other)
        self.assertEqual(row["verdict"], "not-found", json.dumps(row, indent=1))
        self.assertIn("opt/lib/libfoo.a, which is for x86_64, not for i386", row["reason"])
        row = self.find_with(right, "--cflags=-I" + self.path("opt/include"),
                             "--libs=" + self.path("opt/lib/libfoo.a"))
        self.assertEqual(row["verdict"], "not-found", json.dumps(row, indent=1))
        os.unlink(self.path("opt/lib/libfoo.a"))
        self.dll(MINGW)
        os.rename(self.path("opt"), self.path("wide"))
        for name in ("include", "lib"):
            os.makedirs(self.path("opt", name))
        shutil.copy(self.path("wide/include/foo.h"), self.path("opt/include"))
        self.dll(right)
        row = self.find_with(right, "--dir=" + self.path("wide"), other)
        self.assertEqual(row["result"]["file"], self.path("opt/lib/libfoo.dll.a"))
        self.assertIn("wide/lib/libfoo.dll.a, which is for x86_64", "\n".join(row["remarks"]))

    def test_path_of_the_caller(self):
        """Once the directory is in PATH, it is found."""
        self.dll(MINGW)
        path = os.environ["PATH"] + ":" + self.path("opt/bin")
        row = self.find("-f", "foo_id", "--dir=" + self.path("opt"), env={"PATH": path})
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertEqual(row["remarks"], [self.path("opt/lib/libfoo.dll.a") + " is an import "
                                          "library: the program starts with the DLL libfoo-1.dll"])

    def test_another_dll_in_path(self):
        """PATH has a DLL of the same name first: that one is loaded, and it is said."""
        self.dll(MINGW)
        os.mkdir(self.path("first"))
        shutil.copy(self.path("opt/bin/libfoo-1.dll"), self.path("first"))
        path = ":".join([os.environ["PATH"], self.path("first"), self.path("opt/bin")])
        row = self.find("-f", "foo_id", "--dir=" + self.path("opt"), env={"PATH": path})
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertIn("libfoo-1.dll is loaded from %s: %s comes later in PATH"
                      % (self.path("first"), self.path("opt/bin")), row["remarks"])


def wine_program():
    for name in (shutil.which("wine64"), "/usr/lib/wine/wine64"):
        if name and os.access(name, os.X_OK):
            return name
    return None


@unittest.skipIf(shutil.which(MINGW) is None or wine_program() is None, "no %s, wine64" % MINGW)
class Wine(Foreign):
    """The same, started: Wine's PATH is WINEPATH."""

    @classmethod
    def setUpClass(cls):
        cls.prefix = os.path.realpath(tempfile.mkdtemp(prefix="tenon-wine-"))
        cls.env = {"WINEPREFIX": cls.prefix, "WINEDEBUG": "-all", "HOME": cls.prefix,
                   "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe="}
        made = subprocess.run([wine_program(), "wineboot", "-i"], env={**os.environ, **cls.env},
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=240)
        if made.returncode != 0:
            cls.tearDownClass()
            raise unittest.SkipTest("wine made no prefix")

    @classmethod
    def tearDownClass(cls):
        server = os.path.join(os.path.dirname(wine_program()), "wineserver64")
        if os.access(server, os.X_OK):
            subprocess.run([server, "-k"], env={**os.environ, **cls.env}, capture_output=True)
        shutil.rmtree(cls.prefix, ignore_errors=True)

    def find(self, *words, name="foo", env=None):
        return self.find_with(MINGW, *words, name=name, env={**self.env, **(env or {})})

    def both(self, *words, env=None, **how):
        """Started by Wine with a WINEPATH, and answered with that PATH: the same is said."""
        started = self.find("--exe-wrapper=" + wine_program(), *words, **how,
                            env={"WINEPATH": env["PATH"]} if env else None)
        path = os.environ["PATH"] + (":" + env["PATH"] if env else "")
        answered = self.find(*words, **how, env={"PATH": path})
        self.assertEqual(started["verdict"], answered["verdict"],
                         json.dumps([started, answered], indent=1))
        self.assertEqual(started["result"], answered["result"])
        return started

    def test_system_library(self):
        row = self.both("-H", "windows.h", "-f", "GetTickCount", name="kernel32")
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))

    def test_not_startable(self):
        """Not startable, then found with the directory that was to be added; so the program runs."""
        self.dll(MINGW)
        asked = ["-f", "foo_id", "--dir=" + self.path("opt")]
        row = self.both(*asked)
        self.assertEqual(row["verdict"], "not-startable", json.dumps(row, indent=1))
        self.assertEqual(row["status"], "ok")
        self.assertIn("libfoo-1.dll is in no directory of WINEPATH: add " + self.path("opt/bin"),
                      "\n".join(row["remarks"]))
        self.assertEqual(self.both(asked[-1])["verdict"], "not-startable")
        row = self.both(asked[-1], env={"PATH": self.path("opt/bin")})
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        row = self.both(*asked, env={"PATH": self.path("opt/bin")})
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.write("prog.c", "#include <foo.h>\n#include <stdio.h>\n"
                   "int main(void) { puts(foo_id()); return 0; }\n")
        result = row["result"]
        self.cc("-I" + result["CONF_foo_INCDIR"], "prog.c", "-o", "prog.exe",
                "-L" + result["CONF_foo_LIBDIR"], "-lfoo", compiler=MINGW)
        for path, out in ((self.path("opt/bin"), "cross\r\n"), ("", "")):
            done = subprocess.run([wine_program(), self.path("prog.exe")], capture_output=True,
                                  env={**os.environ, **self.env, "WINEPATH": path})
            self.assertEqual(done.stdout.decode(), out)

    def test_what_it_prints(self):
        """What it prints and how it ends counts: it is really started."""
        self.dll(MINGW)
        self.write("opt/include/foo.h", "#define FOO_VERSION \"1.2\"\nconst char *foo_id(void);\n")
        self.write("three.c", "int main(void) { return 3; }\n")
        asked = ["--exe-wrapper=" + wine_program(), "--dir=" + self.path("opt"), "-H", "foo.h",
                 "-f", "foo_id"]
        path = {"WINEPATH": self.path("opt/bin")}
        row = self.find("--version-macro=FOO_VERSION", *asked, env=path)
        self.assertEqual(row["result"]["version"], "1.2")
        row = self.find("--program=" + self.path("three.c"), *asked, env=path)
        self.assertEqual(row["verdict"], "not-found")
        self.assertIn("status 3", row["reason"])

    def test_library_of_the_other_width(self):
        """Of the other width: a 64-bit program has no use for it."""
        if shutil.which("i686-w64-mingw32-gcc") is None:
            self.skipTest("no i686-w64-mingw32-gcc")
        self.dll("i686-w64-mingw32-gcc")
        row = self.both("--dir=" + self.path("opt"), "-f", "foo_id")
        self.assertEqual(row["verdict"], "not-found")


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

    write = Foreign.write
    path = Foreign.path

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
    unittest_main()
