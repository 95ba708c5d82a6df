/* src/cli/show.h - one image on its way to the user, in the two forms of `tenon show` */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <tenon/ocaml.h>

#include "files.h"

struct show {
    struct cli *cli;
    struct cli_query query; /* of it only the sysroot */
    struct cli_side side;
    int exports, imports, dlopen;
    char *slice, *member; /* of FILE; NULL: the file itself */
    unsigned parts;       /* that were asked for, TENON_PART_ */
    int with_units;
    tenon_units *units;      /* of the image that is shown; NULL: not asked for, or not read */
    tenon_error units_error; /* TENON_OK, or why they were not */
    tenon_ocaml *ocaml;      /* what OCaml's compilers recorded in it; NULL: nothing */
    tenon_error ocaml_error; /* TENON_OK, or why that cannot be read */
};

/* A fact with one value. Text shows what is there; JSON shows every one. */
struct show_fact {
    const char *key;
    bool few;      /* in text only with -v */
    bool optional; /* in JSON too only when there is one */
    const char *(*string)(const tenon_image *image);
    int64_t (*number)(const tenon_image *image); /* when there is no `string` */
    bool (*flag)(const tenon_image *image);      /* when there is neither */
};

/* THE table of facts; ends with a row without a key. */
extern const struct show_fact show_facts[];

/* The list that a need belongs to: one of show_need_lists. */
#define SHOW_NEED_LISTS 3
extern const char *const show_need_lists[SHOW_NEED_LISTS];
const char *show_need_list(const tenon_need *need);

/*
 * One element of a search path: the bytes up to the ':' or the end, all of a single directory.
 * *rest begins as path->path. False: there is no more.
 */
bool show_next_element(const tenon_search_path *path, const char **rest, const char **element,
                       size_t *size);

/* The i-th slice of a universal file, opened as the file was; NULL with *err filled. */
tenon_image *show_open_slice(const struct show *show, const tenon_image_source *slice,
                             tenon_error *err);

/* "16.8.8" bits as Mach-O records a version: "7.0.2". */
#define SHOW_VERSION_ROOM 24
const char *show_version(char room[SHOW_VERSION_ROOM], uint64_t version);

/* "func", "object", ... of a symbol; NULL: a type without a name. rule: ELF STT_ */
const char *show_symbol_type(const tenon_symbol *symbol);

void show_print_text(const struct show *show, const tenon_image *image, const char *label);
void show_print_json_ocaml(const char *label, const tenon_ocaml *ocaml, struct cli_json *json);
void show_print_json(const struct show *show, const tenon_image *image, const char *label,
                     struct cli_json *json);

#endif
