#!/usr/bin/env python3
"""Plugins that were stopped, or failed, and stay mapped: they come again, and others meet them."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon  # noqa: E402
from plugins import (BUILD, COUNTER, SANITIZED, SOURCE, USES_COUNTER, Cases,  # noqa: E402
                     Workshop)

STAYS = "-Wl,-z,nodelete"

# Its constructor opens an object that nobody has asked for.
OPENS = """
#include <dlfcn.h>
int keep(void);
static void *opened;
__attribute__((constructor)) static void in(void) { opened = dlopen("%s", RTLD_NOW); }
__attribute__((destructor)) static void out(void) { if (opened) dlclose(opened); }
int opens(void) { return opened && keep(); }
"""


def known(shop, *bundles):
    """What changed moments ago is not noted: so that all is proven from here on."""
    time.sleep(2.1)
    for bundle in bundles:
        shop.ask("host", "load=" + bundle)


def unseen(shop, cases):
    """One object that is there still does not hide that another one came."""
    shop.write("keep.c", "int keep(void) { return 5; }")
    shop.tenon("link", "--", "gcc", "-shared", "-fPIC", STAYS, "keep.c", "-o", "libkeep.so")
    shop.write("counts.c", COUNTER)
    shop.run("gcc", "-shared", "-fPIC", "counts.c", "-o", "libcounts.so")
    shop.plugin("opens", OPENS % shop.path("libcounts.so"), "-Wl,-rpath,$ORIGIN",
                link=["-L.", "-lkeep", "-ldl"], pack=("--bundle=libkeep.so", "-L", "."))
    shop.plugin("counting", USES_COUNTER, link=["counter.o"])
    answer = shop.ask("host", "load=opens.plugin", "load=counting.plugin", "plugins")
    cases.expect("beside what a constructor opened", answer.all("has") == ["opens"] and
                 set(answer.codes()) <= {"clash", "double"}, answer)
    known(shop, "opens.plugin", "counting.plugin")
    answer = shop.ask("host", "load=opens.plugin", "unload=opens", "load=opens.plugin", "units",
                      "load=counting.plugin", "plugins")
    cases.expect("and when that plugin comes again", answer.all("has") == ["opens"] and
                 set(answer.codes()) <= {"clash", "double"} and
                 answer.all("answer") == ["yes", "yes", "yes", "no"], answer)
    listed = [row.split()[0] for row in answer.all("unit")]
    cases.expect("nothing is listed twice", listed.count("keep") == 1, answer)


# What it offers works while it is up.
BASE = """
static int up;
int %(name)s_api(void) { return up; }
int tenon_plugin_start(void *self, int argc, char **argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    up = 1;
    return %(status)d;
}
void tenon_plugin_stop(void *self) { (void)self; up = 0; }
"""
USER = """
int %(name)s_api(void);
int number = -1;
int tenon_plugin_start(void *self, int argc, char **argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    number = %(name)s_api();
    return 0;
}
int %(name)s_user(void) { return number; }
"""


def base(shop, name, *flags, status=0, **more):
    shop.plugin(name, BASE % {"name": name, "status": status}, STAYS, *flags, **more)


def stopped(shop, cases):
    """Who requires a unit of a plugin, or names its code."""
    base(shop, "base")
    shop.plugin("user", USER % {"name": "base"},
                pack=("--bundle=none", "--requires", "base=base.so"))
    base(shop, "named", "-Wl,-soname,libnamed.so")
    os.symlink("named.so", shop.path("libnamed.so"))
    shop.plugin("namer", USER % {"name": "named"}, link=["-L.", "-lnamed"],
                pack=("--bundle=none",))
    base(shop, "failing", status=1)
    shop.plugin("leaning", USER % {"name": "failing"},
                pack=("--bundle=none", "--requires", "failing=failing.so"))
    rows = [("base", "user", "missing-unit")]
    if not shop.musl:  # where no plugin can name another one's code
        rows.append(("named", "namer", "missing-library"))
    for name, user, code in rows:
        one, other = name + ".plugin", user + ".plugin"
        call = "call=%s:%s_user" % (user, name)
        answer = shop.ask("host", "load=" + one, "unload=" + name, "load=" + other, "plugins")
        cases.expect(name + ": stopped, it is nothing to stand on", answer.codes() == [code] and
                     answer.all("answer") == ["yes", "yes", "no"] and not answer.all("has"), answer)
        cases.expect("which is said", 'which only plugin "%s" has' % name in answer.messages(),
                     answer)
        answer = shop.ask("host", "load=" + one, "unload=" + name, "load=" + one, "load=" + other,
                          call, "unload=" + name)
        cases.expect(name + ": loaded again, it is", answer.codes() == ["in-use"] and
                     answer.all("answer") == ["yes", "yes", "yes", "yes", "no"] and
                     answer.one("call") == name + "_user 1", answer)
        for each in ((), ("each",)):
            answer = shop.ask("host", *each, "load=" + one, "unload=" + name,
                              "load=%s,%s" % (other, one), call, "unload=" + name, "plugins")
            cases.expect(name + ": or when it comes with it", answer.codes() == ["in-use"] and
                         answer.all("has") == [name, user] and
                         answer.one("call") == name + "_user 1", answer)
    answer = shop.ask("host", "load=failing.plugin", "load=leaning.plugin", "plugins")
    cases.expect("nor is one that failed", answer.codes() == ["missing-unit", "start"] and
                 not answer.all("has"), answer)


def library(shop, cases):
    """A library of its bundle that stays when it goes."""
    shop.write("part.c", "int part(void) { return 3; }")
    shop.tenon("link", "--", "gcc", "-shared", "-fPIC", STAYS, "-Wl,-soname,libpart.so", "part.c",
               "-o", "libpart.so")
    for name in ("whole", "other"):
        shop.plugin(name, "int part(void); int %s_part(void) { return part(); }" % name,
                    "-Wl,-rpath,$ORIGIN", link=["-L.", "-lpart"],
                    pack=("--bundle=libpart.so", "-L", "."))
    shop.plugin("piece", "int part(void); int pieces(void) { return part(); }",
                link=["-L.", "-lpart"], pack=("--bundle=none",))
    answer = shop.ask("host", "load=whole.plugin", "unload=whole", "load=piece.plugin")
    cases.expect("a library of a plugin that is not up", answer.codes() == ["missing-library"] and
                 answer.one("answer") == "no", answer)
    for name in ("whole", "other"):
        answer = shop.ask("host", "load=whole.plugin", "unload=whole", "load=%s.plugin" % name,
                          "load=piece.plugin", "call=piece:pieces", "unload=" + name,
                          "unload=piece", "unload=" + name, "load=piece.plugin", "plugins")
        cases.expect("is that of %s, which brings the same" % name,
                     answer.codes() == ["in-use", "missing-library"] and
                     answer.all("answer") == ["yes"] * 4 + ["no", "yes", "yes", "no"] and
                     answer.one("call") == "pieces 3" and not answer.all("has"), answer)
        answer = shop.ask("host", "load=whole.plugin", "unload=whole",
                          "load=piece.plugin,%s.plugin" % name, "plugins")
        cases.expect("also in one request", answer.all("has") == [name, "piece"], answer)


# Loads by one registry of the process, then by another one; unloads; frees the first one.
TWO = """
#include <stdio.h>
#include <tenon/tenon.h>
static void say(const char *what, tenon_report *report)
{
    const tenon_finding *finding = tenon_report_finding(report, 0);
    printf("%s %d %s\\n", what, tenon_report_ok(report),
           finding ? tenon_finding_name(finding->kind) : "-");
    tenon_report_free(report);
}
int main(int argc, char **argv)
{
    const tenon_request request = { argv[argc - 1], 0, NULL };
    tenon_process *first = tenon_process_new(NULL), *second = tenon_process_new(NULL);
    say("first", tenon_load(first, &request, 1, 0, NULL));
    say("second", tenon_load(second, &request, 1, 0, NULL));
    say("unload", tenon_unload(first, "plain", NULL));
    say("second", tenon_load(second, &request, 1, 0, NULL));
    tenon_process_free(second);
    say("first", tenon_load(first, &request, 1, 0, NULL));
    tenon_process_free(first);
}
"""


def two(shop, cases):
    """What another tenon_process has loaded is not started once more."""
    shop.plugin("plain", "int plain(void) { return 1; }")
    shop.write("two.c", TWO)
    shop.tenon("link", "--", "gcc", "two.c", "-I" + os.path.join(SOURCE, "include"), "-L" + BUILD,
               "-ltenon", "-Wl,-rpath," + BUILD, "-o", "two")
    done = subprocess.run([shop.path("two"), "./plain.plugin"], cwd=shop.dir,
                          env={**shop.env, **SANITIZED}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300)
    last = "1 -" if not shop.musl else "0 double"  # where nothing says that it was stopped
    cases.expect("two registries of one program", done.stdout.splitlines() == [
        "first 1 -", "second 0 double", "unload 1 " + ("stays-mapped" if shop.musl else "-"),
        "second " + last, "first " + ("0 double" if not shop.musl else "1 -")], done.stdout)


def pruned(shop, cases):
    """Code that is taken from below a program that has it loaded."""
    shop.write("shared.c", "int shared(void) { static int n; return ++n; }")
    shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,libshared.so", "shared.c", "-o",
             "libshared.so")
    shop.plugin("carries", "int shared(void); int carries(void) { return shared(); }",
                "-Wl,-rpath,$ORIGIN", link=["-L.", "-lshared"],
                pack=("--bundle=libshared.so", "-L", "."))
    shop.plugin("single", "int single(void) { return 1; }")
    prune = "exec='%s' cache prune --all -q" % os.path.abspath(tenon.command())
    answer = shop.ask("host", "load=carries.plugin", prune, "load=single.plugin",
                      "unload=carries", "load=carries.plugin,single.plugin", "plugins")
    cases.expect("the cache is emptied below a plugin that is up", answer.all("exec") == ["0"] and
                 answer.all("answer") == ["yes", "no", "yes", "yes"] and
                 answer.codes() == ["refused-library"] and
                 answer.all("has") == ["carries", "single"], answer)


def main():
    cases = Cases()
    with Workshop() as shop:
        shop.host("host", "int host_number(void) { return 1; }")
        shop.object("counter", COUNTER)
        unseen(shop, cases)
        stopped(shop, cases)
        if not shop.musl:
            library(shop, cases)
        two(shop, cases)
        if not shop.musl:  # where it would have to be started again
            pruned(shop, cases)
    cases.finish()


if __name__ == "__main__":
    main()
