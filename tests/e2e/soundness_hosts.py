#!/usr/bin/env python3
"""Kinds of hosts, threads, many plugins, others that load things meanwhile."""

import os
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import (BUILD, CONSTRUCTOR, COUNTER, HOST_COUNTS, SANITIZED, SOURCE,  # noqa: E402
                     USES_COUNTER, Cases, Workshop)
from report import wants_all  # noqa: E402

MANY = 200 if wants_all() else 60


def kinds(shop, cases):
    archive = shop.archive("counter", {"counter": COUNTER})
    shop.plugin("twice", USES_COUNTER + CONSTRUCTOR, link=[archive])
    shop.plugin("sound", "int plugin_number(void) { return 21; }")
    words = ("unit counter/counter is already in the host program (libcounter.a member "
             "counter.o)",)
    for name, flags, how in (("lto", ("-flto",), {}), ("gc", ("-Wl,--gc-sections",), {}),
                             ("static_pie_no", ("-no-pie",), {}),
                             ("embeds", (), {"static_tenon": True})):
        shop.host(name, HOST_COUNTS, *flags, link=[archive], **how)
        answer = shop.ask(name, "load=twice.plugin")
        cases.refused("host " + name, answer, answer.codes(), *words)
        answer = shop.ask(name, "load=sound.plugin", "call=sound:plugin_number")
        cases.loads("host " + name, answer)
    # no record
    shop.host("unrecorded", HOST_COUNTS, link=["counter.o"], record=False)
    answer = shop.ask("unrecorded", "load=sound.plugin")
    cases.refused("a host without record", answer, ["no-record"], "tenon link -- cc", "--weak")
    answer = shop.ask("unrecorded", "weak", "load=sound.plugin", "call=sound:plugin_number")
    cases.loads("the weaker answer", answer)
    answer = shop.ask("unrecorded", "weak", "load=twice.plugin")
    cases.refused("the weaker answer", answer, answer.codes(),
                  "unit counter/counter is already in the host program, whose symbols cover it")
    status, result = shop.check("unrecorded", "sound.plugin")
    cases.expect("check says so", status == 1 and result["record"] == "none" and
                 result["reasons"][0]["code"] == "no-record", result)
    done = shop.tenon("check", "--weak", "unrecorded", "sound.plugin")
    cases.expect("check --weak", "loads" in done.stdout, done.stdout)
    cases.expect("nor is any plugin planned", result["bundles"][0]["state"] == "refused" and
                 shop.ask("unrecorded", "load=sound.plugin").all("plugin") == ["sound refused"],
                 result)
    done = shop.tenon("check", "--json", "--each", "unrecorded", "sound.plugin", good=False)
    cases.expect("nor any step", '"plan":[]' in done.stdout, done.stdout)
    # a plugin without: what it hides is anybody's guess, and that is said
    shop.host("recorded", HOST_COUNTS, link=[archive])
    shop.run("ar", "rcs", "libguess.a", "counter.o")
    shop.plugin("guess", USES_COUNTER, "-Wl,--exclude-libs,ALL", link=["libguess.a"], strip=True,
                record=False)
    answer = shop.ask("recorded", "load=guess.plugin")
    cases.loads("a plugin without record", answer)
    cases.expect("it is said", ("no-record", False) in
                 [(code, refuses) for code, refuses, _ in answer.findings()] and
                 'plugin "guess" has no record of its units' in answer.messages(), answer)
    answer = shop.ask("recorded", "load=sound.plugin")
    cases.expect("of one with a record nothing is", not answer.findings(), answer)
    hides(shop, cases, archive)
    # static programs have no loader
    shop.write("static.c", "int main(void) { return 0; }")
    shop.tenon("link", "--", "gcc", "-static", "static.c", "-o", "static")
    status, result = shop.check("static", "sound.plugin")
    cases.expect("a static host", status == 1 and
                 [row["code"] for row in result["reasons"]] == ["static-host"], result)
    status, result = shop.check("nowhere", "sound.plugin")
    cases.expect("a host that is not there", status == 3 and result["status"] == "error", result)


def compiled(shop, output, code, *words):
    """Compiled with a record, linked without the launcher, stripped or not."""
    source = shop.write(output + ".c", code)
    shop.tenon("cc", "--", "gcc", "-O1", "-fPIC", "-c", source, "-o", output + ".o")
    shop.run("gcc", output + ".o", *words, "-o", output)


def hides(shop, cases, archive):
    """Only some of it is recorded, and the symbols of the rest were taken away."""
    said = [("no-record", False)]
    shop.write("number.map", "{ global: plugin_number; local: *; };")
    shop.run("ar", "rcs", "libplain.a", "counter.o")
    shop.plugin("copy", USES_COUNTER, "-Wl,--version-script=number.map", link=[archive])
    tenon = ("driver.o", "libplain.a", "-L" + BUILD, "-ltenon", "-Wl,-rpath," + BUILD, "-lpthread")
    for name, flags in (("open", ()), ("hides", ("-s",))):
        compiled(shop, name, HOST_COUNTS, *flags, *tenon)
    answer = shop.ask("open", "load=copy.plugin")
    cases.refused("what is not recorded is among its symbols", answer, answer.codes(),
                  "counter/counter")
    for plugin in ("copy.plugin", "sound.plugin"):
        answer = shop.ask("hides", "load=" + plugin)
        cases.loads("a stripped host with half a record: " + plugin, answer)
        cases.expect("it is said", [row[:2] for row in answer.findings()] == said and
                     "the record of the host program may leave something out, and its symbols were "
                     "stripped" in answer.messages(), answer)
    status, result = shop.check("hides", "copy.plugin")
    cases.expect("check says so", status == 0 and
                 [row["code"] for row in result["harmless"]] == ["no-record"], result)
    compiled(shop, "half.so", USES_COUNTER, "libplain.a", "-shared", "-s",
             "-Wl,--version-script=number.map")
    shop.pack("half")
    for turn, settles in (("first", 0), ("proven", 2.1), ("from the index", 0)):
        time.sleep(settles)  # what changed moments ago is not noted
        answer = shop.ask("recorded", "load=half.plugin")
        cases.loads("a stripped plugin with half a record, " + turn, answer)
        cases.expect("it is said, " + turn, [row[:2] for row in answer.findings()] == said and
                     'the record of plugin "half" may leave something out' in answer.messages(),
                     answer)


def others(shop, cases):
    """Somebody else loads a library between plan and load, before it, and after it."""
    shop.write("part.c", COUNTER)
    shop.run("gcc", "-shared", "-fPIC", "part.c", "-o", "libpart.so")
    part = shop.path("libpart.so")
    shop.host("bare", "int host_number(void) { return 1; }")
    answer = shop.ask("bare", "dlopen=" + part, "load=twice.plugin")
    cases.refused("what others loaded before counts", answer, answer.codes(), "libpart.so, whose "
                  "symbols cover it")
    answer = shop.ask("bare", "meddle=" + part, "load=twice.plugin")
    cases.expect("what others load meanwhile counts: the plan is made again",
                 answer.one("meddle") == "1" and answer.one("answer") == "no" and
                 set(answer.codes()) <= {"double", "clash"} and
                 not any("twice" in row for row in answer.all("new")), answer)
    answer = shop.ask("bare", "meddle=" + part, "load=sound.plugin", "call=sound:plugin_number")
    cases.loads("or made again, and carried out", answer)
    # its symbols are there for plugins when it was opened for everybody
    shop.plugin("leans", USES_COUNTER)
    answer = shop.ask("bare", "global=" + part, "load=leans.plugin", "call=leans:plugin_number")
    cases.loads("opened by others with RTLD_GLOBAL", answer)
    cases.expect("it works", answer.one("call") == "plugin_number 1", answer)
    answer = shop.ask("bare", "global=" + part, "plan=leans.plugin", "dlclose", "mapped=" + part,
                      "load=leans.plugin")
    cases.expect("a plan keeps nothing of others where it is",
                 answer.one("mapped") == ("1" if shop.musl else "0") and
                 answer.all("answer") == ["yes", "yes" if shop.musl else "no"], answer)
    apart(shop, cases)
    answer = shop.ask("bare", "dlopen=" + part, "load=leans.plugin")
    cases.refused("opened by others for themselves", answer, ["missing-symbol"],
                  "libpart.so defines it, but keeps it to itself")
    answer = shop.ask("bare", "load=sound.plugin", "dlopen=" + part, "load=twice.plugin", "units")
    cases.expect("between two requests", answer.all("answer") == ["yes", "no"], answer)


def apart(shop, cases):
    """A host that somebody opened with RTLD_LOCAL: what came with it serves nobody else."""
    shop.run("gcc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-I", os.path.join(SOURCE, "include"),
             os.path.join(SOURCE, "tests", "e2e", "driver.c"), "-o", "inner.so", "-Wl,--no-as-needed",
             shop.path("libpart.so"), "-L" + BUILD, "-ltenon", "-Wl,-rpath," + BUILD, "-lpthread")
    outer = shop.write("outer.c", """
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    void *inner = dlopen("./inner.so", RTLD_NOW | RTLD_LOCAL);
    int (*run)(int, char **) = inner ? (int (*)(int, char **))dlsym(inner, "main") : NULL;
    if (!run)
        puts(dlerror());
    return run ? run(argc, argv) : 3;
}
""")
    shop.tenon("link", "--", "gcc", outer, "-ldl", "-o", "outer")
    answer = shop.ask("outer", "load=leans.plugin")
    cases.refused("what came with a host that was opened apart", answer, ["missing-symbol"],
                  "libpart.so defines it, but keeps it to itself")


def anew(shop, cases):
    """The host replaces a module of its own, and opens it anew: mostly at its old address."""
    if shop.musl:  # which keeps the old one
        return
    shop.host("swaps", "int host_number(void) { return 1; }")
    shop.write("old.c", "int module(void) { static int n; return n++; }")
    shop.write("new.c", "int counter_next(void); int module(void) { return counter_next(); }")
    for build_id in ("sha1", "none"):
        module = shop.path("module-" + build_id + ".so")
        for name, more in (("old", ()), ("new", ("counter.o",))):
            shop.tenon("link", "--", "gcc", "-shared", "-fPIC", "-Wl,--build-id=" + build_id,
                       name + ".c", *more, "-o", name + ".so")
        swap = ["dlopen=" + module, "load=sound.plugin", "unload=sound", "dlclose",
                "exec=rm $MODULE; cp new.so $MODULE", "dlopen=" + module]
        for what, answers, codes in (("sound", ["yes"] * 3, set()),
                                     ("twice", ["yes", "yes", "no"], {"clash", "double"})):
            shutil.copy(shop.path("old.so"), module)
            answer = shop.ask("swaps", *swap, "load=%s.plugin" % what, env={"MODULE": module})
            cases.expect("a module that the host opens anew, build id %s, beside %s" %
                         (build_id, what), answer.all("answer") == answers and
                         set(answer.codes()) <= codes and answer.one("dlclose") == "1", answer)


def many(shop, cases):
    names = ["many%03d" % i for i in range(MANY)]
    for name in names:
        shop.write(name + ".c", "static int n; int %s_next(void) { return ++n; }\n"
                   "int plugin_number(void) { return %s_next(); }" % (name, name))
    script = shop.write("build.sh", "for name in %s; do\n"
                        "    gcc -shared -fPIC -O0 $name.c -o $name.so\n"
                        "done\n" % " ".join(names))
    shop.run("sh", script)
    for name in names:
        shop.pack(name, "--bundle=none")
    bundles = ",".join(name + ".plugin" for name in names)
    answer = shop.ask("bare", "load=" + bundles, "call=many007:plugin_number",
                      "call=%s:plugin_number" % names[-1])
    cases.loads("%d plugins at once" % MANY, answer)
    cases.expect("all are loaded", len([row for row in answer.all("plugin") if
                                        row.endswith(" loaded")]) == MANY, answer)
    cases.expect("each its own", answer.all("call") == ["plugin_number 1"] * 2, answer)
    answer = shop.ask("bare", "threads=" + ",".join(name + ".plugin" for name in names[:40]),
                      "plugins")
    cases.expect("from 80 threads at once", answer.one("threads") == "80 of 80", answer)
    cases.expect("each is loaded once", sorted(answer.all("has")) == names[:40], answer)
    # a request with one bad plugin takes back all that it loaded
    for name in ("fails", "zz_fails"):
        shop.plugin(name, "int tenon_plugin_start(void *a, int b, char **c)\n"
                    "{ (void)a; (void)b; (void)c; return 1; }")
    answer = shop.ask("bare", "load=" + bundles + ",zfails.plugin,fails.plugin")
    cases.refused("a plugin that is not there among many", answer, answer.codes())
    answer = shop.ask("bare", "events",
                      "load=%s,zz_fails.plugin" % ",".join(bundles.split(",")[:40]), "plugins")
    cases.expect("one that fails to start, after forty", answer.one("answer") == "no" and
                 answer.codes() == ["start"] and "returned 1" in answer.messages(), answer)
    # what musl's loader has mapped it never unmaps
    cases.expect("the process is as it was, or the answer says what stays",
                 answer.one("state") == ("changed" if shop.musl else "same") and
                 ("stays-mapped" in [code for code, _, _ in answer.findings()]) == shop.musl, answer)
    cases.expect("they were there, and none is left", not answer.all("has") and
                 len([row for row in answer.all("event") if row.startswith("loaded ")]) == 40,
                 answer)


CHANGES = """
#include <stdlib.h>
__attribute__((constructor)) static void change(void)
{
    if (getenv("CHANGE_SET"))
        setenv("LD_LIBRARY_PATH", getenv("CHANGE_SET"), 1);
    if (getenv("CHANGE_UNSET"))
        unsetenv("LD_LIBRARY_PATH");
}
int host_number(void) { return 0; }
"""


def environment(shop, cases):
    """A loader takes its variables when the program starts, and so do we."""
    os.mkdir(shop.path("elsewhere"))
    shop.write("extra.c", "int extra(void) { return 40; }")
    shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,libextra.so", "extra.c", "-o",
             "elsewhere/libextra.so")
    shop.plugin("asks", "int extra(void); int plugin_number(void) { return extra() + 2; }",
                link=[shop.path("elsewhere", "libextra.so")], pack=("--bundle=none",))
    shop.host("changes", CHANGES)
    place = shop.path("elsewhere")
    for change in ({}, {"CHANGE_UNSET": "1"}, {"CHANGE_SET": "/nowhere"}):
        answer = shop.ask("changes", "load=asks.plugin", "call=asks:plugin_number",
                          env={"LD_LIBRARY_PATH": place, **change})
        cases.loads("LD_LIBRARY_PATH at the start, then %s" % change, answer)
    answer = shop.ask("changes", "load=asks.plugin", env={"CHANGE_SET": place})
    cases.refused("LD_LIBRARY_PATH set later", answer, ["missing-library", "missing-symbol"],
                  "libextra.so, which is not found")


MOVES = """
#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void move(void)
{
    if (getenv("MOVE_TO") && chdir(getenv("MOVE_TO")) != 0)
        abort();
    if (getenv("MOVE_BY") && system(getenv("MOVE_BY")) != 0)
        abort();
}
int host_number(void) { return 0; }
"""


def elsewhere(shop, cases):
    """Relative directories are of the place where the process is; a program that is no more."""
    for place, number in (("libs", 40), ("away/libs", 90)):
        os.makedirs(shop.path(place))
        shop.write("near.c", "int near(void) { return %d; }" % number)
        shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,libnear.so", "near.c", "-o",
                 place + "/libnear.so")
    shop.plugin("near_by", "int near(void); int plugin_number(void) { return near(); }",
                link=["libs/libnear.so"], pack=("--bundle=none",))
    shop.host("by_variable", MOVES)
    shop.host("by_path", MOVES, "-Wl,-rpath,libs", "-Wl,--disable-new-dtags")
    words = ("load=" + shop.path("near_by.plugin"), "call=near_by:plugin_number")
    for host, env in (("by_variable", {"LD_LIBRARY_PATH": "libs"}), ("by_path", {"MOVE_BY": "true"})):
        answer = shop.ask(host, *words, env=env)
        cases.loads("a relative directory, %s" % host, answer)
        cases.expect("of the start", answer.one("call") == "plugin_number 40", answer)
        answer = shop.ask(host, *words, env={**env, "MOVE_TO": "away"})
        cases.loads("after chdir(), %s" % host, answer)
        cases.expect("of where it is", answer.one("call") == "plugin_number 90", answer)
        answer = shop.ask(host, *words, env={**env, "MOVE_TO": "/"})
        cases.refused("where there is none, %s" % host, answer,
                      ["missing-library", "missing-symbol"], "tried libs/libnear.so (dir-missing)")
    os.rename(shop.path("libs"), shop.path("lib0"))
    answer = shop.ask("by_variable", *words, env={"LD_LIBRARY_PATH": "libs", "MOVE_TO": "away"})
    cases.loads("one that was not there at the start", answer)
    for name, how in (("removed", "rm leaves"), ("replaced", "cp by_path new && mv new leaves")):
        shop.run("cp", "by_path", "leaves")
        answer = shop.ask("leaves", *words, env={"MOVE_BY": how})
        cases.refused("a program that was " + name, answer, ["refused-library"],
                      "the process cannot be judged: ", "leaves (deleted)")


NAMESPACE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    void *host = dlmopen(LM_ID_NEWLM, "./libhosted.so", RTLD_NOW);
    int (*run)(int, char **) = host ? (int (*)(int, char **))dlsym(host, "run_host") : NULL;
    if (!run)
        puts(dlerror());
    return run ? run(argc, argv) : 1;
}
"""


def started_by_the_loader(shop, cases):
    """The loader was asked to start the program: then the kernel knows the loader alone."""
    archive = shop.archive("counter", {"counter": COUNTER})
    shop.plugin("twice", USES_COUNTER + CONSTRUCTOR, link=[archive])
    shop.plugin("sound", "int plugin_number(void) { return 21; }")
    for name, flags in (("with_id", ("-Wl,--build-id",)), ("no_id", ("-Wl,--build-id=none",))):
        shop.host(name, HOST_COUNTS, *flags, link=["counter.o"], record=False)
        headers = shop.run("readelf", "-lW", name).stdout
        loader = re.search(r"interpreter: (.*)\]", headers).group(1)
        answer = shop.ask(name, "weak", "load=twice.plugin")
        again = shop.ask(loader, shop.path(name), "weak", "load=twice.plugin")
        cases.expect(name + ": the same answer", again.messages() == answer.messages() and
                     again.codes() == answer.codes() != [], "%s\n%s" % (answer, again))
        answer = shop.ask(loader, shop.path(name), "weak", "load=sound.plugin",
                          "call=sound:plugin_number")
        cases.loads(name + ": another plugin", answer)
    if shop.musl:
        return
    if SANITIZED:
        return  # the sanitizer starts in no second namespace
    driver = os.path.join(SOURCE, "tests", "e2e", "driver.c")
    shop.write("base.c", NAMESPACE)
    shop.run("gcc", "base.c", "-o", "base", "-ldl")
    shop.run("gcc", "-shared", "-fPIC", "-Dmain=run_host", "-D_GNU_SOURCE", "-I",
             os.path.join(SOURCE, "include"), driver, "-o", "libhosted.so", "-L" + BUILD, "-ltenon",
             "-Wl,-rpath," + BUILD)
    answer = shop.ask("base", "weak", "load=sound.plugin")
    cases.expect("a namespace of its own", answer.status != 0 and "namespace" in
                 answer.out + answer.err, answer)


def one_name(shop, cases):
    """Two projects with a libutil.a that has a log.o, of which neither knows the other's."""
    host = "int first_log(void); int host_number(void) { return first_log(); }"
    plugin = "int second_log(void); int plugin_number(void) { return second_log(); }"
    shop.host("logs", host, link=[shop.archive("util", {
        "log": "static int n; int first_log(void) { return ++n; } int first_level(void) { return n; }"})])
    second = "static long m[9]; int second_log(void) { return (int)++m[1]; }"
    archive = shop.archive("util", {"log": second})
    shop.plugin("logs_too", plugin, link=[archive], pack=("--bundle=none",))
    answer = shop.ask("logs", "load=logs_too.plugin")
    cases.refused("two things of one name", answer, ["conflict"], "unit util/log is already in the "
                  "host program (libutil.a member log.o)", "they define nothing in common",
                  "--unit-prefix (or TENON_PROJECT)")
    shop.run("ar", "rcs", "libraw.a", "log.o")
    os.rename(shop.path("libraw.a"), shop.path("libutil.a"))
    link = ("gcc", "-shared", "-fPIC", "-o", "logs_apart.so", "logs_too.c", "libutil.a")
    for words in (("tenon", "link", "--unit-prefix=second", "--"), ("project", "link", "--")):
        if words[0] == "project":
            shop.env["TENON_PROJECT"] = "second"
        shop.tenon(*words[1:], *link)
        shop.env.pop("TENON_PROJECT", None)
        shop.pack("logs_apart", "--bundle=none")
        answer = shop.ask("logs", "load=logs_apart.plugin", "call=logs_apart:plugin_number")
        cases.loads("with a prefix of its own, by " + words[0], answer)
    shop.tenon("wrap", "--unit-prefix=second", "libutil.a")
    shop.tenon("link", "--", *link)
    shop.pack("logs_apart", "--bundle=none")
    answer = shop.ask("logs", "load=logs_apart.plugin", "call=logs_apart:plugin_number")
    cases.loads("wrapped with a prefix of its own", answer)


UNSEEN = "what the records of plugin \"%s\" and of %s leave out is not compared"


def left_out(shop, cases):
    """Records that leave something out, on both sides: whether it is the same nobody can tell."""
    for name in ("one", "two"):
        shop.write(name + ".c", COUNTER)
        shop.run("gcc", "-O2", "-fPIC", "-flto", "-c", name + ".c", "-o", name + ".o")
    shop.host("knows_all", "int host_number(void) { return 0; }")
    shop.host("knows_some", HOST_COUNTS, "-O2", "-flto", link=["one.o"])
    for name in ("some", "more"):
        shop.plugin(name, USES_COUNTER, "-O2", "-flto", "-fvisibility=hidden", link=["two.o"],
                    strip=True)
    answer = shop.ask("knows_some", "load=some.plugin")
    cases.loads("two partial records", answer)
    gone = 'the record of plugin "some" leaves something out, and its symbols were stripped'
    cases.expect("it is told", [row[:2] for row in answer.findings()] == [("no-record", False)] * 2 and
                 UNSEEN % ("some", "the host program") in answer.messages() and
                 gone in answer.messages(), answer)
    answer = shop.ask("knows_all", "load=some.plugin")
    cases.loads("one partial record", answer)
    cases.expect("only that it is stripped is told", [row[:2] for row in answer.findings()] ==
                 [("no-record", False)] and gone in answer.messages(), answer)
    shop.plugin("whole", USES_COUNTER, "-O2", "-flto", "-fvisibility=hidden", link=["two.o"])
    answer = shop.ask("knows_all", "load=whole.plugin")
    cases.loads("one partial record, with all symbols", answer)
    cases.expect("there is nothing to tell", not answer.findings(), answer)
    for words in (("load=some.plugin,more.plugin",), ("load=some.plugin", "load=more.plugin")):
        answer = shop.ask("knows_all", *words)
        cases.expect("partial records of two plugins", any(
            UNSEEN % pair in answer.messages() for pair in (("some", 'plugin "more"'),
                                                            ("more", 'plugin "some"'))), answer)


def nothing_said(shop, cases):
    """Two plugins that hide the same, stripped and without record: what is not known is said."""
    shop.write("only.map", "{ global: plugin_number; local: *; };")
    for name, more in (("mute_a", ""), ("mute_b", "int more(void) { return 1; }"), ("mute_c", "")):
        shop.plugin(name, COUNTER + USES_COUNTER + more, "-Wl,--version-script=only.map", strip=True,
                    record=False)
    answer = shop.ask("knows_all", "load=mute_a.plugin,mute_c.plugin")
    cases.refused("two of one build", answer, ["other-copy"], "it is the same build")
    answer = shop.ask("knows_all", "load=mute_a.plugin,mute_b.plugin")
    cases.loads("two plugins that say nothing", answer)
    cases.expect("of each it is told", all(
        'plugin "%s" has no record of its units: copies that it hides may not be seen' % name in
        answer.messages() for name in ("mute_a", "mute_b")), answer)


def main():
    cases = Cases()
    with Workshop() as shop:
        environment(shop, cases)
        elsewhere(shop, cases)
        one_name(shop, cases)
        left_out(shop, cases)
        nothing_said(shop, cases)
        kinds(shop, cases)
        started_by_the_loader(shop, cases)
        others(shop, cases)
        anew(shop, cases)
        many(shop, cases)
        shop.again(cases)
    cases.finish()


if __name__ == "__main__":
    main()
