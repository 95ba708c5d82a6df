/* src/ocaml/ocaml.h - the facts of one OCaml file, for the layers to the right */
#ifndef TN_OCAML_H
#define TN_OCAML_H

#include <tenon/image.h>
#include <tenon/ocaml.h>

#include "file.h"

/*
 * One row of the table of releases: what the magic numbers and layouts of 4.08 and later depend
 * on.
 */
struct tn_ocaml_release {
    char digits[4];    /* of its magic numbers: "030" */
    const char *name;  /* "4.13" */
    bool string_units; /* 5.2: units are named by strings, not by identifiers */
    bool for_pack;     /* 5.1: unit_infos has an eleventh field */
};

struct tenon_ocaml {
    struct tn_arena arena;
    enum tenon_ocaml_kind kind;
    const struct tn_ocaml_release *release; /* NULL: not known */
    bool flambda, custom;
    tenon_ocaml_unit *units;
    size_t unit_count;
    tenon_ocaml_imports interfaces;
    tenon_ocaml_names globals, c_objects, c_options, dlls, dll_paths, primitives;
    const char *runtime;
};

/*
 * What is kept of the units of .cmo .cma .cmx .cmxa .cmxs; what is not kept is read and checked all
 * the same, and then empty.
 */
enum tn_ocaml_detail {
    TN_OCAML_ALL,
    TN_OCAML_NEEDS, /* names, digests, options, and of the lists `requires` and `primitives` */
    TN_OCAML_UNITS, /* names, digests and options */
};

/*
 * As tenon_ocaml_open, of an open file, whose bytes live in file->arena and are not needed
 * afterwards. Messages do not begin with the file's name.
 */
tenon_ocaml *tn_ocaml_read(struct tn_file *file, enum tn_ocaml_detail detail, tenon_error *err);

/*
 * Reads what native Dynlink finds at the symbol caml_plugin_header of a plugin: the value at the
 * start of `from`, which may be longer and is not needed afterwards.
 *
 * errors   as tenon_ocaml_open
 */
tenon_ocaml *tn_ocaml_read_header(struct tn_view from, enum tn_ocaml_detail detail,
                                  tenon_error *err);

/* An image, and what it holds of OCaml's; or a file of OCaml's own, which is no image. */
struct tn_ocaml_image {
    tenon_image *image;      /* NULL: it is none */
    tenon_ocaml *ocaml;      /* NULL: it holds nothing of OCaml's, or what makes no sense */
    tenon_error ocaml_error; /* why it makes no sense; TENON_OK */
};

/*
 * Opens a file once for both. `with_ocaml`: ask linked images, too.
 *
 * owner    the caller, of both
 * returns  false: it is neither; *err says why it is no image
 */
bool tn_ocaml_open_image(tenon_world *world, const tenon_image_source *source, unsigned parts,
                         bool with_ocaml, struct tn_ocaml_image *out, tenon_error *err);

/*
 * The symbol prefix of a unit of native code that native Dynlink would look for in vain: NULL when
 * it finds all of them. It passes over an entry that it does not find.
 *
 * rule  asmcomp x86_proc.ml string_of_symbol(), emitaux.ml emit_symbol(): "$27" for "'";
 *       runtime/natdynlink.c getsym(), caml_natdynlink_run(): the name as it is
 */
const char *tn_ocaml_escaped_symbol(const tenon_ocaml_unit *unit);

/*
 * True for a file of OCaml's own, given its first bytes: what begins with a magic number, and a
 * program of bytecode that brings no runtime. An ELF file is none, whatever is in it.
 */
bool tn_ocaml_is_own(struct tn_file *file, struct tn_view head);

#endif
