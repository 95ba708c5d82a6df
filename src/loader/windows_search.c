/*
 * src/loader/windows_search.c - Windows and Wine: every candidate for a name, in order
 *
 * rule  Microsoft "Dynamic-link library search order", "Dynamic-link library redirection",
 *       LoadLibraryExW, SetDllDirectoryW; wine dlls/ntdll/loader.c, find_dll_file()
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "windows.h"

/* The activation contexts that count while imports are looked for. */
struct contexts {
    const struct tn_sxs *asker;   /* of the importer's own manifest; NULL */
    const struct tn_sxs *active;  /* likewise, or of who caused it to be loaded; NULL */
    const struct tn_sxs *program; /* NULL: no program is known */
};

struct search {
    struct tn_trial *trial;
    struct tn_windows *windows;
    struct tn_windows_place *place; /* its KnownDLLs are read when they are asked for */
    const char *program;            /* path */
    const char *app;                /* its directory */
    const char *loaddir;            /* of the file that was opened by an absolute path; NULL */
    const char *name;               /* normalised */
    const char *lower;              /* ... in lower case */
    struct contexts contexts;
    unsigned flags;
};

enum tn_action tn_windows_try(struct tn_trial *trial, enum tn_windows_rule rule, const char *dir,
                              const char *name)
{
    bool found;
    const char *path = tn_windows_find(trial->target, trial->arena, dir, name, &found);
    if (!path) {
        trial->no_memory = true;
        return TN_STOP;
    }
    const char *own = found ? tn_windows_own_instead(trial, path) : NULL;
    struct tn_place place = { .source.path = own ? own : path,
                              .rule = tn_windows_rule_of(trial, rule) };
    if (own)
        place.detail = "a native one is found, and Wine's own is used in its place";
    return tn_try_file(trial, place);
}

static void try_directory(struct search *s, enum tn_windows_rule rule, const char *dir)
{
    if (!dir || tn_is_over(s->trial))
        return;
    dir = tn_windows_redirected(s->trial->target, s->trial->arena, s->place, dir);
    if (dir)
        tn_windows_try(s->trial, rule, strcmp(dir, "/") == 0 ? "" : dir, s->name);
    else
        s->trial->no_memory = true;
}

/* Elements of a list of Windows paths. rule: quotes are letters like others, "" is nothing */
static void try_list(struct search *s, enum tn_windows_rule rule, const char *list)
{
    while (list && *list && !tn_is_over(s->trial)) {
        size_t size = strcspn(list, ";");
        const char *element = tn_arena_copy(s->trial->arena, list, size);
        const char *dir =
            element && *element
                ? tn_windows_to_world(s->trial->target, s->trial->arena, s->place, element)
                : element;
        if (!dir) {
            s->trial->no_memory = true;
            return;
        }
        if (*dir)
            try_directory(s, rule, dir);
        else if (*element)
            tn_try_note(s->trial,
                        (struct tn_place){ .source.path = element,
                                           .rule = tn_windows_rule_of(s->trial, rule) },
                        tn_judged(TENON_OUTCOME_DIR_MISSING, TN_SKIP, "no such drive here"));
        list += size + (list[size] == ';');
    }
}

/* What every Windows has, where the tree has no Windows at all. */
static void try_system(struct search *s, enum tn_windows_rule rule, const char *reason)
{
    const char *path = tn_arena_format(s->trial->arena, "/C:/Windows/System32/%s", s->name);
    if (!path)
        s->trial->no_memory = true;
    else
        tn_try_system(
            s->trial,
            (struct tn_place){ .source.path = path, .rule = tn_windows_rule_of(s->trial, rule) },
            reason);
}

static void try_system_directory(struct search *s)
{
    if (s->place->system)
        try_directory(s, TN_WIN_SYSTEM, s->place->system);
    else if (!tn_is_over(s->trial) && tn_windows_is_part(s->lower))
        try_system(s, TN_WIN_SYSTEM_ASSUMED, "a part of Windows");
}

static void try_windows_directory(struct search *s)
{
    bool found;
    const char *windows = s->place->windows;
    if (!windows)
        return;
    const char *old = tn_windows_find(s->trial->target, s->trial->arena, windows, "System", &found);
    try_directory(s, TN_WIN_SYSTEM16, old);
    try_directory(s, TN_WIN_WINDOWS, windows);
}

/* A value of the session manager: a setting, else what the registry says. */
static unsigned session_value(struct search *s, const char *name, const char *registered,
                              unsigned otherwise)
{
    if (registered)
        otherwise = (unsigned)strtoul(registered, NULL, 0);
    return tn_windows_number(s->trial->target->world, name, otherwise);
}

static void try_current_directory(struct search *s)
{
    if (session_value(s, "CWDIllegalInDllSearch", s->place->registry.cwd_illegal, 0) != 0xffffffff)
        try_directory(s, TN_WIN_CWD, tenon_world_cwd(s->trial->target->world));
}

/* That of this system's own processes is none. */
const char *tn_windows_path_list(const struct tn_target *target)
{
    const char *setting = tenon_world_setting(target->world, "PATH");
    if (setting || tenon_world_is_host(target->world))
        return setting;
    return tenon_world_env(target->world, "PATH");
}

/* rule  with any LOAD_LIBRARY_SEARCH_ flag there is neither current directory nor PATH */
static void search_by_flags(struct search *s)
{
    const unsigned all = TN_LOAD_DEFAULT_DIRS;
    if (s->flags & TN_LOAD_DLL_LOAD_DIR)
        try_directory(s, TN_WIN_LOADDIR, s->loaddir);
    if (s->flags & (TN_LOAD_APPLICATION_DIR | all))
        try_directory(s, TN_WIN_APP, s->app);
    if (s->flags & (TN_LOAD_USER_DIRS | all)) {
        try_list(s, TN_WIN_USER, tenon_world_setting(s->trial->target->world, "UserDirectories"));
        try_list(s, TN_WIN_DLLDIR, tenon_world_setting(s->trial->target->world, "DllDirectory"));
    }
    if (s->flags & (TN_LOAD_SYSTEM32 | all))
        try_system_directory(s);
}

static void search_standard(struct search *s)
{
    struct tn_target *target = s->trial->target;
    const char *dll_directory = tenon_world_setting(target->world, "DllDirectory");
    bool altered = (s->flags & TN_LOAD_ALTERED) && s->loaddir;
    bool safe = session_value(s, "SafeDllSearchMode", s->place->registry.safe_mode, 1);
    try_directory(s, altered ? TN_WIN_LOADDIR : TN_WIN_APP, altered ? s->loaddir : s->app);
    if (dll_directory)
        try_list(s, TN_WIN_DLLDIR, dll_directory);
    else if (!safe)
        try_current_directory(s);
    try_system_directory(s);
    try_windows_directory(s);
    if (!dll_directory && safe)
        try_current_directory(s);
    if (s->windows->is_wine)
        try_list(s, TN_WIN_ENV_PATH, tenon_world_env(target->world, "WINEPATH"));
    try_list(s, TN_WIN_ENV_PATH, tn_windows_path_list(target));
}

static void search_directories(struct search *s)
{
    if (s->flags & TN_LOAD_SEARCH_FLAGS)
        search_by_flags(s);
    else
        search_standard(s);
}

/* ---- what comes before the directories ----------------------------------------------------- */

static void try_contract_host(struct search *s, const char *host)
{
    const char *detail = tn_arena_format(s->trial->arena, "%s stands for it", host);
    bool found;
    const char *path =
        tn_windows_find(s->trial->target, s->trial->arena, s->place->system, host, &found);
    if (!path || !detail) {
        s->trial->no_memory = true;
        return;
    }
    struct tn_place place = {
        .source.path = path,
        .rule = tn_windows_rule_of(s->trial, TN_WIN_API_SET),
        .detail = detail,
    };
    if (found)
        tn_try_file(s->trial, place);
    else
        tn_try_system(s->trial, place, detail);
}

/* Contract names are no files. False: none of the schema's, so that it is an ordinary name. */
static bool try_api_set(struct search *s)
{
    const char *host = NULL, *importer = "";
    struct tn_place place = { .source.path = "",
                              .rule = tn_windows_rule_of(s->trial, TN_WIN_API_SET) };
    if (!tn_apiset_is_contract(s->name))
        return false;
    if (!s->place->apiset) {
        if (s->place->system)
            return false; /* of a Windows before 7 */
        place.rule = tn_windows_rule_of(s->trial, TN_WIN_API_SET_ASSUMED);
        tn_try_system(s->trial, place,
                      "a contract, which no file stands for: which library "
                      "does depends on the Windows");
        return true;
    }
    if (s->trial->asker->own && s->trial->asker->paths)
        importer = tn_windows_last_part(s->trial->asker->paths->path);
    switch (tn_apiset_find(s->place->apiset, s->lower, importer, s->trial->arena, &host)) {
    case TN_APISET_HOST:
        if (host)
            try_contract_host(s, host);
        else
            s->trial->no_memory = true;
        return true;
    case TN_APISET_UNIMPLEMENTED:
        tn_try_note(s->trial, place,
                    tn_judged(TENON_OUTCOME_ABSENT, TN_STOP,
                              "a contract that this Windows does not implement"));
        return true;
    default: return false;
    }
}

static bool is_file(struct search *s, const char *path)
{
    tenon_file_info info;
    return path && tenon_world_stat(s->trial->target->world, path, &info) == 0;
}

/*
 * rule  a file or directory PROGRAM.local: the program's directory, or that one, comes first; not
 *       with a manifest, unless DevOverrideEnable is set; "Known DLLs cannot be redirected". Wine
 * has no such thing
 */
static void try_dot_local(struct search *s)
{
    struct tn_target *target = s->trial->target;
    tenon_file_info info;
    enum tn_windows_rule known;
    if (s->windows->is_wine || !s->program ||
        tn_windows_is_known(s->trial, s->place, tn_windows_last_part(s->lower), &known))
        return;
    const char *local = tn_arena_format(s->trial->arena, "%s.local", s->program);
    if (!local) {
        s->trial->no_memory = true;
        return;
    }
    int error = tenon_world_stat(target->world, local, &info);
    tn_windows_note(target, error == ENOMEM);
    if (error)
        return;
    const struct tn_sxs *sxs = s->contexts.program;
    if (sxs && sxs->has_manifest && !tn_windows_number(target->world, "DevOverrideEnable", 0))
        return;
    const char *dir = info.type == TENON_FILE_DIRECTORY ? local : s->app;
    bool found;
    const char *path =
        tn_windows_find(target, s->trial->arena, dir, tn_windows_last_part(s->name), &found);
    if (found && is_file(s, path))
        tn_windows_try(s->trial, TN_WIN_DOT_LOCAL, dir, tn_windows_last_part(s->name));
}

/* ---- activation contexts ------------------------------------------------------------------- */

/*
 * rule  wine dlls/ntdll/loader.c, fixup_imports(): a module's own context is activated while its
 *       imports are loaded, and with them what they need; one that cannot be made is not. Nothing
 *       is active when LoadLibrary() is called later. Of those that are the innermost counts, then
 *       the program's (dlls/ntdll/actctx.c, RtlFindActivationContextSectionString())
 */
static bool find_contexts(struct tn_target *target, const struct tn_windows_place *place,
                          const struct tn_asker *asker, struct contexts *out)
{
    const struct tn_paths *program = asker->program;
    *out = (struct contexts){ .program = NULL };
    if (program && !(out->program = tn_sxs_of(target, place, program->path, true)))
        return false;
    if (asker->request != TN_REQUEST_NEED)
        return true;
    for (const struct tn_paths *p = asker->paths; p && p != program && !out->active;
         p = p->parent) {
        if (!p->facts->pe.own_manifest)
            continue;
        const struct tn_sxs *own = tn_sxs_of(target, place, p->path, false);
        if (!own)
            return false;
        if (asker->own && p == asker->paths)
            out->asker = own;
        if (!own->missing)
            out->active = own;
    }
    return true;
}

/* The directory of the assembly that has a file of this name, in lower case; NULL: none has. */
static const char *redirected_to(const struct contexts *contexts, const char *name)
{
    const char *directory = contexts->active ? tn_sxs_directory(contexts->active, name) : NULL;
    return directory || !contexts->program ? directory : tn_sxs_directory(contexts->program, name);
}

/* rule  wine dlls/ntdll/loader.c, find_dll_file(): contexts come before what is loaded */
bool tn_windows_redirects(struct tn_target *target, const struct tn_asker *asker, const char *name,
                          bool *yes)
{
    struct tn_windows *windows = target->config;
    struct contexts contexts;
    *yes = false;
    windows->no_memory = false;
    const struct tn_windows_place *place =
        tn_windows_place_of(target, asker->program ? asker->program->path : NULL);
    if (!place || !find_contexts(target, place, asker, &contexts))
        return false;
    bool any = contexts.active || (contexts.program && contexts.program->count);
    if (!any || tn_windows_has_dir(name))
        return !windows->no_memory;
    if (asker->request == TN_REQUEST_DLOPEN)
        name = tn_windows_normalise(target->arena, name);
    const char *lower = name ? tn_windows_lower(target->arena, name, strlen(name)) : NULL;
    *yes = lower && redirected_to(&contexts, lower);
    return lower && !windows->no_memory;
}

/* rule  a redirected name comes from its assembly, or not at all */
static bool try_assembly(struct search *s)
{
    const char *directory = redirected_to(&s->contexts, s->lower);
    struct tn_judgement missing = tn_judged(TENON_OUTCOME_ABSENT, TN_STOP,
                                            "its assembly has no such file: nothing else is "
                                            "looked at");
    bool found;
    if (!directory)
        return false;
    const char *path =
        tn_windows_find(s->trial->target, s->trial->arena, directory, s->name, &found);
    if (!path)
        s->trial->no_memory = true;
    else if (found)
        tn_windows_try(s->trial, TN_WIN_SXS, directory, s->name);
    else
        tn_try_note(s->trial,
                    (struct tn_place){ .source.path = path,
                                       .rule = tn_windows_rule_of(s->trial, TN_WIN_SXS) },
                    missing);
    return true;
}

static bool refuse_context(struct search *s, const struct tn_sxs *sxs, const char *reason)
{
    if (!sxs || !sxs->missing)
        return false;
    tn_try_note(s->trial,
                (struct tn_place){ .source.path = sxs->missing,
                                   .rule = tn_windows_rule_of(s->trial, TN_WIN_SXS) },
                tn_judged(TENON_OUTCOME_ABSENT, TN_STOP, reason));
    return true;
}

/* Windows does not load what has an assembly that is missing; Wine goes on. */
static bool refuse_contexts(struct search *s)
{
    return !s->windows->is_wine &&
           (refuse_context(s, s->contexts.program,
                           "error 14001: the program's side-by-side configuration is incorrect") ||
            refuse_context(s, s->contexts.asker,
                           "error 14001: the side-by-side configuration of the library that needs "
                           "it is incorrect"));
}

static bool try_known(struct search *s)
{
    enum tn_windows_rule rule;
    bool found = false;
    if (!tn_windows_is_known(s->trial, s->place, s->lower, &rule))
        return false;
    if (s->place->system)
        tn_windows_find(s->trial->target, s->trial->arena, s->place->system, s->name, &found);
    if (found)
        tn_windows_try(s->trial, rule, s->place->system, s->name);
    else if (!s->place->system)
        try_system(s, rule, "a KnownDLL");
    return found || !s->place->system;
}

/* ---- names of each kind -------------------------------------------------------------------- */

static void search_bare(struct search *s)
{
    if (try_api_set(s) || tn_is_over(s->trial))
        return;
    try_dot_local(s);
    if (tn_is_over(s->trial) || refuse_contexts(s) || try_assembly(s) || try_known(s))
        return;
    search_directories(s);
}

static void search_absolute(struct search *s)
{
    struct tn_target *target = s->trial->target;
    const char *path = tn_windows_to_world(target, s->trial->arena, s->place, s->name);
    if (path)
        path = tn_windows_redirected(target, s->trial->arena, s->place, path);
    try_dot_local(s);
    if (!path) {
        s->trial->no_memory = true;
        return;
    }
    if (!tn_is_over(s->trial) && *path)
        tn_windows_try(s->trial, TN_WIN_PATH, path, "");
}

/* rule  a relative path is tried below each directory; one that begins with a dot below the
 *       current directory alone */
static void search_relative(struct search *s)
{
    if (s->name[0] == '.')
        try_directory(s, TN_WIN_CWD, tenon_world_cwd(s->trial->target->world));
    else
        search_directories(s);
}

/* The directory of the file opened by an absolute path that the asker came with; NULL. */
static const char *load_directory(struct search *s)
{
    const struct tn_windows *windows = s->windows;
    if (windows->opened_in != s->trial->target->process)
        return NULL;
    for (const struct tn_paths *p = s->trial->asker->paths; p; p = p->parent)
        for (size_t i = 0; i < windows->opened_count; i++) {
            const char *slash = strrchr(p->path, '/');
            if (strcmp(windows->opened[i], p->path) == 0 && slash)
                return tn_arena_copy(s->trial->arena, p->path, (size_t)(slash - p->path));
        }
    return NULL;
}

/*
 * rule  "/DEPENDENTLOADFLAG": the importer's own flags stand in place of the usual ones when its
 *       imports are resolved; LoadLibraryEx(): its flags count for the file and for what it needs
 */
static unsigned flags_for(struct search *s)
{
    const struct tn_asker *asker = s->trial->asker;
    if (asker->request == TN_REQUEST_DLOPEN)
        return s->windows->load_flags;
    return asker->flags || !s->loaddir ? asker->flags : s->windows->load_flags;
}

static void search(struct tn_trial *trial)
{
    const struct tn_asker *asker = trial->asker;
    struct search s = { .trial = trial, .windows = trial->target->config };
    s.program = asker->program ? asker->program->path : NULL;
    s.app = asker->program_origin ? asker->program_origin : "";
    s.place = tn_windows_place_of(trial->target, s.program);
    s.name = asker->request == TN_REQUEST_DLOPEN ? tn_windows_normalise(trial->arena, trial->name)
                                                 : trial->name;
    s.lower = s.name ? tn_windows_lower(trial->arena, s.name, strlen(s.name)) : NULL;
    if (!s.place || !s.lower || !find_contexts(trial->target, s.place, asker, &s.contexts)) {
        trial->no_memory = true;
        return;
    }
    s.windows->place = s.place;
    s.windows->program = s.program ? tn_windows_last_part(s.program) : NULL;
    s.loaddir = load_directory(&s);
    s.flags = flags_for(&s);
    if (tn_windows_is_absolute(s.name))
        search_absolute(&s);
    else if (tn_windows_has_dir(s.name))
        search_relative(&s);
    else
        search_bare(&s);
}

/* Memory that ran out on the way is no answer; what was not kept is read again. */
void tn_windows_search(struct tn_trial *trial)
{
    struct tn_windows *windows = trial->target->config;
    windows->no_memory = false;
    search(trial);
    trial->no_memory |= windows->no_memory;
}
