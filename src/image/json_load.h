/* src/image/json_load.h - JSON is read, and why it was not */
#ifndef TN_JSON_LOAD_H
#define TN_JSON_LOAD_H

#include <jansson.h>
#include <stdbool.h>

/*
 * As json_loadb(), which takes a string that it has no memory for for a fault of the text, or
 * leaves out a byte of it: *starved says that nothing was read for want of memory.
 */
json_t *tn_json_load(const char *text, size_t size, size_t flags, json_error_t *why, bool *starved);

#endif
