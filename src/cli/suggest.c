/* src/cli/suggest.c - what the user may have meant */
#include "suggest.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST 31 /* letters of a word that anything is guessed for */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Letters to add, to leave out, to replace or to swap with their neighbour.
 *
 * rule  optimal string alignment distance (Damerau 1964, restricted)
 */
static size_t distance(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    size_t rows[3][LONGEST + 2]; /* of a[i - 2], a[i - 1] and a[i] */
    size_t *before = rows[0], *last = rows[1], *now = rows[2];

    if (a_size > LONGEST || b_size > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_size; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            now[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]), least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_size];
}

void cli_guess_begin(struct cli_guess *guess, const char *word)
{
    *guess = (struct cli_guess){ word, NULL, strlen(word) / 3 + 1 }; /* as far is no guess */
}

void cli_guess_try(struct cli_guess *guess, const char *word)
{
    size_t far = distance(guess->word, word);

    if (far >= guess->distance || far >= strlen(word))
        return;
    guess->best = word;
    guess->distance = far;
}

static bool is_program(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

bool cli_program_of(const char *name, char *path, size_t size)
{
    const char *dir = getenv("PATH");

    if (!*name || strchr(name, '/'))
        return false;
    /* an empty element is the current directory, where it was just not found */
    while (dir && *(dir += strspn(dir, ":"))) {
        size_t length = strcspn(dir, ":");
        int wanted = snprintf(path, size, "%.*s/%s", (int)length, dir, name);
        if (wanted > 0 && (size_t)wanted < size && is_program(path))
            return true;
        dir += length;
    }
    return false;
}
