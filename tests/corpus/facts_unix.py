"""What the facts of SOM and a.out files say, in tenon's words."""

import re

import facts_macho


def how(need):
    """What tenon says of a need besides its name."""
    words = ["-l"] if need["dash_l"] else []
    words += ["internal name"] if need["name_is_internal_name"] else []
    words.append({0: "immediate", 1: "deferred", 2: "reference"}.get(
        need["bind"], "bind 0x%x" % need["bind"]))
    words += ["high water mark %d" % need["highwater_mark"]] if need["highwater_mark"] else []
    return ", ".join(words)


def compare_som(check, fact, row):
    for key in ("format", "endian", "class", "kind", "own_name", "search_paths"):
        check(key, fact[key], row[key])
    check("machine", ("hppa", fact["machine"]),
          (row["machine"], row["facts"]["cpu"].lower().replace(" ", "")))
    check("a_magic", fact["a_magic"], row["facts"]["a_magic"])
    check("has_dl_header", fact["has_dl_header"], "dl_version" in row["facts"])
    check("dl_version", str(fact["dl_version"]), row["facts"]["dl_version"])
    check("dl_flags", fact["dl_flags"], row["facts"]["dl_flags"])
    check("needed", [(need["name"], need["flavour"], how(need)) for need in fact["needed"]],
          [(need["name"], need["flavour"], need["how"]) for need in row["needed"]])
    for key in ("exports", "imports"):
        check(key, fact[key], facts_macho.told(symbol["name"] for symbol in row[key]))


MAGICS = {"0o407": "OMAGIC", "0o410": "NMAGIC", "0o413": "ZMAGIC", "0o314": "QMAGIC"}


def is_cut(fact):
    """A PDP-11 has words of 16 bits; and what the header promises is more than the file has."""
    return fact["machine"] == "pdp11"


def compare_aout(check, fact, row):
    for key in ("format", "endian", "kind"):
        check(key, fact[key], row[key])
    check("machine", fact["machine"], row["machine"])
    check("a_magic", MAGICS[fact["magic"]], row["facts"]["a_magic"])
    check("a_entry", fact["entry"], row["facts"]["a_entry"])
    check("machtype", fact["machtype"], row["machine_code"])
    check("os", re.match(r"\w+", fact["file_says"])[0].lower(), row["os"])
