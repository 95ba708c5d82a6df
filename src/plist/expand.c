/* src/plist/expand.c - a packing list line by line */
#include "conf.h"
#include "fail.h"
#include "limits.h"
#include "plist.h"
#include "text.h"
#include "view.h"

static const char directive[] = "@library";

static const char *lookup(void *arg, const char *name, size_t size)
{
    const tenon_plist_options *options = arg;
    const char *value = NULL;

    for (const char *const *at = options->variables; at && *at; at++) /* the last counts */
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
            value = *at + size + 1;
    return value;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "@library DIR NAME": the last word is the name, what stands before it the directory. */
static bool split(struct tn_plist_work *work, const char *text, const char **dir, const char **name,
                  tenon_error *err)
{
    struct tn_arena *arena = &work->plist->arena;
    size_t start = sizeof directive - 1, end = strlen(text), at;

    while (is_blank(text[start]))
        start++;
    while (end > start && is_blank(text[end - 1]))
        end--;
    for (at = end; at > start && !is_blank(text[at - 1]);)
        at--;
    *name = tn_arena_copy(arena, text + at, end - at);
    for (end = at; end > start && is_blank(text[end - 1]);)
        end--;
    *dir = tn_arena_copy(arena, text + start, end - start);
    if (!*name || !*dir)
        return tn_no_memory(err);
    if (!**dir || !**name)
        return tn_fail(err, TENON_E_MALFORMED, "@library DIR NAME expected");
    if (strchr(*name, '/'))
        return tn_fail(err, TENON_E_MALFORMED, "a library's name has no slash");
    return true;
}

static bool add_library(struct tn_plist_work *work, const char *text, size_t line, tenon_error *err)
{
    tenon_plist *plist = work->plist;
    tenon_plist_library *library;
    const char *dir, *name;

    if (!tn_grow(&plist->libraries, &plist->library_room, plist->library_count, sizeof *library))
        return tn_no_memory(err);
    library = &plist->libraries[plist->library_count++];
    *library = (tenon_plist_library){ .line = line };
    if (!split(work, text, &dir, &name, err) || !tn_plist_find(work, dir, name, line, library, err))
        return false;
    for (size_t i = 0; library->files && library->files[i]; i++)
        if (!tn_words_add(&plist->lines, library->files[i]))
            return tn_no_memory(err);
    return true;
}

static bool add_line(struct tn_plist_work *work, const char *bytes, size_t size, size_t line,
                     tenon_error *err)
{
    const char *text = tn_expand(&work->plist->arena, bytes, size, false, lookup,
                                 (void *)(uintptr_t)work->options, err);

    if (!text)
        return false;
    if (tn_begins(text, directive) &&
        (is_blank(text[sizeof directive - 1]) || text[sizeof directive - 1] == '\0'))
        return add_library(work, text, line, err);
    return tn_words_add(&work->plist->lines, text) || tn_no_memory(err);
}

static bool expand(struct tn_plist_work *work, const char *bytes, size_t size, tenon_error *err)
{
    size_t at = 0, line = 0;

    if (size > TN_LIMIT_CONFIG)
        return tn_fail(err, TENON_E_LIMIT, "more than %u bytes", TN_LIMIT_CONFIG);
    if (size && memchr(bytes, 0, size))
        return tn_fail(err, TENON_E_MALFORMED, "not a text file");
    while (at < size) {
        const char *newline = memchr(bytes + at, '\n', size - at);
        size_t stop = newline ? (size_t)(newline - bytes) : size;
        size_t n = stop - at;
        if (n > 0 && bytes[stop - 1] == '\r')
            n--;
        if (++line > TN_LIMIT_WORDS)
            return tn_fail(err, TENON_E_LIMIT, "more than %u lines", TN_LIMIT_WORDS);
        if (!add_line(work, bytes + at, n, line, err))
            return tn_context(err, "line %zu", line);
        at = stop + 1;
    }
    return true;
}

tenon_plist *tenon_plist_expand(tenon_world *world, const tenon_plist_options *options,
                                const void *bytes, size_t size, const char *name, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_plist_work work = { .world = world,
                                  .options = options,
                                  .plist = tn_plist_new(options, err) };

    if (!work.plist)
        return NULL;
    bool good = expand(&work, bytes, size, err);
    tn_words_free(&work.listed);
    if (good)
        return work.plist;
    tn_context(err, "%s", tn_quote(shown, name));
    tenon_plist_free(work.plist);
    return NULL;
}
