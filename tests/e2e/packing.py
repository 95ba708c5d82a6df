#!/usr/bin/env python3
"""Plugins made by real compilers, packed and built: what goes in, what stays out, and that what is
in is found by the real loaders without any environment variable."""

import filecmp
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import tenon
from build import needs

HOST = r"""
#include <dlfcn.h>
#include <stdio.h>
int host_api(int x) { return x + 1; }
int main(int argc, char **argv)
{
    void *plugin = dlopen(argv[1], RTLD_NOW);
    int (*start)(void *, int, char **) = plugin ? dlsym(plugin, "tenon_plugin_start") : 0;
    if (!start)
        return puts(dlerror()), 1;
    return start(0, argc, argv);
}
"""
STATS = r"""
#include <stdio.h>
int help(void);
int host_api(int);
int tenon_plugin_start(void *self, int argc, char **argv)
{
    (void)self, (void)argc, (void)argv;
    printf("%d\n", host_api(help()));
    return 0;
}
"""
ORIGIN = "-Wl,-rpath,$ORIGIN"


class Case(unittest.TestCase):
    """A directory with sources, a host and two libraries."""
    compiler = "gcc"
    triple = "x86_64-linux-gnu"
    made = {}  # by compiler: what is in the directory at first

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="tenon-test-")
        self.dir = os.path.realpath(self.directory.name)
        if self.compiler not in Case.made:
            self.make()
            Case.made[self.compiler] = self.kept()
        for name, content, mode in Case.made[self.compiler]:
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            pathlib.Path(self.path(name)).write_bytes(content)
            os.chmod(self.path(name), mode)

    def make(self):
        self.write("host.c", HOST)
        self.write("stats.c", STATS)
        self.write("help.c", "int help2(void); int help(void) { return help2() + 1; }")
        self.write("help2.c", "int help2(void) { return 40; }")
        os.mkdir(self.path("lib"))
        self.cc("-shared", "-fPIC", "-Wl,-soname,libhelp2.so.1", "-o", "lib/libhelp2.so.1",
                "help2.c")
        self.cc("-shared", "-fPIC", "-Wl,-soname,libhelp.so.1", "-o", "lib/libhelp.so.1", "help.c",
                "lib/libhelp2.so.1", ORIGIN)
        self.cc("-rdynamic", "-o", "host", "host.c", "-ldl")

    def kept(self):
        """(path, content, mode) of each file: every test begins with these."""
        paths = [os.path.join(base, name) for base, _, names in os.walk(self.dir) for name in names]
        return [(os.path.relpath(path, self.dir), pathlib.Path(path).read_bytes(),
                 os.stat(path).st_mode) for path in paths]

    def tearDown(self):
        self.directory.cleanup()

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        pathlib.Path(self.path(name)).write_text(text, encoding="utf-8")

    def run_in(self, *words, **options):
        return subprocess.run(words, cwd=self.dir, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120, **options)

    def cc(self, *words, launcher=()):
        done = self.run_in(*launcher, self.compiler, *words)
        self.assertEqual(done.returncode, 0, done.stderr)

    def tenon(self, *words, status=0):
        done = self.run_in(tenon.command(), *words)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def asked(self, *words, status=0):
        done = self.run_in(tenon.command(), *words, "--json")
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)["results"][0]

    def plugin(self, *flags, launcher=()):
        self.cc("-shared", "-fPIC", "-o", "stats.so", "stats.c", "lib/libhelp.so.1",
                "-Wl,-rpath-link,lib", *flags, launcher=launcher)

    def start(self, bundle="stats.plugin", code="stats.so"):
        """Takes the code out as the cache does, moves everything else away, and starts it."""
        flat = self.path("flat")
        shutil.rmtree(flat, ignore_errors=True)
        os.mkdir(flat)
        with zipfile.ZipFile(self.path(bundle)) as file:
            for name in file.namelist():
                if name.startswith("native/%s/" % self.triple):
                    with open(os.path.join(flat, os.path.basename(name)), "wb") as out:
                        out.write(file.read(name))
        os.rename(self.path("lib"), self.path("gone"))
        done = self.run_in("./host", os.path.join(flat, code), env={})
        os.rename(self.path("gone"), self.path("lib"))
        self.assertEqual((done.returncode, done.stdout), (0, "42\n"), done.stderr)

    def fates(self, result):
        return {row["name"]: row["fate"] for row in result["libraries"]}


class Packing(Case):
    def test_closure_is_bundled_and_found(self):
        self.plugin(ORIGIN, ORIGIN + "/lib")
        result = self.asked("pack", "stats.so")
        fates = self.fates(result)
        self.assertEqual((fates["libhelp.so.1"], fates["libhelp2.so.1"]), ("bundled", "bundled"))
        self.assertNotIn("bundled", {fate for name, fate in fates.items() if "help" not in name})
        self.tenon("bundle", "show", "--verify", "stats")
        self.start()

    def test_no_run_path_is_refused_with_the_flag(self):
        self.plugin("-Wl,-rpath," + self.path("lib"))
        said = self.tenon("pack", "stats.so", status=1)
        self.assertIn("stats.so needs a library of the bundle", said)
        self.assertIn("-Wl,-rpath,'$ORIGIN'", said)
        self.assertFalse(os.path.exists(self.path("stats.plugin")))
        self.assertEqual(self.asked("pack", "stats.so", status=1)["verdict"], "no-run-path")

    @unittest.skipUnless(shutil.which("patchelf"), "no patchelf")
    def test_set_runpath_changes_a_copy_and_says_so(self):
        self.plugin("-Wl,-rpath," + self.path("lib"))
        before = pathlib.Path(self.path("stats.so")).read_bytes()
        result = self.asked("pack", "--set-runpath", "stats.so")
        self.assertEqual(result["changed"], ["stats.so"])
        self.assertEqual(before, pathlib.Path(self.path("stats.so")).read_bytes())
        self.start()

    def test_what_would_be_found_elsewhere_is_refused(self):
        self.plugin("-Wl,-rpath,%s" % self.path("lib"), ORIGIN)
        said = self.tenon("pack", "stats.so", status=1)
        self.assertIn("'libhelp.so.1' of the bundle would not be found in it, but '%s'"
                      % self.path("lib", "libhelp.so.1"), said)
        self.assertIn("$ORIGIN must come first", said)
        result = self.asked("pack", "stats.so", status=1)
        self.assertEqual((result["status"], result["verdict"]), ("refused", "found-elsewhere"))

    def test_what_is_needed_by_a_path_is_refused(self):
        self.write("bare.c", "int bare(void) { return 1; }")
        self.write("leans.c", "int bare(void); int leans(void) { return bare(); }")
        self.cc("-shared", "-fPIC", "bare.c", "-o", self.path("libbare.so"))
        self.cc("-shared", "-fPIC", "leans.c", self.path("libbare.so"), ORIGIN, "-o",
                "leans.so")
        said = self.tenon("pack", "leans.so", status=1)
        self.assertIn("it is needed by a path; give the library a soname", said)

    def test_one_object_is_all_that_run_prints_as_json(self):
        if self.compiler != "gcc":
            self.skipTest("the command is this system's")
        self.write("says.c", "#include <stdio.h>\n"
                   "int tenon_plugin_start(void *h, int c, char **v) { puts(\"up\"); return 0; }\n"
                   "int tenon_plugin_stop(void) { puts(\"down\"); return 0; }\n")
        self.cc("-shared", "-fPIC", "says.c", ORIGIN, "-o", "says.so")
        self.tenon("pack", "says.so")
        done = self.run_in(tenon.command(), "run", "--json", "says.plugin")
        self.assertEqual(json.loads(done.stdout)["results"][0]["status"], "ok", done.stdout)
        self.assertEqual(done.stderr.split(), ["up", "down"])

    def test_a_plugin_that_ends_the_command_was_not_loaded(self):
        if self.compiler != "gcc":
            self.skipTest("the command is this system's")
        for when, start, stop in (("start", "exit(0)", ""), ("stop", "", "exit(0)")):
            self.write("ends.c", "#include <stdio.h>\n#include <stdlib.h>\n"
                       "int tenon_plugin_start(void *h, int c, char **v) "
                       "{ printf(\"up\"); %s; return 0; }\n"
                       "void tenon_plugin_stop(void) { %s; }\n" % (start, stop))
            self.cc("-shared", "-fPIC", "ends.c", ORIGIN, "-o", "ends.so")
            self.tenon("pack", "ends.so")
            with self.subTest(when=when):
                done = self.run_in(tenon.command(), "run", "ends.plugin", check=False)
                self.assertEqual((done.returncode, done.stderr),
                                 (1, "tenon run: 'ends' called exit(), which ended this command\n"))
                self.assertIn("up", done.stdout)
        done = self.run_in(tenon.command(), "run", "--json", "ends.plugin", check=False)
        self.assertEqual((done.returncode, json.loads(done.stdout)["results"][0]["status"]), (1, "ok"))
        self.assertTrue(done.stderr.endswith("'ends' called exit(), which ended this command\n"))
        self.write("ends.c", "#include <stdlib.h>\n"
                   "__attribute__((constructor)) static void end(void) { exit(0); }\n")
        self.cc("-shared", "-fPIC", "ends.c", ORIGIN, "-o", "ends.so")
        self.tenon("pack", "ends.so")
        done = self.run_in(tenon.command(), "run", "--json", "ends.plugin", check=False)
        result, = json.loads(done.stdout)["results"]
        self.assertEqual((done.returncode, result["status"], result["error"]["message"]),
                         (1, "error", "'ends' called exit(), which ended this command"))

    def test_missing_library(self):
        self.plugin()
        said = self.tenon("pack", "stats.so", status=1)
        self.assertIn("libhelp.so.1, which stats.so needs, would not be found", said)
        self.assertEqual(self.asked("pack", "stats.so", status=1)["status"], "missing")
        result = self.asked("pack", "--bundle=none", "stats.so")
        self.assertEqual(self.fates(result)["libhelp.so.1"], "missing")
        self.assertIn("libhelp.so.1", result["requires"])

    def test_directories_of_a_build(self):
        self.plugin(ORIGIN)
        result = self.asked("pack", "--library-dir=lib", "stats.so")
        row = [row for row in result["libraries"] if row["name"] == "libhelp.so.1"][0]
        self.assertEqual((row["fate"], row["why"]), ("bundled", "--library-dir"))
        self.start()
        os.symlink("libhelp.so.1", self.path("lib", "libhelp.so"))
        result = self.asked("build", "-o", "b", "stats.c", "--ldflag=-Llib", "--ldflag=-lhelp",
                            "--ldflag=-Wl,-rpath-link,lib")
        self.assertEqual(self.fates(result)["libhelp2.so.1"], "bundled")
        self.start("b.plugin", "b.so")

    def test_what_is_preloaded_here_stays_out(self):
        self.write("pre.c", "int preloaded_thing;")
        alone = ["-shared", "-fPIC", "-nostdlib"]  # any program can have them
        self.cc(*alone, "-o", "lib/libpre.so", "pre.c")
        self.cc(*alone, "-Wl,-soname,libhelp2.so.1", "-o", "lib/libhelp2.so.1", "help2.c")
        self.plugin(ORIGIN, ORIGIN + "/lib")
        fates = self.fates(self.asked("pack", "-o", "a", "stats.so"))
        # one that is needed, too, and one that is not
        preloads = [os.environ.get("TENON_PRELOAD", ""), self.path("lib/libpre.so"),
                    self.path("lib/libhelp2.so.1")]  # a sanitizer's must come first
        preload = {**os.environ, "LD_PRELOAD": " ".join(filter(None, preloads))}
        for words in (["-o", "b", "--name=stats"], ["-o", "c", "--host=host"]):
            done = self.run_in(tenon.command(), "pack", *words, "stats.so", "--json", env=preload)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = self.fates(json.loads(done.stdout)["results"][0])
            self.assertEqual(sorted(found), sorted(fates))
            self.assertEqual(found["libhelp2.so.1"], "bundled")
        packed = [pathlib.Path(self.path(name + ".plugin")).read_bytes() for name in "ab"]
        self.assertTrue(packed[0] == packed[1])

    def test_lists(self):
        self.plugin(ORIGIN, ORIGIN + "/lib")
        result = self.asked("pack", "--bundle=libhelp.so.1", "stats.so")
        fates = self.fates(result)
        self.assertEqual((fates["libhelp.so.1"], fates["libhelp2.so.1"]), ("bundled", "unlisted"))
        self.assertIn("libhelp2.so.1", result["requires"])
        self.assertNotIn("libhelp.so.1", result["requires"])
        self.assertIn("does not need 'libnone.so'",
                      self.tenon("pack", "--bundle=libnone.so", "stats.so", status=2))

    def test_host_is_left_out_and_required(self):
        link = (tenon.command(), "link", "--")
        self.write("main.c", HOST + "int help(void); int (*use)(void) = help;")
        self.cc("-rdynamic", "-o", "app", "main.c", "lib/libhelp.so.1", "-Wl,-rpath-link,lib",
                ORIGIN + "/lib", "-ldl", launcher=link)
        self.plugin(ORIGIN, ORIGIN + "/lib", launcher=link)
        result = self.asked("pack", "--host=app", "stats.so")
        self.assertEqual(self.fates(result)["libhelp.so.1"], "host")
        self.assertEqual(result["host_record"], "complete")
        self.assertEqual(result["records"], ["complete"])
        self.assertIn("main", result["requires"])
        self.assertIn("stats", result["provides"])
        shown = self.asked("bundle", "show", "stats")
        unit = [row for row in shown["requires"] if row["name"] == "main"][0]
        self.assertTrue(unit["interface"].startswith("exports-1:"))
        self.assertIn("has no record", self.tenon("pack", "--host=host", "stats.so"))

    def test_requires_and_provides(self):
        self.cc("-c", "-o", "help2.o", "help2.c")
        self.plugin(ORIGIN, ORIGIN + "/lib")
        self.tenon("pack", "--requires=help2=help2.o", "--requires=app/log", "--provides=my/own",
                   "--private=my/own", "--cons=log>=2,net", "--tags=a,b", "--argv=FILE what",
                   "--name=st", "--version=1.2", "--author=me", "--date=5", "-o", "out", "stats.so")
        self.assertIn("private     x/y  which is no unit of the plugin",
                      self.tenon("pack", "--private=x/y", "-o", "p", "stats.so"))
        # the word of the author does not stand for what the code records
        self.tenon("pack", "--provides=stats.so", "--name=st", "-o", "said", "stats.so")
        self.tenon("bundle", "verify", "said")
        os.chmod(self.path("said.plugin"), 0o600)
        self.tenon("bundle", "update", "--provides=stats.so", "said")
        self.assertEqual(os.stat(self.path("said.plugin")).st_mode & 0o777, 0o600)
        self.tenon("bundle", "verify", "said")
        shown = self.asked("bundle", "show", "out")
        units = {row["name"]: row for row in shown["requires"]}
        self.assertTrue(units["help2"]["interface"].startswith("exports-1:"))
        self.assertIsNone(units["app/log"]["interface"])
        self.assertEqual(shown["private"], ["my/own"])
        self.assertEqual((shown["cons"], shown["tags"]), (["log>=2", "net"], ["a", "b"]))
        self.assertEqual((shown["name"], shown["version"], shown["author"], shown["date"]),
                         ("st", "1.2", "me", 5))
        self.assertEqual(shown["argv"], ["FILE what"])
        self.assertIn("has no unit 'x'",
                      self.tenon("pack", "--requires=x=help2.o", "stats.so", status=3))

    def test_equal_input_gives_equal_bytes(self):
        self.plugin(ORIGIN, ORIGIN + "/lib")
        self.tenon("pack", "--data=stats.c", "stats.so")
        first = pathlib.Path(self.path("stats.plugin")).read_bytes()
        os.utime(self.path("stats.c"), (1, 1))
        os.chmod(self.path("stats.so"), 0o700)
        os.mkdir(self.path("other"))
        for name in ("stats.so", "stats.c", "lib"):
            os.rename(self.path(name), self.path("other", name))
        done = subprocess.run([tenon.command(), "pack", "--data=stats.c", "stats.so"],
                              cwd=self.path("other"), capture_output=True, check=False,
                              env={"TZ": "Asia/Tokyo", "PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(first, pathlib.Path(self.path("other", "stats.plugin")).read_bytes())

    def test_resources(self):
        self.plugin(ORIGIN, ORIGIN + "/lib")
        self.tenon("pack", "--resource=help.c", "--data=deep/words.txt=stats.c", "stats.so")
        names = self.tenon("bundle", "show", "--resources", "stats").split()
        self.assertEqual(names, ["data/deep/words.txt", "data/help.c"])
        self.assertIn("it is there already", self.tenon("pack", "--data=help.c", "--data=help.c",
                                                        "stats.so", status=2))
        self.tenon("pack", "--data=../x=help.c", "stats.so", status=2)
        self.tenon("pack", "--data=none.txt", "stats.so", status=3)

    def test_build_from_sources(self):
        self.write("one.c", "int help(void) { return 41; }")
        result = self.asked("build", "-o", "b", "stats.c", "one.c")
        self.assertEqual(result["made"], ["stats.o from stats.c", "one.o from one.c",
                                          "b.so from stats.o, one.o"])
        self.assertEqual(result["records"], ["complete"])
        self.assertEqual(set(result["provides"]), {"b.so", "stats", "one"})
        self.start("b.plugin", "b.so")

    def test_builds_give_equal_bytes(self):
        self.write("one.c", "int help(void) { return 41; }")
        made = []
        for name in ("a", "b"):
            self.tenon("build", "-q", "--name=x", "-o", name, "--cflag=-g", "stats.c", "one.c")
            made.append(pathlib.Path(self.path(name + ".plugin")).read_bytes())
        self.assertEqual(made[0], made[1])

    def test_build_from_an_archive(self):
        self.cc("-c", "-fPIC", "-o", "help2.o", "help2.c")
        self.cc("-c", "-fPIC", "-o", "help.o", "help.c")
        self.run_in("ar", "rcs", "libhelp.a", "help.o", "help2.o")
        result = self.asked("build", "-o", "b", "stats.c", "libhelp.a")
        self.assertIn("help/help2", result["provides"])
        self.start("b.plugin", "b.so")

    def test_what_a_host_of_the_same_sources_has(self):
        """Left to the host where it shows it; else such a bundle, which it would refuse, is not made."""
        link = (tenon.command(), "link", "--")
        self.write("counter.c", "static int n; int next(void) { return ++n; }")
        self.write("main.c", "int next(void); int main(void) { return next() - 1; }")
        self.write("use.c", "int next(void); int tenon_plugin_start(void *s, int c, char **v)\n"
                            "{ return (void)s, (void)c, (void)v, next() == 0; }")
        self.cc("-c", "-fPIC", "-o", "counter.o", "counter.c")
        subprocess.run(["ar", "rcs", self.path("libcounter.a"), self.path("counter.o")], check=True)
        self.cc("-rdynamic", "-o", "shows", "main.c", "libcounter.a", launcher=link)
        self.cc("-o", "hides", "main.c", "libcounter.a", launcher=link)
        words = ("build", "-o", "use", "use.c", "libcounter.a")
        result = self.asked(*words, "--host=shows")
        self.assertEqual(result["left_out"], ["libcounter.a  the host has it"])
        self.assertIn("counter/counter", result["requires"])
        self.assertNotIn("counter/counter", result["provides"])
        self.tenon("check", "shows", "use.plugin")
        before = pathlib.Path(self.path("use.plugin")).read_bytes()
        said = self.tenon(*words, "--host=hides", status=1)
        self.assertIn("hides would refuse it: unit counter/counter is already in the host program", said)
        self.assertEqual(pathlib.Path(self.path("use.plugin")).read_bytes(), before)
        self.assertIn("has all of it: there is nothing to load",
                      self.tenon("build", "--host=shows", "libcounter.a", status=1))
        # of ready code nothing can be left out
        self.tenon(*words)
        with zipfile.ZipFile(self.path("use.plugin")) as bundle:
            code = [name for name in bundle.namelist() if name.endswith("/use.so")]
            pathlib.Path(self.path("use.so")).write_bytes(bundle.read(code[0]))
        for host in ("shows", "hides"):
            self.assertIn(f"{host} would refuse it: unit counter/counter",
                          self.tenon("pack", f"--host={host}", "use.so", status=1))

    def test_build_names_the_member_that_is_not_position_independent(self):
        self.write("bad.c", "int v; int *help(void) { return &v; }")
        self.cc("-c", "-fno-pic", "-o", "bad.o", "bad.c")
        self.run_in("ar", "rcs", "libbad.a", "bad.o")
        for linker in ("bfd", "gold", "lld", "mold"):
            if not shutil.which("ld." + linker):
                continue
            with self.subTest(linker=linker):
                said = self.tenon("build", "-o", "b", "--ldflag=-fuse-ld=" + linker, "stats.c",
                                  "libbad.a", status=1)
                self.assertRegex(said, r"tenon build: .*bad\.o.* is not position independent")
                self.assertFalse(os.path.exists(self.path("b.plugin")))

    @unittest.skipUnless(os.uname().machine == "x86_64", "-mcmodel=large is of x86-64")
    def test_build_takes_no_code_that_the_loader_must_change(self):
        """Linkers make such a library without a word, if they are not told."""
        self.write("large.c", "extern int v; int v; int *help(void) { return &v; }")
        self.cc("-c", "-fno-pic", "-mcmodel=large", "-o", "large.o", "large.c")
        self.run_in("ar", "rcs", "liblarge.a", "large.o")
        for linker in ("bfd", "gold", "lld", "mold"):
            if not shutil.which("ld." + linker):
                continue
            for file in ("large.o", "liblarge.a"):
                with self.subTest(linker=linker, file=file):
                    use = "--ldflag=-fuse-ld=" + linker
                    said = self.tenon("build", "-o", "b", use, "stats.c", file, status=1)
                    if linker != "gold": # which names none
                        self.assertRegex(said,
                                         r"tenon build: .*large\.o.* is not position independent")
                    self.assertFalse(os.path.exists(self.path("b.plugin")))
        self.tenon("build", "-o", "b", "--ldflag=-Wl,-z,notext", "stats.c", "large.o")

    def test_build_that_fails(self):
        self.write("wrong.c", "int x = ;")
        self.assertIn("wrong.c: the compiler failed",
                      self.tenon("build", "-o", "b", "wrong.c", status=1))
        self.write("none.txt", "")
        self.tenon("build", "-o", "b", "none.txt", status=3)
        self.tenon("build", "-o", "b", "nowhere.txt", status=3)
        self.assertEqual([], [name for name in os.listdir(self.dir) if "plugin" in name])

    def test_units_of_a_bundle(self):
        self.write("one.c", "int help(void) { return 41; }")
        self.tenon("build", "-q", "-o", "b", "stats.c", "one.c")
        done = self.run_in(tenon.command(), "units", "b.plugin")
        self.assertIn("b.plugin: native/%s/b.so" % self.triple, done.stdout)
        self.assertIn("one", done.stdout)


class Large(Case):
    """What a large bundle asks of the machine."""
    ENTRIES, ENTRY = 8, 8 << 20

    def setUp(self):
        super().setUp()
        self.cc("-shared", "-fPIC", "-o", "one.so", "help2.c")
        with open(self.path("zeros"), "wb") as file: # stored, as they would look like a zip bomb
            file.truncate(self.ENTRY)
        self.tenon("pack", "-q", "--bundle=none", "one.so",
                   *("--data=%d=zeros" % i for i in range(self.ENTRIES)))

    def memory(self, *words):
        """MiB at most."""
        quiet = subprocess.DEVNULL
        env = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1", "TMPDIR": self.dir}
        process = subprocess.Popen([tenon.command(), *words], cwd=self.dir, stdin=quiet,
                                   stdout=quiet, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return usage.ru_maxrss / 1024

    def test_is_not_held_in_memory(self):
        """No more than one entry at a time is."""
        bundle = pathlib.Path(self.path("one.plugin"))
        self.assertGreater(bundle.stat().st_size, self.ENTRIES * self.ENTRY)
        self.assertLess(self.memory("bundle", "install", "--destdir=there", "one"), 56)
        self.assertTrue(filecmp.cmp(self.path("there/one.plugin"), bundle, shallow=False))
        self.assertLess(self.memory("units", "one.plugin"), 56)
        self.assertLess(self.memory("units", "--sysroot=" + self.dir, "/one.plugin"), 56)
        self.assertEqual([], [name for name in os.listdir(self.dir) if name.startswith("tenon-")])

    def test_an_interrupted_update_leaves_one_file(self):
        bundle = pathlib.Path(self.path("one.plugin"))
        for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = subprocess.Popen([tenon.command(), "bundle", "update", "--author=x", "one"],
                                       cwd=self.dir, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL)
            while process.poll() is None:
                if any(name.startswith(".tenon-") for name in os.listdir(self.dir)):
                    process.send_signal(sent)
                    break
            process.wait()
            self.assertEqual([], [name for name in os.listdir(self.dir) if ".tenon" in name])
            self.tenon("bundle", "show", "-q", "--verify", "one")
            self.assertEqual(bundle.stat().st_nlink, 1)

    def test_a_file_that_may_not_be_as_large_leaves_one_file(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        for words in (("bundle", "update", "--author=x", "one"),
                      ("bundle", "install", "--destdir=.", "one")):
            done = self.run_in(tenon.command(), *words, preexec_fn=limit)
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual([], [name for name in os.listdir(self.dir) if ".tenon" in name])
            self.tenon("bundle", "show", "-q", "--verify", "one")


class Musl(Packing):
    """The same with musl, whose loader asks for a run path in the plugin itself."""
    compiler = "musl-gcc"
    triple = "x86_64-linux-musl"

    @classmethod
    def setUpClass(cls):
        if not shutil.which("musl-gcc"):
            raise unittest.SkipTest("no musl-gcc")

    def tenon(self, *words, status=0):
        return super().tenon(*self.with_compiler(words), status=status)

    def asked(self, *words, status=0):
        return super().asked(*self.with_compiler(words), status=status)

    @staticmethod
    def with_compiler(words):
        return (*words, "--cc=musl-gcc") if words[0] == "build" else words


class Several(Case):
    """One bundle with code for both C libraries."""

    @classmethod
    def setUpClass(cls):
        if not shutil.which("musl-gcc"):
            raise unittest.SkipTest("no musl-gcc")

    def test_code_for_two_systems(self):
        self.write("one.c", "int tenon_plugin_start(void *s, int c, char **v) { return 0; }\n"
                            "#include <stdio.h>\nvoid say(void) { puts(\"\"); }")
        os.mkdir(self.path("musl"))
        self.cc("-shared", "-fPIC", "-o", "one.so", "one.c")
        self.compiler = "musl-gcc"
        self.cc("-shared", "-fPIC", "-o", "musl/one.so", "one.c")
        result = self.asked("pack", "--bundle=none", "one.so", "musl/one.so")
        self.assertEqual(result["name"], "one")
        shown = self.asked("bundle", "show", "--verify", "one")
        self.assertEqual([row["triple"] for row in shown["code"]],
                         ["x86_64-linux-gnu", "x86_64-linux-musl"])


if __name__ == "__main__":
    tenon.command()
    needs("gcc", "ar")
    unittest.main()
