/* tests/unit/test_judge.c - what ld.so says of a candidate, and whose an interpreter is */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "glibc_judge.h"

/* A sound x86-64 library. */
static struct tn_facts sound_facts(void)
{
    return (struct tn_facts){
        .format = TENON_FORMAT_ELF,
        .elf = { .header = { .e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
                             .e_type = 3,
                             .e_machine = 62,
                             .e_version = 1,
                             .e_phentsize = 56,
                             .word = 8 },
                 .has_dynamic = true,
                 .has_load = true },
    };
}

static struct tn_judgement judge(const struct tn_facts *facts, unsigned word)
{
    tenon_world *world = tenon_world_empty(NULL);
    const struct tn_target target = { .world = world, .word = word, .machine = 62 };
    const tenon_file_info info = { .type = TENON_FILE_REGULAR };
    const struct tn_candidate candidate = { .info = &info, .facts = facts };
    struct tn_judgement out;
    assert_non_null(world);
    tn_glibc_judge(&target, &candidate, &out);
    tenon_world_free(world);
    return out;
}

static void expect(const struct tn_facts *facts, const char *words)
{
    struct tn_judgement judged = judge(facts, 8);
    assert_int_equal(judged.action, TN_STOP);
    assert_string_equal(judged.detail, words);
}

/* rule  the order in which _dl_map_object_from_fd() comes to its complaints */
static void the_first_complaint_counts(void **state)
{
    (void)state;
    struct tn_facts f = sound_facts();
    f.elf.layout = TN_ELF_LAYOUT_NOT_ALIGNED;
    f.elf.has_load = f.elf.has_dynamic = false;
    f.elf.header.e_type = 2;
    expect(&f, "ELF load command address/offset not page-aligned");
    f.elf.layout = TN_ELF_LAYOUT_NOT_ZEROED;
    expect(&f, "object file has no loadable segments");
    f.elf.has_load = true;
    expect(&f, "cannot dynamically load executable");
    f.elf.header.e_type = 3;
    expect(&f, "cannot map zero-fill pages");
    f.elf.layout = TN_ELF_LAYOUT_NOT_MAPPED;
    expect(&f, "failed to map segment from shared object");
    f.elf.layout = TN_ELF_LAYOUT_NOT_ORDERED;
    expect(&f, "ELF load command address/offset not page-aligned");
    f.elf.layout = TN_ELF_LAYOUT_GOOD;
    expect(&f, "object file has no dynamic section");
    f.elf.has_dynamic = f.elf.dynamic_at_zero = true;
    expect(&f, "object file has no dynamic section");
    f.elf.dynamic_at_zero = false;
    f.elf.dynamic_empty = true;
    expect(&f, "object file has no dynamic section");
    f.elf.dynamic_empty = false;
    assert_int_equal(judge(&f, 8).action, TN_ACCEPT);
}

/* ld.so calls any other class by the name of the one that it is not. */
static void a_wrong_class_is_the_other_one(void **state)
{
    (void)state;
    struct tn_facts f = sound_facts();
    for (unsigned class = 0; class < 256; class ++) {
        f.elf.header.e_ident[4] = (uint8_t) class;
        if (class != 2)
            assert_string_equal(judge(&f, 8).detail, "wrong ELF class: ELFCLASS32");
        if (class != 1)
            assert_string_equal(judge(&f, 4).detail, "wrong ELF class: ELFCLASS64");
    }
}

static void an_interpreter_has_its_loader_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const tenon_loader *loader;
    } cases[] = {
        { "/lib/ld-musl-x86_64.so.1", &tn_loader_musl },
        { "/opt/m/lib/ld-musl-armhf.so.1", &tn_loader_musl },
        { "/lib64/ld-linux-x86-64.so.2", &tn_loader_glibc },
        { "/lib/ld64.so.1", &tn_loader_glibc },
        { "ld-2.31.so", &tn_loader_glibc },
        { "/libexec/ld-elf.so.1", &tn_loader_freebsd },
        { "/libexec/ld-elf32.so.1", &tn_loader_freebsd },
        { "/usr/libexec/ld-elf.so.2", &tn_loader_dragonfly },
        { "/usr/libexec/ld.elf_so", &tn_loader_netbsd },
        { "/usr/libexec/ld.so", &tn_loader_openbsd },
        { "/lib/64/ld.so.1", &tn_loader_solaris },
        { "/usr/lib/ld.so.1", &tn_loader_solaris },
        { "/usr/lib/hpux64/dld.so", &tn_loader_hpux },
        { "/system/bin/linker64", &tn_loader_bionic },
        { "/system/runtime_loader", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < TN_COUNT(cases); i++)
        assert_ptr_equal(tn_loader_of_interpreter(TENON_FORMAT_ELF, cases[i].path),
                         cases[i].loader);
    assert_null(tn_loader_of_interpreter(TENON_FORMAT_ELF + 1, cases[0].path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_complaint_counts),
        cmocka_unit_test(a_wrong_class_is_the_other_one),
        cmocka_unit_test(an_interpreter_has_its_loader_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
