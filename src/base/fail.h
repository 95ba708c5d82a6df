/* src/base/fail.h - how an error is made and given context */
#ifndef TN_FAIL_H
#define TN_FAIL_H

#include <stdbool.h>
#include <tenon/error.h>

/*
 * Starts an error: sets the code, errno to 0 and the text. Returns false, so that a function can
 * `return tn_fail(...)`. NULL err is fine.
 */
bool tn_fail(tenon_error *err, enum tenon_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * As tn_fail with TENON_E_SYSTEM (ENOMEM: TENON_E_MEMORY): remembers `number` and appends ": " and
 * its meaning.
 */
bool tn_fail_system(tenon_error *err, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message. Returns false. */
bool tn_context(tenon_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Did the system or memory fail us? Then nothing is known of the file in question. */
static inline bool tn_is_failure(const tenon_error *err)
{
    return err->code == TENON_E_SYSTEM || err->code == TENON_E_MEMORY;
}

/* The same error again, of the file `name`. Returns false. */
bool tn_fail_again(tenon_error *err, const tenon_error *why, const char *name);

/* tn_fail(TENON_E_MEMORY) with the one message there is. Returns false. */
bool tn_no_memory(tenon_error *err);

/*
 * The meaning of an errno value in English, whatever the locale ("No such file or directory").
 * A constant; unknown numbers give "Unknown error".
 */
const char *tn_errno_text(int number);

#endif
