/* src/link/report.h - what a linker says of the files it took */
#ifndef TN_REPORT_H
#define TN_REPORT_H

#include "arena.h"
#include "view.h"
#include <tenon/error.h>

enum tn_report_kind {
    TN_REPORT_FILE,    /* an object, shared library or script was read */
    TN_REPORT_ARCHIVE, /* an archive was looked into; says nothing of its members */
    TN_REPORT_MEMBER,  /* a member of an archive was taken */
    TN_REPORT_GONE,    /* an object that is there no more: made by the compiler for this link */
};

struct tn_report_row {
    enum tn_report_kind kind;
    const char *file;   /* path of the file or archive, as the linker spells it */
    const char *member; /* of a member, as the linker spells it; NULL: unknown, see symbol */
    const char *symbol; /* because of which it was taken; NULL: not told */
    const char *text;   /* file and member as one string: how a map of the same linker spells it */
};

/* Rows in the order of the link. */
struct tn_report {
    struct tn_report_row *rows; /* malloc; tn_report_free() */
    size_t count, room;
    bool from_mold;        /* its trace names every member, taken or not */
    struct tn_view *other; /* lines that are no part of the report */
    size_t other_count, other_room;
};
void tn_report_free(struct tn_report *report);

/* What a path in a report leads to. */
enum tn_path_kind { TN_PATH_NOTHING, TN_PATH_FILE, TN_PATH_ARCHIVE };
struct tn_report_paths {
    enum tn_path_kind (*kind_of)(void *arg, const char *path);
    void *arg;
};

/*
 * Reads what ld, gold, lld or mold print with "--trace --trace". Names of files may hold anything
 * but a line end: where a line can be read in several ways, the one counts whose archive exists.
 *
 * owner    strings in the arena; `other` borrows from the text
 * errors   TENON_E_MEMORY
 */
bool tn_trace_read(struct tn_arena *arena, struct tn_view text, const struct tn_report_paths *paths,
                   struct tn_report *out, tenon_error *err);

/*
 * Reads the first part of a map by GNU ld or gold: members, and because of what each was taken.
 */
bool tn_map_gnu_read(struct tn_arena *arena, struct tn_view text,
                     const struct tn_report_paths *paths, struct tn_report *out, tenon_error *err);

/* Reads what lld writes with --why-extract: lines "REFERENCE<tab>ARCHIVE(MEMBER)<tab>SYMBOL". */
bool tn_map_lld_read(struct tn_arena *arena, struct tn_view text,
                     const struct tn_report_paths *paths, struct tn_report *out, tenon_error *err);

/*
 * Reads mold's map: a row for each file or member of which something is in memory; only
 * `text` is set (kind TN_REPORT_FILE). A row stands once for each run of its lines.
 */
bool tn_map_mold_read(struct tn_arena *arena, struct tn_view text, struct tn_report *out,
                      tenon_error *err);

/* Shared by the readers. */

/* The next line without its end; false past the last. */
bool tn_report_line(struct tn_view text, size_t *pos, struct tn_view *line);

/* Appends a row. False: no memory. */
bool tn_report_add(struct tn_report *report, struct tn_report_row row);

/*
 * Splits "ARCHIVE(MEMBER)" where the archive exists; false when it does not anywhere, or without
 * memory (*lost).
 */
bool tn_report_split(struct tn_arena *arena, struct tn_view line,
                     const struct tn_report_paths *paths, struct tn_report_row *row, bool *lost);

/* Where, in a line from `i` on, the next word begins; where the word at `i` ends. */
static inline size_t tn_line_skip_spaces(struct tn_view line, size_t i)
{
    while (i < line.size && line.at[i] == ' ')
        i++;
    return i;
}

static inline size_t tn_line_skip_word(struct tn_view line, size_t i)
{
    while (i < line.size && line.at[i] != ' ')
        i++;
    return i;
}

#endif
