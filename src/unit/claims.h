/* src/unit/claims.h - whether an object is what its own record says */
#ifndef TN_CLAIMS_H
#define TN_CLAIMS_H

#include "elf_object.h"
#include "record.h"

/*
 * True when notes are there, and tell all that can be known of their units: not those of
 * <tenon/record.h>, which are names.
 */
bool tn_claims_are_whole(const struct tn_record *record);

/*
 * Compares whole notes with the object that carries them. "ld -r" keeps the notes of the objects
 * that it joins, also where others have none, and tools rename symbols.
 *
 * shape    `native` is the object's unit, worked out; of intermediate code alone it defines nothing
 * sets     *holds: one note is of this code; several have all definitions of the object among
 *          them, and there are no more source files in it than notes
 * errors   TENON_E_MEMORY
 */
bool tn_claims_hold(const struct tn_record *record, const struct tn_elf_object *object,
                    const tenon_unit *native, bool *holds, tenon_error *err);

#endif
