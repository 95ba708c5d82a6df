/* include/tenon/unit.h - the smallest things that must exist at most once in a process */
#ifndef TENON_UNIT_H
#define TENON_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/error.h>
#include <tenon/image.h>
#include <tenon/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a unit is. Names as in JSON's "kind". */
enum tenon_unit_kind {
    TENON_UNIT_C,       /* "c": one object file or archive member */
    TENON_UNIT_LIBRARY, /* "library": a shared library, by its own name and build id */
    TENON_UNIT_OCAML,   /* "ocaml": an OCaml compilation unit */
};

/* What was digested. Only digests of one kind are ever compared. */
enum tenon_digest_kind {
    TENON_DIGEST_UNKNOWN,  /* "unknown": nobody knows */
    TENON_DIGEST_EXPORTS,  /* "exports-1": names, kinds, sizes, versions of what a unit exports */
    TENON_DIGEST_CODE,     /* "code-1": code and data after symbolic relocation */
    TENON_DIGEST_SOURCE,   /* "source-1": preprocessed source and code generation options */
    TENON_DIGEST_BUILD_ID, /* "build-id": what the linker wrote into a shared library */
    TENON_DIGEST_OCAML,    /* "ocaml": the OCaml compiler's own CRC */
};

#define TENON_DIGEST_ROOM 32

typedef struct tenon_digest {
    enum tenon_digest_kind kind;
    uint8_t size; /* bytes in use; 0 when unknown */
    uint8_t bytes[TENON_DIGEST_ROOM];
} tenon_digest;

/* An answer that may not be known. Names "no" "yes" "unknown". */
enum tenon_answer { TENON_NO, TENON_YES, TENON_UNKNOWN };

/* What one external definition of a unit is. */
enum tenon_definition_kind {
    TENON_DEFINES_CODE,   /* a strong function */
    TENON_DEFINES_DATA,   /* a strong object, read-only ones too */
    TENON_DEFINES_TLS,    /* a strong thread-local object */
    TENON_DEFINES_COMDAT, /* a writable object of which the linker keeps one: an inline variable,
                             a function-local static of inline code, a common symbol, weak data;
                             never part of a unit's set */
    TENON_DEFINES_WEAK, /* a weak one that is not COMDAT; listed where no strong one tells what the
                           unit is */
};

typedef struct tenon_definition {
    const char *name;
    enum tenon_definition_kind kind;
} tenon_definition;

/*
 * One unit. Two units are the same when their names are, when their implementation digests are
 * (of one kind, not unknown), or when their sets of definitions are (not empty, not only names
 * that any program has; strong ones, and weak ones where no strong one tells anything): so that a
 * rename does not hide a double. A C unit's name that no project or archive qualifies ("plugin",
 * not "stats/plugin") is no evidence where both define something and nothing of it is the same.
 */
typedef struct tenon_unit {
    enum tenon_unit_kind kind;
    const char *name;   /* "zlib/inflate"; a library: its own name, "libz.so.1" */
    const char *origin; /* for people: "libz.a member inflate.o", "src/main.c"; NULL */
    tenon_digest interface, implementation;
    enum tenon_answer stateful; /* has writable or thread-local data, constructors, destructors */
    const tenon_definition
        *definitions; /* strong or weak, not COMDAT, bytewise by name; then COMDAT ones */
    size_t definition_count;
    bool recorded;  /* by its build; false: worked out from the file's sections or symbols */
    bool completed; /* recorded by the linker launcher, after it was compiled */
} tenon_unit;

/* What a linked file says of its own units. Words as in JSON's "record". */
enum tenon_record {
    TENON_RECORD_NONE,       /* "none": no unit is recorded */
    TENON_RECORD_ASSEMBLED,  /* "assembled": units recorded themselves; others may be there too */
    TENON_RECORD_PARTIAL,    /* "partial": a launcher says which members it could not be sure of */
    TENON_RECORD_COMPLETE,   /* "complete": a launcher says that these are all */
    TENON_RECORD_UNREADABLE, /* "unreadable": there is one, and it makes no sense */
};

/*
 * The units of one file.
 *
 * threads  immutable once made; may be read by many threads at once
 */
typedef struct tenon_units tenon_units;

/*
 * Reads the units of a program, shared library, object or archive, or of a file of OCaml's; nothing
 * is executed.
 *
 * shape    an object or archive: each object in it is a unit, recorded or not. A .cmo .cma .cmi
 *          .cmx .cmxa, or a program of bytecode: its units; a .cmxs or native program: those too.
 *          A linked file: what its record says; without one no unit but the shared library itself
 *          (see tenon_units_guess)
 * owner    the caller, until tenon_units_free(); the world may be freed before
 * returns  the units, or NULL with *err filled. A record that cannot be read is no error:
 *          tenon_units_record() says so, tenon_units_remark() why
 * errors   those of tenon_image_open
 */
TENON_API tenon_units *tenon_units_read(tenon_world *world, const tenon_image_source *source,
                                        tenon_error *err);

/*
 * As tenon_units_read, without what only symbol tables say of a linked file: there are no visible
 * definitions, and a shared library as a unit has neither an interface digest nor definitions. For
 * those who ask for names and records alone, of many files.
 */
TENON_API tenon_units *tenon_units_read_names(tenon_world *world, const tenon_image_source *source,
                                              tenon_error *err);

/* As tenon_units_read, of a file in memory; `name` appears in messages and origins only. */
TENON_API tenon_units *tenon_units_parse(const void *bytes, size_t size, const char *name,
                                         tenon_error *err);

/*
 * The units of notes as they lie in memory: bytes of PT_NOTE segments, one after the other with
 * their alignment `align` (4 or 8). Byte order: this machine's.
 */
TENON_API tenon_units *tenon_units_parse_notes(const void *bytes, size_t size, unsigned align,
                                               const char *name, tenon_error *err);

TENON_API void tenon_units_free(tenon_units *units);

/* Units in file order (archives: member order); NULL when i is past the last. */
TENON_API size_t tenon_units_count(const tenon_units *units);
TENON_API const tenon_unit *tenon_units_at(const tenon_units *units, size_t i);

TENON_API enum tenon_record tenon_units_record(const tenon_units *units);

/* Partial: members that could not be determined, and how many there are in all. */
TENON_API size_t tenon_units_unsure_count(const tenon_units *units);
TENON_API const char *tenon_units_unsure(const tenon_units *units, size_t i);
TENON_API size_t tenon_units_member_count(const tenon_units *units);

/*
 * What the OCaml compilers recorded in the file besides, in the order of its units of that kind:
 * what they require, primitives, libraries (tenon/ocaml.h). NULL: nothing. Borrowed.
 */
typedef struct tenon_ocaml tenon_ocaml;
TENON_API const tenon_ocaml *tenon_units_ocaml(const tenon_units *units);

/* Things worth saying: why a record is unreadable, what was left out. NULL past the last. */
TENON_API const char *tenon_units_remark(const tenon_units *units, size_t i);

/*
 * External definitions of a linked file, whether some unit is recorded for them or not: of its
 * full symbol table where it has one, else of its dynamic symbols. Bytewise by name, each once.
 * `exported` says whether the dynamic linker sees it, `preemptible` whether another object's
 * definition may take its place.
 */
typedef struct tenon_visible {
    const char *name;
    enum tenon_definition_kind kind;
    bool exported, preemptible;
    bool strong;
    bool maybe_static; /* a local symbol: hidden by the link, or a static one of that name */
    bool unique;       /* STB_GNU_UNIQUE: glibc joins all of them in a process */
    bool exportable;   /* global, and of default visibility: linked otherwise, it is exported */
    uint64_t size;     /* of an object, in bytes; 0: not known */
} tenon_visible;
TENON_API size_t tenon_units_visible_count(const tenon_units *units);
TENON_API const tenon_visible *tenon_units_visible(const tenon_units *units, size_t i);

/* The one of that name; NULL when there is none. */
TENON_API const tenon_visible *tenon_units_find_visible(const tenon_units *units, const char *name);

/*
 * True when the file's external definitions are the unit's, or those of another version of it: the
 * unit's whole set of strong ones, all that the file has, or three and half of them at least. Names
 * that any program has ("main", "init", "version", ...) do not count.
 */
TENON_API bool tenon_units_cover(const tenon_units *units, const tenon_unit *unit);

/* Same thing, by whichever key; see tenon_unit. NULL: it is another. Else a constant: "name",
 * "implementation", "definitions". */
TENON_API const char *tenon_unit_same(const tenon_unit *a, const tenon_unit *b);

/* TENON_UNKNOWN when the kinds differ or one is unknown. */
TENON_API enum tenon_answer tenon_digest_equal(const tenon_digest *a, const tenon_digest *b);

/* Lower-case hexadecimal of a digest, "" when unknown; returns buffer. */
TENON_API const char *tenon_digest_text(const tenon_digest *digest,
                                        char buffer[2 * TENON_DIGEST_ROOM + 1]);

/* Reads such a text back. errors  TENON_E_MALFORMED */
TENON_API bool tenon_digest_read(const char *text, enum tenon_digest_kind kind, tenon_digest *out,
                                 tenon_error *err);

/* Stable words for the enumerations, as JSON has them. Constants. */
TENON_API const char *tenon_unit_kind_name(enum tenon_unit_kind kind);
TENON_API const char *tenon_digest_kind_name(enum tenon_digest_kind kind);
TENON_API const char *tenon_record_name(enum tenon_record record);
TENON_API const char *tenon_answer_name(enum tenon_answer answer);

/* "code" "data" "tls" "comdat" */
TENON_API const char *tenon_definition_kind_name(enum tenon_definition_kind kind);

/* The kind that a word names; false when none does. */
TENON_API bool tenon_unit_kind_of(const char *name, enum tenon_unit_kind *kind);
TENON_API bool tenon_digest_kind_of(const char *name, enum tenon_digest_kind *kind);

#ifdef __cplusplus
}
#endif
#endif
