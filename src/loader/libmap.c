/*
 * src/loader/libmap.c - FreeBSD's libmap.conf
 *
 * rule  FreeBSD libexec/rtld-elf/libmap.c, lmc_parse(), lm_add(), lm_find(); libmap.conf(5)
 */
#include "libmap.h"

#include <errno.h>
#include <string.h>

#include "file.h"
#include "limits.h"
#include "names.h"

#define BLANKS " \t"

static void read_file(struct tn_libmap *map, tenon_world *world, const char *path, unsigned depth);

/* Files have a few; only hostile ones have more. */
#define SECTIONS 4096

/* rule  libmap.c, lmp_init(): a directory stands for what is below it, a path for itself, else it
 * is the name of a file */
static bool fits(const char *section, const char *path)
{
    size_t size = strlen(section);
    if (size && section[size - 1] == '/')
        return strncmp(path, section, size) == 0;
    return strcmp(tn_has_slash(section) ? path : tn_base_name(path), section) == 0;
}

/* rule  libmap.c, lmp_find(): the newest that fits */
static const char *section_of(const struct tn_libmap *map, const char *path)
{
    for (size_t i = map->section_count; i-- > 0;)
        if (fits(map->sections[i], path))
            return map->sections[i];
    return NULL;
}

/*
 * The section that a line goes to; NULL: none has room.
 * rule  libmap.c, lm_add(): one that fits the constraint itself, as if that were an object's path
 */
static const char *section_for(struct tn_libmap *map, const char *constraint)
{
    const char *section = section_of(map, constraint);
    if (section || map->section_count == SECTIONS)
        return section;
    if (!tn_arena_grow(map->arena, &map->sections, &map->section_room, map->section_count,
                       sizeof *map->sections)) {
        map->no_memory = true;
        return NULL;
    }
    return map->sections[map->section_count++] = constraint;
}

static void add_row(struct tn_libmap *map, const char *constraint, const char *from, const char *to)
{
    if (map->count >= TN_LIMIT_NEEDS)
        return;
    const char *section = constraint ? section_for(map, constraint) : NULL;
    if (constraint && !section)
        return;
    if (map->count == map->room) {
        size_t room = map->room ? 2 * map->room : 16;
        struct tn_libmap_row *rows = tn_arena_rows(map->arena, room, sizeof *rows);
        if (!rows) {
            map->no_memory = true;
            return;
        }
        if (map->count)
            memcpy(rows, map->rows, map->count * sizeof *rows);
        map->rows = rows;
        map->room = room;
    }
    map->rows[map->count++] = (struct tn_libmap_row){ section, from, to };
}

/* ---- files ------------------------------------------------------------------------------------
 */

/*
 * Is this file or directory new, and is there room for it? Then it is one that was read.
 * rule  libmap.c, lmc_parse_file() and lmc_parse_dir(): by path, and files by device and inode
 */
static bool is_new(struct tn_libmap *map, const char *path, uint64_t device, uint64_t inode)
{
    for (size_t i = 0; i < map->file_count; i++) {
        const struct tn_libmap_file *file = &map->files[i];
        if (strcmp(file->path, path) == 0 ||
            ((device || inode) && file->device == device && file->inode == inode))
            return false;
    }
    if (map->file_count >= TN_LIMIT_INCLUDES)
        return false;
    if (!tn_arena_grow(map->arena, &map->files, &map->file_room, map->file_count,
                       sizeof *map->files)) {
        map->no_memory = true;
        return false;
    }
    map->files[map->file_count++] = (struct tn_libmap_file){ path, device, inode };
    return true;
}

/* Files of a directory that are included. */
struct including {
    struct tn_libmap *map;
    tenon_world *world;
    const char *dir;
    unsigned depth;
};

/* rule  libmap.c, lmc_parse_dir(): only what is a file itself, no links */
static int include_each(void *arg, const char *name)
{
    struct including *in = arg;
    size_t size = strlen(name);
    tenon_file_info info;
    if (size < 5 || strcmp(name + size - 5, ".conf") != 0)
        return 0;
    const char *path = tn_arena_format(in->map->arena, "%s/%s", in->dir, name);
    int error = path ? tenon_world_lstat(in->world, path, &info) : ENOMEM;
    if (error == ENOMEM)
        in->map->no_memory = true;
    else if (!error && info.type == TENON_FILE_REGULAR)
        read_file(in->map, in->world, path, in->depth);
    return in->map->no_memory;
}

static void read_directory(struct tn_libmap *map, tenon_world *world, const char *dir,
                           unsigned depth)
{
    struct including in = { map, world, dir, depth };
    tenon_file_info info;
    int error = tenon_world_stat(world, dir, &info);
    if (!error && info.type == TENON_FILE_DIRECTORY && is_new(map, dir, 0, 0))
        error = tenon_world_list(world, dir, include_each, &in);
    map->no_memory |= error == ENOMEM;
}

/* The next word of a line, cut off; "" when there is none. */
static char *word(char **line)
{
    char *at = *line + strspn(*line, BLANKS);
    size_t size = strcspn(at, BLANKS);
    *line = at + size;
    if (**line)
        *(*line)++ = '\0';
    return at;
}

/* "[constraint]": a word without blanks; any other line that begins so says nothing. */
static void read_section(struct tn_libmap *map, const char *line, const char **constraint)
{
    const char *start = line + 1 + strspn(line + 1, BLANKS);
    size_t size = strcspn(start, BLANKS "]");
    const char *end = start + size + strspn(start + size, BLANKS);
    if (!size || *end != ']' || end[1 + strspn(end + 1, BLANKS)])
        return;
    *constraint = tn_arena_copy(map->arena, start, size);
    map->no_memory |= !*constraint;
}

static void read_line(struct tn_libmap *map, tenon_world *world, char *line,
                      const char **constraint, unsigned depth)
{
    line[strcspn(line, "#\r")] = '\0';
    line += strspn(line, BLANKS);
    if (*line == '[') {
        read_section(map, line, constraint);
        return;
    }
    const char *from = word(&line), *to = word(&line);
    if (!*to || *word(&line))
        return; /* no pair */
    if (strcmp(from, "include") == 0) {
        read_file(map, world, to, depth);
    } else if (strcmp(from, "includedir") == 0) {
        read_directory(map, world, to, depth);
    } else {
        add_row(map, *constraint, from, to);
    }
}

static void read_lines(struct tn_libmap *map, tenon_world *world, char *text, size_t size,
                       unsigned depth)
{
    const char *constraint = NULL;
    for (char *end = text + size; text < end && !map->no_memory;) {
        size_t length = strcspn(text, "\n");
        text[length] = '\0';
        read_line(map, world, text, &constraint, depth);
        text += length + 1;
    }
}

static void read_file(struct tn_libmap *map, tenon_world *world, const char *path, unsigned depth)
{
    struct tn_view bytes;
    tenon_file_info info;
    if (map->no_memory || depth >= TN_LIMIT_INCLUDE_DEPTH)
        return;
    int error = tenon_world_stat(world, path, &info);
    if (!error && !is_new(map, path, info.device, info.inode))
        return;
    if (!error)
        error = tn_file_whole(world, path, TN_LIMIT_CONFIG, map->arena, &bytes);
    char *text = error ? NULL : tn_arena_copy(map->arena, bytes.at, bytes.size);
    if (text)
        read_lines(map, world, text, bytes.size, depth + 1);
    else
        map->no_memory |= error == 0 || error == ENOMEM;
}

void tn_libmap_read(struct tn_libmap *map, tenon_world *world, const char *path)
{
    read_file(map, world, path, 0);
}

/* rule  libmap.c, lm_init() */
void tn_libmap_read_variable(struct tn_libmap *map, tenon_world *world, const char *value)
{
    char *text = tn_arena_string(map->arena, value);
    map->no_memory |= !text;
    for (char *p = text; p && *p; p++)
        *p = *p == '=' ? ' ' : *p == ',' ? '\n' : *p;
    if (text)
        read_lines(map, world, text, strlen(text), 1);
}

/* rule  libmap.c, lml_find() */
static const struct tn_libmap_row *find(const struct tn_libmap *map, const char *section,
                                        const char *name)
{
    for (size_t i = map->count; i-- > 0;)
        if (map->rows[i].section == section && strcmp(map->rows[i].from, name) == 0)
            return &map->rows[i];
    return NULL;
}

/* What counts for all objects: what was left before what the file says, the newest first. */
static const char *find_for_all(const struct tn_libmap *map, const char *name, uint32_t left)
{
    for (; left; left = map->left[left - 1].before) {
        const struct tn_libmap_row *row = &map->rows[map->left[left - 1].row];
        if (strcmp(row->from, name) == 0)
            return row->to;
    }
    const struct tn_libmap_row *row = find(map, NULL, name);
    return row ? row->to : NULL;
}

/*
 * rule  libmap.c, lm_find() and lm_add(): it is added unless it is there already. Where there is no
 *       more room it is not, which takes thousands of rows
 */
static void leave(struct tn_libmap *map, const struct tn_libmap_row *row, uint32_t *left)
{
    const struct tn_libmap_left is = { *left, (size_t)(row - map->rows) };
    const char *known = find_for_all(map, row->from, *left);
    size_t i = *left; /* what follows something has a higher number */
    if (known && strcmp(known, row->to) == 0)
        return;
    while (i < map->left_count && (map->left[i].before != is.before || map->left[i].row != is.row))
        i++;
    if (i + 1 == TN_LIBMAP_LEFT)
        return;
    if (i == map->left_count) {
        if (!tn_arena_grow(map->arena, &map->left, &map->left_room, i, sizeof *map->left)) {
            map->no_memory = true;
            return;
        }
        map->left[map->left_count++] = is;
    }
    *left = (uint32_t)i + 1;
}

/* rule  libmap.c, lm_find(): one section, then what stands in none */
const char *tn_libmap_find(struct tn_libmap *map, const char *path, const char *name,
                           uint32_t *left)
{
    const char *section = path ? section_of(map, path) : NULL;
    const struct tn_libmap_row *row = section ? find(map, section, name) : NULL;
    if (!row)
        return find_for_all(map, name, *left);
    leave(map, row, left);
    return row->to;
}
