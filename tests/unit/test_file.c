/* tests/unit/test_file.c - ranges of files: each byte read once or twice, never beyond the end */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail.h"
#include "failing_malloc.h"
#include "file.h"
#include "limits.h"

/* A layer with one file, "/f", that counts what is read of it. */
struct counted {
    uint64_t size;
    uint64_t reported; /* what identity says */
    size_t most;       /* bytes that one read gives */
    unsigned opens, closes, reads;
    uint64_t bytes;
};

static unsigned char byte_at(uint64_t offset)
{
    return (unsigned char)(offset * 7 + offset / 251);
}

static int counted_lstat(void *layer, const char *path, tenon_file_info *info)
{
    struct counted *c = layer;
    bool is_root = strcmp(path, "/") == 0;
    if (!is_root && strcmp(path, "/f") != 0)
        return ENOENT;
    *info = (tenon_file_info){ .device = 1, .inode = is_root ? 1 : 2, .size = c->reported };
    info->type = is_root ? TENON_FILE_DIRECTORY : TENON_FILE_REGULAR;
    return 0;
}

static int counted_open(void *layer, const char *path, tenon_file_info *info, void **file)
{
    struct counted *c = layer;
    c->opens++;
    *file = c;
    return counted_lstat(layer, path, info);
}

static int counted_read(void *layer, void *file, uint64_t offset, void *bytes, size_t size,
                        size_t *got)
{
    struct counted *c = file;
    assert_ptr_equal(layer, file);
    c->reads++;
    if (size > c->most)
        size = c->most;
    if (offset >= c->size)
        size = 0;
    else if (size > c->size - offset)
        size = (size_t)(c->size - offset);
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)bytes)[i] = byte_at(offset + i);
    c->bytes += size;
    *got = size;
    return 0;
}

static void counted_close(void *layer, void *file)
{
    struct counted *c = layer;
    (void)file;
    c->closes++;
}

static int counted_readlink(void *layer, const char *path, char *target, size_t size,
                            size_t *length)
{
    (void)layer, (void)path, (void)target, (void)size, (void)length;
    return EINVAL;
}

static int counted_list(void *layer, const char *path, int (*each)(void *arg, const char *name),
                        void *arg)
{
    (void)layer, (void)path;
    return each(arg, "f");
}

static const tenon_layer_ops counted_ops = {
    .open = counted_open,
    .read = counted_read,
    .close = counted_close,
    .lstat = counted_lstat,
    .readlink = counted_readlink,
    .list = counted_list,
};

struct fixture {
    struct counted counted;
    tenon_world *world;
    struct tn_arena arena;
    struct tn_file file;
};

static void open_fixture(struct fixture *f, uint64_t size, uint64_t reported)
{
    *f = (struct fixture){ .counted = { .size = size, .reported = reported, .most = SIZE_MAX } };
    f->world = tenon_world_empty(NULL);
    assert_non_null(f->world);
    assert_true(tenon_world_add_layer(f->world, "/", &counted_ops, &f->counted,
                                      TENON_CASE_SENSITIVE, NULL));
    assert_int_equal(tn_file_open(f->world, "/f", &f->arena, &f->file), 0);
}

static void close_fixture(struct fixture *f)
{
    tn_file_close(&f->file);
    tn_file_close(&f->file);
    assert_int_equal(f->counted.opens, f->counted.closes);
    tn_arena_free(&f->arena);
    tenon_world_free(f->world);
}

static void check_bytes(struct tn_view view, uint64_t start, size_t size)
{
    assert_int_equal(view.start, start);
    assert_int_equal(view.size, size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(view.at[i], byte_at(start + i));
}

static void whole_blocks_are_read_and_kept(void **state)
{
    (void)state;
    struct fixture f;
    struct tn_view view;
    open_fixture(&f, 100000, 100000);
    assert_true(tn_file_view(&f.file, 0, 64, "head", &view, NULL));
    check_bytes(view, 0, 64);
    assert_int_equal(f.counted.bytes, 256);
    assert_true(tn_file_view(&f.file, 200, 56, "inside", &view, NULL));
    check_bytes(view, 200, 56);
    assert_int_equal(f.counted.reads, 1);
    assert_true(tn_file_view(&f.file, 8000, 200, "two blocks", &view, NULL));
    check_bytes(view, 8000, 200);
    assert_int_equal(f.counted.bytes, 256 + 512);
    assert_true(tn_file_view(&f.file, 99990, 10, "end", &view, NULL));
    check_bytes(view, 99990, 10);
    assert_int_equal(f.counted.bytes, 256 + 512 + 100000 % 256);
    close_fixture(&f);
}

static void a_small_file_is_read_with_one_call(void **state)
{
    (void)state;
    struct fixture f;
    struct tn_view view;
    open_fixture(&f, 100, 100);
    assert_true(tn_file_upto(&f.file, 0, 4096, "head", &view, NULL));
    check_bytes(view, 0, 100);
    assert_true(tn_file_view(&f.file, 50, 50, "tail", &view, NULL));
    assert_int_equal(f.counted.reads, 1);
    close_fixture(&f);
}

static void a_copy_reads_what_it_gives_and_no_more(void **state)
{
    (void)state;
    struct fixture f;
    struct tn_view view;
    uint8_t out[300];
    tenon_error err = TENON_ERROR_INIT;
    open_fixture(&f, 100000, 100000);
    assert_true(tn_file_copy(&f.file, 5000, 300, "part", out, NULL));
    check_bytes((struct tn_view){ out, 300, 5000 }, 5000, 300);
    assert_int_equal(f.counted.bytes, 300);
    assert_true(tn_file_view(&f.file, 0, 64, "head", &view, NULL));
    assert_true(tn_file_copy(&f.file, 10, 100, "of what is there", out, NULL));
    check_bytes((struct tn_view){ out, 100, 10 }, 10, 100);
    assert_int_equal(f.counted.bytes, 300 + 256);
    assert_true(tn_file_copy(&f.file, 100000, 0, "nothing", out, NULL));
    assert_false(tn_file_copy(&f.file, 99999, 2, "tail", out, &err));
    assert_int_equal(err.code, TENON_E_TRUNCATED);
    close_fixture(&f);

    open_fixture(&f, 50, 100); /* shorter than it says */
    assert_false(tn_file_copy(&f.file, 40, 20, "tail", out, &err));
    assert_int_equal(err.code, TENON_E_TRUNCATED);
    close_fixture(&f);
}

static void what_is_past_the_end_is_truncated(void **state)
{
    (void)state;
    static const uint64_t cases[][2] = {
        { 0, 101 }, { 100, 1 },        { 99, 2 },         { 101, 0 },
        { 200, 4 }, { UINT64_MAX, 1 }, { 1, UINT64_MAX }, { UINT64_MAX, UINT64_MAX },
    };
    struct fixture f;
    struct tn_view view;
    open_fixture(&f, 100, 100);
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        tenon_error err = TENON_ERROR_INIT;
        assert_false(tn_file_view(&f.file, cases[i][0], cases[i][1], "part", &view, &err));
        assert_int_equal(err.code, TENON_E_TRUNCATED);
        assert_true(tn_file_upto(&f.file, cases[i][0], cases[i][1], "part", &view, &err));
        check_bytes(view, cases[i][0], cases[i][0] < 100 ? (size_t)(100 - cases[i][0]) : 0);
    }
    tenon_error err = TENON_ERROR_INIT;
    assert_false(tn_file_view(&f.file, 90, 24, "program header", &view, &err));
    assert_string_equal(err.text, "program header: 24 bytes needed at 0x5a, 10 left");
    assert_true(tn_file_view(&f.file, 100, 0, "nothing", &view, &err));
    assert_non_null(view.at);
    close_fixture(&f);
}

static void a_file_that_shrank_is_truncated_not_garbage(void **state)
{
    (void)state;
    struct fixture f;
    struct tn_view view;
    tenon_error err = TENON_ERROR_INIT;
    open_fixture(&f, 5000, 20000);
    assert_false(tn_file_view(&f.file, 4096, 2000, "table", &view, &err));
    assert_int_equal(err.code, TENON_E_TRUNCATED);
    assert_string_equal(err.text, "table: 2000 bytes needed at 0x1000, 904 left");
    assert_true(tn_file_upto(&f.file, 4096, 2000, "table", &view, NULL));
    check_bytes(view, 4096, 904);
    assert_true(tn_file_upto(&f.file, 10000, 1, "gone", &view, NULL));
    assert_int_equal(view.size, 0);
    assert_true(tn_file_view(&f.file, 0, 5000, "all", &view, NULL));
    check_bytes(view, 0, 5000);
    close_fixture(&f);
}

static void reads_that_give_little_are_continued(void **state)
{
    (void)state;
    struct fixture f;
    struct tn_view view;
    open_fixture(&f, 10000, 10000);
    f.counted.most = 7;
    assert_true(tn_file_view(&f.file, 100, 9000, "much", &view, NULL));
    check_bytes(view, 100, 9000);
    close_fixture(&f);
}

static void many_ranges_stay_valid_and_cost_twice_the_file_at_most(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20, VIEWS = 2000 };
    static struct tn_view views[VIEWS];
    struct fixture f;
    open_fixture(&f, SIZE, SIZE);
    uint32_t random = 7;
    for (size_t i = 0; i < VIEWS; i++) {
        random = random * 1664525 + 1013904223;
        uint64_t offset = (random >> 8) % (SIZE - 70000);
        assert_true(tn_file_view(&f.file, offset, 1 + random % 70000, "part", &views[i], NULL));
    }
    for (size_t i = 0; i < VIEWS; i++) {
        assert_int_equal(views[i].at[0], byte_at(views[i].start));
        assert_int_equal(views[i].at[views[i].size - 1],
                         byte_at(views[i].start + views[i].size - 1));
    }
    assert_true(f.counted.bytes <= 2 * SIZE);
    close_fixture(&f);
}

static void a_range_too_big_is_a_limit(void **state)
{
    (void)state;
    struct fixture f;
    struct tn_view view;
    tenon_error err = TENON_ERROR_INIT;
    open_fixture(&f, UINT64_MAX, UINT64_MAX);
    assert_false(tn_file_view(&f.file, 0, UINT64_MAX - 1, "segment", &view, &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
    assert_false(tn_file_view(&f.file, 5, (uint64_t)TN_LIMIT_SEGMENT_READ + 1, "s", &view, &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
    assert_true(tn_file_view(&f.file, UINT64_MAX - 10, 10, "the very end", &view, &err));
    check_bytes(view, UINT64_MAX - 10, 10);
    close_fixture(&f);
}

static void bytes_in_memory_are_a_file_too(void **state)
{
    (void)state;
    struct tn_file file;
    struct tn_view view;
    tn_file_from_bytes(&file, "name", "abcdef", 6);
    assert_true(tn_file_view(&file, 2, 3, "part", &view, NULL));
    assert_memory_equal(view.at, "cde", 3);
    assert_false(tn_file_view(&file, 2, 5, "part", &view, NULL));
    assert_true(tn_file_upto(&file, 4, 100, "part", &view, NULL));
    assert_int_equal(view.size, 2);
    tn_file_close(&file);
    tn_file_from_bytes(&file, "empty", NULL, 0);
    assert_true(tn_file_upto(&file, 0, 64, "head", &view, NULL));
    assert_int_equal(view.size, 0);
    assert_non_null(view.at);
}

static void what_is_no_regular_file_opens_but_is_not_read(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    struct tn_file file;
    struct tn_view view;
    tenon_world *world = tenon_world_host(NULL);
    static const struct {
        const char *path;
        int error;
    } cases[] = { { "/", EISDIR }, { "/dev/zero", EINVAL }, { "fifo", EINVAL } };
    char dir[] = "/tmp/tenon-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    assert_true(tenon_world_set_cwd(world, dir, NULL));
    char fifo[64];
    snprintf(fifo, sizeof fifo, "%s/fifo", dir);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    for (int round = 0; round < 2; round++) { /* as the kernel resolves paths, then as we do */
        for (size_t i = 0; i < TN_COUNT(cases); i++) {
            tenon_error err = TENON_ERROR_INIT;
            assert_int_equal(tn_file_open(world, cases[i].path, &arena, &file), 0);
            assert_false(tn_file_upto(&file, 0, 16, "head", &view, &err));
            assert_int_equal(err.code, TENON_E_SYSTEM);
            assert_int_equal(err.system_errno, cases[i].error);
            tn_file_close(&file);
            assert_int_equal(tn_file_whole(world, cases[i].path, 100, &arena, &view),
                             cases[i].error);
        }
        assert_true(tenon_world_put_file(world, "/tmp/never.so", "", 0, 0644, NULL));
    }
    unlink(fifo);
    rmdir(dir);
    tn_arena_free(&arena);
    tenon_world_free(world);
}

static void a_small_file_is_read_whole_with_a_nul_behind(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    struct tn_view view;
    tenon_world *world = tenon_world_empty(NULL);
    assert_true(tenon_world_put_file(world, "/etc/conf", "line\n", 5, 0644, NULL));
    assert_true(tenon_world_put_file(world, "/etc/empty", "", 0, 0644, NULL));
    assert_int_equal(tn_file_whole(world, "/etc/conf", 5, &arena, &view), 0);
    assert_int_equal(view.size, 5);
    assert_string_equal((const char *)view.at, "line\n");
    assert_int_equal(tn_file_whole(world, "/etc/empty", 5, &arena, &view), 0);
    assert_string_equal((const char *)view.at, "");
    assert_int_equal(tn_file_whole(world, "/etc/conf", 4, &arena, &view), EFBIG);
    assert_int_equal(tn_file_whole(world, "/etc", 4, &arena, &view), EISDIR);
    assert_int_equal(tn_file_whole(world, "/none", 4, &arena, &view), ENOENT);
    tn_arena_free(&arena);
    tenon_world_free(world);
}

static void a_part_is_a_file_of_its_own(void **state)
{
    (void)state;
    struct fixture f;
    struct tn_file part, inner;
    struct tn_view view;
    tenon_error err = TENON_ERROR_INIT;
    open_fixture(&f, 10000, 10000);
    assert_true(tn_file_part(&f.file, 1000, 5000, "member", &part, NULL));
    assert_true(tn_file_view(&part, 0, 64, "head", &view, NULL));
    assert_int_equal(view.start, 0);
    assert_int_equal(view.at[3], byte_at(1003));
    assert_false(tn_file_view(&part, 4999, 2, "tail", &view, &err));
    assert_string_equal(err.text, "tail: 2 bytes needed at 0x1387, 1 left");
    assert_true(tn_file_part(&part, 100, 50, "inner", &inner, NULL));
    assert_true(tn_file_view(&inner, 49, 1, "last", &view, NULL));
    assert_int_equal(view.at[0], byte_at(1149));
    assert_false(tn_file_part(&f.file, 9000, 1001, "member", &part, &err));
    assert_int_equal(err.code, TENON_E_TRUNCATED);
    assert_false(tn_file_part(&f.file, UINT64_MAX, UINT64_MAX, "member", &part, NULL));
    close_fixture(&f);
}

static void a_part_of_bytes_in_memory(void **state)
{
    (void)state;
    struct tn_file whole, part;
    struct tn_view view;
    tn_file_from_bytes(&whole, "whole", "abcdef", 6);
    assert_true(tn_file_part(&whole, 2, 3, "part", &part, NULL));
    assert_true(tn_file_view(&part, 1, 2, "end", &view, NULL));
    assert_memory_equal(view.at, "de", 2);
    assert_false(tn_file_view(&part, 1, 3, "end", &view, NULL));
    assert_false(tn_file_part(&whole, 4, 3, "part", &part, NULL));
}

static void no_memory_is_said(void **state)
{
    (void)state;
    struct fixture f;
    struct tn_view view;
    tenon_error err = TENON_ERROR_INIT;
    open_fixture(&f, 100000, 100000);
    fail_after(0);
    assert_false(tn_file_view(&f.file, 0, 64, "head", &view, &err));
    fail_never();
    assert_int_equal(err.code, TENON_E_MEMORY);
    fail_after(0);
    assert_int_equal(tn_file_whole(f.world, "/f", 200000, &f.arena, &view), ENOMEM);
    fail_never();
    assert_true(tn_file_view(&f.file, 0, 64, "head", &view, &err));
    close_fixture(&f);
}

static void the_next_file_of_a_world_has_the_room_of_the_last(void **state)
{
    (void)state;
    tenon_world *world = tenon_world_empty(NULL);
    struct tn_arena first = tn_file_room(world), second = tn_file_room(world);
    uint8_t *bytes = tn_arena_bytes(&first, 1000);
    assert_non_null(bytes);
    assert_ptr_not_equal(tn_arena_bytes(&second, 1000), bytes);
    tn_file_room_end(world, &first);
    tn_file_room_end(world, &second); /* there is one already */
    first = tn_file_room(world);
    assert_ptr_equal(tn_arena_bytes(&first, 1000), bytes);
    tn_file_room_end(world, &first);
    first = tn_file_room(NULL);
    assert_non_null(tn_arena_bytes(&first, 1000));
    tn_file_room_end(NULL, &first);
    tenon_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_blocks_are_read_and_kept),
        cmocka_unit_test(a_small_file_is_read_with_one_call),
        cmocka_unit_test(a_copy_reads_what_it_gives_and_no_more),
        cmocka_unit_test(what_is_past_the_end_is_truncated),
        cmocka_unit_test(a_file_that_shrank_is_truncated_not_garbage),
        cmocka_unit_test(reads_that_give_little_are_continued),
        cmocka_unit_test(many_ranges_stay_valid_and_cost_twice_the_file_at_most),
        cmocka_unit_test(a_range_too_big_is_a_limit),
        cmocka_unit_test(bytes_in_memory_are_a_file_too),
        cmocka_unit_test(what_is_no_regular_file_opens_but_is_not_read),
        cmocka_unit_test(a_small_file_is_read_whole_with_a_nul_behind),
        cmocka_unit_test(a_part_is_a_file_of_its_own),
        cmocka_unit_test(a_part_of_bytes_in_memory),
        cmocka_unit_test(no_memory_is_said),
        cmocka_unit_test(the_next_file_of_a_world_has_the_room_of_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
