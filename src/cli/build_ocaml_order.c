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
    bool placed;
};

static const char *unit_name(const struct loose *file)
{
    return tenon_ocaml_unit_count(file->ocaml) ? tenon_ocaml_unit_at(file->ocaml, 0)->name : "";
}

static bool waits(const struct loose *files, size_t count, const struct loose *file)
{
    if (!tenon_ocaml_unit_count(file->ocaml))
        return false;
    const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(file->ocaml, 0);
    for (size_t r = 0; r < unit->requires.count; r++)
        for (size_t i = 0; i < count; i++)
            if (!files[i].placed && &files[i] != file &&
                strcmp(unit_name(&files[i]), unit->requires.at[r].name) == 0)
                return true;
    return false;
}

static bool order_loose(struct ocaml_building *b, struct loose *files, size_t count,
                        struct ob_words *out)
{
    for (size_t left = count; left;) {
        size_t before = left;
        for (size_t i = 0; i < count; i++)
            if (!files[i].placed && !waits(files, count, &files[i])) {
                files[i].placed = true;
                left--;
                if (!ob_add(b, out, files[i].path))
                    return false;
            }
        if (left == before)
            return tn_fail(b->err, TENON_E_UNSUPPORTED, "modules need each other");
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct loose *)a)->path, ((const struct loose *)b)->path);
}

/* The modules of a directory with that suffix, those needed first. */
bool ob_loose_modules(struct ocaml_building *b, const char *directory, const char *suffix,
                      struct ob_words *out)
{
    DIR *open = opendir(directory);
    const struct dirent *entry;
    struct loose *files = NULL;
    size_t count = 0, room = 0;
    bool ok = true;

    while (ok && open && (entry = readdir(open))) {
        if (!ob_ends_with(entry->d_name, suffix))
            continue;
        const char *path = ob_format(b, "%s/%s", directory, entry->d_name);
        ok = path && tn_grow(&files, &room, count, sizeof *files);
        if (!ok) {
            tn_no_memory(b->err);
            break;
        }
        files[count] = (struct loose){ .path = path, .ocaml = ob_open(b, path) };
        ok = files[count++].ocaml != NULL;
    }
    if (open)
        closedir(open);
    if (count)
        qsort(files, count, sizeof *files, by_name);
    ok = ok && order_loose(b, files, count, out);
    for (size_t i = 0; i < count; i++)
        tenon_ocaml_free(files[i].ocaml);
    free(files);
    return ok;
}
