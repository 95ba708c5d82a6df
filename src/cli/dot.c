/* src/cli/dot.c - graphs in the language of Graphviz; rule: graphviz.org/doc/info/lang.html */
#include "why.h"

void why_begin_dot(struct cli_out *out)
{
    cli_puts(out, "digraph tenon {\n"
                  "  rankdir=LR;\n"
                  "  node [shape=box];\n");
}

void why_end_dot(struct cli_out *out)
{
    cli_puts(out, "}\n");
}

/* Names of nodes: f0 is the first file, f0_3 its fourth library, f0_d2 its third finding. */
static void put_id(struct cli_out *out, size_t number, const char *between, int64_t index)
{
    cli_puts(out, "f");
    cli_number(out, (int64_t)number);
    if (index < 0)
        return;
    cli_puts(out, between);
    cli_number(out, index);
}

/* One line of a label, where Graphviz reads &NAME; as one character. */
static void put_line(struct cli_out *out, const char *line)
{
    for (size_t size; line[size = strcspn(line, "&")]; line += size + 1) {
        cli_text_part_quoted(out, line, size);
        cli_puts(out, "&amp;");
    }
    cli_text_quoted(out, line);
}

/* A label of one or two lines. */
static void put_label(struct cli_out *out, const char *first, const char *second)
{
    cli_puts(out, " label=\"");
    put_line(out, first);
    if (second) {
        cli_puts(out, "\\n");
        put_line(out, second);
    }
    cli_puts(out, "\"");
}

static void put_node(struct cli_out *out, size_t number, int32_t object,
                     const tenon_library *library)
{
    bool missed =
        library->status == TENON_STATUS_MISSING || library->status == TENON_STATUS_REFUSED;

    cli_puts(out, "  ");
    put_id(out, number, "_", object);
    cli_puts(out, " [");
    put_label(out, library->name,
              library->path ? library->path : tenon_status_name(library->status));
    if (missed)
        cli_puts(out, " color=red fontcolor=red");
    cli_puts(out, library->optional ? " style=dashed ];\n" : " ];\n");
}

static void put_edge(struct cli_out *out, size_t number, int32_t from, int32_t to,
                     const tenon_library *library, bool first)
{
    cli_puts(out, "  ");
    put_id(out, number, "_", from);
    cli_puts(out, " -> ");
    put_id(out, number, "_", to);
    cli_puts(out, " [");
    if (first && library->rule)
        put_label(out, library->rule->name, NULL);
    if (library->status != TENON_STATUS_FOUND && library->status != TENON_STATUS_SYSTEM)
        cli_puts(out, " color=red");
    cli_puts(out, library->optional ? " style=dashed ];\n" : " ];\n");
}

/* The edges that do not come from the first who asked. */
static void put_other_edges(struct why_view *view, size_t number, size_t node)
{
    size_t count = why_elsewhere(view, node, view->elsewhere);

    for (size_t i = 0; i < count; i++) {
        size_t other = (size_t)view->elsewhere[i];
        if (other > 0)
            put_edge(view->out, number, why_object_of(node), why_object_of(other),
                     why_library(view, other), false);
    }
}

static void put_finding(struct why_view *view, size_t number, size_t i)
{
    struct cli_out *out = view->out;
    const tenon_dlopen_finding *finding = tenon_graph_dlopen(view->graph, i);

    cli_puts(out, "  ");
    put_id(out, number, "_d", (int64_t)i);
    cli_puts(out, " [");
    put_label(out, finding->name,
              finding->path ? finding->path : tenon_status_name(finding->status));
    cli_puts(out, " style=dashed ];\n  ");
    put_id(out, number, "_", finding->named_by);
    cli_puts(out, " -> ");
    put_id(out, number, "_d", (int64_t)i);
    cli_puts(out, " [");
    put_label(out, tenon_flavour_name(finding->flavour), NULL);
    cli_puts(out, " style=dashed ];\n");
}

void why_print_dot(struct why_view *view, size_t number)
{
    struct cli_out *out = view->out;
    size_t findings = tenon_graph_dlopen_count(view->graph);

    cli_puts(out, "  ");
    put_id(out, number, "_", TENON_THE_FILE);
    cli_puts(out, " [");
    put_label(out, view->root, NULL);
    cli_puts(out, " style=bold ];\n");
    for (size_t node = 1; node <= view->count; node++)
        if (view->nodes[node].shown)
            put_node(out, number, why_object_of(node), why_library(view, node));
    for (size_t node = 1; node <= view->count; node++)
        if (view->nodes[node].shown)
            put_edge(out, number, why_object_of((size_t)view->nodes[node].parent),
                     why_object_of(node), why_library(view, node), true);
    for (size_t node = 0; node <= view->count; node++)
        if (view->nodes[node].shown)
            put_other_edges(view, number, node);
    for (size_t i = 0; i < findings; i++)
        put_finding(view, number, i);
}
