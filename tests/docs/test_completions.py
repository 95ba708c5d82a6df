#!/usr/bin/env python3
"""The completions of each shell know the options that --help tells, and no others."""

import re
import shutil
import subprocess
import tempfile
import unittest

import tree
from tree import SOURCE, TENON

FOLDER = SOURCE / 'completions'
BASH = 'source "$0"; COMP_WORDS=(tenon "$@"); COMP_CWORD=$#; _tenon 2>/dev/null; ' \
       'printf "%s\\n" "${COMPREPLY[@]}"'


def answer(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60,
                          **more).stdout


def commands():
    (listed,) = re.findall(r'^Commands:\n(.*?)\n\n', answer(TENON, '--help'), re.M | re.S)
    return re.findall(r'^  ([a-z]+) ', listed, re.M)


def told(command):
    """The long options of --help."""
    return set(re.findall(r'^  (?:-\w, |    )(--[a-z-]+)', answer(TENON, command, '--help'), re.M))


def of_bash(*words, **more):
    return set(answer('bash', '-c', BASH, str(FOLDER / 'tenon.bash'), *words, **more).splitlines())


def of_zsh(command):
    """Those in the command's branch, and in the lists that it names."""
    text = (FOLDER / '_tenon').read_text(encoding='utf-8')
    lists = dict(re.findall(r'local -a (\w+)=\((.*?)\n    \)', text, re.S))
    lists['plain'] = lists['common'].replace('--version', '')
    (branch,) = re.findall(r'^        (?:[a-z]+ \| )*%s(?: \| [a-z]+)*\)\n(.*?);;' % command, text,
                           re.S | re.M)
    return set(re.findall(r'--[a-z-]+', branch + ''.join(
        lists.get(name, '') for name in re.findall(r'\$(\w+)', branch))))


def of_fish(command):
    script = 'source %s; complete -C "tenon %s --"' % (FOLDER / 'tenon.fish', command)
    return set(re.findall(r'^(--[a-z-]+)', answer('fish', '--no-config', '-c', script), re.M))


class Completions(unittest.TestCase):
    def compare(self, offered):
        self.assertGreater(len(commands()), 10)
        for command in commands():
            with self.subTest(command=command):
                self.assertEqual(offered(command), told(command))

    def test_bash(self):
        self.compare(lambda command: of_bash(command, '--'))

    def test_zsh(self):
        self.compare(of_zsh)

    @unittest.skipUnless(shutil.which('fish'), 'needs fish')
    def test_fish(self):
        self.compare(of_fish)

    def test_names_with_spaces(self):
        with tempfile.TemporaryDirectory() as folder:
            open(folder + '/a b.so', 'w').close()
            self.assertEqual(of_bash('why', 'a', cwd=folder), {'a b.so'})


if __name__ == '__main__':
    tree.skip_without_command()
    unittest.main()
