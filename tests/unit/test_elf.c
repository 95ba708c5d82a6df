/* tests/unit/test_elf.c - what is read of an ELF file, and that no bytes at all can do harm */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "elf_private.h"
#include "failing_malloc.h"
#include "model.h"

/* One file in memory, with nothing behind its last byte (ASan guards it), and its facts. */
struct subject {
    uint8_t *bytes;
    size_t size;
    struct tn_arena arena;
    struct tn_file file;
    struct tn_facts facts;
    tenon_error err;
};

static void subject_bytes(struct subject *s, const uint8_t *bytes, size_t size)
{
    *s = (struct subject){ .bytes = malloc(size), .size = size, .err = TENON_ERROR_INIT };
    if (size)
        memcpy(s->bytes, bytes, size);
    tn_file_from_bytes(&s->file, "subject", s->bytes, size);
    s->file.arena = &s->arena;
}

static void subject_spec(struct subject *s, const struct elf_spec *spec)
{
    size_t size;
    uint8_t *bytes = elf_build(spec, &size);
    subject_bytes(s, bytes, size);
    free(bytes);
}

static bool read_subject(struct subject *s)
{
    return tn_elf_read_facts(&s->file, NULL, &s->facts, &s->err);
}

static void subject_end(struct subject *s)
{
    tn_arena_free(&s->arena);
    free(s->bytes);
}

/* Facts of a file made to order, which must be readable. */
static void read_spec(struct subject *s, const struct elf_spec *spec)
{
    subject_spec(s, spec);
    if (!read_subject(s))
        fail_msg("%s", s->err.text);
}

/* ---- good files ------------------------------------------------------------------------------ */

static const char *const some_needs[] = { "libb.so.2", "libc.so.6", NULL };
static const char *const some_versions[] = { "GLIBC_2.2.5", "GLIBC_2.34", NULL };
static const char *const other_versions[] = { "B_1", NULL };
static const char *const some_definitions[] = { "liba.so.1", "A_1", "A_2", NULL };
static const struct elf_spec_verneed some_requirements[] = { { "libc.so.6", some_versions, false },
                                                             { "libb.so.2", other_versions, true },
                                                             { 0 } };

static struct elf_spec full_spec(int bits, bool big)
{
    return (struct elf_spec){
        .bits = bits,
        .big = big,
        .soname = "liba.so.1",
        .needed = some_needs,
        .rpath = "/r1:/r2",
        .runpath = "$ORIGIN/../lib",
        .audit = "audit.so",
        .depaudit = "depaudit.so",
        .dt_flags = 8,
        .dt_flags_1 = 1,
        .verneed = some_requirements,
        .verdef = some_definitions,
        .build_id = "\x01\xab\xff",
        .build_id_size = 3,
        .abi_note = "GNU",
        .abi_words = { 0, 3, 2, 0 },
        .isa_needed = 3,
    };
}

static void check_versions(const struct tn_facts *f)
{
    assert_int_equal(f->version_need_count, 3);
    assert_string_equal(f->version_needs[1].name, "GLIBC_2.34");
    assert_string_equal(f->version_needs[1].library, "libc.so.6");
    assert_false(f->version_needs[1].weak);
    assert_string_equal(f->version_needs[2].name, "B_1");
    assert_true(f->version_needs[2].weak);
    assert_int_equal(f->elf.version_file_count, 2);
    assert_string_equal(f->elf.version_files[1].file, "libb.so.2");
    assert_int_equal(f->elf.version_files[1].first, 2);
    assert_int_equal(f->elf.version_files[1].count, 1);
    assert_int_equal(f->version_def_count, 3);
    assert_true(f->version_defs[0].base);
    assert_string_equal(f->version_defs[2].name, "A_2");
    assert_false(f->version_defs[2].base);
    assert_true(f->elf.has_verdef);
}

static void every_class_and_byte_order_is_read(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct subject s;
        const struct elf_spec spec = full_spec(i & 1 ? 32 : 64, i & 2);
        const struct tn_facts *f = &s.facts;
        read_spec(&s, &spec);
        assert_int_equal(f->class_bits, spec.bits);
        assert_int_equal(f->endian, spec.big ? TENON_ENDIAN_BIG : TENON_ENDIAN_LITTLE);
        assert_string_equal(f->machine, spec.bits == 32 ? "i386" : "x86_64");
        assert_string_equal(f->os, "linux");
        assert_int_equal(f->kind, TENON_KIND_SHARED_LIBRARY);
        assert_string_equal(f->own_name, "liba.so.1");
        assert_string_equal(f->rpath, "/r1:/r2");
        assert_string_equal(f->runpath, "$ORIGIN/../lib");
        assert_string_equal(f->elf.audit, "audit.so");
        assert_string_equal(f->elf.depaudit, "depaudit.so");
        assert_string_equal(f->build_id, "01abff");
        assert_int_equal(f->elf.abi_os, 1);
        assert_int_equal(f->elf.isa_needed, 3);
        assert_int_equal(f->elf.dt_flags, 8);
        assert_int_equal(f->elf.dt_flags_1, 1);
        assert_true(f->elf.has_dynamic);
        assert_true(f->elf.has_load);
        assert_int_equal(f->need_count, 2);
        assert_string_equal(f->needs[0].name, "libb.so.2");
        assert_string_equal(f->needs[1].name, "libc.so.6");
        check_versions(f);
        subject_end(&s);
    }
}

static void filters_are_needs_in_their_place(void **state)
{
    (void)state;
    struct subject s;
    const struct elf_spec spec = { .needed = some_needs, .filter = "f.so", .auxiliary = "x.so" };
    read_spec(&s, &spec);
    assert_int_equal(s.facts.need_count, 4);
    assert_int_equal(s.facts.needs[1].flavour, TENON_NEED_NORMAL);
    assert_int_equal(s.facts.needs[2].flavour, TENON_NEED_FILTER);
    assert_string_equal(s.facts.needs[2].name, "f.so");
    assert_int_equal(s.facts.needs[3].flavour, TENON_NEED_AUXILIARY);
    subject_end(&s);
}

static void an_empty_runpath_is_not_a_missing_one(void **state)
{
    (void)state;
    struct subject s;
    read_spec(&s, &(struct elf_spec){ .runpath = "" });
    assert_string_equal(s.facts.runpath, "");
    assert_null(s.facts.rpath);
    subject_end(&s);
}

static void the_last_of_equal_tags_counts(void **state)
{
    (void)state;
    struct subject s;
    static const uint64_t tags[][2] = { { 0x6ffffffb, 0x800 }, { 0, 0 } };
    read_spec(&s, &(struct elf_spec){ .dt_flags_1 = 1, .tags = tags });
    assert_int_equal(s.facts.elf.dt_flags_1, 0x800);
    subject_end(&s);
}

static void segments_map_addresses_to_offsets(void **state)
{
    (void)state;
    struct subject s;
    read_spec(&s, &(struct elf_spec){ .needed = some_needs, .load_at = 0x400000 });
    assert_string_equal(s.facts.needs[1].name, "libc.so.6");
    subject_end(&s);
}

static void search_paths_keep_the_order_of_the_file(void **state)
{
    (void)state;
    size_t size;
    uint8_t *bytes = elf_build(&(struct elf_spec){ .rpath = "/a", .runpath = "/b" }, &size);
    tenon_image *image = tenon_image_parse(bytes, size, "x", NULL);
    assert_non_null(image);
    assert_string_equal(tenon_image_search_path(image, 0)->kind, "rpath");
    assert_string_equal(tenon_image_search_path(image, 1)->kind, "runpath");
    assert_string_equal(tenon_image_search_path(image, 1)->path, "/b");
    assert_null(tenon_image_search_path(image, 2));
    tenon_image_free(image);
    free(bytes);
}

/* ---- kinds and systems ----------------------------------------------------------------------- */

static void check_kind(const struct elf_spec *spec, enum tenon_kind kind, bool pie, bool is_static)
{
    struct subject s;
    read_spec(&s, spec);
    assert_int_equal(s.facts.kind, kind);
    assert_int_equal(s.facts.pie, pie);
    assert_int_equal(s.facts.is_static, is_static);
    subject_end(&s);
}

static void programs_and_libraries_are_told_apart(void **state)
{
    (void)state;
    static const uint64_t debug_tag[][2] = { { 21, 0 }, { 0, 0 } };
    const char *interp = "/lib/ld-linux.so.2";
    const enum tenon_kind program = TENON_KIND_EXECUTABLE, library = TENON_KIND_SHARED_LIBRARY;
    check_kind(&(struct elf_spec){ .type = 2, .interp = interp, .needed = some_needs }, program,
               false, false);
    check_kind(&(struct elf_spec){ .type = 2, .no_dynamic = true }, program, false, true);
    check_kind(&(struct elf_spec){ .dt_flags_1 = 0x08000000, .interp = interp }, program, true,
               false);
    check_kind(&(struct elf_spec){ .dt_flags_1 = 0x08000000 }, program, true, true);
    check_kind(&(struct elf_spec){ .interp = interp }, program, true, false);
    check_kind(&(struct elf_spec){ .tags = debug_tag }, program, true, true);
    check_kind(&(struct elf_spec){ .tags = debug_tag, .soname = "s" }, library, false, false);
    check_kind(&(struct elf_spec){ .interp = interp, .soname = "libc.so.6" }, library, false,
               false);
    check_kind(&(struct elf_spec){ .interp = interp, .no_entry = true }, library, false, false);
    check_kind(&(struct elf_spec){ .interp = interp, .no_debug = true }, library, false, false);
    static const uint64_t mips[][2] = { { 0x70000035, 0 }, { 0, 0 } };
    check_kind(&(struct elf_spec){ .interp = interp, .no_debug = true, .tags = mips }, program,
               true, false);
    check_kind(&(struct elf_spec){ 0 }, library, false, false);
    check_kind(&(struct elf_spec){ .type = 4 }, TENON_KIND_CORE, false, false);
    check_kind(&(struct elf_spec){ .type = 0xff00 }, TENON_KIND_UNKNOWN, false, false);
}

static void objects_and_kernel_modules_are_told_apart(void **state)
{
    (void)state;
    static const struct elf_spec_section plain[] = { { .name = ".text", .type = 1, .flags = 6 },
                                                     { 0 } };
    static const struct elf_spec_section module[] = {
        { .name = ".text", .type = 1, .flags = 6 },
        { .name = ".modinfo", .type = 1, .flags = 2, .data = "a=b", .size = 4 },
        { 0 }
    };
    check_kind(&(struct elf_spec){ .type = 1, .sections = plain }, TENON_KIND_OBJECT, false, false);
    check_kind(&(struct elf_spec){ .type = 1 }, TENON_KIND_OBJECT, false, false);
    for (int i = 0; i < 4; i++)
        check_kind(
            &(struct elf_spec){
                .bits = i & 1 ? 32 : 64, .big = i & 2, .type = 1, .sections = module },
            TENON_KIND_KERNEL_MODULE, false, false);
}

/* What objcopy --only-keep-debug leaves: names without bytes, and the build id. */
static void debugging_information_alone_is_known_by_its_sections(void **state)
{
    (void)state;
    static const uint8_t note[] = "\4\0\0\0\2\0\0\0\3\0\0\0GNU\0\xbe\xef\0";
    static const struct elf_spec_section lost[] = {
        { .name = ".note.gnu.build-id", .type = 7, .flags = 2, .data = note, .size = 20 },
        { .name = ".text", .type = 8, .flags = 6, .size = 4096 },
        { .name = ".debug_info", .type = 1, .data = "x", .size = 1 },
        { 0 }
    };
    struct subject s;
    read_spec(&s, &(struct elf_spec){ .no_dynamic = true, .sections = lost });
    assert_int_equal(s.facts.kind, TENON_KIND_DEBUG);
    assert_string_equal(s.facts.build_id, "beef");
    assert_false(s.facts.elf.has_dynamic);
    subject_end(&s);
}

/* Go's linker leaves the build id out of PT_NOTE. */
static void a_build_id_may_be_in_a_section_alone(void **state)
{
    (void)state;
    static const uint8_t note[] = "\4\0\0\0\2\0\0\0\3\0\0\0GNU\0\xbe\xef\0";
    static const struct elf_spec_section sections[] = {
        { .name = ".note.gnu.build-id", .type = 7, .flags = 2, .data = note, .size = 20 }, { 0 }
    };
    size_t size;
    for (uint16_t type = 1; type <= 2; type++) {
        uint8_t *bytes = elf_build(&(struct elf_spec){ .type = type, .sections = sections }, &size);
        tenon_image *image = tenon_image_parse(bytes, size, "x", NULL);
        assert_non_null(image);
        assert_string_equal(tenon_image_build_id(image), "beef");
        tenon_image_free(image);
        free(bytes);
    }
}

static void check_os(const struct elf_spec *spec, const char *os)
{
    struct subject s;
    read_spec(&s, spec);
    if (os)
        assert_string_equal(s.facts.os, os);
    else
        assert_null(s.facts.os);
    subject_end(&s);
}

static void the_first_witness_names_the_system(void **state)
{
    (void)state;
    static const char *const log[] = { "libc.so", "liblog.so", NULL };
    static const char *const dl[] = { "libdl.so", "libc.so", NULL };
    static const char *const plain[] = { "libc.so", "libz.so.1", NULL };
    static const char *const free7[] = { "libc.so.7", NULL };
    static const uint64_t solaris[][2] = { { 0x60000019, 0 }, { 0, 0 } };
    check_os(&(struct elf_spec){ .osabi = 9, .abi_note = "NetBSD" }, "freebsd");
    check_os(&(struct elf_spec){ .osabi = 3, .abi_note = "NetBSD" }, "netbsd");
    check_os(&(struct elf_spec){ .abi_note = "OpenBSD", .interp = "/lib/ld-linux.so.2" },
             "openbsd");
    check_os(&(struct elf_spec){ .abi_note = "GNU", .abi_words = { 1 } }, "hurd");
    check_os(&(struct elf_spec){ .interp = "/usr/libexec/ld-elf.so.2" }, "dragonfly");
    check_os(&(struct elf_spec){ .interp = "/lib/ld-musl-x86_64.so.1" }, "linux");
    check_os(&(struct elf_spec){ .tags = solaris }, "solaris");
    check_os(&(struct elf_spec){ .needed = some_needs }, "linux");
    check_os(&(struct elf_spec){ .needed = free7 }, "freebsd");
    check_os(&(struct elf_spec){ .needed = log }, "android");
    check_os(&(struct elf_spec){ .needed = dl }, "android");
    check_os(&(struct elf_spec){ .needed = dl, .interp = "/lib/ld-musl-x86_64.so.1" }, "linux");
    check_os(&(struct elf_spec){ .needed = plain }, NULL); /* may be musl's */
    check_os(&(struct elf_spec){ .soname = "x" }, NULL);
}

static void solaris_tags_mean_needs_only_there(void **state)
{
    (void)state;
    static const uint64_t tags[][2] = { { 0x6000000f, 1 }, { 0x6ffffdfd, 1 }, { 1, 1 }, { 0, 0 } };
    struct subject s;
    read_spec(&s, &(struct elf_spec){ .osabi = 6, .needed = some_needs, .tags = tags });
    assert_int_equal(s.facts.need_count, 4);
    assert_int_equal(s.facts.needs[2].flavour, TENON_NEED_FILTER);
    assert_int_equal(s.facts.needs[3].flavour, TENON_NEED_LAZY);
    subject_end(&s);
    read_spec(&s, &(struct elf_spec){ .needed = some_needs, .tags = tags });
    assert_int_equal(s.facts.need_count, 3);
    assert_int_equal(s.facts.needs[2].flavour, TENON_NEED_NORMAL);
    subject_end(&s);
}

static void machines_have_names(void **state)
{
    (void)state;
    assert_string_equal(tn_elf_machine_name(62, 32, TN_LITTLE, 0), "x32");
    assert_string_equal(tn_elf_machine_name(21, 64, TN_LITTLE, 2), "ppc64le");
    assert_string_equal(tn_elf_machine_name(22, 32, TN_BIG, 0), "s390");
    assert_string_equal(tn_elf_machine_name(8, 32, TN_BIG, 0x20), "mipsn32");
    assert_string_equal(tn_elf_machine_name(8, 32, TN_LITTLE, 0), "mipsel");
    assert_string_equal(tn_elf_machine_name(183, 64, TN_BIG, 0), "aarch64_be");
    assert_null(tn_elf_machine_name(0xfffe, 64, TN_LITTLE, 0));
}

/* One row of docs/machines.md; "any" is 0. */
struct machine_row {
    char name[64], order[16];
    int machine;
    unsigned bits;
};

static size_t read_machine_rows(struct machine_row *rows, size_t room)
{
    const char *root = getenv("TENON_SOURCE");
    char path[4096], line[512], bits[16];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/docs/machines.md", root ? root : ".");
    FILE *page = fopen(path, "r");
    if (!page)
        skip();
    while (count < room && fgets(line, sizeof line, page)) {
        struct machine_row *row = &rows[count];
        if (sscanf(line, "| `%63[^`]` | %i | %15s | %15s |", row->name, &row->machine, bits,
                   row->order) != 4)
            continue;
        row->bits = (unsigned)atoi(bits);
        count++;
    }
    fclose(page);
    return count;
}

static bool is_documented(const struct machine_row *rows, size_t count, const char *name,
                          int machine, unsigned bits, const char *order)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0 && rows[i].machine == machine &&
            (!rows[i].bits || rows[i].bits == bits) &&
            (strcmp(rows[i].order, "any") == 0 || strcmp(rows[i].order, order) == 0))
            return true;
    return false;
}

/* Each name that any file can have stands in docs/machines.md, and each there can be had. */
static void machines_are_documented(void **state)
{
    (void)state;
    static struct machine_row rows[256];
    static bool used[256];
    size_t count = read_machine_rows(rows, TN_COUNT(rows));
    for (int machine = 0; machine <= 0xffff; machine++)
        for (int i = 0; i < 8; i++) {
            unsigned bits = i & 1 ? 32 : 64;
            const char *name = tn_elf_machine_name((uint32_t)machine, bits,
                                                   i & 2 ? TN_BIG : TN_LITTLE, i & 4 ? 0x20 : 0);
            if (!name)
                continue;
            assert_true(is_documented(rows, count, name, machine, bits, i & 2 ? "big" : "little"));
            for (size_t k = 0; k < count; k++)
                used[k] =
                    used[k] || (strcmp(rows[k].name, name) == 0 && rows[k].machine == machine);
        }
    for (size_t k = 0; k < count; k++)
        assert_true(used[k]);
    assert_true(count > 60);
}

/* ---- headers as they are --------------------------------------------------------------------- */

static void a_raw_header_is_judged_by_nobody(void **state)
{
    (void)state;
    struct subject s;
    struct tn_elf_header h;
    subject_spec(&s, &(struct elf_spec){ .machine = 0x1234, .needed = some_needs });
    s.bytes[0] = 'X';
    s.bytes[4] = 7;
    s.bytes[5] = 9;
    assert_true(tn_elf_read_header(&s.file, NULL, &h, &s.err));
    assert_int_equal(h.e_ident[4], 7);
    assert_int_equal(h.e_machine, 0x1234);
    assert_int_equal(h.e_type, 3);
    subject_end(&s);
}

static void a_short_file_has_no_header(void **state)
{
    (void)state;
    struct subject s;
    struct tn_elf_header h;
    subject_bytes(&s, (const uint8_t *)"\177EL", 3);
    assert_false(tn_elf_read_header(&s.file, NULL, &h, &s.err));
    assert_int_equal(s.err.code, TENON_E_TRUNCATED);
    assert_int_equal(h.e_ident[2], 'L');
    assert_int_equal(h.e_ident[3], 0);
    subject_end(&s);
}

/* musl looks at neither magic nor class nor byte order. */
static void assumptions_override_the_ident(void **state)
{
    (void)state;
    const struct tn_elf_assume assume = { 8, TN_LITTLE };
    struct subject s;
    subject_spec(&s, &(struct elf_spec){ .needed = some_needs });
    memset(s.bytes, 0, 16);
    assert_false(read_subject(&s));
    assert_int_equal(s.err.code, TENON_E_FORMAT);
    assert_true(tn_elf_read_facts(&s.file, &assume, &s.facts, &s.err));
    assert_int_equal(s.facts.class_bits, 64);
    assert_string_equal(s.facts.needs[1].name, "libc.so.6");
    subject_end(&s);
}

/* ---- bad files ------------------------------------------------------------------------------- */

/* Writes a number at `at` of a 64-bit little-endian subject. */
static void poke(struct subject *s, size_t at, uint64_t value, unsigned size)
{
    elf_store(s->bytes + at, value, size, false);
}

static uint64_t peek(const struct subject *s, size_t at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)s->bytes[at + i] << 8 * i;
    return value;
}

/* File offset of the program header of a type; 64-bit little-endian. */
static size_t segment_at(const struct subject *s, uint32_t type)
{
    for (size_t at = 64; at < 64 + 56 * peek(s, 56, 2); at += 56)
        if (peek(s, at, 4) == type)
            return at;
    fail_msg("no segment of type %u", type);
    return 0;
}

/* File offset of the dynamic entry of a tag. */
static size_t entry_at(const struct subject *s, uint64_t tag)
{
    size_t at = (size_t)peek(s, segment_at(s, 2) + 8, 8);
    while (peek(s, at, 8) != tag)
        at += 16;
    return at;
}

static void expect(struct subject *s, enum tenon_code code, const char *words)
{
    assert_false(read_subject(s));
    assert_int_equal(s->err.code, code);
    if (!strstr(s->err.text, words))
        fail_msg("'%s' is not in '%s'", words, s->err.text);
    subject_end(s);
}

static void what_loaders_need_is_refused_when_bad(void **state)
{
    (void)state;
    struct subject s;
    const struct elf_spec spec = full_spec(64, false);

    subject_spec(&s, &spec);
    s.bytes[4] = 3;
    expect(&s, TENON_E_MALFORMED, "EI_CLASS is 3");
    subject_spec(&s, &spec);
    s.bytes[5] = 0;
    expect(&s, TENON_E_MALFORMED, "EI_DATA is 0");
    subject_spec(&s, &spec);
    poke(&s, 54, 55, 2);
    expect(&s, TENON_E_MALFORMED, "e_phentsize is 55, not 56");
    subject_spec(&s, &spec);
    poke(&s, 32, s.size - 8, 8);
    expect(&s, TENON_E_TRUNCATED, "program headers");
    subject_spec(&s, &spec);
    poke(&s, segment_at(&s, 2) + 8, s.size - 8, 8);
    poke(&s, segment_at(&s, 2) + 16, UINT64_C(1) << 40, 8); /* in no segment: p_offset counts */
    expect(&s, TENON_E_TRUNCATED, "dynamic section: ");
    subject_spec(&s, &spec);
    poke(&s, entry_at(&s, 1) + 8, 0x7fffffff, 8);
    expect(&s, TENON_E_MALFORMED,
           "dynamic section: entry 0 (needed library): string table: string at offset 0x7fffffff");
    subject_spec(&s, &spec);
    poke(&s, entry_at(&s, 14) + 8, UINT64_MAX, 8);
    expect(&s, TENON_E_MALFORMED, "DT_SONAME");
    subject_spec(&s, &spec);
    poke(&s, entry_at(&s, 5) + 8, 0x10000000, 8);
    expect(&s, TENON_E_MALFORMED, "DT_STRTAB");
    subject_spec(&s, &spec);
    poke(&s, entry_at(&s, 5), 0x12345678, 8);
    expect(&s, TENON_E_MALFORMED, "no string table (DT_STRTAB)");
}

/* A string table that is the last thing of its segment, and whose last string has no end. */
static void a_string_without_end_is_refused(void **state)
{
    (void)state;
    struct subject s;
    static const char *const one[] = { "libq.so", NULL };
    subject_spec(&s, &(struct elf_spec){ .needed = one });
    size_t load = segment_at(&s, 1);
    poke(&s, load + 32, peek(&s, entry_at(&s, 5) + 8, 8) + 5, 8);
    expect(&s, TENON_E_MALFORMED, "has no end");
}

/* Loaders read the dynamic section in memory: p_offset is not what they go by. */
static void the_dynamic_section_is_where_its_address_is(void **state)
{
    (void)state;
    struct subject s;
    const struct elf_spec spec = full_spec(64, false);
    subject_spec(&s, &spec);
    poke(&s, segment_at(&s, 2) + 8, UINT64_MAX, 8);
    poke(&s, segment_at(&s, 2) + 32, UINT64_MAX, 8);
    assert_true(read_subject(&s));
    assert_int_equal(s.facts.need_count, 2);
    assert_false(s.facts.elf.dynamic_at_zero);
    subject_end(&s);
    subject_spec(&s, &spec);
    poke(&s, segment_at(&s, 2) + 16, 0, 8);
    assert_true(read_subject(&s));
    assert_int_equal(s.facts.need_count, 2);
    assert_true(s.facts.elf.dynamic_at_zero);
    subject_end(&s);
}

/* rule  ld.so's refusals, which `ld.so --list` has for files so patched */
static void segments_that_cannot_be_mapped_are_known(void **state)
{
    (void)state;
    enum { OFFSET = 8, VADDR = 16, FILESZ = 32, MEMSZ = 40, ALIGN = 48 };
    static const struct {
        size_t field;
        uint64_t value;
        uint16_t machine; /* 0: as it is */
        enum tn_elf_layout layout;
    } cases[] = {
        { ALIGN, 0, 0, TN_ELF_LAYOUT_GOOD },
        { ALIGN, 3, 0, TN_ELF_LAYOUT_GOOD },
        { MEMSZ, 0x100000, 0, TN_ELF_LAYOUT_GOOD },
        { MEMSZ, UINT64_C(1) << 46, 0, TN_ELF_LAYOUT_GOOD },
        { OFFSET, 1, 0, TN_ELF_LAYOUT_NOT_ALIGNED },
        { OFFSET, 0xfff, 183, TN_ELF_LAYOUT_NOT_ALIGNED },
        { MEMSZ, UINT64_C(1) << 62, 0, TN_ELF_LAYOUT_NOT_MAPPED },
        { MEMSZ, UINT64_C(1) << 62, 183, TN_ELF_LAYOUT_GOOD }, /* who knows its addresses */
        { MEMSZ, 0, 0, TN_ELF_LAYOUT_NOT_MAPPED },             /* an empty mapping */
    };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        struct subject s;
        struct tn_elf elf;
        subject_spec(&s, &(struct elf_spec){ .machine = cases[i].machine, .soname = "x" });
        poke(&s, segment_at(&s, 1) + cases[i].field, cases[i].value, 8);
        assert_true(tn_elf_start(&elf, &s.file, NULL, &s.err));
        if (tn_elf_layout_of(&elf) != cases[i].layout)
            fail_msg("case %zu: %d", i, (int)tn_elf_layout_of(&elf));
        subject_end(&s);
    }
}

/* The same of several segments: order counts, and each is mapped for itself. */
static void segments_are_mapped_in_their_order(void **state)
{
    (void)state;
    static const struct {
        struct tn_elf_segment at[3];
        enum tn_elf_layout layout;
    } cases[] = {
#define LOAD(offset, vaddr, filesz, memsz)                                                         \
    { .p_type = TN_PT_LOAD,                                                                        \
      .p_offset = (offset),                                                                        \
      .p_vaddr = (vaddr),                                                                          \
      .p_filesz = (filesz),                                                                        \
      .p_memsz = (memsz) }
        { { LOAD(0, 0, 0x400, 0x400), LOAD(0x1000, 0x1000, 8, 8), LOAD(0x1e00, 0x3e00, 8, 16) },
          TN_ELF_LAYOUT_GOOD },
        { { LOAD(0, 0, 0x1400, 0x1400), LOAD(0x3000, 0x3000, 8, 8), LOAD(0x1000, 0x1000, 8, 8) },
          TN_ELF_LAYOUT_NOT_ORDERED },
        { { LOAD(0, 0, 8, 8), LOAD(0x1000, 0x1000, INT64_MAX, 8), LOAD(0x2000, 0x2000, 8, 8) },
          TN_ELF_LAYOUT_NOT_MAPPED },
        { { LOAD(0, 0, 8, 8), LOAD(UINT64_C(1) << 63, 0x1000, 8, 8), LOAD(0, 0x2000, 8, 8) },
          TN_ELF_LAYOUT_NOT_MAPPED },
        { { LOAD(0, 0, 8, INT64_MAX), LOAD(0x1000, 0x1000, 8, 8), LOAD(0, 0x2000, 8, 8) },
          TN_ELF_LAYOUT_NOT_ZEROED },
        { { LOAD(0, 0, 8, UINT64_MAX), LOAD(0x1000, 0x1000, 8, 8), LOAD(0, 0x2000, 8, 8) },
          TN_ELF_LAYOUT_GOOD },
#undef LOAD
    };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        struct tn_elf_segment segments[3];
        memcpy(segments, cases[i].at, sizeof segments);
        const struct tn_elf elf = { .header = { .e_machine = 62, .word = 8 },
                                    .segments = segments,
                                    .segment_count = 3 };
        if (tn_elf_layout_of(&elf) != cases[i].layout)
            fail_msg("case %zu: %d", i, (int)tn_elf_layout_of(&elf));
    }
}

static void what_loaders_pass_over_is_no_failure(void **state)
{
    (void)state;
    struct subject s;
    const struct elf_spec spec = full_spec(64, false);
    subject_spec(&s, &spec);
    poke(&s, 40, UINT64_MAX - 3, 8);                       /* e_shoff */
    poke(&s, 60, 0xffff, 2);                               /* e_shnum */
    poke(&s, segment_at(&s, 4) + 8, UINT64_MAX - 1, 8);    /* notes */
    poke(&s, entry_at(&s, 10) + 8, UINT64_MAX, 8);         /* DT_STRSZ */
    poke(&s, entry_at(&s, 0x6ffffffc) + 8, UINT64_MAX, 8); /* DT_VERDEF */
    assert_true(read_subject(&s));
    assert_int_equal(s.facts.need_count, 2);
    assert_int_equal(s.facts.version_def_count, 0);
    assert_int_equal(s.facts.version_need_count, 3);
    assert_null(s.facts.build_id);
    tenon_image *image = tenon_image_parse(s.bytes, s.size, "x", &s.err);
    assert_non_null(image);
    assert_non_null(tenon_image_warning(image, 1));
    tenon_image_free(image);
    subject_end(&s);
}

/* Names behind DT_STRSZ are read by every loader: there are such files. */
static void strings_behind_their_table_are_read_and_reported(void **state)
{
    (void)state;
    struct subject s;
    subject_spec(&s, &(struct elf_spec){ .needed = some_needs });
    poke(&s, entry_at(&s, 10) + 8, 12, 8);
    tenon_image *image = tenon_image_parse(s.bytes, s.size, "x", &s.err);
    assert_non_null(image);
    assert_string_equal(tenon_image_need(image, 1)->name, "libc.so.6");
    assert_non_null(strstr(tenon_image_warning(image, 0), "behind DT_STRSZ"));
    tenon_image_free(image);
    subject_end(&s);
}

static void a_bad_version_name_keeps_what_came_before(void **state)
{
    (void)state;
    struct subject s;
    const struct elf_spec spec = full_spec(64, false);
    subject_spec(&s, &spec);
    size_t verneed = (size_t)peek(&s, entry_at(&s, 0x6ffffffe) + 8, 8);
    poke(&s, verneed + 16 + 16 + 8, 0xffffff00, 4); /* the second vna_name */
    assert_true(read_subject(&s));
    assert_int_equal(s.facts.version_need_count, 1);
    assert_int_equal(s.facts.version_def_count, 3);
    subject_end(&s);
}

/* A chain whose steps are of one byte, and one that steps over the end. */
static void version_chains_end(void **state)
{
    (void)state;
    static const uint32_t steps[] = { 1, 4, 0xffffffff, 0x80000000 };
    for (size_t i = 0; i < TN_COUNT(steps); i++) {
        struct subject s;
        const struct elf_spec spec = full_spec(64, false);
        subject_spec(&s, &spec);
        size_t verneed = (size_t)peek(&s, entry_at(&s, 0x6ffffffe) + 8, 8);
        size_t verdef = (size_t)peek(&s, entry_at(&s, 0x6ffffffc) + 8, 8);
        poke(&s, verneed + 12, steps[i], 4);
        poke(&s, verneed + 16 + 12, steps[i], 4);
        poke(&s, verdef + 16, steps[i], 4);
        assert_true(read_subject(&s));
        subject_end(&s);
    }
}

/*
 * Every prefix is either refused with a reason or answered; nothing is read past the cut. Only the
 * last row may be cut: it ends the dynamic section, as the zeros of a mapped page do.
 */
static void every_prefix_is_answered_or_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        size_t size;
        const struct elf_spec spec = full_spec(i & 1 ? 32 : 64, i & 2);
        uint8_t *whole = elf_build(&spec, &size);
        for (size_t n = 0; n < size; n++) {
            struct subject s;
            subject_bytes(&s, whole, n);
            tenon_image *image = tenon_image_parse(s.bytes, n, "cut", &s.err);
            if (n >= size - (i & 1 ? 8 : 16)) { /* the dynamic section is the last thing */
                assert_non_null(image);
                tenon_image_free(image);
                subject_end(&s);
                continue;
            }
            assert_null(image);
            assert_in_set(s.err.code,
                          ((LargestIntegralType[]){ TENON_E_TRUNCATED, TENON_E_FORMAT }), 2);
            assert_int_equal(strncmp(s.err.text, "cut: ", 5), 0);
            subject_end(&s);
        }
        free(whole);
    }
}

/* Every field of every header, of every dynamic entry and version row, at its extremes. */
static void extreme_fields_do_no_harm(void **state)
{
    (void)state;
    static const uint64_t extremes[] = { 0, 1, 0x7fffffff, 0xffffffff, INT64_MAX, UINT64_MAX };
    for (int i = 0; i < 4; i++) {
        size_t size;
        const struct elf_spec spec = full_spec(i & 1 ? 32 : 64, i & 2);
        uint8_t *whole = elf_build(&spec, &size);
        for (size_t at = 0; at + 8 <= size; at += 2)
            for (size_t e = 0; e < TN_COUNT(extremes); e++)
                for (unsigned width = 2; width <= 8; width *= 2) {
                    struct subject s;
                    subject_bytes(&s, whole, size);
                    elf_store(s.bytes + at, extremes[e], width, spec.big);
                    tenon_image_free(tenon_image_parse(s.bytes, size, "odd", &s.err));
                    subject_end(&s);
                }
        free(whole);
    }
}

/* ---- big files ------------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void ten_thousand_needs_are_read(void **state)
{
    (void)state;
    enum { N = 10000 };
    static char names[N][24];
    static const char *needs[N + 1];
    struct subject s;
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "lib%d.so", i);
        needs[i] = names[i];
    }
    read_spec(&s, &(struct elf_spec){ .needed = needs });
    assert_int_equal(s.facts.need_count, N);
    assert_string_equal(s.facts.needs[N - 1].name, "lib9999.so");
    subject_end(&s);
}

static void a_string_of_a_million_bytes_is_read(void **state)
{
    (void)state;
    struct subject s;
    char *path = malloc(1000001);
    memset(path, 'p', 1000000);
    path[1000000] = 0;
    read_spec(&s, &(struct elf_spec){ .runpath = path, .needed = some_needs });
    assert_int_equal(strlen(s.facts.runpath), 1000000);
    assert_string_equal(s.facts.needs[0].name, "libb.so.2");
    subject_end(&s);
    free(path);
}

/* 60,000 entries that each name almost the same megabyte: the sum is refused, and at once. */
static void overlapping_strings_are_limited(void **state)
{
    (void)state;
    enum { ENTRIES = 60000 };
    static uint64_t tags[ENTRIES + 1][2];
    struct subject s;
    double start = seconds();
    char *path = malloc(1000001);
    memset(path, 'p', 1000000);
    path[1000000] = 0;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        tags[i][0] = 1;
        tags[i][1] = 1 + i;
    }
    subject_spec(&s, &(struct elf_spec){ .runpath = path, .tags = (const uint64_t(*)[2])tags });
    free(path);
    expect(&s, TENON_E_LIMIT, "the strings named are more than");
    assert_true(seconds() - start < 5);
}

/* Reading through a world, in ranges: the same answers as from memory. */
static void a_file_of_a_world_is_read_in_ranges(void **state)
{
    (void)state;
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    struct elf_spec spec = full_spec(64, false);
    spec.rodata_size = 3 << 20; /* pushes the tables far from the header */
    spec.rodata = calloc(1, spec.rodata_size);
    uint8_t *bytes = elf_build(&spec, &size);
    tenon_world *world = tenon_world_empty(&err);
    assert_non_null(world);
    assert_true(tenon_world_put_file(world, "/x/liba.so", bytes, size, 0644, &err));
    free(bytes);
    free((void *)spec.rodata);

    struct tn_arena arena = { 0 };
    struct tn_file file;
    struct tn_facts facts;
    assert_int_equal(tn_file_open(world, "/x/liba.so", &arena, &file), 0);
    assert_true(tn_elf_read_facts(&file, NULL, &facts, &err));
    assert_true(file.bytes_read <= 4096);
    assert_string_equal(facts.needs[1].name, "libc.so.6");
    check_versions(&facts);
    tn_file_close(&file);
    tn_arena_free(&arena);

    tenon_image *image = tenon_image_open(world, "/x/liba.so", TENON_PART_ALL, &err);
    assert_non_null(image);
    assert_string_equal(tenon_image_build_id(image), "01abff");
    tenon_image_free(image);
    tenon_world_free(world);
}

/* ---- the image ------------------------------------------------------------------------------- */

static const char *fact(const tenon_image *image, const char *name)
{
    const tenon_fact *f;
    for (size_t i = 0; (f = tenon_image_fact(image, i)); i++)
        if (strcmp(f->name, name) == 0)
            return f->value;
    return NULL;
}

static void other_facts_have_words(void **state)
{
    (void)state;
    size_t size;
    static const struct elf_spec_section sections[] = {
        { .name = ".gnu_debuglink", .type = 1, .data = "x.debug\0abcd", .size = 12 }, { 0 }
    };
    struct elf_spec spec = full_spec(64, false);
    spec.sections = sections;
    spec.dt_flags = 0x1010;
    spec.dt_flags_1 = 0x08000001;
    spec.textrel = true;
    spec.exec_stack = true;
    uint8_t *bytes = elf_build(&spec, &size);
    tenon_image *image = tenon_image_parse(bytes, size, "x", NULL);
    assert_non_null(image);
    assert_string_equal(fact(image, "e_type"), "DYN");
    assert_string_equal(fact(image, "osabi"), "System V");
    assert_string_equal(fact(image, "dt_flags"), "STATIC_TLS 0x1000");
    assert_string_equal(fact(image, "dt_flags_1"), "NOW PIE");
    assert_string_equal(fact(image, "static_tls"), "yes");
    assert_string_equal(fact(image, "textrel"), "yes");
    assert_string_equal(fact(image, "exec_stack"), "yes");
    assert_string_equal(fact(image, "abi_tag"), "Linux 3.2.0");
    assert_string_equal(fact(image, "isa_needed"), "x86-64-baseline x86-64-v2");
    assert_string_equal(fact(image, "audit"), "audit.so");
    assert_string_equal(fact(image, "debuglink"), "x.debug");
    assert_string_equal(fact(image, "section_count"), "3");
    assert_null(fact(image, "e_flags"));
    tenon_image_free(image);
    free(bytes);
}

static void slices_and_members_do_not_exist(void **state)
{
    (void)state;
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    uint8_t *bytes = elf_build(&(struct elf_spec){ 0 }, &size);
    tenon_world *world = tenon_world_empty(&err);
    assert_true(tenon_world_put_file(world, "/x", bytes, size, 0644, &err));
    const tenon_image_source source = { .path = "/x", .member = "a.o" };
    assert_null(tenon_image_open_source(world, &source, TENON_PART_CORE, &err));
    assert_int_equal(err.code, TENON_E_NOT_FOUND);
    assert_string_equal(err.text, "/x: no member 'a.o' in a file of format ELF");
    tenon_world_free(world);
    free(bytes);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    size_t size;
    struct elf_spec spec = full_spec(64, false);
    spec.dlopen_note =
        "[{\"soname\":[\"libz.so.1\"],\"feature\":\"zip\",\"priority\":\"required\"}]";
    spec.rodata = "libq.so.3";
    spec.rodata_size = 10;
    uint8_t *bytes = elf_build(&spec, &size);
    for (long n = 0;; n++) {
        tenon_error err = TENON_ERROR_INIT;
        fail_after(n);
        tenon_image *image = tenon_image_parse(bytes, size, "x", &err);
        bool failed = allocation_failed;
        fail_never();
        if (image)
            assert_true(n > 0);
        else
            assert_int_equal(err.code, TENON_E_MEMORY);
        tenon_image_free(image);
        if (!failed)
            break;
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_and_byte_order_is_read),
        cmocka_unit_test(filters_are_needs_in_their_place),
        cmocka_unit_test(an_empty_runpath_is_not_a_missing_one),
        cmocka_unit_test(the_last_of_equal_tags_counts),
        cmocka_unit_test(segments_map_addresses_to_offsets),
        cmocka_unit_test(search_paths_keep_the_order_of_the_file),
        cmocka_unit_test(programs_and_libraries_are_told_apart),
        cmocka_unit_test(objects_and_kernel_modules_are_told_apart),
        cmocka_unit_test(debugging_information_alone_is_known_by_its_sections),
        cmocka_unit_test(a_build_id_may_be_in_a_section_alone),
        cmocka_unit_test(the_first_witness_names_the_system),
        cmocka_unit_test(solaris_tags_mean_needs_only_there),
        cmocka_unit_test(machines_have_names),
        cmocka_unit_test(machines_are_documented),
        cmocka_unit_test(a_raw_header_is_judged_by_nobody),
        cmocka_unit_test(a_short_file_has_no_header),
        cmocka_unit_test(assumptions_override_the_ident),
        cmocka_unit_test(what_loaders_need_is_refused_when_bad),
        cmocka_unit_test(a_string_without_end_is_refused),
        cmocka_unit_test(the_dynamic_section_is_where_its_address_is),
        cmocka_unit_test(segments_that_cannot_be_mapped_are_known),
        cmocka_unit_test(segments_are_mapped_in_their_order),
        cmocka_unit_test(what_loaders_pass_over_is_no_failure),
        cmocka_unit_test(strings_behind_their_table_are_read_and_reported),
        cmocka_unit_test(a_bad_version_name_keeps_what_came_before),
        cmocka_unit_test(version_chains_end),
        cmocka_unit_test(every_prefix_is_answered_or_refused),
        cmocka_unit_test(extreme_fields_do_no_harm),
        cmocka_unit_test(ten_thousand_needs_are_read),
        cmocka_unit_test(a_string_of_a_million_bytes_is_read),
        cmocka_unit_test(overlapping_strings_are_limited),
        cmocka_unit_test(a_file_of_a_world_is_read_in_ranges),
        cmocka_unit_test(other_facts_have_words),
        cmocka_unit_test(slices_and_members_do_not_exist),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
