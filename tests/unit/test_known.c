/* tests/unit/test_known.c - the index of bundles: nothing is believed of a file that changed */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle.h"
#include "failing_arena.h"
#include "file.h"
#include "known.h"
#include "known_file.h"
#include "manifest_case.h"
#include "manifest_pack.h"

static tenon_manifest *parsed(void)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest *manifest = tenon_manifest_parse(whole, strlen(whole), &err);
    if (!manifest)
        fail_msg("%s", tenon_error_message(&err));
    return manifest;
}

static void a_packed_manifest_says_the_same(void **state)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest *first = parsed(), *second;
    struct tn_manifest_store *store = tn_manifest_store_new();
    size_t size;
    uint8_t *packed = tn_manifest_pack(first, &size);
    char *a, *b;

    (void)state;
    assert_non_null(packed);
    assert_non_null(store);
    second = tn_manifest_unpack(tn_view(packed, size), store, &err);
    assert_non_null(second);
    tn_manifest_store_drop(store); /* the manifest keeps it */
    a = tenon_manifest_write(first, &err);
    b = tenon_manifest_write(second, &err);
    assert_string_equal(a, b);
    free(a);
    free(b);
    tenon_manifest_free(first);
    tenon_manifest_free(second);
    free(packed);
}

static void a_brief_manifest_says_what_a_plan_asks_for(void **state)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest *first = parsed();
    struct tn_arena arena = { 0 };
    size_t size;
    uint8_t *packed = tn_manifest_pack(first, &size);
    const tenon_manifest *brief = tn_manifest_unpack_brief(tn_view(packed, size), &arena, &err);

    (void)state;
    assert_non_null(brief);
    assert_string_equal(brief->name, first->name);
    assert_string_equal(brief->version, first->version);
    assert_string_equal(brief->main, first->main);
    assert_int_equal(brief->code_count, first->code_count);
    for (size_t i = 0; i < first->code_count; i++) {
        assert_string_equal(brief->code[i].path, first->code[i].path);
        assert_int_equal(brief->code[i].kind, first->code[i].kind);
    }
    assert_int_equal(brief->required_count, first->required_count);
    for (size_t i = 0; i < first->required_count; i++)
        assert_string_equal(brief->required[i].name, first->required[i].name);
    assert_int_equal(brief->con_count, first->con_count);
    assert_int_equal(brief->private_count, first->private_count);
    assert_int_equal(brief->provide_count, 0);
    assert_int_equal(brief->entry_count, 0);
    for (size_t n = 0; n < 30; n++) { /* the name at least is cut */
        uint8_t *cut = malloc(n + !n);
        memcpy(cut, packed, n < 18 ? n : 18);
        assert_null(tn_manifest_unpack_brief(tn_view(cut, n < 18 ? n : 18), &arena, NULL));
        free(cut);
    }
    tn_arena_free(&arena);
    free(packed);
    tenon_manifest_free(first);
}

static void every_prefix_of_a_packed_manifest_is_refused(void **state)
{
    tenon_manifest *manifest = parsed();
    struct tn_manifest_store *store = tn_manifest_store_new();
    size_t size;
    uint8_t *packed = tn_manifest_pack(manifest, &size);

    (void)state;
    assert_non_null(store);
    for (size_t n = 0; n < size; n++) {
        uint8_t *cut = malloc(n + !n); /* a sanitizer guards its end */
        memcpy(cut, packed, n);
        tenon_error err = TENON_ERROR_INIT;
        assert_null(tn_manifest_unpack(tn_view(cut, n), store, &err));
        assert_int_not_equal(err.code, TENON_OK);
        free(cut);
    }
    free(packed);
    tn_manifest_store_drop(store);
    tenon_manifest_free(manifest);
}

/* ---- the index on files ---------------------------------------------------------------------- */

struct place {
    char dir[64], cache[96], bundle[96];
};

/* A bundle whose change time is long ago cannot be made: the test waits until it is settled. */
static void make_bundle(const struct place *place, const char *version)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *builder = tenon_builder_new(&err);
    assert_non_null(builder);
    assert_true(tenon_builder_set(builder, "name", "stats", &err));
    assert_true(tenon_builder_set(builder, "version", version, &err));
    assert_true(tenon_builder_add_bytes(builder, "data/words", "abc", 3, &err));
    if (!tenon_builder_write(builder, place->bundle, &err))
        fail_msg("%s", tenon_error_message(&err));
    tenon_builder_free(builder);
}

/* For all tests; each begins without an index. */
static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->dir, sizeof place->dir, "/tmp/tenon-known-XXXXXX");
    if (!mkdtemp(place->dir))
        return -1;
    snprintf(place->cache, sizeof place->cache, "%s/cache", place->dir);
    snprintf(place->bundle, sizeof place->bundle, "%s/stats.plugin", place->dir);
    make_bundle(place, "1");
    usleep(2100000);
    *state = place;
    return 0;
}

static int drop_index(void **state)
{
    struct place *place = *state;
    char file[128];
    snprintf(file, sizeof file, "%s/bundles", place->cache);
    unlink(file);
    rmdir(place->cache);
    return 0;
}

static int drop_place(void **state)
{
    struct place *place = *state;
    drop_index(state);
    unlink(place->bundle);
    rmdir(place->dir);
    free(place);
    return 0;
}

static tenon_bundle *meet_at(struct tn_known *known, const char *path)
{
    tenon_error err = TENON_ERROR_INIT;
    tn_known_begin(known);
    tenon_bundle *bundle = tn_known_bundle_at(known, AT_FDCWD, path, path, &err);
    tn_known_end(known);
    if (!bundle)
        fail_msg("%s", tenon_error_message(&err));
    return bundle;
}

static tenon_bundle *meet(struct tn_known *known, const struct place *place)
{
    return meet_at(known, place->bundle);
}

static void what_was_noted_needs_no_opening(void **state)
{
    const struct place *place = *state;
    struct tn_known *known = tn_known_open(place->cache);
    tenon_bundle *bundle = meet(known, place);
    uint8_t digest[32];
    void *bytes;
    size_t size;

    assert_true(bundle->fd >= 0);
    memcpy(digest, tenon_bundle_digest(bundle), sizeof digest);
    tenon_bundle_free(bundle);
    assert_int_equal(tn_known_count(known), 1);
    tn_known_save(known, true);
    tn_known_free(known);

    known = tn_known_open(place->cache);
    bundle = meet(known, place);
    assert_int_equal(tn_known_count(known), 1);
    assert_int_equal(bundle->fd, -1);
    assert_memory_equal(tenon_bundle_digest(bundle), digest, sizeof digest);
    assert_string_equal(tenon_bundle_manifest(bundle)->version, "1");
    assert_true(tenon_bundle_read(bundle, "data/words", &bytes, &size, NULL));
    assert_memory_equal(bytes, "abc", 3);
    free(bytes);
    tenon_bundle_free(bundle);
    tn_known_free(known);
}

static void a_file_that_changed_is_opened_again(void **state)
{
    const struct place *place = *state;
    struct tn_known *known = tn_known_open(place->cache);
    tenon_error err = TENON_ERROR_INIT;
    tenon_bundle *old, *bundle;
    void *bytes;
    size_t size;

    tenon_bundle_free(meet(known, place));
    old = meet(known, place);
    assert_int_equal(old->fd, -1);
    make_bundle(place, "2");
    assert_false(tenon_bundle_read(old, "data/words", &bytes, &size, &err));
    assert_int_equal(err.code, TENON_E_MALFORMED);
    bundle = meet(known, place);
    assert_string_equal(tenon_bundle_manifest(bundle)->version, "2");
    tenon_bundle_free(bundle);
    bundle = meet(known, place); /* too young to be noted */
    assert_true(bundle->fd >= 0);
    tenon_bundle_free(bundle);
    tenon_bundle_free(old);
    tn_known_free(known);
}

/* ---- what others note ------------------------------------------------------------------------ */

static void proofs_and_findings_come_back(void **state)
{
    const struct place *place = *state;
    const struct tn_identity other = { 1, 2, 3, 4 };
    struct tn_known *known = tn_known_open(place->cache);
    tenon_bundle *bundle = meet(known, place);

    assert_non_null(tn_known_row(bundle));
    assert_int_equal(tn_known_row(bundle)->proofs.size, 0);
    tn_known_prove(known, tn_known_row(bundle), "proof", 5);
    tn_known_note(known, &other, "found", 5);
    tenon_bundle_free(bundle);
    tn_known_save(known, true);
    tn_known_free(known);

    known = tn_known_open(place->cache);
    bundle = meet(known, place);
    assert_memory_equal(tn_known_row(bundle)->proofs.at, "proof", 5);
    tn_known_begin(known);
    assert_int_equal(tn_known_found(known, &other).size, 5);
    assert_memory_equal(tn_known_found(known, &other).at, "found", 5);
    assert_int_equal(tn_known_found(known, &bundle->identity).size, 0);
    tn_known_end(known);
    tenon_bundle_free(bundle);
    tn_known_free(known);
}

/* What a plan needs of one that is proven; the rest when it is asked for. */
static void a_proven_bundle_may_be_brief(void **state)
{
    const struct place *place = *state;
    struct tn_known *known = tn_known_open(place->cache);
    tenon_bundle *bundle = meet(known, place);

    assert_null(tn_known_brief(known, AT_FDCWD, place->bundle, place->bundle)); /* no proofs */
    tn_known_prove(known, tn_known_row(bundle), "proof", 5);
    tenon_bundle_free(bundle);
    tn_known_save(known, true);
    tn_known_free(known);

    known = tn_known_open(place->cache);
    tn_known_begin(known);
    bundle = tn_known_brief(known, AT_FDCWD, place->bundle, place->bundle);
    assert_non_null(bundle);
    assert_null(tenon_bundle_manifest(bundle));
    assert_string_equal(tn_known_row(bundle)->brief->name, "stats");
    assert_true(tn_known_fill(known, bundle));
    assert_int_equal(tenon_bundle_manifest(bundle)->entry_count, 1);
    tenon_bundle_free(bundle);
    bundle = tn_known_brief(known, AT_FDCWD, place->bundle, place->bundle);
    assert_non_null(tenon_bundle_manifest(bundle)); /* it is there by now */
    tenon_bundle_free(bundle);
    assert_null(tn_known_brief(known, AT_FDCWD, "/nowhere.plugin", "/nowhere.plugin"));
    tn_known_end(known);
    tn_known_free(known);
}

/* ---- hostile files --------------------------------------------------------------------------- */

static uint8_t *read_index(const struct place *place, size_t *size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/bundles", place->cache);
    FILE *in = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(in);
    *size = fread(bytes, 1, 1 << 20, in);
    fclose(in);
    return bytes;
}

static void write_index(const struct place *place, const uint8_t *bytes, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/bundles", place->cache);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(out);
}

static void an_index_that_makes_no_sense_is_none(void **state)
{
    const struct place *place = *state;
    static const uint8_t bad[] = "tenon-bundles 4\n\x30\0\0\0short";
    struct tn_known *known = tn_known_open(place->cache);

    assert_false(tn_known_read(known, tn_view(bad, sizeof bad - 1)));
    assert_int_equal(tn_known_count(known), 0);
    assert_false(tn_known_read(known, tn_view("tenon-bundles 3\n\0\0\0\0", 20)));
    assert_false(tn_known_read(known, tn_view("tenon-bundles 4\n\0\0\0", 19)));
    assert_true(tn_known_read(known, tn_view("tenon-bundles 4\n\0\0\0\0", 20)));
    tenon_bundle_free(meet(known, place));
    tn_known_free(known);
}

/* Cut anywhere, or with any byte changed, it gives the right answer: from the bundle itself. */
static void a_damaged_index_does_no_harm(void **state)
{
    const struct place *place = *state;
    struct tn_known *known = tn_known_open(place->cache);
    size_t size;

    tenon_bundle_free(meet(known, place));
    tn_known_save(known, true);
    tn_known_free(known);
    uint8_t *good = read_index(place, &size);
    for (size_t i = 0; i < 2 * size; i++) {
        uint8_t *bad = malloc(size);
        memcpy(bad, good, size);
        if (i < size)
            bad[i] ^= 0x41;
        write_index(place, bad, i < size ? size : i - size);
        free(bad);
        known = tn_known_open(place->cache);
        tenon_bundle *bundle = meet(known, place);
        assert_string_equal(tenon_bundle_manifest(bundle)->version, "1");
        tenon_bundle_free(bundle);
        tn_known_free(known);
    }
    free(good);
}

/* ---- several at once --------------------------------------------------------------------------
 */

enum { WRITERS = 4, ROUNDS = 60 };

static struct tn_identity made_up(unsigned writer, unsigned round)
{
    return (struct tn_identity){ 77, writer * 1000 + round, 5, 6 };
}

/* Each round meets the bundle, adds a row of its own, and saves. */
static void write_again_and_again(const struct place *place, unsigned writer)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct tn_known *known = tn_known_open(place->cache);
        const struct tn_identity own = made_up(writer, round);
        tn_known_begin(known);
        tenon_bundle *bundle =
            tn_known_bundle_at(known, AT_FDCWD, place->bundle, place->bundle, NULL);
        tn_known_end(known);
        if (!bundle || strcmp(tenon_bundle_manifest(bundle)->version, "1") != 0)
            _exit(2);
        tn_known_note(known, &own, &round, sizeof round);
        tn_known_save(known, true);
        tenon_bundle_free(bundle);
        tn_known_free(known);
    }
    _exit(0);
}

/* Whatever is there at any moment is a whole index, and in the end rows of all are in it. */
static void two_processes_write_at_once(void **state)
{
    const struct place *place = *state;
    pid_t writers[WRITERS];
    unsigned running = WRITERS, met = 0;
    int status;

    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        assert_true(writers[i] >= 0);
        if (!writers[i])
            write_again_and_again(place, i);
    }
    while (running) {
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended > 0) {
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            running--;
        }
        struct tn_known *known = tn_known_open(place->cache);
        tenon_bundle *bundle = meet(known, place);
        met += bundle->fd < 0;
        tenon_bundle_free(bundle);
        tn_known_free(known);
    }
    assert_true(met > 0); /* the index was used, not only passed by */
    struct tn_known *known = tn_known_open(place->cache);
    unsigned last = 0;
    tn_known_begin(known);
    for (unsigned i = 0; i < WRITERS; i++)
        for (unsigned round = 0; round < ROUNDS; round++) {
            const struct tn_identity own = made_up(i, round);
            struct tn_view found = tn_known_found(known, &own);
            unsigned value;
            if (!found.size)
                continue;
            memcpy(&value, found.at, sizeof value);
            assert_int_equal(value, round);
            last++;
        }
    tn_known_end(known);
    assert_true(last > ROUNDS); /* more than one alone has written */
    tn_known_free(known);
}

/* One that is open while another process replaces the file finds what is new at its next start. */
static void what_others_add_is_found(void **state)
{
    const struct place *place = *state;
    const struct tn_identity one = made_up(1, 1), two = made_up(2, 2);
    struct tn_known *first = tn_known_open(place->cache), *second;

    tn_known_note(first, &one, "1", 1);
    tn_known_save(first, true);
    tn_known_begin(first);
    assert_int_equal(tn_known_found(first, &two).size, 0);
    tn_known_end(first);
    second = tn_known_open(place->cache);
    tn_known_note(second, &two, "2", 1);
    tn_known_save(second, true);
    tn_known_begin(first);
    assert_int_equal(tn_known_found(first, &two).size, 1);
    assert_int_equal(tn_known_found(first, &one).size, 1);
    tn_known_end(first);
    tn_known_free(first);
    tn_known_free(second);
}

/* ---- without memory ---------------------------------------------------------------------------
 */

/* The whole way: an error for want of memory, or the bundle as it is. */
static bool try_index(const struct place *place)
{
    tenon_error err = TENON_ERROR_INIT;
    struct tn_known *known = tn_known_open(place->cache);
    const struct tn_identity own = made_up(3, 3);

    tn_known_begin(known);
    tenon_bundle *bundle = tn_known_bundle_at(known, AT_FDCWD, place->bundle, place->bundle, &err);
    tn_known_end(known);
    if (bundle && tn_known_row(bundle))
        tn_known_prove(known, tn_known_row(bundle), "proof", 5);
    if (known)
        tn_known_note(known, &own, "found", 5);
    tn_known_save(known, true);
    fail_never();
    if (!bundle)
        assert_int_equal(err.code, TENON_E_MEMORY);
    else
        assert_string_equal(tenon_bundle_manifest(bundle)->version, "1");
    tenon_bundle_free(bundle);
    tn_known_free(known);
    return bundle != NULL;
}

static void each_allocation_may_fail(void **state)
{
    const struct place *place = *state;
    for (unsigned warm = 0; warm < 2; warm++) {
        for (long n = 0;; n++) {
            assert_true(n < 10000);
            if (!warm) {
                char path[128];
                snprintf(path, sizeof path, "%s/bundles", place->cache);
                unlink(path);
            }
            fail_after(n);
            if (try_index(place) && !allocation_failed)
                break;
        }
        assert_true(try_index(place));
    }
}

static struct tn_view seed(struct tn_arena *arena, const char *name)
{
    struct tn_view bytes = { 0 };
    tenon_world *world = tenon_world_host(NULL);
    char path[4096];
    snprintf(path, sizeof path, "%s/fuzz/seeds/known/%s", getenv("TENON_SOURCE"), name);
    assert_int_equal(tn_file_whole(world, path, 1 << 20, arena, &bytes), 0);
    tenon_world_free(world);
    return bytes;
}

/* How many bundles an index has whose manifests can be read; -1: it makes no sense. */
static int readable(struct tn_arena *arena, const char *name)
{
    struct tn_known_file file = { .fd = -1 };
    int count = 0;
    if (!tn_known_file_take(&file, seed(arena, name)))
        return -1;
    for (size_t i = 0; i < tn_known_file_count(&file); i++) {
        struct tn_known_entry entry = tn_known_file_entry(&file, i);
        struct tn_view packed, proofs;
        count += tn_known_file_block(&file, &entry, &packed, &proofs) &&
                 (!packed.size || tn_manifest_unpack_brief(packed, arena, NULL));
    }
    tn_known_file_free(&file);
    return count;
}

/* A fuzzer whose seeds are of an old layout would never get beyond its first bytes. */
static void seeds_of_the_fuzzer_are_as_they_are_called(void **state)
{
    struct tn_arena arena = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    if (!tn_manifest_unpack_brief(seed(&arena, "packed"), &arena, &err))
        fail_msg("tools/make-seeds packs otherwise: %s", tenon_error_message(&err));
    assert_int_equal(readable(&arena, "empty"), 0);
    assert_int_equal(readable(&arena, "row"), 1);
    assert_int_equal(readable(&arena, "rows"), 2);
    assert_int_equal(readable(&arena, "order"), -1);
    assert_int_equal(readable(&arena, "short"), -1);
    tn_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_manifest_says_the_same),
        cmocka_unit_test(a_brief_manifest_says_what_a_plan_asks_for),
        cmocka_unit_test(every_prefix_of_a_packed_manifest_is_refused),
        cmocka_unit_test_setup(a_proven_bundle_may_be_brief, drop_index),
        cmocka_unit_test_setup(what_was_noted_needs_no_opening, drop_index),
        cmocka_unit_test_setup(proofs_and_findings_come_back, drop_index),
        cmocka_unit_test_setup(an_index_that_makes_no_sense_is_none, drop_index),
        cmocka_unit_test_setup(a_damaged_index_does_no_harm, drop_index),
        cmocka_unit_test_setup(two_processes_write_at_once, drop_index),
        cmocka_unit_test_setup(what_others_add_is_found, drop_index),
        cmocka_unit_test_setup(each_allocation_may_fail, drop_index),
        cmocka_unit_test(seeds_of_the_fuzzer_are_as_they_are_called),
        /* the last, as it changes the bundle */
        cmocka_unit_test_setup(a_file_that_changed_is_opened_again, drop_index),
    };
    return cmocka_run_group_tests(tests, make_place, drop_place);
}
