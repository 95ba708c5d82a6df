/*
 * src/find/conventions.c - THE table of file names of libraries
 *
 * source: build-lookup facts of each platform (docs/design/find.md); libtool's library names
 */
#include "conventions.h"

#include <string.h>

#include "platforms.h"
#include "view.h"

static const struct tn_convention conventions[] = {
    { NULL, "lib", ".a", TN_VERSION_NONE, TN_ROLE_EITHER },
    { NULL, "lib", ".la", TN_VERSION_NONE, TN_ROLE_LIBTOOL },
    { "ELF a.out XCOFF SOM", "lib", ".so", TN_VERSION_NONE, TN_ROLE_SHARED },
    { "ELF a.out XCOFF SOM", "lib", ".so", TN_VERSION_AFTER, TN_ROLE_SHARED },
    { "MachO", "lib", ".dylib", TN_VERSION_NONE, TN_ROLE_SHARED },
    { "MachO", "lib", ".dylib", TN_VERSION_DOT, TN_ROLE_SHARED },
    { "MachO", "lib", ".tbd", TN_VERSION_NONE, TN_ROLE_SHARED },
    { "MachO", "lib", ".tbd", TN_VERSION_DOT, TN_ROLE_SHARED },
    { "MachO", "", ".framework", TN_VERSION_NONE, TN_ROLE_FRAMEWORK },
    { "PE", "lib", ".dll.a", TN_VERSION_NONE, TN_ROLE_STATIC },
    { "PE", "", ".lib", TN_VERSION_NONE, TN_ROLE_STATIC },
    { "PE", "lib", ".lib", TN_VERSION_NONE, TN_ROLE_STATIC },
    { "PE", "cyg", ".dll", TN_VERSION_NONE, TN_ROLE_SHARED },
    { "PE", "cyg", ".dll", TN_VERSION_DASH, TN_ROLE_SHARED },
    { "PE", "msys-", ".dll", TN_VERSION_NONE, TN_ROLE_SHARED },
    { "PE", "msys-", ".dll", TN_VERSION_DASH, TN_ROLE_SHARED },
    { "PE", "lib", ".dll", TN_VERSION_NONE, TN_ROLE_SHARED },
    { "PE", "lib", ".dll", TN_VERSION_DASH, TN_ROLE_SHARED },
    { "PE", "", ".dll", TN_VERSION_NONE, TN_ROLE_SHARED },
    { "PE", "", ".dll", TN_VERSION_DASH, TN_ROLE_SHARED },
    { "SOM ELF", "lib", ".sl", TN_VERSION_NONE, TN_ROLE_SHARED },
    { "SOM ELF", "lib", ".sl", TN_VERSION_AFTER, TN_ROLE_SHARED },
    { "SOM ELF", "lib", ".", TN_VERSION_NUMBER, TN_ROLE_SHARED },
    { "XCOFF", "lib", ".o", TN_VERSION_NONE, TN_ROLE_SHARED },
};

/* HP-UX alone has .sl and lib<n>.<N>: a file lib<n>.1 of another ELF system is something else. */
static bool belongs(const struct tn_convention *row, const tenon_platform *platform)
{
    if (!platform || !row->types)
        return true;
    if (tn_list_has(row->types, "SOM") && !tn_list_has(row->types, "a.out"))
        return strncmp(platform->name, "hpux", 4) == 0;
    return tn_list_has(row->types, platform->shlib_type);
}

const struct tn_convention *tn_convention_next(const tenon_platform *platform, size_t *row)
{
    while (*row < TN_COUNT(conventions)) {
        const struct tn_convention *convention = &conventions[(*row)++];
        if (belongs(convention, platform))
            return convention;
    }
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* rule  what editors, patch and packagers leave beside a file: a copy of it, never a version */
static bool is_copy(const char *text, size_t size)
{
    static const char *const ends[] = { "bak",       "old",      "orig",     "rej",      "save",
                                        "rpmsave",   "rpmnew",   "rpmorig",  "dpkg-new", "dpkg-old",
                                        "dpkg-dist", "dpkg-tmp", "dpkg-bak", "ucf-dist", "ucf-new",
                                        "ucf-old",   "pacnew",   "pacsave",  "pacorig",  "apk-new",
                                        "tmp",       "swp",      "part",     "debug" };

    for (size_t i = 0; i < TN_COUNT(ends); i++) {
        size_t n = strlen(ends[i]);
        if (size > n && memcmp(text + size - n, ends[i], n) == 0 &&
            strchr(".-_", text[size - n - 1]))
            return true;
    }
    return false;
}

bool tn_is_version(const char *text, size_t size)
{
    /* libSystem.B.dylib */
    if (size == 1 && text[0] >= 'A' && text[0] <= 'Z')
        return true;
    if (size == 0 || !is_digit(text[0]))
        return false;
    for (size_t i = 1; i < size; i++)
        if (!is_digit(text[i]) && !(text[i] >= 'a' && text[i] <= 'z') && !strchr("._-", text[i]))
            return false;
    return !is_copy(text, size);
}

static bool is_number(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!is_digit(text[i]))
            return false;
    return size > 0;
}

/* What follows the library's name in a file name: true when it is a version with the suffix. */
static bool tail_fits(const struct tn_convention *convention, const char *tail)
{
    size_t size = strlen(tail), suffix = strlen(convention->suffix);
    bool begins = strncmp(tail, convention->suffix, suffix) == 0;
    bool ends = size >= suffix && strcmp(tail + size - suffix, convention->suffix) == 0;

    switch (convention->version) {
    case TN_VERSION_NONE: return strcmp(tail, convention->suffix) == 0;
    case TN_VERSION_AFTER:
        return begins && tail[suffix] == '.' && tn_is_version(tail + suffix + 1, size - suffix - 1);
    case TN_VERSION_DOT:
        return ends && tail[0] == '.' && size > suffix + 1 &&
               tn_is_version(tail + 1, size - suffix - 1);
    case TN_VERSION_DASH:
        return ends && tail[0] == '-' && size > suffix + 1 &&
               tn_is_version(tail + 1, size - suffix - 1);
    default: return begins && is_number(tail + suffix, size - suffix);
    }
}

/* lib<n>.<N>: in libfoo.so.1 the name would be "foo.so", which is another row's suffix. */
static bool has_suffix_inside(const char *name)
{
    static const char *const suffixes[] = { ".so", ".sl", ".dylib", ".a", ".la", ".dll" };
    size_t size = strlen(name);

    for (size_t i = 0; i < TN_COUNT(suffixes); i++) {
        size_t n = strlen(suffixes[i]);
        if ((size >= n && strcmp(name + size - n, suffixes[i]) == 0) || strstr(name, ".so."))
            return true;
    }
    return false;
}

bool tn_convention_fits(const struct tn_convention *convention, const char *file, const char *name)
{
    size_t prefix = strlen(convention->prefix), size = strlen(name);

    if (convention->version == TN_VERSION_NUMBER && has_suffix_inside(name))
        return false;
    return size > 0 && strncmp(file, convention->prefix, prefix) == 0 &&
           strncmp(file + prefix, name, size) == 0 && tail_fits(convention, file + prefix + size);
}

size_t tn_convention_name(const struct tn_convention *convention, const char *file, size_t *start)
{
    size_t prefix = strlen(convention->prefix), size = strlen(file);

    if (strncmp(file, convention->prefix, prefix) != 0)
        return 0;
    *start = prefix;
    /* the longest version there is, so the shortest name */
    for (size_t n = 1; prefix + n < size; n++)
        if (tail_fits(convention, file + prefix + n))
            return n;
    return 0;
}
