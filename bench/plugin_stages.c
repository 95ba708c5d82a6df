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

struct tn_job;
struct tn_plan;
struct tn_registry;

#define STAGES                                                                                     \
    READ(tn_registry_read, tenon_error *, "record")                                                \
    READ(tn_registry_sight, tenon_world *, "sight")                                                \
    JOB(tn_job_gather, "gather")                                                                   \
    ASK(tn_native_is_plain, "plain")                                                               \
    JOB(tn_native_needs, "needs")                                                                  \
    JOB(tn_native_check, "native")                                                                 \
    PLAN(tn_plan_requirements, "requirements")                                                     \
    PLAN(tn_plan_order, "order")                                                                   \
    PLAN(tn_plan_doubles, "doubles")

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

/* Of this process: what is called again and again has nothing to do then. */
#define READ(function, type, name)                                                                 \
    bool __real_##function(struct tn_registry *registry, type arg);                                \
    bool __wrap_##function(struct tn_registry *registry, type arg);                                \
    bool __wrap_##function(struct tn_registry *registry, type arg)                                 \
    {                                                                                              \
        static bool done;                                                                          \
        double start = now();                                                                      \
        bool good = __real_##function(registry, arg);                                              \
        if (!done)                                                                                 \
            say(name, start);                                                                      \
        done = true;                                                                               \
        return good;                                                                               \
    }
#define JOB(function, name)                                                                        \
    bool __real_##function(struct tn_job *job, tenon_error *err);                                  \
    bool __wrap_##function(struct tn_job *job, tenon_error *err);                                  \
    bool __wrap_##function(struct tn_job *job, tenon_error *err)                                   \
    {                                                                                              \
        double start = now();                                                                      \
        bool good = __real_##function(job, err);                                                   \
        say(name, start);                                                                          \
        return good;                                                                               \
    }
#define ASK(function, name)                                                                        \
    bool __real_##function(struct tn_job *job);                                                    \
    bool __wrap_##function(struct tn_job *job);                                                    \
    bool __wrap_##function(struct tn_job *job)                                                     \
    {                                                                                              \
        double start = now();                                                                      \
        bool good = __real_##function(job);                                                        \
        say(name, start);                                                                          \
        return good;                                                                               \
    }
#define PLAN(function, name)                                                                       \
    bool __real_##function(struct tn_plan *plan);                                                  \
    bool __wrap_##function(struct tn_plan *plan);                                                  \
    bool __wrap_##function(struct tn_plan *plan)                                                   \
    {                                                                                              \
        double start = now();                                                                      \
        bool good = __real_##function(plan);                                                       \
        say(name, start);                                                                          \
        return good;                                                                               \
    }
STAGES

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
