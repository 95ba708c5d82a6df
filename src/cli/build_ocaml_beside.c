/*
 * src/cli/build_ocaml_beside.c - modules that lie beside sources, and that these refer to
 *
 * As ocamlbuild does: a plugin is named by its main module. What the compilers would find without
 * it, and what the host or a package has, is left to those.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"

/* DIRECTORY/m.SUFFIX or DIRECTORY/M.SUFFIX of a module, whichever is there; NULL: none. */
static const char *file_of(struct ocaml_building *b, const char *directory, const char *module,
                           const char *suffix)
{
    const char *path =
        ob_format(b, "%s%c%s%s", directory, tolower((unsigned char)*module), module + 1, suffix);

    if (!ob_is_there(path))
        path = ob_format(b, "%s%s%s", directory, module, suffix);
    return ob_is_there(path) ? path : NULL;
}

static bool is_among(struct ocaml_building *b, const struct ob_words *files, const char *module)
{
    for (size_t i = 0; i < files->count; i++) {
        const char *name = ob_module_of(b, files->at[i]);
        if (name && strcmp(name, module) == 0)
            return true;
    }
    return false;
}

static bool has_unit(struct ocaml_building *b, const char *file, const char *module)
{
    tenon_error ignored = TENON_ERROR_INIT;
    tenon_ocaml *ocaml = file ? tenon_ocaml_open(b->pack->world, file, &ignored) : NULL;
    bool found = false;

    for (size_t i = 0; !found && ocaml && i < tenon_ocaml_unit_count(ocaml); i++)
        found = strcmp(tenon_ocaml_unit_at(ocaml, i)->name, module) == 0;
    tenon_ocaml_free(ocaml);
    return found;
}

/* A package's module is one whose interface it has; an archive that was given has units. */
static bool is_in(struct ocaml_building *b, const struct ob_library *library, const char *module)
{
    if (library->package)
        return file_of(b, ob_format(b, "%s/", library->directory), module, ".cmi");
    return has_unit(b, library->cma, module) || has_unit(b, library->cmxa, module) ||
           has_unit(b, library->cmxs, module);
}

static bool is_of_library(struct ocaml_building *b, const char *module)
{
    for (size_t i = 0; i < b->count; i++)
        if (is_in(b, &b->libraries[i], module))
            return true;
    return false;
}

/* The interface that the compiler finds by a -I; NULL: none. */
static const char *by_include(struct ocaml_building *b, const char *module)
{
    const char *found = NULL;

    for (char **flag = b->options->flags; !found && flag && *flag; flag++)
        if (strcmp(*flag, "-I") == 0 && flag[1])
            found = file_of(b, ob_format(b, "%s/", flag[1]), module, ".cmi");
    return found;
}

/* The file of a module that lies beside a source; *out is NULL: there is none. */
static bool find_beside(struct ocaml_building *b, const char *source, const char *module,
                        const char **out)
{
    const char *slash = strrchr(source, '/');
    const char *directory =
        slash ? tn_arena_copy(&b->pack->arena, source, (size_t)(slash - source) + 1) : "";

    if (!directory)
        return tn_no_memory(b->err);
    *out = file_of(b, directory, module, ".ml");
    if (!*out)
        *out = file_of(b, directory, module, ".mli");
    return true;
}

/*
 * An interface without its module is how a plugin is compiled against its host: what was compiled
 * before is the host's, unless the host is there to be asked. What that has is taken for its
 * interface alone, if no -I says where that lies.
 */
static bool take_module(struct ocaml_building *b, const char *asker, const char *module,
                        struct ob_words *sources)
{
    const char *file = NULL, *included, *here;

    if (!find_beside(b, asker, module, &file))
        return false;
    if (!file || is_among(b, sources, module) || is_among(b, &b->units_cmo, module) ||
        is_among(b, &b->units_cmx, module) || is_of_library(b, module))
        return true;
    included = by_include(b, module);
    here = included ? included : file_of(b, "", module, ".cmi");
    if (here && !b->host)
        return ob_add(b, &b->left_out,
                      ob_format(b,
                                "%s  the host is to have it, since %s is there (name %s to bring "
                                "it along)",
                                module, here, file));
    if (included && ob_host_unit(b, module))
        return true;
    return ob_add(b, sources, file) &&
           ob_add(b, &b->taken, ob_format(b, "%s  %s refers to it", file, asker));
}

/* Each module that a source refers to. */
static bool take_modules(struct ocaml_building *b, const char *source, struct ob_words *sources)
{
    struct ob_words words = { 0 };
    const char *said = NULL;
    char *rest = NULL, *text;
    bool ok = ob_add_ocamldep(b, &words) && ob_add(b, &words, "-modules") &&
              ob_add(b, &words, source) && ob_run(b, &words, &said);

    free(words.at);
    if (!ok)
        return false;
    text = strlen(said) > strlen(source)
               ? tn_arena_string(&b->pack->arena, said + strlen(source) + 1) /* "FILE: A B" */
               : NULL;
    for (char *word = text ? strtok_r(text, " \n", &rest) : NULL; word;
         word = strtok_r(NULL, " \n", &rest))
        if (!take_module(b, source, word, sources))
            return false;
    return true;
}

bool ob_take_beside(struct ocaml_building *b, struct ob_words *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        if (!take_modules(b, sources->at[i], sources))
            return false;
    return true;
}
