/* tests/unit/memory_case.h - an answer while each allocation fails in turn */
/*
 * Not only malloc: an arena takes memory in large blocks, so what is taken from it fails too (the
 * build wraps these functions).
 *
 * With one allocation failing there is either TENON_E_MEMORY or the whole right answer, never a
 * wrong one; nothing leaks (the sanitizers see to that); and the same resolver, asked again with
 * memory to spare, gives the right answer.
 */
#ifndef MEMORY_CASE_H
#define MEMORY_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "failing_arena.h"
#include "world_case.h"

#define ALL_FLAGS (TENON_RESOLVE_LATER | TENON_RESOLVE_SYMBOLS | TENON_RESOLVE_DLOPEN)

/* Everything a graph says, so that a part left out shows; in the case's text. */
static const char *whole_text(struct world_case *c, const tenon_graph *graph)
{
    char number[64];
    c->graph = (tenon_graph *)graph;
    case_text(c);
    for (size_t i = 0; i < tenon_graph_count(graph); i++) {
        for (size_t k = 0; k < tenon_graph_tried_count(graph, i); k++) {
            const tenon_attempt *a = tenon_graph_tried(graph, i, k);
            case_say(c, a->path);
            case_say(c, tenon_outcome_name(a->outcome));
            case_say(c, a->detail ? a->detail : "");
            case_say(c, "\n");
        }
        const tenon_library *l = tenon_graph_library(graph, i);
        for (size_t k = 0; k < l->need_count; k++) {
            snprintf(number, sizeof number, "%d ", l->needs[k]);
            case_say(c, number);
        }
    }
    for (size_t i = 0; i < tenon_graph_missing_version_count(graph); i++)
        case_say(c, tenon_graph_missing_version(graph, i)->reason);
    for (size_t i = 0; i < tenon_graph_binding_count(graph); i++) {
        const tenon_symbol_binding *b = tenon_graph_binding(graph, i);
        snprintf(number, sizeof number, " %d %d\n", b->needed_by, b->provider);
        case_say(c, b->symbol);
        case_say(c, number);
    }
    for (size_t i = 0; i < tenon_graph_dlopen_count(graph); i++) {
        case_say(c, tenon_graph_dlopen(graph, i)->name);
        case_say(c, tenon_status_name(tenon_graph_dlopen(graph, i)->status));
    }
    if (tenon_graph_reason(graph))
        case_say(c, tenon_graph_reason(graph));
    for (size_t i = 0; tenon_graph_remark(graph, i); i++)
        case_say(c, tenon_graph_remark(graph, i));
    c->graph = NULL;
    return c->text;
}

static void check_text(struct world_case *c, tenon_graph *graph, const char *expected)
{
    assert_string_equal(whole_text(c, graph), expected);
    tenon_graph_free(graph);
}

/* One question with the n-th allocation failing; false when none failed any more. */
static bool ask_with_failure(struct world_case *c, const char *file, const tenon_state *process,
                             const char *expected, long n)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_graph *graph = NULL;
    fail_after(n);
    tenon_resolver *r = tenon_resolver_new(c->world, &err);
    bool ready = r && tenon_resolver_set_exe(r, c->exe, &err);
    if (ready) {
        tenon_resolver_set_flags(r, c->flags);
        graph = process ? tenon_resolve_state(r, process, &err) : tenon_resolve_file(r, file, &err);
    }
    bool failed = allocation_failed;
    fail_never();
    if (!graph) {
        assert_true(failed);
        assert_int_equal(err.code, TENON_E_MEMORY);
    } else {
        check_text(c, graph, expected);
    }
    if (r) { /* and again, with memory */
        assert_true(ready || tenon_resolver_set_exe(r, c->exe, NULL));
        tenon_resolver_set_flags(r, c->flags);
        graph = process ? tenon_resolve_state(r, process, &err) : tenon_resolve_file(r, file, &err);
        assert_non_null(graph);
        check_text(c, graph, expected);
    }
    tenon_resolver_free(r);
    return failed;
}

/* The world forgets what it remembers of files, so that each question asks it anew. */
static void forget_files(struct world_case *c)
{
    case_put_text(c, "/forget", "");
}

static void fail_each(struct world_case *c, const char *file, const tenon_state *process)
{
    tenon_error err = TENON_ERROR_INIT;
    case_resolver(c);
    tenon_graph *graph = process ? tenon_resolve_state(c->resolver, process, &err)
                                 : tenon_resolve_file(c->resolver, file, &err);
    assert_non_null(graph);
    char *expected = strdup(whole_text(c, graph));
    assert_non_null(expected);
    tenon_graph_free(graph);
    long n = 0;
    do
        forget_files(c);
    while (ask_with_failure(c, file, process, expected, n++));
    assert_true(n > 20); /* there was something to fail */
    free(expected);
}

#endif
