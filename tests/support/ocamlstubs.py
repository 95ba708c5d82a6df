"""OCaml libraries whose work is done by C code that tells which build of it runs, and programs and
plugins made of them. What was made once for a shape is taken again."""

import collections
import itertools
import zipfile

import ocamlcase
import tenon
import zipmaker

# The libraries: those that others need first. `shown`: its externals are its interface, so that who
# uses them calls the C code himself, and needs nothing of the OCaml unit in bytecode.
Library = collections.namedtuple("Library", "needs shown")
LIBRARIES = {"tick": Library((), True), "tock": Library((), False), "sum": Library(("tick",), True)}

# The second has other C code behind the same OCaml code, the third another interface.
BUILDS = {"first": 1000, "other": 2000, "wider": 3000}

C_CODE = """#include <caml/mlvalues.h>
#include <unistd.h>
static long count;
%(needed)s
__attribute__((constructor)) static void come_to_life(void)
{
    static const char line[] = "mapped %(name)s %(build)s\\n";
    if (write(1, line, sizeof line - 1) < 0)
        _exit(9);
}
long %(name)s_step(void) { %(calls)sreturn %(number)d + ++count; }
value %(name)s_next(value unit) { (void)unit; return Val_long(%(name)s_step()); }
intnat %(name)s_add(intnat n) { return n + %(name)s_step(); }
value %(name)s_add_byte(value n) { return Val_long(%(name)s_add(Long_val(n))); }
"""

EXTERNALS = """external next : unit -> int = "%(name)s_next"
external add : (int [@untagged]) -> (int [@untagged]) = "%(name)s_add_byte" "%(name)s_add" [@@noalloc]
"""

# What a plugin does: C code of its own that calls that of libraries, whether its bundle lacks the
# stubs, the libraries in the bundle, those used, by their build.
Plugin = collections.namedtuple("Plugin", "libraries uses c_uses bare")
Host = collections.namedtuple("Host", "libraries custom")


def closure(names):
    found = set(names)
    for name in names:
        found |= set(closure(LIBRARIES[name].needs))
    return [name for name in LIBRARIES if name in found]


class Stock:
    """Libraries in all builds; hosts and plugins by their shape, made when they are asked for."""

    def __init__(self, case):
        self.case, self.hosts, self.plugins = case, {}, {}
        self.numbers = itertools.count()
        for name in LIBRARIES:
            for build in BUILDS:
                self.make_library(name, build)

    def folder(self, name, build):
        return str(self.case.root / build / name)

    def make_c(self, folder, name, text):
        """dllNAME_stubs.so and libNAME_stubs.a."""
        case, cwd = self.case, self.case.root / folder
        case.write("%s/%s_c.c" % (folder, name), text)
        case.ocamlfind("ocamlc", "-ccopt", "-fPIC", "-c", name + "_c.c", cwd=cwd)
        case.ocamlfind("ocamlmklib", "-o", name + "_stubs", name + "_c.o", cwd=cwd)

    def make_archive(self, folder, name):
        self.case.archive(name, name, folder=folder, byte=["-dllib", "-l%s_stubs" % name,
                                                           "-cclib", "-l%s_stubs" % name],
                          native=["-cclib", "-l%s_stubs" % name, "-ccopt", "-L."])

    def make_library(self, name, build):
        library, folder = LIBRARIES[name], "%s/%s" % (build, name)
        text = C_CODE % {
            "name": name, "build": build, "number": BUILDS[build],
            "needed": "".join("long %s_step(void);" % need for need in library.needs),
            "calls": "".join("%s_step(); " % need for need in library.needs)}
        more = 'external more : unit -> int = "%s_more"\n' % name if build == "wider" else ""
        if more:
            text += "value %s_more(value unit) { return unit; }\n" % name
        self.make_c(folder, name, text)
        if not library.shown:
            self.case.write("%s/%s.mli" % (folder, name),
                            "val next : unit -> int\nval add : int -> int\nval up : bool ref\n" +
                            ("val more : unit -> int\n" if more else ""))
        includes = [word for need in library.needs for word in ("-I", self.folder(need, "first"))]
        self.case.compile(name, *includes, folder=folder, text=EXTERNALS % {"name": name} + more +
                          "let up = ref (%s)\n" % " && ".join(
                              ["true", *["!%s.up" % need.capitalize() for need in library.needs]]) +
                          'let () = print_endline "born %s"\n' % name)
        self.make_archive(folder, name)

    # ---- hosts --------------------------------------------------------------------------------

    def host(self, host):
        """The folder of one: host.opt and host.byte."""
        key = repr(host)
        if key not in self.hosts:
            self.hosts[key] = "host%d" % next(self.numbers)
            self.make_host(self.hosts[key], host)
        return self.hosts[key]

    def make_host(self, folder, host):
        case, cwd = self.case, self.case.root / folder
        case.write(folder + "/main.ml",
                   "let () = Array.iteri (fun i w -> if i > 0 then Driver.run w) Sys.argv\n")
        flags = ["-package", "tenon", "-linkpkg", "-linkall", "-I", str(case.root)]
        places = [self.folder(name, build) for name, build in host.libraries.items()]
        for place in places:
            flags += ["-I", place]
        custom = ["-custom", "-ccopt", "-L%s -Wl,-rpath,%s" % (ocamlcase.BUILD, ocamlcase.BUILD)]
        for compiler, suffix, archive, out, more in (
                ("ocamlopt", ".cmx", ".cmxa", "host.opt", []),
                ("ocamlc", ".cmo", ".cma", "host.byte", custom if host.custom else
                 ["-dllpath", str(ocamlcase.PACKAGE)] + [w for p in places for w in ("-dllpath", p)])):
            case.ocamlfind(compiler, *flags, *more, "-o", out,
                           *[name + archive for name in host.libraries], "driver" + suffix,
                           "main.ml", cwd=cwd)

    # ---- plugins ------------------------------------------------------------------------------

    def plugin(self, plugin):
        """The name of one, which is that of its bundle and of its unit."""
        key = repr(plugin)
        if key not in self.plugins:
            # not in the order in which they were made: what needs another one may come before it
            number = next(self.numbers)
            name = "p%s%d" % ("zyxwvutsrqponmlkjihgfedcba"[number * 7 % 26], number)
            self.plugins[key] = name
            self.make_plugin(name, plugin)
        return self.plugins[key]

    def make_plugin(self, name, plugin):
        case, folder = self.case, name + ".src"
        lines = []
        if plugin.c_uses:
            self.make_c(folder, name, self.own_c_code(name, plugin))
            lines.append('external own : unit -> unit = "%s_own"' % name)
        for library in plugin.uses:
            lines.append('let () = Printf.printf "ran %s %s %%d\\n%%!" (%s.next ())' %
                         (name, library, library.capitalize()))
            lines.append('let () = Printf.printf "ran %s %s %%d\\n%%!" (%s.add 0)' %
                         (name, library, library.capitalize()))
        lines.append('let () = print_endline "born %s"' % name)
        lines += ["let () = own ()"] if plugin.c_uses else []
        where = {**{need: "first" for need in closure(plugin.uses)}, **plugin.uses}
        includes = [w for row in where.items() for w in ("-I", self.folder(*row))]
        case.compile(name, *includes, folder=folder, text="\n".join(lines) + "\n")
        if plugin.c_uses:
            self.make_archive(folder, name)
        else:
            case.archive(name, name, folder=folder)
        files = [self.folder(*row) + "/" + row[0] + suffix for row in plugin.libraries.items()
                 for suffix in (".cma", ".cmxs")]
        case.bundle(name, name + ".cma", name + ".cmxs", *files, "--main", name, folder=folder)
        if plugin.bare:
            self.strip_stubs(name)

    @staticmethod
    def own_c_code(name, plugin):
        return "".join(["#include <caml/mlvalues.h>\n#include <stdio.h>\n",
                        *["long %s_step(void);\n" % library for library in plugin.c_uses],
                        "value %s_own(value unit)\n{\n" % name,
                        *['    printf("ran %s %s %%ld\\n", %s_step());\n' %
                          (name, library, library) for library in plugin.c_uses],
                        "    fflush(stdout);\n    return unit;\n}\n"])

    def strip_stubs(self, name):
        """As BAP's bundles are: without C code for bytecode, and without our manifest."""
        path = self.case.root / (name + ".plugin")
        with zipfile.ZipFile(path) as old:
            entries = [zipmaker.Entry(entry, old.read(entry)) for entry in old.namelist()
                       if entry != "tenon.json" and not entry.endswith(".so")]
        path.write_bytes(zipmaker.make(entries))

    # ---- running ------------------------------------------------------------------------------

    def ask(self, host, loader, *words, places=()):
        """What the host says. `places`: where else the runtime looks for stubs."""
        folder = self.host(host)
        mine = [self.folder(*row) for row in host.libraries.items()]
        if loader == "toplevel":
            self.write_toplevel(folder, host, words)
            command = ["ocaml", "-noinit", folder + "/top.ml"]
        else:
            command = ["%s/host.%s" % (folder, "opt" if loader == "native" else "byte"), *words]
        env = {**ocamlcase.preloaded()}
        if loader == "toplevel" or places:
            env["CAML_LD_LIBRARY_PATH"] = ":".join([str(ocamlcase.PACKAGE), *mine, *places])
        done = self.case.run(*command, env=env, check=False)
        lines = [line for line in done.stdout.splitlines() if "[WARNING]" not in line]
        return lines + (["status %d" % done.returncode] if done.returncode else [])

    def write_toplevel(self, folder, host, words):
        case = self.case
        lines = ['#use "topfind";;', '#require "tenon";;', '#directory "%s";;' % case.root]
        for name, build in host.libraries.items():
            lines.append('#directory "%s";;' % self.folder(name, build))
            lines.append('#load "%s/%s.cma";;' % (self.folder(name, build), name))
        lines.append('#load "%s/driver.cmo";;' % case.root)
        for word in words:
            kind, _, rest = word.partition(":")
            lines.append('#load "%s";;' % rest if kind == "raw" else 'Driver.run "%s";;' % word)
        case.write(folder + "/top.ml", "\n".join(lines) + "\n")

    def check(self, host, loader, name):
        out = "host.opt" if loader == "native" else "host.byte"
        return self.case.run(tenon.command(), "check", "%s/%s" % (self.host(host), out),
                             name + ".plugin", check=False)
