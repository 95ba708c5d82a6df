/* src/find/flags.h - switches of the linker, platform by platform */
#ifndef TN_FLAGS_H
#define TN_FLAGS_H

#include <tenon/find.h>

#include "arena.h"
#include "words.h"

/*
 * The run path switch for one directory by RPATH_FLAG: "-Wl,-rpath,DIR"; with a comma in DIR, at
 * which the driver would cut, by -Xlinker. False: no memory.
 */
bool tn_add_run_path(struct tn_words *words, struct tn_arena *arena, const char *flag,
                     const char *dir);

/* Makes "-I DIR" one word, and so -L, -l and -F. False: no memory. */
bool tn_join_apart(struct tn_words *words, struct tn_arena *arena);

/*
 * Puts a directory into each list among the words that replaces what -L would record, AIX
 * -blibpath, HP-UX +b, and adds these lists to `found`. False: no memory.
 */
bool tn_record_dir(struct tn_words *words, struct tn_arena *arena, const tenon_platform *platform,
                   const char *dir, struct tn_words *found);

/* The switch with such a list, for a platform that has one. False: no memory. */
bool tn_add_list(struct tn_words *words, struct tn_arena *arena, const tenon_platform *platform,
                 const char *list);

/*
 * A library's name is a word for the linker, a file's and a folder's: never empty, "." or "..",
 * without slash, space, quote, backslash and dollar, and no switch. NULL is none.
 *
 * errors   TENON_E_ARGUMENT
 */
bool tn_check_library_name(const char *name, tenon_error *err);

/*
 * A directory that is written into programs must be the same from everywhere.
 *
 * errors   TENON_E_ARGUMENT
 */
bool tn_check_recorded_dir(const tenon_platform *platform, const char *dir, tenon_error *err);

/*
 * A run path is a list with words of its own: not every directory can stand there.
 *
 * errors   TENON_E_UNSUPPORTED
 */
bool tn_check_run_path_dir(const tenon_platform *platform, const char *dir, tenon_error *err);

/*
 * settings.c: these settings, with the platform's values for what is unset.
 *
 * owner    the caller, until tenon_settings_free(); borrows values from `settings`
 * errors   those of tenon_settings_settle()
 */
tenon_settings *tn_settings_settled(const tenon_settings *settings, const tenon_platform *platform,
                                    tenon_error *err);

/* "-LDIR" and "-lNAME" */
bool tn_add_joined(struct tn_words *words, struct tn_arena *arena, const char *prefix,
                   const char *rest);

#endif
