/* tests/unit/bundle_case.h - a directory of its own, and bundles made in it */
#ifndef TEST_BUNDLE_CASE_H
#define TEST_BUNDLE_CASE_H

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
#include <tenon/tenon.h>

#include "elf_builder.h"

#define CASE_TRIPLE "x86_64-linux-gnu"

struct bundle_case {
    char root[64];
    char path[512]; /* of the last call of case_path */
};

static inline const char *case_path(struct bundle_case *c, const char *name)
{
    snprintf(c->path, sizeof c->path, "%s/%s", c->root, name);
    return c->path;
}

static inline int case_setup(void **state)
{
    struct bundle_case *c = calloc(1, sizeof *c);

    strcpy(c->root, "/tmp/tenon-bundle-XXXXXX");
    *state = c;
    return mkdtemp(c->root) ? 0 : -1;
}

static inline int case_teardown(void **state)
{
    struct bundle_case *c = *state;
    char command[256];

    snprintf(command, sizeof command, "chmod -R u+w '%s'; rm -rf '%s'", c->root, c->root);
    int failed = system(command);
    free(c);
    return failed;
}

static inline void case_write(struct bundle_case *c, const char *name, const void *bytes,
                              size_t size)
{
    FILE *out = fopen(case_path(c, name), "wb");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

static inline void *case_read(struct bundle_case *c, const char *name, size_t *size)
{
    FILE *in = fopen(case_path(c, name), "rb");
    struct stat info;

    assert_non_null(in);
    assert_int_equal(fstat(fileno(in), &info), 0);
    *size = (size_t)info.st_size;
    void *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, in), *size);
    fclose(in);
    return bytes;
}

/* A shared library for glibc on x86-64. */
static inline void case_library(struct bundle_case *c, const char *name, const char *soname)
{
    struct elf_spec spec = { .soname = soname,
                             .needed = (const char *const[]){ "libc.so.6", NULL } };
    size_t size;
    uint8_t *bytes = elf_build(&spec, &size);

    case_write(c, name, bytes, size);
    free(bytes);
}

#define case_ok(call, err)                                                                         \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s: %s", #call, tenon_error_message(&(err)));                                \
    } while (0)

/* "stats.plugin" with stats.so, libhelp.so.1 and data/words.txt. */
static inline void case_bundle(struct bundle_case *c, const char *name)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *b = tenon_builder_new(&err);

    case_library(c, "stats.so", NULL);
    case_library(c, "libhelp.so.1.2", "libhelp.so.1");
    case_ok(b, err);
    case_ok(tenon_builder_set(b, "version", "1.5", &err), err);
    case_ok(tenon_builder_set(b, "tags", "count", &err), err);
    case_ok(tenon_builder_set(b, "cons", "log>=2", &err), err);
    case_ok(tenon_builder_add_code(b, case_path(c, "stats.so"), TENON_CODE_NATIVE, &err), err);
    case_ok(tenon_builder_add_code(b, case_path(c, "libhelp.so.1.2"), TENON_CODE_LIBRARY, &err),
            err);
    case_ok(
        tenon_builder_add_bytes(b, "data/words.txt", "one two three three three three\n", 32, &err),
        err);
    case_ok(tenon_builder_write(b, case_path(c, name), &err), err);
    tenon_builder_free(b);
}

static inline tenon_bundle *case_open(struct bundle_case *c, const char *name)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_bundle *bundle = tenon_bundle_open(case_path(c, name), &err);

    case_ok(bundle, err);
    return bundle;
}

#endif
