/* tests/unit/test_ldcache.c - ld.so.cache: every format is read, nothing that is damaged harms */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cache_builder.h"
#include "ldcache.h"

static const char *const no_levels[] = { NULL };
static const char *const v3_levels[] = { "x86-64-v3", "x86-64-v2", NULL };

static const struct tn_ldcache_query baseline = { .id = CACHE_X86_64,
                                                  .levels = no_levels,
                                                  .isa_level = 1 };
static const struct tn_ldcache_query v3 = { .id = CACHE_X86_64,
                                            .levels = v3_levels,
                                            .isa_level = 3 };

/* A cache made for one test, in a block of exactly its size. */
struct made {
    uint8_t *bytes;
    size_t size;
    struct tn_ldcache cache;
};

static bool open_made(struct made *made, enum tn_endian endian)
{
    tenon_error err = TENON_ERROR_INIT;
    return tn_ldcache_open(tn_view(made->bytes, made->size), endian, &made->cache, &err);
}

static void make(struct made *made, const struct cache_spec *spec)
{
    size_t size;
    uint8_t *bytes = cache_build(spec, &size);
    made->bytes = malloc(size);
    made->size = size;
    assert_non_null(made->bytes);
    memcpy(made->bytes, bytes, size);
    free(bytes);
    assert_true(open_made(made, spec->big ? TN_BIG : TN_LITTLE));
}

static const char *look_up(const struct made *made, const char *name)
{
    return tn_ldcache_lookup(&made->cache, name, &baseline);
}

static const struct cache_entry three[] = {
    { .key = "libz.so.1", .value = "/lib/libz.so.1" },
    { .key = "libm.so.6", .value = "/lib/libm.so.6" },
    { .key = "liba.so.2", .value = "/lib/liba.so.2" },
};

static void each_format_and_byte_order_is_read(void **state)
{
    (void)state;
    static const struct cache_spec specs[] = {
        { .big = false },      { .big = true },
        { .old = true },       { .old = true, .big = true },
        { .old_alone = true }, { .old_alone = true, .big = true },
        { .unmarked = true },  { .generator = "ldconfig (GNU libc) stable release version 2.36" },
    };
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct cache_spec spec = specs[i];
        struct made made;
        spec.entries = three;
        spec.count = 3;
        make(&made, &spec);
        assert_int_equal(made.cache.is_old, spec.old_alone);
        assert_int_equal(made.cache.count, 3);
        assert_string_equal(look_up(&made, "libz.so.1"), "/lib/libz.so.1");
        assert_string_equal(look_up(&made, "libm.so.6"), "/lib/libm.so.6");
        assert_string_equal(look_up(&made, "liba.so.2"), "/lib/liba.so.2");
        assert_null(look_up(&made, "libb.so.1"));
        assert_null(look_up(&made, ""));
        assert_null(look_up(&made, "zzz"));
        free(made.bytes);
    }
}

static void the_other_byte_order_is_refused(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct made made;
        make(&made, &(struct cache_spec){ .big = big, .entries = three, .count = 3 });
        assert_false(open_made(&made, big ? TN_LITTLE : TN_BIG));
        free(made.bytes);
    }
}

static void a_wrong_byte_order_mark_is_refused(void **state)
{
    (void)state;
    struct made made;
    make(&made, &(struct cache_spec){ .entries = three, .count = 3 });
    made.bytes[28] = 1; /* "invalid" */
    assert_false(open_made(&made, TN_LITTLE));
    made.bytes[28] = 3;
    assert_false(open_made(&made, TN_LITTLE));
    made.bytes[28] = 0;
    assert_true(open_made(&made, TN_LITTLE));
    free(made.bytes);
}

static void what_is_no_cache_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "ld.so-1.7.", "glibc-ld.so.cache1.0 and more text",
                                         "glibc-ld.so.cache1.1", "ld.so-1.7.0" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tn_ldcache cache;
        tenon_error err = TENON_ERROR_INIT;
        assert_false(tn_ldcache_open(tn_view(texts[i], strlen(texts[i])), TN_LITTLE, &cache, &err));
        assert_true(err.code == TENON_E_MALFORMED || err.code == TENON_E_TRUNCATED);
    }
}

static void more_entries_than_fit_are_refused(void **state)
{
    (void)state;
    for (int old = 0; old < 2; old++) {
        struct made made;
        make(&made, &(struct cache_spec){ .old_alone = old, .entries = three, .count = 3 });
        memset(made.bytes + (old ? 12 : 20), 0xff, 4);
        assert_false(open_made(&made, TN_LITTLE));
        free(made.bytes);
    }
}

/* Whatever is left of a cache gives an answer or a refusal; a wrong answer is none of its paths. */
static void every_prefix_is_harmless(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.1", .value = "/h/libx.so.1", .subdir = "x86-64-v3", .isa = 2 },
        { .key = "libx.so.1", .value = "/p/libx.so.1" },
        { .key = "liba.so.2", .value = "/lib/liba.so.2" },
    };
    static const struct cache_spec specs[] = {
        { .generator = "g" }, { .old = true }, { .old_alone = true }, { .big = true }
    };
    for (size_t k = 0; k < sizeof specs / sizeof specs[0]; k++) {
        struct cache_spec spec = specs[k];
        spec.entries = entries;
        spec.count = 3;
        size_t size, opened = 0;
        uint8_t *whole = cache_build(&spec, &size);
        for (size_t n = 0; n < size; n++) {
            struct made cut = { malloc(n), n, { 0 } };
            if (n)
                memcpy(cut.bytes, whole, n);
            if (open_made(&cut, spec.big ? TN_BIG : TN_LITTLE)) {
                const char *x = tn_ldcache_lookup(&cut.cache, "libx.so.1", &v3);
                const char *a = tn_ldcache_lookup(&cut.cache, "liba.so.2", &v3);
                assert_true(!x || strcmp(x, "/h/libx.so.1") == 0 || strcmp(x, "/p/libx.so.1") == 0);
                assert_true(!a || strcmp(a, "/lib/liba.so.2") == 0);
                opened++;
            }
            free(cut.bytes);
        }
        assert_true(opened > 0);
        free(whole);
    }
}

static void offsets_out_of_the_file_hide_their_entry(void **state)
{
    (void)state;
    struct made made;
    make(&made, &(struct cache_spec){ .entries = three, .count = 3 });
    elf_store(made.bytes + 48 + 24 + 8, 0xfffffff0u, 4, false); /* value of libm.so.6 */
    assert_null(look_up(&made, "libm.so.6"));
    assert_string_equal(look_up(&made, "libz.so.1"), "/lib/libz.so.1");
    elf_store(made.bytes + 48 + 24 + 4, 0x7fffffffu, 4, false); /* its key too */
    assert_null(look_up(&made, "libm.so.6"));
    free(made.bytes);
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

/* rule  glibc elf/dl-cache.c, _dl_cache_libcmp() */
static void digits_are_compared_as_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int expected;
    } cases[] = {
        { "libx.so.1", "libx.so.1", 0 },
        { "libx.so.01", "libx.so.1", 0 },
        { "libx.so.10", "libx.so.9", 1 },
        { "libx.so.9", "libx.so.10", -1 },
        { "libx.so", "libx.so.1", -1 },
        { "liba.so.1", "libb.so.1", -1 },
        { "lib1.so", "liba.so", 1 }, /* a digit sorts after a letter */
        { "liba.so", "lib1.so", -1 },
        { "lib10a.so", "lib9b.so", 1 },
        { "", "", 0 },
        { "", "a", -1 },
        { "a", "", 1 },
        { "libx.so.000", "libx.so.0", 0 },
        { "libx.so.1", "libx.so.1.0", -1 },
        { "lib-1.so", "lib.so", -1 },
        { "lib12.so", "lib13.so", -1 }, /* ... also where they begin alike */
        { "lib12", "lib123", -1 },
        { "lib129", "lib13", 1 },
        { "12", "1a", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sign(tn_ldcache_compare(cases[i].a, cases[i].b)), cases[i].expected);
        assert_int_equal(sign(tn_ldcache_compare(cases[i].b, cases[i].a)), -cases[i].expected);
    }
    (void)tn_ldcache_compare("lib99999999999999999999.so",
                             "lib1.so"); /* no overflow is undefined */
}

static void a_lookup_is_by_number(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.10", .value = "/l/libx.so.10" },
        { .key = "libx.so.9", .value = "/l/libx.so.9" },
        { .key = "libx.so.1", .value = "/l/libx.so.1" },
        { .key = "libx.so", .value = "/l/libx.so" },
    };
    struct made made;
    make(&made, &(struct cache_spec){ .entries = entries, .count = 4 });
    assert_string_equal(look_up(&made, "libx.so.01"), "/l/libx.so.1");
    assert_string_equal(look_up(&made, "libx.so.9"), "/l/libx.so.9");
    assert_string_equal(look_up(&made, "libx.so.10"), "/l/libx.so.10");
    assert_string_equal(look_up(&made, "libx.so"), "/l/libx.so");
    assert_null(look_up(&made, "libx.so.2"));
    free(made.bytes);
}

/* Every entry of a long cache is found, those at both ends too: the order is descending. */
static void all_of_many_are_found(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct cache_entry *entries = calloc(COUNT, sizeof *entries);
    char(*names)[32] = calloc(COUNT, sizeof *names);
    assert_non_null(entries);
    assert_non_null(names);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "libn%zu.so", COUNT - i);
        entries[i].key = entries[i].value = names[i];
    }
    for (size_t count = 1; count <= COUNT; count = count * 3 + 1) {
        struct made made;
        make(&made, &(struct cache_spec){ .entries = entries, .count = count });
        for (size_t i = 0; i < count; i++)
            assert_string_equal(look_up(&made, names[i]), names[i]);
        free(made.bytes);
    }
    free(entries);
    free(names);
}

static void the_best_subdirectory_of_the_whole_group_wins(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.1", .value = "/1/v2", .subdir = "x86-64-v2", .isa = 1 },
        { .key = "libx.so.1", .value = "/1/v4", .subdir = "x86-64-v4", .isa = 3 },
        { .key = "libx.so.1", .value = "/2/v3", .subdir = "x86-64-v3", .isa = 2 },
        { .key = "libx.so.1", .value = "/3/v3", .subdir = "x86-64-v3", .isa = 2 },
        { .key = "libx.so.1", .value = "/1/plain" },
        { .key = "libx.so.1", .value = "/2/plain" },
    };
    for (int big = 0; big < 2; big++) {
        struct made made;
        make(&made, &(struct cache_spec){ .big = big, .entries = entries, .count = 6 });
        assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &v3), "/2/v3");
        assert_string_equal(look_up(&made, "libx.so.1"), "/1/plain");
        free(made.bytes);
    }
}

/*
 * Subdirectory names count from the start of the file for ld.so, and from the new header for
 * ldconfig: where these differ, ld.so finds no name there and takes the plain entry.
 * rule  glibc 2.36 elf/dl-cache.c, tried with the files of `ldconfig -c compat`
 */
static void subdirectory_names_count_from_the_start_of_the_file(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.1", .value = "/v3", .subdir = "x86-64-v3", .isa = 2 },
        { .key = "libx.so.1", .value = "/plain" },
    };
    static const struct {
        bool names_from_file;
        const char *found;
    } cases[] = { { true, "/v3" }, { false, "/plain" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made both;
        make(&both, &(struct cache_spec){ .old = true,
                                          .names_from_file = cases[i].names_from_file,
                                          .entries = entries,
                                          .count = 2 });
        assert_string_equal(tn_ldcache_lookup(&both.cache, "libx.so.1", &v3), cases[i].found);
        free(both.bytes);
    }
}

static void an_entry_above_the_isa_level_does_not_count(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.1", .value = "/needs4", .subdir = "x86-64-v3", .isa = 3 },
        { .key = "libx.so.1", .value = "/needs3", .subdir = "x86-64-v2", .isa = 2 },
        { .key = "libx.so.1", .value = "/plain" },
    };
    struct made made;
    make(&made, &(struct cache_spec){ .entries = entries, .count = 3 });
    assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &v3), "/needs3");
    struct tn_ldcache_query unchecked = v3;
    unchecked.isa_level = 0; /* a machine without such levels */
    assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &unchecked), "/needs4");
    free(made.bytes);
}

/* rule  glibc: capability bits count up to 2.36 */
static void legacy_capabilities_count_where_they_are_known(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.1",
          .value = "/no-such-index",
          .raw_hwcap = UINT64_C(1) << 62 | 0xffffffff },
        { .key = "libx.so.1", .value = "/extra-bits", .raw_hwcap = UINT64_C(3) << 62 },
        { .key = "libx.so.1", .value = "/tls", .raw_hwcap = UINT64_C(1) << 63 | 2 },
        { .key = "libx.so.1", .value = "/other-platform", .raw_hwcap = UINT64_C(8) << 48 },
        { .key = "libx.so.1", .value = "/platform", .raw_hwcap = UINT64_C(4) << 48 },
        { .key = "libx.so.1", .value = "/unknown", .raw_hwcap = 0x8 },
        { .key = "libx.so.1", .value = "/plain" },
    };
    static const struct {
        struct tn_ldcache_legacy legacy;
        const char *found;
    } cases[] = {
        { { 0, 0, 0 }, "/plain" },
        { { UINT64_C(1) << 63 | 2, 0, 0 }, "/tls" },
        { { 2, UINT64_C(15) << 48, UINT64_C(4) << 48 }, "/platform" },
        { { 2, UINT64_C(15) << 48, 0 }, "/plain" },
    };
    struct made made;
    make(&made, &(struct cache_spec){ .entries = entries, .count = 7 });
    assert_true(made.cache.has_legacy);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tn_ldcache_query query = v3;
        query.legacy = cases[i].legacy;
        assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &query), cases[i].found);
    }
    free(made.bytes);
}

/* rule  glibc 2.36 on x86-64, tried: an unmarked entry is not taken there */
static void only_entries_of_the_machine_count(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.1", .value = "/x32", .flags = 0x0803 },
        { .key = "libx.so.1", .value = "/native", .flags = 0x0303 },
        { .key = "libx.so.1", .value = "/i386", .flags = 0x0003 },
        { .key = "libx.so.1", .value = "/any", .flags = 1 },
        { .key = "liba.so.1", .value = "/foreign", .flags = 0x0303 },
        { .key = "liba.so.1", .value = "/any-alone", .flags = 1 },
    };
    static const struct tn_ldcache_query x32 = { .id = 0x0803, .levels = no_levels };
    static const struct tn_ldcache_query i386 = { .id = 3, .unmarked = 1, .levels = no_levels };
    static const struct tn_ldcache_query arm = { .id = 0x903, .unmarked = 3, .levels = no_levels };
    struct made made;
    make(&made, &(struct cache_spec){ .entries = entries, .count = 6 });
    assert_string_equal(look_up(&made, "libx.so.1"), "/native");
    assert_string_equal(look_up(&made, "liba.so.1"), "/foreign");
    assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &x32), "/x32");
    assert_null(tn_ldcache_lookup(&made.cache, "liba.so.1", &x32));
    assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &i386), "/i386");
    assert_string_equal(tn_ldcache_lookup(&made.cache, "liba.so.1", &i386), "/any-alone");
    assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &arm), "/i386");
    assert_null(tn_ldcache_lookup(&made.cache, "liba.so.1", &arm));
    free(made.bytes);
}

/* In the old format the last unmarked entry counts, in the new one the first. */
static void the_order_of_entries_counts(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.1", .value = "/1", .flags = 1 },
        { .key = "libx.so.1", .value = "/2", .flags = 1 },
        { .key = "libx.so.1", .value = "/native", .flags = 3 },
        { .key = "liba.so.1", .value = "/1", .flags = 1 },
        { .key = "liba.so.1", .value = "/2", .flags = 1 },
    };
    static const struct tn_ldcache_query i386 = { .id = 3, .unmarked = 1, .levels = no_levels };
    for (int old = 0; old < 2; old++) {
        struct made made;
        make(&made,
             &(struct cache_spec){ .old = old, .old_alone = old, .entries = entries, .count = 5 });
        assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &i386),
                            old ? "/native" : "/1");
        assert_string_equal(tn_ldcache_lookup(&made.cache, "liba.so.1", &i386), old ? "/2" : "/1");
        free(made.bytes);
    }
}

/*
 * A file that is not in order: the entry that halving meets first counts, with its neighbours of
 * the same name, and a name that halving passes by is not there.
 */
static void a_cache_out_of_order_is_halved_as_well(void **state)
{
    (void)state;
    static const struct cache_entry apart[] = {
        { .key = "libb.so.1", .value = "/first" },  { .key = "liba.so.1", .value = "/a" },
        { .key = "libb.so.1", .value = "/second" }, { .key = "libb.so.1", .value = "/third" },
        { .key = "liba.so.1", .value = "/last" },   { .key = "libc.so.1", .value = "/c" },
    };
    struct made made;
    make(&made, &(struct cache_spec){ .entries = apart, .count = 6 });
    assert_string_equal(tn_ldcache_lookup(&made.cache, "libb.so.1", &baseline), "/second");
    assert_string_equal(tn_ldcache_lookup(&made.cache, "liba.so.1", &baseline), "/last");
    assert_null(tn_ldcache_lookup(&made.cache, "libc.so.1", &baseline));
    free(made.bytes);
}

/* rule  reference: glibc sysdeps/generic/ldconfig.h */
static void each_machine_has_its_id(void **state)
{
    (void)state;
    static const struct {
        uint32_t machine;
        unsigned word;
        uint32_t flags, id, unmarked;
    } cases[] = {
        { 62, 8, 0, 0x0303, 0 },
        { 62, 4, 0, 0x0803, 0 },
        { 3, 4, 0, 0x0003, 1 },
        { 183, 8, 0, 0x0a03, 0 },
        { 40, 4, 0x5000400, 0x0903, 3 },
        { 40, 4, 0x5000200, 0x0b03, 3 },
        { 40, 4, 0x5000000, 0x0003, 0 },
        { 21, 8, 2, 0x0503, 0 },
        { 22, 8, 0, 0x0403, 0 },
        { 22, 4, 0, 0x0003, 1 },
        { 43, 8, 0, 0x0103, 0 },
        { 8, 8, 0, 0x0703, 0 },
        { 8, 4, 0x20, 0x0603, 0 },
        { 8, 4, 0x400, 0x0c03, 0 },
        { 8, 4, 0x420, 0x0d03, 0 },
        { 8, 8, 0x400, 0x0e03, 0 },
        { 243, 8, 4, 0x1003, 0 },
        { 243, 8, 0, 0x0f03, 0 },
        { 258, 8, 0x43, 0x1203, 0 },
        { 258, 8, 0x41, 0x1103, 0 },
        { 9999, 8, 0, 0, 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t unmarked;
        assert_int_equal(tn_ldcache_id(cases[i].machine, cases[i].word, cases[i].flags, &unmarked),
                         cases[i].id);
        assert_int_equal(unmarked, cases[i].unmarked);
    }
}

/* Damaged extensions only mean that there are none. */
static void a_bad_extension_is_ignored(void **state)
{
    (void)state;
    static const struct cache_entry entries[] = {
        { .key = "libx.so.1", .value = "/v3", .subdir = "x86-64-v3", .isa = 2 },
        { .key = "libx.so.1", .value = "/plain" },
    };
    struct made made;
    make(&made, &(struct cache_spec){ .entries = entries, .count = 2 });
    uint32_t at = tn_load32(made.bytes + 32, TN_LITTLE);
    const struct {
        size_t where;
        uint32_t value;
    } damages[] = {
        { 32, at + 2 },              /* not aligned */
        { 32, (uint32_t)made.size }, /* at the end */
        { 32, 0xfffffffcu },
        { at, 0 },               /* magic */
        { at + 4, 0x10000000u }, /* count */
        { at + 16, 0xfffffff0u },
        { at + 20, 0xfffffff0u },
        { at + 20, 3 }, /* no whole number of offsets */
        { at + 24, 0xfffffff0u },
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        uint8_t old[4];
        memcpy(old, made.bytes + damages[i].where, 4);
        elf_store(made.bytes + damages[i].where, damages[i].value, 4, false);
        assert_true(open_made(&made, TN_LITTLE));
        assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &v3), "/plain");
        memcpy(made.bytes + damages[i].where, old, 4);
    }
    assert_true(open_made(&made, TN_LITTLE));
    assert_string_equal(tn_ldcache_lookup(&made.cache, "libx.so.1", &v3), "/v3");
    free(made.bytes);
}

/* ---- this system's own cache ---- */

static uint8_t *read_all(FILE *file, size_t *size)
{
    uint8_t *bytes = NULL;
    size_t room = 0;
    *size = 0;
    for (size_t got = 1; got;) {
        if (room < *size + 65536)
            bytes = realloc(bytes, room = (*size + 65536) * 2);
        assert_non_null(bytes);
        got = fread(bytes + *size, 1, 65536, file);
        *size += got;
    }
    return bytes;
}

/* "\tNAME (libc6,x86-64) => PATH": the first of each name is what a lookup gives. */
static size_t compare_listing(FILE *list, const struct tn_ldcache *cache)
{
    char line[8192], last[8192] = "";
    size_t compared = 0;
    while (fgets(line, sizeof line, list)) {
        char *kind = strstr(line, " (libc6,x86-64");
        char *path = strstr(line, ") => ");
        if (*line != '\t' || !kind || !path || path < kind || strstr(kind, "hwcap: ") ||
            strncmp(kind, " (libc6,x86-64)", 15) != 0)
            continue;
        *kind = '\0';
        path += 5;
        path[strcspn(path, "\n")] = '\0';
        if (strcmp(last, line + 1) == 0)
            continue;
        snprintf(last, sizeof last, "%s", line + 1);
        const char *found = tn_ldcache_lookup(cache, line + 1, &baseline);
        assert_non_null(found);
        assert_string_equal(found, path);
        compared++;
    }
    return compared;
}

static void this_systems_cache_is_read_as_ldconfig_prints_it(void **state)
{
    (void)state;
#if defined __x86_64__ && defined __LP64__
    FILE *file = fopen("/etc/ld.so.cache", "rb");
    FILE *list = popen("/sbin/ldconfig -p 2>/dev/null", "r");
    if (!file || !list)
        skip();
    struct made made;
    made.bytes = read_all(file, &made.size);
    fclose(file);
    assert_true(open_made(&made, TN_LITTLE));
    size_t compared = compare_listing(list, &made.cache);
    if (pclose(list) == 0)
        assert_true(compared > 0);
    free(made.bytes);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_and_byte_order_is_read),
        cmocka_unit_test(the_other_byte_order_is_refused),
        cmocka_unit_test(a_wrong_byte_order_mark_is_refused),
        cmocka_unit_test(what_is_no_cache_is_refused),
        cmocka_unit_test(more_entries_than_fit_are_refused),
        cmocka_unit_test(every_prefix_is_harmless),
        cmocka_unit_test(offsets_out_of_the_file_hide_their_entry),
        cmocka_unit_test(digits_are_compared_as_numbers),
        cmocka_unit_test(a_lookup_is_by_number),
        cmocka_unit_test(all_of_many_are_found),
        cmocka_unit_test(the_best_subdirectory_of_the_whole_group_wins),
        cmocka_unit_test(subdirectory_names_count_from_the_start_of_the_file),
        cmocka_unit_test(an_entry_above_the_isa_level_does_not_count),
        cmocka_unit_test(legacy_capabilities_count_where_they_are_known),
        cmocka_unit_test(the_order_of_entries_counts),
        cmocka_unit_test(a_cache_out_of_order_is_halved_as_well),
        cmocka_unit_test(only_entries_of_the_machine_count),
        cmocka_unit_test(each_machine_has_its_id),
        cmocka_unit_test(a_bad_extension_is_ignored),
        cmocka_unit_test(this_systems_cache_is_read_as_ldconfig_prints_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
