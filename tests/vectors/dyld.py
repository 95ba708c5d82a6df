"""The test vectors of dyld, with files that clang and ld64.lld make: section 3.13 of the reference.

dyld is not there to be asked: this holds tenon to what its source says. What dlopen() is asked for
(18, 19, 26, 27) is a state of a process, and asked by unit/test_dyld.c, which has all of them.
"""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from cases import Cases
from darwin import Darwin, linker
from foreign import Expect
from report import Report, skip_all

OS = "/System/Volumes/Preboot/Cryptexes/OS"
GONE = "/opt/none/libx.dylib"
X = "@rpath/libx.dylib"
case = Cases()


def tried(*rows):
    return "tried: " + ", ".join("'%s' (%s)" % (path, why) for path, why in rows)


@case("1 run path of the program")
def _(w, expect):
    w.program(needs=[X], rpaths=["@executable_path/../Frameworks"])
    w.lib("/App/Contents/Frameworks/libx.dylib", X)
    expect((X, "/App/Contents/Frameworks/libx.dylib"))


@case("2 frameworks of iOS")
def _(w, expect):
    name = "@rpath/dyn.framework/dyn"
    w.program(platform="ios", sdk="17.0", needs=[name], rpaths=["@executable_path/Frameworks"])
    w.lib("/App/Contents/MacOS/Frameworks/dyn.framework/dyn", name, platform="ios", sdk="17.0")
    expect((name, "/App/Contents/MacOS/Frameworks/dyn.framework/dyn"))


def put_b(w, rpaths):
    w.program(needs=["@rpath/liba.dylib"], rpaths=["/r1", "/r2"])
    w.lib("/r1/liba.dylib", "@rpath/liba.dylib", needs=["@rpath/libb.dylib"], rpaths=rpaths)
    for directory in ("/r1", "/r2", "/r1/sub"):
        w.lib(directory + "/libb.dylib", "@rpath/libb.dylib")


@case("3 run paths of the importer first")
def _(w, expect):
    put_b(w, ["@loader_path/sub"])
    expect(("@rpath/liba.dylib", "/r1/liba.dylib"), ("@rpath/libb.dylib", "/r1/sub/libb.dylib"))


@case("4 then those of the program")
def _(w, expect):
    put_b(w, [])
    expect(("@rpath/liba.dylib", "/r1/liba.dylib"), ("@rpath/libb.dylib", "/r1/libb.dylib"))


@case("5 the chain of who loaded it first")
def _(w, expect):
    w.lib("/l/libc.dylib", needs=["@rpath/libd.dylib"])
    w.lib("/l/liba.dylib", needs=["/l/libc.dylib"], rpaths=["/q"])
    w.lib("/q/libd.dylib", "@rpath/libd.dylib")
    w.program(needs=["/l/liba.dylib"])
    expect(("/l/liba.dylib", "/l/liba.dylib"), ("/l/libc.dylib", "/l/libc.dylib"),
           ("@rpath/libd.dylib", "/q/libd.dylib"))
    w.program(needs=["/l/libc.dylib", "/l/liba.dylib"])
    expect(("/l/libc.dylib", "/l/libc.dylib"), ("/l/liba.dylib", "/l/liba.dylib"),
           ("@rpath/libd.dylib", None), reason="no LC_RPATH's found")


@case("6 environment before an absolute path")
def _(w, expect):
    w.program(needs=["/usr/local/lib/libx.dylib"])
    w.lib("/usr/local/lib/libx.dylib")
    w.lib("/o/libx.dylib", "/usr/local/lib/libx.dylib")
    expect(("/usr/local/lib/libx.dylib", "/o/libx.dylib"), env={"DYLD_LIBRARY_PATH": "/o"})


@case("7 environment before run paths")
def _(w, expect):
    w.program(needs=[X], rpaths=["/r"])
    w.lib("/r/libx.dylib", X)
    w.lib("/o/libx.dylib", X)
    expect((X, "/o/libx.dylib"), env={"DYLD_LIBRARY_PATH": "/o"})


@case("8 a wrong architecture is passed over")
def _(w, expect):
    w.program(needs=["/usr/local/lib/libx.dylib"])
    w.lib("/usr/local/lib/libx.dylib")
    w.lib("/o/libx.dylib", "/usr/local/lib/libx.dylib", arch="x86_64")
    row = expect(("/usr/local/lib/libx.dylib", "/usr/local/lib/libx.dylib"),
                 env={"DYLD_LIBRARY_PATH": "/o"})
    expect.report.check("8 words", True, "incompatible architecture (have 'x86_64', need 'arm64'"
                        in row["libraries"][0]["tried"][0]["detail"])


@case("9 default fallbacks of an old SDK")
def _(w, expect):
    w.program(needs=[GONE], sdk="13.0")
    w.lib("/usr/local/lib/libx.dylib", GONE)
    expect((GONE, "/usr/local/lib/libx.dylib"))


@case("10 none of a new SDK")
def _(w, expect):
    w.program(needs=[GONE])
    w.lib("/usr/local/lib/libx.dylib", GONE)
    expect((GONE, None), reason=tried(*[(path, "no such file")
                                        for path in (GONE, OS + GONE, GONE)]))


@case("11 fallbacks of the environment")
def _(w, expect):
    w.program(needs=[GONE])
    w.lib("/usr/local/lib/libx.dylib", GONE)
    expect((GONE, "/usr/local/lib/libx.dylib"),
           env={"DYLD_FALLBACK_LIBRARY_PATH": "/usr/local/lib"})


@case("12 HOME under dyld 2")
def _(w, expect):
    w.program(needs=[GONE], sdk="13.0")
    w.lib("/usr/local/lib/libx.dylib", GONE)
    w.lib("/home/lib/libx.dylib", GONE)
    expect((GONE, "/usr/local/lib/libx.dylib"), env={"HOME": "/home"})
    expect((GONE, "/home/lib/libx.dylib"), env={"HOME": "/home"},
           extra=["--setting", "macos-release=10.15"])


@case("13 the shared cache")
def _(w, expect):
    system = "/usr/lib/libSystem.B.dylib"
    w.program(needs=[system])
    w.write("/System/Library/dyld/dyld_shared_cache_arm64e.map",
            "mapping  EX 1MB 0x0 -> 0x1\n%s\n\t__TEXT 0x0 -> 0x1\n" % system)
    row = expect((system, system))
    expect.report.check("13 status and rule", ("system", "shared cache"),
                        (row["libraries"][0]["status"], row["libraries"][0]["rule"]))


@case("14 empty elements are the root")
def _(w, expect):
    w.program(needs=["/l/libx.dylib"])
    w.lib("/o/libx.dylib", "/l/libx.dylib")
    row = expect(("/l/libx.dylib", "/o/libx.dylib"), env={"DYLD_LIBRARY_PATH": ":/o"})
    expect.report.check("14 candidates", ["/libx.dylib", "/o/libx.dylib"],
                        [each["path"] for each in row["libraries"][0]["tried"]][:2])


@case("15 suffixes")
def _(w, expect):
    w.program(needs=["/l/libx.1.dylib"])
    w.lib("/l/libx.1.dylib")
    w.lib("/l/libx.1_debug.dylib", "/l/libx.1.dylib")
    expect(("/l/libx.1.dylib", "/l/libx.1_debug.dylib"), env={"DYLD_IMAGE_SUFFIX": "_debug"})


@case("16 a weak library may be missing")
def _(w, expect):
    w.program(weak=[GONE])
    expect((GONE, None), status="ok")


@case("17 set-id programs ignore the environment")
def _(w, expect):
    w.program(needs=["/l/libx.dylib"])
    w.lib("/l/libx.dylib")
    w.lib("/o/libx.dylib", "/l/libx.dylib")
    expect(("/l/libx.dylib", "/l/libx.dylib"), env={"DYLD_LIBRARY_PATH": "/o"},
           extra=["--setuid"])


@case("20 newer versions replace")
def _(w, expect):
    w.program(needs=["/usr/lib/libx.dylib"])
    w.lib("/usr/lib/libx.dylib", current="1.5")
    w.lib("/v/libx.dylib", "/usr/lib/libx.dylib", current="2.0")
    versioned = {"DYLD_VERSIONED_LIBRARY_PATH": "/v"}
    expect(("/usr/lib/libx.dylib", "/v/libx.dylib"), env=versioned)
    w.lib("/usr/lib/libx.dylib", current="2.0")
    expect(("/usr/lib/libx.dylib", "/usr/lib/libx.dylib"), env=versioned)


@case("20 of a universal file its slice's")
def _(w, expect):
    w.program(needs=["/usr/lib/libx.dylib"])
    w.lib("/usr/lib/libx.dylib", current="1.5")
    w.universal("/v/libx.dylib",
                w.lib("/thin/arm64", "/usr/lib/libx.dylib", current="2.0"),
                w.lib("/thin/x86_64", "/usr/lib/libx.dylib", current="1.0", arch="x86_64"))
    expect(("/usr/lib/libx.dylib", "/v/libx.dylib"), env={"DYLD_VERSIONED_LIBRARY_PATH": "/v"})


@case("21 @loader_path follows links")
def _(w, expect):
    w.program(needs=["/p/liba.dylib"])
    w.lib("/q/real/liba.dylib", "/p/liba.dylib", needs=["@loader_path/libb.dylib"])
    w.mkdir("/p")
    w.link("/p/liba.dylib", "../q/real/liba.dylib")
    w.lib("/q/real/libb.dylib", "@loader_path/libb.dylib")
    w.lib("/p/libb.dylib", "@loader_path/libb.dylib")
    expect(("/p/liba.dylib", "/p/liba.dylib"),
           ("@loader_path/libb.dylib", "/q/real/libb.dylib"))


@case("22 compatibility versions under dyld 2")
def _(w, expect):
    w.program(needs=["/l/libx.dylib"], compat_wanted="3.0", arch="x86_64")
    w.lib("/l/libx.dylib", compat="2.0", minimum="10.9", arch="x86_64")
    expect(("/l/libx.dylib", "/l/libx.dylib"))
    old = ["--setting", "macos-release=11.0"]
    row = expect(("/l/libx.dylib", "/l/libx.dylib"), extra=old, status="missing")
    expect.report.check("22 words", ["Incompatible library version: prog requires version 3.0.0 or "
                                     "later, but libx.dylib provides version 2.0.0"],
                        [each["reason"] for each in row["missing_versions"]])
    w.lib("/l/libx.dylib", compat="2.0", minimum="10.14", arch="x86_64")
    expect(("/l/libx.dylib", "/l/libx.dylib"), extra=old)


@case("23 Catalyst looks below /System/iOSSupport first")
def _(w, expect):
    name = "/System/Library/Frameworks/UIKit.framework/UIKit"
    w.program(platform="mac-catalyst", sdk="17.0", needs=[name])
    w.lib("/System/iOSSupport" + name, name, platform="mac-catalyst", sdk="17.0")
    w.lib(name)
    expect((name, "/System/iOSSupport" + name))


@case("24 frameworks have a variable of their own")
def _(w, expect):
    name = "/Library/Frameworks/X.framework/X"
    w.program(needs=[name])
    w.lib(name)
    w.lib("/o/X", name)
    w.lib("/f/X.framework/X", name)
    expect((name, name), env={"DYLD_LIBRARY_PATH": "/o"})
    expect((name, "/f/X.framework/X"), env={"DYLD_FRAMEWORK_PATH": "/f"})


@case("25 @rpath of an inserted library")
def _(w, expect):
    w.program(rpaths=["/r"])
    w.lib("/r/libi.dylib", "@rpath/libi.dylib")
    expect(("@rpath/libi.dylib", None), env={"DYLD_INSERT_LIBRARIES": "@rpath/libi.dylib"})


@case("28 a bare name that is needed")
def _(w, expect):
    name = "libcapstone.5.dylib"
    w.program(needs=[name])
    w.mkdir("/w")
    expect((name, None), cwd="/w",
           reason=tried(*[(path, "no such file") for start in (name, "/w/" + name)
                          for path in (start, OS + start, start)]))


@case("29 a path through a file")
def _(w, expect):
    w.program(needs=["/l/libx.dylib"])
    w.lib("/l/libx.dylib")
    w.write("/p", "a file")
    row = expect(("/l/libx.dylib", "/l/libx.dylib"), env={"DYLD_LIBRARY_PATH": "/p"})
    expect.report.check("29 words", "errno=20", row["libraries"][0]["tried"][0]["detail"])


@case("30 a text")
def _(w, expect):
    w.program(needs=["/l/libx.dylib"])
    w.lib("/l/libx.dylib")
    w.write("/t/libx.dylib", "a text")
    w.bundle("/b/libx.dylib")
    row = expect(("/l/libx.dylib", "/l/libx.dylib"), env={"DYLD_LIBRARY_PATH": "/t:/b"})
    expect.report.check("30 words", ["slice is not valid mach-o file", "cannot link against bundle"],
                        [each.get("detail") for each in row["libraries"][0]["tried"]][:2])


@case("@loader_path of what a restricted program needs")
def _(w, expect):
    """Only in its run paths it is not expanded."""
    w.program(needs=["@loader_path/libz.dylib"], rpaths=["@loader_path"])
    w.lib("/App/Contents/MacOS/libz.dylib", "@loader_path/libz.dylib")
    expect(("@loader_path/libz.dylib", "/App/Contents/MacOS/libz.dylib"), extra=["--setuid"])
    w.program(needs=["@rpath/libz.dylib"], rpaths=["@loader_path"])
    expect(("@rpath/libz.dylib", None), extra=["--setuid"])
    w.program(needs=["@loader_path/libz.dylib"])
    expect(("@loader_path/libz.dylib", None),
           extra=["--setuid", "--setting", "macos-release=10.15"])


@case("suffixes before run paths")
def _(w, expect):
    w.program(needs=[X], rpaths=["/r1", "/r2"])
    w.lib("/r1/libx.dylib", X)
    w.lib("/r2/libx_debug.dylib", X)
    debug = {"DYLD_IMAGE_SUFFIX": "_debug"}
    expect((X, "/r2/libx_debug.dylib"), env=debug)
    expect((X, "/r1/libx.dylib"), env=debug, extra=["--setting", "macos-release=10.15"])
    w.program(needs=[X])
    row = expect((X, None), env=debug, reason="no LC_RPATH's found")
    expect.report.check("suffixes, said once", 1, len(row["libraries"][0]["tried"]))


@case("default directories by platform and SDK")
def _(w, expect):
    framework = "/none/Y.framework/Y"
    w.program(platform="ios", sdk="14.0", needs=[GONE, framework])
    w.lib("/usr/local/lib/libx.dylib", GONE, platform="ios")
    w.lib("/Library/Frameworks/Y.framework/Y", framework, platform="ios")
    expect((GONE, "/usr/local/lib/libx.dylib"), (framework, None))
    w.lib("/System/Library/Frameworks/Y.framework/Y", framework, platform="ios")
    both = ["/usr/local/lib/libx.dylib", "/System/Library/Frameworks/Y.framework/Y"]
    expect((GONE, both[0]), (framework, both[1]))
    # each has its directories up to an SDK, simulators of iOS and bridgeOS have none
    for platform, sdk, found in ((2, 17, False), (4, 9, True), (4, 10, False), (11, 1, True),
                                 (11, 2, False), (12, 1, True), (12, 2, False), (7, 16, False),
                                 (5, 1, False)):
        for path in (w.main, *both):
            w.built_for(path, platform, sdk)
        expect((GONE, both[0] if found else None), (framework, both[1] if found else None))


@case("Catalyst has its own directory before paths, not before run paths")
def _(w, expect):
    w.program(platform="mac-catalyst", needs=[X, "/usr/liby.dylib", "/System/iOSSupport/libz.dylib"],
              rpaths=["/r"])
    for path in ("/r/libx.dylib", "/System/iOSSupport/r/libx.dylib"):
        w.lib(path, X, platform="mac-catalyst")
    for path in ("/usr/liby.dylib", "/System/iOSSupport/usr/liby.dylib"):
        w.lib(path, "/usr/liby.dylib", platform="mac-catalyst")
    w.lib("/System/iOSSupport/System/iOSSupport/libz.dylib", platform="mac-catalyst")
    expect((X, "/r/libx.dylib"), ("/usr/liby.dylib", "/System/iOSSupport/usr/liby.dylib"),
           ("/System/iOSSupport/libz.dylib", None))


@case("a framework is the last one, with its name at the end")
def _(w, expect):
    names = ["/L/A.framework/X.framework/Libraries/X", "/L/Y.framework/Y_debug"]
    w.program(needs=names)
    w.lib("/o/X.framework/Libraries/X", names[0])
    w.lib("/o/Y.framework/Y_debug", names[1])
    found = [(names[0], "/o/X.framework/Libraries/X"), (names[1], "/o/Y.framework/Y_debug")]
    expect(found[0], (names[1], None), env={"DYLD_FRAMEWORK_PATH": "/o"})
    expect(*found, env={"DYLD_FRAMEWORK_PATH": "/o", "DYLD_IMAGE_SUFFIX": "_debug"})


@case("lists in LC_DYLD_ENVIRONMENT")
def _(w, expect):
    """Their @ is the program's, whoever asks."""
    w.program(needs=["/p/liby.dylib"])
    w.add_environment(w.main, "DYLD_LIBRARY_PATH=/none:@loader_path/b:@executable_path/c")
    needed = ("/p/liby.dylib", "/p/liby.dylib")
    w.lib("/p/liby.dylib", needs=["/l/libx.dylib"])
    w.lib("/App/Contents/MacOS/c/libx.dylib", "/l/libx.dylib")
    expect(needed, ("/l/libx.dylib", "/App/Contents/MacOS/c/libx.dylib"))
    w.lib("/App/Contents/MacOS/b/libx.dylib", "/l/libx.dylib")
    expect(needed, ("/l/libx.dylib", "/App/Contents/MacOS/b/libx.dylib"))
    expect(needed, ("/l/libx.dylib", None), extra=["--setuid"])
    w.lib("/none/libx.dylib", "/l/libx.dylib")
    expect(needed, ("/l/libx.dylib", "/none/libx.dylib"), extra=["--setuid"])


@case("what a loaded image answers to at once")
def _(w, expect):
    """An absolute install name, before overrides. Not one with @loader_path, which stands for a
    path of each image that asks."""
    w.program(needs=["/p/liby.dylib", "/b/libssl.dylib"])
    w.lib("/p/liby.dylib", "/b/libssl.dylib")
    w.lib("/o/libssl.dylib", "/b/libssl.dylib")
    expect(("/p/liby.dylib", "/p/liby.dylib"), env={"DYLD_LIBRARY_PATH": "/o"})
    for start, own in (("@loader_path", "/q"), ("@executable_path/../..", "/App")):
        name = start + "/libx.dylib"
        w.program(needs=["/p/liba.dylib", "/q/libb.dylib"])
        w.lib("/p/liba.dylib", needs=["@loader_path/libx.dylib"])
        w.lib("/q/libb.dylib", needs=[name])
        w.lib("/p/libx.dylib", name)
        w.lib(own + "/libx.dylib", name)
        expect(("/p/liba.dylib", "/p/liba.dylib"), ("/q/libb.dylib", "/q/libb.dylib"),
               ("@loader_path/libx.dylib", "/p/libx.dylib"), (name, own + "/libx.dylib"))


@case("an empty name among inserted libraries")
def _(w, expect):
    w.program()
    w.lib("/i/libi.dylib")
    expect(("/i/libi.dylib", "/i/libi.dylib"), env={"DYLD_INSERT_LIBRARIES": "/i/libi.dylib"})
    expect(("/i/libi.dylib", "/i/libi.dylib"), ("", None),
           env={"DYLD_INSERT_LIBRARIES": "/i/libi.dylib:"})
    expect(env={"DYLD_INSERT_LIBRARIES": ""})


def missing(w, expect, *wanted):
    """(symbol, reason) of what the program asks of a library that does not have it"""
    row = tenon.why([w.main], ["--symbols"], sysroot=w.root)[w.main]
    found = [(tenon.text(each["symbol"]), tenon.text(each["reason"]))
             for each in row["missing_symbols"]]
    expect.report.check(expect.name + ", missing", list(wanted), found)
    expect.report.check(expect.name + ", status", "missing" if wanted else "ok", row["status"])
    return {tenon.text(each["symbol"]): each["provider"] for each in row["bindings"]}


USES = "int f(void) %s; int (*use)(void) = f; int main(void) { return 0; }\n"
HAS = "int f(void) { return 1; }\n"
LACKS = "int g(void) { return 1; }\n"


@case("symbols: Symbol not found, Expected in")
def _(w, expect):
    w.program(needs=["/l/libx.dylib"], imports={"/l/libx.dylib": ["_f"]}, code=USES % "")
    w.lib("/l/libx.dylib", code=HAS)
    expect.report.check("symbols: who has it", {"_f": 0}, missing(w, expect))
    w.lib("/l/libx.dylib", code=LACKS)
    missing(w, expect, ("_f", "/l/libx.dylib does not export it"))


@case("symbols: a weak one may stay away")
def _(w, expect):
    w.program(needs=["/l/libx.dylib"], imports={"/l/libx.dylib": ["_f"]},
              code=USES % "__attribute__((weak_import))")
    w.lib("/l/libx.dylib", code=LACKS)
    expect.report.check("symbols: nobody has it", {"_f": None}, missing(w, expect))


@case("symbols: of a library that is re-exported")
def _(w, expect):
    w.program(needs=["/l/libx.dylib"], imports={"/l/libx.dylib": ["_f"]}, code=USES % "")
    w.lib("/l/libx.dylib", code=LACKS, reexports=["/l/liby.dylib"])
    w.lib("/l/liby.dylib", code=LACKS, reexports=["/l/libx.dylib"])
    missing(w, expect, ("_f", "/l/libx.dylib does not export it"))
    w.lib("/l/liby.dylib", code=HAS)
    expect.report.check("symbols: liby has it", {"_f": 1}, missing(w, expect))


CALLS = "int f(void); int main(void) { return f(); } %s\n"


@case("symbols: bound at the first call")
def _(w, expect):
    for more, lazy in (("", True), ("int (*use)(void) = f;", False)):
        w.program(needs=["/l/libx.dylib", "/usr/lib/libSystem.B.dylib"], code=CALLS % more,
                  imports={"/l/libx.dylib": ["_f"],
                           "/usr/lib/libSystem.B.dylib": ["dyld_stub_binder"]})
        w.lib("/l/libx.dylib", code=LACKS)
        row = tenon.why([w.main], ["--symbols"], sysroot=w.root)[w.main]
        expect.report.check("symbols: on the first call" + more, [lazy],
                            [each["lazy"] for each in row["missing_symbols"]])


@case("symbols: of the system's libraries nobody knows")
def _(w, expect):
    w.program(needs=["/usr/lib/libSystem.B.dylib"],
              imports={"/usr/lib/libSystem.B.dylib": ["_f"]}, code=USES % "")
    expect.report.check("symbols: not asked", {}, missing(w, expect))


def main():
    tenon.command()
    if not linker() or not shutil.which("clang"):
        skip_all("no clang, or no ld64.lld")
    report = Report()
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory(prefix="tenon-dyld-") as scratch:
        for number, (name, function) in enumerate(case):
            if wanted in name:
                world = Darwin(scratch, number)
                function(world, Expect(report, name, world))
    report.finish()


if __name__ == "__main__":
    main()
