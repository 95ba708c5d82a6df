"""Random processes: each binding that ld.so makes, each symbol that loaders miss, and tenon.

A program and some libraries are made from a number, with symbols of few names: global, weak or
unique, protected, hidden, versioned or not, asked for by calls, by addresses and by copies. The
loaders of glibc and musl bind them all without starting anything, as for `ldd -r`; glibc's tells
who provides each. With TENON_CHECK=all there are many more; `random_symbols.py NUMBER` makes one
and leaves it for a look.

Into some of them a real program opens a library with dlopen(): what it and its needs are bound
to, and the symbol for which it fails.

rule: glibc elf/dl-lookup.c, elf/dl-version.c, sysdeps/x86_64/dl-machine.h; musl ldso/dynlink.c,
find_sym2() and do_relocs()
"""

import os
import random
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import bindings
import elf
import elfmake
import loaders
import tenon
from elfmake import Symbol
from opener import HOST
from report import Report, skip_all
from trees import random_cases

SAMPLE, ALL = 75, 4000
SYMBOLS = ["s%d" % i for i in range(8)]
LIBRARIES = ["lib%d.so" % i for i in range(5)]
VERSIONS = ["V1", "V2", "V3"]
SYMBOL_ERROR = re.compile(r"^(/.*): undefined symbol: ([^,]*)(?:, version .*)?$")
NOT_FOUND = re.compile(r"^Error relocating (.*): (.*): symbol not found$")


class Process:
    """The files of one process, in `top`."""

    def __init__(self, top, seed, interp):
        self.top, self.random, self.interp = top, random.Random(seed), interp
        self.defines = {}  # versions of each library
        for name in LIBRARIES:
            some = self.random.sample(VERSIONS, self.random.randrange(4))
            self.defines[name] = [name, *sorted(some)] if some else []
        for name in LIBRARIES:
            self._library(name)
        self.program = os.path.join(top, "prog")
        self._program()

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *weighted):
        """One of (weight, value)."""
        return self.random.choices([value for _, value in weighted],
                                   [weight for weight, _ in weighted])[0]

    def _definition(self, name, versions):
        version = 1
        if versions and self.chance(0.8):
            version = self.random.randrange(1, len(versions) + 1)
            if version > 1 and self.chance(0.25):
                version |= elfmake.HIDDEN_VERSION
        return Symbol(name, True,
                      self.pick((8, elfmake.STB_GLOBAL), (3, elfmake.STB_WEAK),
                                (1, elfmake.STB_GNU_UNIQUE)),
                      self.pick((3, elfmake.STT_OBJECT), (1, elfmake.STT_FUNC),
                                (1, elfmake.STT_NOTYPE)),
                      self.pick((10, elfmake.STV_DEFAULT), (1, elfmake.STV_PROTECTED),
                                (1, elfmake.STV_HIDDEN)),
                      version)

    def _reference(self, name, numbers, program):
        """An undefined symbol, of no version or of one of `numbers`."""
        version = self.random.choice(numbers) if numbers and self.chance(0.6) else 1
        reloc = self.pick((3, elfmake.R_GLOB_DAT), (2, elfmake.R_JUMP_SLOT), (2, elfmake.R_64))
        address = program and reloc == elfmake.R_JUMP_SLOT and self.chance(0.3)
        return Symbol(name, False, self.pick((4, elfmake.STB_GLOBAL), (1, elfmake.STB_WEAK)),
                      elfmake.STT_FUNC if reloc == elfmake.R_JUMP_SLOT else elfmake.STT_NOTYPE,
                      elfmake.STV_DEFAULT, version, 0x1000 if address else 0, reloc)

    def _needs(self, needed, first):
        """Versions that are needed of the libraries, with numbers from `first` on."""
        rows, numbers = [], []
        for name in dict.fromkeys(needed):
            some = [version for version in self.defines[name][1:] if self.chance(0.7)]
            if self.chance(0.06):
                some.append(self.pick((1, "V1"), (1, "V2"), (2, "V9")))
            some = list(dict.fromkeys(some))
            if some:
                rows.append((name, [(version, first + len(numbers) + i)
                                    for i, version in enumerate(some)]))
                numbers += range(first + len(numbers), first + len(numbers) + len(some))
        return rows, numbers

    def _image(self, needed, defines, program, **how):
        needs, numbers = self._needs(needed, len(defines) + 1 if defines else 2)
        names = self.random.sample(SYMBOLS, self.random.randrange(2, len(SYMBOLS)))
        symbols = []
        for name in names:
            if self.chance(0.5):
                symbols.append(self._definition(name, defines))
            else:
                symbols.append(self._reference(name, numbers, program))
        if program:
            symbols += self._copies(names, numbers)
        return elfmake.image(needed=needed, defines=defines, needs=needs, symbols=symbols, **how)

    def _copies(self, names, numbers):
        """Data of libraries that the program has a copy of."""
        return [Symbol(name, True, elfmake.STB_GLOBAL, elfmake.STT_OBJECT, elfmake.STV_DEFAULT,
                       self.random.choice(numbers) if numbers and self.chance(0.5) else 1, 0,
                       elfmake.R_COPY)
                for name in SYMBOLS if name not in names and self.chance(0.3)]

    def _write(self, name, data):
        path = os.path.join(self.top, name)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755)

    def _library(self, name):
        needed = self.random.sample(LIBRARIES, self.random.randrange(3))
        self._write(name, self._image(needed, self.defines[name], False, soname=name,
                                      symbolic=self.chance(0.15)))

    def _program(self):
        needed = self.random.sample(LIBRARIES, self.random.randrange(1, 4))
        how = dict(e_type=elf.ET_EXEC, base=0x400000) if self.chance(0.5) else {}
        self._write("prog", self._image(needed, [], True, interp=self.interp,
                                        runpath=self.top, **how))


def glibc(process):
    """(bindings, unresolved symbols, missing versions) as ld.so tells them"""
    env = {"LD_LIBRARY_PATH": process.top, "LD_TRACE_LOADED_OBJECTS": "1", "LD_WARN": "yes",
           "LD_BIND_NOW": "yes", "LD_DEBUG": "bindings"}
    done = subprocess.run([loaders.GLIBC, process.program], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)
    if done.returncode != 0:
        raise loaders.LoaderFailed("status %d: %s" % (done.returncode,
                                                      os.fsdecode(done.stderr)[-200:]))
    lines = os.fsdecode(done.stdout + b"\n" + done.stderr).split("\n")
    lines = [line for line in lines if not line.endswith("(continued)")]  # told twice
    answer = loaders.read_glibc_trace(0, "", "\n".join(lines))
    return bindings.all_bindings(lines), bindings.complaints(lines), answer.versions


def musl(process):
    """(None, unresolved symbols, None): its loader tells no bindings, and knows no versions."""
    done = subprocess.run([loaders.MUSL, "--list", process.program], stdin=subprocess.DEVNULL,
                          env={"LD_LIBRARY_PATH": process.top}, capture_output=True, timeout=60)
    if done.returncode not in (0, 127):
        raise loaders.LoaderFailed("status %d" % done.returncode)
    found = map(NOT_FOUND.match, os.fsdecode(done.stderr).split("\n"))
    return None, {(row[1], row[2], None) for row in found if row}, None


class Opened:
    """A real program that needs some of the libraries and opens another one."""

    def __init__(self, process, seed):
        self.top, self.random = process.top, random.Random("opened %d" % seed)
        needed = self.random.sample(LIBRARIES, self.random.randrange(3))
        self.asked = os.path.join(self.top, self.random.choice(LIBRARIES))
        self.host = os.path.join(self.top, "host")
        source = os.path.join(self.top, "host.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(HOST + "".join("int %s = 1;\n" % name for name in SYMBOLS
                                      if self.random.random() < 0.3))
        self.linked = subprocess.run(
            ["gcc", "-w", "-O0", "-o", self.host, source, "-Wl,--no-as-needed",
             "-Wl,--allow-shlib-undefined", "-Wl,-rpath," + self.top,
             *self.random.choice(([], ["-rdynamic"])),
             *(os.path.join(self.top, name) for name in needed)],
            stderr=subprocess.PIPE, text=True, check=False)

    def _start(self, *arguments):
        prefix = os.path.join(self.top, "debug")
        env = {"LD_LIBRARY_PATH": self.top, "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": prefix,
               "LD_BIND_NOW": "1"}
        with subprocess.Popen([self.host, *arguments], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            out = os.fsdecode(child.stdout.read())
        with open("%s.%d" % (prefix, child.pid), encoding="utf-8") as file:
            return child.returncode, out, bindings.all_bindings(file.read().split("\n"))

    def ask(self):
        """(what was there before, all bindings, why it fails); LoaderFailed: it does not start."""
        if "file in wrong format" in self.linked.stderr:
            raise loaders.LoaderFailed("this linker takes no library without sections")
        self.linked.check_returncode()
        status, out, _ = self._start()
        if status != 0:
            raise loaders.LoaderFailed("the program does not start")
        before = set(out.split("\n"))
        status, out, bound = self._start(self.asked)
        if status not in (0, 1):
            raise loaders.LoaderFailed("status %d" % status)
        return before, bound, out.strip() if status else None


def compare_opened(report, what, opened):
    try:
        before, real, message = opened.ask()
    except loaders.LoaderFailed:
        return
    row = tenon.why([opened.asked], ("--symbols", "--exe", opened.host),
                    env={"LD_LIBRARY_PATH": opened.top})[opened.asked]
    if message is not None and "version `" in message:
        report.check(what + ", versions", True, bool(row.get("missing_versions")), ("ld.so", "tenon"))
        return
    missing = {(tenon.requester(row, each["needed_by"]), tenon.text(each["symbol"]))
               for each in row["missing_symbols"]}
    if message is not None:
        found = SYMBOL_ERROR.match(message)
        said = (found[1], found[2]) if found else message
        report.check(what, said, said if said in missing else missing, ("ld.so", "tenon"))
        return
    ours = provided(row)
    differences = ["%s@%s of %s: ld.so %s, tenon %s" % (*key[1:], key[0], real.get(key), provider)
                   for key, provider in ours.items()
                   if key[0] not in before and (provider or "nobody") not in
                   real.get(key, {"nobody"})]
    differences += ["%s of %s: missed by tenon only" % (symbol, requester)
                    for requester, symbol in missing]
    report.tally(what, differences, max(1, len(ours)))


LOADERS = {"ld.so": (loaders.GLIBC, glibc), "ld-musl": (loaders.MUSL, musl)}


def provided(row):
    """tenon's bindings: {(requester, symbol, version): provider, None for nobody}"""
    return {(tenon.requester(row, each["needed_by"]), tenon.text(each["symbol"]),
             tenon.text(each["version"])):
            None if each["provider"] is None else tenon.requester(row, each["provider"])
            for each in row["bindings"]}


def compare(report, what, process, ask):
    try:
        real, unresolved, versions = ask(process)
    except loaders.LoaderFailed as failure:
        report.skip(what, str(failure))
        return
    row = tenon.why([process.program], ("--symbols",),
                    env={"LD_LIBRARY_PATH": process.top})[process.program]
    ours = provided(row)
    missing = {(tenon.requester(row, each["needed_by"]), tenon.text(each["symbol"]),
                tenon.text(each["version"])) for each in row["missing_symbols"]}
    differences = [] if real is None else [
        "%s@%s of %s: ld.so %s, tenon %s" % (
            symbol, version, requester, " or ".join(sorted(real.get(key, {"nobody"}))), provider)
        for key, provider in sorted(ours.items(), key=str)
        for requester, symbol, version in [key]
        if (provider or "nobody") not in real.get(key, {"nobody"})]
    differences += ["%s@%s of %s: %s" % (symbol, version, requester, who)
                    for rows, who in ((unresolved - missing, "missed by the loader only"),
                                      (missing - unresolved, "missed by tenon only"))
                    for requester, symbol, version in sorted(rows, key=str)]
    report.tally(what, differences, max(1, len(ours)))
    if versions is not None:
        report.check(what + ", versions", versions, tenon.answer(row).versions, ("ld.so", "tenon"))


def main():
    tenon.command()
    usable = [(name, *row) for name, row in LOADERS.items() if loaders.usable(row[0])]
    if not usable:
        skip_all("no loader for x86-64 here")
    report = Report()
    for seed, (name, interp, ask), top in random_cases(report, usable, SAMPLE, ALL):
        process = Process(top, seed, interp)
        compare(report, "%s process %d" % (name, seed), process, ask)
        if interp == loaders.GLIBC and seed % 3 == 0:
            compare_opened(report, "dlopen in process %d" % seed, Opened(process, seed))
    report.finish()


if __name__ == "__main__":
    main()
