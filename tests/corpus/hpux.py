"""Files that GNU binutils for HP-UX on 64-bit PA-RISC linked (tests/corpus/hpux), read and joined.

Their recipe says what is in them: tests/corpus/hpux/make.
"""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from report import Report

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hpux")
# name: kind, own name, needs, embedded path, exports, imports
FILES = {
    "libbar.1": ("shared-library", "libbar.1", [], [], {"bar"}, []),
    "libfoo.1": ("shared-library", "libfoo.1", ["libbar.1"], ["/opt/lib", "$ORIGIN"],
                 {"foo", "table"}, ["bar"]),
    "prog": ("executable", None, ["libfoo.1"], ["/opt/lib"], set(), ["foo"]),
}


def compare_files(report):
    _, rows = tenon.results("show", "--json", "--exports", "--imports",
                            *[os.path.join(HERE, name) for name in FILES])
    for (name, (kind, own, needs, paths, exported, wanted)), row in zip(FILES.items(), rows):
        report.check(name, ("elf", 64, "big", "hppa64", "hpux", kind, own),
                     tuple(row[key] for key in ("format", "class", "endian", "machine", "os", "kind",
                                                "own_name")))
        report.check(name + " needs", needs, [need["name"] for need in row["needed"]])
        report.check(name + " embedded path", [("rpath", path) for path in paths],
                     [(each["kind"], each["path"]) for each in row["search_paths"]])
        report.check(name + " exports", exported,
                     {each["name"] for each in row["exports"] if each["type"] != "notype"})
        report.check(name + " imports", wanted, [each["name"] for each in row["imports"]])
    report.check("prog's loader", "/usr/lib/pa20_64/dld.sl", rows[-1]["interpreter"])


def compare_tree(report):
    """The library of a library lies beside it, then elsewhere."""
    with tempfile.TemporaryDirectory(prefix="tenon-hpux-") as tree:
        for name, directory in (("prog", "bin"), ("libfoo.1", "opt/lib"), ("libbar.1", "opt/lib")):
            os.makedirs(os.path.join(tree, directory), exist_ok=True)
            shutil.copy(os.path.join(HERE, name), os.path.join(tree, directory))

        def compare(what, bar, **world):
            row = tenon.why(["/bin/prog"], sysroot=tree, **world)["/bin/prog"]
            report.check(what, ("hpux", [("libfoo.1", "/opt/lib/libfoo.1"), ("libbar.1", bar)]),
                         (row["loader"], [(each["name"], each["path"])
                                          for each in row["libraries"]]))

        compare("embedded path", "/opt/lib/libbar.1")
        os.makedirs(os.path.join(tree, "opt", "other"))
        shutil.move(os.path.join(tree, "opt/lib/libbar.1"), os.path.join(tree, "opt/other"))
        compare("in no list", None)
        compare("SHLIB_PATH", "/opt/other/libbar.1", env={"SHLIB_PATH": "/opt/other"})


def main():
    tenon.command()
    report = Report()
    compare_files(report)
    compare_tree(report)
    report.finish()


if __name__ == "__main__":
    main()
