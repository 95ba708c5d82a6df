"""Random trees of libraries: what dlopen() of glibc and musl loads into a program, and tenon.

The trees are those of random_trees.py. In each stands a real program, with run paths of its own
drawn like a library's, that opens what it is told and lists what the process has then. With
TENON_CHECK=all there are many more; `random_dlopen.py NUMBER` makes one and leaves it for a look.

rule: glibc elf/dl-open.c, elf/dl-load.c; musl ldso/dynlink.c, dlopen()
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build
import loaders
import tenon
from opener import HOST
from report import Report, skip_all
from trees import DIRS, NAMES, RandomTree, random_cases

SAMPLE, ALL = 50, 2000  # trees
RUNS = 4                 # of one tree
LONGEST = 1000           # bytes of a run path

class Loader:
    """A real loader and the programs that are built for it: with a place for either run path."""

    def __init__(self, name, interp, compiler):
        self.name, self.interp, self.compiler = name, interp, compiler

    def build(self, tree):
        self.hosts = {}
        tree.compiler = self.compiler
        for tag, switch in (("rpath", "--disable-new-dtags"), ("runpath", "--enable-new-dtags")):
            self.hosts[tag] = tree.real_program("%s-%s" % (self.name, tag), HOST,
                                                "-Wl,%s,-rpath,%s" % (switch, "x" * LONGEST))

    def settle(self, made):
        """No tree is a root of its own here."""


def put_host(loader, made):
    """The program in bin/, with a run path or none."""
    tag = made.random.choice(("rpath", "runpath"))
    text = os.fsencode(made.search_list() if made.chance(0.8) else "")
    with open(loader.hosts[tag], "rb") as file:
        data = file.read()
    assert len(text) <= LONGEST
    made.write("bin/host", data.replace(b"x" * LONGEST, text + bytes(LONGEST - len(text))))
    return made.path("bin/host")


def start(host, library, env, cwd):
    done = subprocess.run([host, *([library] if library else [])], env=env, cwd=cwd,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return done.returncode, os.fsdecode(done.stdout)


def ask(host, library, env, cwd):
    """(what was there before, what came, message); LoaderFailed where the program itself fails."""
    status, out = start(host, None, env, cwd)
    if status != 0:
        raise loaders.LoaderFailed("the program does not start")
    before = out.splitlines()
    status, out = start(host, library, env, cwd)
    if status == 1:
        return before, [], out.strip()
    if status != 0:
        raise loaders.LoaderFailed("status %d" % status)
    return before, out.splitlines()[len(before):], None


def described(loader, came, message):
    """Either what came, or what could not be loaded: its name or its path stands first."""
    if message is None:
        return "loads " + ", ".join(came)
    if loader.interp == loaders.MUSL:
        message = message.replace("Error loading shared library ", "")
    return "fails for " + message.split(": ")[0]


def answered(row, before, real):
    """The same of tenon's answer. Loaders tell what is refused by its name or by its path."""
    if row["status"] == "error":
        return "fails for " + row["error"]["message"].split(": ")[0]
    libraries = row["libraries"]
    failed = [library for library in libraries
              if library["status"] in ("missing", "refused") and not library["optional"]]
    if not failed:
        paths = [tenon.text(library["path"]) for library in libraries
                 if library["status"] == "found"]
        return "loads " + ", ".join(path for path in paths if path not in before)
    final = [attempt["path"] for attempt in failed[0]["tried"] if attempt["final"]]
    ours = ["fails for " + tenon.text(name) for name in (failed[0]["name"], *final)]
    return real if real in ours else ours[0]


def compare(report, loader, made, seed):
    host = put_host(loader, made)
    for run in range(RUNS):
        world = made.world()
        library = made.see(made.random.choice(DIRS) + "/" + made.random.choice(NAMES))
        if not os.path.isfile(library):
            continue
        what = "%s tree %d run %d" % (loader.name, seed, run)
        try:
            before, came, message = ask(host, library, **world)
        except loaders.LoaderFailed:
            continue
        real = described(loader, came, message)
        row = next(iter(tenon.why([library], ("--exe", host), **world).values()))
        if not report.check(what, real, answered(row, before, real), (loader.name, "tenon")):
            report.note("   said: %s\n   with %s, %r" % (message, library, world))


def main():
    tenon.command()
    build.needs("gcc")
    usable = [loader for loader in (Loader("ld.so", loaders.GLIBC, "gcc"),
                                    Loader("ld-musl", loaders.MUSL, "musl-gcc"))
              if loaders.usable(loader.interp) and shutil.which(loader.compiler)]
    if not usable:
        skip_all("no loader for x86-64 here")
    report = Report()
    with build.Tree() as tree:
        for loader in usable:
            loader.build(tree)
        for seed, loader, top in random_cases(report, usable, SAMPLE, ALL):
            compare(report, loader, RandomTree(top, seed, loader, False), seed)
    report.finish()


if __name__ == "__main__":
    main()
