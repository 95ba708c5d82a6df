/* tests/unit/test_bundle.c - bundles are made the same each time, and read strictly */
#include "bundle_case.h"

#include <errno.h>

#include "view.h"
#include "zip_file.h"

static void a_bundle_holds_what_was_put_in(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    void *bytes;
    size_t size;

    case_bundle(c, "stats.plugin");
    tenon_bundle *bundle = case_open(c, "stats.plugin");
    const tenon_manifest *m = tenon_bundle_manifest(bundle);
    assert_string_equal(m->name, "stats");
    assert_string_equal(m->main, "stats");
    assert_string_equal(m->version, "1.5");
    assert_string_equal(m->cons[0], "log>=2");
    assert_int_equal(m->code_count, 2);
    assert_string_equal(m->code[0].path, "native/" CASE_TRIPLE "/libhelp.so.1");
    assert_int_equal(m->code[0].kind, TENON_CODE_LIBRARY);
    assert_string_equal(m->code[0].libc, "glibc");
    assert_int_equal(m->entry_count, 3);
    case_ok(tenon_bundle_read(bundle, "data/words.txt", &bytes, &size, &err), err);
    assert_int_equal(size, 32);
    assert_string_equal(bytes, "one two three three three three\n");
    free(bytes);
    assert_false(tenon_bundle_read(bundle, "data/none", &bytes, &size, &err));
    assert_int_equal(err.code, TENON_E_NOT_FOUND);
    assert_false(tenon_bundle_read(bundle, "tenon.json", &bytes, &size, &err));
    case_ok(tenon_bundle_verify(bundle, &err), err);
    tenon_bundle_free(bundle);
}

static void equal_input_gives_equal_bytes(void **state)
{
    struct bundle_case *c = *state;
    size_t first_size, second_size;

    case_bundle(c, "a.plugin");
    setenv("TZ", "Pacific/Kiritimati", 1);
    case_bundle(c, "b.plugin");
    unsetenv("TZ");
    void *first = case_read(c, "a.plugin", &first_size);
    void *second = case_read(c, "b.plugin", &second_size);
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    free(first);
    free(second);
}

static void an_update_changes_what_was_said_alone(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);

    case_bundle(c, "stats.plugin");
    tenon_bundle *bundle = case_open(c, "stats.plugin");
    case_ok(tenon_builder_from(b, bundle, &err), err);
    case_ok(tenon_builder_set(b, "tags", NULL, &err), err);
    case_ok(tenon_builder_set(b, "author", "me", &err), err);
    case_ok(tenon_builder_drop(b, "data/words.txt", &err), err);
    assert_false(tenon_builder_drop(b, "data/words.txt", &err));
    case_ok(tenon_builder_write(b, case_path(c, "new.plugin"), &err), err);
    tenon_builder_free(b);

    tenon_bundle *new = case_open(c, "new.plugin");
    const tenon_manifest *m = tenon_bundle_manifest(new), *old = tenon_bundle_manifest(bundle);
    assert_int_equal(m->tag_count, 0);
    assert_string_equal(m->author, "me");
    assert_string_equal(m->version, "1.5");
    assert_int_equal(m->entry_count, old->entry_count - 1);
    assert_int_equal(m->provide_count, old->provide_count);
    case_ok(tenon_bundle_verify(new, &err), err);
    tenon_bundle_free(new);
    tenon_bundle_free(bundle);
}

static void bad_values_are_the_callers_mistake(void **state)
{
    static const struct {
        const char *key, *value;
    } bad[] = { { "name", "a/b" },  { "name", "" },  { "main", "a/b" }, { "cons", "x>=y" },
                { "nothing", "x" }, { "date", "x" }, { "date", "1x" } };
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(tenon_builder_set(b, bad[i].key, bad[i].value, &err));
        assert_int_equal(err.code, TENON_E_ARGUMENT);
    }
    assert_false(tenon_builder_add_bytes(b, "../x", "", 0, &err));
    assert_false(tenon_builder_add_bytes(b, "tenon.json", "", 0, &err));
    assert_true(tenon_builder_add_bytes(b, "data/x", "", 0, &err));
    assert_false(tenon_builder_add_bytes(b, "data/x", "", 0, &err));
    assert_non_null(strstr(err.text, "it is there already"));
    assert_false(tenon_builder_add_bytes(b, "data/x/y", "", 0, &err));
    assert_non_null(strstr(err.text, "an entry there has the name of one of its folders"));
    assert_true(tenon_builder_add_bytes(b, "data/x-y/z/a", "", 0, &err));
    assert_false(tenon_builder_add_bytes(b, "data/x-y/z", "", 0, &err));
    assert_non_null(strstr(err.text, "it is the folder of an entry there"));
    assert_true(tenon_builder_add_bytes(b, "data/x-", "", 0, &err));
    assert_false(tenon_builder_write(b, "/nowhere/x.plugin", &err)); /* no name */
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    tenon_builder_free(b);
}

static void claims_that_no_manifest_holds_are_not_written(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);
    const tenon_claim claim = { .name = "u",
                                .kind = TENON_UNIT_C,
                                .interface = { .kind = TENON_DIGEST_EXPORTS, .size = 20 } };
    const char *path = case_path(c, "x.plugin");

    assert_true(tenon_builder_set(b, "name", "x", &err));
    assert_true(tenon_builder_write(b, path, &err));
    assert_true(tenon_builder_require(b, &claim, &err));
    assert_false(tenon_builder_write(b, path, &err));
    assert_int_equal(err.code, TENON_E_MALFORMED);
    assert_non_null(strstr(err.text, "requires[0].interface"));
    tenon_builder_free(b);
    tenon_bundle *bundle = tenon_bundle_open(path, &err); /* the one before is still there */
    assert_non_null(bundle);
    tenon_bundle_free(bundle);
}

static void what_no_manifest_holds_is_refused_at_once(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);
    const char *file = case_path(c, "stats.so");
    const tenon_claim claim = { .name = "x", .interface = { TENON_DIGEST_CODE, 200, { 0 } } };

    assert_false(tenon_builder_add_code(b, file, (enum tenon_code_kind)77, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    err.code = TENON_OK;
    assert_false(tenon_builder_add_code_as(b, file, TENON_CODE_NATIVE, "a/b", &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    err.code = TENON_OK;
    assert_false(tenon_builder_require(b, &claim, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    tenon_builder_free(b);
}

static void only_shared_libraries_are_code(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    struct elf_spec spec = { .type = 2 };
    tenon_builder *b = tenon_builder_new(&err);
    size_t size;
    uint8_t *bytes = elf_build(&spec, &size);

    case_write(c, "prog", bytes, size);
    free(bytes);
    case_write(c, "text", "hello", 5);
    assert_false(tenon_builder_add_code(b, case_path(c, "prog"), TENON_CODE_NATIVE, &err));
    assert_int_equal(err.code, TENON_E_NOT_LOADABLE);
    assert_false(tenon_builder_add_code(b, case_path(c, "text"), TENON_CODE_NATIVE, &err));
    assert_int_equal(err.code, TENON_E_FORMAT);
    assert_false(tenon_builder_add_code(b, case_path(c, "none"), TENON_CODE_NATIVE, &err));
    assert_int_equal(err.code, TENON_E_SYSTEM);
    tenon_builder_free(b);
}

/* What is all zeros shrinks a thousandfold, as zip bombs do: it is stored, and can be read. */
static void what_vanishes_is_stored(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);
    size_t size = 4u << 20, file_size;
    void *zeros = calloc(1, size), *bytes;

    case_ok(tenon_builder_set(b, "name", "zeros", &err), err);
    case_ok(tenon_builder_add_bytes(b, "data/zeros", zeros, size, &err), err);
    case_ok(tenon_builder_write(b, case_path(c, "z.plugin"), &err), err);
    tenon_builder_free(b);
    tenon_bundle *bundle = case_open(c, "z.plugin");
    case_ok(tenon_bundle_read(bundle, "data/zeros", &bytes, &file_size, &err), err);
    assert_int_equal(file_size, size);
    assert_memory_equal(bytes, zeros, size);
    free(bytes);
    free(zeros);
    tenon_bundle_free(bundle);
    free(case_read(c, "z.plugin", &file_size));
    assert_true(file_size > size);
}

static void only_files_are_replaced(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);

    case_ok(tenon_builder_set(b, "name", "n", &err), err);
    assert_int_equal(mkdir(case_path(c, "dir"), 0700), 0);
    assert_false(tenon_builder_write(b, case_path(c, "dir"), &err));
    assert_non_null(strstr(err.text, "no regular file"));
    assert_int_equal(symlink("/nowhere", case_path(c, "link")), 0);
    assert_false(tenon_builder_write(b, case_path(c, "link"), &err));
    assert_false(tenon_builder_write(b, case_path(c, "missing/x.plugin"), &err));
    assert_int_equal(err.code, TENON_E_SYSTEM);
    tenon_builder_free(b);
}

/* ... whatever the umask is, and to whom we are allowed to give it. */
static void a_replaced_bundle_keeps_its_mode_and_owner(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);
    const char *path = case_path(c, "n.plugin");
    mode_t umask_before = umask(022);
    struct stat info, given;

    case_ok(tenon_builder_set(b, "name", "n", &err), err);
    case_ok(tenon_builder_write(b, path, &err), err);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0644);
    assert_int_equal(chmod(path, 0664), 0);
    assert_true(chown(path, 12, 34) == 0 || errno == EPERM);
    assert_int_equal(stat(path, &given), 0);
    umask(077);
    case_ok(tenon_builder_write(b, path, &err), err);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0664);
    assert_true(info.st_uid == given.st_uid && info.st_gid == given.st_gid);
    umask(umask_before);
    tenon_builder_free(b);
}

/* Every byte of a bundle means something: cut or changed anywhere, it is refused or reads the same.
 */
static void every_prefix_is_refused(void **state)
{
    struct bundle_case *c = *state;
    size_t size;

    case_bundle(c, "stats.plugin");
    uint8_t *bytes = case_read(c, "stats.plugin", &size);
    for (size_t n = 0; n < size; n++) {
        tenon_error err = TENON_ERROR_INIT;
        case_write(c, "cut.plugin", bytes, n);
        assert_null(tenon_bundle_open(case_path(c, "cut.plugin"), &err));
        assert_int_not_equal(err.code, TENON_OK);
    }
    free(bytes);
}

static void no_flipped_bit_goes_unnoticed(void **state)
{
    struct bundle_case *c = *state;
    size_t size, harmless = 0;

    case_bundle(c, "stats.plugin");
    uint8_t *bytes = case_read(c, "stats.plugin", &size);
    for (size_t i = 0; i < size; i++) {
        tenon_error err = TENON_ERROR_INIT;
        bytes[i] ^= 0x10;
        case_write(c, "bad.plugin", bytes, size);
        tenon_bundle *bundle = tenon_bundle_open(case_path(c, "bad.plugin"), &err);
        harmless += bundle && tenon_bundle_verify(bundle, &err);
        tenon_bundle_free(bundle);
        bytes[i] ^= 0x10;
    }
    free(bytes);
    /* versions of zip (2 + 4 each), internal and external attributes: no reader of ours asks */
    assert_true(harmless <= 4 * (6 + 2 + 4));
}

/* libzip (zlib) packs, we take out: contents of every kind of block. */
static void what_zlib_packs_comes_out_the_same(void **state)
{
    enum { MOST = 300000 };
    struct bundle_case *c = *state;
    uint8_t *content = malloc(MOST);
    uint32_t seed = 1;

    for (size_t size = 0; size < MOST; size = size * 3 + 1) {
        for (unsigned kind = 0; kind < 4; kind++) {
            tenon_error err = TENON_ERROR_INIT;
            tenon_builder *b = tenon_builder_new(&err);
            size_t got;
            void *bytes;
            for (size_t i = 0; i < size; i++) {
                seed = seed * 1664525 + 1013904223;
                uint8_t noise = (uint8_t)(seed >> 24);
                content[i] = kind == 0   ? noise
                             : kind == 1 ? noise & 3
                             : kind == 2 ? (uint8_t)(i >> 5)
                                         : (uint8_t)(noise < 8 ? noise : 'a' + i % 23);
            }
            case_ok(tenon_builder_set(b, "name", "n", &err), err);
            case_ok(tenon_builder_add_bytes(b, "data/x", content, size, &err), err);
            case_ok(tenon_builder_write(b, case_path(c, "n.plugin"), &err), err);
            tenon_builder_free(b);
            tenon_bundle *bundle = case_open(c, "n.plugin");
            case_ok(tenon_bundle_read(bundle, "data/x", &bytes, &got, &err), err);
            assert_int_equal(got, size);
            assert_memory_equal(bytes, content, size);
            free(bytes);
            tenon_bundle_free(bundle);
        }
    }
    free(content);
}

/* A manifest whose claims are not those of the code: it opens, and does not verify. */
static void lies_are_found(void **state)
{
    struct bundle_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;

    for (int lie = 0; lie < 2; lie++) {
        tenon_builder *b = tenon_builder_new(&err);
        tenon_claim claim = { .kind = TENON_UNIT_LIBRARY,
                              .name = lie ? "other.so" : "stats.so",
                              .stateful = TENON_NO,
                              .code = "native/" CASE_TRIPLE "/stats.so" };
        case_library(c, "stats.so", NULL);
        case_ok(tenon_builder_add_code(b, case_path(c, "stats.so"), TENON_CODE_NATIVE, &err), err);
        case_ok(tenon_builder_provide(b, &claim, &err), err);
        case_ok(tenon_builder_write(b, case_path(c, "lie.plugin"), &err), err);
        tenon_builder_free(b);
        tenon_bundle *bundle = case_open(c, "lie.plugin");
        assert_false(tenon_bundle_verify(bundle, &err));
        assert_int_equal(err.code, TENON_E_MALFORMED);
        assert_non_null(strstr(err.text, lie ? "'other.so'" : "unit 'stats.so': the manifest's"));
        tenon_bundle_free(bundle);
    }
}

static tenon_builder *new_ocaml(void)
{
    char seed[4096];
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);

    snprintf(seed, sizeof seed, "%s/fuzz/seeds/cmo/dep.cmo", getenv("TENON_SOURCE"));
    case_ok(b, err);
    case_ok(tenon_builder_set(b, "name", "dep", &err), err);
    case_ok(tenon_builder_add_code_as(b, seed, TENON_CODE_OCAML_BYTE, "dep.cma", &err), err);
    return b;
}

/* The same of OCaml's units, by name and by digest. */
static void lies_about_ocaml_units_are_found(void **state)
{
    static const char *const words[] = {
        NULL, "units that are not in the code",
        "unit 'Dep': the manifest's digest is not that of the code"
    };
    struct bundle_case *c = *state;

    for (size_t lie = 0; lie < 3; lie++) {
        tenon_error err = TENON_ERROR_INIT;
        tenon_builder *b = new_ocaml();
        tenon_claim claim = { .kind = TENON_UNIT_OCAML,
                              .name = lie == 1 ? "Deq" : "Dep",
                              .stateful = TENON_YES,
                              .code = "dep.cma" };
        if (lie)
            case_ok(tenon_builder_provide(b, &claim, &err), err);
        case_ok(tenon_builder_write(b, case_path(c, "dep.plugin"), &err), err);
        tenon_builder_free(b);
        tenon_bundle *bundle = case_open(c, "dep.plugin");
        assert_int_equal(tenon_bundle_verify(bundle, &err), !lie);
        if (lie) {
            assert_int_equal(err.code, TENON_E_MALFORMED);
            if (!strstr(err.text, words[lie]) || !strstr(err.text, "dep.plugin"))
                fail_msg("%s", tenon_error_message(&err));
        }
        tenon_bundle_free(bundle);
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_bundle_holds_what_was_put_in),
        test(equal_input_gives_equal_bytes),
        test(an_update_changes_what_was_said_alone),
        test(bad_values_are_the_callers_mistake),
        test(claims_that_no_manifest_holds_are_not_written),
        test(what_no_manifest_holds_is_refused_at_once),
        test(only_shared_libraries_are_code),
        test(what_vanishes_is_stored),
        test(only_files_are_replaced),
        test(a_replaced_bundle_keeps_its_mode_and_owner),
        test(every_prefix_is_refused),
        test(no_flipped_bit_goes_unnoticed),
        test(what_zlib_packs_comes_out_the_same),
        test(lies_are_found),
        test(lies_about_ocaml_units_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
