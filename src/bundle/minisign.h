/* src/bundle/minisign.h - keys and signatures as minisign(1) writes them */
#ifndef TN_MINISIGN_H
#define TN_MINISIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/error.h>

#define TN_KEY_ID_SIZE 8u
#define TN_LIMIT_KEY_FILE                                                                          \
    8192u /* bytes of a key or a signature; what minisign writes is shorter                        \
           */

#define TN_LIMIT_COMMENT 1024u /* bytes of a trusted comment that is written */

struct tn_public_key {
    uint8_t id[TN_KEY_ID_SIZE];
    uint8_t key[32];
};

/* To be wiped by its owner (sodium_memzero). */
struct tn_secret_key {
    uint8_t id[TN_KEY_ID_SIZE];
    uint8_t key[64];
};

struct tn_signature {
    bool prehashed; /* "ED": of the BLAKE2b-512 of the bytes; "Ed": of the bytes */
    uint8_t id[TN_KEY_ID_SIZE];
    uint8_t signature[64], comment_signature[64];
    const char *comment; /* points into the text */
    size_t comment_size;
};

/* One line of base64, or two with a comment before. errors  TENON_E_MALFORMED */
bool tn_public_key_parse(const char *text, size_t size, struct tn_public_key *out,
                         tenon_error *err);

/* Whether a secret key is encrypted with a password. errors  TENON_E_MALFORMED: it is none */
bool tn_secret_key_is_protected(const char *text, size_t size, bool *is_protected,
                                tenon_error *err);

/* `password` may be NULL. errors  TENON_E_MALFORMED, _MEMORY (scrypt needs much) */
bool tn_secret_key_parse(const char *text, size_t size, const char *password,
                         struct tn_secret_key *out, tenon_error *err);

/* errors  TENON_E_MALFORMED, _LIMIT (above TN_LIMIT_KEY_FILE) */
bool tn_signature_parse(const char *text, size_t size, struct tn_signature *out, tenon_error *err);

/* NULL: this key made this signature of these bytes; else what is wrong. */
const char *tn_signature_fault(const struct tn_signature *signature,
                               const struct tn_public_key *key, const void *bytes, size_t size);

/*
 * A signature file, prehashed, with a trusted comment of one line (at most TN_LIMIT_COMMENT
 * bytes). Equal input gives equal bytes.
 *
 * owner    the caller frees it
 */
char *tn_signature_make(const struct tn_secret_key *key, const void *bytes, size_t size,
                        const char *comment, tenon_error *err);

/* "3094ECDBF6C9B293": as minisign prints it. */
void tn_key_id_text(const uint8_t id[TN_KEY_ID_SIZE], char out[17]);

#endif
