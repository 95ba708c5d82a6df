/* src/process/proof_private.h - what writer and reader of proofs share */
#ifndef TN_PROOF_PRIVATE_H
#define TN_PROOF_PRIVATE_H

/*
 * Packed as packer.h says: u8 layout, the triple, a list of codes; of each: entry, identity (u64
 * device, inode, size, change time), own name and build id that may be missing, u8 flags, u64
 * bytes of thread-local data, lists of needs, of versions (file, version), of imports (name,
 * version that may be missing, u8 1 when weak), of strong definitions; what the record says, as
 * units_packed.c has it.
 */
enum { TN_PROOF_LAYOUT = 6 };
enum {
    TN_PROOF_STATIC_TLS = 1,
    TN_PROOF_PLAIN = 2,
    TN_PROOF_STARTS = 4,
    TN_PROOF_BARE = 8,
    TN_PROOF_FLAGS_END = 16,
};

#endif
