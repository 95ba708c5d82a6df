/* src/cli/units_files.c - from a FILE to the files in it that hold units */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "units_parts.h"

/* *takes is false when the file is of another kind. */
struct opener {
    bool (*open)(tenon_world *world, const char *label, const char *path,
                 enum tn_units_detail detail, struct units_parts *parts, bool *takes,
                 tenon_error *err);
};

static bool open_image(tenon_world *world, const char *label, const char *path,
                       enum tn_units_detail detail, struct units_parts *parts, bool *takes,
                       tenon_error *err)
{
    const tenon_image_source source = { .path = path };
    tenon_units *units = tn_units_read(world, &source, detail, err);

    *takes = units || err->code != TENON_E_FORMAT;
    return units && units_add_part(parts, label, units, err);
}

/*
 * THE table of what can be given to `tenon units`, what is given most first. The words of the first
 * stand when none takes the file.
 */
static const struct opener openers[] = {
    { open_image },
    { units_open_bundle },
};

bool units_open(tenon_world *world, const char *label, const char *path,
                enum tn_units_detail detail, struct units_parts *parts, tenon_error *err)
{
    bool takes = false, ok = false;

    *parts = (struct units_parts){ 0 };
    for (size_t i = 0; i < sizeof openers / sizeof *openers && !takes; i++)
        ok = openers[i].open(world, label, path, detail, parts, &takes, err);
    if (!ok)
        units_close(parts);
    return ok;
}

bool units_add_part(struct units_parts *parts, const char *label, tenon_units *units,
                    tenon_error *err)
{
    struct units_part *more = reallocarray(parts->at, parts->count + 1, sizeof *more);
    char *copy = strdup(label);

    if (more)
        parts->at = more;
    if (!more || !copy) {
        free(copy);
        tenon_units_free(units);
        return tn_no_memory(err);
    }
    parts->at[parts->count++] = (struct units_part){ copy, units };
    return true;
}

void units_close(struct units_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        free(parts->at[i].label);
        tenon_units_free(parts->at[i].units);
    }
    free(parts->at);
    *parts = (struct units_parts){ 0 };
}
