"""Wine's loader against tenon: built cases, and every module that a process really has.

rule: wine dlls/ntdll/loader.c
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import system
import tenon
from cases import Cases
from report import Report, wants_all
from sample import chosen_cases
from wineprefix import Windows, needs_windows

SAMPLE = 12  # of Wine's own libraries
case = Cases()

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
    w.same("version.dll beside the program", own=["version.dll"])
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
def assemblies_of_libraries(w):
    for first in ("foo", "bar"):  # a library is there already, or not yet
        w.program(imports=["u.dll", "bar.dll"] if first == "foo" else ["bar.dll", "u.dll"])
        w.dll("a/u.dll", imports=["foo.dll", "deep.dll", "bar.dll"], manifest=MANIFEST)
        w.dll("a/deep.dll", imports=["foo.dll"])
        w.write("a/my.asm/my.asm.manifest",
                ASSEMBLY.replace("<file", "<file name=\"bar.dll\"/><file"))
        for name in ("foo", "bar"):
            w.dll("a/my.asm/%s.dll" % name)
            w.dll("a/%s.dll" % name)
        w.same("a private assembly of a library, %s.dll first" % first)
    w.program(imports=["u.dll"])
    w.dll("a/u.dll", imports=["foo.dll"], manifest=MANIFEST)
    w.dll("a/foo.dll")
    w.same("an assembly of a library that is nowhere")
    w.program(imports=["u.dll"])
    w.dll("windows/u.dll", imports=["foo.dll"], manifest=MANIFEST)
    for place in ("a", "windows"):
        w.write(place + "/my.asm/my.asm.manifest", ASSEMBLY)
        w.dll(place + "/my.asm/foo.dll")
    w.same("an assembly beside the library, and one beside the program")


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
    w.program(imports=["foo.dll", "x.dll"])
    w.dll("a/x.dll", imports=["foo.dll#7"])
    w.dll("a/foo.dll", forward="bar.f_bar", seventh="bar.seventh")
    w.dll("p1/bar.dll", seventh="baz.f_baz")
    w.dll("p2/baz.dll")
    w.same("a second symbol of a forwarder's library, which forwards that one", env=TWO)


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
        w.same("%sversion=%s with a native one" % (where, order), own=["version.dll"])
        w.forget_registered()


@case()
def forward_to_nowhere(w):
    w.program()
    w.dll("a/foo.dll", forward="bar.f_bar")
    w.same("a forward to a library that is not there")
    w.program()
    w.dll("a/foo.dll", forward="bar.f_bar")
    w.write("a/bar.dll", "no DLL\n" * 100)
    w.same("a forward to a file that is none")


@case()
def symbols(w):
    w.program()
    w.dll("a/foo.dll")
    w.absent("each import has its export", 0)
    w.program()
    w.dll("a/foo.dll", function="g")
    w.absent("an import without an export", 1)
    for number in (7, 8):
        w.program(imports=["foo.dll#7"])
        w.dll("a/foo.dll", number=number)
        w.absent("ordinal 7 of a library that has %d" % number, number - 7)
    w.program()
    w.dll("a/foo.dll", imports=["bar.dll"])
    w.dll("a/bar.dll", function="g")
    w.absent("an import of a library without an export", 1)
    for function in ("f_bar", "g"):
        w.program()
        w.dll("a/foo.dll", forward="bar.f_bar")
        w.dll("a/bar.dll", function=function)
        w.absent("a forwarder to bar.f_bar of a library that has " + function, int(function == "g"))
    w.program(imports=["ole32.dll"])
    w.absent("f_ole32, and all that ole32.dll wants", 1)


@case()
def symbols_of_wines_own(w):
    """Wine is built as one: what its libraries import of each other is there."""
    place = "/drive_c/windows/system32/"
    names = sorted(name for name in os.listdir(w.path("windows/system32"))
                   if name.endswith((".dll", ".exe")))
    chosen = names if wants_all() else system.sample(names, SAMPLE)
    w.report.note("symbols of %d of Wine's %d programs and libraries" % (len(chosen), len(names)))
    rows = tenon.why([place + name for name in chosen], ["--loader", "wine", "--symbols"],
                     sysroot=w.prefix)
    for name in chosen:
        row = rows[place + name]
        w.report.check("symbols of " + name, (True, []),
                       (bool(row["bindings"]) or not row["libraries"], row["missing_symbols"]),
                       ("expected", "tenon"))


def main():
    needs_windows()
    tenon.command()
    report = Report()
    windows = Windows(report)
    try:
        for (function,) in chosen_cases(case, lambda row: row[0].__name__, note=report.note):
            function(windows)
    finally:
        windows.close()
    report.finish()


if __name__ == "__main__":
    main()
