/* src/resolve/search.c - the answer for one name by one plan, made once for all who ask */
#include "search.h"

#include <errno.h>
#include <string.h>

/* The first file of that name in a list; NULL: none, or no memory. */
static const char *file_in(struct tn_going *g, const struct tn_dirs *dirs)
{
    tenon_file_info info;
    for (size_t i = 0; i < dirs->count; i++) {
        const char *dir = dirs->at[i].dir;
        const char *path =
            dir ? tn_arena_format(&g->store->arena, "%s%s%s", dir, *dir ? "/" : "", g->name) : NULL;
        int error = dir && !path ? ENOMEM
                    : path       ? tenon_world_stat(g->r->world, path, &info)
                                 : ENOENT;
        g->r->no_memory |= error == ENOMEM;
        if (error == 0 && info.type == TENON_FILE_REGULAR)
            return path;
    }
    return NULL;
}

/* A miss whose file lies where nobody looks: what one asks first. */
static void tell_passed(struct tn_going *g)
{
    for (size_t i = 0; i < g->passed_count && g->passed[i].attempt < g->r->try_count; i++) {
        tenon_attempt *attempt = &g->r->tries[g->passed[i].attempt];
        const char *there = file_in(g, g->passed[i].dirs);
        if (!there)
            continue;
        attempt->detail = tn_arena_format(&g->store->arena, "%s; %s is there",
                                          attempt->detail ? attempt->detail : "passed over", there);
        g->r->no_memory |= !attempt->detail;
    }
}

static struct tn_search *finish(struct tn_going *g)
{
    tenon_resolver *r = g->r;
    struct tn_search *s = g->search;
    if (!g->found && !g->stopped) {
        s->status = TENON_STATUS_MISSING;
        tell_passed(g);
        s->reason =
            tn_loader_missing(g->target->loader, &g->store->arena, g->name, r->tries, r->try_count);
    }
    if (s->status != TENON_STATUS_FOUND && !s->reason)
        r->no_memory = true;
    s->attempts = tn_arena_rows(&g->store->arena, r->try_count, sizeof *s->attempts);
    if (r->try_count && !s->attempts)
        r->no_memory = true;
    else if (r->try_count)
        memcpy(s->attempts, r->tries, r->try_count * sizeof *s->attempts);
    s->attempt_count = r->try_count;
    r->try_count = 0;
    s->complete = !r->no_memory;
    return s->complete ? s : NULL;
}

/* The number of the plan for this asker in the store, made if new. UINT32_MAX: no memory. */
static uint32_t plan_for(tenon_resolver *r, struct tn_store *store, const struct tn_asker *asker)
{
    struct tn_target *target = &r->target->target;
    uint32_t origin =
        asker->program_origin ? tn_resolver_name(r, asker->program_origin) : TN_NO_NAME;
    /* plans and their searches differ, too, in whether they go on behind the answer */
    bool later = r->flags & TENON_RESOLVE_LATER;
    uint32_t key[4] = { TN_TAG_PLAN | (uint32_t)asker->own << 3 | (uint32_t)later << 4 |
                            (uint32_t)asker->request << 5 | (asker->flags | asker->left << 8) << 7,
                        target->id, asker->paths ? asker->paths->id + 1 : 0, origin };
    uint32_t known = tn_map_find(&store->map, key);
    if (known != TN_NO_NAME)
        return known;
    struct tn_plan *plan = tn_arena_take(&store->arena, sizeof *plan);
    if (!plan ||
        !tn_grow(&store->plans, &store->plan_room, store->plan_count, sizeof *store->plans) ||
        !tn_loader_plan(target, asker, plan) ||
        !tn_store_set(store, key, (uint32_t)store->plan_count))
        return UINT32_MAX;
    store->plans[store->plan_count] = plan;
    return (uint32_t)store->plan_count++;
}

static struct tn_search *new_search(tenon_resolver *r, struct tn_store *store,
                                    const uint32_t key[4], uint32_t name)
{
    struct tn_search *s = tn_arena_take(&store->arena, sizeof *s);
    if (!s ||
        !tn_grow(&store->searches, &store->search_room, store->search_count,
                 sizeof *store->searches) ||
        !tn_store_set(store, key, (uint32_t)store->search_count)) {
        r->no_memory = true;
        return NULL;
    }
    s->name = name;
    s->path = TN_NO_NAME;
    s->node = TN_NO_NODE;
    store->searches[store->search_count++] = s;
    return s;
}

/* A search that ran out of memory, as it was before. */
static struct tn_search *again(struct tn_search *s)
{
    *s = (struct tn_search){ .name = s->name, .path = TN_NO_NAME, .node = TN_NO_NODE };
    return s;
}

static struct tn_search *search_with(tenon_resolver *r, struct tn_store *store, uint32_t plan,
                                     uint32_t name, const struct tn_asker *asker)
{
    uint32_t key[4] = { TN_TAG_SEARCH, plan, name, 0 };
    uint32_t known = tn_map_find(&store->map, key);
    if (known != TN_NO_NAME && store->searches[known]->complete)
        return store->searches[known];
    struct tn_going g = {
        .r = r,
        .target = &r->target->target,
        .store = store,
        .plan = store->plans[plan],
        .asker = asker,
        .name = tn_text_of(r, name),
        .search =
            known == TN_NO_NAME ? new_search(r, store, key, name) : again(store->searches[known]),
    };
    struct tn_judgement refused;
    if (!g.search)
        return NULL;
    g.search->searched = true;
    if (g.target->loader->name_is_searchable &&
        !g.target->loader->name_is_searchable(g.name, &refused)) {
        tn_going_record(&g, "", refused);
        tn_going_stop(&g, NULL, refused);
        return finish(&g);
    }
    for (size_t i = 0; i < g.plan->count && !tn_going_is_over(&g); i++)
        tn_going_stage(&g, &g.plan->stages[i]);
    return finish(&g);
}

static bool same_asker(const struct tn_asker *a, const struct tn_asker *b)
{
    return a->paths == b->paths && a->program == b->program && a->own == b->own &&
           a->flags == b->flags && a->left == b->left && a->request == b->request &&
           a->program_origin == b->program_origin;
}

/* Also what goes by the program's own lists passes with it. */
static struct tn_store *store_of(tenon_resolver *r, const struct tn_asker *asker)
{
    struct tn_store *store = tn_store_of(r, asker->paths);
    return store == &r->kept && asker->program ? tn_store_of(r, asker->program) : store;
}

struct tn_search *tn_search_for(tenon_resolver *r, uint32_t name, const struct tn_asker *asker)
{
    if (r->last_plan == UINT32_MAX || !same_asker(asker, &r->last_asker)) {
        r->last_store = store_of(r, asker);
        r->last_plan = plan_for(r, r->last_store, asker);
        r->last_asker = *asker;
        if (r->last_plan == UINT32_MAX) {
            r->no_memory = true;
            return NULL;
        }
    }
    uint32_t plan = r->last_plan;
    struct tn_use *use = &r->uses[name];
    if (r->last_store == &r->passing) /* numbers in it mean something else in the next process */
        return search_with(r, &r->passing, plan, name, asker);
    if (use->search && use->plan == plan) /* only complete ones are noted here */
        return r->kept.searches[use->search - 1];
    struct tn_search *s = search_with(r, &r->kept, plan, name, asker);
    if (!s)
        return NULL;
    uint32_t key[4] = { TN_TAG_SEARCH, plan, name, 0 };
    use = &r->uses[name]; /* the search may have made names */
    use->plan = plan;
    use->search = tn_map_find(&r->kept.map, key) + 1;
    return s;
}

/* A search that is not by a plan, remembered under a number that no plan has. */
static struct tn_search *special(tenon_resolver *r, uint32_t kind, uint32_t name, bool *is_new)
{
    uint32_t key[4] = { TN_TAG_SEARCH, UINT32_MAX - kind, name, r->target->target.id + 1 };
    uint32_t known = tn_map_find(&r->kept.map, key);
    *is_new = known == TN_NO_NAME || !r->kept.searches[known]->complete;
    if (!*is_new)
        return r->kept.searches[known];
    return known == TN_NO_NAME ? new_search(r, &r->kept, key, name)
                               : again(r->kept.searches[known]);
}

struct tn_search *tn_search_direct(tenon_resolver *r, uint32_t name, const struct tn_asker *asker)
{
    bool is_new;
    struct tn_search *s = special(r, 0, name, &is_new);
    const tenon_loader *loader = r->target->target.loader;
    struct tn_stage stage = { .rule = &loader->rules[loader->rule_direct] };
    if (!s || !is_new)
        return s;
    struct tn_going g = { .r = r,
                          .target = &r->target->target,
                          .store = &r->kept,
                          .search = s,
                          .stage = &stage,
                          .asker = asker,
                          .name = tn_text_of(r, name) };
    tn_going_path(&g, name);
    return finish(&g);
}

struct tn_search *tn_search_refused(tenon_resolver *r, uint32_t name, struct tn_judgement judged)
{
    bool is_new;
    struct tn_search *s =
        special(r, 1 + 2 * (uint32_t)judged.outcome + judged.fatal, name, &is_new);
    if (!s || !is_new)
        return s;
    struct tn_going g = { .r = r,
                          .target = &r->target->target,
                          .store = &r->kept,
                          .search = s,
                          .name = tn_text_of(r, name) };
    tn_going_record(&g, g.name, judged);
    tn_going_stop(&g, NULL, judged);
    return finish(&g);
}
