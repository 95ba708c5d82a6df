/* src/find/store.h - answers kept from one run to the next, while all they rest on is the same */
#ifndef TN_STORE_H
#define TN_STORE_H

#include "packer.h"
#include "words.h"

#define TN_STORE_KEY 32u

/* The key of a question: a digest of all its words. */
void tn_store_key(const struct tn_packer *question, uint8_t key[TN_STORE_KEY]);

/* Does this errno of stat() say that a path is not there for us? Others say nothing of it. */
bool tn_says_absent(int error);

/*
 * The state of files and directories: identity, for files also a digest of what is in them. Those
 * below `except` are left out. True again as long as identities, or else the contents, are equal;
 * of directories the change times.
 */
void tn_pack_state(struct tn_packer *pack, const struct tn_words *files,
                   const struct tn_words *dirs, const char *except);
bool tn_unpack_state(struct tn_unpacker *unpack);

/*
 * Reads and writes what is kept under a key in a directory. Whatever goes wrong, there is no
 * answer: it is found anew. The directory is made; it must belong to this user alone.
 */
bool tn_store_get(const char *dir, const uint8_t key[TN_STORE_KEY], struct tn_arena *arena,
                  struct tn_view *out);
void tn_store_put(const char *dir, const uint8_t key[TN_STORE_KEY], const struct tn_packer *pack);

#endif
