#!/usr/bin/env python3
"""The same stateful archive member in host and plugin: refused, however the two were linked."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import CONSTRUCTOR, COUNTER, HOST_COUNTS, USES_COUNTER, Cases, Workshop  # noqa: E402

HOSTS = {"host": (), "host_r": ("-rdynamic",)}
PLUGINS = {
    "plain": ((), False),
    "symbolic": (("-Wl,-Bsymbolic",), False),
    "excluded": (("-Wl,--exclude-libs,ALL",), False),
    "hidden": (("-fvisibility=hidden",), False),
    "lto": (("-flto",), False),
    "stripped": ((), True),
}
OPENS_BOTH = """
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
        int (*number)(void) = library ? (int (*)(void))dlsym(library, "plugin_number") : NULL;
        printf("%d\\n", number ? number() : -1);
    }
    return 0;
}
"""


def main():
    cases = Cases()
    with Workshop() as shop:
        archive = shop.archive("counter", {"counter": COUNTER})
        for name, flags in HOSTS.items():
            shop.host(name, HOST_COUNTS, *flags, link=[archive])
            shop.host(name + "_stripped", HOST_COUNTS, *flags, link=[archive], strip=True)
        for name, (flags, strip) in PLUGINS.items():
            shop.plugin(name, USES_COUNTER + CONSTRUCTOR, *flags, link=[archive], strip=strip)
        for host in [name + suffix for name in HOSTS for suffix in ("", "_stripped")]:
            for name in PLUGINS:
                answer = shop.ask(host, "load=%s.plugin" % name)
                what = "%s with %s" % (host, name)
                cases.refused(what, answer, answer.codes(), "unit counter/counter is already in "
                              "the host program (libcounter.a member counter.o); plugin \"%s\" "
                              "contains its own copy" % name)
                cases.expect(what + ": a double or a clash",
                             answer.codes() in (["double"], ["clash"]), answer)
                status, result = shop.check(host, name + ".plugin")
                cases.expect(what + ": check says the same",
                             status == 1 and result["verdict"] == "refused" and
                             [row["code"] for row in result["reasons"]] == answer.codes(), result)
        # what the host exports needs no copy: the repaired plugin loads, and both count together
        shop.plugin("repaired", USES_COUNTER)
        answer = shop.ask("host_r", "number", "load=repaired.plugin", "call=repaired:plugin_number",
                          "number")
        cases.loads("repaired", answer)
        cases.expect("they count together", answer.all("number") == ["1", "3"] and
                     answer.one("call") == "plugin_number 2", answer)
        answer = shop.ask("host", "load=repaired.plugin")
        cases.refused("a host that does not export it", answer, ["missing-symbol"],
                      "needs symbol counter_next: the host program defines it, and does not export "
                      "it (link it with -rdynamic, or -Wl,--export-dynamic-symbol=counter_next)")
        answer = shop.ask("host_stripped", "load=repaired.plugin")
        cases.refused("nor is it known to have it when it is stripped", answer, ["missing-symbol"],
                      "needs symbol counter_next: no object of the process defines it")
        # two plugins share nothing, however much both export: so the real loader has it, too
        shop.host("bare", "int host_number(void) { return 7; }")
        answer = shop.ask("bare", "load=plain.plugin,symbolic.plugin")
        cases.refused("in two plugins", answer, ["double"], "unit counter/counter is already in "
                      "plugin \"plain\" (libcounter.a member counter.o); plugin \"symbolic\" "
                      "contains its own copy, which stays apart: plugins are loaded with RTLD_LOCAL")
        shop.write("apart.c", OPENS_BOTH)
        shop.run("gcc", "apart.c", "-o", "apart", "-ldl")
        done = shop.run("./apart", shop.path("plain.so"), shop.path("lto.so"))
        cases.expect("they count apart", done.stdout.split() == ["1", "1"], done)
        shop.again(cases)
    cases.finish()


if __name__ == "__main__":
    main()
