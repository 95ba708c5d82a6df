/* src/bundle/cache_place.c - where the cache is, and whether it can be trusted */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cache_private.h"
#include "fail.h"
#include "limits.h"
#include "text.h"

const char *tn_cache_place(const tenon_world *world, struct tn_arena *arena, tenon_error *err)
{
    const char *own = tenon_world_env(world, "TENON_CACHE");
    const char *xdg = tenon_world_env(world, "XDG_CACHE_HOME");
    const char *home = tenon_world_env(world, "HOME");
    const char *place = NULL;

    if (tenon_world_secure(world)) {
        tn_fail(err, TENON_E_ARGUMENT,
                "a privileged process takes no cache directory from its environment");
        return NULL;
    }
    /* rule  XDG Base Directory Specification: relative paths are to be ignored */
    if (own && own[0])
        place = tn_arena_string(arena, own);
    else if (xdg && xdg[0] == '/')
        place = tn_arena_format(arena, "%s/tenon", xdg);
    else if (home && home[0] == '/')
        place = tn_arena_format(arena, "%s/.cache/tenon", home);
    else {
        tn_fail(err, TENON_E_ARGUMENT,
                "no cache directory: none of TENON_CACHE, XDG_CACHE_HOME and HOME is set");
        return NULL;
    }
    if (!place)
        tn_no_memory(err);
    return place;
}

/* Makes the directories of `path` one after the other. rule  XDG: mode 0700 */
static int make_all(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(path, 0700) < 0 && errno != EEXIST ? errno : 0;
        *slash = '/';
        /* a read-only or foreign directory above is no matter when the next one is there */
        if (failed && failed != EROFS && failed != EACCES && failed != EPERM)
            return failed;
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? errno : 0;
}

char *tn_cache_make_place(const char *directory, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM], *copy, *path = NULL;
    int failed;

    if (!directory[0]) {
        tn_fail(err, TENON_E_ARGUMENT, "an empty name for the cache directory");
        return NULL;
    }
    path = realpath(directory, NULL);
    if (path)
        return path;
    copy = strdup(directory);
    if (!copy) {
        tn_no_memory(err);
        return NULL;
    }
    failed = make_all(copy);
    free(copy);
    if (!failed && !(path = realpath(directory, NULL)))
        failed = errno;
    if (failed)
        tn_fail_system(err, failed, "cache directory %s", tn_quote(shown, directory));
    return path;
}

/* `above`: of a directory above the cache, where a sticky bit keeps others from renaming ours. */
static bool check_owner(const char *shown, const struct stat *info, bool above, tenon_error *err)
{
    bool ours = info->st_uid == geteuid() || (above && info->st_uid == 0);

    if (!ours)
        return tn_fail(err, TENON_E_ARGUMENT,
                       "the directory %s belongs to user %ju, who could change what is loaded "
                       "from it",
                       shown, (uintmax_t)info->st_uid);
    if ((info->st_mode & (S_IWGRP | S_IWOTH)) && !(above && info->st_mode & S_ISVTX))
        return tn_fail(err, TENON_E_ARGUMENT,
                       "the directory %s can be written by others (mode %04o), who could change "
                       "what is loaded from it",
                       shown, (unsigned)(info->st_mode & 07777));
    return true;
}

/* Checks the open directory that the first `size` bytes of the path name. */
static bool check_directory(int dir, const char *path, size_t size, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM], prefix[TN_LIMIT_PATH];
    struct stat info;

    if (size >= sizeof prefix)
        return tn_fail_system(err, ENAMETOOLONG, "cache directory");
    memcpy(prefix, path, size);
    prefix[size] = '\0';
    tn_quote(shown, prefix);
    if (fstat(dir, &info) < 0)
        return tn_fail_system(err, errno, "%s", shown);
    return check_owner(shown, &info, path[size] != '\0', err);
}

/* Opens the component that follows the first *size bytes of the path; closes `dir`. */
static int descend(int dir, const char *path, size_t *size)
{
    size_t start = *size + (path[*size] == '/'), length = strcspn(path + start, "/");
    char name[TN_LIMIT_PATH];
    int next = -1, failed = ENAMETOOLONG;

    if (length < sizeof name) {
        memcpy(name, path + start, length);
        name[length] = '\0';
        next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        failed = errno;
    }
    close(dir);
    *size = start + length;
    errno = failed;
    return next;
}

/* Walks down from the root, so that no directory is asked for by a path that could change. */
static int walk(const char *path, tenon_error *err)
{
    int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    size_t size = 1;

    while (dir >= 0) {
        if (!check_directory(dir, path, size, err)) {
            close(dir);
            return -1;
        }
        if (path[size] == '\0')
            return dir;
        dir = descend(dir, path, &size);
    }
    tn_fail_system(err, errno, "opening it");
    return -1;
}

int tn_cache_open_place(const char *path, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    int dir = walk(path, err);
    struct statvfs facts;
    bool ok = dir >= 0;

    if (ok && fstatvfs(dir, &facts) < 0)
        ok = tn_fail_system(err, errno, "asking about its file system");
    else if (ok && facts.f_flag & ST_NOEXEC)
        ok = tn_fail(err, TENON_E_ARGUMENT,
                     "it is on a file system mounted noexec, from which no code can be loaded");
    if (ok)
        return dir;
    tn_context(err, "cache directory %s", tn_quote(shown, path));
    if (dir >= 0)
        close(dir);
    return -1;
}
