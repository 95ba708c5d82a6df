/* src/cli/units_parts.h - units of files on their way to the user */
#ifndef CLI_UNITS_PARTS_H
#define CLI_UNITS_PARTS_H

#include "files.h"
#include "units.h"

/* ---- units_files.c: a FILE and what it has units in ------------------------------------------ */

/* A file that holds units: the FILE itself, or a part of it, as the code of a bundle is. */
struct units_part {
    char *label; /* as the user is told */
    tenon_units *units;
};

struct units_parts {
    struct units_part *at;
    size_t count;
};

/*
 * Reads the units of one FILE. THE table in units_files.c says which kinds of file there are; the
 * first row that takes the file counts. There may be more than `detail` asks for. False: *err says
 * why.
 */
bool units_open(tenon_world *world, const char *label, const char *path,
                enum tn_units_detail detail, struct units_parts *parts, tenon_error *err);
void units_close(struct units_parts *parts);

/* Adds a part; takes `units` also when it fails. */
bool units_add_part(struct units_parts *parts, const char *label, tenon_units *units,
                    tenon_error *err);

/* A row of that table: the code of a bundle, each file of it a part. */
bool units_open_bundle(tenon_world *world, const char *label, const char *path,
                       enum tn_units_detail detail, struct units_parts *parts, bool *takes,
                       tenon_error *err);

/* ---- units_print.c ----------------------------------------------------------------------------
 */

/* Starts a line: a key, and room up to where values start. */
void units_put_key(struct cli_out *out, const char *key);

/* Record, units and remarks, a line each or more with -v. */
void units_print_text(struct cli *cli, const tenon_units *units);

/* The keys "record" to "remarks" of an object that is open. */
void units_put_json(struct cli *cli, const tenon_units *units, struct cli_json *json);

/* ---- doubles.c --------------------------------------------------------------------------------
 */

/* How one file holds a unit. */
struct doubles_holder {
    const struct units_part *part;
    const tenon_unit *unit; /* NULL: its symbols cover the unit */
};

/* One thing that is there more than once. */
struct doubles_row {
    const tenon_unit *unit; /* one of them; NULL: known by definitions only */
    struct doubles_holder *holders;
    size_t holder_count;
    size_t recorded; /* holders that name the unit; the rest are probable */
    bool by_name, by_implementation, by_definitions;
    bool by_overlap;    /* of definitions, and by nothing else: versions of one, or its parts */
    const char **names; /* definitions in common, when there is no unit */
    size_t name_count;
};

struct doubles {
    struct doubles_row *rows;
    size_t count;
};

/*
 * What is there twice among files: units by whichever key, then units that the symbols of another
 * file cover, then definitions that two files have of which neither names units. False: no memory.
 * What it gives lives until doubles_free(), and no longer than `parts`.
 */
bool doubles_find(const struct units_part *parts, size_t count, struct doubles *out);
void doubles_free(struct doubles *doubles);

/* Do two holders name it, and is it the same by some key of units? */
bool doubles_is_certain(const struct doubles_row *row);

#endif
