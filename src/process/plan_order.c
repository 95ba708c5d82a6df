/* src/process/plan_order.c - in which order plugins load: what is needed first, else by name */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#define NOT_HERE UINT32_MAX

enum { OPEN, PLACED, IN_CYCLE };

/* The order while it is made. */
struct ordering {
    struct tn_plan *plan;
    unsigned char *state; /* by candidate */
    uint32_t *numbers;    /* the room of what follows */
    uint32_t *by_name;    /* ranks to candidates */
    uint32_t *ranks;      /* candidates to ranks */
    uint32_t *waits;      /* by candidate: needs that are not placed */
    uint32_t *ready;      /* ranks, a heap: the first by name on top */
    uint32_t *ends;       /* by candidate: where the list of those who need it ends */
    uint32_t *users;      /* these lists; each begins where the one before ends */
    size_t ready_count, left;
};

/* ---- who is next ----------------------------------------------------------------------------- */

static void add_ready(struct ordering *o, uint32_t candidate)
{
    uint32_t rank = o->ranks[candidate];
    size_t at = o->ready_count++;
    for (; at && o->ready[(at - 1) / 2] > rank; at = (at - 1) / 2)
        o->ready[at] = o->ready[(at - 1) / 2];
    o->ready[at] = rank;
}

static uint32_t take_ready(struct ordering *o)
{
    uint32_t first = o->ready[0], last = o->ready[--o->ready_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < o->ready_count; at = child) {
        child += child + 1 < o->ready_count && o->ready[child + 1] < o->ready[child];
        if (o->ready[child] >= last)
            break;
        o->ready[at] = o->ready[child];
    }
    o->ready[at] = last;
    return o->by_name[first];
}

/* Nobody waits for it any more. */
static void release(struct ordering *o, uint32_t i)
{
    o->left--;
    for (uint32_t k = i ? o->ends[i - 1] : 0; k < o->ends[i]; k++) {
        uint32_t user = o->users[k];
        if (--o->waits[user] == 0 && o->state[user] == OPEN)
            add_ready(o, user);
    }
}

/* ---- beginning ------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b, void *candidates)
{
    const uint32_t *x = a, *y = b;
    const struct tn_candidate *c = candidates;
    int order = strcmp(c[*x].name, c[*y].name);
    return order ? order : (*x > *y) - (*x < *y);
}

static void list_users(struct ordering *o)
{
    const struct tn_plan *plan = o->plan;
    uint32_t total = 0;
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; k < plan->candidates[i].need_count; k++)
            o->ends[plan->candidates[i].needs[k]]++;
    for (size_t i = 0; i < plan->count; i++) { /* where each begins; filling moves it to its end */
        uint32_t count = o->ends[i];
        o->ends[i] = total;
        total += count;
    }
    for (uint32_t i = 0; i < plan->count; i++)
        for (size_t k = 0; k < plan->candidates[i].need_count; k++)
            o->users[o->ends[plan->candidates[i].needs[k]]++] = i;
}

static bool make_room(struct ordering *o)
{
    struct tn_plan *plan = o->plan;
    size_t count = plan->count, needs = 0;
    for (size_t i = 0; i < count; i++)
        needs += plan->candidates[i].need_count;
    o->state = calloc(count + 1, 1);
    o->numbers = calloc(5 * count + needs + 1, sizeof *o->numbers);
    plan->order = malloc((count + 1) * sizeof *plan->order);
    plan->order_count = 0;
    o->by_name = o->numbers;
    o->ranks = o->by_name + count;
    o->waits = o->ranks + count;
    o->ready = o->waits + count;
    o->ends = o->ready + count;
    o->users = o->ends + count;
    o->left = count;
    return o->state && o->numbers && plan->order;
}

/* Many are asked for as a directory lists them. */
static void sort_by_name(struct ordering *o)
{
    const struct tn_plan *plan = o->plan;
    bool sorted = true;
    for (uint32_t i = 0; i < plan->count; i++) {
        o->by_name[i] = i;
        sorted =
            sorted && (!i || strcmp(plan->candidates[i - 1].name, plan->candidates[i].name) <= 0);
    }
    if (!sorted)
        qsort_r(o->by_name, plan->count, sizeof *o->by_name, by_name, plan->candidates);
}

/* Those that are left out already stand in nobody's way. */
static void begin(struct ordering *o)
{
    const struct tn_plan *plan = o->plan;
    sort_by_name(o);
    for (uint32_t i = 0; i < plan->count; i++)
        o->ranks[o->by_name[i]] = i;
    list_users(o);
    for (uint32_t i = 0; i < plan->count; i++) {
        o->waits[i] = (uint32_t)plan->candidates[i].need_count;
        if (plan->each && plan->candidates[i].refused)
            o->state[i] = PLACED;
        else if (!o->waits[i])
            add_ready(o, i);
    }
    for (uint32_t i = 0; i < plan->count; i++)
        if (o->state[i] == PLACED)
            release(o, i);
}

/* ---- cycles ---------------------------------------------------------------------------------- */

/* Something it needs that is not placed: when nothing is ready there always is one. */
static uint32_t open_need(const struct ordering *o, uint32_t i)
{
    const struct tn_candidate *c = &o->plan->candidates[i];
    for (size_t k = 0; k < c->need_count; k++)
        if (o->state[c->needs[k]] == OPEN)
            return c->needs[k];
    return NOT_HERE;
}

static const char *name_of(const struct ordering *o, uint32_t i)
{
    return o->plan->candidates[i].name;
}

/* Names the cycle that goes through candidate `at`, and refuses all of it. */
static void say_cycle(struct ordering *o, uint32_t at)
{
    tenon_report *report = o->plan->report;
    const char *text = name_of(o, at);
    for (uint32_t i = open_need(o, at); i != at; i = open_need(o, i)) {
        text = text ? tn_arena_join(&report->arena, text, " -> ", name_of(o, i), NULL) : NULL;
        o->plan->candidates[i].refused = true;
    }
    report->no_memory |= !text;
    o->plan->candidates[at].refused = true;
    tn_report_find(
        report,
        (struct tn_about){ .kind = TENON_FINDING_CYCLE, .refuses = true, .plugin = name_of(o, at) },
        "plugins need each other: %s -> %s", text ? text : "", name_of(o, at));
}

static void leave_cycle(struct ordering *o, uint32_t at)
{
    for (uint32_t i = open_need(o, at), next; i != at; i = next) {
        next = open_need(o, i);
        o->state[i] = IN_CYCLE;
    }
    o->state[at] = IN_CYCLE;
    for (uint32_t i = 0; i < o->plan->count; i++)
        if (o->state[i] == IN_CYCLE) {
            o->state[i] = PLACED;
            release(o, i);
        }
}

/* Follows open needs until one comes back; nothing is ready, so that one must. */
static bool break_cycle(struct ordering *o)
{
    uint32_t at = 0;
    unsigned char *met = calloc(o->plan->count, 1);
    if (!met)
        return false;
    while (o->state[at] != OPEN)
        at++;
    while (!met[at]) {
        met[at] = 1;
        at = open_need(o, at);
    }
    free(met);
    say_cycle(o, at);
    leave_cycle(o, at);
    return true;
}

/* ---- the order ------------------------------------------------------------------------------- */

bool tn_plan_order(struct tn_plan *plan)
{
    struct ordering o = { .plan = plan };
    bool good = make_room(&o);
    if (good)
        begin(&o);
    while (good && o.left) {
        if (!o.ready_count) {
            good = break_cycle(&o);
            continue;
        }
        uint32_t next = take_ready(&o);
        o.state[next] = PLACED;
        plan->order[plan->order_count++] = next;
        release(&o, next);
    }
    free(o.state);
    free(o.numbers);
    return good;
}
