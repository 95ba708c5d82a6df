/*
 * src/find/link_pe.c - programs of Windows and Cygwin: the test must ask for the library's DLL
 *
 * rule: a PE program imports symbols, and from a DLL none of whose symbols it uses, nothing: it
 * starts without that DLL. GNU ld and lld take for -u SYMBOL the member of an import library that
 * defines it, which is one import.
 */
#include <strings.h>

#include "fail.h"
#include "private_libs.h"
#include "steps.h"
#include "text.h"

/* The program's imports name this DLL. */
static bool asks_for(const tenon_image *program, const char *dll)
{
    const tenon_need *need;

    for (size_t i = 0; (need = tenon_image_need(program, i)); i++)
        if (strcasecmp(need->name, dll) == 0) /* rule  Windows: names of files, whatever the case */
            return true;
    return false;
}

/*
 * The pointer to something that is imported: functions and data have one. NULL: none is known.
 *
 * rule  Microsoft "PE Format", Import Library Format; GNU ld takes a DLL for its import library,
 *       and puts "_" before names of 32-bit code
 */
static const char *symbol_of(struct tn_arena *arena, const tenon_image *library)
{
    static const char pointer[] = "__imp_";
    bool is_dll = tenon_image_kind(library) == TENON_KIND_SHARED_LIBRARY;
    const char *score = tenon_image_class(library) == 32 ? "_" : "";
    const tenon_symbol *symbol;

    for (size_t i = 0; (symbol = tenon_image_export(library, i)); i++) {
        if (!*symbol->name || strpbrk(symbol->name, ", \t\n"))
            continue;
        if (is_dll)
            return tn_arena_format(arena, "%s%s%s", pointer, score, symbol->name);
        if (tn_begins(symbol->name, pointer))
            return symbol->name;
    }
    return NULL;
}

/* The DLL that the file stands for, or is; NULL: it is another kind of file. */
static const char *dll_of(const tenon_image *library, const char *path)
{
    const tenon_need *need = tenon_image_need(library, 0);
    const char *own = tenon_image_own_name(library);

    switch (tenon_image_kind(library)) {
    case TENON_KIND_IMPORT_LIBRARY: return need ? need->name : NULL;
    case TENON_KIND_SHARED_LIBRARY: return own ? own : tn_base_name(path);
    default: return NULL;
    }
}

/* The sample linked again; `symbol` is what it must import, NULL: what it uses. */
static bool link_again(struct tn_hunt *hunt, const struct tn_attempt *attempt, const char *program,
                       const char *symbol, bool *linked, tenon_error *err)
{
    const char *object = tn_arena_format(hunt->arena, "%s/sample.o", hunt->dir);
    const char *word = symbol ? tn_arena_format(hunt->arena, "-Wl,-u,%s", symbol) : NULL;
    struct tn_words libs = { 0 };
    struct tn_said said;
    bool good = object && (!symbol || (word && tn_words_add(&libs, word))) &&
                tn_words_add_all(&libs, &attempt->libs);

    good = good ? tn_probe_link(hunt, object, program, &libs, NULL, false, &said, err)
                : tn_no_memory(err);
    *linked = good && said.exit.status == 0;
    tn_words_free(&libs);
    return good;
}

static bool import(struct tn_hunt *hunt, const struct tn_attempt *attempt, const char *program,
                   const tenon_image *library, const char *dll, tenon_error *err)
{
    const char *symbol = symbol_of(hunt->arena, library);
    bool linked = false;

    if (symbol && !link_again(hunt, attempt, program, symbol, &linked, err))
        return false;
    if (linked)
        return true;
    if (symbol && !link_again(hunt, attempt, program, NULL, &linked, err))
        return false;
    return tn_found_remark(hunt->found,
                           "the test imports nothing of %s: that it starts does not show that a "
                           "program with the library does (--function=NAME makes it import one)",
                           dll) ||
           tn_no_memory(err);
}

bool tn_import_something(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                         const struct tn_outcome *outcome, const char *program, tenon_error *err)
{
    const char *path = outcome->group.count ? outcome->group.at[0] : NULL, *dll;
    tenon_image *library, *linked;
    bool good = true;

    if (!tn_is_pe(hunt) || !path)
        return true;
    library = tenon_image_open(hunt->world, path, TENON_PART_SYMBOLS, NULL);
    linked = library ? tenon_image_open(hunt->world, program, TENON_PART_CORE, NULL) : NULL;
    dll = library ? dll_of(library, path) : NULL;
    if (linked && dll && !asks_for(linked, dll))
        good = import(hunt, attempt, program, library, dll, err);
    tenon_image_free(linked);
    tenon_image_free(library);
    return good;
}
