/* src/process/plan_doubles.c - nothing twice, and who is left out because another one is */
#include <stdint.h>
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

/* Keys that nobody worked out when the unit was read. */
static bool complete_keys(struct tn_plan *plan, struct tn_entry *entry)
{
    return entry->keys.name ||
           tn_index_all_keys(plan->present, &plan->report->arena, entry->unit, &entry->keys);
}

/* How many keys there are, once they are worked out; SIZE_MAX: no memory. */
static size_t count_keys(struct tn_plan *plan, struct tn_entry *entries, size_t count)
{
    enum { KEYS = 3 };
    size_t keys = KEYS * count;
    for (size_t i = 0; i < count; i++) {
        if (!complete_keys(plan, &entries[i]))
            return SIZE_MAX;
        keys += entries[i].keys.defined_count;
    }
    return keys;
}

/* One round over some keys: `take` is a round of tn_repeats. */
static inline void take_keys(struct tn_repeats *repeats, const struct tn_entry *entries,
                             size_t count, void take(struct tn_repeats *, uint32_t))
{
    for (size_t i = 0; i < count; i++) {
        const struct tn_keys *keys = &entries[i].keys;
        take(repeats, keys->name);
        take(repeats, keys->implementation);
        take(repeats, keys->set);
        for (size_t k = 0; k < keys->defined_count; k++)
            take(repeats, keys->defined[k].key);
    }
}

static void see_keys(struct tn_repeats *repeats, const struct tn_entry *entries, size_t count)
{
    take_keys(repeats, entries, count, tn_repeats_see);
}

static void count_again(struct tn_repeats *repeats, const struct tn_entry *entries, size_t count)
{
    take_keys(repeats, entries, count, tn_repeats_count);
}

/* Of all that comes, libraries that several plugins bring once. */
static void each_entries(struct tn_plan *plan,
                         void visit(struct tn_repeats *, const struct tn_entry *, size_t))
{
    for (size_t i = 0; i < plan->count; i++)
        visit(&plan->repeats, plan->candidates[i].entries, plan->candidates[i].count);
    for (size_t i = 0; i < plan->brought_count; i++)
        visit(&plan->repeats, plan->brought[i].entries, plan->brought[i].count);
}

/* All keys of what comes, worked out; SIZE_MAX: no memory. */
static size_t count_all_keys(struct tn_plan *plan)
{
    size_t keys = 0, more = 0;
    for (size_t i = 0; more != SIZE_MAX && i < plan->count; i++) {
        more = count_keys(plan, plan->candidates[i].entries, plan->candidates[i].count);
        keys += more;
    }
    for (size_t i = 0; more != SIZE_MAX && i < plan->brought_count; i++) {
        more = count_keys(plan, plan->brought[i].entries, plan->brought[i].count);
        keys += more;
    }
    return more == SIZE_MAX ? SIZE_MAX : keys;
}

/* Which keys come again. False: no memory. */
static bool find_repeats(struct tn_plan *plan)
{
    size_t keys = count_all_keys(plan);
    if (keys == SIZE_MAX || !tn_repeats_begin(&plan->repeats, keys))
        return false;
    each_entries(plan, see_keys);
    if (!tn_repeats_turn(&plan->repeats))
        return false;
    if (plan->repeats.suspect_count)
        each_entries(plan, count_again);
    return true;
}

/* Could something else that comes be the same? */
static bool comes_again(const struct tn_plan *plan, const struct tn_keys *keys)
{
    return tn_repeats_has(&plan->repeats, keys->name) ||
           tn_repeats_has(&plan->repeats, keys->implementation) ||
           tn_repeats_has(&plan->repeats, keys->set);
}

/* The unit beside everything in an index that shares a key with it. */
static bool compare_with(struct tn_plan *plan, struct tn_candidate *c, struct tn_index *index,
                         const struct tn_entry *entry)
{
    if (!tn_index_same(index, &entry->keys))
        return false;
    for (size_t i = 0; i < index->found_count; i++)
        if (plan->judge.compare(plan->judge.arg, c, &index->entries[index->found[i]], entry))
            refuse(c);
    return true;
}

/* Each beside what is there, and what comes before it; then they come, too. */
static bool check_entries(struct tn_plan *plan, struct tn_candidate *c,
                          const struct tn_entry *entries, size_t count)
{
    size_t first = 0; /* of those that `coming` does not have */
    for (size_t i = 0; i < count; i++) {
        const struct tn_entry *entry = &entries[i];
        if (tn_index_may_same(plan->present, &entry->keys) &&
            !compare_with(plan, c, plan->present, entry))
            return false;
        if (!comes_again(plan, &entry->keys))
            continue;
        if (!tn_index_await(&plan->coming, entries + first, i - first) ||
            !compare_with(plan, c, &plan->coming, entry))
            return false;
        first = i;
    }
    return tn_index_await(&plan->coming, entries + first, count - first);
}

static bool check_candidate(struct tn_plan *plan, struct tn_candidate *c)
{
    size_t before = tn_index_total(&plan->coming);
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
    tn_index_seed(&plan->coming, plan->present);
    if (!find_repeats(plan))
        return false;
    for (size_t i = 0; i < plan->order_count; i++) {
        struct tn_candidate *c = &plan->candidates[plan->order[i]];
        if (plan->each && (c->refused || refused_need(plan, c)))
            continue;
        if (plan->each && plan->turn)
            plan->turn(plan->turn_arg, plan->order[i]);
        if (!check_candidate(plan, c))
            return false;
    }
    return tn_plan_leave_out(plan);
}
