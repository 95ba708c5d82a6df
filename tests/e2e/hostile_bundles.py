#!/usr/bin/env python3
"""Bundles that somebody made to do harm, or that were damaged: each is refused, and the reason
names the entry. What they claim is never believed, and nothing is taken out of them."""

import io
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import tenon
from zipmaker import DEFLATED, MODE, STORED, Entry, make, manifest

FILES = {"data/a": b"first", "data/b": b"second " * 40}


def good(**keys):
    """Entries of a good bundle."""
    return [Entry("tenon.json", manifest(FILES, **keys)), Entry("data/a", FILES["data/a"]),
            Entry("data/b", FILES["data/b"], DEFLATED)]


class Hostile(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="tenon-test-")
        self.path = os.path.join(self.directory.name, "x.plugin")

    def tearDown(self):
        self.directory.cleanup()

    def ask(self, data):
        with open(self.path, "wb") as out:
            out.write(data)
        status, results = tenon.results("bundle", "show", "--verify", "--json", self.path)
        return status, results[0]

    def refused(self, data, code, *words):
        status, result = self.ask(data)
        self.assertEqual(status, 3, result)
        self.assertEqual(result["error"]["code"], code, result)
        for word in words:
            self.assertIn(word, result["error"]["message"])

    def taken(self, data):
        status, result = self.ask(data)
        self.assertEqual(status, 0, result)

    def with_entries(self, *more):
        """A good bundle and entries that its manifest lists."""
        files = {**FILES, **{entry.name.decode("latin-1"): entry.data for entry in more}}
        entries = good()
        entries[0] = Entry("tenon.json", manifest(files))
        return make([*entries, *more])

    def test_good(self):
        self.taken(make(good()))
        self.taken(make(good(new_key=[1, {"a": 2}])))

    def test_zip_of_another_tool(self):
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as out:
            for entry in good():
                method = zipfile.ZIP_DEFLATED if entry.fields["method"] else zipfile.ZIP_STORED
                out.writestr(entry.name.decode(), entry.data, method)
        self.taken(whole.getvalue())

    def test_truncated_anywhere(self):
        whole = make(good())
        for size in range(len(whole)):
            with open(self.path, "wb") as out:
                out.write(whole[:size])
            if size % 97 == 0:  # one process each: some of them; test_bundle.c cuts everywhere
                status, results = tenon.results("bundle", "show", "--json", self.path)
                self.assertEqual((status, results[0]["status"]), (3, "error"), size)

    def test_something_before_behind_between(self):
        self.refused(make(good(), prefix=b"#!/bin/sh\n"), "not-an-image", "no zip file")
        self.refused(make(good(), suffix=b"x"), "truncated", "something was added")
        self.refused(make(good(), comment=b"hello"), "truncated", "something was added")
        self.refused(make(good(), between=b"z"), "malformed", "the one before ends at")
        whole = make(good(), prefix=make([Entry("q")]))
        self.refused(whole, "malformed", "begins at")

    def test_path_escapes(self):
        for name in ("../x", "data/../../x", "/etc/x", "data//x", "data/./x", "data/x/",
                     "data\\x", "C:/x", "data/\n", "data/\x1b[2J", "", "."):
            with self.subTest(name=name):
                self.refused(make([*good(), Entry(name, b"x")]), "malformed", "is refused")
        self.refused(make([*good(), Entry(b"data/\xff", b"x")]), "malformed", "is refused")
        self.refused(make([*good(), Entry(b"data/a\0b", b"x")]), "malformed", "is refused")
        self.refused(make([*good(), Entry("a" * 2000, b"x")]), "malformed", "is refused")

    def test_duplicates(self):
        self.refused(make([*good(), Entry("data/a", b"other")]), "malformed",
                     "'data/a' is there twice")
        entries = good()
        self.refused(make([*entries, entries[0]]), "malformed", "'tenon.json' is there twice")

    def test_file_and_folder(self):
        for names in (("data/f", "data/f/a"), ("data/f/a/b/c", "data/f/a"), ("data/f/a", "data/f"),
                      ("data/f/x", "data/f-", "data/f.x", "data/f")):
            with self.subTest(names=names):
                whole = make([*good(), *(Entry(name, b"x") for name in names)])
                self.refused(whole, "malformed", "is a file and the folder of another entry")
        self.refused(make([*good(), Entry("data", b"x")]), "malformed",
                     "'data' is a file and the folder")

    def test_names_that_sort_beside_a_slash(self):
        whole = self.with_entries(*(Entry("data/" + name, b"x")
                                    for name in ("f/a", "f-/a", "f-a", "f.x/y", "f0", "f!")))
        self.taken(whole)

    def test_links_and_devices(self):
        for mode, word in ((0o120777, "symbolic link"), (0o020666, "device"), (0o060666, "device"),
                           (0o010644, "device"), (0o140755, "device"), (0o040755, "directory")):
            with self.subTest(mode=oct(mode)):
                entry = Entry("data/l", b"/etc/passwd", mode=mode)
                self.refused(self.with_entries(entry), "malformed", "'data/l'", word)
        self.refused(self.with_entries(Entry("data/l", b"", mode=0, dos=0x10)), "malformed",
                     "directory")
        self.taken(self.with_entries(Entry("data/l", b"x", mode=0)))
        self.taken(self.with_entries(Entry("data/l", b"x", mode=MODE | 0o6111)))

    def test_encrypted_and_unknown(self):
        for fields, word in ((dict(flags=1), "encrypted"), (dict(flags=0x41), "encrypted"),
                             (dict(flags=0x2000), "0x2000"),
                             (dict(flags=0x20), "0x0020"), (dict(method=12), "method 12"),
                             (dict(method=99), "method 99")):
            with self.subTest(**fields):
                entry = Entry("data/e", b"x")
                entry.fields.update(fields)
                self.refused(self.with_entries(entry), "unsupported", "'data/e'", word)

    def test_extra_fields(self):
        stamp = b"UT\x05\x00\x01\x00\x00\x00\x00"
        self.taken(self.with_entries(Entry("data/e", b"x", extra=stamp, central_extra=stamp)))
        for extra in (b"\x01\x00\x08\x00" + bytes(8), b"\x75\x70\x06\x00\x01" + bytes(5)):
            for where in ("extra", "central_extra"):
                self.refused(self.with_entries(Entry("data/e", b"x", **{where: extra})),
                             "unsupported", "extra field 0x")
        self.refused(self.with_entries(Entry("data/e", b"x", extra=b"UT\xff\xff")), "truncated",
                     "extra field")

    def test_local_header_differs(self):
        for local in (dict(name=b"data/z"), dict(size=3), dict(packed=3), dict(crc=5),
                      dict(method=DEFLATED), dict(flags=2), dict(time=3), dict(date=3)):
            with self.subTest(local=local):
                self.refused(self.with_entries(Entry("data/e", b"x", local=local)), "malformed",
                             "'data/e'", "local header")

    def test_overlaps(self):
        entries = [*good(), Entry("data/c", b"x")]
        entries[0] = Entry("tenon.json", manifest({**FILES, "data/c": FILES["data/a"]}))
        entries[3] = Entry("data/c", FILES["data/a"])
        starts, at = [], 0
        for entry in entries:
            starts.append(at)
            at += len(entry.header()) + len(entry.packed)
        starts[3] = starts[1]
        self.refused(make(entries, starts=starts), "malformed", "'data/c'", "begins at")
        bomb = Entry("data/c", b"", DEFLATED, packed=0, size=0, packed_data=b"")
        bomb.fields.update(packed=1 << 20, size=1 << 20, method=STORED)
        self.refused(self.with_entries(bomb), "malformed")

    def test_bombs(self):
        zeros = bytes(8 << 20)
        self.refused(self.with_entries(Entry("data/z", zeros, DEFLATED)), "limit", "'data/z'",
                     "more than 250 times")
        self.refused(self.with_entries(Entry("data/z", b"x", size=1 << 31, packed=1 << 31)), "limit",
                     "at most")
        small = bytes(1000000)
        self.taken(self.with_entries(Entry("data/z", small, DEFLATED)))
        # says it is small, and is not: nothing beyond what was said is ever made
        entry = Entry("data/z", zeros, DEFLATED, size=100)
        entry.data = zeros[:100]
        self.refused(self.with_entries(entry), "malformed", "more than the 100 bytes")
        entry = Entry("data/z", b"abc", DEFLATED, size=100)
        entry.data = bytes(100)
        self.refused(self.with_entries(entry), "malformed", "give 3, not the 100")

    def test_counts(self):
        self.refused(make(good(), count=60000), "limit", "at most")
        self.refused(make(good(), count=10000), "truncated", "do not fit")
        self.refused(make(good(), count=2), "malformed", "belong to no entry")
        self.refused(make(good(), count=0), "malformed")
        self.refused(make(good(), count=0xFFFF), "unsupported", "zip64")
        self.refused(make(good(), directory_start=5), "malformed", "not where")

    def descriptor(self, entry, **wrong):
        """The entry as a streaming writer leaves it: CRC and sizes behind the bytes."""
        fields = {**entry.fields, **wrong}
        streamed = Entry(entry.name, entry.data, entry.fields["method"], flags=8,
                         local=dict(crc=0, packed=0, size=0))
        streamed.packed += struct.pack("<IIII", fields.get("signature", 0x08074B50),
                                       fields["crc"], fields["packed"], fields["size"])
        return streamed

    def test_data_descriptors(self):
        entries = good()
        last = entries[2]
        self.taken(make([*entries[:2], self.descriptor(last)]))
        for wrong in (dict(signature=1), dict(crc=5), dict(packed=5), dict(size=5)):
            self.refused(make([*entries[:2], self.descriptor(last, **wrong)]), "malformed",
                         "'data/b'", "data descriptor")
        streamed = self.descriptor(last)
        streamed.local = {}
        self.refused(make([*entries[:2], streamed]), "malformed", "local header")
        self.refused(make([*entries[:2], Entry("data/b", FILES["data/b"], flags=8,
                                               local=dict(crc=0, packed=0, size=0))]),
                     "malformed", "data descriptor")

    def test_a_bundle_of_bap(self):
        scm = (b'((name x) (version 1) (desc "a \\"b\\" \\195\\169") (main x) (author me) (date 1.5e9)'
               b' (requires (str)) (provides (x)) (url ()) (license (MIT)) (copyrights (Some us))'
               b' #; (left out) (tags (a "b c")) ; comment\n #| #| nested |# |# (cons ("")))')
        self.taken(make([Entry("MANIFEST.scm", scm), Entry("data/a", b"first")]))
        result = tenon.results("bundle", "show", "--json", self.path)[1][0]
        self.assertEqual((result["desc"], result["date"], result["license"], result["copyrights"],
                          result["packages"], result["tags"], result["cons"], result["url"]),
                         ('a "b" \u00e9', 1500000000, "MIT", "us", ["str"], ["a", "b c"], [], None))
        self.assertEqual([e["path"] for e in result["entries"]], ["MANIFEST.scm", "data/a"])
        for old, new, word in ((b"(main x)", b"", "field main is not there"),
                               (b"(main x)", b"(main x) (main y)", "field 'main' is there twice"),
                               (b"(main x)", b"(Main x)", "field 'Main' is not known"),
                               (b"(main x)", b"(main (x))", "field main: a word"),
                               (b"1.5e9", b"soon", "field date: a number"),
                               (b"(str)", b"str", "field requires: a list"),
                               (b"((name", b"((((name", "without end"),
                               (b'(cons (""))', b'(cons ("")) ) (second)', "without ("),
                               (b"|# |#", b"|#", "comment without end")):
            self.assertIn(old, scm)
            self.refused(make([Entry("MANIFEST.scm", scm.replace(old, new, 1))]), "malformed",
                         "MANIFEST.scm", word)
        self.refused(make([Entry("MANIFEST.scm", b"(" * 5000)]), "limit", "nested too deep")

    def peak(self, *arguments):
        """Memory in MiB that a run takes at most."""
        child = subprocess.Popen([tenon.command(), *arguments], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_maxrss / 1024

    def test_little_text_takes_little_memory(self):
        usual = b'((name x) (version 1) (main x) (tags ("a")))'
        peaks = []
        for scm in usual, usual.replace(b'"a"', b'"a" ' * 20000):
            with open(self.path, "wb") as out:
                out.write(make([Entry("MANIFEST.scm", scm, DEFLATED)]))
            peaks.append(self.peak("bundle", "show", self.path))
        self.assertLess(peaks[1] - peaks[0], 64)

    def test_many_systems_take_little_memory(self):
        rows = [{"kind": "native", "triple": "t%04d" % i + "-x" * 400, "path": "code/%04d.so" % i}
                for i in range(1500)]
        files = {row["path"]: b"%d" % i for i, row in enumerate(rows)}
        entries = [Entry(name, data) for name, data in files.items()]
        with open(self.path, "wb") as out:
            out.write(make([Entry("tenon.json", manifest(files, code=rows)), *entries]))
        status, out, _ = tenon.run("check", "/usr/bin/true", self.path)
        self.assertEqual(status, 1)
        self.assertIn(b"t0000-x", out)
        self.assertLess(len(out), 20000)
        self.assertLess(self.peak("check", "/usr/bin/true", self.path), 400)

    def test_manifest_first_and_stored(self):
        entries = good()
        self.refused(make(entries[1:] + entries[:1]), "malformed", "must come first")
        self.refused(make([Entry("tenon.json", manifest(FILES), DEFLATED), *entries[1:]]),
                     "malformed", "not compressed")
        self.refused(make(entries[1:]), "not-an-image", "without tenon.json")
        self.refused(make([Entry("MANIFEST.scm", b"()")]), "malformed", "MANIFEST.scm",
                     "field name is not there")
        self.refused(make([]), "not-an-image", "without tenon.json")

    def test_manifest_and_entries_agree(self):
        entries = good()
        self.refused(make(entries[:2]), "malformed", "'data/b' of the manifest is not there")
        self.refused(make([*entries, Entry("data/c", b"x")]), "malformed",
                     "'data/c' is not in the manifest")
        self.refused(make([entries[0], Entry("data/a", b"longer"), entries[2]]), "malformed",
                     "has 6 bytes, the manifest says 5")
        self.refused(make([entries[0], Entry("data/a", b"FIRST"), entries[2]]), "malformed",
                     "'data/a': its SHA-256")
        self.refused(make([entries[0], Entry("data/a", b"first", crc=1), entries[2]]), "malformed",
                     "CRC")
        self.taken(make([*entries, Entry("tenon.sig", b"anything")]))

    def test_bad_manifests(self):
        for text, code in ((b"", "malformed"), (b"{", "malformed"), (b"[" * 100000, "malformed"),
                           (b'{"format":2}', "unsupported"), (b"\xff\xfe", "malformed"),
                           (b" " * (17 << 20), "limit")):
            with self.subTest(text=text[:20]):
                self.refused(make([Entry("tenon.json", text)]), code, "tenon.json")

    def with_lies(self, library, **lie):
        """A bundle of a real library whose manifest says one thing that is not so."""
        self.assertEqual(0, tenon.run("pack", "-q", "-o", self.path, library)[0])
        with zipfile.ZipFile(self.path) as file:
            text = json.loads(file.read("tenon.json"))
            code = text["code"][0]["path"]
            data = file.read(code)
        text["provides"][0].update(lie.get("provides", {}))
        text["code"][0].update(lie.get("code", {}))
        text["provides"] += lie.get("more", [])
        return make([Entry("tenon.json", json.dumps(text).encode()), Entry(code, data)])

    @unittest.skipUnless(shutil.which("cc"), "no cc")
    def test_lies(self):
        source = os.path.join(self.directory.name, "n.c")
        library = os.path.join(self.directory.name, "n.so")
        with open(source, "w", encoding="ascii") as out:
            out.write("#include <stdio.h>\nint n; int next(void) { puts(\"\"); return ++n; }")
        subprocess.run([tenon.command(), "link", "--", "cc", "-shared", "-fPIC", "-o", library,
                        source], check=True)
        self.taken(self.with_lies(library))
        with zipfile.ZipFile(self.path) as file:
            code = json.loads(file.read("tenon.json"))["code"][0]["path"]
        claim = dict(kind="c", name="zlib/inflate", code=code)
        for lie, word in ((dict(provides=dict(name="other")), "provide"),
                          (dict(provides=dict(implementation="code-1:" + 64 * "0")),
                           "implementation digest"),
                          (dict(provides=dict(interface="exports-1:" + 64 * "0")),
                           "interface digest"),
                          (dict(provides=dict(stateful=False)), "state"),
                          (dict(more=[claim]), "'zlib/inflate' is provided by the manifest"),
                          (dict(code=dict(triple="x86_64-linux-nolibc")), "triple"),
                          (dict(code=dict(libc="musl")), "C library"),
                          (dict(code=dict(own_name="libother.so")), "own name")):
            with self.subTest(lie=lie):
                self.refused(self.with_lies(library, **lie), "malformed", word)

    def test_not_files(self):
        os.mkdir(self.path)
        self.assertEqual(tenon.run("bundle", "show", self.path)[0], 3)
        os.rmdir(self.path)
        os.mkfifo(self.path)
        self.assertEqual(tenon.run("bundle", "show", self.path)[0], 3)


if __name__ == "__main__":
    tenon.command()
    unittest.main()
