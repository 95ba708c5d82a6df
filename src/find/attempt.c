/* src/find/attempt.c - one set of switches: headers, object, link, start, and what else is asked */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diagnose.h"
#include "fail.h"
#include "flags.h"
#include "hunt.h"
#include "member.h"
#include "private_libs.h"
#include "quote.h"
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
        tn_grow(&found->places, &found->place_room, found->place_count, sizeof *found->places);

    for (size_t i = 0; good && i < attempt->cflags.count; i++)
        good = tn_words_add(&all, attempt->cflags.at[i]);
    for (size_t i = 0; good && i < attempt->libs.count; i++)
        good = tn_words_add(&all, attempt->libs.at[i]);
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

/* rule  GNU ld for PE: a program without suffix gets .exe */
const char *tn_program_path(const struct tn_hunt *hunt, const char *name)
{
    bool is_pe = strcmp(hunt->finder->platform->shlib_type, "PE") == 0;

    return tn_arena_format(hunt->arena, "%s/%s%s", hunt->dir, name, is_pe ? ".exe" : "");
}

/* ---- where things are ------------------------------------------------------------------------ */

static bool is_below(struct tn_arena *arena, const char *path, const char *dir)
{
    size_t size = strlen(dir);

    if (strncmp(path, dir, size) == 0 && (path[size] == '/' || path[size] == '\0'))
        return true;
    const char *real_path = tn_real_path(arena, path), *real_dir = tn_real_path(arena, dir);
    if (!real_path || !real_dir)
        return false;
    size = strlen(real_dir);
    return strncmp(real_path, real_dir, size) == 0 && real_path[size] == '/';
}

static bool same_prefix(struct tn_arena *arena, const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    const char *real_a = tn_real_path(arena, a), *real_b = tn_real_path(arena, b);
    return real_a && real_b && strcmp(real_a, real_b) == 0;
}

/* PREFIX of a file among headers or libraries. */
static const char *file_prefix(struct tn_arena *arena, const char *path)
{
    const char *dir = tn_dir_name(arena, path);

    return dir ? tn_prefix_of(arena, dir) : NULL;
}

/* A file without its links, where one leads to another installation (/lib is /usr/lib). */
static const char *real_prefix(struct tn_arena *arena, const char *path)
{
    const char *dir = tn_dir_name(arena, path);
    const char *real = dir ? tn_real_path(arena, dir) : NULL;

    return real ? tn_prefix_of(arena, real) : NULL;
}

static bool is_of_one(struct tn_arena *arena, const char *header, const char *library)
{
    const char *a = file_prefix(arena, header), *b = file_prefix(arena, library);
    const char *real_a = real_prefix(arena, header), *real_b = real_prefix(arena, library);

    return a && b && real_a && real_b && (strcmp(a, b) == 0 || strcmp(real_a, real_b) == 0);
}

/* ---- (a) and (b) ----------------------------------------------------------------------------- */

static const char *find_in_dir(struct tn_arena *arena, const char *dir, const char *header)
{
    struct stat info;
    const char *path = tn_arena_format(arena, "%s/%s", dir, header);

    return path && stat(path, &info) == 0 && S_ISREG(info.st_mode) ? path : NULL;
}

/* The file that the compiler will take for a header. */
static const char *find_header(const struct tn_hunt *hunt, const struct tn_attempt *attempt,
                               const char *header)
{
    const char *path = NULL;

    for (size_t i = 0; !path && i < attempt->cflags.count; i++)
        if (tn_begins(attempt->cflags.at[i], "-I"))
            path = find_in_dir(hunt->arena, attempt->cflags.at[i] + 2, header);
    for (size_t i = 0; !path && i < hunt->finder->include_dirs.count; i++)
        path = find_in_dir(hunt->arena, hunt->finder->include_dirs.at[i], header);
    return path;
}

/* The directories that were looked through, for people. */
static const char *looked_in(const struct tn_hunt *hunt, const struct tn_attempt *attempt)
{
    const char *all = tn_arena_string(hunt->arena, "");
    size_t shown = 0;

    for (size_t i = 0; all && i < attempt->cflags.count; i++)
        if (tn_begins(attempt->cflags.at[i], "-I"))
            all = tn_arena_format(hunt->arena, "%s%s%s", all, shown++ ? ", " : "",
                                  attempt->cflags.at[i] + 2);
    if (all && (attempt->builtin || attempt->by_user || !shown))
        all = tn_arena_format(hunt->arena, "%s%sthe compiler's own directories", all,
                              shown ? ", " : "");
    return all;
}

static bool header_belongs(const struct tn_hunt *hunt, const struct tn_attempt *attempt,
                           const char *path)
{
    if (attempt->by_user || !attempt->dir)
        return true;
    if (!attempt->builtin)
        return is_below(hunt->arena, path, attempt->dir);
    const char *prefix = file_prefix(hunt->arena, path);
    return prefix && same_prefix(hunt->arena, prefix, attempt->dir);
}

/*
 * (a): each header is there, and one at least is of this installation: others may be what it needs
 * of the system's. The last that belongs is the one that counts.
 */
static bool check_headers(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                          struct tn_outcome *outcome, bool *passed, tenon_error *err)
{
    const char *foreign = NULL, *foreign_name = NULL;

    *passed = false;
    for (const char *const *header = hunt->headers; header && *header; header++) {
        const char *path = find_header(hunt, attempt, *header);
        if (!path && hunt->finder->include_dirs.count == 0)
            continue; /* not known where the compiler looks: it will say */
        if (!path)
            return tn_hunt_step(hunt, "headers", TENON_STEP_FAILED, false, "no %s in %s", *header,
                                looked_in(hunt, attempt)) ||
                   tn_no_memory(err);
        if (header_belongs(hunt, attempt, path)) {
            outcome->header = path;
            outcome->header_name = *header;
        } else {
            foreign = path;
            foreign_name = *header;
        }
    }
    if (foreign && !outcome->header)
        return tn_hunt_step(hunt, "headers", TENON_STEP_FAILED, false,
                            "no %s below %s: the compiler takes %s", foreign_name, attempt->dir,
                            foreign) ||
               tn_no_memory(err);
    *passed = true;
    hunt->builtin_tried |= attempt->builtin;
    return tn_hunt_step(hunt, "headers", hunt->headers ? TENON_STEP_PASSED : TENON_STEP_SKIPPED,
                        false, NULL) ||
           tn_no_memory(err);
}

static bool add_all(struct tn_words *words, const struct tn_words *more)
{
    for (size_t i = 0; i < more->count; i++)
        if (!tn_words_add(words, more->at[i]))
            return false;
    return true;
}

static bool add_each(struct tn_words *words, const char *const *more)
{
    for (; *more; more++)
        if (!tn_words_add(words, *more))
            return false;
    return true;
}

/* The compiler with --sysroot, as all commands begin. */
static bool begin_command(const struct tn_hunt *hunt, struct tn_words *argv)
{
    const char *sysroot = hunt->finder->sysroot;

    if (!add_all(argv, &hunt->finder->compiler))
        return false;
    return !sysroot || tn_add_joined(argv, hunt->arena, "--sysroot=", sysroot);
}

bool tn_probe_compile(struct tn_hunt *hunt, const struct tn_words *cflags, const char *source,
                      const char *object, const char *rule, struct tn_said *said, tenon_error *err)
{
    struct tn_words argv = { 0 };
    const char *const end[] = { "-MD", "-MF", rule, "-c", source, "-o", object, NULL };
    bool good = begin_command(hunt, &argv) && add_all(&argv, cflags) && add_each(&argv, end);

    good = good ? tn_tool_run(hunt->finder, hunt->arena, &argv, TN_TOOL_SECONDS, said, err)
                : tn_no_memory(err);
    tn_words_free(&argv);
    return good;
}

/* The header that was compiled is the one that was found, of this installation. */
static bool check_compiled_header(const struct tn_words *files, const struct tn_outcome *outcome,
                                  struct tn_arena *arena)
{
    const char *tidy = outcome->header ? tn_tidy_path(arena, outcome->header) : NULL;
    struct stat one, other;

    if (!tidy || tn_is_among(tidy, files->at, files->count))
        return true;
    /* a compiler may resolve the links of its own directories */
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(tn_base_name(files->at[i]), tn_base_name(tidy)) == 0 && stat(tidy, &one) == 0 &&
            stat(files->at[i], &other) == 0 && one.st_dev == other.st_dev &&
            one.st_ino == other.st_ino)
            return true;
    return false;
}

/* (b): an object can be compiled. The same switches and headers are compiled once. */
static bool check_object(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                         struct tn_outcome *outcome, bool *passed, tenon_error *err)
{
    const char *source = tn_arena_format(hunt->arena, "%s/sample.c", hunt->dir);
    const char *object = tn_arena_format(hunt->arena, "%s/sample.o", hunt->dir);
    const char *rule = tn_arena_format(hunt->arena, "%s/sample.d", hunt->dir);
    const char *flags = tn_join_shell(hunt->arena, &attempt->cflags);
    const char *key = flags && hunt->headers
                          ? tn_arena_format(hunt->arena, "%s %s", flags, hunt->headers[0])
                          : flags;
    struct tn_words files = { 0 };
    struct tn_said said;
    bool good;

    *passed = true;
    if (!source || !object || !rule || !key)
        return tn_no_memory(err);
    if (hunt->compiled && strcmp(hunt->compiled, key) == 0)
        return tn_hunt_step(hunt, "object", TENON_STEP_PASSED, false, NULL) || tn_no_memory(err);
    hunt->compiled = NULL;
    if (!tn_sample_write(hunt, source, err) ||
        !tn_probe_compile(hunt, &attempt->cflags, source, object, rule, &said, err))
        return false;
    *passed = said.exit.status == 0;
    if (!*passed && hunt->facts_by_list) {
        /* what the list says of a library may be wrong of this version of it */
        hunt->function = hunt->version_macro = hunt->version_function = NULL;
        hunt->facts_by_list = false;
        if (!tn_sample_write(hunt, source, err) ||
            !tn_probe_compile(hunt, &attempt->cflags, source, object, rule, &said, err))
            return false;
        *passed = said.exit.status == 0;
    }
    if (!*passed)
        return tn_hunt_step(hunt, "object", TENON_STEP_FAILED, false, "compile error: %s",
                            tn_first_lines(hunt, said.err_out)) ||
               tn_no_memory(err);
    good = tn_depfile_read(hunt->arena, rule, &files) && add_all(&hunt->found->files, &files);
    if (good && !check_compiled_header(&files, outcome, hunt->arena)) {
        *passed = false;
        good = tn_hunt_step(hunt, "object", TENON_STEP_FAILED, false,
                            "the compiler took another file than %s", outcome->header);
    } else if (good) {
        hunt->compiled = key;
        good = tn_hunt_step(hunt, "object", TENON_STEP_PASSED, false, NULL);
    }
    tn_words_free(&files);
    return good || tn_no_memory(err);
}

/* ---- (d) ------------------------------------------------------------------------------------- */

/* A test that uses nothing of the library must need it all the same. */
static bool needs_recording(const struct tenon_finder *finder)
{
    return finder->elf && finder->platform->recording == TENON_RECORDS_RUN_PATH &&
           strcmp(finder->platform->name, "solaris") != 0;
}

bool tn_probe_link(struct tn_hunt *hunt, const char *object, const char *program,
                   const struct tn_words *libs, const struct tn_words *run_dirs, bool is_static,
                   struct tn_said *said, tenon_error *err)
{
    struct tn_words argv = { 0 };
    bool record = needs_recording(hunt->finder) && !is_static;
    /* rule  ld64 knows the short name alone, mold the long one */
    bool is_macho = hunt->finder->platform->recording == TENON_RECORDS_INSTALL_NAME;
    const char *const begin[] = { "-o", program, object, NULL };
    bool good = begin_command(hunt, &argv) && add_each(&argv, begin) &&
                (!is_static || tn_words_add(&argv, "-static")) &&
                (!record || tn_words_add(&argv, "-Wl,--push-state,--no-as-needed")) &&
                add_all(&argv, libs);

    for (size_t i = 0; good && run_dirs && i < run_dirs->count; i++)
        good = tn_add_run_path(&argv, hunt->arena, hunt->finder->rpath_flag, run_dirs->at[i]);
    good = good && (!record || tn_words_add(&argv, "-Wl,--pop-state")) &&
           tn_words_add(&argv, is_macho ? "-Wl,-t" : "-Wl,--trace");
    good = good ? tn_tool_run(hunt->finder, hunt->arena, &argv, TN_TOOL_SECONDS, said, err)
                : tn_no_memory(err);
    tn_words_free(&argv);
    return good;
}

/* Header and library are of one installation, this one. NULL: they are; else the reason. */
static const char *wrong_library(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                                 const struct tn_outcome *outcome, const struct tn_said *said,
                                 bool *lost)
{
    const char *library = outcome->group.count ? outcome->group.at[0] : NULL, *why;
    bool right = true;

    *lost = false;
    if (!library)
        return NULL;
    if (!attempt->by_user && attempt->dir && !attempt->builtin)
        right = is_below(hunt->arena, library, attempt->dir);
    else if (!attempt->by_user && outcome->header)
        right = is_of_one(hunt->arena, outcome->header, library);
    if (right)
        return NULL;
    if (attempt->builtin || !attempt->dir)
        why = tn_arena_format(hunt->arena, "header and library are not of one installation: %s, %s",
                              outcome->header, library);
    else
        why = tn_arena_format(hunt->arena, "links with %s, not with a library of %s%s%s", library,
                              attempt->dir, *said->err_out ? ": " : "",
                              *said->err_out ? tn_first_lines(hunt, said->err_out) : "");
    *lost = !why;
    return why;
}

/* The library's own file is an archive, whatever it needs besides. */
static bool look_whether_static(struct tn_hunt *hunt, struct tn_outcome *outcome)
{
    struct tn_member member;

    if (!tn_member_read(hunt->world, hunt->arena, outcome->group.at[0], TN_ROLE_STATIC, &member))
        return false;
    outcome->is_static = member.is;
    return true;
}

/* The DLL that an import library stands for. */
static const char *dll_of(const tenon_image *image)
{
    const tenon_need *need = tenon_image_need(image, 0);
    const char *name = tenon_image_own_name(image);

    return name ? name : need ? need->name : "that it names";
}

/* What each file of the group is; remarks about those that are unusual. */
static bool look_at_group(struct tn_hunt *hunt, struct tn_outcome *outcome)
{
    bool good = true;

    outcome->is_shared = false;
    for (size_t i = 0; good && i < outcome->group.count; i++) {
        tenon_image *image =
            tenon_image_open(hunt->world, outcome->group.at[i], TENON_PART_CORE, NULL);
        enum tenon_kind kind = image ? tenon_image_kind(image) : TENON_KIND_UNKNOWN;
        outcome->is_shared |= kind == TENON_KIND_SHARED_LIBRARY;
        if (i == 0)
            good = look_whether_static(hunt, outcome);
        if (i == 0 && kind == TENON_KIND_IMPORT_LIBRARY)
            outcome->is_static = false;
        if (good && kind == TENON_KIND_IMPORT_LIBRARY)
            good = tn_found_remark(hunt->found,
                                   "%s is an import library: the program starts with the DLL %s",
                                   outcome->group.at[i], dll_of(image));
        tenon_image_free(image);
    }
    return good;
}

/* The directories whose libraries the program must find: where the linker took them from. */
static bool gather_run_dirs(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                            struct tn_outcome *outcome, bool linked)
{
    const char *sysroot = hunt->finder->sysroot;
    size_t cut = sysroot ? strlen(sysroot) : 0;

    outcome->run_dirs.count = 0;
    for (size_t i = 0; linked && i < outcome->group.count; i++) {
        const char *dir = tn_dir_name(hunt->arena, outcome->group.at[i]);
        if (!dir)
            return false;
        if (cut && strncmp(dir, sysroot, cut) == 0 && dir[cut] == '/')
            dir += cut;
        if (!tn_is_among(dir, outcome->run_dirs.at, outcome->run_dirs.count) &&
            !tn_words_add(&outcome->run_dirs, dir))
            return false;
    }
    for (size_t i = 0; !linked && i < attempt->libs.count; i++) {
        const char *word = attempt->libs.at[i];
        if (tn_begins(word, "-L") && word[2] &&
            !tn_is_among(word + 2, outcome->run_dirs.at, outcome->run_dirs.count) &&
            !tn_words_add(&outcome->run_dirs, word + 2))
            return false;
    }
    return true;
}

/* (d) to (f) once. *linked tells whether (d) passed. */
static bool link_and_start(struct tn_hunt *hunt, struct tn_attempt *attempt,
                           struct tn_outcome *outcome, bool run_path, bool *linked, bool *passed,
                           tenon_error *err)
{
    const char *object = tn_arena_format(hunt->arena, "%s/sample.o", hunt->dir);
    const char *program = tn_program_path(hunt, "sample");
    const char *why = NULL, *out = "";
    struct tn_said said;
    struct tn_words files = { 0 };
    bool good, lost = false;

    *linked = *passed = false;
    if (!object || !program)
        return tn_no_memory(err);
    if (!tn_probe_link(hunt, object, program, &attempt->libs, run_path ? &outcome->run_dirs : NULL,
                       false, &said, err))
        return false;
    outcome->group.count = 0;
    good = tn_linker_files(hunt->arena, said.out, &files) &&
           tn_linker_group(&files, object, &outcome->group);
    if (good && said.exit.status != 0 &&
        !tn_try_private_libs(hunt, attempt, object, program, outcome, &said, err)) {
        tn_words_free(&files);
        return false;
    }
    if (good && said.exit.status != 0)
        good = tn_hunt_step(hunt, "link", TENON_STEP_FAILED, run_path, "link error: %s%s",
                            tn_first_lines(hunt, said.err_out), tn_diagnose(hunt, attempt));
    else if (good && (why = wrong_library(hunt, attempt, outcome, &said, &lost)))
        good = tn_hunt_step(hunt, "link", TENON_STEP_FAILED, run_path, "%s%s", why,
                            tn_diagnose(hunt, attempt));
    else if (good)
        good = *linked = tn_hunt_step(hunt, "link", TENON_STEP_PASSED, run_path, NULL);
    good = good && !lost && add_all(&hunt->found->files, &files);
    tn_words_free(&files);
    if (!good)
        return tn_no_memory(err);
    if (!*linked)
        return true;
    if (!look_at_group(hunt, outcome))
        return tn_no_memory(err);
    if (!tn_start(hunt, program, outcome, passed, &why, &out, err))
        return false;
    if (!tn_hunt_step(hunt, "start", why ? TENON_STEP_FAILED : TENON_STEP_PASSED, run_path,
                      why ? "%s" : NULL, why))
        return tn_no_memory(err);
    if (!*passed)
        return true;
    return tn_further(hunt, attempt, run_path ? &outcome->run_dirs : NULL, out, outcome, passed,
                      err);
}

/* A run path is tried only where one is recorded and there is a directory for it. */
static bool may_have_run_path(const struct tn_hunt *hunt, const struct tn_outcome *outcome)
{
    return hunt->finder->run_paths && outcome->run_dirs.count > 0;
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

static bool again(struct tn_hunt *hunt, struct tn_attempt *attempt, struct tn_outcome *outcome,
                  bool linked, bool *passed, tenon_error *err)
{
    bool is_macho = linked && asks_for_run_path(hunt, outcome);

    if (!gather_run_dirs(hunt, attempt, outcome, linked))
        return tn_no_memory(err);
    if (is_macho) {
        /* the switch is the library's own wish: it stays among its LIBS */
        for (size_t i = 0; i < outcome->run_dirs.count; i++)
            if (!tn_add_run_path(&attempt->libs, hunt->arena, "-rpath", outcome->run_dirs.at[i]))
                return tn_no_memory(err);
        outcome->run_dirs.count = 0;
        outcome->run_path_in_libs = true;
        return link_and_start(hunt, attempt, outcome, false, &linked, passed, err);
    }
    if (!may_have_run_path(hunt, outcome)) {
        outcome->run_dirs.count = 0;
        return true;
    }
    if (!link_and_start(hunt, attempt, outcome, true, &linked, passed, err))
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
    if (!check_headers(hunt, attempt, outcome, passed, err))
        return false;
    if (!*passed)
        return true;
    if (!check_object(hunt, attempt, outcome, passed, err))
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
