/*
 * src/cli/build_ocaml_make.c - makes OCaml code: the plugin's own, and what packages forgot to ship
 *
 * rule  ocamlopt -shared without -linkall makes a plugin without units; modules must be given in
 * the order of their needs
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_ocaml.h"
#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "view.h"

static bool ends_with(const char *text, const char *suffix)
{
    size_t size = strlen(text), end = strlen(suffix);

    return size > end && strcmp(text + (size - end), suffix) == 0;
}

static bool is_there(const char *path)
{
    return path && access(path, R_OK) == 0;
}

static bool made(struct ocaml_building *b, const char *what, const char *from)
{
    return ob_add(b, &b->made, ob_format(b, "%s from %s", tn_base_name(what), from));
}

/* ---- units of files ---------------------------------------------------------------------------
 */

static size_t units_of(struct ocaml_building *b, const char *file)
{
    tenon_error ignored = TENON_ERROR_INIT;
    tenon_ocaml *ocaml = tenon_ocaml_open(b->pack->world, file, &ignored);
    size_t count = ocaml ? tenon_ocaml_unit_count(ocaml) : 0;

    tenon_ocaml_free(ocaml);
    return count;
}

/* What was made must hold the very units of what it was made from. */
static bool compare_units(struct ocaml_building *b, const char *product, const char *source)
{
    tenon_ocaml *have = tenon_ocaml_open(b->pack->world, product, b->err);
    tenon_ocaml *want = have ? tenon_ocaml_open(b->pack->world, source, b->err) : NULL;
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
static bool loose_modules(struct ocaml_building *b, const char *directory, const char *suffix,
                          struct ob_words *out)
{
    DIR *open = opendir(directory);
    const struct dirent *entry;
    struct loose *files = NULL;
    size_t count = 0, room = 0;
    bool ok = true;

    while (ok && open && (entry = readdir(open))) {
        if (!ends_with(entry->d_name, suffix))
            continue;
        const char *path = ob_format(b, "%s/%s", directory, entry->d_name);
        ok = path && tn_grow(&files, &room, count, sizeof *files);
        if (!ok) {
            tn_no_memory(b->err);
            break;
        }
        files[count] =
            (struct loose){ .path = path, .ocaml = tenon_ocaml_open(b->pack->world, path, b->err) };
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

/* ---- C stubs
 * ------------------------------------------------------------------------------------- */

/* "-lfoo" or "dllfoo" to "foo". */
static const char *stub_stem(struct ocaml_building *b, const char *item)
{
    const char *stem = strncmp(item, "-l", 2) == 0 ? item + 2 : tn_base_name(item);
    size_t size;

    if (strncmp(stem, "dll", 3) == 0 && stem != item + 2)
        stem += 3;
    size = strlen(stem);
    if (ends_with(stem, ".so"))
        size -= 3;
    return tn_arena_copy(&b->pack->arena, stem, size);
}

static const char *look_in(struct ocaml_building *b, const char *directory, const char *file)
{
    const char *path = ob_format(b, "%s/%s", directory, file);

    return is_there(path) ? path : NULL;
}

static const char *find_dll(struct ocaml_building *b, const char *directory, const char *file)
{
    const char *found = look_in(b, directory, file);
    const char *stdlib = NULL;

    if (!found)
        found = look_in(b, ob_format(b, "%s/../stublibs", directory), file);
    if (!found && ob_run_words(b, &stdlib, "printconf", "stdlib", NULL)) {
        stdlib = tn_arena_copy(&b->pack->arena, stdlib, strcspn(stdlib, "\n"));
        if (stdlib)
            found = look_in(b, ob_format(b, "%s/stublibs", stdlib), file);
    }
    return found;
}

/* A library that is shipped as an archive alone: its objects must be position independent. */
static const char *make_dll(struct ocaml_building *b, const char *directory, const char *stem,
                            const char *dll)
{
    const char *archive = look_in(b, directory, ob_format(b, "lib%s.a", stem));
    const char *path = ob_format(b, "%s/%s", b->pack->scratch, dll);
    struct ob_words words = { 0 };
    bool ok = archive && path && ob_add(b, &words, "cc") && ob_add(b, &words, "-shared") &&
              ob_add(b, &words, "-o") && ob_add(b, &words, path) &&
              ob_add(b, &words, "-Wl,--whole-archive") && ob_add(b, &words, archive) &&
              ob_add(b, &words, "-Wl,--no-whole-archive") && ob_run(b, &words, NULL) &&
              made(b, dll, tn_base_name(archive));

    free(words.at);
    return ok ? path : NULL;
}

static bool is_of_compiler(const char *path)
{
    return strstr(path, "/dllunix.so") || strstr(path, "/dllthreads.so") ||
           strstr(path, "/dllcamlstr.so");
}

static bool find_stub(struct ocaml_building *b, const struct ob_library *library, const char *item)
{
    const char *stem = stub_stem(b, item);
    const char *dll = stem ? ob_format(b, "dll%s.so", stem) : NULL;
    const char *path = dll ? find_dll(b, library->directory, dll) : NULL;

    if (!dll)
        return tn_no_memory(b->err);
    if (!path)
        path = find_dll(b, b->pack->scratch, dll);
    if (!path)
        path = make_dll(b, library->directory, stem, dll);
    if (!path)
        return b->err->code == TENON_OK
                   ? tn_fail(
                         b->err, TENON_E_UNSUPPORTED,
                         "%s needs the C stubs %s, which are nowhere, nor lib%s.a to make them of",
                         tn_base_name(library->cma), dll, stem)
                   : false;
    return is_of_compiler(path) || ob_add(b, &b->stubs, path);
}

bool ob_find_stubs(struct ocaml_building *b, const struct ob_library *library)
{
    tenon_ocaml *ocaml = tenon_ocaml_open(b->pack->world, library->cma, b->err);
    bool ok = ocaml != NULL;

    for (size_t i = 0; ok && i < tenon_ocaml_dlls(ocaml).count; i++)
        ok = find_stub(b, library, tenon_ocaml_dlls(ocaml).at[i]);
    tenon_ocaml_free(ocaml);
    return ok;
}

/* ---- repairs
 * -------------------------------------------------------------------------------------- */

static const char *product(struct ocaml_building *b, const struct ob_library *library,
                           const char *suffix)
{
    return ob_format(b, "%s/%s%s", b->pack->scratch, library->name, suffix);
}

/* ... from .cmxa and .a */
static bool make_cmxs(struct ocaml_building *b, struct ob_library *library)
{
    const char *to = product(b, library, ".cmxs");

    if (!to)
        return tn_no_memory(b->err);
    if (!ob_run_words(b, NULL, "ocamlopt", "-shared", "-linkall", "-I", library->directory,
                      "-ccopt", ob_format(b, "-L%s", library->directory), "-o", to, library->cmxa,
                      NULL) ||
        !compare_units(b, to, library->cmxa))
        return false;
    library->cmxs = to;
    return made(b, to, tn_base_name(library->cmxa));
}

/* ... from modules: .cmx to .cmxs, .cmo to .cma */
static bool link_modules(struct ocaml_building *b, struct ob_library *library, const char *compiler,
                         const char *how, const char *suffix, const char *to)
{
    struct ob_words modules = { 0 }, words = { 0 };
    bool ok = loose_modules(b, library->directory, suffix, &modules);

    if (ok && modules.count) {
        ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, compiler) &&
             ob_add(b, &words, how) && ob_add(b, &words, "-linkall") && ob_add(b, &words, "-I") &&
             ob_add(b, &words, library->directory) && ob_add(b, &words, "-o") &&
             ob_add(b, &words, to);
        for (size_t i = 0; ok && i < modules.count; i++)
            ok = ob_add(b, &words, modules.at[i]);
        ok = ok && ob_run(b, &words, NULL) &&
             made(b, to,
                  ob_format(b, "%zu %s of package %s", modules.count, suffix,
                            library->package ? library->package : library->name));
        if (ok)
            *(strcmp(suffix, ".cmo") == 0 ? &library->cma : &library->cmxs) = to;
    }
    free(modules.at);
    free(words.at);
    return ok;
}

static bool compile_sources(struct ocaml_building *b, struct ob_library *library);

static bool repair_byte(struct ocaml_building *b, struct ob_library *library)
{
    const char *to = product(b, library, ".cma");

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
    const char *to = product(b, library, ".cmxs");

    if (!b->has_native)
        return true;
    /* a plugin without units is one that was linked without -linkall */
    if (library->cmxs &&
        (!library->cmxa || units_of(b, library->cmxs) || !units_of(b, library->cmxa)))
        return true;
    if (!to)
        return tn_no_memory(b->err);
    if (library->cmxa)
        return make_cmxs(b, library);
    if (library->package && !link_modules(b, library, "ocamlopt", "-shared", ".cmx", to))
        return false;
    return library->cmxs ||
           ob_add(b, &b->missing,
                  ob_format(b, "native code of %s: neither .cmxs, .cmxa nor .cmx", library->name));
}

bool ob_repair(struct ocaml_building *b, struct ob_library *library)
{
    return repair_native(b, library) && repair_byte(b, library);
}

/* ---- compiling
 * ------------------------------------------------------------------------------------- */

static bool copy_file(struct ocaml_building *b, const char *from, const char **to)
{
    void *bytes;
    size_t size;
    FILE *out;
    bool ok;

    *to = ob_format(b, "%s/%s", b->pack->scratch, tn_base_name(from));
    if (!*to)
        return tn_no_memory(b->err);
    if (!tn_read_file(from, &bytes, &size, b->err))
        return false;
    out = fopen(*to, "wb");
    ok = out && fwrite(bytes, 1, size, out) == size;
    if (out)
        ok = fclose(out) == 0 && ok;
    free(bytes);
    return ok || tn_fail(b->err, TENON_E_SYSTEM, "writing %s", *to);
}

static bool add_packages(struct ocaml_building *b, struct ob_words *words)
{
    for (char **list = b->options->packages; list && *list; list++)
        if (!ob_add(b, words, "-package") || !ob_add(b, words, *list))
            return false;
    for (size_t i = 0; i < b->count; i++)
        if (!b->libraries[i].package && !b->libraries[i].is_main &&
            (!ob_add(b, words, "-I") || !ob_add(b, words, b->libraries[i].directory)))
            return false;
    for (char **flag = b->options->flags; flag && *flag; flag++)
        if (!ob_add(b, words, *flag))
            return false;
    return true;
}

/* Runs a command with the scratch directory as the current one. */
static bool run_in_scratch(struct ocaml_building *b, const struct ob_words *words)
{
    char *here = getcwd(NULL, 0);
    bool ok = here && chdir(b->pack->scratch) == 0;

    if (!ok)
        tn_fail(b->err, TENON_E_SYSTEM, "going to %s", b->pack->scratch);
    ok = ok && ob_run(b, words, NULL);
    if (here && chdir(here) != 0)
        ok = tn_fail(b->err, TENON_E_SYSTEM, "going back to %s", here);
    free(here);
    return ok;
}

static bool compile(struct ocaml_building *b, const char *compiler, const char *file)
{
    struct ob_words words = { 0 };
    bool ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, compiler) &&
              ob_add(b, &words, "-I") && ob_add(b, &words, b->pack->scratch) &&
              add_packages(b, &words) && ob_add(b, &words, "-c") &&
              ob_add(b, &words, b->by_base_name ? tn_base_name(file) : file) &&
              (b->by_base_name ? run_in_scratch(b, &words) : ob_run(b, &words, NULL));

    free(words.at);
    return ok;
}

static const char *beside(struct ocaml_building *b, const char *file, const char *suffix)
{
    return ob_format(b, "%.*s%s", (int)(strrchr(file, '.') - file), file, suffix);
}

static bool compile_one(struct ocaml_building *b, const char *file)
{
    if (ends_with(file, ".mli"))
        return compile(b, "ocamlc", file);
    if (!compile(b, "ocamlc", file) || !ob_add(b, &b->units_cmo, beside(b, file, ".cmo")))
        return false;
    return !b->has_native ||
           (compile(b, "ocamlopt", file) && ob_add(b, &b->units_cmx, beside(b, file, ".cmx")));
}

/* In the order in which ocamldep says that they can be compiled. */
static bool compile_sorted(struct ocaml_building *b, const struct ob_words *sources)
{
    struct ob_words words = { 0 };
    const char *said = NULL;
    char *rest = NULL, *text;
    bool ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, "ocamldep") &&
              ob_add(b, &words, "-sort") && ob_add(b, &words, "-I") &&
              ob_add(b, &words, b->pack->scratch);

    for (size_t i = 0; ok && i < sources->count; i++)
        ok = ob_add(b, &words, sources->at[i]);
    ok = ok && ob_run(b, &words, &said);
    free(words.at);
    if (!ok)
        return false;
    text = tn_arena_string(&b->pack->arena, said);
    for (char *word = text ? strtok_r(text, " \n", &rest) : NULL; ok && word;
         word = strtok_r(NULL, " \n", &rest))
        ok = compile_one(b, word);
    return ok;
}

/* C sources: their objects go into the .cmxs, and into stubs for bytecode. */
static bool compile_c(struct ocaml_building *b, const char *file)
{
    const char *copy;

    if (!copy_file(b, file, &copy))
        return false;
    struct ob_words words = { 0 };
    bool ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, "ocamlc") &&
              ob_add(b, &words, "-ccopt") && ob_add(b, &words, "-fPIC") &&
              ob_add(b, &words, "-c") && ob_add(b, &words, copy) && run_in_scratch(b, &words);

    free(words.at);
    return ok && ob_add(b, &b->objects, beside(b, copy, ".o"));
}

static bool make_stubs(struct ocaml_building *b, const char *name)
{
    struct ob_words words = { 0 };
    const char *stem = ob_format(b, "%s/%s_stubs", b->pack->scratch, name);
    bool ok = stem && ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, "ocamlmklib") &&
              ob_add(b, &words, "-o") && ob_add(b, &words, stem);

    for (size_t i = 0; ok && i < b->objects.count; i++)
        ok = ob_add(b, &words, b->objects.at[i]);
    ok = ok && ob_run(b, &words, NULL);
    free(words.at);
    b->dlls = ok ? ob_format(b, "-l%s_stubs", name) : NULL;
    return ok && made(b, ob_format(b, "dll%s_stubs.so", name), "its C code");
}

static bool link_own(struct ocaml_building *b, struct ob_library *library, bool native)
{
    const struct ob_words *units = native ? &b->units_cmx : &b->units_cmo;
    const char *to = product(b, library, native ? ".cmxs" : ".cma");
    struct ob_words words = { 0 };
    bool ok = to && ob_add(b, &words, b->ocamlfind) &&
              ob_add(b, &words, native ? "ocamlopt" : "ocamlc") &&
              ob_add(b, &words, native ? "-shared" : "-a") && ob_add(b, &words, "-linkall") &&
              ob_add(b, &words, "-o") && ob_add(b, &words, to);

    for (size_t i = 0; ok && i < units->count; i++)
        ok = ob_add(b, &words, units->at[i]);
    for (size_t i = 0; ok && native && i < b->objects.count; i++)
        ok = ob_add(b, &words, b->objects.at[i]);
    if (ok && !native && b->dlls)
        ok = ob_add(b, &words, "-dllib") && ob_add(b, &words, b->dlls);
    ok = ok && ob_run(b, &words, NULL) &&
         made(b, to, ob_format(b, "%zu module%s", units->count, units->count == 1 ? "" : "s"));
    free(words.at);
    *(native ? &library->cmxs : &library->cma) = to;
    return ok;
}

static bool take_file(struct ocaml_building *b, const char *file, struct ob_words *sources)
{
    const char *copy;

    if (ends_with(file, ".ml") || ends_with(file, ".mli"))
        return copy_file(b, file, &copy) && ob_add(b, sources, copy);
    if (ends_with(file, ".c"))
        return compile_c(b, file);
    if (ends_with(file, ".cmo"))
        return ob_add(b, &b->units_cmo, file);
    if (ends_with(file, ".cmx"))
        return ob_add(b, &b->units_cmx, file);
    if (ends_with(file, ".o"))
        return ob_add(b, &b->objects, file);
    return tn_fail(b->err, TENON_E_ARGUMENT, "%s: neither OCaml code nor C code", file);
}

bool ob_make_main(struct ocaml_building *b, const char *name, const char *const *files)
{
    struct ob_words sources = { 0 };
    struct ob_library *library;
    bool ok = true;

    for (; ok && *files; files++)
        ok = take_file(b, *files, &sources);
    ok = ok && (!sources.count || compile_sorted(b, &sources)) &&
         (!b->objects.count || make_stubs(b, name));
    free(sources.at);
    library = ok ? ob_new_library(b, name) : NULL;
    if (!library)
        return false;
    library->is_main = true;
    library->directory = b->pack->scratch;
    if (!b->units_cmo.count &&
        !ob_add(b, &b->missing, ob_format(b, "bytecode of %s: no .cmo was given", name)))
        return false;
    return (!b->units_cmo.count || link_own(b, library, false)) &&
           (!b->units_cmx.count || link_own(b, library, true));
}

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
            if (ends_with(entry->d_name, suffixes[i])) {
                ok = copy_file(b, ob_format(b, "%s/%s", directory, entry->d_name), &copy);
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
    tenon_ocaml *mine = tenon_ocaml_open(b->pack->world, cmo, b->err);
    tenon_ocaml *theirs = mine && cmi ? tenon_ocaml_open(b->pack->world, cmi, b->err) : NULL;
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
        ok = compile_sorted(b, &sources);
        for (size_t i = 0; ok && i < b->units_cmo.count; i++)
            ok = same_interface(b, b->units_cmo.at[i], library->directory);
        ok = ok && link_own(b, library, false);
        if (ok && library->cmxa)
            ok = compare_units(b, library->cma, library->cmxa);
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
