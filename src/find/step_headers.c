/* src/find/step_headers.c - steps (a) and (b): the headers are there, an object can be compiled */
#include <errno.h>
#include <sys/stat.h>

#include "fail.h"
#include "private_libs.h"
#include "quote.h"
#include "steps.h"
#include "store.h"

static const char *find_in_dir(const struct tn_hunt *hunt, const char *dir, const char *header)
{
    struct stat info;
    const char *path = tn_arena_format(hunt->arena, "%s/%s", dir, header);

    if (path && stat(path, &info) == 0)
        return S_ISREG(info.st_mode) ? path : NULL;
    hunt->found->unsure |= !path || !tn_says_absent(errno);
    return NULL;
}

/* The file that the compiler will take for a header. */
static const char *find_header(const struct tn_hunt *hunt, const struct tn_attempt *attempt,
                               const char *header)
{
    const char *path = NULL;

    for (size_t i = 0; !path && i < attempt->cflags.count; i++)
        if (tn_begins(attempt->cflags.at[i], "-I"))
            path = find_in_dir(hunt, attempt->cflags.at[i] + 2, header);
    for (size_t i = 0; !path && i < hunt->finder->include_dirs.count; i++)
        path = find_in_dir(hunt, hunt->finder->include_dirs.at[i], header);
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

/* Where the compiler looks is not said by -I alone: it will tell. */
static bool only_the_compiler_knows(const struct tn_hunt *hunt, const struct tn_attempt *attempt)
{
    static const char *const others[] = { "-isystem", "-idirafter", "-iquote",
                                          "-include", "-F",         "--sysroot" };

    for (size_t i = 0; i < attempt->cflags.count; i++)
        for (size_t k = 0; k < TN_COUNT(others); k++)
            if (tn_begins(attempt->cflags.at[i], others[k]))
                return true;
    return hunt->finder->include_dirs.count == 0;
}

static bool header_belongs(const struct tn_hunt *hunt, const struct tn_attempt *attempt,
                           const char *path)
{
    if (attempt->by_user || !attempt->dir)
        return true;
    if (!attempt->builtin)
        return tn_is_below(hunt->arena, path, attempt->dir);
    const char *prefix = tn_file_prefix(hunt->arena, path);
    return prefix && tn_same_prefix(hunt->arena, prefix, attempt->dir);
}

/*
 * (a): each header is there, and one at least is of this installation: others may be what it needs
 * of the system's. The last that belongs is the one that counts.
 */
bool tn_step_headers(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                     struct tn_outcome *outcome, bool *passed, tenon_error *err)
{
    const char *foreign = NULL, *foreign_name = NULL;

    *passed = false;
    for (const char *const *header = hunt->headers; header && *header; header++) {
        const char *path = find_header(hunt, attempt, *header);
        if (!path && only_the_compiler_knows(hunt, attempt))
            continue;
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

/* Words for a header that C refuses and C++ takes: it is tried. */
static bool try_as_cpp(struct tn_hunt *hunt, const struct tn_attempt *attempt, const char *source,
                       const char **hint, tenon_error *err)
{
    const char *object = tn_arena_format(hunt->arena, "%s/trial.o", hunt->dir);
    const char *rule = tn_arena_format(hunt->arena, "%s/trial.d", hunt->dir);
    struct tn_words cflags = { 0 };
    struct tn_said said;
    bool good = object && rule && tn_words_add(&cflags, "-x") && tn_words_add(&cflags, "c++") &&
                tn_words_add_all(&cflags, &attempt->cflags);

    *hint = "";
    good = good ? tn_probe_compile(hunt, &cflags, source, object, rule, &said, err)
                : tn_no_memory(err);
    if (good && said.exit.status == 0)
        *hint = " (in C++ it compiles: try --cc=c++)";
    tn_words_free(&cflags);
    return good;
}

/* (b): an object can be compiled. The same switches and headers are compiled once. */
bool tn_step_object(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                    struct tn_outcome *outcome, bool *passed, tenon_error *err)
{
    const char *source = tn_arena_format(hunt->arena, "%s/sample.c", hunt->dir);
    const char *object = tn_arena_format(hunt->arena, "%s/sample.o", hunt->dir);
    const char *rule = tn_arena_format(hunt->arena, "%s/sample.d", hunt->dir);
    const char *flags = tn_join_shell(hunt->arena, &attempt->cflags);
    const char *key = flags && hunt->headers
                          ? tn_arena_format(hunt->arena, "%s %s", flags, hunt->headers[0])
                          : flags;
    const char *hint;
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
        return try_as_cpp(hunt, attempt, source, &hint, err) &&
               (tn_hunt_step(hunt, "object", TENON_STEP_FAILED, false, "compile error%s: %s", hint,
                             tn_first_lines(hunt, said.err_out)) ||
                tn_no_memory(err));
    if (!tn_depfile_read(hunt->arena, rule, &files, err)) {
        tn_words_free(&files);
        return false;
    }
    good = tn_words_add_all(&hunt->found->files, &files);
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
