/* src/cli/build_ocaml_stubs.c - C stubs that archives of bytecode name: found, or made of libNAME.a
 */
#include <stdlib.h>
#include <string.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"
#include "view.h"

/* "-lfoo" or "dllfoo" to "foo". */
static const char *stub_stem(struct ocaml_building *b, const char *item)
{
    const char *stem = strncmp(item, "-l", 2) == 0 ? item + 2 : tn_base_name(item);
    size_t size;

    if (strncmp(stem, "dll", 3) == 0 && stem != item + 2)
        stem += 3;
    size = strlen(stem);
    if (ob_ends_with(stem, ".so"))
        size -= 3;
    return tn_arena_copy(&b->pack->arena, stem, size);
}

static const char *look_in(struct ocaml_building *b, const char *directory, const char *file)
{
    const char *path = ob_format(b, "%s/%s", directory, file);

    return ob_is_there(path) ? path : NULL;
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
              ob_add(b, &words, OB_TEXT) && ob_add(b, &words, "-o") && ob_add(b, &words, path) &&
              ob_add(b, &words, "-Wl,--whole-archive") && ob_add(b, &words, archive) &&
              ob_add(b, &words, "-Wl,--no-whole-archive") && ob_run(b, &words, NULL) &&
              ob_made(b, dll, tn_base_name(archive));

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

/* ---- archives of bytecode that name their C code for static links alone ------------------------
 */

static bool is_named(struct ocaml_building *b, tenon_ocaml_names dlls, const char *stem)
{
    for (size_t i = 0; i < dlls.count; i++) {
        const char *named = stub_stem(b, dlls.at[i]);
        if (named && strcmp(named, stem) == 0)
            return true;
    }
    return false;
}

/* Adds "-dllib -lSTEM" for what -cclib names, lies beside the archive and can be a library. */
static bool name_stub(struct ocaml_building *b, const struct ob_library *library, const char *item,
                      struct ob_words *words)
{
    const char *stem = stub_stem(b, item);
    const char *archive = stem ? ob_format(b, "lib%s.a", stem) : NULL;
    const char *dll = archive ? ob_format(b, "dll%s.so", stem) : NULL;

    if (!dll)
        return tn_no_memory(b->err);
    if (!look_in(b, library->directory, archive))
        return true;
    if (find_dll(b, library->directory, dll) || make_dll(b, library->directory, stem, dll))
        return ob_add(b, words, "-dllib") && ob_add(b, words, item);
    if (b->err->code != TENON_E_UNSUPPORTED)
        return false;
    *b->err = (tenon_error)TENON_ERROR_INIT;
    return ob_add(b, &b->missing,
                  ob_format(b, "C code of %s for bytecode: %s cannot become a shared library",
                            library->name, archive));
}

/* The same archive, that says which shared libraries it needs. */
static bool name_stubs(struct ocaml_building *b, struct ob_library *library)
{
    const char *to = ob_product(b, library, ".cma");
    tenon_ocaml *ocaml = ob_open(b, library->cma);
    struct ob_words words = { 0 };
    bool ok = to || tn_no_memory(b->err);
    const char *const start[] = { b->ocamlfind, "ocamlc", "-a", "-o", to, library->cma };

    if (!ocaml)
        return false;
    tenon_ocaml_names objects = tenon_ocaml_c_objects(ocaml), dlls = tenon_ocaml_dlls(ocaml);
    for (size_t i = 0; ok && i < TN_COUNT(start); i++)
        ok = ob_add(b, &words, start[i]);
    for (size_t i = 0; ok && strcmp(to, library->cma) != 0 && i < objects.count; i++)
        if (strncmp(objects.at[i], "-l", 2) == 0 && !is_named(b, dlls, objects.at[i] + 2))
            ok = name_stub(b, library, objects.at[i], &words);
    if (ok && words.count > TN_COUNT(start)) {
        ok = ob_run(b, &words, NULL);
        library->cma = ok ? to : library->cma;
    }
    free(words.at);
    tenon_ocaml_free(ocaml);
    return ok;
}

bool ob_find_stubs(struct ocaml_building *b, struct ob_library *library)
{
    if (!name_stubs(b, library))
        return false;
    tenon_ocaml *ocaml = ob_open(b, library->cma);
    bool ok = ocaml != NULL;

    for (size_t i = 0; ok && i < tenon_ocaml_dlls(ocaml).count; i++)
        ok = find_stub(b, library, tenon_ocaml_dlls(ocaml).at[i]);
    tenon_ocaml_free(ocaml);
    return ok;
}
