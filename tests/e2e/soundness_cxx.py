#!/usr/bin/env python3
"""C++: what both sides may have (templates, inline code) and what must not split; private copies."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon  # noqa: E402
from plugins import COUNTER, HOST_COUNTS, SANITIZED, USES_COUNTER, Cases, Workshop  # noqa: E402
from report import skip_all  # noqa: E402

TEMPLATES = """
#include <algorithm>
#include <string>
#include <vector>
template <class T> T twice(T x) { return x + x; }
inline int plain(int x) { return x + 1; }
struct Shape { virtual ~Shape() {} virtual int area() const { return 3; } };
extern "C" int %s(void) {
    std::vector<int> v{3, 1, 2};
    std::sort(v.begin(), v.end());
    Shape s;
    return twice(v[2]) + plain(s.area()) + (int)std::string("ab").size();
}
"""
INLINE_VARIABLE = """
inline int shared_state = 0;
extern "C" int %s(void) { return ++shared_state; }
"""
FUNCTION_STATIC = """
inline int &state(void) { static int value; return value; }
extern "C" int %s(void) { return ++state(); }
"""
MADE = """
#include <cstdlib>
namespace cfg {
struct Table { int rows; Table() : rows(getenv("PATH") ? 40 : 50) {} };
%s
}
extern "C" int %%s(void) { return ++cfg::table%s.rows; }
"""
MADE_VARIABLE = MADE % ("inline Table table;", "")
MADE_STATIC = MADE % ("inline Table &table() { static Table made; return made; }", "()")
SHOWS_CFG = 'extern "C++" { cfg::*; "cfg::table()::made"; };'
SIZED = """
namespace cfg { inline int sized[%d] = { 7 }; }
extern "C" int %s(void) { return ++cfg::sized[0]; }
"""
SPECIALISED = """
#include <functional>
struct Key { int k; };
template <> struct std::hash<Key> {
    size_t operator()(const Key &key) const { static int seed; return key.k + ++seed; }
};
extern "C" int %s(void) { return (int)std::hash<Key>()(Key{10}); }
"""
THROWS = """
#include <stdexcept>
extern "C" int plugin_number(void) {
    try { throw std::runtime_error("inside"); } catch (const std::exception &) { return 11; }
}
extern "C" void plugin_throws(void) { throw std::runtime_error("across"); }
extern "C" void (*thrower)(void) = plugin_throws;
"""
CATCHES = """
#include <dlfcn.h>
#include <stdexcept>
#include <cstring>
extern "C" int host_number(void) {
    void *found = dlsym(RTLD_DEFAULT, "plugin_throws");
    (void)found;
    try { throw std::runtime_error("host"); } catch (const std::exception &) { return 12; }
}
"""


def inline_code(shop, cases):
    shop.host("cxx", TEMPLATES % "host_number", compiler="g++")
    shop.host("cxx_r", TEMPLATES % "host_number", "-rdynamic", compiler="g++")
    shop.plugin("templates", TEMPLATES % "plugin_number", compiler="g++", pack=("--bundle=none",))
    for host in ("cxx", "cxx_r"):
        answer = shop.ask(host, "number", "load=templates.plugin", "call=templates:plugin_number")
        cases.loads("templates and inline functions in both: " + host, answer)
        cases.expect("both work", answer.one("number") == "12" and
                     answer.one("call") == "plugin_number 12", answer)


def writable(shop, cases):
    """Inline variables and function-local statics: shared when the loader unifies them."""
    for kind, code in (("variable", INLINE_VARIABLE), ("static", FUNCTION_STATIC)):
        shop.host(kind + "_h", code % "host_number", "-std=c++17", compiler="g++")
        shop.host(kind + "_hr", code % "host_number", "-std=c++17", "-rdynamic", compiler="g++")
        shop.plugin(kind + "_p", code % "plugin_number", "-std=c++17", compiler="g++",
                    pack=("--bundle=none",))
        shop.plugin(kind + "_ph", code % "plugin_number", "-std=c++17", "-fvisibility=hidden",
                    "-fvisibility-inlines-hidden", compiler="g++", pack=("--bundle=none",))
        answer = shop.ask(kind + "_h", "load=%s_p.plugin" % kind)
        cases.refused("inline %s, hidden in the host" % kind, answer, ["double"],
                      "the loader would not join", "linked with -rdynamic, the host would show")
        answer = shop.ask(kind + "_hr", "load=%s_ph.plugin" % kind)
        cases.refused("inline %s, hidden in the plugin" % kind, answer, ["double"],
                      "the loader would not join")
        answer = shop.ask(kind + "_hr", "number", "load=%s_p.plugin" % kind,
                          "call=%s_p:plugin_number" % kind, "number")
        cases.loads("inline %s, visible in both" % kind, answer)
        cases.expect("it is one", answer.all("number") == ["1", "3"] and
                     answer.one("call") == "plugin_number 2", answer)
    # between two plugins: the loader joins unique symbols, whoever loaded them
    shop.host("plain_host", "int host_number(void) { return 1; }")
    for name in ("static_a", "static_b"):
        shop.plugin(name, FUNCTION_STATIC % "plugin_number", "-std=c++17", compiler="g++",
                    pack=("--bundle=none",))
    answer = shop.ask("plain_host", "load=static_a.plugin,static_b.plugin",
                      "call=static_a:plugin_number", "call=static_b:plugin_number")
    cases.loads("unique in two plugins", answer)
    cases.expect("they are one", answer.all("call") == ["plugin_number 1", "plugin_number 2"],
                 answer)
    answer = shop.ask("plain_host", "load=static_a.plugin", "unload=static_a")
    cases.expect("unique symbols stay mapped, and that is said",
                 "stays-mapped" in [code for code, _, _ in answer.findings()], answer)
    for name in ("nouniq_a", "nouniq_b"):
        shop.plugin(name, FUNCTION_STATIC % "plugin_number", "-std=c++17", "-fno-gnu-unique",
                    compiler="g++", pack=("--bundle=none",))
    answer = shop.ask("plain_host", "load=nouniq_a.plugin,nouniq_b.plugin")
    cases.refused("not unique in two plugins: they would split", answer, ["double"])


def with_its_library(shop, cases):
    """An inline variable of a plugin and of a library in its bundle is one, as the loader joins it."""
    shop.host("alone_host", "int host_number(void) { return 1; }")
    shop.write("part.cc", INLINE_VARIABLE % "part_number")
    for compiler in ("g++", "clang++"):
        if shutil.which(compiler) is None:
            continue
        shop.run(compiler, "-std=c++17", "-shared", "-fPIC", "-Wl,-soname,libpart.so", "part.cc", "-o",
                 "libpart.so")
        for record in (True, False):
            shop.plugin("parted", INLINE_VARIABLE % "own_number" +
                        'extern "C" int part_number(void);'
                        'extern "C" int plugin_number(void) { own_number(); return part_number(); }',
                        "-std=c++17", "-Wl,-rpath,$ORIGIN", compiler=compiler, record=record,
                        link=["-L" + shop.path("."), "-lpart"], pack=("-L", shop.path(".")))
            answer = shop.ask("alone_host", "load=parted.plugin", "call=parted:plugin_number")
            cases.loads("%s, record %s" % (compiler, record), answer)
            cases.expect("they are one", answer.one("call") == "plugin_number 2", answer)


def made_once(shop, cases):
    """What is joined, but not its guard variable, would be made again where it is in use."""
    shop.write("shown.map", "{ global: %s plugin_number; local: *; };" % SHOWS_CFG)
    script = "-Wl,--version-script=" + shop.path("shown.map")
    for kind, code in (("variable", MADE_VARIABLE), ("static", MADE_STATIC)):
        shop.host("made_host", code % "host_number", "-std=c++17", "-rdynamic", compiler="g++")
        shop.host("made_shows", code % "host_number", "-std=c++17",
                  "-Wl,--export-dynamic-symbol=_ZN3cfg*", "-Wl,--export-dynamic-symbol=_ZZN3cfg*",
                  compiler="g++")
        for record in (True, False):
            what = "inline %s that is made, record %s: " % (kind, record)
            shop.plugin("made", code % "plugin_number", "-std=c++17", compiler="g++",
                        record=record, pack=("--bundle=none",))
            shop.plugin("made_shown", code % "plugin_number", "-std=c++17", script,
                        compiler="g++", record=record, pack=("--bundle=none",))
            answer = shop.ask("made_host", "number", "load=made.plugin", "call=made:plugin_number")
            cases.loads(what + "guard and all", answer)
            cases.expect(what + "it is one", answer.one("number") == "41" and
                         answer.one("call") == "plugin_number 42", answer)
            for host, plugin in (("made_host", "made_shown"), ("made_shows", "made")):
                answer = shop.ask(host, "number", "load=%s.plugin" % plugin, "number")
                cases.refused("%s%s in %s" % (what, plugin, host), answer, ["double"],
                              "already in the host program", "would be initialised again")
                cases.expect(what + "as it was", answer.all("number") == ["41", "42"], answer)


def of_one_size(shop, cases):
    shop.host("sized_host", SIZED % (4, "host_number"), "-std=c++17", "-rdynamic", compiler="g++")
    shop.plugin("sized", SIZED % (4, "plugin_number"), "-std=c++17", compiler="g++",
                pack=("--bundle=none",))
    shop.plugin("larger", SIZED % (1 << 20, "plugin_number"), "-std=c++17", compiler="g++",
                pack=("--bundle=none",))
    answer = shop.ask("sized_host", "number", "load=sized.plugin", "call=sized:plugin_number")
    cases.loads("an inline variable of one size", answer)
    cases.expect("they are one", answer.one("call") == "plugin_number 9", answer)
    answer = shop.ask("sized_host", "load=larger.plugin")
    cases.refused("of two sizes", answer, ["conflict"], "has 16 bytes in the host program",
                  "4194304 in plugin \"larger\"")


def specialised(shop, cases):
    """A specialisation of the library's template for a type of one's own is one's own code."""
    shop.host("hash_host", SPECIALISED % "host_number", compiler="g++")
    shop.plugin("hash", SPECIALISED % "plugin_number", compiler="g++", pack=("--bundle=none",))
    answer = shop.ask("hash_host", "load=hash.plugin")
    cases.refused("a static of std::hash<Key>", answer, ["double"], "would not join")


def made_local(shop, cases):
    """A link with -flto leaves a record in parts; its symbols show what it hid."""
    lto = ("-std=c++17", "-O2", "-flto", "-fvisibility=hidden")
    code = INLINE_VARIABLE.replace("inline int", "namespace cfg { inline int").replace(
        "= 0;", "= 41; }").replace("++", "++cfg::")
    shown = code.replace('extern "C"', 'extern "C" __attribute__((visibility("default")))')
    shop.host("whole_host", code % "host_number", "-std=c++17", compiler="g++")
    shop.host("lto_host", shown % "host_number", *lto, compiler="g++")
    shop.plugin("lto", shown % "plugin_number", *lto, compiler="g++", pack=("--bundle=none",))
    shop.plugin("whole", code % "plugin_number", "-std=c++17", compiler="g++",
                pack=("--bundle=none",))
    for host, plugin in (("whole_host", "lto"), ("lto_host", "whole")):
        answer = shop.ask(host, "load=%s.plugin" % plugin)
        cases.refused("%s in %s" % (plugin, host), answer, ["double"],
                      "variable _ZN3cfg12shared_stateE is already in the host program")


def bound_to_themselves(shop, cases):
    """glibc joins unique symbols when it looks them up: what binds to itself never is."""
    protected = '__attribute__((visibility("protected"))) ' + INLINE_VARIABLE.lstrip()
    for kind, code in (("variable", INLINE_VARIABLE),
                       ("thread-local", INLINE_VARIABLE.replace("int", "thread_local int", 1))):
        shop.host(kind + "_shown", code % "host_number", "-std=c++17", "-rdynamic", compiler="g++")
        shop.plugin("looked_up", code % "plugin_number", "-std=c++17", compiler="g++",
                    pack=("--bundle=none",))
        ways = [(linker, code, ("-fuse-ld=" + linker, "-Wl,-Bsymbolic"))
                for linker in ("bfd", "gold", "lld", "mold") if shutil.which("ld." + linker)]
        if kind == "variable":
            ways.append(("protected", protected, ()))
        for way, text, flags in ways:
            shop.plugin("fixed", text % "plugin_number", "-std=c++17", *flags, compiler="g++",
                        pack=("--bundle=none",))
            what = "inline %s bound to itself, %s" % (kind, way)
            answer = shop.ask(kind + "_shown", "load=fixed.plugin")
            cases.refused(what + ": the host's", answer, ["double"], "would not join")
            answer = shop.ask(kind + "_shown", "number", "load=looked_up.plugin",
                              "call=looked_up:plugin_number", "number")
            cases.loads("inline %s that is looked up: the host's" % kind, answer)
            cases.expect("they are one", answer.all("number") == ["1", "3"], answer)
            for order in (("looked_up", "fixed"), ("fixed", "looked_up")):
                answer = shop.ask("plain_host", "load=%s.plugin,%s.plugin" % order)
                cases.refused("%s: %s, then %s" % (what, *order), answer, ["double"],
                              "would not join")


def from_the_host(shop, cases):
    """Two plugins whose object both get from what the program was started with have one."""
    weak = INLINE_VARIABLE, "-std=c++17", "-fno-gnu-unique"
    shop.host("weak_shown", weak[0] % "host_number", *weak[1:], "-rdynamic", compiler="g++")
    shop.write("defines.cc", weak[0] % "library_number")
    shop.run("g++", *weak[1:], "-shared", "-fPIC", "-Wl,-soname,libdefines.so", "defines.cc", "-o",
             "libdefines.so")
    shop.host("weak_linked", "extern \"C\" int library_number(void);"
                             "extern \"C\" int host_number(void) { return library_number(); }",
              compiler="g++", link=[shop.path("libdefines.so"), "-Wl,-rpath," + shop.path(".")])
    for name, record in (("weak_a", True), ("weak_b", True), ("weak_plain", False)):
        shop.plugin(name, weak[0] % (name + "_number"), *weak[1:], compiler="g++", record=record,
                    pack=("--bundle=none",))
    shop.plugin("unique_c", weak[0] % "unique_c_number", "-std=c++17", compiler="g++",
                pack=("--bundle=none",))
    shop.plugin("weak_fixed", weak[0] % "plugin_number", *weak[1:], "-Wl,-Bsymbolic",
                compiler="g++", pack=("--bundle=none",))
    for host in ("weak_shown", "weak_linked"):
        for first, second in (("weak_a", "weak_b"), ("weak_a", "unique_c"),
                              ("unique_c", "weak_a"), ("weak_plain", "weak_a"),
                              ("weak_a", "weak_plain")):
            what = "%s, then %s, of %s" % (first, second, host)
            calls = ["call=%s:%s_number" % (name, name) for name in (first, second)]
            for words in (["load=%s.plugin,%s.plugin" % (first, second)],
                          ["load=%s.plugin" % name for name in (first, second)]):
                answer = shop.ask(host, "number", *words, *calls)
                cases.loads(what, answer)
                cases.expect(what + ": it is one", answer.one("number") == "1" and answer.all("call")
                             == [first + "_number 2", second + "_number 3"], answer)
            code, _ = shop.check(host, first + ".plugin", second + ".plugin", good=None)
            cases.expect(what + ": tenon check", code == 0, code)
        for pair in (("weak_a", "weak_fixed"), ("weak_fixed", "weak_a")):
            answer = shop.ask(host, "load=%s.plugin,%s.plugin" % pair)
            cases.refused("%s, then %s, of %s" % (*pair, host), answer, ["double"],
                          "would not join")
    answer = shop.ask("plain_host", "load=weak_a.plugin,unique_c.plugin")
    cases.refused("of nobody at the start", answer, ["double"], "would not join")


def preloading(path):
    """The environment that preloads a library, behind the sanitizer's own."""
    own = SANITIZED.get("LD_PRELOAD")
    return {**SANITIZED, "LD_PRELOAD": ":".join(filter(None, (own, path)))}


def preloaded(shop, cases):
    """What is preloaded, what that needs, and what is needed by a path with a token: all global."""
    weak = INLINE_VARIABLE, "-std=c++17", "-fno-gnu-unique"
    shared = "g++", *weak[1:], "-shared", "-fPIC"
    os.mkdir(shop.path("sub"))
    shop.write("early.cc", weak[0] % "early_number")
    shop.write("outer.cc", 'extern "C" int early_number(void); int outer(void) '
                           '{ return early_number(); }')
    shop.run(*shared, "early.cc", "-o", "sub/libearly.so")
    shop.run(*shared, "early.cc", "-o", "libearly.so", "-Wl,-soname,$ORIGIN/sub/libearly.so")
    shop.run(*shared, "outer.cc", "-o", "libouter.so", "-Wl,-soname,libouter.so", "-L.", "-learly")
    calls = 'extern "C" int %s(void); extern "C" int host_number(void) { return %s(); }'
    linked = shop.path("libearly.so"), "-Wl,-rpath," + shop.path(".")
    shop.host("early_linked", calls % ("early_number", "early_number"), compiler="g++",
              link=linked[:1])
    shop.host("outer_linked", calls.replace('extern "C" int %s', "int %s") % ("outer", "outer"),
              compiler="g++",
              link=[shop.path("libouter.so"), *linked[1:], "-Wl,--allow-shlib-undefined"])
    shop.plugin("joins", weak[0] % "plugin_number", *weak[1:], compiler="g++",
                pack=("--bundle=none",))
    for what, host, env in (
            ("preloaded", "plain_host", preloading(shop.path("sub/libearly.so"))),
            ("needed by what is preloaded", "plain_host", preloading(shop.path("libouter.so"))),
            ("needed by a path with a token", "early_linked", {}),
            ("needed so by a library", "outer_linked", {})):
        answer = shop.ask(host, "number", "load=joins.plugin", "call=joins:plugin_number", env=env)
        cases.loads(what, answer)
        if host != "plain_host":
            cases.expect(what + ": it is one", answer.one("call") == "plugin_number 2", answer)
        done = shop.run("env", *("%s=%s" % row for row in env.items()), tenon.command(), "check",
                        host, "joins.plugin", good=None)
        cases.expect(what + ": tenon check", done.returncode == 0, done.stdout + done.stderr)
    shop.plugin("by_name", "int early_number(void); int by_name(void) { return early_number(); }",
                link=["-L" + shop.path("sub"), "-learly"], pack=("--bundle=none",))
    for host, env in (("plain_host", preloading(shop.path("sub/libearly.so"))),
                      ("early_linked", {})):
        answer = shop.ask(host, "load=by_name.plugin", env=env)
        cases.refused("what came by a path has no other name", answer, ["missing-library"],
                      "libearly.so, which is not found")
    answer = shop.ask("plain_host", "dlopen=sub/libearly.so", "load=joins.plugin")
    cases.refused("opened later", answer, ["double"], "would not join")


REGEX = """
#include <regex>
extern "C" int %s(void) { return std::regex_match("abc", std::regex("a.[[:alpha:]]")) ? 11 : 12; }
"""


def of_the_library(shop, cases):
    """Statics of functions of the C++ library's headers: hosts and plugins may all have them."""
    shop.host("regex_host", REGEX % "host_number", "-std=c++17", compiler="g++")
    shop.plugin("regex_p", REGEX % "plugin_number", "-std=c++17", compiler="g++",
                pack=("--bundle=none",))
    answer = shop.ask("regex_host", "load=regex_p.plugin", "call=regex_p:plugin_number", "number")
    cases.loads("<regex> in both", answer)
    cases.expect("both work", answer.one("call") == "plugin_number 11" and
                 answer.one("number") == "11", answer)
    cases.expect("it is told", {code for code, _, _ in answer.findings()} == {"harmless"}, answer)


def without_record(shop, cases):
    """Inline variables of which one side has no record: its symbols show them."""
    hide = ("-fvisibility=hidden", "-fvisibility-inlines-hidden")
    shop.write("reg.cc", INLINE_VARIABLE % "reg_number")
    shop.run("g++", "-std=c++17", "-shared", "-fPIC", "-Wl,-soname,libreg.so", "reg.cc", "-o",
             "libreg.so")
    shop.host("reg_host", "extern \"C\" int reg_number(void);"
                          "extern \"C\" int host_number(void) { return reg_number(); }",
              compiler="g++", link=[shop.path("libreg.so"), "-Wl,-rpath," + shop.path(".")])
    shop.host("own_host", INLINE_VARIABLE % "host_number", "-std=c++17", compiler="g++")
    code = INLINE_VARIABLE.replace('extern "C"', 'extern "C" __attribute__((visibility("default")))')
    shop.plugin("reg_hidden", code % "plugin_number", "-std=c++17", *hide, compiler="g++",
                pack=("--bundle=none",))
    shop.plugin("reg_private", code % "plugin_number", "-std=c++17", *hide, compiler="g++",
                pack=("--bundle=none", "--private=reg_private"))
    shop.plugin("reg_seen", code % "plugin_number", "-std=c++17", compiler="g++",
                pack=("--bundle=none",))
    shop.plugin("reg_seen_private", code % "plugin_number", "-std=c++17", compiler="g++",
                pack=("--bundle=none", "--private=reg_seen_private"))
    shop.plugin("reg_plain", code % "plugin_number", "-std=c++17", compiler="g++", record=False,
                pack=("--bundle=none",))
    answer = shop.ask("reg_host", "load=reg_hidden.plugin")
    cases.refused("hidden, and a library without record has it", answer, ["double"],
                  "variable shared_state is already in ", "libreg.so; plugin")
    answer = shop.ask("reg_host", "load=reg_private.plugin", "number", "call=reg_private:plugin_number")
    cases.loads("declared private, and hidden", answer)
    cases.expect("that is said", "which is declared private, and hidden" in answer.messages(), answer)
    answer = shop.ask("own_host", "load=reg_seen_private.plugin")
    cases.refused("declared private, and visible", answer, ["double"], "would not join")
    answer = shop.ask("reg_host", "number", "load=reg_seen.plugin", "call=reg_seen:plugin_number")
    cases.loads("visible in both", answer)
    cases.expect("they are one", answer.one("call") == "plugin_number 2", answer)
    answer = shop.ask("own_host", "load=reg_plain.plugin")
    cases.refused("a plugin without record, and a host that hides it", answer, ["double"],
                  "variable shared_state is already in the host program")


DROPPED = "int main_number = 1; extern \"C\" int host_number(void) { return main_number; }"
SECTIONS = ("-std=c++17", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")


def dropped(shop, cases):
    """An inline variable that --gc-sections left out of the link is not in the process."""
    unused, code = INLINE_VARIABLE % "unused_number", INLINE_VARIABLE % "plugin_number"
    shop.plugin("brings", code, "-std=c++17", compiler="g++", pack=("--bundle=none",))
    for linker in [name for name in ("bfd", "gold", "lld", "mold") if shutil.which("ld." + name)]:
        flags = (*SECTIONS, "-fuse-ld=" + linker)
        hide = "-fvisibility=hidden", "-fvisibility-inlines-hidden"
        shop.host("gone", DROPPED + unused, *flags, compiler="g++")
        shop.host("kept", INLINE_VARIABLE % "host_number", *flags, *hide, compiler="g++")
        shop.host("shown", INLINE_VARIABLE % "host_number", *flags, "-rdynamic", compiler="g++")
        answer = shop.ask("gone", "load=brings.plugin", "call=brings:plugin_number")
        cases.loads("left out by %s" % linker, answer)
        cases.expect("there is nothing to say", not answer.findings(), answer)
        answer = shop.ask("kept", "load=brings.plugin")
        cases.refused("kept and hidden by %s" % linker, answer, ["double"], "variable shared_state")
        shop.run("strip", "-x", "kept")
        answer = shop.ask("kept", "load=brings.plugin")
        cases.refused("a symbol table without what is local", answer, ["double"], "variable shared_state")
        if linker != "lld":  # which knows no such option
            shop.write("few.txt", "main\n")
            shop.host("kept_few", INLINE_VARIABLE % "host_number", *flags, *hide,
                      "-Wl,--retain-symbols-file=few.txt", compiler="g++")
            answer = shop.ask("kept_few", "load=brings.plugin")
            cases.refused("one that was to hold few symbols", answer, ["double"], "variable shared_state")
        shop.run("strip", "gone")
        answer = shop.ask("gone", "load=brings.plugin")
        cases.refused("left out, and stripped: nobody knows", answer, ["double"])
        entry = 'extern "C" __attribute__((visibility("default"))) int plugin_number(void) { return 2; }'
        shop.plugin("lost", entry + unused, *flags, *hide, compiler="g++", pack=("--bundle=none",))
        answer = shop.ask("shown", "load=lost.plugin")
        cases.loads("left out of the plugin by %s" % linker, answer)
        shop.plugin("hides", code.replace('"C"', '"C" __attribute__((visibility("default")))'),
                    *flags, *hide, compiler="g++", pack=("--bundle=none",))
        answer = shop.ask("shown", "load=hides.plugin")
        cases.refused("kept in the plugin by %s" % linker, answer, ["double"], "variable shared_state")


def runtime(shop, cases):
    shop.plugin("static_cxx", THROWS, "-static-libstdc++", "-static-libgcc", compiler="g++",
                pack=("--bundle=none",))
    answer = shop.ask("cxx", "load=static_cxx.plugin")
    cases.refused("static libstdc++ in a plugin of a C++ host", answer, answer.codes(),
                  "libstdc++.so.6")
    cases.expect("its code", set(answer.codes()) <= {"clash", "double"}, answer)
    shop.plugin("throws", THROWS, compiler="g++", pack=("--bundle=none",))
    shop.host("catches", """
#include <stdexcept>
#include <tenon/tenon.h>
#include <cstring>
extern "C" int host_catches(const tenon_plugin *plugin) {
    void *found = tenon_plugin_symbol(plugin, "plugin_throws");
    void (*function)(void);
    memcpy(&function, &found, sizeof function);
    try { function(); } catch (const std::runtime_error &e) {
        return strcmp(e.what(), "across") == 0 ? 13 : 14;
    }
    return 15;
}
""", "-I" + os.path.join(os.environ.get("TENON_SOURCE", "."), "include"), compiler="g++")
    answer = shop.ask("catches", "load=throws.plugin", "catch=throws",
                      "call=throws:plugin_number")
    cases.loads("exceptions", answer)
    cases.expect("thrown across and inside", answer.one("catch") == "13" and
                 answer.one("call") == "plugin_number 11", answer)


def private(shop, cases):
    archive = shop.archive("counter", {"counter": COUNTER})
    shop.host("counts", HOST_COUNTS, link=[archive])
    shop.host("counts_r", HOST_COUNTS, "-rdynamic", link=[archive])
    shop.plugin("hidden", USES_COUNTER, "-Wl,--exclude-libs,ALL", link=[archive],
                pack=("--private", "counter/counter"))
    shop.plugin("visible", USES_COUNTER, link=[archive], pack=("--private", "counter/counter"))
    for host in ("counts", "counts_r"):
        answer = shop.ask(host, "number", "load=hidden.plugin", "call=hidden:plugin_number",
                          "number")
        cases.loads("a declared private copy with hidden symbols in " + host, answer)
        cases.expect("it is reported", [code for code, _, _ in answer.findings()] == ["harmless"]
                     and "declared private" in answer.messages(), answer)
        cases.expect("they count apart", answer.all("number") == ["1", "2"] and
                     answer.one("call") == "plugin_number 1", answer)
        answer = shop.ask(host, "load=visible.plugin")
        cases.refused("with visible ones in " + host, answer, answer.codes(),
                      "it is declared private, but counter_next of it is visible")


def main():
    if shutil.which("g++") is None:
        skip_all("no g++")
    cases = Cases()
    with Workshop() as shop:
        private(shop, cases)
        inline_code(shop, cases)
        with_its_library(shop, cases)
        of_the_library(shop, cases)
        without_record(shop, cases)
        writable(shop, cases)
        made_once(shop, cases)
        of_one_size(shop, cases)
        specialised(shop, cases)
        made_local(shop, cases)
        bound_to_themselves(shop, cases)
        from_the_host(shop, cases)
        preloaded(shop, cases)
        dropped(shop, cases)
        runtime(shop, cases)
        shop.again(cases)
    cases.finish()


if __name__ == "__main__":
    main()
