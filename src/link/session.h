/* src/link/session.h - one run of "tenon link" */
#ifndef TN_SESSION_H
#define TN_SESSION_H

#include "inputs.h"
#include "launcher.h"
#include "members.h"

/* What is added to the command, and what becomes of the output of an earlier run. */
enum tn_link_flags {
    TN_LINK_TRACE = 1, /* the linker names the files it takes */
    TN_LINK_MAP = 2,   /* our own map, if there is one, and so no other */
    TN_LINK_NOTES = 4, /* our object, if there is one */
    TN_LINK_ASIDE = 8, /* the output is as it was before */
};

/* One run of the launcher. */
struct tn_session {
    const struct tn_launch *launch;
    struct tn_signals *signals;
    struct tn_arena arena;
    struct tn_command command;
    struct tn_inputs inputs;
    const char *output;
    const char *object;   /* of notes; NULL */
    bool linked;          /* the first link succeeded */
    bool foreseen;        /* the first link had notes that may turn out to be wrong */
    const char *map;      /* where the linker writes its map; NULL: not asked for */
    bool own_map;         /* it is ours, and goes */
    struct tn_view notes; /* in `object` */
    struct tn_members members;
    struct tn_discards discards;
};

/* ---- session.c: running the link ------------------------------------------------------------- */

/* Adds a word for the linker, through the driver where there is one. False: no memory. */
bool tn_session_for_linker(struct tn_session *s, struct tn_words *words, const char *word);

/* Runs the link as it was given, with `flags` of enum tn_link_flags. */
bool tn_session_run(struct tn_session *s, unsigned flags, int out, int err_out,
                    struct tn_exit *exit, tenon_error *err);

/* Runs a link of these words for what it says on standard output: the output is as it was before.
 */
bool tn_session_ask(struct tn_session *s, const struct tn_words *words, int out,
                    struct tn_exit *exit, tenon_error *err);

/* For readers of reports; fills *paths and returns it. */
const struct tn_report_paths *tn_session_paths(struct tn_session *s, struct tn_report_paths *paths);

/* Reads the trace in `out`; with `show` what else is there is printed. */
bool tn_session_trace(struct tn_session *s, int out, bool show, struct tn_report *trace,
                      tenon_error *err);

/* Makes the object of these notes; takes it away. */
bool tn_session_write_object(struct tn_session *s, const struct tn_elf_header *like,
                             struct tn_view notes, tenon_error *err);
void tn_session_drop_object(struct tn_session *s);

/* ---- session_first.c: the link that the user asked for --------------------------------------- */

/* Makes the object that the output of an earlier link lets us expect; having none is no error. */
bool tn_session_predict(struct tn_session *s, tenon_error *err);

/* mold's trace names all members, taken or not; gold's none of intermediate code. */
bool tn_session_wants_map(const struct tn_command *command);
/* A map of the user's that is of no use to us: printed, in a file we cannot name, or not whole. */
bool tn_session_shows_map(const struct tn_command *command);

/* Whether it is asked which sections it leaves out; lld tells on standard output, others in maps.
 */
bool tn_session_wants_discards(const struct tn_command *command);
bool tn_session_is_lld(const struct tn_command *command);
bool tn_session_choose_map(struct tn_session *s, tenon_error *err);

bool tn_session_first(struct tn_session *s, int out, struct tn_exit *exit, struct tn_report *trace,
                      tenon_error *err);

/* mold as the default linker shows only by its trace: it is then asked for a map. */
bool tn_session_link_for_map(struct tn_session *s, int out, struct tn_report *trace,
                             tenon_error *err);

/* ---- session_read.c: what it took -------------------------------------------------------------
 */

bool tn_session_members(struct tn_session *s, const struct tn_report *trace, tenon_error *err);
bool tn_session_sources(struct tn_session *s, tenon_error *err);

/* Where members of one name are among them: reads anew, with why each was taken. */
bool tn_session_tell_apart(struct tn_session *s, const struct tn_report *trace, tenon_error *err);

#endif
