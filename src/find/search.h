/* src/find/search.h - the search: the directories in their order, and the evidence in them */
#ifndef TN_SEARCH_H
#define TN_SEARCH_H

#include "hunt.h"

struct tn_search {
    struct tn_hunt hunt;
    struct tn_attempt accepted;
    struct tn_outcome outcome;
    bool done;
    struct {
        const char *file, *why;     /* NULL: none */
    } doubts[2];                    /* a .pc file and a script of this place that failed */
    const char *stated_by, *stated; /* a .pc file and the version it states; NULL */
};

/* Tries one set of switches; the first that passes is kept. */
bool tn_search_attempt(struct tn_search *search, struct tn_attempt *attempt, bool *passed,
                       tenon_error *err);

/* Tries all directories, until one passes. */
bool tn_search_places(struct tn_search *search, tenon_error *err);

#endif
