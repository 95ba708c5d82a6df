#!/usr/bin/env python3
"""
tenon find with a compiler for another machine: started by qemu, and without it answered by the rules
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

build.needs(CC, QEMU[0])


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


if __name__ == "__main__":
    tenon.command()
    unittest.main()
