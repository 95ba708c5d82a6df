#!/usr/bin/env python3
"""A program with file capabilities: what another than root gets may differ, and that is told."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import Cases, Workshop  # noqa: E402
from report import skip_all  # noqa: E402

NOTE = "note: it has file capabilities"


def main():
    setcap = shutil.which("setcap", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if os.geteuid() != 0 or not setcap:
        skip_all("needs root and setcap")
    cases = Cases()
    with Workshop() as shop:
        shop.write("f.c", "int f(void) { return 0; }")
        shop.write("m.c", "int f(void); int main(void) { return f(); }")
        os.mkdir(shop.path("lib"))
        shop.run("gcc", "-shared", "-fPIC", "f.c", "-Wl,-soname,libf.so", "-o", "lib/libf.so")
        shop.run("gcc", "m.c", "-Llib", "-lf", "-o", "plain")
        shutil.copy(shop.path("plain"), shop.path("capable"))
        if subprocess.run([setcap, "cap_net_raw+ep", shop.path("capable")],
                          capture_output=True).returncode:
            skip_all("capabilities cannot be set here")
        variable = "LD_LIBRARY_PATH=" + shop.path("lib")
        for name, words, told in (("capable", ["--env", variable], True), ("capable", [], False),
                                  ("plain", ["--env", variable], False)):
            done = shop.tenon("why", *words, name, good=False)
            cases.expect("%s, %s" % (name, words), (NOTE in done.stdout) == told, done.stdout)
        done = shop.tenon("why", "--env", variable, "plain", "capable")
        cases.expect("beside one like it", done.stdout.count(NOTE) == 1, done.stdout)
    cases.finish()


if __name__ == "__main__":
    main()
