"""Builds small programs and libraries with chosen dynamic tags in a directory of its own."""

import os
import shutil
import subprocess
import tempfile

import elf
from report import skip_all

# Stands in a dynamic string for "", which the linker would leave out; patched afterwards.
EMPTY = "tenon-empty-string"


def needs(*programs):
    """Skips the whole script when one of the programs is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            skip_all("no %s" % program)


class Tree:
    """
    A temporary directory, removed at the end of the `with` block. Paths given to its functions
    are relative to it; `dir` is its real path.
    """

    def __init__(self, compiler="gcc", interp=None):
        self.compiler = compiler
        self.interp = interp
        self._stubs = 0
        self._sources = 0

    def __enter__(self):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="tenon-test-"))
        os.chmod(self.dir, 0o755)
        self._work = tempfile.mkdtemp(prefix="tenon-build-")
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(self._work, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def mkdir(self, *parts):
        path = self.path(*parts)
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, path, content, mode=0o644):
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return path

    def link(self, path, target):
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)
        return path

    def copy(self, source, path):
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy2(self.path(source), path)
        return path

    def lib(self, path, soname=None, **how):
        """A shared library; soname None means none."""
        extra = ["-shared"] + (["-Xlinker", "-soname", "-Xlinker", soname] if soname else [])
        return self._make(path, extra, "int tenon_test_%d(void) { return 0; }", **how)

    def program(self, path, interp=None, **how):
        """A program that only has a place to start."""
        interp = interp or self.interp
        extra = ["-pie"]
        if interp:
            extra += ["-Xlinker", "-dynamic-linker", "-Xlinker", interp]
        return self._make(path, extra, "void _start(void) { for (;;) { } } int main_%d;", **how)

    def real_program(self, path, source, *flags):
        """A program with a main() of its own and the compiler's start files."""
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._compile(["-O0", "-o", path, "-x", "c", self._source(source), "-x", "none", *flags])
        return path

    def _make(self, path, extra, source, needed=(), rpath=None, runpath=None, bits=64, code=None,
              flags=(), link=()):
        """
        needed   DT_NEEDED strings, "" too; runpath, rpath: the tag's string, "" too
        link     real libraries to link with besides, so that symbols and versions are recorded
        """
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._stubs += 1
        command = ["-nostdlib", "-fPIC", "-O1", "-fno-asynchronous-unwind-tables", *extra]
        # The linker writes RPATH or RUNPATH, not both: the second one starts as DT_AUDIT.
        first, second = (rpath, runpath) if rpath is not None else (runpath, None)
        if first is not None:
            tags = "--disable-new-dtags" if rpath is not None else "--enable-new-dtags"
            command += ["-Xlinker", tags, "-Xlinker", "-rpath", "-Xlinker", first or EMPTY]
        if second is not None:
            command += ["-Xlinker", "--audit", "-Xlinker", second or EMPTY]
        command += ["-o", path, "-x", "c", self._source(code or source % self._stubs), "-x", "none",
                    "-Xlinker", "--no-as-needed", "-Xlinker", "--allow-shlib-undefined", *flags]
        command += [self._stub(name or EMPTY, bits) for name in needed]
        self._compile(command + [self.path(name) for name in link], bits)
        self._patch(path, needed, first, rpath is not None, second)
        return path

    def _patch(self, path, needed, first, is_rpath, second):
        if "" not in needed and first != "" and second is None:
            return
        with elf.Patch(path) as file:
            if "" in needed:
                file.empty_string(elf.DT_NEEDED, EMPTY)
            if first == "":
                file.empty_string(elf.DT_RPATH if is_rpath else elf.DT_RUNPATH, EMPTY)
            if second == "":
                file.empty_string(elf.DT_AUDIT, EMPTY)
            if second is not None:
                file.retag(elf.DT_AUDIT, elf.DT_RUNPATH)

    def _source(self, code):
        self._sources += 1
        path = os.path.join(self._work, "source%d.c" % self._sources)
        with open(path, "w", encoding="utf-8") as file:
            file.write(code)
        return path

    def _stub(self, soname, bits):
        """A library whose only purpose is that its soname becomes a DT_NEEDED."""
        self._stubs += 1
        path = os.path.join(self._work, "stub%d.so" % self._stubs)
        code = self._source("int tenon_stub_%d;" % self._stubs)
        self._compile(["-shared", "-nostdlib", "-fPIC", "-o", path, "-x", "c", code, "-Xlinker",
                       "-soname", "-Xlinker", soname], bits)
        return path

    def _compile(self, arguments, bits=64):
        command = [self.compiler] if bits == 64 else ["gcc", "-m32"]
        done = subprocess.run([*command, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError("%s %s\n%s" % (command[0], " ".join(arguments), done.stderr))


def reseal_cache(root, *directories, keep_links=False):
    """Runs ldconfig over the tree `root` with these lines in its ld.so.conf."""
    os.makedirs(os.path.join(root, "etc"), exist_ok=True)
    with open(os.path.join(root, "etc", "ld.so.conf"), "w", encoding="utf-8") as file:
        file.write("".join(name + "\n" for name in directories))
    ldconfig = shutil.which("ldconfig") or "/sbin/ldconfig"
    subprocess.run([ldconfig, *(["-X"] if keep_links else []), "-r", root],
                   stdin=subprocess.DEVNULL, capture_output=True, check=True)
