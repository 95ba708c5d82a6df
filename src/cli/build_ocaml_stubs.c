/* src/cli/build_ocaml_stubs.c - C stubs that archives of bytecode name: found, or made of libNAME.a
 */
#include <stdlib.h>
#include <string.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"

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
              ob_add(b, &words, "-o") && ob_add(b, &words, path) &&
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

bool ob_find_stubs(struct ocaml_building *b, const struct ob_library *library)
{
    tenon_ocaml *ocaml = ob_open(b, library->cma);
    bool ok = ocaml != NULL;

    for (size_t i = 0; ok && i < tenon_ocaml_dlls(ocaml).count; i++)
        ok = find_stub(b, library, tenon_ocaml_dlls(ocaml).at[i]);
    tenon_ocaml_free(ocaml);
    return ok;
}
