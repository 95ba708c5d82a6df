/*
 * bench/plan.c - how long it takes to hold the units of plugins against those of a host
 *
 * usage: plan [PLUGINS UNITS HOST-UNITS]   (100 50 5000): milliseconds, the median of 21 runs, of
 * nothing but the plan: units are in memory, and nothing is read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "judge.h"
#include "plan.h"

#define RUNS 21
#define DEFINITIONS 5

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static char *text(const char *format, size_t a, size_t b, size_t c)
{
    char *out = malloc(64);
    if (out)
        snprintf(out, 64, format, a, b, c);
    return out;
}

/* Units of one image: names, digests and sets that no other one has. Never freed. */
static struct tn_entry *make(size_t image, size_t count)
{
    tenon_unit *units = calloc(count, sizeof *units);
    struct tn_entry *entries = calloc(count, sizeof *entries);
    for (size_t i = 0; units && entries && i < count; i++) {
        tenon_definition *set = calloc(DEFINITIONS, sizeof *set);
        for (size_t k = 0; set && k < DEFINITIONS; k++)
            set[k] = (tenon_definition){ text("project%zu_unit%zu_function%zu", image, i, k),
                                         TENON_DEFINES_CODE };
        units[i] = (tenon_unit){ .kind = TENON_UNIT_C,
                                 .name = text("project%zu/unit%zu%.0zu", image, i, 0),
                                 .implementation = { .kind = TENON_DIGEST_CODE, .size = 32 },
                                 .stateful = TENON_YES,
                                 .definitions = set,
                                 .definition_count = DEFINITIONS };
        for (size_t k = 0; k < 32; k++)
            units[i].implementation.bytes[k] = (uint8_t)rand();
        entries[i].unit = &units[i];
    }
    return entries;
}

static bool compare(void *arg, const struct tn_candidate *c, const struct tn_entry *there,
                    const struct tn_entry *comes)
{
    const struct tn_copy a = { .unit = there->unit }, b = { .unit = comes->unit };
    struct tn_judgement judged;
    (void)c;
    return arg && tn_judge_units(&a, &b, &judged) && judged.refuses;
}

static bool examine(void *arg, const struct tn_candidate *c, struct tn_index *coming)
{
    return !arg && c && coming;
}

static bool place(void *arg, const struct tn_candidate *c)
{
    return arg && c;
}

static double run(struct tn_index *present, struct tn_candidate *candidates, size_t count)
{
    tenon_report *report = tn_report_new(NULL);
    struct tn_plan plan = { .report = report,
                            .present = present,
                            .candidates = candidates,
                            .count = count,
                            .judge = { compare, examine, place, report } };
    for (size_t i = 0; i < count; i++) /* what the last run worked out */
        for (size_t k = 0; k < candidates[i].count; k++)
            candidates[i].entries[k].keys = (struct tn_keys){ .name = 0 };
    double start = now();
    bool good = report && tn_plan_requirements(&plan) && tn_plan_order(&plan) &&
                tn_plan_doubles(&plan) && plan.order_count == count && tenon_report_ok(report);
    double took = now() - start;
    tn_plan_free(&plan);
    tenon_report_free(report);
    return good ? took : -1;
}

static int by_time(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

int main(int argc, char **argv)
{
    size_t plugins = argc == 4 ? strtoul(argv[1], NULL, 10) : 100;
    size_t units = argc == 4 ? strtoul(argv[2], NULL, 10) : 50;
    size_t host = argc == 4 ? strtoul(argv[3], NULL, 10) : 5000;
    struct tn_candidate *candidates = calloc(plugins, sizeof *candidates);
    struct tn_index present = { 0 };
    struct tn_entry *there = make(0, host);
    double times[RUNS], start = now(); /* of the index alone */
    if (!there || !tn_index_reserve(&present, host))
        return 3;
    for (size_t i = 0; i < host; i++)
        if (!tn_index_add(&present, &there[i], false))
            return 3;
    printf("index of %zu units: %.3f ms\n", host, now() - start);
    for (size_t i = 0; candidates && i < plugins; i++)
        candidates[i] = (struct tn_candidate){ .name = text("plugin%zu%.0zu%.0zu", i, 0, 0),
                                               .entries = make(i + 1, units),
                                               .count = units };
    for (size_t i = 0; i < RUNS; i++)
        times[i] = candidates ? run(&present, candidates, plugins) : -1;
    qsort(times, RUNS, sizeof *times, by_time);
    printf("plan of %zu plugins with %zu units: %.3f ms\n", plugins, units, times[RUNS / 2]);
    tn_index_free(&present);
    return times[0] < 0 ? 3 : 0;
}
