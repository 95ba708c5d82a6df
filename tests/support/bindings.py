"""What the loader says about symbols: its debug output and its complaints.

rule: glibc elf/dl-lookup.c (_dl_debug_bindings), elf/rtld.c (print_unresolved)
"""

import os
import re
import subprocess

import elf

_BINDING = re.compile(r"^\s*\d+:\tbinding file (.*) \[0\] to (.*) \[0\]: (?:normal|protected) "
                      r"symbol `(.*?)'(?: \[(.*)\])?$")
_STARTED = re.compile(r"^\s*\d+:\t(?:calling init|initialize program|transferring control)")
_UNDEFINED = re.compile(r"^undefined symbol: (.*?)(?:, version (.*))?\t\((.*)\)$")
_WRONG_FILE = re.compile(r"^symbol (.*), version (.*) not defined in file .* with link time "
                         r"reference\t\((.*)\)$")
KERNELS_OWN = "linux-vdso.so.1"


def debugged(command, prefix, env=None, cwd=None, timeout=5):
    """
    Starts a harmless program with every symbol bound at once and gives the bindings made before
    its own code ran: {(requester, symbol, version): set of providers}. None: it never got there.
    """
    settings = dict(env or {}, LD_DEBUG="bindings", LD_BIND_NOW="1", LD_DEBUG_OUTPUT=prefix)
    with subprocess.Popen(command, env=settings, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            child.wait(timeout)
        except subprocess.TimeoutExpired:
            child.kill()
    path = "%s.%d" % (prefix, child.pid)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return read_bindings(file)


def read_bindings(lines):
    found = {}
    for line in lines:
        if _STARTED.match(line):
            return found
        row = _BINDING.match(line.rstrip("\n"))
        if row and KERNELS_OWN not in (row[1], row[2]):
            found.setdefault((row[1], row[3], row[4]), set()).add(row[2])
    return None


def all_bindings(lines):
    """As read_bindings(), of a trace, in which no code is ever started."""
    found = {}
    for line in lines:
        row = _BINDING.match(line)
        if row:
            found.setdefault((row[1], row[3], row[4]), set()).add(row[2])
    return found


def complaints(lines):
    """{(requester, symbol, version)} of what `ldd -r` prints"""
    rows = set()
    for line in lines:
        found = _UNDEFINED.match(line) or _WRONG_FILE.match(line)
        if found:
            rows.add((found[3], found[1], found[2]))
    return rows


def unresolved(command, env=None, cwd=None):
    """
    What `ldd -r` complains about: {(requester, symbol, version)}. None: the loader dies of it.
    """
    settings = dict(env or {}, LD_TRACE_LOADED_OBJECTS="1", LD_WARN="yes", LD_BIND_NOW="yes")
    done = subprocess.run(command, env=settings, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    if done.returncode != 0:
        return None
    return complaints(os.fsdecode(done.stdout).split("\n"))


class Undefined:
    """The undefined symbols of files, each read once."""

    def __init__(self):
        self._symbols = {}

    def has(self, path, symbol, version):
        """
        False also for what ld.so looks up on its own account in the name of the program: malloc
        and its kin, for itself.
        """
        if path not in self._symbols:
            image = elf.read(path)
            self._symbols[path] = image.undefined_symbols() if image else set()
        return (symbol, version) in self._symbols[path]
