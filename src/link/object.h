/* src/link/object.h - one object: what it records of itself, and what can be worked out */
#ifndef TN_OBJECT_H
#define TN_OBJECT_H

#include "model.h"
#include "record.h"

struct tn_object {
    bool is_bitcode, is_lto;     /* intermediate code; then the unit is of no use */
    struct tn_elf_header header; /* of ELF */
    struct tn_record record;     /* its own notes */
    bool is_recorded;            /* whole notes, and they tell what is in it */
    bool is_doubtful;            /* whole notes, and its code is another */
    tenon_unit unit;             /* worked out; no name yet */
};

/*
 * True for ELF objects and LLVM bitcode, by the first bytes. False for others, and for files that
 * cannot be read; then *err says why.
 */
bool tn_object_is_one(struct tn_file *file, tenon_error *err);

bool tn_object_is_bitcode(struct tn_file *file);

/* True for intermediate code, alone or beside machine code. False as tn_object_is_one. */
bool tn_object_is_lto(struct tn_file *file, tenon_error *err);

/*
 * Reads an object.
 *
 * owner    everything in file->arena
 * errors   those of tn_elf_read_object, tn_record_read, tn_native_unit_of, tn_claims_hold
 */
bool tn_object_read(struct tn_file *file, struct tn_object *out, tenon_error *err);

#endif
