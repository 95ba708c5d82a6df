/* src/loader/ldconf.c - ld.so.conf: rule glibc elf/ldconfig.c, parse_conf() and
 * parse_conf_include() */
#include "ldconf.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

/* Files still to read and directories found. The files form a stack: an include is read at once. */
struct reading {
    tenon_world *world;
    struct tn_arena *arena;
    const char **dirs;
    size_t dir_count, dir_room;
    unsigned files; /* read so far, all in all */
    bool no_memory;
};

static void read_file(struct reading *r, const char *path, unsigned depth);

static void add_dir(struct reading *r, const char *text, size_t size)
{
    while (size > 1 && text[size - 1] == '/')
        size--;
    for (size_t i = 0; i < r->dir_count; i++)
        if (strlen(r->dirs[i]) == size && memcmp(r->dirs[i], text, size) == 0)
            return;
    if (r->dir_count >= TN_LIMIT_INCLUDES || r->no_memory)
        return;
    const char *copy = tn_arena_copy(r->arena, text, size);
    if (!copy || !tn_grow(&r->dirs, &r->dir_room, r->dir_count, sizeof *r->dirs)) {
        r->no_memory = true;
        return;
    }
    r->dirs[r->dir_count++] = copy;
}

/* Names of one directory that match one component of a pattern. */
struct matching {
    struct reading *r;
    const char *dir, *component, *rest;
    unsigned depth;
};

static void include_from(struct reading *r, const char *dir, const char *pattern, unsigned depth);

static int each_name(void *arg, const char *name)
{
    struct matching *m = arg;
    if (fnmatch(m->component, name, FNM_PERIOD) != 0)
        return 0;
    const char *path = tn_arena_format(m->r->arena, "%s/%s", m->dir, name);
    if (!path)
        m->r->no_memory = true;
    else if (*m->rest)
        include_from(m->r, path, m->rest, m->depth);
    else
        read_file(m->r, path, m->depth);
    return m->r->no_memory || m->r->files >= TN_LIMIT_INCLUDES;
}

/* Walks the components of `pattern` below `dir`; each wildcard lists one directory. */
static void include_from(struct reading *r, const char *dir, const char *pattern, unsigned depth)
{
    while (*pattern == '/')
        pattern++;
    size_t size = strcspn(pattern, "/");
    const char *component = tn_arena_copy(r->arena, pattern, size);
    if (!component || depth >= TN_LIMIT_INCLUDE_DEPTH) {
        r->no_memory |= !component;
        return;
    }
    struct matching m = { r, dir, component, pattern + size, depth + 1 };
    if (strpbrk(component, "*?[\\")) {
        (void)tenon_world_list(r->world, *dir ? dir : "/", each_name, &m);
        return;
    }
    const char *path = tn_arena_format(r->arena, "%s/%s", dir, component);
    if (!path)
        r->no_memory = true;
    else if (*m.rest)
        include_from(r, path, m.rest, depth + 1);
    else
        read_file(r, path, depth + 1);
}

static void include_patterns(struct reading *r, const char *file, char *text, unsigned depth)
{
    for (char *save = NULL, *p = strtok_r(text, " \t", &save); p;
         p = strtok_r(NULL, " \t", &save)) {
        const char *slash = strrchr(file, '/');
        const char *dir = "";
        if (*p != '/' && slash && !(dir = tn_arena_copy(r->arena, file, (size_t)(slash - file)))) {
            r->no_memory = true;
            return;
        }
        include_from(r, dir, p, depth);
    }
}

static void read_line(struct reading *r, const char *file, char *line, unsigned depth)
{
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, " \t\r\f\v");
    size_t size = strlen(line);
    while (size && strchr(" \t\r\f\v", line[size - 1]))
        line[--size] = '\0';
    if (strncmp(line, "include", 7) == 0 && (line[7] == ' ' || line[7] == '\t')) {
        include_patterns(r, file, line + 8, depth);
    } else if (*line == '/') {                /* "hwcap ..." and relative directories are refused */
        add_dir(r, line, strcspn(line, "=")); /* "=TYPE" was for libc5 */
    }
}

static void read_file(struct reading *r, const char *path, unsigned depth)
{
    struct tn_view bytes;
    if (r->files++ >= TN_LIMIT_INCLUDES || depth >= TN_LIMIT_INCLUDE_DEPTH ||
        tn_file_whole(r->world, path, TN_LIMIT_CONFIG, r->arena, &bytes) != 0)
        return;
    char *text = tn_arena_copy(r->arena, bytes.at, bytes.size);
    if (!text) {
        r->no_memory = true;
        return;
    }
    for (char *end = text + bytes.size; text < end && !r->no_memory;) {
        size_t size = strcspn(text, "\n");
        text[size] = '\0';
        read_line(r, path, text, depth);
        text += size + 1;
    }
}

const struct tn_dirs *tn_ldconf_read(tenon_world *world, struct tn_arena *arena, const char *path)
{
    struct reading r = { .world = world, .arena = arena };
    read_file(&r, path, 0);
    const struct tn_dirs *dirs = r.no_memory ? NULL : tn_dirs_from(arena, r.dirs, r.dir_count);
    free(r.dirs);
    return dirs;
}
