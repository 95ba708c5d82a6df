#!/usr/bin/env python3
"""The commands of docs/finding.md run as they stand, one after the other, in an empty directory."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ['TENON_SOURCE'])
TENON = os.environ['TENON']
NEEDED = ['cc', 'make', 'pkg-config', 'cmake', 'meson', 'ninja']
SKIPPED = 77


def main():
    for program in NEEDED:
        if shutil.which(program) is None:
            print('skipped: no ' + program)
            sys.exit(SKIPPED)
    text = (SOURCE / 'docs' / 'finding.md').read_text(encoding='utf-8')
    blocks = re.findall(r'^```sh\n(.*?)^```$', text, flags=re.M | re.S)
    with tempfile.TemporaryDirectory(prefix='tenon-finding-') as scratch:
        for name in ('bin', 'home', 'work'):
            os.mkdir(os.path.join(scratch, name))
        os.symlink(TENON, os.path.join(scratch, 'bin', 'tenon'))
        env = {**{name: value for name, value in os.environ.items()
                  if not name.startswith(('CMAKE_', 'LD_', 'XDG_', 'TENON_CACHE', 'TENON_CONF'))},
               'PATH': os.path.join(scratch, 'bin') + ':' + os.environ['PATH'],
               'HOME': os.path.join(scratch, 'home')}
        done = subprocess.run(['sh', '-e', '-c', '\n'.join(blocks)], env=env, text=True,
                              cwd=os.path.join(scratch, 'work'), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(done.stdout)
    plist = done.stdout.splitlines()[-5:]
    expected = ['@library lib hello', 'include/hello.h', 'lib/libhello.so', 'lib/libhello.so.1',
                'include/hello.h']
    print('%d blocks, status %d' % (len(blocks), done.returncode))
    sys.exit(0 if done.returncode == 0 and len(blocks) > 5 and plist == expected else 1)


if __name__ == '__main__':
    main()
