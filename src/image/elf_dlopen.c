/*
 * src/image/elf_dlopen.c - ELF: libraries that a file will ask for at run time, as far as it tells
 *
 * rule  declared: UAPI group "ELF dlopen() metadata", note "FDO" 0x407c0c0a. Likely: a string
 *       literal that is the whole name of a library; it proves nothing
 */
#include <jansson.h>

#include "elf_private.h"
#include "fail.h"
#include "json_load.h"
#include "limits.h"
#include "table.h"

/* Bytes of one note, note segments looked at, and likely names listed. */
#define NOTE_BYTES (256u << 10)
#define NOTE_SEGMENTS 64u
#define LIKELY_NAMES 4096u

#define LITERAL_LEAST 4u
#define LITERAL_MOST 255u
#define PIECE (32u << 10)

struct found {
    struct tn_elf *elf;
    tenon_image *image;
    struct tn_names seen; /* names that need no telling (again) */
    size_t room, likely;
    uint32_t entries; /* declared so far */
};

static bool add(struct found *found, tenon_need need, tenon_error *err)
{
    tenon_image *image = found->image;
    if (!tn_arena_grow(&image->arena, &image->dlopens, &found->room, image->dlopen_count,
                       sizeof *image->dlopens))
        return tn_no_memory(err);
    image->dlopens[image->dlopen_count++] = need;
    return true;
}

/* ---- declared ------------------------------------------------------------------------------ */

/* A copy of a member that is a string; NULL when there is none. */
static bool copy_member(struct tn_arena *arena, const json_t *object, const char *key,
                        const char **out, tenon_error *err)
{
    const json_t *value = json_object_get(object, key);
    *out = NULL;
    if (!json_is_string(value))
        return true;
    *out = tn_arena_copy(arena, json_string_value(value), json_string_length(value));
    return *out || tn_no_memory(err);
}

static bool add_declared(struct found *found, const json_t *entry, tenon_error *err)
{
    struct tn_arena *arena = &found->image->arena;
    const json_t *sonames = json_object_get(entry, "soname");
    tenon_need need = { .flavour = TENON_NEED_DECLARED, .entry = ++found->entries };
    if (!copy_member(arena, entry, "priority", &need.priority, err) ||
        !copy_member(arena, entry, "feature", &need.feature, err) ||
        !copy_member(arena, entry, "description", &need.description, err))
        return false;
    for (size_t i = 0; i < json_array_size(sonames); i++) {
        const json_t *soname = json_array_get(sonames, i);
        if (!json_is_string(soname))
            continue;
        need.name = tn_arena_copy(arena, json_string_value(soname), json_string_length(soname));
        if (!need.name)
            return tn_no_memory(err);
        if (!add(found, need, err))
            return false;
    }
    return true;
}

static bool read_declaration(struct found *found, struct tn_view text, tenon_error *err)
{
    json_error_t problem;
    size_t size = text.size;
    bool ok = true;
    while (size && text.at[size - 1] == 0)
        size--;
    bool starved;
    json_t *list = tn_json_load((const char *)text.at, size, 0, &problem, &starved);
    if (starved)
        return tn_no_memory(err);
    if (!json_is_array(list))
        tn_image_warn(found->image, ".note.dlopen: not a JSON array%s%s", list ? "" : ": ",
                      list ? "" : problem.text);
    for (size_t i = 0; ok && i < json_array_size(list); i++)
        ok = add_declared(found, json_array_get(list, i), err);
    json_decref(list);
    return ok;
}

static bool read_note_segment(struct found *found, const struct tn_elf_segment *s, tenon_error *err)
{
    struct tn_view view;
    struct tn_elf_note note;
    uint64_t size = s->p_filesz < NOTE_BYTES ? s->p_filesz : NOTE_BYTES;
    if (!tn_file_upto(found->elf->file, s->p_offset, size, "notes", &view, err))
        return false;
    struct tn_cursor c = tn_cursor(view, found->elf->header.endian);
    for (unsigned i = 0; i < TN_LIMIT_NOTES && tn_elf_note_next(&c, &note); i++)
        if (tn_elf_note_is(&note, "FDO", TN_NOTE_FDO_DLOPEN) &&
            !read_declaration(found, note.desc, err))
            return false;
    return true;
}

static bool read_declared(struct found *found, tenon_error *err)
{
    unsigned seen = 0;
    for (size_t i = 0; i < found->elf->segment_count && seen < NOTE_SEGMENTS; i++) {
        const struct tn_elf_segment *s = &found->elf->segments[i];
        if (s->p_type != TN_PT_NOTE)
            continue;
        seen++;
        if (!read_note_segment(found, s, err))
            return false;
    }
    return true;
}

/* ---- likely -------------------------------------------------------------------------------- */

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_+.,/$:{}-", c));
}

/* [directory/]lib*.so, or [directory/]*.so.N* */
static bool is_library_name(const char *text)
{
    const char *slash = strrchr(text, '/'), *base = slash ? slash + 1 : text;
    const char *so = strstr(base, ".so");
    for (; so; so = strstr(so + 1, ".so")) {
        if (so == base)
            continue;
        if (!so[3])
            return strncmp(base, "lib", 3) == 0 && so > base + 3;
        if (so[3] == '.' && so[4] >= '0' && so[4] <= '9')
            return true;
    }
    return false;
}

/* True when the name is new; seen->count tells. */
static bool is_new(struct tn_names *seen, const char *text, size_t size, bool *is, tenon_error *err)
{
    size_t before = seen->count;
    if (tn_names_add(seen, text, size) == TN_NO_NAME)
        return tn_no_memory(err);
    *is = seen->count > before;
    return true;
}

static bool take_literal(struct found *found, char *text, size_t size, tenon_error *err)
{
    bool fresh = false;
    text[size] = 0;
    if (size < LITERAL_LEAST || found->likely > LIKELY_NAMES || !is_library_name(text))
        return true;
    if (!is_new(&found->seen, text, size, &fresh, err))
        return false;
    if (!fresh)
        return true;
    if (found->likely++ == LIKELY_NAMES) {
        tn_image_warn(found->image,
                      "more than %u string literals look like names of libraries: "
                      "the rest is left out",
                      LIKELY_NAMES);
        return true;
    }
    tenon_need need = { .flavour = TENON_NEED_LIKELY,
                        .name = tn_arena_copy(&found->image->arena, text, size) };
    return need.name ? add(found, need, err) : tn_no_memory(err);
}

/* A literal under way; bytes that cannot be in a name spoil it up to the next NUL. */
struct literal {
    char text[LITERAL_MOST + 1];
    size_t size;
    bool spoiled;
};

static bool scan_piece(struct found *found, struct literal *literal, const uint8_t *bytes,
                       size_t size, tenon_error *err)
{
    for (size_t i = 0; i < size; i++) {
        if (!bytes[i]) {
            if (!literal->spoiled && !take_literal(found, literal->text, literal->size, err))
                return false;
            literal->size = 0;
            literal->spoiled = false;
        } else if (!literal->spoiled) {
            literal->spoiled = literal->size == LITERAL_MOST || !is_name_byte(bytes[i]);
            if (!literal->spoiled)
                literal->text[literal->size++] = (char)bytes[i];
        }
    }
    return true;
}

/* Looks through a range of the file in small pieces; none of it is kept. */
static bool scan_range(struct found *found, uint64_t start, uint64_t size, tenon_error *err)
{
    struct tn_elf_stream stream = {
        .file = found->elf->file, .what = "read-only data", .offset = start, .end = start + size
    };
    struct literal literal = { .size = 0 };
    bool ok = true;
    while (ok && stream.offset < stream.end) {
        uint64_t left = stream.end - stream.offset;
        size_t piece = left < PIECE ? (size_t)left : PIECE;
        const uint8_t *bytes = tn_elf_stream_next(&stream, piece, err);
        ok = bytes && scan_piece(found, &literal, bytes, piece, err);
    }
    tn_elf_stream_end(&stream);
    return ok;
}

/* A segment without its dynamic string table, whose names are recorded facts. */
static bool scan_segment(struct found *found, const struct tn_elf_segment *s, uint64_t *left,
                         tenon_error *err)
{
    const struct tn_elf_window *names = &found->elf->strings;
    uint64_t start = s->p_offset, end = start + tn_elf_clamp(found->elf, start, s->p_filesz);
    uint64_t middle = end, resume = end;
    if (names->start >= start && names->declared <= end && names->start < names->declared) {
        middle = names->start;
        resume = names->declared;
    }
    if (end - start > *left)
        return true;
    *left -= end - start;
    return scan_range(found, start, middle - start, err) &&
           scan_range(found, resume, end - resume, err);
}

/* .rodata of files whose read-only data shares a segment with their code. */
static bool scan_rodata(struct found *found, uint64_t *left, tenon_error *err)
{
    struct tn_elf_sections sections;
    if (!tn_elf_read_sections(found->elf, &sections, NULL))
        return true;
    for (size_t i = 1; i < sections.count; i++) {
        struct tn_elf_section s = tn_elf_section(&sections, i);
        if (s.sh_type != TN_SHT_PROGBITS || !tn_elf_section_is(&sections, &s, ".rodata"))
            continue;
        uint64_t size = tn_elf_clamp(found->elf, s.sh_offset, s.sh_size);
        if (size > *left)
            return true;
        *left -= size;
        if (!scan_range(found, s.sh_offset, size, err))
            return false;
    }
    return true;
}

/* No more is looked through than the file has bytes, whatever its headers say. */
static bool read_likely(struct found *found, tenon_error *err)
{
    uint64_t left = found->elf->file->info.size;
    bool separate = false;
    for (size_t i = 0; i < found->elf->segment_count; i++) {
        const struct tn_elf_segment *s = &found->elf->segments[i];
        if (s->p_type != TN_PT_LOAD || (s->p_flags & (TN_PF_R | TN_PF_W | TN_PF_X)) != TN_PF_R)
            continue;
        separate = true;
        if (!scan_segment(found, s, &left, err))
            return false;
    }
    return separate || scan_rodata(found, &left, err);
}

/* ---- both ---------------------------------------------------------------------------------- */

static bool know(struct found *found, const char *name, tenon_error *err)
{
    bool fresh = false;
    return !name || is_new(&found->seen, name, strlen(name), &fresh, err);
}

/* What is recorded already is not news. */
static bool know_recorded(struct found *found, tenon_error *err)
{
    const struct tn_facts *f = &found->image->facts;
    bool ok = know(found, f->own_name, err) && know(found, f->interpreter, err);
    for (size_t i = 0; ok && i < f->need_count; i++)
        ok = know(found, f->needs[i].name, err);
    for (size_t i = 0; ok && i < f->elf.version_file_count; i++)
        ok = know(found, f->elf.version_files[i].file, err);
    for (size_t i = 0; ok && i < found->image->dlopen_count; i++)
        ok = know(found, found->image->dlopens[i].name, err);
    return ok;
}

bool tn_elf_read_dlopens(struct tn_file *file, tenon_image *image, tenon_error *err)
{
    struct tn_elf elf;
    struct found found = { .elf = &elf, .image = image };
    bool has_dynamic;
    if (!tn_elf_start(&elf, file, NULL, err))
        return false;
    if (image->facts.kind != TENON_KIND_EXECUTABLE &&
        image->facts.kind != TENON_KIND_SHARED_LIBRARY)
        return true;
    (void)tn_elf_read_dynamic(&elf, &has_dynamic, NULL); /* for elf.strings */
    if (!tn_names_init(&found.seen))
        return tn_no_memory(err);
    bool ok = read_declared(&found, err) && know_recorded(&found, err) && read_likely(&found, err);
    tn_names_free(&found.seen);
    return ok;
}
