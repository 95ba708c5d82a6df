/* src/bundle/signature.c - signatures of bundles: trusted keys, looking at one, making one */
#include "signature.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "builder.h"
#include "bundle.h"
#include "entry_name.h"
#include "fail.h"
#include "minisign.h"
#include "text.h"

struct tenon_keys {
    struct tn_public_key *rows;
    size_t count, room;
};

/* ---- keys ------------------------------------------------------------------------------------ */

tenon_keys *tenon_keys_new(tenon_error *err)
{
    tenon_keys *keys = calloc(1, sizeof *keys);
    if (!keys)
        tn_no_memory(err);
    return keys;
}

void tenon_keys_free(tenon_keys *keys)
{
    if (!keys)
        return;
    free(keys->rows);
    free(keys);
}

static bool add_key(tenon_keys *keys, const char *text, size_t size, tenon_error *err)
{
    struct tn_public_key key;
    if (!tn_public_key_parse(text, size, &key, err))
        return false;
    if (!tn_grow(&keys->rows, &keys->room, keys->count, sizeof *keys->rows))
        return tn_no_memory(err);
    keys->rows[keys->count++] = key;
    return true;
}

bool tenon_keys_add(tenon_keys *keys, const char *key, tenon_error *err)
{
    return add_key(keys, key, strlen(key), err);
}

bool tenon_keys_add_file(tenon_keys *keys, const char *file, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    void *text;
    size_t size;
    if (!tn_read_file(file, &text, &size, err))
        return false;
    bool ok = add_key(keys, text, size, err) || tn_context(err, "%s", tn_quote(shown, file));
    free(text);
    return ok;
}

tenon_keys *tn_keys_copy(const tenon_keys *keys, tenon_error *err)
{
    tenon_keys *copy = tenon_keys_new(err);
    if (!copy || !keys->count)
        return copy;
    copy->rows = malloc(keys->count * sizeof *copy->rows);
    if (!copy->rows) {
        tn_no_memory(err);
        tenon_keys_free(copy);
        return NULL;
    }
    memcpy(copy->rows, keys->rows, keys->count * sizeof *copy->rows);
    copy->count = copy->room = keys->count;
    return copy;
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Two keys may have one id: the one that made the signature counts. */
static void judge(const tenon_bundle *bundle, const struct tn_signature *signature,
                  const tenon_keys *keys, tenon_signature *out)
{
    out->state = TENON_SIGNATURE_UNKNOWN;
    for (size_t i = 0; keys && i < keys->count && out->state != TENON_SIGNATURE_GOOD; i++) {
        if (memcmp(keys->rows[i].id, signature->id, sizeof signature->id) != 0)
            continue;
        out->why = tn_signature_fault(signature, &keys->rows[i], bundle->text, bundle->text_size);
        out->state = out->why ? TENON_SIGNATURE_BAD : TENON_SIGNATURE_GOOD;
    }
}

static bool keep_comment(tenon_bundle *bundle, const struct tn_signature *signature,
                         tenon_signature *out, tenon_error *err)
{
    free(bundle->signed_text);
    bundle->signed_text = strndup(signature->comment, signature->comment_size);
    out->comment = bundle->signed_text;
    return out->comment || tn_no_memory(err);
}

static bool keep_why(tenon_bundle *bundle, const tenon_error *why, tenon_signature *out,
                     tenon_error *err)
{
    free(bundle->signed_text);
    bundle->signed_text = strdup(tenon_error_message(why));
    out->state = TENON_SIGNATURE_BAD;
    out->why = bundle->signed_text;
    return out->why || tn_no_memory(err);
}

static bool look(tenon_bundle *bundle, const struct tn_zip_entry *entry, const tenon_keys *keys,
                 tenon_signature *out, tenon_error *err)
{
    struct tn_signature signature;
    tenon_error why = TENON_ERROR_INIT;
    char *text = malloc((size_t)entry->size + 1);
    if (!text)
        return tn_no_memory(err);
    bool ok = tn_zip_read(&bundle->zip, entry, (uint8_t *)text, err);
    if (ok && !tn_signature_parse(text, (size_t)entry->size, &signature, &why)) {
        ok = keep_why(bundle, &why, out, err);
    } else if (ok) {
        tn_key_id_text(signature.id, out->key);
        judge(bundle, &signature, keys, out);
        if (out->state == TENON_SIGNATURE_GOOD)
            ok = keep_comment(bundle, &signature, out, err);
    }
    free(text);
    return ok;
}

bool tenon_bundle_signature(tenon_bundle *bundle, const tenon_keys *keys, tenon_signature *out,
                            tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    *out = (tenon_signature){ .state = TENON_SIGNATURE_NONE };
    bool ok = tn_bundle_wake(bundle, err);
    const struct tn_zip_entry *entry = ok ? tn_zip_find(&bundle->zip, TN_SIGNATURE_ENTRY) : NULL;
    if (entry && entry->size > TN_LIMIT_KEY_FILE) {
        out->state = TENON_SIGNATURE_BAD;
        out->why = "it is larger than any signature";
    } else if (entry) {
        ok = look(bundle, entry, keys, out, err);
    }
    return ok || tn_context(err, "bundle %s", tn_quote(shown, bundle->path));
}

/* ---- making ---------------------------------------------------------------------------------- */

bool tenon_secret_key_is_protected(const char *file, bool *is_protected, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    void *text;
    size_t size;
    if (!tn_read_file(file, &text, &size, err))
        return false;
    bool ok = tn_secret_key_is_protected(text, size, is_protected, err) ||
              tn_context(err, "%s", tn_quote(shown, file));
    sodium_memzero(text, size);
    free(text);
    return ok;
}

static bool read_key(const char *file, const char *password, struct tn_secret_key *key,
                     tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    void *text;
    size_t size;
    if (!tn_read_file(file, &text, &size, err))
        return false;
    bool ok = tn_secret_key_parse(text, size, password, key, err) ||
              tn_context(err, "%s", tn_quote(shown, file));
    sodium_memzero(text, size);
    free(text);
    return ok;
}

static bool check_comment(const char *comment, tenon_error *err)
{
    size_t size = strlen(comment);
    if (size <= TN_LIMIT_COMMENT && tn_text_is_plain(comment, size))
        return true;
    return tn_fail(err, TENON_E_ARGUMENT,
                   "comment: one line of UTF-8 text expected, at most %u bytes", TN_LIMIT_COMMENT);
}

bool tenon_builder_sign(tenon_builder *builder, const char *key_file, const char *password,
                        const char *comment, tenon_error *err)
{
    struct tn_secret_key key;
    if (comment && !check_comment(comment, err))
        return false;
    if (!read_key(key_file, password, &key, err))
        return false;
    tn_builder_unsign(builder);
    builder->signer = malloc(sizeof *builder->signer);
    if (builder->signer)
        *builder->signer = key;
    sodium_memzero(&key, sizeof key);
    builder->comment = comment ? tn_arena_string(&builder->arena, comment) : NULL;
    return (builder->signer && (builder->comment || !comment)) || tn_no_memory(err);
}

void tn_builder_unsign(tenon_builder *builder)
{
    if (builder->signer)
        sodium_memzero(builder->signer, sizeof *builder->signer);
    free(builder->signer);
    builder->signer = NULL;
}

char *tn_builder_signature(const tenon_builder *builder, const tenon_manifest *manifest,
                           const char *text, struct tn_arena *arena, tenon_error *err)
{
    const char *comment = builder->comment;
    if (!comment)
        comment = tn_arena_format(arena, "plugin %s %s", manifest->name, manifest->version);
    if (!comment) {
        tn_no_memory(err);
        return NULL;
    }
    if (!check_comment(comment, err))
        return NULL;
    return tn_signature_make(builder->signer, text, strlen(text), comment, err);
}

const char *tenon_signature_state_name(enum tenon_signature_state state)
{
    static const char *const words[] = { "unsigned", "unknown-key", "bad", "good" };
    return state < TN_COUNT(words) ? words[state] : "unknown";
}
