/*
 * tests/unit/test_ocaml.c - files of OCaml's compilers, whole and broken, where any allocation may
 * fail
 *
 * The files are those of fuzz/seeds, which tools/make-ocaml-seeds makes.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tenon/ocaml.h>

#include "failing_arena.h"
#include "ocaml.h"

struct bytes {
    uint8_t *at;
    size_t size;
};

static struct bytes seed(const char *name)
{
    char path[4096];
    struct bytes out = { NULL, 0 };
    snprintf(path, sizeof path, "%s/fuzz/seeds/%s", getenv("TENON_SOURCE"), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    out.at = malloc(1 << 16);
    out.size = fread(out.at, 1, 1 << 16, file);
    fclose(file);
    return out;
}

static tenon_ocaml *open_seed(const char *name)
{
    tenon_error err = TENON_ERROR_INIT;
    struct bytes b = seed(name);
    tenon_ocaml *ocaml = tenon_ocaml_parse(b.at, b.size, name, &err);
    free(b.at);
    if (!ocaml)
        fail_msg("%s", tenon_error_message(&err));
    return ocaml;
}

static void check_names(tenon_ocaml_names names, const char *joined)
{
    char text[1024] = "";
    for (size_t i = 0; i < names.count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, names.at[i]);
    }
    assert_string_equal(text, joined);
}

/* Names, with a '?' behind those without a digest. */
static void check_imports(tenon_ocaml_imports imports, const char *joined)
{
    char text[1024] = "";
    for (size_t i = 0; i < imports.count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, imports.at[i].name);
        strcat(text, imports.at[i].crc.kind == TENON_DIGEST_UNKNOWN ? "?" : "");
    }
    assert_string_equal(text, joined);
}

/* ---- good files -------------------------------------------------------------------------------
 */

static void a_unit_of_bytecode(void **state)
{
    (void)state;
    tenon_ocaml *o = open_seed("cmo/use.cmo");
    assert_int_equal(tenon_ocaml_kind_of(o), TENON_OCAML_CMO);
    assert_string_equal(tenon_ocaml_release(o), "4.13");
    assert_string_equal(tenon_ocaml_digits(o), "030");
    assert_int_equal(tenon_ocaml_unit_count(o), 1);
    const tenon_ocaml_unit *u = tenon_ocaml_unit_at(o, 0);
    assert_string_equal(u->name, "Use");
    check_imports(u->required, "Dep?");
    check_names(u->globals, "Dep");
    check_names(u->defines, "Use");
    assert_int_equal(u->interface.kind, TENON_DIGEST_OCAML);
    assert_int_equal(u->implementation.kind, TENON_DIGEST_UNKNOWN);
    assert_false(u->force_link);
    tenon_ocaml_free(o);
}

static void a_library_of_bytecode(void **state)
{
    (void)state;
    tenon_ocaml *o = open_seed("cma/all.cma");
    assert_int_equal(tenon_ocaml_kind_of(o), TENON_OCAML_CMA);
    assert_int_equal(tenon_ocaml_unit_count(o), 3);
    assert_string_equal(tenon_ocaml_unit_at(o, 0)->name, "Dep");
    const tenon_ocaml_unit *prim = tenon_ocaml_unit_at(o, 2);
    check_names(prim->externals, "%identity prim_poke");
    check_names(prim->primitives, "prim_poke");
    assert_true(prim->force_link);
    check_names(tenon_ocaml_dlls(o), "-lprim");
    check_names(tenon_ocaml_c_objects(o), "-lprim");
    assert_null(tenon_ocaml_unit_at(o, 3));
    tenon_ocaml_free(o);
}

/* From 5.2 on units are strings, and what is inside of a pack or predefined is no unit. */
static void a_unit_of_bytecode_of_5_3(void **state)
{
    (void)state;
    tenon_ocaml *o = open_seed("cmo/5.3");
    const tenon_ocaml_unit *u = tenon_ocaml_unit_at(o, 0);
    assert_string_equal(tenon_ocaml_release(o), "5.3");
    assert_string_equal(u->name, "Made");
    check_imports(u->required, "Stdlib? Other?");
    check_imports(u->interfaces, "Made Alias? Stdlib");
    check_names(u->globals, "Stdlib Other");
    check_names(u->externals, "caml_poke");
    check_names(u->primitives, "caml_poke");
    tenon_ocaml_free(o);
}

static void an_order_of_libraries(void **state)
{
    (void)state;
    tenon_ocaml *o = open_seed("cma/5.2");
    assert_int_equal(tenon_ocaml_unit_count(o), 2);
    check_names(tenon_ocaml_dlls(o), "-la -lb");
    check_names(tenon_ocaml_c_objects(o), "-la -lb");
    tenon_ocaml_free(o);
}

/* A compressed signature is skipped, not read. */
static void interfaces(void **state)
{
    (void)state;
    tenon_ocaml *o = open_seed("cmi/use.cmi");
    assert_int_equal(tenon_ocaml_kind_of(o), TENON_OCAML_CMI);
    assert_string_equal(tenon_ocaml_unit_at(o, 0)->name, "Use");
    tenon_ocaml_free(o);
    o = open_seed("cmi/5.3");
    assert_string_equal(tenon_ocaml_release(o), "5.3");
    assert_string_equal(tenon_ocaml_unit_at(o, 0)->name, "Stdlib");
    check_imports(tenon_ocaml_unit_at(o, 0)->interfaces, "Stdlib Dep Seen?");
    tenon_ocaml_free(o);
}

static void native_descriptions(void **state)
{
    (void)state;
    tenon_ocaml *o = open_seed("cmx/use.cmx");
    const tenon_ocaml_unit *u = tenon_ocaml_unit_at(o, 0);
    assert_string_equal(u->symbol, "Use");
    check_imports(u->required, "Dep");
    assert_int_equal(u->implementation.kind, TENON_DIGEST_OCAML);
    tenon_ocaml_free(o);
    o = open_seed("cmx/5.1");
    u = tenon_ocaml_unit_at(o, 0);
    assert_string_equal(u->for_pack, "P");
    assert_string_equal(u->symbol, "P.Made");
    check_imports(u->implementations, "Stdlib Late?");
    tenon_ocaml_free(o);
    o = open_seed("cmxa/all.cmxa");
    assert_int_equal(tenon_ocaml_unit_count(o), 3);
    check_names(tenon_ocaml_c_options(o), "-L.");
    assert_false(tenon_ocaml_is_flambda(o));
    tenon_ocaml_free(o);
}

/* Its approximations are passed, whatever is in them. */
static void native_descriptions_of_flambda(void **state)
{
    (void)state;
    tenon_ocaml *o = open_seed("cmx/flambda");
    const tenon_ocaml_unit *u = tenon_ocaml_unit_at(o, 0);
    assert_true(tenon_ocaml_is_flambda(o));
    assert_string_equal(tenon_ocaml_release(o), "5.2");
    assert_string_equal(u->name, "Made");
    assert_null(u->for_pack);
    check_imports(u->implementations, "Stdlib Late?");
    tenon_ocaml_free(o);
    o = open_seed("cmxa/flambda");
    assert_true(tenon_ocaml_is_flambda(o));
    assert_int_equal(tenon_ocaml_unit_count(o), 2);
    assert_string_equal(tenon_ocaml_unit_at(o, 1)->name, "More");
    check_names(tenon_ocaml_c_objects(o), "-la");
    tenon_ocaml_free(o);
}

static void values_in_elf_files(void **state)
{
    (void)state;
    tenon_ocaml *o = open_seed("cmxs/plugin");
    assert_int_equal(tenon_ocaml_kind_of(o), TENON_OCAML_CMXS);
    assert_int_equal(tenon_ocaml_unit_count(o), 2);
    check_imports(tenon_ocaml_unit_at(o, 1)->required, "Dep Late?");
    check_names(tenon_ocaml_unit_at(o, 1)->defines, "Use");
    tenon_ocaml_free(o);
    o = open_seed("cmxs/plugin-sysv"); /* without DT_GNU_HASH */
    assert_int_equal(tenon_ocaml_unit_count(o), 2);
    tenon_ocaml_free(o);
    o = open_seed("cmxs/program");
    assert_int_equal(tenon_ocaml_kind_of(o), TENON_OCAML_EXECUTABLE);
    assert_null(tenon_ocaml_release(o));
    assert_int_equal(tenon_ocaml_unit_count(o), 2);
    assert_string_equal(tenon_ocaml_unit_at(o, 1)->name, "Dep");
    check_imports(tenon_ocaml_interfaces(o), "Stdlib Seen Dep");
    tenon_ocaml_free(o);
}

static void check_program(const char *name, bool custom)
{
    tenon_ocaml *o = open_seed(name);
    assert_int_equal(tenon_ocaml_kind_of(o), TENON_OCAML_BYTECODE);
    check_names(tenon_ocaml_globals(o), "Stdlib Not_found Dep");
    assert_int_equal(tenon_ocaml_unit_count(o), 2);
    assert_string_equal(tenon_ocaml_unit_at(o, 1)->name, "Dep");
    assert_int_equal(tenon_ocaml_unit_at(o, 1)->interface.kind, TENON_DIGEST_OCAML);
    check_imports(tenon_ocaml_interfaces(o), "Stdlib Dep Seen?");
    assert_int_equal(tenon_ocaml_is_custom(o), custom);
    if (!custom) {
        assert_string_equal(tenon_ocaml_runtime(o), "/usr/bin/ocamlrun");
        check_names(tenon_ocaml_dlls(o), "dllunix");
        check_names(tenon_ocaml_dll_paths(o), "/opt/stubs");
        check_names(tenon_ocaml_primitives(o), "caml_a caml_b");
    }
    tenon_ocaml_free(o);
}

static void programs_of_bytecode(void **state)
{
    (void)state;
    check_program("bytecode/4.13", false);
    check_program("bytecode/5.3", false);
    check_program("cmxs/complete", true);
    check_program("cmxs/complete-5.2", true);
    tenon_ocaml *o = open_seed("cmxs/complete");
    check_names(tenon_ocaml_primitives(o), "caml_a");
    tenon_ocaml_free(o);
}

/* ---- what is refused --------------------------------------------------------------------------
 */

static void check_refused(struct bytes b, enum tenon_code code, const char *part)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml *o = tenon_ocaml_parse(b.at, b.size, "x", &err);
    assert_null(o);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
    assert_int_equal(err.code, code);
    assert_int_equal(strncmp(err.text, "x: ", 3), 0);
}

static void other_releases_by_name(void **state)
{
    static const struct {
        const char *magic, *part;
    } rows[] = {
        { "Caml1999A023....", "of OCaml 4.07" },
        { "Caml1999I024....", "of OCaml 4.07" },
        { "Caml1999O022....", "of OCaml 4.06" },
        { "Caml1999I021....", "of OCaml 4.04 or 4.05" },
        { "Caml1999A011....", "of OCaml 4.02" },
        { "Caml1999Y036....", "of no OCaml from 4.08" },
        { "Caml1999A505....", "of no OCaml from 4.08" },
        { "Caml1999T030....", "it holds no units" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_refused((struct bytes){ (uint8_t *)(uintptr_t)rows[i].magic, 16 },
                      TENON_E_UNSUPPORTED, rows[i].part);
}

static void what_is_not_of_ocaml(void **state)
{
    (void)state;
    check_refused((struct bytes){ (uint8_t *)(uintptr_t) "#!/bin/sh", 9 }, TENON_E_NOT_FOUND,
                  "no file of OCaml's");
    check_refused((struct bytes){ (uint8_t *)(uintptr_t) "", 0 }, TENON_E_NOT_FOUND, "no file");
    struct bytes elf = seed("elf/library32");
    check_refused(elf, TENON_E_NOT_FOUND, "nothing of OCaml's");
    free(elf.at);
}

/* Puts `value` at the first place where `pattern` is. */
static void patch(struct bytes b, const char *pattern, size_t skip, uint8_t value)
{
    uint8_t *at = memmem(b.at, b.size, pattern, strlen(pattern));
    assert_non_null(at);
    at[skip] = value;
}

/* File, offset and field are named. */
static void a_field_out_of_range(void **state)
{
    (void)state;
    struct bytes b = seed("cmo/5.3");
    b.at[12] = 0x7f; /* the descriptor's offset */
    check_refused(b, TENON_E_MALFORMED, "offset of the descriptor at 0xc is 2130706452");
    free(b.at);

    b = seed("cmo/5.3");
    b.at[20] ^= 1; /* the header of the value */
    check_refused(b, TENON_E_MALFORMED, "marshal header at 0x14: magic number is 0x8595a6be");
    free(b.at);

    b = seed("cmo/5.3");
    patch(b, "Alias", 4, 0);
    check_refused(b, TENON_E_MALFORMED, "unit 'Made': interfaces imported: ");
    free(b.at);

    b = seed("cmx/5.1");
    b.size -= 3; /* of the digest behind the value */
    check_refused(b, TENON_E_TRUNCATED, "CRC of the unit: 16 bytes needed at 0x94, 13 left");
    free(b.at);

    b = seed("bytecode/5.3");
    b.at[b.size - 14] = 9; /* the number of sections */
    check_refused(b, TENON_E_MALFORMED, "number of sections at 0x");
    free(b.at);
}

/* A digest of 15 bytes, its first one given to the name before it. */
static void a_digest_of_another_length(void **state)
{
    (void)state;
    struct bytes b = seed("cmxs/plugin");
    uint8_t *name = memmem(b.at, b.size,
                           "\x23"
                           "Dep\x30",
                           5); /* strings of 3 and 16 bytes */
    assert_non_null(name);
    name[0] = 0x24;
    name[4] = 'A';
    name[5] = 0x2f;
    check_refused(b, TENON_E_MALFORMED,
                  "caml_plugin_header: unit 'DepA': CRC of the implementation: the digest at "
                  "0x102a has 15 bytes, 16 were expected");
    free(b.at);
}

static void check_limit(const char *name, const char *part)
{
    struct bytes b = seed(name);
    check_refused(b, TENON_E_LIMIT, part);
    free(b.at);
}

/* The format has values that contain themselves: reading one ends. */
static void what_comes_back_to_itself(void **state)
{
    (void)state;
    check_limit("cmi/endless", "interfaces imported: a list that comes back to itself");
    check_limit("bytecode/deep",
                "section SYMB: table of globals: a tree that comes back to itself");
}

static const char *const all[] = { "cmo/use.cmo",   "cmo/5.3",          "cma/all.cma",
                                   "cma/5.2",       "cmi/dep.cmi",      "cmi/5.3",
                                   "cmx/dep.cmx",   "cmx/5.1",          "cmx/flambda",
                                   "cmxa/all.cmxa", "cmxa/5.3",         "bytecode/4.13",
                                   "bytecode/5.3",  "cmxs/plugin",      "cmxs/program",
                                   "cmxs/complete", "cmxs/complete-5.2" };

/* Nothing is read past the end: the block ends where the bytes do. */
static void every_prefix_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct bytes b = seed(all[i]);
        bool is_elf = memcmp(b.at, "\177ELF", 4) == 0;
        for (size_t size = is_elf ? b.size : 0; size < b.size; size++) {
            tenon_error err = TENON_ERROR_INIT;
            uint8_t *cut = malloc(size + !size);
            memcpy(cut, b.at, size);
            tenon_ocaml *o = tenon_ocaml_parse(cut, size, "x", &err);
            free(cut);
            if (o && tenon_ocaml_kind_of(o) != TENON_OCAML_CMI) /* its flags are not read */
                fail_msg("%s: %zu of %zu bytes are taken", all[i], size, b.size);
            assert_true(o || err.code != TENON_OK);
            tenon_ocaml_free(o);
        }
        free(b.at);
    }
}

/* Whatever one byte becomes, there is an answer. */
static void every_byte_may_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct bytes b = seed(all[i]);
        for (size_t at = 0; at < b.size; at++) {
            uint8_t kept = b.at[at];
            for (unsigned change = 1; change < 256; change *= 2) {
                tenon_error err = TENON_ERROR_INIT;
                b.at[at] = (uint8_t)(kept ^ change);
                tenon_ocaml *o = tenon_ocaml_parse(b.at, b.size, "x", &err);
                assert_true(o || err.code != TENON_OK);
                tenon_ocaml_free(o);
            }
            b.at[at] = kept;
        }
        free(b.at);
    }
}

static tenon_ocaml *read_detail(const struct bytes *b, enum tn_ocaml_detail detail,
                                tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    tn_file_from_bytes(&file, "x", b->at, b->size);
    file.arena = &arena;
    tenon_ocaml *o = tn_ocaml_read(&file, detail, err);
    tn_arena_free(&arena);
    return o;
}

static void check_same_digest(const tenon_digest *a, const tenon_digest *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->bytes, b->bytes, sizeof a->bytes);
}

static void check_brief(const tenon_ocaml *whole, const tenon_ocaml *brief,
                        enum tn_ocaml_detail detail)
{
    size_t count = tenon_ocaml_unit_count(whole);
    assert_int_equal(tenon_ocaml_unit_count(brief), count);
    for (size_t i = 0; i < count; i++) {
        const tenon_ocaml_unit *a = tenon_ocaml_unit_at(whole, i);
        const tenon_ocaml_unit *b = tenon_ocaml_unit_at(brief, i);
        assert_string_equal(a->name, b->name);
        check_same_digest(&a->interface, &b->interface);
        check_same_digest(&a->implementation, &b->implementation);
        assert_int_equal(a->force_link, b->force_link);
        if (detail == TN_OCAML_UNITS)
            continue;
        assert_int_equal(a->required.count, b->required.count);
        for (size_t k = 0; k < a->required.count; k++)
            assert_string_equal(a->required.at[k].name, b->required.at[k].name);
        assert_int_equal(a->primitives.count, b->primitives.count);
        for (size_t k = 0; k < a->primitives.count; k++)
            assert_string_equal(a->primitives.at[k], b->primitives.at[k]);
    }
}

static void check_details(const struct bytes *b)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml *whole = read_detail(b, TN_OCAML_ALL, &err);
    for (enum tn_ocaml_detail detail = TN_OCAML_NEEDS; detail <= TN_OCAML_UNITS; detail++) {
        tenon_error other = TENON_ERROR_INIT;
        tenon_ocaml *brief = read_detail(b, detail, &other);
        assert_int_equal(err.code, other.code);
        assert_int_equal(!whole, !brief);
        if (whole)
            check_brief(whole, brief, detail);
        else
            assert_string_equal(tenon_error_message(&err), tenon_error_message(&other));
        tenon_ocaml_free(brief);
    }
    tenon_ocaml_free(whole);
}

static void what_is_not_kept_is_checked_all_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct bytes b = seed(all[i]);
        check_details(&b);
        for (size_t at = 0; at < b.size; at++) {
            uint8_t kept = b.at[at];
            for (unsigned change = 1; change < 256; change *= 2) {
                b.at[at] = (uint8_t)(kept ^ change);
                check_details(&b);
            }
            b.at[at] = kept;
        }
        free(b.at);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct bytes b = seed(all[i]);
        for (long n = 0;; n++) {
            tenon_error err = TENON_ERROR_INIT;
            fail_after(n);
            tenon_ocaml *o = tenon_ocaml_parse(b.at, b.size, "x", &err);
            bool failed = allocation_failed;
            fail_never();
            assert_true(failed ? !o && err.code == TENON_E_MEMORY : o != NULL);
            tenon_ocaml_free(o);
            if (!failed)
                break;
        }
        free(b.at);
    }
}

/* ---- one opening for the image and for what it holds of OCaml's --------------------------------
 */

/* A world with one file, "/f". */
struct shelf {
    struct bytes file;
    int opens;
    bool failed; /* an allocation */
};

static int shelf_lstat(void *layer, const char *path, tenon_file_info *info)
{
    const struct shelf *shelf = layer;
    *info = (tenon_file_info){ .size = shelf->file.size, .mode = 0644 };
    if (strcmp(path, "/") == 0)
        info->type = TENON_FILE_DIRECTORY;
    return strcmp(path, "/") == 0 || strcmp(path, "/f") == 0 ? 0 : ENOENT;
}

static int shelf_open(void *layer, const char *path, tenon_file_info *info, void **file)
{
    struct shelf *shelf = layer;
    *file = NULL;
    shelf->opens++;
    return shelf_lstat(layer, path, info);
}

static int shelf_read(void *layer, void *file, uint64_t offset, void *bytes, size_t size,
                      size_t *got)
{
    const struct shelf *shelf = layer;
    size_t left = offset < shelf->file.size ? shelf->file.size - (size_t)offset : 0;
    (void)file;
    *got = size < left ? size : left;
    if (*got)
        memcpy(bytes, shelf->file.at + offset, *got);
    return 0;
}

static void shelf_close(void *layer, void *file)
{
    (void)layer, (void)file;
}

static int shelf_readlink(void *layer, const char *path, char *target, size_t size, size_t *length)
{
    (void)layer, (void)path, (void)target, (void)size, (void)length;
    return EINVAL;
}

static int shelf_list(void *layer, const char *path, int (*each)(void *arg, const char *name),
                      void *arg)
{
    (void)layer, (void)path;
    return each(arg, "f");
}

#define ALL 1000000 /* allocations that succeed: more than there are */

/* `most`: allocations that succeed. */
static bool open_both(struct shelf *shelf, bool with_ocaml, long most, struct tn_ocaml_image *out,
                      tenon_error *err)
{
    static const tenon_layer_ops ops = {
        .open = shelf_open,
        .read = shelf_read,
        .close = shelf_close,
        .lstat = shelf_lstat,
        .readlink = shelf_readlink,
        .list = shelf_list,
    };
    const tenon_image_source source = { .path = "/f" };
    tenon_world *world = tenon_world_empty(NULL);
    assert_non_null(world);
    assert_true(tenon_world_add_layer(world, "/", &ops, shelf, TENON_CASE_SENSITIVE, NULL));
    shelf->opens = 0;
    fail_after(most);
    bool ok = tn_ocaml_open_image(world, &source, TENON_PART_SECTIONS, with_ocaml, out, err);
    shelf->failed = allocation_failed;
    fail_never();
    tenon_world_free(world);
    return ok;
}

static void check_both(const char *name, bool with_ocaml, bool image, size_t units)
{
    struct shelf shelf = { .file = seed(name) };
    struct tn_ocaml_image got;
    tenon_error err = TENON_ERROR_INIT;
    if (!open_both(&shelf, with_ocaml, ALL, &got, &err))
        fail_msg("%s", tenon_error_message(&err));
    assert_int_equal(shelf.opens, 1);
    assert_int_equal(got.image != NULL, image);
    assert_int_equal(got.ocaml ? tenon_ocaml_unit_count(got.ocaml) : 0, units);
    assert_int_equal(got.ocaml_error.code, TENON_OK);
    tenon_ocaml_free(got.ocaml);
    tenon_image_free(got.image);
    free(shelf.file.at);
}

static void a_file_is_opened_once_for_both(void **state)
{
    struct shelf shelf = { .file = seed("text/plain") };
    struct tn_ocaml_image got;
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    check_both("cmxs/plugin", true, true, 2);
    check_both("cmxs/plugin", false, true, 0);
    check_both("cma/all.cma", true, false, 3);
    check_both("elf/library32", true, true, 0);
    /* cut short, it is no file of OCaml's, and the words are those about it */
    free(shelf.file.at);
    shelf.file = seed("cma/all.cma");
    shelf.file.size /= 2;
    assert_false(open_both(&shelf, true, ALL, &got, &err));
    assert_int_equal(shelf.opens, 1);
    assert_null(got.image);
    assert_null(got.ocaml);
    assert_non_null(strstr(tenon_error_message(&err), "/f: descriptor"));
    free(shelf.file.at);
}

/* No memory is an error or a warning that says so, and never an answer. */
static void opening_for_both_may_fail_anywhere(void **state)
{
    static const char *const names[] = { "cmxs/plugin", "cma/all.cma" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct shelf shelf = { .file = seed(names[i]) };
        for (long n = 0;; n++) {
            struct tn_ocaml_image got = { 0 };
            tenon_error err = TENON_ERROR_INIT;
            bool ok = open_both(&shelf, true, n, &got, &err), failed = shelf.failed;
            assert_true(ok || err.code == TENON_E_MEMORY);
            assert_true(failed || got.ocaml);
            assert_true(!ok || got.ocaml || got.ocaml_error.code == TENON_E_MEMORY);
            tenon_ocaml_free(got.ocaml);
            tenon_image_free(got.image);
            if (!failed)
                break;
            assert_true(n < 2000);
        }
        free(shelf.file.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_of_bytecode),
        cmocka_unit_test(a_library_of_bytecode),
        cmocka_unit_test(a_unit_of_bytecode_of_5_3),
        cmocka_unit_test(an_order_of_libraries),
        cmocka_unit_test(interfaces),
        cmocka_unit_test(native_descriptions),
        cmocka_unit_test(native_descriptions_of_flambda),
        cmocka_unit_test(values_in_elf_files),
        cmocka_unit_test(programs_of_bytecode),
        cmocka_unit_test(a_file_is_opened_once_for_both),
        cmocka_unit_test(opening_for_both_may_fail_anywhere),
        cmocka_unit_test(other_releases_by_name),
        cmocka_unit_test(what_is_not_of_ocaml),
        cmocka_unit_test(a_field_out_of_range),
        cmocka_unit_test(a_digest_of_another_length),
        cmocka_unit_test(what_comes_back_to_itself),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(every_byte_may_change),
        cmocka_unit_test(what_is_not_kept_is_checked_all_the_same),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
