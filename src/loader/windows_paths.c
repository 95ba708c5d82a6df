/*
 * src/loader/windows_paths.c - names and paths of Windows, and where they are in a world
 *
 * A drive is a directory "/C:" of the world, or "drive_c" of a Wine prefix; in a tree that has the
 * Windows directory at its top, the top is drive C:. Letters are folded as ASCII's are: Windows
 * folds by a table of its volume, which a tree has not with it.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "names.h"
#include "windows.h"

bool tn_windows_same(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

const char *tn_windows_lower(struct tn_arena *arena, const char *text, size_t size)
{
    char *lower = tn_arena_copy(arena, text, size);
    for (char *c = lower; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return lower;
}

bool tn_windows_has_dir(const char *name)
{
    return strpbrk(name, "/\\:") != NULL;
}

static bool has_drive(const char *name)
{
    return ((name[0] | 32) >= 'a' && (name[0] | 32) <= 'z') && name[1] == ':';
}

bool tn_windows_is_absolute(const char *name)
{
    return name[0] == '/' || name[0] == '\\' || has_drive(name);
}

/* ---- folding ------------------------------------------------------------------------------- */

struct match {
    const char *name;
    struct tn_arena *arena;
    const char *found;
    bool no_memory;
};

static int each_name(void *arg, const char *name)
{
    struct match *match = arg;
    if (!tn_windows_same(name, match->name))
        return 0;
    match->found = tn_arena_string(match->arena, name);
    match->no_memory = !match->found;
    return 1;
}

static const char *join(struct tn_arena *arena, const char *dir, const char *name)
{
    size_t size = strlen(dir);
    const char *slash = size && dir[size - 1] == '/' ? "" : "/";
    return tn_arena_format(arena, "%s%s%s", dir, slash, name);
}

/* One component below a directory that is there. */
static const char *find_one(struct tn_target *target, struct tn_arena *arena, const char *dir,
                            const char *name, bool *found)
{
    tenon_file_info info;
    struct match match = { .name = name, .arena = arena };
    const char *path = join(arena, dir, name);
    int error = path ? tenon_world_lstat(target->world, path, &info) : ENOMEM;
    *found = error == 0;
    if (*found)
        return path;
    if (error != ENOMEM && *name)
        error = tenon_world_list(target->world, *dir ? dir : "/", each_name, &match);
    tn_windows_note(target, error == ENOMEM || match.no_memory);
    if (error == ENOMEM || match.no_memory)
        return NULL;
    *found = match.found;
    return match.found ? join(arena, dir, match.found) : path; /* NULL is noted by the caller */
}

const char *tn_windows_find(struct tn_target *target, struct tn_arena *arena, const char *dir,
                            const char *name, bool *found)
{
    const char *at = dir;
    *found = true;
    while (*name && at) {
        size_t size = strcspn(name, "/\\");
        const char *component = tn_arena_copy(arena, name, size);
        name += size;
        name += strspn(name, "/\\");
        tn_windows_note(target, !component);
        if (!component)
            return NULL;
        if (!size || strcmp(component, ".") == 0)
            continue;
        at = *found ? find_one(target, arena, at, component, found) : join(arena, at, component);
        tn_windows_note(target, !at);
    }
    return at;
}

/* ---- drives -------------------------------------------------------------------------------- */

static const char *drive_root(struct tn_target *target, struct tn_arena *arena,
                              const struct tn_windows_place *place, char letter)
{
    char drive[] = { (char)(letter & ~32), ':', 0 };
    bool found;
    if (!place->root)
        return "";
    if ((letter | 32) == 'c')
        return *place->root ? place->root : "/";
    const char *slash = strrchr(place->root, '/');
    const char *above =
        slash ? tn_arena_copy(arena, place->root, (size_t)(slash - place->root)) : "";
    if (!above)
        return NULL;
    if (slash && strcmp(slash, "/drive_c") == 0) {
        above = join(arena, above, "dosdevices");
        if (!above)
            return NULL;
    }
    const char *root = tn_windows_find(target, arena, above, drive, &found);
    return !root || found ? root : "";
}

const char *tn_windows_to_world(struct tn_target *target, struct tn_arena *arena,
                                const struct tn_windows_place *place, const char *path)
{
    bool found;
    const char *root;
    if (path[0] == '/') {
        root = "";
    } else if (has_drive(path)) {
        root = drive_root(target, arena, place, path[0]);
        if (!root || !*root)
            return root;
        path += 2;
    } else if (path[0] == '\\') {
        root = place->root ? place->root : "";
    } else {
        root = tenon_world_cwd(target->world);
    }
    const char *at =
        tn_windows_find(target, arena, strcmp(root, "/") == 0 ? "" : root, path, &found);
    return at && !*at ? "/" : at; /* "" would be no drive */
}

/* ---- the system directory of 32-bit processes ---------------------------------------------- */

/* What of a path is below a directory, whatever the case of its letters; NULL: it is elsewhere. */
static const char *below(const char *path, const char *dir)
{
    size_t size = strlen(dir);
    if (strncasecmp(path, dir, size) != 0 || (path[size] && path[size] != '/'))
        return NULL;
    return path + size + (path[size] == '/');
}

/* rule  File System Redirector: subtrees of System32 that every process has in common */
static bool is_shared(const char *inner)
{
    static const char *const shared[] = { "catroot",     "catroot2", "driverstore",
                                          "drivers/etc", "logfiles", "spool" };
    for (size_t i = 0; i < TN_COUNT(shared); i++)
        if (below(inner, shared[i]))
            return true;
    return false;
}

const char *tn_windows_redirected(struct tn_target *target, struct tn_arena *arena,
                                  const struct tn_windows_place *place, const char *path)
{
    bool found;
    const char *rest = place->windows && place->system ? below(path, place->windows) : NULL;
    if (!rest || target->word != 4 ||
        tn_windows_same(tn_windows_last_part(place->system), "System32"))
        return path;
    const char *inner = below(rest, "System32"), *native = below(rest, "Sysnative");
    if (inner && !is_shared(inner))
        return tn_windows_find(target, arena, place->system, inner, &found);
    if (!native)
        return path;
    const char *system = tn_windows_find(target, arena, place->windows, "System32", &found);
    return system ? tn_windows_find(target, arena, system, native, &found) : NULL;
}

/* ---- places -------------------------------------------------------------------------------- */

static bool is_there(struct tn_target *target, const char *path)
{
    tenon_file_info info;
    int error = path ? tenon_world_stat(target->world, path, &info) : ENOENT;
    tn_windows_note(target, error == ENOMEM);
    return error == 0;
}

/* The path of drive C: for a program; NULL: there is none in this world. */
static const char *root_for(struct tn_target *target, const char *program)
{
    const char *prefix = program ? strstr(program, "/drive_c/") : NULL;
    bool found;
    if (prefix) {
        const char *root = tn_arena_copy(target->arena, program, (size_t)(prefix - program) + 8);
        tn_windows_note(target, !root);
        return root;
    }
    if (is_there(target, "/C:"))
        return "/C:";
    if (is_there(target, "/drive_c"))
        return "/drive_c";
    tn_windows_find(target, target->arena, "", "Windows", &found);
    return found ? "" : NULL;
}

/*
 * rule  File System Redirector: a 32-bit process of a 64-bit Windows sees SysWOW64 (ARM: SysArm32)
 *       as System32
 */
static const char *system_of(struct tn_target *target, const char *windows)
{
    static const char *const narrow[] = { "SysWOW64", "SysArm32" };
    bool found;
    const char *path;
    if (target->word == 4) {
        bool arm = target->machine == 0x01c4 || target->machine == 0x01c0;
        path = tn_windows_find(target, target->arena, windows, narrow[arm], &found);
        if (found)
            return path;
    }
    path = tn_windows_find(target, target->arena, windows, "System32", &found);
    return found ? path : NULL;
}

static void fill_place(struct tn_target *target, struct tn_windows_place *place)
{
    const char *setting = tenon_world_setting(target->world, "SystemRoot");
    bool found = false;
    if (setting)
        place->windows = tn_windows_to_world(target, target->arena, place, setting);
    else if (place->root)
        place->windows = tn_windows_find(target, target->arena, place->root, "Windows", &found);
    if (!setting && !found)
        place->windows = NULL;
    if (!place->windows || !is_there(target, place->windows))
        place->windows = NULL;
    if (place->windows)
        place->system = system_of(target, place->windows);
    if (place->system)
        place->apiset = tn_apiset_read(target, place->system);
    tn_windows_note(target, !tn_windows_read_registry(target, place->root, &place->registry));
}

struct tn_windows_place *tn_windows_place_of(struct tn_target *target, const char *program)
{
    struct tn_windows *windows = target->config;
    const char *root = root_for(target, program);
    if (windows->no_memory)
        return NULL;
    for (struct tn_windows_place *p = windows->places; p; p = p->next)
        if (p->root == root || (p->root && root && strcmp(p->root, root) == 0))
            return p;
    struct tn_windows_place *place = tn_arena_take(target->arena, sizeof *place);
    if (!place) {
        windows->no_memory = true;
        return NULL;
    }
    place->root = root;
    fill_place(target, place);
    if (windows->no_memory)
        return NULL;
    place->next = windows->places;
    windows->places = place;
    return place;
}

char *tn_windows_given(tenon_world *world, const char *path)
{
    bool is_absolute = has_drive(path) ? path[2] == '\\' || path[2] == '/' : path[0] == '\\';
    struct tn_arena arena = { 0 };
    struct tn_windows windows = { 0 };
    struct tn_target target = { .world = world, .arena = &arena, .config = &windows };
    char *given = NULL;
    if (!is_absolute)
        return NULL;
    struct tn_windows_place place = { .root = root_for(&target, NULL) };
    if (place.root) {
        const char *at = tn_windows_to_world(&target, &arena, &place, path);
        given = at && *at ? strdup(at) : NULL;
    }
    tn_arena_free(&arena);
    return given;
}
