/* src/find/store.c - answers kept from one run to the next */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_LIMIT (64u << 20)
#define CHUNK 65536u

void tn_store_key(const struct tn_packer *question, uint8_t key[TN_STORE_KEY])
{
    crypto_generichash(key, TN_STORE_KEY, question->at, question->used, NULL, 0);
}

/* ---- the state of files ---------------------------------------------------------------------- */

enum kind { ABSENT, FILE_THERE, DIR_THERE, OTHER, KINDS };

struct state {
    enum kind kind;
    uint64_t device, inode, size, changed;
};

bool tn_says_absent(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP ||
           error == ENAMETOOLONG;
}

/* *failed: it is not known. */
static struct state state_of(const char *path, bool *failed)
{
    struct stat info;

    if (stat(path, &info) < 0) {
        *failed |= !tn_says_absent(errno);
        return (struct state){ .kind = ABSENT };
    }
    return (struct state){
        .kind = S_ISREG(info.st_mode)   ? FILE_THERE
                : S_ISDIR(info.st_mode) ? DIR_THERE
                                        : OTHER,
        .device = (uint64_t)info.st_dev,
        .inode = (uint64_t)info.st_ino,
        .size = (uint64_t)info.st_size,
        .changed = (uint64_t)info.st_ctim.tv_sec * 1000000000u + (uint64_t)info.st_ctim.tv_nsec,
    };
}

/* A digest of a file's bytes; zeros when it cannot be read, which no file has. */
static void digest_of(const char *path, uint8_t digest[TN_STORE_KEY])
{
    crypto_generichash_state state;
    uint8_t *chunk = malloc(CHUNK);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;

    memset(digest, 0, TN_STORE_KEY);
    if (chunk && fd >= 0) {
        crypto_generichash_init(&state, NULL, 0, TN_STORE_KEY);
        while ((got = read(fd, chunk, CHUNK)) > 0)
            crypto_generichash_update(&state, chunk, (size_t)got);
        if (got == 0)
            crypto_generichash_final(&state, digest, TN_STORE_KEY);
    }
    if (fd >= 0)
        close(fd);
    free(chunk);
}

static void pack_one(struct tn_packer *pack, const char *path)
{
    struct state now = state_of(path, &pack->failed);
    uint8_t digest[TN_STORE_KEY] = { 0 };

    if (now.kind == FILE_THERE)
        digest_of(path, digest);
    tn_packer_text(pack, path);
    tn_packer_byte(pack, now.kind);
    tn_packer_number(pack, now.device, 8);
    tn_packer_number(pack, now.inode, 8);
    tn_packer_number(pack, now.size, 8);
    tn_packer_number(pack, now.changed, 8);
    tn_packer_put(pack, digest, sizeof digest);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_below(const char *path, const char *dir)
{
    size_t size = dir ? strlen(dir) : 0;

    return size && strncmp(path, dir, size) == 0 && path[size] == '/';
}

void tn_pack_state(struct tn_packer *pack, const struct tn_words *files,
                   const struct tn_words *dirs, const char *except)
{
    struct tn_words all = { 0 };
    size_t count = 0;
    bool good = true;

    for (size_t i = 0; good && i < files->count; i++)
        good = is_below(files->at[i], except) || tn_words_add(&all, files->at[i]);
    for (size_t i = 0; good && i < dirs->count; i++)
        good = tn_words_add(&all, dirs->at[i]);
    pack->failed |= !good;
    if (all.count)
        qsort(all.at, all.count, sizeof *all.at, compare);
    for (size_t i = 0; i < all.count; i++)
        count += i == 0 || strcmp(all.at[i], all.at[i - 1]) != 0;
    tn_packer_number(pack, count, 4);
    for (size_t i = 0; i < all.count; i++)
        if (i == 0 || strcmp(all.at[i], all.at[i - 1]) != 0)
            pack_one(pack, all.at[i]);
    tn_words_free(&all);
}

static bool same_state(struct tn_unpacker *unpack)
{
    struct tn_cursor *c = &unpack->c;
    const char *path = tn_unpack_text(unpack);
    struct state then = { .kind = tn_unpack_kind(unpack, KINDS) };
    uint64_t *const fields[] = { &then.device, &then.inode, &then.size, &then.changed };
    for (size_t i = 0; i < TN_COUNT(fields); i++)
        *fields[i] = tn_u64(c, "the state of a file");
    const uint8_t *digest = tn_take(c, TN_STORE_KEY, "the digest of a file");
    uint8_t own[TN_STORE_KEY];

    if (!digest)
        return false;
    bool failed = false;
    struct state now = state_of(path, &failed);
    if (failed || now.kind != then.kind)
        return false;
    if (now.device == then.device && now.inode == then.inode && now.size == then.size &&
        now.changed == then.changed)
        return true;
    if (now.kind == ABSENT)
        return true;
    if (now.kind != FILE_THERE || now.size != then.size)
        return false;
    digest_of(path, own);
    return memcmp(own, digest, sizeof own) == 0 && !sodium_is_zero(own, sizeof own);
}

bool tn_unpack_state(struct tn_unpacker *unpack)
{
    uint32_t count = tn_u32(&unpack->c, "how many files");

    for (uint32_t i = 0; i < count; i++)
        if (!same_state(unpack))
            return false;
    return !unpack->c.lost && !unpack->bad;
}

/* ---- the directory --------------------------------------------------------------------------- */

static bool is_ours(const char *dir)
{
    struct stat info;

    return lstat(dir, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
           !(info.st_mode & (S_IWGRP | S_IWOTH));
}

static char *path_of(const char *dir, const uint8_t key[TN_STORE_KEY], const char *suffix)
{
    char hex[2 * TN_STORE_KEY + 1], *path;

    sodium_bin2hex(hex, sizeof hex, key, TN_STORE_KEY);
    return asprintf(&path, "%s/%s%s", dir, hex, suffix) < 0 ? NULL : path;
}

bool tn_store_get(const char *dir, const uint8_t key[TN_STORE_KEY], struct tn_arena *arena,
                  struct tn_view *out)
{
    char *path = is_ours(dir) ? path_of(dir, key, "") : NULL;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    struct stat info;
    uint8_t *bytes = NULL;
    bool good = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
                info.st_size < (off_t)STORE_LIMIT;

    if (good)
        bytes = tn_arena_bytes(arena, (size_t)info.st_size);
    good = bytes && read(fd, bytes, (size_t)info.st_size) == (ssize_t)info.st_size;
    if (good)
        *out = tn_view(bytes, (size_t)info.st_size);
    if (fd >= 0)
        close(fd);
    free(path);
    return good;
}

/* Makes the directories of a path. */
static void make_dirs(const char *dir)
{
    char *copy = strdup(dir);

    for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0700);
        *slash = '/';
    }
    if (copy)
        mkdir(copy, 0700);
    free(copy);
}

/* Written beside and put in place as a whole: a reader sees the old one or the new one. */
void tn_store_put(const char *dir, const uint8_t key[TN_STORE_KEY], const struct tn_packer *pack)
{
    char *path = path_of(dir, key, ""), *beside = path_of(dir, key, ".XXXXXX");
    int fd = -1;

    if (!is_ours(dir))
        make_dirs(dir);
    if (path && beside && !pack->failed && is_ours(dir))
        fd = mkostemp(beside, O_CLOEXEC);
    if (fd >= 0) {
        bool good = write(fd, pack->at, pack->used) == (ssize_t)pack->used;
        good &= close(fd) == 0;
        if (!good || rename(beside, path) < 0)
            unlink(beside);
    }
    free(path);
    free(beside);
}
