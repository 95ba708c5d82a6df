/* src/find/search.c - the search: the directories in their order, and the evidence in them */
#include "search.h"

#include "evidence.h"
#include "fail.h"
#include "text.h"

/* ---- one place ------------------------------------------------------------------------------- */

bool tn_search_attempt(struct tn_search *search, struct tn_attempt *attempt, bool *passed,
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

/* Evidence is tested; what failed is told when the place is done. */
static bool try_evidence(struct tn_search *search, struct tn_attempt *attempt, bool script,
                         bool *passed, tenon_error *err)
{
    const char *file = attempt->pc;

    if (!tn_search_attempt(search, attempt, passed, err))
        return false;
    search->doubts[script].file = *passed ? NULL : file;
    search->doubts[script].why = *passed ? NULL : last_why(search->hunt.found);
    return true;
}

/* Evidence lies when other switches for the same place do; else it may be true, and not enough. */
static bool settle_doubts(struct tn_search *search, bool passed, tenon_error *err)
{
    bool good = true;

    for (size_t i = 0; i < TN_COUNT(search->doubts); i++) {
        const char *file = search->doubts[i].file;
        if (good && file)
            good = tn_found_remark(search->hunt.found,
                                   passed ? "%s does not tell the truth: %s"
                                          : "what %s says does not do: %s",
                                   file, search->doubts[i].why);
        search->doubts[i].file = NULL;
    }
    return good || tn_no_memory(err);
}

/* The plain switches of each library directory, until one passes. */
static bool try_plain(struct tn_search *search, const struct tn_place *place, bool *passed,
                      tenon_error *err)
{
    *passed = false;
    for (size_t i = 0; !*passed && i < place->variants; i++) {
        struct tn_attempt attempt;
        bool good = tn_place_attempt(&search->hunt, place, i, &attempt) || tn_no_memory(err);
        good = good && tn_search_attempt(search, &attempt, passed, err);
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
static bool try_all_evidence(struct tn_search *search, const struct tn_place *place, bool scripts,
                             bool *passed, tenon_error *err)
{
    struct tn_attempt attempt;
    bool there, good;

    *passed = false;
    good = scripts ? tn_script_attempt(&search->hunt, place, &attempt, &there, err)
                   : tn_pc_attempt(&search->hunt, place, &attempt, &there, err);
    if (good && there && !(search->done && tn_same_switches(&attempt, &search->accepted)) &&
        !tn_is_plain(&search->hunt, place, &attempt))
        good = try_evidence(search, &attempt, scripts, passed, err);
    if (good && there && attempt.version) {
        search->stated_by = attempt.pc;
        search->stated = attempt.version;
    }
    if (there || !good)
        tn_attempt_free(&attempt);
    return good;
}

/* All headers that are tried in a place: the known ones, or guesses, one after the other. */
static bool try_with_headers(struct tn_search *search, const struct tn_place *place, bool *passed,
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

/* What is known of the library that a .pc file of this name is about: zlib.pc is about z. */
static bool try_known(struct tn_search *search, const struct tn_place *place,
                      const struct tn_words *guesses, bool *passed, tenon_error *err)
{
    struct tn_known_library row;
    bool known, good = tn_known_by_pc(&search->hunt, place, guesses, &row, &known, err);

    if (!good || !known)
        return good;
    tn_hunt_take(&search->hunt, &row);
    good = try_with_headers(search, place, passed, err);
    if (good && !*passed)
        tn_hunt_take(&search->hunt, &(struct tn_known_library){ 0 });
    return good;
}

static bool try_guesses(struct tn_search *search, const struct tn_place *place, bool *passed,
                        tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;
    struct tn_words guesses = { 0 };
    const char *source;
    bool good = tn_guess_headers(hunt, place, &guesses, &source, err);

    *passed = false;
    good = good && try_known(search, place, &guesses, passed, err);
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
    if (good && !*passed && guesses.count == 0 && !place->pc_dir) {
        struct tn_attempt attempt;
        good = tn_place_attempt(hunt, place, 0, &attempt) && tn_hunt_begin(hunt, &attempt) &&
               tn_hunt_step(hunt, "headers", TENON_STEP_FAILED, false,
                            "no header is known for %s, and none is called like it: give "
                            "--header=FILE, and --dir=DIR for where it is installed",
                            hunt->request->name);
        tn_attempt_free(&attempt);
        good = good || tn_no_memory(err);
    }
    tn_words_free(&guesses);
    return good;
}

static bool try_place(struct tn_search *search, const struct tn_place *place, bool *passed,
                      tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;

    bool good = hunt->headers || !tn_needs_headers(hunt->request)
                    ? try_with_headers(search, place, passed, err)
                    : try_guesses(search, place, passed, err);
    return good && settle_doubts(search, *passed, err);
}

/* ---- all places ------------------------------------------------------------------------------ */

/* Says first that the user's own directory did not do. */
static bool remark_given(struct tn_search *search, const struct tn_place *place, const char *why,
                         tenon_error *err)
{
    tenon_file_info info;
    int failed = tenon_world_stat(search->hunt.world, place->dir, &info);

    if (failed)
        return tn_found_remark(search->hunt.found, "the directory %s (%s) cannot be searched: %s",
                               place->dir, place->origin, tn_errno_text(failed)) ||
               tn_no_memory(err);
    return tn_found_remark(search->hunt.found, "the directory %s (%s) does not do: %s", place->dir,
                           place->origin, why ? why : "it does not work") ||
           tn_no_memory(err);
}

/* What the caller's pkg-config would take before the system's. */
static bool try_pc_places(struct tn_search *search, bool *passed, tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;
    struct tn_place place;
    size_t i = 0;
    bool good = true;

    while (good && !*passed && tn_pc_place_next(hunt, &i, &place))
        good = (tn_words_add(&hunt->found->dirs, place.pc_dir) || tn_no_memory(err)) &&
               try_place(search, &place, passed, err);
    return good;
}

bool tn_search_places(struct tn_search *search, tenon_error *err)
{
    struct tn_hunt *hunt = &search->hunt;
    struct tn_place place;
    size_t i = 0;
    bool passed = false, pc_tried = false;

    while (!passed && tn_place_next(hunt, &i, &place)) {
        size_t before = hunt->found->place_count;
        if (!place.user && !pc_tried && (place.dir || place.builtin)) {
            pc_tried = true;
            if (!try_pc_places(search, &passed, err))
                return false;
            if (passed)
                break;
            before = hunt->found->place_count;
        }
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
