/* src/plist/library.c - the files of one library in one directory */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <tenon/image.h>

#include "fail.h"
#include "member.h"
#include "plist.h"
#include "text.h"
#include "view.h"

struct hunt {
    struct tn_plist_work *work;
    const char *dir, *name;
    size_t line;
    const struct tn_words *names; /* of the directory */
    struct tn_words files;        /* found: names in the directory */
    struct tn_words inner;        /* found below a framework: paths */
    struct tn_words versions;
    const char *left_out; /* the last file that is none; NULL */
    const char *unread;   /* a library file that cannot be read, and why; NULL */
    const char *why;
};

/* A list without the file would not be the library's. */
static bool fail(const struct hunt *hunt, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (!hunt->unread)
        return tn_no_memory(err);
    tn_fail(err, TENON_E_SYSTEM, "%s: %s", tn_quote(shown, hunt->unread), hunt->why);
    return hunt->line ? tn_context(err, "line %zu", hunt->line) : false;
}

static const char *base_name(const char *path)
{
    return tn_base_name(path);
}

/* True when a library's own name is one of the library `name`, by any platform's convention. */
static bool names_library(const char *own_name, const char *name)
{
    const struct tn_convention *row;
    size_t i = 0;

    while ((row = tn_convention_next(NULL, &i)))
        if (tn_convention_fits(row, base_name(own_name), name))
            return true;
    return false;
}

/* Takes a file unless its content or its own name say otherwise. */
static bool consider(struct hunt *hunt, const char *file, const struct tn_convention *row)
{
    char shown[TN_QUOTE_ROOM], other[TN_QUOTE_ROOM];
    const char *path = tn_plist_join(hunt->work, hunt->dir, file);
    const char *full = path ? tn_plist_path(hunt->work, path) : NULL;
    struct tn_member member;

    if (!full ||
        !tn_member_read(hunt->work->world, &hunt->work->plist->arena, full, row->role, &member))
        return false;
    if (member.unread) {
        hunt->unread = path;
        hunt->why = member.why;
        return false;
    }
    if (!member.is) {
        hunt->left_out = file;
        return tn_plist_remark(hunt->work, hunt->line, "%s is left out: %s", tn_quote(shown, path),
                               member.why);
    }
    if (member.own_name && !names_library(member.own_name, hunt->name) &&
        strcmp(base_name(member.own_name), file) != 0) {
        /* what -l opens belongs to the name; a file with a version belongs to its own name */
        bool take = row->version == TN_VERSION_NONE;
        if (!take)
            hunt->left_out = file;
        if (!tn_plist_remark(hunt->work, hunt->line, "%s is %s: its own name is %s",
                             tn_quote(shown, path), take ? "taken" : "left out",
                             tn_quote(other, member.own_name)))
            return false;
        if (!take)
            return true;
    } else if (member.own_name && !tn_words_add_once(&hunt->versions, base_name(member.own_name))) {
        return false;
    }
    if (member.dangling &&
        !tn_plist_remark(hunt->work, hunt->line, "%s is a link to a file that is not there",
                         tn_quote(shown, path)))
        return false;
    return tn_words_add_once(&hunt->files, file);
}

/* rule  libtool -release: lib<n>.so is a link to lib<n>-<V>.so, whose own name has the version */
static bool is_release_of(const char *target, const char *name)
{
    size_t size = strlen(name);
    const char *rest =
        tn_begins(target, "lib") && strncmp(target + 3, name, size) == 0 ? target + 3 + size : "";
    const char *end = strstr(rest, ".so");

    if (!end)
        end = strstr(rest, ".dylib");
    return rest[0] == '-' && end && tn_is_version(rest + 1, (size_t)(end - rest - 1));
}

static bool follow_release(struct hunt *hunt)
{
    static const struct tn_convention release = { NULL, "lib", ".so", TN_VERSION_NONE,
                                                  TN_ROLE_SHARED };
    size_t count = hunt->files.count;

    for (size_t i = 0; i < count; i++) {
        const char *path = tn_plist_join(hunt->work, hunt->dir, hunt->files.at[i]);
        const char *full = path ? tn_plist_path(hunt->work, path) : NULL;
        int failed = 0;
        char *real = full ? tenon_world_realpath(hunt->work->world, full, &failed) : NULL;
        const char *target =
            real ? tn_arena_string(&hunt->work->plist->arena, base_name(real)) : "";
        free(real);
        if (!full || !target)
            return false;
        if (!is_release_of(target, hunt->name))
            continue;
        /* the file and every link to it that is called so */
        for (size_t k = 0; k < hunt->names->count; k++)
            if (is_release_of(hunt->names->at[k], hunt->name) &&
                strncmp(hunt->names->at[k], target, strcspn(target, "-")) == 0 &&
                !consider(hunt, hunt->names->at[k], &release))
                return false;
    }
    return true;
}

/* The file of that name; rule  Windows: whatever the case. NULL: it is in another directory. */
static const char *dll_called(const struct hunt *hunt, const char *dll)
{
    const char *found = NULL;

    for (size_t i = 0; i < hunt->names->count; i++) {
        const char *name = hunt->names->at[i];
        if (strcmp(name, dll) == 0)
            return name;
        if (!found && strcasecmp(name, dll) == 0)
            found = name;
    }
    return found;
}

static bool take_dlls(struct hunt *hunt, const tenon_image *library)
{
    static const struct tn_convention any = { NULL, "", ".dll", TN_VERSION_NONE, TN_ROLE_SHARED };
    const tenon_need *need;

    for (size_t i = 0; (need = tenon_image_need(library, i)); i++) {
        const char *file = dll_called(hunt, need->name);
        if (file && !tn_is_among(file, hunt->files.at, hunt->files.count) &&
            !consider(hunt, file, &any))
            return false;
    }
    return true;
}

/*
 * The DLLs beside the import libraries that stand for them: libz.dll.a names zlib1.dll, and a DLL
 * can have any name. An archive that cannot be read names none.
 */
static bool follow_imports(struct hunt *hunt)
{
    size_t count = hunt->files.count;
    bool good = true;

    if (!hunt->work->listed_has_dll)
        return true;
    for (size_t i = 0; good && i < count; i++) {
        const char *path = tn_plist_join(hunt->work, hunt->dir, hunt->files.at[i]);
        const char *full = path ? tn_plist_path(hunt->work, path) : NULL;
        tenon_error err = TENON_ERROR_INIT;
        tenon_image *image =
            full ? tenon_image_open(hunt->work->world, full, TENON_PART_CORE, &err) : NULL;
        good = full && err.code != TENON_E_MEMORY;
        if (image && tenon_image_kind(image) == TENON_KIND_IMPORT_LIBRARY)
            good = take_dlls(hunt, image);
        tenon_image_free(image);
    }
    return good;
}

static bool take_framework(struct hunt *hunt, const char *file, tenon_error *err)
{
    const char *dir = tn_plist_join(hunt->work, hunt->dir, file);

    return dir ? tn_plist_walk(hunt->work, dir, &hunt->inner, 0, err) : tn_no_memory(err);
}

/* ---- which names may be a library's ---------------------------------------------------------- */

/* Names of the directory, by number. */
struct numbers {
    size_t *at;
    size_t count, room;
};

/* How the name at `i` compares with all that begin with `prefix` and `name`. */
static int compare_start(const struct hunt *hunt, size_t i, const char *prefix, const char *name)
{
    size_t size = strlen(prefix);
    int order = strncmp(hunt->names->at[i], prefix, size);

    return order ? order : strncmp(hunt->names->at[i] + size, name, strlen(name));
}

/* The first name that comes not before those. */
static size_t first_with(const struct hunt *hunt, const char *prefix, const char *name)
{
    size_t low = 0, high = hunt->names->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_start(hunt, middle, prefix, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int compare_numbers(const void *a, const void *b)
{
    size_t one = *(const size_t *)a, two = *(const size_t *)b;

    return (one > two) - (one < two);
}

/* Sorted, each once. */
static void sort_numbers(struct numbers *numbers)
{
    size_t kept = 0;

    if (numbers->count)
        qsort(numbers->at, numbers->count, sizeof *numbers->at, compare_numbers);
    for (size_t i = 0; i < numbers->count; i++)
        if (!kept || numbers->at[kept - 1] != numbers->at[i])
            numbers->at[kept++] = numbers->at[i];
    numbers->count = kept;
}

/*
 * The names that begin as a convention wants, in their order. A directory has thousands of them,
 * which are sorted, and a list asks for as many libraries.
 */
static bool list_candidates(const struct hunt *hunt, const char *name, struct numbers *numbers)
{
    const struct tn_convention *row;
    const char *before = NULL;
    size_t at = 0;

    while ((row = tn_convention_next(hunt->work->options->platform, &at))) {
        if (before && strcmp(before, row->prefix) == 0)
            continue;
        before = row->prefix;
        for (size_t i = first_with(hunt, before, name);
             i < hunt->names->count && compare_start(hunt, i, before, name) == 0; i++) {
            if (!tn_grow(&numbers->at, &numbers->room, numbers->count, sizeof *numbers->at))
                return false;
            numbers->at[numbers->count++] = i;
        }
    }
    sort_numbers(numbers);
    return true;
}

/* The first convention by which a file may be the library's; NULL: it is not. */
static const struct tn_convention *convention_of(const struct hunt *hunt, const char *file,
                                                 const char *name)
{
    const struct tn_convention *row;
    size_t at = 0;

    while ((row = tn_convention_next(hunt->work->options->platform, &at)))
        if (tn_convention_fits(row, file, name))
            return row;
    return NULL;
}

static bool take_candidate(struct hunt *hunt, const char *file, tenon_error *err)
{
    const struct tn_convention *row = convention_of(hunt, file, hunt->name);

    if (row && row->role == TN_ROLE_FRAMEWORK)
        return take_framework(hunt, file, err);
    return !row || consider(hunt, file, row) || fail(hunt, err);
}

static bool search(struct hunt *hunt, tenon_error *err)
{
    struct numbers numbers = { 0 };
    bool good = list_candidates(hunt, hunt->name, &numbers) || tn_no_memory(err);

    for (size_t i = 0; good && i < numbers.count; i++)
        good = take_candidate(hunt, hunt->names->at[numbers.at[i]], err);
    free(numbers.at);
    return good && ((follow_release(hunt) && follow_imports(hunt)) || fail(hunt, err));
}

/* Is there a file of such a library, whatever is in it? False: no memory. */
static bool look_for_any(const struct hunt *hunt, const char *name, bool *found)
{
    struct numbers numbers = { 0 };
    bool good = list_candidates(hunt, name, &numbers);

    *found = false;
    for (size_t i = 0; good && !*found && i < numbers.count; i++)
        *found = convention_of(hunt, hunt->names->at[numbers.at[i]], name);
    free(numbers.at);
    return good;
}

/* The name without "lib" and without a suffix of a library file; NULL: no memory. */
static const char *bare_name(const struct hunt *hunt)
{
    const struct tn_convention *row;
    struct tn_arena *arena = &hunt->work->plist->arena;
    size_t at = 0, start;
    const char *name = hunt->name;

    while ((row = tn_convention_next(NULL, &at))) {
        size_t size = tn_convention_name(row, name, &start);
        if (size && row->version != TN_VERSION_NUMBER)
            return tn_arena_copy(arena, name + start, size);
    }
    if (tn_begins(name, "lib"))
        name += 3;
    for (at = 0; (row = tn_convention_next(NULL, &at));) {
        size_t size = strlen(name), suffix = strlen(row->suffix);
        if (row->version == TN_VERSION_NONE && size > suffix &&
            strcmp(name + size - suffix, row->suffix) == 0)
            return tn_arena_copy(arena, name, size - suffix);
    }
    return tn_arena_string(arena, name);
}

/* Nothing was found: why. NULL: no memory. */
static const char *reason(struct hunt *hunt)
{
    char dir[TN_QUOTE_ROOM], name[TN_QUOTE_ROOM], other[TN_QUOTE_ROOM];
    struct tn_arena *arena = &hunt->work->plist->arena;
    const char *bare = bare_name(hunt);
    bool found;

    if (!bare || !look_for_any(hunt, bare, &found))
        return NULL;
    tn_quote(dir, *hunt->dir ? hunt->dir : ".");
    tn_quote(name, hunt->name);
    if (found && strcmp(bare, hunt->name) != 0)
        return tn_arena_format(arena,
                               "no library %s in %s, but there is %s: the name is the word given "
                               "to -l, without prefix and suffix",
                               name, dir, tn_quote(other, bare));
    if (hunt->left_out)
        return tn_arena_format(arena, "no library %s in %s: %s is not one", name, dir,
                               tn_quote(other, hunt->left_out));
    return tn_arena_format(arena, "no library %s in %s", name, dir);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The found files as sorted paths in the library. */
static bool keep(struct hunt *hunt, tenon_plist_library *library)
{
    size_t count = hunt->files.count + hunt->inner.count, n = 0;
    const char **files = tn_arena_rows(&hunt->work->plist->arena, count + 1, sizeof *files);

    if (!files)
        return false;
    for (size_t i = 0; i < hunt->files.count; i++)
        if (!(files[n++] = tn_plist_join(hunt->work, hunt->dir, hunt->files.at[i])))
            return false;
    for (size_t i = 0; i < hunt->inner.count; i++)
        files[n++] = hunt->inner.at[i];
    qsort(files, n, sizeof *files, compare);
    library->files = files;
    library->versions = hunt->versions.count;
    return true;
}

static bool list_dir(struct hunt *hunt, tenon_plist_library *library, tenon_error *err)
{
    char dir[TN_QUOTE_ROOM];
    int failed = tn_plist_listing(hunt->work, hunt->dir, &hunt->names);

    if (failed == ENOMEM)
        return tn_no_memory(err);
    if (!failed)
        return true;
    if (!hunt->line) /* a scan has walked through it */
        return tn_fail_system(err, failed, "%s", tn_quote(dir, hunt->dir));
    library->reason = tn_arena_format(&hunt->work->plist->arena, "the directory %s: %s",
                                      tn_quote(dir, hunt->dir), tn_errno_text(failed));
    return library->reason || tn_no_memory(err);
}

bool tn_plist_find(struct tn_plist_work *work, const char *dir, const char *name, size_t line,
                   tenon_plist_library *library, tenon_error *err)
{
    struct hunt hunt = { .work = work, .dir = dir, .name = name, .line = line };
    bool good;

    *library = (tenon_plist_library){ .dir = dir, .name = name, .line = line };
    good = list_dir(&hunt, library, err) && search(&hunt, err) &&
           (keep(&hunt, library) || tn_no_memory(err));
    if (good && !library->reason && !library->files[0])
        good = (library->reason = reason(&hunt)) || tn_no_memory(err);
    if (good && library->versions > 1)
        good = tn_plist_remark(work, line, "%zu versions of the library are taken, all there are",
                               library->versions) ||
               tn_no_memory(err);
    tn_words_free(&hunt.files);
    tn_words_free(&hunt.inner);
    tn_words_free(&hunt.versions);
    return good;
}
