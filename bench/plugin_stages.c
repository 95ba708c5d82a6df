/*
 * bench/plugin_stages.c - how long each stage of a plan takes, inside one process
 *
 *     plugin_stages LIST
 *
 * Linked with the library's objects and `ld --wrap` for each stage (their names are in
 * src/process/job.h and plan.h): the wrappers here take the time and call the real one. Nothing in
 * the library knows of it. Prints a line "STAGE MICROSECONDS" for each, of one plan of all the
 * bundles named in LIST, and what is left of it as "rest".
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tenon/process.h>

#include "job.h"
#include "plan.h"
#include "registry.h"

static double staged; /* microseconds in stages */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void say(const char *stage, double start)
{
    double took = now() - start;
    staged += took;
    printf("%s %.1f\n", stage, took);
}

/* The types are the headers': a stage that takes something else by now is an error here. */
#define STAGE(function, name, once, parameters, arguments)                                         \
    extern __typeof__(function) __real_##function, __wrap_##function;                              \
    bool __wrap_##function parameters                                                              \
    {                                                                                              \
        static bool done;                                                                          \
        double start = now();                                                                      \
        bool good = __real_##function arguments;                                                   \
        if (!done)                                                                                 \
            say(name, start);                                                                      \
        done = once;                                                                               \
        return good;                                                                               \
    }
#define JOB(function, name)                                                                        \
    STAGE(function, name, false, (struct tn_job * job, tenon_error * err), (job, err))
#define PLAN(function, name) STAGE(function, name, false, (struct tn_plan * plan), (plan))

/* Of this process: what is called again and again has nothing to do then. */
STAGE(tn_registry_read, "record", true, (struct tn_registry * registry, tenon_error *err),
      (registry, err))
STAGE(tn_registry_sight, "sight", true,
      (struct tn_registry * registry, tenon_world *world, const struct tn_holding **unread),
      (registry, world, unread))
JOB(tn_job_gather, "gather")
STAGE(tn_native_is_plain, "plain", false, (struct tn_job * job), (job))
JOB(tn_native_needs, "needs")
JOB(tn_native_check, "native")
PLAN(tn_plan_requirements, "requirements")
PLAN(tn_plan_order, "order")
PLAN(tn_plan_doubles, "doubles")

int main(int argc, char **argv)
{
    static char name[4096];
    static tenon_request requests[100000];
    size_t count = 0;
    tenon_error err = TENON_ERROR_INIT;
    FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    tenon_process *process = tenon_process_new(&err);
    if (!in || !process)
        return 2;
    while (count < sizeof requests / sizeof *requests && fgets(name, sizeof name, in)) {
        name[strcspn(name, "\n")] = '\0';
        requests[count++].plugin = strdup(name);
    }
    double start = now();
    tenon_report *report = tenon_plan(process, requests, count, 0, &err);
    double took = now() - start;
    printf("rest %.1f\nall %.1f\n", took - staged, took);
    if (report && !tenon_report_ok(report) && tenon_report_finding_count(report))
        fprintf(stderr, "%s\n", tenon_report_finding(report, 0)->message);
    if (!report)
        fprintf(stderr, "%s\n", tenon_error_message(&err));
    return report && tenon_report_ok(report) ? 0 : 1;
}
