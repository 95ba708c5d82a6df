"""`tenon show` of a large PE image, Mach-O file or XCOFF file reads what it reads of a small one.

Counted are the bytes that the command asks the system for, so that a busy machine does not matter.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from large import LARGE, MAKERS, SMALL
from report import Report, skip_all

# a leak check cannot run under strace
TRACED = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


def shown(path, options):
    """(status, output without the path, bytes read, reads)"""
    done = subprocess.run(["strace", "-f", "-e", "trace=read,pread64", "-o", path + ".trace",
                           tenon.command(), "show", *options, path], capture_output=True,
                          check=False, env=TRACED)
    with open(path + ".trace", encoding="utf-8") as file:
        text = file.read()
    sizes = [int(size) for size in re.findall(r"pread64\(.* = (\d+)$", text, re.M)]
    return done.returncode, done.stdout.replace(path.encode(), b""), sum(sizes), len(sizes)


def compare(report, work, name, options, words):
    answers = []
    for size in (SMALL, LARGE):
        path = os.path.join(work, "%s%d" % (name, size))
        MAKERS[name](path, size)
        answers.append(shown(path, options))
    what = " ".join((name, *options))
    report.check(what + " is read", 0, answers[0][0])
    report.check(what + " says", [], [word for word in words if word not in answers[0][1]])
    report.check(what + ": the same answer", answers[0][1], answers[1][1], ("1 MB", "100 MB"))
    report.check(what + ": the same reads", answers[0][2:], answers[1][2:], ("1 MB", "100 MB"))
    report.note("%s: %d bytes in %d reads" % (what, *answers[1][2:]))


def main():
    if shutil.which("strace") is None:
        skip_all("no strace")
    tenon.command()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tenon-large-") as work:
        for name in MAKERS:
            compare(report, work, name, (), [b"foo"])
            compare(report, work, name, ("--exports", "--imports"), [b"foo", b"given"])
    report.finish()


if __name__ == "__main__":
    main()
