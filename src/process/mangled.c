/*
 * src/process/mangled.c - what C++ names of symbols tell
 *
 * rule  Itanium C++ ABI, 5.1 "External Names"
 */
#include "mangled.h"

#include <stddef.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool tn_mangled_is_guard(const char *symbol)
{
    return begins(symbol, "_ZGV");
}

bool tn_mangled_is_guard_of(const char *guard, const char *object)
{
    return tn_mangled_is_guard(guard) && begins(object, "_Z") && strcmp(guard + 4, object + 2) == 0;
}

/* ---- does a function's name consist of std's names?
 * ----------------------------------------------
 *
 * A walk over its parts that knows where names may stand; what it does not know ends it with "no".
 */

enum { MOST_DEEP = 64 };

struct walk {
    const char *at;
    bool in_std[MOST_DEEP]; /* of each list that is open: do plain names in it belong to std? */
    size_t depth;
    bool is_member; /* of std: "St" came just before */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "N", "I" and their like up to "E". */
static bool open_list(struct walk *w, bool in_std)
{
    if (w->depth == MOST_DEEP)
        return false;
    w->in_std[w->depth++] = in_std;
    return true;
}

/* A name with its length before it: in std only behind "St", or as a part of what began so. */
static bool pass_name(struct walk *w)
{
    size_t length = 0;
    bool known = w->is_member || (w->depth && w->in_std[w->depth - 1]);
    while (is_digit(*w->at) && length < 10000)
        length = length * 10 + (size_t)(*w->at++ - '0');
    if (!known || strnlen(w->at, length) != length)
        return false;
    w->at += length;
    return true;
}

/* "S_", "S1A_": what came before; "Sa", "Ss": names of std; "St" stands before one. */
static bool pass_substitution(struct walk *w, bool *is_member)
{
    w->at++;
    *is_member = *w->at == 't';
    if (*w->at >= 'a' && *w->at <= 'z')
        return strchr("tabsiod", *w->at++) != NULL;
    while (is_digit(*w->at) || (*w->at >= 'A' && *w->at <= 'Z'))
        w->at++;
    return *w->at++ == '_';
}

/* "N" and qualifiers; what begins with a name of std, or with what came before, stays in it. */
static bool open_nested(struct walk *w)
{
    w->at++;
    while (*w->at && strchr("rVKRO", *w->at))
        w->at++;
    return *w->at == 'S' && open_list(w, true);
}

/* "Lj16E": a number; of an enumeration or a function it is more than we look into. */
static bool pass_literal(struct walk *w)
{
    w->at++;
    if (*w->at < 'a' || *w->at > 'z')
        return false;
    w->at += strcspn(w->at, "E");
    return *w->at++ == 'E';
}

/* Operators whose second letter would be taken for something else. */
static bool pass_operator(struct walk *w)
{
    static const char pairs[] = "aN aS dV eO lS mI mL oR pL rM rS";
    for (const char *pair = pairs; w->depth && w->in_std[w->depth - 1]; pair += 3) {
        if (w->at[0] == pair[0] && w->at[1] == pair[1]) {
            w->at += 2;
            return true;
        }
        if (!pair[2])
            break;
    }
    return false;
}

/* What stands at the beginning of the rest; false: it is not known, or a name of somebody else. */
static bool pass_part(struct walk *w)
{
    bool is_member = false;
    bool good = true;
    char c = *w->at;

    if (is_digit(c)) {
        good = pass_name(w);
    } else if (c == 'S') {
        good = pass_substitution(w, &is_member);
    } else if (c == 'N') {
        good = open_nested(w);
    } else if (c == 'I' || c == 'J' || c == 'F') {
        w->at++;
        good = open_list(w, false);
    } else if (c == 'E') {
        w->at++;
        w->depth--;
    } else if (c == 'L') {
        good = pass_literal(w);
    } else if (c == 'B') { /* an ABI tag: a name that says nothing */
        w->at++;
        w->is_member = true;
        good = pass_name(w);
    } else if (c == 'T') {
        w->at += strcspn(w->at, "_");
        good = *w->at++ == '_';
    } else if (c == 'C' || c == 'D') {
        good = w->at[1] != 0 && !strchr("tT", w->at[1]);
        w->at += good ? 2 : 0;
    } else if (!pass_operator(w)) {
        good = (c >= 'a' && c <= 'z') || (c && strchr("PROKVM", c));
        w->at++;
    }
    w->is_member = is_member;
    return good;
}

bool tn_mangled_is_library_static(const char *symbol)
{
    struct walk walk = { .at = symbol + 3 };

    if (!begins(symbol, "_ZZNSt") && !begins(symbol, "_ZZNKSt"))
        return false;
    /* the function's own name, what it takes, and the "E" behind it */
    while (walk.depth || *walk.at != 'E')
        if (!pass_part(&walk))
            return false;
    return true;
}
