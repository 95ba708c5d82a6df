/*
 * src/image/stub_yaml.c - the YAML that text stubs are written in
 *
 * rule  YAML 1.2, of which llvm lib/TextAPI/TextStub.cpp writes little: no anchors, no aliases, no
 *       block scalars, no maps in brackets. What is beyond is refused, not guessed
 */
#include "fail.h"
#include "stub.h"

#define DEPTH 8u

struct yaml {
    struct tn_arena *arena;
    const char *at; /* the start of a line, or inside one */
    unsigned line, depth;
    tenon_error *err;
};

static json_t *fail_here(struct yaml *y, const char *what)
{
    tn_fail(y->err, TENON_E_MALFORMED, "line %u: %s", y->line, what);
    return NULL;
}

static json_t *check(struct yaml *y, json_t *value)
{
    if (!value)
        tn_fail(y->err, TENON_E_MALFORMED, "line %u: not UTF-8, or no memory", y->line);
    return value;
}

static void next_line(struct yaml *y)
{
    y->at += strcspn(y->at, "\n");
    if (*y->at) {
        y->at++;
        y->line++;
    }
}

/* Past blanks and, at the end of a line, a comment. */
static void skip_blanks(struct yaml *y)
{
    y->at += strspn(y->at, " \t\r");
    if (*y->at == '#')
        y->at += strcspn(y->at, "\n");
}

/* The indentation of the next line that says something; -1: the document ends. */
static int next_indent(struct yaml *y)
{
    for (;;) {
        size_t indent = strspn(y->at, " ");
        char c = y->at[indent];
        if (!c || (!indent && (strncmp(y->at, "---", 3) == 0 || strncmp(y->at, "...", 3) == 0)))
            return -1;
        if (c != '\n' && c != '\r' && c != '#')
            return indent < 1000 ? (int)indent : 1000;
        next_line(y);
    }
}

static json_t *quoted(struct yaml *y)
{
    char quote = *y->at++;
    const char *end = y->at;
    size_t size = 0;
    while (*end && *end != '\n' && !(*end == quote && !(quote == '\'' && end[1] == '\''))) {
        end += *end == quote || (quote == '"' && *end == '\\' && end[1]) ? 2 : 1;
        size++;
    }
    if (*end != quote)
        return fail_here(y, "a quoted word without its end");
    char *text = tn_arena_bytes(y->arena, size + 1), *to = text;
    if (!text)
        return check(y, NULL);
    for (const char *p = y->at; p < end; p++) {
        if ((*p == '\'' && quote == '\'') || (*p == '\\' && quote == '"'))
            p++;
        *to++ = *p;
    }
    y->at = end + 1;
    return check(y, json_stringn(text, (size_t)(to - text)));
}

/* A word up to one of `ends`, without blanks behind it. */
static json_t *plain(struct yaml *y, const char *ends)
{
    size_t size = strcspn(y->at, ends);
    if (*y->at == '&' || *y->at == '*' || *y->at == '{' || *y->at == '|' || *y->at == '>')
        return fail_here(y, "a kind of value that text stubs do not have");
    const char *from = y->at;
    y->at += size;
    while (size && memchr(" \t\r", from[size - 1], 3))
        size--;
    return check(y, json_stringn(from, size));
}

/* [ a, 'b', "c" ], over several lines. */
static json_t *bracket_list(struct yaml *y)
{
    json_t *list = check(y, json_array());
    y->at++;
    while (list) {
        skip_blanks(y);
        if (*y->at == '\n') {
            next_line(y);
            continue;
        }
        if (*y->at == ',') {
            y->at++;
            continue;
        }
        if (*y->at == ']') {
            y->at++;
            return list;
        }
        json_t *item = !*y->at                           ? fail_here(y, "a list without its end")
                       : *y->at == '[' || *y->at == '{'  ? fail_here(y, "a list in a list")
                       : *y->at == '\'' || *y->at == '"' ? quoted(y)
                                                         : plain(y, ",]\n");
        if (!item || json_array_append_new(list, item) != 0)
            break;
    }
    json_decref(list);
    return NULL;
}

static json_t *block(struct yaml *y, int indent);

/* What stands behind "key:" or "- " in one line; NULL without an error: nothing does. */
static json_t *inline_value(struct yaml *y, bool *is_there)
{
    skip_blanks(y);
    *is_there = *y->at && *y->at != '\n';
    if (!*is_there)
        return NULL;
    json_t *value = *y->at == '['                     ? bracket_list(y)
                    : *y->at == '\'' || *y->at == '"' ? quoted(y)
                                                      : plain(y, "#\n");
    skip_blanks(y);
    if (value && *y->at && *y->at != '\n') {
        json_decref(value);
        return fail_here(y, "more than one value");
    }
    next_line(y);
    return value;
}

/* The value of a key: in its line, or a block below it. */
static json_t *value_below(struct yaml *y, int indent)
{
    bool is_there;
    json_t *value = inline_value(y, &is_there);
    if (is_there)
        return value;
    next_line(y);
    int below = next_indent(y);
    bool list = below >= indent && y->at[below] == '-';
    if (below > indent || list)
        return block(y, below);
    return check(y, json_string(""));
}

/* Bytes of a key that a colon follows; 0: there is none. */
static size_t key_size(const char *at)
{
    size_t size = strcspn(at, ":\n'\"[]{}#,");
    return at[size] == ':' && strchr(" \t\r\n", at[size + 1]) ? size : 0;
}

static json_t *block_map(struct yaml *y, int indent)
{
    json_t *map = check(y, json_object());
    bool first = true; /* behind "- " the line has begun */
    while (map) {
        if (!first) {
            int next = next_indent(y);
            if (next < indent || (next == indent && y->at[next] == '-'))
                return map;
            if (next > indent) {
                json_decref(map);
                return fail_here(y, "deeper than what is above");
            }
            y->at += indent;
        }
        first = false;
        size_t size = key_size(y->at);
        const char *key = size ? tn_arena_copy(y->arena, y->at, size) : NULL;
        if (!key) {
            fail_here(y, "a key and a colon were expected");
            json_decref(map);
            return NULL;
        }
        y->at += size + 1;
        json_t *value = value_below(y, indent);
        if (!value || json_object_set_new(map, key, value) != 0) {
            json_decref(map);
            return NULL;
        }
    }
    return NULL;
}

static json_t *block_list(struct yaml *y, int indent)
{
    json_t *list = check(y, json_array());
    while (list) {
        int next = next_indent(y);
        if (next != indent || y->at[next] != '-')
            return list;
        y->at += indent + 1;
        size_t blanks = strspn(y->at, " ");
        bool is_there = true;
        y->at += blanks;
        json_t *item =
            key_size(y->at) ? block_map(y, indent + 1 + (int)blanks) : inline_value(y, &is_there);
        if (!item) {
            if (!is_there)
                fail_here(y, "an empty element");
            break;
        }
        if (json_array_append_new(list, item) != 0)
            break;
    }
    json_decref(list);
    return NULL;
}

/* A map or a list whose lines begin at `indent`. */
static json_t *block(struct yaml *y, int indent)
{
    json_t *value = NULL;
    if (++y->depth > DEPTH)
        return fail_here(y, "too many levels");
    if (y->at[indent] == '-') {
        value = block_list(y, indent);
    } else {
        y->at += indent;
        value = block_map(y, indent);
    }
    y->depth--;
    return value;
}

json_t *tn_yaml_document(struct tn_arena *arena, const char **at, unsigned *line, const char **tag,
                         tenon_error *err)
{
    struct yaml y = { .arena = arena, .at = *at, .line = *line, .err = err };
    json_t *map = NULL;
    *tag = "";
    while (next_indent(&y) < 0 && *y.at) { /* marks, the last of which may have a tag */
        const char *mark = y.at + 3 + strspn(y.at + 3, " ");
        size_t size = *y.at == '-' && *mark == '!' ? strcspn(mark, " \t\r\n") : 0;
        if (size)
            *tag = tn_arena_copy(arena, mark, size);
        next_line(&y);
    }
    if (!*tag) {
        tn_no_memory(err);
        return NULL;
    }
    if (next_indent(&y) == 0)
        map = block(&y, 0);
    else if (*y.at)
        fail_here(&y, "the first line is indented");
    if (map && next_indent(&y) >= 0) {
        json_decref(map);
        map = NULL;
        fail_here(&y, "a line that belongs to nothing");
    }
    *at = y.at;
    *line = y.line;
    return map;
}
