/* src/plist/plist.c - a packing list and the tree that it is about */
#include "plist.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "fail.h"
#include "limits.h"
#include "text.h"

tenon_plist *tn_plist_new(const tenon_plist_options *options, tenon_error *err)
{
    if (options->root && !*options->root) { /* with a slash behind it, it would be "/" */
        tn_fail(err, TENON_E_ARGUMENT, "the root of a list is an empty string");
        return NULL;
    }
    tenon_plist *plist = calloc(1, sizeof *plist);

    if (!plist)
        tn_no_memory(err);
    return plist;
}

void tenon_plist_free(tenon_plist *plist)
{
    if (!plist)
        return;
    tn_words_free(&plist->lines);
    tn_words_free(&plist->remarks);
    free(plist->libraries);
    tn_arena_free(&plist->arena);
    free(plist);
}

const char *tenon_plist_line(const tenon_plist *plist, size_t i)
{
    return i < plist->lines.count ? plist->lines.at[i] : NULL;
}

const tenon_plist_library *tenon_plist_library_at(const tenon_plist *plist, size_t i)
{
    return i < plist->library_count ? &plist->libraries[i] : NULL;
}

const char *tenon_plist_remark(const tenon_plist *plist, size_t i)
{
    return i < plist->remarks.count ? plist->remarks.at[i] : NULL;
}

const char *tn_plist_path(const struct tn_plist_work *work, const char *below)
{
    const char *root = work->options->root ? work->options->root : ".";

    if (!*below)
        below = ".";
    return tn_arena_format(&work->plist->arena, "%s/%s", root, below);
}

const char *tn_plist_join(const struct tn_plist_work *work, const char *dir, const char *name)
{
    size_t size = strlen(dir);

    while (size > 1 && dir[size - 1] == '/')
        size--;
    if (size == 0 || strcmp(dir, ".") == 0)
        return tn_arena_string(&work->plist->arena, name);
    return tn_arena_format(&work->plist->arena, "%.*s/%s", (int)size, dir, name);
}

struct listing {
    const struct tn_plist_work *work;
    struct tn_words *names;
};

static int add_name(void *arg, const char *name)
{
    struct listing *listing = arg;
    const char *copy = tn_arena_string(&listing->work->plist->arena, name);

    return copy && tn_words_add(listing->names, copy) ? 0 : ENOMEM;
}

int tn_plist_names(const struct tn_plist_work *work, const char *dir, struct tn_words *names)
{
    struct listing listing = { work, names };
    const char *path = tn_plist_path(work, dir);

    return path ? tenon_world_list(work->world, path, add_name, &listing) : ENOMEM;
}

static bool has_dll(const struct tn_words *names)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t size = strlen(names->at[i]);
        if (size > 4 && strcasecmp(names->at[i] + size - 4, ".dll") == 0)
            return true;
    }
    return false;
}

int tn_plist_listing(struct tn_plist_work *work, const char *dir, const struct tn_words **names)
{
    int failed = 0;

    if (!work->listed_dir || strcmp(work->listed_dir, dir) != 0) {
        work->listed.count = 0;
        work->listed_dir = NULL;
        failed = tn_plist_names(work, dir, &work->listed);
        if (!failed && !(work->listed_dir = tn_arena_string(&work->plist->arena, dir)))
            failed = ENOMEM;
        work->listed_has_dll = has_dll(&work->listed);
    }
    *names = &work->listed;
    return failed;
}

static bool walk_one(const struct tn_plist_work *work, const char *below, struct tn_words *files,
                     unsigned depth, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    const char *path = tn_plist_path(work, below);
    tenon_file_info info;
    int failed = path ? tenon_world_lstat(work->world, path, &info) : ENOMEM;

    if (failed)
        return tn_fail_system(err, failed, "%s", tn_quote(shown, path ? path : below));
    if (info.type == TENON_FILE_DIRECTORY)
        return tn_plist_walk(work, below, files, depth + 1, err);
    return tn_words_add(files, below) || tn_no_memory(err);
}

bool tn_plist_walk(const struct tn_plist_work *work, const char *dir, struct tn_words *files,
                   unsigned depth, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_words names = { 0 };
    int failed = tn_plist_names(work, dir, &names);
    bool good = !failed;

    if (failed)
        tn_fail_system(err, failed, "%s",
                       tn_quote(shown, *dir                  ? dir
                                       : work->options->root ? work->options->root
                                                             : "."));
    else if (depth > 64 || files->count > TN_LIMIT_WORLD_CACHE * 16)
        good = tn_fail(err, TENON_E_LIMIT, "%s: too many files or too deep", tn_quote(shown, dir));
    for (size_t i = 0; good && i < names.count; i++) {
        const char *below = tn_plist_join(work, dir, names.at[i]);
        good = below ? walk_one(work, below, files, depth, err) : tn_no_memory(err);
    }
    tn_words_free(&names);
    return good;
}

bool tn_plist_remark(struct tn_plist_work *work, size_t line, const char *format, ...)
{
    char text[TENON_ERROR_TEXT];
    va_list arguments;

    if (!line)
        return true;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *remark = tn_arena_format(&work->plist->arena, "line %zu: %s", line, text);
    return remark && tn_words_add(&work->plist->remarks, remark);
}
