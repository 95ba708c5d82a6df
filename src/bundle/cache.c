/* src/bundle/cache.c - takes code out of bundles, once, and says where it is */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "bundle.h"
#include "cache_private.h"
#include "entry_name.h"
#include "fail.h"
#include "limits.h"
#include "replace_file.h"
#include "text.h"
#include "triple.h"

/* ---- the cache itself -------------------------------------------------------------------------
 */

/* A umask that takes from the owner, too, must not close the cache to those who come later. */
static int open_lock_file(int dir)
{
    const int flags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    int lock = openat(dir, TN_CACHE_LOCK, flags, 0600);

    if (lock >= 0 || errno != EACCES)
        return lock;
    if (fchmodat(dir, TN_CACHE_LOCK, 0600, 0) == 0)
        return openat(dir, TN_CACHE_LOCK, flags, 0600);
    errno = EACCES; /* that is what was wrong */
    return -1;
}

static bool open_lock(struct tn_cache *cache, tenon_error *err)
{
    cache->lock = open_lock_file(cache->dir);
    if (cache->lock < 0)
        return tn_fail_system(err, errno, "cache directory %s: making its lock", cache->path);
    while (flock(cache->lock, LOCK_SH) < 0) {
        /* some file systems have no locks: then nothing is ever removed there (tn_cache_prune) */
        if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)
            return true;
        if (errno != EINTR)
            return tn_fail_system(err, errno, "cache directory %s: locking it", cache->path);
    }
    return true;
}

struct tn_cache *tn_cache_open(const char *directory, tenon_error *err)
{
    struct tn_cache *cache = calloc(1, sizeof *cache);

    if (!cache) {
        tn_no_memory(err);
        return NULL;
    }
    cache->dir = cache->lock = -1;
    cache->path = tn_cache_make_place(directory, err);
    if (cache->path)
        cache->dir = tn_cache_open_place(cache->path, err);
    if (cache->dir >= 0 && open_lock(cache, err))
        return cache;
    tn_cache_close(cache);
    return NULL;
}

void tn_cache_close(struct tn_cache *cache)
{
    if (!cache)
        return;
    if (cache->lock >= 0)
        close(cache->lock);
    if (cache->dir >= 0)
        close(cache->dir);
    free(cache->path);
    free(cache);
}

const char *tn_cache_path(const struct tn_cache *cache)
{
    return cache->path;
}

const char *tn_cache_name(const uint8_t digest[32], const char *triple, struct tn_arena *arena)
{
    char hex[2 * crypto_hash_sha256_BYTES + 1];

    return tn_arena_join(arena, tn_text_hex(hex, digest, crypto_hash_sha256_BYTES), ".", triple,
                         NULL);
}

const char *tn_cache_code(const char *cache, const uint8_t digest[32], const char *triple,
                          const char *name, struct tn_arena *arena)
{
    char hex[2 * crypto_hash_sha256_BYTES + 1];

    return tn_arena_join(arena, cache, "/", tn_text_hex(hex, digest, crypto_hash_sha256_BYTES), ".",
                         triple, "/", name, NULL);
}

/* ---- which files ----------------------------------------------------------------------------- */

/* One bundle to be taken out. */
struct taking {
    struct tn_cache *cache;
    tenon_bundle *bundle;
    struct tn_cached *to;
    const char *name; /* of its directory in the cache */
};

static const char *name_of(const struct tn_cached_file *file)
{
    return tn_base_name(file->code->path);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(name_of(a), name_of(b));
}

static bool check_names(const struct tn_cached *to, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    qsort(to->files, to->count, sizeof *to->files, compare_names);
    for (size_t i = 0; i < to->count; i++) {
        if (name_of(&to->files[i])[0] == '.')
            return tn_fail(err, TENON_E_MALFORMED, "code whose name begins with a dot: %s",
                           tn_quote(shown, to->files[i].code->path));
        if (i > 0 && compare_names(&to->files[i - 1], &to->files[i]) == 0)
            return tn_fail(err, TENON_E_MALFORMED, "two files of code with the name %s",
                           tn_quote(shown, name_of(&to->files[i])));
    }
    return true;
}

static bool choose_files(struct taking *t, const char *triple, tenon_error *err)
{
    const tenon_manifest *manifest = t->bundle->manifest;
    struct tn_cached *to = t->to;

    to->files = tn_arena_rows(&to->arena, manifest->code_count + 1, sizeof *to->files);
    if (!to->files)
        return tn_no_memory(err);
    for (size_t i = 0; i < manifest->code_count; i++) {
        const tenon_code_entry *code = &manifest->code[i];
        if (!tn_triple_fits(code->triple, triple))
            continue;
        to->files[to->count].code = code;
        to->files[to->count++].path =
            tn_arena_join(&to->arena, to->directory, "/", tn_base_name(code->path), NULL);
    }
    for (size_t i = 0; i < to->count; i++)
        if (!to->files[i].path)
            return tn_no_memory(err);
    if (to->count == 0)
        return tn_fail(err, TENON_E_NOT_FOUND, "it has no code for %s", triple);
    return check_names(to, err);
}

static bool prepare(struct taking *t, const char *triple, tenon_error *err)
{
    struct tn_cached *to = t->to;

    t->name = tn_cache_name(tenon_bundle_digest(t->bundle), triple, &to->arena);
    if (!t->name)
        return tn_no_memory(err);
    to->directory = tn_arena_join(&to->arena, t->cache->path, "/", t->name, NULL);
    return to->directory ? choose_files(t, triple, err) : tn_no_memory(err);
}

/* ---- what is there already ------------------------------------------------------------------- */

/* The digest of an open file; its identity must be the same before and after. */
static bool hash_file(int fd, struct tn_identity *identity, uint8_t digest[32], tenon_error *err)
{
    crypto_hash_sha256_state state;
    struct tn_identity after;
    uint8_t piece[65536];
    struct stat info;

    if (fstat(fd, &info) < 0)
        return tn_fail_system(err, errno, "looking at it");
    *identity = tn_identity(&info);
    crypto_hash_sha256_init(&state);
    for (uint64_t at = 0; at < identity->size; at += sizeof piece) {
        uint64_t left = identity->size - at;
        size_t size = left < sizeof piece ? (size_t)left : sizeof piece;
        if (!tn_read_range(fd, at, piece, size, err))
            return false;
        crypto_hash_sha256_update(&state, piece, size);
    }
    crypto_hash_sha256_final(&state, digest);
    if (fstat(fd, &info) < 0)
        return tn_fail_system(err, errno, "looking at it");
    after = tn_identity(&info);
    return tn_identity_same(identity, &after) ||
           tn_fail(err, TENON_E_MALFORMED, "it changes while it is read");
}

static bool tampered(const struct tn_cached_file *file, const char *how, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    return tn_fail(err, TENON_E_MALFORMED,
                   "%s was tampered with: %s; `tenon cache prune --all` removes what was taken out",
                   tn_quote(shown, file->path), how);
}

/* A file that is there is to be had, unless the process itself lacks something. */
static bool not_to_be_had(const struct tn_cached_file *file, int number, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    switch (number) {
    case ENOENT: return tampered(file, "it is gone", err);
    case ELOOP: return tampered(file, "it is a symbolic link now", err);
    case ENOTDIR:
    case EACCES: return tampered(file, tn_errno_text(number), err);
    default: return tn_fail_system(err, number, "looking at %s", tn_quote(shown, file->path));
    }
}

static bool verify_file(const struct taking *t, int dir, struct tn_cached_file *file,
                        tenon_error *err)
{
    const tenon_entry *entry = tn_bundle_entry(t->bundle, file->code->path);
    uint8_t digest[crypto_hash_sha256_BYTES];
    char shown[TN_QUOTE_ROOM];
    int fd = openat(dir, name_of(file), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool ok;

    if (fd < 0)
        return not_to_be_had(file, errno, err);
    ok = hash_file(fd, &file->identity, digest, err);
    close(fd);
    if (!ok)
        return tn_context(err, "%s", tn_quote(shown, file->path));
    if (file->identity.size != entry->size || memcmp(digest, entry->sha256, sizeof digest) != 0)
        return tampered(file, "its content is not the bundle's", err);
    return true;
}

static bool write_notes(const struct taking *t, int dir, tenon_error *err)
{
    struct tn_notes notes = { t->bundle->manifest->name, t->bundle->manifest->version, NULL, 0 };
    bool ok;

    if (strchr(notes.version, '\n')) /* for people: no reason to fail */
        notes.version = "";
    notes.rows = calloc(t->to->count, sizeof *notes.rows);
    if (!notes.rows)
        return tn_no_memory(err);
    for (size_t i = 0; i < t->to->count; i++)
        notes.rows[notes.count++] =
            (struct tn_noted){ name_of(&t->to->files[i]), t->to->files[i].identity };
    ok = tn_notes_write(dir, &notes, err);
    free(notes.rows);
    return ok;
}

/* Compares each file with what was noted; those that differ are hashed. */
static bool use_directory(struct taking *t, int dir, unsigned flags, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_notes notes;
    bool changed = false, ok = true;

    if (!tn_notes_read(dir, &arena, &notes) || flags & TN_CACHE_VERIFY)
        notes.count = 0;
    for (size_t i = 0; ok && i < t->to->count; i++) {
        struct tn_cached_file *file = &t->to->files[i];
        const struct tn_noted *noted = tn_notes_find(&notes, name_of(file));
        struct stat info;
        if (noted && fstatat(dir, name_of(file), &info, AT_SYMLINK_NOFOLLOW) == 0) {
            file->identity = tn_identity(&info);
            if (S_ISREG(info.st_mode) && tn_identity_same(&file->identity, &noted->identity))
                continue;
        }
        ok = verify_file(t, dir, file, err);
        changed = true;
    }
    tn_arena_free(&arena);
    if (ok && changed)
        write_notes(t, dir, NULL); /* without, all is hashed again next time */
    return ok;
}

/* ---- taking out ------------------------------------------------------------------------------ */

static bool take_file(struct taking *t, int dir, struct tn_cached_file *file, tenon_error *err)
{
    struct stat info;
    void *bytes;
    size_t size;
    int fd;
    bool ok;

    if (!tenon_bundle_read(t->bundle, file->code->path, &bytes, &size, err))
        return false;
    fd = openat(dir, name_of(file), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
    if (fd < 0) {
        free(bytes);
        return tn_fail_system(err, errno, "making %s", file->path);
    }
    ok = tn_write_all(fd, bytes, size, err);
    free(bytes);
    /* without a flush, a crash of the system could leave notes of a file without its bytes */
    if (ok && fsync(fd) < 0)
        ok = tn_fail_system(err, errno, "writing");
    if (ok && fstat(fd, &info) < 0)
        ok = tn_fail_system(err, errno, "looking at it");
    if (close(fd) < 0 && ok)
        ok = tn_fail_system(err, errno, "writing");
    if (!ok)
        return tn_context(err, "%s", file->path);
    file->identity = tn_identity(&info);
    return true;
}

static int make_temporary(struct taking *t, char name[64], tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    int made, dir = -1;

    do {
        char hex[17];
        uint8_t random[8];
        randombytes_buf(random, sizeof random);
        sodium_bin2hex(hex, sizeof hex, random, sizeof random);
        snprintf(name, 64, TN_CACHE_TEMPORARY "%s", hex);
        made = mkdirat(t->cache->dir, name, 0700);
    } while (made < 0 && errno == EEXIST);
    if (made == 0)
        dir = openat(t->cache->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) {
        int failed = errno;
        if (made == 0)
            unlinkat(t->cache->dir, name, AT_REMOVEDIR);
        tn_fail_system(err, failed, "cache directory %s", tn_quote(shown, t->cache->path));
    }
    return dir;
}

/* Fills a directory beside and renames it. *there: another process was faster. */
static bool take_out(struct taking *t, bool *there, tenon_error *err)
{
    char temporary[64];
    int dir = make_temporary(t, temporary, err);
    bool ok = dir >= 0;

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < t->to->count; i++)
        ok = take_file(t, dir, &t->to->files[i], err);
    ok = ok && write_notes(t, dir, err);
    close(dir);
    if (ok && renameat(t->cache->dir, temporary, t->cache->dir, t->name) < 0) {
        *there = errno == EEXIST || errno == ENOTEMPTY;
        ok = *there || tn_fail_system(err, errno, "putting %s in place", t->to->directory);
    }
    if (!ok || *there)
        tn_cache_remove(t->cache->dir, temporary);
    else
        t->to->made = true;
    return ok;
}

static bool ensure(struct taking *t, unsigned flags, tenon_error *err)
{
    bool there = false, ok;
    char shown[TN_QUOTE_ROOM];
    int dir = openat(t->cache->dir, t->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (dir < 0 && errno == ENOENT) {
        if (!take_out(t, &there, err))
            return false;
        if (!there)
            return true;
        dir = openat(t->cache->dir, t->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (dir < 0)
        return tn_fail_system(err, errno, "%s", tn_quote(shown, t->to->directory));
    ok = use_directory(t, dir, flags, err);
    close(dir);
    return ok;
}

struct tn_cached *tn_cache_ensure(struct tn_cache *cache, tenon_bundle *bundle, const char *triple,
                                  unsigned flags, tenon_error *err)
{
    struct tn_cached *cached = calloc(1, sizeof *cached);
    struct taking t = { cache, bundle, cached, NULL };
    char shown[TN_QUOTE_ROOM];

    if (!cached) {
        tn_no_memory(err);
        return NULL;
    }
    if (prepare(&t, triple, err) && ensure(&t, flags, err))
        return cached;
    tn_context(err, "bundle %s", tn_quote(shown, bundle->path));
    tn_cached_free(cached);
    return NULL;
}

bool tn_cache_look(const struct tn_cache *cache, const char *below, struct tn_identity *out)
{
    struct stat info;

    if (fstatat(cache->dir, below, &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(info.st_mode))
        return false;
    *out = tn_identity(&info);
    return true;
}

void tn_cached_free(struct tn_cached *cached)
{
    if (cached)
        tn_arena_free(&cached->arena);
    free(cached);
}

bool tn_cached_check(const struct tn_cached_file *files, size_t count, tenon_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct tn_cached_file *file = &files[i];
        struct tn_identity now;
        struct stat info;
        if (lstat(file->path, &info) < 0)
            return not_to_be_had(file, errno, err);
        now = tn_identity(&info);
        if (!tn_identity_same(&now, &file->identity))
            return tampered(file, "it changed since it was verified", err);
    }
    return true;
}
