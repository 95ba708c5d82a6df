"""Runs the real loaders of glibc and musl in their listing mode and reads what they say.

rule: glibc elf/rtld.c (trace mode), elf/dl-version.c; musl ldso/dynlink.c (ldd mode)
"""

import os
import re
import subprocess

from answer import Answer

GLIBC = "/lib64/ld-linux-x86-64.so.2"
GLIBC_32 = "/lib/ld-linux.so.2"
GLIBC_X32 = "/libx32/ld-linux-x32.so.2"
MUSL = "/lib/ld-musl-x86_64.so.1"

TIMEOUT = 60  # seconds, for one answer

_FOUND = re.compile(r"^\t(.*) => (.*) \((0x[0-9a-f]+|0)\)$", re.S)
_ALONE = re.compile(r"^\t(.*) \((0x[0-9a-f]+|0)\)$", re.S)
_MISSING = re.compile(r"^\t(.*) => not found$", re.S)
_STOPPED = re.compile(r"error while loading shared libraries: (.*)$", re.S)
_ERRNO = re.compile(r"\bError (\d+)$")  # before libc is there the loader knows no words
_VERSION = re.compile(r"^[^\n]*?: ([^\n]*): version `(.*)' not found \(required by (.*)\)$")
_PRELOAD = re.compile(r"^ERROR: ld.so: object '(.*)' from (\S+) cannot be preloaded "
                      r"\((.*)\): ignored.$")
_MUSL_MISSING = re.compile(r"^Error loading shared library (.*): (.*) \(needed by (.*)\)$")


class LoaderFailed(Exception):
    """The loader died or said something that is no answer."""


def usable(loader):
    """True when this system can run that loader."""
    try:
        done = subprocess.run([loader, "--help"], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=10)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode >= 0


def _run(command, env, cwd, root=None, user=None):
    def enter():
        if root is not None:
            os.chroot(root)
            os.chdir(cwd or "/")
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)

    prepare = enter if root is not None or user is not None else None
    try:
        done = subprocess.run(command, env=env, cwd=None if root else cwd, preexec_fn=prepare,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise LoaderFailed("no answer in %d s" % TIMEOUT) from None
    return done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr)


def spell_error(message):
    """A message of the loader with the words for the error that it has as a number."""
    return _ERRNO.sub(lambda number: os.strerror(int(number[1])), message)


def _object(line):
    """(name, path) of one line of a trace; None for the kernel's own object."""
    found = _MISSING.match(line)
    if found:
        return found[1], None
    found = _FOUND.match(line)
    if found:
        return found[1], found[2]
    found = _ALONE.match(line)
    if not found:
        raise LoaderFailed("cannot read this line: %r" % line)
    if found[1].startswith("linux-vdso.so") or found[1].startswith("linux-gate.so"):
        return None
    return None, found[1]


def read_glibc_trace(status, out, err):
    """The Answer in what ld.so printed while tracing."""
    stop, versions, failures = None, [], []
    for line in err.split("\n"):
        found = _PRELOAD.match(line)
        if found:
            failures.append((found[1], found[3]))
            continue
        found = _VERSION.match(line)
        if found:
            versions.append((found[1], found[2], found[3]))
            continue
        found = _STOPPED.search(line)
        if found:
            stop = spell_error(found[1])
    if status < 0:
        raise LoaderFailed("ended by signal %d" % -status)
    if status != 0:
        if stop is None:
            raise LoaderFailed("status %d: %s" % (status, err.strip()[-200:]))
        return Answer(stop=stop, preload_failures=failures)
    lines = re.split(r"\n(?=\t)", out.rstrip("\n"))
    if lines == ["\tstatically linked"]:
        return Answer(preload_failures=failures)
    objects = [row for row in map(_object, filter(None, lines)) if row]
    return Answer(objects, None, versions, failures)


def glibc_version():
    """(2, 36)"""
    out = subprocess.run([GLIBC, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"version (\d+)\.(\d+)", out).groups()))


def without_itself(answer):
    """The answer without ld.so's own file, which lists itself from 2.41 on, asked for or not."""
    own = (GLIBC, GLIBC_32, GLIBC_X32)
    answer.objects = [row for row in answer.objects if row[1] not in own]
    return answer


def glibc_trace(path, env=None, cwd=None, loader=GLIBC, root=None):
    """What ld.so answers about PATH, as ldd asks: a miss is listed and the search goes on."""
    traced = dict(env or {}, LD_TRACE_LOADED_OBJECTS="1")
    return read_glibc_trace(*_run([loader, path], traced, cwd, root))


def glibc_list(path, env=None, cwd=None, loader=GLIBC, root=None):
    """What `ld.so --list PATH` answers: a miss stops it."""
    return read_glibc_trace(*_run([loader, "--list", path], dict(env or {}), cwd, root))


def glibc_start(path, env=None, cwd=None, root=None, user=None):
    """What the loader answers when the kernel starts PATH, as ldd asks."""
    traced = dict(env or {}, LD_TRACE_LOADED_OBJECTS="1")
    return read_glibc_trace(*_run([path], traced, cwd, root, user))


def run_program(path, env=None, cwd=None, root=None, user=None):
    """Really starts the program: (status, standard output, standard error)."""
    return _run([path], dict(env or {}), cwd, root, user)


class MuslAnswer(Answer):
    """As Answer; `failures`, sorted: (name, reason, needed by) for whoever lacks a library."""

    def __init__(self, objects=(), failures=()):
        super().__init__(objects)
        self.failures = sorted(failures)

    def __str__(self):
        return ", ".join([super().__str__()] + ["%s: %s for %s" % row for row in self.failures])

    def __eq__(self, other):
        return super().__eq__(other) and self.failures == other.failures


def musl_list(path, env=None, cwd=None, loader=MUSL, root=None):
    """What `ld-musl --list PATH` answers; the line of the loader itself is left out."""
    status, out, err = _run([loader, "--list", path], dict(env or {}), cwd, root)
    return read_musl_list(status, out, err)


def read_musl_list(status, out, err):
    """The MuslAnswer in what the loader printed."""
    if status < 0:
        raise LoaderFailed("ended by signal %d" % -status)
    failures = []
    for line in err.split("\n"):
        found = _MUSL_MISSING.match(line)
        if found:
            failures.append((found[1], found[2], found[3]))
    if status != 0 and not err:
        raise LoaderFailed("status %d and no message" % status)
    if "Not a valid dynamic program" in err:
        raise LoaderFailed(err.strip())
    lines = re.split(r"\n(?=\t)", out.rstrip("\n"))
    objects, seen = [], set()
    for name, path in filter(None, map(_object, filter(None, lines[1:]))):
        if path not in seen:  # the loader names itself once for each reserved prefix
            seen.add(path)
            objects.append((name, path))
    return MuslAnswer(objects, failures)
