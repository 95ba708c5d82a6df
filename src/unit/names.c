/*
 * src/unit/names.c - what a unit of native code is called, and who owns its archive
 *
 * rule  docs/design/plugins.md: PREFIX/BASE; the prefix is given, or the package that owns the
 *       archive, or the archive's name without "lib", version and suffix
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "limits.h"
#include "native.h"

/* Suffixes of objects (of every build system's flavours) and of sources. */
static const char *const suffixes[] = {
    ".o",  ".obj", ".lo",  ".os",  ".oS",  ".op",    ".og",  ".po",  ".pico", ".pieo",
    ".bc", ".pic", ".c",   ".cc",  ".cpp", ".cxx",   ".c++", ".C",   ".CPP",  ".cp",
    ".s",  ".S",   ".sx",  ".asm", ".m",   ".mm",    ".M",   ".i",   ".ii",   ".f",
    ".F",  ".for", ".f77", ".f90", ".F90", ".f95",   ".f03", ".f08", ".d",    ".rs",
    ".go", ".ads", ".adb", ".cu",  ".zig", ".swift",
};

/* ---- base names ------------------------------------------------------------------------------ */

static size_t without_suffix(const char *name, size_t length)
{
    for (size_t i = 0; i < TN_COUNT(suffixes); i++) {
        size_t size = strlen(suffixes[i]);
        if (length > size && memcmp(name + length - size, suffixes[i], size) == 0 &&
            name[length - size - 1] != '/')
            return length - size;
    }
    return length;
}

static size_t without_suffixes(const char *name)
{
    size_t length = strlen(name), before;
    do {
        before = length;
        length = without_suffix(name, length);
    } while (length != before);
    return length;
}

const char *tn_native_stem(struct tn_arena *arena, const char *name)
{
    return tn_arena_copy(arena, name, without_suffixes(name));
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* Automake puts the library before its objects: "libz_la-inflate.o", "libz_a-inflate.o". */
static const char *without_target(const char *base)
{
    static const char *const marks[] = { "_la-", "_a-" };
    if (strncmp(base, "lib", 3) != 0)
        return base;
    for (size_t i = 0; i < TN_COUNT(marks); i++) {
        const char *mark = strstr(base, marks[i]);
        if (mark && mark[strlen(marks[i])])
            return mark + strlen(marks[i]);
    }
    return base;
}

/* ---- prefixes -------------------------------------------------------------------------------- */

/* "-1.2.3" or ".1.2" at the end: a version. Digits that belong to the name have no dot before
 * them: sqlite3, bz2. */
static size_t without_version(const char *name, size_t length)
{
    size_t end = length;
    while (end > 0 && (isdigit((unsigned char)name[end - 1]) || name[end - 1] == '.'))
        end--;
    if (end > 0 && end < length && name[end - 1] == '-' && end > 1)
        return end - 1;
    while (end < length && name[end] != '.')
        end++;
    return end;
}

static bool ends_with(const char *name, size_t length, const char *end)
{
    size_t size = strlen(end);
    return length > size && memcmp(name + length - size, end, size) == 0;
}

/* "libfoo-1.2.a" gives "foo". */
static const char *library_of(struct tn_arena *arena, const char *archive)
{
    static const char *const ends[] = { ".a", ".lib", ".ar" };
    const char *base = base_of(archive);
    size_t length = strlen(base);
    for (size_t i = 0; i < TN_COUNT(ends); i++) {
        if (ends_with(base, length, ends[i])) {
            length -= strlen(ends[i]);
            break;
        }
    }
    length = without_version(base, length);
    if (ends_with(base, length, "_pic"))
        length -= 4;
    if (length > 3 && memcmp(base, "lib", 3) == 0) {
        base += 3;
        length -= 3;
    }
    return tn_arena_copy(arena, base, length);
}

const char *tn_native_name(struct tn_arena *arena, const char *prefix, const char *archive,
                           const char *member, unsigned ordinal)
{
    const char *base = without_target(base_of(member));
    int length = (int)without_suffixes(base);
    char again[16] = "";
    if (!prefix)
        prefix = archive ? library_of(arena, archive) : "";
    if (!prefix)
        return NULL;
    if (ordinal > 1)
        snprintf(again, sizeof again, "#%u", ordinal);
    return tn_arena_format(arena, "%s%s%.*s%s", prefix, *prefix ? "/" : "", length, base, again);
}

/* ---- all members of one archive ---------------------------------------------------------------
 */

bool tn_native_namer_init(struct tn_native_namer *namer, struct tn_arena *arena, const char *prefix,
                          const char *archive)
{
    *namer = (struct tn_native_namer){ .arena = arena, .prefix = prefix, .archive = archive };
    return tn_names_init(&namer->seen);
}

const char *tn_native_namer_next(struct tn_native_namer *namer, const char *member)
{
    const char *name = tn_native_name(namer->arena, namer->prefix, namer->archive, member, 1);
    uint32_t number = name ? tn_names_add(&namer->seen, name, strlen(name)) : TN_NO_NAME;
    if (number == TN_NO_NAME)
        return NULL;
    if (number >= namer->room) {
        if (!tn_grow(&namer->counts, &namer->room, namer->room, sizeof *namer->counts))
            return NULL;
        for (size_t i = number; i < namer->room; i++)
            namer->counts[i] = 0;
    }
    unsigned ordinal = ++namer->counts[number];
    return ordinal == 1
               ? name
               : tn_native_name(namer->arena, namer->prefix, namer->archive, member, ordinal);
}

void tn_native_namer_free(struct tn_native_namer *namer)
{
    tn_names_free(&namer->seen);
    free(namer->counts);
    namer->counts = NULL;
}
