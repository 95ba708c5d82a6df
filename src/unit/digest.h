/* src/unit/digest.h - what a unit exports and is, in 32 bytes each */
#ifndef TN_DIGEST_H
#define TN_DIGEST_H

#include <tenon/unit.h>

#include "elf_object.h"

/* One exported definition, as exports-1 has it. */
struct tn_export {
    const char *name;
    size_t length;       /* of the name; a version that follows in the same string is not part */
    const char *version; /* NULL: none */
    bool is_default;     /* NAME@@VERSION */
    enum tenon_definition_kind kind;
    uint64_t size; /* of data; a function's size is no part of its interface */
};

/*
 * exports-1: SHA-256 over name, version, kind and (of data) size of each, bytewise by name and
 * version; whether one is weak or hidden is left out, since whoever links with it sees neither.
 * Sorts `rows`.
 */
void tn_digest_exports(struct tn_export *rows, size_t count, tenon_digest *out);

/*
 * code-1: SHA-256 over what the object puts into a process, so that equal code from another
 * directory, with or without debugging information, under another file name, gives the same:
 *
 * - each allocated section with bytes, by name, then in file order: name, type, flags, alignment,
 *   size, bytes. Not: notes, and .eh_frame, which says again what the code is and differs with
 *   options that change no code (-fno-asynchronous-unwind-tables); exception tables are in
 * - its relocations, in file order: offset, type, and what they name: an external symbol by name
 *   and addend, a local one by section and offset
 * - external definitions: name, binding, type, size and place; not their visibility
 *
 * Nothing allocated and nothing defined: the digest stays unknown.
 *
 * errors   TENON_E_MALFORMED when sections overlap; those of the readers
 */
bool tn_digest_code(const struct tn_elf_object *object, tenon_digest *out, tenon_error *err);

#endif
