/* src/ocaml/ocaml.c - opens a file of OCaml's, whatever kind it is, and answers about it */
#include "ocaml.h"

#include <errno.h>
#include <stdlib.h>

#include "fail.h"
#include "model.h"
#include "reading.h"
#include "text.h"

/* ---- THE table of kinds that a magic number at the start tells ----------------------------------
 */

static const struct kind {
    char letter;
    enum tenon_ocaml_kind kind;
    bool (*read)(struct tn_ocaml_reading *r, char letter);
} kinds[] = {
    { 'O', TENON_OCAML_CMO, tn_ocaml_read_cmo },  { 'A', TENON_OCAML_CMA, tn_ocaml_read_cmo },
    { 'I', TENON_OCAML_CMI, tn_ocaml_read_cmi },  { 'Y', TENON_OCAML_CMX, tn_ocaml_read_cmx },
    { 'y', TENON_OCAML_CMX, tn_ocaml_read_cmx },  { 'Z', TENON_OCAML_CMXA, tn_ocaml_read_cmx },
    { 'z', TENON_OCAML_CMXA, tn_ocaml_read_cmx },
};

/* ... and THE table of anchors in ELF files */
const struct tn_ocaml_anchor tn_ocaml_anchors[] = {
    { .symbol = "caml_plugin_header", .dynamic = true, .read = tn_ocaml_read_plugin },
    { .symbol = "caml_globals_map", .dynamic = true, .full = true, .read = tn_ocaml_read_map },
    { .symbol = "caml_sections", .full = true, .read = tn_ocaml_read_embedded },
    { .symbol = NULL },
};

/* Kinds that hold no units, by their letters. */
static const struct {
    char letter;
    const char *name;
} others[] = { { 'T', "a typed tree (.cmt, .cmti)" },
               { 'M', "a parsed implementation" },
               { 'N', "a parsed interface" },
               { 'L', "a linear representation" } };

static const char magic_start[] = { 'C', 'a', 'm', 'l' };

/* rule  Caml1999, and Caml2007 to Caml2021 of some kinds, old releases and other compilers */
static bool has_magic(struct tn_view head)
{
    return head.size >= TN_OCAML_MAGIC && memcmp(head.at, magic_start, sizeof magic_start) == 0 &&
           (memcmp(head.at + 4, "1999", 4) == 0 || memcmp(head.at + 4, "20", 2) == 0);
}

static bool is_elf(struct tn_view head)
{
    return head.size >= 4 && memcmp(head.at, "\177ELF", 4) == 0;
}

bool tn_ocaml_is_own(struct tn_file *file, struct tn_view head)
{
    return has_magic(head) || (!is_elf(head) && tn_ocaml_is_program(file));
}

static bool read_magic(struct tn_ocaml_reading *r, struct tn_view head)
{
    char letter = (char)head.at[8];
    for (size_t i = 0; i < TN_COUNT(kinds); i++) {
        if (kinds[i].letter != letter)
            continue;
        r->out->kind = kinds[i].kind;
        r->out->release = tn_ocaml_release_of(head, letter, r->err);
        if (!r->out->release)
            return false;
        r->string_units = r->out->release->string_units;
        return kinds[i].read(r, letter);
    }
    for (size_t i = 0; i < TN_COUNT(others); i++)
        if (others[i].letter == letter)
            return tn_fail(r->err, TENON_E_UNSUPPORTED, "%s of OCaml's: it holds no units",
                           others[i].name);
    return tn_fail(r->err, TENON_E_UNSUPPORTED, "an OCaml file of unknown kind 0x%02x",
                   (unsigned char)letter);
}

/* ---- any file ---------------------------------------------------------------------------------
 */

static bool read_any(struct tn_ocaml_reading *r)
{
    struct tn_view head;
    if (r->file->info.type == TENON_FILE_DIRECTORY)
        return tn_fail_system(r->err, EISDIR, "cannot be read");
    if (r->file->info.type == TENON_FILE_OTHER)
        return tn_fail(r->err, TENON_E_NOT_FOUND, "not a regular file");
    if (!tn_file_upto(r->file, 0, TN_OCAML_MAGIC, "first bytes", &head, r->err))
        return false;
    if (has_magic(head))
        return read_magic(r, head);
    if (is_elf(head))
        return tn_ocaml_read_elf(r);
    if (tn_ocaml_is_program(r->file))
        return tn_ocaml_read_program(r);
    return tn_fail(r->err, TENON_E_NOT_FOUND, "no file of OCaml's");
}

/* Reads a file in one way. */
static tenon_ocaml *read_by(bool (*read)(struct tn_ocaml_reading *), struct tn_file *file,
                            enum tn_ocaml_detail detail, tenon_error *err)
{
    struct tn_ocaml_reading r = {
        .out = calloc(1, sizeof *r.out), .file = file, .detail = detail, .err = err
    };
    bool ok = r.out ? read(&r) : tn_no_memory(err);
    tn_gathered_free(&r.required);
    tn_gathered_free(&r.defines);
    tn_gathered_free(&r.primitives);
    free(r.imports);
    free(r.names);
    free(r.units);
    if (ok)
        return r.out;
    tenon_ocaml_free(r.out);
    return NULL;
}

tenon_ocaml *tn_ocaml_read(struct tn_file *file, enum tn_ocaml_detail detail, tenon_error *err)
{
    return read_by(read_any, file, detail, err);
}

static bool read_header(struct tn_ocaml_reading *r)
{
    struct tn_view all;
    return tn_file_view(r->file, 0, r->file->info.size, "header", &all, r->err) &&
           tn_ocaml_read_plugin(r, all);
}

tenon_ocaml *tn_ocaml_read_header(struct tn_view from, enum tn_ocaml_detail detail,
                                  tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    tn_file_from_bytes(&file, "header", from.at, from.size);
    file.arena = &arena;
    tenon_ocaml *ocaml = read_by(read_header, &file, detail, err);
    tn_file_close(&file);
    tn_arena_free(&arena);
    return ocaml;
}

/* The message then begins with the file's name. */
static tenon_ocaml *read_named(struct tn_file *file, const char *name, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    tenon_ocaml *ocaml = tn_ocaml_read(file, TN_OCAML_ALL, err);
    if (!ocaml) {
        tn_text_escape(shown, sizeof shown, name, strlen(name));
        tn_context(err, "%s", shown);
    }
    return ocaml;
}

static tenon_ocaml *finish(tenon_world *world, struct tn_file *file, struct tn_arena *room,
                           const char *name, tenon_error *err)
{
    tenon_ocaml *ocaml = read_named(file, name, err);
    tn_file_close(file);
    tn_file_room_end(world, room);
    return ocaml;
}

tenon_ocaml *tenon_ocaml_open(tenon_world *world, const char *path, tenon_error *err)
{
    struct tn_arena room = tn_file_room(world);
    struct tn_file file;
    char shown[TN_QUOTE_ROOM];
    int number = tn_file_open(world, path, &room, &file);
    if (number) {
        tn_file_room_end(world, &room);
        tn_text_escape(shown, sizeof shown, path, strlen(path));
        tn_fail_system(err, number, "%s: cannot be opened", shown);
        return NULL;
    }
    return finish(world, &file, &room, path, err);
}

static bool is_linked(const tenon_image *image)
{
    enum tenon_kind kind = tenon_image_kind(image);
    return kind == TENON_KIND_SHARED_LIBRARY || kind == TENON_KIND_EXECUTABLE;
}

/* What was read for the image serves here, too. */
static bool read_both(struct tn_file *file, const tenon_image_source *source, unsigned parts,
                      bool with_ocaml, struct tn_ocaml_image *out, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    tenon_error *why = &out->ocaml_error;
    out->image = tn_image_of_file(file, source, parts, err);
    bool asks = out->image ? with_ocaml && is_linked(out->image)
                           : err->code == TENON_E_FORMAT || err->code == TENON_E_UNSUPPORTED;
    if (!out->image)
        file->arena = &arena;
    file->bytes_read = 0; /* each reader may read all of it */
    if (asks)
        out->ocaml = read_named(file, source->path, why);
    tn_arena_free(&arena);
    if (out->ocaml || why->code == TENON_E_NOT_FOUND)
        why->code = TENON_OK;
    if ((!out->image && why->code != TENON_OK) || why->code == TENON_E_MEMORY) {
        *err = *why;
        tenon_image_free(out->image);
        out->image = NULL;
    }
    return out->image || out->ocaml;
}

bool tn_ocaml_open_image(tenon_world *world, const tenon_image_source *source, unsigned parts,
                         bool with_ocaml, struct tn_ocaml_image *out, tenon_error *err)
{
    struct tn_file file;
    char shown[TN_QUOTE_ROOM];
    *out = (struct tn_ocaml_image){ .ocaml_error = TENON_ERROR_INIT };
    int number = tn_file_open(world, source->path, NULL, &file);
    if (number) {
        tn_text_escape(shown, sizeof shown, source->path, strlen(source->path));
        return tn_fail_system(err, number, "%s: cannot be opened", shown);
    }
    bool ok = read_both(&file, source, parts, with_ocaml, out, err);
    tn_file_close(&file);
    return ok;
}

tenon_ocaml *tenon_ocaml_parse(const void *bytes, size_t size, const char *name, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    tn_file_from_bytes(&file, name, bytes, size);
    file.arena = &arena;
    return finish(NULL, &file, &arena, name, err);
}

void tenon_ocaml_free(tenon_ocaml *ocaml)
{
    if (!ocaml)
        return;
    tn_arena_free(&ocaml->arena);
    free(ocaml);
}

/* ---- answers ----------------------------------------------------------------------------------
 */

enum tenon_ocaml_kind tenon_ocaml_kind_of(const tenon_ocaml *ocaml)
{
    return ocaml->kind;
}

const char *tenon_ocaml_release(const tenon_ocaml *ocaml)
{
    return ocaml->release ? ocaml->release->name : NULL;
}

const char *tenon_ocaml_digits(const tenon_ocaml *ocaml)
{
    return ocaml->release ? ocaml->release->digits : NULL;
}

bool tenon_ocaml_is_flambda(const tenon_ocaml *ocaml)
{
    return ocaml->flambda;
}

size_t tenon_ocaml_unit_count(const tenon_ocaml *ocaml)
{
    return ocaml->unit_count;
}

const tenon_ocaml_unit *tenon_ocaml_unit_at(const tenon_ocaml *ocaml, size_t i)
{
    return i < ocaml->unit_count ? &ocaml->units[i] : NULL;
}

tenon_ocaml_names tenon_ocaml_globals(const tenon_ocaml *ocaml)
{
    return ocaml->globals;
}

tenon_ocaml_imports tenon_ocaml_interfaces(const tenon_ocaml *ocaml)
{
    return ocaml->interfaces;
}

bool tenon_ocaml_is_custom(const tenon_ocaml *ocaml)
{
    return ocaml->custom;
}

tenon_ocaml_names tenon_ocaml_c_objects(const tenon_ocaml *ocaml)
{
    return ocaml->c_objects;
}

tenon_ocaml_names tenon_ocaml_c_options(const tenon_ocaml *ocaml)
{
    return ocaml->c_options;
}

tenon_ocaml_names tenon_ocaml_dlls(const tenon_ocaml *ocaml)
{
    return ocaml->dlls;
}

tenon_ocaml_names tenon_ocaml_dll_paths(const tenon_ocaml *ocaml)
{
    return ocaml->dll_paths;
}

const char *tenon_ocaml_runtime(const tenon_ocaml *ocaml)
{
    return ocaml->runtime;
}

tenon_ocaml_names tenon_ocaml_primitives(const tenon_ocaml *ocaml)
{
    return ocaml->primitives;
}

/* rule  from 5.2 on members of packs have a "." in theirs, which is kept */
static bool is_kept_in_symbols(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

const char *tn_ocaml_escaped_symbol(const tenon_ocaml_unit *unit)
{
    for (size_t i = 0; i < unit->defines.count; i++)
        for (const char *c = unit->defines.at[i]; *c; c++)
            if (!is_kept_in_symbols(*c))
                return unit->defines.at[i];
    return NULL;
}

const char *tenon_ocaml_kind_name(enum tenon_ocaml_kind kind)
{
    static const char *const words[] = { "cmo",  "cma",  "cmi",      "cmx",
                                         "cmxa", "cmxs", "bytecode", "native" };
    return kind < TN_COUNT(words) ? words[kind] : "unknown";
}
