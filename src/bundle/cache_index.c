/*
 * src/bundle/cache_index.c - what was noted of a directory of the cache when it was verified
 *
 * A text: "tenon-cache 1", the plugin's name and version, then a line for each file: device,
 * inode, size, change time (decimal), name.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache_private.h"
#include "cursor.h"
#include "entry_name.h"
#include "fail.h"
#include "limits.h"
#include "replace_file.h"
#include "text.h"
#include "zip_file.h"

static const char header[] = "tenon-cache 1";
#define NOTES_MOST (4u << 20)

bool tn_notes_write(int dir, const struct tn_notes *notes, tenon_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    bool ok;

    if (!out)
        return tn_no_memory(err);
    fprintf(out, "%s\n%s\n%s\n", header, notes->plugin, notes->version);
    for (size_t i = 0; i < notes->count; i++) {
        const struct tn_identity *identity = &notes->rows[i].identity;
        fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %s\n", identity->device,
                identity->inode, identity->size, identity->changed, notes->rows[i].name);
    }
    ok = !ferror(out);
    ok = fclose(out) == 0 && ok && text; /* glibc makes the text smaller, which may fail */
    ok = ok ? tn_replace_file(dir, TN_CACHE_INDEX, text, size, 0600, NULL, err) : tn_no_memory(err);
    free(text);
    return ok;
}

/* The next line, its end cut off; NULL: none is left. */
static char *next_line(char **rest)
{
    char *line = *rest, *end = strchr(line, '\n');

    if (!end)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return line;
}

static bool number(char **text, uint64_t *out)
{
    char *end;

    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    *out = strtoull(*text, &end, 10);
    if (errno || *end != ' ')
        return false;
    *text = end + 1;
    return true;
}

static bool read_row(char *line, struct tn_noted *row)
{
    uint64_t changed;

    if (!number(&line, &row->identity.device) || !number(&line, &row->identity.inode) ||
        !number(&line, &row->identity.size) || !number(&line, &changed) || changed > INT64_MAX)
        return false;
    row->identity.changed = (int64_t)changed;
    row->name = line;
    return !strchr(line, '/') && !tn_entry_name_fault(line, strlen(line));
}

bool tn_notes_parse(char *text, struct tn_arena *arena, struct tn_notes *notes)
{
    char *line = next_line(&text);
    size_t lines = 0;

    *notes = (struct tn_notes){ .plugin = "", .version = "" };
    if (!line || strcmp(line, header) != 0)
        return false;
    notes->plugin = next_line(&text);
    notes->version = notes->plugin ? next_line(&text) : NULL;
    if (!notes->version)
        return false;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    notes->rows = tn_arena_rows(arena, lines + 1, sizeof *notes->rows);
    if (!notes->rows)
        return false;
    while ((line = next_line(&text)))
        if (!read_row(line, &notes->rows[notes->count++]))
            return false;
    return true;
}

bool tn_notes_read(int dir, struct tn_arena *arena, struct tn_notes *notes)
{
    int fd = openat(dir, TN_CACHE_INDEX, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    char *text = NULL;

    *notes = (struct tn_notes){ .plugin = "", .version = "" };
    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < NOTES_MOST)
        text = tn_arena_bytes(arena, (size_t)info.st_size + 1);
    if (text && !tn_read_range(fd, 0, text, (size_t)info.st_size, NULL))
        text = NULL;
    close(fd);
    if (!text)
        return false;
    text[info.st_size] = '\0';
    if (tn_notes_parse(text, arena, notes))
        return true;
    *notes = (struct tn_notes){ .plugin = "", .version = "" };
    return false;
}

const struct tn_noted *tn_notes_find(const struct tn_notes *notes, const char *name)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->rows[i].name, name) == 0)
            return &notes->rows[i];
    return NULL;
}
