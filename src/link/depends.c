/* src/link/depends.c - takes one file out of a dependency file */
#include "depends.h"

#include "fail.h"
#include "report.h"

/* A copy of the text that leaves one path out. */
struct copy {
    char *bytes;
    size_t used;
    const char *path;
    bool removed; /* an empty rule: one of the empty lines around it goes too */
};

static void put(struct copy *copy, const void *bytes, size_t size)
{
    if (size)
        memcpy(copy->bytes + copy->used, bytes, size);
    copy->used += size;
}

/* What stands in a line before and behind the path; false: it is not there. */
static bool split(struct tn_view line, const char *path, struct tn_view *before,
                  struct tn_view *behind)
{
    size_t size = strlen(path);
    const uint8_t *at = memmem(line.at, line.size, path, size);
    size_t start = at ? (size_t)(at - line.at) : 0;

    return at && tn_view_sub(line, 0, start, before) &&
           tn_view_sub(line, start + size, line.size - start - size, behind);
}

static bool is_blank(struct tn_view text)
{
    size_t i = 0;

    while (i < text.size && text.at[i] == ' ')
        i++;
    return i == text.size;
}

/* Ends the list at what is there: " \\\n" at the end of it becomes "\n". */
static void end_list(struct copy *copy)
{
    copy->used -= 2;
    while (copy->used > 0 && copy->bytes[copy->used - 1] == ' ')
        copy->used--;
    put(copy, "\n", 1);
}

static bool ends_continued(const struct copy *copy)
{
    return copy->used >= 2 && copy->bytes[copy->used - 2] == '\\';
}

static bool is_text(struct tn_view text, const char *wanted)
{
    return text.size == strlen(wanted) && memcmp(text.at, wanted, text.size) == 0;
}

/* A line, with or without the path; false when nothing is left of it. */
static bool put_line(struct copy *copy, struct tn_view line)
{
    struct tn_view before, behind;

    if (!split(line, copy->path, &before, &behind)) {
        put(copy, line.at, line.size);
        return true;
    }
    if (!is_blank(before)) { /* one of several in the line: it goes with the space before it */
        put(copy, before.at, before.size - (before.at[before.size - 1] == ' ' ? 1 : 0));
        put(copy, behind.at, behind.size);
        return true;
    }
    copy->removed = is_text(behind, ":");
    if (!copy->removed && !is_text(behind, " \\") && ends_continued(copy))
        end_list(copy);
    return false;
}

bool tn_depends_without(struct tn_arena *arena, struct tn_view text, const char *path,
                        struct tn_view *out, tenon_error *err)
{
    struct copy copy = { .bytes = tn_arena_bytes(arena, text.size + 2), .path = path };
    struct tn_view line;
    size_t pos = 0;

    if (!copy.bytes)
        return tn_no_memory(err);
    while (tn_report_line(text, &pos, &line)) {
        if (copy.removed && line.size == 0) {
            copy.removed = false;
            continue;
        }
        if (put_line(&copy, line) && (pos < text.size || text.at[text.size - 1] == '\n'))
            put(&copy, "\n", 1);
    }
    *out = tn_view(copy.bytes, copy.used);
    return true;
}
