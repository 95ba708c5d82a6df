/* src/base/world_dir.c - directory trees of this system as layers, and its files */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif

#include "world_private.h"

/* O_NONBLOCK: opening a pipe must not wait for a writer. Regular files do not mind it. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/*
 * Where a process has threads, the C library makes every call that pthread_cancel() may end take
 * the time of another cheap one. Nobody cancels ours. Only where a long holds an offset: elsewhere
 * the kernel's arguments differ from one machine to the next.
 */
#if defined __linux__ && defined __LP64__
static int sys_open(int root, const char *path, int flags)
{
    return (int)syscall(SYS_openat, root, path, flags);
}

static ssize_t sys_read(int fd, void *bytes, size_t size, uint64_t offset)
{
    return syscall(SYS_pread64, fd, bytes, size, (off_t)offset);
}

static void sys_close(int fd)
{
    (void)syscall(SYS_close, fd);
}
#else
static int sys_open(int root, const char *path, int flags)
{
    return openat(root, path, flags);
}

static ssize_t sys_read(int fd, void *bytes, size_t size, uint64_t offset)
{
    return pread(fd, bytes, size, (off_t)offset);
}

static void sys_close(int fd)
{
    close(fd);
}
#endif

struct dir_layer {
    int root;             /* AT_FDCWD: the layer is "/" itself, and paths are used as they are */
    bool without_openat2; /* the kernel has none, or does not let us */
};

/* A file handle is its descriptor plus one: no memory to allocate, and never NULL. */
static void *handle_of(int fd)
{
    return (void *)((intptr_t)fd + 1);
}

static int fd_of(const void *handle)
{
    return (int)((intptr_t)handle - 1);
}

static enum tenon_file_type type_of(mode_t mode)
{
    return S_ISREG(mode)   ? TENON_FILE_REGULAR
           : S_ISDIR(mode) ? TENON_FILE_DIRECTORY
           : S_ISLNK(mode) ? TENON_FILE_SYMLINK
                           : TENON_FILE_OTHER;
}

static void fill_info(const struct stat *st, tenon_file_info *info)
{
    *info = (tenon_file_info){
        .device = (uint64_t)st->st_dev,
        .inode = (uint64_t)st->st_ino,
        .size = (uint64_t)st->st_size,
        .changed = st->st_ctim.tv_sec < 0
                       ? 0
                       : (uint64_t)st->st_ctim.tv_sec * 1000000000 + (uint64_t)st->st_ctim.tv_nsec,
        .mode = (uint32_t)st->st_mode & 07777,
        .type = type_of(st->st_mode),
    };
}

/* Ends every way of opening: fills *info or closes again. */
static int opened(int fd, tenon_file_info *info)
{
    struct stat st;

    if (fd < 0)
        return errno;
    if (fstat(fd, &st) != 0) {
        int error = errno;
        close(fd);
        return error;
    }
    fill_info(&st, info);
    return 0;
}

static int open_again(int root, const char *path, int flags)
{
    int fd;

    do
        fd = sys_open(root, path, flags);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int tn_system_open(const char *path, tenon_file_info *info, void **file)
{
    int fd = open_again(AT_FDCWD, path, OPEN_FLAGS);
    int error = opened(fd, info);

    *file = error ? NULL : handle_of(fd);
    return error;
}

int tn_system_open_dir(const char *path, tenon_file_info *info, int *fd)
{
    *fd = open_again(AT_FDCWD, path, OPEN_FLAGS | O_DIRECTORY);
    return opened(*fd, info);
}

int tn_system_stat(const char *path, tenon_file_info *info)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno;
    fill_info(&st, info);
    return 0;
}

int tn_system_lstat(const char *path, tenon_file_info *info)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno;
    fill_info(&st, info);
    return 0;
}

int tn_system_list(int fd, int (*each)(void *arg, const char *name), void *arg)
{
    int result = 0;
    DIR *dir = fdopendir(fd);

    if (!dir) {
        result = errno;
        close(fd);
        return result;
    }
    while (result == 0) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) {
            result = errno;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = each(arg, entry->d_name);
    }
    closedir(dir);
    return result;
}

/* What a path of the layer is called from its root. */
static const char *below(const struct dir_layer *layer, const char *path)
{
    if (layer->root == AT_FDCWD)
        return path;
    return path[1] ? path + 1 : ".";
}

/* Opens a relative path directory by directory, none of which may be a symbolic link. */
static int open_by_steps(int root, const char *path, int flags)
{
    int at = root;

    for (const char *end; at >= 0 && (end = strchr(path, '/')) != NULL; path = end + 1) {
        char name[TN_LIMIT_PATH]; /* as long as a whole path can be */
        memcpy(name, path, (size_t)(end - path));
        name[end - path] = '\0';
        int next = open_again(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int error = errno;
        if (at != root)
            close(at);
        errno = error;
        at = next;
    }
    if (at < 0)
        return -1;
    int fd = open_again(at, path, flags | O_NOFOLLOW);
    int error = errno;
    if (at != root)
        close(at);
    errno = error;
    return fd;
}

/*
 * The path is resolved already, so there is no symbolic link in it, unless somebody changes the
 * tree at this very moment: none is followed, on the way or at the end, so that nothing outside
 * the tree can be opened even then. Kernels before 5.6 cannot be told so for a whole path.
 */
static int open_below(struct dir_layer *layer, const char *path, int flags)
{
    if (layer->root == AT_FDCWD) /* all of this system: there is no outside */
        return open_again(AT_FDCWD, path, flags | O_NOFOLLOW);
#if defined SYS_openat2 && defined RESOLVE_BENEATH
    if (!layer->without_openat2) {
        struct open_how how = {
            .flags = (unsigned)(flags | O_NOFOLLOW),
            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        long fd;
        do
            fd = syscall(SYS_openat2, layer->root, below(layer, path), &how, sizeof how);
        while (fd < 0 && errno == EINTR);
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
            return (int)fd;
        layer->without_openat2 = true;
    }
#endif
    return open_by_steps(layer->root, below(layer, path), flags);
}

static int dir_open(void *state, const char *path, tenon_file_info *info, void **file)
{
    int fd = open_below(state, path, OPEN_FLAGS);
    int error = opened(fd, info);

    *file = error ? NULL : handle_of(fd);
    return error;
}

static int dir_read(void *state, void *file, uint64_t offset, void *bytes, size_t size, size_t *got)
{
    ssize_t count;

    (void)state;
    *got = 0;
    if (offset > INT64_MAX) /* past the end of any file */
        return 0;
    do
        count = sys_read(fd_of(file), bytes, size, offset);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno;
    *got = (size_t)count;
    return 0;
}

static void dir_close(void *state, void *file)
{
    (void)state;
    sys_close(fd_of(file));
}

static int dir_lstat(void *state, const char *path, tenon_file_info *info)
{
    const struct dir_layer *layer = state;
    struct stat st;

    if (fstatat(layer->root, below(layer, path), &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno;
    fill_info(&st, info);
    return 0;
}

static int dir_readlink(void *state, const char *path, char *target, size_t size, size_t *length)
{
    const struct dir_layer *layer = state;
    ssize_t count = readlinkat(layer->root, below(layer, path), target, size);

    if (count < 0)
        return errno;
    *length = (size_t)count;
    return 0;
}

static int dir_list(void *state, const char *path, int (*each)(void *arg, const char *name),
                    void *arg)
{
    int fd = open_below(state, path, OPEN_FLAGS | O_DIRECTORY);

    return fd < 0 ? errno : tn_system_list(fd, each, arg);
}

static void dir_free(void *state)
{
    struct dir_layer *layer = state;

    if (layer->root != AT_FDCWD)
        close(layer->root);
    free(layer);
}

int tn_dir_layer(const char *dir, void **layer)
{
    struct dir_layer *made = malloc(sizeof *made);

    if (!made)
        return ENOMEM;
    *made = (struct dir_layer){ .root = AT_FDCWD };
    if (dir) {
        made->root = open_again(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (made->root < 0) {
            int error = errno;
            free(made);
            return error;
        }
    }
    *layer = made;
    return 0;
}

const tenon_layer_ops tn_dir_ops = {
    .open = dir_open,
    .read = dir_read,
    .close = dir_close,
    .lstat = dir_lstat,
    .readlink = dir_readlink,
    .list = dir_list,
    .free = dir_free,
};
