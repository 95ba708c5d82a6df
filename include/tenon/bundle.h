/* include/tenon/bundle.h - the zip file of one plugin: code for every loader, and its manifest */
#ifndef TENON_BUNDLE_H
#define TENON_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/error.h>
#include <tenon/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a code entry of a bundle is. Words as in the manifest's "kind". */
enum tenon_code_kind {
    TENON_CODE_NATIVE,       /* "native": the plugin itself, for dlopen */
    TENON_CODE_LIBRARY,      /* "library": a shared library that it brings along */
    TENON_CODE_OCAML_NATIVE, /* "ocaml-native": .cmxs */
    TENON_CODE_OCAML_BYTE,   /* "ocaml-byte": .cma, .cmo */
};

/* One code entry: "native/x86_64-linux-gnu/stats.so". */
typedef struct tenon_code_entry {
    const char *path; /* the entry's name */
    enum tenon_code_kind kind;
    const char *triple;   /* "x86_64-linux-gnu", "x86_64-linux-musl"; NULL: any (OCaml bytecode) */
    const char *libc;     /* "glibc", "musl"; NULL: none or any */
    const char *own_name; /* of a shared library; NULL */
    const char *ocaml_magic; /* "Caml1999D031"; NULL: not OCaml */
    bool flambda;
} tenon_code_entry;

/* A unit in a manifest: a claim, checked against the code before anything is loaded. */
typedef struct tenon_claim {
    enum tenon_unit_kind kind;
    const char *name;
    tenon_digest interface, implementation;
    enum tenon_answer stateful;
    const char *origin; /* provides: the member it was; requires: where it was found; NULL */
    const char *code;   /* provides: the entry it is in; NULL in requires */
} tenon_claim;

/* Any other entry. */
typedef struct tenon_entry {
    const char *path;
    uint64_t size; /* bytes when taken out */
    uint8_t sha256[32];
} tenon_entry;

/*
 * The manifest. Lists are pointer and count; strings are UTF-8 and never NULL unless said.
 *
 * shape    name: letters, digits, '-' '_' '.' '+', not beginning with '.', at most 255 bytes
 * threads  one that was read does not change: any number may read it
 */
typedef struct tenon_manifest {
    unsigned format; /* 1 */
    const char *name, *version;
    const char *desc, *author, *url, *license, *copyrights; /* NULL: not given */
    int64_t date;     /* seconds since 1970; 0 unless given: bundles are reproducible */
    const char *main; /* base name of the plugin's own code: "stats" of native/TRIPLE/stats.so */
    const char *const *tags; /* features that the plugin offers */
    size_t tag_count;
    const char *const *cons; /* features the host must offer: "NAME" or a service "NAME>=VERSION" */
    size_t con_count;
    const char *const *argv; /* documentation of the arguments it takes, a line each */
    size_t argv_count;
    const tenon_claim *provides, *required;
    size_t provide_count, required_count;
    const char *const *packages; /* findlib packages that its OCaml code needs beside the
                                    compiler's, bundled ones too; in load order */
    size_t package_count;
    const char *const *private_units; /* units declared as deliberately private copies */
    size_t private_count;
    const tenon_code_entry *code;
    size_t code_count;
    const tenon_entry *entries; /* every entry but the manifest and the signature, code included */
    size_t entry_count;
} tenon_manifest;

/*
 * Reads and writes tenon.json.
 *
 * owner    parse: borrows nothing; the result is the caller's, until tenon_manifest_free().
 *          write: a new NUL-ended text for the caller to free(), equal for equal manifests
 * errors   TENON_E_MALFORMED, _LIMIT, _UNSUPPORTED (a newer format), _MEMORY; where and what was
 *          expected: "provides[3].implementation: 64 hexadecimal digits expected"
 */
TENON_API tenon_manifest *tenon_manifest_parse(const char *text, size_t size, tenon_error *err);
TENON_API char *tenon_manifest_write(const tenon_manifest *manifest, tenon_error *err);
TENON_API void tenon_manifest_free(tenon_manifest *manifest);

/*
 * Reads and writes MANIFEST.scm, the manifest as BAP's bundles have it. What such a file
 * "requires" are the packages of a manifest; what it "provides" are the units of the plugin's own
 * OCaml code: `provides` when it is not NULL, else those among the claims.
 *
 * owner    as above
 * errors   TENON_E_MALFORMED ("line 3: ...", "field date: ..."), _LIMIT, _MEMORY
 */
TENON_API tenon_manifest *tenon_manifest_parse_scm(const char *text, size_t size, tenon_error *err);
TENON_API char *tenon_manifest_write_scm(const tenon_manifest *manifest,
                                         const char *const *provides, size_t provide_count,
                                         tenon_error *err);

/* A bundle that was opened: its directory and manifest are read and agree with each other. */
typedef struct tenon_bundle tenon_bundle;

/*
 * Opens a bundle; tenon-bundle(5) has what is taken. Checked here: zip structure (local headers
 * against the directory), names (no "..", no absolute path, no backslash, no NUL or control
 * character, no link or device, none twice), sizes and ratios against limits, every entry named by
 * the manifest and the reverse. Contents are checked when they are read: length and SHA-256. No
 * library is loaded for any of it.
 *
 * owner    the caller, until tenon_bundle_free(). The file stays open; its path is copied
 * errors   TENON_E_SYSTEM, _FORMAT (no zip, or a zip without manifest), _MALFORMED, _TRUNCATED,
 *          _LIMIT, _UNSUPPORTED, _MEMORY; the message names the entry
 * threads  a bundle belongs to one thread at a time
 */
TENON_API tenon_bundle *tenon_bundle_open(const char *path, tenon_error *err);
TENON_API void tenon_bundle_free(tenon_bundle *bundle);

TENON_API const char *tenon_bundle_path(const tenon_bundle *bundle);
TENON_API const tenon_manifest *tenon_bundle_manifest(const tenon_bundle *bundle);

/* SHA-256 of the manifest's bytes: names the bundle's directory in the cache. */
TENON_API const uint8_t *tenon_bundle_digest(tenon_bundle *bundle);

/*
 * The whole content of one entry.
 *
 * owner    *bytes is the caller's to free(); a NUL follows the last byte
 * errors   TENON_E_NOT_FOUND, _MALFORMED (other length or digest than the manifest's), _SYSTEM,
 *          _MEMORY
 */
TENON_API bool tenon_bundle_read(tenon_bundle *bundle, const char *entry, void **bytes,
                                 size_t *size, tenon_error *err);

/*
 * Reads every entry and checks it, and the units that the manifest claims against the code: those
 * of OCaml too. A manifest that provides nothing, as one of BAP's, claims nothing of OCaml's units.
 */
TENON_API bool tenon_bundle_verify(tenon_bundle *bundle, tenon_error *err);

/*
 * Makes a bundle. Nothing is written before tenon_builder_write(), which replaces `path`
 * atomically, with the permissions of the file that was there, and its owner and group as far as
 * the system allows it; equal input gives equal bytes (order, times and modes are fixed). Writing
 * needs libzip, which is loaded for it.
 *
 * add_code reads the file's units and fills the manifest's provides from them; what is set with
 * tenon_builder_set wins over what was filled in. OCaml code lies at the root of a bundle, and one
 * that has some gets a MANIFEST.scm too, so that BAP's loader takes it.
 *
 * owner    copies everything; files are read when they are added, so that what was looked at is
 *          what is written
 * errors   TENON_E_ARGUMENT (an entry twice, a bad name, a path that is no regular file), _SYSTEM,
 *          _NOT_LOADABLE (code that is no shared library, or none of OCaml's), _UNSUPPORTED
 *          (libzip is not installed), those of tenon_units_read and tenon_ocaml_parse
 * threads  a builder belongs to one thread at a time
 */
typedef struct tenon_builder tenon_builder;
TENON_API tenon_builder *tenon_builder_new(tenon_error *err);
TENON_API void tenon_builder_free(tenon_builder *builder);

/*
 * Sets one value of the manifest by its key ("name", "version", "desc", "author", "date", "url",
 * "license", "copyrights", "main"), or appends to one of its lists ("tags", "cons", "argv",
 * "packages", "private"). A NULL value empties it.
 */
TENON_API bool tenon_builder_set(tenon_builder *builder, const char *key, const char *value,
                                 tenon_error *err);
TENON_API bool tenon_builder_add_code(tenon_builder *builder, const char *file,
                                      enum tenon_code_kind kind, tenon_error *err);

/* The same under another base name; NULL: a library's own name, else the file's. */
TENON_API bool tenon_builder_add_code_as(tenon_builder *builder, const char *file,
                                         enum tenon_code_kind kind, const char *base_name,
                                         tenon_error *err);

/* Any other entry; tenon.json, tenon.sig and MANIFEST.scm are made and refused. */
TENON_API bool tenon_builder_add_file(tenon_builder *builder, const char *entry, const char *file,
                                      tenon_error *err);
TENON_API bool tenon_builder_add_bytes(tenon_builder *builder, const char *entry, const void *bytes,
                                       size_t size, tenon_error *err);
TENON_API bool tenon_builder_require(tenon_builder *builder, const tenon_claim *claim,
                                     tenon_error *err);
TENON_API bool tenon_builder_provide(tenon_builder *builder, const tenon_claim *claim,
                                     tenon_error *err);

/* Starts from what a bundle holds: for updates. Entries can then be added, replaced or dropped. */
TENON_API bool tenon_builder_from(tenon_builder *builder, tenon_bundle *bundle, tenon_error *err);
TENON_API bool tenon_builder_drop(tenon_builder *builder, const char *entry, tenon_error *err);

TENON_API bool tenon_builder_write(tenon_builder *builder, const char *path, tenon_error *err);

/* Stable words for the enumerations. Constants. */
TENON_API const char *tenon_code_kind_name(enum tenon_code_kind kind);
TENON_API bool tenon_code_kind_of(const char *name, enum tenon_code_kind *kind);

#ifdef __cplusplus
}
#endif
#endif
