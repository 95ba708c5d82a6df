/* src/find/platforms.h - questions about one platform */
#ifndef TN_PLATFORMS_H
#define TN_PLATFORMS_H

#include <tenon/find.h>

/* True when `word` is in a list separated by spaces; NULL is an empty list. */
bool tn_list_has(const char *list, const char *word);

/*
 * True when the loader looks into `dir` without being told, wherever the platform is met: of
 * GNU/Linux no directory is such, its own loader must be asked (loader_dirs.h).
 */
bool tn_platform_loads_from(const tenon_platform *platform, const char *dir);

/*
 * The row whose facts are true with these settings: that of a system without shared libraries where
 * SHLIB_TYPE is NA. rule  the GODI note: "all library handling is done as for static libraries"
 */
const tenon_platform *tn_platform_in_force(const tenon_platform *platform,
                                           const tenon_settings *settings);

/* What programs have recorded and the switches for that, as the settings have them. NULL: none. */
const char *tn_platform_recorded(const tenon_platform *platform, const tenon_settings *settings);
const char *tn_platform_switches(const tenon_platform *platform, const tenon_settings *settings);

#endif
