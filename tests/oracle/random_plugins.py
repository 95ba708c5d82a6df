#!/usr/bin/env python3
"""Random hosts, libraries and plugins: what really happens in the process, and what tenon says.

All is made of the same few units of C code, with state or without, of strong or of weak
definitions, each in three builds: the first, one that does something else, one that exports
something more. A host has some of them, libraries have others, and plugins link their own copies or
leave it to the process. Then the same host loads the plugins twice:

- by plain dlopen(RTLD_NOW). The loader says what is missing, and each unit with state says whenever
  a copy of it comes to life;
- by tenon_load(), which must refuse exactly what is missing, what is there twice, and what was
  compiled against another interface; and when it refuses, nothing may have come to life.

What no process shows is known from how the files were made: copies without state, which are
harmless unless they differ, and interfaces. Some libraries and plugins have no record: what these
hold is known by their symbols, and where these do not tell, either answer will do. With TENON_CHECK=all there are many more worlds;
`random_plugins.py NUMBER` makes one and leaves it for a look.
"""

import collections
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import BUILD, SANITIZED, SOURCE, Answer, Workshop  # noqa: E402
from report import Report, chosen_numbers  # noqa: E402

SAMPLE, ALL = 4, 240  # worlds
BATCH = 40  # worlds that are there at once
SETTLED = 2.1  # seconds: what changed a moment ago is not noted

# The units: what each calls, whether it has state, and whether what it defines is weak.
Unit = collections.namedtuple("Unit", "name needs stateful weak", defaults=(False,))
UNITS = {unit.name: unit for unit in (
    Unit("log", (), True), Unit("hash", (), False, True), Unit("table", ("hash",), True),
    Unit("clock", (), True, True), Unit("text", ("hash", "log"), False),
    Unit("queue", ("clock",), True), Unit("crc", (), False), Unit("mood", (), True, True))}
BUILDS = ("first", "other", "wider")  # the last exports one function more

STATEFUL = """
#include <stdio.h>
#include <stdlib.h>
static int count;
__attribute__((constructor)) static void come_to_life(void)
{
    FILE *out = fopen(getenv("BORN"), "a");
    if (out) {
        fputs("%(name)s\\n", out);
        fclose(out);
    }
}
%(weak)sint %(name)s_next(void) { return ++count + %(add)d%(calls)s; }
"""
STATELESS = """
%(weak)sint %(name)s_next(void) { return %(add)d%(calls)s; }
"""


def source_of(unit, build):
    weak = "__attribute__((weak)) " if unit.weak else ""
    words = {"name": unit.name, "weak": weak, "add": 100 if build == "other" else 0,
             "calls": "".join(" + %s_next()" % need for need in unit.needs)}
    lines = ["int %s_next(void);" % need for need in unit.needs]
    lines.append((STATEFUL if unit.stateful else STATELESS) % words)
    if build == "wider":
        lines.append("%sint %s_more(void) { return 1; }" % (weak, unit.name))
    return "\n".join(lines) + "\n"


def member(name, build, recorded):
    return "%s/%s/%s.a" % (build, name, "libcore" if recorded else "libplain")


def make_units(shop):
    """Each unit in each build, alone in an archive: core/NAME."""
    for build in BUILDS:
        for unit in UNITS.values():
            folder = "%s/%s" % (build, unit.name)
            os.makedirs(shop.path(folder))
            path = shop.write("%s/%s.c" % (folder, unit.name), source_of(unit, build))
            shop.run("gcc", "-fPIC", "-O1", "-c", path, "-o", path[:-1] + "o")
            for recorded in (False, True):
                shop.run("ar", "rcs", member(unit.name, build, recorded), path[:-1] + "o")
            shop.tenon("wrap", member(unit.name, build, True))
    shop.run("gcc", "-c", "-O1", "-D_GNU_SOURCE", os.path.join(SOURCE, "tests", "e2e", "driver.c"),
             "-I", os.path.join(SOURCE, "include"), "-o", "driver.o")


def closure(names, inside):
    """These units and what they call, as far as it is `inside`."""
    found, ahead = [], [name for name in names if name in inside]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.append(name)
            ahead += [need for need in UNITS[name].needs if need in inside]
    return sorted(found)


def prototypes(names):
    return "".join("int %s_next(void);\n" % name for name in names)


def total(names):
    return " + ".join(["0"] + ["%s_next()" % name for name in names])


SEEN = collections.Counter()  # reasons, "loads", and that one plugin serves another

# One file: the units in it by their build, the libraries it needs, the units it leaves undefined;
# whether it hides what it has and has a record; its own copies, the host it was packed against, and
# the units, by their build, of another plugin that it requires.
Made = collections.namedtuple(
    "Made", "units libraries undefined hidden recorded private against requires",
    defaults=(False, True, (), None, {}))

# A copy of a unit in a process.
Copy = collections.namedtuple("Copy", "build who made")


class World:
    def __init__(self, shop, folder, seed, linkers, report):
        self.shop, self.folder, self.random = shop, folder, random.Random(seed)
        self.linkers, self.report = linkers, report
        os.makedirs(shop.path(folder, "lib"))
        self.home = {name: self.random.choice(("archive", "archive", "archive", "s0", "s1"))
                     for name in UNITS}
        self.builds = {name: self.build_of(0.85) for name in UNITS}
        self.bundling = self.random.choice(("none", "auto"))  # or one plugin would serve another
        self.shared = {name: self.make_library(name) for name in ("s0", "s1")}
        roots = self.some(UNITS, 5)
        self.host = self.make_host("host", roots, self.builds)
        self.other = self.make_host("other", roots, {name: self.build_of(0.6) for name in UNITS})
        self.plugins = {}
        for i in range(self.random.randint(1, 3)):
            name = "p%d" % i
            self.plugins[name] = self.plugin(name)
            if not self.pack(name, self.plugins[name]):
                self.plugins[name] = self.plugins[name]._replace(against=None)
                self.pack(name, self.plugins[name])

    def chance(self, probability):
        return self.random.random() < probability

    @staticmethod
    def random_for(what):
        return random.Random(what.split(",")[0])

    def some(self, rows, most):
        rows = sorted(rows)
        return sorted(self.random.sample(rows, min(len(rows), self.random.randint(0, most))))

    def build_of(self, first):
        return "first" if self.chance(first) else self.random.choice(BUILDS[1:])

    def at_home(self, place):
        return {name for name in UNITS if self.home[name] == place}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        return self.shop.write(self.path(name), text)

    def link(self, out, inputs, *flags, record=True, strip=False):
        command = ["gcc", "-o", self.path(out), *inputs, *flags]
        linker = self.random.choice(self.linkers)
        if linker:
            command.append("-fuse-ld=" + linker)
        if record:
            self.shop.tenon("link", "--", *command)
        else:
            self.shop.run(*command)
        if strip:
            self.shop.run("strip", self.path(out))

    def whole(self, units, recorded=True):
        """All of these archives' members, used or not; each has its unit's record, or none has."""
        return ["-Wl,--whole-archive", *[member(*row, recorded) for row in sorted(units.items())],
                "-Wl,--no-whole-archive"]

    def use_libraries(self, names):
        return ["-Wl,--no-as-needed", *[self.shop.path(self.path("lib", "lib%s.so" % name))
                                        for name in names]]

    def needed_libraries(self, undefined):
        return sorted({self.home[name] for name in undefined} - {"archive"})

    def make_library(self, name):
        """A shared library; what its units call elsewhere is left to the process."""
        units = {unit: self.builds[unit] for unit in sorted(self.at_home(name))}
        undefined = {need for unit in units for need in UNITS[unit].needs} - set(units)
        self.write(name + ".c", "int %s_is_there(void) { return 1; }" % name)
        recorded = self.chance(0.7)
        self.link("lib/lib%s.so" % name, [self.path(name + ".c"), *self.whole(units, recorded)],
                  "-shared", "-fPIC", "-Wl,-soname,lib%s.so" % name, record=recorded,
                  strip=self.chance(0.3))
        return Made(units, (), undefined, recorded=recorded)

    def make_host(self, name, roots, builds):
        units = {unit: builds[unit] for unit in closure(roots, self.at_home("archive"))}
        calls = set(roots) | {need for unit in units for need in UNITS[unit].needs}
        libraries = self.needed_libraries(calls - set(units))
        # what the libraries call and the host has no use for itself comes with them, or is missing
        exports = self.random.choice((("-rdynamic",), ("-rdynamic",), ("-rdynamic",), ()))
        self.write(name + ".c", prototypes(roots) +
                   "int host_number(void) { return %s; }\n" % total(roots))
        build = ["-L" + BUILD, "-ltenon", "-Wl,-rpath," + BUILD]
        self.link(name, [self.path(name + ".c"), "driver.o", *self.whole(units),
                         *self.use_libraries(libraries)], *exports, *build, "-lpthread",
                  "-Wl,--allow-shlib-undefined", "-Wl,-rpath," + self.shop.path(self.path("lib")),
                  strip=self.chance(0.3))
        return Made(units, tuple(libraries), calls - set(units), not exports)

    def plugin(self, name):
        roots = self.some(UNITS, 3)
        units, undefined, ahead = {}, set(), list(roots)
        while ahead:
            unit = ahead.pop()
            if unit in units or unit in undefined:
                continue
            at_hand = (self.home[unit] != "archive" or unit in self.host.units or
                       self.who_shows(unit))
            if self.chance(0.3 if at_hand else 0.8):
                units[unit] = self.build_of(0.75)
                ahead += UNITS[unit].needs
            else:
                undefined.add(unit)
        libraries = [library for library in self.needed_libraries(undefined) if self.chance(0.85)]
        hidden = self.chance(0.4)
        self.write(name + ".c", prototypes(roots) +
                   "int %s_number(void) { return %s; }\n" % (name, total(roots)))
        flags = ["-shared", "-fPIC", "-Wl,-rpath,$ORIGIN:" + self.shop.path(self.path("lib"))]
        if hidden:
            flags.append("-Wl,--exclude-libs,ALL")
        if self.chance(0.2):
            flags.append("-Wl,-Bsymbolic")
        recorded = self.chance(0.85)
        self.link(name + ".so", [self.path(name + ".c"), *self.whole(units, recorded),
                                 *self.use_libraries(libraries)], *flags, record=recorded,
                  strip=self.chance(0.3))
        private = tuple(unit for unit in sorted(units)
                        if hidden and recorded and self.chance(0.3))
        against = self.random.choice((None, "host", "other"))
        requires = {unit: self.plugins[self.who_shows(unit)].units[unit]
                    for unit in sorted(undefined) if self.home[unit] == "archive" and
                    unit not in self.host.units and self.who_shows(unit) and self.chance(0.7)}
        return Made(units, tuple(libraries), undefined, hidden, recorded, private, against, requires)

    def who_shows(self, unit):
        """The first plugin that has a unit for others to see, and says so; None."""
        return next((name for name, made in self.plugins.items()
                     if unit in made.units and made.recorded and not made.hidden), None)

    def pack(self, name, made):
        """Whether there is a bundle now: none is made for a host that would refuse it."""
        words = ["--bundle=" + self.bundling]
        words += ["--private=core/" + unit for unit in made.private]
        words += ["--requires=core/%s=%s" % (unit, self.path(self.who_shows(unit) + ".so"))
                  for unit in made.requires]
        if made.against:
            words.append("--host=" + self.path(made.against))
        done = self.shop.tenon("pack", "-o", self.path(name + ".plugin"), "--name", name, *words,
                               self.path(name + ".so"), good=not made.against)
        if not made.against:
            return True
        found = doubles(self, [name], getattr(self, made.against))
        expected = done.returncode if "unknown" in found and len(found) == 1 else int(bool(found))
        self.report.check("%s pack --host=%s" % (self.path(name), made.against),
                          (sorted(found), expected), (sorted(found), done.returncode),
                          ("files", "tenon"))
        SEEN["refused by its host"] += done.returncode
        return done.returncode == 0

    def exports(self, name):
        """What a program exports: asked for, or since a library it was linked with refers to it."""
        out = self.shop.run("nm", "-D", "--defined-only", self.path(name)).stdout
        return {line.split()[2] for line in out.splitlines()}

    # ---- what happens -------------------------------------------------------------------------

    def ask(self, *words):
        """(answer, units that came to life, sorted)"""
        born = self.shop.path(self.path("born"))
        with open(born, "w", encoding="utf-8"):
            pass
        done = subprocess.run([self.shop.path(self.path("host")), *words], cwd=self.shop.dir,
                              env={**self.shop.env, **SANITIZED, "BORN": born},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        with open(born, encoding="utf-8") as file:
            return Answer(done.returncode, done.stdout, done.stderr), sorted(file.read().split())

    def copies(self, names, by_others=(), host=None):
        """The copies of each unit in the process once these plugins are loaded, but for those that
        are declared as a plugin's own: in its bundle, which others do not open."""
        host = host or self.host
        libraries = set(host.libraries)
        for name in names:
            libraries |= set(self.plugins[name].libraries)
        holders = [("host", host)] + [(name, self.shared[name]) for name in libraries]
        holders += [(name, self.plugins[name]) for name in names]
        found = collections.defaultdict(list)
        for who, made in holders:
            for unit, build in made.units.items():
                if unit not in made.private or who in by_others:
                    found[unit].append(Copy(build, who, made))
        return found


# ---- what must be said --------------------------------------------------------------------------

def defined(unit, build):
    return {unit + "_next"} | ({unit + "_more"} if build == "wider" else set())


def is_covered(unit, copy, by):
    """Do the symbols of a file without record tell that it has the unit of one with a record?"""
    return (copy.made.recorded and not by.made.hidden and
            defined(unit, copy.build) <= defined(unit, by.build))


def judge(unit, one, other):
    """What is to be said of two copies: a reason, "unknown", or nothing."""
    both = one.made.recorded and other.made.recorded
    if not UNITS[unit].stateful:
        if both:
            return "conflict" if one.build != other.build else None
        return "unknown"
    if both or is_covered(unit, one, other) or is_covered(unit, other, one):
        return "double"
    return "unknown"


def doubles(world, names, host=None):
    found = set()
    for unit, copies in world.copies(names, host=host).items():
        found |= {judge(unit, *pair) for pair in itertools.combinations(copies, 2)}
    return found - {None}


def comes_twice(world, there, name):
    """What is to be said of the copies that come with one plugin, beside what others opened."""
    found = set()
    before = world.copies(there, there)
    for unit, copies in world.copies([*there, name], there).items():
        old = {copy.who for copy in before[unit]}
        found |= {judge(unit, *pair) for pair in itertools.combinations(copies, 2)
                  if not {copy.who for copy in pair} <= old}
    return found - {None}


def other_interfaces(world, names):
    """What these plugins were packed against, and the host has with another interface."""
    found = set()
    for name in names:
        made = world.plugins[name]
        against = {"host": world.host, "other": world.other, None: None}[made.against]
        exports = world.exports(made.against) if against else set()
        for unit in made.undefined & set(world.host.units):
            if unit + "_next" not in exports:
                continue  # it cannot be meant
            if (against.units[unit] == "wider") != (world.host.units[unit] == "wider"):
                found.add(unit)
    return found


def providers(world, names, unit):
    """The plugins that have a unit for others to see."""
    return [name for name in names if unit in world.plugins[name].units and
            not world.plugins[name].hidden and world.plugins[name].recorded]


def serving(world, names):
    """The plugins that others require something of: they are opened for everybody."""
    return {provider for name in names for unit in world.plugins[name].requires
            for provider in providers(world, names, unit)}


def bundled(world, name):
    """The libraries in a bundle."""
    with zipfile.ZipFile(world.shop.path(world.path(name + ".plugin"))) as file:
        entries = {os.path.basename(entry) for entry in file.namelist()}
    return {library for library in world.shared if "lib%s.so" % library in entries}


def bringers(world, names, name):
    """The plugins that bring a library for one that needs it, and has no bundle of its own for it:
    such a plugin comes after them, and not without them."""
    wanted = set(world.plugins[name].libraries) - bundled(world, name) - set(world.host.libraries)
    return [other for other in names if other != name and wanted & bundled(world, other)]


def in_order(world, names):
    """As they are asked for, what others require right before them."""
    found, entered = [], set()

    def place(name):
        if name in entered:
            return
        entered.add(name)
        needs = {provider for unit in world.plugins[name].requires
                 for provider in providers(world, names, unit)} | set(bringers(world, names, name))
        for need in sorted(needs, key=names.index):
            place(need)
        found.append(name)

    for name in names:
        place(name)
    return found


def other_builds(world, names, asking=None):
    """What they require of another plugin is there with another interface."""
    copies = world.copies(names)
    return {unit for name in asking or names for unit, build in world.plugins[name].requires.items()
            for copy in copies[unit] if copy.made.recorded and
            (copy.build == "wider") != (build == "wider")}


def lucky(world, names):
    """Somebody finds what it did not ask for, as a third plugin did."""
    return any(unit not in world.plugins[name].requires and
               set(providers(world, names, unit)) & serving(world, names)
               for name in names for unit in world.plugins[name].undefined)


class Truth:
    """Why these plugins must not be loaded, and what comes to life if they are."""

    def __init__(self, world, names):
        words = {True: "global=", False: "dlopen="}
        answer, self.born = world.ask(*[
            words[name in serving(world, names)] + world.shop.path(world.path(name + ".so"))
            for name in names])
        self.why = set()
        if "0" in answer.all("dlopen"):
            self.why.add("missing")
        found = doubles(world, names)
        if not self.why:
            self.confirm(world, names, found)
        self.why |= found
        if other_interfaces(world, names) or other_builds(world, names):
            self.why.add("interface")
        if lucky(world, names):
            self.why = {"unknown"}
        self.is_open = self.why == {"unknown"}
        SEEN.update(self.why or {"loads"} | ({"served"} if serving(world, names) else set()))

    def confirm(self, world, names, found):
        """All of it is loaded: as many copies with state came to life as were put in."""
        private = collections.Counter(unit for name in names for unit in world.plugins[name].private)
        twice = {unit for unit, count in (collections.Counter(self.born) - private).items()
                 if count > 1}
        made = {unit for unit, copies in world.copies(names).items()
                if UNITS[unit].stateful and len(copies) > 1}
        if twice != made or (twice and not found):
            sys.exit("this test is wrong: %s, %s, %s" % (twice, made, found))

    def verdict(self):
        return "no" if self.why else "yes"


def bundle(world, name):
    return world.shop.path(world.path(name + ".plugin"))


def compare_together(report, world, names, before, what):
    """All in one request: all of them or none."""
    truth = Truth(world, in_order(world, names))
    if truth.is_open:
        return
    answer, born = world.ask("load=" + ",".join(bundle(world, name) for name in names))
    expected = (truth.verdict(), truth.born if not truth.why else before)
    if not report.check(what + " together", expected, (answer.one("answer"), born), ("real", "tenon")):
        report.note("   %s\n   %s" % (sorted(truth.why), answer))
    elif truth.why:
        report.check(what + " the process is as it was", "same", answer.one("state"))
    done = world.shop.tenon("check", "-q", world.path("host"),
                            *[bundle(world, name) for name in names], good=False)
    report.check(what + " check", 1 if truth.why else 0, done.returncode, ("real", "tenon"))


def compare_in_turn(report, world, names, before, what):
    """One after the other: what was refused is not there for the next one."""
    there, expected, born, whys = [], [], before, []
    for name in names:
        truth = Truth(world, there + [name])
        if truth.is_open:
            names = names[:len(expected)]
            break
        expected.append(truth.verdict())
        whys.append(sorted(truth.why))
        if not truth.why:
            there.append(name)
            born = truth.born
    answer, real = world.ask(*["load=" + bundle(world, name) for name in names])
    if not report.check(what + " in turn", (expected, born), (answer.all("answer"), real),
                        ("real", "tenon")):
        report.note("   %s\n   %s" % (whys, answer))


def compare_alone(report, world, names, before, what):
    """Each by itself: the one before was unloaded, and nothing of it is there."""
    words, expected, born = [], [], collections.Counter(before)
    for name in names:
        truth = Truth(world, [name])
        if truth.is_open:
            continue
        words.append("load=" + bundle(world, name))
        expected.append(truth.verdict())
        if not truth.why:
            words.append("unload=" + name)
            expected.append("yes")
            born.update(collections.Counter(truth.born) - collections.Counter(before))
    answer, real = world.ask(*words)
    if not report.check(what + " alone", (expected, sorted(born.elements())),
                        (answer.all("answer"), real), ("real", "tenon")):
        report.note("   %s" % answer)


def compare_each(report, world, names, before, what):
    """In one request, leaving out whoever does not fit with those that load before."""
    there, born = [], before
    for name in in_order(world, names):
        if set(bringers(world, names, name)) - set(there):
            continue
        truth = Truth(world, there + [name])
        if truth.is_open:
            return
        if not truth.why:
            there.append(name)
            born = truth.born
    answer, real = world.ask("each", "load=" + ",".join(bundle(world, name) for name in names))
    loaded = sorted(row.split()[0] for row in answer.all("plugin") if row.endswith(" loaded"))
    if not report.check(what + " each", (sorted(there), born), (loaded, real), ("real", "tenon")):
        report.note("   %s" % answer)


def compare_beside(report, world, names, before, what):
    """One of them was opened by others, with plain dlopen(): each of the rest beside it."""
    first, *rest = names
    how = world.random_for(what).choice(("dlopen=", "global="))
    file = world.shop.path(world.path(first + ".so"))
    opened = how + file
    answer, _ = world.ask(opened)
    if "0" in answer.all("dlopen"):
        return
    for name in rest:
        # Whoever has units that the plugin requires is made to serve it, as dlopen() can.
        needed = set(world.plugins[name].requires) & set(world.plugins[first].units)
        answer, born = world.ask(("global=" if needed else how) + file,
                                 "dlopen=" + world.shop.path(world.path(name + ".so")))
        why = comes_twice(world, [first], name)
        why |= {"missing"} if "0" in answer.all("dlopen") else set()
        why |= {"interface"} if other_interfaces(world, [name]) else set()
        why |= {"interface"} if other_builds(world, [first, name], [name]) else set()
        if why == {"unknown"}:
            continue
        _, quiet = world.ask(opened)
        expected = ("no", quiet) if why else ("yes", born)
        answer, real = world.ask(opened, "load=" + bundle(world, name))
        if not report.check("%s %s beside %s" % (what, name, how + first), expected,
                            (answer.one("answer"), real), ("real", "tenon")):
            report.note("   %s\n   %s" % (sorted(why), answer))


def compare_doubles(report, world, what):
    """`tenon units --doubles` of all files: every unit that two of them have, and no other."""
    files = {"host": world.host, **{"lib/lib%s.so" % name: made for name, made in world.shared.items()},
             **{name + ".so": made for name, made in world.plugins.items()}}
    out = world.shop.tenon("units", "--doubles", "--json", *[world.path(name) for name in files], good=False).stdout
    rows = json.loads(out)["doubles"]
    said = {row["unit"][5:]: {os.path.relpath(holder["file"], world.folder)
                              for holder in row["holders"] if holder["evidence"] == "record"}
            for row in rows if row["certain"] and (row["unit"] or "").startswith("core/")}
    recorded = {unit: {name for name, made in files.items() if made.recorded and unit in made.units}
                for unit in UNITS}
    wanted = {unit: names for unit, names in recorded.items() if len(names) > 1}
    report.check(what + " doubles", wanted, said, ("made", "tenon"))


def compare(report, world, what):
    answer, before = world.ask()
    if answer.status != 0:
        return report.skip(what, "the host does not start")
    names = sorted(world.plugins)
    world.random_for(what).shuffle(names)
    compare_together(report, world, names, before, what)
    compare_in_turn(report, world, names, before, what)
    compare_alone(report, world, names, before, what)
    compare_each(report, world, names, before, what)
    compare_beside(report, world, names, before, what)
    if "," not in what:
        compare_doubles(report, world, what)
    return None


def compare_all(report, worlds):
    """Of a cache that knows nothing yet, then while code is proven, then of what is known of it."""
    for number, world in worlds.items():
        compare(report, world, "world %d" % number)
    for how in ("noted", "known"):
        time.sleep(SETTLED)
        for number, world in worlds.items():
            compare(report, world, "world %d, %s" % (number, how))


def main():
    report = Report()
    with Workshop() as shop:
        linkers = [""] + [name for name, program in (("gold", "ld.gold"), ("lld", "ld.lld"),
                                                     ("mold", "mold")) if shutil.which(program)]
        make_units(shop)
        numbers, wanted = chosen_numbers(report, SAMPLE, ALL)
        numbers = list(numbers)
        for start in range(0, len(numbers), BATCH):
            worlds = {number: World(shop, "w%d" % number, number, linkers, report)
                      for number in numbers[start:start + BATCH]}
            compare_all(report, worlds)
            for world in worlds.values() if not wanted else ():
                shutil.rmtree(shop.path(world.folder))
        if wanted:
            kept = tempfile.mkdtemp(prefix="tenon-random-")
            shutil.copytree(shop.dir, kept, dirs_exist_ok=True)
            report.note("files: " + kept)
    report.note("seen: " + ", ".join("%s %d" % row for row in sorted(SEEN.items())))
    report.finish()


if __name__ == "__main__":
    main()
