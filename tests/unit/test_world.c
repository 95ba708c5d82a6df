/* tests/unit/test_world.c - paths, layers and listings of worlds, in memory and on this system */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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

#include "failing_malloc.h"
#include "view.h"
#include <tenon/world.h>

/* --- help ------------------------------------------------------------------------------------ */

static tenon_world *empty(void)
{
    tenon_world *world = tenon_world_empty(NULL);
    assert_non_null(world);
    return world;
}

static void put(tenon_world *world, const char *path, const char *text)
{
    assert_true(tenon_world_put_file(world, path, text, strlen(text), 0644, NULL));
}

static void put_link(tenon_world *world, const char *path, const char *target)
{
    assert_true(tenon_world_put_link(world, path, target, NULL));
}

static int stat_error(tenon_world *world, const char *path)
{
    tenon_file_info info;
    return tenon_world_stat(world, path, &info);
}

static tenon_file_info info_of(tenon_world *world, const char *path)
{
    tenon_file_info info;
    assert_int_equal(tenon_world_stat(world, path, &info), 0);
    return info;
}

static bool same_file(tenon_world *world, const char *a, const char *b)
{
    tenon_file_info x = info_of(world, a), y = info_of(world, b);
    return x.device == y.device && x.inode == y.inode;
}

/* The file's text, or the meaning of the error as "!ENOENT" would be: "!2". */
static const char *text_of(tenon_world *world, const char *path)
{
    static char text[256];
    size_t got;
    int error = tenon_world_read(world, path, 0, text, sizeof text - 1, &got);
    text[got] = '\0';
    if (error)
        snprintf(text, sizeof text, "!%d", error);
    return text;
}

static int append(void *arg, const char *name)
{
    char *list = arg;
    assert_true(strlen(list) + strlen(name) + 2 < 1000);
    strcat(strcat(list, name), " ");
    return 0;
}

static const char *list_of(tenon_world *world, const char *path)
{
    static char list[1000];
    *list = '\0';
    int error = tenon_world_list(world, path, append, list);
    if (error)
        snprintf(list, sizeof list, "!%d", error);
    return list;
}

static const char *real(tenon_world *world, const char *path)
{
    static char text[4200];
    int error;
    char *found = tenon_world_realpath(world, path, &error);
    if (found)
        snprintf(text, sizeof text, "%s", found);
    else
        snprintf(text, sizeof text, "!%d", error);
    free(found);
    return text;
}

/* A directory of this system that holds what each test makes. */
static char base[] = "/tmp/tenon-world-XXXXXX";

static const char *at(const char *path)
{
    static char full[4][600];
    static unsigned turn;
    char *out = full[turn++ % 4];
    snprintf(out, sizeof full[0], "%s/%s", base, path);
    return out;
}

static void make_dir(const char *path)
{
    assert_int_equal(mkdir(at(path), 0755), 0);
}

static void make_file(const char *path, const char *text)
{
    FILE *file = fopen(at(path), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_link(const char *path, const char *target)
{
    assert_int_equal(symlink(target, at(path)), 0);
}

static int make_base(void **state)
{
    (void)state;
    strcpy(base + strlen(base) - 6, "XXXXXX");
    return mkdtemp(base) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int remove_base(void **state)
{
    (void)state;
    return nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static tenon_world *sysroot(const char *path)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_sysroot(at(path), &err);
    assert_string_equal(tenon_error_message(&err), "no error");
    return world;
}

/* A layer from a table that counts its calls. */
struct entry {
    const char *path;
    const char *text; /* NULL: a directory */
};
struct table_layer {
    const struct entry *entries;
    size_t count;
    uint64_t device;
    unsigned lstats, lists, opens, frees;
};

static int table_lstat(void *state, const char *path, tenon_file_info *info)
{
    struct table_layer *layer = state;
    layer->lstats++;
    for (size_t i = 0; i < layer->count; i++) {
        const struct entry *e = &layer->entries[i];
        if (strcmp(e->path, path) != 0)
            continue;
        *info = (tenon_file_info){ .device = layer->device, .inode = i + 1, .mode = 0755 };
        info->type = e->text ? TENON_FILE_REGULAR : TENON_FILE_DIRECTORY;
        info->size = e->text ? strlen(e->text) : 0;
        return 0;
    }
    return ENOENT;
}

static int table_open(void *state, const char *path, tenon_file_info *info, void **file)
{
    struct table_layer *layer = state;
    layer->opens++;
    int error = table_lstat(state, path, info);
    layer->lstats--;
    for (size_t i = 0; i < layer->count; i++)
        if (strcmp(layer->entries[i].path, path) == 0)
            memcpy(file, &layer->entries[i].text, sizeof *file);
    return error;
}

static int table_read(void *state, void *file, uint64_t offset, void *bytes, size_t size,
                      size_t *got)
{
    const char *text = file;
    (void)state;
    *got = offset < strlen(text) ? strlen(text) - (size_t)offset : 0;
    *got = *got < size ? *got : size;
    memcpy(bytes, text + (*got ? offset : 0), *got);
    return 0;
}

static void table_close(void *state, void *file)
{
    (void)state, (void)file;
}

static int table_readlink(void *state, const char *path, char *target, size_t size, size_t *length)
{
    (void)state, (void)path, (void)target, (void)size, (void)length;
    return EINVAL;
}

static int table_list(void *state, const char *path, int (*each)(void *arg, const char *name),
                      void *arg)
{
    struct table_layer *layer = state;
    size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);
    layer->lists++;
    for (size_t i = 0; i < layer->count; i++) {
        const char *other = layer->entries[i].path;
        if (strncmp(other, path, size) != 0 || other[size] != '/' || !other[size + 1] ||
            strchr(other + size + 1, '/'))
            continue;
        int result = each(arg, other + size + 1);
        if (result)
            return result;
    }
    return 0;
}

static void table_free(void *state)
{
    struct table_layer *layer = state;
    layer->frees++;
}

static const tenon_layer_ops table_ops = {
    .open = table_open,
    .read = table_read,
    .close = table_close,
    .lstat = table_lstat,
    .readlink = table_readlink,
    .list = table_list,
    .free = table_free,
};

static void add_table(tenon_world *world, const char *mount, struct table_layer *layer,
                      enum tenon_case names)
{
    assert_true(tenon_world_add_layer(world, mount, &table_ops, layer, names, NULL));
}

/* --- a world in memory ----------------------------------------------------------------------- */

static void an_empty_world_is_an_empty_root(void **state)
{
    (void)state;
    tenon_world *world = empty();
    assert_int_equal(info_of(world, "/").type, TENON_FILE_DIRECTORY);
    assert_string_equal(list_of(world, "/"), "");
    assert_string_equal(real(world, "/../.././"), "/");
    assert_int_equal(stat_error(world, "/x"), ENOENT);
    assert_int_equal(stat_error(world, "/x/y"), ENOENT);
    assert_int_equal(stat_error(world, ""), ENOENT);
    assert_string_equal(tenon_world_cwd(world), "/");
    assert_string_equal(tenon_world_cpu(world), "");
    assert_string_equal(tenon_world_platform(world), "");
    assert_null(tenon_world_env(world, "PATH"));
    assert_false(tenon_world_is_host(world));
    tenon_world_free(world);
    tenon_world_free(NULL);
}

static void files_are_read_by_range(void **state)
{
    (void)state;
    tenon_world *world = empty();
    char bytes[16];
    size_t got;
    put(world, "/a/b/file", "0123456789");
    assert_int_equal(tenon_world_read(world, "/a/b/file", 4, bytes, 3, &got), 0);
    assert_int_equal(got, 3);
    assert_memory_equal(bytes, "456", 3);
    assert_int_equal(tenon_world_read(world, "/a/b/file", 8, bytes, 16, &got), 0);
    assert_int_equal(got, 2);
    assert_int_equal(tenon_world_read(world, "/a/b/file", UINT64_MAX, bytes, 16, &got), 0);
    assert_int_equal(got, 0);
    assert_int_equal(tenon_world_read(world, "/a/b", 0, bytes, 16, &got), EISDIR);
    tenon_file_info info = info_of(world, "/a/b/file");
    assert_int_equal(info.size, 10);
    assert_int_equal(info.mode, 0644);
    assert_true(tenon_world_put_file(world, "/secret", "x", 1, 0300, NULL));
    assert_int_equal(tenon_world_read(world, "/secret", 0, bytes, 1, &got), EACCES);
    assert_int_equal(stat_error(world, "/secret"), 0);
    tenon_world_free(world);
}

static void paths_resolve_as_in_a_kernel(void **state)
{
    (void)state;
    static const struct {
        const char *path, *real;
    } cases[] = {
        { "/usr/lib/libz.so.1", "/usr/lib/libz.so.1.2" },
        { "/lib/libz.so.1", "/usr/lib/libz.so.1.2" },
        { "//lib///libz.so.1.2", "/usr/lib/libz.so.1.2" },
        { "/lib/../bin/sh", "/usr/bin/sh" }, /* ".." of what the link means */
        { "/./usr/./lib/.", "/usr/lib" },
        { "/lib/", "/usr/lib" },
        { "/../../usr", "/usr" },
        { "/abs/sh", "/usr/bin/sh" },
        { "/up", "/usr/bin/sh" },
        { "lib", "/usr/lib" },
        { "bin/sh", "/usr/bin/sh" },
        { "../abs/../../usr", "/usr" },
        { "/usr/lib/libz.so.1.2/", "!20" }, /* ENOTDIR */
        { "/usr/lib/libz.so.1/", "!20" },
        { "/usr/lib/libz.so.1.2/x", "!20" },
        { "/usr/lib/libz.so.1.2/..", "!20" },
        { "/usr/lib/libz.so.1.2/x", "!20" }, /* as well when it is known already */
        { "/usr/none/../lib", "!2" },        /* ENOENT */
        { "/dangling", "!2" },
        { "/dangling/x", "!2" },
        { "/loop1", "!40" }, /* ELOOP */
        { "/loop1/x", "!40" },
        { "/self", "!40" },
        { "/void", "!2" },
    };
    tenon_world *world = empty();
    put(world, "/usr/lib/libz.so.1.2", "z");
    put(world, "/usr/bin/sh", "sh");
    put_link(world, "/usr/lib/libz.so.1", "libz.so.1.2");
    put_link(world, "/lib", "usr/lib");
    put_link(world, "/abs", "/usr/bin");
    put_link(world, "/up", "../../../../../usr/lib/../bin/sh");
    put_link(world, "/dangling", "/nowhere/at/all");
    put_link(world, "/loop1", "/loop2");
    put_link(world, "/loop2", "/loop1");
    put_link(world, "/self", "self/self");
    put_link(world, "/void", "");
    assert_true(tenon_world_set_cwd(world, "/usr", NULL));
    for (int round = 0; round < 2; round++) /* with nothing known, then with everything */
        for (size_t i = 0; i < TN_COUNT(cases); i++) {
            assert_string_equal(real(world, cases[i].path), cases[i].real);
            if (cases[i].real[0] == '!')
                assert_int_equal(stat_error(world, cases[i].path), atoi(cases[i].real + 1));
            else
                assert_true(same_file(world, cases[i].path, cases[i].real));
        }
    assert_string_equal(text_of(world, "/lib/libz.so.1"), "z");
    assert_string_equal(text_of(world, "/dangling"), "!2");
    tenon_file_info info;
    assert_int_equal(tenon_world_lstat(world, "/dangling", &info), 0);
    assert_int_equal(info.type, TENON_FILE_SYMLINK);
    assert_int_equal(tenon_world_lstat(world, "/lib/", &info), 0); /* a slash follows the link */
    assert_int_equal(info.type, TENON_FILE_DIRECTORY);
    assert_int_equal(tenon_world_lstat(world, "/lib/none", &info), ENOENT);
    tenon_world_free(world);
}

static void forty_links_are_followed_and_not_more(void **state)
{
    (void)state;
    tenon_world *world = empty();
    char name[20], target[20];
    put(world, "/l0", "end");
    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof name, "/l%d", i);
        snprintf(target, sizeof target, "l%d", i - 1);
        put_link(world, name, target);
    }
    assert_string_equal(text_of(world, "/l40"), "end");
    assert_int_equal(stat_error(world, "/l41"), ELOOP);
    tenon_world_free(world);
}

static void long_paths_are_refused(void **state)
{
    (void)state;
    tenon_world *world = empty();
    size_t size = 1 << 20;
    char *path = malloc(size + 1);
    memset(path, '/', size);
    path[size] = '\0';
    assert_int_equal(stat_error(world, path), ENAMETOOLONG);
    memset(path + 1, 'x', size - 1);
    assert_int_equal(stat_error(world, path), ENAMETOOLONG);
    assert_int_equal(stat_error(world, path + 1), ENAMETOOLONG);
    assert_false(tenon_world_put_file(world, path, "", 0, 0644, NULL));
    assert_false(tenon_world_hide(world, path, NULL));
    path[4096] = '\0';
    assert_int_equal(stat_error(world, path), ENAMETOOLONG);
    path[4094] = '\0';
    assert_int_equal(stat_error(world, path), ENOENT);
    put_link(world, "/link", path); /* too long together with what follows */
    assert_int_equal(stat_error(world, "/link/xx/y"), ENAMETOOLONG);
    path[4090] = '\0';
    put(world, path, "deep");
    assert_string_equal(text_of(world, path), "deep");
    path[4090] = 'x';
    path[4094] = '\0';
    assert_true(tenon_world_set_cwd(world, path, NULL));
    assert_int_equal(stat_error(world, "file"), ENAMETOOLONG);
    free(path);
    tenon_world_free(world);
}

static void every_file_has_an_identity_of_its_own(void **state)
{
    (void)state;
    tenon_world *world = empty();
    put(world, "/a", "same");
    put(world, "/b", "same");
    put_link(world, "/c", "a");
    assert_false(same_file(world, "/a", "/b"));
    assert_false(same_file(world, "/", "/a"));
    assert_true(same_file(world, "/a", "/c"));
    tenon_file_info before = info_of(world, "/a");
    put(world, "/a", "changed");
    assert_true(info_of(world, "/a").inode != before.inode);
    before = info_of(world, "/b");
    put(world, "/d/e", "");
    assert_true(tenon_world_put_dir(world, "/d", NULL));
    assert_true(info_of(world, "/b").inode == before.inode);
    tenon_world_free(world);
}

static void what_is_put_replaces_what_was_there(void **state)
{
    (void)state;
    tenon_world *world = empty();
    tenon_error err = TENON_ERROR_INIT;
    put(world, "/a/b", "file");
    put(world, "/a", "now a file");
    assert_string_equal(text_of(world, "/a"), "now a file");
    assert_int_equal(stat_error(world, "/a/b"), ENOTDIR);
    assert_true(tenon_world_put_dir(world, "/a", NULL));
    assert_string_equal(list_of(world, "/a"), ""); /* what was below is no more */
    put_link(world, "/link", "/target");
    put(world, "/link", "not through the link");
    assert_int_equal(stat_error(world, "/target"), ENOENT);
    put_link(world, "/dir", "/real");
    put(world, "/dir/made", "through the link");
    assert_string_equal(real(world, "/dir/made"), "/real/made");
    put(world, "/x/../y/./z", "by words");
    assert_string_equal(text_of(world, "/y/z"), "by words");
    assert_false(tenon_world_put_file(world, "/link/below", "", 0, 0644, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_string_equal(err.text, "'/link/below': Not a directory");
    assert_false(tenon_world_put_file(world, "relative", "", 0, 0644, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_false(tenon_world_put_file(world, "/", "", 0, 0644, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_true(tenon_world_put_dir(world, "/", &err));
    tenon_world_free(world);
}

static void names_are_listed_in_bytewise_order(void **state)
{
    (void)state;
    tenon_world *world = empty();
    put(world, "/d/b", "");
    put(world, "/d/B", "");
    put(world, "/d/\xc3\xa9", "");
    put(world, "/d/a/below", "");
    put_link(world, "/d/Z", "none");
    put(world, "/d/10", "");
    put(world, "/d/9", "");
    assert_string_equal(list_of(world, "/d"), "10 9 B Z a b \xc3\xa9 ");
    assert_string_equal(list_of(world, "/d/b"), "!20");
    assert_string_equal(list_of(world, "/e"), "!2");
    put(world, "/d/0", "");
    assert_string_equal(list_of(world, "/d/"), "0 10 9 B Z a b \xc3\xa9 ");
    tenon_world_free(world);
}

static int stop_at_second(void *arg, const char *name)
{
    (void)name;
    return ++*(int *)arg == 2 ? 77 : 0;
}

static int list_inside(void *arg, const char *name)
{
    tenon_world *world = arg;
    char path[100];
    snprintf(path, sizeof path, "/%s", name);
    return tenon_world_list(world, path, list_inside, world) == ENOTDIR ? 0 : 5;
}

static void a_listing_can_be_stopped_and_nested(void **state)
{
    (void)state;
    tenon_world *world = empty();
    int count = 0;
    put(world, "/a", "");
    put(world, "/b", "");
    put(world, "/c", "");
    assert_int_equal(tenon_world_list(world, "/", stop_at_second, &count), 77);
    assert_int_equal(count, 2);
    assert_int_equal(tenon_world_list(world, "/", list_inside, world), 0);
    tenon_world_free(world);
}

static void hidden_things_are_absent_with_all_below(void **state)
{
    (void)state;
    struct table_layer layer = { .entries = (const struct entry[]){ { "/", NULL },
                                                                    { "/usr", NULL },
                                                                    { "/usr/lib", NULL },
                                                                    { "/usr/lib/a", "a" },
                                                                    { "/usr/lib/b", "b" },
                                                                    { "/usr/bin", NULL } },
                                 .count = 6 };
    tenon_world *world = empty();
    add_table(world, "/", &layer, TENON_CASE_SENSITIVE);
    put_link(world, "/lib", "usr/lib");
    assert_true(tenon_world_hide(world, "/lib/a", NULL)); /* through the link to the directory */
    assert_int_equal(stat_error(world, "/usr/lib/a"), ENOENT);
    assert_string_equal(list_of(world, "/usr/lib"), "b ");
    assert_string_equal(text_of(world, "/usr/lib/b"), "b");

    assert_true(tenon_world_hide(world, "/usr/lib", NULL));
    assert_int_equal(stat_error(world, "/usr/lib/b"), ENOENT);
    assert_string_equal(list_of(world, "/usr"), "bin ");
    assert_true(tenon_world_hide(world, "/usr/lib/b", NULL)); /* is hidden already */
    assert_int_equal(stat_error(world, "/usr/lib"), ENOENT);

    put(world, "/usr/lib/new", "new"); /* the directory comes back, what it held does not */
    assert_string_equal(list_of(world, "/usr/lib"), "new ");
    assert_int_equal(stat_error(world, "/usr/lib/b"), ENOENT);
    assert_true(tenon_world_hide(world, "/usr/lib", NULL));
    assert_true(tenon_world_put_dir(world, "/usr/lib", NULL));
    assert_string_equal(list_of(world, "/usr/lib"), "");

    assert_true(tenon_world_hide(world, "/nowhere/at/all", NULL)); /* brings nothing into being */
    assert_int_equal(stat_error(world, "/nowhere"), ENOENT);
    assert_string_equal(list_of(world, "/"), "lib usr ");
    assert_true(tenon_world_hide(world, "lib", NULL)); /* the link itself, from the cwd */
    assert_string_equal(list_of(world, "/"), "usr ");
    assert_false(tenon_world_hide(world, "/", NULL));
    tenon_world_free(world);
}

/* --- layers ---------------------------------------------------------------------------------- */

static void later_layers_cover_earlier_ones(void **state)
{
    (void)state;
    struct table_layer lower = { .entries = (const struct entry[]){ { "/", NULL },
                                                                    { "/d", NULL },
                                                                    { "/d/both", "lower" },
                                                                    { "/d/lower", "lower" },
                                                                    { "/was-dir", NULL },
                                                                    { "/was-dir/x", "x" },
                                                                    { "/was-file", "file" } },
                                 .count = 7 };
    struct table_layer upper = { .entries = (const struct entry[]){ { "/", NULL },
                                                                    { "/d", NULL },
                                                                    { "/d/both", "upper" },
                                                                    { "/d/upper", "upper" },
                                                                    { "/was-dir", "file" },
                                                                    { "/was-file", NULL } },
                                 .count = 6 };
    tenon_world *world = empty();
    add_table(world, "/", &lower, TENON_CASE_SENSITIVE);
    assert_string_equal(text_of(world, "/d/both"), "lower");
    add_table(world, "/", &upper, TENON_CASE_SENSITIVE);
    assert_string_equal(text_of(world, "/d/both"), "upper");
    assert_string_equal(text_of(world, "/d/lower"), "lower");
    assert_string_equal(text_of(world, "/d/upper"), "upper");
    assert_string_equal(list_of(world, "/d"), "both lower upper ");
    assert_string_equal(list_of(world, "/"), "d was-dir was-file ");
    assert_string_equal(text_of(world, "/was-dir"), "file");
    assert_int_equal(stat_error(world, "/was-dir/x"), ENOTDIR);
    assert_string_equal(list_of(world, "/was-file"), "");
    put(world, "/d/both", "memory");
    put(world, "/d/memory", "memory");
    assert_string_equal(text_of(world, "/d/both"), "memory");
    assert_string_equal(list_of(world, "/d"), "both lower memory upper ");
    tenon_world_free(world);
    assert_int_equal(lower.frees + upper.frees, 2);
}

static void layers_never_share_an_identity(void **state)
{
    (void)state;
    static const struct entry entries[] = { { "/", NULL }, { "/f", "1" }, { "/g", "2" } };
    struct table_layer a = { .entries = entries, .count = 3, .device = 5 };
    struct table_layer b = { .entries = entries, .count = 3, .device = 5 };
    tenon_world *world = empty();
    add_table(world, "/a", &a, TENON_CASE_SENSITIVE);
    add_table(world, "/b", &b, TENON_CASE_SENSITIVE);
    make_dir("host");
    make_file("host/f", "host");
    assert_true(tenon_world_add_dir(world, "/h", at("host"), TENON_CASE_SENSITIVE, NULL));
    put(world, "/m", "memory");
    static const char *const paths[] = { "/",    "/a",   "/b",   "/h",   "/m",
                                         "/a/f", "/a/g", "/b/f", "/b/g", "/h/f" };
    for (size_t i = 0; i < TN_COUNT(paths); i++)
        for (size_t k = 0; k < i; k++)
            assert_false(same_file(world, paths[i], paths[k]));
    struct stat st;
    assert_int_equal(stat(at("host/f"), &st), 0);
    tenon_file_info info = info_of(world, "/h/f"); /* this system's numbers are kept */
    assert_true(info.device == st.st_dev && info.inode == st.st_ino);
    tenon_world_free(world);
}

static void a_refused_layer_is_given_back(void **state)
{
    (void)state;
    static const char *const mounts[] = { "relative", "", "/a/../b", "/.", "/file", "/file/x" };
    tenon_world *world = empty();
    put(world, "/file", "");
    for (size_t i = 0; i < TN_COUNT(mounts); i++) {
        struct table_layer layer = { 0 };
        tenon_error err = TENON_ERROR_INIT;
        assert_false(tenon_world_add_layer(world, mounts[i], &table_ops, &layer,
                                           TENON_CASE_SENSITIVE, &err));
        assert_int_equal(err.code, TENON_E_ARGUMENT);
        assert_int_equal(layer.frees, 1);
    }
    tenon_error err = TENON_ERROR_INIT;
    assert_false(tenon_world_add_dir(world, "/x", "/none/such", TENON_CASE_SENSITIVE, &err));
    assert_int_equal(err.code, TENON_E_SYSTEM);
    assert_int_equal(err.system_errno, ENOENT);
    tenon_world_free(world);
}

static const struct entry drive_c[] = {
    { "/", NULL },
    { "/Windows", NULL },
    { "/Windows/System32", NULL },
    { "/Windows/System32/KERNEL32.dll", "kernel32" },
    { "/Windows/System32/gr\xc3\x9c\xc3\x9f.dll", "unicode" },
    { "/Windows/two", "lower" },
    { "/Windows/TWO", "upper" },
};

static void two_drives_without_case_are_one_tree(void **state)
{
    (void)state;
    struct table_layer c = { .entries = drive_c, .count = TN_COUNT(drive_c) };
    struct table_layer d = { .entries = (const struct entry[]){ { "/", NULL },
                                                                { "/App", NULL },
                                                                { "/App/Plugin.DLL", "plugin" } },
                             .count = 3 };
    tenon_world *world = empty();
    add_table(world, "/C:", &c, TENON_CASE_INSENSITIVE);
    add_table(world, "/D:/", &d, TENON_CASE_INSENSITIVE);
    assert_string_equal(list_of(world, "/"), "C: D: ");
    assert_string_equal(list_of(world, "/c:/WINDOWS"), "System32 TWO two ");
    for (int round = 0; round < 2; round++) {
        assert_string_equal(text_of(world, "/C:/Windows/System32/KERNEL32.dll"), "kernel32");
        assert_string_equal(text_of(world, "/c:/windows/SYSTEM32/kernel32.DLL"), "kernel32");
        assert_string_equal(real(world, "/c:/windows/SYSTEM32/kernel32.DLL"),
                            "/C:/Windows/System32/KERNEL32.dll");
        assert_string_equal(text_of(world, "/c:/windows/system32/GR\xc3\xbc\xc3\x9f.DLL"),
                            "unicode");
        assert_string_equal(text_of(world, "/d:/app/../APP/plugin.dll"), "plugin");
        assert_int_equal(stat_error(world, "/d:/windows"), ENOENT);
    }
    assert_string_equal(text_of(world, "/C:/Windows/TWO"), "upper"); /* the very name first */
    assert_string_equal(text_of(world, "/C:/Windows/two"), "lower");
    assert_string_equal(text_of(world, "/C:/Windows/Two"), "upper"); /* then the first of them */
    assert_true(same_file(world, "/c:/WINDOWS", "/C:/Windows"));
    tenon_world_free(world);
}

static void changes_reach_files_whatever_their_case(void **state)
{
    (void)state;
    struct table_layer c = { .entries = drive_c, .count = TN_COUNT(drive_c) };
    tenon_world *world = empty();
    add_table(world, "/C:", &c, TENON_CASE_INSENSITIVE);
    put(world, "/c:/windows/system32/Kernel32.dll", "mine"); /* keeps the stored spelling */
    assert_string_equal(text_of(world, "/C:/Windows/System32/KERNEL32.dll"), "mine");
    assert_string_equal(text_of(world, "/C:/Windows/System32/KeRnEl32.dll"), "mine");
    assert_string_equal(list_of(world, "/C:/Windows/System32"),
                        "KERNEL32.dll gr\xc3\x9c\xc3\x9f.dll ");
    put(world, "/C:/windows/new.DLL", "new");
    assert_string_equal(text_of(world, "/C:/WINDOWS/new.DLL"), "new");
    assert_int_equal(stat_error(world, "/C:/WINDOWS/NEW.dll"), ENOENT);
    tenon_world_set_case(world, TENON_CASE_INSENSITIVE);
    assert_string_equal(text_of(world, "/C:/WINDOWS/NEW.dll"), "new");
    assert_true(tenon_world_hide(world, "/c:/WINDOWS/system32/kernel32.DLL", NULL));
    assert_int_equal(stat_error(world, "/C:/Windows/System32/KERNEL32.dll"), ENOENT);
    assert_string_equal(list_of(world, "/C:/Windows/System32"), "gr\xc3\x9c\xc3\x9f.dll ");
    assert_true(tenon_world_hide(world, "/c:", NULL));
    assert_int_equal(stat_error(world, "/C:/Windows"), ENOENT);
    assert_string_equal(list_of(world, "/"), "");
    tenon_world_free(world);
}

static void layers_that_disagree_on_case_give_one_answer(void **state)
{
    (void)state;
    struct table_layer lower = { .entries = (const struct entry[]){ { "/", NULL },
                                                                    { "/Lib", NULL },
                                                                    { "/Lib/A", "lower" },
                                                                    { "/Lib/only", "lower" } },
                                 .count = 4 };
    struct table_layer upper = {
        .entries = (const struct entry[]){ { "/", NULL }, { "/LIB", NULL }, { "/LIB/a", "upper" } },
        .count = 3
    };
    tenon_world *world = empty();
    add_table(world, "/", &lower, TENON_CASE_INSENSITIVE);
    add_table(world, "/", &upper, TENON_CASE_INSENSITIVE);
    assert_string_equal(list_of(world, "/"), "LIB ");
    assert_string_equal(list_of(world, "/lib"), "a only ");
    static const char *const spellings[] = { "/lib/a", "/Lib/A", "/LIB/a" };
    for (size_t i = 0; i < TN_COUNT(spellings); i++) {
        assert_string_equal(text_of(world, spellings[i]), "upper");
        assert_string_equal(real(world, spellings[i]), "/LIB/a");
    }
    assert_string_equal(text_of(world, "/lIB/ONLY"), "lower");
    tenon_world_free(world);

    struct table_layer sensitive = upper, folding = lower;
    world = empty();
    add_table(world, "/", &folding, TENON_CASE_INSENSITIVE);
    add_table(world, "/", &sensitive, TENON_CASE_SENSITIVE);
    assert_string_equal(text_of(world, "/LIB/a"), "upper");
    assert_string_equal(text_of(world, "/LIB/only"), "lower"); /* merged under the upper's name */
    assert_string_equal(text_of(world, "/lib/a"), "lower");    /* which the upper does not know */
    tenon_world_free(world);
}

static void a_directory_is_asked_once(void **state)
{
    (void)state;
    enum { FILES = 1000 };
    static struct entry entries[FILES + 4] = {
        { "/", NULL }, { "/usr", NULL }, { "/usr/lib", NULL }, { "/usr/lib/deep", NULL }
    };
    static char names[FILES][40];
    for (size_t i = 0; i < FILES; i++) {
        snprintf(names[i], sizeof names[i], "/usr/lib/deep/lib%zu.so", i);
        entries[i + 4] = (struct entry){ names[i], "x" };
    }
    struct table_layer layer = { .entries = entries, .count = TN_COUNT(entries) };
    tenon_world *world = empty();
    add_table(world, "/", &layer, TENON_CASE_SENSITIVE);
    for (size_t i = 0; i < FILES; i++)
        assert_int_equal(stat_error(world, names[i]), 0);
    assert_int_equal(layer.lstats, FILES + 4); /* each file and each directory */
    layer.lstats = 0;
    for (size_t i = 0; i < FILES; i++)
        assert_int_equal(stat_error(world, "/usr/lib/none/x.so"), ENOENT);
    assert_int_equal(layer.lstats, 1); /* absent directories too */
    for (int i = 0; i < 10; i++)
        assert_int_equal(tenon_world_list(world, "/usr/lib/../lib/deep", list_inside, world), 5);
    assert_int_equal(layer.lists, 1);
    tenon_world_free(world);
}

/* --- directory trees of this system ------------------------------------------------------------
 */

static void a_sysroot_cannot_be_left(void **state)
{
    (void)state;
    make_file("outside", "outside");
    make_dir("root");
    make_dir("root/etc");
    make_dir("root/usr");
    make_file("root/etc/passwd", "inside");
    make_link("root/absolute", "/etc/passwd");
    make_link("root/etc/relative", "../../../../../../etc/passwd");
    make_link("root/up", "../outside");
    make_link("root/updir", "..");
    make_link("root/magic", "/proc/self/root");
    make_link("root/full", at("outside"));
    make_link("root/usr/dir", "/etc");
    tenon_world *world = sysroot("root");
    assert_string_equal(text_of(world, "/absolute"), "inside");
    assert_string_equal(text_of(world, "/etc/relative"), "inside");
    assert_string_equal(text_of(world, "/usr/dir/passwd"), "inside");
    assert_string_equal(text_of(world, "/../../etc/passwd"), "inside");
    assert_string_equal(text_of(world, "/up"), "!2");
    assert_string_equal(text_of(world, "/updir/outside"), "!2");
    assert_string_equal(real(world, "/updir/etc"), "/etc");
    assert_string_equal(text_of(world, "/magic/etc/passwd"), "!2");
    assert_string_equal(text_of(world, "/full"), "!2");
    assert_string_equal(list_of(world, "/usr/dir/"), "passwd relative ");
    tenon_world_free(world);
}

/* Even when a directory becomes a link after it was looked at. */
static void a_sysroot_cannot_be_left_by_a_race(void **state)
{
    (void)state;
    make_dir("secret");
    make_file("secret/file", "secret");
    make_dir("race");
    make_dir("race/dir");
    make_file("race/dir/file", "public");
    tenon_world *world = sysroot("race");
    assert_string_equal(text_of(world, "/dir/file"), "public"); /* "/dir" is known now */
    assert_int_equal(rename(at("race/dir"), at("race/old")), 0);
    make_link("race/dir", "../secret");
    assert_string_not_equal(text_of(world, "/dir/file"), "secret");
    assert_string_not_equal(list_of(world, "/dir"), "file ");
    tenon_world_free(world);
}

static void a_sysroot_is_a_directory(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    make_file("plain", "");
    assert_null(tenon_world_sysroot(at("none"), &err));
    assert_int_equal(err.system_errno, ENOENT);
    assert_null(tenon_world_sysroot(at("plain"), &err));
    assert_int_equal(err.system_errno, ENOTDIR);
}

static void pipes_and_devices_are_seen_but_not_read(void **state)
{
    (void)state;
    make_dir("special");
    assert_int_equal(mkfifo(at("special/fifo"), 0600), 0);
    tenon_world *world = sysroot("special");
    tenon_world *host = tenon_world_host(NULL);
    assert_int_equal(info_of(world, "/fifo").type, TENON_FILE_OTHER);
    assert_int_equal(info_of(host, "/dev/zero").type, TENON_FILE_OTHER);
    char byte;
    size_t got;
    assert_int_equal(tenon_world_read(world, "/fifo", 0, &byte, 1, &got), EINVAL);
    assert_int_equal(tenon_world_read(host, at("special/fifo"), 0, &byte, 1, &got), EINVAL);
    assert_int_equal(tenon_world_read(host, "/dev/zero", 0, &byte, 1, &got), EINVAL);
    assert_int_equal(tenon_world_read(host, "/", 0, &byte, 1, &got), EISDIR);
    tenon_world_free(world);
    tenon_world_free(host);
}

/* The kernel resolves paths of a plain host; we do with a file put over it. Both must agree. */
static void the_host_is_the_same_with_and_without_an_overlay(void **state)
{
    (void)state;
    make_dir("h");
    make_dir("h/d");
    make_file("h/d/file", "text");
    make_link("h/link", "d/file");
    make_link("h/dirlink", "d");
    make_link("h/loop", "loop");
    make_link("h/dangling", "none");
    assert_int_equal(symlink(at("h/d"), at("h/absolute")), 0);
    tenon_world *plain = tenon_world_host(NULL);
    tenon_world *walking = tenon_world_host(NULL);
    put(walking, at("elsewhere"), "");
    assert_true(tenon_world_is_host(plain) && tenon_world_is_host(walking));
    static const char *const paths[] = {
        "",
        "h",
        "h/",
        "h/d/file",
        "h/d/file/",
        "h/d/file/x",
        "h/link",
        "h/link/",
        "h/dirlink",
        "h/dirlink/",
        "h/loop",
        "h/dangling",
        "h/none/../d",
        "h/d/../d/.",
        "h/absolute",
        "h/absolute/file",
        "h/dirlink/../link",
    };
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < TN_COUNT(paths); i++) {
            const char *path = round ? paths[i] : at(paths[i]);
            char expected[5000];
            tenon_file_info a = { 0 }, b = { 0 };
            int error = tenon_world_stat(plain, path, &a);
            assert_int_equal(tenon_world_stat(walking, path, &b), error);
            if (!error) {
                assert_memory_equal(&a, &b, sizeof a);
                assert_int_equal(a.type == TENON_FILE_REGULAR, a.size == 4 && a.changed > 0);
            }
            error = tenon_world_lstat(plain, path, &a);
            assert_int_equal(tenon_world_lstat(walking, path, &b), error);
            assert_memory_equal(&a, &b, sizeof a);
            error = tenon_world_stat(plain, path, &a);
            snprintf(expected, sizeof expected, "%s", real(plain, path));
            assert_string_equal(real(walking, path), expected);
            snprintf(expected, sizeof expected, "%s", text_of(plain, path));
            assert_string_equal(text_of(walking, path), expected);
            if (error || a.type != TENON_FILE_REGULAR) {
                snprintf(expected, sizeof expected, "%s", list_of(plain, path));
                assert_string_equal(list_of(plain, path), expected); /* remembered */
                assert_string_equal(list_of(walking, path), round || i ? expected : "elsewhere h ");
            }
        }
        assert_true(tenon_world_set_cwd(plain, base, NULL));
        assert_true(tenon_world_set_cwd(walking, base, NULL));
    }
    tenon_world_free(plain);
    tenon_world_free(walking);
}

static void a_case_insensitive_directory_of_this_system(void **state)
{
    (void)state;
    make_dir("win");
    make_dir("win/System32");
    make_file("win/System32/User32.DLL", "user32");
    tenon_world *world = empty();
    assert_true(tenon_world_add_dir(world, "/C:/Windows", at("win"), TENON_CASE_INSENSITIVE, NULL));
    assert_string_equal(text_of(world, "/c:/WINDOWS/system32/user32.dll"), "user32");
    assert_string_equal(real(world, "/c:/windows/system32"), "/C:/Windows/System32");
    assert_string_equal(list_of(world, "/C:"), "Windows ");
    tenon_world_free(world);
}

/* --- environment, directory, processor ---------------------------------------------------------
 */

static void settings_are_apart_from_the_environment(void **state)
{
    (void)state;
    tenon_world *world = tenon_world_empty(NULL);
    tenon_error err = TENON_ERROR_INIT;
    assert_null(tenon_world_setting(world, "OSREL"));
    assert_true(tenon_world_set_setting(world, "OSREL", "14.1", NULL));
    assert_true(tenon_world_set_setting(world, "OSREL", "14.2", NULL));
    assert_string_equal(tenon_world_setting(world, "OSREL"), "14.2");
    assert_null(tenon_world_env(world, "OSREL"));
    tenon_world_clear_env(world);
    assert_non_null(tenon_world_setting(world, "OSREL"));
    assert_true(tenon_world_set_setting(world, "OSREL", NULL, NULL));
    assert_null(tenon_world_setting(world, "OSREL"));
    assert_false(tenon_world_set_setting(world, "A=B", "", &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    tenon_world_free(world);
}

static void the_environment_is_what_was_set_last(void **state)
{
    (void)state;
    tenon_world *world = empty();
    tenon_error err = TENON_ERROR_INIT;
    assert_true(tenon_world_set_env(world, "A", "1", NULL));
    assert_true(tenon_world_set_env(world, "AB", "", NULL));
    assert_string_equal(tenon_world_env(world, "A"), "1");
    assert_string_equal(tenon_world_env(world, "AB"), "");
    assert_true(tenon_world_set_env(world, "A", "b=c", NULL));
    assert_string_equal(tenon_world_env(world, "A"), "b=c");
    assert_true(tenon_world_set_env(world, "A", NULL, NULL));
    assert_null(tenon_world_env(world, "A"));
    assert_non_null(tenon_world_env(world, "AB"));
    assert_false(tenon_world_set_env(world, "", "x", &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_false(tenon_world_set_env(world, "A=B", "x", &err));
    tenon_world_clear_env(world);
    assert_null(tenon_world_env(world, "AB"));
    assert_true(tenon_world_set_env(world, "C", "3", NULL));
    assert_string_equal(tenon_world_env(world, "C"), "3");
    tenon_world_free(world);
}

static void the_host_has_this_process_facts(void **state)
{
    (void)state;
    char cwd[4096];
    assert_int_equal(setenv("TENON_TEST_VARIABLE", "a value", 1), 0);
    tenon_world *world = tenon_world_host(NULL);
    assert_string_equal(tenon_world_env(world, "TENON_TEST_VARIABLE"), "a value");
    assert_string_equal(tenon_world_cwd(world), getcwd(cwd, sizeof cwd));
    assert_false(tenon_world_secure(world));
    tenon_world_set_secure(world, true);
    assert_true(tenon_world_secure(world));
#if defined __x86_64__
    assert_string_equal(tenon_world_platform(world), "x86_64");
#endif
    assert_true(tenon_world_set_cpu(world, "x86-64-v2", NULL));
    assert_true(tenon_world_set_platform(world, "haswell", NULL));
    assert_string_equal(tenon_world_cpu(world), "x86-64-v2");
    assert_string_equal(tenon_world_platform(world), "haswell");
    assert_false(tenon_world_set_cwd(world, "relative", NULL));
    tenon_world_free(world);
}

/* --- no memory ---------------------------------------------------------------------------------
 */

/* True when all went well; a step that fails must say that it was for memory. */
static bool live(void)
{
    static const struct entry entries[] = { { "/", NULL }, { "/Dir", NULL }, { "/Dir/File", "x" } };
    struct table_layer layer = { .entries = entries, .count = 3 };
    struct table_layer other = { .entries = entries, .count = 3 };
    tenon_error err = TENON_ERROR_INIT;
    tenon_file_info info;
    char list[1000] = "", text[8];
    size_t got;
    int error = 0;
    tenon_world *world = tenon_world_host(&err);
    bool made =
        world && !(error = tenon_world_list(world, base, append, list)) &&
        tenon_world_add_layer(world, "/C:/x", &table_ops, &layer, TENON_CASE_INSENSITIVE, &err) &&
        tenon_world_add_layer(world, "/C:/x", &table_ops, &other, TENON_CASE_SENSITIVE, &err) &&
        tenon_world_add_dir(world, "/D:", "/", TENON_CASE_SENSITIVE, &err) &&
        tenon_world_put_file(world, "/p/q/r/file", "text", 4, 0644, &err) &&
        tenon_world_put_link(world, "/p/link", "q/r", &err) &&
        tenon_world_hide(world, "/D:/usr/bin", &err) &&
        tenon_world_set_env(world, "A", "b", &err) && tenon_world_set_cwd(world, "/p", &err);
    if (made) {
        char *path = NULL;
        if (!error)
            error = tenon_world_stat(world, "/c:/X/dir/FILE", &info);
        if (!error)
            error = tenon_world_read(world, "link/file", 0, text, sizeof text, &got);
        if (!error)
            error = tenon_world_list(world, "/C:/x/Dir", append, list);
        if (!error)
            path = tenon_world_realpath(world, "link/../r/file", &error);
        free(path);
        if (!error)
            assert_string_equal(list + strlen(list) - 5, "File ");
    } else if (!error) {
        assert_int_equal(err.code, TENON_E_MEMORY);
    }
    assert_true(error == 0 || error == ENOMEM);
    tenon_world_free(world);
    return made && !error;
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    long n = 0;
    for (bool done = false; !done; n++) {
        fail_after(n);
        done = live();
        fail_never();
        assert_int_equal(done, !allocation_failed);
    }
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_world_is_an_empty_root),
        cmocka_unit_test(files_are_read_by_range),
        cmocka_unit_test(paths_resolve_as_in_a_kernel),
        cmocka_unit_test(forty_links_are_followed_and_not_more),
        cmocka_unit_test(long_paths_are_refused),
        cmocka_unit_test(every_file_has_an_identity_of_its_own),
        cmocka_unit_test(what_is_put_replaces_what_was_there),
        cmocka_unit_test(names_are_listed_in_bytewise_order),
        cmocka_unit_test(a_listing_can_be_stopped_and_nested),
        cmocka_unit_test(hidden_things_are_absent_with_all_below),
        cmocka_unit_test(later_layers_cover_earlier_ones),
        cmocka_unit_test_setup_teardown(layers_never_share_an_identity, make_base, remove_base),
        cmocka_unit_test(a_refused_layer_is_given_back),
        cmocka_unit_test(two_drives_without_case_are_one_tree),
        cmocka_unit_test(changes_reach_files_whatever_their_case),
        cmocka_unit_test(layers_that_disagree_on_case_give_one_answer),
        cmocka_unit_test(a_directory_is_asked_once),
        cmocka_unit_test_setup_teardown(a_sysroot_cannot_be_left, make_base, remove_base),
        cmocka_unit_test_setup_teardown(a_sysroot_cannot_be_left_by_a_race, make_base, remove_base),
        cmocka_unit_test_setup_teardown(a_sysroot_is_a_directory, make_base, remove_base),
        cmocka_unit_test_setup_teardown(pipes_and_devices_are_seen_but_not_read, make_base,
                                        remove_base),
        cmocka_unit_test_setup_teardown(the_host_is_the_same_with_and_without_an_overlay, make_base,
                                        remove_base),
        cmocka_unit_test_setup_teardown(a_case_insensitive_directory_of_this_system, make_base,
                                        remove_base),
        cmocka_unit_test(the_environment_is_what_was_set_last),
        cmocka_unit_test(settings_are_apart_from_the_environment),
        cmocka_unit_test(the_host_has_this_process_facts),
        cmocka_unit_test_setup_teardown(each_allocation_may_fail, make_base, remove_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
