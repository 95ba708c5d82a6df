"""One case about musl's loader: what is written, what the loader lists, and what tenon answers."""

import os

import loaders
import tenon


# What the loader says when its lists are empty: no call failed, so there is no errno.
NOTHING_TRIED = "No error information"


class MuslExpect:
    """The checks of one case; a call without objects and failures only compares the speakers."""

    def __init__(self, report, name):
        self.report = report
        self.name = name
        self.runs = 0

    def __call__(self, program, *objects, failures=(), env=None, cwd=None, root=None,
                 loader=loaders.MUSL):
        """
        objects   (name, path) of what loads, in order, without the loader unless asked for
        failures  (name, reason, needed by) of what does not
        """
        self._check(program, loaders.MuslAnswer(objects, failures), env, cwd, root, loader)

    def same(self, program, env=None, cwd=None, root=None, extra=()):
        """The real loader and tenon (with the options `extra`) agree, whatever they say."""
        self._check(program, None, env, cwd, root, loaders.MUSL, extra)

    def _check(self, program, expected, env, cwd, root, loader, extra=()):
        self.runs += 1
        name = "%s (%d)" % (self.name, self.runs)
        if root is not None and os.geteuid() != 0:
            self.report.skip(name, "the real loader needs chroot, hence root")
            real = None
        else:
            real = loaders.musl_list(program, env, cwd, loader, root)
        if expected is not None and real is not None:
            self.report.check(name, expected, real, ("expected", "ld-musl"))
        row = tenon.why([program], extra, env=env, cwd=cwd, sysroot=root)[program]
        if expected is not None:
            self.report.check(name, expected, answer(row, expected), ("expected", "tenon"))
        if real is not None:
            self.report.check(name, real, answer(row, real), ("ld-musl", "tenon"))


def answer(row, like):
    """The MuslAnswer in a result of `why`; words are matched with those of `like`."""
    ours = tenon.answer(row)
    if row["status"] == "error":
        return ours
    # Needed by its own path the loader is the first line of its list, which is left out.
    found = [pair for pair in ours.found() if pair[0] != pair[1] or pair in like.found()
             or not os.path.basename(pair[1]).startswith("ld-musl-")]
    said = {name: reason for name, reason, _ in like.failures}
    failures = [(name, said.get(name, reason) if name in _untried(row) else reason, by)
                for name, reason, by in tenon.failures(row, like.failures)]
    return loaders.MuslAnswer(found, failures)


def _untried(row):
    """Libraries for which no file was opened: what the loader then says is an older errno."""
    return {tenon.text(library["name"]) for library in row["libraries"]
            if not any(tenon.text(attempt["path"]).endswith("/" + tenon.text(library["name"]))
                       for attempt in library["tried"])}
