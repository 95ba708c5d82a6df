/* src/ocaml/reading.h - one file being read: a marshalled value, walked by the shape expected of it
 */
#ifndef TN_OCAML_READING_H
#define TN_OCAML_READING_H

#include "marshal.h"
#include "ocaml.h"

/* Bytes of the value that is walked. */
struct tn_ocaml_text {
    const char *at;
    size_t size;
};

static inline bool tn_text_equal(struct tn_ocaml_text a, struct tn_ocaml_text b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

#define TN_OCAML_MET 256u /* a power of two */

/* Names of one list while it grows; none twice (gather.c). */
struct tn_gathered {
    struct tn_ocaml_text *at;
    size_t count, room;
    uint32_t *slots; /* open addressing; number + 1, 0 empty */
    size_t slot_count;
};

/* Values live in file->arena. What is kept of them is copied into the memory of `out`. */
struct tn_ocaml_reading {
    tenon_ocaml *out;
    struct tn_file *file;
    enum tn_ocaml_detail detail;
    struct tn_marshal m; /* the value that is walked */
    bool string_units;   /* units are named by strings, not by identifiers */
    struct tn_gathered required, defines, primitives; /* of the unit that is read */
    uint32_t met[TN_OCAML_MET];                       /* objects whose names they have already */
    uint64_t seed;                                    /* of their slots; 0: none yet */
    /* rows of the list that is read, before it is known how many there are */
    tenon_ocaml_import *imports;
    size_t import_room;
    const char **names;
    size_t name_room;
    tenon_ocaml_unit *units;
    size_t unit_count, unit_room;
    tenon_error *err;
};

#define TN_OCAML_CRC 16u

static inline void tn_shape_take_digest(const uint8_t bytes[TN_OCAML_CRC], tenon_digest *out)
{
    out->kind = TENON_DIGEST_OCAML;
    out->size = TN_OCAML_CRC;
    memcpy(out->bytes, bytes, TN_OCAML_CRC);
    memset(out->bytes + TN_OCAML_CRC, 0, sizeof out->bytes - TN_OCAML_CRC);
}

/* ---- shape.c ----------------------------------------------------------------------------------
 */

/* `size` bytes of the file at `offset`. */
bool tn_shape_view(struct tn_ocaml_reading *r, uint64_t offset, uint64_t size, const char *what,
                   struct tn_view *out);

/* Begins to walk the value at `from`. Once it has been walked it must end there. */
bool tn_shape_start(struct tn_ocaml_reading *r, struct tn_view from);
bool tn_shape_finish(struct tn_ocaml_reading *r);

/* A block with that tag and number of fields: they come next, then tn_shape_leave(). */
bool tn_shape_enter_slowly(struct tn_ocaml_reading *r, unsigned tag, uint32_t size,
                           const char *what, struct tn_ml_back *back);
static inline bool tn_shape_enter(struct tn_ocaml_reading *r, unsigned tag, uint32_t size,
                                  const char *what, struct tn_ml_back *back)
{
    back->jumped = false;
    return (size < 8 && tn_ml_short_block(&r->m, tag, size)) ||
           tn_shape_enter_slowly(r, tag, size, what, back);
}
static inline bool tn_shape_leave(struct tn_ocaml_reading *r, const struct tn_ml_back *back)
{
    tn_ml_leave(&r->m, back);
    return true;
}

/* A string that can be a name: without NUL inside. */
bool tn_shape_text(struct tn_ocaml_reading *r, const char *what, struct tn_ocaml_text *out);

/* It is one, and kept. NULL: no memory, *r->err says so. */
const char *tn_shape_keep(struct tn_ocaml_reading *r, struct tn_ocaml_text name);
bool tn_shape_name(struct tn_ocaml_reading *r, const char *what, const char **out);
bool tn_shape_bool(struct tn_ocaml_reading *r, const char *what, bool *out);
bool tn_shape_int(struct tn_ocaml_reading *r, const char *what, int64_t *out);
bool tn_shape_digest(struct tn_ocaml_reading *r, const char *what, tenon_digest *out);

/* A digest option: unknown for None. */
bool tn_shape_digest_option(struct tn_ocaml_reading *r, const char *what, tenon_digest *out);

/* A string option: NULL for None. */
bool tn_shape_name_option(struct tn_ocaml_reading *r, const char *what, const char **out);

/* The name of a unit, however the release writes it; *predef: of an exception that all have. */
bool tn_shape_unit(struct tn_ocaml_reading *r, const char *what, struct tn_ocaml_text *out,
                   bool *predef);

/* ---- lists.c ----------------------------------------------------------------------------------
 */

/* A list of strings; `reversed`: the file has the last one first. NULL for `out`: nobody's. */
bool tn_shape_names(struct tn_ocaml_reading *r, const char *what, bool reversed,
                    tenon_ocaml_names *out);

/* A list of (name, digest option). `own` of them (NULL: nobody's) has its digest in *crc. With NULL
 * for `out` nothing else is kept. */
bool tn_shape_imports(struct tn_ocaml_reading *r, const char *what, const struct tn_ocaml_text *own,
                      tenon_ocaml_imports *out, tenon_digest *crc);

/* Keeps a name as number `count` of r->names. Then the first so many of them. */
bool tn_shape_add_name(struct tn_ocaml_reading *r, size_t count, struct tn_ocaml_text name);
bool tn_names_keep(struct tn_ocaml_reading *r, size_t count, tenon_ocaml_names *out);

/* Says in which unit something is wrong. Returns false. */
bool tn_in_unit(struct tn_ocaml_reading *r, struct tn_ocaml_text name);

/* The next unit of the list that is read; NULL: no memory. Then all of them, kept. */
tenon_ocaml_unit *tn_units_next(struct tn_ocaml_reading *r);
bool tn_units_keep(struct tn_ocaml_reading *r);

/* Names of a section, each with a NUL behind it. */
bool tn_section_names(struct tn_ocaml_reading *r, struct tn_view bytes, const char *what,
                      tenon_ocaml_names *out);

/* ---- gather.c ---------------------------------------------------------------------------------
 */

/* Adds a name that is not there yet. False: no memory. */
bool tn_gather(struct tn_ocaml_reading *r, struct tn_gathered *list, struct tn_ocaml_text name);
bool tn_gathered_keep(struct tn_ocaml_reading *r, const struct tn_gathered *list,
                      tenon_ocaml_names *out);
bool tn_gathered_keep_imports(struct tn_ocaml_reading *r, const struct tn_gathered *list,
                              tenon_ocaml_imports *out);
void tn_gathered_empty(struct tn_gathered *list);
void tn_gathered_free(struct tn_gathered *list);

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

/* globals.c: the table of globals, as units; a list of interfaces; the one for each of the units.
 */
bool tn_ocaml_read_globals(struct tn_ocaml_reading *r);
bool tn_ocaml_read_interfaces(struct tn_ocaml_reading *r);
bool tn_ocaml_join_interfaces(struct tn_ocaml_reading *r);

/* embedded.c: the sections of -output-complete-exe, which lie in its data. */
bool tn_ocaml_read_embedded(struct tn_ocaml_reading *r, struct tn_view sections);

#endif
