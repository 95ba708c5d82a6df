"""What OCaml's compilers recorded: `ocamlobjinfo` against `tenon show`, line by line.

Every .cmo .cma .cmi .cmx .cmxa .cmxs and program of bytecode of the installed compiler is read, and
with TENON_CHECK=all those of some hundred packages of Debian, which are unpacked and not installed,
and of the compilers of other releases; else a sample of what is there. Left out is what no loader
looks at: approximations and the functions that native code needs of each arity.

rule: tools/objinfo.ml
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import ocaml_packages
import tenon
from report import Report, first_difference, skip_all, wants_all

SAMPLE = 150
SEED = 1999
BATCH = 100
NO_CRC = "-" * 32

# Lines of ocamlobjinfo that are not compared: (exact, beginnings)
LEFT_OUT = (("Clambda unit", "Flambda unit"),
            ("Currying functions:", "Apply functions:", "Send functions:"))


# ---- what ocamlobjinfo says ----------------------------------------------------------------------

def is_compared(line):
    return line not in LEFT_OUT[0] and not line.startswith(LEFT_OUT[1])


def oracle(paths, objinfo):
    """{path: its lines}, as the command `objinfo` says"""
    rows = {}
    for start in range(0, len(paths), BATCH):
        done = subprocess.run([*objinfo, "-no-approx", "-no-code", *paths[start:start + BATCH]],
                              capture_output=True)
        if done.returncode:
            sys.exit("ocamlobjinfo: status %d: %s" % (done.returncode, done.stdout[-300:]))
        for part in done.stdout.decode("utf-8", "surrogateescape").split("File ")[1:]:
            lines = part.rstrip("\n").split("\n")
            rows[lines[0]] = [line.rstrip() for line in lines[1:] if is_compared(line)]
    return rows


# ---- what tenon says, in its words ---------------------------------------------------------------

def crc_lines(imports):
    return ["\t%s\t%s" % (each["digest"] or NO_CRC, tenon.text(each["name"])) for each in imports]


def name_lines(names):
    return ["\t" + tenon.text(name) for name in names]


def spaced(title, names):
    return (title + "".join(" " + tenon.text(name) for name in names)).rstrip()


def yes(flag):
    return "YES" if flag else "no"


def bytecode_unit(unit):
    lines = ["Unit name: " + tenon.text(unit["name"]), "Interfaces imported:"]
    lines += crc_lines(unit["interfaces"]) + ["Required globals:"]
    lines += name_lines(unit["required_globals"])
    if unit["externals"]:
        lines += ["Uses unsafe features: YES", "Primitives declared in this module:"]
        lines += name_lines(unit["externals"])
    else:
        lines += ["Uses unsafe features: no"]
    return lines + ["Force link: " + yes(unit["force_link"])]


def native_unit(unit):
    lines = ["Name: " + tenon.text(unit["name"])]
    lines += ["CRC of implementation: " + unit["implementation"], "Globals defined:"]
    lines += name_lines(unit["defines"]) + ["Interfaces imported:"]
    lines += crc_lines(unit["interfaces"]) + ["Implementations imported:"]
    return lines + crc_lines(unit["implementations"])


def described_unit(facts, unit):
    """Of a .cmx or .cmxa, which say more than a .cmxs."""
    lines = native_unit(unit) + ["Force link: " + yes(unit["force_link"])]
    if float(facts["release"]) >= 5.1:
        pack = unit["for_pack"]
        lines += ["For pack: " + ("YES: " + tenon.text(pack) if pack is not None else "no")]
    return lines


def library_head(facts):
    lines = []
    if facts["kind"] == "cma":
        lines += ["Force custom: " + yes(facts["custom"])]
    lines += [spaced("Extra C object files:", facts["c_objects"])]
    lines += [spaced("Extra C options:", facts["c_options"])]
    if facts["kind"] == "cma":
        lines += [spaced("Extra dynamically-loaded libraries:", facts["dlls"])]
    return lines


def program(facts):
    """The lists of a program; those that are empty are not printed."""
    lines = []
    for title, rows in (("Used DLLs:", name_lines(facts["dlls"])),
                        ("Additional DLL paths:", name_lines(facts["dll_paths"])),
                        ("Primitives used:", name_lines(facts["primitives"])),
                        ("Globals defined:", sorted(name_lines(facts["globals"]))),
                        ("Imported units:", crc_lines(facts["interfaces"]))):
        lines += [title, *rows] if rows else []
    return lines


def in_its_words(facts):
    kind, units = facts["kind"], facts["units"]
    if kind == "cmi":
        return ["Unit name: " + tenon.text(units[0]["name"]), "Interfaces imported:",
                *crc_lines(units[0]["interfaces"])]
    if kind == "bytecode":
        return program(facts)
    lines = library_head(facts) if kind in ("cma", "cmxa") else []
    for unit in units:
        if kind in ("cmo", "cma"):
            lines += bytecode_unit(unit)
        elif kind == "cmxs":
            lines += native_unit(unit)
        else:
            lines += described_unit(facts, unit)
    return lines


def sort_globals(lines):
    """A program's globals come in the order of a tree there; from 5.2 on it says what each is."""
    if "Globals defined:" not in lines or lines[0].startswith("Name:"):
        return lines
    start = end = lines.index("Globals defined:") + 1
    while end < len(lines) and lines[end].startswith("\t"):
        end += 1
    names = [re.sub(r"^\t(?:compilation unit|predefined exception) `(.*)'$", r"\t\1", line)
             for line in lines[start:end]]
    return lines[:start] + sorted(names) + lines[end:]


# ---- the comparison ------------------------------------------------------------------------------

def is_program(path):
    """True for a program of bytecode, by its last bytes."""
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        if file.tell() < 16:
            return False
        file.seek(-12, os.SEEK_END)
        return file.read().startswith(b"Caml1999X")


def programs(directories):
    return [path for directory in directories if os.path.isdir(directory)
            for path in sorted(os.path.join(directory, name) for name in os.listdir(directory))
            if os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.R_OK)
            and is_program(path)]


def ours(paths):
    """{path: facts, or the error}"""
    rows = {}
    for start in range(0, len(paths), BATCH):
        _, found = tenon.results("show", "--json", "--", *paths[start:start + BATCH])
        for row in found:
            rows[tenon.text(row["file"])] = row.get("ocaml") or row.get("error")
    return rows


def compare(report, paths, objinfo=("ocamlobjinfo",)):
    expected, got = oracle(paths, objinfo), ours(paths)
    for path in paths:
        facts = got.get(path)
        if not facts or "kind" not in facts:
            report.check(path, "an OCaml file", json.dumps(facts), ("objinfo", "tenon"))
            continue
        theirs, mine = expected[path], in_its_words(facts)
        if facts["kind"] == "bytecode":
            theirs = by_title(theirs)
            mine = by_title(mine)
        difference = first_difference(theirs, mine) if theirs != mine else ""
        report.check(path, "", difference, ("objinfo", "differs"))


def by_title(lines):
    """
    Sections sorted by title, since a program may have them in any order; each list from the end
    that is less, since ocamlobjinfo 4.13 prints some of them backwards.
    """
    parts = []
    for line in sort_globals(lines):
        if line.startswith("\t"):
            parts[-1].append(line)
        else:
            parts.append([line])
    return [line for title, *rows in sorted(parts) for line in (title, *min(rows, rows[::-1]))]


def compare_release(report, suite):
    """The files of another release of OCaml, against its own ocamlobjinfo."""
    root = ocaml_packages.fetch_release(suite)
    if not root:
        report.skip(suite, "its packages cannot be downloaded")
        return
    paths = ocaml_packages.files([root])
    report.note("all %d files of the compiler of %s" % (len(paths), suite))
    compare(report, paths, ocaml_packages.objinfo_of(root))


def main():
    tenon.command()
    if not shutil.which("ocamlobjinfo"):
        skip_all("no ocamlobjinfo")
    packages = ocaml_packages.fetch() if wants_all() else ocaml_packages.unpacked()
    roots = [os.path.join(ocaml_packages.folder(), name) for name in packages]
    paths = ocaml_packages.files([ocaml_packages.standard_library(), *roots])
    paths += programs(["/usr/bin", *(os.path.join(root, "usr/bin") for root in roots)])
    report = Report()
    if wants_all():
        report.note("all %d files of the compiler and %d packages" % (len(paths), len(packages)))
    else:
        of_all = len(paths)
        paths = random.Random(SEED).sample(paths, min(SAMPLE, of_all))
        report.note("a sample of %d files of %d (seed %d); TENON_CHECK=all takes all"
                    % (len(paths), of_all, SEED))
    compare(report, paths)
    for suite in ocaml_packages.RELEASES if wants_all() else ():
        compare_release(report, suite)
    report.finish()


if __name__ == "__main__":
    main()
