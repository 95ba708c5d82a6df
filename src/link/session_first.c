/* src/link/session_first.c - the link as the user wrote it, and what is added to it */
#include <unistd.h>

#include "aside.h"
#include "fail.h"
#include "object.h"
#include "predict.h"
#include "session.h"
#include "temp.h"

enum like { LIKE_NOTHING, LIKE_OBJECT, LIKE_UNKNOWN };

/* The header of one input; what is no ELF object tells nothing. */
static enum like like_input(struct tn_session *s, const char *path, struct tn_elf_header *like)
{
    struct tn_arena scratch = { 0 };
    enum like result = LIKE_NOTHING;
    struct tn_file file;

    if (tn_file_open(s->launch->world, path, &scratch, &file) == 0) {
        if (tn_object_is_one(&file, NULL))
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
static enum like like_inputs(struct tn_session *s, struct tn_elf_header *like)
{
    for (size_t i = 0; i < s->command.named.count; i++)
        if (like_input(s, s->command.named.at[i], like) == LIKE_OBJECT)
            return LIKE_OBJECT;
    for (size_t i = 0; i < s->command.count; i++)
        if (s->command.words[i].role == TN_WORD_SOURCE)
            return LIKE_NOTHING;
    return LIKE_UNKNOWN;
}

/*
 * What the output of an earlier link lets us expect; having none is no error. A trace or map that
 * the user sees would name the object.
 */
bool tn_session_predict(struct tn_session *s, tenon_error *err)
{
    struct tn_elf_header before, like;
    struct tn_view notes;

    if (s->command.prints ||
        !tn_predict_notes(s->launch->world, &s->arena, s->output, &before, &notes))
        return true;
    enum like known = like_inputs(s, &like);
    if (known == LIKE_NOTHING || (known == LIKE_OBJECT && like.endian != before.endian))
        return true;
    return tn_session_write_object(s, known == LIKE_OBJECT ? &like : &before, notes, err);
}

/* mold's trace names all members, taken or not; gold's none of intermediate code. */
bool tn_session_wants_map(const struct tn_command *command)
{
    return command->linker && (strstr(command->linker, "mold") || strstr(command->linker, "gold"));
}

bool tn_session_is_lld(const struct tn_command *command)
{
    return command->linker && strstr(command->linker, "lld");
}

/* mold's map has what is left. A section that was folded into another one is not left out. */
bool tn_session_wants_discards(const struct tn_command *command)
{
    return command->collects && !command->folds &&
           !(command->linker && strstr(command->linker, "mold"));
}

/* rule  GNU ld manual, -Map: of a directory it makes a name in it, and of "%" the output's name */
bool tn_session_shows_map(const struct tn_command *command)
{
    const char *map = command->map;

    return map && (command->hides_discards || strcmp(map, "-") == 0 || strchr(map, '%') ||
                   (access(map, F_OK) == 0 && !tn_is_regular(map)));
}

/* Where the user sees a map, the linker is asked for ours in links of our own only. */
bool tn_session_choose_map(struct tn_session *s, tenon_error *err)
{
    if (!s->command.prints && s->command.map) {
        s->map = s->command.map;
        return true;
    }
    s->map = tn_temp_file(&s->arena, ".map", tn_view("", 0), err);
    s->own_map = s->map != NULL;
    return s->own_map;
}

/* What the command said on its two streams, which were held back. */
static void show_held(struct tn_session *s, int out, int err_out)
{
    struct tn_view text;

    if (s->launch->print && tn_temp_read(out, &s->arena, &text, NULL))
        (void)s->launch->print(s->launch->arg, text.at, text.size);
    if (tn_temp_read(err_out, &s->arena, &text, NULL))
        (void)tn_temp_append(STDERR_FILENO, text);
}

/*
 * A linker may fail only because it was asked for a map: mold 1.10 does with "--defsym=a=b"
 * (mapfile.cc, get_map()). Then the command alone is the answer. True when that succeeds; what it
 * says of a failure was said before.
 */
static bool link_without_map(struct tn_session *s, struct tn_exit *exit)
{
    int out = tn_temp_nameless(NULL), err_out = tn_temp_nameless(NULL);
    struct tn_exit alone = { 1, 0 };

    if (out >= 0 && err_out >= 0 && !s->signals->asked &&
        tn_session_run(s, 0, out, err_out, &alone, NULL) && alone.status == 0) {
        *exit = alone;
        s->linked = true;
        s->foreseen = false;
        show_held(s, out, err_out);
    }
    if (out >= 0)
        close(out);
    if (err_out >= 0)
        close(err_out);
    return s->linked;
}

/*
 * Runs the link and reads its trace. A user who has the linker print something gets exactly that,
 * and the trace comes from a link of its own, whose map, if there is one, goes to a file of ours.
 */
bool tn_session_first(struct tn_session *s, int out, struct tn_exit *exit, struct tn_report *trace,
                      tenon_error *err)
{
    const unsigned asking = TN_LINK_TRACE | TN_LINK_MAP;
    bool prints = s->command.prints;
    struct tn_exit again;

    s->foreseen = s->object != NULL;
    if (!tn_session_run(s, TN_LINK_NOTES | (prints ? 0 : asking), prints ? -1 : out, -1, exit, err))
        return false;
    s->linked = exit->status == 0;
    if (!s->linked && !prints && s->own_map && link_without_map(s, exit))
        return tn_fail(err, TENON_E_UNSUPPORTED, "the link failed when asked for a map");
    if (!s->linked || !prints)
        return tn_session_trace(s, out, true, trace, err);
    if (!tn_session_run(s, asking | TN_LINK_ASIDE, out, out, &again, err))
        return false;
    if (again.status != 0)
        return tn_fail(err, TENON_E_UNSUPPORTED, "the link failed when asked to name its files");
    return tn_session_trace(s, out, false, trace, err);
}

/* mold as the default linker shows only by its trace: it is then asked for a map. */
bool tn_session_link_for_map(struct tn_session *s, int out, struct tn_report *trace,
                             tenon_error *err)
{
    struct tn_exit exit;

    tn_report_free(trace);
    if (!tn_session_choose_map(s, err) || ftruncate(out, 0) != 0 ||
        !tn_session_run(s, TN_LINK_TRACE | TN_LINK_MAP | TN_LINK_ASIDE, out, out, &exit, err) ||
        exit.status != 0)
        return tn_fail(err, TENON_E_UNSUPPORTED, "the link failed when asked for a map");
    return tn_session_trace(s, out, false, trace, err);
}
