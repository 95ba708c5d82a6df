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
from sample import unittest_main

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
let prune = Sys.getenv "TENON" ^ " cache prune --all >prune.out 2>&1; echo prune $?"
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
        | `Opening _, "opening" | `Loading _, "loading" | `Linking _, "linking" | `Loaded _, "loaded"
          -> raise Mine
        | _ -> ());
    (match Tenon.Plugin.load p with
    | exception Mine -> say "mine"
    | Ok () -> say "loaded"
    | Error _ -> say "failed");
    sh prune
""")
        env = {"TENON": tenon.command()}

        for loader in LOADERS:
            for word, said in (("load", "load ok"), ("fail", "failed"), ("check", "0 more"),
                               ("opening", "mine"), ("loading", "mine"), ("linking", "mine"),
                               ("loaded", "mine")):
                with self.subTest(loader=loader, word=word):
                    # what was loaded is in the cache, which is looked into then
                    self.assertEqual(self.case.ask(loader, "load", env=env)[0], "load ok")
                    self.assertEqual(self.case.ask(loader, word, env=env), [said, "prune 0"])

    # ---- how long it is the same plugin ----

    def versions(self):
        """one/v.plugin and two/v.plugin: each says which code, manifest and resource it runs with."""
        for folder, version in (("one", "1.0"), ("two", "2.0")):
            self.case.write(f"{folder}/note", f"note {version}")
            self.case.plugin(
                "v", f'let () = Printf.printf "code {version}, manifest %s, %s\\n%!" '
                     "(Tenon.Manifest.current ()).Tenon.Manifest.version "
                     '(Option.value ~default:"nothing" '
                     '(Tenon.Bundle.get_data (Tenon.main_bundle ()) "note"))\n',
                words=["--version", version, "--tags", "old" if folder == "one" else "gui,new",
                       "--data", f"note={self.case.root / folder / 'note'}"])
            shutil.move(self.case.root / "v.plugin", self.case.root / folder / "v.plugin")

    def put_first(self):
        shutil.copy(self.case.root / "one/v.plugin", self.case.root / "v.plugin")

    def test_a_bundle_that_is_replaced_before_it_is_loaded(self):
        self.versions()
        self.host(r"""
let replace () = sh "cp two/v.plugin new; mv new v.plugin"
let version p = (Tenon.Plugin.manifest p).version
let run word =
  let p = Tenon.Plugin.of_path "v.plugin" in
  Tenon.Plugin.on_loaded p (fun () -> say "on_loaded");
  say "%s" (version p);
  (match word with
  | "value" -> replace ()
  | "path" ->
    replace ();
    let again = Tenon.Plugin.of_path "v.plugin" in
    say "%s %s" (version again) (if again == p then "same" else "other")
  | "handler" ->
    Tenon.Plugins.on_event (function `Opening _ -> replace () | _ -> ())
  | _ -> ());
  show "load" (Tenon.Plugin.load p);
  say "%s" (version p)
""")
        loaded = ["code 2.0, manifest 2.0, note 2.0", "on_loaded", "load ok", "2.0"]
        self.everywhere(["value"], ["1.0", *loaded], before=self.put_first)
        self.everywhere(["path"], ["1.0", "2.0 same", *loaded], before=self.put_first)
        self.everywhere(["handler"], ["1.0", *loaded], before=self.put_first)

    def test_a_bundle_that_is_spoilt_or_gone_before_it_is_loaded(self):
        self.versions()
        self.host(r"""
let of_path () =
  match Tenon.Plugin.of_path "v.plugin" with
  | p -> say "%s" (Tenon.Plugin.manifest p).version
  | exception Tenon.Not_a_bundle _ -> say "no bundle"
  | exception Tenon.Error m -> say "%s" m
let run word =
  let p = Tenon.Plugin.of_path "v.plugin" in
  sh word;
  of_path ();
  (match Tenon.Plugin.load p with Ok () -> say "loaded" | Error _ -> say "refused");
  sh "cp two/v.plugin v.plugin";
  of_path ();
  show "load" (Tenon.Plugin.load p);
  sh word;
  of_path ()
""")
        loaded = ["refused", "2.0", "code 2.0, manifest 2.0, note 2.0", "load ok"]
        self.everywhere(["rm v.plugin"], ["no plugin at v.plugin", *loaded, "2.0"],
                        before=self.put_first)
        self.everywhere(["echo junk >v.plugin"], ["no bundle", *loaded, "no bundle"],
                        before=self.put_first)

    def test_a_list_knows_what_bundles_say_now(self):
        self.versions()
        self.host(r"""
let list tag =
  Tenon.Plugins.list ~provides:[ tag ] ~library:[ "d" ] ()
  |> List.iter (fun p -> say "%s %s" tag (Tenon.Plugin.manifest p).version)
let run _ =
  sh "mkdir -p d; cp one/v.plugin d";
  List.iter list [ "old"; "new" ];
  sh "cp two/v.plugin d";
  List.iter list [ "old"; "new" ]
""")
        self.everywhere(["list"], ["old 1.0", "new 2.0"])

    # ---- what its code is told ----

    def test_a_context_has_the_arguments_of_the_plugin(self):
        self.case.plugin("p", "let () = ()\n")
        self.case.plugin("bad", "let () = raise Exit\n")
        self.host(r"""
let tell p =
  Tenon.Plugin.with_context p (fun () ->
      say "%s[%s]" (Tenon.Manifest.current ()).name
        (String.concat "," (Array.to_list (Tenon.Plugin.argv ()))))
let load ?argv p = match Tenon.Plugin.load ?argv p with Ok () -> say "ok" | Error _ -> say "no"
let run _ =
  let p = Tenon.Plugin.of_path "p.plugin" and bad = Tenon.Plugin.of_path "bad.plugin" in
  tell p;
  load ~argv:[| "a"; "b" |] p;
  tell p;
  load ~argv:[| "c" |] p;
  tell p;
  load ~argv:[| "d" |] bad;
  tell bad;
  say "%d" (Array.length (Tenon.Plugin.argv ()))
""")
        self.everywhere(["context"], ["p[]", "ok", "p[a,b]", "ok", "p[a,b]", "no", "bad[d]", "0"])

    # ---- where plugins are looked for ----

    def test_the_search_path_is_that_of_lists(self):
        self.host(r"""
let path = ref []
let tell () =
  path := Tenon.Plugins.path ~library:[ "lib" ] ();
  say "%s" (String.concat " " (List.filter Filename.is_relative !path))
let run word =
  tell ();
  let last = List.nth !path (List.length !path - 1) in
  say "%b" (not (Filename.is_relative last));
  Tenon.Process.add_directory "added";
  tell ();
  Tenon.Process.set_default_directory "default";
  tell ();
  say "%d" (List.length !path)
""")
        self.everywhere(["path"], ["lib env", "true", "lib added env", "lib added env default", "4"],
                        TENON_PLUGIN_PATH="env:lib")

    def test_a_bundle_that_is_not_wanted_shadows_others(self):
        self.versions()
        self.host(r"""
let tell what = List.iter (fun p -> say "%s %s" what (Tenon.Plugin.path p))
let run _ =
  List.iter
    (fun library ->
      tell "any" (Tenon.Plugins.list ~library ());
      tell "new" (Tenon.Plugins.list ~provides:[ "new" ] ~library ());
      tell "env" (Tenon.Plugins.list ~env:[] ~provides:[ "old" ] ~library ()))
    [ [ "one"; "two" ]; [ "two"; "one" ]; [ "one" ] ]
""")
        one, two = "one/v.plugin", "two/v.plugin"
        self.everywhere(["list"], [f"any {one}", f"env {one}", f"any {two}", f"new {two}",
                                   f"any {one}", f"env {one}"], TENON_PLUGIN_PATH="two")

    # ---- functions of the program that raise ----

    def test_what_a_handler_raises_goes_through(self):
        self.case.compile("words", folder="w", text="let () = print_endline \"words\"\n")
        self.case.archive("words", "words", folder="w")
        self.case.plugin("p", 'let () = print_endline "code"\n', "w/words.cma", "w/words.cmxs")
        self.host(r"""
exception Mine of string
let armed = ref true
let seen = ref 0
let run word =
  let p = Tenon.Plugin.of_path "p.plugin" in
  let raise_once what = if !armed then begin armed := false; raise (Mine what) end in
  Tenon.Plugins.on_event (fun e ->
      match (e, word) with
      | `Opening _, "opening" | `Loading _, "loading" | `Loaded _, "loaded" -> raise_once word
      | `Linking what, "linking" when what = {|plugin "p"|} -> raise_once word
      | _ -> ());
  Tenon.Plugins.on_event (fun _ -> incr seen);
  Tenon.Plugin.on_loaded p (fun () -> if word = "on_loaded" then raise_once word);
  Tenon.Plugin.on_loaded p (fun () -> say "on_loaded");
  let load () =
    (match Tenon.Plugin.load p with
    | Ok () -> say "ok"
    | Error m -> say "no %s" m
    | exception Mine what -> say "raised %s" what);
    say "%b %d" (Tenon.Plugin.is_loaded p) !seen
  in
  load ();
  sh (Sys.getenv "TENON" ^ " cache prune --all >prune.out 2>&1; echo prune $?");
  load ()
""")
        code, up = ["words", "code"], ["on_loaded", "ok"]
        env = {"TENON": tenon.command()}
        # Opening, Loading, Linking of two files, Loaded
        for word, said in (
                ("opening", ["raised opening", "false 1", *code, *up, "true 6"]),
                ("loading", ["raised loading", "false 2", *code, *up, "true 7"]),
                ("linking", ["words", "raised linking", "false 4", "code", *up, "true 8"]),
                ("loaded", [*code, "on_loaded", "raised loaded", "true 5", "ok", "true 5"]),
                ("on_loaded", [*code, "on_loaded", "raised on_loaded", "true 5", "ok", "true 5"])):
            for loader in LOADERS:
                with self.subTest(loader=loader, word=word):
                    lines = self.case.ask(loader, word, env=env)
                    self.assertEqual([line for line in lines if line != "prune 0"], said)
                    self.assertIn("prune 0", lines)

    def test_a_handler_that_raises_in_an_initialiser_fails_it(self):
        self.case.plugin("q", "let () = ()\n")
        self.case.plugin("p", 'let () = ignore (Tenon.Plugin.(load (of_path "q.plugin")))\n')
        self.host(r"""
exception Mine
let run _ =
  Tenon.Plugins.on_event (function `Linking {|plugin "q"|} -> raise Mine | _ -> ());
  match Tenon.Plugin.(load (of_path "p.plugin")) with
  | Ok () -> say "ok"
  | Error _ -> say "failed"
  | exception Mine -> say "raised"
""")
        self.everywhere(["nested"], ["failed"])

    def test_what_is_called_when_all_is_loaded_may_raise(self):
        self.host(r"""
exception Mine
let run _ =
  Tenon.Plugins.on_loaded (fun () -> raise Mine);
  Tenon.Plugins.on_loaded (fun () -> say "second");
  (match Tenon.Plugins.load () with _ -> say "ok" | exception Mine -> say "raised");
  Tenon.Plugins.on_loaded (fun () -> say "third")
""")
        self.everywhere(["all"], ["second", "raised", "third"])


if __name__ == "__main__":
    unittest_main()
