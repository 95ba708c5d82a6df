/* include/tenon/error.h - an error is a value on the caller's stack */
#ifndef TENON_ERROR_H
#define TENON_ERROR_H

#include <stddef.h>

#if defined _WIN32
#define TENON_API
#else
#define TENON_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What kind of failure it was. Numbers and names are stable: they are printed in JSON. */
enum tenon_code {
    TENON_OK = 0,
    TENON_E_MEMORY,       /* "no-memory"      an allocation failed */
    TENON_E_SYSTEM,       /* "system"         the system said no; see system_errno */
    TENON_E_NOT_FOUND,    /* "not-found"      the named file, slice or member does not exist */
    TENON_E_FORMAT,       /* "not-an-image"   no reader knows this file */
    TENON_E_TRUNCATED,    /* "truncated"      the file ends before something it promises */
    TENON_E_MALFORMED,    /* "malformed"      a field holds what its specification forbids */
    TENON_E_LIMIT,        /* "limit"          beyond a limit of limits.h */
    TENON_E_UNSUPPORTED,  /* "unsupported"    understood, but not something tenon can answer */
    TENON_E_NOT_LOADABLE, /* "not-loadable"   an image, but none that a loader starts or maps */
    TENON_E_ARGUMENT,     /* "bad-argument"   the caller asked for what does not exist */
};

/* Room for a whole chain of context; a longer one loses its outermost frames, never the fact. */
#define TENON_ERROR_TEXT 1024

/*
 * An error: code, errno (0 when the system was not involved) and the chain of context,
 * outermost first, as "plugin.so: dynamic section: entry 3: ...".
 *
 * owner    nothing; it may be copied and dropped freely
 * threads  belongs to the caller, like any local variable
 */
typedef struct tenon_error {
    enum tenon_code code;
    int system_errno;
    char text[TENON_ERROR_TEXT];
} tenon_error;

#define TENON_ERROR_INIT                                                                           \
    {                                                                                              \
        TENON_OK, 0,                                                                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/*
 * The message of an error, "no error" when there is none.
 *
 * owner    borrowed from `err`
 * threads  any
 */
TENON_API const char *tenon_error_message(const tenon_error *err);

/*
 * The stable short name of a code, as in JSON's "code" ("not-an-image", "truncated", ...).
 *
 * owner    a constant
 * threads  any
 */
TENON_API const char *tenon_code_name(enum tenon_code code);

#ifdef __cplusplus
}
#endif
#endif
