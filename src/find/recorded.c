/*
 * src/find/recorded.c - directories that are written into programs
 *
 * rules: AIX ld: -blibpath:LIST is written instead of the -L directories, LIBPATH and the default;
 * HP-UX ld: +b LIST instead of the -L directories. What is linked from a directory that the list
 * has not is not found at the start.
 */
#include "fail.h"
#include "flags.h"
#include "passed.h"
#include "platforms.h"
#include "text.h"
#include "view.h"

static const struct {
    const char *type; /* SHLIB_TYPE */
    enum tenon_recording recording;
    const char *before; /* the list: in the same word, or the next one for the linker */
    bool apart;
} lists[] = {
    { "XCOFF", TENON_RECORDS_LINK_DIRS, "-blibpath:", false },
    { "SOM", TENON_RECORDS_LINK_DIRS, "+b", true },
    { "ELF", TENON_RECORDS_PLUS_B, "+b", true },
};

static bool is_default(const char *dir, size_t size)
{
    return (size == 8 && memcmp(dir, "/usr/lib", 8) == 0) ||
           (size == 4 && memcmp(dir, "/lib", 4) == 0);
}

/* Where a directory goes: behind those that are there, before the system's. False: it is there. */
static bool place_in(const char *list, const char *dir, size_t *place)
{
    size_t at = 0, wanted = strlen(dir);
    bool system = false;

    for (*place = strlen(list); list[at]; at += list[at] == ':') {
        size_t size = strcspn(list + at, ":");
        if (size == wanted && strncmp(list + at, dir, size) == 0)
            return false;
        if (!system && is_default(list + at, size)) {
            *place = at;
            system = true;
        }
        at += size;
    }
    return true;
}

/* The list of a platform; TN_COUNT(lists): it has none. */
static size_t row_of(const tenon_platform *platform)
{
    size_t i = 0;

    while (i < TN_COUNT(lists) && !(platform->recording == lists[i].recording &&
                                    strcmp(platform->shlib_type, lists[i].type) == 0))
        i++;
    return i;
}

struct change {
    struct tn_arena *arena;
    const char *dir;
    size_t row;
    bool waiting;           /* the word before was "+b", or "-blibpath" */
    struct tn_words *found; /* the lists, with the directory in them */
};

static const char *put_in(struct change *change, const char *list)
{
    size_t place;

    if (place_in(list, change->dir, &place)) {
        const char *before = place && list[place - 1] != ':' ? ":" : "";
        const char *after = list[place] ? ":" : "";
        list = tn_arena_format(change->arena, "%.*s%s%s%s%s", (int)place, list, before, change->dir,
                               after, list + place);
    }
    return list && tn_words_add(change->found, list) ? list : NULL;
}

/*
 * Where the list begins in a linker's word; NULL: there is none.
 *
 * rule  the GODI note spells it -Wl,-blibpath,LIST, too: the list is the next word then
 */
static const char *list_in(size_t row, const char *word, bool *waiting)
{
    const char *before = lists[row].before;
    size_t size = strlen(before) - !lists[row].apart; /* without the colon */
    bool is = *waiting;

    *waiting = !is && strncmp(word, before, size) == 0 && !word[size];
    if (is)
        return word;
    return !lists[row].apart && tn_begins(word, before) ? word + strlen(before) : NULL;
}

static const char *put_dir(void *arg, const char *word)
{
    struct change *change = arg;
    const char *at = list_in(change->row, word, &change->waiting), *list;

    if (!at)
        return word;
    list = put_in(change, at);
    return list ? tn_arena_format(change->arena, "%.*s%s", (int)(at - word), word, list) : NULL;
}

bool tn_record_dir(struct tn_words *words, struct tn_arena *arena, const tenon_platform *platform,
                   const char *dir, struct tn_words *found)
{
    struct change change = { .arena = arena, .dir = dir, .row = row_of(platform), .found = found };

    return change.row == TN_COUNT(lists) || tn_passed_map(words, arena, put_dir, &change);
}

struct search {
    size_t row;
    bool waiting;
    const char *nothing; /* the switch that has no -L recorded, and no list behind it; NULL */
};

static const char *look(void *arg, const char *word)
{
    /* rule  AIX ld: -bnolibpath overrides a -blibpath before it; the GODI note: -noblibpath */
    static const char *const switches[] = { "-bnolibpath", "-noblibpath" };
    struct search *search = arg;

    if (list_in(search->row, word, &search->waiting))
        search->nothing = NULL;
    else if (tn_is_among(word, switches, TN_COUNT(switches)))
        search->nothing = word;
    return word;
}

bool tn_check_ldflags(const tenon_platform *platform, const struct tn_words *ldflags,
                      const char *dir, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct search search = { .row = row_of(platform) };
    struct tn_words copy = { 0 };
    struct tn_arena arena = { 0 };
    bool good = true;

    if (search.row < TN_COUNT(lists) && strcmp(platform->shlib_type, "XCOFF") == 0 &&
        !is_default(dir, strlen(dir)))
        good = (tn_words_add_all(&copy, ldflags) && tn_passed_map(&copy, &arena, look, &search)) ||
               tn_no_memory(err);
    if (good && search.nothing)
        good = tn_fail(err, TENON_E_UNSUPPORTED,
                       "LDFLAGS has %s: no -L directory is recorded, and a program would not find "
                       "a library in %s; -blibpath behind it lists what is",
                       search.nothing, tn_quote(shown, dir));
    tn_words_free(&copy);
    tn_arena_free(&arena);
    return good;
}

bool tn_add_list(struct tn_words *words, struct tn_arena *arena, const tenon_platform *platform,
                 const char *list)
{
    size_t row = row_of(platform);
    const char *const apart[] = { lists[row].before, list };
    const char *joined;

    if (lists[row].apart)
        return tn_add_passed(words, arena, apart, TN_COUNT(apart));
    joined = tn_arena_format(arena, "%s%s", lists[row].before, list);
    return joined && tn_add_passed(words, arena, &joined, 1);
}

bool tn_check_recorded_dir(const tenon_platform *platform, const char *dir, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (dir[0] == '/' || platform->recording == TENON_RECORDS_NOTHING ||
        platform->recording == TENON_RECORDS_INSTALL_NAME)
        return true;
    return tn_fail(err, TENON_E_ARGUMENT,
                   "the directory is %s; programs have it recorded, and it must be absolute",
                   tn_quote(shown, dir));
}

/* What a loader puts something else for; NULL: nothing. */
static const char *token_in(const tenon_platform *platform, const char *dir)
{
    /* rules: ld.so(8); FreeBSD rtld(1); Solaris ld(1), "Dynamic String Tokens" */
    static const char *const tokens[] = { "ORIGIN", "LIB",     "PLATFORM",   "OSNAME",
                                          "OSREL",  "ISALIST", "CAPABILITY", "MACHINE" };
    /* rule  musl ldso/dynlink.c, fixup_rpath(): a run path with any other $ is not used at all */
    bool any = strcmp(platform->name, "linux-musl") == 0;

    for (const char *at = strchr(dir, '$'); at; at = strchr(at + 1, '$')) {
        const char *name = at + 1 + (at[1] == '{');
        if (any)
            return "$";
        for (size_t i = 0; i < TN_COUNT(tokens); i++)
            if (tn_begins(name, tokens[i]))
                return tokens[i];
    }
    return NULL;
}

bool tn_check_run_path_dir(const tenon_platform *platform, const char *dir, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    const char *token = token_in(platform, dir);

    if (strchr(dir, ':'))
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "no run path can hold the directory %s: a colon separates directories there",
                       tn_quote(shown, dir));
    if (token)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "no run path can hold the directory %s: a loader may read %s%s there as "
                       "something else",
                       tn_quote(shown, dir), *token == '$' ? "" : "$", token);
    return true;
}
