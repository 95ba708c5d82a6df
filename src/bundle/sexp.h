/* src/bundle/sexp.h - S-expressions: what BAP's bundles write their manifest in */
#ifndef TN_SEXP_H
#define TN_SEXP_H

#include <tenon/error.h>

#include "arena.h"
#include "view.h"

/* An atom (text, NUL-ended, without NUL inside) or a list (text is NULL). */
struct tn_sexp {
    const char *text;
    struct tn_sexp *first; /* of a list; NULL: it is empty */
    struct tn_sexp *next;  /* in the list around it */
};

#define TN_SEXP_DEPTH 64 /* lists in lists */

/*
 * Reads the one expression of a text: bare and quoted atoms, `;` comments to the end of the line,
 * `#| |#` comments, `#;` before an expression that is left out.
 *
 * owner    in the arena
 * errors   TENON_E_MALFORMED "line 3: ...", _LIMIT (depth, size), _MEMORY
 * rule     the syntax of the OCaml library sexplib; ../shared/reference/ocaml.md, section 18
 */
const struct tn_sexp *tn_sexp_read(struct tn_view text, struct tn_arena *arena, tenon_error *err);

/* A growing text. `failed`: there was no memory. */
struct tn_sexp_text {
    char *at;
    size_t used, room;
    bool failed;
};

/* Appends as it is; appends as an atom, quoted when it must be. */
void tn_sexp_put(struct tn_sexp_text *out, const char *text);
void tn_sexp_put_atom(struct tn_sexp_text *out, const char *text);

#endif
