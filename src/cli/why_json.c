/* src/cli/why_json.c - one row of "results" of `tenon why --json`; keys are those of docs/json.md
 */
#include "why.h"

static void put_numbers(struct cli_json *json, const int32_t *numbers, size_t count)
{
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        cli_json_item(json);
        cli_json_number(json, numbers[i]);
    }
    cli_json_close(json, ']');
}

static void put_rule(struct cli_json *json, const tenon_rule *rule, const char *where)
{
    CLI_JSON_KEY(json, "rule");
    cli_json_name(json, rule ? rule->name : NULL);
    CLI_JSON_KEY(json, "where");
    cli_json_name(json, where);
}

static void put_attempt(struct cli_json *json, const tenon_attempt *attempt)
{
    const tenon_rule *rule = attempt->rule;

    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "path");
    cli_json_name(json, attempt->path);
    put_rule(json, rule, attempt->where);
    CLI_JSON_KEY(json, "outcome");
    cli_json_name(json, tenon_outcome_name(attempt->outcome));
    if (attempt->detail) {
        CLI_JSON_KEY(json, "detail");
        cli_json_sentence(json, attempt->detail);
    }
    CLI_JSON_KEY(json, "final");
    cli_json_bool(json, attempt->final);
    CLI_JSON_KEY(json, "later");
    cli_json_bool(json, attempt->later);
    CLI_JSON_KEY(json, "evidence");
    cli_json_name(json, rule ? tenon_evidence_name(rule->evidence) : NULL);
    CLI_JSON_KEY(json, "uncertain");
    cli_json_bool(json, attempt->believed || (rule && tenon_evidence_is_uncertain(rule->evidence)));
    CLI_JSON_KEY(json, "source");
    cli_json_name(json, rule ? rule->source : NULL);
    cli_json_close(json, '}');
}

static void put_tried(struct cli_json *json, const tenon_attempt *attempts, size_t count)
{
    CLI_JSON_KEY(json, "tried");
    cli_json_open(json, '[');
    for (size_t k = 0; k < count; k++)
        put_attempt(json, &attempts[k]);
    cli_json_close(json, ']');
}

static void put_library(struct cli_json *json, const tenon_graph *graph, size_t i)
{
    const tenon_library *library = tenon_graph_library(graph, i);

    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, library->name);
    CLI_JSON_KEY(json, "path");
    cli_json_name(json, library->path);
    if (library->slice) {
        CLI_JSON_KEY(json, "slice");
        cli_json_name(json, library->slice);
    }
    if (library->member) {
        CLI_JSON_KEY(json, "member");
        cli_json_name(json, library->member);
    }
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, tenon_status_name(library->status));
    put_rule(json, library->rule, library->where);
    CLI_JSON_KEY(json, "needed_by");
    put_numbers(json, library->needed_by, library->needed_by_count);
    CLI_JSON_KEY(json, "parent");
    cli_json_number(json, library->parent);
    CLI_JSON_KEY(json, "flavour");
    cli_json_name(json, tenon_flavour_name(library->flavour));
    CLI_JSON_KEY(json, "needs");
    put_numbers(json, library->needs, library->need_count);
    if (library->reason) {
        CLI_JSON_KEY(json, "reason");
        cli_json_sentence(json, library->reason);
    }
    CLI_JSON_KEY(json, "optional");
    cli_json_bool(json, library->optional);
    CLI_JSON_KEY(json, "is_interpreter");
    cli_json_bool(json, library->is_interpreter);
    put_tried(json, tenon_graph_tried(graph, i, 0), tenon_graph_tried_count(graph, i));
    cli_json_close(json, '}');
}

static void put_missing_versions(struct cli_json *json, const tenon_graph *graph)
{
    size_t count = tenon_graph_missing_version_count(graph);

    CLI_JSON_KEY(json, "missing_versions");
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        const tenon_missing_version *missing = tenon_graph_missing_version(graph, i);
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "version");
        cli_json_name(json, missing->version);
        CLI_JSON_KEY(json, "library");
        cli_json_number(json, missing->library);
        CLI_JSON_KEY(json, "needed_by");
        cli_json_number(json, missing->needed_by);
        CLI_JSON_KEY(json, "fatal");
        cli_json_bool(json, missing->fatal);
        CLI_JSON_KEY(json, "reason");
        cli_json_sentence(json, missing->reason);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void put_symbol(struct cli_json *json, const tenon_symbol_binding *binding)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "symbol");
    cli_json_name(json, binding->symbol);
    CLI_JSON_KEY(json, "version");
    cli_json_name(json, binding->version);
    CLI_JSON_KEY(json, "needed_by");
    cli_json_number(json, binding->needed_by);
}

static void put_missing_symbols(struct cli_json *json, const tenon_graph *graph)
{
    size_t count = tenon_graph_binding_count(graph);

    CLI_JSON_KEY(json, "missing_symbols");
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        const tenon_symbol_binding *binding = tenon_graph_binding(graph, i);
        if (binding->found || binding->weak)
            continue;
        put_symbol(json, binding);
        CLI_JSON_KEY(json, "lazy");
        cli_json_bool(json, binding->lazy);
        CLI_JSON_KEY(json, "reason");
        cli_json_sentence(json, binding->reason);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

/* "provider" is null when there is none, since -1 is the file itself. */
static void put_bindings(struct cli_json *json, const tenon_graph *graph)
{
    size_t count = tenon_graph_binding_count(graph);

    CLI_JSON_KEY(json, "bindings");
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        const tenon_symbol_binding *binding = tenon_graph_binding(graph, i);
        put_symbol(json, binding);
        CLI_JSON_KEY(json, "provider");
        if (binding->found)
            cli_json_number(json, binding->provider);
        else
            cli_json_name(json, NULL);
        CLI_JSON_KEY(json, "weak");
        cli_json_bool(json, binding->weak);
        CLI_JSON_KEY(json, "lazy");
        cli_json_bool(json, binding->lazy);
        if (binding->found && binding->reason) {
            CLI_JSON_KEY(json, "reason");
            cli_json_sentence(json, binding->reason);
        }
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void put_dlopens(struct cli_json *json, const tenon_graph *graph)
{
    size_t count = tenon_graph_dlopen_count(graph);

    CLI_JSON_KEY(json, "dlopen");
    cli_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        const tenon_dlopen_finding *finding = tenon_graph_dlopen(graph, i);
        cli_json_item(json);
        cli_json_open(json, '{');
        CLI_JSON_KEY(json, "name");
        cli_json_name(json, finding->name);
        CLI_JSON_KEY(json, "named_by");
        cli_json_number(json, finding->named_by);
        CLI_JSON_KEY(json, "flavour");
        cli_json_name(json, tenon_flavour_name(finding->flavour));
        CLI_JSON_KEY(json, "priority");
        cli_json_name(json, finding->priority);
        CLI_JSON_KEY(json, "feature");
        cli_json_name(json, finding->feature);
        CLI_JSON_KEY(json, "description");
        cli_json_name(json, finding->description);
        CLI_JSON_KEY(json, "entry");
        cli_json_number(json, finding->entry);
        CLI_JSON_KEY(json, "status");
        cli_json_name(json, tenon_status_name(finding->status));
        CLI_JSON_KEY(json, "alternative");
        cli_json_name(json, finding->alternative);
        CLI_JSON_KEY(json, "path");
        cli_json_name(json, finding->path);
        CLI_JSON_KEY(json, "rule");
        cli_json_name(json, finding->rule ? finding->rule->name : NULL);
        put_tried(json, finding->tried, finding->tried_count);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

static void put_remarks(struct cli_json *json, const tenon_graph *graph)
{
    const char *remark;

    CLI_JSON_KEY(json, "remarks");
    cli_json_open(json, '[');
    for (size_t i = 0; (remark = tenon_graph_remark(graph, i)); i++) {
        cli_json_item(json);
        cli_json_sentence(json, remark);
    }
    cli_json_close(json, ']');
}

/* With --lib: which libraries it is, and the objects of the chains that lead to them. */
static void put_lib(struct cli_json *json, const struct why_view *view)
{
    CLI_JSON_KEY(json, "lib");
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, view->why->lib);
    CLI_JSON_KEY(json, "libraries");
    cli_json_open(json, '[');
    for (size_t node = 1; node <= view->count; node++) {
        if (view->nodes[node].wanted) {
            cli_json_item(json);
            cli_json_number(json, why_object_of(node));
        }
    }
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "chains");
    cli_json_open(json, '[');
    for (size_t node = 1; node <= view->count; node++) {
        if (view->nodes[node].shown && !view->nodes[node].wanted) {
            cli_json_item(json);
            cli_json_number(json, why_object_of(node));
        }
    }
    cli_json_close(json, ']');
    cli_json_close(json, '}');
}

void why_print_json(struct why_view *view, struct cli_json *json, enum tenon_status status)
{
    const tenon_graph *graph = view->graph;
    const tenon_loader *loader = tenon_graph_loader(graph);
    size_t need_count;
    const int32_t *needs = tenon_graph_needs(graph, &need_count);

    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, view->file);
    view->behind = json->out->used;
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, tenon_status_name(status));
    if (tenon_graph_reason(graph)) {
        CLI_JSON_KEY(json, "reason");
        cli_json_sentence(json, tenon_graph_reason(graph));
    }
    if (view->root != view->file) {
        CLI_JSON_KEY(json, "exe");
        cli_json_name(json, view->root);
    }
    CLI_JSON_KEY(json, "loader");
    cli_json_name(json, loader ? tenon_loader_name(loader) : NULL);
    CLI_JSON_KEY(json, "interpreter");
    cli_json_name(json, tenon_graph_interpreter(graph));
    CLI_JSON_KEY(json, "machine");
    cli_json_name(json, tenon_graph_machine(graph));
    CLI_JSON_KEY(json, "static");
    cli_json_bool(json, tenon_graph_is_static(graph));
    CLI_JSON_KEY(json, "needs");
    put_numbers(json, needs, need_count);
    CLI_JSON_KEY(json, "libraries");
    cli_json_open(json, '[');
    for (size_t i = 0; i < view->count; i++)
        put_library(json, graph, i);
    cli_json_close(json, ']');
    put_missing_versions(json, graph);
    put_missing_symbols(json, graph);
    if (view->why->symbols)
        put_bindings(json, graph);
    if (view->why->dlopen)
        put_dlopens(json, graph);
    put_remarks(json, graph);
    if (view->why->lib)
        put_lib(json, view);
    cli_json_close(json, '}');
}
