/* src/link/temp.c - temporary files of the launchers */
#include "temp.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "limits.h"
#include "replaceable.h"
#include "text.h"

static const char *temporary_directory(void)
{
    const char *directory = getenv("TMPDIR");

    return directory && *directory ? directory : "/tmp";
}

int tn_temp_append(int descriptor, struct tn_view bytes)
{
    while (bytes.size > 0) {
        ssize_t wrote = write(descriptor, bytes.at, bytes.size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return errno;
        if (!tn_view_sub(bytes, (uint64_t)wrote, bytes.size - (size_t)wrote, &bytes))
            return EIO;
    }
    return 0;
}

int tn_temp_nameless(tenon_error *err)
{
    char path[TN_LIMIT_PATH];
    const char *directory = temporary_directory();
    int descriptor = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (descriptor >= 0)
        return descriptor;
    /* not every file system has files without names */
    if (snprintf(path, sizeof path, "%s/tenon-XXXXXX", directory) >= (int)sizeof path) {
        tn_fail_system(err, ENAMETOOLONG, "TMPDIR");
        return -1;
    }
    descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor < 0)
        tn_fail_system(err, errno, "%s", directory);
    else
        unlink(path);
    return descriptor;
}

/* Fills a file that was just made; a failure takes it away. */
static bool fill(int descriptor, const char *path, struct tn_view bytes, const mode_t *mode,
                 tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    int failed = tn_temp_append(descriptor, bytes);

    if (!failed && mode && fchmod(descriptor, *mode) != 0)
        failed = errno;
    if (close(descriptor) != 0 && !failed)
        failed = errno;
    if (!failed)
        return true;
    unlink(path);
    return tn_fail_system(err, failed, "%s", tn_quote(shown, path));
}

const char *tn_temp_file(struct tn_arena *arena, const char *suffix, struct tn_view bytes,
                         tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    char *path = tn_arena_format(arena, "%s/tenon-XXXXXX%s", temporary_directory(), suffix);

    if (!path) {
        tn_no_memory(err);
        return NULL;
    }
    int descriptor = mkostemps(path, (int)strlen(suffix), O_CLOEXEC);
    if (descriptor < 0) {
        tn_fail_system(err, errno, "%s", tn_quote(shown, path));
        return NULL;
    }
    return fill(descriptor, path, bytes, NULL, err) ? path : NULL;
}

const char *tn_temp_directory(struct tn_arena *arena, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    char *path = tn_arena_format(arena, "%s/tenon-XXXXXX", temporary_directory());

    if (!path) {
        tn_no_memory(err);
        return NULL;
    }
    if (!mkdtemp(path)) {
        tn_fail_system(err, errno, "%s", tn_quote(shown, path));
        return NULL;
    }
    return path;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

void tn_temp_remove_directory(const char *path)
{
    if (path && rmdir(path) != 0)
        (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *tn_temp_file_in(struct tn_arena *arena, const char *directory, const char *name,
                            struct tn_view bytes, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    const char *path = tn_arena_format(arena, "%s/%s", directory, name);

    if (!path) {
        tn_no_memory(err);
        return NULL;
    }
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        tn_fail_system(err, errno, "%s", tn_quote(shown, path));
        return NULL;
    }
    return fill(descriptor, path, bytes, NULL, err) ? path : NULL;
}

/*
 * Writes into a file in a directory where none can be made, as compilers do; a failure leaves it
 * empty, as it cannot be taken away.
 */
static bool write_over(const char *path, struct tn_view bytes, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    int failed = descriptor < 0 ? errno : tn_temp_append(descriptor, bytes);

    if (!failed && ftruncate(descriptor, (off_t)bytes.size) != 0)
        failed = errno;
    if (descriptor >= 0 && failed)
        (void)!ftruncate(descriptor, 0);
    if (descriptor >= 0 && close(descriptor) != 0 && !failed)
        failed = errno;
    return !failed || tn_fail_system(err, failed, "%s", tn_quote(shown, path));
}

/* The new file is made beside the old one: rename works only within a file system. */
bool tn_temp_write(const char *path, const char *like, struct tn_view bytes, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    char shown[TN_QUOTE_ROOM];
    struct stat old, there;
    bool good = false, is_there;
    char *beside = tn_arena_format(&arena, "%s.tenon-XXXXXX", path);
    int descriptor = -1;

    if (!beside)
        return tn_no_memory(err);
    if (!tn_is_replaceable(AT_FDCWD, path, &there, &is_there, err))
        tn_context(err, "%s", tn_quote(shown, path));
    else if (stat(like, &old) != 0)
        tn_fail_system(err, errno, "%s", tn_quote(shown, like));
    else if ((descriptor = mkostemp(beside, O_CLOEXEC)) < 0)
        good = is_there && errno == EACCES
                   ? write_over(path, bytes, err)
                   : tn_fail_system(err, errno, "%s", tn_quote(shown, beside));
    else if (fill(descriptor, beside, bytes, &(mode_t){ old.st_mode & 07777 }, err))
        good = rename(beside, path) == 0 || tn_fail_system(err, errno, "%s", tn_quote(shown, path));
    if (!good && descriptor >= 0)
        unlink(beside);
    tn_arena_free(&arena);
    return good;
}

bool tn_temp_replace(const char *path, struct tn_view bytes, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    char *real = realpath(path, NULL);

    if (!real)
        return tn_fail_system(err, errno, "%s", tn_quote(shown, path));
    bool good = tn_temp_write(real, real, bytes, err);
    free(real);
    return good;
}

bool tn_temp_read(int descriptor, struct tn_arena *arena, struct tn_view *out, tenon_error *err)
{
    struct stat info;

    if (fstat(descriptor, &info) != 0)
        return tn_fail_system(err, errno, "temporary file");
    if (info.st_size > (off_t)TN_LIMIT_REPORT)
        return tn_fail(err, TENON_E_LIMIT, "a linker's report of more than %u bytes",
                       TN_LIMIT_REPORT);
    size_t size = (size_t)info.st_size, have = 0;
    char *bytes = tn_arena_bytes(arena, size + 1);
    if (!bytes)
        return tn_no_memory(err);
    while (have < size) {
        ssize_t got = pread(descriptor, bytes + have, size - have, (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tn_fail_system(err, errno, "temporary file");
        if (got == 0)
            break;
        have += (size_t)got;
    }
    bytes[have] = '\0';
    *out = tn_view(bytes, have);
    return true;
}
