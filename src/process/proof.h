/* src/process/proof.h - what was proven of a plugin's code when it was verified, kept in the index
 */
#ifndef TN_PROOF_H
#define TN_PROOF_H

#include <tenon/bundle.h>
#include <tenon/unit.h>
#include <tenon/world.h>

#include "arena.h"
#include "file_identity.h"
#include "packer.h"

/*
 * A plan wants little of a file of code: its names, its units, what it asks of the process. All of
 * it follows from the file's bytes, so that whoever meets the same file again (by its identity in
 * the cache) needs not open it. Only code that the system's loader was found to take, and whose
 * units are what its manifest says, is noted. The notes are as hostile as any input: they are read
 * whole and checked, or not used.
 */

/* A symbol that is asked for, at a version when one is named. */
struct tn_import {
    const char *name, *version; /* NULL: any */
    bool weak;                  /* it may be missing */
};

/* A version that an object must define. */
struct tn_wanted_version {
    const char *file, *version;
};

/* One file of code. */
struct tn_proof {
    const char *entry; /* in the bundle */
    struct tn_identity identity;
    const char *own_name, *build_id; /* NULL: none */
    const char *const *needs;
    size_t need_count;
    bool has_static_tls;
    bool is_plain; /* nothing but names, versions and symbols decides whether it can be joined */
    bool starts;   /* it has an entry point or a stop function */
    bool is_bare;  /* it has no other symbols than the dynamic ones */
    uint64_t tls_size;
    const struct tn_wanted_version *versions;
    size_t version_count;
    const struct tn_import *imports;
    size_t import_count;
    tenon_units *units;        /* what its record names; never freed: its parts are in the arena */
    const char *const *strong; /* strong definitions, when the record does not say that it is all */
    size_t strong_count;
};

/* All files of a bundle's code for one kind of system. */
struct tn_proofs {
    const char *triple;
    const struct tn_proof *codes;
    size_t count;
};

/*
 * Reads proofs back from any bytes.
 *
 * owner    the arena; strings are borrowed from the bytes
 * returns  NULL: they make no sense, or there is no memory
 */
const struct tn_proofs *tn_proofs_unpack(struct tn_view packed, struct tn_arena *arena);

/* The one of an entry; NULL. */
const struct tn_proof *tn_proofs_find(const struct tn_proofs *proofs, const char *entry);

/* Begins a list of so many. */
void tn_proofs_begin(struct tn_packer *p, const char *triple, size_t count);

/*
 * Adds one: reads the file at `path`, of which `units` are known.
 *
 * returns  false: nothing can be proven of it (a kind of unit that a record does not hold, a file
 *          that cannot be read), or there is no memory
 */
bool tn_proof_add(struct tn_packer *p, tenon_world *world, const char *path, const char *entry,
                  const struct tn_identity *identity, const tenon_units *units);

#endif
