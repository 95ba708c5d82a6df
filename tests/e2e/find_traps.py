#!/usr/bin/env python3
"""
Traps for whoever looks for a library: each is laid with real files, tenon find answers, and the
truth is what the installed program of a consumer does.
"""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build  # noqa: E402
import consumers  # noqa: E402
import tenon  # noqa: E402
from report import wants_all  # noqa: E402
from sample import unittest_main  # noqa: E402

build.needs("gcc", "ar", "make")

PROGRAM = '#include <stdio.h>\n#include <foo.h>\nint main(void) { puts(foo_id()); return 0; }\n'


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="tenon-find-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.env = {}

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, path, text, mode=0o644):
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def cc(self, *words):
        done = subprocess.run(["gcc", *words], cwd=self.dir, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError("gcc %s\n%s" % (" ".join(words), done.stderr))

    def header(self, prefix, version="1.0", name="foo"):
        self.write("%s/include/%s.h" % (prefix, name),
                   '#define %s_VERSION "%s"\nconst char *%s_id(void);\n'
                   'const char *%s_version(void);\n' % (name.upper(), version, name, name))

    def source(self, ident, version="1.0", name="foo", more=""):
        return self.write("src/%s-%s.c" % (name, ident.replace("/", "_").replace(" ", "_")),
                          'const char *%s_id(void) { return "%s"; }\n'
                          'const char *%s_version(void) { return "%s"; }\n%s\n'
                          % (name, ident, name, version, more))

    def shared(self, prefix, ident=None, version="1.0", name="foo", soname="lib%s.so.1", more="",
               flags=(), libdir="lib", dev=True):
        """PREFIX/lib/libfoo.so.1 with its link; returns its path."""
        ident = ident or prefix
        out = self.path(prefix, libdir)
        os.makedirs(out, exist_ok=True)
        real = os.path.join(out, "lib%s.so.1" % name)
        soname = ["-Wl,-soname," + soname.replace("%s", name)] if soname else []
        self.cc("-shared", "-fPIC", *soname, "-o", real, self.source(ident, version, name, more),
                *flags)
        if dev:
            os.symlink("lib%s.so.1" % name, os.path.join(out, "lib%s.so" % name))
        return real

    def static(self, prefix, ident=None, version="1.0", name="foo", more=""):
        out = self.path(prefix, "lib")
        os.makedirs(out, exist_ok=True)
        self.cc("-c", "-o", "member.o", self.source(ident or prefix, version, name, more))
        subprocess.run(["ar", "rcs", os.path.join(out, "lib%s.a" % name), self.path("member.o")],
                       check=True)

    def both(self, prefix, **how):
        self.header(prefix, how.get("version", "1.0"), how.get("name", "foo"))
        return self.shared(prefix, **how)

    def find(self, *words, name="foo", env=None):
        """The result and the status; every format is written below conf."""
        command = [tenon.command(), "find", "--json", "--no-cache", *words, name]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              cwd=self.dir, env=dict(consumers.CLEAN, HOME=self.dir, **(env or {})))
        self.assertIn(done.returncode, (0, 1), done.stderr)
        row = json.loads(done.stdout)["results"][0]
        self.assertEqual(done.returncode, 0 if row["status"] == "ok" else 1)
        return row

    def dirs(self, *prefixes):
        return ["--dir=" + self.path(prefix) for prefix in prefixes]

    def consume(self, *words, expect, name="foo", only=None, source=PROGRAM, env=None):
        """The installed program of each consumer (of make test: of two) must print `expect`."""
        for consumer in only or consumers.some(self.id()):
            conf, work = self.path("conf-" + consumer), self.path("work-" + consumer)
            command = [tenon.command(), "find", "-q", "--no-cache", "--write=" + conf,
                       "--format=" + consumers.ALL[consumer][0], *words, name]
            subprocess.run(command, check=True, cwd=self.dir, stdin=subprocess.DEVNULL,
                           env=dict(consumers.CLEAN, HOME=self.dir, **(env or {})))
            with self.subTest(consumer=consumer):
                try:
                    out = consumers.consume(consumer, conf, work, name, source)
                except consumers.Failed as failure:
                    self.fail(str(failure))
                self.assertEqual(out.strip(), expect)

    def found(self, row, **values):
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        for key, value in values.items():
            name = "CONF_foo_" + key if key.isupper() else key
            self.assertEqual(row["result"].get(name), value, name)

    def not_found(self, row, *words):
        self.assertEqual(row["verdict"], "not-found", json.dumps(row, indent=1))
        for word in words:
            self.assertIn(word, row["reason"])

    def remarks(self, row):
        return "\n".join(row["remarks"])


class RunPath(Case):
    def test_a_directory_that_needs_it(self):
        self.both("a")
        row = self.find(*self.dirs("a"))
        self.found(row, NEED_RPATH="yes", LIBDIR=self.path("a/lib"), INCDIR=self.path("a/include"))
        self.assertIn("-L is not recorded", self.remarks(row))
        self.consume(*self.dirs("a"), expect="a")

    def test_not_where_it_is_forbidden(self):
        self.both("a")
        row = self.find("--set=ELF_RPATH=no", *self.dirs("a"))
        self.not_found(row, "libfoo.so.1")

    def test_spelling(self):
        self.both("a")
        conf = self.path("conf")
        for flag in ("-R", "-rpath"):
            subprocess.run([tenon.command(), "find", "-q", "--no-cache", "--write=" + conf,
                            "--format=pc", "--set=RPATH_FLAG=" + flag, *self.dirs("a"), "foo"],
                           check=True)
            with open(os.path.join(conf, "foo.pc"), encoding="utf-8") as file:
                self.assertIn("-Wl,%s,%s" % (flag, self.path("a/lib")), file.read())

    def test_a_static_library_needs_none(self):
        self.header("a")
        self.static("a")
        row = self.find(*self.dirs("a"))
        self.found(row, NEED_RPATH="no", linkage="static")
        self.consume(*self.dirs("a"), expect="a")

    def test_a_system_directory_needs_none(self):
        row = self.find(name="m")
        self.assertEqual(row["verdict"], "found")
        self.assertEqual(row["result"]["CONF_m_NEED_RPATH"], "no")


class OtherFile(Case):
    def test_own_name_is_a_system_library(self):
        """It links and starts, and runs with libz of the system: only a run path helps."""
        self.both("a", soname="libz.so.1", flags=[],
                  more="const char *zlibVersion(void) { return \"0\"; }")
        os.rename(self.path("a/lib/libfoo.so.1"), self.path("a/lib/libz.so.1"))
        os.unlink(self.path("a/lib/libfoo.so"))
        os.symlink("libz.so.1", self.path("a/lib/libfoo.so"))
        row = self.find("--set=ELF_RPATH=no", *self.dirs("a"))
        self.not_found(row, "started with", "libz.so.1")
        row = self.find(*self.dirs("a"))
        self.found(row, NEED_RPATH="yes")
        self.consume(*self.dirs("a"), expect="a")

    def copied(self, prefix):
        """lib<n>.so is a copy of lib<n>.so.1, as file systems and archives without links have it."""
        self.both(prefix, dev=False)
        shutil.copy(self.path(prefix, "lib/libfoo.so.1"), self.path(prefix, "lib/libfoo.so"))

    def test_a_copy_instead_of_a_link(self):
        self.copied("a")
        row = self.find("--function=foo_id", *self.dirs("a"))
        self.found(row, NEED_RPATH="yes", LIBDIR=self.path("a/lib"))
        self.assertIn("libfoo.so is a copy of " + self.path("a/lib/libfoo.so.1"), self.remarks(row))
        self.consume(*self.dirs("a"), expect="a")

    def test_a_neighbour_that_is_no_copy(self):
        self.copied("a")
        self.cc("-shared", "-fPIC", "-Wl,-soname,libfoo.so.1", "-o", self.path("a/lib/libfoo.so"),
                self.source("b"))
        self.not_found(self.find("--function=foo_id", *self.dirs("a")), "started with")

    def test_a_copy_in_another_installation(self):
        """Equal today: a program is to have the one that was asked for."""
        self.both("a", flags=["-Wl,-rpath," + self.path("b/lib")])
        self.both("b", ident="a")
        shutil.copy(self.path("a/lib/libfoo.so.1"), self.path("b/lib/libfoo.so.1"))
        own = ["--cflags=-I" + self.path("a/include"),
               "--libs=-L%s -lfoo -Wl,-rpath,%s" % (self.path("a/lib"), self.path("b/lib"))]
        self.not_found(self.find("--function=foo_id", *own), "started with " + self.path("b/lib"))

    def test_two_versions_are_never_combined(self):
        self.header("a", "2.0")           # the header of 2.0 without its library
        self.both("b", version="1.0")
        row = self.find(*self.dirs("a", "b"))
        self.found(row, INCDIR=self.path("b/include"), LIBDIR=self.path("b/lib"))
        self.assertIn(self.path("a"), self.remarks(row))
        self.consume(*self.dirs("a", "b"), expect="b")

    def test_two_versions_first_wins(self):
        self.both("a", version="2.0")
        self.both("b", version="1.0")
        self.found(self.find(*self.dirs("a", "b")), LIBDIR=self.path("a/lib"))
        self.found(self.find(*self.dirs("b", "a")), LIBDIR=self.path("b/lib"))
        self.consume(*self.dirs("b", "a"), expect="b")

    def test_older_than_its_header(self):
        self.header("a", "2.0")
        self.shared("a", version="1.0")
        asked = ["--version-macro=FOO_VERSION", "--version-function=foo_version"]
        self.not_found(self.find("-H", "foo.h", *asked, *self.dirs("a")), "older than its header",
                       "2.0", "1.0")

    def test_version_too_low(self):
        self.both("a", version="1.9")
        asked = ["-H", "foo.h", "--version-macro=FOO_VERSION", *self.dirs("a")]
        self.found(self.find("--min-version=1.9", *asked), version="1.9")
        self.not_found(self.find("--min-version=1.10", *asked), "version too low", "1.9", "1.10")
        self.not_found(self.find("--min-version=1", "-H", "foo.h", *self.dirs("a")),
                       "--version-macro")
        self.found(self.find("--min-version=3", "--version-cmd=echo foo 3.1", *self.dirs("a")))

    def test_function_of_another_version(self):
        self.both("a")
        self.write("a/include/foo.h", "const char *foo_id(void);\nint foo_new(void);\n")
        self.not_found(self.find("-f", "foo_new", *self.dirs("a")), "link error", "foo_new")


class Missing(Case):
    def test_no_header(self):
        self.shared("a")
        self.not_found(self.find("-H", "foo.h", *self.dirs("a")), "no foo.h", self.path("a"))

    def test_header_and_no_library(self):
        self.header("a")
        self.not_found(self.find(*self.dirs("a")), "link error", "-lfoo")

    def test_compile_error(self):
        self.both("a")
        self.write("a/include/foo.h", "#include <not_there_at_all.h>\n")
        self.not_found(self.find(*self.dirs("a")), "compile error", "not_there_at_all.h")

    def test_a_reason_is_said_once(self):
        self.both("a")
        self.write("a/include/foo.h", "#error told once\n")
        for words, texts in (([], 1), (["-v"], 3)):
            text = subprocess.run([tenon.command(), "find", "--no-cache", *words, *self.dirs("a"),
                                   "foo"], capture_output=True, text=True, cwd=self.dir,
                                  env=dict(consumers.CLEAN, HOME=self.dir)).stdout
            self.assertEqual(text.count("#error told once"), texts, text)

    def test_its_own_dependency(self):
        self.shared("b", name="bar")
        self.header("a")
        self.shared("a", more="const char *bar_id(void);\n"
                    "const char *foo_bar(void) { return bar_id(); }",
                    flags=["-L" + self.path("b/lib"), "-lbar"])
        shutil.rmtree(self.path("b"))
        self.not_found(self.find(*self.dirs("a")), "libbar.so.1")

    def beside(self, *flags):
        """libfoo needs libbar, which lies beside it."""
        self.shared("a", name="bar")
        self.header("a")
        self.shared("a", more="const char *bar_id(void);\n"
                    "const char *foo_bar(void) { return bar_id(); }",
                    flags=["-L" + self.path("a/lib"), "-lbar", *flags])

    def test_a_dependency_beside_it(self):
        self.beside()
        row = self.find(*self.dirs("a"))
        self.found(row, NEED_RPATH="yes",
                   LIBS="-L%s -lfoo -Wl,--disable-new-dtags" % self.path("a/lib"))
        self.assertIn("does not say where", self.remarks(row))
        self.consume(*self.dirs("a"), expect="a")

    def test_a_dependency_beside_it_that_it_says(self):
        self.beside("-Wl,-rpath,$ORIGIN")
        row = self.find(*self.dirs("a"))
        self.found(row, NEED_RPATH="yes", LIBS=None)
        self.assertNotIn("does not say where", self.remarks(row))

    def test_nothing_of_that_name(self):
        row = self.find(name="not_there_at_all", *self.dirs("a"))
        self.not_found(row, "no header is known", "--header=FILE", "--dir=DIR")
        self.assertEqual(row["remarks"], ["the directory %s (given) cannot be searched: No such "
                                          "file or directory" % self.path("a")])
        for words, texts in (([], 1), (["-v"], 1 + len(row["directories"]))):
            text = subprocess.run([tenon.command(), "find", "--no-cache", *words, *self.dirs("a"),
                                   "not_there_at_all"], capture_output=True, text=True,
                                  cwd=self.dir, env=dict(consumers.CLEAN, HOME=self.dir)).stdout
            self.assertEqual(text.count("no header is known"), texts, text)

    def test_runtime_package_without_dev_link(self):
        self.header("a")
        self.shared("a", dev=False)
        self.not_found(self.find(*self.dirs("a")), "libfoo.so.1", "development files")

    def test_text_file(self):
        self.header("a")
        self.write("a/lib/libfoo.so", "hello\n")
        self.not_found(self.find(*self.dirs("a")), "link error", "text file")

    def test_symlink_loop(self):
        self.header("a")
        os.makedirs(self.path("a/lib"))
        os.symlink("libfoo.so", self.path("a/lib/libfoo.so"))
        self.not_found(self.find(*self.dirs("a")), "libfoo.so", "symbolic links")

    def test_wrong_machine_first(self):
        self.both("b")
        self.header("a")
        os.makedirs(self.path("a/lib"))
        self.cc("-c", "-o", "other.o", self.source("a"))
        with open(self.path("other.o"), "r+b") as file:  # e_machine: SPARC V9
            file.seek(18)
            file.write(b"\x2b\x00")
        subprocess.run(["ar", "rc", self.path("a/lib/libfoo.a"), self.path("other.o")], check=True)
        row = self.find(*self.dirs("a", "b"))
        self.found(row, LIBDIR=self.path("b/lib"))
        self.assertIn(self.path("a"), self.remarks(row))
        self.consume(*self.dirs("a", "b"), expect="b")

    def test_wrong_machine_alone(self):
        real = self.both("a")
        with open(real, "r+b") as file:
            file.seek(18)
            file.write(b"\xb7\x00")  # AArch64
        self.not_found(self.find(*self.dirs("a")), "aarch64")

    def test_does_not_end_well(self):
        self.both("a", more="__attribute__((constructor)) static void no(void)"
                  "{ __builtin_trap(); }")
        self.not_found(self.find(*self.dirs("a")), "signal")


class Kinds(Case):
    def test_linker_script(self):
        self.both("a")
        os.unlink(self.path("a/lib/libfoo.so"))
        self.write("a/lib/libfoo.so", "/* a script */\nINPUT(%s)\n" % self.path("a/lib/libfoo.so.1"))
        row = self.find(*self.dirs("a"))
        self.found(row, NEED_RPATH="yes")
        self.consume(*self.dirs("a"), expect="a")

    def test_a_script_that_names_no_library(self):
        """GNU ld takes any text for a script, an empty one too, and links with nothing."""
        self.header("a")
        for text, what in (("", "it is an empty file"), ("/* none */\n", "it is a text file"),
                           ("SEARCH_DIR(/none)\n", "names none")):
            path = self.write("a/lib/libfoo.so", text)
            self.not_found(self.find(*self.dirs("a")), path, what)
        self.static("a")
        self.not_found(self.find(*self.dirs("a")), "names none")
        os.unlink(path)
        self.found(self.find(*self.dirs("a")), linkage="static")

    def test_an_archive_needs_no_run_path(self):
        """Neither does it become a directory of libraries, whatever it is called."""
        self.both("a")
        self.static("b", name="bar")
        os.makedirs(self.path("c/lib"))
        for archive in ("b/lib/libbar.a", "c/lib/libgcc.a"):
            if not os.path.exists(self.path(archive)):
                shutil.copy(self.path("b/lib/libbar.a"), self.path(archive))
            for libs in ("-La/lib -lfoo " + archive, archive + " -La/lib -lfoo",
                         "-lm %s -La/lib -lfoo" % archive):
                row = self.find("--cflags=-Ia/include", "--libs=" + libs)
                self.found(row, NEED_RPATH="yes", LIBS=libs.replace("a/lib ", self.path("a/lib") + " ")
                           .replace(archive, self.path(archive)))
        row = self.find("--cflags=-Ia/include", "--libs=c/lib/libgcc.a")
        self.found(row, NEED_RPATH="no", LIBS=self.path("c/lib/libgcc.a"), linkage="static")

    def test_shared_and_static(self):
        self.both("a", ident="shared")
        self.static("a", ident="static")
        self.found(self.find(*self.dirs("a")), linkage="shared")
        self.consume(*self.dirs("a"), expect="shared")

    def test_no_shared_libraries(self):
        """SHLIB_TYPE=NA: the archive is the library, whatever lies beside it."""
        self.both("a", ident="shared")
        for how in ("--set=SHLIB_TYPE=NA", "--platform=none"):
            row = self.find(how, "--function=foo_id", *self.dirs("a"))
            self.not_found(row, "archives alone, as SHLIB_TYPE is NA")
        self.static("a", ident="static")
        libs = "-L%s %s" % (self.path("a/lib"), self.path("a/lib/libfoo.a"))
        for how in ("--set=SHLIB_TYPE=NA", "--platform=none"):
            row = self.find(how, "--function=foo_id", *self.dirs("a"))
            self.found(row, NEED_RPATH="no", LIBS=libs, linkage="static",
                       file=self.path("a/lib/libfoo.a"))
        self.consume("--set=SHLIB_TYPE=NA", *self.dirs("a"), expect="static")
        os.unlink(self.path("a/lib/libfoo.so"))
        row = self.find("--set=SHLIB_TYPE=NA", "--function=foo_id", *self.dirs("a"))
        self.found(row, NEED_RPATH="no", LIBS=None, LIBDIR=self.path("a/lib"))

    def test_archive_needs_others(self):
        """What a static library needs is found by trying."""
        self.header("a")
        self.static("a", more="#include <math.h>\ndouble foo_cos(double x) { return cosl(x); }\n"
                    "static double (*volatile keep)(double) = foo_cos;\n"
                    "__attribute__((constructor)) static void use(void) { keep(1); }")
        self.write("a/include/foo.h", "const char *foo_id(void);\n")
        row = self.find("-f", "foo_id", *self.dirs("a"))
        self.found(row, linkage="static")
        self.assertIn("-lm", row["result"]["CONF_foo_LIBS"])
        self.consume("-f", "foo_id", *self.dirs("a"), expect="a")

    def test_an_archive_is_linked_whole(self):
        """What none of its functions need alone, a program may: LIBS is for all of the archive."""
        self.header("a")
        self.static("a")
        row = self.find(*self.dirs("a"))
        self.found(row, linkage="static")
        self.assertNotIn("CONF_foo_LIBS", row["result"])
        self.assertEqual(row["remarks"], [])
        self.static("a", more="#include <math.h>\ndouble foo_cos(double x) { return cosl(x); }")
        self.write("main.c", "int main(void) { return 3; }\n")
        self.cc("-c", "main.c")
        subprocess.run(["ar", "r", self.path("a/lib/libfoo.a"), self.path("main.o")], check=True)
        self.write("user.c", PROGRAM)
        libs = "-L%s -lfoo -lm" % self.path("a/lib")
        for more in ([], ["-f", "foo_id"], ["--program=user.c"], ["--static"]):
            row = self.find(*more, *self.dirs("a"))
            self.found(row, linkage="static", LIBS=libs, NEED_RPATH="no")
            self.assertEqual(row["result"].get("CONF_foo_STATIC_LIBS", libs), libs)
            self.assertEqual(row["remarks"], [])
        self.consume(*self.dirs("a"), expect="a")

    def test_an_archive_that_does_not_link_whole(self):
        """What is nowhere cannot be found by trying: that is said."""
        self.header("a")
        self.static("a", more="void no_such(void); void foo_more(void) { no_such(); }")
        row = self.find(*self.dirs("a"))
        self.found(row, linkage="static")
        self.assertIn("what all of %s needs was not found" % self.path("a/lib/libfoo.a"),
                      self.remarks(row))
        self.assertIn("no_such", self.remarks(row))
        self.assertIn("--function=NAME", self.remarks(row))
        row = self.find("--cflags=-Ia/include", "--libs=a/lib/libfoo.a")
        self.found(row, linkage="static")
        self.assertIn("nothing of %s was linked" % self.path("a/lib/libfoo.a"), self.remarks(row))

    def test_static_libs(self):
        self.both("a")
        self.static("a", more="#include <math.h>\ndouble foo_cos(double x) { return cosl(x); }")
        row = self.find("--static", *self.dirs("a"))
        self.found(row)
        libs = row["result"]["CONF_foo_STATIC_LIBS"]
        self.assertIn("-lfoo", libs.split())
        self.assertIn("-lm", libs.split())
        self.assertNotIn("-lz", libs.split())
        program = self.write("static.c", PROGRAM)
        self.cc("-static", "-I" + self.path("a/include"), "-o", "static", program, *libs.split())
        self.assertEqual(subprocess.run([self.path("static")], capture_output=True,
                                        text=True).stdout.strip(), "a")

    def test_for_the_loader_alone(self):
        """AIX: an object or archive with F_LOADONLY is what no linker takes."""
        self.header("a")
        os.makedirs(self.path("a/lib"))
        corpus = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "corpus", "aix")
        with open(os.path.join(corpus, "libfoo32.so"), "rb") as file:
            module = bytearray(file.read())
        module[18] |= 0x40  # f_flags
        big = lambda value, width: str(value).encode().ljust(width)  # noqa: E731
        head = 128
        member = b"".join([big(len(module), 20), big(0, 20), big(0, 20), big(0, 12), big(0, 12),
                           big(0, 12), big(644, 12), big(8, 4), b"foo32.so`\n", module])
        archive = b"<bigaf>\n" + b"".join(big(at, 20) for at in (0, 0, 0, head, head, 0)) + member
        for name, content in (("libfoo.so", module), ("libfoo.a", archive)):
            with open(self.path("a/lib", name), "wb") as file:
                file.write(content)
        row = self.find("--platform=aix", *self.dirs("a"))
        for name in ("libfoo.so", "libfoo.a"):
            self.not_found(row, self.path("a/lib", name) + " is a run-time module")

    def test_neighbours(self):
        self.both("a")
        for name in ("foo2", "foobar", "foo-bar"):
            self.shared("a", name=name.replace("-", "_"))
        self.found(self.find(*self.dirs("a")), LIBDIR=self.path("a/lib"))
        self.not_found(self.find("-H", "foo.h", *self.dirs("a"), name="fo"), "-lfo")

    def test_lib_and_suffix_are_not_the_name(self):
        self.both("a")
        for name in ("libfoo", "foo.so", "libfoo.so.1", "foo.dylib"):
            row = self.find("-H", "foo.h", *self.dirs("a"), name=name)
            self.not_found(row, "-l" + name)
            self.assertIn("the word given to -l, without prefix and suffix", self.remarks(row))
        self.shared("a", name="libbar")
        self.assertEqual(self.find("-H", "foo.h", *self.dirs("a"), name="libbar")["verdict"], "found")


class Names(Case):
    def test_spaces_and_quotes(self):
        self.both("a b'c", ident="odd")
        row = self.find(*self.dirs("a b'c"))
        self.found(row, NEED_RPATH="yes", LIBDIR=self.path("a b'c/lib"))
        # CMake and Meson hand quotes on to shells of their own
        self.consume(*self.dirs("a b'c"), expect="odd", only=["flags", "sh", "pc", "meson"])

    def test_spaces(self):
        self.both("a b", ident="odd")
        self.consume(*self.dirs("a b"), expect="odd",
                     only=[one for one in consumers.there() if one != "make"])

    def test_comma_and_dollar(self):
        self.both("a,b", ident="comma")
        self.consume(*self.dirs("a,b"), expect="comma",
                     only=["flags", "sh", "pc", "cmake", "meson"])

    def test_semicolon_and_double_quote(self):
        """A list of CMake's ends at one, a string of anybody's at the other."""
        for prefix in ("a;b", 'c"d'):
            self.both(prefix, ident="odd")
            for consumer in ("flags", "sh", "pc", "cmake", "meson"):
                if consumer in consumers.there():
                    self.consume(*self.dirs(prefix), expect="odd", only=[consumer])
                    for made in ("conf-", "work-"):
                        shutil.rmtree(self.path(made + consumer))

    def test_a_directory_that_a_format_cannot_hold(self):
        """What the consumer's tool would hand on as something else is refused; others have it."""
        for prefix, refused in (("a$b", ("pc", "cmake")), ("p(x)", ("pc",)), ("a|b", ("meson",)),
                                ("a\\b", ("meson",))):
            self.both(prefix, ident="odd")
            for one in ("flags", "sh", "pc", "cmake", "meson"):
                if one not in refused and one in consumers.there():
                    self.consume(*self.dirs(prefix), expect="odd", only=[one])
                    for made in ("conf-", "work-"):
                        shutil.rmtree(self.path(made + one))
                if one in refused:
                    done = subprocess.run([tenon.command(), "find", "--no-cache", "-q",
                                           "--write=" + self.path("none"), "--format=" + one,
                                           *self.dirs(prefix), "foo"], capture_output=True,
                                          text=True, stdin=subprocess.DEVNULL)
                    self.assertEqual(done.returncode, 3, done.stderr)
                    self.assertIn("cannot be said in the format %s: " % one, done.stderr)

    def test_a_directory_that_no_run_path_can_hold(self):
        for prefix, mark in (("a:b", "a colon"), ("$LIB", "$LIB"), ("${ORIGIN}", "$ORIGIN")):
            self.both(prefix)
            self.not_found(self.find(*self.dirs(prefix)), "no run path can hold", mark)
            done = subprocess.run([tenon.command(), "flags", "foo", self.path(prefix, "lib")],
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(mark, done.stderr)
        self.both("a$b", ident="dollar")
        self.found(self.find(*self.dirs("a$b")), NEED_RPATH="yes")

    def test_relative_directories(self):
        """The answer is used elsewhere: what is found is absolute, and so is what is recorded."""
        self.both("a")
        there = dict(NEED_RPATH="yes", LIBDIR=self.path("a/lib"), INCDIR=self.path("a/include"))
        self.found(self.find("--dir=a"), **there)
        self.found(self.find("--dir=./b/../a/"), **there)
        self.found(self.find("--localbase=a"), **there)
        self.found(self.find(env={"SEARCH_LIBS": "b a"}), **there)
        self.found(self.find("--cflags=-Ia/include", "--libs=-La/lib -lfoo"), **there)
        self.found(self.find("-H", "foo.h", "--cflags=-I a/include", "--libs=-L a/lib -lfoo"),
                   NEED_RPATH="yes")
        row = self.find("-H", "foo.h", "--cflags=-isystem a/include", "--libs=a/lib/libfoo.so")
        self.found(row, NEED_RPATH="yes", LIBS="-L{0} {0}/libfoo.so".format(self.path("a/lib")))
        self.consume("--dir=a", expect="a")

    def test_relative_run_paths(self):
        """They are absolute as other directories are; of the loader's own words none is changed."""
        self.both("a")
        for switches, run_path in (("-Wl,-rpath,a/lib", "-Wl,-rpath,%s"),
                                   ("-Wl,-rpath=/b:a/lib", "-Wl,-rpath=/b:%s"),
                                   ("-Xlinker -rpath -Xlinker a/lib",
                                    "-Xlinker -rpath -Xlinker %s")):
            row = self.find("--cflags=-Ia/include", "--libs=-La/lib -lfoo " + switches)
            self.found(row, NEED_RPATH="no", LIBS="-L%s -lfoo %s"
                       % (self.path("a/lib"), run_path % self.path("a/lib")))
        row = self.find("--cflags=-Ia/include", "--libs=-La/lib -lfoo -Wl,-rpath,'$ORIGIN/a/lib'")
        self.assertIn("$ORIGIN/a/lib", row["result"]["CONF_foo_LIBS"])

    def test_kept_answers_of_relative_directories(self):
        """The same words in another directory are another question."""
        self.both("a")
        self.both("b/a", ident="b")
        cache = self.path("cache")
        for cwd in ("", "b", ""):
            for words in (["--dir=a"], ["--localbase=a"]):
                done = subprocess.run([tenon.command(), "find", "--json", *words, "foo"],
                                      capture_output=True, text=True, cwd=self.path(cwd),
                                      env=dict(consumers.CLEAN, TENON_CACHE=cache, HOME=self.dir))
                row = json.loads(done.stdout)["results"][0]
                self.found(row, LIBDIR=self.path(cwd, "a/lib"))

    def test_lib64(self):
        self.header("a")
        self.shared("a", libdir="lib64")
        self.found(self.find(*self.dirs("a")), LIBDIR=self.path("a/lib64"))
        self.consume(*self.dirs("a"), expect="a")


class Evidence(Case):
    def pc(self, prefix, text):
        self.write("%s/lib/pkgconfig/foo.pc" % prefix,
                   "prefix=%s\nName: foo\nDescription: foo\nVersion: 1.0\n%s"
                   % (self.path(prefix), text))

    def test_lying_pc(self):
        self.both("a")
        self.pc("a", "Cflags: -I${prefix}/include\nLibs: -L${prefix}/lib -lfoo -lnot_there\n")
        row = self.find(*self.dirs("a"))
        self.found(row)
        self.assertIn("foo.pc does not tell the truth", self.remarks(row))
        self.assertIn("not_there", self.remarks(row))
        self.consume(*self.dirs("a"), expect="a")

    def test_pc_that_leads_elsewhere(self):
        self.both("a")
        self.both("b")
        self.pc("a", "Cflags: -I%s/include\nLibs: -L%s/lib -lfoo\n"
                % (self.path("b"), self.path("b")))
        row = self.find(*self.dirs("a"))
        self.found(row, LIBDIR=self.path("a/lib"))
        self.assertIn("does not tell the truth", self.remarks(row))

    def test_pc_that_states_another_version(self):
        self.both("a", version="1.0")
        self.write("a/lib/pkgconfig/foo.pc", "Name: foo\nDescription: foo\nVersion: 2.0\n"
                   "Cflags: -I%s\nLibs: -L%s -lfoo\n" % (self.path("a/include"),
                                                        self.path("a/lib")))
        row = self.find("-H", "foo.h", "--version-macro=FOO_VERSION", *self.dirs("a"))
        self.found(row, version="1.0")
        self.assertIn("says version 2.0", self.remarks(row))

    def test_true_pc(self):
        """Headers in a directory that only the .pc file names."""
        self.shared("a")
        self.header("a/include/foo-1")
        os.rename(self.path("a/include/foo-1/include/foo.h"), self.path("a/include/foo-1/foo.h"))
        self.pc("a", "Cflags: -I${prefix}/include/foo-1\nLibs: -L${prefix}/lib -lfoo\n")
        row = self.find(*self.dirs("a"))
        self.found(row, INCDIR=self.path("a/include/foo-1"))
        self.assertIn("foo.pc", row["result"]["header_from"])
        self.consume(*self.dirs("a"), expect="a")

    def test_headers_by_other_switches(self):
        """A directory that only -isystem or -idirafter name has the header as well."""
        self.shared("a")
        self.header("a/include/foo-1")
        os.rename(self.path("a/include/foo-1/include/foo.h"), self.path("a/include/foo-1/foo.h"))
        for switch in ("-isystem ", "-isystem", "-idirafter ", "-idirafter"):
            flag = switch + "${prefix}/include/foo-1"
            self.pc("a", "Cflags: -include stddef.h %s\nLibs: -L${prefix}/lib -lfoo\n" % flag)
            own = ("--cflags=" + switch + self.path("a/include/foo-1"),
                   "--libs=-L%s -lfoo" % self.path("a/lib"))
            with self.subTest(switch=switch):
                self.found(self.find(*self.dirs("a")))
                self.found(self.find(*own))
                os.rename(self.path("a/include/foo-1/foo.h"), self.path("foo.h"))
                self.write("a/include/foo-1/foo.h", "#error broken\n")
                self.not_found(self.find(*self.dirs("a")), "broken")
                self.not_found(self.find(*own), "broken")
                os.rename(self.path("foo.h"), self.path("a/include/foo-1/foo.h"))

    def test_directories_of_the_system_are_in_no_switch(self):
        """What the library needs from there is found without."""
        self.both("a")
        self.pc("a", "Cflags: -I${prefix}/include\nLibs: -L${prefix}/lib -lfoo -lm\n")
        row = self.find(*self.dirs("a"))
        self.found(row, NEED_RPATH="yes", LIBS="-L%s -lfoo -lm" % self.path("a/lib"))
        for format_of in ("pc", "cmake", "meson"):
            done = subprocess.run([tenon.command(), "find", "--no-cache", "--format=" + format_of,
                                   *self.dirs("a"), "foo"], cwd=self.dir, capture_output=True,
                                  text=True, env=dict(consumers.CLEAN, HOME=self.dir))
            self.assertNotIn("/usr/lib", done.stdout)
            self.assertIn("-rpath," + self.path("a/lib"), done.stdout)

    @unittest.skipUnless(shutil.which("g++"), "no C++ compiler")
    def test_directories_of_the_compiler_are_in_no_switch(self):
        self.both("a")
        self.write("a/include/foo.h", "#ifdef __cplusplus\nextern \"C\"\n#endif\n"
                   "const char *foo_id(void);\n")
        row = self.find("--cc=g++", *self.dirs("a"))
        self.found(row, NEED_RPATH="yes", LIBDIR=self.path("a/lib"), LIBS=None)

    def test_a_compiler_outside_of_the_system_brings_a_library(self):
        self.shared("own", name="helper")
        self.both("a")
        own = self.path("own/lib")
        # gcc searches LIBRARY_PATH as its own directories, and says so
        self.write("mycc", '#!/bin/sh\nexport LIBRARY_PATH=%s\ncase " $* " in\n'
                   '*" -c "*) exec gcc "$@" ;;\n'
                   '*" -o "*) exec gcc "$@" -Wl,--no-as-needed -lhelper ;;\n'
                   '*) exec gcc "$@" ;;\nesac\n' % own)
        os.chmod(self.path("mycc"), 0o755)
        row = self.find("--cc=" + self.path("mycc"), *self.dirs("a"))
        self.found(row, NEED_RPATH="yes")
        self.assertIn("-L" + own, row["result"]["CONF_foo_LIBS"].split())

    def test_switches_of_two_words(self):
        """They stay together, in order, as often as they are there; for each consumer."""
        self.shared("a", more="const char *bar_id(void); const char *baz_id(void);\n"
                    "const char *foo_both(void) { return bar_id() + (baz_id() == 0); }")
        self.static("a", name="bar")
        self.static("a", name="baz")
        self.header("a/one")
        self.header("a/two", name="bar")
        self.write("a/one/include/foo.h", '#include <bar.h>\n#if A + B != 3\n#error A B\n#endif\n'
                   "const char *foo_id(void);\n")
        self.pc("a", "Cflags: -isystem ${prefix}/one/include -isystem ${prefix}/two/include "
                "-D A=1 -D B=2\nLibs: -L${prefix}/lib -lfoo -Wl,-Bstatic -lbar -Wl,-Bdynamic "
                "-Wl,-Bstatic -lbaz -Wl,-Bdynamic -Xlinker --as-needed -Xlinker -z -Xlinker now\n")
        row = self.find("-H", "foo.h", *self.dirs("a"))
        self.found(row, DEFS="-isystem %s -isystem %s -DA=1 -DB=2"
                   % (self.path("a/one/include"), self.path("a/two/include")),
                   LIBS="-L%s -lfoo -Wl,-Bstatic -lbar -Wl,-Bdynamic -Wl,-Bstatic -lbaz "
                   "-Wl,-Bdynamic -Xlinker --as-needed -Xlinker -z -Xlinker now"
                   % self.path("a/lib"))
        self.consume("-H", "foo.h", *self.dirs("a"), expect="a", only=consumers.there())

    def known(self, *rows):
        self.write(".config/tenon/libraries", "".join(row + "\n" for row in rows))

    def test_a_pc_of_a_known_library(self):
        """What is known of foo is known of what foo2.pc is about."""
        self.both("a", version="1.5")
        self.known("foo header=foo.h function=foo_id version-macro=FOO_VERSION")
        for name, more in (("foo2", ""), ("foo-2.0", " -DFOO=1")):
            os.makedirs(self.path("a/include/foolib"), exist_ok=True)
            self.write("a/lib/pkgconfig/%s.pc" % name,
                       "Name: foo\nDescription: foo\nVersion: 1.5\nCflags: -I%s%s\n"
                       "Libs: -L%s -lfoo\n" % (self.path("a/include"), more, self.path("a/lib")))
            row = self.find(*self.dirs("a"), name=name)
            self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
            self.assertEqual(row["result"]["version"], "1.5")
            self.assertIn("as foo by", row["result"]["header_from"])

    def test_a_pc_that_needs_known_libraries_alone(self):
        """openssl.pc names no library: by its headers' directory it is that of the first."""
        self.both("a", version="3.0")
        self.both("a", name="bar")
        self.known("foo header=all/foo.h version-macro=FOO_VERSION")
        with open(self.path("a/include/foo.h"), encoding="utf-8") as header:
            self.write("a/include/all/foo.h", header.read())
        os.unlink(self.path("a/include/foo.h"))
        for name in ("foo", "bar"):
            self.write("a/lib/pkgconfig/lib%s.pc" % name, "Name: x\nDescription: x\nVersion: 3.0\n"
                       "Cflags: -I%s\nLibs: -L%s -l%s\n"
                       % (self.path("a/include"), self.path("a/lib"), name))
        for name in ("all", "other"):
            self.write("a/lib/pkgconfig/%s.pc" % name, "Name: x\nDescription: x\nVersion: 3.0\n"
                       "Requires: libfoo libbar\n")
        row = self.find(*self.dirs("a"), name="all")
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertEqual(row["result"]["version"], "3.0")
        self.assertIn("-lfoo -lbar", row["result"]["CONF_all_LIBS"])
        self.not_found(self.find(*self.dirs("a"), name="other"), "no header is known")

    def test_pkg_config_path(self):
        """The caller's .pc files are tried, after the directories that are given."""
        for prefix in ("a", "b"):
            self.shared(prefix)
            self.header(prefix)
            os.makedirs(self.path(prefix, "include/foo-1"))
            os.rename(self.path(prefix, "include/foo.h"), self.path(prefix, "include/foo-1/foo.h"))
            self.write("pc/%s/foo.pc" % prefix, "prefix=%s\nName: foo\nDescription: foo\n"
                       "Version: 1.0\nCflags: -I${prefix}/include/foo-1\n"
                       "Libs: -L${prefix}/lib -lfoo\n" % self.path(prefix))
        self.not_found(self.find(), "no header is known")
        for variable in ("PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR"):
            env = {variable: "/nowhere:pc/a:" + self.path("pc/b")}
            self.found(self.find(env=env), LIBDIR=self.path("a/lib"), NEED_RPATH="yes",
                       INCDIR=self.path("a/include/foo-1"))
        self.consume(expect="a", env={"PKG_CONFIG_PATH": self.path("pc/a")}, only=["make", "sh"])
        env = {"PKG_CONFIG_PATH": self.path("pc/b"), "PKG_CONFIG_LIBDIR": self.path("pc/a")}
        self.found(self.find(env=env), LIBDIR=self.path("b/lib"))
        self.both("c")
        self.found(self.find(*self.dirs("c"), env=env), LIBDIR=self.path("c/lib"))

    def test_pkg_config_path_is_not_believed(self):
        """Header and library of two installations; a sysroot that is not there."""
        self.both("a")
        self.both("b")
        self.write("pc/foo.pc", "Name: foo\nDescription: foo\nVersion: 1.0\nCflags: -I%s\n"
                   "Libs: -L%s -lfoo\n" % (self.path("a/include"), self.path("b/lib")))
        row = self.find("-H", "foo.h", env={"PKG_CONFIG_PATH": self.path("pc")})
        self.not_found(row, "not of one installation")
        self.pc("a", "Cflags: -I%s\nLibs: -L%s -lfoo\n" % ("/a/include", "/a/lib"))
        env = {"PKG_CONFIG_PATH": self.path("a/lib/pkgconfig")}
        self.not_found(self.find("-H", "foo.h", env=env), "no foo.h")
        env["PKG_CONFIG_SYSROOT_DIR"] = self.dir
        self.found(self.find("-H", "foo.h", env=env), LIBDIR=self.path("a/lib"))

    def test_pkg_config_path_and_kept_answers(self):
        for prefix in "ab":
            self.both(prefix)
            self.pc(prefix, "Cflags: -I%s\nLibs: -L%s -lfoo\n"
                    % (self.path(prefix, "include"), self.path(prefix, "lib")))
        env = dict(consumers.CLEAN, TENON_CACHE=self.path("cache"), HOME=self.dir)
        for prefix in ("a", "b", "a"):
            done = subprocess.run([tenon.command(), "find", "--json", "foo"], cwd=self.path(prefix),
                                  env=dict(env, PKG_CONFIG_PATH="lib/pkgconfig"),
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.found(json.loads(done.stdout)["results"][0], LIBDIR=self.path(prefix, "lib"))

    def test_a_pc_that_is_called_like_its_library(self):
        """libfoo-2.0.pc is about foo, whatever the header is called; other.pc is not."""
        self.both("a", version="2.0")
        os.makedirs(self.path("a/include/deep"))
        os.rename(self.path("a/include/foo.h"), self.path("a/include/deep/thing.h"))
        self.known("foo header=deep/thing.h function=foo_id version-macro=FOO_VERSION")
        for name in ("libfoo-2.0", "FOO", "other"):
            self.write("a/lib/pkgconfig/%s.pc" % name, "Name: x\nDescription: x\nVersion: 2.0\n"
                       "Cflags: -I%s\nLibs: -L%s -lfoo\n"
                       % (self.path("a/include"), self.path("a/lib")))
        for name in ("libfoo-2.0", "FOO"):
            row = self.find(*self.dirs("a"), name=name)
            self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
            self.assertIn("as foo by", row["result"]["header_from"])
        self.not_found(self.find(*self.dirs("a"), name="other"), "no header is known")

    def test_a_system_library_by_its_pc(self):
        if not os.path.exists("/usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc"):
            self.skipTest("no zlib.pc")
        row, plain = self.find(name="zlib")["result"], self.find(name="z")["result"]
        self.assertEqual((row["version"], row["CONF_zlib_SYSTEM"]), (plain["version"], "yes"))

    def test_header_by_its_package(self):
        """Debian's database says what else the package that owns the library has installed."""
        libdir = "/usr/lib/x86_64-linux-gnu"
        if not os.path.exists(libdir + "/libXdamage.so") or shutil.which("dpkg") is None:
            self.skipTest("no libXdamage of a Debian package")
        row = self.find(name="Xdamage")
        self.assertEqual(row["verdict"], "found", json.dumps(row, indent=1))
        self.assertIn("the package libxdamage-dev", row["result"]["header_from"])

    def script(self, cflags, libs):
        self.write("a/bin/foo-config", "#!/bin/sh\ncase $1 in\n--cflags) echo %s ;;\n"
                   "--libs) echo %s ;;\nesac\n" % (cflags, libs), 0o755)

    def test_script(self):
        self.shared("a")
        self.header("a/include/deep")
        self.script("-I" + self.path("a/include/deep/include"), "-L%s -lfoo" % self.path("a/lib"))
        row = self.find("-H", "foo.h", *self.dirs("a"))
        self.found(row, CONFIG=self.path("a/bin/foo-config"))
        self.consume("-H", "foo.h", *self.dirs("a"), expect="a")

    def test_lying_script(self):
        self.both("a")
        self.script("-I/not/there", "-lfoo -lnot_there")
        row = self.find(*self.dirs("a"))
        self.found(row, CONFIG=None)
        self.assertIn("foo-config does not tell the truth", self.remarks(row))


    def test_a_pc_that_cannot_be_judged(self):
        """Where the plain switches fail as well, the .pc file is not called a liar."""
        self.both("a")
        self.write("a/include/foo.h", "#error not for this compiler\n")
        self.pc("a", "Cflags: -I${prefix}/include -DFOO\nLibs: -L${prefix}/lib -lfoo\n")
        row = self.find(*self.dirs("a"))
        self.not_found(row, "not for this compiler")
        self.assertNotIn("truth", self.remarks(row))
        self.assertEqual(len([text for text in row["remarks"] if "foo.pc" in text]), 1)


class Compilers(Case):
    """Other compilers and linkers say the same things in other words."""

    COMPILERS = ["gcc", "clang", "gcc -fuse-ld=gold", "clang -fuse-ld=lld", "gcc -fuse-ld=mold",
                 "musl-gcc"]

    def works(self, compiler):
        self.write("empty.c", "int main(void) { return 0; }\n")
        return shutil.which(compiler.split()[0]) and subprocess.run(
            [*compiler.split(), "-o", "empty", "empty.c"], cwd=self.dir,
            capture_output=True).returncode == 0

    def test_each_finds_the_same(self):
        self.header("a")
        self.shared("a", flags=["-nostdlib"])
        for compiler in self.COMPILERS:
            if not self.works(compiler):
                continue
            with self.subTest(compiler=compiler):
                row = self.find("--cc=" + compiler, *self.dirs("a"))
                self.found(row, NEED_RPATH="yes", LIBDIR=self.path("a/lib"), linkage="shared")
                row = self.find("--cc=" + compiler, "-H", "foo.h", "-f", "foo_gone", *self.dirs("a"))
                self.not_found(row, "compile error", "foo_gone")

    def cpp_header(self, text):
        self.write("a/include/foo.h", '#define FOO_VERSION "1.0"\n#define FOO_NUMBER 0\n%s' % text)

    def test_cpp(self):
        """Versions are asked for in C++ too, of strings and of numbers."""
        if not self.works("g++"):
            self.skipTest("no g++")
        self.both("a")
        self.cpp_header('extern "C" { const char *foo_id(void); char *foo_version(void); }\n')
        for compiler in [c for c in ("g++", "clang++") if self.works(c)]:
            row = self.find("--cc=" + compiler, "--version-macro=FOO_VERSION",
                            "--version-function=foo_version", "--min-version=1.0", *self.dirs("a"))
            self.found(row, version="1.0")
            row = self.find("--cc=" + compiler, "--version-macro=FOO_NUMBER", *self.dirs("a"))
            self.found(row, version="0")

    def test_a_header_of_cpp(self):
        """It is tried whether C++ takes what C refuses; what neither takes is no C++."""
        if not self.works("g++"):
            self.skipTest("no g++")
        self.both("a")
        self.cpp_header("class foo { public: int x; };\n")
        self.not_found(self.find(*self.dirs("a")), "in C++ it compiles", "--cc=c++", "error")
        self.found(self.find("--cc=g++", *self.dirs("a")))
        self.cpp_header("#error neither\n")
        self.assertNotIn("C++", self.find(*self.dirs("a"))["reason"])

    def test_usr_local_is_not_every_linkers(self):
        """GNU ld looks into /usr/local/lib by itself, others do not: then it is named."""
        self.both("local")
        private = ["unshare", "-rm", "sh", "-c", 'mount --bind "$0" /usr/local && exec "$@"',
                   self.path("local")]
        if subprocess.run([*private, "true"], capture_output=True).returncode != 0:
            self.skipTest("needs a mount namespace")
        for compiler in self.COMPILERS[:-1]:
            if not self.works(compiler):
                continue
            with self.subTest(compiler=compiler):
                done = subprocess.run(
                    [*private, tenon.command(), "find", "--json", "--no-cache", "--cc=" + compiler,
                     "foo"], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=self.dir,
                    env=dict(consumers.CLEAN, HOME=self.dir))
                row = json.loads(done.stdout)["results"][0]
                self.found(row, linkage="shared")

    def test_each_says_which_archive(self):
        self.header("a")
        self.static("a")
        for compiler in self.COMPILERS:
            if not self.works(compiler):
                continue
            with self.subTest(compiler=compiler):
                row = self.find("--cc=" + compiler, "-f", "foo_id", *self.dirs("a"))
                self.found(row, linkage="static", file=self.path("a/lib/libfoo.a"))


class Caller(Case):
    def test_variables_do_not_count(self):
        """What the caller's LD_LIBRARY_PATH and LD_RUN_PATH make work does not work elsewhere."""
        self.both("a")
        env = {name: self.path("a/lib") for name in
               ("LD_LIBRARY_PATH", "LD_RUN_PATH", "LIBRARY_PATH", "LIBPATH", "SHLIB_PATH", "LPATH",
                "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")}
        env.update({name: self.path("a/include") for name in ("CPATH", "C_INCLUDE_PATH")})
        row = self.find("-H", "foo.h", env=env)
        self.not_found(row, "no foo.h")
        self.found(self.find(*self.dirs("a"), env=env), NEED_RPATH="yes")
        self.consume(*self.dirs("a"), expect="a", env=env, only=["make", "sh"])

    def test_which_variables_a_compiler_and_a_program_see(self):
        """None that changes what a loader or linker finds; PATH and all others stay."""
        self.both("a")
        gone = ["LD_LIBRARY_PATH", "LD_RUN_PATH", "LD_PRELOAD", "LD_AUDIT", "DYLD_LIBRARY_PATH",
                "DYLD_INSERT_LIBRARIES", "LIBPATH", "SHLIB_PATH", "LPATH", "LIBRARY_PATH", "CPATH",
                "C_INCLUDE_PATH"]
        cc = self.write("bin/cc", "#!/bin/sh\nenv >>%s\nexec gcc \"$@\"\n"
                        % self.path("cc.env"), 0o755)
        program = self.write("env.c", "#include <stdio.h>\n#include <foo.h>\n"
                             "extern char **environ;\nint main(void)\n{\n"
                             "    FILE *out = fopen(\"%s\", \"w\");\n"
                             "    for (char **at = environ; *at; at++)\n"
                             "        fprintf(out, \"%%s\\n\", *at);\n"
                             "    return !foo_id() || fclose(out);\n}\n" % self.path("run.env"))
        env = {name: "/not/there" for name in gone if name not in ("LD_PRELOAD", "LD_AUDIT")}
        env.update(LD_PRELOAD="", LD_AUDIT="", KEPT="yes")
        self.found(self.find("--cc=" + cc, "--program=" + program, *self.dirs("a"), env=env))
        for name in ("cc.env", "run.env"):
            with open(self.path(name), encoding="utf-8") as file:
                seen = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
            self.assertEqual([one for one in gone if one in seen], [], name)
            self.assertEqual(seen["PATH"], os.environ["PATH"])
            self.assertEqual(seen["KEPT"], "yes")

    def test_preload_does_not_count(self):
        """A preloaded library that ends the test program, and nothing else."""
        preload = self.shared("p", name="preloaded",
                              more="#include <stdlib.h>\n#include <string.h>\n"
                              "extern char *program_invocation_short_name;\n"
                              "__attribute__((constructor)) static void no(void)"
                              "{ if (!strcmp(program_invocation_short_name, \"sample\")) _Exit(9); }")
        self.both("a")
        self.found(self.find(*self.dirs("a"), env={"LD_PRELOAD": preload}))

    def test_own_flags_replace_the_search(self):
        self.both("a")
        self.both("b")
        words = ["--cflags=-I%s" % self.path("b/include"),
                 "--libs=-L%s -lfoo" % self.path("b/lib"), *self.dirs("a")]
        row = self.find(*words)
        self.found(row, LIBDIR=self.path("b/lib"), NEED_RPATH="yes")
        self.assertEqual([place["origin"] for place in row["directories"]], ["flags"])
        self.consume(*words, expect="b")
        self.not_found(self.find("--libs=-lnot_there", "--cflags=-I" + self.path("b/include")),
                       "link error")

    def test_own_flags_of_other_kinds(self):
        self.both("a")
        row = self.find("-H", "foo.h", "--cflags=-isystem " + self.path("a/include"),
                        "--libs=-L%s -lfoo" % self.path("a/lib"))
        self.found(row, NEED_RPATH="yes", DEFS="-isystem " + self.path("a/include"))

    def test_own_flags_and_the_headers_directory(self):
        """INCDIR is where the header is, whatever -I were given; DEFS has them all."""
        self.both("a")
        libs = "--libs=-L%s -lfoo" % self.path("a/lib")
        include, other = "-I" + self.path("a/include"), "-I" + self.path("other")
        os.makedirs(self.path("other"))
        for flags, defs in (("", None), (" -DFOO", " -DFOO"), (" " + other, " " + other)):
            row = self.find("--cflags=" + include + flags, libs)
            self.found(row, INCDIR=self.path("a/include"), DEFS=defs and include + defs)
        row = self.find("-H", "math.h", "--cflags=" + other, "--libs=-lm")
        self.found(row, INCDIR="/usr/include", DEFS=other)
        words = ["--cflags=%s %s" % (other, include), libs]
        self.consume(*words, expect="a")

    def test_localbase_after_the_users_own(self):
        self.both("a")
        self.both("b")
        base = {"LOCALBASE": self.path("b")}
        self.found(self.find(env=base), LIBDIR=self.path("b/lib"))
        self.found(self.find(*self.dirs("a"), env=base), LIBDIR=self.path("a/lib"))
        self.found(self.find("--localbase=" + self.path("a"), env=base), LIBDIR=self.path("a/lib"))

    def test_search_libs(self):
        self.both("a")
        self.found(self.find(env={"SEARCH_LIBS": self.path("a")}), LIBDIR=self.path("a/lib"))
        self.assertEqual(self.find(name="m")["verdict"], "found")
        row = self.find("--set=SEARCH_LIBS_OVERRIDE=" + self.path("b"), name="m")
        self.not_found(row, "no directory")
        row = self.find("--set=SEARCH_LIBS_OVERRIDE=" + self.path("a"), env={"SEARCH_LIBS": "/usr"})
        self.found(row, LIBDIR=self.path("a/lib"))
        self.assertEqual(len(row["directories"]), 1)
        self.write("tenon.conf", "# ours\nBASE = %s\nSEARCH_LIBS += $(BASE)/a\n" % self.dir)
        self.found(self.find(), LIBDIR=self.path("a/lib"))

    def test_program(self):
        self.both("a")
        self.write("good.c", PROGRAM)
        self.write("bad.c", PROGRAM.replace("return 0", "return 3"))
        self.found(self.find("--program=good.c", *self.dirs("a")), NEED_RPATH="yes")
        self.not_found(self.find("--program=bad.c", *self.dirs("a")), "bad.c", "status 3")

    def test_a_program_and_more_that_is_asked(self):
        """A function or a version needs the headers that are known or guessed; a program has its own."""
        self.both("a")
        self.write("good.c", PROGRAM)
        asked = ["--program=good.c", *self.dirs("a")]
        header = self.path("a/include/foo.h")
        self.found(self.find(*asked), header=None)
        for more in ("--function=foo_id", "--version-function=foo_version"):
            self.found(self.find(more, *asked), header=header)
        row = self.find("--cflags=-Ia/include", "--libs=-La/lib -lfoo", "--function=foo_id", asked[0])
        self.found(row, header=header)
        self.found(self.find("--version-macro=FOO_VERSION", *asked), header=header, version="1.0")
        self.not_found(self.find("--function=foo_none", *asked), "foo_none")
        self.not_found(self.find("--min-version=1.0", *asked), "the version could not be asked")
        self.write(".config/tenon/libraries", "foo header=foo.h version-macro=FOO_VERSION\n")
        self.found(self.find("--min-version=1.0", *asked), header=header, version="1.0")
        self.not_found(self.find("--min-version=1.1", *asked), "version too low")
        self.found(self.find("--min-version=1.1", "--version-cmd=echo 1.1", *asked), header=None)
        os.rename(header, self.path("a/include/other.h"))
        self.write("good.c", PROGRAM.replace("foo.h", "other.h"))
        self.found(self.find(*asked), header=None)

    def kept(self, *words, **variables):
        """The exit status, with kept answers."""
        env = dict(consumers.CLEAN, TENON_CACHE=self.path("cache"), HOME=self.dir, **variables)
        return subprocess.run([tenon.command(), "find", "-q", *words, "foo"], env=env,
                              cwd=self.dir, stdin=subprocess.DEVNULL).returncode

    def test_of_a_program_no_answer_is_kept(self):
        """It may do anything: here it opens a file that nobody else does."""
        self.both("a")
        self.write("user.c", "#include <foo.h>\n#include <stdio.h>\nint main(void)"
                   " { return foo_id() && fopen(\"data\", \"r\") ? 0 : 1; }\n")
        self.write("data", "")
        words = ["--program=user.c", *self.dirs("a")]
        self.assertEqual(self.kept(*words), 0)
        os.unlink(self.path("data"))
        self.assertEqual(self.kept(*words), 1)

    def test_a_kept_answer_rests_on_variables_of_the_compiler(self):
        self.both("a")
        self.assertEqual(self.kept(*self.dirs("a")), 0)
        self.assertEqual(self.kept(*self.dirs("a"), GCC_EXEC_PREFIX="/nowhere/"), 1)
        self.assertEqual(self.kept(*self.dirs("a")), 0)

    def test_a_version_that_nothing_declares(self):
        self.both("a")
        words = ["-H", "foo.h", *self.dirs("a")]
        row = self.find("--version-function=foo_id", "-H", "stdio.h", *self.dirs("a"))
        self.assertIn("undeclared", row["reason"])  # else a piece of a pointer is the version
        row = self.find("--version-function=foo_none", "--min-version=1", *words)
        self.assertEqual(row["status"], "missing")
        self.assertIn("foo_none", json.dumps(row))
        self.assertEqual(self.kept("--min-version=v99", *words), 2)

    def test_an_answer_rests_on_what_the_program_includes(self):
        self.both("a")
        self.write("a/include/more.h", "#define MORE 0\n")
        self.write("user.c", "#include <foo.h>\n#include <more.h>\nint main(void)"
                   " { return foo_id() ? MORE : 1; }\n")
        words = ["--program=user.c", *self.dirs("a")]
        self.assertEqual(self.kept(*words), 0)
        self.assertEqual(self.kept(*words), 0)
        self.write("a/include/more.h", "#define MORE 3\n")
        self.assertEqual(self.kept(*words), 1)
        self.write("a/include/more.h", "#define MORE 0 /* again */\n")
        self.assertEqual(self.kept(*words), 0)
        self.write("a/include/more.h", "#error gone\n")
        self.assertEqual(self.kept(*words), 1)

    def test_a_kept_answer_rests_on_the_pc_files_that_are_required(self):
        self.shared("a")
        self.header("a/include/deep")
        os.rename(self.path("a/include/deep/include/foo.h"), self.path("a/include/deep/foo.h"))
        for name, more in (("foo", "Requires: base\nLibs: -L%s -lfoo" % self.path("a/lib")),
                           ("base", "Cflags: -I%s" % self.path("a/include/deep"))):
            self.write("a/lib/pkgconfig/%s.pc" % name,
                       "Name: x\nDescription: x\nVersion: 1\n%s\n" % more)
        self.assertEqual(self.kept(*self.dirs("a")), 0)
        with open(self.path("a/lib/pkgconfig/base.pc"), "a", encoding="utf-8") as file:
            file.write("Cflags.private: -DX\nRequires: not_there\n")
        self.assertEqual(self.kept(*self.dirs("a")), 1)

    def test_a_kept_answer_rests_on_all_that_was_searched(self):
        """What is laid anywhere there later is seen."""
        triple = subprocess.run(["gcc", "-dumpmachine"], check=True, capture_output=True,
                                text=True).stdout.strip()
        env = dict(consumers.CLEAN, TENON_CACHE=self.path("cache"), HOME=self.dir)
        for where in ("lib64", "lib/" + triple):
            for folder in ("lib", where, where + "/pkgconfig", "libdata/pkgconfig"):
                os.makedirs(self.path(where, folder), exist_ok=True)
            self.both(where)
            self.assertEqual(self.kept(*self.dirs(where)), 0)
            self.shared(where, libdir=where)
            done = subprocess.run([tenon.command(), "find", "--json", *self.dirs(where), "foo"],
                                  capture_output=True, text=True, cwd=self.dir, env=env)
            self.found(json.loads(done.stdout)["results"][0], LIBDIR=self.path(where, where))
            for folder in (where, "libdata"):
                self.write("%s/%s/pkgconfig/foo.pc" % (where, folder),
                           "Name: foo\nDescription: foo\nVersion: 1\nCflags: -DSEEN_%s -I%s\n"
                           "Libs: -L%s -lfoo\n" % (folder[-4:].replace("-", "_"), self.path(where, "include"),
                                                  self.path(where, where)))
                done = subprocess.run([tenon.command(), "find", "--json", *self.dirs(where), "foo"],
                                      capture_output=True, text=True, cwd=self.dir, env=env)
                self.assertIn("SEEN_" + folder[-4:].replace("-", "_"), done.stdout)
                os.unlink(self.path(where, folder, "pkgconfig/foo.pc"))

    def test_a_kept_answer_rests_on_what_other_switches_name(self):
        """A header laid in a directory of -isystem that comes before is seen."""
        self.both("a")
        os.mkdir(self.path("a/first"))
        self.write("a/lib/pkgconfig/foo.pc", "Name: foo\nDescription: foo\nVersion: 1\n"
                   "Cflags: -isystem {0}/first -isystem {0}/include\nLibs: -L{0}/lib -lfoo\n"
                   .format(self.path("a")))
        env = dict(consumers.CLEAN, TENON_CACHE=self.path("cache"), HOME=self.dir)
        words = [tenon.command(), "find", "--json", *self.dirs("a"), "foo"]
        for other in (False, True):
            if other:
                self.write("a/first/foo.h", "#error other\n")
            done = subprocess.run(words, capture_output=True, text=True, cwd=self.dir, env=env)
            self.assertEqual("does not tell the truth" in done.stdout, other, done.stdout)

    def test_a_version_command_is_asked_each_time(self):
        self.both("a")
        self.write("version", "2\n")
        words = ["--version-cmd=cat " + self.path("version"), "--min-version=1", *self.dirs("a")]
        self.assertEqual(self.kept(*words), 0)
        self.write("version", "0\n")
        self.assertEqual(self.kept(*words), 1)

    def test_a_program_that_ends_is_one_that_starts(self):
        self.both("a")
        self.write("five.c", "#include <foo.h>\nint main(void) { return foo_id() ? 5 : 0; }\n")
        row = self.find("--program=five.c", *self.dirs("a"))
        self.not_found(row, "five.c", "ends with status 5")
        self.assertNotIn("five.c: does not start", json.dumps(row))

    def test_two_libraries_joined(self):
        self.both("a")
        self.both("b", name="bar")
        conf = self.path("conf")
        for name, prefix in (("foo", "a"), ("bar", "b")):
            subprocess.run([tenon.command(), "find", "-q", "--no-cache", "--write=" + conf,
                            *self.dirs(prefix), name], check=True)
        out = subprocess.run([tenon.command(), "flags", "--from", conf, "foo", "bar", "foo"],
                             check=True, capture_output=True, text=True).stdout
        values = dict(line.split(" = ", 1) for line in out.splitlines())
        self.assertEqual(values["CPPFLAGS"], "-I%s -I%s" % (self.path("a/include"),
                                                           self.path("b/include")))
        self.assertEqual(values["LDFLAGS"], " ".join(
            "-L{0} -Wl,-rpath,{0}".format(self.path(prefix, "lib")) for prefix in "ab"))
        self.assertEqual(values["LIBS"], "-lfoo -lbar -lfoo")

    def joined(self, *names, where=(("foo", "b"), ("bar", "a")), **env):
        """The exit status, what was said, and what a program that is linked so prints."""
        conf = self.path("conf")
        for name, prefix in where:
            subprocess.run([tenon.command(), "find", "-q", "--no-cache", "--write=" + conf,
                            *self.dirs(prefix), name], check=True)
        done = subprocess.run([tenon.command(), "flags", "--from", conf, *names],
                              capture_output=True, text=True, env=dict(consumers.CLEAN, **env))
        if done.returncode:
            return done.returncode, done.stderr, None
        values = dict(line.split(" = ", 1) for line in done.stdout.splitlines())
        words = [word for name in ("CPPFLAGS", "LDFLAGS", "LIBS") for word in values[name].split()]
        source = self.write("joined.c", '#include <stdio.h>\n#include <foo.h>\n#include <bar.h>\n'
                            'int main(void) { printf("%s %s %s\\n", FOO_VERSION, foo_id(), '
                            'bar_id()); return 0; }\n')
        self.cc("-o", self.path("joined"), source, *words)
        out = subprocess.run([self.path("joined")], check=True, capture_output=True, text=True)
        return 0, done.stdout, out.stdout.strip()

    def test_joined_libraries_are_those_that_were_found(self):
        """Where bar is, another foo lies too, of the same name for linker and loader."""
        self.both("b", version="2.0")
        self.both("a", name="bar")
        self.both("a", version="1.0")
        for names in (("foo", "bar"), ("bar", "foo")):
            status, said, out = self.joined(*names)
            self.assertEqual((status, out), (0, "2.0 b a"), said)
        status, said, out = self.joined("foo", LDFLAGS="-L" + self.path("a/lib"))
        self.assertEqual((status, out), (1, None))
        self.assertIn("not the one that was found", said)

    def test_libraries_that_cannot_be_joined(self):
        for prefix in "ab":
            for name in ("foo", "bar"):
                self.both(prefix, name=name)
        for names in (("foo", "bar"), ("bar", "foo")):
            status, said, out = self.joined(*names)
            self.assertEqual((status, out), (1, None))
            self.assertIn("no order of the directories helps", said)
        where = (("foo", "a"), ("bar", "a"))
        self.assertEqual(self.joined("foo", "bar", where=where)[2], "1.0 a a")

    def test_a_library_of_the_system_cannot_be_joined_with_another(self):
        self.both("a", name="bar")
        self.both("a", name="m")
        conf = self.path("conf")
        for words in (self.dirs("a") + ["bar"], ["m"]):
            subprocess.run([tenon.command(), "find", "-q", "--no-cache", "--write=" + conf, *words],
                           check=True)
        done = subprocess.run([tenon.command(), "flags", "--from", conf, "bar", "m"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.path("a/lib/libm.so"), done.stderr)


class Signals(Case):
    """One that asks to end is not kept waiting, and leaves nothing behind."""

    def begin(self, *words, ready, ignored=None):
        def choose_signals():
            # whoever started these tests in the background of a shell had it ignored
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if ignored:
                signal.signal(ignored, signal.SIG_IGN)

        os.mkdir(self.path("tmp"))
        env = dict(consumers.CLEAN, HOME=self.dir, TMPDIR=self.path("tmp"))
        child = subprocess.Popen([tenon.command(), "find", "--no-cache", *words, *self.dirs("a"),
                                  "foo"], cwd=self.dir, env=env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 preexec_fn=choose_signals)
        self.addCleanup(child.kill)
        self.until(lambda: os.path.exists(self.path(ready)))
        return child

    def until(self, so):
        end = time.monotonic() + 30
        while not so():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def is_running(self, pid):
        try:
            with open("/proc/%s/stat" % pid, encoding="utf-8") as file:
                return file.read().split(") ")[-1][0] not in "ZX"
        except OSError:
            return False

    def started(self, *names):
        pids = []
        for name in names:
            with open(self.path(name), encoding="utf-8") as file:
                pids.append(file.read().strip())
        return pids

    def gone(self, child, signal_sent, pids):
        begun = time.monotonic()
        child.send_signal(signal_sent)
        self.assertEqual(child.wait(timeout=20), -signal_sent)
        self.assertLess(time.monotonic() - begun, 10)
        self.until(lambda: not any(self.is_running(pid) for pid in pids))
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def test_while_the_test_program_runs(self):
        """It and what it started are ended, though they would not by themselves."""
        self.both("a", more="""
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static void note(const char *name)
{
    FILE *out = fopen("new", "w");
    fprintf(out, "%ld", (long)getpid());
    fclose(out);
    rename("new", name);
}
__attribute__((constructor)) static void stay(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    if (fork()) {
        while (access("one", F_OK))
            ;
        note("two");
    } else {
        note("one");
    }
    sleep(50);
}""")
        for one in (signal.SIGTERM, signal.SIGINT):
            child = self.begin("--set=ELF_RPATH=yes", ready="two")
            self.gone(child, one, self.started("one", "two"))
            shutil.rmtree(self.path("tmp"))
            os.unlink(self.path("one"))
            os.unlink(self.path("two"))

    def test_while_the_compiler_runs(self):
        """A compiler has files of its own to remove."""
        self.both("a")
        cc = self.write("cc", '#!/bin/sh\ncase " $* " in *" -c "*) ;; *) exec gcc "$@" ;; esac\n'
                        'file=$(mktemp)\ntrap \'rm -f "$file"; exit 1\' TERM\n'
                        'echo $$ >pid.new\nmv pid.new pid\nsleep 50 &\nwait\n', 0o755)
        child = self.begin("--cc=" + cc, ready="pid")
        self.gone(child, signal.SIGTERM, self.started("pid"))

    def test_one_that_is_ignored(self):
        """As nohup has it: the search goes on."""
        self.both("a")
        cc = self.write("cc", '#!/bin/sh\ncase " $* " in *" -c "*) touch there; sleep 1 ;; esac\n'
                        'exec gcc "$@"\n', 0o755)
        child = self.begin("-j1", "foo", "--cc=" + cc, ready="there",
                           ignored=signal.SIGHUP)
        child.send_signal(signal.SIGHUP)
        self.assertEqual(child.wait(timeout=60), 0)
        self.assertEqual(os.listdir(self.path("tmp")), [])


class Batch(Case):
    """Many at once: so many compilers, and on a terminal a line that says how many are done."""

    def setUp(self):
        super().setUp()
        self.both("a")
        self.both("b", name="bar")
        self.write("list", "# two\nfoo --dir=a\nbar --dir=b --header=bar.h\n")
        self.cc_script = self.write(
            "cc", "#!/bin/sh\ntouch run/$$\nls run | wc -l >>most\nsleep 0.5\ngcc \"$@\"\n"
            "status=$?\nrm run/$$\nexit $status\n", 0o755)
        os.mkdir(self.path("run"))

    def batch(self, *words):
        """(what it printed, what a terminal on its standard error got)"""
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            self.skipTest("no terminal can be had: %s" % error)
        child = subprocess.Popen([tenon.command(), "find", "--no-cache", "--batch=list",
                                  "--cc=" + self.cc_script, *words], stdout=subprocess.PIPE,
                                 stderr=theirs, stdin=subprocess.DEVNULL, text=True, cwd=self.dir,
                                 env=dict(consumers.CLEAN, HOME=self.dir))
        os.close(theirs)
        out, shown = child.stdout.read(), b""
        child.stdout.close()
        self.assertEqual(child.wait(), 0)
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # EIO: the other end is closed
            pass
        os.close(ours)
        return out, shown.decode()

    def test_from_standard_input(self):
        with open(self.path("list"), encoding="utf-8") as lines:
            done = subprocess.run([tenon.command(), "find", "--json", "--no-cache", "--batch=-"],
                                  capture_output=True, text=True, stdin=lines, cwd=self.dir,
                                  env=dict(consumers.CLEAN, HOME=self.dir))
        rows = json.loads(done.stdout)["results"]
        self.assertEqual([(row["name"], row["verdict"]) for row in rows],
                         [("foo", "found"), ("bar", "found")])

    def test_of_one_name_the_last_answer_is_kept(self):
        """In the order of the lines, whichever search ends first."""
        self.both("c")
        self.write("list", "foo --dir=a\nfoo --dir=c\nfoo --dir=not_there\n")
        for jobs in (1, 3):
            done = subprocess.run([tenon.command(), "find", "--no-cache", "--batch=list", "-q",
                                   "-j%d" % jobs, "--write=conf"], cwd=self.dir,
                                  env=dict(consumers.CLEAN, HOME=self.dir))
            self.assertEqual(done.returncode, 1)
            with open(self.path("conf/conf-foo.mk"), encoding="utf-8") as file:
                self.assertIn("CONF_foo_LIBDIR = " + self.path("c/lib"), file.read())

    def test_a_line_on_a_terminal(self):
        out, shown = self.batch("-j1")
        self.assertEqual([line for line in out.splitlines() if line.endswith(": found")],
                         ["foo: found", "bar: found"])
        self.assertIn("\r0 of 2 libraries", shown)
        self.assertIn("\r1 of 2 libraries", shown)
        self.assertTrue(shown.endswith("\r\033[K"), shown)
        self.assertEqual(self.batch("-j1", "-q")[1], "")

    def test_as_many_as_asked(self):
        for jobs in (1, 2):
            self.write("most", "")
            self.batch("-j%d" % jobs)
            with open(self.path("most"), encoding="utf-8") as file:
                self.assertEqual(max(map(int, file)), jobs)


if __name__ == "__main__":
    tenon.command()
    if not wants_all():
        print("two consumers for each trap (TENON_CHECK=all: all that are there)")
    unittest_main()
