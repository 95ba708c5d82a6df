/* src/find/remember.h - answers of compilers and searches in the store */
#ifndef TN_REMEMBER_H
#define TN_REMEMBER_H

#include "finder.h"
#include "found.h"
#include "store.h"

/* What the compiler said of itself: kept while its file and the directories it named are the same.
 */
bool tn_remember_compiler(struct tenon_finder *finder, const char **text);
void tn_keep_compiler(const struct tenon_finder *finder, const char *text);

/* The key of a request. */
void tn_request_key(const struct tenon_finder *finder, const tenon_find_request *request,
                    uint8_t key[TN_STORE_KEY]);

/* The answer that is kept; NULL: none, or something it rests on has changed. */
tenon_found *tn_remember(const struct tenon_finder *finder, const uint8_t key[TN_STORE_KEY]);

/* Keeps an answer. Files below `except` were of the search alone. */
void tn_keep(const struct tenon_finder *finder, const uint8_t key[TN_STORE_KEY],
             const tenon_found *found, const char *except);

/*
 * Reads a kept answer into an empty one, which borrows from the bytes. False: it is none, or
 * something it rests on has changed.
 */
bool tn_found_unpack(tenon_found *found, struct tn_view bytes);

#endif
