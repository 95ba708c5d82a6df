/* src/bundle/replace_file.c - writes a file so that there is the old one or the new */
#include "replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "limits.h"
#include "replaceable.h"
#include "text.h"
#include "view.h"
#include "zip_file.h"

bool tn_write_all(int fd, const void *bytes, size_t size, tenon_error *err)
{
    const uint8_t *at = bytes;

    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(fd, &at[done], size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return tn_fail_system(err, errno, "writing");
        done += (size_t)wrote;
    }
    return true;
}

/* The folder of a path with its slash; "" for a path without. */
static int folder_size(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (int)(slash - path) + 1 : 0;
}

#define BESIDE ".tenon-"
#define BESIDE_DIGITS 16u

bool tn_replace_is_left(const char *name)
{
    const size_t size = strlen(BESIDE);

    return strncmp(name, BESIDE, size) == 0 &&
           strspn(name + size, "0123456789abcdef") == BESIDE_DIGITS &&
           name[size + BESIDE_DIGITS] == '\0';
}

static int open_beside(int dir, const char *path, mode_t mode, char temporary[TN_LIMIT_PATH],
                       tenon_error *err)
{
    uint64_t random;
    int fd;

    do {
        randombytes_buf(&random, sizeof random);
        if (snprintf(temporary, TN_LIMIT_PATH, "%.*s" BESIDE "%016" PRIx64, folder_size(path), path,
                     random) >= (int)TN_LIMIT_PATH) {
            tn_fail_system(err, ENAMETOOLONG, "making a file");
            return -1;
        }
        fd = openat(dir, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EEXIST);
    if (fd < 0)
        tn_fail_system(err, errno, "making a file beside it");
    return fd;
}

/* That the name survives a crash too; some file systems cannot tell, which is no failure. */
static void flush_folder(int dir, const char *path)
{
    char folder[TN_LIMIT_PATH];
    int fd;

    snprintf(folder, sizeof folder, "%.*s.", folder_size(path), path);
    fd = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* What is to be put at a path, and how. */
struct content {
    const void *bytes; /* NULL: those of `from` */
    int from;
    uint64_t size;
    mode_t mode;
    bool keep; /* whose the old file was, and its mode */
    bool flush;
    bool (*check)(int fd, tenon_error *err);                 /* NULL: none */
    bool (*check_copy)(void *arg, int fd, tenon_error *err); /* likewise, of a copy */
    void *arg;
};

static bool copy_all(int fd, const struct content *content, tenon_error *err)
{
    uint8_t piece[64 << 10];
    bool ok = true;

    for (uint64_t done = 0; ok && done < content->size;) {
        uint64_t left = content->size - done;
        size_t size = left < sizeof piece ? (size_t)left : sizeof piece;
        ok = tn_read_range(content->from, done, piece, size, err) &&
             tn_write_all(fd, piece, size, err);
        done += size;
    }
    return ok;
}

/* What the system does not let us give away stays ours. */
static void give(int fd, uid_t owner, gid_t group)
{
    if (fchown(fd, owner, group) < 0)
        return;
}

/* The group first, so that the mode lets nobody else in; the owner last, so that it can be set. */
static bool be_like(int fd, const struct stat *old, tenon_error *err)
{
    give(fd, (uid_t)-1, old->st_gid);
    if (fchmod(fd, old->st_mode & 0777) < 0)
        return tn_fail_system(err, errno, "giving it the permissions of the old one");
    give(fd, old->st_uid, (gid_t)-1);
    return true;
}

static bool fill(int fd, const struct content *content, const struct stat *old, tenon_error *err)
{
    if (!(content->bytes ? tn_write_all(fd, content->bytes, (size_t)content->size, err)
                         : copy_all(fd, content, err)) ||
        (old && !be_like(fd, old, err)))
        return false;
    if (content->flush && fsync(fd) < 0)
        return tn_fail_system(err, errno, "writing");
    return (!content->check || content->check(fd, err)) &&
           (!content->check_copy || content->check_copy(content->arg, fd, err));
}

static bool replace(int dir, const char *path, const struct content *content, tenon_error *err)
{
    char temporary[TN_LIMIT_PATH];
    struct stat old;
    bool ok, kept;
    int fd;

    if (!tn_is_replaceable(dir, path, &old, &kept, err))
        return false;
    kept = kept && content->keep;
    fd = open_beside(dir, path, kept ? 0600 : content->mode, temporary, err);
    if (fd < 0)
        return false;
    ok = fill(fd, content, kept ? &old : NULL, err);
    if (close(fd) < 0 && ok)
        ok = tn_fail_system(err, errno, "writing");
    if (ok && renameat(dir, temporary, dir, path) < 0)
        ok = tn_fail_system(err, errno, "putting it in place");
    if (!ok)
        unlinkat(dir, temporary, 0);
    else if (content->flush)
        flush_folder(dir, path);
    return ok;
}

/* Who ends the process waits until there is the old file or the new one, and no third. */
static bool replace_undisturbed(int dir, const char *path, const struct content *content,
                                tenon_error *err)
{
    static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ };
    sigset_t held, before;
    bool ok;

    sigemptyset(&held);
    for (size_t i = 0; i < TN_COUNT(numbers); i++)
        sigaddset(&held, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &held, &before);
    ok = replace(dir, path, content, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static bool replace_named(int dir, const char *path, const struct content *content,
                          tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    return replace_undisturbed(dir, path, content, err) ||
           tn_context(err, "%s", tn_quote(shown, path));
}

bool tn_replace_file(int dir, const char *path, const void *bytes, size_t size, mode_t mode,
                     bool (*check)(int fd, tenon_error *err), tenon_error *err)
{
    const struct content content = {
        .bytes = bytes, .size = size, .mode = mode, .flush = true, .check = check
    };

    return replace_named(dir, path, &content, err);
}

bool tn_replace_unflushed(int dir, const char *path, const void *bytes, size_t size, mode_t mode,
                          tenon_error *err)
{
    const struct content content = { .bytes = bytes, .size = size, .mode = mode };

    return replace_named(dir, path, &content, err);
}

bool tn_replace_kept(const char *path, const void *bytes, size_t size,
                     bool (*check)(int fd, tenon_error *err), tenon_error *err)
{
    const struct content content = {
        .bytes = bytes, .size = size, .mode = 0666, .keep = true, .flush = true, .check = check
    };

    return replace_named(AT_FDCWD, path, &content, err);
}

bool tn_replace_by_copy(const char *path, int from, uint64_t size, mode_t mode,
                        bool (*check)(void *arg, int fd, tenon_error *err), void *arg,
                        tenon_error *err)
{
    const struct content content = {
        .from = from, .size = size, .mode = mode, .flush = true, .check_copy = check, .arg = arg
    };

    return replace_named(AT_FDCWD, path, &content, err);
}
