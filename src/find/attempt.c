/* src/find/attempt.c - one set of switches: headers, object, link, start, and what else is asked */
#include <stdarg.h>
#include <stdio.h>

#include "diagnose.h"
#include "fail.h"
#include "flags.h"
#include "private_libs.h"
#include "quote.h"
#include "steps.h"
#include "text.h"

/*
 * How far an attempt came, by the step that failed: the reason told is that of the farthest; with a
 * run path is farther than without.
 */
static int rank_of(const char *step, bool run_path)
{
    static const char *const steps[] = { "headers", "object", "link", "start", "further" };

    for (int i = 0; i < (int)TN_COUNT(steps); i++)
        if (strcmp(steps[i], step) == 0)
            return 2 * i + TN_RANK_HEADERS + run_path;
    return 0;
}

bool tn_hunt_begin(struct tn_hunt *hunt, const struct tn_attempt *attempt)
{
    tenon_found *found = hunt->found;
    struct tn_words all = { 0 };
    bool good =
        tn_grow(&found->places, &found->place_room, found->place_count, sizeof *found->places) &&
        tn_words_add_all(&all, &attempt->cflags) && tn_words_add_all(&all, &attempt->libs);

    if (good) {
        tenon_find_place *place = &found->places[found->place_count++];
        *place = (tenon_find_place){ .dir = attempt->dir, .origin = attempt->origin };
        place->flags = tn_join_shell(hunt->arena, &all);
        good = place->flags;
    }
    tn_words_free(&all);
    return good;
}

bool tn_hunt_step(struct tn_hunt *hunt, const char *step, enum tenon_step_outcome outcome,
                  bool run_path, const char *format, ...)
{
    char text[TENON_ERROR_TEXT * 2];
    tenon_find_place *place = &hunt->found->places[hunt->found->place_count - 1];
    tenon_find_step *rows = tn_arena_rows(hunt->arena, place->step_count + 1, sizeof *rows);
    const char *why = NULL;

    if (format) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        why = tn_arena_string(hunt->arena, text);
    }
    if (!rows || (format && !why))
        return false;
    if (place->step_count)
        memcpy(rows, place->steps, place->step_count * sizeof *rows);
    rows[place->step_count++] = (tenon_find_step){ step, outcome, run_path, why };
    place->steps = rows;
    if (outcome == TENON_STEP_FAILED && rank_of(step, run_path) > hunt->last_rank) {
        hunt->last_rank = rank_of(step, run_path);
        hunt->last_reason = why;
    }
    return true;
}

void tn_outcome_free(struct tn_outcome *outcome)
{
    tn_words_free(&outcome->group);
    tn_words_free(&outcome->run_dirs);
    *outcome = (struct tn_outcome){ 0 };
}

void tn_attempt_free(struct tn_attempt *attempt)
{
    tn_words_free(&attempt->cflags);
    tn_words_free(&attempt->libs);
}

/* Links the sample, and tells which files the library's switches made the linker open. */
static bool link_sample(struct tn_hunt *hunt, struct tn_attempt *attempt,
                        struct tn_outcome *outcome, bool run_path, struct tn_words *files,
                        struct tn_said *said, tenon_error *err)
{
    const char *object = tn_arena_format(hunt->arena, "%s/sample.o", hunt->dir);
    const char *program = tn_program_path(hunt, "sample");

    if (!object || !program)
        return tn_no_memory(err);
    if (!tn_probe_link(hunt, object, program, &attempt->libs, run_path ? &outcome->run_dirs : NULL,
                       false, said, err))
        return false;
    files->count = outcome->group.count = 0;
    if (!tn_linker_files(hunt->arena, said->out, files) ||
        !tn_linker_group(files, object, &attempt->libs, &outcome->group))
        return tn_no_memory(err);
    return said->exit.status == 0 ||
           tn_try_private_libs(hunt, attempt, object, program, outcome, said, err);
}

/*
 * What was linked is not what was asked for: the reason. NULL: it is, or no memory (*lost).
 *
 * rule  GNU ld for PE looks at the machine of an archive's members only when it takes one
 */
static const char *why_wrong(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                             const struct tn_outcome *outcome, const struct tn_said *said,
                             bool *lost)
{
    const char *why = NULL;

    *lost = false;
    if (tn_is_pe(hunt))
        why = tn_wrong_machine(hunt, outcome, lost);
    if (why || *lost)
        return why;
    why = tn_brings_nothing(hunt, outcome, lost);
    if (!why && !*lost)
        why = tn_wrong_library(hunt, attempt, outcome, said, lost);
    if (!why)
        return NULL;
    why = tn_arena_format(hunt->arena, "%s%s", why, tn_diagnose(hunt, attempt));
    *lost = !why;
    return why;
}

/* The linker took a shared library, where these do not count and an archive was not asked for. */
static bool wants_archive(const struct tn_hunt *hunt, const struct tn_attempt *attempt,
                          const struct tn_outcome *outcome)
{
    return hunt->finder->no_shared && outcome->group.count && !outcome->is_static &&
           attempt->archives == TN_ARCHIVES_UNASKED;
}

/* *can: the linker has switches for that; then they are around the attempt's words. */
static bool ask_for_archives(const struct tn_hunt *hunt, struct tn_attempt *attempt, bool *can)
{
    const char *begin, *end;
    struct tn_words words = { 0 };
    bool good = true;

    *can = tn_archives_alone(hunt->finder->platform, &begin, &end);
    if (!*can)
        return true;
    good = tn_words_add(&words, begin) && tn_words_add_all(&words, &attempt->libs) &&
           tn_words_add(&words, end);
    if (good) {
        struct tn_words before = attempt->libs;
        attempt->libs = words;
        words = before;
        attempt->archives = TN_ARCHIVES_ASKED;
    }
    tn_words_free(&words);
    return good;
}

/* The file of the group that -lNAME stands for; NULL: none. */
static const char *archive_of(const struct tn_outcome *outcome, const char *name)
{
    for (size_t i = 0; i < outcome->group.count; i++) {
        const char *base = tn_base_name(outcome->group.at[i]);
        size_t size = strlen(name);
        if (tn_begins(base, "lib") && strncmp(base + 3, name, size) == 0 &&
            strcmp(base + 3 + size, ".a") == 0)
            return outcome->group.at[i];
    }
    return NULL;
}

/*
 * The archives by their paths instead of the switches around them: tools that read what is written
 * (Meson) put words like -l behind all others.
 */
static void name_archives(const struct tn_hunt *hunt, struct tn_attempt *attempt,
                          const struct tn_outcome *outcome)
{
    struct tn_words *libs = &attempt->libs;
    const char *begin, *end;
    size_t last = libs->count - 1, kept = 0;

    tn_archives_alone(hunt->finder->platform, &begin, &end);
    while (last > 0 && strcmp(libs->at[last], end) != 0)
        last--;
    for (size_t i = 1; i < libs->count; i++) {
        const char *word = libs->at[i];
        const char *archive =
            i < last && tn_begins(word, "-l") ? archive_of(outcome, word + 2) : NULL;
        if (i != last)
            libs->at[kept++] = archive ? archive : word;
    }
    libs->count = kept;
    attempt->archives = TN_ARCHIVES_NAMED;
}

/* (d) once; *linked tells whether it passed. An archive's needs become part of the switches. */
static bool link_step(struct tn_hunt *hunt, struct tn_attempt *attempt, struct tn_outcome *outcome,
                      bool run_path, bool *linked, struct tn_words *files, tenon_error *err)
{
    const char *why = NULL;
    struct tn_said said;
    bool lost = false, added = false, can;

    *linked = false;
    if (!link_sample(hunt, attempt, outcome, run_path, files, &said, err))
        return false;
    if (said.exit.status != 0)
        return tn_hunt_step(hunt, "link", TENON_STEP_FAILED, run_path, "%slink error: %s%s",
                            attempt->archives ? "archives alone, as SHLIB_TYPE is NA: " : "",
                            tn_first_lines(hunt, said.err_out), tn_diagnose(hunt, attempt)) ||
               tn_no_memory(err);
    why = why_wrong(hunt, attempt, outcome, &said, &lost);
    if (lost)
        return tn_no_memory(err);
    if (why)
        return tn_hunt_step(hunt, "link", TENON_STEP_FAILED, run_path, "%s", why) ||
               tn_no_memory(err);
    if (!tn_look_at_group(hunt, outcome))
        return tn_no_memory(err);
    if (wants_archive(hunt, attempt, outcome)) {
        if (!ask_for_archives(hunt, attempt, &can))
            return tn_no_memory(err);
        if (can)
            return link_step(hunt, attempt, outcome, run_path, linked, files, err);
        return tn_hunt_step(hunt, "link", TENON_STEP_FAILED, run_path,
                            "links with %s, which is no archive, and SHLIB_TYPE is NA",
                            outcome->group.at[0]) ||
               tn_no_memory(err);
    }
    if (outcome->is_static && !attempt->whole) {
        attempt->whole = true;
        if (!tn_add_needs_of_all(hunt, attempt, outcome, &added, err))
            return false;
    }
    if (attempt->archives == TN_ARCHIVES_ASKED) {
        name_archives(hunt, attempt, outcome);
        added = true;
    }
    /* with what it needs besides, or by other words, the program is another */
    if (added)
        return link_step(hunt, attempt, outcome, run_path, linked, files, err);
    *linked = true;
    return tn_hunt_step(hunt, "link", TENON_STEP_PASSED, run_path, NULL) || tn_no_memory(err);
}

/* (d) to (f) once. *linked tells whether (d) passed. */
static bool link_and_start(struct tn_hunt *hunt, struct tn_attempt *attempt,
                           struct tn_outcome *outcome, bool run_path, bool *linked, bool *passed,
                           tenon_error *err)
{
    const char *program = tn_program_path(hunt, "sample");
    const char *why = NULL, *out = "";
    struct tn_words files = { 0 };
    bool good;

    *linked = *passed = false;
    if (!program)
        return tn_no_memory(err);
    good = link_step(hunt, attempt, outcome, run_path, linked, &files, err) &&
           (tn_words_add_all(&hunt->found->files, &files) || tn_no_memory(err));
    tn_words_free(&files);
    if (!good || !*linked)
        return good;
    if (!tn_import_something(hunt, attempt, outcome, program, err) ||
        !tn_start(hunt, program, outcome, passed, &why, &out, err))
        return false;
    if (!tn_hunt_step(hunt, "start", why ? TENON_STEP_FAILED : TENON_STEP_PASSED, run_path,
                      why ? "%s" : NULL, why))
        return tn_no_memory(err);
    if (!*passed)
        return true;
    return tn_further(hunt, attempt, run_path ? &outcome->run_dirs : NULL, out, outcome, passed,
                      err);
}

/* rule  ld64: an install name that begins with @rpath is looked for in the run paths of the program
 */
static bool asks_for_run_path(struct tn_hunt *hunt, const struct tn_outcome *outcome)
{
    bool asks = false;

    if (hunt->finder->platform->recording != TENON_RECORDS_INSTALL_NAME)
        return false;
    for (size_t i = 0; !asks && i < outcome->group.count; i++) {
        tenon_image *image =
            tenon_image_open(hunt->world, outcome->group.at[i], TENON_PART_CORE, NULL);
        const char *name = image ? tenon_image_own_name(image) : NULL;
        asks = name && tn_begins(name, "@rpath/");
        tenon_image_free(image);
    }
    return asks;
}

/* A library that was linked needs another one of the same directories. */
static bool has_neighbour(struct tn_hunt *hunt, const struct tn_outcome *outcome)
{
    bool has = false;

    for (size_t i = 0; !has && i < outcome->group.count; i++) {
        tenon_image *image =
            tenon_image_open(hunt->world, outcome->group.at[i], TENON_PART_CORE, NULL);
        const char *dir = tn_dir_name(hunt->arena, outcome->group.at[i]);
        const tenon_need *need;
        for (size_t k = 0; !has && image && dir && (need = tenon_image_need(image, k)); k++) {
            tenon_file_info info;
            const char *path = tn_arena_format(hunt->arena, "%s/%s", dir, need->name);
            has = path && tenon_world_stat(hunt->world, path, &info) == 0;
        }
        tenon_image_free(image);
    }
    return has;
}

/*
 * A run path that libraries inherit. rule  ld.so(8): DT_RUNPATH counts for the needs of its own
 * object alone, DT_RPATH also for those of what that loads
 */
static bool inherited(struct tn_hunt *hunt, struct tn_attempt *attempt, struct tn_outcome *outcome,
                      bool *passed, tenon_error *err)
{
    static const char word[] = "-Wl,--disable-new-dtags";
    bool linked;

    if (!hunt->finder->elf || !has_neighbour(hunt, outcome) ||
        tn_is_among(word, attempt->libs.at, attempt->libs.count))
        return true;
    if (!tn_words_add(&attempt->libs, word))
        return tn_no_memory(err);
    if (!link_and_start(hunt, attempt, outcome, true, &linked, passed, err))
        return false;
    if (!*passed)
        attempt->libs.count--;
    return !*passed ||
           tn_found_remark(hunt->found,
                           "a library does not say where another that it needs is: with %s the "
                           "program's run path counts for that one too",
                           word) ||
           tn_no_memory(err);
}

static bool again(struct tn_hunt *hunt, struct tn_attempt *attempt, struct tn_outcome *outcome,
                  bool linked, bool *passed, tenon_error *err)
{
    bool is_macho = linked && asks_for_run_path(hunt, outcome);
    tenon_error why = TENON_ERROR_INIT;

    if (!is_macho && !hunt->finder->run_paths)
        return true;
    if (!tn_gather_run_dirs(hunt, attempt, outcome, linked, err))
        return false;
    if (is_macho) {
        /* the switch is the library's own wish: it stays among its LIBS */
        for (size_t i = 0; i < outcome->run_dirs.count; i++)
            if (!tn_add_run_path(&attempt->libs, hunt->arena, "-rpath", outcome->run_dirs.at[i]))
                return tn_no_memory(err);
        outcome->run_dirs.count = 0;
        outcome->run_path_in_libs = true;
        return link_and_start(hunt, attempt, outcome, false, &linked, passed, err);
    }
    if (!outcome->run_dirs.count)
        return true;
    for (size_t i = 0; linked && i < outcome->run_dirs.count; i++)
        if (!tn_check_run_path_dir(hunt->finder->platform, outcome->run_dirs.at[i], &why)) {
            outcome->run_dirs.count = 0;
            return tn_hunt_step(hunt, "start", TENON_STEP_FAILED, true,
                                "does not start without a run path: %s",
                                tenon_error_message(&why)) ||
                   tn_no_memory(err);
        }
    if (!link_and_start(hunt, attempt, outcome, true, &linked, passed, err))
        return false;
    if (!*passed && linked && !inherited(hunt, attempt, outcome, passed, err))
        return false;
    if (*passed && linked && !outcome->is_shared)
        outcome->run_dirs.count = 0;
    return true;
}

bool tn_attempt_run(struct tn_hunt *hunt, struct tn_attempt *attempt, struct tn_outcome *outcome,
                    bool *passed, tenon_error *err)
{
    bool linked = false;

    *passed = false;
    *outcome = (struct tn_outcome){ 0 };
    if (!tn_hunt_begin(hunt, attempt))
        return tn_no_memory(err);
    if (!tn_step_headers(hunt, attempt, outcome, passed, err))
        return false;
    if (!*passed)
        return true;
    if (!tn_step_object(hunt, attempt, outcome, passed, err))
        return false;
    if (!*passed)
        return true;
    if (!link_and_start(hunt, attempt, outcome, false, &linked, passed, err))
        return false;
    if (!*passed && !again(hunt, attempt, outcome, linked, passed, err))
        return false;
    hunt->found->places[hunt->found->place_count - 1].accepted = *passed;
    return true;
}
