/*
 * src/find/quote.c - words as each consumer reads them
 *
 * rules: POSIX sh 2.2; make: "$$", "\#"; CMake quoted arguments; Meson '...' strings; pkgconf
 * argvsplit (a backslash takes the next character)
 */
#include "quote.h"

#include <stdlib.h>

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_./,:=+@%^", c)) || (unsigned char)c >= 0x80;
}

const char *tn_quote_shell(struct tn_arena *arena, const char *word)
{
    size_t size = 0, quotes = 0;
    bool plain = *word;

    for (; word[size]; size++) {
        plain = plain && is_plain(word[size]);
        quotes += word[size] == '\'';
    }
    if (plain)
        return tn_arena_string(arena, word);
    char *out = tn_arena_bytes(arena, size + 3 * quotes + 3), *at = out;
    if (!out)
        return NULL;
    *at++ = '\'';
    for (; *word; word++) {
        if (*word == '\'') {
            memcpy(at, "'\\'", 3);
            at += 3;
        }
        *at++ = *word;
    }
    *at++ = '\'';
    *at = '\0';
    return out;
}

const char *tn_join_shell(struct tn_arena *arena, const struct tn_words *words)
{
    const char *all = tn_arena_string(arena, "");

    for (size_t i = 0; all && i < words->count; i++) {
        const char *word = tn_quote_shell(arena, words->at[i]);
        all = word ? tn_arena_format(arena, "%s%s%s", all, i ? " " : "", word) : NULL;
    }
    return all;
}

/* A copy with `before` put before each character of `which`. */
static const char *mark(struct tn_arena *arena, const char *text, const char *which, char before)
{
    size_t size = strlen(text);
    char *out = tn_arena_bytes(arena, 2 * size + 1), *at = out;

    if (!out)
        return NULL;
    for (; *text; text++) {
        if (strchr(which, *text))
            *at++ = before;
        *at++ = *text;
    }
    *at = '\0';
    return out;
}

const char *tn_quote_make(struct tn_arena *arena, const char *text)
{
    const char *hashes = mark(arena, text, "#", '\\');

    return hashes ? mark(arena, hashes, "$", '$') : NULL;
}

const char *tn_quote_cmake(struct tn_arena *arena, const char *text)
{
    return mark(arena, text, "\\\"$;", '\\');
}

const char *tn_quote_meson(struct tn_arena *arena, const char *text)
{
    return mark(arena, text, "\\'", '\\');
}

const char *tn_quote_pc(struct tn_arena *arena, const char *word)
{
    return mark(arena, word, " \t\\\"'#`&;<>|*?[]!", '\\');
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Does a backslash here take the next character?
 *
 * rule  POSIX sh 2.2.1 to 2.2.3: in single quotes never, in double quotes only before these
 */
static bool is_escape(const char *at, char quote)
{
    return at[0] == '\\' && at[1] && quote != '\'' && (!quote || strchr("$`\"\\\n", at[1]));
}

/* Takes one word off `text`; `out` has room for all of it. A line may go on behind a backslash. */
static const char *take_word(const char *text, char *out)
{
    char quote = '\0';

    for (; *text && (quote || !is_space(*text)); text++) {
        if (is_escape(text, quote)) {
            if (*++text != '\n')
                *out++ = *text;
        } else if (quote && *text == quote) {
            quote = '\0';
        } else if (!quote && (*text == '\'' || *text == '"')) {
            quote = *text;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
    return text;
}

bool tn_is_balanced(const char *text)
{
    char quote = '\0';

    for (; *text; text++) {
        if (is_escape(text, quote))
            text++;
        else if (quote && *text == quote)
            quote = '\0';
        else if (!quote && (*text == '\'' || *text == '"'))
            quote = *text;
    }
    return !quote;
}

bool tn_split_shell(struct tn_words *words, struct tn_arena *arena, const char *text)
{
    char *room = malloc(strlen(text) + 1);
    bool good = room;

    while (good) {
        while (is_space(*text))
            text++;
        if (!*text)
            break;
        text = take_word(text, room);
        const char *word = tn_arena_string(arena, room);
        good = word && tn_words_add(words, word);
    }
    free(room);
    return good;
}
