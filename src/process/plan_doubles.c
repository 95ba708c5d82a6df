/* src/process/plan_doubles.c - nothing twice, and who is left out because another one is */
#include <string.h>

#include "plan.h"

static void refuse(struct tn_candidate *c)
{
    c->refused = true;
}

/* ---- leaving out ---------------------------------------------------------------------------- */

static const struct tn_candidate *refused_need(const struct tn_plan *plan,
                                               const struct tn_candidate *c)
{
    for (size_t k = 0; k < c->need_count; k++)
        if (plan->candidates[c->needs[k]].refused)
            return &plan->candidates[c->needs[k]];
    return NULL;
}

static void refuse_for(struct tn_plan *plan, struct tn_candidate *c,
                       const struct tn_candidate *need)
{
    refuse(c);
    tn_report_find(plan->report,
                   (struct tn_about){ .kind = TENON_FINDING_NEEDS_REFUSED,
                                      .refuses = true,
                                      .plugin = c->name,
                                      .unit = need->name },
                   "plugin \"%s\" needs plugin \"%s\", which is refused", c->name, need->name);
}

bool tn_plan_leave_out(struct tn_plan *plan)
{
    size_t kept = 0;
    for (bool again = plan->each; again;) {
        again = false;
        for (size_t i = 0; i < plan->count; i++) {
            struct tn_candidate *c = &plan->candidates[i];
            const struct tn_candidate *need = c->refused ? NULL : refused_need(plan, c);
            if (need) {
                refuse_for(plan, c, need);
                again = true;
            }
        }
    }
    for (size_t i = 0; i < plan->order_count; i++)
        if (!plan->each || !plan->candidates[plan->order[i]].refused)
            plan->order[kept++] = plan->order[i];
    plan->order_count = kept;
    return true;
}

/* ---- nothing twice -------------------------------------------------------------------------- */

/* The unit beside everything in an index that may be the same. */
static bool compare_with(struct tn_plan *plan, struct tn_candidate *c, struct tn_index *index,
                         const struct tn_entry *entry)
{
    if (!tn_index_may_same(index, &entry->keys))
        return true;
    if (!tn_index_same(index, &entry->keys))
        return false;
    for (size_t i = 0; i < index->found_count; i++)
        if (plan->judge.compare(plan->judge.arg, c, &index->entries[index->found[i]], entry))
            refuse(c);
    return true;
}

#define AHEAD 8 /* entries from the one whose slots are asked for to the one that is checked */

/* Keys that nobody worked out when the unit was read. */
static void complete_keys(struct tn_plan *plan, struct tn_entry *entry)
{
    if (!entry->keys.name)
        tn_index_all_keys(plan->present, entry->unit, &entry->keys);
}

static bool check_entries(struct tn_plan *plan, struct tn_candidate *c, struct tn_entry *entries,
                          size_t count)
{
    for (size_t i = 0; i < count + AHEAD; i++) {
        if (i < count) {
            complete_keys(plan, &entries[i]);
            tn_index_expect(&plan->coming, &entries[i].keys);
        }
        const struct tn_entry *entry = i < AHEAD ? NULL : &entries[i - AHEAD];
        if (entry && !(compare_with(plan, c, plan->present, entry) &&
                       compare_with(plan, c, &plan->coming, entry) &&
                       tn_index_add(&plan->coming, entry, true)))
            return false;
    }
    return true;
}

static bool check_candidate(struct tn_plan *plan, struct tn_candidate *c)
{
    size_t before = plan->coming.count;
    bool good = check_entries(plan, c, c->entries, c->count);
    for (size_t i = 0; good && i < c->brought_count; i++) {
        struct tn_brought *brought = &plan->brought[c->brought[i]];
        if (!brought->introduced)
            good = check_entries(plan, c, brought->entries, brought->count);
    }
    if (good && plan->judge.examine(plan->judge.arg, c, &plan->coming))
        refuse(c);
    bool stays = !(c->refused && plan->each);
    for (size_t i = 0; i < c->brought_count; i++)
        plan->brought[c->brought[i]].introduced |= stays;
    return good &&
           (stays ? plan->judge.place(plan->judge.arg, c) : tn_index_cut(&plan->coming, before));
}

bool tn_plan_doubles(struct tn_plan *plan)
{
    size_t units = 0;
    for (size_t i = 0; i < plan->count; i++)
        units += plan->candidates[i].count;
    tn_index_seed(&plan->coming, plan->present);
    if (!tn_index_reserve(&plan->coming, units))
        return false;
    for (size_t i = 0; i < plan->order_count; i++) {
        struct tn_candidate *c = &plan->candidates[plan->order[i]];
        if (plan->each && (c->refused || refused_need(plan, c)))
            continue;
        if (!check_candidate(plan, c))
            return false;
    }
    return tn_plan_leave_out(plan);
}
