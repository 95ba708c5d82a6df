/* src/base/chains.c - rows that share a name, found without comparing all of them */
#include "chains.h"

#include <stdlib.h>
#include <string.h>

/* Puts a row before those of its name that came already. */
static bool add(struct tn_chains *chains, uint32_t row, const char *name)
{
    size_t before = chains->names.count;
    uint32_t number = tn_names_add(&chains->names, name, strlen(name));

    if (number == TN_NO_NAME)
        return false;
    chains->next[row] = number < before ? chains->first[number] : TN_NO_NAME;
    chains->first[number] = row;
    return true;
}

bool tn_chains_make(struct tn_chains *chains, size_t count,
                    const char *(*name_of)(const void *rows, size_t i), const void *rows)
{
    *chains = (struct tn_chains){ .count = count };
    if (count >= TN_NO_NAME || !tn_names_init(&chains->names))
        return false;
    chains->first = calloc(count + 1, sizeof *chains->first);
    chains->next = calloc(count + 1, sizeof *chains->next);
    bool good = chains->first && chains->next;
    for (size_t i = count; good && i-- > 0;) {
        const char *name = name_of(rows, i);
        chains->next[i] = TN_NO_NAME;
        good = !name || add(chains, (uint32_t)i, name);
    }
    return good;
}

void tn_chains_free(struct tn_chains *chains)
{
    tn_names_free(&chains->names);
    free(chains->first);
    free(chains->next);
    *chains = (struct tn_chains){ 0 };
}

uint32_t tn_chains_first(const struct tn_chains *chains, const char *name)
{
    uint32_t number = tn_names_find(&chains->names, name, strlen(name));

    return number == TN_NO_NAME ? TN_NO_NAME : chains->first[number];
}
