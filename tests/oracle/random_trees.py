"""Random trees of libraries: the real loaders of glibc and musl against tenon.

Each tree is made from its number: directories, some of them links to others, with libraries that
are good, of another class or machine, no libraries at all, links to one another or links to
nowhere; names, run paths, flags, environment and current directory drawn from what loaders treat
in their own ways. Every third tree is a root of its own, with a cache that ldconfig made, or
musl's file of directories; tenon is asked about the former once more without that cache, when it
has to go by ld.so.conf as ldconfig did. What is right is only what the loader answers. With TENON_CHECK=all
there are many more trees; `random_trees.py NUMBER` makes one and leaves it for a look.

rule: glibc elf/dl-load.c, elf/rtld.c (trace mode); musl ldso/dynlink.c (ldd mode)
"""

import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build
import loaders
import musl_case
import tenon
from report import Report, skip_all
from trees import DIRS, RandomTree, random_cases

SAMPLE, ALL = 60, 3000  # trees
RUNS = 3                 # of one tree, each with an environment of its own
ABSENT = "No such file or directory"


class Glibc:
    name, interp = "ld.so", loaders.GLIBC

    @staticmethod
    def settle(made):
        """The loader in a root of its own, and a cache of some directories."""
        made.write(loaders.GLIBC[1:], open(loaders.GLIBC, "rb").read())
        build.reseal_cache(made.top, *[made.see(made.random.choice(DIRS)) for _ in range(3)],
                           keep_links=made.chance(0.5))

    @staticmethod
    @contextlib.contextmanager
    def without_cache(made):
        """The tree as one that was only unpacked: tenon has to go by what ldconfig went by."""
        cache = made.path("etc/ld.so.cache")
        os.rename(cache, cache + "~")
        yield
        os.rename(cache + "~", cache)

    @staticmethod
    def ask(program, **world):
        return loaders.glibc_trace(program, **world)

    @staticmethod
    def answer(row, real):
        """An auxiliary object that is missing stands in a trace, but stops no program."""
        answer = tenon.answer(row, real)
        spared = {tenon.text(library["name"]) for library in row["libraries"]
                  if library["flavour"] == "auxiliary" and library["status"] == "missing"}
        answer.objects += [(name, None) for name in spared & real.missing()]
        return answer


class Musl:
    name, interp = "ld-musl", loaders.MUSL

    @staticmethod
    def settle(made):
        """The loader in a root of its own, and its file of directories."""
        made.write(loaders.MUSL[1:], open(loaders.MUSL, "rb").read())
        if made.chance(0.7):
            lines = made.random.choice(":\n").join(made.places())
            made.write("etc/ld-musl-x86_64.path", lines.encode())

    @staticmethod
    def ask(program, **world):
        return Musl._plain(loaders.musl_list(program, **world))

    @staticmethod
    def answer(row, real):
        return Musl._plain(musl_case.answer(row, real))

    @staticmethod
    def _plain(answer):
        """The loader tells a miss each time that the name is listed, and where it has tried
        nothing, by whatever errno there was."""
        if answer.stop is None:
            answer.failures = sorted({
                (name, ABSENT if reason == musl_case.NOTHING_TRIED else reason, by)
                for name, reason, by in answer.failures})
        return answer


def ask_tenon(report, what, loader, made, world, real):
    row = tenon.why([made.program], sysroot=made.root, cpu="native", **world)[made.program]
    if not report.check(what, real, loader.answer(row, real), (loader.name, "tenon")):
        report.note("   with %r" % world)


def compare(report, loader, made, seed):
    for run in range(RUNS):
        world = made.world()
        what = "%s tree %d run %d" % (loader.name, seed, run)
        try:
            real = loader.ask(made.program, root=made.root, **world)
        except loaders.LoaderFailed as failure:
            report.skip(what, str(failure))
            continue
        ask_tenon(report, what, loader, made, world, real)
        if made.root and loader is Glibc and not made.mixes_classes():
            with loader.without_cache(made):
                ask_tenon(report, what + " without its cache", loader, made, world, real)


def main():
    tenon.command()
    usable = [loader for loader in (Glibc, Musl) if loaders.usable(loader.interp)]
    if not usable:
        skip_all("no loader for x86-64 here")
    loaders.TIMEOUT = 5
    report = Report()
    for seed, loader, top in random_cases(report, usable, SAMPLE, ALL):
        rooted = seed % 3 == 2 and os.geteuid() == 0
        compare(report, loader, RandomTree(top, seed, loader, rooted), seed)
    report.finish()


if __name__ == "__main__":
    main()
