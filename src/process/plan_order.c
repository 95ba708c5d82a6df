/* src/process/plan_order.c - in which order plugins load: as they are asked for, each behind what
   it needs */
#include <stdlib.h>

#include "plan.h"

enum { OPEN, ENTERED, PLACED, IN_CYCLE };

/* The order while it is made: those that were asked for are entered one after the other. */
struct ordering {
    struct tn_plan *plan;
    unsigned char *state; /* by candidate */
    uint32_t *next;       /* by candidate: which of its needs is looked at next */
    uint32_t *path;       /* those entered, each needed by the one before */
    size_t depth;
};

/* ---- cycles ---------------------------------------------------------------------------------- */

/* Names the cycle of those entered from path[from] on, and refuses all of it. */
static void say_cycle(struct ordering *o, size_t from)
{
    tenon_report *report = o->plan->report;
    const char *first = o->plan->candidates[o->path[from]].name, *text = first;
    for (size_t i = from; i < o->depth; i++) {
        struct tn_candidate *c = &o->plan->candidates[o->path[i]];
        c->refused = true;
        if (i > from && text)
            text = tn_arena_join(&report->arena, text, " -> ", c->name, NULL);
    }
    report->no_memory |= !text;
    tn_report_find(
        report, (struct tn_about){ .kind = TENON_FINDING_CYCLE, .refuses = true, .plugin = first },
        "plugins need each other: %s -> %s", text ? text : "", first);
}

/* `again` is entered, and needed by the last one entered. All between them are in nobody's way. */
static void leave_cycle(struct ordering *o, uint32_t again)
{
    size_t from = o->depth;
    while (o->path[--from] != again)
        continue;
    say_cycle(o, from);
    while (o->depth > from)
        o->state[o->path[--o->depth]] = IN_CYCLE;
}

/* ---- the order ------------------------------------------------------------------------------- */

static int as_asked_for(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void enter(struct ordering *o, uint32_t i)
{
    struct tn_candidate *c = &o->plan->candidates[i];
    if (c->need_count > 1)
        qsort(c->needs, c->need_count, sizeof *c->needs, as_asked_for);
    o->state[i] = ENTERED;
    o->path[o->depth++] = i;
}

/* One more need of the last one entered; without any more it has its place. */
static void advance(struct ordering *o)
{
    uint32_t i = o->path[o->depth - 1];
    const struct tn_candidate *c = &o->plan->candidates[i];
    if (o->next[i] == c->need_count) {
        o->state[i] = PLACED;
        o->plan->order[o->plan->order_count++] = i;
        o->depth--;
        return;
    }
    uint32_t need = c->needs[o->next[i]++];
    if (o->state[need] == ENTERED)
        leave_cycle(o, need);
    else if (o->state[need] == OPEN)
        enter(o, need);
}

static bool make_room(struct ordering *o)
{
    struct tn_plan *plan = o->plan;
    o->state = calloc(plan->count + 1, 1);
    o->next = calloc(2 * plan->count + 1, sizeof *o->next);
    o->path = o->next ? o->next + plan->count : NULL;
    plan->order = malloc((plan->count + 1) * sizeof *plan->order);
    plan->order_count = 0;
    return o->state && o->next && plan->order;
}

bool tn_plan_order(struct tn_plan *plan)
{
    struct ordering o = { .plan = plan };
    bool good = make_room(&o);
    /* those that are left out already stand in nobody's way */
    for (size_t i = 0; good && plan->each && i < plan->count; i++)
        if (plan->candidates[i].refused)
            o.state[i] = PLACED;
    for (uint32_t i = 0; good && i < plan->count; i++) {
        if (o.state[i] == OPEN)
            enter(&o, i);
        while (o.depth)
            advance(&o);
    }
    free(o.state);
    free(o.next);
    return good;
}
