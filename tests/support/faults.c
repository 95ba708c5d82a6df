/*
 * tests/support/faults.c - preloaded into a program: makes one call of a kind fail
 *
 * TENON_FAULT is KIND:NUMBER:ERROR or KIND:NUMBER:ERROR:on - the NUMBERth call of the kind (with
 * "on" each one from there) fails with that errno, or gives half of what was asked ("short").
 * TENON_FAULT_LOG names a file that says what failed. Both, and LD_PRELOAD, are gone before main():
 * what the program starts is left alone, and it is told nothing of us.
 *
 * What libc calls inside itself cannot be replaced. Streams for writing are therefore made anew
 * with our write and close; those that read, and opendir() and realpath(), fail as a whole.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHORT (-1)
#define ALIAS(name) __attribute__((alias(#name)))

static char wanted[32];
static long number;
static int error, log_fd = -1, stays;
static atomic_long reached;
static atomic_int active;
static int ready;
static long (*raw)(long, ...); /* libc's syscall() */

static const struct {
    const char *name;
    int error;
} errors[] = {
    { "short", SHORT },   { "EIO", EIO },       { "ENOSPC", ENOSPC }, { "EINTR", EINTR },
    { "EROFS", EROFS },   { "EACCES", EACCES }, { "EMFILE", EMFILE }, { "EAGAIN", EAGAIN },
    { "ENOMEM", ENOMEM }, { "EDQUOT", EDQUOT }, { "EPERM", EPERM },   { "EXDEV", EXDEV },
    { "ENOLCK", ENOLCK },
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

/* Tells without the functions that are replaced here. */
static void tell(const char *kind, const char *what)
{
    char line[4400];
    size_t size = 0;

    for (const char *word = kind; *word; word++)
        line[size++] = *word;
    line[size++] = ' ';
    for (; *what && size < sizeof line - 1; what++)
        line[size++] = *what;
    line[size++] = '\n';
    raw(SYS_write, log_fd, line, size);
}

/* What this call is to fail with: an errno, SHORT, or 0. */
static int fault(const char *kind, const char *what)
{
    if (!active || strcmp(kind, wanted) != 0)
        return 0;
    long count = atomic_fetch_add(&reached, 1) + 1;
    if (count != number && !(stays && count > number))
        return 0;
    tell(kind, what ? what : "");
    return error;
}

static int fault_of(const char *kind, int fd)
{
    char link[40], path[4096];

    if (!active || strcmp(kind, wanted) != 0)
        return 0;
    int size = (int)sizeof link;
    char *end = &link[size - 1];
    *end = '\0';
    unsigned left = (unsigned)fd;
    do
        *--end = (char)('0' + left % 10);
    while (left /= 10);
    static const char folder[] = "/proc/self/fd/";
    end -= sizeof folder - 1;
    memcpy(end, folder, sizeof folder - 1);
    long got = raw(SYS_readlinkat, AT_FDCWD, end, path, sizeof path - 1);
    path[got < 0 ? 0 : got] = '\0';
    return fault(kind, path);
}

#define REAL(type, name, parameters)                                                               \
    static type(*real) parameters;                                                                 \
    if (!real)                                                                                     \
    real = (type(*) parameters)dlsym(RTLD_NEXT, name)

#define FAIL_IF(kind, what, result)                                                                \
    do {                                                                                           \
        int failed = fault(kind, what);                                                            \
        if (failed) {                                                                              \
            errno = failed;                                                                        \
            return result;                                                                         \
        }                                                                                          \
    } while (0)

__attribute__((constructor)) static void begin(void)
{
    raw = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    const char *text = getenv("TENON_FAULT"), *log = getenv("TENON_FAULT_LOG");
    char name[16] = "", how[16] = "";

    if (text && sscanf(text, "%31[^:]:%ld:%15[^:]:%15s", wanted, &number, name, how) >= 3)
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
            if (strcmp(errors[i].name, name) == 0)
                error = errors[i].error;
    stays = strcmp(how, "on") == 0;
    if (log)
        log_fd =
            (int)raw(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    unsetenv("TENON_FAULT");
    unsetenv("TENON_FAULT_LOG");
    unsetenv("LD_PRELOAD");
    ready = error != 0 && log_fd >= 0;
    active = ready && !dlsym(RTLD_NEXT, "tenon_load");
}

__attribute__((destructor)) static void end(void)
{
    active = 0;
}

/* ---- in a host that joins libtenon only what that does is to fail ---------------------------- */

#define WITHIN(type, name, parameters, call)                                                       \
    type name parameters                                                                           \
    {                                                                                              \
        REAL(type, #name, parameters);                                                             \
        active = ready;                                                                            \
        type result = real call;                                                                   \
        active = 0;                                                                                \
        return result;                                                                             \
    }
WITHIN(void *, tenon_process_new, (void *err), (err))
WITHIN(void *, tenon_load, (void *process, void *requests, size_t count, unsigned flags, void *err),
       (process, requests, count, flags, err))

/* ---- opening --------------------------------------------------------------------------------- */

static int open_fault(const char *path, int flags)
{
    return fault(flags & (O_WRONLY | O_RDWR | O_CREAT) ? "create" : "open", path);
}

static int real_open(int dir, const char *path, int flags, mode_t mode)
{
    int failed = open_fault(path, flags);

    if (failed) {
        errno = failed;
        return -1;
    }
    return (int)raw(SYS_openat, dir, path, flags, mode);
}

static mode_t mode_in(int flags, va_list more)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = mode_in(flags, more);
    va_end(more);
    return real_open(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) ALIAS(open);

int openat(int dir, const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = mode_in(flags, more);
    va_end(more);
    return real_open(dir, path, flags, mode);
}
int openat64(int dir, const char *path, int flags, ...) ALIAS(openat);

int __open_2(const char *path, int flags)
{
    return real_open(AT_FDCWD, path, flags, 0);
}
int __open64_2(const char *path, int flags) ALIAS(__open_2);

int __openat_2(int dir, const char *path, int flags)
{
    return real_open(dir, path, flags, 0);
}
int __openat64_2(int dir, const char *path, int flags) ALIAS(__openat_2);

DIR *opendir(const char *path)
{
    REAL(DIR *, "opendir", (const char *));
    FAIL_IF("open", path, NULL);
    return real(path);
}

DIR *fdopendir(int fd)
{
    REAL(DIR *, "fdopendir", (int));
    FAIL_IF("open", "(a directory)", NULL);
    return real(fd);
}

struct dirent *readdir(DIR *dir)
{
    REAL(struct dirent *, "readdir", (DIR *));
    int failed = fault_of("list", dirfd(dir));
    if (failed) {
        errno = failed;
        return NULL;
    }
    return real(dir);
}
struct dirent64 *readdir64(DIR *dir) ALIAS(readdir); /* the same on a 64-bit system */

char *realpath(const char *path, char *buffer)
{
    REAL(char *, "realpath", (const char *, char *));
    FAIL_IF("stat", path, NULL);
    return real(path, buffer);
}
char *__realpath_chk(const char *path, char *buffer, size_t size)
{
    (void)size;
    return realpath(path, buffer);
}

char *getcwd(char *buffer, size_t size)
{
    REAL(char *, "getcwd", (char *, size_t));
    FAIL_IF("stat", "(working directory)", NULL);
    return real(buffer, size);
}
char *__getcwd_chk(char *buffer, size_t size, size_t room)
{
    (void)room;
    return getcwd(buffer, size);
}

#define MAKES(name, parameters, call)                                                              \
    int name parameters                                                                            \
    {                                                                                              \
        REAL(int, #name, parameters);                                                              \
        FAIL_IF("create", path, -1);                                                               \
        return real call;                                                                          \
    }
MAKES(mkostemp, (char *path, int flags), (path, flags))
MAKES(mkostemps, (char *path, int size, int flags), (path, size, flags))
int mkostemp64(char *path, int flags) ALIAS(mkostemp);
int mkostemps64(char *path, int size, int flags) ALIAS(mkostemps);

char *mkdtemp(char *path)
{
    REAL(char *, "mkdtemp", (char *));
    FAIL_IF("mkdir", path, NULL);
    return real(path);
}

int memfd_create(const char *path, unsigned flags)
{
    FAIL_IF("create", path, -1);
    return (int)raw(SYS_memfd_create, path, flags);
}

/* ---- reading and writing --------------------------------------------------------------------- */

static ssize_t transfer(const char *kind, long call, int fd, void *bytes, size_t size, off_t at)
{
    int failed = fault_of(kind, fd);

    if (failed == SHORT && size > 1)
        size /= 2;
    else if (failed > 0) {
        errno = failed;
        return -1;
    }
    return raw(call, fd, bytes, size, at);
}

ssize_t read(int fd, void *bytes, size_t size)
{
    return transfer("read", SYS_read, fd, bytes, size, 0);
}
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room)
{
    (void)room;
    return read(fd, bytes, size);
}

ssize_t pread64(int fd, void *bytes, size_t size, off_t at)
{
    return transfer("read", SYS_pread64, fd, bytes, size, at);
}
ssize_t pread(int fd, void *bytes, size_t size, off_t at) ALIAS(pread64);
ssize_t __pread64_chk(int fd, void *bytes, size_t size, off_t at, size_t room)
{
    (void)room;
    return pread64(fd, bytes, size, at);
}
ssize_t __pread_chk(int fd, void *bytes, size_t size, off_t at, size_t room) ALIAS(__pread64_chk);

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (fd == STDERR_FILENO) /* where else could it be told */
        return raw(SYS_write, fd, bytes, size);
    return transfer(fd == STDOUT_FILENO ? "print" : "write", SYS_write, fd, (void *)bytes, size, 0);
}

int fsync(int fd)
{
    int failed = fault_of("fsync", fd);

    errno = failed;
    return failed ? -1 : (int)raw(SYS_fsync, fd);
}

/* As Linux does it: the descriptor is gone whatever close() says. */
int close(int fd)
{
    int failed = fault_of("close", fd);
    int result = (int)raw(SYS_close, fd);

    if (failed) {
        errno = failed;
        return -1;
    }
    return result;
}

/* What world_dir.c calls by number. */
long syscall(long call, ...)
{
    va_list more;
    long a[6];

    va_start(more, call);
    for (size_t i = 0; i < 6; i++)
        a[i] = va_arg(more, long);
    va_end(more);
    if (call == SYS_openat)
        return real_open((int)a[0], (const char *)a[1], (int)a[2], (mode_t)a[3]);
    if (call == SYS_pread64)
        return pread64((int)a[0], (void *)a[1], (size_t)a[2], a[3]);
    if (call == SYS_close)
        return close((int)a[0]);
    if (call == SYS_openat2)
        FAIL_IF("open", (const char *)a[1], -1);
    return raw(call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static ssize_t read_stream(void *cookie, char *bytes, size_t size)
{
    return read((int)(intptr_t)cookie, bytes, size);
}

static ssize_t write_stream(void *cookie, const char *bytes, size_t size)
{
    size_t all = 0;
    ssize_t wrote = 1;

    for (; all < size && wrote > 0; all += wrote > 0 ? (size_t)wrote : 0)
        wrote = write((int)(intptr_t)cookie, bytes + all, size - all); /* stdio writes on */
    return (ssize_t)all; /* fopencookie(3): not negative */
}

static int close_stream(void *cookie)
{
    return close((int)(intptr_t)cookie);
}

FILE *fopen(const char *path, const char *mode)
{
    int flags = *mode == 'r'   ? O_RDONLY
                : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC
                               : O_WRONLY | O_CREAT | O_APPEND;
    int fd = open(path, flags | O_CLOEXEC, 0666);

    if (fd < 0)
        return NULL;
    return fopencookie((void *)(intptr_t)fd, mode,
                       (cookie_io_functions_t){
                           .read = read_stream, .write = write_stream, .close = close_stream });
}
FILE *fopen64(const char *path, const char *mode) ALIAS(fopen);

/* ---- names ----------------------------------------------------------------------------------- */

#define FAILS(kind, name, parameters, call)                                                        \
    int name parameters                                                                            \
    {                                                                                              \
        REAL(int, #name, parameters);                                                              \
        FAIL_IF(kind, path, -1);                                                                   \
        return real call;                                                                          \
    }
#define FAILS_OPEN(kind, name, parameters, call)                                                   \
    int name parameters                                                                            \
    {                                                                                              \
        REAL(int, #name, parameters);                                                              \
        int failed = fault_of(kind, fd);                                                           \
        if (failed) {                                                                              \
            errno = failed;                                                                        \
            return -1;                                                                             \
        }                                                                                          \
        return real call;                                                                          \
    }

FAILS("rename", rename, (const char *path, const char *to), (path, to))
FAILS("rename", renameat, (int from, const char *path, int dir, const char *to),
      (from, path, dir, to))
FAILS("unlink", unlink, (const char *path), (path))
FAILS("unlink", unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
FAILS("unlink", rmdir, (const char *path), (path))
FAILS("mkdir", mkdir, (const char *path, mode_t mode), (path, mode))
FAILS("mkdir", mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
FAILS("link", link, (const char *path, const char *to), (path, to))
FAILS("link", symlink, (const char *path, const char *to), (path, to))
FAILS("stat", access, (const char *path, int mode), (path, mode))
FAILS("stat", stat, (const char *path, struct stat *info), (path, info))
FAILS("stat", stat64, (const char *path, struct stat64 *info), (path, info))
FAILS("stat", lstat, (const char *path, struct stat *info), (path, info))
FAILS("stat", lstat64, (const char *path, struct stat64 *info), (path, info))
FAILS("stat", fstatat, (int dir, const char *path, struct stat *info, int flags),
      (dir, path, info, flags))
FAILS("stat", fstatat64, (int dir, const char *path, struct stat64 *info, int flags),
      (dir, path, info, flags))
FAILS_OPEN("stat", fstat, (int fd, struct stat *info), (fd, info))
FAILS_OPEN("stat", fstat64, (int fd, struct stat64 *info), (fd, info))
FAILS_OPEN("stat", fstatvfs, (int fd, struct statvfs *info), (fd, info))
FAILS_OPEN("stat", fstatvfs64, (int fd, struct statvfs64 *info), (fd, info))
FAILS_OPEN("truncate", ftruncate, (int fd, off_t size), (fd, size))
FAILS_OPEN("truncate", ftruncate64, (int fd, off64_t size), (fd, size))
FAILS_OPEN("mode", fchmod, (int fd, mode_t mode), (fd, mode))
FAILS_OPEN("lock", flock, (int fd, int how), (fd, how))

ssize_t readlink(const char *path, char *target, size_t size)
{
    FAIL_IF("stat", path, -1);
    return raw(SYS_readlinkat, AT_FDCWD, path, target, size);
}

ssize_t readlinkat(int dir, const char *path, char *target, size_t size)
{
    FAIL_IF("stat", path, -1);
    return raw(SYS_readlinkat, dir, path, target, size);
}

/* ---- processes, threads, memory -------------------------------------------------------------- */

#define SPAWN_PARAMETERS                                                                           \
    (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,                     \
     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
#define SPAWNS(name)                                                                               \
    int name SPAWN_PARAMETERS                                                                      \
    {                                                                                              \
        REAL(int, #name, SPAWN_PARAMETERS);                                                        \
        int failed = fault("spawn", path);                                                         \
        return failed ? failed : real(pid, path, actions, attributes, argv, envp);                 \
    }
SPAWNS(posix_spawn)
SPAWNS(posix_spawnp)

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    REAL(int, "pthread_create", (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *));
    int failed = fault("thread", "");
    return failed ? failed : real(thread, attributes, run, argument);
}

void *malloc(size_t size)
{
    FAIL_IF("memory", "", NULL);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    FAIL_IF("memory", "", NULL);
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    FAIL_IF("memory", "", NULL);
    return __libc_realloc(old, size);
}
