/* tests/unit/test_link_command.c - command lines are read as the compiler's driver reads them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"
#include "view.h"

struct fixture {
    tenon_world *world;
    struct tn_arena arena;
    struct tn_command command;
};

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    f = (struct fixture){ .world = tenon_world_empty(NULL) };
    return f.world ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tn_command_free(&f.command);
    tn_arena_free(&f.arena);
    tenon_world_free(f.world);
    return 0;
}

/* Reads a line, words separated by single spaces. */
static enum tn_command_kind read_line(const char *line)
{
    struct tn_words words = { 0 };
    char *copy = tn_arena_string(&f.arena, line);
    tenon_error err = TENON_ERROR_INIT;

    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        assert_true(tn_words_add(&words, word));
    tn_command_free(&f.command);
    assert_true(tn_command_read(f.world, &f.arena, words.at, words.count, &f.command, &err));
    tn_words_free(&words);
    return f.command.kind;
}

/* The words of one role, '|' between. */
static const char *words_of(enum tn_word_role role)
{
    const char *text = "";

    for (size_t i = 0; i < f.command.count; i++)
        if (f.command.words[i].role == role)
            text = tn_arena_format(&f.arena, "%s%s%s", text, *text ? "|" : "",
                                   f.command.words[i].text);
    return text;
}

static void put(const char *path, const char *text)
{
    assert_true(tenon_world_put_file(f.world, path, text, strlen(text), 0644, NULL));
}

static void a_compile_has_sources_and_an_output(void **state)
{
    (void)state;
    assert_int_equal(read_line("gcc -O2 -c -o out/a.o src/a.c"), TN_COMMAND_COMPILE);
    assert_string_equal(f.command.output, "out/a.o");
    assert_string_equal(words_of(TN_WORD_SOURCE), "src/a.c");
    assert_int_equal(read_line("clang -c a.c b.cc -oc.o"), TN_COMMAND_COMPILE);
    assert_string_equal(f.command.output, "c.o");
    assert_string_equal(words_of(TN_WORD_SOURCE), "a.c|b.cc");
}

static void an_object_is_named_after_its_source(void **state)
{
    (void)state;
    assert_string_equal(tn_command_object(&f.arena, "dir.d/a.x.c"), "a.x.o");
    assert_string_equal(tn_command_object(&f.arena, "/x/noext"), "noext.o");
    assert_string_equal(tn_command_object(&f.arena, ".c"), ".c.o");
}

static void a_link_has_objects_and_libraries(void **state)
{
    (void)state;
    assert_int_equal(read_line("g++ main.o -L. -lx libz.a -o prog -Wl,-Map=m,x.o -Xlinker y.o"),
                     TN_COMMAND_LINK);
    assert_string_equal(words_of(TN_WORD_OBJECT), "main.o|libz.a");
    assert_string_equal(f.command.output, "prog");
    assert_string_equal(f.command.map, "m");
    assert_int_equal(f.command.named.count, 4);
    assert_string_equal(f.command.named.at[3], "y.o");
}

static void other_commands_are_neither(void **state)
{
    static const char *const lines[] = {
        "gcc",
        "gcc --version",
        "gcc -E a.c",
        "gcc -S a.c -o a.s",
        "gcc -M a.c",
        "gcc -r a.o",
        "gcc -Wl,-r a.o",
        "gcc -v",
        "cc -dumpmachine",
        "ld -r -o x a.o",
        "gcc -### a.c",
        "gcc -fsyntax-only a.c",
        "clang -print-search-dirs",
        "ccache",
        "gcc a.h",
        "gcc -O2 -o a.h.gch a.h b.hpp",
        "clang -x c-header a -o a.pch",
        "g++ -fmodules-ts -fmodule-header a.hpp b.cc",
        "g++ -fmodules-ts -fmodule-header=user -x c++ a.hpp",
        "gcc --preprocess a.c",
        "gcc --assemble a.c",
        "gcc --dependencies a.c",
        "gcc --user-dependencies a.c",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_int_equal(read_line(lines[i]), TN_COMMAND_OTHER);
}

static void a_header_with_something_to_link_is_linked(void **state)
{
    static const char *const lines[] = { "gcc a.h b.c",
                                         "gcc a.h b.o",
                                         "gcc a.h -lb",
                                         "gcc a.h -Wl,-s",
                                         "gcc a.h -l b",
                                         "gcc a.h -Xlinker -s",
                                         "gcc -x c-header a.h -x none a.o" };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_int_equal(read_line(lines[i]), TN_COMMAND_LINK);
    assert_int_equal(read_line("gcc -c a.h"), TN_COMMAND_COMPILE);
}

static void values_are_no_files(void **state)
{
    (void)state;
    assert_int_equal(read_line("gcc -c -MD -MF a.d -MT x.c -include y.h -I inc.c --param p.c -D "
                               "X.c -idirafter z.c -target t.c -Xclang q.c a.c"),
                     TN_COMMAND_COMPILE);
    assert_string_equal(words_of(TN_WORD_SOURCE), "a.c");
    assert_string_equal(words_of(TN_WORD_DEPENDENCY), "-MD|-MF|a.d|-MT|x.c");
    read_line("gcc -c -Wp,-MMD,a.d -Wp,-DX -Wp,-MD,b.d,-DY a.c");
    assert_string_equal(words_of(TN_WORD_DEPENDENCY), "-Wp,-MMD,a.d");
    assert_string_equal(words_of(TN_WORD_PREPROCESS), "-Wp,-DX|-Wp,-MD,b.d,-DY");
    read_line("gcc a.o -Wl,-z,now,-rpath,/x -Wl,-soname,so -T script -u sym -e start");
    assert_int_equal(f.command.named.count, 1);
    read_line("gcc a.o -Ttext 0x400000 -Tdata 0x500000 -Tbss 0x600000");
    assert_int_equal(f.command.named.count, 1);
    assert_string_equal(words_of(TN_WORD_OBJECT), "a.o");
    read_line("gcc a.o -Tscript.ld -Ttext=0x400000 b.o");
    assert_string_equal(words_of(TN_WORD_OBJECT), "a.o|b.o");
}

static void a_language_holds_until_the_next(void **state)
{
    (void)state;
    read_line("gcc -x c++ a.weird -x none b.o -xc c");
    assert_string_equal(words_of(TN_WORD_SOURCE), "a.weird|c");
    assert_string_equal(words_of(TN_WORD_OBJECT), "b.o");
}

static void lto_is_what_was_said_last(void **state)
{
    (void)state;
    read_line("gcc -c a.c -flto=auto");
    assert_true(f.command.lto);
    read_line("gcc -c a.c -flto -fno-lto");
    assert_false(f.command.lto);
    read_line("clang -flto=thin -c a.c");
    assert_true(f.command.lto);
}

static void the_linker_is_told_by_the_driver(void **state)
{
    (void)state;
    read_line("gcc -fuse-ld=mold -static a.o");
    assert_string_equal(f.command.linker, "mold");
    assert_true(f.command.is_static);
    read_line("clang --ld-path=/opt/ld.lld -shared a.o");
    assert_string_equal(f.command.linker, "/opt/ld.lld");
    assert_true(f.command.shared);
}

static void a_linker_takes_its_words_itself(void **state)
{
    (void)state;
    assert_int_equal(read_line("x86_64-linux-gnu-ld -o p crt1.o -z now main.o --print-map"),
                     TN_COMMAND_LINK);
    assert_true(f.command.is_linker);
    assert_true(f.command.prints);
    assert_string_equal(f.command.output, "p");
    assert_int_equal(f.command.named.count, 2);
}

static void a_linker_is_known_by_all_its_names(void **state)
{
    static const char *const lines[] = {
        "ld.lld-14 -o p main.o --print-map",
        "x86_64-linux-gnu-ld.gold -o p main.o --print-map",
        "/opt/bin/aarch64-linux-gnu-ld-2.40 -o p main.o --print-map",
        "x86_64-linux-gnu-gold -o p main.o --print-map",
    };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(lines); i++) {
        assert_int_equal(read_line(lines[i]), TN_COMMAND_LINK);
        assert_true(f.command.is_linker);
        assert_true(f.command.prints);
    }
    read_line("gcc-12 -o p main.o");
    assert_false(f.command.is_linker);
    read_line("build-12.ld-wrapper main.o");
    assert_false(f.command.is_linker);
}

static void a_tool_for_archives_does_not_link(void **state)
{
    (void)state;
    assert_int_equal(read_line("/usr/bin/ar qc libx.a a.o"), TN_COMMAND_OTHER);
    assert_int_equal(read_line("x86_64-linux-gnu-gcc-ar-12 qc libx.a a.o"), TN_COMMAND_OTHER);
    assert_int_equal(read_line("llvm-ranlib-14 libx.a"), TN_COMMAND_OTHER);
    assert_int_equal(read_line("strip -s prog"), TN_COMMAND_OTHER);
    assert_int_equal(read_line("ccache as -o a.o a.s"), TN_COMMAND_OTHER);
    assert_int_equal(read_line("./sugar a.o"), TN_COMMAND_LINK);
}

static void printing_is_noticed(void **state)
{
    (void)state;
    read_line("gcc a.o -Wl,-M");
    assert_true(f.command.prints);
    read_line("gcc a.o -Wl,-Map,-t");
    assert_false(f.command.prints);
}

static void launchers_before_the_compiler_are_seen_through(void **state)
{
    (void)state;
    assert_int_equal(read_line("ccache gcc -c a.c"), TN_COMMAND_COMPILE);
    assert_int_equal(f.command.program, 1);
    assert_int_equal(read_line("env LANG=C distcc clang -c a.c"), TN_COMMAND_COMPILE);
    assert_int_equal(f.command.program, 3);
    assert_int_equal(read_line("tenon link -v -- ccache gcc -c a.c"), TN_COMMAND_COMPILE);
    assert_int_equal(f.command.program, 5);
    assert_int_equal(read_line("tenon link"), TN_COMMAND_LINK);
}

static void response_files_are_read(void **state)
{
    (void)state;
    put("/args", "-c 'a file.c' \"b\\\".c\" c\\ d.c @more\n");
    put("/more", "e.c\n\t@absent");
    assert_int_equal(read_line("gcc @/args"), TN_COMMAND_COMPILE);
    assert_string_equal(words_of(TN_WORD_SOURCE), "a file.c|b\".c|c d.c|e.c");
    assert_string_equal(words_of(TN_WORD_OBJECT), "@absent");
}

static void a_response_file_that_names_itself_ends(void **state)
{
    const char *const argv[] = { "gcc", "@/loop" };
    tenon_error err = TENON_ERROR_INIT;

    (void)state;
    put("/loop", "@/loop @/loop");
    assert_false(tn_command_read(f.world, &f.arena, argv, 2, &f.command, &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
}

static void derived_commands_keep_one_source(void **state)
{
    struct tn_words words = { 0 };
    const char *const last[] = { "-o", "x.o", NULL };

    (void)state;
    read_line("gcc -O2 -o a.o -c a.c b.c -g");
    assert_string_equal(f.command.words[6].text, "b.c");
    assert_true(tn_command_derive(&f.command, &f.command.words[6],
                                  1u << TN_WORD_OUTPUT | 1u << TN_WORD_REPORT, last, &words));
    const char *expected[] = { "gcc", "-O2", "-c", "-o", "x.o", "b.c", NULL };
    for (size_t i = 0; expected[i]; i++)
        assert_string_equal(words.at[i], expected[i]);
    assert_null(words.at[6]);
    tn_words_free(&words);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_compile_has_sources_and_an_output),
        TEST(an_object_is_named_after_its_source),
        TEST(a_link_has_objects_and_libraries),
        TEST(other_commands_are_neither),
        TEST(a_header_with_something_to_link_is_linked),
        TEST(values_are_no_files),
        TEST(a_language_holds_until_the_next),
        TEST(lto_is_what_was_said_last),
        TEST(the_linker_is_told_by_the_driver),
        TEST(a_linker_takes_its_words_itself),
        TEST(a_linker_is_known_by_all_its_names),
        TEST(a_tool_for_archives_does_not_link),
        TEST(printing_is_noticed),
        TEST(launchers_before_the_compiler_are_seen_through),
        TEST(response_files_are_read),
        TEST(a_response_file_that_names_itself_ends),
        TEST(derived_commands_keep_one_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
