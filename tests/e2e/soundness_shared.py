#!/usr/bin/env python3
"""Code that is static on one side and shared on the other, or shared in both."""

import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import Cases, Workshop  # noqa: E402
from report import skip_all  # noqa: E402

USES_ZLIB = """
#include <zlib.h>
int %s(void) {
    unsigned char in[4] = "abc", packed[64], out[64];
    uLongf size = sizeof packed, back = sizeof out;
    if (compress(packed, &size, in, 4) != Z_OK) return -1;
    if (uncompress(out, &back, packed, size) != Z_OK) return -2;
    return (int)back;
}
"""
USES_SQLITE = """
#include <sqlite3.h>
int %s(void) {
    sqlite3 *db;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) return -1;
    sqlite3_close(db);
    return sqlite3_libversion_number();
}
"""
LIBDIR = "/usr/lib/x86_64-linux-gnu"


def static(name):
    for directory in (LIBDIR, "/usr/lib64", "/usr/lib"):
        path = os.path.join(directory, name)
        if os.path.exists(path):
            return path
    return skip_all("no %s" % name)


def stateful_units(shop, file, prefix):
    """Which units of a file have state, and which have none, by tenon units."""
    text = shop.tenon("units", file).stdout
    rows = re.findall(r"unit\s+(\S+)\s+(stateful|stateless|state unknown)", text)
    return ({name for name, state in rows if name.startswith(prefix) and state != "stateless"},
            {name for name, state in rows if name.startswith(prefix) and state == "stateless"})


def sqlite(shop, cases):
    archive = static("libsqlite3.a")
    shop.host("sql_static", USES_SQLITE % "host_number", link=[archive, "-lm"])
    shop.host("sql_static_r", USES_SQLITE % "host_number", "-rdynamic", link=[archive, "-lm"])
    shop.host("sql_shared", USES_SQLITE % "host_number", link=["-lsqlite3"])
    shop.host("sql_none", "int host_number(void) { return 7; }")
    shop.plugin("sql_p_static", USES_SQLITE % "plugin_number", "-Wl,-Bsymbolic", link=[archive, "-lm"])
    shop.plugin("sql_p_shared", USES_SQLITE % "plugin_number", link=["-lsqlite3"])
    for host in ("sql_static", "sql_static_r"):
        answer = shop.ask(host, "load=sql_p_shared.plugin")
        cases.refused("SQLite static in %s, shared in the plugin" % host, answer, answer.codes(),
                      "the host program (libsqlite3.a member ", "libsqlite3.so.0, which "
                      "plugin \"sql_p_shared\" needs, contains its own copy")
        cases.expect("its code", answer.codes() == ["clash" if host.endswith("_r") else "double"],
                     answer)
        cases.expect("for its state", any("unit sqlite3/global " in message for _, refuses, message
                                          in answer.findings() if refuses) or
                     "member sqlite3.o" in answer.messages(), answer)
    answer = shop.ask("sql_shared", "load=sql_p_static.plugin")
    cases.refused("SQLite shared in the host, static in the plugin", answer, answer.codes(),
                  "libsqlite3.so.0", "whose symbols cover it")
    cases.expect("its code", answer.codes() in (["clash"], ["double"]), answer)
    answer = shop.ask("sql_static", "load=sql_p_static.plugin")
    cases.refused("SQLite static in both", answer, ["double"], "libsqlite3.a member ")
    answer = shop.ask("sql_shared", "load=sql_p_shared.plugin", "call=sql_p_shared:plugin_number",
                      "number")
    cases.loads("SQLite shared in both", answer)
    cases.expect("one and the same", answer.one("call").split()[-1] == answer.one("number"),
                 answer)
    for plugin in ("sql_p_static", "sql_p_shared"):
        answer = shop.ask("sql_none", "load=%s.plugin" % plugin, "call=%s:plugin_number" % plugin)
        cases.loads("SQLite only in %s" % plugin, answer)
        cases.expect("it works", int(answer.one("call").split()[-1]) > 3000000, answer)
    answer = shop.ask("sql_none", "load=sql_p_static.plugin,sql_p_shared.plugin")
    cases.refused("SQLite static in one plugin, shared in another", answer, answer.codes())
    answer = shop.ask("sql_none", "each", "load=sql_p_shared.plugin,sql_p_static.plugin",
                      "call=sql_p_shared:plugin_number")
    cases.expect("each on its own: the first loads, the other is left out",
                 sorted(answer.all("plugin")) == ["sql_p_shared loaded", "sql_p_static refused"],
                 answer)


def zlib(shop, cases):
    archive = static("libz.a")
    shop.host("z_static", USES_ZLIB % "host_number", link=[archive])
    shop.host("z_static_r", USES_ZLIB % "host_number", "-rdynamic", link=[archive])
    shop.host("z_shared", USES_ZLIB % "host_number", link=["-lz"])
    # the distribution's archive is not position independent: its own references must bind inside
    shop.plugin("z_p_static", USES_ZLIB % "plugin_number", "-Wl,-Bsymbolic", link=[archive])
    shop.plugin("z_p_hidden", USES_ZLIB % "plugin_number", "-Wl,--exclude-libs,ALL",
                link=[archive])
    shop.plugin("z_p_shared", USES_ZLIB % "plugin_number", link=["-lz"])
    stateful, stateless = stateful_units(shop, "z_static", "zlib/")
    print("zlib in the host: stateful %s; stateless %s" % (sorted(stateful), sorted(stateless)))
    cases.expect("the members of zlib are found", len(stateful | stateless) >= 8,
                 (stateful, stateless))
    for host, plugin in (("z_static", "z_p_static"), ("z_static_r", "z_p_static"),
                         ("z_static", "z_p_hidden"), ("z_static_r", "z_p_hidden")):
        answer = shop.ask(host, "load=%s.plugin" % plugin, "call=%s:plugin_number" % plugin)
        what = "zlib static in %s and %s" % (host, plugin)
        if stateful:
            cases.refused(what, answer, answer.codes())
        else:
            cases.loads(what, answer)
            cases.expect(what + " works", answer.one("call") == "plugin_number 4", answer)
        told = {message.split()[1] for _, _, message in answer.findings()}
        cases.expect(what + ": every member is told", stateful | stateless <= told, answer)
    answer = shop.ask("z_static", "load=z_p_shared.plugin", "call=z_p_shared:plugin_number")
    what = "zlib static in the host, shared in the plugin"
    if stateful:
        cases.refused(what, answer, answer.codes())
    else:
        cases.loads(what, answer)
        cases.expect(what + ": said", any(code == "harmless" and "not proven equal" in message
                                          for code, _, message in answer.findings()), answer)
    answer = shop.ask("z_static_r", "load=z_p_shared.plugin")
    cases.refused("interposed by the host", answer, answer.codes(), "visible to the dynamic linker")
    answer = shop.ask("z_shared", "load=z_p_shared.plugin", "call=z_p_shared:plugin_number",
                      "number")
    cases.loads("zlib shared in both", answer)
    answer = shop.ask("z_shared", "load=z_p_static.plugin")
    cases.refused("zlib shared in the host, static and visible in the plugin", answer,
                  answer.codes(), "libz.so.1")


def own_libraries(shop, cases):
    """Another copy or build of a library that is loaded."""
    shop.write("lib1.c", "int part(void) { static int n; return ++n; }")
    shop.write("lib2.c", "int part(void) { static int n = 40; return ++n; }")
    flags = ("gcc", "-shared", "-fPIC", "-Wl,-soname,libpart.so.1")
    for directory, source in (("one", "lib1.c"), ("two", "lib2.c")):
        os.mkdir(shop.path(directory))
        shop.run(*flags, "-Wl,--build-id", source, "-o", directory + "/libpart.so.1")
    os.mkdir(shop.path("copy"))
    shutil.copy(shop.path("one", "libpart.so.1"), shop.path("copy", "libpart.so.1"))
    shutil.copy(shop.path("one", "libpart.so.1"), shop.path("copy", "libother.so.1"))
    code = "int part(void); int %s(void) { return part(); }"
    shop.host("parts", code % "host_number", link=[shop.path("one", "libpart.so.1"),
                                                   "-Wl,-rpath," + shop.path("one")])
    link = [shop.path("one", "libpart.so.1"), "-Wl,-rpath,$ORIGIN"]
    # the same build in the bundle: shared, not loaded again
    bundled = ("--bundle=libpart.so.1", "-L", shop.path("one"))
    shop.plugin("same", code % "plugin_number", link=link, pack=bundled, record=True)
    answer = shop.ask("parts", "number", "load=same.plugin", "call=same:plugin_number", "number")
    cases.loads("the same build bundled", answer)
    cases.expect("shared once", answer.all("number") == ["1", "3"], answer)
    cases.expect("mapped once", not any("libpart" in line for line in answer.all("new")), answer)
    # what the process has, nobody must wait for another plugin to bring
    shop.plugin("asks", code % "plugin_number", link=link, pack=("--bundle=none",))
    shop.plugin("brings", code % "plugin_number", link=link,
                pack=(*bundled, "--cons=never"))
    answer = shop.ask("parts", "each", "load=asks.plugin,brings.plugin")
    cases.expect("the process has the library of a refused plugin",
                 sorted(answer.all("plugin")) == ["asks loaded", "brings refused"], answer)
    # another build in the bundle
    shutil.copy(shop.path("two", "libpart.so.1"), shop.path("libpart.so.1"))
    shop.plugin("other", code % "plugin_number",
                link=[shop.path("two", "libpart.so.1"), "-Wl,-rpath,$ORIGIN"],
                pack=("--bundle=libpart.so.1",))
    answer = shop.ask("parts", "load=other.plugin")
    cases.refused("another build bundled", answer, ["other-build"],
                  "library libpart.so.1 is already in the process as "
                  + shop.path("one", "libpart.so.1"))
    # the same bytes under another path, asked for by path: the loader would map them again
    shop.write("by_path.c", code % "plugin_number")
    shutil.copy(shop.path("one", "libpart.so.1"), shop.path("copy", "nameless.so"))
    shop.run("gcc", "-shared", "-fPIC", "lib1.c", "-o", shop.path("copy", "byname.so"))
    for name, target, expected in (("by_copy", "libpart.so.1", "other-copy"),
                                   ("by_other", "libother.so.1", "other-copy")):
        shop.run("gcc", "-shared", "-fPIC", "by_path.c", shop.path("copy", "byname.so"), "-o",
                 name + ".so")
        if shutil.which("patchelf") is None:
            skip_all("no patchelf")
        shop.run("patchelf", "--replace-needed", shop.path("copy", "byname.so"),
                 shop.path("copy", target), name + ".so")
        shop.pack(name, "--bundle=none")
        answer = shop.ask("parts", "load=%s.plugin" % name)
        cases.refused("a copy at another path: %s" % target, answer, [expected], "another copy")


def equal_and_other(shop, cases):
    """Two plugins with one library; equal stateless copies; another digest."""
    counter = "static int n; int counter_next(void) { return ++n; }"
    archive = shop.archive("counter", {"counter": counter})
    uses = "int counter_next(void); int plugin_number(void) { return counter_next(); }"
    shop.host("bare", "int host_number(void) { return 7; }")
    shop.plugin("first", uses, link=[archive])
    shop.plugin("second", uses, link=[archive])
    answer = shop.ask("bare", "load=first.plugin,second.plugin")
    cases.refused("two plugins with the same static library", answer, answer.codes(),
                  "unit counter/counter is already in plugin \"first\"")
    # the plugin's copy, and one in a library that comes with it
    shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,libcounted.so", "-o", "libcounted.so",
             "counter.o")
    for bundle in ("none", "auto"):
        shop.plugin("both", uses, "-Wl,-rpath,$ORIGIN:" + shop.path("."),
                    link=[archive, "-Wl,--no-as-needed", shop.path("libcounted.so")],
                    pack=("--bundle=" + bundle,))
        answer = shop.ask("bare", "load=both.plugin")
        cases.refused("a library that comes along, bundle=" + bundle, answer, answer.codes(),
                      "unit counter/counter", "libcounted.so")
    # several plugins bring one library: the first in load order does it for all, whoever was asked
    # for first; where the first one is refused, the next one's copy is judged by itself
    shop.host("counts", "int counter_next(void); int host_number(void) { return counter_next(); }",
              "-rdynamic", link=[archive])
    for name in ("a_brings", "b_brings"):
        shop.plugin(name, uses, "-Wl,-rpath,$ORIGIN", link=["-L" + shop.path("."), "-lcounted"],
                    pack=("-L", shop.path(".")))
    for order in ("a_brings.plugin,b_brings.plugin", "b_brings.plugin,a_brings.plugin"):
        answer = shop.ask("bare", "load=" + order, "call=a_brings:plugin_number",
                          "call=b_brings:plugin_number")
        cases.loads("one library of two plugins", answer)
        cases.expect("it is there once",
                     answer.all("call") == ["plugin_number 1", "plugin_number 2"], answer)
        answer = shop.ask("counts", "each", "load=" + order)
        cases.expect("neither may bring it twice",
                     [row.split()[1] for row in answer.all("plugin")] == ["refused", "refused"],
                     answer)
    pure = shop.archive("pure", {"pure": "int pure_twice(int x) { return 2 * x; }"})
    uses_pure = "int pure_twice(int); int %s(void) { return pure_twice(21); }"
    for flags, name in (((), "pure_host"), (("-rdynamic",), "pure_host_r")):
        shop.host(name, uses_pure % "host_number", *flags, link=[pure])
    shop.plugin("pure_p", uses_pure % "plugin_number", link=[pure])
    for host in ("pure_host", "pure_host_r"):
        answer = shop.ask(host, "load=pure_p.plugin", "call=pure_p:plugin_number")
        cases.loads("an equal stateless copy in " + host, answer)
        cases.expect("it is reported", [code for code, _, _ in answer.findings()] == ["harmless"],
                     answer)
        cases.expect("it works", answer.one("call") == "plugin_number 42", answer)
    shop.host("counting", "int counter_next(void); int host_number(void) { return counter_next(); }",
              link=[archive])
    archive = shop.archive("counter", {"counter": counter.replace("++n", "n += 2")})
    shop.plugin("newer", uses, link=[archive])
    answer = shop.ask("counting", "load=newer.plugin")
    cases.refused("the same name with another digest", answer, ["conflict"],
                  "unit counter/counter", "with another implementation")


def without_build_id(shop, cases):
    """What the build id says of a library, its bytes say where there is none."""
    use = "int part(void); int plugin_number(void) { return part(); }"
    for folder, number in (("same", 0), ("differs", 40)):
        os.mkdir(shop.path(folder))
        shop.write("part.c", "int part(void) { static int n = %d; return ++n; }" % number)
        shop.run("gcc", "-shared", "-fPIC", "-Wl,--build-id=none,-soname,libbare.so.1", "part.c", "-o",
                 folder + "/libbare.so.1")
    for name, folder in (("bare_a", "same"), ("bare_b", "same"), ("bare_c", "differs")):
        shop.plugin(name, use, link=[shop.path(folder, "libbare.so.1"), "-Wl,-rpath,$ORIGIN"],
                    pack=("--bundle=libbare.so.1", "-L", shop.path(folder)))
    shop.host("bare_none", "int host_number(void) { return 1; }")
    shop.host("bare_has", "int part(void); int host_number(void) { return part(); }",
              link=[shop.path("same", "libbare.so.1"), "-Wl,-rpath," + shop.path("same")])
    answer = shop.ask("bare_none", "load=bare_a.plugin,bare_b.plugin", "call=bare_a:plugin_number",
                      "call=bare_b:plugin_number")
    cases.loads("equal libraries of two bundles", answer)
    cases.expect("there is one", answer.all("call") == ["plugin_number 1", "plugin_number 2"], answer)
    answer = shop.ask("bare_has", "number", "load=bare_b.plugin", "call=bare_b:plugin_number")
    cases.loads("equal to the host's", answer)
    cases.expect("it is the host's", answer.one("call") == "plugin_number 2", answer)
    for host, words in (("bare_none", "load=bare_a.plugin,bare_c.plugin"),
                        ("bare_has", "load=bare_c.plugin")):
        answer = shop.ask(host, words)
        cases.refused("another build, %s" % host, answer, ["other-build"], "another build of it")


OPENS_NAMELESS = """
#include <dlfcn.h>
int host_number(void)
{
    void *part = dlopen("%s", RTLD_NOW);
    return ((int (*)(void))dlsym(part, "part"))();
}
"""


def without_soname(shop, cases):
    """Libraries that have no name of their own, but that of their file."""
    use = "int part(void); int plugin_number(void) { return part(); }"
    for folder, number in (("nameless", 0), ("nameless_new", 40)):
        os.mkdir(shop.path(folder))
        shop.write("part.c", "int part(void) { static int n = %d; return ++n; }" % number)
        shop.run("gcc", "-shared", "-fPIC", "-Wl,--build-id", "part.c", "-o",
                 folder + "/libnameless.so")
    shutil.copy(shop.path("nameless", "libnameless.so"), shop.path("nameless", "libnameless.so.1"))

    def plugin(name, file="libnameless.so", folder="nameless"):
        shop.plugin(name, use, link=["-L" + shop.path(folder), "-l:" + file, "-Wl,-rpath,$ORIGIN"],
                    pack=("-L", shop.path(folder)))
    plugin("has_part")
    plugin("has_more", "libnameless.so.1")
    plugin("has_new", folder="nameless_new")
    shop.host("opens_part", OPENS_NAMELESS % shop.path("nameless", "libnameless.so"))
    shop.host("links_part", "int part(void); int host_number(void) { return part(); }",
              link=["-L" + shop.path("nameless"), "-lnameless", "-Wl,-rpath," + shop.path("nameless")])
    shop.plugin("by_path", use, link=[shop.path("nameless", "libnameless.so")],
                pack=("--bundle=none",))
    shop.host("links_path", "int part(void); int host_number(void) { return part(); }",
              link=[shop.path("nameless", "libnameless.so")])
    shop.host("no_part", "int host_number(void) { return 0; }")
    answer = shop.ask("opens_part", "number", "load=has_part.plugin")
    cases.refused("opened by the host, and in the bundle", answer, ["other-copy"],
                  "library libnameless.so is already in the process as "
                  + shop.path("nameless", "libnameless.so"))
    answer = shop.ask("opens_part", "number", "load=has_more.plugin")
    cases.refused("in the bundle under another name", answer, ["other-copy"])
    answer = shop.ask("links_part", "number", "load=has_part.plugin", "call=has_part:plugin_number",
                      "number")
    cases.loads("what the host was linked with", answer)
    cases.expect("that is shared", answer.all("number") == ["1", "3"], answer)
    cases.expect("and mapped once", not any("nameless" in line for line in answer.all("new")),
                 answer)
    for first, second in (("has_part", "has_more"), ("has_more", "has_part"),
                          ("has_part", "has_new")):
        code = "other-build" if second == "has_new" else "other-copy"
        answer = shop.ask("no_part", "load=%s.plugin,%s.plugin" % (first, second))
        cases.refused("%s and %s" % (first, second), answer, [code])
        answer = shop.ask("no_part", "load=%s.plugin" % first, "load=%s.plugin" % second)
        cases.expect("%s, then %s" % (first, second),
                     answer.codes() == [code] and answer.one("plugin") == second + " refused",
                     answer)
    # linked by its path, which is then the only name that it answers to
    answer = shop.ask("links_path", "load=has_part.plugin")
    cases.refused("linked by its path", answer, ["other-copy"])
    answer = shop.ask("links_path", "number", "load=by_path.plugin", "call=by_path:plugin_number")
    cases.loads("by one path in both", answer)
    cases.expect("it is one", answer.one("call") == "plugin_number 2", answer)
    answer = shop.ask("links_part", "load=has_new.plugin")
    cases.refused("another build than the host's", answer, ["other-build"], "another build of it")
    shutil.copy(shop.path("has_part.so"), shop.path("by_place.so"))
    shop.run("patchelf", "--replace-needed", "libnameless.so", "$ORIGIN/libnameless.so",
             "by_place.so")
    shutil.copy(shop.path("nameless", "libnameless.so"), shop.path("libnameless.so"))
    shop.pack("by_place")
    answer = shop.ask("links_part", "load=by_place.plugin")
    cases.refused("the host's, and asked for by its place", answer, ["other-copy"])
    opened_by_path(shop, cases)


def opened_by_path(shop, cases):
    """Files of one name are two things where all ask for them by their paths."""
    for number, name in enumerate(("codec_a", "codec_b")):
        os.mkdir(shop.path(name))
        shop.write("codec.c", "int %s_open(void) { static int n = %d; return ++n; }" % (name, number))
        shop.run("gcc", "-shared", "-fPIC", "codec.c", "-o", name + "/codec.so")
        shop.plugin(name, "int %s_open(void); int plugin_number(void) { return %s_open(); }"
                    % (name, name), link=[shop.path(name, "codec.so")], pack=("--bundle=none",))
    for words in (("load=codec_a.plugin,codec_b.plugin",),
                  ("load=codec_a.plugin", "load=codec_b.plugin")):
        answer = shop.ask("no_part", *words, "call=codec_a:plugin_number",
                          "call=codec_b:plugin_number")
        cases.loads("two files of one name", answer)
        cases.expect("each its own", answer.all("call") == ["plugin_number 1", "plugin_number 2"],
                     answer)


def same_code(shop, cases):
    """A plugin's own code has no name, and may be there twice all the same."""
    state = "static int n; int same_next(void) { return ++n; } int plugin_number(void) { return n; }"
    use = "int same_next(void); int uses_same(void) { return same_next(); }"
    shop.host("same_host", "int host_number(void) { return 0; }")
    for build_id in ("sha1", "none"):
        flag = "-Wl,--build-id=" + build_id
        what = " (build id: %s)" % build_id
        shop.plugin("same_a", state, flag, record=False)
        shutil.copy(shop.path("same_a.so"), shop.path("same_b.so"))
        shop.pack("same_b")
        shop.plugin("same_c", use, link=["-L" + shop.path("."), "-l:same_a.so", "-Wl,-rpath,$ORIGIN"],
                    pack=("-L", shop.path(".")))
        for words in (["load=same_a.plugin,same_b.plugin"],
                      ["load=same_a.plugin", "load=same_b.plugin"]):
            answer = shop.ask("same_host", *words)
            cases.expect("one code in two plugins" + what, answer.codes() == ["other-copy"] and
                         'the code of plugin "same_b" is already in the process as plugin "same_a"'
                         in answer.messages(), answer)
        for first, second in (("same_a", "same_c"), ("same_c", "same_a")):
            answer = shop.ask("same_host", "load=%s.plugin" % first, "load=%s.plugin" % second)
            cases.expect("a library of the other one: %s, then %s%s" % (first, second, what),
                         answer.codes() == ["other-copy"] and
                         answer.one("plugin") == second + " refused", answer)
        answer = shop.ask("same_host", "load=same_a.plugin", "unload=same_a", "load=same_b.plugin")
        cases.loads("one after the other" + what, answer)
        # two builds are two things: that they export the same is how hosts start their plugins
        shop.plugin("same_d", state.replace("++n", "n += 2"), flag, record=False)
        answer = shop.ask("same_host", "load=same_a.plugin,same_d.plugin")
        cases.loads("other code of the same symbols" + what, answer)


MIX_ONE = "int mix_new(void) { return 1; } int mix_of(int mix) { return mix; }"
MIX_TWO = ("int mix_new(void) { return 2; } int mix_of(int mix) { return mix; }"
           "int mix_all(int mix) { return 10 * mix; }")
MIX_USES = "int mix_new(void); int mix_all(int); int plugin_number(void) { return mix_all(mix_new()); }"
MIX_USES_FIRST = "int mix_new(void); int mix_of(int); int plugin_number(void) { return mix_of(mix_new()); }"


def mix_library(shop, folder, name, code, *flags):
    """A library without a record, called like its own name."""
    os.makedirs(shop.path(folder), exist_ok=True)
    shop.write("mix.c", code)
    shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname," + name, *flags, "mix.c", "-o",
             folder + "/" + name)


def mix_plugin(shop, name, folder, library, code=MIX_USES):
    shop.plugin(name, code, link=["-L" + shop.path(folder), "-l:" + library, "-Wl,-rpath,$ORIGIN"],
                pack=("-L", shop.path(folder)))


def mix_host(shop, name, folder, library):
    shop.host(name, "int mix_new(void); int host_number(void) { return mix_new(); }",
              link=["-L" + shop.path(folder), "-l:" + library, "-Wl,-rpath," + shop.path(folder)])


def mixed_versions(shop, cases):
    """Two versions of one library are two libraries, of which nobody may get a mixture."""
    for version in ("1", "2"):
        shop.write("mix%s.map" % version, "MIX_%s { global: mix_*; local: *; };" % version)
    mix_library(shop, "mix", "libmix-1.so.0", MIX_ONE)
    mix_library(shop, "mix", "libmix-2.so.0", MIX_TWO)
    mix_library(shop, "mix_versioned", "libmix-1.so.0", MIX_ONE, "-Wl,--version-script=mix1.map")
    mix_library(shop, "mix_versioned", "libmix-2.so.0", MIX_TWO, "-Wl,--version-script=mix2.map")
    mix_library(shop, "mix_weak", "libmix-1.so.0",
                MIX_ONE.replace("int mix_new", "__attribute__((weak)) int mix_new"))
    mix_library(shop, "mix", "libstir.so.1", MIX_ONE)
    shop.host("mix_none", "int host_number(void) { return 0; }")
    mix_host(shop, "mix_host", "mix", "libmix-1.so.0")
    mix_host(shop, "mix_host_versioned", "mix_versioned", "libmix-1.so.0")
    mix_host(shop, "mix_host_weak", "mix_weak", "libmix-1.so.0")
    mix_host(shop, "mix_host_other", "mix", "libstir.so.1")
    mix_plugin(shop, "mix_p1", "mix", "libmix-1.so.0", MIX_USES_FIRST)
    mix_plugin(shop, "mix_p2", "mix", "libmix-2.so.0")
    mix_plugin(shop, "mix_p2_first", "mix", "libmix-2.so.0", MIX_USES_FIRST)
    mix_plugin(shop, "mix_p2_versioned", "mix_versioned", "libmix-2.so.0")

    answer = shop.ask("mix_host", "load=mix_p2.plugin")
    cases.refused("some of one version, some of the other", answer, ["clash"],
                  'was linked with libmix-2.so.0 of plugin "mix_p2" and gets mix_new from '
                  + shop.path("mix", "libmix-1.so.0"), "but mix_all from the one")
    answer = shop.ask("mix_host", "load=mix_p2_first.plugin", "call=mix_p2_first:plugin_number")
    cases.loads("all of one version", answer)
    cases.expect("it is the other one, which is told", answer.one("call") == "plugin_number 1" and
                 " another version of it " in answer.messages(), answer)
    for host in ("mix_host_weak", "mix_host_other"):
        answer = shop.ask(host, "load=mix_p2.plugin")
        cases.loads("a definition that gives way, a library of another name: " + host, answer)
        cases.expect("no mixture in " + host, " another version of it " not in answer.messages(), answer)
    answer = shop.ask("mix_host_versioned", "load=mix_p2_versioned.plugin",
                      "call=mix_p2_versioned:plugin_number")
    cases.loads("symbols with versions", answer)
    cases.expect("each gets its own", answer.one("call") == "plugin_number 20" and
                 " another version of it " not in answer.messages(), answer)
    for order in (("mix_p1", "mix_p2"), ("mix_p2", "mix_p1")):
        for words in (["load=%s.plugin" % name for name in order],
                      ["load=" + ",".join(name + ".plugin" for name in order)]):
            answer = shop.ask("mix_none", *words, "call=mix_p2:plugin_number", "call=mix_p1:plugin_number")
            cases.loads("in two plugins, which are loaded apart: " + " ".join(words), answer)
            cases.expect("each has its own", answer.all("call") == ["plugin_number 20", "plugin_number 1"] and
                         " another version of it " not in answer.messages(), answer)


POOL = ("static int n; int pool_next(void) { return ++n; } int pool_peek(void) { return n; }"
        "void pool_reset(void) { n = 0; }")
ALLOCATES = """
#include <stddef.h>
static char room[1 << 16];
static size_t used;
void *malloc(size_t size) { used += size + 15 & ~(size_t)15; return room + used - size; }
void *calloc(size_t count, size_t size) { return malloc(count * size); }
void *realloc(void *old, size_t size) { (void)old; return malloc(size); }
void free(void *old) { (void)old; }
int allocated(void) { return (int)used; }
"""


def probable(shop, cases):
    """Libraries without a record that define the same: nothing is proven, and it is told."""
    uses = "int %s(void); int plugin_number(void) { return %s(); }"
    vendored = POOL + "int vendored_next(void) { return pool_next(); }"
    told = "pool_next and 2 more that %s defines, too: the same code may be there twice"
    mix_library(shop, "pool", "libpool.so.1", POOL)
    mix_library(shop, "pool", "libvendored.so.1", vendored, "-Wl,-Bsymbolic")
    mix_library(shop, "pool", "libonce.so.1", "int pool_next(void) { return 0; }"
                "int once_a(void) { return 1; } int once_b(void) { return 2; }", "-Wl,-Bsymbolic")
    mix_library(shop, "pool", "liballoc.so.1", ALLOCATES)
    shop.host("pool_none", "int host_number(void) { return 0; }")
    use_pool = "int pool_next(void); int host_number(void) { return pool_next(); }"
    shop.host("pool_host", use_pool,
              link=["-L" + shop.path("pool"), "-l:libpool.so.1", "-Wl,-rpath," + shop.path("pool")])
    shop.host("pool_static", POOL + use_pool, record=False)
    for name, library, function in (("pool_v", "libvendored.so.1", "vendored_next"),
                                    ("pool_p", "libpool.so.1", "pool_next"),
                                    ("pool_once", "libonce.so.1", "once_a"),
                                    ("pool_alloc", "liballoc.so.1", "allocated")):
        mix_plugin(shop, name, "pool", library, uses % (function, function))
    answer = shop.ask("pool_host", "load=pool_v.plugin")
    cases.loads("a vendored copy of the host's library", answer)
    cases.expect("that is told", ("double", False) in [row[:2] for row in answer.findings()] and
                 'libvendored.so.1 of plugin "pool_v" defines ' +
                 told % shop.path("pool", "libpool.so.1") in answer.messages(), answer)
    answer = shop.ask("pool_static", "weak", "load=pool_v.plugin")
    cases.loads("a vendored copy of what the host hides nothing of", answer)
    cases.expect("that is told of the host program", told % "the host program" in answer.messages(), answer)
    for words in (["load=pool_p.plugin,pool_v.plugin"], ["load=pool_p.plugin", "load=pool_v.plugin"]):
        answer = shop.ask("pool_none", *words)
        cases.loads("in two plugins: " + " ".join(words), answer)
        cases.expect("told of the other plugin", told % 'libpool.so.1 of plugin "pool_p"' in
                     answer.messages() or told % 'plugin "pool_p"' in answer.messages(), answer)
    for name in ("pool_once", "pool_alloc"):
        answer = shop.ask("pool_host", "load=%s.plugin" % name)
        cases.loads("one name by chance, names of the C library: " + name, answer)
        cases.expect("nothing is told: " + name, "may be there twice" not in answer.messages(), answer)


REPLACES = """
#include <stdio.h>
#include <stdlib.h>
int part(void);
__attribute__((constructor)) static void replace(void)
{
    const char *from = getenv("REPLACE_FROM"), *to = getenv("REPLACE_TO");
    if (from && to)
        rename(from, to);
}
int host_number(void) { return part(); }
"""


def replaced(shop, cases):
    """A library of the process is replaced, as packages do, while the process runs."""
    for build_id in ("none", "sha1"):
        folder = "replaced_" + build_id
        os.mkdir(shop.path(folder))
        link = [shop.path(folder, "libold.so.1"), "-Wl,-rpath," + shop.path(folder)]
        for out, code in (("libold.so.1", "int part(void) { static int n; return ++n; }"),
                          ("new", "int part(void); int other(void) { return 1; }")):
            shop.write("old.c", code)
            shop.run("gcc", "-shared", "-fPIC", "-Wl,--build-id=%s,-soname,libold.so.1" % build_id,
                     "old.c", "-o", folder + "/" + out)
        shop.host("replaces", REPLACES, link=link)
        shop.plugin("has_part", "int part(void) { static int n; return ++n; }"
                                "int plugin_number(void) { return part(); }")
        answer = shop.ask("replaces", "load=has_part.plugin")
        cases.refused("it has the plugin's code, build id " + build_id, answer, answer.codes(),
                      "libold.so.1, whose symbols cover it")
        answer = shop.ask("replaces", "load=has_part.plugin",
                          env={"REPLACE_FROM": shop.path(folder, "new"),
                               "REPLACE_TO": shop.path(folder, "libold.so.1")})
        cases.refused("and nobody knows it any more, build id " + build_id, answer,
                      ["refused-library"], "the file was replaced")


VERSION_ONE = """
static int n;
int db_open(void) { return ++n; }
int db_count(void) { return n; }
int db_close(void) { return --n; }
"""
VERSION_TWO = VERSION_ONE + "int db_backup(void) { return 2 * n; }\n"
DB_USER = "int db_open(void); int %s(void) { return db_open(); }"


def versions(shop, cases):
    """Another version of a library, or a part of it: no key is the same, most symbols are."""
    one = shop.archive("dbone", {"db": VERSION_ONE})
    two = shop.archive("dbtwo", {"db": VERSION_TWO})
    for name, code in (("one", VERSION_ONE), ("two", VERSION_TWO)):
        shop.write("shared.c", code)
        shop.run("gcc", "-shared", "-fPIC", "-O1", "-Wl,-soname,libdb%s.so" % name, "shared.c", "-o",
                 "libdb%s.so" % name)
    shared = {name: [shop.path("libdb%s.so" % name), "-Wl,-rpath," + shop.path(".")]
              for name in ("one", "two")}
    unity = shop.archive("all", {"all": VERSION_TWO + "static int lines;\n"
                                        "int log_line(void) { return ++lines; }\n"})
    small = shop.archive("small", {"log": "static int n; int log_line(void) { return n += 2; }"})
    log_user = "int log_line(void); int plugin_number(void) { return log_line(); }"
    hosts = {"host_one": [one], "host_two": [two], "host_shared_one": shared["one"],
             "host_shared_two": shared["two"], "host_unity": [unity]}
    for name, link in hosts.items():
        shop.host(name, DB_USER % "host_number", link=link)
    shop.host("host_small", "int log_line(void); int host_number(void) { return log_line(); }",
              link=[small])
    use = DB_USER % "plugin_number"
    for name, link in (("p_one", [one]), ("p_two", [two]), ("p_shared_one", shared["one"]),
                       ("p_shared_two", shared["two"]), ("p_unity", [unity])):
        shop.plugin(name, use, link=link, pack=("--bundle=none",))
    shop.plugin("p_log", log_user, link=[small])
    for host, plugin, told in (
            ("host_one", "p_two", "unit dbone/db is already in the host program"),
            ("host_two", "p_one", "a version or a part of it, unit dbone/db, which defines db_close"),
            ("host_one", "p_shared_two", "libdbtwo.so, which plugin \"p_shared_two\" needs,"),
            ("host_two", "p_shared_one", "libdbone.so, which plugin \"p_shared_one\" needs,"),
            ("host_shared_one", "p_two", "libdbone.so, whose symbols cover it"),
            ("host_shared_two", "p_one", "libdbtwo.so, whose symbols cover it"),
            ("host_unity", "p_one", "unit all/all is already in the host program"),
            ("host_unity", "p_log", "unit small/log, which defines log_line too"),
            ("host_small", "p_unity", "unit small/log is already in the host program"),
            ("host_two", "p_unity", "unit dbtwo/db is already in the host program")):
        answer = shop.ask(host, "load=%s.plugin" % plugin)
        cases.refused("%s in %s" % (plugin, host), answer, answer.codes(), told)
        done = shop.tenon("units", "--doubles", host, plugin + ".so", "libdbone.so", "libdbtwo.so",
                          good=False)
        cases.expect("doubles of %s in %s" % (plugin, host), done.returncode == 1, done.stdout)
    answer = shop.ask("host_small", "load=p_two.plugin,p_unity.plugin")
    cases.refused("a version in another plugin", answer, answer.codes(), "plugin \"p_two\" (libdbtwo")


def entry_points(shop, cases):
    """What a host asks each plugin for is no unit of theirs."""
    shop.host("editor", "int host_number(void) { return 0; }")
    for name, number in (("audio", 1), ("image", 2)):
        shop.plugin(name, "static int n = %d; int editor_entry(void) { return n++; }" % number)
    words = ["call=%s:editor_entry" % name for name in ("audio", "image")]
    answer = shop.ask("editor", "load=audio.plugin,image.plugin", *words)
    cases.loads("two plugins with one entry point", answer)
    cases.expect("each has its own", answer.all("call") == ["editor_entry 1", "editor_entry 2"], answer)
    # but one that the host has, too
    shop.host("has_entry", "static int n; int editor_entry(void) { return n++; }"
                           "int host_number(void) { return editor_entry(); }")
    answer = shop.ask("has_entry", "load=audio.plugin")
    cases.refused("the host has that unit", answer, answer.codes(), "editor_entry")
    glue = shop.archive("glue", {"start": """
        static int n;
        int glue_next(void) { return ++n; }
        int tenon_plugin_start(const void *self) { (void)self; return 0; }"""})
    shop.write("glue.map", "{ global: tenon_plugin_start; plugin_number; local: *; };")
    for name in ("glued", "sticky"):
        shop.plugin(name, "int glue_next(void); int plugin_number(void) { return glue_next(); }",
                    "-Wl,-u,tenon_plugin_start", "-Wl,--version-script=" + shop.path("glue.map"),
                    link=[glue], pack=("--private=glue/start",))
    answer = shop.ask("editor", "load=glued.plugin,sticky.plugin")
    cases.loads("private units with an entry point of ours", answer)


def own_words(shop, cases):
    """Some functions called as the C library's, beside others: that is no version of it."""
    shop.write("shim.map", "{ local: *; };")
    shop.host("plain_c", "int host_number(void) { return 0; }")
    shop.plugin("shim", """
        #include <stddef.h>
        static char room[1000];
        static size_t used;
        void *malloc(size_t size) { used += size; return room + used - size; }
        void *calloc(size_t count, size_t size) { return malloc(count * size); }
        void free(void *at) { (void)at; }
        size_t shim_used(void) { return used; }
        int plugin_number(void) { malloc(3); return (int)shim_used(); }
        """, "-fvisibility=hidden", "-fno-builtin",
                "-Wl,--version-script=" + shop.path("shim.map"))
    answer = shop.ask("plain_c", "load=shim.plugin")
    cases.loads("a plugin with words of the C library of its own", answer)


def interposed(shop, cases):
    """A symbol of another unit is found first: that is told, and the plugin loads."""
    for name, flags in (("scales", ()), ("scales_r", ("-rdynamic",))):
        shop.host(name, "int util_scale(int x) { return 1000 * x; }"
                        "int host_number(void) { return util_scale(1); }", *flags)
    shop.plugin("own_scale", "int util_scale(int x) { return x + 1; }"
                             "int plugin_number(void) { return util_scale(1); }")
    shop.plugin("own_bound", "int util_scale(int x) { return x + 1; }"
                             "int plugin_number(void) { return util_scale(1); }", "-Wl,-Bsymbolic")
    for host, plugin, number, told in (("scales", "own_scale", 2, False),
                                       ("scales_r", "own_scale", 1000, True),
                                       ("scales_r", "own_bound", 2, False)):
        answer = shop.ask(host, "load=%s.plugin" % plugin, "call=%s:plugin_number" % plugin)
        cases.loads("%s in %s" % (plugin, host), answer)
        cases.expect("it is what it is said to be, %s in %s" % (plugin, host),
                     answer.one("call") == "plugin_number %d" % number and
                     ("is found before that of unit own_" in answer.messages()) == told, answer)
    shop.plugin("serves", "int svc(void) { return 7; } int norm(int x) { return 1000 + x; }")
    shop.plugin("asks_serves", "int svc(void); int plugin_number(void) { return svc(); }",
                pack=("--requires", "serves=serves.so"))
    shop.plugin("norms", "int norm(int x) { return 5 + x; } int plugin_number(void) { return norm(1); }")
    shop.host("none", "int host_number(void) { return 0; }")
    answer = shop.ask("none", "load=asks_serves.plugin,norms.plugin,serves.plugin",
                      "call=norms:plugin_number")
    cases.loads("one that serves another", answer)
    cases.expect("it is told that a third finds it first", "norm of unit " in answer.messages() or
                 answer.one("call") == "plugin_number 6", answer)


def served(shop, cases):
    """What serves everybody takes along what it needs: also that is found before a third one's."""
    shop.write("lent.c", "int helper(void) { return 1; } int lent_run(void) { return helper(); }")
    shop.tenon("link", "--", "gcc", "-shared", "-fPIC", "-Wl,-soname,liblent.so", "lent.c", "-o",
               "liblent.so")
    lends = "int lent_run(void); int api(void) { return lent_run(); }"
    shop.plugin("lends", lends, link=["liblent.so", "-Wl,-rpath,$ORIGIN"],
                pack=("--bundle=liblent.so", "-L", shop.path(".")))
    shop.plugin("lends_system", lends, link=["liblent.so"], pack=("--bundle=none",))
    for name in ("lends", "lends_system"):
        shop.plugin("asks_" + name, "int api(void); int plugin_number(void) { return api(); }",
                    pack=("--requires", "%s=%s.so" % (name, name)))
    shop.plugin("third", "int helper(void) { return 100; } int third(void) { return helper(); }")
    env = {"LD_LIBRARY_PATH": shop.path(".")}
    for name in ("lends", "lends_system"):
        for words in ("load=%s.plugin load=asks_%s.plugin load=third.plugin",
                      "load=%s.plugin load=asks_%s.plugin,third.plugin",
                      "load=%s.plugin,asks_%s.plugin,third.plugin",
                      "load=%s.plugin,asks_%s.plugin load=third.plugin"):
            words = (words % (name, name)).split()
            answer = shop.ask("none", *words, "call=third:third", env=env)
            what = " ".join(words)
            cases.loads(what, answer)
            cases.expect(what + ": it is told that a third finds it first",
                         (answer.one("call"), "helper of unit lent in " in answer.messages()) ==
                         ("third 1", True), answer.messages() + str(answer.all("call")))


def main():
    cases = Cases()
    with Workshop() as shop:
        equal_and_other(shop, cases)
        own_libraries(shop, cases)
        zlib(shop, cases)
        sqlite(shop, cases)
        without_build_id(shop, cases)
        without_soname(shop, cases)
        same_code(shop, cases)
        mixed_versions(shop, cases)
        probable(shop, cases)
        replaced(shop, cases)
        versions(shop, cases)
        entry_points(shop, cases)
        interposed(shop, cases)
        served(shop, cases)
        own_words(shop, cases)
        shop.again(cases)
    cases.finish()


if __name__ == "__main__":
    main()
