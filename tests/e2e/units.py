#!/usr/bin/env python3
"""`tenon units` of what real compilers, archivers and linkers make.

Definitions and state are compared with nm and readelf; digests with what is known about the
sources: the same source gives the same, whatever does not change its code; any change another.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))

import tenon
from report import Report, skip_all, wants_all

REPORT = Report()
LINKERS = [name for name in ("bfd", "gold", "lld", "mold")
           if shutil.which({"mold": "mold"}.get(name, "ld." + name))]

C_SOURCE = r'''
#include <string.h>
static int n;
int total = 4;
const char *const words[] = { "one", "two" };
static const char table[] = "abc";
int out(const char *text, int number);
int next(void) { out("hello %d\n", n); return ++n + table[n & 1]; }
static int choose(int x)
{
    switch (x) {
    case 0: return 7;
    case 1: return 90;
    case 2: return 11;
    case 3: return out("three", 3);
    case 4: return 99;
    default: return total;
    }
}
int (*chosen)(int) = choose;
double scale(double d) { return d * 2.5 + choose((int)d); }
'''

CXX_SOURCE = r'''
#include <map>
#include <stdexcept>
#include <string>
inline int shared_value = 5;
inline int &counter() { static int calls = shared_value; return ++calls; }
inline const std::string &name() { static const std::string text("a name"); return text; }
namespace { struct Start { Start() { counter()++; } } start; std::map<std::string, int> known; }
int use(int x)
{
    try {
        if (x > 3)
            throw std::runtime_error("too much");
        known[name()]++;
    } catch (std::exception &) {
        return 1;
    }
    return counter() + shared_value;
}
template <class T> struct Slot { static T value; };
template <class T> T Slot<T>::value = T();
int slot() { return Slot<int>::value++; }
thread_local int per_thread = 3;
struct Shape { virtual ~Shape() {} virtual int sides() { return 1; } };
Shape *make() { return new Shape; }
'''

C_CHANGES = {  # what is changed, by what
    "a literal": ('"two"', '"twp"'),
    "a constant": ("2.5", "2.6"),
    "code": ("return 11", "return 12"),
    "a called function": ("out(", "put("),
    "data": ("total = 4", "total = 5"),
    "a static table": ('"abc"', '"abd"'),
    "a name": ("int next(", "int following("),
    "an initial pointer": ("chosen)(int) = choose", "chosen)(int) = 0"),
}


def run(*command, **how):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, **how)
    if done.returncode != 0:
        sys.exit("%s\n%s" % (" ".join(map(str, command)), done.stderr))
    return done.stdout


def units(*files):
    """All units of files, with definitions."""
    _, rows = tenon.results("units", "--json", "-v", *files)
    for row in rows:
        if row["status"] != "ok":
            sys.exit("%s: %s" % (row["file"], row))
    return [unit for row in rows for unit in row["units"]]


def unit(path):
    (only,) = units(path)
    return only


def digest(path):
    found = unit(path)["implementation"]
    return found["kind"], found["digest"]


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


# ---- digests --------------------------------------------------------------------------------------

# With TENON_CHECK=all each of these; else a sample.
OPTIONS = [["-O0"], ["-O2"], ["-O2", "-fPIC"], ["-O2", "-ffunction-sections", "-fdata-sections"],
           ["-Os", "-fPIC", "-fstack-protector-all"]]
OPTIONS = OPTIONS if wants_all() else OPTIONS[1::2]


def same_source_same_digest(compiler, options, suffix):
    """One source compiled as people do: with -g, elsewhere, under another name, stripped."""
    source = "here/source" + suffix
    other = "there/deeper/renamed" + suffix
    there = os.path.dirname(other)
    run(compiler, *options, "-c", source, "-o", "plain.o")
    run(compiler, *options, "-g3", "-c", source, "-o", "debug.o")
    run(compiler, *options, "-g", "-c", os.path.basename(other), "-o", "x.o", cwd=there)
    run(compiler, *options, "-c", os.path.abspath(other), "-o", "absolute.o")
    run(compiler, *options, "-fno-asynchronous-unwind-tables", "-c", source, "-o", "unwind.o")
    run("strip", "-g", "debug.o", "-o", "stripped.o")
    run("objcopy", "plain.o", "copied.o")
    expected = digest("plain.o")
    label = " ".join([compiler, *options, suffix])
    REPORT.check(label + ": kind", "code-1", expected[0])
    for path in ("debug.o", there + "/x.o", "absolute.o", "unwind.o", "stripped.o", "copied.o"):
        REPORT.check("%s: %s" % (label, path), expected, digest(path))
    return expected


def digests(compiler, plus_compiler):
    seen = {}
    for options in OPTIONS:
        for suffix, source, command in ((".c", C_SOURCE, [compiler]),
                                        (".cc", CXX_SOURCE, [plus_compiler])):
            write("here/source" + suffix, source)
            write("there/deeper/renamed" + suffix, source)
            extra = ["-std=c++17"] if suffix == ".cc" else []
            found = same_source_same_digest(*command, options + extra, suffix)
            seen.setdefault((suffix, found), []).append(options)
    REPORT.check("%s: other options, other code" % compiler, 2 * len(OPTIONS), len(seen))
    changes(compiler)


def changes(compiler):
    write("change.c", C_SOURCE)
    run(compiler, "-O2", "-c", "change.c", "-o", "change.o")
    seen = {digest("change.o"): "nothing"}
    for what, (old, new) in C_CHANGES.items():
        write("change.c", C_SOURCE.replace(old, new))
        run(compiler, "-O2", "-c", "change.c", "-o", "change.o")
        found = digest("change.o")
        REPORT.check("%s: %s changed" % (compiler, what), None, seen.get(found))
        seen[found] = what


# ---- other machines --------------------------------------------------------------------------------

TARGETS = ["i386", "aarch64", "armv7", "riscv64", "powerpc", "powerpc64", "powerpc64le", "s390x",
           "mips", "mips64el"]
# of either class and byte order, REL and RELA
TARGETS = TARGETS if wants_all() else ["i386", "aarch64", "s390x", "mips"]
ARCHIVES = ["libz.a", "libsqlite3.a"] + (["libc.a", "libstdc++.a"] if wants_all() else [])

PURE = """
const char *const names[] = { "a", "b" };
const char *name(int i) { return i ? names[i] : "none"; }
double scale(double d) { return d * 2.5; }
"""


def text_of(path):
    """The bytes of an object's code."""
    run("llvm-objcopy", "-O", "binary", "--only-section=.text", path, "text.bin")
    with open("text.bin", "rb") as file:
        return file.read()


def other_machines():
    """Either class and byte order, RELA and REL: the same properties hold."""
    for machine in TARGETS:
        clang = ["clang", "--target=%s-linux-gnu" % machine, "-w", "-O2", "-fPIC", "-c"]
        write("pure.c", PURE)
        write("code.c", C_SOURCE.replace("#include <string.h>", ""))
        if subprocess.run([*clang, "pure.c"], capture_output=True).returncode != 0:
            REPORT.skip(machine, "this clang makes no code for it")
            continue
        run(*clang, "code.c")
        run(*clang, "-g", "code.c", "-o", "debug.o")
        if text_of("code.o") == text_of("debug.o"):
            REPORT.check(machine + ": -g", digest("code.o"), digest("debug.o"))
        else:
            REPORT.skip(machine + ": -g", "this clang's code depends on it")
        found = [unit("pure.o"), unit("code.o")]
        REPORT.check(machine + ": state", ["no", "yes"], [u["stateful"] for u in found])
        REPORT.check(machine + ": definitions", ["name", "names", "scale"],
                     [d["name"] for d in found[0]["definitions"]])
        for what, (old, new) in C_CHANGES.items():
            write("code.c", C_SOURCE.replace("#include <string.h>", "").replace(old, new))
            run(*clang, "code.c", "-o", "other.o")
            REPORT.check("%s: %s changed" % (machine, what), False,
                         digest("code.o") == digest("other.o"))


# ---- definitions and state ------------------------------------------------------------------------

SECTION = re.compile(r"^ *\[ *(\d+)\] (.*?) +([A-Z_0-9]+) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+"
                     r" +([A-Za-z]*) +\d+ +\d+ +\d+$")
SYMBOL = re.compile(r"^ *\d+: [0-9a-f]+ +\S+ (\S+) +(\S+) +\S+ +(?:\[[^\]]*\] +)?(\S+) (\S+)")
CONSTANT = (".data.rel.ro", ".eh_frame", ".gcc_except_table", ".tm_clone_table", ".note",
            "__patchable_function_entries")
START = (".init", ".fini", ".ctors", ".dtors", ".init_array", ".fini_array", ".preinit_array")


def named(section, names):
    return any(section == name or section.startswith(name + ".") for name in names)


class Truth:
    """What readelf says of one object."""

    def __init__(self, text):
        self.sections, self.symbols, self.comdat = {}, [], set()
        in_group = False
        for line in text.splitlines():
            section, symbol = SECTION.match(line), SYMBOL.match(line)
            member = re.match(r"^ +\[ *(\d+)\] +\S+ *$", line)
            if line.startswith("COMDAT group"):
                in_group = True
            elif in_group and member:
                self.comdat.add(int(member[1]))
            elif section:
                self.sections[int(section[1])] = (section[2].strip(), int(section[4], 16),
                                                  section[5])
            elif symbol:
                self.symbols.append(symbol.groups())
                in_group = False

    def writes(self, index):
        name, size, flags = self.sections[index]
        return size > 0 and "W" in flags and "A" in flags and not named(name, CONSTANT)

    def stateful(self):
        for index, (name, size, flags) in self.sections.items():
            if index not in self.comdat and size and "A" in flags and (
                    self.writes(index) or named(name, START)):
                return True
        return any(where == "COM" and bind != "LOCAL" for _, bind, where, _ in self.symbols)

    def definitions(self):
        strong, weak, joined = set(), set(), set()
        for kind, bind, where, name in self.symbols:
            name = re.sub(r"(?<=.)@.*", "", name)
            if bind == "LOCAL" or where == "UND" or kind in ("SECTION", "FILE") or \
                    name.startswith("DW.ref."):
                continue
            index = int(where) if where.isdigit() else None
            if where == "COM":
                joined.add(name)
            elif index is not None and (index in self.comdat or bind == "UNIQUE"):
                if self.writes(index):
                    joined.add(name)
            elif index is not None and bind == "WEAK" and self.writes(index):
                joined.add(name)
            elif bind in ("GLOBAL", "UNIQUE"):
                strong.add(name)
            elif bind == "WEAK":
                weak.add(name)
        return sorted(strong or weak), sorted(joined)  # weak ones where no strong one tells


def truths(path):
    """Of each object in an archive, or of the object."""
    text = run("readelf", "-SgsW", path, env={**os.environ, "LC_ALL": "C"})
    parts = re.split(r"^File: .*$", text, flags=re.M)
    return [Truth(part) for part in (parts[1:] if len(parts) > 1 else parts)]


def compare_with_readelf(path):
    expected, found, wrong = truths(path), units(path), []
    if not REPORT.check(path + ": objects", len(expected), len(found)):
        return
    for truth, one in zip(expected, found):
        own = [d["name"] for d in one["definitions"] if d["kind"] != "comdat"]
        joined = [d["name"] for d in one["definitions"] if d["kind"] == "comdat"]
        if (own, joined) != truth.definitions():
            difference = set(own + joined) ^ set(sum(truth.definitions(), []))
            wrong.append("%s: definitions %s" % (one["origin"], sorted(difference)[:4]))
        if one["stateful"] != ("yes" if truth.stateful() else "no"):
            wrong.append("%s: stateful %s" % (one["origin"], one["stateful"]))
    REPORT.tally(path, wrong, 2 * len(found))


def system_archives():
    for name in ARCHIVES:
        paths = glob.glob("/usr/lib/*/" + name) + glob.glob("/usr/lib/gcc/*/*/" + name)
        if not paths:
            REPORT.skip(name, "not installed")
        for path in paths[:1]:
            compare_with_readelf(path)


def cxx_state(compiler):
    """The definitions that the linker joins are named; they make no unit stateful."""
    write("state.cc", """
inline int value = 5;
int *where() { return &value; }
inline int &calls() { static int n; return ++n; }
int use() { return calls(); }
""")
    run(compiler, "-std=c++17", "-O0", "-fPIC", "-c", "state.cc", "-o", "state.o")
    found = unit("state.o")
    joined = [d["name"] for d in found["definitions"] if d["kind"] == "comdat"]
    REPORT.check(compiler + ": joined", ["_ZZ5callsvE1n", "value"], joined)
    REPORT.check(compiler + ": stateful", "no", found["stateful"])


# ---- archives -------------------------------------------------------------------------------------

def archives():
    for name in ("a", "b"):
        write(name + ".c", "int %s(void) { return 1; }" % name)
        run("gcc", "-c", name + ".c")
    os.makedirs("sub", exist_ok=True)
    shutil.copy("b.o", "sub/a.o")
    shutil.copy("a.o", "a_name_of_more_than_sixteen_bytes.o")
    members = ["a.o", "b.o", "sub/a.o", "a_name_of_more_than_sixteen_bytes.o"]
    names = ["kinds/a", "kinds/b", "kinds/a#2", "kinds/a_name_of_more_than_sixteen_bytes"]
    kinds = [["ar", "qc"], ["ar", "qcT"]]
    if shutil.which("llvm-ar"):
        kinds += [["llvm-ar", "--format=" + style, "qc"] for style in ("gnu", "bsd", "darwin")]
    for kind in kinds:
        if os.path.exists("libkinds.a"):
            os.unlink("libkinds.a")
        run(*kind, "libkinds.a", *members)
        REPORT.check(" ".join(kind), names, [u["name"] for u in units("libkinds.a")])


# ---- records --------------------------------------------------------------------------------------

def records():
    write("counter.c", "static int n; int counter_next(void) { return ++n; }")
    write("unused.c", "int never_used(void) { return 2; }")
    write("host.c", "int counter_next(void); int main(void) { return counter_next() - 1; }")
    run("gcc", "-fPIC", "-c", "counter.c", "unused.c", "host.c")
    run("ar", "rc", "libcounter.a", "counter.o", "unused.o")
    run(tenon.command(), "wrap", "-o", "wrapped.a", "--unit-prefix", "counter", "libcounter.a")
    expected = digest("counter.o")
    REPORT.check("nm -s", index_of("libcounter.a"), index_of("wrapped.a"))
    for linker in LINKERS:
        for flags in ([], ["-Wl,--gc-sections"], ["-static"], ["-shared"]):
            label = "%s %s" % (linker, " ".join(flags))
            extra = ["-Wl,--whole-archive"] if "-shared" in flags else []
            run("gcc", "-fuse-ld=" + linker, *flags, "host.o", *extra, "wrapped.a",
                "-Wl,--no-whole-archive", "-o", "linked")
            check_record(label, "linked", expected, bool(extra))
            run("strip", "linked")
            check_record(label + ", stripped", "linked", expected, bool(extra))
            if not extra:
                REPORT.check(label + ": runs", 0, subprocess.run(["./linked"]).returncode)


def index_of(path):
    text = run("nm", "-s", path)
    return text[text.index("Archive index:"):].split("\n\n")[0]


def check_record(label, path, expected, whole):
    _, (row,) = tenon.results("units", "--json", path)
    found = {u["name"]: (u["implementation"]["kind"], u["implementation"]["digest"])
             for u in row["units"] if u["kind"] == "c"}
    REPORT.check(label, "assembled", row["record"])
    REPORT.check(label, sorted(["counter/counter"] + ["counter/unused"] * whole), sorted(found))
    REPORT.check(label, expected, found.get("counter/counter"))


# ---- doubles --------------------------------------------------------------------------------------

def doubles_of(*files):
    status, out, err = tenon.run("units", "--doubles", "--json", *files)
    rows = json.loads(out)["doubles"]
    return status, [(row["unit"], row["certain"], sorted(h["file"] for h in row["holders"]))
                    for row in rows]


def doubles():
    write("plugin.c", "int counter_next(void); int plugin_run(void) { return counter_next(); }")
    run("gcc", "-fPIC", "-c", "plugin.c")
    run("gcc", "host.o", "wrapped.a", "-o", "host")
    run("gcc", "host.o", "libcounter.a", "-o", "host.plain")
    run("gcc", "-shared", "plugin.o", "wrapped.a", "-o", "plugin.so")
    run("gcc", "-shared", "plugin.o", "libcounter.a", "-o", "plain.so")
    run("gcc", "-shared", "plugin.o", "libcounter.a", "-Wl,--exclude-libs,ALL", "-o", "hidden.so")
    run("gcc", "-shared", "plugin.o", "-o", "needs.so")
    name = "counter/counter"
    for files, certain, unit_name in (
            (["host", "plugin.so"], True, name), (["host", "libcounter.a"], True, name),
            (["host", "plain.so"], False, name), (["host", "hidden.so"], False, name),
            (["host.plain", "plugin.so"], False, name), (["host.plain", "plain.so"], False, None),
            (["host.plain", "hidden.so"], False, None)):
        REPORT.check(" ".join(files), (1, [(unit_name, certain, sorted(files))]),
                     doubles_of(*files))
    for files in (["host", "needs.so"], ["host.plain", "needs.so"], ["host"], ["plain.so"]):
        REPORT.check(" ".join(files), (0, []), doubles_of(*files))


# ---- intermediate code ----------------------------------------------------------------------------

def intermediate_code():
    write("lto.c", "int lto_value; int lto(void) { return ++lto_value; }")
    cases = [("gcc", ["-flto"], [], "unknown"),
             ("gcc", ["-flto", "-ffat-lto-objects"], ["lto", "lto_value"], "yes")]
    if shutil.which("clang"):
        cases += [("clang", ["-flto"], [], "unknown"), ("clang", ["-flto=thin"], [], "unknown")]
    for compiler, flags, names, stateful in cases:
        run(compiler, *flags, "-c", "lto.c", "-o", "lto.o")
        found = unit("lto.o")
        label = " ".join([compiler, *flags])
        REPORT.check(label, ("lto", names, stateful, "unknown"),
                     (found["name"], [d["name"] for d in found["definitions"]],
                      found["stateful"], found["implementation"]["kind"]))


def main():
    tenon.command()
    if not wants_all():
        REPORT.note("a sample of options, machines and archives (TENON_CHECK=all for all)")
    for program in ("gcc", "g++", "ar", "nm", "readelf", "strip", "objcopy"):
        if shutil.which(program) is None:
            skip_all("no " + program)
    with tempfile.TemporaryDirectory(prefix="tenon-test-") as folder:
        os.chdir(folder)
        digests("gcc", "g++")
        cxx_state("g++")
        if shutil.which("clang") and shutil.which("clang++"):
            digests("clang", "clang++")
            cxx_state("clang++")
            other_machines()
        archives()
        records()
        doubles()
        intermediate_code()
        system_archives()
        os.chdir("/")
    REPORT.finish()


if __name__ == "__main__":
    main()
