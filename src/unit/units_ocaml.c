/*
 * src/unit/units_ocaml.c - the units of OCaml files, and of programs and plugins that hold OCaml
 *
 * rule  the tables that the OCaml compilers write name every unit of a file, so that they are a
 *       record of it. What C code is beside them they do not say: the record of an ELF file, or
 * that it has none, stays what it is
 */
#include <string.h>

#include "fail.h"
#include "ocaml.h"
#include "units.h"

/*
 * A unit's data is a block that its initialiser fills: it has state, whatever its source looks
 * like. An interface has neither code nor data.
 */
static bool add_unit(tenon_units *units, const tenon_ocaml_unit *from, const char *origin,
                     tenon_error *err)
{
    bool is_interface = tenon_ocaml_kind_of(units->ocaml) == TENON_OCAML_CMI;
    tenon_unit unit = { .kind = TENON_UNIT_OCAML,
                        .name = from->name,
                        .origin = origin,
                        .interface = from->interface,
                        .implementation = from->implementation,
                        .stateful = is_interface ? TENON_NO : TENON_YES,
                        .recorded = true };
    return tn_units_add(units, &unit, err);
}

static bool add_all(tenon_units *units, tenon_error *err)
{
    const tenon_ocaml_unit *unit;
    const char *slash = strrchr(units->name, '/');
    for (size_t i = 0; (unit = tenon_ocaml_unit_at(units->ocaml, i)); i++)
        if (!add_unit(units, unit, slash && slash[1] ? slash + 1 : units->name, err))
            return false;
    return true;
}

bool tn_units_read_ocaml(struct tn_units_reading *r, struct tn_file *file, tenon_error *err)
{
    r->units->ocaml = tn_ocaml_read(file, r->ocaml, err);
    if (!r->units->ocaml)
        return false;
    r->units->record = TENON_RECORD_COMPLETE;
    return add_all(r->units, err);
}

bool tn_units_add_ocaml(struct tn_units_reading *r, struct tn_file *file, tenon_error *err)
{
    tenon_units *units = r->units;
    tenon_error local = TENON_ERROR_INIT;
    units->ocaml = tn_ocaml_read(file, r->ocaml, &local);
    if (units->ocaml)
        return add_all(units, err);
    if (local.code == TENON_E_NOT_FOUND)
        return true;
    if (local.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    units->record = TENON_RECORD_UNREADABLE;
    tn_units_remark(units, "%s", tenon_error_message(&local));
    return true;
}

const tenon_ocaml *tenon_units_ocaml(const tenon_units *units)
{
    return units->ocaml;
}
