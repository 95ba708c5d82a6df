/* tests/unit/world_case.h - a question about a world in memory, and its whole answer as text */
#ifndef TEST_WORLD_CASE_H
#define TEST_WORLD_CASE_H

/*
 *     PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("libx.so.1"));
 *     assert_string_equal(answer(c, "/t/E"), "libx.so.1 => /t/a/libx.so.1 [RUNPATH]\n");
 *
 * To be included behind <cmocka.h>.
 */
#include <stdio.h>

#include <tenon/resolve.h>

#include "cache_builder.h"
#include "elf_builder.h"

#define GLIBC "/lib64/ld-linux-x86-64.so.2"
#define MUSL "/lib/ld-musl-x86_64.so.1"
#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define PUT(c, path, ...) case_put((c), (path), &(struct elf_spec){ __VA_ARGS__ })

struct world_case {
    tenon_world *world;
    tenon_resolver *resolver; /* of the last question */
    tenon_graph *graph;
    const char *loader, *exe, *interpreter; /* for the next resolver; NULL */
    unsigned flags;
    char *text;
    size_t size, room;
};

static inline void case_put(struct world_case *c, const char *path, const struct elf_spec *spec)
{
    size_t size;
    uint8_t *bytes = elf_build(spec, &size);
    assert_true(tenon_world_put_file(c->world, path, bytes, size, 0755, NULL));
    free(bytes);
}

static inline void case_put_text(struct world_case *c, const char *path, const char *text)
{
    assert_true(tenon_world_put_file(c->world, path, text, strlen(text), 0644, NULL));
}

static inline void case_put_link(struct world_case *c, const char *path, const char *target)
{
    assert_true(tenon_world_put_link(c->world, path, target, NULL));
}

static inline void case_env(struct world_case *c, const char *name, const char *value)
{
    assert_true(tenon_world_set_env(c->world, name, value, NULL));
}

static inline void case_cwd(struct world_case *c, const char *path)
{
    assert_true(tenon_world_set_cwd(c->world, path, NULL));
}

/* An ld.so of glibc 2.36 as upstream configures it, in the shape of `spec`. */
static inline void case_put_glibc(struct world_case *c, const char *path,
                                  const struct elf_spec *spec)
{
    static const char strings[] = "\0/lib64/\0/usr/lib64/\0\0/etc/ld.so.cache\0/etc/ld.so.preload\0"
                                  "ld.so (GNU libc) stable release version 2.36.\n";
    const char *slash = strrchr(path, '/');
    struct elf_spec loader = *spec;
    if (!loader.soname)
        loader.soname = slash + 1;
    if (!loader.rodata) {
        loader.rodata = strings;
        loader.rodata_size = sizeof strings;
    }
    case_put(c, path, &loader);
}

static inline void case_put_cache(struct world_case *c, const struct cache_entry *entries,
                                  size_t count)
{
    size_t size;
    uint8_t *bytes = cache_build(
        &(struct cache_spec){ .entries = entries, .count = count, .generator = "test" }, &size);
    assert_true(tenon_world_put_file(c->world, "/etc/ld.so.cache", bytes, size, 0644, NULL));
    free(bytes);
}

/* A world with both loaders, the C library of glibc, and nothing else. */
static inline int case_setup(void **state)
{
    struct world_case *c = calloc(1, sizeof *c);
    *state = c;
    if (!c || !(c->world = tenon_world_empty(NULL)))
        return -1;
    case_put_glibc(c, GLIBC, &(struct elf_spec){ 0 });
    case_put_cache(c, NULL, 0);
    PUT(c, "/lib64/libc.so.6", .soname = "libc.so.6", .needed = NAMES("ld-linux-x86-64.so.2"));
    PUT(c, MUSL, .soname = "libc.musl-x86_64.so.1");
    return 0;
}

static inline void case_forget(struct world_case *c)
{
    tenon_graph_free(c->graph);
    tenon_resolver_free(c->resolver);
    c->graph = NULL;
    c->resolver = NULL;
}

static inline int case_teardown(void **state)
{
    struct world_case *c = *state;
    case_forget(c);
    tenon_world_free(c->world);
    free(c->text);
    free(c);
    return 0;
}

static inline void case_say(struct world_case *c, const char *text)
{
    size_t size = strlen(text);
    if (c->size + size >= c->room) {
        c->room = (c->size + size) * 2 + 1024;
        c->text = realloc(c->text, c->room);
        assert_non_null(c->text);
    }
    memcpy(c->text + c->size, text, size + 1);
    c->size += size;
}

/* The libraries of the last graph, a line each. */
static inline const char *case_text(struct world_case *c)
{
    c->size = 0;
    case_say(c, "");
    for (size_t i = 0; i < tenon_graph_count(c->graph); i++) {
        const tenon_library *l = tenon_graph_library(c->graph, i);
        case_say(c, l->name);
        case_say(c, " => ");
        if (l->status == TENON_STATUS_FOUND) {
            case_say(c, l->path);
            case_say(c, " [");
            case_say(c, l->rule ? l->rule->name : "-");
            case_say(c, "]");
        } else {
            case_say(c, tenon_status_name(l->status));
            case_say(c, l->status == TENON_STATUS_REFUSED ? ": " : "");
            case_say(c, l->status == TENON_STATUS_REFUSED ? l->reason : "");
        }
        case_say(c, "\n");
    }
    return c->text;
}

static inline const char *case_error(struct world_case *c, const tenon_error *err)
{
    c->size = 0;
    case_say(c, "error ");
    case_say(c, tenon_code_name(err->code));
    case_say(c, ": ");
    case_say(c, err->text);
    return c->text;
}

static inline void case_resolver(struct world_case *c)
{
    case_forget(c);
    c->resolver = tenon_resolver_new(c->world, NULL);
    assert_non_null(c->resolver);
    assert_true(tenon_resolver_set_loader(c->resolver, c->loader, NULL));
    assert_true(tenon_resolver_set_exe(c->resolver, c->exe, NULL));
    assert_true(tenon_resolver_set_interpreter(c->resolver, c->interpreter, NULL));
    tenon_resolver_set_flags(c->resolver, c->flags);
}

/* What the resolver of the last question answers about another file. */
static inline const char *answer_again(struct world_case *c, const char *file)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_graph_free(c->graph);
    c->graph = tenon_resolve_file(c->resolver, file, &err);
    return c->graph ? case_text(c) : case_error(c, &err);
}

/* What a new resolver answers. */
static inline const char *answer(struct world_case *c, const char *file)
{
    case_resolver(c);
    return answer_again(c, file);
}

static inline const char *answer_state_again(struct world_case *c, const tenon_state *process)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_graph_free(c->graph);
    c->graph = tenon_resolve_state(c->resolver, process, &err);
    return c->graph ? case_text(c) : case_error(c, &err);
}

static inline const char *answer_state(struct world_case *c, const tenon_state *process)
{
    case_resolver(c);
    return answer_state_again(c, process);
}

/* The index of the library asked for as `name`. */
static inline size_t case_index(const struct world_case *c, const char *name)
{
    size_t i = 0;
    while (i < tenon_graph_count(c->graph) &&
           strcmp(tenon_graph_library(c->graph, i)->name, name) != 0)
        i++;
    assert_true(i < tenon_graph_count(c->graph));
    return i;
}

/* The search for one library: "PATH: OUTCOME", a line each; later ones begin with "later ". */
static inline const char *tried(struct world_case *c, const char *name)
{
    size_t i = case_index(c, name);
    c->size = 0;
    case_say(c, "");
    for (size_t k = 0; k < tenon_graph_tried_count(c->graph, i); k++) {
        const tenon_attempt *a = tenon_graph_tried(c->graph, i, k);
        case_say(c, a->later ? "later " : "");
        case_say(c, a->path);
        case_say(c, ": ");
        case_say(c, tenon_outcome_name(a->outcome));
        case_say(c, "\n");
    }
    return c->text;
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, case_setup, case_teardown)

#endif
