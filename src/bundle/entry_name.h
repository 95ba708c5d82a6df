/* src/bundle/entry_name.h - which names may stand in a bundle */
#ifndef TN_ENTRY_NAME_H
#define TN_ENTRY_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <tenon/error.h>

#define TN_MANIFEST_ENTRY "tenon.json"
#define TN_SIGNATURE_ENTRY "tenon.sig"
#define TN_RESOURCE_FOLDER "data/"
#define TN_NATIVE_FOLDER "native/"

/*
 * NULL for a good entry name, else what is wrong with it: it must be UTF-8, relative, without
 * control characters and backslashes, and no component may be empty, "." or "..".
 */
const char *tn_entry_name_fault(const char *name, size_t size);

/* The same for the name of a plugin. */
const char *tn_plugin_name_fault(const char *name);

/*
 * As strcmp(), but '/' comes before all others: what is in a folder stands right behind a file of
 * its name.
 */
int tn_entry_compare(const char *a, const char *b);

/* Does an entry lie in a folder of that name? Then no entry can have the name itself. */
bool tn_entry_is_below(const char *name, const char *folder);

/* "native/x86_64-linux-gnu/stats.so" gives "stats.so". */
const char *tn_base_name(const char *path);

#endif
