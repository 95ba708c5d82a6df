/*
 * src/process/ocaml_symbols.c - the C side of a file of OCaml code: what it defines, wants, needs
 *
 * rule  asmcomp: names of OCaml's own symbols; helpers that the startup file of a plugin gets
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "ocaml_private.h"
#include "view.h"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* rule  "caml" and the unit's name; the helpers */
static bool is_of_compiler(const char *name)
{
    static const char *const helpers[] = {
        "caml_plugin_header", "caml_shared_startup", "caml_startup__", "caml_startup.",
        "caml_system__",      "caml_system.",        "caml_curry",     "caml_apply",
        "caml_send",          "caml_tuplify",        "caml_globals",   "caml_frametable",
        "caml_data_segments", "caml_code_segments",  "caml_exn_"
    };

    if (!begins(name, "caml"))
        return false;
    if (isupper((unsigned char)name[4]))
        return true;
    for (size_t i = 0; i < TN_COUNT(helpers); i++)
        if (begins(name, helpers[i]))
            return true;
    return false;
}

/* Every linked image has these. */
static bool is_of_linker(const char *name)
{
    static const char *const names[] = { "_init",       "_fini",  "_edata",       "_end",
                                         "__bss_start", "_start", "__data_start", "data_start" };

    for (size_t i = 0; i < TN_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool add(struct tn_oc_symbols *list, const char *name)
{
    if (!tn_grow(&list->at, &list->room, list->count, sizeof *list->at))
        return false;
    list->at[list->count++] = name;
    return true;
}

static bool has(const struct tn_oc_symbols *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->at[i], name) == 0)
            return true;
    return false;
}

static bool read_exports(const tenon_image *image, struct tn_oc_c *out)
{
    const tenon_symbol *symbol;

    for (size_t i = 0; (symbol = tenon_image_export(image, i)); i++) {
        if (is_of_compiler(symbol->name))
            continue;
        if (!add(&out->exports, symbol->name) ||
            (symbol->binding == TENON_BIND_GLOBAL && !is_of_linker(symbol->name) &&
             !add(&out->defines, symbol->name)))
            return false;
    }
    return true;
}

bool tn_oc_c_read(const tenon_image *image, struct tn_oc_c *out)
{
    const tenon_symbol *symbol;
    const tenon_need *need;
    const tenon_fact *fact;

    if (!read_exports(image, out))
        return false;
    for (size_t i = 0; (fact = tenon_image_fact(image, i)); i++)
        out->exec_stack |= strcmp(fact->name, "exec_stack") == 0;
    for (size_t i = 0; (symbol = tenon_image_import(image, i)); i++)
        if (symbol->binding == TENON_BIND_GLOBAL && !is_of_compiler(symbol->name) &&
            !has(&out->exports, symbol->name) && !add(&out->wants, symbol->name))
            return false;
    for (size_t i = 0; (need = tenon_image_need(image, i)); i++)
        if (!add(&out->needs, need->name))
            return false;
    return true;
}

void tn_oc_c_free(struct tn_oc_c *c)
{
    free(c->defines.at);
    free(c->exports.at);
    free(c->wants.at);
    free(c->needs.at);
    *c = (struct tn_oc_c){ 0 };
}
