"""Random Windows programs: the modules of a process under Wine, and tenon.

From a number come a program, DLLs of few names in the places where Windows looks, good ones and
others, and an environment. With TENON_CHECK=all there are more; `random_wine.py NUMBER` makes one.

rule: wine dlls/ntdll/loader.c
"""

import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from report import Report, chosen_numbers
from wineprefix import Windows, needs_windows

SAMPLE, ALL = 2, 100
NAMES = ["foo.dll", "bar.dll", "qux.dll", "version.dll"]
PLACES = ["a", "windows/system32", "windows/system", "windows", "d", "p1", "p2", "a/sub"]


class Shop:
    """DLLs of every kind that is wanted, each built once and then copied."""

    def __init__(self, windows):
        self.windows = windows
        self.ready = {}

    def put(self, path, imports, bits, forward):
        name = os.path.basename(path).lower()
        key = (name, imports, bits, forward)
        if key not in self.ready:
            made = "shop/%d/%s" % (len(self.ready), name)
            self.windows.dll(made, imports, bits, forward)
            self.ready[key] = os.path.join(self.windows.work, "shop%d" % len(self.ready))
            shutil.copy(self.windows.path(made), self.ready[key])
        shutil.copy(self.ready[key], self.windows.keep(path))


class World:
    """What is drawn for one number."""

    def __init__(self, windows, shop, seed):
        self.windows, self.shop, self.random = windows, shop, random.Random(seed)
        self.imports = self.some(NAMES, 3) or ["foo.dll"]
        windows.program(imports=self.imports)
        for place in PLACES:
            for name in NAMES:
                if place == "windows/system32" and name == "version.dll":
                    continue  # Wine's own is there
                if self.chance(0.35):
                    self.put(place, name)

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *weighted):
        """One of (weight, value)."""
        return self.random.choices([value for _, value in weighted],
                                   [weight for weight, _ in weighted])[0]

    def some(self, names, most):
        return self.random.sample(names, self.random.randrange(most + 1))

    def put(self, place, name):
        path = "%s/%s" % (place, self.pick((4, name), (1, name.upper())))
        kind = self.pick((12, "good"), (2, "narrow"), (1, "forward"), (1, "text"), (1, "empty"),
                         (1, "directory"))
        if kind == "text":
            self.windows.write(path, "no DLL\n" * 100)
        elif kind == "empty":
            self.windows.write(path, "")
        elif kind == "directory":
            os.mkdir(self.windows.keep(path))
        else:
            others = [other for other in NAMES if other != name]
            forward = None
            if kind == "forward":
                stem = self.random.choice(others).split(".")[0]
                forward = "%s.f_%s" % (stem, stem)
            self.shop.put(path, tuple(sorted(self.some(others, 2))),
                          32 if kind == "narrow" else 64, forward)

    def overrides(self):
        rows = []
        for name in self.some(NAMES, 2):
            stem = name.split(".")[0]
            key = self.pick((4, stem), (2, name), (1, "*" + stem), (1, "C:\\a\\" + name))
            rows.append("%s=%s" % (key, self.pick((2, "n"), (2, "b"), (2, "n,b"), (2, "b,n"),
                                                  (1, ""))))
        return ";".join(rows)

    def env(self):
        env = {}
        if self.chance(0.7):
            places = self.some(["p1", "p2", "none", "a/sub", "d"], 3)
            env["WINEPATH"] = ";".join("C:\\" + place.replace("/", "\\") for place in places)
        if self.chance(0.4):
            env["WINEDLLOVERRIDES"] = self.overrides()
        return env

    def load(self):
        """A file to load besides, and how."""
        path = "%s/%s" % (self.random.choice(PLACES), self.random.choice(NAMES))
        if not self.chance(0.4) or not os.path.isfile(self.windows.path(path)):
            return {}
        return {"load": path, "flags": self.pick((4, 0), (2, 8), (1, 0x1100), (1, 0x900))}


def main():
    needs_windows()
    tenon.command()
    report = Report()
    windows = Windows(report)
    shop = Shop(windows)
    numbers, wanted = chosen_numbers(report, SAMPLE, ALL)
    try:
        for seed in numbers:
            world = World(windows, shop, seed)
            how = dict(env=world.env(), cwd=world.pick((2, "d"), (1, "a"), (1, "p1")),
                       own=["version.dll"], **world.load())
            windows.same("world %d %r, imports %r" % (seed, how, world.imports), **how)
    finally:
        windows.close()
    report.finish()


if __name__ == "__main__":
    main()
