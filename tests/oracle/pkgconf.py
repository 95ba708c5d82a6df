#!/usr/bin/env python3
"""
Every .pc file that is installed here, and some odd ones, as tenon reads them and as pkgconf does:
the same switches, in an order that means the same to compiler and linker, and the same version.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build  # noqa: E402
from report import Report, skip_all  # noqa: E402

build.needs("pkgconf")

READER = os.path.join(os.environ.get("TENON_BUILD", "build"), "tests", "pc_flags")
# as in the file: nothing is left out because the compiler knows it
ENV = {**{k: v for k, v in os.environ.items() if not k.startswith("PKG_CONFIG")},
       "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"}
DIRS = ("-I", "-isystem", "-idirafter", "-iquote", "-F")
ODD = {
    "plain": "prefix=/p\nlibdir=${prefix}/lib\nName: plain\nDescription: d\nVersion: 1.2\n"
             "Cflags: -I${prefix}/include -DX=1\nLibs: -L${libdir} -lplain\n",
    "quoted": "prefix=/p q\nName: quoted\nDescription: d\nVersion: 1\n"
              "Cflags: \"-I${prefix}/in clude\" '-DA=\"b\"' -DC=\\\"d\\\"\nLibs: -L'/x y' -lq\\ r\n",
    "apart": "Name: apart\nDescription: d\nVersion: 1\n"
             "Cflags: -I /a -isystem /b -idirafter /c -include x.h\nLibs: -L /l -l z\n",
    "long": "Name: long\nDescription: d\nVersion: 1\nCflags: -I/a \\\n -I/b\n"
            "Libs: -L/c \\\n\t-la \\\n\t-lb\n",
    "comment": "# Cflags: -Inot\nName: comment\nDescription: d # e\nVersion: 1 # 2\n"
               "Cflags: -I/a # -I/b\nLibs: -la#b\n",
    "needs": "Name: needs\nDescription: d\nVersion: 1\nRequires: plain >= 1.0, long\n"
             "Requires.private: quoted\nCflags: -I/n\nLibs: -ln\nLibs.private: -lpriv -lm\n",
    "twice": "Name: twice\nDescription: d\nVersion: 1\nRequires: plain plain needs\n"
             "Cflags: -I/n -I/n -DT -DT\nLibs: -lt -lplain -lt\n",
    "where": "Name: where\nDescription: d\nVersion: 1\nCflags: -I${pcfiledir}/../include\n"
             "Libs: -L${pcfiledir} -lw\n",
    "spaces": "prefix = /p\n  libdir =${prefix}/l \nName : spaces\nDescription: d\nVersion : 3.4\n"
              "CFlags: -I${prefix}\nLibs : -L${libdir} -ls -pthread -Wl,-z,now\n",
    "frameworks": "Name: frameworks\nDescription: d\nVersion: 1\nCflags: -F/f\n"
                  "Libs: -F/f -framework A -framework B -Wl,--start-group -la -lb -Wl,--end-group\n",
    "dollars": "a=$$x\nName: dollars\nDescription: d\nVersion: 1\nCflags: -DA=$$HOME\nLibs: -la\n",
    "later": "Name: later\nDescription: d\nVersion: 1\nCflags: -I${late}/x\nLibs: -ll\nlate=/a\n",
    "hash": "Name: hash\nDescription: d\nVersion: 1\nCflags: -DA=\\#x -I/a\\#b\nLibs: -L/c\\#d -lh\n",
    "slashes": "Name: slashes\nDescription: d\nVersion: 1\nCflags: -DA=a\\ b -DB=\\\\c\n"
               "Libs: -L/a\\ b -ls\n",
    "case": "NAME: case\ndescription: d\nVERSION: 5\ncflags: -I/c\nLIBS: -lcase\n"
            "requires: plain\nREQUIRES.PRIVATE: long\nlibs.private: -lp\n",
    "commas": "Name: commas\nDescription: d\nVersion: 1\nRequires: plain>=1,long , needs <2\n"
              "Libs: -lcommas\n",
    "both": "Name: both\nDescription: d\nVersion: 1\nRequires.private: plain\n"
            "Requires: needs plain\nLibs: -lboth\n",
    "group": "Name: group\nDescription: d\nVersion: 1\nRequires: frameworks\n"
             "Libs: -Wl,--start-group -lg -lh -Wl,--end-group -lg\n",
    "empty": "Name: empty\nDescription: d\nVersion:\nCflags:\nLibs:\n",
    "variables": "a=x\nb=${a}y\na=z\nc=\"${b} w\"\nName: v\nDescription: d\nVersion: ${a}\n"
                 "Cflags: -I${b} -I${a} -D${c} -D${none}\nLibs: -l${a}\n",
    "again": "Name: again\nDescription: d\nVersion: 1\nCflags: -I/a\nCflags: -I/b\n"
             "Libs: -la\nLibs: -lb\n",
    "crlf": "prefix=/p\r\nName: crlf\r\nDescription: d\r\nVersion: 1\r\nCflags: -I${prefix}\r\n"
            "Libs: -lc1\r\n",
}


def pkgconf(path, dirs, *what):
    """Its words, or None when it has no answer."""
    done = subprocess.run(["pkgconf", *what, path], capture_output=True, text=True,
                          env={**ENV, "PKG_CONFIG_LIBDIR": ":".join(dirs)})
    return None if done.returncode != 0 else done.stdout


def words(text):
    """What a shell makes of pkgconf's answer."""
    return shlex.split(text)


def read(paths, dirs):
    """{path: {key: words}} by tenon."""
    out = subprocess.run([READER, ":".join(dirs), *paths], capture_output=True, text=True,
                         check=True).stdout
    answers, row = {}, None
    for line in out.splitlines():
        key, *rest = line.split("\t")
        if key == "file":
            row = answers[rest[0]] = {}
        else:
            row[key] = rest
    return answers


def joined(flags):
    """Each switch in one word with its argument."""
    out, i = [], 0
    while i < len(flags):
        word = flags[i]
        if word in ("-I", "-L", "-l") and i + 1 < len(flags):
            word += flags[i + 1]
            i += 1
        elif word in ("-isystem", "-idirafter", "-include", "-framework", "-F") and \
                i + 1 < len(flags):
            word += " " + flags[i + 1]
            i += 1
        out.append(word)
        i += 1
    return out


def first(flags, kinds):
    """The switches of these kinds without later repetitions: the first directory counts."""
    return list(dict.fromkeys(word for word in joined(flags) if word.startswith(kinds)))


def last(flags):
    """Libraries without earlier repetitions: the last place counts."""
    names = [word for word in joined(flags) if not word.startswith(("-L", *DIRS))]
    return list(dict.fromkeys(reversed(names)))[::-1]


def compare(report, name, path, dirs, answer):
    sides = ("pkgconf", "tenon")
    cflags, libs, static = (pkgconf(path, dirs, *what) for what in
                            (("--cflags",), ("--libs",), ("--libs", "--static")))
    version = pkgconf(path, dirs, "--modversion")
    if libs is None or version is None:
        return False
    if "error" in answer:
        report.check(name, "an answer", answer["error"][0], sides)
        return True
    report.check(name + ", version", version.strip(), answer["version"][0], sides)
    if cflags is not None:
        report.check(name + ", -I", first(words(cflags), DIRS), first(answer["cflags"], DIRS), sides)
        report.check(name + ", cflags", set(joined(words(cflags))), set(joined(answer["cflags"])),
                     sides)
    report.check(name + ", -L", first(words(libs), ("-L",)), first(answer["libs"], ("-L",)),
                 sides)
    report.check(name + ", libs", last(words(libs)), last(answer["libs"]), sides)
    if static is not None:
        report.check(name + ", static", set(joined(words(static))),
                     set(joined(answer["libs"] + answer["private"])), sides)
    return True


def main():
    if not os.access(READER, os.X_OK):
        skip_all("no " + READER)
    report = Report()
    dirs = subprocess.run(["pkgconf", "--variable=pc_path", "pkg-config"], capture_output=True,
                          text=True).stdout.strip().split(":")
    installed = [os.path.join(folder, name) for folder in dirs if os.path.isdir(folder)
                 for name in sorted(os.listdir(folder)) if name.endswith(".pc")]
    top = tempfile.mkdtemp(prefix="tenon-pc-")
    try:
        for name, text in ODD.items():
            with open(os.path.join(top, name + ".pc"), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        odd = [os.path.join(top, name + ".pc") for name in ODD]
        none = 0
        for paths, where in ((installed, dirs), (odd, [top])):
            answers = read(paths, where) if paths else {}
            for path in paths:
                name = re.sub(r"\.pc$", "", os.path.basename(path))
                none += not compare(report, name, path, where, answers[path])
    finally:
        shutil.rmtree(top, ignore_errors=True)
    report.note("%d files installed, %d made up; of %d pkgconf itself says nothing"
                % (len(installed), len(ODD), none))
    report.finish()


if __name__ == "__main__":
    main()
