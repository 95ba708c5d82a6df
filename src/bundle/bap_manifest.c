/*
 * src/bundle/bap_manifest.c - reads and writes MANIFEST.scm
 *
 * rule  BAP, lib/bap_bundle: a record of thirteen fields in any order, each there exactly once
 */
#include "bap_manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry_name.h"
#include "fail.h"
#include "sexp.h"
#include "text.h"

/* What the value of a field is. */
enum shape { TEXT, MAYBE, LIST, DATE, IGNORED };

struct field {
    const char *name;
    enum shape shape;
    size_t to, count; /* places in tenon_manifest */
};

#define TO(field) offsetof(tenon_manifest, field)

static const struct field fields[] = {
    { "name", TEXT, TO(name), 0 },
    { "version", TEXT, TO(version), 0 },
    { "desc", TEXT, TO(desc), 0 },
    { "main", TEXT, TO(main), 0 },
    { "author", TEXT, TO(author), 0 },
    { "date", DATE, TO(date), 0 },
    { "requires", LIST, TO(packages), TO(package_count) },
    { "provides", IGNORED, 0, 0 },
    { "url", MAYBE, TO(url), 0 },
    { "license", MAYBE, TO(license), 0 },
    { "copyrights", MAYBE, TO(copyrights), 0 },
    { "tags", LIST, TO(tags), TO(tag_count) },
    { "cons", LIST, TO(cons), TO(con_count) },
};

static bool wrong(const struct field *field, const char *expected, tenon_error *err)
{
    return tn_fail(err, TENON_E_MALFORMED, "field %s: %s", field->name, expected);
}

/* `()`, `none` and `None`; `(value)`, `(some value)` and `(Some value)`. */
static bool read_maybe(const struct field *field, const struct tn_sexp *value, const char **out,
                       tenon_error *err)
{
    const struct tn_sexp *first = value->first;

    *out = NULL;
    if (value->text)
        return strcmp(value->text, "none") == 0 || strcmp(value->text, "None") == 0 ||
               wrong(field, "() or (VALUE) expected", err);
    if (!first)
        return true;
    if (first->next && first->text &&
        (strcmp(first->text, "some") == 0 || strcmp(first->text, "Some") == 0))
        first = first->next;
    if (first->next || !first->text)
        return wrong(field, "() or (VALUE) expected", err);
    *out = first->text;
    return true;
}

/* Empty words are left out: BAP writes (cons ("")) for none. */
static bool read_list(const struct field *field, const struct tn_sexp *value,
                      struct tn_arena *arena, const char ***out, size_t *count, tenon_error *err)
{
    size_t room = 1;

    if (value->text)
        return wrong(field, "a list expected", err);
    for (const struct tn_sexp *s = value->first; s; s = s->next)
        room++;
    *out = tn_arena_rows(arena, room, sizeof **out);
    *count = 0;
    if (!*out)
        return tn_no_memory(err);
    for (const struct tn_sexp *s = value->first; s; s = s->next) {
        if (!s->text)
            return wrong(field, "a list of words expected", err);
        if (*s->text)
            (*out)[(*count)++] = s->text;
    }
    return true;
}

/* rule  OCaml's float_of_string: fractions, exponents, hexadecimal, "nan"; "_" between digits */
static bool read_date(const struct field *field, const struct tn_sexp *value, int64_t *out,
                      tenon_error *err)
{
    char digits[64], *end;
    size_t used = 0;

    for (const char *c = value->text ? value->text : ""; *c && used < sizeof digits - 1; c++)
        if (*c != '_')
            digits[used++] = *c;
    digits[used] = '\0';
    double seconds = strtod(digits, &end);
    if (used == 0 || *end || end == digits)
        return wrong(field, "a number expected", err);
    *out = isfinite(seconds) && seconds > 0 && seconds < 1e15 ? (int64_t)seconds : 0;
    return true;
}

static bool read_field(const struct field *field, const struct tn_sexp *value,
                       struct tn_manifest *manifest, tenon_error *err)
{
    char *m = (char *)&manifest->is;

    switch (field->shape) {
    case TEXT:
        memcpy(m + field->to, &value->text, sizeof value->text);
        return value->text || wrong(field, "a word expected", err);
    case MAYBE: return read_maybe(field, value, (const char **)(void *)(m + field->to), err);
    case LIST:
        return read_list(field, value, &manifest->arena, (const char ***)(void *)(m + field->to),
                         (size_t *)(void *)(m + field->count), err);
    case DATE: return read_date(field, value, &manifest->is.date, err);
    case IGNORED: break;
    }
    return !value->text || wrong(field, "a list expected", err);
}

static const struct field *field_named(const char *name)
{
    for (size_t i = 0; i < TN_COUNT(fields); i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

bool tn_bap_manifest_read(struct tn_view text, struct tn_manifest *manifest, tenon_error *err)
{
    const struct tn_sexp *record = tn_sexp_read(text, &manifest->arena, err);
    bool seen[TN_COUNT(fields)] = { false };
    char shown[TN_QUOTE_ROOM];

    if (!record)
        return false;
    if (record->text)
        return tn_fail(err, TENON_E_MALFORMED, "a record expected");
    for (const struct tn_sexp *s = record->first; s; s = s->next) {
        const struct tn_sexp *name = s->text ? NULL : s->first;
        if (!name || !name->text || !name->next || name->next->next)
            return tn_fail(err, TENON_E_MALFORMED, "(FIELD VALUE) expected");
        const struct field *field = field_named(name->text);
        if (!field || seen[field - fields])
            return tn_fail(err, TENON_E_MALFORMED, "field %s %s", tn_quote(shown, name->text),
                           field ? "is there twice" : "is not known");
        seen[field - fields] = true;
        if (!read_field(field, name->next, manifest, err))
            return false;
    }
    for (size_t i = 0; i < TN_COUNT(fields); i++)
        if (!seen[i])
            return tn_fail(err, TENON_E_MALFORMED, "field %s is not there", fields[i].name);
    manifest->is.format = TN_MANIFEST_FORMAT;
    return true;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_words(struct tn_sexp_text *out, const char *const *words, size_t count)
{
    tn_sexp_put(out, "(");
    for (size_t i = 0; i < count; i++) {
        tn_sexp_put(out, i ? " " : "");
        tn_sexp_put_atom(out, words[i]);
    }
    tn_sexp_put(out, ")");
}

static bool is_main_code(const tenon_manifest *m, const char *code)
{
    const char *base = code ? tn_base_name(code) : "";
    size_t size = strlen(m->main);

    return strncmp(base, m->main, size) == 0 && base[size] == '.';
}

/* The units of the plugin's own OCaml code, each once; a list for the caller to free(). */
static const char **own_units(const tenon_manifest *m, size_t *count)
{
    const char **names = calloc(m->provide_count + 1, sizeof *names);

    *count = 0;
    for (size_t i = 0; names && i < m->provide_count; i++) {
        const tenon_claim *claim = &m->provides[i];
        bool told = claim->kind != TENON_UNIT_OCAML || !is_main_code(m, claim->code);
        for (size_t k = 0; k < *count && !told; k++)
            told = strcmp(names[k], claim->name) == 0;
        if (!told)
            names[(*count)++] = claim->name;
    }
    return names;
}

/* As BAP names them: "greet" for Greet. */
static void put_units(struct tn_sexp_text *out, const char *const *names, size_t count)
{
    tn_sexp_put(out, "(");
    for (size_t i = 0; i < count; i++) {
        char *name = strdup(names[i]);
        if (!name) {
            out->failed = true;
            return;
        }
        if (name[0] >= 'A' && name[0] <= 'Z')
            name[0] = (char)(name[0] - 'A' + 'a');
        tn_sexp_put(out, i ? " " : "");
        tn_sexp_put_atom(out, name);
        free(name);
    }
    tn_sexp_put(out, ")");
}

static void put_text(struct tn_sexp_text *out, const tenon_manifest *m, const struct field *field)
{
    const char *text;

    memcpy(&text, (const char *)m + field->to, sizeof text);
    if (field->shape == MAYBE) {
        put_words(out, &text, text ? 1 : 0);
        return;
    }
    tn_sexp_put_atom(out, text                                 ? text
                          : strcmp(field->name, "desc") == 0   ? "description not provided"
                          : strcmp(field->name, "author") == 0 ? "unknown"
                                                               : "");
}

static void put_value(struct tn_sexp_text *out, const tenon_manifest *m, const struct field *field)
{
    const char *const *words;
    char number[32];
    size_t count;

    switch (field->shape) {
    case TEXT:
    case MAYBE: put_text(out, m, field); break;
    case LIST:
        memcpy(&words, (const char *)m + field->to, sizeof words);
        memcpy(&count, (const char *)m + field->count, sizeof count);
        put_words(out, words, count);
        break;
    case DATE:
        snprintf(number, sizeof number, "%" PRId64, m->date);
        tn_sexp_put(out, number);
        break;
    case IGNORED: break; /* "provides", which is not a value of ours */
    }
}

char *tn_bap_manifest_write(const tenon_manifest *manifest, const char *const *provides,
                            size_t provide_count, tenon_error *err)
{
    struct tn_sexp_text out = { .at = NULL };
    const char **own = provides ? NULL : own_units(manifest, &provide_count);

    out.failed = !provides && !own;
    for (size_t i = 0; i < TN_COUNT(fields); i++) {
        tn_sexp_put(&out, i ? "\n (" : "((");
        tn_sexp_put(&out, fields[i].name);
        tn_sexp_put(&out, " ");
        if (fields[i].shape == IGNORED)
            put_units(&out, provides ? provides : own, provide_count);
        else
            put_value(&out, manifest, &fields[i]);
        tn_sexp_put(&out, ")");
    }
    tn_sexp_put(&out, ")\n");
    free(own);
    if (!out.failed)
        return out.at;
    free(out.at);
    tn_no_memory(err);
    return NULL;
}

tenon_manifest *tenon_manifest_parse_scm(const char *text, size_t size, tenon_error *err)
{
    struct tn_manifest *manifest = calloc(1, sizeof *manifest);

    if (!manifest) {
        tn_no_memory(err);
        return NULL;
    }
    if (tn_bap_manifest_read(tn_view(text, size), manifest, err) &&
        tn_manifest_check(&manifest->is, err))
        return &manifest->is;
    tenon_manifest_free(&manifest->is);
    return NULL;
}

char *tenon_manifest_write_scm(const tenon_manifest *manifest, const char *const *provides,
                               size_t provide_count, tenon_error *err)
{
    return tn_bap_manifest_write(manifest, provides, provide_count, err);
}
