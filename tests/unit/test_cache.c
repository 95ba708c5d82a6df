/* tests/unit/test_cache.c - code is taken out once, whole, and stays what was verified */
#include "bundle_case.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "cache.h"

static struct tn_cache *open_cache(struct bundle_case *c)
{
    tenon_error err = TENON_ERROR_INIT;
    struct tn_cache *cache = tn_cache_open(case_path(c, "a/cache"), &err);

    case_ok(cache, err);
    return cache;
}

static struct tn_cached *ensure(struct bundle_case *c, unsigned flags, tenon_error *err)
{
    tenon_bundle *bundle = case_open(c, "stats.plugin");
    struct tn_cache *cache = open_cache(c);
    struct tn_cached *cached = tn_cache_ensure(cache, bundle, CASE_TRIPLE, flags, err);

    tn_cache_close(cache);
    tenon_bundle_free(bundle); /* paths and identities are what these tests look at */
    return cached;
}

static struct tn_cached *ensure_ok(struct bundle_case *c)
{
    tenon_error err = TENON_ERROR_INIT;
    struct tn_cached *cached = ensure(c, 0, &err);

    case_ok(cached, err);
    return cached;
}

/* Entries of the cache, unfinished ones too, without the lock. */
static unsigned count_directories(struct bundle_case *c)
{
    DIR *list = opendir(case_path(c, "a/cache"));
    struct dirent *entry;
    unsigned count = 0;

    assert_non_null(list);
    while ((entry = readdir(list)))
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
                 strcmp(entry->d_name, "lock");
    closedir(list);
    return count;
}

static void code_lies_in_one_private_directory(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    struct stat info;

    case_bundle(c, "stats.plugin");
    struct tn_cached *cached = ensure_ok(c);
    assert_true(cached->made);
    assert_int_equal(cached->count, 2);
    assert_string_equal(strrchr(cached->files[0].path, '/'), "/libhelp.so.1");
    assert_string_equal(strrchr(cached->files[1].path, '/'), "/stats.so");
    assert_int_equal(cached->files[0].path[0], '/');
    assert_memory_equal(cached->files[0].path, cached->directory, strlen(cached->directory));
    assert_int_equal(stat(cached->directory, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_true(tn_cached_check(cached->files, cached->count, &err));
    tn_cached_free(cached);

    cached = ensure_ok(c);
    assert_false(cached->made);
    assert_true(tn_cached_check(cached->files, cached->count, &err));
    tn_cached_free(cached);
    assert_int_equal(count_directories(c), 1);
}

static void overwrite(const char *path, bool same_time)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(chmod(path, 0600), 0);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "X", 1, 100), 1);
    if (same_time) {
        struct timespec times[2] = { info.st_atim, info.st_mtim };
        assert_int_equal(futimens(fd, times), 0);
    }
    close(fd);
}

static void tampering_is_noticed_whatever_the_time_says(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;

    case_bundle(c, "stats.plugin");
    struct tn_cached *cached = ensure_ok(c);
    overwrite(cached->files[1].path, true);
    assert_false(tn_cached_check(cached->files, cached->count, &err));
    assert_non_null(strstr(err.text, "stats.so' was tampered with: it changed since"));
    tn_cached_free(cached);

    assert_null(ensure(c, 0, &err));
    assert_int_equal(err.code, TENON_E_MALFORMED);
    assert_non_null(strstr(err.text, "stats.so' was tampered with: its content is not the"));
}

/* However many files may still be opened: there are too few, or it works. */
static void too_many_open_files_are_no_tampering(void **state)
{
    struct bundle_case *c = *state;
    struct rlimit before, limit;
    bool works = false;

    case_bundle(c, "stats.plugin");
    tn_cached_free(ensure_ok(c));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (unsigned more = 0; !works; more++) {
        tenon_error err = TENON_ERROR_INIT;
        tenon_bundle *bundle = case_open(c, "stats.plugin");
        struct tn_cache *cache = open_cache(c);
        int lowest = dup(0);

        close(lowest);
        limit = (struct rlimit){ (rlim_t)lowest + more, before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        struct tn_cached *cached =
            tn_cache_ensure(cache, bundle, CASE_TRIPLE, TN_CACHE_VERIFY, &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        works = cached;
        if (!works)
            assert_int_equal(err.code, TENON_E_SYSTEM);
        assert_true(more < 16);
        tn_cached_free(cached);
        tn_cache_close(cache);
        tenon_bundle_free(bundle);
    }
}

static void a_touched_file_is_hashed_and_noted_again(void **state)
{
    struct bundle_case *c = *state;

    case_bundle(c, "stats.plugin");
    struct tn_cached *first = ensure_ok(c);
    assert_int_equal(chmod(first->files[0].path, 0700), 0); /* the change time is another */
    struct tn_cached *second = ensure_ok(c);
    assert_true(first->files[0].identity.changed != second->files[0].identity.changed ||
                first->files[0].identity.size == second->files[0].identity.size);
    tn_cached_free(first);
    tn_cached_free(second);
}

static void a_file_that_is_gone_is_tampering_too(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;

    case_bundle(c, "stats.plugin");
    struct tn_cached *cached = ensure_ok(c);
    assert_int_equal(unlink(cached->files[0].path), 0);
    assert_false(tn_cached_check(cached->files, cached->count, &err));
    assert_null(ensure(c, 0, &err));
    assert_non_null(strstr(err.text, "it is gone"));
    tn_cached_free(cached);
}

/* An attacker with this user's rights could write the notes: --verify does not look at them. */
static void verify_does_not_trust_the_notes(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    struct tn_cached *cached;
    char notes[512];
    FILE *out;

    case_bundle(c, "stats.plugin");
    cached = ensure_ok(c);
    overwrite(cached->files[1].path, false);
    snprintf(notes, sizeof notes, "%s/.tenon", cached->directory);
    out = fopen(notes, "w");
    fprintf(out, "tenon-cache 1\nstats\n1.5\n");
    for (size_t i = 0; i < 2; i++) {
        struct stat info;
        stat(cached->files[i].path, &info);
        struct tn_identity id = tn_identity(&info);
        fprintf(out, "%lu %lu %lu %ld %s\n", (unsigned long)id.device, (unsigned long)id.inode,
                (unsigned long)id.size, (long)id.changed, strrchr(cached->files[i].path, '/') + 1);
    }
    fclose(out);
    tn_cached_free(cached);

    tn_cached_free(ensure_ok(c));
    assert_null(ensure(c, TN_CACHE_VERIFY, &err));
    assert_int_equal(err.code, TENON_E_MALFORMED);
}

static void unreadable_notes_only_cost_time(void **state)
{
    static const char *const bad[] = { "", "tenon-cache 2\n", "tenon-cache 1\na\nb\n1 2 3 x\n",
                                       "tenon-cache 1\na\nb\n1 2 3 4 ../stats.so\n",
                                       "tenon-cache 1\na\nb\n99999999999999999999999 2 3 4 s\n" };
    struct bundle_case *c = *state;
    char notes[512];

    case_bundle(c, "stats.plugin");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tn_cached *cached = ensure_ok(c);
        snprintf(notes, sizeof notes, "%s/.tenon", cached->directory);
        FILE *out = fopen(notes, "w");
        fputs(bad[i], out);
        fclose(out);
        tn_cached_free(cached);
        tn_cached_free(ensure_ok(c));
    }
}

static void two_processes_at_once_both_succeed(void **state)
{
    enum { CHILDREN = 8, ROUNDS = 10 };
    struct bundle_case *c = *state;
    int status;

    case_bundle(c, "stats.plugin");
    for (int round = 0; round < ROUNDS; round++) {
        pid_t children[CHILDREN];
        int gate[2];
        assert_int_equal(pipe(gate), 0);
        for (int i = 0; i < CHILDREN; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                char byte;
                tenon_error err = TENON_ERROR_INIT;
                close(gate[1]);
                (void)!read(gate[0], &byte, 1);
                struct tn_cached *cached = ensure(c, 0, &err);
                _exit(cached && cached->count == 2 &&
                              tn_cached_check(cached->files, cached->count, &err)
                          ? 0
                          : 1);
            }
        }
        close(gate[0]);
        close(gate[1]); /* all start */
        for (int i = 0; i < CHILDREN; i++) {
            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_int_equal(status, 0);
        }
        assert_int_equal(count_directories(c), 1);
        struct tn_cache *cache = open_cache(c);
        tenon_error err = TENON_ERROR_INIT;
        case_ok(tn_cache_prune(cache, true, NULL, NULL, &err), err);
        tn_cache_close(cache);
    }
}

static void count_row(void *arg, const struct tn_cache_row *row)
{
    assert_true(row->unfinished);
    ++*(unsigned *)arg;
}

static void what_a_killed_process_left_is_pruned(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    struct tn_cache_row *rows;
    struct tn_arena arena = { 0 };
    unsigned pruned = 0;
    size_t count;

    case_bundle(c, "stats.plugin");
    tn_cached_free(ensure_ok(c));
    assert_int_equal(mkdir(case_path(c, "a/cache/.new-0123456789abcdef"), 0700), 0);
    case_write(c, "a/cache/.new-0123456789abcdef/stats.so", "half", 4);

    struct tn_cache *cache = open_cache(c);
    assert_true(tn_cache_list(cache, &arena, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_true(rows[0].unfinished);
    assert_string_equal(rows[1].plugin, "stats");
    assert_string_equal(rows[1].version, "1.5");
    assert_int_equal(rows[1].files, 2);
    tn_arena_free(&arena);
    assert_true(tn_cache_prune(cache, false, count_row, &pruned, &err));
    assert_int_equal(pruned, 1);
    tn_cache_close(cache);
    assert_int_equal(count_directories(c), 1);
    tn_cached_free(ensure_ok(c));
}

/* Makes "big.plugin", of a library with `extra` bytes behind it that do not compress well. */
static void make_big(struct bundle_case *c, size_t extra)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);
    uint32_t noise = 1;
    size_t size;

    case_library(c, "big.so", NULL);
    uint8_t *bytes = case_read(c, "big.so", &size);
    uint8_t *longer = calloc(1, size + extra);
    memcpy(longer, bytes, size);
    for (size_t i = 0; i < extra; i++) {
        noise = noise * 1664525 + 1013904223;
        longer[size + i] = (uint8_t)(noise >> 24);
    }
    case_write(c, "big.so", longer, size + extra);
    free(bytes);
    free(longer);
    case_ok(tenon_builder_add_code(b, case_path(c, "big.so"), TENON_CODE_NATIVE, &err), err);
    case_ok(tenon_builder_write(b, case_path(c, "big.plugin"), &err), err);
    tenon_builder_free(b);
}

static struct tn_cached *ensure_big(struct bundle_case *c, tenon_error *err)
{
    tenon_bundle *bundle = case_open(c, "big.plugin");
    struct tn_cache *cache = open_cache(c);
    struct tn_cached *cached = tn_cache_ensure(cache, bundle, CASE_TRIPLE, 0, err);

    tn_cache_close(cache);
    tenon_bundle_free(bundle);
    return cached;
}

/* Whenever a process is killed, others find all of the code or none, and their own work is whole.
 */
static void a_process_may_be_killed_at_any_time(void **state)
{
    struct bundle_case *c = *state;
    unsigned unfinished = 0;

    make_big(c, 3u << 20);
    for (unsigned delay = 0; delay < 40; delay++) {
        tenon_error err = TENON_ERROR_INIT;
        int status;
        pid_t child = fork();
        if (child == 0) {
            ensure_big(c, NULL);
            _exit(0);
        }
        usleep(delay * 1000);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        struct tn_cached *cached = ensure_big(c, &err);
        case_ok(cached, err);
        assert_true(tn_cached_check(cached->files, cached->count, &err));
        tn_cached_free(cached);
        struct tn_cache *cache = open_cache(c);
        case_ok(tn_cache_prune(cache, false, count_row, &unfinished, &err), err);
        assert_int_equal(count_directories(c), 1);
        case_ok(tn_cache_prune(cache, true, NULL, NULL, &err), err);
        tn_cache_close(cache);
    }
    print_message("%u times in the middle\n", unfinished);
}

static void what_others_put_there_is_pruned(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;

    case_bundle(c, "stats.plugin");
    struct tn_cached *cached = ensure_ok(c);
    char *folder = strdup(cached->directory);
    tn_cached_free(cached);
    char hidden[PATH_MAX];
    snprintf(hidden, sizeof hidden, "%s/glibc-hwcaps", folder);
    assert_int_equal(mkdir(hidden, 0700), 0);
    snprintf(hidden, sizeof hidden, "%s/glibc-hwcaps/linked", folder);
    assert_int_equal(symlink(case_path(c, "."), hidden), 0);
    assert_int_equal(mkdir(case_path(c, "a/cache/bundles"), 0700), 0);
    case_write(c, "a/cache/bundles/file", "half", 4);

    struct tn_cache *cache = open_cache(c);
    case_ok(tn_cache_prune(cache, true, NULL, NULL, &err), err);
    tn_cache_close(cache);
    assert_int_equal(count_directories(c), 0);
    assert_int_equal(access(case_path(c, "a/cache/bundles"), F_OK), -1);
    assert_int_equal(access(case_path(c, "stats.plugin"), F_OK), 0); /* no link was followed */
    free(folder);
}

static void nothing_is_pruned_while_somebody_loads(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    struct tn_cache *loading = open_cache(c), *pruning = open_cache(c);

    assert_false(tn_cache_prune(pruning, true, NULL, NULL, &err));
    assert_int_equal(err.system_errno, EBUSY);
    tn_cache_close(loading);
    assert_true(tn_cache_prune(pruning, true, NULL, NULL, &err));
    tn_cache_close(pruning);
}

static void directories_of_others_are_refused(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;

    assert_int_equal(mkdir(case_path(c, "open"), 0700), 0);
    assert_int_equal(chmod(case_path(c, "open"), 0777), 0);
    assert_null(tn_cache_open(case_path(c, "open"), &err));
    assert_non_null(strstr(err.text, "can be written by others (mode 0777)"));
    assert_null(tn_cache_open(case_path(c, "open/below"), &err));
    assert_non_null(strstr(err.text, "open' can be written by others"));

    assert_int_equal(chmod(case_path(c, "open"), 01777), 0); /* as /tmp */
    assert_null(tn_cache_open(case_path(c, "open"), &err));
    struct tn_cache *cache = tn_cache_open(case_path(c, "open/below"), &err);
    case_ok(cache, err);
    tn_cache_close(cache);

    if (geteuid() == 0) {
        assert_int_equal(mkdir(case_path(c, "theirs"), 0755), 0);
        assert_int_equal(chown(case_path(c, "theirs"), 12345, 12345), 0);
        assert_null(tn_cache_open(case_path(c, "theirs/below"), &err));
        assert_non_null(strstr(err.text, "theirs' belongs to user 12345"));
    }
}

static void a_file_in_its_place_is_an_error(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;

    case_write(c, "file", "", 0);
    assert_null(tn_cache_open(case_path(c, "file"), &err));
    assert_null(tn_cache_open(case_path(c, "file/below"), &err));
    assert_int_equal(err.system_errno, ENOTDIR);
}

static void other_systems_have_no_code(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;

    case_bundle(c, "stats.plugin");
    tenon_bundle *bundle = case_open(c, "stats.plugin");
    struct tn_cache *cache = open_cache(c);
    assert_null(tn_cache_ensure(cache, bundle, "x86_64-linux-musl", 0, &err));
    assert_int_equal(err.code, TENON_E_NOT_FOUND);
    assert_null(tn_cache_ensure(cache, bundle, "x86_64-linux-gnux32", 0, &err));
    tn_cache_close(cache);
    tenon_bundle_free(bundle);
    assert_int_equal(count_directories(c), 0);
}

/* Runs `test` in a child that has its own mounts. Skips without the right to have them. */
static void with_mount(struct bundle_case *c, unsigned long flags, const char *options,
                       int (*test)(struct bundle_case *c))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        mkdir(case_path(c, "mnt"), 0700);
        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", case_path(c, "mnt"), "tmpfs", flags, options) < 0)
            _exit(77);
        _exit(test(c));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

static int try_noexec(struct bundle_case *c)
{
    tenon_error err = TENON_ERROR_INIT;
    struct tn_cache *cache = tn_cache_open(case_path(c, "mnt/cache"), &err);

    return cache || !strstr(err.text, "noexec");
}

static void noexec_is_refused(void **state)
{
    with_mount(*state, MS_NOEXEC, "size=1m,mode=700", try_noexec);
}

static unsigned entries_below(const char *directory)
{
    DIR *list = opendir(directory);
    struct dirent *entry;
    unsigned count = 0;

    while (list && (entry = readdir(list)))
        count += entry->d_name[0] != '.' || entry->d_name[1] == 'n';
    if (list)
        closedir(list);
    return count;
}

static int try_full(struct bundle_case *c)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_bundle *bundle = tenon_bundle_open(case_path(c, "big.plugin"), &err);
    struct tn_cache *cache = tn_cache_open(case_path(c, "mnt/cache"), &err);

    if (!bundle || !cache)
        return 1;
    bool full = !tn_cache_ensure(cache, bundle, CASE_TRIPLE, 0, &err) && err.system_errno == ENOSPC;
    tn_cache_close(cache);
    tenon_bundle_free(bundle);
    if (!full)
        return 2;
    return entries_below(case_path(c, "mnt/cache")) == 1 ? 0 : 3; /* the lock */
}

static void a_full_file_system_leaves_nothing(void **state)
{
    make_big(*state, 1u << 20);
    with_mount(*state, 0, "size=512k,mode=700", try_full);
}

static int try_read_only(struct bundle_case *c)
{
    tenon_error err = TENON_ERROR_INIT;

    return tn_cache_open(case_path(c, "mnt/cache"), &err) || err.system_errno != EROFS;
}

static void a_read_only_file_system_is_an_error(void **state)
{
    with_mount(*state, MS_RDONLY, "size=1m,mode=700", try_read_only);
}

static void an_unwritable_directory_is_an_error(void **state)
{
    struct bundle_case *c = *state;
    int status;

    case_bundle(c, "stats.plugin");
    assert_int_equal(mkdir(case_path(c, "dir"), 0755), 0);
    assert_int_equal(chmod(c->root, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        tenon_error err = TENON_ERROR_INIT;
        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(77);
        if (getuid() != 65534)
            chmod(case_path(c, "dir"), 0500);
        struct tn_cache *cache = tn_cache_open(case_path(c, "dir/cache"), &err);
        _exit(!cache && err.system_errno == ENOENT ? 0
              : cache                              ? 1
              : err.system_errno == EACCES         ? 0
                                                   : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

static void the_environment_names_the_place(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_empty(&err);
    struct tn_arena arena = { 0 };

    assert_null(tn_cache_place(world, &arena, &err));
    assert_true(tenon_world_set_env(world, "HOME", "/home/me", &err));
    assert_string_equal(tn_cache_place(world, &arena, &err), "/home/me/.cache/tenon");
    assert_true(tenon_world_set_env(world, "XDG_CACHE_HOME", "relative", &err));
    assert_string_equal(tn_cache_place(world, &arena, &err), "/home/me/.cache/tenon");
    assert_true(tenon_world_set_env(world, "XDG_CACHE_HOME", "/c", &err));
    assert_string_equal(tn_cache_place(world, &arena, &err), "/c/tenon");
    assert_true(tenon_world_set_env(world, "TENON_CACHE", "here", &err));
    assert_string_equal(tn_cache_place(world, &arena, &err), "here");
    tenon_world_set_secure(world, true);
    assert_null(tn_cache_place(world, &arena, &err));
    tn_arena_free(&arena);
    tenon_world_free(world);
}

#define test(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(code_lies_in_one_private_directory),
        test(tampering_is_noticed_whatever_the_time_says),
        test(too_many_open_files_are_no_tampering),
        test(a_touched_file_is_hashed_and_noted_again),
        test(a_file_that_is_gone_is_tampering_too),
        test(verify_does_not_trust_the_notes),
        test(unreadable_notes_only_cost_time),
        test(two_processes_at_once_both_succeed),
        test(what_a_killed_process_left_is_pruned),
        test(a_process_may_be_killed_at_any_time),
        test(what_others_put_there_is_pruned),
        test(nothing_is_pruned_while_somebody_loads),
        test(directories_of_others_are_refused),
        test(a_file_in_its_place_is_an_error),
        test(other_systems_have_no_code),
        test(noexec_is_refused),
        test(a_full_file_system_leaves_nothing),
        test(a_read_only_file_system_is_an_error),
        test(an_unwritable_directory_is_an_error),
        test(the_environment_names_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
