/* src/find/search.c - the search: the directories in their order, and the evidence in them */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence.h"
#include "fail.h"
#include "flags.h"
#include "hunt.h"
#include "private_libs.h"
#include "quote.h"
#include "remember.h"
#include "request.h"
#include "result.h"
#include "text.h"

struct search {
    struct tn_hunt hunt;
    struct tn_attempt accepted;
    struct tn_outcome outcome;
    bool done;
    const char *stated_by, *stated; /* a .pc file and the version it states; NULL */
};

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

/* ---- one place ------------------------------------------------------------------------------- */

/* Tries one set of switches; the first that passes is kept. */
static bool try_attempt(struct search *search, struct tn_attempt *attempt, bool *passed,
                        tenon_error *err)
{
    struct tn_outcome outcome;

    if (!tn_attempt_run(&search->hunt, attempt, &outcome, passed, err)) {
        tn_outcome_free(&outcome);
        return false;
    }
    if (*passed && !search->done) {
        search->done = true;
        search->accepted = *attempt;
        search->outcome = outcome;
        *attempt = (struct tn_attempt){ .origin = attempt->origin };
    } else {
        if (*passed)
            search->hunt.found->places[search->hunt.found->place_count - 1].accepted = false;
        tn_outcome_free(&outcome);
    }
    return true;
}

/* The reason of the last failed step of the last place. */
static const char *last_why(const tenon_found *found)
{
    const tenon_find_place *place = &found->places[found->place_count - 1];

    for (size_t i = place->step_count; i-- > 0;)
        if (place->steps[i].outcome == TENON_STEP_FAILED && place->steps[i].why)
            return place->steps[i].why;
    return "it does not work";
}

/* Evidence is tested, and told when it lies. */
static bool try_evidence(struct search *search, struct tn_attempt *attempt, bool *passed,
                         tenon_error *err)
{
    const char *file = attempt->pc;
    struct tn_hunt *hunt = &search->hunt;
    const char *reason = hunt->last_reason;
    int rank = hunt->last_rank;

    if (!try_attempt(search, attempt, passed, err))
        return false;
    if (*passed)
        return true;
    if (!tn_found_remark(hunt->found, "%s does not tell the truth: %s", file,
                         last_why(hunt->found)))
        return tn_no_memory(err);
    if (rank >= hunt->last_rank)
        hunt->last_reason = reason;
    return true;
}

/* The plain switches of each library directory, until one passes. */
static bool try_plain(struct search *search, const struct tn_place *place, bool *passed,
                      tenon_error *err)
{
    *passed = false;
    for (size_t i = 0; !*passed && i < place->variants; i++) {
        struct tn_attempt attempt;
        bool good = tn_place_attempt(&search->hunt, place, i, &attempt) || tn_no_memory(err);
        good = good && try_attempt(search, &attempt, passed, err);
        tn_attempt_free(&attempt);
        if (!good)
            return false;
        /* without the headers no other library directory helps */
        const tenon_found *found = search->hunt.found;
        if (!*passed && found->places[found->place_count - 1].step_count < 3)
            break;
    }
    return true;
}

/* What a .pc file and a script in this place say, when it is not what was accepted. */
static bool try_all_evidence(struct search *search, const struct tn_place *place, bool scripts,
                             bool *passed, tenon_error *err)
{
    struct tn_attempt attempt;
    bool there, good;

    *passed = false;
    good = scripts ? tn_script_attempt(&search->hunt, place, &attempt, &there, err)
                   : tn_pc_attempt(&search->hunt, place, &attempt, &there, err);
    if (good && there && !(search->done && tn_same_switches(&attempt, &search->accepted)) &&
        !tn_is_plain(&search->hunt, place, &attempt))
        good = try_evidence(search, &attempt, passed, err);
    if (good && there && attempt.version) {
        search->stated_by = attempt.pc;
        search->stated = attempt.version;
    }
    if (there || !good)
        tn_attempt_free(&attempt);
    return good;
}

/* All headers that are tried in a place: the known ones, or guesses, one after the other. */
static bool try_with_headers(struct search *search, const struct tn_place *place, bool *passed,
                             tenon_error *err)
{
    if (!try_all_evidence(search, place, false, passed, err))
        return false;
    if (!*passed && !try_plain(search, place, passed, err))
        return false;
    bool script;
    if (!try_all_evidence(search, place, true, &script, err))
        return false;
    *passed |= script;
    return true;
}

static bool try_guesses(struct search *search, const struct tn_place *place, bool *passed,
                        tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;
    struct tn_words guesses = { 0 };
    const char *source;
    bool good = tn_guess_headers(hunt, place, &guesses, &source, err);

    *passed = false;
    for (size_t i = 0; good && !*passed && i < guesses.count; i++) {
        const char **one = tn_arena_rows(hunt->arena, 2, sizeof *one);
        good = one || tn_no_memory(err);
        if (good) {
            one[0] = guesses.at[i];
            hunt->headers = one;
            hunt->header_source = source;
            hunt->compiled = NULL;
            good = try_with_headers(search, place, passed, err);
        }
    }
    if (good && !*passed)
        hunt->headers = NULL;
    if (good && guesses.count == 0) {
        struct tn_attempt attempt;
        good = tn_place_attempt(hunt, place, 0, &attempt) && tn_hunt_begin(hunt, &attempt) &&
               tn_hunt_step(hunt, "headers", TENON_STEP_FAILED, false,
                            "no header is known for %s, and none is called like it: give --header",
                            hunt->request->name);
        tn_attempt_free(&attempt);
        good = good || tn_no_memory(err);
    }
    tn_words_free(&guesses);
    return good;
}

static bool try_place(struct search *search, const struct tn_place *place, bool *passed,
                      tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;

    if (hunt->headers || hunt->request->program)
        return try_with_headers(search, place, passed, err);
    return try_guesses(search, place, passed, err);
}

/* ---- all places ------------------------------------------------------------------------------ */

/* Says first that the user's own directory did not do. */
static bool remark_given(struct search *search, const struct tn_place *place, const char *why,
                         tenon_error *err)
{
    return tn_found_remark(search->hunt.found, "the directory %s (%s) does not do: %s", place->dir,
                           place->origin, why ? why : "it does not work") ||
           tn_no_memory(err);
}

static bool search_places(struct search *search, tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;
    struct tn_place place;
    size_t i = 0;
    bool passed = false;

    while (!passed && tn_place_next(hunt, &i, &place)) {
        size_t before = hunt->found->place_count;
        if (!place.variants)
            continue;
        if (!try_place(search, &place, &passed, err))
            return false;
        if (!passed && place.user && hunt->found->place_count > before &&
            !remark_given(search, &place, last_why(hunt->found), err))
            return false;
    }
    return true;
}

/* A .pc file whose version is not that of the header that it leads to. */
static bool compare_stated(struct search *search, tenon_error *err)
{
    const char *real = search->outcome.header_version;

    return !search->done || !search->stated || !real ||
           tn_version_compare(search->stated, real) == 0 ||
           tn_found_remark(search->hunt.found, "%s says version %s, the header says %s",
                           search->stated_by, search->stated, real) ||
           tn_no_memory(err);
}

/* The user's switches replace the search. */
static bool try_flags(struct search *search, tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;
    const tenon_find_request *request = hunt->request;
    struct tn_attempt attempt = { .origin = "flags", .by_user = true };
    bool passed, good;

    good = (!request->cflags || tn_split_shell(&attempt.cflags, hunt->arena, request->cflags)) &&
           (request->libs ? tn_split_shell(&attempt.libs, hunt->arena, request->libs)
                          : tn_add_joined(&attempt.libs, hunt->arena, "-l", request->name));
    good = good || tn_no_memory(err);
    if (good && !hunt->headers && !request->program) {
        struct tn_words dirs = { 0 }, headers = { 0 };
        for (size_t i = 0; good && i < attempt.cflags.count; i++)
            if (tn_begins(attempt.cflags.at[i], "-I"))
                good = tn_words_add(&dirs, attempt.cflags.at[i] + 2);
        for (size_t i = 0; good && i < hunt->finder->include_dirs.count; i++)
            good = tn_words_add(&dirs, hunt->finder->include_dirs.at[i]);
        good = good && tn_headers_like(hunt->world, hunt->arena, &dirs, request->name, &headers);
        const char **one =
            good && headers.count ? tn_arena_rows(hunt->arena, 2, sizeof *one) : NULL;
        if (one) {
            one[0] = headers.at[0];
            hunt->headers = one;
            hunt->header_source = "a header called like the library";
        }
        tn_words_free(&dirs);
        tn_words_free(&headers);
        good = good || tn_no_memory(err);
    }
    good = good && try_attempt(search, &attempt, &passed, err);
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
    hunt->function = request->function;
    hunt->version_macro = request->version_macro;
    hunt->version_function = request->version_function;
    if (!tn_library_known(hunt->finder, hunt->arena, hunt->world, request->name, &known, &is_known,
                          err))
        return false;
    if (!is_known || hunt->headers || request->program)
        return true;
    hunt->headers = known.headers;
    hunt->header_source = known.source;
    hunt->define = known.define;
    hunt->facts_by_list = !request->function && !request->version_macro &&
                          !request->version_function && !request->min_version;
    if (!hunt->function)
        hunt->function = known.function;
    if (!hunt->version_macro && !request->version_cmd)
        hunt->version_macro = known.version_macro;
    if (!hunt->version_function && !request->version_cmd)
        hunt->version_function = known.version_function;
    return true;
}

/* A name is a word for the linker and a part of file names. */
static bool check(const tenon_find_request *request, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (!request->name || !*request->name || strpbrk(request->name, "/ \t\n'\"\\$") ||
        request->name[0] == '-')
        return tn_fail(err, TENON_E_ARGUMENT, "%s is no name of a library",
                       tn_quote(shown, request->name ? request->name : ""));
    return true;
}

/* The search itself. NULL with *err filled: it could not be made. */
static tenon_found *hunt_for(const tenon_finder *finder, const tenon_find_request *request,
                             const uint8_t key[TN_STORE_KEY], tenon_error *err)
{
    struct search search = { .hunt = { .finder = finder, .request = request } };
    struct tn_hunt *hunt = &search.hunt;
    bool good;

    if (!(hunt->found = tn_found_new(request->name, err)))
        return NULL;
    hunt->arena = &hunt->found->arena;
    good = prepare(hunt, err);
    if (good)
        good = request->cflags || request->libs ? try_flags(&search, err)
                                                : search_places(&search, err);
    good = good && compare_stated(&search, err);
    if (good)
        good = tn_result_make(hunt, search.done ? &search.accepted : NULL, &search.outcome, err);
    if (good)
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
    } else {
        tn_request_key(finder, &absolute, key);
        found = tn_remember(finder, key);
        if (!found)
            found = hunt_for(finder, &absolute, key, err);
    }
    tn_arena_free(&arena);
    return found;
}
