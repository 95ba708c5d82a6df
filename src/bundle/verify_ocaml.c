/* src/bundle/verify_ocaml.c - what a manifest claims of OCaml's units, checked against the code */
#include <string.h>

#include "fail.h"
#include "text.h"
#include "verify.h"

static bool is_about(const tenon_claim *claim, const char *entry)
{
    return claim->kind == TENON_UNIT_OCAML && claim->code && strcmp(claim->code, entry) == 0;
}

const tenon_claim *tn_ocaml_claim(const tenon_manifest *manifest, const char *entry,
                                  const char *unit)
{
    for (size_t i = 0; i < manifest->provide_count; i++)
        if (is_about(&manifest->provides[i], entry) &&
            strcmp(manifest->provides[i].name, unit) == 0)
            return &manifest->provides[i];
    return NULL;
}

static size_t claim_count(const tenon_manifest *manifest, const char *entry)
{
    size_t count = 0;

    for (size_t i = 0; i < manifest->provide_count; i++)
        count += is_about(&manifest->provides[i], entry);
    return count;
}

bool tn_verify_ocaml_claims(const tenon_manifest *manifest, const char *entry,
                            const tenon_ocaml *code, tenon_error *err)
{
    size_t units = tenon_ocaml_unit_count(code);
    char shown[TN_QUOTE_ROOM];

    if (!manifest->provide_count)
        return true;
    for (size_t i = 0; i < units; i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(code, i);
        const tenon_claim *claim = tn_ocaml_claim(manifest, entry, unit->name);
        if (!claim)
            return tn_fail(err, TENON_E_MALFORMED,
                           "%s: unit %s is in the code, and not among what the manifest provides",
                           entry, tn_quote(shown, unit->name));
        if (!tn_same_digest(&claim->interface, &unit->interface) ||
            !tn_same_digest(&claim->implementation, &unit->implementation))
            return tn_fail(err, TENON_E_MALFORMED,
                           "%s: unit %s: the manifest's digest is not that of the code", entry,
                           tn_quote(shown, unit->name));
    }
    return claim_count(manifest, entry) <= units ||
           tn_fail(err, TENON_E_MALFORMED,
                   "%s: the manifest provides units that are not in the code", entry);
}
