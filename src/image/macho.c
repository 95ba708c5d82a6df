/*
 * src/image/macho.c - Mach-O: header and load commands
 *
 * rule  mach-o/loader.h. All that a loader asks for first stands in the load commands, behind the
 *       header: nothing else of the file is read for it
 */
#include "macho_private.h"

#include <inttypes.h>

#include "fail.h"
#include "limits.h"

#define HEADER_SIZE(word) ((word) == 8 ? 32u : 28u)

/* Any real file has fewer; what a header claims beyond is not worth walking. */
#define LIMIT_COMMANDS 65535u

bool tn_macho_is_thin(struct tn_view head)
{
    if (head.size < 4)
        return false;
    uint32_t magic = tn_load32(head.at, TN_BIG);
    return magic == 0xfeedface || magic == 0xfeedfacf || magic == 0xcefaedfe || magic == 0xcffaedfe;
}

static bool macho_matches(struct tn_view head)
{
    return tn_macho_is_thin(head) || tn_macho_is_fat(head);
}

enum tenon_kind tn_macho_kind(uint32_t filetype)
{
    static const enum tenon_kind kinds[] = {
        [TN_MH_OBJECT] = TENON_KIND_OBJECT,
        [TN_MH_EXECUTE] = TENON_KIND_EXECUTABLE,
        [TN_MH_FVMLIB] = TENON_KIND_SHARED_LIBRARY,
        [TN_MH_CORE] = TENON_KIND_CORE,
        [TN_MH_PRELOAD] = TENON_KIND_DRIVER,
        [TN_MH_DYLIB] = TENON_KIND_SHARED_LIBRARY,
        [TN_MH_DYLINKER] = TENON_KIND_SHARED_LIBRARY,
        [TN_MH_BUNDLE] = TENON_KIND_BUNDLE,
        [TN_MH_DYLIB_STUB] = TENON_KIND_STUB,
        [TN_MH_DSYM] = TENON_KIND_DEBUG,
        [TN_MH_KEXT_BUNDLE] = TENON_KIND_KERNEL_MODULE,
        [TN_MH_FILESET] = TENON_KIND_KERNEL_MODULE,
    };
    return filetype < TN_COUNT(kinds) ? kinds[filetype] : TENON_KIND_UNKNOWN;
}

/* ---- header -------------------------------------------------------------------------------- */

bool tn_macho_read_header(struct tn_file *file, struct tn_macho_header *out, tenon_error *err)
{
    struct tn_macho_header h = { 0 };
    struct tn_view bytes;
    if (!tn_file_upto(file, 0, 1024, "Mach-O header", &bytes, err))
        return false;
    if (!tn_macho_is_thin(bytes))
        return tn_fail(err, TENON_E_FORMAT, "not a Mach-O file");
    h.endian = bytes.at[0] == 0xfe ? TN_BIG : TN_LITTLE;
    struct tn_cursor c = tn_cursor(bytes, h.endian);
    h.word = tn_u32(&c, "magic") == 0xfeedfacf ? 8 : 4;
    h.cputype = tn_u32(&c, "cputype");
    h.cpusubtype = tn_u32(&c, "cpusubtype");
    h.filetype = tn_u32(&c, "filetype");
    h.ncmds = tn_u32(&c, "ncmds");
    h.sizeofcmds = tn_u32(&c, "sizeofcmds");
    h.flags = tn_u32(&c, "flags");
    if (!tn_end(&c, err))
        return tn_context(err, "Mach-O header");
    *out = h;
    return true;
}

/* Every command lies in sizeofcmds: after this, walking needs no checks of its own. */
static bool check_commands(const struct tn_macho *macho, tenon_error *err)
{
    struct tn_view all = macho->commands;
    uint64_t at = 0;
    if (macho->ncmds > LIMIT_COMMANDS)
        return tn_fail(err, TENON_E_LIMIT, "Mach-O header: ncmds is %" PRIu32 ", more than %u",
                       macho->ncmds, LIMIT_COMMANDS);
    for (uint32_t i = 0; i < macho->ncmds; i++) {
        if (all.size - at < 8)
            return tn_fail(err, TENON_E_MALFORMED,
                           "load command %" PRIu32 " of %" PRIu32 " at 0x%" PRIx64
                           " begins past sizeofcmds",
                           i, macho->ncmds, all.start + at);
        uint32_t cmdsize = tn_load32(all.at + at + 4, macho->endian);
        if (cmdsize < 8 || cmdsize > all.size - at)
            return tn_fail(err, TENON_E_MALFORMED,
                           "load command %" PRIu32 " at 0x%" PRIx64 ": cmdsize is %" PRIu32
                           ", not 8 to %" PRIu64,
                           i, all.start + at, cmdsize, (uint64_t)all.size - at);
        at += cmdsize;
    }
    return true;
}

bool tn_macho_next(const struct tn_macho *macho, struct tn_macho_command *command)
{
    struct tn_view all = macho->commands;
    const uint8_t *at = command->bytes.at ? command->bytes.at + command->bytes.size : all.at;
    unsigned number = command->bytes.at ? command->number + 1 : 0;
    if (number >= macho->ncmds)
        return false;
    size_t offset = (size_t)(at - all.at);
    *command = (struct tn_macho_command){
        .cmd = tn_load32(at, macho->endian),
        .number = number,
        .bytes = { at, tn_load32(at + 4, macho->endian), all.start + offset },
    };
    return true;
}

const char *tn_macho_command_string(const struct tn_macho *macho,
                                    const struct tn_macho_command *command, unsigned field,
                                    const char *what, tenon_error *err)
{
    struct tn_view bytes = command->bytes;
    uint32_t offset = tn_load32(bytes.at + field, macho->endian);
    const char *string = offset >= field + 4 ? tn_view_string(bytes, offset) : NULL;
    if (!string)
        tn_fail(err, TENON_E_MALFORMED,
                "%s: the string at %" PRIu32 " of load command %u, 0x%" PRIx64
                ", begins or ends outside of it",
                what, offset, command->number, bytes.start);
    return string;
}

/* ---- one file ------------------------------------------------------------------------------ */

static void read_identity(struct tn_macho *macho, const struct tn_macho_header *h)
{
    struct tn_facts *facts = macho->facts;
    facts->format = TENON_FORMAT_MACHO;
    facts->class_bits = h->word * 8;
    facts->endian = h->endian == TN_BIG ? TENON_ENDIAN_BIG : TENON_ENDIAN_LITTLE;
    facts->machine_code = h->cputype;
    facts->machine = tn_macho_machine_name(h->cputype);
    facts->kind = tn_macho_kind(h->filetype);
    facts->pie = facts->kind == TENON_KIND_EXECUTABLE && (h->flags & TN_MH_PIE);
    macho->own->cputype = h->cputype;
    macho->own->cpusubtype = h->cpusubtype;
    macho->own->filetype = h->filetype;
    macho->own->flags = h->flags;
}

/*
 * What makes processes of one machine differ to dyld.
 * rule  dyld-1378 dyld/DyldProcessConfig.cpp, Security: a hardened runtime ignores the environment
 *       unless it is entitled to it, though it still has @ paths
 */
static uint32_t variant_of(const struct tn_macho_facts *own)
{
    enum { CS_RESTRICT = 0x800, CS_RUNTIME = 0x10000 };
    uint32_t variant = (own->cpusubtype & TN_MACHO_SUBTYPE) | (own->platform & 0x1f) << 24;
    if (own->filetype != TN_MH_EXECUTE)
        return variant;
    if (own->restricted || (own->signature_flags & CS_RESTRICT))
        variant |= TN_MACHO_RESTRICTED;
    if (own->signature_flags & CS_RUNTIME)
        variant |= TN_MACHO_HARDENED | (own->allows_environment ? 0 : TN_MACHO_NO_ENVIRONMENT);
    return variant;
}

static bool set_variant(struct tn_macho *macho)
{
    macho->facts->variant = variant_of(macho->own);
    return true;
}

/* Header, the place of the load commands, and all they say. */
static bool start(struct tn_macho *macho, struct tn_file *file, tenon_image *image,
                  struct tn_facts *facts, tenon_error *err)
{
    struct tn_macho_header h;
    *macho = (struct tn_macho){ .file = file, .image = image, .facts = facts };
    *facts = (struct tn_facts){ 0 };
    facts->more = macho->own = tn_arena_take(file->arena, sizeof *macho->own);
    if (!macho->own)
        return tn_no_memory(err);
    if (!tn_macho_read_header(file, &h, err))
        return false;
    macho->endian = h.endian;
    macho->word = h.word;
    macho->ncmds = h.ncmds;
    read_identity(macho, &h);
    macho->own->arch = tn_macho_arch_name(file->arena, h.cputype, h.cpusubtype);
    if (!macho->own->arch)
        return tn_no_memory(err);
    return tn_file_view(file, HEADER_SIZE(h.word), h.sizeofcmds, "load commands (sizeofcmds)",
                        &macho->commands, err) &&
           check_commands(macho, err) && tn_macho_read_commands(macho, err) &&
           tn_macho_read_signature(macho, err) && set_variant(macho);
}

static bool macho_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_macho macho;
    struct tn_facts facts;
    struct tn_view head;
    if (!tn_file_upto(file, 0, 64, "first bytes", &head, err))
        return false;
    if (tn_macho_is_fat(head))
        return tn_macho_fat_facts(file, out, err);
    if (!start(&macho, file, NULL, &facts, err))
        return false;
    *out = facts;
    return true;
}

/* ---- image --------------------------------------------------------------------------------- */

static bool read_thin(struct tn_file *file, unsigned parts, tenon_image *image, tenon_error *err)
{
    struct tn_macho macho;
    tenon_error local = TENON_ERROR_INIT;
    if (!start(&macho, file, image, &image->facts, err))
        return false;
    image->search_paths = image->facts.run_paths;
    image->search_path_count = image->facts.run_path_count;
    if (!(parts & TENON_PART_SYMBOLS) || tn_macho_read_symbols(&macho, &local))
        return true;
    return tn_image_lose_symbols(image, "symbols", &local, err);
}

static bool macho_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                             tenon_error *err)
{
    struct tn_view head;
    if (!tn_file_upto(file, 0, 64, "first bytes", &head, err))
        return false;
    return tn_macho_is_fat(head) ? tn_macho_fat_image(file, image, err)
                                 : read_thin(file, parts, image, err);
}

static bool macho_move_more(struct tn_facts *facts, struct tn_arena *arena)
{
    struct tn_macho_facts *own = tn_arena_take(arena, sizeof *own);
    if (!own)
        return false;
    *own = *tn_macho_facts(facts);
    own->slices = tn_arena_rows(arena, own->slice_count, sizeof *own->slices);
    own->environment = tn_arena_rows(arena, own->environment_count, sizeof *own->environment);
    if (!own->slices || !own->environment)
        return false;
    for (size_t i = 0; i < own->slice_count; i++) {
        own->slices[i] = tn_macho_facts(facts)->slices[i];
        if (!(own->slices[i].arch = tn_arena_string(arena, own->slices[i].arch)))
            return false;
    }
    for (size_t i = 0; i < own->environment_count; i++)
        if (!(own->environment[i] = tn_arena_string(arena, tn_macho_facts(facts)->environment[i])))
            return false;
    if (own->arch && !(own->arch = tn_arena_string(arena, own->arch)))
        return false;
    facts->more = own;
    return true;
}

const struct tn_format tn_format_macho = {
    .format = TENON_FORMAT_MACHO,
    .name = "Mach-O",
    .matches = macho_matches,
    .read_facts = macho_read_facts,
    .move_more = macho_move_more,
    .read_image = macho_read_image,
    .find_inside = tn_macho_find_inside,
};
