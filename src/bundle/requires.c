/* src/bundle/requires.c - what code expects of the program that loads it */
#include "requires.h"

#include <stdlib.h>
#include <string.h>

#include "entry_name.h"
#include "fail.h"
#include "table.h"
#include "text.h"
#include "triple.h"

enum tenon_unit_kind tn_kind_by_name(const char *name)
{
    return strstr(name, ".so") ? TENON_UNIT_LIBRARY : TENON_UNIT_C;
}

/* The first unit of the host that defines each symbol. */
struct definers {
    struct tn_names symbols;
    const tenon_unit **units; /* by number */
    size_t room;
};

static void free_definers(struct definers *definers)
{
    tn_names_free(&definers->symbols);
    free(definers->units);
}

static bool list_definition(struct definers *definers, const tenon_unit *unit, const char *symbol)
{
    size_t before = definers->symbols.count;

    if (!tn_grow(&definers->units, &definers->room, before, sizeof(const tenon_unit *)))
        return false;
    uint32_t number = tn_names_add(&definers->symbols, symbol, strlen(symbol));
    if (number == before)
        definers->units[number] = unit;
    return number != TN_NO_NAME;
}

/* COMDAT definitions are in every copy and ask nothing. */
static bool list_definers(struct definers *definers, const tenon_units *host)
{
    bool good = tn_names_init(&definers->symbols);

    for (size_t i = 0; i < tenon_units_count(host); i++) {
        const tenon_unit *unit = tenon_units_at(host, i);
        for (size_t k = 0; good && k < unit->definition_count; k++)
            if (unit->definitions[k].kind != TENON_DEFINES_COMDAT)
                good = list_definition(definers, unit, unit->definitions[k].name);
    }
    return good;
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
static bool require_symbol(tenon_builder *builder, const tenon_units *host,
                           const struct definers *definers, const char *symbol, tenon_error *err)
{
    const tenon_visible *visible = tenon_units_find_visible(host, symbol);
    uint32_t number = visible && visible->exported
                          ? tn_names_find(&definers->symbols, symbol, strlen(symbol))
                          : TN_NO_NAME;

    return number == TN_NO_NAME || require_unit(builder, definers->units[number], err);
}

static bool require_item(tenon_builder *builder, const tenon_units *host,
                         const struct definers *definers, const struct tn_item *item,
                         tenon_error *err)
{
    tenon_image *image = tenon_image_parse(item->bytes, item->size, item->path, err);
    const tenon_symbol *import;
    bool ok = image;

    for (size_t i = 0; ok && (import = tenon_image_import(image, i)); i++)
        if (import->binding != TENON_BIND_WEAK)
            ok = require_symbol(builder, host, definers, import->name, err);
    tenon_image_free(image);
    return ok;
}

bool tn_require_from_host(tenon_builder *builder, tenon_world *world, const char *host,
                          enum tenon_record *record, tenon_error *err)
{
    const tenon_image_source source = { .path = host };
    tenon_units *units = tenon_units_read(world, &source, err);
    struct definers definers = { .units = NULL };

    if (!units)
        return false;
    *record = tenon_units_record(units);
    bool ok = list_definers(&definers, units) || tn_no_memory(err);
    for (size_t i = 0; ok && i < builder->item_count; i++)
        if (builder->items[i].is_code)
            ok = require_item(builder, units, &definers, &builder->items[i], err);
    free_definers(&definers);
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
