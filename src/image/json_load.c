/* src/image/json_load.c - JSON is read, and why it was not */
#include "json_load.h"

#include <errno.h>
#include <string.h>

struct source {
    const char *at;
    size_t left;
    bool starved;
};

/*
 * A piece up to the next quote: so a string that was not kept whole is noticed before jansson,
 * which converts numbers, clears errno.
 *
 * rule  POSIX malloc(): sets errno to ENOMEM when it fails; jansson 2.14, load.c: lex_save() does
 *       not look whether its buffer could grow, lex_scan_number() clears errno
 */
static size_t next_piece(void *buffer, size_t room, void *arg)
{
    struct source *source = arg;
    size_t size = source->left < room ? source->left : room;

    source->starved = source->starved || errno == ENOMEM;
    if (source->starved || size == 0)
        return 0;
    const char *quote = memchr(source->at, '"', size);
    if (quote)
        size = (size_t)(quote - source->at) + 1;
    memcpy(buffer, source->at, size);
    source->at += size;
    source->left -= size;
    return size;
}

json_t *tn_json_load(const char *text, size_t size, size_t flags, json_error_t *why, bool *starved)
{
    struct source source = { text, size, false };

    errno = 0;
    json_t *json = json_load_callback(next_piece, &source, flags, why);
    *starved = source.starved || errno == ENOMEM;
    if (!*starved)
        return json;
    json_decref(json);
    return NULL;
}
