/* src/link/words.c - response files. rule: libiberty argv.c, expandargv() and buildargv() */
#include "words.h"

#include <errno.h>
#include <stdlib.h>

#include "fail.h"
#include "file.h"
#include "limits.h"
#include "text.h"

bool tn_words_add(struct tn_words *words, const char *word)
{
    if (!tn_grow(&words->at, &words->room, words->count, sizeof *words->at))
        return false;
    words->at[words->count++] = word;
    return true;
}

bool tn_words_add_once(struct tn_words *words, const char *word)
{
    return tn_is_among(word, words->at, words->count) || tn_words_add(words, word);
}

bool tn_words_add_all(struct tn_words *words, const struct tn_words *more)
{
    for (size_t i = 0; i < more->count; i++)
        if (!tn_words_add(words, more->at[i]))
            return false;
    return true;
}

bool tn_words_end(struct tn_words *words)
{
    if (!tn_words_add(words, NULL))
        return false;
    words->count--;
    return true;
}

void tn_words_free(struct tn_words *words)
{
    free(words->at);
    *words = (struct tn_words){ 0 };
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word of a response file, unquoted; NULL at the end or without memory (*lost). */
static const char *next_word(struct tn_view text, size_t *pos, struct tn_arena *arena, bool *lost)
{
    size_t i = *pos, size = 0;
    uint8_t quote = 0;

    while (i < text.size && is_space(text.at[i]))
        i++;
    if (i == text.size) {
        *pos = i;
        return NULL;
    }
    char *word = tn_arena_bytes(arena, text.size - i + 1);
    if (!word) {
        *lost = true;
        return NULL;
    }
    for (; i < text.size && (quote || !is_space(text.at[i])); i++) {
        uint8_t c = text.at[i];
        if (c == '\\' && i + 1 < text.size)
            word[size++] = (char)text.at[++i];
        else if (quote && c == quote)
            quote = 0;
        else if (!quote && (c == '\'' || c == '"'))
            quote = c;
        else
            word[size++] = (char)c;
    }
    *pos = i;
    word[size] = '\0';
    return word;
}

static bool expand(struct tn_words *words, tenon_world *world, struct tn_arena *arena,
                   const char *word, unsigned depth, tenon_error *err);

static bool expand_text(struct tn_words *words, tenon_world *world, struct tn_arena *arena,
                        struct tn_view text, unsigned depth, tenon_error *err)
{
    struct tn_arena scratch = { 0 }; /* a word has room for the rest of the file at first */
    size_t pos = 0;
    bool lost = false, good = true;

    while (good && !lost && pos < text.size) {
        const char *word = next_word(text, &pos, &scratch, &lost);
        const char *kept = word ? tn_arena_string(arena, word) : NULL;
        if (word && !kept)
            lost = true;
        else if (word)
            good = expand(words, world, arena, kept, depth, err);
        tn_arena_reset(&scratch);
    }
    tn_arena_free(&scratch);
    return lost ? tn_no_memory(err) : good;
}

static bool expand(struct tn_words *words, tenon_world *world, struct tn_arena *arena,
                   const char *word, unsigned depth, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_view text;
    int failed = ENOENT;

    if (words->count >= TN_LIMIT_WORDS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u words in a command", TN_LIMIT_WORDS);
    if (word[0] == '@' && word[1])
        failed = tn_file_whole(world, word + 1, TN_LIMIT_CONFIG, arena, &text);
    if (failed == EFBIG)
        return tn_fail(err, TENON_E_LIMIT, "%s: more than %u bytes", tn_quote(shown, word + 1),
                       TN_LIMIT_CONFIG);
    if (failed == ENOMEM)
        return tn_no_memory(err);
    if (failed) /* the driver takes such a word as it stands */
        return tn_words_add(words, word) ? true : tn_no_memory(err);
    if (depth == TN_LIMIT_INCLUDE_DEPTH)
        return tn_fail(err, TENON_E_LIMIT, "%s: response files nested more than %u deep",
                       tn_quote(shown, word + 1), TN_LIMIT_INCLUDE_DEPTH);
    return expand_text(words, world, arena, text, depth + 1, err);
}

bool tn_words_expand(struct tn_words *words, tenon_world *world, struct tn_arena *arena,
                     const char *word, tenon_error *err)
{
    return expand(words, world, arena, word, 0, err);
}
