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
                  "unit faster/third is already in plugin")
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


def main():
    cases = Cases()
    with Workshop() as shop:
        build(shop)
        doubles(shop, cases)
        without_record(shop, cases)
        defaults(shop, cases)
        shop.again(cases)
    cases.finish()


if __name__ == "__main__":
    main()
