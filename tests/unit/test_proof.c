/* tests/unit/test_proof.c - what is noted of code comes back as it was, and from nothing else */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_arena.h"
#include "holding.h"
#include "ocaml_proof.h"
#include "proof.h"
#include "record.h"
#include "units.h"

static const struct tn_identity identity = { 1, 2, 3, 4 };

/* Two units, and a summary that says that these are all. */
static tenon_units *make_units(struct tn_arena *arena, bool complete)
{
    static const tenon_definition definitions[] = { { "a_get", TENON_DEFINES_CODE },
                                                    { "a_value", TENON_DEFINES_DATA },
                                                    { "inline_one", TENON_DEFINES_COMDAT } };
    const tenon_unit a = { .kind = TENON_UNIT_C,
                           .name = "lib/a",
                           .origin = "a.c",
                           .interface = { TENON_DIGEST_EXPORTS, 32, { 1 } },
                           .implementation = { TENON_DIGEST_CODE, 32, { 2 } },
                           .stateful = TENON_YES,
                           .definitions = definitions,
                           .definition_count = 3 };
    const tenon_unit b = { .kind = TENON_UNIT_C, .name = "b", .stateful = TENON_UNKNOWN };
    const struct tn_record_summary summary = { .complete = true, .members = 2 };
    struct tn_view notes[3];
    uint8_t *bytes = tn_arena_take(arena, 4096);
    size_t size = 0;
    assert_true(tn_record_write_unit(arena, &a, TN_LITTLE, &notes[0], NULL));
    assert_true(tn_record_write_unit(arena, &b, TN_LITTLE, &notes[1], NULL));
    assert_true(tn_record_write_summary(arena, &summary, TN_LITTLE, &notes[2], NULL));
    for (size_t i = 0; i < (complete ? 3 : 2); i++) {
        memcpy(bytes + size, notes[i].at, notes[i].size);
        size += notes[i].size;
    }
    tenon_units *units = tenon_units_parse_notes(bytes, size, 4, "made", NULL);
    assert_non_null(units);
    return units;
}

/* Of this very program's file. */
static struct tn_packer pack(bool complete)
{
    struct tn_packer p = { .at = NULL };
    struct tn_arena arena = { 0 };
    tenon_units *units = make_units(&arena, complete);
    tenon_world *world = tenon_world_host(NULL);
    tn_proofs_begin(&p, "x86_64-linux-gnu", 1);
    assert_true(tn_proof_add(&p, world, "/proc/self/exe", "code/x/a.so", &identity, units));
    tenon_world_free(world);
    tenon_units_free(units);
    tn_arena_free(&arena);
    return p;
}

static void what_is_noted_comes_back(void **state)
{
    struct tn_packer p = pack(true);
    struct tn_arena arena = { 0 };
    bool has_malloc = false;
    (void)state;
    const struct tn_proofs *proofs = tn_proofs_unpack(tn_view(p.at, p.used), &arena);
    assert_non_null(proofs);
    assert_string_equal(proofs->triple, "x86_64-linux-gnu");
    assert_null(tn_proofs_find(proofs, "code/x/b.so"));
    const struct tn_proof *proof = tn_proofs_find(proofs, "code/x/a.so");
    assert_non_null(proof);
    assert_true(tn_identity_same(&proof->identity, &identity));
    assert_int_equal(tenon_units_record(proof->units), TENON_RECORD_COMPLETE);
    assert_int_equal(tenon_units_count(proof->units), 2);
    const tenon_unit *a = tenon_units_at(proof->units, 0);
    assert_string_equal(a->name, "lib/a");
    assert_string_equal(a->origin, "a.c");
    assert_int_equal(a->stateful, TENON_YES);
    assert_int_equal(a->implementation.bytes[0], 2);
    assert_int_equal(a->definition_count, 3);
    assert_int_equal(a->definitions[2].kind, TENON_DEFINES_COMDAT);
    assert_int_equal(proof->strong_count, 0);
    assert_true(proof->need_count > 0);
    for (size_t i = 0; i < proof->import_count; i++)
        has_malloc |= strcmp(proof->imports[i].name, "malloc") == 0;
    assert_true(has_malloc);
    tn_arena_free(&arena);
    free(p.at);
}

/* What a record says of itself, and names that nothing may cut short. */
static void units_come_back_as_they_were(void **state)
{
    struct tn_arena arena = { 0 };
    tenon_definition definitions[] = { { "a", TENON_DEFINES_CODE },
                                       { "b", TENON_DEFINES_TLS },
                                       { "a", TENON_DEFINES_COMDAT } };
    tenon_unit rows[] = { { .kind = TENON_UNIT_C,
                            .name = "p/one",
                            .recorded = true,
                            .completed = true,
                            .stateful = TENON_UNKNOWN,
                            .interface = { TENON_DIGEST_EXPORTS, 32, { 7 } },
                            .definitions = definitions,
                            .definition_count = 3 },
                          { .kind = TENON_UNIT_LIBRARY, .name = "libx.so.1" },
                          { .kind = TENON_UNIT_C,
                            .name = "p/two",
                            .origin = "two.c",
                            .recorded = true,
                            .stateful = TENON_NO } };
    const char *unsure[] = { "odd.o" };
    tenon_units units = { .units = rows,
                          .count = 3,
                          .record = TENON_RECORD_PARTIAL,
                          .members = 4,
                          .unsure = unsure,
                          .unsure_count = 1 };
    struct tn_packer p = { .at = NULL };
    (void)state;
    assert_true(tn_units_pack(&units, &p));
    struct tn_unpacker u = { .c = tn_cursor(tn_view(p.at, p.used), TN_LITTLE), .arena = &arena };
    const tenon_units *back = tn_units_unpack(&u, "made");
    assert_non_null(back);
    assert_int_equal(u.c.pos, p.used);
    assert_int_equal(tenon_units_record(back), TENON_RECORD_PARTIAL);
    assert_int_equal(back->members, 4);
    assert_int_equal(tenon_units_unsure_count(back), 1);
    assert_string_equal(tenon_units_unsure(back, 0), "odd.o");
    assert_int_equal(tenon_units_count(back), 2); /* not the library */
    const tenon_unit *one = tenon_units_at(back, 0), *two = tenon_units_at(back, 1);
    assert_true(one->recorded && one->completed && !one->origin);
    assert_int_equal(one->stateful, TENON_UNKNOWN);
    assert_int_equal(tenon_digest_equal(&one->interface, &rows[0].interface), TENON_YES);
    assert_int_equal(one->implementation.kind, TENON_DIGEST_UNKNOWN);
    assert_int_equal(one->definition_count, 3);
    assert_string_equal(one->definitions[1].name, "b");
    assert_int_equal(one->definitions[2].kind, TENON_DEFINES_COMDAT);
    assert_string_equal(two->origin, "two.c");
    assert_int_equal(two->stateful, TENON_NO);
    assert_false(two->completed);
    assert_int_equal(two->definition_count, 0);

    /* what a record does not hold is not put down */
    rows[2].recorded = false;
    assert_false(tn_units_pack(&units, &(struct tn_packer){ .at = NULL }));
    tn_arena_free(&arena);
    free(p.at);
}

/* A unit of such definitions and origin, packed; its text at `flaw` gets another end, if not NULL.
 */
static bool is_taken(tenon_definition *definitions, size_t count, const char *flaw)
{
    struct tn_arena arena = { 0 };
    tenon_unit unit = { .kind = TENON_UNIT_C,
                        .name = "one",
                        .origin = "one.c",
                        .recorded = true,
                        .definitions = definitions,
                        .definition_count = count };
    tenon_units units = { .units = &unit, .count = 1, .record = TENON_RECORD_COMPLETE };
    struct tn_packer p = { .at = NULL };
    assert_true(tn_units_pack(&units, &p));
    uint8_t *at = flaw ? memmem(p.at, p.used, flaw, strlen(flaw) + 1) : NULL;
    assert_int_equal(at != NULL, flaw != NULL);
    if (at)
        at[strlen(flaw)] = 'x';
    struct tn_unpacker u = { .c = tn_cursor(tn_view(p.at, p.used), TN_LITTLE), .arena = &arena };
    bool taken = tn_units_unpack(&u, "made") != NULL;
    tn_arena_free(&arena);
    free(p.at);
    return taken;
}

static void units_that_make_no_sense_are_refused(void **state)
{
    tenon_definition rows[] = { { "a", TENON_DEFINES_CODE },
                                { "b", TENON_DEFINES_CODE },
                                { "a", TENON_DEFINES_CODE },
                                { "a", TENON_DEFINES_COMDAT },
                                { "a", TENON_DEFINES_CODE } };
    (void)state;
    assert_true(is_taken(rows, 2, NULL));
    assert_false(is_taken(rows, 3, NULL));     /* others rely on the order */
    assert_true(is_taken(rows + 2, 2, NULL));  /* COMDAT ones stand behind */
    assert_false(is_taken(rows + 3, 2, NULL)); /* ... not before */
    assert_false(is_taken(rows, 2, "one.c"));  /* a text without an end */
    assert_false(is_taken(rows, 2, "one"));
}

/* Whatever byte of it is another: it is refused, or all that it gives is as it must be. */
static void units_of_any_bytes_are_whole(void **state)
{
    struct tn_packer p = pack(true);
    (void)state;
    for (size_t n = 0; n < 8 * p.used; n++) {
        struct tn_arena arena = { 0 };
        p.at[n / 8] ^= (uint8_t)(1 << n % 8);
        const struct tn_proofs *proofs = tn_proofs_unpack(tn_view(p.at, p.used), &arena);
        for (size_t k = 0; proofs && k < proofs->count; k++)
            for (size_t i = 0; i < tenon_units_count(proofs->codes[k].units); i++) {
                const tenon_unit *unit = tenon_units_at(proofs->codes[k].units, i);
                assert_true(unit->name[0] && unit->stateful <= TENON_UNKNOWN);
                for (size_t d = 1; d < unit->definition_count; d++)
                    assert_true(strcmp(unit->definitions[d - 1].name, unit->definitions[d].name) <
                                    0 ||
                                unit->definitions[d - 1].kind != unit->definitions[d].kind);
            }
        tn_arena_free(&arena);
        p.at[n / 8] ^= (uint8_t)(1 << n % 8);
    }
    free(p.at);
}

static void each_prefix_is_refused(void **state)
{
    struct tn_packer p = pack(false);
    (void)state;
    for (size_t n = 0; n < p.used; n += 1 + n / 64) {
        struct tn_arena arena = { 0 };
        uint8_t *cut = malloc(n + !n); /* a sanitizer guards its end */
        memcpy(cut, p.at, n);
        assert_null(tn_proofs_unpack(tn_view(cut, n), &arena));
        tn_arena_free(&arena);
        free(cut);
    }
    free(p.at);
}

static void unpacking_without_memory_gives_nothing(void **state)
{
    struct tn_packer p = pack(true);
    (void)state;
    for (long n = 0;; n++) {
        struct tn_arena arena = { 0 };
        fail_after(n);
        const struct tn_proofs *proofs = tn_proofs_unpack(tn_view(p.at, p.used), &arena);
        fail_never();
        if (proofs)
            assert_int_equal(tenon_units_count(proofs->codes[0].units), 2);
        bool done = proofs && !allocation_failed;
        tn_arena_free(&arena);
        if (done)
            break;
        assert_true(n < 1000);
    }
    free(p.at);
}

/* The process's own tables, asked as the loader would. */
static int look(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct tn_mapped *found = arg, one;
    (void)size;
    tn_mapped_take(&one, info);
    const char *name = tn_mapped_string(&one, DT_SONAME);
    if (name && strcmp(name, "libc.so.6") == 0)
        *found = one;
    return 0;
}

static bool offers(const struct tn_mapped *m, const char *name, const char *version)
{
    return tn_mapped_offers(m, name, tn_mapped_hash(name), version);
}

static void libc_offers_what_it_defines(void **state)
{
    struct tn_mapped libc = { .has_symbols = false };
    uint64_t filter[64] = { 0 };
    (void)state;
    dl_iterate_phdr(look, &libc);
    if (!libc.has_symbols)
        skip();
    assert_true(offers(&libc, "malloc", NULL));
    assert_false(offers(&libc, "malloc", "GLIBC_99"));
    assert_false(offers(&libc, "no_such_function_anywhere", NULL));
    assert_true(tn_mapped_is_strong(&libc, "malloc", tn_mapped_hash("malloc")));
    assert_false(tn_mapped_defines_version(&libc, "GLIBC_99"));
    tn_mapped_mark(&libc, filter, 64 * 64);
    uint32_t bit = tn_mapped_bit(tn_mapped_hash("malloc"), 64 * 64);
    assert_true(filter[bit / 64] >> bit % 64 & 1);
#if defined __x86_64__ && defined __GLIBC__
    assert_true(offers(&libc, "malloc", "GLIBC_2.2.5"));
    assert_true(offers(&libc, "memcpy", "GLIBC_2.2.5")); /* hidden: only with its version */
    assert_true(offers(&libc, "memcpy", "GLIBC_2.14"));
    assert_true(tn_mapped_defines_version(&libc, "GLIBC_2.14"));
#endif
}

static bool is_read_whole(struct tn_view bytes, struct tn_arena *arena)
{
    const struct tn_oc_proofs *proofs = tn_oc_proofs_unpack(bytes, arena);
    for (size_t i = 0; proofs && i < proofs->count; i++)
        if (!tn_oc_proof_read(proofs, &proofs->files[i], arena))
            return false;
    return proofs;
}

static bool is_read(const char *name)
{
    struct tn_arena arena = { 0 };
    struct tn_view bytes = { 0 };
    tenon_world *world = tenon_world_host(NULL);
    char path[4096];
    snprintf(path, sizeof path, "%s/fuzz/seeds/%s", getenv("TENON_SOURCE"), name);
    assert_int_equal(tn_file_whole(world, path, 1 << 20, &arena, &bytes), 0);
    bool good = strncmp(name, "proof/", 6) == 0 ? tn_proofs_unpack(bytes, &arena) != NULL
                                                : is_read_whole(bytes, &arena);
    tenon_world_free(world);
    tn_arena_free(&arena);
    return good;
}

/* A fuzzer whose seeds are of an old layout would never get beyond its first byte. */
static void seeds_of_the_fuzzers_are_as_they_are_called(void **state)
{
    static const char *const good[] = { "complete", "none", "assembled", "partial", "two" };
    static const char *const bad[] = { "unnamed", "fewer", "sorted", "order", "cut" };
    char name[64];
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "proof/%s", good[i]);
        if (!is_read(name))
            fail_msg("%s is refused: tools/make-seeds writes another layout", name);
        snprintf(name, sizeof name, "proof/%s", bad[i]);
        assert_false(is_read(name));
    }
    assert_true(is_read("ocamlproof/both"));
    assert_true(is_read("ocamlproof/none"));
    assert_false(is_read("ocamlproof/cut"));
    assert_false(is_read("ocamlproof/beyond")); /* a number that no import has */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_noted_comes_back),
        cmocka_unit_test(each_prefix_is_refused),
        cmocka_unit_test(units_come_back_as_they_were),
        cmocka_unit_test(units_of_any_bytes_are_whole),
        cmocka_unit_test(units_that_make_no_sense_are_refused),
        cmocka_unit_test(unpacking_without_memory_gives_nothing),
        cmocka_unit_test(libc_offers_what_it_defines),
        cmocka_unit_test(seeds_of_the_fuzzers_are_as_they_are_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
