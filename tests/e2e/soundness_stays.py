#!/usr/bin/env python3
"""Plugins that were stopped, or failed, and stay mapped: they come again, and others meet them."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import COUNTER, USES_COUNTER, Cases, Workshop  # noqa: E402

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


def main():
    cases = Cases()
    with Workshop() as shop:
        shop.host("host", "int host_number(void) { return 1; }")
        shop.object("counter", COUNTER)
        unseen(shop, cases)
    cases.finish()


if __name__ == "__main__":
    main()
