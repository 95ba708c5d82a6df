#!/usr/bin/env python3
"""Each example under examples/ builds with the installed command, and its host has its record."""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import launch  # noqa: E402
import tenon  # noqa: E402
from build import needs  # noqa: E402
from report import Report, skip_all  # noqa: E402

# example: (commands, host)
EXAMPLES = {
    "record-make": ([["make"], ["make"]], "host"),
    "record-cmake": ([["cmake", "-B", "build"], ["cmake", "--build", "build"]], "build/host"),
    "record-meson": ([["meson", "setup", "--native-file", "tenon.ini", "build"],
                      ["meson", "compile", "-C", "build"]], "build/host"),
}
UNITS = ["shop/counter", "shop/main"]


def install(directory):
    """Installs the build tree; the directory of the command."""
    build = os.environ.get("TENON_BUILD")
    if not build:
        skip_all("TENON_BUILD does not name the build tree")
    launch.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir",
                directory], directory)
    for where, _, files in os.walk(directory):
        if "tenon" in files and os.access(os.path.join(where, "tenon"), os.X_OK):
            return where
    raise launch.Failed("no command was installed")


def check_example(report, name, environment, scratch):
    commands, host = EXAMPLES[name]
    directory = os.path.join(scratch, name)
    shutil.copytree(os.path.join(tenon.source_root(), "examples", name), directory)
    for command in commands:
        launch.run(command, directory, env=environment)
    path = os.path.join(directory, host)
    row = launch.units(path)
    report.check(name + ": units", UNITS, launch.names(row))
    report.check(name + ": record", "complete", row["record"])
    report.check(name + ": runs", b"counted to 1\n", subprocess.run([path], capture_output=True)
                 .stdout)


def main():
    needs("make", "cmake", "meson", "cc")
    report = Report()
    scratch = tempfile.mkdtemp(prefix="tenon-examples-")
    try:
        path = "%s:%s" % (install(scratch), os.environ["PATH"])
        for name in sorted(EXAMPLES):
            try:
                check_example(report, name, {"PATH": path}, scratch)
            except launch.Failed as error:
                report.check(name, "built", str(error))
    finally:
        shutil.rmtree(scratch)
    report.finish()


if __name__ == "__main__":
    main()
