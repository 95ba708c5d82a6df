#!/usr/bin/env python3
"""What a plugin needs and does not find; the order of plugins; failures while they start."""

import itertools
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import loaders  # noqa: E402
from plugins import (CONSTRUCTOR, COUNTER, HOST_COUNTS, USES_COUNTER, Cases,  # noqa: E402
                     Workshop)

HOST = "int host_number(void) { return 7; }\nint offered(void) { return 5; }\nint offered_data = 6;"


def missing(shop, cases):
    shop.host("host", HOST, "-rdynamic")
    # a library
    shop.run("gcc", "-shared", "-fPIC", "-xc", "-Wl,-soname,libgone.so.3", "-o", "libgone.so.3",
             shop.path(shop.write("gone.c", "int gone(void) { return 1; }")))
    shop.plugin("library", CONSTRUCTOR + "int gone(void); int plugin_number(void) { return gone(); }",
                link=["libgone.so.3"], pack=("--bundle=none",))
    os.unlink(shop.path("libgone.so.3"))
    answer = shop.ask("host", "load=library.plugin")
    cases.refused("missing library", answer, ["missing-library", "missing-symbol"],
                  "plugin \"library\" needs libgone.so.3, which is not found", "tried ")
    # a function, a datum
    shop.plugin("function", CONSTRUCTOR + "int no_such(void);\n"
                "int plugin_number(void) { return no_such(); }")
    answer = shop.ask("host", "load=function.plugin")
    cases.refused("missing function", answer, ["missing-symbol"], "needs symbol no_such")
    shop.plugin("datum", CONSTRUCTOR + "extern int no_datum;\n"
                "int plugin_number(void) { return no_datum; }")
    answer = shop.ask("host", "load=datum.plugin")
    cases.refused("missing datum", answer, ["missing-symbol"], "needs symbol no_datum")
    shop.plugin("weak", "int no_such(void) __attribute__((weak));\n"
                "int plugin_number(void) { return no_such ? 1 : 2; }")
    answer = shop.ask("host", "load=weak.plugin", "call=weak:plugin_number")
    cases.loads("a weak symbol may be missing", answer)
    cases.expect("it stays 0", answer.one("call") == "plugin_number 2", answer)
    shop.plugin("offered", "int offered(void); extern int offered_data;\n"
                "int plugin_number(void) { return 10 * offered() + offered_data; }")
    answer = shop.ask("host", "load=offered.plugin", "call=offered:plugin_number")
    cases.loads("what the host exports is there", answer)
    cases.expect("and used", answer.one("call") == "plugin_number 56", answer)


def unlike(shop, cases):
    """A variable that only one of host and plugin has for thread-local: no linker would join them."""
    shop.host("unlike", HOST + "\n__thread int own = 8; __thread int spare = 9;", "-rdynamic")
    uses = "extern %s; int plugin_number(void) { return %s; }"
    for name, declared, used, codes in (
            ("takes_tls", "__thread int offered_data", "offered_data", ["missing-symbol"]),
            ("weak_tls", "__thread int offered_data __attribute__((weak))",
             "&offered_data ? offered_data : 0", ["missing-symbol"]),
            ("takes_plain", "int own", "own", ["missing-symbol"]),
            ("weak_plain", "int own __attribute__((weak))", "&own ? own : 0", ["missing-symbol"])):
        shop.plugin(name, CONSTRUCTOR + uses % (declared, used))
        answer = shop.ask("unlike", "load=%s.plugin" % name)
        tls, plain = "thread-local data", "an ordinary symbol"
        symbol, there, asked = (("own", tls, plain) if name.endswith("_plain") else
                                ("offered_data", plain, tls))
        cases.refused(name, answer, codes, "plugin \"%s\" needs symbol %s of %s: %s there, and "
                      "%s is asked for" % (name, symbol, shop.path("unlike"), there, asked))
        cases.expect(name + ": check says so", shop.check("unlike", name + ".plugin")[0] == 1)
    # of code that another host could load it is proven what it asks for
    known = {"TENON_CACHE": shop.path("cache-unlike")}
    shop.host("other", "int own = 3; __thread int offered_data = 4;", "-rdynamic")
    names = ("takes_tls", "weak_tls", "takes_plain", "weak_plain")
    for name in names:
        answer = shop.ask("other", "load=%s.plugin" % name, "call=%s:plugin_number" % name, env=known)
        cases.loads(name + " elsewhere", answer)
    time.sleep(2.1)  # what changed moments ago is not noted
    for name in names * 2:
        cases.loads(name + " elsewhere, again", shop.ask("other", "load=%s.plugin" % name, env=known))
        cases.refused(name + ", proven", shop.ask("unlike", "load=%s.plugin" % name, env=known),
                      ["missing-symbol"], "is asked for")
    # both alike, in each model; and the C library's
    for model in ("global-dynamic", "initial-exec"):
        name = "alike_" + model[0]
        shop.plugin(name, "#include <errno.h>\n" + uses % ("__thread int own", "own + 0 * errno"),
                    "-ftls-model=" + model)
        if shop.musl and model == "initial-exec":
            continue
        answer = shop.ask("unlike", "load=%s.plugin" % name, "call=%s:plugin_number" % name)
        cases.loads(name, answer)
        cases.expect(name + ": it works", answer.one("call") == "plugin_number 8", answer)
    shop.plugin("idle", "extern __thread int offered_data; int plugin_number(void) { return 3; }")
    cases.loads("one that is declared only", shop.ask("unlike", "load=idle.plugin"))


def version(shop, cases):
    flags = ("gcc", "-shared", "-fPIC", "-Wl,-soname,libver.so.1")
    shop.write("ver.c", "int ver(void) { return 1; }")
    shop.write("two.map", "V_1 { global: nothing; }; V_2 { global: ver; local: *; };")
    shop.write("one.map", "V_1 { global: ver; local: *; };")
    for directory, script in (("new", "two.map"), ("old", "one.map")):
        os.mkdir(shop.path(directory))
        shop.run(*flags, "-Wl,--version-script," + script, "ver.c", "-o",
                 directory + "/libver.so.1")
    shop.plugin("version", CONSTRUCTOR + "int ver(void); int plugin_number(void) { return ver(); }",
                link=["new/libver.so.1", "-Wl,-rpath," + shop.path("old")],
                pack=("--bundle=none",))
    answer = shop.ask("host", "load=version.plugin")
    if shop.musl:
        return cases.loads("musl looks at no versions", answer)
    cases.refused("missing symbol version", answer, answer.codes(), "V_2")
    cases.expect("its code", "missing-version" in answer.codes(), answer)


def systems(shop, cases):
    """Wrong architecture, wrong libc."""
    shop.write("other.c", "int plugin_number(void) { return 1; }")
    probe = subprocess.run(["gcc", "-m32", "-shared", "-fPIC", "-nostdlib", "-o",
                            shop.path("thirtytwo.so"), shop.path("other.c")], capture_output=True)
    if probe.returncode == 0:
        shop.pack("thirtytwo")
        answer = shop.ask("host", "load=thirtytwo.plugin")
        cases.refused("wrong architecture", answer, ["no-code"],
                      "has no code for x86_64-linux-" + ("musl" if shop.musl else "gnu"))
        if shop.musl:
            return  # no linker for musl on i386
        # in a directory where only a library for another machine is
        os.mkdir(shop.path("wrong"))
        shop.run("gcc", "-m32", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libwrong.so.1",
                 "-o", "wrong/libwrong.so.1", "other.c")
        shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,libwrong.so.1", "-o", "libwrong.so",
                 "other.c")
        shop.plugin("wrongdep", "int plugin_number(void); int more(void) { return plugin_number(); }",
                    "-Wl,-rpath," + shop.path("wrong"), link=["./libwrong.so"],
                    pack=("--bundle=none",))
        answer = shop.ask("host", "load=wrongdep.plugin")
        cases.refused("a library for another machine", answer, answer.codes(), "libwrong.so.1")
    if shutil.which("musl-gcc") and not shop.musl:
        shop.run("musl-gcc", "-shared", "-fPIC", "-o", "muslish.so", "other.c")
        shop.pack("muslish", "--bundle=none")
        answer = shop.ask("host", "load=muslish.plugin")
        cases.refused("wrong libc", answer, ["no-code"], "has no code for x86_64-linux-gnu",
                      "x86_64-linux-musl")


def static_tls(shop, cases):
    """Initial-exec data comes out of the little room that the loader keeps for late comers."""
    if shop.musl:
        return  # keeps none: soundness_musl.py
    code = "__thread char room[%d] = {1}; int plugin_number(void) { return room[0]; }"
    for name, size in (("tls_small", 64), ("tls_large", 8192)):
        shop.plugin(name, code % size, "-ftls-model=initial-exec")
    answer = shop.ask("host", "load=tls_small.plugin", "call=tls_small:plugin_number")
    cases.loads("a little static TLS", answer)
    cases.expect("it works", answer.one("call") == "plugin_number 1", answer)
    answer = shop.ask("host", "load=tls_large.plugin")
    cases.refused("too much static TLS", answer, ["static-tls"], "8192 bytes would be used",
                  "GLIBC_TUNABLES")
    more = {"GLIBC_TUNABLES": "glibc.malloc.check=0:glibc.rtld.optional_static_tls=0x4000"}
    cases.loads("more room was asked for", shop.ask("host", "load=tls_large.plugin", env=more))
    answer = shop.ask("host", "setenv=GLIBC_TUNABLES=" + more["GLIBC_TUNABLES"],
                      "load=tls_large.plugin")
    cases.refused("asked for too late", answer, ["static-tls"])
    shop.plugin("tls_middle", code % 1400, "-ftls-model=initial-exec")
    answer = shop.ask("host", "load=tls_middle.plugin",
                      env={"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=0"})
    cases.refused("less room was asked for", answer, ["static-tls"], "keeps 1152")


def executable_stack(shop, cases):
    """What glibc gives a running process up to 2.40, and refuses from 2.41 on; musl does not look."""
    shop.plugin("stacked", CONSTRUCTOR, "-Wl,-z,execstack")
    shop.run("gcc", "-shared", "-fPIC", "-xc", "-Wl,-z,execstack,-soname,libstack.so", "-o",
             "libstack.so", shop.write("stack.c", "int stack_api(void) { return 1; }"))
    shop.plugin("brings_stack", "int stack_api(void); int plugin_number(void) "
                "{ return stack_api(); }", link=["libstack.so", "-Wl,-rpath,$ORIGIN"],
                pack=("-L", "."))
    shop.plugin("plain_stack", "int plain_stack(void) { return 4; }")
    shop.host("stacked_host", HOST, "-Wl,-z,execstack")
    for name, who in (("stacked", 'plugin "stacked" makes'),
                      ("brings_stack", 'libstack.so, which plugin "brings_stack" needs, makes')):
        answer = shop.ask("host", "load=%s.plugin,plain_stack.plugin" % name)
        told = [message for code, _, message in answer.findings() if code == "exec-stack"]
        if shop.musl or loaders.glibc_version() < (2, 41):
            cases.loads(name, answer)
            cases.expect(name + ": told of once", len(told) == (0 if shop.musl else 1) and
                         all(message.startswith(who) for message in told), answer)
        else:
            lacks = ["missing-symbol"] if name == "brings_stack" else []
            cases.refused(name, answer, lacks + ["refused-library"],
                          "cannot enable executable stack as shared object requires")
        answer = shop.ask("stacked_host", "load=%s.plugin" % name)
        cases.loads(name + " in a host that has one", answer)
        cases.expect("which needs no word", "exec-stack" not in answer.out, answer)


def own_libraries(shop, cases):
    """A bundle's libraries are opened before its own code, unless one lives on what that brings."""
    run_path = "-Wl,-rpath,$ORIGIN"
    for name, code, needs in (("base", "int base_value(void) { return 5; }", ()),
                              ("leans", "int base_value(void); int plugin_value(void);"
                               "int leaning(void) { return base_value() + plugin_value(); }", ())):
        shop.write(name + ".c", code)
        shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,lib%s.so" % name, run_path, *needs,
                 "-o", "lib%s.so" % name, name + ".c")
    libraries = ["-Wl,--no-as-needed", "-L" + shop.path("."), "-lleans", "-lbase"]
    code = "int leaning(void); int plugin_value(void) { return 30; }\n" \
           "int plugin_number(void) { return leaning(); }"
    shop.plugin("leant", code, run_path, link=libraries, pack=("-L", shop.path(".")))
    answer = shop.ask("host", "load=leant.plugin", "call=leant:plugin_number", "unload=leant")
    cases.loads("a library that needs the plugin and a library it does not name", answer)
    cases.expect("it works", answer.one("call") == "plugin_number 35", answer)
    # what nobody opens with it is not seen by it: the plugin does not name libbase.so
    shop.plugin("alone", code, run_path, link=["-Wl,--no-as-needed", "-L" + shop.path("."), "-lleans"],
                pack=("-L", shop.path("."), "--bundle=libleans.so"))
    answer = shop.ask("host", "load=alone.plugin")
    cases.refused("a library that nobody brings", answer, ["missing-symbol"], "base_value")


HOOKS = """
__attribute__((weak)) int hook(void) { return 1; }
int count;
int run_hook(void) { ++count; return hook(); }
"""
HOOKED = """
int count, run_hook(void);
int hook(void) { return 20; }
int plugin_number(void) { return run_hook() + ++count; }
"""
ASKS_HOOK = """
int late_hook(void) __attribute__((weak));
int run_late(void) { return late_hook ? late_hook() : 1; }
"""
HAS_HOOK = """
int run_late(void);
int late_hook(void) { return 7; }
int plugin_number(void) { return run_late(); }
"""


def overridden(shop, cases):
    """What a plugin defines in place of its library's is joined as dlopen() of the plugin would."""
    def library(name, code, *flags):
        shop.write("lib.c", code)
        shop.run("gcc", "-shared", "-fPIC", "-fcommon", "-Wl,-soname,lib%s.so" % name, *flags,
                 "lib.c", "-o", "lib%s.so" % name)

    def plugin(name, code, *flags, link, **more):
        shop.plugin(name, code, "-fcommon", *flags, "-Wl,--no-as-needed", "-L" + shop.path("."), *link,
                    pack=("-L", shop.path(".")), **more)
    run_path = "-Wl,-rpath,$ORIGIN"
    library("hooks", HOOKS)
    library("late", ASKS_HOOK)
    library("outer", "int run_hook(void); int run_outer(void) { return run_hook(); }", "-L.",
            "-Wl,--no-as-needed", "-lhooks", run_path)
    for record in (True, False):
        plugin("hooked", HOOKED, run_path, link=["-lhooks"], record=record)
        answer = shop.ask("host", "load=hooked.plugin", "call=hooked:plugin_number", "unload=hooked")
        cases.loads("a library with a hook", answer)
        cases.expect("the plugin's, and one count", answer.one("call") == "plugin_number 22", answer)
        plugin("late", HAS_HOOK, run_path, link=["-llate"], record=record)
        answer = shop.ask("host", "load=late.plugin", "call=late:plugin_number")
        cases.loads("a library that asks for a hook", answer)
        cases.expect("the plugin's", answer.one("call") == "plugin_number 7", answer)
        plugin("outer", HOOKED.replace("run_hook", "run_outer"), run_path, link=["-louter"], record=record)
        answer = shop.ask("host", "load=outer.plugin", "call=outer:plugin_number")
        cases.loads("a library behind a library", answer)
        cases.expect("that too", answer.one("call") == "plugin_number 22", answer)
    if shop.musl:
        return
    # where the plugin alone would find another file, the libraries of the bundle are first after all
    plugin("misled", HOOKED, "-Wl,-rpath,%s:$ORIGIN" % shop.path("later"), link=["-lhooks"])
    os.mkdir(shop.path("later"))
    library("hooks", HOOKS.replace("return 1", "return 9"))
    os.rename(shop.path("libhooks.so"), shop.path("later", "libhooks.so"))
    answer = shop.ask("host", "load=misled.plugin", "call=misled:plugin_number")
    cases.loads("another file on the way", answer)
    cases.expect("not that one", answer.one("call") == "plugin_number 2", answer)


def order_by_name(shop, cases):
    """One plugin needs the other's library by its name."""
    shop.plugin("above", "int base_number(void);\n"
                "int plugin_number(void) { return base_number() + 2; }",
                link=["./base.so"], pack=("--bundle=none",))
    answer = shop.ask("host", "load=above.plugin,base.plugin", "call=above:plugin_number",
                      "unload=base", "unload=above", "unload=base")
    steps = [step.split(":")[0] for step in answer.all("step")]
    cases.expect("what is needed loads first", steps == ["base", "above"], answer)
    cases.expect("it works", answer.one("call") == "plugin_number 42", answer)
    cases.expect("what is needed stays until then",
                 answer.all("answer") == ["yes", "no", "yes", "yes"] and
                 "in-use" in [code for code, _, _ in answer.findings()], answer)
    answer = shop.ask("host", "load=above.plugin")
    cases.refused("alone it is refused", answer, answer.codes(), "base.so")
    answer = shop.ask("host", "load=base.plugin", "load=above.plugin", "call=above:plugin_number")
    cases.loads("one after the other", answer)


def order_by_name_in_vain(shop, cases):
    """musl finds a library that was loaded by its path only by searching for it."""
    shop.plugin("above", "int base_number(void);\n"
                "int plugin_number(void) { return base_number() + 2; }",
                link=["./base.so"], pack=("--bundle=none",))
    answer = shop.ask("host", "load=above.plugin,base.plugin")
    cases.refused("musl would not find it", answer, ["missing-library"],
                  "plugin \"above\" needs base.so, which is not found")


def order(shop, cases):
    """Two plugins of which one needs the other, by its library's name and by a unit."""
    shop.plugin("base", "int base_number(void) { return 40; }", "-Wl,-soname,base.so")
    (order_by_name_in_vain if shop.musl else order_by_name)(shop, cases)
    # by a unit it requires: then its symbols serve the plugin, although nothing names its file
    shop.plugin("byunit", "int base_number(void);\n"
                "int plugin_number(void) { return base_number() + 3; }",
                pack=("--requires", "base=base.so",))
    for words in (("load=byunit.plugin,base.plugin",), ("load=base.plugin", "load=byunit.plugin")):
        answer = shop.ask("host", *words, "call=byunit:plugin_number")
        cases.loads("by a required unit: " + " ".join(words), answer)
        cases.expect("it works", answer.one("call") == "plugin_number 43", answer)
    shop.plugin("lonely", "int base_number(void);\nint plugin_number(void) { return base_number(); }")
    answer = shop.ask("host", "load=base.plugin", "load=lonely.plugin")
    cases.expect("without requiring it, another plugin's symbols are not there",
                 answer.codes() == ["missing-symbol"] and answer.all("answer") == ["yes", "no"],
                 answer)
    answer = shop.ask("host", "load=base.plugin", "load=byunit.plugin", "load=lonely.plugin")
    cases.expect("nor while they serve one that does", answer.codes() == ["missing-symbol"] and
                 answer.all("answer") == ["yes", "yes", "no"] and
                 "plugin \"base\"" in answer.messages(), answer)
    shop.plugin("second", "int base_number(void);\n"
                "int plugin_number(void) { return base_number() + 4; }",
                pack=("--requires", "base=base.so",))
    answer = shop.ask("host", "load=base.plugin", "load=byunit.plugin", "load=second.plugin",
                      "call=second:plugin_number")
    cases.loads("one more that requires them", answer)
    cases.expect("works, too", answer.one("call") == "plugin_number 44", answer)


def order_by_symbol(shop, cases):
    """Who requires a unit of the host, which keeps its symbols, and gets them from another one."""
    shop.object("steady", "int steady(void) { return 50; }")
    shop.host("keeps", "int steady(void);\nint host_number(void) { return steady(); }",
              link=["steady.o"])
    shop.plugin("with_it", "int steady(void);\nint with_it(void) { return steady(); }",
                link=["steady.o"])
    shop.plugin("asks", "int steady(void);\nint plugin_number(void) { return steady() + 1; }",
                pack=("--requires", "steady=with_it.so"))
    for each in ((), ("each",)):
        for words in (("load=asks.plugin,with_it.plugin",), ("load=with_it.plugin,asks.plugin",),
                      ("load=with_it.plugin", "load=asks.plugin")):
            answer = shop.ask("keeps", *each, *words, "call=asks:plugin_number", "unload=with_it")
            cases.expect("what provides symbols comes first: " + " ".join(words),
                         answer.one("call") == "plugin_number 51", answer)
            cases.expect("and stays", answer.codes() == ["in-use"], answer)
        status, result = shop.check("keeps", *("--" + word for word in each), "asks.plugin",
                                    "with_it.plugin")
        cases.expect("check says so", status == 0 and
                     [step.partition(":")[0] for step in result["plan"]] == ["with_it", "asks"],
                     result)
    answer = shop.ask("keeps", "load=asks.plugin")
    cases.refused("without it there are none", answer, ["missing-symbol"])
    # one that cannot come, as the host has its unit, serves nobody
    shop.object("counter", COUNTER)
    shop.host("counts", HOST_COUNTS, link=["counter.o"])
    shop.plugin("copy", USES_COUNTER, link=["counter.o"])
    shop.plugin("lacks", "int counter_next(void);\nint lacking(void) { return counter_next(); }",
                pack=("--requires", "counter=copy.so"))
    for names in ("lacks.plugin,copy.plugin", "copy.plugin,lacks.plugin"):
        answer = shop.ask("counts", "each", "load=" + names)
        cases.expect("nor from one that is refused", sorted(answer.all("plugin")) ==
                     ["copy refused", "lacks refused"] and not answer.all("step"), answer)


def each_on_its_own(shop, cases):
    """Who is refused defines nothing for those that load without it, and lacks nothing of theirs."""
    shop.plugin("base", "int base_number(void) { return 40; }", "-Wl,-soname,base.so")
    shop.plugin("askew", "int no_such(void);\nint base_number(void) { return no_such(); }")
    shop.plugin("byunit", "int base_number(void);\n"
                "int plugin_number(void) { return base_number() + 3; }",
                pack=("--requires", "base=base.so",))
    answer = shop.ask("host", "each", "load=byunit.plugin,askew.plugin,base.plugin",
                      "call=byunit:plugin_number")
    cases.expect("each without who is refused", sorted(answer.all("plugin")) ==
                 ["askew refused", "base loaded", "byunit loaded"] and
                 answer.codes() == ["missing-symbol"] and
                 answer.one("call") == "plugin_number 43", answer)
    # of many that are refused each is told why
    names = []
    for number in range(20):
        names.append("askew%02d" % number)
        shop.plugin(names[-1], "int no_such(void);\nint number%d(void) { return no_such(); }" % number)
    answer = shop.ask("host", "each", "load=" + ",".join(name + ".plugin" for name in
                                                         ["byunit", "base", *names]),
                      "call=byunit:plugin_number")
    cases.expect("many of them", sorted(answer.all("plugin")) ==
                 [name + " refused" for name in names] + ["base loaded", "byunit loaded"] and
                 sum(refuses for _, refuses, _ in answer.findings()) == len(names) and
                 answer.one("call") == "plugin_number 43", answer)


def each_in_any_order(shop, cases):
    """Of several that bring what another one needs, one that loads is taken: the first of two."""
    shop.object("counter", COUNTER)
    for name in ("one_has", "two_has"):
        shop.plugin(name, USES_COUNTER, link=["counter.o"])
    shop.pack("also_has", "--cons", "no-such-feature", code="two_has.so")
    shop.plugin("wants", "int counter_next(void);\nint wanted(void) { return counter_next(); }",
                pack=("--requires", "counter=one_has.so"))
    sets = [(("one_has", "two_has", "wants"), ("one_has", "two_has")),
            (("one_has", "also_has", "wants"), ("one_has",))]
    if not shop.musl:  # where no plugin can name another one's library
        shop.write("shelf.c", "int shelf(void) { static int n; return ++n; }")
        shop.tenon("link", "--", "gcc", "-shared", "-fPIC", "-Wl,-soname,libshelf.so", "shelf.c",
                   "-o", "libshelf.so")
        for name, bundle in (("one_lib", "libshelf.so"), ("two_lib", "libshelf.so"),
                             ("wants_lib", "none")):
            shop.plugin(name, "int shelf(void);\nint %s(void) { return shelf(); }" % name,
                        "-Wl,-rpath,$ORIGIN", link=["-L.", "-lshelf"], pack=("--bundle=" + bundle, "-L", "."))
        shop.pack("also_lib", "--cons", "no-such-feature", "--bundle=libshelf.so", "-L", ".",
                  code="two_lib.so")
        sets += [(("one_lib", "two_lib", "wants_lib"), ()),
                 (("one_lib", "also_lib", "wants_lib"), ("one_lib",))]
    for names, doubles in sets:
        for row in itertools.permutations(names):
            loaded = [name for name in row if name.startswith("wants") or
                      (name == [other for other in row if other in doubles][0] if doubles else True)]
            answer = shop.ask("host", "each", "load=" + ",".join(name + ".plugin" for name in row))
            cases.expect("in the order " + " ".join(row), sorted(answer.all("plugin")) == sorted(
                name + (" loaded" if name in loaded else " refused") for name in names), answer)


def static_tls_each(shop, cases):
    """What did not come takes no room of those that do."""
    if shop.musl:
        return
    for name, size in (("tls_a", 900), ("tls_b", 900), ("tls_c", 600)):
        shop.plugin(name, "static __thread volatile char room[%d] = {1};\n"
                    "int %s_number(void) { return room[0]; }" % (size, name), "-ftls-model=initial-exec")
    answer = shop.ask("host", "each", "load=tls_a.plugin,tls_b.plugin,tls_c.plugin",
                      "call=tls_c:tls_c_number")
    cases.expect("static TLS of each", sorted(answer.all("plugin")) ==
                 ["tls_a loaded", "tls_b refused", "tls_c loaded"] and
                 answer.one("call") == "tls_c_number 1", answer)


def cycle(shop, cases):
    for name, other in (("cyc_a", "cyc_b"), ("cyc_b", "cyc_a")):
        shop.write(name + ".c", "int %s(void); int %s(void) { return 1; }\n"
                   "int (*use_%s)(void) = %s;" % (other, name, other, other))
        shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,%s.so" % name, name + ".c", "-o",
                 name + ".so")
    for name, other in (("cyc_a", "cyc_b"), ("cyc_b", "cyc_a")):
        shop.plugin(name, open(shop.path(name + ".c"), encoding="utf-8").read(),
                    "-Wl,-soname,%s.so" % name, link=["./%s.so" % other],
                    pack=("--bundle=none",))
    answer = shop.ask("host", "load=cyc_a.plugin,cyc_b.plugin")
    cases.refused("a cycle", answer, answer.codes(), "plugins need each other: cyc_a -> cyc_b -> "
                  "cyc_a")
    cases.expect("its code", "cycle" in answer.codes(), answer)


def starting(shop, cases):
    start = """
#include <stddef.h>
int tenon_plugin_start(void *self, int argc, char **argv)
{ (void)self; (void)argc; (void)argv; return %d; }
"""
    shop.plugin("sound", "int plugin_number(void) { return 1; }")
    shop.plugin("refuses", start % 5)
    shop.plugin("agrees", start % 0 + "int plugin_number(void) { return 9; }")
    answer = shop.ask("host", "load=sound.plugin,refuses.plugin", "units")
    cases.expect("an entry point that fails", answer.codes() == ["start"] and
                 "tenon_plugin_start() returned 5" in answer.messages(), answer)
    # the registry shows the code that musl never unmaps: what went as a plugin that is unloaded, and
    # what never was one
    stays = (["sound provided initialised sound", "refuses dlopen initialised -"] if shop.musl
             else [])
    cases.expect("the whole request is taken back",
                 answer.one("state") == ("changed" if shop.musl else "same") and
                 ("stays-mapped" in [code for code, _, _ in answer.findings()]) == shop.musl, answer)
    cases.expect("the registry is true", [row for row in answer.all("unit")
                                          if row.startswith(("sound", "refuses"))] == stays, answer)
    answer = shop.ask("host", "each", "load=sound.plugin,refuses.plugin,agrees.plugin",
                      "call=sound:plugin_number", "call=agrees:plugin_number")
    cases.expect("each on its own", sorted(answer.all("plugin")) ==
                 ["agrees loaded", "refuses failed", "sound loaded"] and
                 answer.all("call") == ["plugin_number 1", "plugin_number 9"], answer)
    # a library of the plugin that loads, and then the plugin's own code that does not
    shop.plugin("service", """
#include "%s/include/tenon/plugin.h"
int tenon_plugin_start(tenon_plugin *self, int argc, char **argv)
{
    const char *s = self->service(self, "greeting", 2);
    return argc == 1 && argv[0][0] == 'x' && argv[1] == NULL && s && s[0] == 't' ? 0 : 1;
}
""" % os.environ.get("TENON_SOURCE", "."), pack=("--cons", "greeting>=2"))
    answer = shop.ask("host", "offer=greeting:3", "argument=x", "load=service.plugin")
    cases.loads("arguments and services", answer)
    answer = shop.ask("host", "offer=greeting:1", "argument=x", "load=service.plugin")
    cases.refused("an older service", answer, ["constraint"], "the host offers version 1")
    answer = shop.ask("host", "argument=x", "load=service.plugin")
    cases.refused("no such service", answer, ["constraint"], "which the host does not offer")


def half_way_musl(shop, cases):
    """No room is kept for static TLS, so the plan sees it; other thread-local data is welcome."""
    for name, model in (("half", "initial-exec"), ("whole", "global-dynamic")):
        shop.plugin(name, "int help(void); __thread char room[16] = {1};\n"
                    "int plugin_number(void) { return help() + room[0]; }", "-ftls-model=" + model,
                    "-Wl,-rpath,$ORIGIN", link=["./libhelp.so.1"], pack=("--bundle=libhelp.so.1",))
    answer = shop.ask("host", "load=half.plugin")
    cases.refused("no static TLS for late comers", answer, ["static-tls"],
                  "which this loader gives to nothing that is loaded later")
    answer = shop.ask("host", "load=whole.plugin", "call=whole:plugin_number", "unload=whole")
    cases.loads("a plugin with a library", answer)
    cases.expect("it works", answer.one("call") == "plugin_number 4", answer)
    cases.expect("it stays, and that is said",
                 "stays-mapped" in [code for code, _, _ in answer.findings()], answer)


def half_way(shop, cases):
    """A library of the plugin is mapped, and then its own code is not: what the plan cannot see."""
    shop.write("help.c", "int help(void) { return 3; }")
    shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,libhelp.so.1", "help.c", "-o", "libhelp.so.1")
    if shop.musl:
        return half_way_musl(shop, cases)
    code = ("int help(void); __thread char room[16] __attribute__((aligned(%d))) = {1};\n"
            "int plugin_number(void) { return help() + room[0]; }")
    for name, size in (("half", 4096), ("whole", 16)):
        shop.plugin(name, code % size, "-ftls-model=initial-exec", "-Wl,-rpath,$ORIGIN",
                    link=["./libhelp.so.1"], pack=("--bundle=libhelp.so.1",))
    answer = shop.ask("host", "events", "load=half.plugin", "units")
    cases.expect("the loader says no half way", answer.codes() == ["loader"] and
                 "static TLS" in answer.messages() and
                 answer.all("event").count("linking half") == 2, answer)
    cases.expect("what was mapped is gone", answer.one("state") == "same" and not
                 any("libhelp" in row for row in answer.all("unit")), answer)
    answer = shop.ask("host", "load=whole.plugin", "call=whole:plugin_number", "units",
                      "unload=whole", "units")
    cases.loads("a plugin with a library", answer)
    cases.expect("it works", answer.one("call") == "plugin_number 4", answer)
    cases.expect("the library is its own while it is there",
                 [row for row in answer.all("unit") if row.startswith("libhelp")] ==
                 ["libhelp.so.1 provided initialised whole"], answer)


def hosts_that_do_not_start(shop, cases):
    shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,libaway.so.1", "help.c", "-o", "libaway.so.1")
    shop.write("away.c", "int help(void); int main(void) { return help(); }")
    shop.tenon("link", "--", "gcc", "away.c", "./libaway.so.1", "-o", "away")
    os.unlink(shop.path("libaway.so.1"))
    status, result = shop.check("away", "sound.plugin")
    cases.expect("a host that would not start", status == 1 and
                 "it needs libaway.so.1, which is not found" in result["reasons"][0]["message"] and
                 result["reasons"][0]["plugin"] is None, result)


def again(shop, cases):
    answer = shop.ask("host", "load=sound.plugin", "load=sound.plugin", "unload=sound",
                      "load=sound.plugin", "call=sound:plugin_number")
    cases.expect("loading again does nothing and succeeds",
                 answer.all("plugin") == ["sound loaded", "sound already-loaded", "sound unloaded",
                                          "sound loaded"] and
                 answer.all("answer") == ["yes"] * 4, answer)
    cases.expect("it works", answer.one("call") == "plugin_number 1", answer)
    answer = shop.ask("host", "load=nowhere")
    cases.refused("a name that is not found", answer, ["not-found"])
    os.mkdir(shop.path("one")), os.mkdir(shop.path("more"))
    shutil.copy(shop.path("sound.plugin"), shop.path("one"))
    shutil.copy(shop.path("agrees.plugin"), shop.path("more", "sound.plugin"))
    shutil.copy(shop.path("agrees.plugin"), shop.path("more", "agrees.plugin"))
    answer = shop.ask("host", "dir=one", "dir=more", "load=sound", "list")
    cases.expect("the first directory counts", answer.one("answer") == "yes" and "shadowed" in
                 [code for code, _, _ in answer.findings()], answer)
    answer = shop.ask("host", "ambiguous", "dir=one", "dir=more", "load=sound")
    cases.refused("or both are refused", answer, ["ambiguous"])
    # a directory that keeps its files from us is no empty one
    os.symlink("loop", shop.path("loop"))
    answer = shop.ask("host", "dir=loop", "load=sound")
    cases.refused("a directory that cannot be searched", answer, ["not-found"],
                  "directory loop cannot be searched for plugin \"sound\"")
    answer = shop.ask("host", "dir=loop", "dir=one", "load=sound", "list")
    cases.expect("is told when the next one has it", answer.one("answer") == "yes" and
                 [code for code, _, _ in answer.findings()].count("not-found") == 2 and
                 answer.all("listed") != [], answer)
    answer = shop.ask("host", "load=agrees", "call=agrees:plugin_number",
                      env={"TENON_PLUGIN_PATH": "nowhere:" + shop.path("more")})
    cases.loads("TENON_PLUGIN_PATH", answer)


def main():
    cases = Cases()
    with Workshop() as shop:
        missing(shop, cases)
        unlike(shop, cases)
        version(shop, cases)
        systems(shop, cases)
        static_tls(shop, cases)
        executable_stack(shop, cases)
        own_libraries(shop, cases)
        overridden(shop, cases)
        order(shop, cases)
        order_by_symbol(shop, cases)
        each_on_its_own(shop, cases)
        each_in_any_order(shop, cases)
        static_tls_each(shop, cases)
        cycle(shop, cases)
        starting(shop, cases)
        half_way(shop, cases)
        hosts_that_do_not_start(shop, cases)
        again(shop, cases)
        shop.again(cases)
    cases.finish()


if __name__ == "__main__":
    main()
