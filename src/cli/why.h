/* src/cli/why.h - one answer of `tenon why` and the forms it is printed in */
#ifndef CLI_WHY_H
#define CLI_WHY_H

#include "files.h"

/* What trees and differences are drawn with. */
struct why_glyph {
    const char *text;
    size_t size;
};
struct why_glyphs {
    struct why_glyph branch, last, rail, blank;
    const char *becomes;
};

struct why_lines;
struct why_alikes;

/* Options of the command and what one run needs. */
struct why {
    struct cli *cli;
    struct cli_query query;
    char **libs;     /* of --lib, NULL-ended; NULL: none. One is allowed */
    const char *lib; /* that one; NULL: all libraries */
    char *lib_path;  /* ... of Windows' form, as a path of the world; NULL: it is no such path */
    char **changes;  /* of --what-if, NULL-ended; NULL: none */
    char *slice, *member; /* of FILE; NULL: the file itself */
    int skip_other, hide_system, symbols, dlopen, dot;
    struct cli_side side, changed; /* `changed` with --what-if only */
    const struct why_glyphs *glyphs;
    struct cli_room nodes, rows, elsewhere; /* used again for every file */
    struct why_lines *lines;                /* NULL: none are kept yet */
    struct why_alikes *alikes;              /* NULL: none are kept yet */
    bool keeps_alike;                       /* files are many, and answers say only what is so */
    size_t printed;                         /* trees */
};

#define WHY_NONE (-1)

/* How a tree shows one object. */
struct why_node {
    const tenon_library *library;              /* NULL: the file itself */
    int32_t parent, first_child, next_sibling; /* nodes; WHY_NONE. Only nodes that are shown */
    uint32_t stamp;                            /* when it was last met in a list of needs */
    bool shown;
    bool wanted; /* the library of --lib */
    bool last;   /* nothing else hangs on its parent below it */
    size_t also; /* how many objects it needs that hang elsewhere */
};

/* One graph on its way to the user. */
struct why_view {
    struct why *why;
    struct cli_out *out;
    const tenon_graph *graph;
    const char *file;       /* as the user named it */
    const char *root;       /* object -1 as the user named it: the file, or with --exe that */
    struct why_node *nodes; /* the file itself, then the libraries in load order */
    size_t count;           /* libraries */
    size_t hidden;          /* of them not shown */
    size_t wanted;          /* how many are the library of --lib */
    uint32_t stamp;
    int32_t *elsewhere; /* room for what all of them need */
    size_t behind;      /* where in the output buffer the file's name ended */
};

/* The node of an object of the graph, and back. */
static inline size_t why_node_of(int32_t object)
{
    return (size_t)(object + 1);
}

static inline int32_t why_object_of(size_t node)
{
    return (int32_t)node - 1;
}

static inline const tenon_library *why_library(const struct why_view *view, size_t node)
{
    return view->nodes[node].library;
}

/* The needs of an object, the file itself too. */
const int32_t *why_needs(const struct why_view *view, size_t node, size_t *count);

/* Chooses what is shown, by --lib and --hide-system; false: no memory. */
bool why_select(struct why_view *view, tenon_error *err);

/*
 * The nodes that `node` needs and that hang on another one in the tree, each once: how many.
 * `out` has room for all it needs.
 */
size_t why_elsewhere(struct why_view *view, size_t node, int32_t *out);

/* An object by its path, else its name; the root as the user named it. */
const char *why_object_name(const struct why_view *view, int32_t object);

/* "NAME@VERSION" */
void why_put_symbol(struct cli_out *out, const char *symbol, const char *version);

/* "GAP[RULE]", or whose rule it was when that is known. */
void why_put_rule(struct cli_out *out, const char *gap, const tenon_rule *rule, const char *where);

/* What stands behind a rule: always said when that makes it uncertain, else with `verbose`. */
void why_put_evidence(struct cli_out *out, const tenon_rule *rule, bool verbose);

/* One line of a search; `optional`: the loader goes on without the library. */
void why_put_attempt(const struct why_view *view, bool optional, const tenon_attempt *attempt,
                     enum cli_style style);

/* The line of a library in a tree, behind its rails; and only its name. */
void why_put_line(const struct why_view *view, const tenon_library *library);
void why_put_name(const struct why_view *view, const tenon_library *library);

/* That the library of --lib is not there, and which have its name but for the version. */
void why_put_not_loaded(const struct why_view *view);
void why_lines_free(struct why_lines *lines);

/*
 * why_alike.c: answers that differ in nothing but the file's name. The kind of a file, 0: none;
 * what stands behind its name, NULL: that is not known; keeps what was just printed of one.
 */
uint32_t why_alike_kind(struct why *why, const char *path);
const char *why_alike(const struct why *why, uint32_t kind, size_t *size, int *status);
void why_alike_keep(struct why *why, uint32_t kind, const tenon_graph *graph, const char *text,
                    size_t size, int status);
void why_alikes_free(struct why_alikes *alikes);

/* Found, or the system's own business. */
bool why_has_answer(const tenon_library *library);

/* The forms. */
void why_print_tree(struct why_view *view);
void why_print_lists(struct why_view *view);
void why_print_json(struct why_view *view, struct cli_json *json, enum tenon_status status);
void why_begin_dot(struct cli_out *out);
void why_print_dot(struct why_view *view, size_t number);
void why_end_dot(struct cli_out *out);

/* What differs between two graphs of one file. `json` NULL: as text. False: no memory. */
bool why_print_diff(const struct why_view *before, const struct why_view *after,
                    struct cli_json *json, tenon_error *err);

#endif
