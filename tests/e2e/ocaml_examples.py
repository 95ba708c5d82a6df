#!/usr/bin/env python3
"""examples/ocaml, built by make, ocamlbuild and dune as a user would."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import ocamlcase
import tenon

if not ocamlcase.available():
    print("no OCaml compilers, or no package built")
    sys.exit(77)


class Examples(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="tenon-example-")
        self.addCleanup(self.directory.cleanup)
        self.root = pathlib.Path(self.directory.name) / "ocaml"
        shutil.copytree(pathlib.Path(tenon.source_root()) / "examples/ocaml", self.root)

    def run_in(self, folder, *words):
        env = {**os.environ, "OCAMLPATH": str(ocamlcase.BUILD / "ocaml"), "TENON": tenon.command(),
               "TENON_CACHE": str(self.root / "cache"), "DUNE_CACHE": "disabled",
               **ocamlcase.preloaded()}
        for name in ("MAKEFLAGS", "MAKELEVEL", "INSIDE_DUNE", "CAML_LD_LIBRARY_PATH"):
            env.pop(name, None)
        done = subprocess.run(words, cwd=self.root / folder, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_make(self):
        said = self.run_in("make", "make", "run")
        self.assertEqual(said.count("hello host, word 1"), 2, said)
        self.assertEqual(said.count("hello toplevel, word 1"), 1, said)
        self.assertEqual(said.count("loaded greet.plugin"), 3, said)

    @unittest.skipUnless(shutil.which("ocamlbuild"), "needs ocamlbuild")
    def test_ocamlbuild(self):
        said = self.run_in("ocamlbuild", "make", "run")
        self.assertIn("hello host, word 1\nloaded _build/greet.plugin", said)
        self.assertIn("link -- ocamlfind ocamlopt", (self.root / "ocamlbuild/_build/_log").read_text())

    @unittest.skipUnless(shutil.which("dune"), "needs dune")
    def test_dune(self):
        self.run_in(".", "dune", "build", "--root", ".", "dune/greet.plugin", "dune/host.exe",
                    "dune/recorded.exe")
        for host in ("host.exe", "recorded.exe"):
            said = self.run_in("_build/default/dune", f"./{host}", "greet.plugin")
            self.assertIn("hello host, word 1\nloaded greet.plugin", said)


if __name__ == "__main__":
    unittest.main()
