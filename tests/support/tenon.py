"""Asks the command under test and reads its JSON into an Answer."""

import json
import os
import re
import subprocess
import sys

from answer import Answer
from report import skip_all

_ESCAPE = re.compile(rb"\\x([0-9A-Fa-f]{2})")
BATCH = 400


def command():
    """The command under test; without one the whole script is skipped."""
    path = os.environ.get("TENON")
    if not path or not os.access(path, os.X_OK):
        skip_all("TENON does not name the built command")
    return os.path.abspath(path)


def source_root():
    root = os.environ.get("TENON_SOURCE")
    return root or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def shared_if_there(*parts):
    """A path below the shared data; None without them."""
    base = os.environ.get("TENON_SHARED") or os.path.join(source_root(), "..", "shared")
    path = os.path.join(base, *parts)
    return path if os.path.exists(path) else None


def shared(*parts):
    """A path below the shared data; without them the whole script is skipped."""
    path = shared_if_there(*parts)
    if not path:
        skip_all("no shared data (TENON_SHARED): %s" % os.path.join(*parts))
    return path


def text(value):
    """A string of the JSON as the bytes it stands for, \\xHH undone; None stays None."""
    if value is None:
        return None
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), value.encode())
    return os.fsdecode(raw)


def run(*arguments, user=None):
    """(status, standard output, standard error) as bytes and text; `user`: a number"""
    done = subprocess.run([command(), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          user=user, cwd="/" if user is not None else None)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def results(*arguments, user=None):
    """The status of a run with --json and its list of results."""
    status, out, err = run(*arguments, user=user)
    try:
        document = json.loads(out)
    except ValueError:
        sys.exit("tenon %s: status %d, no JSON: %r\n%s"
                 % (" ".join(arguments[:8]), status, out[:200], err))
    if document.get("schema") != 1:
        sys.exit("tenon %s: schema is %r" % (arguments[0], document.get("schema")))
    return status, document["results"]


def options(env=None, cwd=None, sysroot=None, secure=False, cpu=None):
    """Options of `tenon why` for one world; the caller's own environment never counts."""
    chosen = ["--clean-env"]
    for name, value in sorted((env or {}).items()):
        chosen += ["--env", "%s=%s" % (name, value)]
    if cwd is not None:
        chosen += ["--cwd", cwd]
    if sysroot is not None:
        chosen += ["--sysroot", sysroot]
    if cpu is not None:
        chosen += ["--cpu", cpu]
    if secure:
        chosen += ["--setuid"]
    return chosen


def why(paths, extra=(), user=None, **world):
    """The results of `tenon why --json` for many files, in batches, by path."""
    rows = {}
    for start in range(0, len(paths), BATCH):
        batch = paths[start:start + BATCH]
        _, found = results("why", "--json", *options(**world), *extra, "--", *batch,
                           user=user)
        for row in found:
            rows[text(row["file"])] = row
    return rows


def answer(row, like=None):
    """
    The Answer in one result of `why`. Where tenon's words for a stop contain those of the answer
    `like` about the same file they count as equal: tenon may explain more.
    """
    if row["status"] == "error":
        return Answer(stop="%(code)s: %(message)s" % row["error"])
    objects, failures = [], []
    for library in row["libraries"]:
        if _left_out(library):
            failures.append((text(library["name"]), library.get("reason")))
        else:
            objects.append((text(library["name"]), text(library["path"])))
    versions = [(text(row["libraries"][missing["library"]]["path"]), text(missing["version"]),
                 requester(row, missing["needed_by"]))
                for missing in row.get("missing_versions", ()) if missing.get("fatal", True)]
    stop = _stop(row, like.stop if like is not None else None)
    return Answer(objects, stop, versions, failures)


def _left_out(library):
    """A preload or auxiliary object that does not load: the program starts without it."""
    return library["optional"] and library["status"] != "found"


def requester(row, index):
    """The path of an object of the graph; -1 is the program: the file itself, or that of --exe."""
    return text(row.get("exe") or row["file"]) if index < 0 else text(row["libraries"][index]["path"])


def _stop(row, said):
    library = next((library for library in row["libraries"]
                    if library["status"] == "refused" and not library["optional"]), None)
    if library is None:
        return None
    attempt = next((attempt for attempt in library["tried"] if attempt.get("final")), {})
    where = text(attempt.get("path")) or text(library["name"])
    words = [text(word) for word in (attempt.get("detail"), library.get("reason")) if word]
    for named in (where, text(library["name"])):
        if said is not None and said.startswith(named + ": "):
            if any(said[len(named) + 2:] in word for word in words):
                return said
    return "%s: %s" % (where, " / ".join(words) or attempt.get("outcome"))


def failures(row, said=()):
    """
    (name, reason, needed by) of each library that does not load, for each who needs it; `said`
    as `like` of answer(): the rows of a real loader.
    """
    rows = []
    for library in row["libraries"]:
        if library["status"] == "found" or _left_out(library):
            continue
        reason = text(library.get("reason")) or ""
        details = [text(attempt.get("detail")) or "" for attempt in library["tried"]]
        for name, words, _ in said:
            if name == text(library["name"]) and any(words in text for text in [reason, *details]):
                reason = words
        rows += [(text(library["name"]), reason, requester(row, index))
                 for index in library["needed_by"]]
    return rows
