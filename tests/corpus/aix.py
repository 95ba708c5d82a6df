"""Files that GNU binutils for AIX linked (tests/corpus/aix), read and joined.

Their recipe says what is in them: tests/corpus/aix/make.
"""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from report import Report

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "aix")


def needs(row):
    return [(tenon.text(need["path"]), need["base"], need["member"]) for need in row["needed"]]


def compare_files(report):
    for bits, machine, suffix in ((32, "ppc", ""), (64, "ppc64", "_64")):
        for name, path, expected in (
                ("libfoo", "/opt/lib:/usr/lib:/lib", ("", "libbar.a", "shr%s.o" % suffix)),
                ("libpath", "/usr/lib:/lib", ("/opt/x/lib", "libplain.so", ""))):
            file = os.path.join(HERE, "%s%d.so" % (name, bits))
            _, rows = tenon.results("show", "--json", "--exports", "--imports", file)
            row = rows[0]
            what = os.path.basename(file)
            report.check(what, ("xcoff", bits, machine, "shared-library", "aix"),
                         tuple(row[key] for key in ("format", "class", "machine", "kind", "os")))
            report.check(what + " needs", [expected], needs(row))
            report.check(what + " library path", path.split(":"),
                         [each["path"] for each in row["search_paths"]])
            report.check(what + " exports", ["foo_of_a_long_name", "table"],
                         sorted(each["name"] for each in row["exports"]))
            member = expected[1] + ("(%s)" % expected[2] if expected[2] else "")
            report.check(what + " imports", [("bar", member)],
                         [(each["name"], each["library"]) for each in row["imports"]])


def compare_archive(report):
    archive = os.path.join(HERE, "libbar.a")
    _, rows = tenon.results("show", "--json", "--exports", archive)
    report.check("libbar.a", ("archive", "aix-big", ["shr.o", "shr_64.o"]),
                 (rows[0]["kind"], rows[0]["facts"]["flavour"], rows[0]["member_names"]))
    report.check("libbar.a index", {"bar"}, {each["name"] for each in rows[0]["exports"]} & {"bar"})
    for member, bits in (("shr.o", 32), ("shr_64.o", 64)):
        _, rows = tenon.results("show", "--json", "--member", member, archive)
        report.check("libbar.a(%s)" % member, bits, rows[0]["class"])


def compare_same_names(report):
    """A member of each width under one name: the first, or that of a machine."""
    archive = os.path.join(HERE, "libboth.a")
    _, rows = tenon.results("show", "--json", archive)
    report.check("libboth.a", ["shr.o", "shr.o"], rows[0]["member_names"])
    for words, bits in (((), 32), (("--slice", "ppc"), 32), (("--slice", "ppc64"), 64)):
        _, rows = tenon.results("show", "--json", "--member", "shr.o", *words, archive)
        report.check("libboth.a(shr.o) " + " ".join(words), bits, rows[0]["class"])


def compare_tree(report):
    """Each library as the file asked about, libbar.a in its library path."""
    with tempfile.TemporaryDirectory(prefix="tenon-aix-") as tree:
        os.makedirs(os.path.join(tree, "opt", "lib"))
        shutil.copy(os.path.join(HERE, "libbar.a"), os.path.join(tree, "opt", "lib"))
        for bits, suffix in ((32, ""), (64, "_64")):
            file = "libfoo%d.so" % bits
            shutil.copy(os.path.join(HERE, file), tree)
            row = tenon.why(["/" + file], sysroot=tree)["/" + file]
            found = [(library["name"], library["path"], library["member"], library["rule"])
                     for library in row["libraries"]]
            member = "shr%s.o" % suffix
            report.check(file + " joined",
                         [("libbar.a(%s)" % member, "/opt/lib/libbar.a", member, "library path")],
                         found)
            report.check(file + " status", "ok", row["status"])
            compare_symbols(report, tree, file)


def compare_symbols(report, tree, file):
    """bar is of libbar.a; with another archive in its place it is of nobody."""
    library = os.path.join(tree, "opt", "lib", "libbar.a")
    row = tenon.why(["/" + file], ["--symbols"], sysroot=tree)["/" + file]
    report.check(file + " symbols", [("bar", 0)],
                 [(each["symbol"], each["provider"]) for each in row["bindings"]])
    if "64" in file:
        return
    shutil.copy(os.path.join(HERE, "libboth.a"), library)
    row = tenon.why(["/" + file], ["--symbols"], sysroot=tree)["/" + file]
    report.check(file + " symbols that nobody has", ("missing", [
        ("bar", "/opt/lib/libbar.a(shr.o) does not export it")] * 2),
        (row["status"], [(each["symbol"], each["reason"]) for each in row["missing_symbols"]]))
    shutil.copy(os.path.join(HERE, "libbar.a"), library)


def main():
    tenon.command()
    report = Report()
    compare_files(report)
    compare_archive(report)
    compare_same_names(report)
    compare_tree(report)
    report.finish()


if __name__ == "__main__":
    main()
