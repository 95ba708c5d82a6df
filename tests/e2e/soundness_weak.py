#!/usr/bin/env python3
"""Units that define nothing strongly: copies of them, and defaults that give way to others."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import Cases, Workshop  # noqa: E402

WEAK = """
static int n;
__attribute__((weak)) int hook_next(void) { return ++n; }
__attribute__((weak)) int hook_peek(void) { return n; }
"""
STRONG = """
static int n;
int hook_next(void) { return n += 10; }
int hook_peek(void) { return n; }
"""
USES = "int hook_next(void); int %s_number(void) { return hook_next(); }"

# The C library has it, as a weak symbol too; who knows of one without brings his own.
STRNLEN = """
#include <stddef.h>
__attribute__((weak)) size_t strnlen(const char *text, size_t most)
{
    size_t i = 0;
    while (i < most && text[i])
        i++;
    return i;
}
"""
USES_STRNLEN = """
#include <stddef.h>
size_t strnlen(const char *text, size_t most);
int plugin_number(void) { return (int)strnlen("ab", 9); }
"""
# Data that the linker keeps one of: weak in a header, or common.
JOINED = {"weak": "__attribute__((weak)) int level;", "common": "int level;"}
USES_LEVEL = "%s int %s_number(void) { return ++level; }"
HIDE = "-Wl,--exclude-libs,ALL"
APART = ("--bundle=none",)


def build(shop):
    for name, member, code, flag in (("first", "hook", WEAK, "-O1"), ("again", "other", WEAK, "-O1"),
                                     ("faster", "third", WEAK, "-O2"),
                                     ("strong", "strong", STRONG, "-O1")):
        archive = shop.archive(name, {member: code}, flag)
        shop.plugin("p_" + name, USES % "plugin", link=[archive], pack=APART)
        shop.plugin("h_" + name, USES % "plugin", HIDE, link=[archive], pack=APART)
    shop.host("plain", USES % "host", link=["libfirst.a"])
    shop.host("shows", USES % "host", "-rdynamic", link=["libfirst.a"])
    shop.host("none", "int host_number(void) { return 0; }")


def doubles(shop, cases):
    """By what they define, when they have other names, and other code as compiled otherwise."""
    for host in ("plain", "shows"):
        for plugin in ("p_again", "h_again"):
            code = "clash" if host == "shows" and plugin == "p_again" else "double"
            answer = shop.ask(host, "load=%s.plugin" % plugin)
            cases.refused("%s in %s" % (plugin, host), answer, [code], "unit first/hook is already in")
        for plugin in ("p_faster", "h_faster"):
            answer = shop.ask(host, "load=%s.plugin" % plugin)
            cases.refused("%s in %s" % (plugin, host), answer, ["conflict"],
                          "unit first/hook is already in", "with another implementation")
    answer = shop.ask("none", "load=p_first.plugin,p_faster.plugin")
    cases.refused("in two plugins", answer, ["conflict"], "with another implementation",
                  "unit first/hook is already in plugin \"p_first\"")
    done = shop.tenon("units", "--doubles", "plain", "p_faster.so", good=False)
    cases.expect("tenon units --doubles", "first/hook  certain: by definitions" in done.stdout,
                 done.stdout)


def without_record(shop, cases):
    """One side has no record: its weak symbols show what it has."""
    shop.write("raw.c", WEAK)
    shop.run("gcc", "-O2", "-fPIC", "-shared", "-Wl,-soname,libraw.so", "raw.c", "-o", "libraw.so")
    shop.host("needs", USES % "host", link=[shop.path("libraw.so"), "-Wl,-rpath," + shop.path(".")])
    for plugin, code in (("p_first", "clash"), ("h_first", "double")):
        answer = shop.ask("needs", "load=%s.plugin" % plugin)
        cases.refused("%s beside a library" % plugin, answer, [code],
                      "unit first/hook is already in", "libraw.so, whose symbols cover it")
    answer = shop.ask("none", "load=p_first.plugin,p_first.plugin")
    cases.loads("asked for twice", answer)
    shop.plugin("raw_plugin", WEAK + USES % "plugin", "-O2", record=False, pack=APART)
    answer = shop.ask("plain", "load=raw_plugin.plugin")
    cases.refused("a plugin without record", answer, ["double"], "as its symbols show")
    answer = shop.ask("none", "load=p_first.plugin,raw_plugin.plugin")
    cases.refused("beside another plugin", answer, ["clash", "double"], "unit first/hook is already "
                  "in plugin \"p_first\"", "as its symbols show, which stays apart")


def defaults(shop, cases):
    """A weak default and a strong one are two things, of which no two copies are."""
    for host in ("plain", "shows"):
        answer = shop.ask(host, "number", "load=h_strong.plugin", "call=h_strong:plugin_number")
        cases.loads("a strong one, hidden, in %s" % host, answer)
        cases.expect("each has its own", answer.one("number") == "1" and
                     answer.one("call") == "plugin_number 10", answer)
    answer = shop.ask("plain", "load=p_strong.plugin", "call=p_strong:plugin_number")
    cases.loads("a strong one, where the default is hidden", answer)
    cases.expect("it is the plugin's", answer.one("call") == "plugin_number 10", answer)
    answer = shop.ask("shows", "load=p_strong.plugin", "call=p_strong:plugin_number")
    cases.loads("a strong one, where the default is shown", answer)
    cases.expect("weak is nothing to the loader, and that is said",
                 answer.one("call") == "plugin_number 1" and
                 "hook_next of unit first/hook in the host program" in answer.messages() and
                 "is found before that of unit strong/strong" in answer.messages(), answer)
    shop.plugin("compat", USES_STRNLEN, pack=APART,
                link=[shop.archive("compat", {"strnlen": STRNLEN}, "-fno-builtin")])
    answer = shop.ask("none", "load=compat.plugin", "call=compat:plugin_number")
    cases.loads("a function for C libraries that lack it", answer)
    cases.expect("nothing to say", not answer.findings() and answer.one("call") == "plugin_number 2",
                 answer)


def data(shop, cases):
    """Variables that are one in a program: two of them are a double, joined or of two sizes."""
    for kind, line in JOINED.items():
        shop.host("level", USES_LEVEL % (line, "host"), "-fcommon")
        shop.host("level_shown", USES_LEVEL % (line, "host"), "-fcommon", "-rdynamic")
        for name, text in (("level_a", line), ("level_b", line),
                           ("level_wide", line.replace("level", "level[9]"))):
            code = USES_LEVEL % (text, name)
            shop.plugin(name, code.replace("++level", "++level[0]") if "[" in text else code,
                        "-fcommon", pack=APART)
        answer = shop.ask("level", "load=level_a.plugin")
        cases.refused(kind + " data of host and plugin", answer, ["double"],
                      "variable level is already in the host program", "-rdynamic")
        answer = shop.ask("none", "load=level_a.plugin,level_b.plugin")
        cases.refused(kind + " data of two plugins", answer, ["double"],
                      "variable level is already in plugin \"level_a\"")
        answer = shop.ask("level_shown", "number", "load=level_a.plugin,level_b.plugin",
                          "call=level_a:level_a_number", "call=level_b:level_b_number")
        cases.loads(kind + " data that the host shows", answer)
        cases.expect("they are one", answer.one("number") == "1" and answer.all("call") ==
                     ["level_a_number 2", "level_b_number 3"], answer)
        answer = shop.ask("level_shown", "load=level_wide.plugin")
        cases.refused(kind + " data of two sizes", answer, ["conflict"],
                      "variable level has 4 bytes in the host program", "and 36 in plugin")


def main():
    cases = Cases()
    with Workshop() as shop:
        build(shop)
        doubles(shop, cases)
        without_record(shop, cases)
        defaults(shop, cases)
        data(shop, cases)
        shop.again(cases)
    cases.finish()


if __name__ == "__main__":
    main()
