/* src/loader/setting_names.h - which settings of a system loaders ask for */
#ifndef TN_SETTING_NAMES_H
#define TN_SETTING_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* The i-th name, sorted; NULL when i is past the last. Constants. */
const char *tn_setting_name(size_t i);

/*
 * May a loader ask for this setting? Besides those above, variables of sysctl(8), which have a dot:
 * a file of the system says which.
 */
bool tn_is_setting(const char *name);

#endif
