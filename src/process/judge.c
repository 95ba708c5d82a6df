/*
 * src/process/judge.c - what it means that one thing would be in a process twice
 *
 * rule  docs/design/plugins.md, "What a double is, by evidence"
 */
#include "judge.h"

#include <string.h>

#include "units.h"

static bool exports(const struct tn_copy *copy, const char *name)
{
    const tenon_visible *seen = copy->sight.find ? copy->sight.find(copy->sight.of, name) : NULL;
    return seen && seen->exported;
}

static bool is_unique(const struct tn_copy *copy, const char *name)
{
    const tenon_visible *seen = copy->sight.find ? copy->sight.find(copy->sight.of, name) : NULL;
    return seen && seen->exported && seen->unique;
}

/* What tenon itself calls in a plugin is asked for in that plugin, and binds nobody. */
static bool is_called_by_us(const char *name)
{
    return strcmp(name, "tenon_plugin_start") == 0 || strcmp(name, "tenon_plugin_stop") == 0;
}

/* A strong definition of the unit that its own image exports; NULL: none. */
static const char *exported_definition(const struct tn_copy *copy)
{
    size_t count = tn_unit_set_size(copy->unit);
    for (size_t i = 0; i < count; i++) {
        const char *name = copy->unit->definitions[i].name;
        if (!is_called_by_us(name) && exports(copy, name))
            return name;
    }
    return NULL;
}

static bool defines(const tenon_unit *unit, const char *name)
{
    size_t count = tn_unit_set_size(unit);
    for (size_t i = 0; i < count; i++)
        if (strcmp(unit->definitions[i].name, name) == 0)
            return true;
    return false;
}

/* A strong definition that both images export; NULL: none. */
static const char *exported_by_both(const struct tn_copy *a, const struct tn_copy *b)
{
    size_t count = tn_unit_set_size(a->unit);
    for (size_t i = 0; i < count; i++)
        if (exports(a, a->unit->definitions[i].name) && exports(b, a->unit->definitions[i].name))
            return a->unit->definitions[i].name;
    return NULL;
}

/*
 * Both are the own code of plugins that are loaded apart: neither is in the scope of the other
 * before its own, so that each binds to its own. Not so with what the loader makes one regardless.
 *
 * rule  dlopen(3), RTLD_LOCAL; glibc elf/dl-lookup.c, do_lookup_unique()
 */
static bool stay_apart(const struct tn_copy *a, const struct tn_copy *b)
{
    size_t count = tn_unit_set_size(a->unit);
    if (!a->is_apart || !b->is_apart)
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_unique(a, a->unit->definitions[i].name) &&
            is_unique(b, a->unit->definitions[i].name))
            return false;
    return true;
}

static bool is_stateless(const struct tn_copy *a, const struct tn_copy *b)
{
    return a->unit->stateful == TENON_NO && b->unit->stateful == TENON_NO;
}

static bool same_set(const tenon_unit *a, const tenon_unit *b)
{
    size_t count = tn_unit_set_size(a);
    if (count != tn_unit_set_size(b))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(a->definitions[i].name, b->definitions[i].name) != 0)
            return false;
    return true;
}

/* The author's word counts only as far as it is true: none of its symbols may be seen. */
static bool is_hidden_private(const struct tn_copy *copy)
{
    return copy->is_private && copy->sight.find && !exported_definition(copy);
}

static void set(struct tn_judgement *out, enum tenon_finding_kind kind, const char *because,
                const char *symbol)
{
    *out = (struct tn_judgement){ kind, kind != TENON_FINDING_HARMLESS, because, symbol };
}

/* Two copies that differ. */
static bool judge_conflict(const struct tn_copy *there, const struct tn_copy *comes,
                           struct tn_judgement *out)
{
    const tenon_unit *a = there->unit, *b = comes->unit;
    if (tenon_digest_equal(&a->interface, &b->interface) == TENON_NO)
        set(out, TENON_FINDING_CONFLICT, "with another interface", NULL);
    else if (tenon_digest_equal(&a->implementation, &b->implementation) == TENON_NO)
        set(out, TENON_FINDING_CONFLICT, "with another implementation", NULL);
    else
        return false;
    return true;
}

/* Two copies without state: harmless when equal, or when only one can ever be meant. */
static void judge_stateless(const struct tn_copy *there, const struct tn_copy *comes,
                            struct tn_judgement *out)
{
    const char *both = exported_by_both(there, comes);
    if (tenon_digest_equal(&there->unit->implementation, &comes->unit->implementation) == TENON_YES)
        set(out, TENON_FINDING_HARMLESS, "which is equal and has no state", NULL);
    else if (both)
        set(out, TENON_FINDING_CLASH,
            "not proven equal, and both are visible to the dynamic linker", both);
    else if (!same_set(there->unit, comes->unit))
        set(out, TENON_FINDING_DOUBLE, "not proven equal, with other exported symbols", NULL);
    else
        set(out, TENON_FINDING_HARMLESS, "which has no state; not proven equal", NULL);
}

/* Two copies with state, or of which nobody knows. */
static void judge_stateful(const struct tn_copy *there, const struct tn_copy *comes,
                           struct tn_judgement *out)
{
    const char *both = exported_by_both(there, comes);
    if (!both)
        set(out, TENON_FINDING_DOUBLE, NULL, NULL);
    else if (stay_apart(there, comes))
        set(out, TENON_FINDING_DOUBLE, "which stays apart: plugins are loaded with RTLD_LOCAL",
            NULL);
    else if (there->serves_all || comes->serves_all)
        set(out, TENON_FINDING_CLASH,
            "and both are visible to the dynamic linker, so that link flags decide which one wins",
            both);
    else
        set(out, TENON_FINDING_CLASH,
            "and both are visible to the dynamic linker, so that how they are linked and loaded "
            "decides which one wins",
            both);
}

bool tn_judge_units(const struct tn_copy *there, const struct tn_copy *comes,
                    struct tn_judgement *out)
{
    if (!tenon_unit_same(there->unit, comes->unit))
        return false;
    if (is_hidden_private(comes) || is_hidden_private(there))
        set(out, TENON_FINDING_HARMLESS, "which is declared private, and hidden", NULL);
    else if (judge_conflict(there, comes, out))
        ;
    else if (is_stateless(there, comes))
        judge_stateless(there, comes, out);
    else
        judge_stateful(there, comes, out);
    if (out->refuses && comes->is_private)
        out->symbol = exported_definition(comes);
    return true;
}

bool tn_judge_is_entry(const struct tn_copy *a, const struct tn_copy *b)
{
    return a->is_apart && b->is_apart && tn_shared_count(a->unit, b->unit) == 1 &&
           strcmp(a->unit->name, b->unit->name) != 0 &&
           tenon_digest_equal(&a->unit->implementation, &b->unit->implementation) != TENON_YES;
}

const char *tn_judge_interposed(const struct tn_copy *there, const struct tn_copy *comes)
{
    size_t count = tn_unit_set_size(comes->unit);
    for (size_t i = 0; there->serves_all && comes->sight.find && i < count; i++) {
        const char *name = comes->unit->definitions[i].name;
        const tenon_visible *seen = comes->sight.find(comes->sight.of, name);
        if (seen && seen->exported && seen->preemptible && !tn_is_generic(name) &&
            defines(there->unit, name) && exports(there, name))
            return name;
    }
    return NULL;
}

/* What has no state in one of the versions has none in what they share. */
void tn_judge_overlap(const struct tn_copy *there, const struct tn_copy *comes,
                      struct tn_judgement *out)
{
    const char *both = exported_by_both(comes, there);
    if (is_hidden_private(comes) || is_hidden_private(there))
        set(out, TENON_FINDING_HARMLESS, "which is declared private, and hidden", NULL);
    else if (there->unit->stateful != TENON_NO && comes->unit->stateful != TENON_NO)
        judge_stateful(there, comes, out);
    else if (both)
        set(out, TENON_FINDING_CLASH,
            "not proven equal, and both are visible to the dynamic linker", both);
    else
        set(out, TENON_FINDING_HARMLESS, "which has no state; not proven equal", NULL);
    if (out->refuses && comes->is_private)
        out->symbol = exported_definition(comes);
}

bool tn_judge_covered(const struct tn_copy *unit, const struct tn_copy *image,
                      struct tn_judgement *out)
{
    const struct tn_copy other = { .unit = unit->unit,
                                   .sight = image->sight,
                                   .serves_all = image->serves_all,
                                   .is_apart = image->is_apart };
    const char *both = exported_by_both(unit, &other);
    if (is_hidden_private(unit))
        set(out, TENON_FINDING_HARMLESS, "which is declared private, and hidden", NULL);
    else if (unit->unit->stateful == TENON_NO && !both)
        set(out, TENON_FINDING_HARMLESS, "which has no state; not proven equal", NULL);
    else if (unit->unit->stateful == TENON_NO)
        set(out, TENON_FINDING_CLASH,
            "not proven equal, and both are visible to the dynamic linker", both);
    else
        judge_stateful(unit, &other, out);
    return true;
}

bool tn_judge_comdat(const tenon_visible *there, bool there_serves, const tenon_visible *comes,
                     bool loader_joins_unique)
{
    bool both_exported = there->exported && comes->exported;
    if (both_exported && loader_joins_unique && there->unique && comes->unique &&
        there->preemptible && comes->preemptible)
        return false; /* only what is looked up enters the loader's table, and is found in it */
    return !(both_exported && there_serves && comes->preemptible);
}
