/*
 * src/link/launcher.c - "tenon link": the real link, and one more when its record was not known
 *
 * The link is run as the user wrote it, plus two things at its end: a request to name the files it
 * takes, and the object of notes that the last record of the same output lets us expect. What is
 * named is then read. Where the notes turn out as expected the link stands; else it is run once
 * more with the right ones.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "depends.h"
#include "fail.h"
#include "launcher.h"
#include "limits.h"
#include "members.h"
#include "note_object.h"
#include "object.h"
#include "predict.h"
#include "temp.h"
#include "text.h"

/* One run of the launcher. */
struct session {
    const struct tn_launch *launch;
    struct tn_signals *signals;
    struct tn_arena arena;
    struct tn_command command;
    const char *output;
    const char *object;   /* of notes; NULL */
    const char *map;      /* where the linker writes its map; NULL: not asked for */
    bool own_map;         /* it is ours, and goes */
    struct tn_view notes; /* in `object` */
    struct tn_members members;
};

void tn_remark(const struct tn_launch *launch, enum tn_remark kind, const char *format, ...)
{
    char text[TENON_ERROR_TEXT];
    va_list values;

    if (!launch->remark)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    launch->remark(launch->arg, kind, text);
}

/* ---- running ----------------------------------------------------------------------------------
 */

/* Adds words for the linker, through the driver where there is one. */
static bool add_for_linker(struct session *s, struct tn_words *words, const char *word)
{
    if (!s->command.is_linker)
        word = tn_arena_format(&s->arena, "-Wl,%s", word);
    return word && tn_words_add(words, word);
}

static bool add_map(struct session *s, struct tn_words *words)
{
    const char *word = tn_arena_format(&s->arena, "-Map=%s", s->map);

    return word && add_for_linker(s, words, word);
}

static bool make_words(struct session *s, bool trace, struct tn_words *words)
{
    bool good = true;

    for (size_t i = 0; good && i < s->launch->argc; i++)
        good = tn_words_add(words, s->launch->argv[i]);
    if (good && trace) /* twice: GNU ld then names members too */
        good = add_for_linker(s, words, "--trace") && add_for_linker(s, words, "--trace");
    if (good && s->own_map)
        good = add_map(s, words);
    if (good && s->object) /* not as an input of the driver: -x may be in force */
        good = add_for_linker(s, words, s->object);
    return good && tn_words_end(words);
}

static bool run_link(struct session *s, bool trace, int out, int err_out, struct tn_exit *exit,
                     tenon_error *err)
{
    struct tn_words words = { 0 };
    bool good = make_words(s, trace, &words) ? tn_run(words.at, out, err_out, s->signals, exit, err)
                                             : tn_no_memory(err);

    tn_words_free(&words);
    return good;
}

/* The lines of standard output that were not meant for us. */
static bool pass_through(const struct tn_report *report, tenon_error *err)
{
    for (size_t i = 0; i < report->other_count; i++) {
        struct tn_view line = report->other[i];
        if (fwrite(line.at, 1, line.size, stdout) != line.size || putchar('\n') == EOF)
            return tn_fail_system(err, errno, "standard output");
    }
    return fflush(stdout) == 0 || tn_fail_system(err, errno, "standard output");
}

static const struct tn_report_paths *paths_of(struct session *s, struct tn_report_paths *paths)
{
    *paths = (struct tn_report_paths){ tn_archives_kind, &s->members.archives };
    return paths;
}

/* Rows of our own object are none of the link. */
static void drop_own(const struct session *s, struct tn_report *report)
{
    size_t kept = 0;

    for (size_t i = 0; i < report->count; i++)
        if (!s->object || strcmp(report->rows[i].file, s->object) != 0)
            report->rows[kept++] = report->rows[i];
    report->count = kept;
}

static bool read_trace(struct session *s, int out, bool show, struct tn_report *trace,
                       tenon_error *err)
{
    struct tn_report_paths paths;
    struct tn_view text;

    if (!tn_temp_read(out, &s->arena, &text, err) ||
        !tn_trace_read(&s->arena, text, paths_of(s, &paths), trace, err))
        return false;
    drop_own(s, trace);
    return !show || pass_through(trace, err);
}

/* ---- first link -------------------------------------------------------------------------------
 */

static bool write_object(struct session *s, const struct tn_elf_header *like, struct tn_view notes,
                         tenon_error *err)
{
    struct tn_view object;

    s->notes = notes;
    if (!tn_note_object(&s->arena, like, notes, &object, err))
        return false;
    s->object = tn_temp_file(&s->arena, ".o", object, err);
    return s->object != NULL;
}

static void drop_object(struct session *s)
{
    if (s->object)
        unlink(s->object);
    s->object = NULL;
}

enum like { LIKE_NOTHING, LIKE_OBJECT, LIKE_UNKNOWN };

/* The header of one input; what is no ELF object tells nothing. */
static enum like like_input(struct session *s, const char *path, struct tn_elf_header *like)
{
    struct tn_arena scratch = { 0 };
    enum like result = LIKE_NOTHING;
    struct tn_file file;

    if (tn_file_open(s->launch->world, path, &scratch, &file) == 0) {
        if (tn_object_is_one(&file))
            result = tn_elf_read_header(&file, NULL, like, NULL) && !tn_object_is_bitcode(&file)
                         ? LIKE_OBJECT
                         : LIKE_UNKNOWN;
        tn_file_close(&file);
    }
    tn_arena_free(&scratch);
    return result;
}

/*
 * For which machine the link is, before it is run: by its first object. Of intermediate code and
 * archives nothing is known, and the earlier output counts; sources may be compiled for another
 * machine this time.
 */
static enum like like_inputs(struct session *s, struct tn_elf_header *like)
{
    for (size_t i = 0; i < s->command.named.count; i++)
        if (like_input(s, s->command.named.at[i], like) == LIKE_OBJECT)
            return LIKE_OBJECT;
    for (size_t i = 0; i < s->command.count; i++)
        if (s->command.words[i].role == TN_WORD_SOURCE)
            return LIKE_NOTHING;
    return LIKE_UNKNOWN;
}

/* What the output of an earlier link lets us expect; having none is no error. */
static bool predict(struct session *s, tenon_error *err)
{
    struct tn_elf_header before, like;
    struct tn_view notes;

    if (!tn_predict_notes(s->launch->world, &s->arena, s->output, &before, &notes))
        return true;
    enum like known = like_inputs(s, &like);
    if (known == LIKE_NOTHING || (known == LIKE_OBJECT && like.endian != before.endian))
        return true;
    return write_object(s, known == LIKE_OBJECT ? &like : &before, notes, err);
}

/* mold's trace names all members, taken or not; gold's none of intermediate code. */
static bool wants_map(const struct tn_command *command)
{
    return command->linker && (strstr(command->linker, "mold") || strstr(command->linker, "gold"));
}

static bool choose_map(struct session *s, tenon_error *err)
{
    if (s->command.map) {
        s->map = s->command.map;
        return true;
    }
    s->map = tn_temp_file(&s->arena, ".map", tn_view("", 0), err);
    s->own_map = s->map != NULL;
    return s->own_map;
}

/*
 * Runs the link and reads its trace. A user who has the linker print something gets exactly that,
 * and the trace comes from a link of its own.
 */
static bool first_link(struct session *s, int out, struct tn_exit *exit, struct tn_report *trace,
                       tenon_error *err)
{
    struct tn_exit again;

    if (!run_link(s, !s->command.prints, s->command.prints ? -1 : out, -1, exit, err))
        return false;
    if (exit->status != 0 || !s->command.prints)
        return read_trace(s, out, true, trace, err);
    if (!run_link(s, true, out, out, &again, err))
        return false;
    if (again.status != 0)
        return tn_fail(err, TENON_E_UNSUPPORTED, "the link failed when asked to name its files");
    return read_trace(s, out, false, trace, err);
}

/* mold as the default linker shows only by its trace: it is then asked for a map. */
static bool link_for_map(struct session *s, int out, struct tn_report *trace, tenon_error *err)
{
    struct tn_exit exit;

    tn_report_free(trace);
    if (!choose_map(s, err) || ftruncate(out, 0) != 0 || !run_link(s, true, out, out, &exit, err) ||
        exit.status != 0)
        return tn_fail(err, TENON_E_UNSUPPORTED, "the link failed when asked for a map");
    return read_trace(s, out, false, trace, err);
}

static bool read_map(struct session *s, bool from_mold, struct tn_report *map, tenon_error *err)
{
    struct tn_report_paths paths;
    struct tn_view text;
    int failed = tn_file_whole(s->launch->world, s->map, TN_LIMIT_REPORT, &s->arena, &text);

    if (failed)
        return tn_fail_system(err, failed, "%s", s->map);
    if (from_mold)
        return tn_map_mold_read(&s->arena, text, map, err);
    return tn_map_gnu_read(&s->arena, text, paths_of(s, &paths), map, err);
}

/* A source's object was there only during the link: it is made again, without a word. */
static bool compile_again(struct session *s, const struct tn_word *source, const char *path,
                          struct tn_exit *exit, tenon_error *err)
{
    const unsigned dropped = 1u << TN_WORD_OBJECT | 1u << TN_WORD_LINKER | 1u << TN_WORD_OUTPUT |
                             1u << TN_WORD_DEPENDENCY | 1u << TN_WORD_REPORT;
    const char *const last[] = { "-c", "-w", "-o", path, NULL };
    struct tn_words words = { 0 };
    int silent = tn_temp_nameless(err);
    bool good = silent >= 0;

    good = good && (tn_command_derive(&s->command, source, dropped, last, &words)
                        ? tn_run(words.at, silent, silent, s->signals, exit, err)
                        : tn_no_memory(err));
    tn_words_free(&words);
    if (silent >= 0)
        close(silent);
    return good;
}

static bool read_source(struct session *s, const struct tn_word *source, tenon_error *err)
{
    const char *path = tn_temp_file(&s->arena, ".o", tn_view("", 0), err);
    struct tn_exit exit;
    bool good =
        path && compile_again(s, source, path, &exit, err) &&
        tn_members_add_source(&s->members, exit.status == 0 ? path : NULL, source->text, err);

    if (path)
        unlink(path);
    return good;
}

static bool read_sources(struct session *s, tenon_error *err)
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
           tn_members_add_source(&s->members, NULL, "objects that are gone", err);
}

static bool read_members(struct session *s, const struct tn_report *trace, tenon_error *err)
{
    struct tn_report map = { 0 };
    bool good;

    if (!s->map || (!trace->from_mold && !wants_map(&s->command)))
        return tn_members_read(&s->members, trace, NULL, err);
    good =
        read_map(s, trace->from_mold, &map, err) && tn_members_read(&s->members, trace, &map, err);
    tn_report_free(&map);
    return good;
}

/* ---- members of one name ----------------------------------------------------------------------
 */

/* GNU ld and gold tell in their map why they took a member, lld in a file of its own. */
static bool reasons_words(struct session *s, bool lld, const char *path, struct tn_words *words)
{
    const char *word = tn_arena_format(&s->arena, lld ? "--why-extract=%s" : "-Map=%s", path);
    bool good = word != NULL;

    for (size_t i = 0; good && i < s->launch->argc; i++)
        good = tn_words_add(words, s->launch->argv[i]);
    return good && add_for_linker(s, words, word) && add_for_linker(s, words, "--no-demangle") &&
           tn_words_end(words);
}

/* One more link, for what it says. A linker that does not know the option has no reasons. */
static bool link_for_reasons(struct session *s, bool lld, struct tn_report *reasons,
                             tenon_error *err)
{
    const char *path = tn_temp_file(&s->arena, ".map", tn_view("", 0), err);
    int silent = path ? tn_temp_nameless(err) : -1;
    struct tn_words words = { 0 };
    struct tn_report_paths paths;
    struct tn_exit exit = { 1, 0 };
    struct tn_view text;
    bool good = silent >= 0 && (reasons_words(s, lld, path, &words) || tn_no_memory(err)) &&
                tn_run(words.at, silent, silent, s->signals, &exit, err);

    if (good && exit.status == 0 &&
        tn_file_whole(s->launch->world, path, TN_LIMIT_REPORT, &s->arena, &text) == 0)
        good = (lld ? tn_map_lld_read : tn_map_gnu_read)(&s->arena, text, paths_of(s, &paths),
                                                         reasons, err);
    tn_words_free(&words);
    if (silent >= 0)
        close(silent);
    if (path)
        unlink(path);
    return good;
}

/* Reads the members anew, with the reasons for which they were taken. */
static bool tell_apart(struct session *s, const struct tn_report *trace, tenon_error *err)
{
    struct tn_report reasons = { 0 };
    bool lld = s->command.linker && strstr(s->command.linker, "lld");
    bool good = link_for_reasons(s, lld, &reasons, err);

    if (good && reasons.count > 0) {
        good = tn_members_reset(&s->members) || tn_no_memory(err);
        s->members.reasons = &reasons;
        good = good && read_members(s, trace, err);
        s->members.reasons = NULL;
    }
    tn_report_free(&reasons);
    return good;
}

/* ---- completing -------------------------------------------------------------------------------
 */

static bool settle(struct session *s, tenon_error *err)
{
    tenon_image_source source = { .path = s->output };
    tenon_units *linked = NULL;
    bool good;

    if (s->members.has_later) {
        linked = tenon_units_read(s->launch->world, &source, err);
        if (!linked)
            return false;
    }
    good = tn_members_settle(&s->members, linked, err);
    tenon_units_free(linked);
    return good;
}

static void report_unsure(const struct session *s)
{
    const struct tn_members *members = &s->members;
    size_t unsure = tn_members_count(members, TN_MEMBER_UNSURE), shown = 0;
    char names[TENON_ERROR_TEXT / 2] = "", label[TN_QUOTE_ROOM];
    size_t used = 0;

    for (size_t i = 0; i < members->count; i++) {
        const struct tn_member *row = &members->rows[i];
        if (row->state != TN_MEMBER_UNSURE)
            continue;
        tn_remark(s->launch, TN_REMARK_DETAIL, "%s: %s", tn_quote(label, row->label),
                  row->why ? row->why : "unknown");
        if (used + strlen(label) + 8 < sizeof names && shown < 3)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", shown++ ? ", " : "",
                                     label);
    }
    if (unsure)
        tn_remark(s->launch, TN_REMARK_WARNING, "%zu of %zu members unrecorded: %s%s", unsure,
                  members->count, names, unsure > shown ? ", ..." : "");
}

/* What the linker said when it would not take the notes; its first line. */
static bool fail_second(const struct session *s, int out, tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    struct tn_view text, line = { 0 };
    char said[TN_QUOTE_ROOM] = "";
    size_t pos = 0;

    if (tn_temp_read(out, &scratch, &text, NULL) && tn_report_line(text, &pos, &line))
        tn_text_escape(said, sizeof said, (const char *)line.at, line.size);
    tn_arena_free(&scratch);
    return tn_fail(err, TENON_E_UNSUPPORTED, "%s: the link failed with the record's notes: %s",
                   s->output, said);
}

static bool second_link(struct session *s, struct tn_view notes, tenon_error *err)
{
    struct tn_exit exit;
    bool good;
    int out;

    drop_object(s);
    if (!write_object(s, &s->members.like, notes, err))
        return false;
    out = tn_temp_nameless(err);
    if (out < 0)
        return false;
    /* what it has to say it has said */
    good =
        run_link(s, false, out, out, &exit, err) && (exit.status == 0 || fail_second(s, out, err));
    close(out);
    return good;
}

static bool is_equal(struct tn_view a, struct tn_view b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* Of intermediate code alone the output tells for which machine it is. */
static bool like_output(struct session *s, tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    struct tn_file file;
    int failed = tn_file_open(s->launch->world, s->output, &scratch, &file);
    bool good;

    if (failed)
        return tn_fail_system(err, failed, "%s", s->output);
    good =
        tn_elf_read_header(&file, NULL, &s->members.like, err) || tn_context(err, "%s", s->output);
    tn_file_close(&file);
    tn_arena_free(&scratch);
    return good;
}

static bool complete(struct session *s, const struct tn_report *trace, tenon_error *err)
{
    struct tn_view notes;

    if (!read_members(s, trace, err) ||
        (s->members.ambiguous > 0 && !trace->from_mold && !tell_apart(s, trace, err)) ||
        !read_sources(s, err) || !settle(s, err))
        return false;
    if (!s->members.has_like && !like_output(s, err))
        return false;
    if (!tn_members_notes(&s->members, &s->arena, &notes, err))
        return false;
    report_unsure(s);
    tn_remark(s->launch, TN_REMARK_DETAIL, "%s: %zu members, %zu recorded by themselves, %zu now",
              s->output, s->members.count, tn_members_count(&s->members, TN_MEMBER_RECORDED),
              tn_members_count(&s->members, TN_MEMBER_COMPLETED));
    if (s->object && is_equal(notes, s->notes))
        return true;
    tn_remark(s->launch, TN_REMARK_DETAIL, "%s: linking once more, with the record", s->output);
    return second_link(s, notes, err) && tn_predict_check(s->launch->world, s->output, notes, err);
}

static bool is_regular(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The linker lists our object among what the output depends on: it is gone by then. */
static bool clean_dependencies(struct session *s, tenon_error *err)
{
    struct tn_view text, clean;

    if (!s->command.depends || !s->object || !is_regular(s->command.depends))
        return true;
    int failed =
        tn_file_whole(s->launch->world, s->command.depends, TN_LIMIT_CONFIG, &s->arena, &text);
    if (failed)
        return tn_fail_system(err, failed, "%s", s->command.depends);
    return tn_depends_without(&s->arena, text, s->object, &clean, err) &&
           tn_temp_replace(s->command.depends, clean, err);
}

static bool link_and_record(struct session *s, int out, struct tn_exit *exit, tenon_error *err)
{
    struct tn_report trace = { 0 };
    bool good = first_link(s, out, exit, &trace, err);

    if (good && exit->status == 0 && is_regular(s->output)) {
        good = !trace.from_mold || s->map || link_for_map(s, out, &trace, err);
        good = good && complete(s, &trace, err) && clean_dependencies(s, err);
    }
    tn_report_free(&trace);
    if (!good && exit->status == 0 && is_regular(s->output))
        unlink(s->output);
    return good;
}

static bool run_session(struct session *s, struct tn_exit *exit, tenon_error *err)
{
    bool good;
    int out;

    s->output = s->command.output ? s->command.output : "a.out";
    if (!tn_members_init(&s->members, s->launch->world, &s->arena, &s->command,
                         s->launch->prefix)) {
        tn_members_free(&s->members);
        return tn_no_memory(err);
    }
    out = tn_temp_nameless(err);
    good = out >= 0 && predict(s, err) && (!wants_map(&s->command) || choose_map(s, err)) &&
           link_and_record(s, out, exit, err);
    if (out >= 0)
        close(out);
    drop_object(s);
    if (s->own_map)
        unlink(s->map);
    tn_members_free(&s->members);
    return good;
}

static bool run_as_is(const struct tn_launch *launch, struct tn_signals *signals,
                      struct tn_exit *exit, tenon_error *err)
{
    struct tn_words words = { 0 };
    bool good = true;

    for (size_t i = 0; good && i < launch->argc; i++)
        good = tn_words_add(&words, launch->argv[i]);
    good = good && tn_words_end(&words) ? tn_run(words.at, -1, -1, signals, exit, err)
                                        : tn_no_memory(err);
    tn_words_free(&words);
    return good;
}

bool tn_link(const struct tn_launch *launch, struct tn_signals *signals, struct tn_exit *exit,
             tenon_error *err)
{
    struct session s = { .launch = launch, .signals = signals };
    bool good;

    *exit = (struct tn_exit){ 0 };
    tn_signals_hold(signals);
    good = tn_command_read(launch->world, &s.arena, launch->argv, launch->argc, &s.command, err);
    if (good && s.command.kind == TN_COMMAND_LINK)
        good = run_session(&s, exit, err);
    else if (good)
        good = run_as_is(launch, signals, exit, err);
    tn_command_free(&s.command);
    tn_arena_free(&s.arena);
    tn_signals_release(signals);
    return good;
}
