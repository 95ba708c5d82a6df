/* src/unit/units.h - the units of one file, while they are made and after */
#ifndef TN_UNITS_H
#define TN_UNITS_H

#include <tenon/unit.h>

#include "model.h"

struct tenon_units {
    struct tn_arena arena;
    const char *name; /* of the file, for messages */
    tenon_unit *units;
    size_t count, room;
    enum tenon_record record;
    const char *const *unsure;
    size_t unsure_count, members;
    const char **remarks;
    size_t remark_count;
    tenon_visible *visible;
    size_t visible_count;
};

/* Says something about the file; no memory for it is no error. */
void tn_units_remark(tenon_units *units, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends a unit; its strings must live in units->arena. */
bool tn_units_add(tenon_units *units, const tenon_unit *unit, tenon_error *err);

/* Appends a unit whose strings live elsewhere. */
bool tn_units_add_copy(tenon_units *units, const tenon_unit *unit, tenon_error *err);

/* ---- visible.c ------------------------------------------------------------------------------ */

/* Fills units->visible from the symbol tables of a linked file. */
bool tn_visible_read(struct tn_file *file, const struct tn_facts *facts, tenon_units *units,
                     tenon_error *err);

/*
 * The unit that a shared library is as a whole: name (own name, else the file's), interface
 * (exports-1 of its dynamic symbols), implementation (build id), exported strong definitions.
 */
bool tn_library_unit(struct tn_file *file, const struct tn_facts *facts, tenon_units *units,
                     tenon_error *err);

/* ---- same.c --------------------------------------------------------------------------------- */

/* True for a definition that any program or plugin may have, and that therefore tells nothing. */
bool tn_is_generic(const char *definition);

/* Equal sets of strong definitions that tell something. */
bool tn_same_definitions(const tenon_unit *a, const tenon_unit *b);

#endif
