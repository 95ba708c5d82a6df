#!/usr/bin/env python3
"""What "sound" means for OCaml plugins, case by case, in native code, bytecode and toplevel: the
same bundle file, the same outcome, the same words, and the state after a refusal."""

import pathlib
import re
import shutil
import sys
import time
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import ocamlcase
import tenon
import zipmaker
from ocamlcase import LOADERS, Case, Everywhere
from sample import unittest_main

if not ocamlcase.available():
    print("no OCaml compilers, or no package built")
    sys.exit(77)

COUNTER = "let n = ref 0\nlet next () = incr n; !n\n"


class Sound(Everywhere, unittest.TestCase):
    def setUp(self):
        self.case = Case()
        self.addCleanup(self.case.close)

    def counter(self, name="counter", text=COUNTER, folder="lib"):
        self.case.compile(name, folder=folder, text=text)
        self.case.archive(name, name, folder=folder)
        return f"{folder}/{name}"

    # ---- units that are there ----

    def test_a_library_that_the_host_has(self):
        counter = self.counter()
        plugin = self.case.plugin("p", 'let () = Printf.printf "n %d\\n%!" (Counter.next ())\n',
                                  f"{counter}.cma", f"{counter}.cmxs", include=["lib"])
        self.case.write("start.ml", "let () = ignore (Counter.next ())\n")
        self.case.compile("start", "-I", "lib")
        self.case.hosts("start", archives=[counter])
        self.everywhere([f"load:{plugin}", "unit:Counter"],
                        ["n 2", "ok p", "unit Counter up in the host program"])

    def test_a_unit_in_host_and_plugin(self):
        self.counter()
        plugin = self.case.bundle("twice", "lib/counter.cma", "lib/counter.cmxs",
                                  "--main", "counter")
        self.case.hosts("lib/counter")
        self.everywhere(
            [f"load:{plugin}", "unit:Counter"],
            ['no twice: unit Counter is already in the host program; plugin "twice" contains its '
             "own copy", "unit Counter up in the host program"])

    def test_a_unit_of_the_host_in_another_build(self):
        self.counter()
        self.case.hosts("lib/counter")
        self.counter(text="let n = ref 5\nlet next () = n := !n + 2; !n\nlet more = ()\n",
                     folder="new")
        plugin = self.case.bundle("twice", "new/counter.cma", "new/counter.cmxs",
                                  "--main", "counter")
        self.everywhere(
            [f"load:{plugin}"],
            ['no twice: unit Counter is already in the host program; plugin "twice" contains another '
             "one, with another interface"])

    def test_what_others_loaded_with_dynlink(self):
        counter = self.counter()
        other = self.counter(text="let next () = 5\nlet more = 1\n", folder="new")
        for name, library in (("fits", counter), ("differs", other)):
            folder = library.split("/")[0]
            self.case.plugin(name, 'let () = Printf.printf "n %d\\n%!" (Counter.next ())\n',
                             include=[folder])
        self.case.bundle("holds", f"{other}.cma", f"{other}.cmxs", "--main", "counter")
        self.case.hosts()
        for loader, holder in (("native", ".*/lib/counter.cmxs"), ("bytecode", "what others loaded")):
            self.everywhere(
                ["raw:lib/counter.cma", "load:differs.plugin", "load:holds.plugin",
                 "load:fits.plugin", "unit:Counter"],
                ['no differs: .*unit Differs of plugin "differs" was compiled against another '
                 f"interface of unit Counter than that of {holder}",
                 f'no holds: unit Counter is already in {holder}; plugin "holds" contains another '
                 "one, with another interface", "n 1", "ok fits", f"unit Counter up in {holder}"],
                loaders=[loader])
        # one that is refused by Dynlink stays mapped: which of the two it has, nobody can tell
        self.everywhere(["raw:lib/counter.cma", "raw:new/counter.cma", "load:holds.plugin",
                         "load:fits.plugin"],
                        ["raw new/counter.cma: .*", "no holds: unit Counter is already in .*",
                         "n 1", "ok fits"], loaders=["native", "bytecode"])

    def loaded_in_toplevel(self, *lines):
        """What the toplevel loads by itself before, with no directory in view."""
        script = self.case.root / "host_top.ml"
        kept = [line for line in script.read_text().splitlines() if "#directory" not in line]
        script.write_text("\n".join([*kept[:-1], *lines, kept[-1]]) + "\n")

    def test_a_unit_in_a_toplevel_without_its_interface(self):
        counter = self.counter()
        plugin = self.case.plugin("p", 'let () = Printf.printf "n %d\\n%!" (Counter.next ())\n',
                                  f"{counter}.cma", f"{counter}.cmxs", include=["lib"])
        holds = self.case.bundle("holds", "lib/counter.cma", "lib/counter.cmxs", "--main", "counter")
        other = self.counter(text="let next () = 5\nlet more = 1\n", folder="new")
        differs = self.case.plugin("q", "let () = ignore Counter.more\n", f"{other}.cma",
                                   f"{other}.cmxs", include=["new"])
        self.case.hosts()
        self.loaded_in_toplevel(f'#load "{counter}.cma";;')
        self.everywhere([f"load:{plugin}"], ["n 1", "ok p"], loaders=["toplevel"])
        self.everywhere([f"load:{holds}"], ["no holds: unit Counter is already in .*"],
                        loaders=["toplevel"])
        self.everywhere([f"load:{differs}", f"load:{plugin}"],
                        ["no q: unit Counter is already in .*another one, with another interface.*",
                         "n 1", "ok p"], loaders=["toplevel"])

    def test_a_plugin_that_loads_one_while_it_is_initialised(self):
        self.counter()
        self.case.hosts()
        self.case.bundle("inner", "lib/counter.cma", "lib/counter.cmxs", "--main", "counter")
        self.case.compile("outer", "-I", str(self.case.root / "lib"), folder="o", text="""
let () = print_endline (match Tenon.Plugin.(load (of_path "inner.plugin")) with
  | Ok () -> "inner loaded" | Error m -> "inner refused: " ^ m)
let () = Printf.printf "n %d\\n%!" (Counter.next ())
""")
        self.case.archive("outer", str(self.case.root / "lib" / "counter"), "outer", folder="o")
        self.case.bundle("outer", "outer.cma", "outer.cmxs", folder="o")
        self.everywhere(["load:outer.plugin"],
                        ["inner refused: unit Counter is already in .*", "n 1", "ok outer"])

    def words(self):
        """A library that tells when it runs."""
        self.counter("words", 'let n = 1\nlet () = print_endline "words"\n')
        return "lib/words.cma", "lib/words.cmxs"

    def test_an_interface_that_the_toplevel_has_read(self):
        words = self.words()
        for folder, text in (("t1", "{ a : int; b : string }"), ("t2", "{ b : string; a : int }")):
            self.case.write(f"{folder}/ty.mli", f"type t = {text}\n")
            self.case.ocamlfind("ocamlc", "-c", "ty.mli", cwd=self.case.root / folder)
        for folder in ("t1", "t2"):
            self.case.plugin(f"of_{folder}", 'let v = { Ty.a = Words.n; b = "v" }\n'
                             "let () = print_endline v.Ty.b\n", *words, include=[folder, "lib"])
        self.case.plugin("env", "let () = print_int Words.n\n", *words, include=["lib"])
        self.case.hosts()
        self.loaded_in_toplevel('#directory "t2";;', 'let x = { Ty.a = 1; b = "s" };;')
        # before anything runs, and the one that fits is not kept out by the others
        self.everywhere(["load:of_t1.plugin", "load:env.plugin", "load:of_t1.plugin",
                         "load:of_t2.plugin"],
                        ['no of_t1: plugin "of_t1": compiled against another interface of unit Ty than '
                         "the one that the toplevel has read",
                         'no env: plugin "env": .* another interface of unit Env than .*',
                         "no of_t1: .* unit Ty .*", "words", "v", "ok of_t2"], loaders=["toplevel"])

    def test_a_package_that_a_toplevel_requires_after_its_plugin(self):
        self.words()
        folder = self.case.root / "packages" / "words"
        shutil.copytree(self.case.root / "lib", folder)
        self.case.write("packages/words/META", """version = "1"
archive(byte) = "words.cma"
archive(native) = "words.cmxa"
plugin(byte) = "words.cma"
plugin(native) = "words.cmxs"
""")
        self.case.write("p.ml", "let () = print_int Words.n; print_newline ()\n")
        self.case.bundle("brings", "--package=words", "p.ml")
        self.case.bundle("finds", "--bundle=none", "--package=words", "p.ml")
        self.case.hosts()
        script = self.case.root / "host_top.ml"
        script.write_text(script.read_text() + '#require "words";;\nlet () = print_int Words.n;;\n')
        for word, lines in (("package:words", ["words", "ok words"]),
                            ("load:brings.plugin", ["words", "1", "ok brings"]),
                            ("load:finds.plugin", ["words", "1", "ok finds"])):
            self.everywhere([word], [*lines, "1"], loaders=["toplevel"])
        self.everywhere([], ["words", "1"], loaders=["toplevel"])

    def test_an_initialiser_without_end(self):
        self.case.hosts()
        self.case.plugin("deep", "let rec f x = 1 + f (x + 1)\nlet () = print_int (f 0)\n")
        self.case.plugin("good", 'let () = print_endline "good"\n')
        self.everywhere(["all:deep.plugin,good.plugin", "load:deep.plugin"],
                        ["good", 'no deep: plugin "deep": Stack overflow.*', "ok good",
                         "no deep: .*whose initialisers failed.*"])

    def test_a_library_with_the_host_in_it(self):
        where = pathlib.Path(self.case.ocamlfind("ocamlc", "-where").stdout.strip())
        if not (where / "libasmrun_pic.a").exists() or ocamlcase.sanitized():
            self.skipTest("no runtime for shared libraries")
        self.case.plugin("q", 'let () = print_endline "q runs"\n')
        self.case.write("emb.ml", """let load file = match Tenon.Plugin.(load (of_path file)) with
  | Ok () -> print_endline "loaded"
  | Error m | exception Tenon.Error m -> print_endline ("no: " ^ m)
let () = Callback.register "load" load
""")
        self.case.write("lib.c", """#include <caml/mlvalues.h>
#include <caml/alloc.h>
#include <caml/callback.h>
void go(char **v) { caml_main(v); caml_callback(*caml_named_value("load"), caml_copy_string(v[1])); }
""")
        self.case.write("main.c", """#include <dlfcn.h>
#include <stdio.h>
int main(int c, char **v) {
    void *h = dlopen("./libgo.so", RTLD_NOW | (c > 2 ? RTLD_GLOBAL : RTLD_LOCAL));
    if (!h) return puts(dlerror()), 1;
    ((void (*)(char **))dlsym(h, "go"))(v);
    return 0;
}
""")
        self.case.ocamlfind("ocamlopt", "-package", "tenon", "-linkpkg", "-linkall", "-output-obj",
                            "emb.ml", "-o", "embo.o")
        self.case.run("cc", "-shared", "-fPIC", "-I", where, "lib.c", "embo.o", "-o", "libgo.so",
                      f"-L{ocamlcase.PACKAGE}", "-ltenon_stubs", f"-L{ocamlcase.BUILD}", "-ltenon",
                      f"-Wl,-rpath,{ocamlcase.BUILD}", f"-L{where}",
                      "-lunixnat" if (where / "libunixnat.a").exists() else "-lunix",
                      f"{where}/libasmrun_pic.a", "-lm", "-ldl")
        self.case.run("cc", "main.c", "-o", "main", "-ldl")
        self.assertEqual(self.case.run("./main", "q.plugin", "global").stdout, "q runs\nloaded\n")
        self.assertEqual(self.case.run("./main", "q.plugin").stdout,
                         "no: plugins cannot see the symbols of this program: the library that holds "
                         "it was opened without RTLD_GLOBAL\n")

    # ---- hosts that load while they start ----

    def test_a_unit_of_the_host_that_is_not_initialised_yet(self):
        self.case.compile("later", folder="", text="let s = String.make 3 'a'\n")
        self.case.compile("words", folder="lib", text="let n = 1\nlet () = print_endline \"words\"\n")
        self.case.archive("words", "words", folder="lib")
        self.case.plugin("pl", "let () = print_endline (Later.s ^ string_of_int Words.n)\n",
                         "lib/words.cma", "lib/words.cmxs", include=["lib", ""])
        self.case.plugin("free", "let () = print_endline \"free\"\n")
        self.case.compile("early", text="let () = Driver.run \"load:pl.plugin\"; "
                                        "Driver.run \"load:free.plugin\"; Driver.run \"unit:Words\"; "
                                        "if List.mem \"Tenon_probe\" (Dynlink.all_units ()) then exit 3\n")
        self.case.hosts()
        for compiler, suffix, out in (("ocamlopt", ".cmx", "host.opt"), ("ocamlc", ".cmo", "host.byte")):
            extra = [] if compiler == "ocamlopt" else ["-dllpath", str(ocamlcase.PACKAGE)]
            self.case.ocamlfind(compiler, "-package", "tenon", "-linkpkg", "-linkall", *extra, "-o", out,
                                *[u + suffix for u in ("driver", "early", "later")], "main.ml")
        self.everywhere(["load:pl.plugin"],
                        ['no pl: unit Pl of plugin "pl" requires unit Later of the host program, whose '
                         "initialiser has not run yet", "free", "ok free", "words", "aaa1", "ok pl"],
                        loaders=["native", "bytecode"])

    def test_a_host_that_has_started_is_asked_by_no_file(self):
        """Its units are asked one by one, by files, only while it starts."""
        self.case.plugin("p", 'let () = Printf.printf "%d\\n%!" (List.length [ 1; 2 ])\n')
        self.case.hosts()
        self.case.environment["TMPDIR"] = str(self.case.root / "no" / "such")
        self.everywhere(["load:p.plugin"], ["2", "ok p"], loaders=["native", "bytecode"])

    # ---- interfaces that were seen without their units ----

    def types_only(self, text, folder):
        """An interface Ty without a module."""
        self.case.write(f"{folder}/ty.mli", f"type t = {text}\n")
        self.case.ocamlfind("ocamlc", "-c", "ty.mli", cwd=self.case.root / folder)

    def test_a_unit_that_the_host_was_compiled_against_with_another_interface(self):
        self.types_only("A | B", "t1")
        self.case.compile("hty", "-I", "t1", text="let f = function Ty.A -> 1 | Ty.B -> 2\n")
        self.case.compile("l", folder="l", text='let () = print_endline "init L"\nlet v = 1\n')
        self.case.archive("l", "l", folder="l")
        for name, constructors in (("other", "A | B | C"), ("same", "A | B")):
            folder = f"{name}.src"
            self.case.write(f"{folder}/ty.mli", f"type t = {constructors}\n")
            self.case.compile("ty", "-I", "../l", folder=folder,
                              text=f"type t = {constructors}\nlet () = ignore L.v\n")
            self.case.archive("ty", "ty", folder=folder)
            self.case.bundle(name, "ty.cma", "ty.cmxs", "../l/l.cma", "../l/l.cmxs", "--main", "ty",
                             folder=folder)
        self.case.hosts("hty")
        self.everywhere(["load:other.plugin", "load:same.plugin"],
                        ['no other: unit Ty of plugin "other" has another interface than the one that '
                         "the process was compiled against", "init L", "ok same"],
                        loaders=["native", "bytecode"])
        self.everywhere(["load:other.plugin", "load:same.plugin"],
                        ["no other: .*another interface of unit Ty.*", "init L", "ok same"],
                        loaders=["toplevel"])
        for host in ("host.opt", "host.byte"):
            done = self.case.run(tenon.command(), "check", host, "other.plugin", check=False)
            self.assertEqual(done.returncode, 1, done.stdout)

    def test_a_plugin_that_another_host_took(self):
        """What is noted of it is compared unit by unit, all that is wrong of each told."""
        self.types_only("A | B", "t1")
        self.types_only("A | B | C", "t2")
        for unit in ("m1", "m2"):
            self.case.compile(unit, "-I", "../t2", folder="m",
                              text="let f = function Ty.C -> 1 | _ -> List.length [ 2 ]\n")
        self.case.archive("m", "m1", "m2", folder="m")
        self.case.bundle("m", "m.cma", "m.cmxs", folder="m")
        self.case.compile("hty", "-I", "t1", text="let f = function Ty.A -> 1 | Ty.B -> 2\n")
        self.case.hosts()
        for _ in range(2):
            self.everywhere(["load:m.plugin"], ["ok m"], loaders=["native", "bytecode"])
            time.sleep(2.1)  # what changed moments ago is not noted
        self.case.hosts("hty")
        told = r'unit M%d of plugin "m" was compiled against another interface of unit Ty than .*'
        self.everywhere(["load:m.plugin"], ["no m: " + told % 1 + " / " + told % 2],
                        loaders=["native", "bytecode"])

    def test_what_a_refused_plugin_was_compiled_against(self):
        self.types_only("A | B", "t1")
        self.types_only("A | B | C", "t2")
        self.case.compile("miss", folder="miss", text="let v = ref 1\n")
        self.case.plugin("p1", "let f = function Ty.A -> !Miss.v | _ -> 2\n", include=["t1", "miss"])
        self.case.plugin("p2", "let f = function Ty.C -> 1 | _ -> 2\n", include=["t2"])
        self.case.hosts()
        self.everywhere(["all:p1.plugin,p2.plugin"], ["no p1: .*requires unit Miss.*", "ok p2"])

    def test_what_others_loaded_was_compiled_against(self):
        self.types_only("A | B", "t1")
        self.types_only("A | B | C", "t2")
        self.case.compile("by", "-I", "../t1", folder="by", text="let f = function Ty.A -> 1 | _ -> 2\n")
        self.case.archive("by", "by", folder="by")
        self.case.compile("lq", folder="lq", text='let () = print_endline "init Lq"\nlet v = ref 1\n')
        self.case.archive("lq", "lq", folder="lq")
        for name, folder in (("fits", "t1"), ("not", "t2")):
            self.case.plugin(name, "let f = function Ty.A -> !Lq.v | _ -> 2\n", "lq/lq.cma",
                             "lq/lq.cmxs", include=[folder, "lq"])
        self.case.hosts()
        self.everywhere(["raw:by/by.cma", "load:not.plugin", "load:fits.plugin"],
                        ["no not: .*another interface of unit Ty.*", "init Lq", "ok fits"],
                        loaders=["native", "bytecode"])

    def test_a_unit_that_others_loaded_and_that_failed(self):
        self.case.compile("ff", folder="ff", text='let v = ref 1\nlet () = failwith "boom"\n')
        self.case.archive("ff", "ff", folder="ff")
        self.case.plugin("gg", "let () = incr Ff.v\n", include=["ff"])
        self.case.write("start.ml", "let () = try Dynlink.(loadfile (adapt_filename \"ff/ff.cma\")) "
                                    "with _ -> ()\n")
        self.case.compile("start", packages="dynlink")
        self.case.hosts("start", loaders=["bytecode"])
        self.everywhere(["load:gg.plugin"],
                        ['no gg: unit Gg of plugin "gg" requires unit Ff of what others loaded, whose '
                         "initialiser has not run to its end"], loaders=["bytecode"])

    # ---- what is loaded while a plan is carried out ----

    INNER = """let () = print_endline (match Tenon.Plugin.(load (of_path "%s.plugin")) with
  | Ok () -> "inner ok" | Error m -> "inner refused: " ^ m)
"""

    def counting(self, name, folder="lib"):
        """A plugin that brings the library counter of that folder, and uses it."""
        return self.case.plugin(name, f'let () = Printf.printf "{name} %d\\n%!" (Counter.next ())\n',
                                f"{folder}/counter.cma", f"{folder}/counter.cmxs", include=[folder])

    def test_an_initialiser_that_loads_what_the_next_one_brings_too(self):
        self.counter()
        self.counter(text=COUNTER + "let more = 1\n", folder="new")
        self.case.hosts()
        self.counting("b")
        self.counting("c")
        self.counting("d", "new")
        self.case.plugin("a", self.INNER % "c")
        self.case.plugin("ad", self.INNER % "d")
        self.case.plugin("al", "let () = Tenon.Plugin.(on_loaded (of_path \"al.plugin\") (fun () ->"
                         " ignore (load (of_path \"c.plugin\"))))\n")
        self.everywhere(["all:a.plugin,b.plugin"], ["c 1", "inner ok", "b 2", "ok a", "ok b"])
        self.everywhere(["all:al.plugin,b.plugin"], ["c 1", "b 2", "ok al", "ok b"])
        self.everywhere(["all:ad.plugin,b.plugin"],
                        ["d 1", "inner ok", "ok ad", 'no b: unit Counter is already in library counter '
                         'of plugin "d"; library counter of plugin "b" contains another one, with '
                         "another interface.*"])
        # what was refused for want of it may come, too
        self.case.plugin("g", "let () = print_int (Counter.next ()); print_newline ()\n",
                         include=["lib"])
        self.everywhere(["all:a.plugin,g.plugin"], ["c 1", "inner ok", "2", "ok a", "ok g"])

    def test_an_initialiser_that_loads_what_requires_it(self):
        self.case.hosts()
        late = "let v = String.make 3 'x'\n"
        self.case.plugin("m1", self.INNER % "m2" + late)
        self.case.plugin("m2", "let () = print_endline M1.v\n", include=["m1.src"])
        self.everywhere(["load:m1.plugin", "unit:M1", "unit:M2", "load:m2.plugin"],
                        ['inner refused: unit M2 of plugin "m2" requires unit M1 of plugin "m1", whose '
                         "initialiser has not run to its end", "ok m1", 'unit M1 up in plugin "m1"', "xxx",
                         "ok m2"])
        # a unit before it in the same file is up
        self.case.compile("first", folder="f", text=late)
        self.case.compile("second", "-I", ".", folder="f",
                          text="let () = ignore First.v\n" + self.INNER % "after")
        self.case.archive("both", "first", "second", folder="f")
        self.case.bundle("both", "both.cma", "both.cmxs", folder="f")
        self.case.plugin("after", "let () = print_endline First.v\n", include=["f"])
        self.everywhere(["load:both.plugin", "load:after.plugin"],
                        ["xxx", "inner ok", "ok both", "ok after"])
        # one that comes after it is not
        self.case.compile("one", folder="g", text=self.INNER % "use")
        self.case.compile("two", folder="g", text=late)
        self.case.archive("pair", "one", "two", folder="g")
        self.case.bundle("pair", "pair.cma", "pair.cmxs", folder="g")
        self.case.plugin("use", "let () = print_endline Two.v\n", include=["g"])
        self.everywhere(["load:pair.plugin", "load:use.plugin"],
                        ['inner refused: unit Use of plugin "use" requires unit Two of plugin "pair", '
                         "whose initialiser has not run to its end", "ok pair", "xxx", "ok use"])

    def test_a_file_of_the_toplevels_own_that_loads_what_requires_it(self):
        self.case.compile("v1", text=self.INNER % "v2" + "let v = String.make 3 'x'\n")
        self.case.plugin("v2", "let () = print_endline V1.v\n", include=[""])
        self.case.hosts("v1", loaders=[])
        self.everywhere(["load:v2.plugin"],
                        ['inner refused: unit V2 of plugin "v2" requires unit V1 of the host program, '
                         "whose initialiser has not run to its end", "xxx", "ok v2"], loaders=["toplevel"])

    def test_an_initialiser_that_asks_tenon_keeps_its_name(self):
        self.case.hosts()
        ask = 'let () = ignore (Tenon.Plugin.(check (of_path "other.plugin")))\n'
        self.case.plugin("other", "let () = ()\n")
        self.case.plugin("good", ask)
        self.case.plugin("bad", ask + 'let () = failwith "boom"\nlet v = ref 0\n')
        self.case.plugin("user", "let () = incr Bad.v\n", include=["bad.src"])
        self.everywhere(["load:good.plugin", "unit:Good"], ["ok good", 'unit Good up in plugin "good"'])
        self.everywhere(["load:bad.plugin", "unit:Bad", "load:user.plugin", "load:bad.plugin"],
                        ["no bad: .*boom.*", 'unit Bad failed in plugin "bad"',
                         'no user: unit User of plugin "user" requires unit Bad of plugin "bad", whose '
                         "initialisers failed", "no bad: .*whose initialisers failed.*"])

    def test_an_initialiser_that_uses_dynlink(self):
        self.counter()
        self.case.hosts()
        self.counting("b")
        self.case.plugin("a", 'let () = Dynlink.(loadfile (adapt_filename "lib/counter.cma"))\n')
        self.everywhere(["all:a.plugin,b.plugin"], ["b 1", "ok a", "ok b"],
                        loaders=["native", "bytecode"])

    def test_a_library_that_loads_what_its_plugin_brings_too(self):
        self.counter()
        self.case.hosts()
        self.counting("c")
        self.case.compile("ahead", folder="ahead", text=self.INNER % "c" + "let e = 1\n")
        self.case.archive("ahead", "ahead", folder="ahead")
        self.case.plugin("m", 'let () = Printf.printf "m %d\\n%!" (Ahead.e + Counter.next ())\n',
                         "ahead/ahead.cma", "ahead/ahead.cmxs", "lib/counter.cma", "lib/counter.cmxs",
                         include=["ahead", "lib"])
        self.everywhere(["events:", "load:m.plugin", "unit:Counter"],
                        ["opening m.plugin", "loading m", 'linking library ahead of plugin "m"',
                         "opening c.plugin", "loading c", 'linking library counter of plugin "c"',
                         'linking plugin "c"', "c 1", "loaded c", "inner ok", "opening m.plugin",
                         "loading m", 'linking plugin "m"', "m 3", "loaded m", "ok m",
                         'unit Counter up in library counter of plugin "c"'])

    def test_a_module_called_like_one_of_the_compiler(self):
        self.case.hosts()
        plugin = self.case.plugin("config", 'let () = print_endline "mine"\n')
        self.everywhere([f"load:{plugin}"], ["mine", "ok config"])

    def test_what_a_toplevel_requires_after_us(self):
        lines = ["#use \"topfind\";;", "#require \"tenon\";;", "#require \"str\";;",
                 "print_endline (if Str.string_match (Str.regexp \"b+\") \"bb\" 0 then \"b\" else \"\");;"]
        self.case.write("requires.ml", "\n".join(lines) + "\n")
        done = self.case.run("ocaml", "-noinit", "requires.ml", check=False,
                             env={**ocamlcase.preloaded(), "CAML_LD_LIBRARY_PATH": str(ocamlcase.PACKAGE)})
        self.assertEqual(done.stdout.splitlines()[-1:], ["b"], done.stdout)
        self.assertNotIn("findlib.cma", done.stdout)

    def test_two_plugins_with_one_unit(self):
        self.counter()
        self.case.hosts()
        for name in ("one", "two"):
            self.case.bundle(name, "lib/counter.cma", "lib/counter.cmxs", "--main", "counter")
        self.everywhere(
            ["load:one.plugin", "load:two.plugin", "unit:Counter"],
            ["ok one",
             'no two: unit Counter is already in plugin "one"; plugin "two" contains its own copy',
             'unit Counter up in plugin "one"'])
        # in one plan, too, where they come as they are given
        self.everywhere(
            ["all:two.plugin,one.plugin"],
            ["ok two",
             'no one: unit Counter is already in plugin "two"; plugin "one" contains its own copy'])

    def test_two_plugins_that_bring_one_library(self):
        counter = self.counter()
        self.case.hosts()
        for name in ("one", "two"):
            self.case.plugin(name, f'let () = Printf.printf "{name} %d\\n%!" (Counter.next ())\n',
                             f"{counter}.cma", f"{counter}.cmxs", include=["lib"])
        self.everywhere(["load:one.plugin", "load:two.plugin"],
                        ["one 1", "ok one", "two 2", "ok two"])
        self.everywhere(["all:two.plugin,one.plugin"], ["two 1", "one 2", "ok two", "ok one"])

    def test_one_plugin_twice_in_a_request(self):
        self.case.hosts()
        self.case.plugin("bad", "let () = raise Exit\n")
        self.case.compile("absent", folder="src", text="let f () = ()\n")
        self.case.plugin("miss", "let () = Absent.f ()\n", include=["src"])
        self.case.plugin("good", "let () = print_endline \"good\"\n")
        for name in ("miss", "good"):
            shutil.copy(self.case.root / f"{name}.plugin", self.case.root / f"{name}2.plugin")
        # what failed must not be taken for loaded later either
        self.everywhere(["all:bad.plugin,bad.plugin", "load:bad.plugin"], 2 * ["no bad: .*Exit.*"] +
                        ["no bad: .*failed.*"])
        self.everywhere(["all:miss.plugin,miss2.plugin,miss.plugin", "load:miss2.plugin"],
                        4 * ["no miss: unit Miss of .* requires unit Absent, .*"])
        self.everywhere(["all:good.plugin,good2.plugin,good.plugin", "load:good2.plugin"],
                        ["good"] + 4 * ["ok good"])

    def test_a_bundle_that_was_replaced_after_it_was_loaded(self):
        for name in ("x", "y"):
            self.case.compile("z", folder=name, text=f"let () = print_endline \"z{name}\"\n")
            self.case.archive("z", "z", folder=name)
            self.case.bundle(f"{name}/z", "z.cma", "z.cmxs", "--main", "z", folder=name)
        self.case.hosts()
        other = 'plugin "z" is already there from .*z.plugin, which is another build'
        for loader in LOADERS:
            shutil.copy(self.case.root / "x/z.plugin", self.case.root / "z.plugin")
            self.everywhere(["load:z.plugin", "sh:cp y/z.plugin z.plugin", "load:z.plugin",
                             "check:z.plugin", "load:y/z.plugin", "sh:rm z.plugin", "load:z.plugin",
                             "sh:cp x/z.plugin z.plugin", "load:z.plugin"],
                            ["zx", "ok z", f"no z: {other}", f"other-build!: {other}",
                             f"no z: {other}", "no z.plugin: no plugin at z.plugin", "ok z"],
                            loaders=[loader])

    def test_a_library_in_two_builds_with_one_interface(self):
        for folder, text in (("one", "build 1"), ("two", "build 2")):
            self.case.write(f"{folder}/words.mli", "val who : unit -> string\n")
            self.counter("words", f"let who () = \"{text}\"\n", folder)
            self.case.plugin(folder, "let () = print_endline (Words.who ())\n", f"{folder}/words.cma",
                             f"{folder}/words.cmxs", include=[folder])
        self.case.hosts()
        # what bytecode does not record, its native form beside it tells
        self.everywhere(["load:one.plugin", "load:two.plugin"],
                        ["build 1", "ok one",
                         'no two: unit Words is already in library words of plugin "one"; library words '
                         'of plugin "two" contains another one, with another implementation.*'])
        self.everywhere(["all:one.plugin,two.plugin"],
                        ["build 1", "ok one", "no two: unit Words is .*another implementation.*"])
        done = self.case.run(tenon.command(), "build", "--private=Words", "-o", "p.plugin",
                             "one/words.cma", "one/words.cmxs", check=False)
        self.assertRegex(done.stdout, "private: 'Words' is a unit of OCaml, of which a process has one")
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse((self.case.root / "p.plugin").exists())

    def test_a_library_of_which_the_host_has_a_part(self):
        self.case.compile("a", folder="lib", text="let a = 1\n")
        self.case.compile("b", folder="lib", text="let b = 2\n")
        self.case.archive("ab", "a", "b", folder="lib")
        plugin = self.case.plugin("p", "let () = ignore (A.a + B.b)\n", "lib/ab.cma", "lib/ab.cmxs",
                                  include=["lib"])
        self.case.hosts("lib/a")
        self.everywhere(
            [f"load:{plugin}", "unit:B"],
            ['no p: of library ab of plugin "p", unit A is in the host program, and unit B is not: '
             r"a library must be there as a whole \(-linkall\) or not at all"])

    def test_a_unit_the_host_was_linked_without(self):
        self.case.compile("used", folder="lib", text="let u = 1\n")
        self.case.compile("unused", folder="lib", text="let v = ref 2\n")
        self.case.archive("two", "used", "unused", folder="lib")
        # what a host without -linkall has is an archive that does not force it
        self.case.ocamlfind("ocamlc", "-a", "-o", "two.cma", "used.cmo", "unused.cmo",
                            cwd=self.case.root / "lib")
        self.case.write("start.ml", "let () = ignore Used.u\nmodule type T = module type of Unused\n")
        self.case.compile("start", "-I", "lib")
        plugin = self.case.plugin("p", 'let () = Printf.printf "%d\\n" !Unused.v\n', include=["lib"])
        self.case.hosts("start", archives=["lib/two"], linkall=False)
        for loader in ("native", "bytecode"):
            lines = self.case.ask(loader, f"load:{plugin}", "unit:Unused")
            self.assertRegex("\n".join(lines),
                             'no p: unit P of plugin "p" requires unit Unused, which is neither in '
                             "the process nor in the plan")
            self.assertEqual(len(lines), 1, lines)

    # ---- digests ----

    def test_another_interface(self):
        self.counter()
        self.counter(text=COUNTER + "let more = 1\n", folder="new")
        plugin = self.case.plugin("p", "let () = ignore (Counter.next ())\n", include=["new"])
        self.case.hosts("lib/counter")
        refused = (r'no p: (?:.* / )*unit P of plugin "p" was compiled against another interface of '
                   "unit Counter than that of the host program.*")
        self.everywhere([f"load:{plugin}", "unit:P"], [refused])
        # to have asked changes nothing: what fits loads
        fits = self.case.plugin("fits", 'let () = Printf.printf "n %d\\n%!" (Counter.next ())\n',
                                include=["lib"])
        self.everywhere([f"load:{plugin}", f"load:{fits}"], [refused, "n 1", "ok fits"])
        # between two plugins every loader knows
        self.case.hosts()
        self.case.bundle("old", "lib/counter.cma", "lib/counter.cmxs", "--main", "counter")
        refused = refused.replace("the host program", 'plugin "old"')
        self.everywhere(["load:old.plugin", f"load:{plugin}", "unit:P"], ["ok old", refused])

    def test_another_implementation(self):
        self.case.write("lib/counter.mli", "val next : unit -> int\n")
        self.case.write("new/counter.mli", "val next : unit -> int\n")
        self.counter()
        self.counter(text="let n = ref 5\nlet next () = n := !n + 2; !n\n", folder="new")
        plugin = self.case.plugin("p", 'let () = Printf.printf "n %d\\n%!" (Counter.next ())\n',
                                  include=["new"])
        self.case.hosts("lib/counter")
        self.everywhere(
            [f"load:{plugin}"],
            [r'no p: unit P of plugin "p" was compiled against another implementation of unit '
             "Counter than that of the host program"], loaders=("native",))
        # bytecode relies on interfaces alone: there it is sound
        self.everywhere([f"load:{plugin}"], ["n 1", "ok p"], loaders=("bytecode", "toplevel"))

    # ---- what is missing ----

    def test_a_missing_unit(self):
        self.counter()
        plugin = self.case.plugin("p", "let () = ignore (Counter.next ())\n", include=["lib"])
        self.case.hosts()
        self.everywhere(
            [f"load:{plugin}", "unit:P"],
            ['no p: unit P of plugin "p" requires unit Counter, which is neither in the process nor '
             "in the plan"])

    def test_a_requirement_on_the_system(self):
        self.case.hosts()
        self.case.compile("q", folder="q.src", packages="str,tenon",
                          text='let () = Printf.printf "%b\\n%!" '
                               '(Str.string_match (Str.regexp "b+") "bb" 0)\n')
        self.case.archive("q", "q", folder="q.src")
        plugin = self.case.bundle("q", "--package=str", "--bundle=none", "q.cma", "q.cmxs",
                                  folder="q.src")
        self.everywhere([f"load:{plugin}", "unit:Str"],
                        ["true", "ok q", r"unit Str up in .*str\.cm(a|xs)"])
        # `tenon check` asks findlib too, however the plugin is named
        for words in ([plugin], ["./q"], ["-d", ".", "q"]):
            self.case.run(tenon.command(), "check", *words[:-1], "./host.opt", words[-1])
        # and absent: the package is in the bundle's list, and nowhere else
        self.counter(folder="packages/gone")
        self.case.write("packages/gone/META",
                        'archive(byte)="counter.cma"\nplugin(byte)="counter.cma"\n'
                        'archive(native)="counter.cmxa"\nplugin(native)="counter.cmxs"\n')
        self.case.compile("r", folder="r.src", packages="gone", text="let () = ignore (Counter.next ())\n")
        self.case.archive("r", "r", folder="r.src")
        plugin = self.case.bundle("r", "--package=gone", "--bundle=none", "r.cma", "r.cmxs",
                                  folder="r.src")
        self.everywhere([f"load:{plugin}"], ["ok r"])
        shutil.rmtree(self.case.root / "packages")
        self.everywhere([f"load:{plugin}"],
                        ['no r: unit R of plugin "r" requires unit Counter, which is neither in the '
                         "process nor in the plan; .*findlib knows none here that has it"])

    def test_a_requirement_beside_one_that_is_gone(self):
        """Packages that a bundle brings, or that it does not need, need not be installed."""
        self.case.hosts()
        archives = ('archive(byte)="%s.cma"\nplugin(byte)="%s.cma"\n'
                    'archive(native)="%s.cmxa"\nplugin(native)="%s.cmxs"\n')
        self.counter(folder="packages/counter")
        self.case.write("packages/counter/META", archives % (("counter",) * 4))
        self.case.write("packages/gone/META", "")
        self.case.compile("half", folder="packages/half", packages="str,counter",
                          text="let next () = ignore (Str.regexp \"b\"); Counter.next ()\n")
        self.case.archive("half", "half", folder="packages/half")
        self.case.write("packages/half/META", 'requires="str gone"\n' + archives % (("half",) * 4))
        self.case.compile("s", folder="s.src", packages="half,counter",
                          text='let () = Printf.printf "%d\\n%!" (Half.next ())\n')
        self.case.archive("s", "s", folder="s.src")
        plugin = self.case.bundle("s", "--package=half,counter", "--bundle=counter", "s.cma", "s.cmxs",
                                  folder="s.src")
        shutil.rmtree(self.case.root / "packages" / "gone")
        shutil.rmtree(self.case.root / "packages" / "counter")
        for host in ("host.opt", "host.byte"):
            done = self.case.run(tenon.command(), "check", host, plugin, check=False)
            self.assertIn(f"{host}: loads", done.stdout)
        self.everywhere([f"load:{plugin}"], ["1", "ok s"])
        self.everywhere(["package:half"], ["no half: unit Half of .* requires unit Counter, .*"])

    def test_one_bad_among_good_ones(self):
        counter = self.counter()
        self.case.hosts()
        self.case.plugin("bad", "let () = ignore (Counter.next ())\n", include=["lib"])
        self.case.plugin("good", 'let () = print_endline "good"\n')
        self.case.plugin("needs", "let () = ignore (Bad_unit.x)\n", include=[self.bad_unit()])
        words = ["all:bad.plugin,good.plugin,needs.plugin"]
        self.everywhere(words, ["good", "no bad: .*requires unit Counter.*", "ok good",
                                "no needs: .*requires unit Bad_unit.*"])

    def bad_unit(self):
        self.case.compile("bad_unit", folder="badlib", text="let x = ref 1\n")
        return "badlib"

    def test_plugins_that_need_each_other(self):
        self.case.hosts()
        self.case.plugin("b-base", "let value = ref 7\n", folder="base")
        self.case.compile("user", "-I", str(self.case.root / "base"), folder="user",
                          text='let () = Printf.printf "value %d\\n%!" !B_base.value\n')
        self.case.archive("user", "user", folder="user")
        self.case.bundle("a-user", "user.cma", "user.cmxs", "--main=user", folder="user")
        self.everywhere(["all:a-user.plugin,b-base.plugin"], ["value 7", "ok a-user", "ok b-base"])
        self.everywhere(["load:a-user.plugin"], ["no a-user: .*requires unit B_base.*"])

    # ---- initialisers that fail ----

    def test_an_initialiser_that_fails_half_way(self):
        self.case.hosts()
        self.case.compile("first", folder="f", text='let ok = ref 1\nlet () = print_endline "first"\n')
        self.case.compile("second", "-I", ".", folder="f",
                          text='let () = if !First.ok = 1 then failwith "half way"\n')
        self.case.archive("half", "first", "second", folder="f")
        self.case.bundle("half", "half.cma", "half.cmxs", folder="f")
        self.case.plugin("other", 'let () = print_endline "other"\n')
        self.case.compile("after", "-I", ".", folder="f", text="let () = incr First.ok\n")
        self.case.archive("after", "after", folder="f")
        self.case.bundle("after", "after.cma", "after.cmxs", folder="f")
        words = ["load:half.plugin", "unit:Second", "load:half.plugin", "load:other.plugin"]
        failed = 'unit Second failed in plugin "half"'
        again = (r'no half: (?:.* / )*unit Second came with plugin "half", whose initialisers failed: '
                 "it cannot be loaded again(?: / .*)*")
        self.everywhere(words, ["first", '.*no half: plugin "half": .*half way.*|no half: .*', failed,
                                again, "other", "ok other"])
        # Dynlink does not say which unit it was: no other plugin may rely on any of them
        words = ["load:half.plugin", "load:after.plugin"]
        self.everywhere(words, ["first", "no half: .*",
                                'no after: unit After of plugin "after" requires unit First of plugin '
                                '"half", whose initialisers failed'], loaders=["native", "bytecode"])
        # of the toplevel it is known that the first one is there, wholly
        self.everywhere(words, ["first", "no half: .*", "ok after"], loaders=["toplevel"])

    def test_an_initialiser_that_fails_in_the_loaders_words(self):
        self.case.hosts()
        for word in ("undefined", "over interface"):
            plugin = self.case.plugin("odd", 'let () = print_endline "ran"\n'
                                      f'let () = failwith "{word}"\n')
            self.everywhere([f"load:{plugin}", f"load:{plugin}"],
                            ["ran", "no odd: .*", "no odd: .*whose initialisers failed.*"])

    def test_a_repaired_plugin_after_a_refused_one(self):
        # native Dynlink maps a file before it checks it, and a later one binds to its data
        self.case.hosts()
        self.counter()
        small = self.case.plugin("x", "let a = 1\nlet () = ignore (Counter.next ())\n",
                                 include=["lib"], folder="bad")
        self.case.root.joinpath(small).rename(self.case.root / "refused.plugin")
        text = "".join(f'let v{i} = ref (string_of_int {i})\n' for i in range(200))
        self.case.plugin("x", text + 'let () = Printf.printf "%s\\n%!" !v199\n', folder="good")
        self.everywhere(
            ["load:refused.plugin", "gc:", "load:x.plugin", "gc:", "unit:X"],
            ["no x: .*requires unit Counter.*", "gc", "199", "ok x", "gc", 'unit X up in plugin "x"'])

    # ---- shapes of libraries ----

    def test_internal_modules_of_the_host(self):
        self.counter("internal", folder="tree")
        uses = self.case.plugin("uses", 'let () = Printf.printf "n %d\\n%!" (Internal.next ())\n',
                                include=["tree"])
        holds = self.case.plugin("holds", "let () = ()\n", "tree/internal.cma", "tree/internal.cmxs")
        self.case.hosts("tree/internal")
        self.everywhere([f"load:{uses}", f"load:{holds}"], ["n 1", "ok uses", "ok holds"])
        inside = self.case.bundle("inside", "tree/internal.cma", "tree/internal.cmxs",
                                  "--main=internal")
        self.everywhere([f"load:{inside}"], ["no inside: unit Internal is already in the host.*"])

    def test_packs_and_wrapped_libraries(self):
        case = self.case
        case.write("w/wrapped.ml", "module A = Wrapped__A\n")
        case.write("w/wrapped__A.ml", "let a = ref 1\n")
        case.compile("wrapped", "-no-alias-deps", "-w", "-49", folder="w")
        case.compile("wrapped__A", folder="w")
        case.archive("wrapped", "wrapped", "wrapped__A", folder="w")
        case.compile("m", "-for-pack", "Pack", folder="k", text="let m = ref 2\n")
        case.ocamlfind("ocamlc", "-pack", "-o", "pack.cmo", "m.cmo", cwd=case.root / "k")
        case.ocamlfind("ocamlopt", "-pack", "-o", "pack.cmx", "m.cmx", cwd=case.root / "k")
        case.archive("pack", "pack", folder="k")
        plugin = case.plugin("p", 'let () = Printf.printf "%d %d\\n%!" !Wrapped.A.a !Pack.M.m\n',
                             "w/wrapped.cma", "w/wrapped.cmxs", "k/pack.cma", "k/pack.cmxs",
                             include=["w", "k"])
        case.hosts()
        self.everywhere([f"load:{plugin}"], ["1 2", "ok p"])
        case.hosts("w/wrapped", "w/wrapped__A", "k/pack")
        self.everywhere([f"load:{plugin}", "unit:Pack"],
                        ["1 2", "ok p", "unit Pack up in the host program"])
        double = case.bundle("double", "k/pack.cma", "k/pack.cmxs", "--main=pack")
        self.everywhere([f"load:{double}"], ["no double: unit Pack is already in the host program.*"])

    def test_the_same_file_twice(self):
        self.case.hosts()
        plugin = self.case.plugin("p", 'let () = print_endline "once"\n')
        self.everywhere([f"load:{plugin}", f"load:{plugin}", f"load:./{plugin}"],
                        ["once", "ok p", "ok p", "ok p"])

    # ---- C code ----

    def stubs(self, name, value, folder):
        """A library with C code: NAME_get () is `value`."""
        case = self.case
        case.write(f"{folder}/{name}_c.c",
                   "#include <caml/mlvalues.h>\nvalue %s_get(value u) { (void)u; "
                   "return Val_int(%d); }\n" % (name, value))
        case.ocamlfind("ocamlc", "-ccopt", "-fPIC", "-c", f"{name}_c.c", cwd=case.root / folder)
        case.ocamlfind("ocamlmklib", "-o", f"{name}_stubs", f"{name}_c.o", cwd=case.root / folder)
        return f"{name}_stubs"

    def test_c_code_that_uses_stubs_of_the_host(self):
        case = self.case
        case.write("c/uses_c.c", "#include <caml/mlvalues.h>\n#include <caml/unixsupport.h>\n"
                   "value uses_get(value u) { if (Int_val(u)) uerror(\"get\", Nothing); return u; }\n")
        case.ocamlfind("ocamlc", "-ccopt", "-fPIC", "-c", "uses_c.c", cwd=case.root / "c")
        case.ocamlfind("ocamlmklib", "-o", "uses_stubs", "uses_c.o", cwd=case.root / "c")
        case.compile("uses", folder="c", text='external get : int -> int = "uses_get"\n'
                     'let () = Printf.printf "got %d\\n%!" (get 0)\n')
        case.archive("uses", "uses", folder="c", byte=["-dllib", "-luses_stubs"],
                     native=["-cclib", "-luses_stubs", "-ccopt", "-L."])
        plugin = case.bundle("uses", "uses.cma", "uses.cmxs", folder="c")
        case.write("start.ml", "let () = ignore (Unix.getpid ())\n")
        case.compile("start", packages="unix")
        case.hosts("start", flags=["-package", "unix"])
        for loader, host in (("native", "host.opt"), ("bytecode", "host.byte")):
            self.everywhere([f"load:{plugin}"], ["got 0", "ok uses"], loaders=[loader])
            done = case.run(tenon.command(), "check", host, plugin, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)

    def c_library(self, name, value, folder, unit=None):
        unit = unit or name
        stubs = self.stubs(name, value, folder)
        self.case.compile(unit, folder=folder,
                          text=f'external get : unit -> int = "{name}_get"\n')
        self.case.archive(unit, unit, folder=folder, byte=["-dllib", f"-l{stubs}"],
                          native=["-cclib", f"-l{stubs}", "-ccopt", "-L."])
        return f"{folder}/{unit}"

    def test_c_code_of_a_bundled_library(self):
        library = self.c_library("foo", 42, "c")
        self.case.hosts()
        plugin = self.case.plugin("p", 'let () = Printf.printf "c %d\\n%!" (Foo.get ())\n',
                                  f"{library}.cma", f"{library}.cmxs", include=["c"])
        shutil.rmtree(self.case.root / "c")  # what it needs is in it
        self.everywhere([f"load:{plugin}"], ["c 42", "ok p"])

    def test_two_versions_of_c_code(self):
        one = self.c_library("foo", 1, "one", unit="one")
        two = self.c_library("foo", 2, "two", unit="two")
        self.case.hosts()
        for name, library in (("p1", one), ("p2", two)):
            unit = pathlib.Path(library).name.capitalize()
            self.case.plugin(name, f'let () = Printf.printf "{name} %d\\n%!" ({unit}.get ())\n',
                             f"{library}.cma", f"{library}.cmxs", include=[library.split("/")[0]])
        for loader in LOADERS:
            with self.subTest(loader=loader):
                lines = self.case.ask(loader, "load:p1.plugin", "load:p2.plugin")
                self.assertEqual(lines[:2], ["p1 1", "ok p1"])
                self.assertRegex(lines[2], "no p2: (C code of library two|C stubs dllfoo_stubs.so) .*")
                self.assertEqual(len(lines), 3, lines)

    def test_c_code_that_is_refused_hides_none_that_comes(self):
        for name, value in (("p1", 1), ("p2", 2), ("p3", 3)):
            library = self.c_library("foo", value, name, unit=f"c{value}")
            self.case.plugin(name, f'let () = Printf.printf "{name} %d\\n%!" (C{value}.get ())\n',
                             f"{library}.cma", f"{library}.cmxs", include=[name])
        self.case.hosts()
        self.everywhere(["all:p1.plugin,p2.plugin,p3.plugin"],
                        ["p1 1", "ok p1", "no p2: .*(defines foo_get|another build).*",
                         "no p3: .*(defines foo_get|another build).*"])

    def test_two_versions_of_c_code_behind_the_same_ocaml_code(self):
        for name, value in (("p1", 1), ("p2", 2), ("p3", 1)):
            library = self.c_library("foo", value, f"c{value}")
            self.case.plugin(name, f'let () = Printf.printf "{name} %d\\n%!" (Foo.get ())\n',
                             f"{library}.cma", f"{library}.cmxs", include=[f"c{value}"])
        self.case.hosts()
        refused = ('no p2: (?:unit Foo is already in library foo of plugin "p1"; library foo of plugin '
                   '"p2" contains another one, with another C code.*|C stubs dllfoo_stubs.so of '
                   'plugin "p2" are another build than those of .*)')
        self.everywhere(["load:p1.plugin", "load:p2.plugin", "load:p3.plugin"],
                        ["p1 1", "ok p1", refused, "p3 1", "ok p3"])
        self.everywhere(["all:p1.plugin,p2.plugin,p3.plugin"],
                        ["p1 1", "p3 1", "ok p1", refused, "ok p3"])

    def test_c_code_of_a_library_that_others_loaded(self):
        for name, value in (("p1", 1), ("p2", 2)):
            library = self.c_library("foo", value, name)
            self.case.plugin(f"use{name}", f'let () = Printf.printf "{name} %d\\n%!" (Foo.get ())\n',
                             f"{library}.cma", f"{library}.cmxs", include=[name])
        self.case.hosts()
        refused = ("no usep2: .*(another C code|another build|defines foo_get).*")
        for file in ("p1/foo.cma", "./p1/foo.cma", str(self.case.root / "p1/foo.cma")):
            self.everywhere([f"raw:{file}", "load:usep2.plugin", "load:usep1.plugin"],
                            [refused, "p1 1", "ok usep1"], loaders=["native"])
        # the file that came is not there any more: nobody can tell
        self.everywhere(["raw:p1/foo.cma", "sh:mv p1/foo.cmxs p1/gone.cmxs; cp p1/gone.cmxs p1/foo.cmxs",
                         "load:usep1.plugin"], ["no usep1: .*another C code.*"], loaders=["native"])

    def calls_c(self, name, function):
        """A library whose C code calls a function of others, and its name for C."""
        case, folder = self.case, name + ".c"
        case.write(f"{folder}/{name}_c.c", "#include <caml/mlvalues.h>\nvalue %s(value u);\n"
                   "value %s_get(value u) { return %s(u); }\n" % (function, name, function))
        case.ocamlfind("ocamlc", "-ccopt", "-fPIC", "-c", f"{name}_c.c", cwd=case.root / folder)
        case.ocamlfind("ocamlmklib", "-o", f"{name}_stubs", f"{name}_c.o", cwd=case.root / folder)
        case.compile(name, folder=folder, text=f'external get : unit -> int = "{name}_get"\n')
        case.archive(name, name, folder=folder, byte=["-dllib", f"-l{name}_stubs"],
                     native=["-cclib", f"-l{name}_stubs", "-ccopt", "-L."])
        return f"{folder}/{name}"

    def test_c_code_that_calls_that_of_another_plugin(self):
        foo = self.c_library("foo", 42, "c")
        outer = self.calls_c("outer", "foo_get")
        self.case.plugin("z", 'let () = print_endline "z"\n', f"{foo}.cma", f"{foo}.cmxs")
        self.case.plugin("a", 'let () = Printf.printf "a %d\\n%!" (Outer.get ())\n',
                         f"{outer}.cma", f"{outer}.cmxs", include=["outer.c"])
        # in bytecode, who uses externals alone requires no unit
        self.case.plugin("b", 'let () = Printf.printf "b %d\\n%!" (Foo.get ())\n', include=["c"])
        self.case.hosts()
        self.everywhere(["all:a.plugin,b.plugin,z.plugin"],
                        ["z", "a 42", "b 42", "ok a", "ok b", "ok z"])
        self.everywhere(["load:a.plugin"], ["no a: .*foo_get, which nothing defines.*"])
        for host in ("host.opt", "host.byte"):
            self.case.run(tenon.command(), "check", host, "a.plugin", "b.plugin", "z.plugin")

    def test_c_code_that_calls_that_of_another_library_of_the_plugin(self):
        foo = self.c_library("foo", 42, "c")
        outer = self.calls_c("outer", "foo_get")
        self.case.plugin("p", 'let () = Printf.printf "p %d\\n%!" (Outer.get ())\n',
                         f"{outer}.cma", f"{outer}.cmxs", f"{foo}.cma", f"{foo}.cmxs",
                         include=["outer.c"])
        aunt = self.calls_c("aunt", "foo_get")
        self.case.plugin("q", 'let () = Printf.printf "q %d\\n%!" (Aunt.get ())\n',
                         f"{foo}.cma", f"{foo}.cmxs", f"{aunt}.cma", f"{aunt}.cmxs",
                         include=["aunt.c"])
        self.case.hosts()
        self.everywhere(["load:p.plugin"], ["p 42", "ok p"])
        self.everywhere(["load:q.plugin"], ["q 42", "ok q"])

    def test_c_stubs_that_are_missing(self):
        library = self.c_library("foo", 42, "c")
        self.case.hosts()
        self.case.plugin("p", "let () = ignore (Foo.get ())\n", f"{library}.cma", f"{library}.cmxs",
                         include=["c"])
        # a bundle without them, as BAP's are
        old = zipfile.ZipFile(self.case.root / "p.plugin")
        entries = [zipmaker.Entry(n, old.read(n)) for n in old.namelist()
                   if n != "tenon.json" and not n.endswith(".so")]
        (self.case.root / "bare.plugin").write_bytes(zipmaker.make(entries))
        self.everywhere(
            ["load:bare.plugin", "unit:Foo"],
            ['no p: library foo of plugin "p" needs the C stubs dllfoo_stubs.so, which are neither '
             "in the bundle nor where this system has stubs(?: / .*)*"],
            loaders=("bytecode", "toplevel"))
        self.everywhere(["load:bare.plugin"], ["ok p"], loaders=("native",))

    def test_externals_load_in_all_three(self):
        self.case.hosts()
        plugin = self.case.plugin(
            "p", 'external length : string -> int = "caml_ml_string_length"\n'
                 'let () = Printf.printf "%d\\n%!" (length "four")\n')
        self.everywhere([f"load:{plugin}"], ["4", "ok p"])
        plugin = self.case.bundle("none", folder=self.unknown_primitive(), *[
            "none.cma", "none.cmxs"][:1])
        self.everywhere(
            [f"load:{plugin}", "unit:None"],
            ['no none: unit None of plugin "none" calls the C function there_is_no_such_function, '
             "which nothing defines"], loaders=("bytecode", "toplevel"))

    def opened(self, loader, *words):
        """Base names of the files that the host opens; none where nobody can tell."""
        if not shutil.which("strace"):
            return []
        trace = self.case.root / "trace"
        self.case.ask(loader, *words, before=["strace", "-f", "-e", "trace=openat", "-o", str(trace)])
        opened = re.findall(r'openat\([^,]*, "([^"]*)"', trace.read_text())
        self.assertTrue(opened)
        return [name.rpartition("/")[2] for name in opened]

    def unknown_primitive(self):
        self.case.write("none/none.ml", 'external f : int -> int = "there_is_no_such_function"\n'
                                        "let () = print_int (f 1)\n")
        cwd = self.case.root / "none"
        self.case.ocamlfind("ocamlc", "-c", "none.ml", cwd=cwd)
        self.case.ocamlfind("ocamlc", "-a", "-linkall", "-o", "none.cma", "none.cmo", cwd=cwd)
        return "none"

    def test_what_was_noted_of_code_changes_no_answer(self):
        case = self.case
        # a library with C code that needs one of the system's which no host has
        case.write("c/foo_c.c", "#include <caml/mlvalues.h>\nextern const char *zlibVersion(void);\n"
                                "value foo_get(value u) { (void)u; "
                                "return Val_int(zlibVersion()[0] == '1'); }\n")
        case.ocamlfind("ocamlc", "-ccopt", "-fPIC", "-c", "foo_c.c", cwd=case.root / "c")
        case.ocamlfind("ocamlmklib", "-o", "foo_stubs", "foo_c.o", "-lz", cwd=case.root / "c")
        case.compile("foo", folder="c", text='external get : unit -> int = "foo_get"\n')
        case.archive("foo", "foo", folder="c", byte=["-dllib", "-lfoo_stubs"],
                     native=["-cclib", "-lfoo_stubs", "-cclib", "-lz", "-ccopt", "-L."])
        case.plugin("p", 'let () = Printf.printf "c %d\\n%!" (Foo.get ())\n', "c/foo.cma",
                    "c/foo.cmxs", include=["c"])
        self.counter()
        case.bundle("twice", "lib/counter.cma", "lib/counter.cmxs", "--main", "counter")
        case.plugin("user", "let () = ignore (Counter.next ())\n", include=["lib"])
        case.hosts()
        time.sleep(3)  # the index takes no file that changed moments ago
        words = ["load:p.plugin", "load:twice.plugin", "load:user.plugin"]
        for _ in range(2):
            self.everywhere(words, ["c 1", "ok p", "ok twice", "ok user"])
        for loader in ("native", "bytecode"):
            with self.subTest(loader=loader):
                self.assertNotIn("p.plugin", self.opened(loader, "load:p.plugin"))
        missing = ('no user: unit User of plugin "user" requires unit Counter, which is neither in the '
                   "process nor in the plan")
        self.everywhere(["load:user.plugin", "unit:User"], [missing])
        case.hosts("lib/counter")
        self.everywhere(
            ["load:twice.plugin", "load:user.plugin"],
            ['no twice: unit Counter is already in the host program; plugin "twice" contains its own '
             "copy", "ok user"])

    # ---- other releases, other loaders ----

    def test_code_for_the_other_loader(self):
        self.case.hosts()
        self.case.plugin("p", "let () = ()\n")
        native = self.case.bundle("native-only", "p.cmxs", "--main=p", folder="p.src")
        byte = self.case.bundle("byte-only", "p.cma", "--main=p", folder="p.src")
        for loader, file, name in (("bytecode", native, "native-only"),
                                   ("toplevel", native, "native-only"),
                                   ("native", byte, "byte-only")):
            self.everywhere(
                [f"load:{file}", "unit:P"],
                [f'no {name}: plugin "{name}" has no code for OCaml\'s {loader} loader: it has '
                 "ocaml-(native|byte) for .*; this host is (a native program|a bytecode program|a toplevel)"],
                loaders=(loader,))

    def test_code_that_is_not_called_as_the_manifest_says(self):
        self.case.hosts()
        self.case.plugin("p", "let () = ()\n")
        old = zipfile.ZipFile(self.case.root / "p.plugin")
        scm = old.read("MANIFEST.scm").replace(b"(main p)", b"(main nosuch)")
        (self.case.root / "bad.plugin").write_bytes(zipmaker.make(
            [zipmaker.Entry("MANIFEST.scm", scm)] +
            [zipmaker.Entry(name, old.read(name)) for name in ("p.cma", "p.cmxs")]))
        for loader, file in (("native", "p.cmxs"), ("bytecode", "p.cma"), ("toplevel", "p.cma")):
            self.everywhere(
                ["load:bad.plugin", "unit:P"],
                [f'no p: plugin "p" has no code for OCaml\'s {loader} loader that is called nosuch, '
                 f"as its manifest says: there is {file}"], loaders=(loader,))

    def other_release(self, digits):
        """The plugin with the magic numbers of another release."""
        old = zipfile.ZipFile(self.case.root / "p.plugin")
        entries = []
        for name in old.namelist():
            data = old.read(name)
            if name.endswith((".cma", ".cmxs")):
                data = re.sub(rb"Caml1999([AD])\d\d\d", rb"Caml1999\g<1>" + digits.encode(), data)
            if name != "tenon.json":
                entries.append(zipmaker.Entry(name, data))
        (self.case.root / "other.plugin").write_bytes(zipmaker.make(entries))

    def test_a_plugin_of_another_release(self):
        self.case.hosts()
        self.case.plugin("p", "let () = ()\n")
        self.other_release("029")
        self.everywhere(["load:other.plugin", "unit:P"],
                        [r'no p: plugin "p" was made by OCaml 4\.12, this process is one of OCaml .*'])
        self.other_release("023")
        self.everywhere(["load:other.plugin", "unit:P"], [r"no p: .*4\.07.*"])

    def test_a_package_without_a_file_for_the_loader(self):
        """findlib's threads are such a package: hosts are linked with it, or have it not."""
        self.case.hosts()
        refused = "package static has no code for OCaml's native loader: no .cmxs is beside .*/static.cmxa"
        self.counter(folder="packages/static")
        (self.case.root / "packages/static/counter.cmxs").unlink()
        for suffix in (".cma", ".cmxa", ".a"):
            (self.case.root / f"packages/static/counter{suffix}").rename(
                self.case.root / f"packages/static/static{suffix}")
        self.case.write("packages/static/META",
                        'archive(byte)="static.cma"\narchive(native)="static.cmxa"\n')
        self.case.write("packages/needs/META", 'requires="static"\n')
        for package in ("static", "needs"):
            self.everywhere([f"package:{package}", "unit:Counter"],
                            [f"ok {package}", "unit Counter up in .*static.cma"],
                            loaders=("bytecode", "toplevel"))
            self.everywhere([f"package:{package}", "unit:Counter"],
                            [f"no {package}: {refused.replace('package static', 'package ' + package)}.*"],
                            loaders=("native",))
        self.case.hosts("packages/static/counter")
        self.everywhere(["package:static", "unit:Counter"],
                        ["ok static", "unit Counter up in the host program"])

    def missing(self, plugin, unit, words, loaders=LOADERS):
        self.everywhere([f"load:{plugin}"],
                        [f"no .*requires unit {unit}, which is neither in the process nor in the "
                         f"plan; {words}"], loaders=loaders)

    def test_what_to_do_about_a_missing_unit(self):
        self.case.hosts(linkall=False)
        self.case.plugin("std", "let () = ignore (Complex.norm Complex.one)\n")
        self.missing("std.plugin", "Stdlib__Complex", ".*-linkall.*", loaders=("native", "bytecode"))
        self.case.plugin("thr", "let () = ignore (Thread.self ())\n",
                         words=("--package=threads.posix",), flags=("-thread",))
        self.missing("thr.plugin", "Thread", "it is in .*/threads.cmxa, beside which no .cmxs is: "
                     "the host must be linked with that package.*", loaders=("native",))
        done = self.case.run(tenon.command(), "check", "./host.opt", "thr.plugin", check=False)
        self.assertIn("threads.cmxa, beside which no .cmxs is", done.stdout)
        self.case.plugin("quote", "let () = print_endline (Str.quote \"a\")\n")
        self.missing("quote.plugin", "Str", "it is of OCaml's package str: .*--package.*",
                     loaders=("native", "bytecode"))
        self.counter(folder="packages/gone")
        (self.case.root / "packages/gone/META").write_text(
            'archive(byte)="counter.cma"\narchive(native)="counter.cmxa"\n')
        self.case.plugin("named", "let () = ignore (Counter.next ())\n", include=["packages/gone"],
                         words=("--package=gone", "--bundle=none"))
        shutil.rmtree(self.case.root / "packages/gone")
        self.missing("named.plugin", "Counter", r"of the packages that the plugin names \(gone\), "
                     "findlib knows none here that has it")
        for name, text in (("p1", "let x = ref 1\n"), ("q1", "let y = P1.x\n"),
                           ("p2", "let z = Q1.y\n")):
            self.case.compile(name, folder="two", text=text)
        self.case.archive("lq", "q1", folder="two")
        self.case.archive("lp", "p1", "p2", folder="two")
        self.case.plugin("mm", "let () = print_int !P2.z\n", "two/lp.cma", "two/lp.cmxs",
                         "two/lq.cma", "two/lq.cmxs", include=["two"])
        self.missing("mm.plugin", "Q1", 'it is in library lq of plugin "mm" of the same bundle, .*')

    def test_a_directory_twice_and_a_broken_file(self):
        self.case.write("driver.ml", """
let run _ =
  Tenon.Plugins.load ~exclude:(List.tl (Array.to_list Sys.argv)) ()
  |> List.iter (function
       | Ok p -> print_endline ("ok " ^ Tenon.Plugin.path p)
       | Error (name, _) -> print_endline ("no " ^ name))
""")
        self.case.compile("driver")
        self.case.hosts()
        self.case.plugin("q", "let () = ()\n")
        (self.case.root / "d").mkdir()
        shutil.copy(self.case.root / "q.plugin", self.case.root / "d/q.plugin")
        self.case.write("d/junk.plugin", "junk")
        places = {"TENON_PLUGIN_PATH": "d:d/"}
        for loader in LOADERS:
            with self.subTest(loader=loader):
                self.assertEqual(self.case.ask(loader, "none", env=places),
                                 ["ok d/q.plugin", "no d/junk.plugin"])
        self.assertEqual(self.case.ask("native", "junk", env=places), ["ok d/q.plugin"])
        done = self.case.run(tenon.command(), "check", "host.opt", "q",
                             env={"TENON_PLUGIN_PATH": f"d:d/:{self.case.root}/d"})
        self.assertNotIn("shadowed", done.stdout)

    # ---- what the host allows ----

    def test_restrictions_set_before_the_first_load(self):
        self.counter()
        plugin = self.case.plugin("p", 'let () = Printf.printf "n %d\\n%!" (Counter.next ())\n',
                                  include=["lib"])
        free = self.case.plugin("free", "let x = 1\n")
        self.case.hosts("lib/counter")
        refused = ('no p: unit P of plugin "p" uses unit Counter of the host program, which plugins '
                   "may not use")
        self.everywhere(["prohibit:Counter", f"load:{plugin}", "unit:P", f"load:{free}"],
                        [refused, "ok free"])
        self.everywhere(["allow:Stdlib,Stdlib__Printf,CamlinternalFormatBasics", f"load:{plugin}"],
                        [f".*{refused}"])

    def test_restrictions_set_with_dynlink_before_the_first_load(self):
        # Dynlink forgets them when it is first used; the library has used it before
        self.counter()
        plugin = self.case.plugin("p", 'let () = Printf.printf "n %d\\n%!" (Counter.next ())\n',
                                  include=["lib"])
        free = self.case.plugin("free", "let x = 1\n")
        self.case.compile("strict", text='let () = Dynlink.prohibit [ "Counter" ]\n',
                          packages="dynlink")
        self.case.hosts("lib/counter", "strict")
        self.everywhere([f"load:{plugin}", f"load:{free}"], ["no p: .*Counter.*", "ok free"],
                        loaders=("native", "bytecode"))

    # ---- the order of things ----

    def test_events_and_arguments(self):
        counter = self.counter()
        self.case.hosts()
        plugin = self.case.plugin(
            "p", 'let () = ignore (Counter.next ()); Printf.printf "%s %s %s\\n%!" '
                 '(String.concat "," (Array.to_list (Tenon.Plugin.argv ()))) '
                 "(Tenon.Manifest.current ()).Tenon.Manifest.name "
                 '(Option.get (Tenon.Bundle.get_data (Tenon.main_bundle ()) "note"))\n',
            f"{counter}.cma", f"{counter}.cmxs", include=["lib"],
            words=["--data", f"note={self.case.write('note', 'hello')}"])
        self.everywhere(["events:", f"load:{plugin}"],
                        [f"opening {plugin}", "loading p", 'linking library counter of plugin "p"',
                         'linking plugin "p"', "a,b p hello", "loaded p", "ok p"])

    def test_a_package_as_a_plugin(self):
        self.counter(folder="packages/count")
        self.case.write("packages/count/META",
                        'plugin(byte)="counter.cma"\nplugin(native)="counter.cmxs"\n')
        self.case.hosts()
        self.everywhere(["package:count", "package:count", "unit:Counter", "package:nothing"],
                        ["ok count", "ok count", r"unit Counter up in .*counter\.cm(a|xs)",
                         "no nothing: no findlib package nothing"])


if __name__ == "__main__":
    unittest_main()
