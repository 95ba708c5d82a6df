/*
 * src/loader/dirs.c - path lists: split, expand tokens, drop what the loader drops
 *
 * rule  glibc elf/dl-load.c, fillin_rpath() and _dl_dst_substitute(); musl ldso/dynlink.c,
 *       path_open(). What differs is in the list's syntax
 */
#include "dirs.h"

#include <string.h>

#include "limits.h"

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Does this character behind an unbraced name make it another word? */
static bool goes_on(char c, enum tn_token_end end)
{
    if (end == TN_TOKEN_END_NOTHING)
        return false;
    return is_letter(c) || (end == TN_TOKEN_END_IDENTIFIER && (c == '_' || (c >= '0' && c <= '9')));
}

/* The length of the word at `at` ('$') that is no token, for loaders to which it is nothing. */
static size_t unknown_word(const char *at, const char *end)
{
    const char *p = at + 1;
    bool braced = p < end && *p == '{';
    for (p += braced; p < end && (is_letter(*p) || *p == '_'); p++)
        ;
    return (size_t)(p - at) + (braced && p < end && *p == '}');
}

/*
 * The token at `at` ('$'), NULL when it is none: then '$' stands for itself.
 * rule     glibc elf/dl-load.c, is_dst(): an unbraced name must not be followed by another
 *          character of an identifier, so that "$ORIGINX" is no token
 */
static const struct tn_token *token_at(const char *at, const char *end,
                                       const struct tn_tokens *tokens, size_t *length)
{
    for (size_t i = 0; i < tokens->count; i++) {
        size_t n = strlen(tokens->rows[i].name);
        const char *p = at + 1;
        bool braced = p < end && *p == '{' && !tokens->no_braces;
        p += braced;
        if ((size_t)(end - p) < n || memcmp(p, tokens->rows[i].name, n) != 0)
            continue;
        p += n;
        if (braced) {
            if (p == end || *p != '}')
                continue;
            p++;
        } else if (p < end && goes_on(*p, tokens->end)) {
            continue;
        }
        *length = (size_t)(p - at);
        return &tokens->rows[i];
    }
    return NULL;
}

bool tn_tokens_in(const char *string, const struct tn_tokens *tokens)
{
    const char *end = string + strlen(string);
    size_t length;
    for (const char *p = strchr(string, '$'); p; p = strchr(p + 1, '$'))
        if (token_at(p, end, tokens, &length))
            return true;
    return false;
}

/* Removes "." and ".." and doubled slashes from an absolute path, without asking any file. */
static char *normalise(struct tn_arena *arena, const char *path)
{
    char *out = tn_arena_bytes(arena, strlen(path) + 2);
    if (!out)
        return NULL;
    size_t n = 0;
    out[n++] = '/';
    while (*path) {
        size_t part = strcspn(path, "/");
        if (part == 2 && path[0] == '.' && path[1] == '.') {
            while (n > 1 && out[--n - 1] != '/')
                ;
        } else if (part && !(part == 1 && path[0] == '.')) {
            memcpy(out + n, path, part);
            n += part;
            out[n++] = '/';
        }
        path += part;
        path += *path == '/';
    }
    out[n] = '\0';
    return out;
}

/* rule  glibc elf/dl-load.c, is_trusted_path_normalize() */
static bool is_trusted(struct tn_arena *arena, const char *path, const struct tn_dirs *trusted)
{
    char *clean = *path == '/' ? normalise(arena, path) : NULL;
    if (!clean)
        return false;
    for (size_t i = 0; i < trusted->count; i++) {
        const char *dir = trusted->at[i].dir;
        size_t n = strlen(dir);
        if (strncmp(clean, dir, n) == 0 && clean[n] == '/')
            return true;
    }
    return false;
}

struct expansion {
    size_t size;      /* bytes of the result */
    bool secure_used; /* the first token, which secure processes restrict, is in it */
};

/*
 * The value of a token that was read at `at`; NULL with *outcome when it may not stand there.
 * rule  glibc elf/dl-load.c, _dl_dst_substitute(): in a secure process $ORIGIN begins the element,
 *       and a '/' or nothing follows it
 */
static const char *value_of(const struct tn_token *token, const struct tn_tokens *tokens,
                            bool first, char next, enum tenon_outcome *outcome)
{
    bool origin = token == &tokens->rows[0];
    if (!token->value)
        *outcome = TENON_OUTCOME_NOT_EXPANDABLE;
    else if (tokens->secure && origin && !(first && (next == '\0' || next == '/')))
        *outcome = TENON_OUTCOME_DROPPED_SECURE;
    else
        return token->value;
    return NULL;
}

/* Measures (out NULL) or writes the expansion. */
static bool expand_into(char *out, const char *string, size_t size, const struct tn_tokens *tokens,
                        struct expansion *result, enum tenon_outcome *outcome)
{
    const char *end = string + size, *from = NULL;
    size_t n = 0, length, count;
    for (const char *p = string; p < end; p += length, n += count) {
        const struct tn_token *token = *p == '$' ? token_at(p, end, tokens, &length) : NULL;
        if (token) {
            char next = '\0';
            if (p + length < end)
                next = p[length];
            from = value_of(token, tokens, p == string, next, outcome);
            if (!from)
                return false;
            result->secure_used |= token == &tokens->rows[0];
            count = strlen(from);
        } else if (*p == '$' && tokens->unknown_vanish) {
            from = "";
            length = unknown_word(p, end);
            count = 0;
        } else {
            from = p;
            length = count = 1;
        }
        if (count > TN_LIMIT_STRING * 2 - n) {
            *outcome = TENON_OUTCOME_TOO_LONG;
            return false;
        }
        if (out)
            memcpy(out + n, from, count);
    }
    result->size = n;
    return true;
}

const char *tn_tokens_expand(struct tn_arena *arena, const char *string, size_t size,
                             const struct tn_tokens *tokens, enum tenon_outcome *outcome)
{
    struct expansion result = { 0, false };
    *outcome = TENON_OUTCOME_FOUND;
    if (!memchr(string, '$', size))
        return tn_arena_copy(arena, string, size);
    if (!expand_into(NULL, string, size, tokens, &result, outcome))
        return NULL;
    char *out = tn_arena_bytes(arena, result.size + 1);
    if (!out)
        return NULL;
    expand_into(out, string, size, tokens, &result, outcome);
    out[result.size] = '\0';
    if (tokens->secure && result.secure_used && tokens->trusted &&
        !is_trusted(arena, out, tokens->trusted)) {
        *outcome = TENON_OUTCOME_DROPPED_SECURE;
        return NULL;
    }
    return out;
}

static size_t count_elements(const char *list, const char *separators)
{
    size_t n = 1;
    for (; *list && n < TN_LIMIT_LIST_ELEMENTS; list++)
        n += strchr(separators, *list) != NULL;
    return n;
}

/* Lists are short; only hostile ones are long, and of those only the first rows are compared. */
#define DUPLICATE_WINDOW 256

static bool is_duplicate(const struct tn_dirs *dirs, const char *dir)
{
    for (size_t i = 0; i < dirs->count && i < DUPLICATE_WINDOW; i++)
        if (dirs->at[i].dir && strcmp(dirs->at[i].dir, dir) == 0)
            return true;
    return false;
}

/* Without trailing slashes, but for the root. NULL: no memory. */
static const char *strip_slashes(struct tn_arena *arena, const char *dir)
{
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    return dir[n] ? tn_arena_copy(arena, dir, n) : dir;
}

/* Fills e->dir from e->text; NULL stays there for what is dropped. false: no memory. */
static bool read_element(struct tn_arena *arena, const struct tn_list_syntax *syntax,
                         struct tn_element *e)
{
    const char *dir = e->text;
    if (syntax->tokens && strchr(dir, '$')) {
        dir = tn_tokens_expand(arena, dir, strlen(dir), syntax->tokens, &e->dropped);
        if (!dir)
            return e->dropped != TENON_OUTCOME_FOUND;
        if (!*dir) { /* it was not empty before: the loader drops it */
            e->dropped = TENON_OUTCOME_NOT_EXPANDABLE;
            return true;
        }
    }
    e->dir = syntax->strip_slashes ? strip_slashes(arena, dir) : dir;
    return e->dir != NULL;
}

/* Is the empty element here, behind `before` (0: the first), the current directory? */
static bool is_cwd(const struct tn_list_syntax *syntax, char before, const char *text)
{
    return syntax->empty_is_cwd && (!syntax->cwd_beside || *text == syntax->cwd_beside ||
                                    (!*text && before == syntax->cwd_beside));
}

/* Appends one element, the bytes text[size]; false: no memory. */
static bool add_element(struct tn_arena *arena, struct tn_dirs *dirs, const char *text, size_t size,
                        const struct tn_list_syntax *syntax)
{
    struct tn_element e = { .dropped = TENON_OUTCOME_FOUND };
    e.text = tn_arena_copy(arena, text, size);
    if (!e.text || !read_element(arena, syntax, &e))
        return false;
    if (!e.dir || !syntax->drop_duplicates || !is_duplicate(dirs, e.dir))
        dirs->at[dirs->count++] = e;
    return true;
}

const struct tn_dirs *tn_dirs_split(struct tn_arena *arena, const char *list,
                                    const struct tn_list_syntax *syntax)
{
    struct tn_dirs *dirs = tn_arena_take(arena, sizeof *dirs);
    size_t room = count_elements(list, syntax->separators);
    if (!dirs || !(dirs->text = tn_arena_string(arena, list)) ||
        !(dirs->at = tn_arena_rows(arena, room, sizeof *dirs->at)))
        return NULL;
    char before = '\0';
    for (size_t i = 0; i < room; i++) {
        size_t size = strcspn(list, syntax->separators);
        if ((size || is_cwd(syntax, before, list)) && !add_element(arena, dirs, list, size, syntax))
            return NULL;
        before = list[size];
        if (!before)
            break;
        list += size + 1;
    }
    return dirs;
}

const struct tn_dirs *tn_dirs_from(struct tn_arena *arena, const char *const *strings, size_t count)
{
    struct tn_dirs *dirs = tn_arena_take(arena, sizeof *dirs);
    if (!dirs || !(dirs->at = tn_arena_rows(arena, count + 1, sizeof *dirs->at)))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *dir = tn_arena_string(arena, strings[i]);
        if (!dir)
            return NULL;
        dirs->at[dirs->count++] = (struct tn_element){ dir, dir, TENON_OUTCOME_FOUND };
    }
    dirs->text = "";
    return dirs;
}
