"""What the facts of a Mach-O file say, in tenon's words. Symbols come from `llvm-nm -m`."""

import hashlib
import re

MACHINES = {
    "ARM": "arm",
    "ARM64": "aarch64",
    "ARM64_32": "aarch64_ilp32",
    "I386": "i386",
    "PPC": "ppc",
    "X86_64": "x86_64",
}
BIG = {"PPC"}
WIDE = {"ARM64", "X86_64"}
PLATFORMS = {"0x00000B": "visionos", "IPHONEOS": "ios", "MACOSX": "macos"}
# slices by the name the facts give them, which leaves the subtype out
SUBTYPES = {("ARM", "V6"): "armv6", ("ARM", "V7"): "armv7", ("ARM", "V7S"): "armv7s",
            ("ARM64", "E"): "arm64e", ("PPC", "10"): "ppc7400"}
# of slices that no tool of the facts reads: the name of a CPU number
UNREAD = {"cputype-11": "hppa", "cputype-14": "sparc"}


def arch(fact):
    """Apple's name of the architecture of a slice."""
    if fact.get("tool_error"):
        return UNREAD.get(fact["arch"], fact["arch"])
    return SUBTYPES.get((fact["cpu"], fact["cpusubtype"]), fact["arch"])


def needed(row):
    return [{"name": need["name"], "flavour": need["flavour"],
             "current_version": need.get("current_version", "0.0.0"),
             "compat_version": need.get("compat_version", "0.0.0")} for need in row["needed"]]


def told(names):
    """Names as the facts count and digest them."""
    names = sorted(set(names))
    short = {"count": len(names)}
    if len(names) <= 400:
        short["names"] = names
    else:
        short["sample"] = names[:40] + names[-40:]
    short["sha256_of_sorted_names"] = hashlib.sha256("\n".join(names).encode()).hexdigest()
    return short


def exports(row):
    """llvm-nm tells an indirect symbol with the one it stands for; facts begin at its last word."""
    return [symbol["name"] if not symbol.get("forward") else
            "%s (for %s)" % (symbol["name"], symbol["forward"]) for symbol in row["exports"]]


def imports(row):
    """llvm-nm says of a symbol that no library is recorded for that it is looked up."""
    two_level = "TWOLEVEL" in row["facts"].get("flags", "").split()
    linked = row["kind"] != "object"
    return [symbol["name"] + (" (dynamically looked up)"
                              if two_level and linked and not symbol["library"] else "")
            for symbol in row["imports"]]


def compare(check, fact, row):
    cpu = fact["cpu"]
    check("format", "macho", row["format"])
    check("class", 64 if cpu in WIDE else 32, row["class"])
    check("endian", "big" if cpu in BIG else "little", row["endian"])
    check("machine", MACHINES[cpu], row["machine"])
    for key in ("kind", "own_name", "interpreter"):
        check(key, fact[key], row[key])
    check("uuid", fact["uuid"], row.get("uuid"))
    check("needed", fact["needed"], needed(row))
    check("search_paths", fact["search_paths"], row["search_paths"])
    platform = PLATFORMS.get(fact["platform"], fact["platform"])
    check("platform", platform, row["facts"].get("platform"))
    check("min_os", fact.get("min_os"), row["facts"].get("min_os"))
    for key in ("current_version", "compat_version"):
        if fact.get("own_" + key):
            parts = (row["facts"][key] + ".0").split(".")[:3]
            check("own_" + key, fact["own_" + key], ".".join(parts))
    flags = [flag for flag in fact["flags"] if not re.match("0x0+$", flag)]
    check("flags", flags, row["facts"].get("flags", "").split())
    for key in ("sub_framework", "sub_umbrella", "sub_client", "sub_library"):
        check(key, fact.get("lc_" + key, []), row["facts"].get(key, "").split())
    check("exports", fact["exports_symtab"], told(exports(row)))
    check("imports", fact["imports"], told(imports(row)))
