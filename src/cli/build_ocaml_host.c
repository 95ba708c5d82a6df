/*
 * src/cli/build_ocaml_host.c - units that the host has, too: they are left to it
 *
 * A plugin and its host may be built from one source tree, and a unit is in a process once.
 */
#include <stdlib.h>
#include <string.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"

const tenon_ocaml_unit *ob_host_unit(const struct ocaml_building *b, const char *name)
{
    for (size_t i = 0; b->host && i < tenon_ocaml_unit_count(b->host); i++)
        if (strcmp(tenon_ocaml_unit_at(b->host, i)->name, name) == 0)
            return tenon_ocaml_unit_at(b->host, i);
    return NULL;
}

static bool imports(const tenon_ocaml *module, const char *name)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(module); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(module, i);
        for (size_t k = 0; strcmp(unit->name, name) != 0 && k < unit->interfaces.count; k++)
            if (strcmp(unit->interfaces.at[k].name, name) == 0)
                return true;
    }
    return false;
}

/* Does another module of the plugin refer to it? */
static bool is_used(struct ocaml_building *b, const struct ob_words *modules, const char *name,
                    bool *used)
{
    *used = false;
    for (size_t i = 0; !*used && i < modules->count; i++) {
        tenon_ocaml *module = ob_open(b, modules->at[i]);
        if (!module)
            return false;
        *used = imports(module, name);
        tenon_ocaml_free(module);
    }
    return true;
}

/*
 * Modules that nothing refers to are there for what they do, and interfaces are equal where there
 * is nothing in them: a plugin's "main.ml" is not the host's.
 */
static bool leave_unit(struct ocaml_building *b, const struct ob_words *modules,
                       const tenon_ocaml_unit *unit, const tenon_ocaml_unit *there)
{
    const char *host = tn_base_name(b->pack->options->host);
    const char *told = ob_format(b, "%s  the host has it", unit->name);
    bool used;

    if (!told || !is_used(b, modules, unit->name, &used))
        return told ? false : tn_no_memory(b->err);
    if (!used)
        return tn_fail(b->err, TENON_E_UNSUPPORTED,
                       "unit %s is already in the host program (%s), and no other module of the "
                       "plugin refers to it: rename it, or leave it out",
                       unit->name, host);
    if (tenon_digest_equal(&unit->interface, &there->interface) == TENON_NO)
        return tn_fail(b->err, TENON_E_UNSUPPORTED,
                       "unit %s is already in the host program (%s), with another interface: a "
                       "process has one unit of a name; compile against the host's .cmi "
                       "(--ocamlflag=-I --ocamlflag=DIR) instead",
                       unit->name, host);
    for (size_t i = 0; i < b->left_out.count; i++)
        if (strcmp(b->left_out.at[i], told) == 0)
            return true;
    return ob_add(b, &b->left_out, told);
}

bool ob_leave_to_host(struct ocaml_building *b, struct ob_words *modules)
{
    struct ob_words kept = { 0 };
    bool ok = true;

    for (size_t i = 0; ok && i < modules->count; i++) {
        tenon_ocaml *module = ob_open(b, modules->at[i]);
        const tenon_ocaml_unit *unit = module ? tenon_ocaml_unit_at(module, 0) : NULL;
        const tenon_ocaml_unit *there = unit ? ob_host_unit(b, unit->name) : NULL;
        ok = module &&
             (there ? leave_unit(b, modules, unit, there) : ob_add(b, &kept, modules->at[i]));
        tenon_ocaml_free(module);
    }
    if (ok && modules->count && !kept.count)
        ok = tn_fail(b->err, TENON_E_UNSUPPORTED, "%s has all of it: there is nothing to load",
                     tn_base_name(b->pack->options->host));
    free(modules->at);
    *modules = kept;
    return ok;
}
