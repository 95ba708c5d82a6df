/* tests/unit/test_manifest.c - tenon.json is read strictly, and written so that it reads the same
 */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "manifest_case.h"

static tenon_manifest *parse(const char *text, tenon_error *err)
{
    return tenon_manifest_parse(text, strlen(text), err);
}

static void what_is_written_reads_the_same(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest *m = parse(whole, &err);

    if (!m)
        fail_msg("%s", err.text);
    assert_string_equal(m->name, "stats");
    assert_int_equal(m->date, 12);
    assert_int_equal(m->tag_count, 2);
    assert_string_equal(m->tags[1], "b");
    assert_int_equal(m->provides[0].implementation.kind, TENON_DIGEST_CODE);
    assert_int_equal(m->provides[0].stateful, TENON_YES);
    assert_int_equal(m->required[0].kind, TENON_UNIT_LIBRARY);
    assert_int_equal(m->required[0].implementation.size, 2);
    assert_int_equal(m->required[0].stateful, TENON_UNKNOWN);
    assert_int_equal(m->code[0].kind, TENON_CODE_NATIVE);
    assert_int_equal(m->entries[0].size, 7);
    assert_int_equal(m->entries[0].sha256[1], 0x23);

    char *text = tenon_manifest_write(m, &err);
    assert_non_null(text);
    assert_string_equal(text, whole);
    free(text);
    tenon_manifest_free(m);
}

static void unknown_keys_are_passed_by(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest *m = parse("{\"format\":1,\"new\":{\"a\":[1]},\"name\":\"n\",\"version\":\"\","
                              "\"main\":\"n\",\"desc\":null}",
                              &err);

    assert_non_null(m);
    assert_null(m->desc);
    assert_int_equal(m->entry_count, 0);
    tenon_manifest_free(m);
}

/* Each: text, code, part of the message. */
#define TOP "{\"format\":1,\"name\":\"n\",\"version\":\"1\",\"main\":\"n\""
#define ENTRY(path) "{\"path\":\"" path "\",\"size\":1,\"sha256\":\"" HEX "\"}"

static const struct {
    const char *text;
    enum tenon_code code;
    const char *message;
} faults[] = {
    { "", TENON_E_MALFORMED, "line 1" },
    { "[]", TENON_E_MALFORMED, "an object expected" },
    { "{} x", TENON_E_MALFORMED, "line 1, column" },
    { "{\"format\":1,\"format\":1}", TENON_E_MALFORMED, "duplicate" },
    { "{}", TENON_E_MALFORMED, "format: a number from 1 expected" },
    { "{\"format\":\"1\"}", TENON_E_MALFORMED, "format: a number from 1 expected" },
    { "{\"format\":0}", TENON_E_MALFORMED, "format: a number from 1 expected" },
    { "{\"format\":2}", TENON_E_UNSUPPORTED, "format: 2 is newer than this tenon" },
    { "{\"format\":1}", TENON_E_MALFORMED, "name: a string expected" },
    { "{\"format\":1,\"name\":3}", TENON_E_MALFORMED, "name: a string expected" },
    { "{\"format\":1,\"name\":\"a/b\",\"version\":\"1\",\"main\":\"n\"}", TENON_E_MALFORMED,
      "name: a name of other characters" },
    { "{\"format\":1,\"name\":\".a\",\"version\":\"1\",\"main\":\"n\"}", TENON_E_MALFORMED,
      "name: a name that begins with a dot" },
    { "{\"format\":1,\"name\":\"\",\"version\":\"1\",\"main\":\"n\"}", TENON_E_MALFORMED,
      "name: an empty name" },
    { "{\"format\":1,\"name\":\"n\",\"version\":\"1\",\"main\":\"a/n\"}", TENON_E_MALFORMED,
      "main: a base name expected" },
    { TOP ",\"date\":1.5}", TENON_E_MALFORMED, "date: a whole number expected" },
    { TOP ",\"tags\":{}}", TENON_E_MALFORMED, "tags: a list expected" },
    { TOP ",\"tags\":[\"a\",1]}", TENON_E_MALFORMED, "tags[1]: a string expected" },
    { TOP ",\"cons\":[\"a>=\"]}", TENON_E_MALFORMED, "cons[0]: a number" },
    { TOP ",\"cons\":[\"a>=1x\"]}", TENON_E_MALFORMED, "cons[0]: a number" },
    { TOP ",\"cons\":[\"a b\"]}", TENON_E_MALFORMED, "cons[0]: NAME or NAME>=VERSION" },
    { TOP ",\"provides\":3}", TENON_E_MALFORMED, "provides: a list expected" },
    { TOP ",\"provides\":[3]}", TENON_E_MALFORMED, "provides[0]: an object expected" },
    { TOP ",\"provides\":[{\"kind\":\"c\"}]}", TENON_E_MALFORMED,
      "provides[0].name: a string expected" },
    { TOP ",\"provides\":[{\"name\":\"a\",\"kind\":\"d\"}]}", TENON_E_MALFORMED,
      "provides[0].kind: a kind of unit expected" },
    { TOP ",\"provides\":[{\"name\":\"\",\"kind\":\"c\"}]}", TENON_E_MALFORMED,
      "provides[0].name: a name expected" },
    { TOP ",\"provides\":[{\"name\":\"a\",\"kind\":\"c\",\"stateful\":1}]}", TENON_E_MALFORMED,
      "provides[0].stateful: true or false expected" },
    { TOP ",\"provides\":[{\"name\":\"a\",\"kind\":\"c\",\"code\":\"x\"}]}", TENON_E_MALFORMED,
      "provides[0].code: not among the code" },
    { TOP ",\"requires\":[{\"name\":\"a\",\"kind\":\"c\",\"interface\":\"abc\"}]}",
      TENON_E_MALFORMED, "requires[0].interface: \"KIND:HEXADECIMAL\" expected" },
    { TOP ",\"requires\":[{\"name\":\"a\",\"kind\":\"c\",\"interface\":\"new-9:ab\"}]}",
      TENON_E_MALFORMED, "requires[0].interface: a digest of unknown kind" },
    { TOP ",\"requires\":[{\"name\":\"a\",\"kind\":\"c\",\"interface\":\"code-1:ab\"}]}",
      TENON_E_MALFORMED, "requires[0].interface: 64 hexadecimal digits expected" },
    { TOP ",\"requires\":[{\"name\":\"a\",\"kind\":\"c\",\"interface\":\"ocaml:xy\"}]}",
      TENON_E_MALFORMED, "requires[0].interface: \"KIND:HEXADECIMAL\" expected" },
    { TOP ",\"code\":[{\"path\":\"a\",\"kind\":\"native\"}]}", TENON_E_MALFORMED,
      "code[0].path: not among the entries" },
    { TOP ",\"code\":[{\"path\":\"a\",\"kind\":\"native\"}],\"entries\":[" ENTRY("a") "]}",
      TENON_E_MALFORMED, "code[0].triple: a triple expected" },
    { TOP ",\"code\":[{\"path\":\"a\",\"kind\":\"wasm\"}]}", TENON_E_MALFORMED,
      "code[0].kind: a kind of code expected" },
    { TOP ",\"entries\":[" ENTRY("../a") "]}", TENON_E_MALFORMED, "entries[0].path: \".\"" },
    { TOP ",\"entries\":[" ENTRY("/a") "]}", TENON_E_MALFORMED, "entries[0].path: an absolute" },
    { TOP ",\"entries\":[" ENTRY("a//b") "]}", TENON_E_MALFORMED, "entries[0].path: an empty c" },
    { TOP ",\"entries\":[" ENTRY("a\\\\b") "]}", TENON_E_MALFORMED, "entries[0].path: control" },
    { TOP ",\"entries\":[" ENTRY("tenon.json") "]}", TENON_E_MALFORMED, "entries[0].path: the m" },
    { TOP ",\"entries\":[" ENTRY("a") "," ENTRY("a") "]}", TENON_E_MALFORMED,
      "entries: 'a' is there twice" },
    { TOP ",\"entries\":[{\"path\":\"a\",\"sha256\":\"" HEX "\"}]}", TENON_E_MALFORMED,
      "entries[0].size: a whole number expected" },
    { TOP ",\"entries\":[{\"path\":\"a\",\"size\":-1,\"sha256\":\"" HEX "\"}]}", TENON_E_MALFORMED,
      "entries[0].size: out of range" },
    { TOP ",\"entries\":[{\"path\":\"a\",\"size\":1,\"sha256\":\"12\"}]}", TENON_E_MALFORMED,
      "entries[0].sha256: 64 hexadecimal digits expected" },
    { "{\"format\":1,\"name\":\"a\\u0000b\"}", TENON_E_MALFORMED, "line 1" },
    { "{\"format\":1,\"name\":\"\xff\"}", TENON_E_MALFORMED, "unable to decode byte 0xff" },
};

static void every_fault_is_told_with_its_place(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        tenon_error err = TENON_ERROR_INIT;
        assert_null(parse(faults[i].text, &err));
        if (err.code != faults[i].code || !strstr(err.text, faults[i].message))
            fail_msg("%s: %s", faults[i].text, err.text);
    }
}

static void every_prefix_is_refused(void **state)
{
    (void)state;

    for (size_t n = 0; n < sizeof whole - 2; n++) { /* the last byte is a newline */
        char *cut = malloc(n ? n : 1);
        tenon_error err = TENON_ERROR_INIT;
        memcpy(cut, whole, n);
        assert_null(tenon_manifest_parse(cut, n, &err));
        assert_int_equal(err.code, TENON_E_MALFORMED);
        free(cut);
    }
}

static void what_json_cannot_hold_is_not_written(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_claim claim = { .kind = TENON_UNIT_C, .name = "a\xff" };
    tenon_manifest m = { .name = "n", .version = "1", .main = "n", .provides = &claim };

    m.provide_count = 1;
    assert_null(tenon_manifest_write(&m, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_non_null(strstr(err.text, "provides[0]: name: 'a\\xff' is not UTF-8"));
}

static long left; /* how often jansson still gets memory, before it once does not */

static void *malloc_or_not(size_t size)
{
    if (left-- != 0)
        return malloc(size);
    errno = ENOMEM;
    return NULL;
}

/* jansson may ask in vain at any place: no fault of the text, and nothing is lost of it. */
static void no_memory_is_no_fault_of_the_text(void **state)
{
    (void)state;
    tenon_manifest *m = parse(whole, NULL);
    char *expected = tenon_manifest_write(m, NULL);

    assert_non_null(expected);
    tenon_manifest_free(m);
    json_set_alloc_funcs(malloc_or_not, free);
    for (long n = 0; n < 100000; n++) {
        tenon_error err = TENON_ERROR_INIT;
        char *text = NULL;
        left = n;
        m = parse(whole, &err);
        if (m)
            text = tenon_manifest_write(m, &err);
        bool failed = left < 0;
        left = -1;
        if (text)
            assert_string_equal(text, expected);
        else
            assert_int_equal(err.code, TENON_E_MEMORY);
        tenon_manifest_free(m);
        free(text);
        if (!failed)
            break;
    }
    json_set_alloc_funcs(malloc, free);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(unknown_keys_are_passed_by),
        cmocka_unit_test(every_fault_is_told_with_its_place),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(what_json_cannot_hold_is_not_written),
        cmocka_unit_test(no_memory_is_no_fault_of_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
