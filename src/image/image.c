/*
 * src/image/image.c - opens an image and answers about it
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "line.h"
#include "model.h"
#include "text.h"

/* More warnings than these help nobody. */
#define WARNINGS 64u

/* ---- making -------------------------------------------------------------------------------- */

static tenon_image *image_new(const char *name, tenon_error *err)
{
    tenon_image *image = calloc(1, sizeof *image);
    if (image)
        image->name = tn_arena_string(&image->arena, name);
    if (image && image->name)
        return image;
    tenon_image_free(image);
    tn_no_memory(err);
    return NULL;
}

static bool image_read(tenon_image *image, struct tn_file *file, unsigned parts, tenon_error *err)
{
    file->arena = &image->arena;
    image->reader = tn_format_of(file, err);
    return image->reader && image->reader->read_image(file, parts, image, err);
}

/* The slice or member of a file: formats may stand in each other, so each turn finds one of both.
 */
static bool image_read_inside(tenon_image *image, struct tn_file *file,
                              const tenon_image_source *source, unsigned parts, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_file inside;
    const char *name = source->slice ? source->slice : source->member;
    file->arena = &image->arena;
    const struct tn_format *reader = tn_format_of(file, err);
    if (!reader)
        return false;
    if (!reader->find_inside)
        return tn_fail(err, TENON_E_NOT_FOUND, "no %s %s in a file of format %s",
                       source->slice ? "slice" : "member", tn_quote(quoted, name), reader->name);
    if (!reader->find_inside(file, source, &inside, err))
        return false;
    if (source->slice && source->member && !reader->members_have_slices)
        return image_read_inside(image, &inside, &(tenon_image_source){ .member = source->member },
                                 parts, err);
    return image_read(image, &inside, parts, err) || tn_context(err, "%s", tn_quote(quoted, name));
}

/* Ends a failed image; the message then begins with the file's name. */
static tenon_image *image_refused(tenon_image *image, const char *name, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    tn_text_escape(shown, sizeof shown, name, strlen(name));
    tn_context(err, "%s", shown);
    tenon_image_free(image);
    return NULL;
}

tenon_image *tn_image_of_file(struct tn_file *file, const tenon_image_source *source,
                              unsigned parts, tenon_error *err)
{
    tenon_image *image = image_new(source->path, err);
    if (!image)
        return NULL;
    bool ok = source->slice || source->member ? image_read_inside(image, file, source, parts, err)
                                              : image_read(image, file, parts, err);
    if (ok)
        return image;
    if (file->ops) /* what was read was in the image's memory */
        file->range_count = file->oldest = 0;
    return image_refused(image, source->path, err);
}

tenon_image *tenon_image_open_source(tenon_world *world, const tenon_image_source *source,
                                     unsigned parts, tenon_error *err)
{
    struct tn_file file;
    int number = tn_file_open(world, source->path, NULL, &file);
    if (number) {
        tn_fail_system(err, number, "cannot be opened");
        return image_refused(NULL, source->path, err);
    }
    tenon_image *image = tn_image_of_file(&file, source, parts, err);
    tn_file_close(&file);
    return image;
}

tenon_image *tenon_image_open(tenon_world *world, const char *path, unsigned parts,
                              tenon_error *err)
{
    return tenon_image_open_source(world, &(tenon_image_source){ .path = path }, parts, err);
}

tenon_image *tenon_image_parse(const void *bytes, size_t size, const char *name, tenon_error *err)
{
    struct tn_file file;
    tenon_image *image = image_new(name, err);
    if (!image)
        return NULL;
    tn_file_from_bytes(&file, image->name, bytes, size);
    return image_read(image, &file, TENON_PART_ALL, err) ? image : image_refused(image, name, err);
}

void tenon_image_free(tenon_image *image)
{
    if (!image)
        return;
    tn_arena_free(&image->arena);
    free(image);
}

static bool is_warned(const tenon_image *image, const char *text)
{
    for (size_t i = 0; i < image->warning_count; i++)
        if (strcmp(image->warnings[i], text) == 0)
            return true;
    return false;
}

void tn_image_warn(tenon_image *image, const char *format, ...)
{
    char text[TENON_ERROR_TEXT];
    va_list values;
    if (image->warning_count == WARNINGS)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (is_warned(image, text))
        return;
    if (!image->warnings)
        image->warnings = tn_arena_rows(&image->arena, WARNINGS, sizeof *image->warnings);
    const char *kept = image->warnings ? tn_arena_string(&image->arena, text) : NULL;
    if (kept)
        image->warnings[image->warning_count++] = kept;
}

bool tn_image_warn_of(tenon_image *image, const char *what, const tenon_error *why,
                      tenon_error *err)
{
    if (why->code == TENON_E_MEMORY)
        return tn_no_memory(err);
    if (!image && tn_is_failure(why)) /* nobody would hear of what is missing */
        return tn_fail_again(err, why, what);
    if (image)
        tn_image_warn(image, "%s%s%s", what ? what : "", what ? ": " : "",
                      tenon_error_message(why));
    return true;
}

bool tn_image_lose_symbols(tenon_image *image, const char *what, const tenon_error *why,
                           tenon_error *err)
{
    if (!tn_image_warn_of(image, what, why, err))
        return false;
    if (why->code == TENON_E_LIMIT) /* what there is of them is no answer, and may be very much */
        image->export_count = image->import_count = 0;
    image->symbols_lost = tn_arena_format(&image->arena, "%s: %s", what, tenon_error_message(why));
    return image->symbols_lost || tn_no_memory(err);
}

/* ---- facts for people ---------------------------------------------------------------------- */

bool tn_image_add_fact(tenon_image *image, const char *name, const char *value, tenon_error *err)
{
    if (!value || !*value)
        return true;
    if (!tn_arena_grow(&image->arena, &image->others, &image->other_room, image->other_count,
                       sizeof *image->others))
        return tn_no_memory(err);
    image->others[image->other_count++] = (tenon_fact){ name, value };
    return true;
}

bool tn_image_add_made(tenon_image *image, const char *name, const char *value, tenon_error *err)
{
    return value ? tn_image_add_fact(image, name, value, err) : tn_no_memory(err);
}

/* A fact that is joined of words, as they come. */
struct tn_joined {
    size_t fact;
    struct tn_line line;
};

/* NULL: no memory. */
static struct tn_joined *joined_of(tenon_image *image, const char *name)
{
    for (size_t i = 0; i < image->joined_count; i++)
        if (strcmp(image->others[image->joined[i].fact].name, name) == 0)
            return &image->joined[i];
    if (!tn_arena_grow(&image->arena, &image->joined, &image->joined_room, image->joined_count,
                       sizeof *image->joined) ||
        !tn_arena_grow(&image->arena, &image->others, &image->other_room, image->other_count,
                       sizeof *image->others))
        return NULL;
    struct tn_joined *joined = &image->joined[image->joined_count++];
    *joined = (struct tn_joined){ .fact = image->other_count };
    image->others[image->other_count++] = (tenon_fact){ name, "" };
    return joined;
}

bool tn_image_join_fact(tenon_image *image, const char *name, const char *value, tenon_error *err)
{
    if (!*value)
        return true;
    struct tn_joined *joined = joined_of(image, name);
    if (!joined || !tn_line_add(&image->arena, &joined->line, value))
        return tn_no_memory(err);
    image->others[joined->fact].value = joined->line.at;
    return true;
}

bool tn_image_doubt(tenon_image *image, const char *why, tenon_error *err)
{
    static const char name[] = "uncertain";
    for (size_t i = 0; i < image->other_count; i++) {
        tenon_fact *fact = &image->others[i];
        if (strcmp(fact->name, name) != 0)
            continue;
        if (!strstr(fact->value, why))
            fact->value = tn_arena_format(&image->arena, "%s; %s", fact->value, why);
        return fact->value || tn_no_memory(err);
    }
    return tn_image_add_fact(image, name, why, err);
}

const char *tn_image_hex(struct tn_arena *arena, struct tn_view bytes)
{
    char *text = tn_arena_bytes(arena, 2 * bytes.size + 1);
    return text ? tn_text_hex(text, bytes.at, bytes.size) : NULL;
}

/* ---- answers ------------------------------------------------------------------------------- */

const char *tenon_image_name(const tenon_image *image)
{
    return image->name;
}

enum tenon_format tenon_image_format(const tenon_image *image)
{
    return image->facts.format;
}

enum tenon_kind tenon_image_kind(const tenon_image *image)
{
    return image->facts.kind;
}

enum tenon_endian tenon_image_endian(const tenon_image *image)
{
    return image->facts.endian;
}

unsigned tenon_image_class(const tenon_image *image)
{
    return image->facts.class_bits;
}

const char *tenon_image_machine(const tenon_image *image)
{
    return image->facts.machine;
}

uint32_t tenon_image_machine_code(const tenon_image *image)
{
    return image->facts.machine_code;
}

const char *tenon_image_os(const tenon_image *image)
{
    return image->facts.os;
}

bool tenon_image_is_pie(const tenon_image *image)
{
    return image->facts.pie;
}

bool tenon_image_is_static(const tenon_image *image)
{
    return image->facts.is_static;
}

const char *tenon_image_own_name(const tenon_image *image)
{
    return image->facts.own_name;
}

const char *tenon_image_interpreter(const tenon_image *image)
{
    return image->facts.interpreter;
}

const char *tenon_image_build_id(const tenon_image *image)
{
    return image->facts.build_id;
}

const char *tenon_image_uuid(const tenon_image *image)
{
    return image->facts.uuid;
}

const char *tenon_image_pdb(const tenon_image *image)
{
    return image->facts.pdb;
}

const tenon_need *tenon_image_need(const tenon_image *image, size_t i)
{
    return i < image->facts.need_count ? &image->facts.needs[i] : NULL;
}

const tenon_search_path *tenon_image_search_path(const tenon_image *image, size_t i)
{
    return i < image->search_path_count ? &image->search_paths[i] : NULL;
}

const tenon_symbol *tenon_image_export(const tenon_image *image, size_t i)
{
    return i < image->export_count ? &image->exports[i] : NULL;
}

const tenon_symbol *tenon_image_import(const tenon_image *image, size_t i)
{
    return i < image->import_count ? &image->imports[i] : NULL;
}

const tenon_version *tenon_image_version_need(const tenon_image *image, size_t i)
{
    return i < image->facts.version_need_count ? &image->facts.version_needs[i] : NULL;
}

const tenon_version *tenon_image_version_definition(const tenon_image *image, size_t i)
{
    return i < image->facts.version_def_count ? &image->facts.version_defs[i] : NULL;
}

const tenon_need *tenon_image_dlopen(const tenon_image *image, size_t i)
{
    return i < image->dlopen_count ? &image->dlopens[i] : NULL;
}

const char *tenon_image_warning(const tenon_image *image, size_t i)
{
    return i < image->warning_count ? image->warnings[i] : NULL;
}

const tenon_member_facts *tenon_image_member_facts(const tenon_image *image, size_t i)
{
    return image->member_facts && i < image->inside_count ? &image->member_facts[i] : NULL;
}

const tenon_image_source *tenon_image_inside(const tenon_image *image, size_t i)
{
    return i < image->inside_count ? &image->insides[i] : NULL;
}

const tenon_fact *tenon_image_fact(const tenon_image *image, size_t i)
{
    return i < image->other_count ? &image->others[i] : NULL;
}

/* ---- words --------------------------------------------------------------------------------- */

static const char *word(const char *const *words, size_t count, unsigned value)
{
    return value < count ? words[value] : "unknown";
}

const char *tenon_format_name(enum tenon_format format)
{
    static const char *const words[] = { "none", "elf",  "pe", "coff", "macho",   "xcoff",
                                         "som",  "aout", "ar", "tbd",  "libtool", "linker-script" };
    return word(words, TN_COUNT(words), format);
}

const char *tenon_kind_name(enum tenon_kind kind)
{
    static const char *const words[] = { "unknown",       "executable", "shared-library", "object",
                                         "kernel-module", "core",       "debug",          "bundle",
                                         "driver",        "archive",    "import-library", "stub" };
    return word(words, TN_COUNT(words), kind);
}

const char *tenon_endian_name(enum tenon_endian endian)
{
    static const char *const words[] = { "none", "little", "big" };
    return word(words, TN_COUNT(words), endian);
}

const char *tenon_flavour_name(enum tenon_flavour flavour)
{
    static const char *const words[] = { "normal", "weak",   "delay",     "reexport", "upward",
                                         "lazy",   "filter", "auxiliary", "preload",  "declared",
                                         "likely", "dlopen", "forward" };
    return word(words, TN_COUNT(words), flavour);
}
