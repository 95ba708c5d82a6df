/* tests/unit/test_ahead.c - reading ahead changes no answer, whatever is asked and in which order
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/resolve.h>

#include "file.h"
#include "graph_text.h"

#define MOST 64

/* The thread that reads ahead can lose its processor at a file; how often the caller went past it.
 */
static pthread_t caller;
static atomic_bool stalls;
static _Atomic(const char *) stalled_at;
static unsigned overtaken;

int __real_tn_file_open(tenon_world *world, const char *path, struct tn_arena *arena,
                        struct tn_file *file);
int __wrap_tn_file_open(tenon_world *world, const char *path, struct tn_arena *arena,
                        struct tn_file *file);

int __wrap_tn_file_open(tenon_world *world, const char *path, struct tn_arena *arena,
                        struct tn_file *file)
{
    const char *at = stalled_at;
    if (pthread_equal(pthread_self(), caller)) {
        overtaken += at && strcmp(at, path) == 0;
    } else if (stalls) {
        stalled_at = path;
        usleep(3000);
        stalled_at = NULL;
    }
    return __real_tn_file_open(world, path, arena, file);
}

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
    caller = pthread_self();
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
    char *right[MOST];
    for (size_t i = 0; i < files->count; i++)
        right[i] = answer(plain, files->paths[i * step % files->count]);
    assert_true(tenon_resolver_expect(ahead, (const char *const *)files->paths, expected, NULL));
    for (size_t i = 0; i < files->count; i++) {
        char *text = answer(ahead, files->paths[i * step % files->count]);
        assert_string_equal(text, right[i]);
        free(right[i]);
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

/* The caller reads what the thread does not come to an end with, and the thread's is dropped. */
static void a_thread_that_stalls_is_not_waited_for(void **state)
{
    const struct files *files = *state;
    stalls = true;
    for (int round = 0; round < 5 || (overtaken == 0 && round < 500); round++)
        compare(files, files->count, 1);
    stalls = false;
    assert_int_not_equal(overtaken, 0);
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
        cmocka_unit_test(a_thread_that_stalls_is_not_waited_for),
        cmocka_unit_test(files_may_be_asked_for_in_another_order),
        cmocka_unit_test(a_resolver_may_end_before_it_was_asked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
