#!/usr/bin/env python3
"""A set-uid host: the environment does not count, and what others can change is refused."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import Cases, Workshop  # noqa: E402
from report import skip_all  # noqa: E402

NOBODY = 65534


def main():
    if os.geteuid() != 0:
        skip_all("needs root for a set-uid program")
    cases = Cases()
    with Workshop() as shop:
        shop.host("host", "int host_number(void) { return 1; }", static_tenon=True)
        shop.plugin("sound", "int plugin_number(void) { return 5; }")
        for name, mode in (("good", 0o755), ("open", 0o777)):
            os.mkdir(shop.path(name))
            shutil.copy(shop.path("sound.plugin"), shop.path(name))
            os.chmod(shop.path(name), mode)
        os.mkdir(shop.path("safe"), 0o700)
        os.chmod(shop.dir, 0o755)
        os.chmod(shop.path("host"), 0o4755)

        def ask(*words, **env):
            return shop.ask("host", *words, env=env, user=NOBODY)

        good, safe = "dir=" + shop.path("good"), "cache=" + shop.path("safe")
        answer = ask(good, safe, "load=sound", "call=sound:plugin_number")
        if answer.status != 0 or "not owner" in answer.out:
            skip_all("set-uid programs cannot be run here")
        cases.loads("from a directory and into a cache of the host's own", answer)
        cases.expect("it works", answer.one("call") == "plugin_number 5", answer)
        answer = ask(safe, "load=sound", TENON_PLUGIN_PATH=shop.path("good"))
        cases.refused("TENON_PLUGIN_PATH is not looked at", answer, ["not-found"])
        answer = ask(good, "load=sound", TENON_CACHE=shop.path("safe"))
        cases.expect("nor is TENON_CACHE", answer.codes() == ["cache"] and
                     answer.one("state") == "same" and not os.path.exists("/tenon-cache"), answer)
        answer = ask("dir=" + shop.path("open"), safe, "load=sound")
        cases.refused("a directory that others can write to", answer, ["bad-bundle"],
                      "others can write to it")
        os.chmod(shop.path("good", "sound.plugin"), 0o666)
        answer = ask(good, safe, "load=sound")
        cases.refused("a bundle that others can write to", answer, ["bad-bundle"],
                      "others can write to it")
    cases.finish()


if __name__ == "__main__":
    main()
