/*
 * src/loader/registry.c - the registry of a Wine prefix
 *
 * rule  wine server/registry.c, save_subkeys() and dump_value(): "[Key\\Below] TIME", then
 *       "\"NAME\"=\"TEXT\"", "=dword:HEX", "=str(N):\"TEXT\"" and others; a backslash escapes
 */
#include "registry.h"

#include <string.h>
#include <strings.h>

/* Where the walk is. */
struct walk {
    const char *at; /* what is not read yet */
    struct tn_arena *arena;
    bool no_memory;
};

static unsigned digit(char c)
{
    return c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a' + 10);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* One letter of a text, `at` moved behind it. Letters beyond ASCII are not told apart: '?'. */
static char unescape(const char **at, const char *end)
{
    char c = *(*at)++;
    if (c != '\\' || *at == end)
        return c;
    c = *(*at)++;
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '0': return ';'; /* between the strings of a list */
    case 'x': break;
    default: return c;
    }
    unsigned value = 0;
    for (int i = 0; i < 4 && *at < end && is_hex(**at); i++)
        value = value * 16 + digit(*(*at)++);
    return value > 0 && value < 0x80 ? (char)value : '?';
}

/*
 * The text up to `close`, which is passed; NULL: the line ends before, or no memory. The room is
 * that of the rest of the line, as escaped letters only get shorter.
 */
static const char *text_to(struct walk *w, const char *line_end, char close)
{
    size_t size = 0;
    char *text = tn_arena_bytes(w->arena, (size_t)(line_end - w->at) + 1);
    if (!text) {
        w->no_memory = true;
        return NULL;
    }
    while (w->at < line_end && *w->at != close)
        text[size++] = unescape(&w->at, line_end);
    if (w->at == line_end)
        return NULL;
    w->at++;
    text[size] = '\0';
    return text;
}

/* What follows "below" and a backslash in a key; NULL: the key is elsewhere. */
static const char *rest_of(const char *key, const char *below)
{
    size_t size = strlen(below);
    if (strncasecmp(key, below, size) != 0 || (key[size] && key[size] != '\\'))
        return NULL;
    return key + size + (key[size] == '\\');
}

static bool skip(struct walk *w, const char *line_end, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(line_end - w->at) < size || memcmp(w->at, word, size) != 0)
        return false;
    w->at += size;
    return true;
}

/* The value that begins at w->at; NULL: of another kind, or no memory. */
static const char *value_of(struct walk *w, const char *line_end)
{
    unsigned long number = 0;
    if (skip(w, line_end, "dword:")) {
        for (int i = 0; i < 8 && w->at < line_end && is_hex(*w->at); i++)
            number = number * 16 + digit(*w->at++);
        const char *text = tn_arena_format(w->arena, "%lu", number);
        w->no_memory |= !text;
        return text;
    }
    if (!skip(w, line_end, "\"") && !skip(w, line_end, "str(2):\"") &&
        !skip(w, line_end, "str(7):\""))
        return NULL;
    return text_to(w, line_end, '"');
}

bool tn_registry_walk(struct tn_view text, const char *below, struct tn_arena *arena,
                      tn_registry_value *each, void *arg)
{
    struct walk w = { .at = (const char *)text.at, .arena = arena };
    const char *key = NULL, *end = w.at + text.size; /* key NULL: none that is wanted */
    size_t first = strcspn(below, "\\");
    while (w.at < end && !w.no_memory) {
        const char *line_end = memchr(w.at, '\n', (size_t)(end - w.at));
        line_end = line_end ? line_end : end;
        if (skip(&w, line_end, "[")) {
            bool likely = (size_t)(line_end - w.at) >= first && /* not each key is worth a copy */
                          strncasecmp(w.at, below, first) == 0;
            key = likely ? text_to(&w, line_end, ']') : NULL;
            key = key ? rest_of(key, below) : NULL;
        } else if (key && skip(&w, line_end, "\"")) {
            const char *name = text_to(&w, line_end, '"');
            const char *value = name && skip(&w, line_end, "=") ? value_of(&w, line_end) : NULL;
            if (value && !each(arg, key, name, value))
                return false;
        }
        w.at = line_end < end ? line_end + 1 : end;
    }
    return !w.no_memory;
}
