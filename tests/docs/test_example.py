#!/usr/bin/env python3
"""The programs of docs/ build with what `meson install` installs, and answer as the command does."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import unittest

import tree
from tree import BUILD, SOURCE, TENON


STRICT = ('-std=c11', '-Wall', '-Wextra', '-Werror')


def output(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300,
                          **more).stdout


def expected(program):
    """What the example should print, from the command's JSON."""
    answer = subprocess.run([TENON, 'why', '--json', program], capture_output=True, text=True,
                            timeout=60)
    (result,) = json.loads(answer.stdout)['results']
    return [(library['name'], library['path'] or library['status'], library['rule'])
            for library in result['libraries']]


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        root = pathlib.Path(cls.scratch.name) / 'root'
        output('meson', 'install', '-C', str(BUILD), '--no-rebuild', '--destdir', str(root))
        (found,) = root.rglob('tenon.pc')
        # The .pc file names the prefix it was configured for: here it stands below `root`.
        prefix = str(root) + tree.build_option('prefix')
        cls.prefix = '--define-variable=prefix=' + prefix
        cls.pkg_config = {**os.environ, 'PKG_CONFIG_PATH': str(found.parent)}
        flags = shlex.split(output('pkg-config', cls.prefix, '--cflags', '--libs', 'tenon',
                                   env=cls.pkg_config))
        cls.flags = flags
        cls.program = str(pathlib.Path(cls.scratch.name) / 'example')
        output(*shlex.split(os.environ.get('CC', 'cc')), *STRICT,
               str(SOURCE / 'docs' / 'example.c'), '-o', cls.program, *flags)
        cls.environment = {**os.environ, 'LD_LIBRARY_PATH': str(found.parent.parent),
                           'TENON_CACHE': str(pathlib.Path(cls.scratch.name) / 'cache')}

    def test_the_host_loads_the_plugin(self):
        """The commands of docs/host.md."""
        scratch = pathlib.Path(self.scratch.name)
        cc = shlex.split(os.environ.get('CC', 'cc'))
        host, code, bundle = (str(scratch / name) for name in ('host', 'hello.so', 'hello.plugin'))
        output(TENON, 'link', '--', *cc, *STRICT, str(SOURCE / 'docs' / 'example_host.c'),
               *self.flags, '-o', host)
        output(TENON, 'link', '--', *cc, *STRICT, '-shared', '-fPIC',
               str(SOURCE / 'docs' / 'example_plugin.c'), *self.flags, '-o', code)
        output(TENON, 'pack', '-o', bundle, '--name', 'hello', '--version', '1', '--cons', 'log>=1',
               '--bundle=none', code)
        answer = subprocess.run([host, bundle], capture_output=True, text=True, timeout=60,
                                env=self.environment)
        self.assertEqual((answer.returncode, answer.stdout),
                         (0, 'host: hello\nhello: loaded\n'), answer.stderr)
        answer = subprocess.run([host, 'nowhere'], capture_output=True, text=True, timeout=60,
                                env=self.environment)
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertIn('not-found: no plugin "nowhere" was found', answer.stdout)

    def test_the_headers_are_cxx_too(self):
        """Each by itself, in every revision of C++ that the compiler knows."""
        if not shutil.which('g++'):
            self.skipTest('needs g++')
        include = [flag for flag in self.flags if flag.startswith('-I')]
        headers = sorted(header.name for header in (SOURCE / 'include' / 'tenon').glob('*.h'))
        self.assertIn('tenon.h', headers)
        for revision in ('c++11', 'c++17', 'c++20', 'c++23'):
            for header in headers:
                with self.subTest(revision=revision, header=header):
                    answer = subprocess.run(
                        ['g++', '-std=' + revision, '-Wall', '-Wextra', '-Wpedantic', '-Werror',
                         *include, '-fsyntax-only', '-x', 'c++', '-'],
                        input='#include <tenon/%s>\n' % header, capture_output=True, text=True,
                        timeout=60)
                    self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_the_headers_are_older_c_too(self):
        include = [flag for flag in self.flags if flag.startswith('-I')]
        for header in sorted((SOURCE / 'include' / 'tenon').glob('*.h')):
            with self.subTest(header=header.name):
                answer = subprocess.run(
                    ['cc', '-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Werror', *include,
                     '-fsyntax-only', '-x', 'c', '-'],
                    input='#include <tenon/%s>\nint nothing;\n' % header.name,
                    capture_output=True, text=True, timeout=60)
                self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_a_static_program(self):
        """pkg-config --static names all that libtenon.a needs, and nothing else."""
        words = output('pkg-config', '--static', '--libs-only-l', 'tenon', env=self.pkg_config)
        self.assertEqual(set(words.split()), {'-ltenon', '-lsodium', '-ljansson', '-lz'})
        flags = shlex.split(output('pkg-config', self.prefix, '--static', '--cflags', '--libs',
                                   'tenon', env=self.pkg_config))
        program = str(pathlib.Path(self.scratch.name) / 'example_static')
        output(*shlex.split(os.environ.get('CC', 'cc')), '-static',
               str(SOURCE / 'docs' / 'example.c'), '-o', program, *flags)
        answer = subprocess.run([program, shutil.which('sh')], capture_output=True, text=True, timeout=60)
        shared = self.run_example(shutil.which('sh'))
        self.assertEqual((answer.returncode, answer.stdout), (0, shared.stdout), answer.stderr)

    def run_example(self, *arguments):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True,
                              timeout=60, env=self.environment)

    def test_it_answers_as_the_command_does(self):
        program = shutil.which('sh')
        answer = self.run_example(program)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        lines = ['%s => %s [%s]' % fields for fields in expected(program)]
        self.assertTrue(lines)
        self.assertEqual(answer.stdout.splitlines(), lines)

    def test_what_cannot_be_read_is_said(self):
        answer = self.run_example('/nonexistent')
        self.assertEqual(answer.returncode, 3)
        self.assertIn('/nonexistent', answer.stderr)


if __name__ == '__main__':
    tree.skip_without_command()
    if tree.is_sanitized():
        tree.skip('the library is built with a sanitizer')
    if not all(shutil.which(tool) for tool in ('meson', 'pkg-config')):
        tree.skip('needs meson and pkg-config')
    unittest.main()
