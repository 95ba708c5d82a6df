#!/usr/bin/env python3
"""What tenon cc and tenon link leave as it was: files, streams, statuses, the number of links."""

import itertools
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import launch  # noqa: E402
import tenon  # noqa: E402
from build import needs  # noqa: E402
from report import Report  # noqa: E402
from sample import chosen_cases  # noqa: E402

SOURCES = {
    "main.c": "int counter(void); int main(void) { return counter() != 1; }\n",
    "counter.c": "#include \"counter.h\"\nint counter(void) { static int n; return ++n; }\n",
    "counter.h": "int counter(void);\n",
    "extra.c": "int extra; int extra_get(void) { return extra; }\n",
    "other.c": "int other; int other_get(void) { return other; }\n",
}

# Stands for the compiler: counts its calls in the file `calls`.
COUNTING = "#!/bin/sh\necho call >>%s/calls\nexec gcc \"$@\"\n"


class Case:
    """A directory with sources, and TMPDIR below it so that leftovers show."""

    def __init__(self, report, what):
        self.report, self.what = report, what

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="tenon-launch-")
        os.mkdir(self.path("tmp"))
        for name, text in SOURCES.items():
            self.write(name, text)
        self.write("gcc-counted", COUNTING % self.dir, 0o755)
        return self

    def __exit__(self, kind, value, trace):
        if kind is launch.Failed:
            self.check("built", True, str(value))
        self.check("temporary files", [], os.listdir(self.path("tmp")))
        shutil.rmtree(self.dir)
        return kind is launch.Failed

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def bytes(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def check(self, what, expected, got):
        self.report.check("%s: %s" % (self.what, what), expected, got)

    def run(self, *words, check=True, **more):
        return launch.run(list(words), self.dir, check=check, env={"TMPDIR": self.path("tmp")},
                          **more)

    def cc(self, *words, check=True, **more):
        return self.run(*launch.behind("cc", words), check=check, **more)

    def link(self, *words, check=True, **more):
        return self.run(*launch.behind("link", words), check=check, **more)

    def bash(self, words, more="", check=True):
        """The words, and `more` as bash reads it."""
        return self.run("bash", "-c", shlex.join(words) + " " + more, check=check)

    def settled(self, name):
        """What a process of its own wrote that ends after the command."""
        for _ in range(100):
            text = self.read(name) if os.path.exists(self.path(name)) else ""
            time.sleep(0.05)
            if text and text == self.read(name):
                break
        return text

    def compile(self, *names):
        for name in names:
            self.run("gcc", "-c", name)

    def calls(self):
        count = self.read("calls").count("call") if os.path.exists(self.path("calls")) else 0
        self.write("calls", "")
        return count

    def names(self, name="prog"):
        return launch.names(launch.units(self.path(name)))


def links_once_when_nothing_changed(report):
    with Case(report, "links once when nothing changed") as c:
        c.compile("main.c", "counter.c", "other.c")
        gcc = c.path("gcc-counted")
        c.link(gcc, "-o", "prog", "main.o", "counter.o")
        c.check("first", 2, c.calls())
        first = open(c.path("prog"), "rb").read()
        c.link(gcc, "-o", "prog", "main.o", "counter.o")
        c.check("again", 1, c.calls())
        c.check("same bytes", True, first == open(c.path("prog"), "rb").read())
        c.link(gcc, "-o", "prog", "main.o", "counter.o", "other.o")
        c.check("another object", 2, c.calls())
        c.check("units", ["counter", "main", "other"], c.names())
        c.write("counter.c", SOURCES["counter.c"].replace("++n", "n++ + 1"))
        c.compile("counter.c")
        c.link(gcc, "-o", "prog", "main.o", "counter.o", "other.o")
        c.check("a changed object", 2, c.calls())
        c.cc("gcc", "-c", "main.c")
        c.cc("gcc", "-c", "counter.c")
        c.link(gcc, "-o", "prog", "main.o", "counter.o")
        c.calls()
        c.cc("gcc", "-c", "counter.c", "-O2")
        c.link(gcc, "-o", "prog", "main.o", "counter.o")
        c.check("objects that record themselves changed", 1, c.calls())


def keeps_standard_output_and_map(report):
    with Case(report, "keeps what the user asked for") as c:
        c.compile("main.c", "counter.c")
        plain = c.run("gcc", "-o", "plain", "main.o", "counter.o", "-Wl,-t")
        traced = c.link("gcc", "-o", "prog", "main.o", "counter.o", "-Wl,-t")
        c.check("a trace", plain.stdout, traced.stdout)
        for linker in ("bfd", "gold", "lld"):
            for option in ("-t", "-M"):
                words = ["gcc", "-fuse-ld=" + linker, "-o", "prog", "main.o", "counter.o",
                         "-Wl," + option]
                plain = c.run(*words)
                for time_ in ("first", "again"):
                    c.check("%s %s, %s" % (linker, option, time_), True,
                            plain.stdout == c.link(*words).stdout)
                    c.check("%s %s, %s: record" % (linker, option, time_), ["counter", "main"],
                            c.names())
        quiet = c.link("gcc", "-o", "prog2", "main.o", "counter.o", "-Wl,-Map=prog.map")
        c.check("nothing else", ("", ""), (quiet.stdout, quiet.stderr))
        c.check("a map", True, "main.o" in c.read("prog.map"))
        c.check("units", ["counter", "main"], c.names("prog2"))
        mold = c.link("gcc", "-fuse-ld=mold", "-o", "prog3", "main.o", "counter.o",
                      "-Wl,-Map=mold.map")
        c.check("mold's map", ("", True), (mold.stdout, "main.o" in c.read("mold.map")))
        c.check("units with it", ["counter", "main"], c.names("prog3"))


def maps_go_where_they_were_asked(report):
    with Case(report, "a map on standard output") as c:
        c.compile("main.c", "counter.c")
        c.run("ar", "rc", "libcounter.a", "counter.o")
        for linker in ("bfd", "gold", "lld", "mold"):
            for option in ("--print-map", "-M", "-Map=-"):
                words = ["gcc", "-fuse-ld=" + linker, "main.o", "libcounter.a", "-o", "prog",
                         "-Wl," + option]
                what = "%s %s: " % (linker, option)
                plain = c.run(*words)
                os.unlink(c.path("prog"))
                done = c.link(*words)
                c.check(what + "as it is", True, plain.stdout == done.stdout)
                row = launch.units(c.path("prog"))
                c.check(what + "record", ("complete", 2, ["counter/counter", "main"], ""),
                        (row["record"], row["members"], launch.names(row), done.stderr))
                if os.path.exists(c.path("-")):  # mold's file of that name
                    os.unlink(c.path("-"))
        for linker in ("gold", "lld", "mold"):
            words = ["gcc", "-fuse-ld=" + linker, "main.o", "counter.o", "-o", "prog"]
            c.run(*words, "-Wl,-Map=plain.map")
            os.unlink(c.path("prog"))
            c.bash(launch.behind("link", words), "-Wl,-Map=>(cat >>piped.map)")
            c.check(linker + ": to a pipe, once", True, c.read("plain.map") == c.settled("piped.map"))
            c.check(linker + ": complete", "complete", launch.units(c.path("prog"))["record"])
            os.unlink(c.path("piped.map"))
        cref = c.link("gcc", "-fuse-ld=bfd", "main.o", "counter.o", "-o", "prog", "-Wl,--cref")
        c.check("a table of references", (True, "complete"),
                ("Cross Reference Table" in cref.stdout, launch.units(c.path("prog"))["record"]))


def warns_once(report):
    with Case(report, "warns once") as c:
        c.write("main.c", "char *mktemp(char *);\nint main(void) { char t[] = \"XXXXXX\";"
                          " return !mktemp(t); }\n")
        c.compile("main.c")
        done = c.link("gcc", "-o", "prog", "main.o")
        c.check("the linker's warning", 1, done.stderr.count("dangerous"))


def compiles_and_links(report):
    with Case(report, "compiles and links in one") as c:
        done = c.link("gcc", "-O2", "-MD", "main.c", "counter.c", "-o", "prog")
        c.check("silent", ("", ""), (done.stdout, done.stderr))
        c.check("units", ["counter", "main"], c.names())
        c.check("complete", "complete", launch.units(c.path("prog"))["record"])
        c.write("args", "-O2 main.c\n-x c counter.c -o prog2")
        c.link("gcc", "@args")
        c.check("a response file", ["counter", "main"], c.names("prog2"))
        c.link("clang", "main.c", "counter.c")
        c.check("a.out", ["counter", "main"], c.names("a.out"))


def members_of_one_name(report):
    with Case(report, "members of one name") as c:
        os.mkdir(c.path("d"))
        c.run("gcc", "-c", "counter.c", "-o", "z.o")
        c.run("gcc", "-c", "other.c", "-o", "d/z.o")
        c.run("ar", "rc", "libz2.a", "z.o")
        c.run("ar", "q", "libz2.a", "d/z.o")
        c.compile("main.c")
        c.link("gcc", "-o", "prog", "main.o", "-Wl,--whole-archive", "libz2.a",
               "-Wl,--no-whole-archive")
        c.check("all taken", ["main", "z2/z", "z2/z#2"], c.names())
        for linker in ("bfd", "gold", "lld"):
            c.link("gcc", "-fuse-ld=" + linker, "-o", "prog", "main.o", "libz2.a")
            c.check("the first taken by " + linker, (["main", "z2/z"], "complete"),
                    (c.names(), launch.units(c.path("prog"))["record"]))
            c.write("second.c", "int other_get(void); int main(void) { return other_get(); }")
            c.link("gcc", "-fuse-ld=" + linker, "-o", "prog", "second.c", "libz2.a")
            c.check("the second taken by " + linker, (["second", "z2/z#2"], "complete"),
                    (c.names(), launch.units(c.path("prog"))["record"]))
        done = c.link("gcc", "-fuse-ld=mold", "-o", "prog", "main.o", "libz2.a")
        row = launch.units(c.path("prog"))
        c.check("one taken by mold", (["main"], "partial", ["libz2.a(z.o)", "libz2.a(z.o)"]),
                (c.names(), row["record"], row["unsure"]))
        c.check("and said", True, "2 of 3 members unrecorded" in done.stderr)


def objects_of_one_name(report):
    with Case(report, "objects of one name") as c:
        os.mkdir(c.path("d"))
        c.run("gcc", "-c", "counter.c", "-o", "z.o")
        c.run("gcc", "-c", "other.c", "-o", "d/z.o")
        c.compile("main.c")
        c.link("gcc", "-o", "prog", "main.o", "z.o", "d/z.o")
        c.check("numbered", ["main", "z", "z#2"], c.names())
        os.mkdir(c.path("e"))
        c.write("third.c", "int third; int third_get(void) { return third; }\n")
        c.run("gcc", "-c", "third.c", "-o", "e/z.o")
        for name, members in (("liba.a", ["z.o"]), ("d/liba.a", ["d/z.o"]), ("libb.a", ["d/z.o"])):
            c.run("ar", "rc", name, *members)
        for prefix, archives, expected in (
                (None, ["liba.a", "d/liba.a"], ["a/z", "a/z#2", "main", "z"]),
                (None, ["liba.a", "libb.a"], ["a/z", "b/z", "main", "z"]),
                ("p", ["liba.a", "libb.a"], ["p/main", "p/z", "p/z#2", "p/z#3"])):
            for linker in ("bfd", "gold", "lld"):
                for time_ in ("first", "again"):
                    c.run(*launch.behind("link", [
                        "gcc", "-fuse-ld=" + linker, "-o", "prog", "main.o", "e/z.o",
                        "-Wl,--whole-archive", *archives, "-Wl,--no-whole-archive"], prefix))
                    c.check("%s of %s by %s, %s" % (prefix, archives, linker, time_),
                            (expected, "complete"),
                            (c.names(), launch.units(c.path("prog"))["record"]))


def dependencies_have_no_file_of_ours(report):
    with Case(report, "dependencies of a link") as c:
        c.compile("main.c", "counter.c")
        for linker in ("bfd", "lld", "mold"):
            words = ["gcc", "-fuse-ld=" + linker, "main.o", "counter.o", "-o", "prog",
                     "-Wl,--dependency-file=prog.d"]
            c.run(*words)
            plain = c.read("prog.d")
            os.unlink(c.path("prog"))
            for time_ in ("first", "again"):
                c.link(*words)
                c.check("%s, %s" % (linker, time_), plain, c.read("prog.d"))


def objects_keep_their_permissions(report):
    with Case(report, "objects keep") as c:
        c.cc("gcc", "-c", "counter.c", "-MD", "-MF", "c.d")
        c.check("permissions", 0o644, stat.S_IMODE(os.stat(c.path("counter.o")).st_mode) | 0o044)
        c.check("dependencies", "counter.o: counter.c", c.read("c.d").split(" counter.h")[0]
                .replace("\\\n", "").replace("  ", " ").split(" /")[0])
        c.check("no leftovers beside", [], [n for n in os.listdir(c.dir) if "tenon" in n])
        os.symlink("real.o", c.path("link.o"))
        c.cc("gcc", "-c", "counter.c", "-o", "link.o")
        c.check("an output that is a link", True, os.path.islink(c.path("link.o")))
        c.cc("gcc", "-c", "counter.c", "-o", "/dev/null")
        c.check("/dev/null", True, stat.S_ISCHR(os.stat("/dev/null").st_mode))
        c.cc("gcc", "-c", "counter.c", "other.c")
        c.check("several sources", (["counter"], ["other"]),
                (c.names("counter.o"), c.names("other.o")))


def objects_where_no_file_can_be_made(report):
    """A compiler writes over an object that is there."""
    with Case(report, "objects where no file can be made") as c:
        c.compile("counter.c")
        os.mkdir(c.path("closed"))
        c.write("closed/counter.o", "x" * 100000)
        os.chmod(c.path("closed"), 0o555)
        rights = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
        if c.run(*rights, "test", "!", "-w", "closed", check=False).returncode:
            report.skip(c.what, "root may write everywhere")
        else:
            there = os.stat(c.path("closed/counter.o")).st_ino
            c.run(*rights, *launch.behind("cc", ["gcc", "-c", "counter.c", "-o", "closed/counter.o"]))
            c.check("the same file", there, os.stat(c.path("closed/counter.o")).st_ino)
            c.check("nothing beside it", ["counter.o"], os.listdir(c.path("closed")))
            c.cc("gcc", "-c", "counter.c")
            c.check("as elsewhere", c.bytes("counter.o"), c.bytes("closed/counter.o"))
        os.chmod(c.path("closed"), 0o755)


def intermediate_code_keeps_dependencies(report):
    with Case(report, "with -flto") as c:
        for compiler in ("gcc", "clang"):
            words = ["-flto", "-MD", "-c", "counter.c", "-o", "lto.o"]
            c.run(compiler, *words)
            plain = c.read("lto.d")
            os.unlink(c.path("lto.d"))
            done = c.cc(compiler, *words)
            c.check(compiler + ": silent", ("", ""), (done.stdout, done.stderr))
            c.check(compiler + ": dependencies", plain.split(), c.read("lto.d").split())
            c.write("bad.c", "int f(void) { return g; }\n")
            plain = c.run(compiler, "-flto", "-c", "bad.c", check=False)
            done = c.cc(compiler, "-flto", "-c", "bad.c", check=False)
            c.check(compiler + ": an error once", (plain.returncode, plain.stderr),
                    (done.returncode, done.stderr))
            c.check(compiler + ": no object", False, os.path.exists(c.path("bad.o")))
            c.write("warn.c", "int f(void) { int x; return 1; }\n")
            plain = c.run(compiler, "-flto", "-Wall", "-c", "warn.c")
            done = c.cc(compiler, "-flto", "-Wall", "-c", "warn.c")
            c.check(compiler + ": a warning once", plain.stderr, done.stderr)


def dependencies_for_the_preprocessor(report):
    with Case(report, "-flto and -Wp,") as c:
        os.mkdir(c.path("sub"))
        for compiler in ("gcc", "clang"):
            for option in ("-MD", "-MMD"):
                for more in ([], ["-MT", "all"], ["-Wp,-MP"], ["-Wp,-MQ,all"]):
                    words = ["-flto", "-Wp,%s,c.d" % option, *more, "-c", "counter.c", "-o", "sub/c.o"]
                    if compiler == "clang" and more == ["-Wp,-MQ,all"]:
                        continue  # it does not know that one
                    c.run(compiler, *words)
                    plain = c.read("c.d")
                    os.unlink(c.path("c.d"))
                    c.cc(compiler, *words)
                    c.check(" ".join([compiler, option, *more]), plain.split(), c.read("c.d").split())
                    c.check("no other", [], [n for n in os.listdir(c.path("sub")) if n != "c.o"])


def dependencies_by_other_words(report):
    with Case(report, "-flto and dependencies") as c:
        for compiler in ("gcc", "clang"):
            for option in ("--write-dependencies", "--write-user-dependencies"):
                words = [compiler, "-flto", option, "-c", "counter.c"]
                c.run(*words)
                plain = c.read("counter.d")
                c.cc(*words)
                c.check("%s %s" % (compiler, option), plain.split(), c.read("counter.d").split())
            ways = [["-MMD", "-MF-"], ["-MD", "-MF", "-"]]
            if compiler == "gcc":
                ways.append(["-Wp,-MD,-"])
            for more in ways:
                words = [compiler, "-flto", *more, "-c", "counter.c", "other.c"]
                plain = c.run(*words)
                done = c.cc(*words)
                c.check("%s %s" % (compiler, more), (plain.stdout.split(), plain.stderr),
                        (done.stdout.split(), done.stderr))
        for more in (["-MJ", "c.json"], ["-MJc.json"]):
            words = ["clang", "-flto", *more, "-c", "counter.c", "-o", "c.o"]
            c.run(*words)
            plain = c.read("c.json")
            os.unlink(c.path("c.json"))
            done = c.cc(*words)
            c.check("clang %s" % more, (plain, ""), (c.read("c.json"), done.stderr))
            os.unlink(c.path("c.json"))
            c.run("clang", "-flto", "-fuse-ld=lld", "main.c", "c.o", "-o", "prog")
            c.check("recorded", ["counter"], c.names())


def intermediate_code_is_the_same_again(report):
    with Case(report, "-flto -g3, twice") as c:
        for words in (["gcc", "-frandom-seed=1"], ["clang", "-fdebug-macro"]):
            made = []
            for _ in range(2):
                c.cc(*words, "-flto", "-g3", "-c", "counter.c")
                with open(c.path("counter.o"), "rb") as file:
                    made.append(file.read())
            c.check(words[0], True, made[0] == made[1])


def intermediate_code_alone_has_a_note(report):
    with Case(report, "what makes intermediate code only") as c:
        words = ["-flto", "-fvisibility=hidden", "-fsanitize=cfi", "-fuse-ld=lld"]
        c.cc("clang", *words, "-c", "counter.c")
        c.run("clang", *words, "main.c", "counter.o", "-o", "prog")
        unit, = [u for u in launch.units(c.path("prog"))["units"] if u["name"] == "counter"]
        c.check("unit", ("source-1", "unknown"),
                (unit["implementation"]["kind"], unit["stateful"]))


def source_digests_agree(report):
    with Case(report, "source-1") as c:
        def digest(*words, compiler="gcc"):
            c.cc(compiler, "-flto", "-c", "counter.c", "-o", "c.o", *words)
            c.run("clang" if "clang" in compiler else "gcc", "-flto", "-fuse-ld=gold", "-o", "prog",
                  "main.c", "c.o")
            unit, = [u for u in launch.units(c.path("prog"))["units"] if u["name"] == "counter"]
            return unit["implementation"]["kind"], unit["implementation"]["digest"]
        first = digest()
        c.check("kind", "source-1", first[0])
        c.check("the same again", first, digest("-Wall", "-g"))
        c.check("another option", False, first == digest("-O2"))
        c.write("counter.h", "/* a comment */\n\nint counter(void);\n")
        c.check("a comment", first, digest())
        c.write("counter.h", "extern int counter(void);\n")
        other = digest()
        c.check("another text", False, first == other)
        os.mkdir(c.path("bin"))
        for name in ("gcc", "clang"):
            os.symlink(shutil.which(name), c.path("bin/my-" + name))
        c.check("another name of the compiler", other, digest(compiler="bin/my-gcc"))
        clang = digest(compiler="clang")
        c.check("another compiler", False, other == clang)
        c.check("in another directory", clang, digest(compiler="bin/my-clang"))
        # in the user's language, and with what no version has
        c.write("bin/said", "#!/bin/sh\n[ \"$1\" = --version ] || exec gcc \"$@\"\n"
                            "gcc --version | sed \"1s/^[^ ]*/said/;2,\\$s/.*/$LC_ALL/\"\n", 0o755)
        c.check("in any language", other, digest(compiler="bin/said"))
        c.write("bin/newer", "#!/bin/sh\n[ \"$1\" = --version ] || exec gcc \"$@\"\n"
                             "gcc --version | sed '1s/[0-9]$/99/'\n", 0o755)
        c.check("another version", False, other == digest(compiler="bin/newer"))


def the_header_names_a_unit(report):
    with Case(report, "tenon/record.h") as c:
        include = os.path.join(tenon.source_root(), "include")
        c.write("own.c", "#include <tenon/record.h>\n" + SOURCES["other.c"])
        for words in (["gcc"], ["clang"], ["gcc", "-flto"], ["clang", "-flto"], ["g++"],
                      ["gcc", "-std=c99", "-pedantic-errors"]):
            c.run(*words, "-I", include, "-DTENON_PROJECT=\"demo\"", "-c", "own.c")
            c.run("gcc" if "gcc" in words or "g++" in words else "clang", *words[1:],
                  "-fuse-ld=gold", "-o", "prog", "main.c", "counter.c", "own.o")
            c.check(" ".join(words), ["demo/own"], c.names())
        c.run("gcc", "-I", include, "-include", "tenon/record.h", "-c", "counter.c")
        c.check("-include", ["counter"], c.names("counter.o"))
        c.write("e.S", ".globl e\ne: .long 1\n")
        for compiler in ("gcc", "clang"):
            done = c.run(compiler, "-I", include, "-include", "tenon/record.h", "-c", "e.S",
                         check=False)
            c.check(compiler + ": assembly", (0, ""), (done.returncode, done.stderr))
        for number, name in enumerate(("q\"q.c", "b\\n.c")):
            c.write(name, SOURCES["other.c"])
            c.run("gcc", "-I", include, "-include", "tenon/record.h", "-DTENON_UNIT=\"u\"", "-c",
                  name, "-o", "q.o")
            c.check("TENON_UNIT for %s" % name, ["u"], c.names("q.o"))
        for compiler in ("gcc", "clang"):
            done = subprocess.run([compiler, "-I", include, "-x", "c", "-c", "-o", "in.o", "-"],
                                  input="#include <tenon/record.h>\n" + SOURCES["other.c"],
                                  cwd=c.dir, text=True, capture_output=True)
            c.check(compiler + ": standard input", (0, ""), (done.returncode, done.stderr))
            c.check(compiler + ": no name", ["in"], c.names("in.o"))
        c.cc("gcc", "-flto", "-I", include, "-DTENON_PROJECT=\"demo\"", "-c", "own.c")
        c.run("gcc", "-flto", "-o", "prog", "main.c", "counter.c", "own.o")
        c.check("beside tenon cc, once", ["demo/own"], c.names())


def the_header_alone_is_completed(report):
    with Case(report, "tenon/record.h and tenon link") as c:
        include = ["-I", os.path.join(tenon.source_root(), "include")]
        named = [*include, "-include", "tenon/record.h"]
        c.compile("main.c", "counter.c")
        c.link("gcc", "-o", "plain", "main.o", "counter.o")
        counter, = [u for u in launch.units(c.path("plain"))["units"] if u["name"] == "counter"]
        c.run("gcc", *named, "-DTENON_PROJECT=\"demo\"", "-c", "counter.c")
        c.run("ar", "rc", "libown.a", "counter.o")
        for object_ in ("counter.o", "libown.a"):
            for time_ in ("first", "again"):
                done = c.link("gcc", "-o", "prog", "main.o", object_)
                row = launch.units(c.path("prog"))
                unit, = [u for u in row["units"] if "counter" in u["name"]]
                what = "%s, %s: " % (object_, time_)
                c.check(what + "complete", ("complete", ""), (row["record"], done.stderr))
                c.check(what + "named by its note", "demo/counter", unit["name"])
                for key in ("implementation", "interface", "stateful", "completed"):
                    c.check(what + key, counter[key], unit[key])
        # two units in one object: which of them has which definitions nobody says
        c.run("gcc", *named, "-c", "other.c")
        c.run("ld", "-r", "-o", "both.o", "counter.o", "other.o")
        done = c.link("gcc", "-o", "prog", "main.o", "both.o")
        row = launch.units(c.path("prog"))
        c.check("several names in one", ("partial", ["both.o"]), (row["record"], row["unsure"]))
        c.check("and said", True, "1 of 2 members unrecorded: 'both.o'" in done.stderr)
        # of intermediate code only the compiler could have told
        c.run("gcc", "-flto", *named, "-c", "counter.c")
        c.link("gcc", "-flto", "-o", "prog", "main.o", "counter.o")
        row = launch.units(c.path("prog"))
        c.check("intermediate code", ("partial", ["counter.o"], ["counter", "main"]),
                (row["record"], row["unsure"], launch.names(row)))
        c.cc("gcc", "-flto", *named, "-c", "counter.c")
        c.link("gcc", "-flto", "-o", "prog", "main.o", "counter.o")
        c.check("that tenon cc compiled", ("complete", ["counter", "main"]),
                (launch.units(c.path("prog"))["record"], c.names()))


def objects_that_are_not_what_their_notes_say(report):
    with Case(report, "an object whose notes do not tell all of it") as c:
        c.cc("gcc", "-c", "counter.c")
        c.compile("main.c", "other.c")
        c.write("start.c", "static int n; __attribute__((constructor)) static void s(void) "
                           "{ n++; }\n")
        c.compile("start.c")
        c.cc("gcc", "-c", "main.c", "-o", "own-main.o")

        def check(what, state, words):
            done = c.link("gcc", "-o", "prog", *words)
            row = launch.units(c.path("prog"))
            c.check(what, (state, state == "partial"),
                    (row["record"], "members unrecorded" in done.stderr))

        for linker in ("ld.bfd", "ld.gold", "ld.lld", "mold"):
            c.run(linker, "-r", "-o", "one.o", "counter.o", "other.o")
            check(linker + ": one of two", "partial", ["main.o", "one.o"])
            c.run(linker, "-r", "-o", "two.o", "counter.o", "own-main.o", "other.o")
            check(linker + ": two of three", "partial", ["two.o"])
            c.run("ar", "rc", "libtwo.a", "two.o")
            check(linker + ": in an archive", "partial", ["-Wl,--whole-archive", "libtwo.a",
                                                          "-Wl,--no-whole-archive"])
            c.run(linker, "-r", "-o", "start2.o", "counter.o", "own-main.o", "start.o")
            check(linker + ": one that defines nothing", "partial", ["start2.o"])
            c.run(linker, "-r", "-o", "all.o", "counter.o", "own-main.o")
            check(linker + ": all of them", "complete", ["all.o"])
        c.run("objcopy", "--prefix-symbols=my_", "counter.o", "renamed.o")
        c.write("use.c", "int my_counter(void); int main(void) { return my_counter() != 1; }\n")
        c.compile("use.c")
        check("renamed", "partial", ["use.o", "renamed.o"])
        c.run("strip", "-g", "counter.o", "-o", "stripped.o")
        check("stripped", "complete", ["main.o", "stripped.o"])
        c.cc("gcc", "-flto", "-ffat-lto-objects", "-c", "counter.c", "-o", "fat.o")
        c.run("gcc", "-flto", "-ffat-lto-objects", "-c", "other.c", "-o", "fat2.o")
        c.run("ld", "-r", "-o", "fat3.o", "fat.o", "fat2.o")
        check("one of two, intermediate code", "partial", ["-flto", "own-main.o", "fat3.o"])
        check("intermediate code", "complete", ["-flto", "own-main.o", "fat.o"])
        c.run("ld", "-r", "-o", "one.o", "counter.o", "other.o")
        before = open(c.path("one.o"), "rb").read()
        for words, files in (("one.o",), "object"), (("two.o",), "object of two"):
            done = c.run(tenon.command(), "wrap", *words)
            c.check("wrap, " + files, "tenon wrap: %s: 1 of 1 objects with code that is not what its record says\n"
                    % words, done.stderr)
        c.check("wrap leaves it", True, before == open(c.path("one.o"), "rb").read())
        units = c.run(tenon.command(), "units", "two.o")
        c.check("units", True, "two.o: its code is not what its record says" in units.stdout)


def thin_members_of_intermediate_code(report):
    with Case(report, "clang -flto, gold, thin archives") as c:
        c.run("clang", "-flto", "-c", "counter.c", "-o", "plain.o")
        c.cc("clang", "-flto", "-c", "counter.c")
        c.cc("clang", "-flto", "-c", "other.c")
        c.cc("clang", "-flto", "-c", "main.c")
        os.mkdir(c.path("lib"))
        for member, state in ("counter.o", "complete"), ("plain.o", "partial"):
            for archive in "libx.a", "lib/libx.a":
                c.run("rm", "-f", archive)
                c.run("llvm-ar", "rcT", archive, member, "other.o")
                for words in [archive], ["-L" + (os.path.dirname(archive) or "."), "-lx"]:
                    c.link("clang", "-flto", "-fuse-ld=gold", "-o", "prog", "main.o", *words)
                    row = launch.units(c.path("prog"))
                    c.check("%s in %s" % (member, words), (state, 2, 2),
                            (row["record"], row["members"], len(launch.names(row))))


def notes_of_intermediate_code_under_other_names(report):
    """Some have a note and some have none: whose the notes are, names tell."""
    with Case(report, "objects not named as their sources") as c:
        for where in "net", "gui":
            os.mkdir(c.path(where))
            c.write(where + "/util.c", "int %s_n; int %s(void) { return %s_n++; }\n"
                    % (where, where, where))
        for linker, fat in itertools.product(("bfd", "gold", "mold"), ([], ["-ffat-lto-objects"])):
            flags = ["gcc", "-flto", *fat, "-fPIC"]
            link = ["gcc", "-flto", "-fuse-ld=" + linker, "-shared", "-o", "p.so"]
            c.cc(*flags, "-c", "counter.c", "-o", "prog-counter.o")
            c.cc(*flags, "-c", "counter.c", "-o", "another.o")
            c.cc(*flags, "-c", "net/util.c", "-o", "net/util.o")
            c.cc(*flags, "-c", "gui/util.c", "-o", "gui/util.o")
            c.run(*flags, "-c", "main.c")
            c.run(*flags, "-c", "other.c")
            for objects, names, unsure in [
                    (["prog-counter.o"], ["counter", "main", "other"], ["main.o", "other.o"]),
                    (["net/util.o", "gui/util.o"], ["main", "other", "util", "util"],
                     ["main.o", "other.o"]),
                    (["another.o"], ["counter", "main", "other"] if fat else ["counter"],
                     ["main.o"] + ([] if fat else ["another.o"]) + ["other.o"])]:
                c.link(*link, "main.o", *objects, "other.o")
                row = launch.units(c.path("p.so"))
                c.check("%s %s %s" % (linker, fat, objects), (names, unsure),
                        (launch.names(row), row["unsure"]))


def lazy_objects_of_intermediate_code(report):
    """Between --start-lib and --end-lib an object is taken only when it is needed."""
    with Case(report, "--start-lib") as c:
        for linker, compiler in itertools.product(("gold", "lld", "mold"), ("gcc", "clang")):
            if (linker, compiler) == ("lld", "gcc"):
                continue
            what = "%s, %s: " % (linker, compiler)
            link = [compiler, "-flto", "-fuse-ld=" + linker, "-o", "prog", "main.o",
                    "-Wl,--start-lib", "counter.o", "-Xlinker", "other.o", "-Wl,--end-lib"]
            exact = linker == "lld" or ((linker, compiler) == ("mold", "gcc") and
                                        launch.mold_starts_anew())
            for name in "main", "counter", "other":
                c.run(compiler, "-flto", "-c", name + ".c")
            c.link(*link)
            row = launch.units(c.path("prog"))
            c.check(what + "no note", ["counter", "main"] if exact else ["main"],
                    launch.names(row))
            c.check(what + "listed", True, {"main.o", "counter.o"} <= set(row["unsure"]))
            c.run(compiler, "-flto", "-c", "extra.c")
            c.link(*link, "extra.o")
            c.check(what + "behind it", True, "extra" in c.names())
            for name in "main", "counter", "other":
                c.cc(compiler, "-flto", "-c", name + ".c")
            c.link(*link)
            names = c.names()
            # gold gives GCC all of them: up to 12 the note of what is not used stays
            if (linker, compiler) == ("gold", "gcc") and names[-1:] == ["other"]:
                names.pop()
            c.check(what + "notes", ["counter", "main"], names)


def signals_reach_the_compiler(report):
    with Case(report, "signals") as c:
        c.write("slow", "#!/bin/sh\ntrap 'echo told >told; exit 9' TERM\ntouch started\n"
                        "while :; do sleep 0.05; done\n", 0o755)
        for command, words in (("cc", ["-c", "main.c"]), ("link", ["main.o", "-o", "prog"])):
            process = subprocess.Popen(launch.behind(command, ["./slow", *words]), cwd=c.dir,
                                       env=dict(os.environ, TMPDIR=c.path("tmp")))
            while not os.path.exists(c.path("started")):
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=20)
            c.check(command + " ends by it", -signal.SIGTERM, status)
            c.check(command + " tells", "told\n", c.read("told"))
            os.unlink(c.path("started"))
            os.unlink(c.path("told"))


def sources_that_are_read_once(report):
    with Case(report, "read once") as c:
        c.write("one.c", "int main(void) { static int n; return n++; }\n")
        words = launch.behind("link", ["gcc", "-x", "c", "-o", "prog"])
        for what, more, name in (
                ("a pipe", "- <<<\"$(cat one.c)\"", "prog"), ("a file", "- <one.c", "prog"),
                ("a real pipe", "- < <(cat one.c)", "prog"),
                ("/dev/stdin", "/dev/stdin < <(cat one.c)", "prog"),
                ("a shell's file", "<(cat one.c)", "prog")):
            for time_ in ("first", "again"):
                done = c.bash(words, more)
                row = launch.units(c.path("prog"))
                c.check("%s, %s" % (what, time_), ("complete", [name], ""),
                        (row["record"], launch.names(row), done.stderr))
                c.run("./prog")
            os.unlink(c.path("prog"))
        c.compile("one.c")
        linked = launch.behind("link", ["gcc", "one.o", "-o", "prog"])
        c.bash(linked, "-Wl,--version-script=<(echo '{ global: main; };')")
        c.check("a version script", "complete", launch.units(c.path("prog"))["record"])
        c.bash(linked[:-4] + ["clang"], "@<(echo one.o -o prog2)")
        c.check("a response file", "complete", launch.units(c.path("prog2"))["record"])
        bad = c.bash(words, "- < <(echo 'int main(void) { return x; }')", check=False)
        c.check("an error of the compiler's", (1, 1), (bad.returncode, bad.stderr.count("error:")))
        os.unlink(c.path("prog"))
        os.mkfifo(c.path("named"))
        done = c.bash(["cat", "one.c"], ">named & %s" % shlex.join(words + ["named"]))
        c.check("a named pipe", ("none", True),
                (launch.units(c.path("prog"))["record"],
                 done.stderr == "tenon link: no record was made: 'named' can be read only once\n"))
        done = c.bash(launch.behind("cc", ["gcc", "-flto", "-x", "c", "-c", "-o", "one.o"]),
                      "<(cat one.c)")
        c.check("tenon cc -flto", True, "not recorded: it can be read only once" in done.stderr)


# Stands for the compiler: does what the next word of the file `plan` says.
PLANNED = """#!/bin/sh
read -r next rest <%(dir)s/plan
echo $rest >%(dir)s/plan
[ "$next" = fail ] && exit 1
exec gcc "$@"
"""


def failures_leave_what_was_linked(report):
    with Case(report, "a failure after the link") as c:
        c.write("planned", PLANNED % {"dir": c.dir}, 0o755)
        c.compile("main.c", "counter.c", "other.c")
        words = [c.path("planned"), "main.o", "counter.o", "-o", "prog"]

        def link(plan, *more):
            c.write("plan", plan + "\n")
            done = c.link(*words, *more, check=False)
            record = os.path.exists(c.path("prog")) and launch.units(c.path("prog"))["record"]
            return done.returncode, record, "no record was made for 'prog': " in done.stderr

        c.check("the second link", (0, "none", True), link("ok fail"))
        c.run("./prog")
        c.check("both", (0, "complete", False), link("ok ok"))
        # the record of the earlier link is not that of this one
        c.check("with another object", (0, "none", True), link("ok fail ok", "other.o"))
        c.run("./prog")
        link("ok ok")
        c.check("and nothing can be linked", (3, False, True), link("ok fail fail", "other.o"))
        c.check("the trace's link", (0, "none", True), link("ok fail", "-Wl,-t"))
        c.check("the first link fails", (1, "none", False), link("fail"))
        c.check("no leftovers beside", [], [n for n in os.listdir(c.dir) if "prog." in n])


# Stands for a machine that breaks under tenon: once the link is done, no temporary file can be made.
NO_TEMPORARIES = """#!/bin/sh
gcc "$@" || exit
mv $TMPDIR $TMPDIR.moved && : >$TMPDIR
"""


def failures_of_our_own_leave_nothing(report):
    with Case(report, "tenon fails after the link") as c:
        c.write("no-temporaries", NO_TEMPORARIES, 0o755)
        c.compile("main.c")
        c.cc("gcc", "-c", "counter.c")
        done = c.link(c.path("no-temporaries"), "main.o", "counter.o", "-o", "prog", check=False)
        os.unlink(c.path("tmp"))
        os.rename(c.path("tmp.moved"), c.path("tmp"))
        c.check("no temporary file", (3, False, True),
                (done.returncode, os.path.exists(c.path("prog")), "'prog' is removed: " in
                 done.stderr))
        # room for one output, and not for two
        c.link("gcc", "main.o", "counter.o", "-o", "prog")
        size = os.path.getsize(c.path("prog"))
        os.mkdir(c.path("full"))
        words = launch.behind("link", ["gcc", "main.o", "counter.o", "-o", "full/prog"])
        done = c.bash(["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=%d none full || exit 77\n"
                       "%s; echo $?; ls full" % (size + 8192, shlex.join(words))], check=False)
        if done.returncode != 77 and "unshare" not in done.stderr:
            c.check("no room", ("3\n", True), (done.stdout, "is removed: " in done.stderr))


# Stands for a compiler whose linker breaks off when it writes a map.
NO_MAPS = """#!/bin/sh
echo call >>%(dir)s/calls
case " $* " in *-Map=*) printf 'trace: /us'; echo broken >&2; exit 1;; esac
exec gcc "$@"
"""


def a_linker_that_fails_for_our_words(report):
    with Case(report, "a link that fails with a map") as c:
        c.write("no-maps", NO_MAPS % {"dir": c.dir}, 0o755)
        c.compile("main.c", "counter.c")
        words = [c.path("no-maps"), "-fuse-ld=mold", "main.o", "counter.o", "-o", "prog"]
        for time_ in ("first", "again"):
            done = c.link(*words, check=False)
            c.check(time_, (0, "", "none", 2, "broken\ntenon link: no record was made for 'prog': the "
                            "link failed when asked for a map\n"),
                    (done.returncode, done.stdout, launch.units(c.path("prog"))["record"],
                     c.calls(), done.stderr))
        c.link("gcc", *words[1:])
        done = c.link(*words, check=False)
        c.check("after a record", (0, "none"),
                (done.returncode, launch.units(c.path("prog"))["record"]))
        del words[3]
        plain = c.run("gcc", *words[1:], check=False)
        done = c.link("gcc", *words[1:], check=False)
        c.check("as it fails alone", (plain.returncode, plain.stdout, plain.stderr),
                (done.returncode, done.stdout, done.stderr))
        done = c.link(*words, check=False)
        c.check("and with a map", (1, "", "broken\n"), (done.returncode, done.stdout, done.stderr))
        done = c.link("gcc", "-fuse-ld=mold", "main.o", "counter.o", "-Wl,--defsym=foo=main", "-o",
                      "prog", check=False)
        c.check("mold 1.10, --defsym", (0, ""), (done.returncode, done.stdout))


def members_of_one_name_linked_again(report):
    with Case(report, "members of one name, linked again") as c:
        os.mkdir(c.path("d"))
        c.run("gcc", "-c", "counter.c", "-o", "z.o")
        c.run("gcc", "-c", "other.c", "-o", "d/z.o")
        c.run("ar", "rc", "libz2.a", "z.o")
        c.run("ar", "q", "libz2.a", "d/z.o")
        c.compile("main.c")
        for linker in ("bfd", "gold", "lld"):
            for time_ in ("first", "again"):
                c.link("gcc", "-fuse-ld=" + linker, "-o", "prog", "main.o", "libz2.a")
                c.check("%s, %s" % (linker, time_), (["main", "z2/z"], "complete"),
                        (c.names(), launch.units(c.path("prog"))["record"]))
            os.unlink(c.path("prog"))


def members_of_which_nothing_is_left(report):
    with Case(report, "--gc-sections") as c:
        c.write("half.c", "int half; int half_used(void) { return 0; }"
                          " int half_unused(void) { return ++half; }\n")
        c.write("main.c", "int half_used(void); int counter(void); int other_get(void);\n"
                          "int common_get(void);\n"
                          "int unused(void) { return counter() + other_get() + common_get(); }\n"
                          "int main(void) { return half_used(); }\n")
        c.write("common.c", "int common; int common_get(void) { return ++common; }\n")
        cut = ["-O2", "-ffunction-sections", "-fdata-sections"]
        for name in ("main.c", "counter.c", "half.c", "other.c"):
            c.run("gcc", *cut, "-c", name)
        c.run("gcc", *cut, "-fcommon", "-c", "common.c")
        c.run("ar", "rc", "libx.a", "counter.o", "half.o", "common.o")
        for linker in ("bfd", "gold", "lld", "mold"):
            words = ["gcc", "-fuse-ld=" + linker, "main.o", "other.o", "libx.a", "-o", "prog"]
            # zeros without a section are there, whoever uses them; mold says that nothing is left
            left = ["main", "x/half"] if linker == "mold" else ["main", "x/common", "x/half"]
            ways = [["-Wl,--gc-sections"], ["-Wl,--gc-sections,-Map=prog.map"],
                    ["-Wl,--gc-sections", "-Wl,--trace"], ["-Wl,--gc-sections,-M"],
                    ["-Wl,--gc-sections,-Map=./%"]]
            if linker == "bfd":
                ways.append(["-Wl,--gc-sections,--no-print-map-discarded,-Map=prog.map"])
                ways.append(["-Wl,--gc-sections,--no-print-map-discarded"])
            for more in ways:
                done = c.link(*words, *more)
                what = "%s %s: " % (linker, more)
                c.check(what + "left", (left, "complete", ""),
                        (c.names(), launch.units(c.path("prog"))["record"], done.stderr))
                if more[-1].endswith(("trace", ",-M")):
                    continue
                c.check(what + "silent", "", done.stdout)
                made = ["%", "prog.map"] if "%" in more[0] else ["prog.map"] if "Map" in more[0] else []
                made = [name for name in made if os.path.exists(c.path(name))]
                for name in made:
                    hidden = "discarded" in more[0] or linker not in ("bfd", "gold")
                    c.check(what + "map", (True, not hidden),
                            ("half.o" in c.read(name), "Discarded input" in c.read(name)))
                    os.unlink(c.path(name))
                c.check(what + "maps", "Map" in more[0], len(made) == 1)
            c.link(*words)
            everything = ["main", "other", "x/common", "x/counter", "x/half"]
            c.check(linker + ": everything", everything, c.names())
            c.link(*words, "-Wl,--gc-sections,--no-gc-sections")
            c.check(linker + ": after all", everything, c.names())
            c.run("gcc", *cut, "-g", "-c", "other.c", "-o", "debug.o")
            c.link("gcc", "-g", "-fuse-ld=" + linker, "main.o", "debug.o", "libx.a", "-o", "prog",
                   "-Wl,--gc-sections")
            c.check(linker + ": debugging information", left, c.names())
            c.link("mold" if linker == "mold" else "ld." + linker, "main.o", "other.o", "libx.a",
                   "-o", "prog", "-e", "main", "--gc-sections")
            c.check(linker + ": by itself", left, c.names())
        c.cc("gcc", *cut, "-c", "other.c")
        c.link("gcc", "main.o", "other.o", "libx.a", "-o", "prog", "-Wl,--gc-sections")
        c.check("a note of its own stays", ["main", "other", "x/common", "x/half"], c.names())


def files_of_symbols_only(report):
    with Case(report, "--just-symbols") as c:
        c.compile("main.c", "counter.c", "other.c")
        for linker in "bfd", "gold", "lld":
            for words in ["-Wl,--just-symbols=other.o"], ["-Wl,--just-symbols,other.o"], \
                    ["-Wl,-R,other.o"], ["-Xlinker", "-R", "-Xlinker", "other.o"]:
                if linker == "lld" and "-R" in " ".join(words):
                    continue
                c.link("gcc", "-no-pie", "-fuse-ld=" + linker, "-o", "prog", "main.o", "counter.o",
                       *words)
                c.check("%s %s" % (linker, words), (["counter", "main"], "complete"),
                        (c.names(), launch.units(c.path("prog"))["record"]))


def languages_without_headers(report):
    with Case(report, "-flto of another language") as c:
        c.write("f.f", "      subroutine f\n      end\n")
        c.write("g.F90", "subroutine g\nend subroutine\n")
        c.write("fake", "#!/bin/sh\nfor last; do :; done\necho $# $last >>said\n: >out.o\n", 0o755)
        remark = "tenon cc: '%s': not recorded: its language takes no header\n"
        if shutil.which("gfortran"):
            for name in ("f.f", "g.F90"):
                done = c.cc("gfortran", "-flto", "-c", name)
                c.check(name, (remark % name, True),
                        (done.stderr, os.path.exists(c.path(name[0] + ".o"))))
        for words in (["a.go"], ["a.d"], ["a.adb"], ["-x", "f95", "a"], ["-x", "go", "b.c"]):
            done = c.cc("./fake", "-flto", "-o", "out.o", "-c", *words)
            c.check(" ".join(words), (remark % words[-1], "%d %s\n" % (len(words) + 4, words[-1])),
                    (done.stderr, c.read("said")))
            os.unlink(c.path("said"))


def sources_that_cannot_be_preprocessed(report):
    with Case(report, "not preprocessed") as c:
        c.write("picky", "#!/bin/sh\ncase \" $* \" in *' -E '*) exit 1; esac\nexec gcc \"$@\"\n", 0o755)
        done = c.cc("./picky", "-flto", "-c", "counter.c", check=False)
        c.check("object kept", (0, True), (done.returncode, os.path.exists(c.path("counter.o"))))
        c.check("said", "tenon cc: 'counter.c': not recorded: it cannot be preprocessed\n", done.stderr)


def standard_input_without_an_output(report):
    with Case(report, "standard input, no -o") as c:
        for compiler in ("gcc", "clang"):
            for more in ([], ["-flto"]):
                c.bash(launch.behind("cc", [compiler, *more, "-x", "c", "-c", "-"]), "<other.c")
                c.check("%s %s: -.o" % (compiler, more), True, os.path.exists(c.path("-.o")))
                if not more:
                    c.check(compiler + ": unit", ["-"], c.names("-.o"))
                os.unlink(c.path("-.o"))


def headers_become_no_object(report):
    with Case(report, "a precompiled header") as c:
        c.compile("counter.c")
        with open(c.path("counter.o"), "rb") as file:
            plain = file.read()
        for compiler in ("gcc", "clang"):
            for more in (["counter.h"], ["-x", "c-header", "counter.h"], ["-flto", "counter.h"],
                         ["-flto", "-x", "c++-header", "counter.h"]):
                done = c.cc(compiler, "-c", *more)
                what = "%s %s: " % (compiler, more)
                c.check(what + "silent", ("", ""), (done.stdout, done.stderr))
                with open(c.path("counter.o"), "rb") as file:
                    c.check(what + "an object of that name", True, plain == file.read())
                # clang 19 calls it .pch
                made = [name for name in ("counter.h.gch", "counter.h.pch")
                        if os.path.exists(c.path(name))]
                c.check(what + "there", 1, len(made))
                for name in made:
                    os.unlink(c.path(name))
        c.write("a.out", "kept")
        for words in (["gcc", "counter.h"], ["gcc", "-x", "c-header", "counter.h", "-o", "counter.h.gch"],
                      ["clang", "counter.h", "-o", "counter.h.gch"]):
            done = c.link(*words)
            c.check("%s, not -c" % words, ("", "", True, "kept"),
                    (done.stdout, done.stderr, os.path.exists(c.path("counter.h.gch")),
                     c.read("a.out")))
            os.unlink(c.path("counter.h.gch"))


def reports_beside_an_object(report):
    # TMPDIR is looked at when a case ends
    with Case(report, "what compilers write beside an object") as c:
        reports = {
            "gcc": (["--coverage"], ["-fprofile-arcs", "-ftest-coverage"], ["-fstack-usage"],
                    ["-fdump-tree-optimized"], ["-fcallgraph-info"], ["-fsave-optimization-record"],
                    ["-save-temps=obj"], ["-gsplit-dwarf"]),
            "clang": (["--coverage"], ["-ftime-trace"], ["-fsave-optimization-record"],
                      ["-fstack-usage"], ["-gsplit-dwarf"]),
        }
        commands = [(compiler, *words) for compiler, options in reports.items() for words in options]
        for compiler, *words in chosen_cases(commands, " ".join, lambda command: command[0],
                                             report.note):
            what = " ".join([compiler, *words])
            c.link(compiler, "-O2", *words, "main.c", "counter.c", "-o", "prog")
            c.check(what + ": complete", "complete", launch.units(c.path("prog"))["record"])
            c.cc(compiler, "-flto", *words, "-c", "counter.c")
            left = os.listdir(c.path("tmp"))
            c.check(what + ": left over", [], [n for n in left if n.startswith("tenon")])
            for name in left:  # clang -ftime-trace leaves its own there
                os.unlink(c.path(os.path.join("tmp", name)))
        for words in (["--coverage"], ["-fprofile-generate"]):
            os.unlink(c.path("prog"))
            gcc = c.path("gcc-counted")
            c.run("gcc", *words, "-c", "main.c")
            c.calls()
            calls = []
            for _ in range(2):
                c.link(gcc, *words, "main.o", "counter.c", "-o", "prog")
                calls.append(c.calls())
            c.check("%s: links, and compiles" % words, [3, 2], calls)


def sources_of_intermediate_code(report):
    with Case(report, "-flto, compiled and linked in one") as c:
        c.compile("other.c")
        for compiler in ("gcc", "clang"):
            words = [compiler, "-flto", "-fuse-ld=lld" if compiler == "clang" else "-O2",
                     "main.c", "counter.c", "-o", "prog"]
            for time_ in ("first", "again"):
                done = c.link(*words)
                row = launch.units(c.path("prog"))
                c.check("%s, %s" % (compiler, time_), ("", "", "partial", ["counter.c", "main.c"]),
                        (done.stdout, done.stderr, row["record"], sorted(row["unsure"])))
            told = c.run(tenon.command(), "link", "-v", "--", *words)
            c.check(compiler + " -v", True, "2 of 2 members unrecorded" in told.stderr)
            c.run(compiler, "-flto", "-c", "other.c")
            done = c.link(*words, "other.o")
            c.check(compiler + ": an object too", True, "3 of 3 members unrecorded" in done.stderr)


def objects_that_are_saved(report):
    with Case(report, "-save-temps") as c:
        os.mkdir(c.path("sub"))
        c.write("sub/x.y.c", SOURCES["other.c"])
        sources = ["main.c", "counter.c", "sub/x.y.c"]
        ways = {"gcc": ("-save-temps", "--save-temps", "-save-temps=obj", "-save-temps=cwd",
                        "-save-temps -dumpdir sub/q", "-save-temps -dumpbase ''",
                        "-save-temps -dumpbase foo"),
                "clang": ("-save-temps", "-save-temps=obj", "-save-temps=cwd")}
        links = [(compiler, words, output) for compiler in ways for words in ways[compiler]
                 for output in ("prog", "sub/prog", c.path("sub/prog"))]
        for compiler, words, output in chosen_cases(
                links, lambda link: "%s %s -o %s" % (*link[:2], link[2].replace(c.dir, "/")),
                lambda link: link[0], report.note):
            done = c.link(compiler, *shlex.split(words), *sources, "-o", output)
            row = launch.units(os.path.join(c.dir, output))
            c.check("%s %s -o %s" % (compiler, words, output),
                    ("complete", 3, ["counter", "main", "x.y"], ""),
                    (row["record"], row["members"], launch.names(row), done.stderr))
        c.link("gcc", "-save-temps", "main.c", "counter.c")
        c.check("a.out", ["counter", "main"], c.names("a.out"))
        c.compile("other.c")
        c.run("ar", "rc", "sub/libx.a", "other.o")
        shutil.copyfile(c.path("other.o"), c.path("sub/counter.o"))
        c.link("gcc", "-save-temps", "main.c", "counter.c", "-Lsub", "-l:counter.o", "-o", "prog")
        c.check("an object of that name elsewhere", ["counter", "counter#2", "main"], c.names())
        for name in ("main", "counter"):
            c.cc("gcc", "-flto", "-c", name + ".c")
        c.link("gcc", "-flto", "-save-temps", "main.o", "counter.o", "-o", "prog")
        c.check("-flto", ("complete", ["counter", "main"]),
                (launch.units(c.path("prog"))["record"], c.names()))


def failures_remove_the_output(report):
    with Case(report, "a failure of ours") as c:
        c.write("broken", "#!/bin/sh\nprintf '\\177ELF\\002\\001\\001\\0\\0\\0\\0\\0\\0\\0\\0\\0"
                          "\\001\\0\\076\\0\\001\\0\\0\\0' >main.o\nexec truncate -s 70 main.o\n",
                0o755)
        done = c.cc("./broken", "-c", "main.c", check=False)
        c.check("cc", (3, False), (done.returncode, os.path.exists(c.path("main.o"))))
        c.check("cc says why", True, done.stderr.startswith("tenon cc: 'main.o': "))


def temporary_files_anywhere(report):
    with Case(report, "TMPDIR with a comma") as c:
        c.compile("main.c", "counter.c", "other.c")
        for name in ("t,mp", "-t'm p"):
            tmp = c.path(name)
            os.mkdir(tmp)
            for _ in range(2):
                launch.run(launch.behind("link", ["gcc", "-o", "prog", "main.o", "counter.o"]), c.dir,
                           env={"TMPDIR": tmp})
                c.check("units", ["counter", "main"], c.names())
            launch.run(launch.behind("link", ["gcc", "-o", "prog", "main.o", "counter.o", "other.o"]),
                       c.dir, env={"TMPDIR": tmp})
            c.check("units", ["counter", "main", "other"], c.names())
            c.check("left over", [], os.listdir(tmp))
            os.unlink(c.path("prog"))


def a_linker_may_be_called_itself(report):
    with Case(report, "ld itself") as c:
        c.write("start.c", "void _start(void) { for (;;) ; }\n")
        c.compile("start.c", "other.c")
        c.link("ld", "-o", "prog", "start.o", "other.o")
        c.check("units", ["other", "start"], c.names())
        c.link("ld.gold", "-o", "gold", "start.o", "other.o")
        os.symlink(c.run("which", "ld.gold").stdout.strip(), c.path("some-target-ld.gold-2"))
        c.link("./some-target-ld.gold-2", "-o", "named", "start.o", "other.o")
        c.check("by another name", c.names("gold"), c.names("named"))
        c.link("gcc", "-r", "-nostdlib", "-o", "all.o", "start.o", "other.o")
        c.check("-r goes through", "none", launch.units(c.path("all.o"))["record"])
        found = [c.run("gcc", "-print-file-name=" + name).stdout.strip()
                 for name in ("crti.o", "crtbeginS.o", "crtendS.o", "crtn.o")]
        c.write("crt_own.c", "int own(void) { return 1; }\n")
        c.run("gcc", "-fPIC", "-c", "crt_own.c")
        c.link("ld", "-shared", "-o", "lib.so", *found[:2], "crt_own.o", *found[2:])
        c.check("start files that it is given", ["crt_own"], c.names("lib.so"))


def tools_for_archives_run_as_they_are(report):
    """CMake's RULE_LAUNCH_LINK puts the launcher before ar and ranlib, too."""
    with Case(report, "ar") as c:
        c.compile("main.c", "counter.c")
        for words in (["ar", "qc", "libcounter.a", "counter.o"], ["ranlib", "libcounter.a"],
                      ["strip", "-g", "libcounter.a"], ["gcc-ar", "t", "libcounter.a"]):
            done = c.link(*words, check=False)
            c.check(words[0], (0, ""), (done.returncode, done.stderr))
        c.check("what it prints", "counter.o\n", done.stdout)
        c.link("gcc", "-o", "prog", "main.o", "libcounter.a")
        c.check("units", ["counter/counter", "main"], c.names())


def linkers_that_tell_what_they_try(report):
    with Case(report, "--verbose") as c:
        c.compile("main.c", "counter.c")
        for linker in ("bfd", "gold", "lld"):
            words = ["gcc", "-fuse-ld=" + linker, "-o", linker, "main.o", "counter.o"]
            done = c.link(*words, "-Wl,--verbose")
            c.check(linker, ("complete", ["counter", "main"], False),
                    (launch.units(c.path(linker))["record"], c.names(linker),
                     "tenon link:" in done.stderr))


def counting_runs_is_no_unit(report):
    """What counts runs for coverage and profiles is made to be in every file."""
    for compiler, *flags in (("gcc", "--coverage"), ("gcc", "-fprofile-generate"),
                             ("clang", "--coverage"), ("clang", "-fprofile-instr-generate")):
        with Case(report, compiler + " " + flags[0]) as c:
            c.write("alone.c", "static int n; int alone(void) { return ++n; }\n")
            done = c.run(compiler, "-shared", "-fPIC", *flags, "-o", "plain.so", "alone.c", check=False)
            if done.returncode:
                continue  # no such runtime here
            c.link(compiler, "-shared", "-fPIC", *flags, "-o", "lib.so", "alone.c")
            c.check("units", ["alone"], c.names("lib.so"))


CASES = [links_once_when_nothing_changed, keeps_standard_output_and_map,
         maps_go_where_they_were_asked, warns_once,
         compiles_and_links, objects_that_are_saved, members_of_one_name, objects_of_one_name,
         dependencies_have_no_file_of_ours, objects_keep_their_permissions,
         objects_where_no_file_can_be_made,
         intermediate_code_keeps_dependencies, dependencies_for_the_preprocessor,
         dependencies_by_other_words, intermediate_code_is_the_same_again, intermediate_code_alone_has_a_note,
         source_digests_agree, the_header_names_a_unit, the_header_alone_is_completed, signals_reach_the_compiler,
         sources_that_are_read_once, failures_leave_what_was_linked,
         failures_of_our_own_leave_nothing,
         a_linker_that_fails_for_our_words, members_of_one_name_linked_again, members_of_which_nothing_is_left, languages_without_headers,
         sources_that_cannot_be_preprocessed, standard_input_without_an_output,
         headers_become_no_object, reports_beside_an_object, sources_of_intermediate_code,
         failures_remove_the_output,
         temporary_files_anywhere, a_linker_may_be_called_itself,
         tools_for_archives_run_as_they_are, linkers_that_tell_what_they_try, counting_runs_is_no_unit,
         objects_that_are_not_what_their_notes_say,
         thin_members_of_intermediate_code,
         notes_of_intermediate_code_under_other_names, lazy_objects_of_intermediate_code,
         files_of_symbols_only]


def main():
    needs("bash", "gcc", "g++", "clang", "ar", "ld.gold", "mold")
    report = Report()
    cases = [case for case in CASES if case.__name__ in sys.argv[1:]]
    for case in cases or chosen_cases(CASES, lambda case: case.__name__,
                                      note=report.note):
        case(report)
    report.finish()


if __name__ == "__main__":
    main()
