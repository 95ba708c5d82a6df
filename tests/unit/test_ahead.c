/* tests/unit/test_ahead.c - reading ahead changes no answer, whatever is asked and in which order
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/resolve.h>

#include "graph_text.h"

#define MOST 64

/* Files of this system: this program, all that it loads, some twice, some that are no images. */
struct files {
    char *paths[MOST];
    size_t count;
};

static void add(struct files *files, const char *path)
{
    assert_true(files->count < MOST);
    files->paths[files->count] = strdup(path);
    assert_non_null(files->paths[files->count++]);
}

static tenon_resolver *new_resolver(tenon_world **world)
{
    *world = tenon_world_host(NULL);
    assert_non_null(*world);
    tenon_resolver *r = tenon_resolver_new(*world, NULL);
    assert_non_null(r);
    return r;
}

static void free_resolver(tenon_resolver *r, tenon_world *world)
{
    tenon_resolver_free(r);
    tenon_world_free(world);
}

static int setup(void **state)
{
    static struct files files;
    tenon_world *world;
    tenon_resolver *r = new_resolver(&world);
    add(&files, "/proc/self/exe");
    add(&files, "/nowhere/at/all");
    add(&files, "/");
    tenon_graph *graph = tenon_resolve_file(r, files.paths[0], NULL);
    assert_non_null(graph);
    for (size_t i = 0; i < tenon_graph_count(graph) && files.count < MOST - 12; i++)
        if (tenon_graph_library(graph, i)->path)
            add(&files, tenon_graph_library(graph, i)->path);
    tenon_graph_free(graph);
    for (size_t i = 0; i < 10; i++) /* long enough for a thread, if nothing is loaded */
        add(&files, files.paths[i % 4 % files.count]);
    free_resolver(r, world);
    *state = &files;
    return 0;
}

static int teardown(void **state)
{
    struct files *files = *state;
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    return 0;
}

/* Asks two resolvers for all files in steps, one of which expects the first of them. */
static void compare(const struct files *files, size_t expected, size_t step)
{
    tenon_world *worlds[2];
    tenon_resolver *plain = new_resolver(&worlds[0]), *ahead = new_resolver(&worlds[1]);
    assert_true(tenon_resolver_expect(ahead, (const char *const *)files->paths, expected, NULL));
    for (size_t i = 0; i < files->count; i++) {
        const char *path = files->paths[i * step % files->count];
        char *right = answer(plain, path), *text = answer(ahead, path);
        assert_string_equal(text, right);
        free(right);
        free(text);
    }
    free_resolver(plain, worlds[0]);
    free_resolver(ahead, worlds[1]);
}

static void answers_are_the_same(void **state)
{
    const struct files *files = *state;
    for (int round = 0; round < 20; round++)
        compare(files, files->count, 1);
}

static void files_may_be_asked_for_in_another_order(void **state)
{
    const struct files *files = *state;
    compare(files, files->count, files->count - 1); /* from the end */
    compare(files, files->count / 2, 1);            /* more than were expected */
    compare(files, 1, 1);
    compare(files, 0, 1);
}

static void a_resolver_may_end_before_it_was_asked(void **state)
{
    const struct files *files = *state;
    for (int round = 0; round < 20; round++) {
        tenon_world *world;
        tenon_resolver *r = new_resolver(&world);
        assert_true(
            tenon_resolver_expect(r, (const char *const *)files->paths, files->count, NULL));
        assert_false(tenon_resolver_expect(r, NULL, 0, NULL)); /* twice */
        if (round % 2)
            free(answer(r, files->paths[0]));
        free_resolver(r, world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_same),
        cmocka_unit_test(files_may_be_asked_for_in_another_order),
        cmocka_unit_test(a_resolver_may_end_before_it_was_asked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
