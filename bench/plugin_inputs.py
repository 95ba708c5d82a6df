"""bench/plugin_inputs.py - makes what bench/plugins measures: hosts, plugins, bundles, sources

All is generated, equal for equal numbers. A unit has two functions and an object, in the code and
in its note; digests are made up from its name. Notes are written here as src/unit/record.h lays
them out, since compiling thousands of units with `tenon cc` would take minutes.
"""
import concurrent.futures
import hashlib
import os
import struct
import subprocess

UNIT, SUMMARY = 1, 2
STATEFUL_KNOWN, STATEFUL = 1, 2
EXPORTS, CODE = 1, 2  # enum tenon_digest_kind

# What QPluginLoader wants to see in a file before it loads it (Qt 5.12 and later): the magic, the
# layout's version, Qt 5.0, no requirements, then a map in CBOR: 2 "IID", 3 "className".
QT_METADATA = b"QTMETADATA !" + bytes([0, 5, 0, 0]) + b"\xbf\x02\x61a\x03\x61a\xff"


def note(kind, description):
    """One note, with its padding."""
    owner = b"tenon\0\0\0"
    return (struct.pack("<III", 6, len(description), kind) + owner + description
            + bytes(-len(description) % 4))


def symbols(unit):
    base = unit.replace("/", "_")
    return [f"{base}_get", f"{base}_set"], f"{base}_value"


def unit_note(unit):
    functions, value = symbols(unit)
    digests = hashlib.sha256(f"interface {unit}".encode()).digest()
    digests += hashlib.sha256(f"implementation {unit}".encode()).digest()
    definitions = b"".join(b"%c%s\0" % (letter, name.encode()) for letter, name in
                           [(ord("T"), functions[0]), (ord("T"), functions[1]),
                            (ord("D"), value)])
    return note(UNIT, bytes([1, STATEFUL_KNOWN | STATEFUL, EXPORTS, CODE]) + digests
                + f"{unit}\0{unit.split('/')[-1]}.c\0".encode() + definitions + b"\0")


def summary_note(count):
    return note(SUMMARY, bytes([1, 1]) + struct.pack("<II", count, 0))


def directive(data):
    return "\n".join("\t.byte " + ",".join(map(str, data[i:i + 64]))
                     for i in range(0, len(data), 64))


def assembler(units, extra=""):
    """A source that defines all units and holds the record of them."""
    lines = [extra]
    for unit in units:
        functions, value = symbols(unit)
        for name in functions:
            lines += ["\t.text", f"\t.globl {name}", f"\t.type {name}, @function",
                      f"{name}:", "\tnop", f"\t.size {name}, 1"]
        lines += ["\t.data", f"\t.globl {value}", f"\t.type {value}, @object", f"{value}:",
                  "\t.long 1", f"\t.size {value}, 4"]
    notes = b"".join(map(unit_note, units)) + summary_note(len(units))
    lines += ['\t.section .note.tenon,"a",@note', "\t.balign 4", directive(notes),
              '\t.section .note.GNU-stack,"",@progbits', ""]
    return "\n".join(lines)


# Each plugin calls one function of libc, so that there is something to bind.
QT_PLUGIN = f"""\
\t.section .qtmetadata,"a"
{directive(QT_METADATA)}
\t.text
\t.globl qt_plugin_instance
\t.type qt_plugin_instance, @function
qt_plugin_instance:
\tcall getpid@PLT
\tret
\t.size qt_plugin_instance, .-qt_plugin_instance
"""


def run(*command, **options):
    subprocess.run([os.fspath(part) for part in command], check=True,
                   stdout=subprocess.DEVNULL, **options)


def all_of(function, items):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(function, items):
            pass


class Inputs:
    """The files below one folder; made once for the same tenon and the same generator."""

    def __init__(self, folder, tenon, compiler):
        self.folder, self.tenon, self.compiler = folder, tenon, compiler

    def record(self, count):
        """An object with a record of so many units."""
        out = self.folder / f"record{count}.o"
        if not out.exists():
            source = out.with_suffix(".s")
            source.write_text(assembler([f"host{count}/u{i:05}" for i in range(count)]))
            run(self.compiler, "-c", "-o", out, source)
        return out

    def plugins(self, name, count, units):
        """A directory of bundles: NAME0000.plugin and so on, each of so many units."""
        folder = self.folder / name
        done = folder / "done"
        if done.exists():
            return folder
        folder.mkdir(exist_ok=True)
        all_of(lambda i: self.plugin(folder, f"{name}{i:04}", units), range(count))
        done.write_text("")
        return folder

    def plugin(self, folder, name, units):
        source, code = folder / f"{name}.s", folder / f"{name}.so"
        source.write_text(assembler([f"{name}/u{i:02}" for i in range(units)], QT_PLUGIN))
        run(self.compiler, "-shared", "-o", code, source)
        run(self.tenon, "pack", "-q", "--bundle=none", "-o", folder / f"{name}.plugin", code)
        source.unlink()

    def objects(self, count):
        """A program of so many objects, each compiled with its note: (objects, main)."""
        folder = self.folder / "objects"
        done = folder / "done"
        names = [folder / f"o{i:04}.o" for i in range(count)]
        if not done.exists():
            folder.mkdir(exist_ok=True)
            all_of(lambda i: self.object(folder, i), range(count))
            done.write_text("")
        return names

    def object(self, folder, i):
        source = folder / f"o{i:04}.s"
        start = "\t.globl main\nmain:\n\txorl %eax, %eax\n\tret\n" if i == 0 else ""
        functions, value = symbols(f"o{i:04}")
        source.write_text(f"{start}\t.globl {functions[0]}\n\t.type {functions[0]}, @function\n"
                          f"{functions[0]}:\n\tnop\n\t.data\n\t.globl {value}\n{value}:\n"
                          '\t.long 1\n\t.section .note.GNU-stack,"",@progbits\n')
        run(self.tenon, "cc", "-q", "--", self.compiler, "-c", "-o", source.with_suffix(".o"),
            source)

    def source(self, lines):
        """A C file of about so many lines, as people write them; 1: a trivial one."""
        out = self.folder / f"lines{lines}.c"
        if lines == 1:
            out.write_text("int answer(void) { return 42; }\n")
            return out
        parts = ["#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>", ""]
        number = 0
        while len(parts) < lines:
            parts += FUNCTION.replace("@", str(number)).split("\n")
            number += 1
        out.write_text("\n".join(parts[:]) + "\n")
        return out


FUNCTION = """\
struct row@ { char name[32]; unsigned seen; double mean; struct row@ *next; };

static struct row@ *first@;

static struct row@ *find@(const char *name)
{
    for (struct row@ *row = first@; row; row = row->next)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

int count@(const char *text, double value)
{
    struct row@ *row = find@(text);
    if (!row && !(row = calloc(1, sizeof *row)))
        return -1;
    if (!row->seen) {
        snprintf(row->name, sizeof row->name, "%s", text);
        row->next = first@;
        first@ = row;
    }
    row->mean = (row->mean * row->seen + value) / (row->seen + 1);
    row->seen++;
    return (int)row->seen;
}

void print@(FILE *out)
{
    for (const struct row@ *row = first@; row; row = row->next)
        fprintf(out, "%s\\t%u\\t%g\\n", row->name, row->seen, row->mean);
}
"""
