"""Mach-O files against what llvm-objdump says of them, slice by slice.

The files are those of the corpus, and images that clang and ld64.lld make here: every pair of an
architecture and a kind, with run paths, versions, weak and re-exported libraries.

rule: mach-o/loader.h
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tenon
from report import Report, skip_all

SOURCE = """
__attribute__((visibility("default"))) int offered(void) { return 1; }
__attribute__((visibility("default"), weak)) int offered_weakly(void) { return 2; }
__attribute__((visibility("hidden"))) int hidden(void) { return 3; }
extern int asked(void);
int ask(void) { return asked() + hidden(); }
"""
TARGETS = {"arm64": "arm64-apple-macos13", "x86_64": "x86_64-apple-macos11"}


def tool(name):
    """The path of an LLVM tool, which Debian also has with its version behind it."""
    for each in [name] + ["%s-%d" % (name, version) for version in range(20, 13, -1)]:
        if shutil.which(each):
            return each
    return None


class Maker:
    """Links small images in a directory."""

    def __init__(self, directory, linker):
        self.directory = directory
        self.linker = linker
        self.made = []

    def compile(self, arch):
        path = os.path.join(self.directory, arch + ".o")
        source = os.path.join(self.directory, "source.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(SOURCE)
        subprocess.run(["clang", "-target", TARGETS[arch], "-ffreestanding", "-c", source, "-o",
                        path], check=True)
        return path

    def link(self, name, arch, *options):
        path = os.path.join(self.directory, name)
        subprocess.run([self.linker, "-arch", arch, "-platform_version", "macos", "13.0", "14.2",
                        "-undefined", "dynamic_lookup", *options, "-o", path],
                       check=True, capture_output=True)
        self.made.append(path)
        return path


def make(maker):
    for arch in TARGETS:
        code = maker.compile(arch)
        maker.made.append(code)
        one = maker.link("one_" + arch, arch, "-dylib", "-install_name", "@rpath/libone.1.dylib",
                         "-current_version", "1.2.3", "-compatibility_version", "1.1", code)
        maker.link("two_" + arch, arch, "-dylib", "-install_name", "/opt/lib/libtwo.dylib",
                         "-rpath", "@loader_path/../lib", "-rpath", "/a:b", "-reexport_library",
                         one, code)
        maker.link("three_" + arch, arch, "-dylib", "-install_name", "libthree.dylib",
                   "-weak_library", one, code)
        maker.link("bundle_" + arch, arch, "-bundle", "-rpath", "/r", code, one)
        maker.link("plain_" + arch, arch, "-dylib", "-install_name", "libplain.dylib", code)


def objdump(command, option, path):
    done = subprocess.run([command, "--macho", option, "--arch=all", path], capture_output=True,
                          check=False)
    return done.stdout.decode("utf-8", "replace")


def by_slice(text, path):
    """What is printed for each architecture, by its name; None for a file of one."""
    parts, current = {}, None
    for line in text.splitlines():
        found = re.match(re.escape(path) + r"(?: \(architecture (\S+)\))?:$", line)
        if found:
            current = found[1]
            parts[current] = []
        elif current in parts or None in parts:
            parts[current].append(line)
    return parts


def needs_of(lines):
    found = (re.match(r"\t(.*) \(compatibility version (\S+), current version (\S+?)"
                      r"(?:, (?:weak|reexport|upward|lazy))?\)$", line) for line in lines)
    return [(each[1], each[2], each[3]) for each in found if each]


def exports_of(lines):
    names = []
    for line in lines:
        found = re.match(r"(?:0x[0-9A-Fa-f]+|\[re-export\])\s+(\S+)", line)
        if found:
            names.append(found[1])
    return sorted(names)


def compare(report, command, path, row, arch):
    what = os.path.basename(path) + (" (%s)" % arch if arch else "")

    def told(option):
        parts = by_slice(objdump(command, option, path), path)
        return parts.get(arch, parts.get(None, []))

    needs = [(need["name"], need.get("compat_version", "0.0.0"),
              need.get("current_version", "0.0.0")) for need in row["needed"]]
    own = row["own_name"] if row["kind"] == "shared-library" else None
    expected = needs_of(told("--dylibs-used"))
    if own:  # a library counts itself
        expected = [each for each in expected if each[0] != own] if len(expected) > len(needs) \
            else expected
        report.check(what + " own name", [line for line in told("--dylib-id") if line], [own],
                     ("objdump", "tenon"))
    report.check(what + " needs", expected, needs, ("objdump", "tenon"))
    report.check(what + " run paths", [line for line in told("--rpaths") if line],
                 [each["path"] for each in row["search_paths"]], ("objdump", "tenon"))
    exports = exports_of(told("--exports-trie"))
    if exports:
        report.check(what + " exports", exports, sorted(each["name"] for each in row["exports"]),
                     ("objdump", "tenon"))


def corpus_files():
    base = os.environ.get("TENON_SHARED") or os.path.join(tenon.source_root(), "..", "shared")
    return sorted(os.path.join(directory, name)
                  for directory, _, names in os.walk(os.path.join(base, "corpus", "macho"))
                  for name in names)


def main():
    command, linker = tool("llvm-objdump"), tool("ld64.lld")
    tenon.command()
    if not command:
        skip_all("no llvm-objdump")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tenon-macho-") as work:
        maker = Maker(os.path.realpath(work), linker)
        if linker and shutil.which("clang"):
            make(maker)
        else:
            report.skip("files made here", "no clang, or no ld64.lld")
        paths = maker.made + corpus_files()
        _, rows = tenon.results("show", "--json", "--exports", "--", *paths)
        for path, row in zip(paths, rows):
            if row["status"] == "error":
                report.check(path, "a Mach-O file", row["error"]["message"])
                continue
            for each in row.get("slices", [row]):
                if "slices" in row and each["os"] == "nextstep":
                    continue  # llvm-objdump knows these processors by no name
                compare(report, command, path, each, each.get("arch") if "slices" in row else None)
    report.finish()


if __name__ == "__main__":
    main()
