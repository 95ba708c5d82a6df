/* tests/unit/test_bundle_memory.c - each allocation fails in turn: an error, nothing lost or left
 */
#include "bundle_case.h"

#include <dirent.h>

#include "cache.h"
#include "failing_arena.h"

static bool read_everything(struct bundle_case *c, tenon_error *err)
{
    tenon_bundle *bundle = tenon_bundle_open(case_path(c, "stats.plugin"), err);
    bool ok = bundle && tenon_bundle_verify(bundle, err);

    tenon_bundle_free(bundle);
    return ok;
}

static bool make_again(struct bundle_case *c, tenon_error *err)
{
    tenon_bundle *bundle = tenon_bundle_open(case_path(c, "stats.plugin"), err);
    tenon_builder *b = bundle ? tenon_builder_new(err) : NULL;
    tenon_claim claim = { .kind = TENON_UNIT_C, .name = "x", .origin = "y" };
    bool ok = b && tenon_builder_from(b, bundle, err) &&
              tenon_builder_drop(b, "native/" CASE_TRIPLE "/stats.so", err) &&
              tenon_builder_add_code(b, case_path(c, "stats.so"), TENON_CODE_NATIVE, err) &&
              tenon_builder_require(b, &claim, err) && tenon_builder_provide(b, &claim, err) &&
              tenon_builder_set(b, "tags", "t", err) &&
              tenon_builder_write(b, case_path(c, "new.plugin"), err);

    tenon_builder_free(b);
    tenon_bundle_free(bundle);
    return ok;
}

static bool take_out(struct bundle_case *c, tenon_error *err)
{
    tenon_bundle *bundle = tenon_bundle_open(case_path(c, "stats.plugin"), err);
    struct tn_cache *cache = bundle ? tn_cache_open(case_path(c, "cache"), err) : NULL;
    struct tn_cached *cached =
        cache ? tn_cache_ensure(cache, bundle, CASE_TRIPLE, TN_CACHE_VERIFY, err) : NULL;
    bool ok = cached;

    tn_cached_free(cached);
    tn_cache_close(cache);
    tenon_bundle_free(bundle);
    return ok;
}

static bool list_and_prune(struct bundle_case *c, tenon_error *err)
{
    struct tn_cache *cache = tn_cache_open(case_path(c, "cache"), err);
    bool ok = cache && tn_cache_prune(cache, true, NULL, NULL, err);

    tn_cache_close(cache);
    return ok;
}

/* Tries until nothing fails any more; notes are allowed to be lost, so success is fine too. */
static void in_turn(struct bundle_case *c, bool (*act)(struct bundle_case *, tenon_error *))
{
    for (long n = 0; n < 100000; n++) {
        tenon_error err = TENON_ERROR_INIT;
        fail_after(n);
        bool ok = act(c, &err);
        bool failed = allocation_failed;
        fail_never();
        if (!ok)
            assert_int_equal(err.code, TENON_E_MEMORY);
        if (!failed) {
            assert_true(ok);
            return;
        }
    }
    fail();
}

static unsigned left_behind(const char *directory)
{
    DIR *list = opendir(directory);
    struct dirent *entry;
    unsigned count = 0;

    while (list && (entry = readdir(list)))
        count += strstr(entry->d_name, ".tenon-") || strstr(entry->d_name, ".new-");
    if (list)
        closedir(list);
    return count;
}

static void every_allocation_may_fail(void **state)
{
    struct bundle_case *c = *state;

    case_bundle(c, "stats.plugin");
    in_turn(c, read_everything);
    in_turn(c, make_again);
    in_turn(c, take_out);
    assert_int_equal(left_behind(c->root), 0);
    assert_int_equal(left_behind(case_path(c, "cache")), 0);
    in_turn(c, list_and_prune);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, case_setup, case_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
