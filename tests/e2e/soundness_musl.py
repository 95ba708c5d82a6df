#!/usr/bin/env python3
"""Programs and plugins for musl, checked on any system: nothing of them is run."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import COUNTER, HOST_COUNTS, USES_COUNTER, Cases, Workshop  # noqa: E402
from report import skip_all  # noqa: E402


def main():
    if shutil.which("musl-gcc") is None:
        skip_all("no musl-gcc")
    cases = Cases()
    with Workshop() as shop:
        shop.write("counter.c", COUNTER)
        shop.run("musl-gcc", "-fPIC", "-c", "counter.c", "-o", "counter.o")
        shop.run("ar", "rcs", "libcounter.a", "counter.o")
        shop.tenon("wrap", "libcounter.a")
        shop.write("host.c", HOST_COUNTS + "int main(void) { return host_number(); }")
        shop.tenon("link", "--", "musl-gcc", "-rdynamic", "host.c", "libcounter.a", "-o", "host")

        def plugin(name, code, *link, pack=()):
            shop.write(name + ".c", code)
            shop.tenon("link", "--", "musl-gcc", "-shared", "-fPIC", name + ".c", *link, "-o",
                       name + ".so")
            shop.pack(name, "--bundle=none", *pack)

        def check(name, *more):
            return shop.check("host", name + ".plugin", *more)

        plugin("repaired", USES_COUNTER)
        status, result = check("repaired")
        cases.expect("what the host exports is there", status == 0, result)
        plugin("twice", USES_COUNTER, "libcounter.a")
        status, result = check("twice")
        cases.expect("the same unit twice", status == 1 and
                     [row["code"] for row in result["reasons"]] == ["clash"] and
                     "libcounter.a member counter.o" in result["reasons"][0]["message"], result)
        plugin("lacks", "int nowhere(void); int f(void) { return nowhere(); }")
        status, result = check("lacks")
        cases.expect("a missing symbol", [row["code"] for row in result["reasons"]] ==
                     ["missing-symbol"], result)
        plugin("late", "__thread char room[16] = {1}; int f(void) { return room[0]; }",
               "-ftls-model=initial-exec")
        status, result = check("late")
        cases.expect("no static TLS is kept for late comers",
                     [row["code"] for row in result["reasons"]] == ["static-tls"], result)
        # code for glibc
        shop.write("other.c", '#include <stdio.h>\nint f(void) { return puts("x"); }')
        shop.run("gcc", "-shared", "-fPIC", "other.c", "-o", "other.so")
        shop.pack("other", "--bundle=none")
        status, result = check("other")
        cases.expect("code for another C library", [row["code"] for row in result["reasons"]] ==
                     ["no-code"], result)
    cases.finish()


if __name__ == "__main__":
    main()
