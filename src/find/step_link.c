/* src/find/step_link.c - what step (d) linked, and where it was */
#include "fail.h"
#include "loader_dirs.h"
#include "member.h"
#include "platforms.h"
#include "steps.h"

/* Header and library are of one installation, this one. NULL: they are; else the reason. */
const char *tn_wrong_library(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                             const struct tn_outcome *outcome, const struct tn_said *said,
                             bool *lost)
{
    const char *library = outcome->group.count ? outcome->group.at[0] : NULL, *why;
    bool right = true;

    *lost = false;
    if (!library)
        return NULL;
    if (!attempt->by_user && attempt->dir && !attempt->builtin)
        right = tn_is_below(hunt->arena, library, attempt->dir);
    else if (!attempt->by_user && outcome->header)
        right = tn_is_of_one(hunt->arena, outcome->header, library);
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

/*
 * A text or an empty file in which no library is named. rule  GNU ld manual, "Implicit Linker
 * Scripts": what is no object file is read as a script, and an empty one is a good one. False: no
 * memory.
 */
static bool is_blank(struct tn_hunt *hunt, const char *path, bool *blank)
{
    struct tn_member member;
    tenon_image *image;

    if (!tn_member_read(hunt->world, hunt->arena, path, TN_ROLE_EITHER, &member))
        return false;
    image = member.is ? tenon_image_open(hunt->world, path, TENON_PART_CORE, NULL) : NULL;
    *blank = member.blank || (image && tenon_image_format(image) == TENON_FORMAT_LINKER_SCRIPT &&
                              tenon_image_kind(image) == TENON_KIND_UNKNOWN);
    tenon_image_free(image);
    return true;
}

const char *tn_brings_nothing(struct tn_hunt *hunt, const struct tn_outcome *outcome, bool *lost)
{
    const char *why = NULL;
    bool blank = true;

    *lost = false;
    for (size_t i = 0; i < outcome->group.count; i++) {
        *lost = !is_blank(hunt, outcome->group.at[i], &blank);
        if (*lost || !blank)
            return NULL;
    }
    if (outcome->group.count)
        why = tn_arena_format(hunt->arena, "links, but with no library: %s names none",
                              outcome->group.at[0]);
    *lost = outcome->group.count && !why;
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
bool tn_look_at_group(struct tn_hunt *hunt, struct tn_outcome *outcome)
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
        if (good && kind == TENON_KIND_IMPORT_LIBRARY && !hunt->finder->no_shared)
            good = tn_found_remark(hunt->found,
                                   "%s is an import library: the program starts with the DLL %s",
                                   outcome->group.at[i], dll_of(image));
        tenon_image_free(image);
    }
    return good;
}

/* As the started program sees it. */
static const char *without_sysroot(const struct tn_hunt *hunt, const char *dir)
{
    const char *sysroot = hunt->finder->sysroot;
    size_t cut = sysroot ? strlen(sysroot) : 0;

    return cut && strncmp(dir, sysroot, cut) == 0 && dir[cut] == '/' ? dir + cut : dir;
}

/* Is a shared library in that directory by the name that programs record? False: no memory. */
static bool is_there_by_name(struct tn_hunt *hunt, const char *path, const char *dir, bool *is)
{
    tenon_image *image = tenon_image_open(hunt->world, path, TENON_PART_CORE, NULL);
    const char *name = image ? tenon_image_own_name(image) : NULL;
    const char *file = name ? tn_arena_join(hunt->arena, dir, "/", name, NULL) : NULL;
    tenon_file_info info;
    bool good = !name || file;

    *is = file && tenon_world_stat(hunt->world, file, &info) == 0;
    tenon_image_free(image);
    return good;
}

/* Where the program's loader looks on its own. */
struct own_dirs {
    tenon_world *world; /* that the program starts in */
    struct tn_words dirs;
    bool known;
};

/* Asks the loader of the program that was linked. */
static bool ask_loader(struct tn_hunt *hunt, struct own_dirs *own, tenon_error *err)
{
    const char *program = tn_program_path(hunt, "sample");

    *own = (struct own_dirs){ 0 };
    if (!program)
        return tn_no_memory(err);
    own->world = tn_start_world(hunt, program, err);
    return own->world &&
           tn_loader_dirs(own->world, hunt->arena, NULL, program, &own->dirs, &own->known, err);
}

static void end_own_dirs(struct own_dirs *own)
{
    tn_words_free(&own->dirs);
    tenon_world_free(own->world);
}

static bool is_own_dir(struct tn_hunt *hunt, const struct own_dirs *own, const char *dir)
{
    const tenon_platform *platform = hunt->finder->platform;

    return own->known ? tn_is_loader_dir(own->world, hunt->arena, &own->dirs, dir)
                      : platform && tn_platform_loads_from(platform, dir);
}

/*
 * Is it the system's or the compiler's? The linker opens more files than the library's: those that
 * it needs (-lm), the driver's own (libstdc++). Where these lie is nobody's to record. A directory
 * of the compiler's that the loader does not know counts for the library itself, the first file,
 * and where it has what programs ask for: a compiler outside of the system brings its libstdc++.
 * False: no memory.
 */
static bool is_foreign(struct tn_hunt *hunt, const struct own_dirs *own, const char *path,
                       const char *dir, bool first, bool *foreign)
{
    const struct tn_words *searched = &hunt->finder->library_dirs;
    bool is_there = true;

    *foreign = is_own_dir(hunt, own, without_sysroot(hunt, dir));
    if (*foreign || first || !tn_is_among(dir, searched->at, searched->count))
        return true;
    if (!is_there_by_name(hunt, path, dir, &is_there))
        return false;
    *foreign = !is_there;
    return true;
}

/* What the linker puts into the program, or reads to find others, no loader looks for. */
static bool is_loaded(struct tn_hunt *hunt, const char *path)
{
    tenon_image *image = tenon_image_open(hunt->world, path, TENON_PART_CORE, NULL);
    enum tenon_kind kind = image ? tenon_image_kind(image) : TENON_KIND_UNKNOWN;
    bool is_script = image && tenon_image_format(image) == TENON_FORMAT_LINKER_SCRIPT;

    tenon_image_free(image);
    return kind != TENON_KIND_ARCHIVE && kind != TENON_KIND_OBJECT && !is_script;
}

/* Where the linker took the files from. False: no memory. */
static bool add_linked_dirs(struct tn_hunt *hunt, struct tn_outcome *outcome,
                            const struct own_dirs *own)
{
    const struct tn_words *group = &outcome->group;
    const char *first = NULL;

    for (size_t i = 0; i < group->count; i++) {
        const char *dir = tn_dir_name(hunt->arena, group->at[i]), *seen;
        bool foreign;
        if (dir && !is_loaded(hunt, group->at[i]))
            continue;
        if (!dir || !is_foreign(hunt, own, group->at[i], dir, !first, &foreign))
            return false;
        seen = without_sysroot(hunt, dir);
        first = first ? first : seen;
        if (!foreign && !tn_words_add_once(&outcome->run_dirs, seen))
            return false;
    }
    return outcome->run_dirs.count || !first || tn_words_add(&outcome->run_dirs, first);
}

/* The directories whose libraries the program must find: where the linker took them from. */
bool tn_gather_run_dirs(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                        struct tn_outcome *outcome, bool linked, tenon_error *err)
{
    struct own_dirs own;
    bool good;

    outcome->run_dirs.count = 0;
    if (linked) {
        good = ask_loader(hunt, &own, err) &&
               (add_linked_dirs(hunt, outcome, &own) || tn_no_memory(err));
        end_own_dirs(&own);
        return good;
    }
    for (size_t i = 0; i < attempt->libs.count; i++) {
        const char *word = attempt->libs.at[i];
        if (tn_begins(word, "-L") && word[2] && !tn_words_add_once(&outcome->run_dirs, word + 2))
            return tn_no_memory(err);
    }
    return true;
}
