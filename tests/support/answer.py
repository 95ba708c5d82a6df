"""One answer about one program, whoever gave it: a real loader or tenon."""


class Answer:
    """
    objects   (name, path) in load order; name None when the speaker does not tell it, path None
              when it was not found
    stop      the message with which the loader gave up ("PATH: invalid ELF header"), or None
    versions  version complaints, as a sorted list of (library path, version, required by)
    """

    def __init__(self, objects=(), stop=None, versions=(), preload_failures=()):
        self.objects = list(objects)
        self.stop = stop
        self.versions = sorted(versions)
        self.preload_failures = list(preload_failures)

    def __str__(self):
        if self.stop is not None:
            return "STOP " + self.stop
        rows = ["%s => %s" % (name, path or "not found") if name else str(path)
                for name, path in self.objects]
        rows += ["[%s lacks %s for %s]" % row for row in self.versions]
        return ", ".join(rows) or "nothing"

    def __eq__(self, other):
        """
        Found objects in load order, and the names of missing ones: a miss has no place in the
        process, and glibc's trace lists it where and as often as its own bookkeeping has it.
        """
        if not isinstance(other, Answer):
            return NotImplemented
        if self.stop is not None or other.stop is not None:
            return self.stop == other.stop
        return (_alike(self.found(), other.found()) and self.missing() == other.missing()
                and self.versions == other.versions)

    def found(self):
        return [row for row in self.objects if row[1] is not None]

    def missing(self):
        return {name for name, path in self.objects if path is None}


def _alike(ours, theirs):
    """Equal rows; a name that one side does not tell is no difference."""
    if len(ours) != len(theirs):
        return False
    return all(a[1] == b[1] and (a[0] == b[0] or None in (a[0], b[0]))
               for a, b in zip(ours, theirs))
