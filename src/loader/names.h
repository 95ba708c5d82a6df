/* src/loader/names.h - small questions about names and paths, which are only strings to a loader */
#ifndef TN_NAMES_H
#define TN_NAMES_H

#include <stdbool.h>
#include <string.h>

/* What is behind the last slash. */
static inline const char *tn_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A name with a slash is a path to every loader: it is opened, not searched for. */
static inline bool tn_has_slash(const char *name)
{
    return strchr(name, '/') != NULL;
}

/* False also when there is no string. */
static inline bool tn_has_prefix(const char *string, const char *prefix)
{
    return string && strncmp(string, prefix, strlen(prefix)) == 0;
}

#endif
