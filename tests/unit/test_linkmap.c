/* tests/unit/test_linkmap.c - traces and maps of the four linkers give the files they took */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "discards.h"
#include "report.h"

/* Paths that exist in these tests: archives end in ".a", whatever else has a slash is a file. */
static enum tn_path_kind kind_of(void *arg, const char *path)
{
    size_t size = strlen(path);

    (void)arg;
    if (size > 2 && strcmp(path + size - 2, ".a") == 0)
        return TN_PATH_ARCHIVE;
    return strncmp(path, "./", 2) == 0 ? TN_PATH_FILE : TN_PATH_NOTHING;
}

static const struct tn_report_paths paths = { kind_of, NULL };

/* Rows as text: "file", "[archive]", "archive:member", "gone?", with "<symbol"; '|' between. */
static const char *row_text(struct tn_arena *arena, const struct tn_report_row *row)
{
    const char *text = row->file ? row->file : row->text;

    if (row->kind == TN_REPORT_ARCHIVE)
        text = tn_arena_format(arena, "[%s]", row->file);
    if (row->kind == TN_REPORT_GONE)
        text = tn_arena_format(arena, "%s?", row->file);
    if (row->kind == TN_REPORT_MEMBER)
        text = tn_arena_format(arena, "%s:%s", row->file, row->member ? row->member : "");
    return row->symbol ? tn_arena_format(arena, "%s<%s", text, row->symbol) : text;
}

static const char *rows_text(struct tn_arena *arena, const struct tn_report *report)
{
    const char *text = "";

    for (size_t i = 0; i < report->count; i++)
        text =
            tn_arena_format(arena, "%s%s%s", text, i ? "|" : "", row_text(arena, &report->rows[i]));
    return text;
}

typedef bool reader(struct tn_arena *arena, struct tn_view text,
                    const struct tn_report_paths *paths, struct tn_report *out, tenon_error *err);

static void check(reader *read, const char *text, const char *expected)
{
    struct tn_arena arena = { 0 };
    struct tn_report report;
    tenon_error err = TENON_ERROR_INIT;

    assert_true(read(&arena, tn_view(text, strlen(text)), &paths, &report, &err));
    assert_string_equal(rows_text(&arena, &report), expected);
    tn_report_free(&report);
    tn_arena_free(&arena);
}

static void gnu_ld_names_members_behind_their_archive(void **state)
{
    (void)state;
    check(tn_trace_read, "./main.o\n./libx.a\n(./libx.a)a.o\n./libx.a\n",
          "./main.o|[./libx.a]|./libx.a:a.o|[./libx.a]");
}

static void older_gnu_ld_names_libraries_first(void **state)
{
    (void)state;
    check(tn_trace_read, "-lx (./libx.a)\n-lm (./libm.so)\n", "[./libx.a]|./libm.so");
}

static void gold_and_lld_name_members_in_parentheses(void **state)
{
    (void)state;
    check(tn_trace_read, "./main.o\n./libx.a(a.o)\n./libthin.a(./c.o)",
          "./main.o|./libx.a:a.o|./libthin.a:./c.o");
}

static void mold_is_known_by_its_mark(void **state)
{
    struct tn_arena arena = { 0 };
    struct tn_report report;
    const char text[] = "trace: ./main.o\ntrace: libx.a(a.o)\n";

    (void)state;
    assert_true(tn_trace_read(&arena, tn_view(text, sizeof text - 1), &paths, &report, NULL));
    assert_true(report.from_mold);
    assert_string_equal(rows_text(&arena, &report), "./main.o|libx.a:a.o");
    assert_string_equal(report.rows[1].text, "libx.a(a.o)");
    tn_report_free(&report);
    tn_arena_free(&arena);
}

static void parentheses_in_names_are_read_by_what_exists(void **state)
{
    (void)state;
    check(tn_trace_read, "(./lib(1).a)a(2).o\n./lib(1).a(a(2).o)\n",
          "./lib(1).a:a(2).o|./lib(1).a:a(2).o");
}

static void an_object_made_for_the_link_is_gone(void **state)
{
    (void)state;
    check(tn_trace_read, "/tmp/cc1.ltrans0.ltrans.o\n", "/tmp/cc1.ltrans0.ltrans.o?");
}

static void a_line_of_a_script_is_no_object(void **state)
{
    (void)state; /* GNU ld --verbose shows its script, with this comment in it */
    check(tn_trace_read, "       doesn't matter which directory crtbegin.o\n./main.o\n",
          "./main.o");
}

static void other_lines_are_kept_for_the_user(void **state)
{
    struct tn_arena arena = { 0 };
    struct tn_report report;
    const char text[] = "hello\n./main.o\n\nbye";

    (void)state;
    assert_true(tn_trace_read(&arena, tn_view(text, sizeof text - 1), &paths, &report, NULL));
    assert_int_equal(report.count, 1);
    assert_int_equal(report.other_count, 3);
    assert_memory_equal(report.other[0].at, "hello", 5);
    assert_int_equal(report.other[1].size, 0);
    assert_memory_equal(report.other[2].at, "bye", 3);
    tn_report_free(&report);
    tn_arena_free(&arena);
}

static void a_gnu_map_tells_why_members_are_there(void **state)
{
    (void)state;
    check(tn_map_gnu_read,
          "As-needed library included\n\nArchive member included to satisfy reference by file "
          "(symbol)\n\n"
          "./libx.a(a.o)                 ./main.o (a)\n"
          "./libthirty_characters.a(b.o) ./main.o (b)\n"
          "./very/long/name/of/libx.a(c.o)\n"
          "                              ./main.o (symbol from plugin) (c)\n"
          "./libx.a(d.o)                 (--whole-archive)\n"
          "./c.o                         ./main.o (thin)\n"
          "\nDiscarded input sections\n\n./libx.a(e.o)                 ./main.o (e)\n",
          "./libx.a:a.o<a|./libthirty_characters.a:b.o<b|./very/long/name/of/libx.a:c.o<c|"
          "./libx.a:d.o|./c.o<thin");
}

static void gold_leaves_members_of_llvm_code_to_their_symbol(void **state)
{
    (void)state;
    check(tn_map_gnu_read,
          "Archive member included because of file (symbol)\n\n"
          "./libcl.a                     ./main.o (a)\n",
          "./libcl.a:<a");
}

static void lld_tells_why_members_are_there(void **state)
{
    (void)state;
    check(tn_map_lld_read,
          "reference\textracted\tsymbol\n./main.o\t./libx.a(a.o)\ta\n./m\t./none(b)\tb\n",
          "./libx.a:a.o<a");
}

static bool read_mold(struct tn_arena *arena, struct tn_view text,
                      const struct tn_report_paths *unused, struct tn_report *out, tenon_error *err)
{
    (void)unused;
    return tn_map_mold_read(arena, text, out, err);
}

static void a_mold_map_has_the_files_of_input_sections(void **state)
{
    (void)state;
    check(read_mold,
          "               VMA       Size Align Out     In      Symbol\n"
          "                 0         64     8 EHDR\n"
          "            0x1699        316    16 .text\n"
          "            0x1699         29     1         main.o:(.text.main)\n"
          "            0x1699          0     0                 main\n"
          "            0x16b6          0     1         libx.a(a.o):(.text)\n"
          "            0x16b6         27     1         libx.a(a.o):(.text.a)\n"
          "            0x16d1         27     1         odd:(name).o:(.text)\n",
          "main.o|libx.a(a.o)|odd:(name).o");
}

static void nonsense_gives_no_rows(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "(\n)\n()\n(x)\n",
        "trace: \n",
        "        \n",
        "         :()\n",
        "Archive member included \n",
        "Archive member included \n\n   \n(\n",
        "-l (\n-l()\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check(tn_trace_read, texts[i], "");
        check(tn_map_gnu_read, texts[i], "");
        check(tn_map_lld_read, texts[i], "");
        check(read_mold, texts[i], "");
    }
}

static unsigned discarded(const struct tn_discards *discards, const char *section)
{
    uint32_t number = tn_names_find(&discards->sections, section, strlen(section));

    return number == TN_NO_NAME ? 0 : discards->counts[number];
}

static void what_a_map_says_is_discarded(void **state)
{
    static const char map[] = "Archive member included to satisfy reference by file (symbol)\n\n"
                              "Discarded input sections\n\n"
                              " .text          0x0000000000000000        0x0 main.o\n"
                              " .text.a_long_name\n"
                              "                0x0000000000000000       0x10 ./l x.a(a b.o)\n"
                              " .text          0x0000000000000000        0x5 ./l x.a(a b.o)\n"
                              " .text          0x0000000000000000        0x6 ./l x.a(a b.o)\n"
                              " .data          0x0000000000000000\n"
                              " odd name       0x0000000000000000        0x6 main.o\n"
                              "Memory Configuration\n\n"
                              " .text          0x0000000000001000        0x6 kept.o\n";
    static const char line[] = "removing unused section l.a(a.o):(.text.f)";
    struct tn_discards discards;
    bool is_one;

    (void)state;
    assert_true(tn_discards_init(&discards));
    assert_true(tn_discards_read_map(&discards, tn_view(map, sizeof map - 1)));
    assert_int_equal(discarded(&discards, "main.o:(.text)"), 1);
    assert_int_equal(discarded(&discards, "./l x.a(a b.o):(.text.a_long_name)"), 1);
    assert_int_equal(discarded(&discards, "./l x.a(a b.o):(.text)"), 2);
    assert_int_equal(discards.sections.count, 3);
    assert_int_equal(discards.files.count, 2);
    assert_true(tn_discards_read_line(&discards, tn_view(line, sizeof line - 1), &is_one));
    assert_true(is_one);
    assert_int_equal(discarded(&discards, "l.a(a.o):(.text.f)"), 1);
    assert_true(tn_discards_read_line(&discards, tn_view("removing", 8), &is_one));
    assert_false(is_one);
    tn_discards_free(&discards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_map_says_is_discarded),
        cmocka_unit_test(gnu_ld_names_members_behind_their_archive),
        cmocka_unit_test(older_gnu_ld_names_libraries_first),
        cmocka_unit_test(gold_and_lld_name_members_in_parentheses),
        cmocka_unit_test(mold_is_known_by_its_mark),
        cmocka_unit_test(parentheses_in_names_are_read_by_what_exists),
        cmocka_unit_test(an_object_made_for_the_link_is_gone),
        cmocka_unit_test(a_line_of_a_script_is_no_object),
        cmocka_unit_test(other_lines_are_kept_for_the_user),
        cmocka_unit_test(a_gnu_map_tells_why_members_are_there),
        cmocka_unit_test(gold_leaves_members_of_llvm_code_to_their_symbol),
        cmocka_unit_test(lld_tells_why_members_are_there),
        cmocka_unit_test(a_mold_map_has_the_files_of_input_sections),
        cmocka_unit_test(nonsense_gives_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
