/*
 * bench/plugin_host.c - a host program that loads plugins in one of several ways
 *
 *     plugin_host none                      starts and ends
 *     plugin_host new                       calls tenon_process_new()
 *     plugin_host units                     likewise, and counts its units: reads its own record
 *     plugin_host load LIST | verify LIST   tenon_load() of the bundles named in a file
 *     plugin_host raw LIST                  dlopen(RTLD_NOW | RTLD_LOCAL) of the files named
 *     plugin_host floor LIST BUNDLES        the same, and the looks at files that nobody can leave
 *                                           out who says that they are what was checked: at bundle
 *                                           and code before anything is opened, and at the code
 *                                           before and after it is
 *     plugin_host list DIR                  lists DIR and plans all of it: microseconds, twice each
 *
 * It leaves by _exit: destructors and unloading are not what is measured.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <tenon/process.h>

static void fail(const char *what)
{
    fprintf(stderr, "plugin_host: %s\n", what);
    _exit(2);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The lines of a file. */
static char **lines(const char *path, size_t *count)
{
    FILE *in = fopen(path, "r");
    char **at = NULL, *line = NULL;
    size_t room = 0, size = 0;
    if (!in)
        fail(path);
    *count = 0;
    while (getline(&line, &size, in) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (*count == room) {
            room = room ? 2 * room : 256;
            at = realloc(at, room * sizeof *at);
            if (!at)
                fail("no memory");
        }
        at[(*count)++] = strdup(line);
    }
    free(line);
    fclose(in);
    return at;
}

static tenon_process *process_new(void)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *process = tenon_process_new(&err);
    if (!process)
        fail(tenon_error_message(&err));
    return process;
}

static void demand(const tenon_report *report, const tenon_error *err)
{
    if (!report)
        fail(tenon_error_message(err));
    if (!tenon_report_ok(report))
        fail(tenon_report_finding_count(report) ? tenon_report_finding(report, 0)->message
                                                : "refused");
}

static void load(const char *list, unsigned flags)
{
    size_t count;
    char **names = lines(list, &count);
    tenon_request *requests = calloc(count + 1, sizeof *requests);
    tenon_error err = TENON_ERROR_INIT;
    for (size_t i = 0; i < count; i++)
        requests[i].plugin = names[i];
    demand(tenon_load(process_new(), requests, count, flags, &err), &err);
}

static void raw(const char *list)
{
    size_t count;
    char **names = lines(list, &count);
    for (size_t i = 0; i < count; i++)
        if (!dlopen(names[i], RTLD_NOW | RTLD_LOCAL))
            fail(dlerror());
}

static void look(const char *path, struct stat *info)
{
    if (lstat(path, info) != 0)
        fail(path);
}

static void raw_with_looks(const char *list, const char *bundles)
{
    size_t count, others;
    char **names = lines(list, &count), **files = lines(bundles, &others);
    struct stat bundle, before, after;
    if (others != count)
        fail("as many bundles as files");
    for (size_t i = 0; i < count; i++) {
        look(files[i], &bundle);
        look(names[i], &before);
    }
    for (size_t i = 0; i < count; i++) {
        look(names[i], &before);
        if (!dlopen(names[i], RTLD_NOW | RTLD_LOCAL))
            fail(dlerror());
        look(names[i], &after);
        if (before.st_ino != after.st_ino || before.st_ctim.tv_nsec != after.st_ctim.tv_nsec)
            fail("it changed");
    }
}

static void list(const char *dir)
{
    tenon_process *process = process_new();
    tenon_error err = TENON_ERROR_INIT;
    if (!tenon_process_add_directory(process, dir, &err))
        fail(tenon_error_message(&err));
    for (int round = 0; round < 2; round++) {
        double start = now();
        tenon_listing *found = tenon_process_list(process, NULL, &err);
        if (!found)
            fail(tenon_error_message(&err));
        double listed = now();
        size_t count = tenon_listing_count(found);
        tenon_request *requests = calloc(count + 1, sizeof *requests);
        for (size_t i = 0; i < count; i++)
            requests[i].plugin = tenon_listing_path(found, i);
        tenon_report *report = tenon_plan(process, requests, count, 0, &err);
        double planned = now();
        demand(report, &err);
        printf("%s %zu list %.0f plan %.0f\n", round ? "again" : "first", count, listed - start,
               planned - listed);
        tenon_report_free(report);
        tenon_listing_free(found);
        free(requests);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "", *what = argc > 2 ? argv[2] : "";
    if (strcmp(mode, "new") == 0)
        process_new();
    else if (strcmp(mode, "units") == 0)
        tenon_process_unit_count(process_new());
    else if (strcmp(mode, "load") == 0)
        load(what, 0);
    else if (strcmp(mode, "verify") == 0)
        load(what, TENON_LOAD_VERIFY);
    else if (strcmp(mode, "raw") == 0)
        raw(what);
    else if (strcmp(mode, "floor") == 0)
        raw_with_looks(what, argc > 3 ? argv[3] : "");
    else if (strcmp(mode, "list") == 0)
        list(what);
    else if (strcmp(mode, "none") != 0)
        fail("none, new, units, load, verify, raw, floor, or list");
    _exit(0);
}
