/* src/bundle/requires.c - what code expects of the program that loads it */
#include "requires.h"

#include <stdlib.h>
#include <string.h>

#include "entry_name.h"
#include "fail.h"
#include "text.h"
#include "triple.h"

enum tenon_unit_kind tn_kind_by_name(const char *name)
{
    return strstr(name, ".so") ? TENON_UNIT_LIBRARY : TENON_UNIT_C;
}

static int compare_definition(const void *name, const void *row)
{
    return strcmp(name, ((const tenon_definition *)row)->name);
}

/* Strong definitions come first, sorted; COMDAT ones behind are in every copy and ask nothing. */
static bool defines(const tenon_unit *unit, const char *symbol)
{
    size_t strong = unit->definition_count;

    while (strong && unit->definitions[strong - 1].kind == TENON_DEFINES_COMDAT)
        strong--;
    return strong && bsearch(symbol, unit->definitions, strong, sizeof *unit->definitions,
                             compare_definition);
}

static bool require_unit(tenon_builder *builder, const tenon_unit *unit, tenon_error *err)
{
    tenon_claim claim = {
        .kind = unit->kind,
        .name = unit->name,
        .interface = unit->interface,
        .stateful = TENON_UNKNOWN,
    };

    return tenon_builder_require(builder, &claim, err);
}

/* The unit of the host that would answer for a symbol: only what is exported can. */
static bool require_symbol(tenon_builder *builder, const tenon_units *host, const char *symbol,
                           tenon_error *err)
{
    const tenon_visible *visible = tenon_units_find_visible(host, symbol);

    if (!visible || !visible->exported)
        return true;
    for (size_t i = 0; i < tenon_units_count(host); i++)
        if (defines(tenon_units_at(host, i), symbol))
            return require_unit(builder, tenon_units_at(host, i), err);
    return true;
}

static bool require_item(tenon_builder *builder, const tenon_units *host,
                         const struct tn_item *item, tenon_error *err)
{
    tenon_image *image = tenon_image_parse(item->bytes, item->size, item->path, err);
    const tenon_symbol *import;
    bool ok = image;

    for (size_t i = 0; ok && (import = tenon_image_import(image, i)); i++)
        if (import->binding != TENON_BIND_WEAK)
            ok = require_symbol(builder, host, import->name, err);
    tenon_image_free(image);
    return ok;
}

bool tn_require_from_host(tenon_builder *builder, tenon_world *world, const char *host,
                          enum tenon_record *record, tenon_error *err)
{
    const tenon_image_source source = { .path = host };
    tenon_units *units = tenon_units_read(world, &source, err);
    bool ok = units;

    if (ok)
        *record = tenon_units_record(units);
    for (size_t i = 0; ok && i < builder->item_count; i++)
        if (builder->items[i].is_code)
            ok = require_item(builder, units, &builder->items[i], err);
    tenon_units_free(units);
    return ok;
}

bool tn_require_named(tenon_builder *builder, tenon_world *world, const char *name,
                      const char *file, tenon_error *err)
{
    const tenon_image_source source = { .path = file };
    tenon_claim claim = { .kind = tn_kind_by_name(name), .name = name, .stateful = TENON_UNKNOWN };
    char shown[TN_QUOTE_ROOM], shown_file[TN_QUOTE_ROOM];
    tenon_units *units;
    bool found = false, ok = true;

    if (!file)
        return tenon_builder_require(builder, &claim, err);
    units = tenon_units_read(world, &source, err);
    if (!units)
        return false;
    for (size_t i = 0; i < tenon_units_count(units) && !found; i++) {
        found = strcmp(tenon_units_at(units, i)->name, name) == 0;
        if (found)
            ok = require_unit(builder, tenon_units_at(units, i), err);
    }
    tenon_units_free(units);
    return found ? ok
                 : tn_fail(err, TENON_E_NOT_FOUND, "%s has no unit %s", tn_quote(shown_file, file),
                           tn_quote(shown, name));
}

static bool is_in_bundle(const tenon_builder *builder, const struct tn_item *asker,
                         const char *name)
{
    for (size_t i = 0; i < builder->item_count; i++) {
        const struct tn_item *item = &builder->items[i];
        if (item->is_code && tn_triple_fits(item->code.triple, asker->code.triple) &&
            (strcmp(tn_base_name(item->path), name) == 0 ||
             (item->code.own_name && strcmp(item->code.own_name, name) == 0)))
            return true;
    }
    return false;
}

static bool require_needs(tenon_builder *builder, const struct tn_item *item, tenon_error *err)
{
    tenon_image *image = tenon_image_parse(item->bytes, item->size, item->path, err);
    const tenon_need *need;
    bool ok = image;

    for (size_t i = 0; ok && (need = tenon_image_need(image, i)); i++) {
        tenon_claim claim = { .kind = TENON_UNIT_LIBRARY,
                              .name = need->name,
                              .stateful = TENON_UNKNOWN };
        if (need->flavour == TENON_NEED_NORMAL && !is_in_bundle(builder, item, need->name))
            ok = tenon_builder_require(builder, &claim, err);
    }
    tenon_image_free(image);
    return ok;
}

bool tn_require_libraries(tenon_builder *builder, tenon_error *err)
{
    for (size_t i = 0; i < builder->item_count; i++)
        if (builder->items[i].is_code && builder->items[i].code.triple &&
            !require_needs(builder, &builder->items[i], err))
            return false;
    return true;
}
