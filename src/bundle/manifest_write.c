/* src/bundle/manifest_write.c - a manifest to tenon.json: equal text for equal manifests */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "manifest.h"
#include "text.h"

/* The object in the making; the first failure is kept, and later calls do nothing. */
struct writer {
    json_t *object;
    tenon_error *err;
    bool failed;
};

/* Takes over `value`; NULL: there was no memory. */
static void put(struct writer *w, const char *key, json_t *value)
{
    if (w->failed)
        json_decref(value);
    else if (json_object_set_new(w->object, key, value) != 0)
        w->failed = !tn_no_memory(w->err);
}

/* jansson takes UTF-8 alone. */
static json_t *new_string(struct writer *w, const char *key, const char *value)
{
    char shown[TN_QUOTE_ROOM];

    errno = 0;
    json_t *string = json_string(value);
    if (string)
        return string;
    if (errno == ENOMEM) /* rule  POSIX malloc(): sets it */
        tn_no_memory(w->err);
    else
        tn_fail(w->err, TENON_E_ARGUMENT, "%s: %s is not UTF-8", key, tn_quote(shown, value));
    w->failed = true;
    return NULL;
}

static void put_string(struct writer *w, const char *key, const char *value)
{
    if (value && !w->failed)
        put(w, key, new_string(w, key, value));
}

static void put_strings(struct writer *w, const char *key, const char *const *values, size_t count)
{
    json_t *list = count && !w->failed ? json_array() : NULL;

    for (size_t i = 0; i < count && !w->failed; i++) {
        json_t *string = new_string(w, key, values[i]);
        if (!w->failed && json_array_append_new(list, string) != 0)
            w->failed = !tn_no_memory(w->err);
    }
    if (count && !w->failed)
        put(w, key, list);
    else
        json_decref(list);
}

static void put_digest(struct writer *w, const char *key, const tenon_digest *digest)
{
    char hex[2 * TENON_DIGEST_ROOM + 1], text[sizeof hex + 32];

    if (digest->kind == TENON_DIGEST_UNKNOWN)
        return;
    snprintf(text, sizeof text, "%s:%s", tenon_digest_kind_name(digest->kind),
             tenon_digest_text(digest, hex));
    put_string(w, key, text);
}

static void put_answer(struct writer *w, const char *key, enum tenon_answer answer)
{
    if (answer != TENON_UNKNOWN && !w->failed)
        put(w, key, json_boolean(answer == TENON_YES));
}

static void put_claim(struct writer *w, const void *row)
{
    const tenon_claim *claim = row;

    put_string(w, "kind", tenon_unit_kind_name(claim->kind));
    put_string(w, "name", claim->name);
    put_string(w, "origin", claim->origin);
    put_digest(w, "interface", &claim->interface);
    put_digest(w, "implementation", &claim->implementation);
    put_answer(w, "stateful", claim->stateful);
    put_string(w, "code", claim->code);
}

static void put_code(struct writer *w, const void *row)
{
    const tenon_code_entry *code = row;

    put_string(w, "path", code->path);
    put_string(w, "kind", tenon_code_kind_name(code->kind));
    put_string(w, "triple", code->triple);
    put_string(w, "libc", code->libc);
    put_string(w, "own_name", code->own_name);
    put_string(w, "ocaml_magic", code->ocaml_magic);
    if (code->ocaml_magic)
        put_answer(w, "flambda", code->flambda ? TENON_YES : TENON_NO);
}

static void put_entry(struct writer *w, const void *row)
{
    const tenon_entry *entry = row;
    tenon_digest digest = { .kind = TENON_DIGEST_CODE, .size = sizeof entry->sha256 };
    char hex[2 * TENON_DIGEST_ROOM + 1];

    memcpy(digest.bytes, entry->sha256, sizeof entry->sha256);
    put_string(w, "path", entry->path);
    if (!w->failed)
        put(w, "size", json_integer((json_int_t)entry->size));
    put_string(w, "sha256", tenon_digest_text(&digest, hex));
}

static void put_rows(struct writer *w, const char *key, const void *table, size_t count,
                     size_t size, void (*put_row)(struct writer *, const void *))
{
    json_t *list = count && !w->failed ? json_array() : NULL;
    const char *row = table;

    for (size_t i = 0; i < count && !w->failed; i++, row += size) {
        struct writer inner = { .object = json_object(), .err = w->err };
        put_row(&inner, row);
        w->failed = inner.failed;
        if (inner.failed) {
            json_decref(inner.object);
            tn_context(w->err, "%s[%zu]", key, i);
        } else if (json_array_append_new(list, inner.object) != 0) {
            w->failed = !tn_no_memory(w->err);
        }
    }
    if (count && !w->failed)
        put(w, key, list);
    else
        json_decref(list);
}

static void put_manifest(struct writer *w, const tenon_manifest *m)
{
    put(w, "format", json_integer(TN_MANIFEST_FORMAT));
    put_string(w, "name", m->name);
    put_string(w, "version", m->version);
    put_string(w, "desc", m->desc);
    put_string(w, "author", m->author);
    if (m->date != 0 && !w->failed)
        put(w, "date", json_integer(m->date));
    put_string(w, "url", m->url);
    put_string(w, "license", m->license);
    put_string(w, "copyrights", m->copyrights);
    put_strings(w, "tags", m->tags, m->tag_count);
    put_strings(w, "cons", m->cons, m->con_count);
    put_string(w, "main", m->main);
    put_strings(w, "argv", m->argv, m->argv_count);
    put_strings(w, "packages", m->packages, m->package_count);
    put_rows(w, "provides", m->provides, m->provide_count, sizeof *m->provides, put_claim);
    put_rows(w, "requires", m->required, m->required_count, sizeof *m->required, put_claim);
    put_strings(w, "private", m->private_units, m->private_count);
    put_rows(w, "code", m->code, m->code_count, sizeof *m->code, put_code);
    put_rows(w, "entries", m->entries, m->entry_count, sizeof *m->entries, put_entry);
}

static char *dump(const json_t *object, tenon_error *err)
{
    char *json, *text = NULL;

    errno = 0; /* jansson 2.14, dump.c: a key that it has no memory for is left out */
    json = json_dumps(object, JSON_INDENT(1));
    if (json && errno != ENOMEM && asprintf(&text, "%s\n", json) < 0)
        text = NULL;
    free(json);
    if (!text)
        tn_no_memory(err);
    return text;
}

char *tenon_manifest_write(const tenon_manifest *manifest, tenon_error *err)
{
    struct writer w = { .err = err };
    char *text = NULL;

    if (!tn_manifest_check(manifest, err))
        return NULL;
    w.object = json_object();
    put_manifest(&w, manifest);
    if (!w.failed)
        text = dump(w.object, err);
    json_decref(w.object);
    return text;
}
