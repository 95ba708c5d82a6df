/*
 * src/ocaml/program.c - programs of bytecode
 *
 * rule  bytecomp/bytesections.ml, bytecomp/bytelink.ml, runtime/startup_byt.c: at the end of the
 *       file a table of sections (name, size; 32 bits, big-endian), their number, the magic number;
 *       the sections lie end to end before the table
 */
#include <inttypes.h>
#include <stdlib.h>

#include "fail.h"
#include "limits.h"
#include "reading.h"
#include "text.h"

#define TRAILER 16u
#define ROW 8u

bool tn_ocaml_is_program(struct tn_file *file)
{
    struct tn_view magic;
    uint64_t size = file->info.size;
    return size >= TRAILER &&
           tn_file_upto(file, size - TN_OCAML_MAGIC, TN_OCAML_MAGIC, "magic number", &magic,
                        NULL) &&
           magic.size == TN_OCAML_MAGIC && memcmp(magic.at, "Caml1999X", 9) == 0;
}

/* ---- sections ---------------------------------------------------------------------------------
 */

static bool take_symb(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_shape_start(r, bytes) && tn_ocaml_read_globals(r) && tn_shape_finish(r);
}

static bool take_crcs(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_shape_start(r, bytes) && tn_ocaml_read_interfaces(r) && tn_shape_finish(r);
}

static bool take_dlls(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_section_names(r, bytes, "names", &r->out->dlls);
}

static bool take_dlpt(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_section_names(r, bytes, "names", &r->out->dll_paths);
}

static bool take_prim(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_section_names(r, bytes, "names", &r->out->primitives);
}

/* rule  bytelink.ml ends it with a newline, in whose place stdlib/header.c puts the end */
static bool take_rntm(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    size_t size = bytes.size;
    if (size && bytes.at[size - 1] == '\n')
        size--;
    r->out->runtime = tn_arena_copy(&r->out->arena, bytes.at, size);
    return r->out->runtime || tn_no_memory(r->err);
}

/* What is read; the others are nobody's business. */
static const struct {
    char name[5];
    bool (*take)(struct tn_ocaml_reading *r, struct tn_view bytes);
} sections[] = { { "SYMB", take_symb }, { "CRCS", take_crcs }, { "DLLS", take_dlls },
                 { "DLPT", take_dlpt }, { "PRIM", take_prim }, { "RNTM", take_rntm } };

static bool take_section(struct tn_ocaml_reading *r, const uint8_t *name, uint64_t offset,
                         uint32_t size)
{
    struct tn_view bytes;
    for (size_t i = 0; i < TN_COUNT(sections); i++) {
        if (memcmp(sections[i].name, name, 4) != 0)
            continue;
        return (tn_shape_view(r, offset, size, "section", &bytes) && sections[i].take(r, bytes)) ||
               tn_context(r->err, "section %s", sections[i].name);
    }
    return true;
}

static bool read_sections(struct tn_ocaml_reading *r, struct tn_view table)
{
    uint64_t end = table.start;
    for (size_t at = table.size; at; at -= ROW) {
        const uint8_t *row = table.at + at - ROW;
        uint32_t size = tn_load32(row + 4, TN_BIG);
        char shown[4 * 4 + 1];
        if (size > end) {
            tn_text_escape(shown, sizeof shown, (const char *)row, 4);
            return tn_fail(r->err, TENON_E_MALFORMED,
                           "section %s: %" PRIu32 " bytes by the table at 0x%" PRIx64 ", %" PRIu64
                           " are left before it",
                           shown, size, table.start, end);
        }
        end -= size;
        if (!take_section(r, row, end, size))
            return false;
    }
    return true;
}

/* rule  without RNTM the first line names the runtime, unless the program has its own */
static bool find_runtime(struct tn_ocaml_reading *r)
{
    struct tn_view head;
    if (r->out->runtime)
        return true;
    if (!tn_file_upto(r->file, 0, TN_LIMIT_PATH, "first line", &head, r->err))
        return false;
    if (head.size < 2 || memcmp(head.at, "#!", 2) != 0) {
        r->out->custom = true;
        return true;
    }
    size_t start = 2, end;
    while (start < head.size && (head.at[start] == ' ' || head.at[start] == '\t'))
        start++;
    for (end = start; end < head.size && head.at[end] && !memchr(" \t\r\n", head.at[end], 4);)
        end++;
    r->out->runtime = tn_arena_copy(&r->out->arena, head.at + start, end - start);
    return r->out->runtime || tn_no_memory(r->err);
}

bool tn_ocaml_read_program(struct tn_ocaml_reading *r)
{
    struct tn_view trailer, table;
    uint64_t size = r->file->info.size;
    r->out->kind = TENON_OCAML_BYTECODE;
    if (!tn_file_view(r->file, size - TRAILER, TRAILER, "end of the program", &trailer, r->err))
        return false;
    struct tn_view magic = { trailer.at + 4, TN_OCAML_MAGIC, trailer.start + 4 };
    r->out->release = tn_ocaml_release_of(magic, 'X', r->err);
    if (!r->out->release)
        return false;
    r->string_units = r->out->release->string_units;
    uint32_t count = tn_load32(trailer.at, TN_BIG);
    if (count > TN_LIMIT_OCAML_SECTIONS || count * ROW > trailer.start)
        return tn_fail(r->err, TENON_E_MALFORMED, "number of sections at 0x%" PRIx64 " is %" PRIu32,
                       trailer.start, count);
    return tn_file_view(r->file, trailer.start - count * ROW, count * ROW, "table of sections",
                        &table, r->err) &&
           read_sections(r, table) && tn_ocaml_join_interfaces(r) && find_runtime(r) &&
           tn_units_keep(r);
}
