/*
 * src/loader/cygwin.c - Cygwin and MSYS2: Windows' loader for what is linked, dlopen() of its own
 *
 * rule  Cygwin winsup/cygwin/dlfcn.cc and local_includes/pathfinder.h; the names of MSYS2's runtime
 *       begin with "msys-". Dependencies of what dlopen() opens are Windows' business again
 */
#include <string.h>
#include <strings.h>

#include "names.h"
#include "windows_rules.h"

static const tenon_rule rules[] = TN_WINDOWS_RULES(TENON_EVIDENCE_DOCUMENTATION);

static bool matches(const struct tn_facts *facts)
{
    return facts->os && (strcmp(facts->os, "cygwin") == 0 || strcmp(facts->os, "msys") == 0);
}

/* ---- names --------------------------------------------------------------------------------- */

#define NAMES 3

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), length = strlen(end);
    return size >= length && strcmp(text + size - length, end) == 0;
}

/*
 * "libfoo.so": libfoo.so, cygfoo.dll, libfoo.dll. Others: with "cyg" for "lib" first, then as they
 * are. False: no memory.
 */
static bool names_of(struct tn_arena *arena, const char *base, const char *prefix,
                     const char *names[NAMES], size_t *count)
{
    bool lib = tn_has_prefix(base, "lib"), so = ends_with(base, ".so");
    int stem = (int)strlen(base) - (so ? 3 : 0);
    const char *suffix = so ? ".dll" : "";
    *count = 0;
    if (so)
        names[(*count)++] = base;
    if (lib)
        names[(*count)++] = tn_arena_format(arena, "%s%.*s%s", prefix, stem - 3, base + 3, suffix);
    names[(*count)++] = so ? tn_arena_format(arena, "%.*s%s", stem, base, suffix) : base;
    for (size_t i = 0; i < *count; i++)
        if (!names[i])
            return false;
    return true;
}

/* ---- directories --------------------------------------------------------------------------- */

static bool is_msys(const struct tn_trial *trial)
{
    const struct tn_paths *program = trial->asker->program;
    const char *os = program && program->facts ? program->facts->os : NULL;
    return os && strcmp(os, "msys") == 0;
}

static bool has_runtime(struct tn_trial *trial, const char *dir)
{
    bool found;
    const char *name = is_msys(trial) ? "msys-2.0.dll" : "cygwin1.dll";
    trial->no_memory |= !tn_windows_find(trial->target, trial->arena, dir, name, &found);
    return found && !trial->no_memory;
}

/* The directory that the runtime is loaded from: the program's, or one of PATH; NULL: none has it.
 */
static const char *runtime_directory(struct tn_trial *trial, const char *app)
{
    const struct tn_paths *program = trial->asker->program;
    const struct tn_windows_place *place =
        tn_windows_place_of(trial->target, program ? program->path : NULL);
    const char *list = tn_windows_path_list(trial->target);
    trial->no_memory |= !place;
    if (has_runtime(trial, app))
        return app;
    while (list && *list && !trial->no_memory) {
        size_t size = strcspn(list, ";");
        const char *element = tn_arena_copy(trial->arena, list, size);
        const char *dir =
            element ? tn_windows_to_world(trial->target, trial->arena, place, element) : NULL;
        trial->no_memory |= !dir;
        if (size && dir && *dir && has_runtime(trial, dir))
            return dir;
        list += size + (list[size] == ';');
    }
    return NULL;
}

/*
 * Where "/" of Cygwin is in the world: above the bin of its runtime, or where that is nowhere to be
 * seen, of the program. NULL: no memory.
 * rule  winsup/cygwin/mm/cygheap.cc, init_installation_root()
 */
static const char *posix_root(struct tn_trial *trial)
{
    const char *app = trial->asker->program_origin ? trial->asker->program_origin : "";
    const char *runtime = runtime_directory(trial, app);
    app = runtime ? runtime : app;
    size_t size = strlen(app);
    if (ends_with(app, "/usr/bin"))
        size -= 8;
    else if (ends_with(app, "/bin"))
        size -= 4;
    else
        return "";
    return tn_arena_copy(trial->arena, app, size);
}

/* rule  "/usr/bin" is "/bin" and "/usr/lib" is "/lib": mounts of Cygwin; what is relative is below
 * the current directory */
static const char *to_world(struct tn_trial *trial, const char *root, const char *dir)
{
    bool found;
    if (*dir != '/')
        root = tenon_world_cwd(trial->target->world);
    if (strcmp(root, "/") == 0)
        root = "";
    const char *path = tn_windows_find(trial->target, trial->arena, root, dir, &found);
    if (path && !found && (tn_has_prefix(dir, "/usr/bin") || tn_has_prefix(dir, "/usr/lib")))
        path = tn_windows_find(trial->target, trial->arena, root, dir + 4, &found);
    return path;
}

/* Tries each name in one directory; the first that exists is handed to LoadLibrary(). */
static bool try_directory(struct tn_trial *trial, const char *dir, const char *const *names,
                          size_t count)
{
    for (size_t i = 0; dir && i < count; i++) {
        tenon_file_info info;
        bool found;
        const char *path = tn_windows_find(trial->target, trial->arena, dir, names[i], &found);
        trial->no_memory |= !path;
        if (trial->no_memory)
            return true;
        if (tn_windows_try(trial, TN_WIN_DLOPEN, dir, names[i]) == TN_ACCEPT)
            return true;
        if (found && tenon_world_stat(trial->target->world, path, &info) == 0 &&
            info.type != TENON_FILE_DIRECTORY)
            return true;
    }
    trial->no_memory |= !dir;
    return false;
}

static bool try_posix_list(struct tn_trial *trial, const char *root, const char *list,
                           const char *const *names, size_t count)
{
    while (list && *list) {
        size_t size = strcspn(list, ":");
        const char *dir = tn_arena_copy(trial->arena, list, size);
        if (!dir || (size && try_directory(trial, to_world(trial, root, dir), names, count)))
            return true;
        list += size + (list[size] == ':');
    }
    return false;
}

/* rule  a directory that ends in /lib whose sibling bin is the program's: that bin first */
static bool try_given_directory(struct tn_trial *trial, const char *root, const char *dir,
                                const char *const *names, size_t count)
{
    const char *app = trial->asker->program_origin ? trial->asker->program_origin : "";
    const char *here = to_world(trial, root, dir);
    size_t size = here ? strlen(here) : 0;
    if (here && ends_with(here, "/lib") && ends_with(app, "/bin") && strlen(app) == size &&
        strncmp(app, here, size - 3) == 0 && try_directory(trial, app, names, count))
        return true;
    return try_directory(trial, here, names, count);
}

/* ---- dlopen -------------------------------------------------------------------------------- */

static bool try_dlopen(struct tn_trial *trial)
{
    const char *slash = strrchr(trial->name, '/'), *names[NAMES], *dir;
    const char *root = posix_root(trial);
    size_t count;
    if (!root || !names_of(trial->arena, slash ? slash + 1 : trial->name,
                           is_msys(trial) ? "msys-" : "cyg", names, &count)) {
        trial->no_memory = true;
        return true;
    }
    if (slash) {
        dir = tn_arena_copy(trial->arena, trial->name, (size_t)(slash - trial->name));
        return !dir || try_given_directory(trial, root, dir, names, count);
    }
    return try_posix_list(trial, root, tenon_world_env(trial->target->world, "LD_LIBRARY_PATH"),
                          names, count) ||
           try_posix_list(trial, root, "/usr/bin:/usr/lib", names, count);
}

/* rule  dlfcn.cc: a last component without a dot gets one, so that Windows appends no ".dll" */
static void search_windows(struct tn_trial *trial, bool dlopened)
{
    const char *asked = trial->name;
    if (dlopened && !strchr(asked, '.'))
        trial->name = tn_arena_format(trial->arena, "%s.", asked);
    if (trial->name)
        tn_windows_search(trial);
    trial->no_memory |= !trial->name;
    trial->name = asked;
}

static void search(struct tn_trial *trial)
{
    bool dlopened = trial->asker->request == TN_REQUEST_DLOPEN && !strchr(trial->name, '\\') &&
                    !strchr(trial->name, ':');
    if (dlopened && try_dlopen(trial))
        return;
    if (!tn_is_over(trial) && !(dlopened && strchr(trial->name, '/')))
        search_windows(trial, dlopened);
}

const tenon_loader tn_loader_cygwin = {
    TN_WINDOWS_ROW,
    .name = "cygwin",
    .describe = "Windows' loader, and dlopen() of Cygwin or MSYS2",
    .rules = rules,
    .matches = matches,
    .judge = tn_windows_judge,
    .search = search,
};
