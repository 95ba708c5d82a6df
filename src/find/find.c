/* src/find/find.c - one question: what is known, the search, the answer */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence.h"
#include "fail.h"
#include "flags.h"
#include "quote.h"
#include "remember.h"
#include "request.h"
#include "result.h"
#include "search.h"
#include "text.h"

/* ---- temporary files ------------------------------------------------------------------------- */

static const char *make_dir(struct tn_hunt *hunt, tenon_error *err)
{
    const char *base = getenv("TMPDIR");
    char *dir = tn_arena_format(hunt->arena, "%s/tenon-find-XXXXXX",
                                base && base[0] == '/' ? base : "/tmp");

    if (!dir) {
        tn_no_memory(err);
    } else if (!mkdtemp(dir)) {
        tn_fail_system(err, errno, "%s", dir);
        dir = NULL;
    }
    return dir;
}

static void remove_dir(struct tn_hunt *hunt)
{
    static const char *const files[] = { "sample.c",   "sample.o", "sample.d",  "sample",
                                         "user.o",     "user.d",   "user",      "static",
                                         "trial.o",    "trial.d",  "trial",     "trial.c",
                                         "sample.exe", "user.exe", "trial.exe", "static.exe" };

    for (size_t i = 0; hunt->dir && i < TN_COUNT(files); i++) {
        const char *path = tn_arena_format(hunt->arena, "%s/%s", hunt->dir, files[i]);
        if (path)
            unlink(path);
    }
    if (hunt->dir)
        rmdir(hunt->dir);
}

/* ---- the search
 * ---------------------------------------------------------------------------------- */

/* A .pc file whose version is not that of the header that it leads to. */
static bool compare_stated(struct tn_search *search, tenon_error *err)
{
    const char *real = search->outcome.header_version;

    return !search->done || !search->stated || !real ||
           tn_version_compare(search->stated, real) == 0 ||
           tn_found_remark(search->hunt.found, "%s says version %s, the header says %s",
                           search->stated_by, search->stated, real) ||
           tn_no_memory(err);
}

/* Of a name like a file's that was not found: what a name is. */
static bool remark_name(struct tn_search *search, tenon_error *err)
{
    static const char *const suffixes[] = { ".so", ".a", ".la", ".dylib", ".dll", ".sl", ".lib" };
    const char *name = search->hunt.request->name;
    size_t size = strlen(name);
    bool is_file = tn_begins(name, "lib") || strstr(name, ".so.");

    for (size_t i = 0; i < TN_COUNT(suffixes); i++) {
        size_t n = strlen(suffixes[i]);
        is_file |= size > n && strcmp(name + size - n, suffixes[i]) == 0;
    }
    return search->done || !is_file ||
           tn_found_remark(search->hunt.found,
                           "%s: the name is the word given to -l, without prefix and suffix",
                           name) ||
           tn_no_memory(err);
}

/* A header called like the library, in the directories that the user's switches name. */
static bool guess_header(struct tn_hunt *hunt, const struct tn_words *cflags)
{
    struct tn_words dirs = { 0 }, headers = { 0 };
    const char **one = tn_arena_rows(hunt->arena, 2, sizeof *one);
    bool good = one && tn_header_dirs(cflags, &dirs);

    good = good && tn_words_add_all(&dirs, &hunt->finder->include_dirs) &&
           tn_headers_like(hunt->world, hunt->arena, &dirs, hunt->request->name, &headers);
    if (good && headers.count) {
        one[0] = headers.at[0];
        hunt->headers = one;
        hunt->header_source = "a header called like the library";
    }
    tn_words_free(&dirs);
    tn_words_free(&headers);
    return good;
}

/* The user's switches replace the search. */
static bool try_flags(struct tn_search *search, tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;
    const tenon_find_request *request = hunt->request;
    struct tn_attempt attempt = { .origin = "flags", .by_user = true };
    bool passed, good;

    good = (!request->cflags || tn_split_shell(&attempt.cflags, hunt->arena, request->cflags)) &&
           (request->libs ? tn_split_shell(&attempt.libs, hunt->arena, request->libs)
                          : tn_add_joined(&attempt.libs, hunt->arena, "-l", request->name));
    good = good || tn_no_memory(err);
    if (good && !hunt->headers && tn_needs_headers(request))
        good = guess_header(hunt, &attempt.cflags) || tn_no_memory(err);
    good = good && tn_search_attempt(search, &attempt, &passed, err);
    tn_attempt_free(&attempt);
    return good;
}

static bool prepare(struct tn_hunt *hunt, tenon_error *err)
{
    const tenon_find_request *request = hunt->request;
    struct tn_known_library known;
    bool is_known;

    hunt->world = tenon_world_host(err);
    if (!hunt->world || !(hunt->dir = make_dir(hunt, err)))
        return false;
    hunt->headers = request->headers && request->headers[0] ? request->headers : NULL;
    tn_hunt_take(hunt, &(struct tn_known_library){ .headers = hunt->headers });
    if (!tn_library_known(hunt->finder, hunt->arena, hunt->world, request->name, &known, &is_known,
                          err))
        return false;
    if (is_known && !hunt->headers && tn_needs_headers(request))
        tn_hunt_take(hunt, &known);
    return true;
}

/*
 * What is found there could be said to nobody. rule  make(1): a rule ends with its line, also those
 * by which compilers tell the headers that they took
 */
static bool check_dirs(const char *const *dirs, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    for (; dirs && *dirs; dirs++)
        if (strpbrk(*dirs, "\n\r"))
            return tn_fail(err, TENON_E_UNSUPPORTED,
                           "no build file can hold the directory %s: a newline ends a line there",
                           tn_quote(shown, *dirs));
    return true;
}

static bool check(const tenon_find_request *request, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    const char *const switches[] = { request->cflags, request->libs };

    if (!tn_check_library_name(request->name, err) || !check_dirs(request->dirs, err))
        return false;
    if (request->min_version && (*request->min_version < '0' || *request->min_version > '9'))
        return tn_fail(err, TENON_E_ARGUMENT, "the least version %s does not begin with a digit",
                       tn_quote(shown, request->min_version));
    for (size_t i = 0; i < TN_COUNT(switches); i++)
        if (switches[i] && !tn_is_balanced(switches[i]))
            return tn_fail(err, TENON_E_ARGUMENT, "a quote is not closed in %s",
                           tn_quote(shown, switches[i]));
    return true;
}

/* A program that is not there says nothing of the library. */
static bool check_program(const char *program, tenon_error *err)
{
    struct stat info;
    char shown[TN_QUOTE_ROOM];
    int failed = program && (access(program, R_OK) != 0 || stat(program, &info) != 0) ? errno : 0;

    if (program && !failed && S_ISDIR(info.st_mode))
        failed = EISDIR;
    return !failed || tn_fail_system(err, failed, "the test program %s", tn_quote(shown, program));
}

/* What a version command says, and how a program ends, rests on what nobody can know: asked each
 * time. */
static bool is_kept(const tenon_find_request *request)
{
    return !request->version_cmd && !request->program;
}

/* The search itself. NULL with *err filled: it could not be made. */
static tenon_found *hunt_for(const tenon_finder *finder, const tenon_find_request *request,
                             const uint8_t key[TN_STORE_KEY], tenon_error *err)
{
    struct tn_search search = { .hunt = { .finder = finder, .request = request } };
    struct tn_hunt *hunt = &search.hunt;
    bool good;

    if (!(hunt->found = tn_found_new(request->name, err)))
        return NULL;
    hunt->arena = &hunt->found->arena;
    good = prepare(hunt, err);
    if (good)
        good = request->cflags || request->libs ? try_flags(&search, err)
                                                : tn_search_places(&search, err);
    good = good && compare_stated(&search, err) && remark_name(&search, err);
    if (good)
        good = tn_result_make(hunt, search.done ? &search.accepted : NULL, &search.outcome, err);
    if (good && is_kept(request))
        tn_keep(finder, key, hunt->found, hunt->dir);
    remove_dir(hunt);
    tn_attempt_free(&search.accepted);
    tn_outcome_free(&search.outcome);
    tenon_world_free(hunt->world);
    if (good)
        return hunt->found;
    tenon_found_free(hunt->found);
    return NULL;
}

tenon_found *tenon_find(const tenon_finder *finder, const tenon_find_request *request,
                        tenon_error *err)
{
    tenon_error own = TENON_ERROR_INIT;
    tenon_find_request absolute = *request;
    struct tn_arena arena = { 0 };
    uint8_t key[TN_STORE_KEY];
    tenon_found *found = NULL;

    if (!err)
        err = &own;
    if (!check(request, err))
        return NULL;
    if (!tn_request_absolute(&arena, finder, &absolute)) {
        tn_no_memory(err);
    } else if (check_program(request->program, err)) {
        tn_request_key(finder, &absolute, key);
        found = is_kept(&absolute) ? tn_remember(finder, key) : NULL;
        if (!found)
            found = hunt_for(finder, &absolute, key, err);
    }
    tn_arena_free(&arena);
    return found;
}
