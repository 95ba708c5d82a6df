/* src/base/text.h - untrusted bytes made safe to show */
#ifndef TN_TEXT_H
#define TN_TEXT_H

#include <stddef.h>

/*
 * Writes `size` untrusted bytes to `out` so that a terminal and JSON may see them: bytes that are
 * not valid UTF-8, control characters (C0, DEL, C1) and a backslash before an x become \xHH. What
 * is written never ends inside an escape or a character; it can be undone. Of a part of a name, the
 * next byte counts too: no part should end in a backslash.
 *
 * returns  bytes written (at most room - 1; a NUL follows). 4 * size + 1 always suffices
 */
size_t tn_text_escape(char *out, size_t room, const char *bytes, size_t size);

/* True when escaping would change nothing. */
int tn_text_is_plain(const char *bytes, size_t size);

/* Bytes as digits: 2 * size of them, and a NUL. Returns `out`. */
char *tn_text_hex(char *out, const void *bytes, size_t size);

/* A quoted, escaped, shortened copy for a message: "'name'". Returns buffer. */
#define TN_QUOTE_ROOM 300
const char *tn_quote(char buffer[TN_QUOTE_ROOM], const char *string);

#endif
