#!/usr/bin/env python3
"""Values of Tenon.Plugin and Tenon.Plugins in all three loaders: how long a plugin is the same,
what its code is told, and what a program has to give back."""

import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import ocamlcase
import tenon
from ocamlcase import LOADERS, Case

if not ocamlcase.available():
    print("no OCaml compilers, or no package built")
    sys.exit(77)

PRELUDE = r"""
let say format = Printf.printf (format ^^ "\n%!")
let show what = function
  | Ok () -> say "%s ok" what
  | Error message -> say "%s no: %s" what (String.concat " / " (String.split_on_char '\n' message))
let sh command = ignore (Sys.command command)
"""


class Plugins(unittest.TestCase):
    def setUp(self):
        self.case = Case()
        self.addCleanup(self.case.close)

    def host(self, text):
        """The driver is `text`, which has a function run: string -> unit."""
        self.case.write("driver.ml", PRELUDE + text)
        self.case.compile("driver")
        self.case.hosts()

    def everywhere(self, words, expected, before=lambda: None, **env):
        for loader in LOADERS:
            with self.subTest(loader=loader):
                before()
                self.assertEqual(self.case.ask(loader, *words, env=env), expected)

    # ---- what a plan holds ----

    def test_a_plan_that_is_over_holds_no_descriptor_and_no_lock(self):
        self.case.plugin("p", "let () = ()\n")
        self.case.plugin("bad", "let () = raise Exit\n")
        self.host(r"""
exception Mine
let count () = Array.length (Sys.readdir "/proc/self/fd")
let prune = Sys.getenv "TENON" ^ " cache prune --all; echo prune $?"
let run word =
  let p = Tenon.Plugin.of_path "p.plugin" in
  match word with
  | "load" ->
    show "load" (Tenon.Plugin.load p);
    sh prune
  | "fail" ->
    (match Tenon.Plugin.(load (of_path "bad.plugin")) with
    | Ok () -> say "loaded"
    | Error _ -> say "failed");
    sh prune
  | "check" ->
    let before = count () in
    for _ = 1 to 50 do ignore (Tenon.Plugin.check p) done;
    say "%d more" (count () - before);
    sh prune
  | event ->
    Tenon.Plugins.on_event (fun e ->
        match (e, event) with
        | `Opening _, "opening" | `Loading _, "loading" | `Loaded _, "loaded" -> raise Mine
        | _ -> ());
    (match Tenon.Plugin.load p with
    | exception Mine -> say "mine"
    | Ok () -> say "loaded"
    | Error _ -> say "failed");
    sh prune
""")
        env = {"TENON": tenon.command()}

        def ask(loader, word):
            lines = self.case.ask(loader, word, env=env)
            return [lines[0], [line for line in lines if line.startswith("prune ")]]

        for loader in LOADERS:
            for word, said in (("load", "load ok"), ("fail", "failed"), ("check", "0 more"),
                               ("opening", "mine"), ("loading", "mine"), ("loaded", "mine")):
                with self.subTest(loader=loader, word=word):
                    # what was loaded is in the cache, which is looked into then
                    self.assertEqual(self.case.ask(loader, "load", env=env)[0], "load ok")
                    self.assertEqual(ask(loader, word), [said, ["prune 0"]])


if __name__ == "__main__":
    unittest.main()
