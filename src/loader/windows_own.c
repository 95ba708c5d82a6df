/*
 * src/loader/windows_own.c - Wine's own libraries, and when they take the place of native ones
 *
 * rule  wine dlls/ntdll/loadorder.c: NAME[,NAME...]=ORDER, entries with semicolons between them;
 *       builtin comes first unless something says otherwise
 */
#include <string.h>
#include <strings.h>

#include "windows.h"

static const char *override_of_environment(const struct tn_target *target, const char *base,
                                           size_t *size)
{
    const char *at = tenon_world_env(target->world, "WINEDLLOVERRIDES");
    size_t stem = strlen(base);
    if (stem > 4 && tn_windows_same(base + stem - 4, ".dll"))
        stem -= 4;
    for (; at && *at; at += strcspn(at, ";"), at += *at == ';') {
        size_t names = strcspn(at, "=;");
        for (size_t i = 0; at[names] == '=' && i < names;) {
            size_t length = strcspn(at + i, ",=;");
            const char *name = at + i;
            i += length + 1;
            if (length && *name == '*')
                name++, length--;
            if (length != stem || strncasecmp(name, base, length) != 0)
                continue;
            *size = strcspn(at + names + 1, ";");
            return at + names + 1;
        }
    }
    return NULL;
}

const char *tn_windows_override(const struct tn_target *target, const char *base, size_t *size)
{
    const struct tn_windows *windows = target->config;
    const char *order = override_of_environment(target, base, size);
    if (order || !windows->place)
        return order;
    order = tn_windows_registered(&windows->place->registry, windows->program, base);
    *size = order ? strlen(order) : 0;
    return order;
}

/* The facts of an image that a process may have; NULL: it is none. */
static const struct tn_facts *image_at(struct tn_trial *trial, const char *path)
{
    const struct tn_facts *facts = trial->facts.facts(trial->facts.arg, path);
    bool good =
        facts && facts->format == TENON_FORMAT_PE && facts->machine_code == trial->target->machine;
    return good ? facts : NULL;
}

const char *tn_windows_own_instead(struct tn_trial *trial, const char *path)
{
    const struct tn_windows *windows = trial->target->config;
    const struct tn_paths *program = trial->asker->program;
    size_t size;
    bool found;
    if (!windows->is_wine)
        return NULL;
    struct tn_windows_place *place =
        tn_windows_place_of(trial->target, program ? program->path : NULL);
    const struct tn_facts *native = place && place->system ? image_at(trial, path) : NULL;
    const char *order = tn_windows_override(trial->target, tn_windows_last_part(path), &size);
    if (!native || native->pe.wine_builtin || (order && (!size || *order != 'b')))
        return NULL;
    const char *own = tn_windows_find(trial->target, trial->arena, place->system,
                                      tn_windows_last_part(path), &found);
    const struct tn_facts *facts = own && found ? image_at(trial, own) : NULL;
    return facts && facts->pe.wine_builtin ? own : NULL;
}

bool tn_windows_is_stand_in(const struct tn_facts *facts)
{
    return facts->pe.wine_placeholder;
}

void tn_wine_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                   struct tn_judgement *out)
{
    size_t size;
    tn_windows_judge(target, candidate, out);
    if (out->action != TN_ACCEPT)
        return;
    const char *order =
        tn_windows_override(target, tn_windows_last_part(candidate->source.path), &size);
    bool builtin = candidate->facts->pe.wine_builtin || candidate->facts->pe.wine_placeholder;
    if (!order)
        return;
    if (size == 0)
        *out = tn_judged(TENON_OUTCOME_FORBIDDEN, TN_STOP, "disabled by an override");
    else if (builtin && !memchr(order, 'b', size))
        *out = tn_judged(TENON_OUTCOME_FORBIDDEN, TN_SKIP,
                         "Wine's own, and an override wants a native one");
}
