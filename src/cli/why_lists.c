/* src/cli/why_lists.c - what stands below the tree: a refusal, versions, symbols, dlopen, remarks
 */
#include "why.h"

/* With --lib only what has to do with that library. */
static bool concerns(const struct why_view *view, int32_t object)
{
    return !view->why->lib || (object > TENON_THE_FILE && view->nodes[why_node_of(object)].wanted);
}

static void put_object(const struct why_view *view, const char *before, int32_t object)
{
    const tenon_library *library =
        object < 0 ? NULL : tenon_graph_library(view->graph, (size_t)object);

    cli_puts(view->out, before);
    cli_text(view->out, why_object_name(view, object));
    if (library && library->path && library->member) {
        cli_puts(view->out, "(");
        cli_text(view->out, library->member);
        cli_puts(view->out, ")");
    }
}

static void put_reason(struct cli_out *out, const char *reason)
{
    if (reason) {
        cli_puts(out, ": ");
        cli_prose(out, reason);
    }
}

static void put_refusal(const struct why_view *view)
{
    const char *reason = tenon_graph_reason(view->graph);

    if (!reason || !concerns(view, TENON_THE_FILE))
        return;
    cli_style(view->out, CLI_MISS);
    cli_puts(view->out, "the loader refuses ");
    cli_prose(view->out, reason);
    cli_style(view->out, CLI_PLAIN);
    cli_puts(view->out, "\n");
}

static void put_versions(const struct why_view *view)
{
    struct cli_out *out = view->out;
    size_t count = tenon_graph_missing_version_count(view->graph);

    for (size_t i = 0; i < count; i++) {
        const tenon_missing_version *missing = tenon_graph_missing_version(view->graph, i);
        if (!concerns(view, missing->library) && !concerns(view, missing->needed_by))
            continue;
        cli_style(out, missing->fatal ? CLI_MISS : CLI_NOTE);
        cli_puts(out, missing->fatal ? "missing version " : "warning: missing version ");
        cli_text(out, missing->version);
        if (missing->library != TENON_NOBODY)
            put_object(view, " of ", missing->library);
        put_object(view, ", needed by ", missing->needed_by);
        put_reason(out, missing->reason);
        cli_style(out, CLI_PLAIN);
        cli_puts(out, "\n");
    }
}

static void put_unresolved(const struct why_view *view)
{
    struct cli_out *out = view->out;
    size_t count = tenon_graph_binding_count(view->graph);

    for (size_t i = 0; i < count; i++) {
        const tenon_symbol_binding *binding = tenon_graph_binding(view->graph, i);
        if (binding->found || binding->weak || !concerns(view, binding->needed_by))
            continue;
        cli_style(out, CLI_MISS);
        cli_puts(out, "unresolved symbol ");
        why_put_symbol(out, binding->symbol, binding->version);
        put_object(view, ", needed by ", binding->needed_by);
        put_reason(out, binding->reason);
        cli_style(out, CLI_PLAIN);
        cli_puts(out, "\n");
    }
}

/* Found, and something is wrong with it all the same. */
static void put_doubtful(const struct why_view *view)
{
    struct cli_out *out = view->out;
    size_t count = tenon_graph_binding_count(view->graph);

    for (size_t i = 0; i < count; i++) {
        const tenon_symbol_binding *binding = tenon_graph_binding(view->graph, i);
        if (!binding->found || !binding->reason || !concerns(view, binding->needed_by))
            continue;
        cli_style(out, CLI_NOTE);
        cli_puts(out, "warning: symbol ");
        why_put_symbol(out, binding->symbol, binding->version);
        put_object(view, " of ", binding->provider);
        put_object(view, ", needed by ", binding->needed_by);
        put_reason(out, binding->reason);
        cli_style(out, CLI_PLAIN);
        cli_puts(out, "\n");
    }
}

static void put_binding(const struct why_view *view, const tenon_symbol_binding *binding)
{
    struct cli_out *out = view->out;

    cli_puts(out, "  ");
    why_put_symbol(out, binding->symbol, binding->version);
    if (binding->found) {
        put_object(view, "  ", binding->provider);
    } else {
        cli_style(out, binding->weak ? CLI_DIM : CLI_MISS);
        cli_puts(out, binding->weak ? "  nobody (weak: may stay undefined)" : "  nobody");
        cli_style(out, CLI_PLAIN);
    }
    cli_puts(out, binding->lazy ? "  (on first call)\n" : "\n");
}

static void put_bindings(const struct why_view *view)
{
    size_t count = tenon_graph_binding_count(view->graph);
    int32_t last = TENON_NOBODY;

    for (size_t i = 0; i < count; i++) {
        const tenon_symbol_binding *binding = tenon_graph_binding(view->graph, i);
        if (!concerns(view, binding->needed_by) && !concerns(view, binding->provider))
            continue;
        if (binding->needed_by != last) {
            put_object(view, "symbols of ", binding->needed_by);
            cli_puts(view->out, ":\n");
            last = binding->needed_by;
        }
        put_binding(view, binding);
    }
}

static void put_finding(const struct why_view *view, const tenon_dlopen_finding *finding)
{
    struct cli_out *out = view->out;

    cli_puts(out, "  ");
    cli_text(out, finding->name);
    if (finding->path) {
        cli_puts(out, "  ");
        cli_text(out, finding->path);
    }
    if (finding->status == TENON_STATUS_FOUND)
        why_put_rule(out, "  ", finding->rule, NULL);
    else
        cli_puts(out, finding->status == TENON_STATUS_REFUSED ? "  refused" : "  not found");
    if (finding->alternative) {
        cli_puts(out, ", but ");
        cli_text(out, finding->alternative);
        cli_puts(out, " will do");
    }
    cli_puts(out, "  ");
    cli_style(out, CLI_DIM);
    cli_puts(out, tenon_flavour_name(finding->flavour));
    put_object(view, " in ", finding->named_by);
    cli_purpose(out, finding->priority, finding->feature, finding->description);
    cli_style(out, CLI_PLAIN);
    cli_puts(out, "\n");
}

/* Why it is not found, as the tree says it: many are no more than likely, so only on demand. */
static void put_tried(const struct why_view *view, const tenon_dlopen_finding *finding)
{
    if (finding->status == TENON_STATUS_FOUND || !view->why->cli->verbose)
        return;
    for (size_t k = 0; k < finding->tried_count; k++) {
        cli_puts(view->out, "    ");
        why_put_attempt(view, true, &finding->tried[k], CLI_PLAIN);
    }
}

static void put_dlopens(const struct why_view *view)
{
    size_t count = tenon_graph_dlopen_count(view->graph);

    if (count == 0)
        return;
    cli_puts(view->out, "may be asked for at run time:\n");
    for (size_t i = 0; i < count; i++) {
        put_finding(view, tenon_graph_dlopen(view->graph, i));
        put_tried(view, tenon_graph_dlopen(view->graph, i));
    }
}

static void put_remarks(const struct why_view *view)
{
    struct cli_out *out = view->out;
    const char *remark;

    for (size_t i = 0; (remark = tenon_graph_remark(view->graph, i)); i++) {
        cli_style(out, CLI_NOTE);
        cli_puts(out, "note: ");
        cli_prose(out, remark);
        cli_style(out, CLI_PLAIN);
        cli_puts(out, "\n");
    }
}

void why_print_lists(struct why_view *view)
{
    put_refusal(view);
    put_versions(view);
    put_unresolved(view);
    put_doubtful(view);
    put_dlopens(view);
    put_bindings(view);
    put_remarks(view);
}
