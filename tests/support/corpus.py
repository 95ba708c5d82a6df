"""The corpus of real binaries: its facts, and its closures made into usable trees."""

import json
import lzma
import os
import shutil


def facts(directory):
    """The expected facts of every file of the corpus, in order."""
    with open(os.path.join(directory, "facts.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def restore_tree(source, target):
    """
    A writable copy of a closure: packed files unpacked, and symbolic links made again where a
    copy without links holds their text in a small file.
    """
    shutil.copytree(source, target, symlinks=True)
    for directory, names, files in os.walk(target):
        os.chmod(directory, 0o755)
        for name in files:
            path = os.path.join(directory, name)
            if os.path.islink(path):
                continue
            os.chmod(path, 0o755)
            if name.endswith(".xz"):
                _unpack(path)
            else:
                _restore_link(path)


def _unpack(path):
    with lzma.open(path) as packed, open(path[:-len(".xz")], "wb") as file:
        shutil.copyfileobj(packed, file)
    shutil.copymode(path, file.name)
    os.unlink(path)


def _restore_link(path):
    if os.path.getsize(path) >= 256:
        return
    with open(path, "rb") as file:
        text = file.read()
    if not text or b"\n" in text or b"\0" in text:
        return
    if os.path.lexists(os.path.join(os.path.dirname(os.fsencode(path)), text)):
        os.unlink(path)
        os.symlink(os.fsdecode(text), path)


def expected(directory):
    """The rows of EXPECTED.tsv as dictionaries."""
    with open(os.path.join(directory, "EXPECTED.tsv"), encoding="utf-8") as file:
        header, *rows = [line.rstrip("\n").split("\t") for line in file]
    return [dict(zip(header, row)) for row in rows]
