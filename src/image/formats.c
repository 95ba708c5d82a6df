/*
 * src/image/formats.c - THE table of formats, and names for the files that no reader knows
 */
#include <errno.h>

#include "fail.h"
#include "model.h"
#include "text.h"

const struct tn_format *const tn_formats[] = {
    &tn_format_elf,     &tn_format_pe,      &tn_format_macho,  &tn_format_xcoff,
    &tn_format_archive, &tn_format_som,     &tn_format_aout,   &tn_format_coff,
    &tn_format_tbd,     &tn_format_libtool, &tn_format_script, NULL
};

/* Bytes read to see which reader takes a file, and to tell that one is text. */
#define HEAD 1024u
#define SAMPLE 4096u

/* ---- files that are no image of ours ------------------------------------------------------- */

/* Known by their first bytes; the first row that fits counts. */
static const struct known {
    const char *name;
    enum tenon_code code; /* UNSUPPORTED: linked or linkable; FORMAT: something else */
    size_t size;
    const char *magic;
} known[] = {
#define IMAGE(name, magic)                                                                         \
    {                                                                                              \
        name, TENON_E_UNSUPPORTED, sizeof(magic) - 1, magic                                        \
    }
#define OTHER(name, magic)                                                                         \
    {                                                                                              \
        name, TENON_E_FORMAT, sizeof(magic) - 1, magic                                             \
    }
    IMAGE("a WebAssembly module", "\0asm"),
    IMAGE("LLVM bitcode", "BC\xc0\xde"),
    IMAGE("LLVM bitcode", "\xde\xc0\x17\x0b"),
    IMAGE("a dyld shared cache", "dyld_"),
    IMAGE("a PEF file", "Joy!peff"),
    IMAGE("a bFLT file", "bFLT"),
    IMAGE("an EFI TE image", "VZ"),
    IMAGE("an ECOFF file", "\x01\x60"),
    IMAGE("an ECOFF file", "\x01\x63"),
    IMAGE("an ECOFF file", "\x62\x01"),
    IMAGE("an ECOFF file", "\x83\x01"),
    IMAGE("a Plan 9 program", "\0\0\x8a\x97"),
    IMAGE("a Plan 9 program", "\0\0\x01\xeb"),
    IMAGE("a Plan 9 program", "\0\0\x06\x47"),
    OTHER("an OCaml object file (tenon show; tenon_ocaml_open() reads it)", "Caml1999"),
    OTHER("a Java class", "\xca\xfe\xba\xbe"), /* a universal Mach-O file has few slices */
    OTHER("a PDB file", "Microsoft C/C++ MSF 7.00"),
    OTHER("a zip archive", "PK\x03\x04"),
    OTHER("a gzip file", "\x1f\x8b"),
    OTHER("an xz file", "\xfd"
                        "7zXZ"),
    OTHER("a bzip2 file", "BZh"),
    OTHER("a Zstandard file", "\x28\xb5\x2f\xfd"),
    OTHER("a pack200 file", "\xca\xfe\xd0\x0d"),
};

/* rule  PE/COFF: the new header's signature is where e_lfanew says */
static const char *name_mz(struct tn_file *file, struct tn_view head, enum tenon_code *code)
{
    static const struct {
        char magic[3];
        const char *name;
    } kinds[] = { { "NE", "an NE image" }, { "LE", "an LE image" }, { "LX", "an LX image" } };
    struct tn_view at;
    if (head.size < 64 || (memcmp(head.at, "MZ", 2) != 0 && memcmp(head.at, "ZM", 2) != 0))
        return NULL;
    *code = TENON_E_UNSUPPORTED;
    uint32_t e_lfanew = tn_load32(head.at + 0x3c, TN_LITTLE);
    if (tn_file_upto(file, e_lfanew, 4, "signature", &at, NULL) && at.size == 4)
        for (size_t i = 0; i < TN_COUNT(kinds); i++)
            if (memcmp(at.at, kinds[i].magic, 2) == 0)
                return kinds[i].name;
    return "a DOS program";
}

/* rule  tenon-bundle(5): the entry tenon.json comes first; APPNOTE 4.3.7: where its name stands */
static const char *name_bundle(struct tn_view head)
{
    static const char magic[] = "PK\x03\x04", entry[] = "tenon.json";
    const size_t at = 30, size = sizeof entry - 1;
    if (head.size < at + size || memcmp(head.at, magic, sizeof magic - 1) != 0 ||
        tn_load16(head.at + 26, TN_LITTLE) != size || memcmp(head.at + at, entry, size) != 0)
        return NULL;
    return "a bundle (tenon bundle show, tenon units)";
}

/* A PDP-11 has words of 16 bits: its a.out is another format. */
static const char *name_pdp11(struct tn_view head, enum tenon_code *code)
{
    uint16_t magic = head.size >= 16 ? tn_load16(head.at, TN_LITTLE) : 0;
    if (magic != 0407 && magic != 0410 && magic != 0411)
        return NULL;
    *code = TENON_E_UNSUPPORTED;
    return "an a.out file for the PDP-11, or one that was cut short";
}

static bool is_text(struct tn_view head)
{
    for (size_t i = 0; i < head.size; i++) {
        uint8_t c = head.at[i];
        if (c == 0x7f || (c < 0x20 && !(c && strchr("\t\n\r\f\b\x1b", c))))
            return false;
    }
    return true;
}

/* Two or three letters alone may as well begin a text. */
static const char *name_known(struct tn_view head, enum tenon_code *code)
{
    size_t least = is_text(head) ? 4 : 2;
    for (size_t i = 0; i < TN_COUNT(known); i++) {
        const struct known *k = &known[i];
        if (k->size < least || k->size > head.size || memcmp(head.at, k->magic, k->size) != 0)
            continue;
        *code = k->code;
        return k->name;
    }
    return NULL;
}

/* "#! /bin/sh -e": the interpreter without its argument. */
static bool fail_script(struct tn_view head, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    size_t start = 2, end;
    while (start < head.size && (head.at[start] == ' ' || head.at[start] == '\t'))
        start++;
    for (end = start; end < head.size; end++)
        if (memchr(" \t\r\n", head.at[end], 4) || head.at[end] == 0)
            break;
    tn_text_escape(shown, sizeof shown, (const char *)head.at + start, end - start);
    if (end == start)
        return tn_fail(err, TENON_E_FORMAT, "not an image: a script that names no interpreter");
    return tn_fail(err, TENON_E_FORMAT, "not an image: a script for %s", shown);
}

/* Says what a file is that no reader takes. */
static bool fail_named(struct tn_file *file, struct tn_view head, tenon_error *err)
{
    enum tenon_code code = TENON_E_FORMAT;
    if (head.size >= 2 && memcmp(head.at, "#!", 2) == 0)
        return fail_script(head, err);
    if (is_text(head) && !tn_file_upto(file, 0, SAMPLE, "first bytes", &head, err))
        return false; /* what is no text so far is none */
    const char *name = name_mz(file, head, &code);
    name = name ? name : name_bundle(head);
    name = name ? name : name_known(head, &code);
    name = name ? name : name_pdp11(head, &code);
    if (!name && is_text(head))
        name = "a text file";
    if (code == TENON_E_UNSUPPORTED)
        return tn_fail(err, code, "%s, which this version cannot read", name);
    return tn_fail(err, code, "not an image: %s", name ? name : "of no format known");
}

const struct tn_format *tn_format_with(enum tenon_format format)
{
    for (size_t i = 0; tn_formats[i]; i++)
        if (tn_formats[i]->format == format)
            return tn_formats[i];
    return NULL;
}

const struct tn_format *tn_format_of(struct tn_file *file, tenon_error *err)
{
    struct tn_view head;
    if (file->info.type == TENON_FILE_DIRECTORY) {
        tn_fail_system(err, EISDIR, "cannot be read");
        return NULL;
    }
    if (file->info.type == TENON_FILE_OTHER) {
        tn_fail(err, TENON_E_FORMAT, "not an image: not a regular file");
        return NULL;
    }
    if (!tn_file_upto(file, 0, HEAD, "first bytes", &head, err))
        return NULL;
    if (!head.size) {
        tn_fail(err, TENON_E_TRUNCATED, "is empty");
        return NULL;
    }
    for (size_t i = 0; tn_formats[i]; i++)
        if (tn_formats[i]->matches(head) &&
            (!tn_formats[i]->confirms || tn_formats[i]->confirms(file, head)))
            return tn_formats[i];
    fail_named(file, head, err);
    return NULL;
}
