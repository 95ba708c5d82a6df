/*
 * src/cli/pack_main.c - by which names the plugin's own code goes into a bundle
 *
 * rule  tenon-bundle(5): native/TRIPLE/MAIN.so is the plugin, for each kind of system
 */
#include <string.h>

#include "builder.h"
#include "fail.h"
#include "pack.h"
#include "text.h"
#include "triple.h"

/* "stats" of "build/stats.so.1"; NULL: no memory. */
static const char *base_of(struct pack *pack, const struct pack_file *file, tenon_error *err)
{
    const char *base = tn_main_name(&pack->arena, file->file);

    if (!base)
        tn_no_memory(err);
    return base;
}

static bool name_file(struct pack *pack, struct pack_file *file, const char *base, tenon_error *err)
{
    file->name = tn_arena_format(&pack->arena, "%s.so", base);
    return file->name || tn_no_memory(err);
}

bool pack_name_files(struct pack *pack, tenon_error *err)
{
    const char *said = pack->options->manifest.main;
    bool has_main = false;

    if (said && !*said)
        return tn_fail(err, TENON_E_ARGUMENT, "main: an empty name");
    pack->main = said ? said : base_of(pack, &pack->files[0], err);
    if (!pack->main)
        return false;
    for (size_t i = 0; i < pack->file_count; i++) {
        const char *base = base_of(pack, &pack->files[i], err);
        if (!base || !name_file(pack, &pack->files[i], base, err))
            return false;
        has_main |= said && strcmp(base, pack->main) == 0;
    }
    for (size_t i = 0; !has_main && i < pack->file_count; i++)
        if (!name_file(pack, &pack->files[i], pack->main, err))
            return false;
    return true;
}

/* Which kind of system a file is for; what is no code says so when it is added. */
static bool find_triple(struct pack *pack, struct pack_file *file, tenon_error *err)
{
    tenon_image *image = tenon_image_open(pack->world, file->file, TENON_PART_CORE, NULL);
    struct tn_triple triple;

    if (image && tn_triple_of(image, &triple, NULL))
        file->triple = tn_arena_string(&pack->arena, triple.text);
    else
        file->triple = "";
    tenon_image_free(image);
    return file->triple || tn_no_memory(err);
}

static bool fail_twice(const struct pack_file *a, const struct pack_file *b, tenon_error *err)
{
    char shown_a[TN_QUOTE_ROOM], shown_b[TN_QUOTE_ROOM];

    return tn_fail(err, TENON_E_ARGUMENT,
                   "%s and %s are both for %s: of a plugin, one file of code is loaded for each "
                   "kind of system (--main=NAME says which, where others lie beside it)",
                   tn_quote(shown_a, a->file), tn_quote(shown_b, b->file),
                   strlen(a->triple) > strlen(b->triple) ? a->triple : b->triple);
}

bool pack_check_systems(struct pack *pack, tenon_error *err)
{
    for (size_t i = 0; pack->file_count > 1 && i < pack->file_count; i++) {
        struct pack_file *file = &pack->files[i];
        if (!find_triple(pack, file, err))
            return false;
        for (size_t k = 0; *file->triple && k < i; k++)
            if (*pack->files[k].triple && strcmp(pack->files[k].name, file->name) == 0 &&
                tn_triple_meets(pack->files[k].triple, file->triple))
                return fail_twice(&pack->files[k], file, err);
    }
    return true;
}
