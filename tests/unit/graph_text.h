/* tests/unit/graph_text.h - all that is answered about one file, so that answers can be compared */
#ifndef GRAPH_TEXT_H
#define GRAPH_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <tenon/resolve.h>

/* No assertion of cmocka's: threads that are not the test's come here, too. */
static inline void graph_text_put(char **text, const char *more)
{
    char *longer;
    if (asprintf(&longer, "%s%s\n", *text ? *text : "", more ? more : "-") < 0)
        abort();
    free(*text);
    *text = longer;
}

/* All that is answered about one file, as text for the caller to free. */
static inline char *answer(tenon_resolver *r, const char *path)
{
    tenon_error err = TENON_ERROR_INIT;
    char *text = NULL;
    tenon_graph *graph = tenon_resolve_file(r, path, &err);
    graph_text_put(&text, graph ? tenon_graph_file(graph) : tenon_error_message(&err));
    for (size_t i = 0; graph && i < tenon_graph_count(graph); i++) {
        const tenon_library *library = tenon_graph_library(graph, i);
        graph_text_put(&text, library->name);
        graph_text_put(&text, library->path);
        graph_text_put(&text, tenon_status_name(library->status));
        for (size_t k = 0; k < library->needed_by_count; k++)
            graph_text_put(&text, library->needed_by[k] < 0 ? "file" : "library");
        for (size_t k = 0; k < tenon_graph_tried_count(graph, i); k++)
            graph_text_put(&text, tenon_graph_tried(graph, i, k)->path);
    }
    for (size_t i = 0; graph && i < tenon_graph_missing_version_count(graph); i++)
        graph_text_put(&text, tenon_graph_missing_version(graph, i)->reason);
    tenon_graph_free(graph);
    return text;
}

#endif
