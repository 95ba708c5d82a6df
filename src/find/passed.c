/*
 * src/find/passed.c - the words that a compiler passes on to its linker
 *
 * rule  GCC manual, "Options for Linking": -Wl cuts its option at commas, -Xlinker passes on one
 * word as it is; clang does the same
 */
#include "passed.h"

#include <string.h>

#include "fail.h"
#include "flags.h"
#include "text.h"
#include "view.h"

static const char xlinker[] = "-Xlinker";

bool tn_add_passed(struct tn_words *words, struct tn_arena *arena, const char *const *passed,
                   size_t count)
{
    const char *joined = "-Wl";
    bool cut = false, good = true;

    for (size_t i = 0; i < count; i++)
        cut = cut || strchr(passed[i], ',');
    for (size_t i = 0; good && cut && i < count; i++)
        good = tn_words_add(words, xlinker) && tn_words_add(words, passed[i]);
    for (size_t i = 0; joined && !cut && i < count; i++)
        joined = tn_arena_format(arena, "%s,%s", joined, passed[i]);
    return good && (cut || (joined && tn_words_add(words, joined)));
}

/* -Wl,A,B: its words, changed, in one word again. */
static bool map_joined(struct tn_words *out, struct tn_arena *arena, const char *word,
                       tn_passed_change *change, void *arg)
{
    struct tn_words parts = { 0 };
    const char *at = word + strlen("-Wl");
    bool good = true;

    while (good && *at == ',') {
        size_t size = strcspn(++at, ",");
        const char *part = tn_arena_copy(arena, at, size);
        part = part ? change(arg, part) : NULL;
        good = part && tn_words_add(&parts, part);
        at += size;
    }
    good = good && tn_add_passed(out, arena, parts.at, parts.count);
    tn_words_free(&parts);
    return good;
}

bool tn_passed_map(struct tn_words *words, struct tn_arena *arena, tn_passed_change *change,
                   void *arg)
{
    struct tn_words out = { 0 };
    bool good = true;

    for (size_t i = 0; good && i < words->count; i++) {
        bool whole = strcmp(words->at[i], xlinker) == 0 && i + 1 < words->count;
        if (whole)
            good = tn_words_add(&out, words->at[i++]);
        if (good && !whole && tn_begins(words->at[i], "-Wl,")) {
            good = map_joined(&out, arena, words->at[i], change, arg);
        } else if (good) {
            const char *word = change(arg, words->at[i]);
            good = word && tn_words_add(&out, word);
        }
    }
    if (good) {
        struct tn_words before = *words;
        *words = out;
        out = before;
    }
    tn_words_free(&out);
    return good;
}

/* ---- run paths ------------------------------------------------------------------------------- */

size_t tn_run_path_in(struct tn_run_path_reader *reader, const char *word, bool *is)
{
    static const char *const alone[] = { "-rpath", "--rpath", "-R" };
    static const char *const joined[] = { "-rpath=", "--rpath=", "-R" };

    *is = reader->waiting;
    reader->waiting = !*is && tn_is_among(word, alone, TN_COUNT(alone));
    if (*is || reader->waiting)
        return 0;
    for (size_t i = 0; i < TN_COUNT(joined); i++)
        if (tn_begins(word, joined[i])) {
            *is = true;
            return strlen(joined[i]);
        }
    return 0;
}

bool tn_is_relative(const char *element, size_t size)
{
    /* a token of the loader's ($ORIGIN, @loader_path), or below the sysroot */
    return size && !strchr("/$@=", element[0]);
}

struct check {
    struct tn_run_path_reader reader;
    const char *relative; /* a list with such an element; NULL */
};

static const char *look(void *arg, const char *word)
{
    struct check *check = arg;
    bool is;
    const char *list = word + tn_run_path_in(&check->reader, word, &is);

    for (size_t size; is && *list; list += size + (list[size] == ':')) {
        size = strcspn(list, ":");
        if (tn_is_relative(list, size))
            check->relative = list;
    }
    return word;
}

bool tn_check_run_paths(const struct tn_words *words, const tenon_platform *platform,
                        tenon_error *err)
{
    struct check check = { .relative = NULL };
    struct tn_words copy = { 0 };
    struct tn_arena arena = { 0 };
    bool good = (tn_words_add_all(&copy, words) && tn_passed_map(&copy, &arena, look, &check)) ||
                tn_no_memory(err);

    good = good && (!check.relative || tn_check_recorded_dir(platform, check.relative, err));
    tn_words_free(&copy);
    tn_arena_free(&arena);
    return good;
}
