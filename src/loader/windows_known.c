/*
 * src/loader/windows_known.c - which libraries are KnownDLLs: a list, and all that they import
 *
 * rule  Microsoft Q164501 and "Dynamic-link library search order"; L. Osterman, "What are Known
 * DLLs anyway?": the session manager takes what is imported by those of the registry's list, too,
 *       and so on; wine programs/wineboot/wineboot.c, create_known_dlls(), does alike. A tree that
 *       has its own registry's list gives it as the setting KnownDLLs
 */
#include <string.h>
#include <strings.h>

#include "windows.h"

#define KNOWN_MAX 1024u /* names; Windows comes to some sixty */

static const char separators[] = "; ,\t\n"; /* between the names of a list */

static bool is_listed(const char *list, const char *name)
{
    while (*(list += strspn(list, separators))) {
        size_t size = strcspn(list, separators);
        if (strlen(name) == size && strncasecmp(list, name, size) == 0)
            return true;
        list += size;
    }
    return false;
}

static bool is_in(const struct tn_known_dlls *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->names[i], name) == 0)
            return true;
    return false;
}

/* A setting, else what the registry says. */
static const char *value_of(const struct tn_target *target, const char *setting,
                            const char *registered)
{
    const char *value = tenon_world_setting(target->world, setting);
    return value ? value : registered;
}

static const char *excluded_of(const struct tn_target *target, const struct tn_windows_place *place)
{
    return value_of(target, "ExcludeFromKnownDlls", place->registry.excluded);
}

/* Adds a name in lower case, which lives as long as the target; false: no memory. */
static bool add(struct tn_target *target, struct tn_windows_place *place, const char *name)
{
    struct tn_known_dlls *known = &place->known;
    const char *excluded = excluded_of(target, place);
    if (!name)
        return false;
    if (known->count == KNOWN_MAX || is_in(known, name) || (excluded && is_listed(excluded, name)))
        return true;
    if (!tn_arena_grow(target->arena, &known->names, &known->room, known->count,
                       sizeof *known->names))
        return false;
    known->names[known->count++] = name;
    return true;
}

static bool add_list(struct tn_target *target, struct tn_windows_place *place, const char *list)
{
    while (*(list += strspn(list, separators))) {
        size_t size = strcspn(list, separators);
        if (!add(target, place, tn_windows_lower(target->arena, list, size)))
            return false;
        list += size;
    }
    return true;
}

/* A contract counts for the library that stands for it. */
static bool add_import(struct tn_target *target, struct tn_windows_place *place, const char *name,
                       const char *importer)
{
    const char *host = NULL, *lower = tn_windows_lower(target->arena, name, strlen(name));
    if (lower && tn_windows_has_dir(lower))
        return true;
    if (!lower || !tn_apiset_is_contract(lower))
        return add(target, place, lower);
    if (!place->apiset ||
        tn_apiset_find(place->apiset, lower, importer, target->arena, &host) != TN_APISET_HOST)
        return true;
    return host && add(target, place, tn_windows_lower(target->arena, host, strlen(host)));
}

/* What a library of the system directory imports, but for what it loads on the first call. */
static bool add_imports(struct tn_trial *trial, struct tn_windows_place *place, const char *name)
{
    bool found = false;
    const char *path = tn_windows_find(trial->target, trial->arena, place->system, name, &found);
    if (!path || !found)
        return path != NULL;
    tenon_error err = TENON_ERROR_INIT;
    const tenon_need *need;
    tenon_image *image = tenon_image_open(trial->target->world, path, TENON_PART_CORE, &err);
    bool good = err.code != TENON_E_MEMORY;
    for (size_t i = 0; good && image && (need = tenon_image_need(image, i)); i++)
        good = need->flavour != TENON_NEED_NORMAL ||
               add_import(trial->target, place, need->name, name);
    tenon_image_free(image);
    return good;
}

/* Read once: the list, and behind it what each of it brings in. */
static bool read_known(struct tn_trial *trial, struct tn_windows_place *place, const char *list)
{
    struct tn_known_dlls *known = &place->known;
    if (known->is_read)
        return true;
    known->count = 0;
    known->is_read = add_list(trial->target, place, list);
    for (size_t i = 0; known->is_read && place->system && i < known->count; i++)
        known->is_read = add_imports(trial, place, known->names[i]);
    return known->is_read;
}

bool tn_windows_is_known(struct tn_trial *trial, struct tn_windows_place *place, const char *name,
                         enum tn_windows_rule *rule)
{
    const char *excluded = excluded_of(trial->target, place);
    const char *list = value_of(trial->target, "KnownDLLs", place->registry.known);
    *rule = TN_WIN_KNOWN;
    if (strcmp(name, "ntdll.dll") == 0) /* is mapped before anything is searched for */
        return true;
    if (excluded && is_listed(excluded, name))
        return false;
    if (list) {
        trial->no_memory |= !read_known(trial, place, list);
        return is_listed(list, name) || is_in(&place->known, name);
    }
    *rule = TN_WIN_KNOWN_USUAL;
    return tn_windows_is_usual(name);
}
