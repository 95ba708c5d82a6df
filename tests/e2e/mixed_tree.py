"""One `tenon why DIR` over a tree of thousands of binaries of all formats and systems, mixed.

The tree has many copies of the corpus' smaller files, and of the files that are made here: each
directory has one of all. What is said of a file is what is said of it when it is asked about alone,
and what is said of every copy. A directory stands for its images: those that no loader starts are
errors when they are named, and left out of it.
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import macho
import tenon
from large import MAKERS
from report import Report

FILES, MOST = 4000, 150_000  # files of the tree; bytes of one that is copied
HERE = os.path.dirname(os.path.abspath(__file__))


def small_files(top):
    return [path for directory, _, names in os.walk(top)
            for path in (os.path.join(directory, name) for name in sorted(names))
            if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) < MOST]


def make_one(directory, originals):
    """A directory with a copy of each file, numbered as names may be the same."""
    os.makedirs(directory)
    for number, path in enumerate(originals):
        shutil.copyfile(path, os.path.join(directory, "%03d-%s" % (number, os.path.basename(path))))
    for name, make in MAKERS.items():
        make(os.path.join(directory, "made-" + name), 4096)
    with open(os.path.join(directory, "made-universal"), "wb") as file:
        file.write(macho.fat([(arch, macho.thin(arch)) for arch in ("x86_64", "arm64", "ppc")]))


def answer_of(row, directory):
    """All that matters of a result, whatever the directory is called; duplicates are told apart."""
    libraries = [(each["name"], each["status"], each["path"], each["rule"])
                 for each in row.get("libraries", ())]
    text = json.dumps([row["status"], row.get("loader"), row.get("error"), libraries],
                      sort_keys=True)
    return text.replace(directory, "DIR")


def main():
    tenon.command()
    report = Report()
    base = os.environ.get("TENON_SHARED") or os.path.join(tenon.source_root(), "..", "shared")
    originals = small_files(os.path.join(HERE, "..", "corpus")) + \
        small_files(os.path.join(base, "corpus"))
    with tempfile.TemporaryDirectory(prefix="tenon-mixed-") as scratch:
        tree, alone = os.path.join(scratch, "tree"), os.path.join(scratch, "alone")
        make_one(alone, originals)
        names = sorted(os.listdir(alone))
        copies = FILES // len(names) + 1
        for number in range(copies):
            make_one(os.path.join(tree, "%03d" % number), originals)
        done = subprocess.run([tenon.command(), "why", "--json", *tenon.options(), "--skip-other",
                               tree], capture_output=True, check=False)
        report.check("ends without a signal", True, 0 <= done.returncode < 64, ("expected", "tenon"))
        rows = json.loads(done.stdout)["results"]
        expected = {}
        for name in names:
            path = os.path.join(alone, name)
            _, found = tenon.results("why", *tenon.options(), "--json", "--skip-other", path)
            if found:
                expected[name] = answer_of(found[0], alone)
        counts = collections.Counter(os.path.basename(tenon.text(row["file"])) for row in rows)
        for name, answer in expected.items():
            wanted = 0 if counts[name] == 0 and answer.startswith('["error"') else copies
            report.check("results for " + name, wanted, counts[name])
        for row in rows:
            directory, name = os.path.split(tenon.text(row["file"]))
            report.check(tenon.text(row["file"]), expected.get(name), answer_of(row, directory))
        loaders = collections.Counter(row.get("loader") or "none" for row in rows)
        report.note("%d files: %s" % (copies * len(names),
                                      ", ".join("%s %d" % each for each in loaders.most_common())))
    report.finish()


if __name__ == "__main__":
    main()
