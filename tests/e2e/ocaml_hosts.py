#!/usr/bin/env python3
"""The record of OCaml hosts: `tenon link` with every compiler and shape of program, what findlib
records, and programs checked without running them."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import ocamlcase
import tenon
from ocamlcase import PACKAGE, Case
from sample import unittest_main

if not ocamlcase.available():
    print("no OCaml compilers, or no package built")
    sys.exit(77)

HOST = r"""
let () =
  let recorded = match Tenon.Process.record () with
    | None -> "none"
    | Some r -> if List.exists (fun (u : Tenon_record.unit_) -> u.name = "Inside") r.units then "yes" else "no"
  in
  Printf.printf "%s %s %s\n%!" recorded
    (String.concat "," (List.filter (fun p -> p = "str" || p = "tenon") (Tenon.Process.packages ())))
    (if List.mem "Inside" (Tenon.list_loaded_units ()) then "present" else "absent");
  match Sys.getenv_opt "PLUGIN" with
  | None -> ()
  | Some p -> (
    match Tenon.Plugin.(load (of_path p)) with
    | Ok () -> print_endline "loaded"
    | Error m -> print_endline ("refused: " ^ m))
"""


class Hosts(unittest.TestCase):
    def setUp(self):
        self.case = Case()
        self.addCleanup(self.case.close)
        self.case.write("host.ml", HOST)
        self.case.compile("inside", text="let n = ref 3\n")
        self.plugin = self.case.plugin(
            "p", 'let () = Printf.printf "plugin %d\\n%!" !Inside.n\n', include=["."])

    def link(self, *words, check=True):
        return self.case.run(tenon.command(), "link", "--", "ocamlfind", *words, check=check)

    def said(self, program, *words, **env):
        return self.case.run(f"./{program}", *words, env={**ocamlcase.preloaded(), **env},
                             check=False).stdout.split("\n")

    def test_every_shape_of_program(self):
        base = ["-package", "tenon,str", "-linkpkg", "-linkall"]
        dll = ["-dllpath", str(PACKAGE)]
        for words, program in (
                (["ocamlopt", *base, "inside.cmx"], "native"),
                (["ocamlc", *base, *dll, "inside.cmo"], "byte"),
                (["ocamlc", *base, "-custom", "inside.cmo"], "custom"),
                (["ocamlc", *base, "-output-complete-exe", "inside.cmo"], "complete")):
            with self.subTest(program=program):
                self.link(*words, "host.ml", "-o", program)
                lines = self.said(program, PLUGIN=self.plugin)
                self.assertEqual(lines[:3], ["yes tenon,str present", "plugin 3", "loaded"], lines)
        # what is stripped of its tables' names still has the tables, and the record
        whole = self.case.run(tenon.command(), "units", "complete").stdout
        self.case.run("strip", "complete")
        self.assertEqual(self.case.run(tenon.command(), "units", "complete").stdout, whole)
        self.assertIn("unit            Inside ", whole)
        for loader in ("", "--loader=bytecode"):
            done = self.case.run(tenon.command(), "check", *filter(None, [loader]), "complete",
                                 self.plugin)
            self.assertIn("complete: loads", done.stdout)
        self.assertEqual(self.said("complete", PLUGIN=self.plugin)[:3],
                         ["yes tenon,str present", "plugin 3", "loaded"])

    def test_the_primitives_of_a_complete_program(self):
        self.case.hosts(loaders=("bytecode",), flags=["-output-complete-exe"])
        self.case.plugin("calls", 'external get : string -> int -> char = "caml_string_get"\n'
                                  'let () = print_endline (String.make 1 (get "abc" 1))\n')
        self.case.plugin("gone", 'external gone : int -> int = "no_such_primitive"\n'
                                 'let f x = gone x\n')
        for strip in (False, True):
            with self.subTest(strip=strip):
                if strip:
                    self.case.run("strip", "host.byte")
                self.assertEqual(self.case.ask("bytecode", "load:calls.plugin", "load:gone.plugin"),
                                 ["b", "ok calls",
                                  'no gone: unit Gone of plugin "gone" calls the C function '
                                  "no_such_primitive, which nothing defines"])
                done = self.case.run(tenon.command(), "check", "host.byte", "calls.plugin")
                self.assertIn("host.byte: loads", done.stdout)

    def test_a_runtime_far_from_its_library(self):
        """Its file names the standard library: not all are in ../lib/ocaml of it."""
        case = self.case
        folder = case.root / "bin"
        folder.mkdir()
        shutil.copy(shutil.which("ocamlrun"), folder)
        case.hosts(loaders=("bytecode",), flags=["-package", "unix", "-use-runtime",
                                                 str(folder / "ocamlrun")])
        self.assertIn(f"{folder}/ocamlrun", case.run(tenon.command(), "show", "host.byte").stdout)
        case.write("c/uses_c.c", "#include <caml/mlvalues.h>\n#include <caml/unixsupport.h>\n"
                   "value uses(value u) { if (Int_val(u)) uerror(\"u\", Nothing); return u; }\n")
        case.ocamlfind("ocamlc", "-ccopt", "-fPIC", "-c", "uses_c.c", cwd=case.root / "c")
        case.ocamlfind("ocamlmklib", "-o", "uses_stubs", "uses_c.o", cwd=case.root / "c")
        case.compile("uses", folder="c", text='external get : int -> int = "uses"\n')
        case.archive("uses", "uses", folder="c", byte=["-dllib", "-luses_stubs"],
                     native=["-cclib", "-luses_stubs", "-ccopt", "-L."])
        plugin = case.bundle("uses", "uses.cma", "uses.cmxs", folder="c")
        self.assertIn("host.byte: loads",
                      case.run(tenon.command(), "check", "host.byte", plugin).stdout)

    def test_a_program_that_names_its_runtime(self):
        flags = ["-package", "tenon", "-linkpkg", "-linkall"]
        runtime = str(self.case.root / "runtime")
        self.case.ocamlfind("ocamlc", *flags, "-make-runtime", "-o", runtime)
        # the compiler starts the runtime, which has libtenon in it
        self.case.ocamlfind("ocamlc", *flags, "-use-runtime", runtime, "-dllpath", str(PACKAGE),
                            "inside.cmo", "host.ml", "-o", "host.byte",
                            env=ocamlcase.preloaded())
        self.assertEqual(self.said("host.byte", PLUGIN=self.plugin)[1:3], ["plugin 3", "loaded"])
        shown = self.case.run(tenon.command(), "show", "host.byte").stdout
        self.assertRegex(shown, rf"runtime +{runtime}\n")
        done = self.case.run(tenon.command(), "check", "host.byte", self.plugin)
        self.assertIn("host.byte: loads", done.stdout)

    def test_a_toplevel(self):
        self.link("ocamlmktop", "-package", "tenon,str", "-linkpkg", "-dllpath", str(PACKAGE),
                  "inside.cmo", "-o", "top")
        self.case.write("ask.ml", 'match Tenon.loader () with `Toplevel -> print_endline "toplevel" '
                                  '| _ -> print_endline "other";;\n#use "host.ml";;\n')
        lines = self.said("top", "-I", str(PACKAGE), "ask.ml", PLUGIN=self.plugin)
        self.assertEqual(lines[:4], ["toplevel", "yes tenon,str present", "plugin 3", "loaded"], lines)

    @unittest.skipUnless(shutil.which("utop"), "needs utop")
    def test_utop(self):
        # another toplevel, with the compiler's libraries inside: nothing has to be built for it
        self.case.write("ask.ml", '#require "tenon";;\n#load "inside.cmo";;\n#use "host.ml";;\n')
        self.case.bundle("double", "inside.cmo", "--main=inside")
        for plugin, last in ((self.plugin, "loaded"),
                             ("double.plugin", "refused: unit Inside is already in the host program")):
            with self.subTest(plugin=plugin):
                done = self.case.run("utop", "ask.ml", check=False,
                                     env={**ocamlcase.preloaded(), "PLUGIN": plugin,
                                          "CAML_LD_LIBRARY_PATH": str(PACKAGE)})
                self.assertIn(last, done.stdout)

    def test_without_linkall(self):
        self.case.archive("box", "inside")
        shutil.copy(self.case.root / "inside.cmi", self.case.root / "keep.cmi")
        self.case.ocamlfind("ocamlc", "-a", "-o", "box.cma", "inside.cmo")
        for compiler, archive in (("ocamlopt", "box.cmxa"), ("ocamlc", "box.cma")):
            with self.subTest(compiler=compiler):
                self.link(compiler, "-package", "tenon", "-linkpkg", archive, "host.ml", "-o", "host",
                          *([] if compiler == "ocamlopt" else ["-dllpath", str(PACKAGE)]))
                lines = self.said("host", PLUGIN=self.plugin)
                self.assertEqual(lines[0], "no tenon absent", lines)
                self.assertIn('requires unit Inside', lines[1])

    def test_commands_that_run_the_compiler(self):
        words = ["-package", "tenon", "-linkpkg", "-linkall", "inside.cmx", "host.ml", "-o", "host"]
        path = self.case.environment["OCAMLPATH"]
        for before in (["env", "A=1"], ["nice", "-n", "1"], ["nice"],
                       ["/usr/bin/env", "-i", "PATH=" + os.environ["PATH"],
                                                "OCAMLPATH=" + path, "nice"]):
            with self.subTest(before=before):
                self.case.run(tenon.command(), "link", "--", *before, "ocamlfind", "ocamlopt", *words)
                self.assertEqual(self.said("host", PLUGIN=self.plugin)[:3],
                                 ["yes tenon present", "plugin 3", "loaded"])

    def test_compilers_by_other_names(self):
        words = ["-package", "tenon", "-linkpkg", "-linkall", "-o", "host"]
        dll = ["-dllpath", str(PACKAGE)]
        for compiler in (["opt", "inside.cmx", "host.ml"], ["-ocamlopt", "inside.cmx", "host.ml"],
                         ["-toolchain", "none", "ocamlopt", "inside.cmx", "host.ml"],
                         ["optp", "inside.cmx", "host.ml"], ["c", *dll, "inside.cmo", "host.ml"],
                         ["ocamlcp", *dll, "inside.cmo", "host.ml"],
                         ["ocamlopt", "-impl", "inside.ml", "-impl", "host.ml"]):
            with self.subTest(compiler=compiler):
                done = self.link(*compiler, *words)
                self.assertNotIn("tenon link", done.stdout)
                self.assertEqual(self.said("host")[0], "yes tenon present")

    def test_a_program_without_the_library(self):
        self.case.write("plain.ml", 'let () = print_endline "plain"\n')
        done = self.link("ocamlopt", "plain.ml", "-o", "plain")
        self.assertIn("not linked with the package tenon", done.stdout)
        self.assertEqual(self.said("plain")[0], "plain")

    def test_a_second_link_that_fails_leaves_the_first(self):
        """The command stands for a compiler that will not take the record's unit."""
        (self.case.root / "bin").mkdir()
        self.case.write("bin/ocamlfind", """#!/bin/sh
case "$*" in *tenon_host_record*.cmx*) exit 2;; esac
exec ocamlfind "$@"
""")
        (self.case.root / "bin" / "ocamlfind").chmod(0o755)
        done = self.case.run(tenon.command(), "link", "--", "./bin/ocamlfind", "ocamlopt",
                             "-package", "tenon", "-linkpkg", "inside.cmx", "host.ml", "-o", "host")
        self.assertIn("tenon link: no record was made for host: the link with the record failed",
                      done.stdout)
        self.assertEqual(self.said("host")[0], "none  present")

    def test_the_c_code_of_a_host(self):
        self.case.write("stub.c", "#include <caml/mlvalues.h>\nstatic int n;\n"
                                  "int stub_next(void) { return ++n; }\n"
                                  "value stub_get(value v) { (void)v; return Val_int(stub_next()); }\n")
        self.case.ocamlfind("ocamlopt", "-c", "stub.c")
        self.case.run("ar", "rcs", "libstub.a", "stub.o")
        self.case.write("calls.ml", 'external get : unit -> int = "stub_get"\n'
                                    'let () = Printf.printf "c %d\\n%!" (get ())\n')
        self.link("ocamlopt", "-cc", f"{tenon.command()} link -- gcc -Wl,-E", "-package", "tenon", "-linkpkg",
                  "-linkall", "libstub.a", "inside.cmx", "calls.ml", "host.ml", "-o", "host")
        self.assertEqual(self.said("host", PLUGIN=self.plugin)[:4],
                         ["c 1", "yes tenon present", "plugin 3", "loaded"])
        done = self.case.run(tenon.command(), "units", "--json", "host")
        result = json.loads(done.stdout)["results"][0]
        units = {(u["name"], u["kind"]) for u in result["units"]}
        self.assertEqual(result["record"], "complete")
        self.assertIn(("stub/stub", "c"), units)
        self.assertIn(("Inside", "ocaml"), units)

    def test_other_commands_are_only_run(self):
        self.link("ocamlopt", "-c", "inside.ml")
        done = self.link("ocamlopt", "-only-show", "inside.cmx", "-o", "none")
        self.assertNotIn("tenon link", done.stdout)
        self.assertTrue(self.link("query", "-format", "%v", "stdlib").stdout.strip())
        self.assertEqual(self.link("ocamlopt", "none.ml", "-o", "x", check=False).returncode, 2)

    def test_what_findlib_records(self):
        self.case.ocamlfind("ocamlopt", "-package", "tenon,str,findlib.dynload", "-linkpkg",
                            "inside.cmx", "host.ml", "-o", "host")
        self.assertRegex(self.said("host", PLUGIN=self.plugin)[0], "^none (str,tenon|tenon,str) present$")

    def test_what_findlib_has_counts_when_checked(self):
        self.case.hosts()
        self.case.compile("q", folder="q.src", packages="str",
                          text='let () = ignore (Str.regexp "b+")\n')
        self.case.archive("q", "q", folder="q.src")
        for words, verdict in ((["--package=str"], "loads"), ([], "refused")):
            self.case.bundle("q", *words, "--bundle=none", "q.cma", "q.cmxs", folder="q.src")
            for host in ("./host.opt", "./host.byte"):
                with self.subTest(host=host, verdict=verdict):
                    done = self.case.run(tenon.command(), "check", "--json", host, "q.plugin",
                                         check=False)
                    result = json.loads(done.stdout)["results"][0]
                    self.assertEqual(result["verdict"], verdict, result)

    def test_checked_without_running(self):
        self.case.hosts("inside")
        for words in (["./host.opt"], ["./host.byte"], ["--loader=bytecode", "./host.byte"]):
            done = self.case.run(tenon.command(), "check", "--json", *words, self.plugin)
            result = json.loads(done.stdout)["results"][0]
            self.assertEqual(result["verdict"], "loads", result)
        done = self.case.run(tenon.command(), "check", "--json", "--loader=toplevel",
                             shutil.which("ocaml"), self.plugin, check=False)
        result = json.loads(done.stdout)["results"][0]
        self.assertEqual((done.returncode, result["verdict"]), (1, "refused"))
        self.assertEqual({(r["code"], r["unit"]) for r in result["reasons"]},
                         {("missing-unit", "Inside")})
        # one loader cannot be in a program of the other
        both = "./both.plugin"
        self.case.plugin("both", "let () = ()\n")
        for host, loader, said in (
                ("./host.opt", "bytecode", "a native program, whose loader is native, not bytecode"),
                ("./host.opt", "toplevel", "a native program, whose loader is native, not toplevel"),
                ("./host.byte", "native",
                 "a bytecode program without a toplevel, whose loader is bytecode, not native"),
                ("./host.byte", "toplevel",
                 "a bytecode program without a toplevel, whose loader is bytecode, not toplevel"),
                (shutil.which("ocaml"), "native",
                 "a bytecode program with a toplevel, whose loader is bytecode or toplevel, not native")):
            with self.subTest(host=host, loader=loader):
                done = self.case.run(tenon.command(), "check", f"--loader={loader}", host, both,
                                     check=False)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(f"{host}: {said}", done.stdout.replace("'", ""))
        # a host of C
        self.case.write("c.c", "int main(void) { return 0; }\n")
        self.case.run(tenon.command(), "link", "--", "cc", "c.c", "-o", "c")
        done = self.case.run(tenon.command(), "check", "./c", both, check=False)
        self.assertIn('no-code  plugin "both" has OCaml code only, and this host is not known to be '
                      "one of OCaml's\n", done.stdout)
        done = self.case.run(tenon.command(), "run", both, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('no-code  plugin "both" has OCaml code only, and this host loads C code: an '
                      "OCaml host loads it, or ocaml with the package tenon\n", done.stdout)
        # native code for a bytecode host
        self.case.bundle("only", "p.cmxs", "--main=p", folder="p.src")
        done = self.case.run(tenon.command(), "check", "--json", "./host.byte", "only.plugin",
                             check=False)
        reason = json.loads(done.stdout)["results"][0]["reasons"][0]
        self.assertEqual(reason["code"], "no-code")
        self.assertRegex(reason["message"], "it has ocaml-native for .*; this host is a bytecode program")


if __name__ == "__main__":
    unittest_main()
