"""A Wine prefix of its own, what is built into it, and what a process has under Wine and for tenon.

rule: wine dlls/ntdll/loader.c
"""

import os
import re
import shutil
import subprocess
import tempfile

import tenon
from report import skip_all

GCC = {64: "x86_64-w64-mingw32-gcc", 32: "i686-w64-mingw32-gcc"}
DLLTOOL = "x86_64-w64-mingw32-dlltool"
WINDRES = "x86_64-w64-mingw32-windres"
STUB = re.compile(r'No implementation for \S+\.(\S+) imported from L"([^"]*)"')
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


def needs_windows():
    """Ends the script as skipped where a compiler for Windows is missing."""
    for program in (*GCC.values(), DLLTOOL):
        if shutil.which(program) is None:
            skip_all("no " + program)


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
        self.programs = {}
        self._run(["wineboot", "-i"], 600)
        self._serve()
        if not os.path.exists(self.path("windows/system32/kernel32.dll")):
            self.close()
            skip_all("wine made no prefix")
        shutil.copy(os.path.join(self.prefix, "user.reg"), self.work)

    def _server(self, option):
        server = os.path.join(os.path.dirname(self.wine), "wineserver64")
        if os.access(server, os.X_OK):
            subprocess.run([server, option], env=self._env({}), check=False,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)

    def _stop(self):
        self._server("-k")
        self._server("-w")

    def _serve(self):
        """One server for all programs, new and for good: each would start its own, in a second."""
        self._stop()
        self._server("-p")

    def close(self):
        self._server("-k")
        shutil.rmtree(self.prefix, ignore_errors=True)
        shutil.rmtree(self.work, ignore_errors=True)

    def _env(self, env):
        return {"WINEPREFIX": self.prefix, "WINEDEBUG": "-all", "WINEDLLOVERRIDES": OVERRIDES,
                "PATH": os.environ["PATH"], "HOME": self.work, **env}

    def _run(self, arguments, timeout=60, env=None, cwd=None, said=False):
        """
        What a program printed, or Wine said of it; None: it does not end. Into a file: Wine's own
        services live on, and would hold a pipe open.
        """
        with tempfile.TemporaryFile() as out:
            try:
                subprocess.run([self.wine, *arguments], env=self._env(env or {}), cwd=cwd,
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL if said else out,
                               stderr=out if said else subprocess.DEVNULL,
                               check=False, timeout=timeout)
            except subprocess.TimeoutExpired:
                return None
            out.seek(0)
            return out.read().decode("latin-1")

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
        """An import library for a DLL of that name, which exports f_STEM; "NAME#7": by number."""
        name, _, number = name.partition("#")
        stem = name.split(".")[0].replace("-", "_")
        path = os.path.join(self.work, "lib%s%s%d.a" % (stem, number, bits))
        if path not in self.libraries:
            definition = os.path.join(self.work, stem + ".def")
            with open(definition, "w", encoding="utf-8") as file:
                file.write("LIBRARY %s\nEXPORTS\nf_%s%s\n"
                           % (name, stem, " @%s NONAME" % number if number else ""))
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

    def _manifest(self, text):
        """An object with this manifest as resource 2, for the imports of a library."""
        written, script, made = (os.path.join(self.work, "own." + end) for end in ("xml", "rc", "o"))
        with open(written, "w", encoding="utf-8") as file:
            file.write(text)
        with open(script, "w", encoding="utf-8") as file:
            file.write("2 24 \"%s\"\n" % written)
        subprocess.run([WINDRES, script, "-O", "coff", "-o", made], check=True)
        return made

    def dll(self, name, imports=(), bits=64, forward=None, function=None, number=1,
            manifest=None, seventh=None):
        """
        It exports f_STEM, or a function of another name, or what it forwards to; and what its
        ordinal 7 forwards to. The manifest is one for its own imports.
        """
        stem = os.path.basename(name).split(".")[0].lower().replace("-", "_")
        entry = "__stdcall DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n"
        source = ("#define IMPORT(name) extern int f_##name(void); "
                  "int (*volatile use_##name)(void) = f_##name;\nIMPORTS\nint " + entry)
        extra = ["-shared", "-nostdlib", "-Wl,--exclude-all-symbols",
                 "-Wl,-e," + ("_DllMainCRTStartup@12" if bits == 32 else "DllMainCRTStartup")]
        definition = os.path.join(self.work, "exports.def")
        with open(definition, "w", encoding="utf-8") as file:
            file.write("LIBRARY %s\nEXPORTS\n%s%s @%d\n"
                       % (os.path.basename(name), function or "f_" + stem,
                          " = " + forward if forward else "", number))
            if seventh:
                file.write("seventh = %s @7\n" % seventh)
        if not forward:
            source += "int %s(void) { return 1; }\n" % (function or "f_" + stem)
        extra += [definition, *([self._manifest(manifest)] if manifest else [])]
        self._compile(self.keep(name), source, imports, bits, extra)

    def program(self, name="a/p.exe", imports=("foo.dll",)):
        """Compiled once for each set of imports: windows.h takes a second."""
        imports = tuple(imports)
        if imports not in self.programs:
            path = os.path.join(self.work, "program%d.exe" % len(self.programs))
            self._compile(path, PROGRAM, imports, 64, [])
            self.programs[imports] = path
        shutil.copy(self.programs[imports], self.keep(name))

    def register(self, key, name, value):
        """Sets a value of the user's registry; on disk when it returns."""
        self._run(["reg", "add", key, "/v", name, "/d", value, "/f"])
        self._serve()

    def forget_registered(self):
        """Not by Wine's own program, which may not start with what was registered."""
        self._stop()
        shutil.copy(os.path.join(self.work, "user.reg"), self.prefix)
        self._server("-p")

    def real(self, name, arguments, env, cwd):
        """(does it run, its modules) of Wine's own; None: it hangs"""
        os.makedirs(self.path(cwd), exist_ok=True)
        done = self._run(["C:/" + name, *arguments], env=env, cwd=self.path(cwd))
        if done is None:
            return None
        lines = done.splitlines()
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

    def absent(self, what, wanted, name="a/p.exe", cwd="d"):
        """What imports have no export: as Wine says when it puts stubs there, and tenon."""
        os.makedirs(self.path(cwd), exist_ok=True)
        said = self._run(["C:/" + name], env={"WINEDEBUG": "warn+module"}, cwd=self.path(cwd),
                         said=True)
        real = {(asker.replace("\\\\", "/").lower(), symbol)
                for symbol, asker in STUB.findall(said or "")}
        asked = "/drive_c/" + name
        row = tenon.why([asked], ["--loader", "wine", "--symbols"], cwd="/drive_c/" + cwd,
                        sysroot=self.prefix)[asked]
        paths = [tenon.text(library["path"] or "") for library in row["libraries"]] + [asked]
        ours = {("c:" + paths[each["needed_by"]][len("/drive_c"):].lower(),
                 tenon.text(each["symbol"]).lstrip("#")) for each in row["missing_symbols"]}
        self.report.check(what, sorted(real), sorted(ours), ("wine", "tenon"))
        self.report.check(what + ": how many", wanted, len(ours), ("expected", "tenon"))
        self.forget()

    def same(self, what, name="a/p.exe", load=None, flags=0, env=None, cwd="d", settings=None,
             arguments=(), own=()):
        """
        Runs the program under Wine, lets it load a file, and asks tenon the same. DLLs called as
        in `own` are compared without their directory: Wine's own code goes by the path of the
        file that it replaces.
        """
        env, settings = dict(env or {}), dict(settings or {})
        wine_env = {"WINEDLLOVERRIDES": OVERRIDES + ";" + env["WINEDLLOVERRIDES"]} \
            if "WINEDLLOVERRIDES" in env else {}
        arguments = list(arguments)
        if load:
            settings["LoadLibraryFlags"] = flags
            arguments += ["flags=%d" % flags, "C:\\" + load.replace("/", "\\")]
        real = self.real(name, arguments, {**env, **wine_env}, cwd)
        ours = self.ours(name, load, env, cwd, settings)
        if real and ours[0]:
            real, ours = [(runs, {os.path.basename(path) if os.path.basename(path) in own else path
                                  for path in paths})
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
