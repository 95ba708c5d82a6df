/* tests/unit/test_child.c - how a child ended is known whatever this process does with SIGCHLD */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"

static const struct {
    const char *what;
    struct sigaction action;
} manners[] = {
    { "default", { .sa_handler = SIG_DFL } },
    { "ignored", { .sa_handler = SIG_IGN } },
    { "no zombies", { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT } },
};

static int start(const char *script, struct tn_started *started)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };
    const struct tn_child child = {
        .argv = argv, .env = (const char *const *)environ, .in = -1, .out = -1, .err_out = -1
    };

    return tn_child_start(&child, started);
}

static struct tn_exit run(const char *script, unsigned seconds, int expected)
{
    const struct tn_patience patience = { .seconds = seconds };
    struct tn_exit exit = { 0 };
    struct tn_started started;

    assert_int_equal(start(script, &started), 0);
    assert_int_equal(tn_child_wait(&started, &patience, &exit), expected);
    return exit;
}

static void in_each_manner(void (*check)(void))
{
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        struct sigaction before, after;
        sigaction(SIGCHLD, &manners[i].action, &before);
        check();
        sigaction(SIGCHLD, &before, &after);
        assert_true(after.sa_handler == manners[i].action.sa_handler);
    }
}

static void look_at_ends(void)
{
    assert_int_equal(run("exit 0", 0, 0).status, 0);
    assert_int_equal(run("exit 3", 0, 0).status, 3);
    struct tn_exit killed = run("kill -9 $$", 0, 0);
    assert_int_equal(killed.signal, 9);
    assert_int_equal(killed.status, 137);
    /* what it starts can be waited for, and signals reach it */
    assert_int_equal(run("(exit 4); exit $?", 0, 0).status, 4); /* it can wait, too */
    run("exec sleep 30", 1, ETIMEDOUT);
}

static void ends_are_known(void **state)
{
    (void)state;
    in_each_manner(look_at_ends);
}

static void look_for_nothing(void)
{
    const char *const argv[] = { "/nowhere/there", NULL };
    const struct tn_child child = {
        .argv = argv, .env = argv + 1, .in = -1, .out = -1, .err_out = -1
    };
    struct tn_started started;

    assert_int_equal(tn_child_start(&child, &started), ENOENT);
}

static void what_is_not_there_is_told(void **state)
{
    (void)state;
    /* valgrind makes a fork of clone(CLONE_VM), and with that posix_spawn() is not told */
    if (getenv("TENON_SLOWER"))
        skip();
    in_each_manner(look_for_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_known),
        cmocka_unit_test(what_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
