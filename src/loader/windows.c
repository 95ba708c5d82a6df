/*
 * src/loader/windows.c - the loaders of Windows (ntdll) and Wine
 *
 * rule  Microsoft "Dynamic-link library search order", "Dynamic-link library redirection",
 *       LoadLibraryExW, SetDllDirectoryW, /DEPENDENTLOADFLAG, "File System Redirector", Q164501;
 *       wine dlls/ntdll/loader.c, find_dll_file() and open_dll_file(). Windows' own code is not
 *       public: its rows rest on documentation, and on what Wine does in the same case
 */
#include "windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fail.h"
#include "names.h"
#include "windows_rules.h"

static const tenon_rule windows_rules[] = TN_WINDOWS_RULES(TENON_EVIDENCE_DOCUMENTATION);
static const tenon_rule wine_rules[] = TN_WINDOWS_RULES(TENON_EVIDENCE_REAL_LOADER);

/* ---- settings ------------------------------------------------------------------------------ */

unsigned tn_windows_number(const tenon_world *world, const char *name, unsigned otherwise)
{
    const char *text = tenon_world_setting(world, name);
    return text && *text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

bool tn_windows_configure(struct tn_target *target, tenon_error *err)
{
    struct tn_windows *windows = tn_arena_take(target->arena, sizeof *windows);
    if (!windows)
        return tn_no_memory(err);
    target->config = windows;
    windows->load_flags = tn_windows_number(target->world, "LoadLibraryFlags", 0);
    windows->is_wine = target->loader == &tn_loader_wine;
    return true;
}

bool tn_windows_wants_origin(const struct tn_target *target)
{
    (void)target;
    return true;
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "windows") == 0;
}

static bool matches_nothing(const struct tn_facts *facts)
{
    (void)facts;
    return false;
}

uint32_t tn_windows_asker_flags(const struct tn_facts *facts)
{
    return facts->pe.dependent_load_flags & TN_LOAD_SEARCH_FLAGS;
}

/* ---- names --------------------------------------------------------------------------------- */

const char *tn_windows_last_part(const char *name)
{
    const char *base = name;
    for (const char *c = name; *c; c++)
        if (*c == '/' || *c == '\\' || *c == ':')
            base = c + 1;
    return base;
}

const char *tn_windows_normalise(struct tn_arena *arena, const char *name)
{
    size_t size = strlen(name);
    while (size && name[size - 1] == ' ')
        size--;
    const char *copy = tn_arena_copy(arena, name, size);
    if (!copy || !size)
        return copy;
    if (!strchr(tn_windows_last_part(copy), '.'))
        return tn_arena_format(arena, "%s.dll", copy);
    return copy[size - 1] == '.' ? tn_arena_copy(arena, copy, size - 1) : copy;
}

/* Needs are bare names to the loader, whatever is recorded; case does not count. */
const char *tn_windows_key(struct tn_target *target, const tenon_need *need)
{
    const char *name = tn_windows_normalise(target->arena, need->name);
    return name ? tn_windows_lower(target->arena, name, strlen(name)) : NULL;
}

/* rule  a loaded module answers to its file name, wherever it came from */
bool tn_windows_claims(struct tn_target *target, const struct tn_loaded_object *object,
                       const struct tn_name_sink *out)
{
    struct tn_windows *windows = target->config;
    if (!object->source.path)
        return true;
    const char *base = tn_windows_last_part(object->source.path);
    const char *lower = tn_windows_lower(target->arena, base, strlen(base));
    if (!lower || !out->add(out->arg, lower))
        return false;
    if (!tn_windows_is_absolute(object->key))
        return true;
    if (windows->opened_in != target->process)
        windows->opened_count = 0;
    windows->opened_in = target->process;
    if (!tn_arena_grow(target->arena, &windows->opened, &windows->opened_room,
                       windows->opened_count, sizeof *windows->opened))
        return false;
    const char *path = tn_arena_string(target->arena, object->source.path);
    windows->opened[windows->opened_count++] = path ? path : "";
    return path;
}

/* A name that was given to LoadLibrary(), in any case, with or without ".dll". */
unsigned tn_windows_fits(struct tn_target *target, const char *name,
                         const struct tn_loaded_object *object, bool late)
{
    (void)target;
    if (late || !object->source.path || tn_windows_has_dir(name))
        return 0;
    const char *base = tn_windows_last_part(object->source.path);
    size_t size = strlen(name);
    if (strncasecmp(base, name, size) != 0)
        return 0;
    return !base[size] || (!strchr(name, '.') && tn_windows_same(base + size, ".dll"));
}

/* ---- candidates ---------------------------------------------------------------------------- */

#define ERROR_193 "error 193: not a valid Win32 application"

enum { I386 = 0x014c, AMD64 = 0x8664, ARM64 = 0xaa64 };

/* rule  "Arm64X PE files": code for both; images of intermediate language alone run anywhere */
static bool fits_machine(const struct tn_target *target, const struct tn_facts *facts)
{
    if (facts->pe.il_only && !facts->pe.needs_32_bits)
        return true;
    if (facts->pe.hybrid && facts->machine_code == ARM64)
        return target->machine == ARM64 || target->machine == AMD64;
    return facts->machine_code == target->machine;
}

void tn_windows_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                      struct tn_judgement *out)
{
    const struct tn_facts *facts = candidate->facts;
    if (candidate->info->type == TENON_FILE_DIRECTORY)
        *out = tn_judged(TENON_OUTCOME_IS_DIRECTORY, TN_STOP, "error 5: access is denied");
    else if (!facts && candidate->error == TENON_E_TRUNCATED)
        *out = tn_judged(TENON_OUTCOME_TRUNCATED, TN_STOP, ERROR_193);
    else if (!facts && candidate->error == TENON_E_MALFORMED)
        *out = tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP, ERROR_193);
    else if (!facts || facts->format != TENON_FORMAT_PE)
        *out = tn_judged(TENON_OUTCOME_WRONG_FORMAT, TN_STOP, ERROR_193);
    else if (!fits_machine(target, facts))
        *out = tn_judged(TENON_OUTCOME_WRONG_MACHINE, TN_SKIP, facts->machine);
    else
        *out = tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

void tn_windows_judge_errno(const struct tn_target *target, int error, struct tn_judgement *out)
{
    (void)target;
    switch (error) {
    case ENOENT:
    case ENOTDIR: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case ELOOP: *out = tn_judged(TENON_OUTCOME_SYMLINK_LOOP, TN_SKIP, NULL); break;
    case ENAMETOOLONG: *out = tn_judged(TENON_OUTCOME_TOO_LONG, TN_SKIP, NULL); break;
    case EACCES:
        *out = tn_judged(TENON_OUTCOME_PERMISSION, TN_STOP, "error 5: access is denied");
        break;
    default: *out = tn_judged(TENON_OUTCOME_UNREADABLE, TN_STOP, tn_errno_text(error));
    }
}

const char *tn_windows_why_missing(struct tn_arena *arena, const char *name,
                                   const tenon_attempt *attempts, size_t count)
{
    (void)arena;
    (void)name;
    for (size_t i = 0; i < count; i++)
        if (attempts[i].outcome == TENON_OUTCOME_WRONG_MACHINE)
            return "error 193: only files of another machine (0xC000007B at the start)";
    return "error 126: the specified module could not be found (0xC0000135 at the start)";
}

const tenon_loader tn_loader_windows = {
    TN_WINDOWS_ROW,
    .name = "windows",
    .describe = "Windows (ntdll)",
    .rules = windows_rules,
    .matches = matches,
    .judge = tn_windows_judge,
    .search = tn_windows_search,
};

const tenon_loader tn_loader_wine = {
    TN_WINDOWS_ROW,
    .name = "wine",
    .describe = "Wine's ntdll; has to be asked for by name",
    .rules = wine_rules,
    /* rule  wine dlls/ntdll/loader.c, find_forwarded_export() and import_dll(): a stub is made */
    .stubs_absent_export = true,
    .matches = matches_nothing,
    .judge = tn_wine_judge,
    .search = tn_windows_search,
};
