/* src/bundle/inflate.h - takes out what was stored by deflate */
#ifndef TN_INFLATE_H
#define TN_INFLATE_H

#include <tenon/error.h>

#include "view.h"

/*
 * Decodes one whole deflate stream into exactly `size` bytes at `out`.
 *
 * rule     RFC 1951
 * errors   TENON_E_TRUNCATED, TENON_E_MALFORMED (bad codes, more or fewer bytes than `size`, bytes
 *          behind the end)
 */
bool tn_inflate(struct tn_view packed, uint8_t *out, size_t size, tenon_error *err);

/* rule  PKWARE APPNOTE.TXT 4.4.7 */
uint32_t tn_crc32(struct tn_view bytes);

#endif
