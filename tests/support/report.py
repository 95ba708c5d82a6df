"""Counts what was compared with what, prints each finding, and ends the script with its status."""

import os
import sys

SKIPPED = 77


def skip_all(why):
    """Ends the script as skipped."""
    print("skipped: " + why)
    sys.exit(SKIPPED)


class Report:
    """One comparison per check(); finish() prints the counts and exits."""

    def __init__(self):
        self.compared = 0
        self.agree = 0
        self.skipped = 0

    def note(self, text):
        print(text, flush=True)

    def check(self, what, expected, got, sides=("expected", "tenon")):
        """Compares two answers; a difference is printed with both."""
        self.compared += 1
        if expected == got:
            self.agree += 1
            return True
        print("DIFFERS %s" % what)
        for side, answer in zip(sides, (expected, got)):
            print("   %-8s %s" % (side, _shown(answer)))
        sys.stdout.flush()
        return False

    def tally(self, what, differences, compared, shown=5):
        """Counts many small comparisons at once; `differences` are lines."""
        self.compared += compared
        self.agree += compared - len(differences)
        for line in differences[:shown]:
            print("DIFFERS %s: %s" % (what, line))
        if len(differences) > shown:
            print("DIFFERS %s: %d more" % (what, len(differences) - shown))
        sys.stdout.flush()

    def skip(self, what, why):
        self.skipped += 1
        self.note("skipped %s: %s" % (what, why))

    def finish(self):
        left_out = ", %d skipped" % self.skipped if self.skipped else ""
        print("%d compared, %d agree%s" % (self.compared, self.agree, left_out))
        if self.compared == 0:
            sys.exit(SKIPPED)
        sys.exit(0 if self.compared == self.agree else 1)


def _shown(answer):
    return str(answer) if hasattr(answer, "__str__") else repr(answer)


def first_difference(expected, got, limit=3):
    """The first rows in which two lists differ: long answers stay readable."""
    rows = []
    for i in range(max(len(expected), len(got))):
        a = expected[i] if i < len(expected) else "(nothing)"
        b = got[i] if i < len(got) else "(nothing)"
        if a != b:
            rows.append("#%d %s | %s" % (i, a, b))
        if len(rows) == limit:
            break
    return "; ".join(rows)


def wants_all():
    """True when everything shall be checked, not a sample."""
    return os.environ.get("TENON_CHECK") == "all"


def chosen_numbers(report, sample, most):
    """(the numbers of random cases to make, whether they are the arguments of the script)"""
    wanted = [int(number) for number in sys.argv[1:]]
    if wanted:
        return wanted, True
    count = most if wants_all() else sample
    report.note("numbers 0 to %d%s" % (
        count - 1, "" if wants_all() else " as a sample (TENON_CHECK=all for %d)" % most))
    return range(count), False
