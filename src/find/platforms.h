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

#endif
