"""Trees of other ELF systems: their programs and libraries are made by this system's linker, which
is then told the other system's OS ABI, machine and interpreter. Asked of tenon as sysroots.

Such fixtures show that the rules are applied as written, not that the other system agrees."""

import os
import shutil
import struct

import tenon
from build import Tree


class System:
    """What makes a file one of a system."""

    def __init__(self, loader, osabi, interp, interp32=None, machine=None):
        self.loader, self.osabi, self.machine = loader, osabi, machine
        self.interp, self.interp32 = interp, interp32


FREEBSD = System("freebsd", 9, "/libexec/ld-elf.so.1", "/libexec/ld-elf.so.1")
NETBSD = System("netbsd", 2, "/usr/libexec/ld.elf_so")
OPENBSD = System("openbsd", 12, "/usr/libexec/ld.so")
SOLARIS = System("solaris", 6, "/lib/64/ld.so.1", "/usr/lib/ld.so.1")
HPUX = System("hpux", 1, "/usr/lib/hpux64/dld.so", machine=50)
ANDROID = System("bionic", 0, "/system/bin/linker64", "/system/bin/linker")


class World:
    """A tree for one case. Paths are those of the other system: "/t/a/libx.so.1"."""

    made = {}  # what was compiled before, by all that went into it
    main = "/t/E"  # the program asked about

    def __init__(self, tree, system, work, number):
        self.tree, self.system, self.work = tree, system, work
        self.root = os.path.join(work, "case%d" % number)
        os.makedirs(self.root)

    def host(self, path):
        path = os.path.join(self.root, path.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def _take(self, path, kind, key, make):
        """A copy of the file that `make` gives, marked as the system's."""
        key = (kind, key, self.system.loader)
        if key not in self.made:
            self.made[key] = make("made/%d" % len(self.made))
            with open(self.made[key], "r+b") as file:
                file.seek(7)
                file.write(bytes([self.system.osabi]))
                if self.system.machine is not None:
                    file.seek(18)
                    file.write(struct.pack("<H", self.system.machine))
        shutil.copy2(self.made[key], self.host(path))
        return path

    def lib(self, path, soname=None, **how):
        key = (soname, repr(sorted(how.items())))
        return self._take(path, "lib", key, lambda at: self.tree.lib(at, soname, **how))

    def program(self, path=main, **how):
        bits = how.get("bits", 64)
        interp = self.system.interp if bits == 64 else self.system.interp32
        return self._take(path, "program", (path, repr(sorted(how.items()))),
                          lambda at: self.tree.program(at, interp=interp, **how))

    def x(self, *directories):
        """libx.so.1 in each directory"""
        for directory in directories:
            self.lib(directory + "/libx.so.1", "libx.so.1")

    def write(self, path, content, mode=0o644):
        with open(self.host(path), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(self.host(path), mode)
        return path

    def mkdir(self, path):
        os.makedirs(self.host(path), exist_ok=True)

    def link(self, path, target):
        os.symlink(target, self.host(path))

    def why(self, program, extra=(), **world):
        return tenon.why([program], extra=extra, sysroot=self.root, **world)[program]


class Expect:
    """The checks of one case."""

    def __init__(self, report, name, world):
        self.report, self.name, self.world, self.runs = report, name, world, 0

    def __call__(self, *objects, program=None, reason=None, status=None, extra=(), **world):
        """
        objects   (name, path) of all libraries in load order; path None: it does not load
        reason    words that the reason of the first of these has
        """
        self.runs += 1
        name = "%s (%d)" % (self.name, self.runs)
        row = self.world.why(program or self.world.main, extra=extra, **world)
        if row["status"] == "error":
            self.report.check(name, list(objects), row["error"])
            return row
        got = [(tenon.text(library["name"]), tenon.text(library["path"]))
               for library in row["libraries"]]
        self.report.check(name, list(objects), got, ("expected", "tenon"))
        self.report.check(name + " loader", self.world.system.loader, row["loader"])
        loads = all(path is not None for _, path in objects)
        if status is None:
            self.report.check(name + " status", loads, row["status"] == "ok")
        else:
            self.report.check(name + " status", status, row["status"])
        if reason is not None:
            said = next((library.get("reason") or "" for library in row["libraries"]
                         if library["path"] is None), "")
            self.report.check(name + " reason", True, reason in said or said)
        return row

    def dlopen(self, wanted, path, program=None, **world):
        """What a string literal in a library would load at run time."""
        self.runs += 1
        row = self.world.why(program or self.world.main, extra=["--dlopen"], **world)
        got = {tenon.text(found["name"]): tenon.text(found["path"]) for found in row["dlopen"]}
        self.report.check("%s (%d) dlopen" % (self.name, self.runs), path, got.get(wanted))


__all__ = ["ANDROID", "FREEBSD", "HPUX", "NETBSD", "OPENBSD", "SOLARIS", "Expect", "System",
           "Tree", "World"]
