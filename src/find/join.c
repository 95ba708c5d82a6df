/* src/find/join.c - the results for several libraries as the flags of one build */
#include "join.h"

#include <stdlib.h>

#include "conf.h"
#include "fail.h"
#include "flags.h"
#include "found.h"
#include "passed.h"
#include "quote.h"
#include "text.h"
#include "view.h"

struct one {
    struct tn_joined *joined;
    struct tn_part *part;
    struct tn_arena *arena;
    struct tn_conf conf;
    const char *name, *prefix; /* "CONF_NAME_" */
    tenon_error *err;
};

/* CONF_NAME_WHAT; NULL: not there. */
static const char *get(const struct one *one, const char *what)
{
    size_t size = strlen(one->prefix);

    for (size_t i = 0; i < one->conf.count; i++)
        if (tn_begins(one->conf.rows[i].name, one->prefix) &&
            strcmp(one->conf.rows[i].name + size, what) == 0)
            return one->conf.rows[i].value;
    return NULL;
}

static bool is_yes(const char *value)
{
    return value && strcmp(value, "yes") == 0;
}

static bool is_recorded(const struct tn_joined *joined, bool run_path)
{
    return run_path || joined->platform->recording == TENON_RECORDS_LINK_DIRS ||
           joined->platform->recording == TENON_RECORDS_PLUS_B;
}

static bool add_dir(struct one *one, const char *dir)
{
    if (is_recorded(one->joined, one->part->run_path) &&
        !(tn_check_recorded_dir(one->joined->platform, dir, one->err) &&
          tn_check_run_path_dir(one->joined->platform, dir, one->err) &&
          tn_check_ldflags(one->joined->platform, &one->joined->ldflags, dir, one->err)))
        return false;
    return tn_words_add_once(&one->part->dirs, dir) || tn_no_memory(one->err);
}

/* The words of LIBS: -L with the others of its kind, all else stays in order. */
static bool add_libs(struct one *one, const char *libs)
{
    struct tn_words words = { 0 };
    bool good = (tn_split_shell(&words, one->arena, libs) && tn_join_apart(&words, one->arena)) ||
                tn_no_memory(one->err);

    good = good && tn_check_run_paths(&words, one->joined->platform, one->err);
    for (size_t i = 0; good && i < words.count; i++) {
        if (tn_begins(words.at[i], "-L") && words.at[i][2])
            good = add_dir(one, words.at[i] + 2);
        else
            good = tn_words_add(&one->joined->libs, words.at[i]) || tn_no_memory(one->err);
    }
    tn_words_free(&words);
    return good;
}

static bool add_includes(struct one *one, bool system)
{
    const char *defs = get(one, "DEFS"), *dir = get(one, "INCDIR");
    struct tn_words words = { 0 };
    bool good = true;

    if (defs) {
        good = tn_split_shell(&words, one->arena, defs) && tn_join_apart(&words, one->arena);
        good = good && tn_words_add_all(&one->part->cppflags, &words);
        tn_words_free(&words);
        return good;
    }
    if (!dir || system)
        return true;
    const char *word = tn_arena_format(one->arena, "-I%s", dir);
    return word && tn_words_add(&one->part->cppflags, word);
}

static bool add(struct one *one)
{
    const char *libs = get(one, "LIBS"), *dir = get(one, "LIBDIR");
    bool run_path = is_yes(get(one, "NEED_RPATH")), system = is_yes(get(one, "SYSTEM")), good;

    if (!libs && !dir)
        return tn_fail(one->err, TENON_E_MALFORMED,
                       "neither CONF_%s_LIBDIR nor CONF_%s_LIBS is set", one->name, one->name);
    if (run_path && !one->joined->rpath_flag)
        return tn_fail(one->err, TENON_E_MALFORMED,
                       "CONF_%s_NEED_RPATH is yes, and ELF_RPATH is no here", one->name);
    one->part->run_path = run_path;
    one->part->libdir = dir;
    good = add_includes(one, system) || tn_no_memory(one->err);
    if (good && libs)
        return add_libs(one, libs);
    return good && (system || add_dir(one, dir)) &&
           (tn_add_joined(&one->joined->libs, one->arena, "-l", one->name) ||
            tn_no_memory(one->err));
}

bool tn_join_add(struct tn_joined *joined, struct tn_arena *arena, const char *name,
                 struct tn_view text, tenon_error *err)
{
    struct one one = { .joined = joined, .arena = arena, .name = name, .err = err };
    const char *variable = tn_variable_name(arena, name);

    if (!variable || !(one.prefix = tn_arena_format(arena, "CONF_%s_", variable)) ||
        !tn_grow(&joined->parts, &joined->room, joined->count, sizeof *joined->parts))
        return tn_no_memory(err);
    one.part = &joined->parts[joined->count++];
    *one.part = (struct tn_part){ .name = name, .first = joined->libs.count };
    bool good = tn_conf_read(&one.conf, arena, text, err) && add(&one);

    one.part->end = joined->libs.count;
    tn_conf_free(&one.conf);
    return good;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The words of a switch, which are more than one where a directory has a comma. */
static bool put_run_path(struct tn_joined *joined, struct tn_arena *arena, const char *dir)
{
    struct tn_words *all = &joined->ldflags, words = { 0 };
    bool good = tn_add_run_path(&words, arena, joined->rpath_flag, dir), there = false;

    for (size_t i = 0; good && !there && i + words.count <= all->count; i++) {
        there = true;
        for (size_t k = 0; k < words.count; k++)
            there = there && strcmp(all->at[i + k], words.at[k]) == 0;
    }
    for (size_t i = 0; good && !there && i < words.count; i++)
        good = tn_words_add(all, words.at[i]);
    tn_words_free(&words);
    return good;
}

static bool put_dir(struct tn_joined *joined, struct tn_arena *arena, const char *dir,
                    bool run_path)
{
    const char *word = tn_arena_format(arena, "-L%s", dir);
    struct tn_words lists = { 0 };
    bool good = word && tn_words_add_once(&joined->ldflags, word) &&
                tn_record_dir(&joined->ldflags, arena, joined->platform, dir, &lists);

    tn_words_free(&lists);
    return good && (!run_path || put_run_path(joined, arena, dir));
}

static bool put_part(struct tn_joined *joined, struct tn_arena *arena, const struct tn_part *part)
{
    const struct tn_words *words = &part->cppflags;
    bool good = true;

    for (size_t i = 0; good && i < words->count; i++)
        good = tn_begins(words->at[i], "-I") && words->at[i][2]
                   ? tn_words_add_once(&joined->cppflags, words->at[i])
                   : tn_words_add(&joined->cppflags, words->at[i]);
    for (size_t i = 0; good && i < part->dirs.count; i++)
        good = put_dir(joined, arena, part->dirs.at[i], part->run_path);
    return good;
}

bool tn_join_end(struct tn_joined *joined, struct tn_arena *arena, tenon_world *world,
                 tenon_error *err)
{
    size_t *order = tn_arena_rows(arena, joined->count + 1, sizeof *order);
    bool good = order || tn_no_memory(err);

    good = good && tn_join_order(joined, arena, world, order, err);
    for (size_t i = 0; good && i < joined->count; i++)
        good = put_part(joined, arena, &joined->parts[order[i]]) || tn_no_memory(err);
    return good;
}

void tn_joined_free(struct tn_joined *joined)
{
    for (size_t i = 0; i < joined->count; i++) {
        tn_words_free(&joined->parts[i].cppflags);
        tn_words_free(&joined->parts[i].dirs);
    }
    free(joined->parts);
    tn_words_free(&joined->cppflags);
    tn_words_free(&joined->ldflags);
    tn_words_free(&joined->libs);
}
