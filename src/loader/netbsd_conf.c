/*
 * src/loader/netbsd_conf.c - /etc/ld.so.conf of NetBSD
 *
 * rule  NetBSD libexec/ld.elf_so/paths.c, _rtld_process_hints(); ld.so.conf(5)
 */
#include "netbsd_conf.h"

#include <string.h>

#include "limits.h"

#define BLANKS " \t\r"

struct reading {
    struct tn_arena *arena;
    const char **dirs;
    struct tn_netbsd_row *rows;
    struct tn_netbsd_conf *out;
    size_t line; /* the one at hand */
    bool no_memory;
};

/* The part of a text up to a separator, cut off. */
static char *cut(char **text, const char *separators)
{
    char *at = *text;
    *text += strcspn(at, separators);
    if (**text)
        *(*text)++ = '\0';
    return at;
}

/* "a,b,c" as a NULL-ended list; NULL: no memory. */
static const char *const *list_of(struct reading *r, char *text)
{
    size_t count = 2;
    for (const char *p = text; *p; p++)
        count += *p == ',';
    const char **list = tn_arena_rows(r->arena, count, sizeof *list);
    if (!list) {
        r->no_memory = true;
        return NULL;
    }
    for (size_t n = 0; *text;) {
        const char *word = cut(&text, ",");
        if (*word)
            list[n++] = word;
    }
    return list;
}

#define ROWS_MOST 4096u

/* "VALUE[,VALUE...]:LIB[,LIB...]" */
static void read_choice(struct reading *r, const char *library, const char *variable, char *choice)
{
    char *values = cut(&choice, ":");
    const char *const *libraries = list_of(r, choice);
    while (libraries && *libraries && *values && r->out->row_count < ROWS_MOST) {
        const char *value = cut(&values, ",");
        if (*value)
            r->rows[r->out->row_count++] =
                (struct tn_netbsd_row){ library, variable, value, libraries, r->line };
    }
}

static void read_line(struct reading *r, char *line)
{
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, BLANKS);
    size_t size = strlen(line);
    while (size && strchr(BLANKS, line[size - 1]))
        line[--size] = '\0';
    if (*line == '/') {
        r->dirs[r->out->dir_count++] = line;
        return;
    }
    const char *library = cut(&line, BLANKS);
    line += strspn(line, BLANKS);
    const char *variable = cut(&line, BLANKS);
    while (*variable && *(line += strspn(line, BLANKS)) && !r->no_memory)
        read_choice(r, library, variable, cut(&line, BLANKS));
}

bool tn_netbsd_conf_read(struct tn_arena *arena, struct tn_view file, struct tn_netbsd_conf *out)
{
    char *text = tn_arena_copy(arena, file.at, file.size);
    struct reading r = { .arena = arena, .out = out };
    size_t lines = 1;
    *out = (struct tn_netbsd_conf){ .dir_count = 0 };
    for (size_t i = 0; i < file.size; i++)
        lines += file.at[i] == '\n';
    r.dirs = tn_arena_rows(arena, lines, sizeof *r.dirs);
    r.rows = tn_arena_rows(arena, ROWS_MOST, sizeof *r.rows);
    if (!text || !r.dirs || !r.rows)
        return false;
    out->dirs = r.dirs;
    out->rows = r.rows;
    for (char *end = text + file.size; text < end && !r.no_memory;) {
        char *newline = memchr(text, '\n', (size_t)(end - text)); /* a NUL ends no line */
        char *next = newline ? newline : end;
        *next = '\0';
        r.line++;
        read_line(&r, text);
        text = next + 1;
    }
    return !r.no_memory;
}
