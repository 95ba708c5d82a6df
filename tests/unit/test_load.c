/* tests/unit/test_load.c - plugins loaded into this very process, first and again */
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <link.h>
#include <pthread.h>
#include <sys/wait.h>
#include <tenon/tenon.h>

#include "bundle_case.h"
#include "failing_arena.h"
#include "job.h"
#include "known.h"
#include "proof.h"

static char built[512]; /* where the plugins of tests/support/ are; "": they are not for here */

static const char *built_path(const char *name)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/tests/%s", built, name);
    return path;
}

static void make_bundle(struct bundle_case *c, const char *code)
{
    tenon_error err = TENON_ERROR_INIT;
    char name[64];
    tenon_builder *b = tenon_builder_new(&err);
    case_ok(b, err);
    case_ok(tenon_builder_add_code(b, built_path(code), TENON_CODE_NATIVE, &err), err);
    snprintf(name, sizeof name, "%.*s.plugin", (int)(strlen(code) - 3), code);
    case_ok(tenon_builder_write(b, case_path(c, name), &err), err);
    tenon_builder_free(b);
}

/* Code that the plugin's own neither is nor needs, as others of a project may stand beside it. */
static void make_bundle_of_two(struct bundle_case *c)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);
    case_ok(b, err);
    case_ok(tenon_builder_set(b, "name", "two", &err), err);
    case_ok(tenon_builder_set(b, "main", "loadable", &err), err);
    case_ok(tenon_builder_add_code(b, built_path("loadable.so"), TENON_CODE_NATIVE, &err), err);
    case_ok(tenon_builder_add_code(b, built_path("helper.so"), TENON_CODE_NATIVE, &err), err);
    assert_int_equal(mkdir(case_path(c, "apart"), 0700), 0);
    case_ok(tenon_builder_write(b, case_path(c, "apart/two.plugin"), &err), err);
    tenon_builder_free(b);
}

/* One directory for all tests; what is noted must have been there for a while. */
static int set_up_all(void **state)
{
    const char *build = getenv("TENON_BUILD");
    if (!build || case_setup(state) != 0)
        return -1;
    snprintf(built, sizeof built, "%s", build);
#if !defined __x86_64__ || !defined __GLIBC__
    built[0] = '\0';
    return 0;
#endif
    make_bundle(*state, "loadable.so");
    make_bundle(*state, "wants.so");
    make_bundle_of_two(*state);
    usleep(2100000);
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static void fresh_cache(struct bundle_case *c)
{
    char cache[512];
    strcpy(cache, case_path(c, "cache"));
    nftw(cache, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int set_up(void **state)
{
    struct bundle_case *c = *state;
    setenv("TENON_CACHE", case_path(c, "cache"), 1);
    unsetenv("TENON_PLUGIN_PATH");
    fresh_cache(c);
    return 0;
}

/* What this machine has installed is none of the tests' business. */
#define NO_PLUGINS "/nowhere/plugins"

static tenon_process *this_process(void)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *process = tenon_process_new(&err);
    case_ok(process, err);
    tenon_process_set_weak(process, true);
    assert_true(tenon_process_set_default_directory(process, NO_PLUGINS, &err));
    return process;
}

static void expect_load(tenon_process *process, const char *bundle, unsigned flags)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_request request = { .plugin = bundle };
    tenon_report *report = tenon_load(process, &request, 1, flags, &err);
    case_ok(report, err);
    if (!tenon_report_ok(report))
        fail_msg("%s", tenon_report_finding(report, 0)->message);
    tenon_report_free(report);
}

static void expect_refusal(tenon_process *process, const char *bundle, const char *code)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_request request = { .plugin = bundle };
    tenon_report *report = tenon_load(process, &request, 1, 0, &err);
    const tenon_finding *finding = NULL;
    case_ok(report, err);
    assert_false(tenon_report_ok(report));
    for (size_t i = 0; !finding && i < tenon_report_finding_count(report); i++)
        if (tenon_report_finding(report, i)->refuses)
            finding = tenon_report_finding(report, i);
    assert_non_null(finding);
    assert_string_equal(tenon_finding_name(finding->kind), code);
    tenon_report_free(report);
    assert_int_equal(tenon_process_plugin_count(process), 0);
}

static void unload(tenon_process *process, const char *name)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_report *report = tenon_unload(process, name, &err);
    case_ok(report, err);
    assert_true(tenon_report_ok(report));
    tenon_report_free(report);
}

/* What the index has of a bundle's code; the path of it in the cache. */
static bool is_proven(struct bundle_case *c, const char *bundle, char code[1024])
{
    char cache[512], name[80];
    struct stat info;
    struct tn_arena arena = { 0 };
    bool proven = false;
    snprintf(cache, sizeof cache, "%s", case_path(c, "cache"));
    assert_int_equal(stat(case_path(c, bundle), &info), 0);
    const struct tn_identity identity = tn_identity(&info);
    struct tn_known *known = tn_known_open(cache);
    tn_known_begin(known);
    struct tn_known_row *row = tn_known_identified(known, &identity);
    if (row && row->proofs.size) {
        const struct tn_proofs *proofs = tn_proofs_unpack(row->proofs, &arena);
        assert_non_null(proofs);
        for (size_t i = 0; i < 32; i++)
            snprintf(name + 2 * i, 3, "%02x", row->digest[i]);
        snprintf(code, 1024, "%s/%s.%s/%.*s.so", cache, name, proofs->triple,
                 (int)(strlen(bundle) - 7), bundle);
        proven = proofs->count == 1;
    }
    tn_known_free(known);
    tn_arena_free(&arena);
    return proven;
}

static void loaded_code_is_proven_and_loads_again(void **state)
{
    struct bundle_case *c = *state;
    char code[1024], bundle[512];
    tenon_process *process = this_process();
    strcpy(bundle, case_path(c, "loadable.plugin"));
    for (unsigned round = 0; round < 3; round++) {
        expect_load(process, bundle, round == 2 ? TENON_LOAD_VERIFY : 0);
        assert_true(is_proven(c, "loadable.plugin", code));
        const tenon_plugin *plugin = tenon_process_plugin(process, 0);
        const int *starts = tenon_plugin_symbol(plugin, "loadable_starts");
        assert_non_null(starts);
        assert_int_equal(*starts, 1);
        unload(process, "loadable");
    }
    tenon_process_free(process);
}

/* The process is the same whether its units came from memory or from what was noted. */
static void units_are_those_in_memory(void **state)
{
    struct bundle_case *c = *state;
    char names[2][4096] = { "", "" }, bundle[512];
    strcpy(bundle, case_path(c, "loadable.plugin"));
    for (unsigned round = 0; round < 2; round++) {
        tenon_process *process = this_process();
        tenon_present present;
        expect_load(process, bundle, 0);
        for (size_t i = 0; tenon_process_unit(process, i, &present); i++)
            if (present.plugin)
                snprintf(names[round] + strlen(names[round]), 512, "%s in %s, %s, %s;",
                         present.unit->name, present.holder, tenon_reason_name(present.reason),
                         tenon_unit_state_name(present.state));
        unload(process, "loadable");
        tenon_process_free(process);
    }
    assert_string_equal(names[0], names[1]);
}

/* Same size, modification time put back: the change time tells, before anything is mapped. */
static void proven_code_that_changed_is_refused(void **state)
{
    struct bundle_case *c = *state;
    char code[1024], bundle[512];
    struct stat before;
    tenon_process *process = this_process();
    strcpy(bundle, case_path(c, "loadable.plugin"));
    expect_load(process, bundle, 0);
    unload(process, "loadable");
    assert_true(is_proven(c, "loadable.plugin", code));
    assert_int_equal(stat(code, &before), 0);
    assert_int_equal(chmod(code, 0700), 0);
    int fd = open(code, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "\1", 1, before.st_size - 1), 1);
    const struct timespec times[2] = { before.st_atim, before.st_mtim };
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    assert_int_equal(chmod(code, 0500), 0);
    expect_refusal(process, bundle, "cache");
    assert_null(dlopen(code, RTLD_NOW | RTLD_NOLOAD));
    tenon_process_free(process);
}

/* A plan of one bundle: "ok", or what it is refused for. */
static const char *planned(tenon_process *process, const char *bundle)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_request request = { .plugin = bundle };
    tenon_report *report = tenon_plan(process, &request, 1, 0, &err);
    const char *answer = "ok";
    case_ok(report, err);
    assert_int_equal(tenon_report_plugin_count(report), 1);
    if (tenon_report_ok(report)) {
        assert_string_equal(tenon_report_plugin(report, 0)->name, "loadable");
        assert_string_equal(tenon_report_plugin(report, 0)->file, bundle);
        assert_int_equal(tenon_report_plugin(report, 0)->status, TENON_PLUGIN_PLANNED);
        assert_int_equal(tenon_report_step_count(report), 1);
        assert_non_null(strstr(tenon_report_step(report, 0), "loadable:"));
    } else {
        answer = tenon_finding_name(tenon_report_finding(report, 0)->kind);
    }
    tenon_report_free(report);
    return answer;
}

static void expect_kept(tenon_process *process, const char *bundle)
{
    for (unsigned round = 0; round < 3; round++) {
        assert_string_equal(planned(process, bundle), "ok");
        assert_non_null(process->kept);
    }
}

/* What is kept of a plan answers for the same files, settings and process, and for no other. */
static void a_kept_plan_answers_while_all_is_the_same(void **state)
{
    struct bundle_case *c = *state;
    char code[1024], bundle[512];
    tenon_process *process = this_process();
    strcpy(bundle, case_path(c, "loadable.plugin"));
    expect_load(process, bundle, 0);
    assert_null(process->kept);
    unload(process, "loadable");
    expect_kept(process, bundle);

    tenon_keys *keys = tenon_keys_new(NULL); /* a setting */
    assert_true(tenon_process_set_trust(process, keys, true, NULL));
    assert_null(process->kept);
    assert_string_equal(planned(process, bundle), "signature");
    assert_true(tenon_process_set_trust(process, NULL, false, NULL));
    tenon_keys_free(keys);
    expect_kept(process, bundle);

    expect_load(process, bundle, 0); /* the process */
    assert_null(process->kept);
    unload(process, "loadable");
    expect_kept(process, bundle);
    void *helper = dlopen(built_path("helper.so"), RTLD_NOW);
    assert_string_equal(planned(process, bundle), "ok");
    dlclose(helper);

    expect_kept(process, bundle); /* the code in the cache */
    assert_true(is_proven(c, "loadable.plugin", code));
    assert_int_equal(chmod(code, 0700), 0);
    assert_string_equal(planned(process, bundle), "ok"); /* verified anew: it is what it was */
    int fd = open(code, O_RDWR);
    assert_int_equal(pwrite(fd, "\1", 1, 900), 1);
    close(fd);
    assert_string_equal(planned(process, bundle), "cache");
    assert_null(process->kept);
    tenon_process_free(process);
}

/* The bundle itself is looked at each time. */
static void a_bundle_that_changed_is_planned_anew(void **state)
{
    struct bundle_case *c = *state;
    char bundle[512], away[512];
    tenon_process *process = this_process();
    strcpy(bundle, case_path(c, "loadable.plugin"));
    strcpy(away, case_path(c, "loadable.away"));
    expect_load(process, bundle, 0);
    unload(process, "loadable");
    expect_kept(process, bundle);
    assert_int_equal(rename(bundle, away), 0);
    assert_string_equal(planned(process, bundle), "bad-bundle");
    case_write(c, "loadable.plugin", "no bundle", 9);
    assert_string_equal(planned(process, bundle), "bad-bundle");
    assert_int_equal(rename(away, bundle), 0);
    assert_string_equal(planned(process, bundle), "ok");
    tenon_process_free(process);
}

static void code_beside_the_own_one_is_no_hindrance(void **state)
{
    char bundle[512];
    tenon_process *process = this_process();
    strcpy(bundle, case_path(*state, "apart/two.plugin"));
    for (unsigned round = 0; round < 3; round++) {
        expect_load(process, bundle, 0);
        unload(process, "two");
    }
    tenon_process_free(process);
}

/* In a process that has what the plugin wants: twice, so that it is proven. */
static int load_with_helper(struct bundle_case *c, const char *bundle)
{
    char code[1024];
    void *helper = dlopen(built_path("helper.so"), RTLD_NOW | RTLD_GLOBAL);
    assert_non_null(helper);
    tenon_process *process = this_process();
    for (unsigned round = 0; round < 2; round++) {
        expect_load(process, bundle, 0);
        unload(process, "wants");
        assert_true(is_proven(c, "wants.plugin", code));
    }
    tenon_process_free(process);
    return 0;
}

/* What was proven is about the code; what the process offers is looked at each time. */
static void a_symbol_that_is_not_here_is_missing(void **state)
{
    struct bundle_case *c = *state;
    char bundle[512];
    int status;
    strcpy(bundle, case_path(c, "wants.plugin"));
    pid_t child = fork();
    if (!child)
        _exit(load_with_helper(c, bundle));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    tenon_process *process = this_process();
    expect_refusal(process, bundle, "missing-symbol");
    tenon_process_free(process);
}

/* ---- several threads --------------------------------------------------------------------------
 */

struct worker {
    tenon_process *process;
    const char *bundle, *name, *root;
    bool failed;
};

/* What is lent stays as long as the lock is held, whatever the others unload. */
static void look_at_everything(struct worker *w)
{
    tenon_present present;
    const tenon_plugin *plugin;
    tenon_process_lock(w->process);
    for (size_t i = 0; tenon_process_unit(w->process, i, &present); i++)
        w->failed |=
            !present.unit->name[0] || !present.holder[0] || (present.plugin && !present.plugin[0]);
    for (size_t i = 0; (plugin = tenon_process_plugin(w->process, i)); i++) {
        tenon_plugin_symbol(plugin, "none");
        w->failed |= !plugin->name[0];
    }
    tenon_process_unlock(w->process);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    for (unsigned round = 0; round < 20 && !w->failed; round++) {
        tenon_error err = TENON_ERROR_INIT;
        const tenon_request request = { .plugin = w->bundle };
        tenon_report *report = tenon_load(w->process, &request, 1, 0, &err);
        if (!report || !tenon_report_ok(report))
            printf("%s\n",
                   report ? tenon_report_finding(report, 0)->message : tenon_error_message(&err));
        w->failed |= !report || !tenon_report_ok(report);
        tenon_report_free(report);
        look_at_everything(w);
        tenon_listing *listing = tenon_process_list(w->process, NULL, &err);
        w->failed |= !listing || tenon_listing_count(listing) < 2;
        report = tenon_unload(w->process, w->name, &err); /* another thread may have done it */
        w->failed |= !report;
        tenon_report_free(report);
        tenon_listing_free(listing); /* after what it was read from has changed */
    }
    return NULL;
}

static void requests_are_whole(void **state)
{
    (void)state;
    static const tenon_request wrong[] = { { NULL, 0, NULL }, { "x", 2, NULL }, { "x", -1, NULL } };
    tenon_process *process = this_process();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tenon_error err = TENON_ERROR_INIT;
        assert_null(tenon_plan(process, &wrong[i], 1, 0, &err));
        assert_int_equal(err.code, TENON_E_ARGUMENT);
        assert_null(tenon_load(process, &wrong[i], 1, 0, NULL));
    }
    tenon_process_free(process);
}

static void threads_load_at_once(void **state)
{
    struct bundle_case *c = *state;
    enum { COUNT = 4 };
    struct worker workers[COUNT];
    pthread_t threads[COUNT];
    char loadable[512], wants[512];
    void *helper = dlopen(built_path("helper.so"), RTLD_NOW | RTLD_GLOBAL);
    tenon_process *process = this_process();
    assert_true(tenon_process_add_directory(process, c->root, NULL));
    strcpy(loadable, case_path(c, "loadable.plugin"));
    strcpy(wants, case_path(c, "wants.plugin"));
    for (unsigned i = 0; i < COUNT; i++) {
        workers[i] = i % 2 ? (struct worker){ process, wants, "wants", c->root, false }
                           : (struct worker){ process, loadable, "loadable", c->root, false };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(workers[i].failed);
    }
    tenon_process_free(process);
    dlclose(helper);
}

/* ---- others who load things meanwhile ---------------------------------------------------------
 */

struct meddler {
    unsigned left, opened; /* how often it still does, and did */
    bool at_once;          /* what it opens it closes */
    void *helper;
};

/* While a plan is made. */
static void meddle(void *arg, const tenon_event *event)
{
    struct meddler *m = arg;
    if (event->kind != TENON_EVENT_OPENING || !m->left)
        return;
    if (m->helper) {
        dlclose(m->helper);
        m->helper = NULL;
    } else {
        m->helper = dlopen(built_path("helper.so"), RTLD_NOW);
        assert_non_null(m->helper);
    }
    m->left--;
    m->opened++;
    if (m->at_once && m->helper) {
        dlclose(m->helper);
        m->helper = NULL;
    }
}

/* It is planned anew, with nothing lost of the plans before, and not for ever. */
static void a_process_that_changes_is_planned_anew(void **state)
{
    struct bundle_case *c = *state;
    char bundle[512];
    struct meddler m = { .left = 20 };
    tenon_process *process = this_process();
    strcpy(bundle, case_path(c, "loadable.plugin"));
    tenon_process_on_event(process, meddle, &m);
    expect_load(process, bundle, 0);
    assert_int_equal(m.opened, 20);
    unload(process, "loadable");
    m = (struct meddler){ .left = 1000 };
    expect_refusal(process, bundle, "changed");
    assert_in_range(m.opened, 30, 999);
    if (m.helper)
        dlclose(m.helper);
    m = (struct meddler){ .left = 1000, .at_once = true }; /* what is gone again is no change */
    expect_load(process, bundle, 0);
    assert_int_equal(m.opened, 1);
    unload(process, "loadable");
    tenon_process_free(process);
}

/* So many that are not known are opened in several threads: none is lost, in the order of names. */
static void very_many_are_listed(void **state)
{
    struct bundle_case *c = *state;
    enum { COUNT = 100 };
    tenon_error err = TENON_ERROR_INIT;
    char directory[512], path[600], name[16];
    strcpy(directory, case_path(c, "many"));
    assert_int_equal(mkdir(directory, 0700), 0);
    for (unsigned i = 0; i < COUNT; i++) {
        tenon_builder *b = tenon_builder_new(&err);
        snprintf(name, sizeof name, "p%03u", i);
        snprintf(path, sizeof path, "%s/%s.plugin", directory, name);
        case_ok(tenon_builder_set(b, "name", name, &err), err);
        case_ok(tenon_builder_add_bytes(b, "data/a", name, strlen(name), &err), err);
        case_ok(tenon_builder_write(b, path, &err), err);
        tenon_builder_free(b);
    }
    case_write(c, "many/p050.plugin", "no bundle", 9);
    tenon_process *process = this_process();
    assert_true(tenon_process_add_directory(process, directory, &err));
    for (unsigned round = 0; round < 2; round++) {
        tenon_listing *listing = tenon_process_list(process, NULL, &err);
        case_ok(listing, err);
        assert_int_equal(tenon_listing_count(listing), COUNT - 1);
        assert_int_equal(tenon_listing_finding_count(listing), 1);
        assert_string_equal(tenon_listing_manifest(listing, 49)->name, "p049");
        assert_string_equal(tenon_listing_manifest(listing, 50)->name, "p051");
        tenon_listing_free(listing);
    }
    tenon_process_free(process);
}

/* ---- without memory ---------------------------------------------------------------------------
 */

static int count_plugins(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    *(unsigned *)arg += strstr(info->dlpi_name, "/loadable.so") != NULL;
    return 0;
}

/* Is what the report says about the want of memory? */
static bool is_for_memory(const tenon_report *report)
{
    for (size_t i = 0; i < tenon_report_finding_count(report); i++)
        if (strstr(tenon_report_finding(report, i)->message, "memory"))
            return true;
    return false;
}

/* Both bundles, or an error for want of memory. */
static bool try_list(tenon_process *process, const char *directory)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_listing *listing = NULL;
    if (tenon_process_add_directory(process, directory, &err))
        listing = tenon_process_list(process, NULL, &err);
    if (listing)
        assert_int_equal(tenon_listing_count(listing), 2);
    else
        assert_int_equal(err.code, TENON_E_MEMORY);
    tenon_listing_free(listing);
    return listing != NULL;
}

/* The whole way: an error for want of memory, a refusal that says so, or a plugin that is up. */
static bool try_load(const char *directory, const char *bundle)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_request request = { .plugin = bundle };
    tenon_process *process = tenon_process_new(&err);
    tenon_report *report = NULL;
    unsigned mapped = 0;
    if (process && !tenon_process_set_default_directory(process, NO_PLUGINS, &err)) {
        tenon_process_free(process);
        process = NULL;
    }
    if (process) {
        tenon_process_set_weak(process, true);
        try_list(process, directory);
        for (unsigned round = 0; round < 2; round++) /* the second may be answered by the first */
            tenon_report_free(tenon_plan(process, &request, 1, 0, NULL));
        report = tenon_load(process, &request, 1, 0, &err);
    }
    fail_never();
    bool good = report && tenon_report_ok(report);
    if (!report)
        assert_int_equal(err.code, TENON_E_MEMORY);
    else if (!good && !is_for_memory(report))
        fail_msg("a wrong answer: %s", tenon_report_finding(report, 0)->message);
    dl_iterate_phdr(count_plugins, &mapped);
    if (process)
        assert_int_equal(mapped, tenon_process_plugin_count(process));
    tenon_report_free(report);
    if (process && tenon_process_plugin_count(process))
        unload(process, "loadable");
    tenon_process_free(process);
    return good;
}

static void fail_each(struct bundle_case *c, const char *bundle, bool cold)
{
    for (long n = 0; n < 1000000; n += 1 + n / 16) { /* late ones are alike */
        if (cold)
            fresh_cache(c);
        fail_after(n);
        if (try_load(c->root, bundle) && !allocation_failed)
            return;
    }
    fail_msg("there is no end to it");
}

static void each_allocation_may_fail(void **state)
{
    struct bundle_case *c = *state;
    char bundle[512], code[1024];
    strcpy(bundle, case_path(c, "loadable.plugin"));
    fail_each(c, bundle, true);
    assert_true(try_load(c->root, bundle));
    assert_true(is_proven(c, "loadable.plugin", code));
    fail_each(c, bundle, false);
    assert_true(is_proven(c, "loadable.plugin", code));
    assert_int_not_equal(access(TN_JOB_NO_CACHE, F_OK), 0); /* a place of that name is never made */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(loaded_code_is_proven_and_loads_again, set_up),
        cmocka_unit_test_setup(units_are_those_in_memory, set_up),
        cmocka_unit_test_setup(proven_code_that_changed_is_refused, set_up),
        cmocka_unit_test_setup(a_kept_plan_answers_while_all_is_the_same, set_up),
        cmocka_unit_test_setup(a_process_that_changes_is_planned_anew, set_up),
        cmocka_unit_test_setup(code_beside_the_own_one_is_no_hindrance, set_up),
        cmocka_unit_test_setup(a_symbol_that_is_not_here_is_missing, set_up),
        cmocka_unit_test_setup(requests_are_whole, set_up),
        cmocka_unit_test_setup(threads_load_at_once, set_up),
        cmocka_unit_test_setup(very_many_are_listed, set_up),
        cmocka_unit_test_setup(each_allocation_may_fail, set_up),
        cmocka_unit_test_setup(a_bundle_that_changed_is_planned_anew,
                               set_up), /* it is young then */
    };
    return cmocka_run_group_tests(tests, set_up_all, case_teardown);
}
