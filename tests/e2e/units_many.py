#!/usr/bin/env python3
"""`tenon units` of many files says, in the same order, what it says by one thread: the good ones, the
broken, what is no image, and directories among them."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import tenon

SEEDS = pathlib.Path(tenon.source_root()) / "fuzz" / "seeds"
COPIES = 12

if len(os.sched_getaffinity(0)) < 2:
    print("one processor: there are no threads")
    sys.exit(77)


def on_one_processor():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


class Many(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="tenon-units-")
        self.addCleanup(self.directory.cleanup)
        root = pathlib.Path(self.directory.name)
        self.files = []
        for copy in range(COPIES):
            for kind in ("cma", "cmo", "cmi", "cmx", "cmxs", "bytecode"):
                for seed in sorted((SEEDS / kind).iterdir()):
                    path = root / f"{copy:02}-{kind}-{seed.name}"
                    shutil.copyfile(seed, path)
                    self.files.append(str(path))
        broken = root / "broken.cma"
        broken.write_bytes((SEEDS / "cma" / "all.cma").read_bytes()[:-40])
        folder = root / "folder"
        folder.mkdir()
        shutil.copyfile(SEEDS / "cma" / "all.cma", folder / "inside.cma")
        for place, path in ((10, broken), (30, root / "not there"), (50, folder),
                            (70, pathlib.Path(__file__))):
            self.files.insert(place, str(path))

    def ask(self, options, **more):
        done = subprocess.run([tenon.command(), "units", *options, *self.files],
                              capture_output=True, **more)
        return done.returncode, done.stdout, done.stderr

    def test_by_one_thread_and_by_several(self):
        for options in ([], ["-q"], ["-v"], ["--json"], ["-v", "--json"], ["--skip-other"],
                        ["--doubles"]):
            with self.subTest(options=options):
                several = self.ask(options)
                self.assertEqual(several, self.ask(options, preexec_fn=on_one_processor))
                self.assertEqual(several[0], 3)


if __name__ == "__main__":
    unittest.main()
