/* src/find/versions.c - versions compared number by number */
#include <stdlib.h>

#include "hunt.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next run of digits or of letters; what separates them is skipped. */
static size_t next_run(const char **text)
{
    size_t n = 0;

    while (**text && !is_digit(**text) && !((**text | 32) >= 'a' && (**text | 32) <= 'z'))
        ++*text;
    if (is_digit(**text))
        while (is_digit((*text)[n]))
            n++;
    else
        while ((*text)[n] && ((*text)[n] | 32) >= 'a' && ((*text)[n] | 32) <= 'z')
            n++;
    return n;
}

static int compare_numbers(const char *a, size_t m, const char *b, size_t n)
{
    while (m > 1 && *a == '0')
        a++, m--;
    while (n > 1 && *b == '0')
        b++, n--;
    if (m != n)
        return m < n ? -1 : 1;
    int order = memcmp(a, b, n);
    return order < 0 ? -1 : order > 0;
}

/* 1.2 is below 1.2.1, 1.2a above 1.2, a number above letters. */
int tn_version_compare(const char *a, const char *b)
{
    for (;;) {
        size_t m = next_run(&a), n = next_run(&b);
        int order;
        if (m == 0 || n == 0)
            return m == n ? 0 : m == 0 ? -1 : 1;
        if (is_digit(*a) != is_digit(*b))
            return is_digit(*a) ? 1 : -1;
        if (is_digit(*a)) {
            order = compare_numbers(a, m, b, n);
        } else {
            order = memcmp(a, b, m < n ? m : n);
            order = order ? (order < 0 ? -1 : 1) : m < n ? -1 : m > n;
        }
        if (order)
            return order;
        a += m;
        b += n;
    }
}
