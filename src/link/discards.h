/* src/link/discards.h - input sections that a linker says it left out */
#ifndef TN_DISCARDS_H
#define TN_DISCARDS_H

#include "elf_object.h"
#include "report.h"
#include "table.h"

struct tn_discards {
    struct tn_names files;    /* of which something was left out, as the linker spells them */
    struct tn_names sections; /* "FILE:(SECTION)" */
    uint32_t *counts;         /* by number in `sections` */
    size_t room;
};

bool tn_discards_init(struct tn_discards *discards);
void tn_discards_free(struct tn_discards *discards);

/* The part "Discarded input sections" of a map by GNU ld or gold. False: no memory. */
bool tn_discards_read_map(struct tn_discards *discards, struct tn_view map);

/* What lld prints with --print-gc-sections: reads such a line. *is_one: it was. */
bool tn_discards_read_line(struct tn_discards *discards, struct tn_view line, bool *is_one);

/*
 * True when each section of the object from which memory is filled was left out: code, data, and
 * zeros. Unwind tables are none of them without the code that they are about. Not of an object
 * that has common symbols or notes of its own, which are in the result.
 */
bool tn_discards_has_all(const struct tn_discards *discards, const char *file,
                         const struct tn_elf_object *object, bool *lost);

#endif
