/* src/bundle/triple.h - which systems code is for: "x86_64-linux-gnu" */
#ifndef TN_TRIPLE_H
#define TN_TRIPLE_H

#include <stdbool.h>
#include <tenon/error.h>
#include <tenon/image.h>

#define TN_TRIPLE_ROOM 64

struct tn_triple {
    char text[TN_TRIPLE_ROOM];
    const char *libc; /* "glibc", "musl"; NULL: uses none */
};

/*
 * The triple of a linked image: machine, system, and the C library that its interpreter, needs or
 * symbol versions name. Code that uses no C library has none in its triple ("x86_64-linux").
 *
 * errors   TENON_E_UNSUPPORTED for a machine or system without a name
 */
bool tn_triple_of(const tenon_image *image, struct tn_triple *out, tenon_error *err);

/*
 * The same of the running program, by what this library was built for: quicker than reading the
 * program's file. False: not known, the file must be read.
 */
bool tn_triple_own(struct tn_triple *out);

/* Code of triple `code` (NULL: any) can be loaded where code of triple `wanted` can. */
bool tn_triple_fits(const char *code, const char *wanted);

/* Is there a kind of system that can load code of both? */
bool tn_triple_meets(const char *a, const char *b);

#endif
