/* src/loader/registry.h - the registry of a Wine prefix, as text: system.reg, user.reg */
#ifndef TN_REGISTRY_H
#define TN_REGISTRY_H

#include <stdbool.h>

#include "arena.h"
#include "view.h"

/*
 * A value: a string, or a number in decimal digits; others are left out. The key without `below`
 * and the backslash behind it: "" for that key itself. false ends the walk.
 */
typedef bool tn_registry_value(void *arg, const char *key, const char *name, const char *value);

/*
 * Walks the values of a key and of the keys below it, in file order; the case of letters in keys
 * does not count. Texts are in the arena. A line that is none of the format's is passed over.
 *
 * returns  false: no memory, or `each` ended it
 */
bool tn_registry_walk(struct tn_view text, const char *below, struct tn_arena *arena,
                      tn_registry_value *each, void *arg);

#endif
