/*
 * src/image/archive.c - archives of every flavour as images: members, and what these have in common
 *
 * rule  ar(5); Microsoft "PE Format", Archive (Library) File Format; GNU dlltool's import
 *       libraries. An archive is an import library when members of it stand for symbols of a DLL:
 *       short import objects, or objects with sections .idata$N
 */
#include <inttypes.h>

#include "archive_private.h"
#include "coff_private.h"
#include "fail.h"
#include "limits.h"
#include "text.h"

#define LIMIT_IMPORT_LIBRARIES 4096u

/* What the members have in common so far. */
struct members {
    tenon_image *image;
    struct tn_file *file;
    size_t inside_room, facts_room, need_room;
    bool any;           /* a member that is an image was seen */
    bool mixed;         /* members differ in machine or class */
    struct tn_facts of; /* the first such member's */
};

static bool archive_matches(struct tn_view head)
{
    return tn_ar_matches(head) || tn_ar_is_aix(head);
}

/* ---- import libraries ---------------------------------------------------------------------- */

static bool add_library(struct members *m, const char *name, tenon_error *err)
{
    struct tn_facts *f = &m->image->facts;
    for (size_t i = 0; i < f->need_count; i++)
        if (strcmp(f->needs[i].name, name) == 0) {
            f->needs[i].symbols++;
            return true;
        }
    if (f->need_count == LIMIT_IMPORT_LIBRARIES)
        return tn_fail(err, TENON_E_LIMIT, "imports of more than %u libraries",
                       LIMIT_IMPORT_LIBRARIES);
    if (!tn_arena_grow(&m->image->arena, &f->needs, &m->need_room, f->need_count, sizeof *f->needs))
        return tn_no_memory(err);
    f->needs[f->need_count++] = (tenon_need){ .name = name };
    return true;
}

/* A string that fills the section but for padding. */
static const char *name_in(struct tn_view at)
{
    const char *name = tn_view_string(at, 0);
    return name && *name ? name : NULL;
}

/* rule  the descriptor's name: Microsoft in .idata$6 beside .idata$2, GNU in an .idata$7 that no
 *       relocation fills */
static bool read_long_import(struct members *m, struct tn_coff *coff, tenon_error *err)
{
    struct tn_view descriptor, name, gnu;
    bool relocated, ignored;
    if (!tn_coff_section(coff, ".idata$2", &descriptor, &ignored, err) ||
        !tn_coff_section(coff, ".idata$6", &name, &ignored, err) ||
        !tn_coff_section(coff, ".idata$7", &gnu, &relocated, err))
        return false;
    const char *library = descriptor.size && name.size ? name_in(name)
                          : gnu.size && !relocated     ? name_in(gnu)
                                                       : NULL;
    if (descriptor.size || name.size || gnu.size)
        m->image->facts.kind = TENON_KIND_IMPORT_LIBRARY;
    return !library || add_library(m, library, err);
}

static bool read_import(struct members *m, struct tn_file *member, tenon_error *err)
{
    struct tn_coff coff;
    struct tn_coff_import import;
    if (!tn_coff_start(&coff, member, err))
        return false;
    if (coff.shape == TN_COFF_OBJECT || coff.shape == TN_COFF_BIG)
        return read_long_import(m, &coff, err);
    if (coff.shape != TN_COFF_IMPORT)
        return true;
    m->image->facts.kind = TENON_KIND_IMPORT_LIBRARY;
    return tn_coff_read_import(member, &import, err) && add_library(m, import.library, err);
}

/* ---- members ------------------------------------------------------------------------------- */

static void note_machine(struct members *m, const struct tn_facts *facts)
{
    if (!m->any)
        m->of = *facts;
    else if (m->of.format != facts->format || m->of.class_bits != facts->class_bits ||
             m->of.machine_code != facts->machine_code || m->of.endian != facts->endian)
        m->mixed = true;
    m->any = true;
}

/* What the member is, as far as it can be read: an archive may hold any file. */
static bool read_member(struct members *m, const struct tn_ar_member *member, tenon_error *err)
{
    struct tn_file part;
    struct tn_facts facts;
    tenon_error local = TENON_ERROR_INIT;
    if (member->external || !member->size)
        return true;
    if (!tn_file_part(m->file, member->offset, member->size, member->name, &part, err))
        return false;
    const struct tn_format *format = tn_format_of(&part, &local);
    if (format && format->format != TENON_FORMAT_ARCHIVE &&
        format->read_facts(&part, &facts, &local)) {
        note_machine(m, &facts);
        m->image->member_facts[m->image->inside_count - 1] = (tenon_member_facts){
            .kind = facts.kind, .class_bits = facts.class_bits, .machine = facts.machine
        };
        if (format->format == TENON_FORMAT_COFF && !read_import(m, &part, &local))
            tn_image_warn(m->image, "member %s: %s", member->name, tenon_error_message(&local));
    }
    return local.code != TENON_E_MEMORY || tn_no_memory(err);
}

static bool add_member(struct members *m, const struct tn_ar_member *member, tenon_error *err)
{
    tenon_image *image = m->image;
    if (!tn_arena_grow(&image->arena, &image->insides, &m->inside_room, image->inside_count,
                       sizeof *image->insides) ||
        !tn_arena_grow(&image->arena, &image->member_facts, &m->facts_room, image->inside_count,
                       sizeof *image->member_facts))
        return tn_no_memory(err);
    image->member_facts[image->inside_count] = (tenon_member_facts){ .kind = TENON_KIND_UNKNOWN };
    image->insides[image->inside_count++] =
        (tenon_image_source){ .path = image->name, .member = member->name };
    return read_member(m, member, err);
}

/* An archive that ends in the middle still has the members before. */
static bool read_members(struct members *m, struct tn_ar *ar, tenon_error *err)
{
    struct tn_ar_member member;
    tenon_error local = TENON_ERROR_INIT;
    while (tn_ar_next_file(ar, &member, &local))
        if (!add_member(m, &member, err))
            return false;
    if (ar->end)
        return true;
    return tn_image_warn_of(m->image, NULL, &local, err);
}

/* ---- image --------------------------------------------------------------------------------- */

static bool archive_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_ar ar;
    if (!tn_ar_open(file, &ar, err))
        return false;
    *out = (struct tn_facts){
        .format = TENON_FORMAT_ARCHIVE,
        .kind = TENON_KIND_ARCHIVE,
        .os = ar.is_aix ? "aix" : NULL,
    };
    return true;
}

static bool add_others(const struct tn_ar *ar, tenon_image *image, tenon_error *err)
{
    const char *flavour = ar->is_aix ? (ar->aix.big ? "aix-big" : "aix-small")
                          : ar->thin ? "thin"
                                     : NULL;
    bool small = ar->is_aix && !ar->aix.big;
    return tn_image_add_fact(image, "flavour", flavour, err) &&
           (!small ||
            tn_image_doubt(image, "the layout of small archives is documented only", err)) &&
           tn_image_add_made(image, "member_count",
                             tn_arena_format(&image->arena, "%zu", image->inside_count), err);
}

static void take_common(const struct members *m, struct tn_facts *facts)
{
    if (!m->any || m->mixed)
        return;
    facts->class_bits = m->of.class_bits;
    facts->endian = m->of.endian;
    facts->machine = m->of.machine;
    facts->machine_code = m->of.machine_code;
    if (!facts->os)
        facts->os = m->of.os;
}

static bool archive_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                               tenon_error *err)
{
    struct members m = { .image = image, .file = file };
    tenon_error local = TENON_ERROR_INIT;
    struct tn_ar ar;
    if (!archive_read_facts(file, &image->facts, err) || !tn_ar_open(file, &ar, err) ||
        !read_members(&m, &ar, err))
        return false;
    take_common(&m, &image->facts);
    if (!add_others(&ar, image, err))
        return false;
    if (!(parts & TENON_PART_SYMBOLS) || tn_archive_read_index(file, image, &local))
        return true;
    return tn_image_lose_symbols(image, "symbols", &local, err);
}

bool tn_archive_is_for(struct tn_file *member, const char *machine)
{
    struct tn_facts facts;
    tenon_error local = TENON_ERROR_INIT;
    const struct tn_format *format = tn_format_of(member, &local);
    return format && format->format != TENON_FORMAT_ARCHIVE &&
           format->read_facts(member, &facts, &local) && facts.machine &&
           strcmp(facts.machine, machine) == 0;
}

static bool is_for(struct tn_file *file, const struct tn_ar_member *m, const char *machine)
{
    struct tn_file part;
    return !m->external && tn_file_part(file, m->offset, m->size, m->name, &part, NULL) &&
           tn_archive_is_for(&part, machine);
}

static bool archive_find_inside(struct tn_file *file, const tenon_image_source *source,
                                struct tn_file *inside, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_ar_member m;
    struct tn_ar ar;
    tenon_error local = TENON_ERROR_INIT;
    if (!source->member)
        return tn_fail(err, TENON_E_NOT_FOUND, "no slice %s in an archive",
                       tn_quote(quoted, source->slice));
    if (!tn_ar_open(file, &ar, err))
        return false;
    while (tn_ar_next_file(&ar, &m, &local)) {
        if (strcmp(m.name, source->member) != 0 ||
            (source->slice && !is_for(file, &m, source->slice)))
            continue;
        if (m.external)
            return tn_fail(err, TENON_E_UNSUPPORTED,
                           "member %s of a thin archive is a file of its own: give that",
                           tn_quote(quoted, m.name));
        return tn_file_part(file, m.offset, m.size, m.name, inside, err);
    }
    if (!ar.end) {
        if (err)
            *err = local;
        return false;
    }
    return tn_fail(err, TENON_E_NOT_FOUND, "no member %s%s%s", tn_quote(quoted, source->member),
                   source->slice ? " for " : "", source->slice ? source->slice : "");
}

const struct tn_format tn_format_archive = {
    .format = TENON_FORMAT_ARCHIVE,
    .name = "archive",
    .matches = archive_matches,
    .read_facts = archive_read_facts,
    .read_image = archive_read_image,
    .find_inside = archive_find_inside,
    .members_have_slices = true,
};
