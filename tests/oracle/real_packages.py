#!/usr/bin/env python3
"""OCaml's packages as plugins: `tenon build --package=NAME` and what loads them, in native code,
bytecode and the toplevel, against Dynlink itself and `#require`.

For each findlib package that is installed a plugin is made of it and all that it needs, and loaded
into a host that has none of it. The same host gives the files that META names to Dynlink.loadfile,
one after the other; a toplevel requires the package. What these load must load, and what they do not
must be refused, unless `tenon build` made what the package lacks.

With TENON_CHECK=all every package of tests/support/ocaml_packages.py is taken, too, else a sample of
those that are installed; names as arguments choose packages.
"""

import collections
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import ocaml_packages  # noqa: E402
import ocamlcase  # noqa: E402
import system  # noqa: E402
import tenon  # noqa: E402
from ocamlcase import Case  # noqa: E402
from report import Report, skip_all, wants_all  # noqa: E402

SAMPLE = 2  # packages

# Not of use to a plugin, or part of every host: the compiler's insides, findlib, tenon itself.
NOT_ASKED = ("tenon", "compiler-libs", "findlib", "stdlib", "ocamldoc", "ocamlbuild", "camlp4",
             "dynlink", "topkg", "threads", "unix", "str", "bytes", "bigarray", "runtime_events")

# What findlib is told for each loader, and of what needs threads.
PREDICATES = {"native": "plugin,native", "bytecode": "plugin,byte"}
THREADS = ",mt,mt_posix"


class Packages:
    def __init__(self, case):
        self.case, self.tree = case, str(case.root / "tree")
        self.stubs = "/usr/lib/ocaml/stublibs"
        if wants_all():
            self.unpack()
        self.there = set(self.query("-r", "tenon", "-format", "%p"))

    def unpack(self):
        """Those that are not installed, in one tree as an installation has it."""
        os.mkdir(self.tree)
        for name in ocaml_packages.fetch():
            source = os.path.join(ocaml_packages.folder(), name, "usr/lib/ocaml")
            if os.path.isdir(source):
                subprocess.run(["cp", "-R", source + "/.", self.tree], check=True)
        self.case.environment["OCAMLPATH"] += ":" + self.tree
        self.case.environment["OCAMLFIND_IGNORE_DUPS_IN"] = self.tree
        self.stubs = self.tree + "/stublibs:" + self.stubs

    def query(self, *words):
        done = self.case.ocamlfind("query", *words, check=False)
        return done.stdout.splitlines() if done.returncode == 0 else []

    def names(self):
        rows = self.case.ocamlfind("list").stdout.splitlines()
        return sorted({row.split()[0] for row in rows if row.strip() and
                       row.split()[0].split(".")[0] not in NOT_ASKED})

    def files(self, name, loader):
        """What META names for a loader, those that are needed first; None: nothing of its own."""
        predicates = PREDICATES[loader]
        if "threads" in self.query("-r", "-predicates", predicates, name, "-format", "%p"):
            predicates += THREADS
        rows = self.query("-r", "-predicates", predicates, name, "-format", "%p\t%+a")
        rows = [row.split("\t", 1) for row in rows if "\t" in row]
        own = [file for package, files in rows if package == name for file in files.split()]
        if not own or not all(os.path.exists(os.path.splitext(file)[0] + ".cma") for file in own):
            return None
        return [file for package, files in rows if package not in self.there
                for file in files.split()]

    def loads_by_hand(self, name, loader):
        """None: there is nothing to be loaded."""
        env = {"CAML_LD_LIBRARY_PATH": self.stubs}
        if loader != "toplevel":
            files = self.files(name, loader)
            return files and not self.case.ask(loader, *["raw:" + file for file in files], env=env)
        if not self.files(name, "bytecode"):
            return None
        self.case.write("require.ml", '#use "topfind";;\n#thread;;\n#require "%s";;\n'
                        'let () = print_endline "reached";;\n' % name)
        done = self.case.run("ocaml", "-noinit", "require.ml", env=env, check=False)
        # a C library that is missing does not end the script
        return (done.returncode == 0 and done.stdout.endswith("reached\n") and
                "Cannot load required shared library" not in done.stdout)


def compare(report, packages, name, seen):
    case = packages.case
    done = case.run(tenon.command(), "build", "-o", "it.plugin", "--package=" + name, check=False)
    repaired = "\n  made " in done.stdout
    for loader in ocamlcase.LOADERS:
        expected = packages.loads_by_hand(name, loader)
        what = "%s, %s" % (name, loader)
        if expected is None or (repaired and not expected):
            seen["nothing to be loaded" if expected is None else "repaired"] += 1
            continue
        lines = case.ask(loader, "load:it.plugin") if done.returncode == 0 else [done.stdout]
        loads = any(line.startswith("ok ") for line in lines)
        seen["loads" if expected else "does not load"] += 1
        if not report.check(what, expected, loads, ("Dynlink", "tenon")):
            report.note("   " + "\n   ".join(lines)[:1000])


def main():
    if not ocamlcase.available():
        skip_all("no OCaml compilers, or no package built")
    report, case, seen = Report(), Case(), collections.Counter()
    try:
        case.hosts()
        packages = Packages(case)
        names = packages.names()
        chosen = sys.argv[1:] or (names if wants_all() else system.sample(names, SAMPLE))
        report.note("%d of %d packages%s" % (len(chosen), len(names),
                                            "" if wants_all() else " (TENON_CHECK=all for more)"))
        for name in chosen:
            compare(report, packages, name, seen)
    finally:
        case.close()
    report.note("seen: " + ", ".join("%s %d" % row for row in sorted(seen.items())))
    report.finish()


if __name__ == "__main__":
    main()
