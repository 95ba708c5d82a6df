#!/usr/bin/env python3
"""The plugins that this system has, of any program: what dlopen() says of them, and what tenon says.

Each module below /usr/lib is copied, packed as it is, and loaded into small hosts that have a few
libraries in them, once by plain dlopen(RTLD_NOW) and once by tenon_load(). None of them has a record
of its units, so that all is known from symbols: what dlopen() loads must load, whatever else of the
same kind is in the process, and what it does not must be refused and leave the process as it was.
Then several are loaded into one process. Only copies of one file are the same thing twice, and files
of one SONAME another build of it.

A module that ends the process when it is opened is left out. With TENON_CHECK=all every module is
taken, else a sample.
"""

import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import loaders  # noqa: E402
import system  # noqa: E402
from plugins import Answer, Workshop  # noqa: E402
from report import Report, skip_all, wants_all  # noqa: E402

SAMPLE = 4          # modules
GROUPS, MOST = 2, 4  # groups of modules in one process, and how many there are in one; for all:
MOST_OF_ALL = 16
MIXED = 8            # groups of modules from anywhere, when all are wanted
SECONDS = 60         # for one process

# What hosts have besides the C library: each is left out where it cannot be linked.
HOSTS = {
    "plain": (),
    "glib": ("-lgmodule-2.0", "-lgio-2.0", "-lgobject-2.0", "-lglib-2.0"),
    "gtk": ("-lgtk-3", "-lgdk-3"),
    "qt": ("-lQt5Core", "-lQt5Gui"),
    "python": ("-lpython3.11",),
    "cxx": ("-lstdc++",),
}


def modules():
    """Shared objects that lie in no directory in which the loader looks for libraries."""
    places = ("/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu")
    return [image.path for image in system.dynamic_images("/usr/lib")
            if image.path.endswith(".so") and os.path.dirname(image.path) not in places and
            image.loader == loaders.GLIBC]


class Trial:
    def __init__(self, shop, report):
        self.shop, self.report = shop, report
        self.hosts = [name for name in HOSTS if self.make_host(name)]
        self.opens = {}  # (host, module): whether dlopen() loads it; None: the process ended
        report.note("hosts: " + ", ".join(self.hosts))

    def make_host(self, name):
        try:
            self.shop.host(name, "int host_number(void) { return 1; }", "-rdynamic",
                           link=("-Wl,--no-as-needed", *HOSTS[name]))
        except SystemExit:
            return False
        return True

    def ask(self, host, *words):
        """The answer of a host; None: it did not come to an end of its own."""
        try:
            done = subprocess.run([self.shop.path(host), *words], cwd=self.shop.dir,
                                  env=self.shop.env, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return None
        answer = Answer(done.returncode, done.stdout.decode(errors="replace"),
                        done.stderr.decode(errors="replace"))
        return answer if answer.status == 0 else None

    def copy(self, path, name):
        """The module in a directory of its own, packed; None: it was not."""
        if not os.path.exists(self.shop.path(name)):
            os.mkdir(self.shop.path(name))
            subprocess.run(["cp", path, self.shop.path(name, name + ".so")], check=True)
            done = self.shop.tenon("pack", "-o", name + ".plugin", "--name", name, "--bundle=none",
                                   self.shop.path(name, name + ".so"), good=False)
            self.report.check("pack " + path, 0, done.returncode)
        return name if os.path.exists(self.shop.path(name + ".plugin")) else None

    def file_of(self, name):
        return self.shop.path(name, name + ".so")

    def does_open(self, host, name):
        if (host, name) not in self.opens:
            answer = self.ask(host, "dlopen=" + self.file_of(name))
            self.opens[host, name] = None if answer is None else answer.one("dlopen") == "1"
        return self.opens[host, name]

    def alone(self, path, name):
        if not self.copy(path, name):
            return
        for host in self.hosts:
            opens = self.does_open(host, name)
            if opens is None:
                self.report.skip("%s in %s" % (path, host), "it ends the process")
                continue
            answer = self.ask(host, "load=" + name + ".plugin")
            said = (answer.one("answer") == "yes", answer.one("state")) if answer else None
            expected = (opens, said[1] if opens and said else "same")
            if not self.report.check("%s in %s" % (path, host), expected, said, ("dlopen", "tenon")):
                self.report.note(str(answer))

    def together(self, what, rows):
        """Those that can be in one process, in one request."""
        names = [self.copy(path, name) for path, name in rows]
        for host in self.hosts:
            loading = sorted(name for name in names if name and self.does_open(host, name))
            plain = self.ask(host, *["dlopen=" + self.file_of(name) for name in loading])
            if len(loading) < 2 or plain is None or "0" in plain.all("dlopen"):
                continue
            answer = self.ask(host, "each", "load=" + ",".join(name + ".plugin" for name in loading))
            loaded = sorted(row.split()[0] for row in answer.all("plugin")
                            if row.endswith(" loaded")) if answer else None
            if not self.report.check("%s in %s" % (what, host), self.distinct(loading), loaded,
                                     ("dlopen", "tenon")):
                self.report.note(str(answer))

    def distinct(self, names):
        """Without those that are the same file as one before, or the same library."""
        seen, found = set(), []
        for name in names:
            marks = {self.digest(name), self.soname(name)} - {None}
            if not marks & seen:
                found.append(name)
                seen |= marks
        return found

    def digest(self, name):
        with open(self.file_of(name), "rb") as file:
            return hashlib.sha256(file.read()).digest()

    def soname(self, name):
        done = subprocess.run(["readelf", "--wide", "--dynamic", self.file_of(name)],
                              capture_output=True, text=True, check=True)
        return next((line.split("[", 1)[1].rstrip("]") for line in done.stdout.splitlines()
                     if "(SONAME)" in line), None)


def groups_of(rows):
    """Modules of one directory each, and some of anywhere: (what, rows)"""
    most = MOST_OF_ALL if wants_all() else MOST
    folders = {}
    for row in rows:
        folders.setdefault(os.path.dirname(row[0]), []).append(row)
    found = [(folder, system.sample(of, most)) for folder, of in sorted(folders.items())
             if len(of) > 1]
    if not wants_all():
        return system.sample(found, GROUPS)
    return found + [("mixed %d" % i, rows[i::len(rows) // most + 1]) for i in range(MIXED)]


def main():
    report = Report()
    rows = [(path, "m%d" % i) for i, path in enumerate(modules())]
    if not rows:
        skip_all("no modules")
    chosen = rows if wants_all() else system.sample(rows, SAMPLE)
    report.note("%d of %d modules%s" % (len(chosen), len(rows),
                                       "" if wants_all() else " (TENON_CHECK=all for all)"))
    with Workshop() as shop:
        trial = Trial(shop, report)
        for path, name in chosen:
            trial.alone(path, name)
        for what, group in groups_of(rows):
            trial.together(what, group)
    report.finish()


if __name__ == "__main__":
    main()
