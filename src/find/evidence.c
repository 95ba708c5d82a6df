/* src/find/evidence.c - .pc files, scripts and guesses: what to try, never what to believe */
#include "evidence.h"

#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "flags.h"
#include "pc_switches.h"
#include "private_libs.h"
#include "quote.h"

static bool add_listed(struct tn_hunt *hunt, const char *variable, struct tn_words *dirs)
{
    const char *dir;
    bool good = true;

    for (size_t k = 0; good && (dir = tn_listed_dir(hunt->finder, hunt->arena, variable, k)); k++)
        good = tn_words_add_once(dirs, dir);
    return good;
}

/*
 * The directories of .pc files: of the place, and with `all` those of the system too.
 *
 * rule  pkg-config(1): PKG_CONFIG_LIBDIR stands instead of the system's
 */
static bool pc_dirs(struct tn_hunt *hunt, const struct tn_place *place, bool all,
                    struct tn_words *dirs)
{
    static const char *const ends[] = { "lib64/pkgconfig", "lib/pkgconfig", "share/pkgconfig",
                                        "libdata/pkgconfig" };
    const tenon_finder *finder = hunt->finder;
    bool system = !tn_finder_env(finder, "PKG_CONFIG_LIBDIR"), own = system || place->user;
    bool good = !place->pc_dir || tn_words_add_once(dirs, place->pc_dir);

    for (size_t i = 0; good && own && i < TN_PLACE_VARIANTS; i++)
        if (place->libdirs[i])
            good = tn_add_joined(dirs, hunt->arena, place->libdirs[i], "/pkgconfig");
    for (size_t i = 0; good && own && place->dir && i < TN_COUNT(ends); i++) {
        const char *dir = tn_arena_format(hunt->arena, "%s/%s", place->dir, ends[i]);
        good = dir && (tn_is_among(dir, dirs->at, dirs->count) || tn_words_add(dirs, dir));
    }
    if (good && all)
        good = add_listed(hunt, "PKG_CONFIG_PATH", dirs) &&
               add_listed(hunt, "PKG_CONFIG_LIBDIR", dirs);
    for (size_t i = 0; good && system && (all || place->builtin) && i < finder->library_dirs.count;
         i++) {
        /* of the compiler's directories, those of this installation */
        const char *prefix = tn_prefix_of(hunt->arena, finder->library_dirs.at[i]);
        if (prefix && (all || !place->dir || strcmp(prefix, place->dir) == 0))
            good = tn_add_joined(dirs, hunt->arena, finder->library_dirs.at[i], "/pkgconfig");
    }
    return good && (!all || !system || tn_words_add(dirs, "/usr/share/pkgconfig"));
}

/* A directory's word, tidied; "" when the compiler or linker looks there anyway. NULL: no memory.
 */
static const char *keep_dir(struct tn_hunt *hunt, const char *word, const struct tn_words *own)
{
    const char *dir = tn_tidy_path(hunt->arena, word + 2);

    if (!dir)
        return NULL;
    return tn_is_among(dir, own->at, own->count)
               ? ""
               : tn_arena_format(hunt->arena, "%.2s%s", word, dir);
}

/*
 * Words without the directories that compiler and linker look through anyway. A directory counts
 * where it stands first; all else stays as often as it is there: it may be part of a group.
 */
static bool keep_words(struct tn_hunt *hunt, const struct tn_words *from, struct tn_words *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const char *word = from->at[i];
        bool include = tn_begins(word, "-I") && word[2], library = tn_begins(word, "-L") && word[2];
        if (tn_switch_size(from, i) == 2) {
            if (!tn_words_add(to, word) || !tn_words_add(to, from->at[++i]))
                return false;
            continue;
        }
        if (include || library)
            word = keep_dir(hunt, word,
                            include ? &hunt->finder->include_dirs : &hunt->finder->library_dirs);
        if (!word || (*word && !((include || library) && tn_is_among(word, to->at, to->count)) &&
                      !tn_words_add(to, word)))
            return false;
    }
    return true;
}

/* What the directories of .pc files are below. rule  pkg-config(1): PKG_CONFIG_SYSROOT_DIR */
static const char *pc_sysroot(const struct tn_hunt *hunt)
{
    const char *dir = tn_finder_env(hunt->finder, "PKG_CONFIG_SYSROOT_DIR");

    if (hunt->finder->sysroot)
        return hunt->finder->sysroot;
    return dir && *dir && strcmp(dir, "/") != 0 ? dir : NULL;
}

static bool find_pc(struct tn_hunt *hunt, const struct tn_place *place, struct tn_pc *pc,
                    bool *there, tenon_error *err)
{
    struct tn_words dirs = { 0 };
    tenon_error why = TENON_ERROR_INIT;
    bool good = pc_dirs(hunt, place, false, &dirs);
    const char *path =
        good ? tn_pc_for(hunt->world, hunt->arena, &dirs, hunt->request->name) : NULL;

    *there = false;
    good = good && (!path || pc_dirs(hunt, place, true, &dirs));
    if (good && path) {
        *there = tn_pc_read(hunt->world, hunt->arena, path, &dirs, pc_sysroot(hunt), pc, &why);
        good = *there ? tn_words_add_all(&hunt->found->files, &pc->files)
                      : tn_found_remark(hunt->found, "%s cannot be used: %s", path,
                                        tenon_error_message(&why));
        hunt->found->unsure |= !*there && tn_is_failure(&why);
        *there = *there && good;
        if (!*there)
            tn_pc_free(pc);
    }
    tn_words_free(&dirs);
    return good || tn_no_memory(err);
}

bool tn_pc_attempt(struct tn_hunt *hunt, const struct tn_place *place, struct tn_attempt *attempt,
                   bool *there, tenon_error *err)
{
    struct tn_pc pc = { 0 };
    bool good = find_pc(hunt, place, &pc, there, err);

    *attempt = (struct tn_attempt){ .dir = place->dir, .builtin = place->builtin };
    if (!good || !*there)
        return good;
    attempt->origin = attempt->pc = pc.path;
    attempt->version = pc.version;
    good = (keep_words(hunt, &pc.cflags, &attempt->cflags) &&
            keep_words(hunt, &pc.libs, &attempt->libs)) ||
           tn_no_memory(err);
    tn_pc_free(&pc);
    return good;
}

/* One question to a foo-config script; *said is its words. False in *answered: it has none. */
static bool ask_script(struct tn_hunt *hunt, const char *script, const char *question,
                       struct tn_words *words, bool *answered, tenon_error *err)
{
    const char *const line[] = { script, question };
    struct tn_words argv = { 0 }, all = { 0 };
    struct tn_said said;
    bool good = true;

    for (size_t i = 0; good && i < TN_COUNT(line); i++)
        good = tn_words_add(&argv, line[i]);
    good = good ? tn_tool_run(hunt->finder, hunt->arena, &argv, TN_START_SECONDS, &said, err)
                : tn_no_memory(err);
    *answered = good && said.exit.status == 0 && !said.late;
    if (*answered)
        good = (tn_split_shell(&all, hunt->arena, said.out) && tn_join_apart(&all, hunt->arena) &&
                keep_words(hunt, &all, words)) ||
               tn_no_memory(err);
    tn_words_free(&argv);
    tn_words_free(&all);
    return good;
}

static const char *find_script(struct tn_hunt *hunt, const struct tn_place *place)
{
    static const char *const prefixes[] = { "", "lib" };
    struct stat info;

    if (!place->dir || hunt->finder->sysroot)
        return NULL;
    for (size_t i = 0; i < TN_COUNT(prefixes); i++) {
        const char *path = tn_arena_format(hunt->arena, "%s/bin/%s%s-config", place->dir,
                                           prefixes[i], hunt->request->name);
        if (path && stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

bool tn_script_attempt(struct tn_hunt *hunt, const struct tn_place *place,
                       struct tn_attempt *attempt, bool *there, tenon_error *err)
{
    const char *script = find_script(hunt, place);
    bool good = true;

    *there = false;
    *attempt = (struct tn_attempt){ .dir = place->dir, .builtin = place->builtin };
    if (!script)
        return true;
    good = ask_script(hunt, script, "--cflags", &attempt->cflags, there, err);
    if (good && *there)
        good = ask_script(hunt, script, "--libs", &attempt->libs, there, err);
    attempt->origin = attempt->pc = script;
    attempt->is_script = true;
    if (!*there)
        tn_attempt_free(attempt);
    return good;
}

static bool same_words(const struct tn_words *a, const struct tn_words *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!tn_is_among(a->at[i], b->at, b->count))
            return false;
    return true;
}

bool tn_same_switches(const struct tn_attempt *a, const struct tn_attempt *b)
{
    return same_words(&a->cflags, &b->cflags) && same_words(&a->libs, &b->libs);
}

bool tn_is_plain(struct tn_hunt *hunt, const struct tn_place *place,
                 const struct tn_attempt *attempt)
{
    bool plain = false;

    for (size_t i = 0; !plain && i < place->variants; i++) {
        struct tn_attempt own;
        plain = tn_place_attempt(hunt, place, i, &own) && tn_same_switches(attempt, &own);
        tn_attempt_free(&own);
    }
    return plain;
}

/* ---- headers --------------------------------------------------------------------------------- */

bool tn_header_dirs(const struct tn_words *cflags, struct tn_words *dirs)
{
    const char *dir;
    bool good = true;

    for (size_t i = 0; good && i < cflags->count; i += tn_switch_size(cflags, i))
        if ((dir = tn_switch_header_dir(cflags, i)))
            good = tn_words_add(dirs, dir);
    return good;
}

static bool guess_by_pc(struct tn_hunt *hunt, const struct tn_place *place,
                        struct tn_words *headers, const char **source, tenon_error *err)
{
    struct tn_pc pc = { 0 };
    struct tn_words dirs = { 0 };
    bool there, good = find_pc(hunt, place, &pc, &there, err);

    if (!good || !there)
        return good;
    good = tn_header_dirs(&pc.cflags, &dirs) &&
           tn_headers_like(hunt->world, hunt->arena, &dirs, hunt->request->name, headers);
    *source = pc.path;
    tn_words_free(&dirs);
    tn_pc_free(&pc);
    return good || tn_no_memory(err);
}

static bool guess_by_name(struct tn_hunt *hunt, const struct tn_place *place,
                          struct tn_words *headers, const char **source, tenon_error *err)
{
    struct tn_words dirs = { 0 };
    const tenon_finder *finder = hunt->finder;
    bool good =
        !place->dir || place->builtin || tn_add_joined(&dirs, hunt->arena, place->dir, "/include");

    for (size_t i = 0; good && place->builtin && i < finder->include_dirs.count; i++) {
        const char *prefix = tn_prefix_of(hunt->arena, finder->include_dirs.at[i]);
        if (prefix && (!place->dir || strcmp(prefix, place->dir) == 0))
            good = tn_words_add(&dirs, finder->include_dirs.at[i]);
    }
    good = good && tn_headers_like(hunt->world, hunt->arena, &dirs, hunt->request->name, headers);
    *source = "a header called like the library";
    tn_words_free(&dirs);
    return good || tn_no_memory(err);
}

/* The file that -lNAME gives, by a link that needs no header. NULL in *file: none. */
static bool ask_linker(struct tn_hunt *hunt, const struct tn_place *place, const char **file,
                       tenon_error *err)
{
    const char *object = tn_arena_format(hunt->arena, "%s/trial.o", hunt->dir);
    const char *rule = tn_arena_format(hunt->arena, "%s/trial.d", hunt->dir);
    const char *program = tn_program_path(hunt, "trial");
    const char *source = tn_arena_format(hunt->arena, "%s/trial.c", hunt->dir);
    struct tn_words files = { 0 }, group = { 0 };
    struct tn_attempt attempt;
    struct tn_hunt trial = *hunt;
    struct tn_said said;
    bool good = object && rule && program && source;

    trial.headers = NULL;
    trial.function = trial.version_macro = trial.version_function = NULL;
    *file = NULL;
    if (!good || !tn_place_attempt(hunt, place, 0, &attempt))
        return tn_no_memory(err);
    good = tn_sample_write(&trial, source, err) &&
           tn_probe_compile(hunt, &attempt.cflags, source, object, rule, &said, err);
    if (good && said.exit.status == 0)
        good = tn_probe_link(hunt, object, program, &attempt.libs, NULL, false, &said, err) &&
               ((tn_linker_files(hunt->arena, said.out, &files) &&
                 tn_linker_group(&files, object, &attempt.libs, &group)) ||
                tn_no_memory(err));
    if (good && group.count && said.exit.status == 0)
        *file = group.at[0];
    tn_words_free(&files);
    tn_words_free(&group);
    tn_attempt_free(&attempt);
    return good;
}

static bool guess_by_package(struct tn_hunt *hunt, const struct tn_place *place,
                             struct tn_words *headers, const char **source, tenon_error *err)
{
    const char *file, *package;

    if ((place->user && !place->builtin) || place->pc_dir || hunt->finder->sysroot)
        return true;
    if (!ask_linker(hunt, place, &file, err))
        return false;
    if (!file)
        return true;
    if (!tn_package_headers(hunt->world, hunt->arena, file, hunt->request->name, headers, &package))
        return tn_no_memory(err);
    if (package)
        *source = tn_arena_format(hunt->arena, "the package %s, which owns %s", package, file);
    return *source || tn_no_memory(err);
}

/*
 * What is known of a library is what the name is about: by its headers, or by their directory. So
 * it is when the names of both are alike.
 */
static bool is_row_of(const struct tn_known_library *row, const char *name,
                      const struct tn_words *guesses)
{
    size_t size = strlen(name);

    for (const char *const *header = row->headers; header && *header; header++)
        if (tn_is_among(*header, guesses->at, guesses->count) ||
            (strncmp(*header, name, size) == 0 && (*header)[size] == '/'))
            return true;
    return false;
}

bool tn_known_by_pc(struct tn_hunt *hunt, const struct tn_place *place,
                    const struct tn_words *guesses, struct tn_known_library *row, bool *known,
                    tenon_error *err)
{
    struct tn_pc pc = { 0 };
    bool there, good = find_pc(hunt, place, &pc, &there, err);
    const char *own = NULL, *name = hunt->request->name;

    *known = false;
    if (!good || !there)
        return good;
    for (size_t i = 0; !own && i < pc.libs.count; i++)
        own = tn_begins(pc.libs.at[i], "-l") ? pc.libs.at[i] + 2 : NULL;
    if (own)
        good = tn_library_known(hunt->finder, hunt->arena, hunt->world, own, row, known, err);
    *known = good && *known &&
             (is_row_of(row, name, guesses) || tn_is_alike(name, strlen(name), own, strlen(own)));
    if (*known) {
        row->source = tn_arena_format(hunt->arena, "%s, as %s by %s", row->source, own, pc.path);
        good = row->source || tn_no_memory(err);
    }
    tn_pc_free(&pc);
    return good;
}

bool tn_guess_headers(struct tn_hunt *hunt, const struct tn_place *place, struct tn_words *headers,
                      const char **source, tenon_error *err)
{
    *source = "";
    return guess_by_pc(hunt, place, headers, source, err) &&
           (headers->count || guess_by_name(hunt, place, headers, source, err)) &&
           (headers->count || guess_by_package(hunt, place, headers, source, err));
}
