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

/* ---- packing --------------------------------------------------------------------------------- */

static void put(struct tn_pack *pack, const void *bytes, size_t size)
{
    if (pack->lost)
        return;
    if (size > pack->room - pack->size) {
        size_t room = (pack->size + size) * 2 + 256;
        uint8_t *bigger = realloc(pack->bytes, room);
        if (!bigger) {
            pack->lost = true;
            return;
        }
        pack->bytes = bigger;
        pack->room = room;
    }
    if (size)
        memcpy(pack->bytes + pack->size, bytes, size);
    pack->size += size;
}

void tn_store_number(struct tn_pack *pack, uint64_t number)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    put(pack, bytes, sizeof bytes);
}

void tn_pack_string(struct tn_pack *pack, const char *string)
{
    size_t size = string ? strlen(string) : 0;

    tn_store_number(pack, string ? size : UINT64_MAX);
    put(pack, string, size);
}

void tn_pack_words(struct tn_pack *pack, const struct tn_words *words)
{
    tn_store_number(pack, words->count);
    for (size_t i = 0; i < words->count; i++)
        tn_pack_string(pack, words->at[i]);
}

static const uint8_t *take(struct tn_unpack *unpack, uint64_t size)
{
    if (unpack->bad || size > unpack->in.size - unpack->pos) {
        unpack->bad = true;
        return NULL;
    }
    unpack->pos += (size_t)size;
    return unpack->in.at + (unpack->pos - (size_t)size);
}

uint64_t tn_store_take_number(struct tn_unpack *unpack)
{
    const uint8_t *bytes = take(unpack, 8);
    uint64_t number = 0;

    for (size_t i = 0; bytes && i < 8; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

const char *tn_unpack_string(struct tn_unpack *unpack)
{
    uint64_t size = tn_store_take_number(unpack);
    const uint8_t *bytes;
    const char *copy;

    if (unpack->bad || size == UINT64_MAX)
        return NULL;
    bytes = take(unpack, size);
    if (!bytes || memchr(bytes, 0, (size_t)size)) {
        unpack->bad = true;
        return NULL;
    }
    copy = tn_arena_copy(unpack->arena, bytes, (size_t)size);
    unpack->bad |= !copy;
    return copy;
}

void tn_unpack_words(struct tn_unpack *unpack, struct tn_words *words)
{
    uint64_t count = tn_store_take_number(unpack);

    /* each word has 8 bytes at least: a count cannot promise more than there is */
    for (uint64_t i = 0; i < count && !unpack->bad; i++) {
        const char *word = tn_unpack_string(unpack);
        if (!word || !tn_words_add(words, word))
            unpack->bad = true;
    }
}

void tn_store_key(const struct tn_pack *question, uint8_t key[TN_STORE_KEY])
{
    crypto_generichash(key, TN_STORE_KEY, question->bytes, question->size, NULL, 0);
}

/* ---- the state of files ---------------------------------------------------------------------- */

enum { ABSENT, FILE_THERE, DIR_THERE, OTHER };

struct state {
    uint64_t kind, device, inode, size, changed;
};

static struct state state_of(const char *path)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return (struct state){ .kind = ABSENT };
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

static void pack_one(struct tn_pack *pack, const char *path)
{
    struct state now = state_of(path);
    uint8_t digest[TN_STORE_KEY] = { 0 };

    if (now.kind == FILE_THERE)
        digest_of(path, digest);
    tn_pack_string(pack, path);
    tn_store_number(pack, now.kind);
    tn_store_number(pack, now.device);
    tn_store_number(pack, now.inode);
    tn_store_number(pack, now.size);
    tn_store_number(pack, now.changed);
    put(pack, digest, sizeof digest);
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

void tn_pack_state(struct tn_pack *pack, const struct tn_words *files, const struct tn_words *dirs,
                   const char *except)
{
    struct tn_words all = { 0 };
    uint64_t count = 0;
    bool good = true;

    for (size_t i = 0; good && i < files->count; i++)
        good = is_below(files->at[i], except) || tn_words_add(&all, files->at[i]);
    for (size_t i = 0; good && i < dirs->count; i++)
        good = tn_words_add(&all, dirs->at[i]);
    pack->lost |= !good;
    if (all.count)
        qsort(all.at, all.count, sizeof *all.at, compare);
    for (size_t i = 0; i < all.count; i++)
        count += i == 0 || strcmp(all.at[i], all.at[i - 1]) != 0;
    tn_store_number(pack, count);
    for (size_t i = 0; i < all.count; i++)
        if (i == 0 || strcmp(all.at[i], all.at[i - 1]) != 0)
            pack_one(pack, all.at[i]);
    tn_words_free(&all);
}

static bool same_state(struct tn_unpack *unpack)
{
    const char *path = tn_unpack_string(unpack);
    struct state then;
    uint64_t *const fields[] = { &then.kind, &then.device, &then.inode, &then.size, &then.changed };
    for (size_t i = 0; i < TN_COUNT(fields); i++)
        *fields[i] = tn_store_take_number(unpack);
    const uint8_t *digest = take(unpack, TN_STORE_KEY);
    uint8_t own[TN_STORE_KEY];

    if (!path || !digest)
        return false;
    struct state now = state_of(path);
    if (now.kind != then.kind)
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

bool tn_unpack_state(struct tn_unpack *unpack)
{
    uint64_t count = tn_store_take_number(unpack);

    for (uint64_t i = 0; i < count; i++)
        if (!same_state(unpack))
            return false;
    return !unpack->bad;
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
void tn_store_put(const char *dir, const uint8_t key[TN_STORE_KEY], const struct tn_pack *pack)
{
    char *path = path_of(dir, key, ""), *beside = path_of(dir, key, ".XXXXXX");
    int fd = -1;

    if (!is_ours(dir))
        make_dirs(dir);
    if (path && beside && !pack->lost && is_ours(dir))
        fd = mkostemp(beside, O_CLOEXEC);
    if (fd >= 0) {
        bool good = write(fd, pack->bytes, pack->size) == (ssize_t)pack->size;
        good &= close(fd) == 0;
        if (!good || rename(beside, path) < 0)
            unlink(beside);
    }
    free(path);
    free(beside);
}
