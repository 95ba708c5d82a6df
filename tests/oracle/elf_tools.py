"""ELF files against what readelf and objdump say of them.

The files are those below /usr, and with the shared data those of the corpus, which are of many
systems and machines. With TENON_CHECK=all every one of them, else a sample of the first. readelf
reads all machines, objdump -p those that it was built for.

rule: System V gABI; LSB for GNU versions
"""

import os
import re
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import system
import tenon
from report import Report, skip_all, wants_all

SAMPLE = 100
BATCH = 40
KINDS = {"REL": "object", "CORE": "core"}
# what readelf calls a machine: the name of tenon
MACHINES = {
    "Advanced Micro Devices X86-64": "x86_64", "Intel 80386": "i386", "AArch64": "aarch64",
    "ARM": "arm", "PowerPC": "ppc", "HPPA": "hppa",
    "Sparc v9": "sparcv9", "Sparc": "sparc", "MC68000": "m68k", "Alpha": "alpha",
}
NARROW = {"x86_64": "x32", "aarch64": "aarch64_ilp32"}  # with addresses of 32 bits
WORD = r"(?:<[^>]*>: \d+|\S+)"  # a type or binding, which may have no name
SIDES = ("readelf", "tenon")


def is_elf(path):
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def below(top):
    return sorted(path for directory, _, names in os.walk(top)
                  for path in (os.path.join(directory, name) for name in names) if is_elf(path))


def said(*arguments):
    done = subprocess.run(arguments, capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    return done.stdout.decode("utf-8", "surrogateescape")


def by_file(text, paths, begins):
    """{path: text}: `begins` is a pattern of the line that names a file."""
    parts, current, wanted = {}, None, set(paths)
    for line in text.splitlines():
        found = re.match(begins, line)
        if found and found[1] in wanted:
            current = parts.setdefault(found[1], [line])
        elif current is not None:
            current.append(line)
    return {path: "\n".join(lines) for path, lines in parts.items()}


def strings(text, tag):
    return re.findall(r"^ 0x[0-9a-f]+ \(%s\) .*?\[(.*)\]$" % tag, text, re.M)


def version_needs(text):
    """{library: versions}"""
    wanted, last = {}, None
    for line in text.splitlines():
        found = re.match(r"  (?:0x)?[0-9a-f]+: Version: \d+  File: (.*?)  Cnt: \d+$", line)
        if found:
            last = wanted.setdefault(found[1], [])
        found = re.match(r"  (?:0x)?[0-9a-f]+: +Name: (.*?)  Flags: .*  Version: \d+$", line)
        if found and last is not None:
            last.append(found[1])
    return wanted


def version_defs(text):
    """Those that are no file's own name."""
    rows = re.findall(r"^  (?:0x)?[0-9a-f]+: Rev: \d+  Flags: (.*?)  Index: \d+  Cnt: \d+  "
                      r"Name: (.*)$", text, re.M)
    return [name for flags, name in rows if "BASE" not in flags]


def symbols(text):
    """(exports, imports) of .dynsym, each with its version behind '@'"""
    exports, imports = [], []
    table = re.search(r"^Symbol table '\.dynsym' .*\n.*\n((?: +\d+: .*\n?)*)", text, re.M)
    for line in (table[1] if table else "").splitlines():
        found = re.match(r" +\d+: [0-9a-f]+ +\S+ (%s) +(%s) +(\S+)(?: +\[.*?\])? +(\S+) (.+)$"
                         % (WORD, WORD), line)
        if not found or found[1] == "SECTION" or found[2] == "LOCAL" or not found[5]:
            continue
        name = re.sub(r" \(\d+\)$", "", found[5]).replace("@@", "@").strip()
        if found[4] == "UND":
            imports.append(name)
        elif found[3] in ("DEFAULT", "PROTECTED"):
            exports.append(name)
    return sorted(exports), sorted(imports)


def ours_of(rows):
    return sorted(tenon.text(row["name"]) + ("@" + tenon.text(row["version"])
                                             if row.get("version") else "") for row in rows)


def compare_header(report, path, row, text):
    kind = re.search(r"^  Type: +(\w+)", text, re.M)[1]
    machine = re.search(r"^  Machine: +(.*)$", text, re.M)[1]
    interpreter = re.search(r"\[Requesting program interpreter: (.*)\]$", text, re.M)
    theirs = [int(re.search(r"^  Class: +ELF(\d+)$", text, re.M)[1]),
              "little" if "little endian" in text else "big",
              interpreter[1] if interpreter else None]
    ours = [row["class"], row["endian"], tenon.text(row["interpreter"])]
    if machine in MACHINES:
        name = MACHINES[machine]
        theirs.append(NARROW.get(name, name) if theirs[0] == 32 else name)
        ours.append(row["machine"])
    if kind in KINDS:
        theirs.append(KINDS[kind])
        ours.append("object" if row["kind"] == "kernel-module" else row["kind"])
    report.check(path + " header", theirs, ours, SIDES)


def names(row, key):
    """Of needs, which are objects, or of filters, which are plain names."""
    return [tenon.text(each["name"] if isinstance(each, dict) else each) for each in row[key]]


def compare_dynamic(report, path, row, text):
    for key, tag in (("needed", "NEEDED"), ("filter", "FILTER"), ("auxiliary", "AUXILIARY")):
        report.check("%s %s" % (path, key), strings(text, tag), names(row, key), SIDES)
    report.check(path + " own name", strings(text, "SONAME")[:1] or [None],
                 [tenon.text(row["own_name"])], SIDES)
    lists = [each for tag in ("RPATH", "RUNPATH") for path_list in strings(text, tag)
             for each in path_list.split(":")]
    report.check(path + " run paths", sorted(lists),
                 sorted(tenon.text(each["path"]) for each in row["search_paths"]), SIDES)


def compare_versions(report, path, row, text):
    report.check(path + " version needs", version_needs(text),
                 {tenon.text(library): [tenon.text(name) for name in wanted]
                  for library, wanted in row["version_needs"].items()}, SIDES)
    report.check(path + " version definitions", version_defs(text),
                 [tenon.text(name) for name in row["version_defs"]], SIDES)


def compare_symbols(report, path, row, text):
    for key, theirs in zip(("exports", "imports"), symbols(text)):
        ours = ours_of(row[key])
        differ = sorted(set(theirs) ^ set(ours))[:5]
        report.check("%s %s%s" % (path, key, differ or ""), len(theirs), len(ours), SIDES)


def has_sections(text):
    """Both tools find symbols and versions by section headers."""
    return not re.search(r"^  Number of section headers: +0$", text, re.M)


def build_id(text):
    found = re.search(r"\sBuild ID: ([0-9a-f]+)$", text, re.M)
    return found[1] if found else None


def compare(report, path, row, text):
    if row["status"] != "ok":
        report.check(path, "read", row["error"]["message"], SIDES)
        return
    if row["format"] != "elf":
        return  # a program of OCaml's bytecode behind its runtime: ocamlobjinfo.py has these
    compare_header(report, path, row, text)
    if row["kind"] not in ("executable", "shared-library"):
        return
    report.check(path + " build id", build_id(text), row["build_id"], SIDES)
    compare_dynamic(report, path, row, text)
    if has_sections(text):
        compare_versions(report, path, row, text)
        compare_symbols(report, path, row, text)


def private(text, tag):
    return re.findall(r"^  %s +(\S.*)$" % tag, text, re.M)


def compare_objdump(report, path, row, text):
    """What objdump -p prints of the dynamic section and of versions."""
    report.check(path + " objdump: needed", private(text, "NEEDED"), names(row, "needed"),
                 ("objdump", "tenon"))
    report.check(path + " objdump: own name", private(text, "SONAME")[:1] or [None],
                 [tenon.text(row["own_name"])], ("objdump", "tenon"))
    wanted = {library: re.findall(r"^    0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (.*)$", part, re.M)
              for library, part in re.findall(r"^  required from (.*):\n((?:    .*\n?)*)", text,
                                              re.M)}
    report.check(path + " objdump: version needs", wanted,
                 {tenon.text(library): [tenon.text(name) for name in versions]
                  for library, versions in row["version_needs"].items()}, ("objdump", "tenon"))


def corpus():
    base = os.environ.get("TENON_SHARED") or os.path.join(tenon.source_root(), "..", "shared")
    return below(os.path.join(base, "corpus", "elf"))


def main():
    if shutil.which("readelf") is None or shutil.which("objdump") is None:
        skip_all("no binutils")
    tenon.command()
    report = Report()
    paths = below("/usr")
    chosen = paths if wants_all() else system.sample(paths, SAMPLE)
    others = corpus()
    report.note("%d of %d files below /usr, %d of the corpus" % (len(chosen), len(paths),
                                                                  len(others)))
    every = chosen + others
    for start in range(0, len(every), BATCH):
        batch = every[start:start + BATCH]
        _, rows = tenon.results("show", "--json", "--exports", "--imports", "--", *batch)
        elves = by_file(said("readelf", "-WhldnV", "--dyn-syms", "/dev/null", *batch), batch,
                        r"File: (.*)$")
        private_of = by_file(said("objdump", "-p", *batch), batch,
                             r"(.*):     file format elf")
        for path, row in zip(batch, rows):
            compare(report, path, row, elves.get(path, ""))
            if row.get("format") == "elf" and path in private_of and has_sections(elves[path]):
                compare_objdump(report, path, row, private_of[path])
    report.finish()


if __name__ == "__main__":
    main()
