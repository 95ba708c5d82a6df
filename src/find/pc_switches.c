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

static const char *const apart[] = { "-isystem",        "-idirafter", "-iquote",
                                     "-include",        "-imacros",   "-framework",
                                     "-weak_framework", "-Xlinker",   "-Xpreprocessor",
                                     "-arch",           "-u",         "-z" };

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

    for (size_t i = 0; good && i < words.count; i++) {
        struct tn_switch one = { words.at[i], NULL };
        if (i + 1 < words.count && tn_is_among(one.word, apart, TN_COUNT(apart)))
            one.argument = words.at[++i];
        good = add(switches, one);
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

void tn_switches_free(struct tn_switches *switches)
{
    free(switches->rows);
}
