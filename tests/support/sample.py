"""The cases of a long script: all with TENON_CHECK=all, else a fixed sample of them.

The sample goes by a checksum of each case's name: it stays the same when cases are added, and no
order of theirs matters.
"""

import sys
import unittest
import zlib

from report import wants_all

PART = 3  # one case of so many


def chosen_cases(cases, name, group=lambda case: None, note=print):
    """Those of `cases` to run, of each group one at least; says how many that are.

    name(case) and group(case) are a case's own name and what it belongs to.
    """
    if wants_all():
        return cases
    found, seen = [], set()
    for case in sorted(cases, key=lambda case: zlib.crc32(name(case).encode())):
        if zlib.crc32(name(case).encode()) % PART == 0 or group(case) not in seen:
            found.append(case)
            seen.add(group(case))
    note("a sample: %d of %d cases (TENON_CHECK=all for all)" % (len(found), len(cases)))
    return [case for case in cases if case in found]


def _flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test


def _load(tests):
    return unittest.TestSuite(chosen_cases(list(_flat(tests)), unittest.TestCase.id, type))


def unittest_main():
    """unittest.main() with a sample of the script's tests; arguments name tests as they do there."""
    if len(sys.argv) == 1:
        sys.modules["__main__"].load_tests = lambda loader, tests, pattern: _load(tests)
    unittest.main()
