/* src/bundle/builder.h - a bundle in the making, as the files of this layer see it */
#ifndef TN_BUILDER_H
#define TN_BUILDER_H

#include <tenon/bundle.h>

#include "arena.h"
#include "entry_order.h"
#include "minisign.h"

/* A growing list of claims. */
struct tn_claims {
    tenon_claim *rows;
    size_t count, room;
};

/* One entry to come. */
struct tn_item {
    const char *path;
    uint8_t *bytes; /* owned */
    size_t size;
    bool is_code;
    tenon_code_entry code;   /* code.path is path */
    struct tn_claims claims; /* what it provides */
};

/* A growing list of strings. */
struct tn_strings {
    const char **rows;
    size_t count, room;
};

struct tenon_builder {
    struct tn_arena arena; /* strings */
    const char *name, *version, *desc, *author, *url, *license, *copyrights, *main;
    int64_t date;
    struct tn_strings tags, cons, argv, packages, private_units;
    struct tn_item *items;
    size_t item_count, item_room;
    struct tn_entry_order order;         /* items by path */
    struct tn_claims provides, required; /* provides: said by the caller, beside the items' */
    struct tn_secret_key *signer;        /* owned; NULL: what is written is not signed */
    const char *comment;                 /* of the signature; NULL: the usual one */
};

/*
 * As tenon_builder_add_code, under another base name than the file's (NULL: a library's own name,
 * else the file's). *out (may be NULL) is the item, valid until the next one is added.
 */
bool tn_builder_add_code_as(tenon_builder *builder, const char *file, enum tenon_code_kind kind,
                            const char *base_name, const struct tn_item **out, tenon_error *err);

/* OCaml code: a .cmxs or .cma, at the root. Takes over `bytes`. */
struct tn_item *tn_builder_add_ocaml(tenon_builder *builder, const char *file, void *bytes,
                                     size_t size, enum tenon_code_kind kind, const char *base_name,
                                     tenon_error *err);

/* MANIFEST.scm, when there is OCaml code; the values are those of the manifest to be written. */
bool tn_builder_put_scm(tenon_builder *builder, const tenon_manifest *manifest, tenon_error *err);

/*
 * Puts an item in, instead of the one of that path.
 *
 * owner    takes over `bytes` (malloc), also on failure
 */
struct tn_item *tn_builder_put(tenon_builder *builder, const char *path, void *bytes, size_t size,
                               bool replace, tenon_error *err);

/* The item of a path; NULL: there is none. */
struct tn_item *tn_builder_item(const tenon_builder *builder, const char *path);

/* Puts a copy in the place of a string; false: no memory, or it was NULL. */
bool tn_builder_keep(tenon_builder *builder, const char **string);

/* Appends a copy. */
bool tn_builder_append(tenon_builder *builder, struct tn_strings *list, const char *value,
                       tenon_error *err);
bool tn_builder_claim(tenon_builder *builder, struct tn_claims *list, const tenon_claim *claim,
                      tenon_error *err);

/* A whole file of this system; *bytes is the caller's to free(). */
bool tn_read_file(const char *path, void **bytes, size_t *size, tenon_error *err);

/* The file name without its folders and without ".so" and what follows. In the arena. */
const char *tn_main_name(struct tn_arena *arena, const char *file);

#endif
