/* src/loader/ldconf.c - ld.so.conf: rule glibc elf/ldconfig.c, parse_conf() and
 * parse_conf_include() */
#include "ldconf.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "limits.h"
#include "table.h"

/* Directories found so far. The files form a stack: an include is read at once. */
struct reading {
    tenon_world *world;
    struct tn_arena *arena;
    struct tn_names dirs; /* numbered in the order found */
    unsigned steps;       /* files read and directories listed, all in all */
    size_t bytes;         /* of the files */
    bool no_memory;
};

static void read_file(struct reading *r, const char *path, unsigned depth);

static void add_dir(struct reading *r, const char *text, size_t size)
{
    while (size > 1 && text[size - 1] == '/')
        size--;
    if (r->dirs.count < TN_LIMIT_INCLUDES && tn_names_add(&r->dirs, text, size) == TN_NO_NAME)
        r->no_memory = true;
}

/* Counts one file or directory; false when there were enough, or no memory. */
static bool take_step(struct reading *r)
{
    return !r->no_memory && r->steps++ < TN_LIMIT_INCLUDES;
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
    return m->r->no_memory || m->r->steps >= TN_LIMIT_INCLUDES;
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
        if (take_step(r) && tenon_world_list(r->world, *dir ? dir : "/", each_name, &m) == ENOMEM)
            r->no_memory = true;
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

/* Without the blanks behind it. */
static size_t trimmed(const char *text, size_t size)
{
    while (size && strchr(" \t\r\f\v", text[size - 1]))
        size--;
    return size;
}

static void read_line(struct reading *r, const char *file, char *line, unsigned depth)
{
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, " \t\r\f\v");
    line[trimmed(line, strlen(line))] = '\0';
    if (strncmp(line, "include", 7) == 0 && (line[7] == ' ' || line[7] == '\t')) {
        include_patterns(r, file, line + 8, depth);
    } else if (*line == '/') { /* "hwcap ..." and relative directories are refused */
        add_dir(r, line, trimmed(line, strcspn(line, "="))); /* "=TYPE" was for libc5 */
    }
}

static void read_file(struct reading *r, const char *path, unsigned depth)
{
    struct tn_view bytes;
    if (!take_step(r) || depth >= TN_LIMIT_INCLUDE_DEPTH)
        return;
    int error = tn_file_whole(r->world, path, TN_LIMIT_CONFIG - r->bytes, r->arena, &bytes);
    char *text = error ? NULL : tn_arena_copy(r->arena, bytes.at, bytes.size);
    if (!text) {
        r->no_memory |= error == 0 || error == ENOMEM;
        return;
    }
    r->bytes += bytes.size;
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
    const struct tn_dirs *dirs = NULL;
    if (!tn_names_init(&r.dirs))
        return NULL;
    read_file(&r, path, 0);
    const char **list = tn_arena_rows(arena, r.dirs.count + 1, sizeof *list);
    for (uint32_t i = 0; list && i < r.dirs.count; i++)
        list[i] = tn_names_text(&r.dirs, i);
    if (list && !r.no_memory)
        dirs = tn_dirs_from(arena, list, r.dirs.count);
    tn_names_free(&r.dirs);
    return dirs;
}
