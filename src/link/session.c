/* src/link/session.c - runs a link and reads its trace */
#include <errno.h>
#include <unistd.h>

#include "aside.h"
#include "fail.h"
#include "note_object.h"
#include "saved.h"
#include "session.h"
#include "temp.h"

/* Adds words for the linker, through the driver where there is one. */
bool tn_session_for_linker(struct tn_session *s, struct tn_words *words, const char *word)
{
    if (s->command.is_linker)
        return tn_words_add(words, word);
    if (strchr(word, ',')) /* TMPDIR may have one */
        return tn_words_add(words, "-Xlinker") && tn_words_add(words, word);
    word = tn_arena_format(&s->arena, "-Wl,%s", word);
    return word && tn_words_add(words, word);
}

static bool add_map(struct tn_session *s, struct tn_words *words)
{
    const char *word = tn_arena_format(&s->arena, "-Map=%s", s->map);

    return word && tn_session_for_linker(s, words, word) &&
           (!s->command.hides_discards || tn_session_for_linker(s, words, "--print-map-discarded"));
}

static bool make_words(struct tn_session *s, unsigned flags, struct tn_words *words)
{
    bool good = true;

    for (size_t i = 0; good && i < s->launch->argc; i++)
        good = tn_words_add(words, s->launch->argv[i]);
    if (good && flags & TN_LINK_TRACE) /* twice: GNU ld then names members too */
        good = tn_session_for_linker(s, words, "--trace") &&
               tn_session_for_linker(s, words, "--trace");
    if (good && flags & TN_LINK_TRACE && tn_session_is_lld(&s->command) &&
        tn_session_wants_discards(&s->command))
        good = tn_session_for_linker(s, words, "--print-gc-sections");
    if (good && flags & TN_LINK_MAP && s->own_map)
        good = add_map(s, words);
    if (good && flags & TN_LINK_NOTES &&
        s->object) /* not as an input of the driver: -x may be in force */
        good = tn_session_for_linker(s, words, s->object);
    return good && tn_words_end(words);
}

/* While the linker reads the objects of the command, so do we; and what was read is there. */
static void prepare(void *arg)
{
    struct tn_session *s = arg;
    const struct tn_words *named = &s->command.named;

    tn_prepared_read(&s->members.prepared, s->launch->world, named);
    for (size_t i = 0; i < named->count; i++)
        if (tn_prepared_find(&s->members.prepared, named->at[i]))
            tn_archives_met(&s->members.archives, named->at[i]);
}

bool tn_session_ask(struct tn_session *s, const struct tn_words *words, int out,
                    struct tn_exit *exit, tenon_error *err)
{
    struct tn_aside aside;
    int silent = tn_temp_nameless(err);
    bool good = silent >= 0 && tn_aside_set(&aside, s->output, err);

    if (good) {
        tn_inputs_rewind(&s->inputs);
        good = tn_run(words->at, out, silent, s->signals, exit, err);
        good = tn_aside_keep(&aside, good ? err : NULL) && good;
    }
    if (silent >= 0)
        close(silent);
    return good;
}

bool tn_session_run(struct tn_session *s, unsigned flags, int out, int err_out,
                    struct tn_exit *exit, tenon_error *err)
{
    struct tn_words words = { 0 };
    const struct tn_meanwhile meanwhile = { prepare, s };
    bool good = make_words(s, flags, &words) || tn_no_memory(err);

    if (good && flags & TN_LINK_ASIDE) {
        good = tn_session_ask(s, &words, out, exit, err);
    } else if (good) {
        tn_inputs_rewind(&s->inputs);
        good = tn_run_while(words.at, out, err_out, s->signals, &meanwhile, exit, err);
    }
    tn_words_free(&words);
    return good;
}

/* The lines of standard output that were not meant for us. */
static bool pass_through(const struct tn_launch *launch, const struct tn_report *report,
                         tenon_error *err)
{
    for (size_t i = 0; launch->print && i < report->other_count; i++) {
        struct tn_view line = report->other[i];
        if (!launch->print(launch->arg, line.at, line.size) || !launch->print(launch->arg, "\n", 1))
            return tn_fail_system(err, errno, "standard output");
    }
    return true;
}

const struct tn_report_paths *tn_session_paths(struct tn_session *s, struct tn_report_paths *paths)
{
    *paths = (struct tn_report_paths){ tn_archives_kind, &s->members.archives };
    return paths;
}

/* Rows of our own object are none of the link. */
static void drop_own(const struct tn_session *s, struct tn_report *report)
{
    size_t kept = 0;

    for (size_t i = 0; i < report->count; i++)
        if (!s->object || strcmp(report->rows[i].file, s->object) != 0)
            report->rows[kept++] = report->rows[i];
    report->count = kept;
}

/* Takes out the lines about sections that were left out. */
static bool take_discards(struct tn_session *s, struct tn_report *trace)
{
    size_t kept = 0;
    bool good = true;

    for (size_t i = 0; good && i < trace->other_count; i++) {
        bool is_one;
        good = tn_discards_read_line(&s->discards, trace->other[i], &is_one);
        if (!is_one)
            trace->other[kept++] = trace->other[i];
    }
    if (good)
        trace->other_count = kept;
    return good;
}

bool tn_session_trace(struct tn_session *s, int out, bool show, struct tn_report *trace,
                      tenon_error *err)
{
    struct tn_report_paths paths;
    struct tn_view text;

    if (!tn_temp_read(out, &s->arena, &text, err) ||
        !tn_trace_read(&s->arena, text, tn_session_paths(s, &paths), trace, err))
        return false;
    if (s->members.archives.lost)
        return tn_no_memory(err);
    drop_own(s, trace);
    if (!tn_saved_set_gone(&s->command, &s->arena, trace))
        return tn_no_memory(err);
    if (tn_session_is_lld(&s->command) && tn_session_wants_discards(&s->command) &&
        !take_discards(s, trace))
        return tn_no_memory(err);
    return !show || pass_through(s->launch, trace, err);
}

bool tn_session_write_object(struct tn_session *s, const struct tn_elf_header *like,
                             struct tn_view notes, tenon_error *err)
{
    struct tn_view object;

    s->notes = notes;
    if (!tn_note_object(&s->arena, like, notes, &object, err))
        return false;
    s->object = tn_temp_file(&s->arena, ".o", object, err);
    return s->object != NULL;
}

void tn_session_drop_object(struct tn_session *s)
{
    if (s->object)
        unlink(s->object);
    s->object = NULL;
}
