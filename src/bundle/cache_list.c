/* src/bundle/cache_list.c - what is in a cache, and its removal */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cache_private.h"
#include "fail.h"
#include "limits.h"
#include "replace_file.h"
#include "text.h"

/* Opens a directory for listing; `dir` stays open. */
static DIR *list_directory(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (!list && fd >= 0)
        close(fd);
    return list;
}

/* NULL at the end, with *failed 0, and when the rest cannot be read. */
static const char *next_name(DIR *list, int *failed)
{
    struct dirent *entry;

    do {
        errno = 0;
        entry = readdir(list);
        *failed = entry ? 0 : errno;
    } while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry ? entry->d_name : NULL;
}

/* No link is followed. We make no directories below another one, but somebody may have. */
static int remove_tree(int parent, const char *name, unsigned depth)
{
    DIR *list = list_directory(parent, name);
    const char *file;
    int failed = 0, unread;

    if (!list && errno == ENOTDIR)
        return unlinkat(parent, name, 0) < 0 && errno != ENOENT ? errno : 0;
    if (!list)
        return errno == ENOENT ? 0 : errno;
    while ((file = next_name(list, &unread))) {
        int here = unlinkat(dirfd(list), file, 0) < 0 ? errno : 0;
        if (here == EISDIR || here == EPERM) /* Linux; POSIX */
            here = depth < TN_LIMIT_CACHE_DEPTH ? remove_tree(dirfd(list), file, depth + 1) : here;
        if (here != ENOENT && !failed)
            failed = here;
    }
    closedir(list);
    failed = failed ? failed : unread;
    if (!failed && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        failed = errno;
    return failed;
}

int tn_cache_remove(int parent, const char *name)
{
    return remove_tree(parent, name, 0);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_ours(const char *name)
{
    return strncmp(name, TN_CACHE_TEMPORARY, strlen(TN_CACHE_TEMPORARY)) == 0 ||
           tn_replace_is_left(name) || (strspn(name, "0123456789abcdef") == 64 && name[64] == '.');
}

/* One that was written beside the index. Returns 0 or an errno value. */
static int look_at_file(const struct tn_cache *cache, struct tn_cache_row *row)
{
    struct stat info;

    if (fstatat(cache->dir, row->name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : errno;
    row->size = (uint64_t)info.st_size;
    row->files = 1;
    row->used = info.st_mtim.tv_sec;
    return 0;
}

/* Returns 0 or an errno value; a row that another process removed is empty. */
static int look_at(struct tn_cache *cache, struct tn_arena *arena, struct tn_cache_row *row)
{
    DIR *list = list_directory(cache->dir, row->name);
    struct tn_notes notes;
    struct stat info;
    const char *file;
    int failed;

    row->plugin = row->version = "";
    if (!list && errno == ENOTDIR)
        return look_at_file(cache, row);
    if (!list)
        return errno == ENOENT ? 0 : errno;
    if (fstat(dirfd(list), &info) == 0)
        row->used = info.st_mtim.tv_sec;
    while ((file = next_name(list, &failed)))
        if (fstatat(dirfd(list), file, &info, AT_SYMLINK_NOFOLLOW) == 0) {
            row->size += (uint64_t)info.st_size;
            row->files += strcmp(file, TN_CACHE_INDEX) != 0;
        }
    if (tn_notes_read(dirfd(list), arena, &notes)) {
        row->plugin = notes.plugin;
        row->version = notes.version;
    }
    closedir(list);
    return failed;
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct tn_cache_row *)a)->name, ((const struct tn_cache_row *)b)->name);
}

/* A growing list of rows. */
struct found {
    struct tn_cache_row *rows;
    size_t count, room;
};

static bool add_row(struct found *found, struct tn_arena *arena, const char *name)
{
    const char *copy = tn_arena_string(arena, name);

    if (!copy || !tn_grow(&found->rows, &found->room, found->count, sizeof *found->rows))
        return false;
    found->rows[found->count++] = (struct tn_cache_row){
        .name = copy,
        .unfinished = name[0] == '.',
    };
    return true;
}

bool tn_cache_list(struct tn_cache *cache, struct tn_arena *arena, struct tn_cache_row **rows,
                   size_t *count, tenon_error *err)
{
    DIR *list = list_directory(cache->dir, ".");
    struct found found = { 0 };
    const char *name;
    int failed = 0;
    bool ok = true;

    if (!list)
        return tn_fail_system(err, errno, "cache directory %s", cache->path);
    while (ok && (name = next_name(list, &failed)))
        if (is_ours(name))
            ok = add_row(&found, arena, name) || tn_no_memory(err);
    closedir(list);
    if (failed)
        ok = tn_fail_system(err, failed, "cache directory %s", cache->path);
    *count = found.count;
    *rows = tn_arena_rows(arena, found.count + 1, sizeof **rows);
    if (ok && !*rows)
        ok = tn_no_memory(err);
    if (ok && found.count) {
        memcpy(*rows, found.rows, found.count * sizeof **rows);
        qsort(*rows, found.count, sizeof **rows, compare_rows);
        for (size_t i = 0; ok && i < found.count; i++) {
            failed = look_at(cache, arena, &(*rows)[i]);
            ok = !failed ||
                 tn_fail_system(err, failed, "cache directory %s/%s", cache->path, (*rows)[i].name);
        }
    }
    free(found.rows);
    return ok;
}

/* ---- removal --------------------------------------------------------------------------------- */

static bool remove_rows(struct tn_cache *cache, bool all,
                        void (*each)(void *arg, const struct tn_cache_row *row), void *arg,
                        tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_cache_row *rows;
    size_t count;
    bool ok = tn_cache_list(cache, &arena, &rows, &count, err);

    for (size_t i = 0; ok && i < count; i++) {
        if (!all && !rows[i].unfinished)
            continue;
        int failed = tn_cache_remove(cache->dir, rows[i].name);
        if (failed)
            ok = tn_fail_system(err, failed, "removing %s/%s", cache->path, rows[i].name);
        else if (each)
            each(arg, &rows[i]);
    }
    tn_arena_free(&arena);
    int failed = ok && all ? tn_cache_remove(cache->dir, TN_CACHE_KNOWN) : 0;
    return failed ? tn_fail_system(err, failed, "removing %s/%s", cache->path, TN_CACHE_KNOWN) : ok;
}

bool tn_cache_prune(struct tn_cache *cache, bool all,
                    void (*each)(void *arg, const struct tn_cache_row *row), void *arg,
                    tenon_error *err)
{
    bool ok;

    if (flock(cache->lock, LOCK_EX | LOCK_NB) < 0)
        return tn_fail_system(err, errno == EWOULDBLOCK ? EBUSY : errno,
                              "cache directory %s: a program is loading plugins from it",
                              cache->path);
    ok = remove_rows(cache, all, each, arg, err);
    flock(cache->lock, LOCK_SH);
    return ok;
}
