/* src/loader/libmap.h - FreeBSD's libmap.conf: other names for libraries and directories */
#ifndef TN_LIBMAP_H
#define TN_LIBMAP_H

#include <stdint.h>

#include "arena.h"
#include <tenon/world.h>

/* One line: for objects that fit its section, `from` is `to`. */
struct tn_libmap_row {
    const char *section; /* one of the map's own; NULL: every object */
    const char *from, *to;
};

/* A row of a section that has answered, and what was left before: it counts for all objects. */
struct tn_libmap_left {
    uint32_t before;
    size_t row;
};

/* A file by its path and, as it may have others, by itself; of a directory by its path alone. */
struct tn_libmap_file {
    const char *path;
    uint64_t device, inode; /* 0, 0: a directory */
};

struct tn_libmap {
    struct tn_arena *arena;
    struct tn_libmap_row *rows; /* in order of reading; the last that fits counts */
    size_t count, room;
    const char **sections; /* in order of reading, too: the last that fits an object is its own */
    size_t section_count, section_room;
    struct tn_libmap_left *left; /* by their number, from 1 on: each that any process came to */
    size_t left_count, left_room;
    struct tn_libmap_file *files; /* files and directories that were read */
    size_t file_count, file_room;
    bool no_memory;
};

/* Appends what a file and those that it includes say. A file that is absent says nothing. */
void tn_libmap_read(struct tn_libmap *map, tenon_world *world, const char *path);

/* Appends the value of LD_LIBMAP: such a file, with '=' for a blank and ',' for the end of a line.
 */
void tn_libmap_read_variable(struct tn_libmap *map, tenon_world *world, const char *value);

#define TN_LIBMAP_LEFT 4096u

/*
 * What `name` is for the object at `path` (NULL: none); NULL: itself. A row of a section that
 * answers counts for all objects of the process from then on: *left is the number of what the
 * answers so far have left, 0 before the first, below TN_LIBMAP_LEFT. Sets map->no_memory.
 */
const char *tn_libmap_find(struct tn_libmap *map, const char *path, const char *name,
                           uint32_t *left);

#endif
