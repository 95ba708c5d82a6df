/*
 * src/cli/build_ocaml_make.c - makes what packages forgot to ship
 *
 * rule  ocamlopt -shared without -linkall makes a plugin without units
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"
#include "view.h"

/* ---- sources of packages
 * ---------------------------------------------------------------------------- */

/* What is there of a library; NULL: nothing. */
static const char *archive_of(const struct ob_library *library)
{
    return library->cma ? library->cma : library->cmxa ? library->cmxa : library->cmxs;
}

/* Has the archive that is there the module of a source? Where there is none, all are taken. */
static bool is_of_archive(struct ocaml_building *b, const tenon_ocaml *archive, const char *source)
{
    const char *module = archive ? ob_module_of(b, source) : NULL;

    for (size_t i = 0; module && i < tenon_ocaml_unit_count(archive); i++)
        if (strcmp(tenon_ocaml_unit_at(archive, i)->name, module) == 0)
            return true;
    return !archive;
}

/* Is the interface of a source installed? */
static bool has_interface(struct ocaml_building *b, const char *source)
{
    return ob_is_there(ob_format(b, "%.*s.cmi", (int)(strrchr(source, '.') - source), source));
}

/*
 * Of a directory that packages share the sources are those of the archive that is there for the
 * other loaders, which must be all of it; else there are none. Interfaces without code are
 * compiled where they are not.
 */
static bool find_sources(struct ocaml_building *b, const struct ob_library *library,
                         struct ob_words *sources)
{
    const char *file = archive_of(library);
    tenon_ocaml *archive = file ? ob_open(b, file) : NULL;
    DIR *open = opendir(library->directory);
    const struct dirent *entry;
    bool ok = archive || !file;
    size_t modules = 0;

    while (ok && open && (entry = readdir(open))) {
        const char *path = ob_format(b, "%s/%s", library->directory, entry->d_name);
        bool is_code = ob_ends_with(entry->d_name, ".ml");
        bool wanted =
            path && (is_code ? is_of_archive(b, archive, entry->d_name)
                             : ob_ends_with(entry->d_name, ".mli") && !has_interface(b, path));
        ok = path ? !wanted || ob_add(b, sources, path) : tn_no_memory(b->err);
        modules += is_code && wanted;
    }
    if (open)
        closedir(open);
    if (!modules || (archive && modules != tenon_ocaml_unit_count(archive)))
        sources->count = 0;
    tenon_ocaml_free(archive);
    return ok;
}

/* The interfaces that are installed, where compilers look first. */
static bool copy_interfaces(struct ocaml_building *b, const char *directory)
{
    const struct dirent *entry;
    DIR *open = opendir(directory);
    const char *copy;
    bool ok = true;

    while (ok && open && (entry = readdir(open)))
        if (ob_ends_with(entry->d_name, ".cmi"))
            ok = ob_copy_file(b, ob_format(b, "%s/%s", directory, entry->d_name), &copy);
    if (open)
        closedir(open);
    return ok;
}

/*
 * The interface that is installed stays, since others were compiled against it: beside a .mli, be
 * it empty, the compiler writes none, and holds the code against the one that is there.
 *
 * rule  typing/typemod.ml, type_implementation()
 */
static bool keep_interface(struct ocaml_building *b, const char *copy)
{
    const char *path = ob_format(b, "%si", copy);
    FILE *file = path ? fopen(path, "w") : NULL;

    if (!path)
        return tn_no_memory(b->err);
    return (file && fclose(file) == 0) || tn_fail(b->err, TENON_E_SYSTEM, "writing %s", path);
}

static bool copy_sources(struct ocaml_building *b, const struct ob_words *sources,
                         struct ob_words *copies)
{
    bool ok = true;

    for (size_t i = 0; ok && i < sources->count; i++) {
        const char *from = sources->at[i], *copy;
        ok = ob_copy_file(b, from, &copy) && ob_add(b, copies, copy) &&
             (!ob_ends_with(from, ".ml") || !has_interface(b, from) || keep_interface(b, copy));
    }
    return ok;
}

/* Whoever was compiled against the package's own .cmx relies on the code that it tells of. */
static bool compare_code(struct ocaml_building *b, const struct ob_library *library)
{
    for (size_t i = 0; i < b->units_cmx.count; i++) {
        const char *base = tn_base_name(b->units_cmx.at[i]);
        const char *old = ob_format(b, "%s/%s", library->directory, base);
        if (!ob_is_there(old))
            continue;
        tenon_ocaml *mine = ob_open(b, b->units_cmx.at[i]);
        tenon_ocaml *theirs = mine ? ob_open(b, old) : NULL;
        bool ok = theirs && tenon_ocaml_unit_count(mine) && tenon_ocaml_unit_count(theirs);
        if (ok && tenon_digest_equal(&tenon_ocaml_unit_at(mine, 0)->implementation,
                                     &tenon_ocaml_unit_at(theirs, 0)->implementation) == TENON_NO)
            ok = ob_add(b, &b->missing,
                        ob_format(b,
                                  "native code of %s that the package's %s tells of: compiled "
                                  "anew it is another, and what relies on that will be refused",
                                  library->name, base));
        tenon_ocaml_free(mine);
        tenon_ocaml_free(theirs);
        if (!ok)
            return false;
    }
    return true;
}

/* What a failed attempt left would be found, and relied on, though nobody has that code. */
static void forget_code(struct ocaml_building *b)
{
    for (size_t i = 0; i < b->units_cmx.count; i++)
        unlink(b->units_cmx.at[i]);
}

/* What the library lacks, of its sources. */
static bool compile_library(struct ocaml_building *b, struct ob_library *library,
                            const struct ob_words *sources)
{
    bool byte = !library->cma, native = b->has_native && !library->cmxs;
    const char *other = archive_of(library);
    struct ob_words copies = { 0 };
    bool ok = copy_interfaces(b, library->directory) && copy_sources(b, sources, &copies) &&
              ob_compile_sorted(b, &copies) && (!byte || ob_link_own(b, library, false)) &&
              (!native || (ob_link_own(b, library, true) && compare_code(b, library)));

    free(copies.at);
    return ok && (!other || ob_compare_units(b, byte ? library->cma : library->cmxs, other));
}

/* The compiler's own word for why not. */
static const char *error_line(struct ocaml_building *b)
{
    const char *at = b->said ? strstr(b->said, "Error: ") : NULL;

    return at ? tn_arena_copy(&b->pack->arena, at, strcspn(at, "\n"))
              : tn_arena_string(&b->pack->arena, tenon_error_message(b->err));
}

/*
 * One form of code cannot be made of the other: it is compiled anew, against the interfaces that
 * are there. What does not compile is missing, as long as there is the other form: *why says so.
 */
static bool compile_sources(struct ocaml_building *b, struct ob_library *library, const char **why)
{
    struct ob_words sources = { 0 }, kept_cmo = b->units_cmo, kept_cmx = b->units_cmx;
    const struct ob_library before = *library;
    bool native = b->has_native, ok = find_sources(b, library, &sources);

    b->units_cmo = b->units_cmx = (struct ob_words){ 0 };
    b->has_native = native && !library->cmxs;
    b->by_base_name = true;
    if (ok && sources.count && !compile_library(b, library, &sources)) {
        ok =
            (before.cma || before.cmxs) && b->err->code == TENON_E_UNSUPPORTED && !b->is_unreadable;
        *library = before;
        forget_code(b);
    }
    if (ok && b->err->code != TENON_OK) {
        *why = error_line(b);
        ok = *why || tn_no_memory(b->err);
    }
    if (ok)
        *b->err = (tenon_error)TENON_ERROR_INIT;
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

/* Of these modules, those that an archive has as units. */
static bool count_in(struct ocaml_building *b, const char *archive, const struct ob_words *modules,
                     size_t *count)
{
    tenon_ocaml *whole = ob_open(b, archive);
    bool ok = whole;

    *count = 0;
    for (size_t i = 0; ok && i < modules->count; i++) {
        tenon_ocaml *module = ob_open(b, modules->at[i]);
        ok = module;
        *count += module && tenon_ocaml_unit_count(module) && is_in_archive(whole, module);
        tenon_ocaml_free(module);
    }
    tenon_ocaml_free(whole);
    return ok;
}

/*
 * Modules of a package without an archive that are all in one of another package: nothing was
 * forgotten, and they would be there twice.
 *
 * rule  dune's manual, "Virtual Libraries": an implementation's archive has the modules of the
 *       virtual library, too, whose own META has empty archives
 */
static bool leave_to_another(struct ocaml_building *b, struct ob_library *library)
{
    struct ob_words modules = { 0 };
    bool ok = ob_loose_modules(b, library->directory, ".cmo", &modules);

    for (size_t i = 0; ok && modules.count && !library->reason && i < b->count; i++) {
        const struct ob_library *other = &b->libraries[i];
        size_t count = 0;
        if (!other->package || other->reason || !other->cma)
            continue;
        ok = count_in(b, other->cma, &modules, &count);
        if (ok && count == modules.count)
            ok = ob_leave_out(b, library,
                              ob_format(b, "its modules are in %s of package %s",
                                        tn_base_name(other->cma), other->package));
    }
    free(modules.at);
    return ok;
}

static bool repair_byte(struct ocaml_building *b, struct ob_library *library)
{
    const char *to = ob_product(b, library, ".cma");

    if (library->cma)
        return true;
    if (!to)
        return tn_no_memory(b->err);
    return !library->package || link_modules(b, library, "ocamlc", "-a", ".cmo", to);
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
    return !library->package || link_modules(b, library, "ocamlopt", "-shared", ".cmx", to);
}

static bool tell_missing(struct ocaml_building *b, const struct ob_library *library,
                         const char *why)
{
    const struct {
        bool lacks;
        const char *what, *from;
    } forms[] = { { !library->cma, "bytecode", "neither .cma, .cmo nor sources" },
                  { b->has_native && !library->cmxs, "native code",
                    "neither .cmxs, .cmxa, .cmx with .o nor sources" } };

    for (size_t i = 0; i < TN_COUNT(forms); i++)
        if (forms[i].lacks && !ob_add(b, &b->missing,
                                      ob_format(b, "%s of %s: %s%s", forms[i].what, library->name,
                                                why ? "making it of its sources failed: " : "",
                                                why ? why : forms[i].from)))
            return false;
    return true;
}

bool ob_repair(struct ocaml_building *b, struct ob_library *library)
{
    const char *why = NULL;

    if (library->package && !library->cma && !library->cmxa && !library->cmxs &&
        !leave_to_another(b, library))
        return false;
    if (library->reason)
        return true;
    bool ok = repair_native(b, library) && repair_byte(b, library);

    if (ok && library->package && (!library->cma || (b->has_native && !library->cmxs)))
        ok = compile_sources(b, library, &why);
    return ok && tell_missing(b, library, why);
}
