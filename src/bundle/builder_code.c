/* src/bundle/builder_code.c - adds code to a bundle: its place, its facts, what it provides */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "text.h"
#include "triple.h"
#include "view.h"

const char *tn_main_name(struct tn_arena *arena, const char *file)
{
    static const char *const ocaml[] = { ".cmxs", ".cma", ".cmo" };
    const char *base = tn_base_name(file), *end = base;

    for (size_t i = 0; i < TN_COUNT(ocaml); i++) {
        size_t size = strlen(base), suffix = strlen(ocaml[i]);
        if (size > suffix && strcmp(base + (size - suffix), ocaml[i]) == 0)
            return tn_arena_copy(arena, base, size - suffix);
    }
    do
        end = strstr(end + 1, ".so");
    while (end && end[3] != '\0' && end[3] != '.');
    return tn_arena_copy(arena, base, end ? (size_t)(end - base) : strlen(base));
}

static bool check_image(const tenon_image *image, tenon_error *err)
{
    if (tenon_image_format(image) != TENON_FORMAT_ELF ||
        tenon_image_kind(image) != TENON_KIND_SHARED_LIBRARY)
        return tn_fail(err, TENON_E_NOT_LOADABLE, "%s: only a shared library can be loaded",
                       tenon_kind_name(tenon_image_kind(image)));
    return true;
}

/*
 * A library that uses no C library goes where the code is that it was brought along for: their
 * folder then works as it is.
 */
static void join_last_native(const tenon_builder *builder, struct tn_triple *triple)
{
    for (size_t i = builder->item_count; i > 0; i--) {
        const struct tn_item *item = &builder->items[i - 1];
        if (item->is_code && item->code.kind == TENON_CODE_NATIVE) {
            if (tn_triple_fits(triple->text, item->code.triple))
                snprintf(triple->text, sizeof triple->text, "%s", item->code.triple);
            return;
        }
    }
}

static bool fill_facts(tenon_builder *builder, const tenon_image *image, enum tenon_code_kind kind,
                       const char *base_name, const char *file, tenon_code_entry *code,
                       tenon_error *err)
{
    const char *own_name = tenon_image_own_name(image);
    struct tn_triple triple;

    if (!check_image(image, err) || !tn_triple_of(image, &triple, err))
        return false;
    if (kind == TENON_CODE_LIBRARY && !triple.libc)
        join_last_native(builder, &triple);
    if (!base_name)
        base_name = kind == TENON_CODE_LIBRARY && own_name ? own_name : tn_base_name(file);
    *code = (tenon_code_entry){ .kind = kind, .libc = triple.libc };
    code->path = tn_arena_format(&builder->arena, TN_NATIVE_FOLDER "%s/%s", triple.text, base_name);
    code->triple = tn_arena_string(&builder->arena, triple.text);
    code->own_name = own_name ? tn_arena_string(&builder->arena, own_name) : NULL;
    return (code->path && code->triple && (code->own_name || !own_name)) || tn_no_memory(err);
}

/* What the code provides, from its own units. */
static bool claim_units(tenon_builder *builder, struct tn_item *item, const tenon_units *units,
                        tenon_error *err)
{
    for (size_t i = 0; i < tenon_units_count(units); i++) {
        const tenon_unit *unit = tenon_units_at(units, i);
        tenon_claim claim = {
            .kind = unit->kind,
            .name = unit->name,
            .interface = unit->interface,
            .implementation = unit->implementation,
            .stateful = unit->stateful,
            .origin = unit->origin && strcmp(unit->origin, item->path) != 0 ? unit->origin : NULL,
            .code = item->path,
        };
        if (!tn_builder_claim(builder, &item->claims, &claim, err))
            return false;
    }
    return true;
}

/* Takes over `bytes`. */
static struct tn_item *add(tenon_builder *builder, const char *file, void *bytes, size_t size,
                           enum tenon_code_kind kind, const char *base_name, tenon_error *err)
{
    tenon_image *image = tenon_image_parse(bytes, size, file, err);
    tenon_units *units = NULL;
    struct tn_item *item = NULL;
    tenon_code_entry code;

    /* by its name in the bundle: names and origins must not tell where it was packed */
    if (image && fill_facts(builder, image, kind, base_name, file, &code, err))
        units = tenon_units_parse(bytes, size, code.path, err);
    if (units) {
        item = tn_builder_put(builder, code.path, bytes, size, false, err);
        bytes = NULL;
    }
    if (item) {
        code.path = item->path;
        item->is_code = true;
        item->code = code;
        if (!claim_units(builder, item, units, err))
            item = NULL;
    }
    tenon_units_free(units);
    tenon_image_free(image);
    free(bytes);
    return item;
}

bool tn_builder_add_code_as(tenon_builder *builder, const char *file, enum tenon_code_kind kind,
                            const char *base_name, const struct tn_item **out, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_item *item;
    void *bytes;
    size_t size;

    if ((unsigned)kind > TENON_CODE_OCAML_BYTE)
        return tn_fail(err, TENON_E_ARGUMENT, "no kind of code has the number %d", (int)kind);
    if (base_name && (!*base_name || strchr(base_name, '/')))
        return tn_fail(err, TENON_E_ARGUMENT, "%s is no base name", tn_quote(shown, base_name));
    if (!tn_read_file(file, &bytes, &size, err))
        return false;
    if (kind == TENON_CODE_OCAML_NATIVE || kind == TENON_CODE_OCAML_BYTE)
        item = tn_builder_add_ocaml(builder, file, bytes, size, kind, base_name, err);
    else
        item = add(builder, file, bytes, size, kind, base_name, err);
    if (out)
        *out = item;
    return item || tn_context(err, "%s", tn_quote(shown, file));
}

bool tenon_builder_add_code_as(tenon_builder *builder, const char *file, enum tenon_code_kind kind,
                               const char *base_name, tenon_error *err)
{
    return tn_builder_add_code_as(builder, file, kind, base_name, NULL, err);
}

bool tenon_builder_add_code(tenon_builder *builder, const char *file, enum tenon_code_kind kind,
                            tenon_error *err)
{
    return tn_builder_add_code_as(builder, file, kind, NULL, NULL, err);
}
