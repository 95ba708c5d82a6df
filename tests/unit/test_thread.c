/* tests/unit/test_thread.c - helping threads have no signals and their own processors */
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "thread.h"

#define HELPERS 3

struct helper {
    pthread_t thread;
    sem_t may_look;
    sigset_t blocked;
    struct tn_processors own;
};

static void *look(void *arg)
{
    struct helper *helper = arg;
    while (sem_wait(&helper->may_look) != 0)
        ;
    pthread_sigmask(SIG_BLOCK, NULL, &helper->blocked);
    tn_processors_get(&helper->own);
    return NULL;
}

static void start(struct helper *helper)
{
    sem_init(&helper->may_look, 0, 0);
    assert_true(tn_thread_start(&helper->thread, look, helper));
}

static void finish(struct helper *helper)
{
    sem_post(&helper->may_look);
    pthread_join(helper->thread, NULL);
    sem_destroy(&helper->may_look);
}

static void signals_stay_with_the_others(void **state)
{
    (void)state;
    struct helper helper;
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    start(&helper);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    finish(&helper);
    static const int some[] = { SIGINT, SIGTERM, SIGCHLD, SIGALRM, SIGUSR1, SIGPIPE };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        assert_true(sigismember(&helper.blocked, some[i]));
        assert_int_equal(sigismember(&before, some[i]), sigismember(&after, some[i]));
    }
}

static void one_alone_may_go_anywhere(void **state)
{
    (void)state;
    struct helper helper;
    struct tn_processors own;
    tn_processors_get(&own);
    start(&helper);
    finish(&helper);
    assert_int_equal(helper.own.count, own.count);
}

/* With one processor for each at least: parts that are disjoint, alike in size, and all of them. */
static void parts_are_all_there_is(size_t helpers)
{
    struct helper rows[HELPERS];
    pthread_t threads[HELPERS];
    struct tn_processors own, kept, after;
    tn_processors_get(&own);
    for (size_t i = 0; i < helpers; i++) {
        start(&rows[i]);
        threads[i] = rows[i].thread;
    }
    tn_processors_divide(&own, threads, helpers);
    tn_processors_get(&kept);
    size_t sum = kept.count, parts = helpers + 1;
    for (size_t i = 0; i < helpers; i++) {
        finish(&rows[i]);
        sum += rows[i].own.count;
    }
    tn_processors_set(&own);
    tn_processors_get(&after);
    assert_int_equal(after.count, own.count);

    if (own.count < parts) { /* nothing is divided */
        assert_int_equal(sum, parts * own.count);
        return;
    }
    assert_int_equal(sum, own.count);
    assert_in_range(kept.count, own.count / parts, own.count / parts + 1);
#if defined __linux__
    cpu_set_t all = kept.set;
    for (size_t i = 0; i < helpers; i++) {
        assert_in_range(rows[i].own.count, own.count / parts, own.count / parts + 1);
        CPU_OR(&all, &all, &rows[i].own.set);
    }
    assert_true(CPU_EQUAL(&all, &own.set));
#endif
}

static void each_has_its_part(void **state)
{
    (void)state;
    for (size_t helpers = 0; helpers <= HELPERS; helpers++)
        parts_are_all_there_is(helpers);
}

/* As under taskset: what the caller may not use is nobody's. */
static void only_the_callers_are_divided(void **state)
{
    (void)state;
#if defined __linux__
    struct tn_processors own, one = { .count = 1 };
    tn_processors_get(&own);
    CPU_ZERO(&one.set);
    for (size_t i = CPU_SETSIZE; i-- > 0;)
        if (CPU_ISSET(i, &own.set)) {
            CPU_SET(i, &one.set);
            break;
        }
    tn_processors_set(&one);
    each_has_its_part(NULL);
    tn_processors_set(&own);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_stay_with_the_others),
        cmocka_unit_test(one_alone_may_go_anywhere),
        cmocka_unit_test(each_has_its_part),
        cmocka_unit_test(only_the_callers_are_divided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
