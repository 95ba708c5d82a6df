/* src/unit/units.h - the units of one file, while they are made and after */
#ifndef TN_UNITS_H
#define TN_UNITS_H

#include <tenon/ocaml.h>
#include <tenon/unit.h>

#include "elf_object.h"
#include "model.h"
#include "ocaml.h"
#include "record.h"

struct tn_packer;
struct tn_unpacker;

struct tenon_units {
    struct tn_arena arena;
    const char *name; /* of the file, for messages */
    tenon_unit *units;
    size_t count, room;
    enum tenon_record record;
    const char *const *unsure;
    size_t unsure_count, members;
    const char **remarks;
    size_t remark_count;
    tenon_visible *visible;
    size_t visible_count;
    bool shows_locals;  /* its symbol table has what is local: nobody took it away */
    tenon_ocaml *ocaml; /* NULL: nothing of OCaml's is in it */
};

/* Says something about the file; no memory for it is no error. */
void tn_units_remark(tenon_units *units, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends a unit; its strings must live in units->arena. */
bool tn_units_add(tenon_units *units, const tenon_unit *unit, tenon_error *err);

/* Appends a unit whose strings live elsewhere. */
bool tn_units_add_copy(tenon_units *units, const tenon_unit *unit, tenon_error *err);

/* Gives the unit definitions of its own in the arena. False: no memory, the unit is as it was. */
bool tn_unit_copy_definitions(struct tn_arena *arena, tenon_unit *unit);

/* How much of a file is read. */
enum tn_units_detail {
    TN_UNITS_ALL,
    TN_UNITS_SHOWN, /* what people are shown: no symbol tables of linked files, and of OCaml's units
                       what they need */
    TN_UNITS_NAMES, /* names, digests and whether it makes sense: of OCaml's units nothing else */
};

/* As tenon_units_read, but no more than that. */
tenon_units *tn_units_read(tenon_world *world, const tenon_image_source *source,
                           enum tn_units_detail detail, tenon_error *err);

/* One reading. */
struct tn_units_reading {
    tenon_world *world; /* NULL: bytes in memory */
    tenon_units *units;
    struct tn_arena scratch; /* the file itself */
    const char *path;
    const char *member; /* the only one that is wanted; NULL: all */
    const char *slice;  /* with a member: the machine it is for; NULL: any */
    bool names_only;    /* symbol tables of linked files are not read */
    enum tn_ocaml_detail ocaml;
    size_t recorded; /* objects with a record */
    bool found;      /* the wanted member */
};

/* ---- units_object.c, units_archive.c ----------------------------------------------------------
 */

/* One object, whose bytes and facts live in file->arena; the name is for one without a record. */
bool tn_units_add_object(struct tn_units_reading *r, struct tn_file *file, const char *name,
                         const char *origin, tenon_error *err);

bool tn_units_read_archive(struct tn_units_reading *r, struct tn_file *file, tenon_error *err);

/* A format of compiled code of which we do not read the units. */
bool tn_units_is_foreign(enum tenon_format format);

/* Always false: units that are not read are no reason to say that there are none. */
bool tn_units_refuse(enum tenon_format format, tenon_error *err);

/* ---- units_linked.c ---------------------------------------------------------------------------
 */

bool tn_units_read_linked(struct tn_units_reading *r, struct tn_file *file,
                          const struct tn_facts *facts, tenon_error *err);

/* Notes of one segment or section, kept whole. False only without memory. */
bool tn_units_take_notes(tenon_units *units, struct tn_view notes, enum tn_endian endian,
                         struct tn_record *record, tenon_error *err);

/* The same of notes that stay as long as the units. */
bool tn_units_borrow_notes(tenon_units *units, struct tn_view notes, enum tn_endian endian,
                           struct tn_record *record, tenon_error *err);

/* As tenon_units_parse_notes, of bytes that stay as long as the units. */
tenon_units *tn_units_parse_borrowed(const void *bytes, size_t size, const char *name,
                                     tenon_error *err);

/*
 * What a linked file's record says, packed, and read back from any bytes: all is in the unpacker's
 * arena or borrowed from the bytes, so that nobody frees it.
 *
 * returns  false: a unit that a record does not hold, or no memory; NULL: it makes no sense, or
 *          there is no memory
 */
bool tn_units_pack(const tenon_units *units, struct tn_packer *packer);
tenon_units *tn_units_unpack(struct tn_unpacker *unpacker, const char *name);

/* What the notes said, once all of them are taken. */
bool tn_units_add_record(tenon_units *units, struct tn_record *record, tenon_error *err);

/* ---- units_ocaml.c ----------------------------------------------------------------------------
 */

/* A file of OCaml's own. */
bool tn_units_read_ocaml(struct tn_units_reading *r, struct tn_file *file, tenon_error *err);

/* What an ELF file holds of OCaml's, if anything; what makes no sense is remarked on. */
bool tn_units_add_ocaml(struct tn_units_reading *r, struct tn_file *file, tenon_error *err);

/* ---- visible.c, library.c ---------------------------------------------------------------------
 */

/* Fills units->visible from the symbol tables of a linked file, of which one was read already. */
bool tn_visible_read(struct tn_file *file, const struct tn_facts *facts,
                     const struct tn_elf_symbols *dynamic, tenon_units *units, tenon_error *err);

/* A dynamic symbol that others can bind to. */
bool tn_visible_is_offered(const struct tn_elf_symbol *symbol);

/* Has the file no full symbol table beside the dynamic one? False also when it cannot be told. */
bool tn_visible_is_dynamic_only(struct tn_file *file);

/* Sections tell code from data where the type does not: absolute and untyped symbols are data. */
enum tenon_definition_kind tn_visible_kind(uint8_t type, uint64_t section_flags);

/*
 * The unit that a shared library is as a whole: name (own name, else the file's), interface
 * (exports-1 of its dynamic symbols; NULL: not known), implementation (build id), exported strong
 * definitions.
 */
bool tn_library_unit(struct tn_arena *scratch, const struct tn_facts *facts,
                     const struct tn_elf_symbols *dynamic, tenon_units *units, tenon_error *err);

/* True when the file's external definitions are all of the unit's, or more. */
bool tn_units_define_all(const tenon_units *units, const tenon_unit *unit);

/*
 * Strong definitions that both linked files have for certain, and that not any program has: how
 * many; `names`, with room for all that `a` shows, gets them unless it is NULL.
 */
size_t tn_units_common(const tenon_units *a, const tenon_units *b, const char **names);

/*
 * True when the linked file's full symbol table would have a definition of that name, hidden or
 * not, and has none: --gc-sections left it out.
 */
bool tn_units_lack(const tenon_units *units, const char *name);

/* ---- same.c --------------------------------------------------------------------------------- */

/* True for a definition that any program or plugin may have, and that therefore tells nothing. */
bool tn_is_generic(const char *definition);

/* Nothing but its name, as <tenon/record.h> alone gives it. */
bool tn_unit_is_name_only(const tenon_unit *unit);

/* How many of its definitions are not COMDAT: the set that is compared. */
size_t tn_unit_set_size(const tenon_unit *unit);

/* Equal sets of definitions that tell something. */
bool tn_same_definitions(const tenon_unit *a, const tenon_unit *b);

/* Definitions that tell something: of one unit, and those that two have in common. */
size_t tn_telling_count(const tenon_unit *unit);
size_t tn_shared_count(const tenon_unit *a, const tenon_unit *b);

/* The first that both have; NULL: none. */
const char *tn_shared_first(const tenon_unit *a, const tenon_unit *b);

/* The first name that both define, and be it weak in one and strong in the other; NULL: none. */
const char *tn_met_first(const tenon_unit *a, const tenon_unit *b);

/* Are there weak definitions in its set? */
bool tn_unit_is_weak(const tenon_unit *unit);

/*
 * Is so much in common that two things are versions of one, or one a part of the other? Either the
 * smaller one has nothing else, or it is three definitions and half of it at least.
 */
bool tn_is_overlap(size_t shared, size_t smaller);
bool tn_units_overlap(const tenon_unit *a, const tenon_unit *b);

#endif
