/* tests/unit/test_macho.c - what is read of a Mach-O file, and that no bytes at all can do harm */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "failing_arena.h"
#include "macho_builder.h"
#include "model.h"

static tenon_image *read_bytes(const void *bytes, size_t size, tenon_error *err)
{
    return tenon_image_parse(bytes, size, "f", err);
}

static tenon_image *read_good(const struct macho *b)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_image *image = read_bytes(b->bytes, b->size, &err);
    if (!image)
        fail_msg("%s", err.text);
    return image;
}

static void expect_refused(const void *bytes, size_t size, enum tenon_code code, const char *text)
{
    tenon_error err = TENON_ERROR_INIT;
    assert_null(read_bytes(bytes, size, &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
}

static const char *fact(const tenon_image *image, const char *name)
{
    const tenon_fact *row;
    for (size_t i = 0; (row = tenon_image_fact(image, i)); i++)
        if (strcmp(row->name, name) == 0)
            return row->value;
    return NULL;
}

/* ---- good files ------------------------------------------------------------------------------ */

static const struct macho_spec kinds_of_files[] = {
    { 64, false, 0x100000c, 0, 6, 0x200085 },
    { 32, false, 7, 3, 6, 0x85 },
    { 64, true, 0x1000012, 0, 6, 0x85 },
    { 32, true, 18, 0, 6, 0x85 },
};

/* A library with a bit of everything; `names` of the symbol table begin with an empty one. */
static void build_full(struct macho *b, struct macho_spec spec)
{
    static const uint8_t uuid[16] = { 0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff };
    static const char names[] = "\0_own\0_weak\0_asked\0_looked_up\0_hidden";
    macho_begin(b, spec);
    macho_dylib(b, 0xd, "@rpath/libx.1.dylib", 0x00010203, 0x00010000);
    macho_dylib(b, 0xc, "/usr/lib/liba.dylib", 0x05540000, 0x00010000);
    macho_dylib(b, 0x80000018, "@rpath/libw.dylib", 0, 0);
    macho_dylib(b, 0x8000001f, "@loader_path/libr.dylib", 0x10000, 0x10000);
    macho_dylib(b, 0x80000023, "/libu.dylib", 0x10000, 0x10000);
    macho_dylib(b, 0x20, "/libl.dylib", 0x10000, 0x10000);
    macho_string(b, 0x8000001c, "@loader_path/../lib:odd");
    macho_string(b, 0x8000001c, "/opt/lib");
    macho_string(b, 0x14, "one");
    macho_string(b, 0x14, "two");
    macho_command(b, 0x1b, NULL, 0, uuid, sizeof uuid);
    macho_command(b, 0x32, (const uint32_t[]){ 1, 0x000d0100, 0x000e0000, 0 }, 4, NULL, 0);
    size_t symtab = macho_command(b, 2, (const uint32_t[]){ 0, 5, 0, sizeof names }, 4, NULL, 0);
    macho_end(b);
    macho_patch(b, symtab + 8, (uint32_t)b->size);
    macho_nlist(b, 1, 0xf, 0, 0x1000);
    macho_nlist(b, 6, 0xf, 0x80, 0x2000);
    macho_nlist(b, 12, 1, 0x100, 0);
    macho_nlist(b, 19, 1, 0xfe40, 0);
    macho_nlist(b, 30, 0x1f, 0, 0x3000);
    macho_patch(b, symtab + 16, (uint32_t)b->size);
    macho_raw(b, names, sizeof names);
}

static void check_needs(const tenon_image *image)
{
    static const enum tenon_flavour flavours[] = { TENON_NEED_NORMAL, TENON_NEED_WEAK,
                                                   TENON_NEED_REEXPORT, TENON_NEED_UPWARD,
                                                   TENON_NEED_LAZY };
    for (size_t i = 0; i < TN_COUNT(flavours); i++)
        assert_int_equal(tenon_image_need(image, i)->flavour, flavours[i]);
    assert_null(tenon_image_need(image, TN_COUNT(flavours)));
    assert_string_equal(tenon_image_need(image, 1)->name, "@rpath/libw.dylib");
    assert_int_equal(tenon_image_need(image, 0)->current_version, 0x05540000);
    assert_int_equal(tenon_image_need(image, 0)->compat_version, 0x10000);
}

static void check_symbols(const tenon_image *image)
{
    const tenon_symbol *own = tenon_image_export(image, 0), *weak = tenon_image_export(image, 1);
    assert_string_equal(own->name, "_own");
    assert_int_equal(own->value, 0x1000);
    assert_int_equal(own->binding, TENON_BIND_GLOBAL);
    assert_string_equal(weak->name, "_weak");
    assert_int_equal(weak->binding, TENON_BIND_WEAK);
    assert_null(tenon_image_export(image, 2)); /* a private one is none */
    const tenon_symbol *asked = tenon_image_import(image, 0), *any = tenon_image_import(image, 1);
    assert_string_equal(asked->name, "_asked");
    assert_string_equal(asked->library, "/usr/lib/liba.dylib");
    assert_string_equal(any->name, "_looked_up");
    assert_null(any->library);
    assert_int_equal(any->binding, TENON_BIND_WEAK);
    assert_null(tenon_image_import(image, 2));
}

static void every_class_and_byte_order_is_read(void **state)
{
    (void)state;
    static const char *const machines[] = { "aarch64", "i386", "ppc64", "ppc" };
    for (size_t i = 0; i < TN_COUNT(kinds_of_files); i++) {
        struct macho b;
        build_full(&b, kinds_of_files[i]);
        tenon_image *image = read_good(&b);
        assert_int_equal(tenon_image_format(image), TENON_FORMAT_MACHO);
        assert_int_equal(tenon_image_class(image), kinds_of_files[i].bits);
        assert_int_equal(tenon_image_endian(image),
                         kinds_of_files[i].big ? TENON_ENDIAN_BIG : TENON_ENDIAN_LITTLE);
        assert_string_equal(tenon_image_machine(image), machines[i]);
        assert_int_equal(tenon_image_kind(image), TENON_KIND_SHARED_LIBRARY);
        assert_string_equal(tenon_image_own_name(image), "@rpath/libx.1.dylib");
        assert_string_equal(tenon_image_uuid(image), "AB010203-0405-0607-0809-0A0B0C0D0EFF");
        assert_string_equal(tenon_image_os(image), "macos");
        assert_string_equal(tenon_image_search_path(image, 0)->path, "@loader_path/../lib:odd");
        assert_true(tenon_image_search_path(image, 0)->single);
        assert_string_equal(tenon_image_search_path(image, 1)->path, "/opt/lib");
        assert_null(tenon_image_search_path(image, 2));
        assert_string_equal(fact(image, "min_os"), "13.1");
        assert_string_equal(fact(image, "sdk"), "14.0");
        assert_string_equal(fact(image, "current_version"), "1.2.3");
        assert_string_equal(fact(image, "sub_client"), "one two");
        check_needs(image);
        check_symbols(image);
        assert_null(tenon_image_warning(image, 0));
        tenon_image_free(image);
    }
}

static void kinds_follow_the_file_type(void **state)
{
    (void)state;
    static const enum tenon_kind kinds[] = { TENON_KIND_UNKNOWN,        TENON_KIND_OBJECT,
                                             TENON_KIND_EXECUTABLE,     TENON_KIND_SHARED_LIBRARY,
                                             TENON_KIND_CORE,           TENON_KIND_DRIVER,
                                             TENON_KIND_SHARED_LIBRARY, TENON_KIND_SHARED_LIBRARY,
                                             TENON_KIND_BUNDLE,         TENON_KIND_STUB,
                                             TENON_KIND_DEBUG,          TENON_KIND_KERNEL_MODULE,
                                             TENON_KIND_KERNEL_MODULE,  TENON_KIND_UNKNOWN };
    for (uint32_t i = 0; i < TN_COUNT(kinds); i++) {
        struct macho b;
        macho_begin(&b, (struct macho_spec){ .bits = 64, .cputype = 0x1000007, .filetype = i });
        macho_end(&b);
        tenon_image *image = read_good(&b);
        assert_int_equal(tenon_image_kind(image), kinds[i]);
        assert_int_equal(tenon_image_is_static(image), i == 2);
        tenon_image_free(image);
    }
}

/* A dylib command of the new form has its flags before the name. */
static void needs_of_the_new_form_are_read(void **state)
{
    (void)state;
    struct macho b;
    static const enum tenon_flavour flavours[] = { TENON_NEED_NORMAL,   TENON_NEED_WEAK,
                                                   TENON_NEED_REEXPORT, TENON_NEED_REEXPORT,
                                                   TENON_NEED_UPWARD,   TENON_NEED_WEAK,
                                                   TENON_NEED_REEXPORT };
    macho_begin(&b, (struct macho_spec){ .bits = 64, .cputype = 0x100000c, .filetype = 2 });
    for (uint32_t flags = 0; flags < 5; flags++)
        macho_command(&b, 0xc, (const uint32_t[]){ 28, 0x1a741800, 0x10000, 0x10000, flags }, 5,
                      "/x", 3);
    for (uint32_t flags = 0; flags <= 2; flags += 2) /* weak by its command */
        macho_command(&b, 0x80000018, (const uint32_t[]){ 28, 0x1a741800, 0x10000, 0x10000, flags },
                      5, "/x", 3);
    macho_end(&b);
    tenon_image *image = read_good(&b);
    for (size_t i = 0; i < TN_COUNT(flavours); i++) {
        assert_string_equal(tenon_image_need(image, i)->name, "/x");
        assert_int_equal(tenon_image_need(image, i)->flavour, flavours[i]);
    }
    assert_string_equal(fact(image, "uncertain"),
                        "commands of the form dylib_use are known from headers only");
    tenon_image_free(image);
}

/* ---- exports and imports of linked files ----------------------------------------------------- */

/* A library with an export trie and nothing else. */
static void build_trie(struct macho *b, const void *trie, size_t size)
{
    macho_begin(b, (struct macho_spec){ 64, false, 0x100000c, 0, 6, 0x85 });
    macho_dylib(b, 0xc, "/liba.dylib", 0, 0);
    size_t command =
        macho_command(b, 0x80000033, (const uint32_t[]){ 0, (uint32_t)size }, 2, "", 0);
    macho_end(b);
    macho_patch(b, command + 8, (uint32_t)b->size);
    macho_raw(b, trie, size);
}

static void the_trie_gives_exports(void **state)
{
    (void)state;
    struct macho b;
    static const uint8_t bytes[] = { 0,   1, '_',  'a',  0,   6,       /* 0 */
                                     3,   4, 0x80, 0x20, 2,            /* 6: weak, 0x1000 */
                                     'b', 0, 17,   'c',  0,   21,      /* 11 */
                                     2,   1, 7,    0,                  /* 17: thread local */
                                     5,   8, 1,    '_',  'x', 0,  0 }; /* 21: re-export */
    build_trie(&b, bytes, sizeof bytes);
    tenon_image *image = read_good(&b);
    assert_null(tenon_image_warning(image, 0));
    const tenon_symbol *a = tenon_image_export(image, 0), *ab = tenon_image_export(image, 1),
                       *ac = tenon_image_export(image, 2);
    assert_string_equal(a->name, "_a");
    assert_int_equal(a->binding, TENON_BIND_WEAK);
    assert_int_equal(a->value, 0x1000);
    assert_string_equal(ab->name, "_ab");
    assert_int_equal(ab->type, 6);
    assert_string_equal(ac->name, "_ac");
    assert_string_equal(ac->forward, "_x");
    assert_string_equal(ac->library, "/liba.dylib");
    assert_null(tenon_image_export(image, 3));
    tenon_image_free(image);
}

static void expect_trie_warning(const void *trie, size_t size, const char *text)
{
    struct macho b;
    build_trie(&b, trie, size);
    tenon_image *image = read_good(&b);
    assert_string_equal(tenon_image_warning(image, 0), text);
    tenon_image_free(image);
}

static void a_broken_trie_is_a_warning(void **state)
{
    (void)state;
    static const uint8_t loop[] = { 0, 1, 'a', 0, 0 };
    static const uint8_t outside[] = { 0, 1, 'a', 0, 99 };
    static const uint8_t open_label[] = { 0, 1, 'a', 'b' };
    static const uint8_t long_number[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                           0x80, 0x80, 0x80, 0x80, 0x80, 0 };
    expect_trie_warning(loop, sizeof loop,
                        "symbols: export trie at 0x58: node 0x0 is reached twice");
    expect_trie_warning(outside, sizeof outside,
                        "symbols: export trie at 0x58: node 0x63 is outside");
    expect_trie_warning(open_label, sizeof open_label,
                        "symbols: export trie: the label at 0x5a does not end");
    expect_trie_warning(long_number, sizeof long_number,
                        "symbols: export trie: size of an export: 1 byte needed at 0x62, 2 left");
}

/* Names that share long beginnings could come to far more bytes than the trie has. */
static void names_of_a_trie_are_bounded(void **state)
{
    (void)state;
    static uint8_t trie[12000];
    size_t at = 0, label = 6000;
    trie[at++] = 0;
    trie[at++] = 1;
    memset(trie + at, 'n', label);
    at += label + 1;
    trie[at] = (uint8_t)((at + 2) & 0x7f) | 0x80;
    trie[at + 1] = (uint8_t)((at + 2) >> 7);
    at += 2;
    for (; at + 10 < sizeof trie; at += 8) { /* each node is an export and has one child */
        size_t next = at + 8;
        trie[at] = 2;
        trie[at + 3] = 1;
        trie[at + 4] = 'x';
        trie[at + 6] = (uint8_t)(next & 0x7f) | 0x80;
        trie[at + 7] = (uint8_t)(next >> 7);
    }
    trie[at] = 0;
    static struct macho b;
    build_trie(&b, trie, at + 2);
    tenon_image *image = read_good(&b);
    assert_string_equal(tenon_image_warning(image, 0),
                        "symbols: export trie: its names are longer than it by far");
    tenon_image_free(image);
}

static void stripped_imports_come_from_what_dyld_binds(void **state)
{
    (void)state;
    static const uint8_t opcodes[] = { 0x11, 0x41, '_', 'w', 0, 0x72, 0x10, 0x90,
                                       0x3f, 0x40, '_', 'm', 0, 0x90, 0x90, 0 };
    static const uint8_t lazy[] = { 0x11, 0x40, '_', 'z', 0, 0x90, 0, 0x40, '_', 'w', 0, 0x90, 0 };
    struct macho b;
    macho_begin(&b, (struct macho_spec){ 64, false, 0x1000007, 3, 6, 0x85 });
    macho_dylib(&b, 0xc, "/liba.dylib", 0, 0);
    size_t command = macho_command(&b, 0x80000022, (const uint32_t[10]){ 0 }, 10, NULL, 0);
    macho_end(&b);
    macho_patch(&b, command + 16, (uint32_t)b.size);
    macho_patch(&b, command + 20, sizeof opcodes);
    macho_raw(&b, opcodes, sizeof opcodes);
    macho_patch(&b, command + 32, (uint32_t)b.size);
    macho_patch(&b, command + 36, sizeof lazy);
    macho_raw(&b, lazy, sizeof lazy);
    tenon_image *image = read_good(&b);
    assert_null(tenon_image_warning(image, 0));
    assert_string_equal(tenon_image_import(image, 0)->name, "_m");
    assert_string_equal(tenon_image_import(image, 0)->library, "main-executable");
    assert_string_equal(tenon_image_import(image, 1)->name, "_w");
    assert_int_equal(tenon_image_import(image, 1)->binding, TENON_BIND_WEAK);
    assert_string_equal(tenon_image_import(image, 1)->library, "/liba.dylib");
    assert_string_equal(tenon_image_import(image, 2)->name, "_z");
    assert_null(tenon_image_import(image, 3));
    tenon_image_free(image);
}

/* Each format of chained imports says the same. */
static void chained_imports_are_read(void **state)
{
    (void)state;
    for (uint32_t format = 1; format <= 3; format++) {
        struct macho b;
        macho_begin(&b, (struct macho_spec){ 64, false, 0x100000c, 0, 6, 0x85 });
        macho_dylib(&b, 0xc, "/liba.dylib", 0, 0);
        size_t command = macho_command(&b, 0x80000034, (const uint32_t[]){ 0, 0 }, 2, NULL, 0);
        macho_end(&b);
        size_t start = b.size, entry = format == 1 ? 4 : format == 2 ? 8 : 16;
        const uint32_t header[] = { 0, 28, 28, (uint32_t)(28 + 2 * entry), 2, format, 0 };
        macho_patch(&b, command + 8, (uint32_t)start);
        for (size_t i = 0; i < TN_COUNT(header); i++)
            macho_word(&b, header[i]);
        for (uint32_t i = 0; i < 2; i++) { /* library 1 "_a"; main executable, weak: "_b" */
            uint32_t ordinal = i ? format == 3 ? 0xffffu : 0xffu : 1u;
            if (format == 3) {
                macho_word(&b, ordinal | i << 16);
                macho_word(&b, 3 * i);
            } else {
                macho_word(&b, ordinal | i << 8 | 3 * i << 9);
            }
            for (size_t rest = format == 3 ? 8 : 4; rest < entry; rest += 4)
                macho_word(&b, 0);
        }
        macho_raw(&b, "_a\0_b", 6);
        macho_patch(&b, command + 12, (uint32_t)(b.size - start));
        tenon_image *image = read_good(&b);
        assert_null(tenon_image_warning(image, 0));
        assert_string_equal(tenon_image_import(image, 0)->name, "_a");
        assert_string_equal(tenon_image_import(image, 0)->library, "/liba.dylib");
        assert_int_equal(tenon_image_import(image, 0)->binding, TENON_BIND_GLOBAL);
        assert_string_equal(tenon_image_import(image, 1)->name, "_b");
        assert_string_equal(tenon_image_import(image, 1)->library, "main-executable");
        assert_int_equal(tenon_image_import(image, 1)->binding, TENON_BIND_WEAK);
        if (format == 1)
            assert_null(fact(image, "uncertain"));
        else
            assert_non_null(fact(image, "uncertain"));
        tenon_image_free(image);
    }
}

/* A header cut short has no format that could be trusted. */
static void chained_imports_without_a_whole_header_are_a_warning(void **state)
{
    (void)state;
    const uint32_t header[] = { 0, 28, 28, 28, 2, 99 };
    struct macho b;
    macho_begin(&b, (struct macho_spec){ 64, false, 0x100000c, 0, 6, 0x85 });
    size_t command =
        macho_command(&b, 0x80000034, (const uint32_t[]){ 0, sizeof header }, 2, NULL, 0);
    macho_end(&b);
    macho_patch(&b, command + 8, (uint32_t)b.size);
    for (size_t i = 0; i < TN_COUNT(header); i++)
        macho_word(&b, header[i]);
    tenon_image *image = read_good(&b);
    assert_string_equal(tenon_image_warning(image, 0),
                        "symbols: chained fixups: symbols_format: 4 bytes needed at 0x48, 0 left");
    tenon_image_free(image);
}

/* ---- code signature -------------------------------------------------------------------------- */

static void big32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * (3 - i));
}

static void a_signature_tells_a_hardened_runtime(void **state)
{
    (void)state;
    static const char plist[] =
        "<dict>\n<key>com.apple.security.cs.allow-dyld-environment-variables"
        "</key>\n\t<true/></dict>";
    uint8_t signature[256] = { 0 };
    struct macho b;
    struct tn_file file;
    struct tn_facts facts;
    struct tn_arena arena = { 0 };
    big32(signature, 0xfade0cc0);
    big32(signature + 8, 2);
    big32(signature + 16, 28);
    big32(signature + 20, 5);
    big32(signature + 24, 48);
    big32(signature + 28, 0xfade0c02);
    big32(signature + 32, 20);
    big32(signature + 40, 0x10000);
    big32(signature + 48, 0xfade7171);
    big32(signature + 52, 8 + sizeof plist - 1);
    memcpy(signature + 56, plist, sizeof plist - 1);
    macho_begin(&b, (struct macho_spec){ 64, false, 0x100000c, 0, 2, 0x85 });
    size_t command = macho_command(&b, 0x1d, (const uint32_t[]){ 0, sizeof signature }, 2, NULL, 0);
    macho_end(&b);
    macho_patch(&b, command + 8, (uint32_t)b.size);
    macho_raw(&b, signature, sizeof signature);
    tn_file_from_bytes(&file, "f", b.bytes, b.size);
    file.arena = &arena;
    assert_true(tn_format_macho.read_facts(&file, &facts, NULL));
    assert_int_equal(tn_macho_facts(&facts)->signature_flags, 0x10000);
    assert_true(tn_macho_facts(&facts)->allows_environment);
    tn_arena_free(&arena);
}

/* ---- universal files ------------------------------------------------------------------------- */

struct fat {
    uint8_t bytes[65536];
    size_t size;
};

/* Two thin files behind a table; with 64-bit offsets when `wide`. */
static void build_fat(struct fat *fat, bool wide, const struct macho *first,
                      const struct macho *second)
{
    const struct macho *slices[] = { first, second };
    size_t stride = wide ? 32 : 20, at = 4096;
    memset(fat, 0, sizeof *fat);
    big32(fat->bytes, wide ? 0xcafebabf : 0xcafebabe);
    big32(fat->bytes + 4, 2);
    for (size_t i = 0; i < 2; i++, at += 20480) {
        uint8_t *row = fat->bytes + 8 + i * stride;
        big32(row, slices[i]->spec.cputype);
        big32(row + 4, slices[i]->spec.cpusubtype);
        big32(row + (wide ? 12 : 8), (uint32_t)at);
        big32(row + (wide ? 20 : 12), (uint32_t)slices[i]->size);
        big32(row + (wide ? 24 : 16), 12);
        memcpy(fat->bytes + at, slices[i]->bytes, slices[i]->size);
        fat->size = at + slices[i]->size;
    }
}

static void build_two(struct fat *fat, bool wide)
{
    struct macho first, second;
    build_full(&first, (struct macho_spec){ 64, false, 0x1000007, 3, 6, 0x85 });
    build_full(&second, (struct macho_spec){ 64, false, 0x100000c, 2, 6, 0x85 });
    build_fat(fat, wide, &first, &second);
}

static void slices_of_a_universal_file_are_images(void **state)
{
    (void)state;
    static struct fat fat;
    for (int wide = 0; wide < 2; wide++) {
        tenon_error err = TENON_ERROR_INIT;
        build_two(&fat, wide);
        tenon_world *world = tenon_world_empty(&err);
        assert_true(tenon_world_put_file(world, "/fat", fat.bytes, fat.size, 0644, &err));
        tenon_image *image = tenon_image_open(world, "/fat", TENON_PART_ALL, &err);
        assert_non_null(image);
        assert_int_equal(tenon_image_kind(image), TENON_KIND_SHARED_LIBRARY);
        assert_null(tenon_image_machine(image));
        assert_string_equal(tenon_image_inside(image, 0)->slice, "x86_64");
        assert_string_equal(tenon_image_inside(image, 1)->slice, "arm64e");
        assert_string_equal(tenon_image_inside(image, 1)->path, "/fat");
        assert_null(tenon_image_inside(image, 2));
        tenon_image *slice =
            tenon_image_open_source(world, tenon_image_inside(image, 1), TENON_PART_ALL, &err);
        assert_non_null(slice);
        assert_string_equal(tenon_image_machine(slice), "aarch64");
        check_needs(slice);
        check_symbols(slice);
        tenon_image_free(slice);
        const tenon_image_source none = { .path = "/fat", .slice = "ppc" };
        assert_null(tenon_image_open_source(world, &none, TENON_PART_CORE, &err));
        assert_int_equal(err.code, TENON_E_NOT_FOUND);
        tenon_image_free(image);
        tenon_world_free(world);
    }
}

static void a_broken_table_of_slices_is_refused(void **state)
{
    (void)state;
    static struct fat fat;
    build_two(&fat, false);
    expect_refused(fat.bytes, 40, TENON_E_TRUNCATED,
                   "f: table of slices: 40 bytes needed at 0x8, 32 left");
    expect_refused(fat.bytes, fat.size - 1, TENON_E_TRUNCATED,
                   "f: slice 1 (arm64e): 590 bytes needed at 0x6000, 589 left");
    big32(fat.bytes + 8 + 8, 20);
    expect_refused(fat.bytes, fat.size, TENON_E_MALFORMED,
                   "f: slice 0 (x86_64) begins at 0x14, inside the table of slices");
    build_two(&fat, false);
    big32(fat.bytes + 8 + 12, 40000);
    expect_refused(fat.bytes, fat.size, TENON_E_TRUNCATED,
                   "f: slice 0 (x86_64): 40000 bytes needed at 0x1000, 21070 left");
    build_two(&fat, false);
    big32(fat.bytes + 28 + 8, 4096 + 8);
    expect_refused(fat.bytes, fat.size, TENON_E_MALFORMED,
                   "f: slice 1 (arm64e) at 0x1008 overlaps slice 0 (x86_64)");
    build_two(&fat, true);
    big32(fat.bytes + 4, 0xffffffff);
    expect_refused(fat.bytes, fat.size, TENON_E_LIMIT,
                   "f: universal header: nfat_arch is 4294967295, more than 42");
    memset(fat.bytes + 4, 0, 4);
    tenon_error err = TENON_ERROR_INIT;
    tenon_image *empty = read_bytes(fat.bytes, 8, &err); /* legal, though of no use */
    assert_non_null(empty);
    assert_null(tenon_image_inside(empty, 0));
    tenon_image_free(empty);
}

/* ---- hostile files --------------------------------------------------------------------------- */

static void headers_at_their_extremes_are_refused(void **state)
{
    (void)state;
    struct macho b;
    build_full(&b, kinds_of_files[0]);
    macho_patch(&b, 16, 0xffffffff);
    expect_refused(b.bytes, b.size, TENON_E_LIMIT,
                   "f: Mach-O header: ncmds is 4294967295, more than 65535");
    macho_patch(&b, 16, b.ncmds + 1);
    expect_refused(b.bytes, b.size, TENON_E_MALFORMED,
                   "f: load command 13 of 14 at 0x1d8 begins past sizeofcmds");
    build_full(&b, kinds_of_files[0]);
    macho_patch(&b, 20, 0xfffffff0);
    expect_refused(b.bytes, b.size, TENON_E_TRUNCATED,
                   "f: load commands (sizeofcmds): 4294967280 bytes needed at 0x20, 558 left");
    for (uint32_t size = 0; size < 8; size++) {
        char text[100];
        build_full(&b, kinds_of_files[0]);
        macho_patch(&b, 36, size);
        snprintf(text, sizeof text, "f: load command 0 at 0x20: cmdsize is %u, not 8 to 440",
                 (unsigned)size);
        expect_refused(b.bytes, b.size, TENON_E_MALFORMED, text);
    }
    macho_patch(&b, 36, 0xfffffff8);
    expect_refused(b.bytes, b.size, TENON_E_MALFORMED,
                   "f: load command 0 at 0x20: cmdsize is 4294967288, not 8 to 440");
}

static void names_must_lie_in_their_command(void **state)
{
    (void)state;
    static const uint32_t offsets[] = { 0, 8, 48, 0xffffffff };
    for (size_t i = 0; i < TN_COUNT(offsets); i++) {
        struct macho b;
        char text[200];
        macho_begin(&b, kinds_of_files[0]);
        size_t command = macho_dylib(&b, 0xc, "/usr/lib/libx.dylib", 0, 0);
        macho_end(&b);
        macho_patch(&b, command + 8, offsets[i]);
        snprintf(text, sizeof text,
                 "f: name of a needed library: the string at %u of load command 0, 0x20, begins or "
                 "ends outside of it",
                 (unsigned)offsets[i]);
        expect_refused(b.bytes, b.size, TENON_E_MALFORMED, text);
    }
    struct macho b; /* a name without an end */
    macho_begin(&b, kinds_of_files[0]);
    macho_command(&b, 0xc, (const uint32_t[]){ 24, 0, 0, 0 }, 4, "12345678", 8);
    macho_end(&b);
    tenon_error err = TENON_ERROR_INIT;
    assert_null(read_bytes(b.bytes, b.size, &err));
    assert_int_equal(err.code, TENON_E_MALFORMED);
}

static void short_commands_are_refused(void **state)
{
    (void)state;
    struct macho b;
    macho_begin(&b, kinds_of_files[0]);
    macho_command(&b, 0x1b, NULL, 0, "short..", 8);
    macho_end(&b);
    expect_refused(b.bytes, b.size, TENON_E_MALFORMED,
                   "f: load command 0, LC_UUID, at 0x20: cmdsize is 16, less than 24");
}

static void a_broken_symbol_table_is_a_warning(void **state)
{
    (void)state;
    struct macho b;
    build_full(&b, kinds_of_files[0]);
    size_t symtab = b.commands;
    while (b.bytes[symtab] != 2 || b.bytes[symtab + 4] != 24)
        symtab += b.bytes[symtab + 4];
    macho_patch(&b, symtab + 12, 0xffffffff);
    tenon_image *image = read_good(&b);
    assert_string_equal(tenon_image_warning(image, 0),
                        "symbols: symbol table: 68719476720 bytes needed at 0x1d8, 118 left");
    tenon_image_free(image);
}

static void every_prefix_and_every_byte_is_survived(void **state)
{
    (void)state;
    static struct fat fat;
    struct macho b;
    build_full(&b, kinds_of_files[0]);
    for (size_t n = 0; n < b.size; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        if (n)
            memcpy(cut, b.bytes, n);
        tenon_error err = TENON_ERROR_INIT;
        tenon_image *image = read_bytes(cut, n, &err);
        assert_true(image || err.code != TENON_OK);
        tenon_image_free(image);
        free(cut);
    }
    for (size_t at = 0; at < b.size; at++)
        for (int bit = 0; bit < 8; bit++) {
            tenon_error err = TENON_ERROR_INIT;
            b.bytes[at] ^= (uint8_t)(1 << bit);
            tenon_image_free(read_bytes(b.bytes, b.size, &err));
            b.bytes[at] ^= (uint8_t)(1 << bit);
        }
    build_two(&fat, true);
    for (size_t at = 0; at < 72; at++) {
        tenon_error err = TENON_ERROR_INIT;
        fat.bytes[at] ^= 0xff;
        tenon_image_free(read_bytes(fat.bytes, fat.size, &err));
        fat.bytes[at] ^= 0xff;
    }
}

/* Bytes that are read for the facts of a program with so much behind it. */
static uint64_t bytes_read_with(size_t tail)
{
    struct macho b;
    struct tn_facts facts;
    struct tn_file file;
    struct tn_arena arena = { 0 };
    build_full(&b, kinds_of_files[0]);
    size_t size = b.size + tail;
    uint8_t *bytes = calloc(1, size);
    memcpy(bytes, b.bytes, b.size);
    tenon_world *world = tenon_world_empty(NULL);
    assert_true(tenon_world_put_file(world, "/f", bytes, size, 0755, NULL));
    assert_int_equal(tn_file_open(world, "/f", &arena, &file), 0);
    assert_true(tn_format_macho.read_facts(&file, &facts, NULL));
    uint64_t read = file.bytes_read;
    tn_file_close(&file);
    tn_arena_free(&arena);
    tenon_world_free(world);
    free(bytes);
    return read;
}

static void a_large_file_costs_what_a_small_one_does(void **state)
{
    (void)state;
    uint64_t small = bytes_read_with(1u << 20);
    assert_true(small <= 4096);
    assert_int_equal(bytes_read_with(100u << 20), small);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static struct fat fat;
    struct macho b;
    build_full(&b, kinds_of_files[0]);
    build_two(&fat, false);
    for (int which = 0; which < 2; which++) {
        const void *bytes = which ? (const void *)fat.bytes : b.bytes;
        const size_t size = which ? fat.size : b.size;
        allocation_failed = true;
        for (long n = 0; allocation_failed; n++) {
            tenon_error err = TENON_ERROR_INIT;
            fail_after(n);
            tenon_image *image = read_bytes(bytes, size, &err);
            fail_never();
            assert_int_equal(image == NULL, allocation_failed);
            if (!image)
                assert_int_equal(err.code, TENON_E_MEMORY);
            tenon_image_free(image);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_and_byte_order_is_read),
        cmocka_unit_test(kinds_follow_the_file_type),
        cmocka_unit_test(needs_of_the_new_form_are_read),
        cmocka_unit_test(the_trie_gives_exports),
        cmocka_unit_test(a_broken_trie_is_a_warning),
        cmocka_unit_test(names_of_a_trie_are_bounded),
        cmocka_unit_test(stripped_imports_come_from_what_dyld_binds),
        cmocka_unit_test(chained_imports_are_read),
        cmocka_unit_test(chained_imports_without_a_whole_header_are_a_warning),
        cmocka_unit_test(a_signature_tells_a_hardened_runtime),
        cmocka_unit_test(slices_of_a_universal_file_are_images),
        cmocka_unit_test(a_broken_table_of_slices_is_refused),
        cmocka_unit_test(headers_at_their_extremes_are_refused),
        cmocka_unit_test(names_must_lie_in_their_command),
        cmocka_unit_test(short_commands_are_refused),
        cmocka_unit_test(a_broken_symbol_table_is_a_warning),
        cmocka_unit_test(every_prefix_and_every_byte_is_survived),
        cmocka_unit_test(a_large_file_costs_what_a_small_one_does),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
