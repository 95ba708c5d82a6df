"""XCOFF files against what GNU objdump says of them.

The files are those of the corpus, those that GNU binutils linked (tests/corpus/aix), and objects
that clang makes here: with TENON_CHECK=all a thousand. An objdump that knows XCOFF is that of
binutils for PowerPC (powerpc-linux-gnu-objdump), or the one that TENON_XCOFF_OBJDUMP names. It
prints no import ids: their bytes come from it (objdump -s), and are taken apart here.

rule: IBM AIX, "XCOFF Object File Format"
"""

import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from report import Report, skip_all, wants_all

OBJECTS = 1000 if wants_all() else 40
SIDES = ("objdump", "tenon")
EXPORT, IMPORT = 0x10, 0x40


def objdump():
    """The path of an objdump that knows XCOFF; None."""
    for name in (os.environ.get("TENON_XCOFF_OBJDUMP"), "powerpc-ibm-aix7.2.0.0-objdump",
                 "powerpc-linux-gnu-objdump", "objdump"):
        path = shutil.which(name) if name else None
        if path and "aixcoff" in said(path, "-i"):
            return path
    return None


def said(*words):
    done = subprocess.run(words, capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    return done.stdout.decode("latin-1")


class Loader:
    """The loader section, by the bytes that objdump found in it."""

    def __init__(self, data, wide):
        self.data, self.wide = data, wide
        _, self.symbol_count, _, self.id_size, self.id_count = struct.unpack_from(">5I", data)
        if wide:
            _, self.ids_at, self.strings_at, self.symbols_at, _ = struct.unpack_from(">I4Q", data, 20)
        else:
            self.ids_at, _, self.strings_at = struct.unpack_from(">3I", data, 20)
            self.symbols_at = 32

    def ids(self):
        """(path, base, member) of each"""
        words = self.data[self.ids_at:self.ids_at + self.id_size].split(b"\0")
        words = [word.decode("latin-1") for word in words[:3 * self.id_count]]
        return list(zip(words[::3], words[1::3], words[2::3]))

    def symbols(self):
        """(name, kind)"""
        for number in range(self.symbol_count):
            at = self.symbols_at + 24 * number
            kind = self.data[at + 14]
            if self.wide:
                name = self._string(struct.unpack_from(">I", self.data, at + 8)[0])
            elif self.data[at:at + 4] == bytes(4):
                name = self._string(struct.unpack_from(">I", self.data, at + 4)[0])
            else:
                name = self.data[at:at + 8].rstrip(b"\0").decode("latin-1")
            yield name, kind

    def _string(self, offset):
        at = self.strings_at + offset
        return self.data[at:self.data.index(b"\0", at)].decode("latin-1")


def loader_of(command, path, wide):
    rows = re.findall(r"^ [0-9a-f]{4,} ((?:[0-9a-f]+ ){1,4})", said(command, "-s", "-j", ".loader",
                                                                    path), re.M)
    data = bytes.fromhex("".join(rows).replace(" ", ""))
    return Loader(data, wide) if data else None


def names(rows):
    return sorted(tenon.text(row["name"]) for row in rows)


def compare_linked(report, command, path, row):
    loader = loader_of(command, path, row["class"] == 64)
    if loader is None:
        report.check(path + " needs nothing", [], row["needed"], SIDES)
        return
    ids, symbols = loader.ids(), list(loader.symbols())
    report.check(path + " needs", ids[1:],
                 [tuple(tenon.text(need[key]) or "" for key in ("path", "base", "member"))
                  for need in row["needed"]], SIDES)
    report.check(path + " library path", ids[0][0],
                 ":".join(tenon.text(each["path"]) for each in row["search_paths"]), SIDES)
    report.check(path + " exports", sorted(name for name, kind in symbols if kind & EXPORT),
                 names(row["exports"]), SIDES)
    report.check(path + " imports", sorted(name for name, kind in symbols if kind & IMPORT),
                 names(row["imports"]), SIDES)
    listed = re.findall(r"^[0-9a-f]{8,} .{7}\S* +\S* +(\S+)$", said(command, "-T", path), re.M)
    if listed:  # of libraries only
        report.check(path + " symbols", sorted(name for name, _ in symbols), sorted(listed),
                     ("objdump -T", "its bytes"))


def compare_object(report, command, path, row):
    rows = re.findall(r"^\[ *\d+\]\(sec +(-?\d+)\)\(fl .*?\)\(ty +\w+\)\(scl +(\d+)\) \(nx \d+\) "
                      r"0x[0-9a-f]+ (.*)$", said(command, "-t", path), re.M)
    outer = [(int(section), name) for section, kind, name in rows if kind in ("2", "111")]
    report.check(path + " exports", sorted(name for section, name in outer if section > 0),
                 names(row["exports"]), SIDES)
    report.check(path + " imports", sorted(name for section, name in outer if section == 0),
                 names(row["imports"]), SIDES)


def compare(report, command, path, row):
    if row["status"] != "ok":
        report.check(path, "read", row["error"]["message"], SIDES)
        return
    text = said(command, "-f", path)
    flags = re.search(r"flags 0x[0-9a-f]+:\n(.*)", text)[1].split(", ")
    kind = "object" if "EXEC_P" not in flags else \
        "shared-library" if "DYNAMIC" in flags else "executable"
    report.check(path, (64 if "file format aix5coff64" in text else 32, kind),
                 (row["class"], row["kind"]), SIDES)
    (compare_object if kind == "object" else compare_linked)(report, command, path, row)


def source(dice, number):
    """A unit of C with some of each kind of symbol; the names differ in length."""
    lines = []
    for each in range(dice.randrange(1, 9)):
        name = "x%d_%s" % (each, "n" * dice.randrange(12))
        lines.append(dice.choice([
            "int %s = %d;" % (name, number), "int %s;" % name, "static int %s = 1;\n"
            "int *of_%s(void) { return &%s; }" % (name, name, name),
            "int %s(void) { return %d; }" % (name, each),
            "__attribute__((weak)) int %s(void) { return %d; }" % (name, each),
            "extern int %s(void);\nint by_%s(void) { return %s(); }" % (name, name, name),
            "extern int %s;\nint *at_%s(void) { return &%s; }" % (name, name, name)]))
    return "\n".join(lines) + "\n"


def make_objects(work):
    dice, made = random.Random(20261127), []
    for number in range(OBJECTS):
        path = os.path.join(work, "o%d" % number)
        with open(path + ".c", "w", encoding="utf-8") as file:
            file.write(source(dice, number))
        subprocess.run(["clang", "-cc1", "-triple", "powerpc-ibm-aix7.2", "-emit-obj", path + ".c",
                        "-o", path + ".o"], check=True)
        made.append(path + ".o")
    return made


def files_below(top):
    return sorted(os.path.join(directory, name) for directory, _, found in os.walk(top)
                  for name in found)


def main():
    command = objdump()
    tenon.command()
    if not command:
        skip_all("no objdump that knows XCOFF")
    report = Report()
    base = os.environ.get("TENON_SHARED") or os.path.join(tenon.source_root(), "..", "shared")
    here = os.path.dirname(os.path.abspath(__file__))
    paths = files_below(os.path.join(base, "corpus", "xcoff"))
    paths += [path for path in files_below(os.path.join(here, "..", "corpus", "aix"))
              if path.endswith(".so")]
    with tempfile.TemporaryDirectory(prefix="tenon-xcoff-") as work:
        if shutil.which("clang"):
            paths += make_objects(work)
        else:
            report.skip("objects made here", "no clang")
        for start in range(0, len(paths), 200):
            batch = paths[start:start + 200]
            _, rows = tenon.results("show", "--json", "--exports", "--imports", "--", *batch)
            for path, row in zip(batch, rows):
                compare(report, command, path, row)
    report.note("%d files, by %s" % (len(paths), os.path.basename(command)))
    report.finish()


if __name__ == "__main__":
    main()
