"""Trees of libraries made at random, each from its number: the same on every machine."""

import os
import random
import shutil
import tempfile

import elf
import elfmake
from report import chosen_numbers

NAMES = ["liba.so.1", "libb.so.1", "libc9.so", "libd.so.2", "libe", "libf.so.1"]
DIRS = ["d0", "d1", "d2", "d2/d3", "d0/glibc-hwcaps/x86-64-v2", "d1/glibc-hwcaps/x86-64-v3",
        "d2/tls", "d0/haswell", "d1/tls/x86_64", "bin"]
EM_AARCH64 = 183


def random_cases(report, usable, sample, most):
    """
    (number, loader, an empty directory for it) of each case to make, for each loader. What was
    made there goes before the next one, but stays where the numbers are the script's arguments.
    """
    numbers, wanted = chosen_numbers(report, sample, most)
    for number in numbers:
        for loader in usable:
            top = os.path.realpath(tempfile.mkdtemp(prefix="tenon-random-"))
            os.chmod(top, 0o755)
            yield number, loader, top
            if wanted:
                report.note("files: " + top)
            else:
                shutil.rmtree(top)


class RandomTree:
    """A tree below `top`, which its processes see at `seen`, and what was drawn for it."""

    def __init__(self, top, seed, loader, rooted):
        self.top, self.random, self.loader = top, random.Random(seed), loader
        self.seen = "" if rooted else top
        self.root = top if rooted else None
        self.files = []  # that are files themselves
        self.shared = {}  # shared libraries by path, also by links: SONAME and class
        for name in DIRS:
            os.makedirs(os.path.join(top, name))
        self._link_dirs()
        for directory in DIRS:
            for name in NAMES:
                if self.chance(0.45):
                    self._put(os.path.join(directory, name))
        self.program = self.see("bin/prog")
        self._program()
        if rooted:
            loader.settle(self)

    def path(self, name):
        return os.path.join(self.top, name)

    def see(self, name):
        return self.seen + "/" + name

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *weighted):
        """One of (weight, value)."""
        return self.random.choices([value for _, value in weighted],
                                   [weight for weight, _ in weighted])[0]

    def _link_dirs(self):
        for number in range(self.random.randrange(3)):
            target = self.random.choice(DIRS + ["none"])
            os.symlink(self.pick((1, target), (1, self.see(target))), self.path("l%d" % number))

    def place(self):
        """A directory as it may be written in a search list."""
        name = self.random.choice(DIRS + ["l0", "l1", "none"])
        return self.pick((8, self.see(name)),
                         (4, "$ORIGIN/../" + name),
                         (2, "${ORIGIN}/" + name),
                         (2, "$ORIGIN"),
                         (1, self.see(name) + "/"),
                         (1, self.seen + "//" + name + "//."),
                         (1, self.see("d0/../" + name)),
                         (1, name), (1, "./" + name), (1, ""), (1, "."),
                         (1, self.see("d$LIB")), (1, self.see("$PLATFORM")),
                         (1, "$ORIGINAL/" + name), (1, "/nowhere/$FOO"))

    def places(self, most=4):
        return [self.place() for _ in range(self.random.randrange(most + 1))]

    def search_list(self, separators=":"):
        text = ""
        for place in self.places():
            text += (self.random.choice(separators) if text else "") + place
        return text

    def need(self):
        name = self.random.choice(NAMES)
        return self.pick((20, name),
                         (2, self.see(self.random.choice(DIRS) + "/" + name)),
                         (1, "$ORIGIN/" + name),
                         (1, "$ORIGIN/../d1/" + name),
                         (1, "d1/" + name), (1, "./" + name),
                         (1, "libnone.so.1"))

    def needs(self, most):
        return [self.need() for _ in range(self.random.randrange(most + 1))]

    def _paths(self):
        """Run paths of an object: neither, RPATH, RUNPATH, seldom both."""
        rpath, runpath = self.pick((6, (0, 0)), (4, (1, 0)), (4, (0, 1)), (1, (1, 1)))
        return {"rpath": self.search_list() if rpath else None,
                "runpath": self.search_list() if runpath else None}

    def _library(self, path):
        name = os.path.basename(path)
        soname = self.pick((6, name), (2, None), (2, self.random.choice(NAMES)))
        return dict(soname=soname, needed=self.needs(3), flags_1=self._flags(),
                    auxiliary=self.needs(1) if self.chance(0.08) else (),
                    filters=self.needs(1) if self.chance(0.05) else (), **self._paths())

    def _flags(self):
        return elf.DF_1_NODEFLIB if self.chance(0.1) else 0

    def _put(self, path):
        kind = self.pick((14, "good"), (2, "narrow"), (1, "machine"), (1, "executable"),
                         (1, "text"), (1, "empty"), (1, "short"), (1, "directory"), (2, "link"),
                         (1, "hard"), (1, "dangling"), (1, "loop"))
        other = self.random.choice(self.files or ["none"])
        if kind == "directory":
            os.mkdir(self.path(path))
        elif kind == "dangling":
            os.symlink("nothing", self.path(path))
        elif kind == "loop":
            os.symlink(os.path.basename(path), self.path(path))
        elif kind == "link":
            relative = os.path.relpath(other, os.path.dirname(path))
            os.symlink(self.pick((1, relative), (1, self.see(other))), self.path(path))
            self.shared[path] = self.shared.get(other)
        elif kind == "hard" and self.files:
            os.link(self.path(other), self.path(path))
            self.shared[path] = self.shared.get(other)
        else:
            self.files.append(path)
            self.write(path, self._bytes(kind, path))

    def _bytes(self, kind, path):
        if kind == "text":
            return b"/* GNU ld script */\nGROUP ( libz.so.1 )\n" * 3
        if kind == "empty":
            return b""
        how = self._library(path)
        if kind == "narrow":
            how["bits"] = 32
        elif kind == "machine":
            how["machine"] = EM_AARCH64
        elif kind == "executable":
            how.update(e_type=elf.ET_EXEC, base=0x400000 + 0x100000 * len(self.files))
        if kind in ("good", "narrow"):
            self.shared[path] = (how["soname"], how.get("bits", 64))
        data = elfmake.image(**how)
        return data[:self.random.randrange(4, 60)] if kind == "short" else data

    def mixes_classes(self):
        """Has a directory two libraries of one SONAME, of two classes? ldconfig then takes the one
        that the file system happens to list first."""
        seen = {}
        for path, known in self.shared.items():
            if known:
                key = os.path.dirname(path), known[0] or os.path.basename(path)
                seen.setdefault(key, set()).add(known[1])
        return any(len(classes) > 1 for classes in seen.values())

    def write(self, path, data):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "wb") as file:
            file.write(data)
        os.chmod(self.path(path), 0o755)

    def _program(self):
        self.write("bin/prog", elfmake.image(
            needed=self.needs(5) + ["liba.so.1"], flags_1=self._flags(),
            interp=self.loader.interp, **self._paths()))

    def world(self):
        """An environment and a current directory."""
        env = {}
        if self.chance(0.6):
            env["LD_LIBRARY_PATH"] = self.search_list(":;")
        if self.chance(0.25):
            names = [self.need() for _ in range(1 + self.random.randrange(3))]
            env["LD_PRELOAD"] = self.random.choice(" :").join(names)
        cwd = self.pick((3, "/"), (2, self.seen or "/"), (1, self.see("d0")))
        return {"env": env, "cwd": cwd}
