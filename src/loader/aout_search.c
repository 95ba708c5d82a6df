/*
 * src/loader/aout_search.c - libraries of a.out
 *
 * rule  NetBSD libexec/ld.aout_so/shlib.c; FreeBSD libexec/rtld-aout/shlib.c: lib<name>.so, then
 *       major and minor number
 */
#include "aout_search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"
#include "names.h"

#define HINTS "/var/run/ld.so.hints"

/* ---- keys ------------------------------------------------------------------------------------ */

/* "-lc.12.5" as the reader words it: the numbers are behind the last two dots. */
const char *tn_aout_key(struct tn_target *target, const tenon_need *need)
{
    return need->base ? tn_arena_format(target->arena, "l%s", need->name + 2)
                      : tn_arena_format(target->arena, "p%s", need->name);
}

/* Takes ".NUMBER" off the end; *size is what stays. */
static bool take_number(const char *text, size_t *size, int *number)
{
    size_t at = *size;
    long value;
    char *end;
    while (at && text[at - 1] != '.')
        at--;
    if (!at || at == *size)
        return false;
    value = strtol(text + at, &end, 10);
    if (end != text + *size || value < INT16_MIN || value > UINT16_MAX)
        return false;
    *number = (int)value;
    *size = at - 1;
    return true;
}

bool tn_aout_wanted(struct tn_arena *arena, const char *key, struct tn_aout_wanted *out)
{
    size_t size = strlen(key);
    *out = (struct tn_aout_wanted){ .major = -1, .minor = -1 };
    if (*key == 'l' && take_number(key, &size, &out->minor) &&
        take_number(key, &size, &out->major)) {
        out->is_library = true;
        out->name = tn_arena_copy(arena, key + 1, size - 1);
    } else {
        out->name = key + (*key == 'p');
    }
    return out->name;
}

/* ---- directories ----------------------------------------------------------------------------- */

enum { NUMBERS_MOST = 8 };

/* "12.5": what stands behind ".so." */
struct version {
    int numbers[NUMBERS_MOST];
    size_t count;
};

/*
 * false: something else stands there.
 * rule  shlib.c, getdewey(): what follows the eighth number is not looked at
 */
static bool read_version(const char *text, struct version *out)
{
    for (out->count = 0; out->count < NUMBERS_MOST && *text; out->count++) {
        char *end;
        text += *text == '.';
        if (*text < '0' || *text > '9')
            return false;
        long value = strtol(text, &end, 10);
        out->numbers[out->count] = value > INT32_MAX ? INT32_MAX : (int)value;
        text = end;
    }
    return out->count > 0;
}

/* rule  shlib.c, cmpndewey(): of two that begin alike the longer is the higher */
static int compare_versions(const struct version *a, const struct version *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (a->numbers[i] != b->numbers[i])
            return a->numbers[i] < b->numbers[i] ? -1 : 1;
    return (a->count > b->count) - (a->count < b->count);
}

struct scanning {
    struct tn_trial *trial;
    const struct tn_place *place;
    const char *dir;
    const struct tn_aout_wanted *wanted;
    bool checked, one_number;
    struct tn_aout_found best;
    struct version best_is;
};

/* "lib" NAME ".so." VERSION, of the major version that is wanted. */
static bool is_of_library(const struct scanning *s, const char *name, struct version *version)
{
    size_t size = strlen(s->wanted->name);
    return strncmp(name, "lib", 3) == 0 && strncmp(name + 3, s->wanted->name, size) == 0 &&
           strncmp(name + 3 + size, ".so.", 4) == 0 && read_version(name + 3 + size + 4, version) &&
           (s->wanted->major < 0 || version->numbers[0] == s->wanted->major) &&
           (version->count > 1 || s->one_number);
}

/* rule  NetBSD shlib.c, findshlib(): ZMAGIC with EX_DYNAMIC, or as if it were not there */
static bool is_dynamic(struct scanning *s, const char *path)
{
    const struct tn_facts *facts = s->trial->facts.facts(s->trial->facts.arg, path);
    if (facts && facts->format == TENON_FORMAT_AOUT && tn_aout_facts(facts)->is_dynamic)
        return true;
    struct tn_place place = *s->place;
    place.source.path = path;
    tn_try_note(s->trial, place,
                tn_judged(TENON_OUTCOME_WRONG_FORMAT, TN_SKIP, "no dynamic a.out file"));
    return false;
}

static int look_at(void *arg, const char *name)
{
    struct scanning *s = arg;
    struct version found;
    if (!is_of_library(s, name, &found) ||
        (s->best.path && compare_versions(&found, &s->best_is) <= 0))
        return 0;
    const char *path = tn_arena_format(s->trial->arena, "%s/%s", s->dir, name);
    if (!path) {
        s->trial->no_memory = true;
        return ENOMEM;
    }
    if (s->checked && !is_dynamic(s, path))
        return 0;
    s->best = (struct tn_aout_found){ path, found.count > 1 ? found.numbers[1] : -1 };
    s->best_is = found;
    return 0;
}

struct tn_aout_found tn_aout_scan(struct tn_trial *trial, const struct tn_aout_wanted *wanted,
                                  const char *dir, const struct tn_place *place, bool checked,
                                  bool one_number)
{
    struct scanning s = {
        .trial = trial,
        .place = place,
        .dir = dir,
        .wanted = wanted,
        .checked = checked,
        .one_number = one_number,
    };
    int error = tenon_world_list(trial->target->world, *dir ? dir : ".", look_at, &s);
    trial->no_memory |= error == ENOMEM;
    if (!s.best.path && !trial->no_memory) {
        struct tn_place none = *place;
        none.source.path = dir;
        tn_try_note(
            trial, none,
            tn_judged(error ? TENON_OUTCOME_DIR_MISSING : TENON_OUTCOME_NO_MATCH, TN_SKIP, NULL));
    }
    return s.best;
}

bool tn_aout_next(struct tn_trial *trial, const char **list, const char **dir)
{
    if (!*list || tn_is_over(trial))
        return false;
    size_t size = strcspn(*list, ":");
    *dir = tn_arena_copy(trial->arena, *list, size);
    trial->no_memory |= !*dir;
    *list = (*list)[size] ? *list + size + 1 : NULL;
    return *dir;
}

/* ---- hints ----------------------------------------------------------------------------------- */

const struct tn_sohints *tn_aout_hints(struct tn_trial *trial, struct tn_aout_hints *hints)
{
    struct tn_target *target = trial->target;
    struct tn_view file;
    if (!hints->is_read) {
        int error = tn_file_whole(target->world, HINTS, TN_LIMIT_CACHE, target->arena, &file);
        trial->no_memory |= error == ENOMEM;
        hints->is_read = error != ENOMEM;
        hints->is_good = !error && tn_sohints_open(file, 4, target->endian, &hints->hints, NULL);
    }
    return hints->is_good ? &hints->hints : NULL;
}

/* ---- candidates ------------------------------------------------------------------------------ */

/* A file that was chosen and is no good is fatal; its machine is not compared. */
void tn_aout_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                   struct tn_judgement *out)
{
    const struct tn_facts *facts = candidate->facts;
    (void)target;
    if (candidate->info->type == TENON_FILE_DIRECTORY)
        *out = tn_judged(TENON_OUTCOME_IS_DIRECTORY, TN_STOP, "Is a directory");
    else if (!facts || facts->format != TENON_FORMAT_AOUT)
        *out = tn_judged(TENON_OUTCOME_WRONG_FORMAT, TN_STOP, "bad magic number");
    else if (!tn_aout_facts(facts)->is_dynamic)
        *out = tn_judged(TENON_OUTCOME_WRONG_TYPE, TN_STOP, "not a shared object");
    else
        *out = tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

void tn_aout_judge_errno(const struct tn_target *target, int error, struct tn_judgement *out)
{
    (void)target;
    switch (error) {
    case ENOENT:
    case ENOTDIR: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case EACCES: *out = tn_judged(TENON_OUTCOME_PERMISSION, TN_STOP, tn_errno_text(error)); break;
    case ELOOP: *out = tn_judged(TENON_OUTCOME_SYMLINK_LOOP, TN_STOP, tn_errno_text(error)); break;
    default: *out = tn_judged(TENON_OUTCOME_UNREADABLE, TN_STOP, tn_errno_text(error));
    }
}
