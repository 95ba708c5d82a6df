/*
 * src/bundle/sexp.c - reads and writes S-expressions
 *
 * rule  the syntax of the OCaml library sexplib, as BAP's manifests use it
 */
#include "sexp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"

struct reader {
    const uint8_t *at, *end;
    unsigned line;
    struct tn_arena *arena;
    tenon_error *err;
};

static bool wrong(struct reader *r, const char *what)
{
    return tn_fail(r->err, TENON_E_MALFORMED, "line %u: %s", r->line, what);
}

static int peek(const struct reader *r, size_t ahead)
{
    return (size_t)(r->end - r->at) > ahead ? r->at[ahead] : -1;
}

static int take(struct reader *r)
{
    int c = peek(r, 0);

    if (c >= 0)
        r->at++;
    r->line += c == '\n';
    return c;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* ---- what is passed over -------------------------------------------------------------------- */

static bool pass_block(struct reader *r)
{
    unsigned open = 0;

    do {
        int c = take(r);
        if (c < 0)
            return wrong(r, "a comment without end");
        if (c == '#' && peek(r, 0) == '|') {
            take(r);
            open++;
        } else if (c == '|' && peek(r, 0) == '#') {
            take(r);
            open--;
        }
    } while (open);
    return true;
}

/* Blanks and comments; stops before "#;". */
static bool pass(struct reader *r)
{
    for (;;) {
        int c = peek(r, 0);
        if (is_blank(c)) {
            take(r);
        } else if (c == ';') {
            while (c >= 0 && c != '\n')
                c = take(r);
        } else if (c == '#' && peek(r, 1) == '|') {
            if (!pass_block(r))
                return false;
        } else {
            return true;
        }
    }
}

/* ---- atoms ---------------------------------------------------------------------------------- */

static int hex_digit(int c)
{
    return isdigit(c)             ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "\ddd", "\xhh"; -1: neither. */
static int numbered(struct reader *r)
{
    int a = peek(r, 0), b = peek(r, 1), c = peek(r, 2), value = -1;

    if (a == 'x' && b >= 0 && c >= 0 && hex_digit(b) >= 0 && hex_digit(c) >= 0)
        value = hex_digit(b) * 16 + hex_digit(c);
    else if (a >= 0 && b >= 0 && c >= 0 && isdigit(a) && isdigit(b) && isdigit(c))
        value = (a - '0') * 100 + (b - '0') * 10 + (c - '0');
    if (value < 0 || value > 255)
        return -1;
    r->at += 3;
    return value;
}

/* After a backslash. *skip: it stands for nothing. -1: it makes no sense. */
static int escaped(struct reader *r, bool *skip)
{
    static const char from[] = "ntrb\\\"' ", to[] = "\n\t\r\b\\\"' ";
    int c = peek(r, 0);
    const char *known = c > 0 ? strchr(from, c) : NULL;

    *skip = false;
    if (known) {
        r->at++;
        return to[known - from];
    }
    if (c == '\n' || (c == '\r' && peek(r, 1) == '\n')) {
        while (take(r) != '\n')
            ;
        while (peek(r, 0) == ' ' || peek(r, 0) == '\t')
            take(r);
        *skip = true;
        return 0;
    }
    return numbered(r);
}

/* Bytes up to the quote that ends the atom at hand, or to the end: it is never longer. */
static size_t quoted_size(const struct reader *r)
{
    const uint8_t *at = r->at + 1;

    while (at < r->end && *at != '"')
        at += *at == '\\' && at + 1 < r->end ? 2 : 1;
    return (size_t)(at - r->at);
}

static const char *quoted(struct reader *r)
{
    char *text = tn_arena_bytes(r->arena, quoted_size(r) + 1);
    size_t used = 0;
    int c;

    if (!text) {
        tn_no_memory(r->err);
        return NULL;
    }
    take(r);
    while ((c = take(r)) != '"') {
        bool skip = false;
        if (c == '\\') {
            c = escaped(r, &skip);
            if (c < 0) {
                wrong(r, "an escape that makes no sense");
                return NULL;
            }
        }
        if (c < 0) {
            wrong(r, "a string without end");
            return NULL;
        }
        if (c == 0 && !skip) {
            wrong(r, "a NUL byte in a string");
            return NULL;
        }
        if (!skip)
            text[used++] = (char)c;
    }
    text[used] = '\0';
    return text;
}

static bool ends_bare(const struct reader *r)
{
    int c = peek(r, 0);

    return c < 0 || is_blank(c) || c == '(' || c == ')' || c == '"' || c == ';';
}

static const char *bare(struct reader *r)
{
    const uint8_t *start = r->at;

    while (!ends_bare(r)) {
        if ((peek(r, 0) == '|' && peek(r, 1) == '#') || (peek(r, 0) == '#' && peek(r, 1) == '|')) {
            wrong(r, "the mark of a comment in a word");
            return NULL;
        }
        if (take(r) == 0) {
            wrong(r, "a NUL byte in a word");
            return NULL;
        }
    }
    char *text = tn_arena_copy(r->arena, start, (size_t)(r->at - start));
    if (!text)
        tn_no_memory(r->err);
    return text;
}

/* ---- expressions ---------------------------------------------------------------------------- */

static struct tn_sexp *new_node(struct reader *r)
{
    struct tn_sexp *node = tn_arena_rows(r->arena, 1, sizeof *node);

    if (!node)
        tn_no_memory(r->err);
    return node;
}

/* One expression; `depth` lists are around it. NULL: *err. */
static struct tn_sexp *expression(struct reader *r, unsigned depth);

/* Passes to what "#;" leaves out; false: there is nothing. */
static bool pass_to_left_out(struct reader *r)
{
    if (!pass(r))
        return false;
    return (peek(r, 0) >= 0 && peek(r, 0) != ')') || wrong(r, "#; with nothing behind it");
}

/* Expressions up to `)` or, outside of all lists, the end; "#;" leaves the next one out. */
static bool sequence(struct reader *r, unsigned depth, struct tn_sexp **tail)
{
    while (pass(r)) {
        bool leave_out = peek(r, 0) == '#' && peek(r, 1) == ';';
        if (peek(r, 0) < 0 || peek(r, 0) == ')')
            return true;
        if (leave_out) {
            r->at += 2;
            /* "#;#;a b" leaves out both: each mark is one level */
            if (depth >= TN_SEXP_DEPTH)
                return tn_fail(r->err, TENON_E_LIMIT, "line %u: nested too deep", r->line);
            if (!pass_to_left_out(r))
                return false;
        }
        struct tn_sexp *node = expression(r, depth + leave_out);
        if (!node)
            return false;
        if (!leave_out) {
            *tail = node;
            tail = &node->next;
        }
    }
    return false;
}

static struct tn_sexp *list(struct reader *r, unsigned depth)
{
    struct tn_sexp *node = new_node(r);

    if (depth >= TN_SEXP_DEPTH) {
        tn_fail(r->err, TENON_E_LIMIT, "line %u: nested too deep", r->line);
        return NULL;
    }
    take(r);
    if (!node || !sequence(r, depth + 1, &node->first))
        return NULL;
    if (take(r) != ')') {
        wrong(r, "a list without end");
        return NULL;
    }
    return node;
}

static struct tn_sexp *expression(struct reader *r, unsigned depth)
{
    if (peek(r, 0) == '(')
        return list(r, depth);
    if (peek(r, 0) == '#' && peek(r, 1) == ';') { /* "#;#;a b": left out before what is left out */
        if (depth >= TN_SEXP_DEPTH) {
            tn_fail(r->err, TENON_E_LIMIT, "line %u: nested too deep", r->line);
            return NULL;
        }
        r->at += 2;
        if (!pass_to_left_out(r) || !expression(r, depth + 1) || !pass_to_left_out(r))
            return NULL;
        return expression(r, depth + 1);
    }
    struct tn_sexp *node = new_node(r);
    if (!node)
        return NULL;
    node->text = peek(r, 0) == '"' ? quoted(r) : bare(r);
    return node->text ? node : NULL;
}

const struct tn_sexp *tn_sexp_read(struct tn_view text, struct tn_arena *arena, tenon_error *err)
{
    struct reader r = { text.at, text.at + text.size, 1, arena, err };
    struct tn_sexp *first = NULL;

    if (text.size > TN_LIMIT_MANIFEST) {
        tn_fail(err, TENON_E_LIMIT, "%zu bytes, at most %u", text.size, TN_LIMIT_MANIFEST);
        return NULL;
    }
    if (!sequence(&r, 0, &first))
        return NULL;
    if (peek(&r, 0) >= 0)
        wrong(&r, ") without (");
    else if (!first)
        wrong(&r, "no expression");
    else if (first->next)
        wrong(&r, "a second expression");
    else
        return first;
    return NULL;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_bytes(struct tn_sexp_text *out, const char *bytes, size_t size)
{
    if (out->failed)
        return;
    if (out->room - out->used <= size) {
        size_t room = 2 * (out->used + size) + 256;
        char *more = realloc(out->at, room);
        if (!more) {
            out->failed = true;
            return;
        }
        out->at = more;
        out->room = room;
    }
    memcpy(out->at + out->used, bytes, size);
    out->used += size;
    out->at[out->used] = '\0';
}

void tn_sexp_put(struct tn_sexp_text *out, const char *text)
{
    put_bytes(out, text, strlen(text));
}

static bool is_bare(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || strchr("()\";\\|#", *c))
            return false;
    return *text != '\0';
}

void tn_sexp_put_atom(struct tn_sexp_text *out, const char *text)
{
    static const char special[] = "\"\\\n\t\r\b", names[] = "\"\\ntrb";

    if (is_bare(text)) {
        tn_sexp_put(out, text);
        return;
    }
    put_bytes(out, "\"", 1);
    for (const char *c = text; *c; c++) {
        const char *known = strchr(special, *c);
        char escape[8];
        if (known)
            snprintf(escape, sizeof escape, "\\%c", names[known - special]);
        else if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            snprintf(escape, sizeof escape, "\\%03u", (unsigned)(unsigned char)*c);
        else
            snprintf(escape, sizeof escape, "%c", *c);
        tn_sexp_put(out, escape);
    }
    put_bytes(out, "\"", 1);
}
