/* tests/unit/test_execute.c - a scripted back end fails at any step: all before it is undone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend.h"
#include "fail.h"

/* Writes what it is asked to do, and fails at one step. */
struct script {
    char log[512];
    const char *fail_at; /* a word of the log; NULL: never */
    int start_status;
    const char *stays;
};

static bool note(struct script *s, const char *what, const char *path)
{
    char word[64];
    snprintf(word, sizeof word, "%s%s", what, path);
    strcat(s->log, *s->log ? " " : "");
    strcat(s->log, word);
    return !s->fail_at || strcmp(s->fail_at, word) != 0;
}

static bool script_open(void *self, const char *path, bool global, void **handle, tenon_error *err)
{
    *handle = (void *)path;
    return note(self, global ? "OPEN-" : "open-", path) ||
           tn_fail(err, TENON_E_NOT_LOADABLE, "scripted");
}

static bool script_run(void *self, void *handle, tenon_plugin *plugin, int argc, char **argv,
                       int *status, tenon_error *err)
{
    struct script *s = self;
    (void)plugin;
    (void)argc;
    (void)argv;
    *status = s->start_status;
    return note(s, "run-", handle) || tn_fail(err, TENON_E_NOT_LOADABLE, "scripted");
}

static void script_stop(void *self, void *handle, tenon_plugin *plugin)
{
    (void)plugin;
    note(self, "stop-", handle);
}

static void script_undo(void *self, void *handle, const char *path, const char **stays)
{
    struct script *s = self;
    assert_ptr_equal(handle, path);
    *stays = s->stays;
    note(s, "undo-", path);
}

static void *script_symbol(void *self, void *handle, const char *name)
{
    (void)self;
    (void)handle;
    (void)name;
    return NULL;
}

static const struct tn_backend scripted = {
    "scripted", script_open, script_run, script_stop, script_undo, script_symbol, NULL,
};

static bool check(void *arg, size_t image, tenon_error *err)
{
    char path[2] = { (char)('a' + image), '\0' };
    return note(arg, "check-", path) || tn_fail(err, TENON_E_MALFORMED, "scripted");
}

/* Runs a plugin with two libraries, of which the second is there already. */
static bool run(struct script *s, bool with_check, struct tn_opened images[3],
                enum tenon_finding_kind *kind)
{
    tenon_error err = TENON_ERROR_INIT;
    struct tn_execution x = { .backend = &scripted,
                              .self = s,
                              .images = images,
                              .count = 3,
                              .check = with_check ? check : NULL,
                              .arg = s };
    images[0] = (struct tn_opened){ .path = "a" };
    images[1] = (struct tn_opened){ .path = "b", .skip = true };
    images[2] = (struct tn_opened){ .path = "c", .global = true };
    bool good = tn_execute_open(&x, kind, &err);
    if (good) {
        *kind = TENON_FINDING_START;
        good = tn_execute_start(&x, &err);
        if (!good)
            tn_execute_close(&x);
    }
    assert_int_equal(x.reached_loader, strncmp(s->log, "check-a", sizeof s->log) != 0);
    assert_int_equal(good, err.code == TENON_OK);
    return good;
}

static void in_order_and_back(void **state)
{
    struct script s = { .stays = "unique" };
    struct tn_opened images[3];
    enum tenon_finding_kind kind;
    (void)state;
    assert_true(run(&s, false, images, &kind));
    assert_string_equal(s.log, "open-a OPEN-c run-c");
    assert_int_equal(images[2].state, TENON_INITIALISED);
    struct tn_execution x = { .backend = &scripted, .self = &s, .images = images, .count = 3 };
    tn_execute_undo(&x);
    assert_string_equal(s.log, "open-a OPEN-c run-c stop-c undo-c undo-a");
    assert_string_equal(images[0].stays, "unique");
    assert_null(images[1].stays);
}

static void expect_failure(const char *fail_at, int status, enum tenon_finding_kind wanted,
                           const char *log)
{
    struct script s = { .fail_at = fail_at, .start_status = status };
    struct tn_opened images[3];
    enum tenon_finding_kind kind;
    assert_false(run(&s, fail_at && strncmp(fail_at, "check", 5) == 0, images, &kind));
    assert_string_equal(tenon_finding_name(kind), tenon_finding_name(wanted));
    assert_string_equal(s.log, log);
    for (size_t i = 0; i < 3; i++)
        assert_null(images[i].handle);
}

static void failing_at_any_step(void **state)
{
    (void)state;
    expect_failure("open-a", 0, TENON_FINDING_LOADER, "open-a");
    expect_failure("OPEN-c", 0, TENON_FINDING_LOADER, "open-a OPEN-c undo-a");
    expect_failure("run-c", 0, TENON_FINDING_START, "open-a OPEN-c run-c undo-c undo-a");
    expect_failure(NULL, 7, TENON_FINDING_START, "open-a OPEN-c run-c undo-c undo-a");
    expect_failure("check-a", 0, TENON_FINDING_CACHE, "check-a");
    expect_failure("check-c", 0, TENON_FINDING_CACHE, "check-a open-a check-a check-c undo-a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_and_back),
        cmocka_unit_test(failing_at_any_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
