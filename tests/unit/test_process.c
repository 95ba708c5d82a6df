/* tests/unit/test_process.c - bundles planned against a program and against this very process */
#include <sys/wait.h>
#include <tenon/tenon.h>

#include "bundle_case.h"
#include "failing_arena.h"

static void make_host(struct bundle_case *c)
{
    struct elf_spec spec = { .interp = "/lib64/ld-linux-x86-64.so.2", .type = 3 };
    size_t size;
    uint8_t *bytes = elf_build(&spec, &size);
    case_write(c, "host", bytes, size);
    free(bytes);
}

static int setup(void **state)
{
    case_setup(state);
    struct bundle_case *c = *state;
    make_host(c);
    case_bundle(c, "stats.plugin");
    setenv("TENON_CACHE", case_path(c, "cache"), 1);
    unsetenv("TENON_PLUGIN_PATH");
    return 0;
}

static tenon_process *host(struct bundle_case *c)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *process = tenon_process_of_file(case_path(c, "host"), &err);
    case_ok(process, err);
    tenon_process_set_weak(process, true);
    return process;
}

static tenon_report *plan(tenon_process *process, const char *plugin)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_request request = { .plugin = plugin };
    tenon_report *report = tenon_plan(process, &request, 1, 0, &err);
    case_ok(report, err);
    return report;
}

/* "code code ..." of what refuses. */
static const char *codes(const tenon_report *report, char text[256])
{
    const tenon_finding *finding;
    text[0] = '\0';
    for (size_t i = 0; (finding = tenon_report_finding(report, i)); i++) {
        if (!finding->refuses)
            continue;
        strcat(text, *text ? " " : "");
        strcat(text, tenon_finding_name(finding->kind));
    }
    return text;
}

static void expect(tenon_process *process, const char *plugin, const char *wanted)
{
    char text[256];
    tenon_report *report = plan(process, plugin);
    assert_string_equal(codes(report, text), wanted);
    assert_int_equal(tenon_report_ok(report), !*wanted);
    tenon_report_free(report);
}

static void what_the_host_offers_is_demanded(void **state)
{
    struct bundle_case *c = *state;
    tenon_process *process = host(c);
    expect(process, case_path(c, "stats.plugin"), "constraint");
    assert_true(tenon_process_offer(process, "log", 1, NULL, NULL));
    expect(process, case_path(c, "stats.plugin"), "constraint");
    assert_true(tenon_process_offer(process, "log", 2, NULL, NULL));
    expect(process, case_path(c, "stats.plugin"), "");
    tenon_process_free(process);
}

static void a_host_without_record_is_refused(void **state)
{
    struct bundle_case *c = *state;
    tenon_process *process = host(c);
    assert_true(tenon_process_offer(process, "log", 2, NULL, NULL));
    assert_int_equal(tenon_process_record(process), TENON_RECORD_NONE);
    tenon_process_set_weak(process, false);
    expect(process, case_path(c, "stats.plugin"), "no-record");
    tenon_process_free(process);
}

static void names_are_searched_for(void **state)
{
    struct bundle_case *c = *state;
    tenon_process *process = host(c);
    assert_true(tenon_process_offer(process, "log", 2, NULL, NULL));
    expect(process, "stats", "not-found");
    assert_true(tenon_process_add_directory(process, c->root, NULL));
    expect(process, "stats", "");
    tenon_process_free(process);

    process = host(c);
    assert_true(tenon_process_offer(process, "log", 2, NULL, NULL));
    setenv("TENON_PLUGIN_PATH", c->root, 1);
    expect(process, "stats", "");
    unsetenv("TENON_PLUGIN_PATH");
    assert_true(tenon_process_set_default_directory(process, c->root, NULL));
    expect(process, "stats", "");
    tenon_process_free(process);
}

/* "one:two", to be compared. */
static const char *search_path(tenon_process *process, char *out, size_t size)
{
    char **places = tenon_process_search_path(process, NULL);
    size_t used = 0;
    assert_non_null(places);
    out[0] = '\0';
    for (size_t i = 0; places[i] && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ":" : "", places[i]);
    free(places);
    return out;
}

static void the_search_path_is_told(void **state)
{
    char said[1024];
    tenon_process *process = tenon_process_new(NULL);
    (void)state;
    unsetenv("TENON_PLUGIN_PATH");
    assert_string_equal(search_path(process, said, sizeof said), TENON_PLUGIN_DIR);
    assert_true(tenon_process_add_directory(process, "added", NULL));
    setenv("TENON_PLUGIN_PATH", "env:added::more", 1);
    assert_string_equal(search_path(process, said, sizeof said),
                        "added:env:more:" TENON_PLUGIN_DIR);
    assert_true(tenon_process_set_default_directory(process, "more", NULL));
    assert_string_equal(search_path(process, said, sizeof said), "added:env:more");
    unsetenv("TENON_PLUGIN_PATH");
    tenon_process_free(process);
}

static void listing_by_tags(void **state)
{
    static const char *const count[] = { "count", NULL }, *const other[] = { "count", "x", NULL };
    struct bundle_case *c = *state;
    tenon_process *process = host(c);
    assert_true(tenon_process_add_directory(process, c->root, NULL));
    case_write(c, "broken.plugin", "PK", 2);
    tenon_listing *listing = tenon_process_list(process, count, NULL);
    assert_int_equal(tenon_listing_count(listing), 1);
    assert_string_equal(tenon_listing_manifest(listing, 0)->name, "stats");
    assert_string_equal(tenon_listing_path(listing, 0), case_path(c, "stats.plugin"));
    assert_int_equal(tenon_listing_finding_count(listing), 1);
    assert_int_equal(tenon_listing_finding(listing, 0)->kind, TENON_FINDING_BAD_BUNDLE);
    tenon_listing_free(listing);
    listing = tenon_process_list(process, other, NULL);
    assert_int_equal(tenon_listing_count(listing), 0);
    tenon_listing_free(listing);
    tenon_process_free(process);
}

/* What a request for the name would take decides, whatever a listing asks for. */
static void who_is_first_does_not_depend_on_tags(void **state)
{
    static const char *const gui[] = { "gui", NULL }, *const count[] = { "count", NULL };
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    assert_int_equal(mkdir(case_path(c, "later"), 0700), 0);
    tenon_builder *b = tenon_builder_new(&err);
    case_ok(b, err);
    case_ok(tenon_builder_set(b, "name", "stats", &err), err);
    case_ok(tenon_builder_set(b, "tags", "gui", &err), err);
    case_ok(tenon_builder_write(b, case_path(c, "later/stats.plugin"), &err), err);
    tenon_builder_free(b);
    tenon_process *process = host(c);
    assert_true(tenon_process_add_directory(process, c->root, NULL));
    assert_true(tenon_process_add_directory(process, case_path(c, "later"), NULL));
    tenon_listing *listing = tenon_process_list(process, gui, NULL);
    assert_int_equal(tenon_listing_count(listing), 0);
    assert_int_equal(tenon_listing_finding_count(listing), 1);
    assert_int_equal(tenon_listing_finding(listing, 0)->kind, TENON_FINDING_SHADOWED);
    tenon_listing_free(listing);
    listing = tenon_process_list(process, count, NULL);
    assert_int_equal(tenon_listing_count(listing), 1);
    assert_int_equal(tenon_listing_finding_count(listing), 1);
    tenon_listing_free(listing);
    tenon_process_free(process);
}

static void a_program_that_does_not_run_loads_nothing(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *process = host(c);
    const tenon_request request = { .plugin = case_path(c, "stats.plugin") };
    assert_null(tenon_load(process, &request, 1, 0, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    tenon_process_free(process);
}

/* A plugin whose start goes on in a child, or a host that becomes a daemon in a handler. */
static void the_lock_goes_along_into_the_child_of_a_fork(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *process = tenon_process_new(&err);
    int status;
    assert_non_null(process);
    tenon_process_lock(process);
    tenon_process_lock(process);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20); /* who waits for itself waits for ever */
        tenon_process_lock(process);
        for (int i = 0; i < 3; i++)
            tenon_process_unlock(process);
        size_t plugins = tenon_process_plugin_count(process);
        tenon_process_free(process);
        _exit(plugins == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    tenon_process_unlock(process);
    tenon_process_unlock(process);
    tenon_process_free(process);
}

static void this_process_knows_its_images(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_present present;
    bool has_libc = false;
    tenon_process *process = tenon_process_new(&err);
    case_ok(process, err);
    for (size_t i = 0; tenon_process_unit(process, i, &present); i++)
        if (strcmp(present.unit->name, "libc.so.6") == 0)
            has_libc = present.reason == TENON_IN_HOST && present.state == TENON_INITIALISED;
    assert_true(has_libc);
    assert_int_equal(tenon_process_plugin_count(process), 0);
    tenon_report *report = tenon_unload(process, "nothing", &err);
    assert_false(tenon_report_ok(report));
    assert_int_equal(tenon_report_finding(report, 0)->kind, TENON_FINDING_NOT_FOUND);
    tenon_report_free(report);
    tenon_process_free(process);
}

/* The whole way, with one allocation failing: an error for want of memory, or the right answer. */
static bool try_plan(struct bundle_case *c, const char *host_path, const char *bundle)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_request request = { .plugin = bundle };
    tenon_process *process = tenon_process_of_file(host_path, &err);
    tenon_report *report = NULL;
    (void)c;
    if (process && tenon_process_offer(process, "log", 2, NULL, &err)) {
        tenon_process_set_weak(process, true);
        report = tenon_plan(process, &request, 1, 0, &err);
    }
    fail_never();
    bool good = report && tenon_report_ok(report);
    if (report && !good)
        fail_msg("a wrong answer: %s", tenon_report_finding(report, 0)->message);
    if (!report)
        assert_int_equal(err.code, TENON_E_MEMORY);
    tenon_report_free(report);
    tenon_process_free(process);
    return good;
}

static void each_allocation_may_fail(void **state)
{
    struct bundle_case *c = *state;
    char host_path[512], bundle[512];
    long n = 0;
    strcpy(host_path, case_path(c, "host"));
    strcpy(bundle, case_path(c, "stats.plugin"));
    assert_true(try_plan(c, host_path, bundle));
    do {
        fail_after(n);
        if (try_plan(c, host_path, bundle) && !allocation_failed)
            return;
        n += 1 + n / 100; /* late ones are alike: not every one of them */
    } while (n < 1000000);
    fail_msg("there is no end to it");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_the_host_offers_is_demanded),
        CASE(a_host_without_record_is_refused),
        CASE(names_are_searched_for),
        CASE(the_search_path_is_told),
        CASE(listing_by_tags),
        CASE(who_is_first_does_not_depend_on_tags),
        CASE(a_program_that_does_not_run_loads_nothing),
        CASE(the_lock_goes_along_into_the_child_of_a_fork),
        CASE(this_process_knows_its_images),
        CASE(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
