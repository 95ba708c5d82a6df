/*
 * src/cli/build_ocaml_make.c - makes what packages forgot to ship
 *
 * rule  ocamlopt -shared without -linkall makes a plugin without units
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"
#include "view.h"

/* ---- sources of packages
 * ---------------------------------------------------------------------------- */

static bool copy_interfaces(struct ocaml_building *b, const char *directory,
                            struct ob_words *sources)
{
    static const char *const suffixes[] = { ".mli", ".cmi", ".ml" };
    const struct dirent *entry;
    DIR *open = opendir(directory);
    const char *copy;
    bool ok = true;

    while (ok && open && (entry = readdir(open)))
        for (size_t i = 0; ok && i < TN_COUNT(suffixes); i++)
            if (ob_ends_with(entry->d_name, suffixes[i])) {
                ok = ob_copy_file(b, ob_format(b, "%s/%s", directory, entry->d_name), &copy);
                if (ok && i == 2)
                    ok = ob_add(b, sources, copy);
            }
    if (open)
        closedir(open);
    return ok;
}

/* With another interface than the one that is installed, nothing that was built fits it. */
static bool same_interface(struct ocaml_building *b, const char *cmo, const char *directory)
{
    const char *base = tn_base_name(cmo);
    const char *cmi = ob_format(b, "%s/%.*s.cmi", directory, (int)strlen(base) - 4, base);
    tenon_ocaml *mine = ob_open(b, cmo);
    tenon_ocaml *theirs = mine && cmi ? ob_open(b, cmi) : NULL;
    bool ok = theirs && tenon_ocaml_unit_count(mine) && tenon_ocaml_unit_count(theirs);

    if (ok && tenon_digest_equal(&tenon_ocaml_unit_at(mine, 0)->interface,
                                 &tenon_ocaml_unit_at(theirs, 0)->interface) == TENON_NO)
        ok = tn_fail(b->err, TENON_E_UNSUPPORTED,
                     "%s compiled anew has another interface than the package's", base);
    tenon_ocaml_free(mine);
    tenon_ocaml_free(theirs);
    return ok;
}

/* Bytecode cannot be made of native code: it is compiled anew, against the interfaces that are
 * there, so that everything built against them stays valid. */
static bool compile_sources(struct ocaml_building *b, struct ob_library *library)
{
    struct ob_words sources = { 0 }, kept_cmo = b->units_cmo, kept_cmx = b->units_cmx;
    bool native = b->has_native, ok;

    b->units_cmo = b->units_cmx = (struct ob_words){ 0 };
    b->has_native = false; /* its native code is there */
    b->by_base_name = true;
    ok = copy_interfaces(b, library->directory, &sources);
    if (ok && sources.count) {
        ok = ob_compile_sorted(b, &sources);
        for (size_t i = 0; ok && i < b->units_cmo.count; i++)
            ok = same_interface(b, b->units_cmo.at[i], library->directory);
        ok = ok && ob_link_own(b, library, false);
        if (ok && library->cmxa)
            ok = ob_compare_units(b, library->cma, library->cmxa);
    }
    free(sources.at);
    free(b->units_cmo.at);
    free(b->units_cmx.at);
    b->units_cmo = kept_cmo;
    b->units_cmx = kept_cmx;
    b->has_native = native;
    b->by_base_name = false;
    return ok;
}

/* ---- what packages forgot to ship ------------------------------------------------------------
 */

const char *ob_product(struct ocaml_building *b, const struct ob_library *library,
                       const char *suffix)
{
    return ob_format(b, "%s/%s%s", b->pack->scratch, library->name, suffix);
}

/* ... from .cmxa and .a */
static bool make_cmxs(struct ocaml_building *b, struct ob_library *library)
{
    const char *to = ob_product(b, library, ".cmxs");

    if (!to)
        return tn_no_memory(b->err);
    if (!ob_run_words(b, NULL, "ocamlopt", "-shared", "-linkall", "-I", library->directory,
                      "-ccopt", ob_format(b, "-L%s", library->directory), "-ccopt", b->text, "-o",
                      to, library->cmxa, NULL) ||
        !ob_compare_units(b, to, library->cmxa))
        return false;
    library->cmxs = to;
    return ob_made(b, to, tn_base_name(library->cmxa));
}

/* Is the module of that file a unit of an archive? */
static bool is_in_archive(const tenon_ocaml *archive, const tenon_ocaml *module)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(archive); i++)
        if (strcmp(tenon_ocaml_unit_at(archive, i)->name, tenon_ocaml_unit_at(module, 0)->name) ==
            0)
            return true;
    return false;
}

/* Without the object beside it a .cmx tells of code that is elsewhere. */
static bool has_code(struct ocaml_building *b, const char *module)
{
    return !ob_ends_with(module, ".cmx") ||
           ob_is_there(ob_format(b, "%.*s.o", (int)strlen(module) - 4, module));
}

/*
 * Of a directory that packages share the modules are those of the archive that is there for the
 * other loaders, which must be all of it; else there are none.
 */
static bool choose_modules(struct ocaml_building *b, const char *archive, struct ob_words *modules)
{
    tenon_ocaml *whole = archive ? ob_open(b, archive) : NULL;
    bool ok = whole || !archive;
    size_t kept = 0;

    for (size_t i = 0; ok && i < modules->count; i++) {
        tenon_ocaml *module = whole ? ob_open(b, modules->at[i]) : NULL;
        ok = module || !whole;
        if (ok && (!whole || (tenon_ocaml_unit_count(module) && is_in_archive(whole, module))) &&
            has_code(b, modules->at[i]))
            modules->at[kept++] = modules->at[i];
        tenon_ocaml_free(module);
    }
    modules->count =
        ok && (whole ? kept == tenon_ocaml_unit_count(whole) : kept == modules->count) ? kept : 0;
    tenon_ocaml_free(whole);
    return ok;
}

/* ... from modules: .cmx to .cmxs, .cmo to .cma */
static bool link_modules(struct ocaml_building *b, struct ob_library *library, const char *compiler,
                         const char *how, const char *suffix, const char *to)
{
    struct ob_words modules = { 0 }, words = { 0 };
    bool ok =
        ob_loose_modules(b, library->directory, suffix, &modules) &&
        choose_modules(b, strcmp(suffix, ".cmo") == 0 ? library->cmxa : library->cma, &modules);

    if (ok && modules.count) {
        ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, compiler) &&
             ob_add(b, &words, how) && ob_add(b, &words, "-linkall") && ob_add(b, &words, "-I") &&
             ob_add(b, &words, library->directory) &&
             (strcmp(how, "-shared") != 0 ||
              (ob_add(b, &words, "-ccopt") && ob_add(b, &words, b->text))) &&
             ob_add(b, &words, "-o") && ob_add(b, &words, to);
        for (size_t i = 0; ok && i < modules.count; i++)
            ok = ob_add(b, &words, modules.at[i]);
        ok = ok && ob_run(b, &words, NULL) &&
             ob_made(b, to,
                     ob_format(b, "%zu %s of package %s", modules.count, suffix,
                               library->package ? library->package : library->name));
        if (ok)
            *(strcmp(suffix, ".cmo") == 0 ? &library->cma : &library->cmxs) = to;
    }
    free(modules.at);
    free(words.at);
    return ok;
}

static bool repair_byte(struct ocaml_building *b, struct ob_library *library)
{
    const char *to = ob_product(b, library, ".cma");

    if (library->cma)
        return true;
    if (!to)
        return tn_no_memory(b->err);
    if (library->package && !link_modules(b, library, "ocamlc", "-a", ".cmo", to))
        return false;
    if (!library->cma && library->package && !compile_sources(b, library))
        return false;
    return library->cma ||
           ob_add(b, &b->missing,
                  ob_format(b, "bytecode of %s: neither .cma, .cmo nor sources", library->name));
}

static bool repair_native(struct ocaml_building *b, struct ob_library *library)
{
    const char *to = ob_product(b, library, ".cmxs");

    if (!b->has_native)
        return true;
    /* a plugin without units is one that was linked without -linkall */
    if (library->cmxs &&
        (!library->cmxa || ob_units_of(b, library->cmxs) || !ob_units_of(b, library->cmxa)))
        return true;
    if (!to)
        return tn_no_memory(b->err);
    if (library->cmxa)
        return make_cmxs(b, library);
    if (library->package && !link_modules(b, library, "ocamlopt", "-shared", ".cmx", to))
        return false;
    return library->cmxs ||
           ob_add(b, &b->missing,
                  ob_format(b, "native code of %s: neither .cmxs, .cmxa nor .cmx with .o",
                            library->name));
}

bool ob_repair(struct ocaml_building *b, struct ob_library *library)
{
    return repair_native(b, library) && repair_byte(b, library);
}
