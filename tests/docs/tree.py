"""Where the documentation tests find the source, the build and the command, and when they skip."""

import json
import os
import pathlib
import sys

SOURCE = pathlib.Path(os.environ.get('TENON_SOURCE') or pathlib.Path(__file__).resolve().parents[2])
TENON = os.environ.get('TENON')
BUILD = pathlib.Path(os.environ.get('TENON_BUILD') or
                     (pathlib.Path(TENON).resolve().parent if TENON else SOURCE / 'build'))


def skip(reason):
    """Ends the program as a skipped test."""
    print(reason + ': skipped')
    sys.exit(77)


def skip_without_command():
    if not TENON:
        skip('TENON is not set')


def build_option(name):
    """The value of an option of the build tree; None when it has no such option."""
    try:
        options = json.loads((BUILD / 'meson-info' / 'intro-buildoptions.json').read_text())
    except FileNotFoundError:
        return None
    return next((option['value'] for option in options if option['name'] == name), None)


def is_sanitized():
    """A library built with a sanitizer cannot be loaded by programs that were not."""
    return build_option('b_sanitize') not in (None, 'none')


def shared_library():
    """The built libtenon.so, or None."""
    return next((str(path) for path in sorted(BUILD.rglob('libtenon.so*')) if path.is_file()), None)
