/* src/find/result.c - the values of a result. rule: build-lookup section 4 */
#include "result.h"

#include "evidence.h"
#include "fail.h"
#include "private_libs.h"
#include "quote.h"

/* A directory that stands in a make rule or a script as it is. */
static bool is_plain(struct tn_arena *arena, const char *dir)
{
    const char *quoted = tn_quote_shell(arena, dir);

    return quoted && strcmp(quoted, dir) == 0;
}

/* The directory from which the header is included. */
static const char *header_dir(struct tn_arena *arena, const struct tn_outcome *outcome)
{
    size_t size, name;

    if (!outcome->header)
        return NULL;
    size = strlen(outcome->header);
    name = strlen(outcome->header_name);
    return size > name + 1 ? tn_arena_copy(arena, outcome->header, size - name - 1) : NULL;
}

static bool set_includes(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                         const struct tn_outcome *outcome)
{
    tenon_found *found = hunt->found;
    const struct tn_words *words = &attempt->cflags;
    bool one = words->count == 1 && tn_begins(words->at[0], "-I");
    const char *dir = header_dir(hunt->arena, outcome);

    if (!dir && one)
        dir = words->at[0] + 2;
    one = one && strcmp(dir, words->at[0] + 2) == 0;
    if (dir && !tn_found_set(found, "INCDIR", dir))
        return false;
    if (words->count == 0 || (one && is_plain(hunt->arena, dir)))
        return true;
    return tn_found_set(found, "DEFS", tn_join_shell(hunt->arena, words));
}

/* -L DIR -lNAME, or -lNAME alone. */
static bool is_simple(const struct tn_hunt *hunt, const struct tn_words *libs)
{
    size_t last = libs->count - 1;

    return libs->count >= 1 && libs->count <= 2 && tn_begins(libs->at[last], "-l") &&
           strcmp(libs->at[last] + 2, hunt->request->name) == 0 &&
           (libs->count == 1 || tn_begins(libs->at[0], "-L"));
}

static bool set_libs(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                     const struct tn_outcome *outcome)
{
    tenon_found *found = hunt->found;
    const struct tn_words *libs = &attempt->libs;
    const char *dir = NULL, *joined = tn_join_shell(hunt->arena, libs);
    bool simple = libs->count && is_simple(hunt, libs);

    if (!joined)
        return false;
    if (simple && libs->count == 2)
        dir = libs->at[0] + 2;
    else if (simple && outcome->group.count)
        dir = tn_dir_name(hunt->arena, outcome->group.at[0]);
    if (dir && !tn_found_set(found, "LIBDIR", dir))
        return false;
    /* a linker script's files may lie in other directories than the library's */
    if (simple && dir && is_plain(hunt->arena, dir))
        return true;
    return tn_found_set(found, "LIBS", joined);
}

/* What the run path names must be among the -L of the switches: there NEED_RPATH adds it. */
static bool add_run_dirs(struct tn_hunt *hunt, struct tn_attempt *attempt,
                         const struct tn_outcome *outcome)
{
    size_t first = 0;

    while (first < attempt->libs.count && tn_begins(attempt->libs.at[first], "-L"))
        first++;
    for (size_t i = 0; i < outcome->run_dirs.count; i++) {
        const char *word = tn_arena_format(hunt->arena, "-L%s", outcome->run_dirs.at[i]);
        if (!word)
            return false;
        if (tn_is_among(word, attempt->libs.at, attempt->libs.count))
            continue;
        if (!tn_words_add(&attempt->libs, word))
            return false;
        memmove(attempt->libs.at + first + 1, attempt->libs.at + first,
                (attempt->libs.count - 1 - first) * sizeof *attempt->libs.at);
        attempt->libs.at[first++] = word;
    }
    return true;
}

static bool set_static(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                       const struct tn_outcome *outcome, tenon_error *err)
{
    const char *libs, *why;

    if (!hunt->request->static_link)
        return true;
    if (!tn_static_libs(hunt, attempt, outcome, &libs, &why, err))
        return false;
    return (libs ? tn_found_set(hunt->found, "STATIC_LIBS", libs)
                 : tn_found_remark(hunt->found, "%s", why)) ||
           tn_no_memory(err);
}

/* Nothing but -l: no directory need be named. */
static bool names_no_dir(const struct tn_words *libs)
{
    for (size_t i = 0; i < libs->count; i++)
        if (!tn_begins(libs->at[i], "-l"))
            return false;
    return libs->count > 0;
}

static bool set_values(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                       const struct tn_outcome *outcome)
{
    tenon_found *found = hunt->found;
    bool run_path = outcome->run_dirs.count > 0;
    bool system = !run_path && attempt->cflags.count == 0 && names_no_dir(&attempt->libs);
    const char *library = outcome->group.count ? outcome->group.at[0] : NULL;

    return set_includes(hunt, attempt, outcome) && set_libs(hunt, attempt, outcome) &&
           tn_found_set(found, "NEED_RPATH", run_path ? "yes" : "no") &&
           tn_found_set(found, "CONFIG", attempt->is_script ? attempt->pc : NULL) &&
           tn_found_set(found, "SYSTEM", system ? "yes" : "no") &&
           tn_found_set(found, "FILE", library) &&
           tn_found_set(found, "LINKAGE", outcome->is_static ? "static" : "shared") &&
           tn_found_set(found, "HEADER", outcome->header) &&
           tn_found_set(found, "HEADER_FROM",
                        !outcome->header      ? NULL
                        : hunt->header_source ? hunt->header_source
                                              : "the user") &&
           tn_found_set(found, "VERSION",
                        outcome->header_version    ? outcome->header_version
                        : outcome->library_version ? outcome->library_version
                                                   : NULL);
}

static bool note_below(struct tn_hunt *hunt, const char *dir, const char *below, const char *end)
{
    const char *path = tn_arena_format(hunt->arena, "%s/%s%s", dir, below, end);

    return path && tn_words_add_once(&hunt->found->dirs, path);
}

/* The directories that the search looks into, of files and of .pc files: those that are not there,
 * too. */
static bool note_searched(struct tn_hunt *hunt, tenon_found *found)
{
    static const char *const below[] = { "include", "bin", "share/pkgconfig", "libdata/pkgconfig" };
    const char *triple = tn_multiarch(hunt);
    const char *const libs[] = { "lib", "lib64",
                                 triple ? tn_arena_format(hunt->arena, "lib/%s", triple) : "lib" };
    const char *headers = triple ? tn_arena_format(hunt->arena, "include/%s", triple) : "include";
    bool good = libs[2] && headers;

    for (size_t i = 0; good && i < found->place_count; i++) {
        const char *dir = found->places[i].dir;
        good = !dir || note_below(hunt, dir, headers, "");
        for (size_t k = 0; good && dir && k < TN_COUNT(below); k++)
            good = note_below(hunt, dir, below[k], "");
        for (size_t k = 0; good && dir && k < TN_COUNT(libs); k++)
            good =
                note_below(hunt, dir, libs[k], "") && note_below(hunt, dir, libs[k], "/pkgconfig");
    }
    return good;
}

/* What the answer rests on besides the files that compiler, linker and loader opened. */
static bool note_dirs(struct tn_hunt *hunt, const struct tn_attempt *attempt)
{
    tenon_found *found = hunt->found;
    bool good = tn_words_add_all(&found->dirs, &hunt->finder->include_dirs) &&
                tn_words_add_all(&found->dirs, &hunt->finder->library_dirs) &&
                note_searched(hunt, found);
    const char *const files[] = { attempt->pc, hunt->request->program, hunt->finder->compiler_path,
                                  "/etc/ld.so.cache", "/etc/tenon/libraries" };

    good = good && tn_header_dirs(&attempt->cflags, &found->dirs);
    for (size_t i = 0; good && i < attempt->libs.count; i++)
        if (tn_begins(attempt->libs.at[i], "-L"))
            good = tn_words_add(&found->dirs, attempt->libs.at[i] + 2);
    for (size_t i = 0; good && i < hunt->finder->library_dirs.count; i++) {
        const char *path =
            tn_arena_format(hunt->arena, "%s/pkgconfig", hunt->finder->library_dirs.at[i]);
        good = path && tn_words_add(&found->dirs, path);
    }
    for (size_t i = 0; good && i < TN_COUNT(files); i++)
        good = !files[i] || tn_words_add(&found->files, files[i]);
    return good;
}

/* rule  ELF: -L is for the linker alone (build-lookup section 2) */
static bool remark_run_path(struct tn_hunt *hunt, const struct tn_outcome *outcome)
{
    return outcome->run_dirs.count == 0 ||
           tn_found_remark(hunt->found,
                           "-L is not recorded in the program: without a run path it does not "
                           "start with the library of %s",
                           outcome->run_dirs.at[0]);
}

static bool accept(struct tn_hunt *hunt, struct tn_attempt *attempt, struct tn_outcome *outcome,
                   tenon_error *err)
{
    tenon_found *found = hunt->found;

    found->verdict = outcome->not_startable ? TENON_FIND_NOT_STARTABLE : TENON_FIND_FOUND;
    if (!add_run_dirs(hunt, attempt, outcome))
        return tn_no_memory(err);
    found->rpath_flag =
        outcome->run_dirs.count ? tn_arena_string(hunt->arena, hunt->finder->rpath_flag) : NULL;
    found->version = outcome->header_version ? outcome->header_version : outcome->library_version;
    if (!tn_words_add_all(&found->compile, &attempt->cflags) ||
        !tn_words_add_all(&found->link, &attempt->libs) ||
        !tn_words_add_all(&found->run_dirs, &outcome->run_dirs) || !note_dirs(hunt, attempt) ||
        !remark_run_path(hunt, outcome) || !set_values(hunt, attempt, outcome))
        return tn_no_memory(err);
    return set_static(hunt, attempt, outcome, err);
}

/* Of the attempts that came farthest, the first; of those without headers, all. */
static const char *reason(struct tn_hunt *hunt)
{
    const tenon_found *found = hunt->found;
    const char *all = NULL;

    if (hunt->last_rank != TN_RANK_HEADERS)
        return hunt->last_reason ? hunt->last_reason : "there is no directory to search";
    for (size_t i = 0; i < found->place_count; i++) {
        const char *why = found->places[i].step_count ? found->places[i].steps[0].why : NULL;
        if (!why || (all && strstr(all, why)))
            continue;
        all = all ? tn_arena_format(hunt->arena, "%s; %s", all, why) : why;
        if (!all)
            return NULL;
    }
    return all;
}

bool tn_result_make(struct tn_hunt *hunt, struct tn_attempt *accepted, struct tn_outcome *outcome,
                    tenon_error *err)
{
    tenon_found *found = hunt->found;

    if (accepted)
        return accept(hunt, accepted, outcome, err);
    found->verdict = TENON_FIND_NOT_FOUND;
    found->reason = reason(hunt);
    return found->reason || tn_no_memory(err);
}
