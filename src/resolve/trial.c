/* src/resolve/trial.c - candidates that a loader makes itself, one by one */
#include "search.h"

struct trial {
    struct tn_trial is; /* first: what the loader has is this */
    struct tn_going *g;
};

static struct tn_going *going_of(const struct tn_trial *trial)
{
    return ((const struct trial *)(const void *)trial)->g;
}

/* The stage by whose rule a place is tried, until the next. */
static struct tn_stage stage_of(const struct tn_trial *trial, const struct tn_place *place)
{
    struct tn_stage stage = *trial->stage;
    if (place->rule) {
        stage.rule = place->rule;
        stage.where = place->where;
    }
    return stage;
}

static enum tn_action trial_file(struct tn_trial *trial, const struct tn_place *place)
{
    struct tn_going *g = going_of(trial);
    struct tn_stage stage = stage_of(trial, place);
    uint32_t path = tn_resolver_source(g->r, &place->source);
    if (path == TN_NO_NAME)
        return TN_STOP;
    g->stage = &stage;
    enum tn_action action = tn_going_try(g, path, place->detail);
    g->stage = trial->stage;
    return action;
}

static enum tn_action trial_dirs(struct tn_trial *trial, const struct tn_stage *list,
                                 const char *name)
{
    struct tn_going *g = going_of(trial);
    const char *before = g->name;
    enum tn_action action;
    g->name = name;
    action = tn_going_one(g, list);
    g->name = before;
    g->stage = trial->stage;
    return action;
}

static void trial_note(struct tn_trial *trial, const struct tn_place *place,
                       struct tn_judgement judged)
{
    struct tn_going *g = going_of(trial);
    struct tn_stage stage = stage_of(trial, place);
    g->stage = &stage;
    tn_going_record(g, place->source.path, judged);
    if (judged.action == TN_STOP)
        tn_going_stop(g, place->source.path, judged);
    g->stage = trial->stage;
}

static void trial_system(struct tn_trial *trial, const struct tn_place *place, const char *reason)
{
    struct tn_going *g = going_of(trial);
    struct tn_stage stage = stage_of(trial, place);
    g->stage = &stage;
    tn_going_record(g, place->source.path, tn_said(TENON_OUTCOME_SYSTEM, reason));
    if (!g->found && !g->stopped) {
        g->found = true;
        g->search->rule = stage.rule;
        g->search->where = stage.where;
        g->search->status = TENON_STATUS_SYSTEM;
        g->search->reason = reason;
        if (*place->source.path)
            g->search->path = tn_resolver_source(g->r, &place->source);
    }
    g->stage = trial->stage;
}

static bool trial_is_over(const struct tn_trial *trial)
{
    return tn_going_is_over(going_of(trial));
}

static bool trial_is_answered(const struct tn_trial *trial)
{
    const struct tn_going *g = going_of(trial);
    return g->found || g->stopped || tn_going_is_over(g);
}

void tn_going_own(struct tn_going *g)
{
    struct trial trial = {
        .is = { .target = g->target,
                .asker = g->asker,
                .stage = g->stage,
                .name = g->name,
                .arena = &g->store->arena,
                .facts = { tn_facts_at, g->r, tn_facts_inside, &g->r->no_memory },
                .left = g->asker->left,
                .file = trial_file,
                .dirs = trial_dirs,
                .note = trial_note,
                .system = trial_system,
                .is_over = trial_is_over,
                .is_answered = trial_is_answered },
        .g = g,
    };
    g->stage->own(&trial.is);
    g->search->left = trial.is.left;
    g->r->no_memory |= trial.is.no_memory;
}
