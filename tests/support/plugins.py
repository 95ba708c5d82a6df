"""Builds hosts and plugins with real compilers, and asks them what happens."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

import tenon
from report import skip_all

SOURCE = tenon.source_root()
BUILD = os.environ.get("TENON_BUILD") or os.path.join(SOURCE, "build")

# Where libraries for musl are (tools/musl): hosts and plugins are then built for musl, and join
# the libtenon of TENON_BUILD, which is built for it too.
MUSL = os.environ.get("TENON_MUSL")
MUSL_GCC = """#!/bin/sh
exec musl-gcc -I%s/include -L%s/lib "$@"
"""

SHOWN = 20  # lines of an answer that was not expected

COUNTER = """
static int n;
int counter_next(void) { return ++n; }
"""
USES_COUNTER = """
int counter_next(void);
int plugin_number(void) { return counter_next(); }
"""
HOST_COUNTS = """
int counter_next(void);
int host_number(void) { return counter_next(); }
"""


def sanitized():
    """The environment in which a plain program can load a libtenon built with sanitizers."""
    needed = subprocess.run(["readelf", "-dW", os.path.join(BUILD, "libtenon.so")],
                            capture_output=True, text=True).stdout
    if "libasan" not in needed:
        return {}
    libraries = [subprocess.run(["gcc", "-print-file-name=" + name], capture_output=True,
                                text=True).stdout.strip() for name in ("libasan.so", "libubsan.so")]
    return {"LD_PRELOAD": ":".join(libraries), "ASAN_OPTIONS": "detect_leaks=0"}


SANITIZED = sanitized()

# What must not run in a refused plugin: it would change the environment.
CONSTRUCTOR = """
#include <stdlib.h>
__attribute__((constructor)) static void constructed(void) { setenv("CONSTRUCTED", "yes", 1); }
"""


class Answer:
    """What a host printed, by the first word of each line."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        self.lines = [line.partition(" ")[::2] for line in out.splitlines()]

    def all(self, word):
        return [rest for first, rest in self.lines if first == word]

    def one(self, word):
        found = self.all(word)
        return found[-1] if found else None

    def findings(self):
        """(code, refuses, message)"""
        rows = [rest.split(" ", 2) for rest in self.all("finding")]
        return [(code, refuses == "refuses", message) for code, refuses, message in rows]

    def codes(self):
        return sorted({code for code, refuses, _ in self.findings() if refuses})

    def messages(self):
        return " | ".join(message for _, _, message in self.findings())

    def gist(self):
        """All that must be the same when the same is asked again."""
        return {word: sorted(self.all(word)) if word in ("plugin", "has") else self.all(word)
                for word in ("answer", "plugin", "has", "call", "number", "state", "step")
                } | {"codes": self.codes()}

    def __str__(self):
        return "status %d\n%s%s" % (self.status, self.out, self.err)


class Workshop:
    """A directory in which things are built; paths are relative to it."""

    def __init__(self):
        self.dir = None
        self.musl = False
        self.asked = []  # (words of a question, the files that were there, its answer)

    def __enter__(self):
        for tool in ("gcc", "ar", "strip"):
            if shutil.which(tool) is None:
                skip_all("no " + tool)
        if not os.path.exists(os.path.join(BUILD, "libtenon.so")):
            skip_all("no libtenon.so in the build tree")
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="tenon-e2e-"))
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("TENON_", "LD_", "XDG_"))}
        self.env["TENON_CACHE"] = self.path("cache")
        self.env["HOME"] = self.dir
        self.musl = bool(MUSL)
        if self.musl:
            self._put_musl_gcc()
        return self

    def _put_musl_gcc(self):
        os.mkdir(self.path("bin"))
        for name in ("gcc", "cc"):
            self.write("bin/" + name, MUSL_GCC % (MUSL, MUSL))
            os.chmod(self.path("bin", name), 0o755)
        self.env["PATH"] = self.path("bin") + ":" + self.env["PATH"]

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def run(self, *command, good=True, **more):
        if "input" not in more:
            more["stdin"] = subprocess.DEVNULL
        done = subprocess.run([str(part) for part in command], cwd=self.dir, env=self.env,
                              capture_output=True, text=True, timeout=300, **more)
        if good and done.returncode != 0:
            sys.exit("%s: status %d\n%s%s" % (" ".join(map(str, command)), done.returncode,
                                              done.stdout, done.stderr))
        return done

    def tenon(self, *arguments, **more):
        return self.run(tenon.command(), *arguments, **more)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def object(self, name, code, *flags, compiler="gcc"):
        """NAME.o, with its unit's record as `tenon cc` writes it."""
        source = self.write(name + (".cc" if compiler.endswith("++") else ".c"), code)
        self.tenon("cc", "--", compiler, "-fPIC", "-O1", "-c", source, "-o", name + ".o", *flags)
        return name + ".o"

    def archive(self, name, members, *flags):
        """libNAME.a of {member: code}, recorded by `tenon wrap`: units NAME/MEMBER."""
        objects = []
        for member, code in members.items():
            source = self.write(member + ".c", code)
            self.run("gcc", "-fPIC", "-O1", "-c", source, "-o", member + ".o", *flags)
            objects.append(member + ".o")
        path = "lib%s.a" % name
        if os.path.exists(self.path(path)):
            os.unlink(self.path(path))
        self.run("ar", "rcs", path, *objects)
        self.tenon("wrap", path)
        return path

    def _compile(self, name, code, *flags, compiler):
        """NAME.o without a record: `tenon link` would compile a source three times."""
        source = self.write(name + (".cc" if compiler.endswith("++") else ".c"), code)
        self.run(compiler, "-O1", "-c", source, "-o", name + ".o", *flags)
        return name + ".o"

    def plugin(self, name, code, *flags, compiler="gcc", strip=False, pack=(), record=True,
               link=()):
        """NAME.plugin of one source; `link`: what comes after it on the command line."""
        made = self._compile(name, code, "-fPIC", *flags, compiler=compiler)
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", name + ".so", *flags, made, *link]
        if record:
            self.tenon("link", "--", *command)
        else:
            self.run(*command)
        if strip:
            self.run("strip", name + ".so")
        self.pack(name, *pack)
        return name + ".plugin"

    def pack(self, name, *arguments, code=None):
        return self.tenon("pack", "-o", name + ".plugin", "--name", name, *arguments,
                          code or name + ".so")

    def host(self, name, code, *flags, link=(), compiler="gcc", strip=False, record=True,
             static_tenon=False):
        """A host that can be told what to do (driver.c), with more code of its own."""
        driver = os.path.join(SOURCE, "tests", "e2e", "driver.c")
        if not os.path.exists(self.path("driver.o")):
            self.run("gcc", "-c", "-O1", "-D_GNU_SOURCE", driver, "-I",
                     os.path.join(SOURCE, "include"), "-o", "driver.o")
        made = self._compile(name, code, *flags, compiler=compiler)
        tenon_flags = (["-L" + BUILD, "-ltenon", "-Wl,-rpath," + BUILD] if not static_tenon else
                       [os.path.join(BUILD, "libtenon.a"), "-lsodium", "-ljansson", "-lz"])
        if static_tenon and SANITIZED:
            tenon_flags.append("-fsanitize=address,undefined")
        command = [compiler, "-O1", "-o", name, *flags, made, "driver.o", *link, *tenon_flags,
                   "-lpthread"]
        if record:
            self.tenon("link", "--", *command)
        else:
            self.run(*command)
        if strip:
            self.run("strip", name)
        return name

    def ask(self, host, *words, env=None, **more):
        """Runs a host with these words, and gives its Answer."""
        done = subprocess.run([self.path(host), *words], cwd=self.dir,
                              env={**self.env, **SANITIZED, **(env or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300, **more)
        answer = Answer(done.returncode, done.stdout, done.stderr)
        if not env and not more:
            self.asked.append(((host, *words), self.files(), answer))
        return answer

    def files(self):
        """What is built, by path: whatever changes in a file changes its row."""
        found = {}
        for base, folders, names in os.walk(self.dir):
            folders[:] = [name for name in folders if "cache" not in name]
            for path in (os.path.join(base, name) for name in names):
                info = os.lstat(path)
                found[path] = (info.st_ino, info.st_size, info.st_ctime_ns)
        return found

    def again(self, cases):
        """
        Everything that was asked about files that are still the same, asked again of a cache that
        knows them. What another host could load is proven there, also where it is to be refused.
        """
        now = self.files()
        rows = [(words, answer) for words, files, answer in self.asked
                if all(now.get(path) == row for path, row in files.items())]
        known = {"TENON_CACHE": self.path("cache-again")}
        self.host("prover", "int proves(void) { return 1; }", "-rdynamic")
        time.sleep(2.1)  # what changed moments ago is not noted
        for bundle in sorted({name for words, _ in rows for word in words
                              if word.startswith("load=") for name in word[5:].split(",")}):
            self.ask("prover", "load=" + bundle, env=known)
        for _ in range(2):
            for words, answer in rows:
                second = self.ask(*words, env=known)
                cases.expect("asked again: " + " ".join(words), second.gist() == answer.gist(),
                             "first\n%s\nnow\n%s" % (answer, second))
        cases.expect("something was asked again", rows, self.asked)

    def check(self, host, *bundles, good=False):
        """The one result of `tenon check --json`."""
        import json
        done = self.tenon("check", "--json", host, *bundles, good=good)
        try:
            return done.returncode, json.loads(done.stdout)["results"][0]
        except (ValueError, KeyError):
            sys.exit("tenon check: status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))


class Cases:
    """Counts what was found right and wrong; finish() ends the script."""

    def __init__(self):
        self.count = self.wrong = 0

    def expect(self, what, condition, shown=""):
        self.count += 1
        if condition:
            return True
        self.wrong += 1
        lines = str(shown).splitlines()
        more = ["... %d lines more" % (len(lines) - SHOWN)] if len(lines) > SHOWN else []
        print("\n   ".join(["WRONG " + what, *lines[:SHOWN], *more]), flush=True)
        return False

    def refused(self, what, answer, codes, *words):
        """Refused for these reasons, in these words, and the process is as it was."""
        messages = answer.messages()
        self.expect(what + ": refused", answer.one("answer") == "no", answer)
        self.expect(what + ": reasons", answer.codes() == sorted(codes), answer)
        for word in words:
            self.expect("%s: says %r" % (what, word), word in messages, answer)
        self.expect(what + ": the process is as it was", answer.one("state") == "same", answer)

    def loads(self, what, answer):
        self.expect(what + ": loads", answer.one("answer") == "yes" and answer.status == 0, answer)

    def finish(self):
        print("%d expectations, %d wrong" % (self.count, self.wrong))
        sys.exit(1 if self.wrong else 0)
