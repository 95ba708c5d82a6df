"""Runs compilers behind tenon's launchers, and reads back the record of what they made."""

import json
import os
import subprocess

import tenon


class Failed(Exception):
    pass


def run(words, cwd, check=True, env=None, **more):
    """Runs a command; its CompletedProcess, with text output."""
    done = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", env=dict(os.environ, **(env or {})), **more)
    if check and done.returncode != 0:
        raise Failed("%s: status %d\n%s" % (" ".join(words), done.returncode, done.stderr))
    return done


def behind(command, words, prefix=None):
    """The words of `tenon COMMAND [--unit-prefix PREFIX] -- WORDS...`."""
    chosen = ["--unit-prefix", prefix] if prefix else []
    return [tenon.command(), command, *chosen, "--", *words]


def units(path):
    """The result of `tenon units --json` for one file."""
    done = subprocess.run([tenon.command(), "units", "--json", path], capture_output=True)
    rows = json.loads(done.stdout)["results"]
    if len(rows) != 1 or rows[0]["status"] == "error":
        raise Failed("tenon units %s: %r" % (path, rows))
    return rows[0]


def names(row, system=False):
    """Names of its C units, sorted; without `system` those of the C library and the compiler's."""
    found = [unit["name"] for unit in row["units"]
             if unit["kind"] == "c" and (system or not is_system(unit))]
    return sorted(found)


def is_system(unit):
    archive = (unit["origin"] or "").split(" member ")[0]
    return archive in ("libc.a", "libstdc++.a", "libm.a", "libgcc.a", "libgcc_eh.a",
                       "libpthread.a", "libsupc++.a")


def mold_starts_anew():
    """mold 1 opens what it took once more, when GCC's intermediate code was compiled."""
    said = subprocess.run(["mold", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[1].startswith("1.")
