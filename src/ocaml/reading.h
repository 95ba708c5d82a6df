/* src/ocaml/reading.h - one file being read: marshalled values and the shapes expected of them */
#ifndef TN_OCAML_READING_H
#define TN_OCAML_READING_H

#include "marshal.h"
#include "ocaml.h"
#include "table.h"

/*
 * Shapes are asked for by name: what is not as it should be fails with that name and its place. A
 * shared value may be met again and again; `rows_left` bounds what comes of it.
 */
struct tn_ocaml_reading {
    tenon_ocaml *out;
    struct tn_file *file;
    struct tn_names names; /* of out->strings */
    struct tn_marshal m;   /* the value that is looked at */
    size_t rows_left;
    bool string_units; /* units are named by strings, not by identifiers */
    uint64_t near;     /* offset in the file of the block seen last */
    uint32_t *stamps;  /* by number of a name: the unit that has it in a list already, + 1 */
    size_t stamp_count;
    tenon_error *err;
};

/* ---- shape.c: values ------------------------------------------------------------------------
 */

/* Reads the value at `from` and makes it the one that is looked at. */
bool tn_shape_start(struct tn_ocaml_reading *r, struct tn_view from);

/* The fields of a block with that tag and number of fields; NULL when it is something else. */
const tn_ml_value *tn_shape_block(struct tn_ocaml_reading *r, tn_ml_value value, unsigned tag,
                                  size_t size, const char *what);

/* The bytes of a string, as they lie in the file. */
bool tn_shape_bytes(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                    struct tn_view *out);

/* A string without NUL inside; lives as long as the file's facts. NULL: it is something else. */
const char *tn_shape_name(struct tn_ocaml_reading *r, tn_ml_value value, const char *what);
bool tn_shape_bool(struct tn_ocaml_reading *r, tn_ml_value value, const char *what, bool *out);
bool tn_shape_int(struct tn_ocaml_reading *r, tn_ml_value value, const char *what, int64_t *out);
bool tn_shape_digest(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                     tenon_digest *out);

/* A digest option: unknown for None. */
bool tn_shape_digest_option(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                            tenon_digest *out);

/* Says that a value has another shape. Returns false. */
bool tn_shape_fail(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                   const char *expected);

/* ---- shape.c: lists ---------------------------------------------------------------------------
 */

/* Counts the elements; false when it does not end, or ends otherwise than a list. */
bool tn_shape_count(struct tn_ocaml_reading *r, tn_ml_value list, const char *what, size_t *count);

/* The next element of a list that was counted; false at its end. */
bool tn_shape_next(const struct tn_ocaml_reading *r, tn_ml_value *list, tn_ml_value *element);

/* ---- lists.c ----------------------------------------------------------------------------------
 */

/* The name of a unit, however the release writes it; *predef: of an exception that all have. */
const char *tn_shape_unit(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                          bool *predef);

/* A list of strings; `reversed`: the file has the last one first. */
bool tn_shape_names(struct tn_ocaml_reading *r, tn_ml_value list, const char *what, bool reversed,
                    tenon_ocaml_names *out);

/* A list of (name, digest option). */
bool tn_shape_imports(struct tn_ocaml_reading *r, tn_ml_value list, const char *what,
                      tenon_ocaml_imports *out);

/* The digest that a name has among imports; unknown when it is not there. */
tenon_digest tn_imports_find(tenon_ocaml_imports imports, const char *name);

/* Names of a section, each with a NUL behind it. */
bool tn_section_names(struct tn_ocaml_reading *r, struct tn_view bytes, const char *what,
                      tenon_ocaml_names *out);

/* True when a name comes for the first time in the list that `stamp` (> 0) stands for. */
bool tn_name_is_new(struct tn_ocaml_reading *r, const char *name, uint32_t stamp, bool *is_new);

/* A name kept once. NULL: no memory (*r->err says so) or a NUL inside. */
const char *tn_keep_name(struct tn_ocaml_reading *r, struct tn_view bytes, const char *what);

/* ---- release.c --------------------------------------------------------------------------------
 */

#define TN_OCAML_MAGIC 12u

/*
 * The release whose magic number for files of kind `letter` these 12 bytes are.
 *
 * errors   TENON_E_UNSUPPORTED: another release, named as far as it is known
 */
const struct tn_ocaml_release *tn_ocaml_release_of(struct tn_view magic, char letter,
                                                   tenon_error *err);

/* A row of the table; NULL past the last. */
const struct tn_ocaml_release *tn_ocaml_release_at(size_t i);

/* ---- anchor.c, and its table in ocaml.c --------------------------------------------------------
 */

/* A symbol at which a marshalled value begins. */
struct tn_ocaml_anchor {
    const char *symbol;
    bool dynamic, full; /* the symbol tables that may have it; the full one of programs only */
    bool (*read)(struct tn_ocaml_reading *r, struct tn_view value);
};

/* Ends with a row without symbol. */
extern const struct tn_ocaml_anchor tn_ocaml_anchors[];

/* errors   TENON_E_NOT_FOUND: it has none of them */
bool tn_ocaml_read_elf(struct tn_ocaml_reading *r);

/* ---- one file for each kind -------------------------------------------------------------------
 */

bool tn_ocaml_read_cmo(struct tn_ocaml_reading *r, char letter); /* bytecode.c: O, A */
bool tn_ocaml_read_cmi(struct tn_ocaml_reading *r, char letter); /* interface.c: I */
bool tn_ocaml_read_cmx(struct tn_ocaml_reading *r, char letter); /* native.c: Y y Z z */
bool tn_ocaml_read_plugin(struct tn_ocaml_reading *r, struct tn_view header); /* native.c */
bool tn_ocaml_read_map(struct tn_ocaml_reading *r, struct tn_view map);       /* native.c */
bool tn_ocaml_read_program(struct tn_ocaml_reading *r);                       /* program.c */

/* True when the file ends as a program of bytecode does. */
bool tn_ocaml_is_program(struct tn_file *file);

/* program.c: the sections of -output-complete-exe, which lie in its data. */
bool tn_ocaml_read_embedded(struct tn_ocaml_reading *r, struct tn_view sections);

#endif
