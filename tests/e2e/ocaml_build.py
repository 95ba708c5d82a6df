#!/usr/bin/env python3
"""`tenon build` for OCaml with real packages and broken ones, the exchange of bundles with BAP, and
every name of docs/from-bap.md."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import ocamlcase
import tenon
import zipmaker
from ocamlcase import LOADERS, PACKAGE, Case
from sample import unittest_main

if not ocamlcase.available():
    print("no OCaml compilers, or no package built")
    sys.exit(77)

SOURCE = pathlib.Path(tenon.source_root())


def has_package(name):
    return subprocess.run(["ocamlfind", "query", name], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


class Build(unittest.TestCase):
    def setUp(self):
        self.case = Case()
        self.addCleanup(self.case.close)

    def build(self, *words, check=True):
        return self.case.run(tenon.command(), "build", *words, check=check)

    def everywhere(self, plugin, expected, loaders=LOADERS):
        for loader in loaders:
            with self.subTest(loader=loader):
                self.assertEqual(self.case.ask(loader, f"load:{plugin}"), expected)

    def package(self, name, *units, keep):
        """A findlib package of units, of which only files with these suffixes are installed."""
        folder = self.case.root / "packages" / name
        for unit in units:
            self.case.compile(unit, folder=f"packages/{name}")
        self.case.archive(name, *units, folder=f"packages/{name}")
        for file in folder.iterdir():
            if file.suffix not in keep:
                file.unlink()
        (folder / "META").write_text(f'archive(byte)="{name}.cma"\narchive(native)="{name}.cmxa"\n')

    def test_sources_with_c_code(self):
        self.case.write("b.mli", "val twice : int -> int\n")
        self.case.write("b.ml", 'external add : int -> int -> int = "my_add"\nlet twice x = add x x\n')
        self.case.write("a.ml", 'let () = Printf.printf "%d\\n%!" (B.twice 21)\n')
        self.case.write("c.c", "#include <caml/mlvalues.h>\nvalue my_add(value a, value b)\n"
                               "{ return Val_long(Long_val(a) + Long_val(b)); }\n")
        said = self.build("-o", "a.plugin", "a.ml", "b.ml", "b.mli", "c.c").stdout
        self.assertIn("a.cmxs from 2 modules", said)
        self.assertIn("dlla_stubs.so from its C code", said)
        self.case.hosts()
        self.everywhere("a.plugin", ["42", "ok a"])

    def test_interfaces_are_those_of_the_compiler(self):
        """A plugin that was compiled against a.cmi fits the plugin that was built of a.ml."""
        for folder in ("", "sub/"):
            self.case.write(f"{folder}a.ml", "let v = ref 41\n")
            self.case.ocamlfind("ocamlc", "-c", f"{folder}a.ml")
            self.case.ocamlfind("ocamlopt", "-c", f"{folder}a.ml")
            self.build("-o", "a.plugin", f"{folder}a.ml")
            self.case.plugin("user", 'let () = Printf.printf "%d\\n%!" !A.v\n',
                             include=[folder or "."])
            self.case.hosts()
            for loader in LOADERS:
                with self.subTest(loader=loader, folder=folder):
                    self.assertEqual(self.case.ask(loader, "all:user.plugin,a.plugin"),
                                     ["41", "ok user", "ok a"])

    def test_what_was_compiled_before_in_the_current_directory(self):
        self.case.write("a.mli", "val v : int ref\n")
        self.case.write("a.ml", "let v = ref 41\n")
        self.case.write("b.ml", 'let () = Printf.printf "%d\\n%!" !A.v\n')
        self.case.hosts()
        for name, text in (("the same", None), ("another interface", "val v : string\n")):
            with self.subTest(name):
                if text:
                    self.case.write("a.mli", text)
                    self.case.write("a.ml", 'let v = ""\n')
                for unit in ("a.mli", "a.ml"):
                    self.case.ocamlfind("ocamlc", "-c", unit)
                self.case.ocamlfind("ocamlopt", "-c", "a.ml")
                self.case.write("a.mli", "val v : int ref\n")
                self.case.write("a.ml", "let v = ref 41\n")
                # the interface that lies beside belongs to it, named or not
                self.build("--ocamlflag=-I", "--ocamlflag=.", "b.ml", "a.ml")
                self.everywhere("b.plugin", ["41", "ok b"])

    def test_modules_in_any_order(self):
        self.case.compile("a", text="let v = ref 41\n")
        self.case.compile("b", text='let () = Printf.printf "%d\\n%!" !A.v\n')
        self.build("-o", "b.plugin", "b.cmo", "a.cmo", "b.cmx", "a.cmx")
        self.case.write("c.ml", "let () = incr A.v\n")
        self.build("-o", "c.plugin", "--ocamlflag=-I", "--ocamlflag=.", "c.ml", "b.cmo", "b.cmx",
                   "a.cmo", "a.cmx")
        self.case.hosts()
        self.everywhere("b.plugin", ["41", "ok b"])
        self.everywhere("c.plugin", ["41", "ok c"])

    def test_modules_beside_a_source(self):
        """They are taken as ocamlbuild takes them, unless somebody else has them."""
        self.case.hosts()
        for folder in ("", "sub/"):
            self.case.write(f"{folder}greet.ml", 'let () = Printf.printf "%d\\n%!" (Words.next 1)\n')
            self.case.write(f"{folder}words.ml", "let next (x : Kinds.t) = Deep.add x\n")
            self.case.write(f"{folder}words.mli", "val next : Kinds.t -> int\n")
            self.case.write(f"{folder}kinds.mli", "type t = int\n")
            self.case.write(f"{folder}Deep.ml", "let add x = x + 1\n")
            self.case.write(f"{folder}stray.ml", "let x : string = 1\n")
            said = self.build("-o", "greet.plugin", f"{folder}greet.ml").stdout
            self.assertIn(f"taken       {folder}words.ml  {folder}greet.ml refers to it", said)
            self.assertIn(f"taken       {folder}kinds.mli  {folder}words.ml refers to it", said)
            self.assertIn("greet.cmxs from 3 modules", said)
            self.assertNotIn("stray", said)
            self.everywhere("greet.plugin", ["2", "ok greet"])
        said = self.build("--json", "-o", "greet.plugin", "sub/greet.ml").stdout
        self.assertEqual(len(json.loads(said)["results"][0]["taken"]), 3)
        self.assertNotIn("taken", self.build("-o", "greet.plugin", "greet.ml", "words.ml", "Deep.ml",
                                             "kinds.mli").stdout)

    def test_sources_behind_a_preprocessor(self):
        """What refers to which is in what the compilers are given, not in the file."""
        self.case.hosts()
        self.case.write("late.ml", "#if it is no OCaml yet\nlet () = Printf.printf \"%d\\n%!\" WORD\n")
        self.case.write("early.ml", "#if nor this\nlet v = Beside.v\n")
        self.case.write("beside.ml", "#if nor this\nlet v = 7\n")
        rewrite = self.case.write("rewrite", "#!/bin/sh\nfor file; do :; done\n"
                                  "echo \"# 1 \\\"$file\\\"\"\nexec sed -e '/^#/d' -e s/WORD/Early.v/ \"$file\"\n")
        rewrite.chmod(0o755)
        self.case.write("packages/syn/META", f"""
preprocessor = "{rewrite}"
archive(syntax,preprocessor) = "any.cmo"
""")
        for words in (("--ocamlflag=-pp", f"--ocamlflag={rewrite}"),
                      ("--package=syn", "--ocamlflag=-syntax", "--ocamlflag=mine")):
            with self.subTest(words=words):
                said = self.build("-o", "late.plugin", *words, "late.ml", "early.ml").stdout
                self.assertIn("taken       beside.ml  early.ml refers to it", said)
                self.everywhere("late.plugin", ["7", "ok late"])

    def test_modules_beside_a_source_that_others_have(self):
        self.case.write("greet.ml", 'let () = Printf.printf "%d\\n%!" (Words.next ())\n')
        self.case.write("words.ml", "let count = ref 0\nlet next () = incr count; !count\n")
        self.case.write("lib/words.ml", "let next () = 7\n")
        self.case.compile("words", folder="lib")
        self.case.archive("words", "words", folder="lib")
        self.case.write("packages/p/words.ml", "let next () = 8\n")
        self.package("p", "words", keep={".cmi", ".cma", ".cmxs"})
        self.case.hosts()
        for words, expected in ((("lib/words.cma", "lib/words.cmxs"), "7"), (("--package=p",), "8")):
            said = self.build("-o", "greet.plugin", "greet.ml", *words).stdout
            self.assertNotIn("taken", said)
            self.everywhere("greet.plugin", [expected, "ok greet"])
        # the host's: taken for its interface alone; or compiled before
        self.host_of_words()
        said = self.build("--host=host.opt", "-o", "greet.plugin", "greet.ml").stdout
        self.assertIn("left out    Words  the host has it", said)
        self.everywhere("greet.plugin", ["word 1", "ok greet"])
        self.case.compile("words", "-unsafe")
        said = self.build("--host=host.opt", "-o", "greet.plugin", "greet.ml").stdout
        self.assertIn("left out    Words  the host has it", said)
        self.everywhere("greet.plugin", ["word 1", "ok greet"])
        said = self.build("-o", "greet.plugin", "greet.ml").stdout
        self.assertIn("left out    Words  the host is to have it, since words.cmi is there (name "
                      "words.ml to bring it along)", said)
        self.everywhere("greet.plugin", ["word 1", "ok greet"], ("bytecode", "toplevel"))
        self.case.hosts()
        said = self.build("--host=host.opt", "-o", "greet.plugin", "greet.ml").stdout
        self.assertIn("taken       words.ml  greet.ml refers to it", said)
        self.everywhere("greet.plugin", ["word 1", "ok greet"])

    def test_c_code_called_as_the_module(self):
        self.case.write("acc.ml", 'external add : int -> int = "acc_add"\n'
                                  'let () = Printf.printf "%d\\n%!" (add 5)\n')
        self.case.write("sub/one.h", "#define ONE 1\n")
        self.case.write("acc.c", "#include <caml/mlvalues.h>\nint acc_one(void);\nvalue acc_add"
                                 "(value v) { return Val_int(Int_val(v) + acc_one()); }\n")
        self.case.write("sub/acc.c", '#include "one.h"\nint acc_one(void) { return ONE; }\n')
        self.build("acc.ml", "acc.c", "sub/acc.c")
        self.case.hosts()
        self.everywhere("acc.plugin", ["6", "ok acc"])

    def test_names_of_modules(self):
        """A' is one, whose native code Dynlink passes over in silence."""
        self.case.write("gr-eet.ml", "let () = ()\n")
        done = self.build("gr-eet.ml", check=False)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("gr-eet.ml: a module cannot be called so", done.stdout)
        self.case.write("a'.ml", "let v = ref 3\n")
        self.case.write("use.ml", "let () = Printf.printf \"%d\\n%!\" !A'.v\n")
        done = self.build("-o", "use", "a'.ml", "use.ml", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("use.cmxs: unit A' would never be initialised: native Dynlink looks for "
                      "camlA'__entry", done.stdout)
        self.case.compile("a'")
        self.case.compile("use")
        self.case.archive("use", "a'", "use")
        self.build("-o", "use.plugin", "--main=use", "use.cma")
        self.case.hosts()
        self.everywhere("use.plugin", ["3", "ok use"], loaders=("bytecode", "toplevel"))
        # a bundle that another tool made
        old = zipfile.ZipFile(self.case.root / "use.plugin")
        entries = [zipmaker.Entry("MANIFEST.scm", old.read("MANIFEST.scm")),
                   zipmaker.Entry("use.cmxs", (self.case.root / "use.cmxs").read_bytes())]
        (self.case.root / "use.plugin").write_bytes(zipmaker.make(entries))
        self.assertRegex(self.case.ask("native", "load:use.plugin")[0],
                         "^no use: unit A' of plugin \"use\" would never be initialised: .*"
                         "camlA'__entry.* must be renamed$")

    def test_names_that_a_shell_reads(self):
        self.case.write("a.ml", 'external one : int -> int = "my_one"\nlet () = assert (one 1 = 1)\n')
        self.case.write("c.h", "#define SAME(x) (x)\n")
        names = ("x$(touch MARK).c", "s t.c", "it's.c", "a=b.c")
        for name in names:
            self.case.write(name, '#include "c.h"\nlong my_one(long x) { return SAME(x); }\n')
        self.case.hosts()
        for folder in ("plain", "tm p'x"):
            (self.case.root / folder).mkdir(exist_ok=True)
            for name in names:
                with self.subTest(folder=folder, name=name):
                    self.case.run(tenon.command(), "build", "-o", "shell.plugin", "a.ml", name,
                                  env={"TMPDIR": str(self.case.root / folder)})
                    self.assertFalse(list(self.case.root.rglob("MARK")))
                    self.everywhere("shell.plugin", ["ok shell"])
        self.case.run("cc", "-fPIC", "-c", "s t.c", "-o", "o b$(touch MARK).o")
        self.build("-o", "shell.plugin", "a.ml", "o b$(touch MARK).o")
        self.assertFalse(list(self.case.root.rglob("MARK")))
        self.everywhere("shell.plugin", ["ok shell"])
        self.case.run(tenon.command(), "build", "-o", "shell.plugin", "--main=x$(touch $MARKED)", "a.ml", "s t.c",
                      env={"MARKED": str(self.case.root / "MARK")}, check=False)
        self.assertFalse(list(self.case.root.rglob("MARK")))

    def test_sources_that_are_not_there(self):
        self.case.write("good.ml", "let x = 1\n")
        for words in (["good.ml", "nosuch.ml"], ["nosuch.ml"], ["good.ml", "nosuch.mli"]):
            with self.subTest(words=words):
                done = self.build("-o", "absent.plugin", *words, check=False)
                self.assertEqual(done.returncode, 3, done.stdout)
                self.assertIn(words[-1], done.stdout)
                self.assertFalse((self.case.root / "absent.plugin").exists())

    def test_interfaces_alone(self):
        self.case.write("only.mli", "val x : int\n")
        done = self.build("-o", "only.plugin", "only.mli", check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("no module", done.stdout)
        self.assertFalse((self.case.root / "only.plugin").exists())

    def test_no_code_of_ocaml(self):
        """C code is what OCaml code calls; a text is no code at all."""
        self.case.write("alone.c", "int alone(void) { return 1; }\n")
        self.case.write("words.txt", "words\n")
        for words, status, message in (
                (("--ocamlflag=-g", "alone.c"), 1, 'no OCaml code in what was given for the plugin "none"'),
                (("--package=str", "alone.c"), 1, 'no OCaml code in what was given for the plugin "none"'),
                (("--ocamlflag=-g", "words.txt"), 3, "words.txt: neither OCaml code nor C code")):
            with self.subTest(words=words):
                done = self.build("-o", "none.plugin", *words, check=False)
                self.assertEqual(done.returncode, status, done.stdout)
                self.assertIn(message, done.stdout)
                self.assertFalse((self.case.root / "none.plugin").exists())

    def test_sources_below_a_directory_with_a_space(self):
        self.case.hosts()
        (self.case.root / "oc aml").mkdir()
        self.case.write("oc aml/last.ml", 'let () = print_endline ("spaced " ^ String.make First.n \'!\')\n')
        self.case.write("oc aml/first.ml", "let n = 2\n")
        self.build("-o", "spaced.plugin", "oc aml/last.ml", "oc aml/first.ml")
        self.everywhere("spaced.plugin", ["spaced !!", "ok spaced"])

    def test_a_package_alone(self):
        for name in ("one", "two"):
            self.case.write(f"packages/{name}/{name}.ml", f'let () = print_endline "{name}"\n')
            self.package(name, name, keep={".cmi", ".cmo", ".cmx", ".o", ".cmxa", ".a", ".cma"})
        with open(self.case.root / "packages/two/META", "a", encoding="utf-8") as file:
            file.write('requires = "one"\n')
        self.build("--package=two")
        self.build("-o", "named", "--package=one,two")
        self.case.hosts()
        self.everywhere("two.plugin", ["one", "two", "ok two"])
        self.everywhere("named.plugin", ["one", "two", "ok named"])
        self.build("-o", "first", "--package=two", "--main=one")
        shown = self.case.run(tenon.command(), "bundle", "show", "--manifest", "first").stdout
        self.assertIn('"main": "one"', shown)
        for words, status, message in (
                (("--package=unix",), 1, "no package has code to bundle (unix: the compiler's"),
                (("--package=two", "--main=three"), 2, 'no package has code "three" to bundle'),
                ((), 2, "no FILE given")):
            done = self.build(*words, check=False)
            self.assertEqual(done.returncode, status, done.stdout)
            self.assertIn(message, done.stdout)

    def test_a_rewriter_of_syntax_is_not_bundled(self):
        """Its code is in the compiler; what it needs at run time is required by its META."""
        self.case.write("packages/runtime/runtime.ml", "let v = 7\n")
        self.package("runtime", "runtime", keep={".cmi", ".cmo", ".cmx", ".o", ".cmxa", ".a", ".cma"})
        self.case.write("packages/ppx_p/ppx_p.ml", 'let () = print_endline "in the compiler"\n')
        self.package("ppx_p", "ppx_p", keep={".cmi", ".cmx", ".cmxa", ".a", ".cma", ".cmxs"})
        self.case.write("packages/ppx_p/META", """
requires(-ppx_driver) = "runtime"
archive(ppx_driver,byte) = "ppx_p.cma"
archive(ppx_driver,native) = "ppx_p.cmxa"
""")
        self.case.write("user.ml", "let () = Printf.printf \"%d\\n\" Runtime.v\n")
        said = self.build("-o", "user.plugin", "--package=ppx_p", "user.ml").stdout
        self.assertRegex(said, r"left out +ppx_p +for the compiler alone")
        self.case.hosts()
        self.everywhere("user.plugin", ["7", "ok user"])

    def test_packages_that_share_a_directory(self):
        """What one of them lacks is not made of the modules of the other."""
        for name in ("one", "two"):
            self.case.write(f"packages/p/{name}.ml", f'let () = print_endline "{name}"\n')
            self.package("p", name, keep={".cmi", ".cmo", ".cmx", ".o", ".cmxa", ".a", ".cma"})
            for suffix in ("cma", "cmxa", "a"):
                (self.case.root / f"packages/p/p.{suffix}").rename(self.case.root / f"packages/p/{name}.{suffix}")
        folder = self.case.root / "packages/p"
        (folder / "META").write_text('package "two" ( archive(byte)="two.cma" )\n'
                                     'archive(byte)="one.cma"\narchive(native)="one.cmxa"\n')
        self.case.hosts()
        for suffix in ("cmxa", "a"):
            (folder / f"two.{suffix}").unlink()
        self.build("-o", "it.plugin", "--package=p.two")
        self.everywhere("it.plugin", ["two", "ok it"])
        (folder / "two.o").unlink()
        done = self.build("-o", "it.plugin", "--package=p.two")
        self.assertIn("native code of two: neither .cmxs, .cmxa, .cmx with .o nor sources", done.stdout)
        self.everywhere("it.plugin", ["two", "ok it"], ("bytecode", "toplevel"))

    def test_a_package_whose_modules_are_in_another(self):
        """As dune installs virtual libraries and their implementations."""
        self.case.compile("kind", folder="packages/virtual", text="let kind = 1\n")
        self.case.write("packages/virtual/META", 'archive(byte) = ""\narchive(native) = ""\n')
        self.case.compile("body", "-I", "../virtual", folder="packages/real",
                          text="let n = Kind.kind + 6\n")
        self.case.archive("real", "../virtual/kind", "body", folder="packages/real")
        self.case.write("packages/real/META", 'requires = "virtual"\narchive(byte) = "real.cma"\n'
                        'archive(native) = "real.cmxa"\n')
        self.case.write("user/user.ml", 'let () = Printf.printf "%d %d\\n%!" Kind.kind Body.n\n')
        self.case.hosts()
        for packages in ("real", "virtual,real"):
            said = self.build("-o", "user.plugin", f"--package={packages}", "user/user.ml").stdout
            self.assertRegex(said, r"left out +virtual +its modules are in real\.cma of package real")
            self.everywhere("user.plugin", ["1 7", "ok user"])

    def test_a_package_that_is_not_whole(self):
        """The modules of OCaml's own directory are no package's."""
        self.case.write("packages/q/META", 'directory = "^"\narchive(byte) = "gone.cma"\n')
        done = self.build("-o", "user.plugin", "--package=q", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("package q is not whole: no gone.cma, gone.cmxa or gone.cmxs is in", done.stdout)
        self.case.write("user.ml", "let () = ()\n")
        self.build("-o", "user.plugin", "--package=q", "--bundle=none", "user.ml")

    def test_an_archive_that_names_its_c_code_for_static_links_alone(self):
        folder = self.case.root / "packages/p"
        self.case.write("packages/p/stub.c", "#include <caml/mlvalues.h>\nvalue p_twice(value a)\n"
                                             "{ return Val_long(2 * Long_val(a)); }\n")
        self.case.write("packages/p/m.ml", 'external twice : int -> int = "p_twice"\n')
        self.case.compile("m", folder="packages/p")
        self.case.ocamlfind("ocamlc", "-c", "-ccopt", "-fPIC", "stub.c", cwd=folder)
        self.case.run("ar", "rcs", "libpk.a", "stub.o", cwd=folder)
        self.case.archive("p", "m", folder="packages/p", byte=["-cclib", "-lpk"],
                          native=["-cclib", "-lpk"])
        (folder / "META").write_text('archive(byte)="p.cma"\narchive(native)="p.cmxa"\n')
        self.case.write("user.ml", 'let () = Printf.printf "%d\\n%!" (M.twice 21)\n')
        said = self.build("-o", "user.plugin", "--package=p", "user.ml").stdout
        self.assertIn("dllpk.so from libpk.a", said)
        self.case.hosts()
        self.everywhere("user.plugin", ["42", "ok user"])
        (folder / "libpk.a").write_text("no archive\n")
        said = self.build("-o", "user.plugin", "--package=p", "user.ml").stdout
        self.assertIn("  missing     C code of p for bytecode: libpk.a cannot become a shared library",
                      said)

    @unittest.skipUnless(os.uname().machine == "x86_64", "-mcmodel=large is of x86-64")
    def test_c_code_that_the_loader_must_change(self):
        """Linkers make such a library without a word, if they are not told."""
        self.case.write("packages/p/large.c", "extern long v; long v = 1;\n"
                                              "long *p_large(long a) { (void)a; return &v; }\n")
        self.case.write("packages/p/m.ml", 'external large : int -> int = "p_large"\n')
        folder = self.case.root / "packages/p"
        self.case.run("gcc", "-c", "-fno-pic", "-mcmodel=large", "large.c", cwd=folder)
        self.case.write("own.ml", 'external large : int -> int = "p_large"\n')
        done = self.build("-o", "own.plugin", "own.ml", "packages/p/large.o", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("packages/p/large.o is not position independent", done.stdout)
        self.assertFalse((self.case.root / "own.plugin").exists())
        self.case.compile("m", folder="packages/p")
        self.case.run("ar", "rcs", "libpk.a", "large.o", cwd=folder)
        self.case.archive("p", "m", folder="packages/p", byte=["-cclib", "-lpk"],
                          native=["-cclib", "-lpk"])
        (folder / "META").write_text('archive(byte)="p.cma"\narchive(native)="p.cmxa"\n')
        (folder / "p.cmxs").unlink()
        self.case.write("user.ml", "let f = M.large\n")
        done = self.build("-o", "user.plugin", "--package=p", "user.ml", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"libpk\.a\(large\.o\) is not position independent")
        self.assertFalse((self.case.root / "user.plugin").exists())

    def test_packages_that_forgot_things(self):
        for name in ("one", "two"):
            self.case.write(f"packages/p/{name}.ml", "let v = ref 1\n" if name == "one" else
                            "let get () = incr One.v; !One.v\n")
        self.case.hosts()
        self.case.write("user.ml", 'let () = Printf.printf "%d\\n%!" (Two.get ())\n')
        for keep, made in (({".cmi", ".cmxa", ".a", ".cma"}, ["p.cmxs from p.cmxa"]),
                           ({".cmi", ".cmxa", ".a", ".cmxs", ".cmo"}, [r"p.cma from 2 .cmo of package p"]),
                           ({".cmi", ".cmx", ".o", ".cmo"}, ["p.cmxs from 2 .cmx of package p",
                                                             "p.cma from 2 .cmo of package p"]),
                           ({".cmi", ".cmxa", ".a", ".ml"}, ["p.cmxs from p.cmxa",
                                                             "p.cma from 2 modules"]),
                           ({".cmi", ".cma", ".ml"}, ["p.cmxs from 2 modules"]),
                           ({".cmi", ".cmxs", ".ml"}, ["p.cma from 2 modules"]),
                           ({".cmi", ".ml"}, ["p.cmxs from 2 modules", "p.cma from 2 modules"]),
                           ({".ml"}, ["p.cmxs from 2 modules", "p.cma from 2 modules"])):
            with self.subTest(keep=sorted(keep)):
                for name in ("one", "two"):
                    self.case.write(f"packages/p/{name}.ml", "let v = ref 1\n" if name == "one" else
                                    "let get () = incr One.v; !One.v\n")
                self.package("p", "one", "two", keep=keep)
                said = self.build("-o", "user.plugin", "--package=p", "user.ml").stdout
                for line in made:
                    self.assertRegex(said, line)
                self.everywhere("user.plugin", ["2", "ok user"])

    def test_code_from_sources_fits_what_was_compiled_before(self):
        """The interfaces that are installed stay, wherever and however they were compiled."""
        keep = {".cmi", ".cma", ".cmxs", ".ml", ".mli"}
        folder = self.case.root / "packages/p"
        self.case.hosts()
        self.case.write("user.ml", 'let () = Printf.printf "%d\\n%!" (Two.get ())\n')
        for flags in ((), ("-opaque",)):
            for lacks in ({".cmxs"}, {".cma"}, {".cmxs", ".cma"}):
                with self.subTest(flags=flags, lacks=sorted(lacks)):
                    self.case.write("packages/p/one.ml", "let v = ref 1\nlet hidden = 2\n")
                    self.case.write("packages/p/one.mli", "val v : int ref\n")
                    self.case.write("packages/p/two.ml", "let get () = incr One.v; !One.v\n")
                    # the place of each value, which is in two.cmi, is below packages/
                    for file in ("one.mli", "one.ml", "two.ml"):
                        for compiler in ("ocamlc", "ocamlopt"):
                            self.case.ocamlfind(compiler, *flags, "-I", "packages/p", "-c",
                                                f"packages/p/{file}")
                    self.case.archive("p", "one", "two", folder="packages/p")
                    for file in folder.iterdir():
                        if file.suffix not in keep - lacks:
                            file.unlink()
                    (folder / "META").write_text('archive(byte)="p.cma"\narchive(native)="p.cmxa"\n')
                    self.build("-o", "user.plugin", "--package=p", "--bundle=none", "user.ml")
                    said = self.build("-o", "p.plugin", "--package=p").stdout
                    for suffix in lacks:
                        self.assertIn(f"p{suffix} from 2 modules", said)
                    for loader in LOADERS:
                        self.assertEqual(self.case.ask(loader, "all:user.plugin,p.plugin"),
                                         ["2", "ok user", "ok p"])

    def test_sources_that_do_not_compile(self):
        """What there is is bundled as before, and what is not is told with the reason."""
        self.case.write("packages/p/one.ml", "let v = ref 1\n")
        self.package("p", "one", keep={".cmi", ".cma"})
        self.case.write("packages/p/one.ml", "let v = Gone.v\n")
        self.case.write("user.ml", 'let () = Printf.printf "%d\\n%!" !One.v\n')
        said = self.build("-o", "user.plugin", "--package=p", "user.ml").stdout
        gone = 'Unbound module "?Gone'  # quoted from 5.2 on
        self.assertRegex(said, "native code of p: making it of its sources failed: Error: " + gone)
        self.case.hosts()
        self.everywhere("user.plugin", ["1", "ok user"], ("bytecode", "toplevel"))
        (self.case.root / "packages/p/p.cma").unlink()
        done = self.build("-o", "user.plugin", "--package=p", "user.ml", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, gone)

    def test_native_code_from_sources_has_its_c_code(self):
        self.case.write("packages/p/stub.c", "#include <caml/mlvalues.h>\nvalue p_twice(value a)\n"
                                             "{ return Val_long(2 * Long_val(a)); }\n")
        folder = self.case.root / "packages/p"
        self.case.write("packages/p/m.ml", 'external twice : int -> int = "p_twice"\n'
                                           'let four x = twice (twice x)\n')
        self.case.compile("m", folder="packages/p")
        self.case.ocamlfind("ocamlc", "-c", "-ccopt", "-fPIC", "stub.c", cwd=folder)
        self.case.ocamlfind("ocamlmklib", "-o", "pk", "stub.o", cwd=folder)
        self.case.archive("p", "m", folder="packages/p", byte=["-cclib", "-lpk", "-dllib", "-lpk"])
        for suffix in ("cmx", "o", "cmxa", "a", "cmxs", "cmo"):
            for file in folder.glob(f"[mp].{suffix}"):
                file.unlink()
        (folder / "META").write_text('archive(byte)="p.cma"\narchive(native)="p.cmxa"\n')
        self.case.write("user.ml", 'let () = Printf.printf "%d\\n%!" (M.four 10)\n')
        said = self.build("-o", "user.plugin", "--package=p", "user.ml").stdout
        self.assertIn("p.cmxs from 1 module", said)
        self.case.hosts()
        self.everywhere("user.plugin", ["40", "ok user"])

    def test_a_plugin_linked_without_linkall(self):
        self.case.write("packages/p/one.ml", "let v = ref 1\n")
        self.package("p", "one", keep={".cmi", ".cmxa", ".a", ".cma"})
        folder = self.case.root / "packages/p"
        self.case.ocamlfind("ocamlopt", "-shared", "-o", "p.cmxs", "p.cmxa", cwd=folder)
        self.case.write("user.ml", 'let () = Printf.printf "%d\\n%!" !One.v\n')
        self.assertIn("p.cmxs from p.cmxa", self.build("-o", "user.plugin", "--package=p", "user.ml").stdout)
        self.case.hosts()
        self.everywhere("user.plugin", ["1", "ok user"])

    def test_bytecode_that_cannot_be_made(self):
        self.case.write("packages/p/one.ml", "let v = ref 1\n")
        self.package("p", "one", keep={".cmi", ".cmxa", ".a"})
        self.case.write("user.ml", "let () = incr One.v\n")
        said = self.build("-o", "user.plugin", "--package=p", "user.ml").stdout
        self.assertIn("bytecode of p: neither .cma, .cmo nor sources", said)
        self.case.hosts()
        self.everywhere("user.plugin", ["ok user"], loaders=("native",))
        self.assertRegex(self.case.ask("bytecode", "load:user.plugin")[0], "requires unit One")

    def test_what_the_host_has_is_left_out(self):
        self.case.write("packages/p/one.ml", "let v = ref 1\n")
        self.package("p", "one", keep={".cmi", ".cmo", ".cmx", ".o", ".cmxa", ".a", ".cma", ".cmxs"})
        self.case.hosts("packages/p/one")
        self.case.write("user.ml", "let () = incr One.v\n")
        said = self.build("-o", "user.plugin", "--package=p", "--host=host.opt", "user.ml").stdout
        self.assertIn("p  the host has it", said)
        self.assertNotIn("p.cmxs", zipfile.ZipFile(self.case.root / "user.plugin").namelist())
        self.everywhere("user.plugin", ["ok user"])
        said = self.build("--json", "-o", "user.plugin", "--package=p", "--host=host.opt", "user.ml").stdout
        self.assertEqual(json.loads(said)["results"][0]["left_out"], ["p  the host has it"])
        said = self.build("-o", "user.plugin", "--package=p", "--bundle=none", "user.ml").stdout
        self.assertIn("p  not asked for", said)

    def test_a_library_of_which_the_host_has_a_part(self):
        for name in ("one", "two"):
            self.case.write(f"packages/p/{name}.ml", "let v = ref 1\n")
        self.package("p", "one", "two", keep={".cmi", ".cmo", ".cmx", ".o", ".cmxa", ".a", ".cma", ".cmxs"})
        self.case.hosts("packages/p/one")
        self.case.write("user.ml", "let () = incr One.v\n")
        words = ("-o", "user.plugin", "--package=p", "--host=host.opt", "user.ml")
        done = self.build(*words, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("the host has unit One of library p, and not unit Two", done.stdout)
        self.assertFalse((self.case.root / "user.plugin").exists())
        self.build(*words, "--bundle=none")
        self.everywhere("user.plugin", ["ok user"])

    def host_of_words(self, *flags):
        """A host of native code and one of bytecode with the unit Words, in a tree of its own."""
        self.case.write("tree/words.ml", "let count = ref 0\nlet next () = incr count; [| !count |].(0)\n")
        self.case.compile("words", *flags, folder="tree")
        self.case.hosts("tree/words")
        shutil.copy(self.case.root / "tree/words.ml", self.case.root)
        self.case.write("greet.ml", 'let () = Printf.printf "word %d\\n%!" (Words.next ())\n')

    def test_units_of_one_source_tree_are_left_to_the_host(self):
        """With whichever implementation the host has: none of it is relied on."""
        self.host_of_words("-g")
        # what is compiled already is not relied on either
        self.case.compile("words", "-unsafe")
        said = self.build("--host=host.opt", "greet.ml", "words.ml").stdout
        self.assertIn("left out    Words  the host has it", said)
        self.assertIn("greet.cmxs from 1 module", said)
        self.assertNotIn("provides    Words", said)
        self.everywhere("greet.plugin", ["word 1", "ok greet"])
        self.case.run(tenon.command(), "check", "host.opt", "greet.plugin")
        # modules that were compiled before
        for suffix in ("cmi", "cmx", "cmo", "o"):
            shutil.copy(self.case.root / f"tree/words.{suffix}", self.case.root)
        self.case.compile("greet")
        said = self.build("--host=host.opt", "words.cmo", "words.cmx", "greet.cmo", "greet.cmx",
                          "-o", "greet").stdout
        self.assertIn("left out    Words  the host has it", said)
        self.everywhere("greet.plugin", ["word 1", "ok greet"])

    def test_units_that_the_host_has_otherwise(self):
        """Such a plugin the host would refuse: it is not made."""
        self.host_of_words()
        self.case.write("main.ml", "let () = print_endline \"a plugin's\"\n")
        self.case.write("use.ml", "let () = Words.count := 5\n")
        self.case.write("other/words.ml", "let count = ref 1\n")
        for words, reason in (
                (("main.ml",), "unit Main is already in the host program (host.opt), and no other "
                               "module of the plugin refers to it"),
                (("use.ml", "other/words.ml"), "unit Words is already in the host program "
                                               "(host.opt), with another interface")):
            done = self.build("--host=host.opt", "-o", "p.plugin", *words, check=False)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(reason, done.stdout)
        # ready archives are what they are
        self.case.compile("words", "-unsafe")
        self.case.compile("greet")
        self.case.archive("greet", "words", "greet")
        words = ("--host=host.opt", "-o", "p.plugin", "greet.cma", "greet.cmxs")
        done = self.build(*words, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"host\.opt would refuse it: unit Words is already in the host")
        done = self.build("--json", *words, check=False)
        result = json.loads(done.stdout)["results"][0]
        self.assertEqual((result["status"], result["verdict"]), ("refused", "refused-by-host"))
        self.assertIn("unit Words is already in the host", " ".join(result["reasons"]))
        self.assertFalse((self.case.root / "p.plugin").exists())

    def test_codes_that_do_not_match(self):
        for folder, text in (("one", "let x = 1\n"), ("other", "let x = true\n")):
            self.case.compile("m", folder=folder, text=text)
            self.case.archive("m", "m", folder=folder)
        done = self.build("-o", "m.plugin", "one/m.cma", "other/m.cmxs", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unit M has another interface in each", done.stdout)
        self.case.compile("n", folder="one", text="let y = 2\n")
        self.case.archive("both", "m", "n", folder="one")
        done = self.build("-o", "m.plugin", "one/m.cma", "one/both.cma", "--main=m", check=False)
        self.assertIn("m.cma and both.cma: unit M is in both, and would be there twice",
                      done.stdout)
        shutil.copy(self.case.root / "one/both.cmxs", self.case.root / "m.cmxs")
        done = self.build("-o", "m.plugin", "one/m.cma", "m.cmxs", check=False)
        self.assertIn("m.cma has no unit N, which is in m.cmxs", done.stdout)
        self.assertFalse((self.case.root / "m.plugin").exists())

    def test_code_for_dynlink_is_no_plugin_for_c(self):
        self.case.compile("m", text="let x = 1\n")
        self.case.archive("m", "m")
        done = self.case.run(tenon.command(), "pack", "-o", "m.plugin", "m.cmxs", check=False)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("m.cmxs: only a shared library of ELF can be packed, and this is OCaml code "
                      "(tenon build takes it)", done.stdout)
        self.assertFalse((self.case.root / "m.plugin").exists())

    def test_an_archive_of_a_release_that_is_not_read(self):
        self.case.compile("m", text="let x = 1\n")
        self.case.archive("m", "m")
        for file in ("m.cma", "m.cmxs"):
            path = self.case.root / file
            path.write_bytes(re.sub(rb"Caml1999([AD])\d\d\d", rb"Caml1999\g<1>022", path.read_bytes()))
            done = self.build("-o", "old.plugin", file, check=False)
            self.assertEqual(done.returncode, 3, done.stdout)
            self.assertIn("of OCaml 4.06", done.stdout)
        self.assertFalse((self.case.root / "old.plugin").exists())

    def test_threads(self):
        self.case.write("thr.ml", 'let () = Thread.join (Thread.create print_endline "there")\n')
        said = self.build("-o", "thr.plugin", "--package=threads.posix", "thr.ml").stdout
        self.assertIn("thr.cma from 1 module", said)
        self.case.hosts(flags=["-thread", "-package", "threads.posix"])
        for loader in ("native", "bytecode"):
            self.assertEqual(self.case.ask(loader, "load:thr.plugin"), ["there", "ok thr"])

    def test_equal_input_gives_equal_bundles(self):
        self.case.plugin("p", "let x = 1\n")
        first = (self.case.root / "p.plugin").read_bytes()
        self.case.bundle("p", "p.cma", "p.cmxs", folder="p.src")
        self.assertEqual(first, (self.case.root / "p.plugin").read_bytes())
        # from sources, too, and whatever lies about; the code knows them by their names
        self.case.write("src/low.ml", "let fail () = failwith __LOC__\n")
        self.case.write("src/high.ml", 'external one : unit -> int = "one"\n'
                                       'let () = try Low.fail () with Failure m -> print_endline m\n')
        self.case.write("src/c.c", "#include <caml/mlvalues.h>\n"
                                   "value one(value u) { (void)u; return Val_int(1); }\n")
        bundles = []
        for _ in range(2):
            self.build("-o", "s.plugin", "--main=s", "src/low.ml", "src/high.ml", "src/c.c")
            bundles.append((self.case.root / "s.plugin").read_bytes())
        self.assertEqual(*bundles)
        self.case.hosts()
        self.everywhere("s.plugin", ['File "src/low.ml", line 1, characters 23-30', "ok s"])

    def test_errors_of_the_compiler(self):
        self.case.write("bad.ml", "let x : int = true\n")
        done = self.build("-o", "bad.plugin", "bad.ml", check=False)
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split(",")[0], 'File "bad.ml"', lines)
        self.assertEqual(lines[-1], "tenon build: ocamlfind ocamlc failed")
        self.assertIn("int", lines[-2])
        self.case.write("sub/syntax.ml", "let x =\n")
        done = self.build("-o", "bad.plugin", "sub/syntax.ml", check=False)
        self.assertEqual(done.stdout.split(",")[0], 'File "sub/syntax.ml"', done.stdout)
        self.case.write("sub/c.c", "int x = ;\n")
        self.case.write("good.ml", "let x = 1\n")
        done = self.build("-o", "bad.plugin", "good.ml", "sub/c.c", check=False)
        self.assertTrue(done.stdout.startswith("sub/c.c:1:9:"), done.stdout)
        done = self.build("--json", "-o", "bad.plugin", "bad.ml", check=False)
        self.assertIn(r"File \"bad.ml\"", done.stdout)
        self.assertFalse((self.case.root / "bad.plugin").exists())
        done = self.build("-o", "x.plugin", "--package=no-such-package", "bad.ml", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no-such-package", done.stdout)

    @unittest.skipUnless(has_package("magic"), "needs libmagic-ocaml-dev")
    def test_a_real_package_without_cmxs(self):
        # Debian's package ships .cmxa, .a and .cma, and no .cmxs
        self.case.write("m.ml", 'let () = print_endline (Magic.buffer (Magic.create []) "#!/bin/sh\\n")\n')
        said = self.build("-o", "m.plugin", "--package=magic", "m.ml").stdout
        self.assertIn("magic.cmxs from magic.cmxa", said)
        self.case.hosts()
        self.everywhere("m.plugin", ["POSIX shell script, ASCII text executable", "ok m"])

    @unittest.skipUnless(has_package("camlzip"), "needs libzip-ocaml-dev")
    def test_a_real_package_with_needs(self):
        self.case.plugin("p", "let x = 1\n")
        self.case.write("z.ml", 'let () = Zip.open_in "p.plugin" |> Zip.entries |> '
                                "List.iter (fun e -> print_endline e.Zip.filename)\n")
        self.build("-q", "-o", "z.plugin", "--package=camlzip", "z.ml")
        self.case.hosts()
        # and BAP's library for zip files reads ours
        self.everywhere("z.plugin", ["tenon.json", "MANIFEST.scm", "p.cma", "p.cmxs", "ok z"])

    @unittest.skipUnless(has_package("parsexp"), "needs libparsexp-ocaml-dev")
    def test_the_manifest_for_bap(self):
        self.case.plugin("p", "let x = 1\n", words=["--desc", 'a "b" \u00e9 (c)', "--tags=x,y z"])
        text = zipfile.ZipFile(self.case.root / "p.plugin").read("MANIFEST.scm").decode("latin-1")
        self.case.write("scm", text)
        self.case.write("read.ml", r"""
let () =
  let c = open_in_bin "scm" in
  let s = really_input_string c (in_channel_length c) in
  match Parsexp.Single.parse_string_exn s with
  | Sexplib0.Sexp.List fields ->
    List.iter (function
      | Sexplib0.Sexp.List [ Atom name; Atom value ] -> Printf.printf "%s=%s\n" name value
      | Sexplib0.Sexp.List [ Atom name; List l ] ->
        Printf.printf "%s=[%s]\n" name
          (String.concat "," (List.map (function Sexplib0.Sexp.Atom a -> a | List _ -> "?") l))
      | _ -> print_endline "?") fields
  | Atom _ -> print_endline "?"
""")
        self.case.ocamlfind("ocamlopt", "-package", "parsexp,sexplib0", "-linkpkg", "read.ml", "-o", "read")
        said = self.case.run("./read", env=ocamlcase.preloaded()).stdout.splitlines()
        self.assertEqual(said, ["name=p", "version=0", 'desc=a "b" \u00e9 (c)', "main=p", "author=unknown",
                                "date=0", "requires=[]", "provides=[p]", "url=[]", "license=[]",
                                "copyrights=[]", "tags=[x,y z]", "cons=[]"])

    def test_a_bundle_of_bap(self):
        sample = tenon.shared_if_there("reference", "samples", "greet_demo.plugin")
        if not sample:
            self.skipTest("no shared data")
        if self.case.ocamlfind("ocamlc", "-version").stdout.strip() != "4.13.1":
            self.skipTest("the sample was compiled by 4.13.1")
        shutil.copy(sample, self.case.root)
        self.case.hosts()
        self.everywhere("greet_demo.plugin", ["hello from the plugin bundles", "ok greet-demo"])
        # what is not asked to change stays: it is in the code
        self.case.run(tenon.command(), "bundle", "update", "--desc=new", "greet_demo.plugin")
        with zipfile.ZipFile(self.case.root / "greet_demo.plugin") as bundle:
            scm = bundle.read("MANIFEST.scm").decode()
        self.assertIn("(provides (greet_util greet))", scm)
        self.assertIn("(desc new)", scm)
        self.everywhere("greet_demo.plugin", ["hello from the plugin bundles", "ok greet-demo"])

    def test_every_name_of_from_bap(self):
        program = (SOURCE / "tests/e2e/from_bap.ml").read_text()
        table = (SOURCE / "docs/from-bap.md").read_text()
        names = re.findall(r"^\|[^|]*\| `(Tenon\.[\w.']+)` \|", table, re.M)
        self.assertGreater(len(names), 50)
        for name in names:
            self.assertIn(name, program)
        for unit in ("unit", "one", "two", "three"):
            self.case.compile(unit, text=f"let {unit} = 1\n")
            self.case.archive(unit, unit)
        self.case.write("from_bap.ml", program)
        for compiler, more in (("ocamlopt", []), ("ocamlc", ["-dllpath", str(PACKAGE)])):
            with self.subTest(compiler=compiler):
                shutil.rmtree(self.case.root / "lib", ignore_errors=True)
                (self.case.root / "made.plugin").unlink(missing_ok=True)
                self.case.ocamlfind(compiler, "-package", "tenon", "-linkpkg", "-linkall", *more,
                                    "from_bap.ml", "-o", "from_bap")
                done = self.case.run("./from_bap", check=False, env=ocamlcase.preloaded())
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("all\nhandlers\n", done.stdout)
                self.assertNotIn("not reached", done.stdout)
                self.assertIn("lib/zz.plugin", done.stdout)


if __name__ == "__main__":
    unittest_main()
