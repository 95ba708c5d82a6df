/*
 * src/process/ocaml_c_needs.c - C code that calls C code of others: these come before
 *
 * rule  dlopen(RTLD_NOW): what a file refers to must be there when it is opened; bytecode looks for
 *       primitives by name when a unit is linked, whichever unit declares them
 */
#include <stdlib.h>
#include <string.h>

#include "ocaml_private.h"

bool tn_oc_owners_init(struct tn_oc_owners *owners)
{
    *owners = (struct tn_oc_owners){ .of = NULL };
    return tn_names_init(&owners->names);
}

void tn_oc_owners_free(struct tn_oc_owners *owners)
{
    tn_names_free(&owners->names);
    free(owners->of);
}

bool tn_oc_owners_add(struct tn_oc_owners *owners, const struct tn_oc_file *file, uint32_t owner)
{
    for (size_t i = 0; i < file->c.exports.count; i++) {
        const char *name = file->c.exports.at[i];
        size_t before = owners->names.count;
        uint32_t number = tn_names_add(&owners->names, name, strlen(name));
        if (number == TN_NO_NAME)
            return false;
        while (number >= owners->room)
            if (!tn_grow(&owners->of, &owners->room, owners->room, sizeof *owners->of))
                return false;
        if (number == before)
            owners->of[number] = owner;
    }
    return true;
}

uint32_t tn_oc_owner_of(const struct tn_oc_owners *owners, const char *symbol)
{
    uint32_t number = tn_names_find(&owners->names, symbol, strlen(symbol));

    return number == TN_NO_NAME ? TN_NO_NAME : owners->of[number];
}

const char *tn_oc_wanted(const struct tn_oc_file *file, size_t i)
{
    if (i < file->c.wants.count)
        return file->c.wants.at[i];
    i -= file->c.wants.count;
    /* in native code primitives are symbols */
    for (size_t u = 0; file->code && !file->has_c && u < tenon_ocaml_unit_count(file->code); u++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(file->code, u);
        if (i < unit->primitives.count)
            return unit->primitives.at[i];
        i -= unit->primitives.count;
    }
    return NULL;
}

/* ---- of other plugins -------------------------------------------------------------------------
 */

static const struct tn_oc_prospect *prospect_of(const tenon_ocaml_plan *plan, uint32_t candidate)
{
    return &plan->prospects[plan->planned[candidate]];
}

static bool add_all(const tenon_ocaml_plan *plan, struct tn_oc_owners *owners)
{
    for (uint32_t c = 0; c < plan->order.count; c++) {
        const struct tn_oc_prospect *p = prospect_of(plan, c);
        for (size_t k = 0; k < p->count; k++)
            if (!tn_oc_owners_add(owners, p->files[k], c))
                return false;
    }
    return true;
}

static bool has_itself(const struct tn_oc_prospect *p, const char *symbol)
{
    for (size_t k = 0; k < p->count; k++)
        for (size_t i = 0; i < p->files[k]->c.exports.count; i++)
            if (strcmp(p->files[k]->c.exports.at[i], symbol) == 0)
                return true;
    return false;
}

/* Nobody needs a plugin for what is there, or comes with the file's own libraries. */
static bool needs_of_file(tenon_ocaml_plan *plan, const struct tn_oc_owners *owners,
                          uint32_t candidate, const struct tn_oc_file *file)
{
    const struct tn_oc_prospect *p = prospect_of(plan, candidate);
    const char *symbol;

    for (size_t i = 0; (symbol = tn_oc_wanted(file, i)); i++) {
        uint32_t owner = tn_oc_owner_of(owners, symbol);
        bool brings = false;
        if (owner == TN_NO_NAME || owner == candidate || has_itself(p, symbol) ||
            tn_oc_has_symbol(plan->process, plan->world, symbol, NULL))
            continue;
        if (file->has_c && !tn_oc_brings(plan, p, file, symbol, &brings))
            return false;
        if (!brings && !tn_plan_need(&plan->order, candidate, owner))
            return false;
    }
    return true;
}

bool tn_oc_find_c_needs(tenon_ocaml_plan *plan)
{
    struct tn_oc_owners owners;
    bool good = tn_oc_owners_init(&owners) && add_all(plan, &owners);

    for (uint32_t c = 0; good && owners.names.count && c < plan->order.count; c++) {
        const struct tn_oc_prospect *p = prospect_of(plan, c);
        for (size_t k = 0; good && k < p->count; k++)
            good = needs_of_file(plan, &owners, c, p->files[k]);
    }
    tn_oc_owners_free(&owners);
    return good;
}
