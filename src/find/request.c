/*
 * src/find/request.c - a request without relative paths
 *
 * What is found is used elsewhere, and later: a run path that is relative would be looked for where
 * the program is started, and a linker tells of its files by the names it was given.
 */
#include "request.h"

#include <unistd.h>

#include "flags.h"
#include "passed.h"
#include "quote.h"
#include "text.h"

/* Switches with a directory behind them, in the same word or in the next. */
static const char *const switches[] = { "-I", "-L", "-F", "-isystem", "-idirafter", "-iquote" };

/* One word; *is_path: the last one was a switch whose directory this is, then whether this is. */
static const char *absolute_word(struct tn_arena *arena, const struct tenon_finder *finder,
                                 const char *word, bool *is_path)
{
    bool after = *is_path;

    *is_path = false;
    if (after || (word[0] != '-' && access(word, F_OK) == 0))
        return tn_absolute_path(arena, finder, word);
    for (size_t i = 0; i < TN_COUNT(switches); i++) {
        const char *rest = word + strlen(switches[i]);
        if (!tn_begins(word, switches[i]))
            continue;
        *is_path = !*rest;
        if (!*rest || *rest == '=' || *rest == '$') /* below the sysroot */
            return word;
        rest = tn_absolute_path(arena, finder, rest);
        return rest ? tn_arena_format(arena, "%s%s", switches[i], rest) : NULL;
    }
    return word;
}

struct run_paths {
    struct tn_run_path_reader reader;
    struct tn_arena *arena;
    const struct tenon_finder *finder;
};

/* A run path with each of its relative directories made absolute. */
static const char *absolute_run_path(void *arg, const char *word)
{
    struct run_paths *paths = arg;
    bool is;
    size_t at = tn_run_path_in(&paths->reader, word, &is);
    const char *list = word + at;
    const char *out = is ? tn_arena_copy(paths->arena, word, at) : word;

    while (out && is && *list) {
        size_t size = strcspn(list, ":");
        const char *one = tn_arena_copy(paths->arena, list, size);
        if (one && tn_is_relative(one, size))
            one = tn_absolute_path(paths->arena, paths->finder, one);
        list += size;
        out = one ? tn_arena_format(paths->arena, "%s%s%s", out, one, *list ? ":" : "") : NULL;
        list += *list == ':';
    }
    return out;
}

static bool absolute_words(struct tn_arena *arena, const struct tenon_finder *finder,
                           const char **text, bool link)
{
    struct tn_words words = { 0 };
    struct run_paths paths = { .arena = arena, .finder = finder };
    bool is_path = false;
    bool good = !*text || (tn_split_shell(&words, arena, *text) && tn_join_apart(&words, arena));

    /* rule  clang: of a compiler -R is another switch (-Rpass) */
    good = good && (!link || tn_passed_map(&words, arena, absolute_run_path, &paths));

    for (size_t i = 0; good && i < words.count; i++) {
        words.at[i] = absolute_word(arena, finder, words.at[i], &is_path);
        good = words.at[i];
    }
    if (good && *text)
        good = (*text = tn_join_shell(arena, &words));
    tn_words_free(&words);
    return good;
}

static bool absolute_dirs(struct tn_arena *arena, const struct tenon_finder *finder,
                          const char *const **dirs)
{
    const char **out;
    size_t count = 0;

    while (*dirs && (*dirs)[count])
        count++;
    out = tn_arena_rows(arena, count + 1, sizeof *out);
    for (size_t i = 0; out && i < count; i++)
        if (!(out[i] = tn_absolute_path(arena, finder, (*dirs)[i])))
            return false;
    *dirs = out;
    return out;
}

bool tn_request_absolute(struct tn_arena *arena, const struct tenon_finder *finder,
                         tenon_find_request *request)
{
    if (request->program && !(request->program = tn_absolute_path(arena, finder, request->program)))
        return false;
    return absolute_dirs(arena, finder, &request->dirs) &&
           absolute_words(arena, finder, &request->cflags, false) &&
           absolute_words(arena, finder, &request->libs, true);
}
