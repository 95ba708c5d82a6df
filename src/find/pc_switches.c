/*
 * src/find/pc_switches.c - switches with their arguments, each once
 *
 * rule: of directories the first place counts, of all else the last, as pkgconf has it
 */
#include "pc_switches.h"

#include <stdlib.h>

#include "flags.h"
#include "quote.h"
#include "view.h"

static const char *const apart[] = {
    "-isystem",       "-idirafter", "-iquote",     "-isysroot", "-iframework",     "-include",
    "-imacros",       "-framework", "-Xassembler", "-Xlinker",  "-weak_framework", "-Xclang",
    "-Xpreprocessor", "-arch",      "-u",          "-z"
};

size_t tn_switch_size(const struct tn_words *words, size_t i)
{
    return i + 1 < words->count && tn_is_among(words->at[i], apart, TN_COUNT(apart)) ? 2 : 1;
}

const char *tn_switch_header_dir(const struct tn_words *words, size_t i)
{
    static const char *const switches[] = { "-I", "-isystem", "-idirafter" };
    const char *word = words->at[i];

    for (size_t k = 0; k < TN_COUNT(switches); k++) {
        const char *rest = word + strlen(switches[k]);
        if (!tn_begins(word, switches[k]))
            continue;
        return *rest ? rest : tn_switch_size(words, i) == 2 ? words->at[i + 1] : NULL;
    }
    return NULL;
}

static bool add(struct tn_switches *switches, struct tn_switch one)
{
    if (!tn_grow(&switches->rows, &switches->room, switches->count, sizeof *switches->rows))
        return false;
    switches->rows[switches->count++] = one;
    return true;
}

bool tn_switches_add(struct tn_switches *switches, struct tn_arena *arena, const char *value)
{
    struct tn_words words = { 0 };
    bool good = !value || (tn_split_shell(&words, arena, value) && tn_join_apart(&words, arena));

    for (size_t i = 0, n; good && i < words.count; i += n) {
        n = tn_switch_size(&words, i);
        good = add(switches, (struct tn_switch){ words.at[i], n == 2 ? words.at[i + 1] : NULL });
    }
    tn_words_free(&words);
    return good;
}

/* A directory to look into: the first place counts; of other switches the last. */
static bool is_dir(const struct tn_switch *one)
{
    return tn_begins(one->word, "-I") || tn_begins(one->word, "-L") ||
           tn_begins(one->word, "-isystem") || tn_begins(one->word, "-idirafter") ||
           tn_begins(one->word, "-iquote") || tn_begins(one->word, "-F");
}

static bool is_same(const struct tn_switch *a, const struct tn_switch *b)
{
    return strcmp(a->word, b->word) == 0 && !a->argument == !b->argument &&
           (!a->argument || strcmp(a->argument, b->argument) == 0);
}

/* Stands again at another place. A group of the linker's is not one switch. */
static bool is_repeated(const struct tn_switches *switches, size_t i)
{
    const struct tn_switch *one = &switches->rows[i];
    bool first = is_dir(one);

    if (tn_begins(one->word, "-Wl,") || strcmp(one->word, "-Xlinker") == 0)
        return false;
    for (size_t k = first ? 0 : i + 1; k < (first ? i : switches->count); k++)
        if (is_same(&switches->rows[k], one))
            return true;
    return false;
}

bool tn_switches_put(const struct tn_switches *switches, bool dirs, struct tn_words *out)
{
    for (size_t i = 0; i < switches->count; i++) {
        const struct tn_switch *one = &switches->rows[i];
        if (is_dir(one) != dirs || is_repeated(switches, i))
            continue;
        if (!tn_words_add(out, one->word) || (one->argument && !tn_words_add(out, one->argument)))
            return false;
    }
    return true;
}

/* The first switch like the one at `i` that is not used up; some->count: there is none. */
static size_t find_unused(const struct tn_words *some, const bool *used, const struct tn_words *all,
                          size_t i)
{
    size_t n = tn_switch_size(all, i), size;

    for (size_t k = 0; k < some->count; k += size) {
        size = tn_switch_size(some, k);
        if (!used[k] && size == n && strcmp(some->at[k], all->at[i]) == 0 &&
            (n == 1 || strcmp(some->at[k + 1], all->at[i + 1]) == 0))
            return k;
    }
    return some->count;
}

/* Says nothing new where it stands again. */
static bool is_said(const char *word, const struct tn_words *some)
{
    return (tn_begins(word, "-L") || tn_begins(word, "-l")) &&
           tn_is_among(word, some->at, some->count);
}

bool tn_switches_without(const struct tn_words *all, const struct tn_words *some,
                         struct tn_words *out)
{
    bool *used = calloc(some->count + 1, sizeof *used), good = used;

    for (size_t i = 0, n; good && i < all->count; i += n) {
        size_t k = find_unused(some, used, all, i);
        n = tn_switch_size(all, i);
        used[k] = true;
        if (k < some->count || is_said(all->at[i], some))
            continue;
        for (size_t j = i; good && j < i + n; j++)
            good = tn_words_add(out, all->at[j]);
    }
    free(used);
    return good;
}

void tn_switches_free(struct tn_switches *switches)
{
    free(switches->rows);
}
