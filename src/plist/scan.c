/*
 * src/plist/scan.c - a packing list for a tree: the inverse of expanding
 *
 * A directive is written only when expanding it gives files that no other directive gives, so that
 * the list expands to the tree exactly. The format has no quotes: of a tree with a name that no
 * line can hold there is no list.
 */
#include <stdlib.h>

#include "conventions.h"
#include "fail.h"
#include "plist.h"
#include "text.h"

struct scan {
    struct tn_plist_work work;
    struct tn_words files; /* of the tree, as compare_places has them */
    bool *claimed;         /* by a directive, for each of files */
};

/* The directory part of a path below the root: "" for the root. */
static size_t dir_size(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) : 0;
}

static bool is_in_dir(const char *path, const char *dir)
{
    size_t size = dir_size(path);

    return size == strlen(dir) && strncmp(path, dir, size) == 0;
}

/* By directories, so that the files of one stand together. */
static int compare_places(const void *a, const void *b)
{
    const char *one = *(const char *const *)a, *two = *(const char *const *)b;
    size_t size = dir_size(one), other = dir_size(two);
    int order = strncmp(one, two, size < other ? size : other);

    if (order == 0 && size != other)
        order = size < other ? -1 : 1;
    return order ? order : strcmp(one, two);
}

/* Whether a file of the tree is claimed; NULL when it is none. */
static bool *claim_of(const struct scan *scan, const char *path)
{
    const char **at =
        bsearch(&path, scan->files.at, scan->files.count, sizeof *scan->files.at, compare_places);

    return at ? &scan->claimed[at - scan->files.at] : NULL;
}

/* ---- names that a line can hold -------------------------------------------------------------- */

/*
 * Why this name cannot be in an expanded list; NULL: it can.
 *
 * rule  pkg_create(1) of NetBSD and FreeBSD: a name ends with its line, and "@" begins a directive
 */
static const char *why_not_listed(const char *path)
{
    if (strchr(path, '\n'))
        return "a newline ends a line";
    return path[0] == '@' ? "a line that begins with @ is a directive" : NULL;
}

/* Why it cannot be written: what is written is expanded. */
static const char *why_not_written(const char *path)
{
    size_t size = strlen(path);

    if (strstr(path, "${"))
        return "${ begins a variable";
    if (size && path[size - 1] == '\r')
        return "a carriage return at the end of a line does not count";
    return why_not_listed(path);
}

static bool refuse(const char *path, const char *why, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    return tn_fail(err, TENON_E_UNSUPPORTED, "no packing list can have the name %s: %s",
                   tn_quote(shown, path), why);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "@library DIR NAME" would be read as the same directory and name. */
static bool is_directive(const char *dir, const char *name)
{
    size_t size = strlen(dir);

    return *name && !strpbrk(name, " \t/\r\n") && !strstr(name, "${") && !strchr(dir, '\n') &&
           !strstr(dir, "${") && !(size && (is_blank(dir[0]) || is_blank(dir[size - 1])));
}

/* ---- libraries ------------------------------------------------------------------------------- */

/* True when all files of the library are in the tree and nobody's; then they are claimed. */
static bool claim(struct scan *scan, const tenon_plist_library *library)
{
    for (size_t i = 0; library->files[i]; i++) {
        const bool *claimed = claim_of(scan, library->files[i]);
        if (!claimed || *claimed)
            return false;
    }
    for (size_t i = 0; library->files[i]; i++)
        *claim_of(scan, library->files[i]) = true;
    return true;
}

static bool try_name(struct scan *scan, const char *dir, const char *name, tenon_error *err)
{
    tenon_plist *plist = scan->work.plist;
    tenon_plist_library library;
    const char *line;

    if (!is_directive(dir, name))
        return true;
    if (!tn_plist_find(&scan->work, *dir ? dir : ".", name, 0, &library, err))
        return false;
    if (library.reason || !library.files || !library.files[0] || !claim(scan, &library))
        return true;
    line = tn_arena_format(&plist->arena, "@library %s %s", library.dir, name);
    if (!line || !tn_words_add(&plist->lines, line) ||
        !tn_grow(&plist->libraries, &plist->library_room, plist->library_count,
                 sizeof *plist->libraries))
        return tn_no_memory(err);
    plist->libraries[plist->library_count++] = library;
    return true;
}

/*
 * How sure it is that a name is the word for -l. rule  the GODI note: "the <name> must not contain
 * prefixes like lib, and it must not contain suffixes, i.e. it is the same identifier as passed to
 * the -l linker". libfoo.dylib can only be "foo"; of libfoo.1.dylib "foo.1" is the last to be
 * tried.
 */
enum reading { PLAIN, WITHOUT_VERSION, LITERAL, READINGS /* no word for -l */ };

/* In python3.11.dylib the number is more likely the name's own: libfoo.1 is a version. */
static bool is_number_of_name(const struct tn_convention *row, const char *name, size_t size)
{
    return row->version == TN_VERSION_DOT && name[size - 1] >= '0' && name[size - 1] <= '9';
}

/* Another row may see a version, or a part of the suffix, in what one without takes for the name.
 */
static enum reading reading_without(const struct scan *scan, const char *file, size_t end)
{
    const struct tn_convention *row;
    enum reading reading = PLAIN;
    size_t at = 0, start;

    while ((row = tn_convention_next(scan->work.options->platform, &at))) {
        size_t size = tn_convention_name(row, file, &start);
        if (!size || start + size >= end || row->version == TN_VERSION_NUMBER)
            continue;
        if (row->version == TN_VERSION_NONE)
            return READINGS; /* libfoo.dll.a is no "foo.dll" */
        if (!is_number_of_name(row, file + start, size))
            reading = LITERAL;
    }
    return reading;
}

static enum reading reading_of(const struct scan *scan, const struct tn_convention *row,
                               const char *file, size_t start, size_t size)
{
    if (row->version == TN_VERSION_NONE)
        return reading_without(scan, file, start + size);
    return is_number_of_name(row, file + start, size) ? LITERAL : WITHOUT_VERSION;
}

/* "foo" before "libfoo" (libfoo.dll), and before "foo-1.2" to which libfoo.so may lead. */
static int compare_sizes(const void *a, const void *b)
{
    const char *one = *(const char *const *)a, *two = *(const char *const *)b;
    size_t size = strlen(one), other = strlen(two);

    return size != other ? (size < other ? -1 : 1) : strcmp(one, two);
}

/* Each once. */
static void sort_names(struct tn_words *names)
{
    size_t kept = 0;

    if (names->count)
        qsort(names->at, names->count, sizeof *names->at, compare_sizes);
    for (size_t i = 0; i < names->count; i++)
        if (!kept || strcmp(names->at[kept - 1], names->at[i]) != 0)
            names->at[kept++] = names->at[i];
    names->count = kept;
}

/* The names that the files of one directory can stand for, in the order to try them. */
static bool gather_names(struct scan *scan, const char *dir, size_t from, size_t to,
                         enum reading reading, struct tn_words *names)
{
    struct tn_arena *arena = &scan->work.plist->arena;
    size_t skip = *dir ? strlen(dir) + 1 : 0;

    for (size_t i = from; i < to; i++) {
        const struct tn_convention *row;
        size_t at = 0, start;
        if (scan->claimed[i])
            continue;
        const char *file = scan->files.at[i] + skip;
        while ((row = tn_convention_next(scan->work.options->platform, &at))) {
            size_t size = tn_convention_name(row, file, &start);
            if (!size || reading_of(scan, row, file, start, size) != reading)
                continue;
            const char *name = tn_arena_copy(arena, file + start, size);
            if (!name || !tn_words_add(names, name))
                return false;
        }
    }
    sort_names(names);
    return true;
}

static bool scan_dir(struct scan *scan, const char *dir, size_t from, size_t to, tenon_error *err)
{
    bool good = true;

    for (enum reading reading = PLAIN; good && reading < READINGS; reading++) {
        struct tn_words names = { 0 };
        good = gather_names(scan, dir, from, to, reading, &names) || tn_no_memory(err);
        for (size_t i = 0; good && i < names.count; i++)
            good = try_name(scan, dir, names.at[i], err);
        tn_words_free(&names);
    }
    return good;
}

/* Frameworks are directories: their files are deeper, their name is in the path. */
static bool scan_frameworks(struct scan *scan, tenon_error *err)
{
    static const char mark[] = ".framework/";

    for (size_t i = 0; i < scan->files.count; i++) {
        const char *path = scan->files.at[i], *end = strstr(path, mark);
        if (!end || scan->claimed[i])
            continue;
        size_t start = (size_t)(end - path);
        while (start > 0 && path[start - 1] != '/')
            start--;
        const char *dir = tn_arena_copy(&scan->work.plist->arena, path, start ? start - 1 : 0);
        const char *name =
            tn_arena_copy(&scan->work.plist->arena, path + start, (size_t)(end - path) - start);
        if (!dir || !name)
            return tn_no_memory(err);
        if (!try_name(scan, dir, name, err))
            return false;
    }
    return true;
}

/* The files that no directive gives stand for themselves. */
static bool write_others(struct scan *scan, tenon_error *err)
{
    for (size_t i = 0; i < scan->files.count; i++) {
        const char *path = scan->files.at[i];
        const char *why = scan->claimed[i] ? NULL : why_not_written(path);
        if (why)
            return refuse(path, why, err);
        if (!scan->claimed[i] && !tn_words_add(&scan->work.plist->lines, path))
            return tn_no_memory(err);
    }
    return true;
}

static bool scan_all(struct scan *scan, tenon_error *err)
{
    struct tn_arena *arena = &scan->work.plist->arena;
    size_t count = scan->files.count, to;

    for (size_t i = 0; i < count; i++) {
        const char *why = why_not_listed(scan->files.at[i]);
        if (why)
            return refuse(scan->files.at[i], why, err);
    }
    if (!scan_frameworks(scan, err))
        return false;
    for (size_t i = 0; i < count; i = to) {
        const char *dir = tn_arena_copy(arena, scan->files.at[i], dir_size(scan->files.at[i]));
        if (!dir)
            return tn_no_memory(err);
        for (to = i + 1; to < count && is_in_dir(scan->files.at[to], dir); to++)
            ;
        if (!scan_dir(scan, dir, i, to, err))
            return false;
    }
    return write_others(scan, err);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

tenon_plist *tenon_plist_scan(tenon_world *world, const tenon_plist_options *options,
                              tenon_error *err)
{
    struct scan scan = {
        .work = { .world = world, .options = options, .plist = tn_plist_new(options, err) }
    };
    bool good = scan.work.plist && tn_plist_walk(&scan.work, "", &scan.files, 0, err);

    if (good) {
        if (scan.files.count)
            qsort(scan.files.at, scan.files.count, sizeof *scan.files.at, compare_places);
        scan.claimed = calloc(scan.files.count + 1, sizeof *scan.claimed);
        good = scan.claimed ? scan_all(&scan, err) : tn_no_memory(err);
    }
    if (good && scan.work.plist->lines.count)
        qsort(scan.work.plist->lines.at, scan.work.plist->lines.count,
              sizeof *scan.work.plist->lines.at, compare);
    tn_words_free(&scan.files);
    tn_words_free(&scan.work.listed);
    free(scan.claimed);
    if (good)
        return scan.work.plist;
    tenon_plist_free(scan.work.plist);
    return NULL;
}
