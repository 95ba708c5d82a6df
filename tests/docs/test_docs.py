#!/usr/bin/env python3
"""The documentation says what the program and the library do: options, rules, functions.

TENON names the command (without it there is nothing to compare with: exit 77, skipped), TENON_BUILD
the build tree.
"""

import re
import shutil
import subprocess
import sys
import unittest

import mdoc
import tree
from tree import SOURCE, TENON

MAN = SOURCE / 'docs' / 'man'

# Documented once, in tenon(1), for every command.
EVERYWHERE = {'--help', '--version', '-?', '-h', '-V'}

# Prints "LOADER" and "LOADER<tab>RULE" lines through the public functions; in a process of its own,
# so that a crash of the library is a failed test.
LIST_RULES = '''
import ctypes, sys
class Rule(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("what", ctypes.c_char_p),
                ("source", ctypes.c_char_p), ("evidence", ctypes.c_int)]
library = ctypes.CDLL(sys.argv[1])
library.tenon_loader_at.restype = ctypes.c_void_p
library.tenon_loader_at.argtypes = [ctypes.c_size_t]
library.tenon_loader_name.restype = ctypes.c_char_p
library.tenon_loader_name.argtypes = [ctypes.c_void_p]
library.tenon_loader_rule.restype = ctypes.POINTER(Rule)
library.tenon_loader_rule.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
library.tenon_evidence_name.restype = ctypes.c_char_p
i = 0
while loader := library.tenon_loader_at(i):
    name = library.tenon_loader_name(loader).decode()
    print(name)
    k = 0
    while rule := library.tenon_loader_rule(loader, k):
        print(name, rule.contents.name.decode(),
              library.tenon_evidence_name(rule.contents.evidence).decode(), sep="\\t")
        k += 1
    i += 1
'''


def page(name):
    return (MAN / name).read_text(encoding='utf-8')


def run(*arguments):
    return subprocess.run([TENON, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60)


def help_options(*arguments):
    """Options in the first column of a --help text, without those documented for all commands."""
    answer = run(*arguments, '--help')
    if answer.returncode != 0:
        raise AssertionError('%s --help: exit %d' % (' '.join(arguments), answer.returncode))
    found = set()
    is_common = False
    for line in answer.stdout.splitlines():
        is_common = is_common or line == 'Common to all commands:'
        column = re.match(r'\s+(-.*?)(?:\s{2,}|$)', line)
        if column:
            names = re.findall(r'(?<![\w-])(--[a-z][\w-]*|-[A-Za-z?])(?![\w-])', column.group(1))
            found.update(set(names) - EVERYWHERE if is_common else names)
    return found


def commands():
    """Every command that has a page."""
    return sorted(path.name[len('tenon-'):-len('.1')] for path in MAN.glob('tenon-*.1'))


class Options(unittest.TestCase):
    def test_commands_and_pages_are_the_same_set(self):
        block = re.search(r'^Commands:\n((?: .*\n)+)', run('--help').stdout, flags=re.M)
        listed = set(re.findall(r'^  ([a-z]+)\b', block.group(1), flags=re.M))
        self.assertEqual(set(commands()) - listed, set(), 'a page without a command')
        self.assertEqual(listed - set(commands()), set(), 'a command without a page')

    def test_help_and_page_agree(self):
        for command in commands():
            with self.subTest(command=command):
                documented = mdoc.options(page('tenon-%s.1' % command))
                offered = help_options(command)
                self.assertTrue(offered, 'no option found in the help text')
                self.assertEqual(offered - documented, set(), 'offered, not documented')
                self.assertEqual(documented - offered, set(), 'documented, not offered')

    def test_synopsis_shows_every_option_once(self):
        for command in commands():
            with self.subTest(command=command):
                source = page('tenon-%s.1' % command)
                shown = mdoc.synopsis_options(source)
                self.assertEqual(shown - mdoc.options(source), set())
                for names in mdoc.option_items(source):
                    self.assertEqual(len(names & shown), 1, names)

    def test_common_options_are_offered(self):
        offered = help_options()
        for command in commands():
            offered |= help_options(command)
        self.assertEqual(mdoc.options(page('tenon.1')) - offered, set())


class Loaders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if tree.is_sanitized():
            raise unittest.SkipTest('python cannot load a library built with a sanitizer')
        path = tree.shared_library()
        if path is None:
            raise AssertionError('no libtenon.so in %s' % tree.BUILD)
        answer = subprocess.run([sys.executable, '-c', LIST_RULES, path], capture_output=True,
                                text=True, timeout=60)
        if answer.returncode != 0:
            raise AssertionError(answer.stderr)
        cls.rules = {}
        for line in answer.stdout.splitlines():
            loader, _, rule = line.partition('\t')
            cls.rules.setdefault(loader, {})
            if rule:
                name, _, evidence = rule.partition('\t')
                cls.rules[loader][name] = evidence

    def test_rules_and_page_agree(self):
        self.assertTrue(self.rules, 'the library knows no loader')
        sections = mdoc.sections(page('tenon-loaders.7'))
        for loader, rules in self.rules.items():
            with self.subTest(loader=loader):
                self.assertIn(loader.upper(), sections, 'a loader without a section')
                described = {' '.join(mdoc.arguments(line)[1:])
                             for line in sections[loader.upper()] if line.startswith('.It Sy ')}
                self.assertEqual(set(rules) - described, set(), 'applied, not documented')
                self.assertEqual(described - set(rules), set(), 'documented, not applied')

    def test_the_page_says_what_stands_behind_each_rule(self):
        sections = mdoc.sections(page('tenon-loaders.7'))
        for loader, rules in self.rules.items():
            with self.subTest(loader=loader):
                said = mdoc.evidence(sections[loader.upper()], rules)
                self.assertEqual(said, rules, 'the section should end with:\n'
                                 + mdoc.evidence_of_rules(rules))


class Functions(unittest.TestCase):
    def test_headers_and_page_agree(self):
        declared = {}
        for header in sorted((SOURCE / 'include' / 'tenon').glob('*.h')):
            declared.update(mdoc.prototypes_of_header(header.read_text(encoding='utf-8')))
        described = mdoc.prototypes_of_page(page('tenon.3'))
        self.assertTrue(declared)
        self.assertEqual(set(described) - set(declared), set(), 'described, not declared')
        for name, prototype in declared.items():
            with self.subTest(function=name):
                self.assertEqual(described.get(name), prototype,
                                 'tenon.3 should have:\n' + mdoc.mdoc_of_prototype(name, prototype))

    def test_every_header_is_named(self):
        source = page('tenon.3')
        for header in sorted((SOURCE / 'include' / 'tenon').glob('*.h')):
            self.assertIn('.In tenon/%s' % header.name, source)


class Readme(unittest.TestCase):
    """Command lines of README.md: '$ ...' lines of its blocks, and the marks of pasted output."""

    @classmethod
    def setUpClass(cls):
        text = (SOURCE / 'README.md').read_text(encoding='utf-8')
        blocks = re.findall(r'^```\w*\n(.*?)^```', text, flags=re.M | re.S)
        cls.lines = [line[2:] for block in blocks for line in block.splitlines()
                     if line.startswith('$ ')]
        cls.lines += re.findall(r'^<!-- output: (.*) -->$', text, flags=re.M)

    def test_there_are_some(self):
        self.assertGreater(len(self.lines), 3)

    def test_each_exists(self):
        for line in self.lines:
            bare = re.sub(r"\$\([^)]*\)|'[^']*'|\s#.*", '', line)
            for part in re.split(r'\s(?:&&|\|\|?|;)\s', bare):
                words = [w for w in part.split() if not re.match(r'^[A-Z_]+=', w)]
                with self.subTest(line=line):
                    self.check_command(words)

    def test_output_that_no_machine_changes_is_real(self):
        text = (SOURCE / 'README.md').read_text(encoding='utf-8')
        pasted = re.findall(r'^<!-- output: ([^\n]* tests/corpus/[^\n]*) -->\n'
                            r'```\n\$ ([^\n]*)\n(.*?)^```', text, flags=re.M | re.S)
        self.assertTrue(pasted)
        for mark, line, output in pasted:
            with self.subTest(line=line):
                self.assertEqual(mark, line)
                words = line.split()
                answer = subprocess.run([TENON, *words[1:]], capture_output=True,
                                        text=True, timeout=60, cwd=SOURCE)
                self.assertEqual(answer.stdout, output)

    def check_command(self, words):
        if words[0] == 'make':
            makefile = (SOURCE / 'Makefile').read_text(encoding='utf-8')
            for target in words[1:]:
                self.assertRegex(makefile, r'(?m)^([\w.-]+ )*%s( [\w.-]+)*:' % re.escape(target))
        elif words[0] in ('tenon', 'build/tenon'):
            if '--' in words:  # what follows is another program's
                words = words[:words.index('--')]
            options = {word.split('=')[0] for word in words[1:] if re.match(r'--?[a-zA-Z]', word)}
            if words[1].startswith('-'):
                self.assertEqual(options - help_options() - EVERYWHERE, set())
            else:
                self.assertIn(words[1], commands())
                self.assertEqual(options - help_options(words[1]) - EVERYWHERE, set())
        elif not words[0].startswith('./'):
            self.assertIsNotNone(shutil.which(words[0]), words[0])


if __name__ == '__main__':
    tree.skip_without_command()
    unittest.main()
