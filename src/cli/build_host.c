/* src/cli/build_host.c - which objects and archives the host has, whole and within reach */
#include <string.h>

#include "build.h"

/* Is each of its definitions one that the host shows? */
static bool is_within_reach(const tenon_units *host, const tenon_unit *unit)
{
    for (size_t i = 0; i < unit->definition_count; i++) {
        const tenon_visible *visible = tenon_units_find_visible(host, unit->definitions[i].name);
        if (!visible || !visible->exported)
            return false;
    }
    return unit->definition_count;
}

/*
 * A bare name is no evidence, and equal code is the same under any name. Of other code the
 * interface must be the same.
 *
 * rule  docs/design/units.md, "Three keys"
 */
static bool is_same(const tenon_unit *unit, const tenon_unit *there)
{
    bool named = strchr(unit->name, '/') && strcmp(unit->name, there->name) == 0;

    return tenon_digest_equal(&unit->interface, &there->interface) == TENON_YES &&
           (named ||
            tenon_digest_equal(&unit->implementation, &there->implementation) == TENON_YES);
}

static bool has_unit(const tenon_units *host, const tenon_unit *unit)
{
    bool found = false;

    for (size_t i = 0; !found && i < tenon_units_count(host); i++)
        found = is_same(unit, tenon_units_at(host, i));
    return found && is_within_reach(host, unit);
}

bool build_host_has(tenon_world *world, const tenon_units *host, const char *file)
{
    const tenon_image_source source = { .path = file };
    tenon_units *units = tenon_units_read(world, &source, NULL); /* the linker says why not */
    size_t count = units ? tenon_units_count(units) : 0, found = 0;

    while (found < count && has_unit(host, tenon_units_at(units, found)))
        found++;
    tenon_units_free(units);
    return count && found == count;
}
