/* include/tenon/ocaml.h - what the OCaml compilers recorded in their files */
#ifndef TENON_OCAML_H
#define TENON_OCAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/error.h>
#include <tenon/unit.h>
#include <tenon/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a file is. Names as in JSON's "kind". */
enum tenon_ocaml_kind {
    TENON_OCAML_CMO,      /* "cmo": one unit of bytecode */
    TENON_OCAML_CMA,      /* "cma": a library of bytecode */
    TENON_OCAML_CMI,      /* "cmi": a compiled interface */
    TENON_OCAML_CMX,      /* "cmx": what is known of one unit of native code, in the .o beside it */
    TENON_OCAML_CMXA,     /* "cmxa": ... of a library, in the .a beside it */
    TENON_OCAML_CMXS,     /* "cmxs": a plugin of native code */
    TENON_OCAML_BYTECODE, /* "bytecode": a program of bytecode, with or without its runtime */
    TENON_OCAML_EXECUTABLE, /* "native": a program of native code */
};

/*
 * A name with the compiler's CRC of what was seen under it. The digest is unknown when only the
 * name was used, and always for what bytecode requires.
 */
typedef struct tenon_ocaml_import {
    const char *name;
    tenon_digest crc; /* kind TENON_DIGEST_OCAML or TENON_DIGEST_UNKNOWN */
} tenon_ocaml_import;

/* Names, in the order of the file. */
typedef struct tenon_ocaml_names {
    const char *const *at;
    size_t count;
} tenon_ocaml_names;

typedef struct tenon_ocaml_imports {
    const tenon_ocaml_import *at;
    size_t count;
} tenon_ocaml_imports;

/*
 * One compilation unit. What a kind of file does not record is empty or NULL.
 */
typedef struct tenon_ocaml_unit {
    const char *name;                    /* "Stdlib__List" */
    const char *symbol;                  /* cmx, cmxa: the prefix of its symbols */
    tenon_digest interface;              /* CRC of its .cmi */
    tenon_digest implementation;         /* CRC of its .cmx; bytecode has none */
    tenon_ocaml_imports interfaces;      /* that it was compiled against, its own among them */
    tenon_ocaml_imports implementations; /* native: that it uses */
    tenon_ocaml_imports required;        /* whose implementation must be there before it: native
                                            `implementations`, bytecode `globals` and what its code
                                            refers to, each once and itself not */
    tenon_ocaml_names globals;           /* bytecode: "required globals", as recorded */
    tenon_ocaml_names defines;    /* what it defines: "P.A" "P" of a pack; native: prefixes of
                                     symbols */
    tenon_ocaml_names externals;  /* bytecode: primitives that it declares, "%identity" too */
    tenon_ocaml_names primitives; /* bytecode: C primitives that its code calls */
    const char *for_pack;         /* cmx, cmxa of 5.1 and later; NULL */
    bool force_link;              /* -linkall */
} tenon_ocaml_unit;

/*
 * A tenon_ocaml (declared in tenon/unit.h) is one file.
 *
 * threads  immutable once made; may be read by many threads at once
 */

/*
 * Reads what the compilers recorded in the file at `path` of a world. Nothing is executed.
 *
 * shape    .cmo .cma .cmi .cmx .cmxa, or a .cmxs, native or bytecode program in an ELF file
 * owner    the caller, until tenon_ocaml_free(); the world may be freed before
 * returns  the file, or NULL with *err filled
 * errors   TENON_E_NOT_FOUND when a good file holds nothing of OCaml's, TENON_E_UNSUPPORTED for an
 *          OCaml older than 4.08, newer than 5.3 or of another compiler; else as tenon_image_open.
 *          Messages name file, offset and field
 */
TENON_API tenon_ocaml *tenon_ocaml_open(tenon_world *world, const char *path, tenon_error *err);

/* As tenon_ocaml_open, of a file in memory, which is not needed afterwards. */
TENON_API tenon_ocaml *tenon_ocaml_parse(const void *bytes, size_t size, const char *name,
                                         tenon_error *err);

TENON_API void tenon_ocaml_free(tenon_ocaml *ocaml);

TENON_API enum tenon_ocaml_kind tenon_ocaml_kind_of(const tenon_ocaml *ocaml);

/* The release whose magic numbers the file has, "4.13", and their digits, "030". NULL: a native
 * program, which has none. */
TENON_API const char *tenon_ocaml_release(const tenon_ocaml *ocaml);
TENON_API const char *tenon_ocaml_digits(const tenon_ocaml *ocaml);

/* cmx, cmxa: made by a compiler with flambda. */
TENON_API bool tenon_ocaml_is_flambda(const tenon_ocaml *ocaml);

/*
 * Units, in the order of the file, which is the order of their initialisers where there is more
 * than one; programs of bytecode: by the slots of their globals. NULL when i is past the last.
 */
TENON_API size_t tenon_ocaml_unit_count(const tenon_ocaml *ocaml);
TENON_API const tenon_ocaml_unit *tenon_ocaml_unit_at(const tenon_ocaml *ocaml, size_t i);

/* Programs of bytecode: all globals by their slots, predefined exceptions and the members of packs
 * ("P.A") among them. */
TENON_API tenon_ocaml_names tenon_ocaml_globals(const tenon_ocaml *ocaml);

/* Programs: interfaces that were seen when it was linked, those of its units among them. */
TENON_API tenon_ocaml_imports tenon_ocaml_interfaces(const tenon_ocaml *ocaml);

/* cma: a program that it is linked into needs a runtime of its own (-custom); program of bytecode:
 * it has one. */
TENON_API bool tenon_ocaml_is_custom(const tenon_ocaml *ocaml);

/* cma, cmxa: -cclib, -ccopt; in the order in which they were given. */
TENON_API tenon_ocaml_names tenon_ocaml_c_objects(const tenon_ocaml *ocaml);
TENON_API tenon_ocaml_names tenon_ocaml_c_options(const tenon_ocaml *ocaml);

/* cma: -dllib, in the order given; programs of bytecode: the DLLS section. */
TENON_API tenon_ocaml_names tenon_ocaml_dlls(const tenon_ocaml *ocaml);

/* Programs of bytecode: directories searched for them (DLPT), the runtime (RNTM or "#!", NULL when
 * it has its own), C primitives in the order of their numbers (PRIM). */
TENON_API tenon_ocaml_names tenon_ocaml_dll_paths(const tenon_ocaml *ocaml);
TENON_API const char *tenon_ocaml_runtime(const tenon_ocaml *ocaml);
TENON_API tenon_ocaml_names tenon_ocaml_primitives(const tenon_ocaml *ocaml);

/* "cmo" "cma" ... A constant. */
TENON_API const char *tenon_ocaml_kind_name(enum tenon_ocaml_kind kind);

#ifdef __cplusplus
}
#endif
#endif
