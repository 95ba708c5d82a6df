/* src/loader/sohints.h - ld.so.hints: libraries by name and version (OpenBSD, and a.out systems) */
#ifndef TN_SOHINTS_H
#define TN_SOHINTS_H

#include "cursor.h"

/* A checked file; borrows its bytes. */
struct tn_sohints {
    enum tn_endian endian;
    uint32_t version; /* 1 or 2 */
    struct tn_view buckets, strings;
    uint32_t bucket_count;
    const char *dirs; /* ':'-separated list of directories; NULL: version 1 has none */
};

/*
 * rule     <link_aout.h>, OpenBSD libexec/ld.so/sod.c: a header of 8 longs, of `word` bytes each
 * errors   TENON_E_TRUNCATED, TENON_E_MALFORMED: loaders go on as if there were none
 */
bool tn_sohints_open(struct tn_view file, unsigned word, enum tn_endian endian,
                     struct tn_sohints *out, tenon_error *err);

/* What is looked for. */
struct tn_sohints_query {
    const char *name; /* "foo" of libfoo */
    int major;
    int minor;                                 /* at least this; -1: any */
    bool hash_has_minor;                       /* with hints of version 1 (OpenBSD, NetBSD) */
    bool (*fits)(void *arg, const char *path); /* NULL: every path does */
    void *arg;
};

/* The path of the first entry in the order of its chain that fits; NULL: none. Borrowed. */
const char *tn_sohints_find(const struct tn_sohints *hints, const struct tn_sohints_query *query);

#endif
