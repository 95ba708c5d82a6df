/*
 * src/find/pc_file.c - one pkg-config file
 *
 * rule: pkgconf pc(5): NAME=VALUE, "Keyword: value", # comments (not after a backslash),
 * \ continues a line, ${NAME}, ${pcfiledir}
 */
#include "pc_file.h"

#include <stdlib.h>
#include <strings.h>

#include "fail.h"
#include "file.h"
#include "finder.h"
#include "limits.h"
#include "text.h"

static const char *const fields[TN_PC_FIELDS] = { "Cflags",           "Libs",
                                                  "Libs.private",     "Requires",
                                                  "Requires.private", "Version" };

struct reader {
    struct tn_arena *arena;
    struct tn_pc_file *out;
    tenon_error *err;
};

static const char *lookup(void *arg, const char *name, size_t size)
{
    const char *value = tn_conf_get(arg, name, size);

    return value ? value : "";
}

static bool set_variable(struct tn_pc_file *file, const char *name, const char *value)
{
    for (size_t i = 0; i < file->variables.count; i++)
        if (strcmp(file->variables.rows[i].name, name) == 0) {
            file->variables.rows[i].value = value;
            return true;
        }
    if (file->variables.count == TN_LIMIT_INCLUDES ||
        !tn_grow(&file->variables.rows, &file->variables.room, file->variables.count,
                 sizeof *file->variables.rows))
        return false;
    file->variables.rows[file->variables.count++] =
        (struct tn_conf_row){ .name = name, .value = value };
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A value that begins with a quote loses all of them. */
static const char *unquoted(struct tn_arena *arena, const char *value)
{
    char quote = *value, *copy, *out;

    if (quote != '"' && quote != '\'')
        return value;
    copy = out = tn_arena_string(arena, value);
    for (; copy && *value; value++) {
        if (*value == '\\' && value[1] == quote)
            *out++ = *++value;
        else if (*value != quote)
            *out++ = *value;
    }
    if (copy)
        *out = '\0';
    return copy;
}

/* rule  keywords in any case; what is said again is added, but of versions the last counts */
static bool set_field(struct reader *reader, const char *key, const char *value)
{
    for (int i = 0; i < TN_PC_FIELDS; i++) {
        const char **field = &reader->out->value[i];
        if (strcasecmp(key, fields[i]) != 0)
            continue;
        *field = *field && i != TN_PC_VERSION
                     ? tn_arena_format(reader->arena, "%s %s", *field, value)
                     : value;
        return *field || tn_no_memory(reader->err);
    }
    return true;
}

static bool read_line(struct reader *reader, const char *line, size_t size)
{
    struct tn_pc_file *file = reader->out;
    size_t at = 0, name;

    while (size && is_space(line[size - 1]))
        size--;
    while (at < size && is_space(line[at]))
        at++;
    line += at;
    size -= at;
    for (name = 0; name < size && line[name] != '=' && line[name] != ':'; name++)
        ;
    if (name == 0 || name == size)
        return true;
    size_t end = name, value = name + 1;
    while (end > 0 && is_space(line[end - 1]))
        end--;
    while (value < size && is_space(line[value]))
        value++;
    const char *key = tn_arena_copy(reader->arena, line, end);
    const char *text = tn_expand(reader->arena, line + value, size - value, false, lookup,
                                 &file->variables, reader->err);
    if (!text)
        return false;
    if (!key)
        return tn_no_memory(reader->err);
    if (line[name] == '=') {
        text = unquoted(reader->arena, text);
        return (text && set_variable(file, key, text)) || tn_no_memory(reader->err);
    }
    return set_field(reader, key, text);
}

/*
 * Copies a line and those that continue it, without its comment, to `line`; returns the offset of
 * the next one.
 */
static size_t join_lines(struct tn_view text, size_t at, char *line, size_t *size)
{
    bool quoted = false, comment = false;

    for (*size = 0; at < text.size && text.at[at] != '\n'; at++) {
        char c = (char)text.at[at], next = at + 1 < text.size ? (char)text.at[at + 1] : '\0';
        comment |= c == '#' && !quoted;
        if (comment)
            continue;
        if (c == '\\' && next == '\n') {
            at++;
            continue;
        }
        if (c == '\\' && next == '\r' && at + 2 < text.size && text.at[at + 2] == '\n') {
            at += 2;
            continue;
        }
        quoted = c == '\\' && !quoted;
        line[(*size)++] = c;
    }
    return at + 1;
}

static bool read_text(struct reader *reader, struct tn_view text)
{
    char *line = malloc(text.size + 1);
    size_t at = 0, size;
    bool good = line || tn_no_memory(reader->err);

    while (good && at < text.size) {
        at = join_lines(text, at, line, &size);
        good = read_line(reader, line, size);
    }
    free(line);
    return good;
}

bool tn_pc_file_read(tenon_world *world, struct tn_arena *arena, const char *path,
                     struct tn_pc_file *out, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct reader reader = { arena, out, err };
    struct tn_view view;
    const char *dir = tn_dir_name(arena, path);
    int failed = tn_file_whole(world, path, TN_PC_FILE, arena, &view);

    *out = (struct tn_pc_file){ 0 };
    if (failed)
        return tn_fail_system(err, failed, "%s", tn_quote(shown, path));
    if (view.size && memchr(view.at, 0, view.size))
        return tn_fail(err, TENON_E_MALFORMED, "%s: not a text file", tn_quote(shown, path));
    if (!dir || !set_variable(out, "pcfiledir", dir) || !set_variable(out, "pc_sysrootdir", ""))
        return tn_no_memory(err);
    return read_text(&reader, view) || tn_context(err, "%s", tn_quote(shown, path));
}

void tn_pc_file_free(struct tn_pc_file *file)
{
    tn_conf_free(&file->variables);
}
