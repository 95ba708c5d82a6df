/* src/cli/build_ocaml_match.c - do the files of a bundle belong together? */
#include <string.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"
#include "ocaml.h"

/* One file of the bundle, read. */
struct code {
    const char *path;
    tenon_ocaml *ocaml;
};

static bool open_code(struct ocaml_building *b, const char *path, struct code *out)
{
    *out = (struct code){ .path = path, .ocaml = ob_open(b, path) };
    return out->ocaml;
}

static const tenon_ocaml_unit *unit_named(const struct code *code, const char *name)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(code->ocaml); i++)
        if (strcmp(tenon_ocaml_unit_at(code->ocaml, i)->name, name) == 0)
            return tenon_ocaml_unit_at(code->ocaml, i);
    return NULL;
}

static bool refuse(struct ocaml_building *b, const char *one, const char *other, const char *unit,
                   const char *what)
{
    return tn_fail(b->err, TENON_E_UNSUPPORTED, "%s and %s: unit %s %s", tn_base_name(one),
                   tn_base_name(other), unit, what);
}

/* What one has, the other has, too (`whole`), and it is the same there. */
static bool has_units_of(struct ocaml_building *b, const struct code *code,
                         const struct code *other, bool whole)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(other->ocaml); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(other->ocaml, i);
        const tenon_ocaml_unit *same = unit_named(code, unit->name);
        if (!same && whole)
            return tn_fail(b->err, TENON_E_UNSUPPORTED, "%s has no unit %s, which is in %s",
                           tn_base_name(code->path), unit->name, tn_base_name(other->path));
        if (same && tenon_digest_equal(&same->interface, &unit->interface) == TENON_NO)
            return refuse(b, code->path, other->path, unit->name, "has another interface in each");
    }
    return true;
}

/* Packages may have modules for bytecode alone; a plugin's own code is the same code twice. */
static bool match_pair(struct ocaml_building *b, const struct ob_library *library)
{
    struct code byte = { 0 }, native = { 0 };
    bool ok = open_code(b, library->cma, &byte) && open_code(b, library->cmxs, &native) &&
              has_units_of(b, &native, &byte, library->is_main) &&
              has_units_of(b, &byte, &native, library->is_main);

    tenon_ocaml_free(byte.ocaml);
    tenon_ocaml_free(native.ocaml);
    return ok;
}

/* Native code of which a unit would never be initialised is no plugin. */
static bool starts(struct ocaml_building *b, const char *cmxs)
{
    struct code code = { 0 };
    bool ok = open_code(b, cmxs, &code);

    for (size_t i = 0; ok && i < tenon_ocaml_unit_count(code.ocaml); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(code.ocaml, i);
        const char *symbol = tn_ocaml_escaped_symbol(unit);
        if (symbol)
            ok = tn_fail(b->err, TENON_E_UNSUPPORTED,
                         "%s: unit %s would never be initialised: native Dynlink looks for "
                         "caml%s__entry, and the compiler writes such a name otherwise; rename the "
                         "module",
                         tn_base_name(cmxs), unit->name, symbol);
    }
    tenon_ocaml_free(code.ocaml);
    return ok;
}

static bool match_two(struct ocaml_building *b, const char *one, const char *other)
{
    struct code first = { 0 }, second = { 0 };
    bool ok = open_code(b, one, &first) && open_code(b, other, &second);

    for (size_t i = 0; ok && i < tenon_ocaml_unit_count(second.ocaml); i++) {
        const char *name = tenon_ocaml_unit_at(second.ocaml, i)->name;
        if (unit_named(&first, name))
            ok = refuse(b, one, other, name, "is in both, and would be there twice");
    }
    tenon_ocaml_free(first.ocaml);
    tenon_ocaml_free(second.ocaml);
    return ok;
}

bool ob_match(struct ocaml_building *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct ob_library *library = &b->libraries[i];
        if (library->reason)
            continue;
        if (library->cmxs && !starts(b, library->cmxs))
            return false;
        if (library->cma && library->cmxs && !match_pair(b, library))
            return false;
        for (size_t k = 0; k < i; k++) {
            const struct ob_library *before = &b->libraries[k];
            if (before->reason)
                continue;
            if ((before->cma && library->cma && !match_two(b, before->cma, library->cma)) ||
                (before->cmxs && library->cmxs && !match_two(b, before->cmxs, library->cmxs)))
                return false;
        }
    }
    return true;
}
