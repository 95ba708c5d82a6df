/* fuzz/fuzz_linkmap.c - traces and maps of linkers, and the words of their commands */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "discards.h"
#include "report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What exists is decided by a path's last byte, so that every kind can be met. */
static enum tn_path_kind kind_of(void *arg, const char *path)
{
    size_t size = strlen(path);

    (void)arg;
    if (size == 0 || path[size - 1] == '!')
        return TN_PATH_NOTHING;
    return path[size - 1] == 'a' ? TN_PATH_ARCHIVE : TN_PATH_FILE;
}

static void check(struct tn_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (!report->rows[i].text)
            abort();
    tn_report_free(report);
}

static void read_command(struct tn_arena *arena, const char *text)
{
    const char *const argv[] = { "cc", "@/args" };
    struct tn_command command;
    tenon_world *world = tenon_world_empty(NULL);

    if (!world || !tenon_world_put_file(world, "/args", text, strlen(text), 0644, NULL))
        abort();
    if (tn_command_read(world, arena, argv, 2, &command, NULL))
        tn_command_free(&command);
    tenon_world_free(world);
}

static void read_discards(struct tn_view text)
{
    struct tn_discards discards;
    struct tn_view line;
    size_t pos = 0;
    bool is_one;

    if (!tn_discards_init(&discards) || !tn_discards_read_map(&discards, text))
        abort();
    while (tn_report_line(text, &pos, &line))
        if (!tn_discards_read_line(&discards, line, &is_one))
            abort();
    tn_discards_free(&discards);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tn_report_paths paths = { kind_of, NULL };
    struct tn_arena arena = { 0 };
    struct tn_view text = tn_view(data, size);
    struct tn_report report;
    const char *copy = tn_arena_copy(&arena, data, size);

    if (!copy)
        abort();
    if (tn_trace_read(&arena, text, &paths, &report, NULL))
        check(&report);
    if (tn_map_gnu_read(&arena, text, &paths, &report, NULL))
        check(&report);
    if (tn_map_lld_read(&arena, text, &paths, &report, NULL))
        check(&report);
    if (tn_map_mold_read(&arena, text, &report, NULL))
        check(&report);
    read_discards(text);
    read_command(&arena, copy);
    tn_arena_free(&arena);
    return 0;
}
