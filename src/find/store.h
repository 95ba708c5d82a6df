/* src/find/store.h - answers kept from one run to the next, while all they rest on is the same */
#ifndef TN_STORE_H
#define TN_STORE_H

#include "arena.h"
#include "view.h"
#include "words.h"

#define TN_STORE_KEY 32u

/* Bytes that grow; numbers are little-endian, strings have their size before them. */
struct tn_pack {
    uint8_t *bytes;
    size_t size, room;
    bool lost; /* no memory */
};
void tn_store_number(struct tn_pack *pack, uint64_t number);
void tn_pack_string(struct tn_pack *pack, const char *string); /* NULL is kept apart from "" */
void tn_pack_words(struct tn_pack *pack, const struct tn_words *words);

/* The same, read: after the first mistake all is 0 and NULL, and `bad` is set. */
struct tn_unpack {
    struct tn_view in;
    size_t pos;
    struct tn_arena *arena;
    bool bad;
};
uint64_t tn_store_take_number(struct tn_unpack *unpack);
const char *tn_unpack_string(struct tn_unpack *unpack);
void tn_unpack_words(struct tn_unpack *unpack, struct tn_words *words);

/* The key of a question: a digest of all its words. */
void tn_store_key(const struct tn_pack *question, uint8_t key[TN_STORE_KEY]);

/*
 * The state of files and directories: identity, for files also a digest of what is in them. Those
 * below `except` are left out. True again as long as identities, or else the contents, are equal;
 * of directories the change times.
 */
void tn_pack_state(struct tn_pack *pack, const struct tn_words *files, const struct tn_words *dirs,
                   const char *except);
bool tn_unpack_state(struct tn_unpack *unpack);

/*
 * Reads and writes what is kept under a key in a directory. Whatever goes wrong, there is no
 * answer: it is found anew. The directory is made; it must belong to this user alone.
 */
bool tn_store_get(const char *dir, const uint8_t key[TN_STORE_KEY], struct tn_arena *arena,
                  struct tn_view *out);
void tn_store_put(const char *dir, const uint8_t key[TN_STORE_KEY], const struct tn_pack *pack);

#endif
