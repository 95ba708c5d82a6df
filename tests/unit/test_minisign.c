/* tests/unit/test_minisign.c - keys and signatures: each byte counts, and nothing else is taken */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "minisign.h"
#include "view.h"

/* RFC 8032, section 7.1, TEST 1: the seed and the public key that comes of it. */
static const uint8_t seed[32] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                  0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                  0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };
static const uint8_t public[32] = { 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                    0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                    0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a };
static const uint8_t id[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void make_keys(struct tn_secret_key *secret, struct tn_public_key *key)
{
    memcpy(secret->id, id, sizeof id);
    memcpy(secret->key, seed, sizeof seed);
    memcpy(secret->key + 32, public, sizeof public);
    memcpy(key->id, id, sizeof id);
    memcpy(key->key, public, sizeof public);
}

static char *make(const char *comment)
{
    struct tn_secret_key secret;
    struct tn_public_key key;
    tenon_error err = TENON_ERROR_INIT;
    make_keys(&secret, &key);
    char *text = tn_signature_make(&secret, "message", 7, comment, &err);
    assert_non_null(text);
    return text;
}

static void what_is_made_holds(void **state)
{
    (void)state;
    struct tn_secret_key secret;
    struct tn_public_key key, other;
    struct tn_signature signature;
    tenon_error err = TENON_ERROR_INIT;
    char *text = make("hello");
    make_keys(&secret, &key);
    assert_true(tn_signature_parse(text, strlen(text), &signature, &err));
    assert_true(signature.prehashed);
    assert_int_equal(signature.comment_size, 5);
    assert_memory_equal(signature.comment, "hello", 5);
    assert_null(tn_signature_fault(&signature, &key, "message", 7));
    assert_string_equal(tn_signature_fault(&signature, &key, "massage", 7),
                        "it is not of this manifest");
    signature.comment_size--;
    assert_string_equal(tn_signature_fault(&signature, &key, "message", 7),
                        "its comment was changed");
    other = key;
    other.id[0]++;
    assert_string_equal(tn_signature_fault(&signature, &other, "message", 7),
                        "it was made with another key");
    free(text);
}

/* Whatever one byte becomes, the signature no longer holds, or the text no longer reads. */
static void each_byte_counts(void **state)
{
    (void)state;
    struct tn_secret_key secret;
    struct tn_public_key key;
    struct tn_signature signature;
    char *text = make("hello");
    size_t size = strlen(text);
    size_t from = (size_t)(strchr(text, '\n') - text); /* the untrusted comment may be anything */
    make_keys(&secret, &key);
    for (size_t i = from; i + 1 < size; i++) {
        char was = text[i];
        text[i] = (char)(was ^ 1);
        if (tn_signature_parse(text, size, &signature, NULL))
            assert_non_null(tn_signature_fault(&signature, &key, "message", 7));
        text[i] = was;
        if (tn_signature_parse(text, i, &signature, NULL)) /* cut */
            fail_msg("%zu of %zu bytes are no signature", i, size);
    }
    free(text);
}

static void what_is_no_signature(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        { "", "a line \"untrusted comment: ...\" expected" },
        { "untrusted comment: x\nQUJD\n", "signature: 74 bytes in base64 expected" },
        { "untrusted comment: x\n", "signature: 74 bytes in base64 expected" },
    };
    struct tn_signature signature;
    for (size_t i = 0; i < TN_COUNT(bad); i++) {
        tenon_error err = TENON_ERROR_INIT;
        assert_false(tn_signature_parse(bad[i].text, strlen(bad[i].text), &signature, &err));
        assert_int_equal(err.code, TENON_E_MALFORMED);
        assert_string_equal(err.text, bad[i].message);
    }
    char *large = calloc(1, TN_LIMIT_KEY_FILE + 1);
    tenon_error err = TENON_ERROR_INIT;
    assert_false(tn_signature_parse(large, TN_LIMIT_KEY_FILE + 1, &signature, &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
    free(large);
}

static const char public_line[] = "RWSTssn22+yUMOFxzCgRjdTR2qpOFBtGVgWsW10PUXsI+L7n/wttf7fo";

static void public_keys(void **state)
{
    (void)state;
    struct tn_public_key key;
    char text[200], shown[17];
    assert_true(tn_public_key_parse(public_line, strlen(public_line), &key, NULL));
    tn_key_id_text(key.id, shown);
    assert_string_equal(shown, "3094ECDBF6C9B293");
    snprintf(text, sizeof text, "untrusted comment: ours\r\n%s\r\n", public_line);
    assert_true(tn_public_key_parse(text, strlen(text), &key, NULL));
    for (size_t n = 0; n < strlen(public_line); n++)
        assert_false(tn_public_key_parse(public_line, n, &key, NULL));
    snprintf(text, sizeof text, "%s\nmore\n", public_line);
    assert_false(tn_public_key_parse(text, strlen(text), &key, NULL));
}

/* What minisign -G -W made: no password, and so no check. */
static const char secret_text[] =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAk7LJ9tvslDB4O7kuXnUadG"
    "ba"
    "0vHb2FZX0NFQAkFZhgnOsO/5CYZ7zuFxzCgRjdTR2qpOFBtGVgWsW10PUXsI+L7n/"
    "wttf7foAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAA=\n";

static void secret_keys(void **state)
{
    (void)state;
    struct tn_secret_key key;
    bool is_protected = true;
    char shown[17], *text = strdup(secret_text);
    size_t size = strlen(secret_text),
           kdf = strlen("untrusted comment: minisign encrypted secret key\n");
    tenon_error err = TENON_ERROR_INIT;
    assert_true(tn_secret_key_is_protected(text, size, &is_protected, NULL));
    assert_false(is_protected);
    assert_true(tn_secret_key_parse(text, size, NULL, &key, NULL));
    tn_key_id_text(key.id, shown);
    assert_string_equal(shown, "3094ECDBF6C9B293");
    memcpy(text + kdf, "RWRT", 4); /* "EdS": no such protection */
    assert_false(tn_secret_key_parse(text, size, NULL, &key, &err));
    assert_string_equal(err.text, "secret key: protected in an unknown way");
    memcpy(text + kdf, "RWRTY0Iy", 8); /* "EdScB2": by a password */
    assert_true(tn_secret_key_is_protected(text, size, &is_protected, NULL));
    assert_true(is_protected);
    assert_false(tn_secret_key_parse(text, size, NULL, &key, &err));
    assert_string_equal(err.text, "secret key: it is protected by a password");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_holds),   cmocka_unit_test(each_byte_counts),
        cmocka_unit_test(what_is_no_signature), cmocka_unit_test(public_keys),
        cmocka_unit_test(secret_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
