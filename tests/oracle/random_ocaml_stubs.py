#!/usr/bin/env python3
"""Random OCaml hosts and plugins with C code: which C code runs, and how often it is there.

A few libraries with C code and state in it, each in three builds, the second of which has other C
code behind the very same OCaml code. Hosts have some of them, linked in or as shared libraries;
plugins bring some, use what is there, or call C code of others from their own. The C code says when
it is mapped and which build of it runs, the OCaml units when they are initialised. What must be said
follows from a few lines below (`Process`), which know nothing of tenon:

- one plugin after the other: who loads runs its code once, with the C code that it brought, or that
  was there in the same build; and of who is refused nothing is mapped or initialised;
- all at once, in any order: who loaded might load in that order, and who did not may not (but where
  two bring what it needs, and tenon took the one that is refused for the one to wait for);
- `tenon check` before anything runs says the same;
- with plain Dynlink and `#load`, what was refused fails, or runs C code of another build, or C code
  that is there twice. Where nothing of it shows, it is counted.

With TENON_CHECK=all there are many more worlds; numbers as arguments choose some.
"""

import collections
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import ocamlcase  # noqa: E402
from ocamlcase import LOADERS, Case  # noqa: E402
from ocamlstubs import BUILDS, LIBRARIES, Host, Plugin, Stock, closure  # noqa: E402
from report import Report, chosen_numbers, skip_all  # noqa: E402

SAMPLE, ALL = 1, 100  # worlds
SHAPES = 60  # of plugins and of hosts that worlds choose from

SEEN = collections.Counter()


# ---- what must happen ---------------------------------------------------------------------------

class Process:
    """Units and C code of a process by their build, and how often its C code was called."""

    def __init__(self, loader, host, mapped):
        self.loader, self.host = loader, host
        self.units, self.c = dict(host.libraries), dict(mapped)
        self.count = collections.Counter()

    def is_static(self, name):
        """Which C code a program was linked with, nobody can tell."""
        return name in self.host.libraries and (
            self.loader == "native" or self.loader == "bytecode" and self.host.custom)

    def refuses(self, plugin):
        """Why a plugin must not be loaded; an empty set: it must be."""
        why, units, c = set(), dict(self.units), dict(self.c)
        for name, build in plugin.libraries.items():
            if name in self.units:
                self.meet(why, name, build, plugin.bare and self.loader != "native")
            else:
                self.add(why, plugin, name, build, units, c)
        for name, build in plugin.uses.items():
            self.look(why, name, build, units, c)
        if not set(plugin.c_uses) <= set(c):
            why.add("missing C code")
        if plugin.bare and plugin.c_uses and self.loader != "native":
            why.add("missing stubs")
        return why

    def meet(self, why, name, build, bare):
        """A library that is there: who brings no C code has nothing to compare."""
        if (build == "wider") != (self.units[name] == "wider"):
            why.add("other build")
        elif self.c.get(name, build) != build and not (bare or self.is_static(name)):
            why.add("other C code")

    def add(self, why, plugin, name, build, units, c):
        """A library comes; shared libraries of the very same C code are opened once."""
        if plugin.bare and self.loader != "native" and name not in c:
            why.add("missing stubs")
        if name in c and (self.loader == "native" or self.is_static(name) or c[name] != build):
            why.add("double C code")
        for need in LIBRARIES[name].needs:
            self.look(why, need, "first", units, c)
        units[name] = build
        c.setdefault(name, build)

    def look(self, why, name, build, units, c):
        """Is what was compiled against that build satisfied? In bytecode, externals are not the
        unit's."""
        if name not in units and (self.loader == "native" or not LIBRARIES[name].shown):
            why.add("missing unit")
        elif name in units and (units[name] == "wider") != (build == "wider"):
            why.add("interface")
        if LIBRARIES[name].shown and name not in c:
            why.add("missing C code")

    def coming(self, plugin):
        return {name: build for name, build in plugin.libraries.items() if name not in self.units}

    def load(self, name, plugin):
        """What is to be seen of it, sorted."""
        lines = ["born " + name]
        for library, build in self.coming(plugin).items():
            self.units[library] = build
            lines.append("born " + library)
            if library not in self.c:
                self.c[library] = build
                lines.append("mapped %s %s" % (library, build))
        for library in [*[use for use in plugin.uses for _ in ("next", "add")], *plugin.c_uses]:
            lines.append("ran %s %s %d" % (name, library, self.call(library)))
        return sorted(lines)

    def call(self, library):
        for need in LIBRARIES[library].needs:
            self.call(need)
        self.count[library] += 1
        return BUILDS[self.c[library]] + self.count[library]


# ---- making it ----------------------------------------------------------------------------------

class World:
    def __init__(self, stock, seed):
        self.stock, self.random = stock, random.Random(seed)
        # what a world is made of is one of a few shapes, each of which is made once
        self.host = make_host(random.Random("host %d" % self.random.randrange(SHAPES // 3)))
        shapes = self.random.sample(range(SHAPES), self.random.randint(2, 4))
        self.plugins = {}
        for shape in shapes:
            plugin = make_plugin(random.Random("plugin %d" % shape))
            self.plugins[stock.plugin(plugin)] = plugin


def build_of(choose, builds, first=0.6):
    return "first" if choose.random() < first else choose.choice(builds)


def make_host(choose):
    names = closure(choose.sample(list(LIBRARIES), choose.choice((0, 0, 1, 1, 2))))
    needed = {need for name in names for need in LIBRARIES[name].needs}
    return Host({name: build_of(choose, ["other"] if name in needed else ["other", "wider"])
                 for name in names}, choose.random() < 0.3)


def make_plugin(choose):
    roots = choose.sample(list(LIBRARIES), choose.choice((0, 1, 1, 2)))
    needed = {need for name in closure(roots) for need in LIBRARIES[name].needs}
    builds = {name: build_of(choose, ["other"] if name in needed else ["other", "wider"])
              for name in closure(roots)}
    libraries = {name: build for name, build in builds.items() if choose.random() < 0.6}
    uses = {name: builds[name] for name in LIBRARIES if name in roots}
    c_uses = choose.sample(list(LIBRARIES), 1) if choose.random() < 0.3 else []
    return Plugin(libraries, uses, c_uses, choose.random() < 0.1)


# ---- what is said -------------------------------------------------------------------------------

def told(lines):
    """By plugin as they were asked for: whether it loads, and what was seen of it, sorted."""
    rows, seen = [], []
    for line in lines:
        if line.startswith(("ok ", "no ")):
            rows.append((line[:2], sorted(seen)))
            seen = []
        else:
            seen.append(line)
    return rows + ([("?", seen)] if seen else [])


def mapped(lines):
    return dict(line.split()[1:] for line in lines if line.startswith("mapped "))


def describe(world, *more):
    return "   %s\n   %s\n   %s" % (world.host, world.plugins, "\n   ".join(map(str, more)))


def compare_in_turn(report, world, loader, start, what):
    process, expected, whys = Process(loader, world.host, mapped(start)), [], {}
    loaded = []
    for name, plugin in world.plugins.items():
        whys[name] = process.refuses(plugin)
        SEEN.update(whys[name] or {"loads"})
        if whys[name]:
            expected.append(("no", []))
            compare_plain(world, loader, loaded, name, whys[name])
        else:
            loaded.append((name, process.coming(plugin)))
            expected.append(("ok", process.load(name, plugin)))
    lines = world.stock.ask(world.host, loader, *["load:%s.plugin" % name for name in world.plugins])
    if not report.check(what + " in turn", expected, told(lines[len(start):]), ("wanted", "tenon")):
        report.note(describe(world, whys, *lines))


def compare_together(report, world, loader, start, what):
    """The order in which they came is one that is allowed, and nobody was left out for nothing."""
    names = sorted(world.plugins)
    lines = world.stock.ask(world.host, loader, "all:" + ",".join(n + ".plugin" for n in names))
    lines = lines[len(start):]
    ok = {line[3:] for line in lines if line.startswith("ok ")}
    process, wanted = Process(loader, world.host, mapped(start)), []
    order = [line[5:] for line in lines if line.startswith("born ") and line[5:] in world.plugins]
    wrong = sorted(set(order) ^ ok)
    for name in order:
        wrong += sorted(process.refuses(world.plugins[name]))
        if wrong:
            break
        wanted += process.load(name, world.plugins[name])
    for name in names:
        if name in ok or process.refuses(world.plugins[name]):
            continue
        if waits_for_refused(lines, name):
            SEEN["waits for one of two that bring it, which is refused"] += 1
        else:
            wrong.append("left out: " + name)
    seen = sorted(line for line in lines if not line.startswith(("ok ", "no ")))
    if not report.check(what + " together", ([], sorted(wanted)), (wrong, seen), ("wanted", "tenon")):
        report.note(describe(world, *lines))


def waits_for_refused(lines, name):
    said = [line for line in lines if line.startswith("no %s: " % name)]
    return any(" which is refused" in line or "plugins need each other" in line for line in said)


def compare_check(report, world, loader, start, what):
    for name, plugin in world.plugins.items():
        why = Process(loader, world.host, mapped(start)).refuses(plugin)
        done = world.stock.check(world.host, loader, name)
        if not report.check("%s check %s" % (what, name), bool(why), done.returncode != 0):
            report.note(describe(world, sorted(why), done.stdout))


def compare_plain(world, loader, loaded, name, why):
    """What a loader that knows nothing of C code makes of a plugin that is refused."""
    plugin, files, places = world.plugins[name], [], []
    there = set(world.host.libraries).union(*[libraries for _, libraries in loaded])
    rest = {library: build for library, build in plugin.libraries.items() if library not in there}
    for plugin_name, libraries in [*loaded, (name, rest)]:
        folders = [world.stock.folder(*row) for row in libraries.items()]
        if plugin_name != name or not plugin.bare:
            places += folders + [str(world.stock.case.root / (plugin_name + ".src"))]
        files += ["%s/%s.cma" % (folder, library) for folder, library in zip(folders, libraries)]
        files.append("%s.src/%s.cma" % (plugin_name, plugin_name))
    lines = world.stock.ask(world.host, loader, *["raw:" + file for file in files], places=places)
    SEEN["plainly: " + outcome(lines, plugin, name)] += 1
    if outcome(lines, plugin, name) == "nothing to be seen":
        SEEN["nothing to be seen of: " + ", ".join(sorted(why))] += 1


def outcome(lines, plugin, name):
    if lines and lines[-1].startswith("status -"):
        return "crash"
    if "born " + name not in lines:
        return "failure"
    rows = [line.split()[1] for line in lines if line.startswith("mapped ")]
    if len(rows) != len(set(rows)):
        return "C code twice"
    for line in lines:
        words = line.split()
        if words[:2] == ["ran", name] and words[2] in plugin.libraries and (
                int(words[3]) // 1000 * 1000 != BUILDS[plugin.libraries[words[2]]]):
            return "C code of another build"
    return "nothing to be seen"


def compare(report, world, number):
    for loader in LOADERS:
        what, start = "world %d, %s" % (number, loader), world.stock.ask(world.host, loader)
        compare_in_turn(report, world, loader, start, what)
        compare_together(report, world, loader, start, what)
        if loader != "toplevel":
            compare_check(report, world, loader, start, what)


def main():
    if not ocamlcase.available():
        skip_all("no OCaml compilers, or no package built")
    report, case = Report(), Case()
    try:
        stock = Stock(case)
        for number in chosen_numbers(report, SAMPLE, ALL)[0]:
            compare(report, World(stock, number), number)
    finally:
        case.close()
    report.note("seen: " + ", ".join("%s %d" % row for row in sorted(SEEN.items())))
    report.finish()


if __name__ == "__main__":
    main()
