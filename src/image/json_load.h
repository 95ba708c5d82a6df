/* src/image/json_starved.h - why jansson read nothing */
#ifndef TN_JSON_STARVED_H
#define TN_JSON_STARVED_H

#include <jansson.h>
#include <stdbool.h>

/* It was for want of memory. Before the first token jansson leaves what it says of that empty. */
static inline bool tn_json_is_starved(const json_error_t *why)
{
    return json_error_code(why) == json_error_out_of_memory || !why->text[0];
}

#endif
