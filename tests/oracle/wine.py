"""Wine's loader against tenon: built cases, and every module that a process really has.

rule: wine dlls/ntdll/loader.c
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from cases import Cases
from report import Report, skip_all

GCC = {64: "x86_64-w64-mingw32-gcc", 32: "i686-w64-mingw32-gcc"}
DLLTOOL = "x86_64-w64-mingw32-dlltool"
OVERRIDES = "mscoree,mshtml,winemenubuilder.exe="

# Loads what it is told to, then prints its modules. Arguments: "dir=X" SetDllDirectory, "flags=N"
# of what follows, else a name.
PROGRAM = r"""
#include <windows.h>
#include <stdio.h>
BOOL WINAPI K32EnumProcessModules(HANDLE, HMODULE *, DWORD, DWORD *);
#define IMPORT(name) extern int f_##name(void); int (*volatile use_##name)(void) = f_##name;
IMPORTS
int main(int argc, char **argv)
{
    HMODULE modules[1024];
    DWORD size, flags = 0;
    char path[MAX_PATH];
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "dir=", 4) == 0)
            SetDllDirectoryA(argv[i] + 4);
        else if (strncmp(argv[i], "flags=", 6) == 0)
            flags = strtoul(argv[i] + 6, NULL, 0);
        else if (!LoadLibraryExA(argv[i], NULL, flags))
            printf("failed %lu\n", GetLastError());
    }
    K32EnumProcessModules(GetCurrentProcess(), modules, sizeof modules, &size);
    for (DWORD i = 0; i < size / sizeof *modules; i++)
        if (GetModuleFileNameA(modules[i], path, sizeof path))
            printf("module %s\n", path);
    printf("end\n");
    return 0;
}
"""

case = Cases()


def wine_program():
    for name in (shutil.which("wine64"), "/usr/lib/wine/wine64"):
        if name and os.access(name, os.X_OK):
            return name
    skip_all("no wine64")


class Windows:
    """A Wine prefix and what is built into it. Paths are those of Windows below C:, with '/'."""

    def __init__(self, report):
        self.report = report
        self.wine = wine_program()
        self.prefix = os.path.realpath(tempfile.mkdtemp(prefix="tenon-wine-"))
        self.work = tempfile.mkdtemp(prefix="tenon-wine-build-")
        self.made = []
        self.libraries = set()
        self._run(["wineboot", "-i"], 600)
        if not os.path.exists(self.path("windows/system32/kernel32.dll")):
            self.close()
            skip_all("wine made no prefix")

    def close(self):
        server = os.path.join(os.path.dirname(self.wine), "wineserver64")
        if os.access(server, os.X_OK):
            subprocess.run([server, "-k"], env=self._env({}), check=False, capture_output=True)
        shutil.rmtree(self.prefix, ignore_errors=True)
        shutil.rmtree(self.work, ignore_errors=True)

    def _env(self, env):
        return {"WINEPREFIX": self.prefix, "WINEDEBUG": "-all", "WINEDLLOVERRIDES": OVERRIDES,
                "PATH": os.environ["PATH"], "HOME": self.work, **env}

    def _run(self, arguments, timeout=60, env=None, cwd=None):
        try:
            return subprocess.run([self.wine, *arguments], env=self._env(env or {}), cwd=cwd,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                  timeout=timeout)
        except subprocess.TimeoutExpired:
            return None

    def path(self, name):
        return os.path.join(self.prefix, "drive_c", name)

    def forget(self):
        """Removes what the last case made."""
        for path in self.made:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.unlink(path)
        self.made = []

    def keep(self, name):
        """The path of a file that this case makes; what the prefix had there comes back."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.made.append(path)
        return path

    def write(self, name, text):
        with open(self.keep(name), "w", encoding="utf-8") as file:
            file.write(text)

    def _library(self, name, bits):
        """An import library for a DLL of that name, which exports f_STEM."""
        stem = name.split(".")[0].replace("-", "_")
        path = os.path.join(self.work, "lib%s%d.a" % (stem, bits))
        if path not in self.libraries:
            definition = os.path.join(self.work, stem + ".def")
            with open(definition, "w", encoding="utf-8") as file:
                file.write("LIBRARY %s\nEXPORTS\nf_%s\n" % (name, stem))
            machine = ["-m", "i386", "--as-flags=--32"] if bits == 32 else []
            subprocess.run([DLLTOOL, *machine, "-d", definition, "-l", path], check=True)
            self.libraries.add(path)
        return stem, path

    def _compile(self, output, source, imports, bits, extra):
        libraries = [self._library(name, bits) for name in imports]
        text = source.replace("IMPORTS", "\n".join("IMPORT(%s)" % stem for stem, _ in libraries))
        path = os.path.join(self.work, "source.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run([GCC[bits], "-w", "-O1", "-o", output, path, *extra,
                        *[library for _, library in libraries]], check=True)

    def dll(self, name, imports=(), bits=64, forward=None):
        stem = os.path.basename(name).split(".")[0].lower().replace("-", "_")
        entry = "__stdcall DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n"
        source = ("#define IMPORT(name) extern int f_##name(void); "
                  "int (*volatile use_##name)(void) = f_##name;\nIMPORTS\nint " + entry)
        extra = ["-shared", "-nostdlib", "-Wl,--exclude-all-symbols",
                 "-Wl,-e," + ("_DllMainCRTStartup@12" if bits == 32 else "DllMainCRTStartup")]
        definition = os.path.join(self.work, "exports.def")
        with open(definition, "w", encoding="utf-8") as file:
            file.write("LIBRARY %s\nEXPORTS\nf_%s%s\n"
                       % (os.path.basename(name), stem, " = " + forward if forward else ""))
        if not forward:
            source += "int f_%s(void) { return 1; }\n" % stem
        self._compile(self.keep(name), source, imports, bits, [*extra, definition])

    def program(self, name="a/p.exe", imports=("foo.dll",)):
        self._compile(self.keep(name), PROGRAM, imports, 64, [])

    def register(self, key, name, value):
        """Sets a value of the registry, or with None removes its key; on disk when it returns."""
        words = ["add", key, "/v", name, "/d", value, "/f"] if value else ["delete", key, "/f"]
        self._run(["reg", *words])
        server = os.path.join(os.path.dirname(self.wine), "wineserver64")
        subprocess.run([server, "-k"], env=self._env({}), check=False, capture_output=True)
        subprocess.run([server, "-w"], env=self._env({}), check=False, capture_output=True)

    def real(self, name, arguments, env, cwd):
        """(does it run, its modules) of Wine's own; None: it hangs"""
        os.makedirs(self.path(cwd), exist_ok=True)
        done = self._run(["C:/" + name, *arguments], env=env, cwd=self.path(cwd))
        if done is None:
            return None
        lines = done.stdout.decode("latin-1").splitlines()
        modules = {line[len("module C:\\"):].replace("\\", "/").lower()
                   for line in lines if line.startswith("module ")}
        if "windows/system32/user32.dll" in modules:
            modules.discard("windows/system32/imm32.dll")  # user32 loads it when it starts
        failed = any(line.startswith("failed ") for line in lines)
        return "end" in lines and not failed, modules - {name.lower()}

    def ours(self, name, file, env, cwd, settings):
        """The same of tenon."""
        extra = ["--loader", "wine"]
        for key, value in settings.items():
            extra += ["--setting", "%s=%s" % (key, value)]
        if file:
            extra += ["--exe", "/drive_c/" + name]
        asked = "/drive_c/" + (file or name)
        row = tenon.why([asked], extra, env=env, cwd="/drive_c/" + cwd,
                        sysroot=self.prefix)[asked]
        if row["status"] == "error":
            return False, row["error"]["message"]
        modules = {tenon.text(library["path"])[len("/drive_c/"):].lower()
                   for library in row["libraries"]
                   if library["status"] == "found" and library["flavour"] != "delay"
                   and not _only_delayed(row, library)}
        return row["status"] == "ok", modules - {name.lower()}

    def same(self, what, name="a/p.exe", load=None, flags=0, env=None, cwd="d", settings=None,
             arguments=(), names_only=False):
        """Runs the program under Wine, lets it load a file, and asks tenon the same."""
        env, settings = dict(env or {}), dict(settings or {})
        wine_env = {"WINEDLLOVERRIDES": OVERRIDES + ";" + env["WINEDLLOVERRIDES"]} \
            if "WINEDLLOVERRIDES" in env else {}
        arguments = list(arguments)
        if load:
            settings["LoadLibraryFlags"] = flags
            arguments += ["flags=%d" % flags, "C:\\" + load.replace("/", "\\")]
        real = self.real(name, arguments, {**env, **wine_env}, cwd)
        ours = self.ours(name, load, env, cwd, settings)
        if real and names_only:  # Wine's own code goes by the path of the file that it replaces
            real, ours = [(runs, {os.path.basename(path) for path in paths})
                          for runs, paths in (real, ours)]
        if real is None:
            self.report.skip(what, "the program does not end")
        elif real[0]:
            self.report.check(what, (True, sorted(real[1])), (ours[0], sorted(ours[1])),
                              ("wine", "tenon"))
        else:
            self.report.check(what, False, ours[0], ("wine", "tenon"))
        self.forget()


def _only_delayed(row, library):
    """Came in through a library that is loaded on its first call, and through no other."""
    by = [index for index in library["needed_by"]]
    return bool(by) and all(index >= 0 and (row["libraries"][index]["flavour"] == "delay"
                                            or _only_delayed_at(row, index, {index}))
                            for index in by)


def _only_delayed_at(row, index, seen):
    by = [each for each in row["libraries"][index]["needed_by"] if each not in seen]
    return bool(by) and all(each >= 0 and (row["libraries"][each]["flavour"] == "delay"
                                           or _only_delayed_at(row, each, seen | {each}))
                            for each in by)


PLACES = ["a", "windows/system32", "windows/system", "windows", "d", "p1", "p2"]
TWO = {"WINEPATH": "C:\\p1;C:\\p2"}


@case()
def each_directory_in_turn(w):
    for i in range(len(PLACES) + 1):
        w.program()
        for place in PLACES[i:]:
            w.dll(place + "/foo.dll")
        w.same("foo.dll from %s on" % (PLACES[i:] or ["nowhere"])[0], env=TWO)


@case()
def case_of_letters(w):
    w.program()
    w.dll("a/FOO.DLL")
    w.same("FOO.DLL for foo.dll")


@case()
def another_machine(w):
    w.program()
    w.dll("a/foo.dll", bits=32)
    w.same("a narrow foo.dll alone")
    w.program()
    w.dll("a/foo.dll", bits=32)
    w.dll("p1/foo.dll")
    w.same("a narrow foo.dll, a good one in PATH", env=TWO)


@case()
def no_images(w):
    for what, content in (("text", "hello\n"), ("nothing", "")):
        w.program()
        w.write("a/foo.dll", content)
        w.dll("p1/foo.dll")
        w.same("foo.dll is " + what, env=TWO)


@case()
def cut_short(w):
    w.program()
    w.dll("a/foo.dll")
    os.truncate(w.path("a/foo.dll"), 160)
    w.dll("p1/foo.dll")
    w.same("foo.dll is cut short", env=TWO)


@case()
def directories_and_links(w):
    w.program()
    os.makedirs(w.keep("a/foo.dll"))
    w.dll("p1/foo.dll")
    w.same("foo.dll is a directory", env=TWO)
    w.program()
    os.symlink("gone", w.keep("a/foo.dll"))
    w.dll("p1/foo.dll")
    w.same("foo.dll is a dangling link", env=TWO)


@case()
def missing_dependency(w):
    w.program()
    w.dll("a/foo.dll", imports=["bar.dll"])
    w.dll("windows/system32/foo.dll")
    w.same("foo.dll wants a library that is nowhere")


@case()
def dependencies(w):
    w.program()
    w.dll("a/foo.dll", imports=["bar.dll", "baz.dll"])
    w.dll("p1/bar.dll", imports=["baz.dll"])
    w.dll("windows/baz.dll")
    w.same("libraries of libraries", env=TWO)


@case()
def flags(w):
    for in_a in (False, True):
        for flag in (0, 8, 0x100 | 0x1000, 0x1000):
            w.program(imports=())
            w.dll("d1/user.dll", imports=["foo.dll"])
            w.dll("d1/foo.dll")
            if in_a:
                w.dll("a/foo.dll")
            w.same("LoadLibraryEx with 0x%x%s" % (flag, ", foo.dll in a" if in_a else ""),
                   load="d1/user.dll", flags=flag)


@case()
def api_sets(w):
    w.program(imports=["api-ms-win-core-synch-l1-2-0.dll"])
    w.dll("a/api-ms-win-core-synch-l1-2-0.dll")
    w.same("a contract, and a file of its name")
    w.program(imports=["api-ms-win-none-l1-1-0.dll"])
    w.dll("a/api-ms-win-none-l1-1-0.dll")
    w.same("no contract, and a file of its name")


@case()
def system_libraries_beside_the_program(w):
    w.program(imports=["version.dll"])
    w.dll("a/version.dll")
    w.same("version.dll beside the program", names_only=True)
    w.program(imports=["ole32.dll"])
    w.same("ole32.dll, and all that it wants")
    w.program(imports=["ws2_32.dll"])
    w.same("ws2_32.dll, and all that it wants")


MANIFEST = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
<assemblyIdentity version="1.0.0.0" processorArchitecture="amd64" name="p" type="win32"/>
<dependency><dependentAssembly><assemblyIdentity type="win32" name="my.asm" version="1.0.0.0"
processorArchitecture="amd64"/></dependentAssembly></dependency></assembly>
"""
ASSEMBLY = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
<assemblyIdentity type="win32" name="my.asm" version="1.0.0.0" processorArchitecture="amd64"/>
<file name="foo.dll"/></assembly>
"""


@case()
def assemblies(w):
    for what, there in (("has its file", True), ("lacks its file", False)):
        w.program()
        w.write("a/p.exe.manifest", MANIFEST)
        w.write("a/my.asm/my.asm.manifest", ASSEMBLY)
        if there:
            w.dll("a/my.asm/foo.dll")
        w.dll("a/foo.dll")
        w.same("a private assembly " + what)
    w.program()
    w.write("a/p.exe.manifest", MANIFEST)
    w.dll("a/foo.dll")
    w.same("an assembly that is nowhere")


@case()
def forwarders(w):
    w.program()
    w.dll("a/foo.dll", forward="bar.f_bar")
    w.dll("p1/bar.dll")
    w.same("a forwarder", env=TWO)
    w.program()
    w.dll("a/foo.dll", forward="bar.f_bar")
    w.dll("p1/bar.dll", forward="baz.f_baz")
    w.dll("p2/baz.dll")
    w.same("a forwarder to a forwarder", env=TWO)


@case()
def forms_of_path(w):
    w.program()
    w.dll("p1/foo.dll")
    w.same("quotes in PATH", env={"WINEPATH": "\"C:\\p1\""})
    w.program()
    w.dll("p1/foo.dll")
    w.same("empty elements of PATH", env={"WINEPATH": ";;C:\\p1;"})


@case()
def dll_directory(w):
    w.program(imports=())
    w.dll("d1/user.dll", imports=["foo.dll"])
    w.dll("dd/foo.dll")
    w.dll("windows/system32/foo.dll")
    w.same("SetDllDirectory", load="d1/user.dll", arguments=["dir=C:\\dd"],
           settings={"DllDirectory": "C:\\dd"})


@case()
def overrides(w):
    w.program(imports=["version.dll"])
    w.same("version=n without a native one", env={"WINEDLLOVERRIDES": "version=n"})
    w.program(imports=["version.dll"])
    w.dll("a/version.dll")
    w.same("version=n with a native one", env={"WINEDLLOVERRIDES": "version=n"})


@case()
def overrides_of_the_registry(w):
    key = "HKCU\\Software\\Wine\\%sDllOverrides"
    for where, order in (("", "native"), ("", "disabled"), ("AppDefaults\\p.exe\\", "builtin"),
                         ("AppDefaults\\q.exe\\", "native")):
        w.register(key % where, "version", order)
        w.program(imports=["version.dll"])
        w.same("%sversion=%s without a native one" % (where, order))
        w.program(imports=["version.dll"])
        w.dll("a/version.dll")
        w.same("%sversion=%s with a native one" % (where, order), names_only=True)
        w.register(key % where, "version", None)


def main():
    for program in (*GCC.values(), DLLTOOL):
        if shutil.which(program) is None:
            skip_all("no " + program)
    tenon.command()
    report = Report()
    windows = Windows(report)
    try:
        for (function,) in case:
            function(windows)
    finally:
        windows.close()
    report.finish()


if __name__ == "__main__":
    main()
