/* src/bundle/verify.c - what a manifest claims, checked against the code: nothing is trusted */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "fail.h"
#include "text.h"
#include "triple.h"

bool tn_same_digest(const tenon_digest *a, const tenon_digest *b)
{
    return a->kind == b->kind &&
           (a->kind == TENON_DIGEST_UNKNOWN || tenon_digest_equal(a, b) == TENON_YES);
}

static bool is_about(const tenon_claim *claim, const tenon_code_entry *code)
{
    return claim->code && strcmp(claim->code, code->path) == 0;
}

/* NULL: the claim is true; else what is not. */
static const char *untruth(const tenon_claim *claim, const tenon_unit *unit)
{
    if (!tn_same_digest(&claim->interface, &unit->interface))
        return "interface digest";
    if (!tn_same_digest(&claim->implementation, &unit->implementation))
        return "implementation digest";
    return claim->stateful == unit->stateful ? NULL : "state";
}

/* Claims and units by kind and name; equal ones stay in their order. */
struct named {
    enum tenon_unit_kind kind;
    const char *name;
    size_t order;
    const void *row;
};

static int compare_named(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int names = a->kind == b->kind ? strcmp(a->name, b->name) : a->kind < b->kind ? -1 : 1;

    return names ? names : a->order < b->order ? -1 : a->order > b->order;
}

static bool same_name(const struct named *a, const struct named *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

static bool compare_lists(const struct named *claims, size_t claim_count, const struct named *units,
                          size_t unit_count, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    for (size_t i = 0; i < claim_count || i < unit_count; i++) {
        bool both = i < claim_count && i < unit_count;
        if (i == claim_count ||
            (both && compare_named(&units[i], &claims[i]) < 0 && !same_name(&units[i], &claims[i])))
            return tn_fail(err, TENON_E_MALFORMED,
                           "unit %s is in the code, and not among what the manifest provides",
                           tn_quote(shown, units[i].name));
        if (i == unit_count || !same_name(&units[i], &claims[i]))
            return tn_fail(err, TENON_E_MALFORMED,
                           "unit %s is provided by the manifest, and not in the code",
                           tn_quote(shown, claims[i].name));
        const char *what = untruth(claims[i].row, units[i].row);
        if (what)
            return tn_fail(err, TENON_E_MALFORMED,
                           "unit %s: the manifest's %s is not that of the code",
                           tn_quote(shown, units[i].name), what);
    }
    return true;
}

bool tn_verify_claims(const tenon_manifest *manifest, const tenon_code_entry *code,
                      const tenon_units *units, tenon_error *err)
{
    size_t claim_count = 0, unit_count = tenon_units_count(units);
    struct named *claimed = calloc(manifest->provide_count + 1, sizeof *claimed);
    struct named *there = calloc(unit_count + 1, sizeof *there);
    char shown[TN_QUOTE_ROOM];
    bool ok = claimed && there;

    for (size_t i = 0; ok && i < manifest->provide_count; i++) {
        const tenon_claim *claim = &manifest->provides[i];
        if (is_about(claim, code))
            claimed[claim_count++] = (struct named){ claim->kind, claim->name, i, claim };
    }
    for (size_t i = 0; ok && i < unit_count; i++) {
        const tenon_unit *unit = tenon_units_at(units, i);
        there[i] = (struct named){ unit->kind, unit->name, i, unit };
    }
    if (ok) {
        qsort(claimed, claim_count, sizeof *claimed, compare_named);
        qsort(there, unit_count, sizeof *there, compare_named);
        ok = compare_lists(claimed, claim_count, there, unit_count, err) ||
             tn_context(err, "entry %s", tn_quote(shown, code->path));
    } else {
        tn_no_memory(err);
    }
    free(claimed);
    free(there);
    return ok;
}

static bool same_string(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool tn_verify_code(const tenon_code_entry *code, const tenon_image *image, tenon_error *err)
{
    struct tn_triple triple;
    char shown[TN_QUOTE_ROOM];
    const char *what = NULL;

    if (!tn_triple_of(image, &triple, err))
        return tn_context(err, "entry %s", tn_quote(shown, code->path));
    if (!code->triple || !tn_triple_fits(triple.text, code->triple))
        what = "triple";
    else if (!same_string(code->libc, triple.libc))
        what = "C library";
    else if (!same_string(code->own_name, tenon_image_own_name(image)))
        what = "own name";
    return !what ||
           tn_fail(err, TENON_E_MALFORMED, "entry %s: the manifest's %s is not that of the code",
                   tn_quote(shown, code->path), what);
}

static bool verify_code(const tenon_bundle *bundle, const tenon_code_entry *code, const void *bytes,
                        size_t size, tenon_error *err)
{
    tenon_image *image = tenon_image_parse(bytes, size, code->path, err);
    tenon_units *units = image ? tenon_units_parse(bytes, size, code->path, err) : NULL;
    bool ok = units && tn_verify_code(code, image, err) &&
              tn_verify_claims(bundle->manifest, code, units, err);

    tenon_units_free(units);
    tenon_image_free(image);
    return ok;
}

/* Code of a manifest that claims nothing is not looked at: it may be of any release. */
static bool verify_ocaml(const tenon_bundle *bundle, const tenon_code_entry *code,
                         const void *bytes, size_t size, tenon_error *err)
{
    const tenon_manifest *manifest = bundle->manifest;
    tenon_ocaml *read =
        manifest->provide_count ? tenon_ocaml_parse(bytes, size, code->path, err) : NULL;
    bool ok = !manifest->provide_count ||
              (read && tn_verify_ocaml_claims(manifest, code->path, read, err));

    tenon_ocaml_free(read);
    return ok;
}

static const tenon_code_entry *code_of(const tenon_manifest *manifest, const char *path)
{
    for (size_t i = 0; i < manifest->code_count; i++)
        if (strcmp(manifest->code[i].path, path) == 0)
            return &manifest->code[i];
    return NULL;
}

static bool verify_entry(tenon_bundle *bundle, const char *path, tenon_error *err)
{
    const tenon_code_entry *code = code_of(bundle->manifest, path);
    char shown[TN_QUOTE_ROOM];
    bool ok = true;
    void *bytes;
    size_t size;

    if (!tenon_bundle_read(bundle, path, &bytes, &size, err))
        return false;
    if (code) {
        bool is_ocaml =
            code->kind == TENON_CODE_OCAML_NATIVE || code->kind == TENON_CODE_OCAML_BYTE;
        ok = (is_ocaml ? verify_ocaml : verify_code)(bundle, code, bytes, size, err) ||
             tn_context(err, "bundle %s", tn_quote(shown, bundle->path));
    }
    free(bytes);
    return ok;
}

bool tenon_bundle_verify(tenon_bundle *bundle, tenon_error *err)
{
    for (size_t i = 0; i < bundle->manifest->entry_count; i++)
        if (!verify_entry(bundle, bundle->manifest->entries[i].path, err))
            return false;
    return true;
}
