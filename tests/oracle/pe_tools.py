"""Thousands of PE images, objects and import libraries against what objdump says of them.

The files are those of mingw-w64 and of Wine where they are installed; with TENON_CHECK=all every
one of them, else a sample.

rule: Microsoft "PE Format"
"""

import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from report import Report, skip_all, wants_all

IMAGES = ["/usr/lib/*-linux-gnu/wine/*-windows/*", "/usr/lib/gcc/*-w64-mingw32/*/*.dll",
          "/usr/*-w64-mingw32/lib/*.dll", "/usr/*-w64-mingw32/bin/*"]
LIBRARIES = ["/usr/*-w64-mingw32/lib/*.a"]
SAMPLE = 50
OBJDUMP = "x86_64-w64-mingw32-objdump"
DLLTOOL = "x86_64-w64-mingw32-dlltool"


def chosen(patterns):
    paths = sorted({os.path.realpath(path) for pattern in patterns for path in glob.glob(pattern)
                    if os.path.isfile(path)})
    if wants_all() or len(paths) <= SAMPLE:
        return paths
    step = len(paths) / SAMPLE
    return [paths[int(i * step)] for i in range(SAMPLE)]


def said(*arguments):
    done = subprocess.run(arguments, capture_output=True, check=False)
    return done.returncode, done.stdout.decode("latin-1")


def of_objdump(path):
    """What objdump -p says: the imported libraries with their symbols, own name, exports."""
    status, text = said(OBJDUMP, "-p", path)
    if status or "file format pei-" not in text:
        return None
    imports, last = [], None
    for line in text.splitlines():
        found = re.match(r"\tDLL Name: (.*)$", line)
        if found:
            last = (found[1], [])
            imports.append(last)
            continue
        # up to binutils 2.41 a tab and one number, then two columns for ordinal and hint
        found = re.match(r"\t[0-9a-f]+(?:\t +\d+|  +(?:\d+|<none>)  +(?:[0-9a-f]{4}|<none>))  (\S.*)$",
                         line) if last else None
        if found:
            last[1].append(found[1].strip())
        elif not line.strip():
            last = None
    name = re.search(r"^Name \t+[0-9a-f]+ (.*)$", text, re.M)
    exports = []
    table = re.search(r"^\[Ordinal/Name Pointer\] Table.*?\n(.*?)(?:\n\n|\Z)", text, re.M | re.S)
    if table:
        exports = re.findall(r"^\t\[ *\d+\] (?:\+base\[ *\d+\] +[0-9a-f]+ )?(.*)$", table[1], re.M)
    forwards = len(re.findall(r"Forwarder RVA -- ", text))
    return {"imports": imports, "name": name[1] if name else None, "exports": exports,
            "forwards": forwards}


def compare_image(report, path, row):
    theirs = of_objdump(path)
    if theirs is None:
        return
    ours = {"imports": [], "name": tenon.text(row["own_name"]),
            "exports": [tenon.text(each["name"]) for each in row["exports"] if each["name"]],
            "forwards": sum("forward" in each for each in row["exports"])}
    by_library = {}
    for each in row["imports"]:
        by_library.setdefault(tenon.text(each["library"]), []).append(
            tenon.text(each["name"]))
    ours["imports"] = [(tenon.text(need["name"]), need["symbols"]) for need in row["needed"]
                       if need["flavour"] == "normal"]
    counted = [(name, len(symbols)) for name, symbols in theirs["imports"]]
    report.check(path + " libraries", [name for name, _ in counted],
                 [name for name, _ in ours["imports"]], ("objdump", "tenon"))
    for name, symbols in theirs["imports"]:
        if not any(symbol.startswith("<") for symbol in symbols):
            expected = sorted(symbol for symbol in symbols)
            mine = sorted(by_library.get(name, []))
            merged = sorted(symbol for other, more in theirs["imports"] if other == name
                            for symbol in more)
            if not any("<none>" in symbol for symbol in symbols):
                report.check("%s symbols of %s" % (path, name), merged or expected,
                             [symbol for symbol in mine if symbol], ("objdump", "tenon"))
    for key in ("name", "exports", "forwards"):
        report.check("%s %s" % (path, key), theirs[key], ours[key], ("objdump", "tenon"))


def compare_library(report, path, row):
    """The members as ar lists them, and the DLLs as dlltool knows them."""
    _, text = said("ar", "t", path)
    report.check(path + " members", text.split(), [tenon.text(name) for name in row["member_names"]],
                 ("ar", "tenon"))
    status, text = said(DLLTOOL, "--identify", path)
    if status == 0 and text.split():
        report.check(path + " DLLs", sorted(set(text.split())),
                     sorted({tenon.text(need["name"]) for need in row["needed"]}),
                     ("dlltool", "tenon"))
        report.check(path + " kind", "import-library", row["kind"])
    _, text = said("nm", "-sP", path)
    index = re.search(r"^Archive index:\n(.*?)\n\n", text, re.M | re.S)
    if index:
        names = [line.split(" in ")[0] for line in index[1].splitlines()]
        report.check(path + " index", names, [tenon.text(each["name"]) for each in row["exports"]],
                     ("nm", "tenon"))


def main():
    if shutil.which(OBJDUMP) is None or shutil.which(DLLTOOL) is None:
        skip_all("no " + OBJDUMP)
    tenon.command()
    report = Report()
    images, libraries = chosen(IMAGES), chosen(LIBRARIES)
    if not images and not libraries:
        skip_all("neither mingw-w64 nor Wine is installed")
    for paths, compare in ((images, compare_image), (libraries, compare_library)):
        for start in range(0, len(paths), 50):
            batch = paths[start:start + 50]
            _, rows = tenon.results("show", "--json", "--exports", "--imports", "--", *batch)
            for path, row in zip(batch, rows):
                if row["status"] == "ok" and row["format"] in ("pe", "ar"):
                    compare(report, path, row)
                elif row["status"] != "ok" and paths is libraries:
                    report.check(path, "read", row["error"]["message"])
    report.note("%d images, %d libraries" % (len(images), len(libraries)))
    report.finish()


if __name__ == "__main__":
    main()
