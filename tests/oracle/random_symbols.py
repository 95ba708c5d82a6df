"""Random processes: each binding that ld.so makes, each symbol that loaders miss, and tenon.

A program and some libraries are made from a number, with symbols of few names: global, weak or
unique, protected, hidden, versioned or not, asked for by calls, by addresses and by copies. The
loaders of glibc and musl bind them all without starting anything, as for `ldd -r`; glibc's tells
who provides each. With TENON_CHECK=all there are many more; `random_symbols.py NUMBER` makes one
and leaves it for a look.

rule: glibc elf/dl-lookup.c, elf/dl-version.c, sysdeps/x86_64/dl-machine.h; musl ldso/dynlink.c,
find_sym2() and do_relocs()
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import bindings
import elf
import elfmake
import loaders
import tenon
from elfmake import Symbol
from report import Report, skip_all, wants_all

SAMPLE, ALL = 250, 4000
SYMBOLS = ["s%d" % i for i in range(8)]
LIBRARIES = ["lib%d.so" % i for i in range(5)]
VERSIONS = ["V1", "V2", "V3"]
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


LOADERS = {"ld.so": (loaders.GLIBC, glibc), "ld-musl": (loaders.MUSL, musl)}


def compare(report, what, process, ask):
    try:
        real, unresolved, versions = ask(process)
    except loaders.LoaderFailed as failure:
        report.skip(what, str(failure))
        return
    row = tenon.why([process.program], ("--symbols",),
                    env={"LD_LIBRARY_PATH": process.top})[process.program]
    ours = {(tenon.requester(row, each["needed_by"]), tenon.text(each["symbol"]),
             tenon.text(each["version"])):
            None if each["provider"] is None else tenon.requester(row, each["provider"])
            for each in row["bindings"]}
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
    wanted = [int(number) for number in sys.argv[1:]]
    for seed in wanted or range(ALL if wants_all() else SAMPLE):
        for name, interp, ask in usable:
            top = os.path.realpath(tempfile.mkdtemp(prefix="tenon-random-"))
            compare(report, "%s process %d" % (name, seed), Process(top, seed, interp), ask)
            if wanted:
                report.note("files: " + top)
            else:
                shutil.rmtree(top)
    report.finish()


if __name__ == "__main__":
    main()
