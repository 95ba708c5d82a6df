/*
 * tests/unit/test_ocaml_plan.c - plans of OCaml code: what a plan says where any allocation may
 * fail, and what is noted of code that was loaded
 *
 * The code is that of fuzz/seeds: bytecode, which any machine's process may plan. Nothing is run.
 */
#include "bundle_case.h"

#include <tenon/ocaml_process.h>

#include "cache.h"
#include "failing_arena.h"
#include "ocaml_proof.h"
#include "triple.h"

static const char *seed(char room[4096], const char *name)
{
    snprintf(room, 4096, "%s/fuzz/seeds/%s", getenv("TENON_SOURCE"), name);
    return room;
}

/* A plugin whose code is Use, with the library Dep that it requires. */
static const char *make_bundle(struct bundle_case *c, bool with_library)
{
    char room[4096];
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);
    assert_non_null(b);
    assert_true(tenon_builder_set(b, "name", "use", &err));
    assert_true(tenon_builder_set(b, "main", "use", &err));
    if (with_library)
        assert_true(tenon_builder_add_code_as(b, seed(room, "cmo/dep.cmo"), TENON_CODE_OCAML_BYTE,
                                              "dep.cma", &err));
    assert_true(tenon_builder_add_code_as(b, seed(room, "cmo/use.cmo"), TENON_CODE_OCAML_BYTE,
                                          "use.cma", &err));
    if (!tenon_builder_write(b, case_path(c, "use.plugin"), &err))
        fail_msg("%s", tenon_error_message(&err));
    tenon_builder_free(b);
    return c->path;
}

static tenon_ocaml_process *new_process(struct bundle_case *c)
{
    char cache[512];
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process =
        tenon_ocaml_process_new(TENON_OCAML_LOADER_BYTECODE, "030", NULL, &err);
    if (!process)
        fail_msg("%s", tenon_error_message(&err));
    snprintf(cache, sizeof cache, "%s/cache", c->root);
    assert_true(tenon_process_set_cache(tenon_ocaml_process_settings(process), cache, &err));
    return process;
}

static tenon_ocaml_plan *plan(tenon_ocaml_process *process, const char *file, tenon_error *err)
{
    const tenon_ocaml_request request = { .plugin = file };
    return tenon_ocaml_plan_make(process, &request, 1, 0, err);
}

/* "label: findings", to be compared. */
static void describe(const tenon_ocaml_plan *made, char *out, size_t size)
{
    const tenon_report *report = tenon_ocaml_plan_report(made);
    tenon_ocaml_step step;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; tenon_ocaml_plan_step(made, i, &step) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s; ", step.label);
    for (size_t i = 0; i < tenon_report_finding_count(report) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s\n",
                                 tenon_report_finding(report, i)->message);
}

static void a_library_comes_before_the_plugin(void **state)
{
    char said[1024];
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process = new_process(*state);
    tenon_ocaml_plan *made = plan(process, make_bundle(*state, true), &err);
    assert_non_null(made);
    describe(made, said, sizeof said);
    assert_string_equal(said, "library dep of plugin \"use\"; plugin \"use\"; ");
    assert_false(tenon_ocaml_is_present(process, "Dep"));
    assert_true(tenon_ocaml_plan_done(made, 0, SIZE_MAX, &err));
    assert_true(tenon_ocaml_is_present(process, "Dep"));
    assert_false(tenon_ocaml_is_present(process, "Use"));
    tenon_ocaml_plan_free(made);
    tenon_ocaml_process_free(process);
}

static void a_unit_is_there_while_its_file_is_loaded(void **state)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process = new_process(*state);
    tenon_ocaml_plan *made = plan(process, make_bundle(*state, true), &err);
    size_t count = tenon_ocaml_present_count(process);
    tenon_ocaml_present unit;
    assert_non_null(made);
    assert_true(tenon_ocaml_plan_begin(made, 0, &err));
    assert_true(tenon_ocaml_present_at(process, count, &unit));
    assert_string_equal(unit.name, "Dep");
    assert_int_equal(unit.state, TENON_MAPPED);
    tenon_ocaml_plan_withdraw(made, 0);
    assert_false(tenon_ocaml_is_present(process, "Dep"));
    assert_int_equal(tenon_ocaml_present_count(process), count);
    assert_true(tenon_ocaml_plan_is_current(made, 0));
    assert_true(tenon_ocaml_plan_begin(made, 0, &err));
    assert_true(tenon_ocaml_plan_done(made, 0, 0, &err));
    assert_true(tenon_ocaml_present_at(process, count, &unit));
    assert_int_equal(unit.state, TENON_FAILED);
    assert_false(tenon_ocaml_plan_begin(made, SIZE_MAX, &err));
    tenon_ocaml_plan_free(made);
    tenon_ocaml_process_free(process);
}

/* No memory is an error, and never an answer. */
static void try_each_allocation(struct bundle_case *c, const char *file)
{
    char expected[1024], said[1024];
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process = new_process(c);
    tenon_ocaml_plan *made = plan(process, file, &err);
    assert_non_null(made);
    describe(made, expected, sizeof expected);
    tenon_ocaml_plan_free(made);
    tenon_ocaml_process_free(process);
    for (long n = 0;; n++) {
        err = (tenon_error)TENON_ERROR_INIT;
        process = new_process(c);
        fail_after(n);
        made = plan(process, file, &err);
        bool failed = allocation_failed;
        fail_never();
        if (made) {
            describe(made, said, sizeof said);
            assert_string_equal(said, expected);
        } else {
            assert_int_equal(err.code, TENON_E_MEMORY);
        }
        tenon_ocaml_plan_free(made);
        tenon_ocaml_process_free(process);
        if (!failed)
            break;
        assert_true(n < 20000);
    }
}

static void every_allocation_may_fail(void **state)
{
    char file[512];
    snprintf(file, sizeof file, "%s", make_bundle(*state, true));
    try_each_allocation(*state, file);
}

static void every_allocation_of_a_refusal_may_fail(void **state)
{
    char file[512];
    snprintf(file, sizeof file, "%s", make_bundle(*state, false));
    try_each_allocation(*state, file);
}

/* The path of a step is known before anything is taken out when the index had it. */
static bool is_planned_from_the_index(struct bundle_case *c, const char *file, bool load)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process = new_process(c);
    tenon_bundle *bundle = tenon_ocaml_open_bundle(process, file, &err);
    tenon_ocaml_plan *made = plan(process, file, &err);
    tenon_ocaml_step step;
    assert_non_null(bundle);
    assert_non_null(made);
    assert_int_equal(tenon_ocaml_plan_count(made), 2);
    assert_true(tenon_ocaml_plan_step(made, 0, &step));
    bool known = step.path != NULL;
    if (load) {
        assert_true(tenon_ocaml_plan_take(made, 0, &err));
        for (size_t i = 0; i < 2; i++) {
            assert_true(tenon_ocaml_plan_check(made, i, &err));
            assert_true(tenon_ocaml_plan_done(made, i, SIZE_MAX, &err));
        }
        assert_true(tenon_ocaml_plan_loaded(made, 0, &err));
        tenon_ocaml_plan_end(made);
        assert_true(tenon_ocaml_is_present(process, "Use"));
    }
    tenon_ocaml_plan_free(made);
    tenon_bundle_free(bundle);
    tenon_ocaml_process_free(process);
    return known;
}

static void code_that_was_loaded_is_planned_from_the_index(void **state)
{
    struct bundle_case *c = *state;
    char file[512], command[700];
    snprintf(file, sizeof file, "%s", make_bundle(c, true));
    sleep(3); /* what changed moments ago is not noted */
    assert_false(is_planned_from_the_index(c, file, true));
    assert_true(is_planned_from_the_index(c, file, true));
    /* a file that is another one by now is looked at, and found wanting */
    snprintf(command, sizeof command,
             "chmod -R u+w %s/cache; for f in %s/cache/*/dep.cma; do "
             "echo x >>$f; done",
             c->root, c->root);
    assert_int_equal(system(command), 0);
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process = new_process(c);
    tenon_bundle *bundle = tenon_ocaml_open_bundle(process, file, &err);
    tenon_ocaml_plan *made = plan(process, file, &err);
    assert_non_null(made);
    assert_false(tenon_report_ok(tenon_ocaml_plan_report(made)));
    tenon_ocaml_plan_free(made);
    tenon_bundle_free(bundle);
    tenon_ocaml_process_free(process);
}

static bool may_prune(struct bundle_case *c)
{
    char place[512];
    tenon_error err = TENON_ERROR_INIT;
    snprintf(place, sizeof place, "%s/cache", c->root);
    struct tn_cache *cache = tn_cache_open(place, &err);
    assert_non_null(cache);
    bool may = tn_cache_prune(cache, false, NULL, NULL, &err);
    tn_cache_close(cache);
    return may;
}

static void a_plan_that_ended_leaves_the_cache_to_others(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    char file[512];
    snprintf(file, sizeof file, "%s", make_bundle(c, true));
    sleep(3); /* so that the second plan is made from notes */
    for (int round = 0; round < 2; round++) {
        tenon_ocaml_process *process = new_process(c);
        tenon_bundle *bundle = tenon_ocaml_open_bundle(process, file, &err);
        tenon_ocaml_plan *made = plan(process, file, &err);
        assert_non_null(made);
        if (round == 0) {
            assert_true(tenon_ocaml_plan_take(made, 0, &err));
            assert_false(may_prune(c));
            assert_true(tenon_ocaml_plan_loaded(made, 0, &err));
        }
        tenon_ocaml_plan_end(made);
        assert_true(may_prune(c));
        /* who goes on all the same finds it open again */
        assert_true(tenon_ocaml_plan_take(made, 0, &err));
        assert_true(tenon_ocaml_plan_check(made, 0, &err));
        assert_true(round == 0 || !may_prune(c));
        tenon_ocaml_plan_free(made);
        assert_true(may_prune(c));
        tenon_bundle_free(bundle);
        tenon_ocaml_process_free(process);
    }
}

/* ---- where stubs are ---------------------------------------------------------------------------
 */

struct asked {
    const char *directory;
    int times;
};

static bool add_directory(void *arg, tenon_ocaml_process *process, tenon_error *err)
{
    struct asked *asked = arg;
    asked->times++;
    return tenon_ocaml_add_dll_directory(process, asked->directory, err);
}

/* A plugin with units Dep, Use and Prim, which wants the stubs dllprim.so. */
static const char *make_bundle_with_stubs(struct bundle_case *c)
{
    char room[4096];
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);
    assert_non_null(b);
    assert_true(tenon_builder_set(b, "name", "all", &err));
    assert_true(tenon_builder_add_code_as(b, seed(room, "cma/all.cma"), TENON_CODE_OCAML_BYTE,
                                          "all.cma", &err));
    if (!tenon_builder_write(b, case_path(c, "all.plugin"), &err))
        fail_msg("%s", tenon_error_message(&err));
    tenon_builder_free(b);
    return c->path;
}

static void where_stubs_are_is_asked_once_and_late(void **state)
{
    struct bundle_case *c = *state;
    char file[512], said[1024];
    struct asked asked = { .directory = c->root };
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process = new_process(c);
    tenon_ocaml_set_dll_search(process, add_directory, &asked);
    tenon_ocaml_plan_free(plan(process, make_bundle(c, true), &err));
    assert_int_equal(asked.times, 0); /* it has no C code */
    snprintf(file, sizeof file, "%s", make_bundle_with_stubs(c));
    for (int i = 0; i < 2; i++) {
        tenon_ocaml_plan *made = plan(process, file, &err);
        assert_non_null(made);
        describe(made, said, sizeof said);
        assert_non_null(strstr(said, "needs the C stubs dllprim.so"));
        assert_int_equal(asked.times, 1);
        tenon_ocaml_plan_free(made);
    }
    /* what it said is where they are */
    FILE *stub = fopen(case_path(c, "dllprim.so"), "w");
    assert_non_null(stub);
    fputs("no library", stub);
    fclose(stub);
    tenon_ocaml_plan *made = plan(process, file, &err);
    assert_non_null(made);
    describe(made, said, sizeof said);
    assert_null(strstr(said, "needs the C stubs"));
    assert_non_null(strstr(said, "dllprim.so: "));
    assert_int_equal(asked.times, 1);
    tenon_ocaml_plan_free(made);
    tenon_ocaml_process_free(process);
}

/* ---- the notes themselves ---------------------------------------------------------------------
 */

static tenon_ocaml *open_code(const char *name)
{
    char room[4096];
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_host(&err);
    tenon_ocaml *code = tenon_ocaml_open(world, seed(room, name), &err);
    if (!code)
        fail_msg("%s", tenon_error_message(&err));
    tenon_world_free(world);
    return code;
}

static struct tn_packer pack(void)
{
    static const char *names[] = { "malloc", "free", "libc.so.6" };
    struct tn_packer packer = { .at = NULL };
    tenon_ocaml *archive = open_code("cma/all.cma"), *plugin = open_code("cmxs/plugin");
    struct tn_oc_proof files[] = {
        { .entry = "a.cma", .identity = { 1, 2, 3, 4 }, .code = archive },
        { .entry = "a.cmxs", .identity = { 5, 6, 7, -8 }, .code = plugin, .has_c = true },
        { .entry = "dlla.so", .identity = { 9, 10, 11, 12 } },
    };
    files[1].c.wants = (struct tn_oc_symbols){ .at = names, .count = 2 };
    files[1].c.needs = (struct tn_oc_symbols){ .at = names + 2, .count = 1 };
    const struct tn_oc_proofs proofs = { .triple = CASE_TRIPLE, .files = files, .count = 3 };
    tn_oc_proofs_pack(&packer, &proofs);
    assert_false(packer.failed);
    tenon_ocaml_free(archive);
    tenon_ocaml_free(plugin);
    return packer;
}

static void same_imports(tenon_ocaml_imports a, tenon_ocaml_imports b)
{
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        assert_string_equal(a.at[i].name, b.at[i].name);
        assert_int_equal(a.at[i].crc.kind, b.at[i].crc.kind);
        assert_memory_equal(a.at[i].crc.bytes, b.at[i].crc.bytes, 16);
    }
}

static void same_names(tenon_ocaml_names a, tenon_ocaml_names b)
{
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++)
        assert_string_equal(a.at[i], b.at[i]);
}

static void same_code(const tenon_ocaml *got, const char *name)
{
    tenon_ocaml *expected = open_code(name);
    assert_non_null(got);
    assert_int_equal(tenon_ocaml_kind_of(got), tenon_ocaml_kind_of(expected));
    assert_string_equal(tenon_ocaml_digits(got), tenon_ocaml_digits(expected));
    assert_int_equal(tenon_ocaml_unit_count(got), tenon_ocaml_unit_count(expected));
    same_names(tenon_ocaml_dlls(got), tenon_ocaml_dlls(expected));
    for (size_t i = 0; i < tenon_ocaml_unit_count(expected); i++) {
        const tenon_ocaml_unit *a = tenon_ocaml_unit_at(got, i);
        const tenon_ocaml_unit *b = tenon_ocaml_unit_at(expected, i);
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->implementation.kind, b->implementation.kind);
        assert_memory_equal(a->interface.bytes, b->interface.bytes, 16);
        same_imports(a->required, b->required);
        same_imports(a->interfaces, b->interfaces);
        same_names(a->defines, b->defines);
        same_names(a->primitives, b->primitives);
    }
    tenon_ocaml_free(expected);
}

static const struct tn_oc_proof *read_note(const struct tn_oc_proofs *proofs, const char *entry,
                                           struct tn_arena *arena)
{
    struct tn_oc_proof *proof = tn_oc_proofs_find(proofs, entry);
    assert_non_null(proof);
    assert_true(tn_oc_proof_read(proofs, proof, arena));
    assert_int_equal(proof->packed.size, 0);
    return proof;
}

static bool read_all(const struct tn_oc_proofs *proofs, struct tn_arena *arena)
{
    for (size_t i = 0; proofs && i < proofs->count; i++)
        if (!tn_oc_proof_read(proofs, &proofs->files[i], arena))
            return false;
    return proofs;
}

static void notes_come_back_as_they_were(void **state)
{
    struct tn_packer p = pack();
    struct tn_arena arena = { 0 };
    const struct tn_oc_proofs *proofs = tn_oc_proofs_unpack(tn_view(p.at, p.used), &arena);
    (void)state;
    assert_non_null(proofs);
    assert_string_equal(proofs->triple, CASE_TRIPLE);
    assert_int_equal(proofs->count, 3);
    assert_null(tn_oc_proofs_find(proofs, "b.cma"));
    same_code(read_note(proofs, "a.cma", &arena)->code, "cma/all.cma");
    const struct tn_oc_proof *plugin = read_note(proofs, "a.cmxs", &arena);
    same_code(plugin->code, "cmxs/plugin");
    assert_true(plugin->has_c);
    assert_int_equal(plugin->identity.changed, -8);
    assert_int_equal(plugin->c.wants.count, 2);
    assert_string_equal(plugin->c.wants.at[1], "free");
    assert_string_equal(plugin->c.needs.at[0], "libc.so.6");
    const struct tn_oc_proof *stubs = read_note(proofs, "dlla.so", &arena);
    assert_null(stubs->code);
    assert_false(stubs->has_c);
    tn_arena_free(&arena);
    free(p.at);
}

/* What nobody asked for is written again as it is. */
static void notes_are_written_again_unread(void **state)
{
    struct tn_packer p = pack(), again = { .at = NULL };
    struct tn_arena arena = { 0 };
    const struct tn_oc_proofs *proofs = tn_oc_proofs_unpack(tn_view(p.at, p.used), &arena);
    (void)state;
    assert_non_null(proofs);
    read_note(proofs, "a.cmxs", &arena);
    tn_oc_proofs_pack(&again, proofs);
    assert_int_equal(again.used, p.used);
    assert_memory_equal(again.at, p.at, p.used);
    tn_arena_free(&arena);
    free(again.at);
    free(p.at);
}

/* A note that makes no sense is no reason to distrust those beside it. */
static void one_bad_note_is_told_when_it_is_read(void **state)
{
    struct tn_packer p = pack();
    struct tn_arena arena = { 0 };
    const struct tn_oc_proofs *proofs = tn_oc_proofs_unpack(tn_view(p.at, p.used), &arena);
    struct tn_oc_proof *bad;
    (void)state;
    assert_non_null(proofs);
    bad = tn_oc_proofs_find(proofs, "a.cma");
    p.at[bad->packed.at - p.at] = 0xff; /* flags */
    assert_false(tn_oc_proof_read(proofs, bad, &arena));
    assert_null(bad->code);
    same_code(read_note(proofs, "a.cmxs", &arena)->code, "cmxs/plugin");
    tn_arena_free(&arena);
    free(p.at);
}

static void each_prefix_is_refused(void **state)
{
    struct tn_packer p = pack();
    (void)state;
    for (size_t n = 0; n < p.used; n++) {
        struct tn_arena arena = { 0 };
        uint8_t *cut = malloc(n + !n); /* a sanitizer guards its end */
        memcpy(cut, p.at, n);
        assert_null(tn_oc_proofs_unpack(tn_view(cut, n), &arena));
        tn_arena_free(&arena);
        free(cut);
    }
    free(p.at);
}

static void each_byte_may_change(void **state)
{
    struct tn_packer p = pack();
    (void)state;
    for (size_t n = 0; n < p.used; n++) {
        struct tn_arena arena = { 0 };
        uint8_t *copy = malloc(p.used);
        memcpy(copy, p.at, p.used);
        copy[n] ^= 0xff;
        (void)read_all(tn_oc_proofs_unpack(tn_view(copy, p.used), &arena), &arena);
        tn_arena_free(&arena);
        free(copy);
    }
    free(p.at);
}

static void unpacking_without_memory_gives_nothing(void **state)
{
    struct tn_packer p = pack();
    (void)state;
    for (long n = 0;; n++) {
        struct tn_arena arena = { 0 };
        fail_after(n);
        bool good = read_all(tn_oc_proofs_unpack(tn_view(p.at, p.used), &arena), &arena);
        bool failed = allocation_failed;
        fail_never();
        assert_int_equal(good, !failed);
        tn_arena_free(&arena);
        if (!failed)
            break;
        assert_true(n < 1000);
    }
    free(p.at);
}

/* What the library was built for is what the program's file says. */
static void the_system_is_that_of_the_program(void **state)
{
    struct tn_triple own, read;
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_host(&err);
    tenon_image *image = tenon_image_open(world, "/proc/self/exe", TENON_PART_CORE, &err);
    (void)state;
    assert_non_null(image);
    assert_true(tn_triple_of(image, &read, &err));
    if (tn_triple_own(&own)) {
        assert_string_equal(own.text, read.text);
        assert_string_equal(own.libc, read.libc);
    }
    tenon_image_free(image);
    tenon_world_free(world);
}

/* Tells of many units, so that what is known moves, and that the one asked about is not there. */
static bool tells_of_others(void *arg, const char *unit)
{
    char name[32];
    (void)unit;
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "Told%d", i);
        const tenon_ocaml_present told = { .name = name,
                                           .state = TENON_INITIALISED,
                                           .reason = TENON_BY_OTHERS,
                                           .holder = "the probe" };
        assert_true(tenon_ocaml_tell(arg, &told, NULL));
    }
    return false;
}

/* ASan watches what is known of a unit being read after it moved. */
static void a_probe_may_tell_of_others(void **state)
{
    struct bundle_case *c = *state;
    char said[2000];
    tenon_error err = TENON_ERROR_INIT;
    const char *file = make_bundle(c, false);
    tenon_ocaml_process *process = new_process(c);
    tenon_ocaml_set_probe(process, tells_of_others, process);
    tenon_ocaml_plan *made = plan(process, file, &err);
    assert_non_null(made);
    describe(made, said, sizeof said);
    assert_non_null(strstr(said, "Dep"));
    assert_int_equal(tenon_ocaml_present_count(process), 500);
    tenon_ocaml_plan_free(made);
    tenon_ocaml_process_free(process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_unit_is_there_while_its_file_is_loaded, case_setup,
                                        case_teardown),
        cmocka_unit_test_setup_teardown(a_library_comes_before_the_plugin, case_setup,
                                        case_teardown),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, case_setup, case_teardown),
        cmocka_unit_test_setup_teardown(every_allocation_of_a_refusal_may_fail, case_setup,
                                        case_teardown),
        cmocka_unit_test_setup_teardown(code_that_was_loaded_is_planned_from_the_index, case_setup,
                                        case_teardown),
        cmocka_unit_test_setup_teardown(a_plan_that_ended_leaves_the_cache_to_others, case_setup,
                                        case_teardown),
        cmocka_unit_test_setup_teardown(where_stubs_are_is_asked_once_and_late, case_setup,
                                        case_teardown),
        cmocka_unit_test_setup_teardown(a_probe_may_tell_of_others, case_setup, case_teardown),
        cmocka_unit_test(notes_come_back_as_they_were),
        cmocka_unit_test(notes_are_written_again_unread),
        cmocka_unit_test(one_bad_note_is_told_when_it_is_read),
        cmocka_unit_test(the_system_is_that_of_the_program),
        cmocka_unit_test(each_prefix_is_refused),
        cmocka_unit_test(each_byte_may_change),
        cmocka_unit_test(unpacking_without_memory_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
