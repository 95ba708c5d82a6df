/* src/process/plan.c - what will be loaded, in which order, or why not; knows no language */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

void tn_plan_free(struct tn_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        free(plan->candidates[i].needs);
    free(plan->order);
    tn_index_free(&plan->coming);
    tn_repeats_free(&plan->repeats);
    plan->order = NULL;
}

static void refuse(struct tn_candidate *c)
{
    c->refused = true;
}

/* ---- what the host must offer --------------------------------------------------------------- */

bool tn_constraint_read(const char *text, size_t *size, unsigned *version)
{
    const char *at = strstr(text, ">=");
    uint64_t value = 0;
    *size = at ? (size_t)(at - text) : strlen(text);
    *version = 0;
    if (!at)
        return *size > 0;
    at += 2;
    if (!*at)
        return false;
    for (; *at; at++) {
        if (*at < '0' || *at > '9')
            return false;
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *version = (unsigned)value;
    return *size > 0;
}

static const struct tn_service *service_named(const struct tn_plan *plan, const char *name,
                                              size_t size)
{
    const struct tn_service *best = NULL;
    for (size_t i = 0; i < plan->service_count; i++) {
        const struct tn_service *s = &plan->services[i];
        if (strlen(s->name) == size && memcmp(s->name, name, size) == 0 &&
            (!best || s->version > best->version))
            best = s;
    }
    return best;
}

static void check_constraint(struct tn_plan *plan, struct tn_candidate *c, const char *constraint)
{
    size_t size;
    unsigned version;
    bool good = tn_constraint_read(constraint, &size, &version);
    const struct tn_service *service = good ? service_named(plan, constraint, size) : NULL;
    const char *shown = tn_report_show(plan->report, constraint);
    struct tn_about about = {
        .kind = TENON_FINDING_CONSTRAINT, .refuses = true, .plugin = c->name, .unit = constraint
    };
    if (service && service->version >= version)
        return;
    refuse(c);
    if (!good)
        tn_report_find(plan->report, about, "plugin \"%s\" asks for %s, which makes no sense",
                       c->name, shown);
    else if (!service)
        tn_report_find(plan->report, about, "plugin \"%s\" asks for %s, which the host %s", c->name,
                       shown, plan->told_only ? "is not said to offer" : "does not offer");
    else
        tn_report_find(plan->report, about, "plugin \"%s\" asks for %s, the host offers version %u",
                       c->name, shown, service->version);
}

/* ---- what must be there or come before ------------------------------------------------------ */

bool tn_plan_need(struct tn_plan *plan, size_t who, size_t whom)
{
    struct tn_candidate *c = &plan->candidates[who];
    if (who == whom)
        return true;
    for (size_t i = 0; i < c->need_count; i++)
        if (c->needs[i] == whom)
            return true;
    if (!tn_grow(&c->needs, &c->need_room, c->need_count, sizeof *c->needs))
        return false;
    c->needs[c->need_count++] = (uint32_t)whom;
    return true;
}

/* Digests of another kind, or unknown ones, prove nothing. */
static bool fits(const tenon_claim *claim, const tenon_unit *unit)
{
    bool same_code = claim->kind != TENON_UNIT_OCAML ||
                     tenon_digest_equal(&claim->implementation, &unit->implementation) != TENON_NO;
    return same_code && tenon_digest_equal(&claim->interface, &unit->interface) != TENON_NO;
}

/* Candidates' units by name, listed when the first one is asked for. */
struct owners {
    struct tn_index index;
    uint32_t *of; /* entry number to candidate; NULL: not listed yet */
};

static bool list_owners(const struct tn_plan *plan, struct owners *owners)
{
    size_t total = 0, k = 0;
    for (size_t i = 0; i < plan->count; i++)
        total += plan->candidates[i].count;
    owners->of = malloc((total + 1) * sizeof *owners->of);
    if (!owners->of)
        return false;
    for (size_t i = 0; i < plan->count; i++)
        for (size_t e = 0; e < plan->candidates[i].count; e++) {
            if (!tn_index_add(&owners->index, &plan->candidates[i].entries[e], false))
                return false;
            owners->of[k++] = (uint32_t)i;
        }
    return true;
}

/*
 * Looks among entries of that name, from the *at-th on, which becomes the one after the one that
 * fits; false: none does. *other becomes one that does not.
 */
static bool find_fit(struct tn_index *index, const tenon_claim *claim, size_t *at, uint32_t *fit,
                     const struct tn_entry **other)
{
    while (*at < index->found_count) {
        *fit = index->found[(*at)++];
        const struct tn_entry *e = &index->entries[*fit];
        if (e->unit->kind != claim->kind || strcmp(e->unit->name, claim->name) != 0)
            continue;
        if (fits(claim, e->unit))
            return true;
        *other = e;
    }
    return false;
}

bool tn_plan_prefers(const struct tn_plan *plan, size_t a, size_t b)
{
    const struct tn_candidate *x = &plan->candidates[a], *y = &plan->candidates[b];
    return x->refused != y->refused ? y->refused : a < b;
}

/* The best of the candidates that have it. False: none has. */
static bool find_owner(const struct tn_plan *plan, struct owners *owners, const tenon_claim *claim,
                       uint32_t *owner, const struct tn_entry **other)
{
    size_t at = 0;
    uint32_t fit;
    bool found = false;
    for (; find_fit(&owners->index, claim, &at, &fit, other); found = true)
        if (!found || tn_plan_prefers(plan, owners->of[fit], *owner))
            *owner = owners->of[fit];
    return found;
}

static void find_missing(struct tn_plan *plan, struct tn_candidate *c, const tenon_claim *claim,
                         const struct tn_entry *other)
{
    const char *shown = tn_report_show(plan->report, claim->name);
    struct tn_about about = {
        .kind = TENON_FINDING_MISSING_UNIT, .refuses = true, .plugin = c->name, .unit = claim->name
    };
    refuse(c);
    if (other) {
        about.kind = TENON_FINDING_WRONG_INTERFACE;
        about.holders[0] = other->unit->origin;
        tn_report_find(plan->report, about,
                       "plugin \"%s\" was built against another version of unit %s than the one "
                       "that is there",
                       c->name, shown);
    } else {
        tn_report_find(plan->report, about,
                       "plugin \"%s\" requires unit %s, which is neither in the process nor in "
                       "another plugin of the plan",
                       c->name, shown);
    }
}

/* A library that nobody here holds is the system's loader's to find. */
static bool check_requirement(struct tn_plan *plan, size_t number, const tenon_claim *claim,
                              struct owners *owners)
{
    struct tn_candidate *c = &plan->candidates[number];
    const struct tn_entry *other = NULL;
    uint32_t fit, owner;
    size_t at = 0;
    if (!tn_index_named(plan->present, claim->kind, claim->name))
        return false;
    if (find_fit(plan->present, claim, &at, &fit, &other))
        return true;
    if ((!owners->of && !list_owners(plan, owners)) ||
        !tn_index_named(&owners->index, claim->kind, claim->name))
        return false;
    if (find_owner(plan, owners, claim, &owner, &other))
        return tn_plan_need(plan, number, owner);
    if (claim->kind != TENON_UNIT_LIBRARY)
        find_missing(plan, c, claim, other);
    return true;
}

bool tn_plan_requirements(struct tn_plan *plan)
{
    struct owners owners = { .of = NULL };
    bool good = true;
    for (size_t i = 0; i < plan->count; i++) { /* first: nobody should need one that is refused */
        struct tn_candidate *c = &plan->candidates[i];
        c->is_out = c->refused && plan->each;
        for (size_t k = 0; !c->is_out && k < c->con_count; k++)
            check_constraint(plan, c, c->cons[k]);
    }
    for (size_t i = 0; good && i < plan->count; i++) {
        const struct tn_candidate *c = &plan->candidates[i];
        for (size_t k = 0; good && !c->is_out && k < c->required_count; k++)
            good = check_requirement(plan, i, &c->required[k], &owners);
    }
    free(owners.of);
    tn_index_free(&owners.index);
    return good;
}
