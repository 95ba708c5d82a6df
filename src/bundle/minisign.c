/*
 * src/bundle/minisign.c - keys and signatures as minisign(1) writes them
 *
 * rule  https://jedisct1.github.io/minisign/ "Signature format", "Public key format", "Secret key
 *       format": lines of text, of which each second is base64; numbers are little-endian
 */
#include "minisign.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "fail.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "

/* Where the fields of a secret key begin; the last three are encrypted together. */
enum {
    SECRET_KDF = 2,
    SECRET_SALT = 6,
    SECRET_OPS = 38,
    SECRET_MEMORY = 46,
    SECRET_ID = 54,
    SECRET_KEY = 62,
    SECRET_CHECK = 126,
    SECRET_SIZE = 158,
};
#define SECRET_HIDDEN (SECRET_SIZE - SECRET_ID)
#define SCRYPT_MOST                                                                                \
    ((uint64_t)4 << 30) /* bytes or steps: more than any key of minisign asks for                  \
                         */

/* ---- lines ----------------------------------------------------------------------------------- */

struct lines {
    const char *at, *end;
};

/* The next line without its end; false: there is none. */
static bool next_line(struct lines *lines, const char **line, size_t *size)
{
    if (lines->at == lines->end)
        return false;
    const char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    *line = lines->at;
    *size = (size_t)((end ? end : lines->end) - lines->at);
    lines->at = end ? end + 1 : lines->end;
    if (*size && (*line)[*size - 1] == '\r')
        --*size;
    return true;
}

/* A line that begins with `prefix`; what follows it. */
static bool comment_line(struct lines *lines, const char *prefix, const char **text, size_t *size,
                         tenon_error *err)
{
    size_t length = strlen(prefix);
    if (!next_line(lines, text, size) || *size < length || memcmp(*text, prefix, length) != 0)
        return tn_fail(err, TENON_E_MALFORMED, "a line \"%s...\" expected", prefix);
    *text += length;
    *size -= length;
    return true;
}

static bool is_base64(const char *line, size_t length, uint8_t *out, size_t size)
{
    size_t got;
    const char *end;
    return sodium_base642bin(out, size, line, length, NULL, &got, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           got == size && end == line + length;
}

static bool base64_line(struct lines *lines, const char *what, uint8_t *out, size_t size,
                        tenon_error *err)
{
    const char *line;
    size_t length;
    if (next_line(lines, &line, &length) && is_base64(line, length, out, size))
        return true;
    return tn_fail(err, TENON_E_MALFORMED, "%s: %zu bytes in base64 expected", what, size);
}

static bool at_end(const struct lines *lines, const char *what, tenon_error *err)
{
    return lines->at == lines->end ||
           tn_fail(err, TENON_E_MALFORMED, "%s: nothing more expected behind it", what);
}

/* ---- keys ------------------------------------------------------------------------------------ */

void tn_key_id_text(const uint8_t id[TN_KEY_ID_SIZE], char out[17])
{
    snprintf(out, 17, "%016llX", (unsigned long long)tn_load64(id, TN_LITTLE));
}

bool tn_public_key_parse(const char *text, size_t size, struct tn_public_key *out, tenon_error *err)
{
    struct lines lines = { text, text + size };
    uint8_t bytes[2 + TN_KEY_ID_SIZE + sizeof out->key];
    const char *comment;
    size_t comment_size;

    if (size > strlen(UNTRUSTED) && memcmp(text, UNTRUSTED, strlen(UNTRUSTED)) == 0 &&
        !comment_line(&lines, UNTRUSTED, &comment, &comment_size, err))
        return false;
    if (!base64_line(&lines, "public key", bytes, sizeof bytes, err) ||
        !at_end(&lines, "public key", err))
        return false;
    if (memcmp(bytes, "Ed", 2) != 0)
        return tn_fail(err, TENON_E_MALFORMED, "public key: not of Ed25519");
    memcpy(out->id, bytes + 2, sizeof out->id);
    memcpy(out->key, bytes + 2 + sizeof out->id, sizeof out->key);
    return true;
}

static bool secret_bytes(const char *text, size_t size, uint8_t out[SECRET_SIZE], tenon_error *err)
{
    struct lines lines = { text, text + size };
    const char *comment;
    size_t comment_size;

    if (!comment_line(&lines, UNTRUSTED, &comment, &comment_size, err) ||
        !base64_line(&lines, "secret key", out, SECRET_SIZE, err))
        return false;
    if (memcmp(out, "Ed", 2) != 0 || memcmp(out + 4, "B2", 2) != 0)
        return tn_fail(err, TENON_E_MALFORMED, "secret key: not of Ed25519 and BLAKE2b");
    if (memcmp(out + SECRET_KDF, "\0\0", 2) != 0 && memcmp(out + SECRET_KDF, "Sc", 2) != 0)
        return tn_fail(err, TENON_E_MALFORMED, "secret key: protected in an unknown way");
    return true;
}

bool tn_secret_key_is_protected(const char *text, size_t size, bool *is_protected, tenon_error *err)
{
    uint8_t bytes[SECRET_SIZE];
    bool ok = secret_bytes(text, size, bytes, err);
    *is_protected = ok && bytes[SECRET_KDF] != 0;
    sodium_memzero(bytes, sizeof bytes);
    return ok;
}

/* Takes the password away from the hidden part. */
static bool uncover(uint8_t bytes[SECRET_SIZE], const char *password, tenon_error *err)
{
    uint8_t stream[SECRET_HIDDEN];
    uint64_t steps = tn_load64(bytes + SECRET_OPS, TN_LITTLE);
    uint64_t memory = tn_load64(bytes + SECRET_MEMORY, TN_LITTLE);
    if (!password)
        return tn_fail(err, TENON_E_MALFORMED, "secret key: it is protected by a password");
    if (steps > SCRYPT_MOST || memory > SCRYPT_MOST)
        return tn_fail(err, TENON_E_LIMIT, "secret key: its password costs too much to check");
    if (crypto_pwhash_scryptsalsa208sha256(stream, sizeof stream, password, strlen(password),
                                           bytes + SECRET_SALT, steps, (size_t)memory) != 0)
        return tn_no_memory(err);
    for (size_t i = 0; i < sizeof stream; i++)
        bytes[SECRET_ID + i] ^= stream[i];
    sodium_memzero(stream, sizeof stream);
    return true;
}

/* BLAKE2b-256 of algorithm, id and key: tells a wrong password. */
static bool is_checked(const uint8_t bytes[SECRET_SIZE])
{
    uint8_t check[SECRET_SIZE - SECRET_CHECK];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof check);
    crypto_generichash_update(&state, bytes, 2);
    crypto_generichash_update(&state, bytes + SECRET_ID, SECRET_CHECK - SECRET_ID);
    crypto_generichash_final(&state, check, sizeof check);
    return sodium_memcmp(check, bytes + SECRET_CHECK, sizeof check) == 0;
}

static bool take_secret(uint8_t bytes[SECRET_SIZE], const char *password, struct tn_secret_key *out,
                        tenon_error *err)
{
    /* a key without password has no check either */
    if (bytes[SECRET_KDF] != 0) {
        if (!uncover(bytes, password, err))
            return false;
        if (!is_checked(bytes))
            return tn_fail(err, TENON_E_MALFORMED, "secret key: the password is wrong");
    }
    memcpy(out->id, bytes + SECRET_ID, sizeof out->id);
    memcpy(out->key, bytes + SECRET_KEY, sizeof out->key);
    return true;
}

bool tn_secret_key_parse(const char *text, size_t size, const char *password,
                         struct tn_secret_key *out, tenon_error *err)
{
    uint8_t bytes[SECRET_SIZE];
    bool ok = secret_bytes(text, size, bytes, err) && take_secret(bytes, password, out, err);
    sodium_memzero(bytes, sizeof bytes);
    return ok;
}

/* ---- signatures ------------------------------------------------------------------------------ */

bool tn_signature_parse(const char *text, size_t size, struct tn_signature *out, tenon_error *err)
{
    struct lines lines = { text, text + size };
    uint8_t bytes[2 + TN_KEY_ID_SIZE + sizeof out->signature];
    const char *comment;
    size_t comment_size;

    if (size > TN_LIMIT_KEY_FILE)
        return tn_fail(err, TENON_E_LIMIT, "signature: %zu bytes, at most %u", size,
                       TN_LIMIT_KEY_FILE);
    if (!comment_line(&lines, UNTRUSTED, &comment, &comment_size, err) ||
        !base64_line(&lines, "signature", bytes, sizeof bytes, err) ||
        !comment_line(&lines, TRUSTED, &out->comment, &out->comment_size, err) ||
        !base64_line(&lines, "signature of the comment", out->comment_signature,
                     sizeof out->comment_signature, err) ||
        !at_end(&lines, "signature of the comment", err))
        return false;
    out->prehashed = memcmp(bytes, "ED", 2) == 0;
    if (!out->prehashed && memcmp(bytes, "Ed", 2) != 0)
        return tn_fail(err, TENON_E_MALFORMED, "signature: not of Ed25519");
    memcpy(out->id, bytes + 2, sizeof out->id);
    memcpy(out->signature, bytes + 2 + sizeof out->id, sizeof out->signature);
    return true;
}

/* What a signature is of: the bytes, or their digest. */
static void message_of(bool prehashed, const void **bytes, size_t *size,
                       uint8_t digest[crypto_generichash_BYTES_MAX])
{
    if (!prehashed)
        return;
    crypto_generichash(digest, crypto_generichash_BYTES_MAX, *bytes, *size, NULL, 0);
    *bytes = digest;
    *size = crypto_generichash_BYTES_MAX;
}

/* What the second signature is of: the first one, and the comment behind it. */
struct commented {
    uint8_t bytes[64 + TN_LIMIT_KEY_FILE];
    size_t size;
};

static void put_comment(struct commented *out, const uint8_t signature[64], const char *comment,
                        size_t size)
{
    memcpy(out->bytes, signature, 64);
    memcpy(out->bytes + 64, comment, size);
    out->size = 64 + size;
}

const char *tn_signature_fault(const struct tn_signature *signature,
                               const struct tn_public_key *key, const void *bytes, size_t size)
{
    uint8_t digest[crypto_generichash_BYTES_MAX];
    struct commented both;
    if (memcmp(signature->id, key->id, sizeof key->id) != 0)
        return "it was made with another key";
    message_of(signature->prehashed, &bytes, &size, digest);
    if (crypto_sign_verify_detached(signature->signature, bytes, size, key->key) != 0)
        return "it is not of this manifest";
    put_comment(&both, signature->signature, signature->comment, signature->comment_size);
    return crypto_sign_verify_detached(signature->comment_signature, both.bytes, both.size,
                                       key->key) == 0
               ? NULL
               : "its comment was changed";
}

char *tn_signature_make(const struct tn_secret_key *key, const void *bytes, size_t size,
                        const char *comment, tenon_error *err)
{
    uint8_t digest[crypto_generichash_BYTES_MAX], first[2 + TN_KEY_ID_SIZE + 64], second[64];
    char text[sodium_base64_ENCODED_LEN(sizeof first, sodium_base64_VARIANT_ORIGINAL)];
    char more[sodium_base64_ENCODED_LEN(sizeof second, sodium_base64_VARIANT_ORIGINAL)];
    char id[17], *made = NULL;
    struct commented both;

    message_of(true, &bytes, &size, digest);
    memcpy(first, "ED", 2);
    memcpy(first + 2, key->id, sizeof key->id);
    crypto_sign_detached(first + 2 + sizeof key->id, NULL, bytes, size, key->key);
    put_comment(&both, first + 2 + sizeof key->id, comment, strlen(comment));
    crypto_sign_detached(second, NULL, both.bytes, both.size, key->key);
    sodium_bin2base64(text, sizeof text, first, sizeof first, sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(more, sizeof more, second, sizeof second, sodium_base64_VARIANT_ORIGINAL);
    tn_key_id_text(key->id, id);
    if (asprintf(&made, UNTRUSTED "signature of tenon.json by key %s\n%s\n" TRUSTED "%s\n%s\n", id,
                 text, comment, more) >= 0)
        return made;
    tn_no_memory(err);
    return NULL;
}
