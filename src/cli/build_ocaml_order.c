/*
 * src/cli/build_ocaml_order.c - which units OCaml files have, and modules in the order of their
 * needs
 *
 * rule  compilers take modules as they are given, and what comes too early is found out when it
 * runs
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"
#include "view.h"

size_t ob_units_of(struct ocaml_building *b, const char *file)
{
    tenon_error ignored = TENON_ERROR_INIT;
    tenon_ocaml *ocaml = tenon_ocaml_open(b->pack->world, file, &ignored);
    size_t count = ocaml ? tenon_ocaml_unit_count(ocaml) : 0;

    tenon_ocaml_free(ocaml);
    return count;
}

/* What was made must hold the very units of what it was made from. */
bool ob_compare_units(struct ocaml_building *b, const char *product, const char *source)
{
    tenon_ocaml *have = ob_open(b, product);
    tenon_ocaml *want = have ? ob_open(b, source) : NULL;
    bool ok = want != NULL;

    for (size_t i = 0; ok && i < tenon_ocaml_unit_count(want); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(want, i);
        bool found = false;
        for (size_t k = 0; !found && k < tenon_ocaml_unit_count(have); k++)
            found = strcmp(tenon_ocaml_unit_at(have, k)->name, unit->name) == 0;
        if (!found)
            ok = tn_fail(b->err, TENON_E_UNSUPPORTED, "%s was made of %s, and lacks unit %s",
                         tn_base_name(product), tn_base_name(source), unit->name);
    }
    tenon_ocaml_free(have);
    tenon_ocaml_free(want);
    return ok;
}

/* A file of one unit, to be put in order. */
struct loose {
    const char *path;
    tenon_ocaml *ocaml;
    bool entered, placed;
};

struct ordering {
    struct ocaml_building *b;
    struct loose *files;
    size_t count;
    struct ob_words ordered;
};

static struct loose *file_of(const struct ordering *o, const char *unit)
{
    for (size_t i = 0; i < o->count; i++)
        if (tenon_ocaml_unit_count(o->files[i].ocaml) &&
            strcmp(tenon_ocaml_unit_at(o->files[i].ocaml, 0)->name, unit) == 0)
            return &o->files[i];
    return NULL;
}

/* What it needs, then it. */
static bool place(struct ordering *o, struct loose *file)
{
    if (file->placed)
        return true;
    if (file->entered)
        return tn_fail(o->b->err, TENON_E_UNSUPPORTED, "modules need each other: %s",
                       tn_base_name(file->path));
    file->entered = true;
    for (size_t i = 0; i < tenon_ocaml_unit_count(file->ocaml); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(file->ocaml, i);
        for (size_t r = 0; r < unit->required.count; r++) {
            struct loose *needed = file_of(o, unit->required.at[r].name);
            if (needed && needed != file && !place(o, needed))
                return false;
        }
    }
    file->placed = true;
    return ob_add(o->b, &o->ordered, file->path);
}

bool ob_order_modules(struct ocaml_building *b, struct ob_words *modules)
{
    struct ordering o = { .b = b, .files = calloc(modules->count + 1, sizeof *o.files) };
    bool ok = o.files || tn_no_memory(b->err);

    for (; ok && o.count < modules->count; o.count++) {
        struct loose *file = &o.files[o.count];
        *file = (struct loose){ .path = modules->at[o.count] };
        file->ocaml = ob_open(b, file->path);
        ok = file->ocaml;
    }
    for (size_t i = 0; ok && i < o.count; i++)
        ok = place(&o, &o.files[i]);
    for (size_t i = 0; i < o.count; i++)
        tenon_ocaml_free(o.files[i].ocaml);
    free(o.files);
    if (!ok) {
        free(o.ordered.at);
        return false;
    }
    free(modules->at);
    *modules = o.ordered;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The modules of a directory with that suffix, those needed first. */
bool ob_loose_modules(struct ocaml_building *b, const char *directory, const char *suffix,
                      struct ob_words *out)
{
    DIR *open = opendir(directory);
    const struct dirent *entry;
    bool ok = true;

    while (ok && open && (entry = readdir(open)))
        if (ob_ends_with(entry->d_name, suffix))
            ok = ob_add(b, out, ob_format(b, "%s/%s", directory, entry->d_name));
    if (open)
        closedir(open);
    if (out->count)
        qsort(out->at, out->count, sizeof *out->at, by_name);
    return ok && ob_order_modules(b, out);
}
