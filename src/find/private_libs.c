/* src/find/private_libs.c - what an archive needs besides, found by trying */
#include "private_libs.h"

#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "flags.h"
#include "pc_switches.h"
#include "quote.h"
#include "steps.h"

/* What archives of Unix systems need often, dependants before what they need. */
static const char *const usual[] = { "-lssl",     "-lcrypto", "-lz",      "-lbz2",
                                     "-llzma",    "-lzstd",   "-lstdc++", "-lm",
                                     "-lpthread", "-ldl",     "-lrt",     "-lresolv" };

/* "libm.so.6" is -lm: what the shared library needs, the archive needs too. */
static bool add_needs(struct tn_hunt *hunt, const struct tn_outcome *outcome,
                      struct tn_words *candidates)
{
    bool good = true;

    for (size_t i = 0; good && i < outcome->group.count; i++) {
        tenon_image *image =
            tenon_image_open(hunt->world, outcome->group.at[i], TENON_PART_CORE, NULL);
        const tenon_need *need;
        for (size_t k = 0; good && image && (need = tenon_image_need(image, k)); k++) {
            const char *end = tn_begins(need->name, "lib") ? strstr(need->name, ".so") : NULL;
            if (!end || tn_begins(need->name, "libc.so") || tn_begins(need->name, "libgcc"))
                continue;
            const char *word =
                tn_arena_format(hunt->arena, "-l%.*s", (int)(end - need->name - 3), need->name + 3);
            good = word && tn_words_add_once(candidates, word);
        }
        tenon_image_free(image);
    }
    return good;
}

/* The libraries that the .pc file of the same directories names for static links. */
static bool add_from_pc(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                        struct tn_words *candidates)
{
    struct tn_words dirs = { 0 };
    bool good = true;

    for (size_t i = 0; good && i < attempt->libs.count; i++)
        if (tn_begins(attempt->libs.at[i], "-L"))
            good = tn_add_joined(&dirs, hunt->arena, attempt->libs.at[i] + 2, "/pkgconfig");
    for (size_t i = 0; good && i < hunt->finder->library_dirs.count; i++)
        good = tn_add_joined(&dirs, hunt->arena, hunt->finder->library_dirs.at[i], "/pkgconfig");
    good = good && tn_words_add(&dirs, "/usr/share/pkgconfig");
    const char *path =
        good ? tn_pc_for(hunt->world, hunt->arena, &dirs, hunt->request->name) : NULL;
    struct tn_pc pc = { 0 };
    if (path && tn_pc_read(hunt->world, hunt->arena, path, &dirs, hunt->finder->sysroot, &pc, NULL))
        good = good && tn_switches_without(&pc.private_libs, &attempt->libs, candidates);
    tn_pc_free(&pc);
    tn_words_free(&dirs);
    return good;
}

static bool gather(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                   const struct tn_outcome *outcome, struct tn_words *candidates)
{
    bool good = add_from_pc(hunt, attempt, candidates) && add_needs(hunt, outcome, candidates);

    for (size_t i = 0; good && i < TN_COUNT(usual); i++)
        good = tn_words_add_once(candidates, usual[i]);
    return good;
}

struct trial {
    struct tn_hunt *hunt;
    const struct tn_words *before; /* words of the library itself */
    struct tn_words candidates;
    bool *left_out;
    const char *object, *program;
    bool is_static;
    struct tn_said *said;
};

/* The library's words, then the candidates that were not left out. */
static bool add_words(const struct trial *trial, const struct tn_words *own, struct tn_words *out)
{
    bool good = tn_words_add_all(out, own);

    for (size_t i = 0; good && i < trial->candidates.count; i++)
        if (!trial->left_out[i])
            good = tn_words_add(out, trial->candidates.at[i]);
    return good;
}

static bool try_link(struct trial *trial, bool *linked, tenon_error *err)
{
    struct tn_words libs = { 0 };
    bool good = add_words(trial, trial->before, &libs);

    good = good ? tn_probe_link(trial->hunt, trial->object, trial->program, &libs, NULL,
                                trial->is_static, trial->said, err)
                : tn_no_memory(err);
    *linked = good && trial->said->exit.status == 0;
    tn_words_free(&libs);
    return good;
}

/* Leaves out the candidates that the linker does not find. True when it named one. */
static bool drop_unknown(struct trial *trial)
{
    bool dropped = false;

    for (size_t i = 0; i < trial->candidates.count; i++) {
        const char *word = trial->candidates.at[i];
        const char *at = trial->left_out[i] ? NULL : strstr(trial->said->err_out, word);
        for (; at; at = strstr(at + 1, word)) {
            char after = at[strlen(word)];
            if (after != '\0' && after != '\n' && after != ':' && after != ' ' && after != '\'')
                continue;
            trial->left_out[i] = dropped = true;
            break;
        }
    }
    return dropped;
}

/* All candidates that exist, then without each that is not needed, the last first. */
static bool reduce(struct trial *trial, bool *linked, tenon_error *err)
{
    do {
        if (!try_link(trial, linked, err))
            return false;
    } while (!*linked && drop_unknown(trial));
    for (size_t i = trial->candidates.count; *linked && i-- > 0;) {
        bool without;
        if (trial->left_out[i])
            continue;
        trial->left_out[i] = true;
        if (!try_link(trial, &without, err))
            return false;
        trial->left_out[i] = without;
    }
    /* once more with what is left: its output and program are those that count */
    return !*linked || try_link(trial, linked, err);
}

/* Without any candidate; only where that does not link, with those that are needed. */
static bool find_needed(struct trial *trial, bool *linked, tenon_error *err)
{
    size_t size = trial->candidates.count * sizeof *trial->left_out;

    memset(trial->left_out, true, size);
    if (!try_link(trial, linked, err))
        return false;
    if (*linked)
        return true;
    memset(trial->left_out, false, size);
    return reduce(trial, linked, err);
}

static bool begin(struct trial *trial, const struct tn_attempt *attempt,
                  const struct tn_outcome *outcome, tenon_error *err)
{
    if (!gather(trial->hunt, attempt, outcome, &trial->candidates))
        return tn_no_memory(err);
    trial->left_out = calloc(trial->candidates.count + 1, sizeof *trial->left_out);
    return trial->left_out || tn_no_memory(err);
}

static void end(struct trial *trial)
{
    free(trial->left_out);
    tn_words_free(&trial->candidates);
}

/* The candidates that are needed become words of the attempt. */
static bool take_needed(const struct trial *trial, struct tn_attempt *attempt)
{
    bool good = true;

    for (size_t i = 0; good && i < trial->candidates.count; i++)
        if (!trial->left_out[i])
            good = tn_words_add(&attempt->libs, trial->candidates.at[i]);
    return good;
}

bool tn_try_private_libs(struct tn_hunt *hunt, struct tn_attempt *attempt, const char *object,
                         const char *program, struct tn_outcome *outcome, struct tn_said *said,
                         tenon_error *err)
{
    struct tn_said last = *said;
    struct trial trial = {
        .hunt = hunt, .before = &attempt->libs, .object = object, .program = program, .said = &last
    };
    struct tn_words files = { 0 };
    bool linked = false, good = true;

    /* rule  a shared library names what it needs itself; an archive cannot */
    if (outcome->group.count == 0 || !strstr(said->err_out, "undefined"))
        return true;
    for (size_t i = 0; i < outcome->group.count; i++) {
        tenon_image *image =
            tenon_image_open(hunt->world, outcome->group.at[i], TENON_PART_CORE, NULL);
        bool shared = image && tenon_image_kind(image) == TENON_KIND_SHARED_LIBRARY;
        tenon_image_free(image);
        if (shared)
            return true;
    }
    good = begin(&trial, attempt, outcome, err) && reduce(&trial, &linked, err);
    if (good && linked)
        good = take_needed(&trial, attempt) || tn_no_memory(err);
    if (good && linked) {
        *said = last;
        outcome->group.count = 0;
        good = (tn_linker_files(hunt->arena, last.out, &files) &&
                tn_linker_group(&files, object, &attempt->libs, &outcome->group)) ||
               tn_no_memory(err);
    }
    tn_words_free(&files);
    end(&trial);
    return good;
}

/*
 * The library's own words with all its members: what none of them needs is not needed. One may
 * have a main(), of two that define the same a program takes one: what they need counts here.
 *
 * rule  these switches: GNU ld, for PE too, gold, lld, mold
 */
static bool with_all_members(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                             struct tn_words *out)
{
    static const char begin_whole[] = "-Wl,--allow-multiple-definition,--whole-archive";
    const char *own = tn_arena_format(hunt->arena, "-l%s", hunt->request->name);
    bool whole = hunt->finder->elf || tn_is_pe(hunt), done = false, good = own;

    for (size_t i = 0; good && i < attempt->libs.count; i++) {
        bool is_own = whole && !done && strcmp(attempt->libs.at[i], own) == 0;
        good = (!is_own || tn_words_add(out, begin_whole)) &&
               tn_words_add(out, attempt->libs.at[i]) &&
               (!is_own || tn_words_add(out, "-Wl,--no-whole-archive"));
        done |= is_own;
    }
    return good;
}

/* Why LIBS may not be all that a program with the archive needs. False: no memory. */
static bool remark_unknown_needs(struct tn_hunt *hunt, const struct tn_outcome *outcome,
                                 const struct tn_said *said)
{
    const char *archive = outcome->group.at[0];
    const char *hint = hunt->request->function ? "" : "; --function=NAME finds what NAME needs";

    if (said)
        return tn_found_remark(hunt->found, "what all of %s needs was not found: %s%s", archive,
                               tn_first_lines(hunt, said->err_out), hint);
    return hunt->function ||
           tn_found_remark(hunt->found, "nothing of %s was linked: what it needs is not known%s",
                           archive, hint);
}

bool tn_add_needs_of_all(struct tn_hunt *hunt, struct tn_attempt *attempt,
                         const struct tn_outcome *outcome, bool *added, tenon_error *err)
{
    struct tn_words all = { 0 };
    struct tn_said said;
    struct trial trial = { .hunt = hunt,
                           .before = &all,
                           .object = tn_arena_format(hunt->arena, "%s/sample.o", hunt->dir),
                           .program = tn_program_path(hunt, "static"),
                           .said = &said };
    size_t before = attempt->libs.count;
    bool linked = false;
    bool good = (trial.object && trial.program && with_all_members(hunt, attempt, &all)) ||
                tn_no_memory(err);
    bool whole = all.count > before;

    if (good && whole)
        good = begin(&trial, attempt, outcome, err) && find_needed(&trial, &linked, err);
    if (good)
        good = (linked ? take_needed(&trial, attempt)
                       : remark_unknown_needs(hunt, outcome, whole ? &said : NULL)) ||
               tn_no_memory(err);
    *added = attempt->libs.count > before;
    end(&trial);
    tn_words_free(&all);
    return good;
}

static const char *join(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                        const struct trial *trial)
{
    struct tn_words words = { 0 };
    const char *joined =
        add_words(trial, &attempt->libs, &words) ? tn_join_shell(hunt->arena, &words) : NULL;

    tn_words_free(&words);
    return joined;
}

/* One trial with these words of the library itself. */
static bool try_static(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                       const struct tn_outcome *outcome, const struct tn_words *own,
                       const char **libs, struct tn_said *said, tenon_error *err)
{
    const char *object = tn_arena_format(hunt->arena, "%s/sample.o", hunt->dir);
    const char *program = tn_program_path(hunt, "static");
    struct trial trial = { .hunt = hunt,
                           .before = own,
                           .object = object,
                           .program = program,
                           .is_static = true,
                           .said = said };
    bool linked = false;
    bool good = object && program
                    ? begin(&trial, attempt, outcome, err) && reduce(&trial, &linked, err)
                    : tn_no_memory(err);

    if (good && linked) {
        *libs = join(hunt, attempt, &trial);
        good = *libs || tn_no_memory(err);
    }
    end(&trial);
    return good;
}

bool tn_static_libs(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                    const struct tn_outcome *outcome, const char **libs, const char **why,
                    tenon_error *err)
{
    struct tn_words all = { 0 };
    struct tn_said said;
    bool good = with_all_members(hunt, attempt, &all) || tn_no_memory(err);

    *libs = *why = NULL;
    good = good && try_static(hunt, attempt, outcome, &all, libs, &said, err);
    /* members that need what is nowhere: what the sample uses must do */
    if (good && !*libs && hunt->function)
        good = try_static(hunt, attempt, outcome, &attempt->libs, libs, &said, err);
    if (good && !*libs)
        *why =
            tn_arena_format(hunt->arena, "no static link: %s", tn_first_lines(hunt, said.err_out));
    tn_words_free(&all);
    return good && (*libs || *why || tn_no_memory(err));
}
