"""The test vectors of Windows and Cygwin that Wine cannot be asked about, with files that mingw-w64
makes: sections 1.14 and 2.6 of the reference.

Windows is not there to be asked: this holds tenon to its documentation. What Wine answers is asked
in oracle/wine.py, also with files of mingw-w64; unit/test_windows.c has all vectors.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from cases import Cases
from foreign import Expect, World
from report import Report, skip_all

GCC = {64: "x86_64-w64-mingw32-gcc", 32: "i686-w64-mingw32-gcc"}
DLLTOOL = "x86_64-w64-mingw32-dlltool"
WINDRES = "x86_64-w64-mingw32-windres"
APP, SYSTEM = "/C:/a", "/C:/windows/system32"
case = Cases()


class System:
    def __init__(self, loader):
        self.loader = loader


class Windows(World):
    """A tree with drive C: at /C:."""

    main = APP + "/p.exe"

    def __init__(self, loader, scratch, number):
        super().__init__(None, System(loader), os.path.join(scratch, "case%d" % number), number)
        self.mkdir(SYSTEM)
        self.mkdir(APP)
        self.mkdir("/C:/d")

    def _libraries(self, needs, bits):
        """An import library for each name."""
        for number, name in enumerate(needs):
            definition, path = self.host("/make/%d.def" % number), self.host("/make/%d.a" % number)
            with open(definition, "w", encoding="utf-8") as file:
                file.write("LIBRARY \"%s\"\nEXPORTS\nf%d\n" % (name, number))
            machine = ["-m", "i386", "--as-flags=--32"] if bits == 32 else []
            subprocess.run([DLLTOOL, *machine, "-d", definition, "-l", path], check=True)
            yield path

    def _build(self, path, needs, bits, extra):
        libraries = list(self._libraries(needs, bits))
        source = self.host("/make/source.c")
        with open(source, "w", encoding="utf-8") as file:
            for number in range(len(needs)):
                file.write("extern int f%d(void); int (*volatile use%d)(void) = f%d;\n"
                           % (number, number, number))
            file.write("int start(void) { return 1; }\n")
        entry = "-Wl,-e," + ("_start" if bits == 32 else "start")
        subprocess.run([GCC[bits], "-nostdlib", entry, "-o", self.host(path), source, *libraries,
                        *extra], check=True)
        shutil.rmtree(self.host("/make"))

    def program(self, path=main, needs=("foo.dll",), bits=64, extra=()):
        self._build(path, needs, bits, list(extra))

    def late_program(self, path=main):
        """A program whose foo.dll is loaded on its first call, by LLVM: ours cannot say so."""
        definition, library = self.host("/make/late.def"), self.host("/make/late.lib")
        source, made = self.host("/make/late.c"), self.host("/make/late.o")
        with open(definition, "w", encoding="utf-8") as file:
            file.write("LIBRARY foo.dll\nEXPORTS\nf0\n")
        with open(source, "w", encoding="utf-8") as file:
            file.write("int f0(void); int start(void) { return f0(); }\n"
                       "void *__delayLoadHelper2(void) { return 0; }\n")
        for command in (["llvm-dlltool", "-m", "i386:x86-64", "-d", definition, "-l", library],
                        [GCC[64], "-c", "-o", made, source],
                        ["lld-link", "/nodefaultlib", "/entry:start", "/subsystem:console",
                         "/delayload:foo.dll", "/out:" + self.host(path), made, library]):
            subprocess.run(command, check=True)

    def manifest(self, text):
        """An object with this manifest as resource 2, for the imports of a library."""
        script, made = (os.path.join(self.work, "manifest" + end) for end in (".rc", ".o"))
        with open(script, "w", encoding="utf-8") as file:
            file.write("2 24 {\n\"%s\"\n}\n" % text)
        subprocess.run([WINDRES, script, "-O", "coff", "-o", made], check=True)
        return made

    def dll(self, path, needs=(), bits=64, exports=(), manifest=None):
        """Each export is "NAME", or "NAME=LIBRARY.SYMBOL"."""
        definition = os.path.join(self.work, "exports.def")
        with open(definition, "w", encoding="utf-8") as file:
            file.write("EXPORTS\n" + "".join("\"%s\"%s\n" % (name, "=" + to if to else "=start")
                                            for name, _, to in (e.partition("=") for e in exports)))
        self._build(path, needs, bits, ["-shared", *([definition] if exports else []),
                                        *([self.manifest(manifest)] if manifest else [])])


@case("W24 a KnownDLL beside the program", "windows")
def _(w, expect):
    w.program(needs=["ole32.dll"])
    w.dll(APP + "/ole32.dll")
    w.dll(SYSTEM + "/ole32.dll")
    for setting, rule in (((), "KnownDLLs, usual"),
                          (("--setting", "KnownDLLs=ole32.dll"), "KnownDLLs")):
        row = expect(("ole32.dll", SYSTEM + "/ole32.dll"), extra=setting)
        expect.report.check("W24 rule", rule, row["libraries"][0]["rule"])


def imports_of_known(w, expect):
    w.program(needs=["bar.dll"])
    w.dll(APP + "/bar.dll")
    w.dll(SYSTEM + "/bar.dll")
    w.dll(SYSTEM + "/foo.dll", needs=["bar.dll"])
    known = ["--loader", w.system.loader, "--setting", "KnownDLLs=foo.dll"]
    expect(("bar.dll", SYSTEM + "/bar.dll"), extra=known)
    return known


@case("W24 what a KnownDLL imports", "windows")
def _(w, expect):
    known = imports_of_known(w, expect)
    expect(("bar.dll", APP + "/bar.dll"),
           extra=[*known, "--setting", "ExcludeFromKnownDlls=bar.dll"])


@case("W24 what a KnownDLL imports, under Wine", "wine")
def _(w, expect):
    imports_of_known(w, expect)


@case("a library of --lib as people on Windows write it", "windows")
def _(w, expect):
    w.program()
    w.dll(APP + "/foo.dll")
    for name, status in (("FOO.DLL", 0), ("foo.dll", 0), ("/C:/A/Foo.dll", 0),
                         ("C:\\a\\foo.dll", 0), ("c:/A\\FOO.dll", 0), ("\\a\\foo.dll", 0),
                         ("foo", 1), ("C:\\d\\foo.dll", 1), ("D:\\a\\foo.dll", 1)):
        found, _, _ = tenon.run("why", "--quiet", "--sysroot", w.root, "--lib", name, w.main)
        expect.report.check("--lib " + name, status, found)


@case("W25 a library that is no KnownDLL", "windows")
def _(w, expect):
    w.program(needs=["version.dll"])
    w.dll(APP + "/version.dll")
    w.dll(SYSTEM + "/version.dll")
    expect(("version.dll", APP + "/version.dll"))


MANIFEST = ("<assembly xmlns='urn:schemas-microsoft-com:asm.v1' manifestVersion='1.0'><dependency>"
            "<dependentAssembly><assemblyIdentity type='win32' name='my.asm' version='1.0.0.0' "
            "processorArchitecture='amd64'/></dependentAssembly></dependency></assembly>")


@case("W28 an assembly that is not there", "windows")
def _(w, expect):
    w.program()
    w.dll(APP + "/foo.dll")
    w.write(APP + "/p.exe.manifest", MANIFEST)
    expect(("foo.dll", None), status="refused", reason="error 14001")


@case("W28 likewise under Wine", "wine")
def _(w, expect):
    w.program()
    w.dll(APP + "/foo.dll")
    w.write(APP + "/p.exe.manifest", MANIFEST)
    expect(("foo.dll", APP + "/foo.dll"), extra=["--loader", "wine"])


@case("an assembly that a library names", "windows")
def _(w, expect):
    w.program(needs=["foo.dll", "bar.dll"])
    w.dll(APP + "/foo.dll", needs=["bar.dll"], manifest=MANIFEST)
    w.write(APP + "/my.asm/my.asm.manifest", "<assembly><file name='bar.dll'/></assembly>")
    w.dll(APP + "/my.asm/bar.dll")
    w.dll(APP + "/bar.dll")
    for loader in ("windows", "wine"):
        w.system.loader = loader
        expect(("foo.dll", APP + "/foo.dll"), ("bar.dll", APP + "/bar.dll"),
               ("bar.dll", APP + "/my.asm/bar.dll"), extra=["--loader", loader])


@case("W30 a narrow process on a wide Windows", "windows")
def _(w, expect):
    w.program(bits=32)
    w.dll(SYSTEM + "/foo.dll")
    w.mkdir("/C:/windows/SysWOW64")
    expect(("foo.dll", None))
    w.dll("/C:/windows/SysWOW64/foo.dll", bits=32)
    expect(("foo.dll", "/C:/windows/SysWOW64/foo.dll"))


def asks(w, expect, wanted, *extra):
    """[(symbol, on first call, reason)] of what the program imports and nobody exports."""
    row = tenon.why([w.main], ["--symbols", *extra], sysroot=w.root)[w.main]
    found = [(tenon.text(each["symbol"]), each["lazy"], tenon.text(each["reason"]))
             for each in row["missing_symbols"]]
    expect.report.check(expect.name + ", missing", wanted, found)
    expect.report.check(expect.name + ", status", "missing" if wanted else "ok", row["status"])


@case("an import without an export", "windows")
def _(w, expect):
    w.program()
    w.dll(APP + "/foo.dll", exports=["f0"])
    asks(w, expect, [])
    w.dll(APP + "/foo.dll", exports=["other"])
    asks(w, expect, [("f0", False, APP + "/foo.dll does not export it")])
    asks(w, expect, [("f0", True, APP + "/foo.dll does not export it")], "--loader", "wine")
    w.dll(APP + "/foo.dll", exports=["_f0@4"])
    asks(w, expect, [("f0", False, APP + "/foo.dll does not export it, but _f0@4")])


@case("an import of a library that is loaded late", "windows")
def _(w, expect):
    if not shutil.which("lld-link") or not shutil.which("llvm-dlltool"):
        expect.report.skip(expect.name, "no lld-link, llvm-dlltool")
        return
    w.late_program()
    w.dll(APP + "/foo.dll", exports=["f0"])
    asks(w, expect, [])
    w.dll(APP + "/foo.dll", exports=["other"])
    asks(w, expect, [("f0", True, APP + "/foo.dll does not export it")])


@case("forwarders in a circle", "windows")
def _(w, expect):
    w.program()
    w.dll(APP + "/foo.dll", exports=["f0=bar.f0"])
    w.dll(APP + "/bar.dll", exports=["f0=foo.f0"])
    asks(w, expect, [("f0", False, "its forwarders lead in a circle")])


@case("a forwarder into a library that is needed by another spelling", "windows")
def _(w, expect):
    w.program(needs=["BAR.DLL", "foo.dll"])
    w.dll(APP + "/bar.dll", exports=["f0"])
    w.dll(APP + "/foo.dll", exports=["f1=bar.f0"])
    asks(w, expect, [])
    w.dll(APP + "/foo.dll", exports=["f1=bar.f2"])
    asks(w, expect, [("f1", False, "it is forwarded to bar.f2, which %s does not export"
                      % (APP + "/bar.dll"))])


@case("a library whose exports make no sense", "windows")
def _(w, expect):
    w.program()
    w.dll(APP + "/foo.dll", exports=["f0"])
    with open(w.host(APP + "/foo.dll"), "r+b") as file:
        image = file.read()
        at = struct.unpack_from("<I", image, 0x3c)[0]
        directory = struct.unpack_from("<I", image, at + 24 + 112)[0]
        first = at + 24 + struct.unpack_from("<H", image, at + 20)[0]
        for section in range(first, first + 40 * struct.unpack_from("<H", image, at + 6)[0], 40):
            size, address, _, offset = struct.unpack_from("<IIII", image, section + 8)
            if address <= directory < address + size:
                file.seek(offset + directory - address + 24)  # how many names there are
        file.write(b"\xff\xff\xff\x7f")
    asks(w, expect, [])
    row = tenon.why([w.main], ["--symbols"], sysroot=w.root)[w.main]
    said = [tenon.text(remark) for remark in row["remarks"]]
    expect.report.check(expect.name + ", remark", True,
                        len(said) == 1 and "that cannot be read are left out: %s/foo.dll: exports" % APP in said[0])


@case("C1 libraries of Cygwin beside the program", "cygwin")
def _(w, expect):
    program = "/C:/cygwin64/bin/ls.exe"
    w.program(program, needs=["cygwin1.dll", "cygintl-8.dll", "KERNEL32.dll"])
    for name in ("cygwin1.dll", "cygintl-8.dll"):
        w.dll("/C:/cygwin64/bin/" + name)
    w.dll(SYSTEM + "/kernel32.dll")
    expect(("cygwin1.dll", "/C:/cygwin64/bin/cygwin1.dll"),
           ("cygintl-8.dll", "/C:/cygwin64/bin/cygintl-8.dll"),
           ("KERNEL32.dll", SYSTEM + "/kernel32.dll"), program=program)


@case("C2 LD_LIBRARY_PATH is not for the start", "cygwin")
def _(w, expect):
    program = "/C:/cygwin64/home/u/prog.exe"
    w.program(program, needs=["cygwin1.dll"])
    w.dll("/C:/cygwin64/bin/cygwin1.dll")
    expect(("cygwin1.dll", None), program=program, env={"LD_LIBRARY_PATH": "/usr/bin"},
           cwd="/C:/d")
    expect(("cygwin1.dll", "/C:/cygwin64/bin/cygwin1.dll"), program=program, cwd="/C:/d",
           env={"PATH": "C:\\cygwin64\\bin"})


@case("C9 MSYS2", "cygwin")
def _(w, expect):
    program = "/C:/msys64/usr/bin/prog.exe"
    w.program(program, needs=["msys-2.0.dll"])
    w.dll("/C:/msys64/usr/bin/msys-2.0.dll")
    expect(("msys-2.0.dll", "/C:/msys64/usr/bin/msys-2.0.dll"), program=program,
           env={"PATH": "C:\\msys64\\ucrt64\\bin"})


def main():
    for program in (*GCC.values(), DLLTOOL):
        if shutil.which(program) is None:
            skip_all("no " + program)
    tenon.command()
    report = Report()
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory(prefix="tenon-windows-") as scratch:
        for number, (name, loader, function) in enumerate(case):
            if wanted in name:
                world = Windows(loader, scratch, number)
                function(world, Expect(report, name, world))
    report.finish()


if __name__ == "__main__":
    main()
