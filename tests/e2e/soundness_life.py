#!/usr/bin/env python3
"""Plugins' start and stop: what they ask of the process meanwhile, how they fail, what is left."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import (BUILD, COUNTER, SANITIZED, SOURCE, USES_COUNTER, Cases,  # noqa: E402
                     Workshop)

INCLUDE = "-I" + os.path.join(SOURCE, "include")
TENON = ["-L" + BUILD, "-ltenon", "-Wl,-rpath," + BUILD]

# What a plugin asks for prints "nested PLUGIN load|unload WHAT yes|no KIND...".
ASKS = """
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <tenon/tenon.h>
static unsigned starts, stops;
static void say(const tenon_plugin *self, const char *how, const char *what, tenon_report *report)
{
    const tenon_finding *finding;
    printf("nested %%s %%s %%s %%s", self->name, how, what, tenon_report_ok(report) ? "yes" : "no");
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++)
        printf(" %%s", tenon_finding_name(finding->kind));
    printf("\\n");
    tenon_report_free(report);
}
static inline void load(const tenon_plugin *self, const char *what)
{
    const tenon_request request = { what, 0, NULL };
    say(self, "load", what, tenon_load(self->host, &request, 1, 0, NULL));
}
static inline void unload(const tenon_plugin *self, const char *what)
{
    say(self, "unload", what, tenon_unload(self->host, what, NULL));
}
static inline void see(const tenon_plugin *self, unsigned *times, const char *how)
{
    printf("%%s %%s\\n", how, self->name);
    if (++*times > 4)
        _Exit(9);
}
int tenon_plugin_start(tenon_plugin *self, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    see(self, &starts, "start");
    %s
}
void tenon_plugin_stop(tenon_plugin *self)
{
    see(self, &stops, "stop");
    %s
}
%s
"""


def asking(shop, name, start="return 0;", stop="", more="", pack=("--bundle=none",), link=(),
           flags=()):
    """A plugin whose start and stop do that."""
    return shop.plugin(name, ASKS % (start, stop, more), INCLUDE, "-D_GNU_SOURCE", *flags,
                       link=[*link, *TENON], pack=pack)


def run_plain(shop, *command, env=None):
    """A program of the test's own, which joins libtenon."""
    return subprocess.run([shop.path(command[0]), *command[1:]], cwd=shop.dir,
                          env={**(env or shop.env), **SANITIZED}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300)


def itself(shop, cases):
    asking(shop, "self", 'load(self, "./self.plugin"); unload(self, "self"); return 0;',
           'load(self, "./self.plugin"); unload(self, "self");')
    answer = shop.ask("host", "load=self.plugin", "plugins", "unload=self", "plugins")
    cases.loads("a plugin that loads and unloads itself", answer)
    cases.expect("it is busy with that", answer.all("nested") ==
                 ["self load ./self.plugin no busy", "self unload self no busy"] * 2, answer)
    cases.expect("started and stopped once", answer.all("start") == answer.all("stop") == ["self"],
                 answer)
    cases.expect("unloaded", answer.all("has") == ["self"] and
                 answer.all("plugin") == ["self loaded", "self unloaded"], answer)


def each_other(shop, cases):
    for name, other in (("ping", "pong"), ("pong", "ping")):
        asking(shop, name, 'load(self, "./%s.plugin"); return 0;' % other)
    answer = shop.ask("host", "load=ping.plugin", "plugins")
    cases.loads("two that load each other", answer)
    cases.expect("the first one is busy", answer.all("nested") ==
                 ["pong load ./ping.plugin no busy", "ping load ./pong.plugin yes"], answer)
    cases.expect("in the order in which they came", answer.all("has") == ["ping", "pong"], answer)


def kept(shop, cases):
    """One that stayed mapped, and that another one of its request has loaded meanwhile."""
    asking(shop, "kept", flags=("-Wl,-z,nodelete",))
    asking(shop, "frame", 'load(self, "./kept.plugin"); return 0;')
    for each in ((), ("each",)):
        answer = shop.ask("host", *each, "load=kept.plugin", "unload=kept",
                          "load=frame.plugin,kept.plugin", "plugins", "unload=kept")
        cases.expect("one that stayed is loaded by another one of its request",
                     answer.all("nested") == ["frame load ./kept.plugin yes"], answer)
        cases.expect("it starts once for each time that it is loaded",
                     answer.all("start") == ["kept", "frame", "kept"] and
                     answer.all("stop") == ["kept", "kept"], answer)
        cases.expect("it is listed once", answer.all("has") == ["frame", "kept"] and
                     answer.all("answer") == ["yes"] * 4, answer)


def users(shop, cases):
    shop.plugin("base", "int base_api(void) { return 77; }")
    asking(shop, "user", 'unload(self, "base"); return 0;', 'unload(self, "base");',
           more="int base_api(void); int plugin_number(void) { return base_api(); }",
           pack=("--bundle=none", "--requires", "base=base.so"))
    answer = shop.ask("host", "load=base.plugin", "load=user.plugin", "call=user:plugin_number",
                      "unload=user", "unload=base")
    cases.loads("start and stop that unload what the plugin stands on", answer)
    cases.expect("it is in use", answer.all("nested") == ["user unload base no in-use"] * 2, answer)
    cases.expect("the plugin works", answer.one("call") == "plugin_number 77", answer)
    cases.expect("and afterwards it is not", answer.all("answer") == ["yes"] * 4, answer)
    answer = shop.ask("host", "load=base.plugin,user.plugin", "call=user:plugin_number", "plugins")
    cases.loads("the same, in one request", answer)
    cases.expect("which is not done", answer.all("nested") == ["user unload base no busy"] and
                 answer.all("has") == ["base", "user"], answer)
    # to stand on what goes
    asking(shop, "ending", stop='load(self, "./leaning.plugin"); load(self, "./base.plugin");',
           more="int ending_api(void) { return 5; }")
    asking(shop, "leaning", more="int ending_api(void); int leans(void) { return ending_api(); }",
           pack=("--bundle=none", "--requires", "ending=ending.so"))
    answer = shop.ask("host", "load=ending.plugin", "unload=ending", "plugins")
    cases.expect("a plugin that is being unloaded is none to stand on", answer.all("nested") ==
                 ["ending load ./leaning.plugin no busy", "ending load ./base.plugin yes"] and
                 answer.all("has") == ["base"], answer)
    answer = shop.ask("host", "load=ending.plugin", "load=leaning.plugin", "plugins")
    cases.expect("before, it is", answer.all("has") == ["ending", "leaning"], answer)


def failing(shop, cases):
    shop.plugin("p", USES_COUNTER, link=["counter.o"])
    asking(shop, "fails", 'load(self, "./p.plugin"); return 1;')
    answer = shop.ask("host", "load=fails.plugin", "plugins", "call=p:plugin_number",
                      "load=p.plugin", "call=p:plugin_number")
    cases.expect("what a failing plugin had loaded stays", answer.all("answer") == ["no", "yes"] and
                 answer.codes() == ["start"] and answer.all("has") == ["p"] and
                 answer.all("call") == ["plugin_number 1", "plugin_number 2"] and
                 answer.all("plugin") == ["fails failed", "p already-loaded"], answer)
    # but for what stands on it
    asking(shop, "frame", 'load(self, "./p.plugin"); load(self, "./part.plugin"); return 1;',
           more="int frame_api(void) { return 4; }")
    asking(shop, "part", more="int frame_api(void); int parts(void) { return frame_api(); }",
           pack=("--bundle=none", "--requires", "frame=frame.so"))
    answer = shop.ask("host", "load=frame.plugin", "plugins", "units")
    cases.expect("what stands on it goes with it", answer.one("answer") == "no" and
                 answer.all("nested") == ["frame load ./p.plugin yes",
                                          "frame load ./part.plugin yes"] and
                 answer.all("stop") == ["part"] and answer.all("has") == ["p"], answer)
    cases.expect("which is said", [(code, refuses) for code, refuses, _ in answer.findings()
                                   if code != "stays-mapped"] ==
                 [("needs-refused", False), ("start", True)] and
                 'plugin "part" was unloaded again, too: it needs plugin "frame"' in
                 answer.messages(), answer)
    cases.expect("nothing of both is there", shop.musl or not any(
        row.split()[-1] in ("frame", "part") for row in answer.all("unit")), answer)
    asking(shop, "good", 'load(self, "./wing.plugin"); return 0;',
           more="int good_api(void) { return 4; }")
    asking(shop, "wing", more="int good_api(void); int wings(void) { return good_api() + 1; }",
           pack=("--bundle=none", "--requires", "good=good.so"))
    answer = shop.ask("host", "load=good.plugin", "plugins", "unload=good", "unload=wing",
                      "unload=good")
    cases.expect("what stands on it is listed behind it, and in its way",
                 answer.all("has") == ["good", "wing"] and answer.codes() == ["in-use"] and
                 answer.all("answer") == ["yes", "no", "yes", "yes"], answer)
    # all or nothing: what was put on a plugin of the request meanwhile
    asking(shop, "zlast", 'load(self, "./leaning.plugin"); return 1;')
    answer = shop.ask("host", "load=ending.plugin,zlast.plugin", "plugins")
    cases.expect("what stands on one that is taken back goes, too",
                 answer.all("has") == ["base"] and answer.all("stop") == ["leaning", "ending"] and
                 answer.all("plugin") == ["ending planned", "zlast failed"] and
                 'plugin "leaning" was unloaded again, too: it needs plugin "ending"' in
                 answer.messages(), answer)


OPENS_EARLY = """
#include <dlfcn.h>
int builds_number(void) { return 4; }
__attribute__((constructor)) static void opens(void) { dlopen("%s", RTLD_NOW | RTLD_GLOBAL); }
"""


def plans(shop, cases):
    """What start loads, the rest of the plan was not made for."""
    asking(shop, "brings", 'load(self, "./p.plugin"); return 0;')
    shop.plugin("second", USES_COUNTER + "int second;", link=["counter.o"])
    answer = shop.ask("host", "load=brings.plugin,second.plugin", "plugins")
    cases.expect("judged beside what start loaded", answer.one("answer") == "no" and
                 answer.codes() == ["double"] and answer.all("has") == ["p"], answer)
    shop.write("part.c", COUNTER)
    shop.run("gcc", "-shared", "-fPIC", "part.c", "-o", "libpart.so")
    asking(shop, "opens", 'dlopen("%s", RTLD_NOW); return 0;' % shop.path("libpart.so"))
    answer = shop.ask("host", "load=opens.plugin,second.plugin", "plugins")
    cases.expect("or opened by itself", answer.one("answer") == "no" and
                 set(answer.codes()) <= {"double", "clash"} and not answer.all("has"), answer)
    shop.plugin("builds", OPENS_EARLY % shop.path("libpart.so"), "-D_GNU_SOURCE")
    answer = shop.ask("host", "load=builds.plugin,second.plugin", "plugins")
    cases.expect("or by a constructor", answer.one("answer") == "no" and
                 set(answer.codes()) <= {"double", "clash"} and not answer.all("has"), answer)
    answer = shop.ask("host", "each", "load=builds.plugin,second.plugin,p.plugin", "plugins")
    cases.expect("each on its own, by a constructor", answer.all("plugin") ==
                 ["builds loaded", "second refused", "p refused"] and
                 answer.all("has") == ["builds"], answer)
    # each on its own: the plan is made anew, what failed is not tried again and still said
    asking(shop, "attempts", 'load(self, "./p.plugin"); return 1;')
    shop.plugin("zsound", "int sound_number(void) { return 21; }")
    answer = shop.ask("host", "each", "load=attempts.plugin,second.plugin,zsound.plugin", "plugins")
    cases.expect("each on its own", answer.all("start") == ["attempts"] and
                 answer.all("plugin") == ["attempts failed", "second refused", "zsound loaded"] and
                 answer.codes() == ["double", "start"] and
                 answer.all("has") == ["p", "zsound"], answer)
    # many whose start changes the process are no reason to give up
    names = ["opens%02d" % i for i in range(12)]
    for name in names:
        asking(shop, name, 'void *h = dlopen("%s", RTLD_NOW); if (h) dlclose(h); return 0;' %
               shop.path("libpart.so"), more="int %s_api(void) { return %s; }" % (name, int(name[5:])))
    answer = shop.ask("host", "load=" + ",".join(name + ".plugin" for name in names))
    cases.loads("each start opens and closes something", answer)


WORKER = """
#include <pthread.h>
#include <stdio.h>
#include <tenon/tenon.h>
static void *work(void *arg)
{
    const tenon_plugin *self = arg;
    const char *service = self->service(self, "log", 1);
    printf("worker %s %d\\n", service ? service : "-", tenon_plugin_symbol(self, "works") != NULL);
    return NULL;
}
int works(void);
int works(void) { return 1; }
int tenon_plugin_start(tenon_plugin *self, int argc, char **argv)
{
    pthread_t thread;
    (void)argc;
    (void)argv;
    return pthread_create(&thread, NULL, work, self) || pthread_join(thread, NULL);
}
"""


def workers(shop, cases):
    shop.plugin("worker", WORKER, INCLUDE, "-pthread", link=TENON, pack=("--bundle=none",))
    try:
        answer = shop.ask("host", "offer=log:2", "load=worker.plugin")
        cases.loads("start waits for a thread that asks for a service", answer)
        cases.expect("which it gets", answer.one("worker") == "the service 1", answer)
    except subprocess.TimeoutExpired:
        cases.expect("start waits for a thread that asks for a service", False, "for ever")


SYMBOLS = """
#include <string.h>
#include <unistd.h>
__thread int own_thread_local = 3;
int own_number = 4;
int helped(void);
int plugin_number(void) { return getpid() > 0 ? helped() + own_number : 0; }
%s
"""
CHOSEN = """
static size_t (*choose(void))(const char *) { return strlen; }
size_t own_chosen(const char *) __attribute__((ifunc("choose")));
"""
PRINTS = """
#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>
int main(int argc, char **argv)
{
    tenon_process *process = tenon_process_new(NULL);
    const tenon_request request = { argv[1], 0, NULL };
    tenon_process_set_weak(process, 1);
    tenon_report_free(tenon_load(process, &request, 1, 0, NULL));
    const tenon_plugin *plugin = tenon_process_plugin(process, 0);
    for (int i = 2; plugin && i < argc; i++)
        printf("%s %d\\n", argv[i], tenon_plugin_symbol(plugin, argv[i]) != NULL);
    tenon_process_free(process);
    return 0;
}
"""


def symbols(shop, cases):
    shop.write("helped.c", "int helped(void) { return 1; } "
               "int tenon_plugin_start(void *a, int b, char **c) { (void)a; (void)b; (void)c; "
               "return 1; }")
    shop.run("gcc", "-shared", "-fPIC", "-Wl,-soname,libhelped.so.1", "helped.c", "-o",
             "libhelped.so")
    os.symlink("libhelped.so", shop.path("libhelped.so.1"))
    shop.plugin("names", SYMBOLS % ("" if shop.musl else CHOSEN), "-L.", "-Wl,-rpath,$ORIGIN",
                link=["-lhelped"],
                pack=("-L", "."))
    shop.write("prints.c", PRINTS)
    shop.run("gcc", "prints.c", INCLUDE, *TENON, "-o", "prints")
    own = ["plugin_number", "own_number", "own_thread_local"] + ["own_chosen"] * (not shop.musl)
    other = ["getpid", "helped", "tenon_plugin_start", "nothing"]
    done = run_plain(shop, "prints", "./names.plugin", *own, *other)
    cases.expect("symbols of a plugin's own code, and of no other", done.stdout.splitlines() ==
                 [name + " 1" for name in own] + [name + " 0" for name in other], done.stdout)


THROWS = """
#include <stdexcept>
#include <tenon/plugin.h>
struct mine : std::runtime_error { using std::runtime_error::runtime_error; };
extern "C" int tenon_plugin_start(tenon_plugin *, int argc, char **)
{
    if (argc == 0)
        throw mine("in start");
    return 0;
}
extern "C" void tenon_plugin_stop(tenon_plugin *) { throw mine("in stop"); }
"""
CATCHES = """
#include <cstdio>
#include <exception>
#include <thread>
#include <unistd.h>
#include <tenon/tenon.h>
static tenon_process *process;
static void say(const char *what, tenon_report *report)
{
    const tenon_finding *finding = tenon_report_finding(report, 0);
    std::printf("%s %d %s\\n", what, tenon_report_ok(report),
                finding ? tenon_finding_name(finding->kind) : "-");
    tenon_report_free(report);
}
static void load(const char *what, int argc)
{
    const char *argv[] = { "argument" };
    const tenon_request request = { what, argc, argv };
    try {
        say("load", tenon_load(process, &request, 1, 0, nullptr));
    } catch (const std::exception &e) {
        std::printf("caught %s\\n", e.what());
    }
}
static void unload(const char *what)
{
    try {
        say("unload", tenon_unload(process, what, nullptr));
    } catch (const std::exception &e) {
        std::printf("caught %s\\n", e.what());
    }
}
int main()
{
    process = tenon_process_new(nullptr);
    load("./throws.plugin", 0);
    load("./throws.plugin", 1);
    unload("throws");
    alarm(30);
    std::thread([] { load("./zsound.plugin", 0); }).join();
    load("./later.plugin", 1);
    unload("later");
    unload("later");
    std::thread([] { unload("zsound"); }).join();
    tenon_process_free(process);
}
"""


def exceptions(shop, cases):
    if shop.musl or not shutil.which("g++"):
        return
    # C++ code in both is doubled: here the exception is what matters
    shop.plugin("throws", THROWS, INCLUDE, compiler="g++", pack=("--bundle=none",))
    shop.plugin("later", THROWS.replace("struct mine", "struct other").replace("mine(", "other("),
                INCLUDE, compiler="g++", pack=("--bundle=none",))
    shop.write("catches.cc", CATCHES)
    shop.tenon("link", "--", "g++", "catches.cc", INCLUDE, *TENON, "-pthread", "-o", "catches")
    done = run_plain(shop, "catches")
    cases.expect("exceptions out of start and stop leave the process usable",
                 done.stdout.splitlines() == ["caught in start", "load 0 busy", "unload 0 busy",
                                              "load 1 -", "load 1 -", "caught in stop",
                                              "unload 0 busy", "unload 1 -"],
                 "%d\n%s%s" % (done.returncode, done.stdout, done.stderr))
    needed = shop.run("readelf", "-dW", os.path.join(BUILD, "libtenon.so")).stdout
    cases.expect("and a program in C needs no unwinder for it", SANITIZED or
                 "libgcc" not in needed, needed)


# Its start fails the first time; the host then asks for it once more, while it is told so.
ONCE = """
#include <tenon/plugin.h>
int once_api(void) { return 4; }
int tenon_plugin_start(tenon_plugin *self, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return ++*(int *)self->host == 1;
}
"""
RETRIES = """
#include <stdio.h>
#include <tenon/tenon.h>
static tenon_process *process;
static void say(const char *what, tenon_report *report)
{
    const tenon_finding *finding = tenon_report_finding(report, 0);
    printf("%s %d %s\\n", what, tenon_report_ok(report),
           finding ? tenon_finding_name(finding->kind) : "-");
    tenon_report_free(report);
}
static void load(const char *what)
{
    const tenon_request request = { what, 0, NULL };
    say(what, tenon_load(process, &request, 1, 0, NULL));
}
static void retry(void *arg, const tenon_event *event)
{
    (void)arg;
    if (event->kind == TENON_EVENT_ERRORED)
        load("./once.plugin");
}
int main(void)
{
    int starts = 0;
    process = tenon_process_new(NULL);
    tenon_process_set_host_data(process, &starts);
    tenon_process_on_event(process, retry, NULL);
    load("./once.plugin");
    load("./needs_once.plugin");
    say("unload", tenon_unload(process, "once", NULL));
    say("unload", tenon_unload(process, "needs_once", NULL));
    say("unload", tenon_unload(process, "once", NULL));
    tenon_process_free(process);
}
"""


def retried(shop, cases):
    shop.plugin("once", ONCE, INCLUDE)
    shop.plugin("needs_once", "int once_api(void); int plugin_number(void) { return once_api(); }",
                pack=("--bundle=none", "--requires", "once=once.so"))
    shop.write("retries.c", RETRIES)
    shop.tenon("link", "--", "gcc", "retries.c", INCLUDE, *TENON, "-o", "retries")
    done = run_plain(shop, "retries")
    gone = "stays-mapped" if shop.musl else "-"  # musl's loader unmaps nothing
    cases.expect("a plugin that is loaded while the host is told that it failed is one like others",
                 done.stdout.splitlines() == ["./once.plugin 1 -", "./once.plugin 0 start",
                                              "./needs_once.plugin 1 -", "unload 0 in-use",
                                              "unload 1 " + gone, "unload 1 " + gone],
                 "%d\n%s%s" % (done.returncode, done.stdout, done.stderr))


# Does what it is told, and once more something when the first event of a kind comes. Its own code
# can be called by constructors and destructors.
EARLY = """
#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>
static tenon_process *process;
static const char *kind, *what;
static void say(const char *name, tenon_report *report)
{
    const tenon_finding *finding;
    printf("%s %s", name, tenon_report_ok(report) ? "yes" : "no");
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++)
        if (finding->refuses)
            printf(" %s", tenon_finding_name(finding->kind));
    printf("\\n");
    tenon_report_free(report);
}
void host_asks(const char *name)
{
    const tenon_request request = { name, 0, NULL };
    say(name, strchr(name, '/') ? tenon_load(process, &request, 1, 0, NULL)
                                : tenon_unload(process, name, NULL));
}
static void hear(void *arg, const tenon_event *event)
{
    (void)arg;
    if (!kind || strcmp(tenon_event_name(event->kind), kind) != 0)
        return;
    kind = NULL;
    host_asks(what);
}
int main(int argc, char **argv)
{
    const tenon_plugin *plugin;
    process = tenon_process_new(NULL);
    tenon_process_on_event(process, hear, NULL);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "on") == 0) {
            kind = argv[++i];
            what = argv[++i];
        } else {
            host_asks(argv[i]);
        }
    for (size_t i = 0; (plugin = tenon_process_plugin(process, i)); i++)
        printf("has %s\\n", plugin->name);
    tenon_process_free(process);
}
"""
CALLS_HOST = """
void host_asks(const char *name);
int %(name)s_api(void) { return 3; }
__attribute__((%(when)s)) static void asks(void) { host_asks("%(what)s"); }
%(more)s
"""


def opened(shop, cases):
    """What is being opened is in no list yet: nothing is loaded or unloaded beside it."""
    shop.write("early.c", EARLY)
    shop.tenon("link", "--", "gcc", "-rdynamic", "early.c", INCLUDE, *TENON, "-o", "early")

    def says(what, expected, *words):
        done = run_plain(shop, "early", *words)
        cases.expect(what, done.stdout.splitlines() == expected,
                     "%d\n%s%s" % (done.returncode, done.stdout, done.stderr))

    def calls(name, when, what, more=""):
        shop.plugin(name, CALLS_HOST % {"name": name, "when": when, "what": what, "more": more})
        shop.plugin("on_" + name, "int %s_api(void); int on_%s(void) { return %s_api(); }" %
                    (name, name, name), pack=("--bundle=none", "--requires", "%s=%s.so" %
                                              (name, name)))

    calls("built", "constructor", "./on_built.plugin")
    says("a constructor that loads what stands on its plugin",
         ["./on_built.plugin no busy", "./built.plugin yes", "./on_built.plugin yes",
          "built no in-use", "has built", "has on_built"],
         "./built.plugin", "./on_built.plugin", "built")
    if not shop.musl:  # which runs no destructors then
        calls("undone", "destructor", "./on_undone.plugin",
              "int tenon_plugin_start(void *a, int b, char **c) "
              "{ (void)a; (void)b; (void)c; return 1; }")
        says("a destructor that does, when start has failed",
             ["./on_undone.plugin no busy", "./undone.plugin no start"], "./undone.plugin")
    for name in ("one", "two"):
        shop.plugin(name, USES_COUNTER + "int %s;" % name, link=["counter.o"])
    for kind in ("loading", "linking"):
        says("a handler that loads another copy while one is " + kind,
             ["./two.plugin no busy", "./one.plugin yes", "has one"],
             "on", kind, "./two.plugin", "./one.plugin")
        says("a handler that unloads what a plugin needs, when it is " + kind,
             ["./on_built.plugin no busy", "./built.plugin yes", "built no busy",
              "./on_built.plugin yes", "has built", "has on_built"], "./built.plugin", "on", kind, "built", "./on_built.plugin")
    says("when it is up, a handler can load", ["./two.plugin no double", "./one.plugin yes",
                                               "has one"],
         "on", "loaded", "./two.plugin", "./one.plugin")


def without_cache(shop, cases):
    shop.plugin("sound", "int plugin_number(void) { return 21; }")
    bare = {name: value for name, value in shop.env.items() if name not in ("TENON_CACHE", "HOME")}
    for what in ("plan", "load"):
        done = run_plain(shop, "host", what + "=sound.plugin", env=bare)
        lines = done.stdout.splitlines()
        cases.expect("no place for the code: " + what, "answer no" in lines and
                     "plugin sound refused" in lines and
                     any(line.startswith("finding cache refuses ") for line in lines) and
                     not any(line.startswith("step ") for line in lines), done.stdout)
    shop.write("file", "not a directory")
    answer = shop.ask("host", "load=sound.plugin", env={"TENON_CACHE": shop.path("file")})
    cases.expect("a place that is none", answer.all("plugin") == ["sound refused"] and
                 answer.codes() == ["cache"], answer)


def not_for_dlopen(shop, cases):
    """What the loader would refuse the plan refuses; musl's loader does not look."""
    shop.plugin("closed", "int plugin_number(void) { return 21; }", "-Wl,-z,nodlopen")
    answer = shop.ask("host", "load=closed.plugin")
    status, result = shop.check("host", "closed.plugin")
    if shop.musl:
        cases.loads("-z nodlopen", answer)
        cases.expect("check says so", status == 0, result)
    else:
        cases.refused("-z nodlopen", answer, ["refused-library"],
                      "shared object cannot be dlopen()ed")
        cases.expect("refused, not failed", answer.all("plugin") == ["closed refused"], answer)
        cases.expect("check says so", status == 1, result)


def main():
    cases = Cases()
    with Workshop() as shop:
        shop.host("host", "int host_number(void) { return 1; }")
        shop.object("counter", COUNTER)
        itself(shop, cases)
        each_other(shop, cases)
        kept(shop, cases)
        users(shop, cases)
        failing(shop, cases)
        plans(shop, cases)
        workers(shop, cases)
        symbols(shop, cases)
        exceptions(shop, cases)
        retried(shop, cases)
        opened(shop, cases)
        without_cache(shop, cases)
        not_for_dlopen(shop, cases)
    cases.finish()


if __name__ == "__main__":
    main()
