#!/usr/bin/env python3
"""
Every command, and tenon_load(), while one call of the system after the other fails: what is written
is there as a whole or not at all, and no answer is given that is not right.

    faults.py [COMMAND,... [FAULT,...]]
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon  # noqa: E402
from plugins import MUSL, SANITIZED, SOURCE, Cases, Workshop  # noqa: E402
from report import skip_all, wants_all  # noqa: E402

LIMIT = 60  # seconds for one run
CACHE = "cache"

# KIND:ERROR[:on] of support/faults.c. What loaders make of files that they may not open is no
# fault: that is in why_rights.py.
FAULTS = """
    write:ENOSPC write:ENOSPC:on write:EIO write:short write:EINTR
    print:ENOSPC print:short print:EINTR
    fsync:EIO close:EIO truncate:EIO mode:EPERM lock:ENOLCK
    create:EROFS create:EACCES create:EMFILE create:EINTR
    open:EIO open:EMFILE open:EMFILE:on open:EINTR
    read:EIO read:EIO:on read:short read:EINTR
    list:EIO stat:EIO
    rename:EIO rename:EACCES:on mkdir:EACCES mkdir:ENOSPC unlink:EACCES
    spawn:EAGAIN spawn:EAGAIN:on thread:EAGAIN thread:EAGAIN:on
    memory:ENOMEM memory:ENOMEM:on
""".split()

# NAME: the command, and what it changes besides the cache
COMMANDS = {
    "why": ("tenon why prog", ""),
    "why-json": ("tenon why --json prog", ""),
    "why-symbols": ("tenon why --symbols prog", ""),
    "why-dir": ("tenon why lib", ""),
    "show": ("tenon show --exports --imports --json prog", ""),
    "units": ("tenon units host", ""),
    "units-archive": ("tenon units libcounter.a", ""),
    "units-bundle": ("tenon units stats.plugin", ""),
    "check": ("tenon check host stats.plugin", ""),
    "check-covered": ("tenon check shared twice.plugin", ""),
    "check-brings": ("tenon check host brings.plugin", ""),
    "run": ("tenon run stats.plugin", ""),
    "bundle-show": ("tenon bundle show --verify stats.plugin", ""),
    "cache-list": ("tenon cache list", ""),
    "plist": ("tenon plist PLIST", ""),
    "plist-scan": ("tenon plist --scan stage", ""),
    "flags": ("tenon flags --from=conf z", ""),
    "platform": ("tenon platform", ""),
    "load": ("host load=stats.plugin", ""),
    "load-twice": ("host load=twice.plugin", ""),
    "load-covered": ("shared load=twice.plugin", ""),
    "load-brings": ("host load=brings.plugin", ""),
    "load-again": ("host load=stats.plugin load=stats.plugin", ""),
    "load-covered-again": ("shared load=twice.plugin load=twice.plugin", ""),
    "pack": ("tenon pack -o new.plugin stats.so", "new.plugin"),
    "pack-over": ("tenon pack -o stats.plugin --desc=other stats.so", "stats.plugin"),
    "build": ("tenon build -o new.plugin plain.c", "new.plugin"),
    "bundle-update": ("tenon bundle update --version=9 --add-resource=PLIST stats.plugin",
                      "stats.plugin"),
    "bundle-install": ("tenon bundle install --destdir=to/here stats.plugin",
                       "to/here/stats.plugin"),
    "bundle-remove": ("tenon bundle remove --destdir=installed stats", "installed/stats.plugin"),
    "cache-prune": ("tenon cache prune --all", ""),
    "wrap": ("tenon wrap plain.a", "plain.a"),
    "wrap-new": ("tenon wrap -o new.a plain.a", "new.a"),
    "cc": ("tenon cc -- gcc -c plain.c", "plain.o"),
    "link": ("tenon link -- gcc -o new main.c plain.a", "new"),
    "find": ("tenon find z", ""),
    "find-write": ("tenon find --write=conf --format=pc z", "conf/conf-z.mk conf/z.pc"),
}

# What `make test` runs: some of each kind of writing, and what was wrong once.
SAMPLE = """
    pack write:ENOSPC:on pack fsync:EIO pack rename:EIO pack create:EROFS pack read:EIO
    bundle-update write:short bundle-update close:EIO bundle-install mkdir:ENOSPC
    wrap write:ENOSPC wrap rename:EIO cc stat:EIO units-bundle open:EIO plist read:EIO
    plist-scan open:EIO plist-scan read:EIO
    why open:EMFILE why read:EIO why-symbols open:EIO why-symbols read:EIO
    check-covered read:EIO load-covered-again open:EIO load-brings open:EIO
    cache-prune list:EIO load write:ENOSPC load fsync:EIO run create:EACCES build spawn:EAGAIN
    find spawn:EAGAIN
""".split()

# Words of which an answer that is not the usual one has some.
REASONS = ("Input/output error", "Permission denied", "No space left", "Read-only file system",
           "Too many open files", "Interrupted system call", "Resource temporarily unavailable",
           "out of memory", "Cannot allocate memory", "no memory", "memory exhausted",
           "No locks available", "Operation not permitted", "cannot be read", "unreadable", "(unknown)")

# What a host says that is the same in each run.
SAID = ("answer", "plugin", "finding", "error", "number", "step")


class Outcome:
    """What came of a run; of a host's words only those of SAID."""

    def __init__(self, status, out, err, files, is_host=False):
        if is_host:
            lines = out.splitlines()
            states = [line for line in lines if line.startswith(("state", "answer"))]
            self.leaks = ("state changed", "answer no") in zip(states, states[1:])
            out = "\n".join(line for line in lines if line.startswith(SAID))
        else:
            self.leaks = False
        self.status, self.out, self.err, self.files = status, out, err, files

    def gives_reason(self):
        return any(words in self.out + self.err for words in REASONS)

    def says_yes(self):
        return "answer yes" in self.out if "answer " in self.out else self.status == 0

    def answers(self):
        return [line for line in self.out.splitlines() if line.startswith("answer")]

    def stays_ill(self, normal):
        """Of a host with two requests: the first met the fault, and the second is not as ever."""
        mine, usual = self.answers(), normal.answers()
        return len(mine) == 2 and mine[0] != usual[0] and mine[1] != usual[1]

    def __str__(self):
        return "status %s\n%s\n--\n%s" % (self.status, self.out[-1500:], self.err[-1500:])


class Bench:
    """A directory with everything that the commands need, made anew for each run."""

    def __init__(self, shop):
        self.shop = shop
        self.work, self.model = shop.path("work"), shop.path("model")
        self.known = {}
        self.preload, self.log = shop.path("faults.so"), shop.path("log")

    def make(self):
        shop = self.shop
        shop.run("cc", "-shared", "-fPIC", "-O1", "-o", self.preload,
                 os.path.join(SOURCE, "tests", "support", "faults.c"), "-ldl")
        for folder in ("lib", "model", "stage/lib", "installed", "tmp", "conf"):
            os.makedirs(shop.path(folder))
        self.make_plugins()
        shop.write("prog.c", "int help(void); int main(void) { return help() != 42; }")
        shop.run("gcc", "-o", "prog", "prog.c", "lib/libhelp.so.1", "-Wl,-rpath,$ORIGIN/lib")
        shop.write("plain.c", "int plain(void) { return 7; }")
        shop.write("main.c", "int plain(void); int main(void) { return plain() != 7; }")
        shop.run("gcc", "-c", "-o", "p.o", "plain.c")
        shop.run("ar", "rcs", "plain.a", "p.o")
        shop.write("PLIST", "bin/x\n@library lib help\n")
        shutil.copy(shop.path("lib/libhelp.so.1"), shop.path("stage/lib"))
        os.symlink("libhelp.so.1", shop.path("lib/libhelp.so"))
        shutil.copy(shop.path("stats.plugin"), shop.path("installed"))
        shop.tenon("find", "--write=conf", "--format=pc", "z")
        shop.ask("host", "load=stats.plugin")
        for name in os.listdir(shop.dir):
            if name not in ("model", "faults.so"):
                shutil.move(shop.path(name), self.model)

    def make_plugins(self):
        """One that loads, and two that bring what the host has: by archive, by a library."""
        shop = self.shop
        count = "int counter_next(void) { static int n; return ++n; }"
        host = "int counter_next(void); int host_number(void) { return counter_next(); }"
        plugin = "int counter_next(void); int plugin_number(void) { return counter_next(); }"
        shop.write("help.c", "int help(void) { return 42; }\n")
        shop.write("counted.c", count)
        for name, source in (("help", "help.c"), ("counted", "counted.c")):
            shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,lib%s.so.1" % name, "-o",
                     "lib/lib%s.so.1" % name, source)
        shop.archive("counter", {"counter": count})
        shop.host("host", host, link=["libcounter.a"])
        shop.host("shared", host, "-Wl,-rpath,$ORIGIN/lib", link=["lib/libcounted.so.1"])
        shop.plugin("stats", "int help(void); int plugin_number(void) { return help(); }",
                    "-Wl,-rpath,$ORIGIN/lib", "-Wl,-rpath,$ORIGIN", link=["lib/libhelp.so.1"])
        shop.plugin("twice", plugin, link=["libcounter.a"])
        shop.plugin("brings", plugin, "-Wl,-rpath," + self.work + "/lib",
                    link=["lib/libcounted.so.1"], pack=["--bundle=none"])

    def reset(self, warm):
        """As if nothing had run; `warm`: but for what was kept in the cache."""
        def skipped(folder, names):
            return [name for name in names if folder == self.model and name == CACHE and not warm]
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.model, self.work, symlinks=True, ignore=skipped)

    def files(self):
        """The bytes of everything there, by path."""
        found = {}
        for base, _, names in os.walk(self.work):
            for path in (os.path.join(base, name) for name in names):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.work)] = file.read()
        return found

    def run(self, words, fault=None):
        env = dict(self.shop.env, TENON_CACHE=os.path.join(self.work, CACHE), HOME=self.work,
                   TMPDIR=os.path.join(self.work, "tmp"), LC_ALL="C")
        if os.path.exists(self.log):
            os.unlink(self.log)
        if fault:
            env.update(LD_PRELOAD=self.preload, TENON_FAULT=fault, TENON_FAULT_LOG=self.log)
        first, *rest = words.split()
        is_host = first != "tenon"
        program = os.path.join(self.work, first) if is_host else tenon.command()
        try:
            done = subprocess.run([program, *rest], cwd=self.work, env=env, text=True,
                                  errors="replace", stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return Outcome("(none: it hangs)", "", "", self.files())
        return Outcome(done.returncode, done.stdout, done.stderr, self.files(), is_host)

    def usual(self, name, warm):
        """(the files before a run without a fault, what comes of it)"""
        if (name, warm) not in self.known:
            self.reset(warm)
            self.known[name, warm] = self.files(), self.run(COMMANDS[name][0])
        return self.known[name, warm]

    def hits(self):
        """What was made to fail; nothing when no call had that number."""
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


def wrong_answer(name, kind, stays, outcome, normal):
    """What is wrong with what was said."""
    statuses = (0, 1, 2, 3, 126) if name in ("cc", "link") else (0, 1, 2, 3)
    if outcome.status not in statuses:
        yield "status %s" % outcome.status
    elif outcome.says_yes() and not normal.says_yes():
        yield "yes instead of no"
    elif name.endswith("-again") and not stays and outcome.stays_ill(normal):
        yield "the second request of a process does not know that the fault is over"
    elif outcome.leaks:
        yield "a refused plugin changed the process"
    elif (outcome.status, outcome.out) != (normal.status, normal.out):
        # to a loader a directory that stat() fails for is not there; jansson calls what it has no
        # room for malformed
        told = kind in ("stat", "memory")
        if not told and not outcome.gives_reason():
            yield "another answer without a reason"


def wrong_files(name, kind, outcome, normal, before, outputs):
    """What is wrong with what was written."""
    warned = name in ("cc", "link") and "record" in outcome.err
    for path in sorted(set(outcome.files) | set(before) | set(outputs)):
        now, old, new = (files.get(path) for files in (outcome.files, before, normal.files))
        if path in outputs and outcome.status == 0 and now != new and not warned:
            yield "status 0, and %s is not what it should be" % path
        elif now in (old, new) or path.startswith(CACHE + "/") or path in outputs and warned:
            continue
        elif path in outputs:
            yield "%s is half written" % path
        elif old is not None:
            yield "%s is %s" % (path, "lost" if now is None else "changed")
        elif kind not in ("unlink", "list", "stat"):  # what cannot be removed stays
            yield "%s is left behind" % path


def wrong_next(name, again, normal, outputs):
    """What a run without a fault finds: the same, unless it was done already."""
    done = name in ("bundle-remove", "cache-prune")
    if not done and (again.status, again.out) != (normal.status, normal.out):
        yield "the next run gives another answer:\n%s" % again
    for path in outputs:
        if again.files.get(path) != normal.files.get(path):
            yield "after the next run %s is not what it should be" % path


def numbers():
    """Each of the first calls, then fewer and fewer of them."""
    number = 1
    each, step = (20, 5) if wants_all() or len(sys.argv) > 1 else (6, 3)
    while True:
        yield number
        number += 1 if number < each else number // step


def try_fault(bench, cases, name, fault, warm):
    """One fault at one call after the other, until there is no such call. How many there were."""
    words, outputs = COMMANDS[name][0], COMMANDS[name][1].split()
    kind, _, error = fault.partition(":")
    before, normal = bench.usual(name, warm)
    for count, number in enumerate(numbers()):
        bench.reset(warm)
        outcome = bench.run(words, "%s:%d:%s" % (kind, number, error))
        hits = bench.hits()
        if not hits:
            return count
        wrong = [*wrong_answer(name, kind, error.endswith(":on"), outcome, normal),
                 *wrong_files(name, kind, outcome, normal, before, outputs),
                 *wrong_next(name, bench.run(words), normal, outputs)]
        cases.expect("%s%s, %s number %d, %s: %s" % (
            name, " (warm)" if warm else "", kind, number, error, "; ".join(wrong)),
            not wrong, "%s\n%s" % (hits[0], outcome))


def chosen():
    """(command, fault, warm) of what is to be tried"""
    if len(sys.argv) > 1:
        names = sys.argv[1].split(",")
        faults = sys.argv[2].split(",") if len(sys.argv) > 2 else FAULTS
        return [(name, fault, warm) for name in names for warm in (False, True) for fault in faults]
    if wants_all():
        return [(name, fault, warm) for name in COMMANDS for warm in (False, True)
                for fault in FAULTS]
    return [(name, fault, name.startswith("cache"))
            for name, fault in zip(SAMPLE[::2], SAMPLE[1::2])]


def main():
    if SANITIZED or MUSL:
        skip_all("the calls of this libc cannot be replaced by a preload")
    cases = Cases()
    with Workshop() as shop:
        bench = Bench(shop)
        bench.make()
        count = sum(try_fault(bench, cases, *row) for row in chosen())
    print("%d runs with a fault" % count)
    cases.finish()


if __name__ == "__main__":
    main()
