/*
 * src/link/launcher.c - "tenon link": the real link, and one more when its record was not known
 *
 * The link is run as the user wrote it, plus two things at its end: a request to name the files it
 * takes, and the object of notes that the last record of the same output lets us expect. What is
 * named is then read. Where the notes turn out as expected the link stands; else it is run once
 * more with the right ones.
 *
 * Where the user's link succeeded and does not tell what it took, or does not take its record, its
 * output stays without one, and the user is told. Where we fail ourselves (a disk that is full, no
 * memory) the output is removed: who asked for a record does not ship what has none unnoticed.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "aside.h"
#include "depends.h"
#include "fail.h"
#include "launcher.h"
#include "limits.h"
#include "ocaml_link.h"
#include "predict.h"
#include "session.h"
#include "temp.h"
#include "text.h"

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

static bool settle(struct tn_session *s, tenon_error *err)
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

/*
 * Of sources alone, compiled to intermediate code by this very command, nothing is said: that is
 * how configure scripts try a compiler, and many take any message for a failure.
 */
static void report_unsure(const struct tn_session *s)
{
    const struct tn_members *members = &s->members;
    size_t unsure = tn_members_count(members, TN_MEMBER_UNSURE), shown = 0;
    char names[TENON_ERROR_TEXT / 2] = "", label[TN_QUOTE_ROOM];
    size_t used = 0;
    bool remarkable = false;

    for (size_t i = 0; i < members->count; i++) {
        const struct tn_member *row = &members->rows[i];
        if (row->state != TN_MEMBER_UNSURE)
            continue;
        remarkable |= !row->from_source;
        tn_remark(s->launch, TN_REMARK_DETAIL, "%s: %s", tn_quote(label, row->label),
                  row->why ? row->why : "unknown");
        if (used + strlen(label) + 8 < sizeof names && shown < 3)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", shown++ ? ", " : "",
                                     label);
    }
    if (unsure)
        tn_remark(s->launch, remarkable ? TN_REMARK_WARNING : TN_REMARK_DETAIL,
                  "%zu of %zu members unrecorded: %s%s", unsure, members->count, names,
                  unsure > shown ? ", ..." : "");
}

/* What the linker said when it would not take the notes, or had no room; its first line. */
static bool fail_second(const struct tn_session *s, int out, bool room, tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    struct tn_view text, line = { 0 };
    char said[TN_QUOTE_ROOM] = "";
    size_t pos = 0;

    if (tn_temp_read(out, &scratch, &text, NULL) && tn_report_line(text, &pos, &line))
        tn_text_escape(said, sizeof said, (const char *)line.at, line.size);
    tn_arena_free(&scratch);
    if (!room)
        return tn_fail_system(err, ENOSPC, "%s: the second link failed: %s", s->output, said);
    return tn_fail(err, TENON_E_UNSUPPORTED, "%s: the link failed with the record's notes: %s",
                   s->output, said);
}

/* Links with the right notes: what the earlier link made is taken back when that does not do. */
static bool second_link(struct tn_session *s, struct tn_view notes, tenon_error *err)
{
    struct tn_aside aside;
    struct tn_exit exit;
    int out;

    tn_session_drop_object(s);
    if (!tn_session_write_object(s, &s->members.like, notes, err))
        return false;
    out = tn_temp_nameless(err);
    if (out < 0)
        return false;
    bool good = tn_aside_set(&aside, s->output, err);
    if (good) {
        /* what it has to say it has said */
        good =
            tn_session_run(s, TN_LINK_NOTES | TN_LINK_MAP, out, out, &exit, err) &&
            (exit.status == 0 || fail_second(s, out, tn_aside_has_room(&aside, notes.size), err)) &&
            tn_predict_check(s->launch->world, s->output, notes, err);
        if (good)
            tn_aside_drop(&aside);
        else
            (void)tn_aside_keep(&aside, NULL);
    }
    close(out);
    return good;
}

static bool is_equal(struct tn_view a, struct tn_view b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* Of intermediate code alone the output tells for which machine it is. */
static bool like_output(struct tn_session *s, tenon_error *err)
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

static bool complete(struct tn_session *s, const struct tn_report *trace, tenon_error *err)
{
    struct tn_view notes;

    if (!tn_session_members(s, trace, err) ||
        (s->members.ambiguous > 0 && !trace->from_mold && !tn_session_tell_apart(s, trace, err)) ||
        !tn_session_sources(s, err) || !settle(s, err))
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
    return second_link(s, notes, err);
}

/* The linker lists our object among what the output depends on: it is gone by then. */
static bool clean_dependencies(struct tn_session *s, tenon_error *err)
{
    struct tn_view text, clean;

    if (!s->command.depends || !s->object || !tn_is_regular(s->command.depends))
        return true;
    int failed =
        tn_file_whole(s->launch->world, s->command.depends, TN_LIMIT_CONFIG, &s->arena, &text);
    if (failed)
        return tn_fail_system(err, failed, "%s", s->command.depends);
    return tn_depends_without(&s->arena, text, s->object, &clean, err) &&
           tn_temp_replace(s->command.depends, clean, err);
}

static bool record(struct tn_session *s, int out, struct tn_report *trace, tenon_error *err)
{
    return (!trace->from_mold || s->map || tn_session_link_for_map(s, out, trace, err)) &&
           complete(s, trace, err) && clean_dependencies(s, err);
}

/* Notes of an earlier record are in the output, and nobody knows whether they are right. */
static bool link_plainly(struct tn_session *s, tenon_error *err)
{
    int out = tn_temp_nameless(err);
    struct tn_exit exit = { 0 };
    bool good = out >= 0 && tn_session_run(s, 0, out, out, &exit, err);

    if (good && exit.status != 0)
        good = tn_fail(err, TENON_E_UNSUPPORTED, "the same link failed the second time");
    if (out >= 0)
        close(out);
    return good;
}

/*
 * The user's link succeeded, and its record could not be made. Notes that the objects have by
 * themselves may be in it.
 */
static bool go_without(struct tn_session *s, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (!s->signals->asked && tn_is_own_failure(err) && tn_is_regular(s->output))
        return tn_remove_output(s->output, err);
    bool proven = !s->foreseen || !tn_is_regular(s->output);
    tn_quote(shown, s->output);
    if (!s->signals->asked)
        tn_remark(s->launch, TN_REMARK_WARNING, "no record was made for %s: %s", shown,
                  tenon_error_message(err));
    if (proven || (!s->signals->asked && link_plainly(s, err)))
        return true;
    unlink(s->output);
    return s->signals->asked ||
           tn_context(err, "%s is removed, as it had the record of an earlier link", shown);
}

static bool link_and_record(struct tn_session *s, int out, struct tn_exit *exit, tenon_error *err)
{
    struct tn_report trace = { 0 };
    bool good = tn_session_first(s, out, exit, &trace, err);

    if (good && exit->status == 0 && tn_is_regular(s->output))
        good = record(s, out, &trace, err);
    tn_report_free(&trace);
    return good || (s->linked && go_without(s, err));
}

static bool run_session(struct tn_session *s, struct tn_exit *exit, tenon_error *err)
{
    bool good;
    int out;

    s->output = s->command.output ? s->command.output : "a.out";
    s->command.prints |= tn_session_shows_map(&s->command);
    if (!tn_discards_init(&s->discards) ||
        !tn_members_init(&s->members, s->launch->world, &s->arena, &s->command,
                         s->launch->prefix)) {
        tn_discards_free(&s->discards);
        tn_members_free(&s->members);
        return tn_no_memory(err);
    }
    out = tn_temp_nameless(err);
    good = out >= 0 && tn_session_predict(s, err) &&
           (!(s->command.prints || tn_session_wants_map(&s->command) ||
              (tn_session_wants_discards(&s->command) && !tn_session_is_lld(&s->command))) ||
            tn_session_choose_map(s, err)) &&
           link_and_record(s, out, exit, err);
    if (out >= 0)
        close(out);
    tn_session_drop_object(s);
    if (s->own_map)
        unlink(s->map);
    tn_discards_free(&s->discards);
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

/* What can be read only once, and not be kept: the link is run, and nothing else. */
static bool run_once(const struct tn_session *s, const char *once, struct tn_exit *exit,
                     tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (!run_as_is(s->launch, s->signals, exit, err))
        return false;
    if (exit->status == 0)
        tn_remark(s->launch, TN_REMARK_WARNING, "no record was made: %s can be read only once",
                  tn_quote(shown, once));
    return true;
}

static bool read_command(struct tn_session *s, tenon_error *err)
{
    const struct tn_launch *launch = s->launch;

    for (size_t i = 0; i < launch->argc; i++)
        if (launch->argv[i][0] == '@' && !tn_inputs_hold(&s->inputs, launch->argv[i], err))
            return false;
    return tn_command_read(launch->world, &s->arena, launch->argv, launch->argc, &s->command,
                           err) &&
           (s->command.kind != TN_COMMAND_LINK || tn_inputs_hold_all(&s->inputs, &s->command, err));
}

bool tn_link(const struct tn_launch *launch, struct tn_signals *signals, struct tn_exit *exit,
             tenon_error *err)
{
    struct tn_session s = { .launch = launch, .signals = signals };
    char once[TN_LIMIT_PATH];

    *exit = (struct tn_exit){ 0 };
    if (tn_is_ocaml_command(launch))
        return tn_link_ocaml(launch, signals, exit, err);
    bool good = read_command(&s, err); /* it may wait for a user, who may end it */
    tn_signals_hold(signals);
    if (good && s.command.kind != TN_COMMAND_LINK)
        good = run_as_is(launch, signals, exit, err);
    else if (good && tn_inputs_once(&s.command, once))
        good = run_once(&s, once, exit, err);
    else if (good)
        good = run_session(&s, exit, err);
    tn_command_free(&s.command);
    tn_arena_free(&s.arena);
    tn_signals_release(signals);
    return good;
}
