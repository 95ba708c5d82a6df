/*
 * tests/e2e/driver.c - a host for tests: does what its arguments say, one after the other, and says
 * whether the process is as it was before
 */
#include <dirent.h>
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tenon/tenon.h>

extern char **environ;
/* of the host under test */
int host_number(void) __attribute__((weak));
int host_catches(const tenon_plugin *plugin) __attribute__((weak));

/* ---- the state of the process, as a text ----------------------------------------------------- */

static int add_object(struct dl_phdr_info *info, size_t size, void *out)
{
    (void)size;
    fprintf(out, "object %s %lx\n", info->dlpi_name, (unsigned long)info->dlpi_addr);
    return 0;
}

/* Mappings of files, and executable ones; anonymous memory may grow. */
static void add_mappings(FILE *out)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[4096], flags[8], path[2048];
    while (maps && fgets(line, sizeof line, maps)) {
        path[0] = '\0';
        if (sscanf(line, "%*s %7s %*s %*s %*s %2047s", flags, path) < 1)
            continue;
        if (path[0] == '/' || (strchr(flags, 'x') && path[0] != '['))
            fprintf(out, "map %s", line);
    }
    if (maps)
        fclose(maps);
}

static void add_directory(FILE *out, const char *dir, const char *what)
{
    DIR *open = opendir(dir);
    char path[512], target[512];
    struct dirent *entry;
    while (open && (entry = readdir(open))) {
        if (atoi(entry->d_name) == dirfd(open) && strcmp(what, "fd") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        ssize_t size = readlink(path, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        fprintf(out, "%s %s %s\n", what, entry->d_name, target);
    }
    if (open)
        closedir(open);
}

static char *snapshot(void)
{
    char *text = NULL, cwd[4096];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    dl_iterate_phdr(add_object, out);
    add_mappings(out);
    add_directory(out, "/proc/self/fd", "fd");
    add_directory(out, "/proc/self/task", "task");
    for (char **at = environ; *at; at++)
        fprintf(out, "env %s\n", *at);
    fprintf(out, "cwd %s\n", getcwd(cwd, sizeof cwd) ? cwd : "?");
    for (int i = 1; i < 65; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0)
            fprintf(out, "signal %d %p %x\n", i, (void *)(size_t)action.sa_handler,
                    (unsigned)action.sa_flags);
    }
    fclose(out);
    return text;
}

/* Lines of a that b has not. */
static int print_lost(const char *what, const char *a, const char *b)
{
    int lost = 0;
    while (*a) {
        size_t size = strcspn(a, "\n") + 1;
        char *line = strndup(a, size);
        if (!strstr(b, line)) {
            printf("%s %s", what, line);
            lost++;
        }
        free(line);
        a += size;
    }
    return lost;
}

static void compare(const char *before)
{
    char *after = snapshot();
    int changes = print_lost("gone", before, after) + print_lost("new", after, before);
    printf("state %s\n", changes ? "changed" : "same");
    free(after);
}

/* ---- what can be asked for ----------------------------------------------------------------------
 */

static tenon_process *process;
static unsigned flags;
static const char *meddle; /* dlopened by somebody else while a request is answered */
static int verbose;
static const char *argument;
static void *opened; /* the last that was asked for */

static void on_event(void *arg, const tenon_event *event)
{
    (void)arg;
    if (verbose)
        printf("event %s %s\n", tenon_event_name(event->kind), event->plugin ? event->plugin : "-");
    if (meddle && event->kind == TENON_EVENT_OPENING) {
        printf("meddle %d\n", dlopen(meddle, RTLD_NOW) != NULL);
        meddle = NULL;
    }
}

static void fail(const char *what, const tenon_error *err)
{
    printf("error %s: %s\n", what, tenon_error_message(err));
    exit(3);
}

static void print_report(tenon_report *report)
{
    const tenon_plugin_result *result;
    const tenon_finding *finding;
    for (size_t i = 0; (result = tenon_report_plugin(report, i)); i++)
        printf("plugin %s %s\n", result->name, tenon_plugin_status_name(result->status));
    for (size_t i = 0; i < tenon_report_step_count(report); i++)
        printf("step %s\n", tenon_report_step(report, i));
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++)
        printf("finding %s %s %s\n", tenon_finding_name(finding->kind),
               finding->refuses ? "refuses" : "notes", finding->message);
    printf("answer %s\n", tenon_report_ok(report) ? "yes" : "no");
    tenon_report_free(report);
}

static size_t split(char *list, tenon_request *requests, size_t room)
{
    size_t count = 0;
    for (char *name = strtok(list, ","); name && count < room; name = strtok(NULL, ","))
        requests[count++] = (tenon_request){ name, argument ? 1 : 0, &argument };
    return count;
}

static void load(char *list, int really)
{
    tenon_error err = TENON_ERROR_INIT;
    static tenon_request requests[4096];
    size_t count = split(list, requests, 4096);
    char *before = snapshot();
    tenon_report *report = really ? tenon_load(process, requests, count, flags, &err)
                                  : tenon_plan(process, requests, count, flags, &err);
    if (!report)
        fail(really ? "load" : "plan", &err);
    compare(before);
    free(before);
    print_report(report);
}

static void unload(const char *name)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_report *report = tenon_unload(process, name, &err);
    if (!report)
        fail("unload", &err);
    print_report(report);
}

static const tenon_plugin *named(const char *name)
{
    for (size_t i = 0; i < tenon_process_plugin_count(process); i++)
        if (strcmp(tenon_process_plugin(process, i)->name, name) == 0)
            return tenon_process_plugin(process, i);
    return NULL;
}

/* PLUGIN:SYMBOL, a function int (*)(void) */
static void call(char *text)
{
    char *symbol = strchr(text, ':');
    *symbol++ = '\0';
    const tenon_plugin *plugin = named(text);
    void *found = plugin ? tenon_plugin_symbol(plugin, symbol) : NULL;
    int (*function)(void);
    memcpy(&function, &found, sizeof function);
    if (found)
        printf("call %s %d\n", symbol, function());
    else
        printf("call %s nobody\n", symbol);
}

static void *load_in_thread(void *arg)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_request request = { arg, 0, NULL };
    tenon_report *report = tenon_load(process, &request, 1, 0, &err);
    int good = report && tenon_report_ok(report);
    tenon_report_free(report);
    return good ? arg : NULL;
}

/* Each plugin of the list in a thread of its own, twice. */
static void load_in_threads(char *list)
{
    static pthread_t threads[512];
    static tenon_request requests[256];
    size_t count = split(list, requests, 256), good = 0;
    for (size_t i = 0; i < 2 * count; i++)
        pthread_create(&threads[i], NULL, load_in_thread, (void *)requests[i / 2].plugin);
    for (size_t i = 0; i < 2 * count; i++) {
        void *result;
        pthread_join(threads[i], &result);
        good += result != NULL;
    }
    printf("threads %zu of %zu\n", good, 2 * count);
}

static void list_units(void)
{
    tenon_present present;
    for (size_t i = 0; tenon_process_unit(process, i, &present); i++)
        printf("unit %s %s %s %s\n", present.unit->name, tenon_reason_name(present.reason),
               tenon_unit_state_name(present.state), present.plugin ? present.plugin : "-");
}

static void list_plugins(void)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_listing *listing = tenon_process_list(process, NULL, &err);
    const tenon_finding *finding;
    if (!listing)
        fail("list", &err);
    for (size_t i = 0; i < tenon_listing_count(listing); i++)
        printf("listed %s %s\n", tenon_listing_manifest(listing, i)->name,
               tenon_listing_path(listing, i));
    for (size_t i = 0; (finding = tenon_listing_finding(listing, i)); i++)
        printf("finding %s notes %s\n", tenon_finding_name(finding->kind), finding->message);
    tenon_listing_free(listing);
}

static int is(const char *word, const char *name, char **value)
{
    size_t size = strlen(name);
    *value = (char *)word + size;
    return strncmp(word, name, size) == 0 && word[size - 1] == '=';
}

static void set(char *word)
{
    tenon_error err = TENON_ERROR_INIT;
    char *value;
    if (is(word, "dir=", &value) && !tenon_process_add_directory(process, value, &err))
        fail(word, &err);
    if (is(word, "cache=", &value) && !tenon_process_set_cache(process, value, &err))
        fail(word, &err);
    if (is(word, "offer=", &value)) {
        char *at = strchr(value, ':');
        *at = '\0';
        if (!tenon_process_offer(process, value, (unsigned)atoi(at + 1), "the service", &err))
            fail(word, &err);
    }
    if (is(word, "argument=", &value))
        argument = value;
    if (is(word, "meddle=", &value))
        meddle = value;
}

/* Only what this key signed is welcome. */
static void trust(const char *file)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_keys *keys = tenon_keys_new(&err);
    if (!keys || !tenon_keys_add_file(keys, file, &err) ||
        !tenon_process_set_trust(process, keys, true, &err))
        fail("trust", &err);
    tenon_keys_free(keys);
}

static void act(char *word)
{
    char *value;
    if (is(word, "load=", &value))
        load(value, 1);
    else if (is(word, "plan=", &value))
        load(value, 0);
    else if (is(word, "unload=", &value))
        unload(value);
    else if (is(word, "call=", &value))
        call(value);
    else if (is(word, "catch=", &value))
        printf("catch %d\n", host_catches(named(value)));
    else if (is(word, "threads=", &value))
        load_in_threads(value);
    else if (is(word, "dlopen=", &value))
        printf("dlopen %d\n", (opened = dlopen(value, RTLD_NOW)) != NULL);
    else if (strcmp(word, "dlclose") == 0)
        printf("dlclose %d\n", opened && dlclose(opened) == 0);
    else if (is(word, "global=", &value))
        printf("dlopen %d\n", (opened = dlopen(value, RTLD_NOW | RTLD_GLOBAL)) != NULL);
    else if (is(word, "mapped=", &value))
        printf("mapped %d\n", dlopen(value, RTLD_NOW | RTLD_NOLOAD) != NULL);
    else if (is(word, "exec=", &value))
        printf("exec %d\n", system(value));
    else if (is(word, "setenv=", &value))
        printf("setenv %d\n", putenv(value) == 0);
    else if (is(word, "trust=", &value))
        trust(value);
    else if (strcmp(word, "weak") == 0)
        tenon_process_set_weak(process, true);
    else if (strcmp(word, "ambiguous") == 0)
        tenon_process_set_ambiguous(process, true);
    else if (strcmp(word, "each") == 0)
        flags |= TENON_LOAD_EACH;
    else if (strcmp(word, "verify") == 0)
        flags |= TENON_LOAD_VERIFY;
    else if (strcmp(word, "events") == 0)
        verbose = 1;
    else if (strcmp(word, "units") == 0)
        list_units();
    else if (strcmp(word, "plugins") == 0)
        for (size_t i = 0; i < tenon_process_plugin_count(process); i++)
            printf("has %s\n", tenon_process_plugin(process, i)->name);
    else if (strcmp(word, "list") == 0)
        list_plugins();
    else if (strcmp(word, "number") == 0)
        printf("number %d\n", host_number ? host_number() : -1);
    else
        set(word);
}

int main(int argc, char **argv)
{
    tenon_error err = TENON_ERROR_INIT;
    setvbuf(stdout, NULL, _IOLBF, 0);
    process = tenon_process_new(&err);
    if (!process)
        fail("process", &err);
    tenon_process_on_event(process, on_event, NULL);
    tenon_process_set_host_data(process, process);
    for (int i = 1; i < argc; i++)
        act(argv[i]);
    tenon_process_free(process);
    return 0;
}
