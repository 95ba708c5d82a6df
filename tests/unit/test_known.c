/* tests/unit/test_known.c - the index of bundles: nothing is believed of a file that changed */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle.h"
#include "known.h"
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
    size_t size;
    uint8_t *packed = tn_manifest_pack(first, &size);
    char *a, *b;

    (void)state;
    assert_non_null(packed);
    second = tn_manifest_unpack(tn_view(packed, size), &err);
    assert_non_null(second);
    a = tenon_manifest_write(first, &err);
    b = tenon_manifest_write(second, &err);
    assert_string_equal(a, b);
    free(a);
    free(b);
    free(packed);
    tenon_manifest_free(first);
    tenon_manifest_free(second);
}

static void every_prefix_of_a_packed_manifest_is_refused(void **state)
{
    tenon_manifest *manifest = parsed();
    size_t size;
    uint8_t *packed = tn_manifest_pack(manifest, &size);

    (void)state;
    for (size_t n = 0; n < size; n++) {
        uint8_t *cut = malloc(n + !n); /* a sanitizer guards its end */
        memcpy(cut, packed, n);
        tenon_error err = TENON_ERROR_INIT;
        assert_null(tn_manifest_unpack(tn_view(cut, n), &err));
        assert_int_not_equal(err.code, TENON_OK);
        free(cut);
    }
    free(packed);
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

static int drop_place(void **state)
{
    struct place *place = *state;
    char file[128];
    snprintf(file, sizeof file, "%s/bundles", place->cache);
    unlink(file);
    rmdir(place->cache);
    unlink(place->bundle);
    rmdir(place->dir);
    free(place);
    return 0;
}

static tenon_bundle *meet(struct tn_known *known, const struct place *place)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_bundle *bundle = tn_known_bundle(known, place->bundle, &err);
    if (!bundle)
        fail_msg("%s", tenon_error_message(&err));
    return bundle;
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
    tn_known_save(known, true);
    tn_known_free(known);

    known = tn_known_open(place->cache);
    assert_int_equal(tn_known_count(known), 1);
    bundle = meet(known, place);
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

static void an_index_that_makes_no_sense_is_none(void **state)
{
    const struct place *place = *state;
    static const uint8_t bad[] = "tenon-bundles 2\n\x30\0\0\0short";
    struct tn_known *known = tn_known_open(place->cache);

    assert_false(tn_known_read(known, tn_view(bad, sizeof bad - 1)));
    assert_int_equal(tn_known_count(known), 0);
    assert_false(tn_known_read(known, tn_view("tenon-bundles 2\n", 16)));
    assert_true(tn_known_read(known, tn_view("tenon-bundles 2\n", 16)));
    tenon_bundle_free(meet(known, place));
    tn_known_free(known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_manifest_says_the_same),
        cmocka_unit_test(every_prefix_of_a_packed_manifest_is_refused),
        cmocka_unit_test_setup_teardown(what_was_noted_needs_no_opening, make_place, drop_place),
        cmocka_unit_test_setup_teardown(a_file_that_changed_is_opened_again, make_place,
                                        drop_place),
        cmocka_unit_test_setup_teardown(an_index_that_makes_no_sense_is_none, make_place,
                                        drop_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
