"""OCaml libraries, hosts and plugins made with the real compilers, and run in all three loaders."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import tenon

BUILD = pathlib.Path(os.environ.get("TENON_BUILD", "build"))
PACKAGE = BUILD / "ocaml" / "tenon"
LOADERS = ("native", "bytecode", "toplevel")

DRIVER = r"""
let say format = Printf.printf (format ^^ "\n%!")

let show name = function
  | Ok () -> say "ok %s" name
  | Error message -> say "no %s: %s" name (String.concat " / " (String.split_on_char '\n' message))

let of_path file = if Filename.is_relative file then file else file

let run word =
  match String.index_opt word ':' with
  | None -> ()
  | Some i -> (
    let rest = String.sub word (i + 1) (String.length word - i - 1) in
    match String.sub word 0 i with
    | "load" -> (
      match Tenon.Plugin.of_path (of_path rest) with
      | p -> show (Tenon.Plugin.name p) (Tenon.Plugin.load ~argv:[| "a"; "b" |] p)
      | exception (Tenon.Error m | Tenon.Not_a_bundle m) -> say "no %s: %s" rest m)
    | "all" ->
      List.map Tenon.Plugin.of_path (String.split_on_char ',' rest)
      |> Tenon.Plugins.load_all
      |> List.iter (function
           | Ok p -> show (Tenon.Plugin.name p) (Ok ())
           | Error (name, m) -> show name (Error m))
    | "package" -> (
      match Tenon.Plugin.of_package rest with
      | p -> show (Tenon.Plugin.name p) (Tenon.Plugin.load p)
      | exception Tenon.Error m -> say "no %s: %s" rest m)
    | "check" ->
      List.iter
        (fun (f : Tenon.finding) -> say "%s%s: %s" f.code (if f.refuses then "!" else "") f.message)
        (Tenon.Plugin.check (Tenon.Plugin.of_path rest))
    | "unit" ->
      List.iter
        (fun (u : Tenon.Process.unit_) ->
          if u.name = rest then
            say "unit %s %s in %s" u.name
              (if u.initialised then "up" else "failed")
              u.holder)
        (Tenon.Process.units ())
    | "prohibit" -> Tenon.Process.prohibit (String.split_on_char ',' rest)
    | "allow" -> Tenon.Process.allow_only (String.split_on_char ',' rest)
    | "events" -> Tenon.Plugins.on_event (fun e -> say "%s" (Tenon.Plugins.event_to_string e))
    | "raw" -> (
      try
        Dynlink.allow_unsafe_modules true;
        Dynlink.loadfile (Dynlink.adapt_filename rest)
      with Dynlink.Error e -> say "raw %s: %s" rest (Dynlink.error_message e))
    | "sh" -> ignore (Sys.command rest)
    | "gc" ->
      Gc.full_major ();
      Gc.compact ();
      ignore (Array.init 100000 (fun i -> string_of_int i));
      Gc.compact ();
      say "gc"
    | _ -> say "what is %s?" word)
"""


def available():
    return (shutil.which("ocamlfind") and shutil.which("ocamlopt") and shutil.which("ocaml") and
            (PACKAGE / "built").exists())


def sanitized():
    """Is libtenon built with a sanitizer, whose runtime must be preloaded by what loads it?"""
    return "TENON_PRELOAD" in os.environ


def preloaded():
    """The environment for a program that loads libtenon. OCaml's runtime frees nothing at exit."""
    if not sanitized():
        return {}
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"LD_PRELOAD": os.environ["TENON_PRELOAD"],
            "ASAN_OPTIONS": ":".join(filter(None, [options, "detect_leaks=0", "use_sigaltstack=0"]))}


class Case:
    """One directory with code in it."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="tenon-ocaml-")
        self.root = pathlib.Path(self.directory.name)
        self.environment = {
            **os.environ,
            "OCAMLPATH": f"{self.root / 'packages'}:{BUILD / 'ocaml'}",
            "TENON_CACHE": str(self.root / "cache"),
            "LC_ALL": "C",
        }
        self.environment.pop("CAML_LD_LIBRARY_PATH", None)
        self.write("driver.ml", DRIVER)
        self.compile("driver")

    def close(self):
        self.directory.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *words, cwd=None, env=None, check=True):
        done = subprocess.run(words, cwd=cwd or self.root, env={**self.environment, **(env or {})},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}")
        return done

    def ocamlfind(self, *words, **more):
        return self.run("ocamlfind", *words, **more)

    def compile(self, name, *flags, folder="", text=None, packages="tenon"):
        """NAME.ml of a folder to .cmo and .cmx."""
        cwd = self.root / folder
        if text is not None:
            self.write(f"{folder}/{name}.ml" if folder else f"{name}.ml", text)
        for compiler in ("ocamlc", "ocamlopt"):
            if (cwd / f"{name}.mli").exists() and compiler == "ocamlc":
                self.ocamlfind(compiler, "-package", packages, *flags, "-c", f"{name}.mli", cwd=cwd)
            self.ocamlfind(compiler, "-package", packages, *flags, "-c", f"{name}.ml", cwd=cwd)

    def archive(self, name, *units, folder="", byte=(), native=()):
        """NAME.cma, NAME.cmxa and NAME.cmxs of units."""
        cwd = self.root / folder
        self.ocamlfind("ocamlc", "-a", "-linkall", "-o", f"{name}.cma",
                       *[f"{u}.cmo" for u in units], *byte, cwd=cwd)
        self.ocamlfind("ocamlopt", "-a", "-o", f"{name}.cmxa", *[f"{u}.cmx" for u in units],
                       *native, cwd=cwd)
        self.ocamlfind("ocamlopt", "-shared", "-linkall", "-I", ".", "-ccopt", "-L.", "-o",
                       f"{name}.cmxs", f"{name}.cmxa", cwd=cwd)

    def bundle(self, name, *words, folder=""):
        """NAME.plugin by tenon build."""
        self.run(tenon.command(), "build", "-q", "-o", str(self.root / f"{name}.plugin"), *words,
                 cwd=self.root / folder)
        return f"{name}.plugin"

    def plugin(self, name, text, *files, folder=None, flags=(), include=(), words=()):
        """A plugin of one module, and files (archives) that it brings."""
        folder = folder or f"{name}.src"
        module = re.sub(r"\W", "_", name)
        includes = [w for i in include for w in ("-I", str(self.root / i))]
        self.compile(module, *includes, *flags, folder=folder, text=text)
        self.archive(module, module, folder=folder)
        return self.bundle(name, f"{module}.cma", f"{module}.cmxs",
                           *[str(self.root / f) for f in files], "--main", module, *words,
                           folder=folder)

    def hosts(self, *units, linkall=True, archives=(), flags=(), loaders=LOADERS):
        """The driver with more units: a command for each loader."""
        main = "Array.iteri (fun i w -> if i > 0 then Driver.run w) Sys.argv"
        self.write("main.ml", f"let () = {main}\n")
        all_flags = ["-package", "tenon", "-linkpkg", *(["-linkall"] if linkall else []), *flags]
        for a in archives:
            all_flags += ["-I", os.path.dirname(a) or "."]
        for loader, compiler, suffix, archive, out in (
                ("native", "ocamlopt", ".cmx", ".cmxa", "host.opt"),
                ("bytecode", "ocamlc", ".cmo", ".cma", "host.byte")):
            if loader not in loaders:
                continue
            # -linkall would take all of the libraries too: they are what a host is made of
            extra = [] if compiler == "ocamlopt" else ["-dllpath", str(PACKAGE)]
            self.ocamlfind(compiler, *all_flags, *extra, "-o", out,
                           *[a + archive for a in archives], *[u + suffix for u in units],
                           "driver" + suffix, "main.ml")
        folders = sorted({os.path.dirname(u) for u in units} | {os.path.dirname(a) for a in archives})
        script = ["#use \"topfind\";;", "#require \"tenon\";;"]
        script += [f"#directory \"{self.root / f}\";;" for f in folders]
        for a in archives:
            script.append(f"#load \"{self.root / a}.cma\";;")
        for u in [*units, "driver"]:
            script.append(f"#load \"{self.root / u}.cmo\";;")
        script.append(f"let () = {main};;")
        self.write("host_top.ml", "\n".join(script) + "\n")
        return self

    def ask(self, loader, *words, env=None, before=()):
        """What the host says in that loader; `before`: a command that runs it."""
        command = {
            "native": ["./host.opt"],
            "bytecode": ["./host.byte"],
            "toplevel": ["ocaml", "-noinit", "host_top.ml"],
        }[loader]
        more = {"CAML_LD_LIBRARY_PATH": str(PACKAGE)} if loader == "toplevel" else {}
        done = self.run(*before, *command, *words, env={**preloaded(), **more, **(env or {})},
                        check=False)
        lines = [line for line in done.stdout.splitlines() if "[WARNING]" not in line]
        if done.returncode:
            lines.append(f"status {done.returncode}")
        return lines


class Everywhere:
    """For tests whose `case` says the same in every loader."""

    def everywhere(self, words, expected, loaders=LOADERS):
        """`expected` are patterns, one a line."""
        for loader in loaders:
            with self.subTest(loader=loader):
                lines = self.case.ask(loader, *words)
                said = "\n".join(lines)
                self.assertEqual(len(lines), len(expected), said)
                for line, pattern in zip(lines, expected):
                    self.assertRegex(line, f"^{pattern}$", said)
