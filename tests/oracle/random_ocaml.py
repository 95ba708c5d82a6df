#!/usr/bin/env python3
"""Random OCaml hosts and plugins, in native code, bytecode and the toplevel: what loads, and what
is initialised.

All is made of the same few modules, each in three builds: the first, one that does something else
behind the same interface, and one with a wider interface. A host has some of them; a plugin holds
some in its own archive, brings others as libraries, and relies on the process for the rest, as it
was when the plugin was compiled. Some modules were loaded by others before, who did not ask tenon (Dynlink, `#load`).
Plugins are loaded one after the other. Which of them must load
follows from a few lines below (`Process`), which know nothing of tenon (but where Dynlink loaded a
module for others and does not tell which build: what differs from that, it refuses itself, late); that each module of what
loads is initialised once, and none of what is refused, is said by the modules themselves.

With TENON_CHECK=all there are many more worlds; `random_ocaml.py NUMBER` makes one and leaves it for
a look.
"""

import collections
import os
import random
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import ocamlcase  # noqa: E402
from ocamlcase import LOADERS, Case  # noqa: E402
from report import Report, chosen_numbers, skip_all  # noqa: E402

SAMPLE, ALL = 3, 60  # worlds

# The modules, those that others need first.
NEEDS = {"log": (), "hash": (), "table": ("hash",), "queue": ("log",), "cache": ("table", "log")}
BUILDS = ("first", "other", "wider")
SEEN = collections.Counter()  # reasons, and "loads"


def calls(needs):
    return "".join(" + %s.next ()" % need.capitalize() for need in needs)


def source_of(name, build):
    return ('let n = ref %d\nlet () = print_endline "born %s"\nlet next () = incr n; !n%s\n%s' %
            (100 if build == "other" else 0, name, calls(NEEDS[name]),
             "let more = 1\n" if build == "wider" else ""))


def make_modules(case):
    """Each module in each build, in a folder of its own, with archives of it alone. All were
    compiled with the first builds of what they need."""
    for name, needs in NEEDS.items():
        for build in BUILDS:
            folder = "%s/%s" % (build, name)
            case.write("%s/%s.mli" % (folder, name), "val next : unit -> int\n" +
                       ("val more : int\n" if build == "wider" else ""))
            includes = [word for need in closure(needs)
                        for word in ("-I", str(case.root / "first" / need))]
            case.compile(name, *includes, folder=folder, text=source_of(name, build))
            case.archive(name, name, folder=folder)


def closure(names):
    found = set(names)
    for name in names:
        found |= set(closure(NEEDS[name]))
    return sorted(found, key=list(NEEDS).index)


# ---- what must happen ---------------------------------------------------------------------------

DIGESTS = {}  # of interface and implementation, by module and build


def read_digests(case):
    """As ocamlobjinfo has them: where OCaml sees no difference there is none."""
    for name in NEEDS:
        for build in BUILDS:
            text = case.run("ocamlobjinfo", "%s/%s/%s.cmxs" % (build, name, name)).stdout
            unit = name.capitalize()
            interface = re.search(r"Interfaces imported:.*?([0-9a-f]{32})\s+%s\n" % unit, text,
                                  re.DOTALL)
            code = re.search(r"CRC of implementation: ([0-9a-f]{32})", text)
            DIGESTS[name, build] = (interface.group(1), code.group(1))


def is_same(loader, name, one, other):
    """Are two builds of a module the same to a loader? Bytecode goes by interfaces alone."""
    count = 2 if loader == "native" else 1
    return DIGESTS[name, one][:count] == DIGESTS[name, other][:count]


class Process:
    """The modules of a process by their build."""

    def __init__(self, loader, host, others):
        self.loader, self.units = loader, {**host, **others}
        self.came = set()  # with plugins

    def is_same_library(self, name, build):
        """Of what came with plugins bytecode knows the build, too: by its native form beside it."""
        loader = "native" if name in self.came else self.loader
        return is_same(loader, name, build, self.units.get(name, build))

    def refuses(self, plugin):
        """Why a plugin must not be loaded; an empty set: it must be."""
        why = set()
        if set(plugin.own) & set(self.units):
            why.add("double")
        if not all(self.is_same_library(name, build) for name, build in plugin.libraries.items()):
            why.add("other build")
        there = dict(self.units)
        for name, build in self.coming(plugin).items():
            for need in NEEDS[name]:
                self.look(why, need, "first", there)
            there[name] = build
        for name, build in plugin.against.items():
            self.look(why, name, build, there)
        return why

    def look(self, why, name, build, there):
        """Is what was compiled against that build of a module satisfied with what is there?"""
        if name not in there:
            why.add("missing")
        elif not is_same(self.loader, name, build, there[name]):
            why.add("interface")

    def coming(self, plugin):
        """Libraries in the order of their needs, but for those that are there already; then what
        is in the plugin's own archive."""
        libraries = {name: plugin.libraries[name] for name in NEEDS
                     if name in plugin.libraries and name not in self.units}
        return {**libraries, **{name: plugin.own[name] for name in NEEDS if name in plugin.own}}

    def load(self, plugin):
        come = self.coming(plugin)
        self.units.update(come)
        self.came.update(come)
        return sorted(come)


# ---- making it ----------------------------------------------------------------------------------

# Modules by their build: in the own archive, as libraries, and those that the code was compiled with.
Plugin = collections.namedtuple("Plugin", "own libraries against")


class World:
    def __init__(self, case, seed):
        self.case, self.random = case, random.Random(seed)
        self.host = self.make_host()
        self.raw = self.others()
        self.plugins = {"p%d_%d" % (seed, i): None for i in range(self.random.randint(2, 4))}
        for name in self.plugins:
            self.plugins[name] = self.plugin(name)

    def chance(self, probability):
        return self.random.random() < probability

    def build_of(self, first):
        return "first" if self.chance(first) else self.random.choice(BUILDS[1:])

    def some(self, most):
        return self.random.sample(list(NEEDS), self.random.randint(0, most))

    def make_host(self):
        """Nobody links what does not fit: another build is there only if no module needs it."""
        names = closure(self.some(2))
        needed = {need for name in names for need in NEEDS[name]}
        host = {name: "first" if name in needed else self.build_of(0.6) for name in names}
        self.case.hosts(*["%s/%s/%s" % (host[name], name, name) for name in names])
        return host

    def others(self):
        """What others load: one module, of which all that it needs is there as it was compiled."""
        ready = [name for name, needs in NEEDS.items() if name not in self.host and
                 all(self.host.get(need) == "first" for need in needs)]
        return ({self.random.choice(ready): self.build_of(0.6)}
                if ready and self.chance(0.4) else {})

    def plugin(self, name):
        roots = self.some(2)
        needed = {need for name in closure(roots) for need in NEEDS[name]}
        against = {root: "first" if root in needed else self.build_of(0.75) for root in roots}
        own, libraries = {}, {}
        for unit in closure(roots):
            build = against.get(unit, "first")
            way = self.random.choice(("own", "library", "library", "process", "process"))
            if way == "own":
                own[unit] = build
            elif way == "library":
                libraries[unit] = build if self.chance(0.9) else self.build_of(0.3)
        made = Plugin(own, libraries, against)
        self.make_plugin(name, made)
        return made

    def make_plugin(self, name, made):
        case, folder = self.case, name + ".src"
        where = {**{need: "first" for need in closure(made.against)}, **made.against}
        includes = [word for unit, build in where.items()
                    for word in ("-I", str(case.root / build / unit))]
        case.compile(name, *includes, folder=folder,
                     text='let () = Printf.printf "born %s %%d\\n%%!" (0%s)\n' %
                     (name, calls(sorted(made.against))))
        own = closure(made.own)
        own = [unit for unit in own if unit in made.own]
        case.archive(name, *[str(case.root / made.own[unit] / unit / unit) for unit in own], name,
                     folder=folder)
        files = [str(case.root / made.libraries[unit] / unit / unit) + suffix
                 for unit in NEEDS if unit in made.libraries for suffix in (".cma", ".cmxs")]
        case.bundle(name, name + ".cma", name + ".cmxs", *files, "--main", name, folder=folder)


    def ask(self, loader, *words):
        paths = ["%s/%s/%s.cma" % (build, name, name) for name, build in self.raw.items()]
        if loader != "toplevel":
            return self.case.ask(loader, *["raw:" + path for path in paths], *words)
        script = self.case.root / "host_top.ml"
        lines = script.read_text().splitlines()
        loads = ['#load "%s";;' % path for path in paths]
        if loads and loads[0] not in lines:
            script.write_text("\n".join([*lines[:-1], *loads, lines[-1]]) + "\n")
        return self.case.ask(loader, *words)


def told(lines):
    """By plugin as they were asked for: what was initialised, and whether it loads."""
    rows, born = [], []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "born":
            born.append(rest.split()[0])
        elif word in ("ok", "no"):
            rows.append((word, sorted(born)))
            born = []
        else:
            rows.append(("?", [line]))
    return rows


def compare(report, world, number):
    for loader in LOADERS:
        process, expected, whys = Process(loader, world.host, world.raw), [], []
        for name, plugin in world.plugins.items():
            why = process.refuses(plugin)
            whys.append(sorted(why))
            SEEN.update(why or {"loads"})
            expected.append(("no", []) if why
                            else ("ok", sorted([*process.load(plugin), name])))
        lines = world.ask(loader, *["load:%s.plugin" % name for name in world.plugins])
        start = len(world.host) + len(world.raw)  # they come first
        if not report.check("world %d, %s" % (number, loader), expected, told(lines[start:]),
                            ("wanted", "tenon")):
            report.note("   %s\n   host %s, others %s, %s\n   %s" % (
                whys, world.host, world.raw, world.plugins, "\n   ".join(lines)))


def main():
    if not ocamlcase.available():
        skip_all("no OCaml compilers, or no package built")
    report = Report()
    case = Case()
    try:
        make_modules(case)
        read_digests(case)
        numbers, wanted = chosen_numbers(report, SAMPLE, ALL)
        for number in numbers:
            compare(report, World(case, number), number)
        if wanted:
            kept = tempfile.mkdtemp(prefix="tenon-random-")
            shutil.copytree(case.root, kept, dirs_exist_ok=True)
            report.note("files: " + kept)
    finally:
        case.close()
    report.note("seen: " + ", ".join("%s %d" % row for row in sorted(SEEN.items())))
    report.finish()


if __name__ == "__main__":
    main()
