/*
 * fuzz/fuzz_plan.c - manifests, whatever they claim and require, come to an order or to findings
 *
 * The input is manifests with a NUL between them. What one provides is in its plugin; the first
 * byte says whether the refused are left out.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "plan.h"

#define MOST 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct plugins {
    tenon_manifest *manifests[MOST];
    tenon_unit *units[MOST];
    struct tn_entry *entries[MOST];
    struct tn_candidate candidates[MOST];
    size_t count;
};

/* Nobody sees anybody's symbols. */
static bool compare(void *arg, const struct tn_candidate *c, const struct tn_entry *there,
                    const struct tn_entry *comes)
{
    const struct tn_copy a = { .unit = there->unit }, b = { .unit = comes->unit };
    struct tn_judgement judged;
    if (!tn_judge_units(&a, &b, &judged))
        return false;
    tn_report_find(arg,
                   (struct tn_about){ .kind = judged.kind,
                                      .refuses = judged.refuses,
                                      .plugin = c->name,
                                      .unit = comes->unit->name },
                   "%s", comes->unit->name);
    return judged.refuses;
}

static bool examine(void *arg, const struct tn_candidate *c, struct tn_index *coming)
{
    (void)arg;
    (void)c;
    return coming->count == SIZE_MAX;
}

static bool place(void *arg, const struct tn_candidate *c)
{
    return arg && c;
}

static void add(struct plugins *p, const char *text, size_t size)
{
    tenon_manifest *m = tenon_manifest_parse(text, size, NULL);
    if (!m)
        return;
    size_t i = p->count++;
    p->manifests[i] = m;
    p->units[i] = calloc(m->provide_count + 1, sizeof *p->units[i]);
    p->entries[i] = calloc(m->provide_count + 1, sizeof *p->entries[i]);
    for (size_t k = 0; k < m->provide_count; k++) {
        const tenon_claim *claim = &m->provides[k];
        p->units[i][k] = (tenon_unit){ .kind = claim->kind,
                                       .name = claim->name,
                                       .interface = claim->interface,
                                       .implementation = claim->implementation,
                                       .stateful = claim->stateful };
        p->entries[i][k].unit = &p->units[i][k];
    }
    p->candidates[i] = (struct tn_candidate){ .name = m->name,
                                              .row = i,
                                              .entries = p->entries[i],
                                              .count = m->provide_count,
                                              .required = m->required,
                                              .required_count = m->required_count,
                                              .cons = m->cons,
                                              .con_count = m->con_count };
}

/* With something refused there is a finding that says why; everything else is in the order. */
static void check(const struct tn_plan *plan)
{
    bool refused = false;
    for (size_t i = 0; i < plan->count; i++)
        refused |= plan->candidates[i].refused;
    if (refused != (plan->report->refusals > 0) || (!refused && plan->order_count != plan->count))
        abort();
    for (size_t i = 0; plan->each && i < plan->order_count; i++)
        if (plan->candidates[plan->order[i]].refused)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tn_service services[] = { { "log", 2, NULL } };
    struct plugins p = { .count = 0 };
    struct tn_index present = { 0 };
    tenon_report *report = tn_report_new(NULL);
    struct tn_plan plan = { .report = report,
                            .present = &present,
                            .candidates = p.candidates,
                            .services = services,
                            .service_count = 1,
                            .each = size && data[0] & 1,
                            .judge = { compare, examine, place, report } };
    for (size_t at = 1; at < size && p.count < MOST;) {
        const uint8_t *end = memchr(data + at, 0, size - at);
        size_t length = end ? (size_t)(end - (data + at)) : size - at;
        add(&p, (const char *)data + at, length);
        at += length + 1;
    }
    plan.count = p.count;
    if (tn_plan_requirements(&plan) && tn_plan_leave_out(&plan) && tn_plan_order(&plan) &&
        tn_plan_leave_out(&plan) && tn_plan_doubles(&plan))
        check(&plan);
    else
        abort();
    tn_plan_free(&plan);
    tn_index_free(&present);
    tenon_report_free(report);
    for (size_t i = 0; i < p.count; i++) {
        tenon_manifest_free(p.manifests[i]);
        free(p.units[i]);
        free(p.entries[i]);
    }
    return 0;
}
