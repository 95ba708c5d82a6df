"""glibc's own answer against tenon's for the dynamic executables and libraries of this system.

With TENON_CHECK=all every file below /usr, else a sample. The names, paths, order and misses must
be the same. Real paths are fed: there $ORIGIN is the same under ld.so FILE and the kernel.

rule: glibc elf/rtld.c (LD_TRACE_LOADED_OBJECTS), elf/dl-load.c
"""

import collections
import concurrent.futures
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build
import loaders
import musl_case
import system
import tenon
from report import Report, first_difference, skip_all, wants_all

SAMPLE = 400          # of programs, and of libraries
VARIANT_SAMPLE = 60   # of files, for each environment
STARTED_SAMPLE = 200  # of programs that the kernel starts


def ask(images, ask_one):
    """The loader's answers by path; a LoaderFailed where it has none."""
    def one(image):
        try:
            return image.path, ask_one(image)
        except loaders.LoaderFailed as failure:
            return image.path, failure

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return dict(pool.map(one, images))


def trace(image, env=None, cwd=None):
    if image.loader == loaders.MUSL:
        return loaders.musl_list(image.path, env, cwd)
    return loaders.glibc_trace(image.path, env, cwd, image.loader)


class Comparison:
    """Compares many answers and counts what the loader itself could not answer."""

    def __init__(self, report):
        self.report = report
        self.unanswered = collections.Counter()
        self.kinds = collections.Counter()

    def run(self, what, images, ask_one=trace, **world):
        real = ask(images, lambda image: ask_one(image, **world))
        rows = tenon.why([image.path for image in images], ("--skip-other",), **world)
        before = self.report.compared, self.report.agree
        for image in images:
            self._compare(what, image, real[image.path], rows.get(image.path))
        self.report.note("%s: %d compared, %d agree" % (
            what, self.report.compared - before[0], self.report.agree - before[1]))

    def _compare(self, what, image, real, row):
        name = "%s%s" % (image.path, "" if what == "files" else " [%s]" % what)
        if isinstance(real, loaders.LoaderFailed):
            self.unanswered[str(real)] += 1
            return
        self.kinds[image.loader] += 1
        if real.stop is not None and real.stop.startswith(image.path + ": "):
            # The loader refuses the file itself: tenon says so, or leaves it out as no program.
            refused = row is None or row["status"] in ("error", "refused")
            self.report.check(name, real.stop, real.stop if refused else tenon.answer(row),
                              ("loader", "tenon"))
        elif row is None:
            self.report.check(name, real, "no result", ("loader", "tenon"))
        elif image.loader == loaders.MUSL:
            ours = musl_case.answer(row, real)
            # musl's own file does not tell whose it is: taken for one of glibc, it needs nothing
            own = os.path.realpath(image.path) == os.path.realpath(loaders.MUSL)
            self.report.check(name, real, loaders.without_itself(ours) if own else ours,
                              ("loader", "tenon"))
        else:
            ours = tenon.answer(row, real)
            # a trace of what needs nothing says so, and lists nothing
            alone = not real.objects and loaders.glibc_version() >= (2, 41)
            self._compare_glibc(name, real, loaders.without_itself(ours) if alone else ours)

    def _compare_glibc(self, name, real, ours):
        """Long answers are shortened to the rows that differ."""
        if real != ours and real.stop is None and ours.stop is None and real.objects:
            real_rows = [str(row[1] or row) for row in real.objects]
            our_rows = [str(row[1] or row) for row in ours.objects]
            name += " (loader | tenon: %s)" % first_difference(real_rows, our_rows)
        self.report.check(name, real, ours, ("loader", "tenon"))


def choose(report, images):
    """The files to compare: all, or a sample of each kind."""
    programs = [image for image in images if image.is_program]
    libraries = [image for image in images if not image.is_program]
    if wants_all():
        report.note("all: %d programs, %d libraries" % (len(programs), len(libraries)))
        return programs + libraries
    report.note("a sample: %d of %d programs, %d of %d libraries (TENON_CHECK=all for all)" % (
        min(SAMPLE, len(programs)), len(programs), min(SAMPLE, len(libraries)), len(libraries)))
    return system.sample(programs, SAMPLE) + system.sample(libraries, SAMPLE)


def system_library(name):
    """The file of a library that the default search finds; None when there is none."""
    for directory in ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"):
        path = os.path.join(directory, name)
        if os.path.exists(path):
            return os.path.realpath(path)
    return None


COPIED = ("libz.so.1", "libm.so.6", "libtinfo.so.6", "libpthread.so.0", "libgcc_s.so.1",
          "libstdc++.so.6", "libselinux.so.1", "libgmp.so.10")


def variants(tree):
    """(name, environment, current directory): the search under other circumstances"""
    places = ["plain", "v2/glibc-hwcaps/x86-64-v2", "v3/glibc-hwcaps/x86-64-v3",
              "v4/glibc-hwcaps/x86-64-v4", "old/tls/x86_64", "older/x86_64", "cwd"]
    files = [path for path in map(system_library, COPIED) if path]
    for i, place in enumerate(places):
        for path, name in zip(files, COPIED):
            if i == 0 or (len(name) + i) % 3:  # not the same libraries everywhere
                os.makedirs(tree.path(place), exist_ok=True)
                shutil.copy2(path, tree.path(place, name))
    plain, mixed = tree.path("plain"), [tree.path(name) for name in ("v4", "old", "v2", "plain")]
    library = system_library("libm.so.6") or loaders.GLIBC
    return [
        ("LD_LIBRARY_PATH", {"LD_LIBRARY_PATH": plain}, None),
        ("hwcaps and legacy directories", {"LD_LIBRARY_PATH": ":".join(mixed)}, None),
        ("semicolons and absent directories", {"LD_LIBRARY_PATH": "/none;%s;" % plain}, "/"),
        ("other order", {"LD_LIBRARY_PATH": ":".join(reversed(mixed))}, None),
        ("older", {"LD_LIBRARY_PATH": "%s:%s" % (tree.path("older"), tree.path("v3"))}, None),
        ("empty element", {"LD_LIBRARY_PATH": ":/none"}, tree.path("cwd")),
        ("LD_PRELOAD", {"LD_PRELOAD": library}, None),
        ("LD_PRELOAD by name", {"LD_PRELOAD": "libm.so.6"}, None),
        ("LD_PRELOAD missing", {"LD_PRELOAD": "libtenon-gone.so:/none/gone.so"}, None),
        ("all at once", {"LD_PRELOAD": "libz.so.1 libm.so.6",
                         "LD_LIBRARY_PATH": ":".join(mixed) + ":"}, tree.path("cwd")),
    ]


def started(image, env=None, cwd=None):
    return loaders.glibc_start(image.path, env, cwd)


class Built:
    """A program of ours, as the comparison wants it."""

    def __init__(self, path):
        self.path = path
        self.loader = loaders.GLIBC


def linked_programs(tree):
    """Programs reached through symbolic links, with $ORIGIN in their run paths"""
    tree.lib("real/lib/libx.so.1", "libx.so.1", needed=["liby.so.1"], runpath="$ORIGIN/../more")
    tree.lib("real/more/liby.so.1", "liby.so.1")
    tree.lib("lib/libx.so.1", "libx.so.1")
    tree.program("real/bin/one", needed=["libx.so.1"], runpath="$ORIGIN/../lib")
    tree.program("real/bin/two", needed=["libx.so.1"], rpath="${ORIGIN}/../lib:$ORIGIN/../more")
    tree.link("bin", "real/bin")
    tree.link("elsewhere/three", tree.path("bin/one"))
    tree.link("elsewhere/four", "../elsewhere/three")
    tree.link("real/other", "lib")
    tree.program("real/bin/five", needed=["libx.so.1"], runpath="$ORIGIN/../other")
    return [Built(tree.path(path)) for path in ("real/bin/one", "bin/one", "bin/two",
                                                "elsewhere/three", "elsewhere/four", "bin/five")]


def main():
    if not loaders.usable(loaders.GLIBC):
        skip_all("no glibc for x86-64 here")
    tenon.command()
    report = Report()
    usable = {path: loaders.usable(path) for path in
              (loaders.GLIBC, loaders.GLIBC_32, loaders.GLIBC_X32, loaders.MUSL)}
    found = system.dynamic_images()
    images = [image for image in found if usable.get(image.loader)]
    report.note("%d dynamic images below /usr, %d of machines that run here" % (
        len(found), len(images)))
    comparison = Comparison(report)
    comparison.run("files", choose(report, images))

    own = [image for image in images if image.loader == loaders.GLIBC]
    few = system.sample([image for image in own if image.needs_libraries()], VARIANT_SAMPLE)
    if shutil.which("gcc"):
        with build.Tree(interp=loaders.GLIBC) as tree:
            for name, env, cwd in variants(tree):
                comparison.run(name, few, env=env, cwd=cwd)
        with build.Tree(interp=loaders.GLIBC) as tree:
            comparison.run("through links", linked_programs(tree), started)
    else:
        report.skip("environments", "no gcc")
    startable = [image for image in own if image.interp == loaders.GLIBC and not image.privileged
                 and os.access(image.path, os.X_OK)]
    comparison.run("started by the kernel", startable if wants_all() else
                   system.sample(startable, STARTED_SAMPLE), started)

    for reason, count in comparison.unanswered.most_common():
        report.note("the loader itself has no answer for %d: %s" % (count, reason))
    for loader, count in sorted(comparison.kinds.items()):
        report.note("%d answers by %s" % (count, loader))
    report.finish()


if __name__ == "__main__":
    main()
