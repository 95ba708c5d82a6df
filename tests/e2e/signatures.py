#!/usr/bin/env python3
"""Signatures of bundles: minisign takes ours and we take minisign's; who is not trusted stays out."""

import json
import os
import shutil
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from plugins import Cases, Workshop  # noqa: E402
from report import skip_all  # noqa: E402
from zipmaker import put_signature  # noqa: E402


def make_keys(shop):
    """us, others: without password; locked: with the password "secret"."""
    for name in ("us", "others"):
        shop.run("minisign", "-G", "-W", "-p", name + ".pub", "-s", name + ".key")
    shop.run("minisign", "-G", "-p", "locked.pub", "-s", "locked.key", input="secret\nsecret\n")


def entry(shop, bundle, name):
    with zipfile.ZipFile(shop.path(bundle)) as file:
        return file.read(name)


def verify(shop, bundle, *options):
    done = shop.tenon("bundle", "verify", "--json", *options, bundle, good=False)
    row = json.loads(done.stdout)["results"][0]
    return done.returncode, row.get("signature", {}).get("state"), row


def minisign_takes_ours(shop, cases):
    for name, answer in (("us", None), ("locked", "secret\n")):
        shop.pack("plain")
        shop.tenon("bundle", "sign", "--key", name + ".key", "--comment", "made by us", "plain",
                   **({"input": answer} if answer else {}))
        with open(shop.path("t"), "wb") as file:
            file.write(entry(shop, "plain.plugin", "tenon.json"))
        with open(shop.path("t.minisig"), "wb") as file:
            file.write(entry(shop, "plain.plugin", "tenon.sig"))
        done = shop.run("minisign", "-V", "-m", "t", "-p", name + ".pub", good=False)
        cases.expect("minisign takes ours, key " + name, done.returncode == 0 and
                     "made by us" in done.stdout, done.stdout + done.stderr)
        status, state, row = verify(shop, "plain", "--trust", name + ".pub", "--require-signature")
        cases.expect("we take ours, key " + name, (status, state) == (0, "good") and
                     row["signature"]["comment"] == "made by us", row)
    done = shop.tenon("bundle", "sign", "--key", "locked.key", "plain", input="wrong\n", good=False)
    cases.expect("a wrong password", done.returncode == 3 and "the password is wrong" in done.stderr,
                 done.stderr)
    first = open(shop.path("plain.plugin"), "rb").read()
    for _ in range(2):
        shop.tenon("bundle", "sign", "--key", "us.key", "plain")
        again = open(shop.path("plain.plugin"), "rb").read()
        cases.expect("signed again: equal bytes", again == first or first != again and _ == 0)
        first = again


def we_take_minisigns(shop, cases):
    """Both of its ways: over the digest, and over the bytes (-l)."""
    for way in ("-H", "-l"):
        shop.pack("theirs", code="plain.so")
        with open(shop.path("t"), "wb") as file:
            file.write(entry(shop, "theirs.plugin", "tenon.json"))
        shop.run("minisign", "-S", way, "-s", "us.key", "-m", "t", "-t", "by minisign")
        signature = open(shop.path("t.minisig"), "rb").read()
        put_signature(shop.path("theirs.plugin"), signature)
        status, state, row = verify(shop, "theirs", "--trust", "us.pub")
        cases.expect("minisign " + way, (status, state) == (0, "good") and
                     row["signature"]["comment"] == "by minisign", row)
        # the key may be given as it is, too
        line = open(shop.path("us.pub"), encoding="ascii").read().splitlines()[1]
        cases.expect("the key itself", verify(shop, "theirs", "--trust", line)[1] == "good")
        text = signature.decode()
        for what, changed in (
                ("another comment", text.replace("by minisign", "by nobody..")),
                ("another manifest", None),
                ("no signature at all", "x\n"),
                ("a line too many", text + "more\n"),
                ("half of it", text[:len(text) // 2])):
            if changed is None:
                shop.run("minisign", "-S", way, "-s", "us.key", "-m", "host.c", "-x", "other.sig")
                changed = open(shop.path("other.sig"), encoding="ascii").read()
            put_signature(shop.path("theirs.plugin"), changed.encode())
            status, state, row = verify(shop, "theirs", "--trust", "us.pub")
            cases.expect("%s: %s" % (way, what), (status, state) == (1, "bad") and
                         row["signature"]["why"], row)


def hosts_ask(shop, cases):
    shop.pack("plain")
    shop.pack("signed", code="plain.so")
    shop.tenon("bundle", "sign", "--key", "us.key", "signed")
    status, result = shop.check("host", "plain.plugin", "--trust", "us.pub")
    cases.expect("not signed: a remark", status == 0 and
                 [row["code"] for row in result["harmless"]] == ["signature"], result)
    required = ("--trust", "us.pub", "--require-signature")
    status, result = shop.check("host", "plain.plugin", *required)
    cases.expect("not signed: refused", status == 1 and
                 [row["code"] for row in result["reasons"]] == ["signature"] and
                 'plugin "plain" is not signed' in result["reasons"][0]["message"], result)
    status, result = shop.check("host", "signed.plugin", *required)
    cases.expect("signed by us", status == 0 and result["harmless"] == [], result)
    status, result = shop.check("host", "signed.plugin", "--trust", "others.pub",
                                "--require-signature")
    cases.expect("signed by others", status == 1 and
                 "which is not trusted" in result["reasons"][0]["message"], result)
    status, result = shop.check("host", "signed.plugin", "--trust", "others.pub", "--trust",
                                "us.pub", "--require-signature")
    cases.expect("two keys", status == 0, result)
    done = shop.tenon("run", *required, "plain.plugin", good=False)
    cases.expect("tenon run refuses", done.returncode == 1 and "is not signed" in done.stdout,
                 done.stdout + done.stderr)
    # the host itself: signature first, and nothing of a refused plugin is looked at further
    for words, kind in ((("trust=" + shop.path("us.pub"), "load=signed.plugin"), True),
                        (("trust=" + shop.path("us.pub"), "load=plain.plugin"), False)):
        answer = shop.ask("host", *words)
        if kind:
            cases.loads("a host that asks", answer)
            answer = shop.ask("host", *words)
            cases.loads("from the cache", answer)
        else:
            cases.refused("a host that asks", answer, ["signature"], 'is not signed')


def updates(shop, cases):
    shop.pack("plain")
    shop.tenon("bundle", "sign", "--key", "us.key", "plain")
    done = shop.tenon("bundle", "show", "plain")
    cases.expect("show names the key", "signed with" in done.stdout, done.stdout)
    done = shop.tenon("bundle", "update", "--author", "me", "plain")
    cases.expect("an update says that the signature is gone", "sign it again" in done.stderr,
                 done.stderr)
    cases.expect("and it is", verify(shop, "plain", "--trust", "us.pub")[1] == "unsigned")
    shop.tenon("bundle", "sign", "--key", "us.key", "plain")
    done = shop.tenon("bundle", "update", "-q", "--author", "us", "plain")
    cases.expect("a quiet one does not", done.stderr == "", done.stderr)
    done = shop.tenon("bundle", "update", "--author", "you", "--key", "us.key", "plain")
    cases.expect("an update can sign", done.stderr == "" and
                 verify(shop, "plain", "--trust", "us.pub")[1] == "good", done.stderr)
    done = shop.tenon("bundle", "sign", "plain", good=False)
    cases.expect("no key", done.returncode == 2 and "--key" in done.stderr, done.stderr)
    done = shop.tenon("bundle", "verify", "--trust", "nowhere.pub", "plain", good=False)
    cases.expect("no such key", done.returncode == 3 and "nowhere.pub" in done.stderr, done.stderr)
    done = shop.tenon("bundle", "verify", "--trust", "us.key", "plain", good=False)
    cases.expect("a secret key is none", done.returncode == 3 and "public key" in done.stderr,
                 done.stderr)


def installs(shop, cases):
    """What hosts would refuse does not get among their plugins."""
    shop.pack("plain")
    shop.pack("signed", code="plain.so")
    shop.tenon("bundle", "sign", "--key", "us.key", "signed")

    def install(name, *options):
        shutil.rmtree(shop.path("inst"), ignore_errors=True)
        done = shop.tenon("bundle", "install", "--destdir=inst", *options, name, good=False)
        return done, os.path.exists(shop.path("inst", name + ".plugin"))

    required = ("--trust=us.pub", "--require-signature")
    done, there = install("plain", *required)
    cases.expect("not signed: not installed", (done.returncode, there) == (1, False) and
                 "refused" in done.stdout and "not signed" in done.stdout, done)
    done, there = install("plain", "--json", *required)
    row = json.loads(done.stdout)["results"]
    cases.expect("one row says so", len(row) == 1 and row[0]["status"] == "refused" and
                 row[0]["signature"]["state"] == "unsigned", row)
    done, there = install("plain", "--require-signature")
    cases.expect("required, and nobody is trusted", (done.returncode, there) == (1, False), done)
    done, there = install("signed", *required)
    cases.expect("signed by us", (done.returncode, there) == (0, True), done)
    done, there = install("signed", "--trust=others.pub", "--require-signature")
    cases.expect("signed by others", (done.returncode, there) == (1, False) and
                 "not trusted" in done.stdout, done)
    done, there = install("plain", "--trust=us.pub")
    cases.expect("trusted, not required: a remark", (done.returncode, there) == (0, True) and
                 "plain.plugin: no trusted key has signed it" in done.stderr, done)
    put_signature(shop.path("signed.plugin"), b"x\n")
    done, there = install("signed", "--trust=us.pub")
    cases.expect("a bad one", (done.returncode, there) == (1, False) and "is bad" in done.stdout,
                 done)
    done, there = install("plain", "--trust=nowhere.pub", "--require-signature")
    cases.expect("no such key", (done.returncode, there) == (3, False) and
                 "nowhere.pub" in done.stderr, done)


def main():
    if shutil.which("minisign") is None:
        skip_all("no minisign")
    cases = Cases()
    with Workshop() as shop:
        make_keys(shop)
        shop.host("host", "int host_number(void) { return 7; }", "-rdynamic")
        shop.plugin("plain", "int plugin_number(void) { return 1; }")
        minisign_takes_ours(shop, cases)
        we_take_minisigns(shop, cases)
        hosts_ask(shop, cases)
        updates(shop, cases)
        installs(shop, cases)
    cases.finish()


if __name__ == "__main__":
    main()
