/* src/process/ocaml_proof.h - what was read of a bundle's OCaml code when it was loaded, kept in
 * the index */
#ifndef TN_OCAML_PROOF_H
#define TN_OCAML_PROOF_H

#include "ocaml.h"
#include "ocaml_private.h"
#include "packer.h"

/*
 * As the proofs of C code (proof.h): a plan wants names and digests, all of which follow from the
 * file's bytes, so that whoever meets the same file again (by its identity in the cache) needs not
 * open it. Only code that was loaded is noted. The notes are as hostile as any input.
 *
 * Packed as packer.h says: u8 layout, the triple, a list of names, a list of imports (u32 number of
 * the name, a digest), a list of files; of each: entry, identity (u64 device, inode, size, change
 * time), and with their size before them: u8 flags; when it has code: u8 kind, digits of the
 * release that may be missing, a list of DLLs, a list of units: u32 number of the name, two
 * digests, lists of required units and of interfaces (u32 numbers of imports), of symbols (u32
 * numbers of names), of primitives; when it has C code: lists of definitions, exports, wanted
 * symbols and needed libraries. A digest: u8 whether there is one, its 16 bytes. A loader reads its
 * own files of them: code for several loaders mentions much the same.
 */
enum { TN_OC_PROOF_LAYOUT = 0x0e }; /* no layout of proof.h */
enum { TN_OC_PROOF_CODE = 1, TN_OC_PROOF_C = 2, TN_OC_PROOF_FLAGS_END = 4 };

struct tn_oc_proof {
    const char *entry; /* in the bundle */
    struct tn_identity identity;
    struct tn_view packed; /* all that follows, not read yet; empty: it is there */
    tenon_ocaml *code;     /* what a plan asks of it; NULL: it was not read. Never freed */
    const struct tn_oc_listed *listed; /* by unit of it, when it was read back; else NULL */
    bool has_c;
    struct tn_oc_c c; /* likewise */
};

/* All files that a bundle's code for one kind of system consists of. */
struct tn_oc_proofs {
    const char *triple;
    struct tn_oc_mentions mentions; /* what files that were not read refer to */
    struct tn_oc_proof *files;
    size_t count;
};

/*
 * Reads proofs back from any bytes.
 *
 * owner    the arena; strings are borrowed from the bytes
 * returns  NULL: they make no sense, or there is no memory
 */
struct tn_oc_proofs *tn_oc_proofs_unpack(struct tn_view packed, struct tn_arena *arena);

/* The one of an entry; NULL. */
struct tn_oc_proof *tn_oc_proofs_find(const struct tn_oc_proofs *proofs, const char *entry);

/* Reads what was noted of one file, once. False: it makes no sense, or there is no memory. */
bool tn_oc_proof_read(const struct tn_oc_proofs *proofs, struct tn_oc_proof *proof,
                      struct tn_arena *arena);

/* Writes them. Whether there was memory for it, the packer knows. */
void tn_oc_proofs_pack(struct tn_packer *p, const struct tn_oc_proofs *proofs);

#endif
