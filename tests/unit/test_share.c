/* tests/unit/test_share.c - resolvers that share what they read answer as each would alone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <tenon/resolve.h>
#include <unistd.h>

#include "graph_text.h"

#define MOST 64
#define THREADS 4

/* Files of this system, with what is right about each. */
struct files {
    char *paths[MOST], *right[MOST];
    size_t count;
};

static struct files files;

static tenon_resolver *new_resolver(tenon_world **world)
{
    *world = tenon_world_host(NULL);
    assert_non_null(*world);
    tenon_resolver *r = tenon_resolver_new(*world, NULL);
    assert_non_null(r);
    return r;
}

static void add(const char *path)
{
    assert_true(files.count < MOST);
    files.paths[files.count] = strdup(path);
    assert_non_null(files.paths[files.count++]);
}

static int setup(void **state)
{
    tenon_world *world;
    tenon_resolver *r = new_resolver(&world);
    (void)state;
    add("/proc/self/exe");
    add("/nowhere/at/all");
    add("/");
    add("/etc/passwd");
    tenon_graph *graph = tenon_resolve_file(r, files.paths[0], NULL);
    assert_non_null(graph);
    for (size_t i = 0; i < tenon_graph_count(graph) && files.count < MOST - 12; i++)
        if (tenon_graph_library(graph, i)->path)
            add(tenon_graph_library(graph, i)->path);
    tenon_graph_free(graph);
    for (size_t i = 0; i < 10; i++)
        add(files.paths[i % 5 % files.count]);
    for (size_t i = 0; i < files.count; i++)
        files.right[i] = answer(r, files.paths[i]);
    tenon_resolver_free(r);
    tenon_world_free(world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < files.count; i++) {
        free(files.paths[i]);
        free(files.right[i]);
    }
    return 0;
}

struct asker {
    tenon_world *world;
    tenon_resolver *resolver;
    pthread_t thread;
    size_t step;   /* from one file to the next */
    bool expected; /* says so before it asks */
    size_t wrong;
};

static void *ask_all(void *arg)
{
    struct asker *asker = arg;
    for (size_t i = 0; i < files.count; i++) {
        size_t k = i * asker->step % files.count;
        const char *path = files.paths[k];
        if (asker->expected && !tenon_resolver_expect(asker->resolver, &path, 1, NULL))
            asker->wrong++;
        char *text = answer(asker->resolver, path);
        asker->wrong += strcmp(text, files.right[k]) != 0;
        free(text);
    }
    tenon_resolver_free(asker->resolver);
    tenon_world_free(asker->world);
    return NULL;
}

/* Every second one says what it will ask; one goes through the files from the end. */
static void ask_together(void)
{
    struct asker askers[THREADS] = { 0 };
    for (size_t i = 0; i < THREADS; i++) {
        askers[i].resolver = new_resolver(&askers[i].world);
        askers[i].step = i == 1 ? files.count - 1 : 1;
        askers[i].expected = i % 2;
        assert_true(tenon_resolver_share(askers[i].resolver, i ? askers[0].resolver : NULL, NULL));
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_all, &askers[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(askers[i].thread, NULL);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(askers[i].wrong, 0);
}

static void answers_are_the_same(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++)
        ask_together();
}

static void one_may_join_while_another_asks(void **state)
{
    struct asker first = { .step = 1, .expected = true };
    (void)state;
    first.resolver = new_resolver(&first.world);
    assert_true(tenon_resolver_share(first.resolver, NULL, NULL));
    struct asker second = { .step = 1 };
    free(answer(first.resolver, files.paths[0]));
    second.resolver = new_resolver(&second.world);
    assert_true(tenon_resolver_share(second.resolver, first.resolver, NULL));
    ask_all(&first); /* and is gone */
    ask_all(&second);
    assert_int_equal(first.wrong + second.wrong, 0);
}

static void sharing_begins_before_the_first_question(void **state)
{
    tenon_world *worlds[2];
    tenon_resolver *asked = new_resolver(&worlds[0]), *expects = new_resolver(&worlds[1]);
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    free(answer(asked, files.paths[0]));
    assert_false(tenon_resolver_share(asked, NULL, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_true(
        tenon_resolver_expect(expects, (const char *const *)files.paths, files.count, NULL));
    assert_false(tenon_resolver_share(expects, NULL, NULL));
    tenon_resolver_free(asked);
    tenon_resolver_free(expects);
    tenon_world_free(worlds[0]);
    tenon_world_free(worlds[1]);
}

/* Relative paths of two worlds may mean different files. */
static void each_world_has_its_own_directory(void **state)
{
    tenon_world *worlds[2];
    char real[4096], *name;
    tenon_resolver *r[2];
    (void)state;
    ssize_t size = readlink("/proc/self/exe", real, sizeof real - 1);
    assert_true(size > 0);
    real[size] = '\0';
    name = strrchr(real, '/') + 1;
    for (size_t i = 0; i < 2; i++) {
        r[i] = new_resolver(&worlds[i]);
        assert_true(tenon_resolver_share(r[i], i ? r[0] : NULL, NULL));
    }
    name[-1] = '\0';
    assert_true(tenon_world_set_cwd(worlds[0], "/", NULL));
    assert_true(tenon_world_set_cwd(worlds[1], real, NULL));
    assert_null(tenon_resolve_file(r[0], name, NULL));
    tenon_graph *graph = tenon_resolve_file(r[1], name, NULL);
    assert_non_null(graph);
    tenon_graph_free(graph);
    for (size_t i = 0; i < 2; i++) {
        tenon_resolver_free(r[i]);
        tenon_world_free(worlds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_same),
        cmocka_unit_test(one_may_join_while_another_asks),
        cmocka_unit_test(sharing_begins_before_the_first_question),
        cmocka_unit_test(each_world_has_its_own_directory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
