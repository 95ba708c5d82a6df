/* include/tenon/signature.h - who made a bundle: Ed25519 signatures in minisign's file format */
#ifndef TENON_SIGNATURE_H
#define TENON_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include <tenon/bundle.h>
#include <tenon/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Public keys that somebody trusts.
 *
 * threads  may be read by many at once
 */
typedef struct tenon_keys tenon_keys;

TENON_API tenon_keys *tenon_keys_new(tenon_error *err);
TENON_API void tenon_keys_free(tenon_keys *keys);

/*
 * One key more: the line "RW..." that minisign(1) prints, or the text of a whole public key file.
 *
 * errors   TENON_E_MALFORMED, _MEMORY
 */
TENON_API bool tenon_keys_add(tenon_keys *keys, const char *key, tenon_error *err);

/* The same from a file. errors  also TENON_E_SYSTEM, _LIMIT */
TENON_API bool tenon_keys_add_file(tenon_keys *keys, const char *file, tenon_error *err);

/* How the signature of a bundle stands. Words as in JSON. */
enum tenon_signature_state {
    TENON_SIGNATURE_NONE,    /* "unsigned" */
    TENON_SIGNATURE_UNKNOWN, /* "unknown-key": by none of the keys; nothing is known of it */
    TENON_SIGNATURE_BAD,     /* "bad": cannot be read, or is not what that key would have made */
    TENON_SIGNATURE_GOOD,    /* "good": the manifest, and so everything in the bundle, is signed */
};

typedef struct tenon_signature {
    enum tenon_signature_state state;
    char key[17];        /* the key's id as minisign prints it: "3094ECDBF6C9B293"; "" */
    const char *comment; /* good: the trusted comment, which is signed too; else NULL */
    const char *why;     /* bad: what is wrong; else NULL */
} tenon_signature;

/*
 * Looks at the signature of a bundle.
 *
 * keys     NULL: none are trusted
 * owner    the strings live as long as the bundle, until this is asked again
 * errors   TENON_E_SYSTEM, _MEMORY, those of opening a bundle: it could not be read. A signature
 *          that makes no sense is an answer (bad), not an error
 */
TENON_API bool tenon_bundle_signature(tenon_bundle *bundle, const tenon_keys *keys,
                                      tenon_signature *out, tenon_error *err);

/*
 * Whether a secret key file is protected by a password.
 *
 * errors   TENON_E_SYSTEM, _LIMIT, _MALFORMED
 */
TENON_API bool tenon_secret_key_is_protected(const char *file, bool *is_protected,
                                             tenon_error *err);

/*
 * Has tenon_builder_write() sign what it writes, with a secret key of minisign(1).
 *
 * password NULL: the key has none
 * comment  one line that is signed too; NULL: "plugin NAME VERSION"
 * errors   TENON_E_SYSTEM, _MALFORMED (no secret key, a wrong password), _ARGUMENT (a comment of
 *          several lines), _MEMORY
 */
TENON_API bool tenon_builder_sign(tenon_builder *builder, const char *key_file,
                                  const char *password, const char *comment, tenon_error *err);

/* "unsigned", "unknown-key", "bad", "good". A constant. */
TENON_API const char *tenon_signature_state_name(enum tenon_signature_state state);

#ifdef __cplusplus
}
#endif
#endif
