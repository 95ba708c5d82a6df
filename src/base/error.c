/* src/base/error.c - an error value: its code, its message and the chain of context */
#include "fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Stands for the outer frames that had no room. */
static const char more_frames[] = "...: ";

const char *tenon_error_message(const tenon_error *err)
{
    return err && err->code != TENON_OK ? err->text : "no error";
}

const char *tenon_code_name(enum tenon_code code)
{
    static const char *const names[] = {
        [TENON_OK] = "ok",
        [TENON_E_MEMORY] = "no-memory",
        [TENON_E_SYSTEM] = "system",
        [TENON_E_NOT_FOUND] = "not-found",
        [TENON_E_FORMAT] = "not-an-image",
        [TENON_E_TRUNCATED] = "truncated",
        [TENON_E_MALFORMED] = "malformed",
        [TENON_E_LIMIT] = "limit",
        [TENON_E_UNSUPPORTED] = "unsupported",
        [TENON_E_NOT_LOADABLE] = "not-loadable",
        [TENON_E_ARGUMENT] = "bad-argument",
    };
    size_t i = (size_t)code;
    return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}

/* Takes back a character that was cut in two at the end of a full buffer. */
static void drop_partial_character(char *text)
{
    size_t size = strlen(text);
    size_t start = size;

    while (start > 0 && size - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xC0)
        return;
    unsigned char first = (unsigned char)text[start - 1];
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (size - (start - 1) < length)
        text[start - 1] = '\0';
}

static size_t format_text(char *text, size_t room, const char *format, va_list arguments)
{
    int wanted = vsnprintf(text, room, format, arguments);

    if (wanted < 0) /* only an encoding error, and no format of ours has wide characters */
        text[0] = '\0';
    else if ((size_t)wanted >= room)
        drop_partial_character(text);
    return strlen(text);
}

bool tn_fail(tenon_error *err, enum tenon_code code, const char *format, ...)
{
    if (!err)
        return false;
    va_list arguments;
    va_start(arguments, format);
    err->code = code;
    err->system_errno = 0;
    format_text(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return false;
}

bool tn_fail_system(tenon_error *err, int number, const char *format, ...)
{
    if (!err)
        return false;
    const char *meaning = tn_errno_text(number);
    size_t tail = strlen(meaning) + 2;
    va_list arguments;
    va_start(arguments, format);
    err->code = number == ENOMEM ? TENON_E_MEMORY : TENON_E_SYSTEM;
    err->system_errno = number;
    size_t used = format_text(err->text, sizeof err->text - tail, format, arguments);
    va_end(arguments);
    memcpy(err->text + used, ": ", 2);
    memcpy(err->text + used + 2, meaning, tail - 1);
    return false;
}

/* Puts text[size] before the message, which the caller knows to fit. */
static void put_before(tenon_error *err, const char *text, size_t size)
{
    memmove(err->text + size, err->text, strlen(err->text) + 1);
    memcpy(err->text, text, size);
}

bool tn_context(tenon_error *err, const char *format, ...)
{
    if (!err)
        return false;
    const size_t mark = sizeof more_frames - 1;
    const size_t used = strlen(err->text);
    char frame[TENON_ERROR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    size_t size = format_text(frame, sizeof frame - 2, format, arguments);
    va_end(arguments);
    memcpy(frame + size, ": ", 2);
    size += 2;

    /* Room for the mark is kept, so that no later, shorter frame can follow a dropped one. */
    if (strncmp(err->text, more_frames, mark) == 0)
        return false;
    if (size + mark + used < sizeof err->text)
        put_before(err, frame, size);
    else if (mark + used < sizeof err->text)
        put_before(err, more_frames, mark);
    return false;
}

bool tn_fail_again(tenon_error *err, const tenon_error *why, const char *name)
{
    if (err)
        *err = *why;
    return name && why->code != TENON_E_MEMORY ? tn_context(err, "%s", name) : false;
}

bool tn_no_memory(tenon_error *err)
{
    return tn_fail(err, TENON_E_MEMORY, "out of memory");
}

const char *tn_errno_text(int number)
{
#if defined __GLIBC__
    const char *text = strerrordesc_np(number); /* strerror() would speak the locale's language */
#else
    const char *text = strerror(number);
#endif
    return text && *text ? text : "Unknown error";
}
