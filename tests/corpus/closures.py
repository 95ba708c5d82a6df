"""The closures of the corpus as sysroots: each need against the expected resolution.

The glibc tree is asked twice, with its ld.so.cache and with ld.so.conf alone.
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import corpus
import tenon
from report import Report

GLIBC = "debian13-arm64-file"
MUSL = "linuxmusl-x64-addon"
# closures whose objects are asked about in the processes of these files
PROCESSES = {
    "darwin-arm64-sharp": ["node_modules/@img/sharp-darwin-arm64/lib/"
                           "sharp-darwin-arm64-0.35.5.node"],
    "ios-arm64-app-frameworks": ["ReverseOneSignal.app/ReverseOneSignal"],
    "hpux-hppa-dbload": ["pro/local/bin/db_load", "pro/local/lib/libgdbm.sl"],
}
FREEBSD = "freebsd-x64-addon"
WINDOWS = {"win32-x64-sharp": "windows", "cygwin-i386-rsync": "cygwin"}


def inside(tree, path):
    """The file of the tree that a path of its own system names, links followed."""
    if path is None:
        return None
    return os.path.relpath(os.path.realpath(os.path.join(tree, path.lstrip("/"))), tree)


def found(row, tree, name, flavour):
    """What tenon says a need of the file itself becomes."""
    if flavour == "interpreter":
        return inside(tree, tenon.text(row["interpreter"]))
    paths = [library["path"] for library in row["libraries"]
             if tenon.text(library["name"]) == name and -1 in library["needed_by"]]
    return inside(tree, tenon.text(paths[0])) if paths else None


def compare(report, what, tree, rows):
    """Each row of the expectation, its requester asked as the file."""
    requesters = sorted({"/" + row["requester"] for row in rows})
    answers = tenon.why(requesters, sysroot=tree)
    for row in rows:
        name = "%s: %s of %s" % (what, row["needed"], row["requester"])
        answer = answers["/" + row["requester"]]
        target = row["resolved_to"].split(" -> ")[-1]
        expected = None if row["outcome"] == "not-found" else inside(tree, target)
        got = (found(answer, tree, row["needed"], row["flavour"])
               if answer["status"] != "error" else "%(code)s: %(message)s" % answer["error"])
        report.check(name, expected, got)
        report.check(name + ", status", "ok", answer["status"])
    return answers


def requester_rows(rows):
    by_requester = {}
    for row in rows:
        by_requester.setdefault(row["requester"], []).append(row)
    return by_requester


def state(row, tree, need, requester):
    """What tenon says a need becomes for an object of the process: state, file or path."""
    paths = [library["path"] for library in row["libraries"]]
    indices = [-1] if requester is None else [
        index for index, path in enumerate(paths) if path and inside(tree, path) == requester]
    for library in row["libraries"]:
        if need != tenon.text(library["name"]) or not set(indices) & set(library["needed_by"]):
            continue
        if library["status"] == "system":
            return "system", library["path"].lstrip("/")
        if library["status"] == "found":
            return "found", inside(tree, library["path"])
        return "not-found", None
    return "no such need", None


def compare_states(report, tree, rows, programs):
    """Each need of each object, in the process of the first of `programs` that loads it."""
    answers = tenon.why(["/" + program for program in programs], sysroot=tree)
    asked = requester_rows(rows)
    for requester, needs in sorted(asked.items()):
        own = "/" + requester if requester in programs else None
        program = own or next(
            path for path in sorted(answers)
            if any(library["path"] and inside(tree, library["path"]) == requester
                   for library in answers[path]["libraries"]))
        for need in needs:
            expected = (need["outcome"], None if need["outcome"] == "not-found"
                        else need["resolved_to"].lstrip("/"))
            got = state(answers[program], tree, need["needed"], None if own else requester)
            report.check("%s: %s of %s" % (program, need["needed"], requester), expected, got)


def compare_without_system(report, what, tree, rows):
    """A tree that holds no system: what that would supply is not found, by its loader's rules."""
    requesters = sorted({"/" + row["requester"] for row in rows})
    answers = tenon.why(requesters, sysroot=tree)
    for path in requesters:
        expected = [row["needed"] for row in rows if "/" + row["requester"] == path]
        answer = answers[path]
        report.check("%s: loader of %s" % (what, path), what, answer.get("loader"))
        missing = [library["name"] for library in answer.get("libraries", ())
                   if library["status"] == "missing"]
        report.check("%s: not found for %s" % (what, path), expected, missing)
        for library in answer.get("libraries", ()):
            tried = [attempt["path"] for attempt in library["tried"]]
            wanted = next(row["resolved_to"] for row in rows if row["needed"] == library["name"])
            report.check("%s: where %s would be is tried" % (what, library["name"]), True,
                         wanted in tried or tried)


def windows_outcome(row, expected):
    """What a need of the file itself became: outcome, and where that is."""
    for library in row["libraries"]:
        if library["name"] == expected["needed"] and -1 in library["needed_by"]:
            path = (tenon.text(library["path"]) or "").lower().lstrip("/")
            outcome = {"missing": "not-found"}.get(library["status"], library["status"])
            return library["flavour"], outcome, path
    return None


def compare_windows(report, name, tree):
    """The same for files of Windows, where case does not count and a drive is a directory."""
    rows = corpus.expected(tree)
    answers = tenon.why(sorted({"/" + row["requester"] for row in rows}), sysroot=tree)
    for row in rows:
        answer = answers["/" + row["requester"]]
        path = row["resolved_to"].replace("\\", "/").lower()
        expected = (row["flavour"], row["outcome"], "" if path == "-" else path)
        what = "%s: %s of %s" % (name, row["needed"], row["requester"])
        report.check(what, expected, windows_outcome(answer, row))
    for path, row in sorted(answers.items()):
        missing = any(each["outcome"] == "not-found" and each["flavour"] == "normal"
                      and "/" + each["requester"] == path for each in rows)
        report.check(path + ": status", "missing" if missing else "ok", row["status"])
        report.check(path + ": its loader", WINDOWS[name], row["loader"])
    compare_symbols(report, name, tree, sorted(answers))


def compare_symbols(report, name, tree, files):
    """What is shipped together fits: each symbol is where it is asked for."""
    answers = tenon.why(files, ["--symbols"], sysroot=tree)
    for path, row in sorted(answers.items()):
        report.check(path + ": symbols that nobody has", [], row["missing_symbols"])
    report.check(name + ": some symbols are bound", True,
                 any(row["bindings"] for row in answers.values()))


def compare_own(report):
    """The bundle of macOS that is kept here, with one library missing."""
    tree = os.path.join(tenon.source_root(), "tests", "corpus", "macho")
    program = "/App.app/Contents/MacOS/App"
    row = tenon.why([program], sysroot=tree)[program]
    got = [(library["name"], library["status"], library["rule"]) for library in row["libraries"]]
    report.check("macho: " + program, [
        ("@rpath/libgreet.1.dylib", "found", "LC_RPATH"),
        ("@rpath/libthank.dylib", "missing", None),
        ("/usr/lib/libSystem.B.dylib", "system", "shared cache, assumed")], got)
    report.check("macho: status", "missing", row["status"])


def main():
    directory = tenon.shared("corpus", "closures")
    tenon.command()
    report = Report()
    compare_own(report)
    with tempfile.TemporaryDirectory(prefix="tenon-closures-") as work:
        work = os.path.realpath(work)
        tree = os.path.join(work, GLIBC)
        corpus.restore_tree(os.path.join(directory, GLIBC), tree)
        rows = corpus.expected(tree)
        with_cache = compare(report, "cache", tree, rows)
        os.unlink(os.path.join(tree, "etc", "ld.so.cache"))
        without = compare(report, "no cache", tree, rows)
        for path, row in sorted(without.items()):
            remarks = " ".join(row.get("remarks", ()))
            used = any(library["rule"] == "ld.so.conf" for library in row["libraries"])
            report.check(path + ": says that ld.so.conf was used", used, "ld.so.conf" in remarks)
            same = [[library["name"] for library in answer.get("libraries", ())]
                    for answer in (with_cache[path], row)]
            report.check(path + ": the same libraries without cache", same[0], same[1],
                         ("cache", "no cache"))
        tree = os.path.join(work, MUSL)
        corpus.restore_tree(os.path.join(directory, MUSL), tree)
        answers = compare(report, "musl", tree, corpus.expected(tree))
        for path, row in sorted(answers.items()):
            report.check(path + ": its loader", "musl", row["loader"])
        for name, programs in PROCESSES.items():
            tree = os.path.join(work, name)
            corpus.restore_tree(os.path.join(directory, name), tree)
            compare_states(report, tree, corpus.expected(tree), programs)
            if not name.startswith("hpux"):
                compare_symbols(report, name, tree, ["/" + program for program in programs])
        tree = os.path.join(work, FREEBSD)
        corpus.restore_tree(os.path.join(directory, FREEBSD), tree)
        compare_without_system(report, "freebsd", tree, corpus.expected(tree))
        for name in WINDOWS:
            tree = os.path.join(work, name)
            corpus.restore_tree(os.path.join(directory, name), tree)
            compare_windows(report, name, tree)
    report.finish()


if __name__ == "__main__":
    main()
