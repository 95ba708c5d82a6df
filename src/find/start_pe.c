/*
 * src/find/start_pe.c - programs of Windows and Cygwin: PATH says where their DLLs are
 *
 * rule: a PE program records no directory (build-lookup section 2): the user's PATH decides, so
 * that a library can be found though a program does not start as PATH is now. Wine takes its
 * directories from WINEPATH.
 */
#include "fail.h"
#include "steps.h"
#include "text.h"

bool tn_is_pe(const struct tn_hunt *hunt)
{
    return strcmp(hunt->finder->platform->shlib_type, "PE") == 0;
}

/* Without a wrapper the caller's PATH is taken for the one that the program will start with. */
static const char *windows_path(struct tn_hunt *hunt)
{
    const char *path =
        tn_finder_env(hunt->finder, hunt->finder->wrapper.count > 0 ? "WINEPATH" : "PATH");
    char *list = tn_arena_string(hunt->arena, path ? path : "");

    for (char *at = list; at && !hunt->finder->wrapper.count && (at = strchr(at, ':'));)
        *at = ';';
    return list;
}

bool tn_set_windows_path(struct tn_hunt *hunt, tenon_world *world, tenon_error *err)
{
    const char *path;

    if (!tn_is_pe(hunt))
        return true;
    path = windows_path(hunt);
    return path ? tenon_world_set_setting(world, "PATH", path, err) : tn_no_memory(err);
}

/* Where a DLL is, seen from the import libraries; NULL: not known. */
static const char *dir_of_dll(struct tn_hunt *hunt, const struct tn_outcome *outcome,
                              const char *name)
{
    static const char *const ways[] = { "", "/../bin", "/bin" };

    for (size_t i = 0; i < outcome->group.count; i++) {
        const char *dir = tn_dir_name(hunt->arena, outcome->group.at[i]);
        for (size_t k = 0; dir && k < TN_COUNT(ways); k++) {
            tenon_file_info info;
            const char *path = tn_arena_format(hunt->arena, "%s%s", dir, ways[k]);
            const char *tidy = path ? tn_tidy_path(hunt->arena, path) : NULL;
            const char *file = tidy ? tn_arena_format(hunt->arena, "%s/%s", tidy, name) : NULL;
            if (file && tenon_world_stat(hunt->world, file, &info) == 0)
                return tidy;
        }
    }
    return NULL;
}

/* The variable that has the directories. */
static const char *path_variable(const struct tn_hunt *hunt)
{
    const struct tn_words *wrapper = &hunt->finder->wrapper;

    return wrapper->count && tn_begins(tn_base_name(wrapper->at[0]), "wine") ? "WINEPATH" : "PATH";
}

bool tn_remark_missing_dll(struct tn_hunt *hunt, const struct tn_outcome *outcome, const char *name)
{
    const char *dir = dir_of_dll(hunt, outcome, name);

    return tn_found_remark(hunt->found, "%s is in no directory of %s%s%s", name,
                           path_variable(hunt), dir ? ": add " : "", dir ? dir : "");
}

bool tn_remark_other_dlls(struct tn_hunt *hunt, const struct tn_outcome *outcome,
                          const tenon_graph *graph)
{
    bool good = true;

    for (size_t i = 0; good && i < tenon_graph_count(graph); i++) {
        const tenon_library *row = tenon_graph_library(graph, i);
        const char *dir = row->path ? dir_of_dll(hunt, outcome, row->name) : NULL;
        const char *taken = dir ? tn_dir_name(hunt->arena, row->path) : NULL;
        if (dir && !taken)
            return false;
        if (dir && !tn_same_prefix(hunt->arena, dir, taken))
            good = tn_found_remark(hunt->found, "%s is loaded from %s: %s comes later in %s",
                                   row->name, taken, dir, path_variable(hunt));
    }
    return good;
}
