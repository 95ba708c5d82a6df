/*
 * src/loader/windows_registry.c - what the registry of a Wine prefix says of libraries
 *
 * rule  wine dlls/ntdll/loadorder.c, get_load_order(): HKCU\Software\Wine\AppDefaults\PROGRAM\
 *       DllOverrides before HKCU\Software\Wine\DllOverrides; loader.c: Session Manager, of which
 *       settings of the same names come first. The hives of a Windows are not read
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "limits.h"
#include "names.h"
#include "registry.h"
#include "windows.h"

#define SESSION "System\\CurrentControlSet\\Control\\Session Manager"
#define WINE "Software\\Wine"
#define APPS "AppDefaults\\"
#define OVERRIDES "DllOverrides"

/* What to load for a library, of one program or of all. */
struct tn_override {
    const char *program; /* file name; NULL: all */
    const char *name;    /* as written there */
    const char *order;   /* "native,builtin"; "": none is loaded */
    struct tn_override *next;
};

/* A walk over one file of the prefix. */
struct reading {
    struct tn_windows_registry *registry;
    struct tn_arena *arena;
    struct tn_override **last;
    char *known; /* so far, with a ';' behind each */
    size_t known_size, known_room;
};

static bool add_known(struct reading *r, const char *value)
{
    for (;; value++) {
        if (!tn_arena_grow(r->arena, &r->known, &r->known_room, r->known_size, 1))
            return false;
        r->known[r->known_size++] = *value ? *value : ';';
        if (!*value)
            return true;
    }
}

static void end_known(struct reading *r)
{
    if (r->known)
        r->known[r->known_size - 1] = '\0';
    r->registry->known = r->known;
}

static bool see_session(void *arg, const char *key, const char *name, const char *value)
{
    static const char *const others[] = { "DllDirectory", "DllDirectory32" };
    struct reading *r = arg;
    if (strcasecmp(key, "KnownDLLs") == 0) {
        for (size_t i = 0; i < TN_COUNT(others); i++)
            if (strcasecmp(name, others[i]) == 0)
                return true;
        return add_known(r, value);
    }
    if (*key)
        return true;
    if (strcasecmp(name, "ExcludeFromKnownDlls") == 0)
        r->registry->excluded = value;
    else if (strcasecmp(name, "SafeDllSearchMode") == 0)
        r->registry->safe_mode = value;
    else if (strcasecmp(name, "CWDIllegalInDllSearch") == 0)
        r->registry->cwd_illegal = value;
    return true;
}

/* "AppDefaults\p.exe\DllOverrides" or "DllOverrides"; false: another key. */
static bool is_overrides(struct tn_arena *arena, const char *key, const char **program)
{
    size_t start = sizeof APPS - 1, tail = sizeof OVERRIDES - 1, size = strlen(key);
    *program = NULL;
    if (strcasecmp(key, OVERRIDES) == 0)
        return true;
    if (size < start + tail + 2 || strncasecmp(key, APPS, start) != 0 ||
        key[size - tail - 1] != '\\' || strcasecmp(key + size - tail, OVERRIDES) != 0)
        return false;
    *program = tn_arena_copy(arena, key + start, size - tail - 1 - start);
    return true;
}

static bool see_override(void *arg, const char *key, const char *name, const char *value)
{
    struct reading *r = arg;
    const char *program;
    if (!is_overrides(r->arena, key, &program))
        return true;
    struct tn_override *override = tn_arena_take(r->arena, sizeof *override);
    if (!override || (strcasecmp(key, OVERRIDES) != 0 && !program))
        return false;
    *override = (struct tn_override){ program, name,
                                      strcasecmp(value, "disabled") == 0 ? "" : value, NULL };
    *r->last = override;
    r->last = &override->next;
    return true;
}

/* false: no memory; a file that is not there says nothing. */
static bool read_file(struct tn_target *target, struct reading *r, const char *prefix,
                      const char *name, const char *key, tn_registry_value *see)
{
    struct tn_view text;
    const char *path = tn_arena_format(target->arena, "%s/%s", prefix, name);
    int error =
        path ? tn_file_whole(target->world, path, TN_LIMIT_CONFIG, target->arena, &text) : ENOMEM;
    return error ? error != ENOMEM : tn_registry_walk(text, key, target->arena, see, r);
}

bool tn_windows_read_registry(struct tn_target *target, const char *root,
                              struct tn_windows_registry *out)
{
    const char *end = root ? strrchr(root, '/') : NULL;
    struct reading r = { .registry = out, .arena = target->arena, .last = &out->overrides };
    if (!end || strcmp(end, "/drive_c") != 0)
        return true;
    const char *prefix = tn_arena_copy(target->arena, root, (size_t)(end - root));
    if (!prefix || !read_file(target, &r, prefix, "system.reg", SESSION, see_session))
        return false;
    end_known(&r);
    return read_file(target, &r, prefix, "user.reg", WINE, see_override);
}

/* Is the name in the registry that of the library? "*" before it is for any directory. */
static bool is_name(const char *name, const char *base, size_t stem)
{
    name += *name == '*' && name[1];
    if (strcmp(name, "*") == 0 || strcasecmp(name, base) == 0)
        return true;
    return strlen(name) == stem && strncasecmp(name, base, stem) == 0;
}

const char *tn_windows_registered(const struct tn_windows_registry *registry, const char *program,
                                  const char *base)
{
    size_t stem = strlen(base);
    if (stem > 4 && strcasecmp(base + stem - 4, ".dll") == 0)
        stem -= 4;
    for (int own = 1; own >= 0; own--)
        for (const struct tn_override *o = registry->overrides; o; o = o->next)
            if ((o->program != NULL) == (own == 1) &&
                (!own || (program && strcasecmp(o->program, program) == 0)) &&
                is_name(o->name, base, stem))
                return o->order;
    return NULL;
}
