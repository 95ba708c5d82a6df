/* src/find/steps.h - what the steps of an attempt share */
#ifndef TN_STEPS_H
#define TN_STEPS_H

#include "hunt.h"

/* ---- which installation a file is part of ---------------------------------------------------- */

/* A path is in a directory, by its text or after symbolic links. */
bool tn_is_below(struct tn_arena *arena, const char *path, const char *dir);

/* Two prefixes are the same directory. */
bool tn_same_prefix(struct tn_arena *arena, const char *a, const char *b);

/* The prefix of a file among headers or libraries. */
const char *tn_file_prefix(struct tn_arena *arena, const char *path);

/* A header and a library are of one installation. */
bool tn_is_of_one(struct tn_arena *arena, const char *header, const char *library);

/* ---- steps ----------------------------------------------------------------------------------- */

/* Steps (a) and (b): each tells its outcome; *passed is the answer. */
bool tn_step_headers(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                     struct tn_outcome *outcome, bool *passed, tenon_error *err);
bool tn_step_object(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                    struct tn_outcome *outcome, bool *passed, tenon_error *err);

/*
 * Header and library are of one installation, this one. NULL: they are, or there was no memory
 * (*lost); else the reason.
 */
const char *tn_wrong_library(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                             const struct tn_outcome *outcome, const struct tn_said *said,
                             bool *lost);

/*
 * The linker took files, and none of them is a library or names one: a file of that name is empty,
 * say. NULL: one is, or there was no memory (*lost); else the reason.
 */
const char *tn_brings_nothing(struct tn_hunt *hunt, const struct tn_outcome *outcome, bool *lost);

/* What each file of the group is; remarks about those that are unusual. */
bool tn_look_at_group(struct tn_hunt *hunt, struct tn_outcome *outcome);

/*
 * The world that a program which was linked will start in: this system, or the other one with the
 * program in it. NULL: *err.
 */
tenon_world *tn_start_world(struct tn_hunt *hunt, const char *program, tenon_error *err);

/* Programs of Windows and Cygwin. */
bool tn_is_pe(const struct tn_hunt *hunt);

/*
 * Of these, one that asks for no symbol of the library, whose import library was linked with, is
 * linked again so that it does; else a remark says that it shows nothing.
 *
 * errors   TENON_E_SYSTEM, TENON_E_MEMORY
 */
bool tn_import_something(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                         const struct tn_outcome *outcome, const char *program, tenon_error *err);

/* Gives the world that a program starts in the PATH that it will have; other programs: nothing. */
bool tn_set_windows_path(struct tn_hunt *hunt, tenon_world *world, tenon_error *err);

/* Says which DLL is missing, and the directory to add to PATH. False: no memory. */
bool tn_remark_missing_dll(struct tn_hunt *hunt, const struct tn_outcome *outcome,
                           const char *name);

/* Says of which DLLs PATH has others first than those that were linked with. False: no memory. */
bool tn_remark_other_dlls(struct tn_hunt *hunt, const struct tn_outcome *outcome,
                          const tenon_graph *graph);

/* The directories whose libraries the program must find: where the linker took them from. */
bool tn_gather_run_dirs(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                        struct tn_outcome *outcome, bool linked, tenon_error *err);

#endif
