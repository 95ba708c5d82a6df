/* src/image/aout_private.h - a.out: what its readers share */
#ifndef TN_AOUT_PRIVATE_H
#define TN_AOUT_PRIVATE_H

#include "model.h"

enum tn_aout_flavour {
    TN_AOUT_SUN,   /* SunOS: machine type and dynamic bit in a big-endian word */
    TN_AOUT_NET,   /* NetBSD, OpenBSD: flags, machine and magic in network order */
    TN_AOUT_LINUX, /* i386, fixed addresses */
    TN_AOUT_HOST,  /* FreeBSD 2, 386BSD: as NET, in the processor's order */
};

/* One a.out file under reading. */
struct tn_aout {
    struct tn_file *file;
    struct tn_facts *facts;
    struct tn_aout_facts *own; /* facts->more */
    enum tn_aout_flavour flavour;
    enum tn_endian endian;
    unsigned magic, mid, flags;
    uint32_t page;
    uint32_t a_text, a_data, a_syms, a_entry, a_trsize, a_drsize;
    uint64_t text_offset, text_address, data_offset, data_address;
    uint64_t symbols, strings; /* where they are in the file */
};

/* Header and layout, into *facts and *own; false when it is no a.out file. */
bool tn_aout_start(struct tn_aout *aout, struct tn_file *file, struct tn_facts *facts,
                   struct tn_aout_facts *own);

/* tenon's name of a machine id; NULL when unknown. */
const char *tn_aout_machine_name(unsigned mid);

/* The tables that _DYNAMIC leads to, as places in the file; 0: none. */
struct tn_aout_dynamic {
    uint32_t version;
    uint64_t sods, paths, symbols, strings;
    uint32_t strings_size;
};
bool tn_aout_read_dynamic(struct tn_aout *aout, struct tn_aout_dynamic *out, tenon_error *err);

/* Where an address, or an offset from the start of the text, is in the file. False: nowhere. */
bool tn_aout_place(const struct tn_aout *aout, uint32_t version, uint32_t value, uint64_t *offset);

/* Fills image->exports and image->imports. */
bool tn_aout_read_symbols(struct tn_aout *aout, const struct tn_aout_dynamic *dynamic,
                          tenon_image *image, tenon_error *err);

#endif
