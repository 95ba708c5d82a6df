/*
 * src/bundle/manifest_read.c - tenon.json to a manifest
 *
 * Every fault is told with its place. Keys that nobody knows are passed by: within a format number
 * keys are only added.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "json_load.h"
#include "limits.h"
#include "manifest.h"
#include "text.h"

/* An object of the file, its place for messages, and where copies go. */
struct node {
    const json_t *json;
    const char *list; /* it is row `index` of; NULL: the manifest itself */
    size_t index;
    struct tn_arena *arena;
};

static bool fault(const struct node *node, const char *key, tenon_error *err, const char *expected)
{
    if (!node->list)
        return tn_fail(err, TENON_E_MALFORMED, "%s: %s", key, expected);
    return tn_fail(err, TENON_E_MALFORMED, "%s[%zu].%s: %s", node->list, node->index, key,
                   expected);
}

/* The value of a key; NULL when it is absent or null. */
static const json_t *value_of(const struct node *node, const char *key)
{
    const json_t *value = json_object_get(node->json, key);

    return json_is_null(value) ? NULL : value;
}

static bool copy(const struct node *node, const json_t *string, const char **out, tenon_error *err)
{
    *out = tn_arena_copy(node->arena, json_string_value(string), json_string_length(string));
    return *out || tn_no_memory(err);
}

static bool optional_string(const struct node *node, const char *key, const char **out,
                            tenon_error *err)
{
    const json_t *value = value_of(node, key);

    *out = NULL;
    if (!value)
        return true;
    if (!json_is_string(value))
        return fault(node, key, err, "a string expected");
    if (json_string_length(value) > TN_LIMIT_STRING)
        return fault(node, key, err, "a string that is too long");
    return copy(node, value, out, err);
}

static bool string(const struct node *node, const char *key, const char **out, tenon_error *err)
{
    if (!optional_string(node, key, out, err))
        return false;
    return *out || fault(node, key, err, "a string expected");
}

static bool strings(const struct node *node, const char *key, const char *const **out,
                    size_t *count, tenon_error *err)
{
    const json_t *value = value_of(node, key);
    size_t size = json_array_size(value);
    const char **rows;

    *out = NULL;
    *count = 0;
    if (!value)
        return true;
    if (!json_is_array(value))
        return fault(node, key, err, "a list expected");
    rows = tn_arena_rows(node->arena, size, sizeof *rows);
    if (!rows)
        return tn_no_memory(err);
    for (size_t i = 0; i < size; i++) {
        const json_t *row = json_array_get(value, i);
        if (!json_is_string(row))
            return tn_fail(err, TENON_E_MALFORMED, "%s[%zu]: a string expected", key, i);
        if (!copy(node, row, &rows[i], err))
            return false;
    }
    *out = rows;
    *count = size;
    return true;
}

static bool number(const struct node *node, const char *key, int64_t *out, tenon_error *err)
{
    const json_t *value = value_of(node, key);

    *out = 0;
    if (!value)
        return true;
    if (!json_is_integer(value))
        return fault(node, key, err, "a whole number expected");
    *out = json_integer_value(value);
    return true;
}

static bool flag(const struct node *node, const char *key, enum tenon_answer *out, tenon_error *err)
{
    const json_t *value = value_of(node, key);

    *out = TENON_UNKNOWN;
    if (!value)
        return true;
    if (!json_is_boolean(value))
        return fault(node, key, err, "true or false expected");
    *out = json_is_true(value) ? TENON_YES : TENON_NO;
    return true;
}

/* "code-1:0123..." */
static bool digest(const struct node *node, const char *key, tenon_digest *out, tenon_error *err)
{
    static const char expected[] = "\"KIND:HEXADECIMAL\" expected";
    enum tenon_digest_kind kind;
    const char *text, *colon;
    char word[16] = "";

    *out = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
    if (!optional_string(node, key, &text, err))
        return false;
    if (!text)
        return true;
    colon = strchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof word)
        return fault(node, key, err, expected);
    memcpy(word, text, (size_t)(colon - text));
    if (!tenon_digest_kind_of(word, &kind) || kind == TENON_DIGEST_UNKNOWN)
        return fault(node, key, err, "a digest of unknown kind");
    if (!tenon_digest_read(colon + 1, kind, out, NULL) || out->size == 0)
        return fault(node, key, err, expected);
    bool whole =
        kind == TENON_DIGEST_EXPORTS || kind == TENON_DIGEST_CODE || kind == TENON_DIGEST_SOURCE;
    return !whole || out->size == TENON_DIGEST_ROOM ||
           fault(node, key, err, "64 hexadecimal digits expected");
}

static bool sha256(const struct node *node, const char *key, uint8_t out[32], tenon_error *err)
{
    tenon_digest whole;
    const char *text;

    if (!string(node, key, &text, err))
        return false;
    if (!tenon_digest_read(text, TENON_DIGEST_CODE, &whole, NULL) || whole.size != 32)
        return fault(node, key, err, "64 hexadecimal digits expected");
    memcpy(out, whole.bytes, 32);
    return true;
}

/* ---- rows --------------------------------------------------------------------------------------
 */

static bool read_claim(const struct node *node, void *row, tenon_error *err)
{
    tenon_claim *claim = row;
    const char *kind;

    if (!string(node, "name", &claim->name, err) || !string(node, "kind", &kind, err))
        return false;
    if (!tenon_unit_kind_of(kind, &claim->kind))
        return fault(node, "kind", err, "a kind of unit expected");
    return digest(node, "interface", &claim->interface, err) &&
           digest(node, "implementation", &claim->implementation, err) &&
           flag(node, "stateful", &claim->stateful, err) &&
           optional_string(node, "origin", &claim->origin, err) &&
           optional_string(node, "code", &claim->code, err);
}

static bool read_code(const struct node *node, void *row, tenon_error *err)
{
    tenon_code_entry *code = row;
    enum tenon_answer flambda;
    const char *kind;

    if (!string(node, "path", &code->path, err) || !string(node, "kind", &kind, err))
        return false;
    if (!tenon_code_kind_of(kind, &code->kind))
        return fault(node, "kind", err, "a kind of code expected");
    if (!flag(node, "flambda", &flambda, err))
        return false;
    code->flambda = flambda == TENON_YES;
    return optional_string(node, "triple", &code->triple, err) &&
           optional_string(node, "libc", &code->libc, err) &&
           optional_string(node, "own_name", &code->own_name, err) &&
           optional_string(node, "ocaml_magic", &code->ocaml_magic, err);
}

static bool read_entry(const struct node *node, void *row, tenon_error *err)
{
    tenon_entry *entry = row;
    int64_t size;

    if (!string(node, "path", &entry->path, err) || !sha256(node, "sha256", entry->sha256, err))
        return false;
    if (!value_of(node, "size"))
        return fault(node, "size", err, "a whole number expected");
    if (!number(node, "size", &size, err))
        return false;
    if (size < 0 || (uint64_t)size > TN_LIMIT_ENTRY)
        return fault(node, "size", err, "out of range");
    entry->size = (uint64_t)size;
    return true;
}

/* A list of objects, each read into a row of `size` bytes. */
static bool rows(const struct node *top, const char *key, size_t size,
                 bool (*read)(const struct node *, void *, tenon_error *), const void *out,
                 size_t *count, tenon_error *err)
{
    const json_t *value = value_of(top, key);
    size_t length = json_array_size(value);
    struct node node = { .list = key, .arena = top->arena };
    char *table;

    if (!value)
        return true;
    if (!json_is_array(value))
        return fault(top, key, err, "a list expected");
    table = tn_arena_rows(top->arena, length, size);
    if (!table)
        return tn_no_memory(err);
    for (size_t i = 0; i < length; i++) {
        node.json = json_array_get(value, i);
        node.index = i;
        if (!json_is_object(node.json))
            return tn_fail(err, TENON_E_MALFORMED, "%s[%zu]: an object expected", key, i);
        if (!read(&node, table + i * size, err))
            return false;
    }
    memcpy((void *)out, &table, sizeof table);
    *count = length;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool read_format(const struct node *top, unsigned *format, tenon_error *err)
{
    const json_t *value = value_of(top, "format");

    if (!json_is_integer(value) || json_integer_value(value) < 1)
        return fault(top, "format", err, "a number from 1 expected");
    if (json_integer_value(value) > TN_MANIFEST_FORMAT)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "format: %" JSON_INTEGER_FORMAT " is newer than this tenon, which reads %u",
                       json_integer_value(value), TN_MANIFEST_FORMAT);
    *format = (unsigned)json_integer_value(value);
    return true;
}

static bool read_facts(const struct node *top, tenon_manifest *m, tenon_error *err)
{
    return read_format(top, &m->format, err) && string(top, "name", &m->name, err) &&
           string(top, "version", &m->version, err) && string(top, "main", &m->main, err) &&
           optional_string(top, "desc", &m->desc, err) &&
           optional_string(top, "author", &m->author, err) &&
           optional_string(top, "url", &m->url, err) &&
           optional_string(top, "license", &m->license, err) &&
           optional_string(top, "copyrights", &m->copyrights, err) &&
           number(top, "date", &m->date, err);
}

static bool read_lists(const struct node *top, tenon_manifest *m, tenon_error *err)
{
    return strings(top, "tags", &m->tags, &m->tag_count, err) &&
           strings(top, "cons", &m->cons, &m->con_count, err) &&
           strings(top, "argv", &m->argv, &m->argv_count, err) &&
           strings(top, "packages", &m->packages, &m->package_count, err) &&
           strings(top, "private", &m->private_units, &m->private_count, err) &&
           rows(top, "provides", sizeof *m->provides, read_claim, &m->provides, &m->provide_count,
                err) &&
           rows(top, "requires", sizeof *m->required, read_claim, &m->required, &m->required_count,
                err) &&
           rows(top, "code", sizeof *m->code, read_code, &m->code, &m->code_count, err) &&
           rows(top, "entries", sizeof *m->entries, read_entry, &m->entries, &m->entry_count, err);
}

static json_t *load(const char *text, size_t size, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    json_error_t problem;
    json_t *json;
    bool starved;

    if (size > TN_LIMIT_MANIFEST) {
        tn_fail(err, TENON_E_LIMIT, "%zu bytes, at most %u", size, TN_LIMIT_MANIFEST);
        return NULL;
    }
    json = tn_json_load(text, size, JSON_REJECT_DUPLICATES, &problem, &starved);
    if (json)
        return json;
    if (starved)
        tn_no_memory(err);
    else
        tn_fail(err, TENON_E_MALFORMED, "line %d, column %d: %s", problem.line, problem.column,
                tn_quote(shown, problem.text));
    return NULL;
}

tenon_manifest *tenon_manifest_parse(const char *text, size_t size, tenon_error *err)
{
    json_t *json = load(text, size, err);
    struct tn_manifest *manifest = json ? calloc(1, sizeof *manifest) : NULL;
    struct node top = { .json = json };
    bool ok = false;

    if (json && !manifest) {
        tn_no_memory(err);
    } else if (json) {
        top.arena = &manifest->arena;
        if (!json_is_object(json))
            tn_fail(err, TENON_E_MALFORMED, "an object expected");
        else
            ok = read_facts(&top, &manifest->is, err) && read_lists(&top, &manifest->is, err) &&
                 tn_manifest_check(&manifest->is, err);
    }
    json_decref(json);
    if (ok)
        return &manifest->is;
    if (manifest)
        tenon_manifest_free(&manifest->is);
    return NULL;
}
