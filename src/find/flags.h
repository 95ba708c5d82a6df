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

/*
 * A linker's switch among LDFLAGS may forbid what the platform's programs would have recorded: AIX
 * -bnolibpath, where `dir` is none of the system's and no such list comes after it.
 *
 * errors   TENON_E_UNSUPPORTED, TENON_E_MEMORY
 */
bool tn_check_ldflags(const tenon_platform *platform, const struct tn_words *ldflags,
                      const char *dir, tenon_error *err);

/* The switch with such a list, for a platform that has one. False: no memory. */
bool tn_add_list(struct tn_words *words, struct tn_arena *arena, const tenon_platform *platform,
                 const char *list);

/*
 * The switches between which the linker takes archives alone for -l. False: the platform's linker
 * is not known to have them.
 */
bool tn_archives_alone(const tenon_platform *platform, const char **begin, const char **end);

/*
 * The file that a DLL of Windows or Cygwin is: programs have that name recorded. `version` as
 * tenon_shared_flags() takes it; NULL: none. NULL: no memory.
 */
const char *tn_dll_name(struct tn_arena *arena, const tenon_platform *platform, const char *name,
                        const char *version);

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
