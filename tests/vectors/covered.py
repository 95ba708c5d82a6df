"""Every test vector of the two references on loaders has a test: by its number, in the tests' names.

A vector is a row of a table below a heading "Test vectors". Its test is a case of a script here
that begins with its number, or a test in unit/ whose name or whose comment has it ("m9_to_m11_...",
"W3, W4"). What has none is listed below with the reason.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from report import Report

HERE = os.path.dirname(os.path.abspath(__file__))
# section of the reference on ELF's loaders: where its numbers are
ELF = {
    "1.12": ("glibc", "vectors/glibc.py", ""), "2.8": ("musl", "vectors/musl.py", ""),
    "3.9": ("freebsd", "vectors/elf_others.py", "FREEBSD, "),
    "4.5": ("netbsd", "vectors/elf_others.py", "NETBSD, "),
    "5.5": ("openbsd", "vectors/elf_others.py", "OPENBSD, "),
    "6.7": ("solaris", "vectors/elf_others.py", "SOLARIS, "),
    "7.4": ("hpux", "vectors/elf_others.py", "HPUX, "),
    "8": ("bionic", "vectors/elf_others.py", "ANDROID, "),
}
UNIT = {"W": "windows", "C": "windows", "M": "dyld", "A": "aix", "B": "aout", "H": "som"}
WITHOUT = {
    "bionic 5": "namespaces are out of scope",
    "B16": "SunOS's loader is none of tenon's",
    "C7": "about cygcheck, which is no loader", "C7b": "about cygcheck", "C8": "about cygcheck",
    "C10": "about the linker; find's tests have it",
}


def source(path):
    with open(os.path.join(HERE, "..", path), encoding="utf-8") as file:
        return file.read()


def elf_vectors():
    """(name of the loader, number) of each row, section by section."""
    section = None
    with open(tenon.shared("reference", "loaders-elf.md"), encoding="utf-8") as file:
        for line in file:
            found = re.match(r"#+ (\d+(?:\.\d+)?)[. ]", line)
            if found:
                section = found[1]
            found = re.match(r"\| (\d+) \|", line)
            if found and section in ELF:
                yield section, found[1]


def other_vectors():
    with open(tenon.shared("reference", "loaders-other.md"), encoding="utf-8") as file:
        return re.findall(r"^\| ([WCMABH]\d+[a-z]?) \|", file.read(), re.M)


def has_elf(section, number):
    loader, path, system = ELF[section]
    return re.search(r'@case\(%s"%s ' % (system, number), source(path)) is not None or \
        re.search(r"/\* %s %s \*/" % (loader, number), source("unit/test_state.c")) is not None


def numbers_of_unit(letter):
    """Those that the comments and names of a unit test have, ranges written out."""
    text, found = source("unit/test_%s.c" % UNIT[letter]), set()
    for comment in re.findall(r"/\* ((?:%s\d+[a-z]?(?:, )?)+) \*/" % letter, text):
        found.update(comment.split(", "))
    small = letter.lower()
    for name in re.findall(r"^static void (%s\d\w*)\(void" % small, text, re.M):
        each = re.findall(r"(?:^|_and_|_to_)%s(\d+[a-z]?)(?=_)" % small, name)
        if "_to_" in name:
            each = [str(number) for number in range(int(each[0]), int(each[1]) + 1)]
        found.update(letter + number for number in each)
    return found


def main():
    report = Report()
    rows = [(" ".join((ELF[section][0], number)), has_elf(section, number))
            for section, number in elf_vectors()]
    units = {letter: numbers_of_unit(letter) for letter in UNIT}
    rows += [(name, name in units[name[0]]) for name in other_vectors()]
    for name, tested in rows:
        report.check(name + " has a test", name not in WITHOUT, tested)
    report.check("all of those without a test are vectors", [],
                 sorted(set(WITHOUT) - {name for name, _ in rows}))
    report.finish()


if __name__ == "__main__":
    main()
