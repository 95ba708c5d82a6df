#!/usr/bin/env python3
"""C libraries that OCaml code needs (those of the system, not of a bundle), beside the process and
beside each other, in native code, bytecode and toplevel: the same words, in check and in load."""

import pathlib
import shutil
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import loaders
import ocamlcase
import tenon
from ocamlcase import Case, Everywhere
from sample import unittest_main

if not ocamlcase.available():
    print("no OCaml compilers, or no package built")
    sys.exit(77)

COUNTER = """static int n;
int counter_next(void) { return ++n; }
int counter_peek(void) { return n; }
void counter_reset(void) { n = 0; }
"""


class Libraries(Everywhere, unittest.TestCase):
    def setUp(self):
        self.case = Case()
        self.addCleanup(self.case.close)
        self.case.write("counter.c", COUNTER)

    def library(self, name, folder, text, *more):
        """FOLDER/libNAME.so.1 with a record, and its name for the linker."""
        self.case.write(f"{folder}/{name}.c", text)
        self.case.run(tenon.command(), "link", "-q", "--", "gcc", "-fPIC", "-shared", f"{name}.c",
                      *more, f"-Wl,-soname,lib{name}.so.1", "-o", f"lib{name}.so.1",
                      cwd=self.case.root / folder)
        (self.case.root / folder / f"lib{name}.so").symlink_to(f"lib{name}.so.1")

    def calls(self, name, function, *, library=None, folder=None, sources=(), linked=(),
              origin=False):
        """An archive whose C code calls a function, of a library when one is named; with `origin` it
        is looked for beside the code first."""
        case, cwd = self.case, self.case.root / f"{name}.c"
        case.write(f"{name}.c/{name}_c.c", "#include <caml/mlvalues.h>\nint %s(void);\n"
                   "value %s_get(value u) { (void)u; return Val_int(%s()); }\n"
                   % (function, name, function))
        links = []
        if library:
            place = str(case.root / folder)
            # by a file, for the shells in between
            case.write(f"{name}.c/rpath", f"-rpath {'$ORIGIN:' if origin else ''}{place}\n")
            rpath = f"-Wl,@{cwd}/rpath"
            links = [f"-L{place}", f"-l{library}", "-ldopt", rpath]
        for flag in linked:
            links += ["-ldopt", flag]
        objects = [f"{name}_c.o"]
        case.ocamlfind("ocamlc", "-ccopt", "-fPIC", "-c", f"{name}_c.c", cwd=cwd)
        for source in sources:
            case.run("gcc", "-fPIC", "-c", str(case.root / source), cwd=cwd)
            objects.append(pathlib.Path(source).stem + ".o")
        case.ocamlfind("ocamlmklib", "-o", f"{name}_stubs", *objects, *links, cwd=cwd)
        case.compile(name, folder=f"{name}.c", text=f'external get : unit -> int = "{name}_get"\n')
        native = ["-cclib", f"-l{name}_stubs", "-ccopt", "-L."]
        for flag in linked:
            native += ["-ccopt", flag]
        if library:
            native += ["-cclib", f"-l{library}", "-ccopt", f"-L{place}", "-ccopt", rpath]
        case.archive(name, name, folder=f"{name}.c", byte=["-dllib", f"-l{name}_stubs"],
                     native=native)
        return f"{name}.c/{name}"

    def plugin(self, name, function, **more):
        """NAME.plugin prints NAME and what the function says."""
        unit = f"u{name}"
        code = self.calls(unit, function, **more)
        self.case.plugin(name, f'let () = Printf.printf "{name} %d\\n%!" ({unit.capitalize()}.get ())\n',
                         f"{code}.cma", f"{code}.cmxs", include=[f"{unit}.c"])
        return f"{name}.plugin"

    def checked(self, plugins, status, *patterns):
        """`tenon check` answers as loading does, for both kinds of programs."""
        for host in ("host.opt", "host.byte"):
            with self.subTest(host=host):
                done = self.case.run(tenon.command(), "check", host, *plugins, check=False)
                self.assertEqual(done.returncode, status, done.stdout)
                for pattern in patterns:
                    self.assertRegex(done.stdout, pattern)

    def counting_library(self, name, folder):
        self.library(name, folder, f"int counter_next(void); int {name}_next(void) "
                     "{ return counter_next(); }\n", str(self.case.root / "counter.c"),
                     "-Wl,-Bsymbolic")

    def test_a_library_with_a_unit_of_the_host(self):
        self.counting_library("user", "u")
        plugin = self.plugin("p", "user_next", library="user", folder="u")
        host = self.calls("hosts", "counter_next", sources=["counter.c"])
        self.case.write("start.ml", "let () = ignore (Hosts.get ()); ignore (Hosts.get ())\n")
        self.case.compile("start", "-I", "hosts.c")
        self.case.environment["CAML_LD_LIBRARY_PATH"] = str(self.case.root / "hosts.c")
        self.case.hosts("start", archives=[host], flags=["-ccopt", f"-L{self.case.root}/hosts.c"])
        twice = (r'unit \S*counter\S* is already in .*; \S*/u/libuser\.so\.1, which plugin "p" needs, '
                 "contains its own copy.*")
        self.everywhere([f"load:{plugin}"], [f"no p: .*{twice}"])
        self.checked([plugin], 1, twice)

    def test_two_builds_of_one_library(self):
        one = "static int n; int foo_next(void) { return ++n; }\n"
        self.library("foo", "a", one)
        self.library("foo", "b", one + "int foo_extra(void) { return 7; }\n")
        plugins = [self.plugin("pa", "foo_next", library="foo", folder="a"),
                   self.plugin("pb", "foo_extra", library="foo", folder="b")]
        self.case.hosts()
        lacks = ('(library upb of plugin "pb"|dllupb_stubs.so) needs the C symbol foo_extra, which '
                 "nothing defines")
        self.everywhere([f"all:{','.join(plugins)}"], ["pa 1", "ok pa", f"no pb: .*{lacks}.*"])
        self.everywhere([f"load:{p}" for p in plugins], ["pa 1", "ok pa", f"no pb: .*{lacks}.*"])
        self.everywhere([f"load:{plugins[1]}"], ["pb 7", "ok pb"])
        self.checked(plugins, 1, lacks)
        self.checked(plugins[1:], 0)

    def test_two_plugins_and_one_library(self):
        self.library("foo", "a", "static int n; int foo_next(void) { return ++n; }\n")
        plugins = [self.plugin(name, "foo_next", library="foo", folder="a") for name in ("pa", "pb")]
        # loaders open code for everybody, and so are its libraries: also for who does not name them
        plugins.append(self.plugin("pc", "foo_next"))
        self.case.hosts()
        self.everywhere([f"all:{','.join(plugins)}"],
                        ["pa 1", "pb 2", "pc 3", "ok pa", "ok pb", "ok pc"])
        self.everywhere([f"load:{p}" for p in plugins],
                        ["pa 1", "ok pa", "pb 2", "ok pb", "pc 3", "ok pc"])
        self.checked(plugins, 0)
        self.everywhere([f"load:{plugins[2]}"], ["no pc: .*C symbol foo_next, which nothing defines.*"])

    def test_two_libraries_with_one_unit(self):
        self.counting_library("one", "one")
        self.counting_library("two", "two")
        plugins = [self.plugin("pa", "one_next", library="one", folder="one"),
                   self.plugin("pb", "two_next", library="two", folder="two"),
                   self.plugin("pc", "one_next", library="one", folder="one")]
        self.case.hosts()
        twice = (r"unit \S+ is already in \S*/one/libone\.so\.1.*; \S*/two/libtwo\.so\.1, which plugin "
                 '"pb" needs, contains its own copy.*')
        self.everywhere([f"all:{','.join(plugins)}"],
                        ["pa 1", "pc 2", "ok pa", f"no pb: .*{twice}", "ok pc"])
        self.checked(plugins, 1, twice)
        # what a refused plugin would have brought is in nobody's way
        self.library("bad", "two", "int bad_next(void) { return 0; }\n", "-L.", "-ltwo",
                     f"-Wl,-rpath,{self.case.root}/two")
        bad = self.plugin("p0", "there_is_none", library="bad", folder="two")
        self.everywhere([f"all:{bad},{plugins[0]}"], ["pa 1", "no p0: .*there_is_none.*", "ok pa"])

    def test_a_library_with_c_code_of_a_plugin(self):
        self.counting_library("user", "u")
        plugins = [self.plugin("pa", "counter_next", sources=["counter.c"]),
                   self.plugin("pb", "user_next", library="user", folder="u")]
        self.case.hosts()
        twice = (r'unit \S+ is already in .*; \S*/u/libuser\.so\.1, which plugin "pb" needs, contains '
                 "its own copy.*")
        self.everywhere([f"all:{','.join(plugins)}"], ["pa 1", "ok pa", f"no pb: .*{twice}"])
        self.everywhere([f"load:{p}" for p in plugins], ["pa 1", "ok pa", f"no pb: .*{twice}"])
        self.checked(plugins, 1, twice)
        # the other way round
        late = self.plugin("pz", "counter_peek", sources=["counter.c"])
        twice = r"defines counter_\w+ and others, which \S*/u/libuser\.so\.1 defines too"
        self.everywhere([f"all:{plugins[1]},{late}"], ["pb 1", "ok pb", f"no pz: .*{twice}.*"])
        self.everywhere([f"load:{plugins[1]}", f"load:{late}"],
                        ["pb 1", "ok pb", f"no pz: .*{twice}.*"])
        self.checked([plugins[1], late], 1, twice)

    def test_a_library_that_a_constructor_opens(self):
        self.counting_library("one", "one")
        self.counting_library("two", "two")
        self.case.write("opens.c", "#include <dlfcn.h>\n"
                        "static void *kept;\n"
                        "__attribute__((constructor)) static void opens(void)\n"
                        '{ kept = dlopen("%s/one/libone.so.1", RTLD_NOW | RTLD_LOCAL); }\n'
                        "int opened(void) { return kept != 0; }\n" % self.case.root)
        plugins = [self.plugin("pa", "opened", sources=["opens.c"]),
                   self.plugin("pb", "two_next", library="two", folder="two")]
        self.case.hosts()
        twice = (r"unit \S+ is already in \S*/one/libone\.so\.1.*; \S*/two/libtwo\.so\.1, which plugin "
                 '"pb" needs, contains its own copy.*')
        self.everywhere([f"load:{p}" for p in plugins], ["pa 1", "ok pa", f"no pb: .*{twice}"])
        self.everywhere([f"all:{','.join(plugins)}"], ["pa 1", "ok pa", f"no pb: .*{twice}"])

    def test_an_executable_stack(self):
        if loaders.glibc_version() >= (2, 41):
            self.skipTest("the C library gives no running process one")
        self.case.write("three.c", "int three(void) { return 3; }\n")
        plugins = [self.plugin("p", "three", sources=["three.c"], linked=["-Wl,-z,execstack"]),
                   self.plugin("q", "getpagesize")]
        self.case.hosts()
        told = 'exec-stack: .*plugin "p".* makes the stack of the whole process executable, .*'
        words = ["check:p.plugin", "check:q.plugin", "load:p.plugin", "check:p.plugin"]
        for part in "first", "from the cache":
            with self.subTest(part):
                self.everywhere(words, [told, "p 3", "ok p"])
            time.sleep(2.1)  # what changed moments ago is not noted
            self.everywhere(["load:p.plugin"], ["p 3", "ok p"])

    def test_a_library_planted_in_the_cache(self):
        """Beside code whose run path `$ORIGIN` is looked at first, where no bundle has put it."""
        given = "int foo_next(void) { return %d; }\n"
        self.library("foo", "a", given % 1)
        self.library("foo", "evil", given % 666)
        plugin = self.plugin("p", "foo_next", library="foo", folder="a", origin=True)
        self.case.hosts()
        told = r"p.* would get libfoo\.so\.1 from the cache, where no bundle has put it: .*prune --all.*"
        for loader in ocamlcase.LOADERS:
            cache = self.case.root / f"planted-{loader}"
            with self.subTest(loader=loader):
                self.case.environment["TENON_CACHE"] = str(cache)
                self.everywhere([f"load:{plugin}"], ["p 1", "ok p"], [loader])
                place, = cache.glob("*.*/")
                shutil.copy(self.case.root / "evil" / "libfoo.so.1", place)
                self.everywhere([f"load:{plugin}"], [f"no p: .*{told}"], [loader])
                if loader in ("native", "bytecode"):
                    host = "host.opt" if loader == "native" else "host.byte"
                    done = self.case.run(tenon.command(), "check", host, plugin, check=False)
                    self.assertEqual(done.returncode, 1, done.stdout)
                    self.assertRegex(done.stdout, told)
                self.case.run(tenon.command(), "cache", "prune", "--all")
                self.everywhere([f"load:{plugin}"], ["p 1", "ok p"], [loader])

    def test_a_library_that_is_missing(self):
        self.library("foo", "a", "int foo_next(void) { return 1; }\n")
        plugin = self.plugin("p", "foo_next", library="foo", folder="a")
        self.case.hosts()
        (self.case.root / "a" / "libfoo.so.1").unlink()
        lacks = 'plugin "p" needs libfoo.so.1, which is not found; tried '
        self.everywhere([f"load:{plugin}"], [f"no p: .*{lacks}.*"])
        self.checked([plugin], 1, lacks)


if __name__ == "__main__":
    unittest_main()
