/* src/link/session_read.c - members by trace and map, sources by compiling them again */
#include <unistd.h>

#include "fail.h"
#include "limits.h"
#include "session.h"
#include "temp.h"

static bool read_map(struct tn_session *s, bool from_mold, struct tn_report *map, tenon_error *err)
{
    struct tn_report_paths paths;
    struct tn_view text;
    int failed = tn_file_whole(s->launch->world, s->map, TN_LIMIT_REPORT, &s->arena, &text);

    if (failed)
        return tn_fail_system(err, failed, "%s", s->map);
    if (from_mold)
        return tn_map_mold_read(&s->arena, text, map, err);
    return tn_map_gnu_read(&s->arena, text, tn_session_paths(s, &paths), map, err);
}

/*
 * A source's object was there only during the link: it is made again, without a word. What counts
 * runs is left out: the name of a file beside the object, another each time, would be in its data.
 */
static bool compile_again(struct tn_session *s, const struct tn_word *source, const char *path,
                          struct tn_exit *exit, tenon_error *err)
{
    const unsigned dropped = 1u << TN_WORD_OBJECT | 1u << TN_WORD_LINKER | 1u << TN_WORD_OUTPUT |
                             1u << TN_WORD_DEPENDENCY | 1u << TN_WORD_DATABASE |
                             1u << TN_WORD_REPORT | 1u << TN_WORD_COUNT;
    const char *const last[] = { "-c", "-w", "-o", path, NULL };
    struct tn_words words = { 0 };
    int silent = tn_temp_nameless(err);
    bool good = silent >= 0;

    tn_inputs_rewind(&s->inputs);
    good = good && (tn_command_derive(&s->command, source, dropped, last, &words)
                        ? tn_run(words.at, silent, silent, s->signals, exit, err)
                        : tn_no_memory(err));
    tn_words_free(&words);
    if (silent >= 0)
        close(silent);
    return good;
}

/* In a directory of its own, as compilers write other files beside an object. */
static bool read_source(struct tn_session *s, const struct tn_word *source, tenon_error *err)
{
    const char *directory = tn_temp_directory(&s->arena, err);
    bool nameless = tn_inputs_is_nameless(source->text);
    struct tn_exit exit;

    if (!directory)
        return false;
    const char *path = tn_arena_format(&s->arena, "%s/unit.o", directory);
    bool good = (path || tn_no_memory(err)) && compile_again(s, source, path, &exit, err) &&
                tn_members_add_source(&s->members, exit.status == 0 ? path : NULL,
                                      nameless ? "-" : source->text,
                                      nameless ? s->output : source->text, err);

    if (path) /* by itself: that takes no memory */
        unlink(path);
    tn_temp_remove_directory(directory);
    return good;
}

bool tn_session_sources(struct tn_session *s, tenon_error *err)
{
    size_t sources = 0;

    for (size_t i = 0; i < s->command.count; i++) {
        if (s->command.words[i].role != TN_WORD_SOURCE)
            continue;
        if (!read_source(s, &s->command.words[i], err))
            return false;
        sources++;
    }
    return sources >= s->members.gone || s->members.has_later ||
           tn_members_add_source(&s->members, NULL, "objects that are gone", NULL, err);
}

/* What the linker left out. A map that cannot be read says nothing. */
static bool read_discards(struct tn_session *s, tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    struct tn_view text;
    bool good = true;

    if (s->members.discards || !tn_session_wants_discards(&s->command))
        return true;
    if (!tn_session_is_lld(&s->command) && s->map &&
        tn_file_whole(s->launch->world, s->map, TN_LIMIT_REPORT, &scratch, &text) == 0)
        good = tn_discards_read_map(&s->discards, text) || tn_no_memory(err);
    tn_arena_free(&scratch);
    s->members.discards = &s->discards;
    return good;
}

bool tn_session_members(struct tn_session *s, const struct tn_report *trace, tenon_error *err)
{
    struct tn_report map = { 0 };
    bool good;

    if (!trace->from_mold && !read_discards(s, err))
        return false;
    if (!s->map || (!trace->from_mold && !tn_session_wants_map(&s->command)))
        return tn_members_read(&s->members, trace, NULL, err);
    good =
        read_map(s, trace->from_mold, &map, err) && tn_members_read(&s->members, trace, &map, err);
    tn_report_free(&map);
    return good;
}

/* GNU ld and gold tell in their map why they took a member, lld in a file of its own. */
static bool reasons_words(struct tn_session *s, bool lld, const char *path, struct tn_words *words)
{
    const char *word = tn_arena_format(&s->arena, lld ? "--why-extract=%s" : "-Map=%s", path);
    bool good = word != NULL;

    for (size_t i = 0; good && i < s->launch->argc; i++)
        good = tn_words_add(words, s->launch->argv[i]);
    return good && tn_session_for_linker(s, words, word) &&
           tn_session_for_linker(s, words, "--no-demangle") && tn_words_end(words);
}

/* One more link, for what it says. A linker that does not know the option has no reasons. */
static bool link_for_reasons(struct tn_session *s, bool lld, struct tn_report *reasons,
                             tenon_error *err)
{
    const char *path = tn_temp_file(&s->arena, ".map", tn_view("", 0), err);
    int silent = path ? tn_temp_nameless(err) : -1;
    struct tn_words words = { 0 };
    struct tn_report_paths paths;
    struct tn_exit exit = { 1, 0 };
    struct tn_view text;
    bool good = silent >= 0 && (reasons_words(s, lld, path, &words) || tn_no_memory(err)) &&
                tn_session_ask(s, &words, silent, &exit, err);

    if (good && exit.status == 0 &&
        tn_file_whole(s->launch->world, path, TN_LIMIT_REPORT, &s->arena, &text) == 0)
        good = (lld ? tn_map_lld_read : tn_map_gnu_read)(&s->arena, text,
                                                         tn_session_paths(s, &paths), reasons, err);
    tn_words_free(&words);
    if (silent >= 0)
        close(silent);
    if (path)
        unlink(path);
    return good;
}

/* Reads the members anew, with the reasons for which they were taken. */
bool tn_session_tell_apart(struct tn_session *s, const struct tn_report *trace, tenon_error *err)
{
    struct tn_report reasons = { 0 };
    bool lld = s->command.linker && strstr(s->command.linker, "lld");
    bool good = link_for_reasons(s, lld, &reasons, err);

    if (good && reasons.count > 0) {
        good = tn_members_reset(&s->members) || tn_no_memory(err);
        s->members.reasons = &reasons;
        good = good && tn_session_members(s, trace, err);
        s->members.reasons = NULL;
    }
    tn_report_free(&reasons);
    return good;
}
