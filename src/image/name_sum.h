/* src/image/name_sum.h - names that records of a file may share */
#ifndef TN_NAME_SUM_H
#define TN_NAME_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/error.h>

#include "limits.h"

/*
 * Adds a name to the bytes of those that were read. A small file can have many records point to one
 * long name: each of these is looked through and printed, so that the sum is what must be bounded.
 *
 * errors   TENON_E_LIMIT: `what` has more than `most` bytes
 */
bool tn_count_name(uint64_t *used, const char *name, uint32_t most, const char *what,
                   tenon_error *err);

/* The same of a name whose length is known. */
bool tn_count_bytes(uint64_t *used, size_t length, uint32_t most, const char *what,
                    tenon_error *err);

/*
 * The same for the library a symbol is bound to, which is printed with each symbol.
 *
 * shape    `library` may be NULL: to none
 * errors   TENON_E_LIMIT: more than TN_LIMIT_SYMBOL_NAMES bytes
 */
bool tn_count_provider(uint64_t *used, const char *library, tenon_error *err);

#endif
