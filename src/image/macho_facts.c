/*
 * src/image/macho_facts.c - Mach-O: what the load commands say
 *
 * rule  mach-o/loader.h; a version is xxxx.yy.zz in 16.8.8 bits. Needs keep the order of their
 *       commands, since symbols name their library by its place in it
 */
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "macho_private.h"

/* A dylib command of the new form: the name stands behind a word of flags. */
#define USE_MARK 0x1a741800u
#define USE_NAME 28u
enum { USE_WEAK = 1, USE_REEXPORT = 2, USE_UPWARD = 4 };

static uint32_t word_at(const struct tn_macho *macho, const struct tn_macho_command *c, size_t at)
{
    return tn_load32(c->bytes.at + at, macho->endian);
}

/* ---- facts for people ---------------------------------------------------------------------- */

static bool add_fact(struct tn_macho *macho, const char *name, const char *value, tenon_error *err)
{
    return !macho->image || tn_image_add_fact(macho->image, name, value, err);
}

static bool add_version(struct tn_macho *macho, const char *name, uint32_t version,
                        tenon_error *err)
{
    if (!macho->image)
        return true;
    const char *text = tn_macho_version_text(macho->file->arena, version);
    return text ? add_fact(macho, name, text, err) : tn_no_memory(err);
}

/* ---- commands ------------------------------------------------------------------------------ */

static bool is_use(const struct tn_macho *macho, const struct tn_macho_command *c)
{
    return (c->cmd == TN_LC_LOAD_DYLIB || c->cmd == TN_LC_LOAD_WEAK_DYLIB) &&
           c->bytes.size > USE_NAME && word_at(macho, c, 8) == USE_NAME &&
           word_at(macho, c, 12) == USE_MARK;
}

/* rule  dyld mach_o/Header.cpp: one that is re-exported cannot be weak, and is re-exported */
static enum tenon_flavour flavour_of_use(const struct tn_macho_command *c, uint32_t flags)
{
    if (flags & USE_REEXPORT)
        return TENON_NEED_REEXPORT;
    if ((flags & USE_WEAK) || c->cmd == TN_LC_LOAD_WEAK_DYLIB)
        return TENON_NEED_WEAK;
    return flags & USE_UPWARD ? TENON_NEED_UPWARD : TENON_NEED_NORMAL;
}

static enum tenon_flavour flavour_of(const struct tn_macho *macho, const struct tn_macho_command *c)
{
    if (is_use(macho, c))
        return flavour_of_use(c, word_at(macho, c, 24));
    switch (c->cmd) {
    case TN_LC_LOAD_WEAK_DYLIB: return TENON_NEED_WEAK;
    case TN_LC_REEXPORT_DYLIB: return TENON_NEED_REEXPORT;
    case TN_LC_LOAD_UPWARD_DYLIB: return TENON_NEED_UPWARD;
    case TN_LC_LAZY_LOAD_DYLIB: return TENON_NEED_LAZY;
    }
    return TENON_NEED_NORMAL;
}

/* No file with one was at hand. */
static bool doubt_use(struct tn_macho *macho, const struct tn_macho_command *c, tenon_error *err)
{
    return !macho->image || !is_use(macho, c) ||
           tn_image_doubt(macho->image,
                          "commands of the form dylib_use are known from headers only", err);
}

static bool read_dylib(struct tn_macho *macho, const struct tn_macho_command *c, tenon_error *err)
{
    struct tn_facts *f = macho->facts;
    const char *name = tn_macho_command_string(macho, c, 8, "name of a needed library", err);
    if (!name)
        return false;
    tenon_need need = { .name = name, .flavour = flavour_of(macho, c) };
    if (c->cmd != TN_LC_LOADFVMLIB) {
        need.current_version = word_at(macho, c, 16);
        need.compat_version = word_at(macho, c, 20);
    }
    f->needs[f->need_count++] = need;
    return doubt_use(macho, c, err);
}

static bool read_own_name(struct tn_macho *macho, const struct tn_macho_command *c,
                          tenon_error *err)
{
    struct tn_facts *f = macho->facts;
    f->own_name = tn_macho_command_string(macho, c, 8, "own name", err);
    if (!f->own_name)
        return false;
    if (c->cmd != TN_LC_ID_DYLIB)
        return true;
    macho->own->current_version = word_at(macho, c, 16);
    macho->own->compat_version = word_at(macho, c, 20);
    return add_version(macho, "current_version", macho->own->current_version, err) &&
           add_version(macho, "compat_version", macho->own->compat_version, err);
}

static bool read_interpreter(struct tn_macho *macho, const struct tn_macho_command *c,
                             tenon_error *err)
{
    macho->facts->interpreter = tn_macho_command_string(macho, c, 8, "dynamic linker", err);
    return macho->facts->interpreter;
}

static bool read_rpath(struct tn_macho *macho, const struct tn_macho_command *c, tenon_error *err)
{
    struct tn_facts *f = macho->facts;
    const char *path = tn_macho_command_string(macho, c, 8, "run path (LC_RPATH)", err);
    if (path)
        f->run_paths[f->run_path_count++] =
            (tenon_search_path){ .kind = "rpath", .path = path, .single = true };
    return path;
}

static bool read_environment(struct tn_macho *macho, const struct tn_macho_command *c,
                             tenon_error *err)
{
    struct tn_macho_facts *f = macho->own;
    const char *text = tn_macho_command_string(macho, c, 8, "LC_DYLD_ENVIRONMENT", err);
    if (text)
        f->environment[f->environment_count++] = text;
    return text;
}

static bool read_uuid(struct tn_macho *macho, const struct tn_macho_command *c, tenon_error *err)
{
    const uint8_t *u = c->bytes.at + 8;
    macho->facts->uuid = tn_arena_format(
        macho->file->arena, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X",
        u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
        u[14], u[15]);
    return macho->facts->uuid || tn_no_memory(err);
}

/* Two of these are a zippered image: it serves macOS and Catalyst. */
static bool read_platform(struct tn_macho *macho, const struct tn_macho_command *c,
                          tenon_error *err)
{
    struct tn_macho_facts *f = macho->own;
    uint32_t platform, version;
    (void)err;
    switch (c->cmd) {
    case TN_LC_VERSION_MIN_MACOSX: platform = 1; break;
    case TN_LC_VERSION_MIN_IPHONEOS: platform = 2; break;
    case TN_LC_VERSION_MIN_TVOS: platform = 3; break;
    case TN_LC_VERSION_MIN_WATCHOS: platform = 4; break;
    default: platform = word_at(macho, c, 8);
    }
    version = c->cmd == TN_LC_BUILD_VERSION ? 12 : 8;
    if (f->platform) {
        f->platform_too = platform;
        return true;
    }
    f->platform = platform;
    f->min_os = word_at(macho, c, version);
    f->sdk = word_at(macho, c, version + 4);
    return true;
}

static bool is_name16(const uint8_t *at, const char *name)
{
    return strncmp((const char *)at, name, 16) == 0;
}

/* rule  dyld: a section __restrict in a segment __RESTRICT switches its variables off */
static bool read_segment(struct tn_macho *macho, const struct tn_macho_command *c, tenon_error *err)
{
    bool wide = c->cmd == TN_LC_SEGMENT_64;
    size_t first = wide ? 72 : 56, stride = wide ? 80 : 68;
    (void)err;
    if (!is_name16(c->bytes.at + 8, "__RESTRICT"))
        return true;
    for (size_t at = first; at + stride <= c->bytes.size; at += stride)
        if (is_name16(c->bytes.at + at, "__restrict"))
            macho->own->restricted = true;
    return true;
}

static bool read_symtab(struct tn_macho *macho, const struct tn_macho_command *c, tenon_error *err)
{
    (void)err;
    macho->symbols = (struct tn_macho_range){ word_at(macho, c, 8), word_at(macho, c, 12) };
    macho->strings = (struct tn_macho_range){ word_at(macho, c, 16), word_at(macho, c, 20) };
    return true;
}

static bool read_dysymtab(struct tn_macho *macho, const struct tn_macho_command *c,
                          tenon_error *err)
{
    (void)err;
    macho->has_dysymtab = true;
    macho->first_defined = word_at(macho, c, 16);
    macho->defined_count = word_at(macho, c, 20);
    macho->first_undefined = word_at(macho, c, 24);
    macho->undefined_count = word_at(macho, c, 28);
    return true;
}

static bool read_dyld_info(struct tn_macho *macho, const struct tn_macho_command *c,
                           tenon_error *err)
{
    (void)err;
    macho->binds = (struct tn_macho_range){ word_at(macho, c, 16), word_at(macho, c, 20) };
    macho->lazy_binds = (struct tn_macho_range){ word_at(macho, c, 32), word_at(macho, c, 36) };
    macho->exports = (struct tn_macho_range){ word_at(macho, c, 40), word_at(macho, c, 44) };
    return true;
}

static bool read_linkedit(struct tn_macho *macho, const struct tn_macho_command *c,
                          tenon_error *err)
{
    struct tn_macho_range range = { word_at(macho, c, 8), word_at(macho, c, 12) };
    (void)err;
    if (c->cmd == TN_LC_DYLD_EXPORTS_TRIE)
        macho->exports = range;
    else if (c->cmd == TN_LC_DYLD_CHAINED_FIXUPS)
        macho->chained = range;
    else
        macho->signature = range;
    return true;
}

static bool read_encryption(struct tn_macho *macho, const struct tn_macho_command *c,
                            tenon_error *err)
{
    return add_fact(macho, "encrypted", word_at(macho, c, 16) ? "yes" : NULL, err);
}

/* A.B.C.D.E of 24.10.10.10.10 bits, without zeros at the end. */
static bool read_source_version(struct tn_macho *macho, const struct tn_macho_command *c,
                                tenon_error *err)
{
    uint64_t v = tn_load64(c->bytes.at + 8, macho->endian);
    const unsigned parts[] = { (unsigned)(v >> 40), (unsigned)(v >> 30 & 0x3ff),
                               (unsigned)(v >> 20 & 0x3ff), (unsigned)(v >> 10 & 0x3ff),
                               (unsigned)(v & 0x3ff) };
    size_t count = TN_COUNT(parts);
    if (!macho->image || !v)
        return true;
    while (count > 1 && !parts[count - 1])
        count--;
    const char *text = tn_arena_format(macho->file->arena, "%u", parts[0]);
    for (size_t i = 1; text && i < count; i++)
        text = tn_arena_format(macho->file->arena, "%s.%u", text, parts[i]);
    return text ? add_fact(macho, "source_version", text, err) : tn_no_memory(err);
}

/* What the linker is told by an object: "-framework Foundation". */
static bool read_linker_option(struct tn_macho *macho, const struct tn_macho_command *c,
                               tenon_error *err)
{
    uint64_t at = 12;
    for (uint32_t i = word_at(macho, c, 8); i && macho->image; i--) {
        const char *word = tn_view_string(c->bytes, at);
        if (!word)
            break;
        if (!tn_image_join_fact(macho->image, "linker_option", word, err))
            return false;
        at += strlen(word) + 1;
    }
    return true;
}

static bool read_sub(struct tn_macho *macho, const struct tn_macho_command *c, tenon_error *err)
{
    static const char *const names[] = { "sub_framework", "sub_umbrella", "sub_client",
                                         "sub_library" };
    const char *name = names[c->cmd - TN_LC_SUB_FRAMEWORK];
    const char *text = tn_macho_command_string(macho, c, 8, name, err);
    return text && (!macho->image || tn_image_join_fact(macho->image, name, text, err));
}

static const struct handler {
    uint32_t cmd;
    uint32_t least; /* bytes of a whole one */
    const char *name;
    bool (*read)(struct tn_macho *, const struct tn_macho_command *, tenon_error *);
} handlers[] = {
    { TN_LC_SEGMENT, 56, "LC_SEGMENT", read_segment },
    { TN_LC_SEGMENT_64, 72, "LC_SEGMENT_64", read_segment },
    { TN_LC_SYMTAB, 24, "LC_SYMTAB", read_symtab },
    { TN_LC_DYSYMTAB, 80, "LC_DYSYMTAB", read_dysymtab },
    { TN_LC_LOADFVMLIB, 20, "LC_LOADFVMLIB", read_dylib },
    { TN_LC_IDFVMLIB, 20, "LC_IDFVMLIB", read_own_name },
    { TN_LC_LOAD_DYLIB, 24, "LC_LOAD_DYLIB", read_dylib },
    { TN_LC_LOAD_WEAK_DYLIB, 24, "LC_LOAD_WEAK_DYLIB", read_dylib },
    { TN_LC_REEXPORT_DYLIB, 24, "LC_REEXPORT_DYLIB", read_dylib },
    { TN_LC_LOAD_UPWARD_DYLIB, 24, "LC_LOAD_UPWARD_DYLIB", read_dylib },
    { TN_LC_LAZY_LOAD_DYLIB, 24, "LC_LAZY_LOAD_DYLIB", read_dylib },
    { TN_LC_ID_DYLIB, 24, "LC_ID_DYLIB", read_own_name },
    { TN_LC_ID_DYLINKER, 12, "LC_ID_DYLINKER", read_own_name },
    { TN_LC_LOAD_DYLINKER, 12, "LC_LOAD_DYLINKER", read_interpreter },
    { TN_LC_RPATH, 12, "LC_RPATH", read_rpath },
    { TN_LC_DYLD_ENVIRONMENT, 12, "LC_DYLD_ENVIRONMENT", read_environment },
    { TN_LC_UUID, 24, "LC_UUID", read_uuid },
    { TN_LC_VERSION_MIN_MACOSX, 16, "LC_VERSION_MIN_MACOSX", read_platform },
    { TN_LC_VERSION_MIN_IPHONEOS, 16, "LC_VERSION_MIN_IPHONEOS", read_platform },
    { TN_LC_VERSION_MIN_TVOS, 16, "LC_VERSION_MIN_TVOS", read_platform },
    { TN_LC_VERSION_MIN_WATCHOS, 16, "LC_VERSION_MIN_WATCHOS", read_platform },
    { TN_LC_BUILD_VERSION, 24, "LC_BUILD_VERSION", read_platform },
    { TN_LC_DYLD_INFO, 48, "LC_DYLD_INFO", read_dyld_info },
    { TN_LC_DYLD_INFO_ONLY, 48, "LC_DYLD_INFO_ONLY", read_dyld_info },
    { TN_LC_DYLD_EXPORTS_TRIE, 16, "LC_DYLD_EXPORTS_TRIE", read_linkedit },
    { TN_LC_DYLD_CHAINED_FIXUPS, 16, "LC_DYLD_CHAINED_FIXUPS", read_linkedit },
    { TN_LC_CODE_SIGNATURE, 16, "LC_CODE_SIGNATURE", read_linkedit },
    { TN_LC_ENCRYPTION_INFO, 20, "LC_ENCRYPTION_INFO", read_encryption },
    { TN_LC_ENCRYPTION_INFO_64, 20, "LC_ENCRYPTION_INFO_64", read_encryption },
    { TN_LC_SOURCE_VERSION, 16, "LC_SOURCE_VERSION", read_source_version },
    { TN_LC_LINKER_OPTION, 12, "LC_LINKER_OPTION", read_linker_option },
    { TN_LC_SUB_FRAMEWORK, 12, "LC_SUB_FRAMEWORK", read_sub },
    { TN_LC_SUB_UMBRELLA, 12, "LC_SUB_UMBRELLA", read_sub },
    { TN_LC_SUB_CLIENT, 12, "LC_SUB_CLIENT", read_sub },
    { TN_LC_SUB_LIBRARY, 12, "LC_SUB_LIBRARY", read_sub },
};

static const struct handler *handler_of(uint32_t cmd)
{
    for (size_t i = 0; i < TN_COUNT(handlers); i++)
        if (handlers[i].cmd == cmd)
            return &handlers[i];
    return NULL;
}

/* Room for every list, by counting the commands that add to it. */
static bool make_room(struct tn_macho *macho, tenon_error *err)
{
    struct tn_macho_command c = { 0 };
    size_t needs = 0, rpaths = 0, environment = 0;
    struct tn_arena *arena = macho->file->arena;
    struct tn_facts *f = macho->facts;
    while (tn_macho_next(macho, &c)) {
        const struct handler *h = handler_of(c.cmd);
        needs += h && h->read == read_dylib;
        rpaths += h && h->read == read_rpath;
        environment += h && h->read == read_environment;
    }
    f->needs = tn_arena_rows(arena, needs, sizeof *f->needs);
    f->run_paths = tn_arena_rows(arena, rpaths, sizeof *f->run_paths);
    macho->own->environment = tn_arena_rows(arena, environment, sizeof *macho->own->environment);
    return (f->needs && f->run_paths && macho->own->environment) || tn_no_memory(err);
}

/* ---- what follows from all of them ---------------------------------------------------------- */

/*
 * rule  before there was a command for it, a file for ARM was for iOS, one for the processors of
 *       NeXT or with libraries of fixed addresses for NeXTSTEP, and what dyld loads for macOS
 */
static const char *guess_os(const struct tn_macho *macho)
{
    const struct tn_facts *f = macho->facts;
    switch (macho->own->cputype) {
    case TN_CPU_M68K:
    case TN_CPU_HPPA:
    case TN_CPU_SPARC: return "nextstep";
    case TN_CPU_ARM: return "ios";
    }
    bool linked = macho->own->filetype != TN_MH_OBJECT;
    bool loaded = f->interpreter || macho->own->filetype == TN_MH_DYLIB ||
                  macho->own->filetype == TN_MH_BUNDLE || macho->own->filetype == TN_MH_DYLINKER;
    if (macho->own->cputype == TN_CPU_I386 && linked && !loaded)
        return macho->own->filetype == TN_MH_KEXT_BUNDLE ? "macos" : "nextstep";
    return loaded && macho->own->cputype != TN_CPU_ARM64 ? "macos" : NULL;
}

static bool add_commons(struct tn_macho *macho, tenon_error *err)
{
    const struct tn_macho_facts *f = macho->own;
    struct tn_arena *arena = macho->file->arena;
    if (!macho->image)
        return true;
    const char *platform = tn_macho_platform_name(f->platform);
    if (f->platform && !platform)
        platform = tn_arena_format(arena, "%" PRIu32, f->platform);
    if (platform && f->platform_too) {
        const char *too = tn_macho_platform_name(f->platform_too);
        platform = tn_arena_format(arena, "%s %s", platform, too ? too : "unknown");
    }
    if (f->platform && !platform)
        return tn_no_memory(err);
    const char *flags = tn_macho_flag_words(arena, f->flags);
    if (!flags)
        return tn_no_memory(err);
    if (!add_fact(macho, "arch", f->arch, err) || !add_fact(macho, "platform", platform, err))
        return false;
    if (f->platform && (!add_version(macho, "min_os", f->min_os, err) ||
                        (f->sdk && !add_version(macho, "sdk", f->sdk, err))))
        return false;
    for (size_t i = 0; i < f->environment_count; i++)
        if (!tn_image_join_fact(macho->image, "dyld_environment", f->environment[i], err))
            return false;
    return add_fact(macho, "restricted", f->restricted ? "yes" : NULL, err) &&
           add_fact(macho, "flags", flags, err);
}

bool tn_macho_read_commands(struct tn_macho *macho, tenon_error *err)
{
    struct tn_macho_command c = { 0 };
    struct tn_facts *f = macho->facts;
    if (!make_room(macho, err))
        return false;
    while (tn_macho_next(macho, &c)) {
        const struct handler *h = handler_of(c.cmd);
        if (!h)
            continue;
        if (c.bytes.size < h->least)
            return tn_fail(err, TENON_E_MALFORMED,
                           "load command %u, %s, at 0x%" PRIx64
                           ": cmdsize is %zu, less than %" PRIu32,
                           c.number, h->name, c.bytes.start, c.bytes.size, h->least);
        if (!h->read(macho, &c, err))
            return false;
    }
    f->is_static = f->kind == TENON_KIND_EXECUTABLE && !f->interpreter && !f->need_count;
    f->os = macho->own->platform ? tn_macho_platform_os(macho->own->platform) : guess_os(macho);
    return add_commons(macho, err);
}
