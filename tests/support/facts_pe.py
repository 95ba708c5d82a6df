"""The facts of PE images, COFF objects, XCOFF files and archives, as the corpus words them."""

import hashlib

import tenon

# LLVM's words for a machine: tenon's name
MACHINES = {
    "IMAGE_FILE_MACHINE_AMD64": "x86_64",
    "IMAGE_FILE_MACHINE_I386": "i386",
    "IMAGE_FILE_MACHINE_ARM64": "aarch64",
    "IMAGE_FILE_MACHINE_ARMNT": "arm",
}

# The facts' tool stops at this directory, whose name is at no address ("Invalid data") and tells
# no symbol. Windows loads it: dllord-ld.exe imports #788 of it.
EXPORTS_UNREAD = {"pe/windows-i386/dllord.dll": ["#787", "#788", "#791", "#792", "#793"]}


def named(names):
    """A list of names as the facts tell one."""
    names = sorted(set(names))
    told = {"count": len(names)}
    if len(names) <= 400:
        told["names"] = names
    else:
        told["sample"] = names[:40] + names[-40:]
    joined = "\n".join(names).encode("utf-8", "replace")
    told["sha256_of_sorted_names"] = hashlib.sha256(joined).hexdigest()
    return told


def pe_name(row):
    """A symbol without a name is told by its number."""
    return tenon.text(row["name"]) or "#%d" % row["ordinal"]


def subsystem(word):
    """windows-cui as the facts word it."""
    return "IMAGE_SUBSYSTEM_" + word.upper().replace("-", "_")


def compare_pe(check, fact, row):
    for key in ("format", "class", "kind"):
        check(key, fact[key], row[key])
    check("machine", MACHINES[fact["machine"]], row["machine"])
    check("subsystem", fact["subsystem"], subsystem(row["facts"]["subsystem"]))
    check("own_name", fact["own_name"], tenon.text(row["own_name"]))
    check("clr", fact["clr"], "clr" in row["facts"])
    # where only another tool could read a delay-import directory, it told no number of symbols
    counted = all("symbols" in need for need in fact["needed"])
    keys = ("name", "flavour", "symbols") if counted else ("name", "flavour")
    check("needed", [{key: need[key] for key in keys} for need in fact["needed"]],
          [{key: tenon.text(need[key]) if key == "name" else need[key] for key in keys}
           for need in row["needed"]])
    compare_pdb(check, fact.get("pdb"), row)
    if fact["path"] in EXPORTS_UNREAD:
        check("exports", EXPORTS_UNREAD[fact["path"]], [pe_name(each) for each in row["exports"]])
    elif fact["exports"] is not None:
        check("exports", fact["exports"], named(pe_name(each) for each in row["exports"]))
    check("imports", fact["imports"],
          named("%s!%s" % (tenon.text(each["library"]), pe_name(each)) for each in row["imports"]))


def compare_pdb(check, pdb, row):
    if not pdb:
        check("pdb", (None, None), (row["build_id"], row.get("pdb")))
        return
    check("pdb guid", pdb["guid"].strip("()").replace(" ", "").lower(), row["build_id"])
    check("pdb age", str(pdb["age"]), row["facts"].get("pdb_age", "0"))
    check("pdb file", pdb["file"] or None, tenon.text(row.get("pdb")))


def compare_coff(check, fact, row):
    for key in ("format", "kind"):
        check(key, fact[key], row[key])
    check("machine", MACHINES[fact["machine"]], row["machine"])


def compare_xcoff(check, fact, row):
    for key in ("format", "class", "endian", "kind", "own_name"):
        check(key, fact[key], row[key])
    check("machine", {"powerpc": "ppc", "powerpc64": "ppc64"}[fact["machine"]], row["machine"])
    check("needed", fact["needed"],
          [{key: tenon.text(need[key]) for key in ("path", "base", "member", "flavour")}
           for need in row["needed"]])
    check("needed by LLVM", fact["needed_llvm"],
          [{key: tenon.text(need[key]) for key in ("base", "member")} for need in row["needed"]])
    check("search_paths", fact["search_paths"], [dict(each, path=tenon.text(each["path"]))
                                                 for each in row["search_paths"]])
    for key in ("exports", "imports"):
        if key in fact:
            check(key, fact[key], named(tenon.text(each["name"]) for each in row[key]))


# ar(1) lists no member of these: it knows no library symbol table of HP-UX, and of a thin archive
# it wants the members to be there
MEMBERS_UNREAD = {"som/hpux-hppa/libgdbm.a": 19, "archive/linux-amd64/thin.a": 3}
# the linker's own symbols of an import library, which name no export
LINKER_SYMBOLS = ("__IMPORT_DESCRIPTOR_", "__NULL_IMPORT_DESCRIPTOR", "\x7f")


def compare_archive(check, fact, row):
    check("format", fact["format"], row["format"])
    check("kind", fact["kind"], row["kind"].replace("archive", "static-library"))
    check("thin", fact["thin"], row["facts"].get("flavour") == "thin")
    members = [tenon.text(name) for name in row["member_names"]]
    if fact["path"] in MEMBERS_UNREAD:
        check("member_count", MEMBERS_UNREAD[fact["path"]], len(members))
    else:
        # ar(1) takes an index of the BSDs for a member
        expected = [name for name in fact["members"]["names"] if name != "__.SYMDEF"]
        hidden = len(fact["members"]["names"]) - len(expected)
        check("members", expected, sorted(set(members)))
        check("member_count", fact["member_count"] - hidden, len(members))
    needed = [need["name"] for need in row["needed"]]
    # dlltool knows no ARM64EC
    check("import_library_dlls", fact.get("import_library_dlls", []),
          sorted(name for name in needed if "arm64ec" not in name))
    if "import_symbols" in fact:
        names = {tenon.text(each["name"]) for each in row["exports"]}
        # an index words names of ARM64EC without their mark
        expected = fact["import_symbols"]
        if "names" in expected:
            expected = named(name.replace("#", "") for name in expected["names"])
        check("import_symbols", expected, named(
            name for name in names if not name.startswith(LINKER_SYMBOLS)))
