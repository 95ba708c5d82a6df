/* fuzz/fuzz_text.c - escaped text is safe to show and can be undone */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes the escapes in place; the number of bytes. */
static size_t undo(char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; n++) {
        if (text[i] != '\\' || size - i < 2 || text[i + 1] != 'x') {
            text[n] = text[i++];
            continue;
        }
        if (size - i < 4 || hex(text[i + 2]) < 0 || hex(text[i + 3]) < 0)
            abort();
        text[n] = (char)(hex(text[i + 2]) << 4 | hex(text[i + 3]));
        i += 4;
    }
    return n;
}

/* Escaping what was escaped changes its backslashes alone: everything else is safe already. */
static void check_safe(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t n = strcspn(text + i, "\\");
        if (n > size - i)
            n = size - i;
        if (n && !tn_text_is_plain(text + i, n))
            abort();
        i += n + (i + n < size);
    }
}

/* A shorter room gives a beginning of the same text, which ends with a whole escape. */
static void check_cut(const uint8_t *data, size_t size, const char *whole, size_t whole_size)
{
    size_t room = size ? data[0] % 40u : 0;
    char *cut = malloc(room + 1);
    if (!cut)
        abort();
    size_t n = tn_text_escape(cut, room, (const char *)data, size);
    if (room && (n >= room || n > whole_size || memcmp(cut, whole, n) != 0 || cut[n] != '\0'))
        abort();
    check_safe(cut, n);
    size_t taken = undo(cut, n);
    if (taken > size || memcmp(cut, data, taken) != 0)
        abort();
    free(cut);
}

static void check_quote(const uint8_t *data, size_t size)
{
    char buffer[TN_QUOTE_ROOM];
    char *string = malloc(size + 1);
    if (!string)
        abort();
    memcpy(string, data, size);
    string[size] = '\0';
    const char *quoted = tn_quote(buffer, string);
    if (quoted != buffer || quoted[0] != '\'' || strlen(quoted) >= TN_QUOTE_ROOM)
        abort();
    check_safe(quoted, strlen(quoted));
    free(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing[1];
    data = data ? data : nothing;
    char *out = malloc(size * 4 + 1);
    if (!out)
        abort();
    size_t n = tn_text_escape(out, size * 4 + 1, (const char *)data, size);
    if (out[n] != '\0' || strlen(out) != n)
        abort();
    check_safe(out, n);
    if ((tn_text_is_plain((const char *)data, size) != 0) !=
        (n == size && memcmp(out, data, n) == 0))
        abort();
    check_cut(data, size, out, n);
    check_quote(data, size);
    if (undo(out, n) != size || memcmp(out, data, size) != 0)
        abort();
    free(out);
    return 0;
}
