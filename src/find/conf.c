/* src/find/conf.c - make-style assignments. rule: POSIX make, "Macros"; GNU make for ?= and += */
#include "conf.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"
#include "text.h"

struct piece {
    struct tn_arena *arena;
    char *bytes;
    size_t used, room;
};

static bool put(struct piece *out, const char *bytes, size_t size, tenon_error *err)
{
    if (size > TN_LIMIT_STRING || out->used + size > TN_LIMIT_STRING)
        return tn_fail(err, TENON_E_LIMIT, "a value of more than %u bytes", TN_LIMIT_STRING);
    if (out->used + size + 1 > out->room) {
        size_t room = (out->used + size + 1) * 2;
        char *bigger = tn_arena_bytes(out->arena, room);
        if (!bigger)
            return tn_no_memory(err);
        if (out->used)
            memcpy(bigger, out->bytes, out->used);
        out->bytes = bigger;
        out->room = room;
    }
    if (size)
        memcpy(out->bytes + out->used, bytes, size);
    out->used += size;
    return true;
}

/* The name that begins behind "${"; *next is behind the closing bracket. */
static bool read_name(const char *text, size_t size, size_t at, size_t *name_size, size_t *next,
                      tenon_error *err)
{
    char close = text[at + 1] == '{' ? '}' : ')';
    const char *end = memchr(text + at + 2, close, size - at - 2);

    if (!end)
        return tn_fail(err, TENON_E_MALFORMED, "$%c without %c", text[at + 1], close);
    *name_size = (size_t)(end - (text + at + 2));
    *next = (size_t)(end - text) + 1;
    return true;
}

static bool put_variable(struct piece *out, const char *name, size_t size, tn_lookup *lookup,
                         void *arg, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM], copy[128];
    const char *value = lookup(arg, name, size);

    if (value)
        return put(out, value, strlen(value), err);
    size_t n = size < sizeof copy ? size : sizeof copy - 1;
    memcpy(copy, name, n);
    copy[n] = '\0';
    return tn_fail(err, TENON_E_MALFORMED, "the variable %s has no value", tn_quote(shown, copy));
}

const char *tn_expand(struct tn_arena *arena, const char *text, size_t size, bool round,
                      tn_lookup *lookup, void *arg, tenon_error *err)
{
    struct piece out = { .arena = arena };
    size_t at = 0;

    while (at < size) {
        const char *dollar = memchr(text + at, '$', size - at);
        size_t stop = dollar ? (size_t)(dollar - text) : size, name_size = 0, next = 0;
        char after = stop + 1 < size ? text[stop + 1] : '\0';
        if (!put(&out, text + at, stop - at, err))
            return NULL;
        at = stop;
        if (stop == size)
            break;
        if (after == '$' && round) {
            next = stop + 2;
            if (!put(&out, "$", 1, err))
                return NULL;
        } else if (after == '{' || (after == '(' && round)) {
            if (!read_name(text, size, stop, &name_size, &next, err) ||
                !put_variable(&out, text + stop + 2, name_size, lookup, arg, err))
                return NULL;
        } else {
            next = stop + 1;
            if (!put(&out, "$", 1, err))
                return NULL;
        }
        at = next;
    }
    if (!put(&out, "", 0, err))
        return NULL;
    out.bytes[out.used] = '\0';
    return out.bytes;
}

const char *tn_conf_get(const struct tn_conf *conf, const char *name, size_t size)
{
    for (size_t i = 0; i < conf->count; i++)
        if (strlen(conf->rows[i].name) == size && memcmp(conf->rows[i].name, name, size) == 0)
            return conf->rows[i].value;
    return NULL;
}

/* make takes an unknown variable for an empty one */
static const char *lookup_or_empty(void *arg, const char *name, size_t size)
{
    const char *value = tn_conf_get(arg, name, size);

    return value ? value : "";
}

static bool assign(struct tn_conf *conf, struct tn_arena *arena, const char *name, char how,
                   const char *value, tenon_error *err)
{
    struct tn_conf_row *row = NULL;

    for (size_t i = 0; i < conf->count && !row; i++)
        if (strcmp(conf->rows[i].name, name) == 0)
            row = &conf->rows[i];
    if (row && how == '?')
        return true;
    if (row && how == '+') {
        if (strlen(row->value) + strlen(value) > TN_LIMIT_STRING)
            return tn_fail(err, TENON_E_LIMIT, "a value of more than %u bytes", TN_LIMIT_STRING);
        value = tn_arena_format(arena, "%s%s%s", row->value, *row->value ? " " : "", value);
        if (!value)
            return tn_no_memory(err);
    }
    if (!row) {
        if (conf->count == TN_LIMIT_INCLUDES)
            return tn_fail(err, TENON_E_LIMIT, "more than %u variables", TN_LIMIT_INCLUDES);
        if (!tn_grow(&conf->rows, &conf->room, conf->count, sizeof *conf->rows))
            return tn_no_memory(err);
        row = &conf->rows[conf->count++];
    }
    *row = (struct tn_conf_row){ .name = name, .value = value, .weak = how == '?' };
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '+';
}

/* One line, continued ones joined and the comment gone. */
static bool read_assignment(struct tn_conf *conf, struct tn_arena *arena, const char *line,
                            size_t size, tenon_error *err)
{
    size_t at = 0, start, name_size;
    char how = '=';

    while (at < size && is_blank(line[at]))
        at++;
    while (size > at && is_blank(line[size - 1]))
        size--;
    if (at == size)
        return true;
    start = at;
    while (at < size && is_name(line[at]))
        at++;
    /* "A+=b": the plus sign belongs to the assignment */
    if (at > start && at < size && line[at] == '=' && line[at - 1] == '+')
        at--;
    name_size = at - start;
    while (at < size && is_blank(line[at]))
        at++;
    if (at + 1 < size && strchr(":?+", line[at]) && line[at + 1] == '=')
        how = line[at++];
    if (name_size == 0 || at == size || line[at] != '=')
        return tn_fail(err, TENON_E_MALFORMED, "NAME = VALUE expected");
    for (at++; at < size && is_blank(line[at]); at++)
        ;
    const char *name = tn_arena_copy(arena, line + start, name_size);
    if (!name)
        return tn_no_memory(err);
    const char *value = tn_expand(arena, line + at, size - at, true, lookup_or_empty, conf, err);
    return value && assign(conf, arena, name, how, value, err);
}

/*
 * Copies a line and those that continue it, without its comment, to `line`; returns the offset of
 * the next one.
 */
static size_t join_lines(struct tn_view text, size_t at, char *line, size_t *size, size_t *lines)
{
    bool comment = false;

    *size = 0;
    for (; at < text.size; at++) {
        char c = (char)text.at[at], next = at + 1 < text.size ? (char)text.at[at + 1] : '\0';
        if (c == '\n')
            break;
        if (c == '\\' && next == '\n') {
            if (!comment)
                line[(*size)++] = ' ';
            ++*lines;
            at++;
        } else if (c == '\\' && next == '#') {
            if (!comment)
                line[(*size)++] = '#';
            at++;
        } else if (c == '#') {
            comment = true;
        } else if (!comment) {
            line[(*size)++] = c;
        }
    }
    ++*lines;
    return at + 1;
}

bool tn_conf_read(struct tn_conf *conf, struct tn_arena *arena, struct tn_view text,
                  tenon_error *err)
{
    size_t at = 0, number = 0, size;
    char *line;

    if (text.size > TN_LIMIT_STRING)
        return tn_fail(err, TENON_E_LIMIT, "more than %u bytes", TN_LIMIT_STRING);
    if (memchr(text.at, 0, text.size))
        return tn_fail(err, TENON_E_MALFORMED, "not a text file");
    line = malloc(text.size + 1);
    if (!line)
        return tn_no_memory(err);
    while (at < text.size) {
        size_t first = number + 1;
        at = join_lines(text, at, line, &size, &number);
        if (!read_assignment(conf, arena, line, size, err)) {
            free(line);
            return tn_context(err, "line %zu", first);
        }
    }
    free(line);
    return true;
}

void tn_conf_free(struct tn_conf *conf)
{
    free(conf->rows);
    *conf = (struct tn_conf){ 0 };
}
