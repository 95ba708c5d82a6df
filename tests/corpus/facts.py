"""`tenon show` against the facts that independent tools report about the corpus, key by key.

The schema of the facts is that of the corpus' own README; the machine alone is worded otherwise,
by the table below. Files of formats that tenon does not read must be refused clearly.
"""

import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import corpus
import facts_macho
import facts_pe
import facts_unix
import tenon
from report import Report

# readelf's words for a machine: tenon's name, by class and byte order where it differs
MACHINES = {
    "AArch64": "aarch64",
    "ARM": "arm",
    "Advanced Micro Devices X86-64": "x86_64",
    "Alpha": "alpha",
    "Digital VAX": "vax",
    "HPPA": "hppa",
    "IBM S/390": "s390x",
    "Intel 80386": "i386",
    "Intel IA-64": {(32, "big"): "ia64_32", (64, "big"): "ia64", (64, "little"): "ia64"},
    "Linux BPF": "bpf",
    "LoongArch": "loongarch64",
    "MC68000": "m68k",
    "MIPS R3000": {(32, "big"): "mips", (32, "little"): "mipsel", (64, "little"): "mips64el"},
    "PowerPC": "ppc",
    "PowerPC64": {(64, "big"): "ppc64", (64, "little"): "ppc64le"},
    "RISC-V": "riscv64",
    "Renesas / SuperH SH": "sh",
    "Sparc": "sparc",
    "Sparc v8+": "sparc32plus",
    "Sparc v9": "sparcv9",
    "Texas Instruments msp430 microcontroller": "msp430",
}


def symbols(rows):
    """Rows of exports or imports as the facts tell them."""
    names = sorted({tenon.text(row["name"]) for row in rows
                    if row["type"] not in ("section", "file")})
    told = {"count": len(names)}
    if len(names) <= 400:
        told["names"] = names
    else:
        told["sample"] = names[:40] + names[-40:]
    joined = "\n".join(names).encode("utf-8", "replace")
    told["sha256_of_sorted_names"] = hashlib.sha256(joined).hexdigest()
    return told


def words(value):
    """Words of a flags entry; none where the tool told a number or nothing."""
    return set() if value is None or re.search(r"0x|unknown", value) else set(value.split())


def machine(fact):
    name = MACHINES[fact["machine"]]
    return name[fact["class"], fact["endian"]] if isinstance(name, dict) else name


def compare(report, fact, row):
    path = fact["path"]
    if row["status"] == "error":
        report.check(path, "facts", "%(code)s: %(message)s" % row["error"], ("facts", "tenon"))
        return

    def check(key, expected, got):
        report.check("%s %s" % (path, key), expected, got, ("facts", "tenon"))

    COMPARE[fact["format"]](check, fact, row)


def compare_elf(check, fact, row):
    for key in ("format", "class", "endian", "kind", "build_id"):
        check(key, fact[key], row[key])
    for key in ("own_name", "interpreter"):
        check(key, fact[key], tenon.text(row[key]))
    check("machine", machine(fact), row["machine"])
    check("needed", fact["needed"], [dict(need, name=tenon.text(need["name"]))
                                     for need in row["needed"]])
    check("search_paths", fact["search_paths"], [dict(each, path=tenon.text(each["path"]))
                                                 for each in row["search_paths"]])
    for key in ("filter", "auxiliary"):
        check(key, fact.get(key, []), [tenon.text(name) for name in row[key]])
    for key in ("dt_flags", "dt_flags_1"):
        # Where DT_FLAGS is 0 the facts took the line after it, often DT_FLAGS_1, for its words.
        expected = words(fact.get(key))
        if expected:
            check(key, expected, words(row["facts"].get(key)))
    if fact["section_count"] != "0":  # readelf finds versions by section headers alone
        check("version_needs", fact.get("version_needs", {}),
              {name: sorted(versions) for name, versions in row["version_needs"].items()})
        check("version_defs", fact.get("version_defs", []), row["version_defs"])
    compare_symbols(check, fact, row)


def compare_symbols(check, fact, row):
    """Dynamic symbols; of relocatable files, which have none, tenon shows the linker's."""
    if fact["kind"] in ("object", "kernel-module"):
        return
    for key in ("exports", "imports"):
        if fact[key] is not None:  # null: readelf cannot tell without section headers
            check(key, fact[key], symbols(row[key]))
    if fact["imports_weak"] is not None:
        check("imports_weak", fact["imports_weak"],
              symbols([each for each in row["imports"] if each["weak"]]))


def compare_macho(report, directory, facts):
    paths = [os.path.join(directory, fact["path"]) for fact in facts]
    _, rows = tenon.results("show", "--json", "--exports", "--imports", "--", *paths)
    report.check("Mach-O results", paths, [tenon.text(row["file"]) for row in rows])
    for fact, row in zip(facts, rows):
        if not fact["universal"]:
            compare_image(report, fact["path"], fact, row)
            continue
        report.check(fact["path"] + " slices", [facts_macho.arch(each) for each in fact["slices"]],
                     [each["arch"] for each in row["slices"]], ("facts", "tenon"))
        for each, slice_row in zip(fact["slices"], row["slices"]):
            compare_image(report, "%s (%s)" % (fact["path"], each["arch"]), each, slice_row)
    report.note("%d Mach-O files" % len(facts))


def compare_image(report, path, fact, row):
    if row["status"] == "error":
        report.check(path, "facts", "%(code)s: %(message)s" % row["error"], ("facts", "tenon"))
    elif not fact.get("tool_error"):  # true: the facts know nothing of it
        facts_macho.compare(lambda key, expected, got: report.check(
            "%s %s" % (path, key), expected, got, ("facts", "tenon")), fact, row)


def compare_each(report, directory, facts, name, compare_one):
    """Files of a format that have one image each."""
    paths = [os.path.join(directory, fact["path"]) for fact in facts]
    _, rows = tenon.results("show", "--json", "--exports", "--imports", "--", *paths)
    report.check(name + " results", paths, [tenon.text(row["file"]) for row in rows])
    for fact, row in zip(facts, rows):
        if row["status"] == "error":
            report.check(fact["path"], "facts", row["error"]["message"], ("facts", "tenon"))
            continue
        compare_one(lambda key, expected, got: report.check(
            "%s %s" % (fact["path"], key), expected, got, ("facts", "tenon")), fact, row)
    report.note("%d %s files" % (len(facts), name))


# by format: what compares a file's facts
COMPARE = {
    "elf": compare_elf,
    "pe": facts_pe.compare_pe,
    "coff": facts_pe.compare_coff,
    "xcoff": facts_pe.compare_xcoff,
    "ar": facts_pe.compare_archive,
}


def refused(report, path, name):
    """A file of another format: one clear error, status 3."""
    status, out, err = tenon.run("show", path)
    lines = [line for line in err.splitlines() if line]
    report.check(name + " is refused", (3, b"", 1), (status, out, len(lines)))
    status, rows = tenon.results("show", "--json", path)
    told = [(row["status"], bool(row["error"]["code"] and row["error"]["message"]))
            for row in rows]
    report.check(name + " is refused in JSON", (3, [("error", True)]), (status, told))


def main():
    directory = tenon.shared("corpus")
    tenon.command()
    report = Report()
    facts = corpus.facts(directory)
    known = [fact for fact in facts if fact["format"] in COMPARE]
    paths = [os.path.join(directory, fact["path"]) for fact in known]
    _, rows = tenon.results("show", "--json", "--exports", "--imports", "--", *paths)
    report.check("results", paths, [tenon.text(row["file"]) for row in rows])
    for fact, row in zip(known, rows):
        compare(report, fact, row)
    for name in COMPARE:
        report.note("%d %s files" % (sum(fact["format"] == name for fact in known), name))
    compare_macho(report, directory, [fact for fact in facts if fact["format"] == "macho"])
    compare_each(report, directory, [fact for fact in facts if fact["format"] == "som"], "SOM",
                 facts_unix.compare_som)
    compare_each(report, directory, [fact for fact in facts if fact["format"] == "aout" and
                                     not facts_unix.is_cut(fact)], "a.out", facts_unix.compare_aout)
    others = [fact["path"] for fact in facts if fact["format"] not in
              (*COMPARE, "macho", "som", "aout", "ocaml-bytecode") or
              fact.get("machine") == "pdp11"]
    for path in others:
        refused(report, os.path.join(directory, path), path)
    report.note("%d files of other formats" % len(others))
    report.finish()


if __name__ == "__main__":
    main()
