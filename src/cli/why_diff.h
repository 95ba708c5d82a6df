/* src/cli/why_diff.h - the kinds of things that --what-if compares */
#ifndef CLI_WHY_DIFF_H
#define CLI_WHY_DIFF_H

#include "why.h"

enum why_mark { WHY_GONE, WHY_NEW, WHY_CHANGED, WHY_MARKS };

/* One thing of a graph by what names it; equal keys in both graphs are the same thing. */
struct why_row {
    const char *keys[3]; /* NULL: fewer */
    size_t index;        /* in its graph */
    size_t twin;         /* index in the other graph + 1; 0: it is not there */
    bool again;          /* an earlier one has the same keys */
};

/* Two graphs and where their differences go. */
struct why_diff {
    const struct why_view *before, *after;
    struct cli_out *out;
    struct cli_json *json; /* NULL: text */
    size_t told;
};

struct why_kind {
    const char *key;     /* of its object in JSON, as CLI_JSON_KEY has it; NULL: none */
    bool has[WHY_MARKS]; /* which marks are worth telling */
    size_t (*count)(const tenon_graph *graph);

    /* Fills the keys; false: not one of this kind. */
    bool (*read)(const struct why_view *view, size_t i, struct why_row *row);

    /* `i` of before and `k` of after have the same keys; is the rest equal? */
    bool (*same)(const struct why_diff *diff, size_t i, size_t k);

    void (*put)(const struct why_diff *diff, const struct why_view *view, size_t i);
    void (*put_change)(const struct why_diff *diff, size_t i, size_t k);
    void (*put_json)(const struct why_diff *diff, const struct why_view *view, size_t i);
    void (*put_json_change)(const struct why_diff *diff, size_t i, size_t k);
};

/* THE table of kinds; libraries come first. */
#define WHY_KINDS 4
extern const struct why_kind why_kinds[WHY_KINDS];

#endif
