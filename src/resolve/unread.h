/* src/resolve/unread.h - of a library that is not found: the file that it may be */
#ifndef TN_UNREAD_H
#define TN_UNREAD_H

#include <tenon/resolve.h>

/* The candidate that is there, for all we know, and could not be looked at; NULL: none. */
static inline const tenon_attempt *tn_tried_unread(const tenon_graph *graph, size_t i)
{
    size_t count = tenon_graph_tried_count(graph, i);

    for (size_t k = 0; k < count; k++) {
        const tenon_attempt *attempt = tenon_graph_tried(graph, i, k);
        if (!attempt->later && (attempt->outcome == TENON_OUTCOME_UNREADABLE ||
                                attempt->outcome == TENON_OUTCOME_PERMISSION))
            return attempt;
    }
    return NULL;
}

#endif
