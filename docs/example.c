/* docs/example.c - what each library of a program becomes, and by which rule of its loader */
#include <stdio.h>

#include <tenon/tenon.h>

int main(int argc, char **argv)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = argc == 2 ? tenon_world_host(&err) : NULL;
    tenon_resolver *resolver = world ? tenon_resolver_new(world, &err) : NULL;
    tenon_graph *graph = resolver ? tenon_resolve_file(resolver, argv[1], &err) : NULL;
    int status = 3;

    if (graph) {
        for (size_t i = 0; i < tenon_graph_count(graph); i++) {
            const tenon_library *library = tenon_graph_library(graph, i);
            printf("%s => %s [%s]\n", library->name,
                   library->path ? library->path : tenon_status_name(library->status),
                   library->rule ? library->rule->name : library->reason);
        }
        status = tenon_graph_status(graph) != TENON_STATUS_OK;
    } else {
        fprintf(stderr, "%s\n", argc == 2 ? tenon_error_message(&err) : "usage: example FILE");
    }
    tenon_graph_free(graph);
    tenon_resolver_free(resolver);
    tenon_world_free(world);
    return status;
}
