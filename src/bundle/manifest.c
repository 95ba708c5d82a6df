/* src/bundle/manifest.c - what a manifest must say to make sense */
#include "manifest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "entry_name.h"
#include "fail.h"
#include "text.h"
#include "view.h"

static const char *const code_kinds[] = {
    [TENON_CODE_NATIVE] = "native",
    [TENON_CODE_LIBRARY] = "library",
    [TENON_CODE_OCAML_NATIVE] = "ocaml-native",
    [TENON_CODE_OCAML_BYTE] = "ocaml-byte",
};

const char *tenon_code_kind_name(enum tenon_code_kind kind)
{
    return (size_t)kind < sizeof code_kinds / sizeof *code_kinds ? code_kinds[kind] : "unknown";
}

bool tenon_code_kind_of(const char *name, enum tenon_code_kind *kind)
{
    for (size_t i = 0; i < sizeof code_kinds / sizeof *code_kinds; i++)
        if (strcmp(code_kinds[i], name) == 0) {
            *kind = (enum tenon_code_kind)i;
            return true;
        }
    return false;
}

const char *tn_constraint_fault(const char *constraint)
{
    const char *at_least = strstr(constraint, ">=");
    size_t name_size = at_least ? (size_t)(at_least - constraint) : strlen(constraint);

    if (name_size == 0)
        return "a name expected";
    for (size_t i = 0; i < name_size; i++)
        if (strchr("<>= \t\n", constraint[i]))
            return "NAME or NAME>=VERSION expected";
    if (at_least && (at_least[2] == '\0' || strspn(at_least + 2, "0123456789") > 9 ||
                     at_least[2 + strspn(at_least + 2, "0123456789")] != '\0'))
        return "a number of at most nine digits expected after \">=\"";
    return NULL;
}

/* Lists are searched often while they are checked, and may be long: by a sorted copy. */
struct by_path {
    const char **paths;
    size_t count;
    const char *few[8]; /* most have no more */
};

static void make_list(struct by_path *list, size_t room)
{
    list->count = 0;
    list->paths = room <= TN_COUNT(list->few) ? list->few : calloc(room, sizeof *list->paths);
}

static void free_list(struct by_path *list)
{
    if (list->paths != list->few)
        free(list->paths);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool contains(const struct by_path *list, const char *path)
{
    return list->count &&
           bsearch(&path, list->paths, list->count, sizeof *list->paths, compare_paths);
}

/* As most manifests have them. */
static bool is_sorted(const struct by_path *list)
{
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(list->paths[i - 1], list->paths[i]) > 0)
            return false;
    return true;
}

/* Sorts; false when one is there twice. */
static bool sort_paths(struct by_path *list, const char *what, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (!is_sorted(list))
        qsort(list->paths, list->count, sizeof *list->paths, compare_paths);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(list->paths[i - 1], list->paths[i]) == 0)
            return tn_fail(err, TENON_E_MALFORMED, "%s: %s is there twice", what,
                           tn_quote(shown, list->paths[i]));
    return true;
}

static bool is_word(const char *word)
{
    if (!word || !*word)
        return false;
    for (const char *c = word; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            return false;
    return true;
}

static bool check_entries(const tenon_manifest *manifest, struct by_path *entries, tenon_error *err)
{
    for (size_t i = 0; i < manifest->entry_count; i++) {
        const char *path = manifest->entries[i].path;
        const char *fault = tn_entry_name_fault(path, strlen(path));
        if (!fault &&
            (strcmp(path, TN_MANIFEST_ENTRY) == 0 || strcmp(path, TN_SIGNATURE_ENTRY) == 0))
            fault = "the manifest and its signature are not listed";
        if (fault)
            return tn_fail(err, TENON_E_MALFORMED, "entries[%zu].path: %s", i, fault);
        entries->paths[entries->count++] = path;
    }
    return sort_paths(entries, "entries", err);
}

static bool check_code_row(const tenon_code_entry *row, size_t i, tenon_error *err)
{
    bool native = row->kind == TENON_CODE_NATIVE || row->kind == TENON_CODE_LIBRARY;

    if ((native || row->triple) && !is_word(row->triple))
        return tn_fail(err, TENON_E_MALFORMED, "code[%zu].triple: a triple expected", i);
    if (row->own_name && (strchr(row->own_name, '/') || !*row->own_name))
        return tn_fail(err, TENON_E_MALFORMED, "code[%zu].own_name: a file name expected", i);
    return true;
}

static bool check_code(const tenon_manifest *manifest, const struct by_path *entries,
                       struct by_path *code, tenon_error *err)
{
    for (size_t i = 0; i < manifest->code_count; i++) {
        const tenon_code_entry *row = &manifest->code[i];
        if (!contains(entries, row->path))
            return tn_fail(err, TENON_E_MALFORMED, "code[%zu].path: not among the entries", i);
        if (!check_code_row(row, i, err))
            return false;
        code->paths[code->count++] = row->path;
    }
    return sort_paths(code, "code", err);
}

static bool check_wants(const tenon_manifest *manifest, tenon_error *err)
{
    for (size_t i = 0; i < manifest->required_count; i++)
        if (manifest->required[i].name[0] == '\0')
            return tn_fail(err, TENON_E_MALFORMED, "requires[%zu].name: a name expected", i);
    for (size_t i = 0; i < manifest->con_count; i++) {
        const char *fault = tn_constraint_fault(manifest->cons[i]);
        if (fault)
            return tn_fail(err, TENON_E_MALFORMED, "cons[%zu]: %s", i, fault);
    }
    return true;
}

static bool check_claims(const tenon_manifest *manifest, const struct by_path *code,
                         tenon_error *err)
{
    for (size_t i = 0; i < manifest->provide_count; i++) {
        if (manifest->provides[i].name[0] == '\0')
            return tn_fail(err, TENON_E_MALFORMED, "provides[%zu].name: a name expected", i);
        if (manifest->provides[i].code && !contains(code, manifest->provides[i].code))
            return tn_fail(err, TENON_E_MALFORMED, "provides[%zu].code: not among the code", i);
    }
    return check_wants(manifest, err);
}

static bool check_names(const tenon_manifest *manifest, tenon_error *err)
{
    const char *fault = tn_plugin_name_fault(manifest->name);

    if (fault)
        return tn_fail(err, TENON_E_MALFORMED, "name: %s", fault);
    return !strchr(manifest->main, '/') ||
           tn_fail(err, TENON_E_MALFORMED, "main: a base name expected, without folders");
}

bool tn_manifest_check_brief(const tenon_manifest *manifest, tenon_error *err)
{
    if (!check_names(manifest, err))
        return false;
    for (size_t i = 0; i < manifest->code_count; i++) {
        const tenon_code_entry *row = &manifest->code[i];
        const char *fault = tn_entry_name_fault(row->path, strlen(row->path));
        if (fault)
            return tn_fail(err, TENON_E_MALFORMED, "code[%zu].path: %s", i, fault);
        if (!check_code_row(row, i, err))
            return false;
    }
    return check_wants(manifest, err);
}

bool tn_manifest_check(const tenon_manifest *manifest, tenon_error *err)
{
    struct by_path entries, code;
    bool ok;

    if (!check_names(manifest, err))
        return false;
    make_list(&entries, manifest->entry_count);
    make_list(&code, manifest->code_count);
    ok = (entries.paths && code.paths) || tn_no_memory(err);
    ok = ok && check_entries(manifest, &entries, err) &&
         check_code(manifest, &entries, &code, err) && check_claims(manifest, &code, err);
    free_list(&entries);
    free_list(&code);
    return ok;
}

struct tn_manifest_store *tn_manifest_store_new(void)
{
    return calloc(1, sizeof(struct tn_manifest_store));
}

void tn_manifest_store_drop(struct tn_manifest_store *store)
{
    if (!store || atomic_fetch_sub(&store->others, 1) != 0)
        return;
    tn_arena_free(&store->arena);
    tn_arena_free(&store->bytes);
    free(store);
}

void tenon_manifest_free(tenon_manifest *manifest)
{
    struct tn_manifest *whole = (struct tn_manifest *)manifest;

    if (whole && whole->store) {
        tn_manifest_store_drop(whole->store);
        return;
    }
    if (!whole || atomic_fetch_sub(&whole->others, 1) != 0)
        return;
    tn_arena_free(&whole->arena);
    free(whole);
}

tenon_manifest *tn_manifest_share(tenon_manifest *manifest)
{
    struct tn_manifest *whole = (struct tn_manifest *)manifest;

    atomic_fetch_add(whole->store ? &whole->store->others : &whole->others, 1);
    return manifest;
}
