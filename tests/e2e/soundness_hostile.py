#!/usr/bin/env python3
"""Bundles that lie or are broken, and caches that cannot be used or were tampered with."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import CONSTRUCTOR, COUNTER, SANITIZED, USES_COUNTER, Cases, Workshop  # noqa: E402


class Remade:
    """A bundle taken apart, changed, and put together again."""

    def __init__(self, shop, bundle):
        self.shop = shop
        with zipfile.ZipFile(shop.path(bundle)) as file:
            self.entries = [[info.filename, file.read(info), info.external_attr]
                            for info in file.infolist()]
        self.manifest = json.loads(self.entries[0][1])

    def write(self, name, manifest=True):
        if manifest:
            self.entries[0][1] = json.dumps(self.manifest).encode()
        with zipfile.ZipFile(self.shop.path(name), "w", zipfile.ZIP_STORED) as file:
            for path, content, mode in self.entries:
                info = zipfile.ZipInfo(path)
                info.external_attr = mode
                info.compress_type = (zipfile.ZIP_DEFLATED if len(content) > 1 << 20
                                      else zipfile.ZIP_STORED)
                file.writestr(info, content)
        return name

    def add(self, path, content, mode=0o100644, listed=True):
        self.entries.append([path, content, mode << 16])
        if listed:
            self.manifest["entries"].append({
                "path": path, "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest()})


def bundles(shop, cases):
    archive = shop.archive("counter", {"counter": COUNTER})
    shop.host("host", "int host_number(void) { return 1; }")
    shop.plugin("true", USES_COUNTER + CONSTRUCTOR, link=[archive])
    cases.loads("the bundle as it was", shop.ask("host", "load=true.plugin"))

    def lies(what, change, *words, codes=("bad-bundle",)):
        remade = Remade(shop, "true.plugin")
        change(remade)
        answer = shop.ask("host", "load=" + remade.write("lies.plugin"))
        cases.refused(what, answer, list(codes), *words)

    def unit(remade):
        return next(row for row in remade.manifest["provides"] if row["name"] == "counter/counter")

    def rename(remade):
        unit(remade)["name"] = "counter/other"

    def drop(remade):
        remade.manifest["provides"].remove(unit(remade))

    def state(remade):
        unit(remade)["stateful"] = False

    def digest(remade):
        value = unit(remade)["implementation"]
        if isinstance(value, dict):
            value["bytes"] = "00" * 32
        else:
            kind, _, rest = value.rpartition(":")
            unit(remade)["implementation"] = (kind + ":" if kind else "") + "0" * len(rest)

    def invent(remade):
        row = dict(unit(remade))
        row["name"] = "more/more"
        remade.manifest["provides"].append(row)

    def bytes_differ(remade):
        for row in remade.entries:
            if row[0].endswith(".so"):
                row[1] = row[1][:-1] + bytes([row[1][-1] ^ 1])

    lies("a unit renamed", rename, "'counter/counter'")
    lies("a unit left out", drop, "'counter/counter'")
    lies("a unit said to be stateless", state, "state is not that of the code")
    lies("another digest", digest, "implementation digest is not")
    lies("a unit that is not there", invent, "'more/more'")
    lies("other bytes", bytes_differ, "SHA-256")
    lies("a path that escapes", lambda r: r.add("../evil", b"x"), "../evil")
    lies("an absolute path", lambda r: r.add("/tmp/evil", b"x"), "absolute")
    lies("an entry twice", lambda r: (r.add("data/a", b"x"), r.add("data/a", b"y", listed=False)),
         "twice")
    lies("a symbolic link", lambda r: r.add("data/l", b"/etc/passwd", stat.S_IFLNK | 0o777),
         "symbolic link")
    lies("an entry that the manifest has not", lambda r: r.add("data/x", b"x", listed=False),
         "data/x")
    lies("a bomb", lambda r: r.add("data/bomb", bytes(256 << 20)), "data/bomb")
    whole = open(shop.path("true.plugin"), "rb").read()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        with open(shop.path("cut.plugin"), "wb") as file:
            file.write(whole[:size])
        answer = shop.ask("host", "load=cut.plugin")
        cases.refused("cut to %d bytes" % size, answer, ["bad-bundle"], "cut.plugin")
    status, result = shop.check("host", "cut.plugin")
    cases.expect("an unreadable bundle is status 3", status == 3, result)


def tamper(code):
    """Another last byte, with size and modification time as they were."""
    before = os.stat(code)
    os.chmod(code, 0o700)
    with open(code, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    os.utime(code, ns=(before.st_atime_ns, before.st_mtime_ns))


def caches(shop, cases):
    def with_cache(path, *words):
        return shop.ask("host", *words, "load=true.plugin", env={"TENON_CACHE": path})

    shop.write("file", "no directory")
    answer = with_cache(shop.path("file"))
    cases.expect("a cache that cannot be made", answer.codes() == ["cache"] and
                 answer.one("state") == "same", answer)
    os.mkdir(shop.path("open"), 0o777)
    os.chmod(shop.path("open"), 0o777)
    answer = with_cache(shop.path("open"))
    cases.expect("a cache that others can write to", answer.codes() == ["cache"] and
                 answer.one("state") == "same", answer)
    # tampered with, size and modification time restored; then once more when it was proven
    for cache, settles in ((shop.path("tampered"), 0), (shop.path("tampered_later"), 2.1)):
        time.sleep(settles)  # what changed moments ago is not noted
        cases.loads("a fresh cache", with_cache(cache))
        cases.loads("and again", with_cache(cache))
        code = next(os.path.join(base, name) for base, _, names in os.walk(cache)
                    for name in names if name == "true.so")
        tamper(code)
        answer = with_cache(cache)
        cases.expect("tampered with: the change time tells", answer.codes() == ["cache"] and
                     "true.so" in answer.messages() and answer.one("state") == "same", answer)
    planted(shop, cases)
    # two processes at once
    cache = shop.path("shared")
    running = [subprocess.Popen([shop.path("host"), "load=true.plugin"], cwd=shop.dir,
                                env={**shop.env, **SANITIZED, "TENON_CACHE": cache},
                                text=True,
                                stdout=subprocess.PIPE) for _ in range(8)]
    outs = [process.communicate()[0] for process in running]
    cases.expect("eight processes at once", all("answer yes" in out for out in outs), outs)
    # killed in the middle of extraction
    cache = shop.path("killed")
    for delay in range(0, 40, 4):
        process = subprocess.Popen([shop.path("host"), "load=true.plugin"], cwd=shop.dir,
                                   env={**shop.env, **SANITIZED, "TENON_CACHE": cache},
                                   stdout=subprocess.DEVNULL)
        time.sleep(delay / 1000)
        process.send_signal(signal.SIGKILL)
        process.wait()
    cases.loads("after being killed while it extracts", with_cache(cache))
    if os.geteuid() == 0:
        mounted(shop, cases, with_cache)


def planted(shop, cases):
    """A library that somebody lays beside a plugin's code, where its run path is looked at first."""
    given = "int given(void) { return 1; }"
    os.mkdir(shop.path("given"))
    library = ["gcc", "-shared", "-fPIC", "-Wl,-soname,libgiven.so", "-o"]
    shop.run(*library, "given/libgiven.so", shop.write("given.c", given))
    shop.write("evil.c", CONSTRUCTOR + given)
    shop.plugin("needs", "int given(void); int plugin_number(void) { return given(); }",
                link=["-Lgiven", "-lgiven", "-Wl,-rpath,$ORIGIN:" + shop.path("given")],
                pack=["--bundle=none"])

    def ask():
        return shop.ask("host", "load=needs.plugin", env={"TENON_CACHE": cache})

    for below in (".", "glibc-hwcaps/x86-64-v2") if not shop.musl else (".",):
        cache = shop.path("planted-" + below.replace("/", "-"))
        cases.loads("a fresh cache of what needs a library", ask())
        code = next(os.path.join(base, name) for base, _, names in os.walk(cache)
                    for name in names if name == "needs.so")
        folder = os.path.join(os.path.dirname(code), below)
        os.makedirs(folder, exist_ok=True)
        shop.run(*library, os.path.join(folder, "libgiven.so"), "evil.c")
        cases.refused("a library planted in the cache, in " + below, ask(), ["cache"],
                      "libgiven.so", "prune --all")
        old, shop.env["TENON_CACHE"] = shop.env["TENON_CACHE"], cache
        _, result = shop.check("host", "needs.plugin")
        cases.expect("and check says so",
                     [row["code"] for row in result["reasons"]] == ["cache"], result)
        shop.tenon("cache", "prune", "--all")
        shop.env["TENON_CACHE"] = old
        cases.loads("which loads when the cache is empty", ask())


def mounted(shop, cases, with_cache):
    """Caches on file systems of their own, where the tests may mount any."""
    for name, options, words in (("noexec", "noexec,size=1m,mode=700", "noexec"),
                                 ("full", "size=8k,mode=700", "space")):
        os.mkdir(shop.path(name))
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", shop.path(name)],
                              capture_output=True)
        if done.returncode != 0:
            print("skipped: no mount for " + name)
            continue
        try:
            answer = with_cache(shop.path(name))
            cases.expect("a cache: " + name, answer.codes() == ["cache"] and
                         words in answer.messages() and answer.one("state") == "same", answer)
            left = [file for _, _, files in os.walk(shop.path(name)) for file in files
                    if file.endswith(".so")]
            cases.expect("nothing is left behind: " + name, not left, left)
        finally:
            subprocess.run(["umount", shop.path(name)], check=False)


def main():
    cases = Cases()
    with Workshop() as shop:
        bundles(shop, cases)
        caches(shop, cases)
    cases.finish()


if __name__ == "__main__":
    main()
