"""Trees of macOS and its kin, whose files clang and ld64.lld make. Asked of tenon as sysroots.

What a file needs is linked by a text stub of that install name, so that no file of Apple's is
wanted. Such fixtures show that the rules are applied as written, not that dyld agrees."""

import glob
import os
import shutil
import struct
import subprocess

from foreign import World

# ld64.lld's name: target of clang, platform of text stubs, release
PLATFORMS = {
    "macos": ("%s-apple-macos13", "macos", "13.0"),
    "ios": ("%s-apple-ios16", "ios", "16.0"),
    "ios-simulator": ("%s-apple-ios16-simulator", "ios-simulator", "16.0"),
    "mac-catalyst": ("%s-apple-ios16-macabi", "maccatalyst", "16.0"),
}
STUB = """--- !tapi-tbd
tbd-version: 4
targets: [ {arch}-{platform} ]
install-name: '{name}'
current-version: {current}
compatibility-version: {compat}
exports:
  - targets: [ {arch}-{platform} ]
    symbols: [ {symbols} ]
...
"""


def binds_lazily():
    """The flags with which what is bound at the first call stays so in newer linkers, too."""
    said = subprocess.run([linker(), "--help"], capture_output=True, text=True, check=False).stdout
    return ["-no_fixup_chains"] if "-no_fixup_chains" in said else []


def linker():
    """ld64.lld, which Debian has with its version behind it; None when it is not there."""
    names = ["ld64.lld"] + ["ld64.lld-%d" % version for version in range(20, 13, -1)]
    return next(filter(None, map(shutil.which, names)), None)


LAZY = binds_lazily() if linker() else []

MAIN = "int main(void) { return 0; }\n"


class System:
    loader = "dyld"


class Darwin(World):
    """A tree for one case. Paths are those of the other system."""

    made = {}
    main = "/App/Contents/MacOS/prog"

    def __init__(self, scratch, number):
        super().__init__(None, System, os.path.join(scratch, "case%d" % number), number)
        self.scratch = scratch

    def _scratch(self, name):
        os.makedirs(os.path.join(self.scratch, "made"), exist_ok=True)
        return os.path.join(self.scratch, "made", name)

    def _object(self, arch, platform, code):
        key = ("object", arch, platform, code)
        if key not in self.made:
            path = self._scratch("object%d" % len(self.made))
            with open(path + ".c", "w", encoding="utf-8") as file:
                file.write(code)
            subprocess.run(["clang", "-target", PLATFORMS[platform][0] % arch, "-ffreestanding",
                            "-c", path + ".c", "-o", path + ".o"], check=True)
            self.made[key] = path + ".o"
        return self.made[key]

    def _stub(self, name, arch, platform, compat, symbols=()):
        path = self._scratch("stub%d.tbd" % len(self.made))
        self.made[path] = name
        with open(path, "w", encoding="utf-8") as file:
            file.write(STUB.format(arch=arch, platform=PLATFORMS[platform][1], name=name,
                                   current="9.0", compat=compat, symbols=", ".join(symbols)))
        return path

    def _link(self, path, kind, arch="arm64", platform="macos", sdk="14.0", minimum=None, needs=(),
              weak=(), rpaths=(), compat_wanted="1.0", reexports=(), imports=None, code=MAIN):
        """`imports`: symbols of each need that `code` uses."""
        minimum = minimum or PLATFORMS[platform][2]
        words = [linker(), "-arch", arch, "-platform_version", platform, minimum, sdk,
                 "-headerpad", "0x200", *LAZY, *kind]
        for rpath in rpaths:
            words += ["-rpath", rpath]
        words.append(self._object(arch, platform, code))
        words += [self._stub(name, arch, platform, compat_wanted, (imports or {}).get(name, ()))
                  for name in needs]
        for name in reexports:
            words += ["-reexport_library", self._stub(name, arch, platform, compat_wanted)]
        for name in weak:
            words += ["-weak_library", self._stub(name, arch, platform, compat_wanted)]
        done = subprocess.run([*words, "-o", self.host(path)], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise AssertionError("%s\n%s" % (" ".join(words), done.stderr))
        return path

    def lib(self, path, name=None, current="1.0", compat="1.0", **how):
        return self._link(path, ["-dylib", "-install_name", name or path, "-current_version",
                                 current, "-compatibility_version", compat], **how)

    def bundle(self, path, **how):
        return self._link(path, ["-bundle"], **how)

    def program(self, path=main, **how):
        return self._link(path, ["-e", "_main"], **how)

    def _commands(self, file):
        """(kind, size, where) of each load command; how many, and their size."""
        file.seek(16)
        count, size = struct.unpack("<II", file.read(8))
        found, at = [], 32
        for _ in range(count):
            file.seek(at)
            found.append((*struct.unpack("<II", file.read(8)), at))
            at += found[-1][1]
        return found, count, size

    def built_for(self, path, platform, sdk):
        """Changes what LC_BUILD_VERSION says, to platforms that the linker may not know."""
        with open(self.host(path), "r+b") as file:
            for kind, _, at in self._commands(file)[0]:
                if kind == 0x32:
                    file.seek(at + 8)
                    file.write(struct.pack("<III", platform, 1 << 16, sdk << 16))

    def add_environment(self, path, line):
        """One more LC_DYLD_ENVIRONMENT, in the room that the linker left."""
        text = line.encode() + b"\0"
        text += bytes(-(12 + len(text)) % 8)
        with open(self.host(path), "r+b") as file:
            _, count, size = self._commands(file)
            file.seek(32 + size)
            file.write(struct.pack("<III", 0x27, 12 + len(text), 12) + text)
            file.seek(16)
            file.write(struct.pack("<II", count + 1, size + 12 + len(text)))

    def universal(self, path, *parts):
        """One file of several of the tree."""
        lipo = shutil.which("llvm-lipo") or max(glob.glob("/usr/bin/llvm-lipo-*"))
        subprocess.run([lipo, "-create", *map(self.host, parts), "-output", self.host(path)],
                       check=True)
        return path
